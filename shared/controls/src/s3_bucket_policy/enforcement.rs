//! Has the policy stopped enforcing TLS and the key?
//!
//! It is asked for where the trust file demands it, and where the policy that was last seen right
//! did it. What is missing is put back from that policy, statement by statement, else the smallest
//! statements that enforce it are added; a Deny that stands is never taken out.
//! Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/example-bucket-policies.html>.

mod restore;

use std::collections::BTreeSet;

use iam_document::{Check, Context, Document, Effect, Enforcement, Kind, Verdict};
use model::{Arn, Finding, Resource, Trust};
use serde_json::json;

use super::{
    remedy::{NO_STATEMENTS, PolicyRemedy},
    state::PolicyState,
};
use crate::{documents, s3_unencrypted_upload::most_exact};

/// The condition key that holds an upload's KMS key, in the judge's lower case.
const KEY: &str = "s3:x-amz-server-side-encryption-aws-kms-key-id";

/// Something that the policy has to enforce.
pub(super) struct Demand {
    check: Check,
    /// How far, under each of the contexts in which it is measured.
    levels: Vec<(Context, Enforcement)>,
    /// Who asks for it.
    by: &'static str,
    /// The keys that uploads may use.
    keys: BTreeSet<String>,
}

const BY_TRUST: &str = "the trust file";
const BY_BASELINE: &str = "the policy that was last seen right";

/// What the bucket's policy has to enforce. `context` knows the bucket.
pub(super) fn demands(state: &PolicyState, context: &Context, trust: &Trust) -> Vec<Demand> {
    let baseline = state.baseline.as_deref();
    [tls(baseline, context, trust), key(baseline, context, trust)].into_iter().flatten().collect()
}

fn tls(baseline: Option<&str>, context: &Context, trust: &Trust) -> Option<Demand> {
    let mut context = context.clone();
    context.checks = BTreeSet::from([Check::Tls]);
    let (wanted, by) = if trust.require_tls {
        (Enforcement::Enforced, BY_TRUST)
    } else {
        (inspect(baseline?, &context).tls?, BY_BASELINE)
    };
    let levels = vec![(context, wanted)];
    is_something(&levels).then_some(Demand { check: Check::Tls, levels, by, keys: BTreeSet::new() })
}

fn key(baseline: Option<&str>, context: &Context, trust: &Trust) -> Option<Demand> {
    let bucket = context.bucket.as_deref().unwrap_or_default();
    let required = most_exact(bucket, trust).map(|(_, key)| key).or(trust.kms_key_arn.as_deref());
    let required = required.filter(|key| trust.require_key_enforcement && is_key(key));
    let allowed = trust.allowed_kms_keys.iter().filter(|key| is_key(key));
    let mut keys: BTreeSet<String> = allowed.cloned().chain(required.map(str::to_owned)).collect();
    let by = if required.is_some() { BY_TRUST } else { BY_BASELINE };
    if required.is_none() {
        keys.extend(trust.kms_key_arn.clone());
        keys.extend(keys_of(baseline?));
    }
    let mut context = context.clone();
    context.checks = BTreeSet::from([Check::Kms]);
    context.trust.kms_key_arn = None;
    context.trust.allowed_kms_keys.clone_from(&keys);
    // An upload that names no encryption is stored under the bucket's default. Whether that is the
    // required key is `s3-bucket-safeguards`' question; here it is taken to be.
    let mut by_default = context.clone();
    by_default.default_encryption_key = keys.first().cloned();
    let mut contexts = vec![by_default];
    if by == BY_BASELINE {
        // Where uploads without headers were refused too, they are to be refused still.
        contexts.push(context);
    }
    let levels = contexts.into_iter().map(|context| {
        let verdict = inspect(baseline.unwrap_or(NO_STATEMENTS), &context);
        let wanted = if by == BY_TRUST { Enforcement::Enforced } else { verdict.kms? };
        Some((context, wanted))
    });
    let levels: Vec<(Context, Enforcement)> = levels.collect::<Option<_>>()?;
    (is_something(&levels) && !keys.is_empty()).then_some(Demand {
        check: Check::Kms,
        levels,
        by,
        keys,
    })
}

