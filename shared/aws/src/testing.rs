//! Real clients over scripted answers: requests are built and answers parsed as in production, with
//! production's retries and timeouts; only the network is missing.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_runtime_api::{client::orchestrator::HttpResponse, http::StatusCode};
use aws_smithy_types::body::SdkBody;
use model::Trust;

use crate::Session;

/// A session with made-up credentials and no way out.
pub(crate) fn session(trust: Trust) -> Session {
    let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", "secret", None, None, "tests");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(aws_smithy_mocks::create_mock_http_client())
        .build();
    Session::new(config, trust)
}

/// An answer as it comes over the wire.
pub(crate) fn answer(status: u16, body: &str) -> HttpResponse {
    let mut answer = HttpResponse::new(StatusCode::try_from(status).unwrap(), SdkBody::from(body));
    // Each service has its own name for it.
    answer.headers_mut().insert("x-amzn-requestid", "R-1");
    answer.headers_mut().insert("x-amz-request-id", "R-1");
    answer
}

/// A refusal as S3 and IAM write it (REST-XML and Query).
pub(crate) fn xml_refusal(status: u16, code: &str) -> HttpResponse {
    answer(
        status,
        &format!(
            "<ErrorResponse><Error><Code>{code}</Code><Message>refused</Message></Error>\
             <Code>{code}</Code><Message>refused</Message><RequestId>R-1</RequestId></ErrorResponse>"
        ),
    )
}

/// A refusal as the JSON services write it.
pub(crate) fn json_refusal(status: u16, code: &str) -> HttpResponse {
    answer(status, &format!("{{\"__type\":\"com.amazonaws#{code}\",\"message\":\"refused\"}}"))
}

/// A client of one service over a script of rules; a call that no rule expects fails the test.
macro_rules! scripted {
    ($sdk:ident, $config:expr, $rules:expr) => {{
        let mut script = aws_smithy_mocks::MockResponseInterceptor::new();
        for rule in $rules {
            script = script.with_rule(rule);
        }
        $sdk::Client::from_conf($sdk::config::Builder::from($config).interceptor(script).build())
    }};
}

pub(crate) use scripted;
