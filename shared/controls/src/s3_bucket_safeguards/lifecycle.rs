//! Lifecycle rules, whole: the API replaces the list, so that every member has to be written back.
//!
//! The names are those of the API, so that `aws s3api` prints what is read here.
//! Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleRule.html>.

use serde::{Deserialize, Serialize};

/// The lifecycle of a bucket.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Lifecycle {
    /// The rules, in their order.
    pub rules: Vec<Rule>,
    /// Below which size objects are not moved; `None`: not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transition_default_minimum_object_size: Option<String>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Rule {
    /// Its name within the bucket.
    #[serde(rename = "ID", skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// `Enabled` or `Disabled`.
    pub status: String,
    /// The prefix, in the form that filters have replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// Which objects it is for; without it and without a prefix, all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<Filter>,
    /// When current versions go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiration: Option<Expiration>,
    /// When current versions move.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub transitions: Vec<Transition>,
    /// When noncurrent versions move.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub noncurrent_version_transitions: Vec<NoncurrentTransition>,
    /// When noncurrent versions go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noncurrent_version_expiration: Option<NoncurrentExpiration>,
    /// When uploads that were never completed go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub abort_incomplete_multipart_upload: Option<Abort>,
}

/// Which objects a rule is for: one of the members, or several in `And`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Filter {
    /// Keys that begin so. No wildcard: `*` is a star.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// Objects with this tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<Tag>,
    /// Objects above this size in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object_size_greater_than: Option<i64>,
    /// Objects below this size in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object_size_less_than: Option<i64>,
    /// Several conditions at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub and: Option<And>,
}

/// Several conditions at once.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct And {
    /// Keys that begin so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// Objects with all of these tags.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
    /// Objects above this size in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object_size_greater_than: Option<i64>,
    /// Objects below this size in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object_size_less_than: Option<i64>,
}

/// A tag of an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Tag {
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: String,
}

/// When current versions go. Where versions are kept, a delete marker is put over them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Expiration {
    /// On this date, whatever their age.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// So many days after they were written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days: Option<i32>,
    /// Delete markers without versions go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expired_object_delete_marker: Option<bool>,
}

/// When current versions move.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Transition {
    /// On this date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// So many days after they were written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days: Option<i32>,
    /// Where to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_class: Option<String>,
}

/// When noncurrent versions move.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct NoncurrentTransition {
    /// So many days after they were written over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noncurrent_days: Option<i32>,
    /// Where to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_class: Option<String>,
    /// How many of them stay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub newer_noncurrent_versions: Option<i32>,
}

/// When noncurrent versions go.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct NoncurrentExpiration {
    /// So many days after they were written over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noncurrent_days: Option<i32>,
    /// How many of them stay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub newer_noncurrent_versions: Option<i32>,
}

/// When uploads that were never completed go.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Abort {
    /// So many days after they were begun.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days_after_initiation: Option<i32>,
}

/// Which objects a rule is for, in one form.
#[derive(Default)]
struct Scope<'a> {
    prefix: &'a str,
    tags: Vec<&'a Tag>,
    above: Option<i64>,
    below: Option<i64>,
}

impl Rule {
    /// Whether it does anything. A status that is not told counts as on.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.status != "Disabled"
    }

    /// Days after which current versions go; `None`: they don't, or on a date.
    #[must_use]
    pub fn days(&self) -> Option<i32> {
        self.expiration.as_ref().and_then(|expiration| expiration.days)
    }

    /// The date on which current versions go.
    #[must_use]
    pub fn date(&self) -> Option<&str> {
        self.expiration.as_ref().and_then(|expiration| expiration.date.as_deref())
    }

    /// Days after which noncurrent versions go; `None`: they don't.
    #[must_use]
    pub fn noncurrent_days(&self) -> Option<i32> {
        let expiration = self.noncurrent_version_expiration.as_ref()?;
        // A count without days is no form that the API takes; were it one, nothing would be kept for
        // any time.
        Some(expiration.noncurrent_days.unwrap_or(0))
    }

    /// How many noncurrent versions stay whatever their age.
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_NoncurrentVersionExpiration.html>.
    #[must_use]
    pub fn versions_kept(&self) -> i32 {
        let expiration = self.noncurrent_version_expiration.as_ref();
        expiration.and_then(|expiration| expiration.newer_noncurrent_versions).unwrap_or(0)
    }

    /// Whether it makes data go.
    #[must_use]
    pub fn deletes(&self) -> bool {
        self.days().is_some() || self.date().is_some() || self.noncurrent_days().is_some()
    }

    /// Whether the objects it is for are, for all that can be said, those that the bucket is for:
    /// everything, or the prefix under which CloudTrail and its kin deliver.
    /// Source: <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-find-log-files.html>.
    #[must_use]
    pub fn is_wide(&self) -> bool {
        self.is_for(|prefix| prefix.is_empty() || prefix.starts_with("AWSLogs"))
    }

    /// Whether its author may have taken it to be for everything: a prefix knows no wildcard, so that
    /// a rule for `*` is for keys that begin with a star, and whoever writes it does not mean those.
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-filters.html>.
    #[must_use]
    pub fn is_meant_wide(&self) -> bool {
        self.is_for(|prefix| matches!(prefix, "" | "*" | "/*") || prefix.starts_with("AWSLogs"))
    }

    fn is_for(&self, wide: impl Fn(&str) -> bool) -> bool {
        let wide = |prefix: Option<&str>| prefix.is_none_or(&wide);
        let by_filter = self.filter.as_ref().is_none_or(|filter| match &filter.and {
            Some(and) => and.tags.is_empty() && wide(and.prefix.as_deref()),
            None => filter.tag.is_none() && wide(filter.prefix.as_deref()),
        });
        by_filter && wide(self.prefix.as_deref())
    }

    /// Whether it is for no object that the other is not for.
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        let (ours, theirs) = (self.scope(), other.scope());
        ours.prefix.starts_with(theirs.prefix)
            && theirs.tags.iter().all(|tag| ours.tags.contains(tag))
            && ours.above >= theirs.above
            && theirs.below.is_none_or(|most| ours.below.is_some_and(|size| size <= most))
    }

    fn scope(&self) -> Scope<'_> {
        let own = self.prefix.as_deref();
        let Some(filter) = &self.filter else {
            return Scope { prefix: own.unwrap_or_default(), ..Scope::default() };
        };
        match &filter.and {
            Some(and) => Scope {
                prefix: and.prefix.as_deref().or(own).unwrap_or_default(),
                tags: and.tags.iter().collect(),
                above: and.object_size_greater_than,
                below: and.object_size_less_than,
            },
            None => Scope {
                prefix: filter.prefix.as_deref().or(own).unwrap_or_default(),
                tags: filter.tag.iter().collect(),
                above: filter.object_size_greater_than,
                below: filter.object_size_less_than,
            },
        }
    }

    /// The same without what makes data go; `None`: nothing is left of it. Deletion of markers alone
    /// stays.
    #[must_use]
    pub fn without_deletion(&self) -> Option<Self> {
        let mut kept = self.clone();
        kept.noncurrent_version_expiration = None;
        kept.expiration = kept
            .expiration
            .filter(|expiration| expiration.days.is_none() && expiration.date.is_none());
        let says = kept.expiration.is_some()
            || !kept.transitions.is_empty()
            || !kept.noncurrent_version_transitions.is_empty()
            || kept.abort_incomplete_multipart_upload.is_some();
        says.then_some(kept)
    }
}
