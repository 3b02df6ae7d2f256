//! What the S3 controls share: names, ACLs, the switches that silence ACLs, tags.
//!
//! Values only. Nothing here knows which control asks.

use events::{
    Event, Origin, Record,
    parameters::{
        Field, Unusable,
        s3::{NativeEvent, bucket_of_record, is_access_point, object_of_record},
    },
};
use iam_document::acl;
use model::{AccountId, Operation, Resource, ResourceId, Target};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{NotMine, Tags, Triage, tags};

/// Who owns objects and whether ACLs mean anything.
///
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html>.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ObjectOwnership {
    /// ACLs are off: the bucket's owner owns everything, grants mean nothing.
    BucketOwnerEnforced,
    /// ACLs are on; uploads with `bucket-owner-full-control` belong to the bucket's owner.
    BucketOwnerPreferred,
    /// ACLs are on; an object belongs to the account that uploaded it.
    ObjectWriter,
}

impl ObjectOwnership {
    /// Reads S3's word for it.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "BucketOwnerEnforced" => Some(Self::BucketOwnerEnforced),
            "BucketOwnerPreferred" => Some(Self::BucketOwnerPreferred),
            "ObjectWriter" => Some(Self::ObjectWriter),
            _ => None,
        }
    }
}

/// The four switches of Block Public Access. A switch that is not told is off.
///
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html>.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "AWS has exactly these four switches")]
#[serde(default, rename_all = "PascalCase")]
pub struct PublicAccessBlock {
    /// New public ACLs are refused; existing ones keep working.
    pub block_public_acls: bool,
    /// Public ACLs, old and new, are ignored.
    pub ignore_public_acls: bool,
    /// New public bucket policies are refused.
    pub block_public_policy: bool,
    /// A bucket with a public policy is open to its own account and AWS services only.
    pub restrict_public_buckets: bool,
}

/// To whom a grant is given.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Grantee {
    /// An account, by its canonical user id.
    CanonicalUser {
        /// 64 hexadecimal digits.
        id: String,
    },
    /// A predefined group.
    Group {
        /// `http://acs.amazonaws.com/groups/global/AllUsers`, …
        uri: String,
    },
    /// An account, by the e-mail address of its root user. Only requests have it; S3 stores the
    /// canonical id.
    Email {
        /// The address.
        address: String,
    },
    /// The owner, where a record says that there is one and not who it is (a canned ACL). Reading
    /// never gives this, and nothing that holds it may be written.
    Owner,
}

impl Grantee {
    /// It as the API's `Grantee`; `owner` stands where it is the owner.
    pub(crate) fn to_parameters(&self, owner: &str) -> Value {
        match self {
            Self::CanonicalUser { id } => json!({"Type": "CanonicalUser", "ID": id}),
            Self::Group { uri } => json!({"Type": "Group", "URI": uri}),
            Self::Email { address } => {
                json!({"Type": "AmazonCustomerByEmail", "EmailAddress": address})
            }
            Self::Owner => json!({"Type": "CanonicalUser", "ID": owner}),
        }
    }
}

/// One grant of an ACL.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Grant {
    /// To whom.
    pub grantee: Grantee,
    /// `FULL_CONTROL`, `WRITE`, `WRITE_ACP`, `READ`, `READ_ACP`, or a word from the future.
    pub permission: String,
}

/// An access control list, grants in the order in which S3 gave them.
///
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html>.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Acl {
    /// The owner's canonical user id; `None`: the record does not say.
    pub owner: Option<String>,
    /// The grants.
    pub grants: Vec<Grant>,
}

impl Acl {
    /// Whether S3 would take this list: it needs the owner's id, and no grant to an owner or an
    /// e-mail address that only a record knows.
    #[must_use]
    pub fn is_writable(&self) -> bool {
        self.owner.is_some()
            && self.grants.iter().all(|grant| match grant.grantee {
                Grantee::CanonicalUser { .. } | Grantee::Group { .. } => true,
                Grantee::Email { .. } | Grantee::Owner => false,
            })
    }

