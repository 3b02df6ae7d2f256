//! What lifecycle rules delete sooner, and which are gone.

use model::Confidence;
use serde_json::{Value, json};

use super::{super::*, call};
use crate::test_support::target;

#[expect(clippy::needless_pass_by_value, reason = "`json!` at the call reads better")]
fn rules(list: Value) -> Lifecycle {
    serde_json::from_value(json!({"Rules": list})).unwrap()
}

/// The rule of the name `id`, for everything, with further members.
#[expect(clippy::needless_pass_by_value, reason = "`json!` at the call reads better")]
fn rule(id: &str, members: Value) -> Value {
    let mut rule = json!({"ID": id, "Status": "Enabled", "Filter": {"Prefix": ""}});
    rule.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    rule
}

fn days(id: &str, days: u32) -> Value {
    rule(id, json!({"Expiration": {"Days": days}}))
}

fn found(
    now: Value,
    before: Option<Value>,
    floor: Option<u32>,
) -> Vec<(String, Confidence, Option<Lifecycle>)> {
    let mut state = SafeguardsState::default();
    state.seen.lifecycle = Some(rules(now));
    state.baseline.lifecycle = before.map(rules);
    let trust = floor.map_or_else(Trust::default, |days| {
        let text = format!("[[bucket_floors]]\nbuckets = \"*\"\nretention_days = {days}");
        Trust::parse(&text).unwrap()
    });
    let about = target(&S3BucketSafeguards, &call("PutBucketLifecycle", "lifecycle", json!("")));
    let findings = S3BucketSafeguards.assess(&about, &state, &trust);
    let of = |finding: Finding<SafeguardRemedy>| {
        let after = finding.remedies.into_iter().next().map(|remedy| {
            let SafeguardRemedy::Put { after: Setting::Lifecycle(after), .. } = remedy else {
                panic!("another setting is written")
            };
            after
        });
        assert_eq!(after.is_none(), finding.held_back.is_some());
        (finding.code, finding.confidence, after)
    };
    findings.into_iter().map(of).collect()
}

/// The one finding, which is certain, with what its remedy leaves.
fn mended(now: Value, before: Option<Value>, floor: Option<u32>) -> (String, Lifecycle) {
    let told = found(now, before, floor);
    match told.as_slice() {
        [(code, Confidence::Certain, Some(after))] => (code.clone(), after.clone()),
        other => panic!("{other:?}"),
    }
}

const BELOW: &str = "s3-lifecycle-weakened";
const SOONER: &str = "s3-lifecycle-weakened:sooner";
const REMOVED: &str = "s3-lifecycle-weakened:removed";
const EARLY: &str = "s3-lifecycle-weakened:early";

#[test]
fn a_floor_holds_for_every_rule_and_changes_the_offending_ones_alone() {
    let foreign = rule(
        "foreign",
        json!({"Filter": {"Prefix": "in/"}, "Transitions": [{"Days": 30, "StorageClass": "GLACIER"}]}),
    );
    let (off, late) =
        (rule("off", json!({"Status": "Disabled", "Expiration": {"Days": 1}})), days("late", 400));
    let narrow = |days: u32| {
        rule(
            "narrow",
            json!({"Filter": {"Prefix": "tmp/"}, "Expiration": {"Days": days},
            "NoncurrentVersionExpiration": {"NoncurrentDays": days, "NewerNoncurrentVersions": 2}}),
        )
    };
    let now = json!([foreign, narrow(7), off, late]);
    let after = rules(json!([foreign, narrow(365), off, late]));
    assert_eq!(mended(now, None, Some(365)), (BELOW.to_owned(), after));
    assert_eq!(found(json!([foreign, narrow(365), off, late]), None, Some(365)), []);
    // A date cannot be held against days: whatever is old by then goes at once. Days in its place
    // would let go today what is older than they are, and so the rule deletes no more.
    let dated = rule("dated", json!({"Expiration": {"Date": "2030-01-01T00:00:00Z"}}));
    let mut off = dated.clone();
    off["Status"] = json!("Disabled");
    assert_eq!(mended(json!([dated]), None, Some(30)), (BELOW.to_owned(), rules(json!([off]))));
    let dated = |days: u32| {
        rule(
            "dated",
            json!({"Expiration": {"Date": "2030-01-01T00:00:00Z"},
            "NoncurrentVersionExpiration": {"NoncurrentDays": days}}),
        )
    };
    let after = rules(json!([rule(
        "dated",
        json!({"NoncurrentVersionExpiration": {"NoncurrentDays": 30}})
    )]));
    assert_eq!(mended(json!([dated(1)]), None, Some(30)), (BELOW.to_owned(), after));
    // In one rule dates and days do not go together: it goes on moving, and deletes no more.
    let moving =
        json!({"Transitions": [{"Date": "2029-01-01T00:00:00Z", "StorageClass": "GLACIER"}]});
    let mut both = moving.clone();
    both["Expiration"] = json!({"Date": "2030-01-01T00:00:00Z"});
    let after = rules(json!([rule("both", moving)]));
    assert_eq!(mended(json!([rule("both", both)]), None, Some(30)), (BELOW.to_owned(), after));
}

