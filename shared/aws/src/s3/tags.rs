//! Tags of buckets and objects: read, and written as a whole.

use aws_sdk_s3::{
    operation::RequestId,
    types::{Tag, Tagging},
};
use controls::Tags;
use respond::{Applied, CloudError, Retry};

use super::{Api, Object, Place, unless_absent};
use crate::error::{Kind, cloud_error, refusal};

impl Api {
    /// The tags; a bucket that was never tagged has none.
    pub(crate) async fn tags(&self, place: Place<'_>) -> Result<Tags, CloudError> {
        let set = match place {
            Place::Bucket { bucket, owner } => {
                let request = self.reads.get_bucket_tagging().bucket(bucket);
                let answer = request.expected_bucket_owner(owner).send().await;
                let answer = unless_absent(answer, "NoSuchTagSet", "s3:GetBucketTagging", bucket)?;
                answer.map(|answer| answer.tag_set).unwrap_or_default()
            }
            Place::Object(Object { bucket, key, version, owner }) => {
                let request = self.reads.get_object_tagging().bucket(bucket).key(key);
                let request = request.set_version_id(version.map(str::to_owned));
                let answer = request.expected_bucket_owner(owner).send().await;
                let name = format!("{bucket}/{key}");
                answer
                    .map_err(|error| cloud_error(Kind::Read, "s3:GetObjectTagging", name, error))?
                    .tag_set
            }
        };
        Ok(set.into_iter().map(|tag| (tag.key, tag.value)).collect())
    }

    /// Writes the whole set if the live one is still `before`: the API replaces, it does not merge.
    pub(crate) async fn put_tags(
        &self,
        place: Place<'_>,
        before: &Tags,
        after: &Tags,
    ) -> Result<Applied, CloudError> {
        let (operation, name) = match place {
            Place::Bucket { bucket, .. } => ("s3:PutBucketTagging", bucket.to_owned()),
            Place::Object(Object { bucket, key, .. }) => {
                ("s3:PutObjectTagging", format!("{bucket}/{key}"))
            }
        };
        let live = self.tags(place).await?;
        if live == *after {
            return Ok(Applied::default());
        }
        if live != *before {
            return Err(refusal(operation, name, "the tags have changed", Retry::Moved));
        }
        let set: Result<Vec<Tag>, _> =
            after.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect();
        let tagging = set
            .and_then(|set| Tagging::builder().set_tag_set(Some(set)).build())
            .map_err(|error| refusal(operation, &name, error.to_string(), Retry::Pointless))?;
        let id = match place {
            // A set without tags is no set: it is taken away, not written empty.
            Place::Bucket { bucket, owner } if after.is_empty() => {
                let request = self.writes.delete_bucket_tagging().bucket(bucket);
                let reply = request.expected_bucket_owner(owner).send().await;
                let failed = "s3:DeleteBucketTagging";
                let reply =
                    reply.map_err(|error| cloud_error(Kind::Write, failed, &name, error))?;
                reply.request_id().map(str::to_owned)
            }
            Place::Bucket { bucket, owner } => {
                let request = self.writes.put_bucket_tagging().bucket(bucket).tagging(tagging);
                let reply = request.expected_bucket_owner(owner).send().await;
                let reply =
                    reply.map_err(|error| cloud_error(Kind::Write, operation, &name, error))?;
                reply.request_id().map(str::to_owned)
            }
            Place::Object(Object { bucket, key, version, owner }) => {
                let request = self.writes.put_object_tagging().bucket(bucket).key(key);
                let request = request.set_version_id(version.map(str::to_owned)).tagging(tagging);
                let reply = request.expected_bucket_owner(owner).send().await;
                let reply =
                    reply.map_err(|error| cloud_error(Kind::Write, operation, &name, error))?;
                reply.request_id().map(str::to_owned)
            }
        };
        Ok(Applied { changed: true, request_ids: id.into_iter().collect() })
    }
}
