//! A copy of an object that is too large for one call: in parts.
//!
//! Parts that were copied are stored, and paid for, until the upload is completed or aborted: so
//! every way out of here that does not complete it aborts it, and waits until it is aborted. A part
//! that is still being copied then may be stored after all, so it is aborted until S3 knows no such
//! upload.
//! Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html>.

use std::time::Duration;

use aws_sdk_s3::{
    Client,
    operation::RequestId,
    types::{ChecksumType, CompletedMultipartUpload, CompletedPart, CopyPartResult},
};
use aws_smithy_types::{DateTime, date_time::Format};
use controls::{
    s3::tagging_header,
    s3_unencrypted_upload::{Parts, ReEncrypt},
};
use respond::{CloudError, Retry};
use tokio::{task::JoinSet, time::timeout};

use super::{Made, Source, describe, time_for, within};
use crate::{
    error::{Kind, cloud_error, refusal},
    s3::{Api, Object, head::name},
};

/// Parts copied at the same time.
const AT_ONCE: usize = 8;

/// How often an upload is aborted, and how long after one another.
const ABORTS: u32 = 3;
const BETWEEN_ABORTS: Duration = Duration::from_secs(1);

/// Time for S3 to put the parts together.
const COMPLETING: Duration = Duration::from_secs(32);

/// The time within which all parts are copied, or the copy is given up.
fn copying_time(parts: Parts) -> Duration {
    let rounds = parts.count.div_ceil(AT_ONCE as u64);
    time_for(parts.size).saturating_mul(u32::try_from(rounds).unwrap_or(u32::MAX))
}

/// The longest that a copy in parts may take, beginning and abort included.
pub(super) fn time_needed(parts: Parts) -> Duration {
    copying_time(parts).saturating_add(COMPLETING).saturating_add(time_for(0).saturating_mul(2))
}

/// An upload that is aborted unless it was completed.
struct Upload {
    client: Client,
    bucket: String,
    key: String,
    owner: String,
    id: String,
    open: bool,
}

impl Upload {
    /// Takes the parts back; whether that is known to have been done.
    async fn abort(&mut self) -> bool {
        let mut aborted = false;
        for time in 0..ABORTS {
            if time > 0 {
                tokio::time::sleep(BETWEEN_ABORTS).await;
            }
            let sent = self
                .client
                .abort_multipart_upload()
                .bucket(&self.bucket)
                .key(&self.key)
                .expected_bucket_owner(&self.owner)
                .upload_id(&self.id)
                .send()
                .await;
            let Err(error) = sent else {
                aborted = true;
                continue;
            };
            let error = cloud_error(Kind::Write, "s3:AbortMultipartUpload", &self.bucket, error);
            if error.code == "NoSuchUpload" {
                aborted = true;
                break;
            }
            tracing::error!(operation = error.operation, code = error.code, "parts not taken back");
            if error.retry != Retry::Worthwhile {
                break;
            }
        }
        self.open = false;
        aborted
    }

    /// Takes the parts back because of an error, which says so where they may be left behind: the
    /// bucket's lifecycle rule is then the second line.
    async fn given_up(&mut self, mut error: CloudError) -> CloudError {
        if !self.abort().await {
            error.code.push_str("; its parts could not be taken back (AbortMultipartUpload)");
        }
        error
    }
}

impl Drop for Upload {
    /// The future was dropped between two calls, which the time asked for beforehand is there to
    /// prevent: the abort is left to the executor, for as long as there is one.
    fn drop(&mut self) {
        if !self.open {
            return;
        }
        let Ok(executor) = tokio::runtime::Handle::try_current() else { return };
        let mut orphan = Self {
            client: self.client.clone(),
            bucket: std::mem::take(&mut self.bucket),
            key: std::mem::take(&mut self.key),
            owner: std::mem::take(&mut self.owner),
            id: std::mem::take(&mut self.id),
            open: false,
        };
        drop(executor.spawn(async move { orphan.abort().await }));
    }
}

