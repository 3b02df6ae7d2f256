//! The promises of the ledger, over every order in which things can happen.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

use std::collections::BTreeSet;

use ledger::{
    Claim, ClaimKey, Entry, EntryId, EntryState, Fingerprint, Lease, Memory, Telling, claim,
    history, table, window,
};
use model::{Actor, Decision, Outcome, Posture, Resource, Response, Timestamp};
use proptest::prelude::*;
use serde_json::Value;

fn time(seconds: i64) -> Timestamp {
    Timestamp::from_timestamp(1_767_323_045_i64.saturating_add(seconds), 0).unwrap()
}

fn key(event_id: &str) -> ClaimKey {
    ClaimKey {
        control: "s3-public-acl".to_owned(),
        account: "111122223333".into(),
        region: "eu-west-1".to_owned(),
        event_id: event_id.to_owned(),
        resource: "arn:aws:s3:::amzn-s3-demo-bucket".to_owned(),
        attempt: 0,
    }
}

fn bucket(name: &str) -> Resource {
    Resource::bucket(name, "111122223333".into(), "eu-west-1")
}

fn entry(event_id: &str, resource: Resource, at: i64) -> Entry {
    Entry {
        id: EntryId::of(&key(event_id), "code", 0),
        at: time(at),
        control: "s3-public-acl".to_owned(),
        code: "code".to_owned(),
        step: 0,
        findings: Vec::new(),
        event_id: event_id.to_owned(),
        resource,
        actor: Actor::unknown(),
        posture: Posture::Enforce,
        decision: Decision { response: Response::Revert, because: vec![], errors: vec![] },
        needs: Response::Revert,
        prior_state: Value::Null,
        remedy: Value::Null,
        operations: vec![],
        inverse: None,
        left_state: None,
        moved_from: None,
        written_at: None,
        state: EntryState::Intended,
        outcome: None,
        request_ids: vec![],
        error: None,
    }
}

/// A worker that follows the contract of [`table`]: read, ask, put under the condition, and when
/// that fails read again.
#[derive(Debug, Clone)]
struct Worker {
    name: usize,
    hand: Hand,
    answer: Option<Claim>,
}

/// Where a worker stands between two acts.
#[derive(Debug, Clone)]
enum Hand {
    /// It has to read.
    Empty,
    /// It has read this, and has to put.
    Full(Option<table::Item>),
}

impl Worker {
    /// One atomic act on the table: a read or a conditional put.
    fn act(&mut self, memory: &mut Memory, now: Timestamp) {
        if self.answer.is_some() {
            return;
        }
        let at = table::claim_key(&key("e"));
        let Hand::Full(read) = std::mem::replace(&mut self.hand, Hand::Empty) else {
            self.hand = Hand::Full(memory.get(&at).cloned());
            return;
        };
        let until = now.checked_add_signed(chrono::TimeDelta::seconds(30)).unwrap();
        let lease = Lease { holder: self.name.to_string(), until };
        let step = table::claim(read.as_ref(), &key("e"), &lease, now).unwrap();
        let stored = step.write.is_none_or(|write| memory.transact(vec![write]));
        if stored {
            self.answer = Some(step.answer);
        }
    }
}

fn is_ours(claim: Option<&Claim>) -> bool {
    matches!(claim, Some(Claim::Taken | Claim::Resumed))
}

