//! The reads.

use aws_sdk_iam::types::{AttachedPermissionsBoundary, AttachedPolicy, Policy, Tag};
use controls::{
    Observed, Tags,
    iam_admin_grant::{GrantState, Holder, Permissions, Source, Version, is_dangerous},
};
use model::{Arn, Target};
use percent_encoding::percent_decode_str;
use respond::{CloudError, Retry};

use super::{Grants, hidden, present, stranger, told};
use crate::error::{Kind, cloud_error, refusal};

/// One who holds permissions, as read.
pub(super) struct Who {
    pub(super) arn: String,
    pub(super) boundary: Option<String>,
    pub(super) tags: Option<Tags>,
}

impl Who {
    /// IAM looks names up in the account of our credentials, whatever account the event names.
    pub(super) fn is_of(&self, target: &Target) -> bool {
        let account = target.resource.account.as_str();
        self.arn.parse::<Arn>().is_ok_and(|arn| arn.account == account)
    }
}

fn tags(tags: &[Tag]) -> Tags {
    tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect()
}

fn boundary(boundary: Option<&AttachedPermissionsBoundary>) -> Option<String> {
    boundary.and_then(|one| one.permissions_boundary_arn()).map(str::to_owned)
}

/// A document as IAM gives it: URL-encoded.
/// Source: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetPolicyVersion.html>.
pub(super) fn decoded(text: &str) -> String {
    // A text that is JSON as it stands is not encoded: a `%` in it is its own.
    if text.trim_start().starts_with('{') {
        return text.to_owned();
    }
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Sends a read until it has no further page.
macro_rules! pages {
    ($operation:literal, $named:expr, $request:expr, $items:ident) => {{
        let mut all = Vec::new();
        let mut marker: Option<String> = None;
        loop {
            let answer = $request
                .set_marker(marker)
                .send()
                .await
                .map_err(|error| cloud_error(Kind::Read, $operation, $named, error))?;
            all.extend(answer.$items().iter().cloned());
            marker = answer.marker().filter(|_| answer.is_truncated()).map(str::to_owned);
            if marker.is_none() {
                break all;
            }
        }
    }};
}

macro_rules! one {
    ($operation:literal, $named:expr, $request:expr) => {
        $request.send().await.map_err(|error| cloud_error(Kind::Read, $operation, $named, error))?
    };
}

impl Grants {
    pub(super) async fn holder(&self, holder: &Holder) -> Result<Who, CloudError> {
        let name = holder.name();
        let absent = |operation| refusal(operation, name, "nothing in it", Retry::Worthwhile);
        Ok(match holder {
            Holder::User(_) => {
                let answer = one!("iam:GetUser", name, self.reads.get_user().user_name(name));
                let user = answer.user.ok_or_else(|| absent("iam:GetUser"))?;
                Who {
                    boundary: boundary(user.permissions_boundary()),
                    tags: Some(tags(user.tags())),
                    arn: user.arn,
                }
            }
            Holder::Role(_) => {
                let answer = one!("iam:GetRole", name, self.reads.get_role().role_name(name));
                let role = answer.role.ok_or_else(|| absent("iam:GetRole"))?;
                Who {
                    boundary: boundary(role.permissions_boundary()),
                    tags: Some(tags(role.tags())),
                    arn: role.arn,
                }
            }
            Holder::Group(_) => {
                let request = self.reads.get_group().group_name(name).max_items(1);
                let answer = one!("iam:GetGroup", name, request);
                let group = answer.group.ok_or_else(|| absent("iam:GetGroup"))?;
                Who { arn: group.arn, boundary: None, tags: None }
            }
        })
    }

    /// The id of a managed policy's default version.
    pub(super) async fn default_version(&self, arn: &str) -> Result<String, CloudError> {
        self.described(arn)
            .await?
            .default_version_id
            .ok_or_else(|| refusal("iam:GetPolicy", arn, "no default version", Retry::Worthwhile))
    }

    async fn described(&self, arn: &str) -> Result<Policy, CloudError> {
        let answer = one!("iam:GetPolicy", arn, self.reads.get_policy().policy_arn(arn));
        answer
            .policy
            .ok_or_else(|| refusal("iam:GetPolicy", arn, "no policy in it", Retry::Worthwhile))
    }

    /// The ids of a policy's versions.
    async fn versions(&self, arn: &str) -> Result<Vec<String>, CloudError> {
        let request = || self.reads.list_policy_versions().policy_arn(arn);
        let list = pages!("iam:ListPolicyVersions", arn, request(), versions);
        Ok(list.into_iter().filter_map(|version| version.version_id).collect())
    }

    async fn version(&self, arn: &str, id: &str) -> Result<String, CloudError> {
        let request = self.reads.get_policy_version().policy_arn(arn).version_id(id);
        let answer = one!("iam:GetPolicyVersion", arn, request);
        let document = answer.policy_version.and_then(|version| version.document);
        document.as_deref().map(decoded).ok_or_else(|| {
            refusal("iam:GetPolicyVersion", arn, "no document in it", Retry::Worthwhile)
        })
    }

    /// A managed policy as it stands: two reads.
    pub(super) async fn managed(&self, arn: &str) -> Result<Permissions, CloudError> {
        let version = self.default_version(arn).await?;
        let document = self.version(arn, &version).await?;
        let source = Source::Managed { arn: arn.to_owned(), version: Some(version) };
        Ok(Permissions { source, document: Some(document) })
    }

    /// A boundary's document; `None`: it may not be read.
    pub(super) async fn boundary_document(&self, arn: &str) -> Result<Option<String>, CloudError> {
        match self.managed(arn).await {
            Ok(permissions) => Ok(permissions.document),
            // A boundary that was deleted lets nothing through, and that is not ours to assume.
            Err(error) if matches!(error.retry, Retry::Pointless | Retry::Gone) => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn inline(
        &self,
        holder: &Holder,
        policy: &str,
    ) -> Result<Permissions, CloudError> {
        let name = holder.name();
        let document = match holder {
            Holder::User(_) => {
                let request = self.reads.get_user_policy().user_name(name).policy_name(policy);
                one!("iam:GetUserPolicy", name, request).policy_document
            }
            Holder::Role(_) => {
                let request = self.reads.get_role_policy().role_name(name).policy_name(policy);
                one!("iam:GetRolePolicy", name, request).policy_document
            }
            Holder::Group(_) => {
                let request = self.reads.get_group_policy().group_name(name).policy_name(policy);
                one!("iam:GetGroupPolicy", name, request).policy_document
            }
        };
        let source = Source::Inline { name: policy.to_owned() };
        Ok(Permissions { source, document: Some(decoded(&document)) })
    }

    /// The ARNs of the policies that are attached.
    pub(super) async fn attached(&self, holder: &Holder) -> Result<Vec<String>, CloudError> {
        let name = holder.name();
        let list: Vec<AttachedPolicy> = match holder {
            Holder::User(_) => pages!(
                "iam:ListAttachedUserPolicies",
                name,
                self.reads.list_attached_user_policies().user_name(name),
                attached_policies
            ),
            Holder::Role(_) => pages!(
                "iam:ListAttachedRolePolicies",
                name,
                self.reads.list_attached_role_policies().role_name(name),
                attached_policies
            ),
            Holder::Group(_) => pages!(
                "iam:ListAttachedGroupPolicies",
                name,
                self.reads.list_attached_group_policies().group_name(name),
                attached_policies
            ),
        };
        Ok(list.into_iter().filter_map(|policy| policy.policy_arn).collect())
    }

    async fn inline_names(&self, holder: &Holder) -> Result<Vec<String>, CloudError> {
        let name = holder.name();
        Ok(match holder {
            Holder::User(_) => pages!(
                "iam:ListUserPolicies",
                name,
                self.reads.list_user_policies().user_name(name),
                policy_names
            ),
            Holder::Role(_) => pages!(
                "iam:ListRolePolicies",
                name,
                self.reads.list_role_policies().role_name(name),
                policy_names
            ),
            Holder::Group(_) => pages!(
                "iam:ListGroupPolicies",
                name,
                self.reads.list_group_policies().group_name(name),
                policy_names
            ),
        })
    }

    /// The names of a user's groups.
    pub(super) async fn groups(&self, user: &str) -> Result<Vec<String>, CloudError> {
        let request = || self.reads.list_groups_for_user().user_name(user);
        let list = pages!("iam:ListGroupsForUser", user, request(), groups);
        Ok(list.into_iter().map(|group| group.group_name).collect())
    }

    /// All that a holder has of its own, and which reads of it were refused.
    pub(super) async fn holdings(
        &self,
        holder: &Holder,
    ) -> Result<(Vec<Permissions>, Vec<String>), CloudError> {
        let mut permissions = Vec::new();
        let mut unread = Vec::new();
        for arn in told(self.attached(holder).await, &mut unread)?.unwrap_or_default() {
            let read = match self.managed(&arn).await {
                Err(error) if error.retry == Retry::Gone => continue,
                read => told(read, &mut unread)?,
            };
            permissions.push(read.unwrap_or(Permissions {
                source: Source::Managed { arn, version: None },
                document: None,
            }));
        }
        for name in told(self.inline_names(holder).await, &mut unread)?.unwrap_or_default() {
            let read = match self.inline(holder, &name).await {
                Err(error) if error.retry == Retry::Gone => continue,
                read => told(read, &mut unread)?,
            };
            permissions.push(
                read.unwrap_or(Permissions { source: Source::Inline { name }, document: None }),
            );
        }
        permissions.sort();
        Ok((permissions, unread))
    }

    /// All that a holder has, of its own and by its groups.
    pub(super) async fn everything(
        &self,
        holder: &Holder,
    ) -> Result<(Vec<Permissions>, Vec<String>), CloudError> {
        let (mut permissions, mut unread) = self.holdings(holder).await?;
        if let Holder::User(user) = holder {
            let groups = told(self.groups(user).await, &mut unread)?;
            for group in groups.unwrap_or_default() {
                let (further, refused) = self.holdings(&Holder::Group(group)).await?;
                permissions.extend(further);
                unread.extend(refused);
            }
        }
        // A policy that comes by several ways counts once.
        permissions.sort();
        permissions.dedup();
        Ok((permissions, unread))
    }

    /// A managed policy, and its other versions where the one in force is dangerous.
    pub(super) async fn policy(
        &self,
        target: &Target,
        arn: &str,
        staged: Option<&str>,
    ) -> Result<Observed<GrantState>, CloudError> {
        let source = |version: Option<&str>| Source::Managed {
            arn: arn.to_owned(),
            version: version.map(str::to_owned),
        };
        let policy = match self.described(arn).await {
            Ok(policy) => policy,
            Err(error) if error.retry == Retry::Gone => return Err(error),
            Err(error) => return Ok(present(target, hidden(error, source(None))?, None)),
        };
        let ours = target.resource.account.as_str();
        if !arn.parse::<Arn>().is_ok_and(|arn| arn.account == ours) {
            return Err(stranger(arn));
        }
        let default = policy
            .default_version_id
            .clone()
            .ok_or_else(|| refusal("iam:GetPolicy", arn, "no version in it", Retry::Worthwhile))?;
        let asked = staged.unwrap_or(&default);
        let mut unread = Vec::new();
        let document = match self.version(arn, asked).await {
            // A version that was deleted gives nothing.
            Err(error) if error.retry == Retry::Gone && staged.is_some() => {
                let state = GrantState { stands: false, ..GrantState::granting(Vec::new()) };
                return Ok(present(target, state, Some(tags(policy.tags()))));
            }
            read => told(read, &mut unread)?,
        };
        let dangerous =
            document.as_deref().is_some_and(|document| is_dangerous(document, &self.trust));
        let mut state =
            GrantState::granting(vec![Permissions { source: source(Some(asked)), document }]);
        state.unread = unread;
        state.arn = Some(arn.to_owned());
        state.attached = policy.attachment_count.map(|count| count > 0 && asked == default);
        state.bounds = asked == default
            && policy.permissions_boundary_usage_count.is_some_and(|count| count > 0);
        if dangerous && asked == default {
            let others = told(self.versions(arn).await, &mut state.unread)?.unwrap_or_default();
            for id in others.into_iter().filter(|id| *id != default) {
                let document = match self.version(arn, &id).await {
                    Ok(document) => Some(document),
                    // Only a version that is known to be harmless is gone back to.
                    Err(error) if error.retry == Retry::Pointless => None,
                    Err(error) if error.retry == Retry::Gone => continue,
                    Err(error) => return Err(error),
                };
                state.versions.push(Version { id, document });
            }
        }
        state.default_version = Some(default);
        Ok(present(target, state, Some(tags(policy.tags()))))
    }
}
