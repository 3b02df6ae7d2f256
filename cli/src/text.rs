//! Text for people: styles, wrapping, and the one door for text that others chose.
//!
//! Everything here writes with styles; the stream decides whether they reach the terminal.

use std::fmt::Write as _;

use alerting::encode;
use anstyle::{AnsiColor, Style};
use model::{Response, Severity, Status};
use serde_json::Value;

/// Widest text we write, however wide the terminal: longer lines are hard to read.
const WIDEST: usize = 110;
const NARROWEST: usize = 40;

/// Headings and names that the eye should find.
pub const BOLD: Style = Style::new().bold();
/// What is there to be looked up, not read.
pub const DIM: Style = Style::new().dimmed();
/// Added lines of a diff, and what is as it should be.
pub const GREEN: Style = AnsiColor::Green.on_default();
/// Removed lines of a diff.
pub const RED: Style = AnsiColor::Red.on_default();
/// What is not known.
pub const CYAN: Style = AnsiColor::Cyan.on_default();
/// What wants attention.
pub const YELLOW: Style = AnsiColor::Yellow.on_default();

/// The text in a style.
#[must_use]
pub fn paint(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// How a response looks.
#[must_use]
pub const fn response_style(response: Response) -> Style {
    match response {
        Response::Revert => AnsiColor::Red.on_default().bold(),
        Response::Tag | Response::Alert => AnsiColor::Yellow.on_default().bold(),
        Response::Ignore => DIM,
    }
}

/// How a status without decision looks.
#[must_use]
pub const fn status_style(status: Status) -> Style {
    match status {
        Status::Finding => AnsiColor::Yellow.on_default().bold(),
        Status::Clean => AnsiColor::Green.on_default().bold(),
        Status::Unclear => AnsiColor::Cyan.on_default().bold(),
        Status::Ignored => DIM,
        Status::Malformed => AnsiColor::Magenta.on_default().bold(),
    }
}

/// How a severity looks.
#[must_use]
pub const fn severity_style(severity: Severity) -> Style {
    match severity {
        Severity::Critical => AnsiColor::Red.on_default().bold(),
        Severity::High => AnsiColor::Red.on_default(),
        Severity::Medium => YELLOW,
        Severity::Low => DIM,
    }
}

/// How wide to write: the terminal's width within reason, or a fixed one elsewhere, so that files
/// and tests do not depend on a window.
#[must_use]
pub fn width() -> usize {
    let known =
        terminal_size::terminal_size_of(std::io::stdout()).map(|(width, _)| usize::from(width.0));
    known.unwrap_or(100).clamp(NARROWEST, WIDEST)
}

/// Text that somebody else chose, made harmless for a terminal: on one line, visible, without
/// secrets, and not too long.
#[must_use]
pub fn safe(text: &str) -> String {
    encode::plain(text)
}

/// A name that somebody else chose, in a line that holds more than it: set apart by backticks where
/// it could be taken for what stands beside it, and whole.
#[must_use]
pub fn named(text: &str) -> String {
    encode::word(text, encode::CAP)
}

/// Free text that somebody else chose, in a line that holds more than it.
#[must_use]
pub fn apart(text: &str) -> String {
    let written = safe(text);
    if written.contains([',', '`', '=']) { encode::quoted(text, encode::CAP) } else { written }
}

/// A JSON value in one line, made harmless. Strings stand without their quotes.
#[must_use]
pub fn safe_value(value: &Value) -> String {
    encode::value(value)
}

/// One line as it is, whatever its length, but for what would act on a terminal or not be seen: for
/// calls, documents and file names, of which every character counts.
#[must_use]
pub fn exact(line: &str) -> String {
    let mut written = String::with_capacity(line.len());
    for character in line.chars() {
        if character == ' ' || character.is_ascii_graphic() {
            written.push(character);
        } else {
            let mut buffer = [0; 4];
            written.push_str(&encode::plain(character.encode_utf8(&mut buffer)));
        }
    }
    written
}

/// Breaks text at spaces so that no line is longer than `width` characters, words that are longer
/// by themselves aside. Never empty.
#[must_use]
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut length = 0_usize;
    for word in text.split(' ') {
        let word_length = word.chars().count();
        let with_word = length.saturating_add(word_length).saturating_add(1);
        if !line.is_empty() && with_word > width {
            lines.push(std::mem::take(&mut line));
            length = 0;
        }
        if !line.is_empty() {
            line.push(' ');
            length = length.saturating_add(1);
        }
        line.push_str(word);
        length = length.saturating_add(word_length);
    }
    lines.push(line);
    lines
}

