//! The ledger as items of one table: names, encodings, and the condition that guards each
//! transition.
//!
//! Everything that decides is here and pure; a store only carries items. [`crate::Memory`] and the
//! DynamoDB adapter run the same steps over the same items, so they cannot differ.
//!
//! # Keys
//! | item | `pk` | `sk` |
//! |---|---|---|
//! | claim | `event#<digest of the claim key>` | `claim` |
//! | entry | `event#<digest of the claim key>` | `entry#<digest of the attempt>` |
//! | revert, for the breaker | `reverts#<digest of the resource, or of the account>` | `<time>#<entry id>` |
//! | alert window | `alert#<digest of the fingerprint>` | `window` |
//! | baseline | `baseline#<digest of control and resource>` | `baseline` |
//! | burst | `burst#<digest of control, account and group>` | `burst` |
//!
//! # Attributes
//! `pk` and `sk` (text) are the table's key; [`EXPIRES`] (number, seconds since 1970) is the
//! table's TTL attribute; [`BODY`] (text) is the JSON of the record or entry; [`REVISION`] (number)
//! goes up by one with each write of a claim or window; [`RANK`] (number) is how far an entry has
//! come. The others ([`KIND`], `control`, `resource`, `state`, `outcome`, …) are for people and
//! for queries.
//!
//! # What a store does
//! - [`Step`]s (`claim`, `release`, `telling`, `told`): read the item at the key with a strongly
//!   consistent read, call the step, and if it has a write, put it under its condition. When the
//!   condition fails, somebody was faster: read again, ask again, a few times; then give up as
//!   worth a retry. For `claim` the first read can be spared: begin with `None`, whose write is
//!   conditional on absence, and let the failed put return the item
//!   (`ReturnValuesOnConditionCheckFailure = ALL_OLD`).
//! - [`record`]: perform all its writes in one transaction; that a condition failed is an error.
//! - [`entry_key`], [`entries_of`]: read with strong consistency, decode with [`entry`].
//! - [`resource_reverts`], [`account_reverts`]: count the items in the range, all pages, with
//!   strong consistency.
//! - [`reverts_since`]: read the items in the range, and with [`revert_entry`] the entries.
//!
//! A claim covers one event on one resource. There is no lease over a resource: two events about
//! the same one may be worked on at once, and the write of the slower is refused because the
//! resource has moved. A lease would turn every burst into redeliveries and protect from nobody
//! but ourselves.

use std::collections::BTreeMap;

use chrono::{SecondsFormat, TimeDelta};
use model::{AccountId, Outcome, Resource, Timestamp};
use serde::{Serialize, de::DeserializeOwned};
use thiserror::Error;

use crate::{
    claim::{self, Claim, ClaimKey, ClaimRecord, Lease, RETENTION, Work},
    entry::{Entry, EntryId, EntryIdError},
    history,
    window::{self, AlertRecord, Fingerprint, Telling},
};

/// The partition key's attribute.
pub const PARTITION: &str = "pk";
/// The sort key's attribute.
pub const SORT: &str = "sk";
/// The TTL attribute: seconds since 1970 after which DynamoDB may delete the item.
pub const EXPIRES: &str = "expires_at";
/// The JSON of the record or entry.
pub const BODY: &str = "body";
/// What the item is: `claim`, `entry`, `revert`, `window`, `baseline` or `burst`.
pub const KIND: &str = "kind";
/// Goes up by one with each write of a claim or window.
pub const REVISION: &str = "revision";
/// How far an entry has come: 1 intended, 2 finished, 3 undone.
pub const RANK: &str = "rank";

/// The sort key under which claims stand.
const CLAIM: &str = "claim";
/// What the sort keys of entries begin with.
const ENTRY_PREFIX: &str = "entry#";
/// The sort key under which alert windows stand.
const WINDOW: &str = "window";

/// An item's key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The value of [`PARTITION`].
    pub pk: String,
    /// The value of [`SORT`].
    pub sk: String,
}

