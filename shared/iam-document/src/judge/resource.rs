//! Policies of resources: buckets, keys, topics, queues, functions, secrets, repositories.
//!
//! Each Allow is judged by itself, for each principal it names; what a Deny takes back is told
//! beside. Public and cross-account are separate facts: a grant to a fixed stranger is not public.

use model::Confidence;

use super::{
    deny::Closers,
    key_enforcement,
    sink::{MITIGATED, Place, Sink},
    subject::{self, Grant},
    tls,
    weigh::{Weight, weigh},
};
use crate::{
    Check, Context, Document, Doubt, Exposure, Kind, PolicyMode, Principal, Statement, Who,
    condition::{self, Class, Reading, Restriction, Terms},
};

/// Identity providers with users from all over the world, whom S3 counts as the public.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html>.
const WEB_IDENTITY: [&str; 4] = [
    "accounts.google.com",
    "graph.facebook.com",
    "www.amazon.com",
    "cognito-identity.amazonaws.com",
];

pub(super) fn judge(kind: Kind, document: &Document, sink: &mut Sink<'_>) {
    let closers = Closers::of(document, kind, sink.context);
    for statement in document.statements() {
        subject::form(kind, statement, sink);
    }
    for statement in document.allows() {
        let mode = sink.context.policy_mode;
        let terms = Terms::resource(document.version(), mode);
        let reading = condition::read(&statement.condition, terms);
        subject::operators(statement, mode, sink);
        if let Some(dead) = &reading.dead {
            subject::dead(statement, dead, sink);
            continue;
        }
        let closed = closers.close(statement).left();
        if closed.is_some() {
            sink.close(statement);
        }
        let doubt = by_definition_alone(statement, document, sink.context);
        let doubt = doubt.as_ref();
        let grant = Grant { statement, reading: &reading, closed, closers: &closers, doubt };
        judge_allow(&grant, sink);
    }
    if kind == Kind::BucketPolicy && sink.context.checks.contains(&Check::Tls) {
        tls::judge(document, sink);
    }
    if kind == Kind::BucketPolicy && sink.context.checks.contains(&Check::Kms) {
        key_enforcement::judge(document, sink);
    }
    let restricted =
        kind == Kind::BucketPolicy && sink.context.public_access_block.restrict_public_buckets;
    sink.set_harmless(restricted);
}

/// Why a statement that is public by S3's definition, to which a variable is no fixed value, may be
/// closed to outsiders all the same: `${aws:ResourceOrgID}` is the same for every caller, and what
/// other variables come to nobody can say.
fn by_definition_alone(
    statement: &Statement,
    document: &Document,
    context: &Context,
) -> Option<Doubt> {
    if !subject::is_public_by_definition(statement) {
        return None;
    }
    let terms = Terms::evaluated(document.version(), context.policy_mode, context);
    let reading = condition::read(&statement.condition, terms);
    let restrictions: Vec<&Restriction> = reading.restrictions.iter().collect();
    if weigh(&restrictions, context) != Weight::Open {
        let why = "the variable is the same for every caller, so that outsiders are kept out";
        return Some(Doubt { confidence: Confidence::Probable, why: why.to_owned() });
    }
    let condition = reading.doubt?;
    let why = format!("what `{condition}` comes to cannot be said");
    Some(Doubt { confidence: Confidence::Unclear, why })
}

fn judge_allow(grant: &Grant<'_>, sink: &mut Sink<'_>) {
    let Some(principals) = &grant.statement.principals else { return };
    if principals.negated {
        let place = Place::statement(grant.statement).principal("NotPrincipal");
        sink.find(
            "allow-not-principal",
            place,
            "the statement lets in everyone but those it names",
        );
        everyone(grant, "NotPrincipal", "public-statement", sink);
        return;
    }
    for principal in &principals.named {
        if principal.invalid {
            subject::invalid(grant.statement, principal, sink);
        }
        judge_principal(grant, principal, sink);
    }
}

fn judge_principal(grant: &Grant<'_>, principal: &Principal, sink: &mut Sink<'_>) {
    let text = principal.text.as_str();
    match &principal.who {
        Who::Everyone | Who::AnyService => everyone(grant, text, "public-statement", sink),
        Who::Account(account)
        | Who::User(account)
        | Who::Role(account)
        | Who::Saml { account }
        | Who::Oidc { account: Some(account), .. } => {
            account_principal(grant, principal, account, sink);
        }
        Who::Oidc { account: None, issuer } => {
            let issuer = issuer.strip_suffix(".cn").unwrap_or(issuer);
            let is_web = WEB_IDENTITY.contains(&issuer)
                || (issuer.starts_with("cognito-identity.") && issuer.ends_with(".amazonaws.com"));
            if is_web {
                everyone(grant, text, "public-federated", sink);
            } else {
                subject::invalid(grant.statement, principal, sink);
                sink.unclear(format!("`{text}` is no identity provider that AWS knows here"));
            }
        }
        Who::Deleted => subject::deleted(grant.statement, principal, sink),
        Who::OriginAccessIdentity => sink.expose(Exposure::Account),
        Who::Service(_) => service(grant, principal, sink),
        Who::Canonical(id) => canonical(grant, principal, id, sink),
        Who::Nobody => {}
    }
}

