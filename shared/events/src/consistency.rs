//! Whether an event is what its envelope claims.
//!
//! `PutEvents` refuses sources that begin with `aws.`, but custom sources, shared buses, direct
//! invocations and queues let anybody write an envelope. A forged event is harmless (only the live
//! state is judged) and yet no reason to look.

use model::AccountId;
use thiserror::Error;

use crate::{Event, Origin};

/// What in an envelope contradicts the rest of the event.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Inconsistent {
    /// Not sent by AWS.
    #[error("the envelope's source `{found}` is not an AWS service's")]
    Source {
        /// `source` as written.
        found: String,
    },
    /// The source is another service than the record's.
    #[error("the envelope's source `{source_name}` is not that of `{event_source}`")]
    Service {
        /// `source` as written.
        source_name: String,
        /// The record's `eventSource`.
        event_source: String,
    },
    /// The envelope's account is not the record's recipient.
    #[error("the envelope's account `{envelope}` is not the record's `{record}`")]
    Account {
        /// `account` as written.
        envelope: AccountId,
        /// The record's `recipientAccountId`.
        record: AccountId,
    },
    /// The envelope's detail type does not announce what it holds.
    #[error("a detail type `{found}` does not carry such a record")]
    DetailType {
        /// `detail-type` as written.
        found: String,
    },
}

impl Event {
    /// Holds the envelope against the record. What the envelope leaves out contradicts nothing, and
    /// a bare record claims nothing.
    ///
    /// Sources: <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html>
    /// for the detail types; `source` is `aws.` and the event source up to its first dot.
    ///
    /// # Errors
    /// The first contradiction.
    pub fn consistency(&self) -> Result<(), Inconsistent> {
        let Some(envelope) = &self.envelope else { return Ok(()) };
        let record = &self.record;
        if let Some(source) = &envelope.source {
            let Some(service) = source.strip_prefix("aws.") else {
                return Err(Inconsistent::Source { found: source.clone() });
            };
            let known = record.event_source.split('.').next().filter(|service| !service.is_empty());
            if known.is_some_and(|known| known != service) {
                return Err(Inconsistent::Service {
                    source_name: source.clone(),
                    event_source: record.event_source.clone(),
                });
            }
        }
        if let (Some(claimed), Some(recipient)) = (&envelope.account, &record.account)
            && !same_account(claimed, recipient)
        {
            return Err(Inconsistent::Account {
                envelope: claimed.clone(),
                record: recipient.clone(),
            });
        }
        let fits = |detail_type: &str| match self.origin {
            Origin::CloudTrail => {
                detail_type.starts_with("AWS ") && detail_type.ends_with(" via CloudTrail")
            }
            Origin::S3 | Origin::Other => true,
        };
        match envelope.detail_type.as_deref().filter(|detail_type| !fits(detail_type)) {
            Some(found) => Err(Inconsistent::DetailType { found: found.to_owned() }),
            None => Ok(()),
        }
    }
}

/// An account that was written as a number has lost its leading zeros.
fn same_account(one: &AccountId, other: &AccountId) -> bool {
    one == other || one.as_str().trim_start_matches('0') == other.as_str().trim_start_matches('0')
}
