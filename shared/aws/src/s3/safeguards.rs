//! The world of `s3-bucket-safeguards`.

mod metrics;
mod read;
mod rules;
mod write;

use std::sync::Arc;

use controls::{
    Observed, S3BucketSafeguards,
    s3_bucket_safeguards::{Kind, SafeguardRemedy, SafeguardsState, Setting, to_read},
};
use model::{Resource, Target, Trust};
use respond::{Applied, Cloud, CloudError, Retry};

use super::{Api, Place, unless_refused};
use crate::Session;

/// Settings that keep a bucket safe.
#[derive(Debug, Clone)]
pub struct Safeguards {
    pub(super) api: Api,
    pub(super) trust: Arc<Trust>,
}

impl Safeguards {
    /// Makes the clients; no call.
    #[must_use]
    pub fn connect(session: &Session) -> Self {
        Self { api: Api::new(session), trust: Arc::clone(session.trust()) }
    }
}

impl Cloud<S3BucketSafeguards> for Safeguards {
    async fn observe(&self, target: &Target) -> Result<Observed<SafeguardsState>, CloudError> {
        match Box::pin(self.look(target)).await {
            Err(error) if error.retry == Retry::Gone => Ok(Observed::Gone),
            answer => answer,
        }
    }

    async fn apply(&self, _: &Resource, remedy: &SafeguardRemedy) -> Result<Applied, CloudError> {
        match remedy {
            SafeguardRemedy::Put { resource, before, after } => {
                Box::pin(self.api.put_setting(Place::of(resource)?, before, after)).await
            }
            SafeguardRemedy::PutTags { resource, before, after } => {
                self.api.put_tags(Place::of(resource)?, before, after).await
            }
        }
    }
}

impl Safeguards {
    /// The setting that the event names, and the tags, by which floors may go and policies decide:
    /// two reads. Of a new bucket as many settings as floors ask for.
    async fn look(&self, target: &Target) -> Result<Observed<SafeguardsState>, CloudError> {
        let place = Place::of(&target.resource)?;
        let kinds = to_read(target, &self.trust);
        let alone = kinds.len() == 1;
        let mut state = SafeguardsState::default();
        for kind in kinds {
            match self.api.setting(place, kind).await {
                Ok(setting) => state.seen.set(setting),
                // What is asked for itself is told by whoever asked; beside others it is one of them.
                Err(error) if !alone && error.retry == Retry::Pointless => {
                    state.denied.insert(error.operation.to_owned(), error.code);
                }
                Err(error) => return Err(error),
            }
        }
        let tags = self.api.tags(place).await;
        if let Err(error) = &tags
            && error.retry == Retry::Pointless
        {
            state.denied.insert(error.operation.to_owned(), error.code.clone());
        }
        let tags = unless_refused(tags)?;
        state.tags.clone_from(&tags);
        Ok(Observed::Present { state, tags, resource: target.resource.clone() })
    }
}

impl Api {
    /// One setting as it is.
    pub(super) async fn setting(
        &self,
        place: Place<'_>,
        kind: Kind,
    ) -> Result<Setting, CloudError> {
        match kind {
            Kind::Encryption => self.encryption(place).await.map(Setting::Encryption),
            Kind::Versioning => self.bucket_versioning(place).await.map(Setting::Versioning),
            Kind::Logging => self.logging(place).await.map(Setting::Logging),
            Kind::Lifecycle => self.lifecycle(place).await.map(Setting::Lifecycle),
            Kind::ObjectLock => self.object_lock(place).await.map(Setting::ObjectLock),
            Kind::Ownership => {
                let rule = self.ownership(place).await?;
                Ok(Setting::Ownership(controls::s3_bucket_safeguards::Ownership { rule }))
            }
            Kind::Metrics => self.metrics(place).await.map(Setting::Metrics),
        }
    }
}
