//! Access keys, console passwords and MFA devices.

use aws_sdk_iam::{
    Client,
    operation::RequestId,
    types::{AssignmentStatusType, StatusType, User},
};
use controls::{
    IamCredentials, Observed, Tags,
    iam_credentials::{
        ACCESS_KEY, Credential, CredentialRemedy, CredentialsState, KeyStatus, Kind, LoginProfile,
        SERIAL, access_key, is_root, root,
    },
    tags::added,
};
use model::{Resource, ResourceId, Target};
use respond::{Applied, Cloud, CloudError, Retry};

use super::{changed, is_of_account, join, tag_list};
use crate::{
    Session,
    error::{Kind as Call, cloud_error, or_gone, refusal},
};

/// Access keys, console passwords and MFA devices.
#[derive(Debug, Clone)]
pub struct Credentials {
    reads: Client,
    writes: Client,
}

/// Most pages of a list that are read: far more than IAM lets anybody have.
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>.
const MOST_PAGES: usize = 50;

impl Credentials {
    /// Makes the clients; no call.
    #[must_use]
    pub fn connect(session: &Session) -> Self {
        Self { reads: Client::new(session.reads()), writes: Client::new(session.writes()) }
    }

    async fn look(&self, target: &Target) -> Result<Observed<CredentialsState>, CloudError> {
        if is_root(target) {
            return Ok(alone(target, self.summary(target).await?));
        }
        let kind = Kind::of(target);
        if kind == Some(Kind::VirtualMfaDevice) {
            return Ok(alone(target, self.virtual_device(target).await?));
        }
        let (Some(kind), ResourceId::User { name }) = (kind, &target.resource.id) else {
            let arn = &target.resource.arn;
            return Err(refusal("iam:GetUser", arn, "not a user", Retry::Pointless));
        };
        let user = self.user(target, name).await?;
        let credential = match kind {
            Kind::Password => Credential::Password { profile: self.profile(name).await? },
            Kind::MfaDevice | Kind::VirtualMfaDevice => self.devices(name).await?,
            Kind::AccessKey => {
                let keys = self.keys(name).await?;
                let keys: Vec<(&str, KeyStatus)> =
                    keys.iter().map(|(id, status)| (id.as_str(), *status)).collect();
                access_key(target.detail(ACCESS_KEY), &keys)
            }
        };
        let tags = user.tags().iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect();
        let mut resource = target.resource.clone();
        resource.arn.clone_from(&user.arn);
        let state = CredentialsState { arn: Some(user.arn), credential };
        Ok(Observed::Present { state, tags: Some(tags), resource })
    }

    async fn user(&self, target: &Target, name: &str) -> Result<User, CloudError> {
        const OPERATION: &str = "iam:GetUser";
        let sent = self.reads.get_user().user_name(name).send().await;
        let answer = sent.map_err(|error| cloud_error(Call::Read, OPERATION, name, error))?;
        let user = answer
            .user
            .ok_or_else(|| refusal(OPERATION, name, "no user in it", Retry::Worthwhile))?;
        if !is_of_account(&user.arn, &target.resource.account) {
            return Err(refusal(OPERATION, name, "a user of another account", Retry::Pointless));
        }
        Ok(user)
    }

    async fn keys(&self, name: &str) -> Result<Vec<(String, KeyStatus)>, CloudError> {
        const OPERATION: &str = "iam:ListAccessKeys";
        let mut keys = Vec::new();
        let mut marker = None;
        for _ in 0..MOST_PAGES {
            let request = self.reads.list_access_keys().user_name(name).set_marker(marker.take());
            let sent = request.send().await;
            let answer = sent.map_err(|error| cloud_error(Call::Read, OPERATION, name, error))?;
            keys.extend(answer.access_key_metadata().iter().filter_map(|key| {
                // A key without a status counts as usable: doubt is told.
                let status = key.status().map_or("", StatusType::as_str);
                Some((key.access_key_id()?.to_owned(), KeyStatus::of(status)))
            }));
            marker = answer.marker.filter(|_| answer.is_truncated);
            if marker.is_none() {
                return Ok(keys);
            }
        }
        Err(refusal(OPERATION, name, "a list without an end", Retry::Pointless))
    }

