//! A control without its types, for whoever asks all of them: the command line and the scenarios.

use events::Event;
use model::{
    AccountId, Burst, Confidence, ControlId, Finding, Occurrence, Operation, Remedy, Resource,
    Response, Status, Target, Trust,
};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{
    Control, Memory, NotMine, Remembered, StateError, Subscription, Tags, Triage,
    control::{record_says, subscribes},
};

/// A remedy as it may be shown: what it would do, without its type.
///
/// Each finding has the remedy for itself alone; [`AnyControl::plan`] makes of the permitted ones
/// the writes that would really be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedRemedy {
    /// The response that permits it.
    pub needs: Response,
    /// The exact writes, in order.
    pub operations: Vec<Operation>,
    /// The part of a document that changes, before and after.
    pub document_change: Option<(String, String)>,
    /// The IAM actions that the writes need.
    pub iam_actions: &'static [&'static str],
}

impl PlannedRemedy {
    /// Describes a remedy.
    #[must_use]
    pub fn of<R: Remedy>(remedy: &R) -> Self {
        Self {
            needs: remedy.needs(),
            operations: remedy.operations(),
            document_change: remedy.document_change(),
            iam_actions: remedy.iam_actions(),
        }
    }
}

/// API responses that somebody supplies in place of reading (`--state FILE`).
pub trait States {
    /// `{"GetBucketAcl": {…}, …}` of the resource, or null where it is gone; `None`: nothing is
    /// known of it.
    fn responses(&self, arn: &str) -> Option<&Value>;

    /// Counts an occurrence with those like it, as the ledger would. Where nothing is kept, each is
    /// by itself.
    fn gather(&self, _control: ControlId, _account: &AccountId, occurrence: &Occurrence) -> Burst {
        Burst::of(occurrence)
    }

    /// The last state of the resource in which its control found nothing wrong, as the ledger would
    /// have it. Where nothing is kept there is none.
    fn baseline(&self, _control: ControlId, _resource: &Resource) -> Option<Value> {
        None
    }

    /// Keeps such a state, as the ledger would.
    fn keep_baseline(&self, _control: ControlId, _resource: &Resource, _state: Value) {}
}

/// Nothing is supplied: the record is all there is.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoStates;

impl States for NoStates {
    fn responses(&self, _arn: &str) -> Option<&Value> {
        None
    }
}

/// What a control says of one event from the record alone, or with supplied states.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// How the judgement ended.
    pub status: Status,
    /// `call_failed`, `not_covered`, `state_not_in_record`, …
    pub reason: Option<String>,
    /// What was looked at.
    pub target: Option<Target>,
    /// What is wrong, with what would mend it.
    pub findings: Vec<Finding<PlannedRemedy>>,
    /// The calls that would have been made to read the state; empty where it was known.
    pub would_read: &'static [&'static str],
}

/// A control without its types.
pub trait AnyControl: Send + Sync {
    /// Its one name.
    fn id(&self) -> ControlId;

    /// The calls that raise the question.
    fn subscriptions(&self) -> &'static [Subscription];

    /// The calls that reading makes.
    fn reads(&self) -> &'static [&'static str];

    /// The IAM actions that reading needs.
    fn read_actions(&self) -> &'static [&'static str];

    /// The IAM actions that any of its remedies may need.
    fn write_actions(&self) -> &'static [&'static str];

    /// Whether the control subscribes to the event, whatever became of the call.
    fn asks_about(&self, event: &Event) -> bool {
        subscribes(self.subscriptions(), event) && self.listens(event)
    }

    /// Of the calls that a subscription to [`crate::ANY`] covers, whether this one is looked at.
    fn listens(&self, event: &Event) -> bool;

    /// Judges an event from its record, or from supplied states where they tell of its resource.
    /// Whether Snapback itself made the change is not asked here.
    fn judge(&self, event: &Event, states: &dyn States, trust: &Trust) -> Judged {
        self.plan(event, states, trust, &mut |_, _| Response::Ignore).0
    }

    /// As [`AnyControl::judge`], and beside it the remedies that would be applied where `decide`
    /// says of each finding how far to go: those permitted, joined where one write serves several
    /// findings.
    fn plan(
        &self,
        event: &Event,
        states: &dyn States,
        trust: &Trust,
        decide: &mut dyn FnMut(&Target, &Finding<PlannedRemedy>) -> Response,
    ) -> (Judged, Vec<PlannedRemedy>);

    /// The call that sets these tags beside those that the resource has, as far as they are known.
    ///
    /// # Errors
    /// As [`Control::tag`].
    fn mark(
        &self,
        resource: &Resource,
        current: &Tags,
        ours: &Tags,
    ) -> Result<PlannedRemedy, String>;
}

impl<C: Control> AnyControl for C {
    fn id(&self) -> ControlId {
        Self::ID
    }

