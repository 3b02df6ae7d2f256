//! Re-encrypting in place: what is sent, and what stops it.

use controls::{
    S3UnencryptedUpload, Tags,
    s3::{Acl, Grant, Grantee, ObjectOwnership},
    s3_unencrypted_upload::{
        Checksum, ContentHeaders, Encryption, ObjectDetails, ReEncrypt, StoredVersion,
        UploadRemedy, Versioning,
    },
};
use respond::{Applied, Cloud};

use super::{
    uploads::{RIGHT, WRONG, head, objects, stored},
    *,
};

const ETAG: &str = "\"etag-v-1\"";

fn kms(key: &str) -> Encryption {
    Encryption::Kms { key: Some(key.to_owned()) }
}

fn grant(id: &str, permission: &str) -> Grant {
    let grantee = Grantee::CanonicalUser { id: id.to_owned() };
    Grant { grantee, permission: permission.to_owned() }
}

/// The remedy for the version that [`stored`] tells of.
fn re_encrypt() -> ReEncrypt {
    let mut version = StoredVersion::of(kms(WRONG));
    version.version_id = Some("v-1".to_owned());
    version.etag = Some(ETAG.to_owned());
    version.size = Some(12);
    version.bucket_key = true;
    version.metadata = [("origin".to_owned(), "lab".to_owned())].into();
    version.content =
        ContentHeaders { content_type: Some("text/csv".to_owned()), ..ContentHeaders::default() };
    ReEncrypt {
        resource: object(Some("v-1")),
        from: kms(WRONG),
        to: kms(RIGHT),
        bucket_key: true,
        version,
        details: Some(ObjectDetails {
            current: true,
            versioning: Versioning::Enabled,
            ownership: None,
            bucket_owner: Some(OWNER.to_owned()),
            acl: Some(Acl {
                owner: Some(OWNER.to_owned()),
                grants: vec![grant(OWNER, "FULL_CONTROL"), grant(OTHER, "READ")],
            }),
            tags: Some(Tags::from([("team".to_owned(), "blue".to_owned())])),
            checksums: vec![Checksum { algorithm: "CRC32".to_owned(), composite: false }],
        }),
    }
}

/// The version's tags and ACL as [`re_encrypt`] knows them.
fn untouched() -> [Rule; 2] {
    [tags_of("v-1", TAGS_XML), acl_of("v-1", &[(OTHER, "READ"), (OWNER, "FULL_CONTROL")])]
}

fn tags_of(version: &'static str, xml: &'static str) -> Rule {
    mock!(Client::get_object_tagging)
        .match_requests(move |request| request.version_id() == Some(version))
        .then_http_response(move || answer(200, xml))
}

fn acl_of(version: &'static str, grants: &[(&str, &str)]) -> Rule {
    let xml = acl_xml(OWNER, grants);
    mock!(Client::get_object_acl)
        .match_requests(move |request| request.version_id() == Some(version))
        .then_http_response(move || answer(200, &xml))
}

/// What becomes of a copy; tags and ACL of its source are as they were, unless a rule says
/// otherwise.
async fn applied(rules: &[&Rule], copy: ReEncrypt) -> Result<Applied, CloudError> {
    let remedy = UploadRemedy::ReEncrypt(Box::new(copy));
    let untouched = untouched();
    let rules: Vec<&Rule> = rules.iter().copied().chain(&untouched).collect();
    let objects = objects(&rules, Trust::default());
    Cloud::<S3UnencryptedUpload>::apply(&objects, &object(Some("v-1")), &remedy).await
}

