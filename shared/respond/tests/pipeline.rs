//! The path of one event: what is done, told and noted, case by case.

mod common;

use common::{
    APART, MARKED, OPEN, OPEN_TOO, Stage, State, TOLD, event, event_time, run, telling_event,
};
use controls::Tags;
use ledger::{EntryState, undo};
use model::{Outcome, Posture, Response, Status};
use serde_json::{Value, json};
use testkit::{EventBuilder, Fault, record::STRANGER};

#[test]
fn mends_what_is_wrong_reads_back_tells_and_notes_it() {
    run(async {
        let mut stage = Stage::new(&[OPEN]);
        let handled = stage.deliver(&event("e")).await.unwrap();
        assert_eq!(handled.status, Status::Finding);
        assert_eq!(handled.outcome(), Some(Outcome::Verified));
        assert_eq!(stage.state(), State::of(&[]));
        assert_eq!(stage.told(), [format!("{OPEN} verified")]);
        assert_eq!(
            stage.calls(),
            [
                "ledger.claim",
                "cloud.observe",
                "ledger.reverts",
                "ledger.entries",
                "ledger.history",
                "switch.paused",
                "ledger.record",
                "ledger.history",
                "cloud.apply",
                "cloud.observe",
                "ledger.record",
                "ledger.history",
                "switch.paused",
                "ledger.telling",
                "notifier.send",
                "ledger.told",
                "ledger.release",
            ]
        );
    });
}

#[test]
fn an_entry_holds_what_undo_needs_and_undo_puts_it_back() {
    run(async {
        let mut stage = Stage::new(&[OPEN]);
        let handled = stage.deliver(&event("e")).await.unwrap();
        let [entry] = stage.entries().try_into().unwrap();
        assert_eq!(entry.state, EntryState::Finished);
        assert_eq!(Some(&entry.id), handled.findings[0].entry.as_ref());
        assert_eq!(entry.prior_state, json!(State::of(&[OPEN])));
        assert_eq!(entry.decision.response, Response::Revert);
        assert_eq!(entry.request_ids, ["EXAMPLE-REQUEST"]);
        let current = json!(stage.state());
        let undo::Undo::Restore { remedy } = undo::plan(&entry, Some(&current)) else {
            panic!("not to be undone");
        };
        let remedy: common::Mend = serde_json::from_value(remedy).unwrap();
        let after = common::effect(&stage.world.now().unwrap(), &remedy).unwrap().unwrap();
        assert_eq!(after.state, State::of(&[OPEN]));
    });
}

#[test]
fn a_clean_resource_costs_one_look_and_nobody_hears_of_it() {
    run(async {
        let mut stage = Stage::new(&[]);
        let handled = stage.deliver(&event("e")).await.unwrap();
        assert_eq!((handled.status, handled.reason), (Status::Clean, None));
        assert!(stage.told().is_empty() && stage.entries().is_empty());
        assert_eq!(
            stage.calls(),
            ["ledger.claim", "cloud.observe", "ledger.reverts", "ledger.release"]
        );
    });
}

/// S-1.
#[test]
fn a_failed_call_ends_before_anything_is_read() {
    run(async {
        let mut stage = Stage::new(&[OPEN]);
        let handled = stage.deliver(&event("e").failed("AccessDenied")).await.unwrap();
        assert_eq!(handled.status, Status::Ignored);
        assert_eq!(handled.reason.as_deref(), Some("call_failed"));
        assert!(stage.calls().is_empty());
    });
}

/// S-3.
#[test]
fn an_event_that_is_not_what_it_claims_is_told_once_and_reads_nothing() {
    run(async {
        let forged = [
            event("e").enveloped("source", "attacker.custom"),
            event("e").enveloped("account", STRANGER),
            event("e").set("/recipientAccountId", STRANGER).enveloped("account", STRANGER),
        ];
        for forged in forged {
            let mut stage = Stage::new(&[OPEN]);
            for _ in 0..3 {
                let handled = stage.deliver(&forged).await.unwrap();
                assert_eq!(handled.reason.as_deref(), Some("forged"));
            }
            assert_eq!(stage.told().len(), 1);
            assert_eq!(stage.script.count("cloud", "observe"), 0);
            assert_eq!(stage.state(), State::of(&[OPEN]));
        }
    });
}

