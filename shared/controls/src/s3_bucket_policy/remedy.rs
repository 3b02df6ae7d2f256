//! What `s3-bucket-policy` could ever do.

use model::{Operation, Remedy, Resource, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Tags,
    documents::{self, Edits},
    s3,
};

/// What becomes of a document's statements. Empty in an inverse.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Change {
    /// What the statements that are changed turn into, by their place, or null where they are
    /// taken out.
    #[serde(deserialize_with = "documents::read_back")]
    pub edits: Edits,
    /// The statements that are added at the end.
    pub added: Vec<Value>,
}

/// The document of a bucket that has no policy, to which statements may be added.
pub(super) const NO_STATEMENTS: &str = r#"{"Version":"2012-10-17","Statement":[]}"#;

impl Change {
    fn is_empty(&self) -> bool {
        self.edits.is_empty() && self.added.is_empty()
    }

    /// Both changes in one; `None`: they cannot be told apart, so they are made one after the other.
    fn join(&self, other: &Self) -> Option<Self> {
        if self.is_empty() || other.is_empty() {
            return None;
        }
        let edits = if self.edits.is_empty() {
            other.edits.clone()
        } else if other.edits.is_empty() {
            self.edits.clone()
        } else {
            documents::join(&self.edits, &other.edits)?
        };
        let mut added = self.added.clone();
        added.extend(other.added.iter().filter(|one| !self.added.contains(one)).cloned());
        Some(Self { edits, added })
    }

    /// The document with the change made; `None`: nothing is left of it.
    ///
    /// # Errors
    /// The document cannot be read, so that nothing can be changed in it.
    pub(super) fn apply(&self, before: Option<&str>) -> Result<Option<String>, String> {
        documents::apply(before.unwrap_or(NO_STATEMENTS), &self.edits, &self.added, None)
    }
}

/// Rewrites a bucket's policy without what is wrong with it, puts back what enforced something, or
/// marks the bucket.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "remedy", rename_all = "snake_case")]
pub enum PolicyRemedy {
    /// `PutBucketPolicy`, or `DeleteBucketPolicy` where nothing is left: S3 takes no policy without
    /// statements. S3 has no compare-and-set for policies, so the adapter reads once more and
    /// refuses when the document is not `before` any longer.
    SetPolicy {
        /// The bucket.
        resource: Resource,
        /// The document it was made for, as text; `None`: there was none.
        before: Option<String>,
        /// The document it leaves, as text; `None`: none.
        after: Option<String>,
        /// What becomes of the statements of `before`.
        #[serde(default)]
        change: Change,
    },
    /// `PutBucketTagging`, which replaces the whole set: the adapter reads once more and refuses
    /// when the tags are not `before` any longer.
    PutTags {
        /// The bucket.
        resource: Resource,
        /// The tags it was made for.
        before: Tags,
        /// The tags it leaves.
        after: Tags,
    },
}

impl Remedy for PolicyRemedy {
    fn needs(&self) -> Response {
        match self {
            Self::SetPolicy { .. } => Response::Revert,
            Self::PutTags { .. } => Response::Tag,
        }
    }

    fn operations(&self) -> Vec<Operation> {
        match self {
            Self::SetPolicy { resource, after, .. } => {
                let mut parameters = s3::named(resource);
                let operation = match after {
                    None => "s3:DeleteBucketPolicy",
                    Some(document) => {
                        parameters.insert("Policy".to_owned(), document.as_str().into());
                        "s3:PutBucketPolicy"
                    }
                };
                vec![Operation::new(operation, Value::Object(parameters))]
            }
            Self::PutTags { resource, after, .. } => vec![s3::put_tags(resource, after)],
        }
    }

    fn inverse(&self) -> Option<Self> {
        Some(match self.clone() {
            Self::SetPolicy { resource, before, after, .. } => Self::SetPolicy {
                resource,
                before: after,
                after: before,
                change: Change::default(),
            },
            Self::PutTags { resource, before, after } => {
                Self::PutTags { resource, before: after, after: before }
            }
        })
    }

    fn iam_actions(&self) -> &'static [&'static str] {
        match self {
            Self::SetPolicy { after: None, .. } => &["s3:DeleteBucketPolicy", "s3:GetBucketPolicy"],
            Self::SetPolicy { after: Some(_), .. } => &["s3:GetBucketPolicy", "s3:PutBucketPolicy"],
            Self::PutTags { resource, .. } => s3::tag_actions(resource),
        }
    }

    fn join(&self, other: &Self) -> Option<Self> {
        let (
            Self::SetPolicy { resource, before, change, .. },
            Self::SetPolicy {
                resource: other_resource,
                before: other_before,
                change: other_change,
                ..
            },
        ) = (self, other)
        else {
            return None;
        };
        if resource != other_resource || before != other_before {
            return None;
        }
        let change = change.join(other_change)?;
        let after = change.apply(before.as_deref()).ok()?;
        Some(Self::SetPolicy { resource: resource.clone(), before: before.clone(), after, change })
    }

    fn document_change(&self) -> Option<(String, String)> {
        match self {
            Self::SetPolicy { before, after, .. } => {
                let shown = |document: &Option<String>| {
                    document.as_deref().map_or_else(String::new, documents::readable)
                };
                Some((shown(before), shown(after)))
            }
            Self::PutTags { .. } => None,
        }
    }
}
