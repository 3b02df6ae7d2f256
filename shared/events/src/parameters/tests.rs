//! Every call's parameters in their old and new shapes.

mod safeguards;

use expect_test::expect;
use serde_json::{Value, json};

use super::{Unusable, iam, s3};
use crate::{Event, Record};

const DOCUMENT: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}"#;

fn record(members: &Value) -> Record {
    let mut record = json!({"eventName": "X"});
    record.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    Event::from_value(&record).unwrap().record
}

fn asked<T: super::FromMembers>(parameters: &Value) -> T {
    record(&json!({"requestParameters": parameters})).parameters().unwrap()
}

/// A field in short: its value, `absent`, or what is wrong.
fn short<T: std::fmt::Debug>(field: &super::Field<T>) -> String {
    match field {
        Ok(value) => format!("{value:?}"),
        Err(unusable) => unusable.to_string(),
    }
}

#[test]
fn parameters_that_are_missing_cut_or_wrong_say_so() {
    let cases = [
        (json!({}), "`requestParameters` is absent"),
        (json!({"requestParameters": null}), "`requestParameters` is absent"),
        (
            json!({"requestParameters": {"omitted": true, "originalSize": 123_456}}),
            "`requestParameters` was left out by CloudTrail",
        ),
        (
            json!({"requestParameters": {"omitted": "true"}}),
            "`requestParameters` was left out by CloudTrail",
        ),
        (
            json!({"requestParameters": "bucketName"}),
            "`requestParameters` cannot be read: it is a string, not an object",
        ),
        (
            json!({"requestParameters": [{"bucketName": "b"}]}),
            "`requestParameters` cannot be read: it is an array, not an object",
        ),
    ];
    for (members, expected) in cases {
        let record = record(&members);
        let error = record.parameters::<s3::Bucket>().unwrap_err();
        assert_eq!(error.to_string(), expected, "{members}");
        assert_eq!(record.parameters_value().unwrap_err(), error, "{members}");
        assert_eq!(error.path(), "requestParameters");
    }
    let error = record(&json!({})).response::<s3::WrittenObject>().unwrap_err();
    assert_eq!(error.path(), "responseElements");
    let error = record(&json!({})).additional::<s3::AdditionalData>().unwrap_err();
    assert_eq!(error.path(), "additionalEventData");
}

#[test]
fn a_text_is_read_in_every_shape_it_was_ever_written_in() {
    let cases = [
        (json!("private"), "\"private\""),
        (json!(["private"]), "\"private\""),
        (json!([" private "]), "\" private \""),
        (json!(5), "\"5\""),
        (json!(true), "\"true\""),
        (json!(null), "`requestParameters.x-amz-acl` is absent"),
        (json!([]), "`requestParameters.x-amz-acl` is absent"),
        (json!(""), "`requestParameters.x-amz-acl` cannot be read: it is empty"),
        (json!([""]), "`requestParameters.x-amz-acl` cannot be read: it is empty"),
        (
            json!(["private", "public-read"]),
            "`requestParameters.x-amz-acl` cannot be read: 2 values where one is meant",
        ),
        (
            json!({"a": 1}),
            "`requestParameters.x-amz-acl` cannot be read: expected text, found an object",
        ),
        (
            json!([["private"]]),
            "`requestParameters.x-amz-acl` cannot be read: expected text, found an array",
        ),
    ];
    for (value, expected) in cases {
        let acl: s3::PutAcl = asked(&json!({"bucketName": "b", "x-amz-acl": value}));
        assert_eq!(short(&acl.acl.canned), expected, "{value}");
        assert_eq!(acl.object.bucket.as_deref(), Ok("b"), "one wrong member costs itself");
    }
}

#[test]
fn headers_are_found_in_any_case_and_with_underscores() {
    for name in ["x-amz-acl", "X-Amz-Acl", "x_amz_acl"] {
        let acl: s3::PutAcl = asked(&json!({name: "public-read"}));
        assert_eq!(acl.acl.canned.as_deref(), Ok("public-read"), "{name}");
    }
}

