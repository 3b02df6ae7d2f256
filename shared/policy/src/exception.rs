//! Exceptions: owned, expiring permissions to deviate.
//!
//! Only an exception may silence a finding. What makes one is read off the policy's structure, so
//! that it cannot be claimed by annotation alone: its condition must end it at the very moment that
//! its annotation names.

use cedar_policy::{ActionConstraint, Effect, Policy};
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime};
use model::{Response, Timestamp};
use serde::Serialize;
use serde_json::Value;

use crate::asked::ASKED;

/// An exception of a set.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Exception {
    /// The policy's `@id`.
    pub id: String,
    /// Who answers for it.
    pub owner: String,
    /// Why it is there.
    pub reason: String,
    /// From when on it no longer applies.
    pub expires: Timestamp,
}

/// A mistake in an exception, and what would mend it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mistake {
    pub(crate) problem: String,
    pub(crate) remedy: String,
}

/// The responses that a policy's scope speaks of, the furthest first.
pub(crate) fn responses(policy: &Policy) -> Vec<Response> {
    let named = |uids: &[&cedar_policy::EntityUid]| {
        let names = |response: &Response| {
            uids.iter().any(|uid| {
                uid.type_name().basename() == "Action" && uid.id().unescaped() == response.as_str()
            })
        };
        ASKED.into_iter().filter(names).collect()
    };
    match policy.action_constraint() {
        ActionConstraint::Any => ASKED.to_vec(),
        ActionConstraint::In(uids) => named(&uids.iter().collect::<Vec<_>>()),
        ActionConstraint::Eq(uid) => named(&[&uid]),
    }
}

/// Reads a policy as an exception: `None` where it neither is one nor may silence a finding.
///
/// # Errors
/// Every mistake: an exception must name all three responses, carry `@owner`, `@reason` and
/// `@expires`, and end itself by `context.now < datetime("…")` with the date of `@expires`.
pub(crate) fn read(
    id: &str,
    policy: &Policy,
    json: &Value,
) -> Result<Option<Exception>, Vec<Mistake>> {
    let expires = policy.annotation("expires");
    if policy.effect() == Effect::Permit {
        return match expires {
            None => Ok(None),
            Some(_) => Err(vec![mistake(
                "`@expires` stands on a permit, where it would end nothing",
                "remove it; a permit ends by `when { context.now < datetime(\"…\") }`",
            )]),
        };
    }
    let scope = responses(policy);
    let silences = scope.contains(&Response::Alert);
    if expires.is_none() && !silences {
        return Ok(None);
    }
    let mut mistakes = Vec::new();
    if silences && scope.len() < ASKED.len() {
        mistakes.push(mistake(
            "forbids `alert` but not `tag` and `revert`: something would be done and nobody told",
            "write the scope as `action` alone",
        ));
    }
    let mut needed = |name: &str, why: &str| {
        let value = policy.annotation(name).map(str::trim).filter(|value| !value.is_empty());
        if value.is_none() {
            mistakes.push(Mistake {
                problem: if silences {
                    format!("forbids `alert`, so it is an exception, and `@{name}` is missing")
                } else {
                    format!("has `@expires`, so it is an exception, and `@{name}` is missing")
                },
                remedy: why.to_owned(),
            });
        }
        value.map(str::to_owned)
    };
    let owner = needed("owner", "add `@owner(\"who answers for it\")`");
    let reason = needed("reason", "add `@reason(\"why it is right\")`");
    let expires = needed("expires", "add `@expires(\"YYYY-MM-DD\")` and the matching condition");
    let expires = expires.and_then(|written| {
        let moment = moment(&written);
        if moment.is_none() {
            mistakes.push(Mistake {
                problem: format!("`@expires(\"{written}\")` is not a date"),
                remedy: "write `YYYY-MM-DD` or `YYYY-MM-DDThh:mm:ssZ`".to_owned(),
            });
        }
        moment.map(|moment| (written, moment))
    });
    if let Some((written, moment)) = &expires
        && !ends(json).contains(moment)
    {
        mistakes.push(Mistake {
            problem: format!("`@expires(\"{written}\")` is not what its condition says"),
            remedy: format!(
                "add `context.now < datetime(\"{written}\")` to its `when`, joined by `&&`"
            ),
        });
    }
    match (owner, reason, expires) {
        (Some(owner), Some(reason), Some((_, expires))) if mistakes.is_empty() => {
            Ok(Some(Exception { id: id.to_owned(), owner, reason, expires }))
        }
        _ => Err(mistakes),
    }
}

