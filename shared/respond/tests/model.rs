//! Duplicates, reordering, delays, and a stranger who acts between any two calls, against what
//! must come of it in the end.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "helpers of tests fail like tests"
)]

mod common;

use std::sync::{Arc, Mutex};

use common::{OPEN, OPEN_TOO, Stage, State, TOLD, event, run, telling_event};
use model::{Status, Timestamp};
use proptest::prelude::*;
use respond::Clock;
use serde_json::Value;
use testkit::{EventBuilder, record::ACCOUNT};

/// One change by a stranger: when (just before a call of ours), and to what.
#[derive(Debug, Clone)]
struct Change {
    before_call: usize,
    wrong: Vec<&'static str>,
}

/// One delivery: of which event known by then, after how many seconds.
#[derive(Debug, Clone)]
struct Arrival {
    which: prop::sample::Index,
    pause: i64,
}

#[derive(Debug, Clone)]
struct Schedule {
    changes: Vec<Change>,
    arrivals: Vec<Arrival>,
}

fn schedules() -> impl Strategy<Value = Schedule> {
    let wrong = prop::sample::subsequence(vec![OPEN, OPEN_TOO, TOLD], 0..=3);
    let change =
        (0..70_usize, wrong).prop_map(|(before_call, wrong)| Change { before_call, wrong });
    let arrival = (any::<prop::sample::Index>(), 0..20_i64)
        .prop_map(|(which, pause)| Arrival { which, pause });
    (prop::collection::vec(change, 1..6), prop::collection::vec(arrival, 0..12)).prop_map(
        |(mut changes, arrivals)| {
            // The first change is the reason for everything.
            changes[0].before_call = 0;
            Schedule { changes, arrivals }
        },
    )
}

/// What the stranger did so far.
#[derive(Debug, Clone)]
struct Done {
    id: String,
    state: State,
    at: Timestamp,
    /// Its place in the resource's life.
    place: usize,
}

struct Outcome {
    stage: Stage,
    done: Vec<Done>,
    /// How each delivery ended, by event id.
    ends: Vec<(String, Status, Option<String>)>,
}

/// Plays a schedule until nothing is left to deliver, each delivery so many times.
async fn play(schedule: &Schedule, effect: testkit::Effect<common::Toy>, times: usize) -> Outcome {
    let mut stage = Stage::new(&[]);
    stage.effect = effect;
    let log: Arc<Mutex<Vec<Done>>> = Arc::default();
    let act = |index: usize, change: &Change| {
        let (world, clock, log) = (stage.world.clone(), stage.clock.clone(), Arc::clone(&log));
        let mut next = State::of(&change.wrong);
        // Every change is told from every other by its number.
        next.other = u64::try_from(index).unwrap() + 1;
        move || {
            let set = next.clone();
            world.edit(|present| present.state = set);
            let place = world.changes();
            let id = format!("change-{}", next.other);
            log.lock().unwrap().push(Done { id, state: next.clone(), at: clock.now(), place });
        }
    };
    let mut waiting = Vec::new();
    for (index, change) in schedule.changes.iter().enumerate() {
        let act = act(index, change);
        if index == 0 {
            act();
            continue;
        }
        // What the run never reaches happens at its end.
        let act = Arc::new(Mutex::new(Some(act)));
        let once = Arc::clone(&act);
        stage.script.before(change.before_call, move || {
            if let Some(act) = once.lock().unwrap().take() {
                act();
            }
        });
        waiting.push(act);
    }

    let mut ends = Vec::new();
    let mut own: Vec<EventBuilder> = Vec::new();
    let mut delivered: Vec<String> = Vec::new();
    let mut arrivals = schedule.arrivals.iter();
    loop {
        let strangers = log.lock().unwrap().clone();
        let mut known: Vec<(String, EventBuilder)> = strangers
            .iter()
            .map(|it| (it.id.clone(), telling_event(&it.id, &it.state).at(it.at)))
            .collect();
        known.extend(
            own.iter().enumerate().map(|(n, builder)| (format!("own-{n}"), builder.clone())),
        );
        let next = match arrivals.next() {
            Some(arrival) => {
                stage.clock.advance(arrival.pause);
                Some(known[arrival.which.index(known.len())].clone())
            }
            // Then whatever has not been delivered yet, the latest first.
            None => known.into_iter().rev().find(|(id, _)| !delivered.contains(id)),
        };
        let Some((id, builder)) = next else {
            let Some(act) = waiting.pop() else { break };
            if let Some(act) = act.lock().unwrap().take() {
                act();
            }
            continue;
        };
        let before = reverts(&stage, &log.lock().unwrap());
        for _ in 0..times {
            let handled = stage.deliver(&builder).await.unwrap();
            ends.push((id.clone(), handled.status, handled.reason));
        }
        delivered.push(id);
        for looked in stage.look_again().await {
            looked.unwrap();
        }
        let made = reverts(&stage, &log.lock().unwrap()) - before;
        for _ in 0..made {
            let id = format!("own-{}", own.len());
            own.push(event(&id).by_role(ACCOUNT, "snapback-toy").at(stage.clock.now()));
        }
    }
    let done = log.lock().unwrap().clone();
    Outcome { stage, done, ends }
}

