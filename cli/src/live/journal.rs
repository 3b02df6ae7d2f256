//! The ledger of a run with `--apply`: in memory, and each entry in a file before what it undoes is
//! written.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use ledger::{Baseline, Claim, ClaimKey, Entry, EntryId, Fingerprint, History, Lease, Telling};
use model::{AccountId, Burst, ControlId, Occurrence, Outcome, Resource, Timestamp};
use respond::{CloudError, LedgerPort, Retry, memory::MemoryLedger};

/// Where entries are kept, one line of JSON each; of several lines about one entry the last holds.
#[derive(Debug, Clone)]
pub(super) struct Journal {
    path: PathBuf,
    /// Opened with the first entry: a run that writes nothing leaves no file.
    file: Arc<Mutex<Option<File>>>,
}

impl Journal {
    /// Entries go to the end of this file.
    pub(super) fn at(path: &Path) -> Self {
        Self { path: path.to_owned(), file: Arc::default() }
    }

    /// The file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns when the entry is on the disk.
    fn append(&self, entry: &Entry) -> io::Result<()> {
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        let mut slot = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let mut file = match slot.take() {
            Some(file) => file,
            None => OpenOptions::new().create(true).append(true).open(&self.path)?,
        };
        // One write, so that lines of two runs in one folder do not mix.
        file.write_all(&line)?;
        file.sync_data()?;
        *slot = Some(file);
        Ok(())
    }
}

/// A ledger whose entries outlive the run.
#[derive(Debug)]
pub(super) struct Kept {
    memory: MemoryLedger,
    journal: Journal,
}

impl Kept {
    /// An empty ledger over a journal.
    pub(super) fn new(journal: Journal) -> Self {
        Self { memory: MemoryLedger::new(), journal }
    }
}

impl LedgerPort for Kept {
    async fn claim(
        &self,
        key: &ClaimKey,
        lease: &Lease,
        now: Timestamp,
    ) -> Result<Claim, CloudError> {
        self.memory.claim(key, lease, now).await
    }

    async fn release(
        &self,
        key: &ClaimKey,
        outcome: Option<Outcome>,
        now: Timestamp,
    ) -> Result<(), CloudError> {
        self.memory.release(key, outcome, now).await
    }

    async fn history(&self, resource: &Resource, now: Timestamp) -> Result<History, CloudError> {
        self.memory.history(resource, now).await
    }

    async fn reverts(
        &self,
        resource: &Resource,
        since: Timestamp,
    ) -> Result<Vec<Entry>, CloudError> {
        self.memory.reverts(resource, since).await
    }

    async fn record(&self, entry: &Entry) -> Result<(), CloudError> {
        // First the file: what is not there is not written, and so needs no undoing.
        self.journal.append(entry).map_err(|error| CloudError {
            operation: "append",
            resource: self.journal.path().display().to_string(),
            code: error.kind().to_string(),
            request_id: None,
            retry: Retry::Pointless,
            in_doubt: false,
            source: Some(Box::new(error)),
        })?;
        self.memory.record(entry).await
    }

    async fn entry(&self, id: &EntryId) -> Result<Option<Entry>, CloudError> {
        self.memory.entry(id).await
    }

    async fn entries(&self, key: &ClaimKey) -> Result<Vec<Entry>, CloudError> {
        self.memory.entries(key).await
    }

    async fn telling(
        &self,
        fingerprint: &Fingerprint,
        now: Timestamp,
    ) -> Result<Telling, CloudError> {
        self.memory.telling(fingerprint, now).await
    }

    async fn told(&self, fingerprint: &Fingerprint, now: Timestamp) -> Result<(), CloudError> {
        self.memory.told(fingerprint, now).await
    }

    async fn baseline(
        &self,
        control: ControlId,
        resource: &Resource,
    ) -> Result<Option<Baseline>, CloudError> {
        self.memory.baseline(control, resource).await
    }

    async fn keep_baseline(&self, baseline: &Baseline) -> Result<(), CloudError> {
        self.memory.keep_baseline(baseline).await
    }

    async fn gather(
        &self,
        control: ControlId,
        account: &AccountId,
        occurrence: &Occurrence,
    ) -> Result<Burst, CloudError> {
        self.memory.gather(control, account, occurrence).await
    }
}
