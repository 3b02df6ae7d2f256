//! The `snapback` command, as a library that needs no process to be tested.
//!
//! One module per subcommand. Nothing here judges or decides: `controls` and `policy` do, and this
//! crate hands them what it read and prints what they said.

pub mod args;
pub mod baseline;
pub mod completions;
pub mod controls;
pub mod exit;
pub mod input;
pub mod inspect;
#[cfg(feature = "live")]
pub mod live;
pub mod output;
pub mod policy;
pub mod progress;
pub mod replay;
pub mod settings;
pub mod text;
