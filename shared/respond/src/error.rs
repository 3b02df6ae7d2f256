//! What AWS refused, classified once.

use thiserror::Error;

/// Whether trying again could help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Retry {
    /// Throttled, timed out, conflict, a server's fault: deliver the event again.
    Worthwhile,
    /// Denied, invalid, unsupported: tell a person.
    Pointless,
    /// The thing does not exist.
    Gone,
    /// A precondition failed: the resource moved on between read and write. Observe again.
    Moved,
}

/// A call that AWS refused or that did not end. Made in `aws` and nowhere else (fakes aside).
#[derive(Debug, Error)]
#[error("`{operation}` of `{resource}` failed: {code}")]
pub struct CloudError {
    /// `s3:GetBucketAcl`.
    pub operation: &'static str,
    /// The resource's ARN or name.
    pub resource: String,
    /// AWS's error code (`AccessDenied`), or `timeout`, `dispatch`, `unreadable response`.
    pub code: String,
    /// AWS's request id.
    pub request_id: Option<String>,
    /// Whether trying again could help.
    pub retry: Retry,
    /// Whether a write may have reached AWS although its answer did not reach us.
    pub in_doubt: bool,
    /// The SDK's own error.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}
