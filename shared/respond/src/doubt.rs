//! A clean read against a record that says otherwise: looked at again before it is believed.

use controls::{Control, record_says};
use model::Status;

use crate::{
    HandleError, Later, Ports, Recheck, Retry,
    case::{Case, View},
    handled::Handled,
    pipeline::Pipeline,
};

/// Seconds to wait before the first and the second further look: reads may be stale for seconds,
/// IAM's for longer.
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_general.html>.
const RECHECK_SECONDS: [u32; 2] = [10, 60];

impl<C: Control, P: Ports<C>> Pipeline<C, P> {
    /// Ends an event whose resource is right or gone, or arranges a second look where the record
    /// says otherwise.
    pub(crate) async fn nothing_wrong(
        &self,
        case: &Case<'_>,
        view: &View<C::State>,
        doubtful: bool,
    ) -> Result<Handled, HandleError> {
        let new = |status| Handled::new(C::ID, case.delivery, status);
        if doubtful && recheck(case).is_some() {
            let recheck = self.arrange(case).await?;
            return Ok(Handled { recheck, ..new(Status::Unclear).because("unconfirmed") });
        }
        if !doubtful {
            self.keep_baseline(case, view).await;
        }
        Ok(if case.own {
            new(Status::Ignored).because("own_change")
        } else if view.gone {
            new(Status::Clean).because("gone")
        } else {
            new(Status::Clean)
        })
    }

    /// Arranges the next look, if there is to be one; where that cannot be done, people are told.
    pub(crate) async fn arrange(&self, case: &Case<'_>) -> Result<Option<u32>, HandleError> {
        let Some(recheck) = recheck(case) else { return Ok(None) };
        match self.ports.later().again(&recheck).await {
            Ok(()) => Ok(Some(recheck.attempt)),
            Err(error) if error.retry == Retry::Worthwhile => Err(HandleError::Later(error)),
            Err(error) => {
                let text = format!(
                    "the event speaks of something that one read of {} did not show, and no \
                     second look can be arranged: {}",
                    case.target.resource, error.code
                );
                let target = Some(&case.target);
                self.problem(Some(case.delivery), target, "unconfirmed", &text).await?;
                Ok(None)
            }
        }
    }

    /// Whether a look at which nothing is wrong is to be believed only when it is repeated: the
    /// record proves otherwise, or it does not carry the state and the resource is not to be seen.
    pub(crate) fn is_doubtful(&self, case: &Case<'_>, view: &View<C::State>) -> bool {
        let Case { delivery, target, trust, .. } = case;
        record_says(&self.control, delivery.event, target, trust).unwrap_or(view.gone)
    }
}

/// The next look, if there is to be one.
pub(crate) fn recheck(case: &Case<'_>) -> Option<Recheck> {
    let attempt = case.delivery.attempt;
    let delay_seconds = *RECHECK_SECONDS.get(usize::try_from(attempt).ok()?)?;
    Some(Recheck {
        attempt: attempt.saturating_add(1),
        delay_seconds,
        payload: case.delivery.payload.to_owned(),
    })
}
