//! `replay --live` and `--apply`: the same pipeline as the functions, over the account that the
//! environment's credentials belong to, with a ledger of the run's own.
//!
//! Compiled only with the feature `live`, which brings the AWS SDK.

pub(crate) mod baseline;
mod journal;

use std::{
    cell::RefCell,
    io::{self, BufRead, IsTerminal, Write},
    path::Path,
};

use aws::{Session, sts::Identity};
use chrono::TimeDelta;
use controls::{
    ConsoleSignIn, Control, IamAdminGrant, IamCredentials, IamPasswordPolicy, IamTrustPolicy,
    NotMine, PlannedRemedy, S3AccessDenied, S3BucketPolicy, S3BucketSafeguards,
    S3PublicAccessBlock, S3PublicAcl, S3UnencryptedUpload,
};
use events::Event;
use journal::{Journal, Kept};
use model::{
    Confidence, ControlId, Finding, Outcome, Posture, Response, Status, Target, Timestamp, Trust,
};
use policy::Policies;
use respond::{
    Clock, Cloud, CloudError, Delivery, Doors, HandleError, Handled, LedgerPort, Pipeline, Ports,
    Preview, Reported, Settings, Taken,
    memory::{Agenda, Outbox, Unpaused},
};
use tokio::runtime::{Builder, Runtime};

use crate::{
    args::ReplayArgs,
    exit::Failure,
    output::{complain, note},
    replay::{
        Acted, Asked, chosen,
        judge::{Decided, Judgement},
        said,
    },
    settings,
    text::exact,
};

/// Where the entries of a run with `--apply` are kept, in the folder it is started in.
const LEDGER: &str = "snapback-ledger.jsonl";

/// How long one event may take at most: copies of large objects are slow.
const LONGEST: TimeDelta = TimeDelta::minutes(15);

/// The time of the run: the system's, or the one that `--now` sets.
#[derive(Debug, Clone, Copy)]
struct RunClock(Option<Timestamp>);

impl Clock for RunClock {
    fn now(&self) -> Timestamp {
        self.0.unwrap_or_else(settings::now)
    }
}

type LiveDoors<Adapter, Ledger> = Doors<Adapter, Ledger, Outbox, Agenda, Unpaused, RunClock>;

/// A pipeline without its types.
trait Piped {
    fn id(&self) -> ControlId;
    fn asks_about(&self, event: &Event) -> bool;
    fn preview(
        &self,
        runtime: &Runtime,
        delivery: &Delivery<'_>,
        posture: Posture,
    ) -> Result<Preview, HandleError>;
    fn handle(&self, runtime: &Runtime, delivery: &Delivery<'_>) -> Result<Handled, HandleError>;
    fn take_baseline(
        &self,
        runtime: &Runtime,
        target: &Target,
    ) -> Result<Taken<PlannedRemedy>, CloudError>;
}

impl<C: Control, A: Cloud<C>, L: LedgerPort> Piped for Pipeline<C, LiveDoors<A, L>>
where
    LiveDoors<A, L>: Ports<C>,
{
    fn id(&self) -> ControlId {
        C::ID
    }

    fn asks_about(&self, event: &Event) -> bool {
        controls::AnyControl::asks_about(self.control(), event)
    }

    fn preview(
        &self,
        runtime: &Runtime,
        delivery: &Delivery<'_>,
        posture: Posture,
    ) -> Result<Preview, HandleError> {
        runtime.block_on(Pipeline::preview(self, delivery, posture))
    }

    fn handle(&self, runtime: &Runtime, delivery: &Delivery<'_>) -> Result<Handled, HandleError> {
        runtime.block_on(Pipeline::handle(self, delivery))
    }

    fn take_baseline(
        &self,
        runtime: &Runtime,
        target: &Target,
    ) -> Result<Taken<PlannedRemedy>, CloudError> {
        Ok(match runtime.block_on(Pipeline::take_baseline(self, target))? {
            Taken::Kept => Taken::Kept,
            Taken::NothingToKeep => Taken::NothingToKeep,
            Taken::Gone => Taken::Gone,
            Taken::Wrong(findings) => Taken::Wrong(
                findings
                    .into_iter()
                    .map(|finding| finding.map_remedies(|remedy| PlannedRemedy::of(&remedy)))
                    .collect(),
            ),
        })
    }
}

/// The account that the environment's credentials belong to.
struct Account {
    runtime: Runtime,
    session: Session,
    identity: Identity,
    /// The trust, seen from it.
    trust: Trust,
}

impl Account {
    /// Connects and asks who we are there.
    fn reach(trust: &Trust, endpoint_url: Option<&str>) -> Result<Self, Failure> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::Usage(format!("no runtime for network calls: {error}")))?;
        let session = runtime.block_on(async {
            match endpoint_url {
                Some(url) => Session::at_endpoint(trust.clone(), url).await,
                None => Session::from_env(trust.clone()).await,
            }
        });
        let identity = runtime.block_on(aws::sts::whoami(&session)).map_err(|error| {
            Failure::Usage(format!("the account cannot be reached: {}", said(&error)))
        })?;
        if let Some(ours) = trust.account_id.as_ref().filter(|ours| **ours != identity.account) {
            return Err(Failure::Usage(format!(
                "the trust file is about account {ours}, the credentials are of {}",
                identity.account
            )));
        }
        note(&format!("account {} as {}", identity.account, identity.arn));
        let trust = trust.seen_from(&identity.account);
        Ok(Self { runtime, session, identity, trust })
    }
}

