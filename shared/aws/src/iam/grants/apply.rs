//! The writes, each after a last look at what it was made for: IAM has no conditions for them.

use std::collections::BTreeSet;

use aws_sdk_iam::{operation::RequestId, types::Tag};
use controls::{
    Tags,
    iam_admin_grant::{GrantRemedy, Holder, Permissions, Source, Tagged},
};
use respond::{Applied, CloudError, Retry};

use super::Grants;
use crate::{
    error::{Kind, cloud_error, refusal},
    iam::{changed, join, same},
};

/// Sends a write.
macro_rules! write {
    ($operation:literal, $named:expr, $request:expr) => {{
        let sent = $request.send().await;
        let answer = sent.map_err(|error| cloud_error(Kind::Write, $operation, $named, error))?;
        Ok(changed(answer.request_id()))
    }};
}

fn moved(operation: &'static str, named: &str) -> CloudError {
    refusal(operation, named, "it has changed", Retry::Moved)
}

impl Grants {
    pub(super) async fn take_back(&self, remedy: &GrantRemedy) -> Result<Applied, CloudError> {
        match remedy {
            GrantRemedy::Detach { holder, policy_arn, version } => {
                self.attachment(holder, policy_arn, version.as_deref(), false).await
            }
            GrantRemedy::Attach { holder, policy_arn, version } => {
                self.attachment(holder, policy_arn, version.as_deref(), true).await
            }
            GrantRemedy::DeleteInline { holder, policy, document } => {
                self.inline_to(holder, policy, Some(document), None).await
            }
            GrantRemedy::RestoreInline { holder, policy, document } => {
                self.inline_to(holder, policy, None, Some(document)).await
            }
            GrantRemedy::CutInline { holder, policy, before, after, .. } => {
                self.inline_to(holder, policy, Some(before), Some(after)).await
            }
            GrantRemedy::UncutInline { holder, policy, before, after, .. } => {
                self.inline_to(holder, policy, Some(after), Some(before)).await
            }
            GrantRemedy::SetDefault { policy_arn, before, after } => {
                let live = self.default_version(policy_arn).await?;
                if live == *after {
                    return Ok(Applied::default());
                }
                if live != *before {
                    return Err(moved("iam:SetDefaultPolicyVersion", policy_arn));
                }
                let request = self.writes.set_default_policy_version();
                let request = request.policy_arn(policy_arn).version_id(after);
                write!("iam:SetDefaultPolicyVersion", policy_arn, request)
            }
            GrantRemedy::LeaveGroup { user, group, because } => {
                if !self.groups(user).await?.contains(group) {
                    return Ok(Applied::default());
                }
                for one in because {
                    if !self.still_stands(group, one).await? {
                        return Err(moved("iam:RemoveUserFromGroup", group));
                    }
                }
                let request = self.writes.remove_user_from_group();
                write!("iam:RemoveUserFromGroup", user, request.user_name(user).group_name(group))
            }
            GrantRemedy::JoinGroup { user, group, .. } => {
                if self.groups(user).await?.contains(group) {
                    return Ok(Applied::default());
                }
                let request = self.writes.add_user_to_group();
                write!("iam:AddUserToGroup", user, request.user_name(user).group_name(group))
            }
            GrantRemedy::SetBoundary { holder, before, after, because } => {
                self.boundary_to(holder, before.as_deref(), Some(after), because).await
            }
            GrantRemedy::DropBoundary { holder, before, .. } => {
                self.boundary_to(holder, Some(before), None, &BTreeSet::new()).await
            }
            GrantRemedy::Tag { on, tags, .. } => self.tag(on, tags).await,
            GrantRemedy::RestoreTags { on, tags, before } => {
                let added: Vec<String> =
                    tags.keys().filter(|key| !before.contains_key(*key)).cloned().collect();
                let mut applied = Applied::default();
                if !added.is_empty() {
                    join(&mut applied, self.untag(on, added).await?);
                }
                if !before.is_empty() {
                    join(&mut applied, self.tag(on, before).await?);
                }
                Ok(applied)
            }
        }
    }

