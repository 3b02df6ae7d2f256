//! Taking out of a document what is wrong with it, and joining several such changes.
//!
//! What is taken out is `iam_document`'s to say. A change is kept by statement, so that the changes
//! for two findings of one document can be made in one write, and for one of them alone where the
//! policy permits no more.

use std::{collections::BTreeMap, num::ParseIntError};

use iam_document::{
    Context, Document, Judged, Kind,
    edit::{self, Edit},
};
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::{Map, Value};

/// What becomes of statements, by their place in the document: what they turn into, or null where
/// they are taken out.
pub(crate) type Edits = BTreeMap<usize, Value>;

/// Reads edits back from the ledger, where JSON has made texts of their places. (Within a tagged
/// enum serde hands them on as the texts they are.)
///
/// # Errors
/// A place is no number.
pub(crate) fn read_back<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Edits, D::Error> {
    let written = BTreeMap::<String, Value>::deserialize(deserializer)?;
    let edits = written.into_iter().map(|(place, edit)| Ok((place.parse()?, edit)));
    edits.collect::<Result<Edits, ParseIntError>>().map_err(D::Error::custom)
}

/// A document without what one finding is about.
pub(crate) struct Mended {
    /// The document it leaves; `None`: nothing is left of it.
    pub(crate) after: Option<Document>,
    /// The one statement that changed.
    pub(crate) edits: Edits,
}

/// The smallest change that mends findings of one code in one statement.
///
/// # Errors
/// Why people have to mend it.
pub(crate) fn remedy(
    kind: Kind,
    document: &Document,
    alike: &[&Judged],
    context: &Context,
) -> Result<Mended, String> {
    let findings: Vec<Judged> = alike.iter().map(|judged| (*judged).clone()).collect();
    let Edit { after, removed, .. } =
        edit::mend(kind, document, context, &findings).map_err(|refused| refused.to_string())?;
    let [removal] = removed.as_slice() else {
        return Err("the change would reach beyond the statement".to_owned());
    };
    let place = removal.statement;
    let edit = if removal.whole {
        Value::Null
    } else {
        // Only this statement changed, so it stands where it stood.
        let statements = after.as_ref().and_then(|after| statements(after.value()));
        statements
            .and_then(|statements| statements.get(place).copied().cloned())
            .unwrap_or_default()
    };
    Ok(Mended { after, edits: Edits::from([(place, edit)]) })
}

/// The statements of a document, one or a list.
pub(crate) fn statements(document: &Value) -> Option<Vec<&Value>> {
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
pub(crate) fn join(one: &Edits, other: &Edits) -> Option<Edits> {
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

/// The document with the changes made and statements added at its end, as text. `otherwise`: the
/// statement that stands in it where none would be left; where that is not given either, `Ok(None)`.
///
/// # Errors
/// The document cannot be read, so that nothing can be changed in it.
pub(crate) fn apply(
    before: &str,
    edits: &Edits,
    added: &[Value],
    otherwise: Option<Value>,
) -> Result<Option<String>, String> {
    let document = Document::parse(before).map_err(|error| error.to_string())?;
    let mut value = document.into_value();
    let lacking = || "the document has no statements".to_owned();
    let members = value.as_object_mut().ok_or_else(lacking)?;
    let name = member(members).ok_or_else(lacking)?.to_owned();
    let statements = members.get_mut(&name).ok_or_else(lacking)?;
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
    left.extend(added.iter().cloned());
    if left.is_empty() {
        left.extend(otherwise);
    }
    if left.is_empty() {
        return Ok(None);
    }
    *statements = match (single, left.len()) {
        (true, 1) => left.swap_remove(0),
        (true | false, _) => Value::Array(left),
    };
    Ok(Some(value.to_string()))
}

/// A document as people read it, for showing what changes.
pub(crate) fn readable(document: &str) -> String {
    Document::parse(document)
        .ok()
        .and_then(|document| serde_json::to_string_pretty(document.value()).ok())
        .unwrap_or_else(|| document.to_owned())
}
