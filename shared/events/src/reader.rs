//! Reads records from a stream: one JSON document after another, whatever lies between.
//!
//! Documents may stand one to a line or be spread over many. Only the document at hand is held, and
//! of a list (a trail file, a JSON array) only the line at hand, so memory stays flat over JSON lines
//! of any length. What is broken costs as little as can be told: a line among lines, an element among
//! elements, a document up to where the next one begins.

use std::io::BufRead;

use crate::{
    EventError, Item, Unreadable,
    forms::{Broken, Delivery, Found, Inflate, Unwrapper, is_gzip},
    scan::{Scan, Scanner},
    window::{Like, Window},
};

/// How many bytes of one document are held unless [`Reader::limit`] says otherwise. A document is a
/// line of JSON lines, an element of a list that is spread over lines, or a whole trail file where
/// that is one line.
pub const DOCUMENT_LIMIT: usize = 256 * 1024 * 1024;

/// Unreadable lines after which a text without any JSON is taken as one unreadable record.
const BARREN_LINES: u32 = 100;

/// Lines that are looked at, after one that breaks, to tell JSON lines from a document spread over lines.
const SNIFFED_LINES: usize = 64;

/// How often a document that never ends is looked into for the next one's beginning.
const ENDLESS: u32 = 8;

/// Reads the records of bytes at hand, in any form (see [`Reader`]).
#[must_use]
pub fn read(bytes: &[u8]) -> Reader<&[u8]> {
    Reader::new(bytes)
}

/// Where reading stands between two records.
#[derive(Debug, Clone, Copy)]
enum State {
    /// Before a document.
    Top,
    /// In a list, before an element.
    List(List),
    /// Nothing more is to come.
    Done,
}

/// A list whose elements are being read.
#[derive(Debug, Clone, Copy)]
struct List {
    /// Whether it is that of an object's `Records`.
    records: bool,
    /// Which element is next, from 0.
    next: u64,
    /// Where it must have closed: its line is a document of its own.
    end: Option<usize>,
    /// Whether one of its elements could not be read to its end.
    broken: bool,
}

/// An iterator over the records of an input: envelope, bare record, `{"Records":[…]}`, JSON lines,
/// documents one after another or in a list, SQS and SNS wrappings and more; the table is in the
/// module `forms`.
///
/// Every record that cannot be read is an item too: nothing is passed over. An empty list holds no
/// record and yields none.
#[derive(Debug)]
pub struct Reader<R> {
    window: Window<R>,
    name: String,
    limit: usize,
    unwrapper: Unwrapper,
    index: u64,
    state: State,
    /// A whole document on a line of its own was seen: the input is JSON lines.
    lines: bool,
    /// No document may be spread over lines any more.
    strict: bool,
    /// Whether any document was read; if not, how many lines could not be.
    fruitful: bool,
    barren: u32,
    endless: u32,
}

/// Which element of which list: that of `Records` or a bare one.
#[derive(Debug, Clone, Copy)]
struct Element {
    records: bool,
    index: u64,
}

/// Why a part of the window cannot be read.
#[derive(Debug, Clone, Copy)]
enum Why {
    /// It is no JSON text.
    Fault,
    /// What it is a part of does not end.
    Cut,
    /// It is longer than what may be held.
    TooLarge,
}

impl<R: BufRead> Reader<R> {
    /// Reads a stream of plain (not compressed) bytes.
    pub fn new(source: R) -> Self {
        Self {
            window: Window::new(source),
            name: String::new(),
            limit: DOCUMENT_LIMIT,
            unwrapper: Unwrapper::default(),
            index: 0,
            state: State::Top,
            lines: false,
            strict: false,
            fruitful: false,
            barren: 0,
            endless: 0,
        }
    }

    /// Names the input, for [`Unreadable::source`].
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Keeps the JSON of each event in [`Item::text`].
    #[must_use]
    pub fn keeping_text(mut self) -> Self {
        self.unwrapper.keep_text = true;
        self
    }

    /// Undoes compression within wrappings (CloudWatch Logs, Kinesis). Without it they are
    /// unreadable.
    #[must_use]
    pub fn inflating(mut self, inflate: Inflate) -> Self {
        self.unwrapper.inflate = Some(inflate);
        self
    }

