//! Who we are.

use aws_sdk_sts::Client;
use model::AccountId;
use respond::{CloudError, Retry};

use crate::{
    Session,
    error::{Kind, cloud_error, own, refusal},
};

/// The identity behind our credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Our account.
    pub account: AccountId,
    /// Our ARN: for a role, the session's.
    pub arn: String,
}

/// Asks STS who we are. Needs no permission.
///
/// # Errors
/// [`CloudError`] when STS does not answer.
pub async fn whoami(session: &Session) -> Result<Identity, CloudError> {
    identity(&Client::new(session.reads())).await
}

async fn identity(client: &Client) -> Result<Identity, CloudError> {
    const OPERATION: &str = "sts:GetCallerIdentity";
    let answer = client
        .get_caller_identity()
        .send()
        .await
        .map_err(|error| own(cloud_error(Kind::Read, OPERATION, "caller", error)))?;
    match (answer.account(), answer.arn()) {
        (Some(account), Some(arn)) => {
            Ok(Identity { account: AccountId::from(account), arn: arn.to_owned() })
        }
        _ => Err(refusal(OPERATION, "caller", "incomplete answer", Retry::Worthwhile)),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_sts::operation::get_caller_identity::GetCallerIdentityOutput;
    use aws_smithy_mocks::{Rule, mock};
    use model::Trust;

    use super::*;
    use crate::testing::{scripted, session, xml_refusal};

    fn client(rule: &Rule) -> Client {
        scripted!(aws_sdk_sts, session(Trust::default()).reads(), [rule])
    }

    #[tokio::test(start_paused = true)]
    async fn account_and_arn_are_told() {
        let arn = "arn:aws:sts::111122223333:assumed-role/operator/me";
        let rule = mock!(Client::get_caller_identity).then_output(move || {
            GetCallerIdentityOutput::builder().account("111122223333").arn(arn).build()
        });
        let me = identity(&client(&rule)).await.unwrap();
        assert_eq!(me, Identity { account: "111122223333".into(), arn: arn.to_owned() });
    }

    #[tokio::test(start_paused = true)]
    async fn half_an_answer_and_a_refusal_are_errors() {
        let rule = mock!(Client::get_caller_identity)
            .then_output(|| GetCallerIdentityOutput::builder().account("111122223333").build());
        assert_eq!(identity(&client(&rule)).await.unwrap_err().code, "incomplete answer");
        let rule = mock!(Client::get_caller_identity)
            .then_http_response(|| xml_refusal(403, "InvalidClientTokenId"));
        let error = identity(&client(&rule)).await.unwrap_err();
        assert_eq!((error.code.as_str(), error.retry), ("InvalidClientTokenId", Retry::Pointless));
    }
}
