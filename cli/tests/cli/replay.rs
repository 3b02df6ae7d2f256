//! `snapback replay`.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::Path,
};

use flate2::{Compression, write::GzEncoder};
use insta::assert_snapshot;
use serde_json::Value;

use crate::common::{Ran, command, folder, lines, samples, snapback, with_input};

const NOW: &str = "2026-02-03T09:00:00Z";

fn replay(args: &[&str]) -> Ran {
    let mut line = vec!["replay", "--now", NOW];
    line.extend(args);
    snapback(&line)
}

fn zipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn sample(name: &str) -> Vec<u8> {
    fs::read(samples().join(name)).unwrap()
}

/// The lines with what tells where they came from taken out.
fn without_source(ran: &Ran) -> Vec<Value> {
    let mut lines = lines(ran);
    for line in &mut lines {
        line.as_object_mut().unwrap().remove("source");
    }
    lines
}

#[test]
fn a_public_acl_in_words() {
    let ran = replay(&["public-acl.json"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    assert_snapshot!(ran.out);
}

#[test]
fn an_open_trust_policy_in_words_with_the_change_of_its_document() {
    let ran = replay(&["open-trust.json"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    assert_snapshot!(ran.out);
}

#[test]
fn a_trail_in_words() {
    assert_snapshot!(replay(&["trail.json"]).out);
}

#[test]
fn a_public_acl_in_json() {
    assert_snapshot!(replay(&["public-acl.json", "--format", "json"]).out);
}

#[test]
fn a_trail_in_json() {
    assert_snapshot!(replay(&["trail.json", "--format", "json"]).out);
}

#[test]
fn broken_and_hostile_lines_in_words() {
    let ran = replay(&["lines.jsonl", "--trust", "trust.toml"]);
    assert!(!ran.out.contains('\u{1b}'), "an escape of the attacker's reached the terminal");
    assert!(!ran.out.contains('\u{202e}'), "a bidi override reached the terminal");
    assert!(!ran.out.lines().any(|line| line.starts_with("REVERT")), "a forged line");
    assert_snapshot!(ran.out);
}

#[test]
fn broken_and_hostile_lines_in_json() {
    assert_snapshot!(replay(&["lines.jsonl", "--trust", "trust.toml", "--format", "json"]).out);
}

#[test]
fn an_event_that_is_not_what_it_claims_is_told_and_nothing_else() {
    let sample = samples().join("../../../events/s3-public-acl/public-read-canned-acl.json");
    let text = fs::read_to_string(sample).unwrap();
    let genuine: Value = serde_json::from_str(&text).unwrap();
    let forgeries = [("source", "com.example"), ("account", "444455556666")];
    for (member, claim) in forgeries {
        let mut forged = genuine.clone();
        forged[member] = claim.into();
        let args = ["replay", "-", "--format", "json", "--exit-code"];
        let ran = with_input(&args, forged.to_string().as_bytes());
        assert_eq!(ran.code, Some(2), "would tell: {}", ran.err);
        for line in lines(&ran) {
            assert_eq!(line["reason"], "forged", "{line}");
            assert_eq!(line["decision"]["response"], "alert", "{line}");
            let findings = line["findings"].as_array().unwrap();
            assert!(findings.iter().all(|finding| finding["response"] == "alert"), "{line}");
            assert_eq!(line["remedies"].as_array(), Some(&vec![]), "{line}");
        }
    }
}

#[test]
fn a_line_has_exactly_the_promised_keys_in_their_order() {
    let ran = replay(&["lines.jsonl", "trail.json", "open-trust.json", "--format", "json"]);
    for line in lines(&ran) {
        let keys: Vec<&str> = line.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(
            keys,
            [
                "source",
                "event_id",
                "event_name",
                "event_time",
                "account",
                "region",
                "actor",
                "control",
                "status",
                "reason",
                "resource",
                "findings",
                "decision",
                "remedies"
            ]
        );
    }
}

#[test]
fn what_the_record_does_not_carry_comes_from_the_state_file() {
    let live = replay(&["public-acl.json", "--state", "state.json", "--format", "json"]);
    let statuses: Vec<Value> =
        lines(&live).into_iter().map(|line| line["status"].clone()).collect();
    assert_eq!(statuses, ["clean"], "the live ACL is judged, not the record's");
}

#[test]
fn observing_writes_nothing_and_still_tells() {
    let ran = replay(&["public-acl.json", "--posture", "observe", "--format", "json"]);
    let line = lines(&ran).remove(0);
    assert_eq!(line["decision"]["response"], "alert");
    assert_eq!(line["remedies"], serde_json::json!([]));
}

#[test]
fn every_wrapping_and_packing_gives_the_same_judgement() {
    let folder = folder("forms");
    let event = sample("public-acl.json");
    let text = String::from_utf8(event.clone()).unwrap();
    let compact = serde_json::from_slice::<Value>(&event).unwrap();
    let body = serde_json::json!({"Records": [{"messageId": "m", "eventSource": "aws:sqs", "body": text}]});
    let sns = serde_json::json!({"Records": [{"EventSource": "aws:sns", "Sns": {"Type": "Notification", "Message": text}}]});
    let forms: [(&str, Vec<u8>); 5] = [
        ("envelope.json.gz", zipped(&event)),
        ("record.json", compact["detail"].to_string().into_bytes()),
        ("file.json", serde_json::json!({"Records": [compact["detail"]]}).to_string().into_bytes()),
        ("sqs.json", body.to_string().into_bytes()),
        ("sns.json.gz", zipped(sns.to_string().as_bytes())),
    ];
    let expected = without_source(&replay(&["public-acl.json", "--format", "json"]));
    for (name, bytes) in forms {
        let path = folder.join(name);
        fs::write(&path, bytes).unwrap();
        let ran = replay(&[path.to_str().unwrap(), "--format", "json"]);
        assert_eq!(without_source(&ran), expected, "{name}");
    }
    let piped = with_input(&["replay", "--now", NOW, "--format", "json", "-"], &zipped(&event));
    assert_eq!(without_source(&piped), expected);
    assert_eq!(lines(&piped)[0]["source"], "-#1");
}

#[test]
fn a_folder_is_walked_in_the_order_of_names() {
    let folder = folder("walk");
    fs::create_dir(folder.join("b")).unwrap();
    for name in ["c.json", "b/a.jsonl", ".hidden.json", "notes.md"] {
        fs::write(folder.join(name), sample("public-acl.json")).unwrap();
    }
    let ran = replay(&[folder.to_str().unwrap(), "--format", "json"]);
    let sources: Vec<String> = lines(&ran)
        .iter()
        .map(|line| line["source"].as_str().unwrap().rsplit_once("walk/").unwrap().1.to_owned())
        .collect();
    assert_eq!(sources, ["b/a.jsonl#1", "c.json#1"]);
}

#[test]
fn only_the_chosen_controls_are_asked() {
    let args = ["public-acl.json", "open-trust.json", "--format", "json"];
    let ran = replay(&[&args[..], &["--control", "iam-trust-policy"]].concat());
    let controls: Vec<Value> = lines(&ran).iter().map(|line| line["control"].clone()).collect();
    assert_eq!(controls, [Value::Null, Value::from("iam-trust-policy")]);
}

#[test]
fn a_truncated_file_gives_what_stands_before_the_break_and_says_where_it_is() {
    let folder = folder("truncated");
    let path = folder.join("trail.json");
    let whole = sample("trail.json");
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    let ran = replay(&[path.to_str().unwrap(), "--format", "json"]);
    let lines = lines(&ran);
    assert_eq!(lines.first().unwrap()["status"], "clean");
    let last = lines.last().unwrap();
    assert_eq!(last["status"], "malformed");
    assert_eq!(last["source"], format!("{}#{}", path.display(), lines.len()));
    assert!(last["reason"].as_str().unwrap().contains("line "), "{last}");
    assert_eq!(ran.code, Some(0));
    let strict = replay(&[path.to_str().unwrap(), "--strict"]);
    assert_eq!(strict.code, Some(1));
}

#[test]
fn a_broken_gzip_gives_what_could_be_read_and_fails() {
    let folder = folder("broken-gzip");
    let path = folder.join("trail.jsonl.gz");
    let record = serde_json::from_slice::<Value>(&sample("public-acl.json")).unwrap();
    let many = format!("{}\n", record["detail"]).repeat(500);
    let whole = zipped(many.as_bytes());
    fs::write(&path, &whole[..whole.len() - 10]).unwrap();
    let ran = replay(&[path.to_str().unwrap(), "--format", "json"]);
    assert_eq!(lines(&ran).first().unwrap()["status"], "finding");
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("trail.jsonl.gz` cannot be read"), "{}", ran.err);
}

#[test]
fn a_file_that_is_not_there_fails_and_hides_nothing() {
    let ran = replay(&["no-such-file.json", "public-acl.json", "--format", "json"]);
    assert_eq!((ran.code, lines(&ran).len()), (Some(1), 1));
    assert!(ran.err.contains("`no-such-file.json` cannot be read"), "{}", ran.err);
}

#[cfg(unix)]
#[test]
fn a_folder_without_read_permission_is_told_and_the_rest_goes_on() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = folder("locked");
    let locked = folder.join("a");
    fs::create_dir(&locked).unwrap();
    fs::write(locked.join("x.json"), sample("public-acl.json")).unwrap();
    fs::write(folder.join("b.json"), sample("public-acl.json")).unwrap();
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).unwrap();
    // The superuser reads everything: then there is nothing to refuse, and both files count.
    let refused = fs::read_dir(&locked).is_err();
    let ran = replay(&[folder.to_str().unwrap(), "--format", "json"]);
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o755)).unwrap();
    if refused {
        assert_eq!((ran.code, lines(&ran).len()), (Some(1), 1));
        assert!(ran.err.contains("/a` cannot be read"), "{}", ran.err);
    } else {
        assert_eq!((ran.code, lines(&ran).len()), (Some(0), 2));
    }
}

