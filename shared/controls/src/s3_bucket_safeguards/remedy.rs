//! What `s3-bucket-safeguards` could ever do.

use model::{Operation, Remedy, Resource, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    lifecycle::{Lifecycle, NoncurrentExpiration, Rule},
    setting::{
        Encryption, LogFormat, LogTarget, MetricsFilter, Retention, Setting, Versioning,
        VersioningStatus,
    },
};
use crate::{Tags, s3};

/// Puts a setting back, or marks the bucket.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "remedy", rename_all = "snake_case")]
pub enum SafeguardRemedy {
    /// Writes one setting. S3 has no compare-and-set for any of them, so the adapter reads once more
    /// and refuses when the setting is not `before` any longer.
    Put {
        /// The bucket.
        resource: Resource,
        /// The setting it was made for; of metrics the one configuration that is written.
        before: Setting,
        /// The setting it leaves.
        after: Setting,
    },
    /// `PutBucketTagging`, which replaces the whole set: the adapter reads once more and refuses
    /// when the tags are not `before` any longer.
    PutTags {
        /// The bucket.
        resource: Resource,
        /// The tags it was made for.
        before: Tags,
        /// The tags it leaves.
        after: Tags,
    },
}

impl Remedy for SafeguardRemedy {
    fn needs(&self) -> Response {
        match self {
            Self::Put { .. } => Response::Revert,
            Self::PutTags { .. } => Response::Tag,
        }
    }

    fn operations(&self) -> Vec<Operation> {
        match self {
            Self::Put { resource, before, after } => operations(resource, before, after),
            Self::PutTags { resource, after, .. } => vec![s3::put_tags(resource, after)],
        }
    }

    fn inverse(&self) -> Option<Self> {
        Some(match self.clone() {
            Self::Put { resource, before, after } => {
                let before = if let Setting::Versioning(Versioning {
                    status: VersioningStatus::Off,
                    mfa_delete,
                }) = before
                {
                    // A bucket that once kept versions never goes back to having none; suspended is
                    // as near as S3 lets it be.
                    // https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html
                    let status = VersioningStatus::Suspended;
                    Setting::Versioning(Versioning { status, mfa_delete })
                } else {
                    before
                };
                Self::Put { resource, before: after, after: before }
            }
            Self::PutTags { resource, before, after } => {
                Self::PutTags { resource, before: after, after: before }
            }
        })
    }

    fn iam_actions(&self) -> &'static [&'static str] {
        let setting = match self {
            Self::PutTags { resource, .. } => return s3::tag_actions(resource),
            Self::Put { after, .. } => after,
        };
        match setting {
            Setting::Encryption(_) => {
                &["s3:GetEncryptionConfiguration", "s3:PutEncryptionConfiguration"]
            }
            Setting::Versioning(_) => &["s3:GetBucketVersioning", "s3:PutBucketVersioning"],
            Setting::Logging(_) => &["s3:GetBucketLogging", "s3:PutBucketLogging"],
            Setting::Lifecycle(_) => {
                &["s3:GetLifecycleConfiguration", "s3:PutLifecycleConfiguration"]
            }
            Setting::ObjectLock(_) => {
                &["s3:GetBucketObjectLockConfiguration", "s3:PutBucketObjectLockConfiguration"]
            }
            Setting::Ownership(_) => {
                &["s3:GetBucketOwnershipControls", "s3:PutBucketOwnershipControls"]
            }
            Setting::Metrics(_) => &["s3:GetMetricsConfiguration", "s3:PutMetricsConfiguration"],
        }
    }

    fn join(&self, other: &Self) -> Option<Self> {
        let (
            Self::Put { resource, before, after },
            Self::Put { resource: other_resource, before: other_before, after: other_after },
        ) = (self, other)
        else {
            return None;
        };
        if resource != other_resource || before != other_before {
            return None;
        }
        let after = match (before, after, other_after) {
            (Setting::Encryption(was), Setting::Encryption(one), Setting::Encryption(other)) => {
                Setting::Encryption(join_encryption(was, one, other))
            }
            (Setting::Lifecycle(was), Setting::Lifecycle(one), Setting::Lifecycle(other)) => {
                Setting::Lifecycle(join_lifecycle(was, one, other))
            }
            // Of the others there is one finding at most that could be mended, and metrics are a call
            // each.
            _ => return None,
        };
        Some(Self::Put { resource: resource.clone(), before: before.clone(), after })
    }

    fn document_change(&self) -> Option<(String, String)> {
        let Self::Put {
            before: Setting::Lifecycle(before), after: Setting::Lifecycle(after), ..
        } = self
        else {
            return None;
        };
        let text = |lifecycle: &Lifecycle| serde_json::to_string_pretty(lifecycle).ok();
        Some((text(before)?, text(after)?))
    }
}

