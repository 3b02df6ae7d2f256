//! What every judgement of a statement shares: its form, its operators, its grant.

use std::collections::BTreeSet;

use super::{
    deny::Closers,
    sink::{Place, Sink},
};
use crate::{
    Context, Doubt, Exposure, Kind, PolicyMode, Principal, Problem, Statement,
    condition::{Class, Reading, Restriction, SetQualifier, is_always_present, is_restricting_key},
};

/// An Allow under judgement.
pub(super) struct Grant<'g> {
    pub(super) statement: &'g Statement,
    pub(super) reading: &'g Reading,
    /// Whom the Denies of the document leave in, where they close it to outsiders.
    pub(super) closed: Option<Exposure>,
    /// The Denies themselves.
    pub(super) closers: &'g Closers<'g>,
    /// Why it may let in others than can be said.
    pub(super) doubt: Option<&'g Doubt>,
}

impl Grant<'_> {
    /// The sets of accounts of which the caller must be one.
    fn caller_accounts(&self) -> impl Iterator<Item = &BTreeSet<String>> {
        self.reading
            .restrictions
            .iter()
            .filter(|restriction| restriction.class == Class::Accounts && restriction.of_caller)
            .map(|restriction| &restriction.values)
    }

    /// Whether the conditions keep out an account that the statement names.
    pub(super) fn excludes(&self, account: &str) -> bool {
        self.caller_accounts().any(|accounts| !accounts.contains(account))
    }

    /// Whether the caller must be of an organization that is trusted.
    pub(super) fn is_tied_to_trusted_org(&self, context: &Context) -> bool {
        self.reading.restrictions.iter().any(|restriction| {
            restriction.class == Class::Orgs
                && restriction.of_caller
                && restriction.values.iter().all(|org| context.trusts_org(org))
        })
    }

    /// Whom the Denies leave in of a stranger whom the statement names, where they keep out all who
    /// are not trusted.
    pub(super) fn left_of(&self, stranger: &Principal, context: &Context) -> Option<Exposure> {
        self.closers.keep_out(self.statement, stranger, context)
    }

    /// Of the accounts that a condition lets in, those whom no Deny keeps out. Only of callers can
    /// that be said, and not of those through whom or on whose behalf they call.
    pub(super) fn undenied(
        &self,
        accounts: BTreeSet<String>,
        condition: &str,
        context: &Context,
    ) -> BTreeSet<String> {
        let of_caller = |one: &Restriction| one.of_caller && one.condition == condition;
        if !self.reading.restrictions.iter().any(of_caller) {
            return accounts;
        }
        let is_left =
            |account: &String| self.left_of(&Principal::of_account(account), context).is_none();
        accounts.into_iter().filter(is_left).collect()
    }

    /// Whether the caller must be of an account that is trusted.
    pub(super) fn is_tied_to_trusted_account(&self, context: &Context) -> bool {
        self.caller_accounts()
            .any(|accounts| accounts.iter().all(|account| context.trusts(account)))
    }
}

/// What the form of a statement lacks for its kind.
pub(super) fn form(kind: Kind, statement: &Statement, sink: &mut Sink<'_>) {
    let mut malformed = |what: &str| {
        sink.malformed(&Problem {
            statement: Some(statement.index),
            what: what.to_owned(),
            unclear: false,
        });
    };
    let has_principal = statement.principals.is_some();
    match kind {
        Kind::PermissionPolicy => {
            if has_principal {
                malformed("a permission policy takes no `Principal`: it belongs to an identity");
            }
            if statement.resource.is_none() {
                malformed("the statement has neither `Resource` nor `NotResource`");
            }
        }
        Kind::TrustPolicy => {
            if statement.resource.is_some() {
                malformed("a trust policy takes no `Resource`: it speaks of its own role");
            }
            if !has_principal {
                malformed("the statement names no principal, so it matches nobody");
            }
        }
        Kind::BucketPolicy | Kind::KmsPolicy | Kind::ResourcePolicy => {
            if !has_principal {
                malformed("the statement names no principal, so it matches nobody");
            }
            // S3 refuses such a statement and KMS gives it no effect; a repository's policy has no
            // resources at all.
            // Source: <https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html>.
            if kind != Kind::ResourcePolicy && statement.resource.is_none() {
                malformed("the statement has neither `Resource` nor `NotResource`");
            }
        }
        Kind::Acl | Kind::SecurityGroup => {}
    }
}

