//! What a Deny takes back: from named strangers, from services, from vendors without an id, from
//! people without MFA.

use serde_json::{Value, json};

use crate::{Context, Exposure, Kind, Verdict, inspect};

const OWN: &str = "111122223333";
const FRIEND: &str = "444455556666";
const VENDOR: &str = "777788889999";
const STRANGER: &str = "222233334444";
const ORG: &str = "o-a1b2c3d4e5";

fn judged(kind: Kind, statements: &Value) -> Verdict {
    let context = json!({"account_id": OWN, "org_id": ORG, "trusted_accounts": [FRIEND],
        "third_party_accounts": [VENDOR], "require_mfa": true});
    let document = json!({"Version":"2012-10-17","Statement":statements});
    inspect(kind, &document, &Context::from_json(&context).unwrap())
}

fn codes(verdict: &Verdict) -> Vec<&str> {
    verdict.codes().into_iter().collect()
}

fn root(account: &str) -> Value {
    json!({"AWS": format!("arn:aws:iam::{account}:root")})
}

/// A statement with some members changed.
fn with(base: &Value, change: &Value) -> Value {
    let mut changed = base.clone();
    for (key, value) in change.as_object().unwrap() {
        changed[key] = value.clone();
        if let Some(plain) = key.strip_prefix("Not") {
            changed.as_object_mut().unwrap().shift_remove(plain);
        }
    }
    changed
}

fn read(principal: &Value) -> Value {
    json!({"Effect":"Allow","Principal":principal,"Action":["s3:GetObject","s3:PutObject"],
        "Resource":"arn:aws:s3:::amzn-s3-demo-bucket/*"})
}

fn deny() -> Value {
    json!({"Effect":"Deny","Principal":"*","Action":"s3:*",
        "Resource":["arn:aws:s3:::amzn-s3-demo-bucket","arn:aws:s3:::amzn-s3-demo-bucket/*"]})
}

fn assume(principal: &Value) -> Value {
    json!({"Effect":"Allow","Principal":principal,"Action":"sts:AssumeRole"})
}

fn deny_role(condition: &Value) -> Value {
    json!({"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole","Condition":condition})
}

