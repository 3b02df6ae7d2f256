//! The surgical edit: the smallest change to a document that mends what was found.
//!
//! A principal is taken out of the statement that should not have named it; a statement that names
//! nobody else goes as a whole. Nothing else changes: order, spelling and unknown members stay. The
//! result is judged again, and refused unless it is closed where it should be and nowhere wider.

mod cut;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use thiserror::Error;

use crate::{Context, Document, DocumentError, Effect, Judged, Kind, Verdict, Who, inspect};

/// The `Sid` of the statement that stands in a trust policy from which all others were removed.
pub const DENY_EVERYONE: &str = "SnapbackDenyEveryone";

/// The findings that taking out a principal mends. Others ask for a condition, or for thought.
pub const MENDABLE: [&str; 18] = [
    "wildcard-principal",
    "wildcard-principal-network-only",
    "not-principal-in-trust",
    "public-statement",
    "public-federated",
    "allow-not-principal",
    "untrusted-account",
    "untrusted-org",
    "untrusted-network",
    "cross-account-untrusted",
    "missing-external-id",
    "weak-external-id",
    "oidc-missing-sub",
    "oidc-broad-sub",
    "oidc-missing-required-claim",
    "oidc-untrusted-tenant",
    "cognito-missing-aud",
    "deleted-principal",
];

/// What was taken out of one statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    /// The statement's place in the document as it was, from 0.
    pub statement: usize,
    /// Its `Sid`.
    pub sid: Option<String>,
    /// The principals that were taken out, as written.
    pub principals: Vec<String>,
    /// Whether the statement went as a whole, since it named nobody else.
    pub whole: bool,
}

/// A change.
#[derive(Debug, Clone, PartialEq)]
pub struct Edit {
    /// The document after it. `None`: nothing is left of a resource's policy, so that it is to be
    /// removed as such; a trust policy then denies everyone instead, for AWS takes no empty one.
    pub after: Option<Document>,
    /// What was taken out, in the order of the document.
    pub removed: Vec<Removal>,
    /// The judgement of the document after it.
    pub verdict: Verdict,
}

