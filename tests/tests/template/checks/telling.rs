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
const ALARMS: [(&str, Metric); 7] = [
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
    (
        "AsyncEventsDroppedAlarm",
        ("AWS/Lambda", "AsyncEventsDropped", &[("FunctionName", "")], "Sum"),
    ),
    ("DeadLetterErrorsAlarm", ("AWS/Lambda", "DeadLetterErrors", &[("FunctionName", "")], "Sum")),
    ("RemediationFailedAlarm", ("Snapback", "RemediationFailed", &[("control", "")], "Sum")),
];

/// The alarms of every rule: what EventBridge gave up on, and what it could not even keep.
///
/// The spelling is the table's, `…Dlq`; metrics of the default bus have the rule as their only
/// dimension: <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html>.
const RULE_ALARMS: [(&str, Metric); 2] = [
    ("FailedInvocationsAlarm", ("AWS/Events", "FailedInvocations", &[("RuleName", "")], "Sum")),
    (
        "LostEventsAlarm",
        ("AWS/Events", "InvocationsFailedToBeSentToDlq", &[("RuleName", "")], "Sum"),
    ),
];

/// Every function and every rule has its alarms, each on a metric that exists, and each tells.
pub(crate) fn alarms(template: &Template) -> Broken {
    let mut broken = Vec::new();
    let mut expected = BTreeSet::new();
    let functions = template.functions();
    let functions = functions
        .iter()
        .flat_map(|(id, function)| ALARMS.map(|alarm| (*function, id.as_str(), alarm)));
    let rules = template.of_type("AWS::Events::Rule").into_iter();
    let rules = rules.flat_map(|rule| RULE_ALARMS.map(|alarm| (rule, "", alarm)));
    for (of, id, (suffix, metric)) in functions.chain(rules) {
        let name = format!("{}{suffix}", of.name);
        match template.resource(&name) {
            Some(alarm) => broken.extend(wrong(alarm, of, id, metric)),
            None => broken.push(format!("{name} is missing")),
        }
        expected.insert(name);
    }
    for alarm in template.of_type("AWS::CloudWatch::Alarm") {
        if !expected.contains(alarm.name) {
            broken.push(format!("{} is not among the known alarms", alarm.name));
        }
    }
    broken
}

/// What is wrong with the alarm on a metric of a function or rule, whose control is `id`.
fn wrong(alarm: Resource<'_>, of: Resource<'_>, id: &str, metric: Metric) -> Broken {
    let (namespace, metric, dimensions, statistic) = metric;
    let dimensions: Vec<Value> = dimensions
        .iter()
        .map(|(dimension, suffix)| {
            let resource = format!("{}{suffix}", of.name);
            let value = match *dimension {
                "QueueName" => json!({ "Fn::GetAtt": [resource, "QueueName"] }),
                "FunctionName" | "RuleName" => json!({ "Ref": resource }),
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
    let mut broken: Broken = wanted
        .into_iter()
        .filter(|(property, value)| alarm.property(property) != value)
        .map(|(property, _)| format!("{}.{property} is {}", alarm.name, alarm.property(property)))
        .collect();
    if alarm.at("/Condition") != of.at("/Condition") {
        broken.push(format!("{} exists under {}", alarm.name, alarm.at("/Condition")));
    }
    // One dead letter, one error, one failed remedy is enough.
    let most = if metric == "ApproximateAgeOfOldestMessage" { 900 } else { 1 };
    let threshold = alarm.property("Threshold").as_u64().unwrap_or(u64::MAX);
    if !(1..=most).contains(&threshold) {
        broken.push(format!("{} waits for {threshold}", alarm.name));
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
