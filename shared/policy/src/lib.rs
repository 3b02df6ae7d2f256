//! How far may we go? Asked of Cedar policies over actor, response, resource and context.
//!
//! `safety.cedar` is compiled in and always part of the set; users add permits, forbids and
//! exceptions, and cannot take safety away. The crate knows no control, reads no file and asks no
//! clock: the caller brings texts and `now`.
//!
//! Cedar skips a policy that it cannot evaluate, so a forbid in error would not forbid. Here any
//! such error makes the response an alert, neither more nor less.

mod asked;
#[cfg(test)]
mod asking;
pub mod cases;
mod check;
mod exception;
mod limits;
mod odd;
mod policies;
#[cfg(test)]
mod properties;
mod read;
mod request;
#[cfg(test)]
mod shipped;
mod source;
mod tags;
mod words;

pub use check::{Report, check};
pub use exception::Exception;
pub use policies::{Explanation, Policies, Verdict};
pub use request::Request;
pub use source::{PolicyErrors, Problem, Source, belongs};

/// The schema that policies are checked against.
pub const SCHEMA: &str = include_str!("../../../policies/schema.cedarschema");

/// The policies that are part of every set.
pub const SAFETY: &str = include_str!("../../../policies/safety.cedar");

/// The policies of a deployment that says nothing else.
pub const DEFAULT: &str = include_str!("../../../policies/default.cedar");
