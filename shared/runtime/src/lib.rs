//! The only crate that knows Lambda: from a function's start to its answers.
//!
//! `serve` is the whole of a `main`. It knows no control and no AWS API: it is handed a control and
//! what connects it to the account, and runs `respond`'s pipeline over whatever is delivered.

mod answer;
mod clock;
mod invocation;
mod log;
mod payload;
mod serve;
pub mod settings;
pub mod telemetry;

pub use answer::{Answer, Failure, Unhandled};
pub use serve::{StartError, serve};
pub use settings::{SettingProblem, SettingsError};
