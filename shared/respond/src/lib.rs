//! The pipeline of one event, and the ports it needs. Knows no SDK, no Lambda and no clock of its
//! own.

mod case;
pub mod decision;
mod doors;
mod doubt;
mod error;
mod handled;
pub mod memory;
mod mend;
mod notes;
mod pipeline;
mod plan;
mod ports;
mod preview;
mod remember;
mod resume;
mod tell;

pub use doors::{Doors, Ports};
pub use error::{CloudError, Retry};
pub use handled::{Delivery, HandleError, Handled, Reported, Told};
pub use pipeline::{Pipeline, Settings};
pub use plan::{lower_to_alert, own_tags};
pub use ports::{Applied, Clock, Cloud, Later, LedgerPort, Notifier, Recheck, Switch};
pub use preview::Preview;
pub use remember::Taken;
