//! The world of `s3-unencrypted-upload`.

use controls::{
    Control, Observed, S3UnencryptedUpload,
    s3_unencrypted_upload::{
        DefaultEncryption, Encryption, KeyFacts, Met, ObjectDetails, Requirement, UploadRemedy,
        UploadState, Versioning,
    },
};
use model::{Resource, ResourceId, Target, Trust};
use respond::{Applied, Cloud, CloudError, Retry};
use std::{sync::Arc, time::Duration};

use aws_sdk_s3::types::BucketVersioningStatus;

use super::{
    Api, Object, Place,
    copy::time_needed,
    head::{Head, name},
    unless_absent, unless_refused,
};
use crate::{
    Session,
    error::{Kind, cloud_error, or_gone, refusal},
    kms::Keys,
};

/// Objects with how they are stored, and what their buckets require.
#[derive(Debug, Clone)]
pub struct Objects {
    pub(super) api: Api,
    pub(super) keys: Keys,
    pub(super) trust: Arc<Trust>,
}

impl Objects {
    /// Makes the clients; no call.
    #[must_use]
    pub fn connect(session: &Session) -> Self {
        Self {
            api: Api::new(session),
            keys: Keys::new(session),
            trust: Arc::clone(session.trust()),
        }
    }
}

impl Cloud<S3UnencryptedUpload> for Objects {
    async fn observe(&self, target: &Target) -> Result<Observed<UploadState>, CloudError> {
        or_gone(Box::pin(self.look(target)).await)
    }

    async fn apply(
        &self,
        _resource: &Resource,
        remedy: &UploadRemedy,
    ) -> Result<Applied, CloudError> {
        match remedy {
            UploadRemedy::ReEncrypt(copy) => Box::pin(self.api.re_encrypt(copy)).await,
            UploadRemedy::PutTags { resource, before, after } => {
                self.api.put_tags(Place::of(resource)?, before, after).await
            }
        }
    }

    async fn lost(
        &self,
        _resource: &Resource,
        remedy: &UploadRemedy,
    ) -> Result<Vec<String>, CloudError> {
        match remedy {
            UploadRemedy::ReEncrypt(copy) => Box::pin(self.api.lost(copy)).await,
            // Tags are read with the state.
            UploadRemedy::PutTags { .. } => Ok(Vec::new()),
        }
    }

    fn time_for(&self, remedy: &UploadRemedy) -> Duration {
        match remedy {
            UploadRemedy::ReEncrypt(copy) => time_needed(copy),
            UploadRemedy::PutTags { .. } => Duration::ZERO,
        }
    }
}

impl Objects {
    /// Two reads when the version is stored as required; the rest only when it is not.
    async fn look(&self, target: &Target) -> Result<Observed<UploadState>, CloudError> {
        let Place::Object(object) = Place::of(&target.resource)? else {
            let arn = &target.resource.arn;
            return Err(refusal("s3:HeadObject", arn, "not an object", Retry::Pointless));
        };
        let trust = self.trust.seen_from(&target.resource.account);
        let named_in_trust =
            Requirement::of(object.bucket, None, &[], &trust) != Requirement::Unknown;
        let default = async {
            if named_in_trust {
                Ok(None)
            } else {
                self.api.default_encryption(object).await.map(Some)
            }
        };
        let (head, default) = tokio::try_join!(self.api.head(object, false), default)?;
        let mut state = UploadState {
            version: head.version,
            default,
            keys: Vec::new(),
            details: None,
            from_record: false,
        };
        let requirement = Requirement::of(object.bucket, state.default.as_ref(), &[], &trust);
        if let Met::Unknown(_) = requirement.met_by(&state, &target.resource.account, &trust)
            && let Some(key) = requirement.key_to_resolve()
        {
            state.keys.push(self.key(key).await?);
        }
        if S3UnencryptedUpload.assess(target, &state, &trust).is_empty() {
            return Ok(present(target, state, None));
        }
        Box::pin(self.look_closer(target, object, &requirement, state, &trust)).await
    }

