//! `iam-admin-grant`: has somebody been made administrator, or one step from it?
//!
//! The documents are judged by `iam_document`; here their verdicts become findings about one grant:
//! a policy attached or written, a policy's version, a membership, a boundary taken away.
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html>.

mod back;
mod inline;
mod judge;
mod known;
mod limits;
mod project;
mod remedy;
mod state;
mod supplied;

use events::Event;
use model::{ControlId, Finding, Resource, ResourceId, Target, Trust};
use serde_json::Value;

pub use self::{
    judge::{is_dangerous, may_be_completed},
    remedy::{GrantRemedy, Tagged},
    state::{Boundary, Grant, GrantState, Holder, Permissions, Source, Version},
};
use crate::{Control, Memory, Remembered, StateError, Subscription, Tags, Triage, tags};

/// Has somebody been made administrator, or one step from it?
#[derive(Debug, Clone, Copy, Default)]
pub struct IamAdminGrant;

impl Control for IamAdminGrant {
    type State = GrantState;
    type Remedy = GrantRemedy;
    const ID: ControlId = ControlId::new("iam-admin-grant");

    fn subscriptions(&self) -> &'static [Subscription] {
        SUBSCRIPTIONS
    }

    fn triage(&self, event: &Event) -> Triage {
        project::triage(event)
    }

    fn project(&self, event: &Event, target: &Target) -> Option<GrantState> {
        project::project(event, target)
    }

    fn memory(&self, target: &Target, _trust: &Trust) -> Memory {
        match Grant::of(target) {
            Some(Grant::Boundary { .. } | Grant::Policy { .. }) => Memory::Baseline,
            Some(Grant::Attachment { .. } | Grant::Inline { .. } | Grant::Membership { .. })
            | None => Memory::Nothing,
        }
    }

    fn recall(&self, state: GrantState, remembered: Remembered<GrantState>) -> GrantState {
        let Remembered::Baseline(baseline) = remembered else { return state };
        GrantState {
            former_boundary: baseline.boundary,
            former_version: baseline.default_version,
            ..state
        }
    }

    fn baseline(&self, target: &Target, state: &GrantState) -> Option<GrantState> {
        let kept = GrantState { arn: state.arn.clone(), ..GrantState::granting(Vec::new()) };
        match Grant::of(target)? {
            Grant::Boundary { .. } => {
                // What it said is kept too: only a boundary that still says it comes back. `None` is
                // kept as well: rightly without one, what stood before must not come back one day.
                (state.boundary != Boundary::NotRead)
                    .then(|| GrantState { boundary: state.boundary.clone(), ..kept })
            }
            Grant::Policy { staged: None, .. } => {
                let default_version = Some(state.default_version.clone()?);
                Some(GrantState { default_version, ..kept })
            }
            Grant::Policy { staged: Some(_), .. }
            | Grant::Attachment { .. }
            | Grant::Inline { .. }
            | Grant::Membership { .. } => None,
        }
    }

    fn crosses(&self, remedy: &GrantRemedy, target: &Target) -> bool {
        Grant::of(target).is_none_or(|grant| remedy.sets(&grant))
    }

    fn assess(
        &self,
        target: &Target,
        state: &GrantState,
        trust: &Trust,
    ) -> Vec<Finding<GrantRemedy>> {
        judge::judge(target, state, trust)
    }

    fn reads(&self) -> &'static [&'static str] {
        READ_ACTIONS
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
    ) -> Result<GrantState, StateError> {
        supplied::state(target, responses)
    }

    fn arn_by<'s>(&self, state: &'s GrantState) -> Option<&'s str> {
        state.arn.as_deref()
    }

    fn tag(&self, resource: &Resource, current: &Tags, ours: &Tags) -> Result<GrantRemedy, String> {
        if let Some(why) = limits::reserved(resource, None) {
            return Err(why.to_owned());
        }
        let on = match &resource.id {
            ResourceId::User { name } => Tagged::User(name.clone()),
            ResourceId::Role { name } => Tagged::Role(name.clone()),
            ResourceId::ManagedPolicy { arn } => Tagged::Policy(arn.clone()),
            ResourceId::Group { .. } => return Err("groups cannot be tagged".to_owned()),
            ResourceId::Bucket { .. }
            | ResourceId::Object { .. }
            | ResourceId::AccessPoint { .. }
            | ResourceId::Account => return Err("it holds no permissions".to_owned()),
        };
        tags::merge(current, ours, tags::LIMIT)?;
        let before = current
            .iter()
            .filter(|(key, _)| ours.contains_key(*key))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        Ok(GrantRemedy::Tag { on, tags: ours.clone(), before })
    }
}

