//! A clean read against a record that says otherwise: looked at again before it is believed.

use controls::Control;
use model::{Confidence, Status};

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
    ) -> Result<Handled, HandleError> {
        let gone = view.state.is_none();
        let proven = self.record_says(case);
        // A thing that is gone while the record does not prove that it was right may also be one
        // that cannot be seen yet.
        let doubtful = proven.unwrap_or(gone);
        let new = |status| Handled::new(C::ID, case.delivery, status);
        if doubtful && let Some(recheck) = recheck(case) {
            let handled = new(Status::Unclear).because("unconfirmed");
            return match self.ports.later().again(&recheck).await {
                Ok(()) => Ok(Handled { recheck: Some(recheck.attempt), ..handled }),
                Err(error) if error.retry == Retry::Worthwhile => Err(HandleError::Later(error)),
                Err(error) => {
                    let text = format!(
                        "the record speaks of something wrong with {}, the live state does not \
                         show it, and no second look can be arranged: {}",
                        case.target.resource, error.code
                    );
                    self.problem(Some(case.delivery), Some(&case.target), "unconfirmed", &text)
                        .await?;
                    Ok(handled)
                }
            };
        }
        Ok(if case.own {
            new(Status::Ignored).because("own_change")
        } else if gone {
            new(Status::Clean).because("gone")
        } else {
            new(Status::Clean)
        })
    }

    /// Whether the record itself proves that something was wrong; `None`: it does not carry the
    /// state.
    fn record_says(&self, case: &Case<'_>) -> Option<bool> {
        let Case { delivery, target, trust, .. } = case;
        let state = self.control.project(delivery.event, target)?;
        if !self.control.suffices(target, &state, trust) {
            return None;
        }
        let findings = self.control.assess(target, &state, trust);
        Some(findings.iter().any(|finding| finding.confidence == Confidence::Certain))
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
