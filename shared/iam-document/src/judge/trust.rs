//! A role's trust policy: who may assume the role?
//!
//! A grant counts only for the action that fits its principal. Wildcards are closed only by what
//! says who calls; a network, a tag, an external id or a time of day closes nothing.

use std::collections::BTreeSet;

use model::Confidence;

use super::{
    deny::{self, Closers, Closing},
    mfa, oidc,
    sink::{Place, Sink},
    subject::{self, Grant},
    weigh::{Weight, weigh},
};
use crate::{
    Context, Document, Doubt, Exposure, Kind, PolicyMode, Principal, Statement, Version, Who,
    condition::{self, Class, Condition, Entry, Family, Reading, Restriction, Terms},
    glob::{Pattern, Syntax},
};

/// The services that never say on whose behalf they assume a role.
const WITHOUT_SOURCE: [&str; 2] = ["ec2.amazonaws.com", "ec2.amazonaws.com.cn"];

const EXTERNAL_ID: &str = "sts:externalid";

pub(super) const ASSUME: &str = "sts:assumerole";
pub(super) const ASSUME_SAML: &str = "sts:assumerolewithsaml";
pub(super) const ASSUME_WEB: &str = "sts:assumerolewithwebidentity";

/// The actions that let somebody in. `sts:TagSession` and `sts:SetSourceIdentity` alone do not.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html>.
pub(super) const ASSUMING: [&str; 3] = [ASSUME, ASSUME_SAML, ASSUME_WEB];

pub(super) fn judge(document: &Document, sink: &mut Sink<'_>) {
    let closers = Closers::of(document, Kind::TrustPolicy, sink.context);
    for statement in document.statements() {
        subject::form(Kind::TrustPolicy, statement, sink);
    }
    for statement in document.allows() {
        actions(statement, sink);
        subject::operators(statement, PolicyMode::Bucket, sink);
        let terms = Terms::trust(document.version(), sink.context);
        let reading = condition::read(&statement.condition, terms);
        if let Some(dead) = &reading.dead {
            subject::dead(statement, dead, sink);
            continue;
        }
        let closing = closers.close(statement);
        let closed = closing.left();
        if closed.is_some() {
            sink.close(statement);
        }
        let doubt = doubt(&reading, &closing);
        if let Some(doubt) = &doubt {
            sink.doubt(statement, doubt);
        }
        let grant = Grant {
            statement,
            reading: &reading,
            closed,
            closers: &closers,
            doubt: doubt.as_ref(),
        };
        judge_allow(&grant, document, sink);
    }
}

/// Why the statement may let in others than can be said: a variable that is compared with another
/// key, or a key that only services carry, on which no classifier's word is known for roles.
fn doubt(reading: &Reading, closing: &Closing) -> Option<Doubt> {
    let unclear = |why: String| Some(Doubt { confidence: Confidence::Unclear, why });
    if let Some(condition) = &reading.doubt {
        return unclear(format!("whom `{condition}` lets in depends on the request"));
    }
    if let Closing::Perhaps(condition) = closing {
        return unclear(format!("whether `{condition}` closes it depends on the request"));
    }
    let service = reading.restrictions.iter().find(|one| one.class == Class::Service)?;
    Some(Doubt {
        confidence: Confidence::Probable,
        why: format!("`{}` may keep out everyone but AWS's own services", service.condition),
    })
}

/// Actions that do not belong into a trust policy.
fn actions(statement: &Statement, sink: &mut Sink<'_>) {
    let Some(action) = &statement.action else { return };
    if action.negated {
        sink.find(
            "not-action-allow",
            Place::statement(statement),
            "`NotAction` allows every way of assuming the role that it does not name",
        );
        return;
    }
    let sts = Pattern::parse("sts:*", Syntax::GLOB);
    for value in &action.values {
        if !Pattern::parse_lowercase(value, Syntax::GLOB).overlaps(&sts) {
            sink.find(
                "invalid-trust-action",
                Place::statement(statement),
                format!("`{value}` is no action of a trust policy"),
            );
        }
    }
}

