//! Words that a policy compares with, held against the words there are.
//!
//! Cedar knows that a severity is text, not which texts it can be. `context.severity == "hihg"`
//! would be valid and never true: a forbid that never forbids.

use model::{ActorKind, Category, Confidence, Posture, Severity, catalogue};
use serde_json::Value;

use crate::{asked::actor_kind, exception::operands};

/// A comparison that can never be true.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unknown {
    /// `context.severity`
    pub(crate) attribute: String,
    /// What it is compared with.
    pub(crate) word: String,
    /// The words there are; empty where the list is only this build's (codes, controls).
    pub(crate) known: Vec<&'static str>,
}

/// Every comparison of a policy with a word that does not exist.
pub(crate) fn unknown(json: &Value) -> Vec<Unknown> {
    let mut found = Vec::new();
    visit(json, &mut |operator, node| {
        let Some((left, right)) = operands(node) else { return };
        match operator {
            "==" | "!=" => {
                compare(left, right, &mut found);
                compare(right, left, &mut found);
            }
            "contains" => compare(right, left, &mut found),
            _ => {}
        }
    });
    found
}

/// Whether a policy asks for any of these operators or attributes by name.
pub(crate) fn mentions(json: &Value, wanted: &[&str]) -> bool {
    let mut found = false;
    visit(json, &mut |operator, node| {
        let attribute = node.get("attr").and_then(Value::as_str);
        found |= wanted.contains(&operator) || attribute.is_some_and(|name| wanted.contains(&name));
    });
    found
}

pub(crate) fn visit<'a>(json: &'a Value, each: &mut impl FnMut(&'a str, &'a Value)) {
    match json {
        Value::Object(members) => {
            for (name, value) in members {
                each(name, value);
                visit(value, each);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| visit(item, each)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// `attribute` is `context.severity` or the like, `words` a text or a set of texts.
fn compare(attribute: &Value, words: &Value, found: &mut Vec<Unknown>) {
    let Some((attribute, known)) = attribute.get(".").and_then(vocabulary) else { return };
    let single = std::slice::from_ref(words);
    let words = words.get("Set").and_then(Value::as_array).map_or(single, Vec::as_slice);
    for word in words.iter().filter_map(|word| word.get("Value")?.as_str()) {
        if !known.has(word) {
            found.push(Unknown {
                attribute: attribute.clone(),
                word: word.to_owned(),
                known: known.listed(),
            });
        }
    }
}

/// The words that an attribute can be.
pub(crate) enum Known {
    These(Vec<&'static str>),
    Controls,
    Codes,
}

impl Known {
    fn has(&self, word: &str) -> bool {
        match self {
            Self::These(words) => words.contains(&word),
            Self::Controls => catalogue::COMPLIANCE.iter().any(|row| row.control == word),
            Self::Codes => *catalogue::describe(word) != catalogue::UNLISTED,
        }
    }

    fn listed(&self) -> Vec<&'static str> {
        match self {
            Self::These(words) => words.clone(),
            Self::Controls | Self::Codes => Vec::new(),
        }
    }
}

/// The name of an attribute and its words; `None`: it can be any text.
pub(crate) fn vocabulary(attribute: &Value) -> Option<(String, Known)> {
    let of = attribute.get("left")?.get("Var")?.as_str()?;
    let name = attribute.get("attr")?.as_str()?;
    let known = match (of, name) {
        ("context", "severity") => Known::These(SEVERITIES.map(Severity::as_str).to_vec()),
        ("context", "category") => Known::These(CATEGORIES.map(Category::as_str).to_vec()),
        ("context", "confidence") => Known::These(CONFIDENCES.map(Confidence::as_str).to_vec()),
        ("context", "posture") => Known::These(POSTURES.map(Posture::as_str).to_vec()),
        ("principal", "kind") => Known::These(KINDS.map(actor_kind).to_vec()),
        ("context", "control") => Known::Controls,
        ("context", "code") => Known::Codes,
        _ => return None,
    };
    Some((format!("{of}.{name}"), known))
}

const SEVERITIES: [Severity; 4] =
    [Severity::Low, Severity::Medium, Severity::High, Severity::Critical];
const CONFIDENCES: [Confidence; 3] =
    [Confidence::Unclear, Confidence::Probable, Confidence::Certain];
const POSTURES: [Posture; 2] = [Posture::Observe, Posture::Enforce];
const CATEGORIES: [Category; 8] = [
    Category::PublicExposure,
    Category::CrossAccount,
    Category::Privilege,
    Category::Credentials,
    Category::Encryption,
    Category::Safeguard,
    Category::Document,
    Category::Unreadable,
];
const KINDS: [ActorKind; 12] = [
    ActorKind::Root,
    ActorKind::IamUser,
    ActorKind::AssumedRole,
    ActorKind::Role,
    ActorKind::FederatedUser,
    ActorKind::SamlUser,
    ActorKind::WebIdentityUser,
    ActorKind::IdentityCenterUser,
    ActorKind::AwsAccount,
    ActorKind::AwsService,
    ActorKind::Anonymous,
    ActorKind::Unknown,
];

#[cfg(test)]
mod tests {
    use cedar_policy::Policy;

    use super::*;

    fn words(condition: &str) -> Vec<String> {
        let text = format!("forbid (principal, action, resource) when {{ {condition} }};");
        let json = Policy::parse(None, text).unwrap().to_json().unwrap();
        unknown(&json)
            .into_iter()
            .map(|found| format!("{} {}", found.attribute, found.word))
            .collect()
    }

    #[test]
    fn misspelt_words_are_found_wherever_they_are_compared() {
        for (condition, found) in [
            ("context.severity == \"hihg\"", "context.severity hihg"),
            ("true && !(\"Critical\" != context.severity)", "context.severity Critical"),
            ("[\"high\", \"grave\"].contains(context.severity)", "context.severity grave"),
            ("context.posture == \"enforced\"", "context.posture enforced"),
            ("principal.kind == \"AssumedRole\"", "principal.kind AssumedRole"),
            ("context.control == \"s3-public-acls\"", "context.control s3-public-acls"),
            ("context.code == \"acl-pubic:AllUsers:READ\"", "context.code acl-pubic:AllUsers:READ"),
        ] {
            assert_eq!(words(condition), [found], "{condition}");
        }
    }

    #[test]
    fn words_that_exist_pass() {
        for condition in [
            "context.severity == \"high\" || [\"low\", \"medium\"].contains(context.severity)",
            "context.confidence != \"certain\" && context.category == \"public_exposure\"",
            "context.control == \"s3-public-acl\" && context.code == \"acl-public:AllUsers:READ\"",
            "principal.kind == \"root\" && resource.region == \"hihg\"",
        ] {
            assert_eq!(words(condition), [""; 0], "{condition}");
        }
    }

    #[test]
    fn every_word_of_the_catalogue_is_known() {
        for entry in catalogue::CATALOGUE {
            assert!(SEVERITIES.contains(&entry.severity) && CATEGORIES.contains(&entry.category));
        }
        for kind in KINDS {
            assert_eq!(serde_json::to_value(kind).unwrap(), actor_kind(kind));
        }
    }
}
