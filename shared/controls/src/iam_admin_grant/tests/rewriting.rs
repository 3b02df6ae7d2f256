//! Where the account asks for it, an inline policy is written back without what is wrong with it.

use super::*;

fn asking() -> Trust {
    Trust { rewrite_inline_policies: true, ..Trust::default() }
}

fn remedies(document: &str) -> Vec<GrantRemedy> {
    let target = target(&IamAdminGrant, &inline(document));
    let findings = IamAdminGrant.assess(&target, &holding_inline(document), &asking());
    findings.into_iter().flat_map(|finding| finding.remedies).collect()
}

fn passing_roles() -> Value {
    json!({"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*"})
}

fn making_keys() -> Value {
    json!({"Effect": "Allow", "Action": "iam:CreateAccessKey", "Resource": "*"})
}

#[test]
fn only_the_dangerous_statement_goes_and_every_other_stays_as_it_was_written() {
    let odd = json!({
        "Sid": "Reads", "Resource": ["arn:aws:s3:::amzn-s3-demo-a/*", "*"],
        "Action": ["S3:getobject"], "Effect": "Allow",
    });
    let deny = json!({"Effect": "Deny", "Action": "s3:DeleteBucket", "Resource": "*"});
    let before = document(json!([odd, everything(), deny]));
    let [GrantRemedy::CutInline { before: was, cut, after, .. }] = &remedies(&before)[..] else {
        panic!("{:?}", remedies(&before))
    };
    assert_eq!((was, cut), (&before, &BTreeSet::from([1])));
    assert_eq!(*after, document(json!([odd, deny])));
    assert!(remedies(after).is_empty(), "nothing is wrong with what is left");
}

#[test]
fn what_is_nothing_else_is_taken_away_and_not_left_empty() {
    for whole in [document(json!([everything()])), document(everything())] {
        assert!(matches!(&remedies(&whole)[..], [GrantRemedy::DeleteInline { .. }]), "{whole}");
    }
}

#[test]
fn several_findings_of_one_policy_are_one_write() {
    let joined = |statements: Value| {
        let remedies = remedies(&document(statements));
        let (first, rest) = remedies.split_first().unwrap();
        rest.iter().fold(first.clone(), |all, one| {
            let both = all.join(one).unwrap();
            assert_eq!(one.join(&all).as_ref(), Some(&both), "in either order");
            both
        })
    };
    let GrantRemedy::CutInline { cut, after, .. } =
        joined(json!([passing_roles(), harmless(), making_keys()]))
    else {
        panic!("something is left")
    };
    assert_eq!(cut, BTreeSet::from([0, 2]));
    assert_eq!(after, document(json!([harmless()])));
    let all = joined(json!([passing_roles(), making_keys()]));
    assert!(matches!(all, GrantRemedy::DeleteInline { .. }), "{all:?}");
}

#[test]
fn the_inverse_writes_back_what_was_there() {
    let before = document(json!([harmless(), everything()]));
    let remedy = remedies(&before).remove(0);
    let GrantRemedy::CutInline { after, .. } = &remedy else { panic!("{remedy:?}") };
    let call = |remedy: &GrantRemedy| remedy.operations().remove(0);
    assert_eq!(call(&remedy).operation, "iam:PutUserPolicy");
    assert_eq!(call(&remedy).parameters["PolicyDocument"], json!(after));
    let inverse = remedy.inverse().unwrap();
    assert_eq!(call(&inverse).parameters["PolicyDocument"], json!(before));
    assert_eq!(inverse.inverse(), Some(remedy.clone()));
    assert_eq!(
        remedy.document_change().map(|(was, _)| was),
        inverse.document_change().map(|(_, is)| is)
    );
    assert_eq!((remedy.needs(), inverse.needs()), (Response::Revert, Response::Revert));
}

#[test]
fn what_cannot_be_printed_as_it_was_is_left_to_people() {
    let twice = r#"{"Statement":[{"Effect":"Allow","Action":"s3:Get*","Resource":"*"},
        {"Effect":"Allow","Effect":"Allow","Action":"*","Resource":"*"}]}"#;
    assert!(remedies(twice).is_empty());
}

proptest! {
    #[test]
    fn what_is_left_is_harmless_and_says_nothing_that_was_not_said(
        places in proptest::collection::vec(0_usize..5, 1..7),
    ) {
        let deny = json!({"Effect": "Deny", "Action": "s3:DeleteBucket", "Resource": "*"});
        let kinds = [harmless(), everything(), passing_roles(), making_keys(), deny];
        let statements: Vec<Value> = places.iter().map(|place| kinds[*place].clone()).collect();
        let before = document(json!(statements));
        let remedies = remedies(&before);
        let Some((first, rest)) = remedies.split_first() else { return Ok(()) };
        let all = rest.iter().fold(first.clone(), |all, one| all.join(one).unwrap());
        let left: Vec<Value> = if let GrantRemedy::CutInline { after, .. } = &all {
            let after: Value = serde_json::from_str(after).unwrap();
            after["Statement"].as_array().unwrap().clone()
        } else {
            let whole = matches!(all, GrantRemedy::DeleteInline { .. });
            prop_assert!(whole, "{:?}", all);
            Vec::new()
        };
        let right: Vec<Value> = statements
            .into_iter()
            .filter(|one| !is_dangerous(&document(json!([one])), &Trust::default()))
            .collect();
        prop_assert_eq!(left, right);
    }
}
