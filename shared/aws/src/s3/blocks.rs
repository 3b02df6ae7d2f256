//! Block Public Access of buckets and of the account.

use controls::{Observed, S3PublicAccessBlock};
use model::{NoRemedy, Resource, Target};
use respond::{Applied, Cloud, CloudError};

use crate::Session;

/// Block Public Access of buckets and of the account.
#[derive(Debug, Clone)]
pub struct Blocks;

impl Blocks {
    /// Makes the clients; no call.
    #[must_use]
    pub fn connect(_session: &Session) -> Self {
        Self
    }
}

impl Cloud<S3PublicAccessBlock> for Blocks {
    async fn observe(
        &self,
        _target: &Target,
    ) -> Result<Observed<controls::s3_public_access_block::State>, CloudError> {
        Ok(Observed::Gone)
    }

    async fn apply(&self, _: &Resource, remedy: &NoRemedy) -> Result<Applied, CloudError> {
        match *remedy {}
    }
}