/// An attribute's value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Attribute {
    /// DynamoDB's `S`.
    Text(String),
    /// DynamoDB's `N`.
    Number(u64),
}

/// An item: its key, and its attributes without the key's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Where it stands.
    pub key: Key,
    /// What it says.
    pub attributes: BTreeMap<String, Attribute>,
}

/// What must be true of the stored item for a put to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// Nothing.
    Always,
    /// There is no item: a first claim, a first telling.
    Absent,
    /// The item is still the one that was read: every later step of a claim or window.
    Revision(u64),
    /// There is no item, or an entry that has come no further: entries never go back.
    RankAtMost(u64),
}

/// A condition in DynamoDB's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expression {
    /// `ConditionExpression`.
    pub text: &'static str,
    /// `ExpressionAttributeNames`.
    pub names: Vec<(&'static str, &'static str)>,
    /// `ExpressionAttributeValues`.
    pub values: Vec<(&'static str, Attribute)>,
}

impl Condition {
    /// The condition as DynamoDB takes it; `None`: an unconditional put.
    #[must_use]
    pub fn expression(self) -> Option<Expression> {
        match self {
            Self::Always => None,
            Self::Absent => Some(Expression {
                text: "attribute_not_exists(#pk)",
                names: vec![("#pk", PARTITION)],
                values: vec![],
            }),
            Self::Revision(revision) => Some(Expression {
                text: "#revision = :revision",
                names: vec![("#revision", REVISION)],
                values: vec![(":revision", Attribute::Number(revision))],
            }),
            Self::RankAtMost(rank) => Some(Expression {
                text: "attribute_not_exists(#pk) OR #rank <= :rank",
                names: vec![("#pk", PARTITION), ("#rank", RANK)],
                values: vec![(":rank", Attribute::Number(rank))],
            }),
        }
    }

    /// Whether it is true of what is stored.
    #[must_use]
    pub fn holds(self, stored: Option<&Item>) -> bool {
        match self {
            Self::Always => true,
            Self::Absent => stored.is_none(),
            Self::Revision(revision) => {
                stored.and_then(|item| item.number(REVISION)) == Some(revision)
            }
            Self::RankAtMost(rank) => {
                stored.is_none_or(|item| item.number(RANK).is_some_and(|stored| stored <= rank))
            }
        }
    }
}

/// One change to the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    /// Puts the whole item, if the condition holds.
    Put {
        /// The item.
        item: Item,
        /// What must be true of the item stored there.
        condition: Condition,
    },
    /// Deletes the item, if there is one.
    Delete {
        /// Where it stands.
        key: Key,
    },
}

/// What a step answers, and what is to be stored for the answer to be true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step<A> {
    /// The answer; it holds only once the write, if any, has happened.
    pub answer: A,
    /// The put, if anything changes.
    pub write: Option<Write>,
}

/// Items to count: those of one partition from a sort key on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    /// `pk = …`.
    pub pk: String,
    /// `sk >= …`.
    pub from: String,
}

