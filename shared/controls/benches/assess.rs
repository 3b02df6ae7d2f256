//! One record from text to findings: parse, triage, project, assess. The aim is 20 microseconds for
//! a record in which nothing is wrong, which nearly all are; a finding costs its evidence and the
//! remedy as well.

use std::hint::black_box;

use controls::{Control, IamTrustPolicy, S3PublicAcl, S3UnencryptedUpload, Triage};
use criterion::{Criterion, criterion_group, criterion_main};
use events::Event;
use model::Trust;

fn measure<C: Control>(criterion: &mut Criterion, control: &C, samples: &[(&str, &str)]) {
    let trust = Trust::default().seen_from(&"111122223333".into());
    let mut group = criterion.benchmark_group(C::ID.as_str());
    for (name, text) in samples {
        group.bench_function(*name, |bencher| {
            bencher.iter(|| {
                let event = Event::parse(black_box(text)).ok()?;
                let Triage::Mine(target) = control.triage(&event) else { return None };
                let state = control.project(&event, &target)?;
                Some(control.assess(&target, &state, &trust))
            });
        });
    }
    group.finish();
}

macro_rules! sample {
    ($path:literal) => {
        include_str!(concat!("../../../events/", $path))
    };
}

fn assess(criterion: &mut Criterion) {
    measure(
        criterion,
        &S3PublicAcl,
        &[
            ("right: a private ACL", sample!("s3-public-acl/private-acl.json")),
            ("right: an upload", sample!("s3-unencrypted-upload/stored-under-the-default.json")),
            (
                "wrong: a body with public grants",
                sample!("s3-public-acl/public-grants-beside-log-delivery.json"),
            ),
        ],
    );
    measure(
        criterion,
        &S3UnencryptedUpload,
        &[
            ("right: an upload", sample!("s3-unencrypted-upload/stored-under-the-default.json")),
            (
                "wrong: a copy under a customer's own key",
                sample!("s3-unencrypted-upload/overwritten-under-a-customers-own-key.json"),
            ),
        ],
    );
    measure(
        criterion,
        &IamTrustPolicy,
        &[
            ("right: a service's role", sample!("iam-trust-policy/service-role-created.json")),
            (
                "wrong: everyone in a list",
                sample!("iam-trust-policy/everyone-hidden-in-a-list.json"),
            ),
        ],
    );
}

criterion_group!(benches, assess);
criterion_main!(benches);
