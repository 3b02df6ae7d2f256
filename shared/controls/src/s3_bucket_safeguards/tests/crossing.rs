//! A write sets one setting, and can have undone no change but of that setting.

use serde_json::json;

use super::{super::*, call};
use crate::test_support::target;

#[test]
fn a_write_crosses_changes_of_its_own_setting_and_the_making_of_the_bucket() {
    let made = target(&S3BucketSafeguards, &call("CreateBucket", "x", json!("")));
    let named = |name| target(&S3BucketSafeguards, &call(name, "x", json!("")));
    let status = |status| Setting::Versioning(Versioning { status, mfa_delete: None });
    let remedy = SafeguardRemedy::Put {
        resource: made.resource.clone(),
        before: status(VersioningStatus::Suspended),
        after: status(VersioningStatus::Enabled),
    };
    for (target, crosses) in [
        (&made, true),
        (&named("PutBucketVersioning"), true),
        (&named("PutBucketLogging"), false),
        (&named("DeleteBucketEncryption"), false),
    ] {
        assert_eq!(S3BucketSafeguards.crosses(&remedy, target), crosses, "{target:?}");
    }
    let marked = SafeguardRemedy::PutTags {
        resource: made.resource.clone(),
        before: Tags::new(),
        after: Tags::new(),
    };
    assert!(!S3BucketSafeguards.crosses(&marked, &made));
}
