//! Who a statement speaks of.
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html>.

use std::borrow::Cow;

use serde_json::Value;

use crate::statement::texts;

/// The `Principal` or `NotPrincipal` of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principals {
    /// `NotPrincipal`: everyone but these.
    pub negated: bool,
    /// Each principal that is named, in order.
    pub named: Vec<Principal>,
}

/// One principal as written, and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// `AWS`, `Service`, `Federated`, `CanonicalUser` or another key; empty for a bare text.
    pub key: String,
    /// The text as written.
    pub text: String,
    /// What it is.
    pub who: Who,
    /// Whether AWS would refuse to store it.
    pub invalid: bool,
}

/// What a principal is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// Everyone.
    Everyone,
    /// An account: its root, its bare id, or one of its names that cannot be read closer.
    Account(String),
    /// A user.
    User(String),
    /// A role, a session of one, or a federated session.
    Role(String),
    /// A unique id that IAM put in place of a deleted user or role: nobody can use it.
    Deleted,
    /// CloudFront's origin access identity, which is not the public.
    OriginAccessIdentity,
    /// An AWS service.
    Service(String),
    /// Any AWS service at all.
    AnyService,
    /// A SAML provider of an account.
    Saml {
        /// The account.
        account: String,
    },
    /// An OpenID Connect provider, by issuer (host and path, lower-case).
    Oidc {
        /// The account, where the provider is an ARN.
        account: Option<String>,
        /// The issuer.
        issuer: String,
    },
    /// An S3 canonical user.
    Canonical(String),
    /// Something that names nobody.
    Nobody,
}

impl Principals {
    /// Reads the element; with each oddity comes whether it leaves open who is meant.
    pub(crate) fn read(written: &Value, negated: bool) -> (Self, Vec<(String, bool)>) {
        let name = if negated { "NotPrincipal" } else { "Principal" };
        let mut named = Vec::new();
        let mut odd = Vec::new();
        let mut take = |key: &str, value: &Value, odd: &mut Vec<(String, bool)>| {
            let (values, unread) = texts(value);
            if unread {
                odd.push((format!("`{name}` holds something that is no text"), true));
            }
            named.extend(values.into_iter().map(|text| Principal::read(key, text)));
        };
        if let Value::Object(kinds) = written {
            for (key, value) in kinds {
                take(key, value, &mut odd);
            }
        } else {
            take("", written, &mut odd);
        }
        if named.is_empty() && odd.is_empty() {
            odd.push((format!("`{name}` names nobody"), false));
        }
        (Self { negated, named }, odd)
    }

    /// Whether every outsider is sure to be among them: `*`, or everyone but some. What AWS would
    /// refuse to store is read as everyone where it lets in, and as nobody where it keeps out.
    pub(crate) fn reach_everyone(&self) -> bool {
        let is_everyone = |one: &Principal| one.who == Who::Everyone && !one.invalid;
        self.negated || self.named.iter().any(is_everyone)
    }

    /// Whether somebody is sure to be among them: by name, by account, or as one of everyone. An
    /// account stands for all who are in it; of those whom `NotPrincipal` spares, anyone may be.
    pub(crate) fn surely_name(&self, whom: &Principal) -> bool {
        let of_one_account = |other: &Principal| {
            whom.account().is_some_and(|account| other.account() == Some(account))
        };
        if self.negated {
            let spares = |other: &Principal| {
                other.invalid
                    || other.who == whom.who
                    || of_one_account(other)
                    || matches!(other.who, Who::Everyone | Who::AnyService | Who::Canonical(_))
            };
            return !self.named.iter().any(spares);
        }
        self.named.iter().filter(|other| !other.invalid).any(|other| match &other.who {
            Who::Everyone => true,
            Who::Account(_) => of_one_account(other),
            Who::AnyService => matches!(whom.who, Who::Service(_)),
            Who::Service(_) => other.who == whom.who,
            Who::User(_)
            | Who::Role(_)
            | Who::Deleted
            | Who::OriginAccessIdentity
            | Who::Saml { .. }
            | Who::Oidc { .. }
            | Who::Canonical(_)
            | Who::Nobody => other.key == whom.key && other.text == whom.text,
        })
    }
}

impl Principal {
    fn read(key: &str, text: String) -> Self {
        let known = ["AWS", "Service", "Federated", "CanonicalUser"]
            .into_iter()
            .find(|known| known.eq_ignore_ascii_case(key));
        let (who, mut invalid) = match known {
            Some("AWS") => aws(&text),
            Some("Service") => service(&text),
            Some("Federated") => federated(&text),
            Some("CanonicalUser") => canonical(&text),
            // A bare text other than `*` is no principal to AWS; it is read as an AWS one.
            Some(_) | None if key.is_empty() => {
                let (who, _) = aws(&text);
                let bare = who != Who::Everyone;
                (who, bare)
            }
            Some(_) | None if text == "*" => (Who::Everyone, true),
            Some(_) | None => (Who::Nobody, true),
        };
        if known.is_some_and(|known| known != key) {
            invalid = true;
        }
        Self { key: key.to_owned(), text, who, invalid }
    }

