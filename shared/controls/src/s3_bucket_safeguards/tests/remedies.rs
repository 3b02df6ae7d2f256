//! Remedies of one write, and what holds of all of them.

use std::collections::BTreeMap;

use model::{
    Remedy, Response,
    trust::{FloorEncryption, LockMode},
};
use proptest::{collection::vec, option, prelude::*, sample::select};
use serde_json::json;

use super::{super::*, call};
use crate::{s3::ObjectOwnership, test_support::target};

fn put(before: &Setting, after: &Setting) -> SafeguardRemedy {
    let resource = target(&S3BucketSafeguards, &call("CreateBucket", "x", json!(""))).resource;
    SafeguardRemedy::Put { resource, before: before.clone(), after: after.clone() }
}

#[expect(clippy::needless_pass_by_value, reason = "`json!` at the call reads better")]
fn lifecycle(rules: Value) -> Setting {
    Setting::Lifecycle(serde_json::from_value(json!({"Rules": rules})).unwrap())
}

#[test]
fn findings_about_one_setting_are_one_write() {
    let s3 = Encryption::s3();
    let stronger = Encryption { algorithm: Some("aws:kms".to_owned()), ..s3.clone() };
    let blocking = Encryption { blocked: Some(vec!["SSE-C".to_owned()]), ..s3.clone() };
    let both = Encryption { blocked: blocking.blocked.clone(), ..stronger.clone() };
    let of = Setting::Encryption;
    let one = put(&of(s3.clone()), &of(stronger));
    let other = put(&of(s3.clone()), &of(blocking));
    assert_eq!(one.join(&other), Some(put(&of(s3.clone()), &of(both.clone()))));
    assert_eq!(other.join(&one), Some(put(&of(s3), &of(both))));

    let rule = |id: &str, prefix: &str, days: u32, status: &str| json!({"ID": id, "Status": status, "Filter": {"Prefix": prefix}, "Expiration": {"Days": days}});
    let moving = json!({"ID": "gone", "Status": "Enabled", "Filter": {},
        "Transitions": [{"Days": 30, "StorageClass": "GLACIER"}]});
    let was = lifecycle(json!([rule("a", "", 1, "Enabled"), rule("b", "", 1, "Enabled")]));
    let by_floor = lifecycle(json!([rule("a", "", 90, "Enabled"), rule("b", "", 90, "Enabled")]));
    let by_before =
        lifecycle(json!([rule("a", "tmp/", 30, "Enabled"), rule("b", "", 1, "Disabled"), moving]));
    let joined = put(&was, &by_floor).join(&put(&was, &by_before)).unwrap();
    let turned = put(&was, &by_before).join(&put(&was, &by_floor)).unwrap();
    // Narrow as before, as long as the floor, off where one switches off.
    let expected =
        lifecycle(json!([rule("a", "tmp/", 90, "Enabled"), rule("b", "", 90, "Disabled"), moving]));
    assert_eq!(joined, put(&was, &expected));
    assert_eq!(turned, joined);
    // Of noncurrent versions the days of the one and the count of the other.
    let versions = |days: u32, count: u32| {
        lifecycle(json!([{"ID": "a", "Status": "Enabled", "NoncurrentVersionExpiration":
            {"NoncurrentDays": days, "NewerNoncurrentVersions": count}}]))
    };
    let was = versions(1, 1);
    let joined = put(&was, &versions(90, 1)).join(&put(&was, &versions(1, 10)));
    assert_eq!(joined, Some(put(&was, &versions(90, 10))));
    // It only moved data before, and a floor gives days to what deletes now: it moves again.
    let was = lifecycle(json!([rule("a", "", 1, "Enabled")]));
    let by_floor = lifecycle(json!([rule("a", "", 90, "Enabled")]));
    let by_before = lifecycle(json!([{"ID": "a", "Status": "Enabled", "Filter": {"Prefix": ""},
        "Transitions": [{"Days": 30, "StorageClass": "GLACIER"}]}]));
    let joined = put(&was, &by_floor).join(&put(&was, &by_before));
    assert_eq!(joined, Some(put(&was, &by_before)));
    assert_eq!(put(&was, &by_before).join(&put(&was, &by_floor)), joined);
    // A floor takes no date, whatever there was before.
    let dated = json!({"ID": "a", "Status": "Enabled", "Filter": {"Prefix": ""},
        "Expiration": {"Date": "2030-01-01T00:00:00Z"}});
    let was = lifecycle(json!([rule("a", "", 1, "Enabled")]));
    let by_floor = lifecycle(json!([rule("a", "", 90, "Enabled")]));
    let joined = put(&was, &lifecycle(json!([dated]))).join(&put(&was, &by_floor));
    assert_eq!(joined, Some(put(&was, &by_floor)));
}

