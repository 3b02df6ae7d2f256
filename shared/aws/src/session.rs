//! How every client is set up: once for reads, once for writes.
//!
//! Region, credentials and endpoint come from the standard environment (`AWS_*`, `AWS_ENDPOINT_URL`
//! included). Nothing here knows what the clients are for.

use std::{sync::Arc, time::Duration};

use aws_config::{BehaviorVersion, SdkConfig};
use aws_smithy_http_client::{Builder, tls};
use aws_smithy_runtime_api::client::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_smithy_types::{retry::RetryConfig, timeout::TimeoutConfig};
use model::Trust;

/// Time to reach a server.
const CONNECT: Duration = Duration::from_secs(1);
/// Time for one attempt of a read.
const READ_ATTEMPT: Duration = Duration::from_secs(2);
/// Time for a call with all its attempts. The SDK itself sets no such bound:
/// <https://docs.aws.amazon.com/sdk-for-rust/latest/dg/timeouts.html>.
const OPERATION: Duration = Duration::from_secs(8);
/// Attempts of a read: the SDK's standard mode backs off between them.
const READ_ATTEMPTS: u32 = 3;

/// What every adapter is made from.
///
/// Two configurations that differ in one point: a read is tried up to three times, a write once. A
/// retried write whose first attempt did arrive would be a write on state that nobody has seen.
#[derive(Debug, Clone)]
pub struct Session {
    reads: SdkConfig,
    writes: SdkConfig,
    trust: Arc<Trust>,
    elsewhere: bool,
}

impl Session {
    /// Reads the standard environment; makes no call.
    pub async fn from_env(trust: Trust) -> Self {
        Self::load(trust, None).await
    }

    /// The same, with every service at one endpoint: an emulator.
    pub async fn at_endpoint(trust: Trust, url: &str) -> Self {
        Self::load(trust, Some(url)).await
    }

    async fn load(trust: Trust, endpoint: Option<&str>) -> Self {
        let http = Builder::new()
            .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring))
            .build_https();
        let mut loader = aws_config::defaults(BehaviorVersion::latest()).http_client(http);
        if let Some(url) = endpoint {
            loader = loader.endpoint_url(url);
        }
        let mut session = Self::new(loader.load().await, trust);
        session.elsewhere |= std::env::var_os("AWS_ENDPOINT_URL_S3").is_some();
        session
    }

    /// Sets the bounds that hold for every call on top of a loaded configuration.
    #[must_use]
    pub fn new(config: SdkConfig, trust: Trust) -> Self {
        // The SDK's watch over slow bodies would cut off a copy: S3 answers a long CopyObject with
        // white space until it is done. The timeouts bound every call instead.
        let base = config
            .into_builder()
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .build();
        let reads = base
            .to_builder()
            .retry_config(RetryConfig::standard().with_max_attempts(READ_ATTEMPTS))
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(CONNECT)
                    .operation_attempt_timeout(READ_ATTEMPT)
                    .operation_timeout(OPERATION)
                    .build(),
            )
            .build();
        let writes = base
            .into_builder()
            .retry_config(RetryConfig::standard().with_max_attempts(1))
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(CONNECT)
                    .operation_timeout(OPERATION)
                    .build(),
            )
            .build();
        let elsewhere = reads.endpoint_url().is_some();
        Self { reads, writes, trust: Arc::new(trust), elsewhere }
    }

    /// Whether S3 is at an endpoint of the user's choosing, whose host has no subdomain for each
    /// bucket.
    #[must_use]
    pub const fn is_elsewhere(&self) -> bool {
        self.elsewhere
    }

    /// The Region that calls go to; empty where none is set.
    #[must_use]
    pub fn region(&self) -> String {
        self.reads.region().map(ToString::to_string).unwrap_or_default()
    }

    /// For calls that change nothing.
    #[must_use]
    pub fn reads(&self) -> &SdkConfig {
        &self.reads
    }

    /// For calls that change something: one attempt each.
    #[must_use]
    pub fn writes(&self) -> &SdkConfig {
        &self.writes
    }

    /// Whom the account trusts, for adapters whose reads depend on it (a required key).
    #[must_use]
    pub fn trust(&self) -> &Arc<Trust> {
        &self.trust
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_has_one_attempt_and_every_call_has_an_end() {
        let session = Session::new(
            SdkConfig::builder().behavior_version(BehaviorVersion::latest()).build(),
            Trust::default(),
        );
        let attempts =
            |config: &SdkConfig| config.retry_config().map(RetryConfig::max_attempts).unwrap();
        assert_eq!(attempts(session.writes()), 1);
        assert_eq!(attempts(session.reads()), READ_ATTEMPTS);
        for config in [session.reads(), session.writes()] {
            let timeouts = config.timeout_config().unwrap();
            assert_eq!(timeouts.operation_timeout(), Some(OPERATION));
            assert_eq!(timeouts.connect_timeout(), Some(CONNECT));
        }
    }
}
