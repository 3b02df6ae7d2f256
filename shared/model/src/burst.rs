//! The same thing happening again and again: what is one alert with a count, not a hundred alerts.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// Different values that are kept of each fact; of further ones only the number of occurrences tells.
pub const MOST_VALUES: usize = 20;

/// Ids that are kept, so that an event which is delivered twice is counted once.
const MOST_IDS: usize = 64;

/// Something that happened once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occurrence {
    /// What it is counted with: who did it, and from where.
    pub group: String,
    /// The event's id.
    pub id: String,
    /// When it happened, by the event.
    pub at: Timestamp,
    /// For how many seconds occurrences are counted together, from the first on.
    pub window_seconds: u32,
    /// What an alert names of it: bucket, address, call.
    pub facts: BTreeMap<String, String>,
}

/// Occurrences of one group within one window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Burst {
    /// How many.
    pub count: u32,
    /// When the first of them happened.
    pub first: Timestamp,
    /// When the last of them happened.
    pub last: Timestamp,
    /// The values that each fact had, [`MOST_VALUES`] of each at most.
    pub facts: BTreeMap<String, BTreeSet<String>>,
    /// The last ids, oldest first.
    ids: Vec<String>,
}

impl Burst {
    /// A burst of one.
    #[must_use]
    pub fn of(occurrence: &Occurrence) -> Self {
        let mut burst = Self {
            count: 0,
            first: occurrence.at,
            last: occurrence.at,
            facts: BTreeMap::new(),
            ids: Vec::new(),
        };
        burst.add(occurrence);
        burst
    }

    /// This one and what was counted before it: what is to be remembered, and what is judged.
    ///
    /// Events come late and in any order. One that is older than the window is a burst of its own
    /// and changes nothing that is remembered.
    #[must_use]
    pub fn after(before: Option<Self>, occurrence: &Occurrence) -> (Option<Self>, Self) {
        let Some(mut burst) = before else {
            let burst = Self::of(occurrence);
            return (Some(burst.clone()), burst);
        };
        let window = TimeDelta::seconds(i64::from(occurrence.window_seconds));
        if occurrence.at.signed_duration_since(burst.first) > window {
            let burst = Self::of(occurrence);
            return (Some(burst.clone()), burst);
        }
        if burst.last.signed_duration_since(occurrence.at) > window {
            return (None, Self::of(occurrence));
        }
        if burst.ids.contains(&occurrence.id) {
            return (None, burst);
        }
        burst.add(occurrence);
        (Some(burst.clone()), burst)
    }

    fn add(&mut self, occurrence: &Occurrence) {
        self.count = self.count.saturating_add(1);
        self.first = self.first.min(occurrence.at);
        self.last = self.last.max(occurrence.at);
        for (name, value) in &occurrence.facts {
            let values = self.facts.entry(name.clone()).or_default();
            if values.len() < MOST_VALUES {
                values.insert(value.clone());
            }
        }
        if self.ids.len() >= MOST_IDS {
            self.ids.remove(0);
        }
        self.ids.push(occurrence.id.clone());
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use proptest::prelude::*;

    use super::*;

    fn occurrence(id: &str, at: i64, bucket: &str) -> Occurrence {
        Occurrence {
            group: "anonymous".to_owned(),
            id: id.to_owned(),
            at: DateTime::from_timestamp(at, 0).unwrap(),
            window_seconds: 300,
            facts: BTreeMap::from([("bucket".to_owned(), bucket.to_owned())]),
        }
    }

    fn all(occurrences: &[Occurrence]) -> Option<Burst> {
        occurrences
            .iter()
            .fold(None, |burst, occurrence| Burst::after(burst.clone(), occurrence).0.or(burst))
    }

    #[test]
    fn what_happens_within_the_window_is_one_burst_whatever_its_order() {
        let events =
            [occurrence("a", 1000, "x"), occurrence("b", 1300, "y"), occurrence("c", 1100, "x")];
        let burst = all(&events).unwrap();
        assert_eq!((burst.count, burst.first.timestamp(), burst.last.timestamp()), (3, 1000, 1300));
        assert_eq!(burst.facts["bucket"].len(), 2);
    }

    #[test]
    fn what_comes_after_the_window_begins_anew_and_what_is_older_is_by_itself() {
        let (kept, burst) =
            Burst::after(all(&[occurrence("a", 1000, "x")]), &occurrence("b", 1301, "x"));
        assert_eq!((kept.unwrap().count, burst.count), (1, 1));
        let (kept, burst) =
            Burst::after(all(&[occurrence("a", 1000, "x")]), &occurrence("b", 699, "x"));
        assert_eq!((kept, burst.count), (None, 1));
    }

    #[test]
    fn an_event_that_is_delivered_twice_counts_once() {
        let once = all(&[occurrence("a", 1000, "x")]);
        let (kept, burst) = Burst::after(once.clone(), &occurrence("a", 1000, "x"));
        assert_eq!((kept, Some(burst)), (None, once));
    }

    proptest! {
        #[test]
        fn what_is_remembered_has_a_bound(ids in proptest::collection::vec(0_u32..10_000, 0..300)) {
            let events: Vec<_> = ids
                .iter()
                .map(|id| occurrence(&id.to_string(), 1000, &format!("bucket-{id}")))
                .collect();
            if let Some(burst) = all(&events) {
                prop_assert!(burst.facts["bucket"].len() <= MOST_VALUES);
                prop_assert!(burst.ids.len() <= MOST_IDS);
                prop_assert!(burst.count as usize <= events.len());
            }
        }
    }
}
