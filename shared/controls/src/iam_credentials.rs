//! `iam-credentials`: was a credential made for root or another, or an MFA device lost?
//!
//! A key or a password that somebody makes for another user is a way in that the user does not know
//! of. One that a user makes for itself is everyday work and left alone; the root user's own never
//! is. A lost MFA device is told whoever took it off: nobody can put it back but its owner.

mod project;
mod remedy;
mod state;

use std::collections::BTreeMap;

use events::Event;
use iam_document::glob::{Pattern, Syntax};
use model::{Confidence, ControlId, Finding, Resource, Target, Trust};
use serde::Deserialize;
use serde_json::Value;

pub use self::{
    remedy::CredentialRemedy,
    state::{
        ACCESS_KEY, Credential, CredentialsState, KeyStatus, Kind, LoginProfile, SERIAL, is_root,
    },
};
use crate::{Control, StateError, Subscription, Tags, Triage, responses, tags};

/// Was a credential made for root or another user, or an MFA device lost?
#[derive(Debug, Clone, Copy, Default)]
pub struct IamCredentials;

impl Control for IamCredentials {
    type State = CredentialsState;
    type Remedy = CredentialRemedy;
    const ID: ControlId = ControlId::new("iam-credentials");

    fn subscriptions(&self) -> &'static [Subscription] {
        SUBSCRIPTIONS
    }

    fn triage(&self, event: &Event) -> Triage {
        project::triage(event)
    }

    fn project(&self, event: &Event, target: &Target) -> Option<CredentialsState> {
        project::project(event, target)
    }

    fn suffices(&self, target: &Target, state: &CredentialsState, _trust: &Trust) -> bool {
        match (&state.credential, Kind::of(target)) {
            (Credential::Root { keys, .. }, Some(Kind::AccessKey)) => keys.is_some(),
            (Credential::Root { password, .. }, Some(Kind::Password)) => password.is_some(),
            _ => true,
        }
    }

    fn crosses(&self, remedy: &CredentialRemedy, target: &Target) -> bool {
        match (remedy, Kind::of(target)) {
            (CredentialRemedy::SetAccessKey { key, .. }, Some(Kind::AccessKey)) => {
                target.detail(ACCESS_KEY).is_none_or(|named| named == key)
            }
            (
                CredentialRemedy::SetPasswordReset { .. } | CredentialRemedy::RemovePassword { .. },
                kind,
            ) => kind == Some(Kind::Password),
            _ => false,
        }
    }

    fn assess(
        &self,
        target: &Target,
        state: &CredentialsState,
        trust: &Trust,
    ) -> Vec<Finding<CredentialRemedy>> {
        judge(target, state, trust).into_iter().collect()
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
    ) -> Result<CredentialsState, StateError> {
        let user: Option<GetUser> = responses::optional(target, responses, "GetUser")?;
        let credential = credential(target, responses)?;
        Ok(CredentialsState { arn: user.map(|user| user.user.arn), credential })
    }

    fn arn_by<'s>(&self, state: &'s CredentialsState) -> Option<&'s str> {
        state.arn.as_deref()
    }

    fn tag(
        &self,
        resource: &Resource,
        current: &Tags,
        ours: &Tags,
    ) -> Result<CredentialRemedy, String> {
        let Some(user) = resource.id.iam_name() else {
            return Err("the root user cannot be tagged".to_owned());
        };
        tags::merge(current, ours, tags::LIMIT)?;
        let before = tags::overwritten(current, ours);
        Ok(CredentialRemedy::TagUser { user: user.to_owned(), tags: ours.clone(), before })
    }
}

fn credential(target: &Target, responses: &Value) -> Result<Credential, StateError> {
    if is_root(target) {
        let answer: Summary = responses::required(target, responses, "GetAccountSummary")?;
        return Ok(root(|key| answer.summary_map.get(key).copied()));
    }
    Ok(match Kind::of(target) {
        Some(Kind::Password) => {
            let answer: Profile = responses::required(target, responses, "GetLoginProfile")?;
            let profile = answer.login_profile.map(|profile| LoginProfile {
                reset_required: Some(profile.password_reset_required),
                created: profile.create_date,
            });
            Credential::Password { profile }
        }
        Some(Kind::MfaDevice) => {
            let answer: Devices = responses::required(target, responses, "ListMFADevices")?;
            Credential::MfaDevices { left: Some(serials(answer.mfa_devices)) }
        }
        Some(Kind::VirtualMfaDevice) => {
            let answer: VirtualDevices =
                responses::required(target, responses, "ListVirtualMFADevices")?;
            let serials = serials(answer.virtual_mfa_devices);
            let exists =
                serials.iter().any(|serial| Some(serial.as_str()) == target.detail(SERIAL));
            Credential::VirtualMfaDevice { exists }
        }
        Some(Kind::AccessKey) | None => {
            let answer: Keys = responses::required(target, responses, "ListAccessKeys")?;
            let keys = answer.access_key_metadata.iter();
            let keys = keys.map(|key| (key.access_key_id.as_str(), KeyStatus::of(&key.status)));
            access_key(target.detail(ACCESS_KEY), &keys.collect::<Vec<_>>())
        }
    })
}

