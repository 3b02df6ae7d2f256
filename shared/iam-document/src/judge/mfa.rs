//! Multi-factor authentication in trust policies.
//!
//! Only IAM users carry it, so it can be asked of accounts and users only; asked of a service, a
//! role or a federated user, it makes the role unusable. Whether a document enforces it is tried on
//! the three kinds of credentials that exist.
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html>.

use super::{
    deny,
    permission::PARTITIONS,
    sink::{Place, Sink},
    subject::Grant,
    trust::{ASSUME, ASSUME_SAML, ASSUME_WEB},
};
use crate::{
    Document, Principal, Statement, Version, Who,
    condition::{Condition, Entry, Family, Request, SetQualifier},
    glob::{Pattern, Syntax},
};

const PRESENT: &str = "aws:multifactorauthpresent";
const AGE: &str = "aws:multifactorauthage";
const ARN: &str = "aws:principalarn";

/// What the credentials of a principal say of it.
const KNOWN: [&str; 3] = [deny::IS_SERVICE, "aws:principalaccount", ARN];

/// The credentials that somebody may come with: long-term keys carry neither key; temporary ones
/// say whether MFA was used.
struct Credentials {
    long_term: Request,
    temporary: Request,
}

impl Credentials {
    fn of(principal: &Principal) -> Self {
        let mut keys: Vec<(&str, &str)> = Vec::new();
        match &principal.who {
            Who::Service(_) => keys.push((deny::IS_SERVICE, "true")),
            Who::Account(account) | Who::User(account) | Who::Role(account) => {
                keys.push((deny::IS_SERVICE, "false"));
                keys.push(("aws:principalaccount", account));
                // A session's principal is its role, whose path its own name does not tell.
                if principal.text.contains(":iam:") && !matches!(principal.who, Who::Account(_)) {
                    keys.push((ARN, &principal.text));
                }
            }
            // Nobody signs these calls.
            Who::Saml { .. }
            | Who::Oidc { .. }
            | Who::Everyone
            | Who::Deleted
            | Who::OriginAccessIdentity
            | Who::AnyService
            | Who::Canonical(_)
            | Who::Nobody => {}
        }
        let long_term = Request::new(&keys);
        keys.push((PRESENT, "false"));
        Self { long_term, temporary: Request::new(&keys) }
    }
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
    let credentials = Credentials::of(principal);
    let denies: Vec<&Statement> = document
        .denies()
        .filter(|deny| asks_by_deny(deny, principal, &credentials, version))
        .collect();
    if matches!(principal.who, Who::Account(_) | Who::User(_)) {
        if is_asked(principal, sink) {
            human(grant, principal, &denies, &credentials, version, sink);
        }
        return;
    }
    let asks = |statement: &&&Statement| statement.condition.entries.iter().any(is_mfa);
    let Some(asking) = [&statement].into_iter().chain(&denies).find(asks) else { return };
    let text = asking.condition.entries.iter().find(|it| is_mfa(it)).map(Entry::describe);
    let place = Place {
        condition: text.as_deref(),
        ..Place::statement(statement).principal(&principal.text)
    };
    let is_out = |request: &Request| {
        !holds(&statement.condition, request, version, true)
            || denies.iter().any(|deny| denies_on(deny, request, version))
    };
    let long_term_out = is_out(&credentials.long_term);
    match &principal.who {
        Who::Service(_) if long_term_out => sink.find(
            "mfa-on-service-principal",
            place,
            "a service has no MFA device, so it can no longer assume the role",
        ),
        Who::Role(_) if long_term_out || is_out(&credentials.temporary) => sink.find(
            "mfa-on-role-principal",
            place,
            "a role's session carries no MFA, so it can no longer assume the role",
        ),
        Who::Saml { .. } | Who::Oidc { .. } if long_term_out => sink.find(
            "mfa-on-federated-principal",
            place,
            "a federated user's MFA happens at the identity provider, and is not seen here",
        ),
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

fn human(
    grant: &Grant<'_>,
    principal: &Principal,
    denies: &[&Statement],
    credentials: &Credentials,
    version: Version,
    sink: &mut Sink<'_>,
) {
    let condition = &grant.statement.condition;
    let passes = |request: &Request| {
        holds(condition, request, version, true)
            && !denies.iter().any(|deny| denies_on(deny, request, version))
    };
    if !passes(&credentials.long_term) && !passes(&credentials.temporary) {
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

/// Whether a Deny that asks for MFA holds; what else it asks is known to hold.
fn denies_on(deny: &Statement, request: &Request, version: Version) -> bool {
    holds(&deny.condition, request, version, false)
}

/// A Deny that asks for MFA of this principal among others: whatever else it asks is sure to hold.
fn asks_by_deny(
    deny: &Statement,
    principal: &Principal,
    credentials: &Credentials,
    version: Version,
) -> bool {
    let action = match &principal.who {
        Who::Saml { .. } => ASSUME_SAML,
        Who::Oidc { .. } => ASSUME_WEB,
        Who::Account(_)
        | Who::User(_)
        | Who::Role(_)
        | Who::Service(_)
        | Who::AnyService
        | Who::Everyone
        | Who::Deleted
        | Who::OriginAccessIdentity
        | Who::Canonical(_)
        | Who::Nobody => ASSUME,
    };
    let entries = || deny.condition.entries.iter();
    deny.has_action(action)
        && deny.principals.as_ref().is_some_and(|principals| principals.surely_name(principal))
        && !deny.condition.unread
        && entries().any(is_mfa)
        && entries().filter(|entry| !is_mfa(entry)).all(|entry| {
            if entry.key == ARN && matches!(principal.who, Who::Account(_)) {
                return spares_no_user(entry, principal, version);
            }
            KNOWN.contains(&entry.key.as_str())
                && credentials.long_term.has(&entry.key)
                && entry.holds(&credentials.long_term, version, false)
        })
}

/// Whether the ARNs that an entry spares are those of no user of the account: only users have MFA.
fn spares_no_user(entry: &Entry, principal: &Principal, version: Version) -> bool {
    let Some(operator) = entry.operator.filter(|operator| operator.negated) else { return false };
    let Some(account) = principal.account() else { return false };
    // Spelled out, for a star would run over colons and make a role's ARN look like a user's.
    let users = PARTITIONS.map(|partition| {
        Pattern::parse(&format!("arn:{partition}:iam::{account}:user/*"), Syntax::GLOB)
    });
    let wildcards = matches!(operator.family, Family::Like | Family::Arn);
    let syntax = Syntax { wildcards, variables: version == Version::Variables };
    operator.set != Some(SetQualifier::ForAnyValue)
        && !entry.values.iter().any(|value| {
            let spared = Pattern::parse(value, syntax);
            users.iter().any(|users| spared.overlaps(users))
        })
}
