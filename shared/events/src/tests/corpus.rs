//! The shared corpus, where it is at hand.

use std::path::PathBuf;

use serde_json::Value;

use super::{all, told};
use crate::Event;

/// The rows of a corpus file as events: the envelope where a row has one, else the record.
#[expect(clippy::disallowed_methods, reason = "the corpus is no part of the project")]
fn rows(name: &str) -> Option<Vec<(String, Value)>> {
    let workspace = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let shared = std::env::var_os("SNAPBACK_SHARED").unwrap_or_else(|| "../shared".into());
    let text = std::fs::read_to_string(workspace.join(shared).join("corpus").join(name)).ok()?;
    let row = |line: &str| {
        let mut row: Value = serde_json::from_str(line).unwrap();
        let id = row["id"].as_str().unwrap().to_owned();
        let event = row["envelope"].take();
        (id, if event.is_null() { row["record"].take() } else { event })
    };
    Some(text.lines().map(row).collect())
}

#[test]
fn every_row_of_the_corpus_is_an_event() {
    let mut count = 0;
    for name in ["events.jsonl", "bulk.jsonl"] {
        let Some(rows) = rows(name) else { continue };
        let lines: Vec<String> = rows.iter().map(|(_, event)| event.to_string()).collect();
        let items = all(lines.join("\n"));
        assert_eq!(items.len(), rows.len(), "{name}");
        for (item, (id, event)) in items.iter().zip(&rows) {
            let read = item.event.as_ref().unwrap_or_else(|broken| panic!("{id}: {broken}"));
            let detail = event.get("detail").unwrap_or(event);
            assert_eq!(read.record.event_name, detail["eventName"].as_str().unwrap(), "{id}");
            let code = detail["errorCode"].as_str().filter(|code| !code.is_empty());
            assert_eq!(read.record.error_code.as_deref(), code, "{id}");
            assert_eq!(told(&Event::from_value(event).unwrap()), told(read), "{id}");
            count += 1;
        }
    }
    // Nothing was tested where the corpus is missing; where it is there, all of it was.
    assert!(count == 0 || count > 1000, "{count}");
}

#[test]
fn raw_envelopes_of_the_corpus_are_consistent() {
    let Some(rows) = rows("events.jsonl") else { return };
    for (id, event) in rows {
        let real = event["detail-type"] == "AWS API Call via CloudTrail";
        if event.get("detail").is_none() || !real {
            continue;
        }
        assert_eq!(Event::from_value(&event).unwrap().consistency(), Ok(()), "{id}");
    }
}
