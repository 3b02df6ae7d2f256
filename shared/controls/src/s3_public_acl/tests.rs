//! The eight cases every control owes, the forms ACLs come in, and the properties of the remedy.
#![expect(clippy::needless_raw_string_hashes, reason = "`UPDATE_EXPECT` writes them so")]

use std::collections::BTreeSet;

use expect_test::{Expect, expect};
use model::{Remedy, ResourceId, Response, Status, Trust};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{
    AnyControl, NotMine,
    s3::PublicAccessBlock,
    test_support::{Given, STRANGER, event, judge, native, record, target, told, with},
};

const S3: &str = "s3.amazonaws.com";
const OWNER: &str = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be";
const OTHER: &str = "b2c9a7f04d1e4b6c8a3f5e7d9c0b1a2e3d4f5a6b7c8d9e0f1a2b3c4d5e6f7a8b";
const ALL: &str = "http://acs.amazonaws.com/groups/global/AllUsers";
const AUTHENTICATED: &str = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers";
const LOG_DELIVERY: &str = "http://acs.amazonaws.com/groups/s3/LogDelivery";

fn check(record: &Value, expected: &Expect) {
    expected.assert_eq(&told(&judge(&S3PublicAcl, record, &Trust::default())));
}

fn codes(record: &Value) -> Vec<String> {
    let judged = judge(&S3PublicAcl, record, &Trust::default());
    judged.findings.into_iter().map(|finding| finding.code).collect()
}

fn bucket_acl(parameters: &Value) -> Value {
    let mut all = json!({"bucketName": "amzn-s3-demo-bucket", "acl": ""});
    all.as_object_mut().unwrap().extend(parameters.as_object().unwrap().clone());
    record(S3, "PutBucketAcl", all)
}

#[expect(clippy::needless_pass_by_value, reason = "`json!` at the call reads better")]
fn body(grants: Value) -> Value {
    json!({"AccessControlPolicy": {"Owner": {"ID": OWNER}, "AccessControlList": {"Grant": grants}}})
}

fn to_user(id: &str, permission: &str) -> Value {
    json!({"Grantee": {"xsi:type": "CanonicalUser", "ID": id}, "Permission": permission})
}

fn to_group(uri: &str, permission: &str) -> Value {
    json!({"Grantee": {"xsi:type": "Group", "URI": uri}, "Permission": permission})
}

fn user(id: &str, permission: &str) -> Grant {
    Grant {
        grantee: Grantee::CanonicalUser { id: id.to_owned() },
        permission: permission.to_owned(),
    }
}

fn group(uri: &str, permission: &str) -> Grant {
    Grant { grantee: Grantee::Group { uri: uri.to_owned() }, permission: permission.to_owned() }
}

fn live(grants: Vec<Grant>) -> AclState {
    AclState::of(Acl { owner: Some(OWNER.to_owned()), grants })
}

fn a_bucket() -> Target {
    target(&S3PublicAcl, &bucket_acl(&json!({"x-amz-acl": "private"})))
}

// Each event name that can raise the question.

