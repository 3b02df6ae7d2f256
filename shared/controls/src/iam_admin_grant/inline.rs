//! Whether an inline policy is nothing but what is wrong with it: only then is it taken away.
//!
//! Writing the rest of it back would be the narrower remedy, but needs `iam:Put…Policy`, with which
//! the function could make anybody an administrator: see `docs/adr/0012`.

use std::collections::BTreeSet;

use iam_document::{Context, Document, Kind};
use serde_json::Value;

/// The name under which a document has its statements, however it is cased.
pub(super) fn member(document: &Value) -> Option<String> {
    let members = document.as_object()?;
    if members.contains_key("Statement") {
        return Some("Statement".to_owned());
    }
    members.keys().find(|key| key.eq_ignore_ascii_case("Statement")).cloned()
}

/// What is left of a document without some of its statements.
enum Left {
    /// No statement.
    Nothing,
    /// This document.
    Some(String),
}

/// The document without these statements; `None` where the text is no document.
fn without(text: &str, cut: &BTreeSet<usize>) -> Option<Left> {
    let mut value = Document::parse(text).ok()?.into_value();
    let key = member(&value)?;
    let statements = value.get_mut(&key)?;
    let Value::Array(items) = statements else {
        // A single statement that is no list.
        return Some(if cut.contains(&0) { Left::Nothing } else { Left::Some(value.to_string()) });
    };
    let mut place = 0_usize;
    items.retain(|_| {
        let stays = !cut.contains(&place);
        place = place.saturating_add(1);
        stays
    });
    Some(if items.is_empty() { Left::Nothing } else { Left::Some(value.to_string()) })
}

/// The fewest statements, found one after the other, without which a code is no longer found.
///
/// # Errors
/// Why the document is left as it is.
fn cut(text: &str, code: &str, context: &Context) -> Result<BTreeSet<usize>, String> {
    let document = Document::parse(text).map_err(|error| error.to_string())?;
    if document.repeats_a_key() {
        return Err("the document repeats a key, so that printing it would lose some".to_owned());
    }
    let mut cut = BTreeSet::new();
    loop {
        let left = match without(text, &cut).ok_or("the document has no statements")? {
            Left::Nothing => return Ok(cut),
            Left::Some(left) => left,
        };
        let left = Document::parse(&left).map_err(|error| error.to_string())?;
        let verdict = iam_document::inspect(Kind::PermissionPolicy, &left, context);
        let Some(judged) = verdict.findings.iter().find(|judged| judged.code == code) else {
            return Ok(cut);
        };
        let astray = || format!("`{code}` names no statement");
        let place = original(judged.statement.ok_or_else(astray)?, &cut);
        if !cut.insert(place) {
            return Err(astray());
        }
    }
}

/// Whether a document would have no statement left without those that give a code.
///
/// # Errors
/// Why the policy is left as it is, with what people have to cut.
pub(super) fn is_nothing_else(text: &str, code: &str, context: &Context) -> Result<(), String> {
    let cut = cut(text, code, context)?;
    match without(text, &cut) {
        Some(Left::Nothing) => Ok(()),
        None => Err("the document has no statements".to_owned()),
        Some(Left::Some(_)) => {
            let places: Vec<String> = cut.iter().map(usize::to_string).collect();
            Err(format!(
                "the policy holds more than that, and Snapback may not write policies: write it \
                 back without the statements {} (counted from 0)",
                places.join(", ")
            ))
        }
    }
}

/// The place in the document as it was of a statement of what is left.
fn original(place: usize, cut: &BTreeSet<usize>) -> usize {
    let mut place = place;
    for gone in cut {
        if *gone <= place {
            place = place.saturating_add(1);
        }
    }
    place
}

/// The document on several lines, for showing what changes.
pub(super) fn readable(text: &str) -> String {
    let value: Result<Value, _> = serde_json::from_str(text);
    value.and_then(|value| serde_json::to_string_pretty(&value)).unwrap_or_else(|_| text.to_owned())
}
