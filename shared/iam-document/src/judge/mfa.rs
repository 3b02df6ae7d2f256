//! Multi-factor authentication in trust policies.
//!
//! Only IAM users carry it, so it can be asked of accounts and users only; asked of a service, a
//! role or a federated user, it makes the role unusable. Whether a document enforces it is tried on
//! the three kinds of credentials that exist.
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html>.

use super::{
    sink::{Place, Sink},
    subject::Grant,
};
use crate::{
    Document, Principal, Principals, Statement, Version, Who,
    condition::{Condition, Entry, Family, Request},
};

const PRESENT: &str = "aws:multifactorauthpresent";
const AGE: &str = "aws:multifactorauthage";

/// Long-term keys carry neither key; temporary credentials say whether MFA was used.
fn long_term() -> Request {
    Request::default()
}

fn temporary() -> Request {
    Request::new(&[(PRESENT, "false")])
}

fn is_mfa(entry: &Entry) -> bool {
    entry.key == PRESENT || entry.key == AGE
}

fn holds(condition: &Condition, request: &Request, version: Version, unknown: bool) -> bool {
    condition
        .entries
        .iter()
        .filter(|entry| is_mfa(entry))
        .all(|entry| entry.holds(request, version, unknown))
}

/// Judges what is asked of one principal.
pub(super) fn judge(
    grant: &Grant<'_>,
    principal: &Principal,
    document: &Document,
    sink: &mut Sink<'_>,
) {
    let statement = grant.statement;
    let version = document.version();
    let Some(entry) = statement.condition.entries.iter().find(|entry| is_mfa(entry)) else {
        if is_asked(principal, sink) {
            human(grant, principal, document, sink);
        }
        return;
    };
    let text = entry.describe();
    let place = Place::statement(statement).principal(&principal.text).condition(&text);
    let long_term_out = !holds(&statement.condition, &long_term(), version, true);
    let temporary_out = !holds(&statement.condition, &temporary(), version, true);
    match &principal.who {
        Who::Service(_) if long_term_out => sink.find(
            "mfa-on-service-principal",
            place,
            "a service has no MFA device, so it can no longer assume the role",
        ),
        Who::Role(_) if long_term_out || temporary_out => sink.find(
            "mfa-on-role-principal",
            place,
            "a role's session carries no MFA, so it can no longer assume the role",
        ),
        Who::Saml { .. } | Who::Oidc { .. } if long_term_out => sink.find(
            "mfa-on-federated-principal",
            place,
            "a federated user's MFA happens at the identity provider, and is not seen here",
        ),
        Who::Account(_) | Who::User(_) if is_asked(principal, sink) => {
            human(grant, principal, document, sink);
        }
        Who::Service(_)
        | Who::Role(_)
        | Who::Saml { .. }
        | Who::Oidc { .. }
        | Who::Account(_)
        | Who::User(_)
        | Who::Everyone
        | Who::Deleted
        | Who::OriginAccessIdentity
        | Who::AnyService
        | Who::Canonical(_)
        | Who::Nobody => {}
    }
}

/// Humans of accounts; a vendor's account is a program's.
fn is_asked(principal: &Principal, sink: &Sink<'_>) -> bool {
    let human = matches!(principal.who, Who::Account(_) | Who::User(_));
    let vendor = principal.account().is_some_and(|account| sink.context.is_third_party(account));
    sink.context.trust.require_mfa && human && !vendor
}

fn human(grant: &Grant<'_>, principal: &Principal, document: &Document, sink: &mut Sink<'_>) {
    let version = document.version();
    let condition = &grant.statement.condition;
    let denies: Vec<&Statement> =
        document.denies().filter(|deny| asks_by_deny(deny, principal)).collect();
    let passes = |request: &Request| {
        holds(condition, request, version, true)
            && !denies.iter().any(|deny| deny.condition.holds(request, version, false))
    };
    if !passes(&long_term()) && !passes(&temporary()) {
        return;
    }
    let mine = || condition.entries.iter().filter(|entry| is_mfa(entry));
    let null =
        |entry: &Entry| entry.operator.is_some_and(|operator| operator.family == Family::Null);
    let (code, detail) = if mine().any(Entry::passes_absent) {
        ("mfa-weak-ifexists", "long-term access keys pass, since `IfExists` passes without MFA")
    } else if mine().any(null) {
        ("mfa-null-check", "that the key is present does not say that MFA was used")
    } else if !denies.is_empty() {
        ("mfa-weak-deny-bool", "long-term access keys pass, since they lack the key denied on")
    } else {
        ("mfa-missing", "people may assume the role without MFA")
    };
    sink.find(code, Place::statement(grant.statement).principal(&principal.text), detail);
}

/// A Deny that asks for MFA and nothing else, of this principal among others.
fn asks_by_deny(deny: &Statement, principal: &Principal) -> bool {
    let names = |principals: &Principals| {
        // An account stands for everyone in it, however it is written.
        let holds = |other: &Principal| {
            let account = matches!(other.who, Who::Account(_)).then(|| other.account()).flatten();
            !principals.negated && account.is_some() && account == principal.account()
        };
        let names = |other: &Principal| {
            other.text == principal.text || other.who == Who::Everyone || holds(other)
        };
        principals.named.iter().any(names) != principals.negated
    };
    deny.has_action("sts:assumerole")
        && deny.principals.as_ref().is_some_and(names)
        && !deny.condition.unread
        && !deny.condition.entries.is_empty()
        && deny.condition.entries.iter().all(is_mfa)
}
