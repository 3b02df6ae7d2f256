//! What holds writes back: posture observe, and the switch.

use scenarios::stack::Stack;
use serde_json::{Value, json};

use crate::{
    acls::{bucket_with_acls, open},
    objects::{bucket_with_key, upload},
    records::id,
    stacks::{ENFORCE, asked_about, deploy, entries, observing, wait_until_handled, writes},
    trusts::role,
};

fn bucket_acl(stack: &Stack, bucket: &str) -> Value {
    stack.call("s3", "GetBucketAcl", json!({ "Bucket": bucket })).unwrap()["Grants"].clone()
}

// S-10.
#[test]
fn observe_tells_and_writes_nothing_of_the_account() {
    const BUCKET: &str = "amzn-s3-demo-observed";
    const PAYROLL: &str = "amzn-s3-demo-observed-payroll";
    const ROLE: &str = "amzn-demo-observed";
    let stack = observing();
    let inbox = stack.inbox("observe").unwrap();

    bucket_with_acls(stack, BUCKET);
    let acl_record = open(stack, BUCKET);
    let acl = bucket_acl(stack, BUCKET);
    stack.put_record("aws.s3", &acl_record).unwrap();
    let alert = inbox.wait_for(BUCKET).unwrap();
    assert_eq!(alert.json["posture"], "observe");
    assert_eq!(alert.json["response"], "alert");
    let because = alert.json["findings"][0]["decision"]["because"].to_string();
    assert!(because.contains("observe"), "the alert says what held it back: {because}");
    assert_eq!(bucket_acl(stack, BUCKET), acl);

    bucket_with_key(stack, PAYROLL);
    let upload_record = upload(stack, PAYROLL, "q1.csv");
    let object = json!({ "Bucket": PAYROLL, "Key": "q1.csv" });
    let stored = stack.call("s3", "HeadObject", object.clone()).unwrap();
    stack.put_record("aws.s3", &upload_record).unwrap();
    inbox.wait_for(PAYROLL).unwrap();
    assert_eq!(stack.call("s3", "HeadObject", object).unwrap(), stored);

    let trust = json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole" }],
    });
    let role_record = role(stack, ROLE, &trust);
    let before = stack.call("iam", "GetRole", json!({ "RoleName": ROLE })).unwrap();
    stack.put_record("aws.iam", &role_record).unwrap();
    inbox.wait_for(ROLE).unwrap();
    assert_eq!(stack.call("iam", "GetRole", json!({ "RoleName": ROLE })).unwrap(), before);

    wait_until_handled(stack, "S3PublicAcl", id(&acl_record), 1);
    wait_until_handled(stack, "S3UnencryptedUpload", id(&upload_record), 1);
    wait_until_handled(stack, "IamTrustPolicy", id(&role_record), 1);
    for about in [BUCKET, PAYROLL, ROLE] {
        let asked = asked_about(stack, about);
        assert!(!asked.is_empty(), "{about} was looked at");
        assert!(writes(&asked).is_empty(), "{about}: {asked:?}");
        // The ledger has what was found, and nothing that was to be done about it.
        let entries = entries(stack, about);
        assert!(!entries.is_empty(), "{about} is in the ledger");
        for entry in entries {
            assert_eq!(entry["outcome"], "alerted", "{entry}");
            assert_eq!(entry["operations"], json!([]), "{entry}");
            assert!(entry["remedy"].is_null(), "{entry}");
        }
    }
}

// S-11.
#[test]
fn the_switch_pauses_every_write_and_the_alert_says_so() {
    const BUCKET: &str = "amzn-s3-demo-paused";
    let stack = deploy("555566667777", ENFORCE);
    let pause = json!({
        "Name": stack.output("PausedParameter").unwrap(), "Value": "true", "Overwrite": true,
    });
    stack.call("ssm", "PutParameter", pause).unwrap();
    let inbox = stack.inbox("paused").unwrap();
    bucket_with_acls(&stack, BUCKET);
    let record = open(&stack, BUCKET);
    let acl = bucket_acl(&stack, BUCKET);
    stack.put_record("aws.s3", &record).unwrap();
    let alert = inbox.wait_for(BUCKET).unwrap();
    assert_ne!(alert.json["response"], "revert", "{}", alert.json);
    wait_until_handled(&stack, "S3PublicAcl", id(&record), 1);
    assert_eq!(bucket_acl(&stack, BUCKET), acl);
    assert!(writes(&asked_about(&stack, BUCKET)).is_empty());
}
