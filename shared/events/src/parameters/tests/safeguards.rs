//! The settings that keep a bucket safe, in every shape that a record may give them.

use serde_json::json;

use super::{asked, s3, short};

const NS: &str = "http://s3.amazonaws.com/doc/2006-03-01/";

#[test]
fn encryption_is_read_from_one_rule_however_it_is_written() {
    let rule = json!({
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "k"},
        "BucketKeyEnabled": true,
        "BlockedEncryptionTypes": {"EncryptionType": "SSE-C"},
    });
    for body in
        [json!({"xmlns": NS, "Rule": rule}), json!({"Rule": [rule]}), json!({"Rules": [rule]})]
    {
        let put: s3::PutBucketEncryption =
            asked(&json!({"bucketName": "b", "ServerSideEncryptionConfiguration": body}));
        let read = put.rule.unwrap();
        assert_eq!(read.algorithm.as_deref(), Ok("aws:kms"), "{body}");
        assert_eq!(read.key.as_deref(), Ok("k"));
        assert_eq!((read.bucket_key, read.blocked.as_deref()), (Ok(true), Ok("SSE-C")));
    }
    let bare = json!({"Rule": {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}});
    let put: s3::PutBucketEncryption =
        asked(&json!({"bucketName": "b", "ServerSideEncryptionConfiguration": bare}));
    let read = put.rule.unwrap();
    assert!(read.key.unwrap_err().is_absent() && read.bucket_key.unwrap_err().is_absent());
    for body in [json!(""), json!({}), json!({"Rule": []}), json!({"Rule": [rule, rule]})] {
        let put: s3::PutBucketEncryption =
            asked(&json!({"bucketName": "b", "ServerSideEncryptionConfiguration": body}));
        assert!(put.rule.is_err(), "{body}");
    }
}

#[test]
fn versioning_tells_its_status_and_mfa_delete_by_either_name() {
    for (body, status, mfa_delete) in [
        (json!({"Status": "Suspended", "xmlns": NS}), "\"Suspended\"", None),
        (json!({"Status": ["Enabled"], "MfaDelete": "Disabled"}), "\"Enabled\"", Some("Disabled")),
        (json!({"Status": "Enabled", "MFADelete": "Enabled"}), "\"Enabled\"", Some("Enabled")),
    ] {
        let put: s3::PutBucketVersioning =
            asked(&json!({"bucketName": "b", "versioning": "", "VersioningConfiguration": body}));
        assert_eq!(short(&put.status), status, "{body}");
        assert_eq!(put.mfa_delete.ok().as_deref(), mfa_delete, "{body}");
    }
    let put: s3::PutBucketVersioning = asked(&json!({"bucketName": "b", "versioning": ""}));
    assert!(put.status.unwrap_err().is_absent());
}

#[test]
fn logging_is_switched_off_by_a_status_that_enables_nothing() {
    for off in [json!(""), json!({"xmlns": NS}), json!({"xmlns": NS, "LoggingEnabled": ""})] {
        let put: s3::PutBucketLogging =
            asked(&json!({"bucketName": "b", "logging": "", "BucketLoggingStatus": off}));
        assert_eq!(put.target, Ok(None), "{off}");
    }
    let put: s3::PutBucketLogging = asked(&json!({
        "bucketName": "b",
        "logging": [""],
        "BucketLoggingStatus": {"LoggingEnabled": {"TargetBucket": "logs", "TargetPrefix": "p/"}},
    }));
    let target = put.target.unwrap().unwrap();
    assert_eq!((target.bucket.as_deref(), target.prefix.as_deref()), (Ok("logs"), Ok("p/")));
    // The name of the subresource stands there on and off alike.
    let put: s3::PutBucketLogging = asked(&json!({"bucketName": "b", "logging": ""}));
    assert!(put.target.unwrap_err().is_absent());
}

