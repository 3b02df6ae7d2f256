//! Configuration that says whom and what this account trusts.
//!
//! A typed file, TOML or JSON, whose keys are listed at [`Trust`]. Unknown keys are refused and all
//! problems are reported at once: a misspelt key that is silently ignored would trust too little or
//! too much.

mod file;
mod floors;
mod password;
mod read;

use std::collections::{BTreeMap, BTreeSet};

pub use floors::{BucketFloor, FloorEncryption, FloorLock, FloorOwnership, FloorTag, LockMode};
pub use password::PasswordFloor;
use read::Reader;
pub use read::is_organizational_unit;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use thiserror::Error;

use crate::AccountId;

/// Ports that must not be open to the world when nothing else is configured.
///
/// Source: Security Hub EC2.19, <https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html>.
pub const SENSITIVE_PORTS: [u16; 24] = [
    20, 21, 22, 23, 25, 110, 135, 143, 445, 1433, 1434, 3000, 3306, 3389, 4333, 5000, 5432, 5500,
    5601, 8080, 8088, 8888, 9200, 9300,
];

/// Ports that may be open to the world when nothing else is configured.
///
/// Source: Security Hub EC2.18, same page.
pub const ALLOWED_PUBLIC_PORTS: [u16; 2] = [80, 443];

/// Whom and what this account trusts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key of its own in the file")]
pub struct Trust {
    /// Our own account. Where it is not set, the account of the event is meant.
    pub account_id: Option<AccountId>,
    /// Our organization, `o-…`.
    pub org_id: Option<String>,
    /// Ids of the organizational units above our own account, the nearest first; the root, `r-…`,
    /// is the last of them.
    pub organizational_units: Vec<String>,
    /// Accounts that are as good as our own.
    pub trusted_accounts: BTreeSet<AccountId>,
    /// Vendors' accounts that may assume roles, with an external id.
    pub third_party_accounts: BTreeSet<AccountId>,
    /// Other organizations that are as good as our own.
    pub trusted_orgs: BTreeSet<String>,
    /// VPCs of ours. Empty: any fixed VPC is taken as a network of ours.
    pub trusted_vpcs: BTreeSet<String>,
    /// VPC endpoints of ours. Empty: as for VPCs.
    pub trusted_vpces: BTreeSet<String>,
    /// Canonical user ids that may stand in ACLs and bucket policies.
    pub trusted_canonical_ids: BTreeSet<String>,
    /// For each OIDC issuer (host and path), the tenants that are ours: GitHub owners, GitLab
    /// groups, …
    pub trusted_oidc_tenants: BTreeMap<String, BTreeSet<String>>,
    /// Whether humans who assume roles must have used MFA.
    pub require_mfa: bool,
    /// The KMS key every object must be stored under, where its bucket names no other.
    pub kms_key_arn: Option<String>,
    /// Further keys that are as good.
    pub allowed_kms_keys: BTreeSet<String>,
    /// Bucket name pattern (`*` and `?`) to the key that its objects must be stored under: an exact
    /// ARN, or an alias or key id, resolved by reading.
    pub required_kms_keys: BTreeMap<String, String>,
    /// Whether every bucket's policy must refuse requests without TLS.
    pub require_tls: bool,
    /// Whether the policy of every bucket for which a key is required must refuse uploads under
    /// another. Policies know keys by their ARNs only, so no required key may be an alias or id.
    pub require_key_enforcement: bool,
    /// What buckets must have at least: encryption, versioning, logging, retention, …
    pub bucket_floors: Vec<BucketFloor>,
    /// Ports that must not be open to the world.
    pub sensitive_ports: BTreeSet<u16>,
    /// Ports that may be open to the world.
    pub allowed_public_ports: BTreeSet<u16>,
    /// ARN patterns (`*` and `?`) of resources that are never written, whatever the policy says. A
    /// protected bucket protects its objects.
    pub protected_resources: Vec<String>,
    /// Whether an inline policy that also says what is right may be written back without what is
    /// wrong. Whoever may write one can give anything to anybody, so a function has the right only
    /// where it is deployed with it (`docs/adr/0012`).
    pub rewrite_inline_policies: bool,
    /// Whether a console password that somebody else has made for a user may be removed, instead of
    /// having to be changed: nobody could put it back. A function has the right only where it is
    /// deployed with it.
    pub remove_console_passwords: bool,
    /// ARN patterns of Snapback's own roles: never written, and never mistaken for strangers.
    pub own_roles: Vec<String>,
    /// Reverts on one resource within an hour after which the breaker opens for it.
    pub max_reverts_per_resource: u32,
    /// Reverts in the account within an hour after which the breaker opens for the account.
    pub max_reverts_per_account: u32,
    /// What the account's password policy must ask for at least.
    pub password_policy: PasswordFloor,
    /// Refused S3 calls of one principal from one address within the window from which on people
    /// are told; at least 1.
    pub denied_calls: u32,
    /// For how many seconds refused S3 calls are counted together, from the first on: 1 to 86,400.
    pub denied_calls_window_seconds: u32,
}

