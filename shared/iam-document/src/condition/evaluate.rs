//! Evaluating a condition for one request.
//!
//! Used where a handful of requests tell all: with and without TLS, with this or that encryption
//! header, with and without MFA.

use std::{cmp::Ordering, collections::BTreeMap};

use chrono::{DateTime, NaiveDate};

use super::{Compare, Condition, Entry, Family, Operator, SetQualifier};
use crate::{
    address,
    document::Version,
    glob::{Pattern, Syntax},
};

/// The condition keys of one request, in lower case. A key that is not here is absent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Request {
    keys: BTreeMap<String, Vec<String>>,
}

impl Request {
    /// A request with these keys, each of one value.
    #[must_use]
    pub fn new(keys: &[(&str, &str)]) -> Self {
        let keys = keys
            .iter()
            .map(|(key, value)| (key.to_ascii_lowercase(), vec![(*value).to_owned()]))
            .collect();
        Self { keys }
    }

    /// Whether it carries a key (lower-case).
    pub(crate) fn has(&self, key: &str) -> bool {
        self.keys.contains_key(key)
    }

    fn get(&self, key: &str) -> Option<&[String]> {
        self.keys.get(key).map(Vec::as_slice)
    }
}

impl Condition {
    /// Whether it holds. `unknown` is the answer for an operator that AWS does not know: the
    /// fail-safe one is true in an Allow and false in a Deny.
    #[must_use]
    pub fn holds(&self, request: &Request, version: Version, unknown: bool) -> bool {
        (!self.unread || unknown)
            && self.entries.iter().all(|entry| entry.holds(request, version, unknown))
    }
}

impl Entry {
    /// Whether it holds; see [`Condition::holds`].
    #[must_use]
    pub fn holds(&self, request: &Request, version: Version, unknown: bool) -> bool {
        let Some(operator) = self.operator else { return unknown };
        let values = request.get(&self.key).filter(|values| !values.is_empty());
        if operator.family == Family::Null {
            let absent = if values.is_none() { "true" } else { "false" };
            return self.values.iter().any(|value| value.eq_ignore_ascii_case(absent));
        }
        let Some(values) = values else {
            return self.passes_absent()
                || (operator.negated && operator.set != Some(SetQualifier::ForAnyValue));
        };
        let matches = |value: &String| {
            self.values.iter().any(|wanted| compare(operator, wanted, value, version))
        };
        match operator.set {
            Some(SetQualifier::ForAllValues) => {
                values.iter().all(|value| matches(value) != operator.negated)
            }
            Some(SetQualifier::ForAnyValue) => {
                values.iter().any(|value| matches(value) != operator.negated)
            }
            None => values.iter().any(matches) != operator.negated,
        }
    }
}

fn compare(operator: Operator, wanted: &str, found: &str, version: Version) -> bool {
    let variables = version == Version::Variables;
    let pattern = |wildcards| Pattern::parse(wanted, Syntax { wildcards, variables });
    let known = |pattern: &Pattern| !pattern.has_variable();
    match operator.family {
        Family::Text | Family::Binary => {
            let pattern = pattern(false);
            known(&pattern) && pattern.matches(found)
        }
        Family::TextIgnoreCase => {
            let lower = wanted.to_ascii_lowercase();
            let pattern = Pattern::parse(&lower, Syntax { wildcards: false, variables });
            known(&pattern) && pattern.matches(&found.to_ascii_lowercase())
        }
        Family::Like => {
            let pattern = pattern(true);
            known(&pattern) && pattern.matches(found)
        }
        Family::Arn => {
            let pattern = pattern(true);
            known(&pattern) && arn_matches(&pattern, found)
        }
        Family::Bool => wanted.eq_ignore_ascii_case(found),
        Family::Numeric(how) => ordered(how, number(found), number(wanted)),
        Family::Date(how) => ordered(how, instant(found), instant(wanted)),
        Family::Ip => match (address::parse(wanted), address::parse(found)) {
            (Some(network), Some(host)) => network.contains(&host),
            (None, _) | (_, None) => false,
        },
        Family::Null => false,
    }
}

/// Compares segment by segment, so that a star stays within its own.
fn arn_matches(pattern: &Pattern, found: &str) -> bool {
    if pattern.is_everything() {
        return true;
    }
    let wanted = pattern.segments(6);
    let found: Vec<&str> = found.splitn(6, ':').collect();
    wanted.len() == found.len()
        && wanted.iter().zip(found).all(|(pattern, segment)| pattern.matches(segment))
}