#[test]
fn a_deny_takes_back_what_is_granted_to_a_stranger_by_name() {
    let user = format!("arn:aws:iam::{STRANGER}:user/anna");
    let on = |operator: &str, key: &str, value: &str| json!({"Condition":{operator:{key:value}}});
    for (change, left) in [
        (json!({}), Exposure::Nobody),
        (json!({"Principal":root(STRANGER)}), Exposure::Nobody),
        (json!({"Principal":{"AWS":STRANGER}}), Exposure::Nobody),
        (json!({"Principal":{"AWS":user}}), Exposure::Nobody),
        (json!({"NotPrincipal":root(OWN)}), Exposure::Nobody),
        (json!({"NotAction":"s3:ListBucket"}), Exposure::Nobody),
        (on("StringNotEquals", "aws:PrincipalAccount", OWN), Exposure::Nobody),
        (on("StringNotEqualsIfExists", "aws:PrincipalAccount", FRIEND), Exposure::Nobody),
        (on("StringEquals", "aws:PrincipalAccount", STRANGER), Exposure::Nobody),
        (on("ArnNotLike", "aws:PrincipalArn", "arn:aws:iam::111122223333:*"), Exposure::Nobody),
        (on("StringNotEquals", "aws:PrincipalOrgID", ORG), Exposure::Organization),
        (on("Bool", "aws:PrincipalIsAWSService", "false"), Exposure::Nobody),
        (
            json!({"Condition":{"StringNotEqualsIfExists":{"aws:PrincipalOrgID":ORG},
                "BoolIfExists":{"aws:PrincipalIsAWSService":"false"}}}),
            Exposure::Organization,
        ),
    ] {
        let verdict = judged(
            Kind::BucketPolicy,
            &json!([read(&json!({"AWS":user})), with(&deny(), &change)]),
        );
        assert_eq!((codes(&verdict), verdict.exposure), (vec![], left), "{change}");
        assert!(verdict.cross_account.is_empty(), "{change}");
    }
    for change in [
        json!({"Action":"s3:GetObject"}),
        json!({"Resource":"arn:aws:s3:::amzn-s3-demo-bucket"}),
        json!({"Principal":root(FRIEND)}),
        json!({"Principal":{"AWS":format!("arn:aws:iam::{STRANGER}:user/eve")}}),
        json!({"Principal":{"AWS":"arn:aws:iam::*:root"}}),
        json!({"Principal":{"Service":"s3.amazonaws.com"}}),
        json!({"NotPrincipal":root(STRANGER)}),
        json!({"NotPrincipal":{"AWS":user}}),
        json!({"NotPrincipal":{"CanonicalUser":"79a59df900b949e55d96a1e698fbaced"}}),
        on("StringNotEquals", "aws:PrincipalAccount", STRANGER),
        on("StringNotEquals", "aws:PrincipalAccount", "${aws:PrincipalTag/home}"),
        on("StringEquals", "aws:PrincipalAccount", FRIEND),
        on("ArnNotLike", "aws:PrincipalArn", "arn:aws:iam::222233334444:user/a*"),
        on("StringNotEquals", "aws:PrincipalOrgID", "o-theirs"),
        on("ForAnyValue:StringNotEquals", "aws:PrincipalOrgID", ORG),
        on("StringNotEquals", "aws:SourceVpce", "vpce-1"),
        on("NotIpAddress", "aws:SourceIp", "203.0.113.0/24"),
        on("Bool", "aws:SecureTransport", "false"),
        on("StringNotEquals", "aws:userid", "AIDAEXAMPLE1111111111"),
        on("Bool", "aws:PrincipalIsAWSService", "true"),
        on("StringSimilar", "aws:PrincipalAccount", OWN),
    ] {
        let verdict = judged(
            Kind::BucketPolicy,
            &json!([read(&json!({"AWS":user})), with(&deny(), &change)]),
        );
        assert_eq!(verdict.cross_account, [STRANGER], "{change}");
    }
}

#[test]
fn denies_on_an_account_take_back_only_what_is_of_it() {
    let by_account = [
        read(&root(STRANGER)),
        with(
            &deny(),
            &json!({"Principal":{"AWS":
        format!("arn:aws:iam::{STRANGER}:user/anna")}}),
        ),
    ];
    assert_eq!(judged(Kind::BucketPolicy, &json!(by_account)).cross_account, [STRANGER]);
    let halves = ["s3:Get*", "s3:Put*"].map(|action| with(&deny(), &json!({"Action":action})));
    let shared = json!([read(&root(STRANGER)), halves[0], halves[1]]);
    assert!(judged(Kind::BucketPolicy, &shared).cross_account.is_empty());
    assert_eq!(
        judged(Kind::BucketPolicy, &json!([read(&root(STRANGER)), halves[0]])).cross_account,
        [STRANGER]
    );
}

#[test]
fn a_canonical_user_is_kept_out_by_a_deny_on_all_who_are_not_trusted() {
    let canonical = read(&json!({"CanonicalUser":"79a59df900b949e55d96a1e698fbaced"}));
    for (condition, closed) in [
        (json!({}), true),
        (json!({"StringNotEquals":{"aws:PrincipalAccount":OWN}}), true),
        (json!({"StringNotEquals":{"aws:PrincipalOrgID":ORG}}), true),
        (json!({"StringNotEquals":{"aws:PrincipalAccount":STRANGER}}), false),
        (json!({"StringNotEquals":{"aws:SourceVpc":"vpc-1"}}), false),
    ] {
        let denied = with(&deny(), &json!({"Condition":condition}));
        let verdict = judged(Kind::BucketPolicy, &json!([canonical, denied]));
        assert_eq!(verdict.findings.is_empty(), closed, "{condition}");
        assert_eq!(verdict.cross_account.is_empty(), closed, "{condition}");
    }
}

