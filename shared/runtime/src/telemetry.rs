//! What a function says of its work: one log line for each event, and metrics.
//!
//! Metrics are printed in CloudWatch's embedded metric format: a log line that CloudWatch makes
//! numbers of, so that no call and no agent is needed.
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>.
//!
//! Pure: values in, lines out.

use std::collections::BTreeMap;

use alerting::encode;
use model::{ControlId, Outcome, Posture, Timestamp};
use respond::{HandleError, Handled, Reported};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::answer::Unhandled;

/// The namespace of every metric.
pub const NAMESPACE: &str = "Snapback";

/// What a number counts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Things.
    Count,
    /// Thousandths of a second.
    Milliseconds,
    /// Seconds.
    Seconds,
}

impl Unit {
    /// CloudWatch's word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Count => "Count",
            Self::Milliseconds => "Milliseconds",
            Self::Seconds => "Seconds",
        }
    }
}

/// Whether an alarm may be built on a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stability {
    /// Name, unit and dimensions stay.
    Stable,
    /// May still change.
    Experimental,
}

/// A metric as it is registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// What it counts in.
    pub unit: Unit,
    /// The sets of dimensions it is kept by.
    pub dimensions: &'static [&'static [&'static str]],
    /// Whether an alarm may be built on it.
    pub stability: Stability,
    /// One sentence.
    pub meaning: &'static str,
}

const BY_CONTROL: &[&[&str]] = &[&["control"]];

const fn count(name: &'static str, meaning: &'static str) -> Metric {
    Metric {
        name,
        unit: Unit::Count,
        dimensions: BY_CONTROL,
        stability: Stability::Stable,
        meaning,
    }
}

/// Events that were handled to their end.
pub const HANDLED: Metric = Metric {
    dimensions: &[&["control"], &["control", "status"]],
    ..count("Handled", "events that were handled to their end")
};
/// Things found wrong.
pub const FINDINGS: Metric = Metric {
    dimensions: &[&["control"], &["control", "outcome"]],
    ..count("Findings", "things found wrong, by what became of them")
};
/// Reverts that were read back and are right.
pub const REVERTED: Metric = count("Reverted", "findings whose revert was read back and is right");
/// Resources marked.
pub const TAGGED: Metric = count("Tagged", "findings whose resource was marked");
/// Remedies that were due and are not proven to have mended anything.
pub const REMEDIATION_FAILED: Metric = count(
    "RemediationFailed",
    "remedies that were refused, did not mend, met a conflict, or are in doubt",
);
/// Evidence that could not be read for good.
pub const UNREADABLE: Metric =
    count("Unreadable", "events whose evidence could not be read or understood");
/// Events that could not be understood.
pub const MALFORMED: Metric = count("Malformed", "events that could not be understood");
/// Events that are not what they claim to be.
pub const FORGED: Metric = count("Forged", "events that are not what they claim to be");
/// Second looks that were arranged.
pub const RECHECKS: Metric = Metric {
    stability: Stability::Experimental,
    ..count("Rechecks", "second looks that were arranged")
};
/// Deliveries that failed.
pub const NOT_HANDLED: Metric = Metric {
    dimensions: &[&["control"], &["control", "code"]],
    ..count("NotHandled", "deliveries that failed and come again or are kept, by error code")
};
/// From delivery to the end of handling.
pub const LATENCY: Metric = Metric {
    unit: Unit::Milliseconds,
    ..count("Latency", "from the delivery of an event to the end of its handling")
};
/// From the call to the end of its handling.
pub const EVENT_AGE: Metric = Metric {
    unit: Unit::Seconds,
    stability: Stability::Experimental,
    ..count("EventAge", "from the call that an event tells of to the end of its handling")
};

/// Every metric there is.
pub const METRICS: [&Metric; 12] = [
    &HANDLED,
    &FINDINGS,
    &REVERTED,
    &TAGGED,
    &REMEDIATION_FAILED,
    &UNREADABLE,
    &MALFORMED,
    &FORGED,
    &RECHECKS,
    &NOT_HANDLED,
    &LATENCY,
    &EVENT_AGE,
];