fn judge_allow(grant: &Grant<'_>, document: &Document, sink: &mut Sink<'_>) {
    let statement = grant.statement;
    let Some(principals) = &statement.principals else { return };
    let assumes = ASSUMING.map(|action| statement.has_action(action));
    let [plain, saml, web] = assumes;
    if principals.negated {
        sink.find(
            "not-principal-in-trust",
            Place::statement(statement).principal("NotPrincipal"),
            "`NotPrincipal` lets in everyone but those it names",
        );
        if assumes.contains(&true) {
            sink.public(grant.closed);
        }
        return;
    }
    for principal in &principals.named {
        if principal.invalid {
            subject::invalid(statement, principal, sink);
        }
        match &principal.who {
            Who::Everyone | Who::AnyService => {
                if assumes.contains(&true) {
                    everyone(grant, principal, document, sink);
                }
            }
            Who::Account(account) | Who::User(account) | Who::Role(account) if plain => {
                account_principal(grant, principal, account, document, sink);
            }
            Who::Service(name) if plain => service(grant, principal, name, document, sink),
            Who::Saml { account } if saml => {
                saml_provider(grant, principal, account, document, sink);
            }
            Who::Oidc { account, issuer } if web => {
                if let Some(account) = account.as_deref().filter(|it| is_stranger(it, sink.context))
                {
                    untrusted(grant, principal, account, sink);
                }
                oidc::judge(grant, principal, issuer, document.version(), sink);
                mfa::judge(grant, principal, document, sink);
            }
            Who::Deleted => subject::deleted(statement, principal, sink),
            Who::OriginAccessIdentity | Who::Canonical(_) if !principal.invalid => {
                subject::invalid(statement, principal, sink);
            }
            Who::Account(_)
            | Who::User(_)
            | Who::Role(_)
            | Who::Service(_)
            | Who::Saml { .. }
            | Who::Oidc { .. }
            | Who::OriginAccessIdentity
            | Who::Canonical(_)
            | Who::Nobody => {}
        }
    }
}

fn everyone(grant: &Grant<'_>, principal: &Principal, document: &Document, sink: &mut Sink<'_>) {
    let place = Place::statement(grant.statement).principal(&principal.text);
    let restrictions = &grant.reading.restrictions;
    let who: Vec<&Restriction> = restrictions
        .iter()
        .filter(|restriction| {
            matches!(restriction.class, Class::Accounts | Class::Orgs | Class::Identity)
        })
        .collect();
    match weigh(&who, sink.context) {
        Weight::Trusted(exposure) => sink.expose(exposure),
        Weight::Accounts(accounts, condition) => {
            let left = grant.undenied(accounts, &condition, sink.context);
            sink.expose(Exposure::Accounts);
            let (vendors, strangers) = vendors_and_strangers(left, sink.context);
            if !strangers.is_empty() {
                subject::strangers("untrusted-account", "", &strangers, &condition, place, sink);
            }
            if !vendors.is_empty() {
                external_id(grant, principal, document, sink);
            }
        }
        Weight::Orgs(orgs, condition) => {
            subject::strangers("untrusted-org", "org:", &orgs, &condition, place, sink);
        }
        Weight::Nobody(condition) => sink.find(
            "dead-condition",
            place.condition(&condition),
            "the conditions contradict each other, so nobody is let in",
        ),
        Weight::Open | Weight::Networks(..) | Weight::SourceArn(_) | Weight::Service(_) => {
            let network = restrictions.iter().find(|one| one.class == Class::Network);
            if let Some(network) = network {
                sink.find(
                    "wildcard-principal-network-only",
                    place.condition(&network.condition),
                    "everyone in the network may assume the role: nothing says who",
                );
                sink.expose(Exposure::Accounts);
                return;
            }
            let detail = if grant.closed.is_some() {
                "everyone may assume the role, but for a Deny that closes it to outsiders"
                    .to_owned()
            } else if let Some(doubt) = grant.doubt {
                format!("everyone is named as who may assume the role, though {}", doubt.why)
            } else {
                "everyone may assume the role: nothing restricts who calls".to_owned()
            };
            let idle = subject::idle(grant.statement);
            let place = Place { condition: idle.as_deref(), ..place };
            sink.find("wildcard-principal", place, detail);
            sink.public(grant.closed);
        }
    }
}

