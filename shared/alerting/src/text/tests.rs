//! The form for people read back: what is ours and what is not can be told apart in every line.

use std::collections::BTreeMap;

use model::{Actor, Outcome, Resource};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{
    Alert, redact,
    sns::{
        message,
        tests::{alert, finding},
    },
};

/// A part of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Ours(String),
    Foreign(String),
}

/// A line as a reader splits it who knows nothing but that foreign values stand between backticks.
fn parts(line: &str) -> Vec<Part> {
    let between: Vec<&str> = line.split('`').collect();
    assert!(between.len() % 2 == 1, "a backtick is open: {line}");
    between
        .iter()
        .enumerate()
        .filter(|(index, part)| index % 2 == 1 || !part.is_empty())
        .map(|(index, part)| {
            if index % 2 == 1 {
                Part::Foreign(decoded(part))
            } else {
                Part::Ours((*part).to_owned())
            }
        })
        .collect()
}

/// The text that was encoded, links and calls to people aside.
fn decoded(written: &str) -> String {
    let mut text = String::new();
    let mut rest = written;
    while let Some((before, escape)) = rest.split_once('\\') {
        text.push_str(before);
        if let Some(after) = escape.strip_prefix('\\') {
            text.push('\\');
            rest = after;
        } else {
            let (code, after) = escape.strip_prefix("u{").unwrap().split_once('}').unwrap();
            text.push(char::from_u32(u32::from_str_radix(code, 16).unwrap()).unwrap());
            rest = after;
        }
    }
    text + rest
}

fn line<'a>(text: &'a str, label: &str) -> &'a str {
    text.lines().find(|line| line.starts_with(&format!("{label} "))).unwrap()
}

fn ours(text: &str) -> Part {
    Part::Ours(text.to_owned())
}

fn foreign(text: &str) -> Part {
    Part::Foreign(text.to_owned())
}

/// An alert in which each text that others choose is another one.
fn told(texts: &[String; 9]) -> Alert {
    let [id, session, invoked_by, source_ip, agent, event, key, region, grantee] = texts;
    let some = |text: &String| Some(text.clone());
    let mut alert = alert("x");
    alert.actor = Actor {
        id: id.clone(),
        session: some(session),
        account: Some("111122223333".into()),
        invoked_by: some(invoked_by),
        source_ip: some(source_ip),
        user_agent: some(agent),
        mfa: None,
        ..alert.actor
    };
    alert.event_name = some(event);
    alert.event_id = some(event);
    alert.account = Some("111122223333".into());
    alert.region = some(region);
    alert.resource = Some(Resource::object(
        "amzn-s3-demo-bucket",
        key,
        None,
        "111122223333".into(),
        "us-east-1",
    ));
    let mut finding = finding("x", Outcome::Verified);
    finding.evidence = BTreeMap::from([("grantee".to_owned(), json!(grantee))]);
    finding.operations.truncate(1);
    finding.operations[0].parameters =
        json!({ "Key": key, "Tagging": [{ "Key": key, "Value": key }] });
    alert.findings = vec![finding];
    alert
}

/// What a reader makes of it, line by line.
fn assert_told_apart(texts: &[String; 9]) {
    let [id, session, invoked_by, source_ip, agent, event, key, region, grantee] = texts;
    let message = message(&told(texts));
    let who = vec![
        ours("Who        "),
        foreign(id),
        ours(" (assumed_role), session "),
        foreign(session),
        ours(", of account "),
        foreign("111122223333"),
        ours(", by way of "),
        foreign(invoked_by),
        ours(", from "),
        foreign(source_ip),
        ours(", agent "),
        // The only free text among them.
        foreign(&redact::text(agent)),
    ];
    assert_eq!(parts(line(&message.text, "Who")), who);
    let what = vec![
        ours("What       "),
        foreign(event),
        ours(" at 2026-03-01T03:00:00Z (event "),
        foreign(event),
        ours(")"),
    ];
    assert_eq!(parts(line(&message.text, "What")), what);
    let place = vec![
        ours("Where      AWS::S3::Object "),
        foreign(&format!("arn:aws:s3:::amzn-s3-demo-bucket/{key}")),
        ours(" in account "),
        foreign("111122223333"),
        ours(", Region "),
        foreign(region),
    ];
    assert_eq!(parts(line(&message.text, "Where")), place);
    let evidence = vec![ours("  Evidence grantee: "), foreign(grantee)];
    assert_eq!(parts(line(&message.text, "  Evidence")), evidence);
    let call =
        line(&message.text, "  Call made").strip_prefix("  Call made s3:PutObjectAcl ").unwrap();
    let call: Value = serde_json::from_str(call).unwrap();
    assert_eq!(decoded(call["Key"].as_str().unwrap()), *key);
    // One resource and one account in the subject, whatever the key says.
    let outside: String = message.subject.split('`').step_by(2).collect();
    assert_eq!(outside.matches(" on ").count(), 1, "{}", message.subject);
    assert_eq!(outside.matches(" in ").count(), 1, "{}", message.subject);
    assert!(outside.ends_with(" in 111122223333"), "{}", message.subject);
    // And programs read every name as it was, but for its escapes.
    let program: Value = serde_json::from_str(&message.json).unwrap();
    for (pointer, name) in [
        ("/actor/id", id),
        ("/actor/session", session),
        ("/actor/source_ip", source_ip),
        ("/event/name", event),
        ("/region", region),
        ("/findings/0/evidence/grantee", grantee),
        ("/findings/0/operations/0/parameters/Key", key),
    ] {
        assert_eq!(
            decoded(program.pointer(pointer).unwrap().as_str().unwrap()),
            *name,
            "{pointer}"
        );
    }
}

