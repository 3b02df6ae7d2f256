//! `iam-credentials`: was a long-lived key made, a console password set for another, an MFA device lost?

use events::Event;
use model::{ControlId, Finding, NoRemedy, Resource, Target, Trust};
use serde::{Deserialize, Serialize};

use crate::{Control, NotMine, StateError, Subscription, Tags, Triage};

/// Was a long-lived key made, a console password set for another, an MFA device lost?
#[derive(Debug, Clone, Copy, Default)]
pub struct IamCredentials;

/// What must be read to answer `iam-credentials`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {}

impl Control for IamCredentials {
    type State = State;
    type Remedy = NoRemedy;
    const ID: ControlId = ControlId::new("iam-credentials");

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
    Subscription { event_source: "iam.amazonaws.com", event_name: "CreateAccessKey" },
    Subscription { event_source: "iam.amazonaws.com", event_name: "CreateLoginProfile" },
    Subscription { event_source: "iam.amazonaws.com", event_name: "DeactivateMFADevice" },
    Subscription { event_source: "iam.amazonaws.com", event_name: "DeleteVirtualMFADevice" },
    Subscription { event_source: "iam.amazonaws.com", event_name: "UpdateAccessKey" },
    Subscription { event_source: "iam.amazonaws.com", event_name: "UpdateLoginProfile" },
];
