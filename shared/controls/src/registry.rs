//! Every control there is. Adding one means adding it here; functions, docs, samples and template
//! are compared with this list.

use crate::{
    AnyControl, ConsoleSignIn, IamAdminGrant, IamCredentials, IamPasswordPolicy, IamTrustPolicy,
    S3AccessDenied, S3BucketPolicy, S3BucketSafeguards, S3PublicAccessBlock, S3PublicAcl,
    S3UnencryptedUpload,
};

/// Every control, sorted by id.
#[must_use]
pub fn all() -> &'static [&'static dyn AnyControl] {
    &[
        &ConsoleSignIn,
        &IamAdminGrant,
        &IamCredentials,
        &IamPasswordPolicy,
        &IamTrustPolicy,
        &S3AccessDenied,
        &S3BucketPolicy,
        &S3BucketSafeguards,
        &S3PublicAccessBlock,
        &S3PublicAcl,
        &S3UnencryptedUpload,
    ]
}
