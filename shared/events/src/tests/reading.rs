//! Many records in one input: lines, documents, lists, and what is broken among them.

use std::io::{self, BufReader, Read};

use serde_json::json;

use super::{all, ids, record_with, unreadable};
use crate::{EventError, Item, RAW_LIMIT, Reader};

fn event(id: &str) -> String {
    json!({"eventName": "A", "eventID": id, "requestParameters": {"x": [1, {"y": "}]\"{"}]}})
        .to_string()
}

fn first(text: &str, bytes: usize) -> &str {
    text.get(..bytes).unwrap()
}

fn pretty(id: &str) -> String {
    serde_json::to_string_pretty(&record_with(&json!({"eventID": id}))).unwrap()
}

#[test]
fn lines_count_whatever_is_on_them() {
    let (a, b) = (event("a"), event("b"));
    let cut = first(&a, a.len() - 9);
    let cases: Vec<(String, Vec<&str>)> = vec![
        (format!("{a}\n{b}"), vec!["a", "b"]),
        (format!("{a}\r\n\r\n{b}\r\n"), vec!["a", "b"]),
        (format!("{a}\ngarbage\n{b}\n"), vec!["a", "!", "b"]),
        (format!("{a}\n{cut}\n{b}\n"), vec!["a", "!", "b"]),
        (format!("{cut}\n{b}\n{a}\n"), vec!["!", "b", "a"]),
        (format!("{cut}\n{cut}\n{a}\n{b}\n"), vec!["!", "!", "a", "b"]),
        (format!("{a}\n{{\n{b}\n"), vec!["a", "!", "b"]),
        (format!("{a}\n{{\"x\":\n{b}\n{a}\n"), vec!["a", "!", "b", "a"]),
        (format!("{a}\n{{\"x\":[\n{b}\n"), vec!["a", "!", "b"]),
        (format!("{a}\n\"x\n{b}\n"), vec!["a", "!", "b"]),
        (format!("[[[[[\n{a}\n{b}\n"), vec!["!", "a", "b"]),
        (format!("{a}\n{}\n{b}\n{a}", "[".repeat(200)), vec!["a", "!", "b", "a"]),
        (format!("{a}\n{{\"eventName\":nil}}\n{b}\n"), vec!["a", "!", "b"]),
        (format!("{a}\n{{}}\n{b}\n"), vec!["a", "!", "b"]),
        (format!("{a}\n42\nnull\n{b}\n"), vec!["a", "!", "!", "b"]),
        (format!("{a}{b}\n{b}\n"), vec!["a", "b", "b"]),
        (format!("{a} {b}\n{a}\n"), vec!["a", "b", "a"]),
        (format!("{a} oops\n{b}\n"), vec!["a", "!", "b"]),
        (format!("{a},\n{b},\n"), vec!["a", "b"]),
        (format!("{a}\n[{b},{a}]\n{b}\n"), vec!["a", "b", "a", "b"]),
        (format!("{a}\n[{b},\n{a}\n"), vec!["a", "b", "!", "a"]),
        (format!("{a}\n{{\"Records\":[{b},{a}]}}\n{b}\n"), vec!["a", "b", "a", "b"]),
        (format!("{a}\n{{\"Records\":[{b},{cut}\n{a}\n"), vec!["a", "b", "!", "a"]),
        (
            format!("{a}\n{{\n \"eventName\": \"B\",\n \"eventID\": \"b\"\n}}\n{a}\n"),
            vec!["a", "b", "a"],
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(ids(&all(&text)), expected, "{text}");
    }
}

#[test]
fn documents_over_lines_follow_one_another() {
    let (a, b) = (pretty("a"), pretty("b"));
    let cut = |text: &str| text.lines().take(9).collect::<Vec<_>>().join("\n");
    let cases = [
        (format!("{a}\n{b}\n"), vec!["a", "b"]),
        (format!("{a}{b}"), vec!["a", "b"]),
        (format!("{}\n{b}\n", cut(&a)), vec!["!", "b"]),
        (cut(&a), vec!["!"]),
        (format!("{a}\n{}", cut(&b)), vec!["a", "!"]),
        (format!("{a}\n{}\n{b}", cut(&a)), vec!["a", "!", "b"]),
        (format!("{a}\n{}", event("c")), vec!["a", "c"]),
        (format!("[\n{a},\n{b}\n]"), vec!["a", "b"]),
        (format!("{{\n  \"Records\" : [\n{a},\n{b}\n]\n}}\n{a}"), vec!["a", "b", "a"]),
    ];
    for (text, expected) in cases {
        assert_eq!(ids(&all(&text)), expected, "{text}");
    }
}

#[test]
fn a_document_that_swallows_the_next_gives_it_back() {
    // Cut right after a colon: what follows could be the member's value.
    let text = format!("{{\n  \"eventName\":\n{}\n", pretty("b"));
    assert_eq!(ids(&all(&text)), ["!", "b"]);
}

#[test]
fn a_truncated_trail_file_yields_what_stands_before_the_break() {
    let file = format!("{{\"Records\":[{},{},{}]}}", event("a"), event("b"), event("c"));
    for end in 1..file.len() {
        let items = all(first(&file, end));
        let whole = ["a", "b", "c"]
            .iter()
            .filter(|id| {
                let close = file.find(&event(id)).unwrap() + event(id).len();
                close <= end
            })
            .count();
        let mut expected: Vec<&str> = ["a", "b", "c"].into_iter().take(whole).collect();
        expected.push("!");
        assert_eq!(ids(&items), expected, "cut at {end}");
        let last = unreadable(items.last().unwrap());
        assert!(matches!(last.error, EventError::Truncated { .. }), "{last}");
        assert_eq!(last.error.place().offset, end as u64, "{last}");
    }
    let cut = file.find("\"c\"").unwrap() + 2;
    let items = all(first(&file, cut));
    assert_eq!(unreadable(&items[2]).path, "Records[2].eventID");
    assert_eq!(unreadable(&items[2]).raw, file.as_bytes()[file.find(&event("c")).unwrap()..cut]);
}

#[test]
fn a_broken_element_costs_itself() {
    let (a, b, c) = (event("a"), event("b"), event("c"));
    let cut = first(&b, 20);
    let cases = [
        (format!("{{\"Records\":[{a},{{\"eventName\":NaN}},{c}]}}"), vec!["a", "!", "c"]),
        (format!("{{\"Records\":[{a},7,\"x\",null,{c}]}}"), vec!["a", "!", "!", "!", "c"]),
        (format!("[\n{a},\n{cut}\n{c}\n]\n{b}\n"), vec!["a", "!", "c", "b"]),
        (format!("[\n  {a},\n  {cut},\n  {c}\n]\n"), vec!["a", "!", "c"]),
        (format!("[\n{a},\n}}\n{c}\n]\n"), vec!["a", "!"]),
        (format!("[{a} {c}]"), vec!["a", "c"]),
    ];
    for (text, expected) in cases {
        assert_eq!(ids(&all(&text)), expected, "{text}");
    }
}

#[test]
fn places_count_in_the_whole_input() {
    let text = format!("{}\n\n{}\n{{\"eventName\": nil}}\n", event("a"), event("b"));
    let items = all(&text);
    let place = unreadable(&items[2]).error.place();
    assert_eq!(place.offset, text.find("nil").unwrap() as u64 + 1);
    assert_eq!((place.line, place.column), (4, 16));
    assert_eq!(place.path, "eventName");

    let file = format!("{{\"Records\":[\n{},\n{{\"eventName\":\n5}}]}}", event("a"));
    let items = all(&file);
    let place = unreadable(&items[1]).error.place();
    assert_eq!((place.line, place.column, place.path.as_str()), (4, 1, "Records[1].eventName"));
    assert_eq!(place.offset, file.find("5}]").unwrap() as u64);
}

#[test]
fn an_unreadable_record_names_its_input_and_keeps_its_bytes() {
    let long = format!("{{\"eventName\":[{}", "1,".repeat(RAW_LIMIT));
    let text = format!("{}\n{long}\n", event("a"));
    let items: Vec<Item> = Reader::new(text.as_bytes()).named("trail.jsonl").collect();
    let broken = unreadable(&items[1]);
    assert_eq!((broken.source.as_str(), broken.index), ("trail.jsonl", 2));
    assert_eq!(broken.raw, long.as_bytes()[..RAW_LIMIT]);
    assert_eq!(broken.raw_length, long.len() as u64);
    assert!(broken.to_string().starts_with("trail.jsonl#2: the text ends"), "{broken}");
    assert!(std::error::Error::source(broken).is_none());
}

#[test]
fn bytes_that_are_no_text_are_kept_and_the_next_line_is_read() {
    let mut text = event("a").into_bytes();
    text.extend(b"\n{\"eventName\":\"\xff\xfe\"}\n\x00\x01\x02\n");
    text.extend(event("b").bytes());
    let items = all(&text);
    assert_eq!(ids(&items), ["a", "!", "!", "b"]);
    assert!(matches!(unreadable(&items[1]).error, EventError::Encoding { .. }));
    assert_eq!(unreadable(&items[1]).path, "eventName");
    assert_eq!(unreadable(&items[2]).raw, b"\x00\x01\x02");
}

#[test]
fn a_text_without_any_json_is_not_told_line_by_line_for_ever() {
    let text = "just words\n".repeat(5000) + &event("a");
    let items = all(&text);
    assert_eq!(items.len(), 101);
    assert_eq!(ids(&items)[100], "a");
}

#[test]
fn a_document_beyond_the_limit_is_told_and_passed() {
    let long = json!({"eventName": "A", "eventID": "long", "x": "y".repeat(3 << 20)}).to_string();
    let (a, b) = (event("a"), event("b"));
    let cases = [
        (format!("{a}\n{long}\n{b}\n"), vec!["a", "!", "b"]),
        (format!("{long}\n{b}\n"), vec!["!", "b"]),
        (format!("[{a},\n{long}\n{b}\n"), vec!["a", "!", "b"]),
        (format!("[{a},\n{long},\n{b}]\n{a}"), vec!["a", "!", "b", "a"]),
    ];
    for (text, expected) in cases {
        let items: Vec<Item> = Reader::new(text.as_bytes()).limit(1 << 20).collect();
        assert_eq!(ids(&items), expected);
        let at = expected.iter().position(|id| *id == "!").unwrap();
        let broken = unreadable(&items[at]);
        assert!(matches!(broken.error, EventError::TooLarge { .. }), "{broken}");
    }
    let whole: Vec<Item> = Reader::new(long.as_bytes()).collect();
    assert_eq!(ids(&whole), ["long"]);
}

#[test]
fn damage_of_any_length_is_passed_in_time() {
    // Each of these would take minutes if every line were held against all that follow it.
    let lines = 30_000;
    for (line, least) in
        [("{\"a\":\n", 1), ("{\n", 1), ("[\n", 1), ("{\"a\" {\n", 1), ("}\n", 1), ("[{\n", 1)]
    {
        for start in ["", "{\"eventName\":\"A\"}\n"] {
            let text = format!("{start}{}", line.repeat(lines));
            let items = all(&text);
            assert!(items.len() >= least, "{line:?} after {start:?}");
            let read = items.iter().filter(|item| item.event.is_ok()).count();
            assert_eq!(read, usize::from(!start.is_empty()), "{line:?} after {start:?}");
        }
    }
}

/// Hands out bytes in pieces of one size, and fails at the end if asked to.
struct Pieces<'a> {
    rest: &'a [u8],
    size: usize,
    fails: bool,
}

