//! S3 access control lists in every shape that an API or an event gives them.
//!
//! `GetBucketAcl` responses, CloudTrail's `AccessControlPolicy` (one grant or a list), grant headers
//! and canned ACLs all come to the same list of [`Grant`]s.
//! Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html>.

mod header;

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A permission that a grant gives.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Permission {
    /// List a bucket, read an object.
    #[serde(rename = "READ")]
    Read,
    /// Create, overwrite and delete objects.
    #[serde(rename = "WRITE")]
    Write,
    /// Read the ACL.
    #[serde(rename = "READ_ACP")]
    ReadAcp,
    /// Write the ACL, and so take any permission.
    #[serde(rename = "WRITE_ACP")]
    WriteAcp,
    /// All of them.
    #[serde(rename = "FULL_CONTROL")]
    FullControl,
    /// One that this build does not know.
    #[serde(untagged)]
    Other(String),
}

impl Permission {
    /// The permission as the API spells it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Read => "READ",
            Self::Write => "WRITE",
            Self::ReadAcp => "READ_ACP",
            Self::WriteAcp => "WRITE_ACP",
            Self::FullControl => "FULL_CONTROL",
            Self::Other(text) => text,
        }
    }
}

impl From<&str> for Permission {
    fn from(text: &str) -> Self {
        match text {
            "READ" => Self::Read,
            "WRITE" => Self::Write,
            "READ_ACP" => Self::ReadAcp,
            "WRITE_ACP" => Self::WriteAcp,
            "FULL_CONTROL" => Self::FullControl,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A group that has strangers in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum PublicGroup {
    /// Anyone, unsigned requests included.
    AllUsers,
    /// Any AWS customer in the world: not our own users.
    AuthenticatedUsers,
}

impl PublicGroup {
    /// The name as it ends the group's URI.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AllUsers => "AllUsers",
            Self::AuthenticatedUsers => "AuthenticatedUsers",
        }
    }

    /// The group's URI.
    #[must_use]
    pub const fn uri(self) -> &'static str {
        match self {
            Self::AllUsers => "http://acs.amazonaws.com/groups/global/AllUsers",
            Self::AuthenticatedUsers => "http://acs.amazonaws.com/groups/global/AuthenticatedUsers",
        }
    }

    /// The group that a URI names, whatever its scheme; look-alikes on other hosts name none.
    #[must_use]
    pub fn from_uri(uri: &str) -> Option<Self> {
        let (scheme, rest) = uri.trim().split_once("://")?;
        let (host, path) = rest.split_once('/')?;
        if !matches!(scheme.to_ascii_lowercase().as_str(), "http" | "https")
            || !host.eq_ignore_ascii_case("acs.amazonaws.com")
        {
            return None;
        }
        match path.trim_end_matches('/') {
            "groups/global/AllUsers" => Some(Self::AllUsers),
            "groups/global/AuthenticatedUsers" => Some(Self::AuthenticatedUsers),
            _ => None,
        }
    }
}

/// Who is granted something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Grantee {
    /// A canonical user: an account.
    Canonical {
        /// Its id.
        id: String,
        /// Its name, where the API still gives one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        display_name: Option<String>,
    },
    /// An account by its e-mail address; S3 answers with the canonical user instead.
    Email(String),
    /// A group by its URI.
    Group(String),
    /// Something else.
    Unknown(String),
}

impl Grantee {
    /// The group with strangers in it, where this is one.
    #[must_use]
    pub fn public_group(&self) -> Option<PublicGroup> {
        match self {
            Self::Group(uri) => PublicGroup::from_uri(uri),
            Self::Canonical { .. } | Self::Email(_) | Self::Unknown(_) => None,
        }
    }
}

/// One grant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Grant {
    /// To whom.
    pub grantee: Grantee,
    /// What.
    pub permission: Permission,
}

impl Grant {
    /// The finding's code, where the grant is public: `acl-public:AllUsers:READ`.
    #[must_use]
    pub fn code(&self) -> Option<String> {
        let group = self.grantee.public_group()?;
        Some(format!("acl-public:{}:{}", group.as_str(), self.permission))
    }
}

/// An owner, as `GetBucketAcl` names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The canonical user id.
    pub id: String,
    /// The name, where the API still gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
}

/// An ACL.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Acl {
    /// The owner, where it is named.
    pub owner: Option<Owner>,
    /// The grants in their order; those of a canned ACL included, as far as they name anyone.
    pub grants: Vec<Grant>,
    /// The canned ACL, where one was asked for: `public-read`.
    pub canned: Option<String>,
    /// What could not be read, one sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<String>,
}

/// Reads an ACL, or the parameters of a call that sets one. What holds no ACL at all comes out
/// empty.
#[must_use]
pub fn parse(value: &Value) -> Acl {
    let mut acl = Acl::default();
    match value {
        Value::Object(members) => acl.read(members),
        Value::Null => {}
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            acl.unread.push("the ACL is not an object".to_owned());
        }
    }
    acl
}

