//! Fakes and event builders, for tests only.
//!
//! The fakes carry, record and fail as the test's [`Script`] says. They contain no judgement: how a
//! remedy changes a resource is the test's own to say.

mod cloud;
mod doors;
pub mod hostile;
pub mod record;
mod script;

pub use cloud::{Effect, FakeCloud, Present, World};
pub use doors::{FakeLater, FakeLedger, FakeNotifier, FakeSwitch, FixedClock};
pub use record::EventBuilder;
pub use script::{Call, FAULTS, Fault, Script};
