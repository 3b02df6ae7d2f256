//! Who may do what: roles, permissions, resource policies, the key.

use std::collections::{BTreeMap, BTreeSet};

use scenarios::template::{Resource, Template, list, referred, texts};
use serde_json::json;

use super::{Broken, control_of};

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

/// Statements that may name every resource, because the service knows none: traces, and what stands
/// once in an account (its Block Public Access, its password policy).
///
/// Sources: <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html>,
/// <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html>,
/// <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html>.
const ANY_RESOURCE: [&str; 6] = [
    "Traces",
    "ReadAccount",
    "ReadAccountBlock",
    "MendAccountBlock",
    "ReadPasswordPolicy",
    "MendPasswordPolicy",
];

/// S3 actions on the account itself: there is no bucket of whose account a condition could be.
const ON_ACCOUNT: [&str; 2] = ["s3:GetAccountPublicAccessBlock", "s3:PutAccountPublicAccessBlock"];

/// One role per function, with one policy of its own and a boundary where asked.
pub(crate) fn roles(template: &Template) -> Broken {
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

/// S-28: a role allows exactly what its control declares, and the infrastructure's own.
pub(crate) fn actions(template: &Template) -> Broken {
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
        // What a deployment may ask for besides, in a policy of its own.
        let besides = template.resource(&format!("{}OnRequest", function.name));
        if let Some(besides) = &besides
            && (besides.property("Roles") != &json!([{ "Ref": format!("{}Role", function.name) }])
                || !is_asked_for(template, besides.condition()))
        {
            broken.push(format!("{} is not asked for, or is somebody else's", besides.name));
        }
        let besides = besides.iter().flat_map(Resource::statements);
        for statement in policy.statements().into_iter().chain(besides) {
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

/// Whether a condition holds only where a parameter that is `false` by default says `true`.
fn is_asked_for(template: &Template, condition: Option<&str>) -> bool {
    let at = |condition| template.document.pointer(&format!("/Conditions/{condition}/Fn::And"));
    let mut parts = condition.and_then(at).map(list).into_iter().flatten();
    parts.any(|part| {
        let asked = part.pointer("/Fn::Equals").map(list).unwrap_or_default();
        let [parameter, value] = &asked[..] else { return false };
        let parameters = template.parameters();
        let of = |name: &str| parameters.iter().find(|(known, _)| *known == name);
        let default = referred(parameter).and_then(of).map(|(_, body)| &body["Default"]);
        *value == &json!("true") && default == Some(&json!("false"))
    })
}

/// No wildcard in an action, none for a whole resource, account-wide S3 writes stay at home.
pub(crate) fn resources_of_actions(template: &Template) -> Broken {
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
            let for_all =
                ANY_RESOURCE.contains(&sid) && actions.iter().all(|action| has_no_resource(action));
            if resources.is_empty() || (all && !for_all) {
                broken.push(format!("{told} reaches every resource"));
            }
            let s3 = actions
                .iter()
                .any(|action| action.starts_with("s3:") && !ON_ACCOUNT.contains(action));
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
        let statements = policy.statements();
        let allowed: BTreeSet<&str> = statements
            .iter()
            .filter(|statement| statement["Effect"] == json!("Allow"))
            .flat_map(|statement| texts(&statement["Action"]))
            .collect();
        let writes = ["iam:UpdateAssumeRolePolicy", "iam:DetachRolePolicy", "iam:PutRolePolicy"];
        let writes = writes.iter().any(|action| allowed.contains(action));
        let stem =
            ["Permissions", "OnRequest"].iter().find_map(|end| policy.name.strip_suffix(end));
        let Some(stem) = stem.filter(|_| writes) else { continue };
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
        let on_roles = |action: &&&str| {
            action.contains("Role")
                && !action.starts_with("iam:Get")
                && !action.starts_with("iam:List")
        };
        let open: Vec<_> =
            allowed.iter().filter(on_roles).filter(|action| !denied.contains(**action)).collect();
        if !denied.contains(":role/aws-service-role/*") || !open.is_empty() {
            broken.push(format!("{stem} may write service-linked roles by {open:?}"));
        }
        if !allowed.contains("iam:SetDefaultPolicyVersion") {
            continue;
        }
        for own in template.of_type("AWS::IAM::ManagedPolicy") {
            let by_name = format!(":policy/${{AWS::StackName}}-{}-*", own.name);
            let named = denied.contains(&format!("{{\"Ref\":\"{}\"}}", own.name));
            if !denied.contains("iam:SetDefaultPolicyVersion")
                || !(named || denied.contains(&by_name))
            {
                broken.push(format!("{stem} may write {}", own.name));
            }
        }
    }
    broken
}

/// Whether an action of [`ANY_RESOURCE`] can be allowed on every resource only.
fn has_no_resource(action: &str) -> bool {
    const OF_ACCOUNT: [&str; 4] = [
        "iam:GetAccountPasswordPolicy",
        "iam:GetAccountSummary",
        "iam:ListVirtualMFADevices",
        "iam:UpdateAccountPasswordPolicy",
    ];
    action.starts_with("xray:") || ON_ACCOUNT.contains(&action) || OF_ACCOUNT.contains(&action)
}

/// A service that is let in is let in for this account, and no pattern stands where an
/// operator compares whole strings.
pub(crate) fn deputies(template: &Template) -> Broken {
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

/// The key rotates, is slow to go, and lets the services use it that must.
pub(crate) fn key(template: &Template) -> Broken {
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
