//! Policy files as texts, the pieces they are made of, and what is wrong with them where.
//!
//! Knows where a policy begins and ends, not what it says.

use std::fmt;

use serde::Serialize;
use thiserror::Error;

/// A policy file: its name, for messages and for replacing a shipped file, and its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// A path or a file name. Its last part decides what it replaces: `default.cedar`,
    /// `exceptions.cedar`.
    pub name: String,
    /// The file's text.
    pub text: String,
}

impl Source {
    /// Names a text.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into() }
    }

    /// The last part of the name.
    pub(crate) fn file_name(&self) -> &str {
        self.name.rsplit(['/', '\\']).next().unwrap_or(&self.name)
    }
}

/// One thing that is wrong, or odd, with a policy file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Problem {
    /// The file, as it was named.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The policy's `@id`, where it has one.
    pub policy: Option<String>,
    /// What is wrong.
    pub problem: String,
    /// What would mend it.
    pub remedy: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, column, policy, problem, remedy } = self;
        write!(f, "{file}:{line}:{column}: ")?;
        if let Some(policy) = policy {
            write!(f, "policy `{policy}`: ")?;
        }
        f.write_str(problem)?;
        remedy.as_ref().map_or(Ok(()), |remedy| write!(f, " ({remedy})"))
    }
}

/// Why a set of policies is refused: everything that is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("policies refused: {}", list(.problems))]
pub struct PolicyErrors {
    /// Every problem, by file and place.
    pub problems: Vec<Problem>,
}

fn list(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// One policy of a file: where it begins, in bytes, and its text up to its semicolon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Piece<'a> {
    pub(crate) start: usize,
    pub(crate) text: &'a str,
}

/// Cuts a file into its policies, so that a mistake in one does not hide the mistakes in the rest.
///
/// Cedar has line comments and double-quoted strings with backslash escapes; a semicolon outside of
/// both ends a policy and occurs nowhere else.
pub(crate) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut start = None;
    let mut within = Within::Policy;
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        within = match (within, character) {
            (Within::Comment, '\n') | (Within::Text, '"') => Within::Policy,
            (Within::Comment, _) => Within::Comment,
            (Within::Text, '\\') => Within::Escape,
            (Within::Text | Within::Escape, _) => Within::Text,
            (Within::Policy, '/') if characters.peek().is_some_and(|(_, next)| *next == '/') => {
                Within::Comment
            }
            (Within::Policy, '"') => {
                start.get_or_insert(at);
                Within::Text
            }
            (Within::Policy, ';') => {
                let begin = start.take().unwrap_or(at);
                pieces.extend(piece(text, begin, at.saturating_add(1)));
                Within::Policy
            }
            (Within::Policy, other) => {
                if !other.is_whitespace() {
                    start.get_or_insert(at);
                }
                Within::Policy
            }
        };
    }
    if let Some(begin) = start {
        pieces.extend(piece(text, begin, text.len()));
    }
    pieces
}

#[derive(Clone, Copy)]
enum Within {
    Policy,
    Comment,
    Text,
    Escape,
}

fn piece(text: &str, start: usize, end: usize) -> Option<Piece<'_>> {
    text.get(start..end).map(|text| Piece { start, text })
}

/// Line and column, both from 1, of a byte offset.
pub(crate) fn place(text: &str, offset: usize) -> (usize, usize) {
    let mut line: usize = 1;
    let mut column: usize = 1;
    for (_, character) in text.char_indices().take_while(|(at, _)| *at < offset) {
        if character == '\n' {
            line = line.saturating_add(1);
            column = 1;
        } else {
            column = column.saturating_add(1);
        }
    }
    (line, column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn semicolons_in_strings_and_comments_end_nothing() {
        let text = "// a; b\npermit(principal, action, resource)\n// c; \"d\nwhen { \"e;\\\";\" == \"//\" };\n forbid ;";
        let cut: Vec<&str> = pieces(text).into_iter().map(|piece| piece.text).collect();
        assert_eq!(cut.len(), 2, "{cut:?}");
        assert!(cut[0].starts_with("permit") && cut[0].ends_with("\"//\" };"));
        assert_eq!(cut[1], "forbid ;");
    }

    #[test]
    fn what_has_no_semicolon_is_a_piece_too() {
        assert_eq!(pieces("  permit(principal"), [Piece { start: 2, text: "permit(principal" }]);
        assert_eq!(pieces(";"), [Piece { start: 0, text: ";" }]);
        assert_eq!(pieces("  // nothing\n"), []);
    }

    #[test]
    fn places_count_characters_not_bytes() {
        assert_eq!(place("é\nüx", 0), (1, 1));
        assert_eq!(place("é\nüx", 5), (2, 2));
    }
}
