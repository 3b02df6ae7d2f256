//! One event's path, from delivery to outcome. See ARCHITECTURE.md and the module's neighbours:
//! `mend` for one write, `resume` for what an earlier delivery left, `tell` for people.
//!
//! An error means *deliver again*; everything else ends well, but told and noted.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::TimeDelta;
use controls::{Control, NotMine, Triage};
use ledger::{Claim, History, Lease};
use model::{Confidence, Finding, Outcome, Posture, Status, Trust};
use policy::Policies;

use crate::{
    Clock, Cloud, CloudError, HandleError, Later, LedgerPort, Ports, Retry, Switch,
    case::{Book, Case, Circumstances, View},
    doubt::recheck,
    handled::{Delivery, Handled, join_reasons},
    mend::{Attempt, Decided, span},
    plan::{self, Counts, Judged, Marking, Plan, Quota},
};

/// How often one delivery looks at its resource at most, whatever a stranger does meanwhile.
const MOST_PASSES: usize = 16;

/// What a pipeline is told once.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The policies in force.
    pub policies: Policies,
    /// Whom and what the account trusts.
    pub trust: Trust,
    /// Whether writes are armed.
    pub posture: Posture,
    /// How much time must be left before the deadline for a write to be begun: enough to write,
    /// read back, tell and note it.
    pub write_budget: TimeDelta,
}

impl Settings {
    /// Settings with a write budget of ten seconds.
    #[must_use]
    pub fn new(policies: Policies, trust: Trust, posture: Posture) -> Self {
        Self { policies, trust, posture, write_budget: TimeDelta::seconds(10) }
    }
}

/// The path of every event of one control.
#[derive(Debug)]
pub struct Pipeline<C, P> {
    pub(crate) control: C,
    pub(crate) ports: P,
    pub(crate) settings: Settings,
    /// The longest time that a delivery was given so far, in milliseconds: what another can hope
    /// for. Several in one invocation share its time, and the first of them is given all of it.
    longest: AtomicI64,
}

/// How the first look ended.
pub(crate) enum Look<S> {
    Seen(View<S>),
    /// The read was refused for good.
    Unreadable(CloudError),
}

impl<C: Control, P: Ports<C>> Pipeline<C, P> {
    /// Makes a pipeline.
    pub const fn new(control: C, ports: P, settings: Settings) -> Self {
        Self { control, ports, settings, longest: AtomicI64::new(0) }
    }

    /// The control.
    pub const fn control(&self) -> &C {
        &self.control
    }

    /// The doors it was made with.
    pub const fn ports(&self) -> &P {
        &self.ports
    }

    /// What it was told.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Handles one delivery of an event.
    ///
    /// # Errors
    /// [`HandleError`]: deliver the event again, or keep it where somebody looks.
    pub async fn handle(&self, delivery: &Delivery<'_>) -> Result<Handled, HandleError> {
        let given = delivery.deadline.signed_duration_since(self.ports.clock().now());
        self.longest.fetch_max(given.num_milliseconds(), Ordering::Relaxed);
        let event = delivery.event;
        if let Err(inconsistent) = event.consistency() {
            return self.forged(delivery, &inconsistent.to_string()).await;
        }
        let target = match self.control.triage(event) {
            Triage::Mine(target) => target,
            Triage::NotMine(NotMine::Forged) => {
                return self.forged(delivery, "the record is not what its envelope claims").await;
            }
            Triage::NotMine(why) => {
                let handled = Handled::new(C::ID, delivery, Status::Ignored);
                return Ok(handled.because(why.as_str()));
            }
            Triage::Malformed(what) => return Err(self.unusable(Some(delivery), &what).await),
        };
        let account = &target.resource.account;
        if self.settings.trust.account_id.as_ref().is_some_and(|ours| ours != account) {
            return self.forged(delivery, "the event is another account's").await;
        }
        let case = Case::new(C::ID, delivery, target, &self.settings.trust);
        self.claimed(&case).await
    }

