//! Why a version must not be copied onto itself, although it is stored wrongly.
//!
//! A copy is only a remedy where it changes nothing but the key. Whatever it could lose, cut off or
//! overwrite holds it back, and the alert says so.

use iam_document::acl::PublicGroup;
use model::Arn;

use super::{
    remedy::COPY_LIMIT,
    requirement::Requirement,
    state::{Encryption, ObjectDetails, StoredVersion, UploadState},
};
use crate::s3::{Acl, Grantee, ObjectOwnership};

/// Storage classes whose objects can be copied at once.
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-class-intro.html>.
const READY_CLASSES: [&str; 6] = [
    "STANDARD",
    "REDUCED_REDUNDANCY",
    "STANDARD_IA",
    "ONEZONE_IA",
    "INTELLIGENT_TIERING",
    "GLACIER_IR",
];

/// Storage classes of which not even a restored object may be copied onto itself: the copy keeps the
/// class, and is archived and not restored, so that what could be read no longer can.
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/restoring-objects.html>.
const ARCHIVES: [&str; 2] = ["GLACIER", "DEEP_ARCHIVE"];

/// Every reason against a copy, in the order in which a person would ask.
pub(super) fn obstacles(
    state: &UploadState,
    requirement: &Requirement,
    region: &str,
) -> Vec<String> {
    let mut reasons = Vec::new();
    of_version(&state.version, &mut reasons);
    if let Some(details) = &state.details {
        of_details(&state.version, details, &mut reasons);
    }
    of_key(state, requirement, region, &mut reasons);
    reasons
}

fn of_version(version: &StoredVersion, reasons: &mut Vec<String>) {
    let mut hold = |reason: String| reasons.push(reason);
    match &version.encryption {
        Encryption::Customer => hold(
            "it is under a key that only its uploader has (SSE-C), without which nobody can read it"
                .to_owned(),
        ),
        Encryption::None
        | Encryption::S3
        | Encryption::Kms { .. }
        | Encryption::KmsTwice { .. }
        | Encryption::Other { .. } => {}
    }
    if let Some(mode) = &version.lock.mode {
        let until = version.lock.retain_until.as_deref().unwrap_or("a date that was not told");
        hold(format!(
            "Object Lock keeps it ({mode} until {until}): a copy would be locked as well, beside it"
        ));
    }
    if version.lock.legal_hold {
        hold("a legal hold keeps it".to_owned());
    }
    if let Some(class) = version.storage_class.as_deref() {
        if ARCHIVES.contains(&class) {
            hold(format!(
                "it is archived ({class}), and a copy could not be read without a restore"
            ));
        } else if !READY_CLASSES.contains(&class) {
            hold(format!("its storage class `{class}` is not one that is known to keep in a copy"));
        }
    }
    if let Some(status) = version.archive_status.as_deref() {
        hold(format!("it is archived ({status}) and would have to be restored first"));
    }
    if version.replication.as_deref() == Some("REPLICA") {
        hold("it is a replica: its source or the replication rule has to be mended".to_owned());
    }
}

fn of_details(version: &StoredVersion, details: &ObjectDetails, reasons: &mut Vec<String>) {
    let mut hold = |reason: &str| reasons.push(reason.to_owned());
    if !details.current {
        hold("a newer version has taken its place, which a copy would push aside");
    }
    let acls_are_off = details.ownership == Some(ObjectOwnership::BucketOwnerEnforced);
    if !acls_are_off {
        match details.acl.as_ref() {
            None => hold("its ACL could not be read, so a copy could not keep it"),
            Some(acl) => match (&acl.owner, &details.bucket_owner) {
                (Some(owner), Some(bucket_owner)) if owner == bucket_owner => {}
                (Some(_), Some(_)) => {
                    hold("another account owns it, and a copy would change the owner");
                }
                (None, _) | (_, None) => hold("who owns it could not be read"),
            },
        }
        if details.acl.as_ref().is_some_and(has_email) {
            hold("its ACL could not be read in full, so a copy could not keep it");
        }
        // A copy is given its grants anew. Between the last read and the copy somebody may take
        // this one back, and no condition of S3's would notice.
        if details.acl.as_ref().is_some_and(is_public) {
            hold("its ACL lets everyone in: s3-public-acl mends that first");
        }
    }
    if details.checksums.iter().any(|checksum| checksum.composite) {
        hold("its checksum is one over its parts, which a copy would not keep");
    }
    if details.checksums.len() > 1 {
        hold("it has several checksums, of which a copy would keep one");
    }
    match version.size {
        None => hold("its size could not be read"),
        Some(size) if size > COPY_LIMIT => {
            if details.tags.is_none() {
                hold("its tags could not be read, so a copy in parts could not keep them");
            }
            if version.missing_metadata > 0 {
                hold("some of its metadata cannot be read, so a copy in parts could not keep it");
            }
            if details.checksums.iter().any(|checksum| !IN_PARTS.contains(&&*checksum.algorithm)) {
                hold("its checksum is of a kind that a copy in parts could not keep");
            }
        }
        Some(_) => {}
    }
}

/// Checksums that S3 can make of parts as over the whole object.
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html>.
const IN_PARTS: [&str; 3] = ["CRC32", "CRC32C", "CRC64NVME"];

fn is_public(acl: &Acl) -> bool {
    acl.grants.iter().any(|grant| match &grant.grantee {
        Grantee::Group { uri } => PublicGroup::from_uri(uri).is_some(),
        Grantee::CanonicalUser { .. } | Grantee::Email { .. } | Grantee::Owner => false,
    })
}

fn has_email(acl: &Acl) -> bool {
    acl.grants.iter().any(|grant| match grant.grantee {
        Grantee::Email { .. } | Grantee::Owner => true,
        Grantee::CanonicalUser { .. } | Grantee::Group { .. } => false,
    })
}

fn of_key(state: &UploadState, requirement: &Requirement, region: &str, reasons: &mut Vec<String>) {
    let Requirement::Kms { named, arn, .. } = requirement else { return };
    // S3 takes no key of another Region, and so none of another partition.
    // https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
    let elsewhere = arn
        .as_deref()
        .and_then(|arn| arn.parse::<Arn>().ok())
        .is_some_and(|arn| !region.is_empty() && arn.region != region);
    if elsewhere {
        reasons.push(format!("the required key `{named}` is of another Region than the bucket"));
    }
    let unusable = state.keys.iter().find_map(|facts| {
        let same = facts.named == *named || (arn.is_some() && facts.arn == *arn);
        facts.problem.as_ref().filter(|_| same)
    });
    if let Some(problem) = unusable {
        reasons.push(format!("the required key `{named}` cannot be used: {problem}"));
    }
}
