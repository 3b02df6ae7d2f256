//! Whether a bucket policy pins the key, form by form.

use serde_json::{Value, json};

use crate::{Context, Enforcement, Kind, inspect};

const RIGHT: &str = "arn:aws:kms:eu-west-1:111122223333:key/11111111-2222-3333-4444-555555555555";
const WRONG: &str = "arn:aws:kms:eu-west-1:111122223333:key/99999999-8888-7777-6666-555555555555";
const K: &str = super::KEY;
const E: &str = super::ALGORITHM;

fn kms(conditions: &[Value], more: &Value) -> (Enforcement, Vec<String>) {
    let statements: Vec<Value> = conditions
        .iter()
        .map(|condition| {
            let mut deny = json!({"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::amzn-s3-demo-bucket/*"});
            deny["Condition"] = condition.clone();
            deny
        })
        .collect();
    judged(&json!(statements), more)
}

fn judged(statements: &Value, more: &Value) -> (Enforcement, Vec<String>) {
    let base = json!({"check":"kms","bucket":"amzn-s3-demo-bucket","kms_key_arn":RIGHT});
    let context = Context::from_json(&base).unwrap().with_json(more).unwrap();
    let document = json!({"Version":"2012-10-17","Statement":statements});
    let verdict = inspect(Kind::BucketPolicy, &document, &context);
    let codes = verdict.codes().into_iter().map(str::to_owned).collect();
    (verdict.kms.unwrap(), codes)
}

fn pin(operator: &str) -> Value {
    json!({operator:{K:RIGHT}})
}

#[test]
fn a_negated_comparison_with_the_key_alone_enforces() {
    for operator in ["StringNotEquals", "ArnNotEquals", "ArnNotLike", "StringNotEqualsIfExists"] {
        assert_eq!(
            kms(&[pin(operator)], &json!({})),
            (Enforcement::Enforced, vec![]),
            "{operator}"
        );
    }
    let two = [json!({"StringNotEquals":{E:"aws:kms"}}), pin("StringNotEquals")];
    assert_eq!(kms(&two, &json!({})).0, Enforcement::Enforced);
}

#[test]
fn each_mistake_has_its_name() {
    for (condition, expected, code) in [
        (
            json!({"StringNotEquals":{E:"aws:kms",K:RIGHT}}),
            Enforcement::Partial,
            &["kms-and-bug"][..],
        ),
        (
            json!({"StringNotEquals":{E:"aws:kms"},"ArnNotEquals":{K:RIGHT}}),
            Enforcement::Partial,
            &["kms-and-bug"],
        ),
        (json!({"StringNotEquals":{E:"aws:kms"}}), Enforcement::Partial, &["kms-key-not-pinned"]),
        (json!({"Null":{K:"true"}}), Enforcement::Partial, &["kms-key-not-pinned"]),
        (
            json!({"StringNotEquals":{K:[RIGHT, WRONG]}}),
            Enforcement::Partial,
            &["kms-key-not-pinned"],
        ),
        (
            json!({"StringNotLike":{K:"arn:aws:kms:*:111122223333:key/*"}}),
            Enforcement::Partial,
            &["kms-key-not-pinned"],
        ),
        (
            json!({"StringNotEquals":{E:["AES256","aws:kms"]}}),
            Enforcement::None,
            &["kms-not-enforced"],
        ),
        (
            json!({"StringEquals":{K:WRONG}}),
            Enforcement::None,
            &["kms-not-enforced", "kms-not-enforced-positive-deny"],
        ),
        (
            json!({"StringNotEquals":{K:"arn:aws:kms:eu-west-1:111122223333:alias/data"}}),
            Enforcement::None,
            &["kms-key-not-arn", "kms-not-enforced"],
        ),
        (
            json!({"StringNotEquals":{K:"11111111-2222-3333-4444-555555555555"}}),
            Enforcement::None,
            &["kms-key-not-arn", "kms-not-enforced"],
        ),
        (
            json!({"StringNotEquals":{K:RIGHT},"Null":{K:"false"}}),
            Enforcement::HeaderOnly,
            &["kms-header-only"],
        ),
        (
            json!({"ForAnyValue:StringNotEquals":{K:RIGHT}}),
            Enforcement::HeaderOnly,
            &["kms-header-only"],
        ),
        (
            json!({"StringNotEquals":{K:RIGHT,"aws:username":"x"}}),
            Enforcement::Partial,
            &["kms-deny-narrowed"],
        ),
    ] {
        let (kms, codes) = kms(std::slice::from_ref(&condition), &json!({}));
        assert_eq!(
            (kms, codes),
            (expected, code.iter().map(|code| (*code).to_owned()).collect()),
            "{condition}"
        );
    }
}

