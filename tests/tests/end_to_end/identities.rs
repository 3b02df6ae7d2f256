//! `iam-credentials`, `console-sign-in` and `s3-access-denied`: people are told, nothing is written.
//!
//! What a policy of one's own may permit for credentials (switching a key off, asking for a new
//! password) is in `reverts`.

use scenarios::stack::Stack;
use serde_json::{Value, json};

use crate::{
    records::{fresh_id, id, record},
    stacks::{asked_about, assert_nothing_refused, enforcing, entries, wait_until_handled, writes},
};

const SIGN_IN: &str = "AWS Console Sign In via CloudTrail";

/// Makes a user with a key, and gives the record of the key's creation by somebody else.
pub(crate) fn key_for(stack: &Stack, user: &str) -> Value {
    stack.call("iam", "CreateUser", json!({ "UserName": user, "Path": "/team/" })).unwrap();
    let made = stack.call("iam", "CreateAccessKey", json!({ "UserName": user })).unwrap();
    let key = made["AccessKey"]["AccessKeyId"].clone();
    let mut record = record(stack, "iam", "CreateAccessKey", json!({ "userName": user }));
    record["responseElements"] =
        json!({ "accessKey": { "accessKeyId": key, "status": "Active", "userName": user } });
    record
}

/// Gives a user a console password that need not be changed.
pub(crate) fn password_for(stack: &Stack, user: &str) -> Value {
    let password = format!("A1!{}", fresh_id());
    let made = json!({ "UserName": user, "Password": password, "PasswordResetRequired": false });
    stack.call("iam", "CreateLoginProfile", made).unwrap();
    let asked = json!({ "userName": user, "passwordResetRequired": false });
    record(stack, "iam", "CreateLoginProfile", asked)
}

/// The root user's identity.
fn root(stack: &Stack) -> Value {
    let account = &stack.account;
    json!({
        "type": "Root",
        "principalId": account,
        "arn": format!("arn:aws:iam::{account}:root"),
        "accountId": account,
    })
}

/// A sign-in of the root user without MFA.
pub(crate) fn root_signs_in(stack: &Stack) -> Value {
    let mut record = record(stack, "signin", "ConsoleLogin", Value::Null);
    record["userIdentity"] = root(stack);
    record["eventType"] = json!("AwsConsoleSignIn");
    record["responseElements"] = json!({ "ConsoleLogin": "Success" });
    record["additionalEventData"] = json!({ "MFAUsed": "No", "MobileVersion": "No" });
    record
}

/// Puts a sign-in on the bus, as its detail type has it.
pub(crate) fn sign_in(stack: &Stack, record: &Value) {
    stack.put("aws.signin", SIGN_IN, record).unwrap();
}

/// A read of an object that S3 refused to a user of this name.
pub(crate) fn refused(stack: &Stack, user: &str) -> Value {
    let parameters = json!({ "bucketName": "amzn-s3-demo-payroll", "key": "q1.csv" });
    let mut record = record(stack, "s3", "GetObject", parameters);
    record["userIdentity"]["arn"] = json!(format!("arn:aws:iam::{}:user/{user}", stack.account));
    record["errorCode"] = json!("AccessDenied");
    record["errorMessage"] = json!("Access Denied");
    record["readOnly"] = json!(true);
    record["managementEvent"] = json!(false);
    record["eventCategory"] = json!("Data");
    record
}

#[test]
fn a_key_and_a_password_for_another_user_are_told_and_left_to_people() {
    const USER: &str = "amzn-demo-bob";
    let stack = enforcing();
    let inbox = stack.inbox("credentials").unwrap();
    let key = key_for(stack, USER);
    stack.put_record("aws.iam", &key).unwrap();
    let alert = inbox.wait_for("access-key-for-another").unwrap();
    assert_eq!(alert.json["response"], "alert");
    let password = password_for(stack, USER);
    stack.put_record("aws.iam", &password).unwrap();
    let alert = inbox.wait_for("console-password-for-another").unwrap();
    assert_eq!(alert.json["response"], "alert");
    wait_until_handled(stack, "IamCredentials", id(&key), 1);
    wait_until_handled(stack, "IamCredentials", id(&password), 1);

    let listed = stack.call("iam", "ListAccessKeys", json!({ "UserName": USER })).unwrap();
    assert_eq!(listed["AccessKeyMetadata"][0]["Status"], "Active");
    let profile = stack.call("iam", "GetLoginProfile", json!({ "UserName": USER })).unwrap();
    assert_eq!(profile["LoginProfile"]["PasswordResetRequired"], false);
    let entries = entries(stack, USER);
    assert_eq!(entries.len(), 2, "{entries:?}");
    assert!(writes(&asked_about(stack, USER)).is_empty(), "{:?}", asked_about(stack, USER));
    assert_nothing_refused(stack, USER);
}

#[test]
fn the_root_user_is_told_once_for_each_thing_that_is_wrong_with_its_sign_in() {
    let stack = enforcing();
    let inbox = stack.inbox("root").unwrap();
    let record = root_signs_in(stack);
    sign_in(stack, &record);
    let alert = inbox.wait_for("root-activity").unwrap();
    wait_until_handled(stack, "ConsoleSignIn", id(&record), 1);
    assert_eq!(alert.json["response"], "alert");
    let codes: Vec<&Value> =
        alert.json["findings"].as_array().unwrap().iter().map(|one| &one["code"]).collect();
    assert!(codes.contains(&&json!("console-login-without-mfa")), "{codes:?}");
}

#[test]
fn a_burst_of_refusals_is_told_and_fewer_are_not() {
    const USER: &str = "amzn-demo-knocking";
    let stack = enforcing();
    let inbox = stack.inbox("refusals").unwrap();
    let records: Vec<Value> = (0..5).map(|_| refused(stack, USER)).collect();
    let (last, before) = records.split_last().unwrap();
    for record in before {
        stack.put_record("aws.s3", record).unwrap();
        wait_until_handled(stack, "S3AccessDenied", id(record), 1);
    }
    assert!(inbox.take().unwrap().iter().all(|one| !one.json.to_string().contains(USER)));
    stack.put_record("aws.s3", last).unwrap();
    let alert = inbox.wait_for(USER).unwrap();
    let finding = &alert.json["findings"][0];
    assert_eq!(finding["code"], "s3-access-denied-burst");
    assert_eq!(finding["evidence"]["count"], 5);
    assert_eq!(finding["evidence"]["address"], json!(["198.51.100.7"]));
}
