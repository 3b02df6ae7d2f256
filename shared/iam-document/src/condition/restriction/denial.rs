//! What the entries of a Deny come to: for whom they hold, and whom they spare.

use std::collections::BTreeSet;

use super::{Reading, Restriction, Shape, Terms, Values, fixed, rule, values_in};
use crate::condition::{Condition, Entry, Family, SetQualifier};

/// Whether an entry of a Deny holds for every outsider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Closes {
    /// There is an outsider for whom it does not.
    No,
    /// That cannot be said.
    Perhaps,
    /// It takes nothing from the Deny.
    Yes,
}

/// Whether an entry of a Deny holds for every outsider, so that it takes nothing from the Deny.
pub(crate) fn closes(entry: &Entry, terms: Terms<'_>) -> Closes {
    let Some(operator) = entry.operator else { return Closes::No };
    if entry.key == "aws:principalisawsservice" {
        let denies_people = operator.family == Family::Bool
            && !operator.negated
            && entry.values.iter().any(|value| value.eq_ignore_ascii_case("false"));
        // Unsigned callers do not carry the key, so only the `IfExists` form holds for them. They
        // can read a bucket; but of the ways into a role some ask for a signature.
        return match (denies_people, entry.passes_absent(), terms.own) {
            (true, true, _) => Closes::Yes,
            (true, false, Some(_)) => Closes::Perhaps,
            (true, false, None) | (false, _, _) => Closes::No,
        };
    }
    let Some(rule) = rule(&entry.key, terms.mode) else { return Closes::No };
    if !operator.negated || operator.set == Some(SetQualifier::ForAnyValue) {
        return Closes::No;
    }
    if rule.multivalued && operator.set.is_none() {
        return Closes::No;
    }
    match values_in(entry, rule.shape, terms) {
        Values::Open if terms.is_doubtful(entry) => Closes::Perhaps,
        Values::Open => Closes::No,
        Values::Fixed(_) | Values::Dead => Closes::Yes,
    }
}

/// Whom the negated entries of a Deny exempt from it.
pub(crate) fn read_negated(condition: &Condition, terms: Terms<'_>) -> Reading {
    let mut reading = Reading::default();
    for entry in &condition.entries {
        let Some(rule) = rule(&entry.key, terms.mode) else { continue };
        if let Values::Fixed(values) = values_in(entry, rule.shape, terms) {
            reading.restrictions.push(fixed(entry, &rule, values, terms));
        }
    }
    reading
}

/// Whom a negated entry of a Deny exempts from it, where it holds for everyone else, and for a
/// request without the key too. A Deny of just this restricts an Allow as the same entry without
/// the negation would, standing in the Allow.
pub(crate) fn exempts(entry: &Entry, terms: Terms<'_>) -> Option<Restriction> {
    let operator = entry.operator.filter(|operator| operator.negated)?;
    let rule = rule(&entry.key, terms.mode)?;
    if operator.set == Some(SetQualifier::ForAnyValue)
        || (rule.multivalued && operator.set.is_none())
    {
        return None;
    }
    match values_in(entry, rule.shape, terms) {
        Values::Fixed(values) => Some(fixed(entry, &rule, values, terms)),
        Values::Open | Values::Dead => None,
    }
}

/// The accounts that an entry names, where it holds for every caller of theirs.
pub(crate) fn admits_accounts(entry: &Entry, terms: Terms<'_>) -> Option<BTreeSet<String>> {
    let operator = entry.operator.filter(|operator| !operator.negated)?;
    let names = matches!(entry.key.as_str(), "aws:principalaccount" | "kms:calleraccount");
    if !names || operator.family == Family::Null {
        return None;
    }
    match values_in(entry, Shape::Account, terms) {
        Values::Fixed(values) => Some(values),
        Values::Open | Values::Dead => None,
    }
}
