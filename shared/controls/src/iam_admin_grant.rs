//! `iam-admin-grant`: has somebody been made administrator, or one step from it?

use events::Event;
use model::{ControlId, Finding, NoRemedy, Resource, Target, Trust};
use serde::{Deserialize, Serialize};

use crate::{Control, NotMine, StateError, Subscription, Tags, Triage};

/// Has somebody been made administrator, or one step from it?
#[derive(Debug, Clone, Copy, Default)]
pub struct IamAdminGrant;

/// What must be read to answer `iam-admin-grant`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {}

impl Control for IamAdminGrant {
    type State = State;
    type Remedy = NoRemedy;
    const ID: ControlId = ControlId::new("iam-admin-grant");

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
    Subscription { event_source: "iam.amazonaws.com", event_name: "AddUserToGroup" },
    Subscription { event_source: "iam.amazonaws.com", event_name: "AttachGroupPolicy" },
    Subscription { event_source: "iam.amazonaws.com", event_name: "AttachRolePolicy" },
    Subscription { event_source: "iam.amazonaws.com", event_name: "AttachUserPolicy" },
    Subscription { event_source: "iam.amazonaws.com", event_name: "CreatePolicy" },
    Subscription { event_source: "iam.amazonaws.com", event_name: "CreatePolicyVersion" },
    Subscription { event_source: "iam.amazonaws.com", event_name: "CreateRole" },
    Subscription { event_source: "iam.amazonaws.com", event_name: "DeleteRolePermissionsBoundary" },
    Subscription { event_source: "iam.amazonaws.com", event_name: "DeleteUserPermissionsBoundary" },
    Subscription { event_source: "iam.amazonaws.com", event_name: "PutGroupPolicy" },
    Subscription { event_source: "iam.amazonaws.com", event_name: "PutRolePermissionsBoundary" },
    Subscription { event_source: "iam.amazonaws.com", event_name: "PutRolePolicy" },
    Subscription { event_source: "iam.amazonaws.com", event_name: "PutUserPermissionsBoundary" },
    Subscription { event_source: "iam.amazonaws.com", event_name: "PutUserPolicy" },
    Subscription { event_source: "iam.amazonaws.com", event_name: "SetDefaultPolicyVersion" },
];