/// Of each member the value of whoever changes it.
fn join_encryption(was: &Encryption, one: &Encryption, other: &Encryption) -> Encryption {
    fn changed<T: PartialEq + Clone>(was: &T, one: &T, other: &T) -> T {
        if one == was { other.clone() } else { one.clone() }
    }
    Encryption {
        algorithm: changed(&was.algorithm, &one.algorithm, &other.algorithm),
        key: changed(&was.key, &one.key, &other.key),
        bucket_key: changed(&was.bucket_key, &one.bucket_key, &other.bucket_key),
        blocked: changed(&was.blocked, &one.blocked, &other.blocked),
    }
}

/// Remedies change rules in their places and add others at the end.
fn join_lifecycle(was: &Lifecycle, one: &Lifecycle, other: &Lifecycle) -> Lifecycle {
    let mut joined = one.clone();
    for (place, theirs) in other.rules.iter().enumerate() {
        match (was.rules.get(place), joined.rules.get_mut(place)) {
            (Some(before), Some(ours)) => {
                if ours == before {
                    ours.clone_from(theirs);
                } else if theirs != before {
                    *ours = milder(ours, theirs);
                }
            }
            (Some(_) | None, _) => {
                if !joined.rules.contains(theirs) {
                    joined.rules.push(theirs.clone());
                }
            }
        }
    }
    joined
}

/// Of two mended forms of one rule, what leaves data for longer.
fn milder(one: &Rule, other: &Rule) -> Rule {
    // Whichever is for less has been narrowed.
    let (narrow, wide) = if one.is_within(other) { (one, other) } else { (other, one) };
    // What goes on without deleting is as mild as can be, and is not to be lost with what deleted.
    if let Some(kept) = [narrow, wide].into_iter().find(|rule| rule.is_on() && !rule.deletes()) {
        return kept.clone();
    }
    let mut rule = narrow.clone();
    if !(one.is_on() && other.is_on()) {
        "Disabled".clone_into(&mut rule.status);
    }
    rule.expiration = match (&one.expiration, &other.expiration) {
        (Some(ours), Some(theirs)) => {
            // A date is what was there before; days are what a floor asks for, which takes no date.
            let longer = ours.days.unwrap_or(0) >= theirs.days.unwrap_or(0);
            Some(if longer { ours.clone() } else { theirs.clone() })
        }
        (Some(_) | None, _) => None,
    };
    rule.noncurrent_version_expiration =
        match (&one.noncurrent_version_expiration, &other.noncurrent_version_expiration) {
            (Some(ours), Some(theirs)) => Some(NoncurrentExpiration {
                noncurrent_days: ours.noncurrent_days.max(theirs.noncurrent_days),
                newer_noncurrent_versions: ours
                    .newer_noncurrent_versions
                    .max(theirs.newer_noncurrent_versions),
            }),
            (Some(_) | None, _) => None,
        };
    if rule.deletes() || rule.without_deletion().is_some() {
        return rule;
    }
    // S3 takes no rule that does nothing: it is switched off instead.
    Rule { status: "Disabled".to_owned(), ..narrow.clone() }
}

fn operations(resource: &Resource, before: &Setting, after: &Setting) -> Vec<Operation> {
    let call = |operation: &str, members: &[(&str, Value)]| {
        let mut parameters = s3::named(resource);
        parameters.extend(members.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        Operation::new(operation, Value::Object(parameters))
    };
    let one = match after {
        Setting::Encryption(Encryption { algorithm: None, .. }) => {
            call("s3:DeleteBucketEncryption", &[])
        }
        Setting::Encryption(encryption) => call(
            "s3:PutBucketEncryption",
            &[("ServerSideEncryptionConfiguration", rule_of(encryption))],
        ),
        Setting::Versioning(Versioning { status, .. }) => {
            // MFA delete stays as it is where nothing is said of it.
            let status = if *status == VersioningStatus::Enabled { "Enabled" } else { "Suspended" };
            call(
                "s3:PutBucketVersioning",
                &[("VersioningConfiguration", json!({"Status": status}))],
            )
        }
        Setting::Logging(logging) => {
            let status = match &logging.target {
                Some(target) => json!({"LoggingEnabled": log_target(target)}),
                None => json!({}),
            };
            call("s3:PutBucketLogging", &[("BucketLoggingStatus", status)])
        }
        Setting::Lifecycle(lifecycle) if lifecycle.rules.is_empty() => {
            call("s3:DeleteBucketLifecycle", &[])
        }
        Setting::Lifecycle(lifecycle) => {
            let size = &lifecycle.transition_default_minimum_object_size;
            let size = size
                .clone()
                .map(|size| ("TransitionDefaultMinimumObjectSize", Value::String(size)));
            let rules = ("LifecycleConfiguration", json!({"Rules": lifecycle.rules}));
            let members: Vec<_> = [rules].into_iter().chain(size).collect();
            call("s3:PutBucketLifecycleConfiguration", &members)
        }
        Setting::ObjectLock(lock) => {
            let mut configuration = json!({"ObjectLockEnabled": "Enabled"});
            if let (Some(retention), Some(members)) =
                (&lock.retention, configuration.as_object_mut())
            {
                let rule = json!({"DefaultRetention": default_retention(retention)});
                members.insert("Rule".to_owned(), rule);
            }
            call("s3:PutObjectLockConfiguration", &[("ObjectLockConfiguration", configuration)])
        }
        Setting::Ownership(ownership) => match ownership.rule {
            None => call("s3:DeleteBucketOwnershipControls", &[]),
            Some(rule) => call(
                "s3:PutBucketOwnershipControls",
                &[("OwnershipControls", json!({"Rules": [{"ObjectOwnership": rule}]}))],
            ),
        },
        Setting::Metrics(metrics) => {
            let Setting::Metrics(was) = before else { return Vec::new() };
            let gone = was.configurations.keys();
            let gone = gone.filter(|id| !metrics.configurations.contains_key(*id));
            let delete =
                |id: &String| call("s3:DeleteBucketMetricsConfiguration", &[("Id", json!(id))]);
            let put = metrics.configurations.iter();
            let put = put.filter(|(id, filter)| was.configurations.get(*id) != Some(filter));
            let put = put.map(|(id, filter)| {
                let configuration = metrics_configuration(id, filter);
                let members = [("Id", json!(id)), ("MetricsConfiguration", configuration)];
                call("s3:PutBucketMetricsConfiguration", &members)
            });
            return gone.map(delete).chain(put).collect();
        }
    };
    vec![one]
}

fn set(members: &mut Map<String, Value>, name: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        members.insert(name.to_owned(), value.into());
    }
}

