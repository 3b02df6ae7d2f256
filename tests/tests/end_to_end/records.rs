//! CloudTrail records as AWS would write them for what the tests have just done.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

use scenarios::{emulator::REGION, stack::Stack};
use serde_json::{Value, json};

/// A record of a successful call by a user of the stack's account.
pub(crate) fn record(stack: &Stack, service: &str, name: &str, parameters: Value) -> Value {
    let account = &stack.account;
    let mut record = json!({
        "eventVersion": "1.10",
        "userIdentity": {
            "type": "IAMUser",
            "principalId": "AIDAEXAMPLEEXAMPLE01",
            "arn": format!("arn:aws:iam::{account}:user/mallory"),
            "accountId": account,
            "accessKeyId": "AKIAEXAMPLEEXAMPLE01",
            "userName": "mallory",
        },
        "eventTime": now(),
        "eventSource": format!("{service}.amazonaws.com"),
        "eventName": name,
        "awsRegion": REGION,
        "sourceIPAddress": "198.51.100.7",
        "userAgent": "aws-cli/2.15.0",
        "responseElements": null,
        "requestID": fresh_id(),
        "eventID": fresh_id(),
        "readOnly": false,
        "eventType": "AwsApiCall",
        "managementEvent": true,
        "recipientAccountId": account,
        "eventCategory": "Management",
    });
    record["requestParameters"] = parameters;
    record
}

/// The record's `eventID`.
pub(crate) fn id(record: &Value) -> &str {
    record["eventID"].as_str().unwrap()
}

/// An id that no other event of this run has.
pub(crate) fn fresh_id() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("{:08x}-0000-4000-8000-{number:012x}", nanos % 0xffff_ffff)
}

fn now() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let at = chrono::DateTime::from_timestamp(i64::try_from(seconds).unwrap(), 0).unwrap();
    at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}
