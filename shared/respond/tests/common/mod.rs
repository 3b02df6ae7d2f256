//! A toy control, and a stage with fakes for one resource.
//!
//! The toy's state is a list of what is wrong, by finding code, beside a number that is none of its
//! business: whoever loses a stranger's number has lost an update.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "helpers of tests fail like tests"
)]
#![expect(dead_code, reason = "each test binary uses its own part")]

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use controls::{Control, Memory, NotMine, Remembered, StateError, Subscription, Tags, Triage};
use events::Event;
use ledger::Entry;
use model::{
    Confidence, ControlId, Finding, Occurrence, Operation, Posture, Remedy, Resource, Response,
    Target, Timestamp, Trust,
};
use policy::{Policies, Source};
use respond::{Delivery, Doors, HandleError, Handled, Pipeline, Recheck, Retry, Settings};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use testkit::{
    EventBuilder, FakeCloud, FakeLater, FakeLedger, FakeNotifier, FakeSwitch, FixedClock, Present,
    Script, World,
    record::{ACCOUNT, BUCKET, REGION},
};

/// Reverted by the shipped policies.
pub(crate) const OPEN: &str = "acl-public:AllUsers:READ";
/// The same, and mended by the same write.
pub(crate) const OPEN_TOO: &str = "acl-public:AllUsers:WRITE";
/// Reverted by the shipped policies, by a write of its own.
pub(crate) const APART: &str = "public-statement";
/// Marked by the shipped policies.
pub(crate) const MARKED: &str = "acl-cross-account";
/// Only told by the shipped policies.
pub(crate) const TOLD: &str = "dead-condition";

/// How often in a row is too often for the toy.
pub(crate) const MANY: u32 = 3;

/// A number under which the toy's service takes conditional writes, and is sent them.
pub(crate) const GUARDED: u64 = 4_000;

/// What is wrong with the resource, and what else is true of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub(crate) struct State {
    pub(crate) wrong: BTreeSet<String>,
    pub(crate) other: u64,
}

impl State {
    pub(crate) fn of(wrong: &[&str]) -> Self {
        Self { wrong: wrong.iter().map(|code| (*code).to_owned()).collect(), other: 0 }
    }
}

/// What the toy could ever do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Mend {
    Put { before: State, after: State },
    Mark { before: Tags, after: Tags },
}

impl Remedy for Mend {
    fn needs(&self) -> Response {
        match self {
            Self::Put { .. } => Response::Revert,
            Self::Mark { .. } => Response::Tag,
        }
    }

    fn operations(&self) -> Vec<Operation> {
        vec![match self {
            Self::Put { before, after } if before.other == GUARDED => {
                Operation::new("toy:Put", json!({ "After": after, "IfMatch": "etag" }))
            }
            Self::Put { after, .. } => Operation::new("toy:Put", json!(after)),
            Self::Mark { after, .. } => Operation::new("toy:Mark", json!(after)),
        }]
    }

    fn inverse(&self) -> Option<Self> {
        Some(match self.clone() {
            Self::Put { before, after } => Self::Put { before: after, after: before },
            Self::Mark { before, after } => Self::Mark { before: after, after: before },
        })
    }

    fn iam_actions(&self) -> &'static [&'static str] {
        &["toy:Put"]
    }

    fn join(&self, other: &Self) -> Option<Self> {
        let (Self::Put { before, after }, Self::Put { before: same, after: further }) =
            (self, other)
        else {
            return None;
        };
        let apart = |state: &State| state.wrong.contains(APART);
        if before != same || apart(after) != apart(further) {
            return None;
        }
        let wrong = after.wrong.intersection(&further.wrong).cloned().collect();
        Some(Self::Put { before: before.clone(), after: State { wrong, ..after.clone() } })
    }
}

/// The toy.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Toy;

impl Control for Toy {
    type State = State;
    type Remedy = Mend;
    const ID: ControlId = ControlId::new("toy");

