//! The state made of API responses, as `--state` supplies them.
//!
//! Where a grant has several policies, the responses about each stand in a list, in the order of
//! `ListAttached…Policies` or `List…Policies`.

use model::Target;
use serde::Deserialize;
use serde_json::Value;

use super::state::{Boundary, Grant, GrantState, Holder, Permissions, Source, Version};
use crate::{StateError, responses};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PolicyVersion {
    version_id: String,
    document: Value,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetPolicyVersion {
    policy_version: PolicyVersion,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Policy {
    default_version_id: String,
    attachment_count: Option<u32>,
    permissions_boundary_usage_count: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetPolicy {
    policy: Policy,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetInline {
    policy_name: String,
    policy_document: Value,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Attached {
    attached_policies: Vec<AttachedPolicy>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AttachedPolicy {
    policy_arn: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct InlineNames {
    policy_names: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Groups {
    groups: Vec<GroupName>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GroupName {
    group_name: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct HolderResponse {
    arn: String,
    permissions_boundary: Option<BoundaryResponse>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct BoundaryResponse {
    permissions_boundary_arn: String,
}

/// A document, as an object (as the command line prints it) or as text.
fn text(document: &Value) -> String {
    let text = document.as_str().map_or_else(|| document.to_string(), str::to_owned);
    if text.trim_start().starts_with('%') {
        return percent_encoding::percent_decode_str(&text).decode_utf8_lossy().into_owned();
    }
    text
}

/// One response or a list of them.
fn all<T: serde::de::DeserializeOwned>(
    target: &Target,
    given: &Value,
    operation: &'static str,
) -> Result<Vec<T>, StateError> {
    let Some(Value::Array(list)) = given.get(operation) else {
        return Ok(responses::optional(target, given, operation)?.into_iter().collect());
    };
    list.iter()
        .map(|one| T::deserialize(one).map_err(|error| responses::unfit(target, operation, error)))
        .collect()
}

pub(super) fn state(target: &Target, given: &Value) -> Result<GrantState, StateError> {
    let missing = |operation| StateError::Missing { operation, arn: target.resource.arn.clone() };
    let grant = Grant::of(target).ok_or_else(|| missing("GetPolicy"))?;
    let versions: Vec<GetPolicyVersion> = all(target, given, "GetPolicyVersion")?;
    let managed = |arn: &str, version: &PolicyVersion| Permissions {
        source: Source::Managed { arn: arn.to_owned(), version: Some(version.version_id.clone()) },
        document: Some(text(&version.document)),
    };
    let mut state = match &grant {
        Grant::Attachment { holder, policy_arn } => {
            let version = versions.first().ok_or_else(|| missing("GetPolicyVersion"))?;
            let mut state =
                GrantState::granting(vec![managed(policy_arn, &version.policy_version)]);
            if let Some(attached) = attached(target, given, holder)? {
                state.stands = attached.iter().any(|one| one.policy_arn == *policy_arn);
            }
            state
        }
        Grant::Inline { holder, policy } => {
            let found = inline(target, given, holder)?;
            let one = found
                .into_iter()
                .find(|one| one.source.name() == policy)
                .ok_or_else(|| missing("GetUserPolicy"))?;
            GrantState::granting(vec![one])
        }
        Grant::Membership { group, .. } => {
            holdings(target, given, &Holder::Group(group.clone()), &versions)?
        }
        Grant::Boundary { holder } => {
            let mut state = holdings(target, given, holder, &versions)?;
            state.unread.extend(by_groups(target, given, holder)?);
            state
        }
        Grant::Policy { policy_arn, staged } => {
            let policy: GetPolicy = responses::required(target, given, "GetPolicy")?;
            let default = policy.policy.default_version_id;
            let asked = staged.as_ref().unwrap_or(&default);
            let one = versions
                .iter()
                .find(|one| one.policy_version.version_id == *asked)
                .ok_or_else(|| missing("GetPolicyVersion"))?;
            let mut state = GrantState::granting(vec![managed(policy_arn, &one.policy_version)]);
            state.attached =
                policy.policy.attachment_count.map(|count| count > 0 && *asked == default);
            state.bounds = *asked == default
                && policy.policy.permissions_boundary_usage_count.is_some_and(|count| count > 0);
            state.versions = versions
                .iter()
                .map(|one| &one.policy_version)
                .filter(|one| one.version_id != default)
                .map(|one| Version {
                    id: one.version_id.clone(),
                    document: Some(text(&one.document)),
                })
                .collect();
            state.default_version = Some(default);
            state
        }
    };
    who(target, given, &mut state)?;
    Ok(state)
}

const fn list_attached(holder: &Holder) -> &'static str {
    match holder {
        Holder::User(_) => "ListAttachedUserPolicies",
        Holder::Role(_) => "ListAttachedRolePolicies",
        Holder::Group(_) => "ListAttachedGroupPolicies",
    }
}

const fn list_inline(holder: &Holder) -> &'static str {
    match holder {
        Holder::User(_) => "ListUserPolicies",
        Holder::Role(_) => "ListRolePolicies",
        Holder::Group(_) => "ListGroupPolicies",
    }
}

/// What a user has by groups, which no response tells here: none only where it is in none.
fn by_groups(target: &Target, given: &Value, holder: &Holder) -> Result<Vec<String>, StateError> {
    const LIST: &str = "ListGroupsForUser";
    if !matches!(holder, Holder::User(_)) {
        return Ok(Vec::new());
    }
    let Some(groups) = responses::optional::<Groups>(target, given, LIST)? else {
        return Ok(vec![LIST.to_owned()]);
    };
    Ok(groups.groups.into_iter().map(|group| format!("policies of {}", group.group_name)).collect())
}

fn attached(
    target: &Target,
    given: &Value,
    holder: &Holder,
) -> Result<Option<Vec<AttachedPolicy>>, StateError> {
    let answer: Option<Attached> = responses::optional(target, given, list_attached(holder))?;
    Ok(answer.map(|answer| answer.attached_policies))
}

fn inline(target: &Target, given: &Value, holder: &Holder) -> Result<Vec<Permissions>, StateError> {
    let operation = match holder {
        Holder::User(_) => "GetUserPolicy",
        Holder::Role(_) => "GetRolePolicy",
        Holder::Group(_) => "GetGroupPolicy",
    };
    let answers: Vec<GetInline> = all(target, given, operation)?;
    Ok(answers
        .into_iter()
        .map(|one| Permissions {
            source: Source::Inline { name: one.policy_name },
            document: Some(text(&one.policy_document)),
        })
        .collect())
}

/// Everything that a holder has.
fn holdings(
    target: &Target,
    given: &Value,
    holder: &Holder,
    versions: &[GetPolicyVersion],
) -> Result<GrantState, StateError> {
    let attached = attached(target, given, holder)?.ok_or_else(|| StateError::Missing {
        operation: list_attached(holder),
        arn: target.resource.arn.clone(),
    })?;
    let mut permissions = inline(target, given, holder)?;
    let mut unread = Vec::new();
    match responses::optional::<InlineNames>(target, given, list_inline(holder))? {
        Some(names) => {
            for name in names.policy_names {
                if !permissions.iter().any(|one| one.source.name() == name) {
                    let source = Source::Inline { name };
                    permissions.push(Permissions { source, document: None });
                }
            }
        }
        // Those that are given may be all there are; none at all is no answer.
        None if permissions.is_empty() => unread.push(list_inline(holder).to_owned()),
        None => {}
    }
    for (place, policy) in attached.into_iter().enumerate() {
        let version = versions.get(place).map(|one| &one.policy_version);
        permissions.push(Permissions {
            source: Source::Managed {
                arn: policy.policy_arn,
                version: version.map(|version| version.version_id.clone()),
            },
            document: version.map(|version| text(&version.document)),
        });
    }
    Ok(GrantState { unread, ..GrantState::granting(permissions) })
}

/// The holder itself, where it is given.
fn who(target: &Target, given: &Value, state: &mut GrantState) -> Result<(), StateError> {
    for (operation, member) in [("GetUser", "User"), ("GetRole", "Role"), ("GetGroup", "Group")] {
        let Some(response) = given.get(operation) else { continue };
        let holder = HolderResponse::deserialize(response.get(member).unwrap_or(&Value::Null))
            .map_err(|error| responses::unfit(target, operation, error))?;
        state.arn = Some(holder.arn);
        state.boundary = holder.permissions_boundary.map_or(Boundary::None, |boundary| {
            let document = given.get("PermissionsBoundaryDocument").map(text);
            Boundary::Set { arn: boundary.permissions_boundary_arn, document }
        });
    }
    Ok(())
}
