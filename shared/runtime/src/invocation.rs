//! One invocation: whatever was delivered, taken apart, handled event by event, and answered.

use std::{
    future::Future,
    sync::Arc,
    time::{Duration, Instant},
};

use controls::Control;
use events::Item;
use model::{ControlId, Posture, Timestamp};
use respond::{Clock, Delivery, HandleError, Handled, Pipeline, Ports};
use serde::Deserialize;
use tokio::time::timeout;

use crate::{
    answer::{Answer, FailedMessage, Failure, Unhandled},
    clock, payload,
    telemetry::{self, Delivered},
};

/// Time kept back to answer Lambda before it ends the invocation by force.
const ANSWER: Duration = Duration::from_millis(500);

/// What an invocation is handled with: the pipeline, as far as this crate needs it.
pub(crate) trait Handler: Send + Sync + 'static {
    fn control(&self) -> ControlId;
    fn posture(&self) -> Posture;
    /// The digest of the policies in force.
    fn policies(&self) -> &str;
    fn now(&self) -> Timestamp;
    fn handle(
        &self,
        delivery: &Delivery<'_>,
    ) -> impl Future<Output = Result<Handled, HandleError>> + Send;
    /// Tells of what cannot be understood.
    fn malformed(&self, what: &str) -> impl Future<Output = HandleError> + Send;
}

impl<C: Control, P: Ports<C>> Handler for Pipeline<C, P> {
    fn control(&self) -> ControlId {
        C::ID
    }

    fn posture(&self) -> Posture {
        self.settings().posture
    }

    fn policies(&self) -> &str {
        self.settings().policies.digest()
    }

    fn now(&self) -> Timestamp {
        self.ports().clock().now()
    }

    fn handle(
        &self,
        delivery: &Delivery<'_>,
    ) -> impl Future<Output = Result<Handled, HandleError>> + Send {
        Self::handle(self, delivery)
    }

    fn malformed(&self, what: &str) -> impl Future<Output = HandleError> + Send {
        Self::malformed(self, what)
    }
}

/// What Lambda says of an invocation.
#[derive(Debug, Clone)]
pub(crate) struct Invocation {
    pub(crate) request_id: String,
    /// Milliseconds since 1970.
    pub(crate) deadline: u64,
}

/// Handles everything that a payload holds.
pub(crate) async fn invoke<H: Handler>(
    handler: Arc<H>,
    invocation: Invocation,
    text: String,
    print: fn(&str),
) -> Result<Answer, Failure> {
    let batch = Batch::of(&text);
    let work = Work { handler, invocation: Arc::new(invocation), print };
    let outcomes = work.each(&text, batch.as_ref()).await;
    if let Some(batch) = batch {
        return Ok(batch.answer(&outcomes));
    }
    let done = outcomes.iter().filter(|outcome| outcome.result.is_ok()).count();
    let refused = outcomes.into_iter().filter_map(|outcome| outcome.result.err());
    let refused: Vec<Unhandled> = refused.collect();
    Failure::of(&refused).map_or(Ok(Answer::Direct { handled: done }), Err)
}

/// How one event of the payload ended.
struct Ended {
    message_id: Option<String>,
    result: Result<(), Unhandled>,
}

/// An SQS batch: the ids of its messages.
#[derive(Debug, PartialEq, Eq)]
struct Batch {
    ids: Vec<String>,
}

#[derive(Deserialize)]
struct Messages {
    #[serde(rename = "Records")]
    records: Vec<Message>,
}

#[derive(Deserialize)]
struct Message {
    #[serde(rename = "messageId")]
    id: String,
    #[serde(rename = "eventSource")]
    source: String,
}

impl Batch {
    /// `None`: the payload is something else. Partial answers are for queues alone.
    fn of(text: &str) -> Option<Self> {
        let Messages { records } = serde_json::from_str(text).ok()?;
        let all_from_queues = records.iter().all(|record| record.source == "aws:sqs");
        (all_from_queues && !records.is_empty())
            .then(|| Self { ids: records.into_iter().map(|record| record.id).collect() })
    }

    /// Names every message that is not known to be handled.
    fn answer(&self, outcomes: &[Ended]) -> Answer {
        let handled = |id: &String| {
            let mut of_it = outcomes
                .iter()
                .filter(|outcome| outcome.message_id.as_ref() == Some(id))
                .peekable();
            of_it.peek().is_some() && of_it.all(|outcome| outcome.result.is_ok())
        };
        let failures = self.ids.iter().filter(|id| !handled(id));
        Answer::Batch { failures: failures.map(|id| FailedMessage { id: id.clone() }).collect() }
    }
}

