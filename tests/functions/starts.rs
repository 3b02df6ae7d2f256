//! What every function's real binary does against a Lambda Runtime API: what it says when it cannot
//! start, and what becomes of an event while nothing can be reached.
//!
//! A module of each function's `tests/starts.rs`, which names the binary: only cargo's test of that
//! very package knows where it is.

use std::path::Path;

use scenarios::runtime_api::{Ended, invoke};

#[test]
fn names_everything_that_is_wrong_with_its_settings_at_once() {
    let settings = [
        ("SNAPBACK_POSTURE", "enforced"),
        ("SNAPBACK_TRUST", r#"{"trusted_acounts":[],"account_id":"12"}"#),
        ("SNAPBACK_POLICIES", "/nowhere/policies"),
    ];
    let ended = invoke(Path::new(super::BINARY), &settings, "{}").unwrap();
    let Ended::Init(error) = ended else { panic!("{ended:?}") };
    assert_eq!(error["errorType"], "Permanent.Settings");
    let message = error["errorMessage"].as_str().unwrap();
    for expected in [
        "`SNAPBACK_POSTURE`: `enforced`",
        "`SNAPBACK_TABLE`: not set",
        "`SNAPBACK_TOPIC_ARN`: not set",
        "`SNAPBACK_TRUST`: `trusted_acounts`",
        "`SNAPBACK_TRUST`: `account_id`",
        "`SNAPBACK_POLICIES`",
        "`AWS_REGION`: not set",
    ] {
        assert!(message.contains(expected), "{expected} is not in {message}");
    }
}

#[test]
fn an_event_that_nobody_can_be_told_of_fails_under_a_code_that_asks_for_another_delivery() {
    let settings = [
        ("SNAPBACK_TABLE", "ledger"),
        ("SNAPBACK_TOPIC_ARN", "arn:aws:sns:eu-west-1:111122223333:alerts"),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "none"),
        // The discard port: nobody listens there.
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:9"),
    ];
    let ended = invoke(Path::new(super::BINARY), &settings, r#"{"cut": "o"#).unwrap();
    let Ended::Error(error) = ended else { panic!("{ended:?}") };
    assert_eq!(error["errorType"], "Transient.Ledger", "{error}");
    assert!(!error.to_string().contains("cut"), "the payload is not for the log: {error}");
}
