//! The S3 calls that set what keeps a bucket safe: encryption, versioning, logging, lifecycle, Object
//! Lock, request metrics.
//!
//! S3 turns the XML body of a request into members: one element is an object and several are a list,
//! an empty element is an empty text, and a number stays one. The SDK's plural (`Rules`) is read
//! where the XML has the singular.
//! Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html>.

use super::bucket_of;
use crate::parameters::{Field, FromMembers, Object};

/// `PutBucketEncryption`, as asked.
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketEncryption.html>.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutBucketEncryption {
    /// `bucketName`.
    pub bucket: Field<String>,
    /// `ServerSideEncryptionConfiguration.Rule`.
    pub rule: Field<EncryptionRule>,
}

/// The default encryption of a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncryptionRule {
    /// `AES256`, `aws:kms`, `aws:kms:dsse`.
    pub algorithm: Field<String>,
    /// `KMSMasterKeyID`: an id, an alias or an ARN; absent for the AWS managed key.
    pub key: Field<String>,
    /// `BucketKeyEnabled`.
    pub bucket_key: Field<bool>,
    /// `BlockedEncryptionTypes.EncryptionType`: `SSE-C` or `NONE`.
    pub blocked: Field<String>,
}

impl FromMembers for PutBucketEncryption {
    fn from_members(object: &Object<'_>) -> Self {
        let rule = |configuration: Object<'_>| {
            let rule = only(&configuration, &["Rule", "Rules"])?;
            let default = rule.object("ApplyServerSideEncryptionByDefault");
            let text = |name| default.as_ref().map_err(Clone::clone).and_then(|by| by.text(name));
            Ok(EncryptionRule {
                algorithm: text("SSEAlgorithm"),
                key: text("KMSMasterKeyID"),
                bucket_key: rule.flag("BucketKeyEnabled"),
                blocked: rule
                    .object("BlockedEncryptionTypes")
                    .and_then(|blocked| blocked.text("EncryptionType")),
            })
        };
        Self {
            bucket: bucket_of(object),
            rule: object.object("ServerSideEncryptionConfiguration").and_then(rule),
        }
    }
}

/// `PutBucketVersioning`, as asked.
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketVersioning.html>.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutBucketVersioning {
    /// `bucketName`.
    pub bucket: Field<String>,
    /// `VersioningConfiguration.Status`: `Enabled` or `Suspended`.
    pub status: Field<String>,
    /// `VersioningConfiguration.MfaDelete`: `Enabled` or `Disabled`; absent: left as it was.
    pub mfa_delete: Field<String>,
}

impl FromMembers for PutBucketVersioning {
    fn from_members(object: &Object<'_>) -> Self {
        let asked = object.object("VersioningConfiguration");
        let text = |names: &[&str]| {
            asked.as_ref().map_err(Clone::clone).and_then(|asked| asked.text_any(names))
        };
        // The header is `MfaDelete` in the body of the SDKs and `MFADelete` in older text.
        let mfa_delete = text(&["MfaDelete", "MFADelete"]);
        Self { bucket: bucket_of(object), status: text(&["Status"]), mfa_delete }
    }
}

/// `PutBucketLogging`, as asked.
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLogging.html>.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutBucketLogging {
    /// `bucketName`.
    pub bucket: Field<String>,
    /// `BucketLoggingStatus.LoggingEnabled`. `Ok(None)`: there is a status and it enables nothing,
    /// which is how logging is turned off. The member `logging` says nothing: it names the
    /// subresource, on and off alike.
    pub target: Field<Option<LogTarget>>,
}

/// Where access logs go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogTarget {
    /// `TargetBucket`.
    pub bucket: Field<String>,
    /// `TargetPrefix`; absent or empty: none.
    pub prefix: Field<String>,
    /// Whether grants or a key format go with it, which are not read here.
    pub more: bool,
}

