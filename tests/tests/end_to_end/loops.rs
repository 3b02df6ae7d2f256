//! What comes round again: Snapback's own changes, and second looks.

use scenarios::stack::eventually;
use serde_json::{Value, json};

use crate::{
    acls::bucket_with_acls,
    records::{id, record},
    stacks::{asked_about, enforcing, entries, wait_until_handled, writes},
};

// S-14.
#[test]
fn its_own_change_is_looked_at_and_ends_there() {
    const BUCKET: &str = "amzn-s3-demo-own-change";
    let stack = enforcing();
    let inbox = stack.inbox("own-change").unwrap();
    bucket_with_acls(stack, BUCKET);
    let canned = json!({ "Bucket": BUCKET, "ACL": "public-read" });
    stack.call("s3", "PutBucketAcl", canned).unwrap();
    let canned = json!({ "bucketName": BUCKET, "x-amz-acl": ["public-read"], "acl": [""] });
    let first = record(stack, "s3", "PutBucketAcl", canned);
    stack.put_record("aws.s3", &first).unwrap();
    inbox.wait_for(BUCKET).unwrap();
    wait_until_handled(stack, "S3PublicAcl", id(&first), 1);
    let (entries_before, asked_before) = (entries(stack, BUCKET).len(), asked_about(stack, BUCKET));

    // The trail records the mend as it recorded the change.
    let role = stack.physical("S3PublicAclRole").unwrap();
    let account = &stack.account;
    let kept = json!({ "bucketName": BUCKET, "acl": [""], "AccessControlPolicy": {
        "Owner": {}, "AccessControlList": {},
    } });
    let mut own = record(stack, "s3", "PutBucketAcl", kept);
    own["userIdentity"] = json!({
        "type": "AssumedRole",
        "principalId": "AROAEXAMPLEEXAMPLE01:snapback",
        "arn": format!("arn:aws:sts::{account}:assumed-role/{role}/snapback"),
        "accountId": account,
        "sessionContext": { "sessionIssuer": {
            "type": "Role",
            "principalId": "AROAEXAMPLEEXAMPLE01",
            "arn": format!("arn:aws:iam::{account}:role/{role}"),
            "accountId": account,
            "userName": role,
        } },
    });
    stack.put_record("aws.s3", &own).unwrap();
    wait_until_handled(stack, "S3PublicAcl", id(&own), 1);
    let asked: Vec<String> = asked_about(stack, BUCKET).split_off(asked_before.len());
    assert!(writes(&asked).is_empty(), "{asked:?}");
    assert_eq!(entries(stack, BUCKET).len(), entries_before);
    let told: Vec<_> = inbox.take().unwrap().into_iter().map(|one| one.json.to_string()).collect();
    assert!(!told.iter().any(|told| told.contains(BUCKET)), "{told:?}");
}

// S-4.
#[test]
fn a_read_that_contradicts_the_record_is_repeated_through_the_queue() {
    const BUCKET: &str = "amzn-s3-demo-contradiction";
    let stack = enforcing();
    bucket_with_acls(stack, BUCKET);
    // The record proves an open bucket, and a read shows a closed one: stale, or mended since.
    let canned = json!({ "bucketName": BUCKET, "x-amz-acl": ["public-read"], "acl": [""] });
    let record = record(stack, "s3", "PutBucketAcl", canned);
    stack.put_record("aws.s3", &record).unwrap();
    let looks = eventually("a second look", || {
        let lines = stack.logged("S3PublicAcl")?.into_iter();
        let looks: Vec<Value> = lines
            .filter_map(|line| serde_json::from_str(&line).ok())
            .filter(|line: &Value| line["message"] == "handled" && line["event_id"] == id(&record))
            .collect();
        Ok(if looks.len() >= 2 { Ok(looks) } else { Err(format!("{looks:?}")) })
    })
    .unwrap();
    assert_eq!(looks[0]["look"], 0);
    assert_eq!(looks[0]["reason"], "unconfirmed");
    assert_eq!(looks[1]["look"], 1);
    assert!(writes(&asked_about(stack, BUCKET)).is_empty());
}
