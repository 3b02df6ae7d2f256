//! `s3-bucket-safeguards`: what is weaker than it was is told or marked. The shipped policies revert
//! nothing of it; where a policy of one's own permits it, `reverts` shows what is written. ministack
//! has no request metrics, which are proved by the adapter's own tests alone.

use scenarios::stack::Stack;
use serde_json::{Value, json};

use crate::{
    records::{id, record},
    stacks::{asked_about, assert_nothing_refused, enforcing, entries, wait_until_handled, writes},
};

/// A bucket with tags, and versions, which Object Lock needs.
pub(crate) fn guarded_bucket(stack: &Stack, bucket: &str) {
    let create = json!({ "Bucket": bucket, "ObjectLockEnabledForBucket": true });
    stack.call("s3", "CreateBucket", create).unwrap();
    let tags = json!({ "TagSet": [{ "Key": "team", "Value": "records" }] });
    stack.call("s3", "PutBucketTagging", json!({ "Bucket": bucket, "Tagging": tags })).unwrap();
}

/// Makes a call with one body and gives the record of it. S3 has one word for the body, CloudTrail
/// another: in a record, lists have the singular of their name.
fn put(stack: &Stack, bucket: &str, call: &str, name: &str, body: &Value, told: &Value) -> Value {
    let mut asked = json!({ "Bucket": bucket });
    asked[name] = body.clone();
    stack.call("s3", call, asked).unwrap();
    let event = if call == "PutBucketLifecycleConfiguration" { "PutBucketLifecycle" } else { call };
    let mut parameters = json!({
        "bucketName": bucket,
        "Host": format!("{bucket}.s3.us-east-1.amazonaws.com"),
    });
    parameters[name] = told.clone();
    record(stack, "s3", event, parameters)
}

pub(crate) fn versioning(stack: &Stack, bucket: &str, status: &str) -> Value {
    let body = json!({ "Status": status });
    put(stack, bucket, "PutBucketVersioning", "VersioningConfiguration", &body, &body)
}

pub(crate) fn encryption(stack: &Stack, bucket: &str, by: &Value) -> Value {
    let rule = json!({ "ApplyServerSideEncryptionByDefault": by });
    let name = "ServerSideEncryptionConfiguration";
    let body = json!({ "Rules": [rule] });
    put(stack, bucket, "PutBucketEncryption", name, &body, &json!({ "Rule": rule }))
}

pub(crate) fn logging(stack: &Stack, bucket: &str, status: &Value) -> Value {
    put(stack, bucket, "PutBucketLogging", "BucketLoggingStatus", status, status)
}

pub(crate) fn lifecycle(stack: &Stack, bucket: &str, days: u32) -> Value {
    let rule = json!({
        "ID": "year",
        "Status": "Enabled",
        "Filter": { "Prefix": "" },
        "Expiration": { "Days": days },
    });
    let name = "LifecycleConfiguration";
    let body = json!({ "Rules": [rule] });
    put(stack, bucket, "PutBucketLifecycleConfiguration", name, &body, &json!({ "Rule": rule }))
}

pub(crate) fn ownership(stack: &Stack, bucket: &str, word: &str) -> Value {
    let rule = json!({ "ObjectOwnership": word });
    let body = json!({ "Rules": [rule] });
    let told = json!({ "Rule": rule });
    put(stack, bucket, "PutBucketOwnershipControls", "OwnershipControls", &body, &told)
}

pub(crate) fn object_lock(stack: &Stack, bucket: &str, days: u32) -> Value {
    let retention = json!({ "Mode": "GOVERNANCE", "Days": days });
    let body = json!({ "ObjectLockEnabled": "Enabled", "Rule": { "DefaultRetention": retention } });
    let name = "ObjectLockConfiguration";
    put(stack, bucket, "PutObjectLockConfiguration", name, &body, &body)
}

/// Everything about a bucket but its tags.
pub(crate) fn settings(stack: &Stack, bucket: &str) -> Vec<Value> {
    [
        "GetBucketVersioning",
        "GetBucketEncryption",
        "GetBucketLogging",
        "GetBucketLifecycleConfiguration",
        "GetBucketOwnershipControls",
        "GetObjectLockConfiguration",
        "GetBucketAcl",
    ]
    .iter()
    .map(|operation| {
        // A setting that is not there is an error, and the same one before and after.
        let answer = stack.call("s3", operation, json!({ "Bucket": bucket }));
        answer.unwrap_or_else(|_| json!("none"))
    })
    .collect()
}

/// Hands a record to the function and waits for it.
fn handled(stack: &Stack, record: &Value) {
    stack.put_record("aws.s3", record).unwrap();
    wait_until_handled(stack, "S3BucketSafeguards", id(record), 1);
}

/// A record of versions that were never suspended: a read contradicts it.
pub(crate) fn contradicted(stack: &Stack, bucket: &str) -> Value {
    let told = json!({ "Status": "Suspended" });
    let parameters = json!({ "bucketName": bucket, "VersioningConfiguration": told });
    record(stack, "s3", "PutBucketVersioning", parameters)
}

