//! `snapback replay`: recorded events through the judgement and the decision of production.
//!
//! Streams: memory grows with the resources that a ledger would remember, and not with the records.
//! One bad record or file never ends the run.

pub mod block;
mod json;
pub mod judge;
pub mod line;
mod sink;
pub mod summary;

use std::io::{self, IsTerminal};

use block::Meanings;
use controls::AnyControl;
use events::{Event, EventError, Reader};
use judge::{Judge, Judgement};
use line::Place;
use model::{Response, Timestamp};
use policy::Policies;
use sink::{Json, Sink, Text};
use summary::Summary;

use crate::{
    args::{Format, ReplayArgs},
    exit::{Exit, Failure},
    input::{self, Counter, Input, Listing},
    output::{self, complain, note},
    progress::Progress,
    settings::{self, StateFile},
    text,
};

/// How many records pass between two looks at the clock.
const PROGRESS_EVERY: u64 = 256;

/// Whoever is asked about an event: the records alone, or a live account.
pub trait Asked {
    /// One sentence: what was asked, and whether anything could be written.
    fn scope(&self) -> String;

    /// One sentence: what would help where nothing can be said.
    fn remedy_for_unclear(&self) -> &'static str;

    /// What each control says that looks at such calls; empty when nobody asks.
    fn judge(&self, event: &Event) -> Vec<Judgement>;

    /// Does what was decided, where it is to be done at all, and notes what came of it. What could
    /// not be read or written for the moment is told, and counted in the answer.
    fn act(&self, event: &Event, judgements: &mut [Judgement]) -> Acted;
}

/// What could not be done about one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Acted {
    /// Controls whose questions the account did not answer.
    pub unanswered: u64,
    /// Findings that were to be mended or marked and are not.
    pub unmended: u64,
}

/// Replays what the arguments name, onto standard output.
///
/// # Errors
/// When a settings file is not right or the output cannot be written. Inputs that cannot be read
/// are told on standard error, and make the exit code 1.
pub fn run(args: &ReplayArgs) -> Result<Exit, Failure> {
    let (trust, beside) = settings::trust(args.trust.as_deref())?;
    for key in beside.keys() {
        note(&format!(
            "`{key}` of the trust file speaks of one document or bucket: `inspect` heeds it; a \
             replay takes it from the record or from `--state`"
        ));
    }
    let states = StateFile::read(args.state.as_deref())?;
    let policies = match &args.policies {
        Some(folder) => crate::policy::load(folder)?,
        None => Policies::shipped(),
    };
    if args.live || args.apply {
        return live(args, &trust, &policies);
    }
    let now = args.now.unwrap_or_else(settings::now);
    let controls = chosen(&args.controls);
    let judge = Judge::new(&controls, &policies, &trust, &states, args.posture.into(), now);
    over(args, &policies, &judge)
}

#[cfg(not(feature = "live"))]
fn live(args: &ReplayArgs, _: &model::Trust, _: &Policies) -> Result<Exit, Failure> {
    let flag = if args.apply { "--apply" } else { "--live" };
    Err(without_sdk(&format!("replay ... {flag}"), flag))
}

/// Why this build cannot do something, and which one can.
#[cfg(not(feature = "live"))]
pub(crate) fn without_sdk(command: &str, what: &str) -> Failure {
    Failure::Usage(format!(
        "`{what}` needs the feature `live`: this build leaves out the AWS SDK; use \
         `cargo run --features live -- {command}`"
    ))
}

#[cfg(feature = "live")]
fn live(args: &ReplayArgs, trust: &model::Trust, policies: &Policies) -> Result<Exit, Failure> {
    let live = crate::live::Live::connect(args, trust, policies)?;
    over(args, policies, &live)
}

/// Asks about every event of every input.
fn over(args: &ReplayArgs, policies: &Policies, asked: &dyn Asked) -> Result<Exit, Failure> {
    let listing = input::list(&args.paths);
    let meanings: &Meanings = policies.meanings();
    let mut run = Run {
        args,
        policies,
        asked,
        now: args.now.unwrap_or_else(settings::now),
        summary: Summary::new(listing.skipped),
        counter: Counter::default(),
        progress: Progress::new(io::stderr().is_terminal(), listing.bytes()),
    };
    match args.format {
        Format::Text => run.all(
            &listing,
            &mut Text {
                out: output::people(),
                // Whoever is asked must have seen what about.
                watched: output::watched() || args.apply,
                writer: block::Writer { width: text::width(), meanings },
            },
        )?,
        Format::Json => {
            run.all(&listing, &mut Json { out: output::programs(), watched: args.apply })?;
        }
    }
    Ok(run.exit())
}

