//! The remedies that the shipped policies leave to people, made by the functions under their own
//! roles where policies of one's own permit them: each mends what is wrong, is read back, leaves the
//! rest as it was, and is kept with what undoes it.

use scenarios::stack::Stack;
use serde_json::{Value, json};

use crate::{
    acls::bucket_with_acls,
    bucket_policies,
    grants::{self, allowing, granted},
    identities::{key_for, password_for},
    records::id,
    safeguards::{self, guarded_bucket, settings},
    stacks::{assert_nothing_refused, entries, permitting, wait_until_handled},
};

/// Hands a record to a function and waits until it is handled.
fn handled(stack: &Stack, source: &str, function: &str, record: &Value) {
    stack.put_record(source, record).unwrap();
    wait_until_handled(stack, function, id(record), 1);
}

/// The event was answered with one write, which was read back: its entry.
fn reverted(stack: &Stack, about: &str, record: &Value) -> Value {
    let mut found = entries(stack, about);
    found.retain(|entry| entry["event_id"] == record["eventID"] && entry["needs"] == "revert");
    let entry = found.pop().unwrap();
    assert!(found.is_empty(), "{found:?}");
    assert_eq!(entry["outcome"], "verified", "{entry}");
    entry
}

/// The same, and it can be undone.
fn assert_mended(stack: &Stack, about: &str, record: &Value) -> Value {
    let entry = reverted(stack, about, record);
    assert!(!entry["inverse"].is_null(), "{entry}");
    entry
}

/// A key for another is switched off and stays; a password for another goes or has to be changed.
fn credentials(stack: &Stack, user: &str) {
    let key = key_for(stack, user);
    handled(stack, "aws.iam", "IamCredentials", &key);
    let listed = stack.call("iam", "ListAccessKeys", json!({ "UserName": user })).unwrap();
    let keys = listed["AccessKeyMetadata"].as_array().unwrap();
    assert_eq!(keys.len(), 1, "a key is never deleted");
    assert_eq!(keys[0]["Status"], "Inactive");
    assert_eq!(assert_mended(stack, user, &key)["inverse"]["active"], true);

    // A new one is taken away again; another in the place of one has to be changed.
    let password = password_for(stack, user);
    handled(stack, "aws.iam", "IamCredentials", &password);
    assert!(stack.call("iam", "GetLoginProfile", json!({ "UserName": user })).is_err());
    let removed = reverted(stack, user, &password);
    assert!(removed["inverse"].is_null(), "nobody knows the password: {removed}");
    let mut password = password_for(stack, user);
    password["eventName"] = json!("UpdateLoginProfile");
    handled(stack, "aws.iam", "IamCredentials", &password);
    let profile = stack.call("iam", "GetLoginProfile", json!({ "UserName": user })).unwrap();
    assert_eq!(profile["LoginProfile"]["PasswordResetRequired"], true);
    assert_mended(stack, user, &password);
    assert_nothing_refused(stack, user);
}

#[test]
fn a_key_for_another_is_switched_off_and_a_password_goes_or_has_to_be_changed() {
    credentials(permitting(), "amzn-demo-switched-off");
}

/// Each value that was weakened is what it was, and what is stronger or of no matter stays.
fn passwords(stack: &Stack) {
    let policy = |length: u32, symbols: bool, reuse: u32| {
        json!({
            "MinimumPasswordLength": length,
            "RequireSymbols": symbols,
            "RequireNumbers": true,
            "RequireUppercaseCharacters": true,
            "RequireLowercaseCharacters": true,
            "AllowUsersToChangePassword": true,
            "PasswordReusePrevention": reuse,
        })
    };
    let update = |policy: &Value| {
        let record = granted(stack, "UpdateAccountPasswordPolicy", policy.clone());
        handled(stack, "aws.iam", "IamPasswordPolicy", &record);
        record
    };
    update(&policy(20, true, 24));
    let record = update(&policy(8, false, 24));
    let read = stack.call("iam", "GetAccountPasswordPolicy", json!({})).unwrap();
    let mut live = read["PasswordPolicy"].clone();
    // What IAM says beside the values that were set.
    live.as_object_mut().unwrap().retain(|name, _| !policy(20, true, 24)[name].is_null());
    assert_eq!(live, policy(20, true, 24), "{read}");
    assert_mended(stack, &stack.account, &record);
}

