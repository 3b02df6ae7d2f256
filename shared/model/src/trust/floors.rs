//! What buckets must have at least.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::read::read;

/// What the buckets that it is for must have at least. Where several are for the same bucket, the
/// strictest holds of each setting.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct BucketFloor {
    /// Pattern (`*` and `?`) of bucket names; `None`: any bucket that has the tag.
    pub buckets: Option<String>,
    /// The tag, `key=value`, that a bucket has to have for the floor to be its own; `None`: any
    /// bucket of the name. Whoever may tag a bucket may take it out.
    pub tag: Option<FloorTag>,
    /// Versioning must be on.
    pub versioning: bool,
    /// MFA delete must be on.
    pub mfa_delete: bool,
    /// The weakest default encryption.
    pub encryption: Option<FloorEncryption>,
    /// The KMS key that the default encryption must name.
    pub key: Option<String>,
    /// Server access logging must be on.
    pub logging: bool,
    /// The bucket that logs must go to.
    pub target_bucket: Option<String>,
    /// The prefix of the logs that a remedy asks for.
    pub target_prefix: Option<String>,
    /// Days that lifecycle rules must leave objects, and noncurrent versions, at least.
    pub retention_days: Option<u32>,
    /// The shortest default retention of Object Lock.
    pub object_lock: Option<FloorLock>,
    /// The most that ACLs may mean.
    pub ownership: Option<FloorOwnership>,
    /// Ids of the request metrics configurations that must be there.
    pub metrics: BTreeSet<String>,
}

/// A tag that puts a bucket under a floor.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct FloorTag {
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: String,
}

/// Default encryption, from weak to strong.
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-encryption.html>.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum FloorEncryption {
    /// S3's own keys.
    #[serde(rename = "AES256")]
    S3,
    /// A KMS key.
    #[serde(rename = "aws:kms")]
    Kms,
    /// A KMS key, used twice.
    #[serde(rename = "aws:kms:dsse")]
    KmsTwice,
}

/// Default retention under Object Lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FloorLock {
    /// Who may shorten it.
    pub mode: LockMode,
    /// For how many days.
    pub days: u32,
}

/// Who may shorten a retention, from weak to strong.
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html>.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum LockMode {
    /// Whoever has the permission for it.
    Governance,
    /// Nobody.
    Compliance,
}

/// Object Ownership, from weak to strong.
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html>.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum FloorOwnership {
    /// ACLs count; whoever uploads owns.
    ObjectWriter,
    /// ACLs count; the bucket's owner owns what is uploaded for him.
    BucketOwnerPreferred,
    /// ACLs are off.
    BucketOwnerEnforced,
}

const KEYS: [&str; 13] = [
    "buckets",
    "tag",
    "versioning",
    "mfa_delete",
    "encryption",
    "key",
    "logging",
    "target_bucket",
    "target_prefix",
    "retention_days",
    "object_lock",
    "ownership",
    "metrics",
];

/// Reads the list, with everything that is wrong with it.
pub(super) fn floors(items: Vec<Value>) -> (Vec<BucketFloor>, Vec<String>) {
    let mut floors = Vec::new();
    let mut problems = Vec::new();
    for (number, item) in (1_usize..).zip(items) {
        let Value::Object(keys) = item else {
            problems.push(format!("element {number} is no table"));
            continue;
        };
        let mut element = Element { keys, problems: Vec::new() };
        floors.push(element.floor());
        let told = element.problems.into_iter();
        problems.extend(told.map(|problem| format!("element {number}: {problem}")));
    }
    (floors, problems)
}

/// One floor, key by key.
struct Element {
    keys: Map<String, Value>,
    problems: Vec<String>,
}

impl Element {
    fn floor(&mut self) -> BucketFloor {
        for key in self.keys.keys().filter(|key| !KEYS.contains(&key.as_str())) {
            let problem =
                format!("unknown key `{}`; known are {}", key.escape_debug(), KEYS.join(", "));
            self.problems.push(problem);
        }
        let floor = BucketFloor {
            buckets: self.text("buckets"),
            tag: self.tag(),
            versioning: self.one("versioning", "true or false").unwrap_or_default(),
            mfa_delete: self.one("mfa_delete", "true or false").unwrap_or_default(),
            encryption: self.one("encryption", "`AES256`, `aws:kms` or `aws:kms:dsse`"),
            key: self.text("key"),
            logging: self.one("logging", "true or false").unwrap_or_default(),
            target_bucket: self.text("target_bucket"),
            target_prefix: self.one("target_prefix", "text"),
            retention_days: self.days(),
            object_lock: self.one("object_lock", "`{ mode, days }`"),
            ownership: self.one("ownership", "a kind of Object Ownership"),
            metrics: self.one("metrics", "a list of ids").unwrap_or_default(),
        };
        self.check(&floor);
        floor
    }