#[test]
fn a_write_of_an_object_tells_what_was_asked() {
    let put: s3::PutObject = asked(&json!({
        "bucketName": "amzn-s3-demo-bucket",
        "key": "in/a b+c%20d.txt",
        "Host": "amzn-s3-demo-bucket.s3.eu-central-1.amazonaws.com",
        "x-amz-acl": ["bucket-owner-full-control"],
        "x-amz-storage-class": "STANDARD_IA",
        "x-amz-server-side-encryption": "aws:kms",
        "x-amz-server-side-encryption-aws-kms-key-id": "alias/logs",
        "x-amz-server-side-encryption-bucket-key-enabled": "TRUE",
    }));
    expect![[r#"
        PutObject {
            object: NamedObject {
                bucket: Ok(
                    "amzn-s3-demo-bucket",
                ),
                key: Ok(
                    "in/a b+c%20d.txt",
                ),
                version_id: Err(
                    Absent {
                        path: "requestParameters.versionId",
                    },
                ),
            },
            encryption: Encryption {
                algorithm: Ok(
                    "aws:kms",
                ),
                kms_key_id: Ok(
                    "alias/logs",
                ),
                customer_algorithm: Err(
                    Absent {
                        path: "requestParameters.x-amz-server-side-encryption-customer-algorithm",
                    },
                ),
                bucket_key: Ok(
                    true,
                ),
            },
            acl: AclRequest {
                canned: Ok(
                    "bucket-owner-full-control",
                ),
                grants: [],
                body: false,
                other: false,
            },
            storage_class: Ok(
                "STANDARD_IA",
            ),
        }
    "#]]
    .assert_debug_eq(&put);
}

#[test]
fn an_acl_is_asked_for_in_three_ways() {
    let cases = [
        (json!({"bucketName": "b"}), true, false, vec![]),
        (json!({"acl": "", "bucketName": "b"}), true, false, vec![]),
        (json!({"x-amz-acl": "private"}), false, false, vec![]),
        (json!({"x-amz-acl": {"odd": 1}}), false, false, vec![]),
        (
            json!({"accessControlList": {"x-amz-grant-read":
                "uri=\"http://acs.amazonaws.com/groups/global/AllUsers\""}}),
            false,
            false,
            vec![("x-amz-grant-read", "uri=\"http://acs.amazonaws.com/groups/global/AllUsers\"")],
        ),
        (
            json!({"AccessControlList": {"x_amz_grant_read": "uri=http://x"},
                "x-amz-grant-write-acp": ["id=\"1\""]}),
            false,
            false,
            vec![("x-amz-grant-write-acp", "id=\"1\""), ("x-amz-grant-read", "uri=http://x")],
        ),
        (
            json!({"AccessControlPolicy": {"AccessControlList": {}, "Owner": {"ID": "1"}}}),
            false,
            true,
            vec![],
        ),
    ];
    for (parameters, absent, body, grants) in cases {
        let acl = asked::<s3::PutAcl>(&parameters).acl;
        assert_eq!(acl.is_absent(), absent, "{parameters}");
        assert_eq!(acl.body, body, "{parameters}");
        let told: Vec<(&str, &str)> = acl
            .grants
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_deref().unwrap()))
            .collect();
        assert_eq!(told, grants, "{parameters}");
    }
}

#[test]
fn the_body_of_an_acl_is_handed_on_as_it_is() {
    let parameters = json!({"bucketName": "b", "AccessControlPolicy": {"AccessControlList": {
        "Grant": {"Grantee": {"xsi:type": "Group", "URI": "u"}, "Permission": "READ"}}}});
    let record = record(&json!({"requestParameters": parameters}));
    assert_eq!(record.parameters_value(), Ok(parameters));
}

