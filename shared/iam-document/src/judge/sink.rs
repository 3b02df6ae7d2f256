//! Where a judgement writes what it finds.

use std::collections::{BTreeMap, BTreeSet};

use crate::{Context, Doubt, Exposure, Judged, Problem, Statement, Verdict};

/// That Denies close everything that is public.
pub(crate) const MITIGATED: &str = "public-mitigated-by-deny";

/// A verdict in the making.
#[derive(Debug)]
pub(crate) struct Sink<'c> {
    pub(crate) context: &'c Context,
    verdict: Verdict,
    strangers: BTreeSet<String>,
    /// For each grant that is public, whether a Deny closes it.
    public: Vec<bool>,
    /// The statements that a Deny closes to outsiders, by their place.
    closed: BTreeSet<usize>,
    /// The statements of which it cannot be said, or is not modelled, whom they let in.
    doubts: BTreeMap<usize, Doubt>,
    /// Something outside the document makes what is public harmless.
    harmless: bool,
}

/// The part of a statement that a finding points at.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Place<'p> {
    pub(crate) statement: Option<&'p Statement>,
    pub(crate) principal: Option<&'p str>,
    pub(crate) condition: Option<&'p str>,
}

impl<'p> Place<'p> {
    pub(crate) fn statement(statement: &'p Statement) -> Self {
        Self { statement: Some(statement), ..Self::default() }
    }

    pub(crate) fn principal(self, principal: &'p str) -> Self {
        Self { principal: Some(principal), ..self }
    }

    pub(crate) fn condition(self, condition: &'p str) -> Self {
        Self { condition: Some(condition), ..self }
    }
}

impl<'c> Sink<'c> {
    pub(crate) fn new(context: &'c Context) -> Self {
        Self {
            context,
            verdict: Verdict::default(),
            strangers: BTreeSet::new(),
            public: Vec::new(),
            closed: BTreeSet::new(),
            doubts: BTreeMap::new(),
            harmless: false,
        }
    }

    /// Notes a finding.
    pub(crate) fn find(
        &mut self,
        code: impl Into<String>,
        place: Place<'_>,
        detail: impl Into<String>,
    ) {
        self.verdict.findings.push(Judged {
            code: code.into(),
            statement: place.statement.map(|statement| statement.index),
            sid: place.statement.and_then(|statement| statement.sid.clone()),
            principal: place.principal.map(str::to_owned),
            condition: place.condition.map(str::to_owned),
            detail: detail.into(),
            closed: false,
            doubt: None,
        });
    }

    /// Notes that a Deny closes a statement to outsiders.
    pub(crate) fn close(&mut self, statement: &Statement) {
        self.closed.insert(statement.index);
    }

    /// Notes that what is found in a statement may be otherwise.
    pub(crate) fn doubt(&mut self, statement: &Statement, doubt: &Doubt) {
        self.doubts.insert(statement.index, doubt.clone());
    }

    /// Notes a finding on a grant or rule, which have no statement of their own.
    pub(crate) fn find_at(
        &mut self,
        code: impl Into<String>,
        index: usize,
        principal: Option<&str>,
        detail: impl Into<String>,
    ) {
        self.verdict.findings.push(Judged {
            code: code.into(),
            statement: Some(index),
            sid: None,
            principal: principal.map(str::to_owned),
            condition: None,
            detail: detail.into(),
            closed: false,
            doubt: None,
        });
    }

    /// Notes what a document holds where the grammar has something else.
    pub(crate) fn malformed(&mut self, problem: &Problem) {
        self.verdict.findings.push(Judged {
            code: "malformed-policy".to_owned(),
            statement: problem.statement,
            sid: None,
            principal: None,
            condition: None,
            detail: problem.what.clone(),
            closed: false,
            doubt: None,
        });
        if problem.unclear {
            self.unclear(problem.what.clone());
        }
    }

    /// Notes that something could not be read or is not modelled.
    pub(crate) fn unclear(&mut self, why: impl Into<String>) {
        self.verdict.unclear.push(why.into());
        self.expose(Exposure::Unclear);
    }

    /// Notes to whom something is open.
    pub(crate) fn expose(&mut self, exposure: Exposure) {
        self.verdict.exposure = self.verdict.exposure.max(exposure);
    }

    /// Notes somebody outside who is not trusted.
    pub(crate) fn stranger(&mut self, who: impl Into<String>) {
        self.strangers.insert(who.into());
    }

    /// Notes something that lets everyone in, and what a Deny leaves of it, if one closes it.
    pub(crate) fn public(&mut self, left: Option<Exposure>) {
        self.public.push(left.is_some());
        self.expose(left.unwrap_or(Exposure::Everyone));
    }

    pub(crate) fn set_tls(&mut self, tls: crate::Enforcement) {
        self.verdict.tls = Some(tls);
    }

    pub(crate) fn set_kms(&mut self, kms: crate::Enforcement) {
        self.verdict.kms = Some(kms);
    }

    /// Notes that something outside the document makes what is public harmless.
    pub(crate) fn set_harmless(&mut self, harmless: bool) {
        self.harmless = harmless;
    }

    /// The verdict.
    pub(crate) fn finish(self) -> Verdict {
        let Self { mut verdict, strangers, public, closed, doubts, harmless, .. } = self;
        for found in &mut verdict.findings {
            let Some(statement) = found.statement else { continue };
            found.closed = closed.contains(&statement);
            found.doubt = doubts.get(&statement).cloned();
        }
        verdict.public = !public.is_empty();
        verdict.mitigated_by_deny = verdict.public && public.iter().all(|closed| *closed);
        if !verdict.mitigated_by_deny {
            // What is closed in one statement and open in another is not mitigated.
            verdict.findings.retain(|found| found.code != MITIGATED);
        }
        verdict.effective_public = verdict.public && !verdict.mitigated_by_deny && !harmless;
        verdict.cross_account = strangers.into_iter().collect();
        verdict
    }
}
