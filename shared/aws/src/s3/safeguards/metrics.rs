//! Request metrics: read page by page, written one by one.

use std::collections::BTreeMap;

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
                let filter = filter.map_or_else(|| Some(MetricsFilter::default()), parts);
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

    /// Makes the configurations `after`, one call for each that differs.
    pub(super) async fn put_metrics(
        &self,
        place: Place<'_>,
        before: &Metrics,
        after: &Metrics,
    ) -> Result<Vec<String>, CloudError> {
        let (bucket, owner) = place.bucket();
        let mut ids = Vec::new();
        let gone = before.configurations.keys();
        for id in gone.filter(|id| !after.configurations.contains_key(*id)) {
            let request = self.writes.delete_bucket_metrics_configuration().bucket(bucket).id(id);
            let answer = request.expected_bucket_owner(owner).send().await;
            let operation = "s3:DeleteBucketMetricsConfiguration";
            let answer =
                answer.map_err(|error| cloud_error(Kind::Write, operation, bucket, error))?;
            ids.extend(answer.request_id().map(str::to_owned));
        }
        for (id, filter) in &after.configurations {
            if before.configurations.get(id) == Some(filter) {
                continue;
            }
            let operation = "s3:PutBucketMetricsConfiguration";
            let configuration = configuration(id, filter)
                .map_err(|error| strange(operation, bucket, error.to_string()))?;
            let request = self.writes.put_bucket_metrics_configuration().bucket(bucket).id(id);
            let request = request.metrics_configuration(configuration);
            let answer = request.expected_bucket_owner(owner).send().await;
            let answer =
                answer.map_err(|error| cloud_error(Kind::Write, operation, bucket, error))?;
            ids.extend(answer.request_id().map(str::to_owned));
        }
        Ok(ids)
    }
}

fn parts(filter: SdkFilter) -> Option<MetricsFilter> {
    let mut read = MetricsFilter::default();
    match filter {
        SdkFilter::Prefix(prefix) => read.prefix = Some(prefix),
        SdkFilter::AccessPointArn(arn) => read.access_point = Some(arn),
        SdkFilter::Tag(tag) => read.tags = BTreeMap::from([(tag.key, tag.value)]),
        SdkFilter::And(and) => {
            read.prefix = and.prefix;
            read.access_point = and.access_point_arn;
            let tags = and.tags.unwrap_or_default();
            read.tags = tags.into_iter().map(|tag| (tag.key, tag.value)).collect();
        }
        _ => return None,
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
