//! What a statement's conditions ask of a token.

use super::subject::{Grammar, Subject, Width, read};
use crate::{
    Version,
    condition::{Condition, Entry, Family, Shape, Values, values_of},
    glob::{Pattern, Syntax},
};

/// The conditions of a statement, seen from one issuer.
pub(super) struct Claims<'c> {
    condition: &'c Condition,
    /// What its keys begin with, before the colon.
    prefixes: Vec<String>,
    version: Version,
}

impl<'c> Claims<'c> {
    pub(super) fn of(condition: &'c Condition, issuer: &str, version: Version) -> Self {
        let bare = issuer.trim_end_matches('/');
        let mut prefixes = vec![bare.to_owned(), format!("{bare}/")];
        if bare.starts_with("cognito-identity") {
            let suffix = if bare.ends_with("amazonaws.com.cn") { ".cn" } else { "" };
            prefixes.push(format!("cognito-identity.amazonaws.com{suffix}"));
        }
        Self { condition, prefixes, version }
    }

    /// The claim that a key of this issuer names.
    fn claim<'e>(&self, entry: &'e Entry) -> Option<&'e str> {
        self.prefixes
            .iter()
            .find_map(|prefix| entry.key.strip_prefix(prefix.as_str())?.strip_prefix(':'))
    }

    /// Every OpenID Connect token has these two.
    fn is_mandatory(claim: &str) -> bool {
        matches!(claim, "sub" | "aud")
    }

    fn evades(&self, entry: &Entry) -> bool {
        entry.passes_absent() && !self.condition.is_guarded(&entry.key)
    }

    /// The entries that restrict a claim.
    fn restricting<'s>(&'s self, claim: &'s str) -> impl Iterator<Item = &'s Entry> {
        self.condition.entries.iter().filter(move |entry| {
            self.claim(entry) == Some(claim)
                && entry.operator.is_some_and(|operator| {
                    !operator.negated
                        && matches!(
                            operator.family,
                            Family::Text | Family::TextIgnoreCase | Family::Like
                        )
                })
                && (Self::is_mandatory(claim) || !self.evades(entry))
        })
    }

    fn patterns(&self, entry: &Entry) -> Vec<Pattern> {
        let wildcards = entry.operator.is_some_and(|operator| operator.family == Family::Like);
        let syntax = Syntax { wildcards, variables: self.version == Version::Variables };
        entry
            .values
            .iter()
            .filter(|value| wildcards || !is_literally_wild(value))
            .map(|value| Pattern::parse(value, syntax))
            .collect()
    }

    /// An entry that no token of the issuer satisfies: a key of another issuer, a literal star, or
    /// the absence of a claim that is always there.
    pub(super) fn dead(&self) -> Option<String> {
        let dead = self.condition.entries.iter().find(|entry| {
            let Some(operator) = entry.operator else { return false };
            let Some(claim) = self.claim(entry) else {
                let demands = if operator.family == Family::Null {
                    entry.null() == Some(false)
                } else {
                    !operator.negated && !entry.passes_absent()
                };
                return demands && is_issuers_key(&entry.key);
            };
            if operator.family == Family::Null {
                return Self::is_mandatory(claim) && entry.null() == Some(true);
            }
            if entry.refuses_every_value() {
                return Self::is_mandatory(claim);
            }
            let text = matches!(operator.family, Family::Text | Family::TextIgnoreCase);
            text && !operator.negated
                && (Self::is_mandatory(claim) || !self.evades(entry))
                && values_of(entry, Shape::Plain, self.version) == Values::Dead
        })?;
        Some(dead.describe())
    }

    /// Whether a claim is compared with something that is not all wildcards.
    pub(super) fn pins_some_of(&self, claim: &str) -> bool {
        self.restricting(claim).any(|entry| {
            let patterns = self.patterns(entry);
            !patterns.is_empty() && patterns.iter().all(|pattern| !pattern.has_no_fixed_part())
        })
    }

    /// Whether a claim is compared with fixed values only.
    pub(super) fn fixes(&self, claim: &str) -> bool {
        self.restricting(claim).any(|entry| self.is_fixed(entry))
    }

    fn is_fixed(&self, entry: &Entry) -> bool {
        let patterns = self.patterns(entry);
        !patterns.is_empty() && patterns.iter().all(Pattern::is_literal)
    }

    /// Whether the session's name is fixed.
    pub(super) fn fixes_session_name(&self) -> bool {
        self.condition.on("sts:rolesessionname").any(|entry| {
            entry.operator.is_some_and(|operator| !operator.negated)
                && !self.evades(entry)
                && self.is_fixed(entry)
        })
    }

    /// Whether a claim of several values may be this one; `None` where nothing is asked of it.
    pub(super) fn accepts(&self, claim: &str, value: &str) -> Option<bool> {
        let mut asked = None;
        for entry in self.restricting_set(claim) {
            let accepts = self.patterns(entry).iter().any(|pattern| pattern.matches(value));
            asked = Some(asked.unwrap_or(true) && accepts);
        }
        asked
    }

    /// As [`Self::restricting`], for a claim that every token has though it is neither subject nor
    /// audience.
    fn restricting_set<'s>(&'s self, claim: &'s str) -> impl Iterator<Item = &'s Entry> {
        self.condition.entries.iter().filter(move |entry| {
            self.claim(entry) == Some(claim)
                && entry.operator.is_some_and(|operator| {
                    !operator.negated
                        && !operator.if_exists
                        && matches!(
                            operator.family,
                            Family::Text | Family::TextIgnoreCase | Family::Like
                        )
                })
        })
    }

    /// Whether a mandatory claim is compared by an operator that passes without it.
    pub(super) fn has_weak_operator(&self) -> bool {
        ["sub", "aud"]
            .into_iter()
            .any(|claim| self.restricting(claim).any(|entry| self.evades(entry)))
    }

    /// The patterns of the entry on the subject that restricts most; `None` where there is none.
    pub(super) fn subject_patterns(&self) -> Option<Vec<Pattern>> {
        self.restricting("sub")
            .map(|entry| self.patterns(entry))
            .min_by_key(|patterns| patterns.iter().filter(|pattern| !pattern.is_literal()).count())
    }

    /// The subjects that are accepted, by the entry that restricts most; `None` where there is no
    /// condition on the subject.
    pub(super) fn subjects(&self, grammar: Grammar) -> Option<Vec<Subject>> {
        self.restricting("sub")
            .map(|entry| -> Vec<Subject> {
                self.patterns(entry).iter().map(|pattern| read(grammar, pattern)).collect()
            })
            .min_by_key(|subjects| subjects.iter().map(|subject| subject.width).max())
    }

    /// What other claims pin, of those that name a tenant or something of it.
    pub(super) fn pinned_otherwise(&self) -> Option<Vec<Subject>> {
        const PINS: [(&str, Width); 13] = [
            ("job_workflow_ref", Width::Workflow),
            ("repository_id", Width::Repo),
            ("repository", Width::Repo),
            ("project_id", Width::Repo),
            ("project_path", Width::Repo),
            ("oidc.circleci.com/project-id", Width::Repo),
            ("terraform_workspace_id", Width::Repo),
            ("repository_owner_id", Width::Org),
            ("repository_owner", Width::Org),
            ("enterprise_id", Width::Org),
            ("namespace_id", Width::Org),
            ("namespace_path", Width::Org),
            ("terraform_organization_id", Width::Org),
        ];
        PINS.into_iter()
            .flat_map(|(claim, width)| {
                self.restricting(claim).filter_map(move |entry| self.pinned(claim, width, entry))
            })
            .min_by_key(|subjects| subjects.iter().map(|subject| subject.width).max())
    }

    fn pinned(&self, claim: &str, width: Width, entry: &Entry) -> Option<Vec<Subject>> {
        let patterns = self.patterns(entry);
        if patterns.is_empty() {
            return None;
        }
        let is_path = matches!(claim, "repository" | "project_path" | "job_workflow_ref");
        patterns
            .iter()
            .map(|pattern| {
                let head = pattern.head();
                let owner = head.split_once('/').map(|(owner, _)| owner.to_owned());
                let literal = pattern.is_literal();
                match (is_path, literal, owner) {
                    (true, true, tenant) => Some(Subject { width, tenant }),
                    // The owner is complete, what follows is not.
                    (true, false, Some(tenant)) => {
                        let workflow = claim == "job_workflow_ref" && head.contains(".github/");
                        let width = if workflow { Width::Workflow } else { Width::Org };
                        Some(Subject { width, tenant: Some(tenant) })
                    }
                    (false, true, _) => {
                        let named = matches!(claim, "repository_owner" | "namespace_path");
                        Some(Subject { width, tenant: named.then_some(head) })
                    }
                    (true | false, false, _) => None,
                }
            })
            .collect()
    }
}

fn is_literally_wild(value: &str) -> bool {
    value.contains(['*', '?']) && !value.contains("${")
}

/// A key of an OpenID Connect issuer: what stands before the colon is a host.
fn is_issuers_key(key: &str) -> bool {
    key.split_once(':').is_some_and(|(host, _)| host.contains('.'))
}