/// S-26.
#[test]
fn an_event_that_names_nothing_is_told_and_dead_lettered() {
    run(async {
        let mut stage = Stage::new(&[OPEN]);
        let nameless = event("e").without("/requestParameters/bucketName");
        let error = stage.deliver_with_retries(&nameless).await.unwrap_err();
        assert_eq!(error.code(), "Permanent.Malformed");
        assert_eq!(stage.told().len(), 1);
        let error = stage.pipeline().malformed("line 1: not JSON").await;
        assert_eq!(error.code(), "Permanent.Malformed");
        assert!(!error.is_transient());
        assert_eq!(stage.told().len(), 2);
    });
}

/// S-2.
#[test]
fn a_duplicate_ends_at_the_claim() {
    run(async {
        let mut stage = Stage::new(&[OPEN]);
        stage.deliver(&event("e")).await.unwrap();
        stage.world.edit(|present| present.state = State::of(&[OPEN]));
        stage.clock.advance(16 * 86_400);
        let handled = stage.deliver(&event("e")).await.unwrap();
        assert_eq!(handled.reason.as_deref(), Some("duplicate"));
        assert_eq!((stage.writes(), stage.told().len()), (1, 1));
    });
}

#[test]
fn findings_of_one_write_are_mended_by_one_write() {
    run(async {
        let mut stage = Stage::new(&[OPEN, OPEN_TOO, TOLD]);
        let handled = stage.deliver(&event("e")).await.unwrap();
        assert_eq!(stage.writes(), 1);
        assert_eq!(stage.state(), State::of(&[TOLD]));
        assert_eq!(handled.findings.len(), 3);
        assert_eq!(handled.findings[0].entry, handled.findings[1].entry);
        assert_eq!(
            stage.told(),
            [format!("{OPEN} verified"), format!("{OPEN_TOO} verified"), format!("{TOLD} alerted")]
        );
        assert_eq!(stage.notifier.messages().len(), 1);
    });
}

#[test]
fn findings_that_need_two_writes_get_two_each_on_a_fresh_read() {
    run(async {
        let mut stage = Stage::new(&[OPEN, APART, MARKED]);
        stage.deliver(&event("e")).await.unwrap();
        assert_eq!(stage.state(), State::of(&[MARKED]));
        let calls = stage.calls();
        let wanted = ["cloud.observe", "cloud.apply"];
        let cloud: Vec<_> = calls.iter().filter(|call| wanted.contains(&call.as_str())).collect();
        // Two reverts and a mark, with a read before each and one after the last.
        let expected = [
            "cloud.observe",
            "cloud.apply",
            "cloud.observe",
            "cloud.apply",
            "cloud.observe",
            "cloud.apply",
            "cloud.observe",
        ];
        assert_eq!(cloud, expected.iter().collect::<Vec<_>>());
        assert_eq!(
            stage.told(),
            [format!("{OPEN} verified"), format!("{APART} verified"), format!("{MARKED} tagged")]
        );
    });
}

/// S-29.
#[test]
fn marking_adds_three_tags_and_keeps_the_others() {
    run(async {
        let mut stage = Stage::new(&[MARKED]);
        stage.world.edit(|present| {
            present.tags = Some(Tags::from([("team".to_owned(), "blue".to_owned())]));
        });
        let handled = stage.deliver(&event("e")).await.unwrap();
        assert_eq!(handled.outcome(), Some(Outcome::Tagged));
        let tags = stage.tags();
        assert_eq!(tags["team"], "blue");
        assert_eq!(tags["snapback:finding"], MARKED);
        assert_eq!(tags["snapback:event"], "e");
        assert_eq!(tags["snapback:at"], "2026-03-05T09:30:20Z");
        assert_eq!(tags.len(), 4);
    });
}

/// S-29.
#[test]
fn a_resource_that_cannot_be_marked_is_told_with_the_reason() {
    run(async {
        let full = Some(Tags::from([("full".to_owned(), String::new())]));
        for (tags, reason) in
            [(full, "as many tags as it may have"), (None, "its tags could not be read")]
        {
            let mut stage = Stage::new(&[MARKED]);
            stage.world.edit(|present| present.tags = tags.clone());
            let handled = stage.deliver(&event("e")).await.unwrap();
            assert_eq!(stage.writes(), 0);
            assert_eq!(stage.told(), [format!("{MARKED} alerted")]);
            let held = handled.findings[0].held_back.as_ref().unwrap();
            assert!(held.contains(reason), "{held}");
        }
    });
}

