//! What a record tells: whose password policy was set, and to what.

use std::{collections::BTreeMap, fmt::Display};

use events::{
    Event, Record,
    parameters::{Field, iam::UpdateAccountPasswordPolicy},
};
use model::{Resource, Target};

use super::{
    SUBSCRIPTIONS,
    state::{ALL, PasswordPolicy, PasswordState},
};
use crate::{Triage, control::passed_over, s3::given};

pub(super) fn triage(event: &Event) -> Triage {
    let record = &event.record;
    if let Some(passed_over) = passed_over(SUBSCRIPTIONS, event) {
        return passed_over;
    }
    // The calls name nothing: an account has one password policy.
    let Some(account) = record.account.clone() else {
        let name = &record.event_name;
        return Triage::Malformed(format!(
            "whose password policy `{name}` changed cannot be said: neither record nor envelope \
             names an account"
        ));
    };
    let region = record.region.as_deref().unwrap_or_default();
    Triage::Mine(Target::from(Resource::account(account, region)))
}

pub(super) fn project(event: &Event) -> Option<PasswordState> {
    let record = &event.record;
    match record.event_name.as_str() {
        "DeleteAccountPasswordPolicy" => Some(PasswordState::of(None)),
        _ => asked_for(record),
    }
}

/// The policy that the call set, with defaults for what it does not mention. A record that has no
/// parameters at all leaves the question open.
fn asked_for(record: &Record) -> Option<PasswordState> {
    let asked = match record.parameters::<UpdateAccountPasswordPolicy>() {
        Ok(asked) => asked,
        Err(unusable) if unusable.is_absent() => return None,
        Err(unusable) => {
            let mut state = PasswordState::of(None);
            state.unreadable.insert(ALL.to_owned(), unusable.to_string());
            return Some(state);
        }
    };
    let mut read = Reading::default();
    let absent = PasswordPolicy::default();
    let policy = PasswordPolicy {
        minimum_password_length: read
            .number("MinimumPasswordLength", asked.minimum_length)
            .unwrap_or(absent.minimum_password_length),
        require_symbols: read.flag("RequireSymbols", asked.require_symbols),
        require_numbers: read.flag("RequireNumbers", asked.require_numbers),
        require_uppercase_characters: read
            .flag("RequireUppercaseCharacters", asked.require_uppercase),
        require_lowercase_characters: read
            .flag("RequireLowercaseCharacters", asked.require_lowercase),
        allow_users_to_change_password: read
            .flag("AllowUsersToChangePassword", asked.allow_users_to_change),
        max_password_age: read.number("MaxPasswordAge", asked.max_age).filter(|days| *days != 0),
        password_reuse_prevention: read
            .number("PasswordReusePrevention", asked.reuse_prevention)
            .filter(|number| *number != 0),
        hard_expiry: read.flag("HardExpiry", asked.hard_expiry),
    };
    Some(PasswordState { unreadable: read.unreadable, ..PasswordState::of(Some(policy)) })
}

/// Takes values out of a record and keeps what is wrong with them, by name.
#[derive(Default)]
struct Reading {
    unreadable: BTreeMap<String, String>,
}

impl Reading {
    fn flag(&mut self, name: &str, field: Field<bool>) -> bool {
        given(field).unwrap_or_else(|why| self.wrong(name, why)).unwrap_or_default()
    }

    fn number(&mut self, name: &str, field: Field<u64>) -> Option<u32> {
        let number = given(field).unwrap_or_else(|why| self.wrong(name, why))?;
        u32::try_from(number).map_or_else(|why| self.wrong(name, why), Some)
    }

    fn wrong<T>(&mut self, name: &str, why: impl Display) -> Option<T> {
        self.unreadable.insert(name.to_owned(), why.to_string());
        None
    }
}
