//! What a record tells: which setting was changed, and to what.

use events::{
    Event, Record,
    parameters::s3::{
        CreateBucket, LifecycleFilter, LifecycleRule, LifecycleTransition,
        LogTarget as AskedTarget, NamedMetrics, PutBucketEncryption, PutBucketLifecycle,
        PutBucketLogging, PutBucketOwnershipControls, PutBucketVersioning,
        PutObjectLockConfiguration,
    },
};
use model::{Target, trust::LockMode};

use super::{
    NEW, REMOVED, SETTING, SUBSCRIPTIONS,
    judge::MFA_DELETE,
    lifecycle::{
        Abort, And, Expiration, Filter, Lifecycle, NoncurrentExpiration, NoncurrentTransition,
        Rule, Tag, Transition,
    },
    setting::{
        Encryption, Kind, LogTarget, Logging, ObjectLock, Ownership, Retention, Setting, Settings,
        Versioning, VersioningStatus,
    },
    state::SafeguardsState,
};
use crate::{
    NotMine, Triage,
    control::{subscribes, without_source},
    s3::{self, ObjectOwnership, given},
};

pub(super) fn triage(event: &Event) -> Triage {
    let record = &event.record;
    if !subscribes(SUBSCRIPTIONS, event) {
        return Triage::NotMine(NotMine::NotCovered);
    }
    if record.failure().is_some() {
        return Triage::NotMine(NotMine::CallFailed);
    }
    if let Some(unclear) = without_source(event) {
        return unclear;
    }
    let name = record.event_name.as_str();
    let Some(setting) = setting_of(name) else { return Triage::NotMine(NotMine::NotCovered) };
    match s3::bucket_of(event) {
        Triage::Mine(target) => {
            Triage::Mine(target.with(SETTING, setting).with(REMOVED, &removed(record)))
        }
        other @ (Triage::NotMine(_) | Triage::Malformed(_)) => other,
    }
}

/// The setting that a call is about.
fn setting_of(name: &str) -> Option<&'static str> {
    let kind = match name {
        "CreateBucket" => return Some(NEW),
        "PutBucketEncryption" | "DeleteBucketEncryption" => Kind::Encryption,
        "PutBucketVersioning" => Kind::Versioning,
        "PutBucketLogging" => Kind::Logging,
        "PutBucketLifecycle" | "PutBucketLifecycleConfiguration" | "DeleteBucketLifecycle" => {
            Kind::Lifecycle
        }
        "PutBucketObjectLockConfiguration" | "PutObjectLockConfiguration" => Kind::ObjectLock,
        "PutBucketOwnershipControls" | "DeleteBucketOwnershipControls" => Kind::Ownership,
        "PutBucketMetricsConfiguration" | "DeleteBucketMetricsConfiguration" => Kind::Metrics,
        _ => return None,
    };
    Some(kind.as_str())
}

/// What the record says to have been taken away, which the state after it does not show.
fn removed(record: &Record) -> String {
    match record.event_name.as_str() {
        "DeleteBucketEncryption" => Kind::Encryption.as_str().to_owned(),
        "DeleteBucketLifecycle" => Kind::Lifecycle.as_str().to_owned(),
        "DeleteBucketMetricsConfiguration" => {
            record.parameters::<NamedMetrics>().and_then(|named| named.id).unwrap_or_default()
        }
        "PutBucketVersioning" => {
            let asked = record.parameters::<PutBucketVersioning>();
            let word = asked.and_then(|asked| asked.mfa_delete).unwrap_or_default();
            if word == "Disabled" { MFA_DELETE.to_owned() } else { String::new() }
        }
        _ => String::new(),
    }
}

pub(super) fn project(event: &Event, target: &Target) -> Option<SafeguardsState> {
    let record = &event.record;
    let setting = match record.event_name.as_str() {
        "CreateBucket" => return created(record).map(SafeguardsState::of),
        // One configuration of many: the others, and what it counted, the record does not tell.
        "DeleteBucketMetricsConfiguration" => {
            target.detail(REMOVED)?;
            return Some(SafeguardsState::default());
        }
        "PutBucketMetricsConfiguration" => return Some(SafeguardsState::default()),
        // What S3 resets it to.
        // https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketEncryption.html
        "DeleteBucketEncryption" => Setting::Encryption(Encryption::s3()),
        "DeleteBucketLifecycle" => Setting::Lifecycle(Lifecycle::default()),
        "DeleteBucketOwnershipControls" => Setting::Ownership(Ownership::default()),
        "PutBucketEncryption" => Setting::Encryption(encryption(record)?),
        "PutBucketVersioning" => Setting::Versioning(versioning(record)?),
        "PutBucketLogging" => Setting::Logging(logging(record)?),
        "PutBucketLifecycle" | "PutBucketLifecycleConfiguration" => {
            Setting::Lifecycle(lifecycle(record)?)
        }
        "PutBucketObjectLockConfiguration" | "PutObjectLockConfiguration" => {
            Setting::ObjectLock(object_lock(record)?)
        }
        "PutBucketOwnershipControls" => {
            let asked: PutBucketOwnershipControls = record.parameters().ok()?;
            let rule = ObjectOwnership::from_word(&asked.ownership.ok()?)?;
            Setting::Ownership(Ownership { rule: Some(rule) })
        }
        _ => return None,
    };
    let mut seen = Settings::default();
    seen.set(setting);
    Some(SafeguardsState::of(seen))
}

