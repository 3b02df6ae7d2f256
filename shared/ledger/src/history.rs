//! What the breaker looks at: how often was this reverted lately?

use chrono::TimeDelta;
use model::{AccountId, Resource, Timestamp};
use serde::{Deserialize, Serialize};

use crate::digest;

/// How far back the breaker looks, in seconds.
pub const WINDOW_SECONDS: i64 = 3600;

/// Reverts within the last hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct History {
    /// Reverts of this resource.
    pub resource_reverts: u32,
    /// Reverts in this account.
    pub account_reverts: u32,
}

/// The earliest moment that still counts at `now`.
#[must_use]
pub fn window_start(now: Timestamp) -> Timestamp {
    now.checked_sub_signed(TimeDelta::seconds(WINDOW_SECONDS)).unwrap_or(Timestamp::MIN_UTC)
}

/// What a resource is called in the history: the same for every event about it.
///
/// An object's versions are one resource here, since mending one makes the next; and a role is
/// named without its path, which its events do not tell.
#[must_use]
pub fn resource_name(resource: &Resource) -> String {
    let account = resource.account.as_str();
    let kind = resource.kind();
    let [name, part] = resource.id.parts();
    digest::short(&["resource", account, kind, name, part], 20)
}

/// What an account is called in the history.
#[must_use]
pub fn account_name(account: &AccountId) -> String {
    digest::short(&["account", account.as_str()], 20)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(key: &str, version: Option<&str>, account: &str) -> Resource {
        let version = version.map(str::to_owned);
        Resource::object("amzn-s3-demo-bucket", key, version, account.into(), "eu-west-1")
    }

    #[test]
    fn versions_of_an_object_are_one_resource_and_everything_else_tells_apart() {
        let name = |key, version, account| resource_name(&object(key, version, account));
        let one = name("a", Some("1"), "111122223333");
        assert_eq!(one, name("a", Some("2"), "111122223333"));
        assert_eq!(one, name("a", None, "111122223333"));
        assert_ne!(one, name("b", Some("1"), "111122223333"));
        assert_ne!(one, name("a", Some("1"), "444455556666"));
    }

    #[test]
    fn a_bucket_is_not_the_role_of_the_same_name() {
        let bucket = Resource::bucket("x", "111122223333".into(), "us-east-1");
        let role = Resource::role("x", "111122223333".into(), "us-east-1");
        assert_ne!(resource_name(&bucket), resource_name(&role));
    }

    #[test]
    fn a_roles_path_does_not_make_it_another() {
        let plain = Resource::role("x", "111122223333".into(), "us-east-1");
        let mut read = plain.clone();
        read.arn = "arn:aws:iam::111122223333:role/team/x".to_owned();
        assert_eq!(resource_name(&plain), resource_name(&read));
    }
}
