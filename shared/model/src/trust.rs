//! Configuration that says whom and what this account trusts.
//!
//! A typed file, TOML or JSON, whose keys are listed at [`Trust`]. Unknown keys are refused and all
//! problems are reported at once: a misspelt key that is silently ignored would trust too little or
//! too much.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
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
pub struct Trust {
    /// Our own account. Where it is not set, the account of the event is meant.
    pub account_id: Option<AccountId>,
    /// Our organization, `o-…`.
    pub org_id: Option<String>,
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
    /// Ports that must not be open to the world.
    pub sensitive_ports: BTreeSet<u16>,
    /// Ports that may be open to the world.
    pub allowed_public_ports: BTreeSet<u16>,
    /// ARN patterns (`*` and `?`) of resources that are never written, whatever the policy says.
    pub protected_resources: Vec<String>,
    /// ARN patterns of Snapback's own roles: never written, and never mistaken for strangers.
    pub own_roles: Vec<String>,
    /// Reverts on one resource within an hour after which the breaker opens for it.
    pub max_reverts_per_resource: u32,
    /// Reverts in the account within an hour after which the breaker opens for the account.
    pub max_reverts_per_account: u32,
}

impl Default for Trust {
    fn default() -> Self {
        Self {
            account_id: None,
            org_id: None,
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
            sensitive_ports: SENSITIVE_PORTS.into(),
            allowed_public_ports: ALLOWED_PUBLIC_PORTS.into(),
            protected_resources: Vec::new(),
            own_roles: Vec::new(),
            max_reverts_per_resource: 3,
            max_reverts_per_account: 20,
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

const KEYS: [&str; 20] = [
    "account_id",
    "org_id",
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
    "sensitive_ports",
    "allowed_public_ports",
    "protected_resources",
    "own_roles",
    "max_reverts_per_resource",
    "max_reverts_per_account",
    "policy_mode",
];

impl Trust {
    /// Reads a trust file: JSON if it begins with `{`, TOML otherwise.
    ///
    /// # Errors
    /// [`TrustError`] with every problem of the file.
    pub fn parse(text: &str) -> Result<Self, TrustError> {
        let value = if text.trim_start().starts_with('{') {
            serde_json::from_str(text).map_err(|error| TrustError::whole(error.to_string()))?
        } else {
            toml::from_str(text).map_err(|error| TrustError::whole(error.to_string()))?
        };
        Self::from_value(value)
    }

    /// Reads the keys from JSON.
    ///
    /// # Errors
    /// [`TrustError`] with every problem.
    pub fn from_value(value: Value) -> Result<Self, TrustError> {
        let Value::Object(mut keys) = value else {
            return Err(TrustError::whole("expected keys and values".to_owned()));
        };
        let mut reader = Reader { problems: Vec::new() };
        for key in keys.keys().filter(|key| !KEYS.contains(&key.as_str())) {
            let known = KEYS.join(", ");
            reader.problem(key, format!("unknown key; known are {known}"));
        }
        let mut trust = Self::default();
        let mut take = |key: &str| keys.remove(key).filter(|value| !value.is_null());
        reader.set(&mut trust.account_id, "account_id", take("account_id"));
        reader.set(&mut trust.org_id, "org_id", take("org_id"));
        reader.set(&mut trust.trusted_accounts, "trusted_accounts", take("trusted_accounts"));
        reader.set(
            &mut trust.third_party_accounts,
            "third_party_accounts",
            take("third_party_accounts"),
        );
        reader.set(&mut trust.trusted_orgs, "trusted_orgs", take("trusted_orgs"));
        reader.set(&mut trust.trusted_vpcs, "trusted_vpcs", take("trusted_vpcs"));
        reader.set(&mut trust.trusted_vpces, "trusted_vpces", take("trusted_vpces"));
        reader.set(
            &mut trust.trusted_canonical_ids,
            "trusted_canonical_ids",
            take("trusted_canonical_ids"),
        );
        reader.set(
            &mut trust.trusted_oidc_tenants,
            "trusted_oidc_tenants",
            take("trusted_oidc_tenants"),
        );
        reader.set(&mut trust.require_mfa, "require_mfa", take("require_mfa"));
        reader.set(&mut trust.kms_key_arn, "kms_key_arn", take("kms_key_arn"));
        reader.set(&mut trust.allowed_kms_keys, "allowed_kms_keys", take("allowed_kms_keys"));
        reader.set(&mut trust.required_kms_keys, "required_kms_keys", take("required_kms_keys"));
        reader.set(&mut trust.sensitive_ports, "sensitive_ports", take("sensitive_ports"));
        reader.set(
            &mut trust.allowed_public_ports,
            "allowed_public_ports",
            take("allowed_public_ports"),
        );
        reader.set(
            &mut trust.protected_resources,
            "protected_resources",
            take("protected_resources"),
        );
        reader.set(&mut trust.own_roles, "own_roles", take("own_roles"));
        reader.set(
            &mut trust.max_reverts_per_resource,
            "max_reverts_per_resource",
            take("max_reverts_per_resource"),
        );
        reader.set(
            &mut trust.max_reverts_per_account,
            "max_reverts_per_account",
            take("max_reverts_per_account"),
        );
        reader.check(&trust);
        if reader.problems.is_empty() {
            Ok(trust)
        } else {
            Err(TrustError { problems: reader.problems })
        }
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

struct Reader {
    problems: Vec<TrustProblem>,
}

impl Reader {
    fn problem(&mut self, key: &str, problem: String) {
        self.problems.push(TrustProblem { key: key.to_owned(), problem });
    }

    fn set<T: DeserializeOwned>(&mut self, slot: &mut T, key: &str, value: Option<Value>) {
        let Some(value) = value else { return };
        match serde_json::from_value(value) {
            Ok(read) => *slot = read,
            Err(error) => self.problem(key, error.to_string()),
        }
    }

    /// What types cannot say.
    fn check(&mut self, trust: &Trust) {
        let accounts = [
            ("account_id", trust.account_id.iter().collect::<Vec<_>>()),
            ("trusted_accounts", trust.trusted_accounts.iter().collect()),
            ("third_party_accounts", trust.third_party_accounts.iter().collect()),
        ];
        for (key, ids) in accounts {
            for id in ids.into_iter().filter(|id| !id.is_well_formed()) {
                self.problem(key, format!("`{id}` is not an account id of twelve digits"));
            }
        }
        for (key, orgs) in [
            ("org_id", trust.org_id.iter().collect::<Vec<_>>()),
            ("trusted_orgs", trust.trusted_orgs.iter().collect()),
        ] {
            for org in orgs.into_iter().filter(|org| !org.starts_with("o-")) {
                self.problem(key, format!("`{org}` is not an organization id (`o-…`)"));
            }
        }
        if let Some(key) = trust.kms_key_arn.as_ref().filter(|key| !key.contains(":key/")) {
            self.problem(
                "kms_key_arn",
                format!("`{key}` is not a key's ARN (`arn:…:kms:…:key/…`)"),
            );
        }
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