/// Sets everything right and then wrong, one by one, and a record that a read contradicts.
pub(crate) fn tour(stack: &Stack) {
    let bucket = "amzn-s3-demo-tour-safeguards";
    guarded_bucket(stack, bucket);
    handled(stack, &contradicted(stack, bucket));
    let kms = json!({ "SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/amzn-s3-demo" });
    handled(stack, &encryption(stack, bucket, &kms));
    handled(stack, &encryption(stack, bucket, &json!({ "SSEAlgorithm": "AES256" })));
    handled(stack, &logging(stack, bucket, &json!({})));
    handled(stack, &lifecycle(stack, bucket, 1));
    handled(stack, &ownership(stack, bucket, "ObjectWriter"));
    handled(stack, &object_lock(stack, bucket, 1));
}

#[test]
fn suspended_versions_are_marked_and_everything_else_is_left_as_it_is() {
    const BUCKET: &str = "amzn-s3-demo-suspended";
    let stack = enforcing();
    let inbox = stack.inbox("safeguards-suspended").unwrap();
    // Of a bucket with Object Lock nobody can suspend versions.
    stack.call("s3", "CreateBucket", json!({ "Bucket": BUCKET })).unwrap();
    let tags = json!({ "TagSet": [{ "Key": "team", "Value": "records" }] });
    stack.call("s3", "PutBucketTagging", json!({ "Bucket": BUCKET, "Tagging": tags })).unwrap();
    let right = versioning(stack, BUCKET, "Enabled");
    handled(stack, &right);
    let asked = asked_about(stack, BUCKET);
    assert!(asked.iter().any(|action| action == "s3:GetBucketVersioning"), "{asked:?}");
    assert!(writes(&asked).is_empty(), "{asked:?}");
    assert!(entries(stack, BUCKET).is_empty());

    let wrong = versioning(stack, BUCKET, "Suspended");
    let before = settings(stack, BUCKET);
    handled(stack, &wrong);
    let alert = inbox.wait_for(id(&wrong)).unwrap();
    let told = &alert.json;
    assert_eq!(told["control"], "s3-bucket-safeguards");
    assert_eq!((&told["severity"], &told["response"]), (&json!("high"), &json!("tag")));
    assert_eq!(told["findings"][0]["code"], "s3-versioning-weakened");
    // What the ledger remembers of the time before is in the evidence.
    assert_eq!(told["findings"][0]["evidence"]["before"]["status"], "enabled");
    assert_eq!(settings(stack, BUCKET), before);
    let tags = stack.call("s3", "GetBucketTagging", json!({ "Bucket": BUCKET })).unwrap();
    let tags = tags["TagSet"].to_string();
    assert!(tags.contains("snapback:") && tags.contains("records"), "{tags}");
    let entries = entries(stack, BUCKET);
    assert_eq!(entries.len(), 1, "{entries:?}");
    let inverse = entries[0]["inverse"].to_string();
    assert!(inverse.contains("records"), "{inverse}");
    assert_nothing_refused(stack, BUCKET);
}

#[test]
fn each_setting_is_held_against_what_it_was_when_it_was_last_right() {
    const BUCKET: &str = "amzn-s3-demo-weakened";
    let stack = enforcing();
    let inbox = stack.inbox("safeguards-weakened").unwrap();
    guarded_bucket(stack, BUCKET);
    let kms = json!({ "SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/amzn-s3-demo" });
    let to = json!({ "TargetBucket": "amzn-s3-demo-logs", "TargetPrefix": "weakened/" });
    // One after another: what is seen right of one must not make the others forgotten.
    for right in [
        encryption(stack, BUCKET, &kms),
        logging(stack, BUCKET, &json!({ "LoggingEnabled": to })),
        lifecycle(stack, BUCKET, 365),
        ownership(stack, BUCKET, "BucketOwnerEnforced"),
        object_lock(stack, BUCKET, 30),
    ] {
        handled(stack, &right);
    }
    let told: Vec<_> = inbox.take().unwrap().into_iter().map(|one| one.json.to_string()).collect();
    assert!(!told.iter().any(|told| told.contains(BUCKET)), "{told:?}");

    for (wrong, code, response) in [
        (
            encryption(stack, BUCKET, &json!({ "SSEAlgorithm": "AES256" })),
            "s3-bucket-encryption-removed",
            "tag",
        ),
        (logging(stack, BUCKET, &json!({})), "s3-logging-disabled", "alert"),
        (lifecycle(stack, BUCKET, 1), "s3-lifecycle-weakened:sooner", "alert"),
        (ownership(stack, BUCKET, "ObjectWriter"), "s3-ownership-weakened", "alert"),
        (object_lock(stack, BUCKET, 1), "s3-lifecycle-weakened:object-lock", "tag"),
    ] {
        let before = settings(stack, BUCKET);
        handled(stack, &wrong);
        let alert = inbox.wait_for(id(&wrong)).unwrap();
        let finding = &alert.json["findings"][0];
        assert_eq!((&finding["code"], &alert.json["response"]), (&json!(code), &json!(response)));
        assert!(!finding["evidence"]["before"].is_null(), "{finding}");
        assert_eq!(settings(stack, BUCKET), before, "{code}");
    }
    assert_nothing_refused(stack, BUCKET);
}