#[test]
fn anything_narrower_is_partial() {
    for (key, value) in [
        ("Principal", json!({"AWS":"111122223333"})),
        ("Resource", json!("arn:aws:s3:::amzn-s3-demo-bucket/in/*")),
    ] {
        let mut deny = json!({"Effect":"Deny","Principal":"*","Action":"s3:Put*","Resource":"arn:aws:s3:::amzn-s3-demo-bucket/*","Condition":pin("StringNotEquals")});
        assert_eq!(judged(&json!([deny]), &json!({})).0, Enforcement::Enforced);
        deny[key] = value;
        let narrowed = (Enforcement::Partial, vec!["kms-deny-narrowed".to_owned()]);
        assert_eq!(judged(&json!([deny]), &json!({})), narrowed, "{key}");
    }
}

#[test]
fn with_the_right_default_three_denies_are_enough() {
    let a = json!({"StringNotEquals":{K:RIGHT},"Null":{K:"false"}});
    let b = json!({"Null":{E:"false",K:"true"}});
    let c = json!({"Null":{super::CUSTOMER:"false"}});
    let default = |key: &str| json!({"default_encryption_key":key});
    let all = [a.clone(), b.clone(), c.clone()];
    assert_eq!(kms(&all, &default(RIGHT)).0, Enforcement::Enforced);
    assert_eq!(kms(&all, &default(WRONG)).0, Enforcement::HeaderOnly);
    assert_eq!(kms(&all, &json!({})).0, Enforcement::HeaderOnly);
    for missing in [[a.clone(), b.clone()], [a, c]] {
        assert_eq!(kms(&missing, &default(RIGHT)).0, Enforcement::HeaderOnly);
    }
}

#[test]
fn a_pattern_that_another_key_fits_pins_none() {
    let (stem, id) = RIGHT.rsplit_once('/').unwrap();
    for (operator, pattern) in [
        ("StringNotLike", format!("arn:aws:kms:*:*:key/{id}")),
        ("StringNotLike", format!("{stem}/1111*")),
        ("StringNotLike", format!("{stem}/11111111-2222-3333-4444-55555555555?")),
        ("ArnNotLike", format!("arn:aws:kms:*:111122223333:key/{id}")),
        ("ArnNotEquals", format!("arn:*:kms:eu-west-1:111122223333:key/{id}")),
        ("StringNotLike", format!("*{id}")),
    ] {
        let (enforced, codes) = kms(&[json!({operator:{K:[RIGHT, pattern]}})], &json!({}));
        assert_eq!(enforced, Enforcement::Partial, "{operator} {pattern}");
        assert!(codes.contains(&"kms-key-not-pinned".to_owned()), "{pattern}: {codes:?}");
    }
}

#[test]
fn a_key_that_is_not_the_required_one_is_pinned_for_nothing_but_forces_kms() {
    for condition in [
        json!({"StringNotEquals":{K:WRONG}}),
        json!({"StringNotLike":{K:"arn:aws:kms:eu-west-1:222233334444:key/*"}}),
    ] {
        let (enforced, codes) = kms(std::slice::from_ref(&condition), &json!({}));
        assert_eq!(enforced, Enforcement::Partial, "{condition}");
        assert!(codes.contains(&"kms-key-not-pinned".to_owned()), "{condition}: {codes:?}");
    }
}