/// A live account as the one who is asked.
pub struct Live {
    runtime: Runtime,
    pipelines: Vec<Box<dyn Piped>>,
    policies: Policies,
    identity: Identity,
    posture: Posture,
    clock: RunClock,
    /// Whether what is decided is also done.
    apply: bool,
    /// Whether to ask before.
    ask: bool,
    /// Why the account gave no answer, until it is told.
    unanswered: RefCell<Vec<String>>,
    /// What undoes the writes.
    journal: Journal,
    /// How many findings were mended or marked, and how many were to be and are not.
    tally: RefCell<(u64, u64)>,
}

impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Live").field("identity", &self.identity).finish_non_exhaustive()
    }
}

impl Live {
    /// Connects to the account and asks who we are there.
    ///
    /// # Errors
    /// [`Failure::Usage`] when there are no usable credentials, when the trust file is about
    /// another account, or when nobody could be asked.
    pub fn connect(args: &ReplayArgs, trust: &Trust, policies: &Policies) -> Result<Self, Failure> {
        let from_stdin = args.paths.iter().any(|path| path.as_os_str() == "-");
        if args.apply && !args.yes && (from_stdin || !io::stdin().is_terminal()) {
            return Err(Failure::Usage(
                "`--apply` asks before it writes, and nobody can answer on standard input: \
                 add `--yes`"
                    .to_owned(),
            ));
        }
        let Account { runtime, session, identity, trust } =
            Account::reach(trust, args.endpoint_url.as_deref())?;
        let posture = args.posture.into();
        let clock = RunClock(args.now);
        let settings = Settings::new(policies.clone(), trust, posture);
        let wanted = chosen(&args.controls);
        let journal = Journal::at(Path::new(LEDGER));
        let pipelines = pipelines(&session, &settings, &|| Kept::new(journal.clone()), clock)
            .into_iter()
            .filter(|pipeline| wanted.iter().any(|control| control.id() == pipeline.id()))
            .collect();
        let (apply, ask) = (args.apply, !args.yes);
        Ok(Self {
            runtime,
            pipelines,
            policies: policies.clone(),
            identity,
            posture,
            clock,
            apply,
            ask,
            unanswered: RefCell::default(),
            journal,
            tally: RefCell::default(),
        })
    }

