//! From a finding and what is known around it to the question that the policies answer.
//!
//! The one place that builds a [`Request`]: production, `replay` and `policy` all ask the same.
//! Pure: facts in, decision out, no door to the world.

use chrono::TimeDelta;
use controls::Tags;
use iam_document::glob::{Pattern, Syntax};
use ledger::History;
use model::{Actor, ActorKind, ControlId, Decision, Finding, Posture, Resource, Timestamp, Trust};
use policy::{Policies, Request};

/// What is known around a finding.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// Who made the change.
    pub actor: &'a Actor,
    /// What was changed, as it was read.
    pub resource: &'a Resource,
    /// The resource's tags; `None`: not known, which is not "none".
    pub tags: Option<&'a Tags>,
    /// The control.
    pub control: ControlId,
    /// Whether writes are armed.
    pub posture: Posture,
    /// Reverts of the last hour, this one not among them.
    pub history: History,
    /// Whom and what the account trusts.
    pub trust: &'a Trust,
    /// When the change was made; `None`: the event does not say.
    pub event_time: Option<Timestamp>,
    /// Now.
    pub now: Timestamp,
}

/// Asks the policies how far Snapback may go about a finding.
#[must_use]
pub fn decide<R>(policies: &Policies, finding: &Finding<R>, facts: &Facts<'_>) -> Decision {
    let entry = finding.entry();
    policies.decide(&Request {
        actor: facts.actor,
        resource: facts.resource,
        tags: facts.tags,
        organizational_units: facts.trust.units_above(&facts.resource.account),
        account: &facts.resource.account,
        control: facts.control,
        code: &finding.code,
        severity: entry.severity,
        category: entry.category,
        revert_by_default: entry.revert_by_default,
        confidence: finding.confidence,
        effective: finding.effective,
        posture: facts.posture,
        recent_reverts: facts.history.resource_reverts,
        breaker_open: is_breaker_open(facts.history, facts.trust),
        own_change: is_own_change(facts.actor, &facts.trust.seen_from(&facts.resource.account)),
        remediable: !finding.remedies.is_empty(),
        protected: is_protected(facts.resource, facts.trust),
        event_age_seconds: age(facts.event_time, facts.now),
        now: facts.now,
    })
}

/// Whether Snapback itself made the change: a session of one of its own roles, in our own account.
///
/// A pattern with a wildcard for the account would also fit a stranger's role of the same name, so
/// where our account is known the actor's must be the same.
#[must_use]
pub fn is_own_change(actor: &Actor, trust: &Trust) -> bool {
    match actor.kind {
        ActorKind::AssumedRole | ActorKind::Role => {}
        ActorKind::Root
        | ActorKind::IamUser
        | ActorKind::FederatedUser
        | ActorKind::SamlUser
        | ActorKind::WebIdentityUser
        | ActorKind::IdentityCenterUser
        | ActorKind::AwsAccount
        | ActorKind::AwsService
        | ActorKind::Anonymous
        | ActorKind::Unknown => return false,
    }
    let ours = trust.account_id.as_ref().is_none_or(|ours| {
        let from_arn = || actor.id.split(':').nth(4);
        actor.account.as_ref().map(model::AccountId::as_str).or_else(from_arn)
            == Some(ours.as_str())
    });
    ours && trust.own_roles.iter().any(|pattern| matches(pattern, &actor.id))
}

/// Whether an ARN fits a pattern of the trust file.
fn matches(pattern: &str, arn: &str) -> bool {
    Pattern::parse(pattern, Syntax::GLOB).matches(arn)
}

/// Whether the resource may never be written: listed in the trust file, in a bucket that is, or one
/// of our own roles.
#[must_use]
pub fn is_protected(resource: &Resource, trust: &Trust) -> bool {
    let bucket = resource.bucket_above();
    let mut patterns = trust.protected_resources.iter().chain(&trust.own_roles);
    patterns.any(|pattern| {
        matches(pattern, &resource.arn)
            || bucket.as_deref().is_some_and(|bucket| matches(pattern, bucket))
    })
}

/// Whether the resource or its account had as many reverts within the hour as it may have.
#[must_use]
pub const fn is_breaker_open(history: History, trust: &Trust) -> bool {
    history.resource_reverts >= trust.max_reverts_per_resource
        || history.account_reverts >= trust.max_reverts_per_account
}

/// Whether the limit is passed although an intended revert is counted already: somebody else took
/// the last place between decision and entry.
#[must_use]
pub(crate) const fn is_breaker_passed(history: History, trust: &Trust) -> bool {
    history.resource_reverts > trust.max_reverts_per_resource
        || history.account_reverts > trust.max_reverts_per_account
}

/// Seconds from the change to now. A change at an unknown time is as old as can be, and one in the
/// future is new.
fn age(event_time: Option<Timestamp>, now: Timestamp) -> u64 {
    let seconds = event_time.map_or(i64::MAX, |then| {
        now.signed_duration_since(then).max(TimeDelta::zero()).num_seconds()
    });
    u64::try_from(seconds).unwrap_or(0)
}
