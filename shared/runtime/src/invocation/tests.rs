//! Payloads over a handler that ends events as their name says.

use std::sync::Mutex;

use model::Status;
use respond::{CloudError, Retry};
use serde_json::{Value, json};

use super::*;

const CONTROL: ControlId = ControlId::new("s3-public-acl");

/// Ends an event named `Fine`, `Throttled`, `Denied`, `Panic` or `Slow` so, and notes what it saw.
#[derive(Default)]
struct Scripted {
    seen: Mutex<Vec<(String, u32, String)>>,
    told: Mutex<Vec<String>>,
}

fn refused(retry: Retry) -> HandleError {
    HandleError::Ledger(CloudError {
        operation: "dynamodb:PutItem",
        resource: "ledger".to_owned(),
        code: "x".to_owned(),
        request_id: None,
        retry,
        in_doubt: false,
        source: None,
    })
}

impl Handler for Scripted {
    fn control(&self) -> ControlId {
        CONTROL
    }

    fn posture(&self) -> Posture {
        Posture::Observe
    }

    fn policies(&self) -> &'static str {
        "digest"
    }

    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    async fn handle(&self, delivery: &Delivery<'_>) -> Result<Handled, HandleError> {
        let record = &delivery.event.record;
        let name = record.event_name.clone();
        let seen = (name.clone(), delivery.attempt, delivery.payload.to_owned());
        self.seen.lock().unwrap().push(seen);
        assert_eq!((delivery.holder, delivery.deadline.timestamp()), ("r-1", 30));
        match name.as_str() {
            "Throttled" => Err(refused(Retry::Worthwhile)),
            "Denied" => Err(refused(Retry::Pointless)),
            "Panic" => panic!("a bug"),
            "Slow" => std::future::pending().await,
            _ => Ok(Handled {
                control: CONTROL,
                status: Status::Clean,
                reason: None,
                event_id: delivery.event.id().map(str::to_owned),
                event_name: name,
                event_time: None,
                account: None,
                region: None,
                actor: record.actor.clone(),
                resource: None,
                attempt: delivery.attempt,
                findings: Vec::new(),
                recheck: None,
            }),
        }
    }

    async fn malformed(&self, what: &str) -> HandleError {
        self.told.lock().unwrap().push(what.to_owned());
        HandleError::Malformed { what: what.to_owned() }
    }
}

fn record(name: &str) -> Value {
    json!({"eventID": format!("id-{name}"), "eventName": name, "eventSource": "s3.amazonaws.com"})
}

fn envelope(name: &str) -> Value {
    json!({"id": "i", "source": "aws.s3", "detail-type": "AWS API Call via CloudTrail", "detail": record(name)})
}

fn batch(messages: &[(&str, String)]) -> String {
    let records: Vec<Value> = messages
        .iter()
        .map(|(id, body)| json!({"messageId": id, "eventSource": "aws:sqs", "body": body}))
        .collect();
    json!({ "Records": records }).to_string()
}

async fn run(handler: &Arc<Scripted>, text: impl ToString) -> Result<Answer, Failure> {
    let invocation = Invocation { request_id: "r-1".to_owned(), deadline: 30_000 };
    invoke(Arc::clone(handler), invocation, text.to_string(), |_| ()).await
}

async fn code(text: impl ToString) -> &'static str {
    run(&Arc::default(), text).await.unwrap_err().code
}

fn failed(answer: Answer) -> Vec<String> {
    match answer {
        Answer::Batch { failures } => failures.into_iter().map(|message| message.id).collect(),
        Answer::Direct { .. } => panic!("not an answer to a batch"),
    }
}

#[tokio::test(start_paused = true)]
async fn an_envelope_a_bare_record_and_a_trail_file_are_handled_as_delivered() {
    for (payload, expected) in [
        (envelope("Fine"), 1),
        (record("Fine"), 1),
        (json!({"Records": [record("Fine"), record("Fine")]}), 2),
    ] {
        let handler = Arc::default();
        let answer = run(&handler, &payload).await.unwrap();
        assert_eq!(answer, Answer::Direct { handled: expected });
        assert_eq!(handler.seen.lock().unwrap().len(), expected);
    }
    let handler = Arc::default();
    run(&handler, envelope("Fine")).await.unwrap();
    let seen = handler.seen.lock().unwrap();
    let (_, _, payload) = seen.first().unwrap();
    assert_eq!(serde_json::from_str::<Value>(payload).unwrap(), envelope("Fine"));
}

