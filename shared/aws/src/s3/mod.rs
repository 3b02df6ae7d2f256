//! Buckets and objects.
//!
//! Every call names the account that must own the bucket, so that a bucket which was deleted and
//! made anew by a stranger is refused rather than read or written.
//! Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html>.

#[cfg(feature = "s3control")]
mod account;
mod acl;
#[cfg(feature = "s3control")]
mod blocks;
mod buckets;
#[cfg(feature = "kms")]
mod copy;
#[cfg(feature = "kms")]
mod head;
#[cfg(feature = "kms")]
mod objects;
mod policies;
mod safeguards;
mod tags;

use std::collections::BTreeMap;

use aws_sdk_s3::{Client, config};
use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use controls::s3::{ObjectOwnership, PublicAccessBlock};
use model::{Resource, ResourceId};
use respond::{CloudError, Retry};

#[cfg(feature = "s3control")]
pub use blocks::Blocks;
pub use buckets::Buckets;
#[cfg(feature = "kms")]
pub use objects::Objects;
pub use policies::Policies;
pub use safeguards::Safeguards;

use crate::{
    Session,
    error::{Kind, cloud_error, refusal},
};

/// S3 as both adapters use it: one client that reads, one that writes.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    reads: Client,
    writes: Client,
}

/// One version of one object.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Object<'a> {
    bucket: &'a str,
    key: &'a str,
    version: Option<&'a str>,
    /// The account that must own the bucket.
    owner: &'a str,
}

/// What an S3 call is about.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place<'a> {
    Bucket { bucket: &'a str, owner: &'a str },
    Object(Object<'a>),
}

impl<'a> Place<'a> {
    /// The bucket or object that a resource is.
    pub(crate) fn of(resource: &'a Resource) -> Result<Self, CloudError> {
        let owner = resource.account.as_str();
        match &resource.id {
            ResourceId::Bucket { bucket } => Ok(Self::Bucket { bucket, owner }),
            ResourceId::Object { bucket, key, version_id } => {
                Ok(Self::Object(Object { bucket, key, version: version_id.as_deref(), owner }))
            }
            ResourceId::AccessPoint { .. }
            | ResourceId::Role { .. }
            | ResourceId::User { .. }
            | ResourceId::Group { .. }
            | ResourceId::ManagedPolicy { .. }
            | ResourceId::Account => {
                Err(refusal("s3", &resource.arn, "not a bucket or object", Retry::Pointless))
            }
        }
    }

    pub(crate) const fn bucket(&self) -> (&'a str, &'a str) {
        match self {
            Self::Bucket { bucket, owner } | Self::Object(Object { bucket, owner, .. }) => {
                (bucket, owner)
            }
        }
    }
}

impl Api {
    pub(crate) fn new(session: &Session) -> Self {
        let client = |sdk| {
            let builder = config::Builder::from(sdk);
            // An emulator's host has no bucket for a subdomain.
            Client::from_conf(builder.force_path_style(session.is_elsewhere()).build())
        };
        Self { reads: client(session.reads()), writes: client(session.writes()) }
    }

    /// Object Ownership; `None`: the bucket has no such setting, which means that ACLs work.
    pub(crate) async fn ownership(
        &self,
        place: Place<'_>,
    ) -> Result<Option<ObjectOwnership>, CloudError> {
        let (bucket, owner) = place.bucket();
        let answer = self
            .reads
            .get_bucket_ownership_controls()
            .bucket(bucket)
            .expected_bucket_owner(owner)
            .send()
            .await;
        let absent = "OwnershipControlsNotFoundError";
        let answer = unless_absent(answer, absent, "s3:GetBucketOwnershipControls", bucket)?;
        let controls = answer.and_then(|answer| answer.ownership_controls);
        let rule = controls.and_then(|controls| controls.rules.into_iter().next());
        let Some(rule) = rule else { return Ok(None) };
        let word = rule.object_ownership.as_str();
        ObjectOwnership::from_word(word).map(Some).ok_or_else(|| {
            let code = format!("unknown ownership `{word}`");
            refusal("s3:GetBucketOwnershipControls", bucket, code, Retry::Pointless)
        })
    }

