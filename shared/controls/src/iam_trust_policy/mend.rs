//! Taking out of a trust document what is wrong with it, and joining several such changes.
//!
//! What is taken out is `iam_document`'s to say. A change is kept by statement, so that the changes
//! for two findings of one document can be made in one write, and for one of them alone where the
//! policy permits no more.

use std::collections::BTreeMap;

use iam_document::{
    Context, Document, Judged, Kind,
    edit::{self, Edit},
};
use serde_json::{Map, Value};

use super::{TrustRemedy, TrustState};

/// What becomes of statements, by their place in the document: what they turn into, or null where
/// they are taken out.
pub(super) type Edits = BTreeMap<usize, Value>;

/// The smallest change that mends findings of one code in one statement.
///
/// # Errors
/// Why people have to mend it.
pub(super) fn remedy(
    state: &TrustState,
    document: &Document,
    alike: &[&Judged],
    context: &Context,
) -> Result<TrustRemedy, String> {
    let findings: Vec<Judged> = alike.iter().map(|judged| (*judged).clone()).collect();
    let Edit { after, removed, .. } = edit::mend(Kind::TrustPolicy, document, context, &findings)
        .map_err(|refused| refused.to_string())?;
    let (Some(after), [removal]) = (after, removed.as_slice()) else {
        return Err("the change would reach beyond the statement".to_owned());
    };
    let place = removal.statement;
    let edit = if removal.whole {
        Value::Null
    } else {
        // Only this statement changed, so it stands where it stood.
        let statements = statements(after.value());
        statements
            .and_then(|statements| statements.get(place).copied().cloned())
            .unwrap_or_default()
    };
    Ok(TrustRemedy::UpdateAssumeRolePolicy {
        role: state.name.clone(),
        before: state.document.clone(),
        after: after.to_string(),
        edits: Edits::from([(place, edit)]),
    })
}

/// The statements of a document, one or a list.
fn statements(document: &Value) -> Option<Vec<&Value>> {
    let members = document.as_object()?;
    Some(list(members.get(member(members)?)?))
}

/// The name under which a document has its statements, however it is cased.
fn member(document: &Map<String, Value>) -> Option<&str> {
    let exact = document.contains_key("Statement").then_some("Statement");
    exact.or_else(|| {
        document.keys().map(String::as_str).find(|key| key.eq_ignore_ascii_case("Statement"))
    })
}

/// Both changes in one; `None`: they cannot be told apart, so they are made one after the other.
pub(super) fn join(one: &Edits, other: &Edits) -> Option<Edits> {
    if one.is_empty() || other.is_empty() {
        return None;
    }
    let mut joined = one.clone();
    for (place, edit) in other {
        let edit = match joined.remove(place) {
            None => edit.clone(),
            Some(there) => both(&there, edit)?,
        };
        joined.insert(*place, edit);
    }
    Some(joined)
}

/// The statement with the principals that both changes leave; null where none is left.
fn both(one: &Value, other: &Value) -> Option<Value> {
    if one.is_null() || other.is_null() {
        return Some(Value::Null);
    }
    let (one, other) = (one.as_object()?, other.as_object()?);
    let alike = one.len() == other.len()
        && one.iter().all(|(key, value)| key == "Principal" || other.get(key) == Some(value));
    let (kinds, others) = (one.get("Principal")?, other.get("Principal")?);
    if !alike {
        return None;
    }
    if kinds == others {
        return Some(Value::Object(one.clone()));
    }
    let (kinds, others) = (kinds.as_object()?, others.as_object()?);
    let mut left = Map::new();
    for (kind, principals) in kinds {
        let Some(others) = others.get(kind) else { continue };
        let others = list(others);
        let mut common: Vec<Value> = list(principals)
            .into_iter()
            .filter(|principal| others.contains(principal))
            .cloned()
            .collect();
        if common.is_empty() {
            continue;
        }
        let written =
            if principals.is_array() { Value::Array(common) } else { common.swap_remove(0) };
        left.insert(kind.clone(), written);
    }
    if left.is_empty() {
        return Some(Value::Null);
    }
    let mut statement = one.clone();
    statement.insert("Principal".to_owned(), Value::Object(left));
    Some(Value::Object(statement))
}

fn list(value: &Value) -> Vec<&Value> {
    value.as_array().map_or_else(|| vec![value], |values| values.iter().collect())
}

/// The document with the changes made, as text; where no statement is left it denies everyone.
pub(super) fn apply(before: &str, edits: &Edits) -> Option<String> {
    let document = Document::parse(before).ok()?;
    let mut value = document.into_value();
    let members = value.as_object_mut()?;
    let name = member(members)?.to_owned();
    let statements = members.get_mut(&name)?;
    let single = !statements.is_array();
    let written: Vec<Value> = list(statements).into_iter().cloned().collect();
    let mut left: Vec<Value> = written
        .into_iter()
        .enumerate()
        .filter_map(|(place, statement)| match edits.get(&place) {
            None => Some(statement),
            Some(Value::Null) => None,
            Some(edit) => Some(edit.clone()),
        })
        .collect();
    if left.is_empty() {
        left.push(edit::deny_everyone());
    }
    *statements = match (single, left.len()) {
        (true, 1) => left.swap_remove(0),
        (true | false, _) => Value::Array(left),
    };
    Some(value.to_string())
}

/// A document as people read it, for showing what changes.
pub(super) fn readable(document: &str) -> String {
    Document::parse(document)
        .ok()
        .and_then(|document| serde_json::to_string_pretty(document.value()).ok())
        .unwrap_or_else(|| document.to_owned())
}
