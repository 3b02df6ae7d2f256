//! Roles over scripted answers.

use aws_sdk_iam::operation::{
    get_role::GetRoleOutput, tag_role::TagRoleOutput, untag_role::UntagRoleOutput,
};
use aws_smithy_mocks::{Rule, mock};
use aws_smithy_types::DateTime;
use model::Trust;

use super::*;
use crate::testing::{answer, scripted, session, xml_refusal};

const ROLE: &str = "demo-role";
const ARN: &str = "arn:aws:iam::111122223333:role/teams/demo-role";
const OPEN: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}]}"#;
const CLOSED: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole"}]}"#;

fn roles(rules: &[&Rule]) -> Roles {
    let session = session(Trust::default());
    Roles {
        reads: scripted!(aws_sdk_iam, session.reads(), rules.iter().copied()),
        writes: scripted!(aws_sdk_iam, session.writes(), rules.iter().copied()),
    }
}

fn encoded(document: &str) -> String {
    percent_encoding::utf8_percent_encode(document, percent_encoding::NON_ALPHANUMERIC).to_string()
}

fn role(document: &str) -> Role {
    Role::builder()
        .role_name(ROLE)
        .role_id("AROAEXAMPLE")
        .path("/teams/")
        .arn(ARN)
        .create_date(DateTime::from_secs(0))
        .assume_role_policy_document(document)
        .tags(Tag::builder().key("team").value("blue").build().unwrap())
        .build()
        .unwrap()
}

fn get(document: &str) -> Rule {
    let role = role(document);
    mock!(Client::get_role)
        .match_requests(|request| request.role_name() == Some(ROLE))
        .then_output(move || GetRoleOutput::builder().role(role.clone()).build())
}

fn target() -> Target {
    Resource::role(ROLE, "111122223333".into(), "us-east-1").into()
}

fn remedy(before: &str, after: &str) -> TrustRemedy {
    TrustRemedy::UpdateAssumeRolePolicy {
        role: ROLE.to_owned(),
        before: before.to_owned(),
        after: after.to_owned(),
        edits: std::collections::BTreeMap::new(),
    }
}

fn update() -> Rule {
    mock!(Client::update_assume_role_policy)
        .match_requests(|request| {
            request.role_name() == Some(ROLE) && request.policy_document() == Some(CLOSED)
        })
        .then_http_response(|| answer(200, "<UpdateAssumeRolePolicyResponse/>"))
}

async fn applied(rules: &[&Rule], remedy: &TrustRemedy) -> Result<Applied, CloudError> {
    roles(rules).apply(&target().resource, remedy).await
}

#[tokio::test(start_paused = true)]
async fn one_read_tells_document_path_arn_and_tags() {
    let get = get(&encoded(OPEN));
    let observed = roles(&[&get]).observe(&target()).await.unwrap();
    let Observed::Present { state, tags, resource } = observed else { panic!("{observed:?}") };
    assert_eq!(state.document, OPEN);
    assert_eq!((state.path.as_deref(), state.arn.as_deref()), (Some("/teams/"), Some(ARN)));
    assert_eq!(tags.unwrap()["team"], "blue");
    assert_eq!((resource.arn.as_str(), get.num_calls()), (ARN, 1));
}

#[tokio::test(start_paused = true)]
async fn a_plus_and_a_percent_in_the_document_are_kept() {
    let document = r#"{"Statement":[{"Sid":"a+b 100%25"}]}"#;
    for given in [encoded(document), document.to_owned()] {
        let observed = roles(&[&get(&given)]).observe(&target()).await.unwrap();
        let Observed::Present { state, .. } = observed else { panic!("{observed:?}") };
        assert_eq!(state.document, document);
    }
}

#[tokio::test(start_paused = true)]
async fn a_role_that_is_gone_is_gone_and_one_that_may_not_be_read_is_an_error() {
    let gone = mock!(Client::get_role).then_http_response(|| xml_refusal(404, "NoSuchEntity"));
    assert_eq!(roles(&[&gone]).observe(&target()).await.unwrap(), Observed::Gone);
    let denied = mock!(Client::get_role).then_http_response(|| xml_refusal(403, "AccessDenied"));
    let error = roles(&[&denied]).observe(&target()).await.unwrap_err();
    assert_eq!((error.operation, error.retry), ("iam:GetRole", Retry::Pointless));
    assert_eq!(denied.num_calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_throttled_read_is_tried_three_times() {
    let throttled = mock!(Client::get_role)
        .sequence()
        .http_response(|| xml_refusal(400, "Throttling"))
        .times(3)
        .build();
    let error = roles(&[&throttled]).observe(&target()).await.unwrap_err();
    assert_eq!((error.retry, throttled.num_calls()), (Retry::Worthwhile, 3));
}

#[tokio::test(start_paused = true)]
async fn a_role_of_the_same_name_in_our_own_account_does_not_stand_in_for_a_strangers() {
    let stranger = Resource::role(ROLE, "444455556666".into(), "us-east-1").into();
    let error = roles(&[&get(&encoded(OPEN))]).observe(&stranger).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.retry), ("a role of another account", Retry::Pointless));
}

