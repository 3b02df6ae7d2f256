//! `s3-public-access-block`: what is off is turned on, of the bucket and of the account.
//!
//! ministack knows no account-wide Block Public Access. It is added to it (`tests/python/emulator.py`,
//! `docs/testing.md`), since a bucket's is judged by both.

use scenarios::stack::Stack;
use serde_json::{Value, json};

use crate::{
    records::{id, record},
    stacks::{
        ENFORCE, asked_about, assert_nothing_refused, deploy, enforcing, entries,
        wait_until_handled, writes,
    },
};

/// A bucket with all four switches on and a setting of every kind that must stay.
pub(crate) fn blocked_bucket(stack: &Stack, bucket: &str) {
    stack.call("s3", "CreateBucket", json!({ "Bucket": bucket })).unwrap();
    let tags = json!({ "TagSet": [{ "Key": "team", "Value": "web" }] });
    stack.call("s3", "PutBucketTagging", json!({ "Bucket": bucket, "Tagging": tags })).unwrap();
    set(stack, bucket, &switches([true, true, true, true]));
}

/// In the order of the API: `BlockPublicAcls`, `IgnorePublicAcls`, `BlockPublicPolicy`,
/// `RestrictPublicBuckets`.
pub(crate) fn switches([acls, ignore, policy, restrict]: [bool; 4]) -> Value {
    json!({
        "BlockPublicAcls": acls,
        "IgnorePublicAcls": ignore,
        "BlockPublicPolicy": policy,
        "RestrictPublicBuckets": restrict,
    })
}

pub(crate) fn set(stack: &Stack, bucket: &str, block: &Value) {
    let put = json!({ "Bucket": bucket, "PublicAccessBlockConfiguration": block });
    stack.call("s3", "PutPublicAccessBlock", put).unwrap();
}

fn block(stack: &Stack, bucket: &str) -> Value {
    let answer = stack.call("s3", "GetPublicAccessBlock", json!({ "Bucket": bucket })).unwrap();
    answer["PublicAccessBlockConfiguration"].clone()
}

/// The record of a call that set a bucket's switches.
pub(crate) fn record_of(stack: &Stack, bucket: &str, block: &Value) -> Value {
    let parameters = json!({
        "bucketName": bucket,
        "Host": format!("{bucket}.s3.us-east-1.amazonaws.com"),
        "publicAccessBlock": "",
        "PublicAccessBlockConfiguration": block,
    });
    record(stack, "s3", "PutBucketPublicAccessBlock", parameters)
}

/// Sets the account's switches and gives the record of it.
pub(crate) fn weaken_account(stack: &Stack, block: &Value) -> Value {
    let put = json!({ "AccountId": stack.account, "PublicAccessBlockConfiguration": block });
    stack.call("s3control", "PutPublicAccessBlock", put).unwrap();
    let parameters = json!({
        "Host": format!("{}.s3-control.us-east-1.amazonaws.com", stack.account),
        "PublicAccessBlockConfiguration": block,
    });
    record(stack, "s3", "PutAccountPublicAccessBlock", parameters)
}

/// Everything about a bucket that must be left alone.
fn surroundings(stack: &Stack, bucket: &str) -> Vec<Value> {
    ["GetBucketTagging", "GetBucketVersioning", "GetBucketEncryption", "GetBucketAcl"]
        .iter()
        .map(|operation| stack.call("s3", operation, json!({ "Bucket": bucket })).unwrap())
        .collect()
}

