//! Whether a key can be used, and what an alias or key id stands for.

use aws_sdk_kms::{
    Client,
    types::{KeyManagerType, KeySpec, KeyState, KeyUsageType},
};
use respond::{CloudError, Retry};

use crate::{
    Session,
    error::{Kind, cloud_error},
};

/// A key as `DescribeKey` tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The key's ARN: never the alias's.
    pub arn: String,
    /// Whether objects can be encrypted under it now: enabled, symmetric, for encryption.
    pub usable: bool,
    /// Whether AWS manages it (`aws/s3`): nobody can grant such a key to another account.
    pub aws_managed: bool,
    /// `Enabled`, `Disabled`, `PendingDeletion`, …
    pub state: String,
}

/// The key service.
#[derive(Debug, Clone)]
pub struct Keys {
    pub(crate) client: Client,
}

impl Keys {
    /// Reads only.
    #[must_use]
    pub fn new(session: &Session) -> Self {
        Self { client: Client::new(session.reads()) }
    }

    /// What is known of a key named by ARN, id, alias name or alias ARN; `None`: no such key.
    ///
    /// # Errors
    /// [`CloudError`] when it cannot be read.
    pub async fn describe(&self, name: &str) -> Result<Option<Key>, CloudError> {
        const OPERATION: &str = "kms:DescribeKey";
        let answer = match self.client.describe_key().key_id(name).send().await {
            Ok(answer) => answer,
            Err(error) => {
                let error = cloud_error(Kind::Read, OPERATION, name, error);
                return if error.retry == Retry::Gone { Ok(None) } else { Err(error) };
            }
        };
        let Some(meta) = answer.key_metadata() else { return Ok(None) };
        let symmetric = meta.key_spec().is_none_or(|spec| *spec == KeySpec::SymmetricDefault);
        let encrypts = meta.key_usage().is_none_or(|usage| *usage == KeyUsageType::EncryptDecrypt);
        let state = meta.key_state();
        Ok(Some(Key {
            arn: meta.arn().unwrap_or_default().to_owned(),
            usable: state == Some(&KeyState::Enabled) && symmetric && encrypts,
            aws_managed: meta.key_manager() == Some(&KeyManagerType::Aws),
            state: state.map_or_else(|| "unknown".to_owned(), |state| state.as_str().to_owned()),
        }))
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_kms::{
        operation::describe_key::DescribeKeyOutput, types::KeyMetadata,
        types::builders::KeyMetadataBuilder,
    };
    use aws_smithy_mocks::{Rule, mock};
    use model::Trust;

    use super::*;
    use crate::testing::{json_refusal, scripted, session};

    const ARN: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd";

    fn keys(rule: &Rule) -> Keys {
        Keys { client: scripted!(aws_sdk_kms, session(Trust::default()).reads(), [rule]) }
    }

    fn key(state: KeyState) -> KeyMetadataBuilder {
        KeyMetadata::builder().key_id("1234abcd").arn(ARN).key_state(state)
    }

    async fn described(meta: KeyMetadataBuilder) -> Key {
        let meta = meta.build().unwrap();
        let rule = mock!(Client::describe_key)
            .match_requests(|request| request.key_id() == Some("alias/logs"))
            .then_output(move || DescribeKeyOutput::builder().key_metadata(meta.clone()).build());
        keys(&rule).describe("alias/logs").await.unwrap().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn an_alias_stands_for_a_keys_arn() {
        let key = described(key(KeyState::Enabled).key_manager(KeyManagerType::Customer)).await;
        assert_eq!(key.arn, ARN);
        assert!(key.usable && !key.aws_managed);
    }

    #[tokio::test(start_paused = true)]
    async fn only_an_enabled_symmetric_encryption_key_is_usable() {
        for state in [
            KeyState::Disabled,
            KeyState::PendingDeletion,
            KeyState::PendingImport,
            KeyState::Unavailable,
        ] {
            let described = described(key(state.clone())).await;
            assert!(!described.usable, "{}", described.state);
            assert_eq!(described.state, state.as_str());
        }
        assert!(!described(key(KeyState::Enabled).key_spec(KeySpec::Rsa2048)).await.usable);
        assert!(
            !described(key(KeyState::Enabled).key_usage(KeyUsageType::SignVerify)).await.usable
        );
        assert!(
            described(key(KeyState::Enabled).key_manager(KeyManagerType::Aws)).await.aws_managed
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_that_does_not_exist_is_told_apart_from_one_that_cannot_be_read() {
        let gone = mock!(Client::describe_key)
            .then_http_response(|| json_refusal(400, "NotFoundException"));
        assert_eq!(keys(&gone).describe("alias/none").await.unwrap(), None);
        let denied = mock!(Client::describe_key)
            .then_http_response(|| json_refusal(400, "AccessDeniedException"));
        let error = keys(&denied).describe("alias/other").await.unwrap_err();
        assert_eq!(error.retry, Retry::Pointless);
    }
}
