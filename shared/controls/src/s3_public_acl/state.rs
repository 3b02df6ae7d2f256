//! What must be read to answer `s3-public-acl`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::s3::{Acl, ObjectOwnership, PublicAccessBlock};

/// The ACL of one bucket or object, and the switches that could silence it.
///
/// One read is enough when the ACL lets nobody in from outside: the adapter fills `ownership` and
/// `block` only where [`AclState::is_suspicious`]. What is not known there never makes a grant look
/// harmless, and where it may not be read (`denied`) it never makes it look certain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AclState {
    /// The list.
    pub acl: Acl,
    /// Object Ownership of the bucket; `None`: not read, or the bucket has no such setting (which
    /// means that ACLs work).
    pub ownership: Option<ObjectOwnership>,
    /// Block Public Access of the bucket; `None`: not read. No configuration reads as all four off.
    /// The account's own block is not read: see the page's known gaps.
    pub block: Option<PublicAccessBlock>,
    /// The canonical user id of the bucket's owner, where the ACL is an object's and was worth a
    /// second look: an object of another account may grant its bucket's owner everything.
    #[serde(default)]
    pub bucket_owner: Option<String>,
    /// Parts of the list that could not be read, each with the reason. Whatever they say, people
    /// are told.
    #[serde(default)]
    pub unreadable: Vec<String>,
    /// Reads that decide about a grant and were refused for good, by operation, with AWS's code:
    /// what rests on them is unclear.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub denied: BTreeMap<String, String>,
}

impl AclState {
    /// A list of which nothing else is known.
    #[must_use]
    pub const fn of(acl: Acl) -> Self {
        Self {
            acl,
            ownership: None,
            block: None,
            bucket_owner: None,
            unreadable: Vec::new(),
            denied: BTreeMap::new(),
        }
    }

    /// Whether a grant goes to anybody but the owner: then `ownership` and `block` are worth
    /// reading.
    #[must_use]
    pub fn is_suspicious(&self) -> bool {
        !self.acl.is_owners_alone()
    }
}
