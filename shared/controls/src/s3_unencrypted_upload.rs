//! `s3-unencrypted-upload`: is this object stored as its bucket requires, algorithm and very key?
//!
//! Since 2023-01-05 S3 encrypts every object, so nothing is "unencrypted" any more; what can be
//! wrong is the key. The version that the event speaks of is judged, not the object in general: a
//! newer upload has an event of its own.
//! Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-encryption.html>.

mod obstacle;
mod project;
mod remedy;
pub(crate) mod requirement;
mod responses;
mod state;

use events::Event;
use model::{AccountId, Confidence, ControlId, Finding, Resource, ResourceId, Target, Trust};
use serde_json::{Value, json};

pub(crate) use self::requirement::most_exact;
pub use self::{
    remedy::{COPY_LIMIT, Parts, ReEncrypt, UploadRemedy},
    requirement::{Met, Requirement, Source},
    state::{
        Checksum, ContentHeaders, DefaultEncryption, Encryption, KeyFacts, ObjectDetails,
        ObjectLock, StoredVersion, UploadState, Versioning,
    },
};
use crate::{Control, StateError, Subscription, Tags, Triage, tags};

/// Is this object stored as its bucket requires?
#[derive(Debug, Clone, Copy, Default)]
pub struct S3UnencryptedUpload;

impl Control for S3UnencryptedUpload {
    type State = UploadState;
    type Remedy = UploadRemedy;
    const ID: ControlId = ControlId::new("s3-unencrypted-upload");

    fn subscriptions(&self) -> &'static [Subscription] {
        SUBSCRIPTIONS
    }

    fn triage(&self, event: &Event) -> Triage {
        project::triage(event)
    }

    fn project(&self, event: &Event, _target: &Target) -> Option<UploadState> {
        project::project(event)
    }

    fn suffices(&self, target: &Target, state: &UploadState, trust: &Trust) -> bool {
        !state.from_record
            || match met(target, state, trust).1 {
                Met::Yes | Met::No => true,
                Met::Unknown(_) => false,
            }
    }

    fn assess(
        &self,
        target: &Target,
        state: &UploadState,
        trust: &Trust,
    ) -> Vec<Finding<UploadRemedy>> {
        match met(target, state, trust) {
            (_, Met::Yes) => Vec::new(),
            // What a record leaves open is no evidence of anything: `suffices` says so.
            (_, Met::Unknown(_)) if state.from_record => Vec::new(),
            (requirement, Met::Unknown(why)) => vec![unreadable(state, &requirement, why)],
            (requirement, Met::No) => vec![wrong(target, state, &requirement)],
        }
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
    ) -> Result<UploadState, StateError> {
        responses::state(target, responses)
    }

    fn supplement(
        &self,
        target: &Target,
        projected: UploadState,
        responses: &Value,
    ) -> Result<UploadState, StateError> {
        responses::supplement(target, projected, responses)
    }

    fn tag(
        &self,
        resource: &Resource,
        current: &Tags,
        ours: &Tags,
    ) -> Result<UploadRemedy, String> {
        let after = tags::merge(current, ours, tags::OBJECT_LIMIT)?;
        Ok(UploadRemedy::PutTags { resource: resource.clone(), before: current.clone(), after })
    }
}

/// What the bucket of the target requires, and whether the version is stored so.
fn met(target: &Target, state: &UploadState, trust: &Trust) -> (Requirement, Met) {
    let requirement =
        Requirement::of(bucket_of(&target.resource), state.default.as_ref(), &state.keys, trust);
    let met = requirement.met_by(state, &target.resource.account, trust);
    (requirement, met)
}

fn bucket_of(resource: &Resource) -> &str {
    if let ResourceId::Object { bucket, .. } = &resource.id {
        return bucket;
    }
    resource.id.bucket().unwrap_or_default()
}

/// The version as evidence: how it is stored, and which it is.
fn evidence<R>(finding: Finding<R>, state: &UploadState, requirement: &Requirement) -> Finding<R> {
    let version = &state.version;
    let mut finding = finding
        .with_evidence("stored", describe(&version.encryption))
        .with_evidence("required", requirement.describe());
    let facts = [
        ("version_id", version.version_id.as_deref().map(Value::from)),
        ("size", version.size.map(Value::from)),
        ("storage_class", version.storage_class.as_deref().map(Value::from)),
        ("replication", version.replication.as_deref().map(Value::from)),
        ("by_default", version.by_default.then_some(Value::Bool(true))),
    ];
    for (name, value) in facts {
        if let Some(value) = value {
            finding = finding.with_evidence(name, value);
        }
    }
    finding
}

fn describe(encryption: &Encryption) -> Value {
    match encryption.key() {
        Some(key) => json!({"algorithm": encryption.word(), "key": key}),
        None => json!({"algorithm": encryption.word()}),
    }
}

