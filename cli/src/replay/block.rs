//! One event in words: the decision first, then who, what and why, then the exact calls.

use std::collections::BTreeMap;

use alerting::redact;
use anstyle::Style;
use events::Event;
use model::{Actor, ActorKind, Confidence, Decision, Effect, Operation, Outcome, Response, Status};
use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use super::{
    json,
    judge::{Decided, Judgement},
    line::Place,
};
use crate::text::{
    BOLD, CYAN, DIM, GREEN, LABEL, RED, YELLOW, apart, exact, field, line_of, named, paint,
    response_style, safe, safe_value, severity_style, status_style,
};

/// Evidence that is longer than this is cut: the JSON format has all of it.
const MOST_FACTS: usize = 12;
const MOST_JSON_LINES: usize = 40;
const MOST_DIFF_LINES: usize = 60;

/// Says what policies mean, by id.
pub type Meanings = BTreeMap<String, String>;

/// How blocks are written.
#[derive(Debug)]
pub struct Writer<'a> {
    /// Columns.
    pub width: usize,
    /// What policies mean.
    pub meanings: &'a Meanings,
}

impl Writer<'_> {
    /// Everything that was said of one event. Empty when there is nothing a person needs to see.
    #[must_use]
    pub fn event(&self, place: Place<'_>, event: &Event, judgements: &[Judgement]) -> String {
        let mut out = String::new();
        let asked = judgements.iter().any(|judgement| !is_aside(judgement));
        let mut rest: Vec<&Judgement> = judgements
            .iter()
            // A call that raises one control's question often raises no other's.
            .filter(|judgement| !asked || !is_aside(judgement))
            .collect();
        while let Some(first) = rest.first().copied() {
            let (same, others): (Vec<_>, Vec<_>) = rest
                .into_iter()
                .partition(|other| std::ptr::eq(*other, first) || agree(first, other));
            let controls: Vec<&str> = same.iter().map(|one| one.control.as_str()).collect();
            self.judgement(&mut out, place, event, first, &controls.join(", "));
            rest = others;
        }
        out
    }

    fn judgement(
        &self,
        out: &mut String,
        place: Place<'_>,
        event: &Event,
        judgement: &Judgement,
        controls: &str,
    ) {
        heading(out, event, judgement, controls);
        let who = actor(&event.record.actor);
        if let Some(decision) = &judgement.decision {
            self.put(out, "who", &who);
            self.put(out, "when", &when(event));
            for decided in &judgement.findings {
                self.finding(out, decided, decision);
            }
            self.because(out, decision);
            for operation in &judgement.operations {
                self.operation(out, operation, &judgement.changes);
            }
            if decision.response == Response::Tag && !judgement.operations.is_empty() {
                self.dim(out, "", "beside the tags that it has, which are read first and kept");
            }
            for (before, after) in &judgement.changes {
                diff(out, before, after);
            }
        } else {
            let text = aside(event, judgement);
            if !text.is_empty() {
                self.put(out, "why", &text);
            }
            self.put(out, "who", &format!("{who}; {}", when(event)));
        }
        if let Err(inconsistent) = event.consistency() {
            let text = format!("{inconsistent}; a function would tell this, and not act");
            field(out, "beware", &safe(&text), RED, self.width);
        }
        self.dim(out, "from", &exact(&place.to_string()));
        out.push('\n');
    }

    /// What came of what was done.
    #[must_use]
    pub fn outcomes(&self, judgements: &[Judgement]) -> String {
        let mut out = String::new();
        for (code, outcome) in judgements.iter().flat_map(|judgement| &judgement.outcomes) {
            let (style, meaning) = match outcome {
                Outcome::Verified => (GREEN, "written, read back, and right"),
                Outcome::Tagged => (GREEN, "marked"),
                Outcome::AlreadyRight => (GREEN, "already right"),
                Outcome::Alerted => (YELLOW, "nothing written"),
                Outcome::Excepted => (DIM, "nothing written: excepted"),
                Outcome::Failed => (RED, "FAILED: still wrong, or the write was refused"),
                Outcome::Conflict => (RED, "nothing written: it changed meanwhile"),
                Outcome::InDoubt => (RED, "in doubt: the write may or may not have arrived"),
            };
            field(&mut out, "done", &format!("{}: {meaning}", named(code)), style, self.width);
        }
        if !out.is_empty() {
            out.push('\n');
        }
        out
    }

    /// Text that is no record.
    #[must_use]
    pub fn malformed(&self, place: Place<'_>, reason: &str) -> String {
        let mut out = String::new();
        let badge = format!("{:>width$}", "MALFORMED", width = LABEL.saturating_sub(2));
        let badge = paint(status_style(Status::Malformed), &badge);
        line_of(&mut out, &format!("{badge}  {}", paint(BOLD, &exact(&place.to_string()))));
        self.put(&mut out, "why", &safe(reason));
        out.push('\n');
        out
    }

    fn put(&self, out: &mut String, label: &str, text: &str) {
        field(out, label, text, Style::new(), self.width);
    }

    fn dim(&self, out: &mut String, label: &str, text: &str) {
        field(out, label, text, DIM, self.width);
    }

    fn finding(&self, out: &mut String, decided: &Decided, furthest: &Decision) {
        let Decided { finding, decision } = decided;
        let severity = finding.entry().severity;
        let mut text =
            format!("{} {}: {}", severity.as_str(), named(&finding.code), safe(&finding.title));
        match finding.confidence {
            Confidence::Certain => {}
            Confidence::Probable | Confidence::Unclear => {
                text.push_str(" (confidence ");
                text.push_str(finding.confidence.as_str());
                text.push(')');
            }
        }
        if !finding.effective {
            text.push_str(" (without effect today: another setting prevents it)");
        }
        if decision.response != furthest.response {
            text.push_str(" -> ");
            text.push_str(decision.response.as_str());
        }
        field(out, "why", &text, severity_style(severity), self.width);
        // What could not be read stands in the title already.
        let said = |value: &&Value| value.as_str() == Some(finding.title.as_str());
        let facts = finding.evidence.iter().filter(|(_, value)| !said(value));
        for (name, value) in facts.take(MOST_FACTS) {
            self.dim(out, "", &format!("{}: {}", safe(name), fact(value)));
        }
        if let Some(more) = finding.evidence.len().checked_sub(MOST_FACTS).filter(|more| *more > 0)
        {
            self.dim(out, "", &format!("and {more} more facts; --format json shows them"));
        }
        if let Some(held_back) = &finding.held_back {
            self.put(out, "by hand", &safe(held_back));
        }
    }

    fn because(&self, out: &mut String, decision: &Decision) {
        let mut label = "because";
        for because in &decision.because {
            let (verb, style) = match because.effect {
                Effect::Permit => ("permitted by", GREEN),
                Effect::Forbid => ("held back by", RED),
            };
            let id = safe(&because.policy);
            let text = match self.meanings.get(&because.policy) {
                Some(meaning) => format!("{verb} {id}: {}", safe(meaning)),
                None => format!("{verb} {id}"),
            };
            field(out, label, &text, style, self.width);
            label = "";
        }
        for error in &decision.errors {
            field(out, label, &format!("not evaluated: {}", safe(error)), RED, self.width);
            label = "";
        }
    }

    fn operation(&self, out: &mut String, operation: &Operation, changes: &[(String, String)]) {
        field(out, "remedy", &safe(&operation.operation), BOLD, self.width);
        let parameters = shortened(redact::value(&operation.parameters), changes);
        let lines = json::pretty(&parameters, self.width.saturating_sub(LABEL));
        listed(out, lines.iter().map(|line| (Style::new(), line.as_str())), MOST_JSON_LINES);
    }
}

