//! One event: its head, actor, failure, envelope, and where its errors are.

use expect_test::expect;
use model::{AccountId, ActorKind};
use serde_json::{Value, json};

use super::{envelope, native, parse, record, record_with};
use crate::{Event, EventError, Inconsistent, Origin};

#[test]
fn reads_the_head_of_a_record() {
    let event = parse(&record());
    assert_eq!(event.origin, Origin::CloudTrail);
    assert!(event.envelope.is_none());
    let told = event.record;
    assert_eq!(told.event_id.as_deref(), Some("00000000-0000-4000-8000-000000000001"));
    assert_eq!(told.event_name, "PutBucketAcl");
    assert_eq!(told.event_source, "s3.amazonaws.com");
    assert_eq!(told.event_time.unwrap().to_rfc3339(), "2026-03-01T10:00:00+00:00");
    assert_eq!(told.event_type.as_deref(), Some("AwsApiCall"));
    assert_eq!(told.region.as_deref(), Some("eu-central-1"));
    assert_eq!(told.account, Some(AccountId::from("111122223333")));
    assert_eq!(told.read_only, Some(false));
    assert!(told.response_elements.is_none(), "null is absent");
    assert_eq!(told.failure(), None);
    expect![[r#"
        Actor {
            kind: AssumedRole,
            id: "arn:aws:iam::111122223333:role/teams/web/Deployer",
            arn: Some(
                "arn:aws:sts::111122223333:assumed-role/Deployer/kim",
            ),
            account: Some(
                AccountId(
                    "111122223333",
                ),
            ),
            session: Some(
                "kim",
            ),
            invoked_by: None,
            source_ip: Some(
                "203.0.113.7",
            ),
            user_agent: Some(
                "[aws-cli/2.15.0]",
            ),
            mfa: Some(
                false,
            ),
        }
    "#]]
    .assert_debug_eq(&told.actor);
}

#[test]
fn the_envelope_says_what_the_record_leaves_out() {
    let mut old = record();
    for key in ["recipientAccountId", "awsRegion"] {
        old.as_object_mut().unwrap().remove(key);
    }
    let mut old = envelope(&old);
    old["account"] = json!("444455556666");
    old["region"] = json!("cn-north-1");
    let event = parse(&old);
    assert_eq!(event.record.account, Some("444455556666".into()));
    assert_eq!(event.record.region.as_deref(), Some("cn-north-1"));

    let mut bare = record();
    bare.as_object_mut().unwrap().remove("recipientAccountId");
    assert_eq!(parse(&bare).record.account, Some("111122223333".into()), "the actor's, at last");
}

#[test]
fn an_anonymous_actors_account_is_nobodys() {
    let bare = json!({"eventName": "GetObject", "userIdentity":
        {"type": "AWSAccount", "principalId": "", "accountId": "anonymous"}});
    let event = parse(&bare);
    assert_eq!(event.record.account, None);
    assert_eq!(event.record.actor.account, None);
}

#[test]
fn a_record_needs_a_name_and_nothing_else() {
    for (members, name) in [
        (json!({"eventName": "PutBucketAcl"}), "PutBucketAcl"),
        (json!({"eventName": "X", "userIdentity": null, "eventSource": null}), "X"),
        (json!({"eventName": "X", "eventTime": "redacted", "readOnly": "maybe"}), "X"),
        (json!({"eventName": "X", "userIdentity": 7, "awsRegion": {}, "eventID": []}), "X"),
        (json!({"eventName": "X", "resources": null, "sourceIPAddress": ["a", "b"]}), "X"),
    ] {
        let event = parse(&members);
        assert_eq!(event.record.event_name, name, "{members}");
        assert_eq!(event.record.event_time, None, "{members}");
        assert_eq!(event.record.read_only, None, "{members}");
    }
}

#[test]
fn lists_and_numbers_where_text_is_usual_are_text() {
    let event = parse(&record_with(&json!({
        "userAgent": ["aws-cli/1"],
        "sourceIPAddress": ["203.0.113.7", "198.51.100.2"],
        "recipientAccountId": 111_122_223_333_u64,
        "readOnly": "true",
        "errorCode": "",
    })));
    assert_eq!(event.record.actor.user_agent.as_deref(), Some("aws-cli/1"));
    assert_eq!(event.record.actor.source_ip.as_deref(), Some("203.0.113.7, 198.51.100.2"));
    assert_eq!(event.record.account, Some("111122223333".into()));
    assert_eq!(event.record.read_only, Some(true));
    assert_eq!(event.record.failure(), None);
}

#[test]
fn times_are_read_in_the_forms_exports_write() {
    for text in [
        "2026-03-01T10:00:00Z",
        "2026-03-01T11:00:00+01:00",
        "2026-03-01 10:00:00",
        "2026-03-01T10:00:00.000",
        "20260301T100000Z",
    ] {
        let event = parse(&record_with(&json!({"eventTime": text})));
        let time = event.record.event_time.unwrap().to_rfc3339();
        assert_eq!(time, "2026-03-01T10:00:00+00:00", "{text}");
    }
}

#[test]
fn a_users_name_is_what_the_identity_calls_it_and_never_its_principal_id() {
    let arn = "arn:aws:iam::111122223333:user/eng/kim";
    for (identity, name) in [
        (json!({"type": "IAMUser", "userName": "kim"}), Some("kim")),
        (json!({"type": "IAMUser", "arn": arn}), Some("kim")),
        (json!({"type": "IAMUser", "userName": "kim", "arn": arn}), Some("kim")),
        (json!({"type": "IAMUser", "userName": "", "arn": arn}), Some("kim")),
        (json!({"type": "IAMUser", "principalId": "AIDAEXAMPLE:kim"}), None),
        (json!({"type": "IAMUser", "principalId": "kim"}), None),
        (json!({"type": "IAMUser", "arn": "arn:aws:iam::111122223333:root"}), None),
        (json!({"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/"}), None),
        (json!({"type": "IAMUser", "arn": "arn:aws:sts::111122223333:assumed-role/a/kim"}), None),
        (json!({"type": "IAMUser", "arn": "kim"}), None),
        // The account's alias, a federated name.
        (json!({"type": "Root", "userName": "kim"}), None),
        (json!({"type": "SAMLUser", "userName": "kim"}), None),
        (json!({"type": "AssumedRole", "principalId": "AROAEXAMPLE:kim"}), None),
        (Value::Null, None),
    ] {
        let told = parse(&record_with(&json!({"userIdentity": identity}))).record.iam_user();
        assert_eq!(told.as_deref(), name, "{identity}");
    }
}

/// Kind, id, account, session, invoked by, MFA.
fn actor(identity: &Value) -> String {
    let actor = parse(&record_with(&json!({"userIdentity": identity}))).record.actor;
    format!(
        "{:?} {} account={} session={} by={} mfa={:?}",
        actor.kind,
        actor.id,
        actor.account.as_ref().map_or("-", AccountId::as_str),
        actor.session.as_deref().unwrap_or("-"),
        actor.invoked_by.as_deref().unwrap_or("-"),
        actor.mfa
    )
}

#[test]
fn every_identity_is_normalised() {
    let cases = [
        (
            json!({"type": "IAMUser", "principalId": "AIDAEXAMPLE", "userName": "kim",
                "arn": "arn:aws:iam::111122223333:user/kim", "accountId": "111122223333"}),
            "IamUser arn:aws:iam::111122223333:user/kim account=111122223333 session=- by=- mfa=None",
        ),
        (
            json!({"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/kim",
                "accountId": "111122223333", "invokedBy": "signin.amazonaws.com",
                "sessionContext": {"sessionIssuer": {}, "webIdFederationData": {},
                    "attributes": {"mfaAuthenticated": "true", "creationDate": "20131102T010628Z"}}}),
            "IamUser arn:aws:iam::111122223333:user/kim account=111122223333 session=- by=signin.amazonaws.com mfa=Some(true)",
        ),
        (
            json!({"type": "IAMUser", "accountId": "111122223333", "accessKeyId": "",
                "userName": "HIDDEN_DUE_TO_SECURITY_REASONS"}),
            "IamUser HIDDEN_DUE_TO_SECURITY_REASONS account=111122223333 session=- by=- mfa=None",
        ),
        (
            json!({"type": "AssumedRole", "principalId": "AROAEXAMPLE:i-0123",
                "arn": "arn:aws-cn:sts::111122223333:assumed-role/Web/i-0123",
                "sessionContext": {"ec2RoleDelivery": "2.0", "attributes": {"mfaAuthenticated": false}}}),
            "AssumedRole arn:aws-cn:iam::111122223333:role/Web account=- session=i-0123 by=- mfa=Some(false)",
        ),
        (
            json!({"type": "AssumedRole", "principalId": "AROAEXAMPLE:kim",
                "sessionContext": {"sessionIssuer": {"type": "Role", "accountId": "111122223333",
                    "arn": "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Admin_0123"}}}),
            "AssumedRole arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Admin_0123 account=111122223333 session=kim by=- mfa=None",
        ),
        (
            json!({"type": "Root", "principalId": "111122223333", "accountId": "111122223333",
                "arn": "arn:aws:iam::111122223333:root"}),
            "Root arn:aws:iam::111122223333:root account=111122223333 session=- by=- mfa=None",
        ),
        (
            json!({"type": "Root", "accountId": "111122223333", "userName": "an-alias"}),
            "Root 111122223333 account=111122223333 session=- by=- mfa=None",
        ),
        (
            json!({"type": "AWSService", "invokedBy": "cloudtrail.amazonaws.com"}),
            "AwsService cloudtrail.amazonaws.com account=- session=- by=cloudtrail.amazonaws.com mfa=None",
        ),
        (
            json!({"accountId": "111122223333", "invokedBy": "AWS Internal"}),
            "AwsService AWS Internal account=111122223333 session=- by=AWS Internal mfa=None",
        ),
        (
            json!({"type": "AWSAccount", "principalId": "", "accountId": "anonymous"}),
            "Anonymous anonymous account=- session=- by=- mfa=None",
        ),
        (
            json!({"type": "AWSAccount", "principalId": "", "accountId": "ANONYMOUS_PRINCIPAL"}),
            "Anonymous anonymous account=- session=- by=- mfa=None",
        ),
        (
            json!({"type": "AWSAccount", "principalId": "AROAEXAMPLE:night", "accountId": "444455556666"}),
            "AwsAccount 444455556666 account=444455556666 session=night by=- mfa=None",
        ),
        (
            json!({"type": "FederatedUser", "arn": "arn:aws:sts::111122223333:federated-user/kim",
                "accountId": "111122223333", "sessionContext": {"sessionIssuer": {"type": "IAMUser",
                    "arn": "arn:aws:iam::111122223333:user/kim"}}}),
            "FederatedUser arn:aws:sts::111122223333:federated-user/kim account=111122223333 session=- by=- mfa=None",
        ),
        (
            json!({"type": "SAMLUser", "userName": "kim@example.com"}),
            "SamlUser kim@example.com account=- session=- by=- mfa=None",
        ),
        (
            json!({"type": "WebIdentityUser", "userName": "42", "identityProvider": "accounts.google.com",
                "principalId": "accounts.google.com:app:42"}),
            "WebIdentityUser accounts.google.com:app:42 account=- session=- by=- mfa=None",
        ),
        (
            json!({"type": "IdentityCenterUser", "arn": "", "accountId": "111122223333",
                "onBehalfOf": {"userId": "e0b1c2d3-0000", "identityStoreArn": "arn:aws:identitystore::111122223333:identitystore/d-1"},
                "credentialId": "c"}),
            "IdentityCenterUser e0b1c2d3-0000 account=111122223333 session=- by=- mfa=None",
        ),
        (
            json!({"type": "Role", "arn": "arn:aws:iam::111122223333:role/Web"}),
            "Role arn:aws:iam::111122223333:role/Web account=- session=- by=- mfa=None",
        ),
        (json!({"type": "Unknown"}), "Unknown unknown account=- session=- by=- mfa=None"),
        (
            json!({"type": "QuantumUser", "principalId": "Q1", "accountId": "111122223333"}),
            "Unknown Q1 account=111122223333 session=- by=- mfa=None",
        ),
        (Value::Null, "Unknown unknown account=- session=- by=- mfa=None"),
        (json!({}), "Unknown unknown account=- session=- by=- mfa=None"),
    ];
    for (identity, expected) in cases {
        assert_eq!(actor(&identity), expected, "{identity}");
    }
}

#[test]
fn a_service_without_a_name_is_known_by_where_it_called_from() {
    let event = parse(&record_with(&json!({"userIdentity": {"type": "AWSService"},
        "sourceIPAddress": "delivery.logs.amazonaws.com"})));
    assert_eq!(event.record.actor.id, "delivery.logs.amazonaws.com");
    assert!(event.service_delivery());
}

#[test]
fn a_service_delivers_only_where_it_is_the_caller() {
    let by_service =
        json!({"userIdentity": {"type": "AWSService", "invokedBy": "logging.s3.amazonaws.com"}});
    assert!(parse(&record_with(&by_service)).service_delivery());
    let on_behalf = json!({"userIdentity": {"type": "IAMUser", "invokedBy": "AWS Internal",
        "arn": "arn:aws:iam::111122223333:user/kim"}});
    assert!(!parse(&record_with(&on_behalf)).service_delivery());

    let mut native = native();
    assert!(!parse(&native).service_delivery());
    native["detail"]["requester"] = json!("cloudtrail.amazonaws.com");
    assert!(parse(&native).service_delivery());
}

#[test]
fn a_failure_is_what_changed_nothing() {
    let sign_in = |members: Value| {
        let mut all = json!({"eventSource": "signin.amazonaws.com", "eventName": "ConsoleLogin"});
        all.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        all
    };
    let cases = [
        (json!({}), None),
        (json!({"errorCode": null}), None),
        (json!({"errorCode": "AccessDenied"}), Some("AccessDenied")),
        (json!({"errorCode": "Client.DryRunOperation"}), Some("Client.DryRunOperation")),
        (json!({"errorCode": "200"}), None),
        (json!({"errorCode": 200}), None),
        (json!({"errorCode": "404"}), Some("404")),
        (json!({"errorMessage": "told without a code"}), None),
        (sign_in(json!({"responseElements": {"ConsoleLogin": "Success"}})), None),
        (
            sign_in(json!({"responseElements": {"ConsoleLogin": "Failure"},
                "errorMessage": "Failed authentication"})),
            Some("Failed authentication"),
        ),
        (sign_in(json!({"responseElements": {"ConsoleLogin": "Failure"}})), Some("Failure")),
        (json!({"responseElements": {"PutBucketAcl": "Failure"}}), None),
    ];
    for (members, expected) in cases {
        let event = parse(&record_with(&members));
        assert_eq!(event.record.failure(), expected, "{members}");
    }
}

#[test]
fn a_denial_is_known_in_every_services_spelling() {
    for (code, denied) in [
        ("AccessDenied", true),
        ("AccessDeniedException", true),
        ("VpceAccessDenied", true),
        ("Client.UnauthorizedOperation", true),
        ("NoSuchBucketPolicy", false),
    ] {
        let event = parse(&record_with(&json!({"errorCode": code})));
        assert_eq!(event.record.denied(), denied, "{code}");
    }
}

#[test]
fn envelopes_are_read_whatever_they_lack() {
    let mut numeric = envelope(&record());
    numeric["account"] = json!(111_122_223_333_u64);
    let mut old = envelope(&record());
    old.as_object_mut().unwrap().remove("version");
    let mut odd = envelope(&record());
    odd["time"] = json!("...");
    odd["resources"] = json!("none");
    for (value, account) in [(&numeric, true), (&old, true), (&odd, true)] {
        let event = parse(value);
        let envelope = event.envelope.unwrap();
        assert_eq!(envelope.account.is_some(), account);
        assert_eq!(envelope.source.as_deref(), Some("aws.s3"));
        assert_eq!(envelope.detail_type.as_deref(), Some("AWS API Call via CloudTrail"));
        assert_eq!(event.record.event_name, "PutBucketAcl");
    }
    let bare = parse(&json!({"detail": record()}));
    assert_eq!(bare.envelope, Some(crate::Envelope::default()));
    let quoted = parse(&json!({"detail-type": "AWS API Call via CloudTrail", "source": "aws.s3",
        "detail": record().to_string()}));
    assert_eq!(quoted.record.event_name, "PutBucketAcl");
}

#[test]
fn a_native_event_stands_on_its_envelope() {
    let event = parse(&native());
    assert_eq!(event.origin, Origin::S3);
    assert_eq!(event.id(), Some("00000000-0000-4000-8000-0000000000e2"));
    assert_eq!(event.record.event_name, "Object Created");
    assert_eq!(event.record.event_source, "s3.amazonaws.com");
    assert_eq!(event.record.account, Some("111122223333".into()));
    assert_eq!(event.record.region.as_deref(), Some("eu-central-1"));
    assert_eq!(event.record.event_time.unwrap().to_rfc3339(), "2026-03-01T10:00:05+00:00");
    assert_eq!(event.record.actor.kind, ActorKind::Unknown);
    assert_eq!(event.record.actor.id, "unknown");
    assert_eq!(event.record.actor.source_ip.as_deref(), Some("203.0.113.7"));
    assert_eq!(event.consistency(), Ok(()));
}

#[test]
fn what_stands_for_no_call_is_an_event_nobody_asks_about() {
    let schedule = json!({"version": "0", "id": "i", "detail-type": "Scheduled Event",
        "source": "aws.events", "account": "111122223333", "time": "2026-03-01T10:00:00Z",
        "region": "eu-central-1", "resources": [], "detail": {}});
    let event = parse(&schedule);
    assert_eq!(
        (event.origin, event.record.event_name.as_str()),
        (Origin::Other, "Scheduled Event")
    );

    let insight = json!({"eventVersion": "1.07", "eventTime": "2026-03-01T10:00:00Z",
        "eventType": "AwsCloudTrailInsight", "recipientAccountId": "111122223333",
        "insightDetails": {"state": "Start", "eventSource": "s3.amazonaws.com", "eventName": "PutBucketAcl"}});
    let event = parse(&insight);
    assert_eq!(
        (event.origin, event.record.event_name.as_str(), event.record.event_source.as_str()),
        (Origin::Other, "AwsCloudTrailInsight", "")
    );
}

#[test]
fn a_notification_to_a_queue_is_no_call() {
    let notification = json!({"eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "eu-central-1",
        "eventTime": "2026-03-01T10:00:00.000Z", "eventName": "ObjectCreated:Put",
        "userIdentity": {"principalId": "AWS:AROAEXAMPLE:kim"}, "s3": {"bucket": {"name": "amzn-s3-demo-bucket"}}});
    assert_eq!(parse(&notification).origin, Origin::Other);
}

#[test]
fn an_envelope_is_held_against_its_record() {
    type Change = fn(&mut Value);
    let cases: [(Change, Option<&str>); 16] = [
        (|_| {}, None),
        (|event| event["detail-type"] = json!("AWS Console Sign In via CloudTrail"), None),
        (|event| event["detail-type"] = json!("AWS Insight via CloudTrail"), None),
        (|event| event["source"] = json!("attacker.custom"), Some("source")),
        (|event| event["source"] = json!("aws"), Some("source")),
        (|event| event["source"] = json!("aws.iam"), Some("service")),
        (|event| event["source"] = json!("aws.s3.evil"), Some("service")),
        (
            |event| event["detail"]["eventSource"] = json!("s3express.amazonaws.com"),
            Some("service"),
        ),
        (|event| event["account"] = json!("444455556666"), Some("account")),
        (|event| event["detail-type"] = json!("Anything"), Some("detail type")),
        (|event| event["detail-type"] = json!("Object Created"), Some("detail type")),
        (
            |event| {
                event["account"] = json!(22_223_333);
                event["detail"]["recipientAccountId"] = json!("000022223333");
            },
            None,
        ),
        (
            |event| {
                event["detail"].as_object_mut().unwrap().remove("recipientAccountId");
                event["account"] = json!("444455556666");
            },
            None,
        ),
        (|event| event["source"] = Value::Null, None),
        (|event| *event = json!({"detail": record()}), None),
        (|event| *event = record(), None),
    ];
    for (change, expected) in cases {
        let mut event = envelope(&record());
        change(&mut event);
        let found = parse(&event).consistency().err().map(|inconsistent| match inconsistent {
            Inconsistent::Source { .. } => "source",
            Inconsistent::Service { .. } => "service",
            Inconsistent::Account { .. } => "account",
            Inconsistent::DetailType { .. } => "detail type",
        });
        assert_eq!(found, expected, "{event}");
    }
}

#[test]
fn a_claim_is_the_same_for_the_same_event_and_another_for_another() {
    let event = parse(&envelope(&record()));
    assert_eq!(event.claim_id(), "00000000-0000-4000-8000-000000000001");

    let without = |change: Value| {
        let mut record = record_with(&change);
        record.as_object_mut().unwrap().remove("eventID");
        record
    };
    let nameless = parse(&envelope(&without(json!({}))));
    assert_eq!(nameless.claim_id(), "00000000-0000-4000-8000-0000000000e1", "the envelope's");

    let bare = parse(&without(json!({}))).claim_id();
    assert!(bare.starts_with("content:"), "{bare}");
    assert_eq!(parse(&without(json!({}))).claim_id(), bare);
    for other in [
        json!({"eventTime": "2026-03-01T10:00:01Z"}),
        json!({"eventName": "PutObjectAcl"}),
        json!({"requestParameters": {"bucketName": "amzn-s3-demo-bucket2"}}),
        json!({"requestParameters": null}),
        json!({"sourceIPAddress": "203.0.113.8"}),
        json!({"recipientAccountId": "444455556666"}),
    ] {
        assert_ne!(parse(&without(other.clone())).claim_id(), bare, "{other}");
    }
}

#[test]
fn resources_are_told_in_every_spelling() {
    let event = parse(&record_with(&json!({"resources": [
        {"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::amzn-s3-demo-bucket/k"},
        {"accountId": "111122223333", "ARN": "arn:aws:s3:::amzn-s3-demo-bucket"},
        {"type": "AWS::S3::Object", "ARNPrefix": "arn:aws:s3:::amzn-s3-demo-bucket/"},
        {"accountid": "111122223333", "arn": "arn:aws:s3:::amzn-s3-demo-bucket"},
        null, 5, {"type": "x"},
    ]})));
    let told: Vec<(String, bool)> = event
        .record
        .resources()
        .into_iter()
        .map(|resource| (resource.arn, resource.account.is_some()))
        .collect();
    let arn = |end: &str| format!("arn:aws:s3:::amzn-s3-demo-bucket{end}");
    assert_eq!(told, [(arn("/k"), false), (arn(""), true), (arn("/"), false), (arn(""), true)]);
    assert!(parse(&record_with(&json!({"resources": null}))).record.resources().is_empty());
}

#[test]
fn what_no_type_can_hold_costs_only_its_member() {
    let plain = record().to_string();
    let lone = plain.replace("[aws-cli/2.15.0]", r"\ud800 agent");
    assert_eq!(
        Event::parse(&lone).unwrap().record.actor.user_agent.as_deref(),
        Some("\u{fffd}\u{fffd}\u{fffd} agent")
    );
    let key = plain.replacen('{', r#"{"\udfff":1,"#, 1);
    assert_eq!(Event::parse(&key).unwrap().record.event_name, "PutBucketAcl");
    let huge = plain.replacen("\"acl\":\"\"", "\"acl\":1e400,\"n\":-1E+99999", 1);
    assert_ne!(huge, plain);
    assert_eq!(Event::parse(&huge).unwrap().record.event_name, "PutBucketAcl");
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let deep = plain.replacen("\"acl\":\"\"", &format!("\"acl\":{deep}"), 1);
    let event = Event::parse(&deep).unwrap();
    assert!(event.record.parameters_value().is_err(), "too deep for a value");
    let bucket = event.record.parameters::<crate::parameters::s3::Bucket>().unwrap();
    assert_eq!(bucket.bucket.as_deref(), Ok("amzn-s3-demo-bucket"));
}

#[test]
fn of_a_repeated_member_the_last_counts() {
    let text = r#"{"eventName":"A","eventName":"B","requestParameters":{"bucketName":"a","bucketName":"b"}}"#;
    let event = Event::parse(text).unwrap();
    assert_eq!(event.record.event_name, "B");
    let bucket = event.record.parameters::<crate::parameters::s3::Bucket>().unwrap();
    assert_eq!(bucket.bucket.as_deref(), Ok("b"));
    let text = r#"{"source":"aws.s3","source":"x","detail-type":"t","detail":{"eventName":"A"}}"#;
    assert_eq!(Event::parse(text).unwrap().envelope.unwrap().source.as_deref(), Some("x"));
}

#[test]
fn an_error_names_its_place() {
    let cases: [(&[u8], &str); 13] = [
        (b"", "the text ends in the middle of its JSON at line 1 column 1 (byte 0)"),
        (b"{\"eventName\": nil}", "not JSON at `eventName`, line 1 column 16 (byte 15)"),
        (
            b"{\n \"detail\": {\"eventName\": [1,}}",
            "not JSON at `detail.eventName[1]`, line 2 column 29 (byte 30)",
        ),
        (
            b"{\"detail\": {\"eventName\": \"Put",
            "the text ends in the middle of its JSON at `detail.eventName`, line 1 column 30 (byte 29)",
        ),
        (b"{\"eventName\":\"\xff\"}", "not UTF-8 at `eventName`, line 1 column 15 (byte 14)"),
        (
            b"{\"eventName\":{}}",
            "expected the name of a call, found an object at `eventName`, line 1 column 14 (byte 13)",
        ),
        (
            b"{\"detail\":{\"eventName\":\"\"}}",
            "expected the name of a call, found an empty string at `detail.eventName`, line 1 column 24 (byte 23)",
        ),
        (
            b"{\"detail\": [1]}",
            "expected an object, found an array at `detail`, line 1 column 12 (byte 11)",
        ),
        (
            b"{\"detail\": {\"a\": 1}}",
            "expected the name of a call, found nothing at `detail.eventName`, line 1 column 12 (byte 11)",
        ),
        (
            b"{\"a\": 1}",
            "an object without `detail` or `eventName` at line 1 column 1 (byte 0) is neither an event nor a known wrapping of one",
        ),
        (
            b"[1]",
            "an array at line 1 column 1 (byte 0) is neither an event nor a known wrapping of one",
        ),
        (
            b"1e400",
            "a number at line 1 column 1 (byte 0) is neither an event nor a known wrapping of one",
        ),
        (b"{\"eventName\":\"a\"} x", "not JSON at line 1 column 19 (byte 18)"),
    ];
    for (text, expected) in cases {
        let error = Event::parse(text).unwrap_err();
        assert_eq!(error.to_string(), expected, "{}", String::from_utf8_lossy(text));
    }
}

#[test]
fn the_place_is_that_of_the_error_whatever_the_error() {
    let error = Event::parse("{\"a\"").unwrap_err();
    assert!(matches!(error, EventError::Truncated { .. }));
    assert_eq!(error.place().offset, 4);
}
