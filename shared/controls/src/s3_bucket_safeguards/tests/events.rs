//! Which events are looked at, and at what.

use model::{Confidence, Status};
use serde_json::{Value, json};

use super::{super::*, S3, call, codes};
use crate::{
    AnyControl, NotMine, Triage,
    s3::ObjectOwnership,
    test_support::{Given, STRANGER, event, judge, record, target, with},
};

fn triaged(record: &Value) -> Triage {
    S3BucketSafeguards.triage(&event(record))
}

/// An event of each name, with the setting it is about.
const EVENTS: [(&str, &str); 14] = [
    ("CreateBucket", "new"),
    ("DeleteBucketEncryption", "encryption"),
    ("DeleteBucketLifecycle", "lifecycle"),
    ("DeleteBucketMetricsConfiguration", "metrics"),
    ("DeleteBucketOwnershipControls", "ownership"),
    ("PutBucketEncryption", "encryption"),
    ("PutBucketLifecycle", "lifecycle"),
    ("PutBucketLifecycleConfiguration", "lifecycle"),
    ("PutBucketLogging", "logging"),
    ("PutBucketMetricsConfiguration", "metrics"),
    ("PutBucketObjectLockConfiguration", "object-lock"),
    ("PutBucketOwnershipControls", "ownership"),
    ("PutBucketVersioning", "versioning"),
    ("PutObjectLockConfiguration", "object-lock"),
];

#[test]
fn every_event_names_the_bucket_and_the_setting_that_is_read() {
    let subscribed: Vec<&str> = SUBSCRIPTIONS.iter().map(|one| one.event_name).collect();
    assert_eq!(EVENTS.map(|(name, _)| name).as_slice(), subscribed);
    for (name, setting) in EVENTS {
        let named = target(&S3BucketSafeguards, &call(name, "id", json!("all")));
        assert_eq!(named.detail("setting"), Some(setting), "{name}");
        assert_eq!(named.resource.arn, "arn:aws:s3:::amzn-s3-demo-records");
        let expected = Kind::of(setting).unwrap_or(Kind::Ownership);
        assert_eq!(to_read(&named, &Trust::default()), [expected], "{name}");
        // As when a baseline is taken.
        assert_eq!(to_read(&Target::from(named.resource), &Trust::default()), Kind::ALL);
    }
}

#[test]
fn what_failed_or_is_another_services_is_not_looked_at() {
    for (name, _) in EVENTS {
        let good = call(name, "id", json!("all"));
        let failed = with(good.clone(), "errorCode", json!("AccessDenied"));
        assert_eq!(triaged(&failed), Triage::NotMine(NotMine::CallFailed), "{name}");
        for source in ["s3-outposts.amazonaws.com", "s3express.amazonaws.com"] {
            let other = with(good.clone(), "eventSource", json!(source));
            assert_eq!(triaged(&other), Triage::NotMine(NotMine::NotCovered), "{name}");
        }
        let nobodys = with(good.clone(), "eventSource", json!(""));
        assert!(matches!(triaged(&nobodys), Triage::Malformed(_)), "{name}");
    }
    let other = record(S3, "PutBucketPolicy", json!({"bucketName": "amzn-s3-demo-records"}));
    assert_eq!(triaged(&other), Triage::NotMine(NotMine::NotCovered));
    // A bucket of our own that a stranger changes is ours.
    let body = json!({"Status": "Suspended"});
    let changed = call("PutBucketVersioning", "VersioningConfiguration", body);
    let by_stranger = with(changed, "userIdentity.accountId", json!(STRANGER));
    assert_eq!(codes(&by_stranger, &Trust::default()), ["s3-versioning-weakened"]);
}

#[test]
fn parameters_that_are_absent_or_malformed_are_never_silence() {
    for (name, _) in EVENTS {
        for parameters in [Value::Null, json!({"bucketName": {}}), json!("cut"), json!({})] {
            let told = record(S3, name, parameters.clone());
            assert!(matches!(triaged(&told), Triage::Malformed(_)), "{name} {parameters}");
        }
    }
    // The bucket is known, and what was set is not.
    let versioning = ("PutBucketVersioning", "VersioningConfiguration");
    let encryption = ("PutBucketEncryption", "ServerSideEncryptionConfiguration");
    let logging = ("PutBucketLogging", "BucketLoggingStatus");
    let lifecycle = ("PutBucketLifecycle", "LifecycleConfiguration");
    let lock = ("PutObjectLockConfiguration", "ObjectLockConfiguration");
    let ownership = ("PutBucketOwnershipControls", "OwnershipControls");
    for ((name, member), body) in [
        (versioning, json!("cut")),
        (versioning, json!({})),
        (versioning, json!({"Status": "Paused"})),
        (versioning, json!({"Status": "Enabled", "MfaDelete": "Perhaps"})),
        (versioning, json!({"Status": "Enabled", "MFADelete": {"cut": true}})),
        (encryption, json!("")),
        (encryption, json!({"Rule": []})),
        (encryption, json!({"Rule": {}})),
        (encryption, json!({"Rule": [{}, {}]})),
        (logging, json!("cut")),
        (logging, json!({"LoggingEnabled": {"TargetPrefix": "x"}})),
        // The name of the subresource alone, which stands there on and off alike.
        (("PutBucketLogging", "logging"), json!("")),
        (lifecycle, json!("cut")),
        (lifecycle, json!({"Rule": [{"Status": "Enabled", "Expiration": {"Days": "soon"}}]})),
        (lock, json!("cut")),
        (lock, json!({"Rule": {"DefaultRetention": {"Mode": "STRICT", "Days": 1}}})),
        (ownership, json!("cut")),
        (ownership, json!({"Rule": {"ObjectOwnership": "Everybody"}})),
    ] {
        let told = call(name, member, body.clone());
        let judged = judge(&S3BucketSafeguards, &told, &Trust::default());
        assert_eq!(judged.status, Status::Unclear, "{name} {body}");
    }
}

