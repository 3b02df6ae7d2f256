//! The pipeline of one event, and the ports it needs. Knows no SDK, no Lambda and no clock of its
//! own.

pub mod decision;
mod error;
mod glob;
mod ports;

pub use error::{CloudError, Retry};
pub use ports::{Applied, Clock, Cloud, Later, LedgerPort, Notifier, Recheck, Switch};
