//! What would be done, from the live state, with nothing claimed, written or told.

use controls::{Control, NotMine, PlannedRemedy, Triage};
use ledger::History;
use model::{Outcome, Posture, Status};

use crate::{
    Clock, HandleError, Ports,
    case::{Case, Circumstances, View},
    handled::{Delivery, Handled, Reported},
    pipeline::{Look, Pipeline, unreadable},
    plan::{Counts, Quota},
};

/// What would be done about an event.
#[derive(Debug, Clone, PartialEq)]
pub struct Preview {
    /// How the judgement ended. Outcomes are what they would be if every write succeeded.
    pub handled: Handled,
    /// The remedies that would be applied, in order.
    pub remedies: Vec<PlannedRemedy>,
}

impl<C: Control, P: Ports<C>> Pipeline<C, P> {
    /// Looks at the live state and decides, in the given posture, as if nothing had been reverted
    /// lately and nothing were paused. Reads only.
    ///
    /// # Errors
    /// [`HandleError::Evidence`]: the state could not be read for the moment;
    /// [`HandleError::Malformed`]: the event names no resource.
    pub async fn preview(
        &self,
        delivery: &Delivery<'_>,
        posture: Posture,
    ) -> Result<Preview, HandleError> {
        let event = delivery.event;
        let ignored = |reason: &str| Preview {
            handled: Handled::new(C::ID, delivery, Status::Ignored).because(reason),
            remedies: Vec::new(),
        };
        if event.consistency().is_err() {
            return Ok(ignored(NotMine::Forged.as_str()));
        }
        let target = match self.control.triage(event) {
            Triage::Mine(target) => target,
            Triage::NotMine(why) => return Ok(ignored(why.as_str())),
            Triage::Malformed(what) => return Err(HandleError::Malformed { what }),
        };
        let case = Case::new(C::ID, delivery, target, &self.settings.trust);
        let (view, extras) = match self.look(&case).await? {
            Look::Seen(view) => (view, Vec::new()),
            Look::Unreadable(error) => {
                (View::unread(&case.target, self.ports.clock().now()), vec![unreadable(&error)])
            }
        };
        let now = Circumstances {
            posture,
            paused: None,
            history: History::default(),
            now: self.ports.clock().now(),
        };
        let policies = &self.settings.policies;
        let judged = case.judge(&self.control, policies, &view, &extras, &now, |_| {});
        let mut preview = Preview {
            handled: Handled::new(C::ID, delivery, Status::Finding),
            remedies: Vec::new(),
        };
        preview.handled.resource = Some(view.resource.clone());
        if judged.is_empty() {
            preview.handled.status = if case.own { Status::Ignored } else { Status::Clean };
            preview.handled.reason = match (case.own, view.gone) {
                (true, _) => Some("own_change".to_owned()),
                (false, true) => Some("gone".to_owned()),
                (false, false) => None,
            };
            return Ok(preview);
        }
        let mut outcomes: Vec<Outcome> = judged
            .iter()
            .map(|one| match one.decision.response {
                model::Response::Ignore => Outcome::Excepted,
                model::Response::Alert | model::Response::Tag | model::Response::Revert => {
                    Outcome::Alerted
                }
            })
            .collect();
        let mut quota = Quota::default();
        quota.open(&judged, &Counts::default());
        let mut left = judged.clone();
        // Each group is planned as if those before it had been applied and nothing else changed.
        while let Some(group) = self.plan(&case, &left, &quota, &view, &now).next {
            for index in &group.members {
                if let Some(outcome) = outcomes.get_mut(*index) {
                    *outcome = match group.needs {
                        model::Response::Revert => Outcome::Verified,
                        model::Response::Tag => Outcome::Tagged,
                        model::Response::Alert | model::Response::Ignore => Outcome::Alerted,
                    };
                }
                if let Some(done) = left.get_mut(*index) {
                    done.decision.response = model::Response::Ignore;
                    done.finding.remedies.clear();
                }
            }
            preview.remedies.extend(group.remedies.iter().map(PlannedRemedy::of));
        }
        let plan = self.plan(&case, &left, &quota, &view, &now);
        let reported = judged.iter().zip(outcomes).enumerate().map(|(index, (one, outcome))| {
            let outcome = if plan.marked.contains(&index) { Outcome::Tagged } else { outcome };
            let held = plan.held.get(&index);
            let noted = held.map_or_else(|| one.noted(None), |reason| one.unmarked(reason));
            Reported::new(noted, outcome, None)
        });
        preview.handled.findings = reported.collect();
        Ok(preview)
    }
}
