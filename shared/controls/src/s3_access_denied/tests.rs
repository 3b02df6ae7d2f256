//! What counts as a refusal, whose it is, and when it is told.

use std::cell::RefCell;

use model::{AccountId, Status};
use proptest::prelude::*;

use super::*;
use crate::{
    AnyControl, Judged, States,
    test_support::{ACCOUNT, event, judge, record, target, with},
};

/// Counts as the ledger would.
#[derive(Default)]
struct Counting(RefCell<BTreeMap<String, Burst>>);

impl States for Counting {
    fn responses(&self, _arn: &str) -> Option<&Value> {
        None
    }

    fn gather(&self, _: ControlId, account: &AccountId, occurrence: &Occurrence) -> Burst {
        let mut bursts = self.0.borrow_mut();
        let group = format!("{account} {}", occurrence.group);
        let (kept, burst) = Burst::after(bursts.get(&group).cloned(), occurrence);
        if let Some(kept) = kept {
            bursts.insert(group, kept);
        }
        burst
    }
}

/// A refused read of an object, the `n`th of its kind, so many seconds after the first.
fn refused(n: u32, seconds: u32) -> Value {
    let bucket = format!("amzn-s3-demo-{}", n % 3);
    let mut record = record(S3, "GetObject", json!({"bucketName": bucket, "key": "report.csv"}));
    record["errorCode"] = json!("AccessDenied");
    record["eventID"] = json!(format!("e-{n}"));
    record["eventTime"] = json!(format!("2026-11-02T09:{:02}:{:02}Z", seconds / 60, seconds % 60));
    record
}

fn all(records: &[Value]) -> Vec<Judged> {
    let counting = Counting::default();
    records
        .iter()
        .map(|record| S3AccessDenied.judge(&event(record), &counting, &Trust::default()))
        .collect()
}

fn statuses(records: &[Value]) -> Vec<Status> {
    all(records).into_iter().map(|judged| judged.status).collect()
}

#[test]
fn the_fifth_refusal_within_the_window_is_told_with_everything_that_was_tried() {
    let records: Vec<Value> = (0..6).map(|n| refused(n, n * 10)).collect();
    let judged = all(&records);
    let found: Vec<bool> = judged.iter().map(|one| one.status == Status::Finding).collect();
    assert_eq!(found, [false, false, false, false, true, true]);
    let finding = &judged[4].findings[0];
    assert_eq!(finding.code, "s3-access-denied-burst");
    assert_eq!(finding.evidence["count"], 5);
    assert_eq!(finding.evidence["first"], "2026-11-02T09:00:00Z");
    assert_eq!(finding.evidence["last"], "2026-11-02T09:00:40Z");
    assert_eq!(finding.evidence["bucket"].as_array().unwrap().len(), 3);
    assert_eq!(finding.evidence["address"], json!(["192.0.2.24"]));
    assert_eq!(finding.evidence["call"], json!(["GetObject"]));
    assert_eq!(finding.title, judged[5].findings[0].title);
    let account = &judged[4].target.as_ref().unwrap().resource;
    assert_eq!(account.arn, "arn:aws:iam::111122223333:root");
}

#[test]
fn refusals_of_others_from_elsewhere_and_of_another_hour_do_not_add_up() {
    let elsewhere = |n: u32| with(refused(n, n), "sourceIPAddress", json!(format!("192.0.2.{n}")));
    let records: Vec<Value> = (0..6).map(elsewhere).collect();
    assert!(statuses(&records).iter().all(|status| *status == Status::Clean));
    let others = |n: u32| {
        let arn = format!("arn:aws:iam::{ACCOUNT}:user/u{n}");
        with(refused(n, n), "userIdentity.arn", json!(arn))
    };
    let records: Vec<Value> = (0..6).map(others).collect();
    assert!(statuses(&records).iter().all(|status| *status == Status::Clean));
    let slowly: Vec<Value> = (0..6).map(|n| refused(n, n * 301)).collect();
    assert!(statuses(&slowly).iter().all(|status| *status == Status::Clean));
}

#[test]
fn a_refusal_that_is_delivered_twice_counts_once() {
    let records: Vec<Value> = (0..10).map(|n| refused(n / 5, 0)).collect();
    assert!(statuses(&records).iter().all(|status| *status == Status::Clean));
}

#[test]
fn the_sessions_of_one_role_are_one_principal() {
    let session = |n: u32| {
        let arn = format!("arn:aws:sts::{ACCOUNT}:assumed-role/ci/s{n}");
        let issuer = json!({"type": "Role", "arn": format!("arn:aws:iam::{ACCOUNT}:role/ci")});
        let identity = json!({"type": "AssumedRole", "accountId": ACCOUNT, "arn": arn,
            "sessionContext": {"sessionIssuer": issuer}});
        with(refused(n, n), "userIdentity", identity)
    };
    let records: Vec<Value> = (0..5).map(session).collect();
    let judged = all(&records);
    assert_eq!(judged[4].findings[0].evidence["session"].as_array().unwrap().len(), 5);
}

