//! What was changed.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use crate::{AccountId, Partition};

/// What a resource is, with the names its API calls need.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ResourceId {
    /// An S3 bucket.
    Bucket {
        /// Its name.
        bucket: String,
    },
    /// An S3 object, or one version of it.
    Object {
        /// The bucket's name.
        bucket: String,
        /// The key, decoded.
        key: String,
        /// The version that the event speaks of; `None`: not told, or the bucket keeps none.
        version_id: Option<String>,
    },
    /// An S3 access point.
    AccessPoint {
        /// Its name.
        name: String,
    },
    /// An IAM role.
    Role {
        /// Its name, without the path.
        name: String,
    },
    /// An IAM user.
    User {
        /// Its name, without the path.
        name: String,
    },
    /// An IAM group.
    Group {
        /// Its name, without the path.
        name: String,
    },
    /// A managed IAM policy, by its ARN, which is how its calls name it.
    ManagedPolicy {
        /// Its ARN, path included.
        arn: String,
    },
    /// The account itself, for what stands once in each (password policy, account-wide Block Public
    /// Access) and for what its root user does.
    Account,
}

impl ResourceId {
    /// The CloudFormation type name, which ASFF and OCSF use too.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Bucket { .. } => "AWS::S3::Bucket",
            Self::Object { .. } => "AWS::S3::Object",
            Self::AccessPoint { .. } => "AWS::S3::AccessPoint",
            Self::Role { .. } => "AWS::IAM::Role",
            Self::User { .. } => "AWS::IAM::User",
            Self::Group { .. } => "AWS::IAM::Group",
            Self::ManagedPolicy { .. } => "AWS::IAM::ManagedPolicy",
            Self::Account => "AWS::::Account",
        }
    }

    /// The bucket's name; `None`: it is no bucket (an object is none either).
    #[must_use]
    pub fn bucket(&self) -> Option<&str> {
        if let Self::Bucket { bucket } = self { Some(bucket) } else { None }
    }

    /// Whether it is an object.
    #[must_use]
    pub const fn is_object(&self) -> bool {
        matches!(self, Self::Object { .. })
    }

    /// The name of an IAM role, user or group; `None`: it is none.
    #[must_use]
    pub fn iam_name(&self) -> Option<&str> {
        if let Self::Role { name } | Self::User { name } | Self::Group { name } = self {
            Some(name)
        } else {
            None
        }
    }
}

/// Where the root user's ARN ends, and the account's as IAM writes it.
const ROOT: &str = "root";

impl ResourceId {
    /// The parts that name it within its account, for digests: never two resources with the same.
    #[must_use]
    pub fn parts(&self) -> [&str; 2] {
        match self {
            Self::Bucket { bucket } => [bucket, ""],
            Self::Object { bucket, key, version_id: _ } => [bucket, key],
            Self::AccessPoint { name }
            | Self::Role { name }
            | Self::User { name }
            | Self::Group { name } => [name, ""],
            Self::ManagedPolicy { arn } => [arn, ""],
            Self::Account => [ROOT, ""],
        }
    }
}

/// A resource in its account, Region and partition.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Resource {
    /// What it is.
    pub id: ResourceId,
    /// Its ARN. IAM events do not tell a role's path, so until the role has been read its ARN is
    /// written without one.
    pub arn: String,
    /// The account that received the event, which is the owner of what it names.
    pub account: AccountId,
    /// The Region of the event.
    pub region: String,
}

impl Resource {
    /// A bucket. Bucket ARNs carry neither Region nor account.
    #[must_use]
    pub fn bucket(bucket: &str, account: AccountId, region: &str) -> Self {
        Self {
            id: ResourceId::Bucket { bucket: bucket.to_owned() },
            arn: format!("arn:{}:s3:::{bucket}", Partition::of_region(region)),
            account,
            region: region.to_owned(),
        }
    }

    /// An object.
    #[must_use]
    pub fn object(
        bucket: &str,
        key: &str,
        version_id: Option<String>,
        account: AccountId,
        region: &str,
    ) -> Self {
        Self {
            arn: format!("arn:{}:s3:::{bucket}/{key}", Partition::of_region(region)),
            id: ResourceId::Object { bucket: bucket.to_owned(), key: key.to_owned(), version_id },
            account,
            region: region.to_owned(),
        }
    }

    /// A role whose path is not known yet.
    #[must_use]
    pub fn role(name: &str, account: AccountId, region: &str) -> Self {
        Self {
            arn: format!("arn:{}:iam::{account}:role/{name}", Partition::of_region(region)),
            id: ResourceId::Role { name: name.to_owned() },
            account,
            region: region.to_owned(),
        }
    }

    /// A user whose path is not known yet.
    #[must_use]
    pub fn user(name: &str, account: AccountId, region: &str) -> Self {
        Self {
            arn: format!("arn:{}:iam::{account}:user/{name}", Partition::of_region(region)),
            id: ResourceId::User { name: name.to_owned() },
            account,
            region: region.to_owned(),
        }
    }

    /// A group whose path is not known yet.
    #[must_use]
    pub fn group(name: &str, account: AccountId, region: &str) -> Self {
        Self {
            arn: format!("arn:{}:iam::{account}:group/{name}", Partition::of_region(region)),
            id: ResourceId::Group { name: name.to_owned() },
            account,
            region: region.to_owned(),
        }
    }

    /// A managed policy.
    #[must_use]
    pub fn managed_policy(arn: &str, account: AccountId, region: &str) -> Self {
        Self {
            arn: arn.to_owned(),
            id: ResourceId::ManagedPolicy { arn: arn.to_owned() },
            account,
            region: region.to_owned(),
        }
    }

    /// An access point.
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-naming.html>.
    #[must_use]
    pub fn access_point(name: &str, account: AccountId, region: &str) -> Self {
        let partition = Partition::of_region(region);
        Self {
            arn: format!("arn:{partition}:s3:{region}:{account}:accesspoint/{name}"),
            id: ResourceId::AccessPoint { name: name.to_owned() },
            account,
            region: region.to_owned(),
        }
    }

    /// The account, under the ARN that IAM writes it with in documents.
    #[must_use]
    pub fn account(account: AccountId, region: &str) -> Self {
        Self {
            arn: format!("arn:{}:iam::{account}:{ROOT}", Partition::of_region(region)),
            id: ResourceId::Account,
            account,
            region: region.to_owned(),
        }
    }

    /// The ARN of the bucket that an object is in; `None`: it is no object.
    #[must_use]
    pub fn bucket_above(&self) -> Option<String> {
        let ResourceId::Object { bucket, .. } = &self.id else { return None };
        // Cut from the object's own, so that both are of one partition.
        let (before, _) = self.arn.split_once(":::")?;
        Some(format!("{before}:::{bucket}"))
    }

    /// The CloudFormation type name.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        self.id.kind()
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.arn)
    }
}

/// What a control was asked to look at: the only thing of the event that reaches the reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The resource.
    pub resource: Resource,
    /// What else the event names, by the control's own words: the access key that was made, the
    /// policy that was attached, who was refused and from where.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub details: BTreeMap<String, String>,
}

impl Target {
    /// The same with one more detail; an empty one is left out.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        if !value.is_empty() {
            self.details.insert(name.to_owned(), value.to_owned());
        }
        self
    }

    /// A detail; `None`: the event does not tell.
    #[must_use]
    pub fn detail(&self, name: &str) -> Option<&str> {
        self.details.get(name).map(String::as_str)
    }
}

impl From<Resource> for Target {
    fn from(resource: Resource) -> Self {
        Self { resource, details: BTreeMap::new() }
    }
}
