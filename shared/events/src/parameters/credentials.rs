//! The IAM calls about access keys, console passwords and MFA devices.
//!
//! A call about oneself names nobody: its parameters are null, or lack `userName`.
//! Source: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccessKey.html>.

use crate::parameters::{Field, FromMembers, Object};

/// `CreateAccessKey`, `UpdateAccessKey`, `CreateLoginProfile`, `UpdateLoginProfile`,
/// `DeactivateMFADevice` and `DeleteVirtualMFADevice`, as asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialCall {
    /// `userName`. For a device of the root user, the words `AWS ROOT USER`.
    pub user: Field<String>,
    /// `accessKeyId`.
    pub access_key: Field<String>,
    /// `status`: `Active` or `Inactive`.
    pub status: Field<String>,
    /// `passwordResetRequired`.
    pub reset_required: Field<bool>,
    /// `serialNumber`: of a virtual device its ARN, of another what is printed on it.
    pub serial: Field<String>,
}

impl FromMembers for CredentialCall {
    fn from_members(object: &Object<'_>) -> Self {
        Self {
            user: object.text("userName"),
            access_key: object.text("accessKeyId"),
            status: object.text("status"),
            reset_required: object.flag("passwordResetRequired"),
            serial: object.text("serialNumber"),
        }
    }
}

/// `CreateAccessKey` and `CreateLoginProfile`, as answered: what was made, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatedCredential {
    /// `userName`; not told of the root user.
    pub user: Field<String>,
    /// `accessKeyId`.
    pub access_key: Field<String>,
    /// `status`.
    pub status: Field<String>,
    /// `passwordResetRequired`.
    pub reset_required: Field<bool>,
}

impl FromMembers for CreatedCredential {
    fn from_members(object: &Object<'_>) -> Self {
        let made = object.object("accessKey").or_else(|_| object.object("loginProfile"));
        let text = |name| made.as_ref().map_err(Clone::clone).and_then(|made| made.text(name));
        Self {
            user: text("userName"),
            access_key: text("accessKeyId"),
            status: text("status"),
            reset_required: made
                .as_ref()
                .map_err(Clone::clone)
                .and_then(|made| made.flag("passwordResetRequired")),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Event;

    #[expect(clippy::needless_pass_by_value, reason = "`json!` at the call reads better")]
    fn record(parameters: serde_json::Value, response: serde_json::Value) -> crate::Record {
        let record = json!({
            "eventName": "CreateAccessKey", "eventSource": "iam.amazonaws.com",
            "requestParameters": parameters, "responseElements": response,
        });
        Event::from_value(&record).unwrap().record
    }

    #[test]
    fn a_member_is_read_in_its_old_and_its_new_form() {
        let old =
            record(json!({"userName": ["bob"], "passwordResetRequired": "true"}), json!(null));
        let new = record(json!({"userName": "bob", "passwordResetRequired": true}), json!(null));
        let read = |record: &crate::Record| record.parameters::<CredentialCall>().unwrap();
        assert_eq!(read(&old).user, Ok("bob".to_owned()));
        assert_eq!(read(&old).user, read(&new).user);
        assert_eq!(read(&old).reset_required, read(&new).reset_required);
        assert!(read(&new).access_key.unwrap_err().is_absent());
    }

    #[test]
    fn an_answer_tells_the_key_or_the_profile_and_null_parameters_tell_nothing() {
        let made = record(
            json!(null),
            json!({"accessKey": {"accessKeyId": "AKIAEXAMPLE", "status": "Active"}}),
        );
        assert!(made.parameters::<CredentialCall>().unwrap_err().is_absent());
        let answer = made.response::<CreatedCredential>().unwrap();
        assert_eq!(answer.access_key, Ok("AKIAEXAMPLE".to_owned()));
        assert!(answer.user.is_err());
        let profile = record(
            json!({"userName": "bob"}),
            json!({"loginProfile": {"userName": "bob", "passwordResetRequired": false}}),
        );
        assert_eq!(profile.response::<CreatedCredential>().unwrap().reset_required, Ok(false));
    }
}
