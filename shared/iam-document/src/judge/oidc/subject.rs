//! Subjects of shared issuers: which tenant they name, and how wide they are within it.
//!
//! A subject is open unless the tenant is complete before the first wildcard: anyone may register
//! `acme-evil`, so `repo:acme*` is open, and `repo:acme/*` is not.

use crate::glob::Pattern;

/// How an issuer writes its subjects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Grammar {
    /// `repo:<owner>/<repository>:<context>`, with ids behind `@`, or a custom template.
    GitHub,
    /// `https://github.com/<enterprise>`.
    AuditLog,
    /// `project_path:<group>/<project>:ref_type:<type>:ref:<ref>`.
    GitLab,
    /// `organization:<o>:project:<p>:workspace:<w>:run_phase:<phase>`.
    Terraform,
    /// `organization:<o>:pipeline:<p>:ref:<ref>:…`.
    Buildkite,
    /// `<kind>:<tenant>:…`.
    Components,
}

/// How much of a tenant a subject lets in, in order of width.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Width {
    /// One context.
    Exact,
    /// Every run phase of a workspace.
    Phase,
    /// One workflow, wherever it is called from.
    Workflow,
    /// The pull requests of a repository.
    PullRequest,
    /// Several refs or environments of a repository.
    Ref,
    /// All of a repository.
    Repo,
    /// All of an owner.
    Org,
    /// Tenants that anyone may register.
    Open,
}

impl Width {
    /// The code and its sentence.
    pub(super) const fn finding(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Exact => None,
            Self::Phase => Some((
                "oidc-phase-wide-sub",
                "every run phase is accepted, so a speculative plan gets the rights of an apply",
            )),
            Self::Workflow => Some((
                "oidc-workflow-wide-sub",
                "a workflow is accepted wherever, and at whichever ref, it is called",
            )),
            Self::PullRequest => Some((
                "oidc-pull-request-sub",
                "the code of any pull request of the repository is accepted",
            )),
            Self::Ref => Some((
                "oidc-ref-wide-sub",
                "several refs or environments of the repository are accepted",
            )),
            Self::Repo => Some((
                "oidc-repo-wide-sub",
                "all of the repository is accepted, pull requests included",
            )),
            Self::Org => Some(("oidc-org-wide-sub", "all of the owner's projects are accepted")),
            Self::Open => {
                Some(("oidc-broad-sub", "the subject is open to tenants that anyone may register"))
            }
        }
    }
}

/// A subject that is accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Subject {
    pub(super) width: Width,
    /// The tenant, where it is named: an owner, or a path of groups.
    pub(super) tenant: Option<String>,
}

impl Subject {
    fn new(width: Width, tenant: &str) -> Self {
        Self { width, tenant: Some(tenant.to_owned()) }
    }

    const fn open() -> Self {
        Self { width: Width::Open, tenant: None }
    }

    /// A subject that no issuer makes.
    const fn never() -> Self {
        Self { width: Width::Exact, tenant: None }
    }
}

/// Whether a tenant is the trusted one, or a group within it.
pub(super) fn is_tenant(tenant: &str, trusted: &str) -> bool {
    let tenant = tenant.to_ascii_lowercase();
    let trusted = trusted.trim_end_matches('/').to_ascii_lowercase();
    tenant == trusted
        || tenant.strip_prefix(&trusted).is_some_and(|rest| rest.starts_with(['/', '@']))
}

/// Reads the pattern of a subject.
pub(super) fn read(grammar: Grammar, pattern: &Pattern) -> Subject {
    let text = Text { head: pattern.head(), literal: pattern.is_literal() };
    match grammar {
        Grammar::GitHub => text.github(),
        Grammar::GitLab => text.gitlab(),
        Grammar::Terraform => text.terraform(),
        Grammar::Buildkite => text.buildkite(),
        Grammar::AuditLog => text.audit_log(),
        Grammar::Components => text.components(),
    }
}

/// The fixed beginning of a pattern, and whether that is all of it.
struct Text {
    head: String,
    literal: bool,
}

impl Text {
    fn github(&self) -> Subject {
        let Some((claim, rest)) = self.head.split_once(':') else { return Subject::open() };
        match claim {
            "repo" | "repository" => self.repository(rest),
            "job_workflow_ref" => self.workflow(rest),
            "repository_id" => self.by_id(rest),
            "repository_owner" => self.owner(rest, true),
            "repository_owner_id" | "enterprise_id" | "enterprise" => self.owner(rest, false),
            // A custom template may begin with what any tenant can choose.
            _ => Subject::open(),
        }
    }

