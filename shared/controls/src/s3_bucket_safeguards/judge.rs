//! Which settings are below the floor, worse than before, or weakened in themselves.

mod encryption;
mod lifecycle;

use std::collections::BTreeSet;

use model::{
    Confidence, Finding, Target, Trust,
    trust::{FloorOwnership, LockMode},
};
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    NEW, REMOVED, SETTING,
    floor::Floor,
    remedy::SafeguardRemedy,
    setting::{
        Kind, LogTarget, Logging, Metrics, MetricsFilter, ObjectLock, Ownership, Retention,
        Setting, Settings, Versioning, VersioningStatus,
    },
    state::SafeguardsState,
};
use crate::s3::ObjectOwnership;

/// What is wrong with a bucket's settings.
pub(super) fn assess(
    target: &Target,
    state: &SafeguardsState,
    trust: &Trust,
) -> Vec<Finding<SafeguardRemedy>> {
    let bucket = target.resource.id.bucket().unwrap_or_default();
    let floor = Floor::of(bucket, state.tags.as_ref(), trust);
    let question = Question { target, state, floor, trust };
    let seen = &state.seen;
    let mut findings = Vec::new();
    findings.extend(seen.encryption.iter().flat_map(|one| question.encryption(one)));
    findings.extend(seen.versioning.iter().flat_map(|one| question.versioning(one)));
    findings.extend(seen.logging.iter().flat_map(|one| question.logging(one)));
    findings.extend(seen.lifecycle.iter().flat_map(|one| question.lifecycle(one)));
    findings.extend(seen.object_lock.iter().flat_map(|one| question.object_lock(one)));
    findings.extend(seen.ownership.iter().flat_map(|one| question.ownership(*one)));
    findings.extend(question.metrics(seen.metrics.as_ref()));
    if question.is_new() {
        for finding in &mut findings {
            // Whoever makes a bucket sets it up call by call.
            finding.confidence = finding.confidence.min(Confidence::Probable);
            let note = "the bucket is new, and its settings may still follow";
            finding.evidence.insert("note".to_owned(), note.into());
        }
    }
    findings.extend(question.unread());
    findings
}

/// Everything that decides about a setting.
struct Question<'a> {
    target: &'a Target,
    state: &'a SafeguardsState,
    floor: Floor,
    trust: &'a Trust,
}

type Findings = Vec<Finding<SafeguardRemedy>>;