/// Accounts that are not trusted, those of vendors apart: they may assume roles.
fn vendors_and_strangers(
    accounts: BTreeSet<String>,
    context: &Context,
) -> (BTreeSet<String>, BTreeSet<String>) {
    accounts.into_iter().partition(|account| context.is_third_party(account))
}

fn account_principal(
    grant: &Grant<'_>,
    principal: &Principal,
    account: &str,
    document: &Document,
    sink: &mut Sink<'_>,
) {
    let context = sink.context;
    let left = grant.left_of(principal, context);
    if grant.excludes(account) || left == Some(Exposure::Nobody) {
        return;
    }
    if context.trusts(account) {
        let own = context.owns(account);
        sink.expose(if own { Exposure::Account } else { Exposure::Accounts });
    } else if grant.is_tied_to_trusted_org(context) {
        sink.expose(Exposure::Organization);
    } else if let Some(left) = left {
        sink.expose(left);
    } else {
        if !context.is_third_party(account) {
            untrusted(grant, principal, account, sink);
        }
        sink.expose(Exposure::Accounts);
        external_id(grant, principal, document, sink);
    }
    mfa::judge(grant, principal, document, sink);
}

fn is_stranger(account: &str, context: &Context) -> bool {
    !context.trusts(account) && !context.is_third_party(account)
}

fn untrusted(grant: &Grant<'_>, principal: &Principal, account: &str, sink: &mut Sink<'_>) {
    sink.find(
        "untrusted-account",
        Place::statement(grant.statement).principal(&principal.text),
        format!("account {account}, which is not trusted, may assume the role"),
    );
    sink.stranger(account);
    sink.expose(Exposure::Accounts);
}

/// How good an external id is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum ExternalId {
    Missing,
    Weak,
    Strong,
}

/// A stranger's role is used for many customers; the external id says for whom.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html>.
fn external_id(grant: &Grant<'_>, principal: &Principal, document: &Document, sink: &mut Sink<'_>) {
    let version = document.version();
    let condition = &grant.statement.condition;
    let allowed = condition
        .on(EXTERNAL_ID)
        .map(|entry| positive_id(entry, condition, version))
        .max()
        .unwrap_or(ExternalId::Missing);
    let terms = Terms::trust(version, sink.context);
    let denied = document
        .denies()
        .filter(|deny| {
            let others = deny.condition.entries.iter().filter(|entry| entry.key != EXTERNAL_ID);
            let mut spared = others.map(|it| deny::holds_for(it, principal, terms, sink.context));
            !deny.condition.unread
                && deny.has_action(ASSUME)
                && deny.principals.as_ref().is_some_and(|it| it.surely_name(principal))
                && spared.all(|left| left == Some(Exposure::Nobody))
        })
        .filter_map(|deny| demanded_id(deny, version))
        .max()
        .unwrap_or(ExternalId::Missing);
    let place = Place::statement(grant.statement).principal(&principal.text);
    match allowed.max(denied) {
        ExternalId::Strong => {}
        ExternalId::Weak => sink.find(
            "weak-external-id",
            place,
            "the external id is one that any caller can give, or may leave out",
        ),
        ExternalId::Missing => sink.find(
            "missing-external-id",
            place,
            "another account's role is let in without an external id",
        ),
    }
}

fn positive_id(entry: &Entry, condition: &Condition, version: Version) -> ExternalId {
    let Some(operator) = entry.operator else { return ExternalId::Weak };
    let compares = matches!(operator.family, Family::Text | Family::TextIgnoreCase | Family::Like);
    let evaded = entry.passes_absent() && !condition.is_guarded(&entry.key);
    if operator.negated || !compares || evaded || !is_fixed(entry, operator.family, version) {
        return ExternalId::Weak;
    }
    ExternalId::Strong
}

/// Whether no value is empty or made of wildcards alone.
fn is_fixed(entry: &Entry, family: Family, version: Version) -> bool {
    let syntax =
        Syntax { wildcards: family == Family::Like, variables: version == Version::Variables };
    !entry.values.is_empty()
        && entry.values.iter().all(|value| !Pattern::parse(value, syntax).has_no_fixed_part())
}

