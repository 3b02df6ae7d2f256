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
        match group_in(uri)? {
            "groups/global/AllUsers" => Some(Self::AllUsers),
            "groups/global/AuthenticatedUsers" => Some(Self::AuthenticatedUsers),
            _ => None,
        }
    }
}

/// The path of one of S3's groups, whatever the URI's scheme.
fn group_in(uri: &str) -> Option<&str> {
    let (scheme, rest) = uri.trim().split_once("://")?;
    let (host, path) = rest.split_once('/')?;
    let is_s3s = matches!(scheme.to_ascii_lowercase().as_str(), "http" | "https")
        && host.eq_ignore_ascii_case("acs.amazonaws.com");
    is_s3s.then(|| path.trim_end_matches('/'))
}

/// The group that writes server access logs.
///
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#specifying-grantee-predefined-groups>.
pub const LOG_DELIVERY: &str = "http://acs.amazonaws.com/groups/s3/LogDelivery";

/// Whether a URI is that of [`LOG_DELIVERY`].
#[must_use]
pub fn is_log_delivery(uri: &str) -> bool {
    group_in(uri) == Some("groups/s3/LogDelivery")
}

/// `za-team`, the account of Amazon EC2 that the canned ACL `aws-exec-read` lets in.
///
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#canned-acl>.
pub const EC2_BUNDLES: &str = "6aa5a366c34c1cbe25dc49211496e913e0351eb0e8c37aa3477e40942ec6b97c";

/// AWS's own accounts that stand in ACLs because AWS put them there, by canonical user id.
///
/// `awslogsdelivery` writes `CloudFront`'s standard logs, in China under an id of its own.
/// Source: <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/AccessLogs.html>.
pub const AWS_ACCOUNTS: [&str; 3] = [
    "c4c1ede66af53448b93c283ce9448c4ba468c9432aa01d700d3878632f77d2d0",
    "a52cb28745c0c06e84ec548334e44bfa7fc2a85c54af20cd59e4969344b7af56",
    EC2_BUNDLES,
];

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
    /// The grants in their order; those of a canned ACL last, as far as it lets strangers in.
    pub grants: Vec<Grant>,
    /// The canned ACL, where one was asked for: `public-read`.
    pub canned: Option<String>,
    /// What could not be read, one sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<String>,
}

/// Reads the parameters of a call that sets an ACL, the grants of a canned one written out. What
/// holds no ACL at all comes out empty.
#[must_use]
pub fn parse(value: &Value) -> Acl {
    let mut acl = Reading::of(value).acl;
    let canned = acl.canned.as_deref().and_then(canned_grants);
    acl.grants.extend(canned.unwrap_or_default());
    acl
}

/// Reads an ACL that must be one: a response of the API, a document that somebody hands in. What
/// holds no ACL at all is unread, for nothing says that nobody is let in.
#[must_use]
pub fn parse_whole(value: &Value) -> Acl {
    let told = Reading::of(value).told;
    let mut acl = parse(value);
    if !told && acl.unread.is_empty() {
        acl.unread.push("it holds no list of grants".to_owned());
    }
    acl
}

