//! What an arbitrary outsider cannot choose.
//!
//! A condition restricts a statement that names everyone only if it compares, positively, something
//! that the caller cannot choose with something fixed. Values are alternatives, so the loosest
//! decides; entries are AND-ed, so one good entry suffices and none can spoil it.

mod denial;

use std::collections::BTreeSet;

use ipnet::IpNet;
use model::AccountId;

use super::{Condition, Entry, Family, is_always_present};
use crate::{
    address,
    context::{Context, OWN_ORG, PolicyMode},
    document::Version,
    glob::{Pattern, Syntax},
    principal::is_account,
};

pub(crate) use denial::{Closes, admits_accounts, closes, exempts, read_negated};

/// By what rules conditions are read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms<'t> {
    pub(crate) version: Version,
    pub(crate) mode: PolicyMode,
    /// Whose resource it is, where IAM judges and not S3's classifier, to which every variable is
    /// open.
    own: Option<&'t Context>,
}

impl<'t> Terms<'t> {
    /// Of a resource's policy: S3's definition of public goes through all of it.
    pub(crate) const fn resource(version: Version, mode: PolicyMode) -> Self {
        Self { version, mode, own: None }
    }

    /// Of a role's trust policy.
    pub(crate) const fn trust(version: Version, context: &'t Context) -> Self {
        Self { version, mode: PolicyMode::Bucket, own: Some(context) }
    }

    /// Of a resource's policy as IAM evaluates it, whatever S3 takes for public.
    pub(crate) const fn evaluated(
        version: Version,
        mode: PolicyMode,
        context: &'t Context,
    ) -> Self {
        Self { version, mode, own: Some(context) }
    }

    /// A value with those variables filled in that are the same for every caller, since they speak
    /// of our own resource.
    ///
    /// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-resourceorgid>.
    fn filled(self, value: &str) -> String {
        let mut filled = value.to_owned();
        let own = self.own.filter(|_| self.version == Version::Variables && value.contains("${"));
        let Some(context) = own else { return filled };
        let account = context.trust.account_id.as_ref().map(AccountId::as_str);
        let org = context.trust.org_id.as_deref().unwrap_or(OWN_ORG);
        for (variable, own) in
            [("${aws:resourceaccount}", account), ("${aws:resourceorgid}", Some(org))]
        {
            let Some(own) = own else { continue };
            let mut from = 0_usize;
            // Keys ignore case. What was filled in is not looked at again.
            while let Some(next) =
                filled.to_ascii_lowercase().get(from..).and_then(|rest| rest.find(variable))
            {
                let at = from.saturating_add(next);
                filled.replace_range(at..at.saturating_add(variable.len()), own);
                from = at.saturating_add(own.len());
            }
        }
        filled
    }

    /// Whether a value speaks of the request in a way that cannot be followed: it is compared with
    /// something else than itself.
    fn is_doubtful(self, entry: &Entry) -> bool {
        if self.own.is_none() || self.version != Version::Variables {
            return false;
        }
        let itself = format!("${{{}}}", entry.key);
        entry.values.iter().any(|value| {
            let filled = self.filled(value);
            let syntax = Syntax { wildcards: false, variables: true };
            Pattern::parse(&filled, syntax).has_variable() && !filled.eq_ignore_ascii_case(&itself)
        })
    }
}

/// What a restriction fixes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Class {
    /// Accounts of the caller (or of its network, or access point).
    Accounts,
    /// Organizations of the caller (or of its network).
    Orgs,
    /// The account on whose behalf a service calls.
    SourceAccounts,
    /// The organization on whose behalf a service calls.
    SourceOrgs,
    /// A resource on whose behalf a service calls, in an ARN that names no account.
    SourceArn,
    /// A network.
    Network,
    /// One identity, by its unique id.
    Identity,
    /// AWS services, on anyone's behalf.
    Service,
}

