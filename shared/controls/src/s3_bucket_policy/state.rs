//! What must be read to answer `s3-bucket-policy`.

use std::collections::BTreeMap;

use iam_document::{Context, Kind};
use serde::{Deserialize, Serialize};

use crate::s3::PublicAccessBlock;

/// The policy of one bucket or access point, and what decides whether it matters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PolicyState {
    /// The document as JSON text; `None`: there is no policy.
    pub document: Option<String>,
    /// Block Public Access of the bucket; `None`: not read. No configuration reads as all four off.
    /// The account's own block is not read: see the page's known gaps.
    pub block: Option<PublicAccessBlock>,
    /// Reads that decide about a statement and were refused for good, by operation, with AWS's
    /// code: what rests on them is unclear.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub denied: BTreeMap<String, String>,
    /// The document that stood when the bucket was last seen right, recalled from the ledger. It is
    /// no part of what was read, and is not written down with it.
    #[serde(skip)]
    pub baseline: Option<String>,
}

impl PolicyState {
    /// A policy of which nothing else is known.
    #[must_use]
    pub const fn of(document: Option<String>) -> Self {
        Self { document, block: None, denied: BTreeMap::new(), baseline: None }
    }

    /// Whether the document lets everyone in, or may: then `block` is worth reading.
    #[must_use]
    pub fn is_suspicious(&self) -> bool {
        self.document.as_ref().is_some_and(|document| {
            let verdict = iam_document::inspect(Kind::BucketPolicy, document, &Context::default());
            verdict.public || !verdict.is_certain()
        })
    }
}