    /// A user without a way into the console has no login profile, which IAM answers with an error.
    /// Source: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetLoginProfile.html>.
    async fn profile(&self, name: &str) -> Result<Option<LoginProfile>, CloudError> {
        const OPERATION: &str = "iam:GetLoginProfile";
        let sent = self.reads.get_login_profile().user_name(name).send().await;
        match sent.map_err(|error| cloud_error(Call::Read, OPERATION, name, error)) {
            Ok(answer) => Ok(answer.login_profile.map(|profile| LoginProfile {
                reset_required: Some(profile.password_reset_required),
                created: Some(profile.create_date.to_string()),
            })),
            Err(error) if error.retry == Retry::Gone => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn devices(&self, name: &str) -> Result<Credential, CloudError> {
        const OPERATION: &str = "iam:ListMFADevices";
        let mut left = Vec::new();
        let mut marker = None;
        for _ in 0..MOST_PAGES {
            let request = self.reads.list_mfa_devices().user_name(name).set_marker(marker.take());
            let sent = request.send().await;
            let answer = sent.map_err(|error| cloud_error(Call::Read, OPERATION, name, error))?;
            left.extend(answer.mfa_devices().iter().map(|device| device.serial_number.clone()));
            marker = answer.marker.filter(|_| answer.is_truncated);
            if marker.is_none() {
                return Ok(Credential::MfaDevices { left: Some(left) });
            }
        }
        Err(refusal(OPERATION, name, "a list without an end", Retry::Pointless))
    }

    async fn virtual_device(&self, target: &Target) -> Result<Credential, CloudError> {
        const OPERATION: &str = "iam:ListVirtualMFADevices";
        const PAGE: i32 = 1000;
        let serial = target.detail(SERIAL).unwrap_or_default();
        let mut marker = None;
        for _ in 0..MOST_PAGES {
            let request = self.reads.list_virtual_mfa_devices().max_items(PAGE);
            let request = request.assignment_status(AssignmentStatusType::Any);
            let sent = request.set_marker(marker.take()).send().await;
            let answer = sent.map_err(|error| cloud_error(Call::Read, OPERATION, serial, error))?;
            let devices = answer.virtual_mfa_devices();
            if devices.iter().any(|device| device.serial_number == serial) {
                return Ok(Credential::VirtualMfaDevice { exists: true });
            }
            marker = answer.marker.filter(|_| answer.is_truncated);
            if marker.is_none() {
                return Ok(Credential::VirtualMfaDevice { exists: false });
            }
        }
        Err(refusal(OPERATION, serial, "a list without an end", Retry::Pointless))
    }

    /// Nobody but the root user can list its keys and devices; whether there are any, the account's
    /// summary tells.
    async fn summary(&self, target: &Target) -> Result<Credential, CloudError> {
        const OPERATION: &str = "iam:GetAccountSummary";
        let arn = &target.resource.arn;
        let sent = self.reads.get_account_summary().send().await;
        let answer = sent.map_err(|error| cloud_error(Call::Read, OPERATION, arn, error))?;
        let map = answer.summary_map.unwrap_or_default();
        Ok(root(|key| map.get(&key.into()).copied()))
    }

    /// Switches a key off or on, if it is there. IAM has no condition for this call, so the read
    /// just before is all the guard there is.
    async fn set_key(&self, user: &str, key: &str, active: bool) -> Result<Applied, CloudError> {
        const OPERATION: &str = "iam:UpdateAccessKey";
        let keys = self.keys(user).await?;
        let Some((_, live)) = keys.into_iter().find(|(id, _)| id == key) else {
            return Err(refusal(OPERATION, key, "the key is gone", Retry::Moved));
        };
        if (live == KeyStatus::Active) == active {
            return Ok(Applied::default());
        }
        let status = if active { StatusType::Active } else { StatusType::Inactive };
        let request = self.writes.update_access_key().user_name(user).access_key_id(key);
        let sent = request.status(status).send().await;
        let answer = sent.map_err(|error| cloud_error(Call::Write, OPERATION, user, error))?;
        Ok(changed(answer.request_id()))
    }

    /// Asks for a new password at the next sign-in, or no longer; the password stays as it is.
    async fn set_reset(
        &self,
        user: &str,
        created: Option<&str>,
        required: bool,
    ) -> Result<Applied, CloudError> {
        const OPERATION: &str = "iam:UpdateLoginProfile";
        let Some(live) = self.profile(user).await? else {
            return Err(refusal(OPERATION, user, "the login profile is gone", Retry::Moved));
        };
        if created.is_some() && live.created.as_deref() != created {
            return Err(refusal(OPERATION, user, "it is another login profile", Retry::Moved));
        }
        if live.reset_required == Some(required) {
            return Ok(Applied::default());
        }
        let request = self.writes.update_login_profile().user_name(user);
        let sent = request.password_reset_required(required).send().await;
        let answer = sent.map_err(|error| cloud_error(Call::Write, OPERATION, user, error))?;
        Ok(changed(answer.request_id()))
    }

    /// Removes a login profile, if it is still the one that was judged.
    async fn remove_password(
        &self,
        user: &str,
        created: Option<&str>,
    ) -> Result<Applied, CloudError> {
        const OPERATION: &str = "iam:DeleteLoginProfile";
        let Some(live) = self.profile(user).await? else { return Ok(Applied::default()) };
        if live.created.as_deref() != created {
            return Err(refusal(OPERATION, user, "it is another login profile", Retry::Moved));
        }
        let sent = self.writes.delete_login_profile().user_name(user).send().await;
        let answer = sent.map_err(|error| cloud_error(Call::Write, OPERATION, user, error))?;
        Ok(changed(answer.request_id()))
    }

    async fn tag(&self, user: &str, tags: &Tags) -> Result<Applied, CloudError> {
        const OPERATION: &str = "iam:TagUser";
        let list = tag_list(OPERATION, user, tags)?;
        let sent = self.writes.tag_user().user_name(user).set_tags(Some(list)).send().await;
        let answer = sent.map_err(|error| cloud_error(Call::Write, OPERATION, user, error))?;
        Ok(changed(answer.request_id()))
    }

    async fn untag(&self, user: &str, keys: Vec<String>) -> Result<Applied, CloudError> {
        let sent = self.writes.untag_user().user_name(user).set_tag_keys(Some(keys)).send().await;
        let answer =
            sent.map_err(|error| cloud_error(Call::Write, "iam:UntagUser", user, error))?;
        Ok(changed(answer.request_id()))
    }
}

/// What is nobody's but the account's has no tags.
fn alone(target: &Target, credential: Credential) -> Observed<CredentialsState> {
    Observed::Present {
        state: CredentialsState { arn: None, credential },
        tags: None,
        resource: target.resource.clone(),
    }
}

impl Cloud<IamCredentials> for Credentials {
    /// Two reads of a user, `GetUser` for path and tags and one for the credential; one of the
    /// account.
    async fn observe(&self, target: &Target) -> Result<Observed<CredentialsState>, CloudError> {
        or_gone(self.look(target).await)
    }

    async fn apply(
        &self,
        _resource: &Resource,
        remedy: &CredentialRemedy,
    ) -> Result<Applied, CloudError> {
        match remedy {
            CredentialRemedy::SetAccessKey { user, key, active } => {
                self.set_key(user, key, *active).await
            }
            CredentialRemedy::SetPasswordReset { user, created, required } => {
                self.set_reset(user, created.as_deref(), *required).await
            }
            CredentialRemedy::RemovePassword { user, created } => {
                self.remove_password(user, created.as_deref()).await
            }
            CredentialRemedy::TagUser { user, tags, .. } => self.tag(user, tags).await,
            CredentialRemedy::RestoreTags { user, tags, before } => {
                let added = added(tags, before);
                let mut applied = Applied::default();
                if !added.is_empty() {
                    join(&mut applied, self.untag(user, added).await?);
                }
                if !before.is_empty() {
                    join(&mut applied, self.tag(user, before).await?);
                }
                Ok(applied)
            }
        }
    }
}

#[cfg(test)]
mod tests;
