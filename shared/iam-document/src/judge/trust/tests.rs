//! Trust documents: who may assume the role, rule by rule.

use serde_json::{Value, json};

use crate::{Context, Exposure, Kind, Verdict, inspect};

const OWN: &str = "111122223333";
const FRIEND: &str = "444455556666";
const VENDOR: &str = "777788889999";
const STRANGER: &str = "222233334444";

fn judged(statements: &Value, more: &Value) -> Verdict {
    let base = json!({"account_id": OWN, "org_id": "o-a1b2c3d4e5", "trusted_accounts": [FRIEND],
        "third_party_accounts": [VENDOR]});
    let context = Context::from_json(&base).unwrap().with_json(more).unwrap();
    let document = json!({"Version":"2012-10-17","Statement":statements});
    inspect(Kind::TrustPolicy, &document, &context)
}

fn allow(principal: &Value, condition: &Value) -> Value {
    json!({"Effect":"Allow","Principal":principal,"Action":"sts:AssumeRole","Condition":condition})
}

fn codes(verdict: &Verdict) -> Vec<&str> {
    verdict.codes().into_iter().collect()
}

#[test]
fn each_principal_is_let_in_as_far_as_its_conditions_say() {
    let star = json!("*");
    let id = |account: &str| json!({"AWS":account});
    let equals = |key: &str, value: &str| json!({"StringEquals":{key:value}});
    let none = json!({});
    let external = equals("sts:ExternalId", "7f3a");
    let org = equals("aws:PrincipalOrgID", "o-a1b2c3d4e5");
    for (principal, condition, expected, exposure) in [
        (&star, &none, &["wildcard-principal"][..], Exposure::Everyone),
        (&star, &external, &["wildcard-principal"], Exposure::Everyone),
        (
            &star,
            &json!({"Bool":{"aws:MultiFactorAuthPresent":"true"}}),
            &["wildcard-principal"],
            Exposure::Everyone,
        ),
        (&star, &org, &[], Exposure::Organization),
        (
            &star,
            &equals("aws:SourceVpce", "vpce-1"),
            &["wildcard-principal-network-only"],
            Exposure::Accounts,
        ),
        (
            &star,
            &equals("aws:PrincipalAccount", STRANGER),
            &["untrusted-account"],
            Exposure::Accounts,
        ),
        (&star, &equals("aws:PrincipalOrgID", "o-*"), &["dead-condition"], Exposure::Nobody),
        (&id(OWN), &none, &[], Exposure::Account),
        (&id(FRIEND), &none, &[], Exposure::Accounts),
        (&id(STRANGER), &none, &["missing-external-id", "untrusted-account"], Exposure::Accounts),
        (&id(STRANGER), &external, &["untrusted-account"], Exposure::Accounts),
        (&id(STRANGER), &org, &[], Exposure::Organization),
        (&id(STRANGER), &equals("aws:PrincipalAccount", OWN), &[], Exposure::Nobody),
        (&id(VENDOR), &none, &["missing-external-id"], Exposure::Accounts),
        (&id(VENDOR), &external, &[], Exposure::Accounts),
        (&json!({"Service":"ec2.amazonaws.com"}), &none, &[], Exposure::Account),
        (
            &json!({"Service":"sns.amazonaws.com"}),
            &none,
            &["service-confused-deputy"],
            Exposure::Account,
        ),
        (&json!({"CanonicalUser":"abc"}), &none, &["invalid-principal"], Exposure::Nobody),
        (&json!({"Federated":"graph.facebook.com"}), &none, &[], Exposure::Nobody),
    ] {
        let verdict = judged(&json!([allow(principal, condition)]), &none);
        assert_eq!(codes(&verdict), expected, "{principal} {condition}");
        assert_eq!(verdict.exposure, exposure, "{principal} {condition}");
        assert_eq!(verdict.public, exposure == Exposure::Everyone, "{principal}");
    }
}