    /// Takes the work on an event, does it, and marks it as done.
    async fn claimed(&self, case: &Case<'_>) -> Result<Handled, HandleError> {
        let delivery = case.delivery;
        // A second longer than the holder can live.
        let until = delivery.deadline.checked_add_signed(TimeDelta::seconds(1));
        let lease =
            Lease { holder: delivery.holder.to_owned(), until: until.unwrap_or(delivery.deadline) };
        let ledger = self.ports.ledger();
        let now = self.ports.clock().now();
        let claim = ledger.claim(&case.key, &lease, now).await.map_err(HandleError::Ledger)?;
        let book = match claim {
            Claim::Taken => None,
            Claim::Resumed => Some(self.book(case).await?),
            Claim::Held { until } => return Err(HandleError::Held { until }),
            Claim::Done { .. } => {
                let handled = Handled::new(C::ID, delivery, Status::Ignored).because("duplicate");
                return Ok(Handled { resource: Some(case.target.resource.clone()), ..handled });
            }
        };
        let mut handled = self.work(case, book).await?;
        handled.resource.get_or_insert_with(|| case.target.resource.clone());
        let now = self.ports.clock().now();
        ledger.release(&case.key, handled.outcome(), now).await.map_err(HandleError::Ledger)?;
        Ok(handled)
    }

    async fn book(&self, case: &Case<'_>) -> Result<Book, HandleError> {
        let entries = self.ports.ledger().entries(&case.key).await.map_err(HandleError::Ledger)?;
        Ok(Book::of(entries, self.ports.clock().now()))
    }

    /// Looks, judges, decides, acts, tells. `book`: `None` where nobody was here before, as far as
    /// the claim remembers.
    async fn work(&self, case: &Case<'_>, book: Option<Book>) -> Result<Handled, HandleError> {
        let mut extras = Vec::new();
        let mut view = match self.look(case).await? {
            Look::Seen(view) => view,
            Look::Unreadable(error) => {
                extras.push(unreadable(&error));
                View::unread(&case.target, self.ports.clock().now())
            }
        };
        let readable = extras.is_empty();
        let mut doubtful = false;
        extras.extend(self.crossings(case, &view).await?);
        let wrong = readable && !view.assess(&self.control, &case.trust).is_empty();
        let mut book = match book {
            Some(book) => book,
            // A claim is forgotten in the end, entries never are: none may be written over.
            None if wrong || !extras.is_empty() => self.book(case).await?,
            None => Book::default(),
        };
        if readable {
            self.settle(case, &mut book, &view).await?;
            doubtful = !wrong && self.is_doubtful(case, &view);
            if !wrong && extras.is_empty() && book.is_empty() {
                return self.nothing_wrong(case, &view, doubtful).await;
            }
        }
        let mut quota = Quota::default();
        let mut look_again = false;
        let mut moved = false;
        let mut passes = 0_usize;
        let (judged, plan, now) = loop {
            passes = passes.saturating_add(1);
            let now = self.circumstances(case).await?;
            let policies = &self.settings.policies;
            let fit = |finding: &mut Finding<C::Remedy>| self.hold_what_takes_too_long(finding);
            let judged = case.judge(&self.control, policies, &view, &extras, &now, fit);
            quota.open(&judged, &book.settled());
            let plan = self.plan(case, &judged, &quota, &view, &now);
            let Some(group) = &plan.next else { break (judged, plan, now) };
            // Every write passes here. That nothing is written in posture observe is promised by
            // the policies already; it does not hang on them alone.
            let unsettled = look_again && recheck(case).is_some();
            if now.posture == Posture::Observe || unsettled || passes > MOST_PASSES {
                break (judged, plan, now);
            }
            let members = group.members.iter().filter_map(|index| judged.get(*index));
            let mending = Counts::of(members.map(|judged| judged.finding.code.as_str()));
            let decided = Decided { judged: &judged, group, now: &now };
            match self.mend(case, &mut book, &decided, &view).await? {
                Attempt::Ended { view: seen, look_again: again } => {
                    view = seen;
                    look_again |= again;
                    quota.spend(&mending);
                }
                Attempt::Moved(mut entry) => {
                    let before = Counts::of(judged.iter().map(|one| one.finding.code.as_str()));
                    view = match self.look(case).await? {
                        Look::Seen(view) => {
                            if mending.mended(&before, &view.counts(&self.control, case)) {
                                self.finish(&mut book, &mut entry, Outcome::AlreadyRight).await?;
                                quota.spend(&mending);
                            } else if std::mem::replace(&mut moved, true) {
                                quota.close(&mending);
                                look_again = true;
                            }
                            view
                        }
                        Look::Unreadable(error) => {
                            extras.push(unreadable(&error));
                            View::unread(&case.target, self.ports.clock().now())
                        }
                    };
                }
                Attempt::Unread(error) => {
                    extras.push(unreadable(&error));
                    view = View::unread(&case.target, self.ports.clock().now());
                }
            }
            // It was there: what else was wrong with it must not be lost over one blind look.
            doubtful |= view.gone;
        };
        self.note_rest(case, &mut book, &judged, &plan, &view, &now).await?;
        let mut handled = self.told(case, &book, &view, now.posture).await?;
        if doubtful {
            handled.recheck = self.arrange(case).await?;
        } else if look_again && let Some(recheck) = recheck(case) {
            // People know that it failed; a later look is only for the better.
            match self.ports.later().again(&recheck).await {
                Ok(()) => handled.recheck = Some(recheck.attempt),
                Err(error) => tracing::warn!(code = %error.code, "no further look was arranged"),
            }
        }
        Ok(handled)
    }