#[test]
fn a_rule_deletes_no_sooner_than_it_did() {
    let (now, before) =
        (json!([days("a", 1), days("b", 90)]), json!([days("a", 365), days("b", 30)]));
    let after = rules(json!([days("a", 365), days("b", 90)]));
    assert_eq!(mended(now, Some(before), None), (SOONER.to_owned(), after));
    // It only moved data before.
    let moving = json!({"Transitions": [{"Days": 30, "StorageClass": "GLACIER"}]});
    let mut deleting = moving.clone();
    deleting["Expiration"] = json!({"Days": 31});
    let before = json!([rule("a", moving)]);
    let told = mended(json!([rule("a", deleting)]), Some(before.clone()), None);
    assert_eq!(told, (SOONER.to_owned(), rules(before.clone())));
    // And now does nothing but delete: it moves again.
    let told = mended(json!([days("a", 31)]), Some(before.clone()), None);
    assert_eq!(told, (SOONER.to_owned(), rules(before)));
    // Noncurrent versions.
    let noncurrent =
        |days: u32| rule("a", json!({"NoncurrentVersionExpiration": {"NoncurrentDays": days}}));
    let told = mended(json!([noncurrent(1)]), Some(json!([noncurrent(90)])), None);
    assert_eq!(told, (SOONER.to_owned(), rules(json!([noncurrent(90)]))));
    // Later is no weaker.
    assert_eq!(found(json!([days("a", 400)]), Some(json!([days("a", 365)])), None), []);
}

#[test]
fn dates_are_days_however_they_are_written() {
    let dated = |date: &str| json!([rule("a", json!({"Expiration": {"Date": date}}))]);
    let before = dated("2030-01-01T00:00:00Z");
    assert_eq!(found(dated("2030-01-01T00:00:00.000Z"), Some(before.clone()), None), []);
    assert_eq!(found(dated("2031-01-01T00:00:00Z"), Some(before.clone()), None), []);
    let told = mended(dated("2029-12-31T00:00:00.000Z"), Some(before.clone()), None);
    assert_eq!(told, (SOONER.to_owned(), rules(before.clone())));
    // A date where there were days: it deletes no more, since days could let go at once what the
    // date leaves for years.
    let mut off = before[0].clone();
    off["Status"] = json!("Disabled");
    let told = mended(before, Some(json!([days("a", 365)])), None);
    assert_eq!(told, (SOONER.to_owned(), rules(json!([off]))));
}

#[test]
fn a_rule_keeps_no_fewer_versions_than_it_did() {
    let keeping = |id: &str, days: u32, count: Option<u32>| {
        let mut expiration = json!({"NoncurrentDays": days});
        if let Some(count) = count {
            expiration["NewerNoncurrentVersions"] = json!(count);
        }
        rule(id, json!({"NoncurrentVersionExpiration": expiration}))
    };
    let before = json!([keeping("a", 30, Some(10))]);
    for count in [Some(1), Some(9), None] {
        let told = mended(json!([keeping("a", 30, count)]), Some(before.clone()), None);
        assert_eq!(told, (SOONER.to_owned(), rules(before.clone())), "{count:?}");
    }
    // Later, but fewer: the days stay, the count comes back.
    let told = mended(json!([keeping("a", 90, Some(1))]), Some(before.clone()), None);
    assert_eq!(told, (SOONER.to_owned(), rules(json!([keeping("a", 90, Some(10))]))));
    for now in [keeping("a", 30, Some(10)), keeping("a", 30, Some(100))] {
        assert_eq!(found(json!([now]), Some(before.clone()), None), []);
    }
    // A new rule beside it that keeps fewer.
    let new = keeping("new", 30, None);
    let mut off = new.clone();
    off["Status"] = json!("Disabled");
    let told = mended(json!([before[0], new]), Some(before.clone()), None);
    assert_eq!(told, (SOONER.to_owned(), rules(json!([before[0], off]))));
    let new = keeping("new", 30, Some(10));
    assert_eq!(found(json!([before[0], new]), Some(before.clone()), None), []);
}