#[test]
fn a_deny_keeps_a_stranger_out_of_a_role() {
    let stranger = assume(&root(STRANGER));
    for (condition, found) in [
        (json!({}), false),
        (json!({"StringNotEquals":{"aws:PrincipalAccount":[OWN,FRIEND]}}), false),
        (json!({"StringNotEquals":{"aws:PrincipalOrgID":ORG}}), false),
        (json!({"StringNotEquals":{"aws:PrincipalOrgID":"${aws:ResourceOrgID}"}}), false),
        (json!({"StringNotEquals":{"sts:ExternalId":"7f3a"}}), true),
        (json!({"StringNotEquals":{"aws:PrincipalAccount":STRANGER}}), true),
    ] {
        let verdict = judged(Kind::TrustPolicy, &json!([stranger, deny_role(&condition)]));
        assert_eq!(codes(&verdict).contains(&"untrusted-account"), found, "{condition}");
        assert_eq!(verdict.cross_account.is_empty(), !found, "{condition}");
    }
}

#[test]
fn an_external_id_may_be_asked_by_a_deny_on_the_vendor() {
    let id = json!({"StringNotEquals":{"sts:ExternalId":"7f3a"}});
    for (principal, condition, expected) in [
        (json!("*"), id.clone(), None),
        (root(VENDOR), id.clone(), None),
        (json!({"AWS":VENDOR}), id.clone(), None),
        (json!({"AWS":[OWN, VENDOR]}), id.clone(), None),
        (root(FRIEND), id.clone(), Some("missing-external-id")),
        (json!({"Service":"sns.amazonaws.com"}), id, Some("missing-external-id")),
        (
            json!("*"),
            json!({"StringNotEquals":{"sts:ExternalId":"7f3a"},"Bool":{"aws:PrincipalIsAWSService":"false"}}),
            None,
        ),
        (
            json!("*"),
            json!({"StringNotEquals":{"sts:ExternalId":"7f3a"},"StringEquals":{"aws:PrincipalAccount":VENDOR}}),
            None,
        ),
        (
            json!("*"),
            json!({"StringNotEquals":{"sts:ExternalId":"7f3a"},"StringEquals":{"aws:PrincipalAccount":FRIEND}}),
            Some("missing-external-id"),
        ),
        (json!("*"), json!({"Null":{"sts:ExternalId":"true"}}), Some("weak-external-id")),
        (json!("*"), json!({"StringNotLike":{"sts:ExternalId":"*"}}), Some("weak-external-id")),
    ] {
        let denied = with(&deny_role(&condition), &json!({"Principal":principal}));
        let verdict = judged(Kind::TrustPolicy, &json!([assume(&root(VENDOR)), denied]));
        assert_eq!(codes(&verdict), Vec::from_iter(expected), "{principal} {condition}");
    }
}

