//! The other ports: ledger, notifier, later, switch, clock. They carry and record, nothing more.

use std::sync::{Arc, Mutex};

use alerting::Message;
use chrono::TimeDelta;
use ledger::{Baseline, Claim, ClaimKey, Entry, EntryId, Fingerprint, History, Lease, Telling};
use model::{AccountId, Burst, ControlId, Occurrence, Outcome, Resource, Timestamp};
use respond::{
    Clock, CloudError, Later, LedgerPort, Notifier, Recheck, Switch, memory::MemoryLedger,
};

use crate::script::{Script, locked};

/// The real ledger in memory, with the test's script in front of it. Clones share it.
#[derive(Debug, Clone)]
pub struct FakeLedger {
    script: Script,
    ledger: Arc<MemoryLedger>,
}

impl FakeLedger {
    /// An empty ledger.
    #[must_use]
    pub fn new(script: &Script) -> Self {
        Self { script: script.clone(), ledger: Arc::new(MemoryLedger::new()) }
    }

    /// The ledger behind the script, for what somebody else does with it.
    #[must_use]
    pub fn behind(&self) -> &MemoryLedger {
        &self.ledger
    }

    /// What it holds.
    #[must_use]
    pub fn snapshot(&self) -> ledger::Memory {
        self.ledger.snapshot()
    }
}

impl LedgerPort for FakeLedger {
    async fn claim(
        &self,
        key: &ClaimKey,
        lease: &Lease,
        now: Timestamp,
    ) -> Result<Claim, CloudError> {
        let fate = self.script.begin("ledger", "claim", &key.event_id)?;
        fate.end(self.ledger.claim(key, lease, now).await)
    }

    async fn release(
        &self,
        key: &ClaimKey,
        outcome: Option<Outcome>,
        now: Timestamp,
    ) -> Result<(), CloudError> {
        let fate = self.script.begin("ledger", "release", &key.event_id)?;
        fate.end(self.ledger.release(key, outcome, now).await)
    }

    async fn history(&self, resource: &Resource, now: Timestamp) -> Result<History, CloudError> {
        let fate = self.script.begin("ledger", "history", resource)?;
        fate.end(self.ledger.history(resource, now).await)
    }

    async fn reverts(
        &self,
        resource: &Resource,
        since: Timestamp,
    ) -> Result<Vec<Entry>, CloudError> {
        let fate = self.script.begin("ledger", "reverts", resource)?;
        fate.end(self.ledger.reverts(resource, since).await)
    }

    async fn record(&self, entry: &Entry) -> Result<(), CloudError> {
        let about = format!("{} {}", entry.id, entry.state.as_str());
        let fate = self.script.begin("ledger", "record", about)?;
        fate.end(self.ledger.record(entry).await)
    }

    async fn entry(&self, id: &EntryId) -> Result<Option<Entry>, CloudError> {
        let fate = self.script.begin("ledger", "entry", id)?;
        fate.end(self.ledger.entry(id).await)
    }

    async fn entries(&self, key: &ClaimKey) -> Result<Vec<Entry>, CloudError> {
        let fate = self.script.begin("ledger", "entries", &key.event_id)?;
        fate.end(self.ledger.entries(key).await)
    }

    async fn telling(
        &self,
        fingerprint: &Fingerprint,
        now: Timestamp,
    ) -> Result<Telling, CloudError> {
        let fate = self.script.begin("ledger", "telling", &fingerprint.code)?;
        fate.end(self.ledger.telling(fingerprint, now).await)
    }

    async fn told(&self, fingerprint: &Fingerprint, now: Timestamp) -> Result<(), CloudError> {
        let fate = self.script.begin("ledger", "told", &fingerprint.code)?;
        fate.end(self.ledger.told(fingerprint, now).await)
    }

    async fn baseline(
        &self,
        control: ControlId,
        resource: &Resource,
    ) -> Result<Option<Baseline>, CloudError> {
        let fate = self.script.begin("ledger", "baseline", resource)?;
        fate.end(self.ledger.baseline(control, resource).await)
    }

    async fn keep_baseline(&self, baseline: &Baseline) -> Result<(), CloudError> {
        let fate = self.script.begin("ledger", "keep_baseline", &baseline.resource)?;
        fate.end(self.ledger.keep_baseline(baseline).await)
    }

    async fn gather(
        &self,
        control: ControlId,
        account: &AccountId,
        occurrence: &Occurrence,
    ) -> Result<Burst, CloudError> {
        let fate = self.script.begin("ledger", "gather", &occurrence.id)?;
        fate.end(self.ledger.gather(control, account, occurrence).await)
    }
}

/// Keeps what was told. Clones share it.
#[derive(Debug, Clone)]
pub struct FakeNotifier {
    script: Script,
    messages: Arc<Mutex<Vec<Message>>>,
}

impl FakeNotifier {
    /// Nobody was told anything yet.
    #[must_use]
    pub fn new(script: &Script) -> Self {
        Self { script: script.clone(), messages: Arc::default() }
    }

    /// The messages that arrived.
    #[must_use]
    pub fn messages(&self) -> Vec<Message> {
        locked(&self.messages).clone()
    }
}

impl Notifier for FakeNotifier {
    async fn send(&self, message: &Message) -> Result<(), CloudError> {
        let fate = self.script.begin("notifier", "send", &message.subject)?;
        locked(&self.messages).push(message.clone());
        fate.end(Ok(()))
    }
}

/// Keeps the looks that are to be repeated. Clones share it.
#[derive(Debug, Clone)]
pub struct FakeLater {
    script: Script,
    rechecks: Arc<Mutex<Vec<Recheck>>>,
}

impl FakeLater {
    /// Nothing is to be repeated yet.
    #[must_use]
    pub fn new(script: &Script) -> Self {
        Self { script: script.clone(), rechecks: Arc::default() }
    }

    /// Takes the looks that are to be repeated.
    #[must_use]
    pub fn take(&self) -> Vec<Recheck> {
        std::mem::take(&mut locked(&self.rechecks))
    }
}

impl Later for FakeLater {
    async fn again(&self, recheck: &Recheck) -> Result<(), CloudError> {
        let fate = self.script.begin("later", "again", recheck.attempt)?;
        locked(&self.rechecks).push(recheck.clone());
        fate.end(Ok(()))
    }
}

/// The pause switch. Clones share it.
#[derive(Debug, Clone)]
pub struct FakeSwitch {
    script: Script,
    paused: Arc<Mutex<bool>>,
}

impl FakeSwitch {
    /// Not paused.
    #[must_use]
    pub fn new(script: &Script) -> Self {
        Self { script: script.clone(), paused: Arc::default() }
    }

    /// Pauses writes, or lets them go on.
    pub fn set(&self, paused: bool) {
        *locked(&self.paused) = paused;
    }
}

impl Switch for FakeSwitch {
    async fn paused(&self, _now: Timestamp) -> Result<bool, CloudError> {
        let fate = self.script.begin("switch", "paused", "")?;
        let paused = *locked(&self.paused);
        fate.end(Ok(paused))
    }
}

/// A clock that stands still until it is moved. Clones share it.
#[derive(Debug, Clone)]
pub struct FixedClock {
    now: Arc<Mutex<Timestamp>>,
}

impl FixedClock {
    /// A clock that shows this.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self { now: Arc::new(Mutex::new(now)) }
    }

    /// Moves it on, or back.
    pub fn advance(&self, seconds: i64) {
        let mut now = locked(&self.now);
        if let Some(moved) = now.checked_add_signed(TimeDelta::seconds(seconds)) {
            *now = moved;
        }
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        *locked(&self.now)
    }
}
