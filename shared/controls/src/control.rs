//! What every control answers.

use std::{collections::BTreeMap, fmt::Debug};

use events::{Event, Origin};
use model::{Burst, Confidence, ControlId, Finding, Occurrence, Remedy, Resource, Target, Trust};
use serde::{Serialize, de::DeserializeOwned};
use thiserror::Error;

/// AWS tags by key.
pub type Tags = BTreeMap<String, String>;

/// A call that raises a control's question: the EventBridge rule is generated from these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subscription {
    /// `s3.amazonaws.com`.
    pub event_source: &'static str,
    /// `PutBucketAcl`; for native S3 events the detail type. [`ANY`]: every call of the service, of
    /// which [`Control::listens`] says which are looked at.
    pub event_name: &'static str,
}

/// In a subscription: whatever the service, or the call, is.
pub const ANY: &str = "*";

impl Subscription {
    /// Whether it is for a call; what a record does not tell of its service is not held against it.
    fn covers(&self, event_source: Option<&str>, event_name: &str) -> bool {
        let fits = |ours: &str, theirs: &str| ours == ANY || ours == theirs;
        fits(self.event_name, event_name)
            && event_source.is_none_or(|source| fits(self.event_source, source))
    }
}

/// What a control says of an event before anything is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Triage {
    /// The event is a reason to look at this.
    Mine(Target),
    /// It is not.
    NotMine(NotMine),
    /// It should name a resource and does not: told and kept, never dropped. Says what is missing.
    Malformed(String),
}

/// Why an event is no reason to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NotMine {
    /// The control does not subscribe to this call.
    NotCovered,
    /// The call failed, so it changed nothing.
    CallFailed,
    /// The call is covered, but what it did cannot raise the question (an upload without a grant).
    NothingToAsk,
    /// Delivered by an AWS service (log delivery): not ours.
    ServiceDelivery,
    /// The record is not what its envelope claims (wrong source, foreign account).
    Forged,
}

impl NotMine {
    /// `reason` in the CLI's JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotCovered => "not_covered",
            Self::CallFailed => "call_failed",
            Self::NothingToAsk => "nothing_to_ask",
            Self::ServiceDelivery => "service_delivery",
            Self::Forged => "forged",
        }
    }
}

/// What a read found.
#[derive(Debug, Clone, PartialEq)]
pub enum Observed<S> {
    /// The resource exists.
    Present {
        /// What the control asked for.
        state: S,
        /// The resource's tags; `None`: not readable or not taggable. Never a ground for action.
        tags: Option<Tags>,
        /// The resource with what only reading tells (a role's path).
        resource: Resource,
    },
    /// It does not exist (any more).
    Gone,
}

/// Why API responses do not make a state.
#[derive(Debug, Error)]
pub enum StateError {
    /// A response the control needs is not there.
    #[error("`{operation}` of `{arn}` is needed and not given")]
    Missing {
        /// `GetBucketAcl`.
        operation: &'static str,
        /// The resource.
        arn: String,
    },
    /// A response is not of the API's form.
    #[error("`{operation}` of `{arn}` cannot be read")]
    Form {
        /// `GetBucketAcl`.
        operation: &'static str,
        /// The resource.
        arn: String,
        /// What the reader said.
        source: serde_json::Error,
    },
}

/// Whether one of the subscriptions is for the event's call, or may be: a record that names no
/// service is not passed over.
pub(crate) fn subscribes(subscriptions: &[Subscription], event: &Event) -> bool {
    let record = &event.record;
    let source = (!is_without_source(event)).then_some(record.event_source.as_str());
    subscriptions.iter().any(|subscription| subscription.covers(source, &record.event_name))
}

/// What is said of an event before a control looks at what was asked for: not covered, failed, or of
/// no service; `None`: it is to be looked at.
pub(crate) fn passed_over(subscriptions: &[Subscription], event: &Event) -> Option<Triage> {
    if !subscribes(subscriptions, event) {
        return Some(Triage::NotMine(NotMine::NotCovered));
    }
    if event.record.failure().is_some() {
        return Some(Triage::NotMine(NotMine::CallFailed));
    }
    without_source(event)
}

/// What is said of a record that names a call of ours and no service: whose call it is, is not told.
pub(crate) fn without_source(event: &Event) -> Option<Triage> {
    is_without_source(event).then(|| {
        let name = &event.record.event_name;
        Triage::Malformed(format!(
            "which service's `{name}` it is cannot be said: no `eventSource`"
        ))
    })
}

/// An event of somebody's own has no service either, and is no record of a call.
fn is_without_source(event: &Event) -> bool {
    event.origin == Origin::CloudTrail && event.record.event_source.is_empty()
}

/// What of the ledger's memory a control needs to judge by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Memory {
    /// Nothing: the state tells all.
    Nothing,
    /// The last state of the resource that was seen right: what a protection was before it went.
    Baseline,
    /// How often the same happened lately; this is once more.
    Burst(Occurrence),
}