#[test]
fn a_copy_names_its_source() {
    let cases = [
        ("amzn-s3-demo-bucket/a/b", Some(("amzn-s3-demo-bucket", "a/b", None))),
        ("/amzn-s3-demo-bucket/a", Some(("amzn-s3-demo-bucket", "a", None))),
        (
            "amzn-s3-demo-bucket/a%20b%3FversionId%3Dx",
            Some(("amzn-s3-demo-bucket", "a b?versionId=x", None)),
        ),
        ("b/k?versionId=3HL4", Some(("b", "k", Some("3HL4")))),
        ("b%2Fk", Some(("b", "k", None))),
        (
            "arn:aws:s3:eu-central-1:111122223333:accesspoint/ap/object/a/b",
            Some(("arn:aws:s3:eu-central-1:111122223333:accesspoint/ap", "a/b", None)),
        ),
        ("bucket", None),
        ("/bucket/", None),
        ("b/%ff", None),
    ];
    for (text, expected) in cases {
        let source = s3::CopySource::parse(text);
        let told = source.as_ref().map(|source| {
            (source.bucket.as_str(), source.key.as_str(), source.version_id.as_deref())
        });
        assert_eq!(told, expected, "{text}");
    }
    let copy: s3::CopyObject = asked(&json!({"x-amz-copy-source": "bucket", "key": "k"}));
    assert_eq!(copy.put.object.key.as_deref(), Ok("k"));
    assert_eq!(
        short(&copy.source),
        "`requestParameters.x-amz-copy-source` cannot be read: `bucket` names no bucket and key"
    );
}

#[test]
fn a_multipart_upload_names_its_object_and_itself() {
    let done: s3::CompleteMultipartUpload =
        asked(&json!({"bucketName": "b", "key": "k", "uploadId": "u"}));
    assert_eq!(done.object.key.as_deref(), Ok("k"));
    assert_eq!(done.upload_id.as_deref(), Ok("u"));
}

#[test]
fn an_answer_tells_the_encryption_applied() {
    let told = record(&json!({
        "responseElements": {"x-amz-server-side-encryption": "AES256", "x-amz-version-id": "v1"},
        "additionalEventData": {"SSEApplied": "Default_SSE_S3", "bytesTransferredIn": 12,
            "AuthenticationMethod": "QueryString"},
    }));
    let answer: s3::WrittenObject = told.response().unwrap();
    assert_eq!(answer.version_id.as_deref(), Ok("v1"));
    assert_eq!(answer.encryption.algorithm.as_deref(), Ok("AES256"));
    let added: s3::AdditionalData = told.additional().unwrap();
    assert_eq!(added.sse_applied, Ok(s3::SseApplied::DefaultSseS3));
    assert_eq!(added.bytes_in, Ok(12));
    assert_eq!(added.authentication_method.as_deref(), Ok("QueryString"));
    for (word, expected) in [
        ("SSE_S3", s3::SseApplied::SseS3),
        ("SSE_KMS", s3::SseApplied::SseKms),
        ("SSE_C", s3::SseApplied::SseC),
        ("Default_SSE_KMS", s3::SseApplied::DefaultSseKms),
        ("DSSE_KMS", s3::SseApplied::DsseKms),
        ("Default_DSSE_KMS", s3::SseApplied::DefaultDsseKms),
        ("SSE_LUNAR", s3::SseApplied::Other("SSE_LUNAR".to_owned())),
    ] {
        let told = record(&json!({"additionalEventData": {"SSEApplied": word}}));
        assert_eq!(told.additional::<s3::AdditionalData>().unwrap().sse_applied, Ok(expected));
    }
    for (value, expected) in [
        (json!("12"), "12"),
        (
            json!(1.5),
            "`additionalEventData.bytesTransferredIn` cannot be read: expected a whole number, found a number",
        ),
        (
            json!(-1),
            "`additionalEventData.bytesTransferredIn` cannot be read: expected a whole number, found a number",
        ),
    ] {
        let told = record(&json!({"additionalEventData": {"bytesTransferredIn": value}}));
        assert_eq!(short(&told.additional::<s3::AdditionalData>().unwrap().bytes_in), expected);
    }
}

