//! Grants over scripted answers.

use std::collections::BTreeSet;

use aws_sdk_iam::{
    operation::{
        add_user_to_group::AddUserToGroupOutput, attach_user_policy::AttachUserPolicyOutput,
        delete_user_permissions_boundary::DeleteUserPermissionsBoundaryOutput,
        delete_user_policy::DeleteUserPolicyOutput, detach_user_policy::DetachUserPolicyOutput,
        get_group_policy::GetGroupPolicyOutput, get_policy::GetPolicyOutput,
        get_policy_version::GetPolicyVersionOutput, get_user::GetUserOutput,
        get_user_policy::GetUserPolicyOutput,
        list_attached_group_policies::ListAttachedGroupPoliciesOutput,
        list_attached_user_policies::ListAttachedUserPoliciesOutput,
        list_group_policies::ListGroupPoliciesOutput,
        list_groups_for_user::ListGroupsForUserOutput,
        list_policy_versions::ListPolicyVersionsOutput, list_user_policies::ListUserPoliciesOutput,
        put_user_permissions_boundary::PutUserPermissionsBoundaryOutput,
        put_user_policy::PutUserPolicyOutput, remove_user_from_group::RemoveUserFromGroupOutput,
        set_default_policy_version::SetDefaultPolicyVersionOutput, tag_user::TagUserOutput,
        untag_user::UntagUserOutput,
    },
    types::{AttachedPermissionsBoundary, AttachedPolicy, Group, Policy, PolicyVersion, Tag, User},
};
use aws_smithy_mocks::{Rule, mock};
use aws_smithy_types::DateTime;
use controls::iam_admin_grant::{Tagged, Version};

use super::*;
use crate::testing::{scripted, session, xml_refusal};

const ARN: &str = "arn:aws:iam::111122223333:user/teams/bob";
const POLICY: &str = "arn:aws:iam::111122223333:policy/app";
const FENCE: &str = "arn:aws:iam::111122223333:policy/fence";
const ALL: &str =
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
const SOME: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}}"#;

fn grants(rules: &[&Rule]) -> Grants {
    let session = session(Trust::default());
    Grants {
        reads: scripted!(aws_sdk_iam, session.reads(), rules.iter().copied()),
        writes: scripted!(aws_sdk_iam, session.writes(), rules.iter().copied()),
        trust: Trust::default(),
    }
}

fn bob() -> Target {
    Resource::user("bob", "111122223333".into(), "us-east-1").into()
}

fn attached_to_bob() -> Target {
    bob().with("policyArn", POLICY)
}

fn app() -> Target {
    Resource::managed_policy(POLICY, "111122223333".into(), "us-east-1").into()
}

fn holder() -> Holder {
    Holder::User("bob".to_owned())
}

fn policy(arn: &'static str, version: &'static str) -> Rule {
    mock!(Client::get_policy)
        .match_requests(move |request| request.policy_arn() == Some(arn))
        .then_output(move || {
            let policy = Policy::builder().arn(arn).default_version_id(version).attachment_count(1);
            GetPolicyOutput::builder().policy(policy.build()).build()
        })
}

/// As IAM gives documents: URL-encoded.
fn version(arn: &'static str, id: &'static str, document: &'static str) -> Rule {
    mock!(Client::get_policy_version)
        .match_requests(move |request| {
            request.policy_arn() == Some(arn) && request.version_id() == Some(id)
        })
        .then_output(move || {
            let set = percent_encoding::NON_ALPHANUMERIC;
            let document = percent_encoding::utf8_percent_encode(document, set).to_string();
            let version = PolicyVersion::builder().version_id(id).document(document).build();
            GetPolicyVersionOutput::builder().policy_version(version).build()
        })
}

fn user(account: &str, boundary: Option<&str>) -> Rule {
    let boundary = boundary
        .map(|arn| AttachedPermissionsBoundary::builder().permissions_boundary_arn(arn).build());
    let user = User::builder()
        .user_name("bob")
        .user_id("AIDAEXAMPLE")
        .path("/teams/")
        .arn(ARN.replace("111122223333", account))
        .create_date(DateTime::from_secs(0))
        .set_permissions_boundary(boundary)
        .tags(Tag::builder().key("team").value("blue").build().unwrap())
        .build()
        .unwrap();
    mock!(Client::get_user)
        .match_requests(|request| request.user_name() == Some("bob"))
        .then_output(move || GetUserOutput::builder().user(user.clone()).build())
}

