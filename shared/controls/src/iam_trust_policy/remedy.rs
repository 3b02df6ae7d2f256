//! What `iam-trust-policy` could ever do.

use iam_document::edit;
use model::{Operation, Remedy, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    Tags,
    documents::{self, Edits},
    tags,
};

/// Rewrites a role's trust document without what is wrong with it, or marks the role.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "remedy", rename_all = "snake_case")]
pub enum TrustRemedy {
    /// `UpdateAssumeRolePolicy`. IAM has no compare-and-set for trust documents, so the adapter
    /// reads once more and refuses when the document is not `before` any longer.
    UpdateAssumeRolePolicy {
        /// The role's name.
        role: String,
        /// The document it was made for, as text.
        before: String,
        /// The document it leaves, as text.
        after: String,
        /// What becomes of the statements of `before` that are changed, by their place: what they
        /// turn into, or null where they are taken out. Empty in an inverse.
        #[serde(default, deserialize_with = "documents::read_back")]
        edits: Edits,
    },
    /// `TagRole`, which merges by itself: only `tags` are written.
    TagRole {
        /// The role's name.
        role: String,
        /// The tags to set.
        tags: Tags,
        /// The values that those keys had before; keys that were not there are missing here.
        before: Tags,
    },
    /// `UntagRole` of keys that a [`TrustRemedy::TagRole`] added, then `TagRole` of the values it
    /// overwrote. Only ever an inverse.
    RestoreTags {
        /// The role's name.
        role: String,
        /// What Snapback had set.
        tags: Tags,
        /// What was there before.
        before: Tags,
    },
}

impl Remedy for TrustRemedy {
    fn needs(&self) -> Response {
        match self {
            Self::UpdateAssumeRolePolicy { .. } => Response::Revert,
            Self::TagRole { .. } | Self::RestoreTags { .. } => Response::Tag,
        }
    }

    fn operations(&self) -> Vec<Operation> {
        match self {
            Self::UpdateAssumeRolePolicy { role, after, .. } => vec![Operation::new(
                "iam:UpdateAssumeRolePolicy",
                json!({"RoleName": role, "PolicyDocument": after}),
            )],
            Self::TagRole { role, tags, .. } => vec![tags::set_on("Role", role, tags)],
            Self::RestoreTags { role, tags, before } => {
                tags::restored_on("Role", role, tags, before)
            }
        }
    }

    fn inverse(&self) -> Option<Self> {
        Some(match self.clone() {
            Self::UpdateAssumeRolePolicy { role, before, after, .. } => {
                let edits = Edits::new();
                Self::UpdateAssumeRolePolicy { role, before: after, after: before, edits }
            }
            Self::TagRole { role, tags, before } => Self::RestoreTags { role, tags, before },
            Self::RestoreTags { role, tags, before } => Self::TagRole { role, tags, before },
        })
    }

    fn iam_actions(&self) -> &'static [&'static str] {
        match self {
            Self::UpdateAssumeRolePolicy { .. } => &["iam:GetRole", "iam:UpdateAssumeRolePolicy"],
            Self::TagRole { .. } => &["iam:GetRole", "iam:TagRole"],
            Self::RestoreTags { .. } => &["iam:GetRole", "iam:TagRole", "iam:UntagRole"],
        }
    }

    fn join(&self, other: &Self) -> Option<Self> {
        let (
            Self::UpdateAssumeRolePolicy { role, before, edits, .. },
            Self::UpdateAssumeRolePolicy {
                role: other_role,
                before: other_before,
                edits: other_edits,
                ..
            },
        ) = (self, other)
        else {
            return None;
        };
        if role != other_role || before != other_before {
            return None;
        }
        let edits = documents::join(edits, other_edits)?;
        // IAM takes no empty document: where nobody is left, everyone is denied.
        let otherwise = Some(edit::deny_everyone());
        let after = documents::apply(before, &edits, &[], otherwise).ok().flatten()?;
        Some(Self::UpdateAssumeRolePolicy {
            role: role.clone(),
            before: before.clone(),
            after,
            edits,
        })
    }

    fn document_change(&self) -> Option<(String, String)> {
        match self {
            Self::UpdateAssumeRolePolicy { before, after, .. } => {
                Some((documents::readable(before), documents::readable(after)))
            }
            Self::TagRole { .. } | Self::RestoreTags { .. } => None,
        }
    }
}
