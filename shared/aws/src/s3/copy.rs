//! Re-encrypting in place: a copy of an object onto itself that changes nothing but the key.
//!
//! The source is pinned by version id and `ETag`, the destination guarded by `If-Match`, so that a
//! newer upload is neither read nor overwritten. Afterwards every attribute is read back and
//! compared.

mod parts;

use std::time::Duration;

use aws_sdk_s3::{
    config,
    operation::{
        RequestId, copy_object::builders::CopyObjectFluentBuilder,
        create_multipart_upload::builders::CreateMultipartUploadFluentBuilder,
    },
    types::{
        ChecksumAlgorithm, MetadataDirective, ServerSideEncryption, StorageClass, TaggingDirective,
    },
};
use aws_smithy_types::timeout::TimeoutConfig;
use controls::{
    s3::{ObjectOwnership, copy_source},
    s3_unencrypted_upload::{Encryption, ReEncrypt, StoredVersion},
};
use respond::{Applied, CloudError, Retry};

use super::{
    Api, Object, Place,
    acl::same,
    head::{Head, name},
};
use crate::error::{Kind, cloud_error, refusal};

/// Time that S3 is given to copy a number of bytes: eight seconds, and one more for every 32 MiB.
/// S3 copies several times faster; what bounds the whole is the function's own deadline.
fn time_for(bytes: u64) -> Duration {
    const BYTES_PER_SECOND: u64 = 32 * 1024 * 1024;
    Duration::from_secs(8_u64.saturating_add(bytes / BYTES_PER_SECOND))
}

/// The longest that a copy may take: it has ended by then, one way or another.
pub(super) fn time_needed(copy: &ReEncrypt) -> Duration {
    match copy.parts() {
        None => time_for(copy.version.size.unwrap_or(0)),
        Some(parts) => parts::time_needed(parts),
    }
}

/// Another time limit for one call; retries stay off.
fn within(limit: Duration) -> config::Builder {
    config::Config::builder()
        .timeout_config(TimeoutConfig::builder().operation_timeout(limit).build())
}

/// What a copy in one piece and one in parts both have to say of the new version.
trait Written: Sized {
    fn encrypted(self, algorithm: &str, key: Option<&str>, bucket_key: Option<bool>) -> Self;
    fn class(self, class: Option<&str>) -> Self;
    fn redirect(self, location: Option<&str>) -> Self;
    fn checksum(self, algorithm: Option<&str>) -> Self;
    /// `None`: the API has no such grant.
    fn grant(self, header: &str, grantees: &str) -> Option<Self>;
}

macro_rules! written {
    ($builder:ty) => {
        impl Written for $builder {
            fn encrypted(
                self,
                algorithm: &str,
                key: Option<&str>,
                bucket_key: Option<bool>,
            ) -> Self {
                self.server_side_encryption(ServerSideEncryption::from(algorithm))
                    .set_ssekms_key_id(key.map(str::to_owned))
                    .set_bucket_key_enabled(bucket_key)
            }

            fn class(self, class: Option<&str>) -> Self {
                self.set_storage_class(class.map(StorageClass::from))
            }

            fn redirect(self, location: Option<&str>) -> Self {
                self.set_website_redirect_location(location.map(str::to_owned))
            }

            fn checksum(self, algorithm: Option<&str>) -> Self {
                self.set_checksum_algorithm(algorithm.map(ChecksumAlgorithm::from))
            }

            fn grant(self, header: &str, grantees: &str) -> Option<Self> {
                match header {
                    "GrantFullControl" => Some(self.grant_full_control(grantees)),
                    "GrantRead" => Some(self.grant_read(grantees)),
                    "GrantReadACP" => Some(self.grant_read_acp(grantees)),
                    "GrantWriteACP" => Some(self.grant_write_acp(grantees)),
                    _ => None,
                }
            }
        }
    };
}

written!(CopyObjectFluentBuilder);
written!(CreateMultipartUploadFluentBuilder);

/// Fills in what the new version is to be like.
fn describe<W: Written>(request: W, copy: &ReEncrypt, object: Object<'_>) -> Result<W, CloudError> {
    let refuse = |code: String| refusal("s3:CopyObject", name(object), code, Retry::Pointless);
    let algorithm = copy.to.word().filter(|_| copy.to != Encryption::Customer);
    let algorithm = algorithm.ok_or_else(|| refuse("no algorithm to copy to".to_owned()))?;
    let checksum = copy.details.as_ref().and_then(|details| details.checksums.first());
    let mut request = request
        .encrypted(algorithm, copy.to.key(), copy.bucket_key_enabled())
        .class(copy.version.storage_class.as_deref())
        .redirect(copy.version.website_redirect.as_deref())
        .checksum(checksum.map(|checksum| checksum.algorithm.as_str()));
    for (header, grantees) in copy.grants() {
        request = request
            .grant(header, &grantees)
            .ok_or_else(|| refuse(format!("an object's ACL cannot carry `{header}`")))?;
    }
    Ok(request)
}

