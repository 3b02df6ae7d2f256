//! The eight cases every control owes, the forms the calls come in, and the properties of the remedy.

use std::collections::BTreeSet;

use expect_test::{Expect, expect};
use model::{Category, Remedy, Response, Severity, Status};
use proptest::prelude::*;

use super::*;
use crate::{
    AnyControl, NotMine,
    test_support::{ACCOUNT, Given, event, judge, record, target, told, with},
};

const IAM: &str = "iam.amazonaws.com";
const ARN: &str = "arn:aws:iam::111122223333:root";
const STRONG: PasswordPolicy = PasswordPolicy {
    minimum_password_length: 16,
    require_symbols: true,
    require_numbers: true,
    require_uppercase_characters: true,
    require_lowercase_characters: true,
    allow_users_to_change_password: true,
    max_password_age: Some(180),
    password_reuse_prevention: Some(24),
    hard_expiry: true,
};

fn check(record: &Value, expected: &Expect) {
    expected.assert_eq(&told(&judge(&IamPasswordPolicy, record, &Trust::default())));
}

fn update(parameters: Value) -> Value {
    record(IAM, "UpdateAccountPasswordPolicy", parameters)
}

/// A policy above every floor, as the call asks for it.
fn strong() -> Value {
    json!({
        "minimumPasswordLength": 16,
        "requireSymbols": true,
        "requireNumbers": true,
        "requireUppercaseCharacters": true,
        "requireLowercaseCharacters": true,
        "allowUsersToChangePassword": true,
        "maxPasswordAge": 180,
        "passwordReusePrevention": 24,
        "hardExpiry": true,
    })
}

/// The same with one member changed.
fn but(name: &str, value: Value) -> Value {
    let mut parameters = strong();
    parameters[name] = value;
    update(parameters)
}

fn without(name: &str) -> Value {
    let mut parameters = strong();
    parameters.as_object_mut().unwrap().remove(name);
    update(parameters)
}

fn deleted() -> Value {
    record(IAM, "DeleteAccountPasswordPolicy", Value::Null)
}

/// The values that are said to be weak.
fn weak(record: &Value) -> Vec<String> {
    names(&judge(&IamPasswordPolicy, record, &Trust::default()).findings)
}

fn names<R>(findings: &[Finding<R>]) -> Vec<String> {
    let codes = findings.iter().map(|finding| finding.code.as_str());
    codes.map(|code| code.replace("iam-password-policy-weakened:", "")).collect()
}

fn the_account() -> Target {
    Resource::account(ACCOUNT.into(), "us-east-1").into()
}

fn assess(state: &PasswordState, trust: &Trust) -> Vec<Finding<PasswordRemedy>> {
    IamPasswordPolicy.assess(&the_account(), state, trust)
}

fn with_floor(floor: PasswordFloor) -> Trust {
    Trust { password_policy: floor, ..Trust::default() }
}

/// What is left once all findings are mended by one write.
fn mended(state: &PasswordState, trust: &Trust) -> Option<PasswordPolicy> {
    let remedies = assess(state, trust).into_iter().flat_map(|finding| finding.remedies);
    remedies.reduce(|one, other| one.join(&other).unwrap()).and_then(|remedy| remedy.after)
}