/// Whether a document enforces anything, so that it is worth remembering.
pub(super) fn is_enforcing(document: &str, context: &Context, trust: &Trust) -> bool {
    // What the trust file demands is demanded without a memory; what the document does counts.
    let trust = Trust { require_tls: false, require_key_enforcement: false, ..trust.clone() };
    tls(Some(document), context, &trust).is_some() || key(Some(document), context, &trust).is_some()
}

fn is_something(levels: &[(Context, Enforcement)]) -> bool {
    levels.iter().any(|(_, level)| rank(*level) > rank(Enforcement::None))
}

const fn rank(level: Enforcement) -> u8 {
    match level {
        Enforcement::None => 0,
        Enforcement::Partial => 1,
        Enforcement::HeaderOnly => 2,
        Enforcement::Enforced => 3,
    }
}

/// The keys that a document's Denies name.
fn keys_of(document: &str) -> BTreeSet<String> {
    let Ok(document) = Document::parse(document) else { return BTreeSet::new() };
    let denies = document.statements().iter().filter(|it| it.effect == Some(Effect::Deny));
    let entries = denies.flat_map(|deny| &deny.condition.entries).filter(|it| it.key == KEY);
    entries.flat_map(|entry| &entry.values).filter(|key| is_key(key)).cloned().collect()
}

/// Whether a text is a key's ARN, which is all that requests carry.
fn is_key(text: &str) -> bool {
    !text.contains(['*', '?'])
        && text
            .parse::<Arn>()
            .is_ok_and(|arn| arn.service == "kms" && arn.resource.starts_with("key/"))
}

fn inspect(document: &str, context: &Context) -> Verdict {
    iam_document::inspect(Kind::BucketPolicy, document, context)
}

impl Demand {
    fn level(&self, verdict: &Verdict) -> Enforcement {
        match self.check {
            Check::Tls => verdict.tls,
            Check::Kms => verdict.kms,
        }
        .unwrap_or(Enforcement::None)
    }

    /// The verdict on a document that falls short, with what was wanted; `None`: it does not.
    fn shortfall(&self, document: &str) -> Option<(Verdict, Enforcement)> {
        self.levels.iter().find_map(|(context, wanted)| {
            let verdict = inspect(document, context);
            (rank(self.level(&verdict)) < rank(*wanted)).then_some((verdict, *wanted))
        })
    }

    /// Whether a code speaks of it.
    fn is_about(&self, code: &str) -> bool {
        code.starts_with(match self.check {
            Check::Tls => "tls-",
            Check::Kms => "kms-",
        })
    }

    /// What of it the policy does not enforce, each with what would mend it. `context` is the one
    /// by which the document itself is judged.
    pub(super) fn findings(
        &self,
        resource: &Resource,
        state: &PolicyState,
        context: &Context,
    ) -> Vec<Finding<PolicyRemedy>> {
        let live = state.document.as_deref().unwrap_or(NO_STATEMENTS);
        let Some((verdict, wanted)) = self.shortfall(live) else { return Vec::new() };
        let doubt = (!verdict.is_certain()).then(|| documents::doubt(&verdict));
        let groups = documents::together(&verdict, &[]).into_iter();
        let groups = groups.filter(|alike| alike.iter().all(|judged| self.is_about(&judged.code)));
        let findings = groups.map(|alike| {
            let mut finding = documents::describe(&alike, &verdict)
                .with_evidence("enforced", self.level(&verdict).as_str())
                .with_evidence("required", wanted.as_str())
                .with_evidence("required_by", self.by);
            if !self.keys.is_empty() {
                finding = finding.with_evidence("keys", json!(self.keys));
            }
            let remedy = match &doubt {
                Some(doubt) => {
                    finding = documents::doubted(finding, doubt);
                    Err(documents::NOT_IN_FULL.to_owned())
                }
                None if MISTAKES.contains(&finding.code.as_str()) => Err(NEVER_LOST.to_owned()),
                None => restore::remedy(self, resource, state, context, &verdict),
            };
            match remedy {
                Ok(remedy) => finding.remedies = vec![remedy],
                Err(reason) => finding.held_back = Some(reason),
            }
            finding
        });
        findings.collect()
    }
}

/// Denies that do something else than was meant: what they refuse today is people's to say.
const MISTAKES: [&str; 3] =
    ["tls-deny-inverted", "kms-key-not-arn", "kms-not-enforced-positive-deny"];

const NEVER_LOST: &str = "a Deny is never taken out";