    /// The list as the API's `AccessControlPolicy`.
    #[must_use]
    pub fn to_parameters(&self) -> Value {
        let owner = self.owner.as_deref().unwrap_or(UNKNOWN_OWNER);
        let grants: Vec<Value> = self
            .grants
            .iter()
            .map(|grant| {
                let grantee = grant.grantee.to_parameters(owner);
                json!({"Grantee": grantee, "Permission": grant.permission})
            })
            .collect();
        json!({"Owner": {"ID": owner}, "Grants": grants})
    }
}

impl Acl {
    /// Whether the list is what S3 writes by itself: its owner, full control.
    #[must_use]
    pub fn is_owners_alone(&self) -> bool {
        match self.grants.as_slice() {
            [Grant { grantee: Grantee::CanonicalUser { id }, permission }] => {
                self.owner.as_ref() == Some(id) && permission == "FULL_CONTROL"
            }
            [Grant { grantee: Grantee::Owner, permission }] => permission == "FULL_CONTROL",
            _ => false,
        }
    }

    /// The grants as the parameters of a request that carries them as headers.
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>.
    #[must_use]
    pub fn grant_headers(&self) -> Vec<(&'static str, String)> {
        [
            ("GrantFullControl", "FULL_CONTROL"),
            ("GrantRead", "READ"),
            ("GrantReadACP", "READ_ACP"),
            ("GrantWrite", "WRITE"),
            ("GrantWriteACP", "WRITE_ACP"),
        ]
        .into_iter()
        .filter_map(|(name, permission)| {
            let grantees: Vec<String> = self
                .grants
                .iter()
                .filter(|grant| grant.permission == permission)
                .map(|grant| match &grant.grantee {
                    Grantee::CanonicalUser { id } => format!("id=\"{id}\""),
                    Grantee::Group { uri } => format!("uri=\"{uri}\""),
                    Grantee::Email { address } => format!("emailAddress=\"{address}\""),
                    Grantee::Owner => {
                        format!("id=\"{}\"", self.owner.as_deref().unwrap_or(UNKNOWN_OWNER))
                    }
                })
                .collect();
            (!grantees.is_empty()).then(|| (name, grantees.join(", ")))
        })
        .collect()
    }

    /// One grant a line, for showing what changes.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for Grant { grantee, permission } in &self.grants {
            let name = match grantee {
                Grantee::CanonicalUser { id } if self.owner.as_ref() == Some(id) => "owner",
                Grantee::CanonicalUser { id } => id,
                Grantee::Group { uri } => uri,
                Grantee::Email { address } => address,
                Grantee::Owner => "owner",
            };
            text.push_str(permission);
            text.push_str(" to ");
            text.push_str(name);
            text.push('\n');
        }
        text
    }
}

/// What stands for the owner's canonical id in a call that only a record could tell of.
const UNKNOWN_OWNER: &str = "(the owner's canonical user id, not in the record)";

/// An ACL as it was read from any of the shapes that APIs and records give it, and what could not
/// be read of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadAcl {
    /// The list.
    pub acl: Acl,
    /// The canned ACL, where one was asked for; its grants are not in the list.
    pub canned: Option<String>,
    /// What could not be read, one sentence each.
    pub unreadable: Vec<String>,
}

impl ReadAcl {
    /// Reads the parameters of a call that sets an ACL.
    #[must_use]
    pub fn of(parameters: &Value) -> Self {
        Self::from_parsed(acl::parse_as_asked(parameters))
    }

    /// Reads a response of `GetBucketAcl` or `GetObjectAcl`, which must hold a list.
    #[must_use]
    pub fn of_response(response: &Value) -> Self {
        Self::from_parsed(acl::parse_whole(response))
    }

