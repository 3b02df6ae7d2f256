//! Who may do what: roles, permissions, resource policies, the key.

use std::collections::{BTreeMap, BTreeSet};

use scenarios::template::{Template, list, referred, texts};
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
