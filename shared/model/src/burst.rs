//! The same thing happening again and again: what is one alert with a count, not a hundred alerts.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// Different values that are kept of each fact; of further ones only the number of occurrences tells.
pub const MOST_VALUES: usize = 20;

/// Occurrences that are remembered of a group: beyond that many within a window, nobody needs to know
/// how many more.
pub const MOST_REMEMBERED: usize = 256;

/// Something that happened once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occurrence {
    /// What it is counted with: who did it, and from where.
    pub group: String,
    /// The event's id.
    pub id: String,
    /// When it happened, by the event.
    pub at: Timestamp,
    /// Within how many seconds occurrences are counted together.
    pub window_seconds: u32,
    /// What an alert names of it: bucket, address, call.
    pub facts: BTreeMap<String, String>,
}

/// The occurrences of one group, and how many of them fell together with the last that was added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Burst {
    /// How many within one window.
    pub count: u32,
    /// When the first of these happened.
    pub first: Timestamp,
    /// When the last of these happened.
    pub last: Timestamp,
    /// The values that each fact had lately, [`MOST_VALUES`] of each at most.
    pub facts: BTreeMap<String, BTreeSet<String>>,
    /// When each happened, with its event's id, in order: [`MOST_REMEMBERED`] at most.
    remembered: Vec<(Timestamp, String)>,
}

impl Burst {
    /// A burst of one.
    #[must_use]
    pub fn of(occurrence: &Occurrence) -> Self {
        Self::after(None, occurrence).1
    }

    /// This one and what was remembered before it: what is to be remembered (`None`: what there is
    /// stays), and what is judged.
    ///
    /// Events come late and in any order, so each is counted with those around it, before and after.
    #[must_use]
    pub fn after(before: Option<Self>, occurrence: &Occurrence) -> (Option<Self>, Self) {
        let at = occurrence.at;
        let window = TimeDelta::seconds(i64::from(occurrence.window_seconds));
        let mut burst = before.unwrap_or_else(|| Self {
            count: 0,
            first: at,
            last: at,
            facts: BTreeMap::new(),
            remembered: Vec::new(),
        });
        let known = burst.remembered.iter().any(|(_, id)| *id == occurrence.id);
        if !known {
            let near =
                |(then, _): &(Timestamp, String)| at.signed_duration_since(*then).abs() <= window;
            if !burst.remembered.iter().any(near) {
                burst.facts.clear();
            }
            let place = burst.remembered.partition_point(|(then, _)| *then <= at);
            burst.remembered.insert(place, (at, occurrence.id.clone()));
            if burst.remembered.len() > MOST_REMEMBERED {
                // The one that is farthest from this one: an event of another age must not push out
                // those around it.
                let oldest_is_farther = place.saturating_mul(2) >= burst.remembered.len();
                let gone = if oldest_is_farther { 0 } else { MOST_REMEMBERED };
                burst.remembered.remove(gone);
            }
            for (name, value) in &occurrence.facts {
                let values = burst.facts.entry(name.clone()).or_default();
                if values.len() < MOST_VALUES {
                    values.insert(value.clone());
                }
            }
        }
        burst.look_around(at, window);
        ((!known).then(|| burst.clone()), burst)
    }

    /// Counts the window with the most occurrences that one of this moment falls into.
    fn look_around(&mut self, at: Timestamp, window: TimeDelta) {
        let all = &self.remembered;
        let mut best = (0_usize, at, at);
        let from = all.partition_point(|(then, _)| at.signed_duration_since(*then) > window);
        for (place, (begin, _)) in all.iter().enumerate().skip(from) {
            if *begin > at {
                break;
            }
            let end = all.partition_point(|(then, _)| then.signed_duration_since(*begin) <= window);
            let count = end.saturating_sub(place);
            if count > best.0 {
                let last = end.checked_sub(1).and_then(|last| all.get(last));
                best = (count, *begin, last.map_or(at, |(then, _)| *then));
            }
        }
        self.count = u32::try_from(best.0.max(1)).unwrap_or(u32::MAX);
        (self.first, self.last) = (best.1, best.2);
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

    fn count_after(times: &[i64]) -> u32 {
        let events: Vec<_> = times
            .iter()
            .enumerate()
            .map(|(number, at)| occurrence(&number.to_string(), *at, "x"))
            .collect();
        all(&events).unwrap().count
    }

    #[test]
    fn what_is_farther_apart_than_the_window_is_counted_apart() {
        assert_eq!(count_after(&[1000, 1301]), 1);
        assert_eq!(count_after(&[1000, 699]), 1);
        assert_eq!(count_after(&[1000, 1300]), 2);
    }

    #[test]
    fn a_stray_one_before_or_of_another_age_hides_no_burst() {
        assert_eq!(count_after(&[1000, 1295, 1301, 1302, 1303]), 4, "a window may begin anywhere");
        assert_eq!(count_after(&[9000, 1001, 1002, 1003, 1004]), 4, "the last came first");
        assert_eq!(count_after(&[4_000_000_000, 1001, 1002, 1003]), 3, "a time that cannot be");
        assert_eq!(count_after(&[1001, 9001, 1002, 9002, 1003, 9003]), 3, "two at once");
    }

    #[test]
    fn an_event_that_is_delivered_twice_counts_once() {
        let once = all(&[occurrence("a", 1000, "x")]);
        let (kept, burst) = Burst::after(once.clone(), &occurrence("a", 1000, "x"));
        assert_eq!((kept, Some(burst)), (None, once));
    }

    proptest! {
        #[test]
        fn the_order_of_arrival_does_not_matter(
            times in proptest::collection::vec(0_i64..2000, 1..12).prop_shuffle(),
        ) {
            // Whoever comes last sees the same as if all had come in order.
            let (last, before) = times.split_last().unwrap();
            let mut sorted = before.to_vec();
            sorted.sort_unstable();
            sorted.push(*last);
            prop_assert_eq!(count_after(&times), count_after(&sorted));
        }

        #[test]
        fn what_is_remembered_has_a_bound(ids in proptest::collection::vec(0_u32..10_000, 0..300)) {
            let events: Vec<_> = ids
                .iter()
                .map(|id| occurrence(&id.to_string(), 1000, &format!("bucket-{id}")))
                .collect();
            if let Some(burst) = all(&events) {
                prop_assert!(burst.facts["bucket"].len() <= MOST_VALUES);
                prop_assert!(burst.remembered.len() <= MOST_REMEMBERED);
                prop_assert!(burst.count as usize <= events.len());
            }
        }
    }
}
