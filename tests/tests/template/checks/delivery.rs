//! From an event to a function: rules, patterns, targets, queues.

use std::collections::BTreeSet;

use scenarios::template::{Resource, Template, list, referred, texts};
use serde_json::{Value, json};

use super::{Broken, control_of};

/// The rules of a function: those whose target is the function or its queue.
fn rules_of<'a>(template: &'a Template, function: &str) -> Vec<Resource<'a>> {
    let queue = format!("{function}Queue");
    let mut rules = template.of_type("AWS::Events::Rule");
    rules.retain(|rule| {
        list(rule.property("Targets")).iter().any(|target| {
            let arn = target.get("Arn").and_then(referred);
            arn == Some(function) || arn == Some(queue.as_str())
        })
    });
    rules
}

/// The event names that a pattern lets through, in whatever branch of an `$or` they stand.
fn event_names(pattern: &Value) -> BTreeSet<String> {
    match pattern {
        Value::Object(members) => members
            .iter()
            .flat_map(|(key, value)| {
                if key == "eventName" {
                    texts(value).into_iter().map(str::to_owned).collect()
                } else {
                    event_names(value)
                }
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(event_names).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => BTreeSet::new(),
    }
}

/// The detail types of CloudTrail's records: calls, and sign-ins.
/// The second is written so, whatever the user guide says: a rule with another spelling never fires.
const CALL: &str = "AWS API Call via CloudTrail";
const SIGN_IN: &str = "AWS Console Sign In via CloudTrail";

/// Which calls a pattern is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Heard {
    /// The ones it names, that succeeded.
    Named,
    /// Sign-ins that succeeded.
    SignIns,
    /// Everything the root user does, except for what a rule for sign-ins hears.
    RootUse,
    /// Every call of a service that was refused.
    Refusals,
    /// S3's own events.
    Native,
}

/// The one exception to naming calls and to `anything-but`: every record has an `eventName`, and
/// the identity narrows the rest.
fn is_root_use(pattern: &Value) -> bool {
    pattern["source"] == json!([{ "prefix": "aws." }])
        && texts(&pattern["detail-type"]) == [CALL, SIGN_IN]
        && pattern["detail"]
            == json!({
                "eventName": [{ "anything-but": ["ConsoleLogin"] }],
                "userIdentity": { "type": ["Root"] },
            })
}

/// What a pattern hears, or why it must not be.
fn heard(pattern: &Value) -> Result<Heard, String> {
    const NATIVE: [&str; 2] = ["Object ACL Updated", "Object Created"];
    if is_root_use(pattern) {
        return Ok(Heard::RootUse);
    }
    let types = texts(&pattern["detail-type"]);
    if !types.is_empty() && types.iter().all(|name| NATIVE.contains(name)) {
        return Ok(Heard::Native);
    }
    if types != [CALL] && types != [SIGN_IN] {
        return Err(format!("listens for unknown {types:?}"));
    }
    let detail = &pattern["detail"];
    let hosts: Vec<String> = texts(&pattern["source"])
        .iter()
        .map(|source| format!("{}.amazonaws.com", source.trim_start_matches("aws.")))
        .collect();
    if texts(&detail["eventSource"]) != hosts {
        return Err("source and eventSource disagree".to_owned());
    }
    let names = event_names(detail);
    if types == [SIGN_IN] {
        let succeeded = json!({ "ConsoleLogin": ["Success"] });
        if detail["responseElements"] != succeeded || !names.iter().eq(["ConsoleLogin"]) {
            return Err("hears sign-ins that failed, or no sign-ins".to_owned());
        }
        return Ok(Heard::SignIns);
    }
    if detail["errorCode"] == json!([{ "wildcard": "*AccessDenied*" }]) {
        return if names.is_empty() {
            Ok(Heard::Refusals)
        } else {
            Err("hears only some refusals".to_owned())
        };
    }
    if detail["errorCode"] != json!([{ "exists": false }]) {
        return Err("hears calls that failed".to_owned());
    }
    if names.is_empty() {
        return Err("hears every call".to_owned());
    }
    Ok(Heard::Named)
}

/// The calls that a pattern lets through, as a control would subscribe to them.
fn calls(pattern: &Value) -> Vec<(String, String)> {
    let any = || controls::ANY.to_owned();
    let hosts = || texts(&pattern["detail"]["eventSource"]).into_iter().map(str::to_owned);
    match heard(pattern) {
        Ok(Heard::RootUse) => vec![(any(), any())],
        Ok(Heard::Refusals) => hosts().map(|host| (host, any())).collect(),
        Ok(Heard::Native) => {
            let sources = texts(&pattern["source"]).into_iter();
            let hosts = sources
                .map(|source| format!("{}.amazonaws.com", source.trim_start_matches("aws.")));
            let types = texts(&pattern["detail-type"]);
            hosts
                .flat_map(|host| types.iter().map(move |name| (host.clone(), (*name).to_owned())))
                .collect()
        }
        // What is wrong with it, `patterns` tells.
        Ok(Heard::Named | Heard::SignIns) | Err(_) => {
            let names = event_names(&pattern["detail"]);
            hosts()
                .flat_map(|host| names.iter().map(move |name| (host.clone(), name.clone())))
                .collect()
        }
    }
}

/// A function's rules let through exactly the calls that its control subscribes to.
pub(crate) fn rules_match_subscriptions(template: &Template) -> Broken {
    let mut broken = Vec::new();
    let mut claimed = BTreeSet::new();
    for (id, function) in template.functions() {
        let Some(control) = control_of(&id) else { continue };
        let mut heard = BTreeSet::new();
        for rule in rules_of(template, function.name) {
            claimed.insert(rule.name);
            heard.extend(calls(rule.property("EventPattern")));
        }
        let subscribed: BTreeSet<(String, String)> = control
            .subscriptions()
            .iter()
            .map(|one| (one.event_source.to_owned(), one.event_name.to_owned()))
            .collect();
        let deaf: Vec<_> = subscribed.difference(&heard).collect();
        let nosy: Vec<_> = heard.difference(&subscribed).collect();
        if !deaf.is_empty() || !nosy.is_empty() {
            broken.push(format!("{id} does not hear {deaf:?} and hears {nosy:?} for nothing"));
        }
    }
    for rule in template.of_type("AWS::Events::Rule") {
        if !claimed.contains(rule.name) {
            broken.push(format!("{} leads to no function", rule.name));
        }
    }
    broken
}

/// Forged and failed events never reach a function that does not ask about them, and a rule can
/// fire.
pub(crate) fn patterns(template: &Template) -> Broken {
    let mut broken = Vec::new();
    for rule in template.of_type("AWS::Events::Rule") {
        let pattern = rule.property("EventPattern");
        let root_use = is_root_use(pattern);
        let sources = texts(&pattern["source"]);
        let sent_by_aws =
            !sources.is_empty() && sources.iter().all(|source| source.starts_with("aws."));
        if !sent_by_aws && !root_use {
            broken.push(format!("{} lets anybody's events in", rule.name));
        }
        if let Err(why) = heard(pattern) {
            broken.push(format!("{} {why}", rule.name));
        }
        // Excluding our own role in a pattern would drop every user's event (patterns compare
        // fields that must exist); loops are stopped by state.
        if pattern.to_string().contains("anything-but") && !root_use {
            broken.push(format!("{} uses anything-but", rule.name));
        }
        if rule.property("State") != &json!({ "Ref": "RuleState" }) {
            broken.push(format!("{} cannot be switched off", rule.name));
        }
    }
    broken
}

/// Every delivery is tried again and then kept.
pub(crate) fn targets(template: &Template) -> Broken {
    let mut broken = Vec::new();
    for rule in template.of_type("AWS::Events::Rule") {
        for target in list(rule.property("Targets")) {
            let number = |pointer: &str| target.pointer(pointer).and_then(Value::as_u64);
            let age = number("/RetryPolicy/MaximumEventAgeInSeconds").unwrap_or(u64::MAX);
            let attempts = number("/RetryPolicy/MaximumRetryAttempts").unwrap_or(0);
            if age > 3600 || attempts < 10 {
                broken.push(format!("{}: {attempts} attempts within {age} s", rule.name));
            }
            let letters = target.pointer("/DeadLetterConfig/Arn").and_then(referred);
            let function = target.get("Arn").and_then(referred).unwrap_or_default();
            let stem = function.strip_suffix("Queue").unwrap_or(function);
            if letters != Some(format!("{stem}DeadLetters").as_str()) {
                broken.push(format!("{} loses what cannot be delivered", rule.name));
            }
            if function == stem {
                let permitted = template.of_type("AWS::Lambda::Permission").iter().any(|one| {
                    referred(one.property("FunctionName")) == Some(function)
                        && referred(one.property("SourceArn")) == Some(rule.name)
                        && one.property("Principal") == &json!("events.amazonaws.com")
                });
                if !permitted {
                    broken.push(format!("{} may not call {function}", rule.name));
                }
            }
        }
    }
    broken
}

/// Each queue takes events from exactly the rules that send to it.
pub(crate) fn queue_policies(template: &Template) -> Broken {
    let mut broken = Vec::new();
    for queue in template.of_type("AWS::SQS::Queue") {
        let mut senders = BTreeSet::new();
        for rule in template.of_type("AWS::Events::Rule") {
            for target in list(rule.property("Targets")) {
                let sends = target.get("Arn").and_then(referred) == Some(queue.name)
                    || target.pointer("/DeadLetterConfig/Arn").and_then(referred)
                        == Some(queue.name);
                if sends {
                    senders.insert(rule.name.to_owned());
                }
            }
        }
        let policies = template.of_type("AWS::SQS::QueuePolicy");
        let policy = policies.iter().find(|policy| {
            list(policy.property("Queues")).into_iter().any(|one| referred(one) == Some(queue.name))
        });
        let statements = policy.map(Resource::statements).unwrap_or_default();
        let mut admitted = BTreeSet::new();
        let mut tls = false;
        for statement in &statements {
            if statement["Effect"] == json!("Deny") {
                tls |=
                    statement.pointer("/Condition/Bool/aws:SecureTransport") == Some(&json!(false));
            } else {
                let events = statement.pointer("/Principal/Service");
                if events != Some(&json!("events.amazonaws.com"))
                    || statement["Action"] != json!("sqs:SendMessage")
                {
                    broken.push(format!("{} admits {statement}", queue.name));
                }
                let arns = statement.pointer("/Condition/ArnEquals/aws:SourceArn");
                for arn in list(arns.unwrap_or(&Value::Null)) {
                    let arn = arn.pointer("/Fn::If/1").unwrap_or(arn);
                    admitted.insert(referred(arn).unwrap_or("?").to_owned());
                }
            }
        }
        if admitted != senders {
            broken.push(format!("{} admits {admitted:?}, gets from {senders:?}", queue.name));
        }
        if !tls {
            broken.push(format!("{} takes unencrypted requests", queue.name));
        }
    }
    broken
}

/// Queues are encrypted, patient, and lead to dead letters that are kept.
pub(crate) fn queues(template: &Template) -> Broken {
    let mut broken = Vec::new();
    for queue in template.of_type("AWS::SQS::Queue") {
        let number = |name: &str| queue.property(name).as_u64().unwrap_or(0);
        if referred(queue.property("KmsMasterKeyId")) != Some("Key") {
            broken.push(format!("{} is not under the key", queue.name));
        }
        if let Some(stem) = queue.name.strip_suffix("DeadLetters") {
            if number("MessageRetentionPeriod") != 1_209_600 {
                broken.push(format!("{} keeps letters for less than 14 days", queue.name));
            }
            if template.resource(stem).is_none() {
                broken.push(format!("{} belongs to no function", queue.name));
            }
            continue;
        }
        let stem = queue.name.strip_suffix("Queue").unwrap_or(queue.name);
        let Some(function) = template.resource(stem) else {
            broken.push(format!("{} belongs to no function", queue.name));
            continue;
        };
        let timeout = function.property("Timeout").as_u64().unwrap_or(0);
        let window =
            function.at("/Properties/Events/Batches/Properties/MaximumBatchingWindowInSeconds");
        let needed = timeout.saturating_mul(6).saturating_add(window.as_u64().unwrap_or(0));
        if timeout == 0 || number("VisibilityTimeout") < needed {
            broken.push(format!("{} is visible again before {needed} s", queue.name));
        }
        let redrive = queue.property("RedrivePolicy");
        if redrive["maxReceiveCount"].as_u64().unwrap_or(0) < 5
            || referred(&redrive["deadLetterTargetArn"])
                != Some(format!("{stem}DeadLetters").as_str())
        {
            broken.push(format!("{} gives up as {redrive}", queue.name));
        }
    }
    broken
}
