//! `console-sign-in`: was the root user used, or did somebody sign in without MFA?

use events::Event;
use model::{ControlId, Finding, NoRemedy, Resource, Target, Trust};
use serde::{Deserialize, Serialize};

use crate::{ANY, Control, NotMine, StateError, Subscription, Tags, Triage};

/// Was the root user used, or did somebody sign in without MFA?
#[derive(Debug, Clone, Copy, Default)]
pub struct ConsoleSignIn;

/// What must be read to answer `console-sign-in`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {}

impl Control for ConsoleSignIn {
    type State = State;
    type Remedy = NoRemedy;
    const ID: ControlId = ControlId::new("console-sign-in");

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
    Subscription { event_source: ANY, event_name: ANY },
    Subscription { event_source: "signin.amazonaws.com", event_name: "ConsoleLogin" },
];
