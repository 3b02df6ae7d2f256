//! The world of `s3-bucket-policy`.

use std::collections::BTreeMap;

use controls::{
    Control, Observed, S3BucketPolicy,
    s3_bucket_policy::{Change, PolicyRemedy, PolicyState},
};
use model::{Confidence, Target};
use respond::{Applied, Cloud};

use super::*;
use crate::s3::Policies;

const OPEN: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::amzn-s3-demo-bucket/*"}]}"#;
const OWN: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::amzn-s3-demo-bucket/*"}]}"#;

/// The same document as S3 could write it back: spaced, and its members in another order.
fn respelled(document: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(document).unwrap();
    let members = value.as_object().unwrap().iter().rev();
    let turned: serde_json::Map<_, _> =
        members.map(|(name, member)| (name.clone(), member.clone())).collect();
    serde_json::to_string_pretty(&turned).unwrap()
}

fn policy(document: String) -> Rule {
    always!(get_bucket_policy, answer(200, &document))
}

fn none() -> Rule {
    always!(get_bucket_policy, xml_refusal(404, "NoSuchBucketPolicy"))
}

fn tags() -> Rule {
    always!(get_bucket_tagging, answer(200, TAGS_XML))
}

fn remedy(before: Option<&str>, after: Option<&str>) -> PolicyRemedy {
    PolicyRemedy::SetPolicy {
        resource: bucket(),
        before: before.map(str::to_owned),
        after: after.map(str::to_owned),
        change: Change::default(),
    }
}

fn policies(rules: &[&Rule]) -> Policies {
    Policies { api: api(rules) }
}

async fn observed(rules: &[&Rule]) -> Result<Observed<PolicyState>, CloudError> {
    let target = Target::from(bucket());
    Cloud::<S3BucketPolicy>::observe(&policies(rules), &target).await
}

async fn state(rules: &[&Rule]) -> (PolicyState, Option<controls::Tags>) {
    match observed(rules).await.unwrap() {
        Observed::Present { state, tags, .. } => (state, tags),
        Observed::Gone => panic!("it is there"),
    }
}

async fn applied(rules: &[&Rule], remedy: &PolicyRemedy) -> Result<Applied, CloudError> {
    Cloud::<S3BucketPolicy>::apply(&policies(rules), &bucket(), remedy).await
}

#[tokio::test(start_paused = true)]
async fn a_policy_for_ourselves_is_two_reads() {
    let (read, tags) = (policy(OWN.to_owned()), tags());
    let (state, read_tags) = state(&[&read, &tags]).await;
    assert_eq!(state, PolicyState::of(Some(OWN.to_owned())));
    assert_eq!(read_tags.unwrap()["team"], "blue");
    assert_eq!((read.num_calls(), tags.num_calls()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_bucket_without_a_policy_is_no_error_and_one_that_is_gone_is_gone() {
    let (seen, _) = state(&[&none(), &tags()]).await;
    assert_eq!(seen, PolicyState::of(None));
    let gone = always!(get_bucket_policy, xml_refusal(404, "NoSuchBucket"));
    assert_eq!(observed(&[&gone, &tags()]).await.unwrap(), Observed::Gone);
}

#[tokio::test(start_paused = true)]
async fn a_policy_for_everyone_is_reason_to_read_the_block() {
    let block = always!(
        get_public_access_block,
        answer(
            200,
            "<PublicAccessBlockConfiguration><RestrictPublicBuckets>true</RestrictPublicBuckets></PublicAccessBlockConfiguration>"
        )
    );
    let (state, _) = state(&[&policy(OPEN.to_owned()), &tags(), &block]).await;
    assert!(state.block.unwrap().restrict_public_buckets && state.denied.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_block_that_may_not_be_read_is_part_of_the_state_and_nothing_is_certain() {
    let block = always!(get_public_access_block, xml_refusal(403, "AccessDenied"));
    let (state, _) = state(&[&policy(OPEN.to_owned()), &tags(), &block]).await;
    let denied = ("s3:GetPublicAccessBlock".to_owned(), "AccessDenied".to_owned());
    assert_eq!((state.block, &state.denied), (None, &BTreeMap::from([denied])));
    let findings = S3BucketPolicy.assess(&bucket().into(), &state, &Trust::default());
    assert_eq!(findings[0].confidence, Confidence::Unclear);
}

#[tokio::test(start_paused = true)]
async fn a_policy_that_may_not_be_read_is_an_error_and_never_none() {
    for (status, code, retry) in [
        (403, "AccessDenied", Retry::Pointless),
        (405, "MethodNotAllowed", Retry::Pointless),
        (503, "SlowDown", Retry::Worthwhile),
    ] {
        let refused =
            mock!(Client::get_bucket_policy).then_http_response(move || xml_refusal(status, code));
        let error = observed(&[&refused, &tags()]).await.unwrap_err();
        assert_eq!((error.code.as_str(), error.retry), (code, retry));
    }
    let empty = policy(String::new());
    assert_eq!(observed(&[&empty, &tags()]).await.unwrap_err().retry, Retry::Worthwhile);
}

#[tokio::test(start_paused = true)]
async fn tags_that_may_not_be_read_are_not_known() {
    let denied = always!(get_bucket_tagging, xml_refusal(403, "AccessDenied"));
    let (_, tags) = state(&[&policy(OWN.to_owned()), &denied]).await;
    assert_eq!(tags, None);
}

#[tokio::test(start_paused = true)]
async fn an_access_point_is_said_to_be_unread() {
    let target = Target::from(Resource::access_point("partners", ACCOUNT.into(), "eu-west-1"));
    let error = Cloud::<S3BucketPolicy>::observe(&policies(&[]), &target).await.unwrap_err();
    assert_eq!((error.operation, error.retry), ("s3:GetAccessPointPolicy", Retry::Pointless));
}

#[tokio::test(start_paused = true)]
async fn a_policy_is_written_when_the_live_one_says_what_was_judged() {
    let live = policy(respelled(OPEN));
    let write = mock!(Client::put_bucket_policy)
        .match_requests(|request| {
            request.bucket() == Some(BUCKET)
                && request.expected_bucket_owner() == Some(ACCOUNT)
                && request.policy() == Some(OWN)
                && request.confirm_remove_self_bucket_access().is_none()
        })
        .then_http_response(|| answer(204, ""));
    let applied = applied(&[&live, &write], &remedy(Some(OPEN), Some(OWN))).await.unwrap();
    assert!(applied.changed);
    assert_eq!((applied.request_ids.as_slice(), write.num_calls()), (&["R-1".to_owned()][..], 1));
}

#[tokio::test(start_paused = true)]
async fn what_is_left_empty_is_deleted_and_what_was_deleted_is_put_back() {
    let delete = always!(delete_bucket_policy, answer(204, ""));
    let live = policy(OPEN.to_owned());
    assert!(applied(&[&live, &delete], &remedy(Some(OPEN), None)).await.unwrap().changed);
    assert_eq!(delete.num_calls(), 1);

    let write = always!(put_bucket_policy, answer(204, ""));
    assert!(applied(&[&none(), &write], &remedy(None, Some(OWN))).await.unwrap().changed);
    assert_eq!(write.num_calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_so_already_is_not_written_again() {
    for (live, after) in [(policy(respelled(OWN)), Some(OWN)), (none(), None)] {
        let applied = applied(&[&live], &remedy(Some(OPEN), after)).await.unwrap();
        assert_eq!(applied, Applied::default());
    }
}

/// The trap: an administrator's Deny that comes between judging and writing must not be lost.
#[tokio::test(start_paused = true)]
async fn a_change_in_between_is_never_written_over() {
    let with_deny = OPEN.replace(
        "}]}",
        r#"},{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::amzn-s3-demo-bucket"}]}"#,
    );
    for (live, before, after) in [
        (policy(with_deny.clone()), Some(OPEN), Some(OWN)),
        (policy(with_deny.clone()), Some(OPEN), None),
        (policy(with_deny), None, Some(OWN)),
        (none(), Some(OPEN), Some(OWN)),
    ] {
        let error = applied(&[&live], &remedy(before, after)).await.unwrap_err();
        assert_eq!((error.retry, error.in_doubt), (Retry::Moved, false));
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_write_is_told_and_a_lost_answer_is_in_doubt() {
    for (status, code, retry, in_doubt) in [
        (403, "AccessDenied", Retry::Pointless, false),
        (400, "MalformedPolicy", Retry::Pointless, false),
        (409, "OperationAborted", Retry::Worthwhile, false),
        (500, "InternalError", Retry::Worthwhile, true),
    ] {
        let write =
            mock!(Client::put_bucket_policy).then_http_response(move || xml_refusal(status, code));
        let live = policy(OPEN.to_owned());
        let error = applied(&[&live, &write], &remedy(Some(OPEN), Some(OWN))).await.unwrap_err();
        assert_eq!((error.operation, error.code.as_str()), ("s3:PutBucketPolicy", code));
        assert_eq!((error.retry, error.in_doubt), (retry, in_doubt), "{code}");
        assert_eq!(write.num_calls(), 1, "never retried");
    }
}

#[tokio::test(start_paused = true)]
async fn tags_are_merged_into_those_of_the_bucket() {
    let marked = controls::Tags::from([
        ("team".to_owned(), "blue".to_owned()),
        ("snapback:at".to_owned(), "now".to_owned()),
    ]);
    let before = controls::Tags::from([("team".to_owned(), "blue".to_owned())]);
    let write = always!(put_bucket_tagging, answer(204, ""));
    let tag = PolicyRemedy::PutTags { resource: bucket(), before, after: marked };
    assert!(applied(&[&tags(), &write], &tag).await.unwrap().changed);
    assert_eq!(write.num_calls(), 1);
}
