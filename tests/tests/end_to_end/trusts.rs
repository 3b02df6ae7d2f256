//! `iam-trust-policy`: what lets everybody in goes, every other statement stays.

use scenarios::stack::Stack;
use serde_json::{Value, json};

use crate::{
    records::{id, record},
    stacks::{asked_about, assert_nothing_refused, enforcing, entries, wait_until_handled, writes},
};

/// Makes a role and gives the record of its creation.
pub(crate) fn role(stack: &Stack, name: &str, trust: &Value) -> Value {
    let create = json!({
        "RoleName": name,
        "Path": "/app/",
        "Description": "reads reports",
        "AssumeRolePolicyDocument": trust.to_string(),
        "Tags": [{ "Key": "team", "Value": "web" }],
    });
    stack.call("iam", "CreateRole", create).unwrap();
    stack
        .call(
            "iam",
            "PutRolePolicy",
            json!({
                "RoleName": name,
                "PolicyName": "inline",
                "PolicyDocument": json!({
                    "Version": "2012-10-17",
                    "Statement": [{ "Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*" }],
                })
                .to_string(),
            }),
        )
        .unwrap();
    record(
        stack,
        "iam",
        "CreateRole",
        json!({
            "roleName": name,
            "path": "/app/",
            "description": "reads reports",
            "assumeRolePolicyDocument": trust.to_string(),
            "tags": [{ "key": "team", "value": "web" }],
        }),
    )
}

/// The role, without what changes by itself.
fn read(stack: &Stack, name: &str) -> Value {
    stack.call("iam", "GetRole", json!({ "RoleName": name })).unwrap()["Role"].clone()
}

fn trust_of(role: &Value) -> Value {
    let document = &role["AssumeRolePolicyDocument"];
    document.as_str().map_or_else(|| document.clone(), |text| serde_json::from_str(text).unwrap())
}

// S-20.
#[test]
fn a_role_keeps_every_statement_that_lets_only_ours_in() {
    const ROLE: &str = "amzn-demo-reports";
    let stack = enforcing();
    let inbox = stack.inbox("trust-open").unwrap();
    let service = json!({
        "Sid": "Functions",
        "Effect": "Allow",
        "Principal": { "Service": "lambda.amazonaws.com" },
        "Action": "sts:AssumeRole",
    });
    let own = json!({
        "Effect": "Allow",
        "Principal": { "AWS": "arn:aws:iam::111122223333:root" },
        "Action": ["sts:AssumeRole", "sts:TagSession"],
        "Condition": { "Bool": { "aws:MultiFactorAuthPresent": "true" } },
    });
    let everybody = json!({
        "Sid": "Oops",
        "Effect": "Allow",
        "Principal": { "AWS": "*" },
        "Action": "sts:AssumeRole",
    });
    let document =
        |statements: &[&Value]| json!({ "Version": "2012-10-17", "Statement": statements });
    let record = role(stack, ROLE, &document(&[&service, &everybody, &own]));
    let before = read(stack, ROLE);
    stack.put_record("aws.iam", &record).unwrap();

    let alert = inbox.wait_for(ROLE).unwrap();
    let after = read(stack, ROLE);
    assert_eq!(trust_of(&after), document(&[&service, &own]));
    for member in ["Arn", "RoleId", "Path", "Description", "Tags", "MaxSessionDuration"] {
        assert_eq!(after[member], before[member], "{member}");
    }
    let inline = json!({ "RoleName": ROLE, "PolicyName": "inline" });
    assert!(stack.call("iam", "GetRolePolicy", inline).is_ok());
    assert_eq!(alert.json["response"], "revert");
    assert_eq!(alert.json["findings"][0]["code"], "wildcard-principal");
    assert_eq!(alert.json["findings"][0]["outcome"], "verified");
    let entries = entries(stack, ROLE);
    assert_eq!(entries.len(), 1, "{entries:?}");
    assert_eq!(entries[0]["outcome"], "verified");
    assert!(entries[0]["inverse"].to_string().contains("Oops"));
    assert_nothing_refused(stack, ROLE);
}

#[test]
fn a_strangers_account_is_told_and_left_to_people() {
    const ROLE: &str = "amzn-demo-stranger";
    let stack = enforcing();
    let inbox = stack.inbox("trust-stranger").unwrap();
    let trust = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "AWS": "arn:aws:iam::999988887777:root" },
            "Action": "sts:AssumeRole",
        }],
    });
    let record = role(stack, ROLE, &trust);
    stack.put_record("aws.iam", &record).unwrap();
    let alert = inbox.wait_for(ROLE).unwrap();
    wait_until_handled(stack, "IamTrustPolicy", id(&record), 1);
    assert_eq!(trust_of(&read(stack, ROLE)), trust);
    assert_ne!(alert.json["response"], "revert");
    assert!(alert.json["findings"][0]["code"].as_str().unwrap().contains("account"));
    assert!(!writes(&asked_about(stack, ROLE)).contains("iam:UpdateAssumeRolePolicy"));
    assert_nothing_refused(stack, ROLE);
}

// S-21.
#[test]
fn its_own_role_is_told_of_and_never_written() {
    let stack = enforcing();
    let name = stack.physical("S3UnencryptedUploadRole").unwrap();
    let inbox = stack.inbox("trust-own").unwrap();
    let open = json!({
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": { "Service": "lambda.amazonaws.com" },
                "Action": "sts:AssumeRole",
            },
            { "Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole" },
        ],
    });
    let update = json!({ "RoleName": name, "PolicyDocument": open.to_string() });
    stack.call("iam", "UpdateAssumeRolePolicy", update).unwrap();
    let parameters = json!({ "roleName": name, "policyDocument": open.to_string() });
    let record = record(stack, "iam", "UpdateAssumeRolePolicy", parameters);
    stack.put_record("aws.iam", &record).unwrap();
    inbox.wait_for(name).unwrap();
    wait_until_handled(stack, "IamTrustPolicy", id(&record), 1);
    assert_eq!(trust_of(&read(stack, name)), open);
    let role = format!("role/{name}");
    assert!(writes(&asked_about(stack, &role)).is_empty(), "{:?}", asked_about(stack, &role));
}
