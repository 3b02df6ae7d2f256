//! `iam-admin-grant`: who was made administrator is told, and nothing of it is written.
//!
//! The shipped policies leave grants to people. What a policy of one's own may permit is shown on
//! moto (`tests/second_opinion/grants.rs`), which also has what ministack has not:
//! `SetDefaultPolicyVersion`.

use scenarios::stack::Stack;
use serde_json::{Value, json};

use crate::{
    records::{id, record},
    stacks::{asked_about, assert_nothing_refused, enforcing, entries, wait_until_handled, writes},
};

pub(crate) const ADMINISTRATOR: &str = "arn:aws:iam::aws:policy/AdministratorAccess";

/// A document with one statement.
pub(crate) fn allowing(action: &str) -> String {
    let statement = json!({ "Effect": "Allow", "Action": action, "Resource": "*" });
    json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()
}

pub(crate) fn user(stack: &Stack, name: &str) {
    let tags = json!([{ "Key": "team", "Value": "web" }]);
    let create = json!({ "UserName": name, "Path": "/team/", "Tags": tags });
    stack.call("iam", "CreateUser", create).unwrap();
}

/// Makes a managed policy and gives its ARN.
pub(crate) fn policy(stack: &Stack, name: &str, document: &str) -> String {
    let create = json!({ "PolicyName": name, "PolicyDocument": document });
    let made = stack.call("iam", "CreatePolicy", create).unwrap();
    made["Policy"]["Arn"].as_str().unwrap().to_owned()
}

/// Makes a call and gives its record: CloudTrail has the same members with a small first letter.
pub(crate) fn granted(stack: &Stack, call: &str, parameters: Value) -> Value {
    let mut recorded = json!({});
    for (name, value) in parameters.as_object().unwrap() {
        let (first, rest) = name.split_at(1);
        recorded[format!("{}{rest}", first.to_lowercase())] = value.clone();
    }
    stack.call("iam", call, parameters).unwrap();
    record(stack, "iam", call, recorded)
}

fn read(stack: &Stack, name: &str) -> Value {
    stack.call("iam", "GetUser", json!({ "UserName": name })).unwrap()["User"].clone()
}

fn attached(stack: &Stack, name: &str) -> Value {
    let answer =
        stack.call("iam", "ListAttachedUserPolicies", json!({ "UserName": name })).unwrap();
    answer["AttachedPolicies"].clone()
}

#[test]
fn an_administrator_is_told_and_left_to_people() {
    const USER: &str = "amzn-demo-admin";
    let stack = enforcing();
    let inbox = stack.inbox("grant-admin").unwrap();
    user(stack, USER);
    let attach = json!({ "UserName": USER, "PolicyArn": ADMINISTRATOR });
    let record = granted(stack, "AttachUserPolicy", attach);
    let (before, had) = (read(stack, USER), attached(stack, USER));
    stack.put_record("aws.iam", &record).unwrap();
    let alert = inbox.wait_for(USER).unwrap();
    wait_until_handled(stack, "IamAdminGrant", id(&record), 1);

    assert_eq!(alert.json["response"], "alert");
    assert_eq!(alert.json["findings"][0]["code"], "admin-equivalent");
    assert_eq!(
        alert.json["findings"].as_array().unwrap().len(),
        1,
        "an administrator is one thing"
    );
    assert_eq!(alert.json["resource"]["arn"], before["Arn"], "with its path");
    assert_eq!((read(stack, USER), attached(stack, USER)), (before, had));
    assert_eq!(entries(stack, USER).len(), 1);
    assert!(writes(&asked_about(stack, USER)).is_empty(), "{:?}", asked_about(stack, USER));
    assert_nothing_refused(stack, USER);
}

#[test]
fn a_group_is_judged_by_all_that_it_gives() {
    const USER: &str = "amzn-demo-joiner";
    const GROUP: &str = "amzn-demo-joined";
    let stack = enforcing();
    let inbox = stack.inbox("grant-group").unwrap();
    user(stack, USER);
    stack.call("iam", "CreateGroup", json!({ "GroupName": GROUP })).unwrap();
    for (name, action) in [("reads", "s3:GetObject"), ("all", "*")] {
        let document = allowing(action);
        let put = json!({ "GroupName": GROUP, "PolicyName": name, "PolicyDocument": document });
        stack.call("iam", "PutGroupPolicy", put).unwrap();
    }
    let join = json!({ "GroupName": GROUP, "UserName": USER });
    let record = granted(stack, "AddUserToGroup", join);
    stack.put_record("aws.iam", &record).unwrap();
    let alert = inbox.wait_for(USER).unwrap();
    wait_until_handled(stack, "IamAdminGrant", id(&record), 1);
    assert_eq!(alert.json["findings"][0]["code"], "admin-equivalent");
    let groups = stack.call("iam", "ListGroupsForUser", json!({ "UserName": USER })).unwrap();
    assert_eq!(groups["Groups"][0]["GroupName"], GROUP, "nobody was removed");
    assert_nothing_refused(stack, USER);
}

