//! Each setting against its floor and against what it was.

use model::{Confidence, trust::LockMode};
use serde_json::json;

use super::{super::*, call};
use crate::{s3::ObjectOwnership, test_support::target};

const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

fn about(kind: Kind) -> Target {
    let event = match kind {
        Kind::Encryption => "PutBucketEncryption",
        Kind::Versioning => "PutBucketVersioning",
        Kind::Logging => "PutBucketLogging",
        Kind::Lifecycle => "PutBucketLifecycle",
        Kind::ObjectLock => "PutObjectLockConfiguration",
        Kind::Ownership => "PutBucketOwnershipControls",
        Kind::Metrics => "PutBucketMetricsConfiguration",
    };
    target(&S3BucketSafeguards, &call(event, "x", json!("")))
}

fn trust(floor: &str) -> Trust {
    if floor.is_empty() {
        return Trust::default();
    }
    Trust::parse(&format!("[[bucket_floors]]\nbuckets = \"*\"\n{floor}")).unwrap()
}

fn found(now: &Setting, before: Option<&Setting>, floor: &str) -> Vec<Finding<SafeguardRemedy>> {
    let mut state = SafeguardsState::default();
    state.seen.set(now.clone());
    if let Some(before) = before {
        state.baseline.set(before.clone());
    }
    S3BucketSafeguards.assess(&about(now.kind()), &state, &trust(floor))
}

/// The one finding with what its remedy leaves, or why it has none.
fn told(now: &Setting, before: Option<&Setting>, floor: &str) -> (String, Result<Setting, String>) {
    let findings = found(now, before, floor);
    let [finding] = findings.as_slice() else { panic!("{findings:?}") };
    let after = match finding.remedies.as_slice() {
        [SafeguardRemedy::Put { after, before, .. }] => {
            assert_eq!((before, &finding.held_back), (now, &None));
            Ok(after.clone())
        }
        [] => Err(finding.held_back.clone().unwrap()),
        other => panic!("{other:?}"),
    };
    (finding.code.clone(), after)
}

fn kms(algorithm: &str, key: Option<&str>) -> Setting {
    Setting::Encryption(Encryption {
        algorithm: Some(algorithm.to_owned()),
        key: key.map(str::to_owned),
        ..Encryption::default()
    })
}

#[test]
fn encryption_is_no_weaker_than_its_floor_and_than_before() {
    let s3 = Setting::Encryption(Encryption::s3());
    let floor = format!("encryption = \"aws:kms\"\nkey = \"{KEY}\"");
    let under = kms("aws:kms", Some(KEY));
    let weaker = "s3-bucket-encryption-removed";
    assert_eq!(told(&s3, None, &floor), (weaker.to_owned(), Ok(under.clone())));
    assert_eq!(told(&s3, Some(&under), ""), (weaker.to_owned(), Ok(under.clone())));
    let none = Setting::Encryption(Encryption::default());
    assert_eq!(told(&none, None, "encryption = \"AES256\""), (weaker.to_owned(), Ok(s3.clone())));
    // What was before does not do where the floor asks for more.
    let twice = kms("aws:kms:dsse", None);
    let asked = "encryption = \"aws:kms:dsse\"";
    assert_eq!(
        told(&s3, Some(&kms("aws:kms", None)), asked),
        (weaker.to_owned(), Ok(twice.clone()))
    );
    for (now, before, floor) in [
        (&s3, None, ""),
        (&s3, None, "encryption = \"AES256\""),
        (&under, Some(&s3), floor.as_str()),
        (&twice, None, "encryption = \"aws:kms\""),
        (&under, Some(&under), ""),
    ] {
        assert_eq!(found(now, before, floor), [], "{now:?} {floor}");
    }
}

#[test]
fn encryption_moves_to_no_other_key_and_what_is_stronger_stays() {
    let other = "arn:aws:kms:eu-west-1:111122223333:key/ffffabcd-12ab-34cd-56ef-1234567890ab";
    let (was, moved) = (kms("aws:kms", Some(KEY)), kms("aws:kms:dsse", Some(other)));
    let code = "s3-bucket-encryption-removed:key".to_owned();
    let back = kms("aws:kms:dsse", Some(KEY));
    assert_eq!(told(&moved, Some(&was), ""), (code.clone(), Ok(back.clone())));
    let floor = format!("encryption = \"aws:kms\"\nkey = \"{KEY}\"");
    assert_eq!(told(&moved, None, &floor), (code, Ok(back)));
    // An alias and an id cannot be compared, and nobody is accused.
    let findings = found(&kms("aws:kms", Some("alias/records")), Some(&was), "");
    assert_eq!(findings[0].confidence, Confidence::Unclear);
    assert!(findings[0].remedies.is_empty());
    // The AWS managed key is never one of our own.
    let findings = found(&kms("aws:kms", None), Some(&was), "");
    assert_eq!(findings[0].confidence, Confidence::Certain);
}

