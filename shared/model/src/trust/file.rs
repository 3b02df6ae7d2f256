//! The two forms of a trust file, made one value.

use std::fmt;

use serde::de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::TrustProblem;

/// The value of a JSON text.
///
/// # Errors
/// What is wrong with the text as a whole: its syntax, or a key that stands twice, of which a
/// reader would otherwise take the last and people the first.
pub(super) fn json(text: &str) -> Result<(Value, Vec<TrustProblem>), String> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Once.deserialize(&mut reader).map_err(|error| error.to_string())?;
    reader.end().map_err(|error| error.to_string())?;
    Ok((value, Vec::new()))
}

/// The value of a TOML text, and what in it has no counterpart in JSON.
///
/// # Errors
/// What is wrong with its syntax.
pub(super) fn toml(text: &str) -> Result<(Value, Vec<TrustProblem>), String> {
    let table: toml::Table = toml::from_str(text).map_err(|error| error.to_string())?;
    let mut problems = Vec::new();
    let mut keys = Map::new();
    for (key, value) in table {
        let mut strange = Vec::new();
        let value = converted(value, &mut strange);
        // A key of which a part was lost is not read any further.
        if strange.is_empty() {
            keys.insert(key, value);
        } else {
            problems.extend(
                strange.into_iter().map(|problem| TrustProblem { key: key.clone(), problem }),
            );
        }
    }
    Ok((Value::Object(keys), problems))
}

fn converted(value: toml::Value, strange: &mut Vec<String>) -> Value {
    match value {
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(number) => Value::Number(number.into()),
        toml::Value::Boolean(flag) => Value::Bool(flag),
        toml::Value::Float(number) => {
            let finite = Number::from_f64(number);
            if finite.is_none() {
                strange.push(format!("`{number}` is no number that can be meant here"));
            }
            finite.map_or(Value::Null, Value::Number)
        }
        toml::Value::Datetime(date) => {
            strange.push(format!("a date, `{date}`, cannot stand here; text is put in quotes"));
            Value::Null
        }
        toml::Value::Array(items) => {
            Value::Array(items.into_iter().map(|item| converted(item, strange)).collect())
        }
        toml::Value::Table(table) => Value::Object(
            table.into_iter().map(|(key, value)| (key, converted(value, strange))).collect(),
        ),
    }
}

/// Reads any JSON in which no key stands twice.
struct Once;

impl<'de> DeserializeSeed<'de> for Once {
    type Value = Value;

    fn deserialize<D: de::Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Once {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Bool(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Number::from_f64(number).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut read = Vec::new();
        while let Some(item) = items.next_element_seed(Self)? {
            read.push(item);
        }
        Ok(Value::Array(read))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut read = Map::new();
        while let Some(key) = members.next_key::<String>()? {
            if read.contains_key(&key) {
                return Err(de::Error::custom(format!("`{}` stands twice", key.escape_debug())));
            }
            let value = members.next_value_seed(Self)?;
            read.insert(key, value);
        }
        Ok(Value::Object(read))
    }
}