/// The grants that let strangers in, in their order.
#[must_use]
pub fn public_grants(acl: &Acl) -> Vec<&Grant> {
    acl.grants.iter().filter(|grant| grant.grantee.public_group().is_some()).collect()
}

/// The same ACL without the grants that let strangers in; every other grant stays as it was.
#[must_use]
pub fn without_public(acl: &Acl) -> Acl {
    let mut closed = acl.clone();
    closed.grants.retain(|grant| grant.grantee.public_group().is_none());
    if closed
        .canned
        .as_deref()
        .is_some_and(|canned| !canned_grants(canned).unwrap_or_default().is_empty())
    {
        closed.canned = Some("private".to_owned());
    }
    closed
}

/// The public grants that a canned ACL stands for; `None` for a name that S3 does not know.
///
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#canned-acl>.
#[must_use]
pub fn canned_grants(canned: &str) -> Option<Vec<Grant>> {
    let public = |group: PublicGroup, permission| Grant {
        grantee: Grantee::Group(group.uri().to_owned()),
        permission,
    };
    Some(match canned {
        "public-read" => vec![public(PublicGroup::AllUsers, Permission::Read)],
        "public-read-write" => vec![
            public(PublicGroup::AllUsers, Permission::Read),
            public(PublicGroup::AllUsers, Permission::Write),
        ],
        "authenticated-read" => vec![public(PublicGroup::AuthenticatedUsers, Permission::Read)],
        "private"
        | "aws-exec-read"
        | "bucket-owner-read"
        | "bucket-owner-full-control"
        | "log-delivery-write" => Vec::new(),
        _ => return None,
    })
}

impl Acl {
    fn read(&mut self, members: &Map<String, Value>) {
        for (key, value) in members {
            match key.to_ascii_lowercase().replace('_', "-").as_str() {
                "owner" => self.owner = owner(value),
                "grants" | "grant" => self.read_grants(value),
                "accesscontrolpolicy" | "accesscontrollist" => match value {
                    Value::Object(inner) => self.read(inner),
                    // An empty list is recorded as an empty text.
                    Value::Null => {}
                    Value::String(text) if text.is_empty() => {}
                    Value::Array(_) => self.read_grants(value),
                    Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                        self.unread.push(format!("`{key}` is not an object"));
                    }
                },
                "x-amz-acl" => self.read_canned(value),
                "x-amz-grant-read" => self.read_header(key, value, &Permission::Read),
                "x-amz-grant-write" => self.read_header(key, value, &Permission::Write),
                "x-amz-grant-read-acp" => self.read_header(key, value, &Permission::ReadAcp),
                "x-amz-grant-write-acp" => self.read_header(key, value, &Permission::WriteAcp),
                "x-amz-grant-full-control" => {
                    self.read_header(key, value, &Permission::FullControl);
                }
                _ => {}
            }
        }
    }

    fn read_canned(&mut self, value: &Value) {
        for text in scalars(value) {
            match canned_grants(text.trim()) {
                Some(grants) => self.grants.extend(grants),
                None => self.unread.push(format!("`{text}` is no canned ACL")),
            }
            self.canned = Some(text.trim().to_owned());
        }
    }

    fn read_header(&mut self, key: &str, value: &Value, permission: &Permission) {
        for text in scalars(value) {
            match header::grantees(text) {
                Some(grantees) => self.grants.extend(
                    grantees
                        .into_iter()
                        .map(|grantee| Grant { grantee, permission: permission.clone() }),
                ),
                None => self.unread.push(format!("`{key}` is no list of grantees")),
            }
        }
    }

    fn read_grants(&mut self, value: &Value) {
        match value {
            Value::Array(items) => {
                for item in items {
                    self.read_grants(item);
                }
            }
            Value::Object(members) => match grant(members) {
                Some(grant) => self.grants.push(grant),
                None if members.is_empty() => {}
                None => self.unread.push("a grant names no grantee or no permission".to_owned()),
            },
            Value::Null => {}
            Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                self.unread.push("a grant is not an object".to_owned());
            }
        }
    }
}

fn scalars(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Vec::new(),
    }
}

fn member<'m>(members: &'m Map<String, Value>, name: &str) -> Option<&'m str> {
    members
        .iter()
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .and_then(|(_, value)| value.as_str())
}

fn owner(value: &Value) -> Option<Owner> {
    let members = value.as_object()?;
    Some(Owner {
        id: member(members, "ID")?.to_owned(),
        display_name: member(members, "DisplayName").map(str::to_owned),
    })
}

fn grant(members: &Map<String, Value>) -> Option<Grant> {
    let permission = Permission::from(member(members, "Permission")?);
    let (_, grantee) = members.iter().find(|(key, _)| key.eq_ignore_ascii_case("Grantee"))?;
    Some(Grant { grantee: grantee_of(grantee), permission })
}