    /// Whether a policy of a group still says what it said.
    async fn still_stands(&self, group: &str, one: &Permissions) -> Result<bool, CloudError> {
        match &one.source {
            Source::Managed { arn, version } => {
                let live = self.default_version(arn).await?;
                Ok(version.as_ref().is_none_or(|judged| *judged == live))
            }
            Source::Inline { name } => {
                let live = match self.inline(&Holder::Group(group.to_owned()), name).await {
                    Ok(permissions) => permissions.document,
                    Err(error) if error.retry == Retry::Gone => None,
                    Err(error) => return Err(error),
                };
                Ok(match (live, &one.document) {
                    (Some(live), Some(judged)) => same(&live, judged),
                    (None, _) | (_, None) => false,
                })
            }
        }
    }

    async fn attachment(
        &self,
        holder: &Holder,
        arn: &str,
        version: Option<&str>,
        attach: bool,
    ) -> Result<Applied, CloudError> {
        let name = holder.name();
        if self.attached(holder).await?.iter().any(|one| one == arn) == attach {
            return Ok(Applied::default());
        }
        if let Some(version) = version
            && self.default_version(arn).await? != version
        {
            return Err(moved("iam:GetPolicy", arn));
        }
        let to = &self.writes;
        match (holder, attach) {
            (Holder::User(_), false) => {
                let request = to.detach_user_policy().user_name(name).policy_arn(arn);
                write!("iam:DetachUserPolicy", name, request)
            }
            (Holder::Role(_), false) => {
                let request = to.detach_role_policy().role_name(name).policy_arn(arn);
                write!("iam:DetachRolePolicy", name, request)
            }
            (Holder::Group(_), false) => {
                let request = to.detach_group_policy().group_name(name).policy_arn(arn);
                write!("iam:DetachGroupPolicy", name, request)
            }
            (Holder::User(_), true) => {
                let request = to.attach_user_policy().user_name(name).policy_arn(arn);
                write!("iam:AttachUserPolicy", name, request)
            }
            (Holder::Role(_), true) => {
                let request = to.attach_role_policy().role_name(name).policy_arn(arn);
                write!("iam:AttachRolePolicy", name, request)
            }
            (Holder::Group(_), true) => {
                let request = to.attach_group_policy().group_name(name).policy_arn(arn);
                write!("iam:AttachGroupPolicy", name, request)
            }
        }
    }