#[tokio::test(start_paused = true)]
async fn a_document_is_written_when_the_live_one_is_the_one_that_was_judged() {
    let (get, update) = (get(&encoded(OPEN)), update());
    let applied = applied(&[&get, &update], &remedy(OPEN, CLOSED)).await.unwrap();
    assert_eq!(applied, Applied { changed: true, request_ids: vec!["R-1".to_owned()] });
}

#[tokio::test(start_paused = true)]
async fn the_order_of_members_is_no_change() {
    let reordered = r#"{"Statement":[{"Action":"sts:AssumeRole","Principal":"*","Effect":"Allow"}],"Version":"2012-10-17"}"#;
    let (get, update) = (get(&encoded(reordered)), update());
    assert!(applied(&[&get, &update], &remedy(OPEN, CLOSED)).await.unwrap().changed);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_written_when_the_document_is_already_so() {
    let (get, update) = (get(&encoded(CLOSED)), update());
    let applied = applied(&[&get, &update], &remedy(OPEN, CLOSED)).await.unwrap();
    assert_eq!((applied.changed, update.num_calls()), (false, 0));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_written_over_a_document_that_nobody_has_judged() {
    let (get, update) = (get(&encoded(r#"{"Statement":[]}"#)), update());
    let error = applied(&[&get, &update], &remedy(OPEN, CLOSED)).await.unwrap_err();
    assert_eq!((error.retry, error.in_doubt, update.num_calls()), (Retry::Moved, false, 0));
}

#[tokio::test(start_paused = true)]
async fn a_refused_write_is_told_apart_from_one_that_may_have_happened_and_neither_is_repeated() {
    for (status, code, retry, in_doubt) in [
        (403, "AccessDenied", Retry::Pointless, false),
        (400, "UnmodifiableEntity", Retry::Pointless, false),
        (400, "MalformedPolicyDocument", Retry::Pointless, false),
        (409, "ConcurrentModification", Retry::Worthwhile, false),
        (400, "Throttling", Retry::Worthwhile, false),
        (404, "NoSuchEntity", Retry::Gone, false),
        (500, "ServiceFailure", Retry::Worthwhile, true),
    ] {
        let get = get(&encoded(OPEN));
        let update = mock!(Client::update_assume_role_policy)
            .then_http_response(move || xml_refusal(status, code));
        let error = applied(&[&get, &update], &remedy(OPEN, CLOSED)).await.unwrap_err();
        assert_eq!((error.code.as_str(), error.retry, error.in_doubt), (code, retry, in_doubt));
        assert_eq!(update.num_calls(), 1, "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn tagging_sets_ours_and_taking_it_back_removes_what_was_added_and_restores_the_rest() {
    let tags = Tags::from([
        ("snapback:at".to_owned(), "new".to_owned()),
        ("snapback:event".to_owned(), "e-1".to_owned()),
    ]);
    let before = Tags::from([("snapback:at".to_owned(), "old".to_owned())]);
    let tag = mock!(Client::tag_role)
        .match_requests(|request| {
            let keys: Vec<&str> = request.tags().iter().map(Tag::key).collect();
            keys == ["snapback:at", "snapback:event"]
        })
        .then_output(|| TagRoleOutput::builder().build());
    let set =
        TrustRemedy::TagRole { role: ROLE.to_owned(), tags: tags.clone(), before: before.clone() };
    assert!(applied(&[&tag], &set).await.unwrap().changed);

    let untag = mock!(Client::untag_role)
        .match_requests(|request| request.tag_keys() == ["snapback:event"])
        .then_output(|| UntagRoleOutput::builder().build());
    let restore = mock!(Client::tag_role)
        .match_requests(|request| {
            let [tag] = request.tags() else { return false };
            (tag.key(), tag.value()) == ("snapback:at", "old")
        })
        .then_output(|| TagRoleOutput::builder().build());
    let back = TrustRemedy::RestoreTags { role: ROLE.to_owned(), tags, before };
    assert!(applied(&[&untag, &restore], &back).await.unwrap().changed);
    assert_eq!((untag.num_calls(), restore.num_calls()), (1, 1));
}