/// A copy that was made.
struct Made {
    etag: String,
    version: Option<String>,
    request_id: Option<String>,
}

/// The source, pinned.
struct Source {
    path: String,
    etag: String,
}

impl Api {
    /// Copies the newest version onto itself under the key it should have, if it is still the one
    /// that the remedy was made for.
    pub(crate) async fn re_encrypt(&self, copy: &ReEncrypt) -> Result<Applied, CloudError> {
        const OPERATION: &str = "s3:CopyObject";
        let Place::Object(pinned) = Place::of(&copy.resource)? else {
            let arn = &copy.resource.arn;
            return Err(refusal(OPERATION, arn, "not an object", Retry::Pointless));
        };
        let object = newest(pinned);
        let refuse = |code: &str, retry| refusal(OPERATION, name(object), code, retry);
        if !copy.is_executable() {
            return Err(refuse("made from a record alone", Retry::Pointless));
        }
        let head = self.head_in_full(object).await?;
        let live = &head.version;
        if live.encryption == copy.to {
            // An earlier copy whose answer was lost, or somebody's own right upload.
            return Ok(Applied::default());
        }
        if let Err(what) = copy.admits(live) {
            return Err(refuse(&format!("the {what} has changed"), Retry::Moved));
        }
        let Some(etag) = live.etag.clone() else {
            return Err(refuse("no ETag to hold on to", Retry::Pointless));
        };
        // Neither shows in the ETag, and the copy is given both as they were read.
        let place = Object { version: live.version_id.as_deref(), ..object };
        if let Some(what) = self.beside_content(copy, place).await?.first() {
            return Err(refuse(&format!("the {what} has changed"), Retry::Moved));
        }
        let path = copy_source(&copy.resource, live.version_id.as_deref());
        let source = Source { path, etag };
        let made = match copy.parts() {
            None => self.copy_whole(copy, object, &source, live.size).await?,
            Some(parts) => self.copy_parts(copy, object, &source, parts).await?,
        };
        self.read_back(copy, object, &head, &made).await.map_err(|mut error| {
            // The copy was made; what could not be said is whether it kept everything.
            error.in_doubt = true;
            error
        })?;
        Ok(Applied { changed: true, request_ids: made.request_id.into_iter().collect() })
    }

    async fn copy_whole(
        &self,
        copy: &ReEncrypt,
        object: Object<'_>,
        source: &Source,
        size: Option<u64>,
    ) -> Result<Made, CloudError> {
        const OPERATION: &str = "s3:CopyObject";
        let request = self
            .writes
            .copy_object()
            .bucket(object.bucket)
            .key(object.key)
            .expected_bucket_owner(object.owner)
            .expected_source_bucket_owner(object.owner)
            .copy_source(&source.path)
            .copy_source_if_match(&source.etag)
            .if_match(&source.etag)
            .metadata_directive(MetadataDirective::Copy)
            .tagging_directive(TaggingDirective::Copy);
        let limit = time_for(size.unwrap_or(0));
        let answer = describe(request, copy, object)?
            .customize()
            .config_override(within(limit))
            .send()
            .await
            .map_err(|error| cloud_error(Kind::Write, OPERATION, name(object), error))?;
        // S3 answers 200 before it is done; without a result the copy may or may not exist.
        let etag = answer.copy_object_result().and_then(|result| result.e_tag());
        let Some(etag) = etag.map(str::to_owned) else {
            let mut error = refusal(OPERATION, name(object), "no result", Retry::Worthwhile);
            error.in_doubt = true;
            return Err(error);
        };
        let request_id = answer.request_id().map(str::to_owned);
        Ok(Made { etag, version: answer.version_id, request_id })
    }

