//! What `iam-admin-grant` could ever do: take back exactly one grant, or mark whose it is.

use std::collections::BTreeSet;

use model::{Operation, Remedy, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    inline::{self, Mended},
    state::{Grant, Holder, Permissions},
};
use crate::{Tags, tags};

/// What carries Snapback's tags. Groups cannot.
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html>.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "name", rename_all = "snake_case")]
pub enum Tagged {
    /// A user, by name.
    User(String),
    /// A role, by name.
    Role(String),
    /// A managed policy, by ARN.
    Policy(String),
}

impl Tagged {
    const fn kind(&self) -> &'static str {
        match self {
            Self::User(_) => "User",
            Self::Role(_) => "Role",
            Self::Policy(_) => "Policy",
        }
    }

    fn named(&self) -> (&'static str, &str) {
        match self {
            Self::User(name) => ("UserName", name),
            Self::Role(name) => ("RoleName", name),
            Self::Policy(arn) => ("PolicyArn", arn),
        }
    }
}

/// Takes back one grant.
///
/// IAM has no compare-and-set, so for each of them the adapter reads once more, just before, what
/// it was made for and refuses when that has moved on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "remedy", rename_all = "snake_case")]
pub enum GrantRemedy {
    /// `Detach…Policy`, while the policy's default version is the one that was judged.
    Detach {
        /// From whom.
        holder: Holder,
        /// The policy.
        policy_arn: String,
        /// The version that was judged.
        version: Option<String>,
    },
    /// `Attach…Policy`. Only ever an inverse.
    Attach {
        /// To whom.
        holder: Holder,
        /// The policy.
        policy_arn: String,
        /// The version that was judged.
        version: Option<String>,
    },
    /// `Delete…Policy` of an inline policy that is nothing but what is wrong with it, while its
    /// document is the one that was judged.
    DeleteInline {
        /// Whose policy.
        holder: Holder,
        /// Its name.
        policy: String,
        /// The document, as text.
        document: String,
    },
    /// `Put…Policy` of an inline policy without the statements that are wrong, while its document is
    /// the one that was judged. Only where the account asks for it.
    CutInline {
        /// Whose policy.
        holder: Holder,
        /// Its name.
        policy: String,
        /// The document it was made for, as text.
        before: String,
        /// The places of the statements that go, from 0.
        cut: BTreeSet<usize>,
        /// The document it leaves.
        after: String,
    },
    /// `Put…Policy` with the statements that a [`GrantRemedy::CutInline`] took, while its document is
    /// the one that was left. Only ever an inverse.
    UncutInline {
        /// Whose policy.
        holder: Holder,
        /// Its name.
        policy: String,
        /// The document that was there, as text.
        before: String,
        /// The places of the statements that come back, from 0.
        cut: BTreeSet<usize>,
        /// The document that was left.
        after: String,
    },
    /// `Put…Policy` with what was there. Only ever an inverse.
    RestoreInline {
        /// Whose policy.
        holder: Holder,
        /// Its name.
        policy: String,
        /// What was there.
        document: String,
    },
    /// `SetDefaultPolicyVersion`; a version is never deleted.
    SetDefault {
        /// The policy.
        policy_arn: String,
        /// The version that is the default one.
        before: String,
        /// The version that becomes it.
        after: String,
    },
    /// `RemoveUserFromGroup`, while the group still gives what was judged.
    LeaveGroup {
        /// The user.
        user: String,
        /// The group.
        group: String,
        /// The group's policies that were found dangerous, as [`Permissions::to_be_read_again`]
        /// has them.
        because: BTreeSet<Permissions>,
    },
    /// `AddUserToGroup`. Only ever an inverse.
    JoinGroup {
        /// The user.
        user: String,
        /// The group.
        group: String,
        /// The group's policies that were found dangerous, as [`Permissions::to_be_read_again`]
        /// has them.
        because: BTreeSet<Permissions>,
    },
    /// `Put…PermissionsBoundary`.
    SetBoundary {
        /// Whose.
        holder: Holder,
        /// The boundary it was made for; `None`: none.
        before: Option<String>,
        /// The boundary it leaves.
        after: String,
        /// The boundaries that were compared, with what they said: a policy's ARN does not tell.
        #[serde(default)]
        because: BTreeSet<Permissions>,
    },
    /// `Delete…PermissionsBoundary`. Only ever an inverse.
    DropBoundary {
        /// Whose.
        holder: Holder,
        /// The boundary that goes.
        before: String,
        /// What its inverse is bound to.
        #[serde(default)]
        because: BTreeSet<Permissions>,
    },
    /// `Tag…`, which merges by itself: only `tags` are written.
    Tag {
        /// What.
        on: Tagged,
        /// The tags to set.
        tags: Tags,
        /// The values that those keys had before; keys that were not there are missing here.
        before: Tags,
    },
    /// `Untag…` of keys that a [`GrantRemedy::Tag`] added, then `Tag…` of the values it overwrote.
    /// Only ever an inverse.
    RestoreTags {
        /// What.
        on: Tagged,
        /// What Snapback had set.
        tags: Tags,
        /// What was there before.
        before: Tags,
    },
}

