//! Nothing that is put back may let through more than what it replaces.

use super::*;

/// Lambda on everything: dangerous by `privesc-existing`, and not everything.
fn lambda() -> Value {
    json!({"Effect": "Allow", "Action": "lambda:*", "Resource": "*"})
}

fn storage() -> Value {
    json!({"Effect": "Allow", "Action": "s3:*", "Resource": "*"})
}

fn no_deletion() -> Value {
    json!({"Effect": "Deny", "Action": "s3:DeleteObject", "Resource": "*"})
}

/// Whether the boundary comes back; if not, the reason.
fn put_back(permissions: Value, live: Option<Value>, former: &Boundary) -> Result<(), String> {
    let boundary = live.map_or(Boundary::None, |statements| Boundary::Set {
        arn: ADMIN.to_owned(),
        document: Some(document(statements)),
    });
    let state = GrantState {
        boundary,
        former_boundary: former.clone(),
        ..GrantState::granting(vec![managed("v1", &document(permissions))])
    };
    let findings = assess(&unbounded(), &state);
    assert_eq!(findings[0].code, "boundary-removed");
    match findings[0].remedies.as_slice() {
        [GrantRemedy::SetBoundary { after, .. }] if after == POLICY => Ok(()),
        [] => Err(findings[0].held_back.clone().unwrap()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_boundary_comes_back_only_where_it_lets_through_no_more_than_the_one_in_force() {
    let all = json!([everything()]);
    let former = |statements: Value| fence(&document(statements));
    // None stands: any limit is narrower, if it keeps back what is given.
    assert_eq!(put_back(all.clone(), None, &former(json!([storage()]))), Ok(()));
    for (live, before, reason) in [
        (None, json!([everything()]), "lets that through itself"),
        (None, json!([storage(), lambda()]), "lets that through itself"),
        (Some(json!([everything()])), json!([everything()]), "lets that through itself"),
        (Some(json!([lambda()])), json!([everything()]), "lets that through itself"),
        (Some(json!([lambda()])), json!([storage()]), "may allow what this one does not"),
        (
            Some(json!([everything(), no_deletion()])),
            json!([storage()]),
            "may allow what this one does not",
        ),
    ] {
        let told = put_back(all.clone(), live.clone(), &former(before.clone())).unwrap_err();
        assert!(told.contains(reason), "{live:?} {before}: {told}");
    }
    for (live, before) in [
        (json!([everything()]), json!([storage()])),
        (json!([lambda(), storage()]), json!([storage()])),
        (json!([everything(), no_deletion()]), json!([storage(), no_deletion()])),
    ] {
        assert_eq!(put_back(all.clone(), Some(live), &former(before)), Ok(()));
    }
}

#[test]
fn a_boundary_of_which_nobody_knows_what_it_says_does_not_come_back() {
    let unread = Boundary::Set { arn: POLICY.to_owned(), document: None };
    for former in [unread, fence("no document"), Boundary::None, Boundary::NotRead] {
        assert!(put_back(json!([everything()]), None, &former).is_err(), "{former:?}");
    }
}

#[test]
fn what_is_bounded_or_bounds_and_is_not_understood_is_told_and_not_acted_on() {
    let odd = json!({"Effect": "Allow", "Action": "*", "Resource": "*",
        "Condition": {"StringAlike": {"aws:PrincipalTag/team": "a"}}});
    let former = fence(&document(json!([storage()])));
    let held = |permissions: Value, live: Option<Value>| {
        put_back(permissions, live, &former).unwrap_err().contains("understood in full")
    };
    assert!(held(json!([everything(), odd.clone()]), None));
    assert!(held(json!([everything()]), Some(json!([everything(), odd]))));
}

/// Where the default goes back to, or why it stays.
fn version_after(live: Value, former: Value, remembered: bool) -> Result<String, String> {
    let state = GrantState {
        default_version: Some("v3".to_owned()),
        versions: vec![version("v2", &document(former))],
        attached: Some(true),
        former_version: remembered.then(|| "v2".to_owned()),
        ..GrantState::granting(vec![managed("v3", &document(live))])
    };
    let findings = assess(&set_default(), &state);
    match findings[0].remedies.as_slice() {
        [GrantRemedy::SetDefault { after, .. }] => Ok(after.clone()),
        [] => Err(findings[0].held_back.clone().unwrap()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_version_comes_back_only_where_it_allows_no_more_than_the_one_in_force() {
    for remembered in [true, false] {
        for (live, former, reason) in [
            (json!([everything()]), json!([everything()]), "dangerous itself"),
            (json!([lambda()]), json!([everything()]), "dangerous itself"),
            (json!([lambda()]), json!([lambda()]), "dangerous itself"),
            (json!([lambda()]), json!([storage()]), "may allow what the one in force does not"),
            (
                json!([lambda(), storage(), no_deletion()]),
                json!([storage()]),
                "may allow what the one in force does not",
            ),
        ] {
            let told = version_after(live.clone(), former.clone(), remembered).unwrap_err();
            assert!(told.contains(reason), "{live} {former}: {told}");
        }
        for (live, former) in [
            (json!([everything()]), json!([storage()])),
            (json!([storage(), lambda()]), json!([storage()])),
            (json!([storage(), lambda(), no_deletion()]), json!([storage(), no_deletion()])),
        ] {
            assert_eq!(version_after(live, former, remembered).as_deref(), Ok("v2"));
        }
    }
}

proptest! {
    #[test]
    fn whatever_comes_back_is_within_what_stands(
        live in statements(),
        former in statements(),
    ) {
        let within = |live: &Value, former: &Value| {
            let parse = |statements: &Value| {
                iam_document::Document::parse(&document(statements.clone())).unwrap()
            };
            iam_document::is_within(&parse(former), &parse(live))
        };
        let (live, former) = (json!(live), json!(former));
        let state = GrantState {
            default_version: Some("v3".to_owned()),
            versions: vec![version("v2", &document(former.clone()))],
            attached: Some(true),
            boundary: Boundary::Set { arn: ADMIN.to_owned(), document: Some(document(live.clone())) },
            former_boundary: fence(&document(former.clone())),
            ..GrantState::granting(vec![managed("v3", &document(live.clone()))])
        };
        for record in [set_default(), unbounded()] {
            for finding in assess(&record, &state) {
                prop_assert!(finding.remedies.is_empty() || within(&live, &former));
            }
        }
    }
}