impl Default for Trust {
    fn default() -> Self {
        Self {
            account_id: None,
            org_id: None,
            organizational_units: Vec::new(),
            trusted_accounts: BTreeSet::new(),
            third_party_accounts: BTreeSet::new(),
            trusted_orgs: BTreeSet::new(),
            trusted_vpcs: BTreeSet::new(),
            trusted_vpces: BTreeSet::new(),
            trusted_canonical_ids: BTreeSet::new(),
            trusted_oidc_tenants: BTreeMap::new(),
            require_mfa: false,
            kms_key_arn: None,
            allowed_kms_keys: BTreeSet::new(),
            required_kms_keys: BTreeMap::new(),
            require_tls: false,
            require_key_enforcement: false,
            bucket_floors: Vec::new(),
            sensitive_ports: SENSITIVE_PORTS.into(),
            allowed_public_ports: ALLOWED_PUBLIC_PORTS.into(),
            protected_resources: Vec::new(),
            rewrite_inline_policies: false,
            remove_console_passwords: false,
            own_roles: Vec::new(),
            max_reverts_per_resource: 3,
            max_reverts_per_account: 20,
            password_policy: PasswordFloor::default(),
            denied_calls: 5,
            denied_calls_window_seconds: 300,
        }
    }
}

/// One thing that is wrong with a trust file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TrustProblem {
    /// The key it concerns; empty for the file as a whole.
    pub key: String,
    /// What is wrong and how to mend it.
    pub problem: String,
}

/// Why a trust file is refused: everything that is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("trust file refused: {}", list(.problems))]
pub struct TrustError {
    /// Every problem, in the order of the file's keys.
    pub problems: Vec<TrustProblem>,
}

fn list(problems: &[TrustProblem]) -> String {
    let texts: Vec<String> = problems
        .iter()
        .map(
            |TrustProblem { key, problem }| {
                if key.is_empty() { problem.clone() } else { format!("`{key}`: {problem}") }
            },
        )
        .collect();
    texts.join("; ")
}

impl TrustError {
    fn whole(problem: String) -> Self {
        Self { problems: vec![TrustProblem { key: String::new(), problem }] }
    }
}

const KEYS: &[&str] = &[
    "account_id",
    "org_id",
    "organizational_units",
    "trusted_accounts",
    "third_party_accounts",
    "trusted_orgs",
    "trusted_vpcs",
    "trusted_vpces",
    "trusted_canonical_ids",
    "trusted_oidc_tenants",
    "require_mfa",
    "kms_key_arn",
    "allowed_kms_keys",
    "required_kms_keys",
    "require_tls",
    "require_key_enforcement",
    "bucket_floors",
    "sensitive_ports",
    "allowed_public_ports",
    "protected_resources",
    "rewrite_inline_policies",
    "remove_console_passwords",
    "own_roles",
    "max_reverts_per_resource",
    "max_reverts_per_account",
    "password_policy",
    "denied_calls",
    "denied_calls_window_seconds",
];

