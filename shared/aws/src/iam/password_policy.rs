//! The account password policy.

use controls::{IamPasswordPolicy, Observed};
use model::{NoRemedy, Resource, Target};
use respond::{Applied, Cloud, CloudError};

use crate::Session;

/// The account password policy.
#[derive(Debug, Clone)]
pub struct PasswordPolicies;

impl PasswordPolicies {
    /// Makes the clients; no call.
    #[must_use]
    pub fn connect(_session: &Session) -> Self {
        Self
    }
}

impl Cloud<IamPasswordPolicy> for PasswordPolicies {
    async fn observe(
        &self,
        _target: &Target,
    ) -> Result<Observed<controls::iam_password_policy::State>, CloudError> {
        Ok(Observed::Gone)
    }

    async fn apply(&self, _: &Resource, remedy: &NoRemedy) -> Result<Applied, CloudError> {
        match *remedy {}
    }
}
