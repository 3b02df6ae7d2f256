//! What is broken, and how much it costs: a line among lines, an element among elements, a document
//! up to where the next one begins.

use std::io::BufRead;

use super::{Element, Reader};
use crate::{
    EventError,
    forms::{Delivery, Unwrapper},
    locate::Spot,
    scan::{Scan, Scanner},
    window::Like,
};

/// Unreadable lines after which a text without any JSON is taken as one unreadable record.
const BARREN_LINES: u32 = 100;

/// Lines that are looked at, after one that breaks, to tell JSON lines from a document that is
/// spread over lines.
const SNIFFED_LINES: usize = 64;

/// How often a document that never ends is looked into for the next one's beginning.
const ENDLESS: u32 = 8;

/// Why a part of the window cannot be read.
#[derive(Debug, Clone, Copy)]
pub(super) enum Why {
    /// It is no JSON text.
    Fault,
    /// What it is a part of does not end.
    Cut,
    /// It is longer than what may be held.
    TooLarge,
}

impl<R: BufRead> Reader<R> {
    /// Decides how much a document costs that is broken at `at`, or never ends, and passes that.
    pub(super) fn broken(
        &mut self,
        start: usize,
        line_end: usize,
        at: Option<usize>,
        opened_only: bool,
    ) {
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
    pub(super) fn give_up(
        &mut self,
        start: usize,
        at: Option<usize>,
        element: Option<Element>,
    ) -> bool {
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
    pub(super) fn garbage(&mut self, start: usize) {
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

    /// Whether one of the following lines is a whole object.
    pub(super) fn lines_follow(&mut self, from: usize) -> bool {
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

    /// Notes that a part of the window cannot be read, and why.
    pub(super) fn unreadable(
        &mut self,
        from: usize,
        to: usize,
        element: Option<Element>,
        why: Why,
    ) {
        self.window.locate(from);
        let bytes = self.window.part(from, self.trimmed(from, to));
        let top = self.window.spot();
        let limit = self.limit;
        let error = |spot: &Spot<'_>| match why {
            Why::TooLarge => EventError::TooLarge { place: spot.place(bytes, 0, ""), limit },
            Why::Cut => spot.truncated(bytes),
            Why::Fault => Unwrapper::fault(bytes, spot),
        };
        let error = match element {
            Some(element) => element.at(&top, error),
            None => error(&top),
        };
        self.unwrapper.broken(error, bytes, &Delivery::default());
    }
}
