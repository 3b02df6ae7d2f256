//! Log lines: JSON, one a line, with no other fields than those listed here.
//!
//! Whatever a library chooses to say is cut down to the list, so that no payload, document or
//! credential can reach the log by way of somebody's `debug!`.

use std::{env, io::Write as _};

use lambda_runtime::tracing::subscriber::{
    Layer, Registry,
    layer::{Context, SubscriberExt as _},
    registry::LookupSpan,
    util::SubscriberInitExt as _,
};
use respond::Clock as _;
use serde_json::{Map, Value};
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id},
};

use crate::clock::System;

/// The only fields that are printed, `timestamp` and `level` aside.
pub(crate) const FIELDS: [&str; 9] = [
    "message",
    "request_id",
    "control",
    "operation",
    "resource",
    "code",
    "event_id",
    "location",
    "problems",
];

/// Characters of one value.
const LONGEST: usize = 1024;

/// Prints a line as a whole.
pub(crate) fn print(line: &str) {
    let mut out = std::io::stdout().lock();
    // Where nobody reads, nobody can be told: the answer to Lambda says how it went.
    if writeln!(out, "{line}").is_ok() {
        out.flush().ok();
    }
}

/// Whether a line is wanted. Libraries speak from `WARN` on whatever the level: below that they
/// may print requests.
fn wanted(metadata: &Metadata<'_>, ours: Level) -> bool {
    const OURS: [&str; 4] = ["runtime", "respond", "aws", "snapback"];
    let root = metadata.target().split("::").next().unwrap_or_default();
    let most = if OURS.contains(&root) { ours } else { Level::WARN };
    *metadata.level() <= most
}

/// The level that Lambda's own setting asks for.
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-advanced.html>.
fn level() -> Level {
    env::var("AWS_LAMBDA_LOG_LEVEL").ok().and_then(|word| word.parse().ok()).unwrap_or(Level::INFO)
}

/// Begins to print; once a process.
pub(crate) fn begin() {
    // A second beginning (tests) leaves the first in place.
    Registry::default().with(Lines { level: level() }).try_init().ok();
    std::panic::set_hook(Box::new(|panic| {
        // The message may quote data; the place is enough to find it.
        let location = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(location, "panicked");
    }));
}

struct Lines {
    level: Level,
}

/// The fields of a span that its events repeat.
struct Kept(Map<String, Value>);

impl<S> Layer<S> for Lines
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        wanted(metadata, self.level)
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(Kept(fields.0));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut line = Map::new();
        line.insert("timestamp".to_owned(), System.now().to_rfc3339().into());
        line.insert("level".to_owned(), event.metadata().level().as_str().into());
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(Kept(fields)) = span.extensions().get::<Kept>() {
                line.extend(fields.clone());
            }
        }
        let mut fields = Fields::default();
        event.record(&mut fields);
        line.extend(fields.0);
        print(&Value::Object(line).to_string());
    }
}

/// Collects the fields that are on the list.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn keep(&mut self, field: &Field, value: Value) {
        if FIELDS.contains(&field.name()) {
            self.0.insert(field.name().to_owned(), value);
        }
    }

    fn text(&mut self, field: &Field, text: &str) {
        self.keep(field, alerting::encode::within(text, LONGEST).into());
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.keep(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.keep(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.keep(field, value.into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.text(field, &format!("{value:?}"));
    }
}
