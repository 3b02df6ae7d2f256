//! What the record itself tells: nothing is read.

use controls::{
    ConsoleSignIn, Observed, S3AccessDenied, console_sign_in::SignInState,
    s3_access_denied::RefusalState,
};
use model::{NoRemedy, Resource, Target};
use respond::{Applied, Cloud, CloudError};

use crate::Session;

/// What the record itself tells: nothing is read, and no client is made.
#[derive(Debug, Clone)]
pub struct Records;

impl Records {
    /// As of every other adapter; no client, no call.
    #[must_use]
    pub fn connect(_session: &Session) -> Self {
        Self
    }
}

/// What happened is there for as long as anybody asks, whatever became of who did it.
fn present<S>(target: &Target, state: S) -> Observed<S> {
    Observed::Present { state, tags: None, resource: target.resource.clone() }
}

impl Cloud<ConsoleSignIn> for Records {
    async fn observe(&self, target: &Target) -> Result<Observed<SignInState>, CloudError> {
        Ok(present(target, SignInState::of(target)))
    }

    async fn apply(&self, _: &Resource, remedy: &NoRemedy) -> Result<Applied, CloudError> {
        match *remedy {}
    }
}

impl Cloud<S3AccessDenied> for Records {
    async fn observe(&self, target: &Target) -> Result<Observed<RefusalState>, CloudError> {
        Ok(present(target, RefusalState::default()))
    }

    async fn apply(&self, _: &Resource, remedy: &NoRemedy) -> Result<Applied, CloudError> {
        match *remedy {}
    }
}

#[cfg(test)]
mod tests {
    use model::Trust;

    use super::*;
    use crate::testing::session;

    #[tokio::test]
    async fn what_the_event_carries_is_what_is_seen() {
        let records = Records::connect(&session(Trust::default()));
        let target = Target::from(Resource::user("alice", "111122223333".into(), "us-east-1"))
            .with("call", "signin:ConsoleLogin")
            .with("mfa", "not-used");
        let observed = Cloud::<ConsoleSignIn>::observe(&records, &target).await.unwrap();
        let Observed::Present { state, tags, resource } = observed else { panic!("{observed:?}") };
        assert_eq!(state, SignInState::of(&target));
        assert_eq!((tags, resource), (None, target.resource.clone()));
        let observed = Cloud::<S3AccessDenied>::observe(&records, &target).await.unwrap();
        let Observed::Present { state, .. } = observed else { panic!("{observed:?}") };
        assert_eq!(state.refusals, None);
    }
}
