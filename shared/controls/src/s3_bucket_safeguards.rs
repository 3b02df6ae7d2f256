//! `s3-bucket-safeguards`: are encryption, versioning, logging, retention, ownership and metrics still on?
//!
//! One setting is judged: the one that the event names; of a new bucket those that the trust file
//! asks for. It is wrong below the floor of the trust file, worse than what the ledger remembers, or
//! weakened in itself (versioning suspended, logging switched off, ACLs switched on).

mod floor;
mod judge;
mod lifecycle;
mod project;
mod remedy;
mod responses;
mod setting;
mod state;

use events::Event;
use model::{ControlId, Finding, Resource, Target, Trust};
use serde_json::Value;

use self::floor::Floor;
pub use self::{
    lifecycle::{
        Abort, And, Expiration, Filter, Lifecycle, NoncurrentExpiration, NoncurrentTransition,
        Rule, Tag, Transition,
    },
    remedy::SafeguardRemedy,
    setting::{
        Encryption, EventHold, Kind, LogFormat, LogGrant, LogTarget, Logging, Metrics,
        MetricsFilter, ObjectLock, Ownership, Retention, Setting, Settings, Versioning,
        VersioningStatus,
    },
    state::SafeguardsState,
};
use crate::{Control, Memory, Remembered, StateError, Subscription, Tags, Triage, tags};

/// The detail of a target that names the setting an event is about, by [`Kind::as_str`], or [`NEW`].
/// Without it, as when a baseline is taken, all of them are meant.
const SETTING: &str = "setting";
/// A bucket was made.
const NEW: &str = "new";
/// The detail of a target that says what the record says to have been taken away.
const REMOVED: &str = "removed";

/// Are encryption, versioning, logging, retention, ownership and metrics still on?
#[derive(Debug, Clone, Copy, Default)]
pub struct S3BucketSafeguards;

/// The settings that have to be read to look at a target.
#[must_use]
pub fn to_read(target: &Target, trust: &Trust) -> Vec<Kind> {
    let Some(word) = target.detail(SETTING) else { return Kind::ALL.to_vec() };
    if let Some(kind) = Kind::of(word) {
        return vec![kind];
    }
    // Of a new bucket, whose tags come later: what may be asked, whatever they will be.
    let bucket = target.resource.id.bucket().unwrap_or_default();
    let floor = Floor::of(bucket, None, trust);
    let mut kinds = floor.asks();
    kinds.extend(floor.open);
    kinds.insert(Kind::Ownership);
    kinds.into_iter().collect()
}

impl Control for S3BucketSafeguards {
    type State = SafeguardsState;
    type Remedy = SafeguardRemedy;
    const ID: ControlId = ControlId::new("s3-bucket-safeguards");

