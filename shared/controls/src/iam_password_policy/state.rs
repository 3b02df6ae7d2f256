//! What must be read to answer `iam-password-policy`.

use std::collections::BTreeMap;

use model::trust::PasswordFloor;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The account's password policy, and what it was when nothing was wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordState {
    /// The policy; `None`: the account has none of its own, and AWS's default applies.
    pub policy: Option<PasswordPolicy>,
    /// The last policy that was seen right, as the ledger remembers it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<PasswordPolicy>,
    /// Members of a record that could not be read, by the value's name (or the record's member that
    /// holds them all), each with the reason.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unreadable: BTreeMap<String, String>,
}

impl PasswordState {
    /// A policy, or that there is none, of which nothing else is known.
    #[must_use]
    pub const fn of(policy: Option<PasswordPolicy>) -> Self {
        Self { policy, before: None, unreadable: BTreeMap::new() }
    }

    /// What is asked of passwords, by the policy or by default.
    #[must_use]
    pub fn in_force(&self) -> PasswordPolicy {
        self.policy.unwrap_or(WITHOUT)
    }

    /// The values that are known, in the order of the API.
    pub(super) fn values(&self) -> impl Iterator<Item = Requirement> {
        // Where nothing at all could be read there is nothing to hold against the floor.
        let known = |value: &Requirement| {
            !self.unreadable.contains_key(value.name()) && !self.unreadable.contains_key(ALL)
        };
        Requirement::ALL.into_iter().filter(known)
    }
}

/// The record's member that holds all values.
pub(super) const ALL: &str = "requestParameters";

/// The values of a password policy, by their API names.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_PasswordPolicy.html>.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "AWS asks for each class on its own")]
#[serde(default, rename_all = "PascalCase")]
pub struct PasswordPolicy {
    /// Characters that a password must have at least.
    pub minimum_password_length: u32,
    /// Whether a password must have a symbol.
    pub require_symbols: bool,
    /// Whether a password must have a digit.
    pub require_numbers: bool,
    /// Whether a password must have a capital letter.
    pub require_uppercase_characters: bool,
    /// Whether a password must have a small letter.
    pub require_lowercase_characters: bool,
    /// Whether every user may change his own password. Not held against a floor, and kept.
    pub allow_users_to_change_password: bool,
    /// Days after which a password ends; `None`: it does not.
    #[serde(deserialize_with = "unless_zero", skip_serializing_if = "Option::is_none")]
    pub max_password_age: Option<u32>,
    /// Former passwords that must not come back; `None`: any may.
    #[serde(deserialize_with = "unless_zero", skip_serializing_if = "Option::is_none")]
    pub password_reuse_prevention: Option<u32>,
    /// Whether whose password has ended may not choose a new one. Not held against a floor, and
    /// kept.
    #[serde(deserialize_with = "or_false")]
    pub hard_expiry: bool,
}

/// What the API makes of a call that mentions nothing.
/// Source: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccountPasswordPolicy.html>.
impl Default for PasswordPolicy {
    fn default() -> Self {
        Self { minimum_password_length: 6, ..WITHOUT }
    }
}

/// What applies to an account without a policy of its own. Beside it AWS asks for three of the four
/// classes, whichever, which no policy of one's own can say.
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_account-policy.html>.
pub(super) const WITHOUT: PasswordPolicy = PasswordPolicy {
    minimum_password_length: 8,
    require_symbols: false,
    require_numbers: false,
    require_uppercase_characters: false,
    require_lowercase_characters: false,
    allow_users_to_change_password: false,
    max_password_age: None,
    password_reuse_prevention: None,
    hard_expiry: false,
};

/// Zero stands for "none" in some answers.
fn unless_zero<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<u32>, D::Error> {
    Ok(Option::<u32>::deserialize(from)?.filter(|number| *number != 0))
}

/// AWS leaves it out where nobody has ever set it.
fn or_false<'de, D: serde::Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    Ok(Option::<bool>::deserialize(from)?.unwrap_or_default())
}

/// A value that is held against the floor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Requirement {
    /// Characters at least.
    MinimumPasswordLength,
    /// A symbol.
    RequireSymbols,
    /// A digit.
    RequireNumbers,
    /// A capital letter.
    RequireUppercaseCharacters,
    /// A small letter.
    RequireLowercaseCharacters,
    /// Days at most.
    MaxPasswordAge,
    /// Former passwords at least.
    PasswordReusePrevention,
}

impl Requirement {
    /// All of them, in the order of the API.
    pub const ALL: [Self; 7] = [
        Self::MinimumPasswordLength,
        Self::RequireSymbols,
        Self::RequireNumbers,
        Self::RequireUppercaseCharacters,
        Self::RequireLowercaseCharacters,
        Self::MaxPasswordAge,
        Self::PasswordReusePrevention,
    ];

    /// Its name in the API, and in finding codes.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::MinimumPasswordLength => "MinimumPasswordLength",
            Self::RequireSymbols => "RequireSymbols",
            Self::RequireNumbers => "RequireNumbers",
            Self::RequireUppercaseCharacters => "RequireUppercaseCharacters",
            Self::RequireLowercaseCharacters => "RequireLowercaseCharacters",
            Self::MaxPasswordAge => "MaxPasswordAge",
            Self::PasswordReusePrevention => "PasswordReusePrevention",
        }
    }

    /// What is wrong with a policy in which it is below the floor.
    pub(super) const fn weakness(self) -> &'static str {
        match self {
            Self::MinimumPasswordLength => "takes passwords that are shorter than the floor",
            Self::RequireSymbols => "does not ask for a symbol",
            Self::RequireNumbers => "does not ask for a digit",
            Self::RequireUppercaseCharacters => "does not ask for a capital letter",
            Self::RequireLowercaseCharacters => "does not ask for a small letter",
            Self::MaxPasswordAge => "lets passwords live longer than the floor",
            Self::PasswordReusePrevention => {
                "lets former passwords come back sooner than the floor"
            }
        }
    }

    /// Whether a policy asks for less than the floor.
    pub(super) fn is_weak(self, policy: &PasswordPolicy, floor: &PasswordFloor) -> bool {
        match self {
            Self::MinimumPasswordLength => policy.minimum_password_length < floor.minimum_length,
            Self::RequireSymbols => floor.require_symbols && !policy.require_symbols,
            Self::RequireNumbers => floor.require_numbers && !policy.require_numbers,
            Self::RequireUppercaseCharacters => {
                floor.require_uppercase && !policy.require_uppercase_characters
            }
            Self::RequireLowercaseCharacters => {
                floor.require_lowercase && !policy.require_lowercase_characters
            }
            Self::MaxPasswordAge => floor
                .max_age_days
                .is_some_and(|most| policy.max_password_age.is_none_or(|days| days > most)),
            Self::PasswordReusePrevention => {
                policy.password_reuse_prevention.unwrap_or(0) < floor.reuse_prevention
            }
        }
    }

    /// Its value in a policy, for evidence.
    pub(super) fn of(self, policy: &PasswordPolicy) -> Value {
        match self {
            Self::MinimumPasswordLength => policy.minimum_password_length.into(),
            Self::RequireSymbols => policy.require_symbols.into(),
            Self::RequireNumbers => policy.require_numbers.into(),
            Self::RequireUppercaseCharacters => policy.require_uppercase_characters.into(),
            Self::RequireLowercaseCharacters => policy.require_lowercase_characters.into(),
            Self::MaxPasswordAge => policy.max_password_age.into(),
            Self::PasswordReusePrevention => policy.password_reuse_prevention.into(),
        }
    }
}
