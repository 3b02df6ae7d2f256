//! The real binary, whole: an event comes in, and the account is as it should be.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the helpers of a test fail like the test itself"
)]

mod account;

use std::path::Path;

use account::Account;
use scenarios::runtime_api::{Ended, invoke};
use serde_json::{Value, json};

const BINARY: &str = env!("CARGO_BIN_EXE_s3-public-acl");
const OWNER: &str = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be";
const EVERYONE: &str = "http://acs.amazonaws.com/groups/global/AllUsers";
const LOG_DELIVERY: &str = "http://acs.amazonaws.com/groups/s3/LogDelivery";

fn acl(grants: &[(&str, &str)]) -> String {
    let grants = grants.iter().map(|(name, permission)| {
        let (kind, name) = if name.starts_with("http") {
            ("Group", format!("<URI>{name}</URI>"))
        } else {
            ("CanonicalUser", format!("<ID>{name}</ID>"))
        };
        format!(
            "<Grant><Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
             xsi:type=\"{kind}\">{name}</Grantee><Permission>{permission}</Permission></Grant>"
        )
    });
    let grants: Vec<String> = grants.collect();
    format!(
        "<AccessControlPolicy><Owner><ID>{OWNER}</ID></Owner><AccessControlList>{}\
         </AccessControlList></AccessControlPolicy>",
        grants.concat()
    )
}

fn event() -> Value {
    json!({
        "version": "0",
        "id": "99999999-8888-4777-8666-555555555555",
        "detail-type": "AWS API Call via CloudTrail",
        "source": "aws.s3",
        "account": "111122223333",
        "time": "2026-03-05T09:30:05Z",
        "region": "eu-west-1",
        "resources": [],
        "detail": {
            "eventVersion": "1.11",
            "userIdentity": {
                "type": "IAMUser",
                "arn": "arn:aws:iam::111122223333:user/demo",
                "accountId": "111122223333",
                "userName": "demo",
            },
            "eventTime": "2026-03-05T09:30:00Z",
            "eventSource": "s3.amazonaws.com",
            "eventName": "PutBucketAcl",
            "awsRegion": "eu-west-1",
            "requestParameters": {"bucketName": "amzn-s3-demo-bucket", "acl": "", "x-amz-acl": "public-read"},
            "responseElements": null,
            "eventID": "11111111-2222-4333-8444-555555555555",
            "readOnly": false,
            "eventType": "AwsApiCall",
            "recipientAccountId": "111122223333",
            "eventCategory": "Management",
        },
    })
}

fn run(account: &Account, posture: &str, payload: &str) -> Ended {
    let settings = [
        ("SNAPBACK_POSTURE", posture),
        ("SNAPBACK_TABLE", "ledger"),
        ("SNAPBACK_TOPIC_ARN", "arn:aws:sns:eu-west-1:111122223333:alerts"),
        ("SNAPBACK_PAUSED", "/snapback/paused"),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "none"),
        ("AWS_ENDPOINT_URL", account.url()),
    ];
    invoke(Path::new(BINARY), &settings, payload).unwrap()
}

fn calls(account: &Account, service: &str) -> Vec<String> {
    account
        .with(|held| held.calls.iter().filter(|call| call.starts_with(service)).cloned().collect())
}

#[test]
fn takes_out_the_public_grant_and_tells_and_notes_it() {
    let account = Account::open(&acl(&[
        (OWNER, "FULL_CONTROL"),
        (EVERYONE, "READ"),
        (LOG_DELIVERY, "WRITE"),
    ]));
    let ended = run(&account, "enforce", &event().to_string());
    assert_eq!(ended, Ended::Response(json!({"handled": 1})));
    account.with(|held| {
        assert!(!held.acl.contains("AllUsers"), "{}", held.acl);
        assert!(held.acl.contains(OWNER) && held.acl.contains("LogDelivery"), "{}", held.acl);
        assert_eq!(held.calls.iter().filter(|call| *call == "s3:PutBucketAcl").count(), 1);
        assert_eq!(held.published.len(), 1);
        let entry = held.items.iter().find(|((_, sort), _)| sort.starts_with("entry#"));
        let (_, entry) = entry.expect("the ledger has an entry");
        assert_eq!(entry["outcome"]["S"], "verified", "{entry}");
    });
}

#[test]
fn writes_nothing_in_posture_observe_and_tells_all_the_same() {
    let open = acl(&[(OWNER, "FULL_CONTROL"), (EVERYONE, "READ")]);
    let account = Account::open(&open);
    let ended = run(&account, "observe", &event().to_string());
    assert_eq!(ended, Ended::Response(json!({"handled": 1})));
    account.with(|held| {
        assert_eq!(held.acl, open);
        assert!(!held.calls.iter().any(|call| call.starts_with("s3:Put")), "{:?}", held.calls);
        assert_eq!(held.published.len(), 1);
    });
}

#[test]
fn reads_once_when_nothing_is_wrong() {
    let account = Account::open(&acl(&[(OWNER, "FULL_CONTROL")]));
    let mut private = event();
    private["detail"]["requestParameters"]["x-amz-acl"] = json!("private");
    let ended = run(&account, "enforce", &private.to_string());
    assert_eq!(ended, Ended::Response(json!({"handled": 1})));
    assert_eq!(calls(&account, "s3:"), ["s3:GetBucketAcl"]);
    // The claim, the question whether a revert of ours is crossed by this, and the release.
    assert_eq!(
        calls(&account, "dynamodb:"),
        ["dynamodb:PutItem", "dynamodb:Query", "dynamodb:GetItem", "dynamodb:PutItem"]
    );
    assert!(calls(&account, "sns:").is_empty());
}

#[test]
fn a_payload_that_is_not_json_is_told_and_kept_and_not_lost() {
    for payload in ["{\"detail\": {\"eventName\"", "", "{}"] {
        let account = Account::open(&acl(&[]));
        let Ended::Error(error) = run(&account, "enforce", payload) else { panic!("{payload}") };
        assert_eq!(error["errorType"], "Permanent.Malformed", "{payload}: {error}");
        assert_eq!(calls(&account, "sns:"), ["sns:Publish"], "{payload}");
        assert!(calls(&account, "s3:").is_empty(), "{payload}");
    }
}

#[test]
fn a_poisoned_message_fails_alone() {
    let account = Account::open(&acl(&[(OWNER, "FULL_CONTROL"), (EVERYONE, "READ")]));
    let message =
        |id: &str, body: String| json!({"messageId": id, "eventSource": "aws:sqs", "body": body});
    let batch = json!({"Records": [
        message("m-1", "poison".to_owned()),
        message("m-2", event().to_string()),
    ]});
    let ended = run(&account, "enforce", &batch.to_string());
    assert_eq!(ended, Ended::Response(json!({"batchItemFailures": [{"itemIdentifier": "m-1"}]})));
    account.with(|held| assert!(!held.acl.contains("AllUsers")));
}
