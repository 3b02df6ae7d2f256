//! What must be read to answer `s3-bucket-safeguards`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::setting::Settings;
use crate::Tags;

/// The settings of one bucket that an event is about, with what decides how they should be.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SafeguardsState {
    /// What was looked at.
    pub seen: Settings,
    /// The bucket's tags, by which floors may go; `None`: not read.
    pub tags: Option<Tags>,
    /// What was seen right before, part by part; recalled from the ledger, never read.
    #[serde(skip_serializing_if = "is_empty")]
    pub baseline: Settings,
    /// Reads that were refused for good, by operation, with AWS's code.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub denied: BTreeMap<String, String>,
}

fn is_empty(settings: &Settings) -> bool {
    *settings == Settings::default()
}

impl SafeguardsState {
    /// Settings of which nothing else is known.
    #[must_use]
    pub fn of(seen: Settings) -> Self {
        Self { seen, ..Self::default() }
    }
}