#[test]
fn a_storm_about_a_marked_resource_does_not_mark_it_again_within_the_hour() {
    run(async {
        let mut stage = Stage::new(&[MARKED]);
        for id in ["a", "b", "c"] {
            stage.deliver(&event(id)).await.unwrap();
        }
        assert_eq!(stage.writes(), 1);
        stage.clock.advance(3600);
        stage.deliver(&event("d")).await.unwrap();
        assert_eq!(stage.writes(), 2);
        assert_eq!(stage.tags()["snapback:event"], "d");
    });
}

/// S-10.
#[test]
fn posture_observe_tells_and_writes_nothing() {
    run(async {
        let mut stage = Stage::new(&[OPEN, MARKED, TOLD]);
        stage.settings.posture = Posture::Observe;
        let handled = stage.deliver(&event("e")).await.unwrap();
        assert_eq!(stage.writes(), 0);
        assert_eq!(stage.told().len(), 3);
        let because = &handled.findings[0].decision.because;
        assert!(because.iter().any(|because| because.policy == "safety-observe"));
        assert!(!handled.findings[0].operations.is_empty(), "what would mend it is shown");
        assert_eq!(stage.script.count("switch", "paused"), 0);
    });
}

/// S-11.
#[test]
fn paused_or_perhaps_paused_writes_nothing_and_says_so() {
    run(async {
        let mut paused = Stage::new(&[OPEN]);
        paused.switch.set(true);
        let handled = paused.deliver(&event("e")).await.unwrap();
        assert_eq!(paused.writes(), 0);
        assert_eq!(handled.findings[0].held_back.as_deref(), Some("writes are paused"));

        for fault in [Fault::Denied, Fault::Throttled, Fault::LostAnswer] {
            let mut unknown = Stage::new(&[OPEN]);
            unknown.script.fail(5, fault);
            let handled = unknown.deliver(&event("e")).await.unwrap();
            assert_eq!(unknown.script.calls()[5].port, "switch");
            assert_eq!(unknown.writes(), 0);
            assert_eq!(unknown.told(), [format!("{OPEN} alerted")]);
            assert!(handled.findings[0].held_back.is_some());
        }
    });
}

/// S-12.
#[test]
fn what_is_not_certain_is_told_and_not_mended() {
    run(async {
        let mut stage = Stage::new(&[OPEN]);
        stage.world.edit(|present| present.state.other = u64::MAX);
        stage.deliver(&event("e")).await.unwrap();
        assert_eq!(stage.writes(), 0);
        assert_eq!(stage.told(), [format!("{OPEN} alerted")]);
    });
}

/// S-15.
#[test]
fn a_protected_resource_is_told_and_not_written() {
    run(async {
        let mut stage = Stage::new(&[OPEN, MARKED]);
        stage.settings.trust.protected_resources = vec!["arn:aws:s3:::amzn-s3-demo-*".to_owned()];
        stage.deliver(&event("e")).await.unwrap();
        assert_eq!((stage.writes(), stage.told().len()), (0, 2));
    });
}

/// The trust file names the units, so that a policy about one holds in production as it does in a
/// case.
#[test]
fn a_policy_on_an_organizational_unit_holds_for_the_accounts_in_it() {
    run(async {
        let text = r#"@id("sandbox-alerts-only") forbid (
            principal,
            action in [Snapback::Action::"tag", Snapback::Action::"revert"],
            resource in Snapback::OrganizationalUnit::"ou-abcd-22222222"
        );"#;
        for (units, writes) in [
            (&[][..], true),
            (&["ou-abcd-11111111"], true),
            (&["ou-abcd-22222222"], false),
            (&["ou-abcd-11111111", "ou-abcd-22222222", "r-abcd"], false),
        ] {
            let mut stage = Stage::new(&[OPEN]).with_policies(text);
            stage.settings.trust.organizational_units =
                units.iter().map(|unit| (*unit).to_owned()).collect();
            stage.deliver(&event("e")).await.unwrap();
            assert_eq!(stage.writes() > 0, writes, "{units:?}");
            assert_eq!(stage.told().len(), 1, "{units:?}");
        }
    });
}

