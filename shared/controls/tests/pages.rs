//! The page of each control says what its code does: headings, events, permissions, codes.
#![expect(clippy::disallowed_methods, reason = "the pages are files")]
#![expect(clippy::unwrap_used, reason = "a test that cannot read its page has failed")]

use std::{collections::BTreeSet, fs, path::Path};

use controls::{AnyControl, all};

const HEADINGS: [&str; 10] = [
    "Question",
    "Why it matters",
    "Events",
    "What is read",
    "What counts as wrong, and what does not",
    "Remedies and how to undo them by hand",
    "Permissions",
    "API calls per event",
    "Known gaps",
    "Sample",
];

fn page(control: &dyn AnyControl) -> String {
    let path = format!("../../docs/controls/{}.md", control.id());
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The text under a heading.
fn section<'a>(page: &'a str, heading: &str) -> &'a str {
    let (_, rest) = page.split_once(&format!("\n## {heading}\n")).unwrap();
    rest.split_once("\n## ").map_or(rest, |(section, _)| section)
}

/// What stands between backticks.
fn quoted(text: &str) -> BTreeSet<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

#[test]
fn every_page_has_the_same_headings_in_the_same_order() {
    for control in all() {
        let page = page(*control);
        let headings: Vec<&str> =
            page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        assert_eq!(headings, HEADINGS, "{}", control.id());
        assert!(page.starts_with(&format!("# {}\n", control.id())));
    }
}

#[test]
fn the_events_of_the_page_are_those_subscribed_to() {
    for control in all() {
        let page = page(*control);
        let rows: BTreeSet<(&str, &str)> = section(&page, "Events")
            .lines()
            .filter(|line| line.starts_with("| `"))
            .map(|line| {
                let mut cells = line.split('`').skip(1).step_by(2);
                (cells.next().unwrap(), cells.next().unwrap())
            })
            .collect();
        let subscribed: BTreeSet<(&str, &str)> = control
            .subscriptions()
            .iter()
            .map(|subscription| (subscription.event_source, subscription.event_name))
            .collect();
        assert_eq!(rows, subscribed, "{}", control.id());
    }
}

#[test]
fn the_permissions_of_the_page_are_those_declared() {
    for control in all() {
        let page = page(*control);
        let told: BTreeSet<&str> = quoted(section(&page, "Permissions"))
            .into_iter()
            .filter(|word| word.contains(':'))
            .collect();
        let declared: BTreeSet<&str> =
            control.read_actions().iter().chain(control.write_actions()).copied().collect();
        assert_eq!(told, declared, "{}", control.id());
    }
}

#[test]
fn what_is_declared_is_sorted_and_stands_once() {
    for control in all() {
        for actions in [control.read_actions(), control.write_actions(), control.reads()] {
            // What happened stands in the record of two questions, which only ever tell.
            let by_record = ["console-sign-in", "s3-access-denied"];
            let none = by_record.contains(&control.id().as_str());
            assert!(
                actions.is_sorted() && actions.is_empty() == none,
                "{}: {actions:?}",
                control.id()
            );
            let unique: BTreeSet<_> = actions.iter().collect();
            assert_eq!(unique.len(), actions.len());
        }
        assert!(control.subscriptions().is_sorted(), "{}", control.id());
    }
    let ids: Vec<_> = all().iter().map(|control| control.id()).collect();
    assert!(ids.is_sorted());
}
