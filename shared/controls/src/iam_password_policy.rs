//! `iam-password-policy`: is the account password policy still strong?
//!
//! Each value of the policy is held against the floor of the trust file. The API replaces the whole
//! policy and has a weak default for whatever is left out, so every remedy carries every value.
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_account-policy.html>.

mod mend;
mod project;
mod remedy;
mod state;

use events::Event;
use model::{
    Confidence, ControlId, Finding, Resource, ResourceId, Target, Trust, trust::PasswordFloor,
};
use serde::Deserialize;
use serde_json::{Value, json};

pub use self::{
    remedy::PasswordRemedy,
    state::{PasswordPolicy, PasswordState, Requirement},
};
use crate::{Control, Memory, Remembered, StateError, Subscription, Tags, Triage, responses};

/// Is the account password policy still strong?
#[derive(Debug, Clone, Copy, Default)]
pub struct IamPasswordPolicy;

impl Control for IamPasswordPolicy {
    type State = PasswordState;
    type Remedy = PasswordRemedy;
    const ID: ControlId = ControlId::new("iam-password-policy");

    fn subscriptions(&self) -> &'static [Subscription] {
        SUBSCRIPTIONS
    }

    fn triage(&self, event: &Event) -> Triage {
        project::triage(event)
    }

    fn project(&self, event: &Event, _target: &Target) -> Option<PasswordState> {
        project::project(event)
    }

    fn memory(&self, target: &Target, _trust: &Trust) -> Memory {
        if target.resource.id == ResourceId::Account { Memory::Baseline } else { Memory::Nothing }
    }

    fn recall(
        &self,
        mut state: PasswordState,
        remembered: Remembered<PasswordState>,
    ) -> PasswordState {
        if let Remembered::Baseline(baseline) = remembered {
            state.before = baseline.policy;
        }
        state
    }

    /// A policy in which nothing is wrong; that there is none is nothing to go back to.
    fn baseline(&self, _target: &Target, state: &PasswordState) -> Option<PasswordState> {
        state.policy.map(|policy| PasswordState::of(Some(policy)))
    }

    fn assess(
        &self,
        target: &Target,
        state: &PasswordState,
        trust: &Trust,
    ) -> Vec<Finding<PasswordRemedy>> {
        let floor = &trust.password_policy;
        let weak = |value: &Requirement| value.is_weak(&state.in_force(), floor);
        let mut findings: Vec<Finding<PasswordRemedy>> =
            state.values().filter(weak).map(|value| found(value, target, state, floor)).collect();
        findings.extend(state.unreadable.iter().map(|(name, problem)| unreadable(name, problem)));
        findings
    }

    fn reads(&self) -> &'static [&'static str] {
        READS
    }

    fn read_actions(&self) -> &'static [&'static str] {
        READS
    }

    fn write_actions(&self) -> &'static [&'static str] {
        WRITE_ACTIONS
    }

    fn state_from_responses(
        &self,
        target: &Target,
        responses: &Value,
    ) -> Result<PasswordState, StateError> {
        const OPERATION: &str = "GetAccountPasswordPolicy";
        let response: GetAccountPasswordPolicy = responses::required(target, responses, OPERATION)?;
        Ok(PasswordState::of(response.policy))
    }

    fn tag(&self, _: &Resource, _: &Tags, _: &Tags) -> Result<PasswordRemedy, String> {
        Err("an account has no tags that could be set from within".to_owned())
    }
}

/// `GetAccountPasswordPolicy`; without the member, as for "there is none".
#[derive(Debug, Deserialize)]
struct GetAccountPasswordPolicy {
    #[serde(rename = "PasswordPolicy", default)]
    policy: Option<PasswordPolicy>,
}

fn found(
    value: Requirement,
    target: &Target,
    state: &PasswordState,
    floor: &PasswordFloor,
) -> Finding<PasswordRemedy> {
    let whose = match state.policy {
        Some(_) => "the account's password policy",
        None => "the account has no password policy of its own, and AWS's default",
    };
    let mut finding = Finding::new(
        format!("iam-password-policy-weakened:{}", value.name()),
        format!("{whose} {}", value.weakness()),
    )
    .with_evidence("password_policy", json!(state.policy))
    .with_evidence("found", value.of(&state.in_force()))
    .with_evidence("floor", value.of(&mend::lowest(floor)));
    if let Some(before) = &state.before {
        finding = finding.with_evidence("before", value.of(before));
    }
    if !state.unreadable.is_empty() {
        finding.held_back =
            Some("a part of the policy cannot be read, so it could not be written back".to_owned());
        return finding;
    }
    let Some(mended) = mend::strengthened(value, state, floor) else {
        finding.held_back = Some(mend::SHUTS_OUT.to_owned());
        return finding;
    };
    if mended.left_out_age {
        let left_out = format!("`MaxPasswordAge` does not come back: {}", mend::SHUTS_OUT);
        finding = finding.with_evidence("left_out", left_out);
    }
    finding.remedies = vec![PasswordRemedy {
        account: target.resource.account.clone(),
        before: state.policy,
        after: Some(mended.policy),
    }];
    finding
}

fn unreadable(name: &str, problem: &str) -> Finding<PasswordRemedy> {
    let title = format!("what the password policy asks for (`{name}`) cannot be said: {problem}");
    let mut finding = Finding::new("evidence-unreadable", title);
    finding.confidence = Confidence::Unclear;
    finding.held_back = Some("what cannot be judged is not changed".to_owned());
    finding
}

#[cfg(test)]
mod tests;

const fn iam(event_name: &'static str) -> Subscription {
    Subscription { event_source: "iam.amazonaws.com", event_name }
}

const SUBSCRIPTIONS: &[Subscription] =
    &[iam("DeleteAccountPasswordPolicy"), iam("UpdateAccountPasswordPolicy")];

const READS: &[&str] = &["iam:GetAccountPasswordPolicy"];

const WRITE_ACTIONS: &[&str] = &["iam:GetAccountPasswordPolicy", "iam:UpdateAccountPasswordPolicy"];