#[test]
fn the_exit_code_tells_the_furthest_response() {
    let cases = [
        (&["trail.json"][..], 0),
        (&["public-acl.json"], 3),
        (&["public-acl.json", "--posture", "observe"], 2),
        (&["public-acl.json", "no-such-file.json"], 1),
    ];
    for (args, code) in cases {
        let ran = replay(&[args, &["--exit-code"]].concat());
        assert_eq!(ran.code, Some(code), "{args:?}");
    }
    assert_eq!(replay(&["public-acl.json"]).code, Some(0), "only where it is asked for");
}

#[test]
fn malformed_records_fail_only_a_strict_run() {
    assert_eq!(replay(&["lines.jsonl"]).code, Some(0));
    assert_eq!(replay(&["lines.jsonl", "--strict"]).code, Some(1));
    assert_eq!(replay(&["trail.json", "--strict"]).code, Some(0));
}

#[test]
fn a_reader_that_goes_away_ends_the_run_quietly() {
    let folder = folder("closed-pipe");
    let path = folder.join("many.jsonl");
    let record = serde_json::from_slice::<Value>(&sample("public-acl.json")).unwrap();
    fs::write(&path, format!("{}\n", record["detail"]).repeat(2000)).unwrap();
    for format in ["json", "text"] {
        let mut child =
            command(&["replay", path.to_str().unwrap(), "--format", format]).spawn().unwrap();
        let mut first = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
        let ended = child.wait_with_output().unwrap();
        assert!(!first.is_empty());
        let err = String::from_utf8(ended.stderr).unwrap();
        assert_eq!((ended.status.code(), err.as_str()), (Some(0), ""), "{format}");
    }
}

