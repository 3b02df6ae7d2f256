//! The judgement of each kind of document.
//!
//! Each module asks one question and writes into the same [`Sink`]; none of them refuses: what
//! cannot be read becomes a finding, and the exposure unclear.

mod acl;
mod deny;
mod key_enforcement;
mod mfa;
mod oidc;
mod permission;
mod privesc;
mod resource;
mod security_group;
mod sink;
mod subject;
mod tls;
mod trust;
mod weigh;

use serde_json::Value;

pub(crate) use sink::Sink;

use crate::{Context, Document, DocumentError, Kind, Verdict};

/// What is judged: text, JSON, or a document that is read already.
#[derive(Debug, Clone, Copy)]
pub enum Input<'a> {
    /// Text; the only form in which repeated keys are seen.
    Text(&'a str),
    /// JSON. A string in it is taken for the text of the document.
    Value(&'a Value),
    /// A document.
    Document(&'a Document),
}

impl<'a> From<&'a str> for Input<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a String> for Input<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a Value> for Input<'a> {
    fn from(value: &'a Value) -> Self {
        Self::Value(value)
    }
}

impl<'a> From<&'a Document> for Input<'a> {
    fn from(document: &'a Document) -> Self {
        Self::Document(document)
    }
}

/// Judges a document.
///
/// Never fails and never panics: what is no document at all comes back with
/// [`Verdict::error`], the finding `malformed-policy` and an exposure of
/// [`Unclear`](crate::Exposure::Unclear).
#[must_use]
#[expect(
    single_use_lifetimes,
    reason = "the language cannot elide a lifetime in an argument's bound"
)]
pub fn inspect<'a>(kind: Kind, document: impl Into<Input<'a>>, context: &Context) -> Verdict {
    match judged(kind, document.into(), context) {
        Ok(verdict) => verdict,
        Err(error) => Verdict::unreadable(chain(&error)),
    }
}

/// Whether a permission policy holds a part of a known way to more power, of which another policy of
/// the same identity may hold the rest: then [`inspect`] says more of both together than of each.
#[must_use]
pub fn begins_a_path(document: &Document, context: &Context) -> bool {
    permission::begins_a_path(document, &mut Sink::new(context))
}

fn judged(kind: Kind, input: Input<'_>, context: &Context) -> Result<Verdict, DocumentError> {
    match kind {
        Kind::Acl | Kind::SecurityGroup => {
            let value = match input {
                Input::Text(text) => json(text)?,
                Input::Value(Value::String(text)) => json(text)?,
                Input::Value(value) => {
                    crate::json::check(value)?;
                    value.clone()
                }
                Input::Document(document) => document.value().clone(),
            };
            Ok(if kind == Kind::Acl {
                acl::judge(&value, context)
            } else {
                security_group::judge(&value, context)
            })
        }
        Kind::BucketPolicy
        | Kind::TrustPolicy
        | Kind::PermissionPolicy
        | Kind::KmsPolicy
        | Kind::ResourcePolicy => {
            let read;
            let document = match input {
                Input::Text(text) => {
                    read = Document::parse(text)?;
                    &read
                }
                Input::Value(value) => {
                    read = Document::from_value(value)?;
                    &read
                }
                Input::Document(document) => document,
            };
            Ok(judge_document(kind, document, context))
        }
    }
}

fn json(text: &str) -> Result<Value, DocumentError> {
    let read = crate::json::read(text.trim_start_matches('\u{feff}').trim())?;
    match &read.value {
        Value::String(inner) if inner.trim_start().starts_with('{') => {
            Ok(crate::json::read(inner)?.value)
        }
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Array(_)
        | Value::Object(_) => Ok(read.value),
    }
}

fn judge_document(kind: Kind, document: &Document, context: &Context) -> Verdict {
    let mut sink = Sink::new(context);
    for problem in document.problems() {
        sink.malformed(problem);
    }
    match kind {
        Kind::TrustPolicy => trust::judge(document, &mut sink),
        Kind::PermissionPolicy => permission::judge(document, &mut sink),
        Kind::BucketPolicy | Kind::KmsPolicy | Kind::ResourcePolicy => {
            resource::judge(kind, document, &mut sink);
        }
        // Judged from their own shapes, before this.
        Kind::Acl | Kind::SecurityGroup => {}
    }
    sink.finish()
}

fn chain(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {}", chain(cause)),
        None => error.to_string(),
    }
}
