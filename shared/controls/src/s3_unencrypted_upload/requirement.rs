//! What a bucket requires, and whether a version is stored so.
//!
//! The trust file's key for the bucket comes first, then its key for every bucket, then the
//! bucket's own default encryption. A requirement is met by its algorithm under its very key, by
//! the same key used twice (`aws:kms:dsse`), and by any key of `allowed_kms_keys`. A bucket that
//! requires SSE-S3 has chosen the least there is: a KMS key of our own or of a trusted account is
//! more, and meets it; a stranger's key, with which he can withdraw the data, does not.

use iam_document::glob::{Pattern, Syntax};
use model::{AccountId, Arn, Trust};
use serde_json::{Value, json};

use super::state::{DefaultEncryption, Encryption, KeyFacts, UploadState};

/// The AWS managed key of S3, used where a KMS default names no key.
const MANAGED_KEY: &str = "alias/aws/s3";

/// Who asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// `required_kms_keys` of the trust file, by this pattern.
    TrustFileBucket(String),
    /// `kms_key_arn` of the trust file.
    TrustFile,
    /// The bucket's default encryption.
    BucketDefault,
}

impl Source {
    /// For evidence.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::TrustFileBucket(pattern) => {
                format!("trust file, required_kms_keys for `{pattern}`")
            }
            Self::TrustFile => "trust file, kms_key_arn".to_owned(),
            Self::BucketDefault => "the bucket's default encryption".to_owned(),
        }
    }
}

/// What a bucket requires of its objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Requirement {
    /// SSE-S3, or better.
    S3,
    /// A KMS key.
    Kms {
        /// As it was configured: an ARN, an id, an alias.
        named: String,
        /// Its ARN, where that is known; ids and aliases have to be resolved by reading.
        arn: Option<String>,
        /// Whether it must be used twice (`aws:kms:dsse`).
        twice: bool,
        /// Who asks for it.
        source: Source,
    },
    /// The bucket's default was not read.
    Unknown,
}

/// Whether a version is stored as required.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Met {
    /// It is.
    Yes,
    /// It is not.
    No,
    /// It cannot be said, and this is why.
    Unknown(&'static str),
}

impl Requirement {
    /// What is required of the objects of a bucket.
    #[must_use]
    pub fn of(
        bucket: &str,
        default: Option<&DefaultEncryption>,
        keys: &[KeyFacts],
        trust: &Trust,
    ) -> Self {
        let kms = |named: &str, twice, source| Self::Kms {
            arn: resolve(named, keys),
            named: named.to_owned(),
            twice,
            source,
        };
        if let Some((pattern, key)) = most_exact(bucket, trust) {
            return kms(key, false, Source::TrustFileBucket(pattern.to_owned()));
        }
        if let Some(key) = &trust.kms_key_arn {
            return kms(key, false, Source::TrustFile);
        }
        let Some(default) = default else { return Self::Unknown };
        match &default.encryption {
            // A bucket without a default has SSE-S3 since 2023-01-05, and nothing can be stored
            // under a customer's key or an unknown algorithm by default.
            // https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-encryption-faq.html
            Encryption::None | Encryption::S3 | Encryption::Customer | Encryption::Other { .. } => {
                Self::S3
            }
            Encryption::Kms { key } => {
                kms(key.as_deref().unwrap_or(MANAGED_KEY), false, Source::BucketDefault)
            }
            Encryption::KmsTwice { key } => {
                kms(key.as_deref().unwrap_or(MANAGED_KEY), true, Source::BucketDefault)
            }
        }
    }

    /// The name of the key that has to be looked up before anything can be said.
    #[must_use]
    pub fn key_to_resolve(&self) -> Option<&str> {
        match self {
            Self::Kms { named, arn: None, .. } if key_id(named).is_none() => Some(named),
            Self::Kms { .. } | Self::S3 | Self::Unknown => None,
        }
    }

    /// Whether the version of the state is stored as required.
    #[must_use]
    pub fn met_by(&self, state: &UploadState, account: &AccountId, trust: &Trust) -> Met {
        let version = &state.version;
        let twice = match &version.encryption {
            Encryption::None | Encryption::Customer => return Met::No,
            Encryption::Other { .. } => {
                return Met::Unknown("its encryption algorithm is not known here");
            }
            Encryption::S3 => {
                return match self {
                    Self::S3 => Met::Yes,
                    Self::Kms { .. } => Met::No,
                    Self::Unknown => Met::Unknown("its bucket's default encryption is not known"),
                };
            }
            Encryption::Kms { .. } => false,
            Encryption::KmsTwice { .. } => true,
        };
        let key = version.encryption.key();
        let allowed = key.map_or(Met::No, |key| is_allowed(key, trust));
        match self {
            Self::Unknown => Met::Unknown("its bucket's default encryption is not known"),
            Self::S3 => match key {
                None => Met::Unknown("it is not known under which KMS key it is"),
                Some(_) if allowed == Met::Yes => Met::Yes,
                Some(key) if is_ours(key, account, trust) => Met::Yes,
                Some(key) if is_key_arn(key) => allowed,
                // A bare id or an alias, as the caller wrote it, does not say whose it is.
                Some(_) => Met::Unknown("whose KMS key it is has not been read"),
            },
            Self::Kms { twice: true, .. } if !twice => Met::No,
            Self::Kms { .. } if allowed == Met::Yes => Met::Yes,
            Self::Kms { source: Source::BucketDefault, .. } if version.by_default => Met::Yes,
            Self::Kms { named, arn, .. } => match key {
                None => Met::Unknown("it is not known under which KMS key it is"),
                // One of the allowed keys, of which only an alias is known, may be the object's.
                Some(key) => match is_same(key, named, arn.as_deref()) {
                    Met::No => allowed,
                    met @ (Met::Yes | Met::Unknown(_)) => met,
                },
            },
        }
    }

