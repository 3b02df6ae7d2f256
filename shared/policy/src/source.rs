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

/// Whether an entry of a folder of policies is to be read; `false`: it is known to be no policy.
///
/// Whoever reads a folder asks this of every entry in it. What neither is read nor known is refused,
/// because a policy that is silently left out is a forbid that does not forbid.
///
/// # Errors
/// Why the entry cannot stay there, and what would mend it, without its name.
pub fn belongs(name: &str, is_folder: bool) -> Result<bool, String> {
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    let nearly = extension.is_some_and(|extension| extension.eq_ignore_ascii_case("cedar"));
    if is_folder {
        return if name == "tests" || name.starts_with('.') {
            Ok(false)
        } else {
            Err("is a folder, which is not looked into: move its files up".to_owned())
        };
    }
    match extension {
        _ if name.starts_with('.') && nearly => {
            Err("is hidden: rename it, or take it away".to_owned())
        }
        _ if name.starts_with('.') => Ok(false),
        Some("cedar") => Ok(true),
        Some("md") => Ok(false),
        _ if name == "schema.cedarschema" => Ok(true),
        _ if nearly => Err("does not end in `.cedar` as it is written: rename it".to_owned()),
        _ => Err("is no policy (`*.cedar`) and no page (`*.md`): take it away".to_owned()),
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
/// A semicolon ends a policy and occurs nowhere else outside of strings and comments.
pub(crate) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut start = None;
    for (at, token) in tokens(text) {
        match token {
            Token::Comment => {}
            Token::End => {
                let begin = start.take().unwrap_or(at);
                pieces.extend(piece(text, begin, at.saturating_add(1)));
            }
            Token::Text | Token::Open | Token::Close | Token::Operator | Token::Other => {
                start.get_or_insert(at);
            }
        }
    }
    if let Some(begin) = start {
        pieces.extend(piece(text, begin, text.len()));
    }
    pieces
}

/// What a text is made of, as far as it matters here. White space is nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token {
    /// A string in double quotes, with backslash escapes.
    Text,
    /// From `//` to the end of the line.
    Comment,
    /// `;`
    End,
    /// `(`, `[` or `{`
    Open,
    /// `)`, `]` or `}`
    Close,
    /// Whatever makes an expression deeper, be it a sign or a word.
    Operator,
    /// Any other word or sign.
    Other,
}

/// The tokens of a text, each with its first byte, as Cedar's lexer cuts them: a comment ends at a
/// line feed or a carriage return, and at nothing else.
pub(crate) fn tokens(text: &str) -> impl Iterator<Item = (usize, Token)> {
    let mut characters = text.char_indices().peekable();
    std::iter::from_fn(move || {
        let (at, first) = characters.find(|(_, character)| !character.is_whitespace())?;
        let mut then = |wanted: char| characters.next_if(|(_, next)| *next == wanted).is_some();
        let token = match first {
            '"' => {
                while let Some((_, character)) = characters.next() {
                    match character {
                        '"' => break,
                        '\\' => drop(characters.next()),
                        _ => {}
                    }
                }
                Token::Text
            }
            '/' if then('/') => {
                while characters.next_if(|(_, next)| !matches!(next, '\n' | '\r')).is_some() {}
                Token::Comment
            }
            ';' => Token::End,
            '(' | '[' | '{' => Token::Open,
            ')' | ']' | '}' => Token::Close,
            '|' | '&' => {
                then(first);
                Token::Operator
            }
            '!' | '=' | '<' | '>' => {
                then('=');
                Token::Operator
            }
            '+' | '-' | '*' | '/' | '%' | '.' => Token::Operator,
            letter if is_word(letter) => {
                let mut word = String::from(letter);
                while let Some((_, more)) = characters.next_if(|(_, next)| is_word(*next)) {
                    word.push(more);
                }
                match word.as_str() {
                    "if" | "when" | "unless" | "has" | "like" | "is" | "in" => Token::Operator,
                    _ => Token::Other,
                }
            }
            _ => Token::Other,
        };
        Some((at, token))
    })
}

const fn is_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

fn piece(text: &str, start: usize, end: usize) -> Option<Piece<'_>> {
    text.get(start..end).map(|text| Piece { start, text })
}

/// The lines and columns of a text, found without reading it from the beginning each time.
#[derive(Debug)]
pub(crate) struct Places<'a> {
    text: &'a [u8],
    /// Where each line begins.
    lines: Vec<usize>,
    /// How many characters begin before each block of [`BLOCK`] bytes.
    before: Vec<usize>,
}

