//! What a judgement needs to know beside the document: whom we trust, and what surrounds the
//! resource.

use std::collections::{BTreeMap, BTreeSet};

use model::{AccountId, Trust, trust::TrustError};
use serde_json::{Map, Value};
use thiserror::Error;

/// Which enforcement a judgement of a bucket policy is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    /// TLS only.
    Tls,
    /// One KMS key.
    Kms,
}

/// What a policy of S3 is attached to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum PolicyMode {
    /// A bucket.
    #[default]
    Bucket,
    /// An access point that the internet reaches: `s3:DataAccessPointArn` restricts nothing there.
    AccessPoint,
    /// An access point with VPC origin, which is never public.
    VpcAccessPoint,
}

/// The four switches of S3 Block Public Access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
#[expect(clippy::struct_excessive_bools, reason = "these are S3's four switches")]
pub struct PublicAccessBlock {
    /// New public ACLs are refused; existing ones go on working.
    pub block_public_acls: bool,
    /// Public ACLs have no effect.
    pub ignore_public_acls: bool,
    /// New public policies are refused; an existing one goes on working.
    pub block_public_policy: bool,
    /// A public policy admits only the own account and AWS services.
    pub restrict_public_buckets: bool,
}

/// What stands for our own organization where its id is not known; no organization has such an id.
pub(crate) const OWN_ORG: &str = "o-(ours)";

/// Whom we trust and what surrounds the resource.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Context {
    /// Whom and what this account trusts; `account_id` is the owner of the resource.
    pub trust: Trust,
    /// The canonical user id of the owner, where it is known: ACL grants to it are not foreign.
    pub owner_id: Option<String>,
    /// What is to be checked beside who is let in.
    pub checks: BTreeSet<Check>,
    /// The bucket's name, for the checks.
    pub bucket: Option<String>,
    /// The key of the bucket's default encryption, as an ARN.
    pub default_encryption_key: Option<String>,
    /// The partition; `aws` where it is not given.
    pub partition: Option<String>,
    /// What an S3 policy is attached to.
    pub policy_mode: PolicyMode,
    /// Block Public Access in force (bucket and account together).
    pub public_access_block: PublicAccessBlock,
    /// Object Ownership: `BucketOwnerEnforced` switches ACLs off.
    pub object_ownership: Option<String>,
    /// Managed prefix lists by id, as CIDRs; a list that is not here stays unresolved.
    pub prefix_lists: BTreeMap<String, Vec<String>>,
}

