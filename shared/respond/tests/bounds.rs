//! What keeps Snapback from acting too often, on itself, or on top of others.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "helpers of tests fail like tests"
)]

mod common;

use chrono::TimeDelta;
use common::{MARKED, OPEN, Stage, State, TOLD, event, event_time, resource, run, telling_event};
use controls::Tags;
use ledger::History;
use model::{Confidence, ControlId, Finding, Outcome, Posture, Resource, Response, Status, Trust};
use policy::Policies;
use respond::{
    LedgerPort,
    decision::{self, Facts},
};
use serde_json::json;
use testkit::{
    Fault,
    record::{ACCOUNT, BUCKET, REGION, STRANGER},
};

const OURS: &str = "snapback-s3";

fn reopen(stage: &Stage) {
    stage.world.edit(|present| present.state = State::of(&[OPEN]));
}

/// S-13.
#[test]
fn a_resource_that_flaps_is_left_to_people_after_three_reverts_within_the_hour() {
    run(async {
        let mut stage = Stage::new(&[]);
        for id in ["a", "b", "c", "d", "e"] {
            reopen(&stage);
            stage.deliver(&event(id)).await.unwrap();
            stage.clock.advance(60);
        }
        assert_eq!(stage.writes(), 3);
        assert_eq!(stage.state(), State::of(&[OPEN]));
        // That it stays open this time is news, although the finding is not.
        assert_eq!(stage.told(), [format!("{OPEN} verified"), format!("{OPEN} alerted")]);
        let decision = &stage.entries().last().unwrap().decision.clone();
        assert!(decision.because.iter().any(|because| because.policy == "safety-breaker"));

        // An hour after the first, there is room for one again.
        stage.clock.advance(3600 - 300 + 1);
        stage.deliver(&event("f")).await.unwrap();
        assert_eq!(stage.state(), State::of(&[]));
    });
}

/// S-13.
#[test]
fn an_account_that_storms_is_left_to_people_after_its_limit() {
    run(async {
        let mut stage = Stage::new(&[]);
        stage.settings.trust.max_reverts_per_account = 4;
        stage.settings.trust.max_reverts_per_resource = 100;
        for number in 0..10 {
            reopen(&stage);
            stage.deliver(&event(&number.to_string())).await.unwrap();
        }
        assert_eq!(stage.writes(), 4);
    });
}

/// S-13.
#[test]
fn of_many_at_once_no_more_go_on_than_there_is_room_for() {
    run(async {
        // Everybody reads the history before anybody has noted an intention.
        let mut stage = Stage::new(&[OPEN]);
        stage.settings.trust.max_reverts_per_resource = 1;
        let ledger = stage.ledger.clone();
        let (mut other, key) = {
            let mut another = Stage::new(&[OPEN]);
            another.deliver(&event("other")).await.unwrap();
            let entry = another.entries().remove(0);
            (entry.clone(), entry.id)
        };
        other.id = key;
        other.state = ledger::EntryState::Intended;
        other.at = event_time() + TimeDelta::seconds(20);
        let snapshot = other.clone();
        let shared = ledger.clone();
        // Between our look at the history (call 4) and our intention (call 6), the other's.
        stage.script.before(6, move || {
            let recorded = std::thread::spawn(move || run(quietly(&shared, &snapshot)));
            recorded.join().unwrap();
        });
        let handled = stage.deliver(&event("e")).await.unwrap();
        assert_eq!(stage.writes(), 0);
        assert_eq!(handled.findings[0].outcome, Outcome::Alerted);
        assert_eq!(handled.findings[0].decision.response, Response::Alert);
        let held = handled.findings[0].held_back.as_ref().unwrap();
        assert!(held.contains("breaker"), "{held}");
        let now = event_time() + TimeDelta::seconds(20);
        let history = ledger.snapshot().history(&resource(), now);
        assert_eq!(history.resource_reverts, 1, "an intention given up is not counted");
    });
}

/// Records past the script: it is somebody else's call.
async fn quietly(ledger: &testkit::FakeLedger, entry: &ledger::Entry) {
    ledger.behind().record(entry).await.unwrap();
}

