//! `s3-bucket-policy`: does the bucket policy let in the world or a stranger, or has it stopped enforcing TLS and the key?

use events::Event;
use model::{ControlId, Finding, NoRemedy, Resource, Target, Trust};
use serde::{Deserialize, Serialize};

use crate::{Control, NotMine, StateError, Subscription, Tags, Triage};

/// Does the bucket policy let in the world or a stranger, or has it stopped enforcing TLS and the key?
#[derive(Debug, Clone, Copy, Default)]
pub struct S3BucketPolicy;

/// What must be read to answer `s3-bucket-policy`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {}

impl Control for S3BucketPolicy {
    type State = State;
    type Remedy = NoRemedy;
    const ID: ControlId = ControlId::new("s3-bucket-policy");

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
    Subscription { event_source: "s3.amazonaws.com", event_name: "DeleteAccessPointPolicy" },
    Subscription { event_source: "s3.amazonaws.com", event_name: "DeleteBucketPolicy" },
    Subscription { event_source: "s3.amazonaws.com", event_name: "PutAccessPointPolicy" },
    Subscription { event_source: "s3.amazonaws.com", event_name: "PutBucketPolicy" },
];