/// Why a context cannot be read.
#[derive(Debug, Error)]
pub enum ContextError {
    /// It is not an object.
    #[error("the context is not an object of keys and values")]
    Form,
    /// A key's value is of another type or is not known.
    #[error("`{key}` of the context: {problem}")]
    Value {
        /// The key.
        key: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// A key that the trust file shares.
    #[error("the context's trust is refused")]
    Trust(#[source] TrustError),
}

/// The keys that a trust file shares; the others are read here. Keys that nobody knows are left
/// alone: rows may carry notes.
const TRUST_KEYS: [&str; 13] = [
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
    "sensitive_ports",
];

impl Context {
    /// The context of a resource of `account`, judged by a trust file.
    #[must_use]
    pub fn new(trust: &Trust, account: &AccountId) -> Self {
        Self { trust: trust.seen_from(account), ..Self::default() }
    }

    /// The context that a trust file alone gives; its `account_id` is the owner.
    #[must_use]
    pub fn from_trust(trust: Trust) -> Self {
        Self { trust, ..Self::default() }
    }

    /// Reads a row's `context`: the keys of the trust file plus those of the resource.
    ///
    /// # Errors
    /// [`ContextError`] where a known key holds what it cannot.
    pub fn from_json(value: &Value) -> Result<Self, ContextError> {
        Self::default().with_json(value)
    }

    /// The same, over a context that is given already: keys of the row replace its keys.
    ///
    /// # Errors
    /// As [`Context::from_json`].
    pub fn with_json(self, value: &Value) -> Result<Self, ContextError> {
        let keys = match value {
            Value::Null => return Ok(self),
            Value::Object(keys) => keys,
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                return Err(ContextError::Form);
            }
        };
        let mut context = self;
        context.trust = merged_trust(context.trust, keys)?;
        if let Some(check) = text(keys, "check")? {
            context.checks = checks(&check)?;
        }
        context.owner_id = text(keys, "owner_id")?.or(context.owner_id);
        context.bucket = text(keys, "bucket")?.or(context.bucket);
        context.partition = text(keys, "partition")?.or(context.partition);
        context.default_encryption_key =
            text(keys, "default_encryption_key")?.or(context.default_encryption_key);
        if let Some(mode) = text(keys, "policy_mode")? {
            context.policy_mode = policy_mode(&mode)?;
        }
        context.object_ownership = text(keys, "object_ownership")?.or(context.object_ownership);
        if let Some(block) = keys.get("public_access_block").filter(|block| !block.is_null()) {
            context.public_access_block = PublicAccessBlock::from_json(block);
        }
        if let Some(lists) = keys.get("prefix_lists").filter(|lists| !lists.is_null()) {
            context.prefix_lists = serde_json::from_value(lists.clone()).map_err(|error| {
                ContextError::Value { key: "prefix_lists", problem: error.to_string() }
            })?;
        }
        Ok(context)
    }

    /// Whether the account is our own or trusted like it.
    pub(crate) fn trusts(&self, account: &str) -> bool {
        self.trust.account_id.as_ref().is_some_and(|own| own.as_str() == account)
            || self.trust.trusted_accounts.iter().any(|trusted| trusted.as_str() == account)
    }

    /// Whether the account is our own.
    pub(crate) fn owns(&self, account: &str) -> bool {
        self.trust.account_id.as_ref().is_some_and(|own| own.as_str() == account)
    }

    /// Whether the account is a vendor's that may assume roles.
    pub(crate) fn is_third_party(&self, account: &str) -> bool {
        self.trust.third_party_accounts.iter().any(|vendor| vendor.as_str() == account)
    }

    /// Whether the canonical user is the owner or one that is trusted. The ids are hexadecimal, so
    /// case says nothing.
    ///
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/finding-canonical-user-id.html>.
    pub(crate) fn knows_canonical(&self, id: &str) -> bool {
        self.trust
            .trusted_canonical_ids
            .iter()
            .chain(&self.owner_id)
            .any(|known| known.eq_ignore_ascii_case(id))
    }

    /// Whether the organization is ours or trusted like it.
    pub(crate) fn trusts_org(&self, org: &str) -> bool {
        self.is_own_org(org) || self.trust.trusted_orgs.contains(org)
    }

    /// Whether the organization is ours.
    pub(crate) fn is_own_org(&self, org: &str) -> bool {
        self.trust.org_id.as_deref().unwrap_or(OWN_ORG) == org
    }

    /// The partition of the resource's ARNs.
    pub(crate) fn partition(&self) -> &str {
        self.partition.as_deref().unwrap_or("aws")
    }
}

impl PublicAccessBlock {
    /// Reads the switches, in the API's spelling, in camel case or in snake case; one that is
    /// missing is off, as in
    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PublicAccessBlockConfiguration.html>.
    #[must_use]
    pub fn from_json(value: &Value) -> Self {
        let value = ["PublicAccessBlockConfiguration", "publicAccessBlockConfiguration"]
            .into_iter()
            .find_map(|wrapper| value.get(wrapper))
            .unwrap_or(value);
        let on = |name: &str| {
            value.as_object().is_some_and(|switches| {
                switches.iter().any(|(key, state)| {
                    key.replace('_', "").eq_ignore_ascii_case(name) && is_true(state)
                })
            })
        };
        if let Value::Bool(all) = value {
            return Self {
                block_public_acls: *all,
                ignore_public_acls: *all,
                block_public_policy: *all,
                restrict_public_buckets: *all,
            };
        }
        Self {
            block_public_acls: on("BlockPublicAcls"),
            ignore_public_acls: on("IgnorePublicAcls"),
            block_public_policy: on("BlockPublicPolicy"),
            restrict_public_buckets: on("RestrictPublicBuckets"),
        }
    }
}

fn is_true(value: &Value) -> bool {
    match value {
        Value::Bool(on) => *on,
        Value::String(text) => text.eq_ignore_ascii_case("true"),
        Value::Null | Value::Number(_) | Value::Array(_) | Value::Object(_) => false,
    }
}

fn merged_trust(base: Trust, keys: &Map<String, Value>) -> Result<Trust, ContextError> {
    let given: Map<String, Value> = keys
        .iter()
        .filter(|(key, value)| {
            !value.is_null()
                && (TRUST_KEYS.contains(&key.as_str()) || *key == "allowed_public_ports")
        })
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    let has = |key: &str| given.contains_key(key);
    let present: BTreeSet<String> = given.keys().cloned().collect();
    let read = Trust::from_value(Value::Object(given.clone())).map_err(ContextError::Trust)?;
    if present.is_empty() {
        return Ok(base);
    }
    let mut trust = base;
    macro_rules! take {
        ($($field:ident),+) => {
            $(if has(stringify!($field)) { trust.$field = read.$field; })+
        };
    }
    take!(
        account_id,
        org_id,
        trusted_accounts,
        third_party_accounts,
        trusted_orgs,
        trusted_vpcs,
        trusted_vpces,
        trusted_canonical_ids,
        trusted_oidc_tenants,
        require_mfa,
        kms_key_arn,
        allowed_kms_keys,
        sensitive_ports,
        allowed_public_ports
    );
    Ok(trust)
}

fn text(keys: &Map<String, Value>, key: &'static str) -> Result<Option<String>, ContextError> {
    match keys.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(other) => Err(ContextError::Value { key, problem: format!("`{other}` is no text") }),
    }
}

