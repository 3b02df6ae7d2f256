//! OpenID Connect providers in trust policies: whose tokens are accepted?
//!
//! Some issuers serve all their customers from one URL, so a token says nothing until a claim says
//! for which tenant it was made. Others serve one tenant only.
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc_secure-by-default.html>.

mod claims;
mod issuer;
mod subject;

use claims::Claims;
use issuer::{Issuer, Login};
use subject::{Grammar, Width};

use super::{
    sink::{Place, Sink},
    subject::{Grant, dead},
};
use crate::{Exposure, Principal, Version};

/// Judges what is asked of a provider's tokens.
pub(super) fn judge(
    grant: &Grant<'_>,
    principal: &Principal,
    issuer: &str,
    version: Version,
    sink: &mut Sink<'_>,
) {
    let claims = Claims::of(&grant.statement.condition, issuer, version);
    if let Some(condition) = claims.dead() {
        dead(grant.statement, &condition, sink);
        return;
    }
    let judgement = Judgement { grant, principal, claims: &claims };
    let open = match Issuer::of(issuer) {
        Issuer::Cognito => judgement.cognito(sink),
        Issuer::Login(login) => judgement.login(login, sink),
        Issuer::Audience => judgement.audience(sink),
        Issuer::Sentinel => judgement.sentinel(sink),
        Issuer::Cluster => judgement.cluster(sink),
        Issuer::Shared(grammar) => judgement.shared(grammar, issuer, sink),
        Issuer::Private => judgement.private(sink),
    };
    if open {
        sink.public(grant.closed);
    } else {
        sink.expose(Exposure::Accounts);
    }
}

struct Judgement<'j> {
    grant: &'j Grant<'j>,
    principal: &'j Principal,
    claims: &'j Claims<'j>,
}

