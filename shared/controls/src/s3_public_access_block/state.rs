//! What must be read to answer `s3-public-access-block`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::s3::PublicAccessBlock;

/// The configuration of one bucket or account, and what of its account decides whether it matters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockState {
    /// The four switches as they are set; `None`: there is no configuration, which works like all
    /// four off and is told apart only to be put back.
    pub block: Option<PublicAccessBlock>,
    /// Of a bucket, the switches of its account, all off where it has no configuration; `None`: not
    /// read, which never makes a bucket's switch look harmless.
    #[serde(default)]
    pub account: Option<PublicAccessBlock>,
    /// Reads that decide about a switch and were refused for good, by operation, with AWS's code:
    /// what rests on them is unclear.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub denied: BTreeMap<String, String>,
    /// Why a record that sets a configuration does not tell which; people are told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unreadable: Option<String>,
}

impl BlockState {
    /// A configuration, or that there is none, of which nothing else is known.
    #[must_use]
    pub const fn of(block: Option<PublicAccessBlock>) -> Self {
        Self { block, account: None, denied: BTreeMap::new(), unreadable: None }
    }

    /// What a record that cannot be read leaves to say.
    #[must_use]
    pub const fn unreadable(problem: String) -> Self {
        Self { block: None, account: None, denied: BTreeMap::new(), unreadable: Some(problem) }
    }

    /// The switches as they work.
    #[must_use]
    pub fn in_force(&self) -> PublicAccessBlock {
        self.block.unwrap_or_default()
    }

    /// Whether all four are on: then nothing else is worth reading.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        Switch::ALL.into_iter().all(|switch| switch.is_on(self.in_force()))
    }
}

/// One of the four switches.
///
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PublicAccessBlockConfiguration.html>.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Switch {
    /// New public ACLs are refused.
    BlockPublicAcls,
    /// Public ACLs, old and new, are ignored.
    IgnorePublicAcls,
    /// New public bucket policies are refused.
    BlockPublicPolicy,
    /// A bucket with a public policy is open to its own account and AWS services only.
    RestrictPublicBuckets,
}

impl Switch {
    /// All of them, in the order of the API.
    pub const ALL: [Self; 4] = [
        Self::BlockPublicAcls,
        Self::IgnorePublicAcls,
        Self::BlockPublicPolicy,
        Self::RestrictPublicBuckets,
    ];

    /// Its name in the API, and in finding codes.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BlockPublicAcls => "BlockPublicAcls",
            Self::IgnorePublicAcls => "IgnorePublicAcls",
            Self::BlockPublicPolicy => "BlockPublicPolicy",
            Self::RestrictPublicBuckets => "RestrictPublicBuckets",
        }
    }

    /// What it does when it is on, after "does not".
    pub(super) const fn purpose(self) -> &'static str {
        match self {
            Self::BlockPublicAcls => "refuse new ACLs that let everyone in",
            Self::IgnorePublicAcls => "ignore ACLs that let everyone in",
            Self::BlockPublicPolicy => "refuse new policies that let everyone in",
            Self::RestrictPublicBuckets => "keep strangers out of buckets whose policy is public",
        }
    }

    /// Whether it is on in a configuration.
    #[must_use]
    pub const fn is_on(self, block: PublicAccessBlock) -> bool {
        match self {
            Self::BlockPublicAcls => block.block_public_acls,
            Self::IgnorePublicAcls => block.ignore_public_acls,
            Self::BlockPublicPolicy => block.block_public_policy,
            Self::RestrictPublicBuckets => block.restrict_public_buckets,
        }
    }

    /// The configuration with this one on, the others as they were.
    #[must_use]
    pub const fn turned_on(self, mut block: PublicAccessBlock) -> PublicAccessBlock {
        match self {
            Self::BlockPublicAcls => block.block_public_acls = true,
            Self::IgnorePublicAcls => block.ignore_public_acls = true,
            Self::BlockPublicPolicy => block.block_public_policy = true,
            Self::RestrictPublicBuckets => block.restrict_public_buckets = true,
        }
        block
    }
}
