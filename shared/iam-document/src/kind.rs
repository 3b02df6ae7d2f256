//! Which kind of document is judged: the same JSON means different things to different services.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A kind of document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// An S3 bucket's (or access point's) policy.
    BucketPolicy,
    /// A role's trust policy (`AssumeRolePolicyDocument`).
    TrustPolicy,
    /// An identity's permissions: managed or inline policy.
    PermissionPolicy,
    /// A KMS key's policy.
    KmsPolicy,
    /// Any other resource's policy: SNS, SQS, Lambda, Secrets Manager, ECR, …
    ResourcePolicy,
    /// An S3 ACL, in any shape that an API or an event gives it.
    Acl,
    /// The ingress rules of a security group, in any shape that an API or an event gives them.
    SecurityGroup,
}

/// A text that names no kind.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{text}` is no kind of document; known are {}", Kind::names())]
pub struct UnknownKind {
    /// What was read.
    pub text: String,
}

impl Kind {
    /// Every kind, in the order of the documentation.
    pub const ALL: [Self; 7] = [
        Self::BucketPolicy,
        Self::TrustPolicy,
        Self::PermissionPolicy,
        Self::KmsPolicy,
        Self::ResourcePolicy,
        Self::Acl,
        Self::SecurityGroup,
    ];

    /// The name in kebab-case, as the command line spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BucketPolicy => "bucket-policy",
            Self::TrustPolicy => "trust-policy",
            Self::PermissionPolicy => "permission-policy",
            Self::KmsPolicy => "kms-policy",
            Self::ResourcePolicy => "resource-policy",
            Self::Acl => "acl",
            Self::SecurityGroup => "security-group",
        }
    }

    fn names() -> String {
        Self::ALL.map(|kind| format!("`{kind}`")).join(", ")
    }

    /// The service whose actions such a document can grant, where there is but one.
    pub(crate) const fn service(self) -> Option<&'static str> {
        match self {
            Self::BucketPolicy => Some("s3"),
            Self::TrustPolicy => Some("sts"),
            Self::KmsPolicy => Some("kms"),
            Self::PermissionPolicy | Self::ResourcePolicy | Self::Acl | Self::SecurityGroup => None,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| UnknownKind { text: text.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_reads_back_what_it_prints() {
        for kind in Kind::ALL {
            assert_eq!(kind.to_string().parse(), Ok(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
        assert!("bucketpolicy".parse::<Kind>().is_err());
    }
}
