//! The table against a store that evaluates DynamoDB's own expressions, and against single answers.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use aws_sdk_dynamodb::{
    operation::{
        get_item::{GetItemError, GetItemOutput},
        put_item::PutItemOutput,
        query::{QueryError, QueryOutput},
        transact_write_items::TransactWriteItemsOutput,
    },
    types::{
        CancellationReason,
        error::{ConditionalCheckFailedException, TransactionCanceledException},
    },
};
use aws_smithy_mocks::{MockResponse, Rule, mock};
use ledger::{EntryState, Memory, Noted};
use model::{Actor, Confidence, Decision, Evidence, Operation, Posture, Response, Trust};
use respond::memory::MemoryLedger;
use serde_json::{Value, json};

use super::*;
use crate::testing::{json_refusal, scripted, session};

const NAME: &str = "ledger";

fn table(rules: &[&Rule]) -> Table {
    let session = session(Trust::default());
    Table {
        reads: scripted!(aws_sdk_dynamodb, session.reads(), rules.iter().copied()),
        writes: scripted!(aws_sdk_dynamodb, session.writes(), rules.iter().copied()),
        name: NAME.to_owned(),
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_timestamp(1_728_000_000_i64.saturating_add(seconds), 0).unwrap()
}

fn key(event_id: &str) -> ClaimKey {
    ClaimKey {
        control: "s3-public-acl".to_owned(),
        account: "111122223333".into(),
        region: "eu-west-1".to_owned(),
        event_id: event_id.to_owned(),
        resource: "arn:aws:s3:::amzn-s3-demo-bucket".to_owned(),
        attempt: 0,
    }
}

fn lease(holder: &str, until: i64) -> Lease {
    Lease { holder: holder.to_owned(), until: at(until) }
}

fn bucket() -> Resource {
    Resource::bucket("amzn-s3-demo-bucket", "111122223333".into(), "eu-west-1")
}

fn entry(event_id: &str, seconds: i64) -> Entry {
    let decision = Decision { response: Response::Revert, because: Vec::new(), errors: Vec::new() };
    let code = "acl-public:AllUsers:READ".to_owned();
    Entry {
        id: EntryId::of(&key(event_id), &code, 0),
        at: at(seconds),
        control: "s3-public-acl".to_owned(),
        code: code.clone(),
        step: 0,
        findings: vec![Noted {
            code,
            title: "everyone may list the bucket".to_owned(),
            confidence: Confidence::Certain,
            effective: true,
            evidence: Evidence::new(),
            decision: decision.clone(),
            operations: Vec::new(),
            held_back: None,
        }],
        event_id: event_id.to_owned(),
        resource: bucket(),
        actor: Actor::unknown(),
        posture: Posture::Enforce,
        decision,
        needs: Response::Revert,
        prior_state: json!({"public": true}),
        remedy: json!({"public": false}),
        operations: vec![Operation::new("s3:PutBucketAcl", Value::Null)],
        inverse: None,
        left_state: None,
        moved_from: None,
        written_at: None,
        state: EntryState::Intended,
        outcome: None,
        request_ids: Vec::new(),
        error: None,
    }
}

fn finished(entry: &Entry, outcome: Outcome) -> Entry {
    Entry { state: EntryState::Finished, outcome: Some(outcome), ..entry.clone() }
}

fn fingerprint() -> Fingerprint {
    Fingerprint {
        control: "s3-public-acl".to_owned(),
        code: "acl-public:AllUsers:READ".to_owned(),
        title: "everyone may list the bucket".to_owned(),
        resource: "arn:aws:s3:::amzn-s3-demo-bucket".to_owned(),
        actor: "a".to_owned(),
        outcome: Outcome::Verified,
    }
}

/// What stands in the store, by key.
type Stored = BTreeMap<(String, String), Wire>;
type Names = HashMap<String, String>;

fn text(wire: &Wire, name: &str) -> String {
    wire.get(name).unwrap().as_s().unwrap().clone()
}

fn place(wire: &Wire) -> (String, String) {
    (text(wire, "pk"), text(wire, "sk"))
}

fn number(value: &AttributeValue) -> u64 {
    value.as_n().unwrap().parse().unwrap()
}

/// Evaluates the three conditions there are, through the names and values that came along.
fn holds(
    text: Option<&str>,
    names: Option<&Names>,
    values: Option<&Wire>,
    stored: Option<&Wire>,
) -> bool {
    let Some(text) = text else { return true };
    text.split(" OR ").any(|part| {
        if let Some(name) = part.strip_prefix("attribute_not_exists(") {
            let name = &names.unwrap()[name.trim_end_matches(')')];
            return stored.is_none_or(|item| !item.contains_key(name));
        }
        let words: Vec<&str> = part.split(' ').collect();
        let [name, operator, value] = words[..] else { panic!("unknown condition {part}") };
        let Some(found) = stored.and_then(|item| item.get(&names.unwrap()[name])) else {
            return false;
        };
        let (found, value) = (number(found), number(&values.unwrap()[value]));
        match operator {
            "=" => found == value,
            "<=" => found <= value,
            other => panic!("unknown operator {other}"),
        }
    })
}

/// A DynamoDB of one table: conditional puts, transactions, and queries that give one item a page.
fn store() -> (Arc<Mutex<Stored>>, Vec<Rule>) {
    let stored = Arc::new(Mutex::new(Stored::new()));
    let puts = Arc::clone(&stored);
    let put = mock!(Client::put_item)
        .match_requests(|request| request.table_name() == Some(NAME))
        .then_compute_response(move |request| {
            let mut stored = puts.lock().unwrap();
            let item = request.item().unwrap().clone();
            let there = stored.get(&place(&item)).cloned();
            let condition = request.condition_expression();
            let names = request.expression_attribute_names();
            let values = request.expression_attribute_values();
            if holds(condition, names, values, there.as_ref()) {
                stored.insert(place(&item), item);
                return MockResponse::Output(PutItemOutput::builder().build());
            }
            let failed = ConditionalCheckFailedException::builder().set_item(there).build();
            MockResponse::Error(PutItemError::ConditionalCheckFailedException(failed))
        });
    let gets = Arc::clone(&stored);
    let get = mock!(Client::get_item)
        .match_requests(|request| request.consistent_read() == Some(true))
        .then_compute_response(move |request| {
            let item = gets.lock().unwrap().get(&place(request.key().unwrap())).cloned();
            MockResponse::<_, GetItemError>::Output(GetItemOutput::builder().set_item(item).build())
        });
    let queries = Arc::clone(&stored);
    let query = mock!(Client::query)
        .match_requests(|request| request.consistent_read() == Some(true))
        .then_compute_response(move |request| {
            let values = request.expression_attribute_values().unwrap();
            let (pk, sk) = (values[":pk"].as_s().unwrap(), values[":sk"].as_s().unwrap());
            let wanted = |stands: &str| match request.key_condition_expression().unwrap() {
                "#pk = :pk AND #sk >= :sk" => stands >= sk.as_str(),
                "#pk = :pk AND begins_with(#sk, :sk)" => stands.starts_with(sk),
                other => panic!("unknown condition {other}"),
            };
            let after = request.exclusive_start_key().map(place);
            let stored = queries.lock().unwrap();
            let mut found = stored
                .iter()
                .filter(|((p, s), _)| p == pk && wanted(s))
                .filter(|(stands, _)| after.as_ref().is_none_or(|after| *stands > after))
                .map(|(_, item)| item.clone());
            let page: Vec<Wire> = found.next().into_iter().collect();
            let next = page
                .first()
                .filter(|_| found.next().is_some())
                .map(|item| ["pk", "sk"].map(|name| (name.to_owned(), item[name].clone())).into());
            let count = i32::try_from(page.len()).unwrap();
            let page = (request.select() != Some(&Select::Count)).then_some(page);
            let page = QueryOutput::builder().count(count).set_items(page);
            MockResponse::<_, QueryError>::Output(page.set_last_evaluated_key(next).build())
        });
    let transactions = Arc::clone(&stored);
    let transact = mock!(Client::transact_write_items).then_compute_response(move |request| {
        let mut stored = transactions.lock().unwrap();
        let reasons: Vec<CancellationReason> = request
            .transact_items()
            .iter()
            .map(|item| {
                let held = item.put().is_none_or(|put| {
                    let there = stored.get(&place(put.item()));
                    let names = put.expression_attribute_names();
                    let values = put.expression_attribute_values();
                    holds(put.condition_expression(), names, values, there)
                });
                let code = if held { "None" } else { "ConditionalCheckFailed" };
                CancellationReason::builder().code(code).build()
            })
            .collect();
        if reasons.iter().any(|reason| reason.code() != Some("None")) {
            let cancelled =
                TransactionCanceledException::builder().set_cancellation_reasons(Some(reasons));
            let error = TransactWriteItemsError::TransactionCanceledException(cancelled.build());
            return MockResponse::Error(error);
        }
        for item in request.transact_items() {
            if let Some(put) = item.put() {
                stored.insert(place(put.item()), put.item().clone());
            }
            if let Some(delete) = item.delete() {
                stored.remove(&place(delete.key()));
            }
        }
        MockResponse::Output(TransactWriteItemsOutput::builder().build())
    });
    (stored, vec![put, get, query, transact])
}

#[tokio::test(start_paused = true)]
async fn answers_as_the_ledger_in_memory_does_whatever_happens_in_which_order() {
    let (_, rules) = store();
    let table = table(&rules.iter().collect::<Vec<_>>());
    let mut memory = Memory::new();
    let behind = MemoryLedger::new();
    let (first, second) = (key("e-1"), key("e-2"));
    for (seconds, holder) in [(0, "a"), (1, "b"), (31, "b"), (32, "c")] {
        for key in [&first, &second] {
            let lease = lease(holder, seconds + 30);
            let now = at(seconds);
            let said = table.claim(key, &lease, now).await.unwrap();
            assert_eq!(said, memory.claim(key, &lease, now).unwrap(), "{seconds} {holder}");
        }
    }
    for (number, seconds) in [("e-1", 40), ("e-2", 50), ("e-3", 60)] {
        let intended = entry(number, seconds);
        let outcome = if number == "e-2" { Outcome::Conflict } else { Outcome::Verified };
        // An intention that comes after the end changes nothing, and says so: whoever believes that
        // it stands would write. What is taken up again counts where it was taken up, once.
        let later =
            Entry { at: at(seconds + 7), moved_from: Some(intended.at), ..intended.clone() };
        let ended = finished(&later, outcome);
        for (place, entry) in [&intended, &later, &ended, &later].into_iter().enumerate() {
            let said = table.record(entry).await;
            let stands = behind.record(entry).await;
            memory.record(entry).unwrap();
            assert_eq!(said.is_ok(), place < 3, "{said:?}");
            let told = |said: Result<(), CloudError>| said.map_err(|it| (it.code, it.retry));
            assert_eq!(told(said), told(stands));
            let history = table.history(&bucket(), at(100)).await.unwrap();
            assert_eq!(history, memory.history(&bucket(), at(100)));
            let read = table.entry(&entry.id).await.unwrap();
            assert_eq!(read, memory.entry(&entry.id).unwrap());
        }
        assert_eq!(
            table.entries(&key(number)).await.unwrap(),
            memory.entries(&key(number)).unwrap()
        );
    }
    for since in [0, 45, 61] {
        let read = table.reverts(&bucket(), at(since)).await.unwrap();
        assert_eq!(read, memory.reverts(&bucket(), at(since)).unwrap());
    }
    let history = table.history(&bucket(), at(100)).await.unwrap();
    assert_eq!((history.resource_reverts, history.account_reverts), (2, 2), "over two pages");
    for (key, outcome) in [(&first, Some(Outcome::Verified)), (&first, None), (&second, None)] {
        table.release(key, outcome, at(70)).await.unwrap();
        memory.release(key, outcome, at(70)).unwrap();
        let lease = lease("d", 99);
        let said = table.claim(key, &lease, at(71)).await.unwrap();
        assert_eq!(said, memory.claim(key, &lease, at(71)).unwrap());
    }
    for seconds in [80, 81, 82, 3700] {
        let said = table.telling(&fingerprint(), at(seconds)).await.unwrap();
        assert_eq!(said, memory.telling(&fingerprint(), at(seconds)).unwrap(), "{seconds}");
        if seconds != 81 {
            table.told(&fingerprint(), at(seconds)).await.unwrap();
            memory.told(&fingerprint(), at(seconds)).unwrap();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn remembers_as_the_ledger_in_memory_does() {
    let (_, rules) = store();
    let table = table(&rules.iter().collect::<Vec<_>>());
    let mut memory = Memory::new();
    let policy = ControlId::new("s3-bucket-policy");
    for (state, seconds) in [(json!(1), 0), (json!(1), 5), (json!({"two": 2}), 9)] {
        let baseline = Baseline {
            control: policy.as_str().to_owned(),
            resource: bucket(),
            at: at(seconds),
            state,
        };
        table.keep_baseline(&baseline).await.unwrap();
        memory.keep_baseline(&baseline).unwrap();
        let said = table.baseline(policy, &bucket()).await.unwrap();
        assert_eq!(said, memory.baseline(policy.as_str(), &bucket()).unwrap());
    }
    let other = table.baseline(ControlId::new("s3-bucket-safeguards"), &bucket()).await.unwrap();
    assert_eq!(other, None);
    let account = bucket().account;
    for (id, seconds) in [("a", 0), ("b", 10), ("b", 10), ("c", 400), ("d", 401), ("e", 20)] {
        let occurrence = Occurrence {
            group: "stranger 192.0.2.1".to_owned(),
            id: id.to_owned(),
            at: at(seconds),
            window_seconds: 300,
            facts: [("bucket".to_owned(), format!("amzn-s3-demo-{id}"))].into(),
        };
        let said = table.gather(policy, &account, &occurrence).await.unwrap();
        assert_eq!(said, memory.gather(policy.as_str(), &account, &occurrence).unwrap(), "{id}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_baseline_that_is_none_is_as_if_there_were_none() {
    let (stored, rules) = store();
    let table = table(&rules.iter().collect::<Vec<_>>());
    let policy = ControlId::new("s3-bucket-policy");
    let key = remember::baseline_key(policy.as_str(), &bucket());
    let item = Wire::from(
        [("pk", key.pk.as_str()), ("sk", key.sk.as_str()), ("body", "{\"of\": \"another build\"}")]
            .map(|(name, text)| (name.to_owned(), AttributeValue::S(text.to_owned()))),
    );
    stored.lock().unwrap().insert(place(&item), item);
    assert_eq!(table.baseline(policy, &bucket()).await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn a_first_claim_is_one_call() {
    let put = mock!(Client::put_item)
        .match_requests(|request| {
            request.condition_expression() == Some("attribute_not_exists(#pk)")
                && request.return_values_on_condition_check_failure()
                    == Some(&ReturnValuesOnConditionCheckFailure::AllOld)
        })
        .then_output(|| PutItemOutput::builder().build());
    let claim = table(&[&put]).claim(&key("e"), &lease("a", 30), at(0)).await.unwrap();
    assert_eq!((claim, put.num_calls()), (Claim::Taken, 1));
}

#[tokio::test(start_paused = true)]
async fn a_claim_that_was_beaten_without_being_told_by_what_reads_before_it_answers() {
    let (stored, rules) = store();
    let other = table(&rules.iter().collect::<Vec<_>>());
    other.claim(&key("e"), &lease("a", 30), at(0)).await.unwrap();
    let beaten = mock!(Client::put_item).then_error(|| {
        PutItemError::ConditionalCheckFailedException(
            ConditionalCheckFailedException::builder().build(),
        )
    });
    let there = stored.lock().unwrap().values().next().cloned();
    let get = mock!(Client::get_item)
        .match_requests(|request| request.consistent_read() == Some(true))
        .then_output(move || GetItemOutput::builder().set_item(there.clone()).build());
    let said = table(&[&beaten, &get]).claim(&key("e"), &lease("b", 40), at(1)).await.unwrap();
    assert_eq!(said, Claim::Held { until: at(30) });
}

#[tokio::test(start_paused = true)]
async fn whoever_is_always_beaten_gives_up_as_worth_another_delivery() {
    let beaten = mock!(Client::put_item).then_error(|| {
        PutItemError::ConditionalCheckFailedException(
            ConditionalCheckFailedException::builder().build(),
        )
    });
    let get = mock!(Client::get_item).then_output(|| GetItemOutput::builder().build());
    let table = table(&[&beaten, &get]);
    let error = table.told(&fingerprint(), at(0)).await.unwrap_err();
    assert_eq!((error.retry, beaten.num_calls()), (Retry::Worthwhile, 5));
}

#[tokio::test(start_paused = true)]
async fn a_write_is_tried_once_and_is_in_doubt_when_its_answer_is_lost() {
    let put =
        mock!(Client::put_item).then_http_response(|| json_refusal(500, "InternalServerError"));
    let error = table(&[&put]).claim(&key("e"), &lease("a", 30), at(0)).await.unwrap_err();
    assert_eq!((error.retry, error.in_doubt, put.num_calls()), (Retry::Worthwhile, true, 1));
    let put = mock!(Client::put_item)
        .then_http_response(|| json_refusal(400, "ProvisionedThroughputExceededException"));
    let error = table(&[&put]).claim(&key("e"), &lease("a", 30), at(0)).await.unwrap_err();
    assert_eq!((error.retry, error.in_doubt, put.num_calls()), (Retry::Worthwhile, false, 1));
}

#[tokio::test(start_paused = true)]
async fn a_throttled_read_is_tried_again_and_a_missing_table_is_a_fault() {
    let get = mock!(Client::get_item)
        .sequence()
        .http_response(|| json_refusal(400, "ThrottlingException"))
        .http_response(|| crate::testing::answer(200, "{}"))
        .build();
    assert_eq!(table(&[&get]).entry(&entry("e", 0).id).await.unwrap(), None);
    assert_eq!(get.num_calls(), 2);
    for code in ["ResourceNotFoundException", "AccessDeniedException"] {
        let get = mock!(Client::get_item).then_http_response(move || json_refusal(400, code));
        let error = table(&[&get]).entry(&entry("e", 0).id).await.unwrap_err();
        assert_eq!((error.code.as_str(), error.retry), (code, Retry::Pointless));
    }
}

#[tokio::test(start_paused = true)]
async fn a_transaction_that_met_another_is_worth_another_delivery_and_a_bad_one_is_not() {
    for (code, expected) in [
        ("TransactionConflict", Retry::Worthwhile),
        ("ThrottlingError", Retry::Worthwhile),
        ("ValidationError", Retry::Pointless),
    ] {
        let transact = mock!(Client::transact_write_items).then_error(move || {
            let reasons =
                [code, "None"].map(|code| CancellationReason::builder().code(code).build());
            TransactWriteItemsError::TransactionCanceledException(
                TransactionCanceledException::builder()
                    .set_cancellation_reasons(Some(reasons.into()))
                    .build(),
            )
        });
        let error = table(&[&transact]).record(&entry("e", 0)).await.unwrap_err();
        assert_eq!((error.code.as_str(), error.retry), (code, expected));
    }
}

#[tokio::test(start_paused = true)]
async fn pages_without_end_are_an_error_and_not_a_loop() {
    let query = mock!(Client::query).then_output(|| {
        let key = HashMap::from([("pk".to_owned(), AttributeValue::S("p".to_owned()))]);
        QueryOutput::builder().count(1).set_last_evaluated_key(Some(key)).build()
    });
    let error = table(&[&query]).history(&bucket(), at(0)).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.retry), ("endless pages", Retry::Worthwhile));
}

#[tokio::test(start_paused = true)]
async fn an_item_that_is_not_ours_is_told_rather_than_guessed() {
    let get = mock!(Client::get_item).then_output(|| {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        GetItemOutput::builder()
            .item("pk", text("event#x"))
            .item("sk", text("claim"))
            .item("body", AttributeValue::Bool(true))
            .build()
    });
    let error = table(&[&get]).entry(&entry("e", 0).id).await.unwrap_err();
    assert_eq!(error.retry, Retry::Pointless);
    assert!(error.code.contains("no usable attribute `body`"), "{}", error.code);
}
