//! What stands once for all buckets of an account, through the API of its own that knows it.

use aws_sdk_s3control::{
    Client,
    config::{
        self,
        endpoint::{Endpoint, EndpointFuture, Params, ResolveEndpoint},
    },
    operation::RequestId,
    types::PublicAccessBlockConfiguration,
};
use controls::s3::PublicAccessBlock;
use respond::{Applied, CloudError, Retry};

use super::unless_absent;
use crate::{
    Session,
    error::{Kind, cloud_error, own, refusal},
};

/// S3 Control: one client that reads, one that writes.
#[derive(Debug, Clone)]
pub(crate) struct AccountApi {
    pub(super) reads: Client,
    pub(super) writes: Client,
}

/// The account is the first label of the host on AWS; at an endpoint of the user's choosing, an
/// emulator, there is no such host, and the header that names the account has to do.
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_GetPublicAccessBlock.html>.
#[derive(Debug)]
struct AsGiven(String);

impl ResolveEndpoint for AsGiven {
    fn resolve_endpoint<'a>(&'a self, _params: &'a Params) -> EndpointFuture<'a> {
        EndpointFuture::ready(Ok(Endpoint::builder().url(self.0.clone()).build()))
    }
}

impl AccountApi {
    pub(crate) fn new(session: &Session) -> Self {
        let client = |sdk: &aws_config::SdkConfig| {
            let builder = config::Builder::from(sdk);
            let builder = match sdk.endpoint_url() {
                Some(url) => builder.endpoint_resolver(AsGiven(url.to_owned())),
                None => builder,
            };
            Client::from_conf(builder.build())
        };
        Self { reads: client(session.reads()), writes: client(session.writes()) }
    }

    /// The account's Block Public Access; `None`: it has no configuration.
    pub(crate) async fn block(
        &self,
        account: &str,
    ) -> Result<Option<PublicAccessBlock>, CloudError> {
        let answer = self.reads.get_public_access_block().account_id(account).send().await;
        let absent = "NoSuchPublicAccessBlockConfiguration";
        // An account is there whatever is said not to be.
        let answer = unless_absent(answer, absent, "s3control:GetPublicAccessBlock", account)
            .map_err(own)?;
        let block = answer.and_then(|answer| answer.public_access_block_configuration);
        Ok(block.map(|block| PublicAccessBlock {
            block_public_acls: block.block_public_acls.unwrap_or(false),
            ignore_public_acls: block.ignore_public_acls.unwrap_or(false),
            block_public_policy: block.block_public_policy.unwrap_or(false),
            restrict_public_buckets: block.restrict_public_buckets.unwrap_or(false),
        }))
    }

    /// Sets or deletes the account's configuration if the live one is still `before`. There is no
    /// condition for these calls, so the read just before is all the guard there is.
    pub(crate) async fn set_block(
        &self,
        account: &str,
        before: Option<PublicAccessBlock>,
        after: Option<PublicAccessBlock>,
    ) -> Result<Applied, CloudError> {
        const PUT: &str = "s3control:PutPublicAccessBlock";
        const DELETE: &str = "s3control:DeletePublicAccessBlock";
        let live = self.block(account).await?;
        if live == after {
            return Ok(Applied::default());
        }
        if live != before {
            return Err(refusal(PUT, account, "the configuration has changed", Retry::Moved));
        }
        let id = if let Some(block) = after {
            let block = PublicAccessBlockConfiguration::builder()
                .block_public_acls(block.block_public_acls)
                .ignore_public_acls(block.ignore_public_acls)
                .block_public_policy(block.block_public_policy)
                .restrict_public_buckets(block.restrict_public_buckets)
                .build();
            let request = self.writes.put_public_access_block().account_id(account);
            let sent = request.public_access_block_configuration(block).send().await;
            let answer =
                sent.map_err(|error| own(cloud_error(Kind::Write, PUT, account, error)))?;
            answer.request_id().map(str::to_owned)
        } else {
            let sent = self.writes.delete_public_access_block().account_id(account).send().await;
            let answer =
                sent.map_err(|error| own(cloud_error(Kind::Write, DELETE, account, error)))?;
            answer.request_id().map(str::to_owned)
        };
        Ok(Applied { changed: true, request_ids: id.into_iter().collect() })
    }
}