    fn subscriptions(&self) -> &'static [Subscription] {
        Control::subscriptions(self)
    }

    fn listens(&self, event: &Event) -> bool {
        Control::listens(self, event)
    }

    fn reads(&self) -> &'static [&'static str] {
        Control::reads(self)
    }

    fn read_actions(&self) -> &'static [&'static str] {
        Control::read_actions(self)
    }

    fn write_actions(&self) -> &'static [&'static str] {
        Control::write_actions(self)
    }

    fn plan(
        &self,
        event: &Event,
        states: &dyn States,
        trust: &Trust,
        decide: &mut dyn FnMut(&Target, &Finding<PlannedRemedy>) -> Response,
    ) -> (Judged, Vec<PlannedRemedy>) {
        let mut target = match self.triage(event) {
            Triage::Mine(target) => target,
            Triage::NotMine(why) => return (Judged::ignored(why), Vec::new()),
            Triage::Malformed(what) => return (Judged::unreadable(None, what), Vec::new()),
        };
        if states.responses(&target.resource.arn).is_some_and(Value::is_null) {
            return (Judged::gone(target), Vec::new());
        }
        let trust = trust.seen_from(&target.resource.account);
        let state = known(self, event, &target, states).and_then(|state| {
            let state = state.filter(|state| self.suffices(&target, state, &trust));
            state.map(|state| remembered(self, &target, state, states, &trust)).transpose()
        });
        let state = match state {
            Ok(state) => state,
            Err(error) => {
                return (Judged::unreadable(Some(target), error.to_string()), Vec::new());
            }
        };
        let Some(state) = state else {
            let judged = Judged {
                status: Status::Unclear,
                reason: Some("state_not_in_record".to_owned()),
                target: Some(target),
                findings: Vec::new(),
                would_read: Control::reads(self),
            };
            return (judged, Vec::new());
        };
        let asked = target.clone();
        if let Some(arn) = self.arn_by(&state) {
            arn.clone_into(&mut target.resource.arn);
        }
        let mut findings = Vec::new();
        let mut writes: Vec<Vec<C::Remedy>> = Vec::new();
        let found = self.assess(&target, &state, &trust);
        if found.is_empty()
            && self.memory(&asked, &trust) == Memory::Baseline
            // A read that contradicts its record is believed only when it is repeated.
            && record_says(self, event, &asked, &trust) != Some(true)
            && let Some(kept) = self.baseline(&target, &state)
            && let Ok(kept) = serde_json::to_value(kept)
        {
            // Under the name that events give the resource.
            states.keep_baseline(C::ID, &asked.resource, kept);
        }
        for finding in found {
            let remedies = finding.remedies.clone();
            let finding = finding.map_remedies(|remedy| PlannedRemedy::of(&remedy));
            let response = decide(&target, &finding);
            let permitted = remedies.into_iter().filter(|remedy| remedy.needs() <= response);
            add(&mut writes, permitted.collect());
            findings.push(finding);
        }
        let judged = Judged {
            status: if findings.is_empty() { Status::Clean } else { Status::Finding },
            reason: None,
            target: Some(target),
            findings,
            would_read: &[],
        };
        (judged, writes.iter().flatten().map(PlannedRemedy::of).collect())
    }

    fn mark(
        &self,
        resource: &Resource,
        current: &Tags,
        ours: &Tags,
    ) -> Result<PlannedRemedy, String> {
        Control::tag(self, resource, current, ours).map(|remedy| PlannedRemedy::of(&remedy))
    }
}

/// Adds one finding's remedies to the writes, joined with what is there where that serves both.
fn add<R: Remedy>(writes: &mut Vec<Vec<R>>, further: Vec<R>) {
    if further.is_empty() {
        return;
    }
    for write in &mut *writes {
        if *write == further {
            return;
        }
        if let ([one], [other]) = (write.as_slice(), further.as_slice())
            && let Some(joined) = one.join(other)
        {
            *write = vec![joined];
            return;
        }
    }
    writes.push(further);
}

impl Judged {
    fn ignored(why: NotMine) -> Self {
        Self {
            status: Status::Ignored,
            reason: Some(why.as_str().to_owned()),
            target: None,
            findings: Vec::new(),
            would_read: &[],
        }
    }

    /// What is not there any more has nothing wrong with it.
    fn gone(target: Target) -> Self {
        Self {
            status: Status::Clean,
            reason: Some("gone".to_owned()),
            target: Some(target),
            findings: Vec::new(),
            would_read: &[],
        }
    }

    fn unreadable(target: Option<Target>, what: String) -> Self {
        let mut finding =
            Finding::new("evidence-unreadable", what.clone()).with_evidence("problem", what);
        finding.confidence = Confidence::Unclear;
        Self {
            status: Status::Unclear,
            reason: Some("evidence_unreadable".to_owned()),
            target,
            findings: vec![finding],
            would_read: &[],
        }
    }
}

