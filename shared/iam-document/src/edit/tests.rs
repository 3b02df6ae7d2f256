//! Cuts, one by one: what goes, what stays, what is refused.

use serde_json::json;

use super::*;
use crate::Exposure;

fn context() -> Context {
    Context::from_json(&json!({
        "account_id": "111122223333", "org_id": "o-a1b2c3d4e5",
        "trusted_accounts": ["444455556666"],
    }))
    .unwrap()
}

fn mend_all(kind: Kind, value: &Value) -> Result<Edit, EditRefused> {
    let document = Document::from_value(value).unwrap();
    let verdict = inspect(kind, &document, &context());
    let findings: Vec<Judged> = verdict
        .findings
        .into_iter()
        .filter(|finding| MENDABLE.contains(&finding.code.as_str()))
        .collect();
    mend(kind, &document, &context(), &findings)
}

fn trust(statements: &Value) -> Value {
    json!({"Version":"2012-10-17","Statement":statements})
}

#[test]
fn only_the_offending_principal_goes() {
    let before = trust(
        &json!([{"Sid":"A","Note":1,"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com","AWS":["arn:aws:iam::111122223333:root","*"]},"Action":"sts:AssumeRole"}]),
    );
    let edit = mend_all(Kind::TrustPolicy, &before).unwrap();
    assert_eq!(
        edit.after.unwrap().to_string(),
        trust(&json!([{"Sid":"A","Note":1,"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com","AWS":["arn:aws:iam::111122223333:root"]},"Action":"sts:AssumeRole"}])).to_string()
    );
    assert!(!edit.verdict.public);
    assert_eq!(edit.removed[0].principals, ["*"]);
    assert!(!edit.removed[0].whole);
}