    /// Holds at most this many bytes of one document.
    #[must_use]
    pub fn limit(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }

    /// How many bytes are held at the moment.
    #[cfg(test)]
    pub(crate) fn held(&self) -> usize {
        self.window.len()
    }

    fn number(&mut self, found: Found) -> Item {
        self.index = self.index.saturating_add(1);
        let Found { event, delivery, text } = found;
        let event = event.map_err(|Broken { error, raw, raw_length }| {
            Box::new(Unreadable {
                source: self.name.clone(),
                index: self.index,
                path: error.place().path.clone(),
                error,
                raw,
                raw_length,
            })
        });
        Item { index: self.index, event, delivery, text }
    }

    fn step(&mut self) {
        let moved = self.window.drop_passed();
        match &mut self.state {
            State::Top => self.top(),
            State::List(list) => {
                list.end = list.end.map(|end| end.saturating_sub(moved));
                let list = *list;
                self.list(list);
            }
            State::Done => {}
        }
    }

    /// Passes whitespace and what may stand between documents; `None` at the end.
    fn begin(&mut self, end: Option<usize>) -> Option<usize> {
        loop {
            let from = self.window.passed();
            let bound = end.unwrap_or(self.window.len());
            // A comma: an element of a list on a line of its own. RFC 7464's separator: a sequence.
            let counts = |byte: &u8| !byte.is_ascii_whitespace() && !matches!(byte, b',' | 0x1e);
            if let Some(skip) = self.window.part(from, bound).iter().position(counts) {
                let start = from.saturating_add(skip);
                self.window.pass(start);
                return Some(start);
            }
            self.window.pass(bound);
            if end.is_some() {
                return None;
            }
            self.window.drop_passed();
            if !self.window.more() {
                return None;
            }
        }
    }

    fn top(&mut self) {
        if self.window.is_fresh() && !self.open() {
            return;
        }
        let Some(start) = self.begin(None) else {
            if let Some(error) = self.window.failure() {
                let place = self.window.spot().place(&[], 0, "");
                let error = EventError::Read { place, error };
                self.unwrapper.broken(error, &[], &Delivery::default());
            }
            self.state = State::Done;
            return;
        };
        match self.window.byte(start) {
            Some(b'{' | b'[' | b'"') => {
                if let Some((inside, records)) = self.list_begins(start) {
                    let end = self.lines.then(|| self.window.line_end(start, self.limit));
                    self.window.pass(inside);
                    self.state = State::List(List { records, next: 0, end, broken: false });
                } else {
                    self.one(start);
                }
            }
            Some(_) | None => self.garbage(start),
        }
    }

    /// Looks at the first bytes; `false` when they are not for reading.
    fn open(&mut self) -> bool {
        self.window.more();
        if self.window.part(0, 3) == b"\xef\xbb\xbf" {
            self.window.pass(3);
        }
        let compressed = is_gzip(self.window.part(0, 2));
        if compressed {
            let place = self.window.spot().place(&[], 0, "");
            let why = "it is compressed as a whole; inflate it first".to_owned();
            let raw = self.window.part(0, self.window.len());
            self.unwrapper.broken(EventError::Packed { place, why }, raw, &Delivery::default());
            self.state = State::Done;
        }
        !compressed
    }

    /// Whether a list of records begins here; then where its first element may be, and whether the
    /// list is that of an object's `Records`.
    fn list_begins(&mut self, start: usize) -> Option<(usize, bool)> {
        if self.window.byte(start) == Some(b'[') {
            return Some((start.saturating_add(1), false));
        }
        // A line among lines is not waited for.
        let on = !self.lines;
        let mut at = start;
        for token in [&b"{"[..], b"\"Records\"", b":", b"["] {
            at = self.window.after_space(at, on)?;
            let end = at.saturating_add(token.len());
            while self.window.len() < end && on && self.window.more() {}
            if self.window.part(at, end) != token {
                return None;
            }
            at = end;
        }
        Some((at, true))
    }