/// The state that supplied responses make, else what the record proves with what responses add.
fn known<C: Control>(
    control: &C,
    event: &Event,
    target: &Target,
    states: &dyn States,
) -> Result<Option<C::State>, StateError> {
    let Some(responses) = responses(states, target) else {
        return Ok(control.project(event, target));
    };
    match control.state_from_responses(target, &responses) {
        Ok(state) => Ok(Some(state)),
        Err(StateError::Missing { .. }) => control
            .project(event, target)
            .map(|projected| control.supplement(target, projected, &responses))
            .transpose(),
        Err(error @ StateError::Form { .. }) => Err(error),
    }
}

/// The member of a resource's supplied responses that holds those of its baseline.
const BASELINE: &str = "Baseline";

/// The state with what the ledger would remember: a baseline of this run, else one that is supplied;
/// the occurrences of this run.
fn remembered<C: Control>(
    control: &C,
    target: &Target,
    state: C::State,
    states: &dyn States,
    trust: &Trust,
) -> Result<C::State, StateError> {
    let remembered = match control.memory(target, trust) {
        Memory::Nothing => return Ok(state),
        Memory::Baseline => {
            // What was seen in this run is later than whatever was supplied.
            let kept = states.baseline(C::ID, &target.resource);
            if let Some(kept) = kept.and_then(|kept| C::State::deserialize(kept).ok()) {
                return Ok(control.recall(state, Remembered::Baseline(kept)));
            }
            let supplied = responses(states, target);
            let Some(baseline) = supplied.as_ref().and_then(|all| all.get(BASELINE)) else {
                return Ok(state);
            };
            match control.state_from_responses(target, baseline) {
                Ok(baseline) => Remembered::Baseline(baseline),
                // A baseline that does not know what is asked for remembers nothing of it.
                Err(StateError::Missing { .. }) => return Ok(state),
                Err(error @ StateError::Form { .. }) => return Err(error),
            }
        }
        Memory::Burst(occurrence) => {
            Remembered::Burst(states.gather(C::ID, &target.resource.account, &occurrence))
        }
    };
    Ok(control.recall(state, remembered))
}

/// What is supplied of the resource; of an object, what is supplied of its bucket as well.
fn responses(states: &dyn States, target: &Target) -> Option<Value> {
    let resource = &target.resource;
    let mut merged: Option<Map<String, Value>> = None;
    let bucket = resource.bucket_above();
    for arn in bucket.iter().chain([&resource.arn]) {
        if let Some(Value::Object(responses)) = states.responses(arn) {
            merged.get_or_insert_default().extend(responses.clone());
        }
    }
    merged.map(Value::Object)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{S3PublicAcl, test_support::record};

    /// The grants to groups that the planned writes leave, one list for each write.
    fn left(decide: &mut dyn FnMut(&str) -> Response) -> Vec<Vec<String>> {
        let parameters =
            json!({"bucketName": "amzn-s3-demo-site", "x-amz-acl": "public-read-write"});
        let event = record("s3.amazonaws.com", "PutBucketAcl", parameters);
        let event = Event::from_value(&event).unwrap();
        let (judged, remedies) =
            S3PublicAcl.plan(&event, &NoStates, &Trust::default(), &mut |_, finding| {
                decide(&finding.code)
            });
        assert_eq!(judged.findings.len(), 2);
        let grants = |remedy: &PlannedRemedy| {
            let call = remedy.operations[0].parameters.to_string();
            ["READ", "WRITE"]
                .map(|right| format!("\"{right}\""))
                .into_iter()
                .filter(|right| call.contains(right.as_str()))
                .collect()
        };
        remedies.iter().map(grants).collect()
    }

    #[test]
    fn a_record_that_names_no_service_is_told_and_not_passed_over() {
        for source in [json!(null), json!(""), json!({"x": 1})] {
            let mut bare = record("s3.amazonaws.com", "PutBucketAcl", json!({"bucketName": "b"}));
            bare["eventSource"] = source.clone();
            let event = Event::from_value(&bare).unwrap();
            assert!(AnyControl::asks_about(&S3PublicAcl, &event), "{source}");
            let judged = AnyControl::judge(&S3PublicAcl, &event, &NoStates, &Trust::default());
            assert_eq!(judged.findings[0].code, "evidence-unreadable", "{source}");
        }
        for other in [
            record("", "StopLogging", json!({})),
            record("sns.amazonaws.com", "PutBucketAcl", json!({})),
            json!({"detail-type": "PutBucketAcl", "source": "com.example.shop", "detail": {}}),
        ] {
            let event = Event::from_value(&other).unwrap();
            assert!(!AnyControl::asks_about(&S3PublicAcl, &event), "{other}");
        }
    }

    #[test]
    fn findings_of_one_state_are_mended_by_one_write() {
        assert_eq!(left(&mut |_| Response::Revert), [Vec::<String>::new()]);
    }

    #[test]
    fn a_write_mends_only_what_was_permitted() {
        let mut only_read = |code: &str| {
            if code.ends_with(":READ") { Response::Revert } else { Response::Alert }
        };
        assert_eq!(left(&mut only_read), [vec!["\"WRITE\"".to_owned()]]);
        assert_eq!(left(&mut |_| Response::Alert), Vec::<Vec<String>>::new());
    }
}
