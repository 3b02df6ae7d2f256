//! Delayed messages to oneself: one SQS queue that feeds the same function.

use aws_sdk_sqs::Client;
use respond::{CloudError, Later, Recheck, Retry};

use crate::{
    Session,
    error::{Kind, cloud_error, own, refusal},
};

/// The longest delay of a message, in seconds.
/// Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>.
const LONGEST_DELAY: u32 = 900;

/// The queue of second looks.
#[derive(Debug, Clone)]
pub struct Again {
    client: Client,
    url: Option<String>,
}

impl Again {
    /// The queue with this URL. Without one a second look is refused for good, so that people are
    /// told of what could not be confirmed.
    #[must_use]
    pub fn new(session: &Session, url: Option<String>) -> Self {
        Self { client: Client::new(session.writes()), url }
    }
}

/// The message: the event as it was delivered, and which look this will be.
fn body(recheck: &Recheck) -> String {
    let Recheck { attempt, payload, delay_seconds: _ } = recheck;
    format!("{{\"snapback_recheck\":{{\"attempt\":{attempt}}},\"event\":{payload}}}")
}

impl Later for Again {
    async fn again(&self, recheck: &Recheck) -> Result<(), CloudError> {
        const OPERATION: &str = "sqs:SendMessage";
        let Some(url) = &self.url else {
            return Err(refusal(OPERATION, "recheck queue", "no queue is set", Retry::Pointless));
        };
        let delay = recheck.delay_seconds.min(LONGEST_DELAY);
        self.client
            .send_message()
            .queue_url(url)
            .delay_seconds(i32::try_from(delay).unwrap_or(0))
            .message_body(body(recheck))
            .send()
            .await
            .map_err(|error| own(cloud_error(Kind::Write, OPERATION, url, error)))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_sqs::operation::send_message::SendMessageOutput;
    use aws_smithy_mocks::{Rule, mock};
    use model::Trust;

    use super::*;
    use crate::testing::{json_refusal, scripted, session};

    const URL: &str = "https://sqs.eu-west-1.amazonaws.com/111122223333/again";

    fn queue(rule: &Rule) -> Again {
        let session = session(Trust::default());
        Again {
            client: scripted!(aws_sdk_sqs, session.writes(), [rule]),
            url: Some(URL.to_owned()),
        }
    }

    fn recheck(delay_seconds: u32) -> Recheck {
        Recheck { attempt: 2, delay_seconds, payload: r#"{"id":"e-1"}"#.to_owned() }
    }

    #[tokio::test(start_paused = true)]
    async fn the_event_comes_back_as_it_was_with_the_number_of_the_look() {
        let rule = mock!(Client::send_message)
            .match_requests(|request| {
                request.queue_url() == Some(URL)
                    && request.delay_seconds() == Some(60)
                    && request.message_body()
                        == Some(r#"{"snapback_recheck":{"attempt":2},"event":{"id":"e-1"}}"#)
            })
            .then_output(|| SendMessageOutput::builder().build());
        queue(&rule).again(&recheck(60)).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_delay_beyond_the_queues_own_is_cut_to_it() {
        let rule = mock!(Client::send_message)
            .match_requests(|request| request.delay_seconds() == Some(900))
            .then_output(|| SendMessageOutput::builder().build());
        queue(&rule).again(&recheck(86_400)).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_missing_queue_is_a_fault_and_an_unset_one_is_told() {
        let rule = mock!(Client::send_message)
            .then_http_response(|| json_refusal(400, "QueueDoesNotExist"));
        let error = queue(&rule).again(&recheck(10)).await.unwrap_err();
        assert_eq!((error.retry, rule.num_calls()), (Retry::Pointless, 1));
        let unset = Again::new(&session(Trust::default()), None);
        let error = unset.again(&recheck(10)).await.unwrap_err();
        assert_eq!((error.retry, error.in_doubt), (Retry::Pointless, false));
    }
}