/// Lets every delivery of an event lose its write, so that only the intention stays.
async fn intend_only(stage: &mut Stage, id: &str) {
    for _ in 0..3 {
        let next = stage.script.calls().len();
        stage.script.fail(next + 8, Fault::LostCall);
        assert_eq!(stage.deliver(&event(id)).await.unwrap_err().code(), "Transient.Write");
        assert_eq!(stage.script.calls()[next + 8].method, "apply");
        stage.clock.advance(60);
    }
}

/// S-13.
#[test]
fn an_intention_that_is_taken_up_again_counts_when_it_is_written() {
    run(async {
        let mut stage = Stage::new(&[OPEN]);
        let ids = ["a", "b", "c", "d", "e", "f"];
        for id in ids {
            intend_only(&mut stage, id).await;
            let now = respond::Clock::now(&stage.clock);
            let history = stage.ledger.snapshot().history(&resource(), now);
            assert_eq!((history.resource_reverts, history.account_reverts), (1, 1));
            stage.clock.advance(7200);
        }
        // All are sent back from the dead-letter queue within six minutes.
        for id in ids {
            stage.deliver(&event(id)).await.unwrap();
            reopen(&stage);
            stage.clock.advance(60);
        }
        let mended = stage.told().iter().filter(|line| line.ends_with("verified")).count();
        assert_eq!(mended, 1, "told once, then counted");
        let verified = |entry: &&ledger::Entry| entry.outcome == Some(Outcome::Verified);
        assert_eq!(stage.entries().iter().filter(verified).count(), 3);
        let now = respond::Clock::now(&stage.clock);
        assert_eq!(stage.ledger.snapshot().history(&resource(), now).resource_reverts, 3);
    });
}

/// S-14.
#[test]
fn our_own_change_is_known_for_ours_however_long_ago_it_was_intended() {
    run(async {
        let mut stage = Stage::new(&[OPEN]);
        intend_only(&mut stage, "e").await;
        stage.clock.advance(7200);
        let handled = stage.deliver(&event("e")).await.unwrap();
        assert_eq!(handled.outcome(), Some(Outcome::Verified));
        let ours = event("ours").by_role(ACCOUNT, OURS).at(respond::Clock::now(&stage.clock));
        stage.clock.advance(20);
        let handled = stage.deliver(&ours).await.unwrap();
        assert_eq!(handled.reason.as_deref(), Some("own_change"));
        assert_eq!(stage.told(), [format!("{OPEN} verified")]);
    });
}

/// S-14.
#[test]
fn our_own_change_that_left_things_right_is_ignored() {
    run(async {
        let mut stage = Stage::new(&[OPEN]);
        stage.deliver(&event("e")).await.unwrap();
        stage.clock.advance(5);
        let ours = event("ours").by_role(ACCOUNT, OURS).at(event_time() + TimeDelta::seconds(20));
        let handled = stage.deliver(&ours).await.unwrap();
        assert_eq!(handled.status, Status::Ignored);
        assert_eq!(handled.reason.as_deref(), Some("own_change"));
        assert_eq!((stage.writes(), stage.told().len()), (1, 1));
        assert!(stage.later.take().is_empty());
    });
}

/// S-14.
#[test]
fn our_own_change_is_judged_by_the_live_state_and_never_reverted() {
    run(async {
        let mut stage = Stage::new(&[OPEN]);
        stage.deliver(&event("e")).await.unwrap();
        reopen(&stage);
        let ours = event("ours").by_role(ACCOUNT, OURS).at(event_time() + TimeDelta::seconds(20));
        stage.deliver(&ours).await.unwrap();
        assert_eq!(stage.state(), State::of(&[OPEN]));
        let last = stage.entries().pop().unwrap();
        assert!(last.decision.because.iter().any(|it| it.policy == "safety-own-change"));
        assert!(stage.told().iter().any(|line| !line.ends_with("verified")));
    });
}

#[test]
fn a_change_by_our_role_that_the_ledger_does_not_know_is_a_critical_alert() {
    run(async {
        let mut stage = Stage::new(&[]);
        let ours = event("ours").by_role(ACCOUNT, OURS);
        let handled = stage.deliver(&ours).await.unwrap();
        assert_eq!(handled.findings[0].code, "own-role-unaccounted");
        assert_eq!(handled.findings[0].severity, model::Severity::Critical);
        assert_eq!(stage.told(), ["own-role-unaccounted alerted"]);
    });
}