/// One thing that the caller cannot choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Restriction {
    pub(crate) class: Class,
    /// It says who calls, rather than from where or through what.
    pub(crate) of_caller: bool,
    /// Account ids, organization ids, `vpc:…`, `vpce:…`, `ip:…`.
    pub(crate) values: BTreeSet<String>,
    /// One of the values leaves open whose it is (an ARN without an account): the loosest decides.
    pub(crate) weak: bool,
    /// The entry, for people.
    pub(crate) condition: String,
}

/// What the conditions of an Allow leave to an outsider.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Reading {
    pub(crate) restrictions: Vec<Restriction>,
    /// The entry that nobody can satisfy.
    pub(crate) dead: Option<String>,
    /// An entry that may restrict who calls, but how far cannot be said.
    pub(crate) doubt: Option<String>,
}

/// What the values of one entry come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Values {
    /// Somebody unknown can satisfy at least one.
    Open,
    /// All are fixed, to these.
    Fixed(BTreeSet<String>),
    /// All can match nothing.
    Dead,
}

/// Reads the conditions of an Allow.
pub(crate) fn read(condition: &Condition, terms: Terms<'_>) -> Reading {
    let mut reading =
        Reading { dead: condition.contradiction().map(Entry::describe), ..Reading::default() };
    for entry in &condition.entries {
        match restricts(entry, condition, terms) {
            Some(Outcome::Open) if terms.is_doubtful(entry) => {
                reading.doubt = Some(entry.describe());
            }
            None | Some(Outcome::Open) => {}
            Some(Outcome::Dead) => reading.dead = Some(entry.describe()),
            Some(Outcome::Restricts(restriction)) => reading.restrictions.push(restriction),
        }
    }
    reading
}

enum Outcome {
    Open,
    Dead,
    Restricts(Restriction),
}

fn restricts(entry: &Entry, condition: &Condition, terms: Terms<'_>) -> Option<Outcome> {
    let operator = entry.operator?;
    let rule = rule(&entry.key, terms.mode)?;
    if operator.negated || operator.family == Family::Null {
        return None;
    }
    if entry.passes_absent() && !is_always_present(&entry.key) && !condition.is_guarded(&entry.key)
    {
        return None;
    }
    if rule.multivalued && operator.set.is_none() {
        return None;
    }
    Some(match values_in(entry, rule.shape, terms) {
        Values::Open => Outcome::Open,
        Values::Dead => Outcome::Dead,
        Values::Fixed(values) => Outcome::Restricts(fixed(entry, &rule, values, terms)),
    })
}

/// What the values of an entry fix.
fn fixed(entry: &Entry, rule: &Rule, values: BTreeSet<String>, terms: Terms<'_>) -> Restriction {
    Restriction {
        // An ARN without an account is fixed, but says little.
        class: if rule.shape == Shape::SourceArn && values.is_empty() {
            Class::SourceArn
        } else {
            rule.class
        },
        of_caller: rule.of_caller,
        weak: rule.shape == Shape::SourceArn && leaves_account_open(entry, terms),
        values,
        condition: entry.describe(),
    }
}

/// Whether a key can restrict who calls.
pub(crate) fn is_restricting_key(key: &str, mode: PolicyMode) -> bool {
    rule(key, mode).is_some()
}

/// How a key's values are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Fixed where there is no wildcard.
    Plain,
    /// An account id; `anonymous` is everyone.
    Account,
    /// Organization and path: the head before the first `/` decides.
    OrgPath,
    /// An ARN whose account segment decides.
    Arn,
    /// The same, where ARNs without an account are weak.
    SourceArn,
    /// Networks.
    Ip,
    /// A VPC or an endpoint, named by the prefix.
    Named(&'static str),
    /// A unique id, with or without its session.
    UserId,
    /// `true`.
    True,
}

struct Rule {
    class: Class,
    shape: Shape,
    of_caller: bool,
    multivalued: bool,
}

