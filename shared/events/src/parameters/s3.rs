//! The S3 calls about objects, ACLs, ownership, public access and what keeps a bucket safe, and
//! S3's own events.
//!
//! CloudTrail turns an S3 request into members by a grammar of its own: query parameters and headers
//! by their names, a subresource as an empty member (`"acl": ""`), an XML body under its root element
//! with lists of one as their element. Until 2019 the first two were lists of one.
//! Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html>.

mod access;
mod lifecycle;
mod policy;
mod safeguards;

use model::AccountId;
use percent_encoding::percent_decode_str;

use crate::{
    Record,
    parameters::{Field, FromMembers, Object, Unusable},
};

pub use access::{
    AclRequest, CreateBucket, PublicAccessBlock, PutAcl, PutBucketOwnershipControls,
    PutPublicAccessBlock,
};
pub use lifecycle::{LifecycleFilter, LifecycleRule, LifecycleTransition, PutBucketLifecycle};
pub use policy::{AccessPoint, PutAccessPointPolicy, PutBucketPolicy};
pub use safeguards::{
    DefaultRetention, EncryptionRule, LogTarget, NamedMetrics, PutBucketEncryption,
    PutBucketLogging, PutBucketVersioning, PutObjectLockConfiguration,
};

/// `DeleteBucketOwnershipControls`, `DeleteBucketPublicAccessBlock` and whatever else names a bucket
/// and no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// `bucketName`. Absent from calls about a whole account.
    pub bucket: Field<String>,
    /// The account that the host names, in calls about a whole account:
    /// `111122223333.s3-control.eu-west-1.amazonaws.com`.
    pub account: Field<AccountId>,
}

impl FromMembers for Bucket {
    fn from_members(object: &Object<'_>) -> Self {
        Self { bucket: bucket_of(object), account: account_of_host(object) }
    }
}

/// An object that a call names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedObject {
    /// `bucketName`.
    pub bucket: Field<String>,
    /// `key`, as it is (CloudTrail decodes it).
    pub key: Field<String>,
    /// `versionId`, where the call asked for a version.
    pub version_id: Field<String>,
}

impl FromMembers for NamedObject {
    fn from_members(object: &Object<'_>) -> Self {
        Self {
            bucket: bucket_of(object),
            // Outposts write `Key`.
            key: object.text_any(&["key", "Key"]),
            version_id: object.text("versionId"),
        }
    }
}

/// `PutObject`, `PostObject` and `CreateMultipartUpload`, as asked; for `CopyObject` see
/// [`CopyObject`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutObject {
    /// The object that is written.
    pub object: NamedObject,
    /// The encryption asked for.
    pub encryption: Encryption,
    /// The ACL asked for.
    pub acl: AclRequest,
    /// `x-amz-storage-class`.
    pub storage_class: Field<String>,
}

impl FromMembers for PutObject {
    fn from_members(object: &Object<'_>) -> Self {
        Self {
            object: NamedObject::from_members(object),
            encryption: Encryption::from_members(object),
            acl: AclRequest::from_members(object),
            storage_class: object.header("x-amz-storage-class"),
        }
    }
}

/// `PostObject`, as asked.
pub type PostObject = PutObject;

/// `CreateMultipartUpload`, as asked.
pub type CreateMultipartUpload = PutObject;

/// `CopyObject`, as asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyObject {
    /// The copy.
    pub put: PutObject,
    /// What is copied.
    pub source: Field<CopySource>,
}

impl FromMembers for CopyObject {
    fn from_members(object: &Object<'_>) -> Self {
        let name = "x-amz-copy-source";
        Self {
            put: PutObject::from_members(object),
            source: object.header(name).and_then(|text| {
                CopySource::parse(&text).ok_or_else(|| {
                    object.malformed(name, format!("`{text}` names no bucket and key"))
                })
            }),
        }
    }
}

/// `CompleteMultipartUpload`, as asked. What the upload was begun with is told by
/// `CreateMultipartUpload` alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompleteMultipartUpload {
    /// The object that is written.
    pub object: NamedObject,
    /// `uploadId`.
    pub upload_id: Field<String>,
}

impl FromMembers for CompleteMultipartUpload {
    fn from_members(object: &Object<'_>) -> Self {
        Self {
            object: NamedObject::from_members(object),
            upload_id: object.text_any(&["uploadId", "uploadID"]),
        }
    }
}

/// What `x-amz-copy-source` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopySource {
    /// The bucket, or an access point's ARN.
    pub bucket: String,
    /// The key, decoded.
    pub key: String,
    /// The version, where one is named.
    pub version_id: Option<String>,
}

