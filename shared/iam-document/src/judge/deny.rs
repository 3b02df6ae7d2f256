//! Whether a Deny closes what an Allow opens.
//!
//! Whether S3's own classifier credits such a Deny is disputed, so a public statement stays public;
//! but it is mitigated where Denies that hold for every outsider cover all of its actions on all of
//! its resources. Whatever is not plain to see does not close.

use crate::{
    Context, Document, Exposure, Kind, Statement, Version,
    condition::{Condition, Reading, closes, read_negated},
    glob::{Pattern, Syntax},
    statement::Element,
};

use super::weigh::{Weight, weigh};

/// The most comparisons of patterns that are made for one statement; a document that asks for more
/// is no honest one, and its Denies count for nothing.
const BUDGET: usize = 20_000;

/// The Denies of a document that hold for every outsider.
pub(crate) struct Closers<'d> {
    denies: Vec<(&'d Statement, Exposure)>,
    syntax: Syntax,
    service: Option<&'static str>,
}

impl<'d> Closers<'d> {
    pub(crate) fn of(document: &'d Document, kind: Kind, context: &Context) -> Self {
        let version = document.version();
        let denies = document
            .denies()
            .filter(|deny| holds_for_outsiders(deny, version, context))
            .map(|deny| (deny, left_by(deny, version, context)))
            .collect();
        Self { denies, syntax: document.glob_syntax(), service: kind.service() }
    }

    /// Whom the Denies leave in, if together they cover the statement; `None` if they do not.
    pub(crate) fn close(&self, allow: &Statement) -> Option<Exposure> {
        if self.denies.is_empty() {
            return None;
        }
        let actions = self.actions(allow);
        let resources = self.resources(allow);
        let pairs = actions.len().saturating_mul(resources.len());
        let values = |element: &Option<Element>| element.as_ref().map_or(1, |one| one.values.len());
        let theirs: usize = self
            .denies
            .iter()
            .map(|(deny, _)| values(&deny.action).saturating_add(values(&deny.resource)))
            .fold(0, usize::saturating_add);
        if pairs.saturating_mul(theirs) > BUDGET {
            return None;
        }
        let mut left = Exposure::Nobody;
        for action in &actions {
            for resource in &resources {
                let narrowest = self
                    .denies
                    .iter()
                    .filter(|(deny, _)| {
                        self.covers(deny.action.as_ref(), action, true)
                            && self.covers(deny.resource.as_ref(), resource, false)
                    })
                    .map(|(_, left)| *left)
                    .min()?;
                left = left.max(narrowest);
            }
        }
        Some(left)
    }

    /// The actions of an Allow; where they are told by exclusion, all that the document can grant.
    fn actions(&self, allow: &Statement) -> Vec<Pattern> {
        let all = self.service.map_or("*".to_owned(), |service| format!("{service}:*"));
        let lower = |text: &str| Pattern::parse_lowercase(text, Syntax::GLOB);
        match &allow.action {
            Some(element) if !element.negated => element
                .values
                .iter()
                .map(|value| {
                    lower(if matches!(value.as_str(), "*" | "*:*") { &all } else { value })
                })
                .collect(),
            Some(_) | None => vec![lower(&all)],
        }
    }

    fn resources(&self, allow: &Statement) -> Vec<Pattern> {
        match &allow.resource {
            Some(element) if !element.negated => {
                element.values.iter().map(|value| Pattern::parse(value, self.syntax)).collect()
            }
            Some(_) | None => vec![Pattern::parse("*", Syntax::GLOB)],
        }
    }

    fn covers(&self, element: Option<&Element>, pattern: &Pattern, action: bool) -> bool {
        // A document without resources (a trust policy) speaks of the one it is attached to.
        let Some(element) = element else { return !action };
        let read = |value: &String| {
            if action {
                Pattern::parse_lowercase(value, Syntax::GLOB)
            } else {
                Pattern::parse(value, self.syntax)
            }
        };
        let mut values = element.values.iter().map(read);
        if element.negated {
            values.all(|value| !value.overlaps(pattern))
        } else {
            values.any(|value| value.covers(pattern))
        }
    }
}

/// Whether every outsider is denied: everyone is named, or everyone but some who are known, and
/// each condition holds for every outsider.
fn holds_for_outsiders(deny: &Statement, version: Version, context: &Context) -> bool {
    let Some(principals) = &deny.principals else { return false };
    let reaches = if principals.negated {
        principals.named.iter().all(|principal| principal.account().is_some() && !principal.invalid)
    } else {
        principals.reach_everyone()
    };
    reaches
        && !deny.condition.unread
        && deny.condition.entries.iter().all(|entry| closes(entry, version, context.policy_mode))
}

/// Whom a Deny that closes to outsiders still lets through.
fn left_by(deny: &Statement, version: Version, context: &Context) -> Exposure {
    let excepted = deny.principals.as_ref().filter(|principals| principals.negated);
    let named = excepted.map_or(Exposure::Nobody, |principals| {
        let own = principals
            .named
            .iter()
            .all(|principal| principal.account().is_some_and(|account| context.owns(account)));
        if own { Exposure::Account } else { Exposure::Accounts }
    });
    let Reading { restrictions, .. } = exempt(&deny.condition, version, context);
    // Each exempt group passes by itself, so the widest decides.
    restrictions
        .iter()
        .map(|restriction| match weigh(&[restriction], context) {
            Weight::Trusted(exposure) => exposure,
            Weight::Nobody(_) => Exposure::Nobody,
            Weight::Service(_) => Exposure::Account,
            Weight::Open
            | Weight::Accounts(..)
            | Weight::Orgs(..)
            | Weight::Networks(..)
            | Weight::SourceArn(_) => Exposure::Accounts,
        })
        .fold(named, Exposure::max)
}

fn exempt(condition: &Condition, version: Version, context: &Context) -> Reading {
    read_negated(condition, version, context.policy_mode)
}