    fn with_delivery<T>(&self, event: &Event, handle: impl FnOnce(&Delivery<'_>) -> T) -> T {
        let now = self.clock.now();
        handle(&Delivery {
            event,
            payload: "",
            attempt: 0,
            holder: "snapback replay",
            deadline: now.checked_add_signed(LONGEST).unwrap_or(now),
        })
    }

    fn preview(&self, pipeline: &dyn Piped, event: &Event) -> Judgement {
        let id = pipeline.id();
        let ours = &self.identity.account;
        // Roles have the same names everywhere: another account's must not be taken for ours.
        if event.record.account.as_ref().is_some_and(|account| account != ours) {
            let reason = Some("other_account".to_owned());
            return Judgement::without_findings(id, Status::Unclear, reason);
        }
        let preview = self.with_delivery(event, |delivery| {
            pipeline.preview(&self.runtime, delivery, self.posture)
        });
        match preview {
            Ok(Preview { handled, .. })
                if handled.reason.as_deref() == Some(NotMine::Forged.as_str()) =>
            {
                Judgement::forged(id, &self.policies)
            }
            Ok(Preview { handled, remedies }) => {
                let judgement =
                    Judgement::without_findings(id, handled.status, handled.reason.clone());
                let findings = handled.findings.into_iter().map(decided).collect();
                Judgement { resource: handled.resource, ..judgement }
                    .with_findings(findings, remedies)
            }
            Err(error @ HandleError::Malformed { .. }) => {
                without_evidence(id, &self.policies, &error)
            }
            Err(error) => {
                self.unanswered.borrow_mut().push(said(&error));
                without_evidence(id, &self.policies, &error)
            }
        }
    }

    /// Whether a person agrees to the remedies of a judgement.
    fn agreed(&self, judgement: &Judgement) -> bool {
        if !self.ask {
            return true;
        }
        let calls: Vec<&str> =
            judgement.operations.iter().map(|call| call.operation.as_str()).collect();
        let resource = judgement.resource.as_ref().map_or("", |resource| resource.arn.as_str());
        let question = format!("make {} on {resource}? [y/N] ", calls.join(", "));
        let mut err = io::stderr().lock();
        // Unheard is not agreed.
        if err.write_all(exact(&question).as_bytes()).and_then(|()| err.flush()).is_err() {
            return false;
        }
        let mut answer = String::new();
        io::stdin().lock().read_line(&mut answer).is_ok()
            && matches!(answer.trim(), "y" | "Y" | "yes")
    }
}

/// One pipeline for each control: a test compares them with the registry.
fn pipelines<L: LedgerPort>(
    session: &Session,
    settings: &Settings,
    ledger: &dyn Fn() -> L,
    clock: RunClock,
) -> Vec<Box<dyn Piped>> {
    fn piped<C: Control, A: Cloud<C>, L: LedgerPort>(
        control: C,
        cloud: A,
        settings: &Settings,
        ledger: &dyn Fn() -> L,
        clock: RunClock,
    ) -> Box<dyn Piped> {
        let doors = Doors {
            cloud,
            ledger: ledger(),
            notifier: Outbox::new(),
            later: Agenda::new(),
            switch: Unpaused,
            clock,
        };
        Box::new(Pipeline::new(control, doors, settings.clone()))
    }
    vec![
        piped(ConsoleSignIn, aws::record::Records::connect(session), settings, ledger, clock),
        piped(IamAdminGrant, aws::iam::Grants::connect(session), settings, ledger, clock),
        piped(IamCredentials, aws::iam::Credentials::connect(session), settings, ledger, clock),
        piped(
            IamPasswordPolicy,
            aws::iam::PasswordPolicies::connect(session),
            settings,
            ledger,
            clock,
        ),
        piped(IamTrustPolicy, aws::iam::Roles::connect(session), settings, ledger, clock),
        piped(S3AccessDenied, aws::record::Records::connect(session), settings, ledger, clock),
        piped(S3BucketPolicy, aws::s3::Policies::connect(session), settings, ledger, clock),
        piped(S3BucketSafeguards, aws::s3::Safeguards::connect(session), settings, ledger, clock),
        piped(S3PublicAccessBlock, aws::s3::Blocks::connect(session), settings, ledger, clock),
        piped(S3PublicAcl, aws::s3::Buckets::connect(session), settings, ledger, clock),
        piped(S3UnencryptedUpload, aws::s3::Objects::connect(session), settings, ledger, clock),
    ]
}

impl Asked for Live {
    fn scope(&self) -> String {
        let Identity { account, .. } = &self.identity;
        let (done, left) = *self.tally.borrow();
        let what = if !self.apply {
            "nothing was written".to_owned()
        } else if (done, left) == (0, 0) {
            "nothing was to be written, or nothing was agreed to".to_owned()
        } else {
            let path = self.journal.path().display();
            format!("{done} mended or marked, {left} to be and not; what undoes it is in {path}")
        };
        format!("Live in account {account}, posture {}: {what}.", self.posture)
    }

    fn remedy_for_unclear(&self) -> &'static str {
        "What is unclear could not be read; the reasons stand above."
    }

    fn judge(&self, event: &Event) -> Vec<Judgement> {
        self.pipelines
            .iter()
            .filter(|pipeline| pipeline.asks_about(event))
            .map(|pipeline| self.preview(pipeline.as_ref(), event))
            .collect()
    }

