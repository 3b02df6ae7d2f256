//! Policies that ask for tags, where tags are not known.
//!
//! Cedar has no word for "not known": a resource without tags is all it could be told, and a forbid
//! on a tag would then not forbid. So such a resource is asked about with policies in which every
//! look at a tag is an error. Cedar evaluates from left to right and stops as soon as it may, so a
//! policy that asks `context.tagsKnown` first never comes to the look and stays in force.

use cedar_policy::{Policy, PolicyId};
use serde_json::{Map, Value, json};

use crate::read::Accepted;

/// What a decision says of a policy that looked at a tag in vain. An attribute of this name stands in
/// the place of the look; no context has it.
pub(crate) const UNKNOWN_TAGS: &str =
    "it asks for the resource's tags, which are not known (ask for `context.tagsKnown` first)";

/// The policy with an error in the place of every look at a tag; `None`: it looks at none.
///
/// # Errors
/// What Cedar says where it does not read the structure that it wrote itself.
pub(crate) fn blind(accepted: &Accepted) -> Result<Option<Policy>, String> {
    let mut looks = false;
    let json = without_tags(&accepted.json, &mut looks);
    if !looks {
        return Ok(None);
    }
    let id = PolicyId::new(&accepted.id);
    Policy::from_json(Some(id), json).map(Some).map_err(|error| error.to_string())
}

fn without_tags(json: &Value, looks: &mut bool) -> Value {
    match json {
        Value::Object(members) if look(members) => {
            *looks = true;
            json!({ ".": { "left": { "Var": "context" }, "attr": UNKNOWN_TAGS } })
        }
        Value::Object(members) => {
            let copied = members.iter().map(|(name, value)| {
                // Literals hold no operators, whatever their members are called.
                let literal = name == "Value";
                let value = if literal { value.clone() } else { without_tags(value, looks) };
                (name.clone(), value)
            });
            Value::Object(copied.collect())
        }
        Value::Array(items) => {
            Value::Array(items.iter().map(|item| without_tags(item, looks)).collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => json.clone(),
    }
}

/// `{"hasTag": {"left": …, "right": …}}`, or the same with `getTag`. A member of a record literal
/// that is called so holds one operator, and no two sides.
fn look(members: &Map<String, Value>) -> bool {
    ["hasTag", "getTag"].into_iter().any(|operator| {
        members
            .get(operator)
            .is_some_and(|sides| sides.get("left").is_some() && sides.get("right").is_some())
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use model::{Decision, Response};

    use crate::{Policies, Request, Source, asking::Asking};

    fn decided(text: &str, tags: Option<&BTreeMap<String, String>>) -> Decision {
        let policies = Policies::load(&[Source::new("mine.cedar", text)]).unwrap();
        policies.decide(&Request { tags, ..Asking::new().request() })
    }

    /// S-17.
    #[test]
    fn a_tag_that_is_not_known_is_an_error_and_not_an_absent_tag() {
        let writes = "action in [Snapback::Action::\"tag\", Snapback::Action::\"revert\"]";
        for policy in [
            format!("forbid (principal, {writes}, resource) when {{ resource.hasTag(\"hold\") }};"),
            format!(
                "forbid (principal, {writes}, resource) unless {{ !resource.hasTag(\"hold\") }};"
            ),
            format!(
                "forbid (principal, {writes}, resource) when {{ context.effective && resource.hasTag(\"hold\") && resource.getTag(\"hold\") == \"yes\" }};"
            ),
            format!(
                "forbid (principal, {writes}, resource) when {{ {{\"hasTag\": resource}}.hasTag.hasTag(\"hold\") }};"
            ),
            "permit (principal, action == Snapback::Action::\"revert\", resource) when { !resource.hasTag(\"hold\") };"
                .to_owned(),
        ] {
            let text = format!("@id(\"hold\") {policy}");
            let decision = decided(&text, None);
            assert_eq!(decision.response, Response::Alert, "{policy}");
            assert_eq!(decision.errors.len(), 1, "{policy} {:?}", decision.errors);
            assert!(decision.errors[0].starts_with("hold: it asks for the resource's tags"));
            let none = decided(&text, Some(&BTreeMap::new()));
            assert_eq!((none.response, none.errors), (Response::Revert, vec![]), "{policy}");
        }
        let held = BTreeMap::from([("hold".to_owned(), "yes".to_owned())]);
        let text = format!(
            "@id(\"hold\") forbid (principal, {writes}, resource) when {{ resource.hasTag(\"hold\") }};"
        );
        assert_eq!(decided(&text, Some(&held)).response, Response::Alert);
        assert_eq!(decided(&text, Some(&held)).errors, [""; 0]);
    }

    #[test]
    fn a_policy_that_asks_first_whether_tags_are_known_stays_in_force() {
        for (condition, response) in [
            ("context.tagsKnown && resource.hasTag(\"hold\")", Response::Revert),
            ("!context.tagsKnown || resource.hasTag(\"hold\")", Response::Tag),
            ("if context.tagsKnown then resource.hasTag(\"hold\") else true", Response::Tag),
            ("{\"hasTag\": true}.hasTag && !context.tagsKnown", Response::Tag),
            (
                "context.code == \"untrusted-account\" && resource.hasTag(\"hold\")",
                Response::Revert,
            ),
        ] {
            let text = format!(
                "@id(\"hold\") forbid (principal, action == Snapback::Action::\"revert\", resource) when {{ {condition} }};"
            );
            let decision = decided(&text, None);
            assert_eq!((decision.response, decision.errors), (response, vec![]), "{condition}");
        }
    }

    #[test]
    fn a_policy_about_another_response_or_resource_is_not_asked_for_tags() {
        for scope in [
            "principal, action == Snapback::Action::\"revert\", resource == Snapback::Resource::\"arn:aws:s3:::amzn-s3-demo-other\"",
            "principal, action == Snapback::Action::\"revert\", resource in Snapback::Account::\"444455556666\"",
        ] {
            let text =
                format!("@id(\"hold\") forbid ({scope}) when {{ resource.hasTag(\"hold\") }};");
            let decision = decided(&text, None);
            assert_eq!((decision.response, decision.errors), (Response::Revert, vec![]), "{scope}");
        }
    }
}