/// The keys that restrict. Every other key is chosen by the caller, or describes the resource.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html>
/// and, for what S3 accepts,
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html>.
fn rule(key: &str, mode: PolicyMode) -> Option<Rule> {
    let (class, shape, of_caller) = match key {
        "aws:principalorgid" => (Class::Orgs, Shape::Plain, true),
        "aws:vpceorgid" => (Class::Orgs, Shape::Plain, false),
        "aws:principalorgpaths" => (Class::Orgs, Shape::OrgPath, true),
        "aws:vpceorgpaths" => (Class::Orgs, Shape::OrgPath, false),
        "aws:principalaccount" | "kms:calleraccount" => (Class::Accounts, Shape::Account, true),
        "aws:vpceaccount" | "s3:dataaccesspointaccount" => (Class::Accounts, Shape::Account, false),
        "aws:principalarn" | "aws:federatedprovider" => (Class::Accounts, Shape::Arn, true),
        "ec2:sourceinstancearn" | "lambda:sourcefunctionarn" | "aws:sourcevpcarn" => {
            (Class::Accounts, Shape::Arn, false)
        }
        // An access point's own policy does not restrict the caller by naming access points.
        "s3:dataaccesspointarn" if mode == PolicyMode::Bucket => {
            (Class::Accounts, Shape::Arn, false)
        }
        "aws:sourceaccount" | "aws:sourceowner" => (Class::SourceAccounts, Shape::Account, false),
        "aws:sourcearn" => (Class::SourceAccounts, Shape::SourceArn, false),
        "aws:sourceorgid" => (Class::SourceOrgs, Shape::Plain, false),
        "aws:sourceorgpaths" => (Class::SourceOrgs, Shape::OrgPath, false),
        "aws:sourcevpc" => (Class::Network, Shape::Named("vpc:"), false),
        "aws:sourcevpce" => (Class::Network, Shape::Named("vpce:"), false),
        "aws:sourceip" => (Class::Network, Shape::Ip, false),
        "aws:userid" => (Class::Identity, Shape::UserId, true),
        "aws:principalisawsservice" => (Class::Service, Shape::True, true),
        "aws:principalservicename" | "aws:principalservicenameslist" => {
            (Class::Service, Shape::Plain, true)
        }
        _ => return None,
    };
    let multivalued = matches!(
        key,
        "aws:principalorgpaths"
            | "aws:vpceorgpaths"
            | "aws:sourceorgpaths"
            | "aws:principalservicenameslist"
    );
    Some(Rule { class, shape, of_caller, multivalued })
}

/// What the values of an entry come to, read as the shape says; every variable is open.
pub(crate) fn values_of(entry: &Entry, shape: Shape, version: Version) -> Values {
    values_in(entry, shape, Terms::resource(version, PolicyMode::Bucket))
}

/// Whether one of the values is an ARN that names no account.
fn leaves_account_open(entry: &Entry, terms: Terms<'_>) -> bool {
    let Some(operator) = entry.operator else { return false };
    entry.values.iter().any(|value| {
        let value = terms.filled(value);
        let one = one_value(&value, operator.family, Shape::SourceArn, terms.version);
        matches!(one, One::Fixed(None))
    })
}

fn values_in(entry: &Entry, shape: Shape, terms: Terms<'_>) -> Values {
    let Some(operator) = entry.operator else { return Values::Open };
    let mut fixed = BTreeSet::new();
    let mut alive = false;
    let mut nets: Vec<IpNet> = Vec::new();
    for value in &entry.values {
        match one_value(&terms.filled(value), operator.family, shape, terms.version) {
            One::Open => return Values::Open,
            One::Dead => {}
            One::Fixed(text) => {
                alive = true;
                fixed.extend(text);
            }
            One::Net(net) => {
                alive = true;
                fixed.insert(format!("ip:{net}"));
                nets.push(net);
            }
        }
    }
    if !alive {
        return Values::Dead;
    }
    // Networks that are narrow one by one may still be the whole world together.
    if address::is_world(&nets) { Values::Open } else { Values::Fixed(fixed) }
}

enum One {
    Open,
    Dead,
    /// Fixed, and to what, where that is a name.
    Fixed(Option<String>),
    Net(IpNet),
}

