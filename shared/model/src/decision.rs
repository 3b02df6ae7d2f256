//! How far Snapback goes, and why.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How far Snapback goes; ordered, the least intrusive first. Tag and revert imply alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Response {
    /// An exception covers it: recorded with the exception's id, nobody is woken.
    Ignore,
    /// People are told.
    Alert,
    /// The resource is marked as well.
    Tag,
    /// What is wrong is undone as well.
    Revert,
}

impl Response {
    /// The word that stands in policies, output and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ignore => "ignore",
            Self::Alert => "alert",
            Self::Tag => "tag",
            Self::Revert => "revert",
        }
    }
}

impl fmt::Display for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether writes are armed. A fresh deployment observes.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default,
)]
#[serde(rename_all = "lowercase")]
pub enum Posture {
    /// Look, judge, tell; write nothing to the account.
    #[default]
    Observe,
    /// Do what the policy permits.
    Enforce,
}

impl Posture {
    /// The word that stands in settings, policies and output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::Enforce => "enforce",
        }
    }
}

impl fmt::Display for Posture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a policy did to a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// It allowed the response.
    Permit,
    /// It held a further response back.
    Forbid,
}

/// One policy that took part in a decision.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Because {
    /// The policy's `@id`.
    pub policy: String,
    /// What it did.
    pub effect: Effect,
}

/// The answer to "how far may we go?", with its reasons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The furthest response that was permitted.
    pub response: Response,
    /// The policies that made it so: those that permit this response, and those that forbade a
    /// further one. Sorted, without repeats.
    pub because: Vec<Because>,
    /// Policies that could not be evaluated. Not empty: the response is [`Response::Alert`].
    pub errors: Vec<String>,
}
