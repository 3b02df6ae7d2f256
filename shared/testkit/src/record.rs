//! Valid events by name: a test takes one and changes the one thing it is about.

use events::Event;
use model::Timestamp;
use serde_json::{Map, Value, json};

/// The account of every sample.
pub const ACCOUNT: &str = "111122223333";
/// A stranger's account.
pub const STRANGER: &str = "444455556666";
/// The Region of every sample.
pub const REGION: &str = "eu-west-1";
/// The bucket of every sample.
pub const BUCKET: &str = "amzn-s3-demo-bucket";
/// The role of every sample.
pub const ROLE: &str = "demo-role";
/// When every sample happened.
pub const EVENT_TIME: &str = "2026-03-05T09:30:00Z";

/// An event in the making.
#[derive(Debug, Clone, PartialEq)]
pub struct EventBuilder {
    record: Value,
    envelope: Value,
}

impl EventBuilder {
    /// A successful call by an IAM user, through EventBridge, with parameters as that call has
    /// them.
    #[must_use]
    pub fn new(event_name: &str) -> Self {
        let (service, parameters) = parameters(event_name);
        let record = json!({
            "eventVersion": "1.11",
            "userIdentity": {
                "type": "IAMUser",
                "principalId": "AIDAEXAMPLEEXAMPLE",
                "arn": format!("arn:aws:iam::{ACCOUNT}:user/demo"),
                "accountId": ACCOUNT,
                "userName": "demo",
            },
            "eventTime": EVENT_TIME,
            "eventSource": format!("{service}.amazonaws.com"),
            "eventName": event_name,
            "awsRegion": REGION,
            "sourceIPAddress": "198.51.100.7",
            "userAgent": "aws-cli/2.31.0",
            "requestParameters": parameters,
            "responseElements": null,
            "requestID": "EXAMPLEREQUEST",
            "eventID": "11111111-2222-4333-8444-555555555555",
            "readOnly": false,
            "eventType": "AwsApiCall",
            "managementEvent": true,
            "recipientAccountId": ACCOUNT,
            "eventCategory": "Management",
        });
        let envelope = json!({
            "version": "0",
            "id": "99999999-8888-4777-8666-555555555555",
            "detail-type": "AWS API Call via CloudTrail",
            "source": format!("aws.{service}"),
            "account": ACCOUNT,
            "time": EVENT_TIME,
            "region": REGION,
            "resources": [],
        });
        Self { record, envelope }
    }

    /// Sets a member of the record, by JSON pointer (`/requestParameters/bucketName`). Missing
    /// objects on the way are made.
    #[must_use]
    pub fn set(mut self, pointer: &str, value: impl Into<Value>) -> Self {
        set(&mut self.record, pointer, value.into());
        self
    }

    /// Removes a member of the record.
    #[must_use]
    pub fn without(mut self, pointer: &str) -> Self {
        let (parent, name) = pointer.rsplit_once('/').unwrap_or(("", pointer));
        if let Some(Value::Object(members)) = self.record.pointer_mut(parent) {
            members.shift_remove(name);
        }
        self
    }

    /// Sets a member of the envelope.
    #[must_use]
    pub fn enveloped(mut self, name: &str, value: impl Into<Value>) -> Self {
        set(&mut self.envelope, &format!("/{name}"), value.into());
        self
    }

    /// Another event of the same kind.
    #[must_use]
    pub fn id(self, id: &str) -> Self {
        self.set("/eventID", id)
    }

    /// Made at this time.
    #[must_use]
    pub fn at(self, time: Timestamp) -> Self {
        let text = time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        self.set("/eventTime", text.as_str()).enveloped("time", text)
    }

    /// The call failed.
    #[must_use]
    pub fn failed(self, code: &str) -> Self {
        self.set("/errorCode", code).set("/errorMessage", "no")
    }

    /// Made by a session of this role of the account.
    #[must_use]
    pub fn by_role(self, account: &str, role: &str) -> Self {
        self.set(
            "/userIdentity",
            json!({
                "type": "AssumedRole",
                "principalId": "AROAEXAMPLEEXAMPLE:session",
                "arn": format!("arn:aws:sts::{account}:assumed-role/{role}/session"),
                "accountId": account,
                "sessionContext": {
                    "sessionIssuer": {
                        "type": "Role",
                        "principalId": "AROAEXAMPLEEXAMPLE",
                        "arn": format!("arn:aws:iam::{account}:role/{role}"),
                        "accountId": account,
                        "userName": role,
                    },
                    "attributes": { "creationDate": EVENT_TIME, "mfaAuthenticated": "false" },
                },
            }),
        )
    }

    /// The bare record.
    #[must_use]
    pub fn record(&self) -> Value {
        self.record.clone()
    }

    /// The record in its EventBridge envelope.
    #[must_use]
    pub fn envelope(&self) -> Value {
        let mut envelope = self.envelope.clone();
        set(&mut envelope, "/detail", self.record.clone());
        envelope
    }

    /// The envelope as text.
    #[must_use]
    pub fn payload(&self) -> String {
        self.envelope().to_string()
    }

    /// The event, read from its text.
    ///
    /// # Panics
    /// If the text is no event: a mistake in the test.
    #[must_use]
    #[expect(clippy::panic, reason = "a sample that cannot be read is a mistake in the test")]
    pub fn event(&self) -> Event {
        match Event::parse(self.payload()) {
            Ok(event) => event,
            Err(error) => panic!("the sample is no event: {error}"),
        }
    }
}

fn set(root: &mut Value, pointer: &str, value: Value) {
    let mut at = root;
    for name in pointer.split('/').skip(1) {
        if !at.is_object() {
            *at = Value::Object(Map::new());
        }
        let Value::Object(members) = at else { return };
        at = members.entry(name).or_insert(Value::Null);
    }
    *at = value;
}

/// The service of a call and parameters as it has them.
fn parameters(event_name: &str) -> (&'static str, Value) {
    let host = format!("{BUCKET}.s3.{REGION}.amazonaws.com");
    let bucket = |more: Value| {
        let mut all = json!({ "bucketName": BUCKET, "Host": host.as_str() });
        if let (Value::Object(all), Value::Object(more)) = (&mut all, more) {
            all.extend(more);
        }
        all
    };
    let trust = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "Service": "ec2.amazonaws.com" },
            "Action": "sts:AssumeRole",
        }],
    })
    .to_string();
    match event_name {
        "PutBucketAcl" => ("s3", bucket(json!({ "acl": "", "x-amz-acl": "private" }))),
        "PutObjectAcl" => {
            ("s3", bucket(json!({ "acl": "", "key": "report.csv", "x-amz-acl": "private" })))
        }
        "PutObject" | "CopyObject" | "CompleteMultipartUpload" | "PostObject" => {
            ("s3", bucket(json!({ "key": "report.csv" })))
        }
        "CreateRole" => {
            ("iam", json!({ "roleName": ROLE, "path": "/", "assumeRolePolicyDocument": trust }))
        }
        "UpdateAssumeRolePolicy" => ("iam", json!({ "roleName": ROLE, "policyDocument": trust })),
        other if other.contains("Role") || other.contains("User") => {
            ("iam", json!({ "roleName": ROLE }))
        }
        _ => ("s3", bucket(json!({}))),
    }
}
