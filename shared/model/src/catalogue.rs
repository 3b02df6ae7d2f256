//! The one list of finding codes: severity, category, framework ids, and whether shipped policy
//! reverts them.
//!
//! A code may have parameters after a colon (`acl-public:AllUsers:READ`); an entry whose code ends
//! in `:*` stands for all of them, and a more exact entry wins.

mod compliance;

pub use compliance::{COMPLIANCE, Compliance};

use crate::{Category, Severity};

/// What is known of a code before anything is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The code, or its stem and `:*`.
    pub code: &'static str,
    /// Exactly one severity per code.
    pub severity: Severity,
    /// What kind of wrong it is.
    pub category: Category,
    /// The detection whose framework ids it carries: a row of [`COMPLIANCE`].
    pub detection: &'static str,
    /// Whether the shipped policy reverts it when certain, effective and enforced.
    pub revert_by_default: bool,
    /// One sentence for people: what the code means.
    pub meaning: &'static str,
}

impl Entry {
    /// The framework ids of the entry's detection.
    #[must_use]
    pub fn compliance(&self) -> Option<&'static Compliance> {
        COMPLIANCE.iter().find(|row| row.detection == self.detection)
    }
}

/// What a code that is not listed reads as: grave, and never reverted.
pub const UNLISTED: Entry = Entry {
    code: "unlisted",
    severity: Severity::High,
    category: Category::Unreadable,
    detection: "",
    revert_by_default: false,
    meaning: "a code that this build does not know",
};

/// The entry of a code: the exact one, else the longest stem with `:*`, else [`UNLISTED`].
#[must_use]
pub fn describe(code: &str) -> &'static Entry {
    let mut best: Option<&'static Entry> = None;
    for entry in CATALOGUE {
        if entry.code == code {
            return entry;
        }
        let stem = entry.code.strip_suffix('*').filter(|stem| code.starts_with(stem));
        if stem.is_some() && best.is_none_or(|found| found.code.len() < entry.code.len()) {
            best = Some(entry);
        }
    }
    best.unwrap_or(&UNLISTED)
}

const fn entry(
    code: &'static str,
    severity: Severity,
    category: Category,
    detection: &'static str,
    revert_by_default: bool,
    meaning: &'static str,
) -> Entry {
    Entry { code, severity, category, detection, revert_by_default, meaning }
}

