//! What was noticed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::catalogue;

/// How bad a finding is. Each code has exactly one severity: see [`catalogue`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Low,
    /// Worth mending soon.
    Medium,
    /// Mend today.
    High,
    /// Open now.
    Critical,
}

impl Severity {
    /// The word that stands in policies, output and message attributes.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// How sure the judgement is. Only [`Confidence::Certain`] may be reverted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Something could not be read or evaluated.
    Unclear,
    /// Everything was read, but the meaning depends on what is not modelled.
    Probable,
    /// Everything that matters was read and evaluated.
    Certain,
}

impl Confidence {
    /// The word that stands in policies and output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unclear => "unclear",
            Self::Probable => "probable",
            Self::Certain => "certain",
        }
    }
}

/// What kind of wrong a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// Open to everyone.
    PublicExposure,
    /// Open to somebody outside who is not trusted.
    CrossAccount,
    /// Too much power for a principal of our own.
    Privilege,
    /// A person's or program's way in is weak.
    Credentials,
    /// Data is not encrypted as required.
    Encryption,
    /// A safeguard was weakened or removed.
    Safeguard,
    /// The document cannot mean what its author wished.
    Document,
    /// Nothing can be said yet: evidence is missing or unreadable.
    Unreadable,
}

impl Category {
    /// The word that stands in policies and output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PublicExposure => "public_exposure",
            Self::CrossAccount => "cross_account",
            Self::Privilege => "privilege",
            Self::Credentials => "credentials",
            Self::Encryption => "encryption",
            Self::Safeguard => "safeguard",
            Self::Document => "document",
            Self::Unreadable => "unreadable",
        }
    }
}

/// The facts that prove a finding, by name. Values are JSON so that they print unchanged.
pub type Evidence = BTreeMap<String, serde_json::Value>;

/// Something wrong with one resource, with the remedies that would mend it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding<R> {
    /// The code, from [`catalogue`]; `acl-public:AllUsers:READ`.
    pub code: String,
    /// One sentence for people, lower-case, no full stop: what is wrong with this resource.
    pub title: String,
    /// How sure we are.
    pub confidence: Confidence,
    /// `false`: another setting (Block Public Access, an outer Deny) makes it harmless today.
    pub effective: bool,
    /// The facts.
    pub evidence: Evidence,
    /// What would mend it, in order; empty when only people can.
    pub remedies: Vec<R>,
    /// Why a person must mend it, when `remedies` is empty or the remedy is only a tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_back: Option<String>,
}

impl<R> Finding<R> {
    /// A certain, effective finding without evidence or remedies yet.
    pub fn new(code: impl Into<String>, title: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            title: title.into(),
            confidence: Confidence::Certain,
            effective: true,
            evidence: Evidence::new(),
            remedies: Vec::new(),
            held_back: None,
        }
    }

    /// Adds a fact.
    #[must_use]
    pub fn with_evidence(mut self, name: &str, value: impl Into<serde_json::Value>) -> Self {
        self.evidence.insert(name.to_owned(), value.into());
        self
    }

    /// What the catalogue says of the code. Unlisted codes read as the gravest that may never be
    /// reverted, so that a typing mistake alerts; a test keeps the list complete.
    #[must_use]
    pub fn entry(&self) -> &'static catalogue::Entry {
        catalogue::describe(&self.code)
    }

    /// The same finding with its remedies mapped, for carrying across a boundary that must not
    /// know their type.
    pub fn map_remedies<S>(self, map: impl FnMut(R) -> S) -> Finding<S> {
        Finding {
            code: self.code,
            title: self.title,
            confidence: self.confidence,
            effective: self.effective,
            evidence: self.evidence,
            remedies: self.remedies.into_iter().map(map).collect(),
            held_back: self.held_back,
        }
    }
}
