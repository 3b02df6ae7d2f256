//! Does a bucket policy refuse uploads under any other than the required KMS key?
//!
//! Tried on every kind of upload there is: without encryption headers, with S3's own keys, with KMS
//! and no key, with KMS and a right or wrong key, with the client's key. An upload that names no
//! encryption is good exactly where the bucket's default encryption uses the required key.
//! Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html>.

use std::collections::BTreeSet;

use super::{
    sink::{Place, Sink},
    tls::{Bucket, can_fire},
};
use crate::{
    Document, Enforcement, Statement, Version,
    condition::{Entry, Family, Operator, Request},
};

const KEY: &str = "s3:x-amz-server-side-encryption-aws-kms-key-id";
const ALGORITHM: &str = "s3:x-amz-server-side-encryption";
const CUSTOMER: &str = "s3:x-amz-server-side-encryption-customer-algorithm";

/// The algorithms that use KMS.
const KMS: [&str; 2] = ["aws:kms", "aws:kms:dsse"];

fn is_header(entry: &Entry) -> bool {
    matches!(entry.key.as_str(), KEY | ALGORITHM | CUSTOMER)
}

pub(super) fn judge(document: &Document, sink: &mut Sink<'_>) {
    let version = document.version();
    let bucket = Bucket::of(document, sink.context);
    let uploads = Uploads::of(document, sink);
    let denies: Vec<&Statement> = document
        .denies()
        .filter(|deny| deny.condition.entries.iter().any(is_header))
        .filter(|deny| can_fire(deny))
        .filter(|deny| deny.has_action("s3:putobject") && bucket.reach(deny).touches_objects)
        // A Deny that stops uploads under every key pins none: it is a mistake, told below.
        .filter(|deny| {
            let mut named = uploads.by_algorithm.iter().flat_map(Keys::all);
            named.any(|upload| !fires(deny, upload, version))
        })
        .collect();
    let whole: Vec<&Statement> = denies
        .iter()
        .copied()
        .filter(|deny| {
            deny.condition.entries.iter().all(is_header)
                && !deny.condition.unread
                && deny
                    .principals
                    .as_ref()
                    .is_some_and(|principals| !principals.negated && principals.reach_everyone())
                && bucket.reach(deny).objects
        })
        .collect();
    keys_that_are_none(document, &uploads, sink);
    let strict = uploads.stopped_by(&whole, version);
    let loose = uploads.stopped_by(&denies, version);
    let (kms, code, detail) = if strict.enforces() {
        (Enforcement::Enforced, None, "")
    } else if strict.foreign_keys {
        (
            Enforcement::HeaderOnly,
            Some("kms-header-only"),
            "an upload that names a key must name the right one, but others pass",
        )
    } else if loose.foreign_keys && !strict.foreign_keys {
        (
            Enforcement::Partial,
            Some("kms-deny-narrowed"),
            "the Deny that pins the key holds for a part of the uploads only",
        )
    } else if let Some(deny) = whole.iter().find(|deny| is_and_bug(deny)) {
        let place = Place::statement(deny);
        sink.find(
            "kms-and-bug",
            place,
            "both headers must be wrong before the Deny holds, so a foreign key passes",
        );
        sink.set_kms(Enforcement::Partial);
        return;
    } else if strict.forces_kms() {
        (
            Enforcement::Partial,
            Some("kms-key-not-pinned"),
            "uploads must use KMS, but under any key, also one of another account",
        )
    } else if loose.forces_kms() {
        (
            Enforcement::Partial,
            Some("kms-deny-narrowed"),
            "the Deny that asks for KMS holds for a part of the uploads only",
        )
    } else if loose.under_one_algorithm {
        (
            Enforcement::Partial,
            Some("kms-deny-narrowed"),
            "foreign keys are refused under one algorithm of KMS, and pass under the other",
        )
    } else if loose.strangers_key {
        (
            Enforcement::Partial,
            Some("kms-key-not-pinned"),
            "an upload may name other keys than the required, or none",
        )
    } else {
        positive_denies(document, sink);
        (
            Enforcement::None,
            Some("kms-not-enforced"),
            "uploads under another key, or none, are not refused",
        )
    };
    if let Some(code) = code {
        sink.find(code, Place::default(), detail);
    }
    sink.set_kms(kms);
}

