//! The requests a stranger could make, as far as they matter to one document.
//!
//! A stranger has an account, organization, roles, networks and addresses of their own, or signs
//! nothing; and chooses whatever a caller can choose. Wherever the document has a pattern, the
//! stranger tries to own something that fits it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::evaluate::{Caller, Request};

const STRANGER: &str = "999988887777";

/// What a stranger tries on a document.
pub(crate) struct Search {
    requests: Vec<Request>,
    exhaustive: bool,
}

impl Search {
    pub(crate) fn of(document: &Value) -> Self {
        let wanted = wanted(document);
        let identities = identities(&wanted);
        let mut keys: Vec<(String, Vec<Option<String>>)> = Vec::new();
        for (key, values) in &wanted {
            if let Some(options) = options(key, values) {
                keys.push((key.clone(), options));
            }
        }
        let combinations =
            keys.iter().map(|(_, options)| options.len()).product::<usize>() * identities.len();
        // Two patterns on who somebody is may not fit one and the same stranger.
        let about_identity = wanted
            .iter()
            .filter(|(key, _)| {
                matches!(
                    key.as_str(),
                    "aws:principalorgid"
                        | "aws:principalaccount"
                        | "aws:principalarn"
                        | "aws:userid"
                        | "aws:username"
                        | "aws:principaltag/team"
                        | "aws:principalisawsservice"
                )
            })
            .count();
        let once = wanted.values().all(|entries| entries.count == 1);
        // Segment by segment, `*111122223333` fits no account of twelve digits but our own; the
        // analysis does not count digits, and takes any star in an account for an open one.
        let text = document.to_string();
        let counted = text.contains("Arn") && text.contains("::*111122223333");
        let exhaustive = about_identity <= 1 && once && !counted && combinations <= 5_000;
        let mut requests = Vec::new();
        for identity in &identities {
            let mut drafts = vec![identity.clone()];
            for (key, options) in &keys {
                drafts = drafts
                    .into_iter()
                    .flat_map(|draft| {
                        options.iter().map(move |option| {
                            let mut draft = draft.clone();
                            if let Some(value) = option {
                                draft.keys.insert(key.clone(), vec![value.clone()]);
                            }
                            draft
                        })
                    })
                    .take(2_000)
                    .collect();
            }
            requests.extend(drafts);
        }
        Self { requests, exhaustive }
    }

    pub(crate) fn requests(&self) -> impl Iterator<Item = Request> {
        self.requests.iter().cloned()
    }

    pub(crate) fn is_exhaustive(&self) -> bool {
        self.exhaustive
    }
}

/// The values that a document compares a key with.
#[derive(Default)]
pub(crate) struct Wanted {
    pub(crate) values: BTreeSet<String>,
    /// How many comparisons there are.
    pub(crate) count: usize,
}

pub(crate) fn wanted(document: &Value) -> BTreeMap<String, Wanted> {
    let mut wanted: BTreeMap<String, Wanted> = BTreeMap::new();
    for statement in document["Statement"].as_array().unwrap() {
        let Some(operators) = statement["Condition"].as_object() else { continue };
        for (key, values) in operators.values().flat_map(|keys| keys.as_object().unwrap()) {
            let entry = wanted.entry(key.to_lowercase()).or_default();
            entry.count += 1;
            let list = match values {
                Value::Array(items) => items.clone(),
                single => vec![single.clone()],
            };
            entry.values.extend(list.iter().map(|item| item.as_str().unwrap().to_owned()));
        }
    }
    wanted
}

pub(crate) fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?'])
}

/// Something of a stranger's that fits a pattern.
pub(crate) fn fit(pattern: &str, star: &str) -> String {
    pattern.replace('*', star).replace('?', "7")
}

