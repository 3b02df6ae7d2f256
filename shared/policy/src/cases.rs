//! Cases that people keep beside their policies: a request, the response they expect of it, and the
//! policies they expect to have made it so. `snapback policy test` runs them.
//!
//! A case states only what matters: the code says the control, severity and category by the
//! catalogue, and everything else is an ordinary finding in posture enforce.

use std::collections::BTreeMap;

use model::{
    AccountId, Actor, ActorKind, Arn, Confidence, ControlId, Decision, Posture, Resource, Response,
    Timestamp, catalogue,
};
use serde::{Deserialize, Serialize};

use crate::{Policies, PolicyErrors, Problem, Request};

/// A request and what is expected of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// The file it stands in, as it was named.
    pub file: String,
    /// What it claims.
    pub name: String,
    /// What is expected.
    pub expect: Expect,
    given: Given,
    control: ControlId,
    entry: &'static catalogue::Entry,
    actor: Actor,
    resource: Resource,
}

/// What a case expects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// The response.
    pub response: Response,
    /// The ids of the policies that make it so, in any order: all of them and no others.
    pub because: Vec<String>,
}

/// How a case came out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CaseResult {
    /// The file.
    pub file: String,
    /// The case.
    pub name: String,
    /// What was expected.
    pub expect: Expect,
    /// What was decided.
    pub decision: Decision,
    /// Whether they agree, without any policy in error.
    pub passed: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    request: Given,
    expect: Expect,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "they are the request's, one word each in a case"
)]
struct Given {
    code: String,
    #[serde(default)]
    control: Option<String>,
    #[serde(default = "certain")]
    confidence: Confidence,
    #[serde(default = "yes")]
    effective: bool,
    #[serde(default = "enforce")]
    posture: Posture,
    #[serde(default)]
    actor: Option<GivenActor>,
    #[serde(default)]
    resource: Option<GivenResource>,
    #[serde(default)]
    tags: Option<BTreeMap<String, String>>,
    #[serde(default)]
    organizational_units: Vec<String>,
    #[serde(default)]
    recent_reverts: u32,
    #[serde(default)]
    breaker_open: bool,
    #[serde(default)]
    own_change: bool,
    #[serde(default = "yes")]
    remediable: bool,
    #[serde(default)]
    protected: bool,
    #[serde(default)]
    event_age_seconds: u64,
    #[serde(default = "new_year")]
    now: Timestamp,
}

fn certain() -> Confidence {
    Confidence::Certain
}

fn yes() -> bool {
    true
}

fn enforce() -> Posture {
    Posture::Enforce
}

