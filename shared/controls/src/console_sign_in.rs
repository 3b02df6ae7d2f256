//! `console-sign-in`: was the root user used, or did somebody sign in without MFA?
//!
//! Nothing is read: that somebody came in is in the record and nowhere else. What the record tells
//! is carried by the target's details, from which the state is made wherever it is judged.
//!
//! The root user is heard whatever it calls, failed calls included, as Security Hub's metric filter
//! does: that a call was refused does not make its caller another.
//! Source: <https://docs.aws.amazon.com/securityhub/latest/userguide/cloudwatch-controls.html#cloudwatch-1>.

use events::{Event, Origin, Record, parameters::sign_in::ConsoleLogin};
use model::{
    ActorKind, Confidence, ControlId, Finding, NoRemedy, Resource, ResourceId, Target, Trust,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    ANY, Control, NotMine, StateError, Subscription, Tags, Triage,
    control::{subscribes, without_source},
};

/// Was the root user used, or did somebody sign in without MFA?
#[derive(Debug, Clone, Copy, Default)]
pub struct ConsoleSignIn;

/// Who came in, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInState {
    /// Whether it was the root user; else an IAM user.
    pub root: bool,
    /// The call, `iam:CreateUser`.
    pub call: String,
    /// How it signed in; `None`: it is no sign-in.
    pub sign_in: Option<Mfa>,
}

/// Whether a sign-in was made with MFA.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mfa {
    /// It was.
    Used,
    /// It was not.
    NotUsed,
    /// The record does not say.
    Untold,
}

impl SignInState {
    /// What the details of a target tell.
    #[must_use]
    pub fn of(target: &Target) -> Self {
        Self {
            root: target.resource.id == ResourceId::Account,
            call: target.detail(CALL).unwrap_or_default().to_owned(),
            sign_in: target.detail(MFA).map(|word| match word {
                USED => Mfa::Used,
                NOT_USED => Mfa::NotUsed,
                _ => Mfa::Untold,
            }),
        }
    }
}

/// A target's details.
const CALL: &str = "call";
const MFA: &str = "mfa";
const ADDRESS: &str = "address";
const USER_AGENT: &str = "userAgent";
/// What [`MFA`] says.
const USED: &str = "used";
const NOT_USED: &str = "not-used";
const UNTOLD: &str = "untold";

const SIGN_IN: &str = "signin.amazonaws.com";
const CONSOLE_LOGIN: &str = "ConsoleLogin";

impl Control for ConsoleSignIn {
    type State = SignInState;
    type Remedy = NoRemedy;
    const ID: ControlId = ControlId::new("console-sign-in");

    fn subscriptions(&self) -> &'static [Subscription] {
        SUBSCRIPTIONS
    }

    fn listens(&self, event: &Event) -> bool {
        event.origin == Origin::CloudTrail
            && (is_console_login(event) || is_root_use(&event.record))
    }

    fn triage(&self, event: &Event) -> Triage {
        if !subscribes(SUBSCRIPTIONS, event) || !self.listens(event) {
            return Triage::NotMine(NotMine::NotCovered);
        }
        let record = &event.record;
        // Who was not let in was not used.
        if record.failure().is_some() && (is_console_login(event) || record.event_source == SIGN_IN)
        {
            return Triage::NotMine(NotMine::CallFailed);
        }
        if record.actor.kind != ActorKind::Root
            && let Some(unclear) = without_source(event)
        {
            return unclear;
        }
        match target(event) {
            Ok(Some(target)) => Triage::Mine(target),
            Ok(None) => Triage::NotMine(NotMine::NothingToAsk),
            Err(what) => Triage::Malformed(format!("who signed in cannot be said: {what}")),
        }
    }

    fn project(&self, _event: &Event, target: &Target) -> Option<SignInState> {
        Some(SignInState::of(target))
    }

    fn assess(
        &self,
        target: &Target,
        state: &SignInState,
        _trust: &Trust,
    ) -> Vec<Finding<NoRemedy>> {
        let mut findings = Vec::new();
        if state.root {
            findings.push(described(target, state, "root-activity", "the root user was used"));
        }
        let who = target
            .resource
            .id
            .iam_name()
            .map_or_else(|| "the root user".to_owned(), |name| format!("user `{name}`"));
        match state.sign_in {
            Some(Mfa::Used) | None => {}
            Some(Mfa::NotUsed) => {
                let title = format!("{who} signed in to the console without MFA");
                findings.push(described(target, state, "console-login-without-mfa", &title));
            }
            Some(Mfa::Untold) => {
                let title = format!("whether {who} signed in to the console with MFA is not told");
                let mut finding = described(target, state, "console-login-without-mfa", &title);
                finding.confidence = Confidence::Unclear;
                findings.push(finding);
            }
        }
        findings
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

    /// No API response tells who came in: the record does.
    fn state_from_responses(
        &self,
        target: &Target,
        _responses: &Value,
    ) -> Result<SignInState, StateError> {
        Ok(SignInState::of(target))
    }

    fn tag(&self, _: &Resource, _: &Tags, _: &Tags) -> Result<NoRemedy, String> {
        Err("this question only ever tells".to_owned())
    }
}