const BLOCK: usize = 128;

impl<'a> Places<'a> {
    pub(crate) fn of(text: &'a str) -> Self {
        let text = text.as_bytes();
        let feeds = text.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
        let lines = std::iter::once(0).chain(feeds.map(|(at, _)| at.saturating_add(1))).collect();
        let mut before = vec![0];
        let mut count: usize = 0;
        for block in text.chunks(BLOCK) {
            count = count.saturating_add(characters(block));
            before.push(count);
        }
        Self { text, lines, before }
    }

    /// Line and column, both from 1, of a byte offset. Columns count characters.
    pub(crate) fn place(&self, offset: usize) -> (usize, usize) {
        let line = self.lines.partition_point(|begin| *begin <= offset);
        let begin = line.checked_sub(1).and_then(|index| self.lines.get(index));
        let begin = begin.copied().unwrap_or_default();
        let column = self.characters_before(offset).saturating_sub(self.characters_before(begin));
        (line, column.saturating_add(1))
    }

    fn characters_before(&self, offset: usize) -> usize {
        let offset = offset.min(self.text.len());
        let block = offset.checked_div(BLOCK).unwrap_or_default();
        let counted = block.saturating_mul(BLOCK);
        let rest = self.text.get(counted..offset).map_or(0, characters);
        self.before.get(block).copied().unwrap_or_default().saturating_add(rest)
    }
}

/// How many characters begin in these bytes of a text.
fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0b1100_0000 != 0b1000_0000).count()
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, sample::select};

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
    fn an_entry_of_a_folder_is_read_or_known_or_refused() {
        for (name, is_folder, expected) in [
            ("mine.cedar", false, Some(true)),
            ("safety.cedar", false, Some(true)),
            ("schema.cedarschema", false, Some(true)),
            ("README.md", false, Some(false)),
            ("tests", true, Some(false)),
            (".git", true, Some(false)),
            (".gitkeep", false, Some(false)),
            ("forbids.CEDAR", false, None),
            (".forbids.cedar", false, None),
            ("forbids.cedar.bak", false, None),
            ("forbids.cedar~", false, None),
            ("forbids", false, None),
            ("Schema.cedarschema", false, None),
            ("tests", false, None),
            ("more", true, None),
            ("mine.cedar", true, None),
        ] {
            assert_eq!(belongs(name, is_folder).ok(), expected, "{name}");
        }
    }

    #[test]
    fn a_comment_ends_where_it_ends_for_cedar() {
        for (between, count) in [
            ("\n", 1),
            ("\r", 1),
            ("\r\n", 1),
            ("\n\r", 1),
            ("\u{2028}", 0),
            ("\u{85}", 0),
            ("\u{b}", 0),
            ("\u{c}", 0),
        ] {
            let text = format!("// c{between}permit (principal, action, resource);");
            assert_eq!(pieces(&text).len(), count, "{between:?}");
            assert_eq!(text.parse::<cedar_policy::PolicySet>().unwrap().policies().count(), count);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn the_pieces_are_the_policies_that_cedar_sees(
            parts in prop::collection::vec(select(vec![
                "permit (principal, action, resource);",
                "@id(\"a\") forbid (principal, action, resource) when { \"x\" == \"",
                "\" };",
                "// ", "/", "\"", "\\", "\\\"", ";", "\n", "\r", "\u{2028}", "\u{85}", "\u{b}", " ", "é", "a", "_0",
            ]), 0..14),
        ) {
            let text = parts.concat();
            // What Cedar does not read as a whole is refused, by a piece of it or as a whole.
            if let Ok(set) = text.parse::<cedar_policy::PolicySet>() {
                prop_assert_eq!(pieces(&text).len(), set.policies().count(), "{:?}", text);
            }
        }

        #[test]
        fn a_place_is_found_as_by_counting(text in "[aé€\r\n😀]{0,400}", offset in 0..1700_usize) {
            let offset = text.char_indices().map(|(at, _)| at).chain([text.len()]).rfind(|at| *at <= offset).unwrap();
            let (before, _) = text.split_at(offset);
            let line = before.split('\n').count();
            let column = before.rsplit('\n').next().unwrap().chars().count().saturating_add(1);
            prop_assert_eq!(Places::of(&text).place(offset), (line, column));
        }
    }

    #[test]
    fn places_count_characters_not_bytes() {
        assert_eq!(Places::of("é\nüx").place(0), (1, 1));
        assert_eq!(Places::of("é\nüx").place(5), (2, 2));
    }
}