impl GrantRemedy {
    /// Whether it sets what a grant has set.
    pub(super) fn sets(&self, grant: &Grant) -> bool {
        match self {
            Self::Detach { holder, policy_arn, .. } | Self::Attach { holder, policy_arn, .. } => {
                matches!(grant, Grant::Attachment { holder: to, policy_arn: arn }
                    if to == holder && arn == policy_arn)
            }
            Self::DeleteInline { holder, policy, .. }
            | Self::RestoreInline { holder, policy, .. }
            | Self::CutInline { holder, policy, .. }
            | Self::UncutInline { holder, policy, .. } => {
                matches!(grant, Grant::Inline { holder: to, policy: named }
                    if to == holder && named == policy)
            }
            Self::SetDefault { policy_arn, .. } => {
                matches!(grant, Grant::Policy { policy_arn: arn, .. } if arn == policy_arn)
            }
            Self::LeaveGroup { user, group, .. } | Self::JoinGroup { user, group, .. } => {
                matches!(grant, Grant::Membership { user: of, group: named }
                    if of == user && named == group)
            }
            Self::SetBoundary { holder, .. } | Self::DropBoundary { holder, .. } => {
                matches!(grant, Grant::Boundary { holder: of } if of == holder)
            }
            Self::Tag { .. } | Self::RestoreTags { .. } => false,
        }
    }
}

fn call(verb: &str, holder: &Holder, noun: &str, further: &[(&str, &str)]) -> Operation {
    let kind = holder.kind();
    let mut parameters = Map::from_iter([(format!("{kind}Name"), json!(holder.name()))]);
    parameters.extend(further.iter().map(|(name, value)| ((*name).to_owned(), json!(value))));
    Operation::new(format!("iam:{verb}{kind}{noun}"), Value::Object(parameters))
}

fn tagging(verb: &str, on: &Tagged, name: &str, value: Value) -> Operation {
    let (key, named) = on.named();
    let parameters = Map::from_iter([(key.to_owned(), json!(named)), (name.to_owned(), value)]);
    Operation::new(format!("iam:{verb}{}", on.kind()), Value::Object(parameters))
}

impl Remedy for GrantRemedy {
    fn needs(&self) -> Response {
        match self {
            Self::Tag { .. } | Self::RestoreTags { .. } => Response::Tag,
            Self::Detach { .. }
            | Self::Attach { .. }
            | Self::DeleteInline { .. }
            | Self::RestoreInline { .. }
            | Self::CutInline { .. }
            | Self::UncutInline { .. }
            | Self::SetDefault { .. }
            | Self::LeaveGroup { .. }
            | Self::JoinGroup { .. }
            | Self::SetBoundary { .. }
            | Self::DropBoundary { .. } => Response::Revert,
        }
    }

    fn operations(&self) -> Vec<Operation> {
        let member = |verb: &str, user: &str, group: &str| {
            Operation::new(format!("iam:{verb}"), json!({"GroupName": group, "UserName": user}))
        };
        vec![match self {
            Self::Detach { holder, policy_arn, .. } => {
                call("Detach", holder, "Policy", &[("PolicyArn", policy_arn)])
            }
            Self::Attach { holder, policy_arn, .. } => {
                call("Attach", holder, "Policy", &[("PolicyArn", policy_arn)])
            }
            Self::DeleteInline { holder, policy, .. } => {
                call("Delete", holder, "Policy", &[("PolicyName", policy)])
            }
            Self::RestoreInline { holder, policy, document }
            | Self::CutInline { holder, policy, after: document, .. }
            | Self::UncutInline { holder, policy, before: document, .. } => {
                let further = [("PolicyName", policy.as_str()), ("PolicyDocument", document)];
                call("Put", holder, "Policy", &further)
            }
            Self::SetDefault { policy_arn, after, .. } => Operation::new(
                "iam:SetDefaultPolicyVersion",
                json!({"PolicyArn": policy_arn, "VersionId": after}),
            ),
            Self::LeaveGroup { user, group, .. } => member("RemoveUserFromGroup", user, group),
            Self::JoinGroup { user, group, .. } => member("AddUserToGroup", user, group),
            Self::SetBoundary { holder, after, .. } => {
                call("Put", holder, "PermissionsBoundary", &[("PermissionsBoundary", after)])
            }
            Self::DropBoundary { holder, .. } => call("Delete", holder, "PermissionsBoundary", &[]),
            Self::Tag { on, tags, .. } => tagging("Tag", on, "Tags", tags::to_list(tags)),
            Self::RestoreTags { on, tags, before } => {
                let added: Vec<&String> =
                    tags.keys().filter(|key| !before.contains_key(*key)).collect();
                let mut operations = Vec::new();
                if !added.is_empty() {
                    operations.push(tagging("Untag", on, "TagKeys", json!(added)));
                }
                if !before.is_empty() {
                    operations.push(tagging("Tag", on, "Tags", tags::to_list(before)));
                }
                return operations;
            }
        }]
    }