/// A principal that is anyone, as far as nothing restricts it.
fn everyone(grant: &Grant<'_>, principal: &str, code: &str, sink: &mut Sink<'_>) {
    let place = Place::statement(grant.statement).principal(principal);
    let restrictions: Vec<&Restriction> = grant.reading.restrictions.iter().collect();
    let weight = weigh(&restrictions, sink.context);
    if weight == Weight::Open && sink.context.policy_mode == PolicyMode::VpcAccessPoint {
        // Only the access point's own VPC reaches it.
        sink.expose(Exposure::Accounts);
        return;
    }
    if weight == Weight::Open {
        let idle = subject::idle(grant.statement);
        let place = Place { condition: idle.as_deref(), ..place };
        let detail = if code == "public-federated" {
            "the statement lets in every user of a public identity provider"
        } else if subject::is_public_by_definition(grant.statement) {
            "the statement lets everyone in by S3's definition: a policy variable is not a fixed value"
        } else {
            "the statement lets everyone in: nothing restricts who calls"
        };
        sink.find(code, place, detail);
        if code != "public-statement" {
            sink.find("public-statement", place, detail);
        }
        if grant.closed.is_some() {
            sink.find(MITIGATED, place, "a Deny closes to outsiders what the statement opens");
        }
        if let Some(doubt) = grant.doubt {
            sink.doubt(grant.statement, doubt);
        }
        sink.public(grant.closed);
        return;
    }
    if let Weight::Accounts(accounts, condition) = weight {
        let left = grant.undenied(accounts, &condition, sink.context);
        // Others, who are trusted, may be named beside those who are kept out.
        sink.expose(Exposure::Accounts);
        if left.is_empty() {
            return;
        }
        weighed(&Weight::Accounts(left, condition), place, sink);
        return;
    }
    weighed(&weight, place, sink);
}

/// What is left where something restricts a statement that names everyone.
fn weighed(weight: &Weight, place: Place<'_>, sink: &mut Sink<'_>) {
    match weight {
        Weight::Open => {}
        Weight::Trusted(exposure) => sink.expose(*exposure),
        Weight::Accounts(accounts, condition) => {
            subject::strangers("cross-account-untrusted", "", accounts, condition, place, sink);
        }
        Weight::Orgs(orgs, condition) => {
            subject::strangers("untrusted-org", "org:", orgs, condition, place, sink);
        }
        Weight::Networks(networks, condition) => {
            subject::strangers("untrusted-network", "", networks, condition, place, sink);
        }
        Weight::SourceArn(condition) => {
            subject::source_arn(place.condition(condition), sink);
            sink.expose(Exposure::Accounts);
        }
        Weight::Service(condition) => {
            subject::confused_deputy(place.condition(condition), sink);
            sink.expose(Exposure::Accounts);
        }
        Weight::Nobody(condition) => sink.find(
            "dead-condition",
            place.condition(condition),
            "the conditions contradict each other, so nobody is let in",
        ),
    }
}

fn account_principal(grant: &Grant<'_>, principal: &Principal, account: &str, sink: &mut Sink<'_>) {
    let left = grant.left_of(principal, sink.context);
    if grant.excludes(account) || left == Some(Exposure::Nobody) {
        return;
    }
    if sink.context.trusts(account) {
        let own = sink.context.owns(account);
        sink.expose(if own { Exposure::Account } else { Exposure::Accounts });
        return;
    }
    if grant.is_tied_to_trusted_org(sink.context) {
        sink.expose(Exposure::Organization);
        return;
    }
    if let Some(left) = left {
        sink.expose(left);
        return;
    }
    let place = Place::statement(grant.statement).principal(&principal.text);
    sink.find(
        "cross-account-untrusted",
        place,
        format!("the statement lets in account {account}, which is not trusted"),
    );
    sink.stranger(account);
    sink.expose(Exposure::Accounts);
}

fn canonical(grant: &Grant<'_>, principal: &Principal, id: &str, sink: &mut Sink<'_>) {
    let context = sink.context;
    if context.knows_canonical(id) || grant.is_tied_to_trusted_account(context) {
        sink.expose(Exposure::Accounts);
        return;
    }
    if grant.is_tied_to_trusted_org(context) {
        sink.expose(Exposure::Organization);
        return;
    }
    if let Some(left) = grant.left_of(principal, context) {
        sink.expose(left);
        return;
    }
    let place = Place::statement(grant.statement).principal(&principal.text);
    sink.find(
        "cross-account-untrusted",
        place,
        "the statement lets in a canonical user that is not trusted",
    );
    sink.stranger(format!("canonical:{id}"));
    sink.expose(Exposure::Accounts);
}

/// A service acts for whoever tells it to, unless a condition says for whom.
fn service(grant: &Grant<'_>, principal: &Principal, sink: &mut Sink<'_>) {
    let place = Place::statement(grant.statement).principal(&principal.text);
    let Reading { restrictions, .. } = grant.reading;
    let denied = grant.closers.sources(grant.statement, principal);
    let counts: Vec<&Restriction> = restrictions
        .iter()
        .chain(&denied)
        .filter(|restriction| match restriction.class {
            Class::Accounts
            | Class::Orgs
            | Class::SourceAccounts
            | Class::SourceOrgs
            | Class::SourceArn => true,
            Class::Network => restriction.values.iter().all(|network| network.starts_with("vpc")),
            Class::Identity | Class::Service => false,
        })
        .collect();
    match weigh(&counts, sink.context) {
        Weight::Open | Weight::Service(_) => {
            subject::confused_deputy(place, sink);
            sink.expose(Exposure::Account);
        }
        Weight::SourceArn(condition) => {
            subject::source_arn(place.condition(&condition), sink);
            sink.expose(Exposure::Account);
        }
        weight @ (Weight::Trusted(_)
        | Weight::Accounts(..)
        | Weight::Orgs(..)
        | Weight::Networks(..)
        | Weight::Nobody(_)) => weighed(&weight, place, sink),
    }
}

#[cfg(test)]
mod tests;