/// A handler at work on one invocation.
struct Work<H> {
    handler: Arc<H>,
    invocation: Arc<Invocation>,
    /// Where log lines go.
    print: fn(&str),
}

impl<H: Handler> Work<H> {
    /// One event after the other.
    async fn each(&self, text: &str, batch: Option<&Batch>) -> Vec<Ended> {
        if let Some(not_json) = payload::not_json(text) {
            let what = format!("{} bytes that are not JSON: {}", not_json.bytes, not_json.problem);
            return vec![Ended { message_id: None, result: self.malformed(&what).await }];
        }
        let mut outcomes = Vec::new();
        for item in events::read(text.as_bytes()).keeping_text() {
            let message_id = item.delivery.message_id.clone();
            let result = match item.event {
                Ok(_) => self.one(item).await,
                Err(unreadable) => self.malformed(&unreadable.to_string()).await,
            };
            outcomes.push(Ended { message_id, result });
        }
        // A message that holds no event at all yields none, and must not pass for handled.
        let seen = |id: &String| outcomes.iter().any(|ended| ended.message_id.as_ref() == Some(id));
        let empty: Vec<String> = match batch {
            Some(batch) => batch.ids.iter().filter(|id| !seen(id)).cloned().collect(),
            None => Vec::new(),
        };
        if outcomes.is_empty() && empty.is_empty() {
            let result = self.malformed("there is no event in it").await;
            outcomes.push(Ended { message_id: None, result });
        }
        for id in empty {
            let result = self.malformed("there is no event in a queue's message").await;
            outcomes.push(Ended { message_id: Some(id), result });
        }
        outcomes
    }

    /// Handles one event, in a task of its own: one that panics takes no other with it. The task is
    /// waited for, so nothing outlives the invocation.
    async fn one(&self, item: Item) -> Result<(), Unhandled> {
        let begun = Instant::now();
        let event_id = match &item.event {
            Ok(event) => event.id().map(str::to_owned),
            Err(_) => None,
        };
        let left = self.left();
        let (handler, invocation) = (Arc::clone(&self.handler), Arc::clone(&self.invocation));
        let task = tokio::spawn(async move {
            let Ok(event) = &item.event else {
                return Err(HandleError::Malformed { what: "no event".to_owned() });
            };
            let delivery = Delivery {
                event,
                payload: item.text.as_deref().unwrap_or_default(),
                attempt: item.delivery.recheck.unwrap_or(0),
                holder: &invocation.request_id,
                deadline: clock::deadline(invocation.deadline),
            };
            // Boxed: the whole path in one future is deeper than the compiler likes.
            match timeout(left, Box::pin(handler.handle(&delivery))).await {
                Ok(ended) => ended,
                Err(_) => Err(HandleError::OutOfTime),
            }
        });
        let ended = match task.await {
            Ok(ended) => ended.map_err(Unhandled::Refused),
            Err(_) => Err(Unhandled::Panicked),
        };
        self.report(begun, event_id.as_deref(), ended)
    }

    async fn malformed(&self, what: &str) -> Result<(), Unhandled> {
        let begun = Instant::now();
        let error = match timeout(self.left(), Box::pin(self.handler.malformed(what))).await {
            Ok(error) => error,
            Err(_) => HandleError::OutOfTime,
        };
        self.report(begun, None, Err(Unhandled::Refused(error)))
    }

    fn report(
        &self,
        begun: Instant,
        event_id: Option<&str>,
        ended: Result<Handled, Unhandled>,
    ) -> Result<(), Unhandled> {
        let delivered = Delivered {
            control: self.handler.control(),
            request_id: &self.invocation.request_id,
            posture: self.handler.posture(),
            policies: self.handler.policies(),
            milliseconds: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
            now: self.handler.now(),
        };
        let lines = match &ended {
            Ok(handled) => telemetry::handled(&delivered, handled),
            Err(unhandled) => telemetry::unhandled(&delivered, event_id, unhandled),
        };
        for line in lines {
            (self.print)(&line);
        }
        ended.map(|_| ())
    }

    /// Time until the answer is due.
    fn left(&self) -> Duration {
        let until = clock::deadline(self.invocation.deadline);
        let left = until.signed_duration_since(self.handler.now()).to_std();
        left.unwrap_or(Duration::ZERO).saturating_sub(ANSWER)
    }
}

#[cfg(test)]
mod tests;
