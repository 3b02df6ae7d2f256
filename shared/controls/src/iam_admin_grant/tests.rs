//! The cases every control owes, what is never written, and the properties of the remedies.

use std::collections::BTreeSet;

use model::{Confidence, Remedy, Response, Status};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{
    AnyControl,
    test_support::{Given, event, judge, record, target, with},
};

const IAM: &str = "iam.amazonaws.com";
const ADMIN: &str = "arn:aws:iam::aws:policy/AdministratorAccess";
const POLICY: &str = "arn:aws:iam::111122223333:policy/app";

#[expect(clippy::needless_pass_by_value, reason = "`json!` at the call reads better")]
fn document(statements: Value) -> String {
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

fn everything() -> Value {
    json!({"Effect": "Allow", "Action": "*", "Resource": "*"})
}

fn harmless() -> Value {
    json!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"})
}

fn inline(document: &str) -> Value {
    let parameters = json!({"userName": "bob", "policyName": "p", "policyDocument": document});
    record(IAM, "PutUserPolicy", parameters)
}

fn codes(record: &Value) -> Vec<String> {
    let judged = judge(&IamAdminGrant, record, &Trust::default());
    judged.findings.into_iter().map(|finding| finding.code).collect()
}

fn assess(record: &Value, state: &GrantState) -> Vec<Finding<GrantRemedy>> {
    IamAdminGrant.assess(&target(&IamAdminGrant, record), state, &Trust::default())
}

fn managed(version: &str, document: &str) -> Permissions {
    Permissions {
        source: Source::Managed { arn: POLICY.to_owned(), version: Some(version.to_owned()) },
        document: Some(document.to_owned()),
    }
}

fn set_default() -> Value {
    record(IAM, "SetDefaultPolicyVersion", json!({"policyArn": POLICY, "versionId": "v3"}))
}

fn version(id: &str, document: &str) -> Version {
    Version { id: id.to_owned(), document: Some(document.to_owned()) }
}

fn unbounded() -> Value {
    record(IAM, "DeleteUserPermissionsBoundary", json!({"userName": "bob"}))
}

#[test]
fn an_administrator_by_aws_own_policy_is_known_by_the_arn_in_every_partition() {
    for (call, name) in [
        ("AttachUserPolicy", "userName"),
        ("AttachRolePolicy", "roleName"),
        ("AttachGroupPolicy", "groupName"),
    ] {
        for partition in ["aws", "aws-cn", "aws-us-gov"] {
            let arn = format!("arn:{partition}:iam::aws:policy/AdministratorAccess");
            let attached = record(IAM, call, json!({name: "x", "policyArn": arn}));
            assert_eq!(codes(&attached), ["admin-equivalent"], "{call} {partition}");
        }
    }
}

#[test]
fn every_known_policy_gives_power_and_is_read_in_full() {
    for name in [
        "AdministratorAccess",
        "AdministratorAccess-AWSElasticBeanstalk",
        "AdministratorAccess-Amplify",
        "AWSLambda_FullAccess",
        "AmazonElasticMapReduceFullAccess",
        "IAMFullAccess",
        "PowerUserAccess",
        "job-function/DataScientist",
        "job-function/SystemAdministrator",
    ] {
        let arn = format!("arn:aws:iam::aws:policy/{name}");
        let attached = record(IAM, "AttachUserPolicy", json!({"userName": "x", "policyArn": arn}));
        let judged = judge(&IamAdminGrant, &attached, &Trust::default());
        assert_eq!(judged.status, Status::Finding, "{name}");
        for finding in judged.findings {
            assert_eq!(finding.confidence, Confidence::Certain, "{name} {}", finding.code);
        }
    }
}

#[test]
fn a_policy_that_is_not_known_leaves_the_question_open() {
    for arn in [
        POLICY,
        "arn:aws:iam::aws:policy/ReadOnlyAccess",
        "arn:aws:iam::111122223333:policy/AdministratorAccess",
    ] {
        let attached = record(IAM, "AttachUserPolicy", json!({"userName": "x", "policyArn": arn}));
        let judged = judge(&IamAdminGrant, &attached, &Trust::default());
        assert_eq!(judged.reason.as_deref(), Some("state_not_in_record"), "{arn}");
    }
}

#[test]
fn leaves_a_harmless_policy_alone() {
    assert_eq!(
        judge(&IamAdminGrant, &inline(&document(json!([harmless()]))), &Trust::default()).status,
        Status::Clean
    );
}

#[test]
fn a_refused_call_is_ignored_and_a_role_without_boundary_raises_nothing() {
    let refused =
        with(inline(&document(json!([everything()]))), "errorCode", json!("AccessDenied"));
    let reason = |record| judge(&IamAdminGrant, &record, &Trust::default()).reason.unwrap();
    assert_eq!(reason(refused), "call_failed");
    assert_eq!(reason(record(IAM, "CreateRole", json!({"roleName": "x"}))), "nothing_to_ask");
}

#[test]
fn parameters_that_name_nobody_are_told_and_not_acted_on() {
    for subscription in Control::subscriptions(&IamAdminGrant) {
        for parameters in [json!(null), json!({}), json!({"omitted": true}), json!("cut")] {
            let name = subscription.event_name;
            if name.starts_with("Create") && parameters == json!({}) && !name.contains("Policy") {
                continue;
            }
            let record = record(IAM, name, parameters.clone());
            let judged = judge(&IamAdminGrant, &record, &Trust::default());
            assert_eq!(judged.status, Status::Unclear, "{name} {parameters}");
        }
    }
}

#[test]
fn a_document_that_cannot_be_read_is_told_and_never_changed() {
    for document in [json!(""), json!("[]"), json!("{\"Statement\":[{"), json!(7)] {
        let parameters = json!({"userName": "bob", "policyName": "p", "policyDocument": document});
        let record = record(IAM, "PutUserPolicy", parameters);
        let judged = judge(&IamAdminGrant, &record, &Trust::default());
        assert_eq!(judged.findings[0].code, "malformed-policy", "{document}");
        assert_eq!(judged.findings[0].confidence, Confidence::Unclear);
        assert!(judged.findings[0].remedies.is_empty());
    }
}

#[test]
fn what_is_gone_has_nothing_wrong_with_it() {
    let gone = Given::one("arn:aws:iam::111122223333:user/bob", Value::Null);
    let record = inline(&document(json!([everything()])));
    let judged = AnyControl::judge(&IamAdminGrant, &event(&record), &gone, &Trust::default());
    assert_eq!(judged.reason.as_deref(), Some("gone"));
    let detached = GrantState { stands: false, ..GrantState::granting(Vec::new()) };
    assert!(assess(&record, &detached).is_empty());
}

#[test]
fn only_the_dangerous_statement_is_cut_and_a_deny_is_never_lost() {
    let deny = json!({"Effect": "Deny", "Action": "s3:DeleteBucket", "Resource": "*"});
    let before = document(json!([harmless(), everything(), deny]));
    let findings = {
        let record = inline(&before);
        let one = Permissions {
            source: Source::Inline { name: "p".to_owned() },
            document: Some(before.clone()),
        };
        assess(&record, &GrantState::granting(vec![one]))
    };
    let GrantRemedy::CutInline { after: Some(after), .. } = &findings[0].remedies[0] else {
        panic!("{findings:?}")
    };
    let after: Value = serde_json::from_str(after).unwrap();
    assert_eq!(after["Statement"], json!([harmless(), deny]));
}

#[test]
fn a_policy_that_nobody_has_is_told_without_effect() {
    let parameters =
        json!({"policyName": "all", "policyDocument": document(json!([everything()]))});
    let judged = judge(&IamAdminGrant, &record(IAM, "CreatePolicy", parameters), &Trust::default());
    assert_eq!(judged.target.unwrap().resource.arn, "arn:aws:iam::111122223333:policy/all");
    assert!(!judged.findings[0].effective && judged.findings[0].held_back.is_some());
}

#[test]
fn the_default_goes_back_only_to_a_version_that_is_known_and_harmless() {
    let bad = document(json!([everything()]));
    let good = document(json!([harmless()]));
    let after = |default: &str, versions: Vec<Version>, former: Option<&str>| {
        let state = GrantState {
            default_version: Some(default.to_owned()),
            versions,
            attached: Some(true),
            former_version: former.map(str::to_owned),
            ..GrantState::granting(vec![managed(default, &bad)])
        };
        let findings = assess(&set_default(), &state);
        findings[0].remedies.first().map(|remedy| match remedy {
            GrantRemedy::SetDefault { after, .. } => after.clone(),
            other => panic!("{other:?}"),
        })
    };
    let one = || version("v1", &good);
    assert_eq!(after("v3", vec![one(), version("v2", &good)], None).as_deref(), Some("v2"));
    assert_eq!(after("v10", vec![one(), version("v9", &good)], None).as_deref(), Some("v9"));
    assert_eq!(after("v3", vec![one(), version("v2", &bad)], None), None);
    assert_eq!(after("v3", vec![one(), version("v2", &good)], Some("v1")).as_deref(), Some("v1"));
    assert_eq!(after("v1", vec![version("v2", &good), version("v3", &good)], None), None);
    assert_eq!(after("v3", vec![], None), None);
}

#[test]
fn a_boundary_that_closes_a_code_takes_its_effect() {
    let record = record(IAM, "AttachUserPolicy", json!({"userName": "bob", "policyArn": ADMIN}));
    let bounded = |boundary: &str| {
        let boundary =
            Boundary::Set { arn: POLICY.to_owned(), document: Some(boundary.to_owned()) };
        let permissions = vec![managed("v1", &document(json!([everything()])))];
        let state = GrantState { boundary, ..GrantState::granting(permissions) };
        assess(&record, &state).iter().any(|finding| finding.effective)
    };
    assert!(!bounded(&document(json!([harmless()]))));
    assert!(bounded(&document(json!([everything()]))));
}

#[test]
fn a_removed_boundary_counts_where_it_kept_something_back() {
    let state = |statement: Value| GrantState {
        boundary: Boundary::None,
        former_boundary: Some(POLICY.to_owned()),
        ..GrantState::granting(vec![managed("v1", &document(json!([statement])))])
    };
    let findings = assess(&unbounded(), &state(everything()));
    assert_eq!(findings[0].code, "boundary-removed");
    assert!(matches!(
        &findings[0].remedies[0],
        GrantRemedy::SetBoundary { before: None, after, .. } if after == POLICY
    ));
    assert!(assess(&unbounded(), &state(harmless())).is_empty());
}

#[test]
fn what_may_not_be_read_is_told_and_never_acted_on() {
    let hidden = Permissions {
        source: Source::Managed { arn: POLICY.to_owned(), version: None },
        document: None,
    };
    let record = record(IAM, "AddUserToGroup", json!({"userName": "bob", "groupName": "g"}));
    let findings = assess(&record, &GrantState::granting(vec![hidden]));
    assert_eq!(findings[0].code, "evidence-unreadable");
    assert!(findings[0].remedies.is_empty());
}

#[test]
fn service_linked_roles_and_our_own_are_never_written() {
    let trust =
        Trust { own_roles: vec!["arn:aws:iam::*:role/snapback-*".to_owned()], ..Trust::default() };
    for name in ["AWSServiceRoleForECS", "snapback-iam-admin-grant"] {
        let parameters = json!({"roleName": name, "policyArn": ADMIN});
        let judged = judge(&IamAdminGrant, &record(IAM, "AttachRolePolicy", parameters), &trust);
        assert!(judged.findings[0].remedies.is_empty(), "{name}");
        assert!(judged.findings[0].held_back.is_some(), "{name}");
    }
}

#[test]
fn groups_cannot_be_tagged() {
    let group = Resource::group("g", "111122223333".into(), "us-east-1");
    let ours: Tags = [("snapback:at".to_owned(), "now".to_owned())].into();
    assert!(IamAdminGrant.tag(&group, &Tags::new(), &ours).is_err());
    let user = Resource::user("u", "111122223333".into(), "us-east-1");
    let tag = IamAdminGrant.tag(&user, &Tags::new(), &ours).unwrap();
    assert_eq!(tag.needs(), Response::Tag);
    assert_eq!(tag.inverse().unwrap().operations()[0].operation, "iam:UntagUser");
}

fn statements() -> impl Strategy<Value = Vec<Value>> {
    let statement = prop_oneof![
        Just(everything()),
        Just(harmless()),
        Just(json!({"Effect": "Allow", "Action": "iam:*", "Resource": "*"})),
        Just(json!({"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*"})),
        Just(json!({"Effect": "Allow", "Action": "ec2:RunInstances", "Resource": "*"})),
        Just(json!({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"})),
        Just(json!({"Effect": "Deny", "Action": "s3:*", "Resource": "*"})),
    ];
    prop::collection::vec(statement, 1..6)
}

proptest! {
    #[test]
    fn cutting_mends_the_finding_leaves_the_others_and_can_be_undone(all in statements()) {
        let before = document(json!(all));
        let record = inline(&before);
        let state = |document: &str| {
            let source = Source::Inline { name: "p".to_owned() };
            let document = Some(document.to_owned());
            GrantState::granting(vec![Permissions { source, document }])
        };
        for finding in assess(&record, &state(&before)) {
            let remedy = &finding.remedies[0];
            let GrantRemedy::CutInline { cut, after, .. } = remedy else { panic!("{remedy:?}") };
            let cut: BTreeSet<usize> = cut.clone();
            for (place, statement) in all.iter().enumerate() {
                if cut.contains(&place) {
                    prop_assert_eq!(&statement["Effect"], "Allow");
                }
            }
            let kept: Vec<&Value> = all
                .iter()
                .enumerate()
                .filter(|(place, _)| !cut.contains(place))
                .map(|(_, statement)| statement)
                .collect();
            match after {
                None => prop_assert!(kept.is_empty()),
                Some(after) => {
                    let value: Value = serde_json::from_str(after).unwrap();
                    prop_assert_eq!(&value["Statement"], &json!(kept));
                    let left = assess(&record, &state(after));
                    prop_assert!(left.iter().all(|other| other.code != finding.code));
                }
            }
            prop_assert_eq!(remedy.inverse().unwrap().inverse().unwrap(), remedy.clone());
            prop_assert_eq!(remedy.join(remedy), Some(remedy.clone()));
        }
    }
}
