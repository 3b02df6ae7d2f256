//! Who came in, and the traps: federated sign-ins, old root sessions, refusals, services.

use model::Status;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{
    AnyControl,
    test_support::{ACCOUNT, event, judge, record, target, with},
};

const ROOT: &str = "arn:aws:iam::111122223333:root";

fn root() -> Value {
    json!({"type": "Root", "principalId": ACCOUNT, "arn": ROOT, "accountId": ACCOUNT})
}

/// A sign-in of `alice` with the given `additionalEventData`.
fn login(additional: Value) -> Value {
    let mut login = record(SIGN_IN, CONSOLE_LOGIN, json!(null));
    login["eventType"] = json!("AwsConsoleSignIn");
    login["additionalEventData"] = additional;
    login["responseElements"] = json!({"ConsoleLogin": "Success"});
    login
}

fn without_mfa() -> Value {
    login(
        json!({"MFAUsed": "No", "LoginTo": "https://console.aws.amazon.com/", "MobileVersion": "No"}),
    )
}

fn root_call(source: &str, name: &str) -> Value {
    with(record(source, name, json!(null)), "userIdentity", root())
}

/// Status, resource and codes.
fn told(record: &Value) -> (Status, String, Vec<String>) {
    let judged = judge(&ConsoleSignIn, record, &Trust::default());
    let resource = judged.target.map(|target| target.resource.arn).unwrap_or_default();
    (judged.status, resource, judged.findings.into_iter().map(|one| one.code).collect())
}

fn is_heard(record: &Value) -> bool {
    AnyControl::asks_about(&ConsoleSignIn, &event(record))
}

#[test]
fn a_users_sign_in_without_mfa_is_found_and_one_with_it_is_not() {
    let (status, resource, codes) = told(&without_mfa());
    assert_eq!(
        (status, resource.as_str()),
        (Status::Finding, "arn:aws:iam::111122223333:user/alice")
    );
    assert_eq!(codes, ["console-login-without-mfa"]);
    for word in ["Yes", "YES"] {
        assert_eq!(told(&login(json!({"MFAUsed": word}))).0, Status::Clean, "{word}");
    }
}

#[test]
fn a_sign_in_that_does_not_tell_leaves_doubt() {
    for additional in [json!(null), json!({}), json!({"MFAUsed": "..."})] {
        let judged = judge(&ConsoleSignIn, &login(additional), &Trust::default());
        let [finding] = judged.findings.as_slice() else { panic!("{judged:?}") };
        assert_eq!(finding.confidence, Confidence::Unclear);
    }
}

#[test]
fn whoever_another_vouched_for_is_not_asked_for_mfa() {
    let assumed = json!({
        "type": "AssumedRole", "accountId": ACCOUNT,
        "arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/AWSReservedSSO_admin_1/alice"),
    });
    for identity in [
        assumed,
        json!({"type": "SAMLUser", "userName": "alice"}),
        json!({"type": "WebIdentityUser", "userName": "alice"}),
        json!({"type": "FederatedUser", "accountId": ACCOUNT}),
    ] {
        let login = with(without_mfa(), "userIdentity", identity);
        assert_eq!(told(&login).0, Status::Ignored, "{login}");
    }
    let saml =
        json!({"MFAUsed": "No", "SamlProviderArn": "arn:aws:iam::111122223333:saml-provider/x"});
    assert_eq!(told(&login(saml)).0, Status::Ignored);
}

#[test]
fn the_root_user_is_found_however_it_signs_in_and_without_mfa_twice() {
    let root_login = |word: &str| with(login(json!({"MFAUsed": word})), "userIdentity", root());
    assert_eq!(told(&root_login("Yes")).2, ["root-activity"]);
    assert_eq!(told(&root_login("No")).2, ["root-activity", "console-login-without-mfa"]);
    assert_eq!(told(&root_login("No")).1, ROOT);
}

#[test]
fn the_root_user_is_heard_whatever_it_calls() {
    for (source, name) in [
        ("iam.amazonaws.com", "CreateUser"),
        ("iam.amazonaws.com", "ListAccessKeys"),
        ("signin.amazonaws.com", "PasswordUpdated"),
        ("some.service.of.tomorrow", "DoIt"),
    ] {
        let (status, resource, codes) = told(&root_call(source, name));
        assert_eq!((status, resource.as_str()), (Status::Finding, ROOT), "{name}");
        assert_eq!(codes, ["root-activity"]);
    }
}