/// Parameters without the documents that stand below as a change.
fn shortened(value: Value, changes: &[(String, String)]) -> Value {
    match value {
        Value::String(text) if changes.iter().any(|(_, after)| same_document(after, &text)) => {
            Value::String("(the document after the change below)".to_owned())
        }
        Value::Object(members) => members
            .into_iter()
            .map(|(name, member)| (name, shortened(member, changes)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        other @ (Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Array(_)) => other,
    }
}

/// Whether two texts hold the same document, however it is laid out.
fn same_document(one: &str, other: &str) -> bool {
    let read = |text: &str| serde_json::from_str::<Value>(text).ok().filter(Value::is_object);
    one == other || read(one).is_some_and(|one| Some(one) == read(other))
}

/// A fact in words: structures as `name=value`, everything else as it is.
fn fact(value: &Value) -> String {
    let mut parts = Vec::new();
    flatten("", value, &mut parts);
    if parts.is_empty() {
        return "none".to_owned();
    }
    parts.join(", ")
}

fn flatten(name: &str, value: &Value, parts: &mut Vec<String>) {
    let inner =
        |key: &str| if name.is_empty() { safe(key) } else { format!("{name}.{}", safe(key)) };
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                flatten(&inner(key), member, parts);
            }
        }
        Value::Array(items) => {
            for item in items {
                flatten(name, item, parts);
            }
        }
        Value::Null => {
            if !name.is_empty() {
                parts.push(format!("{name}=none"));
            }
        }
        Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            let text = value.as_str().map_or_else(|| safe_value(value), apart);
            parts.push(if name.is_empty() { text } else { format!("{name}={text}") });
        }
    }
}

