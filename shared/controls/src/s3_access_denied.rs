//! `s3-access-denied`: is somebody knocking?
//!
//! One refusal is a typing mistake; many from one place within minutes are somebody who tries what
//! opens. The ledger counts them by principal and address, since no rule can. Nothing is read.

use std::collections::BTreeMap;

use events::{
    Event,
    parameters::{FromMembers, Object},
};
use model::{Burst, ControlId, Finding, NoRemedy, Occurrence, Resource, Target, Timestamp, Trust};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    ANY, Control, Memory, NotMine, Remembered, StateError, Subscription, Tags, Triage,
    control::{subscribes, without_source},
};

/// Is somebody knocking?
#[derive(Debug, Clone, Copy, Default)]
pub struct S3AccessDenied;

/// The refusals of one principal from one address within one window.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusalState {
    /// What the ledger has counted; `None`: it was not asked, and this refusal is all that is known.
    pub refusals: Option<Burst>,
}

/// A target's details: who was refused, from where, when, and by which event.
const PRINCIPAL: &str = "principal";
const ADDRESS: &str = "address";
const TIME: &str = "time";
const EVENT: &str = "event";

/// Details that an alert lists all values of.
const FACTS: [&str; 6] = [BUCKET, CALL, ADDRESS, USER_AGENT, ERROR, SESSION];
const BUCKET: &str = "bucket";
const CALL: &str = "call";
const USER_AGENT: &str = "userAgent";
const ERROR: &str = "errorCode";
const SESSION: &str = "session";

impl Control for S3AccessDenied {
    type State = RefusalState;
    type Remedy = NoRemedy;
    const ID: ControlId = ControlId::new("s3-access-denied");

    fn subscriptions(&self) -> &'static [Subscription] {
        SUBSCRIPTIONS
    }

    /// Refusals only. What is not there (`NoSuchKey`) was not refused. Whose refusal it is that names
    /// no service, is not told.
    fn listens(&self, event: &Event) -> bool {
        let record = &event.record;
        let may_be_s3 = record.event_source == S3 || without_source(event).is_some();
        may_be_s3 && record.error_code.as_deref().is_some_and(|code| code.contains("AccessDenied"))
    }

    fn triage(&self, event: &Event) -> Triage {
        if !subscribes(SUBSCRIPTIONS, event) || !self.listens(event) {
            return Triage::NotMine(NotMine::NotCovered);
        }
        // A service that may not deliver is a fault in a set-up, not a stranger at the door.
        if event.service_delivery() {
            return Triage::NotMine(NotMine::ServiceDelivery);
        }
        if let Some(unclear) = without_source(event) {
            return unclear;
        }
        match target(event) {
            Ok(target) => Triage::Mine(target),
            Err(what) => {
                let name = &event.record.event_name;
                Triage::Malformed(format!("a refused `{name}` cannot be counted: {what}"))
            }
        }
    }

    fn project(&self, _event: &Event, _target: &Target) -> Option<RefusalState> {
        Some(RefusalState::default())
    }

    fn memory(&self, target: &Target, trust: &Trust) -> Memory {
        // The target of this control always tells when; one that does not is judged by itself.
        occurrence(target, trust).map_or(Memory::Nothing, Memory::Burst)
    }

    fn recall(&self, state: RefusalState, remembered: Remembered<RefusalState>) -> RefusalState {
        match remembered {
            Remembered::Burst(burst) => RefusalState { refusals: Some(burst) },
            Remembered::Baseline(_) => state,
        }
    }

    fn assess(
        &self,
        target: &Target,
        state: &RefusalState,
        trust: &Trust,
    ) -> Vec<Finding<NoRemedy>> {
        let Some(burst) = &state.refusals else { return Vec::new() };
        if burst.count < trust.denied_calls {
            return Vec::new();
        }
        vec![knocking(target, burst)]
    }

    fn reads(&self) -> &'static [&'static str] {
        &[]
    }

    fn read_actions(&self) -> &'static [&'static str] {
        &[]
    }

    fn write_actions(&self) -> &'static [&'static str] {
        &[]
    }

    /// No API response tells who was refused: the records do.
    fn state_from_responses(
        &self,
        _target: &Target,
        _responses: &Value,
    ) -> Result<RefusalState, StateError> {
        Ok(RefusalState::default())
    }

    fn tag(&self, _: &Resource, _: &Tags, _: &Tags) -> Result<NoRemedy, String> {
        Err("this question only ever tells".to_owned())
    }
}

/// The title names who and from where and no number, so that a burst is told once.
fn knocking(target: &Target, burst: &Burst) -> Finding<NoRemedy> {
    let principal = target.detail(PRINCIPAL).unwrap_or("somebody");
    let address = target.detail(ADDRESS).unwrap_or("an address that is not told");
    let title = format!("S3 refuses `{principal}`, calling from {address}, again and again");
    let mut finding = Finding::new("s3-access-denied-burst", title)
        .with_evidence("count", burst.count)
        .with_evidence("first", json!(burst.first))
        .with_evidence("last", json!(burst.last));
    for (name, values) in &burst.facts {
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        finding = finding.with_evidence(name, values);
    }
    finding.held_back = Some("whoever was refused has changed nothing".to_owned());
    finding
}

fn occurrence(target: &Target, trust: &Trust) -> Option<Occurrence> {
    let detail = |name| target.detail(name).unwrap_or_default();
    let at: Timestamp = detail(TIME).parse().ok()?;
    let facts: BTreeMap<String, String> = FACTS
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), target.detail(name)?.to_owned())))
        .collect();
    Some(Occurrence {
        // Lengths before the parts, so that no two pairs read the same.
        group: format!("{}:{} {}", detail(PRINCIPAL).len(), detail(PRINCIPAL), detail(ADDRESS)),
        id: detail(EVENT).to_owned(),
        at,
        window_seconds: trust.denied_calls_window_seconds,
        facts,
    })
}

/// `requestParameters.bucketName`; calls about all buckets name none.
struct Bucket(Option<String>);

impl FromMembers for Bucket {
    fn from_members(object: &Object<'_>) -> Self {
        Self(object.text("bucketName").ok())
    }
}

fn target(event: &Event) -> Result<Target, String> {
    let record = &event.record;
    let account = record
        .account
        .clone()
        .ok_or_else(|| "neither record nor envelope names an account".to_owned())?;
    let time = record.event_time.ok_or_else(|| "it does not tell when it was".to_owned())?;
    let region = record.region.as_deref().unwrap_or_default();
    let bucket = record.parameters::<Bucket>().ok().and_then(|bucket| bucket.0);
    let actor = &record.actor;
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    Ok(Target::from(Resource::account(account, region))
        .with(PRINCIPAL, &actor.id)
        .with(ADDRESS, &text(&actor.source_ip))
        .with(TIME, &time.to_rfc3339())
        .with(EVENT, &event.claim_id())
        .with(BUCKET, bucket.as_deref().unwrap_or_default())
        .with(CALL, &record.event_name)
        .with(USER_AGENT, &text(&actor.user_agent))
        .with(ERROR, &text(&record.error_code))
        .with(SESSION, &text(&actor.session)))
}

#[cfg(test)]
mod tests;

const S3: &str = "s3.amazonaws.com";

const SUBSCRIPTIONS: &[Subscription] = &[Subscription { event_source: S3, event_name: ANY }];
