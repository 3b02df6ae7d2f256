//! Has it stopped enforcing TLS and the key? What is asked for, what is put back, what is left alone.

use model::Status;

use super::*;
use crate::s3_bucket_policy::state::PolicyState;

const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const OTHER: &str = "arn:aws:kms:eu-west-1:111122223333:key/99999999-8888-7777-6666-555555555555";
const K: &str = "s3:x-amz-server-side-encryption-aws-kms-key-id";

fn tls() -> Value {
    json!({"Sid": "TlsOnly", "Effect": "Deny", "Principal": "*", "Action": "s3:*",
        "Resource": [ARN, OBJECTS], "Condition": {"Bool": {"aws:SecureTransport": "false"}}})
}

fn pinned(key: &str) -> Value {
    json!({"Sid": "OurKey", "Effect": "Deny", "Principal": "*", "Action": "s3:PutObject",
        "Resource": OBJECTS, "Condition": {"StringNotEquals": {K: key}}})
}

fn nobody() -> Trust {
    Trust::default()
}

fn demanding_tls() -> Trust {
    Trust { require_tls: true, ..Trust::default() }
}

fn demanding_the_key() -> Trust {
    Trust { require_key_enforcement: true, kms_key_arn: Some(KEY.to_owned()), ..Trust::default() }
}

/// A live document where another was seen right before.
fn since(baseline: &Value, live: Option<&Value>) -> PolicyState {
    let remembered = PolicyState::of(Some(baseline.to_string()));
    let state = PolicyState::of(live.map(Value::to_string));
    S3BucketPolicy.recall(state, Remembered::Baseline(remembered))
}

fn found(state: &PolicyState, trust: &Trust) -> Vec<String> {
    assess(state, trust).into_iter().map(|finding| finding.code).collect()
}

/// The one finding, and what its remedy leaves.
fn mended(state: &PolicyState, trust: &Trust) -> (String, Value) {
    let findings = assess(state, trust);
    let [finding] = findings.as_slice() else { panic!("{findings:?}") };
    let [remedy] = finding.remedies.as_slice() else { panic!("{finding:?}") };
    (finding.code.clone(), after(remedy))
}

/// The one finding's reason for having no remedy.
fn held(state: &PolicyState, trust: &Trust, code: &str) -> String {
    let findings = assess(state, trust);
    let finding = findings.iter().find(|finding| finding.code == code).unwrap();
    assert!(finding.remedies.is_empty(), "{finding:?}");
    finding.held_back.clone().unwrap()
}

#[test]
fn nothing_is_asked_of_a_policy_of_which_nobody_asks_it() {
    for state in [PolicyState::of(None), live(&document(json!([own()])))] {
        assert_eq!(assess(&state, &nobody()), []);
    }
    let never = since(&document(json!([own()])), None);
    assert_eq!(assess(&never, &nobody()), [], "the policy before enforced nothing either");
}

#[test]
fn of_a_deleted_policy_what_enforced_comes_back_and_no_grant_does() {
    let before = document(json!([own(), tls()]));
    let (code, after) = mended(&since(&before, None), &nobody());
    assert_eq!((code.as_str(), after), ("tls-not-enforced", document(json!([tls()]))));
}

#[test]
fn a_deleted_policy_with_which_something_was_wrong_gives_back_only_what_enforced() {
    let before = document(json!([stranger(), tls()]));
    let (_, after) = mended(&since(&before, None), &nobody());
    assert_eq!(after, document(json!([tls()])));
}

#[test]
fn only_the_enforcing_statement_is_put_back_beside_what_stands_now() {
    let before = document(json!([own(), tls()]));
    let foreign = json!({"Sid": "Audit", "Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject", "Resource": OBJECTS});
    let now = document(json!([foreign, allow(json!({"AWS": "111122223333"}))]));
    let (code, after) = mended(&since(&before, Some(&now)), &nobody());
    assert_eq!(code, "tls-not-enforced");
    assert_eq!(after, document(json!([now["Statement"][0], now["Statement"][1], tls()])));
}

#[test]
fn a_statement_that_was_made_narrower_is_put_back_in_its_place() {
    let narrowings: [fn(&mut Value); 4] = [
        |it| it["Resource"] = json!(OBJECTS),
        |it| it["Resource"] = json!([ARN]),
        |it| it["Principal"] = json!({"AWS": "111122223333"}),
        |it| it["Condition"]["StringLike"] = json!({"aws:UserAgent": "curl*"}),
    ];
    let before = document(json!([tls(), own()]));
    for narrow in narrowings {
        let mut now = before.clone();
        narrow(&mut now["Statement"][0]);
        let (code, after) = mended(&since(&before, Some(&now)), &nobody());
        assert_eq!((code.as_str(), &after), ("tls-partially-enforced", &before), "{now}");
    }
}

