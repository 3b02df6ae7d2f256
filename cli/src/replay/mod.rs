//! `snapback replay`: recorded events through the judgement and the decision of production.
//!
//! Streams: memory does not grow with the input. One bad record or file never ends the run.

pub mod block;
mod json;
pub mod judge;
pub mod line;
pub mod summary;

use std::io::{self, IsTerminal, Write};

use block::Meanings;
use controls::AnyControl;
use events::{Event, EventError, Reader};
use judge::{Judge, Judgement};
use line::{Line, Place};
use model::Response;
use policy::Policies;
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

/// Replays what the arguments name, onto standard output.
///
/// # Errors
/// When a settings file is not right or the output cannot be written. Inputs that cannot be read
/// are told on standard error, and make the exit code 1.
pub fn run(args: &ReplayArgs) -> Result<Exit, Failure> {
    let trust = settings::trust(args.trust.as_deref())?;
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
    let judge = Judge::new(controls, &policies, &trust, &states, args.posture.into(), now);
    let listing = input::list(&args.paths);
    let mut run = Run::new(args, &policies, &listing);
    match args.format {
        Format::Text => {
            let sink = Text {
                out: output::people(),
                watched: output::watched(),
                writer: block::Writer { width: text::width(), meanings: &run.meanings.clone() },
            };
            run.all(&judge, &listing, sink)?;
        }
        Format::Json => run.all(&judge, &listing, Json { out: output::programs() })?,
    }
    Ok(run.exit())
}

#[cfg(not(feature = "live"))]
fn live(args: &ReplayArgs, _: &model::Trust, _: &Policies) -> Result<Exit, Failure> {
    let flag = if args.apply { "--apply" } else { "--live" };
    Err(Failure::Usage(format!(
        "`{flag}` needs the feature `live`: this build leaves out the AWS SDK; use \
         `cargo run --features live -- replay ... {flag}`"
    )))
}

#[cfg(feature = "live")]
fn live(args: &ReplayArgs, trust: &model::Trust, policies: &Policies) -> Result<Exit, Failure> {
    crate::live::run(args, trust, policies)
}

/// The controls that are asked: those named, or all.
fn chosen(ids: &[String]) -> Vec<&'static dyn AnyControl> {
    controls::all()
        .iter()
        .copied()
        .filter(|control| ids.is_empty() || ids.iter().any(|id| id == control.id().as_str()))
        .collect()
}

/// An error with its causes, in one line.
fn said(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {}", said(cause)),
        None => error.to_string(),
    }
}

/// Where results go.
trait Sink {
    fn judged(
        &mut self,
        place: Place<'_>,
        event: &Event,
        judgements: &[Judgement],
        progress: &Progress,
    ) -> io::Result<()>;
    fn malformed(
        &mut self,
        place: Place<'_>,
        reason: &str,
        progress: &Progress,
    ) -> io::Result<()>;
    fn end(&mut self, summary: &Summary, notes: &[String]) -> io::Result<()>;
}

struct Json<W: Write> {
    out: W,
}

impl<W: Write> Json<W> {
    fn line(&mut self, line: &Line<'_>) -> io::Result<()> {
        serde_json::to_writer(&mut self.out, line)?;
        self.out.write_all(b"\n")
    }
}

impl<W: Write> Sink for Json<W> {
    fn judged(
        &mut self,
        place: Place<'_>,
        event: &Event,
        judgements: &[Judgement],
        _: &Progress,
    ) -> io::Result<()> {
        if judgements.is_empty() {
            return self.line(&Line::not_covered(place, event));
        }
        judgements
            .iter()
            .try_for_each(|judgement| self.line(&Line::judged(place, event, judgement)))
    }

    fn malformed(&mut self, place: Place<'_>, reason: &str, _: &Progress) -> io::Result<()> {
        self.line(&Line::malformed(place, reason))
    }

    fn end(&mut self, _: &Summary, notes: &[String]) -> io::Result<()> {
        self.out.flush()?;
        for text in notes {
            note(text);
        }
        Ok(())
    }
}

struct Text<'a, W: Write> {
    out: W,
    watched: bool,
    writer: block::Writer<'a>,
}

impl<W: Write> Text<'_, W> {
    fn put(&mut self, text: &str, progress: &Progress) -> io::Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        if !self.watched {
            return self.out.write_all(text.as_bytes());
        }
        progress.aside(|| {
            self.out.write_all(text.as_bytes())?;
            self.out.flush()
        })
    }
}

impl<W: Write> Sink for Text<'_, W> {
    fn judged(
        &mut self,
        place: Place<'_>,
        event: &Event,
        judgements: &[Judgement],
        progress: &Progress,
    ) -> io::Result<()> {
        if judgements.is_empty() {
            return Ok(());
        }
        let text = self.writer.event(place, event, judgements);
        self.put(&text, progress)
    }

    fn malformed(
        &mut self,
        place: Place<'_>,
        reason: &str,
        progress: &Progress,
    ) -> io::Result<()> {
        let text = self.writer.malformed(place, reason);
        self.put(&text, progress)
    }

    fn end(&mut self, summary: &Summary, notes: &[String]) -> io::Result<()> {
        self.out.write_all(summary.text().as_bytes())?;
        for text in notes {
            writeln!(self.out, "{}", text::exact(text))?;
        }
        self.out.flush()
    }
}

/// One run over all inputs.
struct Run<'a> {
    args: &'a ReplayArgs,
    policies: &'a Policies,
    meanings: Meanings,
    summary: Summary,
    counter: Counter,
    progress: Progress,
}

impl<'a> Run<'a> {
    fn new(args: &'a ReplayArgs, policies: &'a Policies, listing: &Listing) -> Self {
        Self {
            args,
            policies,
            meanings: policies.meanings().clone(),
            summary: Summary::new(listing.skipped),
            counter: Counter::default(),
            progress: Progress::new(io::stderr().is_terminal(), listing.bytes()),
        }
    }

    fn all(
        &mut self,
        judge: &Judge<'_>,
        listing: &Listing,
        mut sink: impl Sink,
    ) -> Result<(), Failure> {
        for error in &listing.errors {
            self.unreadable(&error.name, &error.source);
        }
        for input in &listing.inputs {
            self.one(judge, input, &mut sink)?;
        }
        self.progress.end();
        let notes = self.notes(listing);
        sink.end(&self.summary, &notes)?;
        Ok(())
    }

    fn one(
        &mut self,
        judge: &Judge<'_>,
        input: &Input,
        sink: &mut impl Sink,
    ) -> Result<(), Failure> {
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
                Ok(event) => {
                    let judgements = judge.judge(&event);
                    self.summary.count(&judgements);
                    sink.judged(place, &event, &judgements, &self.progress)?;
                }
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
            if !self.summary.met(&exception.id) {
                notes.push(format!(
                    "exception `{}` of {} never matched: is it still needed?",
                    exception.id, exception.owner
                ));
            }
        }
        notes
    }

    fn exit(&self) -> Exit {
        let incomplete = self.summary.unreadable > 0;
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
