//! `s3-bucket-policy`: what lets everybody in goes, every other statement stays.

use scenarios::stack::Stack;
use serde_json::{Value, json};

use crate::{
    acls::bucket_with_acls,
    records::{id, record},
    stacks::{asked_about, assert_nothing_refused, enforcing, entries, wait_until_handled, writes},
};

/// A statement that lets somebody read a bucket's objects.
pub(crate) fn allow(bucket: &str, sid: &str, principal: Value) -> Value {
    let mut statement = json!({ "Sid": sid, "Effect": "Allow" });
    statement["Principal"] = principal;
    statement["Action"] = json!(["s3:GetObject"]);
    statement["Resource"] = json!(format!("arn:aws:s3:::{bucket}/*"));
    statement
}

/// The statement that refuses plain HTTP.
pub(crate) fn tls_only(bucket: &str) -> Value {
    json!({
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [format!("arn:aws:s3:::{bucket}"), format!("arn:aws:s3:::{bucket}/*")],
        "Condition": { "Bool": { "aws:SecureTransport": "false" }, "StringEquals": { "aws:UserAgent": "none" } },
    })
}

pub(crate) fn document(statements: &[Value]) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// Puts a policy on a bucket and gives the record of it.
pub(crate) fn put(stack: &Stack, bucket: &str, document: &Value) -> Value {
    let put = json!({ "Bucket": bucket, "Policy": document.to_string() });
    stack.call("s3", "PutBucketPolicy", put).unwrap();
    let parameters = json!({
        "bucketName": bucket,
        "bucketPolicy": document,
        "Host": format!("{bucket}.s3.us-east-1.amazonaws.com"),
        "policy": "",
    });
    record(stack, "s3", "PutBucketPolicy", parameters)
}

/// The policy as it stands; `None`: there is none.
pub(crate) fn policy(stack: &Stack, bucket: &str) -> Option<Value> {
    let answer = stack.call("s3", "GetBucketPolicy", json!({ "Bucket": bucket })).ok()?;
    Some(serde_json::from_str(answer["Policy"].as_str().unwrap()).unwrap())
}

/// Everything about a bucket that a mended policy must leave alone.
fn surroundings(stack: &Stack, bucket: &str) -> Vec<Value> {
    ["GetBucketVersioning", "GetBucketAcl", "GetBucketEncryption", "GetBucketTagging"]
        .iter()
        .map(|operation| stack.call("s3", operation, json!({ "Bucket": bucket })).unwrap())
        .collect()
}

/// Opens a bucket to everybody and to a stranger, and gives the record of it.
pub(crate) fn open(stack: &Stack, bucket: &str) -> Value {
    let everybody = allow(bucket, "Oops", json!("*"));
    let stranger = allow(bucket, "Partner", json!({ "AWS": "arn:aws:iam::999988887777:root" }));
    put(stack, bucket, &document(&[everybody, stranger]))
}

/// Leaves nothing but a statement for everybody, and gives the record of it.
pub(crate) fn open_wholly(stack: &Stack, bucket: &str) -> Value {
    put(stack, bucket, &document(&[allow(bucket, "Oops", json!({ "AWS": "*" }))]))
}

/// A record of a policy for everybody that was never put: a read contradicts it.
pub(crate) fn contradicted(stack: &Stack, bucket: &str) -> Value {
    let statement = allow(bucket, "Oops", json!("*"));
    let parameters =
        json!({ "bucketName": bucket, "bucketPolicy": document(&[statement]), "policy": "" });
    record(stack, "s3", "PutBucketPolicy", parameters)
}

