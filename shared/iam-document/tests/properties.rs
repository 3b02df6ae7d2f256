//! Properties over generated documents: what reading, judging and editing never do.
#![cfg_attr(
    test,
    expect(
        clippy::arithmetic_side_effects,
        clippy::wildcard_enum_match_arm,
        reason = "a test that meets what it does not expect should fail"
    )
)]

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use iam_document::{
        Context, Document, Judged, Kind, Verdict, acl,
        edit::{EditRefused, MENDABLE, mend},
        inspect,
    };
    use proptest::{collection::vec, prelude::*, sample::select};
    use serde_json::{Value, json};

    const OWN: &str = "111122223333";

    fn context() -> Context {
        Context::from_json(&json!({
            "account_id": OWN, "org_id": "o-a1b2c3d4e5", "trusted_accounts": ["444455556666"],
            "third_party_accounts": ["777788889999"], "trusted_vpcs": ["vpc-1"],
        }))
        .unwrap()
    }

    fn principals() -> impl Strategy<Value = Value> {
        let aws = vec(
            select(vec![
                "*",
                "111122223333",
                "arn:aws:iam::111122223333:role/app",
                "444455556666",
                "777788889999",
                "222233334444",
                "arn:aws:iam::222233334444:user/anna",
                "AROADBQP57FF2AEXAMPLE",
                "arn:aws:iam::*:root",
            ]),
            1..4,
        );
        let other = select(vec![
            json!({}),
            json!({"Service":"ec2.amazonaws.com"}),
            json!({"Service":["sns.amazonaws.com"]}),
            json!({"Federated":"graph.facebook.com"}),
            json!({"Federated":"arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"}),
        ]);
        prop_oneof![
            1 => Just(json!("*")),
            5 => (aws, other, any::<bool>()).prop_map(|(mut aws, mut other, scalar)| {
                aws.dedup();
                other["AWS"] = if scalar && aws.len() == 1 { json!(aws[0]) } else { json!(aws) };
                other
            }),
        ]
    }

    fn conditions() -> impl Strategy<Value = Value> {
        select(vec![
            json!({}),
            json!({}),
            json!({"StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}),
            json!({"StringEquals":{"aws:PrincipalOrgID":["o-a1b2c3d4e5","o-zzzzzzzzzz"]}}),
            json!({"StringEquals":{"aws:PrincipalAccount":["222233334444"]}}),
            json!({"StringEquals":{"sts:ExternalId":"7f3a"}}),
            json!({"StringLike":{"sts:ExternalId":"*"}}),
            json!({"StringEquals":{"aws:SourceVpc":"vpc-2"}}),
            json!({"IpAddress":{"aws:SourceIp":["203.0.113.0/24"]}}),
            json!({"StringLike":{"token.actions.githubusercontent.com:sub":"repo:acme/app:*"}}),
            json!({"StringSimilar":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}),
        ])
    }

    fn statement() -> impl Strategy<Value = Value> {
        let effect = select(vec!["Allow", "Allow", "Allow", "Deny"]);
        let action = select(vec![
            json!("sts:AssumeRole"),
            json!(["sts:AssumeRole", "sts:TagSession"]),
            json!("sts:*"),
            json!("sts:AssumeRoleWithWebIdentity"),
        ]);
        let parts = (effect, action, principals(), conditions(), any::<bool>());
        parts.prop_map(|(effect, action, principal, condition, note)| {
            let mut statement = json!({"Effect":effect,"Principal":principal,"Action":action});
            if condition != json!({}) {
                statement["Condition"] = condition;
            }
            if note {
                statement["Note"] = json!("kept");
            }
            statement
        })
    }

    fn document() -> impl Strategy<Value = Value> {
        vec(statement(), 1..4)
            .prop_map(|statements| json!({"Version":"2012-10-17","Id":"x","Statement":statements}))
    }

    /// A document that S3 might hold, made of the same statements.
    fn bucket_policy() -> impl Strategy<Value = Value> {
        document().prop_map(|mut document| {
            for statement in document["Statement"].as_array_mut().unwrap() {
                statement["Action"] = json!("s3:GetObject");
                statement["Resource"] = json!("arn:aws:s3:::amzn-s3-demo-bucket/*");
            }
            document
        })
    }

    fn json_value() -> impl Strategy<Value = Value> {
        let words = vec![
            "Statement",
            "Effect",
            "Allow",
            "Deny",
            "Principal",
            "NotPrincipal",
            "AWS",
            "*",
            "Action",
            "Resource",
            "Condition",
            "StringLike",
            "Null",
            "aws:SourceIp",
            "IpAddress",
            "0.0.0.0/0",
            "${aws:username}",
            "Grants",
            "Grantee",
            "URI",
            "IpPermissions",
            "ipProtocol",
            "cidrIp",
            "fromPort",
            "Federated",
            "Version",
            "2012-10-17",
        ];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            select(words.clone()).prop_map(Value::from),
            ".{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(6, 48, 5, move |inner| {
            prop_oneof![
                vec(inner.clone(), 0..5).prop_map(Value::from),
                vec((select(words.clone()), inner), 0..5).prop_map(|members| {
                    members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
                }),
            ]
        })
    }

    /// The facts of a verdict that a rewrite must not change.
    fn facts(verdict: &Verdict) -> (bool, bool, Vec<String>, String, Vec<String>) {
        let mut codes: Vec<String> = verdict.codes().into_iter().map(str::to_owned).collect();
        codes.sort();
        (
            verdict.public,
            verdict.mitigated_by_deny,
            verdict.cross_account.clone(),
            verdict.exposure.as_str().to_owned(),
            codes,
        )
    }

    /// Each principal that an Allow names, with all else that its statement says, and how often.
    fn grants(document: &Value) -> BTreeMap<String, usize> {
        let mut grants = BTreeMap::new();
        for statement in document["Statement"].as_array().unwrap() {
            let mut rest = statement.clone();
            rest.as_object_mut().unwrap().shift_remove("Principal");
            let named: Vec<String> = match &statement["Principal"] {
                Value::Object(kinds) => kinds
                    .iter()
                    .flat_map(|(kind, names)| {
                        let names = match names {
                            Value::Array(items) => items.clone(),
                            single => vec![single.clone()],
                        };
                        names.into_iter().map(move |name| format!("{kind} {name}"))
                    })
                    .collect(),
                bare => vec![bare.to_string()],
            };
            for name in named {
                *grants.entry(format!("{rest} {name}")).or_insert(0) += 1;
            }
        }
        grants
    }

    /// Whether the catalogue knows the code.
    fn is_listed(code: &str) -> bool {
        model::catalogue::describe(code).code != model::catalogue::UNLISTED.code
    }

    fn mendable(verdict: &Verdict) -> Vec<Judged> {
        let codes = |finding: &&Judged| MENDABLE.contains(&finding.code.as_str());
        verdict.findings.iter().filter(codes).cloned().collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn printing_gives_back_what_was_read(value in json_value()) {
            let document = json!({"Statement": value, "Other": value.clone()});
            let text = document.to_string();
            if let Ok(read) = Document::parse(&text) {
                prop_assert_eq!(read.to_string(), text);
            }
        }

        #[test]
        fn no_json_makes_a_judgement_fail(value in json_value()) {
            for kind in Kind::ALL {
                let verdict = inspect(kind, &value, &context());
                let text = inspect(kind, &value.to_string(), &context());
                prop_assert_eq!(facts(&verdict), facts(&text));
                prop_assert!(!verdict.effective_public || verdict.public);
                for finding in &verdict.findings {
                    prop_assert!(is_listed(&finding.code), "{} is not listed", finding.code);
                }
            }
        }

        #[test]
        fn no_text_makes_a_judgement_fail(text in ".{0,200}", noise in "[{}\\[\\]\":,a-z0-9*]{0,200}") {
            for kind in Kind::ALL {
                for text in [&text, &noise] {
                    let verdict = inspect(kind, text, &context());
                    let is_json = serde_json::from_str::<Value>(text).is_ok();
                    let said = verdict.error.is_some();
                    prop_assert!(is_json || said || text.trim().starts_with("%7"), "{}", text);
                }
            }
        }

        #[test]
        fn adding_an_allow_never_narrows(document in document(), mut more in statement()) {
            more["Effect"] = json!("Allow");
            let before = inspect(Kind::TrustPolicy, &document, &context());
            let mut wider = document;
            wider["Statement"].as_array_mut().unwrap().push(more);
            let after = inspect(Kind::TrustPolicy, &wider, &context());
            prop_assert!(after.exposure >= before.exposure);
            prop_assert!(after.public || !before.public);
            prop_assert!(after.effective_public || !before.effective_public);
            for stranger in &before.cross_account {
                prop_assert!(after.cross_account.contains(stranger));
            }
        }

        #[test]
        fn adding_a_deny_never_widens(document in bucket_policy(), mut more in statement()) {
            more["Effect"] = json!("Deny");
            more["Action"] = json!("s3:*");
            more["Resource"] = json!("*");
            let before = inspect(Kind::BucketPolicy, &document, &context());
            let mut narrower = document;
            narrower["Statement"].as_array_mut().unwrap().push(more);
            let after = inspect(Kind::BucketPolicy, &narrower, &context());
            prop_assert!(after.exposure <= before.exposure);
            prop_assert!(before.effective_public || !after.effective_public);
        }

        #[test]
        fn rewrites_that_mean_the_same_are_judged_the_same(document in bucket_policy(), trust in document()) {
            for (kind, document) in [(Kind::BucketPolicy, document), (Kind::TrustPolicy, trust)] {
                let verdict = facts(&inspect(kind, &document, &context()));
                let mut reversed = document.clone();
                reversed["Statement"].as_array_mut().unwrap().reverse();
                prop_assert_eq!(&facts(&inspect(kind, &reversed, &context())), &verdict);
                let mut dead = document.clone();
                dead["Statement"].as_array_mut().unwrap().push(json!({
                    "Effect":"Deny","Principal":{"AWS":"999988887777"},"Action":"x:Y","Resource":"arn:aws:x:::y",
                }));
                if kind == Kind::BucketPolicy {
                    prop_assert_eq!(&facts(&inspect(kind, &dead, &context())), &verdict);
                }
                let mut lists = document.clone();
                for statement in lists["Statement"].as_array_mut().unwrap() {
                    as_lists(statement);
                }
                prop_assert_eq!(&facts(&inspect(kind, &lists, &context())), &verdict);
                let cased = document
                    .to_string()
                    .replace("aws:PrincipalOrgID", "AWS:principalorgid")
                    .replace("aws:SourceIp", "aws:sourceIP")
                    .replace("StringEquals", "stringequals")
                    .replace("s3:GetObject", "S3:getOBJECT")
                    .replace("sts:AssumeRole", "STS:assumerole");
                prop_assert_eq!(&facts(&inspect(kind, &cased, &context())), &verdict);
                let split = document
                    .to_string()
                    .replace("\"203.0.113.0/24\"", "\"203.0.113.0/25\",\"203.0.113.200/25\"");
                prop_assert_eq!(&facts(&inspect(kind, &split, &context())), &verdict);
                let spelled = document
                    .to_string()
                    .replace("\"222233334444\"", "\"arn:aws:iam::222233334444:root\"")
                    .replace("\"aws:PrincipalAccount\":[\"arn:aws:iam::222233334444:root\"]", "\"aws:PrincipalAccount\":[\"222233334444\"]");
                prop_assert_eq!(&facts(&inspect(kind, &spelled, &context())), &verdict);
            }
        }

        #[test]
        fn an_edit_takes_what_was_found_and_nothing_else(value in document(), bucket in bucket_policy()) {
            for (kind, value) in [(Kind::TrustPolicy, value), (Kind::BucketPolicy, bucket)] {
                let document = Document::from_value(&value).unwrap();
                let verdict = inspect(kind, &document, &context());
                let findings = mendable(&verdict);
                let edit = match mend(kind, &document, &context(), &findings) {
                    Ok(edit) => edit,
                    Err(EditRefused::Nothing) => {
                        prop_assert!(findings.is_empty());
                        continue;
                    }
                    Err(EditRefused::Unclear { .. }) => {
                        prop_assert!(!verdict.is_certain());
                        continue;
                    }
                    Err(EditRefused::NotMinimal { .. }) => {
                        // Only where friends and strangers share one condition.
                        prop_assert!(value.to_string().contains("o-zzzzzzzzzz") || value.to_string().contains("vpc-"));
                        continue;
                    }
                    Err(other) => {
                        return Err(TestCaseError::fail(format!("{other}: {value}")));
                    }
                };
                // Nothing dangerous stays.
                prop_assert!(!edit.verdict.public);
                prop_assert!(mendable(&edit.verdict).is_empty(), "{:?}", edit.verdict.findings);
                prop_assert!(edit.verdict.exposure <= verdict.exposure);
                // Nothing legitimate goes: what is gone was found.
                let before = grants(&value);
                let after = match &edit.after {
                    Some(after) => grants(after.value()),
                    None => BTreeMap::new(),
                };
                let found = |grant: &str| findings.iter().any(|finding| {
                    let principal = finding.principal.as_deref().unwrap();
                    grant.ends_with(&json!(principal).to_string())
                });
                for (grant, count) in &before {
                    let left = after.get(grant).copied().unwrap_or_default();
                    prop_assert!(left <= *count);
                    prop_assert!(left == *count || found(grant), "{} went from {}", grant, value);
                }
                for grant in after.keys() {
                    prop_assert!(
                        before.contains_key(grant) || grant.contains("SnapbackDenyEveryone"),
                        "{} came", grant
                    );
                }
                // Editing again finds nothing to do.
                if let Some(after) = &edit.after {
                    let again = inspect(kind, after, &context());
                    prop_assert!(mendable(&again).is_empty());
                }
            }
        }

        #[test]
        fn an_edit_of_one_finding_leaves_the_others(value in document()) {
            let document = Document::from_value(&value).unwrap();
            let verdict = inspect(Kind::TrustPolicy, &document, &context());
            prop_assert!(verdict.findings.iter().all(|finding| is_listed(&finding.code)));
            for finding in mendable(&verdict) {
                let one = std::slice::from_ref(&finding);
                let Ok(edit) = mend(Kind::TrustPolicy, &document, &context(), one) else { continue };
                prop_assert_eq!(edit.removed.len(), 1);
                prop_assert_eq!(Some(edit.removed[0].statement), finding.statement);
                prop_assert_eq!(Some(&edit.removed[0].principals[0]), finding.principal.as_ref());
            }
        }

        #[test]
        fn taking_out_public_grants_leaves_every_other(
            picks in vec((0..6_usize, 0..4_usize), 0..8),
        ) {
            let grantees = [
                json!({"URI":"http://acs.amazonaws.com/groups/global/AllUsers"}),
                json!({"URI":"http://acs.amazonaws.com/groups/global/AuthenticatedUsers"}),
                json!({"URI":"http://acs.amazonaws.com/groups/s3/LogDelivery"}),
                json!({"ID":"us","DisplayName":"acme"}),
                json!({"ID":"them"}),
                json!({"EmailAddress":"a@example.com"}),
            ];
            let permissions = ["READ", "WRITE_ACP", "FULL_CONTROL", "SOMETHING"];
            let list: Vec<Value> = picks
                .iter()
                .map(|(who, what)| json!({"Grantee":grantees[*who],"Permission":permissions[*what]}))
                .collect();
            let acl = acl::parse(&json!({"Owner":{"ID":"us"},"Grants":list}));
            let closed = acl::without_public(&acl);
            prop_assert!(acl::public_grants(&closed).is_empty());
            let kept: Vec<_> = acl.grants.iter().filter(|grant| grant.code().is_none()).cloned().collect();
            prop_assert_eq!(&closed.grants, &kept);
            prop_assert_eq!(&closed.owner, &acl.owner);
        }
    }

    /// Every scalar that may be a list becomes one.
    fn as_lists(statement: &mut Value) {
        let list = |value: &mut Value| {
            if !value.is_array() {
                *value = json!([value.clone()]);
            }
        };
        for element in ["Action", "Resource"] {
            if let Some(value) = statement.get_mut(element) {
                list(value);
            }
        }
        match &mut statement["Principal"] {
            Value::Object(kinds) => kinds.values_mut().for_each(list),
            bare => list(bare),
        }
        if let Some(operators) = statement.get_mut("Condition").and_then(Value::as_object_mut) {
            for keys in operators.values_mut().filter_map(Value::as_object_mut) {
                keys.values_mut().for_each(list);
            }
        }
    }
}
