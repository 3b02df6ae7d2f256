//! What goes into the handling of an event, and what comes out.

use events::Event;
use ledger::{Entry, EntryId, Noted};
use model::{
    AccountId, Actor, Confidence, ControlId, Decision, Evidence, Operation, Outcome, Resource,
    Severity, Status, Timestamp, catalogue,
};
use serde::Serialize;
use thiserror::Error;

use crate::{CloudError, Retry};

/// One delivery of an event.
#[derive(Debug, Clone, Copy)]
pub struct Delivery<'a> {
    /// The event.
    pub event: &'a Event,
    /// The event as it was delivered, for looking again later.
    pub payload: &'a str,
    /// 0: the event itself; 1 and 2: a delayed second look.
    pub attempt: u32,
    /// Who works on it: the Lambda request id.
    pub holder: &'a str,
    /// When the invocation ends, ready or not. No write is begun shortly before.
    pub deadline: Timestamp,
}

/// Whether people were told of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// An exception covers it, or nothing was sent because this was a preview.
    Silent,
    /// A message went out.
    Told,
    /// Told within the window already: counted.
    Counted,
}

/// One finding with what became of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reported {
    /// The code.
    pub code: String,
    /// One sentence.
    pub title: String,
    /// How bad.
    pub severity: Severity,
    /// How sure the judgement is.
    pub confidence: Confidence,
    /// `false`: harmless today because of another setting.
    pub effective: bool,
    /// The facts.
    pub evidence: Evidence,
    /// How far Snapback was to go, and why.
    pub decision: Decision,
    /// What came of it.
    pub outcome: Outcome,
    /// The calls that were made, or that would mend it.
    pub operations: Vec<Operation>,
    /// Why a person must mend it.
    pub held_back: Option<String>,
    /// The ledger entry; `None`: a preview.
    pub entry: Option<EntryId>,
    /// Whether people were told.
    pub told: Told,
    /// How often it was only counted since it was last told.
    pub repeats: u32,
}

impl Reported {
    pub(crate) fn new(noted: Noted, outcome: Outcome, entry: Option<EntryId>) -> Self {
        Self {
            severity: catalogue::describe(&noted.code).severity,
            code: noted.code,
            title: noted.title,
            confidence: noted.confidence,
            effective: noted.effective,
            evidence: noted.evidence,
            decision: noted.decision,
            outcome,
            operations: noted.operations,
            held_back: noted.held_back,
            entry,
            told: Told::Silent,
            repeats: 0,
        }
    }

    /// The findings of a finished entry: what was written stands as their operations.
    pub(crate) fn of_entry(entry: &Entry) -> Vec<Self> {
        let outcome = entry.outcome.unwrap_or(Outcome::InDoubt);
        let refused = entry
            .error
            .as_ref()
            .filter(|_| matches!(outcome, Outcome::Failed | Outcome::Conflict | Outcome::InDoubt));
        let findings = entry.findings.iter().cloned().map(|mut noted| {
            if !entry.operations.is_empty() {
                noted.operations.clone_from(&entry.operations);
            }
            if let Some(reason) = refused {
                noted.held_back = Some(join_reasons(noted.held_back, reason));
            }
            Self::new(noted, outcome, Some(entry.id.clone()))
        });
        findings.collect()
    }
}

/// Adds a reason to those there are.
pub(crate) fn join_reasons(reasons: Option<String>, further: &str) -> String {
    match reasons {
        None => further.to_owned(),
        Some(reasons) if reasons.contains(further) => reasons,
        Some(reasons) => format!("{reasons}; {further}"),
    }
}

/// How an event was handled: the one value that telemetry and output are made of.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Handled {
    /// The control.
    pub control: ControlId,
    /// How the judgement ended.
    pub status: Status,
    /// Why it ended so, in one word: `call_failed`, `duplicate`, `own_change`, `gone`,
    /// `unconfirmed`, …
    pub reason: Option<String>,
    /// The event's id.
    pub event_id: Option<String>,
    /// `PutBucketAcl`.
    pub event_name: String,
    /// When it happened.
    pub event_time: Option<Timestamp>,
    /// The account.
    pub account: Option<AccountId>,
    /// The Region.
    pub region: Option<String>,
    /// Who.
    pub actor: Actor,
    /// What was looked at.
    pub resource: Option<Resource>,
    /// Which look it was.
    pub attempt: u32,
    /// What is wrong, the gravest first, and what became of it.
    pub findings: Vec<Reported>,
    /// The second look that was arranged.
    pub recheck: Option<u32>,
}