#[test]
fn a_deny_that_no_upload_meets_enforces_nothing() {
    let changes: [fn(&mut Value); 3] = [
        |it| drop(it.as_object_mut().unwrap().remove("Principal")),
        |it| it["Principal"] = json!({"AWS":"AROACKCEVSQ6C2EXAMPLE"}),
        |it| it["Resource"] = json!("arn:aws:s3:::amzn-s3-demo-bucket"),
    ];
    for change in changes {
        let mut deny = json!({"Effect":"Deny","Principal":"*","Action":"s3:PutObject",
            "Resource":"arn:aws:s3:::amzn-s3-demo-bucket/*","Condition":pin("StringNotEquals")});
        change(&mut deny);
        let (enforced, codes) = judged(&json!([deny]), &json!({}));
        assert_eq!(enforced, Enforcement::None, "{deny}: {codes:?}");
    }
}

#[test]
fn what_gets_through_decides_and_not_how_it_is_written() {
    use Enforcement::{Enforced, HeaderOnly, None, Partial};
    let any = RIGHT.rsplit_once('/').unwrap().0.to_owned() + "/*";
    let with_null =
        |operator: &str, values: &Value| json!({operator:{K:values},"Null":{K:"false"}});
    for (condition, kms_expected, expected) in [
        // Another algorithm of KMS, or none at all, passes with any key.
        (
            json!({"StringEquals":{E:"aws:kms"},"StringNotEquals":{K:RIGHT}}),
            Partial,
            &["kms-deny-narrowed"][..],
        ),
        (
            json!({"StringEquals":{E:"aws:kms:dsse"},"ArnNotEquals":{K:RIGHT}}),
            Partial,
            &["kms-deny-narrowed"],
        ),
        (
            json!({"StringEquals":{E:["aws:kms","aws:kms:dsse"]},"StringNotEquals":{K:RIGHT}}),
            HeaderOnly,
            &["kms-header-only"],
        ),
        (
            json!({"StringLike":{E:"aws:kms*"},"StringNotEquals":{K:RIGHT}}),
            HeaderOnly,
            &["kms-header-only"],
        ),
        // Only what S3 encrypts with its own keys passes.
        (json!({"StringNotEquals":{E:"AES256",K:RIGHT}}), HeaderOnly, &["kms-header-only"]),
        (json!({"StringNotEquals":{E:"aws:kms",K:WRONG}}), Partial, &["kms-and-bug"]),
        (json!({"StringNotEquals":{E:"aws:kms",K:"alias/data"}}), Partial, &["kms-and-bug"]),
        // Two keys pass, and every upload that names none.
        (with_null("StringNotEquals", &json!([RIGHT, WRONG])), Partial, &["kms-key-not-pinned"]),
        (with_null("StringNotEquals", &json!(WRONG)), Partial, &["kms-key-not-pinned"]),
        (with_null("StringNotLike", &json!(any)), Partial, &["kms-key-not-pinned"]),
        (
            json!({"ForAnyValue:StringNotEquals":{K:[RIGHT, WRONG]}}),
            Partial,
            &["kms-key-not-pinned"],
        ),
        // A star that is compared as a character equals no key, so every upload is refused.
        (json!({"StringNotEquals":{K:any}}), None, &["kms-key-not-arn", "kms-not-enforced"]),
        (json!({"StringNotEquals":{K:"*"}}), None, &["kms-key-not-arn", "kms-not-enforced"]),
        (json!({"StringNotEquals":{K:[RIGHT, any]}}), Enforced, &[]),
    ] {
        let (kms, codes) = kms(std::slice::from_ref(&condition), &json!({}));
        assert_eq!(
            (kms, codes),
            (kms_expected, expected.iter().map(|it| (*it).to_owned()).collect()),
            "{condition}"
        );
    }
}

#[test]
fn a_deny_of_every_upload_is_told_beside_what_another_enforces() {
    let alias = json!({"StringNotEquals":{K:"alias/data"}});
    let (kms, codes) = kms(&[json!({"StringNotEquals":{E:"aws:kms"}}), alias], &json!({}));
    assert_eq!(
        (kms, codes),
        (Enforcement::Partial, vec!["kms-key-not-arn".to_owned(), "kms-key-not-pinned".to_owned()])
    );
}