fn serials(devices: Vec<Device>) -> Vec<String> {
    devices.into_iter().map(|device| device.serial_number).collect()
}

/// The access key that an event named, of those that a user has. Where it named none, one that is
/// active stands for it.
#[must_use]
pub fn access_key(id: Option<&str>, keys: &[(&str, KeyStatus)]) -> Credential {
    let mut status = KeyStatus::Gone;
    for (key, of_key) in keys {
        if id.is_none_or(|id| id == *key) && status != KeyStatus::Active {
            status = *of_key;
        }
    }
    Credential::AccessKey { id: id.map(str::to_owned), status }
}

/// What an account summary tells of the root user.
#[must_use]
pub fn root(read: impl Fn(&str) -> Option<i32>) -> Credential {
    let flag = |key| read(key).map(|value| value != 0);
    Credential::Root {
        keys: flag("AccountAccessKeysPresent"),
        password: flag("AccountPasswordPresent"),
        mfa: flag("AccountMFAEnabled"),
    }
}

fn judge(
    target: &Target,
    state: &CredentialsState,
    trust: &Trust,
) -> Option<Finding<CredentialRemedy>> {
    let user = target.resource.id.iam_name().unwrap_or_default();
    let oneself = target.detail(state::ONESELF).is_some();
    match &state.credential {
        Credential::Root { keys, password, mfa } => {
            of_root(target, Kind::of(target), *keys, *password, *mfa)
        }
        Credential::AccessKey { id, status } => {
            if oneself || *status != KeyStatus::Active {
                return None;
            }
            Some(foreign_key(user, id.as_deref()))
        }
        Credential::Password { profile } => {
            let profile = profile.as_ref().filter(|_| !oneself)?;
            // What our own remedy leaves is told with the remedy, not once more.
            if profile.reset_required == Some(true) && is_ours(target, trust) {
                return None;
            }
            let made = target.detail(state::MADE).is_some();
            Some(foreign_password(user, profile, made && trust.remove_console_passwords))
        }
        Credential::MfaDevices { left } => {
            let serial = target.detail(SERIAL).unwrap_or("of unknown serial number");
            let left = left.as_deref();
            if left.is_some_and(|left| left.iter().any(|device| device == serial)) {
                return None;
            }
            let code = if left.is_some_and(|left| !left.is_empty()) {
                "mfa-device-exchanged"
            } else {
                "mfa-device-lost"
            };
            let title = format!("MFA device `{serial}` of user `{user}` was deactivated");
            Some(lost(code, title, serial, left))
        }
        Credential::VirtualMfaDevice { exists: true } => None,
        Credential::VirtualMfaDevice { exists: false } => {
            let serial = target.detail(SERIAL).unwrap_or_default();
            let title = format!("virtual MFA device `{serial}` was deleted");
            Some(lost("mfa-device-deleted", title, serial, None))
        }
    }
}

fn is_ours(target: &Target, trust: &Trust) -> bool {
    let fits = |pattern: &String, by: &str| Pattern::parse(pattern, Syntax::GLOB).matches(by);
    let by = target.detail(state::BY);
    by.is_some_and(|by| trust.own_roles.iter().any(|pattern| fits(pattern, by)))
}

fn of_root(
    target: &Target,
    kind: Option<Kind>,
    keys: Option<bool>,
    password: Option<bool>,
    mfa: Option<bool>,
) -> Option<Finding<CredentialRemedy>> {
    let (told, code, title) = match kind? {
        Kind::AccessKey => (keys, "access-key-for-root", "the root user has an access key"),
        Kind::Password => {
            (password, "console-password-for-root", "a console password was set for the root user")
        }
        Kind::MfaDevice | Kind::VirtualMfaDevice => {
            // A new device may be the owner's or an intruder's.
            let code =
                if mfa == Some(true) { "mfa-device-exchanged" } else { "root-mfa-device-lost" };
            let title = "an MFA device of the root user was deactivated".to_owned();
            let serial = target.detail(SERIAL).unwrap_or_default();
            let mut finding = lost(code, title, serial, None);
            if let Some(mfa) = mfa {
                finding = finding.with_evidence("mfa_enabled", mfa);
            }
            return Some(finding);
        }
    };
    if told == Some(false) {
        return None;
    }
    let mut finding = Finding::new(code, title);
    if told.is_none() {
        finding.confidence = Confidence::Unclear;
    }
    if let Some(key) = target.detail(ACCESS_KEY) {
        finding = finding.with_evidence(ACCESS_KEY, key);
    }
    finding.held_back = Some("only the root user can change its own credentials".to_owned());
    Some(finding)
}

