//! One event judged and decided offline, as the functions would.

use std::collections::BTreeMap;

use controls::{AnyControl, Judged, PlannedRemedy, States};
use events::Event;
use ledger::History;
use model::{ControlId, Decision, Finding, Operation, Posture, Resource, Response, Status, Timestamp, Trust};
use policy::Policies;
use respond::decision::{Facts, decide, is_own_change};

/// What one control said of one event.
#[derive(Debug)]
pub struct Judgement {
    /// The control.
    pub control: ControlId,
    /// How it ended.
    pub status: Status,
    /// Why it ended there, where there is something to say.
    pub reason: Option<String>,
    /// What was changed.
    pub resource: Option<Resource>,
    /// What is wrong, each with its decision.
    pub findings: Vec<Decided>,
    /// The furthest of the decisions.
    pub decision: Option<Decision>,
    /// The calls that are permitted, without repeats.
    pub operations: Vec<Operation>,
    /// What they change in documents: before and after.
    pub changes: Vec<(String, String)>,
    /// The calls that would tell what the record does not.
    pub would_read: &'static [&'static str],
}

/// A finding with its decision.
#[derive(Debug)]
pub struct Decided {
    /// What is wrong.
    pub finding: Finding<PlannedRemedy>,
    /// How far to go.
    pub decision: Decision,
}

/// Everything an event is judged by.
pub struct Judge<'a> {
    controls: Vec<&'static dyn AnyControl>,
    /// Which controls look at a call of this name.
    by_name: BTreeMap<&'static str, Vec<&'static dyn AnyControl>>,
    policies: &'a Policies,
    trust: &'a Trust,
    states: &'a dyn States,
    posture: Posture,
    now: Timestamp,
}

impl std::fmt::Debug for Judge<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Judge").field("posture", &self.posture).field("now", &self.now).finish()
    }
}

impl<'a> Judge<'a> {
    /// A judge that asks these controls.
    #[must_use]
    pub fn new(
        controls: Vec<&'static dyn AnyControl>,
        policies: &'a Policies,
        trust: &'a Trust,
        states: &'a dyn States,
        posture: Posture,
        now: Timestamp,
    ) -> Self {
        let mut by_name: BTreeMap<&'static str, Vec<&'static dyn AnyControl>> = BTreeMap::new();
        for control in &controls {
            for subscription in control.subscriptions() {
                let asking = by_name.entry(subscription.event_name).or_default();
                if asking.iter().all(|other| other.id() != control.id()) {
                    asking.push(*control);
                }
            }
        }
        Self { controls, by_name, policies, trust, states, posture, now }
    }

    /// The controls that are asked.
    #[must_use]
    pub fn controls(&self) -> &[&'static dyn AnyControl] {
        &self.controls
    }

    /// What each control says that looks at such calls; empty when nobody asks.
    #[must_use]
    pub fn judge(&self, event: &Event) -> Vec<Judgement> {
        let Some(asking) = self.by_name.get(event.record.event_name.as_str()) else {
            return Vec::new();
        };
        asking
            .iter()
            .filter_map(|control| {
                let judged = control.judge(event, self.states, self.trust);
                let not_covered = Some(controls::NotMine::NotCovered.as_str());
                if judged.reason.as_deref() == not_covered {
                    return None;
                }
                Some(self.decided(control.id(), event, judged))
            })
            .collect()
    }

    fn decided(&self, control: ControlId, event: &Event, judged: Judged) -> Judgement {
        let Judged { mut status, mut reason, target, findings, would_read } = judged;
        let resource = target.map(|target| target.resource);
        let actor = &event.record.actor;
        if status == Status::Clean && is_own_change(actor, self.trust) {
            status = Status::Ignored;
            reason = Some("own_change".to_owned());
        }
        let mut decided = Vec::with_capacity(findings.len());
        if let Some(resource) = &resource {
            let facts = Facts {
                actor,
                resource,
                tags: None,
                organizational_units: &[],
                control,
                posture: self.posture,
                // Each record is judged by itself: an archive of a year is no storm.
                history: History::default(),
                trust: self.trust,
                event_time: event.record.event_time,
                now: self.now,
            };
            for finding in findings {
                let decision = decide(self.policies, &finding, &facts);
                decided.push(Decided { finding, decision });
            }
        }
        let permitted = || {
            decided.iter().flat_map(|Decided { finding, decision }| {
                finding.remedies.iter().filter(|remedy| remedy.needs <= decision.response)
            })
        };
        let operations = without_repeats(permitted().flat_map(|remedy| remedy.operations.clone()));
        let changes = without_repeats(permitted().filter_map(|remedy| remedy.document_change.clone()));
        Judgement {
            control,
            status,
            reason,
            resource,
            decision: furthest(&decided),
            findings: decided,
            operations,
            changes,
            would_read,
        }
    }
}

/// Findings of one document share one remedy: it is made once.
fn without_repeats<T: PartialEq>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut kept = Vec::new();
    for item in items {
        if !kept.contains(&item) {
            kept.push(item);
        }
    }
    kept
}

/// The furthest response of all, with the reasons of every finding that goes that far.
fn furthest(findings: &[Decided]) -> Option<Decision> {
    let response = findings.iter().map(|decided| decided.decision.response).max()?;
    let going: Vec<&Decision> = findings
        .iter()
        .map(|decided| &decided.decision)
        .filter(|decision| decision.response == response)
        .collect();
    let mut because: Vec<_> = going.iter().flat_map(|decision| decision.because.clone()).collect();
    because.sort();
    because.dedup();
    let mut errors: Vec<_> = going.iter().flat_map(|decision| decision.errors.clone()).collect();
    errors.sort();
    errors.dedup();
    Some(Decision { response, because, errors })
}

/// Whether a response would be seen by people or by the account.
#[must_use]
pub fn tells(response: Response) -> bool {
    match response {
        Response::Ignore => false,
        Response::Alert | Response::Tag | Response::Revert => true,
    }
}
