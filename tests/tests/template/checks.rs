//! What must hold of the template, each rule a function from a template to what breaks it. The
//! rules are applied to the real template (`main.rs`) and to damaged ones (`defects.rs`).

use std::collections::{BTreeMap, BTreeSet};

use controls::AnyControl;
use scenarios::template::{Resource, Template, list, referred, texts};
use serde_json::{Value, json};

/// What breaks a rule, in words.
pub(crate) type Broken = Vec<String>;

/// A rule.
pub(crate) type Rule = fn(&Template) -> Broken;

/// Every rule by its name.
pub(crate) const RULES: &[(&str, Rule)] = &[
    ("transforms", transforms),
    ("retention", retention),
    ("parameters", parameters),
    ("names", names),
    ("functions", functions),
    ("environment", environment),
    ("rules_match_subscriptions", rules_match_subscriptions),
    ("patterns", patterns),
    ("targets", targets),
    ("queue_policies", queue_policies),
    ("queues", queues),
    ("roles", roles),
    ("actions", actions),
    ("resources_of_actions", resources_of_actions),
    ("deputies", deputies),
    ("key", key),
    ("table", table),
    ("alarms", alarms),
    ("topic", topic),
    ("logs", logs),
    ("home_region", home_region),
    ("tags", tags),
    ("sizes", sizes),
];

/// Types that hold data, which must outlive a slip.
const KEEPS_DATA: [&str; 6] = [
    "AWS::KMS::Key",
    "AWS::DynamoDB::Table",
    "AWS::SQS::Queue",
    "AWS::Logs::LogGroup",
    "AWS::S3::Bucket",
    "AWS::CloudTrail::Trail",
];

/// Infrastructure permissions of every function, by statement: what the runtime and the adapters
/// of ledger, alerts, pause switch and second looks call, and what Lambda calls with the role.
const INFRASTRUCTURE: [(&str, &[&str]); 8] = [
    ("Ledger", &["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"]),
    ("Alerts", &["sns:Publish"]),
    (
        "Queue",
        &["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage", "sqs:SendMessage"],
    ),
    ("DeadLetters", &["sqs:SendMessage"]),
    ("Pause", &["ssm:GetParameter"]),
    ("QueuesAndAlertsAreEncrypted", &["kms:Decrypt", "kms:GenerateDataKey"]),
    ("Logs", &["logs:CreateLogStream", "logs:PutLogEvents"]),
    ("Traces", &["xray:PutTelemetryRecords", "xray:PutTraceSegments"]),
];

/// Statements that may name every resource, because the service knows none.
const ANY_RESOURCE: [&str; 1] = ["Traces"];

/// The settings that every function gets, and no other.
const SETTINGS: [&str; 7] = [
    "SNAPBACK_PAUSED",
    "SNAPBACK_POLICIES",
    "SNAPBACK_POSTURE",
    "SNAPBACK_RECHECK_QUEUE_URL",
    "SNAPBACK_TABLE",
    "SNAPBACK_TOPIC_ARN",
    "SNAPBACK_TRUST",
];

fn control_of(id: &str) -> Option<&'static dyn AnyControl> {
    controls::all().iter().copied().find(|control| control.id().as_str() == id)
}

/// `s3-public-acl` -> `S3PublicAcl`: a function's logical id, and the stem of what belongs to it.
pub(crate) fn logical(id: &str) -> String {
    id.split('-')
        .map(|word| {
            let mut letters = word.chars();
            let first = letters.next().map(|letter| letter.to_ascii_uppercase());
            first.into_iter().chain(letters).collect::<String>()
        })
        .collect()
}

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

/// A1: deletion policies may be parameters only after `AWS::LanguageExtensions`.
fn transforms(template: &Template) -> Broken {
    let declared = template.document.get("Transform").cloned().unwrap_or_default();
    let expected = json!(["AWS::LanguageExtensions", "AWS::Serverless-2016-10-31"]);
    if declared == expected { Vec::new() } else { vec![format!("Transform is {declared}")] }
}

