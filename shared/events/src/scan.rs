//! Finds where a JSON value ends without reading it, over a text that may grow while it looks.
//!
//! Brackets, strings and the commas and colons between them are checked, since they tell a value
//! that goes on from one that was cut off before the next began. What stands between them is serde's
//! to judge.

/// What a scan found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scan {
    /// The value ends before this byte.
    Complete(usize),
    /// The text ends first.
    Incomplete,
    /// This byte cannot stand where it does.
    Broken(usize),
}

/// A scan that can be resumed.
#[derive(Debug, Clone)]
pub(crate) struct Scanner {
    at: usize,
    open: Vec<u8>,
    in_string: bool,
    escaped: bool,
    /// The last byte outside strings and whitespace; `"` for a string, 0 at the beginning.
    previous: u8,
}

impl Scanner {
    /// Scans the value that begins at `start`, or after whitespace there.
    pub(crate) const fn new(start: usize) -> Self {
        Self { at: start, open: Vec::new(), in_string: false, escaped: false, previous: 0 }
    }

    /// Scans the rest of an object, of which a member's value ends at `start`.
    pub(crate) fn rest_of_object(start: usize) -> Self {
        Self { open: vec![b'{'], previous: b']', ..Self::new(start) }
    }

    /// Goes on where the last scan ended.
    pub(crate) fn run(&mut self, bytes: &[u8]) -> Scan {
        while let Some(byte) = bytes.get(self.at).copied() {
            if self.in_string {
                match self.string(bytes) {
                    Some(Scan::Complete(_)) | None => {}
                    Some(ended) => return ended,
                }
                if self.open.is_empty() {
                    return Scan::Complete(self.at);
                }
                continue;
            }
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' => {
                    if self.open.is_empty() && self.previous != 0 {
                        return Scan::Complete(self.at);
                    }
                }
                b'"' if self.string_may_begin() => {
                    self.in_string = true;
                    self.previous = b'"';
                }
                b'{' | b'[' if self.container_may_begin() => {
                    self.open.push(byte);
                    self.previous = byte;
                }
                b'}' | b']' => {
                    let opener = if byte == b'}' { b'{' } else { b'[' };
                    if self.open.is_empty() && self.previous != 0 {
                        return Scan::Complete(self.at);
                    }
                    if self.open.pop() != Some(opener) || matches!(self.previous, b',' | b':') {
                        return Scan::Broken(self.at);
                    }
                    self.previous = byte;
                    if self.open.is_empty() {
                        return Scan::Complete(self.at.saturating_add(1));
                    }
                }
                b',' if self.open.is_empty() && self.previous != 0 => {
                    return Scan::Complete(self.at);
                }
                b',' if !matches!(self.previous, b'{' | b'[' | b',' | b':' | 0) => {
                    self.previous = byte;
                }
                b':' if self.open.last() == Some(&b'{') && self.previous == b'"' => {
                    self.previous = byte;
                }
                b'"' | b'{' | b'[' | b',' | b':' => return Scan::Broken(self.at),
                _ if matches!(self.previous, b'"' | b'}' | b']') => return Scan::Broken(self.at),
                // A piece of a number or of a word.
                _ => self.previous = b'0',
            }
            self.at = self.at.saturating_add(1);
        }
        Scan::Incomplete
    }

    /// Whether the scan so far has seen no more than an opening bracket.
    pub(crate) fn only_opened(&self) -> bool {
        self.open.len() == 1 && matches!(self.previous, b'{' | b'[')
    }

    /// Goes to the end of a string: `None` at its closing quote, [`Scan::Incomplete`] without one.
    fn string(&mut self, bytes: &[u8]) -> Option<Scan> {
        let special = |byte: &u8| matches!(byte, b'"' | b'\\') || *byte < 0x20;
        loop {
            if self.escaped {
                if self.at >= bytes.len() {
                    return Some(Scan::Incomplete);
                }
                // An escaped line break is one all the same.
                self.escaped = false;
                if bytes.get(self.at).is_some_and(|byte| *byte < 0x20) {
                    return Some(Scan::Broken(self.at));
                }
                self.at = self.at.saturating_add(1);
            }
            let rest = bytes.get(self.at..).unwrap_or_default();
            let Some(skipped) = rest.iter().position(special) else {
                self.at = bytes.len();
                return Some(Scan::Incomplete);
            };
            self.at = self.at.saturating_add(skipped);
            match bytes.get(self.at) {
                Some(b'"') => {
                    self.at = self.at.saturating_add(1);
                    self.in_string = false;
                    return None;
                }
                Some(b'\\') => {
                    self.escaped = true;
                    self.at = self.at.saturating_add(1);
                }
                // A line break or another control character cannot stand in a string: it was cut.
                _ => return Some(Scan::Broken(self.at)),
            }
        }
    }

    fn string_may_begin(&self) -> bool {
        match self.open.last() {
            Some(b'{') => matches!(self.previous, b'{' | b',' | b':'),
            Some(_) => matches!(self.previous, b'[' | b','),
            None => self.previous == 0,
        }
    }

    fn container_may_begin(&self) -> bool {
        match self.open.last() {
            Some(b'{') => self.previous == b':',
            Some(_) => matches!(self.previous, b'[' | b','),
            None => self.previous == 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(text: &str) -> Scan {
        Scanner::new(0).run(text.as_bytes())
    }

    #[test]
    fn a_value_ends_with_its_last_bracket_quote_or_before_what_follows() {
        let cases = [
            ("{}", Scan::Complete(2)),
            ("  {} x", Scan::Complete(4)),
            (r#"{"a":"}\"]","b":[1,{"c":null}]}{"#, Scan::Complete(31)),
            ("[1,2]]", Scan::Complete(5)),
            (r#""a,b","#, Scan::Complete(5)),
            ("12,", Scan::Complete(2)),
            ("null]", Scan::Complete(4)),
            ("true\n", Scan::Complete(4)),
            (r#"{"a":NaN}"#, Scan::Complete(9)),
        ];
        for (text, expected) in cases {
            assert_eq!(scan(text), expected, "{text}");
        }
    }

    #[test]
    fn a_value_that_was_cut_is_incomplete_wherever_the_cut_is() {
        let text = r#"{"a":"x\"\u00e9y","b":[1,{"c":null}]}"#;
        for end in 0..text.len() {
            assert_eq!(scan(text.get(..end).unwrap()), Scan::Incomplete, "{end}");
        }
    }

    #[test]
    fn what_cannot_follow_breaks_the_scan_there() {
        let cases = [
            ("{{", 1),
            ("[1,2\n{", 5),
            ("{\"a\":\"b\n", 7),
            ("{\"a\" {", 5),
            ("{\"a\":1,{", 7),
            ("{\"a\":}", 5),
            ("[1,]", 3),
            ("[}", 1),
            ("{]", 1),
            ("[,", 1),
            ("[:", 1),
            ("\"a\\\n", 3),
            (",", 0),
            ("[{\"a\":\"x{\"Records\"", 10),
            ("[{} 1", 4),
        ];
        for (text, at) in cases {
            assert_eq!(scan(text), Scan::Broken(at), "{text:?}");
        }
    }

    #[test]
    fn a_scan_resumed_anywhere_finds_the_same_end() {
        let text = br#"{"a":"x\\\"y","b":[1,{"c":null}],"d":"\u00e9"} "#;
        let whole = Scanner::new(0).run(text);
        assert_eq!(whole, Scan::Complete(text.len() - 1));
        for cut in 0..text.len() - 1 {
            let mut scanner = Scanner::new(0);
            assert_eq!(scanner.run(&text[..cut]), Scan::Incomplete, "{cut}");
            assert_eq!(scanner.run(text), whole, "{cut}");
        }
    }

    #[test]
    fn depth_costs_memory_only() {
        let deep = format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000));
        assert_eq!(scan(&deep), Scan::Complete(deep.len()));
    }

    #[test]
    fn the_rest_of_an_object_ends_with_it() {
        let text = br#"{"Records":[],"x":{"y":1}} {}"#;
        assert_eq!(Scanner::rest_of_object(13).run(text), Scan::Complete(26));
    }
}
