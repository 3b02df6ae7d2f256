//! Roles: who may assume them, and their tags.

mod credentials;
mod grants;
mod password_policy;

use aws_sdk_iam::{
    Client,
    operation::RequestId,
    types::{Role, Tag},
};
use controls::{
    IamTrustPolicy, Observed, Tags,
    iam_trust_policy::{TrustRemedy, TrustState},
    tags::added,
};
use model::{AccountId, Arn, Resource, ResourceId, Target};
use percent_encoding::percent_decode_str;
use respond::{Applied, Cloud, CloudError, Retry};

pub use self::{credentials::Credentials, grants::Grants, password_policy::PasswordPolicies};
use crate::{
    Session,
    document::same,
    error::{Kind, cloud_error, or_gone, refusal},
};

/// The roles of our account.
#[derive(Debug, Clone)]
pub struct Roles {
    reads: Client,
    writes: Client,
}

impl Roles {
    /// Makes the clients; no call.
    #[must_use]
    pub fn connect(session: &Session) -> Self {
        Self { reads: Client::new(session.reads()), writes: Client::new(session.writes()) }
    }

    async fn role(&self, name: &str) -> Result<Role, CloudError> {
        const OPERATION: &str = "iam:GetRole";
        let sent = self.reads.get_role().role_name(name).send().await;
        let answer = sent.map_err(|error| cloud_error(Kind::Read, OPERATION, name, error))?;
        answer.role.ok_or_else(|| refusal(OPERATION, name, "no role in it", Retry::Worthwhile))
    }

    async fn look(&self, target: &Target) -> Result<Observed<TrustState>, CloudError> {
        const OPERATION: &str = "iam:GetRole";
        let ResourceId::Role { name } = &target.resource.id else {
            let arn = &target.resource.arn;
            return Err(refusal(OPERATION, arn, "not a role", Retry::Pointless));
        };
        let role = self.role(name).await?;
        if !is_of_account(&role.arn, &target.resource.account) {
            return Err(refusal(OPERATION, name, "a role of another account", Retry::Pointless));
        }
        let tags = role.tags().iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect();
        let state = TrustState {
            name: role.role_name.clone(),
            path: Some(role.path.clone()),
            arn: Some(role.arn.clone()),
            document: document(&role)?,
        };
        let mut resource = target.resource.clone();
        resource.arn = role.arn;
        Ok(Observed::Present { state, tags: Some(tags), resource })
    }

    /// Writes a trust document if the live one is still `before`. IAM has no condition for this
    /// call, so the read just before is all the guard there is.
    async fn update(&self, name: &str, before: &str, after: &str) -> Result<Applied, CloudError> {
        const OPERATION: &str = "iam:UpdateAssumeRolePolicy";
        let live = document(&self.role(name).await?)?;
        if same(&live, after) {
            return Ok(Applied::default());
        }
        if !same(&live, before) {
            return Err(refusal(OPERATION, name, "the document has changed", Retry::Moved));
        }
        let request = self.writes.update_assume_role_policy().role_name(name);
        let sent = request.policy_document(after).send().await;
        let answer = sent.map_err(|error| cloud_error(Kind::Write, OPERATION, name, error))?;
        Ok(changed(answer.request_id()))
    }

    async fn tag(&self, name: &str, tags: &Tags) -> Result<Applied, CloudError> {
        const OPERATION: &str = "iam:TagRole";
        let list = tag_list(OPERATION, name, tags)?;
        let sent = self.writes.tag_role().role_name(name).set_tags(Some(list)).send().await;
        let answer = sent.map_err(|error| cloud_error(Kind::Write, OPERATION, name, error))?;
        Ok(changed(answer.request_id()))
    }

    async fn untag(&self, name: &str, keys: Vec<String>) -> Result<Applied, CloudError> {
        let sent = self.writes.untag_role().role_name(name).set_tag_keys(Some(keys)).send().await;
        let answer =
            sent.map_err(|error| cloud_error(Kind::Write, "iam:UntagRole", name, error))?;
        Ok(changed(answer.request_id()))
    }
}

impl Cloud<IamTrustPolicy> for Roles {
    /// One read: `GetRole` tells document, path, ARN and tags.
    async fn observe(&self, target: &Target) -> Result<Observed<TrustState>, CloudError> {
        or_gone(self.look(target).await)
    }

    async fn apply(
        &self,
        _resource: &Resource,
        remedy: &TrustRemedy,
    ) -> Result<Applied, CloudError> {
        match remedy {
            TrustRemedy::UpdateAssumeRolePolicy { role, before, after, .. } => {
                self.update(role, before, after).await
            }
            TrustRemedy::TagRole { role, tags, .. } => self.tag(role, tags).await,
            TrustRemedy::RestoreTags { role, tags, before } => {
                let added = added(tags, before);
                let mut applied = Applied::default();
                if !added.is_empty() {
                    join(&mut applied, self.untag(role, added).await?);
                }
                if !before.is_empty() {
                    join(&mut applied, self.tag(role, before).await?);
                }
                Ok(applied)
            }
        }
    }
}

/// Whether what IAM told is of the account that an event names: IAM looks a name up in the account of
/// our credentials, whichever that is.
fn is_of_account(arn: &str, account: &AccountId) -> bool {
    arn.parse::<Arn>().is_ok_and(|arn| arn.account == account.as_str())
}

fn tag_list(operation: &'static str, name: &str, tags: &Tags) -> Result<Vec<Tag>, CloudError> {
    let tags = tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build());
    let tags: Result<Vec<Tag>, _> = tags.collect();
    tags.map_err(|error| refusal(operation, name, error.to_string(), Retry::Pointless))
}

fn changed(request_id: Option<&str>) -> Applied {
    Applied { changed: true, request_ids: request_id.map(str::to_owned).into_iter().collect() }
}

fn join(applied: &mut Applied, further: Applied) {
    applied.changed |= further.changed;
    applied.request_ids.extend(further.request_ids);
}

/// The trust document, which `GetRole` gives URL-encoded.
/// Source: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRole.html>.
fn document(role: &Role) -> Result<String, CloudError> {
    let refuse = |code: &str| refusal("iam:GetRole", &role.role_name, code, Retry::Pointless);
    let text = role.assume_role_policy_document().ok_or_else(|| refuse("no trust document"))?;
    // A text that is JSON as it stands is not encoded: a `%` in it is its own.
    if text.trim_start().starts_with('{') {
        return Ok(text.to_owned());
    }
    match percent_decode_str(text).decode_utf8() {
        Ok(text) => Ok(text.into_owned()),
        Err(_) => Err(refuse("a trust document that is not UTF-8")),
    }
}

#[cfg(test)]
mod tests;
