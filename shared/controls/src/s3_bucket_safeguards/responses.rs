//! The state, made of API responses that somebody supplies (`--state FILE`).
//!
//! The form is that of the API, as `aws s3api` prints it.

use std::collections::BTreeMap;

use model::{Target, trust::LockMode};
use serde::Deserialize;
use serde_json::Value;

use super::{
    SETTING,
    lifecycle::{Lifecycle, Tag},
    setting::{
        Encryption, EventHold, Kind, LogFormat, LogGrant, LogTarget, Logging, Metrics,
        MetricsFilter, ObjectLock, Ownership, Retention, Setting, Settings, Versioning,
        VersioningStatus,
    },
    state::SafeguardsState,
};
use crate::{
    StateError,
    responses::{OwnershipResponse, TaggingResponse, optional, unfit},
    s3::Grantee,
};

/// The whole state.
///
/// # Errors
/// [`StateError::Missing`]: of the setting that the event is about, or of any, nothing is supplied.
pub(super) fn state(target: &Target, responses: &Value) -> Result<SafeguardsState, StateError> {
    let state = supplement(target, SafeguardsState::default(), responses)?;
    let kind = target.detail(SETTING).and_then(Kind::of);
    let missing = match kind {
        Some(kind) => (!state.seen.has(kind)).then_some(kind),
        None => (state.seen == Settings::default()).then_some(Kind::Ownership),
    };
    match missing {
        None => Ok(state),
        Some(kind) => {
            Err(StateError::Missing { operation: kind.read_by(), arn: target.resource.arn.clone() })
        }
    }
}

/// What responses add to what a record tells.
pub(super) fn supplement(
    target: &Target,
    mut state: SafeguardsState,
    responses: &Value,
) -> Result<SafeguardsState, StateError> {
    for kind in Kind::ALL {
        if let Some(setting) = read(target, responses, kind)? {
            state.seen.set(setting);
        }
    }
    if let Some(tagging) = optional::<TaggingResponse>(target, responses, "GetBucketTagging")? {
        state.tags = Some(tagging.tags());
    }
    Ok(state)
}

fn read(target: &Target, responses: &Value, kind: Kind) -> Result<Option<Setting>, StateError> {
    let operation = kind.read_by();
    Ok(match kind {
        Kind::Encryption => optional::<EncryptionResponse>(target, responses, operation)?
            .map(|answer| Setting::Encryption(answer.encryption())),
        Kind::Versioning => match optional::<VersioningResponse>(target, responses, operation)? {
            None => None,
            Some(answer) => Some(Setting::Versioning(
                answer.versioning().map_err(|what| unfit(target, operation, what))?,
            )),
        },
        Kind::Logging => optional::<LoggingResponse>(target, responses, operation)?
            .map(|answer| Setting::Logging(answer.logging())),
        Kind::Lifecycle => {
            optional::<Lifecycle>(target, responses, operation)?.map(Setting::Lifecycle)
        }
        Kind::ObjectLock => optional::<LockResponse>(target, responses, operation)?
            .map(|answer| Setting::ObjectLock(answer.lock())),
        Kind::Ownership => optional::<OwnershipResponse>(target, responses, operation)?
            .map(|answer| Setting::Ownership(Ownership { rule: answer.ownership() })),
        Kind::Metrics => optional::<MetricsResponse>(target, responses, operation)?
            .map(|answer| Setting::Metrics(answer.metrics())),
    })
}

