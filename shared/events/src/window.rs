//! The part of a stream that is held: from what is not done with to the end of the last line read.

use std::io::{self, BufRead, Read as _};

use crate::locate::{Base, Spot};

/// Bytes read at a time, at most: a trail file that is one long line does not fill the memory.
const CHUNK: u64 = 1 << 20;

/// Passed bytes that are worth moving the rest of the window for, if they are half of it.
const WORTH_DROPPING: usize = 1 << 18;

/// A window on a stream. Positions count from its beginning, which moves when what was passed is
/// dropped.
#[derive(Debug)]
pub(crate) struct Window<R> {
    source: R,
    bytes: Vec<u8>,
    /// Bytes that are done with.
    passed: usize,
    /// Where the last chunk begins; it has no line break but at its end.
    chunk: usize,
    /// Where the window begins in the input.
    base: Base,
    /// A byte of the window whose position in the input is known.
    known: (usize, Base),
    ended: bool,
    failure: Option<io::Error>,
}

impl<R: BufRead> Window<R> {
    pub(crate) const fn new(source: R) -> Self {
        Self {
            source,
            bytes: Vec::new(),
            passed: 0,
            chunk: 0,
            base: Base::START,
            known: (0, Base::START),
            ended: false,
            failure: None,
        }
    }

    pub(crate) const fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn byte(&self, at: usize) -> Option<u8> {
        self.bytes.get(at).copied()
    }

    pub(crate) fn part(&self, from: usize, to: usize) -> &[u8] {
        self.bytes.get(from..to.min(self.bytes.len())).unwrap_or_default()
    }

    /// Works out where this byte stands in the input, so that places after it need not count from
    /// the window's beginning. Goes forward only.
    pub(crate) fn locate(&mut self, at: usize) {
        let (known, base) = self.known;
        if known < at {
            self.known = (at, base.after(self.part(known, at)));
        }
    }

