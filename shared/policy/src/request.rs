//! What is asked.

use std::collections::BTreeMap;

use model::{
    AccountId, Actor, Category, Confidence, ControlId, Posture, Resource, Severity, Timestamp,
};

/// One finding, as the policies see it. The three actions are asked of it in turn.
#[derive(Debug, Clone, Copy)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one attribute that policies may ask about"
)]
pub struct Request<'a> {
    /// Who made the change: the principal.
    pub actor: &'a Actor,
    /// What was changed: the resource.
    pub resource: &'a Resource,
    /// Its AWS tags, as Cedar tags. `None`: not known, which is not "none".
    pub tags: Option<&'a BTreeMap<String, String>>,
    /// Ids of the organizational units above the account, the nearest first.
    pub organizational_units: &'a [String],
    /// The account.
    pub account: &'a AccountId,
    /// The control.
    pub control: ControlId,
    /// The finding's code.
    pub code: &'a str,
    /// From the catalogue.
    pub severity: Severity,
    /// From the catalogue.
    pub category: Category,
    /// From the catalogue.
    pub revert_by_default: bool,
    /// How sure the judgement is.
    pub confidence: Confidence,
    /// Whether it is harmful today.
    pub effective: bool,
    /// Whether writes are armed.
    pub posture: Posture,
    /// Reverts of this resource within the last hour.
    pub recent_reverts: u32,
    /// Whether the breaker is open, for the resource or for the account.
    pub breaker_open: bool,
    /// Whether Snapback itself made the change.
    pub own_change: bool,
    /// Whether there is a remedy at all: without one, reverting is nothing that could be done.
    pub remediable: bool,
    /// Whether the trust file protects the resource from every write.
    pub protected: bool,
    /// Seconds from the change to now; negative clocks read as 0.
    pub event_age_seconds: u64,
    /// Now.
    pub now: Timestamp,
}
