//! The password policy over scripted answers.

use aws_smithy_mocks::{Rule, mock};
use model::Trust;

use super::*;
use crate::testing::{answer, scripted, session, xml_refusal};

const ACCOUNT: &str = "111122223333";
const WEAK: PasswordPolicy = PasswordPolicy {
    minimum_password_length: 8,
    require_symbols: true,
    require_numbers: false,
    require_uppercase_characters: true,
    require_lowercase_characters: false,
    allow_users_to_change_password: true,
    max_password_age: Some(90),
    password_reuse_prevention: None,
    hard_expiry: true,
};
const STRONG: PasswordPolicy = PasswordPolicy { minimum_password_length: 14, ..WEAK };

fn policies(rules: &[&Rule]) -> PasswordPolicies {
    let session = session(Trust::default());
    PasswordPolicies {
        reads: scripted!(aws_sdk_iam, session.reads(), rules.iter().copied()),
        writes: scripted!(aws_sdk_iam, session.writes(), rules.iter().copied()),
        ours: Some(ACCOUNT.into()),
    }
}

fn target() -> Target {
    Resource::account(ACCOUNT.into(), "us-east-1").into()
}

/// `GetAccountPasswordPolicy` with these members besides the two classes that are asked for.
fn get(members: &'static str) -> Rule {
    mock!(Client::get_account_password_policy).then_http_response(move || {
        answer(
            200,
            &format!(
                "<GetAccountPasswordPolicyResponse><GetAccountPasswordPolicyResult><PasswordPolicy>\
                 <RequireSymbols>true</RequireSymbols><RequireNumbers>false</RequireNumbers>\
                 <RequireUppercaseCharacters>true</RequireUppercaseCharacters>\
                 <RequireLowercaseCharacters>false</RequireLowercaseCharacters>\
                 <AllowUsersToChangePassword>true</AllowUsersToChangePassword>{members}\
                 </PasswordPolicy></GetAccountPasswordPolicyResult></GetAccountPasswordPolicyResponse>"
            ),
        )
    })
}

const LIVE_WEAK: &str = "<MinimumPasswordLength>8</MinimumPasswordLength><ExpirePasswords>true</ExpirePasswords><MaxPasswordAge>90</MaxPasswordAge><HardExpiry>true</HardExpiry>";
const LIVE_STRONG: &str = "<MinimumPasswordLength>14</MinimumPasswordLength><ExpirePasswords>true</ExpirePasswords><MaxPasswordAge>90</MaxPasswordAge><HardExpiry>true</HardExpiry>";

fn none() -> Rule {
    mock!(Client::get_account_password_policy)
        .then_http_response(|| xml_refusal(404, "NoSuchEntity"))
}

/// Asks whether the write holds every value of [`STRONG`].
fn update() -> Rule {
    mock!(Client::update_account_password_policy)
        .match_requests(|request| {
            request.minimum_password_length() == Some(14)
                && request.require_symbols() == Some(true)
                && request.require_numbers() == Some(false)
                && request.require_uppercase_characters() == Some(true)
                && request.require_lowercase_characters() == Some(false)
                && request.allow_users_to_change_password() == Some(true)
                && request.max_password_age() == Some(90)
                && request.password_reuse_prevention().is_none()
                && request.hard_expiry() == Some(true)
        })
        .then_http_response(|| answer(200, "<UpdateAccountPasswordPolicyResponse/>"))
}

fn remedy(before: Option<PasswordPolicy>, after: Option<PasswordPolicy>) -> PasswordRemedy {
    PasswordRemedy { account: ACCOUNT.into(), before, after }
}

async fn observed(rule: &Rule) -> Result<Observed<PasswordState>, CloudError> {
    policies(&[rule]).observe(&target()).await
}

async fn applied(rules: &[&Rule], remedy: &PasswordRemedy) -> Result<Applied, CloudError> {
    policies(rules).apply(&target().resource, remedy).await
}