// S-6, S-23.
#[test]
fn a_bucket_has_its_missing_switches_turned_on_and_keeps_the_rest() {
    const BUCKET: &str = "amzn-s3-demo-block-half";
    let stack = enforcing();
    let inbox = stack.inbox("block-half").unwrap();
    blocked_bucket(stack, BUCKET);
    let before = surroundings(stack, BUCKET);
    let half = switches([true, true, false, false]);
    set(stack, BUCKET, &half);
    let record = record_of(stack, BUCKET, &half);
    stack.put_record("aws.s3", &record).unwrap();

    let alert = inbox.wait_for(BUCKET).unwrap();
    assert_eq!(block(stack, BUCKET), switches([true, true, true, true]));
    assert_eq!(surroundings(stack, BUCKET), before);
    let told = &alert.json;
    assert_eq!(told["control"], "s3-public-access-block");
    assert_eq!((&told["severity"], &told["response"]), (&json!("high"), &json!("revert")));
    let findings = told["findings"].as_array().unwrap();
    let codes: Vec<&str> =
        findings.iter().map(|finding| finding["code"].as_str().unwrap()).collect();
    assert_eq!(
        codes,
        [
            "s3-public-access-block-removed:BlockPublicPolicy",
            "s3-public-access-block-removed:RestrictPublicBuckets"
        ]
    );
    assert!(findings.iter().all(|finding| finding["outcome"] == "verified"), "{told}");
    let entries = entries(stack, BUCKET);
    assert!(entries.iter().all(|entry| entry["outcome"] == "verified"), "{entries:?}");
    let inverse = entries[0]["inverse"].to_string();
    assert!(inverse.contains("\"BlockPublicPolicy\":false"), "{inverse}");
    assert_nothing_refused(stack, BUCKET);
}

#[test]
fn a_deleted_configuration_comes_back_and_a_whole_one_costs_one_read() {
    const BUCKET: &str = "amzn-s3-demo-block-deleted";
    let stack = enforcing();
    let inbox = stack.inbox("block-deleted").unwrap();
    blocked_bucket(stack, BUCKET);
    let right = record_of(stack, BUCKET, &switches([true, true, true, true]));
    stack.put_record("aws.s3", &right).unwrap();
    wait_until_handled(stack, "S3PublicAccessBlock", id(&right), 1);
    // `s3-public-acl` hears of the call as well, and reads the ACL.
    let asked = asked_about(stack, BUCKET);
    let own: Vec<_> = asked.iter().filter(|action| !action.contains("Acl")).collect();
    assert_eq!(own, ["s3:GetBucketPublicAccessBlock"]);
    assert!(writes(&asked).is_empty(), "{asked:?}");
    assert!(entries(stack, BUCKET).is_empty());

    stack.call("s3", "DeletePublicAccessBlock", json!({ "Bucket": BUCKET })).unwrap();
    let parameters = json!({ "bucketName": BUCKET, "publicAccessBlock": "" });
    let deleted = record(stack, "s3", "DeleteBucketPublicAccessBlock", parameters);
    stack.put_record("aws.s3", &deleted).unwrap();
    let alert = inbox.wait_for(BUCKET).unwrap();
    assert_eq!(alert.json["event"]["id"], deleted["eventID"]);
    assert_eq!(block(stack, BUCKET), switches([true, true, true, true]));
    assert_nothing_refused(stack, BUCKET);
}

// The account is that of no other test: its switches decide about every bucket in it.
#[test]
fn the_accounts_missing_switches_are_turned_on_and_a_buckets_that_it_covers_are_marked() {
    const BUCKET: &str = "amzn-s3-demo-block-covered";
    let stack = &deploy("121212121212", ENFORCE);
    let inbox = stack.inbox("block-account").unwrap();
    let half = switches([true, false, true, true]);
    let weakened = weaken_account(stack, &half);
    stack.put_record("aws.s3", &weakened).unwrap();
    let alert = inbox.wait_for(id(&weakened)).unwrap();
    let of_account = json!({ "AccountId": stack.account });
    let live = stack.call("s3control", "GetPublicAccessBlock", of_account).unwrap();
    assert_eq!(live["PublicAccessBlockConfiguration"], switches([true, true, true, true]));
    assert_eq!(alert.json["response"], "revert");
    assert_eq!(alert.json["findings"][0]["outcome"], "verified");

    blocked_bucket(stack, BUCKET);
    set(stack, BUCKET, &half);
    let covered = record_of(stack, BUCKET, &half);
    stack.put_record("aws.s3", &covered).unwrap();
    let alert = inbox.wait_for(BUCKET).unwrap();
    assert_eq!(alert.json["response"], "tag");
    assert_eq!(block(stack, BUCKET), half, "it has no effect today");
    assert_nothing_refused(stack, BUCKET);
}
