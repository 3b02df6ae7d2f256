//! The copy onto itself: what it carries, what holds it back, how it is guarded and undone.

use expect_test::expect;
use model::{Remedy, Response};
use proptest::prelude::*;

use super::*;

#[test]
fn the_copy_is_pinned_guarded_and_keeps_what_s3_does_not_copy() {
    // S-22
    let mut state = live(Encryption::S3, kms(KEY));
    state.version.storage_class = Some("STANDARD_IA".to_owned());
    state.version.website_redirect = Some("/new".to_owned());
    let details = state.details.as_mut().unwrap();
    let logs = "http://acs.amazonaws.com/groups/s3/LogDelivery".to_owned();
    details
        .acl
        .as_mut()
        .unwrap()
        .grants
        .push(Grant { grantee: Grantee::Group { uri: logs }, permission: "READ".to_owned() });
    details.checksums = vec![Checksum { algorithm: "CRC64NVME".to_owned(), composite: false }];
    let operations = UploadRemedy::ReEncrypt(Box::new(copy(&state))).operations();
    let [operation] = operations.as_slice() else { panic!() };
    assert_eq!(operation.operation, "s3:CopyObject");
    expect![[r#"
        {
          "Bucket": "amzn-s3-demo-bucket",
          "Key": "a/b",
          "ExpectedBucketOwner": "111122223333",
          "ServerSideEncryption": "aws:kms",
          "SSEKMSKeyId": "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
          "BucketKeyEnabled": true,
          "StorageClass": "STANDARD_IA",
          "WebsiteRedirectLocation": "/new",
          "GrantFullControl": "id=\"79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be\"",
          "GrantRead": "uri=\"http://acs.amazonaws.com/groups/s3/LogDelivery\"",
          "ChecksumAlgorithm": "CRC64NVME",
          "CopySource": "amzn-s3-demo-bucket/a/b?versionId=v1",
          "CopySourceIfMatch": "\"9bb58f26192e4ba00f01e2e7b136bbd8\"",
          "IfMatch": "\"9bb58f26192e4ba00f01e2e7b136bbd8\"",
          "MetadataDirective": "COPY",
          "TaggingDirective": "COPY"
        }"#]].assert_eq(&serde_json::to_string_pretty(&operation.parameters).unwrap());
}

#[test]
fn an_object_over_five_gigabytes_is_copied_in_parts() {
    let mut state = live(Encryption::S3, kms(KEY));
    state.version.size = Some(COPY_LIMIT);
    assert_eq!(copy(&state).parts(), None);
    state.version.size = Some(COPY_LIMIT + 1);
    let parts = copy(&state).parts().unwrap();
    assert_eq!(parts, Parts { count: 6, size: 1024 * 1024 * 1024 });
    let names: Vec<String> = UploadRemedy::ReEncrypt(Box::new(copy(&state)))
        .operations()
        .into_iter()
        .map(|operation| operation.operation)
        .collect();
    assert_eq!(
        names,
        ["s3:CreateMultipartUpload", "s3:UploadPartCopy", "s3:CompleteMultipartUpload"]
    );
    state.version.missing_metadata = 1;
    assert!(assess(&state)[0].held_back.as_deref().unwrap().contains("metadata"));
}

#[test]
fn the_version_that_stays_behind_is_named() {
    // S-23
    let mut state = live(Encryption::S3, kms(KEY));
    let left = |state: &UploadState| assess(state)[0].evidence.get("left_behind").cloned();
    assert_eq!(left(&state).unwrap()["version_id"], "v1");
    state.details.as_mut().unwrap().versioning = Versioning::Suspended;
    assert!(left(&state).is_some());
    state.version.version_id = Some("null".to_owned());
    assert_eq!(left(&state), None, "the copy replaces the version `null`");
}

#[test]
fn whatever_a_copy_would_lose_or_overwrite_holds_it_back() {
    type Change = fn(&mut UploadState);
    fn details(state: &mut UploadState) -> &mut ObjectDetails {
        state.details.as_mut().unwrap()
    }
    fn restored(state: &mut UploadState, class: &str) {
        state.version.storage_class = Some(class.to_owned());
        let restore = "ongoing-request=\"false\", expiry-date=\"Fri, 21 Dec 2029 00:00:00 GMT\"";
        state.version.restore = Some(restore.to_owned());
    }
    fn grant_to(state: &mut UploadState, group: &str) {
        let uri = format!("http://acs.amazonaws.com/groups/{group}");
        let grant = Grant { grantee: Grantee::Group { uri }, permission: "READ".to_owned() };
        details(state).acl.as_mut().unwrap().grants.push(grant);
    }
    let cases: [(&str, Change); 20] = [
        ("SSE-C", |state| state.version.encryption = Encryption::Customer),
        ("Object Lock", |state| state.version.lock.mode = Some("COMPLIANCE".to_owned())),
        ("Object Lock", |state| state.version.lock.mode = Some("GOVERNANCE".to_owned())),
        ("legal hold", |state| state.version.lock.legal_hold = true),
        ("archived", |state| state.version.storage_class = Some("GLACIER".to_owned())),
        ("archived", |state| {
            state.version.storage_class = Some("DEEP_ARCHIVE".to_owned());
            state.version.restore = Some("ongoing-request=\"true\"".to_owned());
        }),
        ("archived", |state| state.version.archive_status = Some("ARCHIVE_ACCESS".to_owned())),
        // The copy would be archived and not restored: what can be read now no longer could.
        ("archived", |state| restored(state, "GLACIER")),
        ("archived", |state| restored(state, "DEEP_ARCHIVE")),
        ("s3-public-acl", |state| grant_to(state, "global/AllUsers")),
        ("s3-public-acl", |state| grant_to(state, "global/AuthenticatedUsers")),
        ("checksum", |state| {
            state.version.size = Some(COPY_LIMIT + 1);
            details(state).checksums =
                vec![Checksum { algorithm: "SHA256".to_owned(), composite: false }];
        }),
        ("storage class", |state| state.version.storage_class = Some("SNOW".to_owned())),
        ("replica", |state| state.version.replication = Some("REPLICA".to_owned())),
        ("newer version", |state| details(state).current = false),
        ("another account", |state| details(state).bucket_owner = Some("other".to_owned())),
        ("who owns it", |state| details(state).bucket_owner = None),
        ("ACL", |state| details(state).acl = None),
        ("checksum", |state| {
            details(state).checksums =
                vec![Checksum { algorithm: "CRC32".to_owned(), composite: true }];
        }),
        ("cannot be used: Disabled", |state| {
            state.keys = vec![KeyFacts {
                named: KEY.to_owned(),
                arn: Some(KEY.to_owned()),
                problem: Some("Disabled".to_owned()),
            }];
        }),
    ];
    for (reason, change) in cases {
        let mut state = live(Encryption::S3, kms(KEY));
        assert_eq!(assess(&state)[0].held_back, None);
        change(&mut state);
        let findings = assess(&state);
        assert!(findings[0].remedies.is_empty(), "{reason}");
        let held_back = findings[0].held_back.as_deref().unwrap();
        assert!(held_back.contains(reason), "{reason}: {held_back}");
        assert_eq!(findings[0].confidence, Confidence::Certain);
    }
}

#[test]
fn a_key_of_another_region_is_told_and_never_tried() {
    let elsewhere = KEY.replace("eu-west-1", "us-east-1");
    let state = live(Encryption::S3, Encryption::S3);
    let findings = S3UnencryptedUpload.assess(&an_object(), &state, &requiring(&elsewhere));
    assert!(findings[0].remedies.is_empty());
    assert!(findings[0].held_back.as_deref().unwrap().contains("another Region"));
    let findings = S3UnencryptedUpload.assess(&an_object(), &state, &requiring(KEY));
    assert_eq!(findings[0].held_back, None);
}

#[test]
fn what_a_copy_keeps_does_not_hold_it_back() {
    let changes: [fn(&mut UploadState); 4] = [
        |state| state.version.storage_class = Some("GLACIER_IR".to_owned()),
        |state| state.version.replication = Some("COMPLETED".to_owned()),
        |state| {
            let details = state.details.as_mut().unwrap();
            details.ownership = Some(ObjectOwnership::BucketOwnerEnforced);
            details.acl = None;
            details.bucket_owner = None;
        },
        |state| {
            state.details.as_mut().unwrap().checksums =
                vec![Checksum { algorithm: "SHA256".to_owned(), composite: false }];
        },
    ];
    for change in changes {
        let mut state = live(Encryption::S3, kms(KEY));
        change(&mut state);
        assert_eq!(assess(&state)[0].held_back, None);
        assert!(copy(&state).is_executable());
    }
}

#[test]
fn what_goes_on_by_itself_is_no_change() {
    let with = |replication: &str, restore: Option<&str>| {
        let mut state = live(Encryption::S3, kms(KEY));
        state.version.replication = Some(replication.to_owned());
        state.version.restore = restore.map(str::to_owned);
        (json!(state), json!(assess(&state)[0].remedies))
    };
    let seen = with("PENDING", None);
    assert_eq!(seen, with("COMPLETED", Some("ongoing-request=\"true\"")));
    assert_eq!(seen, with("FAILED", Some("ongoing-request=\"false\"")));
    assert_ne!(seen.0, with("REPLICA", None).0, "that it is a replica stays");
    let read: UploadState = serde_json::from_value(seen.0).unwrap();
    assert_eq!(read, live(Encryption::S3, kms(KEY)));
}

#[test]
fn a_copy_in_parts_keeps_a_checksum_over_the_whole() {
    let mut state = live(Encryption::S3, kms(KEY));
    state.version.size = Some(COPY_LIMIT + 1);
    for algorithm in ["CRC32", "CRC32C", "CRC64NVME"] {
        let checksum = Checksum { algorithm: algorithm.to_owned(), composite: false };
        state.details.as_mut().unwrap().checksums = vec![checksum];
        let operations = UploadRemedy::ReEncrypt(Box::new(copy(&state))).operations();
        assert_eq!(operations[0].parameters["ChecksumAlgorithm"], algorithm);
        assert_eq!(operations[0].parameters["ChecksumType"], "FULL_OBJECT");
    }
    state.details.as_mut().unwrap().checksums = Vec::new();
    let operations = UploadRemedy::ReEncrypt(Box::new(copy(&state))).operations();
    assert_eq!(operations[0].parameters.get("ChecksumType"), None);
}

#[test]
fn a_copy_that_only_a_record_speaks_for_is_shown_and_never_made() {
    let target = an_object();
    let state = S3UnencryptedUpload.project(&event(&under_s3()), &target).unwrap();
    let findings = S3UnencryptedUpload.assess(&target, &state, &requiring(KEY));
    let [UploadRemedy::ReEncrypt(copy)] = findings[0].remedies.as_slice() else { panic!() };
    assert!(!copy.is_executable());
}

#[test]
fn a_copy_admits_only_the_version_it_was_made_for() {
    let state = live(Encryption::S3, kms(KEY));
    let copy = copy(&state);
    assert_eq!(copy.admits(&state.version), Ok(()));
    let changed = |change: fn(&mut StoredVersion)| {
        let mut version = state.version.clone();
        change(&mut version);
        copy.admits(&version)
    };
    assert_eq!(changed(|version| version.etag = Some("\"new\"".to_owned())), Err("ETag"));
    assert_eq!(changed(|version| version.version_id = None), Err("version id"));
    assert_eq!(changed(|version| version.size = Some(1)), Err("size"));
    assert_eq!(changed(|version| version.encryption = Encryption::None), Err("encryption"));
    assert_eq!(
        changed(|version| {
            version.metadata.insert("a".to_owned(), "b".to_owned());
        }),
        Err("metadata")
    );
    assert_eq!(changed(|version| version.lock.legal_hold = true), Err("object lock"));
}

#[test]
fn the_inverse_goes_back_to_the_former_key_where_there_was_one() {
    let state = live(kms(OTHER_KEY), kms(KEY));
    let remedy = UploadRemedy::ReEncrypt(Box::new(copy(&state)));
    let Some(UploadRemedy::ReEncrypt(inverse)) = remedy.inverse() else { panic!() };
    assert_eq!((&inverse.from, &inverse.to), (&kms(KEY), &kms(OTHER_KEY)));
    let mut left = state.version.clone();
    left.encryption = kms(KEY);
    left.etag = Some("\"of the copy\"".to_owned());
    left.version_id = Some("v2".to_owned());
    assert_eq!(inverse.admits(&left), Ok(()));
    left.size = Some(1);
    assert_eq!(inverse.admits(&left), Err("size"), "somebody has written since");

    let unencrypted = UploadRemedy::ReEncrypt(Box::new(copy(&live(Encryption::None, kms(KEY)))));
    assert_eq!(unencrypted.inverse(), None, "S3 stores nothing unencrypted any more");
}

fn encryptions() -> impl Strategy<Value = Encryption> {
    prop_oneof![
        Just(Encryption::None),
        Just(Encryption::S3),
        Just(kms(KEY)),
        Just(kms(OTHER_KEY)),
        Just(twice(KEY)),
        Just(kms(STRANGERS_KEY)),
        Just(Encryption::Customer),
    ]
}

fn defaults() -> impl Strategy<Value = Encryption> {
    prop_oneof![Just(Encryption::S3), Just(kms(KEY)), Just(twice(KEY)), Just(kms(OTHER_KEY))]
}

proptest! {
    #[test]
    fn a_re_encrypted_object_is_as_required(stored in encryptions(), default in defaults()) {
        let state = live(stored, default);
        for finding in assess(&state) {
            for remedy in &finding.remedies {
                prop_assert_eq!(remedy.needs(), Response::Revert);
                let UploadRemedy::ReEncrypt(copy) = remedy else { panic!() };
                prop_assert_eq!(copy.admits(&state.version), Ok(()));
                let mut mended = state.clone();
                mended.version.encryption = copy.to.clone();
                prop_assert_eq!(assess(&mended), []);
            }
        }
    }
}
