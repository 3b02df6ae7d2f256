//! The IAM calls about roles, and those that grant.
//!
//! Documents are JSON strings in requests and URL-encoded strings in answers. A role's path is told
//! by `CreateRole` alone; every other call names the role without it.
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html>.

mod grants;
mod password;

pub use grants::{GrantCall, MadePolicy};
pub use password::UpdateAccountPasswordPolicy;

use crate::parameters::{Field, FromMembers, Object};

/// `UpdateAssumeRolePolicy`, as asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateAssumeRolePolicy {
    /// `roleName`.
    pub role: Field<String>,
    /// `policyDocument`: the JSON text of the new trust document. The one before is not told.
    pub document: Field<String>,
}

impl FromMembers for UpdateAssumeRolePolicy {
    fn from_members(object: &Object<'_>) -> Self {
        Self { role: object.text("roleName"), document: object.document("policyDocument") }
    }
}

/// `CreateRole`, as asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateRole {
    /// `roleName`.
    pub role: Field<String>,
    /// `path`; absent means `/`.
    pub path: Field<String>,
    /// `assumeRolePolicyDocument`: the JSON text of the trust document.
    pub document: Field<String>,
    /// `permissionsBoundary`: an ARN.
    pub permissions_boundary: Field<String>,
    /// `tags`, keys and values, in order.
    pub tags: Field<Vec<(String, String)>>,
}

impl FromMembers for CreateRole {
    fn from_members(object: &Object<'_>) -> Self {
        Self {
            role: object.text("roleName"),
            path: object.text("path"),
            document: object.document("assumeRolePolicyDocument"),
            permissions_boundary: object.text("permissionsBoundary"),
            tags: tags(object),
        }
    }
}

/// `CreateRole`, as answered: `responseElements.role`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatedRole {
    /// `arn`, path included.
    pub arn: Field<String>,
    /// `roleName`.
    pub role: Field<String>,
    /// `path`.
    pub path: Field<String>,
    /// `roleId`, unique for ever.
    pub id: Field<String>,
    /// `assumeRolePolicyDocument`, decoded.
    pub document: Field<String>,
}

impl FromMembers for CreatedRole {
    fn from_members(object: &Object<'_>) -> Self {
        let role = object.object("role");
        let text = |name| role.as_ref().map_err(Clone::clone).and_then(|role| role.text(name));
        Self {
            arn: text("arn"),
            role: text("roleName"),
            path: text("path"),
            id: text("roleId"),
            document: role
                .as_ref()
                .map_err(Clone::clone)
                .and_then(|role| role.document("assumeRolePolicyDocument")),
        }
    }
}

fn tags(object: &Object<'_>) -> Field<Vec<(String, String)>> {
    object
        .objects("tags")?
        .iter()
        .map(|tag| {
            let value = tag.text("value");
            // A tag's value may be empty, its key may not.
            let value = if tag.has("value") { value.unwrap_or_default() } else { value? };
            Ok((tag.text("key")?, value))
        })
        .collect()
}
