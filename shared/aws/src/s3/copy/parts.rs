//! A copy of an object that is too large for one call: in parts.
//!
//! Parts that were copied are stored, and paid for, until the upload is completed or aborted: so
//! every way out of here that does not complete it aborts it.

use aws_sdk_s3::{
    Client,
    operation::RequestId,
    types::{CompletedMultipartUpload, CompletedPart, CopyPartResult},
};
use aws_smithy_types::{DateTime, date_time::Format};
use controls::{
    s3::tagging_header,
    s3_unencrypted_upload::{Parts, ReEncrypt},
};
use respond::{CloudError, Retry};
use tokio::task::JoinSet;

use super::{Made, Source, describe, time_for, within};
use crate::{
    error::{Kind, cloud_error, refusal},
    s3::{Api, Object, head::name},
};

/// Parts copied at the same time.
const AT_ONCE: usize = 8;

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
    async fn abort(&mut self) {
        self.open = false;
        let sent = self
            .client
            .abort_multipart_upload()
            .bucket(&self.bucket)
            .key(&self.key)
            .expected_bucket_owner(&self.owner)
            .upload_id(&self.id)
            .send()
            .await;
        if let Err(error) = sent {
            let error = cloud_error(Kind::Write, "s3:AbortMultipartUpload", &self.bucket, error);
            // Nothing more can be done from here; the bucket's lifecycle rule is the second line.
            tracing::error!(operation = error.operation, code = error.code, "parts left behind");
        }
    }
}

impl Drop for Upload {
    /// The future was dropped between two calls (the deadline came): the abort is left to the
    /// executor, which carries on while the error is reported.
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
        let copied = match self.copy_each(&upload, copy, object, source, parts).await {
            Ok(copied) => copied,
            Err(error) => {
                upload.abort().await;
                return Err(error);
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
                upload.abort().await;
                Err(error)
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

    /// Copies every part, some at a time. Dropping the set aborts the calls under way.
    async fn copy_each(
        &self,
        upload: &Upload,
        copy: &ReEncrypt,
        object: Object<'_>,
        source: &Source,
        parts: Parts,
    ) -> Result<Vec<CompletedPart>, CloudError> {
        const OPERATION: &str = "s3:UploadPartCopy";
        let size = copy.version.size.unwrap_or(0);
        let mut waiting = (0..parts.count).map(|index| range(parts, size, index));
        let mut under_way = JoinSet::new();
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
            .config_override(within(time_for(0).saturating_mul(8)))
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
