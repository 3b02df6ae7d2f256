//! Where in an input something stands: byte, line, column and JSON path, worked out only once
//! something is wrong.

use serde_json::value::RawValue;

use crate::{EventError, Place};

/// Steps and key lengths that a rendered path shows at most: both may be an attacker's.
const MAX_STEPS: usize = 32;
const MAX_KEY: usize = 64;

/// The position at which a window begins in its input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Base {
    /// Bytes before it.
    pub(crate) offset: u64,
    /// Its line, from 1.
    pub(crate) line: u64,
    /// Its byte within the line, from 1.
    pub(crate) column: u64,
}

impl Base {
    pub(crate) const START: Self = Self { offset: 0, line: 1, column: 1 };

    /// The position after a line of this many bytes, its line break included.
    pub(crate) fn after_line(self, bytes: usize) -> Self {
        Self {
            offset: self.offset.saturating_add(as_u64(bytes)),
            line: self.line.saturating_add(1),
            column: 1,
        }
    }

    /// The position after these further bytes.
    pub(crate) fn after(self, bytes: &[u8]) -> Self {
        let breaks: usize = bytes.iter().map(|byte| usize::from(*byte == b'\n')).sum();
        let tail = if breaks == 0 { None } else { bytes.rsplit(|byte| *byte == b'\n').next() };
        Self {
            offset: self.offset.saturating_add(as_u64(bytes.len())),
            line: self.line.saturating_add(as_u64(breaks)),
            column: match tail {
                Some(tail) => as_u64(tail.len()).saturating_add(1),
                None => self.column.saturating_add(as_u64(bytes.len())),
            },
        }
    }
}

/// A length as a position. No target has more than 64 bits.
pub(crate) fn as_u64(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[derive(Debug, Clone, Copy)]
enum Step<'a> {
    Key(&'a str),
    Index(u64),
}

/// A place on the way from the input to a text within it: a step, the way before it, and the window
/// in which positions count.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spot<'a> {
    parent: Option<&'a Spot<'a>>,
    step: Option<Step<'a>>,
    window: &'a [u8],
    base: Base,
}

impl<'a> Spot<'a> {
    /// The input itself.
    pub(crate) const fn whole(window: &'a [u8]) -> Self {
        Self::within(window, Base::START)
    }

    /// A part of the input that begins at `base`.
    pub(crate) const fn within(window: &'a [u8], base: Base) -> Self {
        Self { parent: None, step: None, window, base }
    }

    /// One step further, by key.
    pub(crate) const fn key<'b>(&'b self, key: &'b str) -> Spot<'b>
    where
        'a: 'b,
    {
        Spot { parent: Some(self), step: Some(Step::Key(key)), ..*self }
    }

    /// One step further, by index.
    pub(crate) const fn index<'b>(&'b self, index: u64) -> Spot<'b>
    where
        'a: 'b,
    {
        Spot { parent: Some(self), step: Some(Step::Index(index)), ..*self }
    }

    /// The same place, with positions counting in the text that was decoded from it.
    pub(crate) const fn inside<'b>(&'b self, text: &'b str) -> Spot<'b>
    where
        'a: 'b,
    {
        Spot { parent: Some(self), step: None, window: text.as_bytes(), base: Base::START }
    }

    /// The text of bytes within the window.
    pub(crate) fn utf8<'t>(&self, bytes: &'t [u8]) -> Result<&'t str, EventError> {
        std::str::from_utf8(bytes).map_err(|error| {
            let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let text = std::str::from_utf8(valid).unwrap_or_default();
            EventError::Encoding { place: self.place(bytes, valid.len(), &path_to(text)), error }
        })
    }

    /// The error for a text that serde could not read.
    pub(crate) fn syntax(&self, text: &str, error: serde_json::Error) -> EventError {
        let bytes = text.as_bytes();
        if error.is_eof() {
            return self.truncated(bytes);
        }
        let offset = offset_of(bytes, &error);
        let before = bytes.get(..offset).unwrap_or_default();
        let path = path_to(std::str::from_utf8(before).unwrap_or_default());
        EventError::Syntax { place: self.place(bytes, offset, &path), error }
    }

    /// The error for a text that ends too early.
    pub(crate) fn truncated(&self, bytes: &[u8]) -> EventError {
        let path = path_to(&String::from_utf8_lossy(bytes));
        EventError::Truncated { place: self.place(bytes, bytes.len(), &path) }
    }

    /// The error for a text that is JSON and no event.
    pub(crate) fn not_an_event(&self, text: &str, found: String) -> EventError {
        EventError::NotAnEvent { place: self.place(text.as_bytes(), 0, ""), found }
    }

    /// The error for a member of the wrong form.
    pub(crate) fn member(
        &self,
        raw: &RawValue,
        key: &str,
        expected: &'static str,
        found: &str,
    ) -> EventError {
        let place = self.place(raw.get().as_bytes(), 0, key);
        EventError::Member { place, expected, found: found.to_owned() }
    }

    /// The error for a member that an object lacks.
    pub(crate) fn missing_member(
        &self,
        object: &str,
        key: &str,
        expected: &'static str,
    ) -> EventError {
        let place = self.place(object.as_bytes(), 0, key);
        EventError::Member { place, expected, found: "nothing".to_owned() }
    }

    /// The place `offset` bytes into `part`, with the rest of its path.
    pub(crate) fn place(&self, part: &[u8], offset: usize, rest: &str) -> Place {
        let start = part.as_ptr().addr().checked_sub(self.window.as_ptr().addr());
        let start = start.filter(|start| *start <= self.window.len()).unwrap_or(0);
        let end = start.saturating_add(offset).min(self.window.len());
        let at = self.base.after(self.window.get(..end).unwrap_or_default());
        let mut path = self.path();
        join(&mut path, rest);
        Place { path, offset: at.offset, line: at.line, column: at.column }
    }

    /// The way here, as a JSON path.
    pub(crate) fn path(&self) -> String {
        let mut steps = Vec::new();
        let mut spot = Some(self);
        while let Some(here) = spot {
            steps.extend(here.step);
            spot = here.parent;
        }
        let mut path = String::new();
        for step in steps.into_iter().rev() {
            match step {
                Step::Key(key) => push_key(&mut path, key),
                Step::Index(index) => push_index(&mut path, index),
            }
        }
        path
    }
}

