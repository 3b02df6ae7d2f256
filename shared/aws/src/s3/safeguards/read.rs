//! Settings, read. What would be lost in writing it back is an error and not a guess.

use aws_sdk_s3::types;
use controls::{
    s3::Grantee,
    s3_bucket_safeguards::{
        Encryption, EventHold, LogFormat, LogGrant, LogTarget, Logging, ObjectLock, Retention,
        Versioning, VersioningStatus,
    },
};
use model::trust::LockMode;
use respond::{CloudError, Retry};

use super::super::{Api, Place, unless_absent};
use crate::error::{Kind, cloud_error, refusal};

/// An answer that is not understood.
pub(super) fn strange(
    operation: &'static str,
    bucket: &str,
    what: impl Into<String>,
) -> CloudError {
    refusal(operation, bucket, what, Retry::Pointless)
}

impl Api {
    /// Default encryption. S3 itself always has one since 2023; its lookalikes may not.
    pub(super) async fn encryption(&self, place: Place<'_>) -> Result<Encryption, CloudError> {
        const READ: &str = "s3:GetBucketEncryption";
        let (bucket, owner) = place.bucket();
        let request = self.reads.get_bucket_encryption().bucket(bucket);
        let answer = request.expected_bucket_owner(owner).send().await;
        let absent = "ServerSideEncryptionConfigurationNotFoundError";
        let answer = unless_absent(answer, absent, READ, bucket)?;
        let configuration = answer.and_then(|answer| answer.server_side_encryption_configuration);
        let Some(rule) = configuration.and_then(|all| all.rules.into_iter().next()) else {
            return Ok(Encryption::default());
        };
        let default = rule.apply_server_side_encryption_by_default;
        let blocked = rule.blocked_encryption_types.map(|blocked| {
            let kinds = blocked.encryption_type.unwrap_or_default();
            kinds.iter().map(|kind| kind.as_str().to_owned()).collect()
        });
        Ok(Encryption {
            algorithm: default.as_ref().map(|by| by.sse_algorithm.as_str().to_owned()),
            key: default.and_then(|by| by.kms_master_key_id),
            bucket_key: rule.bucket_key_enabled,
            blocked,
        })
    }

    /// Versioning. A bucket that never had any says nothing.
    pub(super) async fn bucket_versioning(
        &self,
        place: Place<'_>,
    ) -> Result<Versioning, CloudError> {
        const READ: &str = "s3:GetBucketVersioning";
        let (bucket, owner) = place.bucket();
        let request = self.reads.get_bucket_versioning().bucket(bucket);
        let answer = request.expected_bucket_owner(owner).send().await;
        let answer = answer.map_err(|error| cloud_error(Kind::Read, READ, bucket, error))?;
        let status = match answer.status.as_ref().map(types::BucketVersioningStatus::as_str) {
            None | Some("") => VersioningStatus::Off,
            Some("Enabled") => VersioningStatus::Enabled,
            Some("Suspended") => VersioningStatus::Suspended,
            Some(other) => return Err(strange(READ, bucket, format!("unknown status `{other}`"))),
        };
        let mfa_delete = answer.mfa_delete == Some(types::MfaDeleteStatus::Enabled);
        Ok(Versioning { status, mfa_delete: Some(mfa_delete) })
    }

    /// Access logging.
    pub(super) async fn logging(&self, place: Place<'_>) -> Result<Logging, CloudError> {
        const READ: &str = "s3:GetBucketLogging";
        let (bucket, owner) = place.bucket();
        let request = self.reads.get_bucket_logging().bucket(bucket);
        let answer = request.expected_bucket_owner(owner).send().await;
        let answer = answer.map_err(|error| cloud_error(Kind::Read, READ, bucket, error))?;
        let Some(on) = answer.logging_enabled else { return Ok(Logging::default()) };
        let mut grants = Vec::new();
        for grant in on.target_grants.unwrap_or_default() {
            let read = grant_of(&grant);
            grants.push(read.ok_or_else(|| strange(READ, bucket, "unknown grantee of logs"))?);
        }
        let format = on.target_object_key_format.map(|format| match format.partitioned_prefix {
            None => LogFormat::Simple,
            Some(by) => LogFormat::Partitioned {
                date_source: by.partition_date_source.map(|source| source.as_str().to_owned()),
            },
        });
        let target =
            LogTarget { bucket: on.target_bucket, prefix: on.target_prefix, grants, format };
        Ok(Logging { target: Some(target) })
    }

    /// Object Lock; a bucket without it answers that there is no configuration.
    pub(super) async fn object_lock(&self, place: Place<'_>) -> Result<ObjectLock, CloudError> {
        const READ: &str = "s3:GetObjectLockConfiguration";
        let (bucket, owner) = place.bucket();
        let request = self.reads.get_object_lock_configuration().bucket(bucket);
        let answer = request.expected_bucket_owner(owner).send().await;
        let absent = "ObjectLockConfigurationNotFoundError";
        let answer = unless_absent(answer, absent, READ, bucket)?;
        let Some(configuration) = answer.and_then(|answer| answer.object_lock_configuration) else {
            return Ok(ObjectLock::default());
        };
        let enabled = configuration.object_lock_enabled == Some(types::ObjectLockEnabled::Enabled);
        let default = configuration.rule.and_then(|rule| rule.default_retention);
        let Some(default) = default else { return Ok(ObjectLock { enabled, retention: None }) };
        let mode = match default.mode.as_ref().map(types::ObjectLockRetentionMode::as_str) {
            Some("GOVERNANCE") => LockMode::Governance,
            Some("COMPLIANCE") => LockMode::Compliance,
            other => return Err(strange(READ, bucket, format!("unknown mode `{other:?}`"))),
        };
        let length = |number: Option<i32>| number.and_then(|number| u32::try_from(number).ok());
        let retention = Retention {
            mode,
            days: length(default.days),
            years: length(default.years),
            event_hold: default
                .default_event_hold
                .map(|hold| EventHold { days: length(hold.days), years: length(hold.years) }),
        };
        Ok(ObjectLock { enabled, retention: Some(retention) })
    }
}

fn grant_of(grant: &types::TargetGrant) -> Option<LogGrant> {
    let grantee = grant.grantee()?;
    let grantee = match (grantee.id(), grantee.uri(), grantee.email_address()) {
        (Some(id), ..) => Grantee::CanonicalUser { id: id.to_owned() },
        (None, Some(uri), _) => Grantee::Group { uri: uri.to_owned() },
        (None, None, Some(address)) => Grantee::Email { address: address.to_owned() },
        (None, None, None) => return None,
    };
    Some(LogGrant { grantee, permission: grant.permission()?.as_str().to_owned() })
}
