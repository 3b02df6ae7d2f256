//! How a bucket must be at least, by the trust file.

use std::collections::{BTreeMap, BTreeSet};

use iam_document::glob::{Pattern, Syntax};
use model::{
    Trust,
    trust::{BucketFloor, FloorEncryption, FloorLock, FloorOwnership},
};

use super::setting::Kind;
use crate::{Tags, s3_unencrypted_upload::requirement};

/// The strictest of every floor that is a bucket's.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Floor {
    pub(super) versioning: bool,
    pub(super) mfa_delete: bool,
    pub(super) encryption: Option<FloorEncryption>,
    /// Any of them will do.
    pub(super) keys: BTreeSet<String>,
    pub(super) logging: bool,
    /// Log buckets, each with the prefix of its logs; any of them will do.
    pub(super) targets: BTreeMap<String, String>,
    pub(super) retention_days: Option<u32>,
    pub(super) object_lock: Option<FloorLock>,
    pub(super) ownership: Option<FloorOwnership>,
    pub(super) metrics: BTreeSet<String>,
    /// What floors ask for that are the bucket's if it has their tag, which is not known.
    pub(super) open: BTreeSet<Kind>,
}

impl Floor {
    /// What the trust file asks of a bucket. `tags`: `None` where they are not known.
    pub(super) fn of(bucket: &str, tags: Option<&Tags>, trust: &Trust) -> Self {
        let mut strictest = Self::default();
        for floor in &trust.bucket_floors {
            if floor.buckets.as_ref().is_some_and(|pattern| !fits(pattern, bucket)) {
                continue;
            }
            match (&floor.tag, tags) {
                (None, _) => strictest.raise(floor),
                (Some(tag), Some(tags)) => {
                    if tags.get(&tag.key) == Some(&tag.value) {
                        strictest.raise(floor);
                    }
                }
                (Some(_), None) => {
                    let mut alone = Self::default();
                    alone.raise(floor);
                    strictest.open.extend(alone.asks());
                }
            }
        }
        // A floor of many buckets is the log bucket's own as well, and logs of a bucket in itself are
        // logged without end.
        // https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html
        strictest.targets.remove(bucket);
        // The key that objects of the bucket must be stored under is asked of its default as well:
        // who uploads without naming a key gets the default.
        let required = requirement::most_exact(bucket, trust).map(|(_, key)| key);
        match (required, &trust.kms_key_arn) {
            (Some(key), _) => {
                strictest.encryption = strictest.encryption.max(Some(FloorEncryption::Kms));
                strictest.keys = BTreeSet::from([key.to_owned()]);
            }
            // A bucket may name another key than the account's.
            (None, Some(_)) => {
                strictest.encryption = strictest.encryption.max(Some(FloorEncryption::Kms));
            }
            (None, None) => {}
        }
        strictest
    }

    fn raise(&mut self, floor: &BucketFloor) {
        self.versioning |= floor.versioning;
        self.mfa_delete |= floor.mfa_delete;
        self.encryption = self.encryption.max(floor.encryption);
        self.keys.extend(floor.key.clone());
        self.logging |= floor.logging;
        let prefix = floor.target_prefix.clone().unwrap_or_default();
        self.targets.extend(floor.target_bucket.clone().map(|bucket| (bucket, prefix)));
        self.retention_days = self.retention_days.max(floor.retention_days);
        self.object_lock = match (self.object_lock, floor.object_lock) {
            (Some(one), Some(other)) => {
                Some(FloorLock { mode: one.mode.max(other.mode), days: one.days.max(other.days) })
            }
            (one, other) => one.or(other),
        };
        self.ownership = self.ownership.max(floor.ownership);
        self.metrics.extend(floor.metrics.iter().cloned());
    }

    /// The settings of which it asks something.
    pub(super) fn asks(&self) -> BTreeSet<Kind> {
        [
            (Kind::Encryption, self.encryption.is_some()),
            (Kind::Versioning, self.versioning || self.mfa_delete),
            (Kind::Logging, self.logging),
            (Kind::Lifecycle, self.retention_days.is_some()),
            (Kind::ObjectLock, self.object_lock.is_some()),
            (Kind::Ownership, self.ownership.is_some()),
            (Kind::Metrics, !self.metrics.is_empty()),
        ]
        .into_iter()
        .filter_map(|(kind, asked)| asked.then_some(kind))
        .collect()
    }
}

fn fits(pattern: &str, bucket: &str) -> bool {
    Pattern::parse(pattern, Syntax::GLOB).matches(bucket)
}

#[cfg(test)]
mod tests {
    use model::trust::LockMode;

    use super::*;

    fn trust(text: &str) -> Trust {
        Trust::parse(text).unwrap()
    }

    #[test]
    fn the_strictest_of_several_floors_holds() {
        let trust = trust(
            r#"
            required_kms_keys = { "amzn-s3-demo-pay*" = "alias/pay" }
            [[bucket_floors]]
            buckets = "amzn-s3-demo-*"
            versioning = true
            retention_days = 30
            object_lock = { mode = "COMPLIANCE", days = 1 }
            [[bucket_floors]]
            buckets = "amzn-s3-demo-pay*"
            retention_days = 365
            object_lock = { mode = "GOVERNANCE", days = 90 }
            metrics = ["all"]
            [[bucket_floors]]
            buckets = "other"
            logging = true
            "#,
        );
        let floor = Floor::of("amzn-s3-demo-payroll", None, &trust);
        assert_eq!(
            (floor.versioning, floor.logging, floor.retention_days),
            (true, false, Some(365))
        );
        assert_eq!(floor.object_lock, Some(FloorLock { mode: LockMode::Compliance, days: 90 }));
        assert_eq!(floor.encryption, Some(FloorEncryption::Kms));
        assert_eq!(floor.keys, BTreeSet::from(["alias/pay".to_owned()]));
        let asked =
            [Kind::Encryption, Kind::Versioning, Kind::Lifecycle, Kind::ObjectLock, Kind::Metrics];
        assert_eq!(floor.asks(), BTreeSet::from(asked));
    }

    #[test]
    fn a_floor_by_tag_holds_where_the_tag_is_and_stays_open_where_tags_are_not_known() {
        let trust = trust("[[bucket_floors]]\ntag = \"data=records\"\nlogging = true");
        let tags = |value: &str| Tags::from([("data".to_owned(), value.to_owned())]);
        assert!(Floor::of("b", Some(&tags("records")), &trust).logging);
        assert_eq!(Floor::of("b", Some(&tags("scratch")), &trust), Floor::default());
        let open = Floor::of("b", None, &trust);
        assert_eq!((open.logging, open.open), (false, BTreeSet::from([Kind::Logging])));
    }
}