#[tokio::test(start_paused = true)]
async fn a_second_look_knows_which_it_is_and_holds_the_event_as_it_was() {
    let handler = Arc::default();
    let recheck = json!({"snapback_recheck": {"attempt": 2}, "event": envelope("Fine")});
    let answer = run(&handler, batch(&[("m-1", recheck.to_string())])).await.unwrap();
    assert!(failed(answer).is_empty());
    let seen = handler.seen.lock().unwrap();
    let (_, attempt, payload) = seen.first().unwrap();
    assert_eq!(*attempt, 2);
    assert_eq!(serde_json::from_str::<Value>(payload).unwrap(), envelope("Fine"));
}

#[tokio::test(start_paused = true)]
async fn of_a_batch_only_what_failed_comes_again() {
    let body = |name: &str| envelope(name).to_string();
    let messages = [
        ("m-1", body("Fine")),
        ("m-2", body("Throttled")),
        ("m-3", "not json".to_owned()),
        ("m-4", body("Panic")),
        ("m-5", r#"{"Records":[]}"#.to_owned()),
        ("m-6", json!({"Records": [record("Fine"), record("Denied")]}).to_string()),
        ("m-7", body("Fine")),
    ];
    let handler = Arc::default();
    let answer = run(&handler, batch(&messages)).await.unwrap();
    assert_eq!(failed(answer), ["m-2", "m-3", "m-4", "m-5", "m-6"]);
    assert_eq!(handler.seen.lock().unwrap().len(), 6, "one poison message stops no other");
    assert_eq!(handler.told.lock().unwrap().len(), 2, "both unreadable messages are told");
}

#[tokio::test(start_paused = true)]
async fn a_batch_answers_in_the_words_of_the_queue() {
    let answer = run(&Arc::default(), batch(&[("m-1", "{".to_owned())])).await.unwrap();
    let text = serde_json::to_string(&answer).unwrap();
    assert_eq!(text, r#"{"batchItemFailures":[{"itemIdentifier":"m-1"}]}"#);
    let fine = batch(&[("m-1", envelope("Fine").to_string())]);
    let answer = run(&Arc::default(), fine).await.unwrap();
    assert_eq!(serde_json::to_string(&answer).unwrap(), r#"{"batchItemFailures":[]}"#);
}

#[tokio::test(start_paused = true)]
async fn records_that_only_look_like_a_queues_get_no_partial_answer() {
    let forged = json!({"Records": [
        {"messageId": "m-1", "eventSource": "aws:sqs", "body": envelope("Throttled").to_string()},
        record("Fine"),
    ]});
    assert_eq!(code(forged).await, "Transient.Ledger");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_understood_is_told_and_fails_under_its_code() {
    let wrapped = r#"{"snapback_not_json":{"bytes":3,"problem":"EOF","begins":"{"}}"#;
    for payload in ["{}", "[]", "null", "\"text\"", r#"{"Records":[]}"#, r#"{"detail":7}"#, wrapped]
    {
        let handler = Arc::default();
        let failure = run(&handler, payload).await.unwrap_err();
        assert_eq!(failure.code, "Permanent.Malformed", "{payload}");
        assert_eq!(handler.told.lock().unwrap().len(), 1, "{payload}");
        assert!(handler.seen.lock().unwrap().is_empty(), "{payload}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_redelivery_could_mend_comes_first_and_success_hides_no_failure() {
    assert_eq!(code(envelope("Throttled")).await, "Transient.Ledger");
    assert_eq!(code(envelope("Denied")).await, "Permanent.Ledger");
    let both = json!({"Records": [record("Denied"), record("Fine"), record("Throttled")]});
    assert_eq!(code(both).await, "Transient.Ledger");
    let one = json!({"Records": [record("Fine"), record("Denied")]});
    assert_eq!(code(one).await, "Permanent.Ledger");
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_an_error_with_a_code_of_its_own() {
    let failure = run(&Arc::default(), envelope("Panic")).await.unwrap_err();
    assert_eq!(failure.code, "Permanent.Panicked");
    assert!(!format!("{failure:?}").contains("a bug"), "{failure:?}");
}

#[tokio::test(start_paused = true)]
async fn an_event_that_takes_too_long_is_answered_before_lambda_ends_it() {
    let begun = tokio::time::Instant::now();
    assert_eq!(code(envelope("Slow")).await, "Transient.OutOfTime");
    let waited = begun.elapsed();
    assert!(waited < Duration::from_secs(30) && waited > Duration::from_secs(29), "{waited:?}");
}

#[test]
fn a_failure_becomes_a_diagnostic_with_a_stable_type() {
    let unhandled = [Unhandled::Refused(refused(Retry::Worthwhile))];
    let diagnostic = lambda_runtime::Diagnostic::from(Failure::of(&unhandled).unwrap());
    assert_eq!(diagnostic.error_type, "Transient.Ledger");
    assert_eq!(
        diagnostic.error_message,
        "the ledger could not be used: `dynamodb:PutItem` of `ledger` failed: x"
    );
}
