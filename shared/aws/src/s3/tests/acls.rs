//! The world of `s3-public-acl`.

use controls::{
    Control, Observed, S3PublicAcl, Tags,
    s3::{Acl, Grant, Grantee},
    s3_public_acl::{AclRemedy, AclState},
};
use model::{Confidence, Target};
use respond::{Applied, Cloud};

use super::*;
use crate::s3::Buckets;

fn acl(grants: &[(&str, &str)]) -> Acl {
    let grants = grants.iter().map(|(grantee, permission)| Grant {
        grantee: if grantee.starts_with("http") {
            Grantee::Group { uri: (*grantee).to_owned() }
        } else {
            Grantee::CanonicalUser { id: (*grantee).to_owned() }
        },
        permission: (*permission).to_owned(),
    });
    Acl { owner: Some(OWNER.to_owned()), grants: grants.collect() }
}

const OPEN: &[(&str, &str)] =
    &[(OWNER, "FULL_CONTROL"), (EVERYONE, "READ"), (OTHER, "READ_ACP"), (LOG_DELIVERY, "WRITE")];
const MENDED: &[(&str, &str)] =
    &[(OWNER, "FULL_CONTROL"), (OTHER, "READ_ACP"), (LOG_DELIVERY, "WRITE")];

fn live(grants: &'static [(&str, &str)]) -> Rule {
    always!(get_bucket_acl, answer(200, &acl_xml(OWNER, grants)))
}

fn remedy() -> AclRemedy {
    AclRemedy::PutAcl { resource: bucket(), before: acl(OPEN), after: acl(MENDED) }
}

async fn observed(rules: &[&Rule], resource: Resource) -> Result<Observed<AclState>, CloudError> {
    let buckets = Buckets { api: api(rules) };
    Cloud::<S3PublicAcl>::observe(&buckets, &Target::from(resource)).await
}

async fn applied(rules: &[&Rule], remedy: &AclRemedy) -> Result<Applied, CloudError> {
    Cloud::<S3PublicAcl>::apply(&Buckets { api: api(rules) }, &bucket(), remedy).await
}