#[test]
fn another_accounts_root_user_is_not_ours() {
    let mut theirs = root_call("s3.amazonaws.com", "PutObject");
    theirs["userIdentity"]["accountId"] = json!("444455556666");
    theirs["userIdentity"]["arn"] = json!("arn:aws:iam::444455556666:root");
    let (status, _, codes) = told(&theirs);
    assert_eq!((status, codes.len()), (Status::Ignored, 0));
}

#[test]
fn a_refused_call_was_still_the_root_users() {
    let refused =
        with(root_call("s3.amazonaws.com", "ListBuckets"), "errorCode", json!("AccessDenied"));
    assert_eq!(told(&refused).2, ["root-activity"]);
}

#[test]
fn the_consoles_own_mark_on_old_sessions_makes_them_no_service() {
    let mut old = root_call("ec2.amazonaws.com", "ModifyImageAttribute");
    old["userIdentity"]["invokedBy"] = json!("signin.amazonaws.com");
    assert_eq!(told(&old).2, ["root-activity"]);
}

/// Security Hub's filter: root, no `invokedBy`, no service event. The console's own name in
/// `invokedBy` is the one further trap; `None`: as the member is absent.
#[test]
fn the_root_user_is_heard_as_the_standards_filter_hears_it() {
    const INTERNAL: &str = "AWS Internal";
    for (by, address, agent, event_type, heard) in [
        (None, "192.0.2.24", "aws-cli/2.31.4", "AwsApiCall", true),
        (None, INTERNAL, INTERNAL, "AwsApiCall", true),
        (None, INTERNAL, "console.amazonaws.com", "AwsApiCall", true),
        (None, "192.0.2.24", INTERNAL, "AwsApiCall", true),
        (None, "cloudformation.amazonaws.com", "cloudformation.amazonaws.com", "AwsApiCall", true),
        (None, INTERNAL, INTERNAL, "AwsConsoleSignIn", true),
        (None, INTERNAL, INTERNAL, "AwsServiceEvent", false),
        (Some(SIGN_IN), "192.0.2.24", SIGN_IN, "AwsApiCall", true),
        (Some(SIGN_IN), INTERNAL, INTERNAL, "AwsApiCall", false),
        (Some(INTERNAL), "192.0.2.24", "aws-cli/2.31.4", "AwsApiCall", false),
        (Some("cloudformation.amazonaws.com"), INTERNAL, INTERNAL, "AwsApiCall", false),
    ] {
        let mut call = root_call("ec2.amazonaws.com", "RunInstances");
        if let Some(by) = by {
            call["userIdentity"]["invokedBy"] = json!(by);
        }
        call["sourceIPAddress"] = json!(address);
        call["userAgent"] = json!(agent);
        call["eventType"] = json!(event_type);
        assert_eq!(is_heard(&call), heard, "{call}");
        let codes: &[&str] = if heard { &["root-activity"] } else { &[] };
        assert_eq!(told(&call).2, codes, "{call}");
    }
    // In a sign-in, too: within AWS is where the console is.
    let mut login = with(login(json!({"MFAUsed": "No"})), "userIdentity", root());
    login["sourceIPAddress"] = json!(INTERNAL);
    assert_eq!(told(&login).2, ["root-activity", "console-login-without-mfa"]);
}

#[test]
fn what_a_service_does_with_the_root_users_name_is_not_heard() {
    for by in ["autoscaling.amazonaws.com", "cloudformation.amazonaws.com", "AWS Internal"] {
        let mut call = root_call("ec2.amazonaws.com", "RunInstances");
        call["userIdentity"]["invokedBy"] = json!(by);
        assert!(!is_heard(&call), "{by}");
        assert_eq!(told(&call).0, Status::Ignored, "{by}");
    }
    let mut within = root_call("ec2.amazonaws.com", "RunInstances");
    within["userIdentity"]["invokedBy"] = json!("signin.amazonaws.com");
    within["sourceIPAddress"] = json!("AWS Internal");
    assert!(!is_heard(&within));
    let service =
        with(root_call("kms.amazonaws.com", "RotateKey"), "eventType", json!("AwsServiceEvent"));
    assert!(!is_heard(&service));
}

#[test]
fn calls_of_everybody_else_are_not_heard() {
    let call = record("iam.amazonaws.com", "CreateUser", json!({"userName": "bob"}));
    assert!(!is_heard(&call));
    let judged = judge(&ConsoleSignIn, &call, &Trust::default());
    assert_eq!(judged.reason.as_deref(), Some("not_covered"));
}