fn one_value(value: &str, family: Family, shape: Shape, version: Version) -> One {
    if shape == Shape::Ip {
        return ip(value, family);
    }
    if shape == Shape::True {
        let says_true = value.eq_ignore_ascii_case("true");
        let compares = matches!(family, Family::Bool | Family::Text | Family::TextIgnoreCase);
        return if says_true && compares { One::Fixed(None) } else { One::Open };
    }
    let active = match family {
        Family::Text | Family::TextIgnoreCase => false,
        Family::Like | Family::Arn => true,
        Family::Numeric(_)
        | Family::Date(_)
        | Family::Bool
        | Family::Binary
        | Family::Ip
        | Family::Null => return One::Open,
    };
    let variables = version == Version::Variables;
    let pattern = Pattern::parse(value, Syntax { wildcards: active, variables });
    if pattern.has_variable() {
        return One::Open;
    }
    // None of these keys can hold a star or a question mark.
    if !active && value.contains(['*', '?']) && !value.contains("${") {
        return One::Dead;
    }
    match shape {
        Shape::Arn | Shape::SourceArn => arn(&pattern, family, shape),
        Shape::OrgPath => {
            let head = pattern.head();
            match head.split_once('/') {
                Some((org, _)) if org.starts_with("o-") => One::Fixed(Some(org.to_owned())),
                None if pattern.is_literal() => One::Fixed(Some(head)),
                Some(_) | None => One::Open,
            }
        }
        Shape::UserId => user_id(&pattern),
        // The remaining shapes are names; an ARN operator does not compare names.
        Shape::Plain | Shape::Account | Shape::Named(_)
            if family == Family::Arn || !pattern.is_literal() =>
        {
            One::Open
        }
        Shape::Account if pattern.head() == "anonymous" => One::Open,
        Shape::Named(prefix) => One::Fixed(Some(format!("{prefix}{}", pattern.head()))),
        Shape::Plain | Shape::Account => One::Fixed(Some(pattern.head())),
        Shape::Ip | Shape::True => One::Open,
    }
}

fn ip(value: &str, family: Family) -> One {
    if family != Family::Ip {
        return One::Open;
    }
    match address::parse(value) {
        Some(net) if !address::is_public_by_s3(&net) => One::Net(net),
        Some(_) | None => One::Open,
    }
}

/// `<unique-id>:*` fixes the role, whatever its session; any other wildcard fixes nothing.
fn user_id(pattern: &Pattern) -> One {
    let head = pattern.head();
    if pattern.is_literal() {
        return if head == "anonymous" { One::Open } else { One::Fixed(Some(head)) };
    }
    let id = head.strip_suffix(':').unwrap_or_default();
    let is_id = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let session = pattern.segments(2);
    let any_session = session.get(1).is_some_and(Pattern::is_everything);
    if is_id && any_session { One::Fixed(Some(id.to_owned())) } else { One::Open }
}

/// ARN operators compare segment by segment, so the account is fixed where its segment is. Text
/// operators let a star run over colons, and IAM paths may hold colons and digits, so the account is
/// fixed only where the first wildcard stands behind it.
fn arn(pattern: &Pattern, family: Family, shape: Shape) -> One {
    let literal = pattern.is_literal();
    let parts = pattern.segments(6).len();
    // Every ARN has six parts, so a text that begins like one and has fewer equals none.
    if literal && parts < 6 && pattern.head().starts_with("arn:") {
        return One::Dead;
    }
    let account = if family == Family::Arn {
        let segments = pattern.segments(6);
        if segments.len() < 6 {
            return One::Open;
        }
        segments.get(4).filter(|account| account.is_literal()).map(Pattern::head)
    } else {
        let head = pattern.head();
        let segments: Vec<&str> = head.splitn(6, ':').collect();
        (segments.len() == 6).then(|| segments.get(4).copied().unwrap_or_default().to_owned())
    };
    match account {
        Some(account) if is_account(&account) => One::Fixed(Some(account)),
        // S3 buckets have no account in their ARN: only the whole of it says anything.
        Some(account) if shape == Shape::SourceArn && literal && account.is_empty() => {
            One::Fixed(None)
        }
        Some(_) | None if literal && shape == Shape::Arn && pattern.head().starts_with("arn:") => {
            One::Dead
        }
        Some(_) | None => One::Open,
    }
}

#[cfg(test)]
mod tests;