impl Read for Pieces<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.rest.is_empty() && self.fails {
            self.fails = false;
            return Err(io::Error::other("the disk is gone"));
        }
        let (piece, rest) = self.rest.split_at(self.size.min(self.rest.len()).min(into.len()));
        into[..piece.len()].copy_from_slice(piece);
        self.rest = rest;
        Ok(piece.len())
    }
}

#[test]
fn it_is_the_same_however_the_stream_is_cut_into_pieces() {
    let text = format!(
        "{}\n{{\"Records\":[{},{}]}}\n{}\n{}\nx\n",
        pretty("a"),
        event("b"),
        event("c"),
        event("d"),
        first(&event("e"), 12)
    );
    for size in 1..40 {
        let pieces = Pieces { rest: text.as_bytes(), size, fails: false };
        let reader = Reader::new(BufReader::with_capacity(size, pieces));
        let items: Vec<Item> = reader.collect();
        assert_eq!(ids(&items), ["a", "b", "c", "d", "!", "!"], "{size}");
    }
}

#[test]
fn a_stream_that_fails_is_told_and_what_came_before_is_read() {
    for (text, expected) in [
        (format!("{}\n", event("a")), vec!["a", "!"]),
        (format!("{{\"Records\":[{}", event("a")), vec!["a", "!"]),
    ] {
        let pieces = Pieces { rest: text.as_bytes(), size: 7, fails: true };
        let items: Vec<Item> = Reader::new(BufReader::new(pieces)).collect();
        assert_eq!(ids(&items), expected, "{text}");
        let broken = unreadable(items.last().unwrap());
        assert!(matches!(broken.error, EventError::Read { .. }), "{broken}");
        assert_eq!(broken.error.place().offset, text.len() as u64);
    }
}

#[test]
fn memory_stays_flat_over_long_inputs() {
    /// One record over and over, as lines or as one long list.
    struct Endless {
        piece: Vec<u8>,
        at: usize,
        left: usize,
    }
    impl Read for Endless {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            if self.at == self.piece.len() && self.left > 0 {
                self.left -= 1;
                self.at = 0;
            }
            let rest = &self.piece[self.at..];
            let length = rest.len().min(into.len());
            into[..length].copy_from_slice(&rest[..length]);
            self.at += length;
            Ok(length)
        }
    }
    for piece in [format!("{}\n", event("a")), format!("{},", event("a"))] {
        let list = piece.ends_with(',');
        let endless = Endless { piece: piece.into_bytes(), at: 0, left: 100_000 };
        let start: &[u8] = if list { b"[" } else { b"" };
        let mut reader = Reader::new(BufReader::new(start.chain(endless)));
        let mut count = 0_u64;
        let mut held = 0;
        while let Some(item) = reader.next() {
            count = item.index;
            held = held.max(reader.held());
        }
        assert!(count > 100_000, "{count}");
        assert!(held <= 4 << 20, "{held} bytes held");
    }
}