/// Whether two judgements of one event say the same: nothing, for the same reason.
fn agree(one: &Judgement, other: &Judgement) -> bool {
    one.decision.is_none()
        && other.decision.is_none()
        && one.status == Status::Ignored
        && (one.status, &one.reason) == (other.status, &other.reason)
}

/// Whether a judgement says nothing but that there was nothing to ask.
fn is_aside(judgement: &Judgement) -> bool {
    let nothing = controls::NotMine::NothingToAsk.as_str();
    judgement.status == Status::Ignored && judgement.reason.as_deref() == Some(nothing)
}

fn heading(out: &mut String, event: &Event, judgement: &Judgement, controls: &str) {
    let (badge, style) = match &judgement.decision {
        Some(decision) => (decision.response.as_str(), response_style(decision.response)),
        None => (status_word(judgement.status), status_style(judgement.status)),
    };
    let badge = format!("{:>width$}", badge.to_uppercase(), width = LABEL.saturating_sub(2));
    let call = named(&event.record.event_name);
    let what = match &judgement.resource {
        Some(resource) => format!("{call} on {}", named(&resource.arn)),
        None => call,
    };
    let control = paint(CYAN, controls);
    line_of(out, &format!("{}  {control}  {}", paint(style, &badge), paint(BOLD, &what)));
}

const fn status_word(status: Status) -> &'static str {
    match status {
        Status::Finding => "finding",
        Status::Clean => "clean",
        Status::Unclear => "unclear",
        Status::Ignored => "ignored",
        Status::Malformed => "malformed",
    }
}

/// Why there is no decision.
fn aside(event: &Event, judgement: &Judgement) -> String {
    let reads = judgement.would_read.join(", ");
    match (judgement.reason.as_deref(), judgement.status) {
        (Some("state_not_in_record"), _) => {
            format!("the record does not carry the state; live, it would read {reads}")
        }
        (Some("gone"), _) => "it does not exist any more".to_owned(),
        (Some("other_account"), _) => {
            "it is in another account than the one whose credentials are used".to_owned()
        }
        (Some("call_failed"), _) => {
            let code = event.record.error_code.as_deref().unwrap_or("an error");
            format!("the call failed with {}, so it changed nothing", safe(code))
        }
        (Some("own_change"), _) => "Snapback made this change, and nothing is wrong".to_owned(),
        (Some("service_delivery"), _) => "delivered by an AWS service".to_owned(),
        (Some("nothing_to_ask"), _) => "this call raises no question".to_owned(),
        (Some(reason), _) => safe(reason),
        (None, Status::Clean) => "everything was looked at, and nothing is wrong".to_owned(),
        (None, Status::Finding | Status::Unclear | Status::Ignored | Status::Malformed) => {
            String::new()
        }
    }
}

