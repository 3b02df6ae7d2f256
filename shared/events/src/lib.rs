//! EventBridge envelopes and CloudTrail records, read tolerantly.
//!
//! What is needed is read, the rest is tolerated: unknown fields, old and new shapes, truncated
//! parameters. What cannot be read is reported with its place and kept. Nothing here judges.
//!
//! Three doors: [`Event::parse`] for one JSON text that is one event, [`read`] for bytes in any form
//! an event is delivered or archived in, and [`Reader`] for the same from a stream with flat memory.
//! What an API call said is asked of the record afterwards: [`Record::parameters`].

mod consistency;
mod envelope;
mod error;
mod event;
mod forms;
mod identity;
mod locate;
mod members;
pub mod parameters;
mod raw;
mod reader;
mod record;
mod scan;
mod window;

#[cfg(test)]
mod tests;

pub use consistency::Inconsistent;
pub use error::{EventError, Place, RAW_LIMIT, Unreadable};
pub use event::{Envelope, Event, Origin, Record};
pub use forms::{Delivery, Inflate, Item, MAX_NESTING, MAX_WRAPPED, is_gzip};
pub use parameters::{Field, Unusable};
pub use reader::{DOCUMENT_LIMIT, Reader, read};
pub use record::Reference;
