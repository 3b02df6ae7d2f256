//! One event, as every control sees it.

use model::{AccountId, Actor, ActorKind, Timestamp};
use serde_json::{Value, value::RawValue};

use crate::{EventError, envelope, forms, locate::Spot, members::Head, raw, record};

/// Where an event came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A CloudTrail record.
    CloudTrail,
    /// A native S3 event (`Object Created`, `Object ACL Updated`): no actor, no `eventID`; the
    /// envelope's `id` stands in.
    S3,
    /// Another EventBridge event (a schedule, a `GuardDuty` finding), a CloudTrail record that stands
    /// for no call (an Insight), or one of S3's notifications to queues: well-formed, and nobody
    /// asks about it.
    Other,
}

/// The EventBridge envelope, where there was one.
///
/// Source: <https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html>.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Envelope {
    /// Unrelated to the record's `eventID`.
    pub id: Option<String>,
    /// `AWS API Call via CloudTrail`, …
    pub detail_type: Option<String>,
    /// `aws.s3`, …
    pub source: Option<String>,
    /// The account whose bus it came through.
    pub account: Option<AccountId>,
    /// The bus's Region.
    pub region: Option<String>,
    /// When the bus took it. The record's own time is the one to go by.
    pub time: Option<Timestamp>,
}

/// The record itself. Parameters stay raw until a control asks for them.
#[derive(Debug, Clone)]
pub struct Record {
    /// `eventID`; for native S3 events the envelope's `id`.
    pub event_id: Option<String>,
    /// `eventName`; for native S3 events the detail type (`Object Created`).
    pub event_name: String,
    /// `eventSource`, `s3.amazonaws.com`. Empty where the record does not say.
    pub event_source: String,
    /// `eventTime`.
    pub event_time: Option<Timestamp>,
    /// `eventType`: `AwsApiCall`, `AwsServiceEvent`, …
    pub event_type: Option<String>,
    /// `awsRegion`, else the envelope's.
    pub region: Option<String>,
    /// `recipientAccountId`, else the envelope's account, else the actor's.
    pub account: Option<AccountId>,
    /// `recipientAccountId`, else the envelope's account: who got this copy of the record. A bare
    /// record of before 2015, or one that was cut down, may not say.
    pub recipient: Option<AccountId>,
    /// Who made the call.
    pub actor: Actor,
    /// `userIdentity.userName`: an IAM user's name, a root user's account alias, a federated name.
    /// See [`Record::iam_user`].
    pub user_name: Option<String>,
    /// `errorCode`: present, the call failed. Not every service means failure by it: see
    /// [`Record::failure`].
    pub error_code: Option<String>,
    /// `errorMessage`.
    pub error_message: Option<String>,
    /// `readOnly`. Absent is not false.
    pub read_only: Option<bool>,
    /// `requestParameters`; for native S3 events the `detail`. `None`: absent or null.
    pub request_parameters: Option<Box<RawValue>>,
    /// `responseElements`. Null on most successful writes.
    pub response_elements: Option<Box<RawValue>>,
    /// `additionalEventData`.
    pub additional_event_data: Option<Box<RawValue>>,
    /// `serviceEventDetails`, which events that are not API calls carry in place of parameters.
    pub service_event_details: Option<Box<RawValue>>,
    /// `resources`, see [`Record::resources`].
    pub resources: Option<Box<RawValue>>,
}

/// One event.
#[derive(Debug, Clone)]
pub struct Event {
    /// Where it came from.
    pub origin: Origin,
    /// The envelope, if it came in one.
    pub envelope: Option<Envelope>,
    /// The record.
    pub record: Record,
}

impl Event {
    /// Reads one JSON text that is one event: an EventBridge envelope or a bare record. For
    /// anything that wraps events, and for several of them, see [`crate::read`].
    ///
    /// # Errors
    /// [`EventError`] with the place, when the text is not JSON or not an event.
    pub fn parse(text: impl AsRef<[u8]>) -> Result<Self, EventError> {
        let bytes = text.as_ref();
        let spot = Spot::whole(bytes);
        let text = spot.utf8(bytes)?;
        let head = forms::head(text, &spot)?;
        Self::from_head(text, &head, &spot)
    }

    /// Reads one event that is at hand as a JSON value.
    ///
    /// # Errors
    /// As [`Event::parse`]; places refer to the value's compact form.
    pub fn from_value(value: &Value) -> Result<Self, EventError> {
        Self::parse(value.to_string())
    }

    /// Makes an event of the members of an object, or says why it is none.
    pub(crate) fn from_head(
        text: &str,
        head: &Head<'_>,
        spot: &Spot<'_>,
    ) -> Result<Self, EventError> {
        match raw::present(head.detail) {
            Some(detail) if head.event_name.is_none() => envelope::event(head, detail, spot),
            Some(_) | None => {
                if head.event_name.is_none() && head.event_type.is_none() {
                    let found = if text.trim_start().starts_with('{') {
                        "an object without `detail` or `eventName`"
                    } else {
                        "a text"
                    };
                    return Err(spot.not_an_event(text, found.to_owned()));
                }
                let (origin, record) = record::read(head, None, text, spot)?;
                Ok(Self { origin, envelope: None, record })
            }
        }
    }

    /// What tells two deliveries of one event from two events: `eventID`, else the envelope's `id`.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.record
            .event_id
            .as_deref()
            .or_else(|| self.envelope.as_ref().and_then(|envelope| envelope.id.as_deref()))
    }

    /// [`Event::id`], or where there is none a name made of what the event says, so that a second
    /// delivery of the same text is still the same work.
    #[must_use]
    pub fn claim_id(&self) -> String {
        self.id().map_or_else(|| self.record.digest(), str::to_owned)
    }

    /// Whether an AWS service wrote this under its own name (log delivery, inventory, a trail): the
    /// service is the caller, not merely the means. A call that a service makes on a person's or a
    /// role's behalf (`invokedBy`) is not a service's delivery.
    #[must_use]
    pub fn service_delivery(&self) -> bool {
        self.record.actor.kind == ActorKind::AwsService
            || (self.origin == Origin::S3 && self.record.actor.invoked_by.is_some())
    }
}