/// Why an item cannot be used.
#[derive(Debug, Error)]
pub enum TableError {
    /// An attribute is missing or of the wrong type.
    #[error("the item `{pk}` / `{sk}` has no usable attribute `{attribute}`")]
    Attribute {
        /// The item's partition key.
        pk: String,
        /// The item's sort key.
        sk: String,
        /// Which attribute.
        attribute: &'static str,
    },
    /// The JSON is not what it should be.
    #[error("the body of the item `{pk}` / `{sk}` cannot be read")]
    Body {
        /// The item's partition key.
        pk: String,
        /// The item's sort key.
        sk: String,
        /// What the reader said.
        source: serde_json::Error,
    },
    /// The item belongs to something else that happens to have the same digest.
    #[error("the item `{pk}` / `{sk}` belongs to other work")]
    Foreign {
        /// The item's partition key.
        pk: String,
        /// The item's sort key.
        sk: String,
    },
    /// A value cannot be written as JSON.
    #[error("the {what} cannot be written as JSON")]
    Encode {
        /// What it is.
        what: &'static str,
        /// What the writer said.
        source: serde_json::Error,
    },
    /// The entry's name is not one.
    #[error(transparent)]
    Name(#[from] EntryIdError),
}

impl Item {
    /// An attribute's text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.attributes.get(name)? {
            Attribute::Text(text) => Some(text),
            Attribute::Number(_) => None,
        }
    }

    /// An attribute's number.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<u64> {
        match self.attributes.get(name)? {
            Attribute::Number(number) => Some(*number),
            Attribute::Text(_) => None,
        }
    }

    pub(crate) fn new(key: Key, kind: &str) -> Self {
        Self { key, attributes: BTreeMap::new() }.with(KIND, kind)
    }

    pub(crate) fn with(mut self, name: &str, text: impl Into<String>) -> Self {
        self.attributes.insert(name.to_owned(), Attribute::Text(text.into()));
        self
    }

    fn with_number(mut self, name: &str, number: u64) -> Self {
        self.attributes.insert(name.to_owned(), Attribute::Number(number));
        self
    }

    pub(crate) fn expiring(self, at: Timestamp) -> Self {
        self.with_number(EXPIRES, u64::try_from(at.timestamp()).unwrap_or(0))
    }

    pub(crate) fn with_body<T: Serialize>(
        self,
        what: &'static str,
        body: &T,
    ) -> Result<Self, TableError> {
        let text =
            serde_json::to_string(body).map_err(|source| TableError::Encode { what, source })?;
        Ok(self.with(BODY, text))
    }

    pub(crate) fn body<T: DeserializeOwned>(&self) -> Result<T, TableError> {
        let Key { pk, sk } = self.key.clone();
        let Some(text) = self.text(BODY) else {
            return Err(TableError::Attribute { pk, sk, attribute: BODY });
        };
        serde_json::from_str(text).map_err(|source| TableError::Body { pk, sk, source })
    }

    fn revision(&self) -> Result<u64, TableError> {
        let Key { pk, sk } = self.key.clone();
        self.number(REVISION).ok_or(TableError::Attribute { pk, sk, attribute: REVISION })
    }

    fn foreign(&self) -> TableError {
        let Key { pk, sk } = self.key.clone();
        TableError::Foreign { pk, sk }
    }
}

fn event_partition(work: &str) -> String {
    format!("event#{work}")
}

/// Where the claim on a piece of work stands.
#[must_use]
pub fn claim_key(key: &ClaimKey) -> Key {
    Key { pk: event_partition(&key.digest()), sk: CLAIM.to_owned() }
}

/// Where an entry stands.
///
/// # Errors
/// [`TableError::Name`]: this is not an entry's name.
pub fn entry_key(id: &EntryId) -> Result<Key, TableError> {
    let (work, attempt) = id.parts()?;
    Ok(Key { pk: event_partition(work), sk: format!("{ENTRY_PREFIX}{attempt}") })
}

/// The partition and the beginning of the sort key under which a piece of work's entries stand:
/// `pk = … AND begins_with(sk, …)`.
#[must_use]
pub fn entries_of(key: &ClaimKey) -> (String, &'static str) {
    (event_partition(&key.digest()), ENTRY_PREFIX)
}

/// Where the window of an alert stands.
#[must_use]
pub fn alert_key(fingerprint: &Fingerprint) -> Key {
    Key { pk: format!("alert#{}", fingerprint.digest()), sk: WINDOW.to_owned() }
}

pub(crate) fn moment(at: Timestamp) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn reverts(name: &str, now: Timestamp) -> Range {
    Range { pk: format!("reverts#{name}"), from: moment(history::window_start(now)) }
}

/// The reverts of a resource that count at `now`.
#[must_use]
pub fn resource_reverts(resource: &Resource, now: Timestamp) -> Range {
    reverts(&history::resource_name(resource), now)
}