/// The moment of a case that names none: the first of January 2026.
fn new_year() -> Timestamp {
    Timestamp::from_timestamp(1_767_225_600, 0).unwrap_or_default()
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct GivenActor {
    id: String,
    #[serde(default = "assumed_role")]
    kind: ActorKind,
    #[serde(default)]
    arn: Option<String>,
    #[serde(default)]
    account: Option<AccountId>,
    #[serde(default)]
    session: Option<String>,
    #[serde(default)]
    invoked_by: Option<String>,
    #[serde(default)]
    mfa: Option<bool>,
}

fn assumed_role() -> ActorKind {
    ActorKind::AssumedRole
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct GivenResource {
    arn: String,
    #[serde(default)]
    account: Option<AccountId>,
    #[serde(default)]
    region: Option<String>,
}

/// Where a case that names no resource takes place.
const ACCOUNT: &str = "111122223333";

/// Reads a file of cases: a JSON list of `{"name", "request", "expect"}`.
///
/// # Errors
/// Every case that cannot be understood. A file that is no such list is one problem, at its place.
pub fn parse(file: &str, text: &str) -> Result<Vec<Case>, PolicyErrors> {
    let written: Vec<Written> = serde_json::from_str(text).map_err(|error| PolicyErrors {
        problems: vec![Problem {
            file: file.to_owned(),
            line: error.line(),
            column: error.column(),
            policy: None,
            problem: format!("is not a list of cases: {error}"),
            remedy: Some("see docs/policy.md for the form of a case".to_owned()),
        }],
    })?;
    let mut cases = Vec::with_capacity(written.len());
    let mut problems = Vec::new();
    for written in written {
        let name = written.name.clone();
        match case(file, written) {
            Ok(case) => cases.push(case),
            Err(problem) => problems.push(Problem {
                file: file.to_owned(),
                line: line_of(text, &name),
                column: 1,
                policy: None,
                problem: format!("case `{}`: {problem}", name.escape_debug()),
                remedy: None,
            }),
        }
    }
    if problems.is_empty() { Ok(cases) } else { Err(PolicyErrors { problems }) }
}

/// The line on which a name first stands: names are claims, so they rarely repeat.
fn line_of(text: &str, name: &str) -> usize {
    let found = text.lines().position(|line| line.contains(name));
    found.map_or(1, |index| index.saturating_add(1))
}

fn case(file: &str, written: Written) -> Result<Case, String> {
    let Written { name, request: given, expect } = written;
    let entry = catalogue::describe(&given.code);
    if *entry == catalogue::UNLISTED {
        return Err(format!("there is no finding code `{}`", given.code.escape_debug()));
    }
    let control = match &given.control {
        Some(written) => catalogue::COMPLIANCE
            .iter()
            .find(|row| row.control == written)
            .ok_or_else(|| format!("there is no control `{}`", written.escape_debug()))?,
        None => entry
            .compliance()
            .ok_or_else(|| format!("`{}` needs a `control`: many have it", given.code))?,
    };
    Ok(Case {
        file: file.to_owned(),
        name,
        expect,
        control: ControlId::new(control.control),
        entry,
        actor: actor(given.actor.as_ref()),
        resource: resource(given.resource.as_ref())?,
        given,
    })
}

fn actor(given: Option<&GivenActor>) -> Actor {
    let Some(given) = given.cloned() else { return Actor::unknown() };
    Actor {
        kind: given.kind,
        id: given.id,
        arn: given.arn,
        account: given.account,
        session: given.session,
        invoked_by: given.invoked_by,
        mfa: given.mfa,
        ..Actor::unknown()
    }
}

fn resource(given: Option<&GivenResource>) -> Result<Resource, String> {
    let region =
        |given: &GivenResource| given.region.clone().unwrap_or_else(|| "us-east-1".to_owned());
    let Some(given) = given else {
        return Ok(Resource::bucket("amzn-s3-demo-bucket", ACCOUNT.into(), "us-east-1"));
    };
    let arn: Arn = given.arn.parse().map_err(|error| format!("resource: {error}"))?;
    let account = given.account.clone().unwrap_or_else(|| {
        if arn.account.is_empty() { ACCOUNT.into() } else { arn.account.as_str().into() }
    });
    let region = region(given);
    let made = match (arn.service.as_str(), arn.resource.split_once('/')) {
        ("s3", None) => Resource::bucket(&arn.resource, account, &region),
        ("s3", Some((bucket, key))) => Resource::object(bucket, key, None, account, &region),
        ("iam", Some(("role", path))) => Resource::role(path, account, &region),
        ("iam", Some(("user", path))) => Resource::user(path, account, &region),
        ("iam", Some(("group", path))) => Resource::group(path, account, &region),
        ("iam", Some(("policy", _))) => Resource::managed_policy(&given.arn, account, &region),
        ("iam", None) if arn.resource == "root" => Resource::account(account, &region),
        _ => return Err(format!("resource `{arn}` is of a type that no control asks about")),
    };
    // The ARN as written: its partition and a role's path are the case's own.
    Ok(Resource { arn: given.arn.clone(), ..made })
}

impl Case {
    /// The request of the case.
    #[must_use]
    pub fn request(&self) -> Request<'_> {
        Request {
            actor: &self.actor,
            resource: &self.resource,
            tags: self.given.tags.as_ref(),
            organizational_units: &self.given.organizational_units,
            account: &self.resource.account,
            control: self.control,
            code: &self.given.code,
            severity: self.entry.severity,
            category: self.entry.category,
            revert_by_default: self.entry.revert_by_default,
            confidence: self.given.confidence,
            effective: self.given.effective,
            posture: self.given.posture,
            recent_reverts: self.given.recent_reverts,
            breaker_open: self.given.breaker_open,
            own_change: self.given.own_change,
            remediable: self.given.remediable,
            protected: self.given.protected,
            event_age_seconds: self.given.event_age_seconds,
            now: self.given.now,
        }
    }
}

/// Asks the policies about every case.
#[must_use]
pub fn run(policies: &Policies, cases: &[Case]) -> Vec<CaseResult> {
    cases
        .iter()
        .map(|case| {
            let decision = policies.decide(&case.request());
            let mut expected = case.expect.because.clone();
            expected.sort();
            let mut found: Vec<String> =
                decision.because.iter().map(|because| because.policy.clone()).collect();
            found.sort();
            let passed = decision.response == case.expect.response
                && found == expected
                && decision.errors.is_empty();
            CaseResult {
                file: case.file.clone(),
                name: case.name.clone(),
                expect: case.expect.clone(),
                decision,
                passed,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_that_makes_no_sense_is_named_with_its_line() {
        let text = r#"[
            {"name": "fine", "request": {"code": "wildcard-principal"}, "expect": {"response": "revert", "because": []}},
            {"name": "no such code", "request": {"code": "wildcard-principle"}, "expect": {"response": "revert", "because": []}},
            {"name": "whose", "request": {"code": "evidence-unreadable"}, "expect": {"response": "alert", "because": []}},
            {"name": "what", "request": {"code": "wildcard-principal", "resource": {"arn": "arn:aws:sqs:us-east-1:111122223333:q"}}, "expect": {"response": "alert", "because": []}}
        ]"#;
        let errors = parse("x.json", text).unwrap_err();
        let lines: Vec<usize> = errors.problems.iter().map(|problem| problem.line).collect();
        assert_eq!(lines, [3, 4, 5]);
    }

    #[test]
    fn a_misspelt_key_is_refused_with_its_place() {
        let text = "[{\"name\": \"x\",\n \"request\": {\"code\": \"wildcard-principal\", \"protcted\": true}, \"expect\": {\"response\": \"alert\", \"because\": []}}]";
        let errors = parse("x.json", text).unwrap_err();
        assert_eq!(errors.problems[0].line, 2);
        assert!(errors.problems[0].problem.contains("protcted"), "{errors}");
    }

    #[test]
    fn a_case_that_expects_too_little_fails() {
        let text = r#"[{"name": "x", "request": {"code": "wildcard-principal"}, "expect": {"response": "revert", "because": []}}]"#;
        let results = run(&Policies::shipped(), &parse("x.json", text).unwrap());
        assert!(!results[0].passed);
        assert_eq!(results[0].decision.response, Response::Revert);
    }

    #[test]
    fn a_role_keeps_its_path_and_partition() {
        let text = r#"[{"name": "x", "request": {"code": "wildcard-principal", "resource": {"arn": "arn:aws-cn:iam::444455556666:role/a/b"}}, "expect": {"response": "revert", "because": []}}]"#;
        let cases = parse("x.json", text).unwrap();
        let request = cases[0].request();
        assert_eq!(request.resource.arn, "arn:aws-cn:iam::444455556666:role/a/b");
        assert_eq!(request.account.as_str(), "444455556666");
        assert_eq!(request.resource.kind(), "AWS::IAM::Role");
    }
}
