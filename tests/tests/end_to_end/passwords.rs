//! `iam-password-policy`: told by default. The shipped policies revert nothing of it; where a policy
//! of one's own permits it, `reverts` shows what is written.

use serde_json::{Value, json};

use crate::{
    records::{id, record},
    stacks::{enforcing, wait_until_handled},
};

#[test]
fn a_weak_password_policy_is_told_value_by_value_and_left_as_it_is() {
    let stack = enforcing();
    let inbox = stack.inbox("passwords").unwrap();
    let strong = json!({
        "MinimumPasswordLength": 16,
        "RequireSymbols": true,
        "RequireNumbers": true,
        "RequireUppercaseCharacters": true,
        "RequireLowercaseCharacters": true,
        "AllowUsersToChangePassword": true,
        "PasswordReusePrevention": 24,
    });
    let update = |policy: &Value| {
        stack.call("iam", "UpdateAccountPasswordPolicy", policy.clone()).unwrap();
        let told = policy.as_object().unwrap().iter().map(|(name, value)| {
            let mut letters = name.chars();
            let first = letters.next().unwrap().to_ascii_lowercase();
            (format!("{first}{}", letters.as_str()), value.clone())
        });
        let record =
            record(stack, "iam", "UpdateAccountPasswordPolicy", Value::Object(told.collect()));
        stack.put_record("aws.iam", &record).unwrap();
        wait_until_handled(stack, "IamPasswordPolicy", id(&record), 1);
        record
    };
    let read = || stack.call("iam", "GetAccountPasswordPolicy", json!({})).unwrap();
    update(&strong);
    let told: Vec<_> = inbox.take().unwrap().into_iter().map(|one| one.json).collect();
    assert!(!told.iter().any(|told| told["control"] == "iam-password-policy"), "{told:?}");

    let mut weak = strong;
    weak["MinimumPasswordLength"] = json!(8);
    weak["RequireSymbols"] = json!(false);
    let record = update(&weak);
    let alert = inbox.wait_for(id(&record)).unwrap();
    assert_eq!(alert.json["control"], "iam-password-policy");
    assert_eq!(alert.json["response"], "alert");
    let findings = alert.json["findings"].as_array().unwrap();
    let codes: Vec<&str> =
        findings.iter().map(|finding| finding["code"].as_str().unwrap()).collect();
    assert_eq!(
        codes,
        [
            "iam-password-policy-weakened:MinimumPasswordLength",
            "iam-password-policy-weakened:RequireSymbols"
        ]
    );
    // What the ledger remembers of the time before is in the evidence.
    assert_eq!(findings[0]["evidence"]["before"], 16);
    let live = &read()["PasswordPolicy"];
    assert_eq!(
        (&live["MinimumPasswordLength"], &live["RequireSymbols"]),
        (&json!(8), &json!(false))
    );
    let refused: Vec<_> = stack
        .calls()
        .unwrap()
        .into_iter()
        .filter(|call| !call.allowed && call.action.contains("PasswordPolicy"))
        .collect();
    assert!(refused.is_empty(), "{refused:?}");
}