#[test]
fn a_refusal_by_a_service_that_is_not_named_is_told_and_not_passed_over() {
    for source in [json!(null), json!(""), json!({"x": 1})] {
        let bare = with(refused(0, 0), "eventSource", source.clone());
        assert!(AnyControl::asks_about(&S3AccessDenied, &event(&bare)), "{source}");
        let judged = judge(&S3AccessDenied, &bare, &Trust::default());
        assert_eq!(judged.reason.as_deref(), Some("evidence_unreadable"), "{source}");
        assert_eq!(judged.findings[0].code, "evidence-unreadable", "{source}");
        assert!(judged.findings[0].title.contains("eventSource"), "{source}");
    }
    let nameless = |record: Value| with(record, "eventSource", json!(null));
    for (other, reason) in [
        (nameless(with(refused(0, 0), "errorCode", json!("NoSuchKey"))), "not_covered"),
        (nameless(record(S3, "GetObject", json!({}))), "not_covered"),
        (with(refused(0, 0), "eventSource", json!("iam.amazonaws.com")), "not_covered"),
        (
            nameless(with(
                refused(0, 0),
                "userIdentity",
                json!({"type": "AWSService", "invokedBy": "delivery.logs.amazonaws.com"}),
            )),
            "service_delivery",
        ),
    ] {
        let judged = judge(&S3AccessDenied, &other, &Trust::default());
        assert_eq!(judged.reason.as_deref(), Some(reason), "{other}");
    }
}

#[test]
fn a_refusal_is_one_in_every_spelling_and_nothing_else_is() {
    let code = |code: Value| {
        let record = with(refused(0, 0), "errorCode", code);
        AnyControl::asks_about(&S3AccessDenied, &event(&record))
    };
    for denied in ["AccessDenied", "AccessDeniedException", "VpceAccessDenied"] {
        assert!(code(json!(denied)), "{denied}");
    }
    for other in ["NoSuchKey", "NoSuchBucketPolicy", "InvalidAccessKeyId", "200"] {
        assert!(!code(json!(other)), "{other}");
    }
    assert!(!code(json!(null)));
    let express = with(refused(0, 0), "eventSource", json!("s3express.amazonaws.com"));
    assert!(!AnyControl::asks_about(&S3AccessDenied, &event(&express)));
}

#[test]
fn a_service_that_may_not_deliver_is_nobody_at_the_door() {
    let identity = json!({"type": "AWSService", "invokedBy": "delivery.logs.amazonaws.com"});
    let judged =
        judge(&S3AccessDenied, &with(refused(0, 0), "userIdentity", identity), &Trust::default());
    assert_eq!(judged.reason.as_deref(), Some("service_delivery"));
}

#[test]
fn strangers_without_a_name_are_counted_by_their_address() {
    let anonymous = json!({"type": "AWSAccount", "principalId": "", "accountId": "anonymous"});
    let records: Vec<Value> =
        (0..5).map(|n| with(refused(n, n), "userIdentity", anonymous.clone())).collect();
    let judged = all(&records);
    assert_eq!(
        judged[4].findings[0].title,
        "S3 refuses `anonymous`, calling from 192.0.2.24, again and again"
    );
}

#[test]
fn a_refusal_that_does_not_tell_when_is_told() {
    let judged =
        judge(&S3AccessDenied, &with(refused(0, 0), "eventTime", json!(null)), &Trust::default());
    assert_eq!(judged.reason.as_deref(), Some("evidence_unreadable"));
}

#[test]
fn a_call_about_no_bucket_and_cut_parameters_are_counted_all_the_same() {
    for parameters in [json!(null), json!({"omitted": true}), json!({"bucketName": ["a"]})] {
        let judged = judge(
            &S3AccessDenied,
            &with(refused(0, 0), "requestParameters", parameters),
            &Trust::default(),
        );
        assert_eq!(judged.status, Status::Clean);
    }
}

#[test]
fn the_threshold_and_the_window_are_the_trust_files() {
    let strict = Trust { denied_calls: 1, denied_calls_window_seconds: 60, ..Trust::default() };
    assert_eq!(judge(&S3AccessDenied, &refused(0, 0), &strict).status, Status::Finding);
    let Memory::Burst(occurrence) =
        Control::memory(&S3AccessDenied, &target(&S3AccessDenied, &refused(0, 0)), &strict)
    else {
        panic!("not counted")
    };
    assert_eq!((occurrence.window_seconds, occurrence.id.as_str()), (60, "e-0"));
}

#[test]
fn other_partitions_name_their_account() {
    for (region, partition) in [("us-gov-west-1", "aws-us-gov"), ("cn-north-1", "aws-cn")] {
        let resource = target(&S3AccessDenied, &with(refused(0, 0), "awsRegion", json!(region)));
        assert_eq!(resource.resource.arn, format!("arn:{partition}:iam::{ACCOUNT}:root"));
    }
}

proptest! {
    #[test]
    fn it_is_told_from_the_threshold_on_and_not_before(count in 1_u32..30, threshold in 1_u32..30) {
        let target = target(&S3AccessDenied, &refused(0, 0));
        let trust = Trust { denied_calls: threshold, ..Trust::default() };
        let mut burst = None;
        for n in 0..count {
            let mut occurrence = occurrence(&target, &trust).unwrap();
            occurrence.id = n.to_string();
            burst = Some(Burst::after(burst, &occurrence).1);
        }
        let state = S3AccessDenied.recall(RefusalState::default(), Remembered::Burst(burst.unwrap()));
        let findings = S3AccessDenied.assess(&target, &state, &trust);
        prop_assert_eq!(!findings.is_empty(), count >= threshold);
    }

    #[test]
    fn no_two_pairs_of_principal_and_address_are_counted_together(
        one in ("[a-b: ]{0,4}", "[a-b: ]{0,4}"),
        other in ("[a-b: ]{0,4}", "[a-b: ]{0,4}"),
    ) {
        let group = |(principal, address): &(String, String)| {
            let target = target(&S3AccessDenied, &refused(0, 0));
            let target = Target { details: BTreeMap::new(), ..target }
                .with(PRINCIPAL, principal)
                .with(ADDRESS, address)
                .with(TIME, "2026-11-02T09:00:00Z");
            occurrence(&target, &Trust::default()).unwrap().group
        };
        prop_assert_eq!(one == other, group(&one) == group(&other));
    }
}