/// A new bucket has S3's defaults, which have changed over the years; what the call asks for itself
/// is told.
fn created(record: &Record) -> Option<Settings> {
    let asked: CreateBucket = record.parameters().ok()?;
    let mut seen = Settings::default();
    if let Some(word) = given(asked.ownership).ok()? {
        let rule = ObjectOwnership::from_word(&word)?;
        seen.set(Setting::Ownership(Ownership { rule: Some(rule) }));
    }
    Some(seen)
}

fn encryption(record: &Record) -> Option<Encryption> {
    let asked: PutBucketEncryption = record.parameters().ok()?;
    let rule = asked.rule.ok()?;
    Some(Encryption {
        algorithm: Some(rule.algorithm.ok()?),
        key: given(rule.key).ok()?,
        bucket_key: given(rule.bucket_key).ok()?,
        blocked: given(rule.blocked).ok()?.map(|kind| vec![kind]),
    })
}

fn versioning(record: &Record) -> Option<Versioning> {
    let asked: PutBucketVersioning = record.parameters().ok()?;
    let status = match asked.status.ok()?.as_str() {
        "Enabled" => VersioningStatus::Enabled,
        // S3 knows no `Disabled`; whoever writes it means that versions are kept no longer.
        "Suspended" | "Disabled" => VersioningStatus::Suspended,
        _ => return None,
    };
    let mfa_delete = match given(asked.mfa_delete).ok()?.as_deref() {
        None => None,
        Some("Enabled") => Some(true),
        Some("Disabled") => Some(false),
        Some(_) => return None,
    };
    Some(Versioning { status, mfa_delete })
}

fn logging(record: &Record) -> Option<Logging> {
    let asked: PutBucketLogging = record.parameters().ok()?;
    let Some(AskedTarget { bucket, prefix, .. }) = asked.target.ok()? else {
        return Some(Logging::default());
    };
    let target = LogTarget {
        bucket: bucket.ok()?,
        prefix: prefix.unwrap_or_default(),
        ..LogTarget::default()
    };
    Some(Logging { target: Some(target) })
}

fn object_lock(record: &Record) -> Option<ObjectLock> {
    let asked: PutObjectLockConfiguration = record.parameters().ok()?;
    let retention = match asked.retention.ok()? {
        None => None,
        Some(retention) => {
            let mode = match retention.mode.ok()?.as_str() {
                "GOVERNANCE" => LockMode::Governance,
                "COMPLIANCE" => LockMode::Compliance,
                _ => return None,
            };
            let number = |field| given(field).ok()?.map(u32::try_from).transpose().ok();
            let (days, years) = (number(retention.days)?, number(retention.years)?);
            Some(Retention { mode, days, years, event_hold: None })
        }
    };
    Some(ObjectLock { enabled: true, retention })
}

fn lifecycle(record: &Record) -> Option<Lifecycle> {
    let asked: PutBucketLifecycle = record.parameters().ok()?;
    let rules = asked.rules.ok()?.into_iter().map(rule).collect();
    Some(Lifecycle { rules, transition_default_minimum_object_size: None })
}

/// More days than the API's number holds are as good as its most.
fn days(number: Option<u64>) -> Option<i32> {
    number.map(|number| i32::try_from(number).unwrap_or(i32::MAX))
}

fn rule(asked: LifecycleRule) -> Rule {
    let expires = asked.days.is_some() || asked.date.is_some() || asked.delete_marker.is_some();
    let goes = asked.noncurrent_days.is_some() || asked.newer_versions.is_some();
    Rule {
        id: asked.id,
        status: asked.status.unwrap_or_default(),
        prefix: asked.prefix,
        filter: asked.filter.map(filter),
        expiration: expires.then(|| Expiration {
            date: asked.date,
            days: days(asked.days),
            expired_object_delete_marker: asked.delete_marker,
        }),
        transitions: asked.transitions.into_iter().map(transition).collect(),
        noncurrent_version_transitions: asked
            .noncurrent_transitions
            .into_iter()
            .map(|asked| NoncurrentTransition {
                noncurrent_days: days(asked.days),
                storage_class: asked.storage_class,
                newer_noncurrent_versions: days(asked.newer_versions),
            })
            .collect(),
        noncurrent_version_expiration: goes.then(|| NoncurrentExpiration {
            noncurrent_days: days(asked.noncurrent_days),
            newer_noncurrent_versions: days(asked.newer_versions),
        }),
        abort_incomplete_multipart_upload: asked
            .abort_days
            .map(|number| Abort { days_after_initiation: days(Some(number)) }),
    }
}

fn transition(asked: LifecycleTransition) -> Transition {
    Transition { date: asked.date, days: days(asked.days), storage_class: asked.storage_class }
}

fn filter(asked: LifecycleFilter) -> Filter {
    let size = |bytes: Option<u64>| bytes.map(|bytes| i64::try_from(bytes).unwrap_or(i64::MAX));
    let (larger, smaller) = (size(asked.larger_than), size(asked.smaller_than));
    let mut tags: Vec<Tag> =
        asked.tags.into_iter().map(|(key, value)| Tag { key, value }).collect();
    if asked.and || tags.len() > 1 {
        let and = And {
            prefix: asked.prefix,
            tags,
            object_size_greater_than: larger,
            object_size_less_than: smaller,
        };
        return Filter { and: Some(and), ..Filter::default() };
    }
    Filter {
        prefix: asked.prefix,
        tag: tags.pop(),
        object_size_greater_than: larger,
        object_size_less_than: smaller,
        and: None,
    }
}
