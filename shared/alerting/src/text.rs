//! The form for a person at three in the morning: who, what, where, what was done, what was held
//! back and why, how to undo it.
//!
//! Every line begins with a label of ours and every value stays on its line, so that no value can
//! pass for a line of ours. Where a line holds several values, each stands between backticks, so that
//! none can pass for another, or for a word of ours. A sentence stands alone on its line.

use model::{Effect, Outcome, catalogue};

use crate::{
    Alert, AlertFinding, encode,
    limits::{Limits, fact, first},
    program::time,
    sns,
};

pub(crate) fn text(alert: &Alert) -> String {
    Limits::fullest(|limits, shortened| {
        let mut page = Page { text: String::new(), limits: *limits };
        page.alert(alert, shortened);
        page.text
    })
}

struct Page {
    text: String,
    limits: Limits,
}

impl Page {
    /// A line of ours: the value has been encoded, or is ours.
    fn line(&mut self, label: &str, value: &str) {
        self.text.extend([&format!("{label:<10} "), value, "\n"]);
    }

    fn gap(&mut self) {
        self.text.push('\n');
    }

    /// A sentence, which has its line to itself.
    fn other(&self, text: &str) -> String {
        encode::within(text, self.limits.value)
    }

    /// Free text among other values.
    fn quoted(&self, text: &str) -> String {
        encode::quoted(text, self.limits.value)
    }

    /// Somebody else's name among other values.
    fn name(&self, text: &str) -> String {
        encode::quoted_name(text, self.limits.value)
    }

    fn arn(&self, text: &str) -> String {
        encode::quoted_name(text, self.limits.name)
    }

    /// A name that is usually ours.
    fn word(&self, text: &str) -> String {
        encode::word(text, self.limits.value)
    }

    fn alert(&mut self, alert: &Alert, shortened: bool) {
        let worst = sns::severity(alert).as_str().to_uppercase();
        self.line("Snapback", &format!("{worst} {}", sns::became(alert)));
        self.gap();
        self.line("Who", &self.who(alert));
        self.line("What", &self.what(alert));
        self.line("Where", &self.place(alert));
        self.line("Asked by", &format!("{}, posture {}", alert.control, alert.posture));
        if let Some(problem) = &alert.problem {
            self.gap();
            self.line("Problem", &self.other(problem));
            self.line("Done", "nothing: what cannot be judged is told, and never acted upon");
            self.line(
                "Next",
                "look at the resource by hand; `snapback replay` judges the event again",
            );
        }
        let count = alert.findings.len();
        let (findings, left) = first(&alert.findings, self.limits.findings);
        for (index, finding) in findings.iter().enumerate() {
            self.gap();
            self.finding(alert, finding, index.saturating_add(1), count);
        }
        if left > 0 {
            self.gap();
            self.line("Omitted", &format!("{left} more findings"));
        }
        self.gap();
        self.line("Told at", &time(alert.at));
        if shortened {
            self.line("Shortened", "the whole of it is in the ledger and in the event");
        }
    }

    fn who(&self, alert: &Alert) -> String {
        let actor = &alert.actor;
        let kind = serde_json::to_value(actor.kind).unwrap_or_default();
        let mfa = match actor.mfa {
            Some(true) => ", with MFA",
            Some(false) => ", without MFA",
            None => "",
        };
        let mut who = format!("{} ({}{mfa})", self.arn(&actor.id), encode::value(&kind));
        let mut add = |label: &str, value: Option<String>| {
            if let Some(value) = value {
                who.extend([", ", label, " ", &value]);
            }
        };
        add("session", actor.session.as_deref().map(|it| self.name(it)));
        add("of account", actor.account.as_ref().map(|it| self.name(it.as_str())));
        add("by way of", actor.invoked_by.as_deref().map(|it| self.name(it)));
        add("from", actor.source_ip.as_deref().map(|it| self.name(it)));
        add("agent", actor.user_agent.as_deref().map(|it| self.quoted(it)));
        who
    }

    fn what(&self, alert: &Alert) -> String {
        let name = alert.event_name.as_deref().map_or("unknown call".to_owned(), |n| self.name(n));
        let at = alert
            .event_time
            .map_or("at an unknown time".to_owned(), |at| format!("at {}", time(at)));
        let id = alert.event_id.as_deref().map_or("without an id".to_owned(), |id| self.name(id));
        format!("{name} {at} (event {id})")
    }

    fn place(&self, alert: &Alert) -> String {
        let unknown = || "unknown".to_owned();
        let resource = alert.resource.as_ref().map_or("unknown resource".to_owned(), |resource| {
            format!("{} {}", resource.kind(), self.arn(&resource.arn))
        });
        let account = alert.account.as_ref().map_or_else(unknown, |id| self.name(id.as_str()));
        let region = alert.region.as_deref().map_or_else(unknown, |region| self.name(region));
        format!("{resource} in account {account}, Region {region}")
    }