fn ordered<T: PartialOrd>(how: Compare, found: Option<T>, wanted: Option<T>) -> bool {
    let (Some(found), Some(wanted)) = (found, wanted) else { return false };
    let Some(order) = found.partial_cmp(&wanted) else { return false };
    match how {
        Compare::Equals => order == Ordering::Equal,
        Compare::Less => order == Ordering::Less,
        Compare::LessOrEqual => order != Ordering::Greater,
        Compare::Greater => order == Ordering::Greater,
        Compare::GreaterOrEqual => order != Ordering::Less,
    }
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// A point in time in seconds: RFC 3339, a date alone, or seconds since 1970.
fn instant(text: &str) -> Option<i64> {
    if let Ok(seconds) = text.parse() {
        return Some(seconds);
    }
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.timestamp());
    }
    let midnight = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0)?;
    Some(midnight.and_utc().timestamp())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn holds(condition: &Value, request: &[(&str, &str)]) -> bool {
        let (condition, odd) = Condition::read(condition);
        assert!(odd.is_empty());
        condition.holds(&Request::new(request), Version::Variables, true)
    }

    #[test]
    fn an_absent_key_fails_positive_operators_and_passes_negated_ones() {
        for (operator, expected) in [
            ("StringEquals", false),
            ("StringEqualsIfExists", true),
            ("ForAllValues:StringEquals", true),
            ("ForAnyValue:StringEquals", false),
            ("StringNotEquals", true),
            ("StringNotEqualsIfExists", true),
            ("ForAllValues:StringNotEquals", true),
            ("ForAnyValue:StringNotEquals", false),
        ] {
            assert_eq!(holds(&json!({operator:{"a:b":"x"}}), &[]), expected, "{operator}");
        }
        assert!(holds(&json!({"Null":{"a:b":"true"}}), &[]));
        assert!(!holds(&json!({"Null":{"a:b":true}}), &[("a:b", "x")]));
    }

    #[test]
    fn values_are_alternatives_and_for_negated_operators_none_may_match() {
        let request = [("a:b", "x")];
        assert!(holds(&json!({"StringEquals":{"a:b":["y","x"]}}), &request));
        assert!(!holds(&json!({"StringNotEquals":{"a:b":["y","x"]}}), &request));
        assert!(!holds(&json!({"StringEquals":{"a:b":"x","a:c":"x"}}), &request));
    }

    #[test]
    fn each_family_compares_in_its_own_way() {
        for (operator, wanted, found, expected) in [
            ("StringEquals", "a*", "ab", false),
            ("StringLike", "a*", "ab", true),
            ("StringEqualsIgnoreCase", "AB", "ab", true),
            ("ArnEquals", "arn:aws:iam::*:role/x", "arn:aws:iam::111122223333:role/x", true),
            ("ArnLike", "arn:aws:iam::*:role/x", "arn:aws:iam::1:2:role/x", false),
            ("ArnNotLike", "arn:aws:iam::*:role/x", "arn:aws:iam::1:role/y", true),
            ("NumericLessThan", "1.2", "1.1", true),
            ("NumericGreaterThanEquals", "10", "9", false),
            ("DateLessThan", "2030-01-01T00:00:00Z", "2029-12-31T23:59:59Z", true),
            ("DateGreaterThan", "1893456000", "2029-12-31", false),
            ("Bool", "true", "True", true),
            ("IpAddress", "10.0.0.1/8", "10.9.9.9", true),
            ("NotIpAddress", "0.0.0.0/0", "10.9.9.9", false),
            ("BinaryEquals", "QQ==", "QQ==", true),
        ] {
            let condition = json!({operator:{"a:b":wanted}});
            assert_eq!(
                holds(&condition, &[("a:b", found)]),
                expected,
                "{operator} {wanted} {found}"
            );
        }
    }

    #[test]
    fn an_unknown_operator_answers_as_it_is_told_to() {
        let (condition, _) = Condition::read(&json!({"StringSimilar":{"a:b":"x"}}));
        for answer in [true, false] {
            assert_eq!(condition.holds(&Request::default(), Version::Old, answer), answer);
        }
    }
}
