//! The forms in which events are delivered and archived, unwrapped to single events.
//!
//! | form | recognised by |
//! |---|---|
//! | EventBridge envelope | `detail` |
//! | CloudTrail record | `eventName` |
//! | CloudTrail file, SQS batch, SNS event, Kinesis batch | `Records[]` |
//! | SQS message | `body` (`Body` as the AWS CLI prints it) |
//! | SNS message | `Sns.Message`, or `Message` with `Type: Notification` |
//! | CloudWatch Logs subscription | `logEvents[].message`, `awslogs.data` |
//! | dead letter of an asynchronous invocation | `requestPayload` |
//! | answer of `lookup-events`, of `receive-message` | `Events[].CloudTrailEvent`, `Messages[]` |
//! | our own second look | `snapback_recheck` and `event` |
//! | JSON array, JSON in a JSON string, base64 of JSON | by their first byte |
//!
//! They nest in any order, to [`MAX_NESTING`].

use std::borrow::Cow;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::value::RawValue;

use crate::{
    Event, EventError, RAW_LIMIT, Unreadable,
    locate::{Spot, as_u64},
    members::Head,
    raw::{self, Shape},
};

/// How deep wrappings may nest. Real ones reach four (SQS batch, SNS message, trail file, record).
pub const MAX_NESTING: usize = 12;

/// How many records one document may hold inside a wrapping. Real ones carry ten thousand at most
/// (CloudWatch Logs, Kinesis); lists that are not themselves wrapped are not counted.
pub const MAX_WRAPPED: usize = 20_000;

/// Undoes gzip. This crate knows no compression: who has it hands it in. It has to bound its output.
pub type Inflate = fn(&[u8]) -> Result<Vec<u8>, String>;

/// Whether these bytes are gzip's.
#[must_use]
pub fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b])
}

/// How an event came, beyond what it says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Delivery {
    /// The id of the SQS message that carried it: what a partial batch response names.
    pub message_id: Option<String>,
    /// Which further look of ours this is; `None`: the first delivery.
    pub recheck: Option<u32>,
}

/// One record of an input.
#[derive(Debug)]
pub struct Item {
    /// Which record of the input it is, from 1.
    pub index: u64,
    /// The event, or why it cannot be read.
    pub event: Result<Event, Box<Unreadable>>,
    /// How it came.
    pub delivery: Delivery,
    /// The event's own JSON, without its wrappings, where [`crate::Reader::keeping_text`] asked for
    /// it.
    pub text: Option<String>,
}

/// The members of an object.
pub(crate) fn head<'a>(text: &'a str, spot: &Spot<'_>) -> Result<Head<'a>, EventError> {
    serde_json::from_str(text).map_err(|error| match serde_json::from_str::<&RawValue>(text) {
        Ok(value) if Shape::of(value) != Shape::Object => {
            spot.not_an_event(text, Shape::of(value).in_words().to_owned())
        }
        Ok(_) | Err(_) => spot.syntax(text, error),
    })
}

/// Takes apart one JSON text after another and collects what was in them.
#[derive(Debug, Default)]
pub(crate) struct Unwrapper {
    pub(crate) inflate: Option<Inflate>,
    pub(crate) keep_text: bool,
    pub(crate) found: std::collections::VecDeque<Found>,
}

/// An event or what is in its place, before it is numbered.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) event: Result<Event, Broken>,
    pub(crate) delivery: Delivery,
    pub(crate) text: Option<String>,
}

/// What cannot be read, before it is numbered.
#[derive(Debug)]
pub(crate) struct Broken {
    pub(crate) error: EventError,
    pub(crate) raw: Vec<u8>,
    pub(crate) raw_length: u64,
}

impl Broken {
    pub(crate) fn new(error: EventError, raw: &[u8]) -> Self {
        let kept = raw.get(..raw.len().min(RAW_LIMIT)).unwrap_or_default();
        Self { error, raw: kept.to_owned(), raw_length: as_u64(raw.len()) }
    }
}

impl Unwrapper {
    /// Takes apart bytes that are one JSON text.
    pub(crate) fn bytes(&mut self, bytes: &[u8], spot: &Spot<'_>) {
        match spot.utf8(bytes) {
            Ok(text) => self.text(text, spot, 0, &Delivery::default()),
            Err(error) => self.broken(error, bytes, &Delivery::default()),
        }
    }

