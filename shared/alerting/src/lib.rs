//! Finding, decision and outcome as messages for people and programs.
//!
//! Every text that an attacker may have chosen goes through this crate's encoders, and nothing else
//! in the workspace makes text for a channel. Knows neither the channels nor how a decision is made.

mod alert;
pub mod encode;
mod limits;
mod program;
pub mod redact;
pub mod sns;
mod text;

pub use alert::{Alert, AlertFinding, Message};