    fn inverse(&self) -> Option<Self> {
        Some(match self.clone() {
            Self::Detach { holder, policy_arn, version } => {
                Self::Attach { holder, policy_arn, version }
            }
            Self::Attach { holder, policy_arn, version } => {
                Self::Detach { holder, policy_arn, version }
            }
            Self::DeleteInline { holder, policy, document } => {
                Self::RestoreInline { holder, policy, document }
            }
            Self::RestoreInline { holder, policy, document } => {
                Self::DeleteInline { holder, policy, document }
            }
            Self::CutInline { holder, policy, before, cut, after } => {
                Self::UncutInline { holder, policy, before, cut, after }
            }
            Self::UncutInline { holder, policy, before, cut, after } => {
                Self::CutInline { holder, policy, before, cut, after }
            }
            Self::SetDefault { policy_arn, before, after } => {
                Self::SetDefault { policy_arn, before: after, after: before }
            }
            Self::LeaveGroup { user, group, because } => Self::JoinGroup { user, group, because },
            Self::JoinGroup { user, group, because } => Self::LeaveGroup { user, group, because },
            Self::SetBoundary { holder, before: None, after, because } => {
                Self::DropBoundary { holder, before: after, because }
            }
            Self::SetBoundary { holder, before: Some(before), after, because } => {
                Self::SetBoundary { holder, before: Some(after), after: before, because }
            }
            Self::DropBoundary { holder, before, because } => {
                Self::SetBoundary { holder, before: None, after: before, because }
            }
            Self::Tag { on, tags, before } => Self::RestoreTags { on, tags, before },
            Self::RestoreTags { on, tags, before } => Self::Tag { on, tags, before },
        })
    }

