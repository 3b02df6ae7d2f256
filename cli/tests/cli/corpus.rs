//! The shared corpus, where this checkout has one beside it: real records and judged documents.

use std::{collections::BTreeMap, fs};

use serde_json::Value;

use crate::common::{lines, shared, with_input};

#[test]
fn every_record_of_the_corpus_is_read_and_judged() {
    let Some(shared) = shared() else { return };
    for file in ["corpus/events.jsonl", "corpus/bulk.jsonl"] {
        let text = fs::read_to_string(shared.join(file)).unwrap();
        let rows: Vec<Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let mut input = String::new();
        for row in &rows {
            let event = Some(&row["envelope"]).filter(|event| !event.is_null());
            input.push_str(&event.unwrap_or(&row["record"]).to_string());
            input.push('\n');
        }
        let args = ["replay", "-", "--format", "json", "--strict", "--now", "2026-02-03T09:00:00Z"];
        let ran = with_input(&args, input.as_bytes());
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{file}");
        let lines = lines(&ran);
        let mut seen: BTreeMap<u64, u64> = BTreeMap::new();
        for line in &lines {
            let (_, number) = line["source"].as_str().unwrap().rsplit_once('#').unwrap();
            *seen.entry(number.parse().unwrap()).or_default() += 1;
            assert_ne!(line["status"], "malformed", "{file}: {line}");
        }
        let all: Vec<u64> = (1..=u64::try_from(rows.len()).unwrap()).collect();
        assert_eq!(
            seen.keys().copied().collect::<Vec<_>>(),
            all,
            "{file}: every record has a line"
        );
    }
}

#[test]
fn every_document_of_the_vectors_is_answered_under_its_id() {
    let Some(shared) = shared() else { return };
    for file in ["vectors/documents.jsonl", "vectors/peer-documents.jsonl"] {
        let text = fs::read_to_string(shared.join(file)).unwrap();
        let rows: Vec<Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let ran = with_input(&["inspect", "--batch", "-"], text.as_bytes());
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{file}");
        let answers = lines(&ran);
        assert_eq!(answers.len(), rows.len(), "{file}");
        for (row, answer) in rows.iter().zip(&answers) {
            assert_eq!(row.get("id").unwrap_or(&Value::Null), &answer["id"], "{file}");
            let expected = row["expect"]["findings"].as_array();
            let malformed =
                expected.is_some_and(|codes| codes.contains(&Value::from("malformed-policy")));
            if file == "vectors/documents.jsonl" && !malformed {
                assert_eq!(answer["error"], Value::Null, "{row}");
            }
        }
    }
}
