//! Reading scalars the way CloudTrail writes them: leniently, and never by failing the event.

use std::{borrow::Cow, fmt};

use model::Timestamp;
use serde::{Deserialize, Deserializer, de::Visitor};
use serde_json::value::RawValue;

/// What a JSON value is, told by its first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Null,
    Bool,
    Number,
    Text,
    Array,
    Object,
}

impl Shape {
    pub(crate) fn of(raw: &RawValue) -> Self {
        match raw.get().as_bytes().first() {
            Some(b'{') => Self::Object,
            Some(b'[') => Self::Array,
            Some(b'"') => Self::Text,
            Some(b't' | b'f') => Self::Bool,
            Some(b'n') | None => Self::Null,
            Some(_) => Self::Number,
        }
    }

    /// The shape in words, for errors.
    pub(crate) const fn in_words(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool => "a boolean",
            Self::Number => "a number",
            Self::Text => "a string",
            Self::Array => "an array",
            Self::Object => "an object",
        }
    }
}

/// Absent and null are the same to every reader here.
pub(crate) fn present(raw: Option<&RawValue>) -> Option<&RawValue> {
    raw.filter(|raw| Shape::of(raw) != Shape::Null)
}

/// A string, whatever its escapes: an unpaired surrogate is not text and becomes U+FFFD.
pub(crate) struct Lossy<'a>(pub(crate) Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Lossy<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl<'de> Visitor<'de> for Bytes {
            type Value = Lossy<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Lossy<'de>, E> {
                Ok(Lossy(Cow::Owned(String::from_utf8_lossy(bytes).into_owned())))
            }
            fn visit_borrowed_bytes<E>(self, bytes: &'de [u8]) -> Result<Lossy<'de>, E> {
                Ok(Lossy(String::from_utf8_lossy(bytes)))
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}

/// The decoded text of a JSON string; `None` for any other shape.
pub(crate) fn string(raw: &RawValue) -> Option<Cow<'_, str>> {
    let quoted = raw.get().strip_prefix('"')?.strip_suffix('"')?;
    if quoted.bytes().all(|byte| byte != b'\\') {
        return Some(Cow::Borrowed(quoted));
    }
    serde_json::from_str::<Lossy<'_>>(raw.get()).ok().map(|lossy| lossy.0)
}

/// The elements of a JSON array; `None` for any other shape.
pub(crate) fn elements(raw: &RawValue) -> Option<Vec<&RawValue>> {
    serde_json::from_str(raw.get()).ok()
}

/// The text of a scalar: a string, or the literal of a number or boolean, which CloudTrail makes of
/// XML text that looks like one. `None` for null, arrays and objects.
pub(crate) fn scalar(raw: &RawValue) -> Option<Cow<'_, str>> {
    match Shape::of(raw) {
        Shape::Text => string(raw),
        Shape::Number | Shape::Bool => Some(Cow::Borrowed(raw.get())),
        Shape::Null | Shape::Array | Shape::Object => None,
    }
}

/// The text of a member of a record: a scalar, or a list of scalars joined by `, ` as CloudTrail
/// itself joins `sourceIPAddress`. Empty text counts as absent.
pub(crate) fn text(raw: Option<&RawValue>) -> Option<Cow<'_, str>> {
    let raw = present(raw)?;
    let text = match Shape::of(raw) {
        Shape::Array => {
            let texts: Vec<Cow<'_, str>> = elements(raw)?.into_iter().filter_map(scalar).collect();
            if texts.is_empty() {
                return None;
            }
            Cow::Owned(texts.join(", "))
        }
        Shape::Text | Shape::Number | Shape::Bool | Shape::Null | Shape::Object => scalar(raw)?,
    };
    Some(text).filter(|text| !text.is_empty())
}

/// [`text`], owned.
pub(crate) fn owned(raw: Option<&RawValue>) -> Option<String> {
    text(raw).map(Cow::into_owned)
}

/// A boolean, or the text of one: CloudTrail writes `mfaAuthenticated` as a string.
pub(crate) fn flag(raw: Option<&RawValue>) -> Option<bool> {
    let text = text(raw)?;
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

/// A point in time. CloudTrail writes RFC 3339; exports of it write a space for the `T` or leave the
/// offset away, which then is UTC.
pub(crate) fn time(raw: Option<&RawValue>) -> Option<Timestamp> {
    let text = text(raw)?;
    if let Ok(time) = chrono::DateTime::parse_from_rfc3339(&text) {
        return Some(time.to_utc());
    }
    ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y%m%dT%H%M%SZ"]
        .iter()
        .find_map(|form| chrono::NaiveDateTime::parse_from_str(&text, form).ok())
        .map(|time| time.and_utc())
}

/// An owned copy of a member that is there and not null. An object or a list that an export wrote as
/// its JSON text is taken out of it.
pub(crate) fn kept(raw: Option<&RawValue>) -> Option<Box<RawValue>> {
    let raw = present(raw)?;
    let inner = string(raw).filter(|text| text.trim_start().starts_with(['{', '[']));
    let inner = inner.and_then(|text| RawValue::from_string(text.into_owned()).ok());
    Some(inner.unwrap_or_else(|| raw.to_owned()))
}