#[test]
fn a_kind_of_principal_that_is_left_empty_goes_with_its_key() {
    let before = trust(
        &json!([{"Effect":"Allow","Principal":{"AWS":"*","Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]),
    );
    let after = mend_all(Kind::TrustPolicy, &before).unwrap().after.unwrap();
    assert_eq!(after.value()["Statement"][0]["Principal"], json!({"Service":"ec2.amazonaws.com"}));
}

#[test]
fn a_statement_that_names_nobody_else_goes_and_the_others_stay() {
    let good =
        json!({"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":["sts:AssumeRole"]});
    let bad = json!({"Sid":"Wide","Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"});
    let deny = json!({"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole","Condition":{"Bool":{"aws:SecureTransport":"false"}}});
    let edit = mend_all(Kind::TrustPolicy, &trust(&json!([good, bad, deny]))).unwrap();
    assert_eq!(edit.after.unwrap().into_value(), trust(&json!([good, deny])));
    assert_eq!(
        edit.removed,
        [Removal {
            statement: 1,
            sid: Some("Wide".into()),
            principals: vec!["*".into()],
            whole: true
        }]
    );
}

#[test]
fn a_trust_policy_of_which_nothing_is_left_denies_everyone() {
    for statement in [
        json!([{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}]),
        json!({"Effect":"Allow","NotPrincipal":{"AWS":"222233334444"},"Action":"sts:AssumeRole"}),
    ] {
        let edit = mend_all(Kind::TrustPolicy, &trust(&statement)).unwrap();
        assert_eq!(edit.after.unwrap().into_value(), trust(&json!([deny_everyone()])));
        assert_eq!(edit.verdict.exposure, Exposure::Nobody);
        assert!(edit.verdict.findings.is_empty());
    }
}

#[test]
fn a_resource_policy_of_which_nothing_is_left_is_removed_as_such() {
    let before = json!({"Statement":{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::amzn-s3-demo-bucket/*"}});
    assert_eq!(mend_all(Kind::BucketPolicy, &before).unwrap().after, None);
}

#[test]
fn strangers_and_open_providers_go_and_friends_stay() {
    let github = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com";
    let before = trust(&json!([
        {"Effect":"Allow","Principal":{"AWS":["444455556666","222233334444"]},"Action":"sts:AssumeRole"},
        {"Effect":"Allow","Principal":{"Federated":github},"Action":"sts:AssumeRoleWithWebIdentity"},
    ]));
    let after = mend_all(Kind::TrustPolicy, &before).unwrap().after.unwrap();
    assert_eq!(
        after.into_value(),
        trust(
            &json!([{"Effect":"Allow","Principal":{"AWS":["444455556666"]},"Action":"sts:AssumeRole"}])
        )
    );
}

#[test]
fn what_stands_together_with_friends_in_one_condition_is_refused() {
    let before = trust(
        &json!([{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:PrincipalOrgID":["o-a1b2c3d4e5","o-zzzzzzzzzz"]}}}]),
    );
    assert!(matches!(mend_all(Kind::TrustPolicy, &before), Err(EditRefused::NotMinimal { .. })));
}

#[test]
fn advice_is_never_mended_by_taking_somebody_out() {
    let before = trust(
        &json!([{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"sts:AssumeRole"}]),
    );
    let document = Document::from_value(&before).unwrap();
    let findings = inspect(Kind::TrustPolicy, &document, &context()).findings;
    assert_eq!(findings[0].code, "service-confused-deputy");
    let refused = mend(Kind::TrustPolicy, &document, &context(), &findings);
    assert!(matches!(refused, Err(EditRefused::NotMendable { .. })));
    let nothing = mend(Kind::TrustPolicy, &document, &context(), &[]);
    assert!(matches!(nothing, Err(EditRefused::Nothing)));
}

#[test]
fn a_finding_of_another_document_is_refused() {
    let open = Document::from_value(&trust(
        &json!([{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}]),
    ))
    .unwrap();
    let findings = inspect(Kind::TrustPolicy, &open, &context()).findings;
    let closed = Document::from_value(&trust(
        &json!([{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole"}]),
    ))
    .unwrap();
    let refused = mend(Kind::TrustPolicy, &closed, &context(), &findings);
    assert!(matches!(refused, Err(EditRefused::Astray { .. })));
}

#[test]
fn a_document_that_would_not_print_as_written_is_refused() {
    let text = r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Action":"sts:AssumeRole"}]}"#;
    let document = Document::parse(text).unwrap();
    let findings = inspect(Kind::TrustPolicy, &document, &context()).findings;
    let refused = mend(Kind::TrustPolicy, &document, &context(), &findings);
    assert!(matches!(refused, Err(EditRefused::Repeats)));
}

#[test]
fn a_key_policy_keeps_somebody_who_can_change_it() {
    let open = json!({"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"});
    let root = json!({"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"});
    let alone = mend_all(Kind::KmsPolicy, &json!({"Statement":[open]}));
    assert!(matches!(alone, Err(EditRefused::LocksOut)));
    let user = json!({"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"kms:Decrypt","Resource":"*"});
    let foreign = mend_all(Kind::KmsPolicy, &json!({"Statement":[open, user]}));
    assert!(matches!(foreign, Err(EditRefused::LocksOut)));
    let both = mend_all(Kind::KmsPolicy, &json!({"Statement":[open, root]})).unwrap();
    assert_eq!(both.after.unwrap().into_value(), json!({"Statement":[root]}));
}

#[test]
fn a_document_that_is_not_clear_is_left_to_people() {
    let before = trust(&json!([
        {"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"},
        {"Effect":"Perhaps","Principal":"*","Action":"sts:AssumeRole"},
    ]));
    assert!(matches!(mend_all(Kind::TrustPolicy, &before), Err(EditRefused::Unclear { .. })));
}

#[test]
fn an_acl_is_not_mended_here() {
    let document = Document::from_value(&json!({"Statement":[]})).unwrap();
    let refused = mend(Kind::Acl, &document, &context(), &[]);
    assert!(matches!(refused, Err(EditRefused::Kind { kind: Kind::Acl })));
}
