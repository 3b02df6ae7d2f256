//! What a decision costs, and what it costs to have policies at all.

use std::{collections::BTreeMap, hint::black_box};

use criterion::{Criterion, criterion_group, criterion_main};
use model::{
    Actor, ActorKind, Category, Confidence, ControlId, Posture, Resource, Severity, Timestamp,
};
use policy::{Policies, Request, Source};

/// A handful of ordinary exceptions and forbids beside the shipped policies.
fn users(count: usize) -> Source {
    let one = |number: usize| {
        format!(
            "@id(\"user-{number}\") @owner(\"o\") @reason(\"r\") @expires(\"2030-01-01\")
             forbid (principal, action, resource == Snapback::Resource::\"arn:aws:s3:::amzn-s3-demo-{number}\")
             when {{ context.now < datetime(\"2030-01-01\") && context.code like \"acl-public:*:READ\" }};\n"
        )
    };
    let text = (0..count).map(one).collect::<Vec<_>>().concat();
    Source::new("mine.cedar", text)
}

fn decide(criterion: &mut Criterion) {
    let actor = Actor {
        kind: ActorKind::AssumedRole,
        id: "arn:aws:iam::111122223333:role/deploy".to_owned(),
        arn: Some("arn:aws:sts::111122223333:assumed-role/deploy/alice".to_owned()),
        account: Some("111122223333".into()),
        session: Some("alice".to_owned()),
        mfa: Some(false),
        ..Actor::unknown()
    };
    let account = "111122223333".into();
    let resource = Resource::bucket("amzn-s3-demo-bucket", "111122223333".into(), "us-east-1");
    let tags: BTreeMap<String, String> = [("team", "web"), ("stage", "prod"), ("cost", "42")]
        .map(|(k, v)| (k.into(), v.into()))
        .into();
    let units = ["ou-abcd-11111111".to_owned(), "ou-abcd-22222222".to_owned()];
    let request = Request {
        actor: &actor,
        resource: &resource,
        tags: Some(&tags),
        organizational_units: &units,
        account: &account,
        control: ControlId::new("s3-public-acl"),
        code: "acl-public:AllUsers:READ",
        severity: Severity::Critical,
        category: Category::PublicExposure,
        revert_by_default: true,
        confidence: Confidence::Certain,
        effective: true,
        posture: Posture::Enforce,
        recent_reverts: 0,
        breaker_open: false,
        own_change: false,
        remediable: true,
        protected: false,
        event_age_seconds: 5,
        now: Timestamp::from_timestamp(1_767_225_600, 0).unwrap_or_default(),
    };
    let shipped = Policies::shipped();
    criterion.bench_function("decide/shipped", |bencher| {
        bencher.iter(|| shipped.decide(black_box(&request)));
    });
    if let Ok(more) = Policies::load(&[users(30)]) {
        criterion.bench_function("decide/shipped and 30 exceptions", |bencher| {
            bencher.iter(|| more.decide(black_box(&request)));
        });
    }
    criterion.bench_function("load/shipped", |bencher| bencher.iter(Policies::shipped));
    let thirty = users(30);
    criterion.bench_function("load/shipped and 30 exceptions", |bencher| {
        bencher.iter(|| Policies::load(black_box(std::slice::from_ref(&thirty))));
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(50);
    targets = decide
}
criterion_main!(benches);