proptest! {
    /// S-2: however the reads and puts of several claimants interleave, one of them wins.
    #[test]
    fn of_many_claims_at_once_exactly_one_wins(
        order in prop::collection::vec(0..4_usize, 0..60),
        guess in any::<[bool; 4]>(),
    ) {
        let mut memory = Memory::new();
        let mut workers: Vec<Worker> = (0..4)
            // Some begin with a guess instead of a read: that nobody was here.
            .map(|name| Worker {
                name,
                hand: if guess[name] { Hand::Full(None) } else { Hand::Empty },
                answer: None,
            })
            .collect();
        for worker in order {
            workers[worker].act(&mut memory, time(0));
            let winners = workers.iter().filter(|worker| is_ours(worker.answer.as_ref())).count();
            prop_assert!(winners <= 1);
        }
        // Given time enough, everybody has an answer and somebody has the claim.
        for _ in 0..20 {
            for worker in &mut workers {
                worker.act(&mut memory, time(0));
            }
        }
        let winners = workers.iter().filter(|worker| is_ours(worker.answer.as_ref())).count();
        prop_assert_eq!(winners, 1);
        prop_assert!(workers.iter().all(|worker| worker.answer.is_some()));
    }

    /// Of several that find the lease run out, one takes over.
    #[test]
    fn an_expired_lease_is_taken_over_by_exactly_one(
        order in prop::collection::vec(0..4_usize, 0..60),
    ) {
        let mut memory = Memory::new();
        let dead = Lease { holder: "dead".to_owned(), until: time(30) };
        memory.claim(&key("e"), &dead, time(0)).unwrap();
        let mut workers: Vec<Worker> =
            (0..4).map(|name| Worker { name, hand: Hand::Empty, answer: None }).collect();
        for worker in order.into_iter().chain((0..4).cycle().take(80)) {
            workers[worker].act(&mut memory, time(31));
        }
        let answers: Vec<_> = workers.iter().filter_map(|it| it.answer.as_ref()).collect();
        prop_assert_eq!(answers.len(), 4);
        let resumed = answers.iter().filter(|answer| ***answer == Claim::Resumed).count();
        prop_assert_eq!(resumed, 1);
        prop_assert!(!answers.contains(&&Claim::Taken));
    }

    /// A claim follows its life: held while leased, taken over after, done for good once done.
    #[test]
    fn done_stays_done_and_a_live_lease_is_respected(
        acts in prop::collection::vec((any::<bool>(), 0..100_i64, 1..60_i64), 1..40),
    ) {
        let mut memory = Memory::new();
        let mut now = 0_i64;
        let mut leased_until: Option<i64> = None;
        let mut done = false;
        for (claims, pause, length) in acts {
            now = now.saturating_add(pause);
            if claims {
                let until = now.saturating_add(length);
                let lease = Lease { holder: "h".to_owned(), until: time(until) };
                let claim = memory.claim(&key("e"), &lease, time(now)).unwrap();
                let expected = match leased_until {
                    _ if done => Claim::Done { outcome: Some(Outcome::Verified) },
                    Some(until) if until > now => Claim::Held { until: time(until) },
                    Some(_) => Claim::Resumed,
                    None => Claim::Taken,
                };
                if matches!(claim, Claim::Taken | Claim::Resumed) {
                    leased_until = Some(until);
                }
                prop_assert_eq!(claim, expected);
            } else if pause > 50 {
                let outcome = if done { Outcome::Failed } else { Outcome::Verified };
                memory.release(&key("e"), Some(outcome), time(now)).unwrap();
                done = true;
            }
        }
    }

    /// S-13: the breaker counts just what began within the hour, of this resource and this account.
    #[test]
    fn history_counts_the_hour_and_nothing_else(
        times in prop::collection::vec((0..3_usize, 0..10_000_i64), 0..40),
        now in 0..10_000_i64,
    ) {
        let mut memory = Memory::new();
        let buckets = ["amzn-s3-demo-a", "amzn-s3-demo-b", "amzn-s3-demo-c"];
        for (number, (which, at)) in times.iter().enumerate() {
            let entry = entry(&number.to_string(), bucket(buckets[*which]), *at);
            // However often it is written.
            prop_assert!(memory.record(&entry).unwrap());
            prop_assert!(memory.record(&entry).unwrap());
        }
        let within = |at: i64| at >= now.saturating_sub(history::WINDOW_SECONDS);
        for (index, name) in buckets.iter().enumerate() {
            let seen = memory.history(&bucket(name), time(now));
            let of_resource = times.iter().filter(|(which, at)| *which == index && within(*at));
            let of_account = times.iter().filter(|(_, at)| within(*at));
            prop_assert_eq!(seen.resource_reverts as usize, of_resource.count());
            prop_assert_eq!(seen.account_reverts as usize, of_account.count());
        }
    }

    /// What came to nothing is taken off the count again, and what is read back is what was noted.
    #[test]
    fn what_was_not_written_is_not_counted(outcomes in prop::collection::vec(0..8_usize, 0..12)) {
        const OUTCOMES: [Outcome; 8] = [
            Outcome::Alerted, Outcome::Excepted, Outcome::Tagged, Outcome::Verified,
            Outcome::Failed, Outcome::AlreadyRight, Outcome::Conflict, Outcome::InDoubt,
        ];
        let mut memory = Memory::new();
        let mut counted = 0_usize;
        for (number, outcome) in outcomes.iter().enumerate() {
            let mut entry = entry(&number.to_string(), bucket("amzn-s3-demo-a"), 0);
            memory.record(&entry).unwrap();
            entry.state = EntryState::Finished;
            entry.outcome = Some(OUTCOMES[*outcome]);
            memory.record(&entry).unwrap();
            if entry.counts_as_revert() {
                counted = counted.saturating_add(1);
            }
            let stored = memory.entry(&entry.id).unwrap();
            prop_assert_eq!(stored.as_ref(), Some(&entry));
        }
        let seen = memory.history(&bucket("amzn-s3-demo-a"), time(0));
        prop_assert_eq!(seen.resource_reverts as usize, counted);
        let reverts = memory.reverts(&bucket("amzn-s3-demo-a"), time(0)).unwrap();
        prop_assert_eq!(reverts.len(), counted);
    }

    /// S-6: an entry never goes back, whoever is late, and a late write changes nothing at all.
    #[test]
    fn entries_never_go_back(states in prop::collection::vec(0..3_usize, 1..12)) {
        const STATES: [EntryState; 3] =
            [EntryState::Intended, EntryState::Finished, EntryState::Undone];
        let mut memory = Memory::new();
        let mut furthest: Option<EntryState> = None;
        for state in states {
            let state = STATES[state];
            let outcome = (state != EntryState::Intended).then_some(Outcome::Conflict);
            let entry = Entry { state, outcome, ..entry("e", bucket("amzn-s3-demo-a"), 0) };
            let before = memory.clone();
            let written = memory.record(&entry).unwrap();
            prop_assert_eq!(written, furthest.is_none_or(|furthest| furthest <= state));
            if written {
                furthest = Some(state);
            } else {
                prop_assert_eq!(&memory, &before);
            }
            prop_assert_eq!(memory.entry(&entry.id).unwrap().map(|it| it.state), furthest);
        }
    }

    /// S-25: told at most once per window, and the counts add up to everything that came.
    #[test]
    fn alerts_are_told_once_per_window_and_nothing_is_left_uncounted(
        pauses in prop::collection::vec(0..2_000_i64, 1..60),
    ) {
        let fingerprint = Fingerprint {
            control: "s3-public-acl".to_owned(),
            code: "code".to_owned(),
            title: "title".to_owned(),
            resource: "arn".to_owned(),
            actor: "actor".to_owned(),
            outcome: Outcome::Alerted,
        };
        let mut memory = Memory::new();
        let (mut now, mut last_told, mut counted) = (0_i64, None::<i64>, 0_u32);
        for pause in pauses {
            now = now.saturating_add(pause);
            match memory.telling(&fingerprint, time(now)).unwrap() {
                Telling::Tell { repeats } => {
                    if let Some(last) = last_told {
                        prop_assert!(now.saturating_sub(last) >= window::WINDOW_SECONDS);
                    }
                    prop_assert_eq!(repeats, counted);
                    memory.told(&fingerprint, time(now)).unwrap();
                    (last_told, counted) = (Some(now), 0);
                }
                Telling::Count { repeats } => {
                    counted = counted.saturating_add(1);
                    prop_assert_eq!(repeats, counted);
                }
            }
        }
        prop_assert!(last_told.is_some());
    }

    /// Whoever asks and then dies leaves nobody untold.
    #[test]
    fn until_somebody_says_that_it_is_out_everybody_is_to_tell(times in 1..20_u32) {
        let mut memory = Memory::new();
        let fingerprint = Fingerprint {
            control: String::new(),
            code: String::new(),
            title: String::new(),
            resource: String::new(),
            actor: String::new(),
            outcome: Outcome::Failed,
        };
        for _ in 0..times {
            let telling = memory.telling(&fingerprint, time(0)).unwrap();
            prop_assert_eq!(telling, Telling::Tell { repeats: 0 });
        }
    }

    /// Names keep apart whatever others choose as theirs.
    #[test]
    fn keys_of_different_work_never_meet(parts in prop::collection::vec(".{0,12}", 4)) {
        let one = ClaimKey {
            event_id: parts[0].clone(),
            resource: parts[1].clone(),
            ..key("e")
        };
        let other = ClaimKey {
            event_id: parts[2].clone(),
            resource: parts[3].clone(),
            ..key("e")
        };
        let keys: BTreeSet<table::Key> =
            [table::claim_key(&one), table::claim_key(&other)].into();
        prop_assert_eq!(keys.len() == 1, one == other);
        for key in keys {
            prop_assert!(key.pk.len() <= 64 && key.pk.is_ascii());
        }
    }
}

