//! `snapback replay --live` and `--apply` as a person runs them, on an account that moto plays.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use scenarios::{
    emulator::{self, REGION},
    functions,
    stack::text,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Account, account};

const LEDGER: &str = "snapback-ledger.jsonl";
const EVERYBODY: &str = "http://acs.amazonaws.com/groups/global/AllUsers";

/// How a run ended.
pub(crate) struct Ran {
    code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    pub(crate) fn line(&self) -> Value {
        assert_eq!(self.out.lines().count(), 1, "{}{}", self.out, self.err);
        serde_json::from_str(&self.out).unwrap()
    }
}

fn replay(here: &TempDir, flags: &[&str], endpoint: &str, record: &Value) -> Ran {
    let mut child = Command::new(functions::command_line().unwrap())
        .arg("replay")
        .args(flags)
        .args(["--format", "json", "--endpoint-url", endpoint, "-"])
        .current_dir(here.path())
        .env_clear()
        .env("AWS_REGION", REGION)
        .env("AWS_ACCESS_KEY_ID", "AKIAEXAMPLEEXAMPLE03")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(record.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code(), out: said(output.stdout), err: said(output.stderr) }
}

pub(crate) fn live(here: &TempDir, flags: &[&str], record: &Value) -> Ran {
    replay(here, flags, &emulator::moto().unwrap().endpoint, record)
}

/// The record of a call that names an ACL by an empty parameter, so that it tells nothing offline.
fn record_of(bucket: &str) -> Value {
    json!({
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "IAMUser",
            "arn": "arn:aws:iam::111122223333:user/mallory",
            "accountId": "111122223333",
            "userName": "mallory",
        },
        "eventTime": "2026-03-01T03:00:00Z",
        "eventSource": "s3.amazonaws.com",
        "eventName": "PutBucketAcl",
        "awsRegion": REGION,
        "requestParameters": { "bucketName": bucket, "acl": "" },
        "eventID": "00000000-0000-4000-8000-00000000f001",
        "eventType": "AwsApiCall",
        "recipientAccountId": "111122223333",
    })
}

fn bucket_open_to_everybody(account: &Account, bucket: &str) {
    let create = json!({ "Bucket": bucket, "ObjectOwnership": "ObjectWriter" });
    account.call("s3", "CreateBucket", create);
    account.call("s3", "PutBucketAcl", json!({ "Bucket": bucket, "ACL": "public-read" }));
}

fn is_open(account: &Account, bucket: &str) -> bool {
    let acl = account.call("s3", "GetBucketAcl", json!({ "Bucket": bucket }));
    acl["Grants"].as_array().unwrap().iter().any(|grant| text(grant, "/Grantee/URI") == EVERYBODY)
}

#[test]
fn live_reads_the_account_and_writes_nothing() {
    const BUCKET: &str = "amzn-s3-demo-live";
    let here = tempfile::tempdir().unwrap();
    let account = account();
    bucket_open_to_everybody(account, BUCKET);

    let ran = live(&here, &["--live", "--exit-code"], &record_of(BUCKET));
    let line = ran.line();
    assert_eq!(line["status"], "finding", "{}", ran.err);
    assert_eq!(line["findings"][0]["code"], "acl-public:AllUsers:READ");
    assert_eq!(line["decision"]["response"], "revert");
    assert_eq!(line["remedies"][0]["operation"], "s3:PutBucketAcl");
    assert_eq!(ran.code, Some(3), "would revert");
    assert!(ran.err.contains("account 111122223333"), "{}", ran.err);
    assert!(is_open(account, BUCKET), "--live only reads");
}

#[test]
fn apply_asks_first_and_says_what_undoes_it() {
    const BUCKET: &str = "amzn-s3-demo-apply";
    let here = tempfile::tempdir().unwrap();
    let account = account();
    bucket_open_to_everybody(account, BUCKET);
    let record = record_of(BUCKET);

    let nobody_to_ask = live(&here, &["--apply"], &record);
    assert_eq!(nobody_to_ask.code, Some(64), "{}", nobody_to_ask.err);
    assert!(nobody_to_ask.err.contains("--yes"), "{}", nobody_to_ask.err);

    let observing = live(&here, &["--apply", "--yes", "--posture", "observe"], &record);
    assert_ne!(observing.line()["decision"]["response"], "revert", "{}", observing.err);
    assert!(is_open(account, BUCKET), "nothing is written before it is agreed to");

    let applied = live(&here, &["--apply", "--yes"], &record);
    assert_eq!(applied.line()["reason"], "verified", "{}", applied.err);
    assert!(!is_open(account, BUCKET));
    let kept = std::fs::read_to_string(here.path().join(LEDGER)).unwrap();
    let entries: Vec<Value> =
        kept.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (first, entry) = (entries.first().unwrap(), entries.last().unwrap());
    assert_eq!(first["outcome"], Value::Null, "kept before the write: {first}");
    assert_eq!(entry["outcome"], "verified", "and after it: {entry}");
    assert!(entry["inverse"].to_string().contains(EVERYBODY), "{entry}");

    let again = live(&here, &["--apply", "--yes"], &record);
    assert_eq!(again.line()["status"], "clean", "{}", again.err);
}

