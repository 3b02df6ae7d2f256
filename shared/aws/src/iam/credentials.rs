//! Access keys, console passwords and MFA devices.

use controls::{IamCredentials, Observed};
use model::{NoRemedy, Resource, Target};
use respond::{Applied, Cloud, CloudError};

use crate::Session;

/// Access keys, console passwords and MFA devices.
#[derive(Debug, Clone)]
pub struct Credentials;

impl Credentials {
    /// Makes the clients; no call.
    #[must_use]
    pub fn connect(_session: &Session) -> Self {
        Self
    }
}

impl Cloud<IamCredentials> for Credentials {
    async fn observe(
        &self,
        _target: &Target,
    ) -> Result<Observed<controls::iam_credentials::State>, CloudError> {
        Ok(Observed::Gone)
    }

    async fn apply(&self, _: &Resource, remedy: &NoRemedy) -> Result<Applied, CloudError> {
        match *remedy {}
    }
}
