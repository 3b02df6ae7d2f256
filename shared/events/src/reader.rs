//! Reads records from a stream: one JSON document after another, whatever lies between.
//!
//! Documents may stand one to a line or be spread over many. Only the document at hand is held, and
//! of a list (a trail file, a JSON array) only the line at hand, so memory stays flat over JSON lines
//! of any length. What is broken costs as little as can be told: a line among lines, an element among
//! elements, a document up to where the next one begins.

mod damage;

use std::io::BufRead;

use crate::{
    EventError, Item, Unreadable,
    forms::{Broken, Delivery, Found, Inflate, Unwrapper, is_gzip},
    locate::Spot,
    scan::{Scan, Scanner},
    window::Window,
};
use damage::Why;

/// How many bytes of one document are held unless [`Reader::limit`] says otherwise. A document is a
/// line of JSON lines, an element of a list that is spread over lines, or a whole trail file where
/// that is one line.
pub const DOCUMENT_LIMIT: usize = 256 * 1024 * 1024;

/// The members whose lists are read element by element.
const LISTS: [(&str, &str); 3] =
    [("\"Records\"", "Records"), ("\"Events\"", "Events"), ("\"logEvents\"", "logEvents")];

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
    /// The member that it is, where it is not a document itself.
    key: Option<&'static str>,
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

/// Which element of which list: that of a member or a bare one.
#[derive(Debug, Clone, Copy)]
struct Element {
    key: Option<&'static str>,
    index: u64,
}

impl Element {
    /// Hands the element's place to a function: places borrow the ones before them.
    fn at<T>(self, top: &Spot<'_>, then: impl FnOnce(&Spot<'_>) -> T) -> T {
        match self.key {
            Some(key) => then(&top.key(key).index(self.index)),
            None => then(&top.index(self.index)),
        }
    }
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
                if let Some((inside, key)) = self.list_begins(start) {
                    let end = self.lines.then(|| self.window.line_end(start, self.limit));
                    self.window.pass(inside);
                    self.state = State::List(List { key, next: 0, end, broken: false });
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

    /// Whether a list of records begins here; then where its first element may be, and of which
    /// member the list is the value. A member that is not its object's first is not looked for: the
    /// object is then held whole.
    fn list_begins(&mut self, start: usize) -> Option<(usize, Option<&'static str>)> {
        if self.window.byte(start) == Some(b'[') {
            return (!self.opens_for_nothing(start)).then_some((start.saturating_add(1), None));
        }
        let key = self.token(start, b"{")?;
        let key = self.window.after_space(key, !self.lines)?;
        let (name, at) = LISTS.into_iter().find_map(|(quoted, name)| {
            let at = self.token(key, quoted.as_bytes())?;
            Some((name, at))
        })?;
        let at = self.token(at, b":")?;
        let at = self.token(at, b"[")?;
        Some((at, Some(name)))
    }

    /// Whether a line opens lists within lists and nothing else, while the lines after it are whole
    /// records: it is one broken line among them, and not the beginning of a list that holds them.
    fn opens_for_nothing(&mut self, start: usize) -> bool {
        // A whole trail may stand on one line, and must not be held for this.
        if self.window.byte(start.saturating_add(1)) != Some(b'[') {
            return false;
        }
        let line_end = self.window.line_end(start, self.limit);
        let line = self.window.part(start, line_end).trim_ascii();
        line.iter().all(|byte| *byte == b'[') && self.lines_follow(line_end)
    }

    /// Where this token ends, if it is next. A line among lines is not waited for.
    fn token(&mut self, at: usize, token: &[u8]) -> Option<usize> {
        let on = !self.lines;
        let at = self.window.after_space(at, on)?;
        let end = at.saturating_add(token.len());
        while self.window.len() < end && on && self.window.more() {}
        (self.window.part(at, end) == token).then_some(end)
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

    /// Reads the element of a list that is next, or the end of the list.
    fn list(&mut self, list: List) {
        let element = Some(Element { key: list.key, index: list.next });
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
        let mut scanner = match (closes, list.key) {
            (true, None) => {
                self.window.pass(start.saturating_add(1));
                self.state = State::Top;
                return;
            }
            (true, Some(_)) => Scanner::rest_of_object(start.saturating_add(1)),
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
            self.state = State::Top;
            if matches!(why, Why::TooLarge) && list.end.is_none() {
                self.window.skip_line();
                self.state = State::List(List { broken: true, ..next });
            }
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

    /// Takes apart a part of the window, if it is one whole document.
    fn whole(&mut self, from: usize, to: usize) -> bool {
        self.window.locate(from);
        self.unwrapper.whole(self.window.part(from, to), &self.window.spot())
    }

    /// Takes apart a part of the window that is one JSON text.
    fn document(&mut self, from: usize, to: usize, element: Option<Element>) {
        self.fruitful = true;
        self.window.locate(from);
        let bytes = self.window.part(from, to);
        let top = self.window.spot();
        match element {
            Some(element) => element.at(&top, |spot| self.unwrapper.bytes(bytes, spot)),
            None => self.unwrapper.bytes(bytes, &top),
        }
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