    /// Takes the remedies away that no invocation has the time for: to begin them would only be to
    /// break them off, once for each delivery.
    fn hold_what_takes_too_long(&self, finding: &mut Finding<C::Remedy>) {
        let times = finding.remedies.iter().map(|remedy| self.ports.cloud().time_for(remedy));
        let needed = span(times.sum());
        let longest = TimeDelta::milliseconds(self.longest.load(Ordering::Relaxed));
        // Once to look and decide, once to read back and tell.
        let around = self.settings.write_budget.checked_mul(2).unwrap_or(TimeDelta::MAX);
        let free = longest.checked_sub(&around).unwrap_or(TimeDelta::zero());
        if needed.is_zero() || needed <= free {
            return;
        }
        let reason = format!(
            "mending it may take {} seconds, and the function's timeout leaves {}",
            needed.num_seconds(),
            free.num_seconds().max(0)
        );
        finding.remedies.clear();
        finding.held_back = Some(join_reasons(finding.held_back.take(), &reason));
    }

    /// Reads the live state.
    pub(crate) async fn look(&self, case: &Case<'_>) -> Result<Look<C::State>, HandleError> {
        match self.see(case).await {
            Ok(view) => Ok(Look::Seen(view)),
            Err(error) if error.retry == Retry::Pointless => Ok(Look::Unreadable(error)),
            Err(error) => Err(HandleError::Evidence(error)),
        }
    }

    pub(crate) async fn history(&self, case: &Case<'_>) -> Result<History, HandleError> {
        let now = self.ports.clock().now();
        let history = self.ports.ledger().history(&case.target.resource, now).await;
        history.map_err(HandleError::Ledger)
    }

    /// What the decision depends on besides finding and event. Asked only once something is wrong.
    async fn circumstances(&self, case: &Case<'_>) -> Result<Circumstances, HandleError> {
        let history = self.history(case).await?;
        let now = self.ports.clock().now();
        let (posture, paused) = match self.settings.posture {
            Posture::Observe => (Posture::Observe, None),
            Posture::Enforce => match self.ports.switch().paused(now).await {
                Ok(false) => (Posture::Enforce, None),
                Ok(true) => (Posture::Observe, Some("writes are paused")),
                Err(error) => {
                    tracing::warn!(code = %error.code, "the pause switch cannot be read");
                    (Posture::Observe, Some("it could not be read whether writes are paused"))
                }
            },
        };
        Ok(Circumstances { posture, paused, history, now })
    }

    pub(crate) fn plan(
        &self,
        case: &Case<'_>,
        judged: &[Judged<C::Remedy>],
        quota: &Quota,
        view: &View<C::State>,
        now: &Circumstances,
    ) -> Plan<C::Remedy> {
        let tag = |current: &controls::Tags, ours: &controls::Tags| {
            self.control.tag(&view.resource, current, ours)
        };
        let marking = Marking {
            current: view.tags.as_ref(),
            event_id: &case.key.event_id,
            now: now.now,
            tag: &tag,
        };
        plan::next(judged, quota, &marking)
    }
}

/// A finding that says that the evidence could not be read.
pub(crate) fn unreadable<R>(error: &CloudError) -> Finding<R> {
    let mut finding = Finding::new("evidence-unreadable", "the live state could not be read")
        .with_evidence("operation", error.operation)
        .with_evidence("code", error.code.as_str());
    if let Some(id) = &error.request_id {
        finding = finding.with_evidence("request_id", id.as_str());
    }
    finding.confidence = Confidence::Unclear;
    finding
}