    /// What types cannot say.
    fn check(&mut self, floor: &BucketFloor) {
        let is_read = self.problems.is_empty();
        let mut wrong = |is: bool, problem: &str| {
            if is {
                self.problems.push(problem.to_owned());
            }
        };
        wrong(
            floor.buckets.is_none() && floor.tag.is_none(),
            "it names no buckets: set `buckets`, `tag` or both (`buckets = \"*\"` is all of them)",
        );
        wrong(
            floor.key.is_some()
                && floor.encryption.is_none_or(|least| least <= FloorEncryption::S3),
            "`key` needs `encryption` to be `aws:kms` or `aws:kms:dsse`",
        );
        wrong(
            !floor.logging && (floor.target_bucket.is_some() || floor.target_prefix.is_some()),
            "`target_bucket` and `target_prefix` need `logging = true`",
        );
        wrong(
            floor.target_prefix.is_some() && floor.target_bucket.is_none(),
            "`target_prefix` needs `target_bucket`",
        );
        wrong(
            floor.object_lock.is_some_and(|lock| lock.days == 0),
            "`object_lock`: a retention has at least one day",
        );
        let asks = floor.versioning
            || floor.mfa_delete
            || floor.encryption.is_some()
            || floor.logging
            || floor.retention_days.is_some()
            || floor.object_lock.is_some()
            || floor.ownership.is_some()
            || !floor.metrics.is_empty();
        wrong(is_read && !asks, "it asks for nothing");
    }

    fn one<T: DeserializeOwned>(&mut self, key: &str, wanted: &str) -> Option<T> {
        let value = self.keys.remove(key).filter(|value| !value.is_null())?;
        read(value, wanted).map_err(|problem| self.problems.push(format!("`{key}` {problem}"))).ok()
    }

    /// A text that says something.
    fn text(&mut self, key: &str) -> Option<String> {
        let text: String = self.one(key, "text")?;
        if text.trim().is_empty() {
            self.problems.push(format!("`{key}` is empty"));
            return None;
        }
        Some(text)
    }

    fn days(&mut self) -> Option<u32> {
        let days = self.one("retention_days", "a whole number of days")?;
        if days == 0 {
            self.problems.push("`retention_days` is at least 1".to_owned());
        }
        Some(days)
    }

    fn tag(&mut self) -> Option<FloorTag> {
        let text = self.text("tag")?;
        match text.split_once('=') {
            Some((key, value)) if !key.trim().is_empty() => {
                Some(FloorTag { key: key.to_owned(), value: value.to_owned() })
            }
            Some(_) | None => {
                let text = text.escape_debug();
                self.problems.push(format!("`tag`: `{text}` is not of the form `key=value`"));
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trust::{Trust, TrustProblem};

    fn problems(text: &str) -> Vec<String> {
        let problems = Trust::parse(text).unwrap_err().problems;
        problems
            .into_iter()
            .map(|TrustProblem { key, problem }| format!("{key}: {problem}"))
            .collect()
    }

    #[test]
    fn a_floor_says_everything_that_it_can() {
        let trust = Trust::parse(
            r#"
            [[bucket_floors]]
            buckets = "audit-*"
            tag = "data=a=b"
            versioning = true
            mfa_delete = true
            encryption = "aws:kms:dsse"
            key = "alias/audit"
            logging = true
            target_bucket = "amzn-s3-demo-logs"
            target_prefix = "audit/"
            retention_days = 365
            object_lock = { mode = "COMPLIANCE", days = 30 }
            ownership = "BucketOwnerEnforced"
            metrics = ["all"]
            "#,
        )
        .unwrap();
        assert_eq!(
            trust.bucket_floors,
            [BucketFloor {
                buckets: Some("audit-*".to_owned()),
                tag: Some(FloorTag { key: "data".to_owned(), value: "a=b".to_owned() }),
                versioning: true,
                mfa_delete: true,
                encryption: Some(FloorEncryption::KmsTwice),
                key: Some("alias/audit".to_owned()),
                logging: true,
                target_bucket: Some("amzn-s3-demo-logs".to_owned()),
                target_prefix: Some("audit/".to_owned()),
                retention_days: Some(365),
                object_lock: Some(FloorLock { mode: LockMode::Compliance, days: 30 }),
                ownership: Some(FloorOwnership::BucketOwnerEnforced),
                metrics: BTreeSet::from(["all".to_owned()]),
            }]
        );
    }

    #[test]
    fn a_floor_is_refused_with_everything_that_is_wrong_with_it() {
        let found = problems(
            r#"{"bucket_floors": [
                {"bucket": "a", "versioning": "yes", "retention_days": 0, "tag": "data"},
                7,
                {"buckets": "b"},
                {"buckets": "c", "key": "alias/x", "target_prefix": "p"},
                {"buckets": "d", "object_lock": {"mode": "LOOSE", "days": 1}},
                {"buckets": "e", "object_lock": {"mode": "GOVERNANCE", "days": 0}},
                {"buckets": "f", "encryption": "rot13", "ownership": "Mine", "metrics": "all"},
                {"buckets": " ", "logging": true}
            ]}"#,
        );
        for (element, told) in [
            (1, "unknown key `bucket`"),
            (1, "`versioning` is text"),
            (1, "`retention_days` is at least 1"),
            (1, "`tag`: `data` is not"),
            (1, "it names no buckets"),
            (3, "it asks for nothing"),
            (4, "`key` needs"),
            (4, "`target_bucket` and `target_prefix` need"),
            (4, "`target_prefix` needs"),
            (5, "`object_lock` is an object"),
            (6, "`object_lock`: a retention"),
            (7, "`encryption` is text"),
            (7, "`ownership` is text"),
            (7, "`metrics` is text"),
            (8, "`buckets` is empty"),
        ] {
            let told = format!("bucket_floors: element {element}: {told}");
            assert!(found.iter().any(|one| one.starts_with(&told)), "{told} in {found:#?}");
        }
        assert!(found.contains(&"bucket_floors: element 2 is no table".to_owned()), "{found:#?}");
        assert_eq!(problems("bucket_floors = 1").len(), 1);
        assert_eq!(problems("bucket_floors = { buckets = \"a\" }").len(), 1);
    }
}