    /// Reads the document that begins here.
    fn one(&mut self, start: usize) {
        let line_end = self.window.line_end(start, self.limit);
        if self.lines {
            let end = self.trimmed(start, line_end);
            // The usual case: a line is a document. What is wrong with it otherwise is found below.
            if self.closes(start, end) && self.whole(start, end) {
                self.window.pass(line_end);
                return;
            }
        }
        let mut scanner = Scanner::new(start);
        let mut bound = line_end;
        let mut opened_only = false;
        loop {
            match scanner.run(self.window.part(0, bound)) {
                Scan::Complete(end) => {
                    let alone = self.window.part(end, line_end).trim_ascii().is_empty();
                    if bound == line_end && alone && self.window.byte(start) == Some(b'{') {
                        self.lines = true;
                    }
                    self.document(start, end, None);
                    self.window.pass(end);
                    return;
                }
                Scan::Broken(at) => return self.broken(start, line_end, Some(at), opened_only),
                Scan::Incomplete => {}
            }
            if bound.saturating_sub(start) > self.limit {
                self.unreadable(start, bound, None, Why::TooLarge);
                self.window.pass(self.window.len());
                self.window.skip_line();
                return;
            }
            if bound == line_end {
                opened_only = scanner.only_opened();
                if self.lines && (self.strict || !opened_only) {
                    return self.broken(start, line_end, None, opened_only);
                }
            }
            if bound < self.window.len() {
                bound = self.window.line_end(bound, self.limit);
            } else if self.window.more() {
                bound = self.window.len();
            } else {
                return self.broken(start, line_end, None, opened_only);
            }
        }
    }

    /// Decides how much a document costs that is broken at `at`, or never ends, and passes that.
    fn broken(&mut self, start: usize, line_end: usize, at: Option<usize>, opened_only: bool) {
        if self.lines || (!opened_only && self.lines_follow(line_end)) {
            // A line among lines. If it was taken for the beginning of a document spread over
            // lines, that was wrong, and is not tried again.
            self.strict = self.strict || (self.lines && opened_only);
            self.lines = true;
            self.unreadable(start, line_end, None, Why::Fault);
            self.window.pass(line_end);
            return;
        }
        self.give_up(start, at, None);
    }

    /// Notes that what begins at `start` is unreadable, and passes it: up to the next line that
    /// begins alike. `false` when there is none.
    fn give_up(&mut self, start: usize, at: Option<usize>, element: Option<Element>) -> bool {
        let like = self.window.like(start);
        let line_end = self.window.line_end(start, self.limit);
        // What never ends may have swallowed others of its kind; what breaks ends there.
        let from = match at {
            Some(at) => self.window.line_begin(at).max(line_end),
            None if self.endless < ENDLESS => {
                self.endless = self.endless.saturating_add(1);
                line_end
            }
            None => self.window.len(),
        };
        let next = self.window.next_like(from, like, self.limit);
        let end = next.unwrap_or(self.window.len());
        self.unreadable(start, end, element, Why::Fault);
        self.window.pass(end);
        next.is_some() || self.window.skip_to(like, self.limit)
    }

    /// A line that does not begin like JSON.
    fn garbage(&mut self, start: usize) {
        let line_end = self.window.line_end(start, self.limit);
        self.unreadable(start, line_end, None, Why::Fault);
        self.window.pass(line_end);
        if line_end.saturating_sub(start) > self.limit {
            self.window.skip_line();
        }
        if !self.fruitful {
            self.barren = self.barren.saturating_add(1);
            if self.barren >= BARREN_LINES {
                self.window.skip_to(Like { indent: 0, opener: b'{' }, self.limit);
                self.barren = 0;
            }
        }
    }

