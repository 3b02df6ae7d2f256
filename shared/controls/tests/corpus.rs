//! Real records, where the shared corpus is at hand: each is judged by every control, none is lost.
#![expect(clippy::disallowed_methods, reason = "the corpus is a folder that may be missing")]

use std::{env, fs, path::PathBuf};

use controls::{ANY, NoStates, all};
use events::Event;
use model::{Status, Trust};
use serde_json::Value;

fn corpus(name: &str) -> Option<String> {
    let shared = env::var_os("SNAPBACK_SHARED").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    fs::read_to_string(shared.join("corpus").join(name)).ok()
}

#[test]
fn every_real_record_is_judged_by_every_control_that_asks_about_it() {
    for name in ["events.jsonl", "bulk.jsonl"] {
        let Some(text) = corpus(name) else { continue };
        for line in text.lines() {
            let row: Value = serde_json::from_str(line).unwrap();
            let inner = ["envelope", "record"]
                .into_iter()
                .find_map(|key| row.get(key).filter(|value| !value.is_null()));
            let Ok(event) = Event::from_value(inner.unwrap_or(&row)) else {
                panic!("not an event: {line}")
            };
            for control in all() {
                let judged = control.judge(&event, &NoStates, &Trust::default());
                let asked = control.asks_about(&event);
                assert_ne!(judged.status, Status::Malformed, "{line}");
                assert!(asked || judged.reason.as_deref() == Some("not_covered"), "{line}");
                // Those that look at calls of any name look at failures too.
                let any = control.subscriptions().iter().any(|one| one.event_name == ANY);
                if asked && !any && event.record.failure().is_some() {
                    assert_eq!(judged.reason.as_deref(), Some("call_failed"), "{line}");
                }
                if judged.status == Status::Finding {
                    assert!(!judged.findings.is_empty() && judged.target.is_some());
                }
            }
        }
    }
}