/// How good an external id must be for a Deny not to hold; `None`: it asks for none.
fn demanded_id(deny: &Statement, version: Version) -> Option<ExternalId> {
    let mut entries = deny.condition.on(EXTERNAL_ID);
    let entry = entries.next()?;
    let operator = entry.operator?;
    if entries.next().is_some() || operator.set == Some(condition::SetQualifier::ForAnyValue) {
        return None;
    }
    if operator.family == Family::Null {
        return (entry.null() == Some(true)).then_some(ExternalId::Weak);
    }
    let fixed = is_fixed(entry, operator.family, version);
    operator.negated.then_some(if fixed { ExternalId::Strong } else { ExternalId::Weak })
}

fn service(
    grant: &Grant<'_>,
    principal: &Principal,
    name: &str,
    document: &Document,
    sink: &mut Sink<'_>,
) {
    let place = Place::statement(grant.statement).principal(&principal.text);
    let denied = grant.closers.sources(grant.statement, principal);
    let sources: Vec<&Restriction> = grant
        .reading
        .restrictions
        .iter()
        .chain(&denied)
        .filter(|restriction| {
            matches!(
                restriction.class,
                Class::SourceAccounts | Class::SourceOrgs | Class::SourceArn
            )
        })
        .collect();
    match weigh(&sources, sink.context) {
        Weight::Trusted(_) => {}
        Weight::Accounts(accounts, condition) => {
            let (_, strangers) = vendors_and_strangers(accounts, sink.context);
            if !strangers.is_empty() {
                subject::strangers("untrusted-account", "", &strangers, &condition, place, sink);
            }
        }
        Weight::Orgs(orgs, condition) => {
            subject::strangers("untrusted-org", "org:", &orgs, &condition, place, sink);
        }
        Weight::SourceArn(condition) => subject::source_arn(place.condition(&condition), sink),
        Weight::Nobody(condition) => {
            subject::dead(grant.statement, &condition, sink);
            return;
        }
        Weight::Open | Weight::Networks(..) | Weight::Service(_) => {
            if !WITHOUT_SOURCE.contains(&name) {
                subject::confused_deputy(place, sink);
            }
        }
    }
    if grant.closed != Some(Exposure::Nobody) {
        sink.expose(Exposure::Account);
    }
    mfa::judge(grant, principal, document, sink);
}

/// A SAML provider should say for whom its assertions are meant.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_saml.html>.
fn saml_provider(
    grant: &Grant<'_>,
    principal: &Principal,
    account: &str,
    document: &Document,
    sink: &mut Sink<'_>,
) {
    if is_stranger(account, sink.context) {
        untrusted(grant, principal, account, sink);
    }
    let condition = &grant.statement.condition;
    let version = document.version();
    let pins = |entry: &Entry| {
        let Some(attribute) = entry.key.strip_prefix("saml:") else { return false };
        let Some(operator) = entry.operator else { return false };
        let compares = matches!(
            operator.family,
            Family::Text | Family::TextIgnoreCase | Family::Like | Family::Arn
        );
        let evaded = entry.passes_absent() && !condition.is_guarded(&entry.key);
        if operator.negated || !compares || evaded || entry.values.is_empty() {
            return false;
        }
        let syntax = Syntax {
            wildcards: matches!(operator.family, Family::Like | Family::Arn),
            variables: version == Version::Variables,
        };
        entry.values.iter().all(|value| {
            let pattern = Pattern::parse(value, syntax);
            // The audience is a sign-in address, of which a Region may be left open.
            if attribute == "aud" { !pattern.has_no_fixed_part() } else { pattern.is_literal() }
        })
    };
    if !condition.entries.iter().any(pins) {
        sink.find(
            "saml-missing-aud",
            Place::statement(grant.statement).principal(&principal.text),
            "assertions meant for another service provider are accepted: `SAML:aud` is not asked",
        );
    }
    sink.expose(Exposure::Accounts);
    mfa::judge(grant, principal, document, sink);
}

#[cfg(test)]
mod tests;
