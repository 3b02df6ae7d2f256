//! Marking a resource: merging Snapback's own tags into those it has.

use serde_json::{Value, json};

use crate::Tags;

/// Most tags an S3 object may have.
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html>.
pub(crate) const OBJECT_LIMIT: usize = 10;

/// Most tags a bucket or a role may have.
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/CostAllocTagging.html>,
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html>.
pub(crate) const LIMIT: usize = 50;

/// The tags with ours added or renewed; every other tag stays.
///
/// # Errors
/// The reason, for the alert, when the resource cannot hold that many.
pub(crate) fn merge(current: &Tags, ours: &Tags, limit: usize) -> Result<Tags, String> {
    let mut merged = current.clone();
    merged.extend(ours.iter().map(|(key, value)| (key.clone(), value.clone())));
    if merged.len() > limit {
        return Err(format!(
            "it has {} of {limit} possible tags, and {} more do not fit",
            current.len(),
            merged.len().saturating_sub(current.len())
        ));
    }
    Ok(merged)
}

/// Tags as the API's `TagSet`, `Tags`, …: a list of keys and values.
pub(crate) fn to_list(tags: &Tags) -> Value {
    tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect()
}