    fn subscriptions(&self) -> &'static [Subscription] {
        SUBSCRIPTIONS
    }

    fn triage(&self, event: &Event) -> Triage {
        project::triage(event)
    }

    fn project(&self, event: &Event, target: &Target) -> Option<SafeguardsState> {
        project::project(event, target)
    }

    fn suffices(&self, target: &Target, state: &SafeguardsState, trust: &Trust) -> bool {
        let bucket = target.resource.id.bucket().unwrap_or_default();
        let floor = Floor::of(bucket, state.tags.as_ref(), trust);
        let asked = floor.asks();
        let looked_at = |kind: &Kind| {
            let mfa_delete = state.seen.versioning.as_ref().and_then(|one| one.mfa_delete);
            state.seen.has(*kind)
                && (*kind != Kind::Versioning || !floor.mfa_delete || mfa_delete.is_some())
        };
        let answered = to_read(target, trust)
            .iter()
            .all(|kind| !floor.open.contains(kind) && (!asked.contains(kind) || looked_at(kind)));
        // What is wrong already is wrong whatever else there is to know.
        answered || !self.assess(target, state, trust).is_empty()
    }

    fn memory(&self, _target: &Target, _trust: &Trust) -> Memory {
        Memory::Baseline
    }

    fn recall(
        &self,
        mut state: SafeguardsState,
        remembered: Remembered<SafeguardsState>,
    ) -> SafeguardsState {
        match remembered {
            Remembered::Baseline(baseline) => state.baseline = baseline.seen,
            Remembered::Burst(_) => {}
        }
        state
    }

    /// What was looked at, over what was remembered of the rest: to have seen one setting right must
    /// not make the others forgotten.
    fn baseline(&self, _target: &Target, state: &SafeguardsState) -> Option<SafeguardsState> {
        let settings = state.seen.clone().over(state.baseline.clone());
        (settings != Settings::default()).then(|| SafeguardsState::of(settings))
    }

    // S3 sets each of them by a call of its own; that a bucket was made changes them all.
    fn crosses(&self, remedy: &SafeguardRemedy, target: &Target) -> bool {
        match (remedy, target.detail(SETTING).and_then(Kind::of)) {
            (SafeguardRemedy::Put { after, .. }, Some(kind)) => after.kind() == kind,
            (SafeguardRemedy::Put { .. }, None) => true,
            (SafeguardRemedy::PutTags { .. }, _) => false,
        }
    }

    fn assess(
        &self,
        target: &Target,
        state: &SafeguardsState,
        trust: &Trust,
    ) -> Vec<Finding<SafeguardRemedy>> {
        judge::assess(target, state, trust)
    }

    fn reads(&self) -> &'static [&'static str] {
        READS
    }

    fn read_actions(&self) -> &'static [&'static str] {
        READ_ACTIONS
    }

    fn write_actions(&self) -> &'static [&'static str] {
        WRITE_ACTIONS
    }

    fn state_from_responses(
        &self,
        target: &Target,
        responses: &Value,
    ) -> Result<SafeguardsState, StateError> {
        responses::state(target, responses)
    }

    fn supplement(
        &self,
        target: &Target,
        projected: SafeguardsState,
        responses: &Value,
    ) -> Result<SafeguardsState, StateError> {
        responses::supplement(target, projected, responses)
    }

    fn tag(
        &self,
        resource: &Resource,
        current: &Tags,
        ours: &Tags,
    ) -> Result<SafeguardRemedy, String> {
        let after = tags::merge(current, ours, tags::LIMIT)?;
        Ok(SafeguardRemedy::PutTags { resource: resource.clone(), before: current.clone(), after })
    }
}

#[cfg(test)]
mod tests;

const fn s3(event_name: &'static str) -> Subscription {
    Subscription { event_source: "s3.amazonaws.com", event_name }
}

const SUBSCRIPTIONS: &[Subscription] = &[
    s3("CreateBucket"),
    s3("DeleteBucketEncryption"),
    s3("DeleteBucketLifecycle"),
    s3("DeleteBucketMetricsConfiguration"),
    s3("DeleteBucketOwnershipControls"),
    s3("PutBucketEncryption"),
    s3("PutBucketLifecycle"),
    s3("PutBucketLifecycleConfiguration"),
    s3("PutBucketLogging"),
    s3("PutBucketMetricsConfiguration"),
    s3("PutBucketObjectLockConfiguration"),
    s3("PutBucketOwnershipControls"),
    s3("PutBucketVersioning"),
    s3("PutObjectLockConfiguration"),
];

const READS: &[&str] = &[
    "s3:GetBucketEncryption",
    "s3:GetBucketLifecycleConfiguration",
    "s3:GetBucketLogging",
    "s3:GetBucketOwnershipControls",
    "s3:GetBucketTagging",
    "s3:GetBucketVersioning",
    "s3:GetObjectLockConfiguration",
    "s3:ListBucketMetricsConfigurations",
];

const READ_ACTIONS: &[&str] = &[
    "s3:GetBucketLogging",
    "s3:GetBucketObjectLockConfiguration",
    "s3:GetBucketOwnershipControls",
    "s3:GetBucketTagging",
    "s3:GetBucketVersioning",
    "s3:GetEncryptionConfiguration",
    "s3:GetLifecycleConfiguration",
    "s3:GetMetricsConfiguration",
];

const WRITE_ACTIONS: &[&str] = &[
    "s3:GetBucketLogging",
    "s3:GetBucketObjectLockConfiguration",
    "s3:GetBucketOwnershipControls",
    "s3:GetBucketTagging",
    "s3:GetBucketVersioning",
    "s3:GetEncryptionConfiguration",
    "s3:GetLifecycleConfiguration",
    "s3:GetMetricsConfiguration",
    "s3:PutBucketLogging",
    "s3:PutBucketObjectLockConfiguration",
    "s3:PutBucketOwnershipControls",
    "s3:PutBucketTagging",
    "s3:PutBucketVersioning",
    "s3:PutEncryptionConfiguration",
    "s3:PutLifecycleConfiguration",
    "s3:PutMetricsConfiguration",
];
