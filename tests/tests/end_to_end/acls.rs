//! `s3-public-acl`: the public grants go, everything else stays.

use scenarios::stack::{Stack, text};
use serde_json::{Value, json};

use crate::{
    records::{id, record},
    stacks::{asked_about, assert_nothing_refused, enforcing, entries, wait_until_handled, writes},
};

pub(crate) const EVERYBODY: &str = "http://acs.amazonaws.com/groups/global/AllUsers";
const EVERY_CUSTOMER: &str = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers";
const LOG_DELIVERY: &str = "http://acs.amazonaws.com/groups/s3/LogDelivery";

/// A canonical user id that is not the owner's.
pub(crate) const PARTNER: &str = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be";

/// A bucket in which ACLs mean something, with a setting of every kind that must stay.
pub(crate) fn bucket_with_acls(stack: &Stack, bucket: &str) {
    let call = |operation: &str, parameters: Value| {
        stack.call("s3", operation, parameters).unwrap();
    };
    call("CreateBucket", json!({ "Bucket": bucket, "ObjectOwnership": "ObjectWriter" }));
    // New buckets on AWS block public ACLs; whoever opens one has to switch that off first.
    drop(stack.call("s3", "DeletePublicAccessBlock", json!({ "Bucket": bucket })));
    call(
        "PutBucketTagging",
        json!({ "Bucket": bucket, "Tagging": { "TagSet": [{ "Key": "team", "Value": "web" }] } }),
    );
    call(
        "PutBucketVersioning",
        json!({ "Bucket": bucket, "VersioningConfiguration": { "Status": "Enabled" } }),
    );
}

pub(crate) fn group(uri: &str, permission: &str) -> Value {
    json!({ "Grantee": { "Type": "Group", "URI": uri }, "Permission": permission })
}

pub(crate) fn user(id: &str, permission: &str) -> Value {
    json!({ "Grantee": { "Type": "CanonicalUser", "ID": id }, "Permission": permission })
}

/// The ACL as comparable text: owner, and the grants in their order.
pub(crate) fn acl(
    stack: &Stack,
    operation: &str,
    parameters: Value,
) -> (String, Vec<(String, String)>) {
    let acl = stack.call("s3", operation, parameters).unwrap();
    let grants = acl["Grants"].as_array().unwrap().iter().map(|grant| {
        let who = format!("{}{}", text(grant, "/Grantee/URI"), text(grant, "/Grantee/ID"));
        (who, text(grant, "/Permission"))
    });
    (text(&acl, "/Owner/ID"), grants.collect())
}

fn bucket_acl(stack: &Stack, bucket: &str) -> (String, Vec<(String, String)>) {
    acl(stack, "GetBucketAcl", json!({ "Bucket": bucket }))
}

/// Everything about a bucket that a mended ACL must leave alone.
fn surroundings(stack: &Stack, bucket: &str) -> Vec<Value> {
    ["GetBucketVersioning", "GetBucketOwnershipControls", "GetBucketEncryption"]
        .iter()
        .map(|operation| stack.call("s3", operation, json!({ "Bucket": bucket })).unwrap())
        .collect()
}

/// The value of a tag in a set.
fn tag(tags: &Value, key: &str) -> Option<String> {
    let mut tags = tags["TagSet"].as_array().unwrap().iter();
    tags.find(|tag| tag["Key"] == key).map(|tag| text(tag, "/Value"))
}

