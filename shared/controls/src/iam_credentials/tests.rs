//! The eight cases every control owes, the traps of this one, and the properties of the remedy.

use std::collections::BTreeSet;

use model::{Remedy, ResourceId, Response, Status};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{
    AnyControl,
    test_support::{ACCOUNT, Given, STRANGER, event, judge, record, target, with},
};

const IAM: &str = "iam.amazonaws.com";
const KEY: &str = "AKIAIOSFODNN7EXAMPLE";
const BOB: &str = "arn:aws:iam::111122223333:user/bob";
const DEVICE: &str = "arn:aws:iam::111122223333:mfa/bobs-phone";

fn create_key(parameters: Value) -> Value {
    let user = parameters.get("userName").cloned();
    let key = json!({"accessKeyId": KEY, "status": "Active", "userName": user});
    with(record(IAM, "CreateAccessKey", parameters), "responseElements", json!({"accessKey": key}))
}

fn by_root(record: Value) -> Value {
    let root = json!({
        "type": "Root", "principalId": ACCOUNT, "accountId": ACCOUNT,
        "arn": format!("arn:aws:iam::{ACCOUNT}:root"),
    });
    with(record, "userIdentity", root)
}

fn deactivate(parameters: Value) -> Value {
    record(IAM, "DeactivateMFADevice", parameters)
}

/// Status, resource and codes.
fn told(record: &Value) -> (Status, String, Vec<String>) {
    let judged = judge(&IamCredentials, record, &Trust::default());
    let resource = judged.target.map(|target| target.resource.arn).unwrap_or_default();
    (judged.status, resource, judged.findings.into_iter().map(|one| one.code).collect())
}

#[test]
fn a_write_crosses_changes_of_the_same_credential_only() {
    let key = target(&IamCredentials, &create_key(json!({"userName": "bob"})));
    let unnamed =
        target(&IamCredentials, &record(IAM, "CreateAccessKey", json!({"userName": "bob"})));
    let profile = record(IAM, "CreateLoginProfile", json!({"userName": "bob"}));
    let password = target(&IamCredentials, &profile);
    let switched_off = |key: &str| CredentialRemedy::SetAccessKey {
        user: "bob".to_owned(),
        key: key.to_owned(),
        active: false,
    };
    let reset = CredentialRemedy::SetPasswordReset {
        user: "bob".to_owned(),
        created: None,
        required: true,
    };
    let removal = CredentialRemedy::RemovePassword { user: "bob".to_owned(), created: None };
    for (remedy, target, crosses) in [
        (&switched_off(KEY), &key, true),
        (&switched_off("AKIAI44QH8DHBEXAMPLE"), &key, false),
        (&switched_off(KEY), &unnamed, true),
        (&switched_off(KEY), &password, false),
        (&reset, &password, true),
        (&removal, &password, true),
        (&removal, &key, false),
        (&reset, &key, false),
    ] {
        assert_eq!(IamCredentials.crosses(remedy, target), crosses, "{remedy:?} {target:?}");
    }
}

fn with_responses(record: &Value, arn: &str, responses: Value) -> (Status, Vec<String>) {
    let states = Given::one(arn, responses);
    let judged = IamCredentials.judge(&event(record), &states, &Trust::default());
    (judged.status, judged.findings.into_iter().map(|one| one.code).collect())
}

// Each event name that can raise the question.

#[test]
fn a_credential_that_somebody_makes_for_another_user_is_found() {
    for (made, code) in [
        (create_key(json!({"userName": "bob"})), "access-key-for-another"),
        (
            record(
                IAM,
                "UpdateAccessKey",
                json!({"userName": "bob", "accessKeyId": KEY, "status": "Active"}),
            ),
            "access-key-for-another",
        ),
        (
            record(
                IAM,
                "CreateLoginProfile",
                json!({"userName": "bob", "passwordResetRequired": false}),
            ),
            "console-password-for-another",
        ),
        (
            record(
                IAM,
                "CreateLoginProfile",
                json!({"userName": "bob", "passwordResetRequired": true}),
            ),
            "console-password-to-be-changed",
        ),
        (
            record(IAM, "UpdateLoginProfile", json!({"userName": "bob"})),
            "console-password-for-another",
        ),
        (deactivate(json!({"userName": "bob", "serialNumber": DEVICE})), "mfa-device-lost"),
    ] {
        assert_eq!(told(&made), (Status::Finding, BOB.to_owned(), vec![code.to_owned()]), "{made}");
    }
}