fn grantee_of(value: &Value) -> Grantee {
    let Some(members) = value.as_object() else { return Grantee::Unknown(value.to_string()) };
    // What is named decides, not the type, which stands under `Type` or `xsi:type` or nowhere.
    if let Some(uri) = member(members, "URI") {
        return Grantee::Group(uri.to_owned());
    }
    if let Some(id) = member(members, "ID") {
        let display_name = member(members, "DisplayName").map(str::to_owned);
        return Grantee::Canonical { id: id.to_owned(), display_name };
    }
    match member(members, "EmailAddress") {
        Some(address) => Grantee::Email(address.to_owned()),
        None => Grantee::Unknown(value.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const OWNER: &str = "75aa57f09aa0c8caeab4f8c24e99d10f8e7faeebf76c078efc7c6caea54ba06a";
    const ALL: &str = "http://acs.amazonaws.com/groups/global/AllUsers";

    fn codes(value: &Value) -> Vec<String> {
        parse(value).grants.iter().filter_map(Grant::code).collect()
    }

    #[test]
    fn every_shape_says_the_same() {
        let grantee = json!({"Type":"Group","URI":ALL});
        let xsi = json!({"xsi:type":"Group","URI":ALL,"xmlns:xsi":"x"});
        for value in [
            json!({"Owner":{"ID":OWNER},"Grants":[{"Grantee":grantee,"Permission":"READ"}]}),
            json!({"AccessControlPolicy":{"AccessControlList":{"Grant":{"Grantee":xsi,"Permission":"READ"}}}}),
            json!({"AccessControlPolicy":{"AccessControlList":{"Grant":[{"Grantee":xsi,"Permission":"READ"}]}}}),
            json!({"accessControlList":{"x-amz-grant-read":format!("uri=\"{ALL}\"")}}),
            json!({"AccessControlList":{"x_amz_grant_read":format!("uri={ALL}")}}),
            json!({"x-amz-grant-read":[format!("uri='{ALL}'")]}),
            json!({"x-amz-acl":"public-read"}),
            json!({"x-amz-acl":["public-read"],"acl":[""]}),
        ] {
            assert_eq!(codes(&value), ["acl-public:AllUsers:READ"], "{value}");
            assert!(parse(&value).unread.is_empty(), "{value}");
        }
    }

    #[test]
    fn log_delivery_and_look_alikes_are_not_the_public() {
        for uri in [
            "http://acs.amazonaws.com/groups/s3/LogDelivery",
            "http://acs.example.com/groups/global/AllUsers",
            "http://acs.amazonaws.com.example.com/groups/global/AllUsers",
            "AllUsers",
        ] {
            assert_eq!(PublicGroup::from_uri(uri), None, "{uri}");
        }
        assert_eq!(PublicGroup::from_uri(ALL), Some(PublicGroup::AllUsers));
    }

    #[test]
    fn only_the_public_grants_are_taken_away() {
        let acl = parse(&json!({"Owner":{"ID":OWNER,"DisplayName":"acme"},"Grants":[
            {"Grantee":{"Type":"CanonicalUser","ID":OWNER,"DisplayName":"acme"},"Permission":"FULL_CONTROL"},
            {"Grantee":{"Type":"Group","URI":ALL},"Permission":"WRITE_ACP"},
            {"Grantee":{"Type":"Group","URI":"http://acs.amazonaws.com/groups/s3/LogDelivery"},"Permission":"WRITE"},
            {"Grantee":{"Type":"CanonicalUser","ID":"stranger"},"Permission":"READ"},
        ]}));
        assert_eq!(public_grants(&acl).len(), 1);
        let closed = without_public(&acl);
        assert!(public_grants(&closed).is_empty());
        let kept: Vec<&Grant> = acl.grants.iter().filter(|grant| grant.code().is_none()).collect();
        assert_eq!(closed.grants.iter().collect::<Vec<_>>(), kept);
        assert_eq!(closed.owner, acl.owner);
    }

    #[test]
    fn what_is_not_understood_is_remembered() {
        for value in [
            json!({"x-amz-acl":"public"}),
            json!({"Grants":[{"Grantee":{"URI":ALL}}]}),
            json!({"Grants":["x"]}),
            json!({"x-amz-grant-read":"everyone"}),
            json!(7),
        ] {
            assert!(!parse(&value).unread.is_empty(), "{value}");
        }
        assert_eq!(parse(&json!({"AccessControlPolicy":{"AccessControlList":{}}})), Acl::default());
    }

    #[test]
    fn an_acl_reads_back_what_it_writes() {
        let acl = parse(
            &json!({"Owner":{"ID":OWNER},"Grants":[{"Grantee":{"URI":ALL},"Permission":"X"}]}),
        );
        let text = serde_json::to_string(&acl).unwrap();
        assert_eq!(serde_json::from_str::<Acl>(&text).unwrap(), acl);
    }
}
