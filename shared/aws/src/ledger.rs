//! The ledger in DynamoDB: one table.
//!
//! What is stored, and what may follow on what, is decided by [`ledger::table`]; here items are
//! only carried: read with strong consistency, put under the condition that came with them.

use std::collections::HashMap;

use aws_sdk_dynamodb::{
    Client,
    error::SdkError,
    operation::{put_item::PutItemError, transact_write_items::TransactWriteItemsError},
    types::{
        AttributeValue, Delete, Put, ReturnValuesOnConditionCheckFailure, Select, TransactWriteItem,
    },
};
use aws_smithy_types::error::operation::BuildError;
use ledger::{
    Baseline, Claim, ClaimKey, Entry, EntryId, Fingerprint, History, Lease, Telling, remember,
    table::{self, Attribute, Condition, Item, Key, Range, Step, TableError, Write},
};
use model::{AccountId, Burst, ControlId, Occurrence, Outcome, Resource, Timestamp};
use respond::{CloudError, LedgerPort, Retry};

use crate::{
    Session,
    error::{Kind, cloud_error, own, refusal},
};

/// How often a step is taken anew because somebody else's came between.
const ATTEMPTS: u32 = 5;

/// Pages of one query; more than this many (100 MB) is a broken table, not a history.
const PAGES: u32 = 100;

/// What DynamoDB calls an item.
type Wire = HashMap<String, AttributeValue>;

/// The table.
#[derive(Debug, Clone)]
pub struct Table {
    reads: Client,
    writes: Client,
    name: String,
}

/// How a conditional put ended.
enum Ended {
    Done,
    /// The condition did not hold; what stood there, if DynamoDB told.
    Beaten(Option<Item>),
}

impl Table {
    /// The table with this name.
    #[must_use]
    pub fn new(session: &Session, name: impl Into<String>) -> Self {
        Self {
            reads: Client::new(session.reads()),
            writes: Client::new(session.writes()),
            name: name.into(),
        }
    }