/// The title stays the same whatever is called, so that a session is told once within a window.
fn described(target: &Target, state: &SignInState, code: &str, title: &str) -> Finding<NoRemedy> {
    let mut finding = Finding::new(code, title).with_evidence(CALL, state.call.as_str());
    for name in [ADDRESS, USER_AGENT] {
        if let Some(value) = target.detail(name) {
            finding = finding.with_evidence(name, value);
        }
    }
    finding.held_back = Some("what was done cannot be undone by changing a resource".to_owned());
    finding
}

fn is_console_login(event: &Event) -> bool {
    let record = &event.record;
    // A record without a service may be this one.
    record.event_name == CONSOLE_LOGIN
        && (record.event_source == SIGN_IN || record.event_source.is_empty())
}

/// Whether the root user itself made the call, and no service for it: as Security Hub's filter has
/// it, `userIdentity.type` is `Root`, there is no `invokedBy`, and it is no service event. Where the
/// call came from does not tell: a person at the console may come from `AWS Internal`.
///
/// One thing more: until about 2021 the console marked the sessions of people with its own name in
/// `invokedBy`, which makes them no service, unless the address says that it was one.
/// Sources: <https://docs.aws.amazon.com/securityhub/latest/userguide/cloudwatch-controls.html#cloudwatch-1>,
/// <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html>.
fn is_root_use(record: &Record) -> bool {
    const CONSOLE: [&str; 2] = [SIGN_IN, "console.amazonaws.com"];
    const INTERNAL: &str = "AWS Internal";
    let actor = &record.actor;
    let by_itself = actor.invoked_by.as_deref().is_none_or(|by| {
        CONSOLE.contains(&by) && actor.source_ip.as_deref().is_none_or(|ip| ip != INTERNAL)
    });
    let service_event = record.event_type.as_deref() == Some("AwsServiceEvent");
    actor.kind == ActorKind::Root && by_itself && !service_event
}

/// Who came in; `None`: somebody whom another vouched for, which is no question of MFA here.
fn target(event: &Event) -> Result<Option<Target>, String> {
    let record = &event.record;
    let actor = &record.actor;
    let account = record
        .account
        .clone()
        .ok_or_else(|| "neither record nor envelope names an account".to_owned())?;
    let region = record.region.as_deref().unwrap_or_default();
    // A copy of what another account's root user did here: ours was not used.
    if actor.account.as_ref().is_some_and(|theirs| theirs.is_well_formed() && *theirs != account) {
        return Ok(None);
    }
    let login = is_console_login(event);
    let resource = match actor.kind {
        ActorKind::Root => Resource::account(account, region),
        ActorKind::IamUser => {
            let name =
                record.iam_user().ok_or_else(|| "`userIdentity` names no user".to_owned())?;
            Resource::user(&name, account, region)
        }
        ActorKind::Unknown => return Err("`userIdentity` does not say".to_owned()),
        // The identity provider asks for MFA, and the record says `No` whether it did or not.
        ActorKind::AssumedRole
        | ActorKind::Role
        | ActorKind::FederatedUser
        | ActorKind::SamlUser
        | ActorKind::WebIdentityUser
        | ActorKind::IdentityCenterUser
        | ActorKind::AwsAccount
        | ActorKind::AwsService
        | ActorKind::Anonymous => return Ok(None),
    };
    let told = record.additional::<ConsoleLogin>().ok();
    let vouched = told.as_ref().is_some_and(|told| told.saml_provider.is_ok());
    if vouched && actor.kind != ActorKind::Root {
        return Ok(None);
    }
    let mfa = match told.and_then(|told| told.mfa_used.ok()) {
        _ if !login || vouched => "",
        Some(true) => USED,
        Some(false) => NOT_USED,
        None => UNTOLD,
    };
    let service = record.event_source.split('.').next().unwrap_or_default();
    let target = Target::from(resource)
        .with(CALL, &format!("{service}:{}", record.event_name))
        .with(MFA, mfa)
        .with(ADDRESS, actor.source_ip.as_deref().unwrap_or_default())
        .with(USER_AGENT, actor.user_agent.as_deref().unwrap_or_default());
    Ok(Some(target))
}

#[cfg(test)]
mod tests;

const SUBSCRIPTIONS: &[Subscription] = &[
    Subscription { event_source: ANY, event_name: ANY },
    Subscription { event_source: SIGN_IN, event_name: CONSOLE_LOGIN },
];