    /// The encryption that a re-encrypted copy gets; `None`: it cannot be said.
    #[must_use]
    pub fn encryption(&self) -> Option<Encryption> {
        match self {
            Self::S3 => Some(Encryption::S3),
            Self::Kms { named, arn, twice, .. } => {
                let key = arn.clone().or_else(|| (named != MANAGED_KEY).then(|| named.clone()));
                Some(if *twice { Encryption::KmsTwice { key } } else { Encryption::Kms { key } })
            }
            Self::Unknown => None,
        }
    }

    /// For evidence.
    #[must_use]
    pub fn describe(&self) -> Value {
        match self {
            Self::S3 => json!({"algorithm": "AES256", "from": Source::BucketDefault.describe()}),
            Self::Kms { named, arn, twice, source } => json!({
                "algorithm": if *twice { "aws:kms:dsse" } else { "aws:kms" },
                "key": arn.as_ref().unwrap_or(named),
                "from": source.describe(),
            }),
            Self::Unknown => Value::Null,
        }
    }

    /// What is required in one phrase for people; `None`: that is not known.
    #[must_use]
    pub fn phrase(&self) -> Option<String> {
        match self {
            Self::S3 => Some("SSE-S3".to_owned()),
            Self::Kms { named, arn, twice, .. } => {
                let key = arn.as_ref().unwrap_or(named);
                let twice = if *twice { ", used twice" } else { "" };
                Some(format!("KMS key `{key}`{twice}"))
            }
            Self::Unknown => None,
        }
    }
}

/// The pattern of `required_kms_keys` that names the bucket most exactly: the one with the most
/// characters that are not wildcards, the first in order among equals.
pub(crate) fn most_exact<'a>(bucket: &str, trust: &'a Trust) -> Option<(&'a str, &'a str)> {
    let exactness = |pattern: &str| pattern.chars().filter(|c| !matches!(c, '*' | '?')).count();
    let mut best: Option<(&str, &str)> = None;
    for (pattern, key) in &trust.required_kms_keys {
        if Pattern::parse(pattern, Syntax::GLOB).matches(bucket)
            && best.is_none_or(|(found, _)| exactness(found) < exactness(pattern))
        {
            best = Some((pattern, key));
        }
    }
    best
}

/// The ARN of a key that somebody named: itself, or what KMS said.
fn resolve(named: &str, keys: &[KeyFacts]) -> Option<String> {
    if is_key_arn(named) {
        return Some(named.to_owned());
    }
    keys.iter().find(|facts| facts.named == named).and_then(|facts| facts.arn.clone())
}

pub(crate) fn is_key_arn(text: &str) -> bool {
    text.parse::<Arn>().is_ok_and(|arn| arn.service == "kms" && arn.resource.starts_with("key/"))
}

/// The id of a key that is named by its ARN or its bare id; `None` for aliases.
fn key_id(named: &str) -> Option<&str> {
    if let Some((_, id)) = named.rsplit_once(":key/") {
        return Some(id);
    }
    (!named.contains("alias/")).then_some(named)
}

/// Whether the object's key, an ARN (or, in a record, what the caller wrote), is the required one.
pub(crate) fn is_same(key: &str, named: &str, arn: Option<&str>) -> Met {
    if let Some(arn) = arn
        && is_key_arn(key)
    {
        return if arn == key { Met::Yes } else { Met::No };
    }
    match (key_id(key), key_id(arn.unwrap_or(named))) {
        // Ids are unique within a Region, and an object's key is of its bucket's Region.
        (Some(id), Some(required)) => {
            if id == required {
                Met::Yes
            } else {
                Met::No
            }
        }
        (None, None) if key == named => Met::Yes,
        (None, _) | (_, None) => Met::Unknown("which key an alias stands for has not been read"),
    }
}

/// Whether the key is one of the further keys that are as good, however either is named.
pub(crate) fn is_allowed(key: &str, trust: &Trust) -> Met {
    let mut met = Met::No;
    for allowed in &trust.allowed_kms_keys {
        match is_same(key, allowed, is_key_arn(allowed).then_some(allowed)) {
            Met::Yes => return Met::Yes,
            doubt @ Met::Unknown(_) if is_foreign_to(key, allowed) != Some(true) => met = doubt,
            Met::Unknown(_) | Met::No => {}
        }
    }
    met
}

/// Whether two names are of keys of different accounts, where both tell theirs.
fn is_foreign_to(key: &str, other: &str) -> Option<bool> {
    let account = |name: &str| name.parse::<Arn>().ok().map(|arn| arn.account);
    Some(account(key)? != account(other)?)
}

/// Whether the key belongs to the account of the bucket, or to one that is trusted like it.
pub(crate) fn is_ours(key: &str, account: &AccountId, trust: &Trust) -> bool {
    key.parse::<Arn>().is_ok_and(|arn| {
        let owner = AccountId::from(arn.account);
        owner == *account || trust.trusts_account(&owner)
    })
}