#[test]
fn an_exception_is_noted_and_wakes_nobody() {
    run(async {
        let text = r#"@id("wanted") @owner("web") @reason("a public site")
            @expires("2027-01-01T00:00:00Z")
            forbid (principal, action, resource)
            when { context.now < datetime("2027-01-01T00:00:00Z") };"#;
        let mut stage = Stage::new(&[OPEN]).with_policies(text);
        let handled = stage.deliver(&event("e")).await.unwrap();
        assert_eq!(handled.outcome(), Some(Outcome::Excepted));
        assert!(stage.told().is_empty());
        let [entry] = stage.entries().try_into().unwrap();
        assert_eq!(entry.outcome, Some(Outcome::Excepted));
        assert!(entry.decision.because.iter().any(|because| because.policy == "wanted"));
        assert_eq!(stage.state(), State::of(&[OPEN]));
    });
}

/// S-4.
#[test]
fn a_clean_read_against_the_record_is_repeated_twice_before_it_is_believed() {
    run(async {
        let mut stage = Stage::new(&[]);
        let told = telling_event("e", &State::of(&[OPEN]));
        let handled = stage.deliver(&told).await.unwrap();
        assert_eq!(handled.status, Status::Unclear);
        assert_eq!(handled.reason.as_deref(), Some("unconfirmed"));
        assert_eq!(handled.recheck, Some(1));
        let looks = stage.look_again().await;
        let ends: Vec<_> =
            looks.iter().map(|look| look.as_ref().map(|look| look.status).unwrap()).collect();
        assert_eq!(ends, [Status::Unclear, Status::Clean]);
        assert!(stage.told().is_empty());
    });
}

/// S-4.
#[test]
fn a_stale_read_is_found_out_at_the_second_look() {
    run(async {
        let mut stage = Stage::new(&[]);
        stage.world.edit(|present| present.state = State::of(&[OPEN]));
        stage.script.fail(1, Fault::Stale);
        stage.deliver(&telling_event("e", &State::of(&[OPEN]))).await.unwrap();
        assert_eq!(stage.state(), State::of(&[OPEN]));
        stage.look_again().await;
        assert_eq!(stage.state(), State::of(&[]));
        assert_eq!(stage.told(), [format!("{OPEN} verified")]);
    });
}

#[test]
fn what_cannot_be_seen_is_gone_only_after_two_more_looks() {
    run(async {
        let mut stage = Stage::new(&[]);
        stage.world.set(None);
        let handled = stage.deliver(&event("e")).await.unwrap();
        assert_eq!(handled.reason.as_deref(), Some("unconfirmed"));
        let looks = stage.look_again().await;
        let last = looks.last().unwrap().as_ref().unwrap();
        assert_eq!((last.status, last.reason.as_deref()), (Status::Clean, Some("gone")));
        assert_eq!(looks.len(), 2);

        // Unless the record proves that it was right.
        let mut right = Stage::new(&[]);
        right.world.set(None);
        let handled = right.deliver(&telling_event("e", &State::of(&[]))).await.unwrap();
        assert_eq!((handled.status, handled.recheck), (Status::Clean, None));
    });
}

#[test]
fn where_no_second_look_can_be_arranged_people_are_told() {
    run(async {
        let mut stage = Stage::new(&[]);
        stage.script.fail(3, Fault::Denied);
        let handled = stage.deliver(&telling_event("e", &State::of(&[OPEN]))).await.unwrap();
        assert_eq!(stage.script.calls()[3].port, "later");
        assert_eq!(handled.status, Status::Unclear);
        assert_eq!(stage.told().len(), 1);
    });
}

/// S-5.
#[test]
fn a_denied_read_is_told_and_a_throttled_one_is_repeated() {
    run(async {
        let mut denied = Stage::new(&[OPEN]);
        denied.script.fail(1, Fault::Denied);
        let handled = denied.deliver(&event("e")).await.unwrap();
        assert_eq!(denied.told(), ["evidence-unreadable alerted"]);
        assert_eq!(handled.findings[0].evidence["code"], "AccessDenied");
        assert_eq!((denied.writes(), denied.entries().len()), (0, 1));

        let mut throttled = Stage::new(&[OPEN]);
        throttled.script.fail(1, Fault::Throttled);
        let error = throttled.deliver(&event("e")).await.unwrap_err();
        assert_eq!(error.code(), "Transient.Evidence");
        assert!(throttled.told().is_empty());
        throttled.clock.advance(60);
        throttled.deliver(&event("e")).await.unwrap();
        assert_eq!(throttled.told(), [format!("{OPEN} verified")]);
    });
}

