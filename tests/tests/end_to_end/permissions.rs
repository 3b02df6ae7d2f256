//! What the functions really ask for, against what their roles allow: nothing is refused, and what
//! is granted but not used by a tour of everything the emulator can show is named with its reason.

use std::collections::BTreeSet;

use scenarios::stack::Stack;
use serde_json::{Value, json};

use crate::{
    acls::{EVERYBODY, PARTNER, bucket_with_acls, group, open, user},
    blocks::{self, blocked_bucket, switches},
    bucket_policies, grants,
    identities::{key_for, password_for, refused, root_signs_in, sign_in},
    objects::{bucket_with_key, require_key, upload},
    records::{id, record},
    reverts, safeguards,
    stacks::{ENFORCE, deploy, deploy_permitting, wait_until_handled},
    trusts::role,
};

/// Granted and not seen in the tour, by function; each for a reason.
const NOT_SEEN: &[(&str, &[(&str, &str)])] = &[
    (
        "S3UnencryptedUpload",
        &[
            ("dynamodb:DeleteItem", "a revert that did not happen is taken out of the history"),
            ("kms:Decrypt", "S3 uses the key for the caller, which ministack does not check"),
            (
                "kms:GenerateDataKey",
                "S3 uses the key for the caller, which ministack does not check",
            ),
            ("s3:AbortMultipartUpload", "needs an object over 5 GB"),
            (
                "s3:GetObjectLegalHold",
                "S3 tells of a hold only with it, which ministack does not ask",
            ),
            (
                "s3:GetObjectRetention",
                "S3 tells of a lock only with it, which ministack does not ask",
            ),
            ("s3:ListBucket", "turns a missing object's 403 into a 404, which asks no action"),
            ("s3:PutObjectAcl", "a copy with grants needs it, which ministack does not ask"),
            ("s3:PutObjectTagging", "a copy with tags needs it, which ministack does not ask"),
            (
                "sqs:SendMessage",
                "a record alone proves a wrong key only where the trust file names one",
            ),
        ],
    ),
    (
        "S3PublicAcl",
        &[("dynamodb:DeleteItem", "a revert that did not happen is taken out of the history")],
    ),
    (
        "IamTrustPolicy",
        &[("dynamodb:DeleteItem", "a revert that did not happen is taken out of the history")],
    ),
    // console-sign-in
    (
        "ConsoleSignIn",
        &[
            (
                "dynamodb:DeleteItem",
                "nothing is reverted, so no revert is taken out of the history",
            ),
            ("sqs:SendMessage", "what the record tells is not looked at again"),
        ],
    ),
    // iam-admin-grant
    (
        "IamAdminGrant",
        &[
            ("dynamodb:DeleteItem", "a revert that did not happen is taken out of the history"),
            ("iam:SetDefaultPolicyVersion", "the emulator does not have it"),
        ],
    ),
    // iam-credentials
    (
        "IamCredentials",
        &[("dynamodb:DeleteItem", "a revert that did not happen is taken out of the history")],
    ),
    // iam-password-policy
    (
        "IamPasswordPolicy",
        &[("dynamodb:DeleteItem", "a revert that did not happen is taken out of the history")],
    ),
    // s3-access-denied
    (
        "S3AccessDenied",
        &[
            (
                "dynamodb:DeleteItem",
                "nothing is reverted, so no revert is taken out of the history",
            ),
            ("sqs:SendMessage", "what the record tells is not looked at again"),
        ],
    ),
    // s3-bucket-policy
    (
        "S3BucketPolicy",
        &[("dynamodb:DeleteItem", "a revert that did not happen is taken out of the history")],
    ),
    // s3-bucket-safeguards
    (
        "S3BucketSafeguards",
        &[
            ("dynamodb:DeleteItem", "a revert that did not happen is taken out of the history"),
            ("s3:GetMetricsConfiguration", "the emulator has no request metrics"),
            ("s3:PutMetricsConfiguration", "the emulator has no request metrics"),
        ],
    ),
    // s3-public-access-block
    (
        "S3PublicAccessBlock",
        &[("dynamodb:DeleteItem", "a revert that did not happen is taken out of the history")],
    ),
];

