//! The ledger in memory, for replay and tests.

use std::collections::BTreeMap;

use model::{AccountId, Burst, Occurrence, Outcome, Resource, Timestamp};

use crate::{
    claim::{Claim, ClaimKey, Lease},
    entry::{Entry, EntryId},
    history::History,
    remember::{self, Baseline},
    table::{self, Item, Key, Range, Step, TableError, Write},
    window::{Fingerprint, Telling},
};

/// A table of items, and the same steps over them that DynamoDB gets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Memory {
    items: BTreeMap<Key, Item>,
}

impl Memory {
    /// An empty ledger.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The item at a key.
    #[must_use]
    pub fn get(&self, key: &Key) -> Option<&Item> {
        self.items.get(key)
    }

    /// Performs all writes if every condition holds, else none; says whether it did.
    pub fn transact(&mut self, writes: Vec<Write>) -> bool {
        let holds = writes.iter().all(|write| match write {
            Write::Put { item, condition } => condition.holds(self.items.get(&item.key)),
            Write::Delete { .. } => true,
        });
        if holds {
            for write in writes {
                match write {
                    Write::Put { item, .. } => {
                        self.items.insert(item.key.clone(), item);
                    }
                    Write::Delete { key } => {
                        self.items.remove(&key);
                    }
                }
            }
        }
        holds
    }

    fn range<'a>(&'a self, range: &'a Range) -> impl Iterator<Item = &'a Item> {
        let from = Key { pk: range.pk.clone(), sk: range.from.clone() };
        let items = self.items.range(from..);
        items.take_while(|(key, _)| key.pk == range.pk).map(|(_, item)| item)
    }

    /// How many items a range holds.
    #[must_use]
    pub fn count(&self, range: &Range) -> u32 {
        u32::try_from(self.range(range).count()).unwrap_or(u32::MAX)
    }

    /// With `&mut self` nobody can come between the read and the put, so no condition can fail.
    fn step<A>(&mut self, step: Step<A>) -> A {
        let Step { answer, write } = step;
        if let Some(write) = write {
            self.transact(vec![write]);
        }
        answer
    }

    /// Takes the work on an event, unless it is done or held.
    ///
    /// # Errors
    /// [`TableError`]: what is stored cannot be read.
    pub fn claim(
        &mut self,
        key: &ClaimKey,
        lease: &Lease,
        now: Timestamp,
    ) -> Result<Claim, TableError> {
        let step = table::claim(self.get(&table::claim_key(key)), key, lease, now)?;
        Ok(self.step(step))
    }

    /// Marks the work as done.
    ///
    /// # Errors
    /// [`TableError`]: what is stored cannot be read.
    pub fn release(
        &mut self,
        key: &ClaimKey,
        outcome: Option<Outcome>,
        now: Timestamp,
    ) -> Result<(), TableError> {
        let step = table::release(self.get(&table::claim_key(key)), key, outcome, now)?;
        self.step(step);
        Ok(())
    }

    /// Reverts of the last hour.
    #[must_use]
    pub fn history(&self, resource: &Resource, now: Timestamp) -> History {
        History {
            resource_reverts: self.count(&table::resource_reverts(resource, now)),
            account_reverts: self.count(&table::account_reverts(&resource.account, now)),
        }
    }

    /// The entries that reverted a resource, or may have, begun at a moment or later.
    ///
    /// # Errors
    /// [`TableError`]: what is stored cannot be read.
    pub fn reverts(&self, resource: &Resource, since: Timestamp) -> Result<Vec<Entry>, TableError> {
        let range = table::reverts_since(resource, since);
        let mut entries = Vec::new();
        for item in self.range(&range) {
            entries.extend(self.entry(&table::revert_entry(item)?)?);
        }
        Ok(entries)
    }

    /// Writes an entry; `false`: it has come further already, and nothing was written.
    ///
    /// # Errors
    /// [`TableError`]: the entry cannot be written as items.
    pub fn record(&mut self, entry: &Entry) -> Result<bool, TableError> {
        Ok(self.transact(table::record(entry)?))
    }

    /// Reads an entry.
    ///
    /// # Errors
    /// [`TableError`]: what is stored cannot be read.
    pub fn entry(&self, id: &EntryId) -> Result<Option<Entry>, TableError> {
        self.get(&table::entry_key(id)?).map(table::entry).transpose()
    }

    /// The entries of one piece of work, in the order in which they were begun.
    ///
    /// # Errors
    /// [`TableError`]: what is stored cannot be read.
    pub fn entries(&self, key: &ClaimKey) -> Result<Vec<Entry>, TableError> {
        let (pk, prefix) = table::entries_of(key);
        self.decode(|item| item.pk == pk && item.sk.starts_with(prefix))
    }

    /// Every entry there is, in the order in which they were begun.
    ///
    /// # Errors
    /// [`TableError`]: what is stored cannot be read.
    pub fn all_entries(&self) -> Result<Vec<Entry>, TableError> {
        self.decode(|item| item.sk.starts_with("entry#"))
    }

    fn decode(&self, wanted: impl Fn(&Key) -> bool) -> Result<Vec<Entry>, TableError> {
        let items = self.items.iter().filter(|(key, _)| wanted(key));
        let mut entries: Vec<Entry> =
            items.map(|(_, item)| table::entry(item)).collect::<Result<_, _>>()?;
        entries.sort_by_key(|entry| (entry.at, entry.step));
        Ok(entries)
    }

    /// Says whether an alert is told or only counted, and counts it.
    ///
    /// # Errors
    /// [`TableError`]: what is stored cannot be read.
    pub fn telling(
        &mut self,
        fingerprint: &Fingerprint,
        now: Timestamp,
    ) -> Result<Telling, TableError> {
        let found = self.get(&table::alert_key(fingerprint));
        let step = table::telling(found, fingerprint, now)?;
        Ok(self.step(step))
    }

    /// Notes that an alert has been told.
    ///
    /// # Errors
    /// [`TableError`]: what is stored cannot be read.
    pub fn told(&mut self, fingerprint: &Fingerprint, now: Timestamp) -> Result<(), TableError> {
        let step = table::told(self.get(&table::alert_key(fingerprint)), fingerprint, now)?;
        self.step(step);
        Ok(())
    }

    /// The last state of a resource in which a control found nothing wrong.
    ///
    /// # Errors
    /// [`TableError`]: what is stored cannot be read.
    pub fn baseline(
        &self,
        control: &str,
        resource: &Resource,
    ) -> Result<Option<Baseline>, TableError> {
        self.get(&remember::baseline_key(control, resource)).map(remember::baseline).transpose()
    }

    /// Keeps a state in which nothing is wrong.
    ///
    /// # Errors
    /// [`TableError`]: it cannot be written as an item.
    pub fn keep_baseline(&mut self, baseline: &Baseline) -> Result<(), TableError> {
        let key = remember::baseline_key(&baseline.control, &baseline.resource);
        let step = remember::keep_baseline(self.get(&key), baseline)?;
        self.step(step);
        Ok(())
    }

    /// Counts an occurrence with those like it.
    ///
    /// # Errors
    /// [`TableError`]: what is stored cannot be read.
    pub fn gather(
        &mut self,
        control: &str,
        account: &AccountId,
        occurrence: &Occurrence,
    ) -> Result<Burst, TableError> {
        let key = remember::burst_key(control, account, occurrence);
        let step = remember::gather(self.get(&key), control, account, occurrence)?;
        Ok(self.step(step))
    }
}
