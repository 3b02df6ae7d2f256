//! One record from text to findings: parse, triage, project, assess. The aim is 20 microseconds.

use std::hint::black_box;

use controls::{AnyControl, IamTrustPolicy, NoStates, S3PublicAcl, S3UnencryptedUpload};
use criterion::{Criterion, criterion_group, criterion_main};
use events::Event;
use model::Trust;

const SAMPLES: [(&dyn AnyControl, &str, &str); 5] = [
    (
        &S3PublicAcl,
        "a body with public grants",
        include_str!("../../../events/s3-public-acl/public-grants-beside-log-delivery.json"),
    ),
    (
        &S3PublicAcl,
        "an upload without a grant",
        include_str!("../../../events/s3-unencrypted-upload/stored-under-the-default.json"),
    ),
    (
        &S3UnencryptedUpload,
        "an upload under the default",
        include_str!("../../../events/s3-unencrypted-upload/stored-under-the-default.json"),
    ),
    (
        &S3UnencryptedUpload,
        "a copy under a customer's own key",
        include_str!(
            "../../../events/s3-unencrypted-upload/overwritten-under-a-customers-own-key.json"
        ),
    ),
    (
        &IamTrustPolicy,
        "everyone in a list",
        include_str!("../../../events/iam-trust-policy/everyone-hidden-in-a-list.json"),
    ),
];

fn assess(criterion: &mut Criterion) {
    let trust = Trust::default();
    let mut group = criterion.benchmark_group("parse, triage, assess");
    for (control, name, text) in SAMPLES {
        group.bench_function(format!("{} {name}", control.id()), |bencher| {
            bencher.iter(|| {
                let event = Event::parse(black_box(text)).ok();
                event.map(|event| control.judge(&event, &NoStates, &trust))
            });
        });
    }
    group.finish();
}

criterion_group!(benches, assess);
criterion_main!(benches);