#[test]
fn a_rule_deletes_no_more_than_it_did() {
    let narrow = |filter: Value| rule("a", json!({"Filter": filter, "Expiration": {"Days": 30}}));
    let tagged = json!({"And": {"Prefix": "tmp/", "Tags": [{"Key": "k", "Value": "v"}]}});
    for (was, now) in [
        (json!({"Prefix": "tmp/"}), json!({})),
        (json!({"Prefix": "tmp/"}), json!({"Prefix": "data/"})),
        (json!({"Prefix": "tmp/"}), json!({"Prefix": "tm"})),
        (tagged.clone(), json!({"Prefix": "tmp/"})),
        (json!({"ObjectSizeGreaterThan": 1000}), json!({"ObjectSizeGreaterThan": 1})),
        (json!({"ObjectSizeLessThan": 1000}), json!({})),
    ] {
        let before = json!([narrow(was.clone())]);
        let told = mended(json!([narrow(now)]), Some(before.clone()), None);
        assert_eq!(told, (SOONER.to_owned(), rules(before)), "{was}");
    }
    for (was, now) in [
        (json!({}), json!({"Prefix": "tmp/"})),
        (json!({"Prefix": ""}), json!({})),
        (json!({"Prefix": "tmp/"}), json!({"Prefix": "tmp/old/"})),
        (json!({"Prefix": "tmp/"}), tagged),
        (json!({"ObjectSizeLessThan": 1000}), json!({"ObjectSizeLessThan": 10})),
    ] {
        let before = json!([narrow(was)]);
        assert_eq!(found(json!([narrow(now.clone())]), Some(before), None), [], "{now}");
    }
    // The prefix of a rule from before there were filters is one all the same.
    let old =
        json!([{"ID": "a", "Status": "Enabled", "Prefix": "tmp/", "Expiration": {"Days": 30}}]);
    assert_eq!(found(old.clone(), Some(json!([narrow(json!({"Prefix": "tmp/"}))])), None), []);
    let told = mended(json!([narrow(json!({}))]), Some(old.clone()), None);
    assert_eq!(told, (SOONER.to_owned(), rules(old)));
}

#[test]
fn a_new_rule_for_the_whole_bucket_is_switched_off_and_one_for_a_part_is_let_be() {
    let before = json!([days("year", 365)]);
    let off = |mut rule: Value| {
        rule["Status"] = json!("Disabled");
        rule
    };
    let noncurrent = rule("new", json!({"NoncurrentVersionExpiration": {"NoncurrentDays": 1}}));
    for new in [days("new", 1), noncurrent] {
        let now = json!([days("year", 365), new]);
        let after = rules(json!([days("year", 365), off(new)]));
        assert_eq!(mended(now, Some(before.clone()), None), (SOONER.to_owned(), after));
    }
    let part = rule("new", json!({"Filter": {"Prefix": "tmp/"}, "Expiration": {"Days": 1}}));
    assert_eq!(found(json!([days("year", 365), part]), Some(before.clone()), None), []);
    assert_eq!(found(json!([days("year", 365), days("new", 400)]), Some(before), None), []);
    // A rule that was off is as new.
    let told = mended(json!([days("a", 1)]), Some(json!([off(days("a", 1))])), None);
    assert_eq!(told, (SOONER.to_owned(), rules(json!([off(days("a", 1))]))));
}

