//! What AWS refused, classified once: the only place where an SDK error becomes a [`CloudError`].
//!
//! The table decides what happens to an event (deliver again, tell a person, look again, nothing to
//! do), so it is short, and every row of it is tested.

use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use controls::Observed;
use respond::{CloudError, Retry};

/// Whether a call changes something: only then may a lost answer hide a done deed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It changes nothing.
    Read,
    /// It changes something.
    Write,
}

/// Codes after which the same call may succeed later: throttling, conflicts with another change in
/// progress, credentials about to be replaced, and the service's own faults.
///
/// Sources: <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>,
/// <https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html>,
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html>,
/// <https://docs.aws.amazon.com/kms/latest/APIReference/CommonErrors.html>.
const WORTHWHILE: &[&str] = &[
    "BandwidthLimitExceeded",
    "ConcurrentModification",
    "ConcurrentModificationException",
    // S3: another conditional write of the key was in progress; nothing is known of its end.
    "ConditionalRequestConflict",
    "DependencyTimeoutException",
    "EntityTemporarilyUnmodifiable",
    "ExpiredToken",
    "ExpiredTokenException",
    "InternalError",
    "InternalErrorException",
    "InternalFailure",
    "InternalServerError",
    "KMSInternalException",
    "KMSThrottled",
    "KMSThrottledException",
    "KeyUnavailableException",
    "KmsThrottled",
    // S3: a bucket's setting is being changed by somebody else.
    "OperationAborted",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestExpired",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "RequestTimeTooSkewed",
    "RequestTimeout",
    "RequestTimeoutException",
    "ServiceFailure",
    "ServiceUnavailable",
    "ServiceUnavailableException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionConflictException",
    "TransactionInProgressException",
];

/// Codes that say the thing is not there (any more).
const GONE: &[&str] = &[
    "NoSuchBucket",
    "NoSuchEntity",
    "NoSuchEntityException",
    "NoSuchKey",
    "NoSuchVersion",
    "NotFound",
    "NotFoundException",
    "ParameterNotFound",
    "ResourceNotFoundException",
];

/// Codes that say a condition of ours did not hold.
const MOVED: &[&str] = &["ConditionalCheckFailedException", "PreconditionFailed"];

/// The table: what a service's answer means for trying again.
#[must_use]
pub fn classify(code: Option<&str>, status: u16) -> Retry {
    // S3 passes on what KMS said with a prefix. Only "later" carries over: a key that does not exist
    // is not an object that does not exist.
    let passed_on = code.and_then(|code| code.strip_prefix("KMS."));
    if passed_on.is_some_and(|code| WORTHWHILE.contains(&code)) {
        return Retry::Worthwhile;
    }
    match code {
        Some(code) if WORTHWHILE.contains(&code) => Retry::Worthwhile,
        Some(code) if GONE.contains(&code) => Retry::Gone,
        Some(code) if MOVED.contains(&code) => Retry::Moved,
        // Answers to HEAD have no body, hence no code: the status is all there is.
        None if status == 404 => Retry::Gone,
        None if status == 412 => Retry::Moved,
        Some(_) | None if status >= 500 || status == 429 => Retry::Worthwhile,
        Some(_) | None => Retry::Pointless,
    }
}

/// Makes the one error type out of whatever the SDK says.
pub fn cloud_error<E>(
    kind: Kind,
    operation: &'static str,
    resource: impl Into<String>,
    error: SdkError<E, HttpResponse>,
) -> CloudError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let (code, retry, lost) = match &error {
        SdkError::ServiceError(service) => {
            let status = service.raw().status().as_u16();
            let code = service.err().code();
            let retry = classify(code, status);
            // A server's fault says nothing of whether the change was made, and neither does an
            // error inside a success (CopyObject and its kin answer 200 before they are done).
            let lost = !(300..500).contains(&status);
            (code.map_or_else(|| format!("http {status}"), str::to_owned), retry, lost)
        }
        // Never left this process: a bug or a name that the API cannot carry.
        SdkError::ConstructionFailure(_) => {
            ("unsendable request".to_owned(), Retry::Pointless, false)
        }
        SdkError::TimeoutError(_) => ("timeout".to_owned(), Retry::Worthwhile, true),
        // Whether any byte arrived is not known; credentials that cannot be had end here too.
        SdkError::DispatchFailure(failure) => {
            ("dispatch".to_owned(), Retry::Worthwhile, !failure.is_user())
        }
        SdkError::ResponseError(_) => ("unreadable response".to_owned(), Retry::Worthwhile, true),
        // The SDK may grow further kinds; what we do not know may have reached AWS.
        _ => ("unknown".to_owned(), Retry::Worthwhile, true),
    };
    let request_id = error
        .as_service_error()
        .and_then(|refused| refused.meta().extra("aws_request_id"))
        .map(str::to_owned);
    CloudError {
        operation,
        resource: resource.into(),
        code,
        request_id,
        retry,
        in_doubt: lost && kind == Kind::Write,
        source: Some(Box::new(error)),
    }
}