    async fn get(&self, key: &Key) -> Result<Option<Item>, CloudError> {
        let answer = self
            .reads
            .get_item()
            .table_name(&self.name)
            .set_key(Some(key_to_wire(key)))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| own(cloud_error(Kind::Read, "dynamodb:GetItem", &self.name, error)))?;
        answer.item.map(|item| self.item("dynamodb:GetItem", item)).transpose()
    }

    fn item(&self, operation: &'static str, wire: Wire) -> Result<Item, CloudError> {
        item_from_wire(wire)
            .ok_or_else(|| refusal(operation, &self.name, "unreadable item", Retry::Pointless))
    }

    async fn put(&self, item: &Item, condition: Condition) -> Result<Ended, CloudError> {
        const OPERATION: &str = "dynamodb:PutItem";
        let mut request = self
            .writes
            .put_item()
            .table_name(&self.name)
            .set_item(Some(item_to_wire(item)))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        if let Some(expression) = condition.expression() {
            request = request.condition_expression(expression.text);
            for (name, attribute) in expression.names {
                request = request.expression_attribute_names(name, attribute);
            }
            for (name, value) in expression.values {
                request = request.expression_attribute_values(name, to_wire(&value));
            }
        }
        match request.send().await {
            Ok(_) => Ok(Ended::Done),
            Err(SdkError::ServiceError(refused))
                if refused.err().is_conditional_check_failed_exception() =>
            {
                let stood = if let PutItemError::ConditionalCheckFailedException(failed) =
                    refused.into_err()
                {
                    failed.item
                } else {
                    None
                };
                // An item that cannot be read here is read again, and then told of.
                Ok(Ended::Beaten(stood.filter(|item| !item.is_empty()).and_then(item_from_wire)))
            }
            Err(error) => Err(own(cloud_error(Kind::Write, OPERATION, &self.name, error))),
        }
    }

    /// Takes a step until its write holds: read, ask, put under the condition, and anew when
    /// somebody else was faster.
    async fn step<A>(
        &self,
        key: &Key,
        mut found: Option<Item>,
        ask: impl Fn(Option<&Item>) -> Result<Step<A>, TableError>,
    ) -> Result<A, CloudError> {
        for _ in 0..ATTEMPTS {
            let Step { answer, write } =
                ask(found.as_ref()).map_err(|error| self.table_error(error))?;
            let (item, condition) = match write {
                None => return Ok(answer),
                Some(Write::Put { item, condition }) => (item, condition),
                Some(Write::Delete { key }) => {
                    self.transact(vec![Write::Delete { key }]).await?;
                    return Ok(answer);
                }
            };
            match self.put(&item, condition).await? {
                Ended::Done => return Ok(answer),
                Ended::Beaten(Some(stood)) => found = Some(stood),
                Ended::Beaten(None) => found = self.get(key).await?,
            }
        }
        Err(refusal("dynamodb:PutItem", &self.name, "always beaten", Retry::Worthwhile))
    }

    /// Performs all writes or none; `false`: a condition did not hold, none was performed.
    async fn transact(&self, writes: Vec<Write>) -> Result<bool, CloudError> {
        const OPERATION: &str = "dynamodb:TransactWriteItems";
        let items: Result<Vec<TransactWriteItem>, BuildError> =
            writes.into_iter().map(|write| self.transact_item(write)).collect();
        let items = items
            .map_err(|error| refusal(OPERATION, &self.name, error.to_string(), Retry::Pointless))?;
        let sent = self.writes.transact_write_items().set_transact_items(Some(items)).send().await;
        let Err(error) = sent else { return Ok(true) };
        let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) =
            error.as_service_error()
        else {
            return Err(own(cloud_error(Kind::Write, OPERATION, &self.name, error)));
        };
        let reasons = cancelled.cancellation_reasons().iter();
        let codes = reasons.filter_map(|reason| reason.code()).filter(|code| *code != "None");
        let codes: Vec<String> = codes.map(str::to_owned).collect();
        if codes.iter().any(|code| code == "ConditionalCheckFailed") {
            return Ok(false);
        }
        let later = ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"];
        let mut error = own(cloud_error(Kind::Write, OPERATION, &self.name, error));
        error.retry = if codes.iter().all(|code| later.contains(&code.as_str())) {
            Retry::Worthwhile
        } else {
            Retry::Pointless
        };
        error.code = codes.join(", ");
        Err(error)
    }

    fn transact_item(&self, write: Write) -> Result<TransactWriteItem, BuildError> {
        Ok(match write {
            Write::Put { item, condition } => {
                let mut put =
                    Put::builder().table_name(&self.name).set_item(Some(item_to_wire(&item)));
                if let Some(expression) = condition.expression() {
                    put = put.condition_expression(expression.text);
                    for (name, attribute) in expression.names {
                        put = put.expression_attribute_names(name, attribute);
                    }
                    for (name, value) in expression.values {
                        put = put.expression_attribute_values(name, to_wire(&value));
                    }
                }
                TransactWriteItem::builder().put(put.build()?).build()
            }
            Write::Delete { key } => {
                let delete =
                    Delete::builder().table_name(&self.name).set_key(Some(key_to_wire(&key)));
                TransactWriteItem::builder().delete(delete.build()?).build()
            }
        })
    }

    /// Every page of a query.
    async fn query(
        &self,
        condition: &str,
        pk: &str,
        sk: &str,
        select: Select,
        mut each: impl FnMut(i32, Vec<Wire>),
    ) -> Result<(), CloudError> {
        const OPERATION: &str = "dynamodb:Query";
        let mut next: Option<Wire> = None;
        for _ in 0..PAGES {
            let page = self
                .reads
                .query()
                .table_name(&self.name)
                .consistent_read(true)
                .select(select.clone())
                .key_condition_expression(condition)
                .expression_attribute_names("#pk", table::PARTITION)
                .expression_attribute_names("#sk", table::SORT)
                .expression_attribute_values(":pk", AttributeValue::S(pk.to_owned()))
                .expression_attribute_values(":sk", AttributeValue::S(sk.to_owned()))
                .set_exclusive_start_key(next)
                .send()
                .await
                .map_err(|error| own(cloud_error(Kind::Read, OPERATION, &self.name, error)))?;
            each(page.count, page.items.unwrap_or_default());
            next = page.last_evaluated_key.filter(|key| !key.is_empty());
            if next.is_none() {
                return Ok(());
            }
        }
        Err(refusal(OPERATION, &self.name, "endless pages", Retry::Worthwhile))
    }

    async fn count(&self, range: &Range) -> Result<u32, CloudError> {
        let mut total: u32 = 0;
        let each = |count: i32, _| total = total.saturating_add(u32::try_from(count).unwrap_or(0));
        self.query("#pk = :pk AND #sk >= :sk", &range.pk, &range.from, Select::Count, each).await?;
        Ok(total)
    }

    async fn items(&self, condition: &str, pk: &str, sk: &str) -> Result<Vec<Item>, CloudError> {
        let mut found = Vec::new();
        let each = |_, page: Vec<Wire>| found.extend(page);
        self.query(condition, pk, sk, Select::AllAttributes, each).await?;
        found.into_iter().map(|wire| self.item("dynamodb:Query", wire)).collect()
    }

    fn table_error(&self, error: TableError) -> CloudError {
        let mut refused = refusal("ledger", &self.name, error.to_string(), Retry::Pointless);
        refused.source = Some(Box::new(error));
        refused
    }
}