    /// The window, from what was located last, as a place that parts of it can be located in.
    pub(crate) fn spot(&self) -> Spot<'_> {
        let (known, base) = self.known;
        Spot::within(self.part(known, self.len()), base)
    }

    /// Whether nothing was read or dropped yet.
    pub(crate) fn is_fresh(&self) -> bool {
        self.base == Base::START && self.bytes.is_empty()
    }

    /// What the stream said when it failed. Told once.
    pub(crate) fn failure(&mut self) -> Option<io::Error> {
        self.failure.take()
    }

    pub(crate) const fn has_failed(&self) -> bool {
        self.failure.is_some()
    }

    pub(crate) const fn passed(&self) -> usize {
        self.passed
    }

    /// Is done with everything before this byte.
    pub(crate) fn pass(&mut self, to: usize) {
        self.passed = to.min(self.bytes.len());
    }

    /// Reads up to the next line break, or as much as a chunk holds; `false` at the end.
    pub(crate) fn more(&mut self) -> bool {
        if self.ended {
            return false;
        }
        self.chunk = self.bytes.len();
        match self.source.by_ref().take(CHUNK).read_until(b'\n', &mut self.bytes) {
            Ok(0) => self.ended = true,
            Ok(_) => {}
            Err(error) => {
                self.ended = true;
                self.failure = Some(error);
            }
        }
        self.bytes.len() > self.chunk
    }

    /// Forgets what is done with, if that is worth it. Says by how much positions moved.
    pub(crate) fn drop_passed(&mut self) -> usize {
        let all = self.passed == self.bytes.len();
        let half = self.bytes.len().div_ceil(2);
        if self.passed == 0 || !(all || self.passed >= half.max(WORTH_DROPPING)) {
            return 0;
        }
        self.base = if all && self.chunk == 0 && self.bytes.last() == Some(&b'\n') {
            // The usual case, one line: no need to look for line breaks.
            self.base.after_line(self.passed)
        } else {
            self.locate(self.passed);
            self.known.1
        };
        self.known = (0, self.base);
        self.bytes.drain(..self.passed);
        self.chunk = self.chunk.saturating_sub(self.passed);
        std::mem::take(&mut self.passed)
    }

    /// The end of the line that holds this byte, its line break included; reads on to find it, but
    /// not beyond `limit` bytes.
    pub(crate) fn line_end(&mut self, from: usize, limit: usize) -> usize {
        let start = from;
        let mut from = from;
        loop {
            if from < self.chunk {
                let early = self.part(from, self.chunk).iter().position(|byte| *byte == b'\n');
                if let Some(at) = early {
                    return from.saturating_add(at).saturating_add(1);
                }
                from = self.chunk;
            }
            let broken = self.bytes.len() > from && self.bytes.last() == Some(&b'\n');
            if broken || self.bytes.len().saturating_sub(start) > limit || !self.more() {
                return self.bytes.len();
            }
        }
    }

    /// The next byte from here that is not whitespace; reads on to find it, if it may.
    pub(crate) fn after_space(&mut self, from: usize, on: bool) -> Option<usize> {
        let mut from = from;
        loop {
            let rest = self.part(from, self.len());
            if let Some(skip) = rest.iter().position(|byte| !byte.is_ascii_whitespace()) {
                return Some(from.saturating_add(skip));
            }
            from = self.len();
            if !on || !self.more() {
                return None;
            }
        }
    }

    /// Passes the rest of the line that the window ends in, however long it is.
    pub(crate) fn skip_line(&mut self) {
        while self.bytes.last() != Some(&b'\n') {
            self.passed = self.bytes.len();
            self.drop_passed();
            if !self.more() {
                return;
            }
        }
        self.passed = self.bytes.len();
    }

    /// Passes the rest of the line at hand and whole lines up to one that begins like this; `false`
    /// when none does.
    pub(crate) fn skip_to(&mut self, like: Like, limit: usize) -> bool {
        let before = self.passed.checked_sub(1).and_then(|before| self.byte(before));
        if before.is_some_and(|before| before != b'\n') {
            self.passed = self.line_end(self.passed, limit);
        }
        loop {
            if self.passed >= self.bytes.len() {
                self.drop_passed();
                if !self.more() {
                    return false;
                }
            }
            if self.begins_like(self.passed, like) {
                return true;
            }
            self.passed = self.line_end(self.passed, limit);
            self.drop_passed();
        }
    }

    /// The next line of the window, from one that begins at `from`, that begins like this.
    pub(crate) fn next_like(&mut self, from: usize, like: Like, limit: usize) -> Option<usize> {
        let mut at = from;
        while at < self.bytes.len() {
            if self.begins_like(at, like) {
                return Some(at);
            }
            at = self.line_end(at, limit);
        }
        None
    }

    fn begins_like(&self, begin: usize, like: Like) -> bool {
        let first = self.part(begin, self.len()).iter().position(|byte| !is_blank(*byte));
        first == Some(like.indent)
            && self.byte(begin.saturating_add(like.indent)) == Some(like.opener)
    }

    /// How the line begins whose first bracket is this byte; not indented when that is not the first
    /// of its line.
    pub(crate) fn like(&self, at: usize) -> Like {
        let begin = self.line_begin(at);
        let blank = self.part(begin, at).iter().all(|byte| is_blank(*byte));
        let indent = if blank { at.saturating_sub(begin) } else { 0 };
        Like { indent, opener: self.byte(at).unwrap_or(b'{') }
    }

    /// Where the line begins that holds this byte, as far as the window goes.
    pub(crate) fn line_begin(&self, at: usize) -> usize {
        let before = self.part(0, at).iter().rposition(|byte| *byte == b'\n');
        before.map_or(0, |before| before.saturating_add(1))
    }
}

/// How a line begins: what it is indented by, and its first byte. The next document or element
/// usually begins as the broken one did.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Like {
    pub(crate) indent: usize,
    pub(crate) opener: u8,
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(text: &str) -> Window<&[u8]> {
        Window::new(text.as_bytes())
    }

    #[test]
    fn grows_by_lines_and_forgets_what_is_passed() {
        let mut window = window("ab\ncd\nef");
        assert!(window.is_fresh());
        assert!(window.more());
        assert_eq!(window.line_end(0, 100), 3);
        window.pass(3);
        assert_eq!(window.drop_passed(), 3);
        assert!(window.more());
        assert!(window.more());
        assert_eq!(window.part(0, 99), b"cd\nef");
        assert_eq!(window.line_end(0, 100), 3);
        assert_eq!(window.line_end(4, 100), 5);
        assert!(!window.more());
        let place = window.spot().place(window.part(3, 5), 1, "");
        assert_eq!((place.offset, place.line, place.column), (7, 3, 2));
    }

    #[test]
    fn a_line_longer_than_the_limit_is_not_read_to_its_end() {
        let text = "x".repeat(5 << 20);
        let mut window = window(&text);
        assert!(window.line_end(0, 1000) <= 1 << 20);
        window.skip_line();
        assert_eq!(window.drop_passed(), 0);
        assert!(!window.more());
        assert_eq!(window.spot().place(&[], 0, "").offset, 5 << 20);
    }

    #[test]
    fn finds_the_next_line_that_begins_alike() {
        let mut window = window("  {\n    {\n{\n  [\n  {1");
        assert!(window.more());
        let like = window.like(2);
        window.pass(3);
        assert!(window.skip_to(like, 100));
        assert_eq!(window.part(window.passed(), 99), b"  {1");
        window.pass(window.len());
        assert!(!window.skip_to(like, 100));
    }
}
