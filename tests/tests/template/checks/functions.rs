//! The functions: one per control, set up alike, with their settings and logs.

use std::collections::{BTreeMap, BTreeSet};

use scenarios::template::{Template, list, referred};
use serde_json::{Value, json};

use super::{Broken, control_of, logical};

/// The settings that every function gets, and no other.
const SETTINGS: [&str; 8] = [
    "SNAPBACK_OWN_ROLES",
    "SNAPBACK_PAUSED",
    "SNAPBACK_POLICIES",
    "SNAPBACK_POSTURE",
    "SNAPBACK_RECHECK_QUEUE_URL",
    "SNAPBACK_TABLE",
    "SNAPBACK_TOPIC_ARN",
    "SNAPBACK_TRUST",
];

/// Functions and controls are the same set; each is set up alike.
pub(crate) fn functions(template: &Template) -> Broken {
    let mut broken = Vec::new();
    let named: BTreeSet<String> = template.functions().into_iter().map(|(id, _)| id).collect();
    let known: BTreeSet<String> =
        controls::all().iter().map(|control| control.id().as_str().to_owned()).collect();
    if named != known {
        broken.push(format!("functions {named:?}, controls {known:?}"));
    }
    let global = |name: &str| {
        template.document.pointer(&format!("/Globals/Function/{name}")).cloned().unwrap_or_default()
    };
    for (name, value) in
        [("Runtime", "provided.al2023"), ("Handler", "bootstrap"), ("Tracing", "Active")]
    {
        if global(name) != json!(value) {
            broken.push(format!("Globals.Function.{name} is not {value}"));
        }
    }
    for (id, function) in template.functions() {
        let stem = logical(&id);
        if function.name != stem {
            broken.push(format!("{} should be called {stem}", function.name));
        }
        let expected = [
            ("/Metadata/BuildMethod", json!("rust-cargolambda")),
            // In the workspace's root, cargo would look for the binary in the command line's package.
            ("/Properties/CodeUri", json!(format!("functions/{id}"))),
            ("/Properties/Role", json!({ "Fn::GetAtt": [format!("{stem}Role"), "Arn"] })),
            ("/Properties/DeadLetterQueue/Type", json!("SQS")),
            (
                "/Properties/DeadLetterQueue/TargetArn",
                json!({ "Fn::GetAtt": [format!("{stem}DeadLetters"), "Arn"] }),
            ),
            ("/Properties/LoggingConfig/LogFormat", json!("JSON")),
            ("/Properties/LoggingConfig/LogGroup", json!({ "Ref": format!("{stem}Logs") })),
            (
                "/Properties/ReservedConcurrentExecutions",
                json!({ "Fn::If": ["HasReservation", { "Ref": "ReservedConcurrency" }, { "Ref": "AWS::NoValue" }] }),
            ),
            (
                "/Properties/Events/Batches/Properties/Queue",
                json!({ "Fn::GetAtt": [format!("{stem}Queue"), "Arn"] }),
            ),
            (
                "/Properties/Events/Batches/Properties/FunctionResponseTypes",
                json!(["ReportBatchItemFailures"]),
            ),
            ("/Properties/EventInvokeConfig/MaximumRetryAttempts", json!(2)),
        ];
        for (pointer, value) in expected {
            if function.at(pointer) != &value {
                broken.push(format!("{stem}{pointer} is {}", function.at(pointer)));
            }
        }
        let number = |pointer: &str| function.at(pointer).as_u64().unwrap_or(0);
        if !(1..=3600).contains(&number("/Properties/EventInvokeConfig/MaximumEventAgeInSeconds")) {
            broken.push(format!("{stem} keeps events for longer than an hour"));
        }
        if number("/Properties/Timeout") == 0 || number("/Properties/MemorySize") == 0 {
            broken.push(format!("{stem} leaves time or memory to chance"));
        }
        if number("/Properties/Events/Batches/Properties/ScalingConfig/MaximumConcurrency") < 2 {
            broken.push(format!("{stem} has no bound on concurrency"));
        }
    }
    broken
}

/// A reservation is none, nothing, or as much as every queue's poller may use: messages that a
/// throttled function refuses use up their receives.
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html>
pub(crate) fn reservations(template: &Template) -> Broken {
    let mut broken = Vec::new();
    let most = template.functions().into_iter().map(|(_, function)| {
        let pointer = "/Properties/Events/Batches/Properties/ScalingConfig/MaximumConcurrency";
        function.at(pointer).as_u64().unwrap_or(1000)
    });
    let too_few: Vec<String> =
        (1..most.max().unwrap_or(1000)).map(|number| number.to_string()).collect();
    let assertion = json!({ "Fn::Not": [
        { "Fn::Contains": [too_few, { "Ref": "ReservedConcurrency" }] },
    ] });
    let rules = template.document.get("Rules").and_then(Value::as_object);
    let refused = rules.into_iter().flatten().any(|(_, rule)| {
        rule.get("RuleCondition").is_none() && rule["Assertions"][0]["Assert"] == assertion
    });
    if !refused {
        broken.push(format!("a reservation of {} is taken", too_few.join(", ")));
    }
    broken
}