/// Every code, grouped by the documents it is found in.
pub const CATALOGUE: &[Entry] = &[
    entry(
        "s3-unencrypted-upload",
        Severity::High,
        Category::Encryption,
        "s3-unencrypted-upload",
        true,
        "the object is not stored under the algorithm and key that its bucket requires",
    ),
    entry(
        "acl-public:*",
        Severity::Critical,
        Category::PublicExposure,
        "s3-public-acl",
        true,
        "an ACL grants a permission to everyone, or to every AWS customer",
    ),
    entry(
        "acl-cross-account",
        Severity::High,
        Category::CrossAccount,
        "s3-public-acl",
        false,
        "an ACL grants a permission to an account that is not trusted",
    ),
    entry(
        "public-statement",
        Severity::Critical,
        Category::PublicExposure,
        "s3-public-policy",
        true,
        "a statement lets everyone in",
    ),
    entry(
        "public-federated",
        Severity::Critical,
        Category::PublicExposure,
        "s3-public-policy",
        false,
        "a statement lets in every user of a public identity provider",
    ),
    entry(
        "allow-not-principal",
        Severity::Critical,
        Category::PublicExposure,
        "s3-public-policy",
        false,
        "a statement lets in everyone but those it names",
    ),
    entry(
        "public-mitigated-by-deny",
        Severity::Low,
        Category::PublicExposure,
        "s3-public-policy",
        false,
        "a statement lets everyone in, and another denies it again",
    ),
    entry(
        "cross-account-untrusted",
        Severity::High,
        Category::CrossAccount,
        "s3-public-policy",
        false,
        "a statement lets in an account that is not trusted",
    ),
    entry(
        "untrusted-org",
        Severity::High,
        Category::CrossAccount,
        "s3-public-policy",
        false,
        "a statement lets in an organization that is not trusted",
    ),
    entry(
        "untrusted-network",
        Severity::High,
        Category::CrossAccount,
        "s3-public-policy",
        false,
        "a statement lets in a network that is not trusted",
    ),
    entry(
        "service-confused-deputy",
        Severity::Low,
        Category::CrossAccount,
        "iam-trust-policy-changed",
        false,
        "a service is let in on behalf of any account",
    ),
    entry(
        "source-arn-without-account",
        Severity::Low,
        Category::CrossAccount,
        "s3-public-policy",
        false,
        "a source ARN without account lets in whoever owns that name next",
    ),
    entry(
        "dead-condition",
        Severity::Low,
        Category::Document,
        "s3-public-policy",
        false,
        "a condition can never be true, so the statement does nothing",
    ),
    entry(
        "forallvalues-with-allow",
        Severity::Medium,
        Category::Document,
        "s3-public-policy",
        false,
        "`ForAllValues` in an Allow is true when the key is absent",
    ),
    entry(
        "unknown-operator",
        Severity::High,
        Category::Document,
        "s3-public-policy",
        false,
        "a condition uses an operator that IAM does not have",
    ),
    entry(
        "malformed-policy",
        Severity::High,
        Category::Document,
        "s3-public-policy",
        false,
        "the document or a part of it cannot be read",
    ),
    entry(
        "invalid-principal",
        Severity::Low,
        Category::Document,
        "s3-public-policy",
        false,
        "a principal that IAM would refuse",
    ),
    entry(
        "deleted-principal",
        Severity::Low,
        Category::Document,
        "s3-public-policy",
        false,
        "a principal that no longer exists",
    ),
    entry(
        "broad-cidr",
        Severity::Medium,
        Category::PublicExposure,
        "ec2-security-group-open",
        false,
        "a network range as wide as a large part of the internet",
    ),
    entry(
        "tls-not-enforced",
        Severity::High,
        Category::Safeguard,
        "s3-public-policy",
        false,
        "requests without TLS are not denied",
    ),
    entry(
        "tls-deny-inverted",
        Severity::High,
        Category::Safeguard,
        "s3-public-policy",
        false,
        "requests with TLS are denied",
    ),
    entry(
        "tls-partially-enforced",
        Severity::Medium,
        Category::Safeguard,
        "s3-public-policy",
        false,
        "requests without TLS are denied only in part",
    ),
    entry(
        "kms-not-enforced",
        Severity::High,
        Category::Encryption,
        "s3-unencrypted-upload",
        false,
        "uploads under another key are not denied",
    ),
    entry(
        "kms-and-bug",
        Severity::High,
        Category::Encryption,
        "s3-unencrypted-upload",
        false,
        "two conditions in one statement must both fail before an upload is denied",
    ),
    entry(
        "kms-key-not-arn",
        Severity::High,
        Category::Encryption,
        "s3-unencrypted-upload",
        false,
        "the required key is not named by its ARN, so every upload is denied",
    ),
    entry(
        "kms-key-not-pinned",
        Severity::Medium,
        Category::Encryption,
        "s3-unencrypted-upload",
        false,
        "some KMS key is required, but not which",
    ),
    entry(
        "kms-header-only",
        Severity::Medium,
        Category::Encryption,
        "s3-unencrypted-upload",
        false,
        "uploads that name no key pass",
    ),
    entry(
        "kms-deny-narrowed",
        Severity::Medium,
        Category::Encryption,
        "s3-unencrypted-upload",
        false,
        "the denial of other keys does not hold for everyone or everything",
    ),
    entry(
        "kms-not-enforced-positive-deny",
        Severity::Medium,
        Category::Encryption,
        "s3-unencrypted-upload",
        false,
        "the denial names the keys that it should exempt",
    ),
    entry(
        "wildcard-principal",
        Severity::Critical,
        Category::PublicExposure,
        "iam-trust-policy-changed",
        true,
        "everyone may assume the role",
    ),
    entry(
        "not-principal-in-trust",
        Severity::Critical,
        Category::PublicExposure,
        "iam-trust-policy-changed",
        true,
        "everyone but those named may assume the role",
    ),
    entry(
        "wildcard-principal-network-only",
        Severity::Medium,
        Category::PublicExposure,
        "iam-trust-policy-changed",
        false,
        "everyone may assume the role from certain networks",
    ),
    entry(
        "untrusted-account",
        Severity::High,
        Category::CrossAccount,
        "iam-trust-policy-changed",
        false,
        "an account that is not trusted may assume the role",
    ),
    entry(
        "missing-external-id",
        Severity::High,
        Category::CrossAccount,
        "iam-trust-policy-changed",
        false,
        "a third party may assume the role without an external id",
    ),
    entry(
        "weak-external-id",
        Severity::High,
        Category::CrossAccount,
        "iam-trust-policy-changed",
        false,
        "the external id of a third party does not restrict",
    ),
    entry(
        "oidc-missing-sub",
        Severity::Critical,
        Category::PublicExposure,
        "iam-trust-policy-changed",
        false,
        "every tenant of a shared identity provider may assume the role",
    ),
    entry(
        "oidc-broad-sub",
        Severity::Critical,
        Category::PublicExposure,
        "iam-trust-policy-changed",
        false,
        "strangers can register a subject that may assume the role",
    ),
    entry(
        "oidc-missing-required-claim",
        Severity::Critical,
        Category::PublicExposure,
        "iam-trust-policy-changed",
        false,
        "the claim that tells the tenants of an identity provider apart is not asked for",
    ),
    entry(
        "cognito-missing-aud",
        Severity::Critical,
        Category::PublicExposure,
        "iam-trust-policy-changed",
        false,
        "every Cognito identity pool may assume the role",
    ),
    entry(
        "oidc-org-wide-sub",
        Severity::High,
        Category::Credentials,
        "iam-trust-policy-changed",
        false,
        "every repository of an owner may assume the role",
    ),
    entry(
        "oidc-pull-request-sub",
        Severity::High,
        Category::Credentials,
        "iam-trust-policy-changed",
        false,
        "workflows of pull requests may assume the role",
    ),
    entry(
        "oidc-untrusted-tenant",
        Severity::High,
        Category::CrossAccount,
        "iam-trust-policy-changed",
        false,
        "a tenant that is not trusted may assume the role",
    ),
    entry(
        "irsa-missing-sub",
        Severity::High,
        Category::Credentials,
        "iam-trust-policy-changed",
        false,
        "every service account of the cluster may assume the role",
    ),
    entry(
        "irsa-broad-sub",
        Severity::High,
        Category::Credentials,
        "iam-trust-policy-changed",
        false,
        "service accounts of any namespace may assume the role",
    ),
    entry(
        "irsa-namespace-wide-sub",
        Severity::Medium,
        Category::Credentials,
        "iam-trust-policy-changed",
        false,
        "every service account of a namespace may assume the role",
    ),
    entry(
        "oidc-repo-wide-sub",
        Severity::Medium,
        Category::Credentials,
        "iam-trust-policy-changed",
        false,
        "every workflow of a repository may assume the role",
    ),
    entry(
        "oidc-ref-wide-sub",
        Severity::Medium,
        Category::Credentials,
        "iam-trust-policy-changed",
        false,
        "workflows of several branches may assume the role",
    ),
    entry(
        "oidc-phase-wide-sub",
        Severity::Medium,
        Category::Credentials,
        "iam-trust-policy-changed",
        false,
        "every run phase may assume the role",
    ),
    entry(
        "oidc-workflow-wide-sub",
        Severity::Medium,
        Category::Credentials,
        "iam-trust-policy-changed",
        false,
        "every caller of a workflow may assume the role",
    ),
    entry(
        "oidc-weak-operator",
        Severity::Medium,
        Category::Document,
        "iam-trust-policy-changed",
        false,
        "a claim is asked for in a form that is true when it is absent",
    ),
    entry(
        "oidc-missing-aud",
        Severity::Low,
        Category::Credentials,
        "iam-trust-policy-changed",
        false,
        "the audience of the token is not asked for",
    ),
    entry(
        "oidc-missing-sub-private",
        Severity::Medium,
        Category::Credentials,
        "iam-trust-policy-changed",
        false,
        "every subject of a private identity provider may assume the role",
    ),
    entry(
        "oidc-private-wide-sub",
        Severity::Medium,
        Category::Credentials,
        "iam-trust-policy-changed",
        false,
        "many subjects of a private identity provider may assume the role",
    ),
    entry(
        "cognito-missing-amr",
        Severity::Medium,
        Category::Credentials,
        "iam-trust-policy-changed",
        false,
        "it is not asked whether the Cognito identity signed in",
    ),
    entry(
        "cognito-unauthenticated",
        Severity::Medium,
        Category::Credentials,
        "iam-trust-policy-changed",
        false,
        "Cognito identities that did not sign in may assume the role",
    ),
    entry(
        "saml-missing-aud",
        Severity::Medium,
        Category::Credentials,
        "iam-trust-policy-changed",
        false,
        "the audience of the SAML assertion is not asked for",
    ),
    entry(
        "mfa-missing",
        Severity::High,
        Category::Credentials,
        "iam-trust-policy-changed",
        false,
        "people may assume the role without MFA",
    ),
    entry(
        "mfa-weak-*",
        Severity::High,
        Category::Credentials,
        "iam-trust-policy-changed",
        false,
        "the demand for MFA lets long-lived keys through",
    ),
    entry(
        "mfa-null-check",
        Severity::High,
        Category::Credentials,
        "iam-trust-policy-changed",
        false,
        "it is asked whether MFA is told, not whether it was used",
    ),
    entry(
        "mfa-on-service-principal",
        Severity::High,
        Category::Document,
        "iam-trust-policy-changed",
        false,
        "MFA is demanded of a service, which can never have it",
    ),
    entry(
        "mfa-on-role-principal",
        Severity::Medium,
        Category::Document,
        "iam-trust-policy-changed",
        false,
        "MFA is demanded of a role session, which never has it",
    ),
    entry(
        "mfa-on-federated-principal",
        Severity::Medium,
        Category::Document,
        "iam-trust-policy-changed",
        false,
        "MFA is demanded of a federated principal, which never has it",
    ),
    entry(
        "invalid-trust-action",
        Severity::Low,
        Category::Document,
        "iam-trust-policy-changed",
        false,
        "an action that a trust policy cannot grant",
    ),
    entry(
        "admin-equivalent",
        Severity::Critical,
        Category::Privilege,
        "iam-admin-grant",
        false,
        "everything is allowed, or the way to everything",
    ),
    entry(
        "privesc:*",
        Severity::Critical,
        Category::Privilege,
        "iam-admin-grant",
        false,
        "one step leads to more power",
    ),
    entry(
        "privesc-existing:*",
        Severity::Medium,
        Category::Privilege,
        "iam-admin-grant",
        false,
        "a thing that already runs can be made to act",
    ),
    entry(
        "pass-role-wildcard",
        Severity::High,
        Category::Privilege,
        "iam-admin-grant",
        false,
        "any role can be passed to any service",
    ),
    entry(
        "not-action-allow",
        Severity::High,
        Category::Privilege,
        "iam-admin-grant",
        false,
        "everything but the named actions is allowed",
    ),
    entry(
        "not-resource-allow",
        Severity::High,
        Category::Privilege,
        "iam-admin-grant",
        false,
        "the actions are allowed on everything but the named resources",
    ),
    entry(
        "world-open:*",
        Severity::Critical,
        Category::PublicExposure,
        "ec2-security-group-open",
        true,
        "a sensitive port is open to the world",
    ),
    entry(
        "world-open:all",
        Severity::Critical,
        Category::PublicExposure,
        "ec2-security-group-open",
        true,
        "every port is open to the world",
    ),
    entry(
        "world-open:other",
        Severity::Medium,
        Category::PublicExposure,
        "ec2-security-group-open",
        false,
        "a port is open to the world",
    ),
    entry(
        "world-open:icmp",
        Severity::Medium,
        Category::PublicExposure,
        "ec2-security-group-open",
        false,
        "ICMP is open to the world",
    ),
    entry(
        "prefix-list-unresolved",
        Severity::Medium,
        Category::Unreadable,
        "ec2-security-group-open",
        false,
        "a prefix list was not resolved, so it cannot be said whom it lets in",
    ),
    entry(
        "own-role-unaccounted",
        Severity::Critical,
        Category::Credentials,
        "",
        false,
        "Snapback's own role made a change that its ledger knows no reason for",
    ),
    entry(
        "possible-lost-update",
        Severity::Medium,
        Category::Safeguard,
        "",
        false,
        "a write of Snapback's may have undone somebody's change of the same moment",
    ),
    entry(
        "evidence-unreadable",
        Severity::High,
        Category::Unreadable,
        "",
        false,
        "what the judgement rests on could not be read",
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_code_stands_once_and_every_detection_exists() {
        let mut seen = BTreeSet::new();
        for entry in CATALOGUE {
            assert!(seen.insert(entry.code), "{} stands twice", entry.code);
            assert!(
                entry.detection.is_empty() || entry.compliance().is_some(),
                "{} names a detection that is not in the table",
                entry.code
            );
        }
    }

    #[test]
    fn the_more_exact_entry_wins() {
        assert_eq!(describe("world-open:22").severity, Severity::Critical);
        assert_eq!(describe("world-open:icmp").severity, Severity::Medium);
        assert_eq!(describe("acl-public:AllUsers:READ").code, "acl-public:*");
        assert_eq!(describe("mfa-weak-ifexists").severity, Severity::High);
    }

    #[test]
    fn an_unknown_code_is_grave_and_never_reverted() {
        let entry = describe("world-opne:22");
        assert_eq!(entry, &UNLISTED);
        assert_eq!((entry.severity, entry.revert_by_default), (Severity::High, false));
    }

    #[test]
    fn detections_are_unique() {
        let detections: BTreeSet<_> = COMPLIANCE.iter().map(|row| row.detection).collect();
        assert_eq!(detections.len(), COMPLIANCE.len());
    }
}
