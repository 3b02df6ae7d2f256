//! Request metrics: read page by page, written one at a time.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_s3::{
    operation::RequestId,
    types::{self, MetricsConfiguration, MetricsFilter as SdkFilter},
};
use aws_smithy_types::error::operation::BuildError;
use controls::s3_bucket_safeguards::{Metrics, MetricsFilter};
use respond::CloudError;

use super::{
    super::{Api, Place},
    read::strange,
};
use crate::error::{Kind, cloud_error};

/// A bucket has at most 1,000 configurations, 100 to a page.
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBucketMetricsConfigurations.html>.
const MOST_PAGES: usize = 10;
const READ: &str = "s3:ListBucketMetricsConfigurations";

impl Api {
    /// Every request metrics configuration.
    pub(super) async fn metrics(&self, place: Place<'_>) -> Result<Metrics, CloudError> {
        let (bucket, owner) = place.bucket();
        let mut metrics = Metrics::default();
        let mut token = None;
        for _ in 0..MOST_PAGES {
            let request = self.reads.list_bucket_metrics_configurations().bucket(bucket);
            let request = request.expected_bucket_owner(owner).set_continuation_token(token);
            let answer = request.send().await;
            let answer = answer.map_err(|error| cloud_error(Kind::Read, READ, bucket, error))?;
            for MetricsConfiguration { id, filter, .. } in
                answer.metrics_configuration_list.unwrap_or_default()
            {
                let filter = filter.as_ref().map_or_else(|| Some(MetricsFilter::default()), parts);
                let filter = filter.ok_or_else(|| strange(READ, bucket, "unknown filter"))?;
                metrics.configurations.insert(id, filter);
            }
            token = answer.next_continuation_token;
            if token.is_none() {
                return Ok(metrics);
            }
        }
        Err(strange(READ, bucket, "more pages than S3 has"))
    }

    /// Makes the configuration that `before` and `after` differ in what it is `after`. One call: a
    /// remedy about several could be left half made.
    pub(super) async fn put_metrics(
        &self,
        place: Place<'_>,
        before: &Metrics,
        after: &Metrics,
    ) -> Result<Vec<String>, CloudError> {
        const PUT: &str = "s3:PutBucketMetricsConfiguration";
        const DELETE: &str = "s3:DeleteBucketMetricsConfiguration";
        let (bucket, owner) = place.bucket();
        let differs =
            |id: &&String| before.configurations.get(*id) != after.configurations.get(*id);
        let ids: BTreeSet<&String> = before
            .configurations
            .keys()
            .chain(after.configurations.keys())
            .filter(differs)
            .collect();
        let mut ids = ids.into_iter();
        let (Some(id), None) = (ids.next(), ids.next()) else {
            return Err(strange(PUT, bucket, "not one configuration"));
        };
        let request_id = match after.configurations.get(id) {
            None => {
                let request = self.writes.delete_bucket_metrics_configuration();
                let request = request.bucket(bucket).id(id).expected_bucket_owner(owner);
                let answer = request.send().await;
                let answer =
                    answer.map_err(|error| cloud_error(Kind::Write, DELETE, bucket, error))?;
                answer.request_id().map(str::to_owned)
            }
            Some(filter) => {
                let configuration = configuration(id, filter)
                    .map_err(|error| strange(PUT, bucket, error.to_string()))?;
                let request = self.writes.put_bucket_metrics_configuration();
                let request = request.bucket(bucket).id(id).expected_bucket_owner(owner);
                let answer = request.metrics_configuration(configuration).send().await;
                let answer =
                    answer.map_err(|error| cloud_error(Kind::Write, PUT, bucket, error))?;
                answer.request_id().map(str::to_owned)
            }
        };
        Ok(request_id.into_iter().collect())
    }
}

/// Of the live configurations those that a remedy is about: the others are none of its business.
pub(super) fn concerned(mut live: Metrics, before: &Metrics, after: &Metrics) -> Metrics {
    live.configurations.retain(|id, _| {
        before.configurations.contains_key(id) || after.configurations.contains_key(id)
    });
    live
}

/// The parts of a filter; none where it is of a kind that is not known here.
fn parts(filter: &SdkFilter) -> Option<MetricsFilter> {
    let mut read = MetricsFilter::default();
    if let SdkFilter::Prefix(prefix) = filter {
        read.prefix = Some(prefix.clone());
    } else if let SdkFilter::AccessPointArn(arn) = filter {
        read.access_point = Some(arn.clone());
    } else if let SdkFilter::Tag(tag) = filter {
        read.tags = BTreeMap::from([(tag.key.clone(), tag.value.clone())]);
    } else if let SdkFilter::And(and) = filter {
        read.prefix.clone_from(&and.prefix);
        read.access_point.clone_from(&and.access_point_arn);
        read.tags = and.tags().iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect();
    } else {
        return None;
    }
    Some(read)
}

fn configuration(id: &str, filter: &MetricsFilter) -> Result<MetricsConfiguration, BuildError> {
    let tags: Result<Vec<types::Tag>, _> = filter
        .tags
        .iter()
        .map(|(key, value)| types::Tag::builder().key(key).value(value).build())
        .collect();
    let mut tags = tags?;
    let MetricsFilter { prefix, access_point, .. } = filter.clone();
    let filter = match (prefix, access_point, tags.len()) {
        (None, None, 0) => None,
        (Some(prefix), None, 0) => Some(SdkFilter::Prefix(prefix)),
        (None, Some(arn), 0) => Some(SdkFilter::AccessPointArn(arn)),
        (None, None, 1) => tags.pop().map(SdkFilter::Tag),
        (prefix, access_point, _) => Some(SdkFilter::And(
            types::MetricsAndOperator::builder()
                .set_prefix(prefix)
                .set_access_point_arn(access_point)
                .set_tags((!tags.is_empty()).then_some(tags))
                .build(),
        )),
    };
    MetricsConfiguration::builder().id(id).set_filter(filter).build()
}
