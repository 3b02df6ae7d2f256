//! The account password policy.

use aws_sdk_iam::{Client, operation::RequestId};
use controls::{
    IamPasswordPolicy, Observed,
    iam_password_policy::{PasswordPolicy, PasswordRemedy, PasswordState},
};
use model::{AccountId, Resource, Target};
use respond::{Applied, Cloud, CloudError, Retry};

use crate::{
    Session,
    error::{Kind, cloud_error, refusal},
};

const GET: &str = "iam:GetAccountPasswordPolicy";
const UPDATE: &str = "iam:UpdateAccountPasswordPolicy";
const DELETE: &str = "iam:DeleteAccountPasswordPolicy";

/// The account password policy.
#[derive(Debug, Clone)]
pub struct PasswordPolicies {
    pub(super) reads: Client,
    pub(super) writes: Client,
    /// The account of our credentials, where the trust file says it: the calls name none.
    pub(super) ours: Option<AccountId>,
}

impl PasswordPolicies {
    /// Makes the clients; no call.
    #[must_use]
    pub fn connect(session: &Session) -> Self {
        Self {
            reads: Client::new(session.reads()),
            writes: Client::new(session.writes()),
            ours: session.trust().account_id.clone(),
        }
    }

    /// Whatever account is meant, IAM answers for that of our credentials.
    fn check(&self, operation: &'static str, account: &AccountId) -> Result<(), CloudError> {
        if self.ours.as_ref().is_some_and(|ours| ours != account) {
            let what = "the policy of another account";
            return Err(refusal(operation, account.as_str(), what, Retry::Pointless));
        }
        Ok(())
    }

    /// The policy; `None`: the account has none of its own.
    async fn policy(&self, account: &AccountId) -> Result<Option<PasswordPolicy>, CloudError> {
        self.check(GET, account)?;
        let answer = match self.reads.get_account_password_policy().send().await {
            Ok(answer) => answer,
            Err(error) => {
                let error = cloud_error(Kind::Read, GET, account.as_str(), error);
                // What is not there is the policy, not the account.
                return if error.retry == Retry::Gone { Ok(None) } else { Err(error) };
            }
        };
        let read = answer
            .password_policy
            .ok_or_else(|| refusal(GET, account.as_str(), "no policy in it", Retry::Worthwhile))?;
        let count = |number: Option<i32>| {
            number.and_then(|number| u32::try_from(number).ok()).filter(|number| *number != 0)
        };
        let absent = PasswordPolicy::default().minimum_password_length;
        Ok(Some(PasswordPolicy {
            minimum_password_length: count(read.minimum_password_length).unwrap_or(absent),
            require_symbols: read.require_symbols,
            require_numbers: read.require_numbers,
            require_uppercase_characters: read.require_uppercase_characters,
            require_lowercase_characters: read.require_lowercase_characters,
            allow_users_to_change_password: read.allow_users_to_change_password,
            max_password_age: count(read.max_password_age),
            password_reuse_prevention: count(read.password_reuse_prevention),
            hard_expiry: read.hard_expiry.unwrap_or(false),
        }))
    }

    /// Writes every value: what is left out goes back to its default.
    async fn update(
        &self,
        account: &AccountId,
        policy: &PasswordPolicy,
    ) -> Result<Option<String>, CloudError> {
        let whole = |number: u32| {
            i32::try_from(number).map_err(|_overflow| {
                let what = format!("`{number}` is beyond any policy");
                refusal(UPDATE, account.as_str(), what, Retry::Pointless)
            })
        };
        let request = self
            .writes
            .update_account_password_policy()
            .minimum_password_length(whole(policy.minimum_password_length)?)
            .require_symbols(policy.require_symbols)
            .require_numbers(policy.require_numbers)
            .require_uppercase_characters(policy.require_uppercase_characters)
            .require_lowercase_characters(policy.require_lowercase_characters)
            .allow_users_to_change_password(policy.allow_users_to_change_password)
            .set_max_password_age(policy.max_password_age.map(whole).transpose()?)
            .set_password_reuse_prevention(policy.password_reuse_prevention.map(whole).transpose()?)
            .hard_expiry(policy.hard_expiry);
        let sent = request.send().await;
        let answer =
            sent.map_err(|error| cloud_error(Kind::Write, UPDATE, account.as_str(), error))?;
        Ok(answer.request_id().map(str::to_owned))
    }

    async fn delete(&self, account: &AccountId) -> Result<Option<String>, CloudError> {
        let sent = self.writes.delete_account_password_policy().send().await;
        let answer =
            sent.map_err(|error| cloud_error(Kind::Write, DELETE, account.as_str(), error))?;
        Ok(answer.request_id().map(str::to_owned))
    }
}

impl Cloud<IamPasswordPolicy> for PasswordPolicies {
    /// One read.
    async fn observe(&self, target: &Target) -> Result<Observed<PasswordState>, CloudError> {
        let state = PasswordState::of(self.policy(&target.resource.account).await?);
        Ok(Observed::Present { state, tags: None, resource: target.resource.clone() })
    }

    /// Writes if the live policy is still the one that was judged. IAM has no condition for these
    /// calls, so the read just before is all the guard there is.
    async fn apply(
        &self,
        _resource: &Resource,
        remedy: &PasswordRemedy,
    ) -> Result<Applied, CloudError> {
        let PasswordRemedy { account, before, after } = remedy;
        let live = self.policy(account).await?;
        if live == *after {
            return Ok(Applied::default());
        }
        if live != *before {
            let what = "the policy has changed";
            return Err(refusal(UPDATE, account.as_str(), what, Retry::Moved));
        }
        let id = match after {
            Some(policy) => self.update(account, policy).await?,
            None => self.delete(account).await?,
        };
        Ok(Applied { changed: true, request_ids: id.into_iter().collect() })
    }
}

#[cfg(test)]
mod tests;