/// The reverts of a resource since a moment, to be read with [`revert_entry`].
#[must_use]
pub fn reverts_since(resource: &Resource, since: Timestamp) -> Range {
    let pk = format!("reverts#{}", history::resource_name(resource));
    Range { pk, from: moment(since) }
}

/// The entry that an item of the breaker's stands for.
///
/// # Errors
/// [`TableError`]: the item does not say.
pub fn revert_entry(item: &Item) -> Result<EntryId, TableError> {
    let Key { pk, sk } = item.key.clone();
    let id = item.text("entry").ok_or(TableError::Attribute { pk, sk, attribute: "entry" })?;
    Ok(id.parse()?)
}

/// The reverts in an account that count at `now`.
#[must_use]
pub fn account_reverts(account: &AccountId, now: Timestamp) -> Range {
    reverts(&history::account_name(account), now)
}

/// Puts an item as the successor of the one that was read.
pub(crate) fn succeed(item: Item, found: Option<&Item>) -> Result<Write, TableError> {
    let (revision, condition) = match found {
        None => (1, Condition::Absent),
        Some(found) => {
            let revision = found.revision()?;
            (revision.saturating_add(1), Condition::Revision(revision))
        }
    };
    Ok(Write::Put { item: item.with_number(REVISION, revision), condition })
}

fn claim_record(found: Option<&Item>, key: &ClaimKey) -> Result<Option<ClaimRecord>, TableError> {
    let Some(item) = found else { return Ok(None) };
    let record: ClaimRecord = item.body()?;
    if &record.key == key { Ok(Some(record)) } else { Err(item.foreign()) }
}

fn claim_item(record: &ClaimRecord) -> Result<Item, TableError> {
    let (state, outcome) = match &record.work {
        Work::Leased(_) => ("leased", None),
        Work::Done { outcome, .. } => ("done", *outcome),
    };
    Item::new(claim_key(&record.key), "claim")
        .with("control", record.key.control.as_str())
        .with("event_id", record.key.event_id.as_str())
        .with("resource", record.key.resource.as_str())
        .with("state", state)
        .with("outcome", outcome.map_or("none", Outcome::as_str))
        .expiring(record.expires_at)
        .with_body("claim", record)
}

/// Answers a claim, given the item at [`claim_key`].
///
/// # Errors
/// [`TableError`]: the item cannot be read, or is another's.
pub fn claim(
    found: Option<&Item>,
    key: &ClaimKey,
    lease: &Lease,
    now: Timestamp,
) -> Result<Step<Claim>, TableError> {
    let (answer, record) = claim::decide(claim_record(found, key)?, key, lease, now);
    let write = match record {
        None => None,
        Some(record) => Some(succeed(claim_item(&record)?, found)?),
    };
    Ok(Step { answer, write })
}

/// Marks work as done, given the item at [`claim_key`].
///
/// # Errors
/// [`TableError`]: the item cannot be read, or is another's.
pub fn release(
    found: Option<&Item>,
    key: &ClaimKey,
    outcome: Option<Outcome>,
    now: Timestamp,
) -> Result<Step<()>, TableError> {
    let write = match claim::release(claim_record(found, key)?, key, outcome, now) {
        None => None,
        Some(record) => Some(succeed(claim_item(&record)?, found)?),
    };
    Ok(Step { answer: (), write })
}

fn alert_item(record: &AlertRecord) -> Result<Item, TableError> {
    let Fingerprint { control, code, title: _, resource, actor, outcome } = &record.fingerprint;
    let forgotten = record
        .told_at
        .checked_add_signed(TimeDelta::seconds(window::WINDOW_SECONDS.saturating_mul(48)))
        .unwrap_or(Timestamp::MAX_UTC);
    Item::new(alert_key(&record.fingerprint), "window")
        .with("control", control.as_str())
        .with("code", code.as_str())
        .with("resource", resource.as_str())
        .with("actor", actor.as_str())
        .with("outcome", outcome.as_str())
        .expiring(forgotten)
        .with_body("alert window", record)
}

