//! The switch that pauses every write: one SSM parameter.

use std::sync::Mutex;

use aws_sdk_ssm::Client;
use model::Timestamp;
use respond::{CloudError, Retry, Switch};

use crate::{
    Session,
    error::{Kind, cloud_error, own, refusal},
};

/// For how long a value that was read holds, in seconds.
const HOLDS_SECONDS: i64 = 30;

/// The parameter.
#[derive(Debug)]
pub struct Pause {
    client: Client,
    name: Option<String>,
    last: Mutex<Option<(Timestamp, bool)>>,
}

impl Pause {
    /// The parameter with this name. Without one there is no switch, and nothing is ever paused.
    #[must_use]
    pub fn new(session: &Session, name: Option<String>) -> Self {
        Self { client: Client::new(session.reads()), name, last: Mutex::new(None) }
    }

    fn remembered(&self, now: Timestamp) -> Option<bool> {
        // A poisoned lock holds nothing worth trusting: read again.
        let last = self.last.lock().ok()?;
        let (at, paused) = (*last)?;
        let age = now.signed_duration_since(at).num_seconds();
        (0..HOLDS_SECONDS).contains(&age).then_some(paused)
    }

    fn remember(&self, now: Timestamp, paused: bool) {
        if let Ok(mut last) = self.last.lock() {
            *last = Some((now, paused));
        }
    }
}

/// Reads the value; what is neither a clear yes nor a clear no is unreadable, which means observe.
fn meaning(value: &str) -> Option<bool> {
    match value.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" | "paused" => Some(true),
        "false" | "no" | "off" | "0" | "running" => Some(false),
        _ => None,
    }
}

impl Switch for Pause {
    async fn paused(&self, now: Timestamp) -> Result<bool, CloudError> {
        const OPERATION: &str = "ssm:GetParameter";
        let Some(name) = &self.name else { return Ok(false) };
        if let Some(paused) = self.remembered(now) {
            return Ok(paused);
        }
        let answer = self
            .client
            .get_parameter()
            .name(name)
            .send()
            .await
            .map_err(|error| own(cloud_error(Kind::Read, OPERATION, name, error)))?;
        let value = answer.parameter().and_then(|parameter| parameter.value());
        let paused = value
            .and_then(meaning)
            .ok_or_else(|| refusal(OPERATION, name, "neither true nor false", Retry::Pointless))?;
        self.remember(now, paused);
        Ok(paused)
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_ssm::{operation::get_parameter::GetParameterOutput, types::Parameter};
    use aws_smithy_mocks::{Rule, mock};
    use model::Trust;

    use super::*;
    use crate::testing::{json_refusal, scripted, session};

    fn pause(rules: &[&Rule]) -> Pause {
        let session = session(Trust::default());
        Pause {
            client: scripted!(aws_sdk_ssm, session.reads(), rules.iter().copied()),
            name: Some("/snapback/paused".to_owned()),
            last: Mutex::new(None),
        }
    }

    fn says(value: &'static str) -> Rule {
        mock!(Client::get_parameter)
            .match_requests(|request| request.name() == Some("/snapback/paused"))
            .sequence()
            .output(move || {
                GetParameterOutput::builder()
                    .parameter(Parameter::builder().value(value).build())
                    .build()
            })
            .build()
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(seconds, 0).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn the_switch_is_read_again_after_thirty_seconds_and_not_before() {
        let (running, paused) = (says("false"), says("TRUE\n"));
        let pause = pause(&[&running, &paused]);
        assert!(!pause.paused(at(0)).await.unwrap());
        assert!(!pause.paused(at(29)).await.unwrap());
        assert_eq!(paused.num_calls(), 0);
        assert!(pause.paused(at(30)).await.unwrap());
        assert_eq!((running.num_calls(), paused.num_calls()), (1, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_steps_back_does_not_prolong_what_was_read() {
        let (running, paused) = (says("no"), says("yes"));
        let pause = pause(&[&running, &paused]);
        assert!(!pause.paused(at(100)).await.unwrap());
        assert!(pause.paused(at(50)).await.unwrap());
    }

    #[tokio::test(start_paused = true)]
    async fn what_cannot_be_read_or_understood_is_an_error_and_is_not_remembered() {
        let rule = mock!(Client::get_parameter)
            .sequence()
            .http_response(|| json_refusal(400, "ParameterNotFound"))
            .http_response(|| json_refusal(400, "AccessDeniedException"))
            .build();
        let (odd, running) = (says("perhaps"), says("0"));
        let pause = pause(&[&rule, &odd, &running]);
        for expected in ["ParameterNotFound", "AccessDeniedException", "neither true nor false"] {
            let error = pause.paused(at(0)).await.unwrap_err();
            assert_eq!((error.code.as_str(), error.retry), (expected, Retry::Pointless));
        }
        assert!(!pause.paused(at(0)).await.unwrap());
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_switch_nothing_is_paused_and_nothing_is_read() {
        let pause = Pause { name: None, ..pause(&[]) };
        assert!(!pause.paused(at(0)).await.unwrap());
    }

    #[tokio::test(start_paused = true)]
    async fn a_read_is_tried_again_when_throttled() {
        let rule = mock!(Client::get_parameter)
            .sequence()
            .http_response(|| json_refusal(400, "ThrottlingException"))
            .times(2)
            .http_response(|| crate::testing::answer(200, r#"{"Parameter":{"Value":"on"}}"#))
            .build();
        assert!(pause(&[&rule]).paused(at(0)).await.unwrap());
        assert_eq!(rule.num_calls(), 3);
    }
}