fn mistake(problem: &str, remedy: &str) -> Mistake {
    Mistake { problem: problem.to_owned(), remedy: remedy.to_owned() }
}

/// The moments at which a policy's conditions surely end it.
fn ends(json: &Value) -> Vec<Timestamp> {
    conjuncts(json).into_iter().filter_map(end).collect()
}

/// What must all be true for the policy to apply: the parts of its `when`s that are joined by `&&`.
pub(crate) fn conjuncts(json: &Value) -> Vec<&Value> {
    let mut parts = Vec::new();
    let mut waiting: Vec<&Value> = json
        .get("conditions")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter(|condition| condition.get("kind").and_then(Value::as_str) == Some("when"))
        .filter_map(|condition| condition.get("body"))
        .collect();
    while let Some(part) = waiting.pop() {
        match part.get("&&").and_then(operands) {
            Some((left, right)) => waiting.extend([left, right]),
            None => parts.push(part),
        }
    }
    parts
}

/// The two sides of a binary operator.
pub(crate) fn operands(operator: &Value) -> Option<(&Value, &Value)> {
    Some((operator.get("left")?, operator.get("right")?))
}

/// `context.now < datetime("…")`, or the same the other way round.
pub(crate) fn end(part: &Value) -> Option<Timestamp> {
    let (now, limit) = part
        .get("<")
        .and_then(operands)
        .or_else(|| part.get(">").and_then(operands).map(|(left, right)| (right, left)))?;
    let attribute = now.get(".")?;
    let of_context = attribute.get("left")?.get("Var")?.as_str()? == "context";
    if !of_context || attribute.get("attr")?.as_str()? != "now" {
        return None;
    }
    let arguments = limit.get("datetime")?.as_array()?;
    moment(arguments.first()?.get("Value")?.as_str()?)
}