#[test]
fn what_a_user_makes_for_itself_is_left_alone_however_the_record_says_so() {
    for made in [
        create_key(json!(null)),
        create_key(json!({"userName": "alice"})),
        create_key(json!({"userName": "Alice"})),
        record(IAM, "CreateLoginProfile", json!({"userName": "alice"})),
        record(IAM, "UpdateAccessKey", json!({"accessKeyId": KEY, "status": "Active"})),
    ] {
        assert_eq!(told(&made).0, Status::Clean, "{made}");
    }
}

#[test]
fn a_password_whose_user_was_cut_is_nobodys_own() {
    let cut = record(IAM, "UpdateLoginProfile", json!(null));
    let (status, _, codes) = told(&cut);
    assert_eq!((status, codes), (Status::Unclear, vec!["evidence-unreadable".to_owned()]));
}

#[test]
fn a_user_of_the_same_name_in_another_account_is_another() {
    let mut made = create_key(json!({"userName": "alice"}));
    made["userIdentity"]["arn"] = json!(format!("arn:aws:iam::{STRANGER}:user/alice"));
    made["userIdentity"]["accountId"] = json!(STRANGER);
    assert_eq!(told(&made).2, ["access-key-for-another"]);
}

#[test]
fn oneself_is_of_the_account_that_the_record_was_written_for() {
    let ours = format!("arn:aws:iam::{ACCOUNT}:user/alice");
    let theirs = format!("arn:aws:iam::{STRANGER}:user/alice");
    for (account, arn, oneself) in [
        (json!(ACCOUNT), json!(ours), true),
        (json!(null), json!(ours), true),
        (json!(ACCOUNT), json!(null), true),
        (json!(null), json!(theirs), false),
        (json!(STRANGER), json!(null), false),
        (json!(STRANGER), json!(ours), false),
        (json!(ACCOUNT), json!(theirs), false),
        (json!(null), json!(null), false),
    ] {
        let who = json!({"type": "IAMUser", "userName": "alice", "accountId": account, "arn": arn});
        let (_, resource, codes) = told(&by(who.clone(), json!({"userName": "alice"})));
        let expected: &[&str] = if oneself { &[] } else { &["access-key-for-another"] };
        assert_eq!(
            (resource.as_str(), codes.as_slice() == expected),
            (ours.as_str(), true),
            "{who}"
        );
    }
}

#[test]
fn a_stranger_who_names_nobody_does_not_mean_one_of_ours() {
    for identity in [
        json!({"type": "IAMUser", "arn": format!("arn:aws:iam::{STRANGER}:user/alice")}),
        json!({"type": "IAMUser", "userName": "alice", "accountId": STRANGER}),
        json!({"type": "Root", "accountId": STRANGER}),
        json!({"type": "Root", "arn": format!("arn:aws:iam::{STRANGER}:root")}),
    ] {
        let judged = judge(&IamCredentials, &by(identity.clone(), json!(null)), &Trust::default());
        assert_eq!(judged.reason.as_deref(), Some("evidence_unreadable"), "{identity}");
    }
}

/// Everything else that names an account may be a stranger's.
#[test]
fn whose_credential_it_is_the_record_says_by_whom_it_was_written_for() {
    let device = format!("arn:aws:iam::{ACCOUNT}:mfa/root-account-mfa-device");
    for made in [
        create_key(json!({"userName": "bob"})),
        record(IAM, "CreateLoginProfile", json!({"userName": "alice"})),
        deactivate(json!({"userName": "AWS ROOT USER", "serialNumber": device})),
        record(IAM, "DeleteVirtualMFADevice", json!({"serialNumber": DEVICE})),
    ] {
        let bare = with(made.clone(), "recipientAccountId", json!(STRANGER));
        let envelope = json!({"version": "0", "detail-type": "AWS API Call via CloudTrail",
            "source": "aws.iam", "account": STRANGER, "region": "us-east-1", "detail": bare});
        for theirs in [bare, envelope.clone()] {
            let resource = target(&IamCredentials, &theirs).resource;
            assert_eq!(resource.account.as_str(), STRANGER, "{theirs}");
            assert_ne!(told(&theirs).0, Status::Clean, "{theirs}");
        }
        // An envelope that says otherwise is no event at all: the pipeline does not look.
        let forged = with(envelope, "account", json!(ACCOUNT));
        assert!(event(&forged).consistency().is_err());
        assert_eq!(target(&IamCredentials, &forged).resource.account.as_str(), STRANGER);
    }
}

