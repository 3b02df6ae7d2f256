//! `s3-public-acl`: does an ACL let everyone in?

mod remedy;
mod state;

use events::Event;
use model::{ControlId, Finding, Resource, Target, Trust};

pub use self::{remedy::AclRemedy, state::AclState};
use crate::{Control, NotMine, StateError, Subscription, Tags, Triage};

/// Does an ACL let everyone in?
#[derive(Debug, Clone, Copy, Default)]
pub struct S3PublicAcl;

impl Control for S3PublicAcl {
    type State = AclState;
    type Remedy = AclRemedy;
    const ID: ControlId = ControlId::new("s3-public-acl");

    fn subscriptions(&self) -> &'static [Subscription] {
        SUBSCRIPTIONS
    }

    fn triage(&self, _event: &Event) -> Triage {
        Triage::NotMine(NotMine::NotCovered)
    }

    fn project(&self, _event: &Event, _target: &Target) -> Option<AclState> {
        None
    }

    fn assess(&self, _: &Target, _: &AclState, _: &Trust) -> Vec<Finding<AclRemedy>> {
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
    ) -> Result<AclState, StateError> {
        Err(StateError::Missing { operation: "GetBucketAcl", arn: target.resource.arn.clone() })
    }

    fn tag(&self, _: &Resource, _: &Tags, _: &Tags) -> Result<AclRemedy, String> {
        Err(String::new())
    }
}

const fn s3(event_name: &'static str) -> Subscription {
    Subscription { event_source: "s3.amazonaws.com", event_name }
}

const SUBSCRIPTIONS: &[Subscription] = &[
    s3("CopyObject"),
    s3("CreateBucket"),
    s3("DeleteBucketOwnershipControls"),
    s3("DeleteBucketPublicAccessBlock"),
    s3("Object ACL Updated"),
    s3("PostObject"),
    s3("PutBucketAcl"),
    s3("PutBucketOwnershipControls"),
    s3("PutBucketPublicAccessBlock"),
    s3("PutObject"),
    s3("PutObjectAcl"),
];

const READS: &[&str] = &[
    "s3:GetBucketAcl",
    "s3:GetBucketOwnershipControls",
    "s3:GetBucketTagging",
    "s3:GetObjectAcl",
    "s3:GetObjectTagging",
    "s3:GetPublicAccessBlock",
];

const READ_ACTIONS: &[&str] = &[
    "s3:GetBucketAcl",
    "s3:GetBucketOwnershipControls",
    "s3:GetBucketPublicAccessBlock",
    "s3:GetBucketTagging",
    "s3:GetObjectAcl",
    "s3:GetObjectTagging",
    "s3:GetObjectVersionAcl",
    "s3:GetObjectVersionTagging",
];

const WRITE_ACTIONS: &[&str] = &[
    "s3:GetBucketAcl",
    "s3:GetBucketTagging",
    "s3:GetObjectAcl",
    "s3:GetObjectTagging",
    "s3:GetObjectVersionAcl",
    "s3:GetObjectVersionTagging",
    "s3:PutBucketAcl",
    "s3:PutBucketTagging",
    "s3:PutObjectAcl",
    "s3:PutObjectTagging",
    "s3:PutObjectVersionAcl",
    "s3:PutObjectVersionTagging",
];
