//! States made of supplied responses, and changes that are Snapback's own.

use super::*;

const BOB: &str = "arn:aws:iam::111122223333:user/bob";

fn judged(record: &Value, responses: Value) -> crate::Judged {
    let target = target(&IamAdminGrant, record);
    let given = Given::one(&target.resource.arn, responses);
    AnyControl::judge(&IamAdminGrant, &event(record), &given, &Trust::default())
}

#[expect(clippy::needless_pass_by_value, reason = "`json!` at the call reads better")]
fn get_version(id: &str, statements: Value) -> Value {
    json!({"PolicyVersion": {"VersionId": id, "Document": {"Statement": statements}}})
}

fn all_of(judged: &crate::Judged) -> Vec<&str> {
    judged.findings.iter().map(|finding| finding.code.as_str()).collect()
}

#[test]
fn an_attached_policy_is_judged_by_the_version_that_is_given() {
    let record = record(IAM, "AttachUserPolicy", json!({"userName": "bob", "policyArn": POLICY}));
    let version = get_version("v2", json!([everything()]));
    let listed = |arn: &str| json!({"AttachedPolicies": [{"PolicyArn": arn}]});
    let given = json!({
        "GetPolicyVersion": version,
        "ListAttachedUserPolicies": listed(POLICY),
        "GetUser": {"User": {"Arn": "arn:aws:iam::111122223333:user/teams/bob"}},
    });
    let wrong = judged(&record, given);
    assert_eq!(all_of(&wrong), ["admin-equivalent"]);
    assert_eq!(wrong.findings[0].evidence["version"], json!("v2"));
    assert_eq!(wrong.findings[0].evidence["boundary"], json!("none"));
    let gone = json!({"GetPolicyVersion": version, "ListAttachedUserPolicies": listed(ADMIN)});
    assert_eq!(judged(&record, gone).status, Status::Clean, "it is not attached any longer");
    let harmless = json!({"GetPolicyVersion": get_version("v2", json!([harmless()]))});
    assert_eq!(judged(&record, harmless).status, Status::Clean);
}

#[test]
fn an_encoded_document_is_read_and_a_boundary_with_its_document() {
    let text = document(json!([everything()])).replace('{', "%7B").replace('}', "%7D");
    let record = inline(&document(json!([harmless()])));
    let inner = json!({"PolicyName": "p", "PolicyDocument": text});
    let bounded = |document: Value| {
        let boundary = json!({"PermissionsBoundaryArn": POLICY});
        judged(
            &record,
            json!({
                "GetUserPolicy": inner,
                "GetUser": {"User": {"Arn": BOB, "PermissionsBoundary": boundary}},
                "PermissionsBoundaryDocument": document,
            }),
        )
    };
    let open = bounded(json!({"Statement": [everything()]}));
    assert_eq!(all_of(&open), ["admin-equivalent"]);
    assert!(open.findings[0].effective);
    assert!(!bounded(json!({"Statement": [harmless()]})).findings[0].effective);
}

#[test]
fn a_membership_is_judged_by_lists_of_responses() {
    let record = record(IAM, "AddUserToGroup", json!({"userName": "bob", "groupName": "g"}));
    let wrong = judged(
        &record,
        json!({
            "ListAttachedGroupPolicies": {"AttachedPolicies": [{"PolicyArn": POLICY}, {"PolicyArn": ADMIN}]},
            "GetPolicyVersion": [get_version("v1", json!([harmless()])), get_version("v1", json!([everything()]))],
            "GetGroupPolicy": [{"PolicyName": "p", "PolicyDocument": {"Statement": [harmless()]}}],
        }),
    );
    assert_eq!(all_of(&wrong), ["admin-equivalent"]);
    assert_eq!(wrong.findings[0].evidence["policy"], json!(ADMIN));
    let unread = judged(
        &record,
        json!({
            "ListAttachedGroupPolicies": {"AttachedPolicies": [{"PolicyArn": POLICY}]},
        }),
    );
    assert_eq!(all_of(&unread), ["evidence-unreadable"], "its document is not given");
}

#[test]
fn a_policy_goes_back_to_a_version_that_is_given() {
    let judged = judged(
        &set_default(),
        json!({
            "GetPolicy": {"Policy": {"DefaultVersionId": "v3", "AttachmentCount": 2}},
            "GetPolicyVersion": [
                get_version("v3", json!([everything()])),
                get_version("v2", json!([harmless()])),
            ],
        }),
    );
    let operation = &judged.findings[0].remedies[0].operations[0];
    assert_eq!(operation.operation, "iam:SetDefaultPolicyVersion");
    assert_eq!(operation.parameters["VersionId"], json!("v2"));
}

#[test]
fn a_response_that_is_missing_or_of_another_form_is_told() {
    let attach = record(IAM, "AttachUserPolicy", json!({"userName": "bob", "policyArn": POLICY}));
    for (record, responses) in [
        (attach.clone(), json!({"GetUser": {"User": {"Arn": BOB}}})),
        (attach, json!({"GetPolicyVersion": 7})),
        (set_default(), json!({"GetPolicy": {"Policy": {"DefaultVersionId": "v3"}}})),
        (unbounded(), json!({"GetUser": {"User": {"Arn": BOB}}})),
    ] {
        let judged = judged(&record, responses.clone());
        assert_eq!(judged.status, Status::Unclear, "{responses}");
    }
}

#[test]
fn half_of_what_a_user_has_is_not_taken_for_all_of_it() {
    let attached = json!({"AttachedPolicies": []});
    let whole = json!({
        "GetUser": {"User": {"Arn": BOB}},
        "ListAttachedUserPolicies": attached,
        "ListUserPolicies": {"PolicyNames": []},
        "ListGroupsForUser": {"Groups": []},
    });
    assert_eq!(judged(&unbounded(), whole.clone()).status, Status::Clean);
    let without = |name: &str| {
        let mut half = whole.clone();
        half.as_object_mut().unwrap().remove(name);
        half
    };
    let named = |name: &str, member: &str, value: Value| {
        let mut more = whole.clone();
        more[name][member] = value;
        more
    };
    for half in [
        without("ListUserPolicies"),
        without("ListGroupsForUser"),
        named("ListUserPolicies", "PolicyNames", json!(["all"])),
        named("ListGroupsForUser", "Groups", json!([{"GroupName": "admins"}])),
    ] {
        let judged = judged(&unbounded(), half.clone());
        assert!(all_of(&judged).contains(&"evidence-unreadable"), "{half}");
        for finding in &judged.findings {
            assert_eq!(finding.confidence, Confidence::Unclear, "{half}");
            assert!(finding.remedies.is_empty(), "{half}");
        }
    }
}

#[test]
fn a_change_of_our_own_is_judged_as_anybodys() {
    let ours = "arn:aws:iam::111122223333:role/snapback-iam-admin-grant";
    let trust = Trust { own_roles: vec![ours.to_owned()], ..Trust::default() };
    let identity = json!({
        "type": "AssumedRole",
        "arn": "arn:aws:sts::111122223333:assumed-role/snapback-iam-admin-grant/f",
        "sessionContext": {"sessionIssuer": {"type": "Role", "arn": ours}},
    });
    let by_us = |document: &str| with(inline(document), "userIdentity", identity.clone());
    let told = |record: &Value| judge(&IamAdminGrant, record, &trust);
    assert_eq!(told(&by_us(&document(json!([harmless()])))).status, Status::Clean);
    let wrong = told(&by_us(&document(json!([everything()]))));
    assert_eq!(all_of(&wrong), ["admin-equivalent"], "policy says that nothing is written");
}