/// Writes labelled text: the label once, further lines under the first.
///
/// The label is padded to [`LABEL`] columns; an empty one continues the block above.
pub fn field(out: &mut String, label: &str, text: &str, style: Style, width: usize) {
    let room = width.saturating_sub(LABEL).max(NARROWEST / 2);
    for (index, line) in wrap(text, room).iter().enumerate() {
        let label = if index == 0 { label } else { "" };
        // Padding first: a style's escape would count as columns.
        let padded = format!("{label:>9}");
        line_of(out, &format!("{}  {}", paint(DIM, &padded), paint(style, line)));
    }
}

/// Columns before the text of a [`field`].
pub const LABEL: usize = 11;

/// Writes a line, without blanks at its end.
pub fn line_of(out: &mut String, line: &str) {
    out.push_str(line.trim_end());
    out.push('\n');
}

/// A table: the first column left, the others right, each as wide as its widest cell. Rows shorter
/// than the head are padded.
#[must_use]
pub fn table(head: &[&str], rows: &[Vec<Cell>]) -> String {
    let widths: Vec<usize> = head
        .iter()
        .enumerate()
        .map(|(column, title)| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells
                .map(|cell| cell.text.chars().count())
                .chain([title.chars().count()])
                .max()
                .unwrap_or(0)
        })
        .collect();
    let mut out = String::new();
    let titles: Vec<Cell> = head.iter().map(|title| Cell::new(*title, DIM)).collect();
    for row in std::iter::once(&titles).chain(rows) {
        let mut line = String::new();
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let Cell { text, style } = cell;
            let padded =
                if column == 0 { format!("{text:<width$}") } else { format!("  {text:>width$}") };
            // Writing to a string cannot fail.
            if write!(line, "{style}{padded}{style:#}").is_err() {
                return out;
            }
        }
        line_of(&mut out, &line);
    }
    out
}

/// A cell of a [`table`].
#[derive(Debug, Clone)]
pub struct Cell {
    text: String,
    style: Style,
}

impl Cell {
    /// A cell.
    pub fn new(text: impl Into<String>, style: Style) -> Self {
        Self { text: text.into(), style }
    }

    /// A number; nothing stands out less than a nought.
    #[must_use]
    pub fn count(number: u64, style: Style) -> Self {
        if number == 0 { Self::new("·", DIM) } else { Self::new(number.to_string(), style) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn breaks_at_spaces_and_never_inside_a_word() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("arn:aws:s3:::long b", 5), ["arn:aws:s3:::long", "b"]);
        assert_eq!(wrap("", 5), [""]);
    }

    #[test]
    fn an_exact_line_keeps_all_but_what_would_act_on_a_terminal() {
        let line = r#"  "URI": "http://acs.amazonaws.com/a\b<c>é"#;
        assert_eq!(exact(line), line);
        assert_eq!(exact("a\u{1b}[2J\u{202e}b\n"), r"a\u{1b}[2J\u{202e}b\u{a}");
    }

    #[test]
    fn further_lines_stand_under_the_first() {
        let mut out = String::new();
        field(&mut out, "why", "one two three four five six", Style::new(), 32);
        assert_eq!(plain(&out), "      why  one two three four\n           five six\n");
    }

    #[test]
    fn columns_line_up_and_noughts_are_dots() {
        let rows = vec![
            vec![Cell::new("a", BOLD), Cell::count(0, GREEN)],
            vec![Cell::new("bcd", BOLD), Cell::count(1234, GREEN)],
        ];
        let expected = "id      n\na       ·\nbcd  1234\n";
        assert_eq!(plain(&table(&["id", "n"], &rows)), expected);
    }
}