/// What is said of one document or bucket: true of that one, and of no other that events are about.
const OF_ONE_RESOURCE: [&str; 9] = [
    "policy_mode",
    "public_access_block",
    "object_ownership",
    "owner_id",
    "check",
    "bucket",
    "default_encryption_key",
    "partition",
    "prefix_lists",
];

impl Trust {
    /// Reads a trust file: JSON if it begins with `{`, TOML otherwise. A byte order mark is passed
    /// over.
    ///
    /// # Errors
    /// [`TrustError`] with every problem of the file.
    pub fn parse(text: &str) -> Result<Self, TrustError> {
        let (value, problems) = Self::text(text)?;
        Self::read(value, problems)
    }

    /// The same for whoever judges one document or bucket: what is said of that one is handed back
    /// beside the trust, and not refused.
    ///
    /// # Errors
    /// As [`Trust::parse`].
    pub fn parse_beside(text: &str) -> Result<(Self, Map<String, Value>), TrustError> {
        let (mut value, problems) = Self::text(text)?;
        let mut beside = Map::new();
        for key in OF_ONE_RESOURCE {
            let taken = value.as_object_mut().and_then(|keys| keys.shift_remove(key));
            beside.extend(taken.map(|value| (key.to_owned(), value)));
        }
        Ok((Self::read(value, problems)?, beside))
    }

    fn text(text: &str) -> Result<(Value, Vec<TrustProblem>), TrustError> {
        let text = text.trim_start_matches('\u{feff}');
        let is_json = text.trim_start().starts_with('{');
        let read = if is_json { file::json(text) } else { file::toml(text) };
        read.map_err(TrustError::whole)
    }

    /// Reads the keys from JSON.
    ///
    /// # Errors
    /// [`TrustError`] with every problem.
    pub fn from_value(value: Value) -> Result<Self, TrustError> {
        Self::read(value, Vec::new())
    }

    fn read(value: Value, problems: Vec<TrustProblem>) -> Result<Self, TrustError> {
        let Value::Object(keys) = value else {
            return Err(TrustError::whole("expected keys and values".to_owned()));
        };
        let mut reader = Reader { keys, problems };
        reader.unknown();
        let floor = Self::default();
        let trust = Self {
            account_id: reader.one("account_id", "an account id as text"),
            org_id: reader.one("org_id", "an organization id as text"),
            organizational_units: reader.list("organizational_units", Vec::new()),
            trusted_accounts: reader.list("trusted_accounts", BTreeSet::new()),
            third_party_accounts: reader.list("third_party_accounts", BTreeSet::new()),
            trusted_orgs: reader.list("trusted_orgs", BTreeSet::new()),
            trusted_vpcs: reader.list("trusted_vpcs", BTreeSet::new()),
            trusted_vpces: reader.list("trusted_vpces", BTreeSet::new()),
            trusted_canonical_ids: reader.list("trusted_canonical_ids", BTreeSet::new()),
            trusted_oidc_tenants: reader.tenants("trusted_oidc_tenants"),
            require_mfa: reader.one("require_mfa", "true or false").unwrap_or(floor.require_mfa),
            kms_key_arn: reader.one("kms_key_arn", "a key's ARN as text"),
            allowed_kms_keys: reader.list("allowed_kms_keys", BTreeSet::new()),
            required_kms_keys: reader.texts("required_kms_keys"),
            require_tls: reader.one("require_tls", "true or false").unwrap_or(floor.require_tls),
            require_key_enforcement: reader
                .one("require_key_enforcement", "true or false")
                .unwrap_or(floor.require_key_enforcement),
            bucket_floors: reader.floors("bucket_floors"),
            sensitive_ports: reader.list("sensitive_ports", floor.sensitive_ports),
            allowed_public_ports: reader.list("allowed_public_ports", floor.allowed_public_ports),
            protected_resources: reader.list("protected_resources", Vec::new()),
            rewrite_inline_policies: reader
                .one("rewrite_inline_policies", "true or false")
                .unwrap_or(floor.rewrite_inline_policies),
            remove_console_passwords: reader
                .one("remove_console_passwords", "true or false")
                .unwrap_or(floor.remove_console_passwords),
            own_roles: reader.list("own_roles", Vec::new()),
            max_reverts_per_resource: reader
                .one("max_reverts_per_resource", "a whole number")
                .unwrap_or(floor.max_reverts_per_resource),
            max_reverts_per_account: reader
                .one("max_reverts_per_account", "a whole number")
                .unwrap_or(floor.max_reverts_per_account),
            password_policy: reader.password("password_policy"),
            denied_calls: reader
                .one("denied_calls", "a whole number")
                .unwrap_or(floor.denied_calls),
            denied_calls_window_seconds: reader
                .one("denied_calls_window_seconds", "a whole number")
                .unwrap_or(floor.denied_calls_window_seconds),
        };
        reader.check(&trust);
        if reader.problems.is_empty() {
            Ok(trust)
        } else {
            Err(TrustError { problems: reader.problems })
        }
    }

