//! A document: the JSON as it was written, and what it says.

use std::fmt;

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use crate::{
    DocumentError, MAX_STATEMENTS,
    glob::Syntax,
    json,
    statement::{Effect, Statement},
};

/// The policy language's version.
///
/// Absent means the old one, in which `${…}` is text.
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html>.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// `2008-10-17`, or none given.
    Old,
    /// `2012-10-17`, or something unknown.
    Variables,
}

/// Something that a document holds where the grammar has something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The index of the statement, from 0; `None`: the document as a whole.
    pub statement: Option<usize>,
    /// What is odd, one sentence, lower-case, no full stop.
    pub what: String,
    /// Whether it leaves open whom the document lets in.
    pub unclear: bool,
}

/// A document: the JSON as it was written, and what it says.
///
/// Reading never refuses what is merely odd; [`Document::problems`] names it. Printing gives back
/// the members in their order and spelling, unknown ones included.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    value: Value,
    version: Version,
    statements: Vec<Statement>,
    problems: Vec<Problem>,
    repeats: bool,
}

impl Document {
    /// Reads a document's text: JSON, JSON within a JSON string, or either percent-encoded as IAM's
    /// responses are.
    ///
    /// # Errors
    /// [`DocumentError`] with line, column and path for what is no JSON object, and for what is
    /// larger or deeper than anything legal.
    pub fn parse(text: &str) -> Result<Self, DocumentError> {
        let trimmed = text.trim_start_matches('\u{feff}').trim();
        if let Some(decoded) = percent_decoded(trimmed) {
            return Self::parse_plain(&decoded);
        }
        Self::parse_plain(trimmed)
    }

    fn parse_plain(text: &str) -> Result<Self, DocumentError> {
        let read = json::read(text)?;
        match &read.value {
            Value::String(inner) => {
                let inner = inner.trim();
                if inner.starts_with('"') {
                    return Err(DocumentError::NoObject { found: "a string" });
                }
                Self::parse(inner)
            }
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Array(_)
            | Value::Object(_) => Self::from_read(read),
        }
    }

    /// Reads a document that is JSON already. Repeated keys are lost by then: prefer
    /// [`Document::parse`] where the text is at hand.
    ///
    /// # Errors
    /// As [`Document::parse`].
    pub fn from_value(value: &Value) -> Result<Self, DocumentError> {
        if let Value::String(text) = value {
            return Self::parse(text);
        }
        json::check(value)?;
        Self::from_read(json::Read { value: value.clone(), duplicates: Vec::new() })
    }

    fn from_read(read: json::Read) -> Result<Self, DocumentError> {
        let json::Read { value, duplicates } = read;
        let found = match &value {
            Value::Object(members) => return Self::from_members(members.clone(), duplicates),
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::Array(_) => "an array",
        };
        Err(DocumentError::NoObject { found })
    }

    fn from_members(
        members: Map<String, Value>,
        duplicates: Vec<String>,
    ) -> Result<Self, DocumentError> {
        let repeats = !duplicates.is_empty();
        let mut problems: Vec<Problem> = duplicates
            .into_iter()
            .map(|path| Problem {
                statement: None,
                what: format!("`{path}` is given more than once, and only the last one is read"),
                unclear: true,
            })
            .collect();
        let version = read_version(&members, &mut problems);
        let written = element(&members, "Statement", None, &mut problems);
        let items: Vec<&Value> = match written {
            None => {
                problems.push(Problem {
                    statement: None,
                    what: "the document has no `Statement`".to_owned(),
                    unclear: true,
                });
                Vec::new()
            }
            Some(Value::Array(items)) => items.iter().collect(),
            Some(single) => vec![single],
        };
        if items.len() > MAX_STATEMENTS {
            return Err(DocumentError::TooManyStatements { count: items.len() });
        }
        let statements = items
            .into_iter()
            .enumerate()
            .filter_map(|(index, item)| match item {
                Value::Object(statement) => Some(Statement::read(index, statement, &mut problems)),
                Value::Null
                | Value::Bool(_)
                | Value::Number(_)
                | Value::String(_)
                | Value::Array(_) => {
                    problems.push(Problem {
                        statement: Some(index),
                        what: "the statement is not an object".to_owned(),
                        unclear: true,
                    });
                    None
                }
            })
            .collect();
        Ok(Self { value: Value::Object(members), version, statements, problems, repeats })
    }

    /// The JSON as it was written.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// The JSON, given away.
    #[must_use]
    pub fn into_value(self) -> Value {
        self.value
    }

    /// The policy language's version.
    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    /// The statements that are objects, in their order.
    #[must_use]
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// What is odd about it.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Whether a key is given more than once, so that printing would lose what was written.
    #[must_use]
    pub fn repeats_a_key(&self) -> bool {
        self.repeats
    }

