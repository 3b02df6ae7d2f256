//! Permissions of users, groups and roles.

use controls::{IamAdminGrant, Observed};
use model::{NoRemedy, Resource, Target};
use respond::{Applied, Cloud, CloudError};

use crate::Session;

/// Permissions of users, groups and roles.
#[derive(Debug, Clone)]
pub struct Grants;

impl Grants {
    /// Makes the clients; no call.
    #[must_use]
    pub fn connect(_session: &Session) -> Self {
        Self
    }
}

impl Cloud<IamAdminGrant> for Grants {
    async fn observe(
        &self,
        _target: &Target,
    ) -> Result<Observed<controls::iam_admin_grant::State>, CloudError> {
        Ok(Observed::Gone)
    }

    async fn apply(&self, _: &Resource, remedy: &NoRemedy) -> Result<Applied, CloudError> {
        match *remedy {}
    }
}
