//! What is told, before it is put into words.

use std::collections::BTreeMap;

use ledger::EntryId;
use model::{
    AccountId, Actor, ControlId, Decision, Evidence, Operation, Outcome, Posture, Resource,
    Severity, Timestamp,
};
use serde::Serialize;

/// Everything a channel may tell of one event and one control.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Alert {
    /// The control.
    pub control: ControlId,
    /// The event that was the reason to look.
    pub event_id: Option<String>,
    /// `PutBucketAcl`.
    pub event_name: Option<String>,
    /// When it happened.
    pub event_time: Option<Timestamp>,
    /// The account that owns the resource.
    pub account: Option<AccountId>,
    /// The Region.
    pub region: Option<String>,
    /// Who.
    pub actor: Actor,
    /// What was changed; `None`: the event could not be read far enough to say.
    pub resource: Option<Resource>,
    /// The posture in force.
    pub posture: Posture,
    /// What is wrong, the gravest first. Empty: the event or the evidence could not be read, and
    /// `problem` says why.
    pub findings: Vec<AlertFinding>,
    /// Why nothing could be judged.
    pub problem: Option<String>,
    /// What each policy in the decisions means, by its id: `policy::Policies::meanings`. A policy
    /// without an entry is told by its id alone.
    pub meanings: BTreeMap<String, String>,
    /// When this alert was made.
    pub at: Timestamp,
}

/// One finding with what became of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AlertFinding {
    /// The code.
    pub code: String,
    /// One sentence.
    pub title: String,
    /// How bad.
    pub severity: Severity,
    /// `false`: harmless today because of another setting.
    pub effective: bool,
    /// The facts.
    pub evidence: Evidence,
    /// How far Snapback went, and why.
    pub decision: Decision,
    /// What came of it.
    pub outcome: Outcome,
    /// The calls that were made (outcome verified, tagged, failed), or would mend it.
    pub operations: Vec<Operation>,
    /// Why a person must mend it.
    pub held_back: Option<String>,
    /// The ledger entry, which holds the state before the write and its inverse.
    pub entry: Option<EntryId>,
    /// How often it was only counted since it was last told.
    pub repeats: u32,
}

/// An alert in the form of an SNS message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    /// Subject: at most 100 printable ASCII characters, beginning with a letter, number or
    /// punctuation mark.
    /// Source: <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>.
    pub subject: String,
    /// For people (e-mail, SMS).
    pub text: String,
    /// For programs: one JSON object.
    pub json: String,
    /// For filter policies: `control`, `severity`, `response`, `account`.
    pub attributes: BTreeMap<String, String>,
}
