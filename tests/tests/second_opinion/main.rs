//! The real function binaries against moto, which shares no code with ministack: a mend that only
//! one emulator's quirk lets through is no mend.
//!
//! moto enforces neither roles nor rules, so the functions are handed their event directly. What
//! rests on moto here: its ACL and copy round trips, its refusal of trust documents that IAM would
//! refuse, its refusal of a copy onto itself that changes nothing (`docs/testing.md`).
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops where it goes wrong"
)]

mod command_line;
mod grants;

use std::sync::OnceLock;

use scenarios::{
    bridge::Bridge,
    emulator::{self, MOTO_ACCOUNT, REGION},
    functions,
    runtime_api::{self, Ended},
    stack::text,
};
use serde_json::{Value, json};

/// What a function needs besides the resource it looks at.
struct Account {
    client: Bridge,
    topic: String,
}

const TABLE: &str = "ledger";
const PAUSED: &str = "/snapback/paused";

fn account() -> &'static Account {
    static ACCOUNT: OnceLock<Account> = OnceLock::new();
    ACCOUNT.get_or_init(|| {
        let moto = emulator::moto().unwrap();
        let client = Bridge::start(&moto.endpoint, MOTO_ACCOUNT, REGION).unwrap();
        let table = json!({
            "TableName": TABLE,
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [
                { "AttributeName": "pk", "AttributeType": "S" },
                { "AttributeName": "sk", "AttributeType": "S" },
            ],
            "KeySchema": [
                { "AttributeName": "pk", "KeyType": "HASH" },
                { "AttributeName": "sk", "KeyType": "RANGE" },
            ],
        });
        client.call("dynamodb", "CreateTable", table).unwrap();
        let paused = json!({ "Name": PAUSED, "Type": "String", "Value": "false" });
        client.call("ssm", "PutParameter", paused).unwrap();
        let topic = client.call("sns", "CreateTopic", json!({ "Name": "alerts" })).unwrap();
        Account { client, topic: text(&topic, "/TopicArn") }
    })
}

impl Account {
    fn call(&self, service: &str, operation: &str, parameters: Value) -> Value {
        self.client.call(service, operation, parameters).unwrap()
    }

    /// A queue that hears the topic.
    fn inbox(&self, name: &str) -> String {
        let queue = self.call("sqs", "CreateQueue", json!({ "QueueName": name }));
        let endpoint = format!("arn:aws:sqs:{REGION}:{MOTO_ACCOUNT}:{name}");
        let subscribe = json!({ "TopicArn": self.topic, "Protocol": "sqs", "Endpoint": endpoint });
        self.call("sns", "Subscribe", subscribe);
        text(&queue, "/QueueUrl")
    }

    /// The alerts about something that have arrived; the function has ended, so all have.
    fn alerts(&self, queue: &str, about: &str) -> Vec<Value> {
        let receive = json!({ "QueueUrl": queue, "MaxNumberOfMessages": 10 });
        let messages = self.call("sqs", "ReceiveMessage", receive);
        let messages = messages["Messages"].as_array().cloned().unwrap_or_default();
        let alerts = messages.iter().map(|message| {
            let notification: Value = serde_json::from_str(&text(message, "/Body")).unwrap();
            serde_json::from_str(&text(&notification, "/Message")).unwrap()
        });
        alerts.filter(|alert: &Value| alert["resource"].to_string().contains(about)).collect()
    }

