//! The eight cases every control owes, what is never written, and the properties of the remedy.
#![expect(clippy::needless_raw_string_hashes, reason = "`UPDATE_EXPECT` writes them so")]

use std::collections::BTreeSet;

use expect_test::{Expect, expect};
use model::{Confidence, Remedy, Response, Status};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{
    AnyControl,
    test_support::{Given, STRANGER, event, judge, record, target, told, with},
};

const IAM: &str = "iam.amazonaws.com";

#[expect(clippy::needless_pass_by_value, reason = "`json!` at the call reads better")]
fn document(statements: Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

#[expect(clippy::needless_pass_by_value, reason = "`json!` at the call reads better")]
fn allow(principal: Value) -> Value {
    json!({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"})
}

fn instances() -> Value {
    allow(json!({"Service": "ec2.amazonaws.com"}))
}

fn update(document: &Value) -> Value {
    let document = document.to_string();
    record(IAM, "UpdateAssumeRolePolicy", json!({"roleName": "app", "policyDocument": document}))
}

fn check(record: &Value, expected: &Expect) {
    expected.assert_eq(&told(&judge(&IamTrustPolicy, record, &Trust::default())));
}

fn codes(document: &Value) -> Vec<String> {
    let judged = judge(&IamTrustPolicy, &update(document), &Trust::default());
    judged.findings.into_iter().map(|finding| finding.code).collect()
}

fn a_role() -> Target {
    target(&IamTrustPolicy, &update(&document(json!([]))))
}

fn live(document: &Value) -> TrustState {
    TrustState {
        name: "app".to_owned(),
        path: Some("/".to_owned()),
        arn: Some("arn:aws:iam::111122223333:role/app".to_owned()),
        document: document.to_string(),
    }
}

fn assess(state: &TrustState) -> Vec<Finding<TrustRemedy>> {
    IamTrustPolicy.assess(&a_role(), state, &Trust::default())
}

/// The document that a remedy leaves.
fn after(remedy: &TrustRemedy) -> Value {
    let TrustRemedy::UpdateAssumeRolePolicy { after, .. } = remedy else { panic!("{remedy:?}") };
    serde_json::from_str(after).unwrap()
}

// Each event name that can raise the question.

#[test]
fn a_statement_for_everyone_is_taken_out_and_the_others_stay() {
    // S-20
    check(
        &update(&document(json!([instances(), allow(json!("*"))]))),
        &expect![[r#"
        finding arn:aws:iam::111122223333:role/app
        wildcard-principal certain
          everyone may assume the role: nothing restricts who calls
          iam:UpdateAssumeRolePolicy {"RoleName":"app","PolicyDocument":"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"ec2.amazonaws.com\"},\"Action\":\"sts:AssumeRole\"}]}"}
    "#]],
    );
}

#[test]
fn a_role_made_for_everyone_alone_then_denies_everyone() {
    // S-20
    let everyone = document(json!([allow(json!({"AWS": "*"}))])).to_string();
    let made = record(
        IAM,
        "CreateRole",
        json!({"roleName": "app", "path": "/team/", "assumeRolePolicyDocument": everyone}),
    );
    check(
        &made,
        &expect![[r#"
            finding arn:aws:iam::111122223333:role/team/app
            wildcard-principal certain
              everyone may assume the role: nothing restricts who calls
              iam:UpdateAssumeRolePolicy {"RoleName":"app","PolicyDocument":"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Sid\":\"SnapbackDenyEveryone\",\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"sts:AssumeRole\"}]}"}
        "#]],
    );
}

#[test]
fn a_created_role_is_named_by_its_arn() {
    let made = |path: Value, response: Value| {
        let parameters = json!({"roleName": "app", "path": path, "assumeRolePolicyDocument": "{}"});
        let record = with(record(IAM, "CreateRole", parameters), "responseElements", response);
        target(&IamTrustPolicy, &record).resource.arn
    };
    let told = json!({"role": {"arn": "arn:aws:iam::111122223333:role/a/b/app"}});
    assert_eq!(made(json!("/a/b/"), told), "arn:aws:iam::111122223333:role/a/b/app");
    assert_eq!(made(json!("/a/b/"), json!(null)), "arn:aws:iam::111122223333:role/a/b/app");
    assert_eq!(made(json!(null), json!(null)), "arn:aws:iam::111122223333:role/app");
    let another = json!({"role": {"arn": "arn:aws:iam::111122223333:role/other"}});
    assert_eq!(made(json!("/"), another), "arn:aws:iam::111122223333:role/app");
}

// The call failed.

#[test]
fn a_refused_call_is_ignored() {
    let refused = update(&document(json!([allow(json!("*"))])));
    check(
        &with(refused, "errorCode", json!("AccessDenied")),
        &expect![[r#"
        ignored (call_failed)
    "#]],
    );
}

// The state is already right.

#[test]
fn leaves_roles_of_services_and_of_our_own_account_alone() {
    for principal in [
        json!({"Service": "ec2.amazonaws.com"}),
        json!({"Service": "lambda.amazonaws.com"}),
        json!({"AWS": "arn:aws:iam::111122223333:root"}),
        json!({"AWS": "111122223333"}),
        json!({"AWS": ["arn:aws:iam::111122223333:user/alice", "arn:aws:iam::111122223333:role/ci"]}),
    ] {
        let record = update(&document(json!([allow(principal.clone())])));
        let judged = judge(&IamTrustPolicy, &record, &Trust::default());
        assert_eq!(judged.status, Status::Clean, "{principal}");
    }
}

#[test]
fn mfa_is_asked_of_humans_only() {
    // S-27
    let trust = Trust { require_mfa: true, ..Trust::default() };
    let found = |principal: Value| {
        let record = update(&document(json!([allow(principal)])));
        let judged = judge(&IamTrustPolicy, &record, &trust);
        judged.findings.into_iter().map(|finding| finding.code).collect::<Vec<_>>()
    };
    assert_eq!(found(json!({"AWS": "arn:aws:iam::111122223333:user/alice"})), ["mfa-missing"]);
    assert_eq!(found(json!({"AWS": "arn:aws:iam::111122223333:root"})), ["mfa-missing"]);
    assert!(found(json!({"Service": "ec2.amazonaws.com"})).is_empty());
    assert!(found(json!({"AWS": "arn:aws:iam::111122223333:role/ci"})).is_empty());
}

// Caused by our own role: the state is judged all the same.

#[test]
fn a_change_by_our_own_role_is_judged_like_any_other() {
    let ours = |document: &Value| {
        let role = "arn:aws:sts::111122223333:assumed-role/snapback-iam-trust-policy/x";
        with(update(document), "userIdentity", json!({"type": "AssumedRole", "arn": role}))
    };
    let status = |record| judge(&IamTrustPolicy, &record, &Trust::default()).status;
    assert_eq!(status(ours(&document(json!([instances()])))), Status::Clean);
    assert_eq!(status(ours(&document(json!([allow(json!("*"))])))), Status::Finding);
}

// Excepted: exceptions are the policy's, the finding is there for it to decide on.

#[test]
fn a_protected_role_is_found_like_any_other() {
    let trust = Trust { protected_resources: vec!["*".to_owned()], ..Trust::default() };
    let judged = judge(&IamTrustPolicy, &update(&document(json!([allow(json!("*"))]))), &trust);
    assert_eq!(judged.status, Status::Finding);
}

// Parameters malformed or absent.

#[test]
fn parameters_that_name_no_role_are_told_and_not_acted_on() {
    for parameters in [
        json!(null),
        json!({}),
        json!({"roleName": ""}),
        json!({"omitted": true, "originalSize": 120_000}),
        json!("cut"),
    ] {
        let record = record(IAM, "UpdateAssumeRolePolicy", parameters.clone());
        let judged = judge(&IamTrustPolicy, &record, &Trust::default());
        assert_eq!(judged.status, Status::Unclear, "{parameters}");
        assert_eq!(judged.findings[0].code, "evidence-unreadable");
        assert_eq!(judged.findings[0].confidence, Confidence::Unclear);
    }
}

#[test]
fn a_document_that_cannot_be_read_is_told_and_never_changed() {
    let whole = document(json!([allow(json!("*"))])).to_string();
    for document in [
        json!(whole.strip_suffix("\"}]}").unwrap()),
        json!(""),
        json!("[]"),
        json!(7),
        json!({"omitted": true}),
    ] {
        let parameters = json!({"roleName": "app", "policyDocument": document});
        let record = record(IAM, "UpdateAssumeRolePolicy", parameters);
        let judged = judge(&IamTrustPolicy, &record, &Trust::default());
        assert_eq!(judged.findings[0].code, "malformed-policy", "{document}");
        assert_eq!(judged.findings[0].confidence, Confidence::Unclear);
        assert!(judged.findings[0].remedies.is_empty());
        assert!(judged.findings[0].held_back.is_some());
    }
}

#[test]
fn a_record_without_a_document_leaves_the_question_open() {
    let record = record(IAM, "UpdateAssumeRolePolicy", json!({"roleName": "app"}));
    let judged = judge(&IamTrustPolicy, &record, &Trust::default());
    assert_eq!(judged.reason.as_deref(), Some("state_not_in_record"));
    assert_eq!(judged.would_read, ["iam:GetRole"]);
}

#[test]
fn doubt_about_one_part_of_a_document_holds_everything_back() {
    let odd = json!({"Effect": "Perhaps", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"});
    let record = update(&document(json!([allow(json!("*")), odd])));
    let judged = judge(&IamTrustPolicy, &record, &Trust::default());
    assert!(judged.findings.iter().any(|finding| finding.code == "wildcard-principal"));
    for finding in judged.findings {
        assert_eq!(finding.confidence, Confidence::Unclear, "{}", finding.code);
        assert!(finding.remedies.is_empty());
    }
}

// The resource gone.

#[test]
fn what_is_gone_has_nothing_wrong_with_it() {
    let gone = Given::one("arn:aws:iam::111122223333:role/app", Value::Null);
    let record = update(&document(json!([allow(json!("*"))])));
    let judged = AnyControl::judge(&IamTrustPolicy, &event(&record), &gone, &Trust::default());
    assert_eq!(judged.status, Status::Clean);
    assert_eq!(judged.reason.as_deref(), Some("gone"));
}

// Another partition.

#[test]
fn arns_are_of_the_partition_of_the_region() {
    for (region, partition) in [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")] {
        let ours = json!({"AWS": [format!("arn:{partition}:iam::111122223333:root"), "*"]});
        let record = with(update(&document(json!([allow(ours)]))), "awsRegion", json!(region));
        let judged = judge(&IamTrustPolicy, &record, &Trust::default());
        let arn = judged.target.unwrap().resource.arn;
        assert_eq!(arn, format!("arn:{partition}:iam::111122223333:role/app"));
        let found: Vec<_> = judged.findings.iter().map(|finding| &finding.code).collect();
        assert_eq!(found, ["wildcard-principal"]);
    }
}

// Whom it finds.

#[test]
fn strangers_and_shared_identity_providers_are_found() {
    let stranger = json!({"AWS": format!("arn:aws:iam::{STRANGER}:root")});
    assert!(codes(&document(json!([allow(stranger)]))).contains(&"untrusted-account".to_owned()));
    let github = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com";
    let federated = json!({"Effect": "Allow", "Principal": {"Federated": github},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {
            "token.actions.githubusercontent.com:aud": "sts.amazonaws.com"}}});
    assert_eq!(codes(&document(json!([federated]))), ["oidc-missing-sub"]);
}

#[test]
fn a_finding_names_the_statement_and_the_principals() {
    let named = json!({"Sid": "Debug", "Effect": "Allow", "Principal": {"AWS": "*"},
        "Action": "sts:AssumeRole"});
    let findings = assess(&live(&document(json!([instances(), named]))));
    let evidence = &findings[0].evidence;
    assert_eq!(evidence["statement"], 1);
    assert_eq!(evidence["sid"], "Debug");
    assert_eq!(evidence["principal"], "*");
    assert_eq!(evidence["exposure"], "everyone");
}

// What a Deny closes, what may be closed, and what is ours.

fn others_denied() -> Value {
    json!({"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole",
        "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-ours123456"}}})
}

#[test]
fn a_statement_that_a_deny_closes_has_no_effect_whatever_stands_beside_it() {
    let mut open = allow(json!("*"));
    open["Action"] = json!(["sts:AssumeRole", "sts:TagSession"]);
    let github = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com";
    let federated = json!({"Effect": "Allow", "Principal": {"Federated": github},
        "Action": "sts:AssumeRoleWithWebIdentity"});
    let findings = assess(&live(&document(json!([open, federated, others_denied()]))));
    let effective = |code: &str| {
        findings.iter().find(|finding| finding.code == code).map(|finding| finding.effective)
    };
    assert_eq!(effective("wildcard-principal"), Some(false));
    assert_eq!(effective("oidc-missing-sub"), Some(true));
}

#[test]
fn what_may_be_closed_is_told_and_not_mended() {
    for (condition, confidence) in [
        (json!({"StringEquals": {"aws:PrincipalOrgID": "${aws:PrincipalTag/org}"}}), "unclear"),
        (json!({"Bool": {"aws:PrincipalIsAWSService": "true"}}), "probable"),
    ] {
        let mut doubtful = allow(json!("*"));
        doubtful["Condition"] = condition;
        let findings = assess(&live(&document(json!([doubtful, allow(json!("*"))]))));
        let [finding, plain] = findings.as_slice() else { panic!("{findings:?}") };
        assert_eq!(finding.confidence.as_str(), confidence);
        assert!(finding.remedies.is_empty() && finding.held_back.is_some());
        assert_eq!(plain.confidence, Confidence::Certain);
        assert_eq!(after(&plain.remedies[0])["Statement"].as_array().map(Vec::len), Some(1));
    }
}

#[test]
fn leaves_the_idioms_of_a_data_perimeter_alone() {
    for condition in [
        json!({"StringEquals": {"aws:PrincipalOrgID": "${aws:ResourceOrgID}"}}),
        json!({"StringEquals": {"aws:PrincipalAccount": "${aws:ResourceAccount}"}}),
    ] {
        let mut ours = allow(json!("*"));
        ours["Condition"] = condition.clone();
        assert!(codes(&document(json!([ours]))).is_empty(), "{condition}");
    }
}

#[test]
fn a_roles_own_account_is_its_own_whatever_the_trust_file_configures() {
    let hub = Trust { account_id: Some(STRANGER.into()), ..Trust::default() };
    for account in ["111122223333", STRANGER] {
        let own = document(json!([allow(json!({"AWS": format!("arn:aws:iam::{account}:root")}))]));
        let judged = judge(&IamTrustPolicy, &update(&own), &hub);
        assert_eq!(judged.status, Status::Clean, "{account}");
    }
}

// What is never written.

#[test]
fn service_linked_roles_are_not_tagged_either() {
    // S-21
    let tag = |arn: &str, name: &str| {
        let mut resource = a_role().resource;
        resource.arn = arn.to_owned();
        resource.id = model::ResourceId::Role { name: name.to_owned() };
        let ours: Tags = [("snapback:at".to_owned(), "now".to_owned())].into();
        IamTrustPolicy.tag(&resource, &Tags::new(), &ours).map(|_| ())
    };
    let linked =
        "arn:aws:iam::111122223333:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS";
    assert!(tag(linked, "AWSServiceRoleForECS").unwrap_err().contains("service-linked"));
    // A record does not tell the path: the name has to do.
    let bare = "arn:aws:iam::111122223333:role/AWSServiceRoleForECS";
    assert!(tag(bare, "AWSServiceRoleForECS").is_err());
    assert_eq!(tag("arn:aws:iam::111122223333:role/app", "app"), Ok(()));
}

#[test]
fn service_linked_roles_and_our_own_are_never_written() {
    // S-21
    let everyone = document(json!([allow(json!("*"))]));
    let own = |pattern: &str| Trust { own_roles: vec![pattern.to_owned()], ..Trust::default() };
    let role = |name: &str, path: Option<&str>| TrustState {
        name: name.to_owned(),
        path: path.map(str::to_owned),
        arn: path.map(|path| format!("arn:aws:iam::111122223333:role{path}{name}")),
        ..live(&everyone)
    };
    let held = |state: &TrustState, trust: &Trust| {
        let findings = IamTrustPolicy.assess(&a_role(), state, trust);
        assert_eq!(findings[0].code, "wildcard-principal");
        assert_eq!(findings[0].remedies.is_empty(), findings[0].held_back.is_some());
        findings[0].held_back.clone()
    };
    let nobody = Trust::default();
    let linked = Some("/aws-service-role/ecs.amazonaws.com/");
    assert!(
        held(&role("AWSServiceRoleForECS", linked), &nobody).unwrap().contains("service-linked")
    );
    assert!(held(&role("AWSServiceRoleForECS", None), &nobody).is_some());
    assert_eq!(held(&role("AWSServiceRoleForECS", Some("/")), &nobody), None);

    let pattern = "arn:aws:iam::*:role/snapback/snapback-*";
    let ours = role("snapback-s3-public-acl", Some("/snapback/"));
    assert!(held(&ours, &own(pattern)).unwrap().contains("own"));
    assert!(held(&role("snapback-s3-public-acl", None), &own(pattern)).is_some());
    assert_eq!(held(&role("snapback-s3-public-acl", Some("/else/")), &own(pattern)), None);
    assert_eq!(held(&role("app", None), &own(pattern)), None);
    assert_eq!(held(&role("app", None), &own("arn:aws:iam::*:role/snapback/*")), None);
}

// Supplied states.

#[test]
fn supplied_states_are_judged_in_place_of_the_record() {
    let everyone = update(&document(json!([allow(json!("*"))])));
    let judged = |response: Value| {
        let states = Given::one("arn:aws:iam::111122223333:role/app", json!({"GetRole": response}));
        AnyControl::judge(&IamTrustPolicy, &event(&everyone), &states, &Trust::default())
    };
    let role = |document: Value| {
        json!({"Role": {"Path": "/", "RoleName": "app", "RoleId": "AROAEXAMPLE",
            "Arn": "arn:aws:iam::111122223333:role/app", "AssumeRolePolicyDocument": document}})
    };
    let mended = document(json!([instances()]));
    assert_eq!(judged(role(mended.clone())).status, Status::Clean);
    assert_eq!(judged(role(json!(mended.to_string()))).status, Status::Clean);
    assert_eq!(judged(json!({"Role": 1})).findings[0].code, "evidence-unreadable");

    // The record does not tell the path; what is protected is protected by it.
    let mut pathed = role(document(json!([allow(json!("*"))])));
    let arn = "arn:aws:iam::111122223333:role/team/app";
    pathed["Role"]["Path"] = json!("/team/");
    pathed["Role"]["Arn"] = json!(arn);
    assert_eq!(judged(pathed.clone()).target.unwrap().resource.arn, arn);
    for another in ["arn:aws:iam::111122223333:role/other", "app", "arn:aws:s3:::app"] {
        pathed["Role"]["Arn"] = json!(another);
        assert_eq!(judged(pathed.clone()).findings[0].code, "evidence-unreadable", "{another}");
    }
}

// Remedies.

#[test]
fn everyone_is_taken_out_of_a_list_and_nobody_else() {
    // S-20
    let list = json!(["arn:aws:iam::111122223333:role/analytics", "*"]);
    let mut open = allow(json!({"AWS": list, "Service": "glue.amazonaws.com"}));
    open["Sid"] = json!("Readers");
    open["Condition"] = json!({"StringLike": {"sts:RoleSessionName": "night-*"}});
    let findings = assess(&live(&document(json!([open.clone()]))));
    let mended = after(&findings[0].remedies[0]);
    let left = &mended["Statement"][0];
    let expected = [
        ("AWS".to_owned(), "arn:aws:iam::111122223333:role/analytics".to_owned()),
        ("Service".to_owned(), "glue.amazonaws.com".to_owned()),
    ];
    assert_eq!(named(&mended), expected);
    for member in ["Sid", "Effect", "Action", "Condition"] {
        assert_eq!(left[member], open[member], "{member}");
    }
}

#[test]
fn only_what_the_policy_permits_is_taken_out() {
    let stranger = format!("arn:aws:iam::{STRANGER}:root");
    let open = document(json!([instances(), allow(json!({"AWS": stranger})), allow(json!("*")),]));
    let (_, writes) = IamTrustPolicy.plan(
        &event(&update(&open)),
        &crate::NoStates,
        &Trust::default(),
        &mut |_, finding| {
            if finding.code == "wildcard-principal" { Response::Revert } else { Response::Tag }
        },
    );
    let [write] = writes.as_slice() else { panic!("{writes:?}") };
    let text = write.operations[0].parameters["PolicyDocument"].as_str().unwrap();
    let left: Value = serde_json::from_str(text).unwrap();
    assert_eq!(left["Statement"], json!([open["Statement"][0], open["Statement"][1]]));
}

#[test]
fn tagging_keeps_every_other_tag_and_stops_at_the_limit() {
    // S-29
    let resource = a_role().resource;
    let ours: Tags = [("snapback:at".to_owned(), "now".to_owned())].into();
    let theirs =
        |count: usize| (0..count).map(|n| (format!("k{n}"), String::new())).collect::<Tags>();
    let tag = IamTrustPolicy.tag(&resource, &theirs(49), &ours).unwrap();
    let TrustRemedy::TagRole { tags, before, .. } = &tag else { panic!() };
    assert_eq!(tags, &ours, "TagRole merges by itself");
    assert!(before.is_empty());
    assert!(IamTrustPolicy.tag(&resource, &theirs(50), &ours).unwrap_err().contains("50"));
    let mut renewed = theirs(49);
    renewed.insert("snapback:at".to_owned(), "then".to_owned());
    let inverse = IamTrustPolicy.tag(&resource, &renewed, &ours).unwrap().inverse().unwrap();
    let names: Vec<_> = inverse.operations().into_iter().map(|call| call.operation).collect();
    assert_eq!(names, ["iam:TagRole"], "the former value is put back");
    let names: Vec<_> =
        tag.inverse().unwrap().operations().into_iter().map(|call| call.operation).collect();
    assert_eq!(names, ["iam:UntagRole"]);
}

#[test]
fn the_declared_writes_are_those_of_its_remedies() {
    let ours: Tags = [("snapback:at".to_owned(), "now".to_owned())].into();
    let tag = IamTrustPolicy.tag(&a_role().resource, &Tags::new(), &ours).unwrap();
    let findings = assess(&live(&document(json!([allow(json!("*"))]))));
    let remedy = &findings[0].remedies[0];
    let used: BTreeSet<_> = tag.iam_actions().iter().chain(remedy.iam_actions()).collect();
    assert_eq!(used, Control::write_actions(&IamTrustPolicy).iter().collect());
}

fn principals() -> impl Strategy<Value = Value> {
    let aws = prop::sample::subsequence(
        vec![
            "*".to_owned(),
            "111122223333".to_owned(),
            "arn:aws:iam::111122223333:role/ci".to_owned(),
            format!("arn:aws:iam::{STRANGER}:root"),
            "arn:aws:iam::777788889999:role/x".to_owned(),
        ],
        1..=5,
    );
    (aws, any::<bool>(), any::<bool>()).prop_map(|(aws, service, single)| {
        let mut kinds = json!({});
        kinds["AWS"] = match (aws.as_slice(), single) {
            ([one], true) => json!(one),
            _ => json!(aws),
        };
        if service {
            kinds["Service"] = json!("ec2.amazonaws.com");
        }
        kinds
    })
}

fn documents() -> impl Strategy<Value = Value> {
    let statement = prop_oneof![
        4 => principals().prop_map(allow),
        1 => Just(allow(json!("*"))),
        1 => Just(instances()),
    ];
    prop::collection::vec(statement, 1..5).prop_map(|statements| document(json!(statements)))
}

/// Whom a document's statements allow, by kind, sorted.
fn named(document: &Value) -> Vec<(String, String)> {
    let statements = document["Statement"].as_array().unwrap();
    let mut named = Vec::new();
    for statement in statements.iter().filter(|statement| statement["Effect"] == "Allow") {
        let principal = &statement["Principal"];
        if let Some(text) = principal.as_str() {
            named.push(("AWS".to_owned(), text.to_owned()));
            continue;
        }
        for (kind, values) in principal.as_object().unwrap() {
            let list = values.as_array().cloned().unwrap_or_else(|| vec![values.clone()]);
            named.extend(
                list.iter().map(|value| (kind.clone(), value.as_str().unwrap().to_owned())),
            );
        }
    }
    named.sort();
    named
}

proptest! {
    // S-20, S-23
    #[test]
    fn reverting_everyone_leaves_exactly_the_others(document in documents()) {
        let state = live(&document);
        let remedy = assess(&state)
            .into_iter()
            .filter(|finding| finding.code == "wildcard-principal")
            .flat_map(|finding| finding.remedies)
            .reduce(|one, other| one.join(&other).unwrap());
        let others: Vec<_> =
            named(&document).into_iter().filter(|(_, principal)| principal != "*").collect();
        prop_assert_eq!(remedy.is_some(), others.len() != named(&document).len());
        if let Some(remedy) = remedy {
            prop_assert_eq!(named(&after(&remedy)), others.clone());
            let mended = TrustState { document: after(&remedy).to_string(), ..state };
            let left = assess(&mended);
            prop_assert!(left.iter().all(|finding| finding.code != "wildcard-principal"));
            if others.is_empty() {
                prop_assert_eq!(left, []);
                prop_assert_eq!(&after(&remedy)["Statement"][0]["Effect"], &json!("Deny"));
            }
        }
    }

    #[test]
    fn joined_remedies_do_what_each_does(document in documents()) {
        let state = live(&document);
        let remedies: Vec<TrustRemedy> =
            assess(&state).into_iter().flat_map(|finding| finding.remedies).collect();
        for one in &remedies {
            prop_assert_eq!(one.join(one).map(|joined| after(&joined)), Some(after(one)));
            for other in &remedies {
                let joined = one.join(other).unwrap();
                let (left, right) = (named(&after(one)), named(&after(other)));
                for principal in named(&after(&joined)) {
                    prop_assert!(left.contains(&principal) && right.contains(&principal));
                }
                let turned = other.join(one).unwrap();
                prop_assert_eq!(after(&joined), after(&turned));
            }
        }
    }

    #[test]
    fn the_inverse_of_a_remedy_restores_what_was(document in documents()) {
        for finding in assess(&live(&document)) {
            for remedy in finding.remedies {
                let inverse = remedy.inverse().unwrap();
                prop_assert_eq!(after(&inverse), document.clone());
                prop_assert_eq!(inverse.join(&remedy), None);
                prop_assert_eq!(remedy.needs(), Response::Revert);
                let written = serde_json::to_value(&remedy).unwrap();
                prop_assert_eq!(serde_json::from_value::<TrustRemedy>(written).unwrap(), remedy);
            }
        }
    }
}