/// Used by Lambda, CloudWatch and X-Ray with the role, not by the function: the emulator's own
/// parts do it without asking.
const BY_LAMBDA: [&str; 9] = [
    "kms:Decrypt",
    "kms:GenerateDataKey",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:ReceiveMessage",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
];

/// Makes every kind of change that the emulator can show.
fn tour(stack: &Stack) {
    let inbox = stack.inbox("tour").unwrap();
    let put = |record: &Value, source: &str| stack.put_record(source, record).unwrap();

    // A bucket that is opened, with a partner's grant that is marked.
    let bucket = "amzn-s3-demo-tour-bucket";
    bucket_with_acls(stack, bucket);
    let opened = open(stack, bucket);
    put(&opened, "aws.s3");
    wait_until_handled(stack, "S3PublicAcl", id(&opened), 1);

    // Bucket policies: one with a stranger, who is marked; one of which nothing is left; and one
    // whose record a read contradicts.
    let policies = "amzn-s3-demo-tour-policy";
    bucket_with_acls(stack, policies);
    for make in [bucket_policies::open, bucket_policies::open_wholly, bucket_policies::contradicted]
    {
        let record = make(stack, policies);
        put(&record, "aws.s3");
        wait_until_handled(stack, "S3BucketPolicy", id(&record), 1);
    }

    // Objects in the first: the current version by name, and one by its version.
    for (key, by_version) in [("plain", false), ("versioned", true)] {
        let body = json!({ "Bucket": bucket, "Key": key, "Body": "x" });
        let stored = stack.call("s3", "PutObject", body).unwrap();
        let acl =
            stack.call("s3", "GetObjectAcl", json!({ "Bucket": bucket, "Key": key })).unwrap();
        let owner = acl["Owner"]["ID"].as_str().unwrap();
        let grants =
            json!([user(owner, "FULL_CONTROL"), group(EVERYBODY, "READ"), user(PARTNER, "READ"),]);
        let mut change = json!({
            "Bucket": bucket,
            "Key": key,
            "AccessControlPolicy": { "Owner": { "ID": owner }, "Grants": grants },
        });
        let mut parameters = json!({ "bucketName": bucket, "key": key, "acl": [""] });
        if by_version {
            change["VersionId"] = stored["VersionId"].clone();
            parameters["versionId"] = json!([stored["VersionId"]]);
        }
        stack.call("s3", "PutObjectAcl", change).unwrap();
        let record = record(stack, "s3", "PutObjectAcl", parameters);
        put(&record, "aws.s3");
        wait_until_handled(stack, "S3PublicAcl", id(&record), 1);
    }

    // A record that a read contradicts: a second look is asked for.
    let right = "amzn-s3-demo-tour-right";
    bucket_with_acls(stack, right);
    let canned = json!({ "bucketName": right, "x-amz-acl": ["public-read"] });
    let contradicted = record(stack, "s3", "PutBucketAcl", canned);
    put(&contradicted, "aws.s3");
    wait_until_handled(stack, "S3PublicAcl", id(&contradicted), 1);

    // Objects under the wrong key: with versions, without, and with grants that a copy must carry.
    let payroll = "amzn-s3-demo-tour-payroll";
    bucket_with_key(stack, payroll);
    let uploaded = upload(stack, payroll, "q1.csv");
    put(&uploaded, "aws.s3");
    wait_until_handled(stack, "S3UnencryptedUpload", id(&uploaded), 1);
    let plain = "amzn-s3-demo-tour-unversioned";
    bucket_with_acls(stack, plain);
    let suspend = json!({ "Bucket": plain, "VersioningConfiguration": { "Status": "Suspended" } });
    stack.call("s3", "PutBucketVersioning", suspend).unwrap();
    require_key(stack, plain);
    let uploaded = upload(stack, plain, "q1.csv");
    let granted = json!({ "Bucket": plain, "Key": "q1.csv", "GrantRead": format!("id={PARTNER}") });
    stack.call("s3", "PutObjectAcl", granted).unwrap();
    put(&uploaded, "aws.s3");
    wait_until_handled(stack, "S3UnencryptedUpload", id(&uploaded), 1);
    // An object that is locked: people are told, and it is marked.
    let locked = "amzn-s3-demo-tour-locked";
    let create = json!({ "Bucket": locked, "ObjectLockEnabledForBucket": true });
    stack.call("s3", "CreateBucket", create).unwrap();
    require_key(stack, locked);
    let uploaded = upload(stack, locked, "q1.csv");
    let hold = json!({ "Bucket": locked, "Key": "q1.csv", "LegalHold": { "Status": "ON" } });
    stack.call("s3", "PutObjectLegalHold", hold).unwrap();
    put(&uploaded, "aws.s3");
    wait_until_handled(stack, "S3UnencryptedUpload", id(&uploaded), 1);

    let open_to_all = json!({ "Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole" });
    let stranger = json!({
        "Effect": "Allow",
        "Principal": { "AWS": "arn:aws:iam::999988887777:root" },
        "Action": "sts:AssumeRole",
    });
    let trust = json!({ "Version": "2012-10-17", "Statement": [open_to_all, stranger] });
    let created = role(stack, "amzn-demo-tour", &trust);
    put(&created, "aws.iam");
    wait_until_handled(stack, "IamTrustPolicy", id(&created), 1);
    // And one whose record a read contradicts.
    let closed = json!({ "Version": "2012-10-17", "Statement": [] });
    let mut contradicted = role(stack, "amzn-demo-tour-right", &closed);
    contradicted["requestParameters"]["assumeRolePolicyDocument"] = json!(trust.to_string());
    put(&contradicted, "aws.iam");
    wait_until_handled(stack, "IamTrustPolicy", id(&contradicted), 1);
    tour_of_blocks(stack);
    tour_of_passwords(stack);
    safeguards::tour(stack);
    tour_of_identities(stack);
    tour_of_grants(stack);
    inbox.take().unwrap();
}