/// Opens a bucket with all kinds of grants and gives the record of it.
pub(crate) fn open(stack: &Stack, bucket: &str) -> Value {
    let owner = bucket_acl(stack, bucket).0;
    let grants = json!([
        user(&owner, "FULL_CONTROL"),
        group(EVERYBODY, "READ"),
        user(PARTNER, "READ"),
        group(LOG_DELIVERY, "WRITE"),
        group(EVERY_CUSTOMER, "WRITE_ACP"),
    ]);
    let body = json!({ "Owner": { "ID": owner }, "Grants": grants });
    let put = json!({ "Bucket": bucket, "AccessControlPolicy": body });
    stack.call("s3", "PutBucketAcl", put).unwrap();
    let recorded: Vec<Value> = grants
        .as_array()
        .unwrap()
        .iter()
        .map(|grant| {
            let grantee = &grant["Grantee"];
            let mut told = json!({
                "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
                "xsi:type": grantee["Type"],
            });
            for member in ["URI", "ID"] {
                if let Some(value) = grantee.get(member) {
                    told[member] = value.clone();
                }
            }
            json!({ "Grantee": told, "Permission": grant["Permission"] })
        })
        .collect();
    record(
        stack,
        "s3",
        "PutBucketAcl",
        json!({
            "bucketName": bucket,
            "Host": format!("{bucket}.s3.us-east-1.amazonaws.com"),
            "acl": "",
            "AccessControlPolicy": {
                "xmlns": "http://s3.amazonaws.com/doc/2006-03-01/",
                "AccessControlList": { "Grant": recorded },
                "Owner": { "ID": owner },
            },
        }),
    )
}