    fn finding(&mut self, alert: &Alert, finding: &AlertFinding, number: usize, count: usize) {
        let severity = finding.severity.as_str().to_uppercase();
        let code = self.word(&finding.code);
        self.line("Finding", &format!("{number} of {count}: {severity} {code}"));
        self.line("  Wrong", &self.other(&finding.title));
        self.line("  Meaning", catalogue::describe(&finding.code).meaning);
        self.line("  Effect", effect(finding));
        self.evidence(finding);
        self.line("  Done", done(finding));
        self.reasons(alert, finding);
        self.calls(finding);
        self.undo(finding);
        if finding.repeats > 0 {
            let again = format!("seen {} more times since it was last told", finding.repeats);
            self.line("  Repeats", &again);
        }
        if let Some(row) = catalogue::describe(&finding.code).compliance() {
            let of = |name: &str, ids: &[&str]| {
                (!ids.is_empty()).then(|| format!("{name} {}", ids.join(" ")))
            };
            let named = [
                of("Security Hub", row.security_hub),
                of("CIS 5.0", row.cis_v5),
                of("PCI DSS 4.0.1", row.pci_dss_v4),
            ];
            let named: Vec<String> = named.into_iter().flatten().collect();
            if !named.is_empty() {
                self.line("  Fails", &named.join("; "));
            }
        }
    }

    fn evidence(&mut self, finding: &AlertFinding) {
        let evidence: Vec<_> = finding.evidence.iter().collect();
        let (evidence, left) = first(&evidence, self.limits.items);
        for (name, value) in evidence {
            let fact = encode::printed(&fact(name, value, &self.limits), self.limits.fact);
            self.line("  Evidence", &format!("{}: {fact}", self.word(name)));
        }
        self.left("  Evidence", left);
    }

    /// The policies that made the decision, and what else held a remedy back.
    fn reasons(&mut self, alert: &Alert, finding: &AlertFinding) {
        let (because, left) = first(&finding.decision.because, self.limits.items);
        for one in because {
            let meaning = alert.meanings.get(&one.policy);
            let mut reason = self.word(&one.policy);
            if let Some(meaning) = meaning {
                reason.extend([": ", &self.other(meaning)]);
            }
            match one.effect {
                Effect::Permit => self.line("  Allowed", &format!("by {reason}")),
                Effect::Forbid => self.line("  Held back", &format!("by {reason}")),
            }
        }
        self.left("  Because", left);
        if let Some(why) = &finding.held_back {
            self.line("  Held back", &format!("for people to mend: {}", self.other(why)));
        }
        let (errors, left) = first(&finding.decision.errors, self.limits.items);
        for error in errors {
            self.line("  In error", &self.other(error));
        }
        self.left("  In error", left);
    }

    fn calls(&mut self, finding: &AlertFinding) {
        let label = if wrote(finding.outcome) { "  Call made" } else { "  Would do" };
        let (operations, left) = first(&finding.operations, self.limits.items);
        for operation in operations {
            let parameters = fact("parameters", &operation.parameters, &self.limits);
            let parameters = encode::printed(&parameters, self.limits.fact);
            self.line(label, &format!("{} {parameters}", self.word(&operation.operation)));
        }
        self.left(label, left);
    }

    fn undo(&mut self, finding: &AlertFinding) {
        match (&finding.entry, wrote(finding.outcome)) {
            (Some(entry), true) => self.line("  Undo", &how_to_undo(&self.word(&entry.0))),
            (Some(entry), false) => {
                self.line("  Ledger", &format!("{}; nothing to undo", self.word(&entry.0)));
            }
            (None, true) => self.line("  Undo", "by hand: no ledger entry was told"),
            (None, false) => self.line("  Undo", "nothing to undo"),
        }
    }

    fn left(&mut self, label: &str, count: usize) {
        if count > 0 {
            self.line(label, &format!("({count} more)"));
        }
    }
}

/// What a person does to put things back: the one place that changes when there is a command for it.
fn how_to_undo(entry: &str) -> String {
    format!(
        "by hand from ledger entry {entry}, which holds the state before and the inverse of the \
         write: docs/operating.md, \"Undoing by hand\""
    )
}

/// Whether a write was made, or may have been.
fn wrote(outcome: Outcome) -> bool {
    match outcome {
        Outcome::Tagged | Outcome::Verified | Outcome::Failed | Outcome::InDoubt => true,
        Outcome::Alerted | Outcome::Excepted | Outcome::AlreadyRight | Outcome::Conflict => false,
    }
}

fn effect(finding: &AlertFinding) -> &'static str {
    match finding.outcome {
        _ if !finding.effective => "harmless today, because of another setting",
        Outcome::Verified => "was open until it was reverted",
        Outcome::AlreadyRight => "was open, and is not any more",
        Outcome::InDoubt => "open, unless the write reached AWS",
        Outcome::Alerted
        | Outcome::Excepted
        | Outcome::Tagged
        | Outcome::Failed
        | Outcome::Conflict => "open now",
    }
}

fn done(finding: &AlertFinding) -> &'static str {
    match finding.outcome {
        Outcome::Alerted => "nothing was written",
        Outcome::Excepted => "nothing was written: an exception covers it",
        Outcome::Tagged => "the resource was tagged; what is wrong is still so",
        Outcome::Verified => "reverted, read back, and right now",
        Outcome::Failed => "FAILED: it was tried and is still wrong, so look at it now",
        Outcome::AlreadyRight => {
            "nothing was written: it was right, or gone, when the write was due"
        }
        Outcome::Conflict => {
            "nothing was written: the resource changed between reading and writing"
        }
        Outcome::InDoubt => {
            "IN DOUBT: the write may or may not have reached AWS, so look at it now"
        }
    }
}

#[cfg(test)]
mod tests;