#[cfg(test)]
mod tests;

const SUBSCRIPTIONS: &[Subscription] = &[
    Subscription { event_source: "iam.amazonaws.com", event_name: "AddUserToGroup" },
    Subscription { event_source: "iam.amazonaws.com", event_name: "AttachGroupPolicy" },
    Subscription { event_source: "iam.amazonaws.com", event_name: "AttachRolePolicy" },
    Subscription { event_source: "iam.amazonaws.com", event_name: "AttachUserPolicy" },
    Subscription { event_source: "iam.amazonaws.com", event_name: "CreatePolicy" },
    Subscription { event_source: "iam.amazonaws.com", event_name: "CreatePolicyVersion" },
    Subscription { event_source: "iam.amazonaws.com", event_name: "CreateRole" },
    Subscription { event_source: "iam.amazonaws.com", event_name: "CreateUser" },
    Subscription { event_source: "iam.amazonaws.com", event_name: "DeleteRolePermissionsBoundary" },
    Subscription { event_source: "iam.amazonaws.com", event_name: "DeleteUserPermissionsBoundary" },
    Subscription { event_source: "iam.amazonaws.com", event_name: "PutGroupPolicy" },
    Subscription { event_source: "iam.amazonaws.com", event_name: "PutRolePermissionsBoundary" },
    Subscription { event_source: "iam.amazonaws.com", event_name: "PutRolePolicy" },
    Subscription { event_source: "iam.amazonaws.com", event_name: "PutUserPermissionsBoundary" },
    Subscription { event_source: "iam.amazonaws.com", event_name: "PutUserPolicy" },
    Subscription { event_source: "iam.amazonaws.com", event_name: "SetDefaultPolicyVersion" },
];

const READ_ACTIONS: &[&str] = &[
    "iam:GetGroup",
    "iam:GetGroupPolicy",
    "iam:GetPolicy",
    "iam:GetPolicyVersion",
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:GetUser",
    "iam:GetUserPolicy",
    "iam:ListAttachedGroupPolicies",
    "iam:ListAttachedRolePolicies",
    "iam:ListAttachedUserPolicies",
    "iam:ListGroupPolicies",
    "iam:ListGroupsForUser",
    "iam:ListPolicyVersions",
    "iam:ListRolePolicies",
    "iam:ListUserPolicies",
];

const WRITE_ACTIONS: &[&str] = &[
    "iam:DeleteGroupPolicy",
    "iam:DeleteRolePolicy",
    "iam:DeleteUserPolicy",
    "iam:DetachGroupPolicy",
    "iam:DetachRolePolicy",
    "iam:DetachUserPolicy",
    "iam:GetGroupPolicy",
    "iam:GetPolicy",
    "iam:GetPolicyVersion",
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:GetUser",
    "iam:GetUserPolicy",
    "iam:ListAttachedGroupPolicies",
    "iam:ListAttachedRolePolicies",
    "iam:ListAttachedUserPolicies",
    "iam:ListGroupsForUser",
    "iam:PutGroupPolicy",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
    "iam:PutUserPermissionsBoundary",
    "iam:PutUserPolicy",
    "iam:RemoveUserFromGroup",
    "iam:SetDefaultPolicyVersion",
    "iam:TagPolicy",
    "iam:TagRole",
    "iam:TagUser",
];
