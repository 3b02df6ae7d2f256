//! One write: intention, write, read-back, outcome. In this order, each durable before the next.

use std::time::Duration;

use chrono::TimeDelta;
use controls::Control;
use ledger::{Entry, EntryState};
use model::{Outcome, Remedy, Response};

use crate::{
    Applied, Clock, Cloud, CloudError, HandleError, LedgerPort, Ports, Retry,
    case::{Book, Case, Circumstances, View, encode, is_mark},
    decision::{decide, is_breaker_passed},
    handled::join_reasons,
    notes::note,
    pipeline::Pipeline,
    plan::{Counts, Group, Judged, TAG_EVENT, tag_value},
};

/// What an attempt came to.
#[derive(Debug)]
pub(crate) enum Attempt<S> {
    /// It ended, one way or another; the entry says how.
    Ended {
        /// The state read back.
        view: View<S>,
        /// Whether another look later could end better: the write was accepted and the old state
        /// is still seen.
        look_again: bool,
    },
    /// The resource was not as expected, and nothing was written: the entry says so.
    Moved(Box<Entry>),
    /// The write was sent, and then the state could not be read.
    Unread(CloudError),
}

/// What was decided to be done, and on what grounds.
pub(crate) struct Decided<'a, R> {
    pub(crate) judged: &'a [Judged<R>],
    pub(crate) group: &'a Group<R>,
    pub(crate) now: &'a Circumstances,
}

/// How one write went.
enum Sent {
    Done(Applied),
    Refused { in_doubt: bool },
}

impl<C: Control, P: Ports<C>> Pipeline<C, P> {
    /// Mends what a group is for. `view` is the state that was judged.
    pub(crate) async fn mend(
        &self,
        case: &Case<'_>,
        book: &mut Book,
        decided: &Decided<'_, C::Remedy>,
        view: &View<C::State>,
    ) -> Result<Attempt<C::State>, HandleError> {
        let Decided { judged, group, .. } = *decided;
        let before = Counts::of(judged.iter().map(|judged| judged.finding.code.as_str()));
        let mut view = view.clone();
        let mut changed = false;
        for (place, remedy) in group.remedies.iter().enumerate() {
            let last = place.saturating_add(1) == group.remedies.len();
            let mut entry = intend::<C>(case, book, decided, remedy, &view)?;
            self.in_time(case, remedy)?;
            self.record(book, &entry).await?;
            if self.breaker_holds(case, book, &mut entry, decided, &view).await? {
                return Ok(Attempt::Ended { view, look_again: false });
            }
            self.in_time(case, remedy)?;
            entry.written_at = Some(self.ports.clock().now());
            let sent = match self.ports.cloud().apply(&view.resource, remedy).await {
                Ok(applied) => {
                    entry.request_ids.clone_from(&applied.request_ids);
                    Sent::Done(applied)
                }
                Err(error) => {
                    entry.error = Some(told(&error));
                    entry.request_ids.extend(error.request_id.clone());
                    if !error.in_doubt {
                        entry.written_at = None;
                    }
                    match error.retry {
                        Retry::Moved if !error.in_doubt => {
                            self.finish(book, &mut entry, Outcome::Conflict).await?;
                            return Ok(Attempt::Moved(Box::new(entry)));
                        }
                        Retry::Worthwhile | Retry::Moved => {
                            entry.outcome = error.in_doubt.then_some(Outcome::InDoubt);
                            self.record(book, &entry).await?;
                            return Err(HandleError::Write(error));
                        }
                        Retry::Pointless | Retry::Gone => {
                            // Said now, so that a redelivery knows it too: something was written,
                            // and not as it should have been.
                            entry.outcome = error.in_doubt.then_some(Outcome::Failed);
                            Sent::Refused { in_doubt: error.in_doubt }
                        }
                    }
                }
            };
            // What is read back is the judge of the write, whatever its answer was.
            view = match self.see(case).await {
                Ok(view) => view,
                Err(error) if error.retry == Retry::Pointless => {
                    let outcome = match sent {
                        Sent::Done(_) | Sent::Refused { in_doubt: true } => Outcome::InDoubt,
                        Sent::Refused { in_doubt: false } => Outcome::Failed,
                    };
                    let unread = format!("the state could not be read back: {}", told(&error));
                    entry.error = Some(join_reasons(entry.error, &unread));
                    self.finish(book, &mut entry, outcome).await?;
                    return Ok(Attempt::Unread(error));
                }
                Err(error) => {
                    // Written, but nobody knows how it looks: the redelivery will see.
                    self.record(book, &entry).await?;
                    return Err(HandleError::Evidence(error));
                }
            };
            let (accepted, wrote) = match &sent {
                Sent::Done(applied) => (true, applied.changed),
                Sent::Refused { in_doubt } => (false, *in_doubt),
            };
            changed |= wrote;
            if wrote && view.state.is_some() {
                entry.left_state = Some(view.written()?);
            }
            let botched = !accepted && wrote;
            if (accepted || botched) && view.gone {
                // Deleted just now, or not to be seen for the moment: nobody can say.
                let unseen = "the resource could not be found when it was read back";
                entry.error = Some(join_reasons(entry.error, unseen));
                self.finish(book, &mut entry, Outcome::InDoubt).await?;
                return Ok(Attempt::Ended { view, look_again: false });
            }
            if last || !accepted {
                // What was written otherwise than it should have been is not mended, whatever the
                // findings say: they ask one question, and the write may have spoiled another.
                let outcome = if botched {
                    Outcome::Failed
                } else {
                    self.outcome(case, &entry, &before, &view, changed)
                };
                self.finish(book, &mut entry, outcome).await?;
                let look_again = accepted && outcome == Outcome::Failed;
                return Ok(Attempt::Ended { view, look_again });
            }
            // One of several writes: the last one speaks for the findings.
            entry.findings.clear();
            self.finish(book, &mut entry, Outcome::Verified).await?;
        }
        Ok(Attempt::Ended { view, look_again: false })
    }

