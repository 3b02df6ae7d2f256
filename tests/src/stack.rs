//! `template.yaml`, deployed to an account of the emulator.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::OnceLock,
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    Problem, Result,
    bridge::Bridge,
    emulator::{self, Call, REGION},
    python,
    server::Server,
    workspace,
};

/// How long anything that must come is waited for: generous, because the machine may be busy.
/// Nothing is asserted about how soon it comes.
const PATIENCE: Duration = Duration::from_mins(1);

/// How often it is looked for.
const EVERY: Duration = Duration::from_millis(50);

/// A deployed stack, and a root client of its account.
#[derive(Debug)]
pub struct Stack {
    /// The account.
    pub account: String,
    /// boto3 as the account's root user.
    pub client: Bridge,
    emulator: &'static Server,
    name: String,
    resources: BTreeMap<String, String>,
    outputs: BTreeMap<String, String>,
}

/// The template as `CloudFormation` takes it, transformed once per test binary.
fn transformed() -> Result<&'static str> {
    static TRANSFORMED: OnceLock<std::result::Result<String, String>> = OnceLock::new();
    TRANSFORMED
        .get_or_init(|| {
            let run = || -> Result<String> {
                let mut command = python::script("transform.py")?;
                command.arg(workspace::root().join("template.yaml"));
                command.args(["--emulator", REGION, "--code-bucket", CODE_BUCKET]);
                python::run(command.env("AWS_DEFAULT_REGION", REGION))
            };
            run().map_err(|problem| problem.to_string())
        })
        .as_deref()
        .map_err(|said| Problem::Failed { program: "transform.py".to_owned(), said: said.clone() })
}

/// Stands in the transformed template for the bucket of the account it is deployed to.
const CODE_BUCKET: &str = "amzn-s3-demo-code-placeholder";

impl Stack {
    /// Deploys the template to an account of its own, with these parameters.
    ///
    /// # Errors
    /// When the emulator cannot be started or refuses the template.
    pub fn deploy(account: &str, parameters: &[(&str, &str)]) -> Result<Self> {
        let emulator = emulator::ministack()?;
        let client = Bridge::start(&emulator.endpoint, account, REGION)?;
        let bucket = format!("amzn-s3-demo-code-{account}");
        client.call("s3", "CreateBucket", json!({ "Bucket": bucket }))?;
        let template = transformed()?.replace(CODE_BUCKET, &bucket);
        let put = json!({ "Bucket": bucket, "Key": "template.json", "Body": template });
        client.call("s3", "PutObject", put)?;

        let mut given = vec![json!({
            "ParameterKey": "Architecture", "ParameterValue": "x86_64",
        })];
        for (key, value) in parameters {
            given.push(json!({ "ParameterKey": key, "ParameterValue": value }));
        }
        // Of its own in every account: the emulator derives the names of functions from the stack's,
        // and deploying one stops running functions of the same name in all accounts.
        let name = format!("snapback-{account}");
        let create = json!({
            "StackName": name,
            "TemplateURL": format!("{}/{bucket}/template.json", emulator.endpoint),
            "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
            "Parameters": given,
        });
        client.call("cloudformation", "CreateStack", create)?;
        let mut stack = Self {
            account: account.to_owned(),
            client,
            emulator,
            name,
            resources: BTreeMap::new(),
            outputs: BTreeMap::new(),
        };
        stack.settle()?;
        Ok(stack)
    }

    /// Waits until the stack is complete, and notes what it made.
    fn settle(&mut self) -> Result<()> {
        let described = eventually("the stack", || {
            let answer = self.client.call(
                "cloudformation",
                "DescribeStacks",
                json!({ "StackName": self.name }),
            )?;
            let status = text(&answer, "/Stacks/0/StackStatus");
            if status.ends_with("_IN_PROGRESS") {
                return Ok(Err(status));
            }
            Ok(Ok(answer))
        })?;
        let status = text(&described, "/Stacks/0/StackStatus");
        if status != "CREATE_COMPLETE" {
            let said = format!("{status}: {}", text(&described, "/Stacks/0/StackStatusReason"));
            return Err(Problem::Failed { program: "the deployment".to_owned(), said });
        }
        self.outputs = pairs(&described, "/Stacks/0/Outputs", "/OutputKey", "/OutputValue");
        let made = self.client.call(
            "cloudformation",
            "DescribeStackResources",
            json!({ "StackName": self.name }),
        )?;
        self.resources =
            pairs(&made, "/StackResources", "/LogicalResourceId", "/PhysicalResourceId");
        Ok(())
    }

    /// The physical id of a resource by its logical id.
    ///
    /// # Errors
    /// When the template made no such resource.
    pub fn physical(&self, logical: &str) -> Result<&str> {
        self.resources
            .get(logical)
            .map(String::as_str)
            .ok_or_else(|| Problem::missing(format!("resource `{logical}` of the stack")))
    }

