//! One event judged and decided offline, as the functions would.

use std::{cell::RefCell, collections::BTreeMap};

use controls::{ANY, AnyControl, Judged, NotMine, PlannedRemedy, States, Tags};
use events::Event;
use ledger::{Baseline, History};
use model::{
    AccountId, Burst, ControlId, Decision, Finding, Occurrence, Operation, Outcome, Posture,
    Resource, Response, Status, Target, Timestamp, Trust,
};
use policy::Policies;
use respond::{
    decision::{Facts, decide, is_own_change},
    lower_to_alert, own_tags,
};
use serde_json::Value;

use super::{Acted, Asked};

/// Why the policies are not asked about a forged event.
const FORGED: &str = "the event is not what it claims to be";

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
    /// The calls that are permitted, in order.
    pub operations: Vec<Operation>,
    /// What they change in documents: before and after.
    pub changes: Vec<(String, String)>,
    /// The calls that would tell what the record does not.
    pub would_read: &'static [&'static str],
    /// What came of each finding, where something was done (`--apply`).
    pub outcomes: Vec<(String, Outcome)>,
}

impl Judgement {
    /// A judgement without findings.
    #[must_use]
    pub fn without_findings(control: ControlId, status: Status, reason: Option<String>) -> Self {
        Self {
            control,
            status,
            reason,
            resource: None,
            findings: Vec::new(),
            decision: None,
            operations: Vec::new(),
            changes: Vec::new(),
            would_read: &[],
            outcomes: Vec::new(),
        }
    }

    /// An event that is not what its envelope claims: a function tells it and does not look.
    #[must_use]
    pub fn forged(control: ControlId, policies: &Policies) -> Self {
        let reason = NotMine::Forged.as_str().to_owned();
        Self {
            decision: Some(policies.unasked(FORGED)),
            ..Self::without_findings(control, Status::Ignored, Some(reason))
        }
    }

    /// The same of an event that is not what its envelope claims: what its record shows may be told,
    /// and nothing may be done about it.
    fn of_a_forgery(mut self, policies: &Policies) -> Self {
        if self.findings.is_empty() {
            return Self::forged(self.control, policies);
        }
        let told = policies.unasked(FORGED);
        for decided in &mut self.findings {
            decided.decision = told.clone();
        }
        self.reason = Some(NotMine::Forged.as_str().to_owned());
        self.decision = Some(told);
        self.operations.clear();
        self.changes.clear();
        self
    }

    /// What was found and decided in the end, in place of what was foreseen.
    pub fn settle(&mut self, findings: Vec<Decided>, operations: Vec<Operation>) {
        self.decision = furthest(&findings);
        self.findings = findings;
        self.operations = operations;
    }

    /// A judgement with what was found, decided, and would be done about it.
    #[must_use]
    pub fn with_findings(mut self, findings: Vec<Decided>, remedies: Vec<PlannedRemedy>) -> Self {
        self.decision = furthest(&findings);
        self.findings = findings;
        self.operations = remedies.iter().flat_map(|remedy| remedy.operations.clone()).collect();
        self.changes = remedies.into_iter().filter_map(|remedy| remedy.document_change).collect();
        self
    }
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
    /// Which controls look at a call of this name.
    by_name: BTreeMap<&'static str, Vec<&'static dyn AnyControl>>,
    /// Those that look at calls of any name.
    any_name: Vec<&'static dyn AnyControl>,
    policies: &'a Policies,
    trust: &'a Trust,
    states: Run<'a>,
    posture: Posture,
    now: Timestamp,
}

/// What is supplied of resources, and what this run remembers from one record to the next.
struct Run<'a> {
    given: &'a dyn States,
    memory: RefCell<ledger::Memory>,
    now: Timestamp,
}