    /// What a faithful copy needs to know.
    async fn look_closer(
        &self,
        target: &Target,
        object: Object<'_>,
        requirement: &Requirement,
        mut state: UploadState,
        trust: &Trust,
    ) -> Result<Observed<UploadState>, CloudError> {
        let newest = self.newest(object).await?;
        let current = newest
            .as_ref()
            .is_some_and(|newest| newest.version.version_id == state.version.version_id);
        if let Some(newest) = newest.as_ref().filter(|_| !current) {
            // A later version has taken this one's place (our own copy, when we look again after a
            // write). What readers get is the later one: stored right, the object is right, and
            // the version left behind has been named when it was found.
            let later = UploadState { version: newest.version.clone(), ..state.clone() };
            if S3UnencryptedUpload.assess(target, &later, trust).is_empty() {
                return Ok(present(target, later, None));
            }
        }
        let place = Place::Object(object);
        let bucket = Place::Bucket { bucket: object.bucket, owner: object.owner };
        let key = async {
            match requirement {
                Requirement::Kms { named, .. } if state.keys.is_empty() => {
                    self.key(named).await.map(Some)
                }
                Requirement::Kms { .. } | Requirement::S3 | Requirement::Unknown => Ok(None),
            }
        };
        let (versioning, ownership, owner, acl, tags, key) = tokio::join!(
            self.api.versioning(object),
            self.api.ownership(place),
            self.api.acl(bucket),
            self.api.acl(place),
            self.api.tags(place),
            key,
        );
        state.keys.extend(key?);
        let acl = unless_refused(acl)?.filter(|read| read.unreadable.is_empty());
        let tags = unless_refused(tags)?;
        state.details = Some(ObjectDetails {
            current,
            versioning: versioning?,
            ownership: ownership?,
            bucket_owner: unless_refused(owner)?.and_then(|read| read.acl.owner),
            acl: acl.map(|read| read.acl),
            tags: tags.clone(),
            checksums: newest.map(|newest| newest.checksums).unwrap_or_default(),
        });
        Ok(present(target, state, tags))
    }

    /// The newest version with its checksums; `None`: the newest is a delete marker.
    async fn newest(&self, object: Object<'_>) -> Result<Option<Head>, CloudError> {
        let newest = Object { version: None, ..object };
        match self.api.head_in_full(newest).await {
            Err(error) if error.retry == Retry::Gone => Ok(None),
            answer => answer.map(Some),
        }
    }

    async fn key(&self, named: &str) -> Result<KeyFacts, CloudError> {
        let facts =
            |arn, problem: Option<String>| KeyFacts { named: named.to_owned(), arn, problem };
        match self.keys.describe(named).await {
            Ok(Some(key)) => {
                let problem = (!key.usable).then_some(key.state);
                Ok(facts(Some(key.arn), problem))
            }
            Ok(None) => Ok(facts(None, Some("NotFound".to_owned()))),
            Err(error) => match error.retry {
                Retry::Pointless => {
                    let code = error.code.trim_end_matches("Exception");
                    Ok(facts(None, Some(code.to_owned())))
                }
                Retry::Worthwhile | Retry::Gone | Retry::Moved => Err(error),
            },
        }
    }
}

/// The state with the resource as it was looked at: with the version that was judged.
fn present(
    target: &Target,
    state: UploadState,
    tags: Option<controls::Tags>,
) -> Observed<UploadState> {
    let mut resource = target.resource.clone();
    if let ResourceId::Object { version_id, .. } = &mut resource.id {
        version_id.clone_from(&state.version.version_id);
    }
    Observed::Present { state, tags, resource }
}

impl Api {
    async fn default_encryption(
        &self,
        object: Object<'_>,
    ) -> Result<DefaultEncryption, CloudError> {
        let request = self.reads.get_bucket_encryption().bucket(object.bucket);
        let answer = request.expected_bucket_owner(object.owner).send().await;
        let absent = "ServerSideEncryptionConfigurationNotFoundError";
        let answer = unless_absent(answer, absent, "s3:GetBucketEncryption", object.bucket)?;
        let rule = answer
            .and_then(|answer| answer.server_side_encryption_configuration)
            .and_then(|configuration| configuration.rules.into_iter().next());
        let Some(rule) = rule else { return Ok(DefaultEncryption::without_configuration()) };
        let encryption =
            rule.apply_server_side_encryption_by_default().map_or(Encryption::S3, |default| {
                let word = default.sse_algorithm().as_str();
                Encryption::from_words(Some(word), default.kms_master_key_id())
            });
        Ok(DefaultEncryption { encryption, bucket_key: rule.bucket_key_enabled.unwrap_or(false) })
    }

    async fn versioning(&self, object: Object<'_>) -> Result<Versioning, CloudError> {
        let request = self.reads.get_bucket_versioning().bucket(object.bucket);
        let answer = request.expected_bucket_owner(object.owner).send().await.map_err(|error| {
            cloud_error(Kind::Read, "s3:GetBucketVersioning", name(object), error)
        })?;
        Ok(match answer.status() {
            None => Versioning::Unversioned,
            Some(BucketVersioningStatus::Suspended) => Versioning::Suspended,
            // A status of the future keeps versions until the opposite is known.
            Some(_) => Versioning::Enabled,
        })
    }
}
