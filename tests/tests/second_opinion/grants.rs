//! `iam-admin-grant` where a policy of one's own permits what the shipped ones do not: each grant
//! is taken back by the command line, read back, and nothing beside it is touched.

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Account, account, command_line::live};

const PERMITTING: &str = r#"
@id("own-grants")
@meaning("a grant of permissions is taken back")
permit (principal, action == Snapback::Action::"revert", resource)
when { context.category == "privilege" };
"#;

/// A folder for the ledger, with policies that permit the revert.
fn permitting() -> TempDir {
    let here = tempfile::tempdir().unwrap();
    std::fs::create_dir(here.path().join("own")).unwrap();
    std::fs::write(here.path().join("own/default.cedar"), PERMITTING).unwrap();
    here
}

fn allowing(action: &str) -> String {
    let statement = json!({ "Effect": "Allow", "Action": action, "Resource": "*" });
    json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()
}

fn user(account: &Account, name: &str) {
    account.call("iam", "CreateUser", json!({ "UserName": name }));
    let reads = json!({
        "UserName": name, "PolicyName": "reads", "PolicyDocument": allowing("s3:GetObject"),
    });
    account.call("iam", "PutUserPolicy", reads);
}

fn policy(account: &Account, name: &str, action: &str) -> Value {
    let create = json!({ "PolicyName": name, "PolicyDocument": allowing(action) });
    account.call("iam", "CreatePolicy", create)["Policy"]["Arn"].clone()
}

#[expect(clippy::needless_pass_by_value, reason = "`json!` at the call reads better")]
fn record(name: &str, parameters: Value) -> Value {
    json!({
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "IAMUser",
            "arn": "arn:aws:iam::111122223333:user/mallory",
            "accountId": "111122223333",
            "userName": "mallory",
        },
        "eventTime": "2026-03-01T03:00:00Z",
        "eventSource": "iam.amazonaws.com",
        "eventName": name,
        "awsRegion": "us-east-1",
        "requestParameters": parameters,
        "eventID": format!("00000000-0000-4000-8000-{:012x}", name.len()),
        "eventType": "AwsApiCall",
        "recipientAccountId": "111122223333",
    })
}

/// What the command line says after it took a grant back, and again.
fn taken_back(record: &Value) {
    let here = permitting();
    let flags = ["--apply", "--yes", "--policies", "own"];
    let applied = live(&here, &flags, record);
    assert_eq!(applied.line()["reason"], "verified", "{}{}", applied.out, applied.err);
    let again = live(&here, &flags, record);
    assert_ne!(again.line()["status"], "finding", "{}{}", again.out, again.err);
}

fn names(account: &Account, user: &str) -> Value {
    let own = account.call("iam", "ListUserPolicies", json!({ "UserName": user }));
    own["PolicyNames"].clone()
}

#[test]
fn a_policy_is_detached_and_the_others_stay() {
    const USER: &str = "detached";
    let account = account();
    user(account, USER);
    let (all, some) =
        (policy(account, "attached-all", "*"), policy(account, "attached-some", "s3:*"));
    for arn in [&all, &some] {
        account.call("iam", "AttachUserPolicy", json!({ "UserName": USER, "PolicyArn": arn }));
    }
    taken_back(&record("AttachUserPolicy", json!({ "userName": USER, "policyArn": all })));
    let left = account.call("iam", "ListAttachedUserPolicies", json!({ "UserName": USER }));
    let left = left["AttachedPolicies"].as_array().unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0]["PolicyArn"], some);
    assert_eq!(names(account, USER), json!(["reads"]));
}

#[test]
fn an_inline_policy_goes_whole_or_not_at_all() {
    const USER: &str = "inlined";
    let account = account();
    user(account, USER);
    let put = |name: &str, document: &str| {
        let put = json!({ "UserName": USER, "PolicyName": name, "PolicyDocument": document });
        account.call("iam", "PutUserPolicy", put);
        let asked = json!({ "userName": USER, "policyName": name, "policyDocument": document });
        record("PutUserPolicy", asked)
    };
    taken_back(&put("all", &allowing("*")));
    assert_eq!(names(account, USER), json!(["reads"]));
    let mixed = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*" },
        { "Effect": "Allow", "Action": "*", "Resource": "*" },
    ] });
    let here = permitting();
    let flags = ["--apply", "--yes", "--policies", "own"];
    let ran = live(&here, &flags, &put("mixed", &mixed.to_string()));
    assert_eq!(ran.line()["status"], "finding", "{}{}", ran.out, ran.err);
    assert_eq!(names(account, USER), json!(["reads", "mixed"]), "people write the rest");
}

#[test]
fn a_user_leaves_the_group_and_stays_in_the_others() {
    const USER: &str = "joiner";
    let account = account();
    user(account, USER);
    for (group, action) in [("admins", "*"), ("readers", "s3:GetObject")] {
        account.call("iam", "CreateGroup", json!({ "GroupName": group }));
        let document = allowing(action);
        let put = json!({ "GroupName": group, "PolicyName": "p", "PolicyDocument": document });
        account.call("iam", "PutGroupPolicy", put);
        account.call("iam", "AddUserToGroup", json!({ "GroupName": group, "UserName": USER }));
    }
    taken_back(&record("AddUserToGroup", json!({ "userName": USER, "groupName": "admins" })));
    let left = account.call("iam", "ListGroupsForUser", json!({ "UserName": USER }));
    let left = left["Groups"].as_array().unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0]["GroupName"], "readers");
}

#[test]
fn the_version_before_becomes_the_default_again_and_none_is_deleted() {
    const USER: &str = "versioned";
    let account = account();
    user(account, USER);
    let arn = policy(account, "grows", "s3:GetObject");
    account.call("iam", "AttachUserPolicy", json!({ "UserName": USER, "PolicyArn": arn }));
    let version = json!({ "PolicyArn": arn, "PolicyDocument": allowing("*") });
    account.call("iam", "CreatePolicyVersion", version);
    let set = json!({ "PolicyArn": arn, "VersionId": "v2" });
    account.call("iam", "SetDefaultPolicyVersion", set);
    taken_back(&record("SetDefaultPolicyVersion", json!({ "policyArn": arn, "versionId": "v2" })));
    let live = account.call("iam", "GetPolicy", json!({ "PolicyArn": arn }));
    assert_eq!(live["Policy"]["DefaultVersionId"], "v1");
    let versions = account.call("iam", "ListPolicyVersions", json!({ "PolicyArn": arn }));
    assert_eq!(versions["Versions"].as_array().unwrap().len(), 2);
}