#[test]
fn what_cannot_be_asked_is_never_clean() {
    let here = tempfile::tempdir().unwrap();
    let nobody = replay(&here, &["--live"], "http://127.0.0.1:1", &record_of("amzn-s3-demo-any"));
    assert_eq!(nobody.code, Some(64), "{}", nobody.err);
    assert!(nobody.err.contains("cannot be reached"), "{}", nobody.err);

    let mut foreign = record_of("amzn-s3-demo-any");
    foreign["recipientAccountId"] = json!("444455556666");
    let line = live(&here, &["--live"], &foreign).line();
    assert_eq!((&line["status"], &line["reason"]), (&json!("unclear"), &json!("other_account")));

    let gone = live(&here, &["--live"], &record_of("amzn-s3-demo-never-made")).line();
    assert_ne!(gone["status"], "finding", "{gone}");
}

#[test]
fn nothing_is_written_whose_undoing_cannot_be_kept() {
    const BUCKET: &str = "amzn-s3-demo-no-journal";
    let account = account();
    bucket_open_to_everybody(account, BUCKET);
    let here = tempfile::tempdir().unwrap();
    // A folder where the file should be.
    std::fs::create_dir(here.path().join(LEDGER)).unwrap();
    let moto = &emulator::moto().unwrap().endpoint;
    let refused = replay(&here, &["--apply", "--yes"], moto, &record_of(BUCKET));
    assert!(is_open(account, BUCKET), "no entry could be kept, so nothing may be written");
    assert_eq!(refused.code, Some(1), "{}{}", refused.out, refused.err);
    assert_eq!(refused.line()["reason"], "not_answered", "{}", refused.err);
    assert!(refused.err.contains(LEDGER), "{}", refused.err);
}

/// `snapback baseline take` for one control, as lines by resource.
fn take(control: &str) -> Vec<Value> {
    let output = Command::new(functions::command_line().unwrap())
        .args(["baseline", "take", "--table", super::TABLE, "--control", control])
        .args(["--format", "json", "--endpoint-url", &emulator::moto().unwrap().endpoint])
        .env_clear()
        .env("AWS_REGION", REGION)
        .env("AWS_ACCESS_KEY_ID", "AKIAEXAMPLEEXAMPLE03")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .output()
        .unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

// S-31.
#[test]
fn a_baseline_is_taken_of_what_is_right_and_what_is_wrong_is_listed() {
    const CONTROL: &str = "s3-bucket-policy";
    let account = account();
    let policy = |bucket: &str, effect: &str, condition: Value| {
        account.call("s3", "CreateBucket", json!({ "Bucket": bucket }));
        let arn = format!("arn:aws:s3:::{bucket}");
        let statement = json!({
            "Effect": effect,
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [arn.clone(), format!("{arn}/*")],
            "Condition": condition,
        });
        let document = json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string();
        account.call("s3", "PutBucketPolicy", json!({ "Bucket": bucket, "Policy": document }));
    };
    let (right, wrong) = ("amzn-s3-demo-measure", "amzn-s3-demo-no-measure");
    policy(right, "Deny", json!({ "Bool": { "aws:SecureTransport": "false" } }));
    policy(wrong, "Allow", json!({ "Bool": { "aws:SecureTransport": "true" } }));
    let lines = take(CONTROL);
    let of = |bucket: &str| {
        let arn = format!("arn:aws:s3:::{bucket}");
        lines.iter().find(|line| line["resource"]["arn"] == arn.as_str()).cloned().unwrap()
    };
    assert_eq!(of(right)["baseline"], "kept", "{}", of(right));
    assert_eq!(of(wrong)["baseline"], "wrong", "{}", of(wrong));
    assert!(of(wrong)["because"].to_string().contains("public-statement"));
    assert!(lines.iter().all(|line| line["control"] == CONTROL), "{lines:?}");
    let scan = account.call("dynamodb", "Scan", json!({ "TableName": super::TABLE }));
    let kept: Vec<String> = scan["Items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|item| text(item, "/kind/S") == "baseline")
        .map(|item| text(item, "/resource/S"))
        .collect();
    assert!(kept.contains(&format!("arn:aws:s3:::{right}")), "{kept:?}");
    assert!(!kept.contains(&format!("arn:aws:s3:::{wrong}")), "{kept:?}");
}
