//! What hostile bytes are thrown at. Each target takes any bytes and asserts what must hold for
//! all of them; `fuzz/` hands it bytes that a fuzzer grows, `tests/hostile.rs` bytes grown from a
//! seed, so that the same promises are held on stable Rust.
//!
//! Nothing here bounds time: that a bomb ends quickly is the limits' promise, and a target that
//! does not come back is what a fuzzer reports as such.

use std::{collections::BTreeMap, sync::LazyLock};

use alerting::{Alert, AlertFinding, sns};
use chrono::DateTime;
use controls::{NoStates, PlannedRemedy};
use events::Event;
use iam_document::{Check, Context, Document, Kind, edit, inspect};
use ledger::History;
use model::{
    Confidence, ControlId, Finding, Outcome, Posture, Resource, Response, Status, Target,
    Timestamp, Trust,
};
use policy::{Policies, Source};
use respond::decision::{Facts, decide};
use serde_json::{Map, Value, json};

use crate::EventBuilder;

/// A target: any bytes, and an assertion that fails where a promise is broken.
pub type Throw = fn(&[u8]);

/// Every target by its name, which is also the name of its file in `fuzz/fuzz_targets`.
pub const TARGETS: [(&str, Throw); 5] = [
    ("events", events),
    ("documents", documents),
    ("conditions", conditions),
    ("policies", policies),
    ("trust", trust),
];

/// The largest message of SNS, subject and attributes included.
/// Source: <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>.
const LARGEST_MESSAGE: usize = 256 * 1024;

const OURS: &str = "111122223333";

fn now() -> Timestamp {
    DateTime::UNIX_EPOCH
}

/// Bytes of any form in which events arrive: every item ends as an event or with its place, every
/// control has an answer to every event, and the alert about it can be sent and forges nothing.
///
/// # Panics
/// When a promise is broken.
pub fn events(bytes: &[u8]) {
    static SHIPPED: LazyLock<Policies> = LazyLock::new(Policies::shipped);
    let (policies, trust) = (&*SHIPPED, Trust::default());
    for item in events::read(bytes) {
        let Ok(event) = &item.event else { continue };
        for control in controls::all() {
            let mut decisions = Vec::new();
            let mut far = |target: &Target, finding: &Finding<PlannedRemedy>| {
                let decision = decide(
                    policies,
                    finding,
                    &facts(event, control.id(), &target.resource, &trust),
                );
                let response = decision.response;
                decisions.push(decision);
                response
            };
            let (judged, remedies) = control.plan(event, &NoStates, &trust, &mut far);
            assert!(
                judged.status != Status::Clean || judged.findings.is_empty(),
                "clean, with findings: {judged:?}"
            );
            let mut furthest = Response::Ignore;
            let mut told = Vec::new();
            for (finding, decision) in judged.findings.iter().zip(decisions) {
                assert!(
                    finding.confidence == Confidence::Certain
                        || decision.response < Response::Revert,
                    "reverts in doubt: {finding:?}"
                );
                furthest = furthest.max(decision.response);
                told.push(AlertFinding {
                    code: finding.code.clone(),
                    title: finding.title.clone(),
                    severity: finding.entry().severity,
                    effective: finding.effective,
                    evidence: finding.evidence.clone(),
                    decision,
                    outcome: Outcome::Alerted,
                    operations: finding
                        .remedies
                        .iter()
                        .flat_map(|it| it.operations.clone())
                        .collect(),
                    held_back: finding.held_back.clone(),
                    entry: None,
                    repeats: 0,
                });
            }
            assert!(remedies.iter().all(|remedy| remedy.needs <= furthest), "{remedies:?}");
            sendable(&Alert {
                control: control.id(),
                event_id: event.record.event_id.clone(),
                event_name: Some(event.record.event_name.clone()),
                event_time: event.record.event_time,
                account: event.record.account.clone(),
                region: event.record.region.clone(),
                actor: event.record.actor.clone(),
                resource: judged.target.map(|target| target.resource),
                posture: Posture::Enforce,
                findings: told,
                problem: judged.reason,
                meanings: BTreeMap::new(),
                at: now(),
            });
        }
    }
}

/// What is known around a finding about the event's own resource.
fn facts<'a>(
    event: &'a Event,
    control: ControlId,
    resource: &'a Resource,
    trust: &'a Trust,
) -> Facts<'a> {
    Facts {
        actor: &event.record.actor,
        resource,
        tags: None,
        control,
        posture: Posture::Enforce,
        history: History::default(),
        trust,
        event_time: event.record.event_time,
        now: now(),
    }
}

/// The alert fits into a message, and no string in it makes a line, an escape sequence, a header or
/// a member of its own.
fn sendable(alert: &Alert) {
    let message = sns::message(alert);
    assert!(
        message.subject.len() < 100 && message.subject.chars().all(|it| matches!(it, ' '..='~')),
        "{:?}",
        message.subject
    );
    let forged = |it: char| it != '\n' && (it.is_control() || is_bidirectional(it));
    assert!(!message.text.contains(forged), "{:?}", message.text);
    let program: Result<Value, _> = serde_json::from_str(&message.json);
    let control = |it: Value| it.get("control").is_some_and(|it| it == alert.control.as_str());
    assert!(program.is_ok_and(control), "{}", message.json);
    let carried = json!({ "default": message.text, "email": message.json }).to_string();
    assert!(carried.len() < LARGEST_MESSAGE / 2, "{} bytes", carried.len());
}