fn join(path: &mut String, rest: &str) {
    if !path.is_empty() && !rest.is_empty() && !rest.starts_with('[') {
        path.push('.');
    }
    path.push_str(rest);
}

fn push_key(path: &mut String, key: &str) {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if !key.is_empty() && key.len() <= MAX_KEY && key.bytes().all(plain) {
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(key);
    } else {
        let cut: String = key.chars().take(MAX_KEY).collect();
        path.extend(["[", &format!("{cut:?}"), "]"]);
    }
}

fn push_index(path: &mut String, index: u64) {
    path.extend(["[", &index.to_string(), "]"]);
}

/// The byte at which serde stopped. It counts lines from 1 and, within the line, the bytes that it
/// has taken.
fn offset_of(bytes: &[u8], error: &serde_json::Error) -> usize {
    let mut start = 0_usize;
    for _ in 1..error.line() {
        let rest = bytes.get(start..).unwrap_or_default();
        match rest.iter().position(|byte| *byte == b'\n') {
            Some(end) => start = start.saturating_add(end).saturating_add(1),
            None => break,
        }
    }
    start.saturating_add(error.column().saturating_sub(1)).min(bytes.len())
}

enum Frame {
    Object { key: Option<String>, key_next: bool },
    Array { index: u64 },
}

/// The JSON path of the place where a text stops. Lenient: it is only asked about broken texts.
pub(crate) fn path_to(text: &str) -> String {
    let mut frames: Vec<Frame> = Vec::new();
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        rest = rest.get(character.len_utf8()..).unwrap_or_default();
        match character {
            '{' => frames.push(Frame::Object { key: None, key_next: true }),
            '[' => frames.push(Frame::Array { index: 0 }),
            '}' | ']' => {
                frames.pop();
            }
            ',' => match frames.last_mut() {
                Some(Frame::Object { key, key_next }) => {
                    *key = None;
                    *key_next = true;
                }
                Some(Frame::Array { index }) => *index = index.saturating_add(1),
                None => {}
            },
            '"' => {
                let (string, after) = string_end(rest);
                rest = after;
                if let Some(Frame::Object { key, key_next }) = frames.last_mut()
                    && *key_next
                {
                    *key = Some(string.to_owned());
                    *key_next = false;
                }
            }
            _ => {}
        }
    }
    let mut path = String::new();
    for frame in frames.iter().take(MAX_STEPS) {
        match frame {
            Frame::Object { key: Some(key), .. } => push_key(&mut path, key),
            Frame::Object { key: None, .. } => {}
            Frame::Array { index } => push_index(&mut path, *index),
        }
    }
    if frames.len() > MAX_STEPS {
        path.push('…');
    }
    path
}

/// Splits after the string that has just begun.
fn string_end(text: &str) -> (&str, &str) {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => {
                let after = text.get(at.saturating_add(1)..).unwrap_or_default();
                return (text.get(..at).unwrap_or_default(), after);
            }
            _ => {}
        }
    }
    (text, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_member_in_which_a_text_stops() {
        let cases = [
            ("", ""),
            ("{", ""),
            (r#"{"a": {"b"#, "a.b"),
            (r#"{"a": {"b": [1, 2, "x"#, "a.b[2]"),
            (r#"{"Records":[{},{},{},{"eventTime":"20"#, "Records[3].eventTime"),
            (r#"{"a":1,"b":2"#, "b"),
            (r#"{"a":1,"b":{}"#, "b"),
            (r#"{"x y":{"a\"b":"#, r#"["x y"]["a\\\"b"]"#),
            ("[[1,[2,", "[0][1][1]"),
        ];
        for (text, path) in cases {
            assert_eq!(path_to(text), path, "{text}");
        }
    }

    #[test]
    fn counts_bytes_lines_and_columns_from_the_inputs_beginning() {
        let base = Base::START.after(b"ab\ncd\n\xc3\xa4");
        assert_eq!(base, Base { offset: 8, line: 3, column: 3 });
        assert_eq!(base.after(b""), base);
    }

    #[test]
    fn a_part_of_the_window_is_placed_in_the_input() {
        let window = b"{\n \"a\": 1}";
        let base = Base { offset: 100, line: 7, column: 1 };
        let spot = Spot::within(window, base);
        let part = window.get(3..).unwrap();
        let records = spot.key("Records");
        let element = records.index(2);
        assert_eq!(element.path(), "Records[2]");
        let place = element.place(part, 1, "a");
        assert_eq!(place, Place { path: "Records[2].a".into(), offset: 104, line: 8, column: 3 });
        assert_eq!(place.to_string(), "`Records[2].a`, line 8 column 3 (byte 104)");
    }

    #[test]
    fn an_endless_path_is_cut() {
        let deep = "[".repeat(100_000);
        assert!(path_to(&deep).len() < 200);
        let long = format!("{{\"{}\":", "k".repeat(100_000));
        assert!(path_to(&long).len() < 200);
    }
}
