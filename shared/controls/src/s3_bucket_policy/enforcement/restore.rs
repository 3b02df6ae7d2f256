//! What would enforce again what the policy does not: statements of the policy that was last seen
//! right, else the smallest ones there are. Denies only, each added beside what stands.

use std::collections::BTreeSet;

use iam_document::{Check, Context, Document, Effect, Statement, Verdict};
use model::Resource;
use serde_json::{Value, json};

use super::{
    super::{
        remedy::{Change, PolicyRemedy},
        state::PolicyState,
    },
    Demand, KEY, inspect,
};
use crate::documents::{self, Edits};

const ALGORITHM: &str = "s3:x-amz-server-side-encryption";
const CUSTOMER: &str = "s3:x-amz-server-side-encryption-customer-algorithm";

/// The largest policy that a bucket takes, in bytes.
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html>.
const MOST_BYTES: usize = 20 * 1024;

/// The smallest change after which the policy enforces what is wanted.
///
/// # Errors
/// Why people have to make it.
pub(super) fn remedy(
    demand: &Demand,
    resource: &Resource,
    state: &PolicyState,
    context: &Context,
    verdict: &Verdict,
) -> Result<PolicyRemedy, String> {
    if verdict.findings.iter().any(|judged| judged.code == "tls-deny-inverted") {
        return Err(
            "a Deny locks out clients with TLS, and with plain HTTP refused as well nobody \
                    would be left"
                .to_owned(),
        );
    }
    let set = |after: String, change: Change| PolicyRemedy::SetPolicy {
        resource: resource.clone(),
        before: state.document.clone(),
        after: Some(after),
        change,
    };
    let before = state.document.as_deref();
    let baseline = state.baseline.as_deref();
    let mut refused = "no statement that could be added would enforce it";
    let remembered = baseline.and_then(|baseline| remembered(demand, before, baseline));
    for change in remembered.into_iter().chain(smallest(demand, before, context)) {
        let Some(after) = change.apply(before)? else { continue };
        if demand.check == Check::Kms && refuses_otherwise(before, baseline, &change) {
            refused = "another statement refuses uploads by their encryption, and with both of them \
                       no upload might be left";
        } else if after.len() > MOST_BYTES {
            refused = "the policy would be larger than the 20 KB that S3 takes";
        } else if demand.shortfall(&after).is_none() && inspect(&after, context).is_certain() {
            return Ok(set(after, change));
        }
    }
    Err(refused.to_owned())
}

/// Whether the live policy has a Deny about encryption that would stand beside the change and was
/// not there when all was right: one that demands another key leaves, together with the demanded
/// one, nothing that may be uploaded.
fn refuses_otherwise(live: Option<&str>, baseline: Option<&str>, change: &Change) -> bool {
    let Some(Ok(live)) = live.map(Document::parse) else { return false };
    let seen = baseline.and_then(|baseline| Document::parse(baseline).ok());
    let seen = seen.as_ref().map(statements).unwrap_or_default();
    statements(&live).iter().any(|(read, statement)| {
        read.effect == Some(Effect::Deny)
            && is_about(Check::Kms, read)
            && !change.edits.contains_key(&read.index)
            && seen.iter().all(|(_, before)| before != statement)
    })
}

/// The statements of a document with their JSON.
fn statements(document: &Document) -> Vec<(&Statement, Value)> {
    let written = documents::statements(document.value()).unwrap_or_default();
    let read = document.statements().iter();
    read.filter_map(|it| Some((it, (*written.get(it.index)?).clone()))).collect()
}

fn sid(statement: &Value) -> Option<&str> {
    statement.get("Sid").and_then(Value::as_str)
}

/// The enforcing statements of the policy that was last seen right which the live one has not.
/// Where it has the same one made narrower, that is put back in its place; else they are added.
fn remembered(demand: &Demand, live: Option<&str>, baseline: &str) -> Option<Change> {
    let baseline = Document::parse(baseline).ok()?;
    let live = live.map(Document::parse).transpose().ok()?;
    let live = live.as_ref().map(statements).unwrap_or_default();
    let mut taken = sids(&live);
    let mut change = Change::default();
    for (read, statement) in statements(&baseline) {
        let enforces = read.effect == Some(Effect::Deny) && is_about(demand.check, read);
        if !enforces || live.iter().any(|(_, there)| *there == statement) {
            continue;
        }
        let twin =
            live.iter().find(|(_, there)| sid(there).is_some() && sid(there) == sid(&statement));
        match twin {
            Some((there, written)) if is_narrower(written, &statement) => {
                change.edits.insert(there.index, statement);
            }
            Some(_) | None => change.added.push(with_free_sid(statement, &mut taken)),
        }
    }
    (!change.edits.is_empty() || !change.added.is_empty()).then_some(change)
}

