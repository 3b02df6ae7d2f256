//! The EventBridge envelope: AWS's own Rust type where the delivery is as documented, our own
//! reading where it is not.

use std::iter;

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use model::{AccountId, Actor};
use serde::{Deserialize, de::value::MapDeserializer};
use serde_json::value::RawValue;

use crate::{
    Envelope, Event, EventError, Origin, forms,
    locate::Spot,
    members::{Head, NativeDetail},
    raw::{self, Shape},
    record,
};

/// Reads the event in an envelope.
pub(crate) fn event(
    head: &Head<'_>,
    detail: &RawValue,
    spot: &Spot<'_>,
) -> Result<Event, EventError> {
    let envelope = strict(head).unwrap_or_else(|| lenient(head));
    let inner = spot.key("detail");
    // An input transformer that quotes `<$.detail>` delivers the record as a string.
    if let Some(text) = raw::string(detail) {
        let members = forms::head(&text, &inner)?;
        return of_detail(envelope, &members, detail, &text, &inner);
    }
    if Shape::of(detail) != Shape::Object {
        let found = Shape::of(detail).in_words();
        return Err(spot.member(detail, "detail", "an object", found));
    }
    let members = forms::head(detail.get(), &inner)?;
    of_detail(envelope, &members, detail, detail.get(), &inner)
}

fn of_detail(
    envelope: Envelope,
    members: &Head<'_>,
    detail: &RawValue,
    text: &str,
    spot: &Spot<'_>,
) -> Result<Event, EventError> {
    let of_cloud_trail = envelope
        .detail_type
        .as_deref()
        .is_none_or(|detail_type| detail_type.ends_with(" via CloudTrail"));
    if of_cloud_trail || members.event_name.is_some() {
        let (origin, record) = record::read(members, Some(&envelope), text, spot)?;
        return Ok(Event { origin, envelope: Some(envelope), record });
    }
    let detail_type = envelope.detail_type.clone().unwrap_or_default();
    let service = envelope.source.as_deref().and_then(|source| source.strip_prefix("aws."));
    let event_source =
        service.map_or_else(String::new, |service| format!("{service}.amazonaws.com"));
    let (origin, actor) = if service == Some("s3") {
        (Origin::S3, native_actor(detail))
    } else {
        (Origin::Other, Actor::unknown())
    };
    let record = record::native(&envelope, detail, &detail_type, event_source, actor);
    Ok(Event { origin, envelope: Some(envelope), record })
}

/// A native S3 event names no actor, only the requester's account or service.
///
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html>.
fn native_actor(detail: &RawValue) -> Actor {
    let members: NativeDetail<'_> = serde_json::from_str(detail.get()).unwrap_or_default();
    let requester = raw::owned(members.requester);
    let account = requester.clone().map(AccountId::new).filter(AccountId::is_well_formed);
    let invoked_by = requester.filter(|name| name.contains(".amazonaws.com"));
    let source_ip = raw::owned(members.source_ip_address);
    Actor { account, invoked_by, source_ip, ..Actor::unknown() }
}

/// The envelope as AWS's type reads it; `None` where it refuses.
///
/// The detail is left out: it is read once, by [`record::read`].
fn strict(head: &Head<'_>) -> Option<Envelope> {
    let members = [
        ("version", head.version),
        ("id", head.id),
        ("detail-type", head.detail_type),
        ("source", head.source),
        ("account", head.account),
        ("time", head.time),
        ("region", head.region),
    ];
    let members = members.into_iter().filter_map(|(key, member)| Some((key, member?)));
    let members = members.chain(iter::once(("detail", RawValue::NULL)));
    let event =
        EventBridgeEvent::<()>::deserialize(MapDeserializer::<_, serde_json::Error>::new(members))
            .ok()?;
    Some(Envelope {
        id: event.id.filter(|id| !id.is_empty()),
        detail_type: Some(event.detail_type).filter(|detail_type| !detail_type.is_empty()),
        source: Some(event.source).filter(|source| !source.is_empty()),
        account: event.account.filter(|account| !account.is_empty()).map(AccountId::new),
        region: event.region.filter(|region| !region.is_empty()),
        time: event.time,
    })
}

/// The envelope read member by member: real deliveries and archives have numeric accounts, no
/// version, no header at all, or a time that is none.
fn lenient(head: &Head<'_>) -> Envelope {
    Envelope {
        id: raw::owned(head.id),
        detail_type: raw::owned(head.detail_type),
        source: raw::owned(head.source),
        account: raw::owned(head.account).map(AccountId::new),
        region: raw::owned(head.region),
        time: raw::time(head.time),
    }
}