/// `CopyObject` with everything that must be sent.
fn copy() -> Rule {
    mock!(Client::copy_object)
        .match_requests(|request| {
            request.bucket() == Some(BUCKET)
                && request.key() == Some(KEY)
                && request.copy_source()
                    == Some("amzn-s3-demo-bucket/reports/2026%20q1.csv?versionId=v-1")
                && request.copy_source_if_match() == Some(ETAG)
                && request.if_match() == Some(ETAG)
                && request.expected_bucket_owner() == Some(ACCOUNT)
                && request.expected_source_bucket_owner() == Some(ACCOUNT)
                && request.metadata_directive().is_some_and(|word| word.as_str() == "COPY")
                && request.tagging_directive().is_some_and(|word| word.as_str() == "COPY")
                && request.server_side_encryption().is_some_and(|word| word.as_str() == "aws:kms")
                && request.ssekms_key_id() == Some(RIGHT)
                && request.bucket_key_enabled() == Some(true)
                && request.storage_class().is_none()
                && request.checksum_algorithm().is_some_and(|word| word.as_str() == "CRC32")
                && request.grant_full_control() == Some(&format!("id=\"{OWNER}\""))
                && request.grant_read() == Some(&format!("id=\"{OTHER}\""))
        })
        .then_http_response(|| {
            let mut answer =
                answer(200, "<CopyObjectResult><ETag>\"etag-v-2\"</ETag></CopyObjectResult>");
            answer.headers_mut().insert("x-amz-version-id", "v-2");
            answer
        })
}

/// What the copy is read back with.
fn read_back() -> [Rule; 3] {
    [
        head(Some("v-2"), "v-2", RIGHT),
        tags_of("v-2", TAGS_XML),
        acl_of("v-2", &[(OTHER, "READ"), (OWNER, "FULL_CONTROL")]),
    ]
}

