//! Claims, leases, history, entries and undo, as a state machine over values.
//!
//! What is stored and what may follow on what is decided here, purely; the ports in `respond` carry
//! it to memory or to DynamoDB.

mod claim;
mod entry;

pub use claim::{Claim, ClaimKey, Fingerprint, History, Lease, Telling};
pub use entry::{Entry, EntryId, EntryState};
