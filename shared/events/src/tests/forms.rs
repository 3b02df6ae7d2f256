//! One event in every form it is delivered in.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{all, envelope, ids, native, parse, record, record_with, told, unreadable};
use crate::{EventError, MAX_NESTING, MAX_WRAPPED, Reader, forms::is_gzip};

/// Every form, with how many events of its own it holds beside the one given.
pub(super) fn wrappings(event: &Value) -> Vec<(&'static str, String)> {
    let text = event.to_string();
    let sns = json!({"Type": "Notification", "MessageId": "m", "TopicArn": "arn:aws:sns:eu-central-1:111122223333:t",
        "Subject": null, "Message": text, "Timestamp": "2026-03-01T10:00:00Z"});
    let sqs = |body: &str| {
        json!({"Records": [{"messageId": "m1", "receiptHandle": "h", "body": body,
            "attributes": {}, "messageAttributes": {}, "md5OfBody": "x", "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:eu-central-1:111122223333:q", "awsRegion": "eu-central-1"}]})
    };
    vec![
        ("as it is", text.clone()),
        ("spread over lines", serde_json::to_string_pretty(event).unwrap()),
        ("after a byte order mark", format!("\u{feff}{text}")),
        ("trail file", json!({"Records": [event]}).to_string()),
        (
            "trail file over lines",
            serde_json::to_string_pretty(&json!({"Records": [event]})).unwrap(),
        ),
        ("records not first", json!({"before": 1, "Records": [event]}).to_string()),
        ("array", json!([event]).to_string()),
        ("array over lines", format!("[\n{text}\n]\n")),
        ("lines", format!("{text}\n")),
        ("a line with a comma", format!("{text},\n")),
        ("a JSON sequence", format!("\u{1e}{text}\n")),
        ("a JSON string", Value::String(text.clone()).to_string()),
        ("SQS batch", sqs(&text).to_string()),
        ("SQS batch of a trail file", sqs(&json!({"Records": [event]}).to_string()).to_string()),
        ("SQS batch of packed text", sqs(&STANDARD.encode(&text)).to_string()),
        (
            "SQS message as received",
            json!({"Messages": [{"MessageId": "m1", "Body": text}]}).to_string(),
        ),
        (
            "SNS event",
            json!({"Records": [{"EventVersion": "1.0", "EventSource": "aws:sns", "Sns": sns}]})
                .to_string(),
        ),
        ("SNS over HTTP", sns.to_string()),
        ("SNS in SQS", sqs(&sns.to_string()).to_string()),
        (
            "Kinesis",
            json!({"Records": [{"kinesis": {"partitionKey": "1", "data": STANDARD.encode(&text)},
            "eventSource": "aws:kinesis", "eventID": "shard:1"}]})
            .to_string(),
        ),
        (
            "CloudWatch Logs",
            json!({"messageType": "DATA_MESSAGE", "owner": "111122223333",
            "logGroup": "trail", "logEvents": [{"id": "1", "timestamp": 1, "message": text}]})
            .to_string(),
        ),
        (
            "dead letter",
            json!({"version": "1.0", "timestamp": "2026-03-01T10:00:00Z",
            "requestContext": {"condition": "RetriesExhausted"}, "requestPayload": event,
            "responseContext": {}, "responsePayload": {}})
            .to_string(),
        ),
        (
            "lookup-events",
            json!({"Events": [{"EventId": "1", "EventName": "x", "CloudTrailEvent": text}]})
                .to_string(),
        ),
        ("second look", json!({"snapback_recheck": {"attempt": 2}, "event": event}).to_string()),
        (
            "second look at text",
            json!({"snapback_recheck": {"attempt": 2}, "event": text}).to_string(),
        ),
        (
            "second look in SQS",
            sqs(&json!({"snapback_recheck": {"attempt": 2}, "event": event}).to_string())
                .to_string(),
        ),
    ]
}

#[test]
fn an_event_is_the_same_in_every_form() {
    for event in [record(), envelope(&record()), native()] {
        let expected = told(&parse(&event));
        for (form, text) in wrappings(&event) {
            let items = all(&text);
            assert_eq!(items.len(), 1, "{form}: {items:?}");
            let event = items[0].event.as_ref().unwrap_or_else(|error| panic!("{form}: {error}"));
            assert_eq!(told(event), expected, "{form}");
        }
    }
}

