//! How fast events are read: one by one, and from files in the usual forms.
//!
//! `cargo bench -p events`. With the shared corpus at hand (`SNAPBACK_SHARED`) its bulk records are
//! read as well, which is what the figures of the docs are taken from.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use events::{Event, parameters::s3::PutAcl, read};
use serde_json::{Value, json};

fn record(number: usize) -> Value {
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
                "attributes": {"mfaAuthenticated": "false", "creationDate": "2026-03-01T09:55:00Z"}
            }
        },
        "eventTime": "2026-03-01T10:00:00Z",
        "eventSource": "s3.amazonaws.com",
        "eventName": "PutBucketAcl",
        "awsRegion": "eu-central-1",
        "sourceIPAddress": "203.0.113.7",
        "userAgent": "[aws-cli/2.15.0 Python/3.11.6 Linux/6.1 exe/x86_64 prompt/off command/s3api.put-bucket-acl]",
        "requestParameters": {
            "bucketName": "amzn-s3-demo-bucket",
            "Host": "amzn-s3-demo-bucket.s3.eu-central-1.amazonaws.com",
            "acl": "",
            "AccessControlPolicy": {"AccessControlList": {"Grant": [
                {"Grantee": {"xsi:type": "CanonicalUser", "ID": "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"}, "Permission": "FULL_CONTROL"},
                {"Grantee": {"xsi:type": "Group", "URI": "http://acs.amazonaws.com/groups/global/AllUsers"}, "Permission": "READ"}
            ]}}
        },
        "responseElements": null,
        "additionalEventData": {"SignatureVersion": "SigV4", "CipherSuite": "TLS_AES_128_GCM_SHA256", "bytesTransferredIn": 512},
        "requestID": "EXAMPLE123456789",
        "eventID": format!("00000000-0000-4000-8000-{number:012}"),
        "readOnly": false,
        "resources": [{"accountId": "111122223333", "type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::amzn-s3-demo-bucket"}],
        "eventType": "AwsApiCall",
        "managementEvent": true,
        "recipientAccountId": "111122223333",
        "eventCategory": "Management",
        "tlsDetails": {"tlsVersion": "TLSv1.3", "cipherSuite": "TLS_AES_128_GCM_SHA256"}
    })
}

fn envelope(record: &Value) -> Value {
    json!({"version": "0", "id": "00000000-0000-4000-8000-0000000000e1",
        "detail-type": "AWS API Call via CloudTrail", "source": "aws.s3",
        "account": "111122223333", "time": "2026-03-01T10:00:05Z", "region": "eu-central-1",
        "resources": [], "detail": record})
}

fn one(c: &mut Criterion) {
    let bare = record(1).to_string();
    let enveloped = envelope(&record(1)).to_string();
    let mut group = c.benchmark_group("one");
    for (name, text) in [("record", &bare), ("envelope", &enveloped)] {
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_with_input(BenchmarkId::new("parse", name), text, |b, text| {
            b.iter(|| Event::parse(black_box(text)));
        });
    }
    if let Ok(event) = Event::parse(&bare) {
        group.bench_function("parameters", |b| b.iter(|| event.record.parameters::<PutAcl>()));
    }
    group.finish();
}

fn many(c: &mut Criterion) {
    let records: Vec<Value> = (0..2000).map(record).collect();
    let lines = records.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
    let file = json!({"Records": records}).to_string();
    let pretty = serde_json::to_string_pretty(&json!({"Records": records})).unwrap_or_default();
    let batch: Vec<Value> = records
        .iter()
        .map(|record| json!({"messageId": "m", "body": envelope(record).to_string()}))
        .collect();
    let batch = json!({"Records": batch}).to_string();
    let mut inputs =
        vec![("lines", lines), ("trail file", file), ("pretty", pretty), ("SQS batch", batch)];
    inputs.extend(bulk().map(|bulk| ("corpus", bulk)));
    let mut group = c.benchmark_group("read");
    group.sample_size(20);
    for (name, text) in &inputs {
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_with_input(BenchmarkId::from_parameter(name), text, |b, text| {
            b.iter(|| read(black_box(text.as_bytes())).filter(|item| item.event.is_ok()).count());
        });
    }
    group.finish();
}

/// The corpus's bulk records as JSON lines.
#[expect(clippy::disallowed_methods, reason = "the corpus is no part of the project")]
fn bulk() -> Option<String> {
    let shared = std::env::var_os("SNAPBACK_SHARED")?;
    let path = std::path::Path::new(&shared).join("corpus/bulk.jsonl");
    let text = std::fs::read_to_string(path).ok()?;
    let records = text.lines().filter_map(|line| {
        let row: Value = serde_json::from_str(line).ok()?;
        Some(format!("{}\n", row.get("record")?))
    });
    Some(records.collect())
}

criterion_group!(benches, one, many);
criterion_main!(benches);