fn foreign_key(user: &str, id: Option<&str>) -> Finding<CredentialRemedy> {
    const CODE: &str = "access-key-for-another";
    let Some(id) = id else {
        let title =
            format!("user `{user}` has an access key that somebody else made or switched on");
        let mut finding = Finding::new(CODE, title);
        finding.confidence = Confidence::Probable;
        finding.held_back = Some("the event does not tell which key it is".to_owned());
        return finding;
    };
    let title = format!(
        "access key `{id}` of user `{user}` is active, and somebody else made it or switched it on"
    );
    let mut finding =
        Finding::new(CODE, title).with_evidence(ACCESS_KEY, id).with_evidence("userName", user);
    finding.remedies = vec![CredentialRemedy::SetAccessKey {
        user: user.to_owned(),
        key: id.to_owned(),
        active: false,
    }];
    finding
}

/// `removable`: without it the user had none, and the account wants it taken away again.
fn foreign_password(
    user: &str,
    profile: &LoginProfile,
    removable: bool,
) -> Finding<CredentialRemedy> {
    let mut finding = if profile.reset_required == Some(true) {
        let mut finding = Finding::new(
            "console-password-to-be-changed",
            format!(
                "somebody else set the console password of user `{user}`, who must change it at \
                 the next sign-in"
            ),
        );
        let reason = "whether the user has received it from whoever set it, only people can say";
        finding.held_back = Some(reason.to_owned());
        finding
    } else {
        let title = format!("somebody else set the console password of user `{user}`");
        let mut finding = Finding::new("console-password-for-another", title);
        let (user, created) = (user.to_owned(), profile.created.clone());
        finding.remedies = vec![if removable {
            CredentialRemedy::RemovePassword { user, created }
        } else {
            CredentialRemedy::SetPasswordReset { user, created, required: true }
        }];
        finding
    };
    finding = finding.with_evidence("userName", user);
    if let Some(required) = profile.reset_required {
        finding = finding.with_evidence("passwordResetRequired", required);
    }
    finding
}

fn lost(
    code: &str,
    title: String,
    serial: &str,
    left: Option<&[String]>,
) -> Finding<CredentialRemedy> {
    let mut finding = Finding::new(code, title);
    if !serial.is_empty() {
        finding = finding.with_evidence(SERIAL, serial);
    }
    if let Some(left) = left {
        finding = finding.with_evidence("left", left);
    }
    finding.held_back = Some(NOBODY_ELSE.to_owned());
    finding
}

const NOBODY_ELSE: &str = "only whoever holds the device can register it again";

/// `GetUser`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetUser {
    user: User,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct User {
    arn: String,
}

/// `ListAccessKeys`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Keys {
    access_key_metadata: Vec<Key>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Key {
    access_key_id: String,
    status: String,
}

/// `GetLoginProfile`; without a profile in it, the user has none.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Profile {
    login_profile: Option<ProfileEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ProfileEntry {
    #[serde(default)]
    password_reset_required: bool,
    create_date: Option<String>,
}

/// `ListMFADevices`.
#[derive(Debug, Deserialize)]
struct Devices {
    #[serde(rename = "MFADevices")]
    mfa_devices: Vec<Device>,
}

/// `ListVirtualMFADevices`.
#[derive(Debug, Deserialize)]
struct VirtualDevices {
    #[serde(rename = "VirtualMFADevices")]
    virtual_mfa_devices: Vec<Device>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Device {
    serial_number: String,
}

/// `GetAccountSummary`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Summary {
    summary_map: BTreeMap<String, i32>,
}

#[cfg(test)]
mod tests;

const SUBSCRIPTIONS: &[Subscription] = &[
    Subscription { event_source: "iam.amazonaws.com", event_name: "CreateAccessKey" },
    Subscription { event_source: "iam.amazonaws.com", event_name: "CreateLoginProfile" },
    Subscription { event_source: "iam.amazonaws.com", event_name: "DeactivateMFADevice" },
    Subscription { event_source: "iam.amazonaws.com", event_name: "DeleteVirtualMFADevice" },
    Subscription { event_source: "iam.amazonaws.com", event_name: "UpdateAccessKey" },
    Subscription { event_source: "iam.amazonaws.com", event_name: "UpdateLoginProfile" },
];

const READS: &[&str] = &[
    "iam:GetAccountSummary",
    "iam:GetLoginProfile",
    "iam:GetUser",
    "iam:ListAccessKeys",
    "iam:ListMFADevices",
    "iam:ListVirtualMFADevices",
];

const WRITE_ACTIONS: &[&str] = &[
    "iam:DeleteLoginProfile",
    "iam:GetLoginProfile",
    "iam:ListAccessKeys",
    "iam:TagUser",
    "iam:UpdateAccessKey",
    "iam:UpdateLoginProfile",
];