#[test]
fn a_canned_public_acl_is_undone_for_the_owner_alone() {
    check(
        &bucket_acl(&json!({"x-amz-acl": "public-read"})),
        &expect![[r#"
            finding arn:aws:s3:::amzn-s3-demo-bucket
            acl-public:AllUsers:READ certain
              the bucket's ACL gives everyone the right to read
              s3:PutBucketAcl {"Bucket":"amzn-s3-demo-bucket","ExpectedBucketOwner":"111122223333","AccessControlPolicy":{"Owner":{"ID":"(the owner's canonical user id, not in the record)"},"Grants":[{"Grantee":{"Type":"CanonicalUser","ID":"(the owner's canonical user id, not in the record)"},"Permission":"FULL_CONTROL"}]}}
        "#]],
    );
}

#[test]
fn a_body_loses_its_public_grants_and_nothing_else() {
    check(
        &bucket_acl(&body(json!([
            to_user(OWNER, "FULL_CONTROL"),
            to_group(LOG_DELIVERY, "WRITE"),
            to_group(ALL, "READ"),
        ]))),
        &expect![[r#"
            finding arn:aws:s3:::amzn-s3-demo-bucket
            acl-public:AllUsers:READ certain
              the bucket's ACL gives everyone the right to read
              s3:PutBucketAcl {"Bucket":"amzn-s3-demo-bucket","ExpectedBucketOwner":"111122223333","AccessControlPolicy":{"Owner":{"ID":"79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"},"Grants":[{"Grantee":{"Type":"CanonicalUser","ID":"79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"},"Permission":"FULL_CONTROL"},{"Grantee":{"Type":"Group","URI":"http://acs.amazonaws.com/groups/s3/LogDelivery"},"Permission":"WRITE"}]}}
        "#]],
    );
}

#[test]
fn every_event_name_leads_to_a_target_or_says_why_not() {
    let object =
        json!({"bucketName": "amzn-s3-demo-bucket", "key": "a/b", "x-amz-acl": "public-read"});
    let bucket = json!({"bucketName": "amzn-s3-demo-bucket", "x-amz-acl": "public-read"});
    let detail = json!({"bucket": {"name": "amzn-s3-demo-bucket"}, "object": {"key": "a/b", "version-id": "v1"}});
    for subscription in AnyControl::subscriptions(&S3PublicAcl) {
        let name = subscription.event_name;
        let (record, arn) = match name {
            "Object ACL Updated" => (native(name, &detail), "arn:aws:s3:::amzn-s3-demo-bucket/a/b"),
            "PutObject"
            | "PostObject"
            | "CopyObject"
            | "PutObjectAcl"
            | "CompleteMultipartUpload" => {
                (record(S3, name, object.clone()), "arn:aws:s3:::amzn-s3-demo-bucket/a/b")
            }
            _ => (record(S3, name, bucket.clone()), "arn:aws:s3:::amzn-s3-demo-bucket"),
        };
        assert_eq!(target(&S3PublicAcl, &record).resource.arn, arn, "{name}");
    }
}

#[test]
fn an_upload_is_asked_about_only_where_it_grants_something_beyond_the_owners() {
    let upload = |extra: Value| {
        let mut parameters = json!({"bucketName": "amzn-s3-demo-bucket", "key": "k"});
        parameters.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        S3PublicAcl.triage(&event(&record(S3, "PutObject", parameters)))
    };
    for quiet in [
        json!({}),
        json!({"x-amz-acl": "private"}),
        json!({"x-amz-acl": ["bucket-owner-full-control"]}),
        json!({"x-amz-acl": "bucket-owner-read"}),
    ] {
        assert_eq!(upload(quiet.clone()), Triage::NotMine(NotMine::NothingToAsk), "{quiet}");
    }
    for loud in [
        json!({"x-amz-acl": "public-read"}),
        json!({"x-amz-acl": ["authenticated-read"]}),
        json!({"x-amz-acl": "a-word-from-the-future"}),
        json!({"accessControlList": {"x-amz-grant-read": format!("uri=\"{ALL}\"")}}),
        json!({"AccessControlList": {"x_amz_grant_full_control": format!("id={OTHER}")}}),
        json!({"x-amz-grant-read": format!("uri={ALL}")}),
        json!({"x-amz-acl": "private", "x-amz-grant-read": format!("uri={ALL}")}),
    ] {
        assert!(matches!(upload(loud.clone()), Triage::Mine(_)), "{loud}");
    }
    for empty in [json!({"accessControlList": ""}), json!({"accessControlList": [""], "acl": [""]})]
    {
        assert_eq!(upload(empty.clone()), Triage::NotMine(NotMine::NothingToAsk), "{empty}");
    }
}

#[test]
fn an_upload_in_parts_is_looked_at_since_its_acl_was_asked_for_before() {
    let parameters = json!({"bucketName": "amzn-s3-demo-bucket", "key": "a/b", "uploadId": "u"});
    let done = record(S3, "CompleteMultipartUpload", parameters);
    let done = with(done, "responseElements", json!({"x-amz-version-id": "v7"}));
    let judged = judge(&S3PublicAcl, &done, &Trust::default());
    assert_eq!(
        (judged.status, judged.reason.as_deref()),
        (Status::Unclear, Some("state_not_in_record"))
    );
    let ResourceId::Object { version_id, .. } = judged.target.unwrap().resource.id else {
        panic!()
    };
    assert_eq!(version_id.as_deref(), Some("v7"));
    let acl = json!({"GetObjectAcl": {"Owner": {"ID": OWNER}, "Grants": [
        {"Grantee": {"Type": "Group", "URI": ALL}, "Permission": "READ"}]}});
    let states = Given::one("arn:aws:s3:::amzn-s3-demo-bucket/a/b", acl);
    let judged = AnyControl::judge(&S3PublicAcl, &event(&done), &states, &Trust::default());
    assert_eq!(judged.findings[0].code, "acl-public:AllUsers:READ");
}

// The call failed.

#[test]
fn a_refused_call_is_ignored() {
    let refused =
        with(bucket_acl(&json!({"x-amz-acl": "public-read"})), "errorCode", json!("AccessDenied"));
    check(
        &refused,
        &expect![[r#"
        ignored (call_failed)
    "#]],
    );
}

// The state is already right.

#[test]
fn leaves_a_bucket_with_a_private_acl_alone() {
    for quiet in [
        bucket_acl(&json!({"x-amz-acl": "private"})),
        bucket_acl(&json!({"x-amz-acl": ["log-delivery-write"]})),
        bucket_acl(&body(to_user(OWNER, "FULL_CONTROL"))),
        record(S3, "CreateBucket", json!({"bucketName": "amzn-s3-demo-bucket"})),
        record(
            S3,
            "PutBucketOwnershipControls",
            json!({"bucketName": "amzn-s3-demo-bucket", "ownershipControls": "",
                "OwnershipControls": {"Rule": {"ObjectOwnership": "BucketOwnerEnforced"}}}),
        ),
    ] {
        assert_eq!(judge(&S3PublicAcl, &quiet, &Trust::default()).status, Status::Clean, "{quiet}");
    }
}

#[test]
fn grants_that_aws_itself_put_there_are_fine() {
    let state = live(vec![
        user(OWNER, "FULL_CONTROL"),
        user("c4c1ede66af53448b93c283ce9448c4ba468c9432aa01d700d3878632f77d2d0", "FULL_CONTROL"),
        group(LOG_DELIVERY, "WRITE"),
        group(LOG_DELIVERY, "READ_ACP"),
    ]);
    assert_eq!(S3PublicAcl.assess(&a_bucket(), &state, &Trust::default()), []);
}

// Caused by our own role: the state is judged all the same.

#[test]
fn a_change_by_our_own_role_is_judged_like_any_other() {
    let ours = |acl: &str| {
        with(
            bucket_acl(&json!({"x-amz-acl": acl})),
            "userIdentity",
            json!({"type": "AssumedRole",
                "arn": "arn:aws:sts::111122223333:assumed-role/snapback-s3-public-acl/x",
                "sessionContext": {"sessionIssuer": {
                    "arn": "arn:aws:iam::111122223333:role/snapback-s3-public-acl"}}}),
        )
    };
    let status = |record| judge(&S3PublicAcl, &record, &Trust::default()).status;
    assert_eq!(status(ours("private")), Status::Clean);
    assert_eq!(status(ours("public-read")), Status::Finding);
}

// Excepted: exceptions are the policy's, the finding is there for it to decide on.

#[test]
fn a_protected_bucket_is_found_like_any_other() {
    let trust = Trust { protected_resources: vec!["*".to_owned()], ..Trust::default() };
    let judged = judge(&S3PublicAcl, &bucket_acl(&json!({"x-amz-acl": "public-read"})), &trust);
    assert_eq!(judged.status, Status::Finding);
}

// Parameters malformed or absent.

#[test]
fn parameters_that_name_no_bucket_are_told_and_not_acted_on() {
    for parameters in [
        json!(null),
        json!({}),
        json!({"bucketName": ""}),
        json!({"bucketName": ["a", "b"]}),
        json!({"omitted": true, "originalSize": 120_000}),
        json!("cut off"),
    ] {
        let judged =
            judge(&S3PublicAcl, &record(S3, "PutBucketAcl", parameters.clone()), &Trust::default());
        assert_eq!(judged.status, Status::Unclear, "{parameters}");
        let [finding] = judged.findings.as_slice() else { panic!("{parameters}") };
        assert_eq!(finding.code, "evidence-unreadable");
        assert_eq!(finding.confidence, Confidence::Unclear);
        assert!(finding.remedies.is_empty());
    }
}

#[test]
fn a_body_that_cannot_be_read_is_told_and_what_can_be_read_of_it_is_judged() {
    let cut = bucket_acl(&json!({"AccessControlPolicy": "cut off"}));
    assert_eq!(codes(&cut), ["evidence-unreadable"]);
    let half = bucket_acl(&body(json!([to_group(ALL, "READ"), 7])));
    let judged = judge(&S3PublicAcl, &half, &Trust::default());
    let found: Vec<_> = judged.findings.iter().map(|finding| finding.code.as_str()).collect();
    assert_eq!(found, ["acl-public:AllUsers:READ", "evidence-unreadable"]);
    assert!(judged.findings.iter().all(|finding| finding.remedies.is_empty()));
}

#[test]
fn no_part_of_an_acl_that_cannot_be_read_ends_as_clean() {
    let with_object = |parameters: &Value| {
        let mut all = json!({"bucketName": "amzn-s3-demo-bucket", "key": "k"});
        all.as_object_mut().unwrap().extend(parameters.as_object().unwrap().clone());
        all
    };
    let told = |name: &str, record: &Value| {
        let judged = judge(&S3PublicAcl, record, &Trust::default());
        let found: Vec<_> = judged.findings.iter().map(|finding| finding.code.as_str()).collect();
        assert!(found.contains(&"evidence-unreadable"), "{name} {record}: {judged:?}");
        assert!(judged.findings.iter().all(|finding| finding.remedies.is_empty()));
    };
    for parameters in [
        json!({"accessControlList": format!("x-amz-grant-read=uri={ALL}")}),
        json!({"accessControlList": [{"x-amz-grant-read": format!("uri={ALL}")},
            {"x-amz-grant-write": format!("uri={ALL}")}]}),
        json!({"accessControlList": {"x-amz-grant-read": {"uri": ALL}}}),
        json!({"accessControlList": [{"x-amz-grant-read": {"uri": ALL}}]}),
        json!({"x-amz-acl": 1}),
        json!({"x-amz-acl": true}),
        json!({"x-amz-acl": "a-word-from-the-future"}),
        json!({"x-amz-grant-everything": format!("uri={ALL}")}),
        json!({"AccessControlPolicy": ""}),
        json!({"AccessControlPolicy": {"Owner": {"ID": OWNER}}}),
        json!({"AccessControlPolicy": {"Grantees": [{"URI": ALL}]}}),
    ] {
        told("PutBucketAcl", &bucket_acl(&parameters));
        for name in ["PutObject", "CopyObject", "PutObjectAcl"] {
            told(name, &record(S3, name, with_object(&parameters)));
        }
    }
    for acl in [json!("a-word-from-the-future"), json!({"x": 1}), json!(["private", "public-read"])]
    {
        told("PostObject", &record(S3, "PostObject", with_object(&json!({"acl": acl}))));
    }
    let padded = bucket_acl(&json!({"x-amz-acl": " public-read "}));
    assert_eq!(codes(&padded), ["acl-public:AllUsers:READ"]);
    for null in [json!({"accessControlList": null}), json!({"x-amz-grant-read": null})] {
        let judged = judge(&S3PublicAcl, &bucket_acl(&null), &Trust::default());
        assert_eq!(judged.reason.as_deref(), Some("state_not_in_record"), "{null}");
    }
}

#[test]
fn a_canned_acl_clears_no_grant_beside_it() {
    let parameters = json!({"bucketName": "amzn-s3-demo-bucket", "key": "k",
        "x-amz-acl": "private", "x-amz-grant-read": format!("uri={ALL}")});
    let found = codes(&record(S3, "PutObject", parameters));
    assert_eq!(found, ["acl-public:AllUsers:READ"]);
}

#[test]
fn a_record_that_tells_no_acl_leaves_the_question_open() {
    for silent in [
        bucket_acl(&json!({})),
        record(S3, "DeleteBucketPublicAccessBlock", json!({"bucketName": "amzn-s3-demo-bucket"})),
        record(S3, "DeleteBucketOwnershipControls", json!({"bucketName": "amzn-s3-demo-bucket"})),
    ] {
        let judged = judge(&S3PublicAcl, &silent, &Trust::default());
        assert_eq!(judged.status, Status::Unclear);
        assert_eq!(judged.reason.as_deref(), Some("state_not_in_record"));
        assert!(judged.findings.is_empty() && !judged.would_read.is_empty());
    }
}

// The resource gone.

#[test]
fn what_is_gone_has_nothing_wrong_with_it() {
    let gone = Given::one("arn:aws:s3:::amzn-s3-demo-bucket", Value::Null);
    let record = bucket_acl(&json!({"x-amz-acl": "public-read"}));
    let judged = AnyControl::judge(&S3PublicAcl, &event(&record), &gone, &Trust::default());
    assert_eq!(judged.status, Status::Clean);
    assert_eq!(judged.reason.as_deref(), Some("gone"));
}

// Another partition.

#[test]
fn arns_are_of_the_partition_of_the_region() {
    for (region, arn) in [
        ("us-gov-west-1", "arn:aws-us-gov:s3:::amzn-s3-demo-bucket"),
        ("cn-north-1", "arn:aws-cn:s3:::amzn-s3-demo-bucket"),
    ] {
        let record =
            with(bucket_acl(&json!({"x-amz-acl": "public-read"})), "awsRegion", json!(region));
        let judged = judge(&S3PublicAcl, &record, &Trust::default());
        assert_eq!(judged.target.unwrap().resource.arn, arn);
        assert_eq!(judged.findings.len(), 1);
    }
}

// Whose bucket it is.

#[test]
fn our_own_bucket_is_ours_though_a_stranger_made_the_call() {
    let resources = json!([{"accountId": "111122223333", "type": "AWS::S3::Bucket",
        "ARN": "arn:aws:s3:::amzn-s3-demo-bucket"}]);
    let opened = with(bucket_acl(&json!({"x-amz-acl": "public-read"})), "resources", resources);
    let stranger = json!({"type": "AWSAccount", "principalId": "AROAX:s", "accountId": STRANGER});
    let mut bare = with(opened, "userIdentity", stranger);
    bare.as_object_mut().unwrap().remove("recipientAccountId");
    let judged = judge(&S3PublicAcl, &bare, &Trust::default());
    assert_eq!(judged.findings[0].code, "acl-public:AllUsers:READ");
    assert_eq!(judged.target.unwrap().resource.account.as_str(), "111122223333");
    let theirs = with(bare.clone(), "recipientAccountId", json!(STRANGER));
    assert_eq!(S3PublicAcl.triage(&event(&theirs)), Triage::NotMine(NotMine::NotCovered));
    let envelope = json!({"detail-type": "AWS API Call via CloudTrail", "source": "aws.s3",
        "account": STRANGER, "detail": bare});
    assert_eq!(S3PublicAcl.triage(&event(&envelope)), Triage::NotMine(NotMine::NotCovered));
}

#[test]
fn a_call_through_an_access_point_is_about_the_object_that_resources_name() {
    let point = "arn:aws:s3:eu-west-1:111122223333:accesspoint/site";
    let object = json!({"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::amzn-s3-demo-bucket/a/b"});
    let source = json!({"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::amzn-s3-demo-other/c"});
    let same = json!({"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::amzn-s3-demo-other/a/b"});
    let bucket = json!({"accountId": "111122223333", "type": "AWS::S3::Bucket",
        "ARN": "arn:aws:s3:::amzn-s3-demo-bucket"});
    let door = json!({"accountId": "111122223333", "type": "AWS::S3::AccessPoint", "ARN": point});
    let named = |name: &str, resources: &[&Value]| {
        let parameters = json!({"bucketName": name, "key": "a/b", "x-amz-acl": "public-read"});
        let record = with(record(S3, "PutObject", parameters), "resources", json!(resources));
        judge(&S3PublicAcl, &record, &Trust::default())
    };
    for name in [point, "site-8fq2example-s3alias"] {
        for resources in [&[&object, &bucket, &door][..], &[&source, &door, &object]] {
            let judged = named(name, resources);
            assert_eq!(judged.findings[0].code, "acl-public:AllUsers:READ");
            let arn = judged.target.unwrap().resource.arn;
            assert_eq!(arn, "arn:aws:s3:::amzn-s3-demo-bucket/a/b");
        }
        for resources in [&[&bucket, &door][..], &[&object, &same], &[&source], &[]] {
            assert_eq!(named(name, resources).findings[0].code, "evidence-unreadable");
        }
    }
}

// Forms.

#[test]
fn header_grants_are_read_under_either_spelling_and_quoting() {
    for parameters in [
        json!({"accessControlList": {"x-amz-grant-read": format!("uri=\"{ALL}\"")}}),
        json!({"AccessControlList": {"x_amz_grant_read": format!("uri={ALL}")}}),
        json!({"x-amz-grant-read": [format!("uri=\"{ALL}\", id=\"{OWNER}\"")]}),
    ] {
        let found = codes(&bucket_acl(&parameters));
        assert!(found.contains(&"acl-public:AllUsers:READ".to_owned()), "{parameters}: {found:?}");
    }
}

#[test]
fn every_permission_of_either_group_is_its_own_finding() {
    let permissions = ["FULL_CONTROL", "READ", "READ_ACP", "WRITE", "WRITE_ACP"];
    for (uri, name) in [(ALL, "AllUsers"), (AUTHENTICATED, "AuthenticatedUsers")] {
        for permission in permissions {
            let found = codes(&bucket_acl(&body(to_group(uri, permission))));
            assert_eq!(found, [format!("acl-public:{name}:{permission}")]);
        }
    }
}

#[test]
fn a_stranger_is_told_from_the_owner_the_buckets_owner_and_those_we_trust() {
    let state = live(vec![user(OWNER, "FULL_CONTROL"), user(OTHER, "READ")]);
    let found = |state: &AclState, trust: &Trust| S3PublicAcl.assess(&a_bucket(), state, trust);
    let findings = found(&state, &Trust::default());
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].code, "acl-cross-account");
    assert_eq!(findings[0].confidence, Confidence::Certain);
    let trust = Trust { trusted_canonical_ids: [OTHER.to_owned()].into(), ..Trust::default() };
    assert_eq!(found(&state, &trust), []);
    let owned = AclState { bucket_owner: Some(OTHER.to_owned()), ..state };
    assert_eq!(found(&owned, &Trust::default()), []);
}

#[test]
fn an_account_beside_an_owner_that_is_not_told_is_only_probably_a_stranger() {
    let headers =
        json!({"accessControlList": {"x-amz-grant-full-control": format!("id=\"{OTHER}\"")}});
    let judged = judge(&S3PublicAcl, &bucket_acl(&headers), &Trust::default());
    assert_eq!(judged.findings[0].code, "acl-cross-account");
    assert_eq!(judged.findings[0].confidence, Confidence::Probable);
}

// Switches.

#[test]
fn a_grant_is_not_effective_where_public_acls_are_ignored_or_off() {
    let grants = vec![user(OWNER, "FULL_CONTROL"), group(ALL, "READ")];
    let assess = |state: AclState| S3PublicAcl.assess(&a_bucket(), &state, &Trust::default());
    let ignored = PublicAccessBlock { ignore_public_acls: true, ..PublicAccessBlock::default() };
    let findings = assess(AclState { block: Some(ignored), ..live(grants.clone()) });
    assert!(!findings[0].effective && !findings[0].remedies.is_empty());

    let blocked = PublicAccessBlock { block_public_acls: true, ..PublicAccessBlock::default() };
    let findings = assess(AclState { block: Some(blocked), ..live(grants.clone()) });
    assert!(findings[0].effective, "refusing new grants leaves old ones working");

    let off = Some(ObjectOwnership::BucketOwnerEnforced);
    let findings = assess(AclState { ownership: off, ..live(grants) });
    assert!(!findings[0].effective && findings[0].remedies.is_empty());
    assert!(findings[0].held_back.as_deref().unwrap().contains("BucketOwnerEnforced"));
}

/// S-5.
#[test]
fn what_rests_on_a_read_that_was_denied_is_unclear_and_says_so() {
    const BLOCK: &str = "s3:GetPublicAccessBlock";
    const OWNERSHIP: &str = "s3:GetBucketOwnershipControls";
    const OWNER_OF_BUCKET: &str = "s3:GetBucketAcl";
    let public = || live(vec![group(ALL, "READ")]);
    let stranger = || live(vec![user(OTHER, "READ")]);
    let (certain, unclear) = (Confidence::Certain, Confidence::Unclear);
    for (state, denied, expected) in [
        (public(), BLOCK, unclear),
        (public(), OWNERSHIP, unclear),
        (public(), OWNER_OF_BUCKET, certain),
        (stranger(), BLOCK, certain),
        (stranger(), OWNERSHIP, unclear),
        (stranger(), OWNER_OF_BUCKET, unclear),
    ] {
        let denials = [(denied.to_owned(), "AccessDenied".to_owned())].into();
        let state = AclState { denied: denials, ..state };
        let [finding] =
            S3PublicAcl.assess(&a_bucket(), &state, &Trust::default()).try_into().unwrap();
        assert_eq!(finding.confidence, expected, "{denied}");
        let told = finding.evidence.get("not_readable");
        assert_eq!(told.is_some(), expected == unclear, "{denied}");
        assert!(told.is_none_or(|told| told[denied] == "AccessDenied"));
        let read: AclState = serde_json::from_value(json!(state)).unwrap();
        assert_eq!(read, state);
    }
    // Where one switch is known to silence the grant, the other does not matter.
    let off = AclState {
        ownership: Some(ObjectOwnership::BucketOwnerEnforced),
        denied: [(BLOCK.to_owned(), "AccessDenied".to_owned())].into(),
        ..public()
    };
    let finding = &S3PublicAcl.assess(&a_bucket(), &off, &Trust::default())[0];
    assert!(!finding.effective && finding.confidence == certain);
}

#[test]
fn ignoring_public_acls_does_not_silence_a_grant_to_a_stranger() {
    let ignored = PublicAccessBlock { ignore_public_acls: true, ..PublicAccessBlock::default() };
    let state = AclState { block: Some(ignored), ..live(vec![user(OTHER, "READ")]) };
    assert!(S3PublicAcl.assess(&a_bucket(), &state, &Trust::default())[0].effective);
}

#[test]
fn supplied_states_say_what_a_record_cannot() {
    let arn = "arn:aws:s3:::amzn-s3-demo-bucket";
    let record = bucket_acl(&json!({"x-amz-acl": "public-read"}));
    let judged = |responses: Value| {
        AnyControl::judge(
            &S3PublicAcl,
            &event(&record),
            &Given::one(arn, responses),
            &Trust::default(),
        )
    };
    let ignored = judged(json!({"GetPublicAccessBlock":
        {"PublicAccessBlockConfiguration": {"IgnorePublicAcls": true}}}));
    assert!(!ignored.findings[0].effective);
    let mended = judged(json!({"GetBucketAcl": {"Owner": {"ID": OWNER}, "Grants":
        [{"Grantee": {"Type": "CanonicalUser", "ID": OWNER}, "Permission": "FULL_CONTROL"}]}}));
    assert_eq!(mended.status, Status::Clean, "the live state is judged, not the record");
    for nonsense in [json!(7), json!({}), json!({"Statement": []}), json!({"Owner": {"ID": OWNER}})]
    {
        let judged = judged(json!({"GetBucketAcl": nonsense}));
        assert_eq!(judged.findings[0].code, "evidence-unreadable", "{nonsense}");
    }
}

// Remedies.

#[test]
fn remedies_of_one_list_join_into_one_write() {
    let state =
        live(vec![user(OWNER, "FULL_CONTROL"), group(ALL, "READ"), group(AUTHENTICATED, "WRITE")]);
    let findings = S3PublicAcl.assess(&a_bucket(), &state, &Trust::default());
    let joined = findings[0].remedies[0].join(&findings[1].remedies[0]).unwrap();
    let AclRemedy::PutAcl { before, after, .. } = &joined else { panic!() };
    assert_eq!(before, &state.acl);
    assert_eq!(after.grants, [user(OWNER, "FULL_CONTROL")]);
    assert_eq!(joined.join(&joined.inverse().unwrap()), None, "an inverse is of another state");
    let mut gives = joined.clone();
    if let AclRemedy::PutAcl { after, .. } = &mut gives {
        after.grants.push(user(OTHER, "READ"));
    }
    assert_eq!(gives.join(&joined), None, "only what takes away can be joined");
    assert_eq!(joined.join(&gives), None);
}

#[test]
fn tagging_keeps_every_other_tag_and_stops_at_the_limit() {
    // S-29
    let resource = a_bucket().resource;
    let ours: Tags = [("snapback:at".to_owned(), "now".to_owned())].into();
    let theirs: Tags = (0..49).map(|n| (format!("k{n}"), String::new())).collect();
    let AclRemedy::PutTags { after, .. } = S3PublicAcl.tag(&resource, &theirs, &ours).unwrap()
    else {
        panic!()
    };
    assert!(theirs.iter().all(|(key, value)| after.get(key) == Some(value)));
    assert_eq!(after.len(), 50);
    let full: Tags = (0..50).map(|n| (format!("k{n}"), String::new())).collect();
    assert!(S3PublicAcl.tag(&resource, &full, &ours).unwrap_err().contains("50"));
    let object = Resource::object("b", "k", None, "111122223333".into(), "eu-west-1");
    let ten: Tags = (0..10).map(|n| (format!("k{n}"), String::new())).collect();
    assert!(S3PublicAcl.tag(&object, &ten, &ours).is_err());
}

#[test]
fn the_declared_writes_are_those_of_its_remedies() {
    let account = || a_bucket().resource.account;
    let object = |version| Resource::object("b", "k", version, account(), "eu-west-1");
    let ours: Tags = [("snapback:at".to_owned(), "now".to_owned())].into();
    let mut used = BTreeSet::new();
    for resource in [a_bucket().resource, object(None), object(Some("v".to_owned()))] {
        let tag = S3PublicAcl.tag(&resource, &Tags::new(), &ours).unwrap();
        let state = live(vec![group(ALL, "READ")]);
        let findings = S3PublicAcl.assess(&Target::from(resource), &state, &Trust::default());
        used.extend(tag.iam_actions().iter().chain(findings[0].remedies[0].iam_actions()));
    }
    assert_eq!(used, Control::write_actions(&S3PublicAcl).iter().collect());
}

fn grants() -> impl Strategy<Value = Vec<Grant>> {
    let grantee = prop_oneof![
        Just(Grantee::CanonicalUser { id: OWNER.to_owned() }),
        Just(Grantee::CanonicalUser { id: OTHER.to_owned() }),
        Just(Grantee::Group { uri: ALL.to_owned() }),
        Just(Grantee::Group { uri: AUTHENTICATED.to_owned() }),
        Just(Grantee::Group { uri: LOG_DELIVERY.to_owned() }),
    ];
    let permission =
        prop::sample::select(vec!["FULL_CONTROL", "READ", "WRITE", "READ_ACP", "WRITE_ACP"]);
    let grant = (grantee, permission)
        .prop_map(|(grantee, permission)| Grant { grantee, permission: permission.to_owned() });
    prop::collection::vec(grant, 0..12)
}

fn is_public(grant: &Grant) -> bool {
    matches!(&grant.grantee, Grantee::Group { uri } if uri == ALL || uri == AUTHENTICATED)
}

proptest! {
    // S-19, S-23
    #[test]
    fn mending_every_public_finding_leaves_exactly_the_other_grants(grants in grants()) {
        let state = live(grants.clone());
        let remedy = S3PublicAcl
            .assess(&a_bucket(), &state, &Trust::default())
            .into_iter()
            .filter(|finding| finding.code.starts_with("acl-public:"))
            .flat_map(|finding| finding.remedies)
            .reduce(|one, other| one.join(&other).unwrap());
        let others: Vec<Grant> = grants.iter().filter(|grant| !is_public(grant)).cloned().collect();
        prop_assert_eq!(remedy.is_some(), others.len() != grants.len());
        if let Some(AclRemedy::PutAcl { after, before, .. }) = &remedy {
            prop_assert_eq!(&after.grants, &others);
            prop_assert_eq!(&after.owner, &before.owner);
            prop_assert!(after.is_writable());
            let again = S3PublicAcl.assess(
                &a_bucket(), &AclState::of(after.clone()), &Trust::default());
            prop_assert!(again.iter().all(|finding| !finding.code.starts_with("acl-public:")));
        }
    }

    #[test]
    fn one_remedy_mends_its_own_finding_and_no_other(grants in grants()) {
        let findings = S3PublicAcl.assess(&a_bucket(), &live(grants), &Trust::default());
        for finding in &findings {
            let [AclRemedy::PutAcl { after, .. }] = finding.remedies.as_slice() else { panic!() };
            let left: Vec<_> = S3PublicAcl
                .assess(&a_bucket(), &AclState::of(after.clone()), &Trust::default())
                .into_iter().map(|finding| (finding.code, finding.title)).collect();
            let expected: Vec<_> = findings.iter()
                .filter(|other| other.title != finding.title || other.code != finding.code)
                .map(|finding| (finding.code.clone(), finding.title.clone())).collect();
            prop_assert_eq!(left, expected);
        }
    }

    #[test]
    fn the_inverse_of_a_remedy_restores_what_was(grants in grants()) {
        for finding in S3PublicAcl.assess(&a_bucket(), &live(grants), &Trust::default()) {
            for remedy in finding.remedies {
                let inverse = remedy.inverse().unwrap();
                let (AclRemedy::PutAcl { before, after, .. },
                    AclRemedy::PutAcl { before: undone_from, after: undone_to, .. }) = (&remedy, &inverse)
                else { panic!() };
                prop_assert_eq!((before, after), (undone_to, undone_from));
                prop_assert_eq!(remedy.needs(), Response::Revert);
                prop_assert_eq!(inverse.inverse(), Some(remedy));
            }
        }
    }
}
