//! Telling people: once per window, and never not at all.

use std::collections::BTreeMap;

use alerting::{Alert, AlertFinding};
use controls::Control;
use ledger::{Fingerprint, Telling};
use model::{Actor, Outcome, Posture, Resource, Status, Target};

use crate::{
    Clock, HandleError, LedgerPort, Notifier, Ports,
    case::Case,
    handled::{Delivery, Handled, Reported, Told},
    pipeline::Pipeline,
};

impl<C: Control, P: Ports<C>> Pipeline<C, P> {
    /// Tells of findings those that nobody was told of within the window, and counts the others.
    pub(crate) async fn tell(
        &self,
        case: &Case<'_>,
        resource: &Resource,
        posture: Posture,
        findings: &mut [Reported],
    ) -> Result<(), HandleError> {
        let now = self.ports.clock().now();
        let ledger = self.ports.ledger();
        let mut news = Vec::new();
        for finding in findings.iter_mut().filter(|it| it.outcome != Outcome::Excepted) {
            let fingerprint = Fingerprint {
                control: C::ID.as_str().to_owned(),
                code: finding.code.clone(),
                title: finding.title.clone(),
                resource: case.target.resource.arn.clone(),
                actor: case.delivery.event.record.actor.id.clone(),
                outcome: finding.outcome,
            };
            let telling = ledger.telling(&fingerprint, now).await.map_err(HandleError::Ledger)?;
            (finding.told, finding.repeats) = match telling {
                Telling::Tell { repeats } => {
                    news.push(fingerprint);
                    (Told::Told, repeats)
                }
                Telling::Count { repeats } => (Told::Counted, repeats),
            };
        }
        if news.is_empty() {
            return Ok(());
        }
        let told = findings.iter().filter(|finding| finding.told == Told::Told);
        let mut alert = self.alert(Some(case.delivery), posture);
        alert.resource = Some(resource.clone());
        alert.account = Some(resource.account.clone());
        alert.findings = told.map(alert_finding).collect();
        self.send(&alert).await?;
        news.dedup();
        for fingerprint in &news {
            ledger.told(fingerprint, now).await.map_err(HandleError::Ledger)?;
        }
        Ok(())
    }

    /// Tells of an event that could not be judged, once per window and kind of problem: a flood of
    /// garbage must not become a flood of alerts.
    pub(crate) async fn problem(
        &self,
        delivery: Option<&Delivery<'_>>,
        target: Option<&Target>,
        code: &str,
        text: &str,
    ) -> Result<(), HandleError> {
        let now = self.ports.clock().now();
        let ledger = self.ports.ledger();
        let fingerprint = Fingerprint {
            control: C::ID.as_str().to_owned(),
            code: code.to_owned(),
            title: String::new(),
            resource: target.map(|target| target.resource.arn.clone()).unwrap_or_default(),
            actor: delivery.map(|it| it.event.record.actor.id.clone()).unwrap_or_default(),
            outcome: Outcome::Alerted,
        };
        match ledger.telling(&fingerprint, now).await.map_err(HandleError::Ledger)? {
            Telling::Count { .. } => return Ok(()),
            Telling::Tell { .. } => {}
        }
        let mut alert = self.alert(delivery, self.settings.posture);
        alert.resource = target.map(|target| target.resource.clone());
        alert.problem = Some(text.to_owned());
        self.send(&alert).await?;
        ledger.told(&fingerprint, now).await.map_err(HandleError::Ledger)
    }

    /// Tells of a delivery that cannot be understood, and gives the error under which it is kept
    /// in a dead-letter queue: the event itself is never lost.
    pub async fn malformed(&self, what: &str) -> HandleError {
        self.unusable(None, what).await
    }

    /// The same, where the event can be read and does not name what it should.
    pub(crate) async fn unusable(
        &self,
        delivery: Option<&Delivery<'_>>,
        what: &str,
    ) -> HandleError {
        let text =
            format!("an event could not be read, and waits in the dead-letter queue: {what}");
        match self.problem(delivery, None, "malformed", &text).await {
            Ok(()) => HandleError::Malformed { what: what.to_owned() },
            Err(error) => error,
        }
    }

    /// Ends an event that is not what its envelope claims: told, and no reason to look.
    pub(crate) async fn forged(
        &self,
        delivery: &Delivery<'_>,
        why: &str,
    ) -> Result<Handled, HandleError> {
        let text = format!("an event is not what it claims to be, so nothing was read: {why}");
        self.problem(Some(delivery), None, "forged", &text).await?;
        Ok(Handled::new(C::ID, delivery, Status::Ignored).because("forged"))
    }

    fn alert(&self, delivery: Option<&Delivery<'_>>, posture: Posture) -> Alert {
        let event = delivery.map(|delivery| delivery.event);
        let record = event.map(|event| &event.record);
        Alert {
            control: C::ID,
            event_id: event.and_then(|event| event.id()).map(str::to_owned),
            event_name: record.map(|record| record.event_name.clone()),
            event_time: record.and_then(|record| record.event_time),
            account: record.and_then(|record| record.account.clone()),
            region: record.and_then(|record| record.region.clone()),
            actor: record.map_or_else(Actor::unknown, |record| record.actor.clone()),
            resource: None,
            posture,
            findings: Vec::new(),
            problem: None,
            meanings: BTreeMap::new(),
            at: self.ports.clock().now(),
        }
    }

    async fn send(&self, alert: &Alert) -> Result<(), HandleError> {
        let alert = Alert { meanings: self.settings.policies.meanings().clone(), ..alert.clone() };
        let message = alerting::sns::message(&alert);
        self.ports.notifier().send(&message).await.map_err(HandleError::Notifier)
    }
}

fn alert_finding(finding: &Reported) -> AlertFinding {
    AlertFinding {
        code: finding.code.clone(),
        title: finding.title.clone(),
        severity: finding.severity,
        effective: finding.effective,
        evidence: finding.evidence.clone(),
        decision: finding.decision.clone(),
        outcome: finding.outcome,
        operations: finding.operations.clone(),
        held_back: finding.held_back.clone(),
        entry: finding.entry.clone(),
        repeats: finding.repeats,
    }
}
