//! The cases every control owes, what is never written, and the properties of the remedies.

mod crossing;
mod given;
mod rewriting;
mod widening;

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

fn holding_inline(document: &str) -> GrantState {
    let source = Source::Inline { name: "p".to_owned() };
    GrantState::granting(vec![Permissions { source, document: Some(document.to_owned()) }])
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

fn fence(document: &str) -> Boundary {
    Boundary::Set { arn: POLICY.to_owned(), document: Some(document.to_owned()) }
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
fn an_inline_policy_is_taken_away_only_if_it_is_nothing_else() {
    let deny = json!({"Effect": "Deny", "Action": "s3:DeleteBucket", "Resource": "*"});
    let whole = document(json!([everything()]));
    let findings = assess(&inline(&whole), &holding_inline(&whole));
    assert!(matches!(
        &findings[0].remedies[0],
        GrantRemedy::DeleteInline { document, .. } if *document == whole
    ));
    let single = document(everything());
    assert_eq!(assess(&inline(&single), &holding_inline(&single))[0].remedies.len(), 1);
    for beside in [harmless(), deny] {
        let before = document(json!([beside, everything()]));
        let findings = assess(&inline(&before), &holding_inline(&before));
        assert!(findings[0].remedies.is_empty(), "{before}");
        let reason = findings[0].held_back.as_deref().unwrap();
        assert!(reason.contains("without the statements 1 "), "{reason}");
    }
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
        findings[0].remedies.first().map(|remedy| {
            let GrantRemedy::SetDefault { after, .. } = remedy else { panic!("{remedy:?}") };
            after.clone()
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
        former_boundary: fence(&document(json!([harmless()]))),
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
fn a_read_that_is_refused_does_not_lose_what_was_found() {
    let record = record(IAM, "AttachUserPolicy", json!({"userName": "bob", "policyArn": ADMIN}));
    let state = GrantState {
        unread: vec!["iam:GetUser: AccessDenied".to_owned()],
        ..GrantState::granting(vec![managed("v1", &document(json!([everything()])))])
    };
    let findings = assess(&record, &state);
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].code, "admin-equivalent");
    assert_eq!(findings[0].confidence, Confidence::Unclear);
    assert!(findings[0].remedies.is_empty() && findings[0].held_back.is_some());
    assert_eq!(findings[0].evidence["unread"], json!(["iam:GetUser: AccessDenied"]));
    let harmless = GrantState { permissions: Vec::new(), ..state };
    assert_eq!(assess(&record, &harmless)[0].code, "evidence-unreadable");
}

#[test]
fn a_way_whose_halves_stand_in_two_policies_is_told_with_the_second() {
    let pass = json!({"Effect": "Allow", "Action": "iam:PassRole",
        "Resource": "arn:aws:iam::111122223333:role/app"});
    let run = json!({"Effect": "Allow", "Action": ["lambda:CreateFunction", "lambda:InvokeFunction"],
        "Resource": "*"});
    let (pass, run) = (document(json!([pass])), document(json!([run])));
    let trust = Trust::default();
    for half in [&pass, &run] {
        assert!(!is_dangerous(half, &trust) && may_be_completed(half, &trust), "{half}");
    }
    assert!(!may_be_completed(&document(json!([harmless()])), &trust));
    let reads = json!({"Effect": "Allow", "Action": "ec2:Describe*", "Resource": "*"});
    assert!(!may_be_completed(&document(json!([reads])), &trust));

    let with = |beside: Vec<Permissions>| {
        let state = GrantState { beside, ..holding_inline(&run) };
        assess(&inline(&run), &state)
    };
    assert!(with(Vec::new()).is_empty());
    assert!(with(vec![managed("v1", &document(json!([harmless()])))]).is_empty());
    let findings = with(vec![managed("v1", &pass)]);
    assert!(findings[0].code.starts_with("privesc:lambda"), "{findings:?}");
    assert_eq!(findings[0].evidence["together_with"], json!([POLICY]));
    assert!(findings.iter().all(|one| one.effective && one.remedies.is_empty()));
    assert!(findings.iter().all(|one| one.held_back.is_some()));
    // Who was there before is not there by this grant.
    let both = vec![managed("v1", &pass), managed("v2", &run)];
    assert!(with(both).is_empty());
}

#[test]
fn what_an_administrator_can_do_besides_is_listed() {
    let parameters = json!({"userName": "bob", "policyArn": ADMIN});
    let record = record(IAM, "AttachUserPolicy", parameters);
    let judged = judge(&IamAdminGrant, &record, &Trust::default());
    assert_eq!(judged.findings.len(), 1);
    let also = judged.findings[0].evidence["also"].as_array().unwrap();
    assert!(also.contains(&json!("pass-role-wildcard")), "{also:?}");
    assert!(also.iter().all(|code| *code != json!("admin-equivalent")));
    // Ninety names are not read by anybody.
    assert_eq!(also.len(), 6);
    assert!(also[5].as_str().unwrap().contains("more"), "{also:?}");
}

#[test]
fn leaving_a_group_is_bound_to_what_its_policies_said() {
    let record = record(IAM, "AddUserToGroup", json!({"userName": "bob", "groupName": "g"}));
    let all = document(json!([everything()]));
    let mut state = holding_inline(&all);
    state.permissions.push(managed("v2", &all));
    let findings = assess(&record, &state);
    let joined = findings[0].remedies[0].join(&findings[1].remedies[0]).unwrap();
    let GrantRemedy::LeaveGroup { because, user, group } = &joined else { panic!("{joined:?}") };
    assert_eq!((user.as_str(), group.as_str()), ("bob", "g"));
    let documents: Vec<bool> = because.iter().map(|one| one.document.is_some()).collect();
    assert_eq!(documents, [false, true], "a managed policy is known by its version");
    assert_eq!(joined.inverse().unwrap().inverse(), Some(joined));
}

#[test]
fn a_boundary_that_is_replaced_by_one_that_lets_more_through_is_wrong() {
    let record = record(
        IAM,
        "PutUserPermissionsBoundary",
        json!({"userName": "bob", "permissionsBoundary": ADMIN}),
    );
    let bounded = |boundary: Value, former: &str| GrantState {
        boundary: Boundary::Set {
            arn: ADMIN.to_owned(),
            document: Some(document(json!([boundary]))),
        },
        former_boundary: Boundary::Set {
            arn: former.to_owned(),
            document: Some(document(json!([harmless()]))),
        },
        ..GrantState::granting(vec![managed("v1", &document(json!([everything()])))])
    };
    let findings = assess(&record, &bounded(everything(), POLICY));
    assert_eq!(findings[0].code, "boundary-removed");
    assert!(matches!(
        &findings[0].remedies[0],
        GrantRemedy::SetBoundary { before: Some(before), after, .. }
            if before == ADMIN && after == POLICY
    ));
    assert!(assess(&record, &bounded(harmless(), POLICY)).is_empty());
    let same = assess(&record, &bounded(everything(), ADMIN));
    assert!(same[0].remedies.is_empty(), "what it had before is what it has");
}

#[test]
fn a_boundary_that_went_rightly_is_not_remembered_any_longer() {
    let target = target(&IamAdminGrant, &unbounded());
    let boundary = Boundary::Set { arn: POLICY.to_owned(), document: Some("{}".to_owned()) };
    let bounded = GrantState { boundary, ..GrantState::granting(Vec::new()) };
    let free = GrantState { boundary: Boundary::None, ..GrantState::granting(Vec::new()) };
    let open = GrantState::granting(vec![managed("v1", &document(json!([everything()])))]);
    let recalled = |seen: &GrantState| {
        let kept = IamAdminGrant.baseline(&target, seen).unwrap();
        let kept = serde_json::from_value(serde_json::to_value(kept).unwrap()).unwrap();
        IamAdminGrant.recall(open.clone(), Remembered::Baseline(kept))
    };
    assert_eq!(recalled(&bounded).former_boundary, fence("{}"), "with what it said");
    assert_eq!(recalled(&free).former_boundary, Boundary::None);
    let unread = GrantState::granting(Vec::new());
    assert_eq!(IamAdminGrant.baseline(&target, &unread), None, "it was not read");
    assert_eq!(Control::memory(&IamAdminGrant, &target, &Trust::default()), Memory::Baseline);
}

#[test]
fn the_version_that_was_the_default_one_is_remembered_and_a_staged_one_is_not() {
    let seen = GrantState {
        default_version: Some("v2".to_owned()),
        ..GrantState::granting(vec![managed("v2", &document(json!([harmless()])))])
    };
    let live = GrantState { default_version: Some("v3".to_owned()), ..seen.clone() };
    let at = target(&IamAdminGrant, &set_default());
    let kept = IamAdminGrant.baseline(&at, &seen).unwrap();
    assert!(kept.permissions.is_empty(), "documents are not remembered");
    let recalled = IamAdminGrant.recall(live, Remembered::Baseline(kept));
    assert_eq!(recalled.former_version.as_deref(), Some("v2"));
    assert_eq!(recalled.default_version.as_deref(), Some("v3"));
    assert!(!serde_json::to_string(&recalled).unwrap().contains("former"));
    let staged = at.with(state::STAGED, "v4");
    assert_eq!(IamAdminGrant.baseline(&staged, &seen), None);
}

#[test]
fn a_version_that_is_not_the_default_one_is_told_without_effect() {
    let made = |as_default: Value| {
        let parameters = json!({
            "policyArn": POLICY,
            "policyDocument": document(json!([everything()])),
            "setAsDefault": as_default,
        });
        let made = record(IAM, "CreatePolicyVersion", parameters);
        with(made, "responseElements", json!({"policyVersion": {"versionId": "v3"}}))
    };
    let staged = judge(&IamAdminGrant, &made(json!(false)), &Trust::default());
    assert_eq!(staged.target.as_ref().unwrap().detail(state::STAGED), Some("v3"));
    assert!(!staged.findings[0].effective && staged.findings[0].remedies.is_empty());
    for as_default in [json!(true), json!("perhaps")] {
        let in_force = judge(&IamAdminGrant, &made(as_default.clone()), &Trust::default());
        assert_eq!(in_force.target.unwrap().detail(state::STAGED), None, "{as_default}");
        assert!(in_force.findings[0].effective, "{as_default}");
    }
}

#[test]
fn the_actions_for_writing_are_what_the_remedies_need_and_none_attaches_or_joins() {
    let holders = || [Holder::User, Holder::Role, Holder::Group].map(|of| of("x".to_owned()));
    let text = || "x".to_owned();
    let mut remedies = vec![
        GrantRemedy::SetDefault { policy_arn: text(), before: text(), after: text() },
        GrantRemedy::LeaveGroup { user: text(), group: text(), because: [].into() },
    ];
    for holder in holders() {
        let (policy, document) = (text(), text());
        remedies.push(GrantRemedy::DeleteInline { holder: holder.clone(), policy, document });
        if !matches!(holder, Holder::Group(_)) {
            let (holder, because) = (holder.clone(), [managed("v1", "{}")].into());
            let (before, after) = (None, text());
            remedies.push(GrantRemedy::SetBoundary { holder, before, after, because });
        }
        remedies.push(GrantRemedy::CutInline {
            holder: holder.clone(),
            policy: text(),
            before: text(),
            cut: BTreeSet::new(),
            after: text(),
        });
        remedies.push(GrantRemedy::Detach { holder, policy_arn: text(), version: None });
    }
    for on in [Tagged::User, Tagged::Role, Tagged::Policy].map(|on| on("x".to_owned())) {
        remedies.push(GrantRemedy::Tag { on, tags: Tags::new(), before: Tags::new() });
    }
    let needed: BTreeSet<&str> =
        remedies.iter().flat_map(|remedy| remedy.iam_actions().iter().copied()).collect();
    let ours: Vec<&str> = needed.into_iter().collect();
    assert_eq!(Control::write_actions(&IamAdminGrant), ours);
    for action in ["iam:AttachUserPolicy", "iam:AddUserToGroup", "iam:CreatePolicyVersion"] {
        assert!(!ours.contains(&action), "{action}");
    }
    for remedy in remedies {
        let written = remedy.operations()[0].operation.clone();
        assert!(remedy.iam_actions().contains(&written.as_str()), "{written}");
        let restored = remedy.inverse().unwrap();
        let written = restored.operations().first().map(|it| it.operation.clone());
        assert!(written.is_none_or(|it| restored.iam_actions().contains(&it.as_str())));
        assert_eq!(restored.inverse(), Some(remedy));
    }
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
fn a_role_of_identity_center_is_left_to_its_permission_set() {
    let name = "AWSReservedSSO_Admin_0123456789abcdef";
    let record = record(IAM, "AttachRolePolicy", json!({"roleName": name, "policyArn": ADMIN}));
    let held = |arn: Option<&str>| {
        let permissions = vec![managed("v1", &document(json!([everything()])))];
        let arn = arn.map(str::to_owned);
        let state = GrantState { arn, ..GrantState::granting(permissions) };
        let findings = assess(&record, &state);
        assert_eq!(findings[0].code, "admin-equivalent");
        findings[0].remedies.is_empty()
    };
    let path = "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/eu-west-1";
    assert!(held(Some(&format!("{path}/{name}"))), "IAM refuses every change of it");
    assert!(held(None), "its name is all that is known");
    let own = format!("arn:aws:iam::111122223333:role/{name}");
    assert!(!held(Some(&own)), "a name is no path: anybody may give it");
    let target = target(&IamAdminGrant, &record);
    assert!(IamAdminGrant.tag(&target.resource, &Tags::new(), &Tags::new()).is_err());
}

#[test]
fn a_policy_that_bounds_somebody_is_told_with_effect_and_left_to_people() {
    let judged = |attached: bool, bounds: bool| {
        let state = GrantState {
            default_version: Some("v3".to_owned()),
            versions: vec![version("v2", &document(json!([harmless()])))],
            attached: Some(attached),
            bounds,
            ..GrantState::granting(vec![managed("v3", &document(json!([everything()])))])
        };
        let finding = assess(&set_default(), &state).remove(0);
        (finding.effective, finding.confidence, finding.remedies.len())
    };
    assert_eq!(judged(false, false), (false, Confidence::Certain, 0));
    assert_eq!(judged(false, true), (true, Confidence::Probable, 0));
    assert_eq!(judged(true, true), (true, Confidence::Certain, 1));
    assert_eq!(judged(true, false), (true, Confidence::Certain, 1));
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
    fn a_policy_goes_only_with_all_that_is_wrong_and_can_be_brought_back(all in statements()) {
        let before = document(json!(all));
        let record = inline(&before);
        for finding in assess(&record, &holding_inline(&before)) {
            let Some(remedy) = finding.remedies.first() else {
                prop_assert!(finding.held_back.is_some());
                continue;
            };
            prop_assert!(all.iter().all(|statement| statement["Effect"] == "Allow"));
            prop_assert!(!all.contains(&harmless()));
            let inverse = remedy.inverse().unwrap();
            prop_assert_eq!(&inverse.operations()[0].parameters["PolicyDocument"], &json!(before));
            prop_assert_eq!(inverse.inverse().unwrap(), remedy.clone());
            prop_assert_eq!(remedy.join(remedy), Some(remedy.clone()));
        }
    }
}