#[test]
fn a_new_bucket_tells_its_place_ownership_and_acl() {
    let bucket: s3::CreateBucket = asked(&json!({
        "bucketName": "amzn-s3-demo-bucket",
        "CreateBucketConfiguration": {"xmlns": "http://s3.amazonaws.com/doc/2006-03-01/",
            "LocationConstraint": "eu-central-1"},
        "x-amz-object-ownership": "ObjectWriter",
        "x-amz-acl": "public-read",
    }));
    assert_eq!(bucket.location.as_deref(), Ok("eu-central-1"));
    assert_eq!(bucket.ownership.as_deref(), Ok("ObjectWriter"));
    assert_eq!(bucket.acl.canned.as_deref(), Ok("public-read"));
    let plain: s3::CreateBucket =
        asked(&json!({"bucketName": "b", "CreateBucketConfiguration": ""}));
    assert!(plain.location.is_err());
    assert!(plain.acl.is_absent());
}

#[test]
fn ownership_is_read_from_one_rule_however_it_is_written() {
    let cases = [
        (json!({"Rule": {"ObjectOwnership": "ObjectWriter"}}), "\"ObjectWriter\""),
        (json!({"Rule": [{"ObjectOwnership": "ObjectWriter"}], "xmlns": "x"}), "\"ObjectWriter\""),
        (json!({"Rules": [{"ObjectOwnership": "ObjectWriter"}]}), "\"ObjectWriter\""),
        (
            json!({"Rule": [{"ObjectOwnership": "a"}, {"ObjectOwnership": "b"}]}),
            "`requestParameters.OwnershipControls.Rule` cannot be read: 2 rules",
        ),
        (json!({"Rule": ""}), "`requestParameters.OwnershipControls.Rule` is absent"),
        (
            json!({"Rule": {}}),
            "`requestParameters.OwnershipControls.Rule[0].ObjectOwnership` is absent",
        ),
        (json!({}), "`requestParameters.OwnershipControls.Rule` is absent"),
        (
            json!(""),
            "`requestParameters.OwnershipControls` cannot be read: it is a string, not an object",
        ),
        (json!(null), "`requestParameters.OwnershipControls` is absent"),
    ];
    for (controls, expected) in cases {
        let put: s3::PutBucketOwnershipControls = asked(
            &json!({"bucketName": "b", "ownershipControls": "", "OwnershipControls": controls}),
        );
        assert_eq!(short(&put.ownership), expected, "{controls}");
    }
}

#[test]
fn a_switch_that_is_not_mentioned_is_off() {
    let put: s3::PutPublicAccessBlock =
        asked(&json!({"bucketName": "b", "publicAccessBlock": [""],
        "PublicAccessBlockConfiguration": {"xmlns": "x", "BlockPublicAcls": true,
            "IgnorePublicAcls": "true", "RestrictPublicBuckets": false}}));
    let block = put.block.unwrap();
    assert!(block.block_public_acls && block.ignore_public_acls);
    assert!(!block.block_public_policy && !block.restrict_public_buckets);

    let odd: s3::PutPublicAccessBlock =
        asked(&json!({"PublicAccessBlockConfiguration": {"BlockPublicAcls": "perhaps"}}));
    assert_eq!(
        short(&odd.block),
        "`requestParameters.PublicAccessBlockConfiguration.BlockPublicAcls` cannot be read: expected a boolean, found a string"
    );
}

#[test]
fn a_call_about_an_account_names_it_by_its_host() {
    for (parameters, expected) in [
        (
            json!({"host": ["111122223333.s3-control.us-east-1.amazonaws.com"]}),
            Some("111122223333"),
        ),
        (
            json!({"Host": "111122223333.s3-control.cn-north-1.amazonaws.com.cn"}),
            Some("111122223333"),
        ),
        (json!({"Host": "111122223333.s3.us-east-1.amazonaws.com"}), None),
        (json!({"Host": "amzn-s3-demo-bucket.s3-control.us-east-1.amazonaws.com"}), None),
        (json!({"a": 1}), None),
    ] {
        let told: s3::Bucket = asked(&parameters);
        assert!(told.bucket.is_err(), "{parameters}");
        assert_eq!(told.account.ok(), expected.map(Into::into), "{parameters}");
    }
}

