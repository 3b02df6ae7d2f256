//! Policies of buckets and access points.

use controls::{Observed, S3BucketPolicy};
use model::{NoRemedy, Resource, Target};
use respond::{Applied, Cloud, CloudError};

use crate::Session;

/// Policies of buckets and access points.
#[derive(Debug, Clone)]
pub struct Policies;

impl Policies {
    /// Makes the clients; no call.
    #[must_use]
    pub fn connect(_session: &Session) -> Self {
        Self
    }
}

impl Cloud<S3BucketPolicy> for Policies {
    async fn observe(
        &self,
        _target: &Target,
    ) -> Result<Observed<controls::s3_bucket_policy::State>, CloudError> {
        Ok(Observed::Gone)
    }

    async fn apply(&self, _: &Resource, remedy: &NoRemedy) -> Result<Applied, CloudError> {
        match *remedy {}
    }
}