#[test]
fn two_layers_have_no_bucket_key() {
    let with_bucket_key = |algorithm| {
        let Setting::Encryption(encryption) = kms(algorithm, Some(KEY)) else { panic!() };
        Setting::Encryption(Encryption { bucket_key: Some(true), ..encryption })
    };
    let (_, after) = told(&with_bucket_key("aws:kms"), None, "encryption = \"aws:kms:dsse\"");
    let Ok(Setting::Encryption(after)) = after else { panic!("{after:?}") };
    assert_eq!(after.bucket_key, Some(false), "S3 knows none for it");
    let plain = kms("AES256", None);
    let (_, after) = told(&plain, Some(&with_bucket_key("aws:kms")), "");
    let Ok(Setting::Encryption(after)) = after else { panic!("{after:?}") };
    assert_eq!(after.bucket_key, Some(true), "as it was");
}

fn encrypted(key: &str, before: Option<&str>, trust: &str) -> Vec<(String, Confidence, bool)> {
    let mut state = SafeguardsState::default();
    state.seen.set(kms("aws:kms", Some(key)));
    if let Some(before) = before {
        state.baseline.set(kms("aws:kms", Some(before)));
    }
    let trust = Trust::parse(trust).unwrap();
    let findings = S3BucketSafeguards.assess(&about(Kind::Encryption), &state, &trust);
    let of = |finding: Finding<SafeguardRemedy>| {
        (finding.code, finding.confidence, !finding.remedies.is_empty())
    };
    findings.into_iter().map(of).collect()
}

#[test]
fn a_key_of_another_region_is_never_written_since_every_upload_would_fail() {
    const ELSEWHERE: &str = "arn:aws:kms:us-east-1:111122223333:key/ffff";
    let floor = |key: &str| {
        format!("[[bucket_floors]]\nbuckets = \"*\"\nencryption = \"aws:kms\"\nkey = \"{key}\"\n")
    };
    let account = format!("kms_key_arn = \"{ELSEWHERE}\"");
    let required = format!("required_kms_keys = {{ \"amzn-*\" = \"{ELSEWHERE}\" }}");
    let (here, there) = (floor(KEY), floor(ELSEWHERE));
    let mut state = SafeguardsState::default();
    state.seen.set(Setting::Encryption(Encryption::s3()));
    for (trust, expected) in [
        (account, None),
        (required, None),
        (there.clone(), None),
        (here.clone(), Some(KEY)),
        // The one of several that the bucket can use.
        (format!("{there}{here}"), Some(KEY)),
    ] {
        let trust = Trust::parse(&trust).unwrap();
        let findings = S3BucketSafeguards.assess(&about(Kind::Encryption), &state, &trust);
        let [finding] = findings.as_slice() else { panic!("{findings:?}") };
        assert_eq!(finding.code, "s3-bucket-encryption-removed");
        let after = finding.remedies.first().map(|remedy| {
            let SafeguardRemedy::Put { after, .. } = remedy else { panic!("{remedy:?}") };
            after.clone()
        });
        assert_eq!(after, expected.map(|key| kms("aws:kms", Some(key))));
        assert_eq!(finding.held_back.is_some(), expected.is_none());
    }
}

#[test]
fn a_strangers_key_that_an_allowed_alias_might_stand_for_is_a_doubt_and_no_silence() {
    let strangers = "arn:aws:kms:eu-west-1:444455556666:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    let code = "s3-bucket-encryption-removed:foreign-key".to_owned();
    for (allowed, expected) in [
        ("alias/app", vec![(code.clone(), Confidence::Unclear, false)]),
        (
            "arn:aws:kms:eu-west-1:444455556666:alias/app",
            vec![(code.clone(), Confidence::Unclear, false)],
        ),
        ("arn:aws:kms:eu-west-1:111122223333:alias/app", vec![(code, Confidence::Certain, false)]),
        (strangers, vec![]),
    ] {
        let trust = format!("allowed_kms_keys = [\"{allowed}\"]");
        assert_eq!(encrypted(strangers, None, &trust), expected, "{allowed}");
    }
}

