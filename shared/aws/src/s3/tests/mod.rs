//! Buckets and objects over scripted answers.

mod acls;
#[cfg(feature = "s3control")]
mod blocks;
#[cfg(feature = "kms")]
mod copies;
mod policies;
mod safeguards;
#[cfg(feature = "kms")]
mod uploads;

use aws_smithy_mocks::{Rule, mock};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use model::Trust;

use super::*;
use crate::testing::{answer, scripted, session, xml_refusal};

pub(super) const BUCKET: &str = "amzn-s3-demo-bucket";
pub(super) const KEY: &str = "reports/2026 q1.csv";
pub(super) const ACCOUNT: &str = "111122223333";
/// The bucket owner's canonical user id.
pub(super) const OWNER: &str = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be";
/// Another account's.
pub(super) const OTHER: &str = "bcaf1ffd86f461ca5fb16fd081034f9d8f9d8f9d8f9d8f9d8f9d8f9d8f9d8f9d";

pub(super) fn api(rules: &[&Rule]) -> Api {
    let session = session(Trust::default());
    Api {
        reads: scripted!(aws_sdk_s3, session.reads(), rules.iter().copied()),
        writes: scripted!(aws_sdk_s3, session.writes(), rules.iter().copied()),
    }
}

pub(super) fn bucket() -> Resource {
    Resource::bucket(BUCKET, ACCOUNT.into(), "eu-west-1")
}

pub(super) fn object(version: Option<&str>) -> Resource {
    Resource::object(BUCKET, KEY, version.map(str::to_owned), ACCOUNT.into(), "eu-west-1")
}

/// A rule that asks whether the call names bucket and owner, and gives one answer for ever.
macro_rules! always {
    ($operation:ident, $answer:expr) => {
        mock!(aws_sdk_s3::Client::$operation)
            .match_requests(|request| {
                request.bucket() == Some(BUCKET) && request.expected_bucket_owner() == Some(ACCOUNT)
            })
            .then_http_response(move || $answer)
    };
}

pub(super) use always;

/// A success with these headers and no body.
pub(super) fn headers(headers: &[(&'static str, &str)]) -> HttpResponse {
    let mut answer = answer(200, "");
    for (name, value) in headers {
        answer.headers_mut().insert(*name, (*value).to_owned());
    }
    answer
}

/// `GetBucketAcl`'s and `GetObjectAcl`'s answer.
pub(super) fn acl_xml(owner: &str, grants: &[(&str, &str)]) -> String {
    let grants = grants.iter().map(|(grantee, permission)| {
        let (kind, name) = if grantee.starts_with("http") {
            ("Group", format!("<URI>{grantee}</URI>"))
        } else {
            ("CanonicalUser", format!("<ID>{grantee}</ID>"))
        };
        format!(
            "<Grant><Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
             xsi:type=\"{kind}\">{name}</Grantee><Permission>{permission}</Permission></Grant>"
        )
    });
    let grants: Vec<String> = grants.collect();
    let grants = grants.concat();
    format!(
        "<AccessControlPolicy xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Owner><ID>{owner}</ID></Owner>\
         <AccessControlList>{grants}</AccessControlList></AccessControlPolicy>"
    )
}

pub(super) const TAGS_XML: &str =
    "<Tagging><TagSet><Tag><Key>team</Key><Value>blue</Value></Tag></TagSet></Tagging>";

pub(super) const EVERYONE: &str = "http://acs.amazonaws.com/groups/global/AllUsers";
pub(super) const LOG_DELIVERY: &str = "http://acs.amazonaws.com/groups/s3/LogDelivery";

#[tokio::test(start_paused = true)]
async fn a_setting_that_is_not_there_is_told_apart_from_one_that_may_not_be_read() {
    let place = bucket();
    let place = Place::of(&place).unwrap();
    let absent =
        always!(get_bucket_ownership_controls, xml_refusal(404, "OwnershipControlsNotFoundError"));
    assert_eq!(api(&[&absent]).ownership(place).await.unwrap(), None);
    let absent =
        always!(get_public_access_block, xml_refusal(404, "NoSuchPublicAccessBlockConfiguration"));
    assert_eq!(api(&[&absent]).block(place).await.unwrap(), PublicAccessBlock::default());
    let absent = always!(get_bucket_tagging, xml_refusal(404, "NoSuchTagSet"));
    assert!(api(&[&absent]).tags(place).await.unwrap().is_empty());

    let denied = always!(get_bucket_ownership_controls, xml_refusal(403, "AccessDenied"));
    let error = api(&[&denied]).ownership(place).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.retry), ("AccessDenied", Retry::Pointless));
    let gone = always!(get_public_access_block, xml_refusal(404, "NoSuchBucket"));
    assert_eq!(api(&[&gone]).block(place).await.unwrap_err().retry, Retry::Gone);
}

#[tokio::test(start_paused = true)]
async fn settings_are_read_as_s3_writes_them() {
    let place = bucket();
    let place = Place::of(&place).unwrap();
    let ownership = always!(
        get_bucket_ownership_controls,
        answer(
            200,
            "<OwnershipControls><Rule><ObjectOwnership>BucketOwnerPreferred</ObjectOwnership></Rule></OwnershipControls>"
        )
    );
    let read = api(&[&ownership]).ownership(place).await.unwrap();
    assert_eq!(read, Some(ObjectOwnership::BucketOwnerPreferred));
    let block = always!(
        get_public_access_block,
        answer(
            200,
            "<PublicAccessBlockConfiguration><IgnorePublicAcls>true</IgnorePublicAcls><BlockPublicPolicy>false</BlockPublicPolicy></PublicAccessBlockConfiguration>"
        )
    );
    let read = api(&[&block]).block(place).await.unwrap();
    assert_eq!(
        read,
        PublicAccessBlock { ignore_public_acls: true, ..PublicAccessBlock::default() }
    );
}

#[tokio::test(start_paused = true)]
async fn a_word_of_the_future_is_an_error_and_not_a_guess() {
    let place = bucket();
    let ownership = always!(
        get_bucket_ownership_controls,
        answer(
            200,
            "<OwnershipControls><Rule><ObjectOwnership>SomethingNew</ObjectOwnership></Rule></OwnershipControls>"
        )
    );
    let error = api(&[&ownership]).ownership(Place::of(&place).unwrap()).await.unwrap_err();
    assert_eq!(error.retry, Retry::Pointless);
}