#[test]
fn rules_that_are_gone_come_back_without_what_deletes() {
    let both = rule(
        "both",
        json!({"Expiration": {"Days": 365}, "Transitions": [{"Days": 30, "StorageClass": "GLACIER"}]}),
    );
    let kept = rule("both", json!({"Transitions": [{"Days": 30, "StorageClass": "GLACIER"}]}));
    let told = mended(json!([]), Some(json!([both])), None);
    assert_eq!(told, (REMOVED.to_owned(), rules(json!([kept]))));
    // Shortened to nothing but what it moved, and off.
    let mut off = kept.clone();
    off["Status"] = json!("Disabled");
    let told = mended(json!([off]), Some(json!([both.clone()])), None);
    assert_eq!(told, (REMOVED.to_owned(), rules(json!([kept.clone()]))));
    // What would delete is told and not brought back, and does not hold up the rest.
    let told = found(json!([]), Some(json!([days("a", 30), both])), None);
    let after: Vec<_> =
        told.iter().map(|(code, _, after)| (code.as_str(), after.clone())).collect();
    assert_eq!(after, [(REMOVED, Some(rules(json!([kept])))), (REMOVED, None)]);
    let [(_, _, after)] = &found(json!([]), Some(json!([days("a", 30)])), None)[..] else {
        panic!()
    };
    assert_eq!(*after, None);
    // What was off is not missed.
    let mut was_off = days("a", 30);
    was_off["Status"] = json!("Disabled");
    assert_eq!(found(json!([]), Some(json!([was_off])), None), []);
}

#[test]
fn two_rules_that_are_alike_but_for_what_deletes_both_come_back() {
    let moves = json!({"Transitions": [{"Days": 1, "StorageClass": "GLACIER"}]});
    let mut deletes = moves.clone();
    deletes["NoncurrentVersionExpiration"] = json!({"NoncurrentDays": 1});
    let before = json!([rule("a", deletes), rule("b", moves.clone())]);
    let (code, after) = mended(json!([]), Some(before), None);
    assert_eq!(code, REMOVED);
    assert_eq!(after, rules(json!([rule("a", moves.clone()), rule("b", moves)])));
}

#[test]
fn a_lifecycle_that_a_call_deleted_is_told_where_nothing_is_known_of_it() {
    let deleted = call("DeleteBucketLifecycle", "lifecycle", json!(""));
    let about = target(&S3BucketSafeguards, &deleted);
    for (now, before, expected) in [
        (json!([]), None, vec![(REMOVED, Confidence::Probable)]),
        // Somebody set it again.
        (json!([days("a", 365)]), None, vec![]),
        (json!([]), Some(json!([])), vec![]),
        (json!([]), Some(json!([days("a", 365)])), vec![(REMOVED, Confidence::Certain)]),
    ] {
        let mut state = SafeguardsState::default();
        state.seen.lifecycle = Some(rules(now.clone()));
        state.baseline.lifecycle = before.clone().map(rules);
        let findings = S3BucketSafeguards.assess(&about, &state, &Trust::default());
        assert!(findings.iter().all(|finding| finding.held_back.is_some()));
        let told: Vec<_> =
            findings.iter().map(|finding| (finding.code.as_str(), finding.confidence)).collect();
        assert_eq!(told, expected, "{now} {before:?}");
    }
}

#[test]
fn a_bucket_that_is_emptied_within_days_is_told_where_nothing_is_known() {
    let star =
        |days: u32| rule("a", json!({"Filter": {"Prefix": "*"}, "Expiration": {"Days": days}}));
    let trail = rule("a", json!({"Filter": {"Prefix": "AWSLogs/"}, "Expiration": {"Days": 1}}));
    let dated = rule("a", json!({"Expiration": {"Date": "2026-11-04T00:00:00Z"}}));
    for now in [days("a", 1), days("a", 6), star(1), trail, dated] {
        assert_eq!(
            found(json!([now]), None, None),
            [(EARLY.to_owned(), Confidence::Probable, None)]
        );
    }
    let part = rule("a", json!({"Filter": {"Prefix": "tmp/"}, "Expiration": {"Days": 1}}));
    let off = rule("a", json!({"Status": "Disabled", "Expiration": {"Days": 1}}));
    let marker = rule("a", json!({"Expiration": {"ExpiredObjectDeleteMarker": true}}));
    for now in [days("a", 7), star(30), part, off, marker] {
        assert_eq!(found(json!([now]), None, None), []);
    }
    // A star stands for itself: what it does is told and never undone.
    let before = Some(json!([days("year", 365)]));
    let now = json!([days("year", 365), star(1)]);
    assert_eq!(found(now.clone(), before, None), [(EARLY.to_owned(), Confidence::Probable, None)]);
    assert_eq!(found(now.clone(), Some(now), None), []);
}