#[test]
fn a_service_may_be_told_for_whom_it_acts_by_a_deny() {
    let on = |operator: &str, key: &str, value: &str| json!({operator:{key:value}});
    for (condition, expected) in [
        (on("StringNotEquals", "aws:SourceAccount", OWN), None),
        (on("StringNotEqualsIfExists", "aws:SourceAccount", FRIEND), None),
        (on("ArnNotLike", "aws:SourceArn", "arn:aws:sns:*:111122223333:*"), None),
        (on("StringNotEquals", "aws:SourceOrgID", ORG), None),
        (
            json!({"StringNotEquals":{"aws:SourceAccount":OWN},"Bool":{"aws:PrincipalIsAWSService":"true"}}),
            None,
        ),
        (
            json!({"StringNotEquals":{"aws:SourceAccount":OWN},"Null":{"aws:SourceAccount":"false"}}),
            Some("service-confused-deputy"),
        ),
        (
            json!({"StringNotEquals":{"aws:SourceAccount":OWN},"Bool":{"aws:PrincipalIsAWSService":"false"}}),
            Some("service-confused-deputy"),
        ),
        (on("StringEquals", "aws:SourceAccount", STRANGER), Some("service-confused-deputy")),
        (
            on("ArnNotLike", "aws:SourceArn", "arn:aws:s3:::amzn-s3-demo-source"),
            Some("source-arn-without-account"),
        ),
        (on("Bool", "aws:SecureTransport", "false"), Some("service-confused-deputy")),
    ] {
        let service = json!({"Service":"sns.amazonaws.com"});
        let denied = with(&deny(), &json!({"Condition":condition}));
        let verdict = judged(Kind::BucketPolicy, &json!([read(&service), denied]));
        assert_eq!(codes(&verdict), Vec::from_iter(expected), "{condition}");
        let verdict = judged(Kind::TrustPolicy, &json!([assume(&service), deny_role(&condition)]));
        assert_eq!(codes(&verdict), Vec::from_iter(expected), "{condition}");
    }
    let elsewhere = with(
        &deny(),
        &json!({"Action":"s3:GetObject","Condition":{"StringNotEquals":{"aws:SourceAccount":OWN}}}),
    );
    let verdict = judged(
        Kind::BucketPolicy,
        &json!([read(&json!({"Service":"sns.amazonaws.com"})), elsewhere]),
    );
    assert_eq!(codes(&verdict), ["service-confused-deputy"]);
}