    /// Takes apart bytes that are one whole JSON text; otherwise nothing is noted.
    pub(crate) fn whole(&mut self, bytes: &[u8], spot: &Spot<'_>) -> bool {
        let Ok(text) = spot.utf8(bytes) else { return false };
        match self.unwrap(text, spot, 0, &Delivery::default()) {
            Ok(()) => true,
            Err(EventError::Syntax { .. } | EventError::Truncated { .. }) => false,
            Err(error) => {
                self.broken(error, bytes, &Delivery::default());
                true
            }
        }
    }

    /// What is wrong with bytes that are no JSON text, or that are one which is no event.
    pub(crate) fn fault(bytes: &[u8], spot: &Spot<'_>) -> EventError {
        let text = match spot.utf8(bytes) {
            Ok(text) => text,
            Err(error) => return error,
        };
        match serde_json::from_str::<&RawValue>(text) {
            Ok(value) => spot.not_an_event(text, Shape::of(value).in_words().to_owned()),
            Err(error) => spot.syntax(text, error),
        }
    }

    /// Notes what cannot be read.
    pub(crate) fn broken(&mut self, error: EventError, raw: &[u8], delivery: &Delivery) {
        let event = Err(Broken::new(error, raw));
        self.found.push_back(Found { event, delivery: delivery.clone(), text: None });
    }

    fn text(&mut self, text: &str, spot: &Spot<'_>, depth: usize, delivery: &Delivery) {
        if let Err(error) = self.unwrap(text, spot, depth, delivery) {
            self.broken(error, text.as_bytes(), delivery);
        }
    }

    fn unwrap(
        &mut self,
        text: &str,
        spot: &Spot<'_>,
        depth: usize,
        delivery: &Delivery,
    ) -> Result<(), EventError> {
        if depth > MAX_NESTING {
            let place = spot.place(text.as_bytes(), 0, "");
            return Err(EventError::TooNested { place, limit: MAX_NESTING });
        }
        let depth = depth.saturating_add(1);
        match text.trim_start().as_bytes().first() {
            Some(b'{') => self.object(text, spot, depth, delivery),
            Some(b'[') => {
                let elements: Vec<&RawValue> =
                    serde_json::from_str(text).map_err(|error| spot.syntax(text, error))?;
                self.list(&elements, spot, depth, delivery);
                Ok(())
            }
            Some(b'"') => {
                let string: &RawValue =
                    serde_json::from_str(text).map_err(|error| spot.syntax(text, error))?;
                self.inner(string, spot, depth, delivery);
                Ok(())
            }
            Some(_) | None => match serde_json::from_str::<&RawValue>(text) {
                Ok(value) => Err(spot.not_an_event(text, Shape::of(value).in_words().to_owned())),
                Err(error) => Err(spot.syntax(text, error)),
            },
        }
    }

    fn object(
        &mut self,
        text: &str,
        spot: &Spot<'_>,
        depth: usize,
        delivery: &Delivery,
    ) -> Result<(), EventError> {
        let head = head(text, spot)?;
        if head.event_name.is_some() || head.detail.is_some() {
            return self.event(text, &head, spot, delivery);
        }
        if let (Some(recheck), Some(event)) = (head.recheck, head.event) {
            let delivery = Delivery { recheck: Some(attempt(recheck)), ..delivery.clone() };
            self.inner(event, &spot.key("event"), depth, &delivery);
            return Ok(());
        }
        for (key, list) in [
            ("Records", head.records),
            ("Events", head.events),
            ("Messages", head.messages),
            ("logEvents", head.log_events),
        ] {
            let Some(list) = raw::present(list) else { continue };
            // A control message only asks whether somebody listens.
            if raw::text(head.message_type).as_deref() == Some("CONTROL_MESSAGE") {
                return Ok(());
            }
            let Some(elements) = raw::elements(list) else {
                let found = Shape::of(list).in_words();
                return Err(spot.member(list, key, "a list", found));
            };
            self.list(&elements, &spot.key(key), depth, delivery);
            return Ok(());
        }
        // SNS numbers its messages too; only SQS wants to know which of them failed.
        let of_sns = head.kind.is_some() || head.sns.is_some();
        let message_id = if of_sns { None } else { raw::owned(head.message_id) };
        let delivery = Delivery {
            message_id: message_id.or_else(|| delivery.message_id.clone()),
            ..delivery.clone()
        };
        for (key, inner) in [
            ("body", head.body),
            ("Sns", head.sns),
            ("Message", head.message),
            ("CloudTrailEvent", head.cloud_trail_event),
            ("requestPayload", head.request_payload),
            ("awslogs", head.awslogs),
            ("kinesis", head.kinesis),
            ("data", head.data),
        ] {
            let Some(inner) = raw::present(inner) else { continue };
            self.inner(inner, &spot.key(key), depth, &delivery);
            return Ok(());
        }
        // A trail's folder holds digests beside its records; they speak of files, not of calls.
        // https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html
        if head.digest.is_some() {
            return Ok(());
        }
        if let Err(error) = self.event(text, &head, spot, &delivery) {
            self.broken(error, text.as_bytes(), &delivery);
        }
        Ok(())
    }

