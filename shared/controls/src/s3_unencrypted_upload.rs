//! `s3-unencrypted-upload`: is this object stored as its bucket requires?

mod remedy;
mod state;

use events::Event;
use model::{ControlId, Finding, Resource, Target, Trust};

pub use self::{
    remedy::{COPY_LIMIT, Parts, ReEncrypt, UploadRemedy},
    state::{
        Checksum, ContentHeaders, DefaultEncryption, Encryption, KeyFacts, ObjectDetails, ObjectLock,
        StoredVersion, UploadState, Versioning,
    },
};
use crate::{Control, NotMine, StateError, Subscription, Tags, Triage};

/// is this object stored as its bucket requires?
#[derive(Debug, Clone, Copy, Default)]
pub struct S3UnencryptedUpload;

impl Control for S3UnencryptedUpload {
    type State = UploadState;
    type Remedy = UploadRemedy;
    const ID: ControlId = ControlId::new("s3-unencrypted-upload");

    fn subscriptions(&self) -> &'static [Subscription] {
        SUBSCRIPTIONS
    }

    fn triage(&self, _event: &Event) -> Triage {
        Triage::NotMine(NotMine::NotCovered)
    }

    fn project(&self, _event: &Event, _target: &Target) -> Option<UploadState> {
        None
    }

    fn assess(&self, _: &Target, _: &UploadState, _: &Trust) -> Vec<Finding<UploadRemedy>> {
        Vec::new()
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
        _responses: &serde_json::Value,
    ) -> Result<UploadState, StateError> {
        Err(StateError::Missing { operation: "HeadObject", arn: target.resource.arn.clone() })
    }

    fn tag(&self, _: &Resource, _: &Tags, _: &Tags) -> Result<UploadRemedy, String> {
        Err(String::new())
    }
}

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
    "s3:GetObjectTagging",
    "s3:GetObjectVersion",
    "s3:GetObjectVersionTagging",
    "s3:PutObject",
    "s3:PutObjectAcl",
    "s3:PutObjectTagging",
    "s3:PutObjectVersionTagging",
];