    fn from_parsed(read: acl::Acl) -> Self {
        let mut unreadable = read.unread;
        let mut grants = Vec::with_capacity(read.grants.len());
        for grant in read.grants {
            let grantee = match grant.grantee {
                acl::Grantee::Canonical { id, .. } => Grantee::CanonicalUser { id },
                acl::Grantee::Group(uri) => Grantee::Group { uri },
                acl::Grantee::Email(address) => Grantee::Email { address },
                acl::Grantee::Unknown(what) => {
                    unreadable.push(format!("a grant of {} goes to {what}", grant.permission));
                    continue;
                }
            };
            grants.push(Grant { grantee, permission: grant.permission.as_str().to_owned() });
        }
        let owner = read.owner.map(|owner| owner.id);
        Self { acl: Acl { owner, grants }, canned: read.canned, unreadable }
    }
}

/// Bytes of a key that a URL may carry as they are: unreserved characters, and `/` between parts.
const KEY: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// `x-amz-copy-source`: bucket and URL-encoded key, pinned to the version.
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>.
#[must_use]
pub fn copy_source(resource: &Resource, version_id: Option<&str>) -> String {
    let ResourceId::Object { bucket, key, .. } = &resource.id else {
        return resource.arn.clone();
    };
    let key = utf8_percent_encode(key, KEY);
    match version_id {
        Some(version) => format!("{bucket}/{key}?versionId={}", utf8_percent_encode(version, KEY)),
        None => format!("{bucket}/{key}"),
    }
}

/// Tags as the `x-amz-tagging` header: URL-encoded keys and values.
#[must_use]
pub fn tagging_header(tags: &Tags) -> String {
    let pairs: Vec<String> = tags
        .iter()
        .map(|(key, value)| {
            let encode = |text| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
            format!("{}={}", encode(key), encode(value))
        })
        .collect();
    pairs.join("&")
}

/// The parameters that name a bucket or an object, and the account that must own the bucket.
pub(crate) fn named(resource: &Resource) -> Map<String, Value> {
    let mut parameters = Map::new();
    let mut set = |name: &str, value: &str| parameters.insert(name.to_owned(), value.into());
    if let ResourceId::Object { bucket, key, version_id } = &resource.id {
        set("Bucket", bucket);
        set("Key", key);
        if let Some(version) = version_id {
            set("VersionId", version);
        }
    } else if let Some(bucket) = resource.id.bucket() {
        set("Bucket", bucket);
    }
    set("ExpectedBucketOwner", resource.account.as_str());
    parameters
}

/// The call that sets a bucket's or an object's whole set of tags.
pub(crate) fn put_tags(resource: &Resource, after: &Tags) -> Operation {
    let on_object = resource.id.is_object();
    let operation = if on_object { "s3:PutObjectTagging" } else { "s3:PutBucketTagging" };
    let mut parameters = named(resource);
    parameters.insert("Tagging".to_owned(), json!({"TagSet": tags::to_list(after)}));
    Operation::new(operation, Value::Object(parameters))
}

/// The IAM actions of reading and setting tags.
pub(crate) fn tag_actions(resource: &Resource) -> &'static [&'static str] {
    let ResourceId::Object { version_id, .. } = &resource.id else {
        return &["s3:GetBucketTagging", "s3:PutBucketTagging"];
    };
    if version_id.is_some() {
        &["s3:GetObjectVersionTagging", "s3:PutObjectVersionTagging"]
    } else {
        &["s3:GetObjectTagging", "s3:PutObjectTagging"]
    }
}

/// The bucket that an event names, as a target.
pub(crate) fn bucket_of(event: &Event) -> Triage {
    let record = &event.record;
    named_or_told(record, || {
        let bucket = bucket_of_record(record).map_err(|unusable| Unnamed::from(&unusable))?;
        check_bucket(&bucket, record)?;
        let (account, region) = place(&bucket, record)?;
        Ok(Resource::bucket(&bucket, account, region))
    })
}