#[test]
fn an_alias_of_another_account_is_not_the_alias_of_that_name_here() {
    let code = "s3-bucket-encryption-removed:key".to_owned();
    let trust = "trusted_accounts = [\"444455556666\"]";
    let here = "arn:aws:kms:eu-west-1:111122223333:alias/records";
    let there = "arn:aws:kms:eu-west-1:444455556666:alias/records";
    for (key, before, expected) in [
        (there, here, vec![(code.clone(), Confidence::Certain, true)]),
        // Whoever left the account out may have meant the other one.
        (there, "alias/records", vec![(code.clone(), Confidence::Unclear, false)]),
        (here, "alias/records", vec![]),
        ("alias/records", here, vec![]),
        (there, there, vec![]),
        (there, "alias/aws/s3", vec![(code, Confidence::Certain, true)]),
    ] {
        assert_eq!(encrypted(key, Some(before), trust), expected, "{key} {before}");
    }
}

#[test]
fn a_refusal_of_keys_that_only_the_caller_has_is_missed() {
    let blocking = Setting::Encryption(Encryption {
        blocked: Some(vec!["SSE-C".to_owned()]),
        ..Encryption::s3()
    });
    let now = Setting::Encryption(Encryption::s3());
    let code = "s3-bucket-encryption-removed:sse-c".to_owned();
    assert_eq!(told(&now, Some(&blocking), ""), (code, Ok(blocking)));
}

fn versions(status: VersioningStatus, mfa_delete: bool) -> Setting {
    Setting::Versioning(Versioning { status, mfa_delete: Some(mfa_delete) })
}

#[test]
fn versioning_is_on_where_it_was_or_has_to_be() {
    let (on, off) = (VersioningStatus::Enabled, VersioningStatus::Off);
    let code = "s3-versioning-weakened".to_owned();
    let never = versions(off, false);
    assert_eq!(found(&never, None, ""), []);
    let right = versions(on, false);
    assert_eq!(told(&never, None, "versioning = true"), (code.clone(), Ok(right.clone())));
    let suspended = versions(VersioningStatus::Suspended, false);
    assert_eq!(told(&suspended, None, ""), (code.clone(), Ok(right.clone())));
    assert_eq!(found(&right, Some(&right), "versioning = true"), []);
    // MFA delete can be touched by the root user's device alone.
    let (code_, after) = told(&versions(VersioningStatus::Suspended, true), None, "");
    assert!(code_ == code && after.is_err());
    let mfa = "s3-versioning-weakened:mfa-delete";
    let (code, after) = told(&right, Some(&versions(on, true)), "");
    assert!(code == mfa && after.is_err());
    assert_eq!(told(&right, None, "mfa_delete = true").0, mfa);
    assert_eq!(found(&versions(on, true), None, "mfa_delete = true"), []);
}

#[test]
fn suspending_what_was_never_on_is_no_certain_loss() {
    let never = versions(VersioningStatus::Off, false);
    let suspended = versions(VersioningStatus::Suspended, false);
    let on = versions(VersioningStatus::Enabled, false);
    for (before, floor, expected) in [
        (Some(&never), "", Confidence::Probable),
        (Some(&never), "versioning = true", Confidence::Certain),
        (Some(&on), "", Confidence::Certain),
        (None, "", Confidence::Certain),
    ] {
        let findings = found(&suspended, before, floor);
        let [finding] = findings.as_slice() else { panic!("{findings:?}") };
        assert_eq!(finding.confidence, expected, "{before:?} {floor}");
    }
}

fn logs(bucket: &str, prefix: &str) -> Setting {
    let target =
        LogTarget { bucket: bucket.to_owned(), prefix: prefix.to_owned(), ..LogTarget::default() };
    Setting::Logging(Logging { target: Some(target) })
}

#[test]
fn logs_go_where_they_went_or_have_to() {
    let off = Setting::Logging(Logging::default());
    let (was, other) = (logs("amzn-s3-demo-logs", "a/"), logs("amzn-s3-demo-evil", ""));
    let code = "s3-logging-disabled".to_owned();
    assert_eq!(told(&off, Some(&was), ""), (code.clone(), Ok(was.clone())));
    let floor = "logging = true\ntarget_bucket = \"amzn-s3-demo-logs\"\ntarget_prefix = \"f/\"";
    let asked = logs("amzn-s3-demo-logs", "f/");
    assert_eq!(told(&off, None, floor), (code.clone(), Ok(asked.clone())));
    // The prefix of before is kept where the bucket is the floor's.
    assert_eq!(told(&off, Some(&was), floor), (code.clone(), Ok(was.clone())));
    assert_eq!(told(&off, Some(&other), floor), (code.clone(), Ok(asked.clone())));
    let moved = "s3-logging-disabled:moved".to_owned();
    assert_eq!(told(&other, Some(&was), ""), (moved.clone(), Ok(was.clone())));
    assert_eq!(told(&other, None, floor), (moved, Ok(asked)));
    // Neither says where to.
    let (told_, after) = told(&off, None, "logging = true");
    assert!(told_ == code && after.is_err());
    // It was seen off before, and nobody asks for it.
    assert_eq!(found(&off, Some(&off), ""), []);
    assert_eq!(found(&was, None, floor), []);
}

