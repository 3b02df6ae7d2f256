//! What was done, written down before it is done.

use std::fmt;

use model::{Actor, Decision, Operation, Outcome, Posture, Resource, Timestamp};
use serde::{Deserialize, Serialize};

/// An entry's name: what `snapback undo` takes, and what every alert quotes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EntryId(pub String);

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How far an entry has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryState {
    /// Written before the first write: if nothing follows, the write is in doubt.
    Intended,
    /// The attempt ended: see the outcome.
    Finished,
    /// A person undid it.
    Undone,
}

/// One attempt to mend one finding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its name.
    pub id: EntryId,
    /// When it was begun.
    pub at: Timestamp,
    /// The control's id.
    pub control: String,
    /// The finding's code.
    pub code: String,
    /// The event that was the reason to look.
    pub event_id: String,
    /// What was changed.
    pub resource: Resource,
    /// Who made the change that is mended.
    pub actor: Actor,
    /// The posture in force.
    pub posture: Posture,
    /// Why it was allowed.
    pub decision: Decision,
    /// The state read just before, as the control's `State` serialises.
    pub prior_state: serde_json::Value,
    /// The remedy, as the control's `Remedy` serialises.
    pub remedy: serde_json::Value,
    /// The exact calls.
    pub operations: Vec<Operation>,
    /// What undoes it, as the control's `Remedy` serialises; `None`: it cannot be undone by us, and
    /// the alert says so.
    pub inverse: Option<serde_json::Value>,
    /// How far it has come.
    pub state: EntryState,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// AWS request ids of the writes.
    pub request_ids: Vec<String>,
    /// What AWS said, where it refused.
    pub error: Option<String>,
}