impl Question<'_> {
    const fn before(&self) -> &Settings {
        &self.state.baseline
    }

    fn is_new(&self) -> bool {
        self.target.detail(SETTING) == Some(NEW)
    }

    /// Whether the event is about this setting.
    fn is_about(&self, kind: Kind) -> bool {
        self.target.detail(SETTING) == Some(kind.as_str())
    }

    /// A finding about a setting, with what it is and was.
    fn finding(
        code: &str,
        title: &str,
        now: impl Serialize,
        before: Option<impl Serialize>,
    ) -> Finding<SafeguardRemedy> {
        let finding = Finding::new(code, title).with_evidence("now", json!(now));
        match before {
            Some(before) => finding.with_evidence("before", json!(before)),
            None => finding,
        }
    }

    /// The finding with the write that mends it, or why there is none.
    fn mend(
        &self,
        mut finding: Finding<SafeguardRemedy>,
        before: Setting,
        after: Result<Setting, &str>,
    ) -> Finding<SafeguardRemedy> {
        match after {
            Ok(after) => {
                let resource = self.target.resource.clone();
                finding.remedies = vec![SafeguardRemedy::Put { resource, before, after }];
            }
            Err(reason) => finding.held_back = Some(reason.to_owned()),
        }
        finding
    }

    fn versioning(&self, now: &Versioning) -> Findings {
        let mut findings = Vec::new();
        let before = self.before().versioning.as_ref();
        let was_on = before.is_some_and(|before| before.status == VersioningStatus::Enabled);
        let title = match now.status {
            VersioningStatus::Enabled => None,
            // Hardly any bucket but one that kept versions has them suspended.
            VersioningStatus::Suspended => Some("versioning is suspended"),
            VersioningStatus::Off => {
                (self.floor.versioning || was_on).then_some("versioning is not on")
            }
        };
        if let Some(title) = title {
            let finding = Self::finding("s3-versioning-weakened", title, now, before);
            let mut finding = Self::with_floor(finding, self.floor.versioning, json!("Enabled"));
            let never_on = before.is_some_and(|before| before.status == VersioningStatus::Off);
            if never_on && !self.floor.versioning {
                // S3 lets them be suspended where they never were on, and tools do so for a new
                // bucket that is to have none.
                finding.confidence = Confidence::Probable;
            }
            let after = if now.mfa_delete == Some(true) {
                Err("with MFA delete on, only the root user with his device can change versioning")
            } else {
                let status = VersioningStatus::Enabled;
                Ok(Setting::Versioning(Versioning { status, mfa_delete: now.mfa_delete }))
            };
            findings.push(self.mend(finding, Setting::Versioning(now.clone()), after));
        }
        let known = before.and_then(|before| before.mfa_delete);
        let asked = self.floor.mfa_delete || known == Some(true);
        let said = self.target.detail(REMOVED) == Some(MFA_DELETE);
        let off = now.mfa_delete.map_or(said, |on| !on);
        let told = said && known.is_none();
        if off && (asked || told) {
            let title = "MFA delete is off: versions can be deleted without a second factor";
            let code = "s3-versioning-weakened:mfa-delete";
            let mut finding = Self::finding(code, title, now, before);
            finding = Self::with_floor(finding, self.floor.mfa_delete, json!("Enabled"));
            if !asked {
                // Tools send the word whatever it was before.
                finding.confidence = Confidence::Probable;
            }
            finding.held_back =
                Some("only the root user with his MFA device can switch it on".to_owned());
            findings.push(finding);
        }
        findings
    }

    fn logging(&self, now: &Logging) -> Findings {
        let before = self.before().logging.as_ref();
        let was = before.and_then(|before| before.target.as_ref());
        let floors: Vec<LogTarget> = self
            .floor
            .targets
            .iter()
            .map(|(bucket, prefix)| LogTarget {
                bucket: bucket.clone(),
                prefix: prefix.clone(),
                ..LogTarget::default()
            })
            .collect();
        let does = |target: &LogTarget| {
            floors.is_empty() || floors.iter().any(|floor| floor.bucket == target.bucket)
        };
        let wanted = match (was.filter(|was| does(was)), floors.as_slice()) {
            (Some(was), _) => Ok(was),
            (None, [floor]) => Ok(floor),
            (None, []) => {
                Err("where logs are to go is not known: no baseline, and no `target_bucket`")
            }
            (None, _) => Err("which of several log buckets is meant, a person has to say"),
        };
        let after = wanted.map(|target| Setting::Logging(Logging { target: Some(target.clone()) }));
        let (code, title) = match &now.target {
            None => {
                let known = before.is_some_and(|before| before.target.is_none());
                let switched_off = self.is_about(Kind::Logging) && !known;
                if !(self.floor.logging || was.is_some() || switched_off) {
                    return Vec::new();
                }
                ("s3-logging-disabled", "server access logging is off")
            }
            Some(target) => {
                let is_moved = if floors.is_empty() {
                    was.is_some_and(|was| was.bucket != target.bucket)
                } else {
                    !does(target)
                };
                if !is_moved {
                    return Vec::new();
                }
                ("s3-logging-disabled:moved", "access logs go to another bucket than they should")
            }
        };
        let finding = Self::finding(code, title, now, before);
        let finding = Self::with_floor(finding, self.floor.logging, json!(floors));
        vec![self.mend(finding, Setting::Logging(now.clone()), after)]
    }

    fn object_lock(&self, now: &ObjectLock) -> Findings {
        let before = self.before().object_lock.as_ref();
        let was = before.and_then(|before| before.retention.as_ref());
        let floor = self.floor.object_lock.map(|lock| Retention {
            mode: lock.mode,
            days: Some(lock.days),
            years: None,
            event_hold: None,
        });
        let wanted: Vec<&Retention> = was.into_iter().chain(floor.as_ref()).collect();
        let has = now.retention.as_ref();
        let is_met = |least: &&Retention| {
            has.is_some_and(|has| {
                has.mode >= least.mode
                    && has.length() >= least.length()
                    && has.hold_length() >= least.hold_length()
            })
        };
        if wanted.iter().all(is_met) {
            return Vec::new();
        }
        let finding = Self::finding(
            "s3-lifecycle-weakened:object-lock",
            "Object Lock's default retention or hold is shorter or weaker than it should be",
            now,
            before,
        );
        let finding = Self::with_floor(finding, floor.is_some(), json!(floor));
        let after = if now.enabled {
            // What is longer or stronger already stays so.
            let all = wanted.iter().copied().chain(has);
            let mode = all.clone().map(|one| one.mode).max().unwrap_or(LockMode::Governance);
            let hold = all.clone().max_by_key(|one| one.hold_length());
            let hold = hold.and_then(|longest| longest.event_hold.clone());
            let longest = all.max_by_key(|one| one.length());
            longest
                .map(|longest| {
                    let retention = Retention { mode, event_hold: hold, ..longest.clone() };
                    Setting::ObjectLock(ObjectLock { enabled: true, retention: Some(retention) })
                })
                .ok_or("no retention is known")
        } else {
            Err("Object Lock is not on, and once on it can never be switched off again")
        };
        vec![self.mend(finding, Setting::ObjectLock(now.clone()), after)]
    }

    fn ownership(&self, now: Ownership) -> Findings {
        let before = self.before().ownership;
        let was = before.map(|before| strength(before.effect()));
        let wanted = was.max(self.floor.ownership);
        let has = strength(now.effect());
        let is_met = match wanted {
            Some(wanted) => has >= wanted,
            // Nothing is known of it: ACLs that count are worth a word where somebody just made them.
            None => {
                has == FloorOwnership::BucketOwnerEnforced
                    || !(self.is_about(Kind::Ownership) || self.is_new())
            }
        };
        if is_met {
            return Vec::new();
        }
        let title = if has == FloorOwnership::ObjectWriter {
            "ACLs count in this bucket, and objects belong to whoever uploads them"
        } else {
            "ACLs count in this bucket"
        };
        let finding = Self::finding("s3-ownership-weakened", title, now.effect(), before);
        let floor = self.floor.ownership;
        let finding = Self::with_floor(finding, floor.is_some(), json!(floor));
        let after = match wanted {
            Some(wanted) => Ok(Setting::Ownership(Ownership { rule: Some(rule(wanted)) })),
            None => Err("what it was before is not known: no baseline, and no floor"),
        };
        vec![self.mend(finding, Setting::Ownership(now), after)]
    }

    fn metrics(&self, now: Option<&Metrics>) -> Findings {
        let before = self.before().metrics.as_ref();
        let nothing = Metrics::default();
        let was = &before.unwrap_or(&nothing).configurations;
        let removed = self.target.detail(REMOVED).filter(|_| self.is_about(Kind::Metrics));
        let Some(now) = now else {
            // The record proves that one is gone, and nothing of the others.
            return removed
                .map(|id| self.metrics_gone(id, None, Err(NO_FILTER)))
                .into_iter()
                .collect();
        };
        let ids: BTreeSet<&str> = was
            .keys()
            .map(String::as_str)
            .chain(self.floor.metrics.iter().map(String::as_str))
            .chain(removed)
            .collect();
        let mut findings = Vec::new();
        for id in ids {
            let has = now.configurations.get(id);
            let wanted = was
                .get(id)
                .cloned()
                .or_else(|| self.floor.metrics.contains(id).then(MetricsFilter::default));
            let is_met = match (has, was.get(id)) {
                (Some(has), Some(was)) => has == was,
                (Some(_), None) => true,
                (None, _) => false,
            };
            if is_met {
                continue;
            }
            findings.push(self.metrics_gone(id, has, wanted.ok_or(NO_FILTER)));
        }
        findings
    }

    /// Each configuration is a call of its own, and so a remedy of its own: of several, none can be
    /// left half written.
    fn metrics_gone(
        &self,
        id: &str,
        now: Option<&MetricsFilter>,
        wanted: Result<MetricsFilter, &str>,
    ) -> Finding<SafeguardRemedy> {
        let title = format!(
            "request metrics `{id}` are gone or count other requests: alarms on them stay silent"
        );
        let before = self.before().metrics.as_ref().and_then(|was| was.configurations.get(id));
        let finding = Self::finding("s3-logging-disabled:metrics", &title, now, before);
        let finding = finding.with_evidence("id", id);
        let alone = |filter: Option<&MetricsFilter>| {
            let configurations = filter.map(|filter| (id.to_owned(), filter.clone()));
            Setting::Metrics(Metrics { configurations: configurations.into_iter().collect() })
        };
        let after = wanted.map(|filter| alone(Some(&filter)));
        self.mend(finding, alone(now), after)
    }

    fn with_floor(
        finding: Finding<SafeguardRemedy>,
        asked: bool,
        floor: Value,
    ) -> Finding<SafeguardRemedy> {
        if asked { finding.with_evidence("floor", floor) } else { finding }
    }

    /// What could not be read and might have decided.
    fn unread(&self) -> Findings {
        let denied = self.state.denied.iter().filter(|(read, _)| {
            // Tags matter where a floor goes by them.
            read.as_str() != TAGS || !self.floor.open.is_empty()
        });
        denied
            .map(|(read, code)| {
                let mut finding =
                    Finding::new("evidence-unreadable", format!("`{read}` was refused"))
                        .with_evidence("operation", read.as_str())
                        .with_evidence("code", code.as_str());
                finding.confidence = Confidence::Unclear;
                finding.held_back = Some("what cannot be read is not changed".to_owned());
                finding
            })
            .collect()
    }
}

/// What `removed` says of MFA delete.
pub(super) const MFA_DELETE: &str = "mfa-delete";
const TAGS: &str = "s3:GetBucketTagging";
const NO_FILTER: &str = "what they counted is not known: no baseline, and no floor";

const fn strength(ownership: ObjectOwnership) -> FloorOwnership {
    match ownership {
        ObjectOwnership::BucketOwnerEnforced => FloorOwnership::BucketOwnerEnforced,
        ObjectOwnership::BucketOwnerPreferred => FloorOwnership::BucketOwnerPreferred,
        ObjectOwnership::ObjectWriter => FloorOwnership::ObjectWriter,
    }
}

const fn rule(strength: FloorOwnership) -> ObjectOwnership {
    match strength {
        FloorOwnership::BucketOwnerEnforced => ObjectOwnership::BucketOwnerEnforced,
        FloorOwnership::BucketOwnerPreferred => ObjectOwnership::BucketOwnerPreferred,
        FloorOwnership::ObjectWriter => ObjectOwnership::ObjectWriter,
    }
}
