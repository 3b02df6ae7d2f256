//! What goes wrong is told: never silence.

use std::collections::{BTreeMap, BTreeSet};

use scenarios::stack::{Stack, eventually, text};
use serde_json::{Value, json};

use crate::{
    acls::{bucket_with_acls, open},
    records::{id, record},
    stacks::{ENFORCE, deploy, enforcing, entries, metrics, wait_until_handled},
};

/// Waits for a dead letter of a function that mentions something.
fn dead_letter(stack: &Stack, function: &str, about: &str) -> Value {
    let queue = stack.physical(&format!("{function}DeadLetters")).unwrap();
    let mut others = Vec::new();
    eventually(&format!("a dead letter about {about}"), || {
        for message in stack.take(queue)? {
            if text(&message, "/Body").contains(about) {
                return Ok(Ok(message));
            }
            others.push(message);
        }
        Ok(Err(format!("{others:?}")))
    })
    .unwrap()
}

/// Whether a line in the embedded metric format feeds an alarm with a value that sets it off.
fn sets_off(line: &Value, alarm: &Value) -> bool {
    let metric = alarm["MetricName"].as_str().unwrap();
    let dimensions: BTreeMap<&str, &Value> = alarm["Dimensions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["Name"].as_str().unwrap(), &one["Value"]))
        .collect();
    let feeds = line["_aws"]["CloudWatchMetrics"].as_array().unwrap().iter().any(|directive| {
        let mut sets = directive["Dimensions"].as_array().unwrap().iter();
        let names: BTreeSet<&str> = dimensions.keys().copied().collect();
        directive["Namespace"] == alarm["Namespace"]
            && directive["Metrics"].as_array().unwrap().iter().any(|one| one["Name"] == metric)
            && sets.any(|set| {
                let set = set.as_array().unwrap().iter().filter_map(Value::as_str);
                set.collect::<BTreeSet<_>>() == names
            })
    });
    feeds
        && dimensions.iter().all(|(name, value)| line[*name] == **value)
        && line[metric].as_f64() >= alarm["Threshold"].as_f64()
}

// S-7.
#[test]
fn a_role_that_may_not_mend_ends_in_an_alert_and_a_metric() {
    const BUCKET: &str = "amzn-s3-demo-may-not-mend";
    let stack = deploy("666677778888", ENFORCE);
    stack.strip("S3PublicAcl", "s3:PutBucketAcl").unwrap();
    let inbox = stack.inbox("may-not-mend").unwrap();
    bucket_with_acls(&stack, BUCKET);
    let record = open(&stack, BUCKET);
    stack.put_record("aws.s3", &record).unwrap();
    let alert = inbox.wait_for(BUCKET).unwrap();
    assert_eq!(alert.json["findings"][0]["outcome"], "failed", "{:#}", alert.json);
    wait_until_handled(&stack, "S3PublicAcl", id(&record), 1);
    let alarm = stack.physical("S3PublicAclRemediationFailedAlarm").unwrap();
    let alarms = stack.call("cloudwatch", "DescribeAlarms", json!({ "AlarmNames": [alarm] }));
    let alarm = alarms.unwrap()["MetricAlarms"][0].clone();
    let lines = metrics(&stack, "S3PublicAcl");
    assert!(lines.iter().any(|line| sets_off(line, &alarm)), "{alarm:#} {lines:?}");
    let mut entries = entries(&stack, BUCKET).into_iter();
    let entry = entries.find(|entry| entry["outcome"] == "failed").expect("it is in the ledger");
    assert!(entry["error"].to_string().contains("AccessDenied"), "{entry}");
    let denied = stack.calls().unwrap().into_iter().find(|call| !call.allowed).unwrap();
    assert_eq!(denied.action, "s3:PutBucketAcl");
}

#[test]
fn a_role_that_may_not_tell_ends_in_a_dead_letter() {
    const BUCKET: &str = "amzn-s3-demo-may-not-tell";
    let stack = deploy("777788889999", ENFORCE);
    stack.strip("S3PublicAcl", "sns:Publish").unwrap();
    bucket_with_acls(&stack, BUCKET);
    let record = open(&stack, BUCKET);
    stack.put_record("aws.s3", &record).unwrap();
    let letter = dead_letter(&stack, "S3PublicAcl", BUCKET);
    // The letter is the event itself: redriven to the queue, it is handled like any other.
    let event: Value = serde_json::from_str(&text(&letter, "/Body")).unwrap();
    assert_eq!(event["detail"]["eventID"], record["eventID"]);
    assert_eq!(event["source"], "aws.s3");
}

// S-26.
#[test]
fn a_malformed_event_is_told_and_kept() {
    let stack = enforcing();
    let inbox = stack.inbox("malformed").unwrap();
    // A call that must name a bucket and does not.
    let record = record(stack, "s3", "PutBucketAcl", json!({ "acl": [""] }));
    stack.put_record("aws.s3", &record).unwrap();
    let alert = inbox.wait_for(id(&record)).unwrap();
    assert!(!alert.json["problem"].is_null(), "{}", alert.json);
    dead_letter(stack, "S3PublicAcl", id(&record));
}

// S-26.
#[test]
fn a_poisoned_message_does_not_hold_up_its_batch() {
    const BUCKET: &str = "amzn-s3-demo-batch";
    let stack = deploy("888899990000", ENFORCE);
    let queue = stack.physical("S3PublicAclQueue").unwrap();
    // The template waits for three minutes between attempts.
    let hasty = json!({ "QueueUrl": queue, "Attributes": { "VisibilityTimeout": "1" } });
    stack.call("sqs", "SetQueueAttributes", hasty).unwrap();
    let inbox = stack.inbox("batch").unwrap();
    bucket_with_acls(&stack, BUCKET);
    let put = json!({ "Bucket": BUCKET, "Key": "a", "Body": "a", "ACL": "public-read" });
    stack.call("s3", "PutObject", put).unwrap();
    let good = json!({ "bucketName": BUCKET, "key": "a", "x-amz-acl": "public-read" });
    let good = record(&stack, "s3", "PutObject", good);
    let envelope = json!({
        "version": "0",
        "id": "00000000-0000-4000-8000-00000000abcd",
        "detail-type": "AWS API Call via CloudTrail",
        "source": "aws.s3",
        "account": stack.account,
        "time": good["eventTime"],
        "region": "us-east-1",
        "resources": [],
        "detail": good,
    });
    let entries = json!([
        { "Id": "poison", "MessageBody": "{\"detail\": {\"eventName\": \"PutObj" },
        { "Id": "good", "MessageBody": envelope.to_string() },
    ]);
    stack
        .call("sqs", "SendMessageBatch", json!({ "QueueUrl": queue, "Entries": entries }))
        .unwrap();
    inbox.wait_for(BUCKET).unwrap();
    let acl = stack.call("s3", "GetObjectAcl", json!({ "Bucket": BUCKET, "Key": "a" })).unwrap();
    assert_eq!(acl["Grants"].as_array().unwrap().len(), 1);
    let letter = dead_letter(&stack, "S3PublicAcl", "PutObj");
    assert_eq!(text(&letter, "/Body"), "{\"detail\": {\"eventName\": \"PutObj");
}