#[test]
fn a_strangers_role_with_a_name_like_ours_is_no_change_of_ours() {
    run(async {
        let mut stage = Stage::new(&[OPEN]);
        stage.deliver(&event("e").by_role(STRANGER, OURS)).await.unwrap();
        assert_eq!(stage.state(), State::of(&[]));
    });
}

#[test]
fn in_a_silent_world_our_write_leads_to_one_event_and_no_further_write() {
    run(async {
        let mut stage = Stage::new(&[OPEN]);
        let mut events = vec![event("e")];
        let mut handled = 0;
        while let Some(next) = events.pop() {
            let before = stage.world.changes();
            stage.deliver(&next).await.unwrap();
            handled += 1;
            for change in before..stage.world.changes() {
                let id = format!("ours-{change}");
                let at = event_time() + TimeDelta::seconds(20);
                events
                    .push(telling_event(&id, &stage.state()).id(&id).by_role(ACCOUNT, OURS).at(at));
            }
            assert!(handled < 10, "a loop");
        }
        assert_eq!((handled, stage.writes()), (2, 1));
    });
}

#[test]
fn a_change_that_our_write_may_have_undone_is_told_with_both_states() {
    run(async {
        let mut stage = Stage::new(&[OPEN]);
        stage.effect = common::blind_effect;
        // The administrator's write arrives after our read and just before ours.
        let theirs = State { other: 7, ..State::of(&[OPEN]) };
        let (world, lost) = (stage.world.clone(), theirs.clone());
        stage.script.before(8, move || world.edit(|present| present.state = lost));
        stage.deliver(&event("e")).await.unwrap();
        assert_eq!(stage.state(), State::of(&[]), "their change is lost: no compare-and-set");

        let at = event_time() + TimeDelta::seconds(20);
        stage.clock.advance(30);
        let handled = stage.deliver(&telling_event("theirs", &theirs).at(at)).await.unwrap();
        let finding = &handled.findings[0];
        assert_eq!(finding.code, "possible-lost-update");
        assert_eq!(finding.evidence["made_by_this_event"]["other"], 7);
        assert_eq!(finding.evidence["read_before_the_write"]["other"], 0);
        assert!(stage.told().contains(&"possible-lost-update alerted".to_owned()));
    });
}

#[test]
fn a_change_that_we_saw_or_that_came_at_another_time_is_not_called_lost() {
    run(async {
        let seen = State::of(&[OPEN]);
        let later = State { other: 7, ..State::of(&[]) };
        let at = |seconds: i64| event_time() + TimeDelta::seconds(20 + seconds);
        for (state, time) in [(&seen, at(-1)), (&seen, at(-60)), (&later, at(60))] {
            let mut stage = Stage::new(&[OPEN]);
            stage.deliver(&event("e")).await.unwrap();
            stage.world.edit(|present| present.state = later.clone());
            stage.clock.advance(120);
            stage.deliver(&telling_event("x", state).at(time)).await.unwrap();
            let lost = stage.told().iter().any(|line| line.starts_with("possible-lost"));
            assert!(!lost, "{state:?} {time}");
        }
    });
}

#[test]
fn a_change_of_another_setting_of_the_resource_is_not_suspected() {
    run(async {
        for (apart, suspected) in [("", true), ("yes", false)] {
            let mut stage = Stage::new(&[OPEN]);
            stage.deliver(&event("e")).await.unwrap();
            let at = event_time() + TimeDelta::seconds(20);
            let theirs = telling_event("theirs", &State { other: 7, ..State::of(&[]) });
            let theirs = theirs.at(at).set("/requestParameters/apart", json!(apart));
            stage.deliver(&theirs).await.unwrap();
            let told = stage.told().iter().any(|line| line.starts_with("possible-lost"));
            assert_eq!(told, suspected, "{apart}");
        }
    });
}