    /// The statements that allow something.
    pub(crate) fn allows(&self) -> impl Iterator<Item = &Statement> {
        self.statements.iter().filter(|statement| statement.effect == Some(Effect::Allow))
    }

    /// The statements that deny something.
    pub(crate) fn denies(&self) -> impl Iterator<Item = &Statement> {
        self.statements.iter().filter(|statement| statement.effect == Some(Effect::Deny))
    }

    /// How resources and actions are read: wildcards always, variables by version.
    pub(crate) fn glob_syntax(&self) -> Syntax {
        Syntax { wildcards: true, variables: self.version == Version::Variables }
    }
}

impl fmt::Display for Document {
    /// Prints compact JSON: the members in their order and spelling.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.value, f)
    }
}

/// What a text says that is percent-encoded from its first character on, as JSON is nowhere: its
/// brace or quote, or white space before it.
fn percent_decoded(text: &str) -> Option<String> {
    if !text.starts_with('%') {
        return None;
    }
    let decoded = percent_decode_str(text).decode_utf8_lossy();
    let trimmed = decoded.trim_start_matches('\u{feff}').trim();
    trimmed.starts_with(['{', '"']).then(|| trimmed.to_owned())
}

fn read_version(members: &Map<String, Value>, problems: &mut Vec<Problem>) -> Version {
    match element(members, "Version", None, problems) {
        Some(Value::String(version)) if version == "2012-10-17" => Version::Variables,
        None => Version::Old,
        Some(Value::String(version)) if version == "2008-10-17" => Version::Old,
        Some(other) => {
            problems.push(Problem {
                statement: None,
                what: format!("`Version` is {other}, which is no version of the language"),
                unclear: false,
            });
            // A variable is open where text is fixed, so this is the fail-safe reading.
            Version::Variables
        }
    }
}

/// Finds an element by name. Names are case-sensitive to AWS, so one in other case is odd, but it is
/// read: passing over it would pass over what it says.
pub(crate) fn element<'m>(
    members: &'m Map<String, Value>,
    name: &str,
    statement: Option<usize>,
    problems: &mut Vec<Problem>,
) -> Option<&'m Value> {
    if let Some(value) = members.get(name) {
        return Some(value);
    }
    let (written, value) = members.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?;
    problems.push(Problem {
        statement,
        what: format!("`{written}` is not how `{name}` is spelled"),
        unclear: true,
    });
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printing_keeps_order_spelling_and_unknown_members() {
        let text = r#"{"Statement":{"Effect":"Allow","Note":"x","Action":"S3:getobject","Resource":["*"]},"Id":"z","Version":"2012-10-17"}"#;
        assert_eq!(Document::parse(text).unwrap().to_string(), text);
    }

    #[test]
    fn encoded_and_quoted_texts_are_the_same_document() {
        let plain = Document::parse(r#"{"Version":"2012-10-17","Statement":[]}"#).unwrap();
        let encoded =
            Document::parse("%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%5D%7D");
        for before in ["%0A%20", "%09", "\n%0d%0a", "%EF%BB%BF"] {
            let text =
                format!("{before}%7B%22Version%22:%222012-10-17%22,%22Statement%22:[]%7D%0A");
            assert_eq!(Document::parse(&text).unwrap(), plain, "{text}");
        }
        let quoted =
            "%22%7B%5C%22Version%5C%22:%5C%222012-10-17%5C%22,%5C%22Statement%5C%22:[]%7D%22";
        assert_eq!(Document::parse(quoted).unwrap(), plain);
        assert!(Document::parse("%5B%5D").is_err() && Document::parse("%").is_err());
        let quoted = Document::parse(r#""{\"Version\":\"2012-10-17\",\"Statement\":[]}""#);
        assert_eq!(encoded.unwrap(), plain);
        assert_eq!(quoted.unwrap(), plain);
    }

    #[test]
    fn what_is_no_object_is_an_error_that_says_what_it_is() {
        for (text, found) in [("[]", "an array"), ("7", "a number"), ("null", "null")] {
            let error = Document::parse(text).unwrap_err().to_string();
            assert!(error.contains(found), "{error}");
        }
        assert!(Document::parse("").is_err());
    }

    #[test]
    fn too_many_statements_are_refused() {
        let text = format!("{{\"Statement\":[{}]}}", vec!["{}"; 1001].join(","));
        let error = Document::parse(&text).unwrap_err();
        assert!(matches!(error, DocumentError::TooManyStatements { count: 1001 }));
    }

    #[test]
    fn oddities_are_problems_and_not_errors() {
        let text = r#"{"statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"},7],"Version":"2013"}"#;
        let document = Document::parse(text).unwrap();
        assert_eq!(document.statements().len(), 1);
        assert_eq!(document.problems().len(), 3, "{:?}", document.problems());
        assert_eq!(document.version(), Version::Variables);
    }
}