    /// What of tags and ACL is not as it was read for the copy.
    async fn beside_content(
        &self,
        copy: &ReEncrypt,
        object: Object<'_>,
    ) -> Result<Vec<&'static str>, CloudError> {
        let mut differing = Vec::new();
        let Some(details) = &copy.details else { return Ok(differing) };
        let place = Place::Object(object);
        if let Some(tags) = &details.tags
            && self.tags(place).await? != *tags
        {
            differing.push("tags");
        }
        if !self.has_acl(copy, object).await? {
            differing.push("ACL");
        }
        Ok(differing)
    }

    /// Whether a version has the ACL that was read for the copy; where ACLs are off there is none.
    async fn has_acl(&self, copy: &ReEncrypt, object: Object<'_>) -> Result<bool, CloudError> {
        let details = copy.details.as_ref();
        let details = details
            .filter(|details| details.ownership != Some(ObjectOwnership::BucketOwnerEnforced));
        let Some(acl) = details.and_then(|details| details.acl.as_ref()) else { return Ok(true) };
        let read = self.acl(Place::Object(object)).await?;
        Ok(read.unreadable.is_empty() && same(&read.acl, acl))
    }

    /// In what the newest version differs from what a copy was to keep, where nobody knows how the
    /// copy went.
    pub(crate) async fn lost(&self, copy: &ReEncrypt) -> Result<Vec<String>, CloudError> {
        let Place::Object(pinned) = Place::of(&copy.resource)? else { return Ok(Vec::new()) };
        let object = newest(pinned);
        let head = self.head_in_full(object).await?;
        let mut lost = differences(copy, &copy.version, &head.version);
        let before = copy.details.as_ref().map(|details| details.checksums.as_slice());
        if !head.checksums.is_empty() && before.is_some_and(|before| before != head.checksums) {
            lost.push("checksum");
        }
        let made = Object { version: head.version.version_id.as_deref(), ..object };
        lost.extend(self.beside_content(copy, made).await?);
        Ok(lost.into_iter().map(str::to_owned).collect())
    }

    /// Compares what was made with what it was made from: everything but the key must be kept.
    async fn read_back(
        &self,
        copy: &ReEncrypt,
        object: Object<'_>,
        before: &Head,
        made: &Made,
    ) -> Result<(), CloudError> {
        const OPERATION: &str = "s3:CopyObject";
        let etag = &made.etag;
        let made = Object { version: made.version.as_deref(), ..object };
        let after = self.head_in_full(made).await?;
        if after.version.etag.as_ref() != Some(etag) {
            // Somebody's newer upload stands there by now, where no versions are kept: it is not
            // ours to compare.
            return Ok(());
        }
        let mut lost = differences(copy, &before.version, &after.version);
        // Where one of the two may not be read there is nothing to compare.
        let summed = !before.checksums.is_empty() && !after.checksums.is_empty();
        if summed && (before.checksums != after.checksums || before.sums != after.sums) {
            lost.push("checksum");
        }
        lost.extend(self.beside_content(copy, made).await?);
        // Somebody may have taken a grant back while the copy was made, which then has it still.
        let source = Object { version: before.version.version_id.as_deref(), ..object };
        if source.version.is_some() && source.version != made.version {
            match self.has_acl(copy, source).await {
                Ok(true) => {}
                Ok(false) => lost.push("ACL, which was changed while it was copied"),
                Err(error) if error.retry == Retry::Gone => {}
                Err(error) => return Err(error),
            }
        }
        if lost.is_empty() {
            return Ok(());
        }
        let code = format!("the copy was made and differs in: {}", lost.join(", "));
        Err(refusal(OPERATION, name(object), code, Retry::Pointless))
    }
}

/// The object itself, whatever version is the newest.
const fn newest(object: Object<'_>) -> Object<'_> {
    Object { version: None, ..object }
}

/// In what a copy differs from its source, besides what it was made to change.
fn differences(
    copy: &ReEncrypt,
    before: &StoredVersion,
    after: &StoredVersion,
) -> Vec<&'static str> {
    let key_kept = match (copy.to.key(), after.encryption.key()) {
        // S3 tells the key's ARN, whatever name it was asked by.
        (Some(asked), Some(told)) if asked.contains(":key/") => asked == told,
        (Some(_), Some(_)) | (None, _) => true,
        (Some(_), None) => false,
    };
    [
        ("encryption", copy.to.word() == after.encryption.word() && key_kept),
        ("size", before.size == after.size),
        ("metadata", before.metadata == after.metadata),
        ("unreadable metadata", before.missing_metadata == after.missing_metadata),
        ("content headers", before.content == after.content),
        ("storage class", before.storage_class == after.storage_class),
        ("website redirect", before.website_redirect == after.website_redirect),
        // A bucket's default retention locks every new version.
        ("object lock", before.lock == after.lock),
    ]
    .into_iter()
    .filter(|(_, kept)| !kept)
    .map(|(what, _)| what)
    .collect()
}
