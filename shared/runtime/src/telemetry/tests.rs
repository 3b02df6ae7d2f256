//! Lines from made-up deliveries.

use std::collections::BTreeSet;

use ledger::EntryId;
use model::{Actor, Confidence, Decision, Evidence, Resource, Response, Severity, Status};
use respond::{CloudError, Retry, Told};

use super::*;

const CONTROL: ControlId = ControlId::new("s3-public-acl");

fn now() -> Timestamp {
    Timestamp::from_timestamp(1_767_323_045, 0).unwrap()
}

fn delivered() -> Delivered<'static> {
    Delivered {
        control: CONTROL,
        request_id: "r-1",
        posture: Posture::Enforce,
        policies: "digest",
        milliseconds: 42,
        now: now(),
    }
}

fn reported(code: &str, outcome: Outcome) -> Reported {
    Reported {
        code: code.to_owned(),
        title: "secret title".to_owned(),
        severity: Severity::Critical,
        confidence: Confidence::Certain,
        effective: true,
        evidence: Evidence::from([("document".to_owned(), json!("secret evidence"))]),
        decision: Decision { response: Response::Revert, because: vec![], errors: vec![] },
        outcome,
        operations: vec![model::Operation::new("s3:PutBucketAcl", json!("secret parameters"))],
        held_back: Some("secret reason".to_owned()),
        entry: Some(EntryId("sb-1".to_owned())),
        told: Told::Told,
        repeats: 0,
    }
}

fn event(findings: Vec<Reported>) -> Handled {
    Handled {
        control: CONTROL,
        status: if findings.is_empty() { Status::Clean } else { Status::Finding },
        reason: None,
        event_id: Some("e-1".to_owned()),
        event_name: "PutBucketAcl".to_owned(),
        event_time: Timestamp::from_timestamp(1_767_323_000, 0),
        account: Some("111122223333".into()),
        region: Some("eu-west-1".to_owned()),
        actor: Actor::unknown(),
        resource: Some(Resource::bucket("amzn-s3-demo-bucket", "111122223333".into(), "eu-west-1")),
        attempt: 0,
        findings,
        recheck: None,
    }
}

/// The values of a metric over all lines, by the dimensions beside it.
fn values(lines: &[String], name: &str) -> Vec<Value> {
    let lines = lines.iter().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter_map(|line| line.get(name).cloned()).collect()
}

#[test]
fn a_line_says_what_happened_and_nothing_of_documents() {
    let lines = handled(
        &delivered(),
        &event(vec![reported("acl-public:AllUsers:READ", Outcome::Verified)]),
    );
    let line: Value = serde_json::from_str(lines.first().unwrap()).unwrap();
    assert_eq!(line["status"], "finding");
    assert_eq!(line["request_id"], "r-1");
    assert_eq!(line["account"], "111122223333");
    assert_eq!(line["posture"], "enforce");
    let finding = &line["findings"][0];
    assert_eq!(
        (finding["outcome"].as_str(), finding["entry"].as_str()),
        (Some("verified"), Some("sb-1"))
    );
    assert!(lines.iter().all(|line| !line.contains("secret")), "{lines:?}");
}

#[test]
fn names_that_others_choose_forge_no_line_and_no_field() {
    let mut handled_event = event(vec![]);
    handled_event.actor.id = "x\",\"status\":\"clean\"}\n{\"level\":\"INFO\u{202e}".to_owned();
    handled_event.event_name = "y".repeat(100_000);
    for line in handled(&delivered(), &handled_event) {
        assert!(!line.contains('\n') && !line.contains('\u{202e}'), "{line}");
        assert!(line.len() < 5_000, "{}", line.len());
        let read: Value = serde_json::from_str(&line).unwrap();
        assert!(read.get("status").is_none_or(|status| status == "clean"));
    }
}

#[test]
fn every_metric_line_is_what_cloudwatch_reads() {
    let mut busy = event(vec![
        reported("acl-public:AllUsers:READ", Outcome::Verified),
        reported("acl-public:AllUsers:WRITE", Outcome::Failed),
        reported("evidence-unreadable", Outcome::Alerted),
        reported("acl-cross-account", Outcome::Tagged),
    ]);
    busy.recheck = Some(1);
    busy.reason = Some("forged".to_owned());
    let malformed = Unhandled::Refused(HandleError::Malformed { what: "x".to_owned() });
    let mut lines = handled(&delivered(), &busy);
    lines.extend(unhandled(&delivered(), None, &malformed));
    let mut seen = BTreeSet::new();
    for line in lines {
        let line: Value = serde_json::from_str(&line).unwrap();
        let Some(about) = line.get("_aws") else { continue };
        assert_eq!(about["Timestamp"], now().timestamp_millis());
        for directive in about["CloudWatchMetrics"].as_array().unwrap() {
            assert_eq!(directive["Namespace"], NAMESPACE);
            for metric in directive["Metrics"].as_array().unwrap() {
                let name = metric["Name"].as_str().unwrap();
                let registered = METRICS.iter().find(|known| known.name == name).unwrap();
                assert_eq!(metric["Unit"], registered.unit.as_str());
                assert_eq!(directive["Dimensions"], json!(registered.dimensions));
                assert!(line[name].is_u64(), "{name} has no value in {line}");
                seen.insert(name.to_owned());
            }
            for dimension in directive["Dimensions"]
                .as_array()
                .unwrap()
                .iter()
                .flat_map(|set| set.as_array().unwrap())
            {
                assert!(line[dimension.as_str().unwrap()].is_string(), "{dimension} in {line}");
            }
        }
    }
    let all: BTreeSet<String> = METRICS.iter().map(|metric| metric.name.to_owned()).collect();
    assert_eq!(seen, all, "a metric that nothing emits, or the other way round");
}