    /// An output of the stack.
    ///
    /// # Errors
    /// When the template has no such output.
    pub fn output(&self, name: &str) -> Result<&str> {
        self.outputs
            .get(name)
            .map(String::as_str)
            .ok_or_else(|| Problem::missing(format!("output `{name}` of the stack")))
    }

    /// Makes one call as the account's root user.
    ///
    /// # Errors
    /// As [`Bridge::call`].
    pub fn call(&self, service: &str, operation: &str, parameters: Value) -> Result<Value> {
        self.client.call(service, operation, parameters)
    }

    /// Puts a CloudTrail record on the default bus, as `source` would.
    ///
    /// # Errors
    /// When the bus refuses it.
    pub fn put_record(&self, source: &str, record: &Value) -> Result<()> {
        self.put(source, "AWS API Call via CloudTrail", record)
    }

    /// Puts any event on the default bus.
    ///
    /// # Errors
    /// When the bus refuses it.
    pub fn put(&self, source: &str, detail_type: &str, detail: &Value) -> Result<()> {
        let entry =
            json!({ "Source": source, "DetailType": detail_type, "Detail": detail.to_string() });
        let answer = self.call("events", "PutEvents", json!({ "Entries": [entry] }))?;
        if answer.pointer("/FailedEntryCount").and_then(Value::as_u64) == Some(0) {
            Ok(())
        } else {
            Err(Problem::Failed { program: "PutEvents".to_owned(), said: answer.to_string() })
        }
    }

    /// A queue of one's own that is subscribed to the stack's topic.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn inbox(&self, name: &str) -> Result<Inbox<'_>> {
        let made = self.call("sqs", "CreateQueue", json!({ "QueueName": name }))?;
        let url = text(&made, "/QueueUrl");
        let arn = format!("arn:aws:sqs:{REGION}:{}:{name}", self.account);
        let topic = self.output("SnsTopicArn")?;
        let policy = json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Principal": { "Service": "sns.amazonaws.com" },
                "Action": "sqs:SendMessage",
                "Resource": arn,
                "Condition": { "ArnEquals": { "aws:SourceArn": topic } },
            }],
        });
        self.call(
            "sqs",
            "SetQueueAttributes",
            json!({ "QueueUrl": url, "Attributes": { "Policy": policy.to_string() } }),
        )?;
        let subscribe = json!({ "TopicArn": topic, "Protocol": "sqs", "Endpoint": arn });
        self.call("sns", "Subscribe", subscribe)?;
        Ok(Inbox { stack: self, url })
    }

    /// What a queue of the stack holds right now; the messages are taken out.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn take(&self, queue_url: &str) -> Result<Vec<Value>> {
        let receive = json!({
            "QueueUrl": queue_url,
            "MaxNumberOfMessages": 10,
            "MessageAttributeNames": ["All"],
            "MessageSystemAttributeNames": ["All"],
        });
        let answer = self.call("sqs", "ReceiveMessage", receive)?;
        let messages = answer.pointer("/Messages").and_then(Value::as_array);
        let messages = messages.cloned().unwrap_or_default();
        for message in &messages {
            let handle = text(message, "/ReceiptHandle");
            let delete = json!({ "QueueUrl": queue_url, "ReceiptHandle": handle });
            self.call("sqs", "DeleteMessage", delete)?;
        }
        Ok(messages)
    }

    /// Every line that a function of the stack has logged so far.
    ///
    /// # Errors
    /// When its log group cannot be read.
    pub fn logged(&self, function: &str) -> Result<Vec<String>> {
        let group = self.physical(&format!("{function}Logs"))?;
        let mut lines = Vec::new();
        let mut next: Option<String> = None;
        loop {
            let mut filter = json!({ "logGroupName": group });
            if let (Some(token), Some(filter)) = (next.take(), filter.as_object_mut()) {
                filter.insert("nextToken".to_owned(), token.into());
            }
            let answer = self.call("logs", "FilterLogEvents", filter)?;
            let events = answer.pointer("/events").and_then(Value::as_array);
            lines.extend(events.into_iter().flatten().map(|event| text(event, "/message")));
            next = answer.pointer("/nextToken").and_then(Value::as_str).map(str::to_owned);
            if next.is_none() {
                return Ok(lines);
            }
        }
    }

    /// What the functions asked of AWS so far, in the account of this stack.
    ///
    /// # Errors
    /// When the emulator's record cannot be read.
    pub fn calls(&self) -> Result<Vec<Call>> {
        emulator::calls(self.emulator, &self.account)
    }

    /// The actions that a function of the stack asked for so far.
    ///
    /// # Errors
    /// As [`Stack::calls`].
    pub fn actions(&self, function: &str) -> Result<BTreeSet<String>> {
        let role = format!("/{}/", self.physical(&format!("{function}Role"))?);
        let calls = self.calls()?.into_iter().filter(|call| call.principal.contains(&role));
        Ok(calls.map(|call| call.action).collect())
    }

    /// Every item of the ledger.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub fn ledger(&self) -> Result<Vec<Value>> {
        let table = self.output("LedgerTableName")?;
        let answer = self.call("dynamodb", "Scan", json!({ "TableName": table }))?;
        let items = answer.pointer("/Items").and_then(Value::as_array);
        Ok(items.cloned().unwrap_or_default())
    }

    /// Takes one action away from a function's role.
    ///
    /// # Errors
    /// When its policy cannot be rewritten, or has no such action.
    pub fn strip(&self, function: &str, action: &str) -> Result<()> {
        let policy = self.physical(&format!("{function}Permissions"))?;
        let version = json!({ "PolicyArn": policy, "VersionId": "v1" });
        let answer = self.call("iam", "GetPolicyVersion", version)?;
        let mut document = answer
            .pointer("/PolicyVersion/Document")
            .cloned()
            .ok_or_else(|| Problem::missing(format!("the document of `{policy}`")))?;
        let statements = document.pointer_mut("/Statement").and_then(Value::as_array_mut);
        let mut found = false;
        for statement in statements.into_iter().flatten() {
            let Some(actions) = statement.get_mut("Action") else { continue };
            if actions.as_str() == Some(action) {
                // An action nobody calls: a statement must name one.
                *actions = json!("snapback:Nothing");
                found = true;
            } else if let Some(list) = actions.as_array_mut() {
                let before = list.len();
                list.retain(|listed| listed.as_str() != Some(action));
                found = found || list.len() < before;
            }
        }
        if !found {
            return Err(Problem::missing(format!("`{action}` in `{policy}`")));
        }
        let create = json!({
            "PolicyArn": policy, "PolicyDocument": document.to_string(), "SetAsDefault": true,
        });
        self.call("iam", "CreatePolicyVersion", create)?;
        Ok(())
    }
}