impl CopySource {
    /// Reads `bucket/key`, with or without a slash before it and `?versionId=…` after it,
    /// URL-encoded; or an access point's `arn:…:accesspoint/name/object/key`.
    ///
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        // The version is cut before decoding: a key may hold an encoded question mark.
        let (path, version_id) = match text.rsplit_once("?versionId=") {
            Some((path, version)) => (path, Some(version.to_owned())),
            None => (text, None),
        };
        let path = percent_decode_str(path).decode_utf8().ok()?;
        let path = path.strip_prefix('/').unwrap_or(&path);
        let (bucket, key) = if path.starts_with("arn:") {
            path.split_once("/object/")?
        } else {
            path.split_once('/')?
        };
        let whole = !bucket.is_empty() && !key.is_empty();
        whole.then(|| Self { bucket: bucket.to_owned(), key: key.to_owned(), version_id })
    }
}

/// Encryption headers, of a request or of an answer.
///
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html>.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encryption {
    /// `x-amz-server-side-encryption`: `AES256`, `aws:kms`, `aws:kms:dsse`.
    pub algorithm: Field<String>,
    /// `x-amz-server-side-encryption-aws-kms-key-id`: an id, an alias or an ARN in a request, an ARN
    /// in an answer.
    pub kms_key_id: Field<String>,
    /// `x-amz-server-side-encryption-customer-algorithm`: the customer's own key (SSE-C).
    pub customer_algorithm: Field<String>,
    /// `x-amz-server-side-encryption-bucket-key-enabled`.
    pub bucket_key: Field<bool>,
}

impl FromMembers for Encryption {
    fn from_members(object: &Object<'_>) -> Self {
        Self {
            algorithm: object.header("x-amz-server-side-encryption"),
            kms_key_id: object.header("x-amz-server-side-encryption-aws-kms-key-id"),
            customer_algorithm: object.header("x-amz-server-side-encryption-customer-algorithm"),
            bucket_key: flag_header(object, "x-amz-server-side-encryption-bucket-key-enabled"),
        }
    }
}

/// What was answered to a write of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenObject {
    /// `x-amz-version-id`.
    pub version_id: Field<String>,
    /// The encryption applied.
    pub encryption: Encryption,
}

impl FromMembers for WrittenObject {
    fn from_members(object: &Object<'_>) -> Self {
        Self {
            version_id: object.header("x-amz-version-id"),
            encryption: Encryption::from_members(object),
        }
    }
}

/// `additionalEventData.SSEApplied`: how an object came to be encrypted as it is.
///
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-encryption-tracking.html>.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum SseApplied {
    /// The bucket's default, S3's own keys.
    DefaultSseS3,
    /// The bucket's default, a KMS key.
    DefaultSseKms,
    /// The bucket's default, a KMS key, twice.
    DefaultDsseKms,
    /// Asked for: S3's own keys.
    SseS3,
    /// Asked for: a KMS key.
    SseKms,
    /// Asked for: a KMS key, twice.
    DsseKms,
    /// Asked for: the customer's key.
    SseC,
    /// Something newer.
    Other(String),
}

impl SseApplied {
    fn of(word: String) -> Self {
        match word.as_str() {
            "Default_SSE_S3" => Self::DefaultSseS3,
            "Default_SSE_KMS" => Self::DefaultSseKms,
            "Default_DSSE_KMS" => Self::DefaultDsseKms,
            "SSE_S3" => Self::SseS3,
            "SSE_KMS" => Self::SseKms,
            "DSSE_KMS" => Self::DsseKms,
            "SSE_C" => Self::SseC,
            _ => Self::Other(word),
        }
    }
}

/// What S3 adds to the record of a data event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdditionalData {
    /// `SSEApplied`. Absent before 2023 from objects that nobody encrypted, and always from the
    /// completion of a multipart upload.
    pub sse_applied: Field<SseApplied>,
    /// `bytesTransferredIn`.
    pub bytes_in: Field<u64>,
    /// `AuthenticationMethod`: `AuthHeader`, `QueryString` (a presigned URL), `HtmlForm`.
    pub authentication_method: Field<String>,
}

impl FromMembers for AdditionalData {
    fn from_members(object: &Object<'_>) -> Self {
        Self {
            sse_applied: object.text("SSEApplied").map(SseApplied::of),
            bytes_in: object.number("bytesTransferredIn"),
            authentication_method: object.text("AuthenticationMethod"),
        }
    }
}

/// The `detail` of a native S3 event (`Object Created`, `Object ACL Updated`), which stands in
/// [`Record::request_parameters`].
///
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html>.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NativeEvent {
    /// `bucket.name`.
    pub bucket: Field<String>,
    /// `object.key`, as it is (not URL-encoded, unlike in S3's notifications to queues).
    pub key: Field<String>,
    /// `object.version-id`; absent where the bucket keeps no versions.
    pub version_id: Field<String>,
    /// `object.etag`, without quotes.
    pub etag: Field<String>,
    /// `object.size` in bytes.
    pub size: Field<u64>,
    /// `object.sequencer`: orders the events of one key.
    pub sequencer: Field<String>,
    /// `reason`: `PutObject`, `POST Object`, `CopyObject`, `CompleteMultipartUpload`, …
    pub reason: Field<String>,
    /// `requester`: an account id or a service's name.
    pub requester: Field<String>,
}

