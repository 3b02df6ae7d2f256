//! What is left of an inline policy without what is wrong with it.
//!
//! If nothing is, it is taken away. Writing the rest of it back needs `iam:Put…Policy`, with which a
//! function could make anybody an administrator, so an account has to ask for it: see
//! `docs/adr/0012`.

use std::collections::BTreeSet;

use iam_document::{Context, Document, Effect, Kind};
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

/// The fewest statements, found one after the other, without which no wrong code is found.
///
/// # Errors
/// Why the document is left as it is.
fn cut(
    text: &str,
    is_wrong: &dyn Fn(&str) -> bool,
    context: &Context,
) -> Result<BTreeSet<usize>, String> {
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
        let Some(judged) = verdict.findings.iter().find(|judged| is_wrong(&judged.code)) else {
            return Ok(cut);
        };
        let astray = || format!("`{}` names no statement", judged.code);
        let place = original(judged.statement.ok_or_else(astray)?, &cut);
        // Without a Deny the rest would say more than before.
        let allows =
            document.statements().get(place).and_then(|it| it.effect) == Some(Effect::Allow);
        if !allows || !cut.insert(place) {
            return Err(astray());
        }
    }
}

/// What is to become of an inline policy.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Mended {
    /// It is nothing but what is wrong with it.
    Nothing,
    /// It says this without the statements in these places.
    Without(BTreeSet<usize>, String),
}

/// A document without the statements that give a wrong code.
///
/// # Errors
/// Why the policy is left as it is.
pub(super) fn mended(
    text: &str,
    is_wrong: &dyn Fn(&str) -> bool,
    context: &Context,
) -> Result<Mended, String> {
    let cut = cut(text, is_wrong, context)?;
    cut_out(text, cut)
}

/// A document without statements.
///
/// # Errors
/// Why it is left as it is.
pub(super) fn cut_out(text: &str, cut: BTreeSet<usize>) -> Result<Mended, String> {
    match without(text, &cut).ok_or("the document has no statements")? {
        Left::Nothing => Ok(Mended::Nothing),
        Left::Some(left) => Ok(Mended::Without(cut, left)),
    }
}

/// Why a policy that says more than what is wrong is left to people.
pub(super) fn left_to_people(cut: &BTreeSet<usize>) -> String {
    let places: Vec<String> = cut.iter().map(usize::to_string).collect();
    format!(
        "the policy holds more than that, and Snapback may not write policies (trust file: \
         `rewrite_inline_policies`): write it back without the statements {} (counted from 0)",
        places.join(", ")
    )
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