impl FromMembers for PutBucketLogging {
    fn from_members(object: &Object<'_>) -> Self {
        let target = |status: Object<'_>| {
            if status.is_blank("LoggingEnabled") {
                return Ok(None);
            }
            let on = status.object("LoggingEnabled")?;
            Ok(Some(LogTarget {
                bucket: on.text("TargetBucket"),
                prefix: on.text("TargetPrefix"),
                more: !on.is_blank("TargetGrants") || !on.is_blank("TargetObjectKeyFormat"),
            }))
        };
        let target = if object.has("BucketLoggingStatus") && object.is_blank("BucketLoggingStatus")
        {
            Ok(None)
        } else {
            object.object("BucketLoggingStatus").and_then(target)
        };
        Self { bucket: bucket_of(object), target }
    }
}

/// `PutObjectLockConfiguration`, as asked.
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectLockConfiguration.html>.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutObjectLockConfiguration {
    /// `bucketName`.
    pub bucket: Field<String>,
    /// `ObjectLockConfiguration.ObjectLockEnabled`: `Enabled`.
    pub enabled: Field<String>,
    /// `ObjectLockConfiguration.Rule.DefaultRetention`. `Ok(None)`: the configuration has no rule,
    /// which is how a default retention is taken away.
    pub retention: Field<Option<DefaultRetention>>,
}

/// The retention of objects that are written without one of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefaultRetention {
    /// `GOVERNANCE` or `COMPLIANCE`.
    pub mode: Field<String>,
    /// `Days`; the API takes these or years.
    pub days: Field<u64>,
    /// `Years`.
    pub years: Field<u64>,
}

impl FromMembers for PutObjectLockConfiguration {
    fn from_members(object: &Object<'_>) -> Self {
        let asked = object.object("ObjectLockConfiguration");
        let retention = |asked: &Object<'_>| {
            if asked.is_blank("Rule") {
                return Ok(None);
            }
            let rule = asked.object("Rule")?;
            if rule.is_blank("DefaultRetention") {
                return Ok(None);
            }
            let retention = rule.object("DefaultRetention")?;
            Ok(Some(DefaultRetention {
                mode: retention.text("Mode"),
                days: retention.number("Days"),
                years: retention.number("Years"),
            }))
        };
        let asked = asked.as_ref();
        Self {
            bucket: bucket_of(object),
            enabled: asked.map_err(Clone::clone).and_then(|asked| asked.text("ObjectLockEnabled")),
            retention: asked.map_err(Clone::clone).and_then(retention),
        }
    }
}

/// `PutBucketMetricsConfiguration` and `DeleteBucketMetricsConfiguration`, as asked.
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketMetricsConfiguration.html>.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedMetrics {
    /// `bucketName`.
    pub bucket: Field<String>,
    /// `id`, from the query.
    pub id: Field<String>,
}

impl FromMembers for NamedMetrics {
    fn from_members(object: &Object<'_>) -> Self {
        let of_body =
            || object.object("MetricsConfiguration").and_then(|body| body.text_any(&["Id", "ID"]));
        let id = object.text_any(&["id", "Id", "ID"]).or_else(|absent| match of_body() {
            Err(none) if none.is_absent() => Err(absent),
            told => told,
        });
        Self { bucket: bucket_of(object), id }
    }
}

/// The one object of a list that may have one.
fn only<'a>(within: &Object<'a>, names: &[&str]) -> Field<Object<'a>> {
    let name = within.get_any(names).map_or("Rule", |(name, _)| name);
    let mut found = within.objects(name)?.into_iter();
    match (found.next(), found.len()) {
        (Some(one), 0) => Ok(one),
        (None, _) => Err(within.absent(name)),
        (Some(_), more) => {
            Err(within.malformed(name, format!("{} where one is meant", more.saturating_add(1))))
        }
    }
}

/// A member that is not there, as `None`.
pub(super) fn given<T>(field: Field<T>) -> Field<Option<T>> {
    match field {
        Ok(value) => Ok(Some(value)),
        Err(unusable) if unusable.is_absent() => Ok(None),
        Err(unusable) => Err(unusable),
    }
}