/// `{}`: no default at all.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct EncryptionResponse {
    server_side_encryption_configuration: EncryptionRules,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct EncryptionRules {
    rules: Vec<EncryptionRule>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct EncryptionRule {
    apply_server_side_encryption_by_default: Option<ByDefault>,
    bucket_key_enabled: Option<bool>,
    blocked_encryption_types: Option<Blocked>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ByDefault {
    #[serde(rename = "SSEAlgorithm")]
    algorithm: Option<String>,
    #[serde(rename = "KMSMasterKeyID")]
    key: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Blocked {
    encryption_type: Vec<String>,
}

impl EncryptionResponse {
    fn encryption(self) -> Encryption {
        let rules = self.server_side_encryption_configuration.rules;
        let rule = rules.into_iter().next().unwrap_or_default();
        let default = rule.apply_server_side_encryption_by_default.unwrap_or_default();
        Encryption {
            algorithm: default.algorithm,
            key: default.key,
            bucket_key: rule.bucket_key_enabled,
            blocked: rule.blocked_encryption_types.map(|blocked| blocked.encryption_type),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct VersioningResponse {
    #[serde(rename = "Status")]
    status: Option<String>,
    #[serde(rename = "MFADelete", alias = "MfaDelete")]
    mfa_delete: Option<String>,
}

impl VersioningResponse {
    fn versioning(&self) -> Result<Versioning, String> {
        let status = match self.status.as_deref() {
            None | Some("") => VersioningStatus::Off,
            Some("Enabled") => VersioningStatus::Enabled,
            Some("Suspended") => VersioningStatus::Suspended,
            Some(other) => return Err(format!("`{other}` is no status of versioning")),
        };
        let mfa_delete = Some(self.mfa_delete.as_deref() == Some("Enabled"));
        Ok(Versioning { status, mfa_delete })
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct LoggingResponse {
    logging_enabled: Option<LoggingEnabled>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(clippy::struct_field_names, reason = "these are S3's names")]
struct LoggingEnabled {
    target_bucket: String,
    #[serde(default)]
    target_prefix: String,
    #[serde(default)]
    target_grants: Vec<TargetGrant>,
    target_object_key_format: Option<KeyFormat>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TargetGrant {
    grantee: NamedGrantee,
    permission: String,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum NamedGrantee {
    Id {
        #[serde(rename = "ID")]
        id: String,
    },
    Group {
        #[serde(rename = "URI")]
        uri: String,
    },
    Email {
        #[serde(rename = "EmailAddress")]
        address: String,
    },
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct KeyFormat {
    partitioned_prefix: Option<PartitionedPrefix>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PartitionedPrefix {
    partition_date_source: Option<String>,
}

impl LoggingResponse {
    fn logging(self) -> Logging {
        let target = self.logging_enabled.map(|on| LogTarget {
            bucket: on.target_bucket,
            prefix: on.target_prefix,
            grants: on
                .target_grants
                .into_iter()
                .map(|grant| LogGrant {
                    grantee: match grant.grantee {
                        NamedGrantee::Id { id } => Grantee::CanonicalUser { id },
                        NamedGrantee::Group { uri } => Grantee::Group { uri },
                        NamedGrantee::Email { address } => Grantee::Email { address },
                    },
                    permission: grant.permission,
                })
                .collect(),
            format: on.target_object_key_format.map(|format| match format.partitioned_prefix {
                None => LogFormat::Simple,
                Some(by) => LogFormat::Partitioned { date_source: by.partition_date_source },
            }),
        });
        Logging { target }
    }
}

/// `{}`: Object Lock was never on.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct LockResponse {
    object_lock_configuration: LockConfiguration,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct LockConfiguration {
    object_lock_enabled: Option<String>,
    rule: Option<LockRule>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct LockRule {
    default_retention: Option<DefaultRetention>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DefaultRetention {
    mode: LockMode,
    days: Option<u32>,
    years: Option<u32>,
    default_event_hold: Option<Hold>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Hold {
    days: Option<u32>,
    years: Option<u32>,
}

impl LockResponse {
    fn lock(self) -> ObjectLock {
        let configuration = self.object_lock_configuration;
        let retention = configuration.rule.and_then(|rule| rule.default_retention);
        ObjectLock {
            enabled: configuration.object_lock_enabled.as_deref() == Some("Enabled"),
            retention: retention.map(|retention| Retention {
                mode: retention.mode,
                days: retention.days,
                years: retention.years,
                event_hold: retention
                    .default_event_hold
                    .map(|hold| EventHold { days: hold.days, years: hold.years }),
            }),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct MetricsResponse {
    metrics_configuration_list: Vec<MetricsConfiguration>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MetricsConfiguration {
    id: String,
    filter: Option<Filter>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Filter {
    prefix: Option<String>,
    tag: Option<Tag>,
    tags: Vec<Tag>,
    access_point_arn: Option<String>,
    and: Option<Box<Filter>>,
}

impl Filter {
    fn parts(self) -> MetricsFilter {
        let Self { prefix, tag, tags, access_point_arn, and } = self;
        if let Some(and) = and {
            return and.parts();
        }
        let tags: BTreeMap<String, String> =
            tags.into_iter().chain(tag).map(|tag| (tag.key, tag.value)).collect();
        MetricsFilter { prefix, tags, access_point: access_point_arn }
    }
}

impl MetricsResponse {
    fn metrics(self) -> Metrics {
        let configurations = self.metrics_configuration_list.into_iter().map(|configuration| {
            (configuration.id, configuration.filter.map(Filter::parts).unwrap_or_default())
        });
        Metrics { configurations: configurations.collect() }
    }
}
