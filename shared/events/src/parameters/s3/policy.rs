//! The S3 calls that set and take away policies of buckets and access points.

use super::bucket_of;
use crate::parameters::{Field, FromMembers, Object};

/// `PutBucketPolicy`, as asked. `DeleteBucketPolicy` names its [`super::Bucket`] and no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutBucketPolicy {
    /// `bucketName`.
    pub bucket: Field<String>,
    /// `bucketPolicy`: the JSON text of the document, which CloudTrail writes as an object, unlike
    /// IAM's. The empty `policy` beside it names the subresource and is not the document.
    pub document: Field<String>,
}

impl FromMembers for PutBucketPolicy {
    fn from_members(object: &Object<'_>) -> Self {
        Self { bucket: bucket_of(object), document: object.document("bucketPolicy") }
    }
}

/// An access point that a call names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessPoint {
    /// `name`: its name, or its ARN.
    pub name: Field<String>,
}

impl FromMembers for AccessPoint {
    fn from_members(object: &Object<'_>) -> Self {
        Self { name: object.text_any(&["name", "accessPointName", "Name"]) }
    }
}

/// `PutAccessPointPolicy`, as asked. No recorded call is known: the body of the API is an element
/// `PutAccessPointPolicyRequest` with the document as text in `Policy`, and S3 writes bodies under
/// their root's name.
///
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_PutAccessPointPolicy.html>.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutAccessPointPolicy {
    /// The access point.
    pub access_point: AccessPoint,
    /// The JSON text of the document.
    pub document: Field<String>,
}

impl FromMembers for PutAccessPointPolicy {
    fn from_members(object: &Object<'_>) -> Self {
        let body = object.object("PutAccessPointPolicyRequest");
        let of_body = body.and_then(|body| {
            let name = if body.has("Policy") { "Policy" } else { "policy" };
            body.document(name)
        });
        let plain = ["Policy", "policy", "accessPointPolicy"];
        let document = match plain.iter().find(|name| !object.is_blank(name)) {
            // An empty one names the subresource.
            Some(name) if of_body.as_ref().is_err_and(crate::parameters::Unusable::is_absent) => {
                object.document(name)
            }
            Some(_) | None => of_body,
        };
        Self { access_point: AccessPoint::from_members(object), document }
    }
}
