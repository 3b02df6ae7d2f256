//! What the controls over IAM documents share: the judge's verdict as findings, and the edits that
//! mend a document statement by statement.
//!
//! Knows neither where a document stands nor which call writes it.

mod edits;

use iam_document::{Judged, Verdict};
use model::{Category, Confidence, Finding};
use serde_json::Value;

pub(crate) use self::edits::{Edits, apply, join, read_back, readable, remedy, statements};

/// Why a remedy is held back where a part of the document is in doubt.
pub(crate) const NOT_IN_FULL: &str = "a document that cannot be understood in full is not changed";

/// Findings of one code in one statement are one: what is wrong is the statement. `advice`: codes
/// that `inspect` tells and an event does not.
pub(crate) fn together<'v>(verdict: &'v Verdict, advice: &[&str]) -> Vec<Vec<&'v Judged>> {
    let mut groups: Vec<Vec<&Judged>> = Vec::new();
    let told = verdict.findings.iter().filter(|judged| !advice.contains(&judged.code.as_str()));
    for judged in told {
        let alike = |group: &&mut Vec<&Judged>| {
            group.first().is_some_and(|first| {
                first.code == judged.code && first.statement == judged.statement
            })
        };
        match groups.iter_mut().find(alike) {
            Some(group) => group.push(judged),
            None => groups.push(vec![judged]),
        }
    }
    groups
}

/// Findings of one code in one statement as one finding, without a remedy yet.
pub(crate) fn describe<R>(alike: &[&Judged], verdict: &Verdict) -> Finding<R> {
    let mut details: Vec<&str> = alike.iter().map(|judged| judged.detail.as_str()).collect();
    details.dedup();
    let code = alike.first().map_or("", |judged| judged.code.as_str());
    let mut finding = Finding::new(code, details.join("; "));
    let all = |read: fn(&Judged) -> Option<&String>| {
        let mut values: Vec<&String> = alike.iter().filter_map(|judged| read(judged)).collect();
        values.dedup();
        values.into_iter().map(|value| Value::from(value.as_str())).collect::<Vec<_>>()
    };
    for (name, values) in [
        ("sid", all(|judged| judged.sid.as_ref())),
        ("principal", all(|judged| judged.principal.as_ref())),
        ("condition", all(|judged| judged.condition.as_ref())),
    ] {
        match values.as_slice() {
            [] => {}
            [value] => finding = finding.with_evidence(name, value.clone()),
            _ => finding = finding.with_evidence(name, Value::from(values)),
        }
    }
    if let Some(index) = alike.first().and_then(|judged| judged.statement) {
        finding = finding.with_evidence("statement", index);
    }
    // A Deny in the same document closes what this very statement opens; another may stay open.
    finding.effective = !(is_public(code) && alike.iter().all(|judged| judged.closed));
    if let Some(doubt) = alike.iter().find_map(|judged| judged.doubt.as_ref()) {
        finding.confidence = doubt.confidence;
        if !finding.title.contains(&doubt.why) {
            finding = finding.with_evidence("doubt", doubt.why.as_str());
        }
    }
    finding.with_evidence("exposure", verdict.exposure.as_str())
}

/// The finding of a document that is in doubt as a whole: nothing of it is certain.
pub(crate) fn doubted<R>(mut finding: Finding<R>, doubt: &str) -> Finding<R> {
    finding.confidence = Confidence::Unclear;
    if !finding.title.contains(doubt) {
        finding = finding.with_evidence("doubt", doubt);
    }
    finding
}

/// The finding of a document of which nothing is wrong that could be said, but not all could.
pub(crate) fn unreadable<R>(title: String) -> Finding<R> {
    let mut finding = Finding::new("evidence-unreadable", title);
    finding.confidence = Confidence::Unclear;
    finding.held_back = Some(NOT_IN_FULL.to_owned());
    finding
}

/// Whether a code says that everyone is let in.
pub(crate) fn is_public(code: &str) -> bool {
    model::catalogue::describe(code).category == Category::PublicExposure
}

/// What could not be read or evaluated, in one sentence.
pub(crate) fn doubt(verdict: &Verdict) -> String {
    let mut reasons: Vec<&str> = verdict.unclear.iter().map(String::as_str).collect();
    reasons.extend(verdict.error.as_deref());
    reasons.dedup();
    reasons.join("; ")
}
