//! The state, made of API responses that somebody supplies (`--state FILE`).
//!
//! The form is that of the API, as `aws s3api` prints it.

use std::collections::BTreeMap;

use model::{ResourceId, Target};
use serde::Deserialize;
use serde_json::Value;

use super::state::{
    Checksum, ContentHeaders, DefaultEncryption, Encryption, KeyFacts, ObjectDetails, ObjectLock,
    StoredVersion, UploadState, Versioning,
};
use crate::{
    StateError,
    responses::{self, OwnershipResponse, TaggingResponse},
    s3::Acl,
};

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Head {
    version_id: Option<String>,
    #[serde(rename = "ETag")]
    etag: Option<String>,
    content_length: Option<u64>,
    server_side_encryption: Option<String>,
    #[serde(rename = "SSEKMSKeyId")]
    key: Option<String>,
    #[serde(rename = "SSECustomerAlgorithm")]
    customer_algorithm: Option<String>,
    bucket_key_enabled: Option<bool>,
    storage_class: Option<String>,
    archive_status: Option<String>,
    restore: Option<String>,
    metadata: BTreeMap<String, String>,
    missing_meta: Option<u64>,
    content_type: Option<String>,
    content_encoding: Option<String>,
    content_language: Option<String>,
    content_disposition: Option<String>,
    cache_control: Option<String>,
    expires: Option<String>,
    website_redirect_location: Option<String>,
    object_lock_mode: Option<String>,
    object_lock_retain_until_date: Option<String>,
    object_lock_legal_hold_status: Option<String>,
    replication_status: Option<String>,
    checksum_type: Option<String>,
    #[serde(rename = "ChecksumCRC32")]
    crc32: Option<String>,
    #[serde(rename = "ChecksumCRC32C")]
    crc32c: Option<String>,
    #[serde(rename = "ChecksumCRC64NVME")]
    crc64nvme: Option<String>,
    #[serde(rename = "ChecksumSHA1")]
    sha1: Option<String>,
    #[serde(rename = "ChecksumSHA256")]
    sha256: Option<String>,
}

impl Head {
    /// Whether it is an answer about an object: silence about encryption says something only in one.
    const fn is_an_objects(&self) -> bool {
        self.etag.is_some()
            || self.server_side_encryption.is_some()
            || self.customer_algorithm.is_some()
    }

    fn checksums(&self) -> Vec<Checksum> {
        let composite = self.checksum_type.as_deref() == Some("COMPOSITE");
        [
            ("CRC32", &self.crc32),
            ("CRC32C", &self.crc32c),
            ("CRC64NVME", &self.crc64nvme),
            ("SHA1", &self.sha1),
            ("SHA256", &self.sha256),
        ]
        .into_iter()
        .filter(|(_, value)| value.is_some())
        .map(|(algorithm, _)| Checksum { algorithm: algorithm.to_owned(), composite })
        .collect()
    }