#[test]
fn a_write_that_aws_itself_would_have_refused_is_not_suspected() {
    run(async {
        for (other, suspected) in [(0, true), (common::GUARDED, false)] {
            let mut stage = Stage::new(&[OPEN]);
            stage.world.edit(|present| present.state.other = other);
            stage.deliver(&event("e")).await.unwrap();
            let at = event_time() + TimeDelta::seconds(20);
            let theirs = State { other: 7, ..State::of(&[]) };
            stage.deliver(&telling_event("theirs", &theirs).at(at)).await.unwrap();
            let told = stage.told().iter().any(|line| line.starts_with("possible-lost"));
            assert_eq!(told, suspected, "{other}");
        }
    });
}

/// S-8, S-22.
#[test]
fn a_grant_that_another_controls_copy_may_have_written_anew_is_told() {
    run(async {
        for (control, grants, name, suspected) in [
            ("s3-unencrypted-upload", "GrantRead", "PutObjectAcl", true),
            ("s3-unencrypted-upload", "StorageClass", "PutObjectAcl", false),
            ("s3-unencrypted-upload", "GrantRead", "PutBucketAcl", false),
        ] {
            let mut stage = Stage::new(&[]);
            let mut entry = {
                let mut another = Stage::new(&[OPEN]);
                another.deliver(&event("copy")).await.unwrap();
                another.entries().remove(0)
            };
            control.clone_into(&mut entry.control);
            let mut parameters = json!({"IfMatch": "e", "TaggingDirective": "COPY"});
            parameters[grants] = json!("x");
            entry.operations = vec![model::Operation::new("s3:CopyObject", parameters)];
            quietly(&stage.ledger, &entry).await;
            let at = event_time() + TimeDelta::seconds(20);
            let theirs = testkit::EventBuilder::new(name).id("theirs").at(at);
            let theirs = theirs.set("/requestParameters/bucketName", BUCKET);
            stage.deliver(&theirs).await.unwrap();
            let told = stage.told().iter().any(|line| line.starts_with("possible-lost"));
            assert_eq!(told, suspected, "{control} {grants} {name}");
        }
    });
}

fn facts<'a>(
    event: &'a events::Event,
    resource: &'a Resource,
    trust: &'a Trust,
    history: History,
) -> Facts<'a> {
    Facts {
        actor: &event.record.actor,
        resource,
        tags: None,
        control: ControlId::new("toy"),
        posture: Posture::Enforce,
        history,
        trust,
        event_time: event.record.event_time,
        now: event_time(),
    }
}

#[test]
fn facts_decide_how_far_to_go() {
    let policies = Policies::shipped();
    let finding = Finding { remedies: vec![()], ..Finding::new(OPEN, "open") };
    let resource = Resource::bucket(BUCKET, ACCOUNT.into(), REGION);
    let trust = common::trust();
    let protecting = Trust { protected_resources: vec!["*demo*".to_owned()], ..trust.clone() };
    let (person, ours) = (event("e").event(), event("e").by_role(ACCOUNT, OURS).event());
    let calm = History { resource_reverts: 2, account_reverts: 19 };
    let flapping = History { resource_reverts: 3, account_reverts: 3 };
    let storming = History { resource_reverts: 0, account_reverts: 20 };
    for (name, facts, expected) in [
        ("calm", facts(&person, &resource, &trust, calm), Response::Revert),
        ("flapping", facts(&person, &resource, &trust, flapping), Response::Alert),
        ("storming", facts(&person, &resource, &trust, storming), Response::Alert),
        ("protected", facts(&person, &resource, &protecting, calm), Response::Alert),
        ("ours", facts(&ours, &resource, &trust, calm), Response::Tag),
        (
            "observed",
            Facts { posture: Posture::Observe, ..facts(&person, &resource, &trust, calm) },
            Response::Alert,
        ),
    ] {
        let decision = decision::decide(&policies, &finding, &facts);
        assert_eq!(decision.response, expected, "{name}: {decision:?}");
    }
    let by_hand: Finding<()> = Finding::new(OPEN, "open");
    let decision = decision::decide(&policies, &by_hand, &facts(&person, &resource, &trust, calm));
    assert_eq!(decision.response, Response::Tag, "there is nothing to revert with");
    let unclear = Finding { confidence: Confidence::Unclear, ..finding };
    let decision = decision::decide(&policies, &unclear, &facts(&person, &resource, &trust, calm));
    assert_eq!(decision.response, Response::Alert);
}

