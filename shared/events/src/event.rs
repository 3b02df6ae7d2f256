//! One event, as every control sees it.

use model::{AccountId, Actor, Timestamp};
use serde_json::value::RawValue;

/// Where an event came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A CloudTrail record.
    CloudTrail,
    /// A native S3 event (`Object Created`, `Object ACL Updated`): no actor, no `eventID`; the
    /// envelope's `id` stands in.
    S3,
}

/// The EventBridge envelope, where there was one.
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
}

/// The record itself. Parameters stay raw until a control asks for them.
#[derive(Debug, Clone)]
pub struct Record {
    /// `eventID`; for native S3 events the envelope's `id`.
    pub event_id: Option<String>,
    /// `eventName`; for native S3 events the detail type (`Object Created`).
    pub event_name: String,
    /// `eventSource`, `s3.amazonaws.com`.
    pub event_source: String,
    /// `eventTime`.
    pub event_time: Option<Timestamp>,
    /// `awsRegion`, else the envelope's.
    pub region: Option<String>,
    /// `recipientAccountId`, else the envelope's account, else the actor's.
    pub account: Option<AccountId>,
    /// Who made the call.
    pub actor: Actor,
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
