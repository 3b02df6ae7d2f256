//! Who made the call.

use serde::{Deserialize, Serialize};

use crate::AccountId;

/// What kind of identity an actor is: CloudTrail's `userIdentity.type`, and a name for its absence.
///
/// Source: <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html>.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActorKind {
    /// The account's root user.
    Root,
    /// An IAM user.
    IamUser,
    /// A role session.
    AssumedRole,
    /// A role itself (`Role` appears in some service events).
    Role,
    /// `GetFederationToken`.
    FederatedUser,
    /// SAML federation.
    SamlUser,
    /// OpenID Connect federation.
    WebIdentityUser,
    /// IAM Identity Center.
    IdentityCenterUser,
    /// Another account.
    AwsAccount,
    /// An AWS service, or a record without `type` but with `invokedBy`.
    AwsService,
    /// An unsigned request.
    Anonymous,
    /// Not told: native S3 events, `userIdentity: null`, a type from the future.
    Unknown,
}

/// Who made the call, normalised from CloudTrail's `userIdentity`.
///
/// Every text here may be chosen by an attacker (session names, user names): print it only through
/// `alerting`'s encoders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// The kind of identity.
    pub kind: ActorKind,
    /// The most specific stable name: the role's ARN for a role session (not the session's), the
    /// ARN of a user, the service's host name, an account id, `anonymous`, or `unknown`.
    pub id: String,
    /// `userIdentity.arn` as recorded (for a role session: the session's ARN).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    /// The account the identity belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
    /// The role session's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// `invokedBy`: the service that made the call on the identity's behalf. Not an allow-list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoked_by: Option<String>,
    /// `sourceIPAddress` as recorded: an address, a service's name, or a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_ip: Option<String>,
    /// `userAgent` as recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// Whether the session was made with MFA. `None`: the record does not say, which is not "no".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mfa: Option<bool>,
}

impl Actor {
    /// The actor of an event that names none, such as a native S3 event.
    #[must_use]
    pub fn unknown() -> Self {
        Self {
            kind: ActorKind::Unknown,
            id: "unknown".to_owned(),
            arn: None,
            account: None,
            session: None,
            invoked_by: None,
            source_ip: None,
            user_agent: None,
            mfa: None,
        }
    }
}