/// Why a document is not changed. Each is a reason to tell a person.
#[derive(Debug, Error)]
pub enum EditRefused {
    /// The kind of document names no principals, or is edited by other means.
    #[error("a `{kind}` is not mended by taking out principals")]
    Kind {
        /// The kind.
        kind: Kind,
    },
    /// The finding does not go away by taking out a principal.
    #[error("`{code}` is not mended by taking out a principal")]
    NotMendable {
        /// The finding's code.
        code: String,
    },
    /// No finding was given.
    #[error("there is nothing to mend")]
    Nothing,
    /// The finding is none of this document's.
    #[error("`{code}` names a part that the document does not have")]
    Astray {
        /// The finding's code.
        code: String,
    },
    /// Something legitimate would go as well.
    #[error("{why}, so no minimal change mends it")]
    NotMinimal {
        /// What stands together with what is wrong.
        why: String,
    },
    /// Part of the document could not be read, so that nobody can say what a change would do.
    #[error("the document is not clear: {why}")]
    Unclear {
        /// What could not be read.
        why: String,
    },
    /// The document would not print as it was written.
    #[error("the document repeats a key, so that printing it would lose what was written")]
    Repeats,
    /// The result would shut out the owner too.
    #[error("without it nobody could change the key's policy any more")]
    LocksOut,
    /// The result is not as closed as it should be.
    #[error("the result would not be closed: {why}")]
    NotClosed {
        /// What is still, or newly, wrong.
        why: String,
    },
    /// The result is no document.
    #[error("the result is no document")]
    Unreadable(#[source] DocumentError),
}

/// Makes the smallest change that mends the findings, which [`inspect`] made of this document.
///
/// # Errors
/// [`EditRefused`] where a finding is not mended so, where the change would take something
/// legitimate along, and where the result is not closed.
pub fn mend(
    kind: Kind,
    document: &Document,
    context: &Context,
    findings: &[Judged],
) -> Result<Edit, EditRefused> {
    match kind {
        Kind::TrustPolicy | Kind::BucketPolicy | Kind::KmsPolicy | Kind::ResourcePolicy => {}
        Kind::PermissionPolicy | Kind::Acl | Kind::SecurityGroup => {
            return Err(EditRefused::Kind { kind });
        }
    }
    if findings.is_empty() {
        return Err(EditRefused::Nothing);
    }
    if document.repeats_a_key() {
        return Err(EditRefused::Repeats);
    }
    let before = inspect(kind, document, context);
    if let Some(why) = before.unclear.first().cloned() {
        return Err(EditRefused::Unclear { why });
    }
    let mut wanted: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
    for finding in findings {
        let (statement, principal) = aim(kind, document, context, finding)?;
        wanted.entry(statement).or_default().insert(principal);
    }
    let cut::Cut { value, removed, left } = cut::cut(document, &wanted);
    let after = if left > 0 {
        Some(value)
    } else {
        match kind {
            Kind::TrustPolicy => Some(cut::with_statements(value, vec![deny_everyone()])),
            Kind::KmsPolicy => return Err(EditRefused::LocksOut),
            Kind::BucketPolicy
            | Kind::ResourcePolicy
            | Kind::PermissionPolicy
            | Kind::Acl
            | Kind::SecurityGroup => None,
        }
    };
    let after = after
        .map(|value| Document::from_value(&value))
        .transpose()
        .map_err(EditRefused::Unreadable)?;
    let verdict =
        after.as_ref().map_or_else(Verdict::default, |after| inspect(kind, after, context));
    check(&before, &verdict, findings)?;
    if kind == Kind::KmsPolicy && !after.as_ref().is_some_and(|it| is_manageable(it, context)) {
        return Err(EditRefused::LocksOut);
    }
    Ok(Edit { after, removed, verdict })
}

/// The statement that denies everyone.
#[must_use]
pub fn deny_everyone() -> Value {
    json!({"Sid": DENY_EVERYONE, "Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"})
}

/// The statement and principal that a finding is about, if taking that out mends it.
fn aim(
    kind: Kind,
    document: &Document,
    context: &Context,
    finding: &Judged,
) -> Result<(usize, String), EditRefused> {
    let code = || finding.code.clone();
    if !MENDABLE.contains(&finding.code.as_str()) {
        return Err(EditRefused::NotMendable { code: code() });
    }
    if let Some(doubt) = &finding.doubt {
        return Err(EditRefused::Unclear { why: doubt.why.clone() });
    }
    let astray = || EditRefused::Astray { code: code() };
    let index = finding.statement.ok_or_else(astray)?;
    let principal = finding.principal.clone().ok_or_else(astray)?;
    let statement = document
        .statements()
        .iter()
        .find(|statement| statement.index == index && statement.effect == Some(Effect::Allow))
        .ok_or_else(astray)?;
    let principals = statement.principals.as_ref().ok_or_else(astray)?;
    if principals.negated {
        return Ok((index, principal));
    }
    let named = principals.named.iter().find(|named| named.text == principal).ok_or_else(astray)?;
    let everyone = matches!(named.who, Who::Everyone | Who::AnyService);
    if everyone && cut::admits_somebody_trusted(kind, document, statement, context) {
        return Err(EditRefused::NotMinimal {
            why: "the condition names trusted callers beside those who are not".to_owned(),
        });
    }
    Ok((index, principal))
}

/// Holds the result to what was asked: what was found is gone, and nothing is wider than before.
fn check(before: &Verdict, after: &Verdict, mended: &[Judged]) -> Result<(), EditRefused> {
    let refuse = |why: String| Err(EditRefused::NotClosed { why });
    if after.exposure > before.exposure {
        return refuse(format!("it would be open to {}", after.exposure.as_str()));
    }
    if after.public && !before.public {
        return refuse("it would be public".to_owned());
    }
    if let Some(why) = after.unclear.first() {
        return refuse(format!("it would be unclear: {why}"));
    }
    let known: BTreeSet<&String> = before.cross_account.iter().collect();
    if let Some(stranger) = after.cross_account.iter().find(|one| !known.contains(one)) {
        return refuse(format!("it would let in {stranger}"));
    }
    let mut left: BTreeMap<Mark<'_>, usize> = BTreeMap::new();
    for finding in &before.findings {
        let count = left.entry(mark(finding)).or_default();
        *count = count.saturating_add(1);
    }
    let distinct: BTreeSet<&Judged> = mended.iter().collect();
    for finding in distinct {
        let Some(count) = left.get_mut(&mark(finding)).filter(|count| **count > 0) else {
            return refuse(format!("`{}` was not found in it", finding.code));
        };
        *count = count.saturating_sub(1);
    }
    for finding in &after.findings {
        match left.get_mut(&mark(finding)).filter(|count| **count > 0) {
            Some(count) => *count = count.saturating_sub(1),
            None => return refuse(format!("`{}` would be found in it", finding.code)),
        }
    }
    Ok(())
}

/// What makes a finding the same in two documents whose statements are counted differently.
type Mark<'f> = (&'f str, Option<&'f str>, Option<&'f str>, Option<&'f str>);

fn mark(finding: &Judged) -> Mark<'_> {
    (
        &finding.code,
        finding.sid.as_deref(),
        finding.principal.as_deref(),
        finding.condition.as_deref(),
    )
}

/// Whether somebody of the own account may still change the key's policy.
fn is_manageable(document: &Document, context: &Context) -> bool {
    document.allows().any(|statement| {
        statement.has_action("kms:putkeypolicy")
            && statement.principals.as_ref().is_some_and(|principals| {
                !principals.negated
                    && principals.named.iter().any(|principal| {
                        principal.account().is_some_and(|account| context.owns(account))
                    })
            })
    })
}

#[cfg(test)]
mod tests;