#[test]
fn a_native_event_tells_the_object_and_the_reason() {
    let event = Event::from_value(&json!({"detail-type": "Object ACL Updated", "source": "aws.s3",
        "detail": {"bucket": {"name": "amzn-s3-demo-bucket"}, "object": {"key": "a b", "size": 5,
            "etag": "\"b194\"", "version-id": "v1", "sequencer": "61"},
            "requester": "111122223333", "reason": "PutObject"}}));
    let told: s3::NativeEvent = event.unwrap().record.parameters().unwrap();
    assert_eq!(told.bucket.as_deref(), Ok("amzn-s3-demo-bucket"));
    assert_eq!(told.key.as_deref(), Ok("a b"));
    assert_eq!(told.version_id.as_deref(), Ok("v1"));
    assert_eq!(told.etag.as_deref(), Ok("b194"));
    assert_eq!(told.size, Ok(5));
    assert_eq!(told.reason.as_deref(), Ok("PutObject"));
    let cut: s3::NativeEvent = asked(&json!({"bucket": {"name": "b"}}));
    assert_eq!(short(&cut.key), "`requestParameters.object` is absent");
}

#[test]
fn where_parameters_were_left_out_resources_name_what_is_meant() {
    let arn = |end: &str| json!({"ARN": format!("arn:aws-cn:s3:::amzn-s3-demo-bucket{end}")});
    let cases = [
        (json!({"bucketName": "b", "key": "k"}), json!([]), Some("b"), Some("b k")),
        (
            json!({"omitted": true}),
            json!([arn("/a/b"), arn("")]),
            Some("amzn-s3-demo-bucket"),
            Some("amzn-s3-demo-bucket a/b"),
        ),
        (json!(null), json!([arn("")]), Some("amzn-s3-demo-bucket"), None),
        (json!({"bucketName": ""}), json!([arn("")]), Some("amzn-s3-demo-bucket"), None),
        (json!(null), json!([arn("/a"), arn("/b")]), Some("amzn-s3-demo-bucket"), None),
        (
            json!(null),
            json!([arn("/a"), {"ARN": "arn:aws:s3:::other"}]),
            None,
            Some("amzn-s3-demo-bucket a"),
        ),
        (json!(null), json!([{"ARN": "arn:aws:kms:eu-central-1:111122223333:key/k"}]), None, None),
        (json!(null), json!(null), None, None),
    ];
    for (parameters, resources, bucket, object) in cases {
        let record = record(&json!({"requestParameters": parameters, "resources": resources}));
        assert_eq!(
            s3::bucket_of_record(&record).ok().as_deref(),
            bucket,
            "{parameters} {resources}"
        );
        let told = s3::object_of_record(&record)
            .ok()
            .map(|named| format!("{} {}", named.bucket.unwrap(), named.key.unwrap()));
        assert_eq!(told.as_deref(), object, "{parameters} {resources}");
    }
    let record = record(&json!({"requestParameters": {"omitted": true}}));
    assert!(matches!(s3::bucket_of_record(&record), Err(Unusable::Omitted { .. })));
}

#[test]
fn members_that_an_export_wrote_as_text_are_unwrapped() {
    let whole = json!({"eventVersion": "1.08", "eventSource": "s3.amazonaws.com",
        "eventName": "PutObject", "recipientAccountId": "111122223333",
        "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/alice"},
        "requestParameters": {"bucketName": "b", "key": "k \"1\""},
        "responseElements": {"x-amz-version-id": "v"},
        "additionalEventData": {"SSEApplied": "SSE_S3"},
        "resources": [{"accountId": "111122223333", "ARN": "arn:aws:s3:::b"}]});
    let mut flat = whole.clone();
    for member in [
        "userIdentity",
        "requestParameters",
        "responseElements",
        "additionalEventData",
        "resources",
    ] {
        flat[member] = json!(format!(" {}", whole[member]));
    }
    let (whole, flat) = (record(&whole), record(&flat));
    assert_eq!(flat.parameters::<s3::NamedObject>(), whole.parameters());
    assert_eq!(flat.parameters::<s3::NamedObject>().unwrap().key.as_deref(), Ok("k \"1\""));
    assert_eq!(flat.response::<s3::WrittenObject>(), whole.response());
    assert_eq!(flat.additional::<s3::AdditionalData>(), whole.additional());
    assert_eq!((flat.resources(), flat.actor.id), (whole.resources(), whole.actor.id));
    for text in ["cut off", "{\"bucketName\": \"b\"", "{bucketName=b, key=k}"] {
        let cut = record(&json!({"eventName": "PutObject", "requestParameters": text}));
        let unusable = cut.parameters::<s3::NamedObject>().unwrap_err();
        assert!(matches!(unusable, Unusable::Malformed { .. }), "{text}");
    }
}

