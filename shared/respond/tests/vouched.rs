//! What a write did besides what it was for: an adapter that compares what it made with what it was
//! made from has the last word, and where its answer is lost, the comparison is made up for.

#![expect(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "helpers of tests fail like tests"
)]

mod common;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use chrono::TimeDelta;
use common::{Mend, OPEN, Stage, State, Toy, event, run};
use controls::Observed;
use ledger::EntryState;
use model::{Outcome, Resource, Response, Target};
use respond::{
    Applied, Clock, Cloud, CloudError, Delivery, Doors, HandleError, Handled, Pipeline, Retry,
};
use testkit::{FakeCloud, Fault, World};

/// What comparing says: what was lost, or why it cannot be said.
type Comparison = Result<Vec<&'static str>, Retry>;

/// A cloud whose writes set more than the toy judges.
struct Wider {
    cloud: FakeCloud<Toy>,
    world: World<State>,
    /// The answer to a write, where it is not the fake's.
    answer: Option<(Retry, &'static str)>,
    lost: Comparison,
    needs: Duration,
    compared: Arc<Mutex<usize>>,
}

fn error(code: &str, retry: Retry, in_doubt: bool) -> CloudError {
    CloudError {
        operation: "toy:Copy",
        resource: "toy".to_owned(),
        code: code.to_owned(),
        request_id: None,
        retry,
        in_doubt,
        source: None,
    }
}

impl Cloud<Toy> for Wider {
    async fn observe(&self, target: &Target) -> Result<Observed<State>, CloudError> {
        self.cloud.observe(target).await
    }

    async fn apply(&self, resource: &Resource, remedy: &Mend) -> Result<Applied, CloudError> {
        let Some((retry, code)) = self.answer else {
            return self.cloud.apply(resource, remedy).await;
        };
        if let Mend::Put { after, .. } = remedy {
            let after = after.clone();
            self.world.edit(|present| present.state = after);
        }
        Err(error(code, retry, true))
    }

    async fn lost(&self, _: &Resource, _: &Mend) -> Result<Vec<String>, CloudError> {
        *self.compared.lock().unwrap() += 1;
        match &self.lost {
            Ok(lost) => Ok(lost.iter().map(|&what| what.to_owned()).collect()),
            Err(retry) => Err(error("AccessDenied", *retry, false)),
        }
    }