/// Whether the entries on encryption headers hold; others may.
fn fires(deny: &Statement, request: &Request, version: Version) -> bool {
    deny.condition
        .entries
        .iter()
        .filter(|entry| is_header(entry))
        .all(|entry| entry.holds(request, version, false))
}

/// Two negated comparisons in one block, on the algorithm and on the key.
fn is_and_bug(deny: &Statement) -> bool {
    let negated = |key: &str| {
        deny.condition.on(key).any(|entry| entry.operator.is_some_and(|operator| operator.negated))
    };
    negated(KEY) && negated(ALGORITHM)
}

/// The comparisons with the key in Denies of uploads, each with its statement.
fn on_key(document: &Document) -> impl Iterator<Item = (&Statement, &Entry, Operator)> {
    document.denies().filter(|deny| deny.has_action("s3:putobject")).flat_map(|deny| {
        let compares = |operator: &Operator| operator.family != Family::Null;
        deny.condition
            .on(KEY)
            .filter_map(move |entry| Some((deny, entry, entry.operator.filter(compares)?)))
    })
}

/// Denies that are meant to pin the keys they forbid.
fn positive_denies(document: &Document, sink: &mut Sink<'_>) {
    for (deny, entry, _) in on_key(document).filter(|(_, _, operator)| !operator.negated) {
        sink.find(
            "kms-not-enforced-positive-deny",
            Place::statement(deny).condition(&entry.describe()),
            "the Deny forbids the keys it names and lets every other pass",
        );
    }
}

/// Denies that are meant to pin a key, and refuse it too.
fn keys_that_are_none(document: &Document, uploads: &Uploads, sink: &mut Sink<'_>) {
    let version = document.version();
    for (deny, entry, operator) in on_key(document).filter(|(_, _, operator)| operator.negated) {
        let fits = |value: &String| is_key_arn(value, operator.family);
        let mut named = uploads.by_algorithm.iter().flat_map(Keys::all);
        let refuses_all = named.all(|upload| fires(deny, upload, version));
        if refuses_all && !entry.values.is_empty() && !entry.values.iter().any(fits) {
            sink.find(
                "kms-key-not-arn",
                Place::statement(deny).condition(&entry.describe()),
                "requests carry the key's ARN, so an alias or a bare id blocks every upload",
            );
        }
    }
}

/// Whether a request's key can equal a value: it is a key's ARN, or a pattern that may fit one. A
/// star that is compared as a character fits none.
fn is_key_arn(value: &str, family: Family) -> bool {
    let segments: Vec<&str> = value.splitn(6, ':').collect();
    if value.contains(['*', '?']) {
        return matches!(family, Family::Like | Family::Arn);
    }
    matches!(segments.as_slice(), ["arn", _, "kms", _, _, key] if key.starts_with("key/"))
}

/// Uploads that name a key, under one algorithm.
struct Keys {
    /// A required key.
    good: Vec<Request>,
    /// Another key.
    foreign: Vec<Request>,
    /// The key of somebody whom no document names.
    stranger: Request,
}

impl Keys {
    fn all(&self) -> impl Iterator<Item = &Request> {
        self.good.iter().chain(&self.foreign)
    }
}

/// The kinds of upload.
struct Uploads {
    /// Under a key that is named.
    by_algorithm: Vec<Keys>,
    /// Without headers: bad unless the bucket's default is the required key.
    bare: Option<Request>,
    /// With headers, but no KMS.
    other: Vec<Request>,
    /// With KMS, but no key: S3 takes its own managed one.
    keyless: Vec<Request>,
}

