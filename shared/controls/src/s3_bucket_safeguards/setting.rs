//! The settings that keep a bucket safe, as values that can be compared, kept and written back.

use std::collections::BTreeMap;

use model::trust::{FloorEncryption, LockMode};
use serde::{Deserialize, Serialize};

use super::lifecycle::Lifecycle;
use crate::s3::{Grantee, ObjectOwnership};

/// Which setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Default encryption.
    Encryption,
    /// Versioning and MFA delete.
    Versioning,
    /// Server access logging.
    Logging,
    /// Lifecycle rules.
    Lifecycle,
    /// Object Lock and its default retention.
    ObjectLock,
    /// Object Ownership.
    Ownership,
    /// Request metrics.
    Metrics,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Encryption,
        Self::Versioning,
        Self::Logging,
        Self::Lifecycle,
        Self::ObjectLock,
        Self::Ownership,
        Self::Metrics,
    ];

    /// The word for it in a target's details.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Encryption => "encryption",
            Self::Versioning => "versioning",
            Self::Logging => "logging",
            Self::Lifecycle => "lifecycle",
            Self::ObjectLock => "object-lock",
            Self::Ownership => "ownership",
            Self::Metrics => "metrics",
        }
    }

    /// The kind of a word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// The operation that reads it.
    #[must_use]
    pub const fn read_by(self) -> &'static str {
        match self {
            Self::Encryption => "GetBucketEncryption",
            Self::Versioning => "GetBucketVersioning",
            Self::Logging => "GetBucketLogging",
            Self::Lifecycle => "GetBucketLifecycleConfiguration",
            Self::ObjectLock => "GetObjectLockConfiguration",
            Self::Ownership => "GetBucketOwnershipControls",
            Self::Metrics => "ListBucketMetricsConfigurations",
        }
    }
}

/// One setting with its value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Setting {
    /// Default encryption.
    Encryption(Encryption),
    /// Versioning and MFA delete.
    Versioning(Versioning),
    /// Server access logging.
    Logging(Logging),
    /// Lifecycle rules.
    Lifecycle(Lifecycle),
    /// Object Lock and its default retention.
    ObjectLock(ObjectLock),
    /// Object Ownership.
    Ownership(Ownership),
    /// Request metrics.
    Metrics(Metrics),
}

impl Setting {
    /// Which one it is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Encryption(_) => Kind::Encryption,
            Self::Versioning(_) => Kind::Versioning,
            Self::Logging(_) => Kind::Logging,
            Self::Lifecycle(_) => Kind::Lifecycle,
            Self::ObjectLock(_) => Kind::ObjectLock,
            Self::Ownership(_) => Kind::Ownership,
            Self::Metrics(_) => Kind::Metrics,
        }
    }
}

/// The settings of a bucket as far as they were looked at: `None` is *not looked at*, never *not
/// there*.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Default encryption.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encryption: Option<Encryption>,
    /// Versioning and MFA delete.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub versioning: Option<Versioning>,
    /// Server access logging.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logging: Option<Logging>,
    /// Lifecycle rules.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifecycle: Option<Lifecycle>,
    /// Object Lock and its default retention.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object_lock: Option<ObjectLock>,
    /// Object Ownership.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ownership: Option<Ownership>,
    /// Request metrics.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics: Option<Metrics>,
}

impl Settings {
    /// Sets one of them.
    pub fn set(&mut self, setting: Setting) {
        match setting {
            Setting::Encryption(value) => self.encryption = Some(value),
            Setting::Versioning(value) => self.versioning = Some(value),
            Setting::Logging(value) => self.logging = Some(value),
            Setting::Lifecycle(value) => self.lifecycle = Some(value),
            Setting::ObjectLock(value) => self.object_lock = Some(value),
            Setting::Ownership(value) => self.ownership = Some(value),
            Setting::Metrics(value) => self.metrics = Some(value),
        }
    }

    /// Whether one of them was looked at.
    #[must_use]
    pub const fn has(&self, kind: Kind) -> bool {
        match kind {
            Kind::Encryption => self.encryption.is_some(),
            Kind::Versioning => self.versioning.is_some(),
            Kind::Logging => self.logging.is_some(),
            Kind::Lifecycle => self.lifecycle.is_some(),
            Kind::ObjectLock => self.object_lock.is_some(),
            Kind::Ownership => self.ownership.is_some(),
            Kind::Metrics => self.metrics.is_some(),
        }
    }

    /// These, and of the others what is not known here.
    #[must_use]
    pub fn over(self, other: Self) -> Self {
        Self {
            encryption: self.encryption.or(other.encryption),
            versioning: self.versioning.or(other.versioning),
            logging: self.logging.or(other.logging),
            lifecycle: self.lifecycle.or(other.lifecycle),
            object_lock: self.object_lock.or(other.object_lock),
            ownership: self.ownership.or(other.ownership),
            metrics: self.metrics.or(other.metrics),
        }
    }
}

/// Default encryption.
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ServerSideEncryptionRule.html>.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Encryption {
    /// `AES256`, `aws:kms`, `aws:kms:dsse`, or a word from the future; `None`: the bucket has no
    /// default, which S3 itself has not let be since 2023.
    pub algorithm: Option<String>,
    /// The KMS key as it was named; `None`: none, or the AWS managed one.
    pub key: Option<String>,
    /// Whether an S3 Bucket Key spares calls to KMS; `None`: not said.
    pub bucket_key: Option<bool>,
    /// Kinds of encryption that uploads may not ask for (`SSE-C`); `None`: not said.
    pub blocked: Option<Vec<String>>,
}

