//! An alert as the message of an SNS topic.
//!
//! Makes the message; sending it is the adapter's.

use std::collections::BTreeMap;

use model::{Outcome, Response, Severity};

use crate::{Alert, Message, encode, program, text};

/// SNS wants fewer than a hundred characters.
/// Source: <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>.
const SUBJECT: usize = 99;

/// The message for people and programs.
///
/// Each form has at most 32 KiB once it is carried as a text within JSON, so that one for people and
/// six for programs fit into a message; where an alert holds more, it is cut and says so.
#[must_use]
pub fn message(alert: &Alert) -> Message {
    let attribute = |name: &str, value: String| (name.to_owned(), value);
    let account = alert
        .account
        .as_ref()
        .map_or_else(|| "unknown".to_owned(), |account| encode::ascii(account.as_str(), 64));
    Message {
        subject: subject(alert),
        text: text::text(alert),
        json: program::json(alert),
        attributes: BTreeMap::from([
            attribute("control", alert.control.to_string()),
            attribute("severity", severity(alert).as_str().to_owned()),
            attribute("response", response(alert).as_str().to_owned()),
            attribute("account", account),
        ]),
    }
}

/// The worst severity. What could not be judged is as grave as evidence that could not be read.
pub(crate) fn severity(alert: &Alert) -> Severity {
    let problem = alert.problem.as_ref().map(|_| Severity::High);
    let found = alert.findings.iter().map(|finding| finding.severity);
    found.chain(problem).max().unwrap_or(Severity::High)
}

/// The furthest response that was decided.
pub(crate) fn response(alert: &Alert) -> Response {
    let decided = alert.findings.iter().map(|finding| finding.decision.response);
    decided.max().unwrap_or(Response::Alert)
}

/// What became of it, in the words of the subject: the worst first.
pub(crate) fn became(alert: &Alert) -> &'static str {
    let any = |outcome: Outcome| alert.findings.iter().any(|finding| finding.outcome == outcome);
    let open = any(Outcome::Alerted) || any(Outcome::Tagged);
    if alert.findings.is_empty() {
        "could not judge"
    } else if any(Outcome::Failed) {
        "FAILED to mend"
    } else if any(Outcome::InDoubt) {
        "in doubt"
    } else if any(Outcome::Conflict) {
        "changed meanwhile"
    } else if any(Outcome::Verified) && open {
        "partly reverted"
    } else if any(Outcome::Verified) {
        "reverted"
    } else if any(Outcome::Tagged) {
        "tagged, still open"
    } else if any(Outcome::Alerted) {
        "found, still open"
    } else if any(Outcome::AlreadyRight) {
        "right already"
    } else {
        "excepted"
    }
}

/// `CRITICAL reverted: s3-public-acl on amzn-s3-demo-bucket in 111122223333`.
fn subject(alert: &Alert) -> String {
    let mut subject = format!(
        "{} {}: {}",
        severity(alert).as_str().to_uppercase(),
        became(alert),
        alert.control.as_str()
    );
    let account = alert.account.as_ref().map_or_else(String::new, |account| {
        format!(" in {}", encode::ascii_word(account.as_str(), 16))
    });
    if let Some(resource) = &alert.resource {
        let name = resource.arn.splitn(6, ':').nth(5).unwrap_or(&resource.arn);
        // A long name must not push the account out.
        let room = SUBJECT
            .saturating_sub(subject.len())
            .saturating_sub(account.len())
            .saturating_sub(" on ".len());
        subject.push_str(" on ");
        subject.push_str(&encode::ascii_word(name, room.min(48)));
    }
    subject.push_str(&account);
    encode::trimmed(&subject, SUBJECT)
}

