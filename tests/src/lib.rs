//! What the tests of this package stand on: the template as data, an emulator of AWS with the real
//! functions in it, and an independent client.
//!
//! Knows nothing of how a control judges or how the pipeline works: it deploys, puts events, and
//! reads back. `docs/testing.md` says which test rests on which emulator.

pub mod bridge;
pub mod emulator;
pub mod functions;
mod problem;
pub mod python;
pub mod runtime_api;
pub mod server;
pub mod stack;
pub mod template;
pub mod workspace;

pub use problem::{Problem, Result};