#[test]
fn exceptions_that_never_matched_are_pointed_out() {
    let folder = folder("exceptions");
    let policies = folder.join("policies");
    fs::create_dir(&policies).unwrap();
    fs::write(policies.join("exceptions.cedar"), exception("demo-site", "amzn-s3-demo-site"))
        .unwrap();
    fs::write(policies.join("more.cedar"), exception("never-met", "amzn-s3-demo-other")).unwrap();
    let args = ["public-acl.json", "--policies", policies.to_str().unwrap()];
    let ran = replay(&args);
    assert!(ran.out.contains("IGNORE"), "{}", ran.out);
    assert!(ran.out.contains("exception `never-met` of security@example.com never matched"));
    assert!(!ran.out.contains("exception `demo-site` of"), "{}", ran.out);
    let json = replay(&[&args[..], &["--format", "json"]].concat());
    let line = lines(&json).remove(0);
    assert_eq!(line["decision"]["response"], "ignore");
    assert_eq!(line["decision"]["because"][0]["policy"], "demo-site");
    assert!(json.err.contains("`never-met`"), "{}", json.err);
    assert_eq!(replay(&[&args[..], &["--exit-code"]].concat()).code, Some(0));
}

/// A successful call, as CloudTrail records it.
fn call(service: &str, name: &str, account: &str, parameters: &Value) -> Value {
    let global = service == "iam";
    serde_json::json!({
        "eventVersion": "1.11",
        "userIdentity": {"type": "IAMUser", "accountId": account, "userName": "alice",
            "arn": format!("arn:aws:iam::{account}:user/alice")},
        "eventTime": "2026-02-02T09:14:03Z",
        "eventSource": format!("{service}.amazonaws.com"),
        "eventName": name,
        "awsRegion": if global { "us-east-1" } else { "eu-west-1" },
        "requestParameters": parameters,
        "responseElements": null,
        "eventID": "6f1f4c2e-2d0b-4a55-9f43-0a1b2c3d4e5f",
        "eventType": "AwsApiCall",
        "recipientAccountId": account,
    })
}