    fn subscriptions(&self) -> &'static [Subscription] {
        &[Subscription { event_source: "s3.amazonaws.com", event_name: "PutBucketAcl" }]
    }

    fn triage(&self, event: &Event) -> Triage {
        let record = &event.record;
        if !["PutBucketAcl", "PutObjectAcl"].contains(&record.event_name.as_str()) {
            return Triage::NotMine(NotMine::NotCovered);
        }
        if record.error_code.is_some() {
            return Triage::NotMine(NotMine::CallFailed);
        }
        let parameters = parameters(event);
        let Some(bucket) = parameters.get("bucketName").and_then(Value::as_str) else {
            return Triage::Malformed("no bucketName".to_owned());
        };
        let account = record.account.clone().unwrap_or_default();
        let memory = parameters.get("memory").and_then(Value::as_str).unwrap_or_default();
        let apart = parameters.get("apart").and_then(Value::as_str).unwrap_or_default();
        let target = Target::from(Resource::bucket(bucket, account, REGION));
        Triage::Mine(
            target.with("memory", memory).with("id", &event.claim_id()).with("apart", apart),
        )
    }

    fn project(&self, event: &Event, _target: &Target) -> Option<State> {
        serde_json::from_value(parameters(event).get("toy")?.clone()).ok()
    }

    fn memory(&self, target: &Target, _trust: &Trust) -> Memory {
        match target.detail("memory") {
            Some("baseline") => Memory::Baseline,
            Some("burst") => Memory::Burst(Occurrence {
                group: "stranger".to_owned(),
                id: target.detail("id").unwrap().to_owned(),
                at: event_time(),
                window_seconds: 300,
                facts: BTreeMap::new(),
            }),
            _ => Memory::Nothing,
        }
    }

    fn crosses(&self, _remedy: &Mend, target: &Target) -> bool {
        target.detail("apart").is_none()
    }

    fn recall(&self, mut state: State, remembered: Remembered<State>) -> State {
        let worse = match remembered {
            Remembered::Baseline(before) => state.other < before.other,
            Remembered::Burst(burst) => burst.count >= MANY,
        };
        if worse {
            state.wrong.insert(TOLD.to_owned());
        }
        state
    }

    fn baseline(&self, _target: &Target, state: &State) -> Option<State> {
        (state.other > 0).then(|| state.clone())
    }

    fn assess(&self, _target: &Target, state: &State, _trust: &Trust) -> Vec<Finding<Mend>> {
        let findings = state.wrong.iter().map(|code| {
            let mut finding = Finding::new(code.as_str(), format!("{code} is wrong"));
            let mut after = state.clone();
            after.wrong.remove(code);
            if code == MARKED || code == TOLD {
                finding.held_back = Some("people must mend this".to_owned());
            } else {
                finding.remedies = vec![Mend::Put { before: state.clone(), after }];
            }
            if state.other == u64::MAX {
                finding.confidence = Confidence::Unclear;
            }
            finding
        });
        findings.collect()
    }

    fn reads(&self) -> &'static [&'static str] {
        &["toy:Get"]
    }

    fn read_actions(&self) -> &'static [&'static str] {
        &["toy:Get"]
    }

    fn write_actions(&self) -> &'static [&'static str] {
        &["toy:Put"]
    }

    fn state_from_responses(&self, _: &Target, responses: &Value) -> Result<State, StateError> {
        serde_json::from_value(responses.clone()).map_err(|source| StateError::Form {
            operation: "toy:Get",
            arn: String::new(),
            source,
        })
    }

    fn tag(&self, _: &Resource, current: &Tags, ours: &Tags) -> Result<Mend, String> {
        if current.contains_key("full") {
            return Err("it has as many tags as it may have".to_owned());
        }
        let mut after = current.clone();
        after.extend(ours.clone());
        Ok(Mend::Mark { before: current.clone(), after })
    }
}

fn parameters(event: &Event) -> Value {
    let raw = event.record.request_parameters.as_ref();
    raw.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
}

