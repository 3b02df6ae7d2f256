//! What `s3-public-acl` could ever do.

use model::{Operation, Remedy, Resource, ResourceId, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Tags,
    s3::{self, Acl},
};

/// Rewrites an ACL without some grants, or marks the bucket or object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "remedy", rename_all = "snake_case")]
pub enum AclRemedy {
    /// `PutBucketAcl` or `PutObjectAcl` with an explicit `AccessControlPolicy`. S3 has no
    /// compare-and-set for ACLs, so the adapter reads once more and refuses when the ACL is not
    /// `before` any longer, or when `after` is not [`Acl::is_writable`].
    PutAcl {
        /// The bucket, or the object (and version).
        resource: Resource,
        /// The ACL it was made for.
        before: Acl,
        /// The ACL it leaves.
        after: Acl,
    },
    /// `PutBucketTagging` or `PutObjectTagging`, which replace the whole set: the adapter reads
    /// once more and refuses when the tags are not `before` any longer.
    PutTags {
        /// The bucket, or the object (and version).
        resource: Resource,
        /// The tags it was made for.
        before: Tags,
        /// The tags it leaves.
        after: Tags,
    },
}

impl Remedy for AclRemedy {
    fn needs(&self) -> Response {
        match self {
            Self::PutAcl { .. } => Response::Revert,
            Self::PutTags { .. } => Response::Tag,
        }
    }

    fn operations(&self) -> Vec<Operation> {
        match self {
            Self::PutAcl { resource, after, .. } => {
                let on_object = resource.id.is_object();
                let operation = if on_object { "s3:PutObjectAcl" } else { "s3:PutBucketAcl" };
                let mut parameters = s3::named(resource);
                parameters.insert("AccessControlPolicy".to_owned(), after.to_parameters());
                vec![Operation::new(operation, Value::Object(parameters))]
            }
            Self::PutTags { resource, after, .. } => vec![s3::put_tags(resource, after)],
        }
    }

    fn inverse(&self) -> Option<Self> {
        Some(match self.clone() {
            Self::PutAcl { resource, before, after } => {
                Self::PutAcl { resource, before: after, after: before }
            }
            Self::PutTags { resource, before, after } => {
                Self::PutTags { resource, before: after, after: before }
            }
        })
    }

    fn iam_actions(&self) -> &'static [&'static str] {
        match self {
            Self::PutAcl { resource, .. } => {
                let ResourceId::Object { version_id, .. } = &resource.id else {
                    return &["s3:GetBucketAcl", "s3:PutBucketAcl"];
                };
                if version_id.is_some() {
                    &["s3:GetObjectVersionAcl", "s3:PutObjectVersionAcl"]
                } else {
                    &["s3:GetObjectAcl", "s3:PutObjectAcl"]
                }
            }
            Self::PutTags { resource, .. } => s3::tag_actions(resource),
        }
    }

    fn join(&self, other: &Self) -> Option<Self> {
        let (
            Self::PutAcl { resource, before, after },
            Self::PutAcl { resource: other_resource, before: other_before, after: other_after },
        ) = (self, other)
        else {
            return None;
        };
        let takes_away = |list: &Acl| list.grants.iter().all(|grant| before.grants.contains(grant));
        if resource != other_resource
            || before != other_before
            || !takes_away(after)
            || !takes_away(other_after)
        {
            return None;
        }
        // Both only take grants away from the same list: what both leave is what is left.
        let grants = after
            .grants
            .iter()
            .filter(|grant| other_after.grants.contains(grant))
            .cloned()
            .collect();
        Some(Self::PutAcl {
            resource: resource.clone(),
            before: before.clone(),
            after: Acl { owner: after.owner.clone(), grants },
        })
    }

    fn document_change(&self) -> Option<(String, String)> {
        match self {
            Self::PutAcl { before, after, .. } => Some((before.to_text(), after.to_text())),
            Self::PutTags { .. } => None,
        }
    }
}
