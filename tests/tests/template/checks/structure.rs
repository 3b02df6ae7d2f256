//! How the template is built: transforms, retention, parameters, names, tags.

use scenarios::template::{Template, list, referred};
use serde_json::{Value, json};

use super::{Broken, logical};

/// Types that hold data, which must outlive a slip.
const KEEPS_DATA: [&str; 6] = [
    "AWS::KMS::Key",
    "AWS::DynamoDB::Table",
    "AWS::SQS::Queue",
    "AWS::Logs::LogGroup",
    "AWS::S3::Bucket",
    "AWS::CloudTrail::Trail",
];

/// Deletion policies may be parameters only after `AWS::LanguageExtensions`.
pub(crate) fn transforms(template: &Template) -> Broken {
    let declared = template.document.get("Transform").cloned().unwrap_or_default();
    let expected = json!(["AWS::LanguageExtensions", "AWS::Serverless-2016-10-31"]);
    if declared == expected { Vec::new() } else { vec![format!("Transform is {declared}")] }
}

/// What holds data is kept as parameters say, and those default to keeping.
pub(crate) fn retention(template: &Template) -> Broken {
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

/// No parameter takes anything.
pub(crate) fn parameters(template: &Template) -> Broken {
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

/// A second stack in the account must not collide with the first.
pub(crate) fn names(template: &Template) -> Broken {
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

/// Whoever pays or is called at night sees what it is.
pub(crate) fn tags(template: &Template) -> Broken {
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

/// Room is left below CloudFormation's limits.
pub(crate) fn sizes(template: &Template) -> Broken {
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
