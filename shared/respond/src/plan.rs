//! Which write comes next, as a function of what was judged and decided. Pure.

use std::collections::BTreeMap;

use controls::Tags;
use ledger::Noted;
use model::{Decision, Finding, Remedy, Response, Timestamp};

use crate::handled::join_reasons;

/// A finding with the decision about it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Judged<R> {
    pub(crate) finding: Finding<R>,
    pub(crate) decision: Decision,
}

impl<R: Remedy> Judged<R> {
    /// The remedies that the decision permits, in order.
    fn permitted(&self) -> Vec<R> {
        let remedies = self.finding.remedies.iter();
        remedies.filter(|remedy| remedy.needs() <= self.decision.response).cloned().collect()
    }

    /// The finding as the ledger keeps it.
    pub(crate) fn noted(&self, held_back: Option<&str>) -> Noted {
        let finding = &self.finding;
        let mut reasons = finding.held_back.clone();
        if let Some(further) = held_back {
            reasons = Some(join_reasons(reasons, further));
        }
        Noted {
            code: finding.code.clone(),
            title: finding.title.clone(),
            confidence: finding.confidence,
            effective: finding.effective,
            evidence: finding.evidence.clone(),
            decision: self.decision.clone(),
            operations: finding.remedies.iter().flat_map(Remedy::operations).collect(),
            held_back: reasons,
        }
    }

    /// The same of a finding whose mark was decided and cannot be made.
    pub(crate) fn unmarked(&self, reason: &str) -> Noted {
        let mut noted = self.noted(None);
        lower_to_alert(&mut noted.decision, &mut noted.held_back, reason);
        noted
    }
}

/// Makes of a mark that cannot be made (no tags, no room for more, tags that could not be read) an
/// alert that says so. Functions, previews and `replay` lower a decision here and nowhere else.
pub fn lower_to_alert(decision: &mut Decision, held_back: &mut Option<String>, reason: &str) {
    decision.response = decision.response.min(Response::Alert);
    let reason = format!("it cannot be tagged: {reason}");
    *held_back = Some(join_reasons(held_back.take(), &reason));
}

/// How many findings of each code may still be written for.
///
/// Set when a code is first seen, used up by attempts: whatever a stranger does meanwhile, one
/// delivery makes no more attempts than it found things to mend.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Quota(BTreeMap<String, usize>);

impl Quota {
    /// Allows for codes that are seen for the first time, less what `settled` says of them.
    pub(crate) fn open<R>(&mut self, judged: &[Judged<R>], settled: &Counts) {
        let counts = Counts::of(judged.iter().map(|judged| judged.finding.code.as_str()));
        for (code, count) in counts.0 {
            let left = count.saturating_sub(settled.get(&code));
            self.0.entry(code).or_insert(left);
        }
    }

    fn left(&self, code: &str) -> usize {
        self.0.get(code).copied().unwrap_or(0)
    }

    /// Uses up what an attempt is for.
    pub(crate) fn spend(&mut self, counts: &Counts) {
        for (code, count) in &counts.0 {
            if let Some(left) = self.0.get_mut(code) {
                *left = left.saturating_sub(*count);
            }
        }
    }

    /// Allows no further attempt for the codes.
    pub(crate) fn close(&mut self, counts: &Counts) {
        for code in counts.0.keys() {
            self.0.insert(code.clone(), 0);
        }
    }
}

/// How often each code stands in a list of findings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Counts(BTreeMap<String, usize>);

impl Counts {
    pub(crate) fn of(codes: impl Iterator<Item: AsRef<str>>) -> Self {
        let mut counts = Self::default();
        for code in codes {
            counts.add(code.as_ref());
        }
        counts
    }

    pub(crate) fn add(&mut self, code: &str) {
        let count = self.0.entry(code.to_owned()).or_default();
        *count = count.saturating_add(1);
    }

    pub(crate) fn extend(&mut self, other: &Self) {
        for (code, further) in &other.0 {
            let count = self.0.entry(code.clone()).or_default();
            *count = count.saturating_add(*further);
        }
    }

    pub(crate) fn get(&self, code: &str) -> usize {
        self.0.get(code).copied().unwrap_or(0)
    }

    /// Takes one of a code away; whether there was one.
    pub(crate) fn take(&mut self, code: &str) -> bool {
        match self.0.get_mut(code) {
            Some(count) if *count > 0 => {
                *count = count.saturating_sub(1);
                true
            }
            Some(_) | None => false,
        }
    }

    /// Whether findings that stood `before` and were to be mended (`self`) are mended `after`: of
    /// each code no more is left than was not to be mended.
    pub(crate) fn mended(&self, before: &Self, after: &Self) -> bool {
        self.0
            .iter()
            .all(|(code, mending)| after.get(code) <= before.get(code).saturating_sub(*mending))
    }
}

/// A write, or several in order, with the findings that it is to mend.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Group<R> {
    /// What is done, in order.
    pub(crate) remedies: Vec<R>,
    /// What permits it.
    pub(crate) needs: Response,
    /// Which of the judged findings it mends, the gravest first.
    pub(crate) members: Vec<usize>,
}

