//! What was changed.

use std::fmt;

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
    /// An IAM role.
    Role {
        /// Its name, without the path.
        name: String,
    },
}

impl ResourceId {
    /// The CloudFormation type name, which ASFF and OCSF use too.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Bucket { .. } => "AWS::S3::Bucket",
            Self::Object { .. } => "AWS::S3::Object",
            Self::Role { .. } => "AWS::IAM::Role",
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

    /// The ARN of the bucket that an object is in; `None`: it is no object.
    #[must_use]
    pub fn bucket_above(&self) -> Option<String> {
        match &self.id {
            ResourceId::Object { bucket, .. } => {
                // Cut from the object's own, so that both are of one partition.
                let (before, _) = self.arn.split_once(":::")?;
                Some(format!("{before}:::{bucket}"))
            }
            ResourceId::Bucket { .. } | ResourceId::Role { .. } => None,
        }
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
}

impl From<Resource> for Target {
    fn from(resource: Resource) -> Self {
        Self { resource }
    }
}