fn is_open(state: &State) -> bool {
    state.wrong.contains(OPEN) || state.wrong.contains(OPEN_TOO)
}

/// How often Snapback reverted the resource: changes of its state that were not the stranger's.
/// Marks are changes of its tags, and raise no event that anybody subscribes to.
fn reverts(stage: &Stage, done: &[Done]) -> usize {
    let life = stage.world.life();
    let was = |place: usize| life[place].as_ref().map(|present| &present.state);
    (1..life.len())
        .filter(|place| !done.iter().any(|it| it.place == *place))
        .filter(|place| was(*place) != was(place - 1))
        .count()
}

fn own_changes(outcome: &Outcome) -> usize {
    reverts(&outcome.stage, &outcome.done)
}

fn assert_common(outcome: &Outcome) {
    let Outcome { stage, done, ends } = outcome;
    // I2: every event ends once, and every further delivery of it as a duplicate.
    let mut ids: Vec<&String> = ends.iter().map(|(id, _, _)| id).collect();
    ids.sort();
    ids.dedup();
    for id in ids {
        let duplicate = |reason: &Option<String>| reason.as_deref() == Some("duplicate");
        let first = ends.iter().filter(|(of, _, reason)| of == id && !duplicate(reason)).count();
        assert_eq!(first, 1, "{id}: {ends:?}");
    }
    // I3, I5, I8: no more writes than offending changes, and never more than three an hour.
    let offending = done.iter().filter(|it| is_open(&it.state)).count();
    assert!(own_changes(outcome) <= offending, "{} writes", own_changes(outcome));
    assert!(own_changes(outcome) <= 3);
    // Whatever was written is in the ledger, with its inverse and finished.
    let written: Vec<_> =
        stage.entries().into_iter().filter(|entry| entry.written_at.is_some()).collect();
    assert!(written.len() >= own_changes(outcome));
    for entry in stage.entries() {
        assert_eq!(entry.state, ledger::EntryState::Finished);
        assert!(entry.remedy.is_null() || entry.inverse.is_some());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    /// I2, I3, I5, I8; S-2, S-8, S-13.
    #[test]
    fn whatever_comes_in_whatever_order_the_resource_ends_mended_and_nobodys_change_is_lost(
        schedule in schedules(),
    ) {
        run(async {
            let outcome = play(&schedule, common::effect, 1).await;
            assert_common(&outcome);
            let Outcome { stage, done, .. } = &outcome;
            let last = done.iter().max_by_key(|it| it.place).unwrap();
            let state = stage.state();
            // The stranger's last word stands, but for what is reverted.
            assert_eq!(state.other, last.state.other, "a change of the stranger's is lost");
            assert_eq!(state.wrong.contains(TOLD), last.state.wrong.contains(TOLD));
            if is_open(&state) {
                // Only the breaker leaves it open, and says so.
                assert!(own_changes(&outcome) == 3, "left open: {:?}", stage.told());
                let told = stage.told();
                for code in state.wrong.iter().filter(|code| *code != TOLD) {
                    assert!(told.contains(&format!("{code} alerted")), "{code}: {told:?}");
                }
            }
            for code in &last.state.wrong {
                let named = stage.told().iter().any(|line| line.starts_with(code.as_str()));
                assert!(named, "nobody heard of {code}");
            }
        });
    }

    /// I7: where the service has no compare-and-set, a change that a write of ours has undone is
    /// told when its event is handled.
    #[test]
    fn no_change_is_lost_in_silence(schedule in schedules()) {
        run(async {
            let outcome = play(&schedule, common::blind_effect, 1).await;
            let Outcome { stage, done, .. } = &outcome;
            let life = stage.world.life();
            let state = |place: usize| life[place].as_ref().unwrap().state.clone();
            let lost: Vec<u64> = (1..life.len())
                .filter(|place| !done.iter().any(|it| it.place == *place))
                .filter(|place| state(*place).other != state(place - 1).other)
                .map(|place| state(place - 1).other)
                .collect();
            let told: Vec<u64> = stage
                .notifier
                .messages()
                .iter()
                .filter_map(|message| serde_json::from_str::<Value>(&message.json).ok())
                .flat_map(|alert| alert["findings"].as_array().cloned().unwrap_or_default())
                .filter(|finding| finding["code"] == "possible-lost-update")
                .filter_map(|finding| finding["evidence"]["made_by_this_event"]["other"].as_u64())
                .collect();
            for number in &lost {
                assert!(told.contains(number), "change {number} is lost in silence: {told:?}");
            }
        });
    }

    /// I3: a duplicate of any delivery, at any time, changes nothing.
    #[test]
    fn duplicates_make_no_difference(schedule in schedules(), times in 2..6_usize) {
        run(async {
            let mut quiet = schedule.clone();
            for change in &mut quiet.changes {
                // All changes first: the world is silent while events arrive.
                change.before_call = 0;
            }
            let once = play(&quiet, common::effect, 1).await;
            let often = play(&quiet, common::effect, times).await;
            assert_eq!(once.stage.state(), often.stage.state());
            assert_eq!(own_changes(&once), own_changes(&often));
            assert_eq!(once.stage.told(), often.stage.told());
        });
    }
}
