//! Settings, written: only over what was read, and only that one.

use aws_sdk_s3::{operation::RequestId, types};
use aws_smithy_types::error::operation::BuildError;
use controls::{
    s3::Grantee,
    s3_bucket_safeguards::{
        Encryption, Lifecycle, LogFormat, LogTarget, Logging, ObjectLock, Ownership, Setting,
        Versioning, VersioningStatus,
    },
};
use model::trust::LockMode;
use respond::{Applied, CloudError, Retry};

use super::{
    super::{Api, Place},
    metrics::concerned,
    read::strange,
    rules,
};
use crate::error::{Kind, cloud_error, refusal};

/// Sends a write and gives its request id.
macro_rules! send {
    ($request:expr, $operation:literal, $place:expr) => {{
        let (bucket, owner) = $place.bucket();
        let answer = $request.bucket(bucket).expected_bucket_owner(owner).send().await;
        let answer = answer.map_err(|error| cloud_error(Kind::Write, $operation, bucket, error))?;
        Ok(answer.request_id().map(str::to_owned).into_iter().collect())
    }};
}

type RequestIds = Result<Vec<String>, CloudError>;

impl Api {
    /// Writes a setting if the live one is still `before`. S3 has no condition for these calls, so
    /// the read just before is all the guard there is.
    pub(super) async fn put_setting(
        &self,
        place: Place<'_>,
        before: &Setting,
        after: &Setting,
    ) -> Result<Applied, CloudError> {
        let live = match (self.setting(place, after.kind()).await?, before, after) {
            (Setting::Metrics(live), Setting::Metrics(before), Setting::Metrics(after)) => {
                Setting::Metrics(concerned(live, before, after))
            }
            (live, _, _) => live,
        };
        if live == *after {
            return Ok(Applied::default());
        }
        if live != *before {
            let bucket = place.bucket().0;
            let operation = written_by(before, after);
            return Err(refusal(operation, bucket, "the setting has changed", Retry::Moved));
        }
        let request_ids = match (after, before) {
            (Setting::Encryption(after), _) => self.put_encryption(place, after).await,
            (Setting::Versioning(after), _) => self.put_versioning(place, after).await,
            (Setting::Logging(after), _) => self.put_logging(place, after).await,
            (Setting::Lifecycle(after), _) => self.put_lifecycle(place, after).await,
            (Setting::ObjectLock(after), _) => self.put_object_lock(place, after).await,
            (Setting::Ownership(after), _) => match after.rule {
                None => send!(
                    self.writes.delete_bucket_ownership_controls(),
                    "s3:DeleteBucketOwnershipControls",
                    place
                ),
                Some(rule) => self.put_ownership(place, rule).await,
            },
            (Setting::Metrics(after), Setting::Metrics(before)) => {
                self.put_metrics(place, before, after).await
            }
            (Setting::Metrics(_), _) => {
                let bucket = place.bucket().0;
                Err(strange("s3:PutBucketMetricsConfiguration", bucket, "two kinds of setting"))
            }
        }?;
        Ok(Applied { changed: true, request_ids })
    }

    async fn put_encryption(&self, place: Place<'_>, after: &Encryption) -> RequestIds {
        let Some(algorithm) = &after.algorithm else {
            return send!(
                self.writes.delete_bucket_encryption(),
                "s3:DeleteBucketEncryption",
                place
            );
        };
        let configuration = encryption(algorithm, after).map_err(|error| {
            strange("s3:PutBucketEncryption", place.bucket().0, error.to_string())
        })?;
        send!(
            self.writes.put_bucket_encryption().server_side_encryption_configuration(configuration),
            "s3:PutBucketEncryption",
            place
        )
    }

    async fn put_versioning(&self, place: Place<'_>, after: &Versioning) -> RequestIds {
        let status = match after.status {
            VersioningStatus::Enabled => types::BucketVersioningStatus::Enabled,
            VersioningStatus::Suspended | VersioningStatus::Off => {
                types::BucketVersioningStatus::Suspended
            }
        };
        // MFA delete stays as it is where nothing is said of it.
        let configuration = types::VersioningConfiguration::builder().status(status).build();
        send!(
            self.writes.put_bucket_versioning().versioning_configuration(configuration),
            "s3:PutBucketVersioning",
            place
        )
    }

