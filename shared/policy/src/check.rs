//! What `snapback policy check` says of a set.

use chrono::TimeDelta;
use model::Timestamp;
use serde::Serialize;

use crate::{
    Exception, Policies, Problem, Source,
    limits::with_room,
    odd::{Odd, covers_everything, never, rests_on_session},
    read::{Accepted, read},
    words::mentions,
};

/// What is wrong, what is over, and what is odd.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// What is wrong. Not empty: functions refuse the set.
    pub problems: Vec<Problem>,
    /// Exceptions that no longer apply.
    pub expired: Vec<Exception>,
    /// Valid, and probably not what was meant.
    pub warnings: Vec<Problem>,
    /// How many policies the set has, shipped ones included.
    pub policies: usize,
    /// [`Policies::digest`]; `None`: the set is refused.
    pub digest: Option<String>,
}

/// Exceptions that end within so many days are pointed out.
const SOON: TimeDelta = TimeDelta::days(14);
/// Exceptions that end later than so many days from now are pointed out.
const LATE: TimeDelta = TimeDelta::days(366);

/// Checks the files as [`Policies::load`] does, and looks for what is valid but odd.
#[must_use]
pub fn check(sources: &[Source], now: Timestamp) -> Report {
    with_room(|| checked(sources, now))
}

fn checked(sources: &[Source], now: Timestamp) -> Report {
    let mut read = read(sources);
    for accepted in &read.accepted {
        read.warnings.extend(odd(accepted, now));
    }
    read.warnings.sort();
    let mut expired: Vec<Exception> = read
        .accepted
        .iter()
        .filter_map(|policy| policy.exception.clone())
        .filter(|exception| exception.expires <= now)
        .collect();
    expired.sort();
    let digest = if read.problems.is_empty() {
        match Policies::of(&read.accepted) {
            Ok(policies) => Some(policies.digest().to_owned()),
            Err(errors) => {
                read.problems = errors.problems;
                None
            }
        }
    } else {
        None
    };
    Report {
        problems: read.problems,
        expired,
        warnings: read.warnings,
        policies: read.accepted.len(),
        digest,
    }
}

/// What is odd about a policy, and more so about an exception.
fn odd(accepted: &Accepted, now: Timestamp) -> Vec<Problem> {
    let mut warnings: Vec<Problem> = never(&accepted.json)
        .into_iter()
        .map(|Odd { problem, remedy }| accepted.problem(problem, Some(remedy.to_owned())))
        .collect();
    let Some(exception) = &accepted.exception else { return warnings };
    let mut warn = |problem: &str, remedy: &str| {
        warnings.push(accepted.problem(problem.to_owned(), Some(remedy.to_owned())));
    };
    let left = exception.expires.signed_duration_since(now);
    if left > TimeDelta::zero() && left <= SOON {
        warn("ends within 14 days", "renew it, or let it end");
    }
    if left > LATE {
        warn("ends in more than a year", "let it end sooner and renew it");
    }
    if mentions(&accepted.json, &["hasTag", "getTag"]) {
        warn(
            "rests on the resource's tags, which whoever made the change may have set",
            "name the resource by its ARN",
        );
    }
    if rests_on_session(&accepted.json) {
        warn(
            "rests on the role session's name, which whoever assumes the role chooses",
            "name the role",
        );
    }
    if covers_everything(&accepted.json) {
        warn("covers every finding on every resource", "name the resource, the actor or the code");
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(scope: &str, expires: &str, condition: &str) -> Report {
        let text = format!(
            "@id(\"x\") @owner(\"o\") @reason(\"r\") @expires(\"{expires}\") forbid ({scope})
             when {{ context.now < datetime(\"{expires}\"){condition} }};"
        );
        check(&[Source::new("mine.cedar", text)], "2026-06-01T00:00:00Z".parse().unwrap())
    }

    const ONE: &str =
        "principal, action, resource == Snapback::Resource::\"arn:aws:s3:::amzn-s3-demo-bucket\"";

    #[test]
    fn a_good_exception_gives_no_offence() {
        let report = report(ONE, "2026-12-31", "");
        assert_eq!((report.problems, report.warnings, report.expired), (vec![], vec![], vec![]));
        assert_eq!(report.digest.map(|digest| digest.len()), Some(64));
    }

    #[test]
    fn an_exception_that_is_over_is_reported() {
        for expires in ["2026-05-31", "2026-06-01"] {
            let report = report(ONE, expires, "");
            assert_eq!(report.problems, []);
            assert_eq!(report.expired.len(), 1, "{expires}");
            assert_eq!(report.expired[0].id, "x");
        }
    }

    #[test]
    fn what_is_valid_but_odd_is_pointed_out() {
        for (scope, expires, condition, odd) in [
            (ONE, "2026-06-10", "", "within 14 days"),
            (ONE, "2029-06-10", "", "more than a year"),
            (ONE, "2026-12-31", " && resource.hasTag(\"public\")", "tags"),
            (
                ONE,
                "2026-12-31",
                " && principal has session && principal.session == \"ci\"",
                "session",
            ),
            (
                ONE,
                "2026-12-31",
                " && principal has arn && principal.arn like \"*/ci-session\"",
                "session",
            ),
            ("principal, action, resource", "2026-12-31", "", "every finding"),
            (
                "principal, action, resource is Snapback::Resource",
                "2026-12-31",
                " && true",
                "every finding",
            ),
            (
                "principal, action, resource == Snapback::Resource::\"my-bucket\"",
                "2026-12-31",
                "",
                "never met",
            ),
            (ONE, "2026-12-31", " && context.code like \"acl-pubic:*\"", "never like"),
        ] {
            let report = report(scope, expires, condition);
            let warnings: Vec<&str> =
                report.warnings.iter().map(|warning| warning.problem.as_str()).collect();
            assert_eq!(warnings.len(), 1, "{warnings:?}");
            assert!(warnings[0].contains(odd), "{warnings:?}");
        }
    }

    #[test]
    fn a_policy_that_is_no_exception_is_looked_at_too() {
        let text = "@id(\"x\") forbid (principal, action == Snapback::Action::\"revert\", resource == Snapback::Resource::\"my-bucket\");";
        let report = check(&[Source::new("mine.cedar", text)], Timestamp::default());
        assert_eq!((report.problems.len(), report.warnings.len()), (0, 1));
    }

    #[test]
    fn a_refused_set_has_no_version() {
        let report = check(
            &[Source::new("mine.cedar", "permit (principal, action, resource);")],
            Timestamp::default(),
        );
        assert_eq!((report.problems.len(), report.digest), (1, None));
    }
}
