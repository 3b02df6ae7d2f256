//! The deployed rules let through what the controls ask about, and keep out what they need not see.

use std::{env, fs, path::PathBuf};

use controls::{AnyControl, NoStates};
use events::Event;
use model::{Status, Trust};
use scenarios::{
    emulator::REGION,
    stack::{Stack, text},
    workspace,
};
use serde_json::{Value, json};

use crate::stacks::enforcing;

/// The rules of each function, by the logical ids that the template gives them.
const RULES: &[(&str, &[&str])] = &[
    ("console-sign-in", &["ConsoleSignInSignIns", "ConsoleSignInRootUse"]),
    ("iam-admin-grant", &["IamAdminGrantGrants"]),
    ("iam-credentials", &["IamCredentialsCredentials"]),
    ("iam-password-policy", &["IamPasswordPolicyPasswordPolicies"]),
    ("s3-access-denied", &["S3AccessDeniedRefusals"]),
    ("s3-bucket-policy", &["S3BucketPolicyBucketPolicies"]),
    ("s3-bucket-safeguards", &["S3BucketSafeguardsBucketSettings"]),
    ("s3-public-access-block", &["S3PublicAccessBlockBlocks"]),
    ("iam-trust-policy", &["IamTrustPolicyTrustPolicies"]),
    (
        "s3-public-acl",
        &["S3PublicAclBucketAcls", "S3PublicAclObjectAcls", "S3PublicAclNativeObjectAcls"],
    ),
    ("s3-unencrypted-upload", &["S3UnencryptedUploadUploads", "S3UnencryptedUploadNativeUploads"]),
];

/// The patterns of a control's rules, as deployed.
fn patterns(stack: &Stack, control: &str) -> Vec<String> {
    let (_, rules) = RULES.iter().find(|(known, _)| *known == control).unwrap();
    rules
        .iter()
        .map(|rule| {
            let name = stack.physical(rule).unwrap();
            let rule = stack.call("events", "DescribeRule", json!({ "Name": name })).unwrap();
            text(&rule, "/EventPattern")
        })
        .collect()
}

fn is_let_through(stack: &Stack, patterns: &[String], envelope: &Value) -> bool {
    patterns.iter().any(|pattern| {
        let test = json!({ "EventPattern": pattern, "Event": envelope.to_string() });
        stack.call("events", "TestEventPattern", test).unwrap()["Result"] == true
    })
}

/// Every event within a text, as EventBridge would deliver it: envelopes as they are, however
/// deep they are wrapped, and bare records in the envelope that AWS puts around them.
fn envelopes(value: &Value, found: &mut Vec<Value>) {
    if value.get("detail-type").is_some() && value.get("detail").is_some() {
        found.push(value.clone());
    } else if value.get("eventName").is_some() && value.get("eventSource").is_some() {
        found.push(enveloped(value));
    } else if let Some(text) = value.as_str() {
        if let Ok(inner) = serde_json::from_str::<Value>(text)
            && (inner.is_object() || inner.is_array())
        {
            envelopes(&inner, found);
        }
    } else if let Some(members) = value.as_object() {
        for member in members.values() {
            envelopes(member, found);
        }
    } else if let Some(items) = value.as_array() {
        for item in items {
            envelopes(item, found);
        }
    }
}

fn enveloped(record: &Value) -> Value {
    let service = text(record, "/eventSource");
    let source = format!("aws.{}", service.split('.').next().unwrap_or_default());
    let sign_in = text(record, "/eventType").eq_ignore_ascii_case("AwsConsoleSignIn");
    let what = if sign_in { "Console Sign In" } else { "API Call" };
    json!({
        "version": "0",
        "id": "00000000-0000-4000-8000-00000000e002",
        "detail-type": format!("AWS {what} via CloudTrail"),
        "source": source,
        "account": record.get("recipientAccountId").cloned().unwrap_or_else(|| json!("111122223333")),
        "time": record.get("eventTime").cloned().unwrap_or_else(|| json!("2026-03-01T03:00:00Z")),
        "region": record.get("awsRegion").cloned().unwrap_or_else(|| json!(REGION)),
        "resources": [],
        "detail": record,
    })
}

/// What a control would do with an event: whether it must see it, or must not. `None`: either.
fn wanted(control: &dyn AnyControl, event: &Event) -> Option<bool> {
    let judged = control.judge(event, &NoStates, &Trust::default());
    match judged.status {
        Status::Finding | Status::Clean | Status::Unclear | Status::Malformed => Some(true),
        // A rule that lets a failed call through costs an invocation for nothing; one that hears
        // every call of somebody (the root user) cannot tell.
        Status::Ignored => {
            let any = control.subscriptions().iter().any(|one| one.event_name == controls::ANY);
            (judged.reason.as_deref() == Some("call_failed") && !any).then_some(false)
        }
    }
}

