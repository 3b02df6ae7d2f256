//! What `s3-unencrypted-upload` could ever do.

use model::{Operation, Remedy, Resource, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::state::{Encryption, ObjectDetails, StoredVersion};
use crate::{Tags, s3};

/// Largest object that one `CopyObject` takes, 5 GB as S3 counts (5 GiB).
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>.
pub const COPY_LIMIT: u64 = 5 * 1024 * 1024 * 1024;

/// Re-encrypts an object in place, or marks it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "remedy", rename_all = "snake_case")]
pub enum UploadRemedy {
    /// A copy of the object onto itself under another key.
    ReEncrypt(Box<ReEncrypt>),
    /// `PutObjectTagging`, which replaces the whole set: the adapter reads once more and refuses
    /// when the tags are not `before` any longer.
    PutTags {
        /// The object (and version).
        resource: Resource,
        /// The tags it was made for.
        before: Tags,
        /// The tags it leaves.
        after: Tags,
    },
}

/// A copy of one object onto itself under another key, everything else kept.
///
/// `CopyObject` with the source pinned (`x-amz-copy-source` with its version id,
/// `x-amz-copy-source-if-match`) and the destination guarded (`If-Match` with the same `ETag`), so
/// that a newer upload is never overwritten. Over [`COPY_LIMIT`] a multipart copy does the same,
/// its guard on `CompleteMultipartUpload`.
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html>.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReEncrypt {
    /// The object (and version).
    pub resource: Resource,
    /// Algorithm and key that it has.
    pub from: Encryption,
    /// Algorithm and key that it gets.
    pub to: Encryption,
    /// Whether the copy uses a bucket key.
    pub bucket_key: bool,
    /// The version as it was read: the copy's precondition, and what it keeps.
    pub version: StoredVersion,
    /// What else is kept. `None`: only a record was at hand, and nothing may be written on it.
    pub details: Option<ObjectDetails>,
}

/// How a large object is cut for a multipart copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts {
    /// How many.
    pub count: u64,
    /// Bytes of each but the last.
    pub size: u64,
}

/// Most parts of a multipart upload.
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html>.
const MOST_PARTS: u64 = 10_000;

/// Bytes of a part while they suffice: large enough that few calls are made, small enough that one
/// of them ends within seconds.
const PART: u64 = 1024 * 1024 * 1024;

impl ReEncrypt {
    /// How the object is copied in parts; `None`: one `CopyObject` takes it.
    #[must_use]
    pub fn parts(&self) -> Option<Parts> {
        let bytes = self.version.size.filter(|size| *size > COPY_LIMIT)?;
        let size = bytes.div_ceil(MOST_PARTS).max(PART);
        Some(Parts { count: bytes.div_ceil(size), size })
    }

