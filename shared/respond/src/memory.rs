//! Ports that need nothing but memory, for replay and tests.

use std::sync::{Mutex, MutexGuard, PoisonError};

use alerting::Message;
use ledger::{
    Baseline, Claim, ClaimKey, Entry, EntryId, Fingerprint, History, Lease, Telling,
    table::TableError,
};
use model::{AccountId, Burst, ControlId, Occurrence, Outcome, Resource, Timestamp};

use crate::{CloudError, Later, LedgerPort, Notifier, Recheck, Retry, Switch};

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is kept here is whole between any two statements, whoever panicked meanwhile.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The ledger in memory, behind the port.
#[derive(Debug, Default)]
pub struct MemoryLedger {
    memory: Mutex<ledger::Memory>,
}

fn refused(operation: &'static str, error: TableError) -> CloudError {
    CloudError {
        operation,
        resource: "memory".to_owned(),
        code: "unreadable item".to_owned(),
        request_id: None,
        retry: Retry::Pointless,
        in_doubt: false,
        source: Some(Box::new(error)),
    }
}

impl MemoryLedger {
    /// An empty ledger.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A copy of what it holds.
    #[must_use]
    pub fn snapshot(&self) -> ledger::Memory {
        locked(&self.memory).clone()
    }
}

impl LedgerPort for MemoryLedger {
    async fn claim(
        &self,
        key: &ClaimKey,
        lease: &Lease,
        now: Timestamp,
    ) -> Result<Claim, CloudError> {
        locked(&self.memory).claim(key, lease, now).map_err(|error| refused("claim", error))
    }

    async fn release(
        &self,
        key: &ClaimKey,
        outcome: Option<Outcome>,
        now: Timestamp,
    ) -> Result<(), CloudError> {
        locked(&self.memory).release(key, outcome, now).map_err(|error| refused("release", error))
    }

    async fn history(&self, resource: &Resource, now: Timestamp) -> Result<History, CloudError> {
        Ok(locked(&self.memory).history(resource, now))
    }

    async fn reverts(
        &self,
        resource: &Resource,
        since: Timestamp,
    ) -> Result<Vec<Entry>, CloudError> {
        locked(&self.memory).reverts(resource, since).map_err(|error| refused("reverts", error))
    }

    async fn record(&self, entry: &Entry) -> Result<(), CloudError> {
        let written =
            locked(&self.memory).record(entry).map_err(|error| refused("record", error))?;
        if written {
            return Ok(());
        }
        Err(CloudError {
            operation: "record",
            resource: entry.id.to_string(),
            code: "the entry has come further".to_owned(),
            request_id: None,
            retry: Retry::Worthwhile,
            in_doubt: false,
            source: None,
        })
    }

    async fn entry(&self, id: &EntryId) -> Result<Option<Entry>, CloudError> {
        locked(&self.memory).entry(id).map_err(|error| refused("entry", error))
    }

    async fn entries(&self, key: &ClaimKey) -> Result<Vec<Entry>, CloudError> {
        locked(&self.memory).entries(key).map_err(|error| refused("entries", error))
    }

    async fn telling(
        &self,
        fingerprint: &Fingerprint,
        now: Timestamp,
    ) -> Result<Telling, CloudError> {
        locked(&self.memory).telling(fingerprint, now).map_err(|error| refused("telling", error))
    }

    async fn told(&self, fingerprint: &Fingerprint, now: Timestamp) -> Result<(), CloudError> {
        locked(&self.memory).told(fingerprint, now).map_err(|error| refused("told", error))
    }

    async fn baseline(
        &self,
        control: ControlId,
        resource: &Resource,
    ) -> Result<Option<Baseline>, CloudError> {
        locked(&self.memory)
            .baseline(control.as_str(), resource)
            .map_err(|error| refused("baseline", error))
    }

    async fn keep_baseline(&self, baseline: &Baseline) -> Result<(), CloudError> {
        locked(&self.memory)
            .keep_baseline(baseline)
            .map_err(|error| refused("keep_baseline", error))
    }

    async fn gather(
        &self,
        control: ControlId,
        account: &AccountId,
        occurrence: &Occurrence,
    ) -> Result<Burst, CloudError> {
        locked(&self.memory)
            .gather(control.as_str(), account, occurrence)
            .map_err(|error| refused("gather", error))
    }
}

/// Keeps what was told.
#[derive(Debug, Default)]
pub struct Outbox {
    messages: Mutex<Vec<Message>>,
}

impl Outbox {
    /// An empty outbox.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The messages so far.
    #[must_use]
    pub fn messages(&self) -> Vec<Message> {
        locked(&self.messages).clone()
    }
}

impl Notifier for Outbox {
    async fn send(&self, message: &Message) -> Result<(), CloudError> {
        locked(&self.messages).push(message.clone());
        Ok(())
    }
}

/// Keeps the looks that were to be repeated.
#[derive(Debug, Default)]
pub struct Agenda {
    rechecks: Mutex<Vec<Recheck>>,
}

impl Agenda {
    /// An empty agenda.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the looks that are due.
    #[must_use]
    pub fn take(&self) -> Vec<Recheck> {
        std::mem::take(&mut locked(&self.rechecks))
    }
}

impl Later for Agenda {
    async fn again(&self, recheck: &Recheck) -> Result<(), CloudError> {
        locked(&self.rechecks).push(recheck.clone());
        Ok(())
    }
}

/// A switch that was never set: nothing is paused.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unpaused;

impl Switch for Unpaused {
    async fn paused(&self, _now: Timestamp) -> Result<bool, CloudError> {
        Ok(false)
    }
}