/// Whether a statement has a condition on what is to be enforced.
fn is_about(check: Check, statement: &Statement) -> bool {
    let keys: &[&str] = match check {
        Check::Tls => &["aws:securetransport", "s3:tlsversion"],
        Check::Kms => &[KEY, ALGORITHM, CUSTOMER],
    };
    statement.condition.entries.iter().any(|entry| keys.contains(&entry.key.as_str()))
}

/// Whether whatever a Deny refuses another refuses as well, as far as their texts tell: its
/// principals, actions and resources are among the other's, and its conditions are the other's and
/// more.
fn is_narrower(narrow: &Value, wide: &Value) -> bool {
    let (Some(narrow), Some(wide)) = (narrow.as_object(), wide.as_object()) else { return false };
    let list = |value: &Value| value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
    let mut members = narrow.keys().chain(wide.keys());
    members.all(|member| {
        let (narrow, wide) = (narrow.get(member), wide.get(member));
        match (member.as_str(), narrow, wide) {
            ("Action" | "Resource", Some(narrow), Some(wide)) => {
                let wide = list(wide);
                list(narrow).iter().all(|one| wide.contains(one))
            }
            // Everyone is everyone, however few the other names.
            ("Principal", Some(narrow), Some(wide)) => narrow == wide || *wide == json!("*"),
            ("Condition", Some(narrow), Some(wide)) => contains(narrow, wide),
            _ => narrow == wide,
        }
    })
}

/// Whether a condition block has every operator and key of another, with the same values.
fn contains(block: &Value, other: &Value) -> bool {
    let Some(operators) = other.as_object() else { return false };
    operators.iter().all(|(operator, keys)| {
        keys.as_object().is_some_and(|keys| {
            keys.iter().all(|(key, values)| {
                block.get(operator).and_then(|there| there.get(key)) == Some(values)
            })
        })
    })
}

fn sids(statements: &[(&Statement, Value)]) -> BTreeSet<String> {
    statements.iter().filter_map(|(_, it)| sid(it)).map(str::to_owned).collect()
}

/// The statement under its `Sid`, or where another has that, under one beside it: S3 takes no `Sid`
/// twice.
fn with_free_sid(mut statement: Value, taken: &mut BTreeSet<String>) -> Value {
    let Some(wanted) = sid(&statement).map(str::to_owned) else { return statement };
    let mut further = (2_u32..).map(|number| format!("{wanted}{number}"));
    let free = if taken.contains(&wanted) {
        further.find(|sid| !taken.contains(sid)).unwrap_or(wanted)
    } else {
        wanted
    };
    taken.insert(free.clone());
    if let Some(members) = statement.as_object_mut() {
        members.insert("Sid".to_owned(), free.into());
    }
    statement
}

/// The smallest sets of statements that enforce it, the one that leaves most clients alone first.
fn smallest(demand: &Demand, live: Option<&str>, context: &Context) -> Vec<Change> {
    let partition = context.partition.as_deref().unwrap_or("aws");
    let bucket = context.bucket.as_deref().unwrap_or_default();
    let arn = format!("arn:{partition}:s3:::{bucket}");
    let objects = format!("{arn}/*");
    let deny = |sid: &str, action: &str, resource: Value, condition: Value| {
        json!({
            "Sid": sid,
            "Effect": "Deny",
            "Principal": "*",
            "Action": action,
            "Resource": resource,
            "Condition": condition,
        })
    };
    // Other actions do not know the headers, and S3 refuses such a statement.
    let upload = |sid: &str, condition: Value| deny(sid, "s3:PutObject", json!(objects), condition);
    let keys = match Vec::from_iter(&demand.keys).as_slice() {
        [key] => json!(key),
        keys => json!(keys),
    };
    let sets = match demand.check {
        Check::Tls => vec![vec![deny(
            "SnapbackTls",
            "s3:*",
            json!([arn, objects]),
            json!({"Bool": {"aws:SecureTransport": "false"}}),
        )]],
        // Uploads without headers go under the bucket's default key; only if that is not enough
        // does every upload have to name its key.
        // https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
        Check::Kms => vec![
            vec![
                upload(
                    "SnapbackKey",
                    json!({"StringNotEquals": {KEY: keys}, "Null": {KEY: "false"}}),
                ),
                upload("SnapbackKeyNamed", json!({"Null": {ALGORITHM: "false", KEY: "true"}})),
                upload("SnapbackKeyCustomers", json!({"Null": {CUSTOMER: "false"}})),
            ],
            vec![upload("SnapbackKey", json!({"StringNotEquals": {KEY: keys}}))],
        ],
    };
    let live = live.and_then(|live| Document::parse(live).ok());
    let taken = live.as_ref().map(|live| sids(&statements(live))).unwrap_or_default();
    let sets = sets.into_iter().map(|set| {
        let mut taken = taken.clone();
        let added = set.into_iter().map(|one| with_free_sid(one, &mut taken)).collect();
        Change { edits: Edits::new(), added }
    });
    sets.collect()
}
