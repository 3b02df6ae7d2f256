//! The pipeline of one event, and the ports it needs. Knows no SDK, no Lambda and no clock of its
//! own.

mod error;
mod ports;

pub use error::{CloudError, Retry};
pub use ports::{Applied, Clock, Cloud, Later, LedgerPort, Notifier, Recheck, Switch};