fn actor(actor: &Actor) -> String {
    let kind = match actor.kind {
        ActorKind::Root => "root",
        ActorKind::IamUser => "user",
        ActorKind::AssumedRole | ActorKind::Role => "role",
        ActorKind::FederatedUser => "federated user",
        ActorKind::SamlUser => "SAML user",
        ActorKind::WebIdentityUser => "web identity",
        ActorKind::IdentityCenterUser => "Identity Center user",
        ActorKind::AwsAccount => "account",
        ActorKind::AwsService => "service",
        ActorKind::Anonymous => "anonymous request",
        ActorKind::Unknown => "unknown: the event does not say",
    };
    let mut text = kind.to_owned();
    match actor.kind {
        ActorKind::Anonymous | ActorKind::Unknown => {}
        ActorKind::Root
        | ActorKind::IamUser
        | ActorKind::AssumedRole
        | ActorKind::Role
        | ActorKind::FederatedUser
        | ActorKind::SamlUser
        | ActorKind::WebIdentityUser
        | ActorKind::IdentityCenterUser
        | ActorKind::AwsAccount
        | ActorKind::AwsService => {
            text.push(' ');
            text.push_str(&named(&actor.id));
        }
    }
    if let Some(session) = &actor.session {
        text.push_str(", session ");
        text.push_str(&named(session));
    }
    if let Some(ip) = &actor.source_ip {
        text.push_str(", from ");
        text.push_str(&named(ip));
    }
    // Of people only: a role session of a machine never has it.
    if actor.mfa == Some(false) && matches!(actor.kind, ActorKind::IamUser | ActorKind::Root) {
        text.push_str(", without MFA");
    }
    text
}

fn when(event: &Event) -> String {
    let record = &event.record;
    let mut parts = vec![match record.event_time {
        Some(time) => time.format("%Y-%m-%d %H:%M:%S UTC").to_string(),
        None => "at a time that is not told".to_owned(),
    }];
    if let Some(account) = &record.account {
        parts.push(format!("account {}", named(account.as_str())));
    }
    if let Some(region) = &record.region {
        parts.push(named(region));
    }
    parts.join(", ")
}

/// Lines under one label, cut where they become too many.
fn listed<S: AsRef<str>>(out: &mut String, lines: impl Iterator<Item = (Style, S)>, most: usize) {
    let indent = " ".repeat(LABEL);
    let mut left = 0_usize;
    for (index, (style, line)) in lines.enumerate() {
        if index < most {
            line_of(out, &format!("{indent}{}", paint(style, &exact(line.as_ref()))));
        } else {
            left = left.saturating_add(1);
        }
    }
    if left > 0 {
        line_of(out, &format!("{indent}{}", paint(DIM, &format!("and {left} more lines"))));
    }
}

/// A document before and after, as a unified diff of its pretty form.
fn diff(out: &mut String, before: &str, after: &str) {
    let (before, after) = (pretty(before), pretty(after));
    let diff = TextDiff::from_lines(&before, &after);
    let mut lines: Vec<(Style, String)> = Vec::new();
    for hunk in diff.unified_diff().context_radius(3).iter_hunks() {
        lines.push((CYAN, hunk.header().to_string()));
        for change in hunk.iter_changes() {
            let (sign, style) = match change.tag() {
                ChangeTag::Delete => ('-', RED),
                ChangeTag::Insert => ('+', GREEN),
                ChangeTag::Equal => (' ', Style::new()),
            };
            lines.push((style, format!("{sign}{}", change.value().trim_end_matches('\n'))));
        }
    }
    if lines.is_empty() {
        return;
    }
    let title = format!("{:>width$}", "change", width = LABEL.saturating_sub(2));
    line_of(out, &format!("{}  {}", paint(DIM, &title), paint(BOLD, "before and after")));
    listed(out, lines.iter().map(|(style, line)| (*style, line.as_str())), MOST_DIFF_LINES);
}

/// Documents are often one long line: a diff of that shows nothing.
fn pretty(document: &str) -> String {
    serde_json::from_str::<Value>(document)
        .and_then(|value| serde_json::to_string_pretty(&value))
        .map_or_else(|_| document.to_owned(), |text| text + "\n")
}
