//! Whether a Deny closes what an Allow opens.
//!
//! Whether S3's own classifier credits such a Deny is disputed, so a public statement stays public;
//! but it is mitigated where Denies that hold for every outsider cover all of its actions on all of
//! its resources. Whatever is not plain to see does not close.

use std::cell::Cell;

use crate::{
    Context, Document, Exposure, Kind, Principal, Statement, Who,
    condition::{Closes, Reading, Terms, closes, read_negated},
    glob::{Pattern, Syntax},
    statement::Element,
};

use super::{
    trust::ASSUMING,
    weigh::{Weight, weigh},
};

/// The most comparisons of patterns that are made for one document; one that asks for more is no
/// honest one, and its Denies count for nothing from there on.
const BUDGET: usize = 200_000;

/// The Denies of a document that hold for every outsider.
pub(crate) struct Closers {
    denies: Vec<Closer>,
    syntax: Syntax,
    kind: Kind,
    budget: Cell<usize>,
}

/// What the Denies of a document do to an Allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Closing {
    /// They leave it open to outsiders.
    Open,
    /// They may close it; the condition on which that hangs.
    Perhaps(String),
    /// They close it, and still let these through.
    Closed(Exposure),
}

impl Closing {
    /// Whom the Denies leave in, where they are sure to close.
    pub(crate) fn left(&self) -> Option<Exposure> {
        match self {
            Self::Closed(left) => Some(*left),
            Self::Open | Self::Perhaps(_) => None,
        }
    }
}

/// One of them, its patterns read once.
struct Closer {
    actions: Option<Patterns>,
    resources: Option<Patterns>,
    /// Whom it still lets through.
    left: Exposure,
    /// The condition that may not hold for every outsider.
    doubt: Option<String>,
}

struct Patterns {
    negated: bool,
    values: Vec<Pattern>,
}

impl Patterns {
    fn read(element: &Element, read: impl Fn(&String) -> Pattern) -> Self {
        Self { negated: element.negated, values: element.values.iter().map(read).collect() }
    }

    fn covers(&self, pattern: &Pattern) -> bool {
        if self.negated {
            self.values.iter().all(|value| !value.overlaps(pattern))
        } else {
            self.values.iter().any(|value| value.covers(pattern))
        }
    }
}

impl Closer {
    fn covers(&self, action: &Pattern, resource: &Pattern) -> bool {
        self.actions.as_ref().is_some_and(|actions| actions.covers(action))
            // A document without resources (a trust policy) speaks of the one it is attached to.
            && self.resources.as_ref().is_none_or(|resources| resources.covers(resource))
    }

    fn size(&self) -> usize {
        let values =
            |patterns: &Option<Patterns>| patterns.as_ref().map_or(1, |it| it.values.len());
        values(&self.actions).saturating_add(values(&self.resources))
    }
}

impl Closers {
    pub(crate) fn of(document: &Document, kind: Kind, context: &Context) -> Self {
        let version = document.version();
        let terms = if kind == Kind::TrustPolicy {
            Terms::trust(version, context)
        } else {
            Terms::resource(version, context.policy_mode)
        };
        let syntax = document.glob_syntax();
        let denies = document
            .denies()
            .filter_map(|deny| {
                let doubt = match holds_for_outsiders(deny, terms) {
                    Holds::No => return None,
                    Holds::Perhaps(condition) => Some(condition),
                    Holds::Yes => None,
                };
                Some(Closer {
                    actions: deny
                        .action
                        .as_ref()
                        .map(|element| Patterns::read(element, |it| lower(it))),
                    resources: deny
                        .resource
                        .as_ref()
                        .map(|element| Patterns::read(element, |it| Pattern::parse(it, syntax))),
                    left: left_by(deny, terms, context),
                    doubt,
                })
            })
            .collect();
        Self { denies, syntax, kind, budget: Cell::new(BUDGET) }
    }

    /// What the Denies together do to the statement.
    pub(crate) fn close(&self, allow: &Statement) -> Closing {
        if self.denies.is_empty() {
            return Closing::Open;
        }
        let actions = self.actions(allow);
        let resources = self.resources(allow);
        let work = self
            .denies
            .iter()
            .map(Closer::size)
            .fold(0, usize::saturating_add)
            .saturating_mul(actions.len().saturating_mul(resources.len()));
        let Some(budget) = self.budget.get().checked_sub(work) else { return Closing::Open };
        self.budget.set(budget);
        let mut left = Exposure::Nobody;
        let mut doubt = None;
        for action in &actions {
            for resource in &resources {
                let covering = || self.denies.iter().filter(|deny| deny.covers(action, resource));
                let sure = covering().filter(|deny| deny.doubt.is_none());
                if let Some(narrowest) = sure.map(|deny| deny.left).min() {
                    left = left.max(narrowest);
                } else if let Some(condition) = covering().find_map(|deny| deny.doubt.clone()) {
                    doubt = Some(condition);
                } else {
                    return Closing::Open;
                }
            }
        }
        doubt.map_or(Closing::Closed(left), Closing::Perhaps)
    }

    /// The actions of an Allow; where they are told by exclusion, all that the document can grant.
    fn actions(&self, allow: &Statement) -> Vec<Pattern> {
        if self.kind == Kind::TrustPolicy {
            // Nobody gets in by tagging a session or naming its source, so those may stay open.
            let ways = ASSUMING.into_iter().filter(|action| allow.has_action(action));
            return ways.map(lower).collect();
        }
        let all = self.kind.service().map_or("*".to_owned(), |service| format!("{service}:*"));
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
}

fn lower(text: &str) -> Pattern {
    Pattern::parse_lowercase(text, Syntax::GLOB)
}

/// Whether every outsider is denied: everyone is named, or everyone but some who are known, and
/// each condition holds for every outsider.
fn holds_for_outsiders(deny: &Statement, terms: Terms<'_>) -> Holds {
    let Some(principals) = deny.principals.as_ref() else { return Holds::No };
    let reaches = if principals.negated {
        principals.named.iter().all(|principal| is_known(principal) && !principal.invalid)
    } else {
        principals.reach_everyone()
    };
    if !reaches || deny.condition.unread {
        return Holds::No;
    }
    let mut holds = Holds::Yes;
    for entry in &deny.condition.entries {
        match closes(entry, terms) {
            Closes::No => return Holds::No,
            Closes::Perhaps => holds = Holds::Perhaps(entry.describe()),
            Closes::Yes => {}
        }
    }
    holds
}

/// Whether a principal is somebody in particular, so that to except it excepts no outsider at large.
fn is_known(principal: &Principal) -> bool {
    principal.account().is_some()
        || matches!(
            principal.who,
            Who::OriginAccessIdentity | Who::Canonical(_) | Who::Deleted | Who::Service(_)
        )
}

/// Whether a Deny holds for every outsider.
enum Holds {
    No,
    /// The condition of which that cannot be said.
    Perhaps(String),
    Yes,
}

/// Whom a Deny that closes to outsiders still lets through.
fn left_by(deny: &Statement, terms: Terms<'_>, context: &Context) -> Exposure {
    let excepted = deny.principals.as_ref().filter(|principals| principals.negated);
    let named = excepted.map_or(Exposure::Nobody, |principals| {
        let own = principals
            .named
            .iter()
            .all(|principal| principal.account().is_some_and(|account| context.owns(account)));
        if own { Exposure::Account } else { Exposure::Accounts }
    });
    let Reading { restrictions, .. } = read_negated(&deny.condition, terms);
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
