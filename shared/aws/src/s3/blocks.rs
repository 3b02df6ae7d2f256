//! The world of `s3-public-access-block`.

use aws_sdk_s3::{operation::RequestId, types::PublicAccessBlockConfiguration};
use controls::{
    Observed, S3PublicAccessBlock,
    s3::PublicAccessBlock,
    s3_public_access_block::{BlockRemedy, BlockState},
};
use model::{Resource, ResourceId, Target};
use respond::{Applied, Cloud, CloudError, Retry};

use super::{Api, Place, account::AccountApi, known, unless_refused};
use crate::{
    Session,
    error::{Kind, cloud_error, or_gone, refusal},
};

/// Block Public Access of buckets and of the account.
#[derive(Debug, Clone)]
pub struct Blocks {
    pub(super) api: Api,
    pub(super) account: AccountApi,
}

impl Blocks {
    /// Makes the clients; no call.
    #[must_use]
    pub fn connect(session: &Session) -> Self {
        Self { api: Api::new(session), account: AccountApi::new(session) }
    }

    /// One read where all four switches are on; the account's and the tags only where one is off.
    async fn look(&self, target: &Target) -> Result<Observed<BlockState>, CloudError> {
        let resource = target.resource.clone();
        let owner = resource.account.as_str();
        if resource.id == ResourceId::Account {
            let state = BlockState::of(self.account.block(owner).await?);
            return Ok(Observed::Present { state, tags: None, resource });
        }
        let place = Place::of(&resource)?;
        let mut state = BlockState::of(self.api.own_block(place).await?);
        let mut tags = None;
        if !state.is_whole() {
            let (account, read_tags) =
                tokio::join!(self.account.block(owner), self.api.tags(place));
            let account = known(account, &mut state.denied)?;
            state.account = account.map(Option::unwrap_or_default);
            tags = unless_refused(read_tags)?;
        }
        Ok(Observed::Present { state, tags, resource })
    }
}

impl Cloud<S3PublicAccessBlock> for Blocks {
    async fn observe(&self, target: &Target) -> Result<Observed<BlockState>, CloudError> {
        or_gone(Box::pin(self.look(target)).await)
    }

    async fn apply(
        &self,
        _resource: &Resource,
        remedy: &BlockRemedy,
    ) -> Result<Applied, CloudError> {
        match remedy {
            BlockRemedy::SetBlock { resource, before, after } => {
                if resource.id == ResourceId::Account {
                    self.account.set_block(resource.account.as_str(), *before, *after).await
                } else {
                    self.api.set_block(Place::of(resource)?, *before, *after).await
                }
            }
            BlockRemedy::PutTags { resource, before, after } => {
                self.api.put_tags(Place::of(resource)?, before, after).await
            }
        }
    }
}

impl Api {
    /// Sets or deletes a bucket's configuration if the live one is still `before`. S3 has no
    /// condition for these calls, so the read just before is all the guard there is.
    async fn set_block(
        &self,
        place: Place<'_>,
        before: Option<PublicAccessBlock>,
        after: Option<PublicAccessBlock>,
    ) -> Result<Applied, CloudError> {
        const PUT: &str = "s3:PutPublicAccessBlock";
        const DELETE: &str = "s3:DeletePublicAccessBlock";
        let (bucket, owner) = place.bucket();
        let live = self.own_block(place).await?;
        if live == after {
            return Ok(Applied::default());
        }
        if live != before {
            return Err(refusal(PUT, bucket, "the configuration has changed", Retry::Moved));
        }
        let id = if let Some(block) = after {
            let block = PublicAccessBlockConfiguration::builder()
                .block_public_acls(block.block_public_acls)
                .ignore_public_acls(block.ignore_public_acls)
                .block_public_policy(block.block_public_policy)
                .restrict_public_buckets(block.restrict_public_buckets)
                .build();
            let request = self.writes.put_public_access_block().bucket(bucket);
            let request = request.expected_bucket_owner(owner);
            let sent = request.public_access_block_configuration(block).send().await;
            let answer = sent.map_err(|error| cloud_error(Kind::Write, PUT, bucket, error))?;
            answer.request_id().map(str::to_owned)
        } else {
            let request = self.writes.delete_public_access_block().bucket(bucket);
            let sent = request.expected_bucket_owner(owner).send().await;
            let answer = sent.map_err(|error| cloud_error(Kind::Write, DELETE, bucket, error))?;
            answer.request_id().map(str::to_owned)
        };
        Ok(Applied { changed: true, request_ids: id.into_iter().collect() })
    }
}