/// What a remedy does to the resource, as a service with compare-and-set does it.
pub(crate) fn effect(
    present: &Present<State>,
    remedy: &Mend,
) -> Result<Option<Present<State>>, Retry> {
    let mut next = present.clone();
    match remedy {
        Mend::Put { before, after } => {
            if &present.state == after {
                return Ok(None);
            }
            if &present.state != before {
                return Err(Retry::Moved);
            }
            next.state = after.clone();
        }
        Mend::Mark { before, after } => {
            if present.tags.as_ref() != Some(before) {
                return Err(Retry::Moved);
            }
            next.tags = Some(after.clone());
        }
    }
    Ok(Some(next))
}

/// The same as a service without compare-and-set does it: whoever writes last wins.
#[expect(clippy::unnecessary_wraps, reason = "it stands where another may refuse")]
pub(crate) fn blind_effect(
    present: &Present<State>,
    remedy: &Mend,
) -> Result<Option<Present<State>>, Retry> {
    let mut next = present.clone();
    match remedy {
        Mend::Put { after, .. } => next.state = after.clone(),
        Mend::Mark { after, .. } => next.tags = Some(after.clone()),
    }
    Ok((&next != present).then_some(next))
}

/// A service that takes every write and does nothing.
#[expect(clippy::unnecessary_wraps, reason = "it stands where another may refuse")]
pub(crate) fn no_effect(_: &Present<State>, _: &Mend) -> Result<Option<Present<State>>, Retry> {
    Ok(None)
}

pub(crate) type ToyDoors =
    Doors<FakeCloud<Toy>, FakeLedger, FakeNotifier, FakeLater, FakeSwitch, FixedClock>;
pub(crate) type ToyPipeline = Pipeline<Toy, ToyDoors>;

pub(crate) fn event_time() -> Timestamp {
    testkit::record::EVENT_TIME.parse().unwrap()
}

pub(crate) fn resource() -> Resource {
    Resource::bucket(BUCKET, ACCOUNT.into(), REGION)
}

/// An event of the toy's whose record does not tell the state.
pub(crate) fn event(id: &str) -> EventBuilder {
    EventBuilder::new("PutBucketAcl").id(id)
}

/// One whose record tells it.
pub(crate) fn telling_event(id: &str, state: &State) -> EventBuilder {
    event(id).set("/requestParameters/toy", json!(state))
}

/// Everything around one resource. Processes come and go; this stays.
pub(crate) struct Stage {
    pub(crate) script: Script,
    pub(crate) world: World<State>,
    pub(crate) ledger: FakeLedger,
    pub(crate) notifier: FakeNotifier,
    pub(crate) later: FakeLater,
    pub(crate) switch: FakeSwitch,
    pub(crate) clock: FixedClock,
    pub(crate) settings: Settings,
    pub(crate) effect: testkit::Effect<Toy>,
    pub(crate) deliveries: u64,
}

thread_local! {
    // Parsing Cedar for each of thousands of runs would be most of the time.
    static POLICIES: Policies = Policies::shipped();
}

pub(crate) fn trust() -> Trust {
    Trust {
        own_roles: vec!["arn:aws:iam::*:role/snapback-*".to_owned()],
        account_id: Some(ACCOUNT.into()),
        ..Trust::default()
    }
}

impl Stage {
    /// An enforcing deployment around a resource of this state, twenty seconds after the event.
    pub(crate) fn new(wrong: &[&str]) -> Self {
        let script = Script::new();
        Self {
            world: World::new(State::of(wrong), resource()),
            ledger: FakeLedger::new(&script),
            notifier: FakeNotifier::new(&script),
            later: FakeLater::new(&script),
            switch: FakeSwitch::new(&script),
            clock: FixedClock::at(event_time() + TimeDelta::seconds(20)),
            settings: Settings::new(POLICIES.with(Clone::clone), trust(), Posture::Enforce),
            effect,
            deliveries: 0,
            script,
        }
    }

    /// With further policies.
    pub(crate) fn with_policies(mut self, text: &str) -> Self {
        self.settings.policies = Policies::load(&[Source::new("mine.cedar", text)]).unwrap();
        self
    }