#[test]
fn what_was_made_for_different_states_or_settings_is_never_one_write() {
    let (s3, none) =
        (Setting::Encryption(Encryption::s3()), Setting::Encryption(Encryption::default()));
    let empty = lifecycle(json!([]));
    assert_eq!(put(&s3, &none).join(&put(&none, &s3)), None);
    assert_eq!(put(&s3, &none).join(&put(&empty, &empty)), None);
    let metrics = Setting::Metrics(Metrics::default());
    assert_eq!(put(&metrics, &metrics).join(&put(&metrics, &metrics)), None, "a call each");
    let tags = SafeguardRemedy::PutTags {
        resource: target(&S3BucketSafeguards, &call("CreateBucket", "x", json!(""))).resource,
        before: Tags::new(),
        after: Tags::new(),
    };
    assert_eq!((tags.join(&tags), tags.needs()), (None, Response::Tag));
}

#[test]
fn tags_are_merged_and_a_full_set_says_why_not() {
    let resource = target(&S3BucketSafeguards, &call("CreateBucket", "x", json!(""))).resource;
    let tags = |names: &[&str]| -> Tags {
        names.iter().map(|name| ((*name).to_owned(), "v".to_owned())).collect()
    };
    let ours = tags(&["snapback:finding"]);
    let remedy = S3BucketSafeguards.tag(&resource, &tags(&["team"]), &ours).unwrap();
    let expected = tags(&["snapback:finding", "team"]);
    let SafeguardRemedy::PutTags { before, after, .. } = &remedy else { panic!() };
    assert_eq!((before, after), (&tags(&["team"]), &expected));
    let full: Tags = (0..50).map(|number| (format!("k{number}"), "v".to_owned())).collect();
    assert!(S3BucketSafeguards.tag(&resource, &full, &ours).is_err());
}

/// What a write leaves of the settings: the one it names, and of metrics the one configuration.
fn written(mut seen: Settings, remedy: &SafeguardRemedy) -> Settings {
    let SafeguardRemedy::Put { before, after, .. } = remedy else { panic!("{remedy:?}") };
    match (before, after) {
        (Setting::Metrics(before), Setting::Metrics(after)) => {
            let live = seen.metrics.get_or_insert_default();
            live.configurations.retain(|id, _| !before.configurations.contains_key(id));
            live.configurations.extend(after.configurations.clone());
        }
        (_, after) => seen.set(after.clone()),
    }
    seen
}

fn algorithm() -> impl Strategy<Value = Encryption> {
    let key = select(vec![
        None,
        Some("alias/records"),
        Some("alias/other"),
        Some("arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"),
        Some("arn:aws:kms:eu-west-1:444455556666:key/1234abcd-12ab-34cd-56ef-1234567890ab"),
    ]);
    let word = select(vec![None, Some("AES256"), Some("aws:kms"), Some("aws:kms:dsse")]);
    (word, key, any::<Option<bool>>(), any::<bool>()).prop_map(|(word, key, bucket_key, blocks)| {
        Encryption {
            algorithm: word.map(str::to_owned),
            key: key.filter(|_| word > Some("AES256")).map(str::to_owned),
            bucket_key,
            blocked: blocks.then(|| vec!["SSE-C".to_owned()]),
        }
    })
}

fn versioning() -> impl Strategy<Value = Versioning> {
    use VersioningStatus::{Enabled, Off, Suspended};
    let status = select(vec![Off, Suspended, Enabled]);
    (status, any::<bool>()).prop_map(|(status, mfa)| Versioning { status, mfa_delete: Some(mfa) })
}

fn logging() -> impl Strategy<Value = Logging> {
    let to = (select(vec!["amzn-s3-demo-logs", "amzn-s3-demo-evil"]), select(vec!["", "p/"]));
    option::of(to).prop_map(|to| Logging {
        target: to.map(|(bucket, prefix)| LogTarget {
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
            ..LogTarget::default()
        }),
    })
}