#[test]
fn a_document_is_read_as_text_object_or_encoded() {
    let encoded =
        DOCUMENT.replace('{', "%7B").replace('"', "%22").replace(':', "%3A").replace('}', "%7D");
    let parsed: Value = serde_json::from_str(DOCUMENT).unwrap();
    let spaced = format!("\n\t{}", serde_json::to_string_pretty(&parsed).unwrap());
    for value in [json!(DOCUMENT), parsed.clone(), json!(encoded), json!([DOCUMENT]), json!(spaced)]
    {
        let told: iam::UpdateAssumeRolePolicy =
            asked(&json!({"roleName": "Web", "policyDocument": value}));
        assert_eq!(told.role.as_deref(), Ok("Web"));
        let document: Value = serde_json::from_str(&told.document.unwrap()).unwrap();
        assert_eq!(document, parsed, "{value}");
    }
    let told: iam::UpdateAssumeRolePolicy = asked(&json!({"policyDocument": spaced}));
    assert_eq!(told.document.as_deref(), Ok(spaced.as_str()), "the caller's spacing is kept");
}

#[test]
fn a_document_that_is_missing_or_wrong_says_so() {
    for (value, expected) in [
        (json!(null), "`requestParameters.policyDocument` is absent"),
        (json!(""), "`requestParameters.policyDocument` cannot be read: it is empty"),
        (
            json!(7),
            "`requestParameters.policyDocument` cannot be read: expected a document, found a number",
        ),
        (json!({"omitted": true}), "`requestParameters.policyDocument` was left out by CloudTrail"),
    ] {
        let told: iam::UpdateAssumeRolePolicy = asked(&json!({"policyDocument": value}));
        assert_eq!(short(&told.document), expected, "{value}");
        assert!(told.role.unwrap_err().is_absent());
    }
    let spaced: iam::UpdateAssumeRolePolicy =
        asked(&json!({"policyDocument": "%0A%20%7B%22Statement%22:[]%7D%0a"}));
    assert_eq!(spaced.document.as_deref(), Ok("\n {\"Statement\":[]}\n"));
    let told: iam::UpdateAssumeRolePolicy = asked(&json!({"policyDocument": "%7B%ff"}));
    assert!(short(&told.document).contains("URL-encoded, but"));
    let told: iam::UpdateAssumeRolePolicy = asked(&json!({"policyDocument": "{\"cut"}));
    assert_eq!(told.document.as_deref(), Ok("{\"cut"), "judging a document is not for here");
}

