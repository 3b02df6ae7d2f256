//! The few doors to the world. Each has two or three methods, so that a fake can script, record and
//! fail at every step.

use std::{future::Future, time::Duration};

use alerting::Message;
use controls::{Control, Observed};
use ledger::{Baseline, Claim, ClaimKey, Entry, EntryId, Fingerprint, History, Lease, Telling};
use model::{AccountId, Burst, ControlId, Occurrence, Outcome, Resource, Target, Timestamp};

use crate::CloudError;

/// What a write did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Applied {
    /// `false`: the resource was already so, and nothing was written.
    pub changed: bool,
    /// AWS request ids of the writes.
    pub request_ids: Vec<String>,
}

/// The live account, as far as one control may touch it.
pub trait Cloud<C: Control>: Send + Sync + 'static {
    /// Reads the state, tags included.
    fn observe(
        &self,
        target: &Target,
    ) -> impl Future<Output = Result<Observed<C::State>, CloudError>> + Send;

    /// Performs one remedy, refusing ([`crate::Retry::Moved`]) when the resource is not as the
    /// remedy expects. Never retried by the SDK.
    fn apply(
        &self,
        resource: &Resource,
        remedy: &C::Remedy,
    ) -> impl Future<Output = Result<Applied, CloudError>> + Send;

    /// What a write lost of all that it should have kept, one word or two each; empty: nothing.
    /// Asked once a write was made for whose faithfulness no answer vouches. Reads only.
    ///
    /// A remedy that sets nothing but what [`Cloud::observe`] reads has nothing else to lose.
    fn lost(
        &self,
        _resource: &Resource,
        _remedy: &C::Remedy,
    ) -> impl Future<Output = Result<Vec<String>, CloudError>> + Send {
        async { Ok(Vec::new()) }
    }

    /// The longest that a remedy may take, beyond the ordinary: [`Cloud::apply`] ends within it.
    fn time_for(&self, _remedy: &C::Remedy) -> Duration {
        Duration::ZERO
    }
}

/// Claims, history and entries.
pub trait LedgerPort: Send + Sync + 'static {
    /// Takes the work on an event, unless it is done or held.
    fn claim(
        &self,
        key: &ClaimKey,
        lease: &Lease,
        now: Timestamp,
    ) -> impl Future<Output = Result<Claim, CloudError>> + Send;

    /// Marks the work as done.
    fn release(
        &self,
        key: &ClaimKey,
        outcome: Option<Outcome>,
        now: Timestamp,
    ) -> impl Future<Output = Result<(), CloudError>> + Send;

    /// Reverts of the last hour, for the breaker.
    fn history(
        &self,
        resource: &Resource,
        now: Timestamp,
    ) -> impl Future<Output = Result<History, CloudError>> + Send;

    /// The entries that reverted a resource, or may have, begun at a moment or later: was an event
    /// of ours really ours, and did a write of ours cross somebody else's?
    fn reverts(
        &self,
        resource: &Resource,
        since: Timestamp,
    ) -> impl Future<Output = Result<Vec<Entry>, CloudError>> + Send;

    /// Writes an entry (new or changed). An intended revert counts in the history from here on.
    /// Where the entry that stands there has come further, nothing is written, and that is an error
    /// worth another delivery.
    fn record(&self, entry: &Entry) -> impl Future<Output = Result<(), CloudError>> + Send;

    /// Reads an entry.
    fn entry(&self, id: &EntryId)
    -> impl Future<Output = Result<Option<Entry>, CloudError>> + Send;

    /// The entries of one piece of work, in the order in which they were begun: what an earlier
    /// delivery of the same work left behind.
    fn entries(
        &self,
        key: &ClaimKey,
    ) -> impl Future<Output = Result<Vec<Entry>, CloudError>> + Send;

    /// Says whether an alert is told or only counted, and counts it.
    fn telling(
        &self,
        fingerprint: &Fingerprint,
        now: Timestamp,
    ) -> impl Future<Output = Result<Telling, CloudError>> + Send;

    /// The last state of a resource in which a control found nothing wrong.
    fn baseline(
        &self,
        control: ControlId,
        resource: &Resource,
    ) -> impl Future<Output = Result<Option<Baseline>, CloudError>> + Send;

    /// Keeps a state in which nothing is wrong, in place of the one that is there.
    fn keep_baseline(
        &self,
        baseline: &Baseline,
    ) -> impl Future<Output = Result<(), CloudError>> + Send;

    /// Counts an occurrence with those like it. Told of the same event again, it counts once.
    fn gather(
        &self,
        control: ControlId,
        account: &AccountId,
        occurrence: &Occurrence,
    ) -> impl Future<Output = Result<Burst, CloudError>> + Send;

    /// Notes that an alert is out. Until this is said, everyone who asks is told to tell: a sender
    /// that dies leaves nobody untold.
    fn told(
        &self,
        fingerprint: &Fingerprint,
        now: Timestamp,
    ) -> impl Future<Output = Result<(), CloudError>> + Send;
}

/// The way to people.
pub trait Notifier: Send + Sync + 'static {
    /// Tells. An error here fails the invocation: nobody is left untold.
    fn send(&self, message: &Message) -> impl Future<Output = Result<(), CloudError>> + Send;
}

/// A look that is to be repeated, because a fresh read may be stale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recheck {
    /// Which look this would be: 1 (after 10 s), 2 (after 60 s).
    pub attempt: u32,
    /// Seconds to wait.
    pub delay_seconds: u32,
    /// The event, as it was delivered.
    pub payload: String,
}

/// Delayed messages to oneself.
pub trait Later: Send + Sync + 'static {
    /// Delivers the event again after a delay.
    fn again(&self, recheck: &Recheck) -> impl Future<Output = Result<(), CloudError>> + Send;
}

/// The switch that pauses every write.
pub trait Switch: Send + Sync + 'static {
    /// Whether writes are paused. Read at most every 30 s by the adapter; an error means observe.
    fn paused(&self, now: Timestamp) -> impl Future<Output = Result<bool, CloudError>> + Send;
}

/// The time, asked once per step by the pipeline and handed to everything pure.
pub trait Clock: Send + Sync + 'static {
    /// Now.
    fn now(&self) -> Timestamp;
}
