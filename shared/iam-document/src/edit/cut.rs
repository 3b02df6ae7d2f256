//! Taking principals out of the JSON itself, so that everything else stays as it was written.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::Removal;
use crate::{
    Context, Document, Kind, PolicyMode, Statement,
    condition::{self, Class, Terms},
};

/// A document's JSON after the cut.
pub(super) struct Cut {
    pub(super) value: Value,
    pub(super) removed: Vec<Removal>,
    /// How many statements are left.
    pub(super) left: usize,
}

/// Takes the principals out of the statements.
pub(super) fn cut(document: &Document, wanted: &BTreeMap<usize, BTreeSet<String>>) -> Cut {
    let value = document.value().clone();
    let items = match statements(&value) {
        Some(Value::Array(items)) => items.clone(),
        Some(single) => vec![single.clone()],
        None => Vec::new(),
    };
    let single = matches!(statements(&value), Some(Value::Object(_)));
    let mut kept = Vec::with_capacity(items.len());
    let mut removed = Vec::new();
    for (index, mut item) in items.into_iter().enumerate() {
        let Some(principals) = wanted.get(&index) else {
            kept.push(item);
            continue;
        };
        let sid = item.get("Sid").and_then(Value::as_str).map(str::to_owned);
        let stays = item.as_object_mut().is_some_and(|members| take_out(members, principals));
        removed.push(Removal {
            statement: index,
            sid,
            principals: principals.iter().cloned().collect(),
            whole: !stays,
        });
        if stays {
            kept.push(item);
        }
    }
    let left = kept.len();
    let value = match (single, kept.pop()) {
        // A single object stays a single object.
        (true, Some(only)) => with(value, only),
        (false, last) => {
            kept.extend(last);
            with_statements(value, kept)
        }
        (true, None) => with_statements(value, Vec::new()),
    };
    Cut { value, removed, left }
}

fn statements(value: &Value) -> Option<&Value> {
    let members = value.as_object()?;
    members.get("Statement").or_else(|| {
        members.iter().find(|(key, _)| key.eq_ignore_ascii_case("Statement")).map(|(_, it)| it)
    })
}

/// The document with these statements in place of its own.
pub(super) fn with_statements(value: Value, statements: Vec<Value>) -> Value {
    with(value, Value::Array(statements))
}

fn with(mut value: Value, statements: Value) -> Value {
    if let Some(members) = value.as_object_mut() {
        let key = members
            .keys()
            .find(|key| key.as_str() == "Statement")
            .or_else(|| members.keys().find(|key| key.eq_ignore_ascii_case("Statement")))
            .cloned();
        // Writing to a key that is there keeps its place.
        members.insert(key.unwrap_or_else(|| "Statement".to_owned()), statements);
    }
    value
}

/// Takes principals out of a statement; says whether anybody is left in it.
fn take_out(members: &mut Map<String, Value>, principals: &BTreeSet<String>) -> bool {
    let key = members
        .keys()
        .find(|key| key.as_str() == "Principal")
        .or_else(|| members.keys().find(|key| key.eq_ignore_ascii_case("Principal")))
        .cloned();
    // `NotPrincipal` lets everyone in by what it leaves out: nothing in it can stay.
    let Some(written) = key.and_then(|key| members.get_mut(&key)) else { return false };
    let Value::Object(kinds) = written else { return leave(written, principals) };
    kinds.retain(|_, value| leave(value, principals));
    !kinds.is_empty()
}

/// Takes principals out of a scalar or a list; says whether anybody is left in it.
fn leave(value: &mut Value, principals: &BTreeSet<String>) -> bool {
    let goes = |item: &Value| match item {
        Value::String(text) => principals.contains(text),
        Value::Number(number) => principals.contains(&number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => false,
    };
    let Value::Array(items) = value else { return !goes(value) };
    items.retain(|item| !goes(item));
    !items.is_empty()
}

/// Whether the conditions of a statement that names everyone let in somebody whom we trust, together
/// with those whom we do not: taking out the statement would then shut out the former.
pub(super) fn admits_somebody_trusted(
    kind: Kind,
    document: &Document,
    statement: &Statement,
    context: &Context,
) -> bool {
    let terms = match kind {
        Kind::TrustPolicy => Terms::trust(document.version(), context),
        Kind::BucketPolicy
        | Kind::KmsPolicy
        | Kind::ResourcePolicy
        | Kind::PermissionPolicy
        | Kind::Acl
        | Kind::SecurityGroup => Terms::resource(document.version(), PolicyMode::Bucket),
    };
    let reading = condition::read(&statement.condition, terms);
    reading.restrictions.iter().any(|restriction| {
        restriction.values.iter().any(|value| match restriction.class {
            Class::Accounts | Class::SourceAccounts => {
                context.trusts(value) || context.is_third_party(value)
            }
            Class::Orgs | Class::SourceOrgs => context.trusts_org(value),
            Class::Network => {
                let listed = |prefix: &str, list: &BTreeSet<String>| {
                    value.strip_prefix(prefix).is_some_and(|id| list.contains(id))
                };
                listed("vpc:", &context.trust.trusted_vpcs)
                    || listed("vpce:", &context.trust.trusted_vpces)
            }
            Class::SourceArn | Class::Identity | Class::Service => false,
        })
    })
}
