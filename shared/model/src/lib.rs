//! The vocabulary every crate shares.
//!
//! Values only: nothing here reads a clock, the environment or a file, and nothing here judges.
//! The words are the field's own (CloudTrail, OCSF, ASFF); the glossary is in `CONTRIBUTING.md`.

mod account;
mod actor;
mod arn;
mod burst;
pub mod catalogue;
mod control;
mod decision;
mod finding;
mod outcome;
mod remedy;
mod resource;
pub mod trust;

pub use account::{AccountId, Partition};
pub use actor::{Actor, ActorKind};
pub use arn::{Arn, ArnError};
pub use burst::{Burst, MOST_REMEMBERED, MOST_VALUES, Occurrence};
pub use control::ControlId;
pub use decision::{Because, Decision, Effect, Posture, Response};
pub use finding::{Category, Confidence, Evidence, Finding, Severity};
pub use outcome::{Outcome, Status};
pub use remedy::{NoRemedy, Operation, Remedy};
pub use resource::{Resource, ResourceId, Target};
pub use trust::Trust;

/// A point in time, UTC. Pure crates are handed `now`; none can ask for it.
pub type Timestamp = chrono::DateTime<chrono::Utc>;
