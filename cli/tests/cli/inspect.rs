//! `snapback inspect`.

use insta::assert_snapshot;

use crate::common::{lines, snapback, with_input};

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[
  {"Sid":"Pipeline","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/pipeline"},"Action":"sts:AssumeRole"},
  {"Sid":"Debug","Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"},
  {"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":"sts:AssumeRole"}]}"#;

const INSPECT: [&str; 5] = ["inspect", "--kind", "trust-policy", "--account", "111122223333"];

fn inspect(more: &[&str], document: &str) -> crate::common::Ran {
    with_input(&[&INSPECT[..], more, &["-"]].concat(), document.as_bytes())
}

#[test]
fn an_open_trust_policy_in_words() {
    let ran = inspect(&[], TRUST);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    assert_snapshot!(ran.out);
}

#[test]
fn an_open_trust_policy_in_json() {
    assert_snapshot!(inspect(&["--format", "json"], TRUST).out);
}

#[test]
fn a_trusted_account_is_no_stranger() {
    let codes = |more: &[&str]| {
        let ran = inspect(&[more, &["--format", "json"]].concat(), TRUST);
        lines(&ran).remove(0)["findings"].clone()
    };
    let stranger = codes(&[]);
    let trusted = codes(&["--trusted-account", "444455556666"]);
    assert!(stranger.as_array().unwrap().contains(&"untrusted-account".into()), "{stranger}");
    assert!(!trusted.as_array().unwrap().contains(&"untrusted-account".into()), "{trusted}");
}

#[test]
fn what_is_no_document_is_an_answer() {
    let ran = inspect(&["--format", "json"], "{\"Statement\": [");
    assert_eq!(ran.code, Some(0));
    let line = lines(&ran).remove(0);
    assert!(line["error"].as_str().unwrap().contains("line 1"), "{line}");
    assert_eq!(line["exposure"], "unclear");
}

#[test]
fn a_hostile_sid_stays_in_its_line() {
    let document = TRUST.replace("Debug", "x\\u001b[2J\\nNOBODY  fine");
    let ran = inspect(&[], &document);
    assert!(!ran.out.contains('\u{1b}'));
    assert!(!ran.out.lines().any(|line| line.trim_start().starts_with("NOBODY")), "{}", ran.out);
}

#[test]
fn flags_that_make_no_sense_are_refused() {
    for flags in [&["--account", "12"][..], &["--trusted-account", "x"], &["--org", "x"]] {
        let ran = with_input(&[&["inspect", "--kind", "acl"][..], flags, &["-"]].concat(), b"{}");
        assert_eq!((ran.code, ran.out.as_str()), (Some(64), ""), "{flags:?}");
    }
    assert_eq!(snapback(&["inspect", "--kind", "bucket", "x"]).code, Some(64));
    assert_eq!(snapback(&["inspect", "x.json"]).code, Some(64), "--kind is needed");
    assert_eq!(snapback(&["inspect", "--kind", "acl", "no-such-file"]).code, Some(1));
}

#[test]
fn a_batch_answers_every_line_and_takes_flags_for_what_a_line_leaves_out() {
    let document = TRUST.replace('\n', "");
    let rows = format!(
        "{{\"id\":1,\"document\":{document}}}\n{{\"id\":2,\"document\":{document},\"context\":{{\"trusted_accounts\":[\"444455556666\"]}}}}\nnonsense\n"
    );
    let ran = with_input(&[&INSPECT[..], &["--batch", "-"]].concat(), rows.as_bytes());
    assert_eq!(ran.code, Some(0));
    assert_snapshot!(ran.out);
}
