//! Claims, leases, history, baselines, bursts, entries and undo, as a state machine over values.
//!
//! What is stored and what may follow on what is decided here, purely; the ports in `respond` carry
//! it to memory or to DynamoDB.

pub mod claim;
mod digest;
mod entry;
pub mod history;
mod memory;
pub mod remember;
pub mod table;
pub mod undo;
pub mod window;

pub use claim::{Claim, ClaimKey, ClaimRecord, Lease, Work};
pub use digest::short as digest;
pub use entry::{Entry, EntryId, EntryIdError, EntryState, Noted};
pub use history::History;
pub use memory::Memory;
pub use remember::Baseline;
pub use undo::Undo;
pub use window::{AlertRecord, Fingerprint, Telling};
