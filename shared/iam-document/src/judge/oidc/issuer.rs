//! Which kind of issuer a URL names.

use super::subject::Grammar;

/// A kind of issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Issuer {
    /// One URL for all tenants; the subject names the tenant.
    Shared(Grammar),
    /// One URL for all tenants; the audience names the tenant.
    Audience,
    /// Microsoft Sentinel, which names the tenant in the session's name.
    Sentinel,
    /// Amazon Cognito identity pools.
    Cognito,
    /// A provider for the world's users.
    Login(Login),
    /// An EKS cluster.
    Cluster,
    /// One tenant only.
    Private,
}

/// A provider for the world's users.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Login {
    /// Google.
    Google,
    /// Facebook, or Login with Amazon.
    AppId,
}

impl Login {
    /// The claims of which one must name our application.
    pub(super) const fn claims(self) -> &'static [&'static str] {
        match self {
            Self::Google => &["aud", "oaud"],
            Self::AppId => &["app_id"],
        }
    }
}

impl Issuer {
    /// The kind of an issuer (host and path, lower-case).
    ///
    /// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc_secure-by-default.html>.
    pub(super) fn of(issuer: &str) -> Self {
        match issuer.trim_end_matches('/') {
            "token.actions.githubusercontent.com" | "vstoken.actions.githubusercontent.com" => {
                Self::Shared(Grammar::GitHub)
            }
            "oidc-configuration.audit-log.githubusercontent.com" => Self::Shared(Grammar::AuditLog),
            "gitlab.com" => Self::Shared(Grammar::GitLab),
            "app.terraform.io" => Self::Shared(Grammar::Terraform),
            "agent.buildkite.com" => Self::Shared(Grammar::Buildkite),
            "oidc.codefresh.io"
            | "studio.datachain.ai/api"
            | "scalr.io"
            | "tokens.cloud.shisho.dev"
            | "proidc.upbound.io" => Self::Shared(Grammar::Components),
            "api.pulumi.com/oidc" | "sandboxes.cloud" | "oidc.vercel.com" => Self::Audience,
            "sts.windows.net/33e01921-4d64-4f8c-a055-5bdaffd5e33d" => Self::Sentinel,
            "accounts.google.com" => Self::Login(Login::Google),
            "graph.facebook.com" | "www.amazon.com" => Self::Login(Login::AppId),
            other if is_cognito(other) => Self::Cognito,
            other if is_cluster(other) => Self::Cluster,
            _ => Self::Private,
        }
    }
}

fn is_cognito(issuer: &str) -> bool {
    let issuer = issuer.strip_suffix(".cn").unwrap_or(issuer);
    issuer == "cognito-identity.amazonaws.com"
        || (issuer.starts_with("cognito-identity.") && issuer.ends_with(".amazonaws.com"))
        || (issuer.starts_with("cognito-identity-") && issuer.ends_with(".amazonaws.com"))
}

fn is_cluster(issuer: &str) -> bool {
    let host = issuer.split_once("/id/").map_or("", |(host, _)| host);
    (host.starts_with("oidc.eks.") || host.starts_with("oidc.eks-fips."))
        && (host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn"))
        || (host.starts_with("oidc-eks.") && host.ends_with(".api.aws"))
        || (host.starts_with("oidc-eks.") && host.ends_with(".api.amazonwebservices.com.cn"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_with_a_path_of_its_own_serves_one_tenant() {
        for (issuer, expected) in [
            ("token.actions.githubusercontent.com", Issuer::Shared(Grammar::GitHub)),
            ("token.actions.githubusercontent.com/acme-ent", Issuer::Private),
            ("gitlab.com", Issuer::Shared(Grammar::GitLab)),
            ("gitlab.acme.io", Issuer::Private),
            (
                "api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc",
                Issuer::Private,
            ),
            ("oidc.eks.eu-west-1.amazonaws.com/id/exampled", Issuer::Cluster),
            ("oidc.eks.cn-north-1.amazonaws.com.cn/id/exampled", Issuer::Cluster),
            ("cognito-identity.amazonaws.com", Issuer::Cognito),
            ("cognito-identity.cn-north-1.amazonaws.com.cn", Issuer::Cognito),
            ("sts.windows.net/33e01921-4d64-4f8c-a055-5bdaffd5e33d/", Issuer::Sentinel),
            ("sts.windows.net/another-tenant", Issuer::Private),
        ] {
            assert_eq!(Issuer::of(issuer), expected, "{issuer}");
        }
    }
}
