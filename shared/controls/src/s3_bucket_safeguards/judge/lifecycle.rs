//! Lifecycle: what is deleted sooner than it should be, and which rules are gone.

use model::{Confidence, Finding};
use serde_json::json;

use super::{Findings, Question};
use crate::s3_bucket_safeguards::{
    REMOVED,
    lifecycle::{Lifecycle, Rule},
    remedy::SafeguardRemedy,
    setting::{Kind, Setting},
};

/// Below so many days a rule for the whole bucket is told where nothing else is known: a bucket that
/// is emptied within the week keeps nothing that anybody could look into.
const EARLY_DAYS: i32 = 7;

/// How long data has to stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Least {
    Days(i32),
    ForEver,
}

impl Least {
    fn of(days: Option<i32>) -> Self {
        days.map_or(Self::ForEver, Self::Days)
    }
}

impl Question<'_> {
    pub(super) fn lifecycle(&self, now: &Lifecycle) -> Findings {
        let floor = self.floor.retention_days.map(|days| i32::try_from(days).unwrap_or(i32::MAX));
        let before = self.before().lifecycle.as_ref();
        let mut findings = Vec::new();
        findings.extend(floor.and_then(|days| self.below_floor(now, days)));
        findings.extend(before.and_then(|before| self.sooner_than_before(now, before)));
        findings.extend(before.into_iter().flat_map(|before| self.removed(now, before)));
        if before.is_none() && now.rules.is_empty() {
            findings.extend(self.deleted(now));
        }
        // With a floor, every rule is held against it.
        if floor.is_none() {
            findings.extend(Self::early(now, before));
        }
        findings
    }

    /// Rules that delete sooner than the floor allows.
    fn below_floor(&self, now: &Lifecycle, days: i32) -> Option<Finding<SafeguardRemedy>> {
        let least = Least::Days(days);
        let after = mended(now, |rule| {
            let current = rule.date().is_some() || rule.days().is_some_and(|has| has < days);
            let noncurrent = rule.noncurrent_days().is_some_and(|has| has < days);
            mend(rule, current.then_some(least), noncurrent.then_some(least))
        })?;
        let title = "a lifecycle rule deletes data sooner than the bucket's floor allows";
        let finding =
            Self::finding("s3-lifecycle-weakened", title, now, self.before().lifecycle.as_ref());
        let finding = finding.with_evidence("floor", json!({"retention_days": days}));
        Some(self.mend(finding, Setting::Lifecycle(now.clone()), Ok(Setting::Lifecycle(after))))
    }

    /// Rules that delete sooner, or more, than the same rules did before; and new ones for the whole
    /// bucket where none deleted as soon.
    fn sooner_than_before(
        &self,
        now: &Lifecycle,
        before: &Lifecycle,
    ) -> Option<Finding<SafeguardRemedy>> {
        let after = mended(now, |rule| {
            let Some(was) = counterpart(rule, before).filter(|was| was.is_on()) else {
                let wide = || before.rules.iter().filter(|was| was.is_on() && was.is_wide());
                let soonest = Least::of(wide().filter_map(Rule::days).min());
                let no_milder = |was: &Rule| {
                    Least::of(was.noncurrent_days()) <= Least::of(rule.noncurrent_days())
                        && was.versions_kept() <= rule.versions_kept()
                };
                let noncurrent = rule.noncurrent_days().is_some() && !wide().any(no_milder);
                let sooner =
                    rule.date().is_some() || Least::of(rule.days()) < soonest || noncurrent;
                let new = rule.is_wide() && !before.rules.contains(rule);
                return (new && sooner).then(|| off(rule));
            };
            let current = match (day(rule.date()), day(was.date())) {
                (Some(has), Some(was)) => has < was,
                (Some(_), None) => true,
                // Days and a date cannot be compared.
                (None, Some(_)) => false,
                (None, None) => Least::of(rule.days()) < Least::of(was.days()),
            };
            let noncurrent = Least::of(rule.noncurrent_days()) < Least::of(was.noncurrent_days());
            let mut mended = mend(
                rule,
                (current && was.date().is_none()).then(|| Least::of(was.days())),
                noncurrent.then(|| Least::of(was.noncurrent_days())),
            );
            if was.noncurrent_days().is_some()
                && rule.noncurrent_days().is_some()
                && rule.versions_kept() < was.versions_kept()
            {
                let mended = mended.get_or_insert_with(|| rule.clone());
                let expiration = mended.noncurrent_version_expiration.get_or_insert_default();
                expiration.newer_noncurrent_versions = Some(was.versions_kept());
            }
            if current && let Some(date) = was.date() {
                let mended = mended.get_or_insert_with(|| rule.clone());
                let expiration = mended.expiration.get_or_insert_default();
                expiration.date = Some(date.to_owned());
                expiration.days = None;
            }
            if rule.deletes() && !rule.is_within(was) {
                let mended = mended.get_or_insert_with(|| rule.clone());
                mended.filter.clone_from(&was.filter);
                mended.prefix.clone_from(&was.prefix);
            }
            if mended.as_ref().is_some_and(|mended| !mended.is_on()) {
                // What it did beside deleting comes back; it is not switched off with the rest.
                mended = was.without_deletion().or(mended);
            }
            mended
        })?;
        let title = "a lifecycle rule deletes data sooner, or more of it, than before";
        let finding = Self::finding("s3-lifecycle-weakened:sooner", title, now, Some(before));
        Some(self.mend(finding, Setting::Lifecycle(now.clone()), Ok(Setting::Lifecycle(after))))
    }

    /// Rules that were on and are not any more. What they deleted is not brought back to be deleted:
    /// whoever took the rule away may have done so to keep it.
    fn removed(&self, now: &Lifecycle, before: &Lifecycle) -> Findings {
        let gone = before
            .rules
            .iter()
            .filter(|was| was.is_on())
            .filter(|was| !counterpart(was, now).is_some_and(Rule::is_on));
        let mut after = now.clone();
        let (mut back, mut lost) = (Vec::new(), Vec::new());
        for was in gone {
            // Among those that are there: one that has just come back is another rule's.
            let there = place_of(was, &now.rules).and_then(|place| after.rules.get_mut(place));
            match (was.without_deletion(), there) {
                (Some(kept), None) => after.rules.push(kept),
                (Some(kept), Some(rule)) if !rule.deletes() => *rule = kept,
                // It does nothing else, or is off, and on again it would delete.
                (Some(_) | None, _) => {
                    lost.push(was);
                    continue;
                }
            }
            back.push(was);
        }
        let code = "s3-lifecycle-weakened:removed";
        let mut findings = Vec::new();
        if !back.is_empty() {
            let title = "lifecycle rules that were on are gone or off";
            let finding = Self::finding(code, title, now, Some(before));
            let finding = finding.with_evidence("gone", json!(back));
            let was = Setting::Lifecycle(now.clone());
            findings.push(self.mend(finding, was, Ok(Setting::Lifecycle(after))));
        }
        if !lost.is_empty() {
            let title = "lifecycle rules that deleted data are gone or off";
            let finding = Self::finding(code, title, now, Some(before));
            let finding = finding.with_evidence("gone", json!(lost));
            let after = Err("putting the rules back would delete data");
            findings.push(self.mend(finding, Setting::Lifecycle(now.clone()), after));
        }
        findings
    }

    /// The call took every rule away, and what they were is not known. S3 takes the call where there
    /// were none as well.
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketLifecycle.html>.
    fn deleted(&self, now: &Lifecycle) -> Option<Finding<SafeguardRemedy>> {
        if !self.is_about(Kind::Lifecycle) {
            return None;
        }
        self.target.detail(REMOVED)?;
        let title = "the bucket's lifecycle was deleted, and what it was is not known";
        let code = "s3-lifecycle-weakened:removed";
        let mut finding = Self::finding(code, title, now, None::<Lifecycle>);
        finding.confidence = Confidence::Probable;
        finding.held_back = Some("which rules there were is not known: no baseline".to_owned());
        Some(finding)
    }

    /// A rule that empties the whole bucket within days, where nothing says how long data is to stay.
    /// Where it is known what was before, only a new rule that does less than its author meant is left
    /// to be told: what empties the bucket in fact is sooner than before.
    fn early(now: &Lifecycle, before: Option<&Lifecycle>) -> Option<Finding<SafeguardRemedy>> {
        let is_early = |rule: &&Rule| {
            let soon = rule.days().is_some_and(|days| days < EARLY_DAYS);
            let is_new =
                before.is_none_or(|before| !rule.is_wide() && counterpart(rule, before).is_none());
            rule.is_on() && rule.is_meant_wide() && (soon || rule.date().is_some()) && is_new
        };
        let early: Vec<&Rule> = now.rules.iter().filter(is_early).collect();
        if early.is_empty() {
            return None;
        }
        let title = if early.iter().any(|rule| rule.is_wide()) {
            "a lifecycle rule empties the whole bucket within days"
        } else {
            "a lifecycle rule is meant to empty the whole bucket within days: a star in a prefix \
             stands for itself alone"
        };
        let mut finding = Self::finding("s3-lifecycle-weakened:early", title, now, before);
        finding.confidence = Confidence::Probable;
        finding.held_back = Some(
            match before {
                None => "how long data is to stay is not known: no baseline, and no floor",
                Some(_) => "as it stands the rule deletes next to nothing",
            }
            .to_owned(),
        );
        Some(finding.with_evidence("rules", json!(early)))
    }
}