    async fn put_logging(&self, place: Place<'_>, after: &Logging) -> RequestIds {
        let on =
            after.target.as_ref().map(log_target).transpose().map_err(|error| {
                strange("s3:PutBucketLogging", place.bucket().0, error.to_string())
            })?;
        let status = types::BucketLoggingStatus::builder().set_logging_enabled(on).build();
        send!(
            self.writes.put_bucket_logging().bucket_logging_status(status),
            "s3:PutBucketLogging",
            place
        )
    }

    async fn put_lifecycle(&self, place: Place<'_>, after: &Lifecycle) -> RequestIds {
        if after.rules.is_empty() {
            return send!(self.writes.delete_bucket_lifecycle(), "s3:DeleteBucketLifecycle", place);
        }
        let bucket = place.bucket().0;
        let operation = "s3:PutBucketLifecycleConfiguration";
        let sent: Result<Vec<_>, _> = after.rules.iter().map(rules::sent).collect();
        let sent = sent.map_err(|what| strange(operation, bucket, what))?;
        let configuration = types::BucketLifecycleConfiguration::builder()
            .set_rules(Some(sent))
            .build()
            .map_err(|error| strange(operation, bucket, error.to_string()))?;
        let size = after.transition_default_minimum_object_size.as_deref();
        let size = size.map(types::TransitionDefaultMinimumObjectSize::from);
        send!(
            self.writes
                .put_bucket_lifecycle_configuration()
                .lifecycle_configuration(configuration)
                .set_transition_default_minimum_object_size(size),
            "s3:PutBucketLifecycleConfiguration",
            place
        )
    }

    async fn put_object_lock(&self, place: Place<'_>, after: &ObjectLock) -> RequestIds {
        let number = |number: Option<u32>| number.and_then(|number| i32::try_from(number).ok());
        let rule = after.retention.as_ref().map(|retention| {
            let mode = match retention.mode {
                LockMode::Governance => types::ObjectLockRetentionMode::Governance,
                LockMode::Compliance => types::ObjectLockRetentionMode::Compliance,
            };
            let hold = retention.event_hold.as_ref().map(|hold| {
                types::EventHoldDuration::builder()
                    .set_days(number(hold.days))
                    .set_years(number(hold.years))
                    .build()
            });
            let default = types::DefaultRetention::builder()
                .mode(mode)
                .set_days(number(retention.days))
                .set_years(number(retention.years))
                .set_default_event_hold(hold)
                .build();
            types::ObjectLockRule::builder().default_retention(default).build()
        });
        let configuration = types::ObjectLockConfiguration::builder()
            .object_lock_enabled(types::ObjectLockEnabled::Enabled)
            .set_rule(rule)
            .build();
        send!(
            self.writes.put_object_lock_configuration().object_lock_configuration(configuration),
            "s3:PutObjectLockConfiguration",
            place
        )
    }

    async fn put_ownership(
        &self,
        place: Place<'_>,
        rule: controls::s3::ObjectOwnership,
    ) -> RequestIds {
        use controls::s3::ObjectOwnership as Ours;
        let word = match rule {
            Ours::BucketOwnerEnforced => types::ObjectOwnership::BucketOwnerEnforced,
            Ours::BucketOwnerPreferred => types::ObjectOwnership::BucketOwnerPreferred,
            Ours::ObjectWriter => types::ObjectOwnership::ObjectWriter,
        };
        let controls = types::OwnershipControlsRule::builder()
            .object_ownership(word)
            .build()
            .and_then(|rule| types::OwnershipControls::builder().rules(rule).build())
            .map_err(|error| {
                let operation = "s3:PutBucketOwnershipControls";
                strange(operation, place.bucket().0, error.to_string())
            })?;
        send!(
            self.writes.put_bucket_ownership_controls().ownership_controls(controls),
            "s3:PutBucketOwnershipControls",
            place
        )
    }
}

