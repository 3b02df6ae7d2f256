//! `PutBucketLifecycle`: what is deleted and moved when.

use super::{bucket_of, safeguards::given};
use crate::parameters::{Field, FromMembers, Object};

/// `PutBucketLifecycle`, which is the API's `PutBucketLifecycleConfiguration`, as asked: the whole
/// list, in place of what was there.
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html>.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutBucketLifecycle {
    /// `bucketName`.
    pub bucket: Field<String>,
    /// `LifecycleConfiguration.Rule`: unusable as a whole where a member of one is, because a rule
    /// half read would seem milder than it is.
    pub rules: Field<Vec<LifecycleRule>>,
}

/// One rule. What the API may leave out is `None`.
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleRule.html>.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LifecycleRule {
    /// `ID`.
    pub id: Option<String>,
    /// `Status`: `Enabled` or `Disabled`.
    pub status: Option<String>,
    /// `Prefix` of the rule itself, from before 2016.
    pub prefix: Option<String>,
    /// `Filter`; `None`: there is none.
    pub filter: Option<LifecycleFilter>,
    /// `Expiration.Days`.
    pub days: Option<u64>,
    /// `Expiration.Date`.
    pub date: Option<String>,
    /// `Expiration.ExpiredObjectDeleteMarker`.
    pub delete_marker: Option<bool>,
    /// `NoncurrentVersionExpiration.NoncurrentDays`.
    pub noncurrent_days: Option<u64>,
    /// `NoncurrentVersionExpiration.NewerNoncurrentVersions`.
    pub newer_versions: Option<u64>,
    /// `AbortIncompleteMultipartUpload.DaysAfterInitiation`.
    pub abort_days: Option<u64>,
    /// `Transition`.
    pub transitions: Vec<LifecycleTransition>,
    /// `NoncurrentVersionTransition`.
    pub noncurrent_transitions: Vec<LifecycleTransition>,
}

/// Which objects a rule is for. An empty filter is for all of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LifecycleFilter {
    /// `Prefix`.
    pub prefix: Option<String>,
    /// `Tag`, each as key and value.
    pub tags: Vec<(String, String)>,
    /// `ObjectSizeGreaterThan`, in bytes.
    pub larger_than: Option<u64>,
    /// `ObjectSizeLessThan`, in bytes.
    pub smaller_than: Option<u64>,
    /// Whether the members stand in `And`.
    pub and: bool,
}

/// A move to another storage class.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LifecycleTransition {
    /// `Days` or `NoncurrentDays`.
    pub days: Option<u64>,
    /// `Date`.
    pub date: Option<String>,
    /// `StorageClass`.
    pub storage_class: Option<String>,
    /// `NewerNoncurrentVersions`.
    pub newer_versions: Option<u64>,
}

impl FromMembers for PutBucketLifecycle {
    fn from_members(object: &Object<'_>) -> Self {
        let rules = |configuration: Object<'_>| {
            let name = if configuration.has("Rules") { "Rules" } else { "Rule" };
            configuration.objects(name)?.iter().map(rule).collect()
        };
        Self {
            bucket: bucket_of(object),
            rules: object.object("LifecycleConfiguration").and_then(rules),
        }
    }
}

fn rule(rule: &Object<'_>) -> Field<LifecycleRule> {
    let mut read = LifecycleRule {
        id: said(rule, "ID")?,
        status: said(rule, "Status")?,
        prefix: empty_or(rule, "Prefix")?,
        filter: filter(rule)?,
        ..LifecycleRule::default()
    };
    if let Some(expiration) = part(rule, "Expiration")? {
        read.days = given(expiration.number("Days"))?;
        read.date = said(&expiration, "Date")?;
        read.delete_marker = given(expiration.flag("ExpiredObjectDeleteMarker"))?;
    }
    if let Some(expiration) = part(rule, "NoncurrentVersionExpiration")? {
        read.noncurrent_days = given(expiration.number("NoncurrentDays"))?;
        read.newer_versions = given(expiration.number("NewerNoncurrentVersions"))?;
    }
    if let Some(abort) = part(rule, "AbortIncompleteMultipartUpload")? {
        read.abort_days = given(abort.number("DaysAfterInitiation"))?;
    }
    read.transitions = transitions(rule, "Transition", "Days")?;
    read.noncurrent_transitions =
        transitions(rule, "NoncurrentVersionTransition", "NoncurrentDays")?;
    Ok(read)
}

fn filter(rule: &Object<'_>) -> Field<Option<LifecycleFilter>> {
    if !rule.has("Filter") {
        return Ok(None);
    }
    let Some(filter) = part(rule, "Filter")? else { return Ok(Some(LifecycleFilter::default())) };
    let and = part(&filter, "And")?;
    let by = and.as_ref().unwrap_or(&filter);
    let name = if by.has("Tags") { "Tags" } else { "Tag" };
    let mut tags = Vec::new();
    for tag in given(by.objects(name))?.unwrap_or_default() {
        tags.push((tag.text("Key")?, empty_or(&tag, "Value")?.unwrap_or_default()));
    }
    Ok(Some(LifecycleFilter {
        prefix: empty_or(by, "Prefix")?,
        tags,
        larger_than: given(by.number("ObjectSizeGreaterThan"))?,
        smaller_than: given(by.number("ObjectSizeLessThan"))?,
        and: and.is_some(),
    }))
}

fn transitions(rule: &Object<'_>, name: &str, days: &str) -> Field<Vec<LifecycleTransition>> {
    let plural = format!("{name}s");
    let name = if rule.has(&plural) { plural.as_str() } else { name };
    let found = given(rule.objects(name))?.unwrap_or_default();
    let read = found.iter().map(|one| {
        Ok(LifecycleTransition {
            days: given(one.number(days))?,
            date: said(one, "Date")?,
            storage_class: said(one, "StorageClass")?,
            newer_versions: given(one.number("NewerNoncurrentVersions"))?,
        })
    });
    read.collect()
}

/// An object within that says something.
fn part<'a>(within: &Object<'a>, name: &str) -> Field<Option<Object<'a>>> {
    if within.is_blank(name) { Ok(None) } else { within.object(name).map(Some) }
}

/// A text that may be left out or empty, both of which say nothing.
fn said(within: &Object<'_>, name: &str) -> Field<Option<String>> {
    if within.is_blank(name) { Ok(None) } else { within.text(name).map(Some) }
}

/// A text of which an empty one says something else than none.
fn empty_or(within: &Object<'_>, name: &str) -> Field<Option<String>> {
    if within.has(name) && within.is_blank(name) {
        Ok(Some(String::new()))
    } else {
        given(within.text(name))
    }
}