    /// Whether the live version is still the one that this was made for.
    ///
    /// In an inverse `version` has no `ETag` and no version id, because those of the copy were not
    /// known when it was written down; size, encryption, metadata and headers must then agree.
    ///
    /// # Errors
    /// What differs.
    pub fn admits(&self, live: &StoredVersion) -> Result<(), &'static str> {
        let expected = &self.version;
        let unless = |same: bool, what| if same { Ok(()) } else { Err(what) };
        unless(expected.etag.is_none() || expected.etag == live.etag, "ETag")?;
        unless(
            expected.version_id.is_none() || expected.version_id == live.version_id,
            "version id",
        )?;
        unless(expected.size == live.size, "size")?;
        unless(self.from == live.encryption, "encryption")?;
        unless(expected.metadata == live.metadata, "metadata")?;
        unless(expected.content == live.content, "content headers")?;
        unless(expected.storage_class == live.storage_class, "storage class")?;
        unless(expected.lock == live.lock, "object lock")
    }

    /// Whether everything is known that a faithful and guarded copy needs.
    #[must_use]
    pub fn is_executable(&self) -> bool {
        self.details.is_some() && self.version.size.is_some()
    }

    /// The grant headers of the copy, by parameter name: S3 does not copy ACLs. Empty where ACLs
    /// are off and where the list is what S3 writes by itself (its owner, full control).
    #[must_use]
    pub fn grants(&self) -> Vec<(&'static str, String)> {
        self.details.as_ref().map(ObjectDetails::grant_headers).unwrap_or_default()
    }

    /// Whether a bucket key is used, said either way: where nothing is said, the bucket's default
    /// decides. `None`: not under SSE-KMS, where there is none.
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html>.
    #[must_use]
    pub const fn bucket_key_enabled(&self) -> Option<bool> {
        match self.to {
            Encryption::Kms { .. } => Some(self.bucket_key),
            Encryption::None
            | Encryption::S3
            | Encryption::KmsTwice { .. }
            | Encryption::Customer
            | Encryption::Other { .. } => None,
        }
    }

    fn common(&self) -> Map<String, Value> {
        let mut parameters = s3::named(&self.resource);
        parameters.remove("VersionId");
        let mut set = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                parameters.insert(name.to_owned(), value);
            }
        };
        set("ServerSideEncryption", self.to.word().map(Value::from));
        set("SSEKMSKeyId", self.to.key().map(Value::from));
        set("BucketKeyEnabled", self.bucket_key_enabled().map(Value::Bool));
        set("StorageClass", self.version.storage_class.clone().map(Value::from));
        set("WebsiteRedirectLocation", self.version.website_redirect.clone().map(Value::from));
        for (name, value) in self.grants() {
            set(name, Some(value.into()));
        }
        let checksum = self.details.as_ref().and_then(|details| details.checksums.first());
        set("ChecksumAlgorithm", checksum.map(|checksum| checksum.algorithm.clone().into()));
        parameters
    }

    fn source(&self) -> Vec<(&'static str, Value)> {
        let source = s3::copy_source(&self.resource, self.version.version_id.as_deref());
        let etag = self
            .version
            .etag
            .clone()
            .map_or_else(|| Value::from("(the ETag that a read just before tells)"), Value::from);
        vec![("CopySource", source.into()), ("CopySourceIfMatch", etag.clone()), ("IfMatch", etag)]
    }

    fn in_one(&self) -> Vec<Operation> {
        let mut parameters = self.common();
        for (name, value) in self.source() {
            parameters.insert(name.to_owned(), value);
        }
        parameters.insert("MetadataDirective".to_owned(), "COPY".into());
        parameters.insert("TaggingDirective".to_owned(), "COPY".into());
        vec![Operation::new("s3:CopyObject", Value::Object(parameters))]
    }

    fn in_parts(&self, parts: Parts) -> Vec<Operation> {
        let mut create = self.common();
        if create.contains_key("ChecksumAlgorithm") {
            create.insert("ChecksumType".to_owned(), "FULL_OBJECT".into());
        }
        create.insert("Metadata".to_owned(), json!(self.version.metadata));
        for (name, value) in self.version.content.to_parameters() {
            create.insert(name.to_owned(), value.into());
        }
        let tags = self.details.as_ref().and_then(|details| details.tags.as_ref());
        if let Some(tags) = tags.filter(|tags| !tags.is_empty()) {
            create.insert("Tagging".to_owned(), s3::tagging_header(tags).into());
        }
        let mut part = s3::named(&self.resource);
        let mut complete = s3::named(&self.resource);
        part.remove("VersionId");
        complete.remove("VersionId");
        for (name, value) in self.source() {
            let target = if name == "IfMatch" { &mut complete } else { &mut part };
            target.insert(name.to_owned(), value);
        }
        part.insert("PartNumber".to_owned(), format!("1 to {}", parts.count).into());
        part.insert(
            "CopySourceRange".to_owned(),
            format!("bytes=… in parts of {} bytes", parts.size).into(),
        );
        vec![
            Operation::new("s3:CreateMultipartUpload", Value::Object(create)),
            Operation::new("s3:UploadPartCopy", Value::Object(part)),
            Operation::new("s3:CompleteMultipartUpload", Value::Object(complete)),
        ]
    }

    fn inverse(&self) -> Option<Self> {
        // S3 stores nothing unencrypted any more, and nobody but the caller has a customer's key.
        match &self.from {
            Encryption::S3
            | Encryption::Kms { key: Some(_) }
            | Encryption::KmsTwice { key: Some(_) } => {}
            Encryption::None
            | Encryption::Kms { key: None }
            | Encryption::KmsTwice { key: None }
            | Encryption::Customer
            | Encryption::Other { .. } => return None,
        }
        let mut version = self.version.clone();
        version.etag = None;
        version.version_id = None;
        version.encryption = self.to.clone();
        Some(Self {
            resource: self.resource.clone(),
            from: self.to.clone(),
            to: self.from.clone(),
            bucket_key: self.version.bucket_key,
            version,
            details: self.details.clone(),
        })
    }
}

impl Remedy for UploadRemedy {
    fn needs(&self) -> Response {
        match self {
            Self::ReEncrypt(_) => Response::Revert,
            Self::PutTags { .. } => Response::Tag,
        }
    }

    fn operations(&self) -> Vec<Operation> {
        match self {
            Self::ReEncrypt(copy) => {
                copy.parts().map_or_else(|| copy.in_one(), |parts| copy.in_parts(parts))
            }
            Self::PutTags { resource, after, .. } => vec![s3::put_tags(resource, after)],
        }
    }

    fn inverse(&self) -> Option<Self> {
        match self {
            Self::ReEncrypt(copy) => {
                copy.inverse().map(|inverse| Self::ReEncrypt(Box::new(inverse)))
            }
            Self::PutTags { resource, before, after } => Some(Self::PutTags {
                resource: resource.clone(),
                before: after.clone(),
                after: before.clone(),
            }),
        }
    }

    fn iam_actions(&self) -> &'static [&'static str] {
        match self {
            Self::ReEncrypt(_) => RE_ENCRYPT_ACTIONS,
            Self::PutTags { resource, .. } => s3::tag_actions(resource),
        }
    }
}

/// Reading the source (its tags and ACL too), writing the copy (its tags and grants too), both keys, and
/// taking a multipart copy back.
pub(super) const RE_ENCRYPT_ACTIONS: &[&str] = &[
    "kms:Decrypt",
    "kms:GenerateDataKey",
    "s3:AbortMultipartUpload",
    "s3:GetObject",
    "s3:GetObjectAcl",
    "s3:GetObjectTagging",
    "s3:GetObjectVersion",
    "s3:GetObjectVersionAcl",
    "s3:GetObjectVersionTagging",
    "s3:PutObject",
    "s3:PutObjectAcl",
    "s3:PutObjectTagging",
];