/// Which kinds are refused altogether.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "one answer for each kind of upload")]
struct Stopped {
    foreign_keys: bool,
    /// All foreign keys under one algorithm, under which a required one passes.
    under_one_algorithm: bool,
    /// A stranger's key, where another passes.
    strangers_key: bool,
    bare: bool,
    other: bool,
    keyless: bool,
}

impl Stopped {
    fn enforces(self) -> bool {
        self.foreign_keys && self.bare && self.other && self.keyless
    }

    fn forces_kms(self) -> bool {
        self.bare && self.other
    }
}

impl Uploads {
    fn of(document: &Document, sink: &Sink<'_>) -> Self {
        let trust = &sink.context.trust;
        let allowed: BTreeSet<String> =
            trust.allowed_kms_keys.iter().chain(&trust.kms_key_arn).cloned().collect();
        let mut foreign: BTreeSet<String> = document
            .denies()
            .flat_map(|deny| deny.condition.on(KEY))
            .filter_map(|entry| Some((entry, entry.operator?.family)))
            .flat_map(|(entry, family)| entry.values.iter().map(move |value| (value, family)))
            .filter(|(value, family)| is_key_arn(value, *family))
            .map(|(value, _)| value)
            // Of a pattern, keys that fit it: a pattern is no pin where another than the required
            // key fits, in another Region or account too.
            .flat_map(|value| ["0", "1"].map(|one| value.replace('*', "0").replace('?', one)))
            .filter(|value| !allowed.contains(value))
            .collect();
        // Keys that no document names: one beside each allowed key, and one of a stranger.
        let unnamed = "00000000-0000-0000-0000-000000000000";
        for key in &allowed {
            if let Some((stem, _)) = key.rsplit_once('/') {
                foreign.insert(format!("{stem}/{unnamed}"));
            }
        }
        let stranger = format!("arn:aws:kms:us-east-1:000000000000:key/{unnamed}");
        foreign.insert(stranger.clone());
        let under = |algorithm: &str| {
            let with = |key: &String| Request::new(&[(ALGORITHM, algorithm), (KEY, key)]);
            let good = if allowed.is_empty() {
                // Where no key is required there is none to keep working.
                vec![Request::new(&[(ALGORITHM, algorithm)])]
            } else {
                allowed.iter().map(with).collect()
            };
            let foreign = foreign.iter().map(with).collect();
            Keys { good, foreign, stranger: with(&stranger) }
        };
        let keyless: Vec<Request> =
            KMS.into_iter().map(|kms| Request::new(&[(ALGORITHM, kms)])).collect();
        let default_is_good = sink
            .context
            .default_encryption_key
            .as_ref()
            .is_some_and(|default| allowed.contains(default));
        Self {
            by_algorithm: KMS.into_iter().map(under).collect(),
            bare: (!default_is_good).then(Request::default),
            other: vec![
                Request::new(&[(ALGORITHM, "AES256")]),
                Request::new(&[(CUSTOMER, "AES256")]),
            ],
            keyless,
        }
    }

    fn stopped_by(&self, denies: &[&Statement], version: Version) -> Stopped {
        let stopped = |request: &Request| denies.iter().any(|deny| fires(deny, request, version));
        Stopped {
            foreign_keys: self.by_algorithm.iter().flat_map(|keys| &keys.foreign).all(stopped),
            under_one_algorithm: self
                .by_algorithm
                .iter()
                .any(|keys| keys.foreign.iter().all(stopped) && !keys.good.iter().all(stopped)),
            strangers_key: self
                .by_algorithm
                .iter()
                .any(|keys| stopped(&keys.stranger) && !keys.all().all(stopped)),
            bare: self.bare.iter().all(stopped),
            other: self.other.iter().all(stopped),
            keyless: self.keyless.iter().all(stopped),
        }
    }
}

#[cfg(test)]
mod tests;
