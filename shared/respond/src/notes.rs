//! What goes into the ledger, and from there to people.

use controls::Control;
use ledger::{Entry, EntryState, Noted};
use model::{ControlId, Decision, Outcome, Posture, Remedy, Response, Status};
use serde_json::Value;

use crate::{
    HandleError, Ports,
    case::{Book, Case, Circumstances, View, codes},
    handled::{Handled, Reported},
    pipeline::Pipeline,
    plan::{Judged, Plan},
};

/// A new entry about some findings, finished and without a write until more is said.
pub(crate) fn note<S>(
    control: ControlId,
    case: &Case<'_>,
    book: &Book,
    view: &View<S>,
    now: &Circumstances,
    findings: impl Iterator<Item = Noted>,
) -> Entry {
    let findings: Vec<Noted> = findings.collect();
    let first = findings.first();
    let code = first.map(|noted| noted.code.clone()).unwrap_or_default();
    let decision = first.map(|noted| noted.decision.clone());
    let (step, id) = book.next_step(&case.key, &code);
    Entry {
        id,
        at: view.seen_at,
        moved_from: None,
        control: control.as_str().to_owned(),
        code,
        step,
        findings,
        event_id: case.key.event_id.clone(),
        resource: view.resource.clone(),
        actor: case.delivery.event.record.actor.clone(),
        posture: now.posture,
        decision: decision.unwrap_or(Decision {
            response: Response::Alert,
            because: Vec::new(),
            errors: Vec::new(),
        }),
        needs: Response::Alert,
        prior_state: Value::Null,
        remedy: Value::Null,
        operations: Vec::new(),
        inverse: None,
        left_state: None,
        written_at: None,
        state: EntryState::Intended,
        outcome: None,
        request_ids: Vec::new(),
        error: None,
    }
}

impl<C: Control, P: Ports<C>> Pipeline<C, P> {
    /// Notes what nothing was written for: intentions that came to nothing, findings that are only
    /// told, are marked already, or are covered by an exception.
    pub(crate) async fn note_rest(
        &self,
        case: &Case<'_>,
        book: &mut Book,
        judged: &[Judged<C::Remedy>],
        plan: &Plan<C::Remedy>,
        view: &View<C::State>,
        now: &Circumstances,
    ) -> Result<(), HandleError> {
        let mut settled = book.settled();
        for mut entry in book.in_doubt() {
            settled.extend(&codes(&entry));
            self.finish(book, &mut entry, Outcome::InDoubt).await?;
        }
        let mut rest: Vec<(Outcome, Noted)> = Vec::new();
        for (index, one) in judged.iter().enumerate() {
            if settled.take(&one.finding.code) {
                continue;
            }
            if one.decision.response == Response::Ignore {
                rest.push((Outcome::Excepted, one.noted(None)));
            } else if let Some(reason) = plan.held.get(&index) {
                rest.push((Outcome::Alerted, one.unmarked(reason)));
            } else if plan.marked.contains(&index) {
                rest.push((Outcome::Tagged, one.noted(None)));
            } else {
                let came_back = (one.decision.response == Response::Revert
                    && one
                        .finding
                        .remedies
                        .iter()
                        .any(|remedy| remedy.needs() <= one.decision.response))
                .then_some("not mended now: the resource did not stay as it was left");
                rest.push((Outcome::Alerted, one.noted(now.paused.or(came_back))));
            }
        }
        for outcome in [Outcome::Tagged, Outcome::Alerted, Outcome::Excepted] {
            let noted = rest.iter().filter(|(each, _)| *each == outcome);
            let noted: Vec<Noted> = noted.map(|(_, noted)| noted.clone()).collect();
            if noted.is_empty() {
                continue;
            }
            let mut entry = note(C::ID, case, book, view, now, noted.into_iter());
            entry.prior_state = view.written()?;
            self.finish(book, &mut entry, outcome).await?;
        }
        Ok(())
    }

    /// Tells what the entries say, and makes of it how the event was handled.
    pub(crate) async fn told(
        &self,
        case: &Case<'_>,
        book: &Book,
        view: &View<C::State>,
        posture: Posture,
    ) -> Result<Handled, HandleError> {
        let mut findings: Vec<Reported> = book.standing().flat_map(Reported::of_entry).collect();
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        self.tell(case, &view.resource, posture, &mut findings).await?;
        let handled = Handled::new(C::ID, case.delivery, Status::Finding);
        Ok(Handled { resource: Some(view.resource.clone()), findings, ..handled })
    }
}