/// One run over these records: the line about each.
fn told(records: &[Value], control: &str) -> Vec<Value> {
    let text = records.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
    let ran = with_input(
        &["replay", "-", "--now", NOW, "--format", "json", "--control", control],
        text.as_bytes(),
    );
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    lines(&ran)
}

/// S-31: as the functions would, whose ledger keeps what was right.
#[test]
fn what_was_right_in_one_record_is_what_the_next_is_held_against() {
    const OURS: &str = "111122223333";
    let update = |account: &str, length: u32| {
        let policy = serde_json::json!({
            "minimumPasswordLength": length, "requireSymbols": true, "requireNumbers": true,
            "requireUppercaseCharacters": true, "requireLowercaseCharacters": true,
            "passwordReusePrevention": 24,
        });
        call("iam", "UpdateAccountPasswordPolicy", account, &policy)
    };
    let right = update(OURS, 20);
    let mut failed = right.clone();
    failed["errorCode"] = "AccessDenied".into();
    let forged = serde_json::json!({"version": "0", "detail-type": "AWS API Call via CloudTrail",
        "source": "aws.iam", "account": "444455556666", "detail": right});
    for (before, remembered) in [
        (vec![], Value::Null),
        (vec![right.clone()], 20.into()),
        (vec![right.clone(), update(OURS, 16)], 16.into()),
        (vec![right.clone(), update(OURS, 6)], 20.into()),
        (vec![update(OURS, 6)], Value::Null),
        (vec![update("444455556666", 20)], Value::Null),
        (vec![failed], Value::Null),
        (vec![forged], Value::Null),
    ] {
        let cut = [update(OURS, 8)];
        let told = told(&[&before[..], &cut[..]].concat(), "iam-password-policy");
        let finding = &told.last().unwrap()["findings"][0];
        assert_eq!(finding["code"], "iam-password-policy-weakened:MinimumPasswordLength");
        assert_eq!(finding["evidence"]["before"], remembered, "{before:?}");
    }
}

/// S-31.
#[test]
fn a_protection_that_goes_within_one_replay_is_found() {
    const BUCKET: &str = "amzn-s3-demo-bucket";
    let tls_only = serde_json::json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Deny", "Principal": "*", "Action": "s3:*",
        "Resource": [format!("arn:aws:s3:::{BUCKET}"), format!("arn:aws:s3:::{BUCKET}/*")],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }]});
    let put = |bucket: &str| {
        let parameters = serde_json::json!({"bucketName": bucket, "bucketPolicy": tls_only});
        call("s3", "PutBucketPolicy", "111122223333", &parameters)
    };
    let parameters = serde_json::json!({"bucketName": BUCKET, "policy": ""});
    let deleted = call("s3", "DeleteBucketPolicy", "111122223333", &parameters);
    let status = |records: &[Value]| {
        let told = told(records, "s3-bucket-policy");
        let last = told.last().unwrap();
        (last["status"].clone(), last["findings"][0]["code"].clone())
    };
    let nothing = (Value::from("clean"), Value::Null);
    let gone = (Value::from("finding"), Value::from("tls-not-enforced"));
    assert_eq!(status(&[put(BUCKET)]), nothing);
    assert_eq!(status(std::slice::from_ref(&deleted)), nothing);
    assert_eq!(status(&[put("amzn-s3-demo-other"), deleted.clone()]), nothing);
    assert_eq!(status(&[put(BUCKET), deleted.clone()]), gone);
    assert_eq!(status(&[put(BUCKET), deleted.clone(), deleted]), gone);
}

