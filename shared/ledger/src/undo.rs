//! Whether an entry may be undone, as a function of the entry and the state just read.

use model::{Outcome, Response};
use serde_json::Value;
use thiserror::Error;

use crate::entry::{Entry, EntryState};

/// What undoing an entry comes to.
#[derive(Debug, Clone, PartialEq)]
pub enum Undo {
    /// Apply this: the inverse, as the control's `Remedy` serialises.
    Restore {
        /// The inverse.
        remedy: Value,
    },
    /// The resource is as it was before Snapback came: there is nothing to do.
    AlreadySo,
    /// Leave it alone.
    Refused(UndoError),
}

/// Why an entry is not undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Error)]
pub enum UndoError {
    /// It was undone before.
    #[error("this entry was undone before")]
    Undone,
    /// Nothing was written, so there is nothing to undo.
    #[error("nothing was written for this entry")]
    NothingWritten,
    /// The remedy has no inverse.
    #[error("this remedy cannot be put back by Snapback: the entry holds the prior state")]
    NoInverse,
    /// It is not known whether, or how, the resource was left.
    #[error("it is not known how Snapback left the resource: the entry holds the prior state")]
    InDoubt,
    /// Somebody changed the resource since.
    #[error("the resource has changed since: undo a later entry first, or restore by hand")]
    Changed,
    /// The resource does not exist any more.
    #[error("the resource does not exist any more")]
    Gone,
}

/// Decides whether an entry may be undone: if, and only if, the resource is still as Snapback left
/// it. `current` is the state just read; `None`: the resource is gone.
#[must_use]
pub fn plan(entry: &Entry, current: Option<&Value>) -> Undo {
    match restore(entry, current) {
        Ok(undo) => undo,
        Err(error) => Undo::Refused(error),
    }
}

fn restore(entry: &Entry, current: Option<&Value>) -> Result<Undo, UndoError> {
    match entry.state {
        EntryState::Undone => return Err(UndoError::Undone),
        EntryState::Intended => return Err(UndoError::InDoubt),
        EntryState::Finished => {}
    }
    if entry.needs == Response::Alert {
        return Err(UndoError::NothingWritten);
    }
    match entry.outcome {
        Some(Outcome::Verified | Outcome::Tagged | Outcome::Failed) => {}
        Some(Outcome::InDoubt) | None => return Err(UndoError::InDoubt),
        Some(Outcome::Alerted | Outcome::Excepted | Outcome::AlreadyRight | Outcome::Conflict) => {
            return Err(UndoError::NothingWritten);
        }
    }
    let current = current.ok_or(UndoError::Gone)?;
    if current == &entry.prior_state {
        return Ok(Undo::AlreadySo);
    }
    let left = entry.left_state.as_ref().ok_or(match entry.outcome {
        Some(Outcome::Failed) => UndoError::NothingWritten,
        Some(_) | None => UndoError::InDoubt,
    })?;
    let remedy = entry.inverse.clone().ok_or(UndoError::NoInverse)?;
    if current == left { Ok(Undo::Restore { remedy }) } else { Err(UndoError::Changed) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::entry::tests::entry;

    fn mended() -> Entry {
        Entry {
            state: EntryState::Finished,
            outcome: Some(Outcome::Verified),
            left_state: Some(json!({"public": false})),
            ..entry("e", 0)
        }
    }

    #[test]
    fn puts_back_what_is_still_as_it_was_left() {
        let undo = plan(&mended(), Some(&json!({"public": false})));
        assert_eq!(undo, Undo::Restore { remedy: json!({"set": true}) });
    }

    #[test]
    fn refuses_whatever_else_it_finds() {
        let left = json!({"public": false});
        let stranger = json!({"public": false, "owner": "another"});
        let cases: [(Entry, Option<&Value>, UndoError); 10] = [
            (Entry { needs: Response::Alert, ..mended() }, Some(&left), UndoError::NothingWritten),
            (mended(), Some(&stranger), UndoError::Changed),
            (mended(), None, UndoError::Gone),
            (Entry { inverse: None, ..mended() }, Some(&left), UndoError::NoInverse),
            (Entry { left_state: None, ..mended() }, Some(&left), UndoError::InDoubt),
            (entry("e", 0), Some(&left), UndoError::InDoubt),
            (
                Entry { outcome: Some(Outcome::InDoubt), ..mended() },
                Some(&left),
                UndoError::InDoubt,
            ),
            (Entry { state: EntryState::Undone, ..mended() }, Some(&left), UndoError::Undone),
            (
                Entry { outcome: Some(Outcome::Conflict), ..mended() },
                Some(&left),
                UndoError::NothingWritten,
            ),
            (
                Entry { outcome: Some(Outcome::Failed), left_state: None, ..mended() },
                Some(&left),
                UndoError::NothingWritten,
            ),
        ];
        for (entry, current, expected) in cases {
            assert_eq!(plan(&entry, current), Undo::Refused(expected), "{entry:?}");
        }
    }

    #[test]
    fn has_nothing_to_do_when_it_is_as_before() {
        assert_eq!(plan(&mended(), Some(&json!({"public": true}))), Undo::AlreadySo);
    }

    #[test]
    fn the_order_of_members_is_no_change() {
        let left = json!({"a": 1, "b": 2});
        let entry = Entry { left_state: Some(left), ..mended() };
        let undo = plan(&entry, Some(&serde_json::from_str(r#"{"b":2,"a":1}"#).unwrap()));
        assert_eq!(undo, Undo::Restore { remedy: json!({"set": true}) });
    }
}
