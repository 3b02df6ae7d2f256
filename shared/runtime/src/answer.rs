//! What goes back to Lambda: an answer, or an error under a stable code.

use std::fmt;

use lambda_runtime::Diagnostic;
use respond::HandleError;
use serde::Serialize;

/// What an invocation answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// To a batch of queue messages: those that are to be delivered again.
    /// Source: <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html>.
    Batch {
        /// The messages that failed; empty: all were handled.
        #[serde(rename = "batchItemFailures")]
        failures: Vec<FailedMessage>,
    },
    /// To anything else.
    Direct {
        /// Events handled.
        handled: usize,
    },
}

/// One message that is to be delivered again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FailedMessage {
    /// Its id.
    #[serde(rename = "itemIdentifier")]
    pub id: String,
}

/// Why an invocation fails: deliver it again, and at last keep it where somebody looks.
pub struct Failure {
    /// A stable code, `Transient.…` or `Permanent.…`: alarms are built on it.
    pub code: &'static str,
    /// What failed, without any of the payload.
    pub message: String,
}

/// An event that was not handled.
#[derive(Debug)]
pub enum Unhandled {
    /// The pipeline says why.
    Refused(HandleError),
    /// The handler panicked: a bug, and the event is kept.
    Panicked,
}

impl Unhandled {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Refused(error) => error.code(),
            Self::Panicked => "Permanent.Panicked",
        }
    }

    /// Whether another delivery could end better.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::Refused(error) => error.is_transient(),
            Self::Panicked => false,
        }
    }

    /// The error and its causes on one line. Causes of the SDK are left out: their texts may quote
    /// documents.
    #[must_use]
    pub fn chain(&self) -> String {
        match self {
            Self::Panicked => "the handler panicked".to_owned(),
            Self::Refused(error) => match error {
                HandleError::Evidence(cause)
                | HandleError::Ledger(cause)
                | HandleError::Write(cause)
                | HandleError::Notifier(cause)
                | HandleError::Later(cause) => format!("{error}: {cause}"),
                HandleError::Held { .. }
                | HandleError::OutOfTime
                | HandleError::Malformed { .. }
                | HandleError::Encode { .. } => error.to_string(),
            },
        }
    }
}

impl Failure {
    /// Of several, what a redelivery could mend comes first.
    #[must_use]
    pub fn of(unhandled: &[Unhandled]) -> Option<Self> {
        let first = unhandled.iter().find(|one| one.is_transient()).or(unhandled.first())?;
        Some(Self { code: first.code(), message: alerting::encode::plain(&first.chain()) })
    }
}

impl fmt::Debug for Failure {
    /// What the runtime crate logs: code and message, nothing of the payload.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl From<Failure> for Diagnostic {
    fn from(failure: Failure) -> Self {
        Self { error_type: failure.code.to_owned(), error_message: failure.message }
    }
}