#[test]
fn a_value_cannot_look_like_a_further_attribute() {
    for hostile in [
        "curl, with MFA",
        "MFA",
        "x` (root, with MFA), agent `curl",
        "x in account 999988887777, Region `eu-west-1`",
        "x in account 999988887777, eu-west-1",
        "a), session `b",
        "AllUsers\n  Evidence grantee: nobody",
        "unknown",
        "",
    ] {
        assert_told_apart(&std::array::from_fn(|_| hostile.to_owned()));
    }
}

#[test]
fn what_is_not_known_is_ours_to_say() {
    let mut unknown = alert("x");
    (unknown.account, unknown.region, unknown.resource) = (None, None, None);
    (unknown.event_name, unknown.event_id, unknown.event_time) = (None, None, None);
    let text = message(&unknown).text;
    let place = "Where      unknown resource in account unknown, Region unknown";
    assert_eq!(parts(line(&text, "Where")), [ours(place)]);
    let what = "What       unknown call at an unknown time (event without an id)";
    assert_eq!(parts(line(&text, "What")), [ours(what)]);
}

/// Whoever may choose a name must not be able to make us hide it.
#[test]
fn a_name_that_looks_like_a_secret_is_told() {
    for name in
        ["secret=prod-admin", "token=x", "password: x", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"]
    {
        assert_told_apart(&std::array::from_fn(|_| name.to_owned()));
        let message = message(&told(&std::array::from_fn(|_| name.to_owned())));
        assert!(line(&message.text, "Where").contains(name), "{}", message.text);
    }
    let message = message(&told(&std::array::from_fn(|_| "secret=prod-admin".to_owned())));
    assert!(message.subject.contains("secret=prod-admin"), "{}", message.subject);
    assert!(!line(&message.text, "Who").contains("agent `secret=prod-admin`"), "{}", message.text);
}

#[test]
fn an_entry_is_told_with_what_can_be_done_with_it() {
    let mut alert = alert("x");
    let undo = |alert: &Alert| {
        let text = message(alert).text;
        text.lines()
            .find(|it| it.starts_with("  Undo") || it.starts_with("  Ledger"))
            .unwrap()
            .to_owned()
    };
    assert!(undo(&alert).contains("ledger entry e-0123, which holds the state before"));
    assert!(!undo(&alert).contains("snapback undo"), "there is no such command");
    let guide = include_str!("../../../../docs/operating.md");
    assert!(undo(&alert).ends_with("docs/operating.md, \"Undoing by hand\""));
    assert!(guide.contains("\n## Undoing by hand\n"));
    alert.findings.remove(0);
    assert_eq!(undo(&alert), "  Ledger   e-0123; nothing to undo");
}

proptest! {
    /// S-24.
    #[test]
    fn the_attributes_that_a_reader_splits_out_are_those_that_went_in(
        texts in prop::collection::vec(hostile(), 9),
    ) {
        let texts: [String; 9] = texts.try_into().unwrap();
        assert_told_apart(&texts);
    }
}

/// Texts made of what ends, begins and escapes, and of our own words.
fn hostile() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "`",
        "``",
        "\\",
        "\\u{60}",
        "\n",
        "\u{2028}",
        "\u{202e}",
        "\"",
        "{",
        "}",
        ", ",
        " ",
        ")",
        "(",
        ", with MFA",
        " in account 999988887777",
        ", Region ",
        ", agent ",
        "Who        ",
        "… (5 more)",
        "secret=",
        "token: ",
        "a",
        "ü",
        "arn:aws:iam::111122223333:root",
        "<",
        " on ",
        " in ",
    ]);
    prop::collection::vec(words, 0..6).prop_map(|words| words.concat())
}
