//! Finding, decision and outcome as messages for people and programs.
//!
//! Every text that an attacker may have chosen goes through this crate's encoders, and nothing else
//! in the workspace makes text for a channel.

mod alert;

pub use alert::{Alert, AlertFinding, Message};
