//! What is remembered of a resource from one event to the next: the last state seen right, and how
//! often the same happened lately.
//!
//! The same steps over items as in [`crate::table`], whose keys these stand beside.

use model::{AccountId, Burst, Occurrence, Resource, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    digest, history,
    table::{self, Item, Key, Step, TableError},
};

/// For how long a burst is kept after its last occurrence, in windows: late events still find it.
const KEPT_WINDOWS: i64 = 12;

/// The last state of a resource in which its control found nothing wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Baseline {
    /// The control.
    pub control: String,
    /// Of what.
    pub resource: Resource,
    /// When it was seen.
    pub at: Timestamp,
    /// The control's own state as JSON. A later build may not be able to read it: it is then as if
    /// there were none.
    pub state: Value,
}

/// Where a baseline stands.
#[must_use]
pub fn baseline_key(control: &str, resource: &Resource) -> Key {
    let name = digest::short(&["baseline", control, &history::resource_name(resource)], 20);
    Key { pk: format!("baseline#{name}"), sk: "baseline".to_owned() }
}

/// Reads a baseline, given the item at [`baseline_key`].
///
/// # Errors
/// [`TableError`]: the item cannot be read.
pub fn baseline(item: &Item) -> Result<Baseline, TableError> {
    item.body()
}

/// Keeps a baseline in place of the one that is there; the same state is not written again.
///
/// # Errors
/// [`TableError`]: it cannot be written as JSON.
pub fn keep_baseline(found: Option<&Item>, baseline: &Baseline) -> Result<Step<()>, TableError> {
    // One that cannot be read is written over: it is of no use to anybody.
    let stands: Option<Baseline> = found.and_then(|item| item.body().ok());
    if stands.is_some_and(|stands| stands.state == baseline.state) {
        return Ok(Step { answer: (), write: None });
    }
    let item = Item::new(baseline_key(&baseline.control, &baseline.resource), "baseline")
        .with("control", baseline.control.as_str())
        .with("account", baseline.resource.account.as_str())
        .with("resource", baseline.resource.arn.as_str())
        .with("at", table::moment(baseline.at))
        .with_body("baseline", baseline)?;
    Ok(Step { answer: (), write: Some(table::succeed(item, found)?) })
}

/// Where the burst that an occurrence belongs to stands.
#[must_use]
pub fn burst_key(control: &str, account: &AccountId, occurrence: &Occurrence) -> Key {
    let name = digest::short(&["burst", control, account.as_str(), &occurrence.group], 20);
    Key { pk: format!("burst#{name}"), sk: "burst".to_owned() }
}

/// Counts an occurrence, given the item at [`burst_key`].
///
/// # Errors
/// [`TableError`]: the item cannot be read, or the burst not be written as JSON.
pub fn gather(
    found: Option<&Item>,
    control: &str,
    account: &AccountId,
    occurrence: &Occurrence,
) -> Result<Step<Burst>, TableError> {
    let before = found.map(Item::body).transpose()?;
    let (kept, answer) = Burst::after(before, occurrence);
    let Some(burst) = kept else { return Ok(Step { answer, write: None }) };
    let kept_for = chrono::TimeDelta::seconds(
        i64::from(occurrence.window_seconds).saturating_mul(KEPT_WINDOWS),
    );
    let item = Item::new(burst_key(control, account, occurrence), "burst")
        .with("control", control)
        .with("account", account.as_str())
        .with("group", occurrence.group.as_str())
        .expiring(burst.last.checked_add_signed(kept_for).unwrap_or(Timestamp::MAX_UTC))
        .with_body("burst", &burst)?;
    Ok(Step { answer, write: Some(table::succeed(item, found)?) })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;
    use crate::{Memory, claim::tests::time};

    fn seen(state: Value, seconds: i64) -> Baseline {
        Baseline {
            control: "s3-bucket-policy".to_owned(),
            resource: Resource::bucket("amzn-s3-demo-a", "111122223333".into(), "eu-west-1"),
            at: time(seconds),
            state,
        }
    }

    #[test]
    fn the_last_state_seen_right_is_what_is_remembered() {
        let mut memory = Memory::default();
        let bucket = seen(json!(1), 0).resource;
        assert_eq!(memory.baseline("s3-bucket-policy", &bucket).unwrap(), None);
        for (state, seconds) in [(json!(1), 0), (json!(1), 5), (json!(2), 9)] {
            memory.keep_baseline(&seen(state, seconds)).unwrap();
        }
        let stands = memory.baseline("s3-bucket-policy", &bucket).unwrap();
        assert_eq!(stands, Some(seen(json!(2), 9)));
        assert_eq!(memory.baseline("s3-public-access-block", &bucket).unwrap(), None);
        let other = Resource::bucket("amzn-s3-demo-b", "111122223333".into(), "eu-west-1");
        assert_eq!(memory.baseline("s3-bucket-policy", &other).unwrap(), None);
    }

    #[test]
    fn a_state_that_is_the_same_is_not_written_again() {
        let mut memory = Memory::default();
        memory.keep_baseline(&seen(json!(1), 0)).unwrap();
        memory.keep_baseline(&seen(json!(1), 5)).unwrap();
        let stands = memory.baseline("s3-bucket-policy", &seen(json!(1), 0).resource).unwrap();
        assert_eq!(stands.map(|stands| stands.at), Some(time(0)));
    }

    #[test]
    fn occurrences_are_counted_by_group_control_and_account() {
        let mut memory = Memory::default();
        let occurrence = |id: &str, group: &str| Occurrence {
            group: group.to_owned(),
            id: id.to_owned(),
            at: time(0),
            window_seconds: 300,
            facts: BTreeMap::new(),
        };
        let mut count = |control, account: &str, id, group| {
            memory.gather(control, &account.into(), &occurrence(id, group)).unwrap().count
        };
        assert_eq!(count("s3-access-denied", "111122223333", "1", "a"), 1);
        assert_eq!(count("s3-access-denied", "111122223333", "2", "a"), 2);
        assert_eq!(count("s3-access-denied", "111122223333", "2", "a"), 2);
        assert_eq!(count("s3-access-denied", "111122223333", "3", "b"), 1);
        assert_eq!(count("s3-access-denied", "444455556666", "4", "a"), 1);
        assert_eq!(count("console-sign-in", "111122223333", "5", "a"), 1);
    }
}