    /// Writes or deletes an inline policy, if the live one is still `before`.
    async fn inline_to(
        &self,
        holder: &Holder,
        policy: &str,
        before: Option<&str>,
        after: Option<&str>,
    ) -> Result<Applied, CloudError> {
        let live = match self.inline(holder, policy).await {
            Ok(permissions) => permissions.document,
            Err(error) if error.retry == Retry::Gone => None,
            Err(error) => return Err(error),
        };
        let alike = |one: Option<&str>, other: Option<&str>| match (one, other) {
            (Some(one), Some(other)) => same(one, other),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        if alike(live.as_deref(), after) {
            return Ok(Applied::default());
        }
        if !alike(live.as_deref(), before) {
            return Err(moved("iam:PutUserPolicy", policy));
        }
        let name = holder.name();
        let to = &self.writes;
        match (holder, after) {
            (Holder::User(_), None) => {
                let request = to.delete_user_policy().user_name(name).policy_name(policy);
                write!("iam:DeleteUserPolicy", name, request)
            }
            (Holder::Role(_), None) => {
                let request = to.delete_role_policy().role_name(name).policy_name(policy);
                write!("iam:DeleteRolePolicy", name, request)
            }
            (Holder::Group(_), None) => {
                let request = to.delete_group_policy().group_name(name).policy_name(policy);
                write!("iam:DeleteGroupPolicy", name, request)
            }
            (Holder::User(_), Some(after)) => {
                let request = to.put_user_policy().user_name(name).policy_name(policy);
                write!("iam:PutUserPolicy", name, request.policy_document(after))
            }
            (Holder::Role(_), Some(after)) => {
                let request = to.put_role_policy().role_name(name).policy_name(policy);
                write!("iam:PutRolePolicy", name, request.policy_document(after))
            }
            (Holder::Group(_), Some(after)) => {
                let request = to.put_group_policy().group_name(name).policy_name(policy);
                write!("iam:PutGroupPolicy", name, request.policy_document(after))
            }
        }
    }

    /// Refuses where a boundary says something else than when it was judged: the one to be set might
    /// let through more than the one that stands.
    async fn boundaries_say(
        &self,
        judged: &BTreeSet<Permissions>,
        live: Option<&str>,
    ) -> Result<(), CloudError> {
        for one in judged {
            let (arn, said) = (one.source.name(), one.document.as_deref().unwrap_or_default());
            let says = match self.managed(arn).await {
                Ok(permissions) => permissions.document,
                Err(error) if error.retry == Retry::Gone => None,
                Err(error) => return Err(error),
            };
            if says.is_some_and(|says| same(&says, said)) {
                continue;
            }
            if live == Some(arn) {
                return Err(moved("iam:GetPolicyVersion", arn));
            }
            // Another look would recall the same text: it is for people.
            let why = "it does not say any longer what it said when it was remembered";
            return Err(refusal("iam:GetPolicyVersion", arn, why, Retry::Pointless));
        }
        Ok(())
    }

    /// Sets or takes away a boundary, if the live one is still `before`.
    async fn boundary_to(
        &self,
        holder: &Holder,
        before: Option<&str>,
        after: Option<&str>,
        because: &BTreeSet<Permissions>,
    ) -> Result<Applied, CloudError> {
        let live = self.holder(holder).await?.boundary;
        if live.as_deref() == after {
            return Ok(Applied::default());
        }
        let name = holder.name();
        if live.as_deref() != before {
            return Err(moved("iam:PutUserPermissionsBoundary", name));
        }
        self.boundaries_say(because, before).await?;
        let to = &self.writes;
        match (holder, after) {
            (Holder::User(_), Some(arn)) => {
                let request = to.put_user_permissions_boundary().user_name(name);
                write!("iam:PutUserPermissionsBoundary", name, request.permissions_boundary(arn))
            }
            (Holder::Role(_), Some(arn)) => {
                let request = to.put_role_permissions_boundary().role_name(name);
                write!("iam:PutRolePermissionsBoundary", name, request.permissions_boundary(arn))
            }
            (Holder::User(_), None) => {
                let request = to.delete_user_permissions_boundary().user_name(name);
                write!("iam:DeleteUserPermissionsBoundary", name, request)
            }
            (Holder::Role(_), None) => {
                let request = to.delete_role_permissions_boundary().role_name(name);
                write!("iam:DeleteRolePermissionsBoundary", name, request)
            }
            (Holder::Group(_), _) => Err(refusal(
                "iam:PutUserPermissionsBoundary",
                name,
                "a group has no boundary",
                Retry::Pointless,
            )),
        }
    }

    async fn tag(&self, on: &Tagged, tags: &Tags) -> Result<Applied, CloudError> {
        let list: Result<Vec<Tag>, _> =
            tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect();
        let list = list.map_err(|error| {
            refusal("iam:TagUser", format!("{on:?}"), error.to_string(), Retry::Pointless)
        })?;
        let to = &self.writes;
        match on {
            Tagged::User(name) => {
                write!("iam:TagUser", name, to.tag_user().user_name(name).set_tags(Some(list)))
            }
            Tagged::Role(name) => {
                write!("iam:TagRole", name, to.tag_role().role_name(name).set_tags(Some(list)))
            }
            Tagged::Policy(arn) => {
                write!("iam:TagPolicy", arn, to.tag_policy().policy_arn(arn).set_tags(Some(list)))
            }
        }
    }

    async fn untag(&self, on: &Tagged, keys: Vec<String>) -> Result<Applied, CloudError> {
        let to = &self.writes;
        let keys = Some(keys);
        match on {
            Tagged::User(name) => {
                write!("iam:UntagUser", name, to.untag_user().user_name(name).set_tag_keys(keys))
            }
            Tagged::Role(name) => {
                write!("iam:UntagRole", name, to.untag_role().role_name(name).set_tag_keys(keys))
            }
            Tagged::Policy(arn) => {
                let request = to.untag_policy().policy_arn(arn).set_tag_keys(keys);
                write!("iam:UntagPolicy", arn, request)
            }
        }
    }
}
