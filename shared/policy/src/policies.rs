//! A set of policies and what it decides.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::{AuthorizationError, Authorizer, Effect as CedarEffect, Policy, PolicySet};
use model::{Because, Decision, Effect, Response};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::{
    Exception, PolicyErrors, Request, SCHEMA, Source,
    asked::{ASKED, Asked},
    exception::responses,
    limits::with_room,
    read::{Accepted, lines, read},
    tags::{UNKNOWN_TAGS, blind},
};

/// A set of policies, valid as a whole.
#[derive(Debug, Clone)]
pub struct Policies {
    /// What speaks of each response, the furthest first.
    asked: Vec<Speaking>,
    /// The same for a resource whose tags are not known: whoever asks for one there is in error.
    untagged: Vec<Speaking>,
    exceptions: Vec<Exception>,
    meanings: BTreeMap<String, String>,
    digest: String,
    /// Why there is no set, in which case everything alerts.
    missing: Option<String>,
}

/// The policy of `safety.cedar` that permits every alert without a condition.
const ALWAYS_TOLD: &str = "safety-alert";

/// The policies that speak of one response.
///
/// Permits and forbids are asked apart: Cedar names the forbids alone once one applies, and it must
/// be said whether there was anything for them to hold back.
#[derive(Debug, Clone)]
struct Speaking {
    response: Response,
    permits: PolicySet,
    forbids: PolicySet,
}

/// What the policies say of one response.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// The response.
    pub response: Response,
    /// Whether it is permitted: some policy permits it and none forbids it.
    pub permitted: bool,
    /// The policies that permit it, sorted.
    pub permits: Vec<String>,
    /// The policies that forbid it, sorted; they win.
    pub forbids: Vec<String>,
}

/// A decision with everything that was said for and against each response.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The decision.
    pub decision: Decision,
    /// One verdict for each response, the furthest first.
    pub verdicts: Vec<Verdict>,
}

impl Policies {
    /// The set of a deployment that says nothing else.
    ///
    /// It cannot fail for callers: a test proves that the shipped files are valid, and if they were
    /// not, every decision would be an alert that says so.
    #[must_use]
    pub fn shipped() -> Self {
        Self::load(&[]).unwrap_or_else(|errors| Self {
            asked: Vec::new(),
            untagged: Vec::new(),
            exceptions: Vec::new(),
            meanings: BTreeMap::new(),
            digest: String::new(),
            missing: Some(errors.to_string()),
        })
    }

    /// Makes a set of the given files and what is shipped.
    ///
    /// `safety.cedar` is always part of it. A file named `default.cedar` replaces the shipped one;
    /// every other file adds to the set. The order of files and of policies does not matter.
    ///
    /// # Errors
    /// [`PolicyErrors`] with every problem of every file: what cannot be parsed or does not fit the
    /// schema, ids that are missing, taken or reserved, exceptions without owner, reason or end.
    pub fn load(sources: &[Source]) -> Result<Self, PolicyErrors> {
        let load = || {
            let read = read(sources);
            if read.problems.is_empty() {
                Self::of(&read.accepted)
            } else {
                Err(PolicyErrors { problems: read.problems })
            }
        };
        with_room(load)
    }

    pub(crate) fn of(accepted: &[Accepted]) -> Result<Self, PolicyErrors> {
        let asked = speaking(accepted, |policy| Ok(policy.named()))?;
        let untagged = speaking(accepted, |policy| {
            blind(policy).map(|blind| blind.unwrap_or_else(|| policy.named()))
        })?;
        let mut exceptions: Vec<Exception> =
            accepted.iter().filter_map(|policy| policy.exception.clone()).collect();
        exceptions.sort();
        Ok(Self {
            asked,
            untagged,
            exceptions,
            meanings: accepted.iter().filter_map(meaning).collect(),
            digest: digest(accepted),
            missing: None,
        })
    }

    /// How far Snapback goes, and why.
    #[must_use]
    pub fn decide(&self, request: &Request<'_>) -> Decision {
        self.explain(request).decision
    }