#[cfg(test)]
pub(crate) mod tests {
    use ledger::EntryId;
    use model::{
        Actor, ActorKind, Because, ControlId, Decision, Effect, Operation, Posture, Resource,
        Timestamp,
    };
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        AlertFinding,
        limits::{FORM, carried},
    };

    fn at() -> Timestamp {
        "2026-03-01T03:00:00Z".parse().unwrap()
    }

    /// An alert in which every text that others choose is `text`.
    pub(crate) fn alert(text: &str) -> Alert {
        let owned = || Some(text.to_owned());
        Alert {
            control: ControlId::new("s3-public-acl"),
            event_id: owned(),
            event_name: owned(),
            event_time: Some(at()),
            account: Some(text.into()),
            region: owned(),
            actor: Actor {
                kind: ActorKind::AssumedRole,
                id: text.to_owned(),
                arn: owned(),
                account: Some(text.into()),
                session: owned(),
                invoked_by: owned(),
                source_ip: owned(),
                user_agent: owned(),
                mfa: Some(false),
            },
            resource: Some(Resource::object(text, text, owned(), text.into(), text)),
            posture: Posture::Enforce,
            findings: vec![finding(text, Outcome::Verified), finding(text, Outcome::Alerted)],
            problem: None,
            meanings: BTreeMap::from([
                ("default-revert".to_owned(), text.to_owned()),
                ("safety-observe".to_owned(), "posture observe writes nothing".to_owned()),
            ]),
            at: at(),
        }
    }

    pub(crate) fn finding(text: &str, outcome: Outcome) -> AlertFinding {
        AlertFinding {
            code: "acl-public:AllUsers:READ".to_owned(),
            title: text.to_owned(),
            severity: Severity::Critical,
            effective: true,
            evidence: BTreeMap::from([
                ("grantee".to_owned(), json!(text)),
                ("grants".to_owned(), json!([{"Grantee": {text: text}}, [text, 1, null]])),
            ]),
            decision: Decision {
                response: if outcome == Outcome::Verified {
                    Response::Revert
                } else {
                    Response::Tag
                },
                because: vec![
                    Because { policy: "default-revert".to_owned(), effect: Effect::Permit },
                    Because { policy: "safety-observe".to_owned(), effect: Effect::Forbid },
                    Because { policy: text.to_owned(), effect: Effect::Forbid },
                ],
                errors: vec![text.to_owned()],
            },
            outcome,
            operations: vec![Operation::new("s3:PutObjectAcl", json!({"Key": text, text: text}))],
            held_back: Some(text.to_owned()),
            entry: Some(EntryId("e-0123".to_owned())),
            repeats: 2,
        }
    }

    fn legal(subject: &str) -> bool {
        let printable = subject.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        printable && subject.len() < 100 && subject.starts_with(|c: char| c.is_ascii_alphanumeric())
    }

    /// The names of an object's members, at every depth, but not those that evidence brings along.
    fn members(value: &Value) -> Vec<String> {
        match value {
            Value::Object(object) => object
                .iter()
                .flat_map(|(name, value)| {
                    let below = if ["evidence", "parameters"].contains(&name.as_str()) {
                        Vec::new()
                    } else {
                        members(value)
                    };
                    std::iter::once(name.clone())
                        .chain(below.into_iter().map(move |below| format!("{name}.{below}")))
                })
                .collect(),
            Value::Array(items) => items.iter().flat_map(members).collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
        }
    }

    #[test]
    fn a_person_reads_who_what_where_done_held_back_and_undo() {
        let mut alert = alert("x");
        alert.event_name = Some("PutObjectAcl".to_owned());
        alert.event_id = Some("11111111-2222-3333-4444-555555555555".to_owned());
        alert.account = Some("111122223333".into());
        alert.region = Some("us-east-1".to_owned());
        alert.actor = Actor {
            kind: ActorKind::AssumedRole,
            id: "arn:aws:iam::111122223333:role/deploy".to_owned(),
            session: Some("alice".to_owned()),
            source_ip: Some("192.0.2.1".to_owned()),
            user_agent: Some("aws-cli/2.17".to_owned()),
            mfa: Some(true),
            ..Actor::unknown()
        };
        alert.resource = Some(Resource::object(
            "amzn-s3-demo-bucket",
            "a.txt",
            None,
            "111122223333".into(),
            "us-east-1",
        ));
        alert
            .meanings
            .insert("default-revert".to_owned(), "marked findings are reverted".to_owned());
        alert.findings.truncate(1);
        let finding = &mut alert.findings[0];
        finding.title = "the object's ACL grants READ to everyone".to_owned();
        finding.evidence = BTreeMap::from([("grantee".to_owned(), json!("AllUsers"))]);
        finding.decision.because.truncate(2);
        finding.decision.errors.clear();
        finding.held_back = None;
        finding.operations = vec![Operation::new("s3:PutObjectAcl", json!({"Key": "a.txt"}))];
        let message = message(&alert);
        expect_test::expect![[r#"
            Snapback   CRITICAL reverted

            Who        `arn:aws:iam::111122223333:role/deploy` (assumed_role, with MFA), session `alice`, from `192.0.2.1`, agent `aws-cli/2.17`
            What       `PutObjectAcl` at 2026-03-01T03:00:00Z (event `11111111-2222-3333-4444-555555555555`)
            Where      AWS::S3::Object `arn:aws:s3:::amzn-s3-demo-bucket/a.txt` in account `111122223333`, Region `us-east-1`
            Asked by   s3-public-acl, posture enforce

            Finding    1 of 1: CRITICAL acl-public:AllUsers:READ
              Wrong    the object's ACL grants READ to everyone
              Meaning  an ACL grants a permission to everyone, or to every AWS customer
              Effect   was open until it was reverted
              Evidence grantee: `AllUsers`
              Done     reverted, read back, and right now
              Allowed  by default-revert: marked findings are reverted
              Held back by safety-observe: posture observe writes nothing
              Call made s3:PutObjectAcl {"Key":"a.txt"}
              Undo     by hand from ledger entry e-0123, which holds the state before and the inverse of the write: docs/operating.md, "Undoing by hand"
              Repeats  seen 2 more times since it was last told
              Fails    Security Hub S3.2 S3.3 S3.12

            Told at    2026-03-01T03:00:00Z
        "#]]
        .assert_eq(&message.text);
        assert_eq!(
            message.subject,
            "CRITICAL reverted: s3-public-acl on amzn-s3-demo-bucket/a.txt in 111122223333"
        );
        let expected = [
            ("account", "111122223333"),
            ("control", "s3-public-acl"),
            ("response", "revert"),
            ("severity", "critical"),
        ];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(message.attributes, BTreeMap::from(expected));
    }

    #[test]
    fn programs_read_the_finding_with_its_framework_ids() {
        let json: Value = serde_json::from_str(&message(&alert("x")).json).unwrap();
        assert_eq!(json["schema"], "snapback.alert/1");
        assert_eq!(json["findings"][0]["code"], "acl-public:AllUsers:READ");
        assert_eq!(json["findings"][0]["category"], "public_exposure");
        assert_eq!(
            json["findings"][0]["compliance"]["security_hub"],
            json!(["S3.2", "S3.3", "S3.12"])
        );
        assert_eq!(
            json["findings"][0]["decision"]["because"][1],
            json!({
                "policy": "safety-observe", "effect": "forbid", "meaning": "posture observe writes nothing",
            })
        );
        assert_eq!(json["findings"][0]["entry"], "e-0123");
        assert_eq!(json["shortened"], false);
    }

    #[test]
    fn what_could_not_be_judged_is_told_with_its_reason() {
        let alert = Alert {
            findings: Vec::new(),
            problem: Some("`s3:GetBucketAcl` failed: AccessDenied".to_owned()),
            resource: None,
            account: None,
            ..alert("x")
        };
        let message = message(&alert);
        assert_eq!(message.subject, "HIGH could not judge: s3-public-acl");
        assert!(message.text.contains("Problem    `s3:GetBucketAcl` failed: AccessDenied\n"));
        assert_eq!(message.attributes["severity"], "high");
        assert_eq!(message.attributes["response"], "alert");
        assert_eq!(message.attributes["account"], "unknown");
        let json: Value = serde_json::from_str(&message.json).unwrap();
        assert_eq!(json["problem"], "`s3:GetBucketAcl` failed: AccessDenied");
    }

    #[test]
    fn a_revert_that_failed_is_never_hidden_behind_one_that_did_not() {
        for (outcomes, words) in [
            (vec![Outcome::Verified, Outcome::Failed], "FAILED to mend"),
            (vec![Outcome::Verified, Outcome::InDoubt], "in doubt"),
            (vec![Outcome::Verified, Outcome::Alerted], "partly reverted"),
            (vec![Outcome::Verified, Outcome::Conflict], "changed meanwhile"),
            (vec![Outcome::Verified, Outcome::Excepted], "reverted"),
            (vec![Outcome::Tagged, Outcome::Alerted], "tagged, still open"),
            (vec![Outcome::Excepted, Outcome::Alerted], "found, still open"),
            (vec![Outcome::Excepted], "excepted"),
        ] {
            let findings = outcomes.iter().map(|outcome| finding("x", *outcome)).collect();
            assert_eq!(became(&Alert { findings, ..alert("x") }), words, "{outcomes:?}");
        }
    }

    /// S-24.
    #[test]
    fn secrets_never_leave() {
        const CANARY: &str = "canary-7f3a";
        let mut alert = alert("x");
        alert.actor.user_agent = Some(format!("x?X-Amz-Signature={CANARY}&y"));
        alert.problem = Some(format!("password={CANARY}"));
        let finding = &mut alert.findings[0];
        finding.title = format!("Authorization: AWS4 {CANARY}");
        finding.held_back = Some(format!("{{\"secretAccessKey\":\"{CANARY}\"}}"));
        finding.evidence = BTreeMap::from([
            ("sessionToken".to_owned(), json!(CANARY)),
            (
                "parameters".to_owned(),
                json!({"x-amz-server-side-encryption-customer-key": [CANARY]}),
            ),
            ("raw".to_owned(), json!(format!("{{\"password\": \"{CANARY}\"}}"))),
        ]);
        finding.operations =
            vec![Operation::new("s3:CopyObject", json!({"SSECustomerKey": CANARY}))];
        let message = message(&alert);
        assert!(!format!("{message:?}").contains(CANARY), "{message:#?}");
        assert!(message.text.contains("[removed]"));
    }

    #[test]
    fn whatever_an_alert_holds_its_forms_fit_and_say_that_they_are_cut() {
        for text in ["\\", "\u{10348}", "\u{202e}", "\""] {
            let long = text.repeat(300);
            let mut finding = finding(&long, Outcome::Failed);
            for number in 0..4 {
                finding.evidence.insert(format!("fact{number}"), json!(vec![text.repeat(300); 3]));
                finding.decision.errors.push(long.clone());
                finding.operations.push(finding.operations[0].clone());
            }
            let alert = Alert { findings: vec![finding; 8], ..alert(&long) };
            let message = message(&alert);
            assert!(carried(&message.json) <= FORM, "{text} {}", carried(&message.json));
            assert!(carried(&message.text) <= FORM, "{text} {}", carried(&message.text));
            let json: Value = serde_json::from_str(&message.json).unwrap();
            assert_eq!(json["shortened"], true);
            assert!(json["findings_omitted"].as_u64().unwrap() > 0);
            assert!(message.text.contains("\nShortened "));
            assert!(message.text.contains(" more)"));
        }
    }

    #[test]
    fn many_findings_are_counted_where_they_are_not_told() {
        let alert = Alert { findings: vec![finding("x", Outcome::Alerted); 500], ..alert("x") };
        let message = message(&alert);
        let json: Value = serde_json::from_str(&message.json).unwrap();
        let told = json["findings"].as_array().unwrap().len();
        assert_eq!(json["findings_omitted"], 500 - told);
        assert!(message.text.contains("Finding    1 of 500: "));
        assert!(message.text.contains(" more findings\n"));
    }

    proptest! {
        /// S-24.
        #[test]
        fn no_text_forges_a_line_a_member_or_a_subject(text in any::<String>()) {
            let plain = message(&alert("x"));
            let forged = message(&alert(&text));
            prop_assert_eq!(plain.text.lines().count(), forged.text.lines().count());
            for (ours, theirs) in plain.text.lines().zip(forged.text.lines()) {
                prop_assert_eq!(ours.get(..11), theirs.get(..11));
            }
            // What else stands in a line: text/tests.rs.
            let json = |message: &Message| serde_json::from_str::<Value>(&message.json).unwrap();
            prop_assert_eq!(members(&json(&plain)), members(&json(&forged)));
            prop_assert!(legal(&forged.subject), "{}", forged.subject);
            prop_assert!(!forged.text.contains(['<', '>']));
            prop_assert!(!forged.json.contains(['<', '>']));
        }

        #[test]
        fn hostile_texts_forge_nothing(parts in prop::collection::vec(prop::sample::select(vec![
            "\n", "\r\n", "\u{2028}", "\u{85}", "\\n", "\"", "\",\"x\":\"", "}", "<!channel>",
            "\u{1b}[2J", "\u{202e}", "Done       ", "\\u{a}", "http://x.test", "…", "ü", "secret=",
        ]), 0..12)) {
            let text = parts.concat();
            let forged = message(&alert(&text));
            prop_assert_eq!(message(&alert("x")).text.lines().count(), forged.text.lines().count());
            prop_assert!(serde_json::from_str::<Value>(&forged.json).is_ok());
            prop_assert!(legal(&forged.subject));
            prop_assert!(!forged.text.contains("://") && !forged.json.contains("://"));
            let (escape, bidi) = ('\u{1b}', '\u{202e}');
            prop_assert!(!forged.text.contains(escape) && !forged.json.contains(bidi));
        }
    }
}
