//! What `iam-credentials` could ever do. It deletes nothing.

use model::{Operation, Remedy, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{Tags, tags};

/// Switches a key off, asks for a new password, or marks the user.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "remedy", rename_all = "snake_case")]
pub enum CredentialRemedy {
    /// `UpdateAccessKey`. IAM has no compare-and-set, so the adapter reads once more and refuses
    /// when the key is neither as it was nor as it should be.
    SetAccessKey {
        /// The user's name.
        user: String,
        /// The key's id.
        key: String,
        /// Whether it is to be active.
        active: bool,
    },
    /// `UpdateLoginProfile` without a password, which stays the same: both parameters are optional.
    /// Source: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateLoginProfile.html>.
    SetPasswordReset {
        /// The user's name.
        user: String,
        /// When the login profile that was judged was made; `None`: not read.
        created: Option<String>,
        /// Whether the password is to be changed at the next sign-in.
        required: bool,
    },
    /// `DeleteLoginProfile`, while it is the one that was judged. It has no inverse: the password is
    /// nobody's to know, so a person gives the user a new one.
    /// Source: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteLoginProfile.html>.
    RemovePassword {
        /// The user's name.
        user: String,
        /// When the login profile that was judged was made; `None`: not read.
        created: Option<String>,
    },
    /// `TagUser`, which merges by itself: only `tags` are written.
    TagUser {
        /// The user's name.
        user: String,
        /// The tags to set.
        tags: Tags,
        /// The values that those keys had before; keys that were not there are missing here.
        before: Tags,
    },
    /// `UntagUser` of keys that a [`CredentialRemedy::TagUser`] added, then `TagUser` of the values
    /// it overwrote. Only ever an inverse.
    RestoreTags {
        /// The user's name.
        user: String,
        /// What Snapback had set.
        tags: Tags,
        /// What was there before.
        before: Tags,
    },
}

impl Remedy for CredentialRemedy {
    fn needs(&self) -> Response {
        match self {
            Self::SetAccessKey { .. }
            | Self::SetPasswordReset { .. }
            | Self::RemovePassword { .. } => Response::Revert,
            Self::TagUser { .. } | Self::RestoreTags { .. } => Response::Tag,
        }
    }

    fn operations(&self) -> Vec<Operation> {
        match self {
            Self::SetAccessKey { user, key, active } => {
                let status = if *active { "Active" } else { "Inactive" };
                let parameters = json!({"UserName": user, "AccessKeyId": key, "Status": status});
                vec![Operation::new("iam:UpdateAccessKey", parameters)]
            }
            Self::SetPasswordReset { user, required, created: _ } => {
                let parameters = json!({"UserName": user, "PasswordResetRequired": required});
                vec![Operation::new("iam:UpdateLoginProfile", parameters)]
            }
            Self::RemovePassword { user, created: _ } => {
                vec![Operation::new("iam:DeleteLoginProfile", json!({"UserName": user}))]
            }
            Self::TagUser { user, tags, before: _ } => vec![tags::set_on("User", user, tags)],
            Self::RestoreTags { user, tags, before } => {
                tags::restored_on("User", user, tags, before)
            }
        }
    }

    fn inverse(&self) -> Option<Self> {
        Some(match self.clone() {
            Self::SetAccessKey { user, key, active } => {
                Self::SetAccessKey { user, key, active: !active }
            }
            Self::SetPasswordReset { user, created, required } => {
                Self::SetPasswordReset { user, created, required: !required }
            }
            Self::RemovePassword { .. } => return None,
            Self::TagUser { user, tags, before } => Self::RestoreTags { user, tags, before },
            Self::RestoreTags { user, tags, before } => Self::TagUser { user, tags, before },
        })
    }

    fn iam_actions(&self) -> &'static [&'static str] {
        match self {
            Self::SetAccessKey { .. } => &["iam:ListAccessKeys", "iam:UpdateAccessKey"],
            Self::SetPasswordReset { .. } => &["iam:GetLoginProfile", "iam:UpdateLoginProfile"],
            Self::RemovePassword { .. } => &["iam:DeleteLoginProfile", "iam:GetLoginProfile"],
            Self::TagUser { .. } => &["iam:TagUser"],
            Self::RestoreTags { .. } => &["iam:TagUser", "iam:UntagUser"],
        }
    }
}
