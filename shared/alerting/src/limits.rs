//! How much of an alert is told: everything where it fits, less where it does not, never nothing.

use serde_json::{Map, Value};

use crate::{encode, redact};

/// One form may have so many bytes once it is a text within JSON, which is how SNS carries forms for
/// several protocols in one message of 256 KiB: one for people and up to six for programs.
/// Source: <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>.
pub(crate) const FORM: usize = 32 * 1024;

/// How much is told.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Characters of one value.
    pub(crate) value: usize,
    /// Characters of an ARN, of which AWS allows 2048.
    pub(crate) name: usize,
    /// Characters of one fact or one call's parameters.
    pub(crate) fact: usize,
    /// Facts, calls and policies of one finding.
    pub(crate) items: usize,
    /// Findings.
    pub(crate) findings: usize,
}

impl Limits {
    /// From everything to the least.
    const STEPS: [Self; 5] = [
        Self { value: encode::CAP, name: 2048, fact: 2048, items: 64, findings: 64 },
        Self { value: encode::CAP, name: 2048, fact: 512, items: 24, findings: 24 },
        Self { value: 128, name: 1024, fact: 256, items: 12, findings: 12 },
        Self { value: 96, name: 512, fact: 96, items: 6, findings: 6 },
        Self { value: 48, name: 384, fact: 48, items: 3, findings: 3 },
    ];

    /// The fullest form that fits; the last step's if none does (a test shows that it always does).
    pub(crate) fn fullest(render: impl Fn(&Self, bool) -> String) -> String {
        let mut form = String::new();
        for (step, limits) in Self::STEPS.iter().enumerate() {
            form = render(limits, step > 0);
            if carried(&form) <= FORM {
                break;
            }
        }
        form
    }
}

/// The bytes of a form once it is a text within JSON.
pub(crate) fn carried(form: &str) -> usize {
    serde_json::to_string(form).map_or(usize::MAX, |text| text.len())
}

/// The first of a list, and how many are left out.
pub(crate) fn first<T>(list: &[T], count: usize) -> (&[T], usize) {
    let kept = list.get(..count).unwrap_or(list);
    (kept, list.len().saturating_sub(kept.len()))
}

/// What stands where something was left out.
pub(crate) fn omitted(count: usize) -> String {
    format!("… ({count} more)")
}

/// A fact as JSON, redacted and encoded; as one text that says how much is missing where it is too
/// long.
pub(crate) fn fact(name: &str, value: &Value, limits: &Limits) -> Value {
    let value = redact::member(name, value);
    let mut room = limits.fact;
    match encoded(&value, limits, &mut room) {
        Some(written) if written.to_string().chars().count() <= limits.fact => written,
        _ => Value::String(encode::redacted_within(&value, limits.fact)),
    }
}

/// Encodes every text of a value that has been redacted by the names of its members: once more by
/// itself a text would lose what its name spared.
/// `None`: it has more than `room` characters, so there is no use in going on.
fn encoded(value: &Value, limits: &Limits, room: &mut usize) -> Option<Value> {
    let mut take = |length: usize| {
        *room = room.checked_sub(length)?;
        Some(())
    };
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => {
            take(1)?;
            Some(value.clone())
        }
        Value::String(text) => {
            let written = encode::name_within(text, limits.value);
            take(written.chars().count())?;
            Some(Value::String(written))
        }
        Value::Array(items) => {
            take(2)?;
            items.iter().map(|item| encoded(item, limits, room)).collect()
        }
        Value::Object(members) => {
            take(2)?;
            let mut kept = Map::new();
            for (name, value) in members {
                let mut name = encode::name_within(name, limits.value);
                while kept.contains_key(&name) {
                    name.push('\'');
                }
                *room = room.checked_sub(name.chars().count())?;
                kept.insert(name, encoded(value, limits, room)?);
            }
            Some(Value::Object(kept))
        }
    }
}
