//! Conditions: reading them, evaluating them for one request, and reasoning about every request
//! that an outsider could make.

mod evaluate;
mod operator;
mod restriction;

use std::collections::BTreeMap;

use serde_json::Value;

pub use evaluate::Request;
pub use operator::{Compare, Family, Operator, SetQualifier};
pub(crate) use restriction::{
    Class, Closes, Reading, Restriction, Shape, Terms, Values, admits_accounts, closes, exempts,
    is_restricting_key, read, read_negated, values_of,
};

use crate::statement::texts;

/// The `Condition` of a statement: entries that must all hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Condition {
    /// One entry for each operator and key, in the order written.
    pub entries: Vec<Entry>,
    /// Part of it could not be read: in an Allow that restricts nothing, in a Deny it enforces
    /// nothing.
    pub unread: bool,
}

/// One operator on one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The operator as written.
    pub written: String,
    /// The operator; `None`: AWS knows no such operator.
    pub operator: Option<Operator>,
    /// The key in lower case: keys ignore case, OIDC issuers' capitals included.
    pub key: String,
    /// The key as written.
    pub key_written: String,
    /// The values, of which one suffices (or, for a negated operator, none may match).
    pub values: Vec<String>,
}

impl Condition {
    /// Reads the element; with it come descriptions of what is odd.
    pub(crate) fn read(written: &Value) -> (Self, Vec<String>) {
        let mut condition = Self::default();
        let mut odd = Vec::new();
        let Value::Object(operators) = written else {
            condition.unread = true;
            odd.push("`Condition` is not an object".to_owned());
            return (condition, odd);
        };
        for (operator, keys) in operators {
            let Value::Object(keys) = keys else {
                condition.unread = true;
                odd.push(format!("`Condition` holds `{operator}` without keys"));
                continue;
            };
            for (key, value) in keys {
                let (values, unread) = texts(value);
                if unread {
                    condition.unread = true;
                    odd.push(format!(
                        "`{operator}` compares `{key}` with something that is no text"
                    ));
                    continue;
                }
                condition.entries.push(Entry {
                    written: operator.clone(),
                    operator: Operator::parse(operator),
                    key: key.to_ascii_lowercase(),
                    key_written: key.clone(),
                    values,
                });
            }
        }
        (condition, odd)
    }

    /// Whether it is no condition at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && !self.unread
    }

    /// The entries on a key (lower-case).
    pub(crate) fn on<'c>(&'c self, key: &'c str) -> impl Iterator<Item = &'c Entry> {
        self.entries.iter().filter(move |entry| entry.key == key)
    }

    /// What `Null` says of the keys: `true` for one that must be absent, `false` for present.
    fn nulls(&self) -> BTreeMap<&str, Vec<bool>> {
        let mut nulls: BTreeMap<&str, Vec<bool>> = BTreeMap::new();
        for entry in &self.entries {
            if let Some(absent) = entry.null() {
                nulls.entry(&entry.key).or_default().push(absent);
            }
        }
        nulls
    }

    /// Whether a key is sure to be in the request when the condition holds: `Null` says so.
    pub(crate) fn is_guarded(&self, key: &str) -> bool {
        self.on(key).any(|entry| entry.null() == Some(false))
    }

    /// An entry for which no request at all can satisfy the whole, whatever its key means: no
    /// value to compare with, or a key that is demanded and forbidden.
    pub(crate) fn contradiction(&self) -> Option<&Entry> {
        let nulls = self.nulls();
        self.entries.iter().find(|entry| {
            let Some(operator) = &entry.operator else { return false };
            if operator.family == Family::Null {
                let said = nulls.get(entry.key.as_str()).map(Vec::as_slice).unwrap_or_default();
                let torn = said.contains(&true) && said.contains(&false);
                return torn
                    || entry.values.is_empty()
                    || (entry.null() == Some(true) && is_always_present(&entry.key));
            }
            if entry.refuses_every_value() {
                let present = is_always_present(&entry.key)
                    || nulls.get(entry.key.as_str()).is_some_and(|said| said.contains(&false));
                let absent_fails =
                    operator.set == Some(SetQualifier::ForAnyValue) && !operator.if_exists;
                return present || absent_fails;
            }
            let absent = nulls.get(entry.key.as_str()).is_some_and(|said| said.contains(&true));
            let needs_key = !operator.negated
                && !operator.if_exists
                && operator.set != Some(SetQualifier::ForAllValues);
            needs_key && (absent || entry.values.is_empty())
        })
    }
}

