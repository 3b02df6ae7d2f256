//! Records and summaries for the tests of the controls. A builder gives a valid record; a test
//! changes one thing.

use std::{collections::BTreeMap, fmt::Write as _};

use events::Event;
use model::{Target, Trust};
use serde_json::{Value, json};

use crate::{AnyControl, Control, Judged, NoStates, States, Triage};

pub(crate) const ACCOUNT: &str = "111122223333";
pub(crate) const STRANGER: &str = "444455556666";

/// A record of a successful call by an IAM user.
#[expect(clippy::needless_pass_by_value, reason = "`json!` at the call reads better")]
pub(crate) fn record(source: &str, name: &str, parameters: Value) -> Value {
    let global = source == "iam.amazonaws.com";
    json!({
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "IAMUser",
            "arn": format!("arn:aws:iam::{ACCOUNT}:user/alice"),
            "accountId": ACCOUNT,
            "userName": "alice",
        },
        "eventTime": "2026-11-02T09:14:03Z",
        "eventSource": source,
        "eventName": name,
        "awsRegion": if global { "us-east-1" } else { "eu-west-1" },
        "sourceIPAddress": "192.0.2.24",
        "userAgent": "aws-cli/2.31.4",
        "requestParameters": parameters,
        "responseElements": null,
        "eventID": "6f1f4c2e-2d0b-4a55-9f43-0a1b2c3d4e5f",
        "eventType": "AwsApiCall",
        "recipientAccountId": ACCOUNT,
    })
}

/// A native S3 event.
pub(crate) fn native(detail_type: &str, detail: &Value) -> Value {
    json!({
        "version": "0",
        "id": "17793124-05d4-b198-2fde-7ededc63b103",
        "detail-type": detail_type,
        "source": "aws.s3",
        "account": ACCOUNT,
        "time": "2026-11-02T09:14:03Z",
        "region": "eu-west-1",
        "resources": [],
        "detail": detail,
    })
}

/// The record with one member changed, named by its path (`userIdentity.type`).
pub(crate) fn with(mut record: Value, path: &str, value: Value) -> Value {
    let mut place = &mut record;
    for name in path.split('.') {
        place = &mut place[name];
    }
    *place = value;
    record
}

pub(crate) fn event(record: &Value) -> Event {
    Event::from_value(record).unwrap()
}

/// What is named by a record that is the control's.
pub(crate) fn target<C: Control>(control: &C, record: &Value) -> Target {
    match control.triage(&event(record)) {
        Triage::Mine(target) => target,
        other @ (Triage::NotMine(_) | Triage::Malformed(_)) => panic!("{other:?}"),
    }
}

/// Supplied states by ARN.
pub(crate) struct Given(pub(crate) BTreeMap<String, Value>);

impl Given {
    pub(crate) fn one(arn: &str, responses: Value) -> Self {
        Self(BTreeMap::from([(arn.to_owned(), responses)]))
    }
}

impl States for Given {
    fn responses(&self, arn: &str) -> Option<&Value> {
        self.0.get(arn)
    }
}

pub(crate) fn judge(control: &dyn AnyControl, record: &Value, trust: &Trust) -> Judged {
    control.judge(&event(record), &NoStates, trust)
}

/// A judgement in a few lines: status, then each finding with what it would do.
pub(crate) fn told(judged: &Judged) -> String {
    let mut text = format!("{:?}", judged.status).to_lowercase();
    if let Some(reason) = &judged.reason {
        write!(text, " ({reason})").unwrap();
    }
    if let Some(target) = &judged.target {
        write!(text, " {}", target.resource.arn).unwrap();
    }
    text.push('\n');
    for finding in &judged.findings {
        let effective = if finding.effective { "" } else { ", not effective" };
        writeln!(text, "{} {}{effective}", finding.code, finding.confidence.as_str()).unwrap();
        writeln!(text, "  {}", finding.title).unwrap();
        if let Some(reason) = &finding.held_back {
            writeln!(text, "  held back: {reason}").unwrap();
        }
        for remedy in &finding.remedies {
            for operation in &remedy.operations {
                writeln!(text, "  {} {}", operation.operation, operation.parameters).unwrap();
            }
        }
    }
    text
}
