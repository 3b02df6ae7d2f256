//! What holds for any input.

use proptest::{collection::vec, prelude::*, test_runner::Config};
use serde_json::{Value, json};

use super::{all, envelope, forms::wrappings, parse, record, record_with, told, unreadable};
use crate::{Event, Item, Reader};

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((".{0,8}", inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// A record with members of any form, `eventName` excepted.
fn any_record() -> impl Strategy<Value = Value> {
    let keys = prop::sample::select(vec![
        "userIdentity",
        "eventTime",
        "eventSource",
        "awsRegion",
        "sourceIPAddress",
        "userAgent",
        "requestParameters",
        "responseElements",
        "additionalEventData",
        "eventID",
        "readOnly",
        "resources",
        "errorCode",
        "errorMessage",
        "recipientAccountId",
        "eventType",
        "unheardOf",
    ]);
    vec((keys, any_json()), 0..6).prop_map(|members| {
        let members: serde_json::Map<String, Value> =
            members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        record_with(&Value::Object(members))
    })
}

/// A line that is no document: its brackets never close.
fn garbage() -> impl Strategy<Value = Vec<u8>> {
    let no_end =
        |byte: &u8| !matches!(byte, b'\n' | b'\r' | b'}' | b']' | b'"' | b'[' | b',' | 0x1e);
    vec(any::<u8>().prop_filter("one line", no_end), 1..40)
        .prop_filter("not blank", |line| !line.trim_ascii().is_empty())
        .prop_filter("not merely opened", |line| line.trim_ascii() != b"{")
}

proptest! {
    #![proptest_config(Config { failure_persistence: None, ..Config::default() })]

    #[test]
    fn any_bytes_end_in_items(bytes in vec(any::<u8>(), 0..400)) {
        let items = all(&bytes);
        let blank = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b',' | 0x1e);
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        if !bytes.iter().all(blank) {
            // Not a list: an empty one has no items.
            prop_assert!(!items.is_empty() || bytes.contains(&b'['));
        }
    }

    #[test]
    fn any_text_of_json_pieces_ends_in_items(
        pieces in vec(prop::sample::select(vec![
            "{", "}", "[", "]", ",", ":", "\"", "\\", "\n", " ", "1", "null", "\"a\"", "\"Records\"",
            "\"eventName\"", "\"detail\"", "\"body\"", "\"x\"", "{\"eventName\":\"A\"}", "\u{feff}", "é",
        ]), 0..60),
        size in 1_usize..9,
    ) {
        let text = pieces.concat();
        let whole: Vec<String> = all(&text).iter().map(shown).collect();
        let pieces = std::io::BufReader::with_capacity(size, text.as_bytes());
        let cut: Vec<String> = Reader::new(pieces).map(|item| shown(&item)).collect();
        prop_assert_eq!(whole, cut);
    }

    #[test]
    fn every_line_is_one_item(
        lines in vec(prop_oneof![
            any_record().prop_map(|record| (true, record.to_string().into_bytes())),
            garbage().prop_map(|line| (false, line)),
            any_record().prop_map(|record| {
                let text = record.to_string().into_bytes();
                (false, text[..text.len() / 2].to_vec())
            }),
        ], 0..8),
    ) {
        let mut text = envelope(&record()).to_string().into_bytes();
        for (_, line) in &lines {
            text.push(b'\n');
            text.extend(line);
        }
        let items = all(&text);
        let told: Vec<bool> = items.iter().map(|item| item.event.is_ok()).collect();
        let expected: Vec<bool> =
            std::iter::once(true).chain(lines.iter().map(|(whole, _)| *whole)).collect();
        prop_assert_eq!(told, expected);
        for (item, (_, line)) in items.iter().skip(1).zip(&lines) {
            if item.event.is_err() {
                prop_assert_eq!(&unreadable(item).raw, line.trim_ascii());
            }
        }
    }

    #[test]
    fn members_of_any_form_do_not_cost_the_event(record in any_record()) {
        let event = Event::from_value(&record);
        prop_assert!(event.is_ok(), "{:?}", event);
        let record = event.unwrap().record;
        // Everything that is derived later, too.
        let _failure = record.failure();
        let _resources = record.resources();
        let _object = crate::parameters::s3::object_of_record(&record);
        let _role = record.parameters::<crate::parameters::iam::CreateRole>();
        let _answer = record.response::<crate::parameters::iam::CreatedRole>();
        let _put = record.parameters::<crate::parameters::s3::CopyObject>();
    }

    #[test]
    fn wrapping_changes_nothing(record in any_record(), enveloped in any::<bool>()) {
        let event = if enveloped { envelope(&record) } else { record };
        let expected = told(&parse(&event));
        for (form, text) in wrappings(&event) {
            let items = all(&text);
            prop_assert_eq!(items.len(), 1, "{}", form);
            prop_assert_eq!(told(items[0].event.as_ref().unwrap()), expected.clone(), "{}", form);
        }
    }
}

fn shown(item: &Item) -> String {
    match &item.event {
        Ok(event) => format!("{} {}", item.index, told(event)),
        Err(broken) => format!("{} {broken} {:?}", item.index, broken.raw),
    }
}

/// A small generator with a fixed seed, so that a failure can be repeated.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, end: usize) -> usize {
        // xorshift64
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let end = u64::try_from(end.max(1)).unwrap();
        usize::try_from(self.0.checked_rem(end).unwrap()).unwrap()
    }
}

#[test]
fn ten_thousand_damaged_samples_end_in_items() {
    let samples: Vec<Vec<u8>> = wrappings(&envelope(&record()))
        .into_iter()
        .map(|(_, text)| text.into_bytes())
        .chain([json!([record(), envelope(&record())]).to_string().into_bytes()])
        .collect();
    let mut seeded = Seeded(0x5eed_5eed_5eed_5eed);
    for round in 0..10_000 {
        let mut text = samples[seeded.below(samples.len())].clone();
        for _ in 0..=seeded.below(4) {
            let at = seeded.below(text.len());
            match seeded.below(5) {
                0 => text.truncate(at),
                1 => text[at..].rotate_left(1),
                2 => text[at] = u8::try_from(seeded.below(256)).unwrap(),
                3 => text.insert(at, b"{}[],:\"\\\n0"[seeded.below(10)]),
                _ => {
                    let end = at + seeded.below(text.len() - at).min(64);
                    let copy = text[at..end].to_vec();
                    text.splice(at..at, copy);
                }
            }
            if text.is_empty() {
                text.push(b'{');
            }
        }
        let items = all(&text);
        let empty = text.iter().all(|byte| byte.is_ascii_whitespace() || *byte == b',');
        let list = text.windows(2).any(|pair| pair == b"[]");
        assert!(
            !items.is_empty() || empty || list,
            "round {round}: {}",
            String::from_utf8_lossy(&text)
        );
    }
}
