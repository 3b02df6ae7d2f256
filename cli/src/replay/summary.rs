//! What a run found, counted.

use std::collections::{BTreeMap, BTreeSet};

use model::{Response, Status};

use super::judge::Judgement;
use crate::text::{BOLD, Cell, DIM, line_of, paint, response_style, status_style, table};

/// Counts of a run, and the policies that took part.
#[derive(Debug, Default)]
pub struct Summary {
    controls: BTreeMap<&'static str, Counts>,
    /// Records read, malformed ones included.
    pub records: u64,
    /// Records that no control looks at.
    pub not_covered: u64,
    /// Text that is no record.
    pub malformed: u64,
    /// Inputs read.
    pub inputs: u64,
    /// Inputs that could not be read to their end.
    pub unreadable: u64,
    /// Questions that the account did not answer (`--live`, `--apply`).
    pub unanswered: u64,
    /// Findings that were to be mended or marked and are not (`--apply`).
    pub unmended: u64,
    /// Files in folders that were left out.
    pub skipped: usize,
    /// Ids of the policies that took part in a decision.
    policies: BTreeSet<String>,
    furthest: Option<Response>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Counts {
    revert: u64,
    tag: u64,
    alert: u64,
    ignore: u64,
    clean: u64,
    unclear: u64,
    ignored: u64,
}

fn more(count: &mut u64) {
    *count = count.saturating_add(1);
}

impl Summary {
    /// Nothing yet, but for the files that were left out.
    #[must_use]
    pub fn new(skipped: usize) -> Self {
        Self { skipped, ..Self::default() }
    }

    /// Counts what was said of one event.
    pub fn count(&mut self, judgements: &[Judgement]) {
        more(&mut self.records);
        if judgements.is_empty() {
            more(&mut self.not_covered);
        }
        for judgement in judgements {
            let counts = self.controls.entry(judgement.control.as_str()).or_default();
            for decided in &judgement.findings {
                for because in &decided.decision.because {
                    if !self.policies.contains(&because.policy) {
                        self.policies.insert(because.policy.clone());
                    }
                }
            }
            if let Some(decision) = &judgement.decision {
                more(match decision.response {
                    Response::Revert => &mut counts.revert,
                    Response::Tag => &mut counts.tag,
                    Response::Alert => &mut counts.alert,
                    Response::Ignore => &mut counts.ignore,
                });
                self.furthest = self.furthest.max(Some(decision.response));
                continue;
            }
            match judgement.status {
                Status::Clean => more(&mut counts.clean),
                Status::Unclear | Status::Finding | Status::Malformed => more(&mut counts.unclear),
                Status::Ignored => more(&mut counts.ignored),
            }
        }
    }

    /// Counts text that is no record.
    pub fn count_malformed(&mut self) {
        more(&mut self.records);
        more(&mut self.malformed);
    }

    /// How often nothing can be said.
    #[must_use]
    pub fn unclear(&self) -> u64 {
        self.controls.values().fold(0, |sum, counts| sum.saturating_add(counts.unclear))
    }

    /// The furthest response of the run.
    #[must_use]
    pub const fn furthest(&self) -> Option<Response> {
        self.furthest
    }

    /// Whether a policy took part in a decision.
    #[must_use]
    pub fn met(&self, policy: &str) -> bool {
        self.policies.contains(policy)
    }

    /// The table and the totals.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = String::new();
        let rows: Vec<Vec<Cell>> = self
            .controls
            .iter()
            .map(|(control, counts)| {
                vec![
                    Cell::new(*control, BOLD),
                    Cell::count(counts.revert, response_style(Response::Revert)),
                    Cell::count(counts.tag, response_style(Response::Tag)),
                    Cell::count(counts.alert, response_style(Response::Alert)),
                    Cell::count(counts.ignore, response_style(Response::Ignore)),
                    Cell::count(counts.clean, status_style(Status::Clean)),
                    Cell::count(counts.unclear, status_style(Status::Unclear)),
                    Cell::count(counts.ignored, status_style(Status::Ignored)),
                ]
            })
            .collect();
        if !rows.is_empty() {
            let head =
                ["control", "revert", "tag", "alert", "ignore", "clean", "unclear", "ignored"];
            out.push_str(&table(&head, &rows));
            out.push('\n');
        }
        let mut parts = vec![format!(
            "{} from {}",
            number(self.records, "record", "records"),
            number(self.inputs, "file", "files")
        )];
        if self.not_covered > 0 {
            parts.push(format!("{} that nobody asks about", self.not_covered));
        }
        if self.malformed > 0 {
            let text = format!("{} malformed", self.malformed);
            parts.push(paint(status_style(Status::Malformed), &text));
        }
        if self.unreadable > 0 {
            let text = format!("{} not readable", number(self.unreadable, "file", "files"));
            parts.push(paint(status_style(Status::Malformed), &text));
        }
        if self.unanswered > 0 {
            let text = format!("{} not answered by the account", self.unanswered);
            parts.push(paint(status_style(Status::Malformed), &text));
        }
        if self.unmended > 0 {
            let text = format!("{} not mended", number(self.unmended, "finding", "findings"));
            parts.push(paint(status_style(Status::Malformed), &text));
        }
        if self.skipped > 0 {
            let skipped = u64::try_from(self.skipped).unwrap_or(u64::MAX);
            let text = format!("{} of other kinds left out", number(skipped, "file", "files"));
            parts.push(paint(DIM, &text));
        }
        line_of(&mut out, &format!("{}.", parts.join(", ")));
        out
    }
}

/// "1 file", "2 files".
#[must_use]
pub fn number(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