#[test]
fn an_external_id_that_anyone_can_give_is_weak() {
    for (condition, expected) in [
        (json!({"StringLike":{"sts:ExternalId":"*"}}), Some("weak-external-id")),
        (json!({"StringLike":{"sts:ExternalId":["7f3a", "?"]}}), Some("weak-external-id")),
        (json!({"StringEquals":{"sts:ExternalId":""}}), Some("weak-external-id")),
        (json!({"StringEqualsIfExists":{"sts:ExternalId":"7f3a"}}), Some("weak-external-id")),
        (json!({"StringNotEquals":{"sts:ExternalId":"7f3a"}}), Some("weak-external-id")),
        (json!({"Null":{"sts:ExternalId":"false"}}), Some("weak-external-id")),
        (
            json!({"StringEqualsIfExists":{"sts:ExternalId":"7f3a"},"Null":{"sts:ExternalId":"false"}}),
            None,
        ),
        (json!({"StringLike":{"STS:externalid":"acme-*"}}), None),
    ] {
        let verdict = judged(&json!([allow(&json!({"AWS":VENDOR}), &condition)]), &json!({}));
        assert_eq!(codes(&verdict), Vec::from_iter(expected), "{condition}");
    }
    let deny = json!({"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole","Condition":{"StringNotEquals":{"sts:ExternalId":"7f3a"}}});
    let by_deny = judged(&json!([allow(&json!({"AWS":VENDOR}), &json!({})), deny]), &json!({}));
    assert!(by_deny.findings.is_empty());
}

#[test]
fn a_grant_counts_only_for_the_action_that_fits_its_principal() {
    let with = |principal: Value, action: Value| {
        let mut statement = allow(&principal, &json!({}));
        statement["Action"] = action;
        judged(&json!([statement]), &json!({}))
    };
    let github = json!({"Federated":format!("arn:aws:iam::{OWN}:oidc-provider/token.actions.githubusercontent.com")});
    assert!(with(github.clone(), json!("sts:AssumeRole")).findings.is_empty());
    assert!(with(github, json!("sts:*")).public);
    assert!(with(json!("*"), json!("sts:TagSession")).findings.is_empty());
    assert!(with(json!("*"), json!("STS:Assume*")).public);
    assert_eq!(codes(&with(json!({"AWS":OWN}), json!("s3:GetObject"))), ["invalid-trust-action"]);
}

#[test]
fn elements_that_do_not_belong_are_told_and_the_widest_reading_is_taken() {
    let not_principal =
        json!({"Effect":"Allow","NotPrincipal":{"AWS":STRANGER},"Action":"sts:AssumeRole"});
    let verdict = judged(&json!([not_principal]), &json!({}));
    assert!(verdict.public && codes(&verdict) == ["not-principal-in-trust"]);
    let not_action = json!({"Effect":"Allow","Principal":"*","NotAction":"sts:TagSession"});
    let verdict = judged(&json!([not_action]), &json!({}));
    assert!(verdict.public && codes(&verdict) == ["not-action-allow", "wildcard-principal"]);
    let mut resource = allow(&json!({"AWS":OWN}), &json!({}));
    resource["Resource"] = json!("*");
    assert_eq!(codes(&judged(&json!([resource]), &json!({}))), ["malformed-policy"]);
}