    /// The decision with all that was said about each response.
    #[must_use]
    pub fn explain(&self, request: &Request<'_>) -> Explanation {
        let mut errors = BTreeSet::new();
        errors.extend(self.missing.clone());
        let mut verdicts = Vec::with_capacity(ASKED.len());
        match Asked::new(request) {
            Ok(asked) => {
                let known = request.tags.is_some();
                for speaking in if known { &self.asked } else { &self.untagged } {
                    match speaking.verdict(&asked, &mut errors) {
                        Ok(verdict) => verdicts.push(verdict),
                        Err(error) => drop(errors.insert(format!("request: {error}"))),
                    }
                }
            }
            Err(error) => {
                let decision = self.unasked(&format!("request: {error}"));
                return Explanation { decision, verdicts };
            }
        }
        Explanation { decision: settle(&verdicts, errors), verdicts }
    }

    /// The decision about what cannot be put to the policies, such as a finding on a record that
    /// names no resource: an alert. What permits it is the one policy that permits every alert,
    /// whatever the question; nothing else was asked, and `why` stands among the errors.
    #[must_use]
    pub fn unasked(&self, why: &str) -> Decision {
        let because = match &self.missing {
            None => vec![Because { policy: ALWAYS_TOLD.to_owned(), effect: Effect::Permit }],
            Some(_) => Vec::new(),
        };
        let errors: BTreeSet<String> =
            self.missing.iter().cloned().chain([why.to_owned()]).collect();
        Decision { response: Response::Alert, because, errors: errors.into_iter().collect() }
    }

    /// The exceptions of the set, sorted by id; expired ones too.
    #[must_use]
    pub fn exceptions(&self) -> &[Exception] {
        &self.exceptions
    }

    /// What each policy of the set means, by its id: its `@meaning`, else an exception's `@reason`.
    #[must_use]
    pub fn meanings(&self) -> &BTreeMap<String, String> {
        &self.meanings
    }

    /// The set's version: SHA-256, in hexadecimal, over the schema and the policies' texts. The
    /// same for any order of the same policies; empty where the shipped files are broken.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }
}

/// Groups policies by the response they speak of.
fn speaking(
    accepted: &[Accepted],
    made: impl Fn(&Accepted) -> Result<Policy, String>,
) -> Result<Vec<Speaking>, PolicyErrors> {
    let mut asked: Vec<Speaking> = ASKED
        .map(|response| Speaking { response, permits: PolicySet::new(), forbids: PolicySet::new() })
        .into();
    let mut problems = Vec::new();
    for policy in accepted {
        let scope = responses(&policy.policy);
        for speaking in asked.iter_mut().filter(|one| scope.contains(&one.response)) {
            let set = match policy.policy.effect() {
                CedarEffect::Permit => &mut speaking.permits,
                CedarEffect::Forbid => &mut speaking.forbids,
            };
            let added =
                made(policy).and_then(|policy| set.add(policy).map_err(|error| error.to_string()));
            if let Err(error) = added {
                problems.push(policy.problem(error, None));
            }
        }
    }
    if problems.is_empty() { Ok(asked) } else { Err(PolicyErrors { problems }) }
}

impl Speaking {
    fn verdict(&self, asked: &Asked, errors: &mut BTreeSet<String>) -> Result<Verdict, String> {
        let request = asked.about(self.response, None)?;
        let mut applying = |set: &PolicySet| {
            let answer = Authorizer::new().is_authorized(&request, set, &asked.entities);
            errors.extend(answer.diagnostics().errors().map(named));
            let ids: BTreeSet<String> =
                answer.diagnostics().reason().map(ToString::to_string).collect();
            ids.into_iter().collect::<Vec<_>>()
        };
        let permits = applying(&self.permits);
        let forbids = applying(&self.forbids);
        let permitted = !permits.is_empty() && forbids.is_empty();
        Ok(Verdict { response: self.response, permitted, permits, forbids })
    }
}

fn named(error: &AuthorizationError) -> String {
    match error {
        AuthorizationError::PolicyEvaluationError(error) => {
            let inner = error.inner().to_string();
            // The attribute that no schema has stands in the text of an error in quotes.
            let told = if inner.contains(UNKNOWN_TAGS) { UNKNOWN_TAGS } else { &inner };
            format!("{}: {told}", error.policy_id())
        }
    }
}