    /// Reads the element of a list that is next, or the end of the list.
    fn list(&mut self, list: List) {
        let element = Some(Element { records: list.records, index: list.next });
        let Some(start) = self.begin(list.end) else {
            // After a broken element, or a stream that failed, it is no news that the list is open.
            if !list.broken && !self.window.has_failed() {
                let at = self.window.passed();
                self.unreadable(at, at, element, Why::Fault);
            }
            self.state = State::Top;
            return;
        };
        let closes = self.window.byte(start) == Some(b']');
        let mut scanner = match (closes, list.records) {
            (true, false) => {
                self.window.pass(start.saturating_add(1));
                self.state = State::Top;
                return;
            }
            (true, true) => Scanner::rest_of_object(start.saturating_add(1)),
            (false, _) => Scanner::new(start),
        };
        let next = List { next: list.next.saturating_add(1), ..list };
        loop {
            let bound = list.end.unwrap_or(self.window.len());
            match scanner.run(self.window.part(0, bound)) {
                Scan::Complete(end) => {
                    self.window.pass(end);
                    if closes {
                        self.state = State::Top;
                    } else {
                        self.document(start, end, element);
                        self.state = State::List(next);
                    }
                    return;
                }
                Scan::Broken(at) => {
                    if let Some(end) = list.end {
                        self.unreadable(start, end, element, Why::Fault);
                        self.window.pass(end);
                        self.state = State::Top;
                    } else if self.give_up(start, Some(at), element) && !closes {
                        self.state = State::List(List { broken: true, ..next });
                    } else {
                        self.state = State::Top;
                    }
                    return;
                }
                Scan::Incomplete => {}
            }
            let why = if bound.saturating_sub(start) > self.limit {
                Why::TooLarge
            } else if list.end.is_some() || !self.window.more() {
                if closes { Why::Cut } else { Why::Fault }
            } else {
                continue;
            };
            self.unreadable(start, bound, element, why);
            self.window.pass(bound);
            if matches!(why, Why::TooLarge) {
                self.window.skip_line();
            }
            self.state = State::Top;
            return;
        }
    }

    /// Whether a line ends as it begins.
    fn closes(&self, start: usize, end: usize) -> bool {
        let last = end.checked_sub(1).and_then(|last| self.window.byte(last));
        matches!(
            (self.window.byte(start), last),
            (Some(b'{'), Some(b'}')) | (Some(b'"'), Some(b'"'))
        )
    }

    /// The end of a part without whitespace at its end.
    fn trimmed(&self, from: usize, to: usize) -> usize {
        from.saturating_add(self.window.part(from, to).trim_ascii_end().len())
    }

    /// Whether one of the following lines is a whole object.
    fn lines_follow(&mut self, from: usize) -> bool {
        let mut at = from;
        for _ in 0..SNIFFED_LINES {
            if at >= self.window.len() && !self.window.more() {
                return false;
            }
            let end = self.window.line_end(at, self.limit);
            if self.window.byte(at) == Some(b'{') {
                let scan = Scanner::new(at).run(self.window.part(0, end));
                if let Scan::Complete(complete) = scan
                    && self.window.part(complete, end).trim_ascii().is_empty()
                {
                    return true;
                }
            }
            at = end;
        }
        false
    }

    /// Takes apart a part of the window, if it is one whole document.
    fn whole(&mut self, from: usize, to: usize) -> bool {
        self.unwrapper.whole(self.window.part(from, to), &self.window.spot())
    }

    /// Takes apart a part of the window that is one JSON text.
    fn document(&mut self, from: usize, to: usize, element: Option<Element>) {
        self.fruitful = true;
        let bytes = self.window.part(from, to);
        let spot = self.window.spot();
        let records = spot.key("Records");
        match element {
            None => self.unwrapper.bytes(bytes, &spot),
            Some(Element { records: false, index }) => {
                self.unwrapper.bytes(bytes, &spot.index(index));
            }
            Some(Element { records: true, index }) => {
                self.unwrapper.bytes(bytes, &records.index(index));
            }
        }
    }

    /// Notes that a part of the window cannot be read, and why.
    fn unreadable(&mut self, from: usize, to: usize, element: Option<Element>, why: Why) {
        let bytes = self.window.part(from, self.trimmed(from, to));
        let top = self.window.spot();
        let records = top.key("Records");
        let spot = match element {
            None => top,
            Some(Element { records: false, index }) => top.index(index),
            Some(Element { records: true, index }) => records.index(index),
        };
        let error = match why {
            Why::TooLarge => {
                EventError::TooLarge { place: spot.place(bytes, 0, ""), limit: self.limit }
            }
            Why::Cut => spot.truncated(bytes),
            Why::Fault => Unwrapper::fault(bytes, &spot),
        };
        self.unwrapper.broken(error, bytes, &Delivery::default());
    }
}

impl<R: BufRead> Iterator for Reader<R> {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        loop {
            if let Some(found) = self.unwrapper.found.pop_front() {
                return Some(self.number(found));
            }
            if matches!(self.state, State::Done) {
                return None;
            }
            self.step();
        }
    }
}
