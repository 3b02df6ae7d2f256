//! What the steps of one event's handling share: what it is about, what was seen, what is noted.

use std::collections::BTreeMap;

use controls::{Control, Observed, Tags};
use ledger::{ClaimKey, Entry, EntryId, EntryState, History, claim::RETENTION};
use model::{ControlId, Finding, Outcome, Posture, Resource, Response, Target, Timestamp, Trust};
use policy::Policies;
use serde::Serialize;
use serde_json::Value;

use crate::{
    HandleError,
    decision::{self, Facts},
    handled::Delivery,
    plan::{Counts, Judged},
};

/// What an event is about.
#[derive(Debug)]
pub(crate) struct Case<'a> {
    pub(crate) delivery: &'a Delivery<'a>,
    pub(crate) target: Target,
    pub(crate) key: ClaimKey,
    /// The trust, seen from the event's account.
    pub(crate) trust: Trust,
    /// Whether Snapback itself made the change.
    pub(crate) own: bool,
}

impl<'a> Case<'a> {
    pub(crate) fn new(
        control: ControlId,
        delivery: &'a Delivery<'a>,
        target: Target,
        trust: &Trust,
    ) -> Self {
        let event = delivery.event;
        let resource = &target.resource;
        let trust = trust.seen_from(&resource.account);
        Self {
            key: ClaimKey {
                control: control.as_str().to_owned(),
                account: resource.account.clone(),
                region: resource.region.clone(),
                event_id: event.claim_id(),
                resource: resource.arn.clone(),
                attempt: delivery.attempt,
            },
            // A call of ours that was refused changed nothing.
            own: event.record.failure().is_none()
                && decision::is_own_change(&event.record.actor, &trust),
            delivery,
            target,
            trust,
        }
    }

    /// Says of the live state what is wrong with it, the gravest first, and decides about each.
    /// Pure: nothing happens between judging and deciding. `fit` may take remedies away.
    pub(crate) fn judge<C: Control>(
        &self,
        control: &C,
        policies: &Policies,
        view: &View<C::State>,
        extras: &[Finding<C::Remedy>],
        now: &Circumstances,
        fit: impl Fn(&mut Finding<C::Remedy>),
    ) -> Vec<Judged<C::Remedy>> {
        let mut findings = view.assess(control, &self.trust);
        findings.iter_mut().for_each(fit);
        findings.extend(extras.iter().cloned());
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.entry().severity));
        let facts = self.facts(C::ID, view, now);
        let judged = findings.into_iter().map(|finding| {
            let decision = decision::decide(policies, &finding, &facts);
            Judged { finding, decision }
        });
        judged.collect()
    }

    pub(crate) fn facts<'b, S>(
        &'b self,
        control: ControlId,
        view: &'b View<S>,
        now: &Circumstances,
    ) -> Facts<'b> {
        let record = &self.delivery.event.record;
        Facts {
            actor: &record.actor,
            resource: &view.resource,
            tags: view.tags.as_ref(),
            control,
            posture: now.posture,
            history: now.history,
            trust: &self.trust,
            event_time: record.event_time,
            now: now.now,
        }
    }
}

/// What was seen of the resource at one moment.
#[derive(Debug, Clone)]
pub(crate) struct View<S> {
    /// `None`: it is gone, or could not be read.
    pub(crate) state: Option<S>,
    /// It was looked for and does not exist, or cannot be seen yet.
    pub(crate) gone: bool,
    pub(crate) tags: Option<Tags>,
    /// The resource with what reading told of it.
    pub(crate) resource: Resource,
    /// What else the event names.
    pub(crate) details: BTreeMap<String, String>,
    /// The baseline that the ledger has of it, as it is kept there.
    pub(crate) baseline: Option<Value>,
    /// The moment just before the read.
    pub(crate) seen_at: Timestamp,
}

impl<S: Serialize> View<S> {
    pub(crate) fn of(observed: Observed<S>, target: &Target, seen_at: Timestamp) -> Self {
        match observed {
            Observed::Present { state, tags, resource } => {
                let details = target.details.clone();
                Self {
                    state: Some(state),
                    tags,
                    resource,
                    details,
                    ..Self::unread(target, seen_at)
                }
            }
            Observed::Gone => Self::gone(target, seen_at),
        }
    }

    pub(crate) fn gone(target: &Target, seen_at: Timestamp) -> Self {
        Self { gone: true, ..Self::unread(target, seen_at) }
    }

    pub(crate) fn unread(target: &Target, seen_at: Timestamp) -> Self {
        let Target { resource, details } = target.clone();
        let (state, tags, baseline) = (None, None, None);
        Self { state, gone: false, tags, resource, details, baseline, seen_at }
    }

    /// What was asked for. The resource as read: its ARN may say more than the event did.
    pub(crate) fn target(&self) -> Target {
        Target { resource: self.resource.clone(), details: self.details.clone() }
    }

    pub(crate) fn assess<C: Control<State = S>>(
        &self,
        control: &C,
        trust: &Trust,
    ) -> Vec<Finding<C::Remedy>> {
        match &self.state {
            Some(state) => control.assess(&self.target(), state, trust),
            None => Vec::new(),
        }
    }

