//! How an event ended.

use serde::{Deserialize, Serialize};

/// How the judgement of one record by one control ended: `status` in the CLI's JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Something is wrong.
    Finding,
    /// Everything was read and nothing is wrong.
    Clean,
    /// It cannot be said: what would be read is named.
    Unclear,
    /// Nobody asks about this record, or the call failed.
    Ignored,
    /// The record could not be read.
    Malformed,
}

/// How an attempt to mend a finding ended: `outcome` in the ledger, logs and alerts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Nothing was to be written: told only.
    Alerted,
    /// An exception covers it.
    Excepted,
    /// The resource was marked.
    Tagged,
    /// Written, read back, and right.
    Verified,
    /// Written, read back, and still wrong; or the write was refused for good.
    Failed,
    /// The resource was already right, or is gone, when the write was due.
    AlreadyRight,
    /// The resource changed between read and write: nothing was written.
    Conflict,
    /// The write may or may not have reached AWS.
    InDoubt,
}

impl Outcome {
    /// The word that stands in ledger, logs and alerts.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Alerted => "alerted",
            Self::Excepted => "excepted",
            Self::Tagged => "tagged",
            Self::Verified => "verified",
            Self::Failed => "failed",
            Self::AlreadyRight => "already_right",
            Self::Conflict => "conflict",
            Self::InDoubt => "in_doubt",
        }
    }
}