/// A refusal of our own, before or after a call: no SDK error lies beneath.
#[must_use]
pub fn refusal(
    operation: &'static str,
    resource: impl Into<String>,
    code: impl Into<String>,
    retry: Retry,
) -> CloudError {
    CloudError {
        operation,
        resource: resource.into(),
        code: code.into(),
        request_id: None,
        retry,
        in_doubt: false,
        source: None,
    }
}

/// For Snapback's own table, topic and queues: that one of them is missing is a fault of the
/// deployment, never the resource's being gone.
#[must_use]
pub fn own(mut error: CloudError) -> CloudError {
    if error.retry == Retry::Gone {
        error.retry = Retry::Pointless;
    }
    error
}

/// What is not there (any more) has been seen to be gone.
pub(crate) fn or_gone<S>(
    answer: Result<Observed<S>, CloudError>,
) -> Result<Observed<S>, CloudError> {
    match answer {
        Err(error) if error.retry == Retry::Gone => Ok(Observed::Gone),
        answer => answer,
    }
}

#[cfg(test)]
mod tests {
    use aws_smithy_runtime_api::{
        client::result::{
            ConnectorError, ConstructionFailure, DispatchFailure, ResponseError, ServiceError,
            TimeoutError,
        },
        http::StatusCode,
    };
    use aws_smithy_types::{body::SdkBody, error::ErrorMetadata};

    use super::*;

    #[test]
    fn every_answer_of_a_service_has_its_row() {
        let table: &[(Option<&str>, u16, Retry)] = &[
            (Some("ThrottlingException"), 400, Retry::Worthwhile),
            (Some("Throttling"), 400, Retry::Worthwhile),
            (Some("SlowDown"), 503, Retry::Worthwhile),
            (Some("SlowDown"), 200, Retry::Worthwhile),
            (Some("ProvisionedThroughputExceededException"), 400, Retry::Worthwhile),
            (Some("OperationAborted"), 409, Retry::Worthwhile),
            (Some("ConditionalRequestConflict"), 409, Retry::Worthwhile),
            (Some("ConcurrentModification"), 409, Retry::Worthwhile),
            (Some("EntityTemporarilyUnmodifiable"), 409, Retry::Worthwhile),
            (Some("ExpiredToken"), 400, Retry::Worthwhile),
            (Some("RequestTimeTooSkewed"), 403, Retry::Worthwhile),
            (Some("KMS.ThrottlingException"), 400, Retry::Worthwhile),
            (Some("InternalError"), 500, Retry::Worthwhile),
            (Some("a code of next year"), 500, Retry::Worthwhile),
            (None, 503, Retry::Worthwhile),
            (None, 429, Retry::Worthwhile),
            (Some("AccessDenied"), 403, Retry::Pointless),
            (Some("AccessDeniedException"), 400, Retry::Pointless),
            (Some("InvalidClientTokenId"), 403, Retry::Pointless),
            (Some("MalformedPolicyDocument"), 400, Retry::Pointless),
            (Some("AccessControlListNotSupported"), 400, Retry::Pointless),
            (Some("LimitExceeded"), 409, Retry::Pointless),
            (Some("UnmodifiableEntity"), 400, Retry::Pointless),
            (Some("KMS.DisabledException"), 400, Retry::Pointless),
            (Some("KMS.NotFoundException"), 400, Retry::Pointless),
            (Some("a code of next year"), 400, Retry::Pointless),
            (None, 400, Retry::Pointless),
            (None, 403, Retry::Pointless),
            (None, 301, Retry::Pointless),
            (Some("NoSuchBucket"), 404, Retry::Gone),
            (Some("NoSuchKey"), 404, Retry::Gone),
            (Some("NoSuchVersion"), 404, Retry::Gone),
            (Some("NoSuchEntity"), 404, Retry::Gone),
            (Some("NotFound"), 404, Retry::Gone),
            (None, 404, Retry::Gone),
            (Some("PreconditionFailed"), 412, Retry::Moved),
            (Some("ConditionalCheckFailedException"), 400, Retry::Moved),
            (None, 412, Retry::Moved),
        ];
        for (code, status, expected) in table {
            assert_eq!(classify(*code, *status), *expected, "{code:?} {status}");
        }
    }