/// The day of a date: S3 takes midnight and nothing else, in more than one spelling.
fn day(date: Option<&str>) -> Option<&str> {
    date.map(|date| date.split_once('T').map_or(date, |(day, _)| day))
}

/// The list with every rule that is on mended in its place; `None`: none had to be.
fn mended(now: &Lifecycle, mend: impl Fn(&Rule) -> Option<Rule>) -> Option<Lifecycle> {
    let mut after = now.clone();
    for rule in after.rules.iter_mut().filter(|rule| rule.is_on()) {
        if let Some(mended) = mend(rule) {
            *rule = mended;
        }
    }
    (after != *now).then_some(after)
}

/// A rule that deletes no sooner than it has to; `None`: it is right as it is.
fn mend(rule: &Rule, current: Option<Least>, noncurrent: Option<Least>) -> Option<Rule> {
    if current.is_none() && noncurrent.is_none() {
        return None;
    }
    let mut mended = rule.clone();
    match current {
        None => {}
        // Days in place of a date would let go at once what is older, and what the date leaves for
        // years: a rule is for the objects that are there already as well.
        // https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lifecycle-mgmt.html
        Some(Least::Days(_)) if rule.date().is_some() => mended.expiration = None,
        Some(Least::ForEver) => mended.expiration = None,
        Some(Least::Days(days)) => {
            if let Some(expiration) = mended.expiration.as_mut() {
                expiration.days = Some(days);
            }
        }
    }
    match noncurrent {
        None => {}
        Some(Least::ForEver) => mended.noncurrent_version_expiration = None,
        Some(Least::Days(days)) => {
            if let Some(expiration) = mended.noncurrent_version_expiration.as_mut() {
                expiration.noncurrent_days = Some(days);
            }
        }
    }
    let does = mended.deletes() || mended.without_deletion().is_some();
    // S3 takes no rule that does nothing: it is switched off instead.
    Some(if does { mended } else { off(rule) })
}

fn off(rule: &Rule) -> Rule {
    Rule { status: "Disabled".to_owned(), ..rule.clone() }
}

/// The same rule in another list: by its name, which is unique in a bucket, else by what it says.
fn counterpart<'a>(rule: &Rule, list: &'a Lifecycle) -> Option<&'a Rule> {
    list.rules.get(place_of(rule, &list.rules)?)
}

/// The place of the same rule in another list.
fn place_of(rule: &Rule, list: &[Rule]) -> Option<usize> {
    let named = list.iter().position(|other| rule.id.is_some() && rule.id == other.id);
    named.or_else(|| list.iter().position(|other| says_the_same(other, rule)))
}

/// Whether two rules are one under two names: S3 makes up a name where none is given. What deletes may
/// differ where they do something else besides, which S3 takes only once of one scope.
fn says_the_same(one: &Rule, other: &Rule) -> bool {
    let nameless = |rule: &Rule| Rule { id: None, ..rule.clone() };
    match (one.without_deletion(), other.without_deletion()) {
        (Some(one), Some(other)) => nameless(&one) == nameless(&other),
        _ => nameless(one) == nameless(other),
    }
}
