//! One file per question: triage, project, assess, remedies, tests.
//!
//! Judging is pure: a control is handed the live state of one resource and says what is wrong with
//! it. It never learns which response is allowed, and cannot name a call outside its own remedies.

mod control;

pub use control::{Control, NotMine, Observed, StateError, Subscription, Tags, Triage};