/// The operation that writes a setting.
fn written_by(before: &Setting, after: &Setting) -> &'static str {
    match after {
        Setting::Encryption(Encryption { algorithm: None, .. }) => "s3:DeleteBucketEncryption",
        Setting::Encryption(_) => "s3:PutBucketEncryption",
        Setting::Versioning(_) => "s3:PutBucketVersioning",
        Setting::Logging(_) => "s3:PutBucketLogging",
        Setting::Lifecycle(after) if after.rules.is_empty() => "s3:DeleteBucketLifecycle",
        Setting::Lifecycle(_) => "s3:PutBucketLifecycleConfiguration",
        Setting::ObjectLock(_) => "s3:PutObjectLockConfiguration",
        Setting::Ownership(Ownership { rule: None }) => "s3:DeleteBucketOwnershipControls",
        Setting::Ownership(_) => "s3:PutBucketOwnershipControls",
        Setting::Metrics(after) => match before {
            Setting::Metrics(before)
                if before.configurations.len() > after.configurations.len() =>
            {
                "s3:DeleteBucketMetricsConfiguration"
            }
            Setting::Encryption(_)
            | Setting::Versioning(_)
            | Setting::Logging(_)
            | Setting::Lifecycle(_)
            | Setting::ObjectLock(_)
            | Setting::Ownership(_)
            | Setting::Metrics(_) => "s3:PutBucketMetricsConfiguration",
        },
    }
}

fn encryption(
    algorithm: &str,
    after: &Encryption,
) -> Result<types::ServerSideEncryptionConfiguration, BuildError> {
    let default = types::ServerSideEncryptionByDefault::builder()
        .sse_algorithm(types::ServerSideEncryption::from(algorithm))
        .set_kms_master_key_id(after.key.clone())
        .build()?;
    let blocked = after.blocked.as_ref().map(|kinds| {
        let kinds = kinds.iter().map(|kind| types::EncryptionType::from(kind.as_str()));
        types::BlockedEncryptionTypes::builder().set_encryption_type(Some(kinds.collect())).build()
    });
    let rule = types::ServerSideEncryptionRule::builder()
        .apply_server_side_encryption_by_default(default)
        .set_bucket_key_enabled(after.bucket_key)
        .set_blocked_encryption_types(blocked)
        .build();
    types::ServerSideEncryptionConfiguration::builder().rules(rule).build()
}

fn log_target(target: &LogTarget) -> Result<types::LoggingEnabled, BuildError> {
    let mut builder = types::LoggingEnabled::builder()
        .target_bucket(&target.bucket)
        .target_prefix(&target.prefix);
    for grant in &target.grants {
        let grantee = types::Grantee::builder();
        let grantee = match &grant.grantee {
            Grantee::CanonicalUser { id } => grantee.r#type(types::Type::CanonicalUser).id(id),
            Grantee::Group { uri } => grantee.r#type(types::Type::Group).uri(uri),
            Grantee::Email { address } => {
                grantee.r#type(types::Type::AmazonCustomerByEmail).email_address(address)
            }
            // Only records have it, and of logging none is read from them.
            Grantee::Owner => grantee,
        };
        let permission = types::BucketLogsPermission::from(grant.permission.as_str());
        let grant = types::TargetGrant::builder().grantee(grantee.build()?).permission(permission);
        builder = builder.target_grants(grant.build());
    }
    let format = target.format.as_ref().map(|format| {
        let builder = types::TargetObjectKeyFormat::builder();
        match format {
            LogFormat::Simple => builder.simple_prefix(types::SimplePrefix::builder().build()),
            LogFormat::Partitioned { date_source } => builder.partitioned_prefix(
                types::PartitionedPrefix::builder()
                    .set_partition_date_source(
                        date_source.as_deref().map(types::PartitionDateSource::from),
                    )
                    .build(),
            ),
        }
        .build()
    });
    builder.set_target_object_key_format(format).build()
}