/// The settings, exactly.
pub(crate) fn environment(template: &Template) -> Broken {
    let mut broken = Vec::new();
    let variables = |value: &Value| -> BTreeMap<String, Value> {
        let variables = value.as_object().cloned().unwrap_or_default();
        variables.into_iter().collect()
    };
    let global = template.document.pointer("/Globals/Function/Environment/Variables");
    for (id, function) in template.functions() {
        let stem = logical(&id);
        let mut set = variables(global.unwrap_or(&Value::Null));
        set.extend(variables(function.at("/Properties/Environment/Variables")));
        let keys: Vec<&str> = set.keys().map(String::as_str).collect();
        if keys != SETTINGS {
            broken.push(format!("{stem} is given {keys:?}"));
        }
        let expected = [
            ("SNAPBACK_POSTURE", json!({ "Ref": format!("{stem}Posture") })),
            ("SNAPBACK_RECHECK_QUEUE_URL", json!({ "Ref": format!("{stem}Queue") })),
            ("SNAPBACK_TABLE", json!({ "Ref": "LedgerTable" })),
            ("SNAPBACK_TOPIC_ARN", json!({ "Ref": "AlertTopic" })),
            ("SNAPBACK_PAUSED", json!({ "Ref": "PauseParameter" })),
        ];
        for (name, value) in expected {
            if set.get(name) != Some(&value) {
                broken.push(format!("{stem}: {name} is {:?}", set.get(name)));
            }
        }
        // Beside the trust file, so that one given as a parameter need not know them.
        let own = set.get("SNAPBACK_OWN_ROLES").map(Value::to_string).unwrap_or_default();
        if own.contains('*') || own.contains('?') {
            broken.push(format!("{stem} takes roles for its own by a pattern"));
        }
        for role in template.of_type("AWS::IAM::Role") {
            if !own.contains(&format!("[\"{}\",\"Arn\"]", role.name)) {
                broken.push(format!("{stem} does not know {} as its own", role.name));
            }
        }
    }
    broken
}

/// Logs are encrypted and end one day.
pub(crate) fn logs(template: &Template) -> Broken {
    let mut broken = Vec::new();
    for (_, function) in template.functions() {
        let name = format!("{}Logs", function.name);
        let Some(group) = template.resource(&name) else {
            broken.push(format!("{name} is missing"));
            continue;
        };
        if group.property("RetentionInDays") != &json!({ "Ref": "LogRetentionDays" })
            || referred(group.property("KmsKeyId")) != Some("Key")
        {
            broken.push(format!("{name} is unencrypted or endless"));
        }
    }
    broken
}

/// Whether a condition is a conjunction with another.
fn holds_only_with(template: &Template, condition: &str, other: &str) -> bool {
    let parts = template.document.pointer(&format!("/Conditions/{condition}/Fn::And"));
    let mut parts = parts.map(list).into_iter().flatten();
    parts.any(|part| part == &json!({ "Condition": other }))
}

/// What listens for IAM exists only where IAM's events appear.
pub(crate) fn home_region(template: &Template) -> Broken {
    let mut broken = Vec::new();
    let homes = json!({ "Fn::Or": [
        { "Fn::Equals": [{ "Ref": "AWS::Region" }, "us-east-1"] },
        { "Fn::Equals": [{ "Ref": "AWS::Region" }, "us-gov-west-1"] },
        { "Fn::Equals": [{ "Ref": "AWS::Region" }, "cn-north-1"] },
    ] });
    if template.document.pointer("/Conditions/HearsIam") != Some(&homes) {
        broken.push("HearsIam is not the home Regions".to_owned());
    }
    for (id, function) in template.functions() {
        let iam = control_of(&id).is_some_and(|control| {
            let mut subscriptions = control.subscriptions().iter();
            subscriptions.any(|one| one.event_source == "iam.amazonaws.com")
        });
        let others: Vec<&str> = template
            .functions()
            .iter()
            .map(|(_, other)| other.name)
            .filter(|other| *other != function.name && other.starts_with(function.name))
            .collect();
        for resource in template.resources() {
            let mine = resource.name.starts_with(function.name)
                && !others.iter().any(|other| resource.name.starts_with(other));
            let there = resource.condition().is_some_and(|condition| {
                condition == "HearsIam" || holds_only_with(template, condition, "HearsIam")
            });
            if mine && iam != there {
                broken.push(format!(
                    "{} exists under {}",
                    resource.name,
                    resource.at("/Condition")
                ));
            }
            let native = resource.kind() == "AWS::Events::Rule"
                && resource.at("/Properties/EventPattern/detail").is_null();
            if mine && native && resource.at("/Condition") != &json!("HearsNativeS3") {
                broken.push(format!("{} is not optional", resource.name));
            }
        }
    }
    broken
}