/// The furthest response permitted, with the permits of it and the forbids that held back a further
/// one which was otherwise permitted. Errors make it an alert.
fn settle(verdicts: &[Verdict], mut errors: BTreeSet<String>) -> Decision {
    let furthest = verdicts.iter().find(|verdict| verdict.permitted);
    let response = match furthest {
        _ if !errors.is_empty() => Response::Alert,
        Some(verdict) => verdict.response,
        None if verdicts.iter().any(silenced) => Response::Ignore,
        None => {
            // Safety permits every alert and only an exception may forbid one.
            errors.insert("no policy permits `alert`".to_owned());
            Response::Alert
        }
    };
    let mut because = BTreeSet::new();
    for verdict in verdicts {
        if verdict.response == response {
            because.extend(reasons(&verdict.permits, Effect::Permit));
        }
        if verdict.response > response && !verdict.permits.is_empty() {
            because.extend(reasons(&verdict.forbids, Effect::Forbid));
        }
    }
    Decision {
        response,
        because: because.into_iter().collect(),
        errors: errors.into_iter().collect(),
    }
}

fn silenced(verdict: &Verdict) -> bool {
    verdict.response == Response::Alert && !verdict.forbids.is_empty()
}

fn reasons(ids: &[String], effect: Effect) -> impl Iterator<Item = Because> {
    ids.iter().map(move |id| Because { policy: id.clone(), effect })
}

fn meaning(policy: &Accepted) -> Option<(String, String)> {
    let annotated = policy.policy.annotation("meaning").map(str::to_owned);
    let meaning = annotated
        .or_else(|| policy.exception.as_ref().map(|exception| exception.reason.clone()))?;
    Some((policy.id.clone(), meaning))
}

fn digest(accepted: &[Accepted]) -> String {
    let texts: BTreeMap<&str, String> =
        accepted.iter().map(|policy| (policy.id.as_str(), lines(&policy.text))).collect();
    let mut hasher = Sha256::new();
    let mut part = |text: &str| {
        hasher.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
        hasher.update(text.as_bytes());
    };
    part(SCHEMA);
    for (id, text) in texts {
        part(id);
        part(&text);
    }
    let mut digits = String::with_capacity(64);
    for byte in hasher.finalize() {
        for half in [byte >> 4, byte & 15] {
            digits.extend(char::from_digit(u32::from(half), 16));
        }
    }
    digits
}

#[cfg(test)]
mod tests {
    use model::{Posture, Severity, Timestamp};

    use super::*;
    use crate::{asking::Asking, odd::covers_everything};

    fn with(text: &str) -> Policies {
        Policies::load(&[Source::new("mine.cedar", text)]).unwrap()
    }

    fn ids(decision: &Decision, effect: Effect) -> Vec<&str> {
        let of = |because: &&Because| because.effect == effect;
        decision.because.iter().filter(of).map(|because| because.policy.as_str()).collect()
    }

    #[test]
    fn the_shipped_set_is_valid_and_decides() {
        Policies::load(&[]).unwrap();
        let shipped = Policies::shipped();
        assert_eq!(shipped.missing, None);
        let decision = shipped.decide(&Asking::new().request());
        assert_eq!(decision.response, Response::Revert);
        assert_eq!(ids(&decision, Effect::Permit), ["default-revert"]);
        assert_eq!(ids(&decision, Effect::Forbid), [""; 0]);
    }

    #[test]
    fn every_shipped_policy_says_what_it_means() {
        let shipped = Policies::shipped();
        assert_eq!(shipped.meanings().len(), read(&[]).accepted.len());
    }

