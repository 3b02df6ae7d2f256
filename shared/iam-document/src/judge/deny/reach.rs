//! Whether a Deny holds for somebody in particular.

use crate::{
    Context, Exposure, Principal, Statement, Who,
    condition::{
        Class, Closes, Entry, Family, Restriction, Terms, admits_accounts, closes, exempts,
    },
};

use super::super::weigh::{Weight, weigh};

/// The key that tells AWS's own services from everyone else. Every signed request carries it.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalisawsservice>.
pub(crate) const IS_SERVICE: &str = "aws:principalisawsservice";

/// Whom of a principal's account the Deny lets through, where it is sure to hold for all others:
/// nobody, or those who are of an organization that is trusted.
pub(super) fn keeps_out(
    deny: &Statement,
    principal: &Principal,
    terms: Terms<'_>,
    context: &Context,
) -> Option<Exposure> {
    let named =
        deny.principals.as_ref().is_some_and(|principals| principals.surely_name(principal));
    if !named || deny.condition.unread {
        return None;
    }
    let mut left = Exposure::Nobody;
    for entry in &deny.condition.entries {
        left = left.max(holds_for(entry, principal, terms, context)?);
    }
    Some(left)
}

/// Whom of a principal's account an entry of a Deny spares, where it holds for all others.
pub(crate) fn holds_for(
    entry: &Entry,
    principal: &Principal,
    terms: Terms<'_>,
    context: &Context,
) -> Option<Exposure> {
    let account = match &principal.who {
        Who::Account(account) | Who::User(account) | Who::Role(account) => Some(account),
        // S3 resolves the id to an account, which nobody here knows.
        Who::Canonical(_) => None,
        Who::Everyone
        | Who::Deleted
        | Who::OriginAccessIdentity
        | Who::Service(_)
        | Who::AnyService
        | Who::Saml { .. }
        | Who::Oidc { .. }
        | Who::Nobody => return None,
    };
    if entry.key == IS_SERVICE {
        return says_service(entry, false).then_some(Exposure::Nobody);
    }
    if let Some(admitted) = admits_accounts(entry, terms) {
        return account.is_some_and(|it| admitted.contains(it)).then_some(Exposure::Nobody);
    }
    let Some(exempt) = exempts(entry, terms) else {
        return (closes(entry, terms) == Closes::Yes).then_some(Exposure::Nobody);
    };
    if !exempt.of_caller {
        return None;
    }
    match (exempt.class, account) {
        // The accounts that are spared are fixed: this one is among them, or it is not.
        (Class::Accounts, Some(account)) => {
            (!exempt.values.contains(account)).then_some(Exposure::Nobody)
        }
        // Whoever is spared for being trusted is no stranger.
        (Class::Accounts | Class::Orgs, _) => match weigh(&[&exempt], context) {
            Weight::Trusted(exposure) => Some(exposure),
            Weight::Open
            | Weight::Accounts(..)
            | Weight::Orgs(..)
            | Weight::Networks(..)
            | Weight::SourceArn(_)
            | Weight::Service(_)
            | Weight::Nobody(_) => None,
        },
        (
            Class::SourceAccounts
            | Class::SourceOrgs
            | Class::SourceArn
            | Class::Network
            | Class::Identity
            | Class::Service,
            _,
        ) => None,
    }
}

/// On whose behalf a service may still act, where the Deny holds for it on everyone else's.
pub(super) fn acts_for(
    deny: &Statement,
    service: &Principal,
    terms: Terms<'_>,
) -> Option<Restriction> {
    let named = deny.principals.as_ref().is_some_and(|principals| principals.surely_name(service));
    if !named || deny.condition.unread {
        return None;
    }
    let mut entries = deny.condition.entries.iter().filter(|entry| !says_service(entry, true));
    let exempt = exempts(entries.next()?, terms)?;
    entries.next().is_none().then_some(exempt)
}

/// Whether an entry asks whether a service calls, and takes this for the answer.
fn says_service(entry: &Entry, service: bool) -> bool {
    let word = if service { "true" } else { "false" };
    entry.key == IS_SERVICE
        && entry
            .operator
            .is_some_and(|operator| operator.family == Family::Bool && !operator.negated)
        && entry.values.iter().any(|value| value.eq_ignore_ascii_case(word))
}