impl States for Run<'_> {
    fn responses(&self, arn: &str) -> Option<&Value> {
        self.given.responses(arn)
    }

    fn gather(&self, control: ControlId, account: &AccountId, occurrence: &Occurrence) -> Burst {
        // What memory holds it wrote itself, so it can be read; if not, each counts by itself.
        let mut memory = self.memory.borrow_mut();
        memory
            .gather(control.as_str(), account, occurrence)
            .unwrap_or_else(|_unreadable| Burst::of(occurrence))
    }

    fn baseline(&self, control: ControlId, resource: &Resource) -> Option<Value> {
        let kept = self.memory.borrow().baseline(control.as_str(), resource);
        kept.ok().flatten().map(|baseline| baseline.state)
    }

    fn keep_baseline(&self, control: ControlId, resource: &Resource, state: Value) {
        let (control, resource) = (control.as_str().to_owned(), resource.clone());
        let baseline = Baseline { control, resource, at: self.now, state };
        // One that could not be kept is one that is not remembered, as in a function.
        drop(self.memory.borrow_mut().keep_baseline(&baseline));
    }
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
        controls: &[&'static dyn AnyControl],
        policies: &'a Policies,
        trust: &'a Trust,
        states: &'a dyn States,
        posture: Posture,
        now: Timestamp,
    ) -> Self {
        let mut by_name: BTreeMap<&'static str, Vec<&'static dyn AnyControl>> = BTreeMap::new();
        let mut any_name = Vec::new();
        for control in controls {
            let subscriptions = control.subscriptions();
            if subscriptions.iter().any(|subscription| subscription.event_name == ANY) {
                any_name.push(*control);
                continue;
            }
            for subscription in subscriptions {
                let asking = by_name.entry(subscription.event_name).or_default();
                if asking.iter().all(|other| other.id() != control.id()) {
                    asking.push(*control);
                }
            }
        }
        let states = Run { given: states, memory: RefCell::default(), now };
        Self { by_name, any_name, policies, trust, states, posture, now }
    }

    /// What one control says; `None`: it does not look at such a call after all.
    fn asked(
        &self,
        control: &'static dyn AnyControl,
        event: &Event,
        states: &dyn States,
    ) -> Option<Judgement> {
        let mut decisions = Vec::new();
        let mut decide = |target: &Target, finding: &Finding<PlannedRemedy>| {
            let decision = self.decide(control.id(), event, Some(&target.resource), finding);
            let response = decision.response;
            decisions.push(decision);
            response
        };
        let (judged, mut remedies) = control.plan(event, states, self.trust, &mut decide);
        let Judged { mut status, mut reason, target, findings, would_read } = judged;
        if reason.as_deref() == Some(NotMine::NotCovered.as_str()) {
            return None;
        }
        let resource = target.map(|target| target.resource);
        if status == Status::Clean && self.is_own(event, resource.as_ref()) {
            status = Status::Ignored;
            reason = Some("own_change".to_owned());
        }
        let mut decisions = decisions.into_iter();
        let mut findings: Vec<Decided> = findings
            .into_iter()
            .map(|finding| {
                // What could not be read was not offered for a remedy, and is decided all the same.
                let decision = decisions.next().unwrap_or_else(|| {
                    self.decide(control.id(), event, resource.as_ref(), &finding)
                });
                Decided { finding, decision }
            })
            .collect();
        if let Some(resource) = &resource {
            remedies.extend(self.mark(control, event, resource, &mut findings));
        }
        let judgement = Judgement::without_findings(control.id(), status, reason);
        Some(Judgement { resource, would_read, ..judgement }.with_findings(findings, remedies))
    }

    /// The one call that marks the resource for all findings that are to be marked; where it cannot
    /// be marked they are told. It names only Snapback's own tags: which others are kept beside them,
    /// only a read tells.
    fn mark(
        &self,
        control: &dyn AnyControl,
        event: &Event,
        resource: &Resource,
        findings: &mut [Decided],
    ) -> Option<PlannedRemedy> {
        let marked = |decided: &Decided| decided.decision.response == Response::Tag;
        let codes: Vec<&str> = findings
            .iter()
            .filter(|decided| marked(decided))
            .map(|decided| decided.finding.code.as_str())
            .collect();
        if codes.is_empty() {
            return None;
        }
        let ours = own_tags(&codes, event.id().unwrap_or_default(), self.now);
        match control.mark(resource, &Tags::new(), &ours) {
            Ok(remedy) => Some(remedy),
            Err(reason) => {
                for decided in findings.iter_mut().filter(|decided| marked(decided)) {
                    let held_back = &mut decided.finding.held_back;
                    lower_to_alert(&mut decided.decision, held_back, &reason);
                }
                None
            }
        }
    }

    fn decide(
        &self,
        control: ControlId,
        event: &Event,
        resource: Option<&Resource>,
        finding: &Finding<PlannedRemedy>,
    ) -> Decision {
        let Some(resource) = resource else {
            return self.policies.unasked("the record names no resource to ask the policies about");
        };
        let facts = Facts {
            actor: &event.record.actor,
            resource,
            tags: None,
            control,
            posture: self.posture,
            // Each record is judged by itself: an archive of a year is no storm.
            history: History::default(),
            trust: self.trust,
            event_time: event.record.event_time,
            now: self.now,
        };
        decide(self.policies, finding, &facts)
    }

    fn is_own(&self, event: &Event, resource: Option<&Resource>) -> bool {
        let actor = &event.record.actor;
        match resource {
            Some(resource) => is_own_change(actor, &self.trust.seen_from(&resource.account)),
            None => is_own_change(actor, self.trust),
        }
    }
}

impl Asked for Judge<'_> {
    fn scope(&self) -> String {
        format!("Offline, posture {}: nothing was read from AWS or written to it.", self.posture)
    }

    fn remedy_for_unclear(&self) -> &'static str {
        "What is unclear, `--state FILE` supplies and `--live` reads."
    }

    fn judge(&self, event: &Event) -> Vec<Judgement> {
        let named = self.by_name.get(event.record.event_name.as_str());
        let any = self.any_name.iter().filter(|control| control.asks_about(event));
        let mut asking: Vec<&'static dyn AnyControl> =
            named.into_iter().flatten().chain(any).copied().collect();
        if asking.is_empty() {
            return Vec::new();
        }
        asking.sort_by_key(|control| control.id());
        let forged = event.consistency().is_err();
        // A function does not look at a forgery, so that nothing is remembered of it.
        let states: &dyn States = if forged { self.states.given } else { &self.states };
        asking
            .iter()
            .filter_map(|control| self.asked(*control, event, states))
            .map(|judgement| if forged { judgement.of_a_forgery(self.policies) } else { judgement })
            .collect()
    }

    fn act(&self, _: &Event, _: &mut [Judgement]) -> Acted {
        Acted::default()
    }
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