/// Credentials for another user, a device that is lost and one that is deleted, the root user's key, a
/// key whose record a read contradicts; the root user signs in, and somebody knocks.
fn tour_of_identities(stack: &Stack) {
    let user = "amzn-demo-tour-bob";
    let mut records = vec![key_for(stack, user), password_for(stack, user)];
    let device = format!("arn:aws:iam::{}:mfa/amzn-demo-tour-bob", stack.account);
    let off = json!({ "userName": user, "serialNumber": device });
    records.push(record(stack, "iam", "DeactivateMFADevice", off));
    let deleted = json!({ "serialNumber": device });
    records.push(record(stack, "iam", "DeleteVirtualMFADevice", deleted));
    let mut of_root = record(stack, "iam", "CreateAccessKey", Value::Null);
    of_root["userIdentity"] = root_signs_in(stack)["userIdentity"].clone();
    records.push(of_root);
    let mut contradicted = record(stack, "iam", "CreateAccessKey", json!({ "userName": user }));
    contradicted["responseElements"] =
        json!({ "accessKey": { "accessKeyId": "AKIAEXAMPLEGONE00001", "status": "Active" } });
    records.push(contradicted);
    for record in &records {
        stack.put_record("aws.iam", record).unwrap();
        wait_until_handled(stack, "IamCredentials", id(record), 1);
    }

    let signed_in = root_signs_in(stack);
    sign_in(stack, &signed_in);
    wait_until_handled(stack, "ConsoleSignIn", id(&signed_in), 1);
    for _ in 0..5 {
        let refused = refused(stack, "amzn-demo-tour-knocking");
        stack.put_record("aws.s3", &refused).unwrap();
        wait_until_handled(stack, "S3AccessDenied", id(&refused), 1);
    }
}

/// Every way to give power that the emulator can show.
fn tour_of_grants(stack: &Stack) {
    for granted in grants::every_kind(stack) {
        stack.put_record("aws.iam", &granted).unwrap();
        wait_until_handled(stack, "IamAdminGrant", id(&granted), 1);
    }
}

