//! The world of `s3-unencrypted-upload`, as far as it is read.

use std::sync::Arc;

use controls::{
    Observed, S3UnencryptedUpload,
    s3_unencrypted_upload::{
        Checksum, DefaultEncryption, Encryption, KeyFacts, UploadState, Versioning,
    },
};
use model::{ResourceId, Target};
use respond::Cloud;

use super::*;
use crate::{kms::Keys, s3::Objects, testing::json_refusal};

pub(super) const RIGHT: &str = "arn:aws:kms:eu-west-1:111122223333:key/1111aaaa";
pub(super) const WRONG: &str = "arn:aws:kms:eu-west-1:111122223333:key/2222bbbb";

pub(super) fn objects(rules: &[&Rule], trust: Trust) -> Objects {
    let session = session(Trust::default());
    let client = scripted!(aws_sdk_kms, session.reads(), rules.iter().copied());
    Objects { api: api(rules), keys: Keys { client }, trust: Arc::new(trust) }
}

fn requiring(key: &str) -> Trust {
    Trust { kms_key_arn: Some(key.to_owned()), ..Trust::default() }
}

fn by_alias() -> Trust {
    let keys = [("amzn-s3-demo-*".to_owned(), "alias/records".to_owned())];
    Trust { required_kms_keys: keys.into(), ..Trust::default() }
}

/// `HeadObject` of a version under a key; the etag is the version's.
pub(super) fn head(asked: Option<&'static str>, version: &'static str, key: &'static str) -> Rule {
    mock!(Client::head_object)
        .match_requests(move |request| {
            request.key() == Some(KEY)
                && request.version_id() == asked
                && request.expected_bucket_owner() == Some(ACCOUNT)
        })
        .then_http_response(move || stored(version, key))
}

pub(super) fn stored(version: &str, key: &str) -> HttpResponse {
    headers(&[
        ("etag", &format!("\"etag-{version}\"")),
        ("content-length", "12"),
        ("content-type", "text/csv"),
        ("x-amz-server-side-encryption", "aws:kms"),
        ("x-amz-server-side-encryption-aws-kms-key-id", key),
        ("x-amz-server-side-encryption-bucket-key-enabled", "true"),
        ("x-amz-version-id", version),
        ("x-amz-meta-origin", "lab"),
        ("x-amz-checksum-crc32", "AAAAAA=="),
        ("x-amz-checksum-type", "FULL_OBJECT"),
    ])
}

fn default_of(key: &'static str) -> Rule {
    let xml = format!(
        "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>\
         <SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>{key}</KMSMasterKeyID>\
         </ApplyServerSideEncryptionByDefault><BucketKeyEnabled>true</BucketKeyEnabled></Rule>\
         </ServerSideEncryptionConfiguration>"
    );
    mock!(Client::get_bucket_encryption)
        .match_requests(|request| request.expected_bucket_owner() == Some(ACCOUNT))
        .then_http_response(move || answer(200, &xml))
}

fn key_is(state: &'static str) -> Rule {
    let meta = format!(
        "{{\"KeyMetadata\":{{\"KeyId\":\"1111aaaa\",\"Arn\":\"{RIGHT}\",\"KeyState\":\"{state}\",\
         \"KeySpec\":\"SYMMETRIC_DEFAULT\",\"KeyUsage\":\"ENCRYPT_DECRYPT\"}}}}"
    );
    mock!(aws_sdk_kms::Client::describe_key).then_http_response(move || answer(200, &meta))
}

/// Everything that is read of a suspicious version besides the version itself.
fn details() -> [Rule; 5] {
    [
        always!(
            get_bucket_versioning,
            answer(
                200,
                "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
            )
        ),
        always!(get_bucket_ownership_controls, xml_refusal(404, "OwnershipControlsNotFoundError")),
        always!(get_bucket_acl, answer(200, &acl_xml(OWNER, &[(OWNER, "FULL_CONTROL")]))),
        always!(
            get_object_acl,
            answer(200, &acl_xml(OWNER, &[(OWNER, "FULL_CONTROL"), (OTHER, "READ")]))
        ),
        always!(get_object_tagging, answer(200, TAGS_XML)),
    ]
}