impl LedgerPort for Table {
    async fn claim(
        &self,
        key: &ClaimKey,
        lease: &Lease,
        now: Timestamp,
    ) -> Result<Claim, CloudError> {
        // Most events come once: the first read is spared by a put that needs absence.
        self.step(&table::claim_key(key), None, |found| table::claim(found, key, lease, now)).await
    }

    async fn release(
        &self,
        key: &ClaimKey,
        outcome: Option<Outcome>,
        now: Timestamp,
    ) -> Result<(), CloudError> {
        let place = table::claim_key(key);
        let found = self.get(&place).await?;
        self.step(&place, found, |found| table::release(found, key, outcome, now)).await
    }

    async fn history(&self, resource: &Resource, now: Timestamp) -> Result<History, CloudError> {
        let (by_resource, by_account) = (
            table::resource_reverts(resource, now),
            table::account_reverts(&resource.account, now),
        );
        let (resource_reverts, account_reverts) =
            tokio::try_join!(self.count(&by_resource), self.count(&by_account))?;
        Ok(History { resource_reverts, account_reverts })
    }

    async fn reverts(
        &self,
        resource: &Resource,
        since: Timestamp,
    ) -> Result<Vec<Entry>, CloudError> {
        let Range { pk, from } = table::reverts_since(resource, since);
        let found = self.items("#pk = :pk AND #sk >= :sk", &pk, &from).await?;
        let mut entries = Vec::with_capacity(found.len());
        for item in found {
            let id = table::revert_entry(&item).map_err(|error| self.table_error(error))?;
            entries.extend(self.entry(&id).await?);
        }
        Ok(entries)
    }

    async fn record(&self, entry: &Entry) -> Result<(), CloudError> {
        let mut writes = table::record(entry).map_err(|error| self.table_error(error))?;
        let (operation, written) = match (writes.pop(), writes.is_empty()) {
            (Some(Write::Put { item, condition }), true) => {
                let ended = self.put(&item, condition).await?;
                ("dynamodb:PutItem", matches!(ended, Ended::Done))
            }
            (last, _) => {
                writes.extend(last);
                ("dynamodb:TransactWriteItems", self.transact(writes).await?)
            }
        };
        if written {
            return Ok(());
        }
        // It stays as it is, and nobody may act as if it were as we wished: see
        // `ledger::table::record`. As `respond::memory` answers.
        Err(refusal(
            operation,
            entry.id.0.as_str(),
            "the entry has come further",
            Retry::Worthwhile,
        ))
    }