fn attached(arns: &[&str]) -> Rule {
    let list: Vec<_> =
        arns.iter().map(|arn| AttachedPolicy::builder().policy_arn(*arn).build()).collect();
    mock!(Client::list_attached_user_policies).then_output(move || {
        ListAttachedUserPoliciesOutput::builder().set_attached_policies(Some(list.clone())).build()
    })
}

fn inline_names() -> Rule {
    mock!(Client::list_user_policies).then_output(|| {
        ListUserPoliciesOutput::builder().set_policy_names(Some(Vec::new())).build().unwrap()
    })
}

fn inline(document: &'static str) -> Rule {
    mock!(Client::get_user_policy)
        .match_requests(|request| {
            request.user_name() == Some("bob") && request.policy_name() == Some("p")
        })
        .then_output(move || {
            let answer = GetUserPolicyOutput::builder().user_name("bob").policy_name("p");
            answer.policy_document(document).build().unwrap()
        })
}

fn groups(names: &[&str]) -> Rule {
    let group = |name: &&str| {
        let group = Group::builder().group_name(*name).group_id("AGPAEXAMPLE").path("/");
        let arn = format!("arn:aws:iam::111122223333:group/{name}");
        group.arn(arn).create_date(DateTime::from_secs(0)).build().unwrap()
    };
    let list: Vec<_> = names.iter().map(group).collect();
    mock!(Client::list_groups_for_user).then_output(move || {
        ListGroupsForUserOutput::builder().set_groups(Some(list.clone())).build().unwrap()
    })
}

fn group_inline(document: &'static str) -> Rule {
    mock!(Client::get_group_policy).then_output(move || {
        let answer = GetGroupPolicyOutput::builder().group_name("g").policy_name("p");
        answer.policy_document(document).build().unwrap()
    })
}

macro_rules! refused {
    ($call:ident, $status:literal, $code:literal) => {
        mock!(Client::$call).then_http_response(|| xml_refusal($status, $code))
    };
}

async fn seen(rules: &[&Rule], target: &Target) -> (GrantState, Option<Tags>, String) {
    let observed = grants(rules).observe(target).await.unwrap();
    let Observed::Present { state, tags, resource } = observed else { panic!("{observed:?}") };
    (state, tags, resource.arn)
}

async fn applied(rules: &[&Rule], remedy: &GrantRemedy) -> Result<Applied, CloudError> {
    grants(rules).apply(&bob().resource, remedy).await
}

fn detach() -> GrantRemedy {
    GrantRemedy::Detach {
        holder: holder(),
        policy_arn: POLICY.to_owned(),
        version: Some("v2".to_owned()),
    }
}

fn delete() -> GrantRemedy {
    GrantRemedy::DeleteInline { holder: holder(), policy: "p".to_owned(), document: ALL.to_owned() }
}

fn leave() -> GrantRemedy {
    let inline = Source::Inline { name: "p".to_owned() };
    let managed = Source::Managed { arn: POLICY.to_owned(), version: Some("v2".to_owned()) };
    GrantRemedy::LeaveGroup {
        user: "bob".to_owned(),
        group: "g".to_owned(),
        because: [
            Permissions { source: inline, document: Some(ALL.to_owned()) },
            Permissions { source: managed, document: None },
        ]
        .into(),
    }
}

fn back_to(after: &str) -> GrantRemedy {
    GrantRemedy::SetDefault {
        policy_arn: POLICY.to_owned(),
        before: "v2".to_owned(),
        after: after.to_owned(),
    }
}

fn fence() -> GrantRemedy {
    fence_after(None, [says(FENCE, SOME)].into())
}

fn says(arn: &str, document: &str) -> Permissions {
    let source = Source::Managed { arn: arn.to_owned(), version: None };
    Permissions { source, document: Some(document.to_owned()) }
}

