//! What the ledger remembers: the last state seen right, and how often the same happened.

mod common;

use common::{MANY, OPEN, Stage, State, TOLD, event, resource, run};
use model::{Status, Target};
use respond::Taken;
use serde_json::json;
use testkit::{EventBuilder, Fault};

fn asking(memory: &str, id: &str) -> EventBuilder {
    event(id).set("/requestParameters/memory", json!(memory))
}

/// Somebody makes the resource so.
fn make(stage: &Stage, wanted: State) {
    stage.world.edit(|present| present.state = wanted);
}

/// The number of the call that comes after these.
fn after(calls: &[&str]) -> usize {
    calls.len()
}

fn numbered(other: u64, wrong: &[&str]) -> State {
    State { other, ..State::of(wrong) }
}

// S-31.
#[test]
fn what_was_seen_right_is_kept_and_a_later_loss_is_found() {
    run(async {
        let mut stage = Stage::new(&[]);
        make(&stage, numbered(7, &[]));
        let handled = stage.deliver(&asking("baseline", "a")).await.unwrap();
        assert_eq!(handled.status, Status::Clean);
        make(&stage, numbered(6, &[]));
        let handled = stage.deliver(&asking("baseline", "b")).await.unwrap();
        assert_eq!(handled.status, Status::Finding);
        assert_eq!(stage.told(), [format!("{TOLD} alerted")]);
        // What was lost stays the measure until it is back, or somebody takes a new one.
        let handled = stage.deliver(&asking("baseline", "c")).await.unwrap();
        assert_eq!(handled.status, Status::Finding);
    });
}

// S-31.
#[test]
fn a_state_with_something_wrong_in_it_is_no_measure() {
    run(async {
        let mut stage = Stage::new(&[]);
        make(&stage, numbered(9, &[TOLD]));
        stage.deliver(&asking("baseline", "a")).await.unwrap();
        make(&stage, numbered(1, &[]));
        let handled = stage.deliver(&asking("baseline", "b")).await.unwrap();
        assert_eq!(handled.status, Status::Clean);
    });
}

#[test]
fn a_state_that_the_ledger_has_already_is_not_kept_again() {
    run(async {
        let mut stage = Stage::new(&[]);
        make(&stage, numbered(7, &[]));
        for id in ["a", "b"] {
            stage.deliver(&asking("baseline", id)).await.unwrap();
        }
        assert_eq!(stage.script.count("ledger", "keep_baseline"), 1);
        make(&stage, numbered(8, &[]));
        stage.deliver(&asking("baseline", "c")).await.unwrap();
        assert_eq!(stage.script.count("ledger", "keep_baseline"), 2, "another one is");
    });
}

#[test]
fn a_baseline_that_cannot_be_kept_changes_nothing_for_the_event() {
    run(async {
        let mut stage = Stage::new(&[]);
        make(&stage, numbered(7, &[]));
        let before = after(&["claim", "observe", "baseline", "reverts"]);
        stage.script.fail(before, Fault::Denied);
        let handled = stage.deliver(&asking("baseline", "a")).await.unwrap();
        assert_eq!(handled.status, Status::Clean);
        assert_eq!(stage.script.count("ledger", "keep_baseline"), 1);
    });
}

#[test]
fn a_baseline_that_cannot_be_read_is_told_and_nothing_is_written() {
    run(async {
        let mut stage = Stage::new(&[OPEN]);
        stage.script.fail(after(&["claim", "observe"]), Fault::Denied);
        let handled = stage.deliver(&asking("baseline", "a")).await.unwrap();
        assert_eq!(handled.status, Status::Finding);
        assert_eq!(stage.told(), ["evidence-unreadable alerted"]);
        assert_eq!(stage.writes(), 0);
    });
}

#[test]
fn who_keeps_no_memory_asks_the_ledger_for_none() {
    run(async {
        let mut stage = Stage::new(&[]);
        stage.deliver(&event("a")).await.unwrap();
        for method in ["baseline", "keep_baseline", "gather"] {
            assert_eq!(stage.script.count("ledger", method), 0, "{method}");
        }
    });
}

// S-32.
#[test]
fn the_same_again_and_again_is_one_alert_however_often_an_event_is_delivered() {
    run(async {
        let mut stage = Stage::new(&[]);
        let ids = ["a", "b", "b", "c", "d", "e"];
        let mut found = 0;
        for id in ids {
            let handled = stage.deliver(&asking("burst", id)).await.unwrap();
            found += u32::from(handled.status == Status::Finding);
        }
        assert_eq!(found, 5 - (MANY - 1), "all but the first ones, each event once");
        assert_eq!(stage.told(), [format!("{TOLD} alerted")]);
    });
}

#[test]
fn a_baseline_is_taken_of_what_is_right_and_of_nothing_else() {
    run(async {
        let mut stage = Stage::new(&[]);
        let target = Target::from(resource()).with("memory", "baseline");
        make(&stage, numbered(5, &[OPEN]));
        let taken = stage.pipeline().take_baseline(&target).await.unwrap();
        assert!(matches!(taken, Taken::Wrong(findings) if findings.len() == 1));
        make(&stage, State::of(&[]));
        let taken = stage.pipeline().take_baseline(&target).await.unwrap();
        assert!(matches!(taken, Taken::NothingToKeep));
        make(&stage, numbered(5, &[]));
        let taken = stage.pipeline().take_baseline(&target).await.unwrap();
        assert!(matches!(taken, Taken::Kept));
        // Whoever takes one agrees to what is there: less than before is the new measure.
        make(&stage, numbered(4, &[]));
        let taken = stage.pipeline().take_baseline(&target).await.unwrap();
        assert!(matches!(taken, Taken::Kept));
        let handled = stage.deliver(&asking("baseline", "a")).await.unwrap();
        assert_eq!(handled.status, Status::Clean);
    });
}