#[test]
fn no_foreign_deny_is_lost_even_under_the_same_sid() {
    let before = document(json!([tls(), own()]));
    let mut foreign = tls();
    foreign["Action"] = json!("s3:DeleteObject");
    foreign["Condition"] = json!({"Null": {"aws:PrincipalArn": "false"}});
    let now = document(json!([foreign]));
    let (_, after) = mended(&since(&before, Some(&now)), &nobody());
    let statements = after["Statement"].as_array().unwrap();
    assert_eq!(statements[0], foreign);
    assert_eq!(statements[1]["Sid"], "TlsOnly2");
    assert_eq!(statements[1]["Condition"], tls()["Condition"]);
}

#[test]
fn what_the_trust_file_demands_is_added_as_small_as_can_be() {
    let (code, after) = mended(&PolicyState::of(None), &demanding_tls());
    assert_eq!(code, "tls-not-enforced");
    let mut smallest = tls();
    smallest["Sid"] = json!("SnapbackTls");
    assert_eq!(after, document(json!([smallest])));
    let single = json!({"Version": "2008-10-17", "Id": "x", "Statement": own()});
    let (_, after) = mended(&live(&single), &demanding_tls());
    assert_eq!(after, json!({"Version": "2008-10-17", "Id": "x", "Statement": [own(), smallest]}));
}

#[test]
fn one_that_enforces_in_its_own_words_is_left_alone() {
    let mut other_words = tls();
    other_words["Resource"] = json!("*");
    other_words["Condition"] = json!({"NumericLessThanIfExists": {"s3:TlsVersion": "1.2"}});
    let state = since(&document(json!([tls()])), Some(&document(json!([other_words]))));
    assert_eq!(assess(&state, &demanding_tls()), []);
}

#[test]
fn a_new_bucket_is_found_where_tls_is_demanded_and_not_elsewhere() {
    let made = record(S3, "CreateBucket", json!({"bucketName": BUCKET}));
    let judged = judged_by(&S3BucketPolicy, &made, &demanding_tls());
    assert_eq!(judged.findings[0].code, "tls-not-enforced");
    assert_eq!(judge(&made).status, Status::Clean);
}

#[test]
fn an_inverted_deny_is_left_to_people_and_never_made_a_lockout() {
    let mut inverted = tls();
    inverted["Condition"] = json!({"Bool": {"aws:SecureTransport": "true"}});
    let state = since(&document(json!([tls()])), Some(&document(json!([inverted]))));
    assert_eq!(found(&state, &nobody()), ["tls-deny-inverted", "tls-not-enforced"]);
    assert!(held(&state, &nobody(), "tls-deny-inverted").contains("Deny"));
    assert!(held(&state, &nobody(), "tls-not-enforced").contains("nobody"));
}

#[test]
fn a_policy_that_would_be_too_large_is_left_to_people() {
    let mut long = own();
    long["Resource"] =
        json!((0..600).map(|n| format!("{ARN}/folder-{n:04}/*")).collect::<Vec<_>>());
    let state = live(&document(json!([long])));
    assert!(held(&state, &demanding_tls(), "tls-not-enforced").contains("20 KB"));
}

#[test]
fn the_very_key_is_asked_for() {
    let before = document(json!([pinned(KEY)]));
    let now = document(json!([own()]));
    let findings = assess(&since(&before, Some(&now)), &nobody());
    assert!(findings[0].code.starts_with("kms-"), "{findings:?}");
    let mended = after(&findings[0].remedies[0]);
    assert!(found(&since(&before, Some(&mended)), &nobody()).is_empty(), "{mended}");
    assert!(mended["Statement"].as_array().unwrap().contains(&now["Statement"][0]), "{mended}");
    let trusted = Trust { allowed_kms_keys: [OTHER.to_owned()].into(), ..Trust::default() };
    let moved = since(&before, Some(&document(json!([pinned(OTHER)]))));
    assert_eq!(assess(&moved, &trusted), [], "a key of ours is as good");
}

#[test]
fn a_key_is_never_demanded_beside_a_deny_that_demands_another() {
    let before = document(json!([pinned(KEY)]));
    let mut only_s3 = pinned(KEY);
    only_s3["Condition"] =
        json!({"StringNotEquals": {"s3:x-amz-server-side-encryption": "AES256"}});
    for standing in [pinned(OTHER), only_s3] {
        let now = document(json!([standing]));
        for (state, trust) in
            [(since(&before, Some(&now)), nobody()), (live(&now), demanding_the_key())]
        {
            let findings = assess(&state, &trust);
            assert!(findings[0].code.starts_with("kms-"), "{findings:?}");
            assert!(findings.iter().all(|finding| finding.remedies.is_empty()), "{findings:?}");
            let reason = findings[0].held_back.as_deref().unwrap();
            assert!(reason.contains("no upload might be left"), "{reason}");
        }
    }
}

