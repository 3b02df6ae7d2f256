//! `iam-trust-policy`: who may assume this role?

mod remedy;
mod state;

use events::Event;
use model::{ControlId, Finding, Resource, Target, Trust};

pub use self::{remedy::TrustRemedy, state::TrustState};
use crate::{Control, NotMine, StateError, Subscription, Tags, Triage};

/// who may assume this role?
#[derive(Debug, Clone, Copy, Default)]
pub struct IamTrustPolicy;

impl Control for IamTrustPolicy {
    type State = TrustState;
    type Remedy = TrustRemedy;
    const ID: ControlId = ControlId::new("iam-trust-policy");

    fn subscriptions(&self) -> &'static [Subscription] {
        SUBSCRIPTIONS
    }

    fn triage(&self, _event: &Event) -> Triage {
        Triage::NotMine(NotMine::NotCovered)
    }

    fn project(&self, _event: &Event, _target: &Target) -> Option<TrustState> {
        None
    }

    fn assess(&self, _: &Target, _: &TrustState, _: &Trust) -> Vec<Finding<TrustRemedy>> {
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
    ) -> Result<TrustState, StateError> {
        Err(StateError::Missing { operation: "GetRole", arn: target.resource.arn.clone() })
    }

    fn tag(&self, _: &Resource, _: &Tags, _: &Tags) -> Result<TrustRemedy, String> {
        Err(String::new())
    }
}

const SUBSCRIPTIONS: &[Subscription] = &[
    Subscription { event_source: "iam.amazonaws.com", event_name: "CreateRole" },
    Subscription { event_source: "iam.amazonaws.com", event_name: "UpdateAssumeRolePolicy" },
];

const READS: &[&str] = &["iam:GetRole"];

const READ_ACTIONS: &[&str] = &["iam:GetRole"];

const WRITE_ACTIONS: &[&str] = &["iam:GetRole", "iam:TagRole", "iam:UpdateAssumeRolePolicy"];