#[test]
fn an_item_of_other_work_under_the_same_key_is_refused_not_believed() {
    let mut memory = Memory::new();
    let lease = Lease { holder: "h".to_owned(), until: time(30) };
    memory.claim(&key("e"), &lease, time(0)).unwrap();
    let item = memory.get(&table::claim_key(&key("e"))).unwrap();
    let error = table::claim(Some(item), &key("f"), &lease, time(0)).unwrap_err();
    assert!(matches!(error, table::TableError::Foreign { .. }), "{error}");
    let mut damaged = item.clone();
    damaged.attributes.remove(table::BODY);
    let error = table::claim(Some(&damaged), &key("e"), &lease, time(0)).unwrap_err();
    assert!(error.to_string().contains("body"), "{error}");
}

#[test]
fn a_claims_item_can_be_read_by_people_and_expires_after_any_redelivery() {
    let mut memory = Memory::new();
    let lease = Lease { holder: "h".to_owned(), until: time(30) };
    memory.claim(&key("e"), &lease, time(0)).unwrap();
    let item = memory.get(&table::claim_key(&key("e"))).unwrap();
    assert_eq!(item.text(table::KIND), Some("claim"));
    assert_eq!(item.text("state"), Some("leased"));
    assert_eq!(item.text("resource"), Some("arn:aws:s3:::amzn-s3-demo-bucket"));
    let expires = item.number(table::EXPIRES).unwrap();
    let earliest = u64::try_from(time(16 * 86_400).timestamp()).unwrap();
    assert!(expires >= earliest);
    assert_eq!(claim::RETENTION_DAYS, 17);
}

#[test]
fn conditions_say_in_dynamodbs_words_what_they_check_here() {
    use table::{Attribute, Condition};
    assert_eq!(Condition::Always.expression(), None);
    for (condition, text, values) in [
        (Condition::Absent, "attribute_not_exists(#pk)", vec![]),
        (
            Condition::Revision(7),
            "#revision = :revision",
            vec![(":revision", Attribute::Number(7))],
        ),
        (
            Condition::RankAtMost(2),
            "attribute_not_exists(#pk) OR #rank <= :rank",
            vec![(":rank", Attribute::Number(2))],
        ),
    ] {
        let expression = condition.expression().unwrap();
        assert_eq!((expression.text, expression.values), (text, values));
        // Every placeholder is defined, and nothing else.
        for (name, _) in &expression.names {
            assert!(text.contains(name));
        }
    }
    assert!(Condition::Absent.holds(None));
    assert!(!Condition::Revision(1).holds(None));
    assert!(Condition::RankAtMost(1).holds(None));
}