/// S-6.
#[test]
fn without_an_intention_in_the_ledger_nothing_is_written() {
    run(async {
        for fault in [Fault::Denied, Fault::Throttled, Fault::LostAnswer, Fault::CrashAfter] {
            let mut stage = Stage::new(&[OPEN]);
            stage.script.fail(6, fault);
            let error = stage.deliver(&event("e")).await.unwrap_err();
            assert_eq!(stage.script.calls()[6].method, "record");
            assert!(error.code().ends_with("Ledger"), "{}", error.code());
            assert_eq!(stage.writes(), 0, "{fault:?}");
        }
    });
}

#[test]
fn a_write_refused_for_good_is_told_with_the_reason() {
    run(async {
        let mut stage = Stage::new(&[OPEN]);
        stage.script.fail(8, Fault::Denied);
        let handled = stage.deliver(&event("e")).await.unwrap();
        assert_eq!(stage.told(), [format!("{OPEN} failed")]);
        assert_eq!(stage.writes(), 1);
        assert!(handled.findings[0].held_back.as_ref().unwrap().contains("AccessDenied"));
        let [entry] = stage.entries().try_into().unwrap();
        assert!(entry.error.as_ref().unwrap().contains("AccessDenied"));
        assert_eq!(entry.written_at, None);
        assert_eq!(handled.recheck, None);
    });
}

/// S-7.
#[test]
fn a_write_that_changes_nothing_is_told_as_failed_and_looked_at_again() {
    run(async {
        let mut stage = Stage::new(&[OPEN]);
        stage.effect = common::no_effect;
        let handled = stage.deliver(&event("e")).await.unwrap();
        assert_eq!(handled.outcome(), Some(Outcome::Failed));
        assert_eq!(handled.recheck, Some(1));
        assert_eq!(stage.writes(), 1);
        // The second look finds it open still, and now the write arrives.
        stage.effect = common::effect;
        stage.look_again().await;
        assert_eq!(stage.state(), State::of(&[]));
        assert_eq!(stage.told(), [format!("{OPEN} failed"), format!("{OPEN} verified")]);
    });
}

/// S-8.
#[test]
fn a_resource_that_moved_is_read_and_judged_anew() {
    run(async {
        let mut stage = Stage::new(&[OPEN]);
        let world = stage.world.clone();
        stage.script.before(8, move || world.edit(|present| present.state.other = 7));
        stage.deliver(&event("e")).await.unwrap();
        assert_eq!(stage.state(), State { other: 7, ..State::of(&[]) });
        let outcomes: Vec<_> = stage.entries().iter().map(|entry| entry.outcome).collect();
        assert_eq!(outcomes, [Some(Outcome::Conflict), Some(Outcome::Verified)]);
        assert_eq!(stage.told(), [format!("{OPEN} verified")]);
    });
}

#[test]
fn a_resource_mended_by_somebody_else_in_between_is_left_alone() {
    run(async {
        let mut stage = Stage::new(&[OPEN]);
        let world = stage.world.clone();
        stage.script.before(8, move || {
            world.edit(|present| present.state = State { other: 7, ..State::of(&[]) });
        });
        stage.deliver(&event("e")).await.unwrap();
        assert_eq!(stage.state(), State { other: 7, ..State::of(&[]) });
        assert_eq!(stage.writes(), 1);
        assert_eq!(stage.told(), [format!("{OPEN} already_right")]);
    });
}

#[test]
fn a_resource_that_keeps_moving_is_told_and_looked_at_later() {
    run(async {
        let mut stage = Stage::new(&[OPEN]);
        for call in [8, 15] {
            let world = stage.world.clone();
            stage.script.before(call, move || world.edit(|present| present.state.other += 1));
        }
        let handled = stage.deliver(&event("e")).await.unwrap();
        assert_eq!(stage.script.calls()[15].method, "apply");
        assert_eq!((stage.writes(), stage.world.changes()), (2, 2));
        assert_eq!(stage.told(), [format!("{OPEN} conflict")]);
        assert_eq!(handled.recheck, Some(1));
        stage.look_again().await;
        assert_eq!(stage.state(), State { other: 2, ..State::of(&[]) });
    });
}

#[test]
fn a_resource_deleted_before_the_write_is_right_already() {
    run(async {
        let mut stage = Stage::new(&[OPEN]);
        let world = stage.world.clone();
        stage.script.before(8, move || world.set(None));
        stage.deliver(&event("e")).await.unwrap();
        assert_eq!(stage.told(), [format!("{OPEN} already_right")]);
    });
}

