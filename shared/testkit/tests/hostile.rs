//! Hostile bytes from a seed: what `fuzz/` does with a fuzzer, on stable Rust and the same each time.
//!
//! Bytes grow from the project's own samples by edits that keep them near the grammar; a failing
//! case is shrunk to the fewest edits. `SNAPBACK_FUZZ_TIMES` asks for so many times as many cases.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    reason = "a test stops where it goes wrong"
)]

use std::{env, fs, path::Path};

use proptest::{
    collection::vec,
    prelude::*,
    sample::Index,
    test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner},
};
use testkit::hostile::{TARGETS, Throw};

/// What is easily mistaken, and what stands in for itself in many places of the grammars.
const WORDS: [&str; 44] = [
    "\"",
    "\\",
    "\\u0000",
    "\\ud800",
    "\u{1b}[2J",
    "\u{202e}",
    "\u{2028}",
    "\r\n",
    "\0",
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "null",
    "true",
    "-1",
    "1e999",
    "[[[[[[[[",
    "{\"a\":{\"a\":",
    "*",
    "?",
    "${*}",
    "${aws:username}",
    "\"*\"",
    "%7B%22",
    "arn:aws:iam::*:root",
    "0.0.0.0/0",
    "::/0",
    "128.0.0.0/1",
    "\"Statement\"",
    "\"Principal\":\"*\"",
    "\"NotPrincipal\"",
    "\"Condition\"",
    "\"errorCode\"",
    "\"Records\"",
    "\"requestParameters\":null",
    "HIDDEN_DUE_TO_SECURITY_REASONS",
    "permit(principal, action, resource);",
    "@id(\"x\")",
    "unless",
    "when { context.now",
    "\u{feff}",
];

/// One change of some bytes.
#[derive(Debug, Clone)]
enum Edit {
    Flip(Index, u8),
    Insert(Index, usize),
    Cut(Index, Index),
    Repeat(Index, Index, u8),
    Splice(Index, Index, Index),
    Truncate(Index),
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let at = any::<Index>;
    vec(
        prop_oneof![
            (at(), any::<u8>()).prop_map(|(place, bits)| Edit::Flip(place, bits)),
            (at(), 0..WORDS.len()).prop_map(|(place, word)| Edit::Insert(place, word)),
            (at(), at()).prop_map(|(from, to)| Edit::Cut(from, to)),
            (at(), at(), 1..40_u8).prop_map(|(from, to, times)| Edit::Repeat(from, to, times)),
            (at(), at(), at()).prop_map(|(other, from, to)| Edit::Splice(other, from, to)),
            at().prop_map(Edit::Truncate),
        ],
        0..6,
    )
}

/// The range between two places, in order; at most so long that repeating it stays affordable.
fn range(bytes: &[u8], from: Index, to: Index) -> std::ops::Range<usize> {
    let (from, to) = (from.index(bytes.len() + 1), to.index(bytes.len() + 1));
    from.min(to)..from.max(to).min(from.min(to) + 2_000)
}

fn grown(seeds: &[Vec<u8>], seed: Index, edits: &[Edit]) -> Vec<u8> {
    let mut bytes = seed.get(seeds).clone();
    for edit in edits {
        match edit {
            Edit::Flip(place, bits) if !bytes.is_empty() => {
                let place = place.index(bytes.len());
                bytes[place] ^= bits;
            }
            Edit::Flip(..) => {}
            Edit::Insert(place, word) => {
                let place = place.index(bytes.len() + 1);
                bytes.splice(place..place, WORDS[*word].bytes());
            }
            Edit::Cut(from, to) => {
                let range = range(&bytes, *from, *to);
                bytes.drain(range);
            }
            Edit::Repeat(from, to, times) => {
                let range = range(&bytes, *from, *to);
                let piece = bytes[range.clone()].repeat(usize::from(*times));
                bytes.splice(range, piece);
            }
            Edit::Splice(other, from, to) => {
                let other = other.get(seeds);
                let piece = other[range(other, *from, *to)].to_vec();
                let place = from.index(bytes.len() + 1);
                bytes.splice(place..place, piece);
            }
            Edit::Truncate(place) => bytes.truncate(place.index(bytes.len() + 1)),
        }
    }
    bytes
}

