//! The way to people: one SNS topic.
//!
//! What is said is made in `alerting`; here it is only put into the message of the API.

use alerting::Message;
use aws_sdk_sns::{Client, types::MessageAttributeValue};
use respond::{CloudError, Notifier, Retry};
use serde_json::json;

use crate::{
    Session,
    error::{Kind, cloud_error, own, refusal},
};

/// A message with its attributes may have 256 KiB; a margin is kept for what is not counted here.
/// Source: <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>.
const LIMIT: usize = 250 * 1024;

/// Protocols of programs: they are sent the JSON, people the text.
/// Source: <https://docs.aws.amazon.com/sns/latest/dg/sns-send-custom-platform-specific-payloads-mobile-devices.html>.
const PROGRAMS: [&str; 6] = ["sqs", "lambda", "http", "https", "firehose", "email-json"];

/// A topic that people and programs are subscribed to.
#[derive(Debug, Clone)]
pub struct Topic {
    client: Client,
    arn: String,
}

impl Topic {
    /// The topic with this ARN. Its client writes, so it has one attempt: a repeated alert is a
    /// smaller evil than a lost one, but the delivery of the whole event is repeated anyway.
    #[must_use]
    pub fn new(session: &Session, arn: impl Into<String>) -> Self {
        Self { client: Client::new(session.writes()), arn: arn.into() }
    }

    fn attribute(value: &str) -> Option<MessageAttributeValue> {
        // An empty value is refused by the API.
        if value.is_empty() {
            return None;
        }
        MessageAttributeValue::builder().data_type("String").string_value(value).build().ok()
    }
}

/// The message for each protocol, as JSON. The fullest form that fits: text and JSON for everyone,
/// else text for people and JSON for queues, else a text that says where to look.
fn body(message: &Message) -> String {
    let mut full = json!({ "default": message.text });
    if let Some(forms) = full.as_object_mut() {
        for program in PROGRAMS {
            forms.insert(program.to_owned(), message.json.clone().into());
        }
    }
    let frugal = json!({ "default": message.text, "sqs": message.json });
    let text = json!({ "default": message.text });
    [full, frugal, text]
        .into_iter()
        .map(|form| form.to_string())
        .find(|form| form.len() <= LIMIT)
        .unwrap_or_else(|| {
            let note = format!(
                "{}\n\nThe whole of it is too long for a message: see the ledger.",
                message.subject
            );
            json!({ "default": note }).to_string()
        })
}

impl Notifier for Topic {
    async fn send(&self, message: &Message) -> Result<(), CloudError> {
        let mut request = self
            .client
            .publish()
            .topic_arn(&self.arn)
            .subject(&message.subject)
            .message_structure("json")
            .message(body(message));
        for (name, value) in &message.attributes {
            if let Some(value) = Self::attribute(value) {
                request = request.message_attributes(name, value);
            }
        }
        let sent = request
            .send()
            .await
            .map_err(|error| own(cloud_error(Kind::Write, "sns:Publish", &self.arn, error)))?;
        match sent.message_id() {
            Some(_) => Ok(()),
            None => Err(refusal("sns:Publish", &self.arn, "no message id", Retry::Worthwhile)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use aws_sdk_sns::operation::publish::PublishOutput;
    use aws_smithy_mocks::{Rule, mock};
    use model::Trust;
    use serde_json::Value;

    use super::*;
    use crate::testing::{scripted, session, xml_refusal};

    const ARN: &str = "arn:aws:sns:eu-west-1:111122223333:snapback";

    fn message() -> Message {
        Message {
            subject: "critical: bucket open".to_owned(),
            text: "for people".to_owned(),
            json: r#"{"for":"programs"}"#.to_owned(),
            attributes: BTreeMap::from([
                ("severity".to_owned(), "critical".to_owned()),
                ("account".to_owned(), String::new()),
            ]),
        }
    }

    fn topic(rule: &Rule) -> Topic {
        let session = session(Trust::default());
        Topic { client: scripted!(aws_sdk_sns, session.writes(), [rule]), arn: ARN.to_owned() }
    }

    #[tokio::test(start_paused = true)]
    async fn people_get_the_text_and_programs_the_json() {
        let rule = mock!(Client::publish)
            .match_requests(|request| {
                let forms: Value = serde_json::from_str(request.message().unwrap()).unwrap();
                let attributes = request.message_attributes().unwrap();
                request.topic_arn() == Some(ARN)
                    && request.subject() == Some("critical: bucket open")
                    && request.message_structure() == Some("json")
                    && forms["default"] == "for people"
                    && PROGRAMS.iter().all(|name| forms[*name] == r#"{"for":"programs"}"#)
                    && forms.get("email").is_none()
                    && attributes["severity"].string_value() == Some("critical")
                    && !attributes.contains_key("account")
            })
            .then_output(|| PublishOutput::builder().message_id("m").build());
        topic(&rule).send(&message()).await.unwrap();
        assert_eq!(rule.num_calls(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_topic_that_does_not_exist_is_a_fault_and_is_not_tried_twice() {
        let rule = mock!(Client::publish).then_http_response(|| xml_refusal(404, "NotFound"));
        let error = topic(&rule).send(&message()).await.unwrap_err();
        assert_eq!((error.code.as_str(), error.retry), ("NotFound", Retry::Pointless));
        assert_eq!(rule.num_calls(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_throttled_alert_is_left_to_the_next_delivery() {
        let rule = mock!(Client::publish).then_http_response(|| xml_refusal(400, "Throttled"));
        let denied = topic(&rule).send(&message()).await.unwrap_err();
        assert_eq!(denied.retry, Retry::Pointless, "not a code that SNS throttles with");
        let rule = mock!(Client::publish).then_http_response(|| xml_refusal(429, "Throttling"));
        let error = topic(&rule).send(&message()).await.unwrap_err();
        assert_eq!((error.retry, rule.num_calls()), (Retry::Worthwhile, 1));
    }

    #[test]
    fn a_message_never_outgrows_the_topic() {
        let long = "x".repeat(60 * 1024);
        let mut message = message();
        message.text.clone_from(&long);
        message.json = long;
        let forms: Value = serde_json::from_str(&body(&message)).unwrap();
        assert!(forms.get("sqs").is_some() && forms.get("lambda").is_none());
        message.json = "y".repeat(LIMIT);
        let forms: Value = serde_json::from_str(&body(&message)).unwrap();
        assert_eq!(forms.as_object().unwrap().len(), 1);
        message.text = "\"".repeat(LIMIT);
        let forms = body(&message);
        assert!(forms.len() <= LIMIT && forms.contains("bucket open"), "{}", forms.len());
    }
}
