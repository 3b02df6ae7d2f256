//! Bucket policies that let in an account by name, and the requests that its principals can make.
//!
//! A named stranger may come from any network and say what it likes; only who it is, is fixed. It is
//! of no organization of ours: were it of one, it would be trusted.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    evaluate::{Caller, Request},
    generate::{Random, condition},
    search::{Wanted, fit, is_pattern, options, wanted},
};

/// The account that is named.
pub(crate) const FOREIGNER: &str = "222233334444";

const BUCKET: &str = "arn:aws:s3:::amzn-s3-demo-bucket";

/// The keys that say who somebody is.
const IDENTITY: [&str; 5] = [
    "aws:principalorgid",
    "aws:principalaccount",
    "aws:principalarn",
    "aws:userid",
    "aws:principalisawsservice",
];

/// A policy, and whether its Denies are of forms that are told exactly.
pub(crate) fn policy(random: &mut Random) -> (Value, bool) {
    let named = random.pick(&[
        json!({"AWS": FOREIGNER}),
        json!({"AWS":["111122223333", format!("arn:aws:iam::{FOREIGNER}:root")]}),
        json!({"AWS": format!("arn:aws:iam::{FOREIGNER}:role/app")}),
        json!({"AWS": [format!("arn:aws:iam::{FOREIGNER}:user/anna")]}),
        json!({"AWS":"111122223333"}),
    ]);
    let mut allow = json!({"Effect":"Allow","Principal":named,
        "Action": random.pick(&[json!("s3:GetObject"), json!(["S3:getobject", "s3:PutObject"]), json!("s3:*")]),
        "Resource": random.pick(&[json!(format!("{BUCKET}/*")), json!("*"), json!(format!("{BUCKET}/private/*"))]),
    });
    if random.chance(2) {
        allow["Condition"] = condition(random);
    }
    let mut statements = vec![allow];
    let mut exact = true;
    for _ in 0..random.pick(&[0, 1, 1, 1, 2]) {
        let mut deny = json!({"Effect":"Deny",
            "Action": random.pick(&[json!("s3:*"), json!("*"), json!("s3:Get*"), json!(["s3:PutObject", "s3:DeleteObject"])]),
            "Resource": random.pick(&[json!("*"), json!([format!("{BUCKET}/*"), BUCKET]), json!(format!("{BUCKET}/private/*"))]),
        });
        let (key, principal) = random.pick(&[
            ("Principal", json!("*")),
            ("Principal", json!({"AWS":"*"})),
            ("Principal", json!({"AWS": FOREIGNER})),
            (
                "Principal",
                json!({"AWS":["444455556666", format!("arn:aws:iam::{FOREIGNER}:role/app")]}),
            ),
            ("NotPrincipal", json!({"AWS":"111122223333"})),
            ("NotPrincipal", json!({"AWS": format!("arn:aws:iam::{FOREIGNER}:root")})),
        ]);
        deny[key] = principal;
        if random.chance(4) {
            deny["Condition"] = condition(random);
            exact = false;
        } else {
            deny["Condition"] = random.pick(&[
                json!({}),
                json!({"StringNotEquals":{"aws:PrincipalOrgID":"o-ours"}}),
                json!({"StringNotEqualsIfExists":{"aws:PrincipalOrgID":["o-ours","o-theirs"]}}),
                json!({"StringNotEquals":{"aws:PrincipalAccount":["111122223333","444455556666"]}}),
                json!({"StringNotEquals":{"aws:PrincipalAccount":FOREIGNER}}),
                json!({"StringEquals":{"aws:PrincipalAccount":FOREIGNER}}),
                json!({"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:*"}}),
                json!({"Bool":{"aws:PrincipalIsAWSService":"false"}}),
                json!({"NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"}}),
                json!({"ForAnyValue:StringNotEquals":{"aws:PrincipalOrgID":"o-ours"}}),
            ]);
        }
        let at = random.below(statements.len() + 1);
        statements.insert(at, deny);
    }
    (json!({"Version":"2012-10-17","Statement":statements}), exact)
}