/// As [`parse`], the canned ACL named and not written out.
#[must_use]
pub fn parse_as_asked(value: &Value) -> Acl {
    Reading::of(value).acl
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

/// An ACL in the reading.
#[derive(Default)]
struct Reading {
    acl: Acl,
    /// Whether a list was given at all, be it empty.
    told: bool,
}

impl Reading {
    fn of(value: &Value) -> Self {
        let mut reading = Self::default();
        match value {
            Value::Object(members) => reading.top(members),
            Value::Null => {}
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                reading.unread("the ACL is not an object");
            }
        }
        reading
    }

    fn unread(&mut self, what: impl Into<String>) {
        self.acl.unread.push(what.into());
    }

    /// The members of a response, or of a call's parameters, among which stand others.
    fn top(&mut self, members: &Map<String, Value>) {
        for (key, value) in members.iter().filter(|(_, value)| !value.is_null()) {
            match plain(key).as_str() {
                "owner" => self.acl.owner = owner(value),
                "grants" | "grant" => self.grants(value),
                "accesscontrolpolicy" => self.policy(key, value),
                "accesscontrollist" => self.list(key, value),
                "x-amz-acl" => self.canned(value),
                header if header.starts_with("x-amz-grant-") => self.header(key, value),
                _ => {}
            }
        }
    }

    /// `AccessControlPolicy`: it is there to hold a list.
    fn policy(&mut self, key: &str, value: &Value) {
        let members = match value {
            Value::Object(members) => members,
            Value::Array(items) => match items.as_slice() {
                [Value::Object(members)] => members,
                _ => return self.unread(format!("`{key}` is not one object")),
            },
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                return self.unread(format!("`{key}` is not an object"));
            }
        };
        let holds_list = members.iter().any(|(name, value)| {
            let name = plain(name);
            !value.is_null() && matches!(name.as_str(), "accesscontrollist" | "grants" | "grant")
        });
        if !holds_list {
            self.unread(format!("`{key}` holds no list of grants"));
        }
        self.top(members);
    }

    /// `AccessControlList`: grants, or the grant headers of a request.
    fn list(&mut self, key: &str, value: &Value) {
        match value {
            // An empty list is recorded as an empty text.
            Value::String(text) if text.trim().is_empty() => self.told = true,
            Value::Array(items) => {
                self.told = true;
                match items.as_slice() {
                    // A list of one is its element.
                    [] => {}
                    [one] => self.list(key, one),
                    [..] if items.iter().all(is_grant) => self.grants(value),
                    [..] => {
                        self.unread(format!("`{key}` is several lists, or a list of no grants"));
                    }
                }
            }
            Value::Object(_) if is_grant(value) => self.grants(value),
            Value::Object(members) => {
                let mut known = members.is_empty();
                self.told |= known;
                for (name, value) in members.iter().filter(|(_, value)| !value.is_null()) {
                    match plain(name).as_str() {
                        "grants" | "grant" => self.grants(value),
                        header if header.starts_with("x-amz-grant-") => self.header(name, value),
                        _ => continue,
                    }
                    known = true;
                }
                if !known {
                    self.unread(format!("`{key}` holds no grants"));
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                self.unread(format!("`{key}` is not an object"));
            }
        }
    }

    fn canned(&mut self, value: &Value) {
        self.told = true;
        let Some(texts) = texts(value) else {
            return self.unread("the canned ACL is no text");
        };
        if texts.len() > 1 {
            self.unread("several canned ACLs are named where one is meant");
        }
        for text in texts.into_iter().map(str::trim) {
            if canned_grants(text).is_none() {
                self.unread(format!("`{text}` is no canned ACL"));
            }
            self.acl.canned = Some(text.to_owned());
        }
    }

    fn header(&mut self, key: &str, value: &Value) {
        self.told = true;
        let permission = match plain(key).as_str() {
            "x-amz-grant-read" => Permission::Read,
            "x-amz-grant-write" => Permission::Write,
            "x-amz-grant-read-acp" => Permission::ReadAcp,
            "x-amz-grant-write-acp" => Permission::WriteAcp,
            "x-amz-grant-full-control" => Permission::FullControl,
            _ => return self.unread(format!("`{key}` grants what is not known here")),
        };
        let Some(texts) = texts(value) else {
            return self.unread(format!("`{key}` is no text"));
        };
        for text in texts {
            match header::grantees(text) {
                Some(grantees) => self.acl.grants.extend(
                    grantees
                        .into_iter()
                        .map(|grantee| Grant { grantee, permission: permission.clone() }),
                ),
                None => self.unread(format!("`{key}` is no list of grantees")),
            }
        }
    }

    fn grants(&mut self, value: &Value) {
        self.told = true;
        match value {
            Value::Array(items) => {
                for item in items {
                    self.grants(item);
                }
            }
            Value::Object(members) => match grant(members) {
                Some(grant) => self.acl.grants.push(grant),
                None if members.is_empty() => {}
                None => self.unread("a grant names no grantee or no permission"),
            },
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                self.unread("a grant is not an object");
            }
        }
    }
}

/// A member's name as it is compared: in lower case, hyphens for underscores.
fn plain(name: &str) -> String {
    name.to_ascii_lowercase().replace('_', "-")
}

fn is_grant(value: &Value) -> bool {
    let named =
        |key: &String| ["Grantee", "Permission"].iter().any(|it| key.eq_ignore_ascii_case(it));
    value.as_object().is_some_and(|members| members.keys().any(named))
}

