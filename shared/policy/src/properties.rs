//! What holds for every set of policies that people may write and every finding.

use std::collections::BTreeMap;

use model::{
    AccountId, Actor, ActorKind, Category, Confidence, ControlId, Decision, Effect, Posture,
    Resource, Response, Severity, Timestamp,
};
use proptest::{prelude::*, sample::select};

use crate::{Policies, Request, Source};

/// A policy as people might write it, valid by construction.
#[derive(Debug, Clone)]
struct Written {
    effect: &'static str,
    scope: String,
    conditions: Vec<String>,
    exception: Option<&'static str>,
}

impl Written {
    fn text(&self, id: usize) -> String {
        let Self { effect, scope, conditions, exception } = self;
        let annotations = exception.map_or(String::new(), |expires| {
            format!("@owner(\"o\") @reason(\"r\") @expires(\"{expires}\") ")
        });
        let end = exception.map(|expires| format!("context.now < datetime(\"{expires}\")"));
        let all: Vec<String> = end.into_iter().chain(conditions.iter().cloned()).collect();
        let when = if all.is_empty() {
            String::new()
        } else {
            format!(" when {{ {} }}", all.join(" && "))
        };
        format!("@id(\"user-{id}\") {annotations}{effect} ({scope}){when};\n")
    }

    fn is_exception(&self) -> bool {
        self.exception.is_some()
    }
}

fn principal() -> impl Strategy<Value = &'static str> {
    select(vec![
        "principal",
        "principal",
        "principal == Snapback::Actor::\"arn:aws:iam::111122223333:role/deploy\"",
        "principal is Snapback::Actor",
    ])
}

fn resource() -> impl Strategy<Value = &'static str> {
    select(vec![
        "resource",
        "resource",
        "resource == Snapback::Resource::\"arn:aws:s3:::amzn-s3-demo-bucket\"",
        "resource in Snapback::Account::\"111122223333\"",
        "resource in Snapback::OrganizationalUnit::\"ou-b\"",
    ])
}

fn conditions() -> impl Strategy<Value = Vec<String>> {
    let atom = select(vec![
        "context.posture == \"observe\"",
        "context.confidence != \"certain\"",
        "context.breakerOpen",
        "context.ownChange",
        "context.protectedResource || context.effective",
        "context.severity == \"critical\"",
        "[\"low\", \"medium\"].contains(context.severity)",
        "context.code like \"acl-public:*\"",
        "context.category == \"privilege\"",
        "resource.hasTag(\"team\") && resource.getTag(\"team\") == \"web\"",
        "principal has session && principal.session like \"a*\"",
        "context.recentReverts > 1",
        // In error where there was a revert.
        "context.recentReverts + 9223372036854775807 > 0",
        "context.now > datetime(\"2026-01-01\")",
        "!context.tagsKnown",
        "principal.kind == \"assumed_role\"",
    ]);
    prop::collection::vec(atom.prop_map(str::to_owned), 0..3)
}

fn written() -> impl Strategy<Value = Written> {
    let actions = select(vec![
        ("permit", "action", None),
        ("permit", "action == Snapback::Action::\"revert\"", None),
        ("permit", "action in [Snapback::Action::\"tag\", Snapback::Action::\"revert\"]", None),
        ("forbid", "action == Snapback::Action::\"tag\"", None),
        ("forbid", "action in [Snapback::Action::\"tag\", Snapback::Action::\"revert\"]", None),
        ("forbid", "action", Some("2026-12-31")),
        ("forbid", "action", Some("2026-02-01T12:00:00Z")),
    ]);
    (actions, principal(), resource(), conditions()).prop_map(
        |((effect, action, exception), principal, resource, conditions)| Written {
            effect,
            scope: format!("{principal}, {action}, {resource}"),
            conditions: conditions.iter().map(|one| format!("({one})")).collect(),
            exception,
        },
    )
}

#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "they are the request's")]
struct Asking {
    actor: Actor,
    resource: Resource,
    tags: Option<BTreeMap<String, String>>,
    units: Vec<String>,
    account: AccountId,
    code: String,
    severity: Severity,
    category: Category,
    revert_by_default: bool,
    confidence: Confidence,
    effective: bool,
    posture: Posture,
    recent_reverts: u32,
    breaker_open: bool,
    own_change: bool,
    protected: bool,
    remediable: bool,
    now: Timestamp,
}