/// What comes next.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan<R> {
    /// The next write; `None`: nothing more is to be written.
    pub(crate) next: Option<Group<R>>,
    /// Findings that the resource's tags name already.
    pub(crate) marked: Vec<usize>,
    /// Why the mark that was decided cannot be made, by finding.
    pub(crate) held: BTreeMap<usize, String>,
}

/// What tagging needs to know.
pub(crate) struct Marking<'a, R> {
    /// The resource's tags as read; `None`: not known.
    pub(crate) current: Option<&'a Tags>,
    /// The event, for `snapback:event`.
    pub(crate) event_id: &'a str,
    /// For `snapback:at`.
    pub(crate) now: Timestamp,
    /// The control's own way of tagging.
    pub(crate) tag: &'a dyn Fn(&Tags, &Tags) -> Result<R, String>,
}

/// The tag that names what is wrong.
pub(crate) const TAG_FINDING: &str = "snapback:finding";
/// The tag that names the event.
pub(crate) const TAG_EVENT: &str = "snapback:event";
/// The tag that says when.
const TAG_AT: &str = "snapback:at";
/// Characters a tag's value may have.
/// Source: <https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html>.
const TAG_VALUE_LIMIT: usize = 256;

/// A text that every service takes as a tag's value.
pub(crate) fn tag_value(text: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || " _.:/=+-@".contains(c);
    text.chars().map(|c| if fits(c) { c } else { '_' }).take(TAG_VALUE_LIMIT).collect()
}

/// Plans the next write: reverts first, the gravest finding's before others', joined with those
/// that the same write can serve; then one mark for everything that is to be marked.
///
/// `judged` stands in order, the gravest first.
pub(crate) fn next<R: Remedy>(
    judged: &[Judged<R>],
    quota: &Quota,
    marking: &Marking<'_, R>,
) -> Plan<R> {
    let mut plan = Plan { next: None, marked: Vec::new(), held: BTreeMap::new() };
    let mut spent = Counts::default();
    let mut to_mark = Vec::new();
    for (index, one) in judged.iter().enumerate() {
        let code = one.finding.code.as_str();
        if spent.get(code) >= quota.left(code) {
            continue;
        }
        let remedies = one.permitted();
        let Some(needs) = remedies.iter().map(Remedy::needs).max() else {
            if one.decision.response >= Response::Tag {
                spent.add(code);
                to_mark.push(index);
            }
            continue;
        };
        match &mut plan.next {
            None => {
                spent.add(code);
                plan.next = Some(Group { remedies, needs, members: vec![index] });
            }
            Some(group) => {
                if let Some(joined) = joined(&group.remedies, &remedies) {
                    spent.add(code);
                    group.remedies = joined;
                    group.needs = group.needs.max(needs);
                    group.members.push(index);
                }
            }
        }
    }
    mark(&mut plan, judged, to_mark, marking);
    plan
}

/// One list of remedies that does what both do, or `None`: they are applied apart.
fn joined<R: Remedy>(group: &[R], further: &[R]) -> Option<Vec<R>> {
    if group == further {
        return Some(group.to_vec());
    }
    match (group, further) {
        ([one], [other]) => one.join(other).map(|joined| vec![joined]),
        _ => None,
    }
}

/// Plans the mark of everything that is to be marked: one write, because each would find the tags
/// moved by the other.
fn mark<R: Remedy>(
    plan: &mut Plan<R>,
    judged: &[Judged<R>],
    members: Vec<usize>,
    marking: &Marking<'_, R>,
) {
    if members.is_empty() {
        return;
    }
    let Some(current) = marking.current else {
        let reason = "its tags could not be read";
        plan.held.extend(members.into_iter().map(|index| (index, reason.to_owned())));
        return;
    };
    let members_judged = members.iter().filter_map(|index| judged.get(*index));
    let codes: Vec<&str> = members_judged.map(|one| one.finding.code.as_str()).collect();
    let ours = own_tags(&codes, marking.event_id, marking.now);
    if is_fresh_mark(current, &ours, marking.now) {
        plan.marked = members;
        return;
    }
    match (marking.tag)(current, &ours) {
        Err(reason) => {
            plan.held.extend(members.into_iter().map(|index| (index, reason.clone())));
        }
        Ok(remedy) => {
            let group = Group { needs: remedy.needs(), remedies: vec![remedy], members };
            plan.next.get_or_insert(group);
        }
    }
}

/// Whether the tags say the same already, and have for less than an hour: a storm of events about
/// one resource is no storm of writes.
fn is_fresh_mark(current: &Tags, ours: &Tags, now: Timestamp) -> bool {
    let fresh = current
        .get(TAG_AT)
        .and_then(|at| chrono::DateTime::parse_from_rfc3339(at).ok())
        .is_some_and(|at| at.to_utc() > ledger::history::window_start(now));
    fresh && current.get(TAG_FINDING) == ours.get(TAG_FINDING)
}

/// Snapback's own tags for findings of these codes.
#[must_use]
pub fn own_tags(codes: &[&str], event_id: &str, now: Timestamp) -> Tags {
    let mut names: Vec<&str> = Vec::new();
    for code in codes {
        if !names.contains(code) {
            names.push(code);
        }
    }
    let at = now.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    Tags::from([
        (TAG_FINDING.to_owned(), tag_value(&names.join(" "))),
        (TAG_EVENT.to_owned(), tag_value(event_id)),
        (TAG_AT.to_owned(), at),
    ])
}
