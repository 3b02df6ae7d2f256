//! Resource documents: who is let in, rule by rule.

use serde_json::{Value, json};

use crate::{Context, Exposure, Kind, Verdict, inspect};

const OWN: &str = "111122223333";
const FRIEND: &str = "444455556666";
const STRANGER: &str = "222233334444";

fn context(more: &Value) -> Context {
    let base = json!({"account_id": OWN, "org_id": "o-a1b2c3d4e5", "trusted_accounts": [FRIEND]});
    Context::from_json(&base).unwrap().with_json(more).unwrap()
}

fn statement(principal: &Value, condition: &Value) -> Value {
    json!({"Effect":"Allow","Principal":principal,"Action":"s3:GetObject",
        "Resource":"arn:aws:s3:::amzn-s3-demo-bucket/*","Condition":condition})
}

fn judged(statements: &Value, more: &Value) -> Verdict {
    let document = json!({"Version":"2012-10-17","Statement":statements});
    inspect(Kind::BucketPolicy, &document, &context(more))
}

fn codes(verdict: &Verdict) -> Vec<&str> {
    verdict.codes().into_iter().collect()
}

#[test]
fn a_principal_is_weighed_by_what_restricts_it() {
    let star = json!("*");
    let root = |account: &str| json!({"AWS":format!("arn:aws:iam::{account}:root")});
    let service = json!({"Service":"cloudtrail.amazonaws.com"});
    let org = json!({"StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}});
    let stranger = json!({"StringEquals":{"aws:PrincipalAccount":STRANGER}});
    let source = |account: &str| json!({"StringEquals":{"aws:SourceAccount":account}});
    let none = json!({});
    for (principal, condition, expected, strangers, exposure) in [
        (&star, &none, &["public-statement"][..], &[][..], Exposure::Everyone),
        (&star, &org, &[], &[], Exposure::Organization),
        (&star, &stranger, &["cross-account-untrusted"], &[STRANGER], Exposure::Accounts),
        (&star, &source(OWN), &[], &[], Exposure::Account),
        (&star, &source(STRANGER), &["cross-account-untrusted"], &[STRANGER], Exposure::Accounts),
        (&root(OWN), &none, &[], &[], Exposure::Account),
        (&root(FRIEND), &none, &[], &[], Exposure::Accounts),
        (&root(STRANGER), &none, &["cross-account-untrusted"], &[STRANGER], Exposure::Accounts),
        (&root(STRANGER), &org, &[], &[], Exposure::Organization),
        (&root(OWN), &stranger, &[], &[], Exposure::Nobody),
        (&service, &none, &["service-confused-deputy"], &[], Exposure::Account),
        (&service, &source(OWN), &[], &[], Exposure::Account),
        (
            &service,
            &source(STRANGER),
            &["cross-account-untrusted"],
            &[STRANGER],
            Exposure::Accounts,
        ),
        (&json!({"Service":"*"}), &none, &["public-statement"], &[], Exposure::Everyone),
        (
            &json!({"AWS":"arn:aws:iam::*:root"}),
            &none,
            &["invalid-principal", "public-statement"],
            &[],
            Exposure::Everyone,
        ),
        (
            &json!({"AWS":"AIDACKCEVSQ6C2EXAMPLE"}),
            &none,
            &["deleted-principal"],
            &[],
            Exposure::Nobody,
        ),
        (
            &json!({"Federated":"www.amazon.com"}),
            &none,
            &["public-federated", "public-statement"],
            &[],
            Exposure::Everyone,
        ),
        (
            &json!({"CanonicalUser":"abc"}),
            &none,
            &["cross-account-untrusted"],
            &["canonical:abc"],
            Exposure::Accounts,
        ),
        (&json!({"AWS":[]}), &none, &["malformed-policy"], &[], Exposure::Nobody),
    ] {
        let verdict = judged(&json!(statement(principal, condition)), &none);
        assert_eq!(codes(&verdict), expected, "{principal} {condition}");
        assert_eq!(verdict.cross_account, strangers, "{principal} {condition}");
        assert_eq!(verdict.exposure, exposure, "{principal} {condition}");
        assert_eq!(verdict.public, exposure == Exposure::Everyone);
    }
}

#[test]
fn a_statement_without_a_principal_matches_nobody() {
    let verdict = judged(&json!([{"Effect":"Allow","Action":"s3:*","Resource":"*"}]), &json!({}));
    assert_eq!(codes(&verdict), ["malformed-policy"]);
    assert_eq!(verdict.exposure, Exposure::Nobody);
}

#[test]
fn not_principal_is_everyone_else() {
    let mut allow = statement(&json!("*"), &json!({}));
    let members = allow.as_object_mut().unwrap();
    members.shift_remove("Principal");
    members.insert("NotPrincipal".into(), json!({"AWS":STRANGER}));
    let verdict = judged(&json!([allow]), &json!({}));
    assert_eq!(codes(&verdict), ["allow-not-principal", "public-statement"]);
}

#[test]
fn networks_are_ours_unless_a_list_says_which() {
    let allow = statement(&json!("*"), &json!({"StringEquals":{"aws:SourceVpc":"vpc-1"}}));
    assert!(judged(&json!([allow]), &json!({})).findings.is_empty());
    assert!(judged(&json!([allow]), &json!({"trusted_vpcs":["vpc-1"]})).findings.is_empty());
    let other = judged(&json!([allow]), &json!({"trusted_vpcs":["vpc-2"]}));
    assert_eq!((codes(&other), other.public), (vec!["untrusted-network"], false));
    assert_eq!(other.cross_account, ["vpc:vpc-1"]);
}

#[test]
fn a_deny_that_closes_to_outsiders_mitigates_and_any_other_does_not() {
    let wide = statement(&json!("*"), &json!({}));
    let deny = |change: &Value| {
        let mut deny = json!({"Effect":"Deny","Principal":"*","Action":"s3:*",
            "Resource":["arn:aws:s3:::amzn-s3-demo-bucket","arn:aws:s3:::amzn-s3-demo-bucket/*"],
            "Condition":{"StringNotEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}});
        for (key, value) in change.as_object().unwrap() {
            deny[key] = value.clone();
        }
        judged(&json!([wide, deny]), &json!({}))
    };
    for (closing, left) in [
        (json!({}), Exposure::Organization),
        (json!({"Condition":{}}), Exposure::Nobody),
        (json!({"Action":"S3:get*"}), Exposure::Organization),
        (json!({"Resource":"*"}), Exposure::Organization),
        (
            json!({"Condition":{"StringNotEquals":{"aws:PrincipalAccount":OWN},"BoolIfExists":{"aws:PrincipalIsAWSService":"false"}}}),
            Exposure::Account,
        ),
    ] {
        let verdict = deny(&closing);
        assert!(
            verdict.public && verdict.mitigated_by_deny && !verdict.effective_public,
            "{closing}"
        );
        assert_eq!(codes(&verdict), ["public-mitigated-by-deny", "public-statement"]);
        assert_eq!(verdict.exposure, left, "{closing}");
    }
    for open in [
        json!({"Action":"s3:PutObject"}),
        json!({"Resource":"arn:aws:s3:::amzn-s3-demo-bucket"}),
        json!({"Resource":"arn:aws:s3:::amzn-s3-demo-bucket/private/*"}),
        json!({"Principal":{"AWS":STRANGER}}),
        json!({"Condition":{"Bool":{"aws:PrincipalIsAWSService":"false"}}}),
        json!({"Condition":{"Null":{"aws:PrincipalOrgID":"true"}}}),
        json!({"Condition":{"NotIpAddress":{"aws:SourceIp":"0.0.0.0/0"}}}),
    ] {
        let verdict = deny(&open);
        assert!(verdict.effective_public && !verdict.mitigated_by_deny, "{open}");
        assert_eq!(verdict.exposure, Exposure::Everyone);
    }
}

#[test]
fn several_denies_share_the_closing() {
    let mut wide = statement(&json!("*"), &json!({}));
    wide["Action"] = json!(["s3:GetObject", "s3:PutObject"]);
    let deny = |action: &str| json!({"Effect":"Deny","Principal":"*","Action":action,"Resource":"*","Condition":{"StringNotEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}});
    assert!(judged(&json!([wide, deny("s3:Get*"), deny("s3:Put*")]), &json!({})).mitigated_by_deny);
    assert!(!judged(&json!([wide, deny("s3:Get*")]), &json!({})).mitigated_by_deny);
}

#[test]
fn restricted_buckets_are_public_without_effect() {
    let wide = statement(&json!("*"), &json!({}));
    let block = json!({"public_access_block":{"RestrictPublicBuckets":true}});
    let verdict = judged(&json!([wide]), &block);
    assert!(verdict.public && !verdict.effective_public);
    let only_new = json!({"public_access_block":{"BlockPublicPolicy":true}});
    assert!(judged(&json!([wide]), &only_new).effective_public);
}

#[test]
fn access_points_with_vpc_origin_are_never_public() {
    let wide = statement(&json!("*"), &json!({}));
    assert!(!judged(&json!([wide]), &json!({"policy_mode":"vpc-access-point"})).public);
    assert!(judged(&json!([wide]), &json!({"policy_mode":"access-point"})).public);
}

#[test]
fn keys_topics_and_functions_are_judged_by_the_same_rules() {
    let judged = |kind, statement: Value| {
        inspect(
            kind,
            &json!({"Version":"2012-10-17","Statement":[statement]}),
            &context(&json!({})),
        )
    };
    let key = |condition: Value| json!({"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*","Condition":condition});
    let via = json!({"kms:ViaService":"s3.eu-west-1.amazonaws.com"});
    assert!(judged(Kind::KmsPolicy, key(json!({"StringEquals":via}))).public);
    let mut both = via.clone();
    both["kms:CallerAccount"] = json!(OWN);
    assert!(judged(Kind::KmsPolicy, key(json!({"StringEquals":both}))).findings.is_empty());
    let topic = |owner: &str| json!({"Effect":"Allow","Principal":{"AWS":"*"},"Action":"SNS:Publish","Resource":"*","Condition":{"StringEquals":{"AWS:SourceOwner":owner}}});
    assert!(judged(Kind::ResourcePolicy, topic(OWN)).findings.is_empty());
    assert_eq!(judged(Kind::ResourcePolicy, topic(STRANGER)).cross_account, [STRANGER]);
    let url = json!({"Effect":"Allow","Principal":"*","Action":"lambda:InvokeFunctionUrl","Resource":"*","Condition":{"StringEquals":{"lambda:FunctionUrlAuthType":"NONE"}}});
    assert!(judged(Kind::ResourcePolicy, url).public);
}

#[test]
fn each_finding_says_which_part_made_it() {
    let mut allow = statement(
        &json!({"AWS":["*", STRANGER]}),
        &json!({"StringSimilar":{"aws:PrincipalOrgID":"o-a"}}),
    );
    allow["Sid"] = json!("Wide");
    let verdict = judged(
        &json!([{"Effect":"Deny","Principal":"*","Action":"s3:Put*","Resource":"*"}, allow]),
        &json!({}),
    );
    let public = verdict.findings.iter().find(|one| one.code == "public-statement").unwrap();
    assert_eq!(
        (public.statement, public.sid.as_deref(), public.principal.as_deref()),
        (Some(1), Some("Wide"), Some("*"))
    );
    let unknown = verdict.findings.iter().find(|one| one.code == "unknown-operator").unwrap();
    assert_eq!(unknown.condition.as_deref(), Some("StringSimilar aws:PrincipalOrgID o-a"));
}

#[test]
fn what_cannot_be_read_is_unclear_and_never_silent() {
    for statement in [
        json!({"Effect":"Perhaps","Principal":"*","Action":"s3:*","Resource":"*"}),
        json!({"Effect":"Allow","Principal":{"AWS":{"x":1}},"Action":"s3:*","Resource":"*"}),
        json!("Allow everyone"),
    ] {
        let verdict = judged(&json!([statement]), &json!({}));
        assert!(verdict.codes().contains("malformed-policy"), "{statement}");
        assert_eq!(verdict.exposure, Exposure::Unclear, "{statement}");
        assert!(!verdict.is_certain());
    }
    let text = inspect(Kind::BucketPolicy, "{\"Statement\": oops}", &context(&json!({})));
    assert!(text.error.unwrap().contains("$.Statement"));
}

#[test]
fn an_arn_without_an_account_beside_one_of_ours_says_too_little() {
    let own = format!("arn:aws:sns:us-east-1:{OWN}:b");
    let sources = json!({"ArnEquals":{"aws:SourceArn":["arn:aws:s3:::amzn-s3-demo-logs", own]}});
    let mut both = sources.clone();
    both["StringEquals"] = json!({"aws:SourceAccount":OWN});
    for principal in [json!("*"), json!({"Service":"s3.amazonaws.com"})] {
        let verdict = judged(&json!([statement(&principal, &sources)]), &json!({}));
        assert_eq!(codes(&verdict), ["source-arn-without-account"], "{principal}");
        let verdict = judged(&json!([statement(&principal, &both)]), &json!({}));
        assert_eq!(codes(&verdict), [""; 0], "{principal}");
    }
}

#[test]
fn keys_that_every_request_has_need_no_guard() {
    let condition = json!({"ForAllValues:StringEquals":{"aws:PrincipalAccount":OWN}});
    let verdict = judged(&json!([statement(&json!("*"), &condition)]), &json!({}));
    assert_eq!((verdict.public, codes(&verdict)), (false, vec![]));
}

#[test]
fn a_deny_of_everyone_but_somebody_in_particular_closes() {
    for excepted in [
        json!({"AWS":"arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1EXAMPLE"}),
        json!({"Service":"cloudfront.amazonaws.com"}),
        json!({"AWS":[format!("arn:aws:iam::{OWN}:root"), "AROACKCEVSQ6C2EXAMPLE"]}),
    ] {
        let deny = json!({"Effect":"Deny","NotPrincipal":excepted,"Action":"s3:*",
            "Resource":["arn:aws:s3:::amzn-s3-demo-bucket","arn:aws:s3:::amzn-s3-demo-bucket/*"]});
        let allow = statement(&json!("*"), &json!({}));
        let verdict = judged(&json!([allow, deny]), &json!({}));
        assert!(verdict.mitigated_by_deny, "{excepted}");
        assert!(codes(&verdict).contains(&"public-mitigated-by-deny"), "{excepted}");
    }
    let deny = json!({"Effect":"Deny","NotPrincipal":{"AWS":"*"},"Action":"s3:*","Resource":"*"});
    let allow = statement(&json!("*"), &json!({}));
    assert!(!judged(&json!([allow, deny]), &json!({})).mitigated_by_deny);
}

#[test]
fn only_a_document_that_is_closed_in_all_its_statements_is_mitigated() {
    let open = statement(&json!("*"), &json!({}));
    let mut other = open.clone();
    other["Action"] = json!("s3:PutObject");
    let deny = |action: &str| {
        json!({"Effect":"Deny","Principal":"*","Action":action,"Resource":"*",
            "Condition":{"StringNotEquals":{"aws:PrincipalAccount":OWN}}})
    };
    let half = judged(&json!([open, other, deny("s3:GetObject")]), &json!({}));
    assert_eq!((codes(&half), half.mitigated_by_deny), (vec!["public-statement"], false));
    assert!(half.findings[0].closed && !half.findings[1].closed && half.effective_public);
    let whole = judged(&json!([open, other, deny("s3:*")]), &json!({}));
    assert_eq!(codes(&whole), ["public-mitigated-by-deny", "public-statement"]);
    assert!(whole.mitigated_by_deny && !whole.effective_public);
}

#[test]
fn a_statement_without_a_resource_is_told_where_the_service_wants_one() {
    let document = json!({"Statement":{"Effect":"Allow","Principal":"*","Action":"*"}});
    for (kind, told) in
        [(Kind::BucketPolicy, true), (Kind::KmsPolicy, true), (Kind::ResourcePolicy, false)]
    {
        let verdict = inspect(kind, &document, &context(&json!({})));
        assert_eq!(verdict.codes().contains("malformed-policy"), told, "{kind:?}");
        assert!(verdict.public && verdict.is_certain());
    }
}

#[test]
fn a_canonical_id_is_the_same_in_either_case() {
    let id = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be";
    let grant = json!([statement(&json!({"CanonicalUser": id.to_uppercase()}), &json!({}))]);
    assert_eq!(codes(&judged(&grant, &json!({}))), ["cross-account-untrusted"]);
    assert_eq!(codes(&judged(&grant, &json!({"trusted_canonical_ids":[id]}))), [""; 0]);
    assert_eq!(codes(&judged(&grant, &json!({"owner_id":id}))), [""; 0]);
}

#[test]
fn a_variable_in_a_principals_account_is_the_widest_reading() {
    for principal in ["arn:aws:iam::${aws:PrincipalAccount}:root", "${aws:PrincipalAccount}"] {
        let verdict =
            judged(&json!([statement(&json!({"AWS":principal}), &json!({}))]), &json!({}));
        assert_eq!(codes(&verdict), ["invalid-principal", "public-statement"], "{principal}");
    }
    let named = json!({"AWS":"arn:aws:iam::111122223333:role/${aws:PrincipalTag/team}"});
    let verdict = judged(&json!([statement(&named, &json!({}))]), &json!({}));
    assert_eq!((codes(&verdict), verdict.exposure), (vec!["invalid-principal"], Exposure::Account));
    let service = json!({"Service":"logs.${AWS::Region}.amazonaws.com"});
    let verdict = judged(&json!([statement(&service, &json!({}))]), &json!({}));
    assert_eq!(codes(&verdict), ["invalid-principal", "service-confused-deputy"]);
}

#[test]
fn a_deny_on_what_aws_knows_as_nobody_enforces_nothing() {
    let open = statement(&json!("*"), &json!({}));
    for principal in ["arn:aws:iam::*:root", "arn:aws:iam::${aws:PrincipalAccount}:root", "arn:*"] {
        let deny =
            json!({"Effect":"Deny","Principal":{"AWS":principal},"Action":"*","Resource":"*"});
        let verdict = judged(&json!([open, deny]), &json!({}));
        assert!(!verdict.mitigated_by_deny, "{principal}");
    }
}

#[test]
fn what_is_public_by_definition_alone_is_told_and_never_certain() {
    for (condition, confidence) in [
        (json!({"StringEquals":{"aws:PrincipalOrgID":"${aws:ResourceOrgID}"}}), "probable"),
        (json!({"StringEquals":{"aws:PrincipalAccount":"${aws:ResourceAccount}"}}), "probable"),
        (json!({"StringEquals":{"aws:PrincipalOrgID":"${aws:PrincipalTag/org}"}}), "unclear"),
        (json!({"StringNotEquals":{"aws:PrincipalOrgID":"${aws:ResourceOrgID}"}}), "certain"),
        (json!({"StringEqualsIfExists":{"aws:PrincipalOrgID":"${aws:ResourceOrgID}"}}), "certain"),
        (json!({"StringEquals":{"aws:PrincipalArn":"${aws:PrincipalArn}"}}), "certain"),
    ] {
        let verdict = judged(&json!([statement(&json!("*"), &condition)]), &json!({}));
        assert!(verdict.public, "{condition}");
        assert_eq!(codes(&verdict), ["public-statement"], "{condition}");
        let doubt = verdict.findings[0].doubt.as_ref();
        let found = doubt.map_or("certain", |doubt| doubt.confidence.as_str());
        assert_eq!(found, confidence, "{condition}");
    }
}