#[test]
fn a_boundary_that_is_removed_from_an_administrator_is_told() {
    const USER: &str = "amzn-demo-bounded";
    let stack = enforcing();
    let inbox = stack.inbox("grant-boundary").unwrap();
    user(stack, USER);
    let all = json!({ "UserName": USER, "PolicyName": "all", "PolicyDocument": allowing("*") });
    stack.call("iam", "PutUserPolicy", all).unwrap();
    let fence = policy(stack, "amzn-demo-fence", &allowing("s3:GetObject"));
    let set = json!({ "UserName": USER, "PermissionsBoundary": fence });
    let set = granted(stack, "PutUserPermissionsBoundary", set);
    stack.put_record("aws.iam", &set).unwrap();
    wait_until_handled(stack, "IamAdminGrant", id(&set), 1);
    let told = inbox.take().unwrap();
    assert!(
        told.iter().all(|one| !one.json.to_string().contains(USER)),
        "a boundary that bounds is right"
    );

    let gone = granted(stack, "DeleteUserPermissionsBoundary", json!({ "UserName": USER }));
    stack.put_record("aws.iam", &gone).unwrap();
    let alert = inbox.wait_for(USER).unwrap();
    wait_until_handled(stack, "IamAdminGrant", id(&gone), 1);
    assert_eq!(alert.json["findings"][0]["code"], "boundary-removed");
    assert_eq!(alert.json["response"], "alert");
    assert_eq!(read(stack, USER)["PermissionsBoundary"], Value::Null, "it is for people to set");
    assert_nothing_refused(stack, USER);
}

/// The records of a change of each kind, for the tour: every read is made on the way.
pub(crate) fn every_kind(stack: &Stack) -> Vec<Value> {
    const USER: &str = "amzn-demo-tour-grantee";
    const ROLE: &str = "amzn-demo-tour-granted";
    const GROUP: &str = "amzn-demo-tour-grantees";
    user(stack, USER);
    let trust = json!({ "Version": "2012-10-17", "Statement": [] }).to_string();
    let create = json!({ "RoleName": ROLE, "AssumeRolePolicyDocument": trust });
    stack.call("iam", "CreateRole", create).unwrap();
    stack.call("iam", "CreateGroup", json!({ "GroupName": GROUP })).unwrap();
    let mut records = Vec::new();
    for (kind, name) in [("User", USER), ("Role", ROLE), ("Group", GROUP)] {
        let mut put = json!({ "PolicyName": "all", "PolicyDocument": allowing("*") });
        let mut attach = json!({ "PolicyArn": ADMINISTRATOR });
        for parameters in [&mut put, &mut attach] {
            parameters[format!("{kind}Name")] = json!(name);
        }
        records.push(granted(stack, &format!("Put{kind}Policy"), put));
        records.push(granted(stack, &format!("Attach{kind}Policy"), attach));
    }
    let join = json!({ "UserName": USER, "GroupName": GROUP });
    records.push(granted(stack, "AddUserToGroup", join));
    let grows = policy(stack, "amzn-demo-tour-grows", &allowing("s3:GetObject"));
    let made = json!({
        "PolicyArn": grows, "PolicyDocument": allowing("*"), "SetAsDefault": true,
    });
    records.push(granted(stack, "CreatePolicyVersion", made));
    // Nobody has a boundary, which is as good as removed.
    records.push(record(
        stack,
        "iam",
        "DeleteUserPermissionsBoundary",
        json!({ "userName": USER }),
    ));
    records.push(record(
        stack,
        "iam",
        "DeleteRolePermissionsBoundary",
        json!({ "roleName": ROLE }),
    ));
    // A record that a read contradicts: a second look is asked for.
    let put = json!({
        "UserName": USER, "PolicyName": "some", "PolicyDocument": allowing("s3:GetObject"),
    });
    let mut contradicted = granted(stack, "PutUserPolicy", put);
    contradicted["requestParameters"]["policyDocument"] = json!(allowing("*"));
    records.push(contradicted);
    records
}
