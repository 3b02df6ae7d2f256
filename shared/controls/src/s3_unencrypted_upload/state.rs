//! What must be read to answer `s3-unencrypted-upload`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    Tags,
    s3::{Acl, ObjectOwnership},
};

/// How an object is, or has to be, encrypted at rest.
///
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/serv-side-encryption.html>.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "algorithm")]
pub enum Encryption {
    /// Not at all: objects from before 2023-01-05.
    #[serde(rename = "none")]
    None,
    /// SSE-S3: a key that S3 keeps.
    #[serde(rename = "AES256")]
    S3,
    /// SSE-KMS: a key in KMS.
    #[serde(rename = "aws:kms")]
    Kms {
        /// The key. Of a stored object always the key's ARN; of a bucket's default what was
        /// configured (ARN, id, alias or nothing, which means the AWS managed key).
        key: Option<String>,
    },
    /// DSSE-KMS: encrypted twice, a key in KMS.
    #[serde(rename = "aws:kms:dsse")]
    KmsTwice {
        /// As for [`Encryption::Kms`].
        key: Option<String>,
    },
    /// SSE-C: a key that only the caller has. S3 answers `HeadObject` without that key with 400, so
    /// this may be all that is known of the object.
    #[serde(rename = "SSE-C")]
    Customer,
    /// An algorithm that this build does not know.
    #[serde(rename = "other")]
    Other {
        /// S3's word for it.
        word: String,
        /// Its key, if it names one.
        key: Option<String>,
    },
}

impl Encryption {
    /// Reads `x-amz-server-side-encryption` and the key's header beside it.
    #[must_use]
    pub fn from_words(algorithm: Option<&str>, key: Option<&str>) -> Self {
        let key = key.map(str::to_owned);
        match algorithm {
            None => Self::None,
            Some("AES256") => Self::S3,
            Some("aws:kms") => Self::Kms { key },
            Some("aws:kms:dsse") => Self::KmsTwice { key },
            Some(other) => Self::Other { word: other.to_owned(), key },
        }
    }

    /// S3's word for the algorithm; `None`: not encrypted.
    #[must_use]
    pub fn word(&self) -> Option<&str> {
        match self {
            Self::None => None,
            Self::S3 => Some("AES256"),
            Self::Kms { .. } => Some("aws:kms"),
            Self::KmsTwice { .. } => Some("aws:kms:dsse"),
            Self::Customer => Some("SSE-C"),
            Self::Other { word, .. } => Some(word),
        }
    }

    /// The KMS key, where one is named.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        match self {
            Self::Kms { key } | Self::KmsTwice { key } | Self::Other { key, .. } => key.as_deref(),
            Self::None | Self::S3 | Self::Customer => None,
        }
    }
}

/// A bucket's default encryption: the first rule of `GetBucketEncryption`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DefaultEncryption {
    /// Algorithm and key as configured. A bucket without a configuration has SSE-S3.
    pub encryption: Encryption,
    /// Whether new KMS objects use a bucket key.
    pub bucket_key: bool,
}

/// What KMS says of a key that somebody named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyFacts {
    /// The name it was asked by: an ARN, an id, `alias/…`.
    pub named: String,
    /// The key's ARN; `None`: there is no such key, or it may not be read.
    pub arn: Option<String>,
    /// Why it cannot be used (`Disabled`, `PendingDeletion`, `AccessDenied`, `NotFound`, …);
    /// `None`: it can.
    pub problem: Option<String>,
}

/// Headers that describe the content.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ContentHeaders {
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// `Content-Encoding`.
    pub content_encoding: Option<String>,
    /// `Content-Language`.
    pub content_language: Option<String>,
    /// `Content-Disposition`.
    pub content_disposition: Option<String>,
    /// `Cache-Control`.
    pub cache_control: Option<String>,
    /// `Expires`, as S3 gave it.
    pub expires: Option<String>,
}

/// Object Lock of one version.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ObjectLock {
    /// `GOVERNANCE` or `COMPLIANCE`.
    pub mode: Option<String>,
    /// Until when, as S3 gave it.
    pub retain_until: Option<String>,
    /// Whether a legal hold is on.
    pub legal_hold: bool,
}

impl ObjectLock {
    /// Whether anything locks the version.
    #[must_use]
    pub const fn is_locked(&self) -> bool {
        self.mode.is_some() || self.legal_hold
    }
}

