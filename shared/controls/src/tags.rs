//! Marking a resource: merging Snapback's own tags into those it has.

use model::Operation;
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

/// The values that keys of ours have now: what setting them would overwrite.
pub(crate) fn overwritten(current: &Tags, ours: &Tags) -> Tags {
    let overwritten = current.iter().filter(|(key, _)| ours.contains_key(*key));
    overwritten.map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// The keys that setting tags added, since they had no value before.
#[must_use]
pub fn added(tags: &Tags, before: &Tags) -> Vec<String> {
    tags.keys().filter(|key| !before.contains_key(*key)).cloned().collect()
}

/// The call that sets tags of an IAM `Role` or `User` and leaves its others.
pub(crate) fn set_on(kind: &str, name: &str, tags: &Tags) -> Operation {
    Operation::new(
        format!("iam:Tag{kind}"),
        json!({format!("{kind}Name"): name, "Tags": to_list(tags)}),
    )
}

/// The calls that take back what [`set_on`] did.
pub(crate) fn restored_on(kind: &str, name: &str, tags: &Tags, before: &Tags) -> Vec<Operation> {
    let added = added(tags, before);
    let untag = (!added.is_empty()).then(|| {
        let parameters = json!({format!("{kind}Name"): name, "TagKeys": added});
        Operation::new(format!("iam:Untag{kind}"), parameters)
    });
    let tag = (!before.is_empty()).then(|| set_on(kind, name, before));
    untag.into_iter().chain(tag).collect()
}