#[test]
fn old_and_new_shapes_say_the_same() {
    let suspended = json!({"Status": "Suspended"});
    for parameters in [
        json!({"bucketName": "b-1", "versioning": "", "VersioningConfiguration": suspended}),
        json!({"bucketName": ["b-1"], "versioning": [""], "VersioningConfiguration": suspended}),
        json!({"bucketName": "b-1", "VersioningConfiguration": {"Status": ["Suspended"]}}),
    ] {
        let told = record(S3, "PutBucketVersioning", parameters.clone());
        assert_eq!(codes(&told, &Trust::default()), ["s3-versioning-weakened"], "{parameters}");
    }
}

#[test]
fn other_partitions_name_their_own_buckets() {
    for (region, partition) in [("us-gov-west-1", "aws-us-gov"), ("cn-north-1", "aws-cn")] {
        let told = call("DeleteBucketOwnershipControls", "ownershipControls", json!(""));
        let named = target(&S3BucketSafeguards, &with(told, "awsRegion", json!(region)));
        assert_eq!(named.resource.arn, format!("arn:{partition}:s3:::amzn-s3-demo-records"));
    }
}

#[test]
fn a_new_bucket_is_held_against_floors_and_nothing_of_it_is_certain() {
    let created = call("CreateBucket", "x-amz-object-ownership", json!("ObjectWriter"));
    let judged = judge(&S3BucketSafeguards, &created, &Trust::default());
    assert_eq!(judged.findings[0].code, "s3-ownership-weakened");
    assert_eq!(judged.findings[0].confidence, Confidence::Probable);
    let plain = call("CreateBucket", "x-amz-acl", json!("private"));
    assert_eq!(judge(&S3BucketSafeguards, &plain, &Trust::default()).status, Status::Clean);

    let floors = "[[bucket_floors]]\nbuckets = \"amzn-*\"\nversioning = true\nlogging = true";
    let trust = Trust::parse(floors).unwrap();
    let named = target(&S3BucketSafeguards, &plain);
    assert_eq!(to_read(&named, &trust), [Kind::Versioning, Kind::Logging, Kind::Ownership]);
    // Of what floors ask a record tells nothing.
    assert_eq!(judge(&S3BucketSafeguards, &plain, &trust).status, Status::Unclear);
    let seen = Settings {
        versioning: Some(Versioning { status: VersioningStatus::Off, mfa_delete: Some(false) }),
        logging: Some(Logging::default()),
        ownership: Some(Ownership { rule: Some(ObjectOwnership::BucketOwnerEnforced) }),
        ..Settings::default()
    };
    let findings = S3BucketSafeguards.assess(&named, &SafeguardsState::of(seen), &trust);
    let told: Vec<_> =
        findings.iter().map(|finding| (finding.code.as_str(), finding.confidence)).collect();
    let expected = [
        ("s3-versioning-weakened", Confidence::Probable),
        ("s3-logging-disabled", Confidence::Probable),
    ];
    assert_eq!(told, expected);
}

#[test]
fn a_refused_read_is_told_and_leaves_what_was_read_to_be_judged() {
    let trust = Trust::parse("[[bucket_floors]]\ntag = \"data=records\"\nlogging = true").unwrap();
    let named = target(&S3BucketSafeguards, &call("PutBucketLogging", "logging", json!("")));
    let mut state = SafeguardsState::of(Settings {
        logging: Some(Logging { target: Some(LogTarget::default()) }),
        ..Settings::default()
    });
    let denied = |read: &str| [(read.to_owned(), "AccessDenied".to_owned())].into();
    state.denied = denied("s3:GetBucketTagging");
    let findings = S3BucketSafeguards.assess(&named, &state, &trust);
    assert_eq!(findings[0].code, "evidence-unreadable");
    assert_eq!(findings[0].confidence, Confidence::Unclear);
    assert!(findings[0].remedies.is_empty() && findings[0].held_back.is_some());
    // No floor goes by a tag, so tags decide nothing.
    assert_eq!(S3BucketSafeguards.assess(&named, &state, &Trust::default()), []);
    state.denied = denied("s3:GetBucketLogging");
    assert_eq!(S3BucketSafeguards.assess(&named, &state, &Trust::default()).len(), 1);
}

#[test]
fn a_state_may_be_supplied_with_what_was_before() {
    let told = event(&call("PutBucketEncryption", "encryption", json!("")));
    let by = |word: &str| {
        json!({"ServerSideEncryptionConfiguration": {"Rules": [
            {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": word}}]}})
    };
    let judged = |responses: Value| {
        let given = Given::one("arn:aws:s3:::amzn-s3-demo-records", responses);
        AnyControl::judge(&S3BucketSafeguards, &told, &given, &Trust::default())
    };
    let (weak, strong) = (by("AES256"), by("aws:kms"));
    let found =
        judged(json!({"GetBucketEncryption": weak, "Baseline": {"GetBucketEncryption": strong}}));
    assert_eq!(found.findings[0].code, "s3-bucket-encryption-removed");
    assert_eq!(judged(json!({"GetBucketEncryption": weak})).status, Status::Clean);
    // Another setting's response is none of this one's.
    assert_eq!(judged(json!({"GetBucketLogging": {}})).status, Status::Unclear);
}