// S-6, S-19, S-29.
#[test]
fn a_bucket_loses_its_public_grants_and_nothing_else() {
    const BUCKET: &str = "amzn-s3-demo-open-bucket";
    let stack = enforcing();
    let inbox = stack.inbox("acl-bucket").unwrap();
    bucket_with_acls(stack, BUCKET);
    let before = surroundings(stack, BUCKET);
    let record = open(stack, BUCKET);
    let owner = bucket_acl(stack, BUCKET).0;
    stack.put_record("aws.s3", &record).unwrap();

    let alert = inbox.wait_for(BUCKET).unwrap();
    let kept = [
        (&owner, "FULL_CONTROL"),
        (&PARTNER.to_owned(), "READ"),
        (&LOG_DELIVERY.to_owned(), "WRITE"),
    ];
    let kept: Vec<_> = kept.map(|(who, what)| (who.clone(), what.to_owned())).to_vec();
    assert_eq!(bucket_acl(stack, BUCKET), (owner, kept));
    // The partner's grant is marked for people to look at; the bucket's own tags stay.
    let tags = stack.call("s3", "GetBucketTagging", json!({ "Bucket": BUCKET })).unwrap();
    assert_eq!(tag(&tags, "team").as_deref(), Some("web"));
    assert_eq!(tag(&tags, "snapback:finding").as_deref(), Some("acl-cross-account"));
    assert_eq!(tag(&tags, "snapback:event").as_deref(), Some(id(&record)));
    assert_eq!(surroundings(stack, BUCKET), before);

    let told = &alert.json;
    assert_eq!(told["control"], "s3-public-acl");
    assert_eq!(told["severity"], "critical");
    assert_eq!(told["response"], "revert");
    assert_eq!(told["event"]["id"], record["eventID"]);
    assert_eq!(told["actor"]["id"], "arn:aws:iam::111122223333:user/mallory");
    let codes: Vec<&str> = told["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["code"].as_str().unwrap())
        .collect();
    assert_eq!(
        codes,
        [
            "acl-public:AllUsers:READ",
            "acl-public:AuthenticatedUsers:WRITE_ACP",
            "acl-cross-account"
        ]
    );
    assert_eq!(told["findings"][0]["outcome"], "verified");
    assert_eq!(told["findings"][2]["outcome"], "tagged");
    let attributes = &alert.notification["MessageAttributes"];
    for (name, value) in [
        ("control", "s3-public-acl"),
        ("severity", "critical"),
        ("response", "revert"),
        ("account", "111122223333"),
    ] {
        assert_eq!(attributes[name]["Value"], value, "{name}");
    }

    let entries = entries(stack, BUCKET);
    let reverted =
        entries.iter().find(|entry| entry["code"] == "acl-public:AllUsers:READ").unwrap();
    assert_eq!(reverted["state"], "finished");
    assert_eq!(reverted["outcome"], "verified");
    assert!(reverted["prior_state"].to_string().contains("AllUsers"));
    assert!(reverted["inverse"].to_string().contains("AllUsers"));
    assert!(alert.json.to_string().contains(reverted["id"].as_str().unwrap()));
    assert_nothing_refused(stack, BUCKET);
}

// S-2.
#[test]
fn a_second_delivery_writes_nothing_and_tells_nobody() {
    const BUCKET: &str = "amzn-s3-demo-delivered-twice";
    let stack = enforcing();
    let inbox = stack.inbox("acl-twice").unwrap();
    bucket_with_acls(stack, BUCKET);
    let record = open(stack, BUCKET);
    stack.put_record("aws.s3", &record).unwrap();
    inbox.wait_for(BUCKET).unwrap();
    wait_until_handled(stack, "S3PublicAcl", id(&record), 1);

    // Were the second delivery handled like the first, it would close the bucket again.
    open(stack, BUCKET);
    let (opened, entries_before) = (bucket_acl(stack, BUCKET), entries(stack, BUCKET).len());
    let asked_before = asked_about(stack, BUCKET).len();
    stack.put_record("aws.s3", &record).unwrap();
    wait_until_handled(stack, "S3PublicAcl", id(&record), 2);
    assert_eq!(bucket_acl(stack, BUCKET), opened);
    assert_eq!(entries(stack, BUCKET).len(), entries_before);
    assert_eq!(asked_about(stack, BUCKET).len(), asked_before, "not even a read");
    let told: Vec<_> = inbox.take().unwrap().into_iter().map(|one| one.json.to_string()).collect();
    assert!(!told.iter().any(|told| told.contains(BUCKET)), "{told:?}");
}

// S-19.
#[test]
fn an_object_comes_through_the_queue_and_is_closed() {
    const BUCKET: &str = "amzn-s3-demo-open-object";
    const KEY: &str = "reports/2026 q1+final.csv";
    let stack = enforcing();
    let inbox = stack.inbox("acl-object").unwrap();
    bucket_with_acls(stack, BUCKET);
    let put = json!({ "Bucket": BUCKET, "Key": KEY, "Body": "a,b\n", "ACL": "public-read" });
    stack.call("s3", "PutObject", put).unwrap();
    let object = json!({ "Bucket": BUCKET, "Key": KEY });
    assert_eq!(acl(stack, "GetObjectAcl", object.clone()).1.len(), 2);
    let parameters = json!({
        "bucketName": BUCKET,
        "key": KEY,
        "Host": format!("{BUCKET}.s3.us-east-1.amazonaws.com"),
        "x-amz-acl": "public-read",
    });
    stack.put_record("aws.s3", &record(stack, "s3", "PutObject", parameters)).unwrap();

    inbox.wait_for(BUCKET).unwrap();
    let (owner, grants) = acl(stack, "GetObjectAcl", object.clone());
    assert_eq!(grants, [(owner, "FULL_CONTROL".to_owned())]);
    let stored = stack.call("s3", "GetObject", object).unwrap();
    assert_eq!(stored["Body"], "a,b\n");
    assert_nothing_refused(stack, BUCKET);
}

#[test]
fn a_bucket_that_is_right_costs_two_reads_and_no_word() {
    const BUCKET: &str = "amzn-s3-demo-right-bucket";
    let stack = enforcing();
    let inbox = stack.inbox("acl-right").unwrap();
    bucket_with_acls(stack, BUCKET);
    let parameters = json!({ "bucketName": BUCKET, "x-amz-acl": ["private"], "acl": [""] });
    let record = record(stack, "s3", "PutBucketAcl", parameters);
    stack.put_record("aws.s3", &record).unwrap();
    wait_until_handled(stack, "S3PublicAcl", id(&record), 1);
    let asked = asked_about(stack, BUCKET);
    assert!(!asked.is_empty() && asked.len() <= 2, "{asked:?}");
    assert!(writes(&asked).is_empty(), "{asked:?}");
    assert!(entries(stack, BUCKET).is_empty());
    let told: Vec<_> = inbox.take().unwrap().into_iter().map(|one| one.json.to_string()).collect();
    assert!(!told.iter().any(|told| told.contains(BUCKET)), "{told:?}");
    assert_nothing_refused(stack, BUCKET);
}
