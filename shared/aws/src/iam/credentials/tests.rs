//! Credentials over scripted answers.

use aws_sdk_iam::{
    operation::{
        get_account_summary::GetAccountSummaryOutput, get_login_profile::GetLoginProfileOutput,
        get_user::GetUserOutput, list_access_keys::ListAccessKeysOutput,
        list_mfa_devices::ListMfaDevicesOutput,
        list_virtual_mfa_devices::ListVirtualMfaDevicesOutput, tag_user::TagUserOutput,
        untag_user::UntagUserOutput,
    },
    types::{AccessKeyMetadata, LoginProfile as Profile, MfaDevice, Tag, VirtualMfaDevice},
};
use aws_smithy_mocks::{Rule, mock};
use aws_smithy_types::DateTime;
use model::Trust;

use super::*;
use crate::testing::{answer, scripted, session, xml_refusal};

const ARN: &str = "arn:aws:iam::111122223333:user/teams/bob";
const KEY: &str = "AKIAIOSFODNN7EXAMPLE";
const DEVICE: &str = "arn:aws:iam::111122223333:mfa/bobs-phone";
const CREATED: i64 = 1_793_610_843;

fn credentials(rules: &[&Rule]) -> Credentials {
    let session = session(Trust::default());
    Credentials {
        reads: scripted!(aws_sdk_iam, session.reads(), rules.iter().copied()),
        writes: scripted!(aws_sdk_iam, session.writes(), rules.iter().copied()),
    }
}

fn user() -> Rule {
    let user = User::builder()
        .user_name("bob")
        .user_id("AIDAEXAMPLE")
        .path("/teams/")
        .arn(ARN)
        .create_date(DateTime::from_secs(0))
        .tags(Tag::builder().key("team").value("blue").build().unwrap())
        .build()
        .unwrap();
    mock!(Client::get_user)
        .match_requests(|request| request.user_name() == Some("bob"))
        .then_output(move || GetUserOutput::builder().user(user.clone()).build())
}

fn key(id: &str, status: &str) -> AccessKeyMetadata {
    AccessKeyMetadata::builder().user_name("bob").access_key_id(id).status(status.into()).build()
}

fn keys(keys: &[(&str, &str)]) -> Rule {
    let keys: Vec<_> = keys.iter().map(|(id, status)| key(id, status)).collect();
    mock!(Client::list_access_keys)
        .match_requests(|request| request.user_name() == Some("bob"))
        .then_output(move || {
            let answer = ListAccessKeysOutput::builder().is_truncated(false);
            answer.set_access_key_metadata(Some(keys.clone())).build().unwrap()
        })
}

fn profile(reset_required: bool) -> Rule {
    let profile = Profile::builder()
        .user_name("bob")
        .create_date(DateTime::from_secs(CREATED))
        .password_reset_required(reset_required)
        .build()
        .unwrap();
    mock!(Client::get_login_profile)
        .match_requests(|request| request.user_name() == Some("bob"))
        .then_output(move || {
            GetLoginProfileOutput::builder().login_profile(profile.clone()).build()
        })
}

fn target(kind: Kind) -> Target {
    Target::from(Resource::user("bob", "111122223333".into(), "us-east-1"))
        .with("credential", kind.as_str())
        .with(ACCESS_KEY, KEY)
        .with(SERIAL, DEVICE)
}

fn of_account(kind: Kind) -> Target {
    let account = Resource::account("111122223333".into(), "us-east-1");
    Target { resource: account, ..target(kind) }
}

async fn seen(rules: &[&Rule], target: &Target) -> Credential {
    let observed = credentials(rules).observe(target).await.unwrap();
    let Observed::Present { state, .. } = observed else { panic!("{observed:?}") };
    state.credential
}

async fn applied(rules: &[&Rule], remedy: &CredentialRemedy) -> Result<Applied, CloudError> {
    credentials(rules).apply(&target(Kind::AccessKey).resource, remedy).await
}