impl Judgement<'_> {
    fn find(&self, code: &str, detail: impl Into<String>, sink: &mut Sink<'_>) {
        let place = Place::statement(self.grant.statement).principal(&self.principal.text);
        sink.find(code, place, detail);
    }

    /// The audience, which the provider's own list of clients checks as well.
    fn check_audience(&self, sink: &mut Sink<'_>) {
        if !self.claims.pins_some_of("aud") {
            self.find("oidc-missing-aud", "no condition says for whom tokens are made", sink);
        }
        self.check_operators(sink);
    }

    /// `IfExists` and `ForAllValues` do restrict claims that every token has, but invite mistakes.
    fn check_operators(&self, sink: &mut Sink<'_>) {
        if self.claims.has_weak_operator() {
            self.find(
                "oidc-weak-operator",
                "`IfExists` or `ForAllValues` stands on a claim that every token has",
                sink,
            );
        }
    }

    fn shared(&self, grammar: Grammar, issuer: &str, sink: &mut Sink<'_>) -> bool {
        let by_subject = self.claims.subjects(grammar);
        let pinned = match &by_subject {
            Some(subjects) if subjects.iter().all(|subject| subject.width != Width::Open) => {
                Some(subjects.clone())
            }
            Some(_) | None => self.claims.pinned_otherwise(),
        };
        let Some(pinned) = pinned else {
            if by_subject.is_some() {
                self.find(
                    "oidc-broad-sub",
                    "the subject is open to tenants that anyone may register",
                    sink,
                );
            } else {
                self.find(
                    "oidc-missing-sub",
                    "tokens of every tenant of the issuer are accepted",
                    sink,
                );
            }
            self.check_audience(sink);
            return true;
        };
        let mut widths: Vec<Width> = pinned.iter().map(|subject| subject.width).collect();
        widths.sort_unstable();
        widths.dedup();
        for width in widths {
            if let Some((code, detail)) = width.finding() {
                self.find(code, detail, sink);
            }
        }
        let tenants = sink
            .context
            .trust
            .trusted_oidc_tenants
            .iter()
            .find(|(key, _)| key.trim_end_matches('/').eq_ignore_ascii_case(issuer))
            .map(|(_, tenants)| tenants);
        let stranger = tenants.and_then(|tenants| {
            pinned.iter().find_map(|subject| {
                let tenant = subject.tenant.as_deref()?;
                (!tenants.iter().any(|trusted| subject::is_tenant(tenant, trusted)))
                    .then(|| tenant.to_owned())
            })
        });
        if let Some(tenant) = stranger {
            self.find(
                "oidc-untrusted-tenant",
                format!("tenant `{tenant}` of the issuer is not trusted"),
                sink,
            );
        }
        self.check_audience(sink);
        false
    }

    fn private(&self, sink: &mut Sink<'_>) -> bool {
        match (self.claims.subject_patterns(), self.claims.pinned_otherwise()) {
            (None, None) => self.find(
                "oidc-missing-sub-private",
                "every subject of the issuer is accepted; the issuer serves one tenant",
                sink,
            ),
            (None, Some(pinned)) => {
                for width in pinned.iter().map(|subject| subject.width) {
                    if let Some((code, detail)) = width.finding() {
                        self.find(code, detail, sink);
                    }
                }
            }
            (Some(patterns), _) => {
                if patterns.iter().any(|pattern| !pattern.is_literal()) {
                    self.find(
                        "oidc-private-wide-sub",
                        "the subject is a pattern; the issuer serves one tenant",
                        sink,
                    );
                }
            }
        }
        self.check_audience(sink);
        false
    }

    /// EKS: the subject is `system:serviceaccount:<namespace>:<name>`.
    ///
    /// Source: <https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html>.
    fn cluster(&self, sink: &mut Sink<'_>) -> bool {
        match self.claims.subject_patterns() {
            None => self.find(
                "irsa-missing-sub",
                "every service account of the cluster may assume the role",
                sink,
            ),
            Some(patterns) => {
                let mut codes: Vec<(&str, &str)> = Vec::new();
                for pattern in patterns.iter().filter(|pattern| !pattern.is_literal()) {
                    let head = pattern.head();
                    let namespace = head
                        .strip_prefix("system:serviceaccount:")
                        .and_then(|rest| rest.split_once(':'));
                    codes.push(match namespace {
                        Some((namespace, _)) if !namespace.is_empty() => (
                            "irsa-namespace-wide-sub",
                            "every service account that the pattern matches in the namespace may assume the role",
                        ),
                        Some(_) | None => (
                            "irsa-broad-sub",
                            "whoever may create a namespace in the cluster gets the role",
                        ),
                    });
                }
                codes.sort_unstable();
                codes.dedup();
                for (code, detail) in codes {
                    self.find(code, detail, sink);
                }
            }
        }
        self.check_audience(sink);
        false
    }

    /// Cognito: one issuer for all identity pools of the world.
    ///
    /// Source: <https://docs.aws.amazon.com/cognito/latest/developerguide/role-trust-and-permissions.html>.
    fn cognito(&self, sink: &mut Sink<'_>) -> bool {
        let open = !self.claims.fixes("aud");
        if open {
            self.find("cognito-missing-aud", "identities of any identity pool are accepted", sink);
        }
        match self.claims.accepts("amr", "unauthenticated") {
            None => self.find(
                "cognito-missing-amr",
                "guests are accepted as well: no condition asks how the identity signed in",
                sink,
            ),
            Some(true) => {
                self.find("cognito-unauthenticated", "guests are accepted by name", sink);
            }
            Some(false) => {}
        }
        self.check_operators(sink);
        open
    }

    /// Providers with users from all over the world: the claim that names our application.
    fn login(&self, login: Login, sink: &mut Sink<'_>) -> bool {
        let open = !login.claims().iter().any(|claim| self.claims.fixes(claim));
        if open {
            self.find(
                "oidc-missing-required-claim",
                format!(
                    "tokens made for any application are accepted: `{}` is not asked",
                    login.claims().join("` or `")
                ),
                sink,
            );
        }
        self.check_operators(sink);
        open
    }

    /// Issuers that name the tenant in the audience.
    fn audience(&self, sink: &mut Sink<'_>) -> bool {
        let open = !self.claims.fixes("aud");
        if open {
            self.find(
                "oidc-missing-required-claim",
                "tokens of every tenant of the issuer are accepted: `aud` is not asked",
                sink,
            );
        }
        self.check_operators(sink);
        open
    }

    /// Microsoft Sentinel names its workspace in the session's name.
    fn sentinel(&self, sink: &mut Sink<'_>) -> bool {
        let open = !self.claims.fixes_session_name();
        if open {
            self.find(
                "oidc-missing-required-claim",
                "every workspace of the issuer is accepted: `sts:RoleSessionName` is not asked",
                sink,
            );
        }
        self.check_audience(sink);
        open
    }
}