#[test]
fn a_new_role_tells_its_path_and_answers_with_its_arn() {
    let told = record(&json!({
        "requestParameters": {"roleName": "Web", "path": "/teams/", "assumeRolePolicyDocument": DOCUMENT,
            "permissionsBoundary": "arn:aws:iam::111122223333:policy/Boundary", "maxSessionDuration": 3600,
            "tags": [{"key": "team", "value": "web"}, {"key": "empty", "value": ""}, {"key": "on", "value": true}]},
        "responseElements": {"role": {"arn": "arn:aws:iam::111122223333:role/teams/Web", "path": "/teams/",
            "roleName": "Web", "roleId": "AROAEXAMPLE", "createDate": "Mar 1, 2026, 10:00:00 AM",
            "assumeRolePolicyDocument": "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%5D%7D"}},
    }));
    let asked: iam::CreateRole = told.parameters().unwrap();
    assert_eq!(asked.role.as_deref(), Ok("Web"));
    assert_eq!(asked.path.as_deref(), Ok("/teams/"));
    assert_eq!(asked.document.as_deref(), Ok(DOCUMENT));
    assert_eq!(
        asked.permissions_boundary.as_deref(),
        Ok("arn:aws:iam::111122223333:policy/Boundary")
    );
    let tags = [("team", "web"), ("empty", ""), ("on", "true")];
    assert_eq!(
        asked.tags,
        Ok(tags.map(|(key, value)| (key.to_owned(), value.to_owned())).to_vec())
    );
    let answer: iam::CreatedRole = told.response().unwrap();
    assert_eq!(answer.arn.as_deref(), Ok("arn:aws:iam::111122223333:role/teams/Web"));
    assert_eq!(answer.id.as_deref(), Ok("AROAEXAMPLE"));
    assert_eq!(answer.document.as_deref(), Ok(r#"{"Version":"2012-10-17","Statement":[]}"#));

    let odd = record(&json!({"requestParameters": {"roleName": "Web", "tags": [{"value": "x"}]}}));
    let odd: iam::CreateRole = odd.parameters().unwrap();
    assert_eq!(short(&odd.tags), "`requestParameters.tags[0].key` is absent");
}

#[test]
fn a_bucket_policy_is_an_object_and_its_marker_is_not_the_document() {
    let parsed: Value = serde_json::from_str(DOCUMENT).unwrap();
    for value in [parsed.clone(), json!(DOCUMENT), json!([parsed])] {
        for marker in [json!(""), json!([""])] {
            let told: s3::PutBucketPolicy =
                asked(&json!({"bucketName": "b", "bucketPolicy": value, "policy": marker}));
            assert_eq!(told.bucket.as_deref(), Ok("b"));
            let document: Value = serde_json::from_str(&told.document.unwrap()).unwrap();
            assert_eq!(document, parsed);
        }
    }
    let absent: s3::PutBucketPolicy = asked(&json!({"bucketName": "b", "policy": [""]}));
    assert!(absent.document.unwrap_err().is_absent());
    let cut: s3::PutBucketPolicy = asked(&json!({"bucketPolicy": {"omitted": true}}));
    assert!(!cut.document.unwrap_err().is_absent());
}

#[test]
fn an_access_points_policy_is_text_in_the_body_or_beside_it() {
    let body = |name: &str| json!({"xmlns": "http://awss3control.amazonaws.com", name: DOCUMENT});
    for parameters in [
        json!({"name": "ap", "policy": "", "PutAccessPointPolicyRequest": body("Policy")}),
        json!({"name": ["ap"], "PutAccessPointPolicyRequest": body("policy")}),
        json!({"name": "ap", "policy": DOCUMENT}),
        json!({"accessPointName": "ap", "Policy": [DOCUMENT]}),
    ] {
        let told: s3::PutAccessPointPolicy = asked(&parameters);
        assert_eq!(told.access_point.name.as_deref(), Ok("ap"), "{parameters}");
        assert_eq!(told.document.as_deref(), Ok(DOCUMENT), "{parameters}");
    }
    let bare: s3::PutAccessPointPolicy = asked(&json!({"policy": [""]}));
    assert!(bare.document.unwrap_err().is_absent() && bare.access_point.name.is_err());
}

#[test]
fn a_block_of_unknown_form_is_not_known_to_be_off() {
    for unknown in [
        json!({"omitted": true}),
        json!({"blockPublicAcls": true, "ignorePublicAcls": true}),
        json!({"BlockPublicAcls": null}),
        json!({"BlockPublicAcls": true, "BlockSomethingNew": true}),
    ] {
        let asked: s3::PutPublicAccessBlock =
            asked(&json!({"PublicAccessBlockConfiguration": unknown}));
        assert!(asked.block.is_err(), "{unknown}");
    }
    let block =
        json!({"xmlns": "http://s3.amazonaws.com/doc/2006-03-01/", "BlockPublicAcls": true});
    let asked: s3::PutPublicAccessBlock = asked(&json!({"PublicAccessBlockConfiguration": block}));
    let block = asked.block.unwrap();
    assert!(block.block_public_acls && !block.restrict_public_buckets);
}