#[test]
fn a_refused_sign_in_is_ignored_the_root_users_too() {
    let refused = with(without_mfa(), "responseElements", json!({"ConsoleLogin": "Failure"}));
    let hidden = with(
        refused.clone(),
        "userIdentity",
        json!({"type": "IAMUser", "accountId": ACCOUNT, "userName": "HIDDEN_DUE_TO_SECURITY_REASONS"}),
    );
    let of_root = with(refused.clone(), "userIdentity", root());
    let external = with(
        root_call(SIGN_IN, "ExternalIdPDirectoryLogin"),
        "responseElements",
        json!({"ExternalIdPDirectoryLogin": "Failure"}),
    );
    for record in [refused, hidden, of_root, external] {
        let judged = judge(&ConsoleSignIn, &record, &Trust::default());
        assert_eq!(judged.reason.as_deref(), Some("call_failed"), "{record}");
    }
}

#[test]
fn a_sign_in_of_nobody_is_told_and_so_is_one_without_a_service() {
    for record in [
        with(without_mfa(), "userIdentity", json!(null)),
        with(without_mfa(), "eventSource", json!(null)),
    ] {
        assert!(is_heard(&record));
        let judged = judge(&ConsoleSignIn, &record, &Trust::default());
        assert_eq!(judged.reason.as_deref(), Some("evidence_unreadable"), "{record}");
    }
}

#[test]
fn a_user_is_named_by_its_name_or_arn_and_never_by_its_principal_id() {
    let user = |members: Value| {
        let mut identity = json!({"type": "IAMUser", "accountId": ACCOUNT});
        identity.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        with(without_mfa(), "userIdentity", identity)
    };
    let alice = "arn:aws:iam::111122223333:user/alice";
    for members in [
        json!({"userName": "alice"}),
        json!({"userName": "alice", "principalId": "AIDAEXAMPLE:carol"}),
        json!({"arn": "arn:aws:iam::111122223333:user/eng/alice"}),
    ] {
        assert_eq!(told(&user(members.clone())).1, alice, "{members}");
    }
    for members in [
        json!({"principalId": "AIDAEXAMPLE"}),
        json!({"principalId": "AIDAEXAMPLE:alice"}),
        json!({"principalId": ACCOUNT}),
        json!({}),
    ] {
        let judged = judge(&ConsoleSignIn, &user(members.clone()), &Trust::default());
        assert_eq!(judged.reason.as_deref(), Some("evidence_unreadable"), "{members}");
        assert_eq!(judged.findings[0].code, "evidence-unreadable", "{members}");
    }
}

#[test]
fn the_envelope_of_a_sign_in_is_what_it_claims() {
    let envelope = json!({
        "version": "0", "id": "e-1", "detail-type": "AWS Console Sign In via CloudTrail",
        "source": "aws.signin", "account": ACCOUNT, "region": "us-east-1",
        "time": "2026-11-02T09:14:03Z", "resources": [], "detail": without_mfa(),
    });
    assert!(event(&envelope).consistency().is_ok());
    assert_eq!(told(&envelope).2, ["console-login-without-mfa"]);
}

#[test]
fn other_partitions_name_their_root_user() {
    for (region, partition) in [("us-gov-west-1", "aws-us-gov"), ("cn-north-1", "aws-cn")] {
        let call = with(root_call("iam.amazonaws.com", "CreateUser"), "awsRegion", json!(region));
        assert_eq!(told(&call).1, format!("arn:{partition}:iam::{ACCOUNT}:root"));
    }
}

#[test]
fn a_session_has_one_title_whatever_it_calls() {
    let title = |name: &str| {
        let judged =
            judge(&ConsoleSignIn, &root_call("iam.amazonaws.com", name), &Trust::default());
        judged.findings[0].title.clone()
    };
    assert_eq!(title("CreateUser"), title("ListUsers"));
}

#[test]
fn nothing_is_read_written_or_marked() {
    let control = &ConsoleSignIn;
    assert!(Control::reads(control).is_empty() && Control::write_actions(control).is_empty());
    let resource = target(control, &without_mfa()).resource;
    assert!(Control::tag(control, &resource, &Tags::new(), &Tags::new()).is_err());
}

proptest! {
    #[test]
    fn what_the_record_proves_is_what_the_details_carry(
        of_root in any::<bool>(),
        word in proptest::option::of("Yes|YES|No|x"),
    ) {
        let mut login = login(json!({"MFAUsed": word}));
        if of_root {
            login["userIdentity"] = root();
        }
        let target = target(&ConsoleSignIn, &login);
        let projected = ConsoleSignIn.project(&event(&login), &target);
        prop_assert_eq!(projected, Some(SignInState::of(&target)));
    }
}