/// One part: its number from 1, and its first and last byte.
fn range(parts: Parts, size: u64, index: u64) -> (i32, String) {
    let first = index.saturating_mul(parts.size);
    let last = first.saturating_add(parts.size).min(size).saturating_sub(1);
    let number = i32::try_from(index.saturating_add(1)).unwrap_or(i32::MAX);
    (number, format!("bytes={first}-{last}"))
}

fn completed(number: i32, result: &CopyPartResult) -> CompletedPart {
    let text = |value: Option<&str>| value.map(str::to_owned);
    CompletedPart::builder()
        .part_number(number)
        .set_e_tag(text(result.e_tag()))
        .set_checksum_crc32(text(result.checksum_crc32()))
        .set_checksum_crc32_c(text(result.checksum_crc32_c()))
        .set_checksum_crc64_nvme(text(result.checksum_crc64_nvme()))
        .set_checksum_sha1(text(result.checksum_sha1()))
        .set_checksum_sha256(text(result.checksum_sha256()))
        .set_checksum_sha512(text(result.checksum_sha512()))
        .set_checksum_md5(text(result.checksum_md5()))
        .set_checksum_xxhash3(text(result.checksum_xxhash3()))
        .set_checksum_xxhash64(text(result.checksum_xxhash64()))
        .set_checksum_xxhash128(text(result.checksum_xxhash128()))
        .build()
}

impl Api {
    /// Copies in parts and completes; aborts on every other way out.
    pub(super) async fn copy_parts(
        &self,
        copy: &ReEncrypt,
        object: Object<'_>,
        source: &Source,
        parts: Parts,
    ) -> Result<Made, CloudError> {
        let mut upload = self.create(copy, object).await?;
        let mut under_way = JoinSet::new();
        let limit = copying_time(parts);
        let copying = self.copy_each(&upload, &mut under_way, copy, object, source, parts);
        let copied = timeout(limit, copying).await.unwrap_or_else(|_elapsed| {
            // Not worth another try, which would begin anew and come no further.
            let code = format!("given up after {} seconds", limit.as_secs());
            Err(refusal("s3:UploadPartCopy", name(object), code, Retry::Pointless))
        });
        let copied = match copied {
            Ok(copied) => copied,
            Err(error) => {
                under_way.shutdown().await;
                return Err(upload.given_up(error).await);
            }
        };
        match self.complete(&upload, object, source, copied).await {
            Ok(done) => {
                upload.open = false;
                Ok(done)
            }
            Err(error) => {
                // Where the answer was lost the upload may be complete: then there is nothing left
                // to abort, and S3 says so.
                Err(upload.given_up(error).await)
            }
        }
    }

    async fn create(&self, copy: &ReEncrypt, object: Object<'_>) -> Result<Upload, CloudError> {
        const OPERATION: &str = "s3:CreateMultipartUpload";
        let version = &copy.version;
        let content = &version.content;
        let refuse = |code: &str| refusal(OPERATION, name(object), code, Retry::Pointless);
        let expires = match content.expires.as_deref() {
            None => None,
            Some(text) => Some(
                DateTime::from_str(text, Format::HttpDate)
                    .ok()
                    .ok_or_else(|| refuse("its `Expires` is not a date, so it cannot be kept"))?,
            ),
        };
        let tags = copy.details.as_ref().and_then(|details| details.tags.as_ref());
        let tags = tags.ok_or_else(|| refuse("its tags are not known"))?;
        // One over the whole, as the source has it; by itself S3 makes one over the parts of some.
        let summed = copy.details.as_ref().is_some_and(|details| !details.checksums.is_empty());
        let request = self
            .writes
            .create_multipart_upload()
            .bucket(object.bucket)
            .key(object.key)
            .expected_bucket_owner(object.owner)
            .set_metadata(Some(version.metadata.clone().into_iter().collect()))
            .set_content_type(content.content_type.clone())
            .set_content_encoding(content.content_encoding.clone())
            .set_content_language(content.content_language.clone())
            .set_content_disposition(content.content_disposition.clone())
            .set_cache_control(content.cache_control.clone())
            .set_expires(expires)
            .set_checksum_type(summed.then_some(ChecksumType::FullObject))
            .set_tagging((!tags.is_empty()).then(|| tagging_header(tags)));
        let answer = describe(request, copy, object)?
            .send()
            .await
            .map_err(|error| cloud_error(Kind::Write, OPERATION, name(object), error))?;
        let id = answer.upload_id.ok_or_else(|| refuse("no upload id"))?;
        Ok(Upload {
            client: self.writes.clone(),
            bucket: object.bucket.to_owned(),
            key: object.key.to_owned(),
            owner: object.owner.to_owned(),
            id,
            open: true,
        })
    }