#[test]
fn own_changes_are_told_by_role_and_account() {
    let trust = common::trust();
    let anywhere = Trust { account_id: None, ..trust.clone() };
    for (name, event, trust, expected) in [
        ("ours", event("e").by_role(ACCOUNT, OURS), &trust, true),
        ("another role", event("e").by_role(ACCOUNT, "admin"), &trust, false),
        ("a stranger's", event("e").by_role(STRANGER, OURS), &trust, false),
        ("no account told", event("e").by_role(STRANGER, OURS), &anywhere, true),
        (
            "a user of the name",
            event("e")
                .set("/userIdentity/arn", format!("arn:aws:iam::{ACCOUNT}:user/role/snapback-x")),
            &trust,
            false,
        ),
    ] {
        let event = event.event();
        assert_eq!(decision::is_own_change(&event.record.actor, trust), expected, "{name}");
    }
}

#[test]
fn our_own_roles_are_protected_without_being_listed() {
    let role = Resource::role(OURS, ACCOUNT.into(), "us-east-1");
    assert!(decision::is_protected(&role, &common::trust()));
    let other = Resource::role("admin", ACCOUNT.into(), "us-east-1");
    assert!(!decision::is_protected(&other, &common::trust()));
}

#[test]
fn a_protected_bucket_protects_its_objects_and_no_others() {
    let object = |bucket| Resource::object(bucket, "a/b", None, ACCOUNT.into(), REGION);
    for (pattern, bucket, expected) in [
        ("arn:aws:s3:::amzn-s3-demo-website", "amzn-s3-demo-website", true),
        ("arn:aws:s3:::amzn-s3-demo-websit?", "amzn-s3-demo-website", true),
        ("arn:*:s3:::amzn-s3-demo-*", "amzn-s3-demo-website", true),
        ("arn:aws:s3:::amzn-s3-demo-website", "amzn-s3-demo-website2", false),
        ("arn:aws:s3:::amzn-s3-demo-website/c*", "amzn-s3-demo-website", false),
    ] {
        let trust = Trust { protected_resources: vec![pattern.to_owned()], ..common::trust() };
        assert_eq!(decision::is_protected(&object(bucket), &trust), expected, "{pattern} {bucket}");
    }
    // An object's pattern says nothing of its bucket.
    let pattern = "arn:aws:s3:::amzn-s3-demo-website/a/b".to_owned();
    let trust = Trust { protected_resources: vec![pattern], ..common::trust() };
    let bucket = Resource::bucket("amzn-s3-demo-website", ACCOUNT.into(), REGION);
    assert!(!decision::is_protected(&bucket, &trust));
}

#[test]
fn a_told_finding_stays_told_whatever_the_history() {
    run(async {
        let mut stage = Stage::new(&[TOLD]);
        let handled = stage.deliver(&event("e")).await.unwrap();
        assert_eq!(handled.outcome(), Some(Outcome::Alerted));
        let now = event_time() + TimeDelta::seconds(20);
        let history = stage.ledger.behind().history(&resource(), now).await.unwrap();
        assert_eq!(history, History::default());
    });
}

/// S-29: in ledger and alert as foreseen.
#[test]
fn a_mark_that_cannot_be_made_is_the_response_alert_and_is_foreseen_as_such() {
    run(async {
        let full = Some(Tags::from([("full".to_owned(), String::new())]));
        for tags in [full, None] {
            let mut stage = Stage::new(&[MARKED]);
            stage.world.edit(|present| present.tags = tags.clone());
            let event = event("e");
            let foreseen = {
                let event = event.event();
                let delivery = respond::Delivery {
                    event: &event,
                    payload: "",
                    attempt: 0,
                    holder: "h",
                    deadline: event_time(),
                };
                stage.pipeline().preview(&delivery, Posture::Enforce).await.unwrap()
            };
            assert!(foreseen.remedies.is_empty());
            let handled = stage.deliver(&event).await.unwrap();
            let [finding] = handled.findings.as_slice() else { panic!("{handled:?}") };
            let [expected] = foreseen.handled.findings.as_slice() else { panic!("{foreseen:?}") };
            assert_eq!(finding.decision.response, Response::Alert);
            assert_eq!(finding.decision, expected.decision);
            assert_eq!(finding.outcome, expected.outcome);
            assert_eq!(finding.held_back, expected.held_back);
        }
    });
}