    /// Everyone in an account.
    pub(crate) fn of_account(account: &str) -> Self {
        Self {
            key: "AWS".to_owned(),
            text: account.to_owned(),
            who: Who::Account(account.to_owned()),
            invalid: false,
        }
    }

    /// The account it belongs to, where it belongs to one.
    #[must_use]
    pub fn account(&self) -> Option<&str> {
        match &self.who {
            Who::Account(account)
            | Who::User(account)
            | Who::Role(account)
            | Who::Saml { account }
            | Who::Oidc { account: Some(account), .. } => Some(account),
            Who::Everyone
            | Who::Deleted
            | Who::OriginAccessIdentity
            | Who::Service(_)
            | Who::AnyService
            | Who::Oidc { account: None, .. }
            | Who::Canonical(_)
            | Who::Nobody => None,
        }
    }
}

/// Whether it is no fixed name: it holds a wildcard or a variable, neither of which AWS knows in a
/// principal.
fn is_wild(text: &str) -> bool {
    text.contains(['*', '?']) || text.contains("${")
}

/// The text with a star for each variable, whose own colons separate nothing.
fn without_variables(text: &str) -> Cow<'_, str> {
    let mut filled = Cow::Borrowed(text);
    while let Some((head, rest)) = filled.split_once("${") {
        let Some((_, tail)) = rest.split_once('}') else { break };
        filled = Cow::Owned(format!("{head}*{tail}"));
    }
    filled
}