impl Entry {
    /// For `Null`: whether the key must be absent. `None` for other operators, and where the values
    /// say both.
    pub(crate) fn null(&self) -> Option<bool> {
        self.operator.as_ref().filter(|operator| operator.family == Family::Null)?;
        let says = |word: &str| self.values.iter().any(|value| value.eq_ignore_ascii_case(word));
        match (says("true"), says("false")) {
            (true, false) => Some(true),
            (false, true) => Some(false),
            (true, true) | (false, false) => None,
        }
    }

    /// Whether a request without the key passes it.
    pub(crate) fn passes_absent(&self) -> bool {
        self.operator.as_ref().is_some_and(|operator| {
            operator.if_exists || operator.set == Some(SetQualifier::ForAllValues)
        })
    }

    /// Whether it is negated and its values leave out nothing, so that it holds without the key only.
    pub(crate) fn refuses_every_value(&self) -> bool {
        self.operator.is_some_and(|operator| operator.negated && operator.family == Family::Like)
            && self.values.iter().any(|value| !value.is_empty() && value.chars().all(|c| c == '*'))
    }

    /// The entry for people: operator, key, values.
    pub(crate) fn describe(&self) -> String {
        format!("{} {} {}", self.written, self.key_written, self.values.join(", "))
    }
}

/// Keys that every request carries, so that `IfExists` changes nothing on them.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html>;
/// for unsigned requests the first two read `anonymous`.
pub(crate) fn is_always_present(key: &str) -> bool {
    matches!(key, "aws:principalaccount" | "aws:userid" | "aws:securetransport")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn condition(value: &Value) -> Condition {
        Condition::read(value).0
    }

    #[test]
    fn numbers_and_booleans_are_texts_and_keys_ignore_case() {
        let read = condition(
            &json!({"Bool":{"AWS:SecureTransport":false},"NumericLessThan":{"s3:TlsVersion":1.2}}),
        );
        assert_eq!(read.entries[0].key, "aws:securetransport");
        assert_eq!(read.entries[0].values, ["false"]);
        assert_eq!(read.entries[1].values, ["1.2"]);
    }

    #[test]
    fn what_is_no_condition_is_remembered_as_unread() {
        for value in
            [json!("x"), json!({"StringEquals":"x"}), json!({"StringEquals":{"a:b":{"c":1}}})]
        {
            let (read, odd) = Condition::read(&value);
            assert!(read.unread && odd.len() == 1 && !read.is_empty(), "{value}");
        }
        assert!(condition(&json!({})).is_empty());
    }

    #[test]
    fn contradictions_are_seen_whatever_the_key_means() {
        for dead in [
            json!({"StringEquals":{"aws:username":[]}}),
            json!({"Null":{"aws:username":"true"},"StringLike":{"aws:username":"a*"}}),
            json!({"Null":{"aws:username":["true"]},"NullX":{},"Null ":{}, "StringEquals":{"aws:username":"a"}}),
            json!({"Null":{"aws:SecureTransport":"true"}}),
            json!({"StringNotLike":{"aws:PrincipalAccount":["x","*"]}}),
            json!({"StringNotLike":{"aws:PrincipalOrgID":"*"},"Null":{"aws:PrincipalOrgID":"false"}}),
            json!({"ForAnyValue:StringNotLike":{"aws:PrincipalOrgID":"*"}}),
        ] {
            assert!(condition(&dead).contradiction().is_some(), "{dead}");
        }
        for alive in [
            json!({"StringNotEquals":{"aws:username":[]}}),
            json!({"StringNotLike":{"aws:PrincipalOrgID":"*"}}),
            json!({"Null":{"aws:username":"true"},"StringLikeIfExists":{"aws:username":"a*"}}),
            json!({"Null":{"aws:username":"false"},"StringLike":{"aws:username":"a*"}}),
        ] {
            assert!(condition(&alive).contradiction().is_none(), "{alive}");
        }
    }
}