#[tokio::test(start_paused = true)]
async fn a_list_of_the_owner_alone_is_one_read() {
    let read = live(&[(OWNER, "FULL_CONTROL")]);
    let observed = observed(&[&read], bucket()).await.unwrap();
    let Observed::Present { state, tags, .. } = observed else { panic!("{observed:?}") };
    assert_eq!((state.acl, state.block, tags), (acl(&[(OWNER, "FULL_CONTROL")]), None, None));
    assert_eq!(read.num_calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_grant_to_anybody_else_is_reason_to_read_what_decides_about_it() {
    let rules = [
        live(OPEN),
        always!(get_bucket_ownership_controls, xml_refusal(404, "OwnershipControlsNotFoundError")),
        always!(get_public_access_block, xml_refusal(404, "NoSuchPublicAccessBlockConfiguration")),
        always!(get_bucket_tagging, answer(200, TAGS_XML)),
    ];
    let observed = observed(&rules.each_ref(), bucket()).await.unwrap();
    let Observed::Present { state, tags, .. } = observed else { panic!("{observed:?}") };
    assert_eq!(state.acl, acl(OPEN));
    assert_eq!((state.ownership, state.block), (None, Some(PublicAccessBlock::default())));
    assert_eq!(tags.unwrap()["team"], "blue");
}

#[tokio::test(start_paused = true)]
async fn what_decides_about_a_grant_and_may_not_be_read_makes_it_neither_harmless_nor_certain() {
    let denied = || xml_refusal(403, "AccessDenied");
    let rules = [
        live(OPEN),
        always!(get_bucket_ownership_controls, xml_refusal(403, "AccessDenied")),
        always!(get_public_access_block, xml_refusal(403, "AccessDenied")),
        mock!(Client::get_bucket_tagging).then_http_response(denied),
    ];
    let observed = observed(&rules.each_ref(), bucket()).await.unwrap();
    let Observed::Present { state, tags, .. } = observed else { panic!("{observed:?}") };
    assert_eq!((state.ownership, state.block, &tags), (None, None, &None));
    let denied: Vec<(&str, &str)> =
        state.denied.iter().map(|(read, code)| (read.as_str(), code.as_str())).collect();
    assert_eq!(
        denied,
        [
            ("s3:GetBucketOwnershipControls", "AccessDenied"),
            ("s3:GetPublicAccessBlock", "AccessDenied")
        ]
    );
    let findings = S3PublicAcl.assess(&bucket().into(), &state, &Trust::default());
    for finding in &findings {
        assert!(finding.effective && finding.confidence == Confidence::Unclear, "{finding:?}");
    }
    assert_eq!(findings.len(), 2);
}

/// S-5.
#[tokio::test(start_paused = true)]
async fn whose_grant_it_is_remains_unclear_where_the_buckets_owner_may_not_be_read() {
    let grants = [(OTHER, "FULL_CONTROL"), (OWNER, "FULL_CONTROL")];
    let rules = [
        mock!(Client::get_object_acl)
            .then_http_response(move || answer(200, &acl_xml(OTHER, &grants))),
        always!(get_bucket_acl, xml_refusal(403, "AccessDenied")),
        always!(get_bucket_ownership_controls, xml_refusal(404, "OwnershipControlsNotFoundError")),
        always!(get_public_access_block, xml_refusal(404, "NoSuchPublicAccessBlockConfiguration")),
        mock!(Client::get_object_tagging).then_http_response(|| answer(200, TAGS_XML)),
    ];
    let observed = observed(&rules.each_ref(), object(Some("v-1"))).await.unwrap();
    let Observed::Present { state, .. } = observed else { panic!("{observed:?}") };
    let target = object(Some("v-1")).into();
    let [finding] = S3PublicAcl.assess(&target, &state, &Trust::default()).try_into().unwrap();
    assert_eq!(
        (finding.code.as_str(), finding.confidence),
        ("acl-cross-account", Confidence::Unclear)
    );
}

#[tokio::test(start_paused = true)]
async fn what_may_be_read_later_is_an_error_and_not_unknown() {
    let rules = [
        live(OPEN),
        always!(get_bucket_ownership_controls, xml_refusal(503, "SlowDown")),
        always!(get_public_access_block, xml_refusal(404, "NoSuchPublicAccessBlockConfiguration")),
        always!(get_bucket_tagging, answer(200, TAGS_XML)),
    ];
    let error = observed(&rules.each_ref(), bucket()).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.retry), ("SlowDown", Retry::Worthwhile));
}

#[tokio::test(start_paused = true)]
async fn the_version_of_an_object_is_read_with_its_buckets_owner() {
    let rules = [
        mock!(Client::get_object_acl)
            .match_requests(|request| {
                request.key() == Some(KEY)
                    && request.version_id() == Some("v-1")
                    && request.expected_bucket_owner() == Some(ACCOUNT)
            })
            .then_http_response(|| answer(200, &acl_xml(OTHER, &[(EVERYONE, "READ")]))),
        live(&[(OWNER, "FULL_CONTROL")]),
        always!(get_bucket_ownership_controls, xml_refusal(404, "OwnershipControlsNotFoundError")),
        always!(get_public_access_block, xml_refusal(404, "NoSuchPublicAccessBlockConfiguration")),
        mock!(Client::get_object_tagging)
            .match_requests(|request| request.version_id() == Some("v-1"))
            .then_http_response(|| answer(200, TAGS_XML)),
    ];
    let observed = observed(&rules.each_ref(), object(Some("v-1"))).await.unwrap();
    let Observed::Present { state, tags, .. } = observed else { panic!("{observed:?}") };
    assert_eq!(state.acl.owner.as_deref(), Some(OTHER));
    assert_eq!(state.bucket_owner.as_deref(), Some(OWNER));
    assert!(tags.is_some());
}