    fn time_for(&self, remedy: &Mend) -> Duration {
        match remedy {
            Mend::Put { .. } => self.needs,
            Mend::Mark { .. } => Duration::ZERO,
        }
    }
}

/// How the cloud of one delivery is.
#[derive(Clone)]
struct Given {
    answer: Option<(Retry, &'static str)>,
    lost: Comparison,
    needs: u64,
    /// Seconds until the deadline.
    time: i64,
    compared: Arc<Mutex<usize>>,
}

impl Default for Given {
    fn default() -> Self {
        Self { answer: None, lost: Ok(vec![]), needs: 0, time: 30, compared: Arc::default() }
    }
}

type WiderDoors = Doors<
    Wider,
    testkit::FakeLedger,
    testkit::FakeNotifier,
    testkit::FakeLater,
    testkit::FakeSwitch,
    testkit::FixedClock,
>;

fn pipeline(stage: &Stage, given: &Given) -> Pipeline<Toy, WiderDoors> {
    let doors = Doors {
        cloud: Wider {
            cloud: FakeCloud::new(&stage.script, &stage.world, stage.effect),
            world: stage.world.clone(),
            answer: given.answer,
            lost: given.lost.clone(),
            needs: Duration::from_secs(given.needs),
            compared: Arc::clone(&given.compared),
        },
        ledger: stage.ledger.clone(),
        notifier: stage.notifier.clone(),
        later: stage.later.clone(),
        switch: stage.switch.clone(),
        clock: stage.clock.clone(),
    };
    Pipeline::new(Toy, doors, stage.settings.clone())
}

async fn hand_over(
    stage: &Stage,
    pipeline: &Pipeline<Toy, WiderDoors>,
    time: i64,
) -> Result<Handled, HandleError> {
    stage.script.restart();
    let payload = event("e").payload();
    let event = events::Event::parse(&payload).unwrap();
    let delivery = Delivery {
        event: &event,
        payload: &payload,
        attempt: 0,
        holder: "h",
        deadline: stage.clock.now() + TimeDelta::seconds(time),
    };
    pipeline.handle(&delivery).await
}

async fn deliver(stage: &Stage, given: &Given) -> Result<Handled, HandleError> {
    hand_over(stage, &pipeline(stage, given), given.time).await
}

fn told_in_words(stage: &Stage) -> String {
    stage.notifier.messages().iter().map(|message| message.text.as_str()).collect()
}

/// S-7, S-22.
#[test]
fn a_write_that_lost_something_is_told_as_failed_although_its_finding_is_mended() {
    run(async {
        let stage = Stage::new(&[OPEN]);
        let code = "the copy was made and differs in: metadata, tags, ACL";
        let given = Given { answer: Some((Retry::Pointless, code)), ..Given::default() };
        let handled = deliver(&stage, &given).await.unwrap();
        assert_eq!(stage.state(), State::of(&[]));
        assert_eq!(handled.outcome(), Some(Outcome::Failed));
        assert_eq!(stage.told(), [format!("{OPEN} failed")]);
        assert!(told_in_words(&stage).contains(code));
        let [entry] = stage.entries().try_into().unwrap();
        assert_eq!((entry.state, entry.outcome), (EntryState::Finished, Some(Outcome::Failed)));
        assert!(entry.left_state.is_some(), "it can be undone");
    });
}

/// S-7, S-22.
#[test]
fn what_a_write_lost_is_not_forgotten_when_the_look_thereafter_fails() {
    run(async {
        for (call, fault) in
            [(8, Fault::Throttled), (8, Fault::CrashBefore), (9, Fault::CrashBefore)]
        {
            let stage = Stage::new(&[OPEN]);
            let given =
                Given { answer: Some((Retry::Pointless, "differs in: ACL")), ..Given::default() };
            // The write is none of the script's calls here.
            stage.script.fail(call, fault);
            deliver(&stage, &given).await.unwrap_err();
            stage.clock.advance(60);
            // Even where the comparison finds nothing any more.
            let handled = deliver(&stage, &Given { lost: Ok(vec!["ACL"]), ..given }).await.unwrap();
            assert_eq!(handled.outcome(), Some(Outcome::Failed), "{call} {fault:?}");
            assert!(told_in_words(&stage).contains("ACL"), "{call} {fault:?}");
        }
    });
}

/// S-7, S-22.
#[test]
fn a_write_whose_answer_was_lost_is_compared_before_it_is_called_mended() {
    run(async {
        let cases: [(Comparison, Result<Outcome, &str>, &str); 4] = [
            (Ok(vec![]), Ok(Outcome::Verified), ""),
            (Ok(vec!["tags", "ACL"]), Ok(Outcome::Failed), "differs in: tags, ACL"),
            (Err(Retry::Pointless), Ok(Outcome::InDoubt), "could not be compared"),
            (Err(Retry::Worthwhile), Err("Transient.Evidence"), ""),
        ];
        for (lost, expected, words) in cases {
            for fault in [Fault::LostAnswer, Fault::CrashAfter] {
                let stage = Stage::new(&[OPEN]);
                let given = Given { lost: lost.clone(), ..Given::default() };
                stage.script.fail(8, fault);
                deliver(&stage, &given).await.unwrap_err();
                assert_eq!(stage.script.calls()[8].method, "apply");
                assert_eq!(stage.state(), State::of(&[]), "{fault:?}");
                stage.clock.advance(60);
                let end = deliver(&stage, &given).await;
                let end = end.map(|handled| handled.outcome().unwrap());
                assert_eq!(end.map_err(|error| error.code()), expected, "{lost:?} {fault:?}");
                assert!(told_in_words(&stage).contains(words), "{lost:?} {fault:?}");
                assert_eq!(stage.script.count("cloud", "apply"), 1, "never written twice");
                assert_eq!(*given.compared.lock().unwrap(), 1);
            }
        }
    });
}

#[test]
fn a_write_that_answered_is_not_compared_again() {
    run(async {
        let stage = Stage::new(&[OPEN]);
        let given = Given { lost: Ok(vec!["tags"]), ..Given::default() };
        let handled = deliver(&stage, &given).await.unwrap();
        assert_eq!(handled.outcome(), Some(Outcome::Verified));
        assert_eq!(*given.compared.lock().unwrap(), 0);
    });
}

/// S-5.
#[test]
fn what_no_invocation_has_the_time_for_is_told_and_not_begun() {
    run(async {
        let stage = Stage::new(&[OPEN]);
        let given = Given { needs: 101, time: 120, ..Given::default() };
        let handled = deliver(&stage, &given).await.unwrap();
        assert_eq!(stage.state(), State::of(&[OPEN]));
        let finding = &handled.findings[0];
        assert!(finding.decision.response < Response::Revert);
        let reason = finding.held_back.as_deref().unwrap();
        assert!(reason.contains("101 seconds") && reason.contains("timeout"), "{reason}");
        assert_eq!(stage.told().len(), 1);
        assert!(stage.entries().iter().all(|entry| entry.needs != Response::Revert));

        let stage = Stage::new(&[OPEN]);
        let given = Given { needs: 100, time: 120, ..Given::default() };
        let handled = deliver(&stage, &given).await.unwrap();
        assert_eq!(handled.outcome(), Some(Outcome::Verified));
    });
}

#[test]
fn what_another_delivery_has_the_time_for_is_left_to_it() {
    run(async {
        let stage = Stage::new(&[OPEN]);
        let given = Given { needs: 60, ..Given::default() };
        let pipeline = pipeline(&stage, &given);
        // The first of a batch has the whole invocation, and takes most of it.
        let other = event("other").set("/requestParameters/bucketName", "amzn-s3-demo-other");
        let payload = other.failed("AccessDenied").payload();
        let event = events::Event::parse(&payload).unwrap();
        let delivery = Delivery {
            event: &event,
            payload: &payload,
            attempt: 0,
            holder: "h",
            deadline: stage.clock.now() + TimeDelta::seconds(120),
        };
        pipeline.handle(&delivery).await.unwrap();
        let error = hand_over(&stage, &pipeline, 65).await.unwrap_err();
        assert_eq!(error.code(), "Transient.OutOfTime");
        assert!(stage.entries().is_empty() && stage.told().is_empty());
        stage.clock.advance(70);
        let handled = hand_over(&stage, &pipeline, 120).await.unwrap();
        assert_eq!(handled.outcome(), Some(Outcome::Verified));
    });
}