#[test]
fn a_users_name_is_the_end_of_its_path() {
    let mut made = create_key(json!(null));
    made["userIdentity"]["arn"] = json!(format!("arn:aws:iam::{ACCOUNT}:user/eng/alice"));
    assert_eq!(told(&made).1, "arn:aws:iam::111122223333:user/alice");
}

/// A key that somebody of this identity makes for `alice`, without a word about whose it is in the
/// answer.
fn by(identity: Value, parameters: Value) -> Value {
    let made = with(create_key(parameters), "userIdentity", identity);
    with(made, "responseElements", json!(null))
}

#[test]
fn a_principal_id_is_no_users_name() {
    for (identity, oneself) in [
        (json!({"type": "IAMUser", "accountId": ACCOUNT, "userName": "alice"}), true),
        (
            json!({"type": "IAMUser", "accountId": ACCOUNT, "userName": "alice",
            "principalId": "AIDAEXAMPLE:carol"}),
            true,
        ),
        (
            json!({"type": "IAMUser", "accountId": ACCOUNT, "principalId": "AIDAEXAMPLE:alice"}),
            false,
        ),
        (json!({"type": "IAMUser", "accountId": ACCOUNT, "principalId": "alice"}), false),
        (
            json!({"type": "IAMUser", "accountId": ACCOUNT, "userName": "",
            "principalId": "alice"}),
            false,
        ),
        (json!({"type": "IAMUser", "accountId": ACCOUNT, "principalId": ACCOUNT}), false),
        (
            json!({"type": "AssumedRole", "accountId": ACCOUNT, "principalId": "AROAEXAMPLE:alice"}),
            false,
        ),
        // What contradicts itself proves nothing.
        (
            json!({"type": "IAMUser", "accountId": ACCOUNT, "userName": "alice",
            "arn": "arn:aws:iam::111122223333:user/carol"}),
            false,
        ),
        (
            json!({"type": "IAMUser", "accountId": ACCOUNT,
            "arn": "arn:aws:iam::111122223333:mfa/alice"}),
            false,
        ),
    ] {
        let (status, _, codes) = told(&by(identity.clone(), json!({"userName": "alice"})));
        let expected: &[&str] = if oneself { &[] } else { &["access-key-for-another"] };
        assert_eq!(codes, expected, "{identity}");
        assert_eq!(status == Status::Clean, oneself, "{identity}");
    }
    // Whoever names nobody means himself, whom a principal id does not name.
    for principal in ["AIDAEXAMPLE", "AIDAEXAMPLE:alice", "alice"] {
        let nameless = json!({"type": "IAMUser", "accountId": ACCOUNT, "principalId": principal});
        let judged = judge(&IamCredentials, &by(nameless, json!(null)), &Trust::default());
        assert_eq!(judged.reason.as_deref(), Some("evidence_unreadable"), "{principal}");
    }
    let named = json!({"type": "IAMUser", "accountId": ACCOUNT, "userName": "alice"});
    assert_eq!(told(&by(named, json!(null))).1, "arn:aws:iam::111122223333:user/alice");
}

#[test]
fn a_device_is_told_of_whoever_took_it_off() {
    let own = deactivate(json!({"userName": "alice", "serialNumber": DEVICE}));
    assert_eq!(told(&own).2, ["mfa-device-lost"]);
    let nobody = deactivate(json!({"serialNumber": DEVICE}));
    assert_eq!(told(&nobody).1, "arn:aws:iam::111122223333:user/alice");
}

#[test]
fn a_device_that_is_deleted_belongs_to_nobody_any_more() {
    let deleted = record(IAM, "DeleteVirtualMFADevice", json!({"serialNumber": DEVICE}));
    let (status, resource, codes) = told(&deleted);
    assert_eq!((status, resource.as_str()), (Status::Finding, "arn:aws:iam::111122223333:root"));
    assert_eq!(codes, ["mfa-device-deleted"]);
}