    /// `<owner>/<repository>:<context>` or `<owner>@<id>/<repository>@<id>:<context>`.
    fn repository(&self, rest: &str) -> Subject {
        let Some(end) = rest.find(['/', '@']) else {
            return if self.literal { Subject::never() } else { Subject::open() };
        };
        let (owner, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
        if owner.is_empty() {
            return Subject::open();
        }
        let context = after.split_once('/').and_then(|(_, path)| path.split_once(':'));
        let width = match context {
            None if self.literal => Width::Exact,
            None => Width::Org,
            Some((_, context)) => self.context(context),
        };
        Subject::new(width, owner)
    }

    fn context(&self, context: &str) -> Width {
        if context == "pull_request" || context.starts_with("pull_request:") {
            return Width::PullRequest;
        }
        if self.literal {
            return Width::Exact;
        }
        if context.is_empty() {
            return Width::Repo;
        }
        if context.starts_with("pull_request") {
            return Width::PullRequest;
        }
        // Refs hold no colon and environments have theirs encoded, so one that follows ends them.
        let complete = context.splitn(3, ':').count() == 3;
        match (complete, context.contains("job_workflow_ref:")) {
            (true, true) => Width::Workflow,
            (true, false) => Width::Exact,
            (false, _) => Width::Ref,
        }
    }

    fn workflow(&self, rest: &str) -> Subject {
        let Some((owner, path)) = rest.split_once('/') else {
            return if self.literal { Subject::never() } else { Subject::open() };
        };
        if owner.is_empty() {
            return Subject::open();
        }
        let width = if self.literal {
            Width::Exact
        } else if path.contains('/') {
            Width::Workflow
        } else {
            Width::Org
        };
        Subject::new(width, owner)
    }

    /// `<id>:<context>`: ids say whose they are without naming anyone.
    fn by_id(&self, rest: &str) -> Subject {
        let width = match rest.split_once(':') {
            Some(("", _)) => Width::Open,
            Some((_, context)) => self.context(context),
            None if self.literal && !rest.is_empty() => Width::Repo,
            None => Width::Open,
        };
        Subject { width, tenant: None }
    }

    /// `<owner>:<context>`: whatever the context, any repository of the owner can have it.
    fn owner(&self, rest: &str, named: bool) -> Subject {
        let owner = match rest.split_once(':') {
            Some((owner, _)) => owner,
            None if self.literal => rest,
            None => "",
        };
        if owner.is_empty() {
            return Subject::open();
        }
        Subject { width: Width::Org, tenant: named.then(|| owner.to_owned()) }
    }

    fn gitlab(&self) -> Subject {
        let Some((claim, rest)) = self.head.split_once(':') else { return Subject::open() };
        match claim {
            "project_path" => {
                let (path, context) = match rest.split_once(':') {
                    Some((path, context)) => (path, Some(context)),
                    None => (rest, None),
                };
                let Some((group, _)) = path.rsplit_once('/') else {
                    return if self.literal { Subject::never() } else { Subject::open() };
                };
                if group.is_empty() || group.starts_with('/') {
                    return Subject::open();
                }
                let width = match context {
                    _ if self.literal => Width::Exact,
                    None => Width::Org,
                    Some("") => Width::Repo,
                    Some(_) => Width::Ref,
                };
                Subject::new(width, group)
            }
            "project_id" => self.by_id(rest),
            "namespace_path" => self.owner(rest, true),
            "namespace_id" => self.owner(rest, false),
            _ => Subject::open(),
        }
    }

    fn terraform(&self) -> Subject {
        let parts: Vec<&str> = self.head.split(':').collect();
        let ["organization", tenant, within @ ..] = parts.as_slice() else {
            return Subject::open();
        };
        if tenant.is_empty() || (within.is_empty() && !self.literal) {
            return Subject::open();
        }
        let width = match within {
            _ if self.literal => Width::Exact,
            ["project", _, "workspace", _, _, ..] => Width::Phase,
            _ => Width::Org,
        };
        Subject::new(width, tenant)
    }

    fn buildkite(&self) -> Subject {
        let parts: Vec<&str> = self.head.split(':').collect();
        let ["organization", tenant, within @ ..] = parts.as_slice() else {
            return Subject::open();
        };
        if tenant.is_empty() || (within.is_empty() && !self.literal) {
            return Subject::open();
        }
        let width = match within {
            _ if self.literal => Width::Exact,
            ["pipeline", _, "ref", _, _, ..] => Width::Exact,
            ["pipeline", _, "ref", _] => Width::Ref,
            ["pipeline", _, _, ..] => Width::Repo,
            _ => Width::Org,
        };
        Subject::new(width, tenant)
    }

    fn audit_log(&self) -> Subject {
        let Some(rest) = self.head.strip_prefix("https://github.com/") else {
            return Subject::open();
        };
        match rest.split_once('/') {
            Some((tenant, _)) => {
                Subject::new(if self.literal { Width::Exact } else { Width::Org }, tenant)
            }
            None if self.literal => Subject::new(Width::Exact, rest),
            None => Subject::open(),
        }
    }

    fn components(&self) -> Subject {
        let Some((_, rest)) = self.head.split_once(':') else {
            return if self.literal { Subject::never() } else { Subject::open() };
        };
        match rest.find([':', '/']).and_then(|end| rest.get(..end)) {
            Some("") => Subject::open(),
            Some(tenant) => {
                Subject::new(if self.literal { Width::Exact } else { Width::Org }, tenant)
            }
            None if self.literal => Subject::new(Width::Exact, rest),
            None => Subject::open(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::glob::Syntax;

    fn width(grammar: Grammar, text: &str) -> Width {
        read(grammar, &Pattern::parse(text, Syntax::GLOB)).width
    }

    #[test]
    fn the_tenant_must_be_complete_before_the_first_wildcard() {
        for (grammar, text, expected) in [
            (Grammar::GitHub, "*", Width::Open),
            (Grammar::GitHub, "repo:*", Width::Open),
            (Grammar::GitHub, "repo:acme*", Width::Open),
            (Grammar::GitHub, "repo:acm?/app:*", Width::Open),
            (Grammar::GitHub, "repo:/*", Width::Open),
            (Grammar::GitHub, "environment:prod:*", Width::Open),
            (Grammar::GitHub, "environment:prod", Width::Open),
            (Grammar::GitHub, "repo:acme/*", Width::Org),
            (Grammar::GitHub, "repo:acme/app*", Width::Org),
            (Grammar::GitHub, "repo:acme@*/app@*:ref:refs/heads/main", Width::Org),
            (Grammar::GitHub, "repository_owner:acme:*", Width::Org),
            (Grammar::GitHub, "repo:acme/app:*", Width::Repo),
            (Grammar::GitHub, "repository_id:1234:*", Width::Repo),
            (Grammar::GitHub, "repository_id:12*", Width::Open),
            (Grammar::GitHub, "repo:acme/app:ref:*", Width::Ref),
            (Grammar::GitHub, "repo:acme/app:environment:*", Width::Ref),
            (Grammar::GitHub, "repo:acme/app:pull_request", Width::PullRequest),
            (Grammar::GitHub, "repo:acme/app:ref:refs/heads/main", Width::Exact),
            (Grammar::GitHub, "repo:acme@1/app@2:ref:refs/heads/main", Width::Exact),
            (Grammar::GitHub, "job_workflow_ref:acme/p/.github/workflows/d.yml@*", Width::Workflow),
            (Grammar::GitHub, "job_workflow_ref:acme*", Width::Open),
            (Grammar::GitLab, "project_path:acme*", Width::Open),
            (Grammar::GitLab, "project_path:acme/*", Width::Org),
            (Grammar::GitLab, "project_path:acme/sub/app:*", Width::Repo),
            (Grammar::GitLab, "project_path:acme/app:ref_type:branch:ref:*", Width::Ref),
            (Grammar::GitLab, "project_id:20:ref_type:branch:ref:main", Width::Exact),
            (Grammar::Terraform, "organization:acme*", Width::Open),
            (Grammar::Terraform, "organization:acme:*", Width::Org),
            (
                Grammar::Terraform,
                "organization:acme:project:*:workspace:*:run_phase:apply",
                Width::Org,
            ),
            (
                Grammar::Terraform,
                "organization:acme:project:a:workspace:b:run_phase:*",
                Width::Phase,
            ),
            (Grammar::Terraform, "organization:acme:project:a:workspace:b:*", Width::Phase),
            (
                Grammar::Terraform,
                "organization:acme:project:a:workspace:b:run_phase:apply",
                Width::Exact,
            ),
            (Grammar::Buildkite, "organization:acme:pipeline:*", Width::Org),
            (Grammar::Buildkite, "organization:acme:pipeline:deploy:*", Width::Repo),
            (Grammar::Buildkite, "organization:acme:pipeline:deploy:ref:refs/heads/*", Width::Ref),
            (
                Grammar::Buildkite,
                "organization:acme:pipeline:deploy:ref:refs/heads/main:commit:*",
                Width::Exact,
            ),
            (Grammar::AuditLog, "https://github.com/acme", Width::Exact),
            (Grammar::AuditLog, "https://github.com/acme*", Width::Open),
            (Grammar::Components, "account:acme:*", Width::Org),
            (Grammar::Components, "account:ac*", Width::Open),
        ] {
            assert_eq!(width(grammar, text), expected, "{text}");
        }
    }

    #[test]
    fn a_trusted_tenant_is_itself_or_what_is_within_it() {
        assert!(
            is_tenant("Acme", "acme")
                && is_tenant("acme/sub", "acme")
                && is_tenant("acme@12", "acme")
        );
        assert!(!is_tenant("acme-evil", "acme") && !is_tenant("evil", "acme"));
    }
}