async fn observed(
    rules: &[&Rule],
    trust: Trust,
    version: Option<&str>,
) -> Result<Observed<UploadState>, CloudError> {
    let target = Target::from(object(version));
    Cloud::<S3UnencryptedUpload>::observe(&objects(rules, trust), &target).await
}

async fn state(rules: &[&Rule], trust: Trust, version: Option<&str>) -> UploadState {
    match observed(rules, trust, version).await.unwrap() {
        Observed::Present { state, .. } => state,
        Observed::Gone => panic!("gone"),
    }
}

#[tokio::test(start_paused = true)]
async fn an_object_stored_as_its_bucket_requires_is_two_reads() {
    let (head, default) = (head(None, "v-1", RIGHT), default_of(RIGHT));
    let state = state(&[&head, &default], Trust::default(), None).await;
    assert_eq!(state.version.encryption, Encryption::Kms { key: Some(RIGHT.to_owned()) });
    assert_eq!(state.details, None);
    assert_eq!((head.num_calls(), default.num_calls()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_key_named_in_the_trust_file_spares_the_buckets_default() {
    let head = head(None, "v-1", RIGHT);
    let state = state(&[&head], requiring(RIGHT), None).await;
    assert_eq!((state.default, head.num_calls()), (None, 1));
}

#[tokio::test(start_paused = true)]
async fn an_alias_is_resolved_by_reading_and_two_reads_answer() {
    let (head, key) = (head(None, "v-1", RIGHT), key_is("Enabled"));
    let state = state(&[&head, &key], by_alias(), None).await;
    assert_eq!(state.keys.first().and_then(|key| key.arn.as_deref()), Some(RIGHT));
    assert_eq!((state.details, head.num_calls(), key.num_calls()), (None, 1, 1));
}

#[tokio::test(start_paused = true)]
async fn everything_is_read_as_s3_tells_it() {
    let full = mock!(Client::head_object).then_http_response(|| {
        headers(&[
            ("etag", "\"e\""),
            ("content-length", "6000000000"),
            ("content-type", "text/csv"),
            ("content-encoding", "gzip"),
            ("content-language", "de"),
            ("content-disposition", "attachment"),
            ("cache-control", "no-store"),
            ("expires", "Wed, 21 Oct 2026 07:28:00 GMT"),
            ("x-amz-server-side-encryption", "AES256"),
            ("x-amz-storage-class", "GLACIER"),
            ("x-amz-archive-status", "ARCHIVE_ACCESS"),
            ("x-amz-restore", "ongoing-request=\"true\""),
            ("x-amz-website-redirect-location", "/other"),
            ("x-amz-missing-meta", "2"),
            ("x-amz-object-lock-mode", "COMPLIANCE"),
            ("x-amz-object-lock-retain-until-date", "2030-01-02T03:04:05Z"),
            ("x-amz-object-lock-legal-hold", "ON"),
            ("x-amz-replication-status", "REPLICA"),
        ])
    });
    let default = always!(
        get_bucket_encryption,
        xml_refusal(404, "ServerSideEncryptionConfigurationNotFoundError")
    );
    let state = state(&[&full, &default], Trust::default(), None).await;
    let version = &state.version;
    assert_eq!(state.default, Some(DefaultEncryption::without_configuration()));
    assert_eq!((version.encryption.clone(), version.size), (Encryption::S3, Some(6_000_000_000)));
    assert_eq!(version.content.expires.as_deref(), Some("Wed, 21 Oct 2026 07:28:00 GMT"));
    assert_eq!(version.content.content_encoding.as_deref(), Some("gzip"));
    assert_eq!(version.content.content_language.as_deref(), Some("de"));
    assert_eq!(version.content.content_disposition.as_deref(), Some("attachment"));
    assert_eq!(version.content.cache_control.as_deref(), Some("no-store"));
    assert_eq!(version.storage_class.as_deref(), Some("GLACIER"));
    assert_eq!(version.archive_status.as_deref(), Some("ARCHIVE_ACCESS"));
    assert_eq!(version.restore.as_deref(), Some("ongoing-request=\"true\""));
    assert_eq!(version.website_redirect.as_deref(), Some("/other"));
    assert_eq!((version.missing_metadata, version.lock.legal_hold), (2, true));
    assert_eq!(version.lock.mode.as_deref(), Some("COMPLIANCE"));
    assert_eq!(version.lock.retain_until.as_deref(), Some("2030-01-02T03:04:05Z"));
    assert_eq!(version.replication.as_deref(), Some("REPLICA"));
}

#[tokio::test(start_paused = true)]
async fn a_wrongly_stored_version_is_looked_at_closer() {
    let newest = mock!(Client::head_object)
        .match_requests(|request| {
            request.version_id().is_none() && request.checksum_mode().is_some()
        })
        .then_http_response(|| stored("v-1", WRONG));
    let pinned = head(Some("v-1"), "v-1", WRONG);
    let (default, key, details) = (default_of(RIGHT), key_is("Enabled"), details());
    let mut rules = vec![&newest, &pinned, &default, &key];
    rules.extend(&details);
    let observed = observed(&rules, Trust::default(), Some("v-1")).await.unwrap();
    let Observed::Present { state, tags, resource } = observed else { panic!("gone") };
    let details = state.details.unwrap();
    assert!(details.current);
    assert_eq!((details.versioning, details.ownership), (Versioning::Enabled, None));
    assert_eq!(details.bucket_owner.as_deref(), Some(OWNER));
    assert_eq!(details.acl.unwrap().grants.len(), 2);
    assert_eq!((details.tags.unwrap()["team"].as_str(), tags.unwrap().len()), ("blue", 1));
    let crc = Checksum { algorithm: "CRC32".to_owned(), composite: false };
    assert_eq!(details.checksums, [crc]);
    let facts = KeyFacts { named: RIGHT.to_owned(), arn: Some(RIGHT.to_owned()), problem: None };
    assert_eq!(state.keys, [facts]);
    let ResourceId::Object { version_id, .. } = resource.id else { panic!("{resource:?}") };
    assert_eq!(version_id.as_deref(), Some("v-1"));
}

#[tokio::test(start_paused = true)]
async fn a_key_that_cannot_be_used_says_why() {
    for (rule, problem) in [
        (key_is("Disabled"), "Disabled"),
        (key_is("PendingDeletion"), "PendingDeletion"),
        (
            mock!(aws_sdk_kms::Client::describe_key)
                .then_http_response(|| json_refusal(400, "NotFoundException")),
            "NotFound",
        ),
        (
            mock!(aws_sdk_kms::Client::describe_key)
                .then_http_response(|| json_refusal(400, "AccessDeniedException")),
            "AccessDenied",
        ),
    ] {
        let (head, default, details) = (head(None, "v-1", WRONG), default_of(RIGHT), details());
        let mut rules = vec![&head, &default, &rule];
        rules.extend(&details);
        let state = state(&rules, Trust::default(), None).await;
        let told = state.keys.first().and_then(|key| key.problem.as_deref());
        assert_eq!(told, Some(problem));
    }
}

#[tokio::test(start_paused = true)]
async fn a_later_version_stored_right_answers_for_the_object() {
    // Just what is seen when looking again after a copy: the version of the event is still there.
    let (newest, pinned) = (head(None, "v-2", RIGHT), head(Some("v-1"), "v-1", WRONG));
    let default = default_of(RIGHT);
    let observed = observed(&[&newest, &pinned, &default], Trust::default(), Some("v-1")).await;
    let Observed::Present { state, resource, .. } = observed.unwrap() else { panic!("gone") };
    assert_eq!(state.version.version_id.as_deref(), Some("v-2"));
    assert_eq!(state.version.encryption, Encryption::Kms { key: Some(RIGHT.to_owned()) });
    let ResourceId::Object { version_id, .. } = resource.id else { panic!("{resource:?}") };
    assert_eq!(version_id.as_deref(), Some("v-2"));
}

#[tokio::test(start_paused = true)]
async fn a_later_version_stored_wrong_does_not() {
    let (newest, pinned) = (head(None, "v-2", WRONG), head(Some("v-1"), "v-1", WRONG));
    let (default, key, details) = (default_of(RIGHT), key_is("Enabled"), details());
    let mut rules = vec![&newest, &pinned, &default, &key];
    rules.extend(&details);
    let state = state(&rules, Trust::default(), Some("v-1")).await;
    assert_eq!(state.version.version_id.as_deref(), Some("v-1"));
    assert!(!state.details.unwrap().current);
}

#[tokio::test(start_paused = true)]
async fn an_object_under_its_uploaders_own_key_is_told_from_stale_credentials() {
    let refused = mock!(Client::head_object).then_http_response(|| answer(400, ""));
    let default = default_of(RIGHT);
    let own_key = mock!(Client::get_object)
        .match_requests(|request| {
            request.range() == Some("bytes=0-0") && request.expected_bucket_owner() == Some(ACCOUNT)
        })
        .then_http_response(|| xml_refusal(400, "InvalidRequest"));
    let (key, details) = (key_is("Enabled"), details());
    let mut rules = vec![&refused, &default, &own_key, &key];
    rules.extend(&details);
    let state = state(&rules, Trust::default(), None).await;
    assert_eq!(state.version.encryption, Encryption::Customer);

    let expired = mock!(Client::get_object).then_http_response(|| xml_refusal(400, "ExpiredToken"));
    let error =
        observed(&[&refused, &default, &expired], Trust::default(), None).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.retry), ("ExpiredToken", Retry::Worthwhile));
}

#[tokio::test(start_paused = true)]
async fn gone_deleted_and_denied_are_told_apart() {
    let default = default_of(RIGHT);
    for status in [404, 405] {
        let gone = mock!(Client::head_object).then_http_response(move || answer(status, ""));
        let observed = observed(&[&gone, &default], Trust::default(), None).await.unwrap();
        assert_eq!(observed, Observed::Gone, "{status}");
    }
    let denied = mock!(Client::head_object).then_http_response(|| answer(403, ""));
    let error = observed(&[&denied, &default], Trust::default(), None).await.unwrap_err();
    assert_eq!((error.operation, error.retry), ("s3:HeadObject", Retry::Pointless));
}

#[tokio::test(start_paused = true)]
async fn checksums_that_may_not_be_told_do_not_hide_the_version() {
    let secret = mock!(Client::head_object)
        .match_requests(|request| request.checksum_mode().is_some())
        .then_http_response(|| answer(403, ""));
    let (plain, default, key, details) =
        (head(None, "v-1", WRONG), default_of(RIGHT), key_is("Enabled"), details());
    let mut rules = vec![&secret, &plain, &default, &key];
    rules.extend(&details);
    let state = state(&rules, Trust::default(), None).await;
    assert!(state.details.unwrap().current);
}

#[tokio::test(start_paused = true)]
async fn a_denied_detail_is_unknown_and_a_throttled_one_is_an_error() {
    for (status, code, known) in [(403, "AccessDenied", true), (503, "SlowDown", false)] {
        let (head, default, key) = (head(None, "v-1", WRONG), default_of(RIGHT), key_is("Enabled"));
        let [versioning, ownership, owner, acl, _] = details();
        let tags =
            mock!(Client::get_object_tagging).then_http_response(move || xml_refusal(status, code));
        let rules = [&head, &default, &key, &versioning, &ownership, &owner, &acl, &tags];
        match observed(&rules, Trust::default(), None).await {
            Ok(Observed::Present { state, .. }) => {
                assert!(known && state.details.unwrap().tags.is_none());
            }
            Ok(Observed::Gone) => panic!("gone"),
            Err(error) => assert!(!known && error.retry == Retry::Worthwhile),
        }
    }
}
