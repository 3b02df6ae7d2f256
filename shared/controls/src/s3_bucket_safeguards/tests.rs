//! What records prove by themselves, and that a remedy mends what it was made for.

mod crossing;
mod events;
mod lifecycle;
mod remedies;
mod settings;

use model::{Remedy, Status};
use serde_json::{Value, json};

use super::*;
use crate::test_support::{judge, record, target};

const S3: &str = "s3.amazonaws.com";

#[expect(clippy::needless_pass_by_value, reason = "`json!` at the call reads better")]
fn call(name: &str, member: &str, body: Value) -> Value {
    record(S3, name, json!({"bucketName": "amzn-s3-demo-records", member: body}))
}

fn codes(record: &Value, trust: &Trust) -> Vec<String> {
    let judged = judge(&S3BucketSafeguards, record, trust);
    judged.findings.into_iter().map(|finding| finding.code).collect()
}

#[test]
fn what_a_record_proves_is_found_and_what_is_right_is_left_alone() {
    let nuke =
        json!({"Rule": {"ID": "x", "Status": "Enabled", "Filter": "", "Expiration": {"Days": 1}}});
    let late = json!({"Rule": [{"ID": "x", "Status": "Enabled", "Filter": "", "Expiration": {"Days": 90}}]});
    let stranger = json!({"Rule": {"ApplyServerSideEncryptionByDefault": {
        "SSEAlgorithm": "aws:kms",
        "KMSMasterKeyID": "arn:aws:kms:eu-west-1:444455556666:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    }}});
    for (name, member, body, expected) in [
        (
            "PutBucketVersioning",
            "VersioningConfiguration",
            json!({"Status": "Suspended"}),
            &["s3-versioning-weakened"][..],
        ),
        ("PutBucketVersioning", "VersioningConfiguration", json!({"Status": "Enabled"}), &[]),
        (
            "PutBucketVersioning",
            "VersioningConfiguration",
            json!({"Status": "Enabled", "MfaDelete": "Disabled"}),
            &["s3-versioning-weakened:mfa-delete"],
        ),
        (
            "PutBucketLogging",
            "BucketLoggingStatus",
            json!({"xmlns": "x"}),
            &["s3-logging-disabled"],
        ),
        (
            "PutBucketLogging",
            "BucketLoggingStatus",
            json!({"LoggingEnabled": {"TargetBucket": "amzn-s3-demo-logs", "TargetPrefix": ""}}),
            &[],
        ),
        ("PutBucketLifecycle", "LifecycleConfiguration", nuke, &["s3-lifecycle-weakened:early"]),
        ("PutBucketLifecycle", "LifecycleConfiguration", late, &[]),
        (
            "PutBucketEncryption",
            "ServerSideEncryptionConfiguration",
            stranger,
            &["s3-bucket-encryption-removed:foreign-key"],
        ),
        (
            "DeleteBucketEncryption",
            "encryption",
            json!([""]),
            &["s3-bucket-encryption-removed:reset"],
        ),
        (
            "PutBucketOwnershipControls",
            "OwnershipControls",
            json!({"Rule": {"ObjectOwnership": "ObjectWriter"}}),
            &["s3-ownership-weakened"],
        ),
        ("DeleteBucketMetricsConfiguration", "id", json!("all"), &["s3-logging-disabled:metrics"]),
    ] {
        assert_eq!(
            codes(&call(name, member, body.clone()), &Trust::default()),
            expected,
            "{name} {body}"
        );
    }
}

#[test]
fn a_body_that_cannot_be_read_leaves_the_question_open() {
    let cut = call("PutBucketVersioning", "VersioningConfiguration", json!("cut"));
    assert_eq!(judge(&S3BucketSafeguards, &cut, &Trust::default()).status, Status::Unclear);
}

#[test]
fn a_remedy_restores_the_baseline_and_its_inverse_what_was_there() {
    let encryption = call("PutBucketEncryption", "encryption", json!(""));
    let target = target(&S3BucketSafeguards, &encryption);
    let kms = Encryption {
        algorithm: Some("aws:kms".to_owned()),
        key: Some("alias/records".to_owned()),
        ..Encryption::default()
    };
    let mut state =
        SafeguardsState::of(Settings { encryption: Some(Encryption::s3()), ..Settings::default() });
    state.baseline = Settings {
        encryption: Some(kms.clone()),
        logging: Some(Logging::default()),
        ..Settings::default()
    };
    let findings = S3BucketSafeguards.assess(&target, &state, &Trust::default());
    let [SafeguardRemedy::Put { after, before, .. }] = findings[0].remedies.as_slice() else {
        panic!("{findings:?}")
    };
    assert_eq!(
        (findings[0].code.as_str(), after),
        ("s3-bucket-encryption-removed", &Setting::Encryption(kms))
    );
    let Some(SafeguardRemedy::Put { after: back, .. }) = findings[0].remedies[0].inverse() else {
        panic!()
    };
    assert_eq!(&back, before);
    state.seen.set(after.clone());
    assert_eq!(S3BucketSafeguards.assess(&target, &state, &Trust::default()), []);
    let kept = S3BucketSafeguards.baseline(&target, &state).unwrap();
    assert_eq!(kept.seen.logging, Some(Logging::default()), "the rest is not forgotten");
}
