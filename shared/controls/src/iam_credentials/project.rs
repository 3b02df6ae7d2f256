//! What a record tells: whose credential, which one, and what became of it.

use events::{
    Event, Record,
    parameters::{
        Unusable,
        credentials::{CreatedCredential, CredentialCall},
    },
};
use model::{AccountId, ActorKind, Arn, Resource, Target};

use super::{
    SUBSCRIPTIONS,
    state::{
        ACCESS_KEY, BY, Credential, CredentialsState, KIND, KeyStatus, Kind, LoginProfile, MADE,
        ONESELF, SERIAL, is_root,
    },
};
use crate::{NotMine, Triage, control::passed_over};

pub(super) fn triage(event: &Event) -> Triage {
    let record = &event.record;
    if let Some(passed_over) = passed_over(SUBSCRIPTIONS, event) {
        return passed_over;
    }
    match target(record) {
        Ok(target) if is_root(&target) && switches_off(record) => {
            Triage::NotMine(NotMine::NothingToAsk)
        }
        Ok(target) => Triage::Mine(target),
        Err(what) => {
            let name = &record.event_name;
            Triage::Malformed(format!("whose credential `{name}` changed cannot be said: {what}"))
        }
    }
}

/// Whether the call made a key unusable. Of the root user the account's summary counts keys that
/// are off as well, so that looking would find what was just mended.
/// Source: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountSummary.html>.
fn switches_off(record: &Record) -> bool {
    let status = || record.parameters::<CredentialCall>().ok()?.status.ok();
    record.event_name == "UpdateAccessKey"
        && status().is_some_and(|word| KeyStatus::of(&word) == KeyStatus::Inactive)
}

fn kind(event_name: &str) -> Option<Kind> {
    match event_name {
        "CreateAccessKey" | "UpdateAccessKey" => Some(Kind::AccessKey),
        "CreateLoginProfile" | "UpdateLoginProfile" => Some(Kind::Password),
        "DeactivateMFADevice" => Some(Kind::MfaDevice),
        "DeleteVirtualMFADevice" => Some(Kind::VirtualMfaDevice),
        _ => None,
    }
}

/// How CloudTrail calls the root user where a user is to be named.
/// Source: <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-aws-console-sign-in-events.html>.
const ROOT_USER: &str = "AWS ROOT USER";

/// How the ARN of the root user's virtual device ends.
const ROOT_DEVICE: &str = ":mfa/root-account-mfa-device";

/// Whose credential it is.
enum Whose {
    Root,
    User(String),
}

fn target(record: &Record) -> Result<Target, String> {
    let account = record
        .account
        .clone()
        .ok_or_else(|| "neither record nor envelope names an account".to_owned())?;
    let region = record.region.as_deref().unwrap_or_default();
    let asked = record.parameters::<CredentialCall>();
    let made = record.response::<CreatedCredential>().ok();
    let mut kind = kind(&record.event_name).ok_or_else(|| "an unknown call".to_owned())?;
    let serial = asked.as_ref().map_err(Clone::clone).and_then(|asked| asked.serial.clone());
    let resource = match kind {
        Kind::VirtualMfaDevice => {
            let serial = serial.as_ref().map_err(ToString::to_string)?;
            if serial.ends_with(ROOT_DEVICE) {
                kind = Kind::MfaDevice;
            }
            Resource::account(account, region)
        }
        Kind::AccessKey | Kind::Password | Kind::MfaDevice => {
            match whose(record, asked.as_ref(), made.as_ref(), serial.as_deref().ok())? {
                Whose::Root => Resource::account(account, region),
                Whose::User(name) => Resource::user(&name, account, region),
            }
        }
    };
    let oneself = is_of(record, &resource.account) == Some(true)
        && resource.id.iam_name().is_some_and(|name| is_oneself(record, name));
    let key = made
        .and_then(|made| made.access_key.ok())
        .or_else(|| asked.ok().and_then(|asked| asked.access_key.ok()));
    Ok(Target::from(resource)
        .with(KIND, kind.as_str())
        .with(ONESELF, if oneself { "true" } else { "" })
        .with(BY, &record.actor.id)
        .with(MADE, if record.event_name.starts_with("Create") { "true" } else { "" })
        .with(ACCESS_KEY, key.as_deref().unwrap_or_default())
        .with(SERIAL, serial.as_deref().unwrap_or_default()))
}