/// A2, A3, A5: what holds data is kept as parameters say, and those default to keeping.
fn retention(template: &Template) -> Broken {
    let mut broken = Vec::new();
    for resource in template.resources() {
        let policies = (resource.at("/DeletionPolicy"), resource.at("/UpdateReplacePolicy"));
        if KEEPS_DATA.contains(&resource.kind()) {
            let by_parameter =
                (&json!({ "Ref": "DataDeletionPolicy" }), &json!({ "Ref": "DataReplacePolicy" }));
            if policies != by_parameter {
                broken.push(format!("{} is kept by {policies:?}", resource.name));
            }
        } else if policies != (&Value::Null, &Value::Null) {
            broken.push(format!("{} has a deletion policy", resource.name));
        }
    }
    for (name, default) in
        [("DataDeletionPolicy", "RetainExceptOnCreate"), ("DataReplacePolicy", "Retain")]
    {
        let path = format!("/Parameters/{name}/Default");
        if template.document.pointer(&path) != Some(&json!(default)) {
            broken.push(format!("{name} does not default to {default}"));
        }
    }
    broken
}

/// A4: no parameter takes anything.
fn parameters(template: &Template) -> Broken {
    let mut broken = Vec::new();
    for (name, body) in template.parameters() {
        let has = |key: &str| body.get(key).is_some();
        let kind = body.get("Type").and_then(Value::as_str).unwrap_or_default();
        let bounded = match kind {
            "Number" => has("AllowedValues") || (has("MinValue") && has("MaxValue")),
            _ => has("AllowedValues") || (has("AllowedPattern") && has("ConstraintDescription")),
        };
        if !bounded {
            broken.push(format!("{name} takes anything"));
        }
        if let Some(pattern) = body.get("AllowedPattern").and_then(Value::as_str) {
            let anchored = pattern.starts_with('^') && pattern.ends_with('$');
            if !anchored {
                broken.push(format!("{name}'s pattern is not anchored"));
            }
        }
        if !has("Description") {
            broken.push(format!("{name} is not described"));
        }
        if !has("Default") {
            broken.push(format!("{name} has no default"));
        }
    }
    for control in controls::all() {
        let path = format!("/Parameters/{}Posture", logical(control.id().as_str()));
        let posture = template.document.pointer(&path).unwrap_or(&Value::Null);
        if posture.get("Default") != Some(&json!("observe"))
            || posture.get("AllowedValues") != Some(&json!(["observe", "enforce"]))
        {
            broken.push(format!("{path} does not begin with observe"));
        }
    }
    broken
}

/// B1: a second stack in the account must not collide with the first.
fn names(template: &Template) -> Broken {
    const NAMES: [&str; 12] = [
        "AlarmName",
        "AliasName",
        "BucketName",
        "FunctionName",
        "LogGroupName",
        "ManagedPolicyName",
        "Name",
        "PolicyName",
        "QueueName",
        "RoleName",
        "TableName",
        "TopicName",
    ];
    let mut broken = Vec::new();
    for resource in template.resources() {
        for name in NAMES {
            let chosen = resource.property(name);
            // A reference to another resource is not a choice of a name.
            let free = chosen.is_null()
                || referred(chosen).is_some()
                || chosen.to_string().contains("${AWS::StackName}");
            if !free {
                broken.push(format!("{}.{name} is fixed: {chosen}", resource.name));
            }
        }
    }
    broken
}

