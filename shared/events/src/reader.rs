//! Reads records from a stream: one JSON document after another, whatever lies between.
//!
//! Documents may stand one to a line or be spread over many. Only the document at hand is held, and
//! of a list (a trail file, a JSON array) only the line at hand, so memory stays flat over JSON lines
//! of any length. What is broken costs as little as can be told: a line among lines, an element among
//! elements, a document up to where the next one begins.

use std::io::{BufRead, Read as _};

use crate::{
    EventError, Item, Unreadable,
    forms::{Broken, Delivery, Found, Inflate, Unwrapper, is_gzip},
    locate::{Base, Spot},
    scan::{Scan, Scanner},
};

/// How many bytes of one document are held unless [`Reader::limit`] says otherwise. A document is a
/// line of JSON lines, an element of a list that is spread over lines, or a whole trail file where
/// that is one line.
pub const DOCUMENT_LIMIT: usize = 256 * 1024 * 1024;

/// Unreadable lines after which a text without any JSON is taken as one unreadable record.
const BARREN_LINES: u32 = 100;

/// Lines that are looked at, after one that breaks, to tell JSON lines from a document spread over lines.
const SNIFFED_LINES: usize = 64;

/// Bytes read at a time, at most: a trail file that is one long line does not fill the memory.
const CHUNK: u64 = 1 << 20;

/// Passed bytes that are worth moving the rest of the window for.
const WORTH_DROPPING: usize = 1 << 18;

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
    /// In a list, before an element. `end`: the list must close before this byte of the window,
    /// since its line is a document of its own.
    List { records: bool, next: u64, end: Option<usize> },
    /// Nothing more is to come.
    Done,
}

/// An iterator over the records of an input: envelope, bare record, `{"Records":[…]}`, JSON lines,
/// documents one after another or in a list, SQS and SNS wrappings and more; the table is in the
/// module `forms`.
///
/// Every record that cannot be read is an item too: nothing is passed over. An empty list holds no
/// record and yields none.
#[derive(Debug)]
pub struct Reader<R> {
    source: R,
    name: String,
    limit: usize,
    unwrapper: Unwrapper,
    index: u64,
    state: State,
    /// Bytes read and not yet dropped.
    window: Vec<u8>,
    /// Bytes of the window that are done with.
    passed: usize,
    /// Where the last chunk of the window begins; it has no line break but at its end.
    chunk: usize,
    /// Where the window begins in the input.
    base: Base,
    ended: bool,
    /// A whole document on a line of its own was seen: the input is JSON lines.
    lines: bool,
    /// No document may be spread over lines any more.
    strict: bool,
    /// Whether any document was read, and how many lines could not be before.
    fruitful: bool,
    barren: u32,
    endless: u32,
    failure: Option<std::io::Error>,
}