fn switch(active: bool) -> CredentialRemedy {
    CredentialRemedy::SetAccessKey { user: "bob".to_owned(), key: KEY.to_owned(), active }
}

fn reset(created: Option<&str>) -> CredentialRemedy {
    let created = created.map(str::to_owned);
    CredentialRemedy::SetPasswordReset { user: "bob".to_owned(), created, required: true }
}

#[tokio::test(start_paused = true)]
async fn two_reads_tell_the_key_the_path_and_the_tags() {
    let (user, keys) = (user(), keys(&[("AKIAOTHER", "Inactive"), (KEY, "Active")]));
    let observed = credentials(&[&user, &keys]).observe(&target(Kind::AccessKey)).await.unwrap();
    let Observed::Present { state, tags, resource } = observed else { panic!("{observed:?}") };
    let id = Some(KEY.to_owned());
    assert_eq!(state.credential, Credential::AccessKey { id, status: KeyStatus::Active });
    assert_eq!((state.arn.as_deref(), resource.arn.as_str()), (Some(ARN), ARN));
    assert_eq!(tags.unwrap()["team"], "blue");
    assert_eq!((user.num_calls(), keys.num_calls()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn every_page_of_keys_is_read() {
    let user = user();
    let pages = mock!(Client::list_access_keys)
        .sequence()
        .output(|| {
            let answer = ListAccessKeysOutput::builder().is_truncated(true).marker("next");
            answer.access_key_metadata(key("AKIAOTHER", "Active")).build().unwrap()
        })
        .output(|| {
            let answer = ListAccessKeysOutput::builder().is_truncated(false);
            answer.access_key_metadata(key(KEY, "Inactive")).build().unwrap()
        })
        .build();
    let id = Some(KEY.to_owned());
    assert_eq!(
        seen(&[&user, &pages], &target(Kind::AccessKey)).await,
        Credential::AccessKey { id, status: KeyStatus::Inactive }
    );
    assert_eq!(pages.num_calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_user_without_a_login_profile_has_no_password() {
    let (user, with) = (user(), profile(true));
    let created = Some(DateTime::from_secs(CREATED).to_string());
    let expected = LoginProfile { reset_required: Some(true), created };
    assert_eq!(
        seen(&[&user, &with], &target(Kind::Password)).await,
        Credential::Password { profile: Some(expected) }
    );
    let none =
        mock!(Client::get_login_profile).then_http_response(|| xml_refusal(404, "NoSuchEntity"));
    assert_eq!(
        seen(&[&user, &none], &target(Kind::Password)).await,
        Credential::Password { profile: None }
    );
}

#[tokio::test(start_paused = true)]
async fn the_devices_that_are_left_are_told() {
    let user = user();
    let devices = mock!(Client::list_mfa_devices)
        .match_requests(|request| request.user_name() == Some("bob"))
        .then_output(|| {
            let device = MfaDevice::builder()
                .user_name("bob")
                .serial_number(DEVICE)
                .enable_date(DateTime::from_secs(0))
                .build()
                .unwrap();
            ListMfaDevicesOutput::builder().mfa_devices(device).is_truncated(false).build().unwrap()
        });
    assert_eq!(
        seen(&[&user, &devices], &target(Kind::MfaDevice)).await,
        Credential::MfaDevices { left: Some(vec![DEVICE.to_owned()]) }
    );
}

#[tokio::test(start_paused = true)]
async fn of_a_deleted_device_every_one_is_looked_at_assigned_or_not() {
    let devices = mock!(Client::list_virtual_mfa_devices)
        .match_requests(|request| request.assignment_status() == Some(&AssignmentStatusType::Any))
        .then_output(|| {
            let device = VirtualMfaDevice::builder().serial_number(DEVICE).build().unwrap();
            let answer = ListVirtualMfaDevicesOutput::builder().is_truncated(false);
            answer.virtual_mfa_devices(device).build().unwrap()
        });
    let target = of_account(Kind::VirtualMfaDevice);
    assert_eq!(seen(&[&devices], &target).await, Credential::VirtualMfaDevice { exists: true });
    let other = Target { details: [].into(), ..target }
        .with("credential", Kind::VirtualMfaDevice.as_str())
        .with(SERIAL, "arn:aws:iam::111122223333:mfa/another");
    assert_eq!(seen(&[&devices], &other).await, Credential::VirtualMfaDevice { exists: false });
}

#[tokio::test(start_paused = true)]
async fn the_summary_tells_of_the_root_user() {
    let summary = mock!(Client::get_account_summary).then_output(|| {
        GetAccountSummaryOutput::builder()
            .summary_map("AccountAccessKeysPresent".into(), 1)
            .summary_map("AccountMFAEnabled".into(), 0)
            .build()
    });
    assert_eq!(
        seen(&[&summary], &of_account(Kind::AccessKey)).await,
        Credential::Root { keys: Some(true), password: None, mfa: Some(false) }
    );
    assert_eq!(summary.num_calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_user_that_is_gone_is_gone_and_one_that_may_not_be_read_is_an_error() {
    let gone = mock!(Client::get_user).then_http_response(|| xml_refusal(404, "NoSuchEntity"));
    let observed = credentials(&[&gone]).observe(&target(Kind::AccessKey)).await.unwrap();
    assert_eq!(observed, Observed::Gone);
    let user = user();
    let denied =
        mock!(Client::list_access_keys).then_http_response(|| xml_refusal(403, "AccessDenied"));
    let error = credentials(&[&user, &denied]).observe(&target(Kind::AccessKey)).await.unwrap_err();
    assert_eq!((error.operation, error.retry), ("iam:ListAccessKeys", Retry::Pointless));
}

#[tokio::test(start_paused = true)]
async fn a_user_of_the_same_name_in_our_own_account_does_not_stand_in_for_a_strangers() {
    let stranger = Resource::user("bob", "444455556666".into(), "us-east-1");
    let stranger = Target { resource: stranger, ..target(Kind::AccessKey) };
    let error = credentials(&[&user()]).observe(&stranger).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.retry), ("a user of another account", Retry::Pointless));
}

#[tokio::test(start_paused = true)]
async fn a_key_is_switched_off_once_and_nothing_else_of_it_is_touched() {
    let live = keys(&[(KEY, "Active")]);
    let update = mock!(Client::update_access_key)
        .match_requests(|request| {
            (request.user_name(), request.access_key_id(), request.status())
                == (Some("bob"), Some(KEY), Some(&StatusType::Inactive))
        })
        .then_http_response(|| answer(200, "<UpdateAccessKeyResponse/>"));
    let done = applied(&[&live, &update], &switch(false)).await.unwrap();
    assert_eq!(done, Applied { changed: true, request_ids: vec!["R-1".to_owned()] });
    let off = keys(&[(KEY, "Inactive")]);
    let again = applied(&[&off, &update], &switch(false)).await.unwrap();
    assert_eq!((again.changed, update.num_calls()), (false, 1));
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_not_there_is_not_written() {
    let others = keys(&[("AKIAOTHER", "Active")]);
    let error = applied(&[&others], &switch(false)).await.unwrap_err();
    assert_eq!((error.retry, error.in_doubt), (Retry::Moved, false));
}

#[tokio::test(start_paused = true)]
async fn a_new_password_is_asked_for_without_setting_one() {
    let live = profile(false);
    let update = mock!(Client::update_login_profile)
        .match_requests(|request| {
            request.user_name() == Some("bob")
                && request.password().is_none()
                && request.password_reset_required() == Some(true)
        })
        .then_http_response(|| answer(200, "<UpdateLoginProfileResponse/>"));
    let created = DateTime::from_secs(CREATED).to_string();
    assert!(applied(&[&live, &update], &reset(Some(&created))).await.unwrap().changed);
    let done = profile(true);
    assert!(!applied(&[&done, &update], &reset(Some(&created))).await.unwrap().changed);
    assert_eq!(update.num_calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_login_profile_that_nobody_has_judged_is_not_written() {
    let live = profile(false);
    let error = applied(&[&live], &reset(Some("2020-01-01T00:00:00Z"))).await.unwrap_err();
    assert_eq!(error.retry, Retry::Moved);
    let none =
        mock!(Client::get_login_profile).then_http_response(|| xml_refusal(404, "NoSuchEntity"));
    let error = applied(&[&none], &reset(None)).await.unwrap_err();
    assert_eq!(error.retry, Retry::Moved);
}

#[tokio::test(start_paused = true)]
async fn only_the_login_profile_that_was_judged_is_removed_and_only_once() {
    let removal = |created: Option<&str>| CredentialRemedy::RemovePassword {
        user: "bob".to_owned(),
        created: created.map(str::to_owned),
    };
    let delete = mock!(Client::delete_login_profile)
        .match_requests(|request| request.user_name() == Some("bob"))
        .then_http_response(|| answer(200, "<DeleteLoginProfileResponse/>"));
    let live = profile(false);
    for other in [None, Some("2020-01-01T00:00:00Z")] {
        let error = applied(&[&live, &delete], &removal(other)).await.unwrap_err();
        assert_eq!(error.retry, Retry::Moved, "{other:?}");
    }
    let created = DateTime::from_secs(CREATED).to_string();
    assert!(applied(&[&live, &delete], &removal(Some(&created))).await.unwrap().changed);
    let gone =
        mock!(Client::get_login_profile).then_http_response(|| xml_refusal(404, "NoSuchEntity"));
    assert!(!applied(&[&gone, &delete], &removal(Some(&created))).await.unwrap().changed);
    assert_eq!(delete.num_calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_refused_write_is_told_apart_from_one_that_may_have_happened_and_neither_is_repeated() {
    for (status, code, retry, in_doubt) in [
        (403, "AccessDenied", Retry::Pointless, false),
        (400, "Throttling", Retry::Worthwhile, false),
        (409, "EntityTemporarilyUnmodifiable", Retry::Worthwhile, false),
        (404, "NoSuchEntity", Retry::Gone, false),
        (500, "ServiceFailure", Retry::Worthwhile, true),
    ] {
        let live = keys(&[(KEY, "Active")]);
        let update =
            mock!(Client::update_access_key).then_http_response(move || xml_refusal(status, code));
        let error = applied(&[&live, &update], &switch(false)).await.unwrap_err();
        assert_eq!((error.code.as_str(), error.retry, error.in_doubt), (code, retry, in_doubt));
        assert_eq!(update.num_calls(), 1, "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn tagging_sets_ours_and_taking_it_back_removes_what_was_added_and_restores_the_rest() {
    let tags = Tags::from([
        ("snapback:at".to_owned(), "new".to_owned()),
        ("snapback:event".to_owned(), "e-1".to_owned()),
    ]);
    let before = Tags::from([("snapback:at".to_owned(), "old".to_owned())]);
    let tag = mock!(Client::tag_user)
        .match_requests(|request| {
            let keys: Vec<&str> = request.tags().iter().map(Tag::key).collect();
            keys == ["snapback:at", "snapback:event"]
        })
        .then_output(|| TagUserOutput::builder().build());
    let user = "bob".to_owned();
    let set = CredentialRemedy::TagUser {
        user: user.clone(),
        tags: tags.clone(),
        before: before.clone(),
    };
    assert!(applied(&[&tag], &set).await.unwrap().changed);

    let untag = mock!(Client::untag_user)
        .match_requests(|request| request.tag_keys() == ["snapback:event"])
        .then_output(|| UntagUserOutput::builder().build());
    let restore = mock!(Client::tag_user)
        .match_requests(|request| {
            let [tag] = request.tags() else { return false };
            (tag.key(), tag.value()) == ("snapback:at", "old")
        })
        .then_output(|| TagUserOutput::builder().build());
    let back = CredentialRemedy::RestoreTags { user, tags, before };
    assert!(applied(&[&untag, &restore], &back).await.unwrap().changed);
    assert_eq!((untag.num_calls(), restore.num_calls()), (1, 1));
}
