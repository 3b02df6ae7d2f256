//! The one list of finding codes: severity, category, framework ids, and whether shipped policy
//! reverts them.
//!
//! A code may have parameters after a colon (`acl-public:AllUsers:READ`); an entry whose code ends
//! in `:*` stands for all of them, and a more exact entry wins.

mod codes;
mod compliance;

pub use codes::CATALOGUE;
pub use compliance::{COMPLIANCE, Compliance};

use crate::{Category, Severity};

/// What is known of a code before anything is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The code, or its stem and `:*`.
    pub code: &'static str,
    /// Exactly one severity per code.
    pub severity: Severity,
    /// What kind of wrong it is.
    pub category: Category,
    /// The detection whose framework ids it carries: a row of [`COMPLIANCE`].
    pub detection: &'static str,
    /// Whether the shipped policy reverts it when certain, effective and enforced.
    pub revert_by_default: bool,
    /// One sentence for people: what the code means.
    pub meaning: &'static str,
}

impl Entry {
    /// The framework ids of the entry's detection.
    #[must_use]
    pub fn compliance(&self) -> Option<&'static Compliance> {
        COMPLIANCE.iter().find(|row| row.detection == self.detection)
    }
}

/// What a code that is not listed reads as: grave, and never reverted.
pub const UNLISTED: Entry = Entry {
    code: "unlisted",
    severity: Severity::High,
    category: Category::Unreadable,
    detection: "",
    revert_by_default: false,
    meaning: "a code that this build does not know",
};

/// The entry of a code: the exact one, else the longest stem with `:*`, else [`UNLISTED`].
#[must_use]
pub fn describe(code: &str) -> &'static Entry {
    let mut best: Option<&'static Entry> = None;
    for entry in CATALOGUE {
        if entry.code == code {
            return entry;
        }
        let stem = entry.code.strip_suffix('*').filter(|stem| code.starts_with(stem));
        if stem.is_some() && best.is_none_or(|found| found.code.len() < entry.code.len()) {
            best = Some(entry);
        }
    }
    best.unwrap_or(&UNLISTED)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_code_stands_once_and_every_detection_exists() {
        let mut seen = BTreeSet::new();
        for entry in CATALOGUE {
            assert!(seen.insert(entry.code), "{} stands twice", entry.code);
            assert!(
                entry.detection.is_empty() || entry.compliance().is_some(),
                "{} names a detection that is not in the table",
                entry.code
            );
        }
    }

    #[test]
    fn the_more_exact_entry_wins() {
        assert_eq!(describe("world-open:22").severity, Severity::Critical);
        assert_eq!(describe("world-open:icmp").severity, Severity::Medium);
        assert_eq!(describe("acl-public:AllUsers:READ").code, "acl-public:*");
        assert_eq!(describe("mfa-weak-ifexists").severity, Severity::High);
    }

    #[test]
    fn an_unknown_code_is_grave_and_never_reverted() {
        let entry = describe("world-opne:22");
        assert_eq!(entry, &UNLISTED);
        assert_eq!((entry.severity, entry.revert_by_default), (Severity::High, false));
    }

    #[test]
    fn detections_are_unique() {
        let detections: BTreeSet<_> = COMPLIANCE.iter().map(|row| row.detection).collect();
        assert_eq!(detections.len(), COMPLIANCE.len());
    }
}
