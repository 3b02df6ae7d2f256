//! A verdict in words: how far it opens, then what makes it so.

use std::fmt::Write as _;

use anstyle::Style;
use iam_document::{Exposure, Kind, Verdict};
use model::catalogue::describe;

use crate::text::{
    BOLD, CYAN, DIM, GREEN, LABEL, RED, YELLOW, exact, field, line_of, paint, safe, severity_style,
};

pub(super) struct Words<'a> {
    pub(super) kind: Kind,
    pub(super) name: &'a str,
    pub(super) width: usize,
}

impl Words<'_> {
    pub(super) fn verdict(&self, verdict: &Verdict) -> String {
        let mut out = String::new();
        let (badge, style, meaning) = exposure(verdict.exposure);
        let badge = format!("{badge:>width$}", width = LABEL.saturating_sub(2));
        line_of(
            &mut out,
            &format!(
                "{}  {}  {}",
                paint(style.bold(), &badge),
                paint(CYAN, self.kind.as_str()),
                paint(BOLD, &exact(self.name))
            ),
        );
        field(&mut out, "open to", meaning, Style::new(), self.width);
        if verdict.public {
            let (text, style) = if verdict.effective_public {
                ("yes", RED)
            } else if verdict.mitigated_by_deny {
                ("yes, and a Deny closes it again", YELLOW)
            } else {
                ("yes, without effect: Block Public Access or Object Ownership prevents it", YELLOW)
            };
            field(&mut out, "public", text, style, self.width);
        }
        if !verdict.cross_account.is_empty() {
            let strangers: Vec<String> =
                verdict.cross_account.iter().map(|stranger| safe(stranger)).collect();
            field(&mut out, "strangers", &strangers.join(", "), YELLOW, self.width);
        }
        for (label, enforced) in [("TLS", verdict.tls), ("KMS key", verdict.kms)] {
            if let Some(enforced) = enforced {
                field(&mut out, label, enforced.as_str(), Style::new(), self.width);
            }
        }
        self.findings(&mut out, verdict);
        for reason in &verdict.unclear {
            field(&mut out, "unclear", &safe(reason), CYAN, self.width);
        }
        if verdict.findings.is_empty() && verdict.unclear.is_empty() {
            field(&mut out, "findings", "none", GREEN, self.width);
        }
        out
    }

    fn findings(&self, out: &mut String, verdict: &Verdict) {
        let mut findings: Vec<_> = verdict.findings.iter().collect();
        // The gravest first; what is as grave stays in the order of the document.
        findings.sort_by_key(|judged| std::cmp::Reverse(describe(&judged.code).severity));
        for judged in findings {
            let entry = describe(&judged.code);
            let text = format!("{}: {}", safe(&judged.code), entry.meaning);
            let style = severity_style(entry.severity);
            field(out, entry.severity.as_str(), &text, style, self.width);
            let mut place = String::new();
            if let Some(index) = judged.statement {
                // Writing to a string cannot fail.
                if write!(place, "{}[{index}]", list(self.kind)).is_err() {
                    return;
                }
            }
            let facts = [
                ("", &judged.sid),
                ("principal ", &judged.principal),
                ("condition ", &judged.condition),
            ];
            for (name, fact) in facts {
                let Some(fact) = fact else { continue };
                let comma = if place.is_empty() { "" } else { ", " };
                if write!(place, "{comma}{name}`{}`", safe(fact)).is_err() {
                    return;
                }
            }
            if !place.is_empty() {
                field(out, "", &place, Style::new(), self.width);
            }
            if judged.detail != entry.meaning {
                field(out, "", &safe(&judged.detail), DIM, self.width);
            }
        }
    }
}

/// What the members of a document are listed under.
const fn list(kind: Kind) -> &'static str {
    match kind {
        Kind::Acl => "Grants",
        Kind::SecurityGroup => "IpPermissions",
        Kind::BucketPolicy
        | Kind::TrustPolicy
        | Kind::PermissionPolicy
        | Kind::KmsPolicy
        | Kind::ResourcePolicy => "Statement",
    }
}

const fn exposure(exposure: Exposure) -> (&'static str, Style, &'static str) {
    match exposure {
        Exposure::Nobody => ("NOBODY", GREEN, "nobody"),
        Exposure::Account => {
            ("ACCOUNT", GREEN, "principals of its own account, and services acting in it")
        }
        Exposure::Organization => {
            ("ORG", GREEN, "its organization, or one that is trusted like it")
        }
        Exposure::Accounts => {
            ("ACCOUNTS", YELLOW, "others that it names: accounts, networks, identity providers")
        }
        Exposure::Unclear => ("UNCLEAR", CYAN, "it cannot be said"),
        Exposure::Everyone => ("EVERYONE", RED, "anyone in the world"),
    }
}