    fn version(self) -> StoredVersion {
        let encryption = if self.customer_algorithm.is_some() {
            Encryption::Customer
        } else {
            Encryption::from_words(self.server_side_encryption.as_deref(), self.key.as_deref())
        };
        StoredVersion {
            version_id: self.version_id,
            etag: self.etag,
            size: self.content_length,
            encryption,
            by_default: false,
            bucket_key: self.bucket_key_enabled.unwrap_or(false),
            storage_class: self.storage_class,
            archive_status: self.archive_status,
            restore: self.restore,
            metadata: self.metadata,
            missing_metadata: self.missing_meta.unwrap_or(0),
            content: ContentHeaders {
                content_type: self.content_type,
                content_encoding: self.content_encoding,
                content_language: self.content_language,
                content_disposition: self.content_disposition,
                cache_control: self.cache_control,
                expires: self.expires,
            },
            website_redirect: self.website_redirect_location,
            lock: ObjectLock {
                mode: self.object_lock_mode,
                retain_until: self.object_lock_retain_until_date,
                legal_hold: self.object_lock_legal_hold_status.as_deref() == Some("ON"),
            },
            replication: self.replication_status,
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct BucketEncryption {
    server_side_encryption_configuration: Option<Configuration>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Configuration {
    rules: Vec<Rule>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Rule {
    apply_server_side_encryption_by_default: Option<ByDefault>,
    bucket_key_enabled: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct ByDefault {
    #[serde(rename = "SSEAlgorithm")]
    algorithm: Option<String>,
    #[serde(rename = "KMSMasterKeyID")]
    key: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct BucketVersioning {
    status: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DescribeKey {
    key_metadata: KeyMetadata,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct KeyMetadata {
    arn: String,
    key_state: Option<String>,
}

impl DescribeKey {
    fn facts(self, named: Option<&str>) -> KeyFacts {
        let state = self.key_metadata.key_state.filter(|state| state != "Enabled");
        let named = named.map_or_else(|| self.key_metadata.arn.clone(), str::to_owned);
        KeyFacts { named, arn: Some(self.key_metadata.arn), problem: state }
    }
}

impl DefaultEncryption {
    /// SSE-S3, which every bucket without a configuration of its own has.
    #[must_use]
    pub const fn without_configuration() -> Self {
        Self { encryption: Encryption::S3, bucket_key: false }
    }
}

/// The state made of `HeadObject`, `GetBucketEncryption` and, where they are given, the responses
/// that details are read from.
pub(super) fn state(target: &Target, responses: &Value) -> Result<UploadState, StateError> {
    let head: Head = responses::required(target, responses, "HeadObject")?;
    if !head.is_an_objects() {
        let what = "it holds neither an `ETag` nor an encryption";
        return Err(responses::unfit(target, "HeadObject", what));
    }
    let checksums = head.checksums();
    let version = head.version();
    let state = UploadState {
        details: details(target, responses, &version, checksums)?,
        version,
        default: None,
        keys: Vec::new(),
        from_record: false,
    };
    supplement(target, state, responses)
}

/// The same state with what the responses tell of bucket and keys.
pub(super) fn supplement(
    target: &Target,
    mut state: UploadState,
    responses: &Value,
) -> Result<UploadState, StateError> {
    if let Some(default) = default(target, responses)? {
        // What a record proves of the default at the time of the upload says less than what the
        // bucket has: the requirement is that of the bucket.
        state.version.by_default = false;
        state.default = Some(default);
    }
    state.keys.extend(keys(target, responses)?);
    Ok(state)
}

fn default(target: &Target, responses: &Value) -> Result<Option<DefaultEncryption>, StateError> {
    let Some(response) =
        responses::optional::<BucketEncryption>(target, responses, "GetBucketEncryption")?
    else {
        return Ok(None);
    };
    // The API answers with a configuration, or with an error where there is none.
    let Some(configuration) = response.server_side_encryption_configuration else {
        let what = "it holds no `ServerSideEncryptionConfiguration`";
        return Err(responses::unfit(target, "GetBucketEncryption", what));
    };
    let Some(rule) = configuration.rules.into_iter().next() else {
        return Ok(Some(DefaultEncryption::without_configuration()));
    };
    let bucket_key = rule.bucket_key_enabled.unwrap_or(false);
    let encryption = match rule.apply_server_side_encryption_by_default {
        Some(ByDefault { algorithm: Some(algorithm), key }) => {
            Encryption::from_words(Some(&algorithm), key.as_deref())
        }
        Some(ByDefault { algorithm: None, .. }) | None => Encryption::S3,
    };
    Ok(Some(DefaultEncryption { encryption, bucket_key }))
}

/// `"DescribeKey": {"KeyMetadata": …}`, or one such by the name each key was asked by.
fn keys(target: &Target, responses: &Value) -> Result<Vec<KeyFacts>, StateError> {
    let Some(response) = responses.get("DescribeKey").filter(|value| !value.is_null()) else {
        return Ok(Vec::new());
    };
    let form = |source| StateError::Form {
        operation: "DescribeKey",
        arn: target.resource.arn.clone(),
        source,
    };
    if response.get("KeyMetadata").is_some() {
        let key: DescribeKey = serde_json::from_value(response.clone()).map_err(form)?;
        return Ok(vec![key.facts(None)]);
    }
    let named: BTreeMap<String, DescribeKey> =
        serde_json::from_value(response.clone()).map_err(form)?;
    Ok(named.into_iter().map(|(name, key)| key.facts(Some(&name))).collect())
}

fn details(
    target: &Target,
    responses: &Value,
    version: &StoredVersion,
    checksums: Vec<Checksum>,
) -> Result<Option<ObjectDetails>, StateError> {
    let ownership: Option<OwnershipResponse> =
        responses::optional(target, responses, "GetBucketOwnershipControls")?;
    let ownership = ownership.and_then(|response| response.ownership());
    let acl = responses::acl(target, responses, "GetObjectAcl")?;
    let bucket_acl: Option<Acl> = responses::acl(target, responses, "GetBucketAcl")?;
    if ownership.is_none() && acl.is_none() {
        return Ok(None);
    }
    let versioning: Option<BucketVersioning> =
        responses::optional(target, responses, "GetBucketVersioning")?;
    let tags: Option<TaggingResponse> = responses::optional(target, responses, "GetObjectTagging")?;
    let ResourceId::Object { version_id: wanted, .. } = &target.resource.id else {
        return Ok(None);
    };
    Ok(Some(ObjectDetails {
        current: wanted.is_none() || *wanted == version.version_id,
        versioning: match versioning.and_then(|response| response.status).as_deref() {
            Some("Enabled") => Versioning::Enabled,
            Some("Suspended") => Versioning::Suspended,
            Some(_) | None => Versioning::Unversioned,
        },
        ownership,
        bucket_owner: bucket_acl.and_then(|acl| acl.owner),
        acl,
        tags: tags.map(TaggingResponse::tags),
        checksums,
    }))
}