#[test]
fn what_cannot_be_seen_after_the_write_is_in_doubt_not_mended() {
    run(async {
        let mut stage = Stage::new(&[OPEN, TOLD]);
        stage.script.fail(9, Fault::Gone);
        let handled = stage.deliver(&event("e")).await.unwrap();
        assert_eq!(stage.script.calls()[9].method, "observe");
        assert_eq!(stage.told(), [format!("{OPEN} in_doubt")]);
        assert_eq!(handled.recheck, Some(1));
        let [entry] = stage.entries().try_into().unwrap();
        let undo = undo::plan(&entry, Some(&json!(stage.state())));
        assert_eq!(undo, undo::Undo::Refused(undo::UndoError::InDoubt));
        // What else is wrong is found by the second look.
        stage.look_again().await;
        assert_eq!(stage.told(), [format!("{OPEN} in_doubt"), format!("{TOLD} alerted")]);
    });
}

#[test]
fn no_write_begins_shortly_before_the_end() {
    run(async {
        let mut stage = Stage::new(&[OPEN]);
        let clock = stage.clock.clone();
        stage.script.before(2, move || clock.advance(21));
        let error = stage.deliver(&event("e")).await.unwrap_err();
        assert_eq!(error.code(), "Transient.OutOfTime");
        assert!(stage.entries().is_empty());
        stage.clock.advance(60);
        stage.deliver(&event("e")).await.unwrap();
        assert_eq!(stage.state(), State::of(&[]));
    });
}

#[test]
fn time_that_runs_out_after_the_intention_takes_it_up_again_under_its_name() {
    run(async {
        let mut stage = Stage::new(&[OPEN]);
        let clock = stage.clock.clone();
        stage.script.before(7, move || clock.advance(21));
        stage.deliver(&event("e")).await.unwrap_err();
        let intended = stage.entries();
        assert_eq!((intended.len(), stage.writes()), (1, 0));
        stage.clock.advance(60);
        stage.deliver(&event("e")).await.unwrap();
        let [entry] = stage.entries().try_into().unwrap();
        assert_eq!((&entry.id, entry.outcome), (&intended[0].id, Some(Outcome::Verified)));
        assert_eq!(stage.writes(), 1);
    });
}

#[test]
fn a_held_claim_is_delivered_again() {
    run(async {
        let mut stage = Stage::new(&[OPEN]);
        stage.script.fail(1, Fault::CrashBefore);
        stage.deliver(&event("e")).await.unwrap_err();
        let error = stage.deliver(&event("e")).await.unwrap_err();
        assert_eq!(error.code(), "Transient.Held");
        stage.clock.advance(31);
        stage.deliver(&event("e")).await.unwrap();
        assert_eq!(stage.state(), State::of(&[]));
    });
}

#[test]
fn an_event_delivered_after_its_claim_was_forgotten_is_news_and_writes_over_no_entry() {
    run(async {
        for wrong in [OPEN, TOLD] {
            let mut stage = Stage::new(&[wrong]);
            stage.deliver(&event("e")).await.unwrap();
            let first = stage.entries();
            stage.clock.advance(18 * 86_400);
            let again = State { other: 7, ..State::of(&[wrong]) };
            stage.world.edit(|present| present.state = again);
            // Also where that delivery dies, and another finds both.
            stage.script.fail(stage.script.calls().len() + 8, Fault::CrashBefore);
            let handled = stage.deliver_with_retries(&event("e")).await.unwrap();
            assert_eq!(handled.findings.len(), 1, "{wrong}: what was told then is not told again");
            assert_eq!(handled.outcome(), first[0].outcome, "{wrong}");
            let entries = stage.entries();
            assert_eq!((entries.len(), &entries[0]), (2, &first[0]), "{wrong}");
            assert_eq!(entries[1].prior_state, json!(State { other: 7, ..State::of(&[wrong]) }));
        }
    });
}

/// S-25.
#[test]
fn the_same_alert_is_told_once_then_counted_then_told_with_the_count() {
    run(async {
        let mut stage = Stage::new(&[TOLD]);
        for id in ["a", "b", "c"] {
            stage.deliver(&event(id)).await.unwrap();
        }
        assert_eq!(stage.told().len(), 1);
        stage.clock.advance(3600);
        let handled = stage.deliver(&event("d")).await.unwrap();
        assert_eq!(stage.told().len(), 2);
        assert_eq!(handled.findings[0].repeats, 2);
        let by_another = event("e").by_role("111122223333", "another");
        stage.deliver(&by_another).await.unwrap();
        assert_eq!(stage.told().len(), 3);
        assert_eq!(stage.entries().len(), 5, "told or counted, each is noted");
    });
}