/// What the ledger remembered.
#[derive(Debug, Clone, PartialEq)]
pub enum Remembered<S> {
    /// The last state that was seen right.
    Baseline(S),
    /// This occurrence and those like it.
    Burst(Burst),
}

/// One question with its remedies.
pub trait Control: Send + Sync + 'static {
    /// What must be read to answer.
    type State: Clone + Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static;
    /// Everything it could ever do, as data.
    type Remedy: Remedy;
    /// Its one name.
    const ID: ControlId;

    /// The calls that raise the question.
    fn subscriptions(&self) -> &'static [Subscription];

    /// Of the calls that a subscription to [`ANY`] covers, whether this one is looked at.
    fn listens(&self, _event: &Event) -> bool {
        true
    }

    /// Names the resource to look at, or says why not.
    fn triage(&self, event: &Event) -> Triage;

    /// The state the record itself proves, where it carries it; `None` otherwise.
    fn project(&self, event: &Event, target: &Target) -> Option<Self::State>;

    /// Whether the state answers the question under this trust. A read state always does, or
    /// `assess` says what could not be read; a projected one may leave the question open, which is
    /// then *unclear* and not *clean*.
    fn suffices(&self, _target: &Target, _state: &Self::State, _trust: &Trust) -> bool {
        true
    }

    /// What the ledger is asked for before the state is judged.
    fn memory(&self, _target: &Target, _trust: &Trust) -> Memory {
        Memory::Nothing
    }

    /// The state with what the ledger remembered. Without a memory it is judged as it was read.
    fn recall(&self, state: Self::State, _remembered: Remembered<Self::State>) -> Self::State {
        state
    }

    /// What is kept as the baseline of a state in which nothing is wrong, without what was recalled;
    /// `None`: nothing of it is worth remembering. Asked only of a control whose [`Control::memory`]
    /// is [`Memory::Baseline`].
    fn baseline(&self, _target: &Target, _state: &Self::State) -> Option<Self::State> {
        None
    }

    /// Whether a remedy sets what this target's event changed, so that a write of ours at the same
    /// moment may have undone the event's change. A resource whose settings are written by calls of
    /// their own answers for each; asked of remedies for the same resource only.
    fn crosses(&self, _remedy: &Self::Remedy, _target: &Target) -> bool {
        true
    }

    /// What is wrong with the state, each with the remedies that would mend it.
    fn assess(
        &self,
        target: &Target,
        state: &Self::State,
        trust: &Trust,
    ) -> Vec<Finding<Self::Remedy>>;

    /// The SDK operations that reading the state makes (`s3:GetBucketAcl`), for "would read …".
    fn reads(&self) -> &'static [&'static str];

    /// The IAM actions that reading the state and tags needs, sorted.
    fn read_actions(&self) -> &'static [&'static str];

    /// Every IAM action that any of its remedies may need, sorted: the function's role is held to
    /// the union of these and [`Control::read_actions`].
    fn write_actions(&self) -> &'static [&'static str];

    /// The state made of API responses (`{"GetBucketAcl": {…}, …}`), as `--state` supplies them.
    ///
    /// # Errors
    /// [`StateError`] names the response that is missing or cannot be read.
    fn state_from_responses(
        &self,
        target: &Target,
        responses: &serde_json::Value,
    ) -> Result<Self::State, StateError>;

    /// The ARN that the resource has by a read state, where a record alone cannot tell it (the path
    /// of a role). Policies and protection go by it.
    fn arn_by<'s>(&self, _state: &'s Self::State) -> Option<&'s str> {
        None
    }

    /// A projected state with what supplied responses add to it (Block Public Access, a bucket's
    /// default encryption), where they do not carry the state itself.
    ///
    /// # Errors
    /// [`StateError`] names the response that cannot be read.
    fn supplement(
        &self,
        _target: &Target,
        projected: Self::State,
        _responses: &serde_json::Value,
    ) -> Result<Self::State, StateError> {
        Ok(projected)
    }

    /// The step that merges Snapback's own tags into the resource's, or why it cannot be tagged.
    ///
    /// # Errors
    /// The reason, for the alert: no tagging API, or the limit of tags is reached.
    fn tag(&self, resource: &Resource, current: &Tags, ours: &Tags)
    -> Result<Self::Remedy, String>;
}

/// Whether the record itself proves that something was wrong; `None`: it does not carry the state.
pub fn record_says<C: Control>(
    control: &C,
    event: &Event,
    target: &Target,
    trust: &Trust,
) -> Option<bool> {
    let state = control.project(event, target)?;
    if !control.suffices(target, &state, trust) {
        return None;
    }
    let findings = control.assess(target, &state, trust);
    Some(findings.iter().any(|finding| finding.confidence == Confidence::Certain))
}