#[tokio::test(start_paused = true)]
async fn the_copy_is_pinned_guarded_and_keeps_everything_but_the_key() {
    let (live, copy, back) = (head(None, "v-1", WRONG), copy(), read_back());
    let mut rules = vec![&live, &copy];
    rules.extend(&back);
    let applied = applied(&rules, re_encrypt()).await.unwrap();
    assert_eq!(applied, Applied { changed: true, request_ids: vec!["R-1".to_owned()] });
    assert_eq!(copy.num_calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_lost_something_is_told_with_what() {
    let (live, copy) = (head(None, "v-1", WRONG), copy());
    let poorer = mock!(Client::head_object)
        .match_requests(|request| request.version_id() == Some("v-2"))
        .then_http_response(|| {
            let mut answer = stored("v-2", RIGHT);
            answer.headers_mut().remove("x-amz-meta-origin");
            answer.headers_mut().insert("x-amz-storage-class", "STANDARD_IA");
            answer.headers_mut().insert("x-amz-checksum-type", "COMPOSITE");
            answer.headers_mut().insert("x-amz-object-lock-legal-hold", "ON");
            answer
        });
    let tags = tags_of("v-2", "<Tagging><TagSet/></Tagging>");
    let acl = acl_of("v-2", &[(OWNER, "FULL_CONTROL")]);
    let error = applied(&[&live, &copy, &poorer, &tags, &acl], re_encrypt()).await.unwrap_err();
    assert_eq!(
        error.code,
        "the copy was made and differs in: metadata, storage class, object lock, checksum, tags, ACL"
    );
    assert_eq!((error.retry, error.in_doubt), (Retry::Pointless, true));
}

/// S-22.
#[tokio::test(start_paused = true)]
async fn tags_and_acl_that_changed_since_they_were_read_stop_the_copy() {
    let private = acl_of("v-1", &[(OWNER, "FULL_CONTROL")]);
    let bare = tags_of("v-1", "<Tagging><TagSet/></Tagging>");
    let strange = mock!(Client::get_object_acl).then_http_response(|| {
        answer(200, "<AccessControlPolicy><Owner><ID>x</ID></Owner><AccessControlList><Grant><Permission>READ</Permission></Grant></AccessControlList></AccessControlPolicy>")
    });
    for (changed, what) in [(private, "ACL"), (bare, "tags"), (strange, "ACL")] {
        let (live, copy) = (head(None, "v-1", WRONG), copy());
        let error = applied(&[&live, &copy, &changed], re_encrypt()).await.unwrap_err();
        assert_eq!(error.code, format!("the {what} has changed"));
        assert_eq!((error.retry, error.in_doubt, copy.num_calls()), (Retry::Moved, false, 0));
    }
    // Where ACLs are off there is nothing to compare, and nothing is asked.
    let (live, head_of_copy, tags) =
        (head(None, "v-1", WRONG), head(Some("v-2"), "v-2", RIGHT), tags_of("v-2", TAGS_XML));
    let denied = mock!(Client::get_object_acl).then_http_response(|| xml_refusal(403, "Denied"));
    let mut off = re_encrypt();
    off.details.as_mut().unwrap().ownership = Some(ObjectOwnership::BucketOwnerEnforced);
    let plain = mock!(Client::copy_object)
        .match_requests(|request| request.grant_full_control().is_none())
        .then_http_response(|| {
            let body = "<CopyObjectResult><ETag>\"etag-v-2\"</ETag></CopyObjectResult>";
            let mut answer = answer(200, body);
            answer.headers_mut().insert("x-amz-version-id", "v-2");
            answer
        });
    let rules = [&live, &plain, &head_of_copy, &tags, &denied];
    assert!(applied(&rules, off).await.unwrap().changed);
}

/// S-22.
#[tokio::test(start_paused = true)]
async fn a_grant_taken_back_while_the_copy_was_made_is_told() {
    let asked = std::sync::atomic::AtomicUsize::new(0);
    let acl = mock!(Client::get_object_acl)
        .match_requests(|request| request.version_id() == Some("v-1"))
        .then_http_response(move || {
            let grants: &[(&str, &str)] =
                match asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
                    0 => &[(OTHER, "READ"), (OWNER, "FULL_CONTROL")],
                    _ => &[(OWNER, "FULL_CONTROL")],
                };
            answer(200, &acl_xml(OWNER, grants))
        });
    let (live, copy, back) = (head(None, "v-1", WRONG), copy(), read_back());
    let mut rules = vec![&live, &copy, &acl];
    rules.extend(&back);
    let error = applied(&rules, re_encrypt()).await.unwrap_err();
    assert!(error.code.contains("changed while it was copied"), "{}", error.code);
    assert_eq!((error.retry, error.in_doubt), (Retry::Pointless, true));
}

/// S-7, S-22.
#[tokio::test(start_paused = true)]
async fn a_copy_of_which_no_answer_came_is_compared_with_what_it_was_made_from() {
    let poorer = mock!(Client::head_object).then_http_response(|| {
        let mut answer = stored("v-2", RIGHT);
        answer.headers_mut().remove("x-amz-meta-origin");
        answer.headers_mut().insert("x-amz-checksum-type", "COMPOSITE");
        answer
    });
    let (bare, private) =
        (tags_of("v-2", "<Tagging><TagSet/></Tagging>"), acl_of("v-2", &[(OWNER, "FULL_CONTROL")]));
    let lost = async |rules: &[&Rule]| {
        let remedy = UploadRemedy::ReEncrypt(Box::new(re_encrypt()));
        let objects = objects(rules, Trust::default());
        Cloud::<S3UnencryptedUpload>::lost(&objects, &object(Some("v-1")), &remedy).await
    };
    let said = lost(&[&poorer, &bare, &private]).await.unwrap();
    assert_eq!(said, ["metadata", "checksum", "tags", "ACL"]);
    let [back, tags, acl] = read_back();
    let newest = head(None, "v-2", RIGHT);
    assert_eq!(lost(&[&newest, &back, &tags, &acl]).await.unwrap(), Vec::<String>::new());
    let denied = mock!(Client::head_object).then_http_response(|| answer(403, ""));
    assert_eq!(lost(&[&denied]).await.unwrap_err().retry, Retry::Pointless);
}

#[tokio::test(start_paused = true)]
async fn that_no_bucket_key_is_used_is_said_and_not_left_to_the_buckets_default() {
    for (to, bucket_key, expected) in [
        (kms(RIGHT), false, Some(false)),
        (kms(RIGHT), true, Some(true)),
        (Encryption::KmsTwice { key: Some(RIGHT.to_owned()) }, false, None),
        (Encryption::S3, false, None),
    ] {
        let live = head(None, "v-1", WRONG);
        let copy = mock!(Client::copy_object)
            .match_requests(move |request| request.bucket_key_enabled() == expected)
            .then_http_response(|| xml_refusal(403, "AccessDenied"));
        let remedy = ReEncrypt { to, bucket_key, ..re_encrypt() };
        assert_eq!(applied(&[&live, &copy], remedy).await.unwrap_err().code, "AccessDenied");
    }
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_cannot_be_read_back_is_in_doubt() {
    for (status, retry) in [(403, Retry::Pointless), (503, Retry::Worthwhile)] {
        let (live, copy) = (head(None, "v-1", WRONG), copy());
        let back = mock!(Client::head_object)
            .match_requests(|request| request.version_id() == Some("v-2"))
            .then_http_response(move || answer(status, ""));
        let error = applied(&[&live, &copy, &back], re_encrypt()).await.unwrap_err();
        assert_eq!((error.operation, error.retry, error.in_doubt), ("s3:HeadObject", retry, true));
    }
}

#[tokio::test(start_paused = true)]
async fn a_newer_upload_over_the_copy_is_not_taken_for_a_loss() {
    let (live, copy) = (head(None, "v-1", WRONG), copy());
    let newer = mock!(Client::head_object)
        .match_requests(|request| request.version_id() == Some("v-2"))
        .then_http_response(|| {
            let mut answer = stored("v-2", RIGHT);
            answer.headers_mut().insert("etag", "\"somebody's\"");
            answer.headers_mut().remove("x-amz-meta-origin");
            answer
        });
    assert!(applied(&[&live, &copy, &newer], re_encrypt()).await.unwrap().changed);
}

#[tokio::test(start_paused = true)]
async fn an_object_that_has_the_right_key_already_is_left_alone() {
    let live = head(None, "v-2", RIGHT);
    assert_eq!(applied(&[&live], re_encrypt()).await.unwrap(), Applied::default());
}

#[tokio::test(start_paused = true)]
async fn a_newer_upload_is_never_overwritten() {
    // Seen before the copy …
    let newer = head(None, "v-9", WRONG);
    let error = applied(&[&newer], re_encrypt()).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.retry), ("the ETag has changed", Retry::Moved));
    // … and come in between.
    let live = head(None, "v-1", WRONG);
    let refused =
        mock!(Client::copy_object).then_http_response(|| xml_refusal(412, "PreconditionFailed"));
    let error = applied(&[&live, &refused], re_encrypt()).await.unwrap_err();
    assert_eq!((error.retry, error.in_doubt, refused.num_calls()), (Retry::Moved, false, 1));
}