    /// The organizational units above an account, as far as they are configured: those of our own.
    #[must_use]
    pub fn units_above(&self, account: &AccountId) -> &[String] {
        let ours = self.account_id.as_ref().is_none_or(|ours| ours == account);
        if ours { &self.organizational_units } else { &[] }
    }

    /// The same trust, seen from the account of a resource: that one is its own, and where another
    /// is configured (one file for many accounts) that is as good.
    #[must_use]
    pub fn seen_from(&self, account: &AccountId) -> Self {
        let mut trust = self.clone();
        if let Some(configured) = trust.account_id.replace(account.clone())
            && configured != *account
        {
            trust.trusted_accounts.insert(configured);
        }
        trust
    }

    /// Whether the account is our own or trusted like it.
    #[must_use]
    pub fn trusts_account(&self, account: &AccountId) -> bool {
        self.account_id.as_ref() == Some(account) || self.trusted_accounts.contains(account)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_trusts_nobody_and_has_the_default_floors() {
        let trust = Trust::parse("").unwrap();
        assert_eq!(trust, Trust::default());
        assert!(trust.sensitive_ports.contains(&22));
    }

    #[test]
    fn toml_and_json_say_the_same() {
        let toml = "account_id = \"111122223333\"\nrequire_mfa = true\n[required_kms_keys]\n\"logs-*\" = \"alias/logs\"";
        let json = r#"{"account_id":"111122223333","require_mfa":true,"required_kms_keys":{"logs-*":"alias/logs"}}"#;
        assert_eq!(Trust::parse(toml).unwrap(), Trust::parse(json).unwrap());
    }

    #[test]
    fn every_problem_is_named_at_once() {
        let error = Trust::parse(
            r#"{"account_id":"12","trusted_acounts":[],"require_mfa":"yes","org_id":"x"}"#,
        )
        .unwrap_err();
        let keys: Vec<&str> = error.problems.iter().map(|problem| problem.key.as_str()).collect();
        assert_eq!(keys, ["trusted_acounts", "require_mfa", "account_id", "org_id"]);
    }

    /// The problems of a file, each as `key: problem`.
    fn problems(text: &str) -> Vec<String> {
        let problems = Trust::parse(text).unwrap_err().problems;
        problems
            .into_iter()
            .map(|TrustProblem { key, problem }| format!("{key}: {problem}"))
            .collect()
    }

    #[test]
    fn every_element_of_a_list_is_told_of() {
        for text in [
            "trusted_accounts = [\"12\", 34, \"111122223333\", true]",
            r#"{"trusted_accounts": ["12", 34, "111122223333", true]}"#,
        ] {
            let found = problems(text);
            assert_eq!(found.len(), 3, "{found:?}");
            assert!(found.iter().all(|one| one.starts_with("trusted_accounts")), "{found:?}");
            assert!(found.iter().any(|one| one.contains("`12`")), "{found:?}");
            assert!(found.iter().any(|one| one.contains("element 2")), "{found:?}");
        }
    }

    #[test]
    fn a_value_of_another_kind_is_refused_in_plain_words() {
        for (text, told) in [
            ("org_id = 2026-01-01", "org_id: a date"),
            ("required_kms_keys = 2026-01-01", "required_kms_keys: a date"),
            ("required_kms_keys = { a = 2026-01-01T00:00:00Z }", "required_kms_keys: a date"),
            ("trusted_accounts = [2026-01-01]", "trusted_accounts: a date"),
            ("max_reverts_per_account = nan", "max_reverts_per_account: `NaN`"),
            ("org_id = { a = 1 }", "org_id: is an object"),
            ("trusted_accounts = \"111122223333\"", "trusted_accounts: is text where a list"),
            ("account_id = 111122223333", "account_id: is a number"),
            ("sensitive_ports = [70000]", "sensitive_ports: element 1"),
            ("max_reverts_per_resource = -1", "max_reverts_per_resource: "),
            ("trusted_oidc_tenants = [\"x\"]", "trusted_oidc_tenants: is a list"),
            ("[trusted_oidc_tenants]\n\"a\" = [\"x\", 1]", "trusted_oidc_tenants: `a`: element 2"),
            ("[required_kms_keys]\n\"\" = \"\"", "required_kms_keys: "),
            ("require_tls = \"yes\"", "require_tls: "),
            ("rewrite_inline_policies = 1", "rewrite_inline_policies: "),
            ("remove_console_passwords = \"no\"", "remove_console_passwords: "),
            (
                "require_key_enforcement = true\n[required_kms_keys]\n\"logs-*\" = \"alias/logs\"",
                "required_kms_keys: `alias/logs`",
            ),
        ] {
            let found = problems(text);
            assert_eq!(found.len(), 1, "{text}: {found:?}");
            assert!(found[0].starts_with(told), "{text}: {found:?}");
        }
    }

    #[test]
    fn refused_calls_are_counted_within_limits() {
        let trust = Trust::parse("denied_calls = 3\ndenied_calls_window_seconds = 60").unwrap();
        assert_eq!((trust.denied_calls, trust.denied_calls_window_seconds), (3, 60));
        for text in [
            "denied_calls = 0",
            "denied_calls_window_seconds = 0",
            "denied_calls_window_seconds = 86401",
            "denied_calls = \"5\"",
        ] {
            assert_eq!(problems(text).len(), 1, "{text}");
        }
    }

    #[test]
    fn a_pattern_that_can_fit_nothing_is_refused() {
        for (key, patterns) in [
            (
                "protected_resources",
                &[
                    "amzn-s3-demo-website",
                    "",
                    "amzn-*",
                    "arn:aws:s3",
                    "s3:*",
                    "arn:aws:s3:::",
                    "Arn:*",
                ][..],
            ),
            (
                "own_roles",
                &[
                    "snapback",
                    "",
                    "arn:aws:iam::111122223333:user/snapback",
                    "arn:aws:s3:::*",
                    "arn:aws:sts::111122223333:assumed-role/snapback/*",
                    "arn:aws:iam::111122223333:snapback-*",
                ][..],
            ),
        ] {
            for pattern in patterns {
                let found = problems(&format!("{key} = [\"{pattern}\"]"));
                assert_eq!(found.len(), 1, "{pattern}: {found:?}");
                assert!(found[0].starts_with(&format!("{key}: `{pattern}`")), "{found:?}");
            }
        }
        for (key, pattern) in [
            ("protected_resources", "arn:aws:s3:::amzn-s3-demo-website"),
            ("protected_resources", "arn:aws:s3:::amzn-s3-demo-website/*"),
            ("protected_resources", "arn:aws*:s3:::amzn-?"),
            ("protected_resources", "*"),
            ("protected_resources", "*demo*"),
            ("own_roles", "arn:aws:iam::111122223333:role/snapback"),
            ("own_roles", "arn:*:iam::*:role/snapback-*"),
            ("own_roles", "arn:aws:iam::111122223333:*/snapback-*"),
            ("own_roles", "*"),
        ] {
            Trust::parse(&format!("{key} = [\"{pattern}\"]")).unwrap();
        }
    }

    #[test]
    fn organizational_units_are_ids_the_root_last() {
        let trust = Trust::parse(
            "account_id = \"111122223333\"\norganizational_units = [\"ou-abcd-11111111\", \"ou-abcd-22222222\", \"r-abcd\"]",
        )
        .unwrap();
        assert_eq!(trust.units_above(&"111122223333".into()).len(), 3);
        assert_eq!(trust.units_above(&"444455556666".into()), [""; 0]);
        for wrong in
            ["ou-a", "sandbox", "", "ou-ABCD-11111111", "r-a", "ou-abcd-1111111é", "o-abcd"]
        {
            let found = problems(&format!("organizational_units = [\"{wrong}\"]"));
            assert!(found[0].contains("`ou-…`"), "{wrong}: {found:?}");
        }
        let found = problems("organizational_units = [\"r-abcd\", \"ou-abcd-11111111\"]");
        assert!(found[0].contains("last"), "{found:?}");
    }

    #[test]
    fn what_is_true_of_one_resource_is_refused_with_where_it_belongs() {
        for key in OF_ONE_RESOURCE {
            let found = problems(&format!("{{\"{key}\": \"x\"}}"));
            assert_eq!(found.len(), 1);
            assert!(found[0].contains("`inspect --batch`"), "{found:?}");
            assert!(!KEYS.contains(&key));
        }
    }

    #[test]
    fn what_is_true_of_one_resource_is_handed_to_whoever_judges_one() {
        let text = "require_mfa = true\nbucket = \"amzn-s3-demo-bucket\"";
        let (trust, beside) = Trust::parse_beside(text).unwrap();
        assert!(trust.require_mfa);
        assert_eq!(beside.len(), 1);
        assert_eq!(beside["bucket"], "amzn-s3-demo-bucket");
        assert!(Trust::parse_beside("buckets = 1").is_err());
    }

    #[test]
    fn a_key_that_stands_twice_is_refused_at_any_depth() {
        for text in [
            r#"{"require_mfa": true, "require_mfa": false}"#,
            r#"{"require_mfa": true, "require\u005fmfa": false}"#,
            r#"{"trusted_oidc_tenants": {"a": ["x"], "a": []}}"#,
            "require_mfa = true\nrequire_mfa = false",
        ] {
            let found = problems(text);
            assert!(
                found[0].contains("duplicate key") || found[0].contains("stands twice"),
                "{found:?}"
            );
        }
    }

    #[test]
    fn the_example_of_the_operating_guide_is_valid() {
        let guide = include_str!("../../../docs/operating.md");
        let example = guide.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
        assert!(!Trust::parse(example).unwrap().organizational_units.is_empty());
    }

    #[test]
    fn a_byte_order_mark_changes_nothing() {
        for text in ["account_id = \"111122223333\"", r#"{"account_id": "111122223333"}"#] {
            assert_eq!(Trust::parse(&format!("\u{feff}{text}")), Trust::parse(text));
        }
    }

    #[test]
    fn the_account_of_the_event_fills_in_for_ours() {
        let trust = Trust::default().seen_from(&"111122223333".into());
        assert!(trust.trusts_account(&"111122223333".into()));
        assert!(!trust.trusts_account(&"444455556666".into()));
    }

    #[test]
    fn each_resource_belongs_to_its_own_account_whatever_is_configured() {
        let hub = Trust { account_id: Some("111122223333".into()), ..Trust::default() };
        let seen = hub.seen_from(&"444455556666".into());
        assert_eq!(seen.account_id, Some("444455556666".into()));
        assert!(seen.trusts_account(&"111122223333".into()));
        assert_eq!(hub.seen_from(&"111122223333".into()), hub);
    }
}