impl Asking {
    fn request(&self) -> Request<'_> {
        Request {
            actor: &self.actor,
            resource: &self.resource,
            tags: self.tags.as_ref(),
            organizational_units: &self.units,
            account: &self.account,
            control: ControlId::new("s3-public-acl"),
            code: &self.code,
            severity: self.severity,
            category: self.category,
            revert_by_default: self.revert_by_default,
            confidence: self.confidence,
            effective: self.effective,
            posture: self.posture,
            recent_reverts: self.recent_reverts,
            breaker_open: self.breaker_open,
            own_change: self.own_change,
            protected: self.protected,
            remediable: self.remediable,
            event_age_seconds: u64::from(self.recent_reverts),
            now: self.now,
        }
    }

    fn must_not_be_reverted(&self) -> bool {
        self.must_not_be_written()
            || self.confidence != Confidence::Certain
            || self.own_change
            || !self.remediable
    }

    fn must_not_be_written(&self) -> bool {
        self.posture == Posture::Observe
            || self.confidence == Confidence::Unclear
            || self.category == Category::Unreadable
            || self.breaker_open
            || self.protected
    }
}

fn asking() -> impl Strategy<Value = Asking> {
    let name = prop_oneof![
        Just("arn:aws:iam::111122223333:role/deploy".to_owned()),
        Just("a".to_owned()),
        any::<String>(),
    ];
    let arn = prop_oneof![Just("amzn-s3-demo-bucket".to_owned()), any::<String>()];
    let who = (
        name,
        prop::option::of(any::<String>()),
        select(vec![ActorKind::AssumedRole, ActorKind::Root]),
    );
    let tag = select(vec!["team", "web", "x"]).prop_map(str::to_owned);
    let place = (
        arn,
        prop::option::of(prop::collection::btree_map(tag.clone(), tag, 0..3)),
        prop::collection::vec(select(vec!["ou-a", "ou-b", "ou-c"]).prop_map(str::to_owned), 0..4),
        select(vec!["111122223333", "444455556666", ""]),
    );
    let what = (
        prop_oneof![Just("acl-public:AllUsers:READ".to_owned()), any::<String>()],
        select(vec![Severity::Low, Severity::Medium, Severity::High, Severity::Critical]),
        select(vec![Category::PublicExposure, Category::Privilege, Category::Unreadable]),
        select(vec![
            Confidence::Unclear,
            Confidence::Probable,
            Confidence::Certain,
            Confidence::Certain,
        ]),
        any::<bool>(),
        any::<bool>(),
    );
    let rare = || prop::bool::weighted(0.25);
    let state = (
        select(vec![Posture::Observe, Posture::Enforce, Posture::Enforce]),
        0..4_u32,
        rare(),
        rare(),
        rare(),
        1_735_689_600..1_830_297_600_i64,
        prop::bool::weighted(0.75),
    );
    (who, place, what, state).prop_map(|(who, place, what, state)| {
        let account = AccountId::from(place.3);
        Asking {
            actor: Actor { kind: who.2, id: who.0, session: who.1, ..Actor::unknown() },
            resource: Resource::bucket(&place.0, account.clone(), "us-east-1"),
            tags: place.1,
            units: place.2,
            account,
            code: what.0,
            severity: what.1,
            category: what.2,
            confidence: what.3,
            effective: what.4,
            revert_by_default: what.5,
            posture: state.0,
            recent_reverts: state.1,
            breaker_open: state.2,
            own_change: state.3,
            protected: state.4,
            remediable: state.6,
            now: Timestamp::from_timestamp(state.5, 0).unwrap(),
        }
    })
}

fn load(set: &[Written]) -> Policies {
    let text: String = set.iter().enumerate().map(|(id, one)| one.text(id)).collect();
    Policies::load(&[Source::new("mine.cedar", text)]).unwrap()
}

fn askings() -> impl Strategy<Value = Vec<Asking>> {
    prop::collection::vec(asking(), 1..24)
}

fn set() -> impl Strategy<Value = Vec<Written>> {
    prop::collection::vec(written(), 0..6)
}