    #[test]
    fn no_code_stands_in_two_rows() {
        for code in WORTHWHILE {
            assert!(!GONE.contains(code) && !MOVED.contains(code), "{code}");
        }
        assert!(GONE.iter().all(|code| !MOVED.contains(code)));
    }

    #[derive(Debug)]
    struct Refused(ErrorMetadata);

    impl std::fmt::Display for Refused {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("refused")
        }
    }

    impl std::error::Error for Refused {}

    impl ProvideErrorMetadata for Refused {
        fn meta(&self) -> &ErrorMetadata {
            &self.0
        }
    }

    type Sdk = SdkError<Refused, HttpResponse>;

    fn response(status: u16) -> HttpResponse {
        HttpResponse::new(StatusCode::try_from(status).unwrap(), SdkBody::empty())
    }

    fn service(code: &str, status: u16) -> Sdk {
        let meta = ErrorMetadata::builder().code(code).custom("aws_request_id", "R-1").build();
        SdkError::ServiceError(
            ServiceError::builder().source(Refused(meta)).raw(response(status)).build(),
        )
    }

    fn lost_answers() -> Vec<(Sdk, &'static str)> {
        vec![
            (SdkError::TimeoutError(TimeoutError::builder().source("late").build()), "timeout"),
            (
                SdkError::DispatchFailure(
                    DispatchFailure::builder().source(ConnectorError::io("reset".into())).build(),
                ),
                "dispatch",
            ),
            (
                SdkError::ResponseError(
                    ResponseError::builder().source("cut off").raw(response(200)).build(),
                ),
                "unreadable response",
            ),
            (service("InternalError", 500), "InternalError"),
            (service("InternalError", 200), "InternalError"),
        ]
    }

    #[test]
    fn only_a_write_whose_answer_was_lost_is_in_doubt() {
        for (error, code) in lost_answers() {
            let write = cloud_error(Kind::Write, "s3:PutBucketAcl", "b", error);
            assert!(write.in_doubt, "{code}");
            assert_eq!((write.retry, write.code.as_str()), (Retry::Worthwhile, code));
        }
        for (error, code) in lost_answers() {
            assert!(!cloud_error(Kind::Read, "s3:GetBucketAcl", "b", error).in_doubt, "{code}");
        }
        for code in ["AccessDenied", "NoSuchBucket", "SlowDown", "PreconditionFailed"] {
            let refused = cloud_error(Kind::Write, "s3:PutBucketAcl", "b", service(code, 400));
            assert!(!refused.in_doubt, "{code}: AWS answered, so nothing was written");
        }
    }

    #[test]
    fn a_request_that_cannot_be_sent_is_pointless_and_changed_nothing() {
        let error: Sdk = SdkError::ConstructionFailure(
            ConstructionFailure::builder().source("no bucket").build(),
        );
        let error = cloud_error(Kind::Write, "s3:PutBucketAcl", "b", error);
        assert_eq!((error.retry, error.in_doubt), (Retry::Pointless, false));
    }

    #[test]
    fn the_request_id_travels_along() {
        let error = cloud_error(Kind::Read, "s3:GetBucketAcl", "b", service("AccessDenied", 403));
        assert_eq!(error.request_id.as_deref(), Some("R-1"));
        assert_eq!(error.to_string(), "`s3:GetBucketAcl` of `b` failed: AccessDenied");
    }

    #[test]
    fn a_missing_table_of_ours_is_never_read_as_a_resource_that_is_gone() {
        let error = refusal("dynamodb:GetItem", "t", "ResourceNotFoundException", Retry::Gone);
        assert_eq!(own(error).retry, Retry::Pointless);
        let error = refusal("dynamodb:GetItem", "t", "ThrottlingException", Retry::Worthwhile);
        assert_eq!(own(error).retry, Retry::Worthwhile);
    }
}