impl FromMembers for NativeEvent {
    fn from_members(object: &Object<'_>) -> Self {
        let bucket = object.object("bucket");
        let named = object.object("object");
        let text = |name| named.as_ref().map_err(Clone::clone).and_then(|named| named.text(name));
        Self {
            bucket: bucket.and_then(|bucket| bucket.text("name")),
            key: text("key"),
            version_id: text("version-id"),
            etag: text("etag").map(|etag| etag.trim_matches('"').to_owned()),
            size: named.as_ref().map_err(Clone::clone).and_then(|named| named.number("size")),
            sequencer: text("sequencer"),
            reason: object.text("reason"),
            requester: object.text("requester"),
        }
    }
}

/// The bucket that a record is about: from its parameters, or where CloudTrail left them out (or
/// they name an access point) from `resources`, if just one bucket is named there.
///
/// # Errors
/// [`Unusable`], of the parameters, when neither names it.
pub fn bucket_of_record(record: &Record) -> Field<String> {
    let of_parameters = record.parameters::<Bucket>().and_then(|named| named.bucket);
    if let Ok(bucket) = &of_parameters
        && !is_access_point(bucket)
    {
        return of_parameters;
    }
    let resources = record.resources();
    let mut names = resources.iter().filter_map(|resource| {
        let path = s3_path(&resource.arn)?;
        Some(path.split_once('/').map_or(path, |(bucket, _)| bucket))
    });
    match names.next() {
        Some(first) if names.all(|name| name == first) => Ok(first.to_owned()),
        Some(_) | None => of_parameters,
    }
}

/// The object that a record is about: from its parameters, or where CloudTrail left them out (or
/// they name an access point) from `resources`, if just one object of that key is named there (a
/// copy names its source too).
///
/// # Errors
/// [`Unusable`], of the parameters, when neither names it.
pub fn object_of_record(record: &Record) -> Field<NamedObject> {
    let asked = record.parameters::<NamedObject>();
    let key = asked.as_ref().ok().and_then(|named| named.key.clone().ok());
    let version_id = asked.as_ref().ok().map(|named| named.version_id.clone());
    let of_parameters = asked.and_then(|named| {
        named.bucket.clone()?;
        named.key.clone()?;
        Ok(named)
    });
    if let Ok(named) = &of_parameters
        && !named.bucket.as_deref().is_ok_and(is_access_point)
    {
        return of_parameters;
    }
    let resources = record.resources();
    let mut objects = resources
        .iter()
        .filter_map(|resource| s3_path(&resource.arn)?.split_once('/'))
        .filter(|(_, named)| !named.is_empty() && key.as_ref().is_none_or(|key| key == named));
    match (objects.next(), objects.next()) {
        (Some((bucket, key)), None) => Ok(NamedObject {
            bucket: Ok(bucket.to_owned()),
            key: Ok(key.to_owned()),
            version_id: version_id.unwrap_or_else(|| {
                Err(Unusable::Absent { path: "requestParameters.versionId".into() })
            }),
        }),
        (Some(_) | None, _) => of_parameters,
    }
}

/// Whether a name that stands for a bucket is that of an access point: its ARN, or its alias.
///
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-naming.html>.
#[must_use]
pub fn is_access_point(bucket: &str) -> bool {
    bucket.starts_with("arn:") || bucket.ends_with("-s3alias")
}

/// The part of an S3 ARN that names a bucket, or a bucket and a key. Those of access points have a
/// Region and an account.
fn s3_path(arn: &str) -> Option<&str> {
    let segments: Vec<&str> = arn.splitn(6, ':').collect();
    match segments.as_slice() {
        ["arn", _, "s3", "", "", path] if !path.is_empty() => Some(path),
        _ => None,
    }
}

fn bucket_of(object: &Object<'_>) -> Field<String> {
    object.text_any(&["bucketName", "bucket"])
}

/// Calls about a whole account name it by the host alone.
fn account_of_host(object: &Object<'_>) -> Field<AccountId> {
    let host = object.text_any(&["Host", "host"])?;
    let label = host.split('.').next().unwrap_or_default();
    let account = AccountId::from(label);
    if host.contains(".s3-control") && account.is_well_formed() {
        Ok(account)
    } else {
        Err(object.absent("Host"))
    }
}

fn flag_header(object: &Object<'_>, header: &str) -> Field<bool> {
    let text = object.header(header)?;
    match text.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(object.malformed(header, format!("expected a boolean, found `{text}`"))),
    }
}
