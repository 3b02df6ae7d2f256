//! Default encryption: how strong, under whose key, and which uploads it refuses.

use model::{Arn, Confidence, Finding, trust::FloorEncryption};
use serde_json::json;

use super::{Findings, Question};
use crate::{
    s3_bucket_safeguards::{
        REMOVED,
        remedy::SafeguardRemedy,
        setting::{Encryption, Kind, Setting},
    },
    s3_unencrypted_upload::requirement::{Met, is_allowed, is_ours, is_same},
};

const NOT_KNOWN: &str = "what it was before is not known: no baseline, and no floor";
const ELSEWHERE: &str =
    "the key that is asked for is of another Region, where the bucket cannot use it";
const WHOSE_ALIAS: &str = "in which account the alias is, one of its names does not say";
const SEVERAL: &str = "which of several keys is meant, a person has to say";

impl Question<'_> {
    pub(super) fn encryption(&self, now: &Encryption) -> Findings {
        let has = match now.strength() {
            Ok(has) => has,
            Err(word) => return vec![self.strange(now, word)],
        };
        let before = self.before().encryption.as_ref();
        let was = self.known().and_then(|before| before.strength().ok().flatten());
        let mut findings = Vec::new();
        if has < was.max(self.floor.encryption) {
            let code = "s3-bucket-encryption-removed";
            let title = "the bucket's default encryption is weaker than it should be";
            findings.push(self.encrypted(code, title, now));
        } else if let Some(key) = &now.key
            && let Some(doubt) = self.strangers(key)
        {
            let code = "s3-bucket-encryption-removed:foreign-key";
            let title = "new objects are encrypted under a key of an account that is not trusted";
            findings.push(unless_doubtful(self.encrypted(code, title, now), doubt));
        } else {
            findings.extend(self.other_key(now, self.known()));
        }
        if before.is_some_and(Encryption::blocks_customer_keys) && !now.blocks_customer_keys() {
            let code = "s3-bucket-encryption-removed:sse-c";
            let title = "uploads under keys that only the caller has are no longer refused";
            let finding = Self::finding(code, title, now, before);
            let after = Encryption {
                blocked: before.and_then(|before| before.blocked.clone()),
                ..now.clone()
            };
            let was = Setting::Encryption(now.clone());
            findings.push(self.mend(finding, was, Ok(Setting::Encryption(after))));
        }
        let removed = self.is_about(Kind::Encryption) && self.target.detail(REMOVED).is_some();
        let nothing_known = before.is_none() && self.floor.encryption.is_none();
        if removed && nothing_known && has <= Some(FloorEncryption::S3) {
            let code = "s3-bucket-encryption-removed:reset";
            let title = "the bucket's default encryption was removed, and what it was is not known";
            let mut finding = self.encrypted(code, title, now);
            finding.confidence = Confidence::Probable;
            findings.push(finding);
        }
        findings
    }

    fn strange(&self, now: &Encryption, word: &str) -> Finding<SafeguardRemedy> {
        let title = "the bucket's default encryption has an algorithm that is not known here";
        let before = self.before().encryption.as_ref();
        let mut finding = Self::finding("evidence-unreadable", title, now, before);
        finding.confidence = Confidence::Unclear;
        finding.held_back = Some("what cannot be judged is not changed".to_owned());
        finding.with_evidence("algorithm", word)
    }

    /// Under a KMS key, but not the one it should be.
    fn other_key(
        &self,
        now: &Encryption,
        before: Option<&Encryption>,
    ) -> Option<Finding<SafeguardRemedy>> {
        if now.strength().ok().flatten() < Some(FloorEncryption::Kms) {
            return None;
        }
        let key = now.key.as_deref().unwrap_or(MANAGED_KEY);
        let allowed = is_allowed(key, self.trust);
        let met = if self.floor.keys.is_empty() {
            let before = before?;
            if before.strength().ok().flatten() < Some(FloorEncryption::Kms) {
                return None;
            }
            self.same(key, before.key.as_deref().unwrap_or(MANAGED_KEY))
        } else {
            let mets = self.floor.keys.iter().map(|wanted| self.same(key, wanted));
            mets.fold(Met::No, either)
        };
        let met = either(met, allowed);
        if met == Met::Yes {
            return None;
        }
        let code = "s3-bucket-encryption-removed:key";
        let title = "the bucket's default encryption names another key than it should";
        Some(unless_doubtful(self.encrypted(code, title, now), met))
    }

    /// A finding that is mended by the encryption of before, else by that of the floor.
    fn encrypted(&self, code: &str, title: &str, now: &Encryption) -> Finding<SafeguardRemedy> {
        let before = self.before().encryption.as_ref();
        let mut finding = Self::finding(code, title, now, before);
        if let Some(floor) = self.floor.encryption {
            finding = finding
                .with_evidence("floor", json!({"encryption": floor, "keys": self.floor.keys}));
        }
        let after = self.wanted(now).map(Setting::Encryption);
        self.mend(finding, Setting::Encryption(now.clone()), after)
    }

    /// What was before, where it may come back: under a stranger's key it was right by another trust
    /// file only. What cannot be compared is not held against anybody.
    fn known(&self) -> Option<&Encryption> {
        let before = self.before().encryption.as_ref()?;
        let is_strangers = before.key.as_deref().is_some_and(|key| self.is_strangers(key));
        (!is_strangers && before.strength().is_ok()).then_some(before)
    }

    /// The strongest of before and of the floor, under the key of the one or the other; and where it
    /// is only the key that is wrong, no weaker than it is. What uploads the bucket refuses is asked
    /// by itself, and here stays as it is.
    fn wanted(&self, now: &Encryption) -> Result<Encryption, &'static str> {
        let before = self.known();
        let strength = |one: &Encryption| one.strength().ok().flatten();
        let least = self.floor.encryption.max(before.and_then(strength)).ok_or(NOT_KNOWN)?;
        let (algorithm, key) = if least > FloorEncryption::S3 {
            let of_before = before.filter(|before| strength(before) > Some(FloorEncryption::S3));
            (strength(now).map_or(least, |has| has.max(least)), self.wanted_key(now, of_before)?)
        } else {
            (least, None)
        };
        let bucket_key = before.map_or(now.bucket_key, |before| before.bucket_key);
        Ok(Encryption {
            algorithm: Some(word(algorithm).to_owned()),
            key,
            // There are no bucket keys for two layers.
            // https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html
            bucket_key: bucket_key.map(|on| on && algorithm != FloorEncryption::KmsTwice),
            blocked: now.blocked.clone(),
        })
    }

    /// `None`: the AWS managed key.
    fn wanted_key(
        &self,
        now: &Encryption,
        before: Option<&Encryption>,
    ) -> Result<Option<String>, &'static str> {
        let keys = &self.floor.keys;
        let fits = |before: &&Encryption| {
            let key = before.key.as_deref().unwrap_or(MANAGED_KEY);
            keys.is_empty() || keys.iter().any(|wanted| self.same(key, wanted) == Met::Yes)
        };
        if let Some(before) = before.filter(fits) {
            return Ok(before.key.clone());
        }
        let mut usable = keys.iter().filter(|key| !self.is_elsewhere(key));
        match (usable.next(), usable.next()) {
            (Some(key), None) => Ok(Some(key.clone())),
            (Some(_), Some(_)) => Err(SEVERAL),
            (None, _) if !keys.is_empty() => Err(ELSEWHERE),
            (None, _) => match &self.trust.kms_key_arn {
                Some(key) if self.is_elsewhere(key) => Err(ELSEWHERE),
                Some(key) => Ok(Some(key.clone())),
                None => Ok(now.key.clone().filter(|key| self.strangers(key).is_none())),
            },
        }
    }

    /// Whether a key is of another Region than the bucket: S3 takes its name unread, and every upload
    /// fails from then on.
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketEncryption.html>.
    fn is_elsewhere(&self, key: &str) -> bool {
        let region = self.target.resource.region.as_str();
        key.parse::<Arn>().is_ok_and(|arn| !region.is_empty() && arn.region != region)
    }

    /// Whether two names are of one key, however either is written. An alias stands for a key of its own
    /// account alone, and each account has its own of a name.
    /// Source: <https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html>.
    fn same(&self, key: &str, wanted: &str) -> Met {
        if key == wanted {
            return Met::Yes;
        }
        let (alias_of_key, alias_of_wanted) = (alias(key), alias(wanted));
        let managed = Some("aws/s3");
        if (alias_of_key == managed) != (alias_of_wanted == managed) {
            // The AWS managed key and one of our own are never the same.
            return Met::No;
        }
        let is_alias = alias_of_key.is_some() || alias_of_wanted.is_some();
        let account = |name: &str| name.parse::<Arn>().ok().map(|arn| arn.account);
        match (account(key), account(wanted)) {
            (Some(one), Some(other)) if is_alias && one != other => return Met::No,
            (Some(told), None) | (None, Some(told))
                if is_alias && told != self.target.resource.account.as_str() =>
            {
                return Met::Unknown(WHOSE_ALIAS);
            }
            _ if is_alias && alias_of_key == alias_of_wanted => return Met::Yes,
            _ => {}
        }
        is_same(key, wanted, None)
    }

    /// Whether a key belongs to an account that is neither the bucket's nor trusted like it: whoever
    /// has it can take the data away. `None`: it does not; [`Met::No`]: it does, and is not allowed;
    /// [`Met::Unknown`]: it does, and an allowed alias may stand for it. Only an ARN tells whose it
    /// is.
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ServerSideEncryptionByDefault.html>.
    fn strangers(&self, key: &str) -> Option<Met> {
        let is_ours = key.parse::<Arn>().is_err()
            || is_ours(key, &self.target.resource.account, self.trust)
            || self.floor.keys.iter().any(|wanted| self.same(key, wanted) == Met::Yes);
        let allowed = is_allowed(key, self.trust);
        (!is_ours && allowed != Met::Yes).then_some(allowed)
    }

    fn is_strangers(&self, key: &str) -> bool {
        self.strangers(key) == Some(Met::No)
    }
}

/// The finding, of which nothing is certain where the key is in doubt.
fn unless_doubtful(mut finding: Finding<SafeguardRemedy>, met: Met) -> Finding<SafeguardRemedy> {
    if let Met::Unknown(why) = met {
        finding.confidence = Confidence::Unclear;
        finding.remedies.clear();
        finding.held_back = Some(why.to_owned());
    }
    finding
}

/// The API's word for it.
const fn word(encryption: FloorEncryption) -> &'static str {
    match encryption {
        FloorEncryption::S3 => "AES256",
        FloorEncryption::Kms => "aws:kms",
        FloorEncryption::KmsTwice => "aws:kms:dsse",
    }
}

/// The AWS managed key of S3, used where none is named.
const MANAGED_KEY: &str = "alias/aws/s3";

/// The name of an alias.
fn alias(key: &str) -> Option<&str> {
    key.rsplit_once("alias/").map(|(_, name)| name)
}

const fn either(one: Met, other: Met) -> Met {
    match (one, other) {
        (Met::Yes, _) | (_, Met::Yes) => Met::Yes,
        (doubt @ Met::Unknown(_), _) | (_, doubt @ Met::Unknown(_)) => doubt,
        (Met::No, Met::No) => Met::No,
    }
}