/// How many times one target is thrown at.
fn cases(fewest: u32) -> u32 {
    let times = env::var("SNAPBACK_FUZZ_TIMES").ok().and_then(|text| text.parse().ok());
    fewest * times.unwrap_or(1_u32)
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn throw(name: &str, seeds: &[Vec<u8>], fewest: u32) {
    let (_, target): (_, Throw) = *TARGETS.iter().find(|(known, _)| *known == name).unwrap();
    assert!(!seeds.is_empty());
    for seed in seeds {
        target(seed);
    }
    let config = Config { cases: cases(fewest), failure_persistence: None, ..Config::default() };
    // Always the same cases: a red run can be had again.
    let random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let outcome = TestRunner::new_with_rng(config, random).run(
        &(any::<Index>(), edits()),
        |(seed, edits)| {
            let bytes = grown(seeds, seed, &edits);
            let thrown = std::panic::catch_unwind(|| target(&bytes));
            thrown.map_err(|_told_already| {
                TestCaseError::fail(format!("{:?}", String::from_utf8_lossy(&bytes)))
            })
        },
    );
    if let Err(error) = outcome {
        panic!("{name}: {error}");
    }
}

/// The files below a folder of the workspace, in order.
fn files(folder: &str) -> Vec<Vec<u8>> {
    fn below(folder: &Path, found: &mut Vec<Vec<u8>>) {
        let mut paths: Vec<_> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        for path in paths {
            if path.is_dir() { below(&path, found) } else { found.push(fs::read(&path).unwrap()) }
        }
    }
    let mut found = Vec::new();
    below(&root().join(folder), &mut found);
    found
}

/// The documents that stand in the samples, as texts: each string that opens a brace.
fn documents_in_samples() -> Vec<Vec<u8>> {
    fn gather(value: &serde_json::Value, found: &mut Vec<Vec<u8>>) {
        match value {
            serde_json::Value::String(text) if text.starts_with('{') => {
                // The first byte chooses the kind: each kind once.
                found.extend((0..7).map(|kind| [&[kind], text.as_bytes()].concat()));
            }
            serde_json::Value::Array(items) => items.iter().for_each(|it| gather(it, found)),
            serde_json::Value::Object(members) => {
                if members.contains_key("Statement") || members.contains_key("Grant") {
                    let text = value.to_string();
                    found.extend((0..7).map(|kind| [&[kind], text.as_bytes()].concat()));
                }
                members.values().for_each(|it| gather(it, found));
            }
            serde_json::Value::Null
            | serde_json::Value::Bool(_)
            | serde_json::Value::Number(_)
            | serde_json::Value::String(_) => {}
        }
    }
    let mut found = Vec::new();
    for file in files("events") {
        if let Ok(value) = serde_json::from_slice(&file) {
            gather(&value, &mut found);
        }
    }
    found
}

#[test]
fn events_of_any_form_are_answered_and_their_alerts_forge_nothing() {
    throw("events", &files("events"), 1_000);
}

#[test]
fn documents_of_any_form_are_judged_and_mended_closed() {
    throw("documents", &documents_in_samples(), 6_000);
}

#[test]
fn conditions_of_any_form_never_open() {
    let seeds = [
        r#"{"StringLike":{"aws:PrincipalOrgID":["o-example","o-*"]}}"#,
        r#"{"IpAddress":{"aws:SourceIp":["10.0.0.0/8","0.0.0.0/1","2001:db8::/32"]}}"#,
        r#"{"NotIpAddress":{"aws:SourceIp":"10.0.0.0/8"},"Bool":{"aws:SecureTransport":"false"}}"#,
        r#"{"ForAnyValue:StringEquals":{"aws:PrincipalOrgPaths":["o-example/r-ab/*"]}}"#,
        r#"{"ForAllValues:StringEqualsIfExists":{"aws:TagKeys":["a","b"]},"Null":{"aws:MultiFactorAuthAge":"true"}}"#,
        r#"{"ArnLike":{"aws:SourceArn":"arn:aws:*:*:111122223333:*"},"NumericLessThan":{"aws:MultiFactorAuthAge":"3600"}}"#,
        r#"{"DateGreaterThan":{"aws:CurrentTime":"2026-01-01T00:00:00Z"},"StringNotEquals":{"aws:PrincipalAccount":"111122223333"}}"#,
        r#"{"StringEquals":{"token.actions.githubusercontent.com:sub":"repo:octo/*","aws:SourceVpce":"vpce-1"}}"#,
    ];
    throw("conditions", &seeds.map(|text| text.as_bytes().to_vec()), 6_000);
}

#[test]
fn policies_of_any_form_are_refused_with_a_place_or_cannot_lift_safety() {
    let mut seeds = files("policies");
    seeds.push(
        b"@id(\"all\")\npermit(principal, action, resource);\n\
          @id(\"none\") @owner(\"a\") @reason(\"b\") @expires(\"2999-01-01\")\n\
          forbid(principal, action, resource) when { context.now < datetime(\"2999-01-01\") };"
            .to_vec(),
    );
    throw("policies", &seeds, 300);
}

#[test]
fn trust_files_of_any_form_are_read_or_refused() {
    let seeds = [
        r#"{"account_id":"111122223333","org_id":"o-example","trusted_accounts":["444455556666"],"sensitive_ports":[22]}"#,
        "account_id = \"111122223333\"\nrequire_mfa = true\n[required_kms_keys]\n\"logs-*\" = \"alias/logs\"\n",
        "[trusted_oidc_tenants]\n\"token.actions.githubusercontent.com\" = [\"octo\"]\n",
    ];
    throw("trust", &seeds.map(|text| text.as_bytes().to_vec()), 6_000);
}

#[test]
fn every_target_has_its_file_for_the_fuzzer() {
    let manifest = fs::read_to_string(root().join("fuzz/Cargo.toml")).unwrap();
    for (name, _) in TARGETS {
        let path = root().join("fuzz/fuzz_targets").join(format!("{name}.rs"));
        let file = fs::read_to_string(path).unwrap();
        assert!(file.contains(&format!("hostile::{name}(")), "{name}");
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
    }
}