#[tokio::test(start_paused = true)]
async fn gone_is_gone_in_all_its_spellings() {
    let bucket_gone = always!(get_bucket_acl, xml_refusal(404, "NoSuchBucket"));
    assert_eq!(observed(&[&bucket_gone], bucket()).await.unwrap(), Observed::Gone);
    for (status, code) in [
        (404, "NoSuchKey"),
        (404, "NoSuchVersion"),
        (405, "MethodNotAllowed"),
        (404, "NoSuchBucket"),
    ] {
        let gone =
            mock!(Client::get_object_acl).then_http_response(move || xml_refusal(status, code));
        let observed = observed(&[&gone], object(None)).await.unwrap();
        assert_eq!(observed, Observed::Gone, "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_bucket_that_meanwhile_belongs_to_somebody_else_is_refused() {
    let denied = always!(get_bucket_acl, xml_refusal(403, "AccessDenied"));
    let error = observed(&[&denied], bucket()).await.unwrap_err();
    assert_eq!((error.operation, error.retry), ("s3:GetBucketAcl", Retry::Pointless));
}

#[tokio::test(start_paused = true)]
async fn a_grantee_that_cannot_be_understood_is_named_and_the_others_are_read() {
    let xml = acl_xml(OWNER, &[(OWNER, "FULL_CONTROL")]).replace(
        "</AccessControlList>",
        "<Grant><Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"Planet\"><ID>x</ID></Grantee><Permission>READ</Permission></Grant></AccessControlList>",
    );
    let read = mock!(Client::get_bucket_acl).then_http_response(move || answer(200, &xml));
    let observed = observed(&[&read], bucket()).await.unwrap();
    let Observed::Present { state, .. } = observed else { panic!("{observed:?}") };
    assert_eq!(state.acl, acl(&[(OWNER, "FULL_CONTROL")]));
    assert_eq!(state.unreadable, ["a grantee has the unknown type `Planet`"]);
}

/// Asks whether the write holds every grant of [`MENDED`] and no other.
fn put() -> Rule {
    mock!(Client::put_bucket_acl)
        .match_requests(|request| {
            let list = request.access_control_policy().unwrap();
            let written: Vec<(String, String)> = list
                .grants()
                .iter()
                .map(|grant| {
                    let grantee = grant.grantee().unwrap();
                    let name = grantee.id().or(grantee.uri()).unwrap();
                    (name.to_owned(), grant.permission().unwrap().as_str().to_owned())
                })
                .collect();
            let expected: Vec<(String, String)> = MENDED
                .iter()
                .map(|(name, word)| ((*name).to_owned(), (*word).to_owned()))
                .collect();
            request.expected_bucket_owner() == Some(ACCOUNT)
                && list.owner().and_then(|owner| owner.id()) == Some(OWNER)
                && request.acl().is_none()
                && written == expected
        })
        .then_http_response(|| answer(200, ""))
}

#[tokio::test(start_paused = true)]
async fn the_public_grant_goes_and_every_other_stays_as_it_was() {
    let (read, put) = (live(OPEN), put());
    let applied = applied(&[&read, &put], &remedy()).await.unwrap();
    assert_eq!(applied, Applied { changed: true, request_ids: vec!["R-1".to_owned()] });
}

#[tokio::test(start_paused = true)]
async fn the_order_of_grants_is_no_change() {
    const SHUFFLED: &[(&str, &str)] = &[
        (LOG_DELIVERY, "WRITE"),
        (OWNER, "FULL_CONTROL"),
        (OTHER, "READ_ACP"),
        (EVERYONE, "READ"),
    ];
    let (read, put) = (live(SHUFFLED), put());
    assert!(applied(&[&read, &put], &remedy()).await.unwrap().changed);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_written_when_the_list_is_already_so() {
    let (read, put) = (live(MENDED), put());
    let applied = applied(&[&read, &put], &remedy()).await.unwrap();
    assert_eq!((applied, put.num_calls()), (Applied::default(), 0));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_written_over_a_list_that_nobody_has_judged() {
    const STRANGE: &[(&str, &str)] =
        &[(OWNER, "FULL_CONTROL"), (EVERYONE, "READ"), (OTHER, "WRITE")];
    let (read, put) = (live(STRANGE), put());
    let error = applied(&[&read, &put], &remedy()).await.unwrap_err();
    assert_eq!((error.retry, error.in_doubt, put.num_calls()), (Retry::Moved, false, 0));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_written_that_only_a_record_knows() {
    let mut after = acl(MENDED);
    after.grants.push(Grant { grantee: Grantee::Owner, permission: "READ".to_owned() });
    let remedy = AclRemedy::PutAcl { resource: bucket(), before: acl(OPEN), after };
    let error = applied(&[], &remedy).await.unwrap_err();
    assert_eq!(error.retry, Retry::Pointless);
}

#[tokio::test(start_paused = true)]
async fn acls_that_were_switched_off_meanwhile_are_safe_already() {
    let read = live(OPEN);
    let off = always!(put_bucket_acl, xml_refusal(400, "AccessControlListNotSupported"));
    let applied = applied(&[&read, &off], &remedy()).await.unwrap();
    assert_eq!(applied, Applied::default());
}

#[tokio::test(start_paused = true)]
async fn a_write_is_sent_once_whatever_comes_back() {
    for (status, code, retry, in_doubt) in [
        (403, "AccessDenied", Retry::Pointless, false),
        (404, "NoSuchBucket", Retry::Gone, false),
        (409, "OperationAborted", Retry::Worthwhile, false),
        (503, "SlowDown", Retry::Worthwhile, true),
        (500, "InternalError", Retry::Worthwhile, true),
    ] {
        let read = live(OPEN);
        let put =
            mock!(Client::put_bucket_acl).then_http_response(move || xml_refusal(status, code));
        let error = applied(&[&read, &put], &remedy()).await.unwrap_err();
        assert_eq!((error.code.as_str(), error.retry, error.in_doubt), (code, retry, in_doubt));
        assert_eq!((put.num_calls(), error.request_id.as_deref()), (1, Some("R-1")), "{code}");
    }
}

fn tags(pairs: &[(&str, &str)]) -> Tags {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

#[tokio::test(start_paused = true)]
async fn tags_are_written_with_those_that_were_there_and_not_over_others() {
    let (before, after) =
        (tags(&[("team", "blue")]), tags(&[("snapback:at", "t"), ("team", "blue")]));
    let remedy =
        AclRemedy::PutTags { resource: bucket(), before: before.clone(), after: after.clone() };
    let read = always!(get_bucket_tagging, answer(200, TAGS_XML));
    let put = mock!(Client::put_bucket_tagging)
        .match_requests(|request| {
            let set = request.tagging().unwrap().tag_set();
            let written: Vec<(&str, &str)> =
                set.iter().map(|tag| (tag.key(), tag.value())).collect();
            written == [("snapback:at", "t"), ("team", "blue")]
        })
        .then_http_response(|| answer(204, ""));
    assert!(applied(&[&read, &put], &remedy).await.unwrap().changed);

    let others = always!(get_bucket_tagging, xml_refusal(404, "NoSuchTagSet"));
    let error = applied(&[&others, &put], &remedy).await.unwrap_err();
    assert_eq!((error.retry, put.num_calls()), (Retry::Moved, 1));

    let back = AclRemedy::PutTags { resource: bucket(), before, after: Tags::new() };
    let delete = always!(delete_bucket_tagging, answer(204, ""));
    assert!(applied(&[&read, &delete], &back).await.unwrap().changed);
}

#[tokio::test(start_paused = true)]
async fn an_objects_tags_are_those_of_its_version() {
    let remedy = AclRemedy::PutTags {
        resource: object(Some("v-1")),
        before: tags(&[("team", "blue")]),
        after: tags(&[("team", "red")]),
    };
    let read = mock!(Client::get_object_tagging)
        .match_requests(|request| request.version_id() == Some("v-1"))
        .then_http_response(|| answer(200, TAGS_XML));
    let put = mock!(Client::put_object_tagging)
        .match_requests(|request| {
            request.version_id() == Some("v-1") && request.expected_bucket_owner() == Some(ACCOUNT)
        })
        .then_http_response(|| answer(200, ""));
    assert!(applied(&[&read, &put], &remedy).await.unwrap().changed);
}
