//! The eight cases every control owes, the forms the calls come in, and the properties of the remedy.

use std::collections::BTreeSet;

use expect_test::{Expect, expect};
use model::{Remedy, Response, Severity, Status};
use proptest::prelude::*;

use super::*;
use crate::{
    AnyControl, NotMine,
    test_support::{ACCOUNT, Given, STRANGER, event, judge, record, target, told, with},
};

const S3: &str = "s3.amazonaws.com";
const BUCKET: &str = "amzn-s3-demo-bucket";
const BUCKET_ARN: &str = "arn:aws:s3:::amzn-s3-demo-bucket";
const ACCOUNT_ARN: &str = "arn:aws:iam::111122223333:root";
const WHOLE: PublicAccessBlock = PublicAccessBlock {
    block_public_acls: true,
    ignore_public_acls: true,
    block_public_policy: true,
    restrict_public_buckets: true,
};

fn check(record: &Value, expected: &Expect) {
    expected.assert_eq(&told(&judge(&S3PublicAccessBlock, record, &Trust::default())));
}

/// The switches that are said to be off.
fn off(record: &Value) -> Vec<String> {
    let judged = judge(&S3PublicAccessBlock, record, &Trust::default());
    let codes = judged.findings.into_iter().map(|finding| finding.code);
    codes.map(|code| code.replace("s3-public-access-block-removed:", "")).collect()
}

#[expect(clippy::needless_pass_by_value, reason = "`json!` at the call reads better")]
fn put(configuration: Value) -> Value {
    let parameters = json!({
        "bucketName": BUCKET,
        "publicAccessBlock": "",
        "PublicAccessBlockConfiguration": configuration,
    });
    record(S3, "PutBucketPublicAccessBlock", parameters)
}

fn all(value: &Value) -> Value {
    json!({
        "xmlns": "http://s3.amazonaws.com/doc/2006-03-01/",
        "BlockPublicAcls": value,
        "IgnorePublicAcls": value,
        "BlockPublicPolicy": value,
        "RestrictPublicBuckets": value,
    })
}

fn deleted() -> Value {
    let parameters = json!({"bucketName": BUCKET, "publicAccessBlock": ""});
    record(S3, "DeleteBucketPublicAccessBlock", parameters)
}

fn host() -> Value {
    json!({"Host": "111122223333.s3-control.eu-west-1.amazonaws.com"})
}

fn account_put(configuration: Value) -> Value {
    let mut parameters = host();
    parameters["PublicAccessBlockConfiguration"] = configuration;
    record(S3, "PutAccountPublicAccessBlock", parameters)
}

fn a_bucket() -> Target {
    Resource::bucket(BUCKET, ACCOUNT.into(), "eu-west-1").into()
}

fn the_account() -> Target {
    Resource::account(ACCOUNT.into(), "eu-west-1").into()
}

fn assess(target: &Target, state: &BlockState) -> Vec<Finding<BlockRemedy>> {
    S3PublicAccessBlock.assess(target, state, &Trust::default())
}