    /// The bucket's own Block Public Access; a bucket without one has all four switches off.
    pub(crate) async fn block(&self, place: Place<'_>) -> Result<PublicAccessBlock, CloudError> {
        Ok(self.own_block(place).await?.unwrap_or_default())
    }

    /// The same, told apart from a bucket that has no configuration.
    pub(crate) async fn own_block(
        &self,
        place: Place<'_>,
    ) -> Result<Option<PublicAccessBlock>, CloudError> {
        let (bucket, owner) = place.bucket();
        let answer = self
            .reads
            .get_public_access_block()
            .bucket(bucket)
            .expected_bucket_owner(owner)
            .send()
            .await;
        let absent = "NoSuchPublicAccessBlockConfiguration";
        let answer = unless_absent(answer, absent, "s3:GetPublicAccessBlock", bucket)?;
        let block = answer.and_then(|answer| answer.public_access_block_configuration);
        Ok(block.map(|block| PublicAccessBlock {
            block_public_acls: block.block_public_acls.unwrap_or(false),
            ignore_public_acls: block.ignore_public_acls.unwrap_or(false),
            block_public_policy: block.block_public_policy.unwrap_or(false),
            restrict_public_buckets: block.restrict_public_buckets.unwrap_or(false),
        }))
    }
}

/// Reads an answer, taking one code to mean that the setting is not there.
fn unless_absent<T, E>(
    answer: Result<T, SdkError<E, HttpResponse>>,
    absent: &str,
    operation: &'static str,
    resource: &str,
) -> Result<Option<T>, CloudError>
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) => {
            let error = cloud_error(Kind::Read, operation, resource, error);
            if error.code == absent { Ok(None) } else { Err(error) }
        }
    }
}

/// Turns a refusal that will not change into "not known", and says so in the log: a missing
/// permission must not go unnoticed. What may pass is an error still.
pub(crate) fn unless_refused<T>(answer: Result<T, CloudError>) -> Result<Option<T>, CloudError> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(error) => match error.retry {
            Retry::Pointless => {
                tracing::warn!(
                    operation = error.operation,
                    code = error.code,
                    "not readable, so taken as not known"
                );
                Ok(None)
            }
            Retry::Worthwhile | Retry::Gone | Retry::Moved => Err(error),
        },
    }
}

/// The names of our buckets in the Region of the session.
///
/// # Errors
/// [`CloudError`]: they cannot be listed.
pub async fn list_buckets(session: &Session) -> Result<Vec<String>, CloudError> {
    const OPERATION: &str = "s3:ListBuckets";
    let region = session.region();
    let mut names = Vec::new();
    let mut pages = Api::new(session)
        .reads
        .list_buckets()
        .bucket_region(region.as_str())
        .into_paginator()
        .page_size(1000)
        .send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| cloud_error(Kind::Read, OPERATION, "account", error))?;
        for bucket in page.buckets() {
            // Asked for in the request; an endpoint that does not filter may still tell.
            if bucket.bucket_region().is_none_or(|theirs| theirs == region) {
                names.extend(bucket.name().map(str::to_owned));
            }
        }
    }
    Ok(names)
}

/// What decides about a finding; a refusal that will not change is part of the state, so that nothing
/// is certain that rests on it.
pub(crate) fn known<T>(
    answer: Result<T, CloudError>,
    denied: &mut BTreeMap<String, String>,
) -> Result<Option<T>, CloudError> {
    if let Err(error) = &answer
        && error.retry == Retry::Pointless
    {
        denied.insert(error.operation.to_owned(), error.code.clone());
    }
    unless_refused(answer)
}

#[cfg(test)]
mod tests;
