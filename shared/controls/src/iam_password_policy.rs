//! `iam-password-policy`: is the account password policy still strong?

use events::Event;
use model::{ControlId, Finding, NoRemedy, Resource, Target, Trust};
use serde::{Deserialize, Serialize};

use crate::{Control, NotMine, StateError, Subscription, Tags, Triage};

/// Is the account password policy still strong?
#[derive(Debug, Clone, Copy, Default)]
pub struct IamPasswordPolicy;

/// What must be read to answer `iam-password-policy`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {}

impl Control for IamPasswordPolicy {
    type State = State;
    type Remedy = NoRemedy;
    const ID: ControlId = ControlId::new("iam-password-policy");

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
    Subscription { event_source: "iam.amazonaws.com", event_name: "DeleteAccountPasswordPolicy" },
    Subscription { event_source: "iam.amazonaws.com", event_name: "UpdateAccountPasswordPolicy" },
];
