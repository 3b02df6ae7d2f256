//! Whether a Deny closes what an Allow opens.
//!
//! Whether S3's own classifier credits such a Deny is disputed, so a public statement stays public;
//! but it is mitigated where Denies that hold for every outsider cover all of its actions on all of
//! its resources. Whatever is not plain to see does not close.

mod reach;

use std::cell::Cell;

pub(super) use reach::{IS_SERVICE, holds_for};

use crate::{
    Context, Document, Exposure, Kind, Principal, Statement, Who,
    condition::{Closes, Reading, Restriction, Terms, closes, read_negated},
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

/// The Denies of a document.
pub(crate) struct Closers<'d> {
    denies: Vec<Closer<'d>>,
    terms: Terms<'d>,
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
struct Closer<'d> {
    deny: &'d Statement,
    actions: Option<Patterns>,
    resources: Option<Patterns>,
    /// What it does to every outsider; `None`: it does not hold for all of them.
    outsiders: Option<Hold>,
}

/// A Deny that holds for those whom it is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Hold {
    /// Whom it still lets through.
    left: Exposure,
    /// The condition that may not hold for every one of them.
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

impl Closer<'_> {
    fn covers(&self, action: &Pattern, resource: &Pattern) -> bool {
        self.actions.as_ref().is_some_and(|actions| actions.covers(action))
            // A document without resources (a trust policy) speaks of the one it is attached to.
            && self.resources.as_ref().is_none_or(|resources| resources.covers(resource))
    }

    /// How much there is to look at to see for whom it holds.
    fn reach(&self) -> usize {
        let named = self.deny.principals.as_ref().map_or(0, |principals| principals.named.len());
        named.saturating_add(self.deny.condition.entries.len())
    }

    fn size(&self) -> usize {
        let values =
            |patterns: &Option<Patterns>| patterns.as_ref().map_or(1, |it| it.values.len());
        values(&self.actions).saturating_add(values(&self.resources))
    }
}

impl<'d> Closers<'d> {
    pub(crate) fn of(document: &'d Document, kind: Kind, context: &'d Context) -> Self {
        let version = document.version();
        let terms = if kind == Kind::TrustPolicy {
            Terms::trust(version, context)
        } else {
            Terms::resource(version, context.policy_mode)
        };
        let syntax = document.glob_syntax();
        let outsiders = |deny: &Statement| {
            let doubt = match holds_for_outsiders(deny, terms) {
                Holds::No => return None,
                Holds::Perhaps(condition) => Some(condition),
                Holds::Yes => None,
            };
            Some(Hold { left: left_by(deny, terms, context), doubt })
        };
        let denies = document
            .denies()
            .map(|deny| Closer {
                deny,
                actions: deny
                    .action
                    .as_ref()
                    .map(|element| Patterns::read(element, |it| lower(it))),
                resources: deny
                    .resource
                    .as_ref()
                    .map(|element| Patterns::read(element, |it| Pattern::parse(it, syntax))),
                outsiders: outsiders(deny),
            })
            .collect();
        Self { denies, terms, syntax, kind, budget: Cell::new(BUDGET) }
    }

    /// What the Denies together do to the statement, for every outsider.
    pub(crate) fn close(&self, allow: &Statement) -> Closing {
        let holds = |closer: &Closer<'d>| closer.outsiders.clone();
        self.together(allow, holds)
    }

    /// Whom the Denies together leave in of what the statement grants to a stranger by name;
    /// `None`: somebody who is not trusted may be left.
    pub(crate) fn keep_out(
        &self,
        allow: &Statement,
        principal: &Principal,
        context: &Context,
    ) -> Option<Exposure> {
        let holds = |closer: &Closer<'d>| {
            let left = reach::keeps_out(closer.deny, principal, self.terms, context)?;
            Some(Hold { left, doubt: None })
        };
        self.together(allow, holds).left()
    }

    /// On whose behalf alone Denies let a service use the statement, one entry for each of them.
    pub(crate) fn sources(&self, allow: &Statement, service: &Principal) -> Vec<Restriction> {
        self.denies
            .iter()
            .filter_map(|closer| {
                let exempt = reach::acts_for(closer.deny, service, self.terms)?;
                let alone = |other: &Closer<'d>| {
                    (other.deny.index == closer.deny.index)
                        .then_some(Hold { left: Exposure::Nobody, doubt: None })
                };
                matches!(self.together(allow, alone), Closing::Closed(_)).then_some(exempt)
            })
            .collect()
    }

    /// What the Denies that hold do to the statement.
    fn together(&self, allow: &Statement, holds: impl Fn(&Closer<'d>) -> Option<Hold>) -> Closing {
        if self.denies.is_empty() || !self.spend(self.denies.iter().map(Closer::reach)) {
            return Closing::Open;
        }
        let denies: Vec<(&Closer<'d>, Hold)> =
            self.denies.iter().filter_map(|closer| Some((closer, holds(closer)?))).collect();
        if denies.is_empty() {
            return Closing::Open;
        }
        let actions = self.actions(allow);
        let resources = self.resources(allow);
        let pairs = actions.len().saturating_mul(resources.len());
        if !self.spend(denies.iter().map(|(closer, _)| closer.size().saturating_mul(pairs))) {
            return Closing::Open;
        }
        let mut left = Exposure::Nobody;
        let mut doubt = None;
        for action in &actions {
            for resource in &resources {
                let covering = || {
                    let covers =
                        |(closer, _): &&(&Closer<'d>, Hold)| closer.covers(action, resource);
                    denies.iter().filter(covers).map(|(_, hold)| hold)
                };
                let sure = covering().filter(|hold| hold.doubt.is_none());
                if let Some(narrowest) = sure.map(|hold| hold.left).min() {
                    left = left.max(narrowest);
                } else if let Some(condition) = covering().find_map(|hold| hold.doubt.clone()) {
                    doubt = Some(condition);
                } else {
                    return Closing::Open;
                }
            }
        }
        doubt.map_or(Closing::Closed(left), Closing::Perhaps)
    }

    /// Takes work from the budget; `false`: there is not enough left.
    fn spend(&self, work: impl Iterator<Item = usize>) -> bool {
        let left = self.budget.get().checked_sub(work.fold(0, usize::saturating_add));
        self.budget.set(left.unwrap_or_default());
        left.is_some()
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

#[cfg(test)]
mod tests;