/// The object that an event names, as a target. `version`: what the control knows of the version
/// beside the parameters.
pub(crate) fn object_of(event: &Event, version: Option<String>) -> Triage {
    let record = &event.record;
    named_or_told(record, || {
        let unnamed = |unusable: Unusable| Unnamed::from(&unusable);
        let (bucket, key, version) = match event.origin {
            Origin::S3 => {
                let native: NativeEvent = record.parameters().map_err(unnamed)?;
                let bucket = native.bucket.map_err(unnamed)?;
                (bucket, native.key.map_err(unnamed)?, native.version_id.ok())
            }
            Origin::CloudTrail | Origin::Other => {
                let named = object_of_record(record).map_err(unnamed)?;
                let bucket = named.bucket.map_err(unnamed)?;
                (bucket, named.key.map_err(unnamed)?, version)
            }
        };
        check_bucket(&bucket, record)?;
        let (account, region) = place(&bucket, record)?;
        Ok(Resource::object(&bucket, &key, version, account, region))
    })
}

/// Why an event names nothing that could be looked at.
enum Unnamed {
    /// Of a kind that no control here asks about.
    NotCovered,
    /// It should, and does not.
    Missing(String),
}

impl From<&Unusable> for Unnamed {
    fn from(unusable: &Unusable) -> Self {
        Self::Missing(unusable.to_string())
    }
}

fn named_or_told(record: &Record, name: impl FnOnce() -> Result<Resource, Unnamed>) -> Triage {
    match name() {
        Ok(resource) => Triage::Mine(Target::from(resource)),
        Err(Unnamed::NotCovered) => Triage::NotMine(NotMine::NotCovered),
        Err(Unnamed::Missing(what)) => Triage::Malformed(format!(
            "what `{}` changed cannot be said: {what}",
            record.event_name
        )),
    }
}

/// Directory buckets and Object Lambda access points have neither ACLs nor the encryption settings
/// that are asked about; an access point's name is not that of its bucket. A call on another
/// account's bucket is recorded in the caller's account as well, where nobody could look at it.
/// Sources: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>,
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html>.
fn check_bucket(bucket: &str, record: &Record) -> Result<(), Unnamed> {
    if bucket.ends_with("--x-s3") || bucket.ends_with("--ol-s3") {
        return Err(Unnamed::NotCovered);
    }
    // Who made the call says nothing of whose copy of the record this is.
    if let (Some(owner), Some(recipient)) = (owner_of(bucket, record), &record.recipient)
        && recipient.is_well_formed()
        && owner != *recipient
    {
        return Err(Unnamed::NotCovered);
    }
    if is_access_point(bucket) {
        return Err(Unnamed::Missing(format!("`{bucket}` is an access point, not a bucket")));
    }
    Ok(())
}

/// Whose the bucket is, where `resources` tells.
fn owner_of(bucket: &str, record: &Record) -> Option<AccountId> {
    let suffix = format!(":s3:::{bucket}");
    let named = record.resources().into_iter().filter(|named| named.arn.ends_with(&suffix));
    named.filter_map(|named| named.account).find(AccountId::is_well_formed)
}

/// Account and Region of the record; where nobody is told to have got it, the bucket's owner is
/// meant, and not a stranger who wrote into it.
fn place<'r>(bucket: &str, record: &'r Record) -> Result<(AccountId, &'r str), Unnamed> {
    let account = record
        .recipient
        .clone()
        .or_else(|| owner_of(bucket, record))
        .or_else(|| record.account.clone())
        .ok_or_else(|| {
            Unnamed::Missing("neither record nor envelope names an account".to_owned())
        })?;
    Ok((account, record.region.as_deref().unwrap_or_default()))
}

/// A member that is plainly not there, as `None`; one that is there and cannot be used, as the
/// reason.
pub(crate) fn given<T>(field: Field<T>) -> Result<Option<T>, String> {
    match field {
        Ok(value) => Ok(Some(value)),
        Err(unusable) if unusable.is_absent() => Ok(None),
        Err(unusable) => Err(unusable.to_string()),
    }
}
