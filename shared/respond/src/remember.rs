//! What the ledger remembers of a resource, before it is judged and after.

use controls::{Control, Memory, Observed, Remembered};
use ledger::Baseline;
use model::{Finding, Target};
use serde::Deserialize;

use crate::{
    Clock, Cloud, CloudError, LedgerPort, Ports, Retry,
    case::{Case, View},
    pipeline::Pipeline,
};

/// What came of taking a baseline of one resource.
#[derive(Debug)]
pub enum Taken<R> {
    /// Nothing is wrong with it, and what it is now is what it is compared with from here on.
    Kept,
    /// Nothing is wrong with it, and there is nothing in it that could be lost.
    NothingToKeep,
    /// Something is wrong, so that it is no measure for anything.
    Wrong(Vec<Finding<R>>),
    /// It does not exist.
    Gone,
}

impl<C: Control, P: Ports<C>> Pipeline<C, P> {
    /// Reads the live state, and what the ledger remembers of it. What is gone is seen to be gone.
    pub(crate) async fn see(&self, case: &Case<'_>) -> Result<View<C::State>, CloudError> {
        let Case { target, trust, .. } = case;
        let seen_at = self.ports.clock().now();
        let observed = match self.ports.cloud().observe(target).await {
            Err(error) if error.retry == Retry::Gone => return Ok(View::gone(target, seen_at)),
            answer => answer?,
        };
        let mut view = View::of(observed, target, seen_at);
        let Some(state) = view.state.take() else { return Ok(view) };
        let ledger = self.ports.ledger();
        let remembered = match self.control.memory(target, trust) {
            Memory::Nothing => None,
            Memory::Baseline => {
                let baseline = ledger.baseline(C::ID, &target.resource).await?;
                view.baseline = baseline.map(|baseline| baseline.state);
                // One of an earlier build is as good as none: it must not keep an event from being
                // judged.
                view.baseline.as_ref().and_then(|state| {
                    C::State::deserialize(state)
                        .inspect_err(|error| tracing::warn!(%error, "a baseline cannot be read"))
                        .ok()
                        .map(Remembered::Baseline)
                })
            }
            Memory::Burst(occurrence) => {
                let account = &target.resource.account;
                Some(Remembered::Burst(ledger.gather(C::ID, account, &occurrence).await?))
            }
        };
        view.state = Some(match remembered {
            Some(remembered) => self.control.recall(state, remembered),
            None => state,
        });
        Ok(view)
    }

    /// Keeps a state in which nothing is wrong, for the day on which a part of it is gone, unless
    /// the ledger was just seen to have it. That it cannot be kept is no reason to look again: it is
    /// said in the log.
    pub(crate) async fn keep_baseline(&self, case: &Case<'_>, view: &View<C::State>) {
        if self.control.memory(&case.target, &case.trust) != Memory::Baseline {
            return;
        }
        let Some(state) = &view.state else { return };
        let Some(baseline) = self.baseline_of(&case.target, &view.target(), state) else { return };
        if view.baseline.as_ref() == Some(&baseline.state) {
            return;
        }
        if let Err(error) = self.ports.ledger().keep_baseline(&baseline).await {
            tracing::warn!(
                operation = error.operation,
                code = %error.code,
                "the state that is right could not be kept as a baseline"
            );
        }
    }

    /// Looks at one resource and, where nothing is wrong with it by itself, keeps its state as the
    /// one that later states are compared with, whatever was kept of it before.
    ///
    /// # Errors
    /// [`CloudError`]: it could not be read, or not be kept.
    pub async fn take_baseline(&self, target: &Target) -> Result<Taken<C::Remedy>, CloudError> {
        let trust = self.settings.trust.seen_from(&target.resource.account);
        if self.control.memory(target, &trust) != Memory::Baseline {
            return Ok(Taken::NothingToKeep);
        }
        let (state, resource) = match self.ports.cloud().observe(target).await {
            Ok(Observed::Present { state, resource, .. }) => (state, resource),
            Ok(Observed::Gone) => return Ok(Taken::Gone),
            Err(error) if error.retry == Retry::Gone => return Ok(Taken::Gone),
            Err(error) => return Err(error),
        };
        let seen = Target { resource, details: target.details.clone() };
        let findings = self.control.assess(&seen, &state, &trust);
        if !findings.is_empty() {
            return Ok(Taken::Wrong(findings));
        }
        let Some(baseline) = self.baseline_of(target, &seen, &state) else {
            return Ok(Taken::NothingToKeep);
        };
        self.ports.ledger().keep_baseline(&baseline).await?;
        Ok(Taken::Kept)
    }

    /// What is kept of a state, under the name that events give its resource.
    fn baseline_of(&self, asked: &Target, seen: &Target, state: &C::State) -> Option<Baseline> {
        let kept = self.control.baseline(seen, state)?;
        Some(Baseline {
            control: C::ID.as_str().to_owned(),
            resource: asked.resource.clone(),
            at: self.ports.clock().now(),
            state: serde_json::to_value(kept).ok()?,
        })
    }
}