#[test]
fn the_root_users_own_credentials_are_the_accounts() {
    let device = "arn:aws:iam::111122223333:mfa/root-account-mfa-device";
    for (made, code) in [
        (by_root(create_key(json!(null))), "access-key-for-root"),
        (by_root(record(IAM, "CreateLoginProfile", json!(null))), "console-password-for-root"),
        (
            deactivate(json!({"userName": "AWS ROOT USER", "serialNumber": "GAHT12345678"})),
            "root-mfa-device-lost",
        ),
        (by_root(deactivate(json!({"serialNumber": device}))), "root-mfa-device-lost"),
        (
            by_root(record(IAM, "DeleteVirtualMFADevice", json!({"serialNumber": device}))),
            "root-mfa-device-lost",
        ),
    ] {
        let (status, resource, codes) = told(&made);
        assert_eq!(
            (status, resource.as_str()),
            (Status::Finding, "arn:aws:iam::111122223333:root")
        );
        assert_eq!(codes, [code]);
        assert_eq!(catalogued(code), model::Severity::Critical);
    }
    let for_bob = by_root(create_key(json!({"userName": "bob"})));
    assert_eq!(told(&for_bob).1, BOB);
}

#[test]
fn a_key_that_the_root_user_switches_off_or_deletes_is_no_finding_though_its_summary_counts_it() {
    let root = "arn:aws:iam::111122223333:root";
    let update = |status: Value| {
        by_root(record(IAM, "UpdateAccessKey", json!({"accessKeyId": KEY, "status": status})))
    };
    let deleted = by_root(record(IAM, "DeleteAccessKey", json!({"accessKeyId": KEY})));
    let present = json!({"GetAccountSummary": {"SummaryMap": {"AccountAccessKeysPresent": 1}}});
    for (made, expected) in [
        (update(json!("Inactive")), Status::Ignored),
        (deleted, Status::Ignored),
        (update(json!("Active")), Status::Finding),
        // What cannot be read may be either.
        (update(json!("Unheard")), Status::Finding),
        (update(json!(null)), Status::Finding),
    ] {
        let (status, codes) = with_responses(&made, root, present.clone());
        assert_eq!(status, expected, "{made}");
        assert_eq!(codes.is_empty(), expected == Status::Ignored, "{made}");
    }
    let judged = judge(&IamCredentials, &update(json!("Inactive")), &Trust::default());
    assert_eq!(judged.reason.as_deref(), Some("nothing_to_ask"));
}

fn catalogued(code: &str) -> model::Severity {
    model::catalogue::describe(code).severity
}

#[test]
fn every_code_is_of_the_credentials_and_none_is_reverted_by_default() {
    for code in [
        "access-key-for-root",
        "access-key-for-another",
        "console-password-for-root",
        "console-password-for-another",
        "console-password-to-be-changed",
        "mfa-device-lost",
        "mfa-device-exchanged",
        "mfa-device-deleted",
        "root-mfa-device-lost",
    ] {
        let entry = model::catalogue::describe(code);
        assert_eq!((entry.code, entry.category), (code, model::Category::Credentials));
        assert!(!entry.revert_by_default && entry.compliance().is_some(), "{code}");
    }
}

// The call failed.

#[test]
fn a_refused_call_is_ignored() {
    let refused =
        with(create_key(json!({"userName": "bob"})), "errorCode", json!("NoSuchEntityException"));
    assert_eq!(told(&refused).0, Status::Ignored);
}

// The state is already right.

#[test]
fn a_key_that_is_switched_off_or_gone_is_right() {
    let off = json!({"userName": "bob", "accessKeyId": KEY, "status": "Inactive"});
    assert_eq!(told(&record(IAM, "UpdateAccessKey", off)).0, Status::Clean);
    let made = create_key(json!({"userName": "bob"}));
    let key = |id: &str, status: &str| json!({"AccessKeyId": id, "Status": status});
    for (keys, expected) in [
        (json!([key(KEY, "Active")]), Status::Finding),
        (json!([key(KEY, "Inactive")]), Status::Clean),
        (json!([]), Status::Clean),
        (json!([key("AKIAOTHER", "Active")]), Status::Clean),
        (json!([key(KEY, "Unheard")]), Status::Finding),
    ] {
        let responses = json!({"ListAccessKeys": {"AccessKeyMetadata": keys}});
        assert_eq!(with_responses(&made, BOB, responses).0, expected, "{keys}");
    }
}

