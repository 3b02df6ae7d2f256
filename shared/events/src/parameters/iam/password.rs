//! The IAM call that sets the account's password policy.

use crate::parameters::{Field, FromMembers, Object};

/// `UpdateAccountPasswordPolicy`, as asked. The call replaces the whole policy: what it does not
/// mention goes back to its default.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccountPasswordPolicy.html>.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateAccountPasswordPolicy {
    /// `minimumPasswordLength`, in characters; absent means 6.
    pub minimum_length: Field<u64>,
    /// `requireSymbols`; absent means no, as for the other three classes.
    pub require_symbols: Field<bool>,
    /// `requireNumbers`.
    pub require_numbers: Field<bool>,
    /// `requireUppercaseCharacters`.
    pub require_uppercase: Field<bool>,
    /// `requireLowercaseCharacters`.
    pub require_lowercase: Field<bool>,
    /// `allowUsersToChangePassword`; absent means no.
    pub allow_users_to_change: Field<bool>,
    /// `maxPasswordAge`, in days; absent means that passwords do not end.
    pub max_age: Field<u64>,
    /// `passwordReusePrevention`: former passwords that must not come back; absent means none.
    pub reuse_prevention: Field<u64>,
    /// `hardExpiry`: whether whose password has ended may not choose a new one; absent means no.
    pub hard_expiry: Field<bool>,
}

impl FromMembers for UpdateAccountPasswordPolicy {
    fn from_members(object: &Object<'_>) -> Self {
        Self {
            minimum_length: object.number("minimumPasswordLength"),
            require_symbols: object.flag("requireSymbols"),
            require_numbers: object.flag("requireNumbers"),
            require_uppercase: object.flag("requireUppercaseCharacters"),
            require_lowercase: object.flag("requireLowercaseCharacters"),
            allow_users_to_change: object.flag("allowUsersToChangePassword"),
            max_age: object.number("maxPasswordAge"),
            reuse_prevention: object.number("passwordReusePrevention"),
            hard_expiry: object.flag("hardExpiry"),
        }
    }
}
