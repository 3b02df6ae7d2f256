//! What is kept and told: the table, the alarms, the topic.

use std::collections::BTreeSet;

use scenarios::template::{Resource, Template, referred};
use serde_json::{Value, json};

use super::Broken;

/// The table is what the ledger's code says it is, and can be restored.
pub(crate) fn table(template: &Template) -> Broken {
    use ledger::table::{EXPIRES, PARTITION, SORT};
    let Some(table) = template.resource("LedgerTable") else {
        return vec!["there is no table".to_owned()];
    };
    let expected = [
        ("BillingMode", json!("PAY_PER_REQUEST")),
        (
            "KeySchema",
            json!([
                { "AttributeName": PARTITION, "KeyType": "HASH" },
                { "AttributeName": SORT, "KeyType": "RANGE" },
            ]),
        ),
        (
            "AttributeDefinitions",
            json!([
                { "AttributeName": PARTITION, "AttributeType": "S" },
                { "AttributeName": SORT, "AttributeType": "S" },
            ]),
        ),
        ("TimeToLiveSpecification", json!({ "AttributeName": EXPIRES, "Enabled": true })),
        ("PointInTimeRecoverySpecification", json!({ "PointInTimeRecoveryEnabled": true })),
        ("SSESpecification", json!({ "SSEEnabled": true })),
    ];
    expected
        .into_iter()
        .filter(|(name, value)| table.property(name) != value)
        .map(|(name, _)| format!("{name} is {}", table.property(name)))
        .collect()
}

/// An alarm's metric: namespace, name, dimensions with the suffix of the resource each names,
/// statistic.
type Metric = (&'static str, &'static str, &'static [(&'static str, &'static str)], &'static str);

/// The alarms of every function, by the suffix of their logical id: metrics that exist with these
/// dimensions, from AWS's lists and from `runtime`'s registry of its own.
///
/// - <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html>
/// - <https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html>
const ALARMS: [(&str, Metric); 5] = [
    (
        "DeadLettersAlarm",
        (
            "AWS/SQS",
            "ApproximateNumberOfMessagesVisible",
            &[("QueueName", "DeadLetters")],
            "Maximum",
        ),
    ),
    (
        "QueueAgeAlarm",
        ("AWS/SQS", "ApproximateAgeOfOldestMessage", &[("QueueName", "Queue")], "Maximum"),
    ),
    ("ErrorsAlarm", ("AWS/Lambda", "Errors", &[("FunctionName", "")], "Sum")),
    ("ThrottlesAlarm", ("AWS/Lambda", "Throttles", &[("FunctionName", "")], "Sum")),
    ("RemediationFailedAlarm", ("Snapback", "RemediationFailed", &[("control", "")], "Sum")),
];

/// Every function has its alarms, each on a metric that exists, and each tells.
pub(crate) fn alarms(template: &Template) -> Broken {
    let mut broken = Vec::new();
    let mut expected = BTreeSet::new();
    for (id, function) in template.functions() {
        for (suffix, (namespace, metric, dimensions, statistic)) in ALARMS {
            let name = format!("{}{suffix}", function.name);
            expected.insert(name.clone());
            let Some(alarm) = template.resource(&name) else {
                broken.push(format!("{name} is missing"));
                continue;
            };
            let dimensions: Vec<Value> = dimensions
                .iter()
                .map(|(dimension, of)| {
                    let resource = format!("{}{of}", function.name);
                    let value = match *dimension {
                        "QueueName" => json!({ "Fn::GetAtt": [resource, "QueueName"] }),
                        "FunctionName" => json!({ "Ref": resource }),
                        _ => json!(id),
                    };
                    json!({ "Name": dimension, "Value": value })
                })
                .collect();
            let wanted = [
                ("Namespace", json!(namespace)),
                ("MetricName", json!(metric)),
                ("Dimensions", dimensions.into()),
                ("Statistic", json!(statistic)),
                ("TreatMissingData", json!("notBreaching")),
                ("ComparisonOperator", json!("GreaterThanOrEqualToThreshold")),
                ("AlarmActions", json!([{ "Ref": "AlertTopic" }])),
            ];
            for (property, value) in wanted {
                if alarm.property(property) != &value {
                    broken.push(format!("{name}.{property} is {}", alarm.property(property)));
                }
            }
            // One dead letter, one error, one failed remedy is enough.
            let most = if suffix == "QueueAgeAlarm" { 900 } else { 1 };
            let threshold = alarm.property("Threshold").as_u64().unwrap_or(u64::MAX);
            if !(1..=most).contains(&threshold) {
                broken.push(format!("{name} waits for {threshold}"));
            }
        }
    }
    for alarm in template.of_type("AWS::CloudWatch::Alarm") {
        if !expected.contains(alarm.name) {
            broken.push(format!("{} is not among the known alarms", alarm.name));
        }
    }
    broken
}

/// Alarms reach an encrypted topic; nothing unencrypted does.
pub(crate) fn topic(template: &Template) -> Broken {
    let mut broken = Vec::new();
    let Some(topic) = template.resource("AlertTopic") else {
        return vec!["there is no topic".to_owned()];
    };
    if referred(topic.property("KmsMasterKeyId")) != Some("Key") {
        broken.push("the topic is not under the key".to_owned());
    }
    let policies = template.of_type("AWS::SNS::TopicPolicy");
    let statements: Vec<&Value> = policies.iter().flat_map(Resource::statements).collect();
    let alarms = statements.iter().any(|statement| {
        statement["Effect"] == json!("Allow")
            && statement.pointer("/Principal/Service") == Some(&json!("cloudwatch.amazonaws.com"))
            && statement["Action"] == json!("sns:Publish")
            && statement.pointer("/Condition/StringEquals/aws:SourceAccount")
                == Some(&json!({ "Ref": "AWS::AccountId" }))
            && statement.pointer("/Condition/ArnLike/aws:SourceArn").is_some()
    });
    if !alarms {
        broken.push("alarms cannot tell".to_owned());
    }
    let tls = statements.iter().any(|statement| {
        statement["Effect"] == json!("Deny")
            && statement.pointer("/Condition/Bool/aws:SecureTransport") == Some(&json!(false))
    });
    if !tls {
        broken.push("the topic takes unencrypted requests".to_owned());
    }
    if template.document.pointer("/Outputs/SnsTopicArn/Value")
        != Some(&json!({ "Ref": "AlertTopic" }))
    {
        broken.push("the topic is not an output".to_owned());
    }
    broken
}