/// Characters that make a line read in another order than it is written.
fn is_bidirectional(it: char) -> bool {
    matches!(it, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Any bytes as a document, the first one choosing its kind and what is asked: judging ends, and a
/// mended document is at least as closed, prints, and reads again as what was judged.
///
/// # Panics
/// When a promise is broken.
pub fn documents(bytes: &[u8]) {
    let Some((first, text)) = bytes.split_first() else { return };
    let kind = Kind::ALL.into_iter().cycle().nth(usize::from(*first));
    let (Some(kind), Ok(text)) = (kind, std::str::from_utf8(text)) else { return };
    let context = context(*first);
    let before = inspect(kind, text, &context);
    assert!(before.public || !before.effective_public, "{before:?}");
    assert!(before.error.is_none() || !before.is_certain(), "certain of what cannot be read");
    let Ok(document) = Document::parse(text) else { return };
    for finding in &before.findings {
        let Ok(edit) = edit::mend(kind, &document, &context, std::slice::from_ref(finding)) else {
            continue;
        };
        assert!(!edit.removed.is_empty(), "nothing was taken out: {finding:?}");
        assert!(edit.verdict.exposure <= before.exposure, "{finding:?} left {:?}", edit.verdict);
        assert!(before.public || !edit.verdict.public, "{finding:?} left {:?}", edit.verdict);
        let Some(after) = edit.after else { continue };
        let printed = inspect(kind, &after.to_string(), &context);
        assert_eq!(printed.codes(), edit.verdict.codes(), "printed: {after}");
    }
}

/// A trust policy and a bucket policy with the bytes as their condition: the reasoning about
/// conditions ends, and a condition never opens what was closed to everyone without it.
///
/// # Panics
/// When a promise is broken.
pub fn conditions(bytes: &[u8]) {
    let Ok(condition) = serde_json::from_slice::<Value>(bytes) else { return };
    for (kind, action) in
        [(Kind::BucketPolicy, "s3:GetObject"), (Kind::TrustPolicy, "sts:AssumeRole")]
    {
        for (effect, principal) in
            [("Allow", json!("*")), ("Allow", json!({ "AWS": OURS })), ("Deny", json!("*"))]
        {
            let judged = |condition: Option<&Value>| {
                let mut statement = Map::new();
                let mut put = |name: &str, value: Value| statement.insert(name.to_owned(), value);
                put("Effect", json!(effect));
                put("Principal", principal.clone());
                put("Action", json!(action));
                if kind == Kind::BucketPolicy {
                    put("Resource", json!("arn:aws:s3:::amzn-s3-demo-bucket/*"));
                }
                if let Some(condition) = condition {
                    put("Condition", condition.clone());
                }
                inspect(kind, &json!({ "Statement": [statement] }), &context(0))
            };
            let (bare, with) = (judged(None), judged(Some(&condition)));
            assert!(bare.public || !with.public, "opened by {condition}");
        }
    }
}

fn context(choice: u8) -> Context {
    let trust = Trust { org_id: Some("o-example".to_owned()), ..Trust::default() };
    let mut context = Context::new(&trust, &OURS.into());
    if choice >= 128 {
        context.checks.extend([Check::Tls, Check::Kms]);
    }
    context
}

/// Any bytes as a file of policies beside the shipped ones: refused with a place, or a set that
/// cannot revert where safety forbids it.
///
/// # Panics
/// When a promise is broken.
pub fn policies(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let policies = match Policies::load(&[Source::new("hostile.cedar", text)]) {
        Ok(policies) => policies,
        Err(errors) => {
            assert!(!errors.problems.is_empty());
            assert!(errors.problems.iter().all(|it| it.line > 0 && it.column > 0), "{errors}");
            return;
        }
    };
    let trust = Trust::default();
    let event = EventBuilder::new("PutBucketAcl").event();
    let resource = Resource::bucket("amzn-s3-demo-bucket", OURS.into(), "eu-west-1");
    let Some(control) = controls::all().first().map(|control| control.id()) else { return };
    let facts = facts(&event, control, &resource, &trust);
    let finding: Finding<()> =
        Finding { remedies: vec![()], ..Finding::new("acl-public:AllUsers:READ", "open") };
    let never = |what: &str, finding: &Finding<()>, facts: &Facts<'_>| {
        let decision = decide(&policies, finding, facts);
        assert!(decision.response < Response::Revert, "reverts although {what}: {text}");
    };
    let observe = Facts { posture: Posture::Observe, ..facts };
    never("posture is observe", &finding, &observe);
    let unclear = Finding { confidence: Confidence::Unclear, ..finding.clone() };
    never("it is unclear", &unclear, &facts);
    let storm = History { resource_reverts: u32::MAX, account_reverts: u32::MAX };
    never("the breaker is open", &finding, &Facts { history: storm, ..facts });
    let by_hand = Finding { remedies: Vec::new(), ..finding.clone() };
    never("nothing would mend it", &by_hand, &facts);
    let protected = Trust { protected_resources: vec!["*".to_owned()], ..Trust::default() };
    never("it is protected", &finding, &Facts { trust: &protected, ..facts });
}

/// Any bytes as a trust file: refused with a reason, or read the same again from what it prints.
///
/// # Panics
/// When a promise is broken.
pub fn trust(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match Trust::parse(text) {
        Ok(trust) => {
            let printed = serde_json::to_string(&trust);
            assert!(printed.is_ok_and(|it| Trust::parse(&it) == Ok(trust)), "{text}");
        }
        Err(error) => {
            assert!(error.problems.iter().all(|it| !it.problem.is_empty()), "{error}");
        }
    }
}
