//! The world of `s3-public-acl`.

use std::collections::BTreeMap;

use controls::{
    Observed, S3PublicAcl,
    s3_public_acl::{AclRemedy, AclState},
};
use model::{Resource, Target};
use respond::{Applied, Cloud, CloudError};

use super::{Api, Place, known, unless_refused};
use crate::{Session, error::or_gone};

/// ACLs of buckets and objects, and what decides whether they matter.
#[derive(Debug, Clone)]
pub struct Buckets {
    pub(super) api: Api,
}

impl Buckets {
    /// Makes the clients; no call.
    #[must_use]
    pub fn connect(session: &Session) -> Self {
        Self { api: Api::new(session) }
    }
}

impl Cloud<S3PublicAcl> for Buckets {
    async fn observe(&self, target: &Target) -> Result<Observed<AclState>, CloudError> {
        or_gone(Box::pin(self.look(target)).await)
    }

    async fn apply(&self, _resource: &Resource, remedy: &AclRemedy) -> Result<Applied, CloudError> {
        match remedy {
            AclRemedy::PutAcl { resource, before, after } => {
                self.api.put_acl(Place::of(resource)?, before, after).await
            }
            AclRemedy::PutTags { resource, before, after } => {
                self.api.put_tags(Place::of(resource)?, before, after).await
            }
        }
    }
}

impl Buckets {
    /// One read when only the owner is granted anything; the rest only then.
    async fn look(&self, target: &Target) -> Result<Observed<AclState>, CloudError> {
        let place = Place::of(&target.resource)?;
        let read = self.api.acl(place).await?;
        let mut state = AclState {
            acl: read.acl,
            ownership: None,
            block: None,
            bucket_owner: None,
            unreadable: read.unreadable,
            denied: BTreeMap::new(),
        };
        let mut tags = None;
        if state.is_suspicious() {
            let (ownership, block, read_tags, bucket_owner) = tokio::join!(
                self.api.ownership(place),
                self.api.block(place),
                self.api.tags(place),
                self.bucket_owner(place),
            );
            state.ownership = known(ownership, &mut state.denied)?.flatten();
            state.block = known(block, &mut state.denied)?;
            state.bucket_owner = known(bucket_owner, &mut state.denied)?.flatten();
            tags = unless_refused(read_tags)?;
        }
        Ok(Observed::Present { state, tags, resource: target.resource.clone() })
    }

    /// Who owns the bucket of an object.
    async fn bucket_owner(&self, place: Place<'_>) -> Result<Option<String>, CloudError> {
        match place {
            Place::Bucket { .. } => Ok(None),
            Place::Object(object) => {
                let bucket = Place::Bucket { bucket: object.bucket, owner: object.owner };
                Ok(self.api.acl(bucket).await?.acl.owner)
            }
        }
    }
}