    fn iam_actions(&self) -> &'static [&'static str] {
        use Holder::{Group, Role, User};
        match self {
            Self::Detach { holder: User(_), .. } => {
                &["iam:DetachUserPolicy", "iam:GetPolicy", "iam:ListAttachedUserPolicies"]
            }
            Self::Detach { holder: Role(_), .. } => {
                &["iam:DetachRolePolicy", "iam:GetPolicy", "iam:ListAttachedRolePolicies"]
            }
            Self::Detach { holder: Group(_), .. } => {
                &["iam:DetachGroupPolicy", "iam:GetPolicy", "iam:ListAttachedGroupPolicies"]
            }
            Self::Attach { holder: User(_), .. } => {
                &["iam:AttachUserPolicy", "iam:GetPolicy", "iam:ListAttachedUserPolicies"]
            }
            Self::Attach { holder: Role(_), .. } => {
                &["iam:AttachRolePolicy", "iam:GetPolicy", "iam:ListAttachedRolePolicies"]
            }
            Self::Attach { holder: Group(_), .. } => {
                &["iam:AttachGroupPolicy", "iam:GetPolicy", "iam:ListAttachedGroupPolicies"]
            }
            Self::DeleteInline { holder: User(_), .. } => {
                &["iam:DeleteUserPolicy", "iam:GetUserPolicy"]
            }
            Self::DeleteInline { holder: Role(_), .. } => {
                &["iam:DeleteRolePolicy", "iam:GetRolePolicy"]
            }
            Self::DeleteInline { holder: Group(_), .. } => {
                &["iam:DeleteGroupPolicy", "iam:GetGroupPolicy"]
            }
            Self::RestoreInline { holder: User(_), .. }
            | Self::CutInline { holder: User(_), .. }
            | Self::UncutInline { holder: User(_), .. } => {
                &["iam:GetUserPolicy", "iam:PutUserPolicy"]
            }
            Self::RestoreInline { holder: Role(_), .. }
            | Self::CutInline { holder: Role(_), .. }
            | Self::UncutInline { holder: Role(_), .. } => {
                &["iam:GetRolePolicy", "iam:PutRolePolicy"]
            }
            Self::RestoreInline { holder: Group(_), .. }
            | Self::CutInline { holder: Group(_), .. }
            | Self::UncutInline { holder: Group(_), .. } => {
                &["iam:GetGroupPolicy", "iam:PutGroupPolicy"]
            }
            Self::SetDefault { .. } => &["iam:GetPolicy", "iam:SetDefaultPolicyVersion"],
            Self::LeaveGroup { .. } => &[
                "iam:GetGroupPolicy",
                "iam:GetPolicy",
                "iam:ListGroupsForUser",
                "iam:RemoveUserFromGroup",
            ],
            Self::JoinGroup { .. } => &["iam:AddUserToGroup", "iam:ListGroupsForUser"],
            Self::SetBoundary { holder: Role(_), .. } => &[
                "iam:GetPolicy",
                "iam:GetPolicyVersion",
                "iam:GetRole",
                "iam:PutRolePermissionsBoundary",
            ],
            Self::SetBoundary { .. } => &[
                "iam:GetPolicy",
                "iam:GetPolicyVersion",
                "iam:GetUser",
                "iam:PutUserPermissionsBoundary",
            ],
            Self::DropBoundary { holder: Role(_), .. } => {
                &["iam:DeleteRolePermissionsBoundary", "iam:GetRole"]
            }
            Self::DropBoundary { .. } => &["iam:DeleteUserPermissionsBoundary", "iam:GetUser"],
            Self::Tag { on: Tagged::User(_), .. } => &["iam:TagUser"],
            Self::Tag { on: Tagged::Role(_), .. } => &["iam:TagRole"],
            Self::Tag { on: Tagged::Policy(_), .. } => &["iam:TagPolicy"],
            Self::RestoreTags { on: Tagged::User(_), .. } => &["iam:TagUser", "iam:UntagUser"],
            Self::RestoreTags { on: Tagged::Role(_), .. } => &["iam:TagRole", "iam:UntagRole"],
            Self::RestoreTags { on: Tagged::Policy(_), .. } => {
                &["iam:TagPolicy", "iam:UntagPolicy"]
            }
        }
    }

    fn join(&self, other: &Self) -> Option<Self> {
        match (self, other) {
            (
                Self::LeaveGroup { user, group, because },
                Self::LeaveGroup { user: theirs, group: named, because: more },
            ) if user == theirs && group == named => Some(Self::LeaveGroup {
                user: user.clone(),
                group: group.clone(),
                because: because.union(more).cloned().collect(),
            }),
            (
                Self::CutInline { holder, policy, before, cut, .. },
                Self::CutInline { holder: theirs, policy: named, before: was, cut: more, .. },
            ) if holder == theirs && policy == named && before == was => {
                let (holder, policy) = (holder.clone(), policy.clone());
                let before = before.clone();
                match inline::cut_out(&before, cut.union(more).copied().collect()).ok()? {
                    Mended::Nothing => {
                        Some(Self::DeleteInline { holder, policy, document: before })
                    }
                    Mended::Without(cut, after) => {
                        Some(Self::CutInline { holder, policy, before, cut, after })
                    }
                }
            }
            // Whoever takes all of it takes that part too.
            (
                whole @ Self::DeleteInline { holder, policy, document },
                Self::CutInline { holder: theirs, policy: named, before, .. },
            )
            | (
                Self::CutInline { holder: theirs, policy: named, before, .. },
                whole @ Self::DeleteInline { holder, policy, document },
            ) if holder == theirs && policy == named && document == before => Some(whole.clone()),
            _ => (self == other).then(|| self.clone()),
        }
    }

    fn document_change(&self) -> Option<(String, String)> {
        match self {
            Self::DeleteInline { document, .. } => {
                Some((inline::readable(document), String::new()))
            }
            Self::RestoreInline { document, .. } => {
                Some((String::new(), inline::readable(document)))
            }
            Self::CutInline { before, after, .. } => {
                Some((inline::readable(before), inline::readable(after)))
            }
            Self::UncutInline { before, after, .. } => {
                Some((inline::readable(after), inline::readable(before)))
            }
            Self::Detach { .. }
            | Self::Attach { .. }
            | Self::SetDefault { .. }
            | Self::LeaveGroup { .. }
            | Self::JoinGroup { .. }
            | Self::SetBoundary { .. }
            | Self::DropBoundary { .. }
            | Self::Tag { .. }
            | Self::RestoreTags { .. } => None,
        }
    }
}