    #[test]
    fn requests_fit_the_schema_whatever_they_hold() {
        let schema = crate::asked::schema().unwrap();
        let mut asking = Asking::new();
        asking.actor.id = "\"; permit (principal, action, resource); //\u{202e}\n".to_owned();
        asking.actor.session = Some(asking.actor.id.clone());
        asking.actor.arn = Some(String::new());
        asking.actor.account = Some("not an account".into());
        asking.actor.invoked_by = Some("s3.amazonaws.com".to_owned());
        asking.actor.mfa = Some(false);
        asking.tags = BTreeMap::from([("a\"b".to_owned(), "c\\".to_owned())]);
        asking.units = ["ou-a", "ou-b", "ou-a"].map(str::to_owned).to_vec();
        let request = asking.request();
        let asked = Asked::new(&request).unwrap();
        for response in ASKED {
            asked.about(response, Some(schema)).unwrap();
        }
        let entities = asked.entities.iter().cloned();
        cedar_policy::Entities::from_entities(entities, Some(schema)).unwrap();
        let decision = Policies::shipped().decide(&request);
        assert_eq!((decision.response, decision.errors.len()), (Response::Revert, 0));
    }

    /// S-18.
    #[test]
    fn an_exception_ignores_and_is_named_until_it_ends() {
        let text = "@id(\"website\") @owner(\"web\") @reason(\"a website\") @expires(\"2026-07-01\")
            forbid (principal, action, resource == Snapback::Resource::\"arn:aws:s3:::amzn-s3-demo-bucket\")
            when { context.now < datetime(\"2026-07-01\") };";
        let policies = with(text);
        let asking = Asking::new();
        let decision = policies.decide(&asking.request());
        assert_eq!(decision.response, Response::Ignore);
        assert_eq!(ids(&decision, Effect::Forbid), ["website"]);
        let late = Request { now: "2026-07-01T00:00:00Z".parse().unwrap(), ..asking.request() };
        assert_eq!(policies.decide(&late).response, Response::Revert);
        assert_eq!(policies.exceptions()[0].owner, "web");
        assert_eq!(policies.meanings()["website"], "a website");
    }

    /// S-17.
    #[test]
    fn a_policy_in_error_makes_it_an_alert_and_is_named() {
        let overflow = "context.recentReverts + 9223372036854775807 > 0";
        let asking = Asking::new();
        let flapping = Request { recent_reverts: 1, ..asking.request() };
        for effect in ["permit", "forbid"] {
            let text = format!(
                "@id(\"sum\") {effect} (principal, action == Snapback::Action::\"revert\", resource) when {{ {overflow} }};"
            );
            let decision = with(&text).decide(&flapping);
            assert_eq!(decision.response, Response::Alert, "{effect}");
            assert!(decision.errors[0].starts_with("sum: "), "{:?}", decision.errors);
            assert_eq!(ids(&decision, Effect::Permit), ["safety-alert"]);
        }
        let text = format!(
            "@id(\"sum\") @owner(\"o\") @reason(\"r\") @expires(\"2026-07-01\") forbid (principal, action, resource)
             when {{ context.now < datetime(\"2026-07-01\") && {overflow} }};"
        );
        assert_eq!(with(&text).decide(&flapping).response, Response::Alert);
    }

    #[test]
    fn a_time_that_cedar_cannot_say_makes_it_an_alert() {
        let asking = Asking::new();
        let request = Request { now: Timestamp::MAX_UTC, ..asking.request() };
        let decision = Policies::shipped().decide(&request);
        assert_eq!(decision.response, Response::Alert);
        assert!(decision.errors[0].starts_with("request: "), "{:?}", decision.errors);
        assert_eq!(ids(&decision, Effect::Permit), ["safety-alert"]);
    }

    #[test]
    fn what_cannot_be_asked_is_told_by_the_policy_that_permits_every_alert() {
        let decision = Policies::shipped().unasked("why");
        assert_eq!(
            (decision.response, decision.errors.as_slice()),
            (Response::Alert, &["why".to_owned()][..])
        );
        assert_eq!(ids(&decision, Effect::Permit), [ALWAYS_TOLD]);
        // It has neither scope nor condition, so it would have permitted whatever was asked.
        let told = read(&[]).accepted.into_iter().find(|one| one.id == ALWAYS_TOLD).unwrap();
        assert_eq!(responses(&told.policy), [Response::Alert]);
        assert_eq!(told.policy.effect(), CedarEffect::Permit);
        assert!(covers_everything(&told.json));
    }

    #[test]
    fn broken_shipped_files_would_alert() {
        let broken =
            Policies { asked: Vec::new(), missing: Some("why".to_owned()), ..Policies::shipped() };
        let decision = broken.decide(&Asking::new().request());
        assert_eq!((decision.response, decision.errors), (Response::Alert, vec!["why".to_owned()]));
    }

    #[test]
    fn a_forbid_that_held_nothing_back_is_no_reason() {
        let asking = Asking::new();
        let request = Request {
            severity: Severity::Low,
            revert_by_default: false,
            posture: Posture::Observe,
            ..asking.request()
        };
        let explanation = Policies::shipped().explain(&request);
        assert_eq!(explanation.decision.response, Response::Alert);
        assert_eq!(ids(&explanation.decision, Effect::Forbid), [""; 0]);
        assert_eq!(explanation.verdicts[0].forbids, ["safety-observe"]);
        assert!(!explanation.verdicts[0].permitted);
    }

    #[test]
    fn accounts_units_tags_and_actors_can_be_spoken_of() {
        let mut asking = Asking::new();
        asking.units = vec!["ou-near".to_owned(), "ou-far".to_owned()];
        asking.tags = BTreeMap::from([("team".to_owned(), "web".to_owned())]);
        asking.actor.id = "arn:aws:iam::111122223333:role/deploy".to_owned();
        asking.actor.mfa = Some(true);
        for (scope, condition) in [
            ("resource in Snapback::Account::\"111122223333\"", "true"),
            ("resource in Snapback::OrganizationalUnit::\"ou-near\"", "true"),
            ("resource in Snapback::OrganizationalUnit::\"ou-far\"", "true"),
            ("resource", "resource.hasTag(\"team\") && resource.getTag(\"team\") == \"web\""),
            ("resource", "principal == Snapback::Actor::\"arn:aws:iam::111122223333:role/deploy\""),
            (
                "resource",
                "principal.id like \"*:role/deploy\" && principal has mfa && principal.mfa",
            ),
            (
                "resource",
                "resource.kind == \"AWS::S3::Bucket\" && resource.arn like \"arn:aws:s3:::amzn-*\"",
            ),
            (
                "resource",
                "context.tagsKnown && context.eventAgeSeconds < 60 && context.now > datetime(\"2026-01-01\")",
            ),
        ] {
            let text = format!(
                "@id(\"mine\") forbid (principal, action == Snapback::Action::\"revert\", {scope}) when {{ {condition} }};"
            );
            let decision = with(&text).decide(&asking.request());
            assert_eq!(decision.response, Response::Tag, "{scope} {condition}");
            assert_eq!(ids(&decision, Effect::Forbid), ["mine"], "{scope} {condition}");
        }
        let unknown = Request { tags: None, ..asking.request() };
        let text = "@id(\"mine\") forbid (principal, action == Snapback::Action::\"revert\", resource) unless { context.tagsKnown };";
        assert_eq!(with(text).decide(&unknown).response, Response::Tag);
    }

    #[test]
    fn the_digest_tells_sets_apart_and_ignores_order_and_line_endings() {
        let one = "@id(\"a\") permit (principal, action, resource)\nwhen { context.effective };";
        let two = "@id(\"b\") permit (principal, action, resource);";
        let digest = |texts: &[&str]| {
            let sources: Vec<Source> = texts
                .iter()
                .map(|text| Source::new(format!("{}.cedar", text.len()), *text))
                .collect();
            Policies::load(&sources).unwrap().digest().to_owned()
        };
        assert_eq!(digest(&[one, two]), digest(&[two, one]));
        assert_eq!(
            digest(&[one, two]),
            digest(&[&format!("// why\r\n{}\r\n{two}", one.replace('\n', "\r\n"))])
        );
        assert_ne!(digest(&[one]), digest(&[one, two]));
        assert_ne!(digest(&[one]), digest(&[&one.replace("effective", "ownChange")]));
        assert_eq!(digest(&[]).len(), 64);
    }
}
