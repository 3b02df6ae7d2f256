//! What the remedies leave, join, restore and need: examples, and properties over documents.

use std::collections::BTreeSet;

use model::{Remedy, Response};
use proptest::prelude::*;

use super::*;

#[test]
fn everyone_is_taken_out_of_a_list_and_nobody_else() {
    let mut open = allow(json!({"AWS": ["arn:aws:iam::111122223333:role/analytics", "*"],
        "Service": "logs.amazonaws.com"}));
    open["Sid"] = json!("Readers");
    let findings = assess(&live(&document(json!([open.clone()]))), &Trust::default());
    let mended = after(&findings[0].remedies[0]);
    open["Principal"]["AWS"] = json!(["arn:aws:iam::111122223333:role/analytics"]);
    assert_eq!(mended["Statement"], json!([open]));
}

#[test]
fn untouched_statements_stay_byte_for_byte() {
    let kept = r#"{"Sid":"Odd spelling","Effect":"Allow","principal":null,"Principal":{"AWS":["111122223333"]},"Action":["S3:getobject"],"Resource":"arn:aws:s3:::amzn-s3-demo-bucket/*","Note":{"b":1,"a":[true,1.5]}}"#;
    let open = public().to_string();
    let text = format!(r#"{{"Id":"z","Statement":[{open},{kept}],"Version":"2012-10-17"}}"#);
    let state = PolicyState::of(Some(text));
    let findings = assess(&state, &Trust::default());
    let remedy = findings.iter().flat_map(|finding| &finding.remedies).next();
    let Some(PolicyRemedy::SetPolicy { after: Some(after), .. }) = remedy else {
        panic!("{findings:?}")
    };
    assert_eq!(*after, format!(r#"{{"Id":"z","Statement":[{kept}],"Version":"2012-10-17"}}"#));
}

#[test]
fn only_what_the_policy_permits_is_taken_out() {
    let open = document(json!([own(), stranger(), public()]));
    let planned = |decide: fn(&str) -> Response| {
        let (_, writes) = S3BucketPolicy.plan(
            &event(&put(&open)),
            &crate::NoStates,
            &Trust { require_tls: true, ..Trust::default() },
            &mut |_, finding| decide(&finding.code),
        );
        let [write] = writes.as_slice() else { panic!("{writes:?}") };
        let text = write.operations[0].parameters["Policy"].as_str().unwrap();
        let left: Value = serde_json::from_str(text).unwrap();
        left["Statement"].as_array().unwrap().clone()
    };
    let left =
        planned(|code| if code == "public-statement" { Response::Revert } else { Response::Tag });
    assert_eq!(left, [own(), stranger()]);
    let left = planned(|_| Response::Revert);
    assert_eq!((left.len(), &left[0], &left[1]["Sid"]), (2, &own(), &json!("SnapbackTls")));
}

#[test]
fn tagging_keeps_every_other_tag_and_stops_at_the_limit() {
    let ours: Tags = [("snapback:at".to_owned(), "now".to_owned())].into();
    let theirs =
        |count: usize| (0..count).map(|n| (format!("k{n}"), String::new())).collect::<Tags>();
    let tag = S3BucketPolicy.tag(&a_bucket().resource, &theirs(49), &ours).unwrap();
    let PolicyRemedy::PutTags { before, after, .. } = &tag else { panic!() };
    assert_eq!((before, after.len()), (&theirs(49), 50));
    assert!(before.iter().all(|(key, value)| after.get(key) == Some(value)));
    assert!(S3BucketPolicy.tag(&a_bucket().resource, &theirs(50), &ours).is_err());
}

#[test]
fn the_declared_writes_are_those_of_its_remedies() {
    let tag = S3BucketPolicy.tag(&a_bucket().resource, &Tags::new(), &Tags::new()).unwrap();
    let mut used: BTreeSet<_> = tag.iam_actions().iter().collect();
    for statements in [json!([public()]), json!([own(), public()])] {
        for finding in assess(&live(&document(statements)), &Trust::default()) {
            used.extend(finding.remedies.iter().flat_map(Remedy::iam_actions));
        }
    }
    assert_eq!(used, Control::write_actions(&S3BucketPolicy).iter().collect());
}

fn principals() -> impl Strategy<Value = Value> {
    let aws = prop::sample::subsequence(
        vec![
            "*".to_owned(),
            "111122223333".to_owned(),
            "arn:aws:iam::111122223333:role/ci".to_owned(),
            format!("arn:aws:iam::{STRANGER}:root"),
        ],
        1..=4,
    );
    (aws, any::<bool>(), any::<bool>()).prop_map(|(aws, service, single)| {
        let mut kinds = json!({});
        kinds["AWS"] = match (aws.as_slice(), single) {
            ([one], true) => json!(one),
            _ => json!(aws),
        };
        if service {
            kinds["Service"] = json!("logs.amazonaws.com");
        }
        kinds
    })
}

fn a_deny() -> Value {
    json!({"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteBucket", "Resource": ARN})
}

fn documents() -> impl Strategy<Value = Value> {
    let statement = prop_oneof![
        4 => principals().prop_map(allow),
        1 => Just(public()),
        1 => Just(own()),
        1 => Just(a_deny()),
    ];
    prop::collection::vec(statement, 1..5).prop_map(|statements| document(json!(statements)))
}

/// The statements that a remedy leaves.
fn left_by(remedy: &PolicyRemedy) -> Vec<Value> {
    after(remedy)["Statement"].as_array().cloned().unwrap_or_default()
}

fn trust() -> Trust {
    Trust { require_tls: true, ..Trust::default() }
}

proptest! {
    #[test]
    fn mended_in_one_write_nothing_is_wrong_and_every_deny_and_friend_stays(document in documents()) {
        let state = live(&document);
        let remedies = assess(&state, &trust()).into_iter().flat_map(|finding| finding.remedies);
        let whole = remedies.reduce(|one, other| one.join(&other).unwrap());
        let Some(remedy) = whole else { panic!("TLS is always missing") };
        let mended = PolicyState::of(Some(after(&remedy).to_string()));
        prop_assert_eq!(assess(&mended, &trust()), []);
        let left = left_by(&remedy);
        for statement in document["Statement"].as_array().unwrap() {
            let harmless = assess(&live(&super::document(json!([statement]))), &Trust::default()).is_empty();
            prop_assert!(!harmless || left.contains(statement), "{} is lost", statement);
        }
        let written = document["Statement"].as_array().unwrap().len();
        prop_assert!(left.len() <= written.saturating_add(1));
    }

    #[test]
    fn each_remedy_mends_its_own_finding_and_changes_nothing_else(document in documents()) {
        let state = live(&document);
        let findings = assess(&state, &trust());
        for finding in &findings {
            for remedy in &finding.remedies {
                let PolicyRemedy::SetPolicy { after, .. } = remedy else { panic!() };
                let left = assess(&PolicyState { document: after.clone(), ..state.clone() }, &trust());
                let count = |findings: &[Finding<PolicyRemedy>]| {
                    findings.iter().filter(|one| one.code == finding.code).count()
                };
                prop_assert!(count(&left) < count(&findings));
                prop_assert!(left.len() < findings.len());
            }
        }
    }

    #[test]
    fn the_inverse_of_a_remedy_restores_what_was(document in documents()) {
        for finding in assess(&live(&document), &trust()) {
            for remedy in finding.remedies {
                let inverse = remedy.inverse().unwrap();
                prop_assert_eq!(after(&inverse), document.clone());
                prop_assert_eq!(inverse.join(&remedy), None);
                prop_assert_eq!(remedy.needs(), Response::Revert);
                let written: PolicyRemedy =
                    serde_json::from_value(serde_json::to_value(&remedy).unwrap()).unwrap();
                prop_assert_eq!(written, remedy);
            }
        }
    }

    #[test]
    fn joined_remedies_do_what_each_does_in_any_order(document in documents()) {
        let remedies: Vec<PolicyRemedy> =
            assess(&live(&document), &trust()).into_iter().flat_map(|finding| finding.remedies).collect();
        for one in &remedies {
            for other in &remedies {
                prop_assert_eq!(
                    one.join(other).map(|joined| after(&joined)),
                    other.join(one).map(|joined| after(&joined))
                );
            }
        }
    }
}