/// Operators that AWS does not know.
pub(super) fn unknown_operators(statement: &Statement, sink: &mut Sink<'_>) {
    for entry in statement.condition.entries.iter().filter(|entry| entry.operator.is_none()) {
        let text = entry.describe();
        sink.find(
            "unknown-operator",
            Place::statement(statement).condition(&text),
            format!("AWS knows no operator `{}`, so it restricts nothing", entry.written),
        );
        sink.unclear(format!("`{}` is no operator", entry.written));
    }
}

/// Operators that AWS does not know, and sets that an absent key passes.
pub(super) fn operators(statement: &Statement, mode: PolicyMode, sink: &mut Sink<'_>) {
    unknown_operators(statement, sink);
    for entry in &statement.condition.entries {
        let all =
            entry.operator.is_some_and(|operator| operator.set == Some(SetQualifier::ForAllValues));
        if all
            && is_restricting_key(&entry.key, mode)
            && !is_always_present(&entry.key)
            && !statement.condition.is_guarded(&entry.key)
        {
            let text = entry.describe();
            sink.find(
                "forallvalues-with-allow",
                Place::statement(statement).condition(&text),
                "`ForAllValues` in an Allow lets in every request that lacks the key",
            );
        }
    }
}

/// Whether a variable stands where S3 wants a fixed value, so that it is public by definition only.
pub(super) fn is_public_by_definition(statement: &Statement) -> bool {
    statement.condition.entries.iter().any(|entry| {
        is_restricting_key(&entry.key, PolicyMode::Bucket)
            && entry.values.iter().any(|value| value.contains("${"))
    })
}

/// All conditions of a statement, for people: none of them restricts who calls.
pub(super) fn idle(statement: &Statement) -> Option<String> {
    let entries: Vec<String> =
        statement.condition.entries.iter().map(crate::condition::Entry::describe).collect();
    (!entries.is_empty()).then(|| entries.join("; "))
}

/// A condition that nobody can satisfy.
pub(super) fn dead(statement: &Statement, condition: &str, sink: &mut Sink<'_>) {
    sink.find(
        "dead-condition",
        Place::statement(statement).condition(condition),
        "nobody can satisfy the condition; loosening it would open what is closed today",
    );
}

/// A principal that AWS would not store.
pub(super) fn invalid(statement: &Statement, principal: &Principal, sink: &mut Sink<'_>) {
    sink.find(
        "invalid-principal",
        Place::statement(statement).principal(&principal.text),
        "AWS knows no such principal; the widest reading is taken",
    );
}

/// A principal that was deleted.
pub(super) fn deleted(statement: &Statement, principal: &Principal, sink: &mut Sink<'_>) {
    sink.find(
        "deleted-principal",
        Place::statement(statement).principal(&principal.text),
        "the principal was deleted; IAM left its id, which nobody can use",
    );
}

/// Strangers that the conditions name.
pub(super) fn strangers(
    code: &str,
    prefix: &str,
    who: &BTreeSet<String>,
    condition: &str,
    place: Place<'_>,
    sink: &mut Sink<'_>,
) {
    let names: Vec<&str> = who.iter().map(String::as_str).collect();
    let detail = format!("the condition lets in {}, which is not trusted", names.join(", "));
    sink.find(code, place.condition(condition), detail);
    for one in who {
        sink.stranger(format!("{prefix}{one}"));
    }
    sink.expose(Exposure::Accounts);
}

/// A service that acts for anyone who tells it to.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html>.
pub(super) fn confused_deputy(place: Place<'_>, sink: &mut Sink<'_>) {
    sink.find(
        "service-confused-deputy",
        place,
        "the service may act here on anyone's behalf: no condition names a source account",
    );
}

/// A source ARN that names no account.
pub(super) fn source_arn(place: Place<'_>, sink: &mut Sink<'_>) {
    sink.find(
        "source-arn-without-account",
        place,
        "the source ARN names no account: a bucket of that name could come to belong to another",
    );
}