    fn act(&self, event: &Event, judgements: &mut [Judgement]) -> Acted {
        let mut acted = Acted::default();
        for reason in self.unanswered.take() {
            complain(&reason);
            acted.unanswered = acted.unanswered.saturating_add(1);
        }
        for judgement in judgements {
            if !self.apply || judgement.operations.is_empty() || !self.agreed(judgement) {
                continue;
            }
            let pipeline = self.pipelines.iter().find(|one| one.id() == judgement.control);
            let Some(pipeline) = pipeline else { continue };
            match self.with_delivery(event, |delivery| pipeline.handle(&self.runtime, delivery)) {
                Ok(handled) => {
                    let mended = handled.findings.iter().filter(|it| is_done(it.outcome)).count();
                    let left = handled.findings.iter().filter(|it| is_undone(it)).count();
                    let count = |count| u64::try_from(count).unwrap_or(u64::MAX);
                    let mut tally = self.tally.borrow_mut();
                    tally.0 = tally.0.saturating_add(count(mended));
                    tally.1 = tally.1.saturating_add(count(left));
                    acted.unmended = acted.unmended.saturating_add(count(left));
                    settle(judgement, handled);
                }
                Err(error) => {
                    complain(&said(&error));
                    acted.unanswered = acted.unanswered.saturating_add(1);
                    judgement.reason = Some("not_answered".to_owned());
                }
            }
        }
        acted
    }
}

/// Whether the outcome is one that a remedy brought about.
const fn is_done(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Verified | Outcome::Tagged)
}

/// Whether a finding was to be mended or marked and is not, for whatever reason.
fn is_undone(reported: &Reported) -> bool {
    match reported.outcome {
        Outcome::Failed | Outcome::Conflict | Outcome::InDoubt => true,
        Outcome::Alerted => reported.decision.response > Response::Alert,
        Outcome::Verified | Outcome::Tagged | Outcome::AlreadyRight | Outcome::Excepted => false,
    }
}

/// Puts what was decided and done in place of what was foreseen: the breaker may have opened, or
/// the resource changed, since the question was asked.
fn settle(judgement: &mut Judgement, handled: Handled) {
    judgement.outcomes =
        handled.findings.iter().map(|reported| (reported.code.clone(), reported.outcome)).collect();
    judgement.reason = handled
        .outcome()
        .map(|outcome| outcome.as_str().to_owned())
        .or_else(|| handled.reason.clone());
    judgement.status = handled.status;
    let mut operations = Vec::new();
    for reported in &handled.findings {
        let tried = is_done(reported.outcome)
            || matches!(reported.outcome, Outcome::Failed | Outcome::InDoubt);
        for operation in reported.operations.iter().filter(|_| tried) {
            if !operations.contains(operation) {
                operations.push(operation.clone());
            }
        }
    }
    judgement.settle(handled.findings.into_iter().map(decided).collect(), operations);
}

fn decided(reported: Reported) -> Decided {
    let mut finding: Finding<PlannedRemedy> = Finding::new(reported.code, reported.title);
    finding.confidence = reported.confidence;
    finding.effective = reported.effective;
    finding.evidence = reported.evidence;
    finding.held_back = reported.held_back;
    Decided { finding, decision: reported.decision }
}

/// Nothing can be judged: in doubt, people are told.
fn without_evidence(control: ControlId, policies: &Policies, error: &HandleError) -> Judgement {
    let reason = said(error);
    let mut finding: Finding<PlannedRemedy> =
        Finding::new("evidence-unreadable", reason.clone()).with_evidence("problem", reason);
    finding.confidence = Confidence::Unclear;
    let decision = policies.unasked("there is no evidence");
    let reason = "evidence_unreadable".to_owned();
    Judgement::without_findings(control, Status::Unclear, Some(reason))
        .with_findings(vec![Decided { finding, decision }], Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_control_has_its_pipeline() {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let session =
            runtime.block_on(Session::at_endpoint(Trust::default(), "http://127.0.0.1:1"));
        let settings = Settings::new(Policies::shipped(), Trust::default(), Posture::Observe);
        let journal = Journal::at(Path::new(LEDGER));
        let ledger = || Kept::new(journal.clone());
        let live: Vec<ControlId> = pipelines(&session, &settings, &ledger, RunClock(None))
            .iter()
            .map(|pipeline| pipeline.id())
            .collect();
        let all: Vec<ControlId> = controls::all().iter().map(|control| control.id()).collect();
        assert_eq!(live, all);
    }
}
