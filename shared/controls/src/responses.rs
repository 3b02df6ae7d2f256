//! Reading API responses that somebody supplies in place of a live read.

use std::fmt::Display;

use model::Target;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    StateError, Tags,
    s3::{self, Acl, ObjectOwnership, PublicAccessBlock},
};

/// A response that the state cannot do without.
pub(crate) fn required<T: DeserializeOwned>(
    target: &Target,
    responses: &Value,
    operation: &'static str,
) -> Result<T, StateError> {
    optional(target, responses, operation)?
        .ok_or_else(|| StateError::Missing { operation, arn: target.resource.arn.clone() })
}

/// A response that may be missing.
pub(crate) fn optional<T: DeserializeOwned>(
    target: &Target,
    responses: &Value,
    operation: &'static str,
) -> Result<Option<T>, StateError> {
    let Some(response) = responses.get(operation).filter(|value| !value.is_null()) else {
        return Ok(None);
    };
    T::deserialize(response).map(Some).map_err(|source| StateError::Form {
        operation,
        arn: target.resource.arn.clone(),
        source,
    })
}

/// A response of the API's form that cannot be the resource's.
pub(crate) fn unfit(target: &Target, operation: &'static str, what: impl Display) -> StateError {
    let source = serde::de::Error::custom(what);
    StateError::Form { operation, arn: target.resource.arn.clone(), source }
}

/// `GetBucketAcl` or `GetObjectAcl`.
pub(crate) fn acl(
    target: &Target,
    responses: &Value,
    operation: &'static str,
) -> Result<Option<Acl>, StateError> {
    let Some(response) = responses.get(operation).filter(|value| !value.is_null()) else {
        return Ok(None);
    };
    let read = s3::ReadAcl::of_response(response);
    match read.unreadable.first() {
        None => Ok(Some(read.acl)),
        Some(problem) => Err(unfit(target, operation, problem)),
    }
}

/// `GetBucketOwnershipControls`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct OwnershipResponse {
    ownership_controls: OwnershipControls,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct OwnershipControls {
    rules: Vec<OwnershipRule>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OwnershipRule {
    object_ownership: ObjectOwnership,
}

impl OwnershipResponse {
    pub(crate) fn ownership(&self) -> Option<ObjectOwnership> {
        self.ownership_controls.rules.first().map(|rule| rule.object_ownership)
    }
}

/// `GetPublicAccessBlock`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct BlockResponse {
    public_access_block_configuration: PublicAccessBlock,
}

impl BlockResponse {
    pub(crate) const fn block(&self) -> PublicAccessBlock {
        self.public_access_block_configuration
    }
}

/// `GetObjectTagging` and `GetBucketTagging`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TaggingResponse {
    tag_set: Vec<TagEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TagEntry {
    key: String,
    value: String,
}

impl TaggingResponse {
    pub(crate) fn tags(self) -> Tags {
        self.tag_set.into_iter().map(|entry| (entry.key, entry.value)).collect()
    }
}