    /// Copies every part, some at a time.
    async fn copy_each(
        &self,
        upload: &Upload,
        under_way: &mut JoinSet<Result<CompletedPart, CloudError>>,
        copy: &ReEncrypt,
        object: Object<'_>,
        source: &Source,
        parts: Parts,
    ) -> Result<Vec<CompletedPart>, CloudError> {
        const OPERATION: &str = "s3:UploadPartCopy";
        let size = copy.version.size.unwrap_or(0);
        let mut waiting = (0..parts.count).map(|index| range(parts, size, index));
        let mut copied = Vec::new();
        loop {
            while under_way.len() < AT_ONCE {
                let Some((number, range)) = waiting.next() else { break };
                let request = self
                    .writes
                    .upload_part_copy()
                    .bucket(object.bucket)
                    .key(object.key)
                    .expected_bucket_owner(object.owner)
                    .expected_source_bucket_owner(object.owner)
                    .upload_id(&upload.id)
                    .copy_source(&source.path)
                    .copy_source_if_match(&source.etag)
                    .part_number(number)
                    .copy_source_range(range);
                let limit = time_for(parts.size);
                let name = name(object);
                under_way.spawn(async move {
                    let sent = request.customize().config_override(within(limit)).send().await;
                    let answer =
                        sent.map_err(|error| cloud_error(Kind::Write, OPERATION, &name, error))?;
                    let result = answer.copy_part_result.filter(|part| part.e_tag().is_some());
                    let result = result
                        .ok_or_else(|| refusal(OPERATION, &name, "no result", Retry::Worthwhile))?;
                    Ok::<_, CloudError>(completed(number, &result))
                });
            }
            match under_way.join_next().await {
                None => break,
                Some(Ok(part)) => copied.push(part.map_err(nothing_in_doubt)?),
                Some(Err(error)) => {
                    let code = error.to_string();
                    return Err(refusal(OPERATION, name(object), code, Retry::Worthwhile));
                }
            }
        }
        copied.sort_by_key(CompletedPart::part_number);
        Ok(copied)
    }

    async fn complete(
        &self,
        upload: &Upload,
        object: Object<'_>,
        source: &Source,
        parts: Vec<CompletedPart>,
    ) -> Result<Made, CloudError> {
        const OPERATION: &str = "s3:CompleteMultipartUpload";
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
        let answer = self
            .writes
            .complete_multipart_upload()
            .bucket(object.bucket)
            .key(object.key)
            .expected_bucket_owner(object.owner)
            .upload_id(&upload.id)
            .multipart_upload(parts)
            .if_match(&source.etag)
            .customize()
            .config_override(within(COMPLETING))
            .send()
            .await
            .map_err(|error| cloud_error(Kind::Write, OPERATION, name(object), error))?;
        let Some(etag) = answer.e_tag().map(str::to_owned) else {
            let mut error = refusal(OPERATION, name(object), "no result", Retry::Worthwhile);
            error.in_doubt = true;
            return Err(error);
        };
        let request_id = answer.request_id().map(str::to_owned);
        Ok(Made { etag, version: answer.version_id, request_id })
    }
}

/// A part whose answer was lost changes nothing: the object is changed by completing only.
fn nothing_in_doubt(mut error: CloudError) -> CloudError {
    error.in_doubt = false;
    error
}