/// Says whether to tell or to count, given the item at [`alert_key`], which must really have been
/// read: this step may not begin with a guess.
///
/// # Errors
/// [`TableError`]: the item cannot be read, or is another's.
pub fn telling(
    found: Option<&Item>,
    fingerprint: &Fingerprint,
    now: Timestamp,
) -> Result<Step<Telling>, TableError> {
    let record = match found {
        None => None,
        Some(item) => {
            let record: AlertRecord = item.body()?;
            if &record.fingerprint != fingerprint {
                return Err(item.foreign());
            }
            Some(record)
        }
    };
    let (answer, record) = window::decide(record, now);
    let write = match record {
        None => None,
        Some(record) => Some(succeed(alert_item(&record)?, found)?),
    };
    Ok(Step { answer, write })
}

/// Opens the window once the message is out, given the item at [`alert_key`], which must really
/// have been read.
///
/// # Errors
/// [`TableError`]: the item cannot be read.
pub fn told(
    found: Option<&Item>,
    fingerprint: &Fingerprint,
    now: Timestamp,
) -> Result<Step<()>, TableError> {
    let item = alert_item(&window::told(fingerprint, now))?;
    Ok(Step { answer: (), write: Some(succeed(item, found)?) })
}

/// Writes an entry, and with it what the breaker counts: all of it or, if the entry has come
/// further meanwhile, nothing. A store whose condition fails says so with an error that is worth
/// another delivery: whoever believes that an intention stands, writes.
///
/// Entries have no TTL: they are the audit trail, and what undo needs.
///
/// # Errors
/// [`TableError`]: the entry has no valid name, or cannot be written as JSON.
pub fn record(entry: &Entry) -> Result<Vec<Write>, TableError> {
    let rank = entry.state.rank();
    let item = Item::new(entry_key(&entry.id)?, "entry")
        .with("entry", entry.id.0.as_str())
        .with("at", moment(entry.at))
        .with("control", entry.control.as_str())
        .with("code", entry.code.as_str())
        .with("event_id", entry.event_id.as_str())
        .with("account", entry.resource.account.as_str())
        .with("resource", entry.resource.arn.as_str())
        .with("response", entry.decision.response.as_str())
        .with("state", entry.state.as_str())
        .with("outcome", entry.outcome.map_or("none", Outcome::as_str))
        .with_number(RANK, rank)
        .with_body("entry", entry)?;
    let mut writes = vec![Write::Put { item, condition: Condition::RankAtMost(rank) }];
    if entry.needs == model::Response::Revert {
        let names = [
            history::resource_name(&entry.resource),
            history::account_name(&entry.resource.account),
        ];
        for name in names {
            let place = |at| Key {
                pk: format!("reverts#{name}"),
                sk: format!("{}#{}", moment(at), entry.id),
            };
            let key = place(entry.at);
            // A transaction takes no two writes of one item.
            let left = entry.moved_from.map(place).filter(|left| *left != key);
            writes.extend(left.map(|key| Write::Delete { key }));
            writes.push(if entry.counts_as_revert() {
                let forgotten = entry.at.checked_add_signed(RETENTION);
                let item = Item::new(key, "revert")
                    .with("entry", entry.id.0.as_str())
                    .with("account", entry.resource.account.as_str())
                    .with("resource", entry.resource.arn.as_str())
                    .expiring(forgotten.unwrap_or(Timestamp::MAX_UTC));
                Write::Put { item, condition: Condition::Always }
            } else {
                Write::Delete { key }
            });
        }
    }
    Ok(writes)
}

/// Reads an entry's item.
///
/// # Errors
/// [`TableError`]: the item cannot be read.
pub fn entry(item: &Item) -> Result<Entry, TableError> {
    item.body()
}