#[test]
fn deliveries_tell_message_and_attempt() {
    for (form, text) in wrappings(&envelope(&record())) {
        let delivery = &all(&text)[0].delivery;
        let message = form.contains("SQS");
        assert_eq!(delivery.message_id.as_deref(), message.then_some("m1"), "{form}");
        let recheck = form.starts_with("second look").then_some(2);
        assert_eq!(delivery.recheck, recheck, "{form}");
    }
    let odd = json!({"snapback_recheck": {}, "event": record()});
    assert_eq!(all(odd.to_string())[0].delivery.recheck, Some(1));
}

#[test]
fn the_text_of_an_event_is_kept_without_its_wrapping_where_asked() {
    let event = envelope(&record());
    for (form, text) in wrappings(&event) {
        let items: Vec<_> = Reader::new(text.as_bytes()).keeping_text().collect();
        let text = items[0].text.as_deref().unwrap_or_else(|| panic!("{form}"));
        assert_eq!(serde_json::from_str::<Value>(text).unwrap(), event, "{form}");
        assert!(all(text)[0].text.is_none(), "not unless asked");
    }
}

#[test]
fn a_batch_is_told_message_by_message() {
    let batch = json!({"Records": [
        {"messageId": "m1", "body": envelope(&record()).to_string(), "eventSource": "aws:sqs"},
        {"messageId": "m2", "body": "{\"detail\":", "eventSource": "aws:sqs"},
        {"messageId": "m3", "body": "", "eventSource": "aws:sqs"},
        {"messageId": "m4", "body": "not JSON", "eventSource": "aws:sqs"},
        {"messageId": "m5", "body": record().to_string(), "eventSource": "aws:sqs"},
        {"messageId": "m6", "eventSource": "aws:sqs"},
    ]});
    let items = all(batch.to_string());
    let messages: Vec<_> =
        items.iter().map(|item| item.delivery.message_id.as_deref().unwrap()).collect();
    assert_eq!(messages, ["m1", "m2", "m3", "m4", "m5", "m6"]);
    let id = "00000000-0000-4000-8000-000000000001";
    assert_eq!(ids(&items), [id, "!", "!", "!", id, "!"]);
    assert_eq!(unreadable(&items[1]).path, "Records[1].body.detail");
    assert_eq!(unreadable(&items[1]).raw, b"{\"detail\":");
    assert_eq!(unreadable(&items[3]).path, "Records[3].body");
    assert_eq!(unreadable(&items[5]).path, "Records[5]");
}

#[test]
fn paths_lead_through_every_wrapping() {
    let sns = json!({"Type": "Notification", "Message": "{\"Records\":[{\"eventName\":5}]}"});
    let batch = json!({"Records": [{"messageId": "m", "body": sns.to_string()}]});
    let items = all(batch.to_string());
    let broken = unreadable(&items[0]);
    assert_eq!(broken.path, "Records[0].body.Message.Records[0].eventName");
    assert_eq!(broken.error.place().offset, 25, "within the innermost text");
}

/// Stands for gzip: this crate has none.
const PACKED: &[u8] = b"\x1f\x8bpacked";

fn inflate(bytes: &[u8]) -> Result<Vec<u8>, String> {
    if bytes != PACKED {
        return Err("corrupt deflate stream".to_owned());
    }
    let message = record().to_string();
    let logs = json!({"messageType": "DATA_MESSAGE", "logEvents": [{"message": message}]});
    Ok(logs.to_string().into_bytes())
}

#[test]
fn compressed_wrappings_need_an_inflater() {
    assert!(is_gzip(PACKED) && !is_gzip(b"{}") && !is_gzip(b"\x1f"));
    let logs = json!({"awslogs": {"data": STANDARD.encode(PACKED)}}).to_string();

    let items = all(&logs);
    let broken = unreadable(&items[0]);
    assert!(matches!(broken.error, EventError::Packed { .. }), "{broken}");
    assert_eq!(broken.path, "awslogs.data");

    let items: Vec<_> = Reader::new(logs.as_bytes()).inflating(inflate).collect();
    assert_eq!(ids(&items), ["00000000-0000-4000-8000-000000000001"]);

    let corrupt = json!({"awslogs": {"data": STANDARD.encode(b"\x1f\x8bx")}}).to_string();
    let items: Vec<_> = Reader::new(corrupt.as_bytes()).inflating(inflate).collect();
    assert!(unreadable(&items[0]).error.to_string().contains("corrupt deflate stream"));
}