    fn event(
        &mut self,
        text: &str,
        head: &Head<'_>,
        spot: &Spot<'_>,
        delivery: &Delivery,
    ) -> Result<(), EventError> {
        let event = Event::from_head(text, head, spot)?;
        let text = self.keep_text.then(|| text.trim().to_owned());
        self.found.push_back(Found { event: Ok(event), delivery: delivery.clone(), text });
        Ok(())
    }

    fn list(&mut self, elements: &[&RawValue], spot: &Spot<'_>, depth: usize, delivery: &Delivery) {
        for (index, element) in elements.iter().enumerate() {
            if self.found.len() >= MAX_WRAPPED {
                let spot = spot.index(as_u64(index));
                let place = spot.place(element.get().as_bytes(), 0, "");
                let error = EventError::TooMany { place, limit: MAX_WRAPPED };
                self.broken(error, element.get().as_bytes(), delivery);
                return;
            }
            self.text(element.get(), &spot.index(as_u64(index)), depth, delivery);
        }
    }

    /// What a wrapping holds: JSON as it is, JSON in a string, or packed JSON in a string.
    fn inner(&mut self, raw: &RawValue, spot: &Spot<'_>, depth: usize, delivery: &Delivery) {
        let Some(string) = raw::string(raw) else {
            self.text(raw.get(), spot, depth, delivery);
            return;
        };
        match self.unpacked(&string, raw, spot) {
            Ok(text) => {
                let text = text.as_deref().unwrap_or(&string);
                self.text(text, &spot.inside(text), depth, delivery);
            }
            Err(error) => self.broken(error, raw.get().as_bytes(), delivery),
        }
    }

    /// The text that a string holds as base64, compressed or not; `None` when it is no base64 of
    /// either, so that it is read as it stands.
    fn unpacked<'t>(
        &self,
        string: &'t str,
        raw: &RawValue,
        spot: &Spot<'_>,
    ) -> Result<Option<Cow<'t, str>>, EventError> {
        if matches!(string.trim_start().as_bytes().first(), None | Some(b'{' | b'[' | b'"')) {
            return Ok(None);
        }
        let packed = |why: String| {
            let place = spot.place(raw.get().as_bytes(), 0, "");
            EventError::Packed { place, why }
        };
        let Ok(bytes) = STANDARD.decode(string.trim()) else { return Ok(None) };
        let bytes = if is_gzip(&bytes) {
            let Some(inflate) = self.inflate else {
                return Err(packed("it is compressed, and nothing here inflates".to_owned()));
            };
            inflate(&bytes).map_err(packed)?
        } else if matches!(bytes.first(), Some(b'{' | b'[')) {
            bytes
        } else {
            return Ok(None);
        };
        let text = String::from_utf8(bytes).map_err(|error| packed(error.to_string()))?;
        Ok(Some(Cow::Owned(text)))
    }
}

/// `{"attempt": n}`; a second look whose number cannot be read counts as the first.
fn attempt(recheck: &RawValue) -> u32 {
    #[derive(serde::Deserialize)]
    struct Recheck {
        attempt: u32,
    }
    serde_json::from_str::<Recheck>(recheck.get()).map_or(1, |recheck| recheck.attempt)
}