/// What is the same for every line of one delivery.
#[derive(Debug, Clone, Copy)]
pub struct Delivered<'a> {
    /// The control.
    pub control: ControlId,
    /// Lambda's request id.
    pub request_id: &'a str,
    /// The configured posture.
    pub posture: Posture,
    /// The digest of the policies in force.
    pub policies: &'a str,
    /// How long the handling took, in milliseconds.
    pub milliseconds: u64,
    /// When it ended.
    pub now: Timestamp,
}

#[derive(Debug, Serialize)]
struct FindingLine<'a> {
    code: String,
    severity: &'static str,
    response: &'static str,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    entry: Option<&'a str>,
    told: respond::Told,
}

impl<'a> FindingLine<'a> {
    fn of(finding: &'a Reported) -> Self {
        Self {
            code: encode::name(&finding.code),
            severity: finding.severity.as_str(),
            response: finding.decision.response.as_str(),
            outcome: finding.outcome.as_str(),
            entry: finding.entry.as_ref().map(|entry| entry.0.as_str()),
            told: finding.told,
        }
    }
}

/// The lines of a delivery that was handled: what happened, then its metrics. Titles, evidence and
/// parameters are not among them: they may hold documents, and the ledger has them.
#[must_use]
pub fn handled(delivered: &Delivered<'_>, handled: &Handled) -> Vec<String> {
    let optional = |text: Option<&str>| text.map(encode::plain);
    // Names are never redacted: whoever may call a role `secret=x` must not be able to hide it.
    let named = |name: Option<&str>| name.map(encode::name);
    let findings: Vec<FindingLine<'_>> = handled.findings.iter().map(FindingLine::of).collect();
    let line = json!({
        "timestamp": delivered.now.to_rfc3339(),
        "level": "INFO",
        "message": "handled",
        "request_id": encode::name(delivered.request_id),
        "control": delivered.control,
        "status": handled.status,
        "reason": optional(handled.reason.as_deref()),
        "event_id": named(handled.event_id.as_deref()),
        "event_name": encode::name(&handled.event_name),
        "event_time": handled.event_time.map(|time| time.to_rfc3339()),
        "account": named(handled.account.as_ref().map(model::AccountId::as_str)),
        "region": named(handled.region.as_deref()),
        "actor": encode::name(&handled.actor.id),
        "resource": named(handled.resource.as_ref().map(|resource| resource.arn.as_str())),
        "look": handled.attempt,
        "findings": findings,
        "posture": delivered.posture.as_str(),
        "policies": delivered.policies,
        "recheck": handled.recheck,
        "milliseconds": delivered.milliseconds,
    });
    let mut lines = vec![line.to_string()];
    lines.extend(metrics(delivered, &samples(delivered, handled)));
    lines
}

/// The lines of a delivery that failed.
#[must_use]
pub fn unhandled(
    delivered: &Delivered<'_>,
    event_id: Option<&str>,
    unhandled: &Unhandled,
) -> Vec<String> {
    let line = json!({
        "timestamp": delivered.now.to_rfc3339(),
        "level": "ERROR",
        "message": "not handled",
        "request_id": encode::name(delivered.request_id),
        "control": delivered.control,
        "event_id": event_id.map(encode::name),
        "code": unhandled.code(),
        "error": encode::within(&unhandled.chain(), 1024),
        "milliseconds": delivered.milliseconds,
    });
    let mut samples = vec![
        Sample::new(&NOT_HANDLED, 1).with("code", unhandled.code()),
        Sample::new(&LATENCY, delivered.milliseconds),
    ];
    if let Unhandled::Refused(HandleError::Malformed { .. }) = unhandled {
        samples.push(Sample::new(&MALFORMED, 1));
    }
    if let Unhandled::Refused(HandleError::Write(_)) = unhandled {
        samples.push(Sample::new(&REMEDIATION_FAILED, 1));
    }
    let mut lines = vec![line.to_string()];
    lines.extend(metrics(delivered, &samples));
    lines
}

/// One number of one metric, with the labels that its dimensions need besides the control.
#[derive(Debug, Clone)]
struct Sample {
    metric: &'static Metric,
    value: u64,
    labels: BTreeMap<&'static str, String>,
}