    /// Says of the state read back whether an entry's findings are mended, or its mark is there.
    pub(crate) fn outcome(
        &self,
        case: &Case<'_>,
        entry: &Entry,
        before: &Counts,
        view: &View<C::State>,
        changed: bool,
    ) -> Outcome {
        if is_mark(entry) {
            return if is_marked(case, view) { Outcome::Tagged } else { Outcome::Failed };
        }
        let after = view.counts(&self.control, case);
        if !crate::case::codes(entry).mended(before, &after) {
            Outcome::Failed
        } else if changed {
            Outcome::Verified
        } else {
            Outcome::AlreadyRight
        }
    }

    /// Counts once more, now that this intention is counted too: of several that saw room for one
    /// more revert at the same moment, no more go on than there is room for.
    async fn breaker_holds(
        &self,
        case: &Case<'_>,
        book: &mut Book,
        entry: &mut Entry,
        decided: &Decided<'_, C::Remedy>,
        view: &View<C::State>,
    ) -> Result<bool, HandleError> {
        if entry.needs != Response::Revert {
            return Ok(false);
        }
        let history = self.history(case).await?;
        if !is_breaker_passed(history, &case.trust) {
            return Ok(false);
        }
        let facts = case.facts(C::ID, view, &Circumstances { history, ..*decided.now });
        for (noted, index) in entry.findings.iter_mut().zip(&decided.group.members) {
            let Some(one) = decided.judged.get(*index) else { continue };
            noted.decision = decide(&self.settings.policies, &one.finding, &facts);
            let reason = "the breaker's limit of reverts was reached at the same moment";
            noted.held_back = Some(join_reasons(noted.held_back.take(), reason));
        }
        self.finish(book, entry, Outcome::Alerted).await?;
        Ok(true)
    }

    /// No write is begun without the time for it, and to read it back, tell and note it.
    fn in_time(&self, case: &Case<'_>, remedy: &C::Remedy) -> Result<(), HandleError> {
        let left = case.delivery.deadline.signed_duration_since(self.ports.clock().now());
        let needed = span(self.ports.cloud().time_for(remedy));
        let needed = needed.checked_add(&self.settings.write_budget).unwrap_or(TimeDelta::MAX);
        if left < needed { Err(HandleError::OutOfTime) } else { Ok(()) }
    }

    pub(crate) async fn record(&self, book: &mut Book, entry: &Entry) -> Result<(), HandleError> {
        self.ports.ledger().record(entry).await.map_err(HandleError::Ledger)?;
        book.keep(entry);
        Ok(())
    }

    pub(crate) async fn finish(
        &self,
        book: &mut Book,
        entry: &mut Entry,
        outcome: Outcome,
    ) -> Result<(), HandleError> {
        entry.state = EntryState::Finished;
        entry.outcome = Some(outcome);
        self.record(book, entry).await
    }
}

/// The entry for a write that is about to be made: the one of an earlier delivery that intended
/// just this, or a new one.
fn intend<C: Control>(
    case: &Case<'_>,
    book: &Book,
    decided: &Decided<'_, C::Remedy>,
    remedy: &C::Remedy,
    view: &View<C::State>,
) -> Result<Entry, HandleError> {
    let prior_state = view.written()?;
    let written = encode("remedy", remedy)?;
    let inverse = remedy.inverse().map(|inverse| encode("inverse", &inverse)).transpose()?;
    let members = decided.group.members.iter().filter_map(|index| decided.judged.get(*index));
    let mut entry = note(C::ID, case, book, view, decided.now, members.map(|one| one.noted(None)));
    entry.needs = remedy.needs();
    entry.prior_state = prior_state;
    entry.remedy = written;
    entry.operations = remedy.operations();
    entry.inverse = inverse;
    if let Some(intended) = book.same_intention(&entry.remedy, &entry.prior_state) {
        // Its name, and the moment and grounds of today: this is when it is written.
        entry.id.clone_from(&intended.id);
        entry.code.clone_from(&intended.code);
        entry.step = intended.step;
        entry.moved_from = Some(intended.at);
    }
    Ok(entry)
}

/// A span that is too long to be told is longer than any that is left.
pub(crate) fn span(time: Duration) -> TimeDelta {
    TimeDelta::from_std(time).unwrap_or(TimeDelta::MAX)
}

/// Whether the resource bears this event's mark.
pub(crate) fn is_marked<S>(case: &Case<'_>, view: &View<S>) -> bool {
    let ours = tag_value(&case.key.event_id);
    view.tags.as_ref().and_then(|tags| tags.get(TAG_EVENT)) == Some(&ours)
}

/// An error in one line for ledger and alert: the operation and AWS's code, nothing of its text.
pub(crate) fn told(error: &CloudError) -> String {
    format!("{} was refused: {}", error.operation, error.code)
}