impl Encryption {
    /// S3's own keys, which is also what a deleted default leaves.
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-encryption-faq.html>.
    #[must_use]
    pub fn s3() -> Self {
        Self { algorithm: Some("AES256".to_owned()), ..Self::default() }
    }

    /// How strong it is. `Ok(None)`: no default at all.
    ///
    /// # Errors
    /// The algorithm, if it is not known here.
    pub fn strength(&self) -> Result<Option<FloorEncryption>, &str> {
        match self.algorithm.as_deref() {
            None => Ok(None),
            Some("AES256") => Ok(Some(FloorEncryption::S3)),
            Some("aws:kms") => Ok(Some(FloorEncryption::Kms)),
            Some("aws:kms:dsse") => Ok(Some(FloorEncryption::KmsTwice)),
            Some(other) => Err(other),
        }
    }

    /// Whether uploads under keys that only the caller has are refused.
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_BlockedEncryptionTypes.html>.
    #[must_use]
    pub fn blocks_customer_keys(&self) -> bool {
        self.blocked.iter().flatten().any(|kind| kind == "SSE-C")
    }
}

/// What becomes of versions that are written over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VersioningStatus {
    /// Never switched on.
    Off,
    /// Switched off again: what is written over now is lost, older versions stay.
    Suspended,
    /// They are kept.
    Enabled,
}

/// Versioning and MFA delete.
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html>.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versioning {
    /// Whether versions are kept.
    pub status: VersioningStatus,
    /// Whether deleting a version takes an MFA code; `None`: the record does not say, and the call
    /// leaves it as it was.
    pub mfa_delete: Option<bool>,
}

/// Server access logging.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Logging {
    /// Where logs go; `None`: logging is off.
    pub target: Option<LogTarget>,
}

/// Where access logs go.
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_LoggingEnabled.html>.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LogTarget {
    /// The bucket.
    pub bucket: String,
    /// The prefix of their keys; may be empty.
    pub prefix: String,
    /// Who else may read them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grants: Vec<LogGrant>,
    /// The form of their keys; `None`: the simple one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<LogFormat>,
}

/// Who else may read access logs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogGrant {
    /// To whom it is given.
    pub grantee: Grantee,
    /// `FULL_CONTROL`, `READ` or `WRITE`.
    pub permission: String,
}

/// The form of the keys of access logs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// One prefix for all.
    Simple,
    /// By account, Region, bucket and date.
    Partitioned {
        /// `EventTime` or `DeliveryTime`.
        date_source: Option<String>,
    },
}

/// Object Lock.
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ObjectLockConfiguration.html>.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ObjectLock {
    /// Whether objects can be locked. Once on, it stays on.
    pub enabled: bool,
    /// The retention of objects that are written without one of their own.
    pub retention: Option<Retention>,
}

/// A default retention.
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DefaultRetention.html>.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    /// Who may shorten it.
    pub mode: LockMode,
    /// Its length, in days where `years` is not set.
    pub days: Option<u32>,
    /// Its length in years.
    pub years: Option<u32>,
    /// A hold that objects get beside it: days, or years.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_hold: Option<EventHold>,
}

/// A hold that objects get by default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventHold {
    /// Its length in days.
    pub days: Option<u32>,
    /// Its length in years.
    pub years: Option<u32>,
}

impl Retention {
    /// Its length in days; a year counts as 365.
    #[must_use]
    pub fn length(&self) -> u64 {
        length(self.days, self.years)
    }

    /// The length in days of the hold beside it; 0: there is none.
    #[must_use]
    pub fn hold_length(&self) -> u64 {
        self.event_hold.as_ref().map_or(0, |hold| length(hold.days, hold.years))
    }
}

fn length(days: Option<u32>, years: Option<u32>) -> u64 {
    let years = u64::from(years.unwrap_or(0)).saturating_mul(365);
    u64::from(days.unwrap_or(0)).saturating_add(years)
}

/// Object Ownership.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Ownership {
    /// The rule; `None`: the bucket has no such setting, so that ACLs count and whoever uploads owns.
    pub rule: Option<ObjectOwnership>,
}

impl Ownership {
    /// What it comes to.
    #[must_use]
    pub fn effect(self) -> ObjectOwnership {
        self.rule.unwrap_or(ObjectOwnership::ObjectWriter)
    }
}

/// Request metrics, by the id of their configuration.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Metrics {
    /// What each counts.
    pub configurations: BTreeMap<String, MetricsFilter>,
}

/// Which requests are counted: those that fit every part; without any, all.
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_MetricsFilter.html>.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct MetricsFilter {
    /// On keys that begin so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// On objects with these tags.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// Through this access point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_point: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_word_and_its_setting() {
        for kind in Kind::ALL {
            assert_eq!(Kind::of(kind.as_str()), Some(kind));
            assert!(!Settings::default().has(kind));
        }
        assert_eq!(Kind::of("acl"), None);
    }

    #[test]
    fn what_is_not_known_here_is_taken_from_the_other() {
        let one = Settings { encryption: Some(Encryption::s3()), ..Settings::default() };
        let other = Settings {
            encryption: Some(Encryption::default()),
            logging: Some(Logging::default()),
            ..Settings::default()
        };
        let merged = one.over(other);
        assert_eq!(merged.encryption, Some(Encryption::s3()));
        assert_eq!(merged.logging, Some(Logging::default()));
    }

    #[test]
    fn a_year_is_365_days() {
        let retention =
            |days, years| Retention { mode: LockMode::Governance, days, years, event_hold: None };
        assert_eq!(retention(Some(30), None).length(), 30);
        assert_eq!(retention(None, Some(2)).length(), 730);
        assert_eq!(retention(None, None).length(), 0);
    }
}