    async fn entry(&self, id: &EntryId) -> Result<Option<Entry>, CloudError> {
        let key = table::entry_key(id).map_err(|error| self.table_error(error))?;
        let found = self.get(&key).await?;
        found.as_ref().map(table::entry).transpose().map_err(|error| self.table_error(error))
    }

    async fn entries(&self, key: &ClaimKey) -> Result<Vec<Entry>, CloudError> {
        let (pk, prefix) = table::entries_of(key);
        let found = self.items("#pk = :pk AND begins_with(#sk, :sk)", &pk, prefix).await?;
        let entries: Result<Vec<Entry>, TableError> = found.iter().map(table::entry).collect();
        let mut entries = entries.map_err(|error| self.table_error(error))?;
        entries.sort_by_key(|entry| (entry.at, entry.step));
        Ok(entries)
    }

    async fn telling(
        &self,
        fingerprint: &Fingerprint,
        now: Timestamp,
    ) -> Result<Telling, CloudError> {
        let key = table::alert_key(fingerprint);
        let found = self.get(&key).await?;
        self.step(&key, found, |found| table::telling(found, fingerprint, now)).await
    }

    async fn told(&self, fingerprint: &Fingerprint, now: Timestamp) -> Result<(), CloudError> {
        let key = table::alert_key(fingerprint);
        let found = self.get(&key).await?;
        self.step(&key, found, |found| table::told(found, fingerprint, now)).await
    }

    async fn baseline(
        &self,
        control: ControlId,
        resource: &Resource,
    ) -> Result<Option<Baseline>, CloudError> {
        let found = self.get(&remember::baseline_key(control.as_str(), resource)).await?;
        // One that this build cannot read is as good as none, and must not keep an event from being
        // judged.
        Ok(found.as_ref().and_then(|item| {
            remember::baseline(item)
                .inspect_err(|error| tracing::warn!(%error, "a baseline cannot be read"))
                .ok()
        }))
    }

    async fn keep_baseline(&self, baseline: &Baseline) -> Result<(), CloudError> {
        let key = remember::baseline_key(&baseline.control, &baseline.resource);
        let found = self.get(&key).await?;
        self.step(&key, found, |found| remember::keep_baseline(found, baseline)).await
    }

    async fn gather(
        &self,
        control: ControlId,
        account: &AccountId,
        occurrence: &Occurrence,
    ) -> Result<Burst, CloudError> {
        let key = remember::burst_key(control.as_str(), account, occurrence);
        let found = self.get(&key).await?;
        let ask =
            |found: Option<&Item>| remember::gather(found, control.as_str(), account, occurrence);
        self.step(&key, found, ask).await
    }
}

fn to_wire(attribute: &Attribute) -> AttributeValue {
    match attribute {
        Attribute::Text(text) => AttributeValue::S(text.clone()),
        Attribute::Number(number) => AttributeValue::N(number.to_string()),
    }
}

fn key_to_wire(key: &Key) -> Wire {
    HashMap::from([
        (table::PARTITION.to_owned(), AttributeValue::S(key.pk.clone())),
        (table::SORT.to_owned(), AttributeValue::S(key.sk.clone())),
    ])
}

fn item_to_wire(item: &Item) -> Wire {
    let mut wire = key_to_wire(&item.key);
    wire.extend(item.attributes.iter().map(|(name, value)| (name.clone(), to_wire(value))));
    wire
}

/// Reads an item; attributes of types that the ledger does not write are somebody else's.
fn item_from_wire(mut wire: Wire) -> Option<Item> {
    let mut text = |name| match wire.remove(name) {
        Some(AttributeValue::S(text)) => Some(text),
        _ => None,
    };
    let key = Key { pk: text(table::PARTITION)?, sk: text(table::SORT)? };
    let attributes = wire
        .into_iter()
        .filter_map(|(name, value)| {
            let attribute = if let Ok(number) = value.as_n() {
                Attribute::Number(number.parse().ok()?)
            } else {
                Attribute::Text(value.as_s().ok()?.clone())
            };
            Some((name, attribute))
        })
        .collect();
    Some(Item { key, attributes })
}

#[cfg(test)]
mod tests;
