//! `s3-bucket-safeguards`: are encryption, versioning, logging, retention, ownership and metrics still on?

use events::Event;
use model::{ControlId, Finding, NoRemedy, Resource, Target, Trust};
use serde::{Deserialize, Serialize};

use crate::{Control, NotMine, StateError, Subscription, Tags, Triage};

/// Are encryption, versioning, logging, retention, ownership and metrics still on?
#[derive(Debug, Clone, Copy, Default)]
pub struct S3BucketSafeguards;

/// What must be read to answer `s3-bucket-safeguards`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {}

impl Control for S3BucketSafeguards {
    type State = State;
    type Remedy = NoRemedy;
    const ID: ControlId = ControlId::new("s3-bucket-safeguards");

    fn subscriptions(&self) -> &'static [Subscription] {
        SUBSCRIPTIONS
    }

    fn triage(&self, _event: &Event) -> Triage {
        Triage::NotMine(NotMine::NotCovered)
    }

    fn project(&self, _event: &Event, _target: &Target) -> Option<State> {
        None
    }

    fn assess(&self, _target: &Target, _state: &State, _trust: &Trust) -> Vec<Finding<NoRemedy>> {
        Vec::new()
    }

    fn reads(&self) -> &'static [&'static str] {
        &[]
    }

    fn read_actions(&self) -> &'static [&'static str] {
        &[]
    }

    fn write_actions(&self) -> &'static [&'static str] {
        &[]
    }

    fn state_from_responses(
        &self,
        target: &Target,
        _responses: &serde_json::Value,
    ) -> Result<State, StateError> {
        Err(StateError::Missing { operation: "", arn: target.resource.arn.clone() })
    }

    fn tag(&self, _: &Resource, _: &Tags, _: &Tags) -> Result<NoRemedy, String> {
        Err("it cannot be tagged".to_owned())
    }
}

const SUBSCRIPTIONS: &[Subscription] = &[
    Subscription { event_source: "s3.amazonaws.com", event_name: "CreateBucket" },
    Subscription { event_source: "s3.amazonaws.com", event_name: "DeleteBucketEncryption" },
    Subscription { event_source: "s3.amazonaws.com", event_name: "DeleteBucketLifecycle" },
    Subscription {
        event_source: "s3.amazonaws.com",
        event_name: "DeleteBucketMetricsConfiguration",
    },
    Subscription { event_source: "s3.amazonaws.com", event_name: "DeleteBucketOwnershipControls" },
    Subscription { event_source: "s3.amazonaws.com", event_name: "PutBucketEncryption" },
    Subscription { event_source: "s3.amazonaws.com", event_name: "PutBucketLifecycle" },
    Subscription {
        event_source: "s3.amazonaws.com",
        event_name: "PutBucketLifecycleConfiguration",
    },
    Subscription { event_source: "s3.amazonaws.com", event_name: "PutBucketLogging" },
    Subscription {
        event_source: "s3.amazonaws.com",
        event_name: "PutBucketObjectLockConfiguration",
    },
    Subscription { event_source: "s3.amazonaws.com", event_name: "PutBucketOwnershipControls" },
    Subscription { event_source: "s3.amazonaws.com", event_name: "PutBucketVersioning" },
    Subscription { event_source: "s3.amazonaws.com", event_name: "PutObjectLockConfiguration" },
];
