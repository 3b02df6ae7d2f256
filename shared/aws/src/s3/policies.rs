//! The world of `s3-bucket-policy`.

use std::collections::BTreeMap;

use aws_sdk_s3::operation::RequestId;
use controls::{
    Observed, S3BucketPolicy,
    s3_bucket_policy::{PolicyRemedy, PolicyState},
};
use model::{Resource, ResourceId, Target};
use respond::{Applied, Cloud, CloudError, Retry};

use super::{Api, Place, known, unless_absent, unless_refused};
use crate::{
    Session,
    document::same,
    error::{Kind, cloud_error, or_gone, refusal},
};

/// What S3 says of a bucket that has no policy.
const NO_POLICY: &str = "NoSuchBucketPolicy";

/// Policies of buckets, and what decides whether they matter.
#[derive(Debug, Clone)]
pub struct Policies {
    pub(super) api: Api,
}

impl Policies {
    /// Makes the clients; no call.
    #[must_use]
    pub fn connect(session: &Session) -> Self {
        Self { api: Api::new(session) }
    }
}

impl Cloud<S3BucketPolicy> for Policies {
    async fn observe(&self, target: &Target) -> Result<Observed<PolicyState>, CloudError> {
        or_gone(Box::pin(self.look(target)).await)
    }

    async fn apply(
        &self,
        _resource: &Resource,
        remedy: &PolicyRemedy,
    ) -> Result<Applied, CloudError> {
        match remedy {
            PolicyRemedy::SetPolicy { resource, before, after, .. } => {
                let place = Place::of(resource)?;
                self.api.set_policy(place, before.as_deref(), after.as_deref()).await
            }
            PolicyRemedy::PutTags { resource, before, after } => {
                self.api.put_tags(Place::of(resource)?, before, after).await
            }
        }
    }
}

impl Policies {
    /// Two reads; a third, of Block Public Access, where the document lets everyone in.
    async fn look(&self, target: &Target) -> Result<Observed<PolicyState>, CloudError> {
        if let ResourceId::AccessPoint { name } = &target.resource.id {
            // S3 Control is not linked: people are told that nobody looked.
            return Err(refusal(
                "s3:GetAccessPointPolicy",
                name,
                "not read by this build",
                Retry::Pointless,
            ));
        }
        let place = Place::of(&target.resource)?;
        let (document, tags) = tokio::join!(self.api.policy(place), self.api.tags(place));
        let mut state = PolicyState::of(document?);
        let tags = unless_refused(tags)?;
        if state.is_suspicious() {
            let mut denied = BTreeMap::new();
            state.block = known(self.api.block(place).await, &mut denied)?;
            state.denied = denied;
        }
        Ok(Observed::Present { state, tags, resource: target.resource.clone() })
    }
}

impl Api {
    /// The policy of a bucket; `None`: it has none.
    pub(crate) async fn policy(&self, place: Place<'_>) -> Result<Option<String>, CloudError> {
        const OPERATION: &str = "s3:GetBucketPolicy";
        let (bucket, owner) = place.bucket();
        let request = self.reads.get_bucket_policy().bucket(bucket);
        let answer = request.expected_bucket_owner(owner).send().await;
        let Some(answer) = unless_absent(answer, NO_POLICY, OPERATION, bucket)? else {
            return Ok(None);
        };
        // A success without a document is no answer: nobody could say what stands there.
        let text = answer.policy.filter(|text| !text.trim().is_empty());
        text.map(Some)
            .ok_or_else(|| refusal(OPERATION, bucket, "no policy in it", Retry::Worthwhile))
    }

    /// Writes a policy, or takes it away, if the live one is still `before`. S3 has no condition
    /// for these calls, so the read just before is all the guard there is. Nothing is confirmed: a
    /// policy that would shut ourselves out is refused by S3.
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html>.
    pub(crate) async fn set_policy(
        &self,
        place: Place<'_>,
        before: Option<&str>,
        after: Option<&str>,
    ) -> Result<Applied, CloudError> {
        let (bucket, owner) = place.bucket();
        let alike = |one: Option<&str>, other: Option<&str>| match (one, other) {
            (Some(one), Some(other)) => same(one, other),
            (one, other) => one.is_none() && other.is_none(),
        };
        let live = self.policy(place).await?;
        if alike(live.as_deref(), after) {
            return Ok(Applied::default());
        }
        let operation = after.map_or("s3:DeleteBucketPolicy", |_| "s3:PutBucketPolicy");
        if !alike(live.as_deref(), before) {
            return Err(refusal(operation, bucket, "the policy has changed", Retry::Moved));
        }
        let id = if let Some(document) = after {
            let request = self.writes.put_bucket_policy().bucket(bucket).policy(document);
            let sent = request.expected_bucket_owner(owner).send().await;
            let answer =
                sent.map_err(|error| cloud_error(Kind::Write, operation, bucket, error))?;
            answer.request_id().map(str::to_owned)
        } else {
            let request = self.writes.delete_bucket_policy().bucket(bucket);
            let sent = request.expected_bucket_owner(owner).send().await;
            let answer =
                sent.map_err(|error| cloud_error(Kind::Write, operation, bucket, error))?;
            answer.request_id().map(str::to_owned)
        };
        Ok(Applied { changed: true, request_ids: id.into_iter().collect() })
    }
}
