//! The eight cases every control owes, what is left alone, and what a record tells. What is asked of
//! enforcement, and the properties of the remedies, stand beside.
#![expect(clippy::needless_raw_string_hashes, reason = "`UPDATE_EXPECT` writes them so")]

mod enforcing;
mod remedies;

use expect_test::{Expect, expect};
use model::Status;
use serde_json::json;

use super::*;
use crate::{
    AnyControl,
    test_support::{Given, STRANGER, event, judge as judged_by, record, target, told, with},
};

const S3: &str = "s3.amazonaws.com";
const BUCKET: &str = "amzn-s3-demo-bucket";
const ARN: &str = "arn:aws:s3:::amzn-s3-demo-bucket";
const OBJECTS: &str = "arn:aws:s3:::amzn-s3-demo-bucket/*";

#[expect(clippy::needless_pass_by_value, reason = "`json!` at the call reads better")]
fn document(statements: Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

#[expect(clippy::needless_pass_by_value, reason = "`json!` at the call reads better")]
fn allow(principal: Value) -> Value {
    json!({"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Resource": OBJECTS})
}

fn public() -> Value {
    allow(json!("*"))
}

fn own() -> Value {
    allow(json!({"AWS": "arn:aws:iam::111122223333:role/reader"}))
}

fn stranger() -> Value {
    allow(json!({"AWS": format!("arn:aws:iam::{STRANGER}:root")}))
}

fn put(document: &Value) -> Value {
    let parameters = json!({"bucketName": BUCKET, "bucketPolicy": document, "policy": ""});
    record(S3, "PutBucketPolicy", parameters)
}

fn deleted() -> Value {
    record(S3, "DeleteBucketPolicy", json!({"bucketName": BUCKET, "policy": ""}))
}

fn put_on_access_point(document: &Value) -> Value {
    let body = json!({"Policy": document.to_string(), "xmlns": "http://awss3control.amazonaws.com/doc/2018-08-20/"});
    record(
        S3,
        "PutAccessPointPolicy",
        json!({"name": "partners", "PutAccessPointPolicyRequest": body,
            "Host": "111122223333.s3-control.eu-west-1.amazonaws.com"}),
    )
}

fn judge(record: &Value) -> crate::Judged {
    judged_by(&S3BucketPolicy, record, &Trust::default())
}

fn check(record: &Value, expected: &Expect) {
    expected.assert_eq(&told(&judge(record)));
}

fn codes(document: &Value) -> Vec<String> {
    judge(&put(document)).findings.into_iter().map(|finding| finding.code).collect()
}

fn a_bucket() -> Target {
    target(&S3BucketPolicy, &deleted())
}

fn live(document: &Value) -> PolicyState {
    PolicyState {
        block: Some(crate::s3::PublicAccessBlock::default()),
        ..PolicyState::of(Some(document.to_string()))
    }
}

fn assess(state: &PolicyState, trust: &Trust) -> Vec<Finding<PolicyRemedy>> {
    S3BucketPolicy.assess(&a_bucket(), state, trust)
}

/// The document that a remedy leaves; null: none.
fn after(remedy: &PolicyRemedy) -> Value {
    let PolicyRemedy::SetPolicy { after, .. } = remedy else { panic!("{remedy:?}") };
    after.as_ref().map_or(Value::Null, |after| serde_json::from_str(after).unwrap())
}

// Each event name that can raise the question.

#[test]
fn a_statement_for_everyone_is_taken_out_and_the_others_stay() {
    check(
        &put(&document(json!([own(), public()]))),
        &expect![[r#"
        finding arn:aws:s3:::amzn-s3-demo-bucket
        public-statement certain
          the statement lets everyone in: nothing restricts who calls
          s3:PutBucketPolicy {"Bucket":"amzn-s3-demo-bucket","ExpectedBucketOwner":"111122223333","Policy":"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::111122223333:role/reader\"},\"Action\":\"s3:GetObject\",\"Resource\":\"arn:aws:s3:::amzn-s3-demo-bucket/*\"}]}"}
    "#]],
    );
}

#[test]
fn a_policy_that_is_for_everyone_alone_is_deleted() {
    let mut open = document(json!(public()));
    open["Statement"]["Principal"] = json!({"AWS": ["*"]});
    check(
        &put(&open),
        &expect![[r#"
        finding arn:aws:s3:::amzn-s3-demo-bucket
        public-statement certain
          the statement lets everyone in: nothing restricts who calls
          s3:DeleteBucketPolicy {"Bucket":"amzn-s3-demo-bucket","ExpectedBucketOwner":"111122223333"}
    "#]],
    );
}

#[test]
fn a_deleted_policy_and_a_new_bucket_let_nobody_in() {
    for record in [deleted(), record(S3, "CreateBucket", json!({"bucketName": BUCKET}))] {
        assert_eq!(judge(&record).status, Status::Clean, "{record}");
    }
}

#[test]
fn an_access_points_policy_is_judged_from_its_record_and_never_written() {
    check(
        &put_on_access_point(&document(json!([public(), stranger()]))),
        &expect![[r#"
        finding arn:aws:s3:eu-west-1:111122223333:accesspoint/partners
        public-statement probable
          the statement lets everyone in: nothing restricts who calls
          held back: Snapback does not write to access points
        cross-account-untrusted certain
          the statement lets in account 444455556666, which is not trusted
          held back: Snapback does not write to access points
    "#]],
    );
    let deleted = record(S3, "DeleteAccessPointPolicy", json!({"name": "partners"}));
    assert_eq!(judge(&deleted).status, Status::Clean);
    let target = target(&S3BucketPolicy, &deleted);
    assert_eq!(Control::memory(&S3BucketPolicy, &target, &Trust::default()), Memory::Nothing);
    assert!(S3BucketPolicy.tag(&target.resource, &Tags::new(), &Tags::new()).is_err());
}

#[test]
fn an_access_point_is_named_by_name_or_arn() {
    let arn = "arn:aws:s3:eu-west-1:111122223333:accesspoint/partners";
    let named = |parameters: Value, resources: Value| {
        let record = record(S3, "DeleteAccessPointPolicy", parameters);
        judge(&with(record, "resources", resources)).target.map(|target| target.resource.arn)
    };
    let ours = Some(arn.to_owned());
    assert_eq!(named(json!({"name": "partners"}), json!(null)), ours);
    assert_eq!(named(json!({"name": ["partners"]}), json!(null)), ours);
    assert_eq!(named(json!({"name": arn}), json!(null)), ours);
    assert_eq!(named(json!(null), json!([{"ARN": arn}, {"ARN": ARN}])), ours);
    assert_eq!(named(json!({}), json!([{"ARN": ARN}])), None);
}

// The call failed.

#[test]
fn a_refused_call_is_ignored() {
    for code in ["AccessDenied", "MalformedPolicy", "NoSuchBucketPolicy"] {
        let refused = with(put(&document(json!([public()]))), "errorCode", json!(code));
        assert_eq!(told(&judge(&refused)), "ignored (call_failed)\n", "{code}");
    }
}

// The state is already right.

#[test]
fn leaves_policies_for_ourselves_and_for_services_alone() {
    let condition = |condition: Value| {
        let mut statement = public();
        statement["Condition"] = condition;
        statement
    };
    let trail = json!({"Sid": "AWSCloudTrailWrite", "Effect": "Allow", "Action": "s3:PutObject",
        "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Resource": OBJECTS,
        "Condition": {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}}});
    for statement in [
        own(),
        allow(json!({"AWS": "111122223333"})),
        trail,
        condition(json!({"StringEquals": {"aws:PrincipalAccount": "111122223333"}})),
        condition(json!({"StringEquals": {"aws:SourceVpce": "vpce-0123456789abcdef0"}})),
        condition(json!({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}})),
        json!({"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [ARN, OBJECTS],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}}}),
    ] {
        let judged = judge(&put(&document(json!([statement]))));
        assert_eq!(judged.status, Status::Clean, "{statement}: {:?}", judged.findings);
    }
}

#[test]
fn leaves_the_idioms_of_a_data_perimeter_to_people() {
    for condition in [
        json!({"StringEquals": {"aws:PrincipalOrgID": "${aws:ResourceOrgID}"}}),
        json!({"StringEquals": {"aws:PrincipalAccount": "${aws:ResourceAccount}"}}),
    ] {
        let mut ours = public();
        ours["Condition"] = condition;
        let findings = assess(&live(&document(json!([ours]))), &Trust::default());
        let [finding] = findings.as_slice() else { panic!("{findings:?}") };
        assert_eq!(
            (finding.code.as_str(), finding.confidence),
            ("public-statement", Confidence::Probable)
        );
        assert!(finding.remedies.is_empty() && finding.held_back.is_some());
    }
}

#[test]
fn one_of_our_organization_or_trusted_is_no_stranger() {
    let trust = Trust {
        org_id: Some("o-a1b2c3d4e5".to_owned()),
        trusted_accounts: [STRANGER.into()].into(),
        ..Trust::default()
    };
    let mut organization = public();
    organization["Condition"] = json!({"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}});
    let state = live(&document(json!([organization, stranger()])));
    assert_eq!(assess(&state, &trust), []);
    let found = assess(&state, &Trust::default());
    let found: Vec<&str> = found.iter().map(|finding| finding.code.as_str()).collect();
    assert_eq!(found, ["untrusted-org", "cross-account-untrusted"]);
}

// Caused by our own role: the state is judged all the same.

#[test]
fn a_change_by_our_own_role_is_judged_like_any_other() {
    let ours = |document: &Value| {
        let role = "arn:aws:sts::111122223333:assumed-role/snapback-s3-bucket-policy/x";
        with(put(document), "userIdentity", json!({"type": "AssumedRole", "arn": role}))
    };
    assert_eq!(judge(&ours(&document(json!([own()])))).status, Status::Clean);
    assert_eq!(judge(&ours(&document(json!([public()])))).status, Status::Finding);
}

// Excepted: exceptions are the policy's, the finding is there for it to decide on.

#[test]
fn a_protected_bucket_is_found_like_any_other() {
    let trust = Trust { protected_resources: vec!["*".to_owned()], ..Trust::default() };
    let judged = judged_by(&S3BucketPolicy, &put(&document(json!([public()]))), &trust);
    assert_eq!(judged.status, Status::Finding);
}

// Parameters malformed or absent.

#[test]
fn parameters_that_name_no_bucket_are_told_and_not_acted_on() {
    for parameters in [
        json!(null),
        json!({}),
        json!({"bucketName": ""}),
        json!({"omitted": true, "originalSize": 120_000}),
        json!("cut"),
    ] {
        for name in
            ["PutBucketPolicy", "DeleteBucketPolicy", "CreateBucket", "PutAccessPointPolicy"]
        {
            let judged = judge(&record(S3, name, parameters.clone()));
            assert_eq!(judged.status, Status::Unclear, "{name} {parameters}");
            assert_eq!(judged.findings[0].code, "evidence-unreadable");
            assert_eq!(judged.findings[0].confidence, Confidence::Unclear);
        }
    }
}

#[test]
fn a_document_that_cannot_be_read_is_told_and_never_changed() {
    let whole = document(json!([public()])).to_string();
    for document in [
        json!(whole.strip_suffix("\"}]}").unwrap()),
        json!(""),
        json!("[]"),
        json!(7),
        json!({"omitted": true}),
        json!({}),
    ] {
        let parameters = json!({"bucketName": BUCKET, "bucketPolicy": document, "policy": [""]});
        let judged = judge(&record(S3, "PutBucketPolicy", parameters));
        assert_eq!(judged.findings[0].code, "malformed-policy", "{document}");
        assert_eq!(judged.findings[0].confidence, Confidence::Unclear);
        assert!(judged.findings[0].remedies.is_empty());
        assert!(judged.findings[0].held_back.is_some());
    }
}

#[test]
fn a_record_without_a_document_leaves_the_question_open() {
    let judged =
        judge(&record(S3, "PutBucketPolicy", json!({"bucketName": BUCKET, "policy": [""]})));
    assert_eq!(judged.reason.as_deref(), Some("state_not_in_record"));
    assert_eq!(judged.would_read, READS);
}

#[test]
fn doubt_about_one_part_of_a_document_holds_everything_back() {
    let odd = json!({"Effect": "Perhaps", "Principal": "*", "Action": "s3:*", "Resource": ARN});
    let trust = Trust { require_tls: true, ..Trust::default() };
    let findings = assess(&live(&document(json!([public(), odd]))), &trust);
    let found: Vec<&str> = findings.iter().map(|finding| finding.code.as_str()).collect();
    assert!(found.contains(&"public-statement") && found.contains(&"tls-not-enforced"));
    for finding in findings {
        assert_eq!(finding.confidence, Confidence::Unclear, "{}", finding.code);
        assert!(finding.remedies.is_empty() && finding.held_back.is_some());
    }
}

// The resource gone.

#[test]
fn what_is_gone_has_nothing_wrong_with_it() {
    let gone = Given::one(ARN, Value::Null);
    let record = put(&document(json!([public()])));
    let judged = AnyControl::judge(&S3BucketPolicy, &event(&record), &gone, &Trust::default());
    assert_eq!((judged.status, judged.reason.as_deref()), (Status::Clean, Some("gone")));
}

// Another partition.

#[test]
fn arns_are_of_the_partition_of_the_region() {
    for (region, partition) in [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")] {
        let arn = format!("arn:{partition}:s3:::{BUCKET}");
        let ours = json!({"AWS": format!("arn:{partition}:iam::111122223333:root")});
        let record = with(put(&document(json!([allow(ours)]))), "awsRegion", json!(region));
        let trust = Trust { require_tls: true, ..Trust::default() };
        let judged = judged_by(&S3BucketPolicy, &record, &trust);
        assert_eq!(judged.target.unwrap().resource.arn, arn);
        let call = &judged.findings[0].remedies[0].operations[0].parameters["Policy"];
        assert!(call.as_str().unwrap().contains(&format!("\"{arn}\",\"{arn}/*\"")), "{call}");
    }
}

// What is found, and how sure.

#[test]
fn every_form_of_everyone_is_found() {
    for statement in [
        public(),
        allow(json!({"AWS": "*"})),
        allow(json!({"AWS": ["111122223333", "*"]})),
        allow(json!({"AWS": "*", "Service": "ec2.amazonaws.com"})),
        with(public(), "Condition", json!({"IpAddress": {"aws:SourceIp": "0.0.0.0/1"}})),
        with(public(), "Condition", json!({"StringLike": {"aws:UserAgent": "secret"}})),
        with(
            public(),
            "Condition",
            json!({"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}),
        ),
    ] {
        assert_eq!(codes(&document(json!(statement))), ["public-statement"], "{statement}");
    }
    let mut others = public();
    others.as_object_mut().unwrap().remove("Principal");
    others["NotPrincipal"] = json!({"AWS": "111122223333"});
    assert_eq!(codes(&document(json!([others]))), ["allow-not-principal", "public-statement"]);
}

#[test]
fn what_another_setting_closes_has_no_effect() {
    let deny = json!({"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [ARN, OBJECTS],
        "Condition": {"StringNotEquals": {"aws:PrincipalAccount": "111122223333"}}});
    let closed = assess(&live(&document(json!([public(), deny]))), &Trust::default());
    assert_eq!(closed[0].code, "public-statement");
    assert!(closed.iter().all(|finding| !finding.effective), "{closed:?}");

    let block = |restrict| crate::s3::PublicAccessBlock {
        block_public_policy: true,
        restrict_public_buckets: restrict,
        ..crate::s3::PublicAccessBlock::default()
    };
    for restrict in [true, false] {
        let state =
            PolicyState { block: Some(block(restrict)), ..live(&document(json!([public()]))) };
        let findings = assess(&state, &Trust::default());
        assert_eq!(
            (findings[0].effective, findings[0].confidence),
            (!restrict, Confidence::Certain)
        );
    }
}

#[test]
fn what_may_not_be_read_makes_what_rests_on_it_unclear_and_nothing_else() {
    let mut state = PolicyState::of(Some(document(json!([public(), stranger()])).to_string()));
    state.denied.insert("s3:GetPublicAccessBlock".to_owned(), "AccessDenied".to_owned());
    let findings = assess(&state, &Trust::default());
    let sure = |code: &str| {
        let found = findings.iter().find(|finding| finding.code == code).unwrap();
        (found.effective, found.confidence)
    };
    assert_eq!(sure("public-statement"), (true, Confidence::Unclear));
    assert_eq!(sure("cross-account-untrusted"), (true, Confidence::Certain));
}

#[test]
fn only_what_lets_everyone_in_is_reason_to_read_the_block() {
    let suspicious =
        |statements: Value| PolicyState::of(Some(document(statements).to_string())).is_suspicious();
    assert!(suspicious(json!([own(), public()])));
    assert!(suspicious(json!([7])));
    assert!(!suspicious(json!([own(), stranger()])));
    assert!(!PolicyState::of(None).is_suspicious());
    assert!(PolicyState::of(Some(String::new())).is_suspicious());
}

// Supplied states.

#[test]
fn supplied_states_are_judged_in_place_of_the_record() {
    let everyone = put(&document(json!([public()])));
    let judged = |responses: Value| {
        let states = Given::one(ARN, responses);
        AnyControl::judge(&S3BucketPolicy, &event(&everyone), &states, &Trust::default())
    };
    let ours = document(json!([own()]));
    let text = json!({"GetBucketPolicy": {"Policy": ours.to_string()}});
    assert_eq!(judged(text).status, Status::Clean);
    assert_eq!(judged(json!({"GetBucketPolicy": {"Policy": ours}})).status, Status::Clean);
    assert_eq!(judged(json!({"GetBucketPolicy": {}})).status, Status::Clean);
    assert_eq!(judged(json!({"GetBucketPolicy": 1})).findings[0].code, "evidence-unreadable");
    let block = json!({"PublicAccessBlockConfiguration": {"RestrictPublicBuckets": true}});
    let restricted = judged(json!({"GetPublicAccessBlock": block}));
    assert!(!restricted.findings[0].effective, "the record's policy with the block supplied");
}

#[test]
fn what_was_recalled_is_never_written_down() {
    let seen = S3BucketPolicy.recall(
        live(&document(json!([own()]))),
        Remembered::Baseline(live(&document(json!([public()])))),
    );
    assert!(seen.baseline.is_some());
    assert!(!serde_json::to_string(&seen).unwrap().contains("\\\"*\\\""));
}