// S-20.
#[test]
fn a_bucket_policy_keeps_every_statement_that_lets_only_ours_in() {
    const BUCKET: &str = "amzn-s3-demo-open-policy";
    let stack = enforcing();
    let inbox = stack.inbox("policy-open").unwrap();
    bucket_with_acls(stack, BUCKET);
    let own = allow(BUCKET, "Readers", json!({ "AWS": "arn:aws:iam::111122223333:root" }));
    let everybody = allow(BUCKET, "Oops", json!("*"));
    let record = put(stack, BUCKET, &document(&[own.clone(), everybody, tls_only(BUCKET)]));
    let before = surroundings(stack, BUCKET);
    stack.put_record("aws.s3", &record).unwrap();

    let alert = inbox.wait_for(BUCKET).unwrap();
    assert_eq!(policy(stack, BUCKET), Some(document(&[own, tls_only(BUCKET)])));
    assert_eq!(surroundings(stack, BUCKET), before);
    assert_eq!(alert.json["control"], "s3-bucket-policy");
    assert_eq!(alert.json["response"], "revert");
    assert_eq!(alert.json["findings"][0]["code"], "public-statement");
    assert_eq!(alert.json["findings"][0]["outcome"], "verified");
    let entries = entries(stack, BUCKET);
    assert_eq!(entries.len(), 1, "{entries:?}");
    assert_eq!(entries[0]["outcome"], "verified");
    assert!(entries[0]["prior_state"].to_string().contains("Oops"));
    assert!(entries[0]["inverse"].to_string().contains("Oops"));
    assert_nothing_refused(stack, BUCKET);
}

#[test]
fn a_bucket_policy_that_lets_nobody_else_in_is_deleted() {
    const BUCKET: &str = "amzn-s3-demo-open-wholly";
    let stack = enforcing();
    let inbox = stack.inbox("policy-wholly").unwrap();
    bucket_with_acls(stack, BUCKET);
    let record = open_wholly(stack, BUCKET);
    stack.put_record("aws.s3", &record).unwrap();
    let alert = inbox.wait_for(BUCKET).unwrap();
    assert_eq!(policy(stack, BUCKET), None);
    assert_eq!(alert.json["findings"][0]["outcome"], "verified");
    assert!(entries(stack, BUCKET)[0]["inverse"].to_string().contains("Oops"));
    assert_nothing_refused(stack, BUCKET);
}

#[test]
fn a_policy_that_refused_plain_http_is_missed_when_it_is_deleted() {
    const BUCKET: &str = "amzn-s3-demo-tls-lost";
    let stack = enforcing();
    let inbox = stack.inbox("policy-tls").unwrap();
    bucket_with_acls(stack, BUCKET);
    // Everything here goes over plain HTTP, so the Deny is one that no request of the test meets;
    // it enforces in part, and even that is remembered.
    let record = put(stack, BUCKET, &document(&[tls_only(BUCKET)]));
    stack.put_record("aws.s3", &record).unwrap();
    wait_until_handled(stack, "S3BucketPolicy", id(&record), 1);
    assert!(entries(stack, BUCKET).is_empty());

    stack.call("s3", "DeleteBucketPolicy", json!({ "Bucket": BUCKET })).unwrap();
    let deleted = json!({ "bucketName": BUCKET, "policy": "" });
    let record = self::record(stack, "s3", "DeleteBucketPolicy", deleted);
    stack.put_record("aws.s3", &record).unwrap();
    let alert = inbox.wait_for(BUCKET).unwrap();
    assert_eq!(alert.json["findings"][0]["code"], "tls-not-enforced");
    // To put it back is a choice of the account's own policy: by default it is marked.
    assert_eq!(alert.json["response"], "tag");
    assert_eq!(policy(stack, BUCKET), None);
    assert_nothing_refused(stack, BUCKET);
}

#[test]
fn a_policy_for_ourselves_costs_two_reads_and_no_word() {
    const BUCKET: &str = "amzn-s3-demo-right-policy";
    let stack = enforcing();
    let inbox = stack.inbox("policy-right").unwrap();
    bucket_with_acls(stack, BUCKET);
    let own = allow(BUCKET, "Readers", json!({ "AWS": "arn:aws:iam::111122223333:root" }));
    let record = put(stack, BUCKET, &document(&[own]));
    stack.put_record("aws.s3", &record).unwrap();
    wait_until_handled(stack, "S3BucketPolicy", id(&record), 1);
    let asked = asked_about(stack, BUCKET);
    assert!(!asked.is_empty() && asked.len() <= 2, "{asked:?}");
    assert!(writes(&asked).is_empty(), "{asked:?}");
    let told: Vec<_> = inbox.take().unwrap().into_iter().map(|one| one.json.to_string()).collect();
    assert!(!told.iter().any(|told| told.contains(BUCKET)), "{told:?}");
    assert_nothing_refused(stack, BUCKET);
}
