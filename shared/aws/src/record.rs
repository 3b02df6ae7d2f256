//! What the record itself tells: nothing is read.

use controls::{ConsoleSignIn, Observed, S3AccessDenied};
use model::{NoRemedy, Resource, Target};
use respond::{Applied, Cloud, CloudError};

use crate::Session;

/// What the record itself tells: nothing is read.
#[derive(Debug, Clone)]
pub struct Records;

impl Records {
    /// Makes the clients; no call.
    #[must_use]
    pub fn connect(_session: &Session) -> Self {
        Self
    }
}

impl Cloud<ConsoleSignIn> for Records {
    async fn observe(
        &self,
        _target: &Target,
    ) -> Result<Observed<controls::console_sign_in::State>, CloudError> {
        Ok(Observed::Gone)
    }

    async fn apply(&self, _: &Resource, remedy: &NoRemedy) -> Result<Applied, CloudError> {
        match *remedy {}
    }
}

impl Cloud<S3AccessDenied> for Records {
    async fn observe(
        &self,
        _target: &Target,
    ) -> Result<Observed<controls::s3_access_denied::State>, CloudError> {
        Ok(Observed::Gone)
    }

    async fn apply(&self, _: &Resource, remedy: &NoRemedy) -> Result<Applied, CloudError> {
        match *remedy {}
    }
}