#[test]
fn a_password_policy_is_again_what_it_was() {
    passwords(permitting());
}

/// Makes a call that weakens a bucket, and gives the record of it.
type Weaken = fn(&Stack, &str) -> Value;

/// One setting after another is weakened and comes back, and all the others stay.
fn a_buckets_settings(stack: &Stack, bucket: &str) {
    guarded_bucket(stack, bucket);
    let kms = json!({ "SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/amzn-s3-demo" });
    let to = json!({ "TargetBucket": "amzn-s3-demo-logs", "TargetPrefix": "weakened/" });
    for right in [
        safeguards::encryption(stack, bucket, &kms),
        safeguards::logging(stack, bucket, &json!({ "LoggingEnabled": to })),
        safeguards::lifecycle(stack, bucket, 365),
        safeguards::ownership(stack, bucket, "BucketOwnerEnforced"),
        safeguards::object_lock(stack, bucket, 30),
    ] {
        handled(stack, "aws.s3", "S3BucketSafeguards", &right);
    }
    assert!(entries(stack, bucket).is_empty());
    let before = settings(stack, bucket);
    let weaken: [(&str, Weaken); 5] = [
        ("encryption", |stack, bucket| {
            safeguards::encryption(stack, bucket, &json!({ "SSEAlgorithm": "AES256" }))
        }),
        ("logging", |stack, bucket| safeguards::logging(stack, bucket, &json!({}))),
        ("lifecycle", |stack, bucket| safeguards::lifecycle(stack, bucket, 1)),
        ("ownership", |stack, bucket| safeguards::ownership(stack, bucket, "ObjectWriter")),
        ("Object Lock", |stack, bucket| safeguards::object_lock(stack, bucket, 1)),
    ];
    for (name, weaken) in weaken {
        let wrong = weaken(stack, bucket);
        assert_ne!(settings(stack, bucket), before, "{name} is weaker");
        handled(stack, "aws.s3", "S3BucketSafeguards", &wrong);
        assert_mended(stack, bucket, &wrong);
        assert_eq!(settings(stack, bucket), before, "{name} came back, and nothing else changed");
        // The same event again writes nothing.
        stack.put_record("aws.s3", &wrong).unwrap();
        wait_until_handled(stack, "S3BucketSafeguards", id(&wrong), 2);
        assert_eq!(settings(stack, bucket), before);
    }
    let tags = stack.call("s3", "GetBucketTagging", json!({ "Bucket": bucket })).unwrap();
    assert_eq!(tags["TagSet"], json!([{ "Key": "team", "Value": "records" }]));
    assert_nothing_refused(stack, bucket);
}

/// Versions that are suspended are on again.
fn versions(stack: &Stack, bucket: &str) {
    stack.call("s3", "CreateBucket", json!({ "Bucket": bucket })).unwrap();
    let right = safeguards::versioning(stack, bucket, "Enabled");
    handled(stack, "aws.s3", "S3BucketSafeguards", &right);
    let before = settings(stack, bucket);
    let wrong = safeguards::versioning(stack, bucket, "Suspended");
    handled(stack, "aws.s3", "S3BucketSafeguards", &wrong);
    assert_mended(stack, bucket, &wrong);
    assert_eq!(settings(stack, bucket), before);
    assert_nothing_refused(stack, bucket);
}

#[test]
fn a_weakened_setting_of_a_bucket_is_what_it_was_and_the_others_stay() {
    versions(permitting(), "amzn-s3-demo-mended-versions");
    a_buckets_settings(permitting(), "amzn-s3-demo-mended-settings");
}

#[test]
fn lost_enforcement_of_tls_comes_back_beside_every_other_statement() {
    const BUCKET: &str = "amzn-s3-demo-tls-again";
    let stack = permitting();
    bucket_with_acls(stack, BUCKET);
    let own = json!({ "AWS": format!("arn:aws:iam::{}:root", stack.account) });
    let reads = bucket_policies::allow(BUCKET, "Readers", own);
    let tls = bucket_policies::tls_only(BUCKET);
    let whole = bucket_policies::document(&[reads.clone(), tls]);
    let right = bucket_policies::put(stack, BUCKET, &whole);
    handled(stack, "aws.s3", "S3BucketPolicy", &right);
    assert!(entries(stack, BUCKET).is_empty());

    let wrong = bucket_policies::put(
        stack,
        BUCKET,
        &bucket_policies::document(std::slice::from_ref(&reads)),
    );
    handled(stack, "aws.s3", "S3BucketPolicy", &wrong);
    assert_mended(stack, BUCKET, &wrong);
    let live = bucket_policies::policy(stack, BUCKET).unwrap();
    let statements = live["Statement"].as_array().unwrap();
    assert_eq!(statements.first(), Some(&reads), "what was put there stays: {live}");
    assert!(statements.len() > 1, "{live}");
    assert_nothing_refused(stack, BUCKET);
}