#[tokio::test(start_paused = true)]
async fn one_read_tells_every_value_and_that_there_is_no_policy_is_no_error() {
    for (rule, expected) in [
        (get(LIVE_WEAK), Some(WEAK)),
        (
            get(
                "<MinimumPasswordLength>8</MinimumPasswordLength><MaxPasswordAge>0</MaxPasswordAge><PasswordReusePrevention>5</PasswordReusePrevention>",
            ),
            Some(PasswordPolicy {
                max_password_age: None,
                password_reuse_prevention: Some(5),
                hard_expiry: false,
                ..WEAK
            }),
        ),
        (none(), None),
    ] {
        let observed = observed(&rule).await.unwrap();
        let Observed::Present { state, tags, .. } = observed else { panic!("{observed:?}") };
        assert_eq!((state, tags), (PasswordState::of(expected), None));
        assert_eq!(rule.num_calls(), 1);
    }
}

/// S-5.
#[tokio::test(start_paused = true)]
async fn a_policy_that_may_not_be_read_is_an_error_and_not_absent() {
    let denied = mock!(Client::get_account_password_policy)
        .then_http_response(|| xml_refusal(403, "AccessDenied"));
    let error = observed(&denied).await.unwrap_err();
    assert_eq!((error.operation, error.retry), (GET, Retry::Pointless));
}

#[tokio::test(start_paused = true)]
async fn our_own_policy_does_not_stand_in_for_a_strangers() {
    let get = get(LIVE_WEAK);
    let stranger = Resource::account("444455556666".into(), "us-east-1").into();
    let error = policies(&[&get]).observe(&stranger).await.unwrap_err();
    assert_eq!((error.retry, get.num_calls()), (Retry::Pointless, 0));
    let mut remedy = remedy(Some(WEAK), Some(STRONG));
    remedy.account = "444455556666".into();
    assert_eq!(applied(&[&get], &remedy).await.unwrap_err().retry, Retry::Pointless);
}

#[tokio::test(start_paused = true)]
async fn every_value_is_written_where_the_live_policy_is_the_one_that_was_judged() {
    let (get, update) = (get(LIVE_WEAK), update());
    let applied = applied(&[&get, &update], &remedy(Some(WEAK), Some(STRONG))).await.unwrap();
    assert_eq!(applied, Applied { changed: true, request_ids: vec!["R-1".to_owned()] });
}

#[tokio::test(start_paused = true)]
async fn nothing_is_written_when_it_is_already_so_or_when_nobody_has_judged_it() {
    let (done, update) = (get(LIVE_STRONG), update());
    let applied_ = applied(&[&done, &update], &remedy(Some(WEAK), Some(STRONG))).await.unwrap();
    assert_eq!((applied_, update.num_calls()), (Applied::default(), 0));
    for moved in [none(), get("<MinimumPasswordLength>9</MinimumPasswordLength>")] {
        let error =
            applied(&[&moved, &update], &remedy(Some(WEAK), Some(STRONG))).await.unwrap_err();
        assert_eq!((error.retry, error.in_doubt, update.num_calls()), (Retry::Moved, false, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_policy_is_made_where_there_was_none_and_undoing_that_deletes_it() {
    let (none, update) = (none(), update());
    let made = remedy(None, Some(STRONG));
    assert!(applied(&[&none, &update], &made).await.unwrap().changed);
    let live = get(LIVE_STRONG);
    let delete = mock!(Client::delete_account_password_policy)
        .then_http_response(|| answer(200, "<DeleteAccountPasswordPolicyResponse/>"));
    assert!(applied(&[&live, &delete], &remedy(Some(STRONG), None)).await.unwrap().changed);
    assert_eq!(delete.num_calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_write_is_sent_once_whatever_comes_back() {
    for (status, code, retry, in_doubt) in [
        (403, "AccessDenied", Retry::Pointless, false),
        (400, "MalformedPolicyDocument", Retry::Pointless, false),
        (400, "Throttling", Retry::Worthwhile, false),
        (500, "ServiceFailure", Retry::Worthwhile, true),
    ] {
        let get = get(LIVE_WEAK);
        let update = mock!(Client::update_account_password_policy)
            .then_http_response(move || xml_refusal(status, code));
        let error = applied(&[&get, &update], &remedy(Some(WEAK), Some(STRONG))).await.unwrap_err();
        assert_eq!((error.code.as_str(), error.retry, error.in_doubt), (code, retry, in_doubt));
        assert_eq!(update.num_calls(), 1, "{code}");
    }
}