fn whose(
    record: &Record,
    asked: Result<&CredentialCall, &Unusable>,
    made: Option<&CreatedCredential>,
    serial: Option<&str>,
) -> Result<Whose, String> {
    let named = asked.map_err(Clone::clone).and_then(|asked| asked.user.clone());
    if serial.is_some_and(|serial| serial.ends_with(ROOT_DEVICE)) {
        return Ok(Whose::Root);
    }
    let unusable = match named {
        Ok(name) if name.eq_ignore_ascii_case(ROOT_USER) => return Ok(Whose::Root),
        Ok(name) => return Ok(Whose::User(name)),
        Err(unusable) => unusable,
    };
    // Whoever names nobody means himself, and a stranger is none of ours.
    let ours = record.account.as_ref().is_none_or(|account| is_of(record, account) != Some(false));
    if unusable.is_absent() && ours && record.actor.kind == ActorKind::Root {
        return Ok(Whose::Root);
    }
    if let Some(name) = made.and_then(|made| made.user.clone().ok()) {
        return Ok(Whose::User(name));
    }
    // That call always names its user: a record without the name was cut.
    let named_always = record.event_name == "UpdateLoginProfile";
    if unusable.is_absent()
        && !named_always
        && ours
        && let Some(name) = record.iam_user()
    {
        return Ok(Whose::User(name));
    }
    Err(unusable.to_string())
}

/// Whether whoever made the call is of this account, by all that the record says of it; `None`: it
/// says nothing.
fn is_of(record: &Record, account: &AccountId) -> Option<bool> {
    let actor = &record.actor;
    let of_arn = || {
        let arn: Arn = actor.arn.as_ref()?.parse().ok()?;
        Some(AccountId::new(arn.account))
    };
    let mut told = actor.account.clone().into_iter().chain(of_arn()).peekable();
    told.peek()?;
    Some(told.all(|told| told == *account))
}

/// Whether a user made the call itself. Only what the record says of both proves it: where its ARN
/// and its name differ, or neither is told, it may have been another.
fn is_oneself(record: &Record, user: &str) -> bool {
    let same = |name: &str| name.eq_ignore_ascii_case(user);
    let arn_fits = record.actor.arn.as_ref().is_none_or(|arn| {
        let arn: Result<Arn, _> = arn.parse();
        arn.is_ok_and(|arn| same(arn.name()))
    });
    arn_fits && record.iam_user().is_some_and(|name| same(&name))
}

pub(super) fn project(event: &Event, target: &Target) -> Option<CredentialsState> {
    let record = &event.record;
    let asked = record.parameters::<CredentialCall>().ok();
    let made = record.response::<CreatedCredential>().ok();
    let status = || {
        let told = made.as_ref().and_then(|made| made.status.clone().ok());
        let told = told.or_else(|| asked.as_ref().and_then(|asked| asked.status.clone().ok()));
        let told = told.map(|word| KeyStatus::of(&word));
        // A new key is active; what an update sets, it says.
        told.or_else(|| (record.event_name == "CreateAccessKey").then_some(KeyStatus::Active))
    };
    let kind = Kind::of(target)?;
    let credential = if is_root(target) {
        // That one key is off does not say that there is no other.
        let keys = || (status() == Some(KeyStatus::Active)).then_some(true);
        Credential::Root {
            keys: if kind == Kind::AccessKey { keys() } else { None },
            password: (kind == Kind::Password).then_some(true),
            mfa: None,
        }
    } else {
        match kind {
            Kind::AccessKey => Credential::AccessKey {
                id: target.detail(ACCESS_KEY).map(str::to_owned),
                status: status()?,
            },
            Kind::Password => {
                let told = made.as_ref().and_then(|made| made.reset_required.clone().ok());
                let asked = || asked.as_ref().and_then(|asked| asked.reset_required.clone().ok());
                // Whoever makes a password and does not ask for a change wants none.
                let new = || (record.event_name == "CreateLoginProfile").then_some(false);
                let reset_required = told.or_else(asked).or_else(new);
                let profile = LoginProfile { reset_required, created: None };
                Credential::Password { profile: Some(profile) }
            }
            Kind::MfaDevice => Credential::MfaDevices { left: None },
            Kind::VirtualMfaDevice => Credential::VirtualMfaDevice { exists: false },
        }
    };
    Some(CredentialsState { arn: None, credential })
}