/// Who a stranger may be.
fn identities(wanted: &BTreeMap<String, Wanted>) -> Vec<Request> {
    let patterns = |key: &str| -> Vec<String> {
        wanted
            .get(key)
            .map(|entry| entry.values.iter().filter(|text| is_pattern(text)).cloned().collect())
            .unwrap_or_default()
    };
    let draft = |caller: Caller| Request {
        caller,
        action: "s3:getobject".to_owned(),
        resource: Some("arn:aws:s3:::amzn-s3-demo-bucket/key".to_owned()),
        keys: BTreeMap::new(),
    };
    let mut unsigned = draft(Caller::Unsigned);
    for key in ["aws:principalaccount", "aws:userid"] {
        unsigned.keys.insert(key.to_owned(), vec!["anonymous".to_owned()]);
    }
    let mut accounts: BTreeSet<String> = [STRANGER.to_owned()].into();
    for pattern in patterns("aws:principalaccount") {
        accounts.insert(if pattern == "*" { STRANGER.to_owned() } else { fit(&pattern, "") });
    }
    for pattern in patterns("aws:principalarn") {
        // The account segment of a pattern, where it is one that a stranger's account may fit.
        if let Some(segment) = pattern.split(':').nth(4).filter(|segment| segment.contains('?')) {
            accounts.insert(fit(segment, ""));
        }
    }
    let mut orgs: BTreeSet<Option<String>> = [None, Some("o-stranger".to_owned())].into();
    orgs.extend(patterns("aws:principalorgid").iter().map(|one| Some(fit(one, "stranger"))));
    let mut ids: BTreeSet<String> = ["AIDASTRANGER11111111".to_owned()].into();
    ids.insert("AROASTRANGER11111111:session".to_owned());
    let mut all = vec![unsigned];
    for account in &accounts {
        let mut arns: BTreeSet<String> = [
            format!("arn:aws:iam::{account}:role/app"),
            format!("arn:aws:iam::{account}:user/anna"),
            // An IAM path may hold colons and digits, so a stranger's role can spell our account.
            format!("arn:aws:iam::{account}:role/111122223333:role/app"),
        ]
        .into();
        arns.insert(format!("arn:aws:iam::{account}:role/x:iam::111122223333:role/app"));
        for arn in &arns {
            for org in &orgs {
                for id in &ids {
                    let mut signed =
                        draft(Caller::Signed { account: account.clone(), arn: arn.clone() });
                    let mut put = |key: &str, value: &str| {
                        signed.keys.insert(key.to_owned(), vec![value.to_owned()]);
                    };
                    put("aws:principalaccount", account);
                    put("aws:principalarn", arn);
                    put("aws:userid", id);
                    put("aws:principalisawsservice", "false");
                    if let Some(org) = org {
                        put("aws:principalorgid", org);
                    }
                    all.push(signed);
                }
            }
        }
    }
    all
}

/// What a stranger may say of a key, identity apart; `None`: identity has said it.
pub(crate) fn options(key: &str, wanted: &Wanted) -> Option<Vec<Option<String>>> {
    let values = &wanted.values;
    let fitting = |own: &str| -> Vec<Option<String>> {
        let mut options = vec![None, Some(own.to_owned())];
        options
            .extend(values.iter().filter(|text| is_pattern(text)).map(|one| Some(fit(one, "0"))));
        options
    };
    Some(match key {
        // Networks of a stranger's own, and what fits a pattern.
        "aws:sourcevpc" => fitting("vpc-stranger"),
        "aws:sourcevpce" => fitting("vpce-stranger"),
        "aws:sourceaccount" => fitting(STRANGER),
        // A stranger's own address, or one of a network so wide that S3 counts it as the public.
        "aws:sourceip" => {
            // Through a VPC endpoint of their own the key is absent.
            let mut options =
                vec![None, Some("192.0.2.1".to_owned()), Some("2001:db8::1".to_owned())];
            for network in values {
                let wide = network
                    .split_once('/')
                    .is_some_and(|(_, length)| length.parse::<u32>().unwrap() < 8);
                if wide {
                    let address = network.split_once('/').unwrap().0;
                    let own = if address == "0.0.0.0" { "192.0.2.1" } else { address };
                    options.push(Some(own.to_owned()));
                }
            }
            options
        }
        "aws:securetransport" => vec![Some("true".to_owned()), Some("false".to_owned())],
        "aws:principalorgid"
        | "aws:principalaccount"
        | "aws:principalarn"
        | "aws:userid"
        | "aws:principalisawsservice" => return None,
        // Everything else is the caller's to choose.
        _ => {
            let mut options = vec![None, Some("something else".to_owned())];
            options.extend(values.iter().map(|text| Some(fit(text, "0"))));
            options.extend(values.iter().map(|text| Some(text.clone())));
            options
        }
    })
}
