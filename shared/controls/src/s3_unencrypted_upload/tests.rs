//! The eight cases every control owes, and the table of what meets a requirement.
#![expect(clippy::needless_raw_string_hashes, reason = "`UPDATE_EXPECT` writes them so")]

mod copy;

use std::collections::BTreeSet;

use expect_test::{Expect, expect};
use model::{Remedy, Status};
use serde_json::{Value, json};

use super::*;
use crate::{
    AnyControl, NotMine,
    s3::{Acl, Grant, Grantee, ObjectOwnership},
    test_support::{Given, STRANGER, event, judge, native, record, target, told, with},
};

const S3: &str = "s3.amazonaws.com";
const BUCKET: &str = "amzn-s3-demo-bucket";
const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const OTHER_KEY: &str =
    "arn:aws:kms:eu-west-1:111122223333:key/99999999-12ab-34cd-56ef-1234567890ab";
const STRANGERS_KEY: &str =
    "arn:aws:kms:eu-west-1:444455556666:key/0987dcba-09fe-87dc-65ba-ab0987654321";
const OWNER: &str = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be";

fn requiring(key: &str) -> Trust {
    Trust { kms_key_arn: Some(key.to_owned()), ..Trust::default() }
}

/// A `PutObject` that S3 stored as `applied`, answering with these headers.
fn upload(applied: &str, answer: Value) -> Value {
    let record = record(S3, "PutObject", json!({"bucketName": BUCKET, "key": "a/b"}));
    let record = with(record, "responseElements", answer);
    with(record, "additionalEventData", json!({"SSEApplied": applied}))
}

fn under_s3() -> Value {
    upload("Default_SSE_S3", json!({"x-amz-server-side-encryption": "AES256"}))
}

fn under_kms(key: &str) -> Value {
    upload(
        "SSE_KMS",
        json!({"x-amz-server-side-encryption": "aws:kms",
            "x-amz-server-side-encryption-aws-kms-key-id": key}),
    )
}

fn check(record: &Value, trust: &Trust, expected: &Expect) {
    expected.assert_eq(&told(&judge(&S3UnencryptedUpload, record, trust)));
}

fn an_object() -> Target {
    target(&S3UnencryptedUpload, &under_s3())
}

fn kms(key: &str) -> Encryption {
    Encryption::Kms { key: Some(key.to_owned()) }
}

fn twice(key: &str) -> Encryption {
    Encryption::KmsTwice { key: Some(key.to_owned()) }
}

fn by_default(encryption: Encryption) -> DefaultEncryption {
    DefaultEncryption { encryption, bucket_key: true }
}

/// What a live read finds of an ordinary object of ours.
fn live(encryption: Encryption, default: Encryption) -> UploadState {
    let mut version = StoredVersion::of(encryption);
    version.version_id = Some("v1".to_owned());
    version.etag = Some("\"9bb58f26192e4ba00f01e2e7b136bbd8\"".to_owned());
    version.size = Some(2048);
    UploadState {
        version,
        default: Some(by_default(default)),
        keys: Vec::new(),
        details: Some(ObjectDetails {
            current: true,
            versioning: Versioning::Enabled,
            ownership: Some(ObjectOwnership::ObjectWriter),
            bucket_owner: Some(OWNER.to_owned()),
            acl: Some(owned_by(OWNER)),
            tags: Some(Tags::new()),
            checksums: Vec::new(),
        }),
        from_record: false,
    }
}

fn owned_by(owner: &str) -> Acl {
    let grantee = Grantee::CanonicalUser { id: owner.to_owned() };
    Acl {
        owner: Some(owner.to_owned()),
        grants: vec![Grant { grantee, permission: "FULL_CONTROL".to_owned() }],
    }
}

fn assess(state: &UploadState) -> Vec<Finding<UploadRemedy>> {
    let trust = Trust::default().seen_from(&an_object().resource.account);
    S3UnencryptedUpload.assess(&an_object(), state, &trust)
}

fn copy(state: &UploadState) -> ReEncrypt {
    let findings = assess(state);
    let [UploadRemedy::ReEncrypt(copy)] = findings[0].remedies.as_slice() else {
        panic!("{findings:?}")
    };
    (**copy).clone()
}

// Each event name that can raise the question.

