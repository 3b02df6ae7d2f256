//! One file per question: triage, project, assess, remedies, tests.
//!
//! Judging is pure: a control is handed the live state of one resource and says what is wrong with
//! it. It never learns which response is allowed, and cannot name a call outside its own remedies.

pub mod console_sign_in;
mod control;
mod documents;
pub mod iam_admin_grant;
pub mod iam_credentials;
pub mod iam_password_policy;
pub mod iam_trust_policy;
mod offline;
mod registry;
mod responses;
pub mod s3;
pub mod s3_access_denied;
pub mod s3_bucket_policy;
pub mod s3_bucket_safeguards;
pub mod s3_public_access_block;
pub mod s3_public_acl;
pub mod s3_unencrypted_upload;
pub mod tags;
#[cfg(test)]
mod test_support;

pub use console_sign_in::ConsoleSignIn;
pub use control::{
    ANY, Control, Memory, NotMine, Observed, Remembered, StateError, Subscription, Tags, Triage,
    record_says,
};
pub use iam_admin_grant::IamAdminGrant;
pub use iam_credentials::IamCredentials;
pub use iam_password_policy::IamPasswordPolicy;
pub use iam_trust_policy::IamTrustPolicy;
pub use offline::{AnyControl, Judged, NoStates, PlannedRemedy, States};
pub use registry::all;
pub use s3_access_denied::S3AccessDenied;
pub use s3_bucket_policy::S3BucketPolicy;
pub use s3_bucket_safeguards::S3BucketSafeguards;
pub use s3_public_access_block::S3PublicAccessBlock;
pub use s3_public_acl::S3PublicAcl;
pub use s3_unencrypted_upload::S3UnencryptedUpload;