impl Sample {
    const fn new(metric: &'static Metric, value: u64) -> Self {
        Self { metric, value, labels: BTreeMap::new() }
    }

    fn with(mut self, label: &'static str, value: &str) -> Self {
        self.labels.insert(label, value.to_owned());
        self
    }
}

fn samples(delivered: &Delivered<'_>, handled: &Handled) -> Vec<Sample> {
    let status = json!(handled.status);
    let status = status.as_str().unwrap_or_default();
    let mut samples = vec![
        Sample::new(&HANDLED, 1).with("status", status),
        Sample::new(&LATENCY, delivered.milliseconds),
    ];
    if let Some(time) = handled.event_time {
        let age = delivered.now.signed_duration_since(time).num_seconds();
        samples.push(Sample::new(&EVENT_AGE, u64::try_from(age).unwrap_or(0)));
    }
    let mut by_outcome: BTreeMap<&'static str, u64> = BTreeMap::new();
    let mut add = |metric: &'static Metric, value: u64| {
        if value > 0 {
            samples.push(Sample::new(metric, value));
        }
    };
    let of = |wanted: fn(&Reported) -> bool| {
        let found = handled.findings.iter().filter(|finding| wanted(finding)).count();
        u64::try_from(found).unwrap_or(u64::MAX)
    };
    add(&REVERTED, of(|finding| finding.outcome == Outcome::Verified));
    add(&TAGGED, of(|finding| finding.outcome == Outcome::Tagged));
    add(&REMEDIATION_FAILED, of(|finding| is_failed(finding.outcome)));
    add(
        &UNREADABLE,
        of(|finding| {
            model::catalogue::describe(&finding.code).category == model::Category::Unreadable
        }),
    );
    add(&FORGED, u64::from(handled.reason.as_deref() == Some("forged")));
    add(&RECHECKS, u64::from(handled.recheck.is_some()));
    for finding in &handled.findings {
        let seen = by_outcome.entry(finding.outcome.as_str()).or_default();
        *seen = seen.saturating_add(1);
    }
    for (outcome, value) in by_outcome {
        samples.push(Sample::new(&FINDINGS, value).with("outcome", outcome));
    }
    samples
}

/// Whether a remedy was due and is not proven to have mended anything.
const fn is_failed(outcome: Outcome) -> bool {
    match outcome {
        Outcome::Failed | Outcome::InDoubt | Outcome::Conflict => true,
        Outcome::Alerted
        | Outcome::Excepted
        | Outcome::Tagged
        | Outcome::Verified
        | Outcome::AlreadyRight => false,
    }
}

/// The samples as lines: those with the same labels share one.
fn metrics(delivered: &Delivered<'_>, samples: &[Sample]) -> Vec<String> {
    let mut groups: BTreeMap<&BTreeMap<&'static str, String>, Vec<&Sample>> = BTreeMap::new();
    for sample in samples {
        groups.entry(&sample.labels).or_default().push(sample);
    }
    let lines = groups.into_iter().map(|(labels, samples)| {
        let mut by_dimensions: BTreeMap<&[&[&str]], Vec<Value>> = BTreeMap::new();
        for Sample { metric, .. } in &samples {
            let described = json!({"Name": metric.name, "Unit": metric.unit.as_str()});
            by_dimensions.entry(metric.dimensions).or_default().push(described);
        }
        let directives: Vec<Value> = by_dimensions
            .into_iter()
            .map(|(dimensions, metrics)| {
                json!({"Namespace": NAMESPACE, "Dimensions": dimensions, "Metrics": metrics})
            })
            .collect();
        let mut line = Map::new();
        line.insert(
            "_aws".to_owned(),
            json!({
                "Timestamp": delivered.now.timestamp_millis(),
                "CloudWatchMetrics": directives,
            }),
        );
        line.insert("control".to_owned(), json!(delivered.control));
        line.insert("request_id".to_owned(), encode::name(delivered.request_id).into());
        line.extend(labels.iter().map(|(name, value)| ((*name).to_owned(), json!(value))));
        line.extend(
            samples.iter().map(|sample| (sample.metric.name.to_owned(), sample.value.into())),
        );
        Value::Object(line).to_string()
    });
    lines.collect()
}

#[cfg(test)]
mod tests;
