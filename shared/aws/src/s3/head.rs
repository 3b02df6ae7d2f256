//! `HeadObject`, and what it does not say.

use std::collections::BTreeMap;

use aws_sdk_s3::{
    operation::head_object::HeadObjectOutput,
    types::{ChecksumMode, ChecksumType, ObjectLockLegalHoldStatus, ServerSideEncryption},
};
use aws_smithy_types::date_time::Format;
use controls::s3_unencrypted_upload::{
    Checksum, ContentHeaders, Encryption, ObjectLock, StoredVersion,
};
use respond::{CloudError, Retry};

use super::{Api, Object};
use crate::error::{Kind, cloud_error};

/// A version with the checksums that S3 keeps beside it, where they were asked for.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) version: StoredVersion,
    pub(crate) checksums: Vec<Checksum>,
    /// Their values, by algorithm.
    pub(crate) sums: BTreeMap<String, String>,
}

impl Api {
    /// What is known of a version, with its checksums where these may be read: those of an object
    /// under a KMS key are told only to whom may use the key.
    pub(crate) async fn head_in_full(&self, object: Object<'_>) -> Result<Head, CloudError> {
        match self.head(object, true).await {
            Err(error) if error.retry == Retry::Pointless => self.head(object, false).await,
            answer => answer,
        }
    }

    /// What is known of a version without reading it.
    pub(crate) async fn head(
        &self,
        object: Object<'_>,
        checksums: bool,
    ) -> Result<Head, CloudError> {
        let request = self.reads.head_object().bucket(object.bucket).key(object.key);
        let request = request
            .set_version_id(object.version.map(str::to_owned))
            .set_checksum_mode(checksums.then_some(ChecksumMode::Enabled));
        match request.expected_bucket_owner(object.owner).send().await {
            Ok(answer) => Ok(read(answer)),
            Err(error) => {
                let status = error.raw_response().map(|answer| answer.status().as_u16());
                match status {
                    Some(400) => self.without_key(object).await,
                    // A delete marker is a version without content.
                    Some(405) => {
                        let mut error = failed("s3:HeadObject", object, error);
                        error.retry = Retry::Gone;
                        Err(error)
                    }
                    Some(_) | None => Err(failed("s3:HeadObject", object, error)),
                }
            }
        }
    }

    /// Finds out why `HeadObject` answered 400: an answer to HEAD has no body, hence no code. An
    /// object under a customer's own key is refused so, and so are stale credentials. `GetObject`
    /// of one byte is refused for the same reason, in words.
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html>.
    async fn without_key(&self, object: Object<'_>) -> Result<Head, CloudError> {
        let request = self.reads.get_object().bucket(object.bucket).key(object.key);
        let request = request.set_version_id(object.version.map(str::to_owned)).range("bytes=0-0");
        match request.expected_bucket_owner(object.owner).send().await {
            Ok(_) => Err(crate::error::refusal(
                "s3:HeadObject",
                name(object),
                "http 400",
                Retry::Worthwhile,
            )),
            Err(error) => {
                let error = failed("s3:GetObject", object, error);
                if error.code != "InvalidRequest" {
                    return Err(error);
                }
                let mut version = StoredVersion::of(Encryption::Customer);
                version.version_id = object.version.map(str::to_owned);
                Ok(Head { version, checksums: Vec::new(), sums: BTreeMap::new() })
            }
        }
    }
}

pub(crate) fn name(object: Object<'_>) -> String {
    format!("{}/{}", object.bucket, object.key)
}

fn failed<E>(
    operation: &'static str,
    object: Object<'_>,
    error: aws_sdk_s3::error::SdkError<E>,
) -> CloudError
where
    E: aws_sdk_s3::error::ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    cloud_error(Kind::Read, operation, name(object), error)
}

fn sums(answer: &HeadObjectOutput) -> BTreeMap<String, String> {
    [
        ("CRC32", answer.checksum_crc32()),
        ("CRC32C", answer.checksum_crc32_c()),
        ("CRC64NVME", answer.checksum_crc64_nvme()),
        ("MD5", answer.checksum_md5()),
        ("SHA1", answer.checksum_sha1()),
        ("SHA256", answer.checksum_sha256()),
        ("SHA512", answer.checksum_sha512()),
        ("XXHASH3", answer.checksum_xxhash3()),
        ("XXHASH64", answer.checksum_xxhash64()),
        ("XXHASH128", answer.checksum_xxhash128()),
    ]
    .into_iter()
    .filter_map(|(algorithm, value)| Some((algorithm.to_owned(), value?.to_owned())))
    .collect()
}

fn read(answer: HeadObjectOutput) -> Head {
    let sums = sums(&answer);
    let composite = answer.checksum_type() == Some(&ChecksumType::Composite);
    let checksums = sums.keys().map(|name| Checksum { algorithm: name.clone(), composite });
    let checksums = checksums.collect();
    let encryption = if answer.sse_customer_algorithm().is_some() {
        Encryption::Customer
    } else {
        let word = answer.server_side_encryption().map(ServerSideEncryption::as_str);
        Encryption::from_words(word, answer.ssekms_key_id())
    };
    let until = answer.object_lock_retain_until_date();
    let lock = ObjectLock {
        mode: answer.object_lock_mode().map(|mode| mode.as_str().to_owned()),
        retain_until: until.and_then(|until| until.fmt(Format::DateTime).ok()),
        legal_hold: answer.object_lock_legal_hold_status() == Some(&ObjectLockLegalHoldStatus::On),
    };
    let version = StoredVersion {
        encryption,
        by_default: false,
        bucket_key: answer.bucket_key_enabled().unwrap_or(false),
        size: answer.content_length().and_then(|size| u64::try_from(size).ok()),
        storage_class: answer.storage_class().map(|class| class.as_str().to_owned()),
        archive_status: answer.archive_status().map(|status| status.as_str().to_owned()),
        replication: answer.replication_status().map(|status| status.as_str().to_owned()),
        missing_metadata: answer.missing_meta().and_then(|n| u64::try_from(n).ok()).unwrap_or(0),
        lock,
        version_id: answer.version_id,
        etag: answer.e_tag,
        restore: answer.restore,
        metadata: answer.metadata.map(BTreeMap::from_iter).unwrap_or_default(),
        content: ContentHeaders {
            content_type: answer.content_type,
            content_encoding: answer.content_encoding,
            content_language: answer.content_language,
            content_disposition: answer.content_disposition,
            cache_control: answer.cache_control,
            expires: answer.expires_string,
        },
        website_redirect: answer.website_redirect_location,
    };
    Head { version, checksums, sums }
}