/// C2, D1, C6, C9: functions and controls are the same set; each is set up alike.
fn functions(template: &Template) -> Broken {
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

/// Design section 8: the settings, exactly.
fn environment(template: &Template) -> Broken {
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
        let trust = set.get("SNAPBACK_TRUST").map(Value::to_string).unwrap_or_default();
        for role in template.of_type("AWS::IAM::Role") {
            if !trust.contains(&format!("[\"{}\",\"Arn\"]", role.name)) {
                broken.push(format!("{stem} does not know {} as its own", role.name));
            }
        }
    }
    broken
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

/// C2: a function's rules let through exactly the calls that its control subscribes to.
fn rules_match_subscriptions(template: &Template) -> Broken {
    let mut broken = Vec::new();
    let mut claimed = BTreeSet::new();
    for (id, function) in template.functions() {
        let Some(control) = control_of(&id) else { continue };
        let mut heard = BTreeSet::new();
        for rule in rules_of(template, function.name) {
            claimed.insert(rule.name);
            let pattern = rule.property("EventPattern");
            let cloud_trail = texts(&pattern["detail-type"]) == ["AWS API Call via CloudTrail"];
            if cloud_trail {
                for source in texts(&pattern["detail"]["eventSource"]) {
                    let names = event_names(&pattern["detail"]);
                    heard.extend(names.into_iter().map(|name| (source.to_owned(), name)));
                }
            } else {
                for source in texts(&pattern["source"]) {
                    let service = source.trim_start_matches("aws.");
                    let host = format!("{service}.amazonaws.com");
                    let types = texts(&pattern["detail-type"]).into_iter();
                    heard.extend(types.map(|name| (host.clone(), name.to_owned())));
                }
            }
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

/// C1: forged and failed events never reach a function, and a rule can fire.
fn patterns(template: &Template) -> Broken {
    const NATIVE: [&str; 2] = ["Object ACL Updated", "Object Created"];
    let mut broken = Vec::new();
    for rule in template.of_type("AWS::Events::Rule") {
        let pattern = rule.property("EventPattern");
        let sources = texts(&pattern["source"]);
        if sources.is_empty() || !sources.iter().all(|source| source.starts_with("aws.")) {
            broken.push(format!("{} lets anybody's events in", rule.name));
        }
        let types = texts(&pattern["detail-type"]);
        if types == ["AWS API Call via CloudTrail"] {
            let detail = &pattern["detail"];
            let hosts: Vec<String> = sources
                .iter()
                .map(|source| format!("{}.amazonaws.com", source.trim_start_matches("aws.")))
                .collect();
            if texts(&detail["eventSource"]) != hosts {
                broken.push(format!("{}: source and eventSource disagree", rule.name));
            }
            if detail["errorCode"] != json!([{ "exists": false }]) {
                broken.push(format!("{} hears calls that failed", rule.name));
            }
            if event_names(detail).is_empty() {
                broken.push(format!("{} hears every call", rule.name));
            }
        } else if types.is_empty() || !types.iter().all(|name| NATIVE.contains(name)) {
            broken.push(format!("{} listens for unknown {types:?}", rule.name));
        }
        // Excluding our own role in a pattern would drop every user's event (patterns compare
        // fields that must exist); loops are stopped by state.
        if pattern.to_string().contains("anything-but") {
            broken.push(format!("{} uses anything-but", rule.name));
        }
        if rule.property("State") != &json!({ "Ref": "RuleState" }) {
            broken.push(format!("{} cannot be switched off", rule.name));
        }
    }
    broken
}

/// C3: every delivery is tried again and then kept.
fn targets(template: &Template) -> Broken {
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
                        && one.property("SourceAccount") == &json!({ "Ref": "AWS::AccountId" })
                });
                if !permitted {
                    broken.push(format!("{} may not call {function}", rule.name));
                }
            }
        }
    }
    broken
}