#[test]
fn a_switch_that_is_off_is_found_and_turned_on_beside_the_others() {
    check(
        &put(
            json!({"BlockPublicAcls": true, "IgnorePublicAcls": false, "BlockPublicPolicy": true, "RestrictPublicBuckets": true}),
        ),
        &expect![[r#"
            finding arn:aws:s3:::amzn-s3-demo-bucket
            s3-public-access-block-removed:IgnorePublicAcls certain
              the bucket's Block Public Access does not ignore ACLs that let everyone in (`IgnorePublicAcls` is off)
              s3:PutPublicAccessBlock {"Bucket":"amzn-s3-demo-bucket","ExpectedBucketOwner":"111122223333","PublicAccessBlockConfiguration":{"BlockPublicAcls":true,"IgnorePublicAcls":true,"BlockPublicPolicy":true,"RestrictPublicBuckets":true}}
        "#]],
    );
}

#[test]
fn a_deleted_configuration_is_four_switches_that_are_off() {
    check(
        &deleted(),
        &expect![[r#"
            finding arn:aws:s3:::amzn-s3-demo-bucket
            s3-public-access-block-removed:BlockPublicAcls certain
              the bucket's Block Public Access does not refuse new ACLs that let everyone in (`BlockPublicAcls` is off)
              s3:PutPublicAccessBlock {"Bucket":"amzn-s3-demo-bucket","ExpectedBucketOwner":"111122223333","PublicAccessBlockConfiguration":{"BlockPublicAcls":true,"IgnorePublicAcls":false,"BlockPublicPolicy":false,"RestrictPublicBuckets":false}}
            s3-public-access-block-removed:IgnorePublicAcls certain
              the bucket's Block Public Access does not ignore ACLs that let everyone in (`IgnorePublicAcls` is off)
              s3:PutPublicAccessBlock {"Bucket":"amzn-s3-demo-bucket","ExpectedBucketOwner":"111122223333","PublicAccessBlockConfiguration":{"BlockPublicAcls":false,"IgnorePublicAcls":true,"BlockPublicPolicy":false,"RestrictPublicBuckets":false}}
            s3-public-access-block-removed:BlockPublicPolicy certain
              the bucket's Block Public Access does not refuse new policies that let everyone in (`BlockPublicPolicy` is off)
              s3:PutPublicAccessBlock {"Bucket":"amzn-s3-demo-bucket","ExpectedBucketOwner":"111122223333","PublicAccessBlockConfiguration":{"BlockPublicAcls":false,"IgnorePublicAcls":false,"BlockPublicPolicy":true,"RestrictPublicBuckets":false}}
            s3-public-access-block-removed:RestrictPublicBuckets certain
              the bucket's Block Public Access does not keep strangers out of buckets whose policy is public (`RestrictPublicBuckets` is off)
              s3:PutPublicAccessBlock {"Bucket":"amzn-s3-demo-bucket","ExpectedBucketOwner":"111122223333","PublicAccessBlockConfiguration":{"BlockPublicAcls":false,"IgnorePublicAcls":false,"BlockPublicPolicy":false,"RestrictPublicBuckets":true}}
        "#]],
    );
}

#[test]
fn leaves_a_configuration_with_all_four_on_alone() {
    for on in [json!(true), json!("true"), json!("TRUE"), json!([true]), json!(["true"])] {
        let judged = judge(&S3PublicAccessBlock, &put(all(&on)), &Trust::default());
        assert_eq!(judged.status, Status::Clean, "{on}: {judged:?}");
        let judged = judge(&S3PublicAccessBlock, &account_put(all(&on)), &Trust::default());
        assert_eq!(judged.status, Status::Clean, "{on}: {judged:?}");
    }
}

#[test]
fn a_switch_that_is_not_mentioned_is_off() {
    assert_eq!(
        off(&put(json!({"BlockPublicAcls": true, "BlockPublicPolicy": "true"}))),
        ["IgnorePublicAcls", "RestrictPublicBuckets"]
    );
    assert_eq!(off(&put(json!({"xmlns": "http://s3.amazonaws.com/doc/2006-03-01/"}))).len(), 4);
    for value in [json!(false), json!("false"), json!([false])] {
        assert_eq!(off(&put(all(&value))).len(), 4, "{value}");
        assert_eq!(off(&account_put(all(&value))).len(), 4, "{value}");
    }
}

#[test]
fn a_record_of_2019_says_the_same() {
    let parameters = json!({
        "host": ["s3.eu-west-1.amazonaws.com"],
        "bucketName": BUCKET,
        "publicAccessBlock": [""],
        "PublicAccessBlockConfiguration": {
            "xmlns": "http://s3.amazonaws.com/doc/2006-03-01/",
            "RestrictPublicBuckets": false,
            "BlockPublicPolicy": false,
            "BlockPublicAcls": true,
            "IgnorePublicAcls": true,
        },
    });
    let record = record(S3, "PutBucketPublicAccessBlock", parameters);
    assert_eq!(off(&record), ["BlockPublicPolicy", "RestrictPublicBuckets"]);
}

#[test]
fn a_call_about_the_account_is_about_the_account() {
    check(
        &account_put(
            json!({"BlockPublicAcls": true, "IgnorePublicAcls": true, "BlockPublicPolicy": true, "RestrictPublicBuckets": false}),
        ),
        &expect![[r#"
            finding arn:aws:iam::111122223333:root
            s3-public-access-block-removed:RestrictPublicBuckets certain
              the account's Block Public Access does not keep strangers out of buckets whose policy is public (`RestrictPublicBuckets` is off)
              s3control:PutPublicAccessBlock {"AccountId":"111122223333","PublicAccessBlockConfiguration":{"BlockPublicAcls":true,"IgnorePublicAcls":true,"BlockPublicPolicy":true,"RestrictPublicBuckets":true}}
        "#]],
    );
    for parameters in [host(), json!({"host": [host()["Host"]]}), json!({}), Value::Null] {
        let record = record(S3, "DeleteAccountPublicAccessBlock", parameters);
        assert_eq!(target(&S3PublicAccessBlock, &record), the_account(), "{record}");
        assert_eq!(off(&record).len(), 4, "{record}");
    }
}

#[test]
fn the_account_is_that_of_the_record_else_that_of_the_host_else_the_callers() {
    let deleted = record(S3, "DeleteAccountPublicAccessBlock", host());
    let mut foreign = with(deleted.clone(), "userIdentity.accountId", json!(STRANGER));
    assert_eq!(target(&S3PublicAccessBlock, &foreign), the_account());
    foreign.as_object_mut().unwrap().remove("recipientAccountId");
    assert_eq!(target(&S3PublicAccessBlock, &foreign), the_account());
    let mut nameless = with(deleted, "requestParameters", Value::Null);
    nameless.as_object_mut().unwrap().remove("recipientAccountId");
    assert_eq!(target(&S3PublicAccessBlock, &nameless), the_account());
    nameless["userIdentity"].as_object_mut().unwrap().remove("accountId");
    nameless["userIdentity"].as_object_mut().unwrap().remove("arn");
    let judged = judge(&S3PublicAccessBlock, &nameless, &Trust::default());
    assert_eq!(judged.findings[0].code, "evidence-unreadable", "{judged:?}");
}

#[test]
fn a_bucket_named_in_a_call_about_the_account_changes_nothing() {
    let mut put = account_put(all(&json!(false)));
    put["requestParameters"]["bucketName"] = json!(BUCKET);
    assert_eq!(target(&S3PublicAccessBlock, &put), the_account());
}

#[test]
fn a_new_bucket_is_looked_at_and_its_record_does_not_tell() {
    let created = record(S3, "CreateBucket", json!({"bucketName": BUCKET}));
    assert_eq!(target(&S3PublicAccessBlock, &created), a_bucket());
    let judged = judge(&S3PublicAccessBlock, &created, &Trust::default());
    assert_eq!(judged.status, Status::Unclear);
    assert_eq!(judged.reason.as_deref(), Some("state_not_in_record"));
    let none = Given::one(BUCKET_ARN, json!({"GetPublicAccessBlock": {}}));
    let judged = S3PublicAccessBlock.judge(&event(&created), &none, &Trust::default());
    assert_eq!(judged.findings.len(), 4, "made and left without a configuration");
}

#[test]
fn a_call_that_failed_changed_nothing() {
    for name in ["PutBucketPublicAccessBlock", "DeleteAccountPublicAccessBlock"] {
        let failed = with(
            record(S3, name, json!({"bucketName": BUCKET})),
            "errorCode",
            json!("AccessDenied"),
        );
        let triage = S3PublicAccessBlock.triage(&event(&failed));
        assert_eq!(triage, Triage::NotMine(NotMine::CallFailed), "{name}");
    }
}

#[test]
fn other_calls_and_other_services_are_not_covered() {
    for (source, name) in [
        (S3, "GetBucketPublicAccessBlock"),
        (S3, "PutAccessPointPublicAccessBlock"),
        ("s3-outposts.amazonaws.com", "CreateBucket"),
        ("s3express.amazonaws.com", "CreateBucket"),
    ] {
        let other = record(source, name, json!({"bucketName": BUCKET}));
        let triage = S3PublicAccessBlock.triage(&event(&other));
        assert_eq!(triage, Triage::NotMine(NotMine::NotCovered), "{source} {name}");
    }
}

#[test]
fn a_record_that_names_no_bucket_is_told() {
    for (parameters, told) in [
        (Value::Null, "`requestParameters` is absent"),
        (json!({"omitted": true, "originalSize": 204_800}), "`requestParameters` was left out"),
        (json!("text"), "it is a string"),
        (json!({"bucketName": {"a": 1}}), "`requestParameters.bucketName` cannot be read"),
        (json!({"publicAccessBlock": ""}), "`requestParameters.bucketName` is absent"),
    ] {
        for name in ["PutBucketPublicAccessBlock", "DeleteBucketPublicAccessBlock", "CreateBucket"]
        {
            let record = record(S3, name, parameters.clone());
            let judged = judge(&S3PublicAccessBlock, &record, &Trust::default());
            let [finding] = judged.findings.as_slice() else { panic!("{judged:?}") };
            assert_eq!(finding.code, "evidence-unreadable");
            assert!(finding.title.contains(told), "{}", finding.title);
        }
    }
}

#[test]
fn a_configuration_that_cannot_be_read_is_told_and_one_that_is_missing_is_looked_up() {
    for wrong in [json!("on"), json!({"BlockPublicAcls": "maybe"}), json!([{}, {}]), json!(7)] {
        for record in [put(wrong.clone()), account_put(wrong.clone())] {
            let judged = judge(&S3PublicAccessBlock, &record, &Trust::default());
            let [finding] = judged.findings.as_slice() else { panic!("{wrong}: {judged:?}") };
            assert_eq!(finding.code, "evidence-unreadable", "{wrong}");
            assert_eq!(finding.confidence, Confidence::Unclear);
            assert!(finding.remedies.is_empty() && finding.held_back.is_some());
        }
    }
    let mut bare = put(Value::Null);
    assert_eq!(judge(&S3PublicAccessBlock, &bare, &Trust::default()).status, Status::Unclear);
    bare["eventName"] = json!("PutAccountPublicAccessBlock");
    assert_eq!(judge(&S3PublicAccessBlock, &bare, &Trust::default()).status, Status::Unclear);
    let omitted = json!({"omitted": true, "originalSize": 204_800, "reasonCode": "x"});
    let cut = record(S3, "PutAccountPublicAccessBlock", omitted);
    assert_eq!(off(&cut), ["evidence-unreadable"]);
}

#[test]
fn our_own_change_is_judged_like_any_other() {
    let own = with(
        put(all(&json!(true))),
        "userIdentity",
        json!({
            "type": "AssumedRole",
            "arn": "arn:aws:sts::111122223333:assumed-role/snapback-block/snapback",
            "accountId": ACCOUNT,
        }),
    );
    assert_eq!(judge(&S3PublicAccessBlock, &own, &Trust::default()).status, Status::Clean);
}

#[test]
fn a_bucket_that_is_gone_has_nothing_wrong_with_it() {
    let gone = Given::one(BUCKET_ARN, Value::Null);
    let judged = S3PublicAccessBlock.judge(&event(&deleted()), &gone, &Trust::default());
    assert_eq!((judged.status, judged.reason.as_deref()), (Status::Clean, Some("gone")));
}

#[test]
fn other_partitions_have_their_own_arns() {
    for (region, bucket, account) in [
        (
            "us-gov-west-1",
            "arn:aws-us-gov:s3:::amzn-s3-demo-bucket",
            "arn:aws-us-gov:iam::111122223333:root",
        ),
        ("cn-north-1", "arn:aws-cn:s3:::amzn-s3-demo-bucket", "arn:aws-cn:iam::111122223333:root"),
    ] {
        let there = |record: Value| with(record, "awsRegion", json!(region));
        assert_eq!(target(&S3PublicAccessBlock, &there(deleted())).resource.arn, bucket);
        let put = there(account_put(all(&json!(false))));
        assert_eq!(target(&S3PublicAccessBlock, &put).resource.arn, account);
        assert_eq!(off(&put).len(), 4);
    }
}

#[test]
fn a_switch_that_the_account_has_on_is_found_and_has_no_effect_today() {
    let account = PublicAccessBlock { ignore_public_acls: true, ..PublicAccessBlock::default() };
    let state = BlockState { account: Some(account), ..BlockState::of(None) };
    let findings = assess(&a_bucket(), &state);
    assert_eq!(findings.len(), 4);
    for finding in findings {
        let silenced = finding.code.ends_with(":IgnorePublicAcls");
        assert_eq!(finding.effective, !silenced, "{}", finding.code);
        assert_eq!(finding.confidence, Confidence::Certain);
        assert_eq!(
            finding.evidence["account_public_access_block"]["IgnorePublicAcls"],
            json!(true)
        );
    }
}

/// S-5.
#[test]
fn nothing_is_certain_of_a_bucket_whose_account_may_not_be_read() {
    let denied = [("s3control:GetPublicAccessBlock".to_owned(), "AccessDenied".to_owned())].into();
    let state = BlockState { denied, ..BlockState::of(Some(PublicAccessBlock::default())) };
    for finding in assess(&a_bucket(), &state) {
        assert_eq!(finding.confidence, Confidence::Unclear);
        assert!(finding.effective);
        assert_eq!(
            finding.evidence["not_readable"]["s3control:GetPublicAccessBlock"],
            "AccessDenied"
        );
    }
    let whole = BlockState { block: Some(WHOLE), ..state };
    assert!(assess(&a_bucket(), &whole).is_empty(), "what is on is on, whatever the account says");
}

#[test]
fn supplied_responses_tell_the_bucket_and_its_account() {
    let created = event(&record(S3, "CreateBucket", json!({"bucketName": BUCKET})));
    let judged = |responses: Value| {
        let given = Given::one(BUCKET_ARN, responses);
        S3PublicAccessBlock.judge(&created, &given, &Trust::default())
    };
    let whole = json!({"PublicAccessBlockConfiguration": WHOLE});
    assert_eq!(judged(json!({"GetPublicAccessBlock": whole})).status, Status::Clean);
    let findings =
        judged(json!({"GetPublicAccessBlock": {}, "GetAccountPublicAccessBlock": whole})).findings;
    assert_eq!(findings.len(), 4);
    assert!(findings.iter().all(|finding| !finding.effective));
    let without = judged(json!({"GetPublicAccessBlock": {}, "GetAccountPublicAccessBlock": {}}));
    assert!(without.findings.iter().all(|finding| finding.effective));
    let wrong = judged(json!({"GetPublicAccessBlock": {"PublicAccessBlockConfiguration": 1}}));
    assert_eq!(wrong.findings[0].code, "evidence-unreadable");
    let unknown = judged(json!({"GetBucketAcl": {}}));
    assert_eq!(unknown.reason.as_deref(), Some("state_not_in_record"));
    // What the record proves is joined by what is supplied of the account.
    let given = Given::one(BUCKET_ARN, json!({"GetAccountPublicAccessBlock": whole}));
    let judged = S3PublicAccessBlock.judge(&event(&deleted()), &given, &Trust::default());
    assert!(judged.findings.iter().all(|finding| !finding.effective), "{judged:?}");
    let given = Given::one(ACCOUNT_ARN, json!({"GetPublicAccessBlock": whole}));
    let late = event(&account_put(all(&json!(false))));
    let judged = S3PublicAccessBlock.judge(&late, &given, &Trust::default());
    assert_eq!(judged.status, Status::Clean, "the live state is judged, not the event");
}

#[test]
fn every_code_is_in_the_catalogue_and_is_reverted_by_default() {
    for finding in assess(&a_bucket(), &BlockState::of(None)) {
        let entry = finding.entry();
        assert_eq!(entry.code, "s3-public-access-block-removed:*");
        assert_eq!((entry.severity, entry.revert_by_default), (Severity::High, true));
    }
}

#[test]
fn a_bucket_is_tagged_beside_its_tags_and_an_account_is_not() {
    let ours: Tags = [("snapback:at".to_owned(), "now".to_owned())].into();
    let current: Tags = [("team".to_owned(), "web".to_owned())].into();
    let remedy = S3PublicAccessBlock.tag(&a_bucket().resource, &current, &ours).unwrap();
    let BlockRemedy::PutTags { before, after, .. } = &remedy else { panic!("{remedy:?}") };
    assert_eq!((before, after.len()), (&current, 2));
    let full: Tags = (0..50).map(|n| (format!("k{n}"), String::new())).collect();
    assert!(S3PublicAccessBlock.tag(&a_bucket().resource, &full, &ours).is_err());
    assert!(S3PublicAccessBlock.tag(&the_account().resource, &current, &ours).is_err());
}

#[test]
fn the_declared_writes_are_those_of_its_remedies() {
    let ours: Tags = [("snapback:at".to_owned(), "now".to_owned())].into();
    let tag = S3PublicAccessBlock.tag(&a_bucket().resource, &Tags::new(), &ours).unwrap();
    let mut used: BTreeSet<&str> = tag.iam_actions().iter().copied().collect();
    for target in [a_bucket(), the_account()] {
        for finding in assess(&target, &BlockState::of(None)) {
            for remedy in &finding.remedies {
                used.extend(remedy.iam_actions());
                let inverse = remedy.inverse().unwrap();
                assert_eq!(inverse.iam_actions(), remedy.iam_actions(), "undoing needs no more");
            }
        }
    }
    let declared: BTreeSet<&str> =
        Control::write_actions(&S3PublicAccessBlock).iter().copied().collect();
    assert_eq!(used, declared);
}

#[test]
fn undoing_a_configuration_where_there_was_none_deletes_it() {
    for (target, operation, parameters) in [
        (
            a_bucket(),
            "s3:DeletePublicAccessBlock",
            json!({"Bucket": BUCKET, "ExpectedBucketOwner": ACCOUNT}),
        ),
        (the_account(), "s3control:DeletePublicAccessBlock", json!({"AccountId": ACCOUNT})),
    ] {
        let findings = assess(&target, &BlockState::of(None));
        let undone = findings[0].remedies[0].inverse().unwrap().operations();
        assert_eq!(undone[0].operation, operation);
        assert_eq!(undone[0].parameters, parameters);
    }
    let off = PublicAccessBlock::default();
    let findings = assess(&a_bucket(), &BlockState::of(Some(off)));
    let undone = findings[0].remedies[0].inverse().unwrap().operations();
    assert_eq!(undone[0].operation, "s3:PutPublicAccessBlock");
}

fn configurations() -> impl Strategy<Value = Option<PublicAccessBlock>> {
    let block = any::<[bool; 4]>().prop_map(|[acls, ignore, policy, restrict]| PublicAccessBlock {
        block_public_acls: acls,
        ignore_public_acls: ignore,
        block_public_policy: policy,
        restrict_public_buckets: restrict,
    });
    prop::option::of(block)
}

proptest! {
    // S-23
    #[test]
    fn mending_every_finding_turns_all_on_and_off_none(block in configurations(), on_account: bool) {
        let target = if on_account { the_account() } else { a_bucket() };
        let remedy = assess(&target, &BlockState::of(block))
            .into_iter()
            .flat_map(|finding| finding.remedies)
            .reduce(|one, other| one.join(&other).unwrap());
        let whole = block == Some(WHOLE);
        prop_assert_eq!(remedy.is_none(), whole);
        if let Some(BlockRemedy::SetBlock { before, after, .. }) = remedy {
            prop_assert_eq!((before, after), (block, Some(WHOLE)));
            prop_assert!(assess(&target, &BlockState::of(after)).is_empty());
        }
    }

    #[test]
    fn one_remedy_mends_its_own_finding_and_changes_nothing_else(block in configurations()) {
        let findings = assess(&a_bucket(), &BlockState::of(block));
        for finding in &findings {
            let [BlockRemedy::SetBlock { after, .. }] = finding.remedies.as_slice() else { panic!() };
            let left: Vec<_> = assess(&a_bucket(), &BlockState::of(*after))
                .into_iter().map(|finding| finding.code).collect();
            let expected: Vec<_> = findings.iter()
                .filter(|other| other.code != finding.code)
                .map(|finding| finding.code.clone()).collect();
            prop_assert_eq!(left, expected);
        }
    }

    #[test]
    fn the_inverse_of_a_remedy_restores_what_was_and_joins_nothing(block in configurations()) {
        for finding in assess(&a_bucket(), &BlockState::of(block)) {
            for remedy in finding.remedies {
                let inverse = remedy.inverse().unwrap();
                let BlockRemedy::SetBlock { after, .. } = &inverse else { panic!() };
                prop_assert_eq!(*after, block);
                prop_assert_eq!(remedy.needs(), Response::Revert);
                prop_assert_eq!(inverse.join(&inverse), None);
                prop_assert_eq!(inverse.inverse(), Some(remedy));
            }
        }
    }
}
