//! Reading JSON with its traps named: duplicate keys, depth, size, and the place of every fault.
//!
//! IAM's grammar has no duplicate keys, but JSON parsers keep the last of them in silence, and a
//! condition that vanished that way has let strangers into a real project. They are read as other
//! parsers read them, and remembered.
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::DocumentError;

/// The most levels of nesting that are read.
pub const MAX_DEPTH: usize = 64;
/// The most bytes of text that are read.
pub const MAX_BYTES: usize = 256 * 1024;

/// A value, and where it repeats a key.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Read {
    pub(crate) value: Value,
    pub(crate) duplicates: Vec<String>,
}

/// Reads one JSON text.
pub(crate) fn read(text: &str) -> Result<Read, DocumentError> {
    if text.len() > MAX_BYTES {
        return Err(DocumentError::TooLarge { bytes: text.len() });
    }
    let mut state = State::default();
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Seed { state: &mut state }.deserialize(&mut deserializer);
    let ended = value.and_then(|value| deserializer.end().map(|()| value));
    match ended {
        Ok(value) => Ok(Read { value, duplicates: state.duplicates }),
        Err(error) if state.too_deep => {
            Err(DocumentError::TooDeep { path: state.path(), line: error.line() })
        }
        Err(error) => Err(DocumentError::Syntax {
            line: error.line(),
            column: error.column(),
            path: state.path(),
            source: error,
        }),
    }
}

/// Checks a value that somebody else has parsed; its duplicates are lost already.
pub(crate) fn check(value: &Value) -> Result<(), DocumentError> {
    let mut budget = MAX_BYTES;
    measure(value, 0, &mut budget)
}

fn measure(value: &Value, depth: usize, budget: &mut usize) -> Result<(), DocumentError> {
    if depth > MAX_DEPTH {
        return Err(DocumentError::TooDeep { path: "$".to_owned(), line: 0 });
    }
    let below = depth.saturating_add(1);
    let mut spend = |bytes: usize| {
        *budget = budget
            .checked_sub(bytes)
            .ok_or(DocumentError::TooLarge { bytes: MAX_BYTES.saturating_add(1) })?;
        Ok(())
    };
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => spend(1),
        Value::String(text) => spend(text.len().saturating_add(2)),
        Value::Array(items) => {
            spend(2)?;
            items.iter().try_for_each(|item| measure(item, below, budget))
        }
        Value::Object(members) => {
            spend(2)?;
            members.iter().try_for_each(|(key, member)| {
                *budget = budget
                    .checked_sub(key.len())
                    .ok_or(DocumentError::TooLarge { bytes: MAX_BYTES.saturating_add(1) })?;
                measure(member, below, budget)
            })
        }
    }
}

/// Where the reader is. A step is not taken back when reading fails, so that it names the place.
#[derive(Debug, Default)]
struct State {
    steps: Vec<Step>,
    duplicates: Vec<String>,
    too_deep: bool,
}

#[derive(Debug)]
enum Step {
    Key(String),
    Index(usize),
}

impl State {
    fn path(&self) -> String {
        let mut path = "$".to_owned();
        for step in &self.steps {
            match step {
                Step::Key(key) => {
                    path.push('.');
                    path.push_str(key);
                }
                Step::Index(index) => {
                    path.push('[');
                    path.push_str(&index.to_string());
                    path.push(']');
                }
            }
        }
        path
    }
}

struct Seed<'s> {
    state: &'s mut State,
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<Value, A::Error> {
        self.enter::<A::Error>()?;
        let mut items = Vec::new();
        loop {
            self.state.steps.push(Step::Index(items.len()));
            let item = seq.next_element_seed(Seed { state: self.state })?;
            self.state.steps.pop();
            match item {
                Some(item) => items.push(item),
                None => return Ok(Value::Array(items)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Value, A::Error> {
        self.enter::<A::Error>()?;
        let mut members = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            self.state.steps.push(Step::Key(key.clone()));
            if members.contains_key(&key) {
                let path = self.state.path();
                self.state.duplicates.push(path);
            }
            let member = map.next_value_seed(Seed { state: self.state })?;
            self.state.steps.pop();
            members.insert(key, member);
        }
        Ok(Value::Object(members))
    }
}

impl Seed<'_> {
    fn enter<E: serde::de::Error>(&mut self) -> Result<(), E> {
        if self.state.steps.len() < MAX_DEPTH {
            return Ok(());
        }
        self.state.too_deep = true;
        Err(E::custom("too deep"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_named_by_line_column_and_path() {
        let error = read("{\n \"Statement\": [ {\"Effect\": nope} ]\n}").unwrap_err();
        let DocumentError::Syntax { line, path, .. } = &error else { panic!("{error:?}") };
        assert_eq!((*line, path.as_str()), (2, "$.Statement[0].Effect"));
    }

    #[test]
    fn a_repeated_key_is_read_as_others_read_it_and_remembered() {
        let text = r#"{"Condition":{"StringLike":{"a:sub":"x","a:sub":"y"}},"Condition":{}}"#;
        let read = read(text).unwrap();
        assert_eq!(read.value, serde_json::json!({"Condition":{}}));
        assert_eq!(read.duplicates, ["$.Condition.StringLike.a:sub", "$.Condition"]);
    }

    #[test]
    fn bombs_end_quickly_with_an_error() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(matches!(read(&deep), Err(DocumentError::TooDeep { .. })));
        let objects = "{\"a\":".repeat(5000);
        assert!(matches!(read(&objects), Err(DocumentError::TooDeep { .. })));
        let large = format!("\"{}\"", "a".repeat(MAX_BYTES));
        assert!(matches!(read(&large), Err(DocumentError::TooLarge { .. })));
        assert!(read("1e400").is_err());
        assert!(read("\"\\ud800\"").is_err());
        assert!(read("{} trailing").is_err());
    }

    #[test]
    fn a_value_parsed_elsewhere_is_held_to_the_same_limits() {
        let mut deep = Value::Null;
        for _ in 0..100 {
            deep = Value::Array(vec![deep]);
        }
        assert!(matches!(check(&deep), Err(DocumentError::TooDeep { .. })));
        let large = Value::String("a".repeat(MAX_BYTES));
        assert!(matches!(check(&large), Err(DocumentError::TooLarge { .. })));
    }
}