fn names(decision: &Decision, effect: Effect) -> Vec<&str> {
    let of = decision.because.iter().filter(|one| one.effect == effect);
    of.map(|one| one.policy.as_str()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// S-10, S-12, S-13, S-14 and S-15, as far as a decision goes.
    #[test]
    fn no_policies_of_users_can_take_safety_away(set in set(), askings in askings()) {
        let policies = load(&set);
        for asking in &askings {
            let decision = policies.decide(&asking.request());
            if asking.must_not_be_reverted() {
                prop_assert_ne!(decision.response, Response::Revert, "{:?}", asking);
            }
            if asking.must_not_be_written() {
                prop_assert!(decision.response <= Response::Alert, "{:?}", asking);
            }
        }
    }

    /// S-18.
    #[test]
    fn only_an_exception_in_force_silences_and_it_is_named(set in set(), askings in askings()) {
        let policies = load(&set);
        for asking in &askings {
            let decision = policies.decide(&asking.request());
            if decision.response == Response::Ignore {
                let named = names(&decision, Effect::Forbid);
                let by = policies.exceptions().iter().find(|exception| named.contains(&&*exception.id));
                prop_assert!(by.is_some_and(|exception| asking.now < exception.expires), "{:?}", decision);
            }
        }
        let without: Vec<Written> = set.into_iter().filter(|one| !one.is_exception()).collect();
        let policies = load(&without);
        for asking in &askings {
            prop_assert!(policies.decide(&asking.request()).response >= Response::Alert);
        }
    }

    /// S-17.
    #[test]
    fn an_error_is_an_alert_and_nothing_else(set in set(), askings in askings()) {
        let policies = load(&set);
        for asking in &askings {
            let decision = policies.decide(&asking.request());
            if !decision.errors.is_empty() {
                prop_assert_eq!(decision.response, Response::Alert);
            }
        }
    }

    /// S-16.
    #[test]
    fn a_further_forbid_never_raises_the_response(set in set(), more in written(), askings in askings()) {
        prop_assume!(more.effect == "forbid");
        let fewer = load(&set);
        let mut set = set;
        set.push(more);
        let further = load(&set);
        for asking in &askings {
            let before = fewer.decide(&asking.request());
            let after = further.decide(&asking.request());
            // A forbid in error lifts silence to an alert: doubt is told.
            let doubt = after.errors.len() > before.errors.len();
            prop_assert!(after.response <= before.response || doubt, "{:?} {:?}", before, after);
        }
    }

    /// S-16.
    #[test]
    fn the_order_of_policies_and_files_does_not_matter(set in set(), cut in 0..6_usize, askings in askings()) {
        let texts: Vec<String> = set.iter().enumerate().map(|(id, one)| one.text(id)).collect();
        let straight = load(&set);
        let (head, tail) = texts.split_at(cut.min(texts.len()));
        let backwards: String = head.iter().rev().cloned().collect();
        let sources = [Source::new("z.cedar", tail.concat()), Source::new("a.cedar", backwards)];
        let shuffled = Policies::load(&sources).unwrap();
        prop_assert_eq!(straight.digest(), shuffled.digest());
        prop_assert_eq!(straight.exceptions(), shuffled.exceptions());
        for asking in &askings {
            prop_assert_eq!(straight.explain(&asking.request()), shuffled.explain(&asking.request()));
        }
    }

    /// S-17.
    #[test]
    fn no_forbid_on_a_tag_is_passed_over_while_tags_are_unknown(
        set in set(), guard in select(vec!["", "context.effective && ", "context.tagsKnown || "]),
        look in select(vec!["resource.hasTag(\"hold\")", "!resource.hasTag(\"free\")", "resource.hasTag(\"hold\") == true"]),
        askings in askings(),
    ) {
        let forbid = format!("@id(\"hold\") forbid (principal, action in [Snapback::Action::\"tag\", Snapback::Action::\"revert\"], resource) when {{ {guard}{look} }};");
        let texts: String = set.iter().enumerate().map(|(id, one)| one.text(id)).collect();
        let policies = Policies::load(&[Source::new("mine.cedar", texts + &forbid)]).unwrap();
        for asking in &askings {
            let asking = Asking { tags: None, effective: true, ..asking.clone() };
            let decision = policies.decide(&asking.request());
            prop_assert!(decision.response <= Response::Alert, "{decision:?}");
            prop_assert!(decision.errors.iter().any(|error| error.starts_with("hold: ")), "{decision:?}");
        }
    }

    #[test]
    fn the_reasons_are_what_was_said_and_the_response_the_furthest_permitted(set in set(), askings in askings()) {
        let policies = load(&set);
        for asking in &askings {
            let explanation = policies.explain(&asking.request());
            let decision = explanation.decision;
            let mut sorted = decision.because.clone();
            sorted.sort();
            sorted.dedup();
            prop_assert_eq!(&decision.because, &sorted);
            for verdict in &explanation.verdicts {
                prop_assert!(!verdict.permitted || verdict.response <= decision.response || !decision.errors.is_empty());
                if verdict.response == decision.response {
                    prop_assert_eq!(names(&decision, Effect::Permit), verdict.permits.iter().map(String::as_str).collect::<Vec<_>>());
                    prop_assert!(verdict.permitted || !decision.errors.is_empty());
                }
            }
        }
    }
}
