//! What `s3-public-access-block` could ever do.

use model::{Operation, Remedy, Resource, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::state::Switch;
use crate::{
    Tags,
    s3::{self, PublicAccessBlock},
};

/// Turns switches of Block Public Access on, or marks the bucket.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "remedy", rename_all = "snake_case")]
pub enum BlockRemedy {
    /// `PutPublicAccessBlock` of a bucket or of the account, or in an inverse
    /// `DeletePublicAccessBlock`. The API replaces all four and has no compare-and-set, so the
    /// adapter reads once more and refuses when the configuration is not `before` any longer.
    SetBlock {
        /// The bucket, or the account.
        resource: Resource,
        /// The configuration it was made for; `None`: there was none.
        before: Option<PublicAccessBlock>,
        /// The configuration it leaves; `None`, in an inverse alone: none.
        after: Option<PublicAccessBlock>,
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

impl Remedy for BlockRemedy {
    fn needs(&self) -> Response {
        match self {
            Self::SetBlock { .. } => Response::Revert,
            Self::PutTags { .. } => Response::Tag,
        }
    }

    fn operations(&self) -> Vec<Operation> {
        match self {
            Self::SetBlock { resource, after, .. } => vec![set(resource, *after)],
            Self::PutTags { resource, after, .. } => vec![s3::put_tags(resource, after)],
        }
    }

    fn inverse(&self) -> Option<Self> {
        Some(match self.clone() {
            Self::SetBlock { resource, before, after } => {
                Self::SetBlock { resource, before: after, after: before }
            }
            Self::PutTags { resource, before, after } => {
                Self::PutTags { resource, before: after, after: before }
            }
        })
    }

    /// Deleting a configuration asks for the same action as setting one.
    /// Sources: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeletePublicAccessBlock.html>,
    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_DeletePublicAccessBlock.html>.
    fn iam_actions(&self) -> &'static [&'static str] {
        match self {
            Self::SetBlock { resource, .. } if resource.id.bucket().is_some() => {
                &["s3:GetBucketPublicAccessBlock", "s3:PutBucketPublicAccessBlock"]
            }
            Self::SetBlock { .. } => {
                &["s3:GetAccountPublicAccessBlock", "s3:PutAccountPublicAccessBlock"]
            }
            Self::PutTags { resource, .. } => s3::tag_actions(resource),
        }
    }

    /// Both only turn switches on, from the same configuration: what both leave has those of either.
    fn join(&self, other: &Self) -> Option<Self> {
        let (
            Self::SetBlock { resource, before, after: Some(after) },
            Self::SetBlock {
                resource: other_resource,
                before: other_before,
                after: Some(other_after),
            },
        ) = (self, other)
        else {
            return None;
        };
        let adds = |after: PublicAccessBlock| {
            let before = before.unwrap_or_default();
            Switch::ALL.into_iter().all(|switch| switch.is_on(after) || !switch.is_on(before))
        };
        if resource != other_resource
            || before != other_before
            || !adds(*after)
            || !adds(*other_after)
        {
            return None;
        }
        let on = Switch::ALL.into_iter().filter(|switch| switch.is_on(*other_after));
        Some(Self::SetBlock {
            resource: resource.clone(),
            before: *before,
            after: Some(on.fold(*after, |block, switch| switch.turned_on(block))),
        })
    }

    fn document_change(&self) -> Option<(String, String)> {
        match self {
            Self::SetBlock { before, after, .. } => Some((in_words(*before), in_words(*after))),
            Self::PutTags { .. } => None,
        }
    }
}

fn set(resource: &Resource, after: Option<PublicAccessBlock>) -> Operation {
    let on_bucket = resource.id.bucket().is_some();
    let service = if on_bucket { "s3" } else { "s3control" };
    let mut parameters = if on_bucket {
        s3::named(resource)
    } else {
        [("AccountId".to_owned(), Value::from(resource.account.as_str()))].into_iter().collect()
    };
    let operation = match after {
        Some(block) => {
            parameters.insert("PublicAccessBlockConfiguration".to_owned(), json!(block));
            "PutPublicAccessBlock"
        }
        None => "DeletePublicAccessBlock",
    };
    Operation::new(format!("{service}:{operation}"), Value::Object(parameters))
}

/// One switch a line, for showing what changes.
fn in_words(block: Option<PublicAccessBlock>) -> String {
    let Some(block) = block else { return "no configuration\n".to_owned() };
    let word = |switch: Switch| if switch.is_on(block) { "on" } else { "off" };
    let lines: Vec<String> = Switch::ALL
        .into_iter()
        .map(|switch| format!("{} {}\n", switch.name(), word(switch)))
        .collect();
    lines.concat()
}