/// Whether the Allows leave to chance only what a caller chooses, so that each is told exactly: no
/// condition says who calls or on whose behalf, and none is on a key that is
/// spoken of twice.
pub(crate) fn is_plain(document: &Value) -> bool {
    let all = wanted(document);
    document["Statement"].as_array().unwrap().iter().all(|statement| {
        let alone = json!({"Statement":[statement]});
        statement["Effect"] == "Deny"
            || wanted(&alone).keys().all(|key| {
                let says_who = IDENTITY.contains(&key.as_str()) || key == "aws:sourceaccount";
                !says_who && all.get(key).is_some_and(|entry| entry.count == 1)
            })
    })
}

/// The requests that principals of the account can make.
pub(crate) fn requests(document: &Value) -> Vec<Request> {
    let wanted = wanted(document);
    let mut all = Vec::new();
    for identity in identities(&wanted) {
        let mut drafts = vec![identity];
        for (key, entry) in wanted.iter().filter(|(key, _)| !IDENTITY.contains(&key.as_str())) {
            let chosen = choices(key, entry);
            drafts = drafts
                .into_iter()
                .flat_map(|draft| {
                    chosen.iter().map(move |option| {
                        let mut draft = draft.clone();
                        if let Some(value) = option {
                            draft.keys.insert(key.clone(), vec![value.clone()]);
                        }
                        draft
                    })
                })
                .take(400)
                .collect();
        }
        all.extend(drafts);
    }
    all
}

/// What may be said of a key: a stranger by name may come from the networks that are named, too.
fn choices(key: &str, entry: &Wanted) -> Vec<Option<String>> {
    let mut choices = options(key, entry).unwrap_or_default();
    match key {
        "aws:sourcevpc" | "aws:sourcevpce" => {
            let ids = entry.values.iter().filter(|text| !is_pattern(text));
            choices.extend(ids.cloned().map(Some));
        }
        "aws:sourceip" => {
            let host = |network: &String| network.split('/').next().unwrap().to_owned();
            choices.extend(entry.values.iter().map(|network| Some(host(network))));
        }
        _ => {}
    }
    choices
}

fn identities(wanted: &std::collections::BTreeMap<String, Wanted>) -> Vec<Request> {
    let values = |key: &str| wanted.get(key).map(|entry| entry.values.clone()).unwrap_or_default();
    let mut orgs: BTreeSet<Option<String>> = [None, Some("o-stranger".to_owned())].into();
    for org in values("aws:principalorgid").into_iter().filter(|org| org != "o-ours") {
        orgs.insert(Some(if is_pattern(&org) { fit(&org, "stranger") } else { org }));
    }
    let mut ids: BTreeSet<String> = ["AIDASTRANGER11111111".to_owned()].into();
    ids.extend(values("aws:userid").iter().filter(|id| *id != "anonymous").map(|id| fit(id, "x")));
    let mut all = Vec::new();
    for name in ["role/app", "user/anna", "role/other"] {
        let arn = format!("arn:aws:iam::{FOREIGNER}:{name}");
        for (org, id) in orgs.iter().flat_map(|org| ids.iter().map(move |id| (org, id))) {
            for action in ["s3:getobject", "s3:putobject", "s3:putobjectacl"] {
                for target in [
                    format!("{BUCKET}/key"),
                    format!("{BUCKET}/private/key"),
                    format!("{BUCKET}-2/key"),
                ] {
                    let mut keys = std::collections::BTreeMap::new();
                    let mut put = |key: &str, value: &str| {
                        keys.insert(key.to_owned(), vec![value.to_owned()]);
                    };
                    put("aws:principalaccount", FOREIGNER);
                    put("aws:principalarn", &arn);
                    put("aws:userid", id);
                    put("aws:principalisawsservice", "false");
                    if let Some(org) = org {
                        put("aws:principalorgid", org);
                    }
                    let caller = Caller::Signed { account: FOREIGNER.to_owned(), arn: arn.clone() };
                    all.push(Request {
                        caller,
                        action: action.to_owned(),
                        resource: Some(target),
                        keys,
                    });
                }
            }
        }
    }
    all
}