/// S-29: as the functions would, whatever the policies permit.
#[test]
fn what_has_no_tags_is_told_with_the_reason_and_not_marked() {
    let folder = folder("marks");
    let policies = folder.join("policies");
    fs::create_dir(&policies).unwrap();
    let all =
        "@id(\"mark-all\")\npermit (principal, action == Snapback::Action::\"tag\", resource);\n";
    fs::write(policies.join("all.cedar"), all).unwrap();
    let policies = policies.to_str().unwrap();
    for (sample, reason) in [
        ("console-sign-in/root-without-mfa", "this question only ever tells"),
        ("iam-credentials/key-for-root", "the root user cannot be tagged"),
        ("iam-password-policy/length-cut", "an account has no tags"),
    ] {
        let sample = format!("../../../events/{sample}.json");
        let control = sample.split('/').nth(4).unwrap();
        let args = [&sample, "--policies", policies, "--control", control];
        let json = replay(&[&args[..], &["--format", "json"]].concat());
        for line in lines(&json) {
            let findings = line["findings"].as_array().unwrap();
            assert!(!findings.is_empty(), "{line}");
            assert!(findings.iter().all(|finding| finding["response"] == "alert"), "{line}");
            assert_eq!(line["decision"]["response"], "alert", "{line}");
            assert_eq!(line["remedies"], serde_json::json!([]), "{line}");
        }
        let text = replay(&args).out;
        assert!(text.contains("it cannot be tagged"), "{text}");
        let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(reason), "{text}");
    }
}

fn exception(id: &str, bucket: &str) -> String {
    format!(
        "@id(\"{id}\")\n@owner(\"security@example.com\")\n@reason(\"a public demonstration\")\n\
         @expires(\"2026-06-01T00:00:00Z\")\nforbid (principal, action, resource)\nwhen {{\n  \
         resource.arn == \"arn:aws:s3:::{bucket}\" &&\n  context.now < \
         datetime(\"2026-06-01T00:00:00Z\")\n}};\n"
    )
}

#[test]
fn settings_that_are_not_right_stop_the_run_with_every_problem() {
    let folder = folder("settings");
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let trust = write("trust.toml", "account_id = \"12\"\nrequire_mfa = \"yes\"\nacount = 1\n");
    let ran = replay(&["public-acl.json", "--trust", &trust]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(64), ""));
    for key in ["`account_id`", "`require_mfa`", "`acount`"] {
        assert!(ran.err.contains(key), "{key} in {}", ran.err);
    }
    let state = write("state.json", "{\"bucket\": []}");
    let ran = replay(&["public-acl.json", "--state", &state]);
    assert_eq!((ran.code, ran.err.matches("`bucket`").count()), (Some(64), 2), "{}", ran.err);
    let missing = replay(&["public-acl.json", "--trust", "no-such-trust.toml"]);
    assert_eq!(missing.code, Some(64));
    write("broken.cedar", "permit (principal, action resource);\n");
    let ran = replay(&["public-acl.json", "--policies", folder.to_str().unwrap()]);
    assert_eq!(ran.code, Some(64));
    assert!(ran.err.contains("broken.cedar:1:"), "{}", ran.err);
}

#[cfg(not(feature = "live"))]
#[test]
fn a_build_without_the_sdk_names_the_feature() {
    for flag in ["--live", "--apply"] {
        let ran = replay(&["public-acl.json", flag]);
        assert_eq!(ran.code, Some(64));
        assert!(ran.err.contains(flag) && ran.err.contains("--features live"), "{}", ran.err);
    }
}

#[test]
fn the_samples_of_this_test_are_events() {
    for name in ["public-acl.json", "open-trust.json", "trail.json"] {
        assert!(Path::new(&samples()).join(name).is_file());
        assert!(!replay(&[name]).out.contains("MALFORMED"), "{name}");
    }
}