#[test]
fn a_password_that_was_taken_away_or_is_to_be_changed_is_told_as_what_it_is() {
    let made = record(IAM, "CreateLoginProfile", json!({"userName": "bob"}));
    let profile = |required: bool| {
        json!({"LoginProfile": {"UserName": "bob", "PasswordResetRequired": required,
            "CreateDate": "2026-11-02T09:14:03Z"}})
    };
    for (answer, codes) in [
        (profile(false), vec!["console-password-for-another"]),
        (profile(true), vec!["console-password-to-be-changed"]),
        (json!({}), vec![]),
    ] {
        let responses = json!({"GetLoginProfile": answer});
        assert_eq!(with_responses(&made, BOB, responses).1, codes);
    }
}

#[test]
fn a_device_that_is_registered_again_is_right_and_another_in_its_place_is_told() {
    let lost = deactivate(json!({"userName": "bob", "serialNumber": DEVICE}));
    for (devices, codes) in [
        (json!([]), vec!["mfa-device-lost"]),
        (json!([{"SerialNumber": DEVICE}]), vec![]),
        (
            json!([{"SerialNumber": "arn:aws:iam::111122223333:mfa/new"}]),
            vec!["mfa-device-exchanged"],
        ),
    ] {
        let responses = json!({"ListMFADevices": {"MFADevices": devices}});
        assert_eq!(with_responses(&lost, BOB, responses).1, codes, "{devices}");
    }
    let deleted = record(IAM, "DeleteVirtualMFADevice", json!({"serialNumber": DEVICE}));
    let again = json!({"ListVirtualMFADevices": {"VirtualMFADevices": [{"SerialNumber": DEVICE}]}});
    let root = "arn:aws:iam::111122223333:root";
    assert_eq!(with_responses(&deleted, root, again).0, Status::Clean);
}

#[test]
fn the_account_summary_tells_of_the_root_user() {
    let root = "arn:aws:iam::111122223333:root";
    let made = by_root(create_key(json!(null)));
    let lost = by_root(deactivate(json!({"userName": "AWS ROOT USER"})));
    let told = |record: &Value, map: Value| {
        with_responses(record, root, json!({"GetAccountSummary": {"SummaryMap": map}})).1
    };
    assert!(told(&made, json!({"AccountAccessKeysPresent": 0})).is_empty());
    assert_eq!(told(&made, json!({"AccountAccessKeysPresent": 1})), ["access-key-for-root"]);
    assert_eq!(told(&lost, json!({"AccountMFAEnabled": 0})), ["root-mfa-device-lost"]);
    assert_eq!(told(&lost, json!({"AccountMFAEnabled": 1})), ["mfa-device-exchanged"]);
}

#[test]
fn a_summary_that_leaves_the_root_user_out_leaves_doubt() {
    let made = by_root(create_key(json!(null)));
    let state = CredentialsState { arn: None, credential: root(|_| None) };
    let target = target(&IamCredentials, &made);
    assert!(!IamCredentials.suffices(&target, &state, &Trust::default()));
    let findings = IamCredentials.assess(&target, &state, &Trust::default());
    assert_eq!(findings[0].confidence, Confidence::Unclear);
}

// Own role, malformed, gone, partitions.

#[test]
fn a_password_that_our_own_remedy_left_is_not_told_twice() {
    let role = "arn:aws:iam::111122223333:role/snapback-iam-credentials";
    let mut made = record(
        IAM,
        "UpdateLoginProfile",
        json!({"userName": "bob", "passwordResetRequired": true}),
    );
    made["userIdentity"] = json!({
        "type": "AssumedRole", "accountId": ACCOUNT,
        "arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/snapback-iam-credentials/x"),
        "sessionContext": {"sessionIssuer": {"type": "Role", "arn": role, "accountId": ACCOUNT}},
    });
    let trust =
        Trust { own_roles: vec!["arn:*:iam::*:role/snapback-*".to_owned()], ..Trust::default() };
    assert_eq!(judge(&IamCredentials, &made, &trust).status, Status::Clean);
    assert_eq!(told(&made).2, ["console-password-to-be-changed"]);
}