#[test]
fn a_file_that_is_compressed_as_a_whole_is_one_unreadable_record() {
    let items = all(b"\x1f\x8b\x08\x00\n\n{}\n");
    assert_eq!(items.len(), 1);
    assert!(matches!(unreadable(&items[0]).error, EventError::Packed { .. }));
}

#[test]
fn what_holds_no_record_yields_none() {
    for text in [
        "",
        " \n\t\n",
        "[]",
        "{\"Records\":[]}",
        "{\"Records\": [ ]}\n{\"Records\":[]}",
        "{\"messageType\":\"CONTROL_MESSAGE\",\"logEvents\":[{\"message\":\"checking\"}]}",
        "{\"awsAccountId\":\"111122223333\",\"digestS3Object\":\"x\",\"logFiles\":[]}",
    ] {
        assert_eq!(all(text).len(), 0, "{text}");
    }
}

#[test]
fn wrappings_are_undone_to_a_depth() {
    let wrap = |times: usize| {
        let mut text = record().to_string();
        for _ in 0..times {
            text = format!("[{text}]");
        }
        format!("{{\"requestPayload\":{text}}}")
    };
    assert_eq!(ids(&all(wrap(MAX_NESTING - 1))), ["00000000-0000-4000-8000-000000000001"]);
    let items = all(wrap(MAX_NESTING));
    assert!(matches!(unreadable(&items[0]).error, EventError::TooNested { .. }));
    let items = all(wrap(100_000));
    assert!(matches!(unreadable(&items[0]).error, EventError::TooNested { .. }));
    let mut quoted = record().to_string();
    for _ in 0..5 {
        quoted = Value::String(quoted).to_string();
    }
    assert_eq!(ids(&all(quoted)).len(), 1);
}

#[test]
fn what_one_wrapping_holds_is_counted() {
    let body = |records: usize| {
        let list = vec![json!({"eventName": "A"}); records];
        json!({"Records": [{"messageId": "m", "body": json!({"Records": list}).to_string()}]})
    };
    assert_eq!(all(body(10_000).to_string()).len(), 10_000);
    let items = all(body(MAX_WRAPPED + 5).to_string());
    assert_eq!(items.len(), MAX_WRAPPED + 1);
    let last = unreadable(&items[MAX_WRAPPED]);
    assert!(matches!(last.error, EventError::TooMany { .. }), "{last}");
    assert_eq!(last.path, "Records[0].body.Records[20000]");
    assert_eq!(items[MAX_WRAPPED].delivery.message_id.as_deref(), Some("m"));

    let unwrapped = json!({"Records": vec![json!({"eventName": "A"}); MAX_WRAPPED + 5]});
    assert_eq!(all(unwrapped.to_string()).len(), MAX_WRAPPED + 5);
    let looked_up = json!({"Events": vec![json!({"CloudTrailEvent": "{\"eventName\":\"A\"}"}); MAX_WRAPPED + 5]});
    assert_eq!(all(looked_up.to_string()).len(), MAX_WRAPPED + 5);
}

#[test]
fn a_wrapping_of_the_wrong_form_is_told() {
    for (text, path) in [
        ("{\"Records\":5}", "Records"),
        ("{\"Records\":{\"eventName\":\"x\"}}", "Records"),
        ("{\"Records\":[5]}", "Records[0]"),
        ("{\"Records\":[null]}", "Records[0]"),
        ("{\"body\":5}", "body"),
        ("{\"snapback_recheck\":{\"attempt\":1},\"event\":5}", "event"),
        ("{\"snapback_recheck\":{\"attempt\":1}}", ""),
        ("{\"Type\":\"Notification\"}", ""),
    ] {
        let items = all(text);
        assert_eq!(items.len(), 1, "{text}");
        assert_eq!(unreadable(&items[0]).path, path, "{text}");
    }
}

#[test]
fn a_record_may_have_members_that_wrappings_have() {
    // The members of a call are not the top's; these stand beside `eventName` all the same.
    let items = all(record_with(&json!({"message": "x", "body": "y", "Type": "z"})).to_string());
    assert_eq!(ids(&items), ["00000000-0000-4000-8000-000000000001"]);
}