fn checks(text: &str) -> Result<BTreeSet<Check>, ContextError> {
    text.split([',', '+', ' '])
        .filter(|word| !word.is_empty())
        .map(|word| match word {
            "tls" => Ok(Check::Tls),
            "kms" => Ok(Check::Kms),
            other => Err(ContextError::Value {
                key: "check",
                problem: format!("`{other}` is neither `tls` nor `kms`"),
            }),
        })
        .collect()
}

fn policy_mode(text: &str) -> Result<PolicyMode, ContextError> {
    let plain: String =
        text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    match plain.as_str() {
        "bucket" | "bucketpolicy" | "s3" | "" => Ok(PolicyMode::Bucket),
        vpc if vpc.contains("vpc") => Ok(PolicyMode::VpcAccessPoint),
        // S3 calls the two origins of an access point `Internet` and `VPC`.
        origin
            if origin == "ap"
                || ["internet", "accesspoint", "public"].iter().any(|it| origin.contains(it)) =>
        {
            Ok(PolicyMode::AccessPoint)
        }
        _ => Err(ContextError::Value {
            key: "policy_mode",
            problem: format!("`{text}` is none of `bucket`, `access-point`, `vpc-access-point`"),
        }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reads_the_keys_of_trust_and_of_the_resource() {
        let context = Context::from_json(&json!({
            "account_id": "111122223333", "org_id": "o-a1b2c3d4e5", "trusted_accounts": ["444455556666"],
            "check": "kms", "bucket": "amzn-s3-demo-bucket", "policy_mode": "access_point",
            "public_access_block": {"IgnorePublicAcls": true}, "note": "left alone",
        }))
        .unwrap();
        assert!(context.owns("111122223333") && context.trusts("444455556666"));
        assert!(context.checks.contains(&Check::Kms));
        assert_eq!(context.policy_mode, PolicyMode::AccessPoint);
        assert!(context.public_access_block.ignore_public_acls);
        assert!(!context.public_access_block.restrict_public_buckets);
    }

    #[test]
    fn the_origin_of_an_access_point_has_many_spellings() {
        for (mode, text) in [
            (PolicyMode::Bucket, "bucket-policy"),
            (PolicyMode::AccessPoint, "access-point"),
            (PolicyMode::AccessPoint, "accessPointPolicy"),
            (PolicyMode::AccessPoint, "access-point-internet-origin"),
            (PolicyMode::AccessPoint, "internet_origin"),
            (PolicyMode::AccessPoint, "Internet"),
            (PolicyMode::AccessPoint, "ap-internet"),
            (PolicyMode::AccessPoint, "multi-region-access-point"),
            (PolicyMode::AccessPoint, "public"),
            (PolicyMode::VpcAccessPoint, "access-point-vpc-origin"),
            (PolicyMode::VpcAccessPoint, "VPC"),
        ] {
            let read = Context::from_json(&json!({"policy_mode":text})).unwrap().policy_mode;
            assert_eq!(read, mode, "{text}");
        }
    }

    #[test]
    fn a_row_replaces_only_the_keys_it_has() {
        let base = Context::from_json(&json!({"account_id":"111122223333","require_mfa":true}));
        let context = base.unwrap().with_json(&json!({"account_id":"444455556666"})).unwrap();
        assert!(context.owns("444455556666") && context.trust.require_mfa);
    }

    #[test]
    fn a_wrong_value_is_named_and_not_passed_over() {
        for (row, named) in [
            (json!({"account_id":"12"}), "trust"),
            (json!({"check":"both"}), "check"),
            (json!({"policy_mode":"moon"}), "policy_mode"),
            (json!({"bucket":7}), "bucket"),
            (json!([]), "object"),
        ] {
            let error = Context::from_json(&row).unwrap_err().to_string();
            assert!(error.contains(named), "{row}: {error}");
        }
    }

    #[test]
    fn the_switches_are_read_in_every_spelling() {
        for block in [
            json!({"RestrictPublicBuckets":true}),
            json!({"restrictPublicBuckets":"true"}),
            json!({"restrict_public_buckets":true}),
            json!({"PublicAccessBlockConfiguration":{"RestrictPublicBuckets":true}}),
            json!(true),
        ] {
            assert!(PublicAccessBlock::from_json(&block).restrict_public_buckets, "{block}");
        }
    }
}