    /// How often each code stands against the state.
    pub(crate) fn counts<C: Control<State = S>>(&self, control: &C, case: &Case<'_>) -> Counts {
        let findings = self.assess(control, &case.trust);
        Counts::of(findings.iter().map(|finding| finding.code.as_str()))
    }

    /// The state as the ledger keeps it; null: gone or unread.
    pub(crate) fn written(&self) -> Result<Value, HandleError> {
        encode("state", &self.state)
    }
}

pub(crate) fn encode<T: Serialize>(what: &'static str, value: &T) -> Result<Value, HandleError> {
    serde_json::to_value(value).map_err(|source| HandleError::Encode { what, source })
}

/// What a decision depends on besides finding and event.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Circumstances {
    pub(crate) posture: Posture,
    /// Why the posture is not the configured one.
    pub(crate) paused: Option<&'static str>,
    pub(crate) history: History,
    pub(crate) now: Timestamp,
}

/// The entries of one piece of work: those of earlier deliveries, and this one's.
#[derive(Debug, Default)]
pub(crate) struct Book {
    entries: Vec<Entry>,
    /// Codes of what was finished so long ago that the claim on it is forgotten: an event that is
    /// delivered once more after that is news, and must not write over its old entries.
    past: Counts,
}

impl Book {
    pub(crate) fn of(entries: Vec<Entry>, now: Timestamp) -> Self {
        // Whoever finishes an entry renews the claim thereafter, so what is older than a claim is
        // remembered belongs to one that was forgotten.
        let is_past =
            |entry: &Entry| !entry.in_doubt() && now.signed_duration_since(entry.at) >= RETENTION;
        let (past, entries): (Vec<Entry>, Vec<Entry>) = entries.into_iter().partition(is_past);
        let past = Counts::of(past.iter().map(|entry| entry.code.as_str()));
        Self { entries, past }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The number and name of the next attempt for a code.
    pub(crate) fn next_step(&self, key: &ClaimKey, code: &str) -> (u32, EntryId) {
        let steps = self.entries.iter().filter(|entry| entry.code == code).count();
        let steps = steps.saturating_add(self.past.get(code));
        let step = u32::try_from(steps).unwrap_or(u32::MAX);
        (step, EntryId::of(key, code, step))
    }

    /// The entries that have the last word: an attempt that came to nothing is passed over where
    /// another followed it.
    pub(crate) fn standing(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|entry| {
            let came_to_nothing = match entry.outcome {
                Some(Outcome::Conflict | Outcome::InDoubt) => true,
                Some(
                    Outcome::Alerted
                    | Outcome::Excepted
                    | Outcome::Tagged
                    | Outcome::Verified
                    | Outcome::Failed
                    | Outcome::AlreadyRight,
                )
                | None => false,
            };
            let followed =
                || self.entries.iter().any(|e| e.code == entry.code && e.step > entry.step);
            !(came_to_nothing && followed())
        })
    }

    /// Keeps an entry in place of the one of its name.
    pub(crate) fn keep(&mut self, entry: &Entry) {
        match self.entries.iter_mut().find(|kept| kept.id == entry.id) {
            Some(kept) => kept.clone_from(entry),
            None => self.entries.push(entry.clone()),
        }
    }

    pub(crate) fn in_doubt(&self) -> Vec<Entry> {
        self.entries.iter().filter(|entry| entry.in_doubt()).cloned().collect()
    }

    /// An intention of an earlier delivery to do just this to just this state: it is taken up
    /// again under its name, so that neither the ledger nor the breaker counts it twice.
    pub(crate) fn same_intention(&self, remedy: &Value, prior: &Value) -> Option<&Entry> {
        self.entries.iter().find(|entry| {
            entry.in_doubt() && &entry.remedy == remedy && &entry.prior_state == prior
        })
    }

    /// Findings that still stand although there is a last word about them: they are not written
    /// for again, and not noted again.
    pub(crate) fn settled(&self) -> Counts {
        let mut settled = Counts::default();
        for entry in self.standing().filter(|entry| entry.state == EntryState::Finished) {
            let stands = match entry.outcome {
                Some(
                    Outcome::Failed
                    | Outcome::Conflict
                    | Outcome::Alerted
                    | Outcome::Excepted
                    | Outcome::Tagged,
                ) => true,
                // Mended; or in doubt, and the state moved since: it is judged anew.
                Some(Outcome::Verified | Outcome::AlreadyRight | Outcome::InDoubt) | None => false,
            };
            if stands {
                settled.extend(&codes(entry));
            }
        }
        settled
    }
}

/// How often each code stands in an entry.
pub(crate) fn codes(entry: &Entry) -> Counts {
    Counts::of(entry.findings.iter().map(|noted| noted.code.as_str()))
}

/// Whether an entry is about a mark, not about mending.
pub(crate) fn is_mark(entry: &Entry) -> bool {
    entry.needs == Response::Tag
}