#[test]
fn no_bucket_is_made_to_log_into_itself_without_end() {
    // The floor of all buckets is the log bucket's as well.
    let floor = "logging = true\ntarget_bucket = \"amzn-s3-demo-records\"";
    let off = Setting::Logging(Logging::default());
    let (code, after) = told(&off, None, floor);
    assert_eq!(code, "s3-logging-disabled");
    assert!(after.is_err(), "{after:?}");
    assert_eq!(found(&logs("amzn-s3-demo-logs-of-logs", ""), None, floor), []);
    // As it was before it may be again.
    let was = logs("amzn-s3-demo-records", "self/");
    assert_eq!(told(&off, Some(&was), floor), (code, Ok(was)));
}

#[test]
fn of_several_log_buckets_any_will_do_and_none_is_chosen() {
    let floor = "logging = true\ntarget_bucket = \"amzn-s3-demo-central\"\n\
        [[bucket_floors]]\nbuckets = \"amzn-*\"\nlogging = true\n\
        target_bucket = \"amzn-s3-demo-audit\"\ntarget_prefix = \"a/\"";
    let off = Setting::Logging(Logging::default());
    let (central, audit) = (logs("amzn-s3-demo-central", "x/"), logs("amzn-s3-demo-audit", ""));
    for now in [&central, &audit] {
        assert_eq!(found(now, None, floor), [], "{now:?}");
    }
    let (code, after) = told(&off, None, floor);
    assert!(code == "s3-logging-disabled" && after.is_err(), "{after:?}");
    let (code, after) = told(&logs("amzn-s3-demo-evil", ""), None, floor);
    assert!(code == "s3-logging-disabled:moved" && after.is_err(), "{after:?}");
    // Before says which.
    let told = told(&off, Some(&central), floor);
    assert_eq!(told, ("s3-logging-disabled".to_owned(), Ok(central)));
}

fn lock(mode: LockMode, days: u32) -> Setting {
    let retention = Retention { mode, days: Some(days), years: None, event_hold: None };
    Setting::ObjectLock(ObjectLock { enabled: true, retention: Some(retention) })
}

#[test]
fn a_default_retention_is_no_shorter_and_no_weaker() {
    use model::trust::LockMode::{Compliance, Governance};
    let code = "s3-lifecycle-weakened:object-lock".to_owned();
    let none = Setting::ObjectLock(ObjectLock { enabled: true, retention: None });
    assert_eq!(found(&none, None, ""), []);
    let year = lock(Governance, 365);
    assert_eq!(told(&none, Some(&year), ""), (code.clone(), Ok(year.clone())));
    let floor = "object_lock = { mode = \"GOVERNANCE\", days = 30 }";
    assert_eq!(told(&none, None, floor), (code.clone(), Ok(lock(Governance, 30))));
    // Longer and weaker: the longer stays, the stronger comes back.
    let now = lock(Governance, 900);
    assert_eq!(
        told(&now, Some(&lock(Compliance, 30)), ""),
        (code.clone(), Ok(lock(Compliance, 900)))
    );
    assert_eq!(found(&lock(Compliance, 365), Some(&year), floor), []);
    // A year is no shorter than 365 days.
    let retention = Retention { mode: Governance, days: None, years: Some(1), event_hold: None };
    let in_years = Setting::ObjectLock(ObjectLock { enabled: true, retention: Some(retention) });
    assert_eq!(found(&in_years, Some(&year), ""), []);
    let (told_, after) = told(&Setting::ObjectLock(ObjectLock::default()), None, floor);
    assert!(told_ == code && after.is_err(), "it could never be switched off again");
}