#[tokio::test(start_paused = true)]
async fn what_stops_a_copy_is_told_for_what_it_is() {
    for (status, code, retry, in_doubt) in [
        (403, "AccessDenied", Retry::Pointless, false),
        (400, "KMS.DisabledException", Retry::Pointless, false),
        (400, "KMS.NotFoundException", Retry::Pointless, false),
        (409, "ConditionalRequestConflict", Retry::Worthwhile, false),
        (500, "InternalError", Retry::Worthwhile, true),
    ] {
        let live = head(None, "v-1", WRONG);
        let copy = mock!(Client::copy_object).then_http_response(move || xml_refusal(status, code));
        let error = applied(&[&live, &copy], re_encrypt()).await.unwrap_err();
        assert_eq!((error.code.as_str(), error.retry, error.in_doubt), (code, retry, in_doubt));
        assert_eq!(copy.num_calls(), 1, "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_inside_a_success_is_an_error_whose_end_is_not_known() {
    for body in [
        "<Error><Code>InternalError</Code><Message>m</Message></Error>",
        "<CopyObjectResult></CopyObjectResult>",
        "",
    ] {
        let live = head(None, "v-1", WRONG);
        let copy = mock!(Client::copy_object).then_http_response(move || answer(200, body));
        let error = applied(&[&live, &copy], re_encrypt()).await.unwrap_err();
        assert_eq!((error.retry, error.in_doubt), (Retry::Worthwhile, true), "{body}");
        assert_eq!(copy.num_calls(), 1, "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_copied_on_the_word_of_a_record_or_without_the_means_to_keep_an_acl() {
    let error = applied(&[], ReEncrypt { details: None, ..re_encrypt() }).await.unwrap_err();
    assert_eq!(error.retry, Retry::Pointless);
    let mut copy = re_encrypt();
    let acl = copy.details.as_mut().and_then(|details| details.acl.as_mut()).unwrap();
    acl.grants.push(grant(OTHER, "WRITE"));
    let live = head(None, "v-1", WRONG);
    let acl = acl_of("v-1", &[(OWNER, "FULL_CONTROL"), (OTHER, "READ"), (OTHER, "WRITE")]);
    let error = applied(&[&live, &acl], copy).await.unwrap_err();
    assert!(error.code.contains("GrantWrite"), "{}", error.code);
}

const GIB: u64 = 1024 * 1024 * 1024;
const LARGE: u64 = 5 * GIB + 7;

fn large_head(asked: Option<&'static str>, version: &'static str, key: &'static str) -> Rule {
    mock!(Client::head_object)
        .match_requests(move |request| request.version_id() == asked)
        .then_http_response(move || {
            let mut answer = stored(version, key);
            answer.headers_mut().insert("content-length", LARGE.to_string());
            answer.headers_mut().insert("expires", "Wed, 21 Oct 2026 07:28:00 GMT");
            answer
        })
}

fn large() -> ReEncrypt {
    let mut copy = re_encrypt();
    copy.version.size = Some(LARGE);
    copy.version.content.expires = Some("Wed, 21 Oct 2026 07:28:00 GMT".to_owned());
    copy
}

fn create() -> Rule {
    mock!(Client::create_multipart_upload)
        .match_requests(|request| {
            request.key() == Some(KEY)
                && request.expected_bucket_owner() == Some(ACCOUNT)
                && request.ssekms_key_id() == Some(RIGHT)
                && request.content_type() == Some("text/csv")
                && request.expires().is_some_and(|at| at.secs() == 1_792_567_680)
                && request.metadata().is_some_and(|metadata| metadata["origin"] == "lab")
                && request.tagging() == Some("team=blue")
                && request.grant_read() == Some(&format!("id=\"{OTHER}\""))
                && request.checksum_algorithm().is_some_and(|word| word.as_str() == "CRC32")
                && request.checksum_type().is_some_and(|word| word.as_str() == "FULL_OBJECT")
        })
        .then_http_response(|| {
            answer(200, "<InitiateMultipartUploadResult><UploadId>U-1</UploadId></InitiateMultipartUploadResult>")
        })
}

fn part(number: i32, range: &'static str) -> Rule {
    mock!(Client::upload_part_copy)
        .match_requests(move |request| {
            request.part_number() == Some(number)
                && request.upload_id() == Some("U-1")
                && request.copy_source_range() == Some(range)
                && request.copy_source_if_match() == Some(ETAG)
                && request.copy_source().is_some_and(|source| source.ends_with("?versionId=v-1"))
                && request.expected_source_bucket_owner() == Some(ACCOUNT)
        })
        .then_http_response(move || {
            answer(200, &format!("<CopyPartResult><ETag>\"p-{number}\"</ETag><ChecksumCRC32>c{number}</ChecksumCRC32></CopyPartResult>"))
        })
}

fn parts() -> [Rule; 6] {
    [
        part(1, "bytes=0-1073741823"),
        part(2, "bytes=1073741824-2147483647"),
        part(3, "bytes=2147483648-3221225471"),
        part(4, "bytes=3221225472-4294967295"),
        part(5, "bytes=4294967296-5368709119"),
        part(6, "bytes=5368709120-5368709126"),
    ]
}

fn complete() -> Rule {
    mock!(Client::complete_multipart_upload)
        .match_requests(|request| {
            let parts = request.multipart_upload().unwrap().parts();
            let expected: Vec<String> = (1..=6).map(|number| format!("\"p-{number}\"")).collect();
            let etags: Vec<&str> = parts.iter().filter_map(|part| part.e_tag()).collect();
            request.if_match() == Some(ETAG)
                && request.upload_id() == Some("U-1")
                && etags == expected
                && parts.iter().all(|part| part.checksum_crc32().is_some())
        })
        .then_http_response(|| {
            let mut answer = answer(200, "<CompleteMultipartUploadResult><ETag>\"etag-v-2\"</ETag></CompleteMultipartUploadResult>");
            answer.headers_mut().insert("x-amz-version-id", "v-2");
            answer
        })
}

/// The first abort leaves a part that was still being copied, the second takes it back.
fn abort() -> Rule {
    let asked = std::sync::atomic::AtomicUsize::new(0);
    mock!(Client::abort_multipart_upload)
        .match_requests(|request| {
            request.upload_id() == Some("U-1") && request.expected_bucket_owner() == Some(ACCOUNT)
        })
        .then_http_response(move || match asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
            0 => answer(204, ""),
            _ => xml_refusal(404, "NoSuchUpload"),
        })
}

#[tokio::test(start_paused = true)]
async fn a_large_object_is_copied_in_parts_under_the_same_guards() {
    let (live, back) = (large_head(None, "v-1", WRONG), large_head(Some("v-2"), "v-2", RIGHT));
    let (create, parts, complete, abort, [_, tags, acl]) =
        (create(), parts(), complete(), abort(), read_back());
    let mut rules = vec![&live, &back, &create, &complete, &abort, &tags, &acl];
    rules.extend(&parts);
    assert!(applied(&rules, large()).await.unwrap().changed);
    assert_eq!((complete.num_calls(), abort.num_calls()), (1, 0));
    assert!(parts.iter().all(|part| part.num_calls() == 1));
}

#[tokio::test(start_paused = true)]
async fn every_way_out_that_does_not_complete_the_parts_takes_them_back() {
    for (status, code, retry, in_doubt) in [
        (403, "AccessDenied", Retry::Pointless, false),
        (412, "PreconditionFailed", Retry::Moved, false),
        (500, "InternalError", Retry::Worthwhile, false),
    ] {
        let (live, create, abort) = (large_head(None, "v-1", WRONG), create(), abort());
        let part =
            mock!(Client::upload_part_copy).then_http_response(move || xml_refusal(status, code));
        let error = applied(&[&live, &create, &part, &abort], large()).await.unwrap_err();
        // A part changes nothing of the object, so nothing is in doubt.
        assert_eq!(
            (error.retry, error.in_doubt, abort.num_calls()),
            (retry, in_doubt, 2),
            "{code}"
        );
    }
    for (status, code, retry, in_doubt) in [
        (412, "PreconditionFailed", Retry::Moved, false),
        (200, "InternalError", Retry::Worthwhile, true),
        (500, "InternalError", Retry::Worthwhile, true),
    ] {
        let (live, create, abort, parts) =
            (large_head(None, "v-1", WRONG), create(), abort(), parts());
        let complete = mock!(Client::complete_multipart_upload).then_http_response(move || {
            answer(status, &format!("<Error><Code>{code}</Code><Message>m</Message></Error>"))
        });
        let mut rules = vec![&live, &create, &complete, &abort];
        rules.extend(&parts);
        let error = applied(&rules, large()).await.unwrap_err();
        assert_eq!((error.retry, error.in_doubt), (retry, in_doubt), "{code} {status}");
        assert_eq!((complete.num_calls(), abort.num_calls()), (1, 2), "{code} {status}");
    }
}

#[tokio::test(start_paused = true)]
async fn parts_that_cannot_be_taken_back_are_told() {
    let (live, create) = (large_head(None, "v-1", WRONG), create());
    let part =
        mock!(Client::upload_part_copy).then_http_response(|| xml_refusal(403, "AccessDenied"));
    for (status, code, times) in [(403, "AccessDenied", 1), (503, "SlowDown", 3)] {
        let abort = mock!(Client::abort_multipart_upload)
            .then_http_response(move || xml_refusal(status, code));
        let error = applied(&[&live, &create, &part, &abort], large()).await.unwrap_err();
        assert!(error.code.starts_with("AccessDenied; its parts could not"), "{}", error.code);
        assert_eq!((error.retry, abort.num_calls()), (Retry::Pointless, times));
    }
}

#[tokio::test(start_paused = true)]
async fn the_time_that_a_copy_asks_for_grows_with_its_size() {
    let objects = objects(&[], Trust::default());
    let remedy = |size: u64| {
        let mut copy = large();
        copy.version.size = Some(size);
        UploadRemedy::ReEncrypt(Box::new(copy))
    };
    let seconds = |size| Cloud::<S3UnencryptedUpload>::time_for(&objects, &remedy(size)).as_secs();
    assert_eq!(seconds(12), 8);
    assert_eq!(seconds(GIB), 40);
    assert_eq!(seconds(5 * GIB), 168);
    assert_eq!(seconds(5 * GIB + 1), 88, "six parts at once");
    assert_eq!(seconds(9 * GIB), 128, "one more round");
    let tags =
        UploadRemedy::PutTags { resource: object(None), before: Tags::new(), after: Tags::new() };
    assert!(Cloud::<S3UnencryptedUpload>::time_for(&objects, &tags).is_zero());
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_is_given_up_between_two_calls_takes_its_parts_back() {
    let (live, create, abort) = (large_head(None, "v-1", WRONG), create(), abort());
    let part = mock!(Client::upload_part_copy)
        .then_http_response(|| answer(200, "<CopyPartResult><ETag>\"p\"</ETag></CopyPartResult>"));
    let [tags, acl] = untouched();
    let objects = objects(&[&live, &create, &part, &abort, &tags, &acl], Trust::default());
    let remedy = UploadRemedy::ReEncrypt(Box::new(large()));
    let resource = object(Some("v-1"));
    let mut copying = Box::pin(Cloud::<S3UnencryptedUpload>::apply(&objects, &resource, &remedy));
    // Driven step by step until the upload exists, then dropped.
    while create.num_calls() == 0 {
        assert!(futures_poll(&mut copying).await.is_none());
    }
    while part.num_calls() == 0 {
        assert!(futures_poll(&mut copying).await.is_none());
    }
    drop(copying);
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert!(abort.num_calls() >= 1);
}

/// Polls once, then lets the executor go on.
async fn futures_poll<T>(future: &mut (impl Future<Output = T> + Unpin)) -> Option<T> {
    let polled = std::future::poll_fn(|context| {
        std::task::Poll::Ready(match std::pin::Pin::new(&mut *future).poll(context) {
            std::task::Poll::Ready(value) => Some(value),
            std::task::Poll::Pending => None,
        })
    })
    .await;
    tokio::task::yield_now().await;
    polled
}

#[tokio::test(start_paused = true)]
async fn a_date_that_cannot_be_kept_stops_a_copy_in_parts_before_it_begins() {
    let live = mock!(Client::head_object).then_http_response(|| {
        let mut answer = stored("v-1", WRONG);
        answer.headers_mut().insert("content-length", LARGE.to_string());
        answer.headers_mut().insert("expires", "never");
        answer
    });
    let mut copy = large();
    copy.version.content.expires = Some("never".to_owned());
    let error = applied(&[&live], copy).await.unwrap_err();
    assert!(error.code.contains("Expires"), "{}", error.code);
}
