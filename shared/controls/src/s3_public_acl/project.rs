//! What a record tells: whose ACL was set, and to what.

use events::{
    Event, Origin, Record,
    parameters::{
        Field, FromMembers, Object,
        s3::{AclRequest, PutBucketOwnershipControls, WrittenObject},
    },
};
use iam_document::acl::{EC2_BUNDLES, LOG_DELIVERY, PublicGroup};
use model::Target;

use super::{SUBSCRIPTIONS, state::AclState};
use crate::{
    NotMine, Triage,
    control::passed_over,
    s3::{self, Acl, Grant, Grantee, ObjectOwnership, ReadAcl},
};

pub(super) fn triage(event: &Event) -> Triage {
    let record = &event.record;
    if let Some(passed_over) = passed_over(SUBSCRIPTIONS, event) {
        return passed_over;
    }
    match Subject::of(event) {
        Subject::Bucket => s3::bucket_of(event),
        Subject::Object => {
            let asked = record.parameters::<events::parameters::s3::NamedObject>();
            s3::object_of(event, asked.ok().and_then(|named| named.version_id.ok()))
        }
        Subject::Completed => s3::object_of(event, written(record)),
        Subject::Upload => {
            if let Ok(request) = record.parameters::<AclRequest>()
                && stays_between_owners(record, &request)
            {
                return Triage::NotMine(NotMine::NothingToAsk);
            }
            s3::object_of(event, written(record))
        }
    }
}

/// The version that an upload wrote, where the answer tells.
fn written(record: &Record) -> Option<String> {
    record.response::<WrittenObject>().ok().and_then(|written| written.version_id.ok())
}

/// What an event is about.
enum Subject {
    Bucket,
    /// An object whose ACL was set.
    Object,
    /// An object that was written, perhaps with an ACL.
    Upload,
    /// An object that was put together of parts. Its ACL was asked for when the upload was begun
    /// (`CreateMultipartUpload`), and took effect now.
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateMultipartUpload.html>.
    Completed,
}

impl Subject {
    fn of(event: &Event) -> Self {
        match event.record.event_name.as_str() {
            "PutObject" | "PostObject" | "CopyObject" => Self::Upload,
            "CompleteMultipartUpload" => Self::Completed,
            "PutObjectAcl" => Self::Object,
            _ => match event.origin {
                Origin::S3 => Self::Object,
                Origin::CloudTrail | Origin::Other => Self::Bucket,
            },
        }
    }
}

/// Whether an upload grants nothing beyond the object's and the bucket's owner: most uploads, which
/// are not worth a read. A canned ACL that is not known here is.
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#canned-acl>.
fn stays_between_owners(record: &Record, request: &AclRequest) -> bool {
    const BETWEEN_OWNERS: [&str; 3] = ["private", "bucket-owner-read", "bucket-owner-full-control"];
    match canned(record, request) {
        None => request.is_absent() && form_acl(record).is_none(),
        Some(word) => request.names_only_canned() && BETWEEN_OWNERS.contains(&word.as_str()),
    }
}

pub(super) fn project(event: &Event, target: &Target) -> Option<AclState> {
    let record = &event.record;
    match record.event_name.as_str() {
        "PutBucketOwnershipControls" => acls_switched_off(record),
        // They say what the ACL means, or that it is there, and not what it says.
        "CompleteMultipartUpload"
        | "DeleteBucketOwnershipControls"
        | "PutBucketPublicAccessBlock"
        | "DeleteBucketPublicAccessBlock" => None,
        _ => match event.origin {
            Origin::S3 | Origin::Other => None,
            Origin::CloudTrail => asked_for(record, target),
        },
    }
}

/// A bucket whose ACLs are off shows its owner alone, whatever was granted before.
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html>.
fn acls_switched_off(record: &Record) -> Option<AclState> {
    let asked: PutBucketOwnershipControls = record.parameters().ok()?;
    let ownership = ObjectOwnership::from_word(&asked.ownership.ok()?)?;
    let off = ownership == ObjectOwnership::BucketOwnerEnforced;
    off.then(|| {
        let mut state = AclState::of(owner_alone());
        state.ownership = Some(ownership);
        state
    })
}