#[test]
fn a_default_hold_is_no_shorter() {
    let of = |days: u32, hold: Option<(u32, bool)>| {
        let event_hold = hold.map(|(length, years)| EventHold {
            days: (!years).then_some(length),
            years: years.then_some(length),
        });
        let mode = LockMode::Governance;
        let retention = Retention { mode, days: Some(days), years: None, event_hold };
        Setting::ObjectLock(ObjectLock { enabled: true, retention: Some(retention) })
    };
    let was = of(30, Some((365, false)));
    let code = "s3-lifecycle-weakened:object-lock".to_owned();
    for now in [of(30, None), of(30, Some((1, false)))] {
        assert_eq!(told(&now, Some(&was), ""), (code.clone(), Ok(was.clone())), "{now:?}");
    }
    // Of the retention and of the hold the longer.
    let told = told(&of(1, Some((2, true))), Some(&was), "");
    assert_eq!(told, (code, Ok(of(30, Some((2, true))))));
    for now in [of(30, Some((1, true))), of(30, Some((366, false)))] {
        assert_eq!(found(&now, Some(&was), ""), [], "{now:?}");
    }
}

#[test]
fn acls_count_no_more_than_before_and_than_they_may() {
    let of = |rule| Setting::Ownership(Ownership { rule });
    let (enforced, writer) =
        (of(Some(ObjectOwnership::BucketOwnerEnforced)), of(Some(ObjectOwnership::ObjectWriter)));
    let preferred = of(Some(ObjectOwnership::BucketOwnerPreferred));
    let code = "s3-ownership-weakened".to_owned();
    assert_eq!(told(&writer, Some(&enforced), ""), (code.clone(), Ok(enforced.clone())));
    let floor = "ownership = \"BucketOwnerPreferred\"";
    assert_eq!(told(&of(None), None, floor), (code.clone(), Ok(preferred.clone())));
    assert!(told(&writer, None, "").1.is_err(), "what it was is not known");
    for (now, before, floor) in [
        (&enforced, None, ""),
        (&preferred, None, floor),
        (&writer, None, "ownership = \"ObjectWriter\""),
        (&of(None), Some(&writer), ""),
    ] {
        assert_eq!(found(now, before, floor), [], "{now:?}");
    }
}

fn metrics(ids: &[(&str, Option<&str>)]) -> Setting {
    let of = |(id, prefix): &(&str, Option<&str>)| {
        let prefix = prefix.map(str::to_owned);
        ((*id).to_owned(), MetricsFilter { prefix, ..MetricsFilter::default() })
    };
    Setting::Metrics(Metrics { configurations: ids.iter().map(of).collect() })
}

#[test]
fn each_metrics_configuration_that_is_gone_is_put_back_by_itself() {
    let was = metrics(&[("a", None), ("b", Some("in/")), ("c", None)]);
    let now = metrics(&[("b", Some("out/")), ("c", None), ("new", None)]);
    let findings = found(&now, Some(&was), "metrics = [\"c\", \"d\"]");
    let remedies: Vec<_> = findings.iter().flat_map(|finding| &finding.remedies).cloned().collect();
    let resource = about(Kind::Metrics).resource;
    let put = |before: &Setting, after: &Setting| SafeguardRemedy::Put {
        resource: resource.clone(),
        before: before.clone(),
        after: after.clone(),
    };
    let none = metrics(&[]);
    assert_eq!(
        remedies,
        [
            put(&none, &metrics(&[("a", None)])),
            put(&metrics(&[("b", Some("out/"))]), &metrics(&[("b", Some("in/"))])),
            put(&none, &metrics(&[("d", None)])),
        ]
    );
    assert!(findings.iter().all(|finding| finding.code == "s3-logging-disabled:metrics"));
}

#[test]
fn what_is_seen_right_is_remembered_beside_what_was() {
    let mut state = SafeguardsState::default();
    state.seen.set(Setting::Encryption(Encryption::s3()));
    let mut remembered = SafeguardsState::default();
    remembered.seen.set(versions(VersioningStatus::Enabled, false));
    remembered.seen.set(kms("aws:kms", None));
    let state = S3BucketSafeguards.recall(state, Remembered::Baseline(remembered));
    let kept = S3BucketSafeguards.baseline(&about(Kind::Encryption), &state).unwrap();
    assert_eq!(kept.seen.encryption, Some(Encryption::s3()));
    assert_eq!(kept.seen.versioning.unwrap().status, VersioningStatus::Enabled);
    assert_eq!(kept.baseline, Settings::default());
    let nothing = SafeguardsState::default();
    assert_eq!(S3BucketSafeguards.baseline(&about(Kind::Metrics), &nothing), None);
}
