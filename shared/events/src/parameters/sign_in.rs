//! Sign-ins to the console.
//!
//! Source: <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-aws-console-sign-in-events.html>.

use crate::parameters::{Field, FromMembers, Object};

/// `ConsoleLogin`, what the service adds (`additionalEventData`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsoleLogin {
    /// `MFAUsed`, written `Yes`, `YES` or `No`. Of a federated sign-in it says `No`, whatever the
    /// identity provider asked for.
    pub mfa_used: Field<bool>,
    /// `SamlProviderArn`: an identity provider vouched for the user.
    pub saml_provider: Field<String>,
}

impl FromMembers for ConsoleLogin {
    fn from_members(object: &Object<'_>) -> Self {
        let mfa_used =
            object.text("MFAUsed").and_then(|word| match word.to_ascii_lowercase().as_str() {
                "yes" | "true" => Ok(true),
                "no" | "false" => Ok(false),
                _ => Err(object.malformed("MFAUsed", "neither `Yes` nor `No`".to_owned())),
            });
        Self { mfa_used, saml_provider: object.text("SamlProviderArn") }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Event;

    #[test]
    fn mfa_is_read_in_every_spelling_and_nothing_else_is_a_yes_or_a_no() {
        for (word, expected) in [
            (json!("Yes"), Some(true)),
            (json!("YES"), Some(true)),
            (json!("No"), Some(false)),
            (json!(["No"]), Some(false)),
            (json!(false), Some(false)),
            (json!("..."), None),
            (json!(null), None),
        ] {
            let record = json!({
                "eventName": "ConsoleLogin", "eventSource": "signin.amazonaws.com",
                "additionalEventData": {"MFAUsed": word},
            });
            let record = Event::from_value(&record).unwrap().record;
            let read = record.additional::<ConsoleLogin>().unwrap();
            assert_eq!(read.mfa_used.ok(), expected, "{word}");
            assert!(read.saml_provider.unwrap_err().is_absent());
        }
    }
}