    /// A process that starts now.
    pub(crate) fn pipeline(&self) -> ToyPipeline {
        let doors = Doors {
            cloud: FakeCloud::new(&self.script, &self.world, self.effect),
            ledger: self.ledger.clone(),
            notifier: self.notifier.clone(),
            later: self.later.clone(),
            switch: self.switch.clone(),
            clock: self.clock.clone(),
        };
        Pipeline::new(Toy, doors, self.settings.clone())
    }

    /// One delivery, to a process of its own.
    pub(crate) async fn deliver(&mut self, builder: &EventBuilder) -> Result<Handled, HandleError> {
        self.look(builder, 0).await
    }

    /// One delivery as this look.
    pub(crate) async fn look(
        &mut self,
        builder: &EventBuilder,
        attempt: u32,
    ) -> Result<Handled, HandleError> {
        let payload = builder.payload();
        let event = Event::parse(&payload).unwrap();
        self.hand_over(&event, &payload, attempt).await
    }

    async fn hand_over(
        &mut self,
        event: &Event,
        payload: &str,
        attempt: u32,
    ) -> Result<Handled, HandleError> {
        self.deliveries += 1;
        self.script.restart();
        let holder = format!("request-{}", self.deliveries);
        let delivery = Delivery {
            event,
            payload,
            attempt,
            holder: &holder,
            deadline: respond::Clock::now(&self.clock) + TimeDelta::seconds(30),
        };
        self.pipeline().handle(&delivery).await
    }

    /// Delivers until it ends well or Lambda gives up, with its pauses; says how it ended last.
    pub(crate) async fn deliver_with_retries(
        &mut self,
        builder: &EventBuilder,
    ) -> Result<Handled, HandleError> {
        let mut result = self.deliver(builder).await;
        for pause in [60, 120] {
            if result.is_ok() {
                break;
            }
            self.clock.advance(pause);
            result = self.deliver(builder).await;
        }
        result
    }

    /// Delivers the second looks that were arranged, and those that these arrange.
    pub(crate) async fn look_again(&mut self) -> Vec<Result<Handled, HandleError>> {
        let mut results = Vec::new();
        loop {
            let rechecks = self.later.take();
            if rechecks.is_empty() {
                return results;
            }
            for Recheck { attempt, delay_seconds, payload } in rechecks {
                self.clock.advance(i64::from(delay_seconds));
                let event = Event::parse(&payload).unwrap();
                let mut result = self.hand_over(&event, &payload, attempt).await;
                for pause in [60, 120] {
                    if result.is_ok() {
                        break;
                    }
                    self.clock.advance(pause);
                    result = self.hand_over(&event, &payload, attempt).await;
                }
                results.push(result);
            }
        }
    }

    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.ledger.snapshot().all_entries().unwrap()
    }

    /// Codes and outcomes that people were told of, in order.
    pub(crate) fn told(&self) -> Vec<String> {
        let mut told = Vec::new();
        for message in self.notifier.messages() {
            let alert: Value = serde_json::from_str(&message.json).unwrap();
            for finding in alert["findings"].as_array().into_iter().flatten() {
                told.push(format!(
                    "{} {}",
                    finding["code"].as_str().unwrap(),
                    finding["outcome"].as_str().unwrap()
                ));
            }
            if alert["findings"].as_array().is_none_or(Vec::is_empty) {
                told.push(alert["problem"].as_str().unwrap_or("nothing").to_owned());
            }
        }
        told
    }

    /// The calls so far, without repeats' names of resources.
    pub(crate) fn calls(&self) -> Vec<String> {
        let calls = self.script.calls().into_iter();
        calls.map(|call| format!("{}.{}", call.port, call.method)).collect()
    }

    pub(crate) fn writes(&self) -> usize {
        self.script.count("cloud", "apply")
    }

    pub(crate) fn tags(&self) -> BTreeMap<String, String> {
        self.world.now().unwrap().tags.unwrap()
    }

    pub(crate) fn state(&self) -> State {
        self.world.now().unwrap().state
    }
}

/// Runs one asynchronous test to its end.
pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}
