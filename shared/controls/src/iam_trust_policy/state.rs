//! What must be read to answer `iam-trust-policy`.

use serde::{Deserialize, Serialize};

/// One role and who may assume it: what `GetRole` tells, or what a record tells of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrustState {
    /// The role's name.
    pub name: String,
    /// `/`, `/service-role/`, …; `None`: `UpdateAssumeRolePolicy` records do not tell.
    pub path: Option<String>,
    /// The ARN with its path; `None`: as for the path.
    pub arn: Option<String>,
    /// The trust document as JSON text, already URL-decoded.
    pub document: String,
}