#[test]
fn a_record_that_tells_not_whose_it_is_is_told() {
    let mut role = create_key(json!(null));
    role["userIdentity"] = json!({"type": "AssumedRole", "accountId": ACCOUNT,
        "arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/admin/x")});
    for made in [
        role,
        with(create_key(json!({"omitted": true})), "responseElements", json!(null)),
        with(create_key(json!({"userName": ["a", "b"]})), "responseElements", json!(null)),
        record(IAM, "DeleteVirtualMFADevice", json!(null)),
        with(create_key(json!({"userName": "bob"})), "eventSource", json!(null)),
    ] {
        let judged = judge(&IamCredentials, &made, &Trust::default());
        assert_eq!(judged.reason.as_deref(), Some("evidence_unreadable"), "{made}");
    }
}

#[test]
fn a_key_that_is_not_named_is_told_and_left_to_people() {
    let bare = with(create_key(json!({"userName": "bob"})), "responseElements", json!(null));
    let judged = judge(&IamCredentials, &bare, &Trust::default());
    let [finding] = judged.findings.as_slice() else { panic!("{judged:?}") };
    assert_eq!(finding.confidence, Confidence::Probable);
    assert!(finding.remedies.is_empty() && finding.held_back.is_some());
}

#[test]
fn what_became_of_a_key_that_the_record_does_not_tell_is_not_guessed() {
    let update = record(IAM, "UpdateAccessKey", json!({"userName": "bob", "accessKeyId": KEY}));
    let judged = judge(&IamCredentials, &update, &Trust::default());
    assert_eq!(judged.reason.as_deref(), Some("state_not_in_record"));
    assert_eq!(judged.would_read, READS);
}

#[test]
fn a_user_that_is_gone_is_clean() {
    let made = create_key(json!({"userName": "bob"}));
    assert_eq!(with_responses(&made, BOB, json!(null)).0, Status::Clean);
}

#[test]
fn other_partitions_name_their_users() {
    for (region, partition) in [("us-gov-west-1", "aws-us-gov"), ("cn-north-1", "aws-cn")] {
        let made = with(create_key(json!({"userName": "bob"})), "awsRegion", json!(region));
        let (_, resource, codes) = told(&made);
        assert_eq!(resource, format!("arn:{partition}:iam::{ACCOUNT}:user/bob"));
        assert_eq!(codes, ["access-key-for-another"]);
    }
}

#[test]
fn a_read_user_tells_its_path() {
    let made = create_key(json!({"userName": "bob"}));
    let pathed = "arn:aws:iam::111122223333:user/eng/bob";
    let states = Given::one(
        BOB,
        json!({
            "GetUser": {"User": {"Arn": pathed}},
            "ListAccessKeys": {"AccessKeyMetadata": [{"AccessKeyId": KEY, "Status": "Active"}]},
        }),
    );
    let judged = IamCredentials.judge(&event(&made), &states, &Trust::default());
    assert_eq!(judged.target.unwrap().resource.arn, pathed);
}

#[test]
fn a_user_is_marked_beside_its_other_tags_and_the_root_user_cannot_be() {
    let user = target(&IamCredentials, &create_key(json!({"userName": "bob"}))).resource;
    let tag = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let current = Tags::from([tag("team", "web"), tag("snapback:at", "old")]);
    let ours = Tags::from([tag("snapback:at", "new")]);
    let remedy = IamCredentials.tag(&user, &current, &ours).unwrap();
    assert_eq!(
        remedy,
        CredentialRemedy::TagUser {
            user: "bob".to_owned(),
            tags: ours.clone(),
            before: Tags::from([tag("snapback:at", "old")]),
        }
    );
    assert_eq!(remedy.inverse().unwrap().inverse().unwrap(), remedy);
    let account = Resource::account(ACCOUNT.into(), "us-east-1");
    assert_eq!(account.id, ResourceId::Account);
    assert!(IamCredentials.tag(&account, &current, &ours).is_err());
}

