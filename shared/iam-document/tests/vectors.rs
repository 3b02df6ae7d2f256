//! Every vector of the shared material, where it is present: verdicts agree, or the deviation is
//! argued here.

#![expect(
    clippy::disallowed_methods,
    reason = "the purity rule is the library's; a test may read files"
)]

use std::{collections::BTreeSet, fs, path::PathBuf};

use iam_document::{Context, Enforcement, Kind, Verdict, inspect};
use serde_json::Value;

/// Vectors that the specification itself calls ambiguous and that are answered otherwise, with the
/// reason.
const DEVIATIONS: &[(&str, &str)] = &[];

fn shared() -> Option<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let shared =
        std::env::var_os("SNAPBACK_SHARED").map_or_else(|| root.join("../shared"), PathBuf::from);
    shared.is_dir().then_some(shared)
}

fn texts(value: &Value, key: &str) -> BTreeSet<String> {
    value[key]
        .as_array()
        .map(|items| items.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        .unwrap_or_default()
}

/// What differs from the expectation, one line each.
fn differences(verdict: &Verdict, expect: &Value) -> Vec<String> {
    let mut differences = Vec::new();
    let mut differ = |what: &str, found: String, wanted: String| {
        if found != wanted {
            differences.push(format!("{what}: {found} instead of {wanted}"));
        }
    };
    differ("public", verdict.public.to_string(), expect["public"].to_string());
    let strangers: BTreeSet<String> = verdict.cross_account.iter().cloned().collect();
    differ(
        "cross_account",
        format!("{strangers:?}"),
        format!("{:?}", texts(expect, "cross_account")),
    );
    for (key, found) in [
        ("effective_public", Value::Bool(verdict.effective_public)),
        ("mitigated_by_deny", Value::Bool(verdict.mitigated_by_deny)),
        ("tls", verdict.tls.map(Enforcement::as_str).into()),
        ("kms", verdict.kms.map(Enforcement::as_str).into()),
    ] {
        if let Some(wanted) = expect.get(key) {
            differ(key, found.to_string(), wanted.to_string());
        }
    }
    let found: BTreeSet<String> = verdict.codes().into_iter().map(str::to_owned).collect();
    let wanted = texts(expect, "findings");
    if expect["findings_mode"] == "superset" {
        let missing: Vec<&String> = wanted.difference(&found).collect();
        differ("missing findings", format!("{missing:?}"), "[]".to_owned());
    } else {
        differ("findings", format!("{found:?}"), format!("{wanted:?}"));
    }
    let absent = texts(expect, "findings_absent");
    let present: Vec<&String> = absent.intersection(&found).collect();
    differ("unwanted findings", format!("{present:?}"), "[]".to_owned());
    differences
}

#[test]
fn every_vector_agrees_or_its_deviation_is_argued() {
    let Some(shared) = shared() else { return };
    let text = fs::read_to_string(shared.join("vectors/documents.jsonl")).unwrap();
    let mut failures = Vec::new();
    let mut count = 0;
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let row: Value = serde_json::from_str(line).unwrap();
        let id = row["id"].as_str().unwrap();
        let kind: Kind = row["kind"].as_str().unwrap().parse().unwrap();
        let context = Context::from_json(&row["context"]).unwrap();
        let verdict = inspect(kind, &row["document"], &context);
        for finding in &verdict.findings {
            let listed = model::catalogue::describe(&finding.code).code;
            assert_ne!(listed, model::catalogue::UNLISTED.code, "{}", finding.code);
        }
        let differences = differences(&verdict, &row["expect"]);
        let known = DEVIATIONS.iter().any(|(known, _)| *known == id) && row["ambiguous"] == true;
        if !differences.is_empty() && !known {
            failures.push(format!("{id}: {}", differences.join("; ")));
        }
        count += 1;
    }
    assert!(count > 0, "the file holds no vector");
    assert!(failures.is_empty(), "{} of {count} differ:\n{}", failures.len(), failures.join("\n"));
}