#[test]
fn a_weaker_algorithm_than_required_is_re_encrypted() {
    check(
        &under_s3(),
        &requiring(KEY),
        &expect![[r#"
        finding arn:aws:s3:::amzn-s3-demo-bucket/a/b
        s3-unencrypted-upload certain
          the object is stored under SSE-S3; its bucket requires KMS key `arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab`
          s3:CopyObject {"Bucket":"amzn-s3-demo-bucket","Key":"a/b","ExpectedBucketOwner":"111122223333","ServerSideEncryption":"aws:kms","SSEKMSKeyId":"arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab","BucketKeyEnabled":false,"CopySource":"amzn-s3-demo-bucket/a/b","CopySourceIfMatch":"(the ETag that a read just before tells)","IfMatch":"(the ETag that a read just before tells)","MetadataDirective":"COPY","TaggingDirective":"COPY"}
    "#]],
    );
}

#[test]
fn every_event_name_leads_to_the_object() {
    let object = json!({"bucketName": BUCKET, "key": "a/b"});
    let detail = json!({"bucket": {"name": BUCKET}, "object": {"key": "a/b", "version-id": "v1"},
        "requester": "111122223333"});
    for subscription in AnyControl::subscriptions(&S3UnencryptedUpload) {
        let name = subscription.event_name;
        let record = match name {
            "Object Created" => native(name, &detail),
            _ => record(S3, name, object.clone()),
        };
        let arn = target(&S3UnencryptedUpload, &record).resource.arn;
        assert_eq!(arn, "arn:aws:s3:::amzn-s3-demo-bucket/a/b", "{name}");
    }
}

#[test]
fn the_version_is_the_one_that_was_written() {
    let answer = json!({"x-amz-version-id": "new"});
    let written = with(under_s3(), "responseElements", answer);
    let asked = with(written, "requestParameters.versionId", json!("read"));
    let ResourceId::Object { version_id, .. } = target(&S3UnencryptedUpload, &asked).resource.id
    else {
        panic!()
    };
    assert_eq!(version_id.as_deref(), Some("new"));
}

#[test]
fn what_an_aws_service_delivers_is_not_ours() {
    let service = json!({"type": "AWSService", "invokedBy": "cloudtrail.amazonaws.com"});
    let delivered = with(under_s3(), "userIdentity", service);
    let native = native(
        "Object Created",
        &json!({"bucket": {"name": BUCKET}, "object": {"key": "k"},
            "requester": "cloudtrail.amazonaws.com"}),
    );
    for record in [delivered, native] {
        let judged = judge(&S3UnencryptedUpload, &record, &requiring(KEY));
        assert_eq!(judged.reason.as_deref(), Some("service_delivery"));
    }
}

#[test]
fn directory_buckets_outposts_and_strangers_buckets_are_not_covered() {
    let named = |bucket: &str| record(S3, "PutObject", json!({"bucketName": bucket, "key": "k"}));
    let strangers = with(
        under_s3(),
        "resources",
        json!([{"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::amzn-s3-demo-bucket/a/b"},
            {"accountId": STRANGER, "type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::amzn-s3-demo-bucket"}]),
    );
    for record in [
        named("amzn-s3-demo--euw1-az1--x-s3"),
        with(under_s3(), "eventSource", json!("s3-outposts.amazonaws.com")),
        with(under_s3(), "eventSource", json!("s3express.amazonaws.com")),
        strangers,
    ] {
        let triage = S3UnencryptedUpload.triage(&event(&record));
        assert_eq!(triage, Triage::NotMine(NotMine::NotCovered), "{record}");
    }
}

// The call failed.

#[test]
fn a_refused_upload_is_ignored() {
    let refused = with(under_s3(), "errorCode", json!("AccessDenied"));
    check(
        &refused,
        &requiring(KEY),
        &expect![[r#"
        ignored (call_failed)
    "#]],
    );
}

// The state is already right.

#[test]
fn leaves_an_object_under_the_required_key_alone() {
    for (record, trust) in [
        (under_kms(KEY), requiring(KEY)),
        (under_s3(), Trust::default()),
        (upload("Default_SSE_KMS", json!(null)), Trust::default()),
    ] {
        let judged = judge(&S3UnencryptedUpload, &record, &trust);
        assert_eq!(judged.status, Status::Clean, "{record}");
    }
}

// Caused by our own role: the state is judged all the same.

#[test]
fn a_copy_by_our_own_role_is_judged_like_any_other() {
    let ours = |record: Value| {
        let role = "arn:aws:sts::111122223333:assumed-role/snapback-s3-unencrypted-upload/x";
        with(record, "userIdentity", json!({"type": "AssumedRole", "arn": role}))
    };
    let status = |record| judge(&S3UnencryptedUpload, &record, &requiring(KEY)).status;
    assert_eq!(status(ours(under_kms(KEY))), Status::Clean);
    assert_eq!(status(ours(under_s3())), Status::Finding);
}

// Excepted: exceptions are the policy's, the finding is there for it to decide on.

#[test]
fn a_protected_bucket_is_found_like_any_other() {
    let trust = Trust { protected_resources: vec!["*".to_owned()], ..requiring(KEY) };
    assert_eq!(judge(&S3UnencryptedUpload, &under_s3(), &trust).status, Status::Finding);
}

// Parameters malformed or absent.

#[test]
fn parameters_that_name_no_object_are_told_and_not_acted_on() {
    for parameters in [
        json!(null),
        json!({}),
        json!({"bucketName": BUCKET}),
        json!({"bucketName": "", "key": "k"}),
        json!({"bucketName": "arn:aws:s3:eu-west-1:111122223333:accesspoint/ap", "key": "k"}),
        json!({"omitted": true}),
        json!([1, 2]),
    ] {
        let record = with(under_s3(), "requestParameters", parameters.clone());
        let judged = judge(&S3UnencryptedUpload, &record, &Trust::default());
        assert_eq!(judged.status, Status::Unclear, "{parameters}");
        assert_eq!(judged.findings[0].code, "evidence-unreadable");
        assert!(judged.findings[0].remedies.is_empty());
    }
}

#[test]
fn a_record_that_does_not_tell_the_requirement_leaves_the_question_open() {
    let completed = record(
        S3,
        "CompleteMultipartUpload",
        json!({"bucketName": BUCKET, "key": "k", "uploadId": "u"}),
    );
    for (record, trust) in [
        (under_kms(KEY), Trust::default()),
        (upload("SSE_S3", json!(null)), Trust::default()),
        (upload("Default_SSE_KMS", json!(null)), requiring(KEY)),
        (completed, requiring(KEY)),
        (
            under_kms(KEY),
            Trust {
                required_kms_keys: [("*".into(), "alias/a".into())].into(),
                ..Trust::default()
            },
        ),
    ] {
        let judged = judge(&S3UnencryptedUpload, &record, &trust);
        assert_eq!(judged.status, Status::Unclear, "{record}");
        assert_eq!(judged.reason.as_deref(), Some("state_not_in_record"));
        assert!(judged.findings.is_empty());
    }
}

// The resource gone.

#[test]
fn what_is_gone_has_nothing_wrong_with_it() {
    let gone = Given::one("arn:aws:s3:::amzn-s3-demo-bucket/a/b", Value::Null);
    let record = under_s3();
    let judged = AnyControl::judge(&S3UnencryptedUpload, &event(&record), &gone, &requiring(KEY));
    assert_eq!(judged.status, Status::Clean);
    assert_eq!(judged.reason.as_deref(), Some("gone"));
}

// Another partition.

#[test]
fn arns_are_of_the_partition_of_the_region() {
    let gov = KEY.replace("arn:aws:", "arn:aws-us-gov:").replace("eu-west-1", "us-gov-west-1");
    let record = with(under_kms(&gov), "awsRegion", json!("us-gov-west-1"));
    let judged = judge(&S3UnencryptedUpload, &record, &requiring(&gov));
    assert_eq!(judged.target.unwrap().resource.arn, "arn:aws-us-gov:s3:::amzn-s3-demo-bucket/a/b");
    assert_eq!(judged.status, Status::Clean);
    let china = with(under_s3(), "awsRegion", json!("cn-north-1"));
    let judged = judge(&S3UnencryptedUpload, &china, &requiring(KEY));
    assert_eq!(judged.target.unwrap().resource.arn, "arn:aws-cn:s3:::amzn-s3-demo-bucket/a/b");
}

// What meets a requirement: the table of the page.

#[test]
fn the_table_of_what_meets_a_requirement() {
    let allowed = "arn:aws:kms:eu-west-1:444455556666:key/allowed";
    let trust = Trust {
        account_id: Some("111122223333".into()),
        allowed_kms_keys: [allowed.to_owned()].into(),
        ..Trust::default()
    };
    let required = [Encryption::S3, kms(KEY), twice(KEY)];
    for (stored, expected) in [
        (Encryption::None, [false, false, false]),
        (Encryption::S3, [true, false, false]),
        (kms(KEY), [true, true, false]),
        (twice(KEY), [true, true, true]),
        (kms(allowed), [true, true, false]),
        (twice(allowed), [true, true, true]),
        (kms(OTHER_KEY), [true, false, false]),
        (twice(OTHER_KEY), [true, false, false]),
        (kms(STRANGERS_KEY), [false, false, false]),
        (twice(STRANGERS_KEY), [false, false, false]),
        (Encryption::Customer, [false, false, false]),
    ] {
        let found = required.clone().map(|required| {
            S3UnencryptedUpload
                .assess(&an_object(), &live(stored.clone(), required), &trust)
                .is_empty()
        });
        assert_eq!(found, expected, "{stored:?}");
    }
}

#[test]
fn a_key_may_be_required_by_arn_id_or_alias() {
    let state = |keys| UploadState { keys, ..live(kms(KEY), Encryption::S3) };
    let wrong = |named: &str, keys: Vec<KeyFacts>| {
        let required_kms_keys = [("amzn-*".to_owned(), named.to_owned())].into();
        let trust = Trust { required_kms_keys, ..Trust::default() };
        let findings = S3UnencryptedUpload.assess(&an_object(), &state(keys), &trust);
        findings.into_iter().map(|finding| finding.code).collect::<Vec<_>>()
    };
    let resolved = |arn: &str| {
        vec![KeyFacts { named: "alias/a".to_owned(), arn: Some(arn.to_owned()), problem: None }]
    };
    assert!(wrong(KEY, vec![]).is_empty());
    assert!(wrong("1234abcd-12ab-34cd-56ef-1234567890ab", vec![]).is_empty());
    assert!(wrong("alias/a", resolved(KEY)).is_empty());
    assert_eq!(wrong(OTHER_KEY, vec![]), ["s3-unencrypted-upload"]);
    assert_eq!(wrong("99999999-12ab-34cd-56ef-1234567890ab", vec![]), ["s3-unencrypted-upload"]);
    assert_eq!(wrong("alias/a", resolved(OTHER_KEY)), ["s3-unencrypted-upload"]);
    assert_eq!(wrong("alias/a", vec![]), ["evidence-unreadable"], "nobody resolved it");
}

#[test]
fn a_key_whose_owner_is_not_told_is_nobodys_proof() {
    const ID: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";
    let status = |key: &str, allowed: &[&str]| {
        let allowed_kms_keys = allowed.iter().map(|&key| key.to_owned()).collect();
        let trust = Trust { allowed_kms_keys, ..Trust::default() };
        let object = "arn:aws:s3:::amzn-s3-demo-bucket";
        let s3 = json!({"GetBucketEncryption": {"ServerSideEncryptionConfiguration": {"Rules": [
            {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}}});
        let event = event(&under_kms(key));
        AnyControl::judge(&S3UnencryptedUpload, &event, &Given::one(object, s3), &trust).status
    };
    let alias_arn = "arn:aws:kms:eu-west-1:111122223333:alias/app";
    let strangers_alias = "arn:aws:kms:eu-west-1:444455556666:alias/app";
    for (key, allowed, expected) in [
        (KEY, &[][..], Status::Clean),
        (STRANGERS_KEY, &[], Status::Finding),
        (ID, &[], Status::Unclear),
        ("alias/app", &[], Status::Unclear),
        (alias_arn, &[], Status::Clean),
        (strangers_alias, &[], Status::Unclear),
        (ID, &[KEY], Status::Clean),
        (STRANGERS_KEY, &["0987dcba-09fe-87dc-65ba-ab0987654321"], Status::Clean),
        (STRANGERS_KEY, &["alias/vendor"], Status::Unclear),
        (STRANGERS_KEY, &[alias_arn], Status::Finding),
        (STRANGERS_KEY, &[KEY], Status::Finding),
    ] {
        assert_eq!(status(key, allowed), expected, "{key} {allowed:?}");
    }
    // Nor is the required key's absence: an allowed alias may be of the object's key.
    let findings = |allowed: &str| {
        let allowed_kms_keys = [allowed.to_owned()].into();
        let trust = Trust { allowed_kms_keys, ..requiring(KEY) };
        let found =
            S3UnencryptedUpload.assess(&an_object(), &live(kms(OTHER_KEY), kms(KEY)), &trust);
        found.into_iter().map(|finding| finding.code).collect::<Vec<_>>()
    };
    assert_eq!(findings("alias/app"), ["evidence-unreadable"]);
    assert_eq!(findings(KEY), ["s3-unencrypted-upload"]);
    assert!(findings("99999999-12ab-34cd-56ef-1234567890ab").is_empty());
}

#[test]
fn the_most_exact_pattern_names_the_key_and_outranks_the_rest() {
    let trust = Trust {
        required_kms_keys: [
            ("*".to_owned(), "all".to_owned()),
            ("amzn-s3-*".to_owned(), "demo".to_owned()),
            ("amzn-s3-demo-logs".to_owned(), "logs".to_owned()),
        ]
        .into(),
        ..requiring(KEY)
    };
    let named = |bucket: &str| match Requirement::of(bucket, None, &[], &trust) {
        Requirement::Kms { named, .. } => named,
        Requirement::S3 | Requirement::Unknown => panic!(),
    };
    assert_eq!(named("amzn-s3-demo-logs"), "logs");
    assert_eq!(named("amzn-s3-demo-other"), "demo");
    assert_eq!(named("elsewhere"), "all");
}

#[test]
fn an_unknown_algorithm_is_told_and_never_changed() {
    let other = Encryption::Other { word: "aws:quantum".to_owned(), key: None };
    let findings = assess(&live(other, Encryption::S3));
    assert_eq!(findings[0].code, "evidence-unreadable");
    assert_eq!(findings[0].confidence, Confidence::Unclear);
    assert!(findings[0].remedies.is_empty());
}

#[test]
fn an_object_from_before_2023_is_unencrypted_where_nothing_says_otherwise() {
    let old = with(under_s3(), "eventTime", json!("2021-06-30T22:00:01Z"));
    let bare = with(with(old, "additionalEventData", json!(null)), "responseElements", json!(null));
    check(
        &bare,
        &Trust::default(),
        &expect![[r#"
        finding arn:aws:s3:::amzn-s3-demo-bucket/a/b
        s3-unencrypted-upload certain
          the object is stored without encryption, which no bucket requires
          held back: what its bucket requires is not known
    "#]],
    );
    let new = with(bare, "eventTime", json!("2026-06-30T22:00:01Z"));
    assert_eq!(judge(&S3UnencryptedUpload, &new, &requiring(KEY)).status, Status::Unclear);
}

#[test]
fn silence_of_a_record_that_cannot_be_read_says_nothing() {
    let old = with(under_s3(), "eventTime", json!("2021-06-30T22:00:01Z"));
    let bare = with(with(old, "additionalEventData", json!(null)), "responseElements", json!(null));
    let object =
        json!([{"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::amzn-s3-demo-bucket/a/b"}]);
    let bare = with(bare, "resources", object);
    let algorithm = |value: Value| json!({"bucketName": BUCKET, "key": "a/b", "x-amz-server-side-encryption": value});
    for (path, value) in [
        ("requestParameters", json!(null)),
        ("requestParameters", json!({"omitted": true, "originalSize": 1})),
        ("requestParameters", algorithm(json!(["AES256", "aws:kms"]))),
        ("requestParameters", algorithm(json!({"x": 1}))),
        ("responseElements", json!({"omitted": true})),
        ("responseElements", json!("cut")),
        ("responseElements", json!({"x-amz-server-side-encryption": ["AES256", "aws:kms"]})),
        ("responseElements", json!({"x-amz-server-side-encryption-aws-kms-key-id": KEY})),
        ("additionalEventData", json!({"SSEApplied": {"x": 1}})),
        ("additionalEventData", json!({"omitted": true})),
    ] {
        let judged =
            judge(&S3UnencryptedUpload, &with(bare.clone(), path, value.clone()), &requiring(KEY));
        assert_eq!(judged.status, Status::Unclear, "{path} {value}");
        assert_eq!(judged.reason.as_deref(), Some("state_not_in_record"), "{path} {value}");
    }
    assert_eq!(judge(&S3UnencryptedUpload, &bare, &requiring(KEY)).status, Status::Finding);
}

#[test]
fn supplied_responses_that_say_nothing_are_no_state() {
    for (arn, responses) in [
        ("arn:aws:s3:::amzn-s3-demo-bucket", json!({"GetBucketEncryption": {}})),
        ("arn:aws:s3:::amzn-s3-demo-bucket", json!({"GetBucketEncryption": {"Statement": []}})),
        ("arn:aws:s3:::amzn-s3-demo-bucket/a/b", json!({"HeadObject": {}})),
        ("arn:aws:s3:::amzn-s3-demo-bucket/a/b", json!({"HeadObject": {"Statement": []}})),
    ] {
        let states = Given::one(arn, responses.clone());
        let event = event(&under_kms(KEY));
        let judged = AnyControl::judge(&S3UnencryptedUpload, &event, &states, &Trust::default());
        assert_eq!(judged.findings[0].code, "evidence-unreadable", "{responses}");
    }
}

#[test]
fn a_copy_under_a_customers_own_key_is_wrong_by_any_measure_and_nobody_can_mend_it() {
    let ransom = record(
        S3,
        "CopyObject",
        json!({"bucketName": BUCKET, "key": "a/b", "x-amz-copy-source": "amzn-s3-demo-bucket/a/b",
            "x-amz-server-side-encryption-customer-algorithm": "AES256"}),
    );
    check(
        &ransom,
        &Trust::default(),
        &expect![[r#"
        finding arn:aws:s3:::amzn-s3-demo-bucket/a/b
        s3-unencrypted-upload certain
          the object is stored under a customer's own key (SSE-C), which no bucket requires
          held back: it is under a key that only its uploader has (SSE-C), without which nobody can read it
    "#]],
    );
}

#[test]
fn supplied_states_say_what_a_record_cannot() {
    let object = "arn:aws:s3:::amzn-s3-demo-bucket/a/b";
    let default = json!({"GetBucketEncryption": {"ServerSideEncryptionConfiguration": {"Rules": [
        {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY},
            "BucketKeyEnabled": true}]}}});
    let judged = |record: &Value, states: Given| {
        AnyControl::judge(&S3UnencryptedUpload, &event(record), &states, &Trust::default())
    };
    let of_bucket = || Given::one("arn:aws:s3:::amzn-s3-demo-bucket", default.clone());
    assert_eq!(judged(&under_kms(KEY), of_bucket()).status, Status::Clean);
    assert_eq!(judged(&under_kms(OTHER_KEY), of_bucket()).status, Status::Finding);
    assert_eq!(judged(&under_s3(), of_bucket()).status, Status::Finding);

    let former = upload(
        "Default_SSE_KMS",
        json!({"x-amz-server-side-encryption": "aws:kms",
            "x-amz-server-side-encryption-aws-kms-key-id": OTHER_KEY}),
    );
    assert_eq!(judged(&former, of_bucket()).status, Status::Finding, "the default has changed");

    let mut both = of_bucket();
    both.0.insert(
        object.to_owned(),
        json!({"HeadObject": {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": KEY,
            "ETag": "\"e\"", "ContentLength": 3, "ContentType": "text/plain", "Metadata": {}}}),
    );
    assert_eq!(judged(&under_s3(), both).status, Status::Clean, "the live state is judged");
    let nonsense = Given::one(object, json!({"HeadObject": "?"}));
    assert_eq!(judged(&under_s3(), nonsense).findings[0].code, "evidence-unreadable");
}

#[test]
fn tagging_keeps_every_other_tag_and_stops_at_the_limit() {
    // S-29
    let resource = an_object().resource;
    let ours: Tags = [("snapback:at".to_owned(), "now".to_owned())].into();
    let tags =
        |count: usize| (0..count).map(|n| (format!("k{n}"), String::new())).collect::<Tags>();
    let UploadRemedy::PutTags { after, .. } =
        S3UnencryptedUpload.tag(&resource, &tags(9), &ours).unwrap()
    else {
        panic!()
    };
    assert!(tags(9).keys().all(|key| after.contains_key(key)));
    assert_eq!(after.len(), 10);
    assert!(S3UnencryptedUpload.tag(&resource, &tags(10), &ours).unwrap_err().contains("10"));
}

#[test]
fn the_declared_writes_are_those_of_its_remedies() {
    let mut resource = an_object().resource;
    let ours: Tags = [("snapback:at".to_owned(), "now".to_owned())].into();
    let mut used = BTreeSet::new();
    for version in [None, Some("v1".to_owned())] {
        if let ResourceId::Object { version_id, .. } = &mut resource.id {
            *version_id = version;
        }
        let tag = S3UnencryptedUpload.tag(&resource, &Tags::new(), &ours).unwrap();
        used.extend(tag.iam_actions());
    }
    let findings = assess(&live(Encryption::S3, kms(KEY)));
    used.extend(findings[0].remedies[0].iam_actions());
    assert_eq!(used, Control::write_actions(&S3UnencryptedUpload).iter().collect());
}