#[test]
fn a_weak_value_is_raised_and_every_other_is_carried() {
    check(
        &but("minimumPasswordLength", json!(8)),
        &expect![[r#"
            finding arn:aws:iam::111122223333:root
            iam-password-policy-weakened:MinimumPasswordLength certain
              the account's password policy takes passwords that are shorter than the floor
              iam:UpdateAccountPasswordPolicy {"MinimumPasswordLength":14,"RequireSymbols":true,"RequireNumbers":true,"RequireUppercaseCharacters":true,"RequireLowercaseCharacters":true,"AllowUsersToChangePassword":true,"MaxPasswordAge":180,"PasswordReusePrevention":24,"HardExpiry":true}
        "#]],
    );
}

#[test]
fn leaves_a_policy_at_or_above_the_floor_alone() {
    for record in [
        update(strong()),
        but("minimumPasswordLength", json!("14")),
        but("minimumPasswordLength", json!(128)),
        but("requireSymbols", json!("true")),
        without("maxPasswordAge"),
        without("allowUsersToChangePassword"),
        without("hardExpiry"),
        but("maxPasswordAge", json!(0)),
        but("maxPasswordAge", json!(1095)),
    ] {
        let judged = judge(&IamPasswordPolicy, &record, &Trust::default());
        assert_eq!(judged.status, Status::Clean, "{record}: {judged:?}");
    }
}

#[test]
fn what_a_call_does_not_mention_goes_back_to_its_default() {
    for (member, name) in [
        ("minimumPasswordLength", "MinimumPasswordLength"),
        ("requireSymbols", "RequireSymbols"),
        ("requireNumbers", "RequireNumbers"),
        ("requireUppercaseCharacters", "RequireUppercaseCharacters"),
        ("requireLowercaseCharacters", "RequireLowercaseCharacters"),
        ("passwordReusePrevention", "PasswordReusePrevention"),
    ] {
        assert_eq!(weak(&without(member)), [name]);
        assert_eq!(weak(&but(member, Value::Null)), [name]);
        let off = if member.starts_with("require") { json!(false) } else { json!(1) };
        assert_eq!(weak(&but(member, off)), [name]);
    }
    assert_eq!(weak(&update(json!({}))).len(), 6);
}

#[test]
fn a_deleted_policy_is_every_value_below_the_floor_and_comes_back_whole() {
    let judged = judge(&IamPasswordPolicy, &deleted(), &Trust::default());
    assert_eq!(
        names(&judged.findings),
        [
            "MinimumPasswordLength",
            "RequireSymbols",
            "RequireNumbers",
            "RequireUppercaseCharacters",
            "RequireLowercaseCharacters",
            "PasswordReusePrevention"
        ]
    );
    let floor = mended(&PasswordState::of(None), &Trust::default()).unwrap();
    assert_eq!(
        json!(floor),
        json!({
            "MinimumPasswordLength": 14,
            "RequireSymbols": true,
            "RequireNumbers": true,
            "RequireUppercaseCharacters": true,
            "RequireLowercaseCharacters": true,
            "AllowUsersToChangePassword": false,
            "PasswordReusePrevention": 24,
            "HardExpiry": false,
        })
    );
    let soft = PasswordPolicy { hard_expiry: false, ..STRONG };
    let remembered = PasswordState { before: Some(soft), ..PasswordState::of(None) };
    assert_eq!(mended(&remembered, &Trust::default()), Some(soft));
    let first = &assess(&remembered, &Trust::default())[0];
    assert_eq!(first.remedies[0].after, Some(soft), "for each finding alone, too");
    assert!(!first.evidence.contains_key("left_out"));
}

#[test]
fn a_policy_with_a_hard_expiry_comes_back_without_its_age() {
    let ageless = PasswordPolicy { max_password_age: None, ..STRONG };
    let remembered = PasswordState { before: Some(STRONG), ..PasswordState::of(None) };
    for most in [None, Some(90), Some(365)] {
        let floor = PasswordFloor { max_age_days: most, ..PasswordFloor::default() };
        let trust = with_floor(floor);
        assert_eq!(mended(&remembered, &trust), Some(ageless), "{most:?}");
        let findings = assess(&remembered, &trust);
        let age = findings.iter().find(|finding| finding.code.ends_with(":MaxPasswordAge"));
        assert_eq!(age.is_some(), most.is_some());
        assert!(age.is_none_or(|age| age.remedies.is_empty() && age.held_back.is_some()));
        assert_eq!(findings[0].remedies[0].after, Some(ageless), "for each finding alone, too");
        let left_out = findings[0].evidence["left_out"].as_str().unwrap();
        assert!(left_out.contains("MaxPasswordAge"), "{left_out}");
    }
}

#[test]
fn no_age_is_set_or_lowered_while_an_ended_password_shuts_its_user_out() {
    let floor = PasswordFloor { max_age_days: Some(365), ..PasswordFloor::default() };
    let trust = with_floor(floor);
    let sooner = PasswordPolicy { max_password_age: Some(90), ..STRONG };
    for (age, hard, before, expected) in [
        (None, true, None, None),
        (None, true, Some(sooner), None),
        (Some(366), true, None, None),
        (Some(1095), true, Some(sooner), None),
        (None, false, None, Some(365)),
        (Some(366), false, Some(sooner), Some(90)),
    ] {
        let live = PasswordPolicy {
            max_password_age: age,
            hard_expiry: hard,
            minimum_password_length: 8,
            ..STRONG
        };
        let state = PasswordState { before, ..PasswordState::of(Some(live)) };
        let findings = assess(&state, &trust);
        assert_eq!(names(&findings), ["MinimumPasswordLength", "MaxPasswordAge"]);
        assert_eq!(findings[1].remedies.is_empty(), hard, "{age:?} {before:?}");
        assert_eq!(findings[1].held_back.is_some(), hard, "the reason is told");
        let after = mended(&state, &trust).unwrap();
        assert_eq!(after.max_password_age, if hard { age } else { expected }, "{age:?} {before:?}");
        assert!(after.minimum_password_length >= 14, "the other values are mended");
    }
}

#[test]
fn a_policy_that_replaces_the_default_asks_for_no_fewer_classes_than_it() {
    let floor = PasswordFloor {
        minimum_length: 6,
        reuse_prevention: 1,
        require_symbols: false,
        require_numbers: false,
        require_uppercase: true,
        require_lowercase: false,
        max_age_days: None,
    };
    let after = mended(&PasswordState::of(None), &with_floor(floor)).unwrap();
    assert_eq!(after.minimum_password_length, 8, "the default's, which is above the floor");
    assert!(after.require_numbers && after.require_uppercase_characters);
    assert!(after.require_lowercase_characters && !after.require_symbols);
}

#[test]
fn a_weak_value_comes_back_to_what_it_was_where_that_is_above_the_floor() {
    let live = PasswordPolicy { minimum_password_length: 6, ..STRONG };
    let before = PasswordPolicy { minimum_password_length: 20, max_password_age: None, ..STRONG };
    let state = PasswordState { before: Some(before), ..PasswordState::of(Some(live)) };
    let after = mended(&state, &Trust::default()).unwrap();
    assert_eq!(after, PasswordPolicy { minimum_password_length: 20, ..live });
    let finding = &assess(&state, &Trust::default())[0];
    assert_eq!(finding.evidence["found"], 6);
    assert_eq!(finding.evidence["floor"], 14);
    assert_eq!(finding.evidence["before"], 20);
    // A floor that was raised since then is above what was.
    let floor = PasswordFloor { minimum_length: 24, ..PasswordFloor::default() };
    let after = mended(&state, &with_floor(floor)).unwrap();
    assert_eq!(after.minimum_password_length, 24);
}

#[test]
fn what_is_above_the_floor_is_no_finding_though_it_was_stronger() {
    let live = PasswordPolicy { minimum_password_length: 14, max_password_age: None, ..STRONG };
    let state = PasswordState { before: Some(STRONG), ..PasswordState::of(Some(live)) };
    assert!(assess(&state, &Trust::default()).is_empty());
}

#[test]
fn an_age_is_a_floor_only_where_one_is_set() {
    let floor = PasswordFloor { max_age_days: Some(365), ..PasswordFloor::default() };
    let trust = with_floor(floor);
    let soft = PasswordPolicy { hard_expiry: false, ..STRONG };
    for (age, expected) in [(None, Some(365)), (Some(366), Some(365)), (Some(365), None)] {
        let live = PasswordPolicy { max_password_age: age, ..soft };
        let state = PasswordState::of(Some(live));
        let found = names(&assess(&state, &trust));
        assert_eq!(found.as_slice() == ["MaxPasswordAge"], expected.is_some(), "{age:?}");
        assert_eq!(mended(&state, &trust).and_then(|after| after.max_password_age), expected);
        assert!(assess(&state, &Trust::default()).is_empty());
    }
    let sooner = PasswordPolicy { max_password_age: Some(90), ..soft };
    let gone = PasswordPolicy { max_password_age: None, ..soft };
    let state = PasswordState { before: Some(sooner), ..PasswordState::of(Some(gone)) };
    assert_eq!(mended(&state, &trust).unwrap().max_password_age, Some(90));
}

#[test]
fn a_floor_of_nothing_finds_nothing() {
    let floor = PasswordFloor {
        minimum_length: 6,
        reuse_prevention: 0,
        require_symbols: false,
        require_numbers: false,
        require_uppercase: false,
        require_lowercase: false,
        max_age_days: None,
    };
    for record in [deleted(), update(json!({}))] {
        let judged = judge(&IamPasswordPolicy, &record, &with_floor(floor));
        assert_eq!(judged.status, Status::Clean, "{judged:?}");
    }
}

#[test]
fn a_call_that_failed_changed_nothing() {
    for record in [deleted(), update(json!({}))] {
        let failed = with(record, "errorCode", json!("AccessDenied"));
        let triage = IamPasswordPolicy.triage(&event(&failed));
        assert_eq!(triage, Triage::NotMine(NotMine::CallFailed));
    }
}

#[test]
fn other_calls_and_other_services_are_not_covered() {
    for (source, name) in [
        (IAM, "GetAccountPasswordPolicy"),
        (IAM, "ChangePassword"),
        ("cognito-idp.amazonaws.com", "UpdateAccountPasswordPolicy"),
    ] {
        let triage = IamPasswordPolicy.triage(&event(&record(source, name, json!({}))));
        assert_eq!(triage, Triage::NotMine(NotMine::NotCovered), "{source} {name}");
    }
}

#[test]
fn a_member_that_cannot_be_read_is_told_and_nothing_is_written() {
    let judged = judge(
        &IamPasswordPolicy,
        &but("minimumPasswordLength", json!({"a": 1})),
        &Trust::default(),
    );
    assert_eq!(names(&judged.findings), ["evidence-unreadable"]);
    let huge = u64::from(u32::MAX) + 1;
    for (name, value) in [
        ("requireSymbols", json!("perhaps")),
        ("maxPasswordAge", json!(-1)),
        ("passwordReusePrevention", json!(huge)),
        ("hardExpiry", json!([true, false])),
    ] {
        let mut parameters = strong();
        parameters[name] = value.clone();
        parameters["minimumPasswordLength"] = json!(8);
        let judged = judge(&IamPasswordPolicy, &update(parameters), &Trust::default());
        assert_eq!(
            names(&judged.findings),
            ["MinimumPasswordLength", "evidence-unreadable"],
            "{name}: {value}"
        );
        for finding in &judged.findings {
            assert!(finding.remedies.is_empty() && finding.held_back.is_some(), "{finding:?}");
        }
    }
}

#[test]
fn parameters_that_are_cut_or_no_object_are_told_and_missing_ones_are_looked_up() {
    for cut in [json!({"omitted": true, "originalSize": 204_800}), json!("text"), json!([1])] {
        let judged = judge(&IamPasswordPolicy, &update(cut.clone()), &Trust::default());
        assert_eq!(names(&judged.findings), ["evidence-unreadable"], "{cut}");
        assert_eq!(judged.findings[0].confidence, Confidence::Unclear);
    }
    let judged = judge(&IamPasswordPolicy, &update(Value::Null), &Trust::default());
    assert_eq!(judged.reason.as_deref(), Some("state_not_in_record"));
}

#[test]
fn a_record_that_names_no_account_is_told() {
    let mut nameless = deleted();
    nameless.as_object_mut().unwrap().remove("recipientAccountId");
    nameless["userIdentity"] = json!({"type": "Unknown"});
    let judged = judge(&IamPasswordPolicy, &nameless, &Trust::default());
    assert_eq!(names(&judged.findings), ["evidence-unreadable"]);
}

#[test]
fn our_own_change_is_judged_like_any_other() {
    let own = with(
        update(strong()),
        "userIdentity",
        json!({
            "type": "AssumedRole",
            "arn": "arn:aws:sts::111122223333:assumed-role/snapback-passwords/snapback",
            "accountId": ACCOUNT,
        }),
    );
    assert_eq!(judge(&IamPasswordPolicy, &own, &Trust::default()).status, Status::Clean);
}

#[test]
fn other_partitions_have_their_own_arns() {
    for (region, arn) in [
        ("us-gov-west-1", "arn:aws-us-gov:iam::111122223333:root"),
        ("cn-north-1", "arn:aws-cn:iam::111122223333:root"),
    ] {
        let there = with(deleted(), "awsRegion", json!(region));
        assert_eq!(target(&IamPasswordPolicy, &there).resource.arn, arn);
        assert_eq!(weak(&there).len(), 6);
    }
}

#[test]
fn supplied_responses_tell_the_policy_and_what_it_was() {
    let judged = |record: &Value, responses: Value| {
        let given = Given::one(ARN, responses);
        IamPasswordPolicy.judge(&event(record), &given, &Trust::default())
    };
    let late = judged(&deleted(), json!({"GetAccountPasswordPolicy": {"PasswordPolicy": STRONG}}));
    assert_eq!(late.status, Status::Clean, "the live state is judged, not the event");
    let none = judged(&update(Value::Null), json!({"GetAccountPasswordPolicy": {}}));
    assert_eq!(none.findings.len(), 6);
    // As AWS answers where no age and no number is set.
    let answer = json!({"PasswordPolicy": {
        "MinimumPasswordLength": 14, "RequireSymbols": true, "RequireNumbers": true,
        "RequireUppercaseCharacters": true, "RequireLowercaseCharacters": true,
        "AllowUsersToChangePassword": false, "ExpirePasswords": false, "HardExpiry": null,
        "MaxPasswordAge": 0,
    }});
    let found = judged(&deleted(), json!({"GetAccountPasswordPolicy": answer}));
    assert_eq!(names(&found.findings), ["PasswordReusePrevention"]);
    let soft = PasswordPolicy { hard_expiry: false, ..STRONG };
    let remembered = json!({
        "GetAccountPasswordPolicy": {},
        "Baseline": {"GetAccountPasswordPolicy": {"PasswordPolicy": soft}},
    });
    let found = judged(&deleted(), remembered);
    let write = &found.findings[0].remedies[0].operations[0];
    assert_eq!(write.parameters, json!(soft));
    let wrong = judged(&deleted(), json!({"GetAccountPasswordPolicy": {"PasswordPolicy": 1}}));
    assert_eq!(names(&wrong.findings), ["evidence-unreadable"]);
}

#[test]
fn what_is_right_is_remembered_without_what_was_and_comes_back_with_the_next_look() {
    let state = PasswordState { before: Some(STRONG), ..PasswordState::of(Some(STRONG)) };
    let target = the_account();
    assert_eq!(IamPasswordPolicy.memory(&target, &Trust::default()), Memory::Baseline);
    let kept = IamPasswordPolicy.baseline(&target, &state).unwrap();
    assert_eq!(kept, PasswordState::of(Some(STRONG)));
    assert_eq!(IamPasswordPolicy.baseline(&target, &PasswordState::of(None)), None);
    let recalled = IamPasswordPolicy.recall(PasswordState::of(None), Remembered::Baseline(kept));
    assert_eq!((recalled.policy, recalled.before), (None, Some(STRONG)));
}

#[test]
fn every_code_is_in_the_catalogue_and_is_told_by_default() {
    let floor = PasswordFloor { max_age_days: Some(1), ..PasswordFloor::default() };
    let findings = assess(&PasswordState::of(None), &with_floor(floor));
    assert_eq!(findings.len(), Requirement::ALL.len());
    for finding in findings {
        let entry = finding.entry();
        assert_eq!(entry.code, "iam-password-policy-weakened:*");
        assert_eq!((entry.severity, entry.category), (Severity::Medium, Category::Credentials));
        assert!(!entry.revert_by_default);
    }
}

#[test]
fn an_account_cannot_be_tagged() {
    let resource = the_account().resource;
    assert!(IamPasswordPolicy.tag(&resource, &Tags::new(), &Tags::new()).is_err());
}

#[test]
fn the_declared_writes_are_those_of_its_remedies_and_undoing_a_first_policy_needs_one_more() {
    let finding = &assess(&PasswordState::of(None), &Trust::default())[0];
    let used: BTreeSet<_> = finding.remedies[0].iam_actions().iter().collect();
    assert_eq!(used, Control::write_actions(&IamPasswordPolicy).iter().collect());
    let undone = finding.remedies[0].inverse().unwrap();
    assert_eq!(undone.operations()[0].operation, "iam:DeleteAccountPasswordPolicy");
    assert!(undone.iam_actions().contains(&"iam:DeleteAccountPasswordPolicy"));
}

fn policies() -> impl Strategy<Value = Option<PasswordPolicy>> {
    let numbers = (6_u32..=30, prop::option::of(1_u32..=1095), prop::option::of(1_u32..=24));
    let policy = (numbers, any::<[bool; 6]>()).prop_map(
        |((length, age, reuse), [symbols, numbers, upper, lower, change, hard])| PasswordPolicy {
            minimum_password_length: length,
            require_symbols: symbols,
            require_numbers: numbers,
            require_uppercase_characters: upper,
            require_lowercase_characters: lower,
            allow_users_to_change_password: change,
            max_password_age: age,
            password_reuse_prevention: reuse,
            hard_expiry: hard,
        },
    );
    prop::option::of(policy)
}

fn floors() -> impl Strategy<Value = Trust> {
    let numbers = (6_u32..=30, 0_u32..=24, prop::option::of(1_u32..=1095));
    (numbers, any::<[bool; 4]>()).prop_map(
        |((length, reuse, age), [symbols, numbers, upper, lower])| {
            with_floor(PasswordFloor {
                minimum_length: length,
                reuse_prevention: reuse,
                require_symbols: symbols,
                require_numbers: numbers,
                require_uppercase: upper,
                require_lowercase: lower,
                max_age_days: age,
            })
        },
    )
}

proptest! {
    // S-23
    #[test]
    fn mending_every_finding_leaves_none_and_loosens_nothing(
        live in policies(), before in policies(), trust in floors(),
    ) {
        let state = PasswordState { before, ..PasswordState::of(live) };
        let after = mended(&state, &trust);
        let held_back: Vec<_> = assess(&state, &trust)
            .into_iter()
            .filter(|finding| finding.remedies.is_empty())
            .map(|finding| (finding.code, finding.held_back.is_some()))
            .collect();
        let age = ("iam-password-policy-weakened:MaxPasswordAge".to_owned(), true);
        prop_assert!(held_back.is_empty() || held_back == [age], "only an age is held back, told");
        prop_assert_eq!(after.is_none(), assess(&state, &trust).len() == held_back.len());
        if let Some(after) = after {
            let left = assess(&PasswordState::of(Some(after)), &trust);
            prop_assert_eq!(left.len(), held_back.len());
            prop_assert!(mend::is_no_weaker(&after, &state.in_force()));
            if let Some(live) = live {
                prop_assert_eq!(after.hard_expiry, live.hard_expiry);
                prop_assert_eq!(
                    after.allow_users_to_change_password, live.allow_users_to_change_password);
            }
        }
    }

    #[test]
    fn no_remedy_ends_a_password_whose_user_could_not_choose_a_new_one(
        live in policies(), before in policies(), trust in floors(),
    ) {
        let state = PasswordState { before, ..PasswordState::of(live) };
        let after = assess(&state, &trust).into_iter().flat_map(|finding| finding.remedies);
        for after in after.filter_map(|remedy| remedy.after).chain(mended(&state, &trust)) {
            let lived = |policy: PasswordPolicy| policy.max_password_age.unwrap_or(u32::MAX);
            prop_assert!(!after.hard_expiry || lived(after) >= lived(state.in_force()));
        }
    }

    #[test]
    fn one_remedy_of_a_policy_changes_its_own_value_alone(
        live in policies(), before in policies(), trust in floors(),
    ) {
        let Some(live) = live else { return Ok(()) };
        let state = PasswordState { before, ..PasswordState::of(Some(live)) };
        for finding in assess(&state, &trust) {
            let own = finding.code.rsplit(':').next().unwrap();
            let Some(remedy) = finding.remedies.first() else { continue };
            let before = json!(live);
            let after = json!(remedy.after);
            for name in before.as_object().unwrap().keys().chain(after.as_object().unwrap().keys()) {
                prop_assert_eq!(before.get(name) == after.get(name), name != own, "{}", name);
            }
        }
    }

    #[test]
    fn the_inverse_of_a_remedy_restores_what_was_and_joins_nothing(
        live in policies(), before in policies(), trust in floors(),
    ) {
        let state = PasswordState { before, ..PasswordState::of(live) };
        for finding in assess(&state, &trust) {
            for remedy in finding.remedies {
                let inverse = remedy.inverse().unwrap();
                prop_assert_eq!(inverse.after, live);
                prop_assert_eq!(inverse.join(&inverse), None);
                prop_assert_eq!(remedy.needs(), Response::Revert);
                prop_assert_eq!(inverse.inverse(), Some(remedy));
            }
        }
    }

    #[test]
    fn a_policy_is_read_from_its_own_json(policy in policies()) {
        let Some(policy) = policy else { return Ok(()) };
        prop_assert_eq!(serde_json::from_value::<PasswordPolicy>(json!(policy)).unwrap(), policy);
    }
}