#[test]
fn lifecycle_rules_are_read_one_or_many_with_what_coercion_makes_of_them() {
    let rule = json!({
        "ID": 7, "Status": "Enabled", "Filter": {"And": {"Prefix": "", "Tag": {"Key": "keep", "Value": true}}},
        "Expiration": {"Days": 30},
        "Transition": {"Days": 3, "StorageClass": "GLACIER"},
        "NoncurrentVersionExpiration": {"NoncurrentDays": "90", "NewerNoncurrentVersions": 2},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
    });
    for body in
        [json!({"xmlns": NS, "Rule": rule}), json!({"Rule": [rule]}), json!({"Rules": [rule]})]
    {
        let put: s3::PutBucketLifecycle =
            asked(&json!({"bucketName": "b", "lifecycle": "", "LifecycleConfiguration": body}));
        let rules = put.rules.unwrap();
        let [read] = rules.as_slice() else { panic!("{rules:?}") };
        assert_eq!((read.id.as_deref(), read.days), (Some("7"), Some(30)), "{body}");
        assert_eq!((read.noncurrent_days, read.newer_versions), (Some(90), Some(2)));
        assert_eq!((read.abort_days, read.transitions.len()), (Some(7), 1));
        let filter = read.filter.as_ref().unwrap();
        assert_eq!(filter.prefix.as_deref(), Some(""));
        assert_eq!(filter.tags, [("keep".to_owned(), "true".to_owned())]);
        assert!(filter.and);
    }
    // A filter that says nothing is for everything; a rule without one is told apart.
    let body = json!({"Rule": [
        {"Status": "Enabled", "Filter": "", "Expiration": {"Days": 1}},
        {"Status": "Enabled", "Prefix": "", "Expiration": {"Date": "2030-01-01T00:00:00.000Z"}},
    ]});
    let put: s3::PutBucketLifecycle =
        asked(&json!({"bucketName": "b", "LifecycleConfiguration": body}));
    let rules = put.rules.unwrap();
    assert_eq!(rules[0].filter, Some(s3::LifecycleFilter::default()));
    assert_eq!((&rules[1].filter, rules[1].prefix.as_deref()), (&None, Some("")));
    assert_eq!(rules[1].date.as_deref(), Some("2030-01-01T00:00:00.000Z"));
    // A rule half read would seem milder than it is.
    for wrong in
        [json!({"Rule": {"Expiration": {"Days": "soon"}}}), json!({"Rule": "x"}), json!("x")]
    {
        let put: s3::PutBucketLifecycle =
            asked(&json!({"bucketName": "b", "LifecycleConfiguration": wrong}));
        assert!(put.rules.is_err(), "{wrong}");
    }
}

#[test]
fn a_lock_without_a_rule_has_no_retention_and_one_that_is_malformed_says_so() {
    for body in [
        json!({"ObjectLockEnabled": "Enabled"}),
        json!({"Rule": ""}),
        json!({"Rule": {"DefaultRetention": ""}}),
    ] {
        let put: s3::PutObjectLockConfiguration =
            asked(&json!({"bucketName": "b", "object-lock": "", "ObjectLockConfiguration": body}));
        assert_eq!(put.retention, Ok(None), "{body}");
    }
    let body = json!({"Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Years": 2}}});
    let put: s3::PutObjectLockConfiguration =
        asked(&json!({"bucketName": "b", "ObjectLockConfiguration": body}));
    let retention = put.retention.unwrap().unwrap();
    assert_eq!((retention.mode.as_deref(), retention.years), (Ok("GOVERNANCE"), Ok(2)));
    assert!(retention.days.unwrap_err().is_absent());
    let put: s3::PutObjectLockConfiguration = asked(&json!({"bucketName": "b", "object-lock": ""}));
    assert!(put.retention.is_err());
}

#[test]
fn metrics_are_named_in_the_query_or_in_the_body() {
    for parameters in [
        json!({"bucketName": "b", "metrics": "", "id": "all"}),
        json!({"bucketName": "b", "metrics": [""], "id": ["all"]}),
        json!({"bucketName": "b", "MetricsConfiguration": {"Id": "all"}}),
    ] {
        let named: s3::NamedMetrics = asked(&parameters);
        assert_eq!(named.id.as_deref(), Ok("all"), "{parameters}");
    }
    let named: s3::NamedMetrics = asked(&json!({"bucketName": "b", "metrics": ""}));
    assert!(named.id.unwrap_err().is_absent());
}
