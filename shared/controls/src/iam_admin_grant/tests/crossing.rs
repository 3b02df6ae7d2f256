//! A write takes back one grant, and can have undone no change but of that grant.

use super::*;

fn asked(name: &str, parameters: Value) -> Target {
    target(&IamAdminGrant, &record(IAM, name, parameters))
}

#[test]
fn a_write_crosses_the_grant_that_it_takes_back_and_no_other() {
    let user = || Holder::User("bob".to_owned());
    let arn = || POLICY.to_owned();
    let remedies = [
        GrantRemedy::Detach { holder: user(), policy_arn: arn(), version: None },
        GrantRemedy::DeleteInline {
            holder: user(),
            policy: "p".to_owned(),
            document: String::new(),
        },
        GrantRemedy::LeaveGroup {
            user: "bob".to_owned(),
            group: "admins".to_owned(),
            because: BTreeSet::new(),
        },
        GrantRemedy::SetBoundary {
            holder: user(),
            before: None,
            after: arn(),
            because: BTreeSet::new(),
        },
        GrantRemedy::SetDefault {
            policy_arn: arn(),
            before: "v2".to_owned(),
            after: "v1".to_owned(),
        },
    ];
    let same = [
        asked("AttachUserPolicy", json!({"userName": "bob", "policyArn": POLICY})),
        asked(
            "PutUserPolicy",
            json!({"userName": "bob", "policyName": "p", "policyDocument": "{}"}),
        ),
        asked("AddUserToGroup", json!({"userName": "bob", "groupName": "admins"})),
        asked("DeleteUserPermissionsBoundary", json!({"userName": "bob"})),
        asked("CreatePolicyVersion", json!({"policyArn": POLICY, "setAsDefault": true})),
    ];
    let others = [
        asked("AttachUserPolicy", json!({"userName": "bob", "policyArn": format!("{POLICY}2")})),
        asked("AttachRolePolicy", json!({"roleName": "bob", "policyArn": POLICY})),
        asked(
            "PutUserPolicy",
            json!({"userName": "bob", "policyName": "q", "policyDocument": "{}"}),
        ),
        asked("AddUserToGroup", json!({"userName": "bob", "groupName": "readers"})),
        asked("DeleteRolePermissionsBoundary", json!({"roleName": "bob"})),
        asked("CreatePolicyVersion", json!({"policyArn": format!("{POLICY}2")})),
    ];
    for (place, remedy) in remedies.iter().enumerate() {
        for (other, target) in same.iter().enumerate() {
            assert_eq!(IamAdminGrant.crosses(remedy, target), place == other, "{target:?}");
        }
        for target in &others {
            assert!(!IamAdminGrant.crosses(remedy, target), "{remedy:?} {target:?}");
        }
    }
    let tags = Tags::new();
    let on = Tagged::User("bob".to_owned());
    let marked = GrantRemedy::Tag { on, tags: tags.clone(), before: tags };
    assert!(same.iter().all(|target| !IamAdminGrant.crosses(&marked, target)));
}