#[test]
fn a_deny_that_closes_a_wildcard_is_credited_and_named() {
    let deny = json!({"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole","Condition":{"StringNotEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}});
    let verdict = judged(&json!([allow(&json!("*"), &json!({})), deny]), &json!({}));
    assert!(verdict.public && verdict.mitigated_by_deny && !verdict.effective_public);
    assert_eq!(
        (codes(&verdict), verdict.exposure),
        (vec!["wildcard-principal"], Exposure::Organization)
    );
}

#[test]
fn services_are_asked_for_whom_they_act() {
    for (condition, expected) in [
        (json!({"StringEquals":{"aws:SourceAccount":OWN}}), None),
        (json!({"ArnLike":{"aws:SourceArn":format!("arn:aws:cloudtrail:*:{OWN}:trail/*")}}), None),
        (json!({"StringEquals":{"aws:SourceOrgID":"o-a1b2c3d4e5"}}), None),
        (
            json!({"ArnLike":{"aws:SourceArn":"arn:aws:s3:::amzn-s3-demo-bucket"}}),
            Some("source-arn-without-account"),
        ),
        (json!({"StringEquals":{"aws:PrincipalAccount":OWN}}), Some("service-confused-deputy")),
        (
            json!({"StringNotEquals":{"aws:SourceAccount":STRANGER}}),
            Some("service-confused-deputy"),
        ),
        (json!({"StringEquals":{"aws:SourceAccount":STRANGER}}), Some("untrusted-account")),
    ] {
        let verdict = judged(
            &json!([allow(&json!({"Service":"cloudtrail.amazonaws.com"}), &condition)]),
            &json!({}),
        );
        assert_eq!(codes(&verdict), Vec::from_iter(expected), "{condition}");
    }
}

#[test]
fn mfa_is_asked_of_people_and_of_nobody_else() {
    let present = |operator: &str| json!({operator:{"aws:MultiFactorAuthPresent":"true"}});
    let people = json!({"AWS":format!("arn:aws:iam::{OWN}:root")});
    let asked = json!({"require_mfa":true});
    for (condition, expected) in [
        (json!({}), Some("mfa-missing")),
        (present("Bool"), None),
        (present("BoolIfExists"), Some("mfa-weak-ifexists")),
        (
            json!({"BoolIfExists":{"aws:MultiFactorAuthPresent":"true"},"Null":{"aws:MultiFactorAuthPresent":"false"}}),
            None,
        ),
        (json!({"Null":{"aws:MultiFactorAuthPresent":"false"}}), Some("mfa-null-check")),
        (json!({"NumericLessThan":{"aws:MultiFactorAuthAge":"3600"}}), None),
        (
            json!({"NumericLessThanIfExists":{"aws:MultiFactorAuthAge":"3600"}}),
            Some("mfa-weak-ifexists"),
        ),
    ] {
        let verdict = judged(&json!([allow(&people, &condition)]), &asked);
        assert_eq!(codes(&verdict), Vec::from_iter(expected), "{condition}");
        let unasked = judged(&json!([allow(&people, &condition)]), &json!({}));
        assert!(unasked.findings.is_empty(), "{condition}");
    }
    for (principal, action, code) in [
        (json!({"Service":"ec2.amazonaws.com"}), "sts:AssumeRole", "mfa-on-service-principal"),
        (
            json!({"AWS":format!("arn:aws:iam::{OWN}:role/ci")}),
            "sts:AssumeRole",
            "mfa-on-role-principal",
        ),
        (
            json!({"Federated":format!("arn:aws:iam::{OWN}:saml-provider/idp")}),
            "sts:AssumeRoleWithSAML",
            "mfa-on-federated-principal",
        ),
    ] {
        let mut condition = present("Bool");
        condition["StringEquals"] = json!({"SAML:aud":"https://signin.aws.amazon.com/saml"});
        let mut with = allow(&principal, &condition);
        with["Action"] = json!(action);
        assert_eq!(codes(&judged(&json!([with]), &json!({}))), [code], "{principal}");
        with["Condition"].as_object_mut().unwrap().shift_remove("Bool");
        assert!(judged(&json!([with]), &asked).findings.is_empty(), "{principal}");
    }
}

#[test]
fn mfa_may_be_asked_by_a_deny() {
    let people = allow(&json!({"AWS":OWN}), &json!({}));
    let deny = |condition: Value| json!({"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole","Condition":condition});
    let asked = json!({"require_mfa":true});
    for (condition, expected) in [
        (json!({"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}), None),
        (json!({"StringNotEquals":{"aws:MultiFactorAuthPresent":"true"}}), None),
        (json!({"NumericGreaterThanIfExists":{"aws:MultiFactorAuthAge":"3600"}}), None),
        (json!({"Bool":{"aws:MultiFactorAuthPresent":"false"}}), Some("mfa-weak-deny-bool")),
        (
            json!({"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"},"StringEquals":{"aws:username":"x"}}),
            Some("mfa-missing"),
        ),
    ] {
        let verdict = judged(&json!([people, deny(condition.clone())]), &asked);
        assert_eq!(codes(&verdict), Vec::from_iter(expected), "{condition}");
    }
    let vendor = judged(
        &json!([allow(&json!({"AWS":VENDOR}), &json!({"StringEquals":{"sts:ExternalId":"x"}}))]),
        &asked,
    );
    assert!(vendor.findings.is_empty());
}

#[test]
fn saml_assertions_must_be_meant_for_aws() {
    let judge = |condition: Value| {
        let mut statement = allow(
            &json!({"Federated":format!("arn:aws:iam::{OWN}:saml-provider/idp")}),
            &condition,
        );
        statement["Action"] = json!("sts:AssumeRoleWithSAML");
        judged(&json!([statement]), &json!({}))
    };
    for fine in [
        json!({"StringEquals":{"SAML:aud":"https://signin.aws.amazon.com/saml"}}),
        json!({"StringLike":{"saml:aud":"https://*.signin.aws.amazon.com/saml"}}),
        json!({"StringEquals":{"saml:sub":"anna"}}),
    ] {
        assert!(judge(fine.clone()).findings.is_empty(), "{fine}");
    }
    for missing in [
        json!({}),
        json!({"StringLike":{"SAML:aud":"*"}}),
        json!({"StringNotEquals":{"SAML:aud":"x"}}),
    ] {
        assert_eq!(codes(&judge(missing.clone())), ["saml-missing-aud"], "{missing}");
    }
}

fn web(provider: &str, condition: &Value, more: &Value) -> Verdict {
    let federated = if provider.contains("cognito") || provider.ends_with("facebook.com") {
        provider.to_owned()
    } else {
        format!("arn:aws:iam::{OWN}:oidc-provider/{provider}")
    };
    let mut statement = allow(&json!({"Federated":federated}), condition);
    statement["Action"] = json!("sts:AssumeRoleWithWebIdentity");
    judged(&json!([statement]), more)
}

#[test]
fn tokens_of_shared_issuers_must_name_the_tenant() {
    const GITHUB: &str = "token.actions.githubusercontent.com";
    let key = |claim: &str| format!("{GITHUB}:{claim}");
    let with = |operator: &str, claim: &str, value: &str| {
        let mut condition = json!({"StringEquals":{key("aud"):"sts.amazonaws.com"}});
        if condition.get(operator).is_none() {
            condition[operator] = json!({});
        }
        condition[operator][key(claim)] = json!(value);
        condition
    };
    for (condition, expected, public) in [
        (with("StringLike", "sub", "repo:acme/app:*"), Some("oidc-repo-wide-sub"), false),
        (with("StringLike", "sub", "repo:acme*"), Some("oidc-broad-sub"), true),
        (with("StringNotLike", "sub", "repo:evil/*"), Some("oidc-missing-sub"), true),
        (with("Null", "sub", "false"), Some("oidc-missing-sub"), true),
        (with("StringEquals", "sub", "repo:acme/*"), Some("dead-condition"), false),
        (with("StringEquals", "sub", "repo:acme/app:ref:refs/heads/main"), None, false),
        (with("StringEquals", "repository_id", "1234"), Some("oidc-repo-wide-sub"), false),
        (with("StringEquals", "repository", "acme/app"), Some("oidc-repo-wide-sub"), false),
        (with("StringLike", "repository", "acme/*"), Some("oidc-org-wide-sub"), false),
        (with("StringLike", "repository", "acme*"), Some("oidc-missing-sub"), true),
        (with("StringEqualsIfExists", "repository_id", "1234"), Some("oidc-missing-sub"), true),
        (with("StringEquals", "environment", "prod"), Some("oidc-missing-sub"), true),
        (with("StringEquals", "actor", "anna"), Some("oidc-missing-sub"), true),
        (
            with("StringLike", "job_workflow_ref", "acme/p/.github/workflows/d.yml@*"),
            Some("oidc-workflow-wide-sub"),
            false,
        ),
    ] {
        let verdict = web(GITHUB, &condition, &json!({}));
        assert_eq!(codes(&verdict), Vec::from_iter(expected), "{condition}");
        assert_eq!(verdict.public, public, "{condition}");
    }
    let weak = web(
        GITHUB,
        &json!({"StringEqualsIfExists":{key("sub"):"repo:acme/app:ref:refs/heads/main"}}),
        &json!({}),
    );
    assert_eq!(codes(&weak), ["oidc-missing-aud", "oidc-weak-operator"]);
    let tenants = json!({"trusted_oidc_tenants":{GITHUB:["acme"]}});
    let exact =
        |owner: &str| with("StringEquals", "sub", &format!("repo:{owner}/app:ref:refs/heads/main"));
    assert!(web(GITHUB, &exact("Acme"), &tenants).findings.is_empty());
    assert_eq!(codes(&web(GITHUB, &exact("evil"), &tenants)), ["oidc-untrusted-tenant"]);
}

#[test]
fn keys_with_capitals_in_the_issuer_are_the_same_keys() {
    let cluster = "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE";
    let sub = |value: &str| json!({"StringLike":{format!("{cluster}:sub"):value},"StringEquals":{format!("{}:aud", cluster.to_lowercase()):"sts.amazonaws.com"}});
    for (value, expected) in [
        ("system:serviceaccount:payments:api", None),
        ("system:serviceaccount:payments:*", Some("irsa-namespace-wide-sub")),
        ("system:serviceaccount:*:api", Some("irsa-broad-sub")),
        ("system:*", Some("irsa-broad-sub")),
    ] {
        let verdict = web(cluster, &sub(value), &json!({}));
        assert_eq!(codes(&verdict), Vec::from_iter(expected), "{value}");
        assert!(!verdict.public);
    }
    assert_eq!(
        codes(&web(cluster, &json!({}), &json!({}))),
        ["irsa-missing-sub", "oidc-missing-aud"]
    );
}

#[test]
fn cognito_pools_and_world_providers_must_be_named() {
    let cognito = "cognito-identity.amazonaws.com";
    let pool = json!({format!("{cognito}:aud"):"eu-west-1:pool"});
    let amr = |value: &str| json!({"StringEquals":pool,"ForAnyValue:StringLike":{format!("{cognito}:amr"):value}});
    for (condition, expected, public) in [
        (amr("authenticated"), vec![], false),
        (amr("graph.facebook.com"), vec![], false),
        (amr("*authenticated"), vec!["cognito-unauthenticated"], false),
        (json!({"StringEquals":pool}), vec!["cognito-missing-amr"], false),
        (json!({}), vec!["cognito-missing-amr", "cognito-missing-aud"], true),
    ] {
        let verdict = web(cognito, &condition, &json!({}));
        assert_eq!((codes(&verdict), verdict.public), (expected, public), "{condition}");
    }
    assert!(
        web(
            "graph.facebook.com",
            &json!({"StringEquals":{"graph.facebook.com:app_id":"1"}}),
            &json!({})
        )
        .findings
        .is_empty()
    );
    assert!(
        web(
            "graph.facebook.com",
            &json!({"StringLike":{"graph.facebook.com:app_id":"*"}}),
            &json!({})
        )
        .public
    );
    let sentinel = "sts.windows.net/33e01921-4d64-4f8c-a055-5bdaffd5e33d/";
    let aud = json!({"StringEquals":{format!("{sentinel}:aud"):"api://1"}});
    assert_eq!(codes(&web(sentinel, &aud, &json!({}))), ["oidc-missing-required-claim"]);
    let mut named = aud;
    named["StringEquals"]["sts:RoleSessionName"] = json!("MicrosoftSentinel_1");
    assert!(web(sentinel, &named, &json!({})).findings.is_empty());
}

#[test]
fn an_issuer_of_one_tenant_is_never_public() {
    let issuer = "idp.example.com";
    let aud = json!({format!("{issuer}:aud"):"aws"});
    let none = web(issuer, &json!({"StringEquals":aud}), &json!({}));
    assert_eq!((codes(&none), none.public), (vec!["oidc-missing-sub-private"], false));
    let wide = web(
        issuer,
        &json!({"StringEquals":aud,"StringLike":{format!("{issuer}:sub"):"svc-*"}}),
        &json!({}),
    );
    assert_eq!(codes(&wide), ["oidc-private-wide-sub"]);
    let other = web(issuer, &json!({"StringEquals":{"gitlab.com:sub":"x"}}), &json!({}));
    assert_eq!(codes(&other), ["dead-condition"]);
}

const ORG: &str = "o-a1b2c3d4e5";

fn deny_others() -> Value {
    json!({"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole",
        "Condition":{"StringNotEquals":{"aws:PrincipalOrgID":ORG}}})
}

fn open(actions: &Value) -> Value {
    json!({"Effect":"Allow","Principal":"*","Action":actions})
}

#[test]
fn a_deny_closes_a_role_though_tagging_its_session_stays_open() {
    for (actions, closed) in [
        (json!("sts:AssumeRole"), true),
        (json!(["sts:AssumeRole", "sts:TagSession"]), true),
        (json!(["sts:TagSession", "sts:SetSourceIdentity", "sts:AssumeRole"]), true),
        (json!(["sts:AssumeRole", "sts:AssumeRoleWithWebIdentity"]), false),
        (json!("sts:*"), false),
        (json!("*"), false),
    ] {
        let verdict = judged(&json!([open(&actions), deny_others()]), &json!({}));
        assert!(verdict.public, "{actions}");
        assert_eq!(verdict.mitigated_by_deny, closed, "{actions}");
        assert_eq!(verdict.findings[0].closed, closed, "{actions}");
    }
    let all_ways = json!({"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole*",
        "Condition":{"StringNotEquals":{"aws:PrincipalOrgID":ORG}}});
    let verdict = judged(&json!([open(&json!("sts:*")), all_ways]), &json!({}));
    assert!(verdict.mitigated_by_deny);
}

#[test]
fn each_statement_is_closed_or_open_by_itself() {
    let github = format!("arn:aws:iam::{OWN}:oidc-provider/token.actions.githubusercontent.com");
    let federated = json!({"Effect":"Allow","Principal":{"Federated":github},
        "Action":"sts:AssumeRoleWithWebIdentity"});
    let statements = json!([open(&json!("sts:AssumeRole")), federated, deny_others()]);
    let verdict = judged(&statements, &json!({}));
    assert!(verdict.effective_public && !verdict.mitigated_by_deny);
    for found in &verdict.findings {
        assert_eq!(found.closed, found.statement == Some(0), "{}", found.code);
    }
}

#[test]
fn variables_of_our_own_resource_are_our_own_account_and_organization() {
    let star = json!("*");
    for (condition, exposure) in [
        (
            json!({"StringEquals":{"aws:PrincipalOrgID":"${aws:ResourceOrgID}"}}),
            Exposure::Organization,
        ),
        (
            json!({"StringEquals":{"AWS:principalorgid":"${AWS:RESOURCEORGID}"}}),
            Exposure::Organization,
        ),
        (
            json!({"StringLike":{"aws:PrincipalOrgID":["${aws:ResourceOrgID}",ORG]}}),
            Exposure::Organization,
        ),
        (
            json!({"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"${aws:ResourceOrgID}/r-1/*"}}),
            Exposure::Organization,
        ),
        (
            json!({"StringEquals":{"aws:PrincipalAccount":"${aws:ResourceAccount}"}}),
            Exposure::Account,
        ),
        (
            json!({"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::${aws:ResourceAccount}:role/ci-*"}}),
            Exposure::Account,
        ),
    ] {
        let verdict = judged(&json!([allow(&star, &condition)]), &json!({}));
        assert_eq!((codes(&verdict), verdict.exposure), (vec![], exposure), "{condition}");
    }
    // An organization is ours though nobody wrote its id into the trust file.
    let org = json!({"StringEquals":{"aws:PrincipalOrgID":"${aws:ResourceOrgID}"}});
    let document = json!({"Version":"2012-10-17","Statement":[allow(&star, &org)]});
    let nameless = Context::from_json(&json!({"account_id": OWN})).unwrap();
    let verdict = inspect(Kind::TrustPolicy, &document, &nameless);
    assert_eq!((codes(&verdict), verdict.exposure), (vec![], Exposure::Organization));
    // Named beside a stranger, ours does not make the stranger trusted.
    let both = json!({"StringEquals":{"aws:PrincipalAccount":["${aws:ResourceAccount}",STRANGER]}});
    let verdict = judged(&json!([allow(&star, &both)]), &json!({}));
    assert_eq!(codes(&verdict), ["untrusted-account"]);
    assert_eq!(verdict.cross_account, [STRANGER]);
    // A Deny to everyone who is not of our own closes.
    let not_ours = json!({"Effect":"Deny","Principal":"*","Action":"sts:*",
        "Condition":{"StringNotEquals":{"aws:PrincipalOrgID":"${aws:ResourceOrgID}"}}});
    let verdict = judged(&json!([allow(&star, &json!({})), not_ours]), &json!({}));
    assert!(verdict.mitigated_by_deny);
    // Before 2012-10-17 it is plain text, which is nobody's organization.
    let old = json!({"Version":"2008-10-17","Statement":[allow(&star, &org)]});
    let verdict = inspect(Kind::TrustPolicy, &old, &nameless);
    assert_eq!(codes(&verdict), ["untrusted-org"]);
}

#[test]
fn what_hangs_on_the_request_or_lets_in_services_alone_is_doubtful() {
    use model::Confidence::{Probable, Unclear};
    let star = json!("*");
    for (condition, confidence) in [
        (json!({"StringEquals":{"aws:PrincipalOrgID":"${aws:PrincipalTag/org}"}}), Some(Unclear)),
        (json!({"StringEquals":{"aws:PrincipalAccount":"${aws:SourceAccount}"}}), Some(Unclear)),
        (json!({"Bool":{"aws:PrincipalIsAWSService":"true"}}), Some(Probable)),
        (
            json!({"StringEquals":{"aws:PrincipalServiceName":"lambda.amazonaws.com"}}),
            Some(Probable),
        ),
        // What is compared with itself is true for everyone.
        (json!({"StringEquals":{"aws:PrincipalAccount":"${aws:PrincipalAccount}"}}), None),
        (json!({"StringEquals":{"sts:ExternalId":"${aws:PrincipalTag/id}"}}), None),
        (json!({"StringNotEquals":{"aws:PrincipalOrgID":"${aws:PrincipalTag/org}"}}), None),
        (json!({"Bool":{"aws:PrincipalIsAWSService":"false"}}), None),
    ] {
        let statements = json!([allow(&star, &condition), allow(&json!("*"), &json!({}))]);
        let verdict = judged(&statements, &json!({}));
        assert!(verdict.public, "{condition}");
        let [doubtful, plain] = verdict.findings.as_slice() else { panic!("{verdict:?}") };
        let found = doubtful.doubt.as_ref().map(|doubt| doubt.confidence);
        assert_eq!(found, confidence, "{condition}");
        assert_eq!(plain.doubt, None, "the other statement is as certain as ever");
        assert!(verdict.is_certain());
    }
    let denied = |condition: Value| {
        let deny = json!({"Effect":"Deny","Principal":"*","Action":"sts:*","Condition":condition});
        let verdict = judged(&json!([allow(&star, &json!({})), deny]), &json!({}));
        assert!(!verdict.mitigated_by_deny);
        verdict.findings[0].doubt.as_ref().map(|doubt| doubt.confidence)
    };
    let by_tag = json!({"StringNotEquals":{"aws:PrincipalOrgID":"${aws:PrincipalTag/org}"}});
    assert_eq!(denied(by_tag), Some(Unclear));
    assert_eq!(denied(json!({"Bool":{"aws:PrincipalIsAWSService":"false"}})), Some(Unclear));
    assert_eq!(denied(json!({"StringEquals":{"aws:PrincipalOrgID":ORG}})), None);
}

#[test]
fn a_deny_on_an_account_is_one_on_everyone_in_it() {
    let mfa = json!({"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}});
    for (allowed, denied) in [
        ("111122223333", "arn:aws:iam::111122223333:root"),
        ("arn:aws:iam::111122223333:user/anna", "111122223333"),
    ] {
        let deny = json!({"Effect":"Deny","Principal":{"AWS":denied},"Action":"sts:AssumeRole",
            "Condition":mfa});
        let verdict = judged(
            &json!([allow(&json!({"AWS":allowed}), &json!({})), deny]),
            &json!({"require_mfa":true}),
        );
        assert_eq!(codes(&verdict), [""; 0], "{allowed} {denied}");
    }
}

#[test]
fn a_vendor_is_a_vendor_however_it_is_named() {
    let star = json!("*");
    let by_account = |value: Value| json!({"StringEquals":{"aws:PrincipalAccount":value}});
    let mut with_id = by_account(json!(VENDOR));
    with_id["StringEquals"]["sts:ExternalId"] = json!("7f3a");
    for (principal, condition, expected, strangers) in [
        (&star, by_account(json!(VENDOR)), &["missing-external-id"][..], &[][..]),
        (&star, with_id, &[], &[]),
        (
            &star,
            by_account(json!([VENDOR, STRANGER])),
            &["missing-external-id", "untrusted-account"],
            &[STRANGER],
        ),
        (
            &json!({"Service":"sns.amazonaws.com"}),
            json!({"StringEquals":{"aws:SourceAccount":VENDOR}}),
            &[],
            &[],
        ),
        (
            &json!({"Service":"sns.amazonaws.com"}),
            json!({"StringEquals":{"aws:SourceAccount":[VENDOR, STRANGER]}}),
            &["untrusted-account"],
            &[STRANGER],
        ),
    ] {
        let verdict = judged(&json!([allow(principal, &condition)]), &json!({}));
        assert_eq!(codes(&verdict), expected, "{principal} {condition}");
        assert_eq!(verdict.cross_account, strangers, "{principal} {condition}");
    }
    for (provider, action, key) in [
        ("saml-provider/idp", "sts:AssumeRoleWithSAML", "SAML:aud"),
        ("oidc-provider/idp.example.com", "sts:AssumeRoleWithWebIdentity", "idp.example.com:aud"),
    ] {
        for (account, found) in [(VENDOR, false), (STRANGER, true)] {
            let statement = json!({"Effect":"Allow","Action":action,
                "Principal":{"Federated":format!("arn:aws:iam::{account}:{provider}")},
                "Condition":{"StringEquals":{key:"https://signin.aws.amazon.com/saml"}}});
            let verdict = judged(&json!([statement]), &json!({}));
            assert_eq!(verdict.codes().contains("untrusted-account"), found, "{account}");
        }
    }
}

#[test]
fn a_width_is_that_of_the_subject_whatever_stands_beside_it() {
    let host = "token.actions.githubusercontent.com";
    let claim = |name: &str| format!("{host}:{name}");
    // The claim narrows the tokens, but the pattern stays as wide for whoever takes it away.
    let wide = json!({"StringLike":{claim("sub"):"repo:acme/*"},
        "StringEquals":{claim("aud"):"sts.amazonaws.com",claim("repository_id"):"1234"}});
    let verdict = web(host, &wide, &json!({}));
    assert_eq!((codes(&verdict), verdict.public), (vec!["oidc-org-wide-sub"], false));
    let mut open = wide;
    open["StringLike"][claim("sub")] = json!("repo:acme*");
    let verdict = web(host, &open, &json!({}));
    assert_eq!((codes(&verdict), verdict.public), (vec!["oidc-repo-wide-sub"], false));
}