fn rule_of(encryption: &Encryption) -> Value {
    let mut default = Map::new();
    set(&mut default, "SSEAlgorithm", encryption.algorithm.clone());
    set(&mut default, "KMSMasterKeyID", encryption.key.clone());
    let mut rule = Map::new();
    set(&mut rule, "ApplyServerSideEncryptionByDefault", Some(default));
    set(&mut rule, "BucketKeyEnabled", encryption.bucket_key);
    let blocked = encryption.blocked.as_ref().map(|kinds| json!({"EncryptionType": kinds}));
    set(&mut rule, "BlockedEncryptionTypes", blocked);
    json!({"Rules": [rule]})
}

fn log_target(target: &LogTarget) -> Value {
    let mut members = Map::new();
    set(&mut members, "TargetBucket", Some(target.bucket.clone()));
    set(&mut members, "TargetPrefix", Some(target.prefix.clone()));
    let grants: Vec<Value> = target
        .grants
        .iter()
        .map(|grant| {
            // Logs are granted to nobody as the owner.
            let grantee = grant.grantee.to_parameters("");
            json!({"Grantee": grantee, "Permission": grant.permission})
        })
        .collect();
    set(&mut members, "TargetGrants", (!grants.is_empty()).then_some(grants));
    let format = target.format.as_ref().map(|format| match format {
        LogFormat::Simple => json!({"SimplePrefix": {}}),
        LogFormat::Partitioned { date_source: None } => json!({"PartitionedPrefix": {}}),
        LogFormat::Partitioned { date_source: Some(source) } => {
            json!({"PartitionedPrefix": {"PartitionDateSource": source}})
        }
    });
    set(&mut members, "TargetObjectKeyFormat", format);
    Value::Object(members)
}

fn default_retention(retention: &Retention) -> Value {
    let mut members = Map::new();
    set(&mut members, "Mode", Some(json!(retention.mode)));
    set(&mut members, "Days", retention.days);
    set(&mut members, "Years", retention.years);
    if let Some(hold) = &retention.event_hold {
        let mut length = Map::new();
        set(&mut length, "Days", hold.days);
        set(&mut length, "Years", hold.years);
        set(&mut members, "DefaultEventHold", Some(length));
    }
    Value::Object(members)
}

fn metrics_configuration(id: &str, filter: &MetricsFilter) -> Value {
    let mut parts = Map::new();
    set(&mut parts, "Prefix", filter.prefix.clone());
    set(&mut parts, "AccessPointArn", filter.access_point.clone());
    let tags: Vec<Value> =
        filter.tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
    let mut members = Map::new();
    set(&mut members, "Id", Some(id));
    match (parts.len(), tags.as_slice()) {
        (0, []) => {}
        (_, []) if parts.len() == 1 => set(&mut members, "Filter", Some(parts)),
        (0, [tag]) => set(&mut members, "Filter", Some(json!({"Tag": tag}))),
        (_, tags) => {
            set(&mut parts, "Tags", (!tags.is_empty()).then(|| json!(tags)));
            set(&mut members, "Filter", Some(json!({"And": parts})));
        }
    }
    Value::Object(members)
}
