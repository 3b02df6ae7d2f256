//! Every call fails in turn, in every way, at every step; then Lambda delivers again.
//!
//! Whatever fails: the event ends told and noted or in the dead-letter queue, never in silence;
//! nothing is written without an intention in the ledger; nothing is written twice; and what can
//! be mended is mended.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    reason = "helpers of tests fail like tests"
)]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::{APART, MARKED, OPEN, OPEN_TOO, Stage, State, TOLD, event, run, telling_event};
use ledger::EntryState;
use respond::{HandleError, Handled};
use testkit::{EventBuilder, FAULTS, Fault};

/// A situation, and what a run without faults makes of it.
struct Situation {
    name: &'static str,
    wrong: &'static [&'static str],
    gone: bool,
    event: EventBuilder,
    left: &'static [&'static str],
    changes: usize,
}

fn situations() -> Vec<Situation> {
    let plain = |name, wrong, left, changes| Situation {
        name,
        wrong,
        gone: false,
        event: event("e"),
        left,
        changes,
    };
    vec![
        plain("one revert", &[OPEN], &[], 1),
        plain("one mark", &[MARKED], &[MARKED], 1),
        plain("only told", &[TOLD], &[TOLD], 0),
        plain("everything", &[OPEN, OPEN_TOO, APART, MARKED, TOLD], &[MARKED, TOLD], 3),
        plain("clean", &[], &[], 0),
        Situation {
            event: telling_event("e", &State::of(&[OPEN])),
            ..plain("clean against the record", &[], &[], 0)
        },
        Situation { gone: true, ..plain("gone", &[], &[], 0) },
    ]
}

struct Run {
    stage: Stage,
    /// How the event itself ended, and each further look.
    ends: Vec<Result<Handled, HandleError>>,
}

/// Plays a situation with these faults to its end: deliveries, retries, further looks.
async fn play(situation: &Situation, faults: &[(usize, Fault)]) -> Run {
    let mut stage = Stage::new(situation.wrong);
    if situation.gone {
        stage.world = testkit::World::of(None);
    }
    for (call, fault) in faults {
        stage.script.fail(*call, *fault);
    }
    let mut ends = vec![stage.deliver_with_retries(&situation.event).await];
    ends.extend(stage.look_again().await);
    Run { stage, ends }
}

/// What must be true of every run, whatever failed.
fn assert_sound(situation: &Situation, run: &Run, case: &str) {
    let Run { stage, ends } = run;
    let dead_lettered = ends.iter().any(Result::is_err);
    let told = stage.told();

    // Never silent: what was wrong at first is told, by its code or as evidence that could not be
    // read; or the event is kept in the dead-letter queue.
    for code in situation.wrong {
        let named = told.iter().any(|line| {
            line.starts_with(&format!("{code} ")) || line.starts_with("evidence-unreadable ")
        });
        assert!(named || dead_lettered, "{case}: nobody heard of {code}: {told:?}");
    }
    if situation.wrong.is_empty() {
        let expected = |line: &String| {
            line.starts_with("evidence-unreadable ") || line.contains("no second look")
        };
        assert!(told.iter().all(expected), "{case}: told of nothing: {told:?}");
    }

    // Never twice, and never more than was wrong.
    assert!(stage.world.changes() <= situation.changes, "{case}: {} writes", stage.world.changes());
    if let Some(present) = stage.world.now() {
        let wrong: BTreeSet<&str> = present.state.wrong.iter().map(String::as_str).collect();
        assert!(situation.left.iter().all(|code| wrong.contains(code)), "{case}: too much mended");
        assert_eq!(present.state.other, 0, "{case}");
        // What is called mended is.
        for line in told.iter().filter_map(|line| line.strip_suffix(" verified")) {
            assert!(!wrong.contains(line), "{case}: {line} is told as mended and stands");
        }
    }

    // Intention first: the last word of the ledger before each write is that it is intended.
    let calls = stage.script.calls();
    for (index, _) in calls.iter().enumerate().filter(|(_, call)| call.method == "apply") {
        let record = calls[..index].iter().rfind(|call| call.method == "record");
        let record = record.unwrap_or_else(|| panic!("{case}: a write without intention"));
        assert!(record.about.ends_with(" intended"), "{case}: {record:?}");
        assert!(record.fault.is_none(), "{case}: a write after {record:?}");
        let read = calls[..index].iter().rfind(|call| call.port == "cloud").unwrap();
        assert_eq!(read.method, "observe", "{case}: a write on a state nobody has read");
    }

    // No entry is left open, and every change has one that can undo it.
    if !dead_lettered {
        for entry in stage.entries() {
            assert_eq!(entry.state, EntryState::Finished, "{case}");
        }
    }
    let written = stage.entries().iter().filter(|entry| !entry.remedy.is_null()).count();
    assert!(written >= stage.world.changes(), "{case}: a change without entry");

    // At least once, and then not over and over.
    let mut times: BTreeMap<&String, u32> = BTreeMap::new();
    for line in &told {
        let count = times.entry(line).or_default();
        *count += 1;
        assert!(*count <= 3, "{case}: told again and again: {told:?}");
    }
}

