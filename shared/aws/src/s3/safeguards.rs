//! Settings that keep a bucket safe.

use controls::{Observed, S3BucketSafeguards};
use model::{NoRemedy, Resource, Target};
use respond::{Applied, Cloud, CloudError};

use crate::Session;

/// Settings that keep a bucket safe.
#[derive(Debug, Clone)]
pub struct Safeguards;

impl Safeguards {
    /// Makes the clients; no call.
    #[must_use]
    pub fn connect(_session: &Session) -> Self {
        Self
    }
}

impl Cloud<S3BucketSafeguards> for Safeguards {
    async fn observe(
        &self,
        _target: &Target,
    ) -> Result<Observed<controls::s3_bucket_safeguards::State>, CloudError> {
        Ok(Observed::Gone)
    }

    async fn apply(&self, _: &Resource, remedy: &NoRemedy) -> Result<Applied, CloudError> {
        match *remedy {}
    }
}