#[test]
fn what_was_due_and_is_not_proven_counts_as_failed() {
    for (outcome, failed) in [
        (Outcome::Failed, true),
        (Outcome::InDoubt, true),
        (Outcome::Conflict, true),
        (Outcome::Verified, false),
        (Outcome::Alerted, false),
        (Outcome::AlreadyRight, false),
        (Outcome::Excepted, false),
        (Outcome::Tagged, false),
    ] {
        let lines = handled(&delivered(), &event(vec![reported("x", outcome)]));
        let counted = values(&lines, REMEDIATION_FAILED.name);
        assert_eq!(!counted.is_empty(), failed, "{outcome:?}");
    }
}

#[test]
fn findings_are_counted_by_what_became_of_them() {
    let findings = vec![
        reported("a", Outcome::Verified),
        reported("b", Outcome::Verified),
        reported("c", Outcome::Alerted),
    ];
    let lines = handled(&delivered(), &event(findings));
    let total: u64 = values(&lines, FINDINGS.name).iter().filter_map(Value::as_u64).sum();
    assert_eq!(total, 3);
    assert_eq!(values(&lines, REVERTED.name), [json!(2)]);
}

#[test]
fn zeroes_are_not_sent() {
    let lines = handled(&delivered(), &event(vec![]));
    for metric in [&FINDINGS, &REVERTED, &REMEDIATION_FAILED, &UNREADABLE, &FORGED, &RECHECKS] {
        assert!(values(&lines, metric.name).is_empty(), "{}", metric.name);
    }
    assert_eq!(values(&lines, LATENCY.name), [json!(42)]);
    assert_eq!(values(&lines, EVENT_AGE.name), [json!(45)]);
}

#[test]
fn a_failed_delivery_tells_its_code_and_its_call_and_not_the_sdks_words() {
    let error = CloudError {
        operation: "dynamodb:PutItem",
        resource: "ledger".to_owned(),
        code: "ThrottlingException".to_owned(),
        request_id: None,
        retry: Retry::Worthwhile,
        in_doubt: false,
        source: Some("secret document".into()),
    };
    let lines =
        unhandled(&delivered(), Some("e-1"), &Unhandled::Refused(HandleError::Ledger(error)));
    let line: Value = serde_json::from_str(lines.first().unwrap()).unwrap();
    assert_eq!(
        (line["code"].as_str(), line["event_id"].as_str()),
        (Some("Transient.Ledger"), Some("e-1"))
    );
    assert!(line["error"].as_str().unwrap().contains("dynamodb:PutItem"), "{line}");
    assert!(lines.iter().all(|line| !line.contains("secret")), "{lines:?}");
    assert_eq!(values(&lines, NOT_HANDLED.name), [json!(1)]);
}

#[test]
fn nobody_hides_behind_a_name_that_looks_like_a_secret() {
    let mut hidden = event(Vec::new());
    hidden.actor.id = "arn:aws:iam::111122223333:role/secret=admin".to_owned();
    hidden.resource = Some(Resource::role("token=x", "111122223333".into(), "us-east-1"));
    let lines = handled(&delivered(), &hidden);
    let line: Value = serde_json::from_str(&lines[0]).unwrap();
    assert_eq!(line["actor"], "arn:aws:iam::111122223333:role/secret=admin");
    assert_eq!(line["resource"], "arn:aws:iam::111122223333:role/token=x");
}

#[test]
fn an_alarm_may_rest_on_the_names_that_the_template_uses() {
    assert_eq!((NAMESPACE, REMEDIATION_FAILED.name), ("Snapback", "RemediationFailed"));
    assert!(REMEDIATION_FAILED.dimensions.contains(&["control"].as_slice()));
    assert_eq!(REMEDIATION_FAILED.stability, Stability::Stable);
}

#[test]
fn the_operating_guide_lists_every_metric_with_its_unit_and_meaning_and_every_member_of_a_line() {
    let guide = include_str!("../../../../docs/operating.md");
    for metric in METRICS {
        let row = guide.lines().find(|line| line.starts_with(&format!("| `{}` |", metric.name)));
        let row = row.unwrap_or_else(|| panic!("{} is not in the guide", metric.name));
        let experimental = metric.stability == Stability::Experimental;
        for expected in [metric.unit.as_str(), metric.meaning] {
            assert!(row.contains(expected), "{row} lacks {expected}");
        }
        for dimension in metric.dimensions.iter().copied().flatten().filter(|d| **d != "control") {
            assert!(row.contains(&format!("`{dimension}`")), "{row} lacks {dimension}");
        }
        assert_eq!(row.contains("(experimental)"), experimental, "{row}");
    }
    let lines = handled(
        &delivered(),
        &event(vec![reported("acl-public:AllUsers:READ", Outcome::Verified)]),
    );
    let line: Value = serde_json::from_str(&lines[0]).unwrap();
    for member in line.as_object().unwrap().keys() {
        assert!(guide.contains(&format!("`{member}`")), "`{member}` is not in the guide");
    }
}