fn fence_after(before: Option<&str>, because: BTreeSet<Permissions>) -> GrantRemedy {
    let before = before.map(str::to_owned);
    GrantRemedy::SetBoundary { holder: holder(), before, after: FENCE.to_owned(), because }
}

#[tokio::test(start_paused = true)]
async fn a_harmless_policy_is_two_reads_and_an_inline_one_is_one() {
    let (policy, version) = (policy(POLICY, "v2"), version(POLICY, "v2", SOME));
    let (state, tags, _) = seen(&[&policy, &version], &attached_to_bob()).await;
    assert_eq!(state.permissions[0].document.as_deref(), Some(SOME));
    assert!(state.stands && state.arn.is_none() && tags.is_none());
    let target = bob().with("policyName", "p");
    let (state, ..) = seen(&[&inline(SOME)], &target).await;
    assert_eq!(state.permissions[0].source, Source::Inline { name: "p".to_owned() });
}

#[tokio::test(start_paused = true)]
async fn of_a_dangerous_policy_the_holder_and_the_boundary_are_read_too() {
    let rules = [
        policy(POLICY, "v2"),
        version(POLICY, "v2", ALL),
        attached(&[POLICY]),
        user("111122223333", Some(FENCE)),
        policy(FENCE, "v1"),
        version(FENCE, "v1", SOME),
    ];
    let (state, tags, arn) = seen(&rules.each_ref(), &attached_to_bob()).await;
    assert!(state.stands && state.unread.is_empty());
    assert_eq!(
        state.boundary,
        Boundary::Set { arn: FENCE.to_owned(), document: Some(SOME.to_owned()) }
    );
    assert_eq!(tags.unwrap()["team"], "blue");
    assert_eq!((state.arn.as_deref(), arn.as_str()), (Some(ARN), ARN));
}