pub(crate) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `AIDA…`, `AROA…` and their like: what IAM leaves of a deleted principal.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html>.
fn is_unique_id(text: &str) -> bool {
    const PREFIXES: [&str; 12] = [
        "ABIA", "ACCA", "AGPA", "AIDA", "AIPA", "AKIA", "ANPA", "ANVA", "APKA", "AROA", "ASCA",
        "ASIA",
    ];
    text.len() >= 16
        && PREFIXES.iter().any(|prefix| text.starts_with(prefix))
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

fn aws(text: &str) -> (Who, bool) {
    if text == "*" {
        return (Who::Everyone, false);
    }
    if is_account(text) {
        return (Who::Account(text.to_owned()), false);
    }
    if is_unique_id(text) {
        return (Who::Deleted, false);
    }
    if !text.starts_with("arn:") {
        // A pattern is not a principal, but the fail-safe reading of one is everyone.
        return if is_wild(text) { (Who::Everyone, true) } else { (Who::Nobody, true) };
    }
    let filled = without_variables(text);
    let segments: Vec<&str> = filled.splitn(6, ':').collect();
    let (service, account, resource) = match segments.as_slice() {
        [_, _, service, _, account, resource] => (*service, *account, *resource),
        [_, _, service, _, account] => (*service, *account, ""),
        _ => return if is_wild(text) { (Who::Everyone, true) } else { (Who::Nobody, true) },
    };
    if account == "cloudfront" && resource.starts_with("user/CloudFront Origin Access Identity ") {
        return (Who::OriginAccessIdentity, is_wild(resource));
    }
    if is_wild(account) {
        return (Who::Everyone, true);
    }
    if !is_account(account) {
        return (Who::Nobody, true);
    }
    let account = account.to_owned();
    let names_iam = matches!(service, "iam" | "sts");
    let invalid = !names_iam || is_wild(text) || resource.is_empty();
    let who = match resource.split_once('/').map_or(resource, |(kind, _)| kind) {
        "user" => Who::User(account),
        "role" | "assumed-role" | "federated-user" => Who::Role(account),
        "root" => Who::Account(account),
        _ => return (Who::Account(account), true),
    };
    (who, invalid)
}

fn service(text: &str) -> (Who, bool) {
    if text == "*" {
        return (Who::AnyService, false);
    }
    if text.contains(['*', '?']) {
        return (Who::AnyService, true);
    }
    if text.is_empty() || !text.contains('.') {
        return (Who::Nobody, true);
    }
    (Who::Service(text.to_ascii_lowercase()), is_wild(text))
}

fn canonical(text: &str) -> (Who, bool) {
    if text == "*" {
        return (Who::Everyone, false);
    }
    if is_wild(text) {
        return (Who::Everyone, true);
    }
    if text.is_empty() {
        return (Who::Nobody, true);
    }
    (Who::Canonical(text.to_owned()), false)
}

fn federated(text: &str) -> (Who, bool) {
    if text == "*" {
        return (Who::Everyone, true);
    }
    let filled = without_variables(text);
    let segments: Vec<&str> = filled.splitn(6, ':').collect();
    let ["arn", _, service, _, account, resource] = segments.as_slice() else {
        if is_wild(text) || text.is_empty() {
            return if text.is_empty() { (Who::Nobody, true) } else { (Who::Everyone, true) };
        }
        return (Who::Oidc { account: None, issuer: text.to_ascii_lowercase() }, false);
    };
    if is_wild(account) {
        return (Who::Everyone, true);
    }
    if !is_account(account) {
        return (Who::Nobody, true);
    }
    let account = (*account).to_owned();
    let invalid = *service != "iam" || is_wild(text);
    match resource.split_once('/') {
        Some(("saml-provider", _)) => (Who::Saml { account }, invalid),
        Some(("oidc-provider", issuer)) => {
            (Who::Oidc { account: Some(account), issuer: issuer.to_ascii_lowercase() }, invalid)
        }
        _ => (Who::Nobody, true),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn who(key: &str, text: &str) -> (Who, bool) {
        let principal = Principal::read(key, text.to_owned());
        (principal.who, principal.invalid)
    }

    #[test]
    fn the_account_is_the_fifth_segment_in_every_partition() {
        for (text, expected) in [
            ("111122223333", Who::Account("111122223333".into())),
            ("arn:aws:iam::111122223333:root", Who::Account("111122223333".into())),
            ("arn:aws-cn:iam::111122223333:user/a", Who::User("111122223333".into())),
            ("arn:aws-us-gov:iam::111122223333:role/p/a", Who::Role("111122223333".into())),
            ("arn:aws:sts::111122223333:assumed-role/a/b", Who::Role("111122223333".into())),
            ("arn:aws:iam::222233334444:role/111122223333", Who::Role("222233334444".into())),
        ] {
            assert_eq!(who("AWS", text), (expected, false), "{text}");
        }
    }

    #[test]
    fn wildcards_inside_a_principal_are_no_patterns() {
        for text in
            ["arn:aws:iam::*:root", "arn:aws:iam::11112222333?:role/x", "arn:aws:iam::*", "1111*"]
                .into_iter()
                // Nor are variables filled in: whose account it is stays open all the same.
                .chain(["arn:aws:iam::${aws:PrincipalAccount}:root", "${aws:PrincipalAccount}"])
        {
            assert_eq!(who("AWS", text), (Who::Everyone, true), "{text}");
        }
        let (who, invalid) = who("AWS", "arn:aws:iam::111122223333:role/*");
        assert_eq!((who, invalid), (Who::Role("111122223333".into()), true));
    }

    #[test]
    fn deleted_principals_and_origin_access_identities_are_known() {
        assert_eq!(who("AWS", "AROADBQP57FF2AEXAMPLE"), (Who::Deleted, false));
        assert_eq!(who("AWS", "AIDACKCEVSQ6C2EXAMPLE"), (Who::Deleted, false));
        for (id, invalid) in [("E2EXAMPLE", false), ("*", true), ("E2EXAMPL?", true)] {
            let oai =
                format!("arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity {id}");
            assert_eq!(who("AWS", &oai), (Who::OriginAccessIdentity, invalid), "{id}");
        }
    }

    #[test]
    fn providers_are_read_by_account_and_issuer() {
        let arn = "arn:aws:iam::111122223333:oidc-provider/Token.Actions.GitHubUserContent.com";
        let issuer = "token.actions.githubusercontent.com".to_owned();
        let account = Some("111122223333".to_owned());
        assert_eq!(who("Federated", arn), (Who::Oidc { account, issuer }, false));
        let issuer = "cognito-identity.amazonaws.com".to_owned();
        let cognito = who("Federated", "cognito-identity.amazonaws.com");
        assert_eq!(cognito, (Who::Oidc { account: None, issuer }, false));
    }

    #[test]
    fn everyone_has_many_spellings() {
        for value in [
            json!("*"),
            json!({"AWS":"*"}),
            json!({"AWS":["*"]}),
            json!(["*"]),
            json!({"CanonicalUser":"*"}),
        ] {
            let (principals, odd) = Principals::read(&value, false);
            assert!(principals.reach_everyone() && odd.is_empty(), "{value}");
        }
        let (nobody, odd) = Principals::read(&json!({"AWS":[]}), false);
        assert!(!nobody.reach_everyone() && odd.len() == 1);
    }

    #[test]
    fn several_kinds_stand_side_by_side() {
        let (principals, _) =
            Principals::read(&json!({"AWS":"111122223333","Service":"ec2.amazonaws.com"}), false);
        assert_eq!(principals.named.len(), 2);
    }
}
