//! One request against one document, by the rules of the IAM User Guide, as plainly as they read.

use std::collections::BTreeMap;

use serde_json::Value;

/// Who calls.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Caller {
    /// Nobody in particular.
    Unsigned,
    /// A principal of an account.
    Signed { account: String, arn: String },
    /// The bearer of a provider's token.
    Federated { provider: String },
}

/// One request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Request {
    pub(crate) caller: Caller,
    pub(crate) action: String,
    pub(crate) resource: Option<String>,
    /// Keys in lower case.
    pub(crate) keys: BTreeMap<String, Vec<String>>,
}

/// What IAM answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Allowed,
    Denied,
    NotAllowed,
}

/// Evaluates the request: an explicit Deny wins, else an Allow is needed.
pub(crate) fn evaluate(document: &Value, request: &Request) -> Answer {
    let new = document["Version"] == "2012-10-17";
    let mut answer = Answer::NotAllowed;
    for statement in list(&document["Statement"]) {
        let deny = statement["Effect"] == "Deny";
        if !speaks_of(statement, request, new) || !conditions(statement, request, new, deny) {
            continue;
        }
        if deny {
            return Answer::Denied;
        }
        answer = Answer::Allowed;
    }
    answer
}

fn list(value: &Value) -> Vec<&Value> {
    match value {
        Value::Null => vec![],
        Value::Array(items) => items.iter().collect(),
        single => vec![single],
    }
}

fn words(value: &Value) -> Vec<String> {
    list(value)
        .into_iter()
        .map(|item| match item {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        })
        .collect()
}

fn speaks_of(statement: &Value, request: &Request, new: bool) -> bool {
    let principal = match (&statement["Principal"], &statement["NotPrincipal"]) {
        (Value::Null, Value::Null) => false,
        (Value::Null, not) => !is_named(not, request),
        (named, _) => is_named(named, request),
    };
    let action = |value: &Value| {
        words(value).iter().any(|word| like(&word.to_lowercase(), &request.action, false))
    };
    let acts = match (&statement["Action"], &statement["NotAction"]) {
        (Value::Null, not) => !action(not),
        (named, _) => action(named),
    };
    let resource =
        |value: &Value, target: &str| words(value).iter().any(|word| like(word, target, new));
    let targets = match (&request.resource, &statement["Resource"], &statement["NotResource"]) {
        (None, ..) | (_, Value::Null, Value::Null) => true,
        (Some(target), Value::Null, not) => !resource(not, target),
        (Some(target), named, _) => resource(named, target),
    };
    principal && acts && targets
}

fn is_named(value: &Value, request: &Request) -> bool {
    let Value::Object(kinds) = value else { return words(value).iter().any(|word| word == "*") };
    kinds.iter().any(|(kind, names)| {
        words(names).iter().any(|name| match (&request.caller, kind.as_str()) {
            (_, "AWS") if name == "*" => true,
            (Caller::Signed { account, arn }, "AWS") => {
                name == account || name == arn || *name == format!("arn:aws:iam::{account}:root")
            }
            (Caller::Federated { provider }, "Federated") => name == provider,
            _ => false,
        })
    })
}

fn conditions(statement: &Value, request: &Request, new: bool, deny: bool) -> bool {
    let Some(operators) = statement["Condition"].as_object() else { return true };
    operators.iter().all(|(operator, keys)| {
        keys.as_object().unwrap().iter().all(|(key, values)| {
            let found = request.keys.get(&key.to_lowercase());
            condition(operator, &words(values), found.map(Vec::as_slice), new).unwrap_or(!deny)
        })
    })
}

/// `None`: there is no such operator.
fn condition(
    operator: &str,
    wanted: &[String],
    found: Option<&[String]>,
    new: bool,
) -> Option<bool> {
    let lower = operator.to_lowercase();
    let (set, rest) = match lower.split_once(':') {
        Some((set, rest)) => (set, rest),
        None => ("", lower.as_str()),
    };
    let if_exists = rest.ends_with("ifexists");
    let name = rest.trim_end_matches("ifexists");
    if name == "null" {
        let absent = found.is_none_or(<[String]>::is_empty);
        return Some(wanted.iter().any(|word| *word == absent.to_string()));
    }
    let negated = name.contains("not");
    let plain = name.replacen("not", "", 1);
    let compare: fn(&str, &str, bool) -> bool = match plain.as_str() {
        "stringequals" => |wanted, found, new| same(wanted, found, new),
        "stringequalsignorecase" => {
            |wanted, found, new| same(&wanted.to_lowercase(), &found.to_lowercase(), new)
        }
        "stringlike" => like,
        "arnequals" | "arnlike" => arn,
        "bool" => |wanted, found, _| wanted.eq_ignore_ascii_case(found),
        "ipaddress" => |wanted, found, _| within(wanted, found),
        _ => return None,
    };
    let Some(found) = found.filter(|found| !found.is_empty()) else {
        return Some(if_exists || set == "forallvalues" || (negated && set != "foranyvalue"));
    };
    let holds = |value: &String| wanted.iter().any(|word| compare(word, value, new)) != negated;
    Some(match set {
        "foranyvalue" => found.iter().any(holds),
        // Every value of a set, or the one value of a key that is none.
        _ => found.iter().all(holds),
    })
}

fn has_variable(text: &str, new: bool) -> bool {
    new && text.contains("${")
}

/// A variable is taken to be whatever the caller likes: strangers choose what it reads.
fn same(wanted: &str, found: &str, new: bool) -> bool {
    has_variable(wanted, new) || wanted == found
}

/// The definition of `*` and `?`, with a table so that it ends.
fn like(pattern: &str, text: &str, new: bool) -> bool {
    if has_variable(pattern, new) {
        let head = pattern.split("${").next().unwrap_or_default();
        return like(&format!("{head}*"), text, false);
    }
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let mut table = vec![vec![false; text.len() + 1]; pattern.len() + 1];
    table[0][0] = true;
    for p in 1..=pattern.len() {
        for t in 0..=text.len() {
            table[p][t] = match pattern[p - 1] {
                '*' => table[p - 1][t] || (t > 0 && table[p][t - 1]),
                '?' => t > 0 && table[p - 1][t - 1],
                char => t > 0 && text[t - 1] == char && table[p - 1][t - 1],
            };
        }
    }
    table[pattern.len()][text.len()]
}

fn arn(pattern: &str, text: &str, new: bool) -> bool {
    let (pattern, text): (Vec<&str>, Vec<&str>) =
        (pattern.splitn(6, ':').collect(), text.splitn(6, ':').collect());
    pattern.len() == text.len() && pattern.iter().zip(&text).all(|(p, t)| like(p, t, new))
}

/// Whether an IPv4 address is in a network, bit by bit.
fn within(network: &str, address: &str) -> bool {
    let bits = |text: &str| -> Option<u32> {
        let parts: Option<Vec<u32>> = text.split('.').map(|part| part.parse().ok()).collect();
        let parts = parts.filter(|parts| parts.len() == 4)?;
        Some(parts.iter().fold(0, |all, part| (all << 8) | part))
    };
    let (base, length) = match network.split_once('/') {
        Some((base, length)) => (base, length.parse::<u32>().unwrap()),
        None => (network, 32),
    };
    let (Some(base), Some(address)) = (bits(base), bits(address)) else { return false };
    length == 0 || base >> (32 - length) == address >> (32 - length)
}
