//! JSON lines in, one line each out. A line that cannot be read is answered like any other.

use std::io::{BufRead, Write};

use iam_document::{Context, Exposure, Kind, Verdict, inspect};
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};

use crate::exit::{Exit, Failure};

/// A line. Keys beside these are the sender's own.
#[derive(Deserialize)]
struct Row<'a> {
    #[serde(default)]
    id: Value,
    #[serde(default)]
    kind: Value,
    /// Kept as written, so that duplicate keys in it are seen.
    #[serde(borrow, default)]
    document: Option<&'a RawValue>,
    #[serde(default)]
    context: Value,
}

#[derive(Serialize)]
struct Answer<'a> {
    id: &'a Value,
    #[serde(flatten)]
    verdict: &'a Verdict,
}

/// What every line shares.
pub(super) struct Batch<'a> {
    /// The input, for messages.
    pub(super) name: &'a str,
    /// The kind of lines that tell none.
    pub(super) kind: Option<Kind>,
    /// What the keys of a line's context are laid over.
    pub(super) context: Context,
}

impl Batch<'_> {
    /// Answers every line.
    pub(super) fn run(
        &self,
        mut input: impl BufRead,
        out: &mut dyn Write,
    ) -> Result<Exit, Failure> {
        let mut line = Vec::new();
        let mut number = 0_u64;
        loop {
            line.clear();
            let read = input
                .read_until(b'\n', &mut line)
                .map_err(|source| Failure::Input { name: self.name.to_owned(), source })?;
            if read == 0 {
                return Ok(Exit::Success);
            }
            number = number.saturating_add(1);
            let text = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&line).trim_ascii();
            if text.is_empty() {
                continue;
            }
            let (id, verdict) = self.answer(text, number);
            serde_json::to_writer(&mut *out, &Answer { id: &id, verdict: &verdict })
                .map_err(std::io::Error::from)?;
            out.write_all(b"\n")?;
        }
    }

    fn answer(&self, line: &[u8], number: u64) -> (Value, Verdict) {
        let refused = |problem: String| refused(format!("{}:{number}: {problem}", self.name));
        let row: Row<'_> = match serde_json::from_slice(line) {
            Ok(row) => row,
            Err(error) => {
                let (text, column) = (error.to_string(), error.column());
                let what = text.split(" at line ").next().unwrap_or(&text);
                return (Value::Null, refused(format!("column {column}: {what}")));
            }
        };
        let verdict = self.judged(&row).unwrap_or_else(refused);
        (row.id, verdict)
    }

    fn judged(&self, row: &Row<'_>) -> Result<Verdict, String> {
        let kind = match (&row.kind, self.kind) {
            (Value::String(kind), _) => kind.parse().map_err(|error| format!("{error}"))?,
            (Value::Null, Some(kind)) => kind,
            _ => return Err("`kind` is missing or no text".to_owned()),
        };
        let document = row.document.ok_or("`document` is missing")?.get();
        let context =
            self.context.clone().with_json(&row.context).map_err(|error| chain(&error))?;
        // A document may itself be a text that holds JSON, as most APIs hand it out.
        match serde_json::from_str::<String>(document) {
            Ok(inner) => Ok(inspect(kind, &inner, &context)),
            Err(_) => Ok(inspect(kind, document, &context)),
        }
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {}", chain(cause)),
        None => error.to_string(),
    }
}

/// Nothing can be said of a line that was not understood.
fn refused(error: String) -> Verdict {
    Verdict { exposure: Exposure::Unclear, error: Some(error), ..Verdict::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(lines: &str) -> Vec<Value> {
        let mut out = Vec::new();
        let batch = Batch { name: "rows", kind: None, context: Context::default() };
        batch.run(lines.as_bytes(), &mut out).unwrap();
        String::from_utf8(out)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    #[test]
    fn every_line_is_answered_with_its_id_and_exactly_the_promised_keys() {
        let lines = concat!(
            r#"{"id":"a","kind":"trust-policy","document":{"Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}]},"context":{"account_id":"111122223333"},"note":1}"#,
            "\n\n",
            r#"{"id":7,"kind":"trust-policy","document":"{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"sts:AssumeRole\"}]}"}"#,
        );
        let answers = answers(lines);
        let ids: Vec<_> = answers.iter().map(|answer| answer["id"].clone()).collect();
        assert_eq!(ids, [Value::from("a"), Value::from(7)]);
        for answer in &answers {
            let keys: Vec<&str> = answer.as_object().unwrap().keys().map(String::as_str).collect();
            assert_eq!(
                keys,
                [
                    "id",
                    "public",
                    "effective_public",
                    "mitigated_by_deny",
                    "cross_account",
                    "exposure",
                    "findings",
                    "tls",
                    "kms",
                    "error"
                ]
            );
            assert_eq!(answer["findings"], serde_json::json!(["wildcard-principal"]));
            assert_eq!(answer["error"], Value::Null);
        }
    }

    #[test]
    fn a_line_that_is_not_understood_says_which_and_why_and_the_rest_goes_on() {
        let rows = [
            r#"{"id":"a","#,
            r#"{"id":"b","kind":"bucket","document":{}}"#,
            r#"{"id":"c","kind":"acl"}"#,
            r#"{"id":"d","kind":"bucket-policy","document":{},"context":{"account_id":"12"}}"#,
            r#"{"id":"e","kind":"bucket-policy","document":{"Statement":[]},"context":{}}"#,
        ];
        let answers = answers(&rows.join("\n"));
        let errors: Vec<String> = answers
            .iter()
            .map(|answer| answer["error"].as_str().unwrap_or("").to_owned())
            .collect();
        for (error, (place, part)) in errors.iter().zip([
            ("rows:1: ", "column"),
            ("rows:2: ", "`bucket` is no kind"),
            ("rows:3: ", "`document` is missing"),
            ("rows:4: ", "twelve digits"),
        ]) {
            assert!(error.starts_with(place) && error.contains(part), "{error}");
        }
        assert_eq!(errors.last().map(String::as_str), Some(""));
        assert_eq!(answers[1]["id"], "b");
        assert_eq!(answers[0]["exposure"], "unclear");
    }
}
