//! The S3 calls that say who may come in: ACLs, ownership, Block Public Access.

use model::AccountId;

use super::{NamedObject, account_of_host, bucket_of};
use crate::parameters::{Field, FromMembers, Object, Unusable};

/// `PutBucketAcl` and `PutObjectAcl`, as asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutAcl {
    /// `bucketName`, and for an object its `key` and `versionId`.
    pub object: NamedObject,
    /// The ACL asked for.
    pub acl: AclRequest,
}

impl FromMembers for PutAcl {
    fn from_members(object: &Object<'_>) -> Self {
        Self { object: NamedObject::from_members(object), acl: AclRequest::from_members(object) }
    }
}

/// The three ways to ask for an ACL. For what a body grants, hand [`crate::Record::parameters_value`] to
/// the reader of ACLs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AclRequest {
    /// `x-amz-acl`: a canned ACL's name.
    pub canned: Field<String>,
    /// `x-amz-grant-…` headers, names in lower case with hyphens, values as sent
    /// (`id="…", uri="…"`).
    pub grants: Vec<(String, Field<String>)>,
    /// Whether there is an XML body, `AccessControlPolicy`.
    pub body: bool,
    /// Whether a list of grants (`accessControlList`) is there in another form than that of grant
    /// headers: whatever it says, it was not read here.
    pub other: bool,
}

impl AclRequest {
    /// Whether no ACL was asked for at all, so that the default applies: the owner and nobody else.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        self.canned.as_ref().is_err_and(Unusable::is_absent) && self.names_only_canned()
    }

    /// Whether beside a canned ACL none was asked for.
    #[must_use]
    pub fn names_only_canned(&self) -> bool {
        self.grants.is_empty() && !self.body && !self.other
    }
}

impl FromMembers for AclRequest {
    fn from_members(object: &Object<'_>) -> Self {
        let mut grants = grant_headers(object);
        let mut other = false;
        for name in ["accessControlList", "AccessControlList"] {
            if object.is_blank(name) {
                continue;
            }
            let headers = object.object(name).map(|list| {
                let headers = grant_headers(&list);
                (headers.len() == list.names().filter(|name| list.has(name)).count())
                    .then_some(headers)
            });
            match headers {
                Ok(Some(headers)) => grants.extend(headers),
                Ok(None) | Err(_) => other = true,
            }
        }
        Self {
            canned: object.header("x-amz-acl"),
            grants,
            body: object.has("AccessControlPolicy"),
            other,
        }
    }
}

fn grant_headers(object: &Object<'_>) -> Vec<(String, Field<String>)> {
    let normal = |name: &str| name.to_ascii_lowercase().replace('_', "-");
    object
        .names()
        .map(|name| (name, normal(name)))
        .filter(|(name, normal)| normal.starts_with("x-amz-grant-") && object.has(name))
        .map(|(name, normal)| (normal, object.text(name)))
        .collect()
}

/// `CreateBucket`, as asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateBucket {
    /// `bucketName`.
    pub bucket: Field<String>,
    /// `CreateBucketConfiguration.LocationConstraint`; absent in us-east-1.
    pub location: Field<String>,
    /// `x-amz-object-ownership`; absent means that ACLs are off.
    pub ownership: Field<String>,
    /// The ACL asked for.
    pub acl: AclRequest,
}

impl FromMembers for CreateBucket {
    fn from_members(object: &Object<'_>) -> Self {
        Self {
            bucket: bucket_of(object),
            location: object
                .object("CreateBucketConfiguration")
                .and_then(|configuration| configuration.text("LocationConstraint")),
            ownership: object.header("x-amz-object-ownership"),
            acl: AclRequest::from_members(object),
        }
    }
}

/// `PutBucketOwnershipControls`, as asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutBucketOwnershipControls {
    /// `bucketName`.
    pub bucket: Field<String>,
    /// `OwnershipControls.Rule.ObjectOwnership`: `BucketOwnerEnforced`, `BucketOwnerPreferred` or
    /// `ObjectWriter`.
    pub ownership: Field<String>,
}

impl FromMembers for PutBucketOwnershipControls {
    fn from_members(object: &Object<'_>) -> Self {
        let rule = |controls: Object<'_>| {
            let name = if controls.has("Rules") { "Rules" } else { "Rule" };
            let rules = controls.objects(name)?;
            match rules.as_slice() {
                [rule] => rule.text("ObjectOwnership"),
                [] => Err(controls.absent(name)),
                more => Err(controls.malformed(name, format!("{} rules", more.len()))),
            }
        };
        Self {
            bucket: bucket_of(object),
            ownership: object.object("OwnershipControls").and_then(rule),
        }
    }
}

/// `PutBucketPublicAccessBlock` and `PutAccountPublicAccessBlock`, as asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutPublicAccessBlock {
    /// `bucketName`. Absent from calls about a whole account.
    pub bucket: Field<String>,
    /// The account that the host names, in calls about a whole account.
    pub account: Field<AccountId>,
    /// The four switches; one that is not mentioned is off.
    pub block: Field<PublicAccessBlock>,
}

/// The four switches of Block Public Access.
///
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PublicAccessBlockConfiguration.html>.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "the API has these four switches")]
pub struct PublicAccessBlock {
    /// `BlockPublicAcls`.
    pub block_public_acls: bool,
    /// `IgnorePublicAcls`.
    pub ignore_public_acls: bool,
    /// `BlockPublicPolicy`.
    pub block_public_policy: bool,
    /// `RestrictPublicBuckets`.
    pub restrict_public_buckets: bool,
}

/// The switches of Block Public Access.
const SWITCHES: [&str; 4] =
    ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"];

impl FromMembers for PutPublicAccessBlock {
    fn from_members(object: &Object<'_>) -> Self {
        let block = |block: Object<'_>| {
            // What is there in another form is not known to be off.
            let other = |name: &&str| !SWITCHES.contains(name) && !name.starts_with("xmlns");
            if let Some(other) = block.names().find(other) {
                return Err(block.malformed(other, "no switch of this name is known".to_owned()));
            }
            let switch = |name| match block.flag(name) {
                Err(unusable) if unusable.is_absent() && block.names().any(|one| one == name) => {
                    Err(block.malformed(name, "it is neither on nor off".to_owned()))
                }
                Err(unusable) if unusable.is_absent() => Ok(false),
                other => other,
            };
            Ok(PublicAccessBlock {
                block_public_acls: switch("BlockPublicAcls")?,
                ignore_public_acls: switch("IgnorePublicAcls")?,
                block_public_policy: switch("BlockPublicPolicy")?,
                restrict_public_buckets: switch("RestrictPublicBuckets")?,
            })
        };
        Self {
            bucket: bucket_of(object),
            account: account_of_host(object),
            block: object.object("PublicAccessBlockConfiguration").and_then(block),
        }
    }
}