/// A queue that receives the stack's alerts.
#[derive(Debug)]
pub struct Inbox<'a> {
    stack: &'a Stack,
    url: String,
}

/// One alert as it arrived.
#[derive(Debug, Clone)]
pub struct Received {
    /// The message for programs.
    pub json: Value,
    /// The notification that brought it: subject, attributes.
    pub notification: Value,
}

impl Inbox<'_> {
    /// What has arrived and was not taken yet.
    ///
    /// # Errors
    /// When the queue cannot be read, or holds something else than notifications.
    pub fn take(&self) -> Result<Vec<Received>> {
        let mut alerts = Vec::new();
        for message in self.stack.take(&self.url)? {
            let body = text(&message, "/Body");
            let notification: Value =
                serde_json::from_str(&body).map_err(Problem::json("a notification"))?;
            let inner = text(&notification, "/Message");
            // What is not JSON is kept as text: the assertion that follows will show it.
            let json = serde_json::from_str(&inner).unwrap_or(Value::String(inner));
            alerts.push(Received { json, notification });
        }
        Ok(alerts)
    }

    /// Waits for the first alert whose JSON mentions `what`; others are dropped.
    ///
    /// # Errors
    /// When none comes.
    pub fn wait_for(&self, what: &str) -> Result<Received> {
        let mut others = Vec::new();
        eventually(&format!("an alert about `{what}`"), || {
            for received in self.take()? {
                if received.json.to_string().contains(what) {
                    return Ok(Ok(received));
                }
                others.push(received.json);
            }
            Ok(Err(format!("{others:?}")))
        })
    }
}

/// Looks again and again until there is something, and says what was there instead if it never
/// comes.
///
/// # Errors
/// [`Problem::Late`], or what the look itself failed with.
pub fn eventually<T, E: fmt::Display>(
    what: &str,
    mut look: impl FnMut() -> Result<std::result::Result<T, E>>,
) -> Result<T> {
    let began = Instant::now();
    loop {
        match look()? {
            Ok(found) => return Ok(found),
            Err(instead) if began.elapsed() > PATIENCE => {
                return Err(Problem::Late {
                    what: what.to_owned(),
                    waited: PATIENCE,
                    told: format!("; there was: {instead}"),
                });
            }
            Err(_) => thread::sleep(EVERY),
        }
    }
}

/// The text at a JSON pointer; empty where there is none.
#[must_use]
pub fn text(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn pairs(value: &Value, list: &str, key: &str, worth: &str) -> BTreeMap<String, String> {
    let items = value.pointer(list).and_then(Value::as_array);
    items.into_iter().flatten().map(|item| (text(item, key), text(item, worth))).collect()
}
