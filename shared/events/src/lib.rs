//! EventBridge envelopes and CloudTrail records, read tolerantly.
//!
//! What is needed is read, the rest is tolerated: unknown fields, old and new shapes, truncated
//! parameters. What cannot be read is reported with its place and kept. Nothing here judges.

mod event;

pub use event::{Envelope, Event, Origin, Record};