/// Reads the forms of Cedar's `datetime`: a date, or a time with `Z` or an offset `+hhmm`.
/// Source: <https://docs.cedarpolicy.com/policies/syntax-datatypes.html#datatype-datetime>.
fn moment(text: &str) -> Option<Timestamp> {
    if let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return (text.len() == 10).then(|| date.and_time(NaiveTime::MIN).and_utc());
    }
    let zoned = text.strip_suffix('Z').and_then(|local| {
        NaiveDateTime::parse_from_str(local, "%Y-%m-%dT%H:%M:%S%.3f")
            .or_else(|_| NaiveDateTime::parse_from_str(local, "%Y-%m-%dT%H:%M:%S"))
            .ok()
    });
    zoned.map(|local| local.and_utc()).or_else(|| {
        DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.3f%z")
            .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%z"))
            .ok()
            .map(|moment| moment.to_utc())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Option<Exception>, Vec<Mistake>> {
        let policy = Policy::parse(None, text).unwrap();
        let json = policy.to_json().unwrap();
        read("x", &policy, &json)
    }

    fn excepting(annotations: &str, condition: &str) -> String {
        format!("{annotations} forbid (principal, action, resource) when {{ {condition} }};")
    }

    const OWNED: &str = "@owner(\"web\") @reason(\"a website\") @expires(\"2026-12-31\")";

    #[test]
    fn an_exception_ends_at_the_moment_that_it_names() {
        for condition in [
            "context.now < datetime(\"2026-12-31\")",
            "datetime(\"2026-12-31\") > context.now",
            "context.effective && context.now < datetime(\"2026-12-31T00:00:00Z\") && context.effective",
            "context.now < datetime(\"2026-12-31T02:00:00.000+0200\")",
            "context[\"now\"] < datetime(\"2026-12-31\")",
        ] {
            let read = read_text(&excepting(OWNED, condition)).unwrap().unwrap();
            assert_eq!(read.expires.to_rfc3339(), "2026-12-31T00:00:00+00:00", "{condition}");
        }
    }

    #[test]
    fn a_condition_that_does_not_surely_end_it_is_refused() {
        for condition in [
            "true",
            "context.now < datetime(\"2026-12-30\")",
            "context.now <= datetime(\"2026-12-31\")",
            "context.now > datetime(\"2026-12-31\")",
            "!(context.now < datetime(\"2026-12-31\"))",
            "context.now < datetime(\"2026-12-31\") || context.effective",
            "context.now < datetime(\"2026-12-31\").offset(duration(\"9000d\"))",
            "if context.effective then context.now < datetime(\"2026-12-31\") else true",
            "resource.now < datetime(\"2026-12-31\")",
        ] {
            let mistakes = read_text(&excepting(OWNED, condition)).unwrap_err();
            assert!(mistakes[0].problem.contains("not what its condition says"), "{condition}");
        }
        let unless = format!(
            "{OWNED} forbid (principal, action, resource) unless {{ context.now < datetime(\"2026-12-31\") }};"
        );
        assert!(read_text(&unless).is_err());
    }

    #[test]
    fn every_part_that_is_missing_is_named() {
        let mistakes = read_text(&excepting("@owner(\" \")", "true")).unwrap_err();
        let problems: Vec<&str> = mistakes.iter().map(|mistake| mistake.problem.as_str()).collect();
        assert_eq!(
            problems,
            [
                "forbids `alert`, so it is an exception, and `@owner` is missing",
                "forbids `alert`, so it is an exception, and `@reason` is missing",
                "forbids `alert`, so it is an exception, and `@expires` is missing",
            ]
        );
    }

    #[test]
    fn whatever_may_forbid_alert_is_held_to_be_an_exception() {
        for scope in [
            "action == Snapback::Action::\"alert\"",
            "action in [Snapback::Action::\"tag\", Snapback::Action::\"alert\"]",
        ] {
            let text = format!(
                "{OWNED} forbid (principal, {scope}, resource) when {{ context.now < datetime(\"2026-12-31\") }};"
            );
            let mistakes = read_text(&text).unwrap_err();
            assert!(mistakes[0].problem.contains("nobody told"), "{scope}");
        }
    }

    #[test]
    fn holding_back_writes_needs_no_end() {
        let text = "@owner(\"x\") forbid (principal, action in [Snapback::Action::\"tag\", Snapback::Action::\"revert\"], resource);";
        assert_eq!(read_text(text), Ok(None));
    }

    #[test]
    fn a_permit_cannot_pretend_to_expire() {
        let text = "@expires(\"2026-12-31\") permit (principal, action, resource);";
        assert!(read_text(text).is_err());
    }

    #[test]
    fn reads_times_as_cedar_does() {
        for (text, read) in [
            ("2026-02-28", Some("2026-02-28T00:00:00+00:00")),
            ("2026-02-28T10:11:12Z", Some("2026-02-28T10:11:12+00:00")),
            ("2026-02-28T10:11:12.250Z", Some("2026-02-28T10:11:12.250+00:00")),
            ("2026-02-28T10:11:12+0130", Some("2026-02-28T08:41:12+00:00")),
            ("2026-02-30", None),
            ("2026-2-28", None),
            ("soon", None),
        ] {
            let ours = moment(text).map(|moment| moment.to_rfc3339());
            assert_eq!(ours.as_deref(), read, "{text}");
            let value = cedar_policy::RestrictedExpression::new_datetime(text);
            let cedar = cedar_policy::Context::from_pairs([("now".to_owned(), value)]);
            assert_eq!(cedar.is_ok(), read.is_some(), "{text}");
        }
    }
}