#[test]
fn an_alert_that_did_not_get_out_is_told_by_the_redelivery() {
    run(async {
        for fault in [Fault::Throttled, Fault::Denied, Fault::LostCall, Fault::CrashBefore] {
            let mut stage = Stage::new(&[OPEN]);
            stage.script.fail(14, fault);
            stage.deliver(&event("e")).await.unwrap_err();
            assert_eq!(stage.script.calls()[14].port, "notifier");
            assert!(stage.told().is_empty());
            stage.clock.advance(60);
            let handled = stage.deliver(&event("e")).await.unwrap();
            assert_eq!(stage.told(), [format!("{OPEN} verified")], "{fault:?}");
            assert_eq!(stage.writes(), 1);
            assert_eq!(handled.outcome(), Some(Outcome::Verified));
        }
    });
}

#[test]
fn after_a_crash_between_write_and_outcome_the_redelivery_verifies_instead_of_writing() {
    run(async {
        for (call, fault) in
            [(8, Fault::CrashAfter), (9, Fault::CrashBefore), (10, Fault::CrashBefore)]
        {
            let mut stage = Stage::new(&[OPEN]);
            stage.script.fail(call, fault);
            stage.deliver(&event("e")).await.unwrap_err();
            let [entry] = stage.entries().try_into().unwrap();
            assert_eq!(entry.state, EntryState::Intended);
            stage.clock.advance(60);
            stage.deliver(&event("e")).await.unwrap();
            let [entry] = stage.entries().try_into().unwrap();
            assert_eq!(entry.outcome, Some(Outcome::Verified));
            assert_eq!(entry.left_state, Some(json!(State::of(&[]))));
            assert_eq!(stage.writes(), 1, "call {call}");
            assert_eq!(stage.told(), [format!("{OPEN} verified")]);
        }
    });
}

#[test]
fn a_preview_reads_and_decides_and_touches_nothing_else() {
    run(async {
        let stage = Stage::new(&[OPEN, OPEN_TOO, MARKED, TOLD]);
        let event = event("e").event();
        let delivery = respond::Delivery {
            event: &event,
            payload: "",
            attempt: 0,
            holder: "h",
            deadline: event_time(),
        };
        let pipeline = stage.pipeline();
        let preview = pipeline.preview(&delivery, Posture::Enforce).await.unwrap();
        assert_eq!(stage.calls(), ["cloud.observe"]);
        let operations: Vec<&str> = preview
            .remedies
            .iter()
            .flat_map(|remedy| &remedy.operations)
            .map(|operation| operation.operation.as_str())
            .collect();
        assert_eq!(operations, ["toy:Put", "toy:Mark"]);
        let outcomes: Vec<(&str, Outcome)> = preview
            .handled
            .findings
            .iter()
            .map(|finding| (finding.code.as_str(), finding.outcome))
            .collect();
        let expected = [
            (OPEN, Outcome::Verified),
            (OPEN_TOO, Outcome::Verified),
            (MARKED, Outcome::Tagged),
            (TOLD, Outcome::Alerted),
        ];
        assert_eq!(outcomes, expected);
        let observe = pipeline.preview(&delivery, Posture::Observe).await.unwrap();
        assert!(observe.remedies.is_empty());
    });
}

#[test]
fn an_event_of_another_kind_is_not_covered() {
    run(async {
        let mut stage = Stage::new(&[OPEN]);
        let handled = stage.deliver(&EventBuilder::new("GetBucketAcl")).await.unwrap();
        assert_eq!(handled.reason.as_deref(), Some("not_covered"));
        assert!(stage.calls().is_empty());
    });
}

#[test]
fn what_is_handled_can_be_written_as_json() {
    run(async {
        let mut stage = Stage::new(&[OPEN]);
        let handled = stage.deliver(&event("e")).await.unwrap();
        let value: Value = serde_json::to_value(&handled).unwrap();
        assert_eq!(value["control"], "toy");
        assert_eq!(value["findings"][0]["outcome"], "verified");
        assert_eq!(value["findings"][0]["told"], "told");
    });
}
