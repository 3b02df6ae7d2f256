//! The IAM calls that give permissions to users, groups and roles, or bound them.
//!
//! Each of them names a part of these members; what a call has no member for is absent.

use crate::parameters::{Field, FromMembers, Object, Unusable};

/// `Attach…Policy`, `Put…Policy`, `CreatePolicy`, `CreatePolicyVersion`, `SetDefaultPolicyVersion`,
/// `AddUserToGroup`, `…PermissionsBoundary`, `CreateUser` and `CreateRole`, as asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantCall {
    /// `userName`.
    pub user: Field<String>,
    /// `roleName`.
    pub role: Field<String>,
    /// `groupName`.
    pub group: Field<String>,
    /// `policyArn`: a managed policy.
    pub policy_arn: Field<String>,
    /// `policyName`: of an inline policy, or of a managed one that is made.
    pub policy: Field<String>,
    /// `path` of what is made; absent means `/`.
    pub path: Field<String>,
    /// `permissionsBoundary`: an ARN.
    pub boundary: Field<String>,
    /// `setAsDefault`; absent means no.
    pub as_default: Field<bool>,
    /// `policyDocument`: JSON text.
    pub document: Field<String>,
}

impl GrantCall {
    /// Whether a boundary is asked for, even one that cannot be read.
    #[must_use]
    pub fn has_boundary(&self) -> bool {
        !self.boundary.as_ref().is_err_and(Unusable::is_absent)
    }
}

impl FromMembers for GrantCall {
    fn from_members(object: &Object<'_>) -> Self {
        Self {
            user: object.text("userName"),
            role: object.text("roleName"),
            group: object.text("groupName"),
            policy_arn: object.text("policyArn"),
            policy: object.text("policyName"),
            path: object.text("path"),
            boundary: object.text("permissionsBoundary"),
            as_default: object.flag("setAsDefault"),
            document: object.document("policyDocument"),
        }
    }
}

/// `CreatePolicy` and `CreatePolicyVersion`, as answered: `responseElements`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadePolicy {
    /// `policy.arn`, path included.
    pub arn: Field<String>,
    /// `policyVersion.versionId`: `v3`.
    pub version: Field<String>,
}

impl FromMembers for MadePolicy {
    fn from_members(object: &Object<'_>) -> Self {
        let within =
            |outer, name| object.object(outer).and_then(|inner: Object<'_>| inner.text(name));
        Self { arn: within("policy", "arn"), version: within("policyVersion", "versionId") }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{Event, Record};

    #[expect(clippy::needless_pass_by_value, reason = "`json!` at the call reads better")]
    fn record(parameters: Value, response: Value) -> Record {
        let record = json!({
            "eventName": "PutUserPolicy", "eventSource": "iam.amazonaws.com",
            "requestParameters": parameters, "responseElements": response,
        });
        Event::from_value(&record).unwrap().record
    }

    fn asked(parameters: Value) -> GrantCall {
        record(parameters, Value::Null).parameters().unwrap()
    }

    #[test]
    fn what_a_call_has_no_member_for_is_absent_and_not_malformed() {
        let call = asked(json!({"userName": "bob", "policyName": "p", "policyDocument": "{}"}));
        assert_eq!(call.user.as_deref(), Ok("bob"));
        assert_eq!(call.document.as_deref(), Ok("{}"));
        assert!(call.role.unwrap_err().is_absent());
        assert!(call.as_default.unwrap_err().is_absent());
    }

    #[test]
    fn a_member_is_read_in_its_old_and_its_new_form() {
        let old = asked(json!({"policyArn": ["arn:…"], "setAsDefault": "true"}));
        let new = asked(json!({"policyArn": "arn:…", "setAsDefault": true}));
        assert_eq!(old.policy_arn.as_deref(), Ok("arn:…"));
        assert_eq!((old.policy_arn, old.as_default), (new.policy_arn, new.as_default));
    }

    #[test]
    fn a_boundary_that_cannot_be_read_is_asked_for_all_the_same() {
        assert!(!asked(json!({"roleName": "x"})).has_boundary());
        assert!(asked(json!({"roleName": "x", "permissionsBoundary": "arn:…"})).has_boundary());
        assert!(asked(json!({"roleName": "x", "permissionsBoundary": 7})).has_boundary());
    }

    #[test]
    fn the_answer_names_what_was_made() {
        let answer = json!({"policyVersion": {"versionId": "v3"}});
        let made: MadePolicy = record(json!({}), answer).response().unwrap();
        assert_eq!(made.version.as_deref(), Ok("v3"));
        assert!(made.arn.unwrap_err().is_absent());
    }
}