impl<R: BufRead> Reader<R> {
    /// Reads a stream of plain (not compressed) bytes.
    pub fn new(source: R) -> Self {
        Self {
            source,
            name: String::new(),
            limit: DOCUMENT_LIMIT,
            unwrapper: Unwrapper::default(),
            index: 0,
            state: State::Top,
            window: Vec::new(),
            passed: 0,
            chunk: 0,
            base: Base::START,
            ended: false,
            lines: false,
            strict: false,
            fruitful: false,
            barren: 0,
            endless: 0,
            failure: None,
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

    /// Reads up to the next line break, or as much as a chunk holds; `false` at the end.
    fn more(&mut self) -> bool {
        if self.ended {
            return false;
        }
        self.chunk = self.window.len();
        match self.source.by_ref().take(CHUNK).read_until(b'\n', &mut self.window) {
            Ok(0) => self.ended = true,
            Ok(_) => {}
            Err(error) => {
                self.ended = true;
                self.failure = Some(error);
            }
        }
        self.window.len() > self.chunk
    }

    /// Forgets what is done with.
    fn drop_passed(&mut self) {
        let all = self.passed == self.window.len();
        if self.passed == 0 || !(all || self.passed >= WORTH_DROPPING) {
            return;
        }
        let gone = self.window.get(..self.passed).unwrap_or_default();
        self.base = if all && self.chunk == 0 && gone.last() == Some(&b'\n') {
            // The usual case, one line: no need to look for line breaks.
            self.base.after_line(gone.len())
        } else {
            self.base.after(gone)
        };
        if let State::List { end: Some(end), .. } = &mut self.state {
            *end = end.saturating_sub(self.passed);
        }
        self.window.drain(..self.passed);
        self.chunk = self.chunk.saturating_sub(self.passed);
        self.passed = 0;
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.window.get(at).copied()
    }

    fn part(&self, from: usize, to: usize) -> &[u8] {
        self.window.get(from..to.min(self.window.len())).unwrap_or_default()
    }

    /// The end of the line that holds this byte, its line break included; reads on to find it.
    fn line_end(&mut self, from: usize) -> usize {
        let mut from = from;
        loop {
            if from < self.chunk {
                let early = self.part(from, self.chunk).iter().position(|byte| *byte == b'\n');
                if let Some(at) = early {
                    return from.saturating_add(at).saturating_add(1);
                }
                from = self.chunk;
            }
            let broken = self.window.len() > from && self.window.last() == Some(&b'\n');
            if broken || self.window.len().saturating_sub(from) > self.limit || !self.more() {
                return self.window.len();
            }
        }
    }

    /// Takes apart a part of the window that is one JSON text.
    fn document(&mut self, from: usize, to: usize, element: Option<(bool, u64)>) {
        let spot = Spot::within(&self.window, self.base);
        let bytes = self.window.get(from..to).unwrap_or_default();
        self.fruitful = true;
        match element {
            None => self.unwrapper.bytes(bytes, &spot),
            Some((false, next)) => self.unwrapper.bytes(bytes, &spot.index(next)),
            Some((true, next)) => {
                self.unwrapper.bytes(bytes, &spot.key("Records").index(next));
            }
        }
    }

    /// Notes that a part of the window cannot be read, and why.
    fn unreadable(&mut self, from: usize, to: usize, element: Option<(bool, u64)>, why: Why) {
        let spot = Spot::within(&self.window, self.base);
        let records;
        let spot = match element {
            None => spot,
            Some((false, next)) => spot.index(next),
            Some((true, next)) => {
                records = spot.key("Records");
                records.index(next)
            }
        };
        let bytes = self.window.get(from..to).unwrap_or_default();
        let error = match why {
            Why::Cut => spot.truncated(bytes),
            Why::TooLarge => {
                EventError::TooLarge { place: spot.place(bytes, 0, ""), limit: self.limit }
            }
            Why::Syntax => match self.unwrapper.fault(bytes, &spot) {
                Some(error) => error,
                // What the scan refuses, serde refuses too; should it not, the text is kept as
                // unreadable all the same.
                None => spot.truncated(bytes),
            },
        };
        self.unwrapper.broken(error, bytes, &Delivery::default());
    }

    fn step(&mut self) {
        self.drop_passed();
        match self.state {
            State::Top => self.top(),
            State::List { records, next, end } => self.list(records, next, end),
            State::Done => {}
        }
    }

    /// Passes whitespace and what may stand between documents; `None` at the end.
    fn begin(&mut self, end: Option<usize>) -> Option<usize> {
        loop {
            let bound = end.unwrap_or(self.window.len());
            let rest = self.part(self.passed, bound);
            // A comma: an element of a list on a line of its own. RFC 7464's separator: a sequence.
            let skipped = |byte: &u8| !byte.is_ascii_whitespace() && !matches!(byte, b',' | 0x1e);
            if let Some(skip) = rest.iter().position(skipped) {
                self.passed = self.passed.saturating_add(skip);
                return Some(self.passed);
            }
            self.passed = bound;
            if end.is_some() {
                return None;
            }
            self.drop_passed();
            if !self.more() {
                return None;
            }
        }
    }

    fn top(&mut self) {
        if self.base == Base::START && self.passed == 0 && self.window.is_empty() {
            self.more();
            if self.window.starts_with(b"\xef\xbb\xbf") {
                self.passed = 3;
            }
            if is_gzip(&self.window) {
                let place = Spot::whole(&self.window).place(&[], 0, "");
                let why = "it is compressed as a whole; inflate it first".to_owned();
                let error = EventError::Packed { place, why };
                self.unwrapper.broken(error, &self.window, &Delivery::default());
                self.state = State::Done;
                return;
            }
        }
        let Some(start) = self.begin(None) else {
            if let Some(error) = self.failure.take() {
                let place = Spot::within(&self.window, self.base).place(&self.window, 0, "");
                let error = EventError::Read { place, error };
                self.unwrapper.broken(error, &[], &Delivery::default());
            }
            self.state = State::Done;
            return;
        };
        match self.byte(start) {
            Some(b'{' | b'[' | b'"') => {
                if let Some((inside, records)) = self.list_begins(start) {
                    let end = if self.lines { Some(self.line_end(start)) } else { None };
                    self.passed = inside;
                    self.state = State::List { records, next: 0, end };
                } else {
                    self.one(start);
                }
            }
            _ => self.garbage(start),
        }
    }

    /// Whether a list of records begins here; then where its first element may be, and whether the
    /// list is that of an object's `Records`.
    fn list_begins(&mut self, start: usize) -> Option<(usize, bool)> {
        if self.byte(start) == Some(b'[') {
            return Some((start.saturating_add(1), false));
        }
        let mut at = start;
        for token in [&b"{"[..], b"\"Records\"", b":", b"["] {
            at = self.after_space(at)?;
            while self.window.len() < at.saturating_add(token.len()) {
                if self.lines || !self.more() {
                    return None;
                }
            }
            let end = at.saturating_add(token.len());
            if self.part(at, end) != token {
                return None;
            }
            at = end;
        }
        Some((at, true))
    }

    /// The next byte that is not whitespace. A document on one line is not waited for.
    fn after_space(&mut self, from: usize) -> Option<usize> {
        let mut from = from;
        loop {
            let rest = self.part(from, self.window.len());
            if let Some(skip) = rest.iter().position(|byte| !byte.is_ascii_whitespace()) {
                return Some(from.saturating_add(skip));
            }
            from = self.window.len();
            if self.lines || !self.more() {
                return None;
            }
        }
    }

    /// Reads the document that begins here.
    fn one(&mut self, start: usize) {
        let line_end = self.line_end(start);
        if self.lines {
            let line = self.part(start, line_end).trim_ascii_end();
            let end = start.saturating_add(line.len());
            // The usual case: a line is a document. What is wrong with it otherwise is found below.
            if self.closes(start, end) && self.whole(start, end) {
                self.passed = line_end;
                return;
            }
        }
        let mut scanner = Scanner::new(start);
        let mut bound = line_end;
        let mut opened_only = false;
        loop {
            match scanner.run(self.part(0, bound)) {
                Scan::Complete(end) => {
                    let alone = self.part(end, line_end).trim_ascii().is_empty();
                    if bound == line_end && alone && self.byte(start) == Some(b'{') {
                        self.lines = true;
                    }
                    self.document(start, end, None);
                    self.passed = end;
                    return;
                }
                Scan::Broken(at) => return self.broken(start, line_end, Some(at), opened_only),
                Scan::Incomplete => {
                    if bound == line_end {
                        opened_only = scanner.only_opened();
                        if self.lines && (self.strict || !opened_only) {
                            return self.broken(start, line_end, None, opened_only);
                        }
                    }
                }
            }
            if bound.saturating_sub(start) > self.limit {
                self.unreadable(start, bound, None, Why::TooLarge);
                self.passed = self.window.len();
                self.skip_line();
                return;
            }
            if bound < self.window.len() {
                bound = self.line_end(bound);
            } else if self.more() {
                bound = self.window.len();
            } else {
                return self.broken(start, line_end, None, opened_only);
            }
        }
    }

    /// Whether a line ends as it begins.
    fn closes(&self, start: usize, end: usize) -> bool {
        matches!(
            (self.byte(start), end.checked_sub(1).and_then(|last| self.byte(last))),
            (Some(b'{'), Some(b'}')) | (Some(b'"'), Some(b'"'))
        )
    }

    /// Takes apart a line, if it is one whole document.
    fn whole(&mut self, from: usize, to: usize) -> bool {
        let spot = Spot::within(&self.window, self.base);
        let bytes = self.window.get(from..to).unwrap_or_default();
        self.unwrapper.whole(bytes, &spot)
    }

    /// Decides how much a broken document costs, and passes that.
    fn broken(&mut self, start: usize, line_end: usize, at: Option<usize>, opened_only: bool) {
        let why = if at.is_some() { Why::Syntax } else { Why::Cut };
        let among_lines = self.lines || (!opened_only && self.lines_follow(line_end));
        if among_lines {
            // A line among lines. Where it was taken for the beginning of a document spread over
            // lines, that was wrong, and is not tried again.
            self.strict = self.strict || (self.lines && opened_only);
            self.lines = true;
            let first = at.is_some_and(|at| at.saturating_add(1) < line_end);
            let why = if first { Why::Syntax } else { Why::Cut };
            self.unreadable(start, line_end, None, why);
            self.passed = line_end;
            return;
        }
        let opener = self.byte(start).unwrap_or(b'{');
        let indent = self.indent(start);
        // A document that never ends may have swallowed others; one that breaks ends there.
        let from = match at {
            Some(at) => self.line_begin(at).max(line_end),
            None if self.endless < ENDLESS => {
                self.endless = self.endless.saturating_add(1);
                line_end
            }
            None => self.window.len(),
        };
        let next = self.next_like(from, indent, opener);
        let end = next.unwrap_or(self.window.len());
        let end = at.map_or(end, |at| end.max(at));
        self.unreadable(start, end, None, why);
        self.passed = end;
        if next.is_none() {
            self.skip_to(indent, opener);
        }
    }

    /// A line that does not begin like JSON.
    fn garbage(&mut self, start: usize) {
        let line_end = self.line_end(start);
        let line = self.part(start, line_end).trim_ascii_end();
        let end = start.saturating_add(line.len());
        self.unreadable(start, end, None, Why::Syntax);
        self.passed = line_end;
        if line_end.saturating_sub(start) > self.limit {
            self.skip_line();
        }
        if !self.fruitful {
            self.barren = self.barren.saturating_add(1);
            if self.barren >= BARREN_LINES {
                self.skip_to(0, b'{');
                self.barren = 0;
            }
        }
    }

    /// Reads the element of a list that begins here, or the end of the list.
    fn list(&mut self, records: bool, next: u64, end: Option<usize>) {
        let Some(start) = self.begin(end) else {
            if self.failure.is_none() {
                let at = self.passed;
                self.unreadable(at, at, Some((records, next)), Why::Cut);
            }
            self.state = State::Top;
            return;
        };
        let closes = self.byte(start) == Some(b']');
        let mut scanner = match (closes, records) {
            (true, false) => {
                self.passed = start.saturating_add(1);
                self.state = State::Top;
                return;
            }
            (true, true) => Scanner::rest_of_object(start.saturating_add(1)),
            (false, _) => Scanner::new(start),
        };
        let element = Some((records, next));
        loop {
            let bound = end.unwrap_or(self.window.len());
            match scanner.run(self.part(0, bound)) {
                Scan::Complete(complete) => {
                    self.passed = complete;
                    if closes {
                        self.state = State::Top;
                    } else {
                        self.document(start, complete, element);
                        self.state = State::List { records, next: next.saturating_add(1), end };
                    }
                    return;
                }
                Scan::Broken(at) => {
                    let stop = self.part(at, bound).iter().position(|byte| *byte == b'\n');
                    let stop = stop.map_or(bound, |stop| at.saturating_add(stop));
                    self.unreadable(start, stop, element, Why::Syntax);
                    self.passed = stop;
                    self.state = State::List { records, next: next.saturating_add(1), end };
                    let indent = self.indent(start);
                    if closes || end.is_some() {
                        self.passed = end.unwrap_or(stop);
                        self.state = State::Top;
                    } else if !self.skip_to(indent, self.byte(start).unwrap_or(b'{')) {
                        self.state = State::Top;
                    }
                    return;
                }
                Scan::Incomplete => {}
            }
            if bound.saturating_sub(start) > self.limit {
                self.unreadable(start, bound, element, Why::TooLarge);
                self.passed = self.window.len();
                self.skip_line();
                self.state = State::Top;
                return;
            }
            if end.is_some() || !self.more() {
                self.unreadable(start, bound, element, Why::Cut);
                self.passed = bound;
                self.state = State::Top;
                return;
            }
        }
    }

    /// Passes the rest of a line that is too long to be held.
    fn skip_line(&mut self) {
        while self.window.last() != Some(&b'\n') {
            self.passed = self.window.len();
            self.drop_passed();
            if !self.more() {
                return;
            }
        }
        self.passed = self.window.len();
    }

    /// Passes whole lines up to one that begins like this; `false` when none does.
    fn skip_to(&mut self, indent: usize, opener: u8) -> bool {
        self.passed = self.line_end(self.passed);
        loop {
            if self.passed >= self.window.len() {
                self.drop_passed();
                if !self.more() {
                    return false;
                }
            }
            if self.begins_like(self.passed, indent, opener) {
                return true;
            }
            self.passed = self.line_end(self.passed);
            self.drop_passed();
        }
    }

    /// The next line of the window that begins like this.
    fn next_like(&mut self, from: usize, indent: usize, opener: u8) -> Option<usize> {
        let mut at = from;
        while at < self.window.len() {
            if self.begins_like(at, indent, opener) {
                return Some(at);
            }
            at = self.line_end(at);
        }
        None
    }

    fn begins_like(&self, line: usize, indent: usize, opener: u8) -> bool {
        let first = self.part(line, self.window.len()).iter().position(|byte| !is_blank(*byte));
        first == Some(indent) && self.byte(line.saturating_add(indent)) == Some(opener)
    }

    /// Where the line begins that holds this byte, as far as the window goes.
    fn line_begin(&self, at: usize) -> usize {
        let before = self.part(0, at).iter().rposition(|byte| *byte == b'\n');
        before.map_or(0, |before| before.saturating_add(1))
    }

    /// How far a line is indented whose first bracket is this byte; 0 when it is not the first.
    fn indent(&self, at: usize) -> usize {
        let begin = self.line_begin(at);
        let blank = self.part(begin, at).iter().all(|byte| is_blank(*byte));
        if blank { at.saturating_sub(begin) } else { 0 }
    }

    /// Whether one of the following lines is a whole object.
    fn lines_follow(&mut self, from: usize) -> bool {
        let mut at = from;
        for _ in 0..SNIFFED_LINES {
            if at >= self.window.len() && !self.more() {
                return false;
            }
            let end = self.line_end(at);
            if self.byte(at) == Some(b'{') {
                let scan = Scanner::new(at).run(self.part(0, end));
                if let Scan::Complete(complete) = scan
                    && self.part(complete, end).trim_ascii().is_empty()
                {
                    return true;
                }
            }
            at = end;
        }
        false
    }
}

/// Why a part of the window cannot be read.
#[derive(Debug, Clone, Copy)]
enum Why {
    Cut,
    Syntax,
    TooLarge,
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
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