    /// Runs a function, in posture enforce, on the record of a call.
    fn run(&self, function: &str, service: &str, name: &str, parameters: Value) {
        let moto = emulator::moto().unwrap();
        let mut event = json!({
            "version": "0",
            "id": "00000000-0000-4000-8000-00000000e001",
            "detail-type": "AWS API Call via CloudTrail",
            "source": format!("aws.{service}"),
            "account": MOTO_ACCOUNT,
            "time": "2026-03-01T03:00:00Z",
            "region": REGION,
            "resources": [],
            "detail": {
                "eventVersion": "1.10",
                "userIdentity": {
                    "type": "IAMUser",
                    "arn": format!("arn:aws:iam::{MOTO_ACCOUNT}:user/mallory"),
                    "accountId": MOTO_ACCOUNT,
                    "userName": "mallory",
                },
                "eventTime": "2026-03-01T03:00:00Z",
                "eventSource": format!("{service}.amazonaws.com"),
                "eventName": name,
                "awsRegion": REGION,
                "eventID": format!("00000000-0000-4000-8000-{:012x}", parameters.to_string().len()),
                "recipientAccountId": MOTO_ACCOUNT,
            },
        });
        event["detail"]["requestParameters"] = parameters;
        let settings = [
            ("AWS_ENDPOINT_URL", moto.endpoint.as_str()),
            ("AWS_REGION", REGION),
            ("AWS_ACCESS_KEY_ID", "AKIAEXAMPLEEXAMPLE02"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("SNAPBACK_POSTURE", "enforce"),
            ("SNAPBACK_TABLE", TABLE),
            ("SNAPBACK_TOPIC_ARN", &self.topic),
            ("SNAPBACK_TRUST", r#"{"account_id":"111122223333"}"#),
            ("SNAPBACK_PAUSED", PAUSED),
        ];
        let binary = functions::binary(function).unwrap();
        let ended = runtime_api::invoke(&binary, &settings, &event.to_string()).unwrap();
        assert!(matches!(ended, Ended::Response(_)), "{ended:?}");
    }
}

#[test]
fn an_acl_loses_its_public_grants_and_nothing_else() {
    const BUCKET: &str = "amzn-s3-demo-open-bucket";
    let account = account();
    let inbox = account.inbox("acl");
    account.call(
        "s3",
        "CreateBucket",
        json!({ "Bucket": BUCKET, "ObjectOwnership": "ObjectWriter" }),
    );
    let bucket = json!({ "Bucket": BUCKET });
    let owner = text(&account.call("s3", "GetBucketAcl", bucket.clone()), "/Owner/ID");
    let grant =
        |grantee: Value, permission: &str| json!({ "Grantee": grantee, "Permission": permission });
    let kept = json!([
        grant(json!({ "Type": "CanonicalUser", "ID": owner }), "FULL_CONTROL"),
        grant(
            json!({ "Type": "Group", "URI": "http://acs.amazonaws.com/groups/s3/LogDelivery" }),
            "WRITE"
        ),
    ]);
    let mut grants = kept.as_array().unwrap().clone();
    let everybody =
        json!({ "Type": "Group", "URI": "http://acs.amazonaws.com/groups/global/AllUsers" });
    grants.insert(1, grant(everybody.clone(), "READ"));
    grants.insert(1, grant(everybody, "READ_ACP"));
    let put = json!({
        "Bucket": BUCKET,
        "AccessControlPolicy": { "Owner": { "ID": owner }, "Grants": grants },
    });
    account.call("s3", "PutBucketAcl", put);

    account.run(
        "s3-public-acl",
        "s3",
        "PutBucketAcl",
        json!({ "bucketName": BUCKET, "acl": [""] }),
    );

    let after = account.call("s3", "GetBucketAcl", bucket);
    let plain = |grants: &Value| -> Vec<String> {
        let grants = grants.as_array().unwrap().iter();
        grants
            .map(|grant| {
                let who = format!("{}{}", text(grant, "/Grantee/URI"), text(grant, "/Grantee/ID"));
                format!("{who} {}", text(grant, "/Permission"))
            })
            .collect()
    };
    assert_eq!(plain(&after["Grants"]), plain(&kept));
    assert_eq!(text(&after, "/Owner/ID"), owner);
    let alerts = account.alerts(&inbox, BUCKET);
    assert_eq!(alerts.len(), 1, "{alerts:?}");
    let mut findings = alerts[0]["findings"].as_array().unwrap().iter();
    assert!(findings.all(|finding| finding["outcome"] == "verified"), "{alerts:?}");
}

#[test]
fn the_missing_switches_of_a_bucket_and_of_the_account_are_turned_on() {
    const BUCKET: &str = "amzn-s3-demo-half-blocked";
    let account = account();
    let inbox = account.inbox("blocks");
    let switches = |ignore: bool, restrict: bool| {
        json!({
            "BlockPublicAcls": true,
            "IgnorePublicAcls": ignore,
            "BlockPublicPolicy": true,
            "RestrictPublicBuckets": restrict,
        })
    };
    let whole = switches(true, true);
    account.call("s3", "CreateBucket", json!({ "Bucket": BUCKET }));
    let half = switches(true, false);
    let put = json!({ "Bucket": BUCKET, "PublicAccessBlockConfiguration": half });
    account.call("s3", "PutPublicAccessBlock", put);
    let parameters = json!({ "bucketName": BUCKET, "PublicAccessBlockConfiguration": half });
    account.run("s3-public-access-block", "s3", "PutBucketPublicAccessBlock", parameters);
    let live = account.call("s3", "GetPublicAccessBlock", json!({ "Bucket": BUCKET }));
    assert_eq!(live["PublicAccessBlockConfiguration"], whole);
    let alerts = account.alerts(&inbox, BUCKET);
    assert_eq!(alerts.len(), 1, "{alerts:?}");
    assert_eq!(alerts[0]["findings"][0]["outcome"], "verified", "{alerts:?}");

    let of_account = json!({ "AccountId": MOTO_ACCOUNT });
    let half = switches(false, true);
    let put = json!({ "AccountId": MOTO_ACCOUNT, "PublicAccessBlockConfiguration": half });
    account.call("s3control", "PutPublicAccessBlock", put);
    let parameters = json!({ "PublicAccessBlockConfiguration": half });
    account.run("s3-public-access-block", "s3", "PutAccountPublicAccessBlock", parameters);
    let live = account.call("s3control", "GetPublicAccessBlock", of_account.clone());
    assert_eq!(live["PublicAccessBlockConfiguration"], whole);
    // Other tests look at buckets of the same account.
    account.call("s3control", "DeletePublicAccessBlock", of_account);
}

#[test]
fn every_trust_document_that_is_left_behind_is_one_that_iam_accepts() {
    let account = account();
    let inbox = account.inbox("trust");
    let statement = |principal: Value| json!({ "Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole" });
    let everybody = || statement(json!("*"));
    let lambda = || statement(json!({ "Service": "lambda.amazonaws.com" }));
    let own = "arn:aws:iam::111122223333:root";
    let denies_everyone = |after: &Value| {
        let statements = after["Statement"].as_array().unwrap();
        assert_eq!(statements.len(), 1);
        assert_eq!(statements[0]["Effect"], "Deny");
        assert_eq!(statements[0]["Principal"], "*");
    };
    // Statements before, and what must be left of them (none: a document that denies everyone).
    let cases: [(&str, Value, Value); 4] = [
        ("among-others", json!([lambda(), everybody()]), json!([lambda()])),
        (
            "beside-ours",
            json!([statement(json!({ "AWS": [own, "*"] }))]),
            json!([statement(json!({ "AWS": [own] }))]),
        ),
        ("nothing-left", json!([everybody()]), json!([])),
        ("not-a-list", everybody(), json!([])),
    ];
    for (name, before, left) in cases {
        let trust = json!({ "Version": "2012-10-17", "Statement": before }).to_string();
        let create = json!({ "RoleName": name, "AssumeRolePolicyDocument": trust });
        account.call("iam", "CreateRole", create);
        let parameters = json!({ "roleName": name, "assumeRolePolicyDocument": trust });
        account.run("iam-trust-policy", "iam", "CreateRole", parameters);

        let role = account.call("iam", "GetRole", json!({ "RoleName": name }));
        let after = &role["Role"]["AssumeRolePolicyDocument"];
        if left == json!([]) {
            denies_everyone(after);
        } else {
            let single = |value: &Value| value.to_string().replace([' ', '[', ']'], "");
            assert_eq!(single(&after["Statement"]), single(&left), "{name}");
        }
        let alerts = account.alerts(&inbox, name);
        assert_eq!(alerts.len(), 1, "{name}: {alerts:?}");
        assert_eq!(alerts[0]["findings"][0]["outcome"], "verified", "{name}: {alerts:?}");
    }
    // That moto accepted them says something only because it refuses others.
    let empty = json!({ "Version": "2012-10-17", "Statement": [] }).to_string();
    let update = json!({ "RoleName": "nothing-left", "PolicyDocument": empty });
    let refused = account.client.call("iam", "UpdateAssumeRolePolicy", update);
    assert!(refused.unwrap_err().to_string().contains("MalformedPolicyDocument"));
}

#[test]
fn an_object_is_copied_under_its_buckets_key_with_all_it_has() {
    const BUCKET: &str = "amzn-s3-demo-payroll";
    const KEY: &str = "2026/q1 (final)+é.csv";
    const PLAIN: &str = "amzn-s3-demo-plain";
    let account = account();
    let inbox = account.inbox("object");
    let key = text(&account.call("kms", "CreateKey", json!({})), "/KeyMetadata/Arn");
    account.call("s3", "CreateBucket", json!({ "Bucket": BUCKET }));
    let default = json!({ "SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key });
    let rules = json!([{ "ApplyServerSideEncryptionByDefault": default }]);
    let encryption =
        json!({ "Bucket": BUCKET, "ServerSideEncryptionConfiguration": { "Rules": rules } });
    account.call("s3", "PutBucketEncryption", encryption);
    let put = json!({
        "Bucket": BUCKET,
        "Key": KEY,
        "Body": "name,amount\n",
        "ServerSideEncryption": "AES256",
        "ContentType": "text/csv",
        "CacheControl": "max-age=60",
        "Metadata": { "origin": "payroll" },
        "Tagging": "class=confidential",
    });
    account.call("s3", "PutObject", put);
    let object = json!({ "Bucket": BUCKET, "Key": KEY });
    let before = account.call("s3", "HeadObject", object.clone());
    assert_eq!(before["ServerSideEncryption"], "AES256");

    let parameters = json!({
        "bucketName": BUCKET, "key": KEY, "x-amz-server-side-encryption": "AES256",
    });
    account.run("s3-unencrypted-upload", "s3", "PutObject", parameters);

    let alerts = account.alerts(&inbox, BUCKET);
    assert_eq!(alerts.len(), 1, "{alerts:?}");
    assert_eq!(alerts[0]["findings"][0]["outcome"], "verified", "{alerts:?}");
    let after = account.call("s3", "HeadObject", object.clone());
    assert_eq!(after["ServerSideEncryption"], "aws:kms");
    assert_eq!(after["SSEKMSKeyId"], key);
    for member in ["ContentType", "CacheControl", "Metadata", "ContentLength"] {
        assert_eq!(after[member], before[member], "{member}");
    }
    let tags = account.call("s3", "GetObjectTagging", object.clone());
    assert_eq!(tags["TagSet"], json!([{ "Key": "class", "Value": "confidential" }]));
    assert_eq!(account.call("s3", "GetObject", object)["Body"], "name,amount\n");

    // That moto accepted the copy says something only because it refuses one that changes nothing.
    account.call("s3", "CreateBucket", json!({ "Bucket": PLAIN }));
    account.call("s3", "PutObject", json!({ "Bucket": PLAIN, "Key": "idle", "Body": "" }));
    let copy = json!({
        "Bucket": PLAIN, "Key": "idle", "CopySource": { "Bucket": PLAIN, "Key": "idle" },
    });
    assert!(account.client.call("s3", "CopyObject", copy).is_err());
}