fn rule() -> impl Strategy<Value = Value> {
    let filter = select(vec![
        json!({"Prefix": ""}),
        json!({"Prefix": "tmp/"}),
        json!({"Prefix": "*"}),
        json!({"Tag": {"Key": "k", "Value": "v"}}),
        json!({"And": {"Prefix": "tmp/", "Tags": [{"Key": "k", "Value": "v"}]}}),
    ]);
    let expiration = select(vec![
        json!(null),
        json!({"Days": 1}),
        json!({"Days": 30}),
        json!({"Days": 365}),
        json!({"Date": "2030-01-01T00:00:00Z"}),
        json!({"Date": "2031-01-01T00:00:00Z"}),
    ]);
    let noncurrent = select(vec![
        json!(null),
        json!({"NoncurrentDays": 1}),
        json!({"NoncurrentDays": 90}),
        json!({"NoncurrentDays": 1, "NewerNoncurrentVersions": 5}),
    ]);
    let moves = select(vec![
        json!([]),
        json!([{"Days": 1, "StorageClass": "GLACIER"}]),
        json!([{"Date": "2029-01-01T00:00:00Z", "StorageClass": "GLACIER"}]),
    ]);
    (select(vec!["a", "b", "c"]), any::<bool>(), filter, expiration, noncurrent, moves).prop_map(
        |(id, on, filter, expiration, noncurrent, moves)| {
            let status = if on { "Enabled" } else { "Disabled" };
            json!({"ID": id, "Status": status, "Filter": filter, "Expiration": expiration,
                "NoncurrentVersionExpiration": noncurrent, "Transitions": moves})
        },
    )
}

/// Rules as S3 holds them: each with a name of its own.
fn rules() -> impl Strategy<Value = Lifecycle> {
    vec(rule(), 0..4).prop_map(|rules| {
        let by_name: BTreeMap<String, Value> =
            rules.into_iter().map(|rule| (rule["ID"].to_string(), rule)).collect();
        let rules: Vec<_> = by_name.into_values().collect();
        serde_json::from_value(json!({"Rules": rules})).unwrap()
    })
}

fn object_lock() -> impl Strategy<Value = ObjectLock> {
    let mode = select(vec![LockMode::Governance, LockMode::Compliance]);
    (any::<bool>(), option::of((mode, 1_u32..800))).prop_map(|(enabled, retention)| ObjectLock {
        enabled,
        retention: retention.filter(|_| enabled).map(|(mode, days)| Retention {
            mode,
            days: Some(days),
            years: None,
            event_hold: None,
        }),
    })
}

fn ownership() -> impl Strategy<Value = Ownership> {
    let rule = option::of(select(vec![
        ObjectOwnership::BucketOwnerEnforced,
        ObjectOwnership::BucketOwnerPreferred,
        ObjectOwnership::ObjectWriter,
    ]));
    rule.prop_map(|rule| Ownership { rule })
}

fn metrics() -> impl Strategy<Value = Metrics> {
    let filter = select(vec![None, Some("in/"), Some("out/")]);
    let one = (select(vec!["a", "b", "c"]), filter);
    vec(one, 0..4).prop_map(|all| Metrics {
        configurations: all
            .into_iter()
            .map(|(id, prefix)| {
                let prefix = prefix.map(str::to_owned);
                (id.to_owned(), MetricsFilter { prefix, ..MetricsFilter::default() })
            })
            .collect(),
    })
}

fn settings() -> impl Strategy<Value = Settings> {
    (
        option::of(algorithm()),
        option::of(versioning()),
        option::of(logging()),
        option::of(rules()),
        option::of(object_lock()),
        option::of(ownership()),
        option::of(metrics()),
    )
        .prop_map(
            |(encryption, versioning, logging, lifecycle, object_lock, ownership, metrics)| {
                Settings {
                    encryption,
                    versioning,
                    logging,
                    lifecycle,
                    object_lock,
                    ownership,
                    metrics,
                }
            },
        )
}

fn floors() -> impl Strategy<Value = Trust> {
    let lines = vec![
        "versioning = true",
        "encryption = \"aws:kms\"\nkey = \"alias/records\"",
        "encryption = \"aws:kms:dsse\"",
        "encryption = \"AES256\"",
        "logging = true\ntarget_bucket = \"amzn-s3-demo-logs\"",
        "retention_days = 60",
        "object_lock = { mode = \"COMPLIANCE\", days = 100 }",
        "ownership = \"BucketOwnerPreferred\"",
        "metrics = [\"a\", \"d\"]",
    ];
    let count = lines.len();
    proptest::sample::subsequence(lines, 0..=count).prop_map(|lines| {
        let floors =
            lines.iter().map(|line| format!("[[bucket_floors]]\nbuckets = \"*\"\n{line}\n"));
        Trust::parse(&floors.collect::<String>()).unwrap()
    })
}

/// Every write that the findings propose, joined as far as they may be.
fn joined(findings: &[Finding<SafeguardRemedy>]) -> Vec<SafeguardRemedy> {
    let mut writes: Vec<SafeguardRemedy> = Vec::new();
    for remedy in findings.iter().flat_map(|finding| &finding.remedies) {
        let place = writes.iter_mut().find_map(|one| {
            let joined = one.join(remedy)?;
            Some((one, joined))
        });
        match place {
            Some((one, joined)) => *one = joined,
            None => writes.push(remedy.clone()),
        }
    }
    writes
}