/// One phrase for people.
fn phrase(encryption: &Encryption) -> String {
    match encryption {
        Encryption::None => "without encryption".to_owned(),
        Encryption::S3 => "under SSE-S3".to_owned(),
        Encryption::Customer => "under a customer's own key (SSE-C)".to_owned(),
        Encryption::Kms { key: Some(key) } => format!("under KMS key `{key}`"),
        Encryption::KmsTwice { key: Some(key) } => format!("twice under KMS key `{key}`"),
        Encryption::Kms { key: None } | Encryption::KmsTwice { key: None } => {
            "under a KMS key that is not told".to_owned()
        }
        Encryption::Other { word, .. } => format!("under `{word}`"),
    }
}

fn unreadable(state: &UploadState, requirement: &Requirement, why: &str) -> Finding<UploadRemedy> {
    let mut finding = Finding::new(
        "evidence-unreadable",
        format!("whether the object is stored as required cannot be said: {why}"),
    );
    finding.confidence = Confidence::Unclear;
    finding.held_back = Some("what cannot be judged is not changed".to_owned());
    evidence(finding, state, requirement)
}

fn wrong(target: &Target, state: &UploadState, requirement: &Requirement) -> Finding<UploadRemedy> {
    let stored = phrase(&state.version.encryption);
    let title = match requirement.phrase() {
        Some(required) => format!("the object is stored {stored}; its bucket requires {required}"),
        None => format!("the object is stored {stored}, which no bucket requires"),
    };
    let mut finding = evidence(Finding::new("s3-unencrypted-upload", title), state, requirement);
    if let Some(owner) = strangers_key(&state.version.encryption, &target.resource.account) {
        finding = finding.with_evidence("key_account", owner.as_str());
    }
    if let Some(left) = left_behind(state) {
        finding = finding.with_evidence("left_behind", left);
    }
    let mut reasons = obstacle::obstacles(state, requirement, &target.resource.region);
    let to = requirement.encryption();
    if to.is_none() && reasons.is_empty() {
        reasons.push("what its bucket requires is not known".to_owned());
    }
    match to {
        Some(to) if reasons.is_empty() => {
            finding.remedies = vec![UploadRemedy::ReEncrypt(Box::new(ReEncrypt {
                resource: target.resource.clone(),
                from: state.version.encryption.clone(),
                bucket_key: to.key().is_some()
                    && state
                        .default
                        .as_ref()
                        .map_or(state.version.bucket_key, |default| default.bucket_key),
                to,
                version: state.version.clone(),
                details: state.details.clone(),
            }))];
        }
        Some(_) | None => finding.held_back = Some(reasons.join("; ")),
    }
    finding
}

/// The account of the key, where it is not the bucket's.
fn strangers_key(encryption: &Encryption, account: &AccountId) -> Option<AccountId> {
    let arn: model::Arn = encryption.key()?.parse().ok()?;
    let owner = AccountId::from(arn.account);
    (owner != *account).then_some(owner)
}

/// The version that stays where it is, wrongly encrypted, when a copy is put before it: nothing is
/// ever deleted.
fn left_behind(state: &UploadState) -> Option<Value> {
    let details = state.details.as_ref()?;
    let version = state.version.version_id.as_deref()?;
    let stays = match details.versioning {
        Versioning::Unversioned => false,
        Versioning::Enabled => true,
        Versioning::Suspended => version != "null",
    };
    stays.then(|| json!({"version_id": version, "stored": describe(&state.version.encryption)}))
}

#[cfg(test)]
mod tests;

const fn s3(event_name: &'static str) -> Subscription {
    Subscription { event_source: "s3.amazonaws.com", event_name }
}

const SUBSCRIPTIONS: &[Subscription] = &[
    s3("CompleteMultipartUpload"),
    s3("CopyObject"),
    s3("Object Created"),
    s3("PostObject"),
    s3("PutObject"),
];

const READS: &[&str] = &["s3:GetBucketEncryption", "s3:HeadObject"];

/// `kms:Decrypt` lets `HeadObject` tell the checksum of an object under a KMS key; `s3:ListBucket`
/// tells an object that is gone from one that may not be read; the lock's two actions let
/// `HeadObject` tell the lock.
const READ_ACTIONS: &[&str] = &[
    "kms:Decrypt",
    "kms:DescribeKey",
    "s3:GetBucketAcl",
    "s3:GetBucketOwnershipControls",
    "s3:GetBucketVersioning",
    "s3:GetEncryptionConfiguration",
    "s3:GetObject",
    "s3:GetObjectAcl",
    "s3:GetObjectLegalHold",
    "s3:GetObjectRetention",
    "s3:GetObjectTagging",
    "s3:GetObjectVersion",
    "s3:GetObjectVersionAcl",
    "s3:GetObjectVersionTagging",
    "s3:ListBucket",
];

const WRITE_ACTIONS: &[&str] = &[
    "kms:Decrypt",
    "kms:GenerateDataKey",
    "s3:AbortMultipartUpload",
    "s3:GetObject",
    "s3:GetObjectAcl",
    "s3:GetObjectTagging",
    "s3:GetObjectVersion",
    "s3:GetObjectVersionAcl",
    "s3:GetObjectVersionTagging",
    "s3:PutObject",
    "s3:PutObjectAcl",
    "s3:PutObjectTagging",
    "s3:PutObjectVersionTagging",
];