/// C4: each queue takes events from exactly the rules that send to it.
fn queue_policies(template: &Template) -> Broken {
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

/// C5, C7, F9: queues are encrypted, patient, and lead to dead letters that are kept.
fn queues(template: &Template) -> Broken {
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

/// D3: one role per function, with one policy of its own and a boundary where asked.
fn roles(template: &Template) -> Broken {
    let mut broken = Vec::new();
    let expected: BTreeSet<String> =
        template.functions().iter().map(|(_, function)| format!("{}Role", function.name)).collect();
    let found: BTreeSet<String> =
        template.of_type("AWS::IAM::Role").iter().map(|role| role.name.to_owned()).collect();
    if expected != found {
        broken.push(format!("roles {found:?}, functions need {expected:?}"));
    }
    for role in template.of_type("AWS::IAM::Role") {
        let stem = role.name.strip_suffix("Role").unwrap_or(role.name);
        if role.property("ManagedPolicyArns") != &json!([{ "Ref": format!("{stem}Permissions") }]) {
            broken.push(format!("{} has other policies", role.name));
        }
        if !role.property("Policies").is_null() {
            broken.push(format!("{} has inline policies", role.name));
        }
        let boundary = json!({ "Fn::If": ["HasBoundary", { "Ref": "PermissionsBoundaryArn" }, { "Ref": "AWS::NoValue" }] });
        if role.property("PermissionsBoundary") != &boundary {
            broken.push(format!("{} escapes the boundary", role.name));
        }
        let trust = role.at("/Properties/AssumeRolePolicyDocument/Statement");
        let lambda = json!([{
            "Effect": "Allow",
            "Principal": { "Service": "lambda.amazonaws.com" },
            "Action": "sts:AssumeRole",
        }]);
        if trust != &lambda {
            broken.push(format!("{} may be assumed by {trust}", role.name));
        }
    }
    broken
}

/// D4, S-28: a role allows exactly what its control declares, and the infrastructure's own.
fn actions(template: &Template) -> Broken {
    let mut broken = Vec::new();
    for (id, function) in template.functions() {
        let Some(control) = control_of(&id) else { continue };
        let name = format!("{}Permissions", function.name);
        let Some(policy) = template.resource(&name) else {
            broken.push(format!("{name} is missing"));
            continue;
        };
        let mut granted: BTreeSet<&str> = BTreeSet::new();
        let mut infrastructure = BTreeMap::new();
        for statement in policy.statements() {
            let sid = statement["Sid"].as_str().unwrap_or_default();
            let actions = texts(&statement["Action"]);
            if statement["Effect"] != json!("Allow") || statement.get("NotAction").is_some() {
                broken.push(format!("{name}: {sid} is more than a plain allow"));
            }
            if sid.starts_with("Read") || sid.starts_with("Mend") {
                granted.extend(actions);
            } else {
                infrastructure.insert(sid, actions);
            }
        }
        let declared: BTreeSet<&str> =
            control.read_actions().iter().chain(control.write_actions()).copied().collect();
        let missing: Vec<_> = declared.difference(&granted).collect();
        let unused: Vec<_> = granted.difference(&declared).collect();
        if !missing.is_empty() || !unused.is_empty() {
            broken.push(format!("{name} lacks {missing:?} and has {unused:?} for nothing"));
        }
        let expected: BTreeMap<&str, Vec<&str>> =
            INFRASTRUCTURE.iter().map(|(sid, actions)| (*sid, actions.to_vec())).collect();
        if infrastructure != expected {
            broken.push(format!("{name} has the infrastructure {infrastructure:?}"));
        }
    }
    broken
}

/// D4: no wildcard in an action, none for a whole resource, account-wide S3 writes stay at home.
fn resources_of_actions(template: &Template) -> Broken {
    let mut broken = Vec::new();
    for policy in template.of_type("AWS::IAM::ManagedPolicy") {
        for statement in policy.statements() {
            let sid = statement["Sid"].as_str().unwrap_or_default();
            let told = format!("{}.{sid}", policy.name);
            let actions = texts(&statement["Action"]);
            if actions.is_empty() || actions.iter().any(|action| action.contains(['*', '?'])) {
                broken.push(format!("{told} allows {actions:?}"));
            }
            let resources = list(&statement["Resource"]);
            let all = resources.iter().any(|resource| resource.as_str() == Some("*"));
            if resources.is_empty() || (all && !ANY_RESOURCE.contains(&sid)) {
                broken.push(format!("{told} reaches every resource"));
            }
            let s3 = actions.iter().any(|action| action.starts_with("s3:"));
            let home = statement.pointer("/Condition/StringEquals/aws:ResourceAccount");
            if s3 && home != Some(&json!({ "Ref": "AWS::AccountId" })) {
                broken.push(format!("{told} reaches other accounts' buckets"));
            }
            let data_key = actions.contains(&"kms:GenerateDataKey");
            let key_of_stack = referred(&statement["Resource"]) == Some("Key");
            let via = statement.pointer("/Condition/StringEquals/kms:ViaService");
            if data_key && !key_of_stack && via.is_none() {
                broken.push(format!("{told} uses keys outside of S3"));
            }
        }
    }
    // Whatever its code believes, a role that may write roles may not write ours.
    for policy in template.of_type("AWS::IAM::ManagedPolicy") {
        let writes = policy.statements().iter().any(|statement| {
            statement["Effect"] == json!("Allow")
                && texts(&statement["Action"]).contains(&"iam:UpdateAssumeRolePolicy")
        });
        let Some(stem) = policy.name.strip_suffix("Permissions").filter(|_| writes) else {
            continue;
        };
        let limits = template.resource(&format!("{stem}Limits"));
        let denied = limits.map(|limits| {
            let attached = limits.property("Roles") == &json!([{ "Ref": format!("{stem}Role") }]);
            let statements = limits
                .statements()
                .into_iter()
                .filter(|statement| attached && statement["Effect"] == json!("Deny"));
            statements.map(ToString::to_string).collect::<String>()
        });
        let denied = denied.unwrap_or_default();
        for role in template.of_type("AWS::IAM::Role") {
            if !denied.contains(&format!("[\"{}\",\"Arn\"]", role.name)) {
                broken.push(format!("{stem} may write {}", role.name));
            }
        }
        if !denied.contains(":role/aws-service-role/*") || !denied.contains("iam:TagRole") {
            broken.push(format!("{stem} may write service-linked roles"));
        }
    }
    broken
}

/// D6: a service that is let in is let in for this account, and no pattern stands where an
/// operator compares whole strings.
fn deputies(template: &Template) -> Broken {
    let mut broken = Vec::new();
    for resource in template.resources() {
        for statement in resource.statements() {
            let sid = statement["Sid"].as_str().unwrap_or_default();
            let told = format!("{}.{sid}", resource.name);
            let condition = statement["Condition"].to_string();
            let service = statement.pointer("/Principal/Service").is_some();
            // EventBridge sends no source to KMS (rule `key`); logs are told by their context.
            let pinned = condition.contains("aws:SourceA")
                || condition.contains("kms:EncryptionContext")
                || (resource.kind() == "AWS::KMS::Key"
                    && statement.pointer("/Principal/Service")
                        == Some(&json!("events.amazonaws.com")));
            if service && !pinned {
                broken.push(format!("{told} lets a service in for everybody"));
            }
            let everybody = matches!(statement["Principal"].as_str(), Some("*"));
            if everybody && statement["Effect"] != json!("Deny") {
                broken.push(format!("{told} lets everybody in"));
            }
            // `ArnEquals` takes patterns, `StringEquals` does not.
            if statement["Condition"]["StringEquals"].to_string().contains('*') {
                broken.push(format!("{told} compares a pattern with StringEquals"));
            }
            if condition.contains("MultiFactorAuthPresent") && service {
                broken.push(format!("{told} asks a service for MFA"));
            }
        }
    }
    broken
}

/// C5, E6, F9: the key rotates, is slow to go, and lets the services use it that must.
fn key(template: &Template) -> Broken {
    let mut broken = Vec::new();
    for key in template.of_type("AWS::KMS::Key") {
        if key.property("EnableKeyRotation") != &json!(true)
            || key.property("PendingWindowInDays") != &json!(30)
        {
            broken.push(format!("{} does not rotate, or goes too soon", key.name));
        }
        let admits = |service: &str| {
            let mut statements = key.statements().into_iter();
            statements
                .find(|statement| statement.pointer("/Principal/Service") == Some(&json!(service)))
        };
        match admits("events.amazonaws.com") {
            Some(statement) => {
                if statement.get("Condition").is_some() {
                    broken.push("a condition drops every event silently".to_owned());
                }
                if texts(&statement["Action"]) != ["kms:Decrypt", "kms:GenerateDataKey"] {
                    broken.push("EventBridge cannot use the key".to_owned());
                }
            }
            None => broken.push("EventBridge may not use the key".to_owned()),
        }
        match admits("cloudwatch.amazonaws.com") {
            Some(statement) => {
                if texts(&statement["Action"]) != ["kms:Decrypt", "kms:GenerateDataKey*"] {
                    broken.push("alarms cannot use the key".to_owned());
                }
            }
            None => broken.push("alarms may not use the key".to_owned()),
        }
    }
    if template.of_type("AWS::KMS::Key").is_empty() {
        broken.push("there is no key".to_owned());
    }
    broken
}

/// The table is what the ledger's code says it is, and can be restored.
fn table(template: &Template) -> Broken {
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

/// E1, E3, E4: every function has its alarms, each on a metric that exists, and each tells.
fn alarms(template: &Template) -> Broken {
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

/// E6: alarms reach an encrypted topic; nothing unencrypted does.
fn topic(template: &Template) -> Broken {
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

/// D2: logs are encrypted and end one day.
fn logs(template: &Template) -> Broken {
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

/// C11: what listens for IAM exists only where IAM's events appear.
fn home_region(template: &Template) -> Broken {
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
            if mine && iam != (resource.at("/Condition") == &json!("HearsIam")) {
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

/// B3: whoever pays or is called at night sees what it is.
fn tags(template: &Template) -> Broken {
    const TAGGED: [&str; 8] = [
        "AWS::DynamoDB::Table",
        "AWS::Events::Rule",
        "AWS::IAM::Role",
        "AWS::KMS::Key",
        "AWS::Logs::LogGroup",
        "AWS::SNS::Topic",
        "AWS::SQS::Queue",
        "AWS::SSM::Parameter",
    ];
    const KEYS: [&str; 4] = ["DataClass", "Environment", "ManagedBy", "Project"];
    let mut broken = Vec::new();
    for resource in template.resources() {
        if !TAGGED.contains(&resource.kind()) {
            continue;
        }
        let tags = resource.property("Tags");
        let mut keys: Vec<&str> = tags.as_object().map_or_else(
            || list(tags).iter().filter_map(|tag| tag["Key"].as_str()).collect(),
            |tags| tags.keys().map(String::as_str).collect(),
        );
        keys.sort_unstable();
        if keys != KEYS {
            broken.push(format!("{} is tagged {keys:?}", resource.name));
        }
    }
    let global = template.document.pointer("/Globals/Function/Tags").and_then(Value::as_object);
    if global.is_none_or(|tags| !KEYS.iter().all(|key| tags.contains_key(*key))) {
        broken.push("functions are not tagged".to_owned());
    }
    broken
}

/// A6: room is left below CloudFormation's limits.
fn sizes(template: &Template) -> Broken {
    let count = |section: &str| {
        let section = template.document.get(section).and_then(Value::as_object);
        section.map_or(0, serde_json::Map::len)
    };
    [("Resources", 450), ("Outputs", 180), ("Parameters", 180)]
        .into_iter()
        .filter(|(section, most)| count(section) > *most)
        .map(|(section, _)| format!("{section}: {}", count(section)))
        .collect()
}
