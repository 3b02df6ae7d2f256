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

/// Those of them that hold the name of a thing, which is never redacted.
const NAMES: [&str; 6] = ["request_id", "control", "operation", "resource", "code", "event_id"];

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
    Registry::default().with(Lines { level: level(), print }).try_init().ok();
    std::panic::set_hook(Box::new(|panic| {
        // The message may quote data; the place is enough to find it.
        let location = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(location, "panicked");
    }));
}

struct Lines<P> {
    level: Level,
    print: P,
}

/// The fields of a span that its events repeat.
struct Kept(Map<String, Value>);

impl<S, P> Layer<S> for Lines<P>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    P: Fn(&str) + 'static,
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
        (self.print)(&Value::Object(line).to_string());
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
        let encoded = if NAMES.contains(&field.name()) {
            alerting::encode::name_within(text, LONGEST)
        } else {
            alerting::encode::within(text, LONGEST)
        };
        self.keep(field, encoded.into());
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

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// The lines that are printed while something is done.
    fn lines(level: Level, act: impl FnOnce()) -> Vec<Value> {
        let said = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&said);
        let print = move |line: &str| kept.lock().unwrap().push(line.to_owned());
        let subscriber = Registry::default().with(Lines { level, print });
        tracing::subscriber::with_default(subscriber, act);
        let said = said.lock().unwrap();
        said.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn only_the_listed_fields_are_printed() {
        let lines = lines(Level::INFO, || {
            tracing::warn!(code = "AccessDenied", payload = "secret", body = ?"secret", "refused");
        });
        let [line] = lines.as_slice() else { panic!("{lines:?}") };
        assert_eq!(
            (line["message"].as_str(), line["code"].as_str()),
            (Some("refused"), Some("AccessDenied"))
        );
        assert_eq!(line["level"], "WARN");
        assert!(!line.to_string().contains("secret"), "{line}");
    }

    #[test]
    fn a_line_carries_the_request_it_belongs_to() {
        let lines = lines(Level::INFO, || {
            let span = tracing::info_span!("invocation", request_id = "r-1", document = "secret");
            span.in_scope(|| tracing::info!("within"));
            tracing::info!("without");
        });
        let ids: Vec<Option<&str>> = lines.iter().map(|line| line["request_id"].as_str()).collect();
        assert_eq!(ids, [Some("r-1"), None]);
        assert!(lines.iter().all(|line| !line.to_string().contains("secret")), "{lines:?}");
    }

    #[test]
    fn libraries_are_silent_below_a_warning_whatever_the_level() {
        let speak = || {
            tracing::debug!(target: "aws_smithy_runtime::client", "request body");
            tracing::info!(target: "hyper::proto", "headers");
            tracing::warn!(target: "aws_config", "no region");
            tracing::trace!(target: "lambda_runtime", "raw JSON event");
            tracing::debug!("ours");
        };
        let messages = |level| {
            let lines = lines(level, speak);
            lines
                .iter()
                .map(|line| line["message"].as_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(messages(Level::INFO), ["no region"]);
        assert_eq!(messages(Level::TRACE), ["no region", "ours"]);
    }

    #[test]
    fn a_name_is_told_whole_and_a_secret_in_a_message_is_not() {
        let lines = lines(Level::INFO, || {
            tracing::warn!(resource = "role/secret=admin", "password=hunter2");
        });
        assert_eq!(lines[0]["resource"], "role/secret=admin");
        assert_eq!(lines[0]["message"], "password=[removed]");
    }

    #[test]
    fn a_value_forges_no_line_and_is_cut() {
        let lines = lines(Level::INFO, || {
            tracing::error!(resource = "a\n{\"level\":\"INFO\"}\u{202e}", "x");
            tracing::error!(resource = "y".repeat(100_000), "x");
        });
        assert_eq!(lines.len(), 2);
        for line in lines {
            let resource = line["resource"].as_str().unwrap();
            assert!(!resource.contains(['\n', '\u{202e}']) && resource.len() <= 2 * LONGEST);
        }
    }
}
