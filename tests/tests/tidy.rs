//! Rules of the house that a compiler cannot hold: one name everywhere, documented modules, true
//! documents, nothing of the machine it was written on.

#![expect(clippy::expect_used, clippy::panic, reason = "a test stops where it cannot look")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ has a parent").to_owned()
}

/// Every file below the root that git would know, by a walk that leaves out what is generated.
fn files(extensions: &[&str]) -> Vec<PathBuf> {
    fn walk(folder: &Path, extensions: &[&str], found: &mut Vec<PathBuf>) {
        let Ok(entries) = fs::read_dir(folder) else { return };
        for path in entries.flatten().map(|entry| entry.path()) {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() {
                let generated = ["target", ".git", "node_modules", ".aws-sam", "__pycache__"];
                if !generated.contains(&name.as_str()) {
                    walk(&path, extensions, found);
                }
            } else if extensions.is_empty()
                || path.extension().is_some_and(|end| extensions.contains(&&*end.to_string_lossy()))
            {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(&root(), extensions, &mut found);
    found.sort();
    found
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

fn names_in(folder: &str) -> BTreeSet<String> {
    fs::read_dir(root().join(folder))
        .unwrap_or_else(|error| panic!("{folder}: {error}"))
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().trim_end_matches(".md").to_owned())
        .collect()
}

fn control_ids() -> BTreeSet<String> {
    controls::all().iter().map(|control| control.id().as_str().to_owned()).collect()
}

#[test]
fn a_control_has_one_name_everywhere() {
    let ids = control_ids();
    assert!(!ids.is_empty());
    for folder in ["functions", "docs/controls", "events"] {
        assert_eq!(names_in(folder), ids, "{folder}");
    }
}

#[test]
fn every_control_has_at_least_eight_samples() {
    for id in control_ids() {
        let samples = names_in(&format!("events/{id}"));
        assert!(samples.len() >= 8, "events/{id} has {}", samples.len());
    }
}

#[test]
fn a_controls_page_has_the_headings_and_the_events_of_the_code() {
    const HEADINGS: [&str; 9] = [
        "## Question",
        "## Why it matters",
        "## Events",
        "## What is read",
        "## What counts as wrong, and what does not",
        "## Remedies and how to undo them by hand",
        "## Permissions",
        "## Known gaps",
        "## Sample",
    ];
    for control in controls::all() {
        let page = read(&root().join(format!("docs/controls/{}.md", control.id())));
        for heading in HEADINGS {
            assert!(page.contains(heading), "{}: no `{heading}`", control.id());
        }
        for subscription in control.subscriptions() {
            let name = format!("`{}`", subscription.event_name);
            assert!(page.contains(&name), "{}: {name} is not on its page", control.id());
        }
        for permission in control.read_actions().iter().chain(control.write_actions()) {
            let name = format!("`{permission}`");
            assert!(page.contains(&name), "{}: {name} is not on its page", control.id());
        }
    }
}

#[test]
fn every_module_says_what_it_is() {
    for path in files(&["rs"]) {
        let text = read(&path);
        let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        assert!(first.starts_with("//!"), "{} does not begin with `//!`", shown(&path));
    }
}

#[test]
fn files_stay_small_enough_to_be_read() {
    // Tables of data, not code.
    const DATA: [&str; 3] = ["catalogue/compliance.rs", "catalogue/codes.rs", "privilege/paths.rs"];
    for path in files(&["rs"]) {
        let lines = read(&path).lines().count();
        let data = DATA.iter().any(|name| path.ends_with(name));
        assert!(lines <= 750 || data, "{} has {lines} lines", shown(&path));
    }
}

#[test]
fn no_test_is_switched_off() {
    let attribute = concat!("#[", "ignore");
    for path in files(&["rs"]) {
        assert!(!read(&path).contains(attribute), "{} ignores a test", shown(&path));
    }
}

#[test]
fn every_crate_takes_the_workspace_lints() {
    for path in files(&["toml"]) {
        let text = read(&path);
        // The fuzz targets are no member of the workspace; their macro expands to unsafe code.
        if text.contains("[package]") && !shown(&path).starts_with("fuzz/") {
            let lints = text.contains("[lints]\nworkspace = true");
            assert!(lints, "{} does not take the workspace lints", shown(&path));
        }
    }
}

#[test]
fn every_dependency_says_why_it_is_there() {
    let manifest = read(&root().join("Cargo.toml"));
    let section = manifest
        .split("[workspace.dependencies]")
        .nth(1)
        .and_then(|rest| rest.split("\n[").next())
        .expect("the workspace has dependencies");
    for line in section.lines().filter(|line| line.contains(" = ") && !line.starts_with('#')) {
        assert!(line.contains("path = ") || line.contains(" # "), "no reason: {line}");
    }
}

#[test]
fn nothing_names_the_machine_it_was_written_on() {
    let places = [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/home/", "user")];
    for path in files(&["rs", "toml", "md", "yaml", "yml", "json", "py", "sh", "cedar", "txt"]) {
        let text = read(&path);
        for place in places {
            assert!(!text.contains(place), "{} names `{place}`", shown(&path));
        }
    }
}

#[test]
fn code_fences_of_the_documents_are_closed_and_their_links_resolve() {
    for path in files(&["md"]) {
        let text = read(&path);
        let fences = text.lines().filter(|line| line.trim_start().starts_with("```")).count();
        assert_eq!(fences % 2, 0, "{} leaves a code fence open", shown(&path));
        let folder = path.parent().expect("a file has a folder");
        for target in links(&text) {
            assert!(
                folder.join(&target).exists(),
                "{} links to `{target}`, which is not there",
                shown(&path)
            );
        }
    }
}

/// Relative link targets of a Markdown text, without anchors and outside code.
fn links(text: &str) -> Vec<String> {
    let mut targets = Vec::new();
    let mut fenced = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        let plain: String = line.split('`').step_by(2).collect::<Vec<_>>().join("");
        for rest in plain.split("](").skip(1) {
            let target = rest.split(')').next().unwrap_or_default();
            let target = target.split('#').next().unwrap_or_default();
            if !target.is_empty() && !target.contains("://") && !target.starts_with("mailto:") {
                targets.push(target.to_owned());
            }
        }
    }
    targets
}

#[test]
fn every_promise_to_users_is_pinned_by_a_test() {
    let text = read(&root().join("docs/semantics.md"));
    let promises: BTreeSet<String> = text
        .lines()
        .filter_map(|line| line.strip_prefix("- **S-"))
        .filter_map(|rest| rest.split("**").next())
        .map(|number| format!("S-{number}"))
        .collect();
    assert!(promises.len() >= 10, "docs/semantics.md lists {} promises", promises.len());
    let tests: Vec<String> = files(&["rs"])
        .iter()
        .filter(|path| !path.ends_with("tidy.rs"))
        .map(|path| read(path))
        .collect();
    for promise in promises {
        let cited = tests.iter().any(|text| {
            text.match_indices(&promise).any(|(at, _)| {
                let next = text.get(at + promise.len()..).and_then(|rest| rest.chars().next());
                !next.is_some_and(|c| c.is_ascii_digit())
            })
        });
        assert!(cited, "no test cites {promise}");
    }
}

#[test]
fn events_and_policies_hold_no_account_but_the_documented_examples() {
    // Account ids that AWS's documentation uses as examples.
    const EXAMPLES: [&str; 6] = [
        "111122223333",
        "444455556666",
        "123456789012",
        "777788889999",
        "222233334444",
        "555555555555",
    ];
    for path in files(&["json", "jsonl", "cedar"]) {
        if !path.starts_with(root().join("events")) && !path.starts_with(root().join("policies")) {
            continue;
        }
        let text = read(&path);
        let mut digits = String::new();
        for character in text.chars().chain(std::iter::once(' ')) {
            if character.is_ascii_digit() {
                digits.push(character);
                continue;
            }
            assert!(
                digits.len() != 12 || EXAMPLES.contains(&digits.as_str()),
                "{} holds the account id {digits}",
                shown(&path)
            );
            digits.clear();
        }
    }
}
