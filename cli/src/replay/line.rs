//! The JSON line: keys and their order are a contract.

use std::fmt;

use events::Event;
use model::{
    ActorKind, Confidence, Decision, Evidence, Operation, Response, Severity, Status, Timestamp,
};
use serde::{Serialize, Serializer};

use super::judge::Judgement;

/// Where a record stood: file and number from 1.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The input's name.
    pub input: &'a str,
    /// Counts records from 1 within the input.
    pub index: u64,
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.input, self.index)
    }
}

impl Serialize for Place<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One line of `replay --format json`.
#[derive(Debug, Serialize)]
pub struct Line<'a> {
    source: Place<'a>,
    event_id: Option<&'a str>,
    event_name: Option<&'a str>,
    event_time: Option<Timestamp>,
    account: Option<&'a str>,
    region: Option<&'a str>,
    actor: Option<LineActor<'a>>,
    control: Option<&'a str>,
    status: Status,
    reason: Option<&'a str>,
    resource: Option<LineResource<'a>>,
    findings: Vec<LineFinding<'a>>,
    decision: Option<&'a Decision>,
    remedies: &'a [Operation],
}

#[derive(Debug, Serialize)]
struct LineActor<'a> {
    kind: ActorKind,
    id: &'a str,
}

#[derive(Debug, Serialize)]
struct LineResource<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    arn: &'a str,
}

#[derive(Debug, Serialize)]
struct LineFinding<'a> {
    code: &'a str,
    severity: Severity,
    confidence: Confidence,
    effective: bool,
    response: Response,
    evidence: &'a Evidence,
}

impl<'a> Line<'a> {
    /// What one control said of one event.
    #[must_use]
    pub fn judged(source: Place<'a>, event: &'a Event, judgement: &'a Judgement) -> Self {
        let findings = judgement.findings.iter().map(|decided| LineFinding {
            code: &decided.finding.code,
            severity: decided.finding.entry().severity,
            confidence: decided.finding.confidence,
            effective: decided.finding.effective,
            response: decided.decision.response,
            evidence: &decided.finding.evidence,
        });
        Self {
            control: Some(judgement.control.as_str()),
            reason: judgement.reason.as_deref(),
            resource: judgement
                .resource
                .as_ref()
                .map(|resource| LineResource { kind: resource.kind(), arn: &resource.arn }),
            findings: findings.collect(),
            decision: judgement.decision.as_ref(),
            remedies: &judgement.operations,
            ..Self::nobody_asks(source, event, judgement.status)
        }
    }

    /// A record that no control looks at.
    #[must_use]
    pub fn not_covered(source: Place<'a>, event: &'a Event) -> Self {
        Self {
            reason: Some(controls::NotMine::NotCovered.as_str()),
            ..Self::nobody_asks(source, event, Status::Ignored)
        }
    }

    fn nobody_asks(source: Place<'a>, event: &'a Event, status: Status) -> Self {
        let record = &event.record;
        Self {
            source,
            event_id: record.event_id.as_deref(),
            event_name: Some(&record.event_name),
            event_time: record.event_time,
            account: record.account.as_ref().map(model::AccountId::as_str),
            region: record.region.as_deref(),
            actor: Some(LineActor { kind: record.actor.kind, id: &record.actor.id }),
            control: None,
            status,
            reason: None,
            resource: None,
            findings: Vec::new(),
            decision: None,
            remedies: &[],
        }
    }

    /// Text that is no record.
    #[must_use]
    pub fn malformed(source: Place<'a>, reason: &'a str) -> Self {
        Self {
            source,
            event_id: None,
            event_name: None,
            event_time: None,
            account: None,
            region: None,
            actor: None,
            control: None,
            status: Status::Malformed,
            reason: Some(reason),
            resource: None,
            findings: Vec::new(),
            decision: None,
            remedies: &[],
        }
    }
}