#[test]
fn a_set_that_lets_the_buckets_default_apply_may_not_lose_a_part() {
    let deny = |sid: &str, condition: Value| {
        let mut deny = pinned(KEY);
        deny["Sid"] = json!(sid);
        deny["Condition"] = condition;
        deny
    };
    let set = [
        deny("a", json!({"StringNotEquals": {K: KEY}, "Null": {K: "false"}})),
        deny("b", json!({"Null": {"s3:x-amz-server-side-encryption": "false", K: "true"}})),
        deny("c", json!({"Null": {"s3:x-amz-server-side-encryption-customer-algorithm": "false"}})),
    ];
    let before = document(json!(set));
    assert_eq!(assess(&since(&before, Some(&before)), &nobody()), []);
    assert_eq!(assess(&live(&before), &demanding_the_key()), []);
    for lost in 0..set.len() {
        let left: Vec<&Value> =
            set.iter().enumerate().filter(|(n, _)| *n != lost).map(|(_, it)| it).collect();
        let state = since(&before, Some(&document(json!(left))));
        let (code, after) = mended(&state, &nobody());
        assert!(code.starts_with("kms-"), "{code}");
        let put_back = after["Statement"].as_array().unwrap();
        assert!(set.iter().all(|one| put_back.contains(one)) && put_back.len() == 3, "{after}");
    }
}

#[test]
fn a_key_that_the_trust_file_demands_is_pinned_and_clients_of_the_default_are_not_broken() {
    let (code, after) = mended(&live(&document(json!([own()]))), &demanding_the_key());
    assert_eq!(code, "kms-not-enforced");
    let sids: Vec<&str> =
        after["Statement"].as_array().unwrap().iter().filter_map(|it| it["Sid"].as_str()).collect();
    assert_eq!(sids, ["SnapbackKey", "SnapbackKeyNamed", "SnapbackKeyCustomers"]);
    assert_eq!(after["Statement"][1]["Condition"]["StringNotEquals"][K], KEY);
    assert_eq!(after["Statement"][1]["Condition"]["Null"][K], "false");
    assert_eq!(assess(&live(&after), &demanding_the_key()), []);

    let elsewhere = Trust {
        kms_key_arn: None,
        required_kms_keys: [("logs-*".to_owned(), KEY.to_owned())].into(),
        ..demanding_the_key()
    };
    assert_eq!(assess(&live(&document(json!([own()]))), &elsewhere), [], "no key for this bucket");
}

#[test]
fn a_deny_that_means_something_else_is_told_and_left() {
    let positive = with(pinned(KEY), "Condition", json!({"StringEquals": {K: KEY}}));
    let state = live(&document(json!([positive])));
    assert!(!found(&state, &demanding_the_key()).is_empty());
    assert!(held(&state, &demanding_the_key(), "kms-not-enforced-positive-deny").contains("Deny"));
}

#[test]
fn only_what_enforces_something_is_worth_remembering() {
    let kept = |statements: Value| {
        let mut state = live(&document(statements));
        state.baseline = Some("{}".to_owned());
        S3BucketPolicy.baseline(&a_bucket(), &state)
    };
    assert_eq!(kept(json!([own()])), None);
    assert_eq!(S3BucketPolicy.baseline(&a_bucket(), &PolicyState::of(None)), None);
    for statement in [tls(), pinned(KEY)] {
        let kept = kept(json!([own(), statement])).unwrap();
        assert_eq!((kept.block, kept.baseline), (None, None));
        let document: Value = serde_json::from_str(&kept.document.unwrap()).unwrap();
        assert_eq!(document["Statement"][1], statement);
    }
}

#[test]
fn a_finding_says_what_was_asked_and_by_whom() {
    let findings = assess(&since(&document(json!([tls()])), None), &nobody());
    let evidence = &findings[0].evidence;
    assert_eq!(
        (&evidence["enforced"], &evidence["required"]),
        (&json!("none"), &json!("enforced"))
    );
    assert_eq!(evidence["required_by"], "the policy that was last seen right");
    let findings = assess(&PolicyState::of(None), &demanding_tls());
    assert_eq!(findings[0].evidence["required_by"], "the trust file");
}

#[test]
fn a_baseline_is_supplied_beside_the_state() {
    let responses = json!({"GetBucketPolicy": {},
        "Baseline": {"GetBucketPolicy": {"Policy": document(json!([tls()])).to_string()}}});
    let states = Given::one(ARN, responses);
    let judged = AnyControl::judge(&S3BucketPolicy, &event(&deleted()), &states, &nobody());
    assert_eq!(judged.findings[0].code, "tls-not-enforced");
}