/// The controls that are asked: those named, or all.
pub(crate) fn chosen(ids: &[String]) -> Vec<&'static dyn AnyControl> {
    controls::all()
        .iter()
        .copied()
        .filter(|control| ids.is_empty() || ids.iter().any(|id| id == control.id().as_str()))
        .collect()
}

/// An error with its causes, in one line.
pub(crate) fn said(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {}", said(cause)),
        None => error.to_string(),
    }
}

/// One run over all inputs.
struct Run<'a> {
    args: &'a ReplayArgs,
    policies: &'a Policies,
    asked: &'a dyn Asked,
    now: Timestamp,
    summary: Summary,
    counter: Counter,
    progress: Progress,
}

impl Run<'_> {
    fn all(&mut self, listing: &Listing, sink: &mut impl Sink) -> Result<(), Failure> {
        for error in &listing.errors {
            self.unreadable(&error.name, &error.source);
        }
        for input in &listing.inputs {
            self.one(input, sink)?;
        }
        self.progress.end();
        let mut closing = self.summary.text();
        if self.summary.unclear() > 0 {
            closing.push_str(self.asked.remedy_for_unclear());
            closing.push('\n');
        }
        closing.push_str(&text::exact(&self.asked.scope()));
        closing.push('\n');
        sink.end(&closing, &self.notes(listing))?;
        Ok(())
    }

    fn one(&mut self, input: &Input, sink: &mut impl Sink) -> Result<(), Failure> {
        let reader = match input::open(input, &self.counter) {
            Ok(reader) => reader,
            Err(error) => {
                self.unreadable(&error.name, &error.source);
                return Ok(());
            }
        };
        self.summary.inputs = self.summary.inputs.saturating_add(1);
        for item in Reader::new(reader).inflating(input::inflate) {
            let place = Place { input: &input.name, index: item.index };
            match item.event {
                Ok(event) => self.event(place, &event, sink)?,
                Err(unreadable) => {
                    self.summary.count_malformed();
                    sink.malformed(place, &said(&unreadable.error), &self.progress)?;
                    if let EventError::Read { error, .. } = &unreadable.error {
                        self.unreadable(&input.name, error);
                    }
                }
            }
            if self.summary.records.is_multiple_of(PROGRESS_EVERY) {
                self.progress.at(self.counter.bytes());
            }
        }
        Ok(())
    }

    fn event(
        &mut self,
        place: Place<'_>,
        event: &Event,
        sink: &mut impl Sink,
    ) -> Result<(), Failure> {
        let mut judgements = self.asked.judge(event);
        sink.judged(place, event, &judgements, &self.progress)?;
        let acted = self.progress.aside(|| self.asked.act(event, &mut judgements));
        self.summary.unanswered = self.summary.unanswered.saturating_add(acted.unanswered);
        self.summary.unmended = self.summary.unmended.saturating_add(acted.unmended);
        self.summary.count(&judgements);
        sink.settled(place, event, &judgements, &self.progress)?;
        Ok(())
    }

    fn unreadable(&mut self, name: &str, error: &io::Error) {
        self.summary.unreadable = self.summary.unreadable.saturating_add(1);
        self.progress.aside(|| complain(&format!("`{name}` cannot be read: {error}")));
    }

    /// What is worth knowing at the end.
    fn notes(&self, listing: &Listing) -> Vec<String> {
        let mut notes = Vec::new();
        for folder in &listing.empty {
            notes.push(format!("there is no file of events in `{folder}`"));
        }
        for exception in self.policies.exceptions() {
            let policy::Exception { id, owner, expires, .. } = exception;
            if *expires <= self.now {
                let date = expires.format("%Y-%m-%d");
                notes.push(format!("exception `{id}` of {owner} expired on {date}"));
            } else if !self.summary.met(id) {
                notes.push(format!(
                    "exception `{id}` of {owner} never matched: is it still needed?"
                ));
            }
        }
        notes
    }

    fn exit(&self) -> Exit {
        let incomplete =
            self.summary.unreadable > 0 || self.summary.unanswered > 0 || self.summary.unmended > 0;
        if incomplete || (self.args.strict && self.summary.malformed > 0) {
            return Exit::Failure;
        }
        if !self.args.exit_code {
            return Exit::Success;
        }
        match self.summary.furthest() {
            None | Some(Response::Ignore) => Exit::Success,
            Some(Response::Alert | Response::Tag) => Exit::WouldTell,
            Some(Response::Revert) => Exit::WouldRevert,
        }
    }
}