/// One version of an object: what `HeadObject` tells of the version in question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredVersion {
    /// Its version id; `None`: the bucket keeps no versions (or a record does not say).
    #[serde(default)]
    pub version_id: Option<String>,
    /// Its `ETag`, quotes included as S3 gives them. `None` in what was projected from a record and
    /// in inverses.
    #[serde(default)]
    pub etag: Option<String>,
    /// Bytes.
    #[serde(default)]
    pub size: Option<u64>,
    /// Algorithm and key.
    pub encryption: Encryption,
    /// Whether S3 used the bucket's default because the request asked for nothing: proven by
    /// `SSEApplied: Default_…` in a record. A live read does not tell: `false`.
    #[serde(default)]
    pub by_default: bool,
    /// Whether a bucket key was used.
    #[serde(default)]
    pub bucket_key: bool,
    /// `None` means `STANDARD`.
    #[serde(default)]
    pub storage_class: Option<String>,
    /// `x-amz-archive-status` (`ARCHIVE_ACCESS`, `DEEP_ARCHIVE_ACCESS`), of Intelligent-Tiering.
    #[serde(default)]
    pub archive_status: Option<String>,
    /// `x-amz-restore`, as S3 gave it. Not written down: see [`StoredVersion::replication`].
    #[serde(default, skip_serializing)]
    pub restore: Option<String>,
    /// `x-amz-meta-…`, without the prefix.
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
    /// `x-amz-missing-meta`: entries that cannot be told as headers.
    #[serde(default)]
    pub missing_metadata: u64,
    /// What describes the content.
    #[serde(default)]
    pub content: ContentHeaders,
    /// `x-amz-website-redirect-location`.
    #[serde(default)]
    pub website_redirect: Option<String>,
    /// Object Lock.
    #[serde(default)]
    pub lock: ObjectLock,
    /// `x-amz-replication-status`: `PENDING`, `COMPLETED`, `FAILED`, `REPLICA`. Written down only
    /// where it stays as it is: states from the ledger are compared to see whether somebody changed
    /// the object, and replication goes on by itself.
    #[serde(default, skip_serializing_if = "is_under_way")]
    pub replication: Option<String>,
}

#[expect(clippy::ref_option, reason = "the signature that `skip_serializing_if` calls")]
fn is_under_way(replication: &Option<String>) -> bool {
    replication.as_deref() != Some("REPLICA")
}

impl StoredVersion {
    /// A version of which only the encryption is known.
    #[must_use]
    pub fn of(encryption: Encryption) -> Self {
        Self {
            version_id: None,
            etag: None,
            size: None,
            encryption,
            by_default: false,
            bucket_key: false,
            storage_class: None,
            archive_status: None,
            restore: None,
            metadata: BTreeMap::new(),
            missing_metadata: 0,
            content: ContentHeaders::default(),
            website_redirect: None,
            lock: ObjectLock::default(),
            replication: None,
        }
    }
}

/// Whether a bucket keeps versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Versioning {
    /// Never switched on: a copy replaces.
    Unversioned,
    /// On: a copy adds a version, the present one stays.
    Enabled,
    /// Switched off again: a copy replaces the version `null` and leaves others.
    Suspended,
}

/// A checksum that S3 keeps beside an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checksum {
    /// `CRC32`, `CRC32C`, `CRC64NVME`, `SHA1`, `SHA256`.
    pub algorithm: String,
    /// Over the parts (`COMPOSITE`), which a copy in one piece cannot keep, rather than over the
    /// whole (`FULL_OBJECT`).
    pub composite: bool,
}

/// What is read only once a version looks wrong: everything that a faithful copy needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectDetails {
    /// Whether the version is the newest of its key: `HeadObject` without a version id.
    pub current: bool,
    /// `GetBucketVersioning`.
    pub versioning: Versioning,
    /// `GetBucketOwnershipControls`; `None`: no such setting, so ACLs work.
    pub ownership: Option<ObjectOwnership>,
    /// The bucket owner's canonical user id (`GetBucketAcl`); `None`: not readable.
    pub bucket_owner: Option<String>,
    /// The object's ACL; `None`: not readable.
    pub acl: Option<Acl>,
    /// The object's tags; `None`: not readable.
    pub tags: Option<Tags>,
    /// The checksums S3 keeps; empty: none, as for objects from before 2024-12.
    pub checksums: Vec<Checksum>,
}

/// One version of an object and what its bucket demands.
///
/// Two reads answer when nothing is wrong: `HeadObject` and `GetBucketEncryption` (or, where the
/// trust file names a key by alias, `DescribeKey` in its place). `details`, and the facts of the
/// required key, are read only when [`assess`](crate::Control::assess) of the first look finds
/// something; without them there is no finding that may be reverted live.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadState {
    /// The version.
    pub version: StoredVersion,
    /// The bucket's default; `None`: not read because the trust file names the key, or not in the
    /// record.
    pub default: Option<DefaultEncryption>,
    /// What KMS says of the keys that had to be asked for.
    #[serde(default)]
    pub keys: Vec<KeyFacts>,
    /// What only a suspicious version makes worth reading.
    #[serde(default)]
    pub details: Option<ObjectDetails>,
    /// Whether a record told this rather than a read. A record that does not tell enough leaves the
    /// question open; a read that does not is evidence that could not be read.
    #[serde(default)]
    pub from_record: bool,
}

impl ContentHeaders {
    /// The headers that are there, by parameter name.
    pub(super) fn to_parameters(&self) -> Vec<(&'static str, &str)> {
        [
            ("ContentType", &self.content_type),
            ("ContentEncoding", &self.content_encoding),
            ("ContentLanguage", &self.content_language),
            ("ContentDisposition", &self.content_disposition),
            ("CacheControl", &self.cache_control),
            ("Expires", &self.expires),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.as_deref()?)))
        .collect()
    }
}

impl ObjectDetails {
    /// The ACL as the grant headers of a copy, by parameter name; empty where none are needed.
    pub(super) fn grant_headers(&self) -> Vec<(&'static str, String)> {
        let Some(acl) = self.acl.as_ref() else { return Vec::new() };
        if self.ownership == Some(ObjectOwnership::BucketOwnerEnforced) || acl.is_owners_alone() {
            return Vec::new();
        }
        acl.grant_headers()
    }
}
