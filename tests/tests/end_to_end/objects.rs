//! `s3-unencrypted-upload`: the object gets its bucket's key and keeps everything else.

use std::collections::BTreeSet;

use scenarios::stack::{Stack, text};
use serde_json::{Value, json};

use crate::{
    acls::{PARTNER, acl, bucket_with_acls, user},
    records::{fresh_id, id, record},
    stacks::{asked_about, assert_nothing_refused, enforcing, entries, wait_until_handled, writes},
};

/// A versioned bucket that asks for a key of its own; gives the key's ARN.
pub(crate) fn bucket_with_key(stack: &Stack, bucket: &str) -> String {
    stack.call("s3", "CreateBucket", json!({ "Bucket": bucket })).unwrap();
    let enable = json!({ "Bucket": bucket, "VersioningConfiguration": { "Status": "Enabled" } });
    stack.call("s3", "PutBucketVersioning", enable).unwrap();
    require_key(stack, bucket)
}

/// Makes a key and asks a bucket for it; gives the key's ARN.
pub(crate) fn require_key(stack: &Stack, bucket: &str) -> String {
    let key = stack.call("kms", "CreateKey", json!({})).unwrap();
    let key = text(&key, "/KeyMetadata/Arn");
    let rule = json!({
        "ApplyServerSideEncryptionByDefault": { "SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key },
        "BucketKeyEnabled": true,
    });
    let encryption =
        json!({ "Bucket": bucket, "ServerSideEncryptionConfiguration": { "Rules": [rule] } });
    stack.call("s3", "PutBucketEncryption", encryption).unwrap();
    key
}

/// Uploads an object under S3's own key, with everything that a copy could lose.
pub(crate) fn upload(stack: &Stack, bucket: &str, key: &str) -> Value {
    let put = json!({
        "Bucket": bucket,
        "Key": key,
        "Body": "name,amount\nada,12\n",
        "ServerSideEncryption": "AES256",
        "ContentType": "text/csv; charset=utf-8",
        "ContentDisposition": "attachment; filename=\"q1.csv\"",
        "ContentLanguage": "en",
        "CacheControl": "max-age=60",
        "Metadata": { "origin": "payroll", "reviewed-by": "ada" },
        "Tagging": "class=confidential&team=finance",
        "StorageClass": "STANDARD_IA",
    });
    let stored = stack.call("s3", "PutObject", put).unwrap();
    assert_eq!(stored["ServerSideEncryption"], "AES256");
    let mut record = record(
        stack,
        "s3",
        "PutObject",
        json!({
            "bucketName": bucket,
            "key": key,
            "Host": format!("{bucket}.s3.us-east-1.amazonaws.com"),
            "x-amz-server-side-encryption": "AES256",
            "x-amz-storage-class": "STANDARD_IA",
        }),
    );
    record["responseElements"] = json!({
        "x-amz-server-side-encryption": "AES256",
        "x-amz-version-id": stored["VersionId"],
    });
    record["additionalEventData"] =
        json!({ "SignatureVersion": "SigV4", "SSEApplied": "SSE_S3", "bytesTransferredIn": 20 });
    record["managementEvent"] = json!(false);
    record["eventCategory"] = json!("Data");
    record
}

/// What a copy must keep.
const KEPT: [&str; 7] = [
    "ContentType",
    "ContentDisposition",
    "ContentLanguage",
    "CacheControl",
    "Metadata",
    "StorageClass",
    "ContentLength",
];

// S-22, S-23.
#[test]
fn an_object_is_stored_anew_under_its_buckets_key_and_keeps_the_rest() {
    const BUCKET: &str = "amzn-s3-demo-payroll";
    const KEY: &str = "2026/q1 (final).csv";
    let stack = enforcing();
    let inbox = stack.inbox("upload-wrong-key").unwrap();
    let key = bucket_with_key(stack, BUCKET);
    let record = upload(stack, BUCKET, KEY);
    let object = json!({ "Bucket": BUCKET, "Key": KEY });
    let before = stack.call("s3", "HeadObject", object.clone()).unwrap();
    let tags_before = stack.call("s3", "GetObjectTagging", object.clone()).unwrap();
    stack.put_record("aws.s3", &record).unwrap();

    let alert = inbox.wait_for(BUCKET).unwrap();
    let after = stack.call("s3", "HeadObject", object.clone()).unwrap();
    assert_eq!(after["ServerSideEncryption"], "aws:kms");
    assert_eq!(after["SSEKMSKeyId"], key);
    for member in KEPT {
        assert_eq!(after[member], before[member], "{member}");
    }
    let tags_after = stack.call("s3", "GetObjectTagging", object.clone()).unwrap();
    assert_eq!(tags_after["TagSet"], tags_before["TagSet"]);
    let body = stack.call("s3", "GetObject", object).unwrap();
    assert_eq!(body["Body"], "name,amount\nada,12\n");

    // Nothing is deleted: the version under the wrong key is still there, and the alert says so.
    let versions = stack.call("s3", "ListObjectVersions", json!({ "Bucket": BUCKET })).unwrap();
    assert_eq!(versions["Versions"].as_array().unwrap().len(), 2);
    assert!(versions.get("DeleteMarkers").is_none());
    assert!(alert.json.to_string().contains(before["VersionId"].as_str().unwrap()));
    assert_eq!(alert.json["response"], "revert");
    assert_eq!(alert.json["findings"][0]["code"], "s3-unencrypted-upload");
    assert_eq!(alert.json["findings"][0]["outcome"], "verified");
    let entries = entries(stack, BUCKET);
    assert_eq!(entries.len(), 1, "{entries:?}");
    assert_eq!(entries[0]["outcome"], "verified");
    assert_nothing_refused(stack, BUCKET);
}

// S-22.
#[test]
fn grants_on_an_object_survive_the_copy() {
    const BUCKET: &str = "amzn-s3-demo-granted";
    const KEY: &str = "shared.csv";
    let stack = enforcing();
    let inbox = stack.inbox("upload-granted").unwrap();
    bucket_with_acls(stack, BUCKET);
    let key = require_key(stack, BUCKET);
    let record = upload(stack, BUCKET, KEY);
    let object = json!({ "Bucket": BUCKET, "Key": KEY });
    let owner = stack.call("s3", "GetObjectAcl", object.clone()).unwrap()["Owner"].clone();
    let grants =
        json!([user(owner["ID"].as_str().unwrap(), "FULL_CONTROL"), user(PARTNER, "READ")]);
    let put = json!({
        "Bucket": BUCKET,
        "Key": KEY,
        "AccessControlPolicy": { "Owner": owner, "Grants": grants },
    });
    stack.call("s3", "PutObjectAcl", put).unwrap();
    let acl = || {
        let (owner, grants) = acl(stack, "GetObjectAcl", object.clone());
        // The order of grants means nothing.
        (owner, grants.into_iter().collect::<BTreeSet<_>>())
    };
    let before = acl();
    assert_eq!(before.1.len(), 2);
    stack.put_record("aws.s3", &record).unwrap();
    let alert = inbox.wait_for(BUCKET).unwrap();
    assert_eq!(alert.json["findings"][0]["outcome"], "verified", "{:#}", alert.json);
    let after = stack.call("s3", "HeadObject", object.clone()).unwrap();
    assert_eq!(after["SSEKMSKeyId"], key);
    assert_eq!(acl(), before);
    assert_nothing_refused(stack, BUCKET);
}

#[test]
fn a_native_event_is_as_good_as_a_record() {
    const BUCKET: &str = "amzn-s3-demo-native";
    const KEY: &str = "inbox/letter.pdf";
    let stack = enforcing();
    let inbox = stack.inbox("upload-native").unwrap();
    let key = bucket_with_key(stack, BUCKET);
    upload(stack, BUCKET, KEY);
    let object = json!({ "Bucket": BUCKET, "Key": KEY });
    let stored = stack.call("s3", "HeadObject", object.clone()).unwrap();
    let detail = json!({
        "version": "0",
        "bucket": { "name": BUCKET },
        "object": {
            "key": KEY,
            "size": stored["ContentLength"],
            "etag": text(&stored, "/ETag").trim_matches('"'),
            "version-id": stored["VersionId"],
            "sequencer": "00617F08299329D189",
        },
        "request-id": fresh_id(),
        "requester": "111122223333",
        "source-ip-address": "198.51.100.7",
        "reason": "PutObject",
    });
    stack.put("aws.s3", "Object Created", &detail).unwrap();
    let alert = inbox.wait_for(BUCKET).unwrap();
    assert_eq!(alert.json["actor"]["kind"], "unknown");
    let after = stack.call("s3", "HeadObject", object).unwrap();
    assert_eq!(after["SSEKMSKeyId"], key);
    assert_nothing_refused(stack, BUCKET);
}

#[test]
fn an_object_under_the_right_key_costs_two_reads_and_no_word() {
    const BUCKET: &str = "amzn-s3-demo-right-key";
    const KEY: &str = "notes.txt";
    let stack = enforcing();
    let inbox = stack.inbox("upload-right").unwrap();
    let key = bucket_with_key(stack, BUCKET);
    let stored = stack
        .call("s3", "PutObject", json!({ "Bucket": BUCKET, "Key": KEY, "Body": "x" }))
        .unwrap();
    assert_eq!(stored["SSEKMSKeyId"], key);
    let mut record = record(stack, "s3", "PutObject", json!({ "bucketName": BUCKET, "key": KEY }));
    record["additionalEventData"] = json!({ "SSEApplied": "Default_SSE_KMS" });
    stack.put_record("aws.s3", &record).unwrap();
    wait_until_handled(stack, "S3UnencryptedUpload", id(&record), 1);
    let object = json!({ "Bucket": BUCKET, "Key": KEY });
    let after = stack.call("s3", "HeadObject", object).unwrap();
    assert_eq!(after["VersionId"], stored["VersionId"]);
    let asked = asked_about(stack, BUCKET);
    assert!(!asked.is_empty() && asked.len() <= 2, "{asked:?}");
    assert!(writes(&asked).is_empty(), "{asked:?}");
    let told: Vec<_> = inbox.take().unwrap().into_iter().map(|one| one.json.to_string()).collect();
    assert!(!told.iter().any(|told| told.contains(BUCKET)), "{told:?}");
    assert_nothing_refused(stack, BUCKET);
}
