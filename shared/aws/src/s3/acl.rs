//! Access control lists: read, and written as a whole.

use aws_sdk_s3::{
    operation::RequestId,
    types::{self, AccessControlPolicy, Owner, Permission, Type},
};
use aws_smithy_types::error::operation::BuildError;
use controls::s3::{Acl, Grant, Grantee};
use respond::{Applied, CloudError, Retry};

use super::{Api, Object, Place};
use crate::error::{Kind, cloud_error, refusal};

/// A list as it was read, with what could not be understood.
#[derive(Debug)]
pub(crate) struct ReadAcl {
    pub(crate) acl: Acl,
    pub(crate) unreadable: Vec<String>,
}

impl Api {
    /// The ACL of a bucket, or of a version of an object.
    pub(crate) async fn acl(&self, place: Place<'_>) -> Result<ReadAcl, CloudError> {
        match place {
            Place::Bucket { bucket, owner } => {
                let request = self.reads.get_bucket_acl().bucket(bucket);
                let answer =
                    request.expected_bucket_owner(owner).send().await.map_err(|error| {
                        cloud_error(Kind::Read, "s3:GetBucketAcl", bucket, error)
                    })?;
                Ok(read(answer.owner, answer.grants.unwrap_or_default()))
            }
            Place::Object(Object { bucket, key, version, owner }) => {
                let request = self.reads.get_object_acl().bucket(bucket).key(key);
                let request = request.set_version_id(version.map(str::to_owned));
                let answer =
                    request.expected_bucket_owner(owner).send().await.map_err(|error| {
                        let name = format!("{bucket}/{key}");
                        let mut error = cloud_error(Kind::Read, "s3:GetObjectAcl", name, error);
                        // A delete marker is a version without an ACL.
                        if error.code == "MethodNotAllowed" {
                            error.retry = Retry::Gone;
                        }
                        error
                    })?;
                Ok(read(answer.owner, answer.grants.unwrap_or_default()))
            }
        }
    }

    /// Writes a list if the live one is still `before`. S3 has no condition for this call, so the
    /// read just before is all the guard there is.
    pub(crate) async fn put_acl(
        &self,
        place: Place<'_>,
        before: &Acl,
        after: &Acl,
    ) -> Result<Applied, CloudError> {
        let (operation, name) = match place {
            Place::Bucket { bucket, .. } => ("s3:PutBucketAcl", bucket.to_owned()),
            Place::Object(Object { bucket, key, .. }) => {
                ("s3:PutObjectAcl", format!("{bucket}/{key}"))
            }
        };
        let refuse = |code: &str, retry| refusal(operation, &name, code, retry);
        if !after.is_writable() {
            return Err(refuse("list without ids", Retry::Pointless));
        }
        let live = self.acl(place).await?;
        if live.unreadable.is_empty() && same(&live.acl, after) {
            return Ok(Applied::default());
        }
        if !live.unreadable.is_empty() || !same(&live.acl, before) {
            return Err(refuse("the list has changed", Retry::Moved));
        }
        let list = write(after).map_err(|error| refuse(&error.to_string(), Retry::Pointless))?;
        let written = match place {
            Place::Bucket { bucket, owner } => {
                let request = self.writes.put_bucket_acl().bucket(bucket);
                let request = request.expected_bucket_owner(owner).access_control_policy(list);
                let sent = request.send().await;
                sent.map(|answer| answer.request_id().map(str::to_owned))
                    .map_err(|error| cloud_error(Kind::Write, operation, &name, error))
            }
            Place::Object(Object { bucket, key, version, owner }) => {
                let request = self.writes.put_object_acl().bucket(bucket).key(key);
                let request = request.set_version_id(version.map(str::to_owned));
                let request = request.expected_bucket_owner(owner).access_control_policy(list);
                let sent = request.send().await;
                sent.map(|answer| answer.request_id().map(str::to_owned))
                    .map_err(|error| cloud_error(Kind::Write, operation, &name, error))
            }
        };
        match written {
            Ok(id) => Ok(Applied { changed: true, request_ids: id.into_iter().collect() }),
            // Meanwhile ACLs were switched off, and with them every grant.
            Err(error) if error.code == "AccessControlListNotSupported" => Ok(Applied::default()),
            Err(error) => Err(error),
        }
    }
}

/// Whether two lists say the same; the order of grants means nothing.
pub(super) fn same(one: &Acl, other: &Acl) -> bool {
    let sorted = |acl: &Acl| {
        let mut grants = acl.grants.clone();
        grants.sort();
        grants
    };
    one.owner == other.owner && sorted(one) == sorted(other)
}

fn read(owner: Option<Owner>, grants: Vec<types::Grant>) -> ReadAcl {
    let mut unreadable = Vec::new();
    let owner = owner.and_then(|owner| owner.id);
    if owner.is_none() {
        unreadable.push("the list names no owner".to_owned());
    }
    let mut read = Vec::with_capacity(grants.len());
    for grant in grants {
        match grant_from(&grant) {
            Ok(grant) => read.push(grant),
            Err(problem) => unreadable.push(problem),
        }
    }
    ReadAcl { acl: Acl { owner, grants: read }, unreadable }
}

fn grant_from(grant: &types::Grant) -> Result<Grant, String> {
    let permission = grant.permission().ok_or("a grant names no permission")?.as_str().to_owned();
    let grantee = grant.grantee().ok_or("a grant names no grantee")?;
    let missing = || format!("a grantee of type `{}` has no name", grantee.r#type().as_str());
    let named = |name: Option<&str>| name.map(str::to_owned).ok_or_else(missing);
    let grantee = match grantee.r#type().as_str() {
        "CanonicalUser" => Grantee::CanonicalUser { id: named(grantee.id())? },
        "Group" => Grantee::Group { uri: named(grantee.uri())? },
        "AmazonCustomerByEmail" => Grantee::Email { address: named(grantee.email_address())? },
        other => return Err(format!("a grantee has the unknown type `{other}`")),
    };
    Ok(Grant { grantee, permission })
}

fn write(acl: &Acl) -> Result<AccessControlPolicy, BuildError> {
    let owner = Owner::builder().set_id(acl.owner.clone()).build();
    let mut list = AccessControlPolicy::builder().owner(owner).set_grants(Some(Vec::new()));
    for Grant { grantee, permission } in &acl.grants {
        let builder = types::Grantee::builder();
        let grantee = match grantee {
            Grantee::CanonicalUser { id } => builder.r#type(Type::CanonicalUser).id(id),
            Grantee::Group { uri } => builder.r#type(Type::Group).uri(uri),
            Grantee::Email { address } => {
                builder.r#type(Type::AmazonCustomerByEmail).email_address(address)
            }
            // Not writable, which was asked before.
            Grantee::Owner => builder.r#type(Type::CanonicalUser).set_id(acl.owner.clone()),
        };
        let permission = Permission::from(permission.as_str());
        list = list.grants(
            types::Grant::builder().grantee(grantee.build()?).permission(permission).build(),
        );
    }
    Ok(list.build())
}