#[test]
fn without_faults_each_situation_ends_as_described() {
    run(async {
        for situation in situations() {
            let run = play(&situation, &[]).await;
            assert_sound(&situation, &run, situation.name);
            assert_eq!(run.stage.world.changes(), situation.changes, "{}", situation.name);
            if !situation.gone {
                assert_eq!(run.stage.state(), State::of(situation.left), "{}", situation.name);
            }
        }
    });
}

/// S-5, S-6, S-9.
#[test]
fn any_one_call_may_fail_in_any_way() {
    run(async {
        for situation in situations() {
            let clean = play(&situation, &[]).await;
            for (call, made) in clean.stage.script.calls().iter().enumerate() {
                let stale = (made.method == "observe").then_some(Fault::Stale);
                for fault in FAULTS.into_iter().chain(stale) {
                    let case = format!("{}: {fault:?} at {call} {made:?}", situation.name);
                    let mut run = play(&situation, &[(call, fault)]).await;
                    assert_sound(&situation, &run, &case);
                    // A fault that passes leaves no event behind.
                    for end in &run.ends {
                        assert!(end.is_ok(), "{case}: {end:?}");
                    }
                    let passing = !matches!(fault, Fault::Denied | Fault::Gone);
                    let could_write = made.port != "switch";
                    if passing && could_write && fault != Fault::Stale && !situation.gone {
                        assert_eq!(run.stage.state(), State::of(situation.left), "{case}");
                    }
                    // And it is done: one more delivery changes nothing.
                    let calls = run.stage.script.count("cloud", "observe");
                    let again = run.stage.deliver(&situation.event).await.unwrap();
                    assert_eq!(again.reason.as_deref(), Some("duplicate"), "{case}");
                    assert_eq!(run.stage.script.count("cloud", "observe"), calls, "{case}");
                }
            }
        }
    });
}

/// Lets every two calls of a situation fail in each pair of these ways.
async fn fail_twice(situation: &Situation, faults: &[Fault]) {
    let clean = play(situation, &[]).await.stage.script.calls().len();
    for first in 0..clean {
        for one in faults {
            // How far the run gets with the first fault alone.
            let length = play(situation, &[(first, *one)]).await.stage.script.calls().len();
            for second in first + 1..length {
                for other in faults {
                    let faults = [(first, *one), (second, *other)];
                    let run = play(situation, &faults).await;
                    assert_sound(situation, &run, &format!("{}: {faults:?}", situation.name));
                }
            }
        }
    }
}

/// S-5, S-6, S-9.
#[test]
fn any_two_calls_of_a_revert_may_fail() {
    let faults = [Fault::Denied, Fault::Moved, Fault::LostAnswer, Fault::CrashAfter];
    run(fail_twice(&situations()[0], &faults));
}

/// S-5, S-6, S-9.
#[test]
fn any_two_calls_of_a_mark_may_fail() {
    run(fail_twice(&situations()[1], &[Fault::LostAnswer, Fault::CrashAfter]));
}

#[test]
fn an_event_that_fails_for_good_is_kept_and_its_ledger_says_how_far_it_came() {
    run(async {
        // The write's answer is lost three times over: Lambda gives up.
        let situation = &situations()[0];
        let mut stage = Stage::new(situation.wrong);
        let calls = [8, 18, 28];
        for call in calls {
            stage.script.fail(call, Fault::LostCall);
        }
        let end = stage.deliver_with_retries(&situation.event).await;
        for call in calls {
            assert_eq!(stage.script.calls()[call].method, "apply", "{:?}", stage.calls());
        }
        assert_eq!(end.unwrap_err().code(), "Transient.Write");
        let [entry] = stage.entries().try_into().unwrap();
        assert_eq!(entry.state, EntryState::Intended);
        assert_eq!(entry.outcome, Some(model::Outcome::InDoubt));
        assert!(entry.error.unwrap().contains("timeout"));
    });
}