fn mendable(findings: &[Finding<SafeguardRemedy>]) -> Vec<(String, String)> {
    let with = findings.iter().filter(|finding| !finding.remedies.is_empty());
    with.map(|finding| (finding.code.clone(), finding.title.clone())).collect()
}

fn strength(setting: Option<&Encryption>) -> Option<FloorEncryption> {
    setting.and_then(|one| one.strength().ok().flatten())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn remedies_mend_what_they_are_for_and_nothing_else_and_can_be_undone(
        seen in settings(), baseline in settings(), trust in floors(),
    ) {
        let about = Target::from(
            target(&S3BucketSafeguards, &call("CreateBucket", "x", json!(""))).resource,
        );
        let mut state = SafeguardsState { seen: seen.clone(), baseline, ..SafeguardsState::default() };
        let findings = S3BucketSafeguards.assess(&about, &state, &trust);
        let wrong = mendable(&findings);
        let writes = joined(&findings);
        for remedy in &writes {
            let SafeguardRemedy::Put { before, after, .. } = remedy else { panic!() };
            prop_assert_eq!(before.kind(), after.kind());
            prop_assert_ne!(before, after, "a write that changes nothing");
            let live = state.seen.clone();
            state.seen = written(state.seen, remedy);
            for kind in Kind::ALL {
                if kind != after.kind() {
                    prop_assert_eq!(format!("{:?}", of(&live, kind)), format!("{:?}", of(&state.seen, kind)));
                }
            }
            // Back to what was there, but that versions can only be suspended again.
            let Some(back) = remedy.inverse() else { panic!() };
            let undone = written(state.seen.clone(), &back);
            let mut expected = live;
            if let Some(versioning) = &mut expected.versioning
                && versioning.status == VersioningStatus::Off
                && after.kind() == Kind::Versioning
            {
                versioning.status = VersioningStatus::Suspended;
            }
            prop_assert_eq!(undone, expected);
            prop_assert!(!remedy.operations().is_empty());
        }
        let left = S3BucketSafeguards.assess(&about, &state, &trust);
        let still: Vec<_> =
            mendable(&left).into_iter().filter(|one| wrong.contains(one)).collect();
        prop_assert_eq!(still, vec![], "{:?}", state);
        // No data goes sooner, and nothing is weaker, than it was found.
        if let (Some(was), Some(is)) = (&seen.lifecycle, &state.seen.lifecycle) {
            prop_assert!(is.rules.len() >= was.rules.len());
            for (was, is) in was.rules.iter().zip(&is.rules) {
                let does = is.deletes() || is.without_deletion().is_some();
                prop_assert!(does || is == was, "S3 takes no rule that does nothing: {:?}", is);
                let sooner = is.is_on() && is.days().is_some_and(|days| {
                    was.is_on() && was.days().is_none_or(|had| days < had)
                });
                prop_assert!(!sooner, "{:?} {:?}", was, is);
            }
            prop_assert!(!is.rules.iter().skip(was.rules.len()).any(Rule::deletes));
        }
        prop_assert!(state.seen.ownership.map(strength_of) >= seen.ownership.map(strength_of));
        let foreign = seen.encryption.as_ref().and_then(|one| one.key.as_ref())
            .is_some_and(|key| key.contains("444455556666"));
        prop_assert!(
            foreign || strength(state.seen.encryption.as_ref()) >= strength(seen.encryption.as_ref())
        );
        prop_assert!(
            state.seen.versioning.as_ref().map(|one| one.mfa_delete)
                == seen.versioning.as_ref().map(|one| one.mfa_delete)
        );
    }
}

const fn strength_of(ownership: Ownership) -> u8 {
    match ownership.rule {
        None | Some(ObjectOwnership::ObjectWriter) => 0,
        Some(ObjectOwnership::BucketOwnerPreferred) => 1,
        Some(ObjectOwnership::BucketOwnerEnforced) => 2,
    }
}

/// The settings with one of them alone.
fn of(settings: &Settings, kind: Kind) -> Settings {
    let Settings { encryption, versioning, logging, lifecycle, object_lock, ownership, metrics } =
        settings.clone();
    let none = Settings::default();
    match kind {
        Kind::Encryption => Settings { encryption, ..none },
        Kind::Versioning => Settings { versioning, ..none },
        Kind::Logging => Settings { logging, ..none },
        Kind::Lifecycle => Settings { lifecycle, ..none },
        Kind::ObjectLock => Settings { object_lock, ..none },
        Kind::Ownership => Settings { ownership, ..none },
        Kind::Metrics => Settings { metrics, ..none },
    }
}
