//! IAM JSON documents: parse, print, edit, and judge who is let in and how far.
//!
//! Knows no event and no AWS API: text and context in, verdict out. [`inspect`] judges any
//! [`Kind`]; [`edit::mend`] makes the smallest change that mends what was found; [`acl`] and
//! [`security_group`] read the shapes that APIs and events give those two; [`is_within`] compares
//! two documents.
//!
//! The rules are AWS's own as its documentation states them; where that leaves a point open, the
//! reading that closes less is taken. Nothing here fails on a document: what is odd becomes a finding,
//! and what is unreadable leaves the exposure unclear.

pub mod acl;
mod address;
pub mod condition;
mod context;
mod document;
pub mod edit;
mod error;
pub mod glob;
mod json;
mod judge;
mod kind;
mod principal;
pub mod security_group;
mod statement;
mod verdict;
mod within;

pub use context::{Check, Context, ContextError, PolicyMode, PublicAccessBlock};
pub use document::{Document, Problem, Version};
pub use error::{DocumentError, MAX_STATEMENTS};
pub use json::{MAX_BYTES, MAX_DEPTH};
pub use judge::{Input, begins_a_path, inspect};
pub use kind::{Kind, UnknownKind};
pub use principal::{Principal, Principals, Who};
pub use statement::{Effect, Element, Statement};
pub use verdict::{Doubt, Enforcement, Exposure, Judged, Verdict};
pub use within::is_within;
