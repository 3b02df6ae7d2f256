//! Tests that need more than one module: whole events, every form, the corpus.

mod corpus;
mod events;
mod forms;
mod properties;
mod reading;

use serde_json::{Value, json};

use crate::{Event, Item, Unreadable};

/// A record as CloudTrail writes one, of our own making.
fn record() -> Value {
    json!({
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole",
            "principalId": "AROAEXAMPLEEXAMPLE123:kim",
            "arn": "arn:aws:sts::111122223333:assumed-role/Deployer/kim",
            "accountId": "111122223333",
            "accessKeyId": "ASIAEXAMPLEEXAMPLE12",
            "sessionContext": {
                "sessionIssuer": {
                    "type": "Role",
                    "principalId": "AROAEXAMPLEEXAMPLE123",
                    "arn": "arn:aws:iam::111122223333:role/teams/web/Deployer",
                    "accountId": "111122223333",
                    "userName": "Deployer"
                },
                "webIdFederationData": {},
                "attributes": {"mfaAuthenticated": "false", "creationDate": "2026-03-01T09:55:00Z"}
            }
        },
        "eventTime": "2026-03-01T10:00:00Z",
        "eventSource": "s3.amazonaws.com",
        "eventName": "PutBucketAcl",
        "awsRegion": "eu-central-1",
        "sourceIPAddress": "203.0.113.7",
        "userAgent": "[aws-cli/2.15.0]",
        "requestParameters": {
            "bucketName": "amzn-s3-demo-bucket",
            "Host": "amzn-s3-demo-bucket.s3.eu-central-1.amazonaws.com",
            "acl": "",
            "x-amz-acl": "public-read"
        },
        "responseElements": null,
        "additionalEventData": {"SignatureVersion": "SigV4"},
        "requestID": "EXAMPLE123456789",
        "eventID": "00000000-0000-4000-8000-000000000001",
        "readOnly": false,
        "resources": [{
            "accountId": "111122223333",
            "type": "AWS::S3::Bucket",
            "ARN": "arn:aws:s3:::amzn-s3-demo-bucket"
        }],
        "eventType": "AwsApiCall",
        "managementEvent": true,
        "recipientAccountId": "111122223333",
        "eventCategory": "Management"
    })
}

/// [`record`] with some members replaced; `null` stays as null.
fn record_with(members: &Value) -> Value {
    let mut record = record();
    for (key, value) in members.as_object().unwrap() {
        record[key] = value.clone();
    }
    record
}

/// A record in the envelope that EventBridge would deliver it in.
fn envelope(record: &Value) -> Value {
    json!({
        "version": "0",
        "id": "00000000-0000-4000-8000-0000000000e1",
        "detail-type": "AWS API Call via CloudTrail",
        "source": "aws.s3",
        "account": "111122223333",
        "time": "2026-03-01T10:00:05Z",
        "region": "eu-central-1",
        "resources": [],
        "detail": record
    })
}

/// What S3 itself sends.
fn native() -> Value {
    json!({
        "version": "0",
        "id": "00000000-0000-4000-8000-0000000000e2",
        "detail-type": "Object Created",
        "source": "aws.s3",
        "account": "111122223333",
        "time": "2026-03-01T10:00:05Z",
        "region": "eu-central-1",
        "resources": ["arn:aws:s3:::amzn-s3-demo-bucket"],
        "detail": {
            "version": "0",
            "bucket": {"name": "amzn-s3-demo-bucket"},
            "object": {
                "key": "in/a b.txt",
                "size": 5,
                "etag": "b1946ac92492d2347c6235b4d2611184",
                "version-id": "exampleVersion1",
                "sequencer": "617f08299329d189"
            },
            "request-id": "EXAMPLE123456789",
            "requester": "111122223333",
            "source-ip-address": "203.0.113.7",
            "reason": "PutObject"
        }
    })
}

fn parse(value: &Value) -> Event {
    Event::from_value(value).unwrap()
}

fn all(text: impl AsRef<[u8]>) -> Vec<Item> {
    let items: Vec<Item> = crate::read(text.as_ref()).collect();
    for (at, item) in (1..).zip(&items) {
        assert_eq!(item.index, at, "indices count from 1 without a gap");
    }
    items
}

/// The event ids of readable items, `!` for the others.
fn ids(items: &[Item]) -> Vec<&str> {
    items
        .iter()
        .map(|item| item.event.as_ref().map_or("!", |event| event.id().unwrap_or("?")))
        .collect()
}

fn unreadable(item: &Item) -> &Unreadable {
    item.event.as_ref().unwrap_err()
}

/// Everything an event says, for comparing; raw members without their spacing.
fn told(event: &Event) -> String {
    let mut record = event.record.clone();
    for member in [
        &mut record.request_parameters,
        &mut record.response_elements,
        &mut record.additional_event_data,
        &mut record.service_event_details,
        &mut record.resources,
    ] {
        if let Some(raw) = member
            && let Ok(value) = serde_json::from_str::<Value>(raw.get())
        {
            *member = Some(serde_json::value::to_raw_value(&value).unwrap());
        }
    }
    format!("{:?} {record:?}", event.origin)
}
