//! The `snapback` command, as a library that needs no process to be tested.

pub mod exit;
pub mod input;
pub mod progress;