/// The texts of a text or a list of texts; `None` where anything in it is none.
fn texts(value: &Value) -> Option<Vec<&str>> {
    match value {
        Value::String(text) => Some(vec![text]),
        Value::Array(items) => items.iter().map(Value::as_str).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
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
            json!({"x-amz-acl":" public-read "}),
            json!({"AccessControlPolicy":[{"AccessControlList":{"Grant":{"Grantee":xsi,"Permission":"READ"}}}]}),
            json!({"accessControlList":[{"x-amz-grant-read":format!("uri={ALL}")}]}),
            json!({"AccessControlList":[{"Grantee":grantee,"Permission":"READ"}]}),
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
            json!({"x-amz-acl":""}),
            json!({"x-amz-acl":1}),
            json!({"x-amz-acl":true}),
            json!({"x-amz-acl":{"x":"public-read"}}),
            json!({"x-amz-acl":["private",1]}),
            json!({"x-amz-acl":["private","public-read"]}),
            json!({"Grants":[{"Grantee":{"URI":ALL}}]}),
            json!({"Grants":["x"]}),
            json!({"Grants":""}),
            json!({"x-amz-grant-read":"everyone"}),
            json!({"x-amz-grant-read":"uri="}),
            json!({"x-amz-grant-read":7}),
            json!({"x-amz-grant-read":{"uri":ALL}}),
            json!({"x-amz-grant-everything":format!("uri={ALL}")}),
            json!({"accessControlList":{"x-amz-grant-read":{"uri":ALL}}}),
            json!({"accessControlList":[{"x-amz-grant-read":{"uri":ALL}}]}),
            json!({"accessControlList":format!("x-amz-grant-read=uri={ALL}")}),
            json!({"accessControlList":[{"x-amz-grant-read":"id=a"},{"x-amz-grant-write":"id=b"}]}),
            json!({"accessControlList":{"everyone":"READ"}}),
            json!({"accessControlList":7}),
            json!({"AccessControlPolicy":""}),
            json!({"AccessControlPolicy":{}}),
            json!({"AccessControlPolicy":{"Owner":{"ID":OWNER}}}),
            json!({"AccessControlPolicy":{"Owner":{"ID":OWNER},"AccessControlList":null}}),
            json!({"AccessControlPolicy":{"Grantees":[{"URI":ALL}]}}),
            json!({"AccessControlPolicy":[{},{}]}),
            json!(7),
        ] {
            assert!(!parse(&value).unread.is_empty(), "{value}");
        }
    }

    #[test]
    fn an_empty_list_lets_nobody_in_and_no_list_says_nothing() {
        for value in [
            json!({"AccessControlPolicy":{"AccessControlList":{}}}),
            json!({"AccessControlPolicy":{"AccessControlList":""}}),
            json!({"AccessControlList":"","acl":""}),
            json!({"accessControlList":[""],"acl":[""]}),
            json!({"Grants":[]}),
        ] {
            assert_eq!(parse(&value), Acl::default(), "{value}");
            assert_eq!(parse_whole(&value), Acl::default(), "{value}");
        }
        for value in [
            json!(null),
            json!({}),
            json!({"acl":"","bucketName":"b"}),
            json!({"Grants":null}),
            json!({"Owner":{"ID":OWNER}}),
            json!({"Statement":[]}),
        ] {
            assert_eq!(parse(&value).unread, Vec::<String>::new(), "{value}");
            assert_eq!(parse_whole(&value).unread.len(), 1, "{value}");
        }
    }

    #[test]
    fn a_canned_acl_is_named_or_written_out() {
        let both =
            json!({"x-amz-acl":"authenticated-read","x-amz-grant-write":format!("uri={ALL}")});
        assert_eq!(
            codes(&both),
            ["acl-public:AllUsers:WRITE", "acl-public:AuthenticatedUsers:READ"]
        );
        let asked = parse_as_asked(&both);
        assert_eq!(asked.canned.as_deref(), Some("authenticated-read"));
        let left: Vec<_> = asked.grants.iter().filter_map(Grant::code).collect();
        assert_eq!(left, ["acl-public:AllUsers:WRITE"]);
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