/// Grants of each kind to a holder of each kind are taken back, and what was there before stays.
fn grants_of_every_kind(stack: &Stack, prefix: &str) {
    let name = |what: &str| format!("{prefix}-{what}");
    let (user, role, group) = (name("user"), name("role"), name("group"));
    grants::user(stack, &user);
    let trust = json!({ "Version": "2012-10-17", "Statement": [] }).to_string();
    let create = json!({ "RoleName": role, "AssumeRolePolicyDocument": trust });
    stack.call("iam", "CreateRole", create).unwrap();
    stack.call("iam", "CreateGroup", json!({ "GroupName": group })).unwrap();
    let harmless = grants::policy(stack, &name("reads"), &allowing("s3:GetObject"));
    for (kind, holder) in [("User", &user), ("Role", &role), ("Group", &group)] {
        let named = |mut call: Value| {
            call[format!("{kind}Name")] = json!(holder);
            call
        };
        let put = json!({ "PolicyName": "reads", "PolicyDocument": allowing("s3:GetObject") });
        stack.call("iam", &format!("Put{kind}Policy"), named(put)).unwrap();
        let attach = named(json!({ "PolicyArn": harmless }));
        stack.call("iam", &format!("Attach{kind}Policy"), attach).unwrap();
        let held = || {
            ["ListAttached{}Policies", "List{}Policies"].map(|call| {
                let call = call.replace("{}", kind);
                let answer = stack.call("iam", &call, named(json!({}))).unwrap();
                (answer["AttachedPolicies"].clone(), answer["PolicyNames"].clone())
            })
        };
        let before = held();
        let put = json!({ "PolicyName": "all", "PolicyDocument": allowing("*") });
        let attach = json!({ "PolicyArn": grants::ADMINISTRATOR });
        for (call, asked) in [("Put", put), ("Attach", attach)] {
            let grant = granted(stack, &format!("{call}{kind}Policy"), named(asked));
            assert_ne!(held(), before);
            handled(stack, "aws.iam", "IamAdminGrant", &grant);
            assert_mended(stack, holder, &grant);
            assert_eq!(held(), before, "{call} to {kind}");
        }
        // A dangerous statement among others: the others stay as they were written.
        let right = [
            json!({ "Sid": "Reads", "Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "*" }),
            json!({ "Effect": "Deny", "Action": "s3:DeleteBucket", "Resource": "*" }),
        ];
        let document = |statements: &[&Value]| {
            json!({ "Version": "2012-10-17", "Statement": statements }).to_string()
        };
        let all = json!({ "Effect": "Allow", "Action": "*", "Resource": "*" });
        let mixed = document(&[&right[0], &all, &right[1]]);
        let put = named(json!({ "PolicyName": "mixed", "PolicyDocument": mixed }));
        let grant = granted(stack, &format!("Put{kind}Policy"), put);
        handled(stack, "aws.iam", "IamAdminGrant", &grant);
        let entry = assert_mended(stack, holder, &grant);
        assert!(entry["inverse"].to_string().contains("uncut_inline"), "{entry}");
        let get = named(json!({ "PolicyName": "mixed" }));
        let live = stack.call("iam", &format!("Get{kind}Policy"), get).unwrap();
        assert_eq!(live["PolicyDocument"].to_string(), document(&[&right[0], &right[1]]));
    }

    // A membership.
    let admins = name("admins");
    stack.call("iam", "CreateGroup", json!({ "GroupName": admins })).unwrap();
    let all = json!({ "GroupName": admins, "PolicyName": "all", "PolicyDocument": allowing("*") });
    stack.call("iam", "PutGroupPolicy", all).unwrap();
    stack.call("iam", "AddUserToGroup", json!({ "UserName": user, "GroupName": group })).unwrap();
    let join = json!({ "UserName": user, "GroupName": admins });
    let joined = granted(stack, "AddUserToGroup", join);
    handled(stack, "aws.iam", "IamAdminGrant", &joined);
    let groups = stack.call("iam", "ListGroupsForUser", json!({ "UserName": user })).unwrap();
    assert_eq!(groups["Groups"].as_array().unwrap().len(), 1, "{groups}");
    assert_eq!(groups["Groups"][0]["GroupName"], json!(group));
    assert_mended(stack, &user, &joined);

    // A boundary that is removed from somebody who is administrator without it.
    for (kind, holder) in [("User", name("bounded")), ("Role", name("bounded-role"))] {
        let named = |mut call: Value| {
            call[format!("{kind}Name")] = json!(holder);
            call
        };
        if kind == "User" {
            grants::user(stack, &holder);
        } else {
            let create = named(json!({ "AssumeRolePolicyDocument": trust }));
            stack.call("iam", "CreateRole", create).unwrap();
        }
        let put = named(json!({ "PolicyName": "all", "PolicyDocument": allowing("*") }));
        stack.call("iam", &format!("Put{kind}Policy"), put).unwrap();
        let set = named(json!({ "PermissionsBoundary": harmless }));
        let set = granted(stack, &format!("Put{kind}PermissionsBoundary"), set);
        handled(stack, "aws.iam", "IamAdminGrant", &set);
        let bounded = || stack.call("iam", &format!("Get{kind}"), named(json!({}))).unwrap();
        let before = bounded();
        let gone = granted(stack, &format!("Delete{kind}PermissionsBoundary"), named(json!({})));
        handled(stack, "aws.iam", "IamAdminGrant", &gone);
        assert_mended(stack, &holder, &gone);
        assert_eq!(bounded(), before);
    }
    assert_nothing_refused(stack, prefix);
}

#[test]
fn exactly_the_grant_is_taken_back() {
    grants_of_every_kind(permitting(), "amzn-demo-undone");
}

/// What is only marked: a user to whom a key was given, one who is administrator, a role, a policy.
fn marks(stack: &Stack) {
    let user = "amzn-demo-tour-marked";
    let key = key_for(stack, user);
    handled(stack, "aws.iam", "IamCredentials", &key);
    let all = json!({ "UserName": user, "PolicyName": "all", "PolicyDocument": allowing("*") });
    handled(stack, "aws.iam", "IamAdminGrant", &granted(stack, "PutUserPolicy", all));
    let role = "amzn-demo-tour-role-marked";
    let trust = json!({ "Version": "2012-10-17", "Statement": [] }).to_string();
    let create = json!({ "RoleName": role, "AssumeRolePolicyDocument": trust });
    stack.call("iam", "CreateRole", create).unwrap();
    let all = json!({ "RoleName": role, "PolicyName": "all", "PolicyDocument": allowing("*") });
    handled(stack, "aws.iam", "IamAdminGrant", &granted(stack, "PutRolePolicy", all));
    let grows = grants::policy(stack, "amzn-demo-tour-policy-marked", &allowing("s3:GetObject"));
    let attach = json!({ "RoleName": role, "PolicyArn": grows });
    stack.call("iam", "AttachRolePolicy", attach).unwrap();
    let made = json!({
        "PolicyArn": grows, "PolicyDocument": allowing("*"), "SetAsDefault": true,
    });
    handled(stack, "aws.iam", "IamAdminGrant", &granted(stack, "CreatePolicyVersion", made));
    for about in [user, role, "amzn-demo-tour-policy-marked"] {
        let entries = entries(stack, about);
        assert!(!entries.is_empty(), "{about}");
        assert!(entries.iter().all(|entry| entry["decision"]["response"] == "tag"), "{entries:?}");
    }
}

/// Everything of this file at once, for comparing what is asked with what roles grant.
pub(crate) fn tour(stack: &Stack) {
    credentials(stack, "amzn-demo-tour-switched-off");
    passwords(stack);
    versions(stack, "amzn-s3-demo-tour-mended-versions");
    a_buckets_settings(stack, "amzn-s3-demo-tour-mended-settings");
    grants_of_every_kind(stack, "amzn-demo-tour-undone");
    marks(stack);
}