fn owner_alone() -> Acl {
    Acl { owner: None, grants: vec![full_control(Grantee::Owner)] }
}

fn full_control(grantee: Grantee) -> Grant {
    Grant { grantee, permission: "FULL_CONTROL".to_owned() }
}

/// The ACL that the call asked for, which S3 stores as it was asked for.
fn asked_for(record: &Record, target: &Target) -> Option<AclState> {
    let request: AclRequest = record.parameters().ok()?;
    if request.is_absent() && form_acl(record).is_none() {
        // A new bucket without an ACL has its owner's; a call that sets an ACL and tells none has
        // left it out (grantees named by e-mail).
        return (record.event_name == "CreateBucket").then(|| AclState::of(owner_alone()));
    }
    let read = match record.parameters_value() {
        Ok(parameters) => ReadAcl::of(&parameters),
        Err(unusable) => {
            ReadAcl { acl: Acl::default(), canned: None, unreadable: vec![unusable.to_string()] }
        }
    };
    let mut state = AclState::of(read.acl);
    state.unreadable = read.unreadable;
    // A member that is there and is neither text nor a list of one is no canned ACL; and a list of
    // one that is no text has been read as one.
    let problems = [
        s3::given(request.canned.clone()).err(),
        form_acl(record).and_then(Result::err).map(|unusable| unusable.to_string()),
    ];
    if state.unreadable.is_empty() {
        state.unreadable.extend(problems.into_iter().flatten());
    }
    let on_object = target.resource.id.is_object();
    if let Some(word) = read.canned.or_else(|| form_acl(record)?.ok()) {
        match canned_acl(&word, on_object) {
            Some(acl) => state.acl.grants.extend(acl.grants),
            None if state.unreadable.is_empty() => {
                state.unreadable.push(format!("`{word}` is no canned ACL"));
            }
            None => {}
        }
    }
    Some(state)
}

/// The canned ACL that the call names: a header, or the field `acl` of a form.
fn canned(record: &Record, request: &AclRequest) -> Option<String> {
    request.canned.clone().ok().or_else(|| form_acl(record)?.ok())
}

/// The field `acl` of an upload by form, if it is there and says anything. Elsewhere `acl` is an
/// empty member that names the subresource.
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html>.
fn form_acl(record: &Record) -> Option<Field<String>> {
    struct Form(Option<Field<String>>);
    impl FromMembers for Form {
        fn from_members(object: &Object<'_>) -> Self {
            Self((!object.is_blank("acl")).then(|| object.text("acl")))
        }
    }
    if record.event_name != "PostObject" {
        return None;
    }
    record.parameters::<Form>().ok()?.0
}

/// What a canned ACL stands for.
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#canned-acl>.
fn canned_acl(word: &str, on_object: bool) -> Option<Acl> {
    let word = word.trim();
    let group = |uri: &str, permission: &str| Grant {
        grantee: Grantee::Group { uri: uri.to_owned() },
        permission: permission.to_owned(),
    };
    let everyone = PublicGroup::AllUsers.uri();
    let mut acl = owner_alone();
    match word {
        "private" => {}
        "public-read" => acl.grants.push(group(everyone, "READ")),
        "public-read-write" => {
            acl.grants.push(group(everyone, "READ"));
            acl.grants.push(group(everyone, "WRITE"));
        }
        "authenticated-read" => {
            acl.grants.push(group(PublicGroup::AuthenticatedUsers.uri(), "READ"));
        }
        "aws-exec-read" => acl.grants.push(Grant {
            grantee: Grantee::CanonicalUser { id: EC2_BUNDLES.to_owned() },
            permission: "READ".to_owned(),
        }),
        // For a bucket S3 ignores the two.
        "bucket-owner-read" | "bucket-owner-full-control" => {
            if on_object {
                acl.grants.push(full_control(Grantee::Owner));
            }
        }
        "log-delivery-write" => {
            acl.grants.push(group(LOG_DELIVERY, "WRITE"));
            acl.grants.push(group(LOG_DELIVERY, "READ_ACP"));
        }
        _ => return None,
    }
    Some(acl)
}