/// The account's switches mended, a bucket's marked and then mended, a record contradicted.
fn tour_of_blocks(stack: &Stack) {
    let handled = |record: &Value| {
        stack.put_record("aws.s3", record).unwrap();
        wait_until_handled(stack, "S3PublicAccessBlock", id(record), 1);
    };
    let half = switches([true, true, true, false]);
    handled(&blocks::weaken_account(stack, &half));
    let bucket = "amzn-s3-demo-tour-block";
    blocked_bucket(stack, bucket);
    blocks::set(stack, bucket, &half);
    handled(&blocks::record_of(stack, bucket, &half));
    let account = json!({ "AccountId": stack.account });
    stack.call("s3control", "DeletePublicAccessBlock", account).unwrap();
    handled(&blocks::record_of(stack, bucket, &half));
    let right = "amzn-s3-demo-tour-blocked";
    blocked_bucket(stack, right);
    handled(&blocks::record_of(stack, right, &half));
}

/// A weak policy that is told of, and a record that a read contradicts.
fn tour_of_passwords(stack: &Stack) {
    let strong = json!({
        "MinimumPasswordLength": 14,
        "RequireSymbols": true,
        "RequireNumbers": true,
        "RequireUppercaseCharacters": true,
        "RequireLowercaseCharacters": true,
        "PasswordReusePrevention": 24,
    });
    let weak = json!({ "minimumPasswordLength": 8 });
    for live in [json!({ "MinimumPasswordLength": 8 }), strong] {
        stack.call("iam", "UpdateAccountPasswordPolicy", live).unwrap();
        let record = record(stack, "iam", "UpdateAccountPasswordPolicy", weak.clone());
        stack.put_record("aws.iam", &record).unwrap();
        wait_until_handled(stack, "IamPasswordPolicy", id(&record), 1);
    }
}

/// The actions that a policy grants, `Read`, `Mend` and infrastructure alike.
fn granted(stack: &Stack, policy: &str) -> BTreeSet<String> {
    let policy = stack.physical(policy).unwrap();
    let version = json!({ "PolicyArn": policy, "VersionId": "v1" });
    let answer = stack.call("iam", "GetPolicyVersion", version).unwrap();
    let statements = answer.pointer("/PolicyVersion/Document/Statement").unwrap();
    let mut actions = BTreeSet::new();
    for statement in statements.as_array().unwrap() {
        let listed = &statement["Action"];
        let listed = listed.as_array().cloned().unwrap_or_else(|| vec![listed.clone()]);
        actions.extend(listed.iter().map(|action| action.as_str().unwrap().to_owned()));
    }
    actions
}

// S-28.
#[test]
fn roles_hold_what_functions_ask_for_and_nothing_that_is_not_accounted_for() {
    let stack = deploy("999900001111", ENFORCE);
    tour(&stack);
    // What the shipped policies leave to people, made where policies of one's own permit it.
    let permitting = deploy_permitting("212121212121");
    reverts::tour(&permitting);
    for stack in [&stack, &permitting] {
        let calls = stack.calls().unwrap().into_iter();
        let refused: Vec<_> = calls.filter(|call| !call.allowed).collect();
        assert!(refused.is_empty(), "{refused:?}");
    }
    for function in ["IamAdminGrant", "IamCredentials"] {
        let besides = granted(&permitting, &format!("{function}OnRequest"));
        let asked = permitting.actions(function).unwrap();
        assert!(besides.is_subset(&asked), "{besides:?} were asked for and are not used");
    }
    let mut wrong = Vec::new();
    for (function, not_seen) in NOT_SEEN {
        let mut asked = stack.actions(function).unwrap();
        asked.extend(permitting.actions(function).unwrap());
        let accounted = not_seen.iter().map(|(action, _)| *action).chain(BY_LAMBDA);
        let accounted: BTreeSet<String> = accounted.map(str::to_owned).collect();
        let unused: BTreeSet<String> = granted(&stack, &format!("{function}Permissions"))
            .difference(&asked)
            .cloned()
            .collect();
        let unexplained: Vec<_> = unused.difference(&accounted).collect();
        if !unexplained.is_empty() {
            wrong.push(format!("{function} is granted {unexplained:?} and did not ask"));
        }
        let seen_after_all: Vec<_> =
            not_seen.iter().filter(|(action, _)| asked.contains(*action)).collect();
        if !seen_after_all.is_empty() {
            wrong.push(format!("{function} did ask for {seen_after_all:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