/// Files of a folder, at any depth.
fn files(dir: PathBuf) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// Compares what the rules let through with what the controls want; gives how many were compared.
fn compare(
    stack: &Stack,
    sources: impl IntoIterator<Item = (String, Value)>,
) -> (usize, Vec<String>) {
    let controls: Vec<(&dyn AnyControl, Vec<String>)> = controls::all()
        .iter()
        .map(|control| (*control, patterns(stack, control.id().as_str())))
        .collect();
    let (mut compared, mut wrong) = (0_usize, Vec::new());
    for (source, value) in sources {
        let mut found = Vec::new();
        envelopes(&value, &mut found);
        for envelope in found {
            let Ok(event) = Event::from_value(&envelope) else { continue };
            // Exports that blank the service out are no deliveries of AWS.
            if event.record.event_source == "..." {
                continue;
            }
            for (control, patterns) in &controls {
                // The rules are not asked about what the control does not even subscribe to: that
                // they are the same is the template's own test.
                let Some(wanted) = wanted(*control, &event).filter(|_| control.asks_about(&event))
                else {
                    continue;
                };
                compared = compared.saturating_add(1);
                if is_let_through(stack, patterns, &envelope) != wanted {
                    let id = control.id();
                    wrong.push(format!("{source}: {id} wants it: {wanted}; the rules do not"));
                }
            }
        }
    }
    (compared, wrong)
}

#[test]
fn every_sample_event_reaches_the_function_that_asks_about_it() {
    let stack = enforcing();
    let root = workspace::root().join("events");
    let samples = files(root.clone()).into_iter().flat_map(|path| {
        let name = path.strip_prefix(&root).unwrap().display().to_string();
        let text = fs::read_to_string(&path).unwrap();
        let documents = serde_json::Deserializer::from_str(&text).into_iter::<Value>();
        // A sample may be cut off: what stands before the cut counts.
        documents.map_while(Result::ok).map(|value| (name.clone(), value)).collect::<Vec<_>>()
    });
    let (compared, wrong) = compare(stack, samples);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(compared >= 24, "only {compared} samples were compared");
}

#[test]
fn every_recorded_event_reaches_the_function_that_asks_about_it() {
    let shared = env::var_os("SNAPBACK_SHARED")
        .map_or_else(|| workspace::root().join("../shared"), PathBuf::from);
    let corpus = shared.join("corpus");
    if !corpus.is_dir() {
        return;
    }
    let stack = enforcing();
    let rows = ["events.jsonl", "bulk.jsonl"].into_iter().flat_map(|name| {
        let text = fs::read_to_string(corpus.join(name)).unwrap();
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.into_iter().enumerate().filter_map(move |(number, line)| {
            let row: Value = serde_json::from_str(&line).unwrap();
            // What somebody wrote by hand may lack what AWS's patterns can rely on.
            if row["fidelity"] == "edited" {
                return None;
            }
            // Only the record is attested: envelopes were made up or made unrecognisable.
            let record = row.get("record").filter(|record| !record.is_null());
            let record = record.or_else(|| row.pointer("/envelope/detail")).unwrap_or(&row);
            Some((format!("{name}, row {number} from 0"), record.clone()))
        })
    });
    let (compared, wrong) = compare(stack, rows);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(compared > 0);
}

#[test]
fn an_upload_without_grants_stays_out_of_the_acl_functions_queue() {
    let stack = enforcing();
    let patterns = patterns(stack, "s3-public-acl");
    let upload = |parameters: Value| {
        let mut record = json!({ "eventName": "PutObject", "eventSource": "s3.amazonaws.com" });
        record["requestParameters"] = parameters;
        is_let_through(stack, &patterns, &enveloped(&record))
    };
    assert!(!upload(json!({ "bucketName": "amzn-s3-demo-bucket", "key": "a" })));
    let grants = [
        "x-amz-acl",
        "x-amz-grant-full-control",
        "x-amz-grant-read",
        "x-amz-grant-read-acp",
        "x-amz-grant-write-acp",
    ];
    for grant in grants {
        assert!(upload(json!({ "bucketName": "b", "key": "a", grant: "x" })), "{grant}");
        assert!(upload(json!({ "bucketName": "b", "key": "a", grant: ["x"] })), "{grant}");
        if grant != "x-amz-acl" {
            for list in ["accessControlList", "AccessControlList"] {
                let parameters = json!({ "bucketName": "b", "key": "a", list: { grant: "x" } });
                assert!(upload(parameters), "{list}.{grant}");
            }
        }
    }
    // Parameters that were cut may have held a grant.
    assert!(upload(json!({ "omitted": true })));
    assert!(upload(Value::Null));
}

#[test]
fn an_event_that_somebody_else_puts_matches_no_rule() {
    let stack = enforcing();
    let mut envelope = enveloped(&json!({
        "eventName": "PutBucketAcl",
        "eventSource": "s3.amazonaws.com",
        "requestParameters": { "bucketName": "amzn-s3-demo-bucket" },
    }));
    let patterns = patterns(stack, "s3-public-acl");
    assert!(is_let_through(stack, &patterns, &envelope));
    envelope["source"] = json!("custom.s3");
    assert!(!is_let_through(stack, &patterns, &envelope));
}