impl Handled {
    pub(crate) fn new(control: ControlId, delivery: &Delivery<'_>, status: Status) -> Self {
        let record = &delivery.event.record;
        Self {
            control,
            status,
            reason: None,
            event_id: delivery.event.id().map(str::to_owned),
            event_name: record.event_name.clone(),
            event_time: record.event_time,
            account: record.account.clone(),
            region: record.region.clone(),
            actor: record.actor.clone(),
            resource: None,
            attempt: delivery.attempt,
            findings: Vec::new(),
            recheck: None,
        }
    }

    pub(crate) fn because(mut self, reason: &str) -> Self {
        self.reason = Some(reason.to_owned());
        self
    }

    /// How the work ended, for the ledger: the gravest outcome; `None`: nothing was wrong.
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome> {
        self.findings.iter().map(|finding| finding.outcome).max_by_key(|outcome| match outcome {
            Outcome::Excepted => 0,
            Outcome::AlreadyRight => 1,
            Outcome::Alerted => 2,
            Outcome::Tagged => 3,
            Outcome::Verified => 4,
            Outcome::Conflict => 5,
            Outcome::InDoubt => 6,
            Outcome::Failed => 7,
        })
    }
}

/// Why an event must be delivered again, or kept where somebody looks.
#[derive(Debug, Error)]
pub enum HandleError {
    /// Another delivery is at it.
    #[error("the event is being handled until {until}")]
    Held {
        /// When its lease runs out.
        until: Timestamp,
    },
    /// Too little time is left to begin a write.
    #[error("too little time is left to begin a write")]
    OutOfTime,
    /// The state could not be read for the moment.
    #[error("the live state could not be read")]
    Evidence(#[source] CloudError),
    /// The ledger could not be read or written, so nothing else was written either.
    #[error("the ledger could not be used")]
    Ledger(#[source] CloudError),
    /// A write did not succeed for the moment, or its end is not known.
    #[error("the write did not succeed")]
    Write(#[source] CloudError),
    /// Nobody could be told.
    #[error("the alert could not be sent")]
    Notifier(#[source] CloudError),
    /// The second look could not be arranged for the moment.
    #[error("the second look could not be arranged")]
    Later(#[source] CloudError),
    /// The event cannot be understood: told, and to be kept in a dead-letter queue.
    #[error("the event cannot be read: {what}")]
    Malformed {
        /// What is wrong with it.
        what: String,
    },
    /// A state or remedy cannot be written down, so it was not acted on.
    #[error("the {what} cannot be written down")]
    Encode {
        /// Which.
        what: &'static str,
        /// What the writer said.
        #[source]
        source: serde_json::Error,
    },
}

impl HandleError {
    /// Whether another delivery could end better.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::Held { .. } | Self::OutOfTime => true,
            Self::Evidence(error)
            | Self::Ledger(error)
            | Self::Write(error)
            | Self::Notifier(error)
            | Self::Later(error) => matches!(error.retry, Retry::Worthwhile | Retry::Moved),
            Self::Malformed { .. } | Self::Encode { .. } => false,
        }
    }

    /// A stable name for alarms: `Transient.Ledger`, `Permanent.Malformed`, …
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match (self, self.is_transient()) {
            (Self::Held { .. }, _) => "Transient.Held",
            (Self::OutOfTime, _) => "Transient.OutOfTime",
            (Self::Evidence(_), true) => "Transient.Evidence",
            (Self::Evidence(_), false) => "Permanent.Evidence",
            (Self::Ledger(_), true) => "Transient.Ledger",
            (Self::Ledger(_), false) => "Permanent.Ledger",
            (Self::Write(_), true) => "Transient.Write",
            (Self::Write(_), false) => "Permanent.Write",
            (Self::Notifier(_), true) => "Transient.Notifier",
            (Self::Notifier(_), false) => "Permanent.Notifier",
            (Self::Later(_), true) => "Transient.Later",
            (Self::Later(_), false) => "Permanent.Later",
            (Self::Malformed { .. }, _) => "Permanent.Malformed",
            (Self::Encode { .. }, _) => "Permanent.Encode",
        }
    }
}