#[tokio::test(start_paused = true)]
async fn of_a_part_of_a_way_to_more_power_the_rest_is_looked_for() {
    const PASS: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:PassRole","Resource":"arn:aws:iam::111122223333:role/app"}}"#;
    const RUN: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["lambda:CreateFunction","lambda:InvokeFunction"],"Resource":"*"}}"#;
    let rules = [
        policy(POLICY, "v2"),
        version(POLICY, "v2", PASS),
        attached(&[FENCE, POLICY]),
        policy(FENCE, "v1"),
        version(FENCE, "v1", RUN),
        policy(POLICY, "v2"),
        version(POLICY, "v2", PASS),
        inline_names(),
        groups(&[]),
        attached(&[FENCE, POLICY]),
        user("111122223333", None),
    ];
    let (state, ..) = seen(&rules.each_ref(), &attached_to_bob()).await;
    assert_eq!(state.beside.len(), 1, "the grant itself is not besides");
    assert_eq!(state.beside[0].document.as_deref(), Some(RUN));
    assert_eq!(state.boundary, Boundary::None);
    let alone = [
        inline(PASS),
        attached(&[]),
        mock!(Client::list_user_policies)
            .then_output(|| ListUserPoliciesOutput::builder().policy_names("p").build().unwrap()),
        inline(PASS),
        groups(&[]),
    ];
    let (state, ..) = seen(&alone.each_ref(), &bob().with("policyName", "p")).await;
    assert!(state.beside.is_empty() && state.arn.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_policy_that_was_detached_meanwhile_does_not_stand() {
    let rules = [
        policy(POLICY, "v2"),
        version(POLICY, "v2", ALL),
        attached(&[]),
        user("111122223333", None),
    ];
    let (state, ..) = seen(&rules.each_ref(), &attached_to_bob()).await;
    assert!(!state.stands);
}

#[tokio::test(start_paused = true)]
async fn a_refused_look_at_the_holder_does_not_lose_the_document() {
    let rules = [
        policy(POLICY, "v2"),
        version(POLICY, "v2", ALL),
        refused!(list_attached_user_policies, 403, "AccessDenied"),
        refused!(get_user, 403, "AccessDenied"),
    ];
    let (state, ..) = seen(&rules.each_ref(), &attached_to_bob()).await;
    assert!(state.stands);
    assert_eq!(state.permissions[0].document.as_deref(), Some(ALL));
    assert_eq!(
        state.unread,
        ["iam:ListAttachedUserPolicies: AccessDenied", "iam:GetUser: AccessDenied"]
    );
    assert_eq!(state.boundary, Boundary::NotRead);
}

#[tokio::test(start_paused = true)]
async fn a_document_that_may_not_be_read_is_a_part_of_the_state() {
    let user = || user("111122223333", None);
    let managed = [refused!(get_policy, 403, "AccessDenied"), attached(&[POLICY]), user()];
    let (state, ..) = seen(&managed.each_ref(), &attached_to_bob()).await;
    assert_eq!(state.permissions[0].document, None);
    assert_eq!(state.unread, ["iam:GetPolicy: AccessDenied"]);
    let own = [refused!(get_user_policy, 403, "AccessDenied"), user()];
    let (state, ..) = seen(&own.each_ref(), &bob().with("policyName", "p")).await;
    assert_eq!(state.unread, ["iam:GetUserPolicy: AccessDenied"]);
    let versions = [policy(POLICY, "v2"), refused!(get_policy_version, 403, "AccessDenied")];
    let (state, ..) = seen(&versions.each_ref(), &app()).await;
    assert_eq!(state.permissions[0].document, None);
    assert_eq!(state.unread, ["iam:GetPolicyVersion: AccessDenied"]);
}

#[tokio::test(start_paused = true)]
async fn a_holder_that_is_gone_is_gone_and_a_server_fault_is_an_error() {
    let gone = || refused!(get_user, 404, "NoSuchEntity");
    let rules = [refused!(get_user_policy, 404, "NoSuchEntity"), gone()];
    let observed = grants(&rules.each_ref()).observe(&bob().with("policyName", "p")).await;
    assert_eq!(observed.unwrap(), Observed::Gone);
    assert_eq!(grants(&[&gone()]).observe(&bob()).await.unwrap(), Observed::Gone);
    let rules = [refused!(get_user_policy, 500, "ServiceFailure")];
    let error = grants(&rules.each_ref()).observe(&bob().with("policyName", "p")).await;
    assert_eq!(error.unwrap_err().retry, Retry::Worthwhile);
}

#[tokio::test(start_paused = true)]
async fn a_namesake_in_another_account_is_not_looked_at() {
    let rules = [inline(ALL), user("444455556666", None)];
    let error = grants(&rules.each_ref()).observe(&bob().with("policyName", "p")).await;
    assert_eq!(error.unwrap_err().retry, Retry::Pointless);
}

#[tokio::test(start_paused = true)]
async fn of_a_group_every_policy_is_read_and_whether_the_user_is_in_it() {
    let attached = mock!(Client::list_attached_group_policies)
        .sequence()
        .output(|| {
            let answer = ListAttachedGroupPoliciesOutput::builder().is_truncated(true).marker("m");
            answer.attached_policies(AttachedPolicy::builder().policy_arn(POLICY).build()).build()
        })
        .output(|| {
            let answer = ListAttachedGroupPoliciesOutput::builder();
            answer.attached_policies(AttachedPolicy::builder().policy_arn(FENCE).build()).build()
        })
        .build();
    let rules = [
        attached,
        policy(POLICY, "v2"),
        version(POLICY, "v2", SOME),
        policy(FENCE, "v1"),
        refused_version(),
        mock!(Client::list_group_policies)
            .then_output(|| ListGroupPoliciesOutput::builder().policy_names("p").build().unwrap()),
        group_inline(ALL),
        groups(&["h", "g"]),
        user("111122223333", None),
    ];
    let (state, ..) = seen(&rules.each_ref(), &bob().with("groupName", "g")).await;
    assert_eq!(state.permissions.len(), 3);
    assert_eq!(state.permissions.iter().filter(|one| one.document.is_none()).count(), 1);
    assert_eq!(state.unread, ["iam:GetPolicyVersion: AccessDenied"]);
    assert!(state.stands);
    assert_eq!(state.boundary, Boundary::None);
}

fn refused_version() -> Rule {
    mock!(Client::get_policy_version)
        .match_requests(|request| request.policy_arn() == Some(FENCE))
        .then_http_response(|| xml_refusal(403, "AccessDenied"))
}

#[tokio::test(start_paused = true)]
async fn a_boundary_that_bounds_is_all_that_is_read_and_without_one_everything_is() {
    let bounded =
        [user("111122223333", Some(FENCE)), policy(FENCE, "v1"), version(FENCE, "v1", SOME)];
    let (state, ..) = seen(&bounded.each_ref(), &bob()).await;
    assert!(state.permissions.is_empty());
    let free = [
        user("111122223333", None),
        attached(&[POLICY]),
        policy(POLICY, "v2"),
        version(POLICY, "v2", ALL),
        inline_names(),
        groups(&[]),
    ];
    let (state, ..) = seen(&free.each_ref(), &bob()).await;
    assert_eq!(state.boundary, Boundary::None);
    assert_eq!(state.permissions[0].document.as_deref(), Some(ALL));
}

#[tokio::test(start_paused = true)]
async fn the_other_versions_are_read_only_where_the_one_in_force_is_dangerous() {
    let rules = [policy(POLICY, "v2"), version(POLICY, "v2", SOME)];
    let (state, ..) = seen(&rules.each_ref(), &app()).await;
    assert_eq!((state.default_version.as_deref(), state.attached), (Some("v2"), Some(true)));
    assert!(state.versions.is_empty());
    let list = mock!(Client::list_policy_versions).then_output(|| {
        let version = |id: &str| PolicyVersion::builder().version_id(id).build();
        let answer = ListPolicyVersionsOutput::builder();
        answer.versions(version("v2")).versions(version("v1")).build()
    });
    let rules =
        [policy(POLICY, "v2"), version(POLICY, "v2", ALL), list, version(POLICY, "v1", SOME)];
    let (state, ..) = seen(&rules.each_ref(), &app()).await;
    let before = Version { id: "v1".to_owned(), document: Some(SOME.to_owned()) };
    assert_eq!(state.versions, [before]);
}

#[tokio::test(start_paused = true)]
async fn a_staged_version_is_read_by_its_id_and_has_no_effect() {
    let rules = [policy(POLICY, "v2"), version(POLICY, "v3", ALL)];
    let (state, ..) = seen(&rules.each_ref(), &app().with("versionId", "v3")).await;
    assert_eq!(state.permissions[0].document.as_deref(), Some(ALL));
    assert_eq!((state.attached, state.versions.len()), (Some(false), 0));
    let rules = [policy(POLICY, "v2"), refused!(get_policy_version, 404, "NoSuchEntity")];
    let (state, ..) = seen(&rules.each_ref(), &app().with("versionId", "v3")).await;
    assert!(!state.stands, "a version that was deleted gives nothing");
}

#[tokio::test(start_paused = true)]
async fn a_policy_is_detached_while_it_is_the_one_that_was_judged() {
    let sent = mock!(Client::detach_user_policy)
        .match_requests(|request| {
            request.user_name() == Some("bob") && request.policy_arn() == Some(POLICY)
        })
        .then_output(|| DetachUserPolicyOutput::builder().build());
    let rules = [attached(&[POLICY]), policy(POLICY, "v2"), sent];
    assert!(applied(&rules.each_ref(), &detach()).await.unwrap().changed);
    assert_eq!(rules[2].num_calls(), 1);
    let rules = [attached(&[POLICY]), policy(POLICY, "v3")];
    let error = applied(&rules.each_ref(), &detach()).await.unwrap_err();
    assert_eq!(error.retry, Retry::Moved, "another version is in force");
    assert!(!applied(&[&attached(&[])], &detach()).await.unwrap().changed, "somebody did it");
    let sent =
        mock!(Client::attach_user_policy).then_output(|| AttachUserPolicyOutput::builder().build());
    let rules = [attached(&[]), policy(POLICY, "v2"), sent];
    let undo = model::Remedy::inverse(&detach()).unwrap();
    assert!(applied(&rules.each_ref(), &undo).await.unwrap().changed);
}

#[tokio::test(start_paused = true)]
async fn an_inline_policy_is_deleted_while_its_document_is_the_one_that_was_judged() {
    let sent = mock!(Client::delete_user_policy)
        .match_requests(|request| {
            request.user_name() == Some("bob") && request.policy_name() == Some("p")
        })
        .then_output(|| DeleteUserPolicyOutput::builder().build());
    assert!(applied(&[&inline(ALL), &sent], &delete()).await.unwrap().changed);
    let error = applied(&[&inline(SOME)], &delete()).await.unwrap_err();
    assert_eq!(error.retry, Retry::Moved);
    let gone = || refused!(get_user_policy, 404, "NoSuchEntity");
    assert!(!applied(&[&gone()], &delete()).await.unwrap().changed);
    let undo = model::Remedy::inverse(&delete()).unwrap();
    let sent = mock!(Client::put_user_policy)
        .match_requests(|request| request.policy_document() == Some(ALL))
        .then_output(|| PutUserPolicyOutput::builder().build());
    assert!(applied(&[&gone(), &sent], &undo).await.unwrap().changed);
    let error = applied(&[&inline(SOME)], &undo).await.unwrap_err();
    assert_eq!(error.retry, Retry::Moved, "a policy of that name was written since");
}

#[tokio::test(start_paused = true)]
async fn a_user_leaves_a_group_while_its_policies_say_what_they_said() {
    let sent = mock!(Client::remove_user_from_group)
        .match_requests(|request| {
            request.user_name() == Some("bob") && request.group_name() == Some("g")
        })
        .then_output(|| RemoveUserFromGroupOutput::builder().build());
    let rules = [groups(&["g"]), policy(POLICY, "v2"), group_inline(ALL), sent];
    assert!(applied(&rules.each_ref(), &leave()).await.unwrap().changed);
    assert_eq!(rules[3].num_calls(), 1);
    for (document, default) in [(SOME, "v2"), (ALL, "v3")] {
        let rules = [groups(&["g"]), policy(POLICY, default), group_inline(document)];
        let error = applied(&rules.each_ref(), &leave()).await.unwrap_err();
        assert_eq!(error.retry, Retry::Moved, "{default}");
    }
    let rules =
        [groups(&["g"]), policy(POLICY, "v2"), refused!(get_group_policy, 404, "NoSuchEntity")];
    let error = applied(&rules.each_ref(), &leave()).await.unwrap_err();
    assert_eq!(error.retry, Retry::Moved, "the policy is gone");
    assert!(!applied(&[&groups(&["h"])], &leave()).await.unwrap().changed);
    let sent =
        mock!(Client::add_user_to_group).then_output(|| AddUserToGroupOutput::builder().build());
    let undo = model::Remedy::inverse(&leave()).unwrap();
    assert!(applied(&[&groups(&[]), &sent], &undo).await.unwrap().changed);
}

#[tokio::test(start_paused = true)]
async fn a_default_version_goes_back_while_nobody_set_another() {
    let sent = mock!(Client::set_default_policy_version)
        .match_requests(|request| {
            request.policy_arn() == Some(POLICY) && request.version_id() == Some("v1")
        })
        .then_output(|| SetDefaultPolicyVersionOutput::builder().build());
    assert!(applied(&[&policy(POLICY, "v2"), &sent], &back_to("v1")).await.unwrap().changed);
    assert!(!applied(&[&policy(POLICY, "v1")], &back_to("v1")).await.unwrap().changed);
    let error = applied(&[&policy(POLICY, "v3")], &back_to("v1")).await.unwrap_err();
    assert_eq!(error.retry, Retry::Moved);
}

#[tokio::test(start_paused = true)]
async fn a_boundary_comes_back_while_nobody_set_another() {
    let user = |boundary| user("111122223333", boundary);
    let sent = mock!(Client::put_user_permissions_boundary)
        .match_requests(|request| {
            request.user_name() == Some("bob") && request.permissions_boundary() == Some(FENCE)
        })
        .then_output(|| PutUserPermissionsBoundaryOutput::builder().build());
    let said = [policy(FENCE, "v1"), version(FENCE, "v1", SOME)];
    let rules = [&user(None), &said[0], &said[1], &sent];
    assert!(applied(&rules, &fence()).await.unwrap().changed);
    assert!(!applied(&[&user(Some(FENCE))], &fence()).await.unwrap().changed);
    let error = applied(&[&user(Some(POLICY))], &fence()).await.unwrap_err();
    assert_eq!(error.retry, Retry::Moved);
    let drop = mock!(Client::delete_user_permissions_boundary)
        .then_output(|| DeleteUserPermissionsBoundaryOutput::builder().build());
    let undo = model::Remedy::inverse(&fence()).unwrap();
    assert!(applied(&[&user(Some(FENCE)), &drop], &undo).await.unwrap().changed);
}

#[tokio::test(start_paused = true)]
async fn a_boundary_that_says_something_else_by_now_is_not_set() {
    let user = |boundary| user("111122223333", boundary);
    let wider = [user(None), policy(FENCE, "v2"), version(FENCE, "v2", ALL)];
    let error = applied(&wider.each_ref(), &fence()).await.unwrap_err();
    assert_eq!(error.retry, Retry::Pointless, "another look would recall the same");
    let gone = [user(None), refused!(get_policy, 404, "NoSuchEntity")];
    let error = applied(&gone.each_ref(), &fence()).await.unwrap_err();
    assert_eq!(error.retry, Retry::Pointless, "the policy is gone, the user is not");
    let replaces = fence_after(Some(POLICY), [says(FENCE, SOME), says(POLICY, ALL)].into());
    let narrower = [
        user(Some(POLICY)),
        policy(POLICY, "v3"),
        version(POLICY, "v3", SOME),
        policy(FENCE, "v1"),
        version(FENCE, "v1", SOME),
    ];
    let error = applied(&narrower.each_ref(), &replaces).await.unwrap_err();
    assert_eq!(error.retry, Retry::Moved, "the one in force is narrower by now");
}

#[tokio::test(start_paused = true)]
async fn an_attached_policy_that_is_not_seen_is_unread_and_not_harmless() {
    let rules = [
        refused!(get_policy, 404, "NoSuchEntity"),
        attached(&[POLICY]),
        user("111122223333", None),
    ];
    let (state, ..) = seen(&rules.each_ref(), &attached_to_bob()).await;
    assert!(state.stands);
    assert_eq!(state.permissions[0].document, None);
    assert_eq!(state.unread, ["iam:GetPolicy: NoSuchEntity"]);
}

#[tokio::test(start_paused = true)]
async fn a_policy_that_bounds_somebody_is_known_as_such() {
    let bounding = |count: i32| {
        mock!(Client::get_policy).then_output(move || {
            let policy = Policy::builder().arn(POLICY).default_version_id("v2");
            let policy = policy.attachment_count(0).permissions_boundary_usage_count(count);
            GetPolicyOutput::builder().policy(policy.build()).build()
        })
    };
    for (count, bounds) in [(0, false), (3, true)] {
        let rules = [bounding(count), version(POLICY, "v2", SOME)];
        let (state, ..) = seen(&rules.each_ref(), &app()).await;
        assert_eq!((state.attached, state.bounds), (Some(false), bounds));
    }
    let staged = [bounding(3), version(POLICY, "v3", SOME)];
    let (state, ..) = seen(&staged.each_ref(), &app().with("versionId", "v3")).await;
    assert!(!state.bounds, "a staged version bounds nobody");
}

#[tokio::test(start_paused = true)]
async fn tags_are_merged_and_taken_back_as_they_were() {
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let remedy = GrantRemedy::Tag {
        on: Tagged::User("bob".to_owned()),
        tags: [pair("snapback:at", "now"), pair("snapback:why", "grant")].into(),
        before: [pair("snapback:why", "other")].into(),
    };
    let tagged = mock!(Client::tag_user)
        .match_requests(|request| request.tags().len() == 2)
        .then_output(|| TagUserOutput::builder().build());
    assert!(applied(&[&tagged], &remedy).await.unwrap().changed);
    let untagged = mock!(Client::untag_user)
        .match_requests(|request| request.tag_keys() == ["snapback:at"])
        .then_output(|| UntagUserOutput::builder().build());
    let tagged = mock!(Client::tag_user)
        .match_requests(|request| request.tags()[0].value() == "other")
        .then_output(|| TagUserOutput::builder().build());
    let undo = model::Remedy::inverse(&remedy).unwrap();
    assert!(applied(&[&untagged, &tagged], &undo).await.unwrap().changed);
    assert_eq!((untagged.num_calls(), tagged.num_calls()), (1, 1));
}