#[test]
fn a_deny_without_mfa_locks_out_whoever_has_none() {
    let strong = json!({"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}});
    let weak = json!({"Bool":{"aws:MultiFactorAuthPresent":"false"}});
    let people_only = json!({"BoolIfExists":{"aws:MultiFactorAuthPresent":"false","aws:PrincipalIsAWSService":"false"}});
    let service = json!({"Service":"ec2.amazonaws.com"});
    let role = json!({"AWS":format!("arn:aws:iam::{OWN}:role/ci")});
    let but_role = json!({"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"},
        "ArnNotLike":{"aws:PrincipalArn":format!("arn:aws:iam::{OWN}:role/*")}});
    for (principal, condition, expected) in [
        (&service, &strong, Some("mfa-on-service-principal")),
        (&service, &weak, None),
        (&service, &people_only, None),
        (&role, &strong, Some("mfa-on-role-principal")),
        (&role, &people_only, Some("mfa-on-role-principal")),
        (&role, &but_role, None),
    ] {
        let verdict = judged(Kind::TrustPolicy, &json!([assume(principal), deny_role(condition)]));
        assert_eq!(codes(&verdict), Vec::from_iter(expected), "{principal} {condition}");
    }
    let idp = json!({"Effect":"Allow","Principal":{"Federated":format!("arn:aws:iam::{OWN}:saml-provider/idp")},
        "Action":"sts:AssumeRoleWithSAML","Condition":{"StringEquals":{"SAML:aud":"https://signin.aws.amazon.com/saml"}}});
    for (action, expected) in
        [("sts:AssumeRole", None), ("sts:AssumeRole*", Some("mfa-on-federated-principal"))]
    {
        let denied = with(&deny_role(&strong), &json!({"Action":action}));
        let verdict = judged(Kind::TrustPolicy, &json!([idp, denied]));
        assert_eq!(codes(&verdict), Vec::from_iter(expected), "{action}");
    }
    let others = with(&deny_role(&strong), &json!({"Principal":root(OWN)}));
    assert_eq!(codes(&judged(Kind::TrustPolicy, &json!([assume(&service), others]))), [""; 0]);
}

#[test]
fn a_deny_without_mfa_may_spare_whoever_is_no_human() {
    let present = "aws:MultiFactorAuthPresent";
    let arn_not = |pattern: &str| json!({"BoolIfExists":{present:"false"},"ArnNotLike":{"aws:PrincipalArn":pattern}});
    for (condition, expected) in [
        (json!({"BoolIfExists":{present:"false","aws:PrincipalIsAWSService":"false"}}), None),
        (
            json!({"BoolIfExists":{present:"false"},"Bool":{"aws:PrincipalIsAWSService":"false"}}),
            None,
        ),
        (arn_not("arn:aws:iam::111122223333:role/*"), None),
        (arn_not("arn:aws:iam::111122223333:user/break-glass"), Some("mfa-missing")),
        (arn_not("arn:aws:iam::111122223333:*"), Some("mfa-missing")),
        (
            json!({"BoolIfExists":{present:"false"},"StringEquals":{"aws:PrincipalAccount":OWN}}),
            None,
        ),
        (
            json!({"BoolIfExists":{present:"false"},"StringNotEquals":{"aws:PrincipalAccount":OWN}}),
            Some("mfa-missing"),
        ),
        (
            json!({"BoolIfExists":{present:"false"},"Bool":{"aws:PrincipalIsAWSService":"true"}}),
            Some("mfa-missing"),
        ),
    ] {
        let verdict =
            judged(Kind::TrustPolicy, &json!([assume(&root(OWN)), deny_role(&condition)]));
        assert_eq!(codes(&verdict), Vec::from_iter(expected), "{condition}");
    }
    let spared = json!({"Effect":"Deny","NotPrincipal":{"AWS":format!("arn:aws:iam::{OWN}:user/break-glass")},
        "Action":"sts:AssumeRole","Condition":{"BoolIfExists":{present:"false"}}});
    let verdict = judged(Kind::TrustPolicy, &json!([assume(&root(OWN)), spared]));
    assert_eq!(codes(&verdict), ["mfa-missing"]);
}

#[test]
fn whoever_is_denied_altogether_is_asked_for_nothing() {
    for (principal, denied) in [
        (root(OWN), json!("*")),
        (root(OWN), json!({"AWS":OWN})),
        (root(VENDOR), root(VENDOR)),
        (root(FRIEND), json!({"AWS":[FRIEND, VENDOR]})),
    ] {
        let deny = with(&deny_role(&json!({})), &json!({"Principal":denied}));
        let verdict = judged(Kind::TrustPolicy, &json!([assume(&principal), deny]));
        assert_eq!((codes(&verdict), verdict.exposure), (vec![], Exposure::Nobody), "{principal}");
    }
}

#[test]
fn a_stranger_whom_a_condition_names_is_kept_out_by_a_deny_like_one_who_is_named() {
    let by = |key: &str| json!({"StringEquals":{key:[STRANGER, "333344445555"]}});
    for (key, denied, strangers) in [
        ("aws:PrincipalAccount", json!({"StringNotEquals":{"aws:PrincipalAccount":OWN}}), &[][..]),
        (
            "aws:PrincipalAccount",
            json!({"StringEquals":{"aws:PrincipalAccount":STRANGER}}),
            &["333344445555"],
        ),
        // Whoever calls through an account's network or on its behalf may be of another.
        (
            "aws:SourceAccount",
            json!({"StringEquals":{"aws:PrincipalAccount":STRANGER}}),
            &[STRANGER, "333344445555"],
        ),
        (
            "aws:VpceAccount",
            json!({"StringEquals":{"aws:PrincipalAccount":STRANGER}}),
            &[STRANGER, "333344445555"],
        ),
    ] {
        let allowed = with(&read(&json!("*")), &json!({"Condition":by(key)}));
        let deny = with(&deny(), &json!({"Condition":denied}));
        let verdict = judged(Kind::BucketPolicy, &json!([allowed, deny]));
        assert_eq!(verdict.cross_account, strangers, "{key} {denied}");
        assert_eq!(verdict.findings.is_empty(), strangers.is_empty(), "{key} {denied}");
    }
    let allowed = with(&assume(&json!("*")), &json!({"Condition":by("aws:PrincipalAccount")}));
    let deny = deny_role(&json!({"StringEquals":{"aws:PrincipalAccount":STRANGER}}));
    let verdict = judged(Kind::TrustPolicy, &json!([allowed, deny]));
    assert_eq!(verdict.cross_account, ["333344445555"]);
}