/// The credential as a remedy leaves it.
#[test]
fn a_new_password_is_removed_only_where_the_account_asks_for_it() {
    let asking = Trust { remove_console_passwords: true, ..Trust::default() };
    let made = record(IAM, "CreateLoginProfile", json!({"userName": "bob"}));
    let changed = record(
        IAM,
        "UpdateLoginProfile",
        json!({"userName": "bob", "passwordResetRequired": false}),
    );
    let profile = |required| LoginProfile {
        reset_required: Some(required),
        created: Some("2026-11-24T10:00:00Z".to_owned()),
    };
    let remedies = |record: &Value, required: bool, trust: &Trust| {
        let credential = Credential::Password { profile: Some(profile(required)) };
        let state = CredentialsState { arn: None, credential };
        let findings = IamCredentials.assess(&target(&IamCredentials, record), &state, trust);
        findings.into_iter().flat_map(|one| one.remedies).collect::<Vec<_>>()
    };
    let created = profile(false).created;
    let user = "bob".to_owned();
    let removal = CredentialRemedy::RemovePassword { user, created };
    assert_eq!(remedies(&made, false, &asking), std::slice::from_ref(&removal));
    assert_eq!(removal.operations()[0].operation, "iam:DeleteLoginProfile");
    assert_eq!(removal.inverse(), None, "nobody knows the password");
    // Another in the place of one, whose loss would be the user's.
    for (record, trust) in [(&changed, &asking), (&made, &Trust::default())] {
        let remedies = remedies(record, false, trust);
        assert!(
            matches!(remedies[..], [CredentialRemedy::SetPasswordReset { .. }]),
            "{remedies:?}"
        );
    }
    assert!(remedies(&made, true, &asking).is_empty(), "it is to be changed already");
}

fn applied(mut credential: Credential, remedy: &CredentialRemedy) -> Credential {
    match (&mut credential, remedy) {
        (
            Credential::AccessKey { id, status },
            CredentialRemedy::SetAccessKey { key, active, .. },
        ) if id.as_ref() == Some(key) => {
            *status = if *active { KeyStatus::Active } else { KeyStatus::Inactive };
        }
        (
            Credential::Password { profile: Some(profile) },
            CredentialRemedy::SetPasswordReset { required, .. },
        ) => profile.reset_required = Some(*required),
        other => panic!("{other:?}"),
    }
    credential
}

proptest! {
    #[test]
    fn a_mended_credential_has_no_such_finding_and_the_inverse_restores_it(
        is_key in any::<bool>(),
        active in any::<bool>(),
        required in proptest::option::of(any::<bool>()),
    ) {
        let (made, credential) = if is_key {
            let status = if active { KeyStatus::Active } else { KeyStatus::Inactive };
            let key = Credential::AccessKey { id: Some(KEY.to_owned()), status };
            (create_key(json!({"userName": "bob"})), key)
        } else {
            let profile = LoginProfile { reset_required: required, created: None };
            let made = record(IAM, "CreateLoginProfile", json!({"userName": "bob"}));
            (made, Credential::Password { profile: Some(profile) })
        };
        let target = target(&IamCredentials, &made);
        let trust = Trust::default();
        let codes = |credential: &Credential| -> BTreeSet<String> {
            let state = CredentialsState { arn: None, credential: credential.clone() };
            let findings = IamCredentials.assess(&target, &state, &trust);
            findings.into_iter().map(|finding| finding.code).collect()
        };
        let state = CredentialsState { arn: None, credential: credential.clone() };
        for finding in IamCredentials.assess(&target, &state, &trust) {
            for remedy in &finding.remedies {
                prop_assert_eq!(remedy.needs(), Response::Revert);
                let mended = applied(credential.clone(), remedy);
                prop_assert!(!codes(&mended).contains(&finding.code));
                prop_assert_eq!(applied(mended.clone(), remedy), mended.clone());
                let restored = applied(mended, &remedy.inverse().unwrap());
                prop_assert_eq!(codes(&restored), codes(&credential));
                let granted = [READS, WRITE_ACTIONS].concat();
                prop_assert!(remedy.iam_actions().iter().all(|action| granted.contains(action)));
            }
        }
    }
}
