//! What must be read to answer `iam-admin-grant`, and what is asked about.

use model::{ResourceId, Target};
use serde::{Deserialize, Serialize};

/// The details of a target, by the names that IAM's parameters have.
pub(super) const POLICY_ARN: &str = "policyArn";
pub(super) const POLICY_NAME: &str = "policyName";
pub(super) const GROUP_NAME: &str = "groupName";
/// The version of a policy that a call made without making it the default one.
pub(super) const STAGED: &str = "versionId";

/// One who holds permissions.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", content = "name", rename_all = "snake_case")]
pub enum Holder {
    /// A user, by name.
    User(String),
    /// A role, by name.
    Role(String),
    /// A group, by name.
    Group(String),
}

impl Holder {
    /// The holder that a resource is; `None`: it is none.
    #[must_use]
    pub fn of(id: &ResourceId) -> Option<Self> {
        match id {
            ResourceId::User { name } => Some(Self::User(name.clone())),
            ResourceId::Role { name } => Some(Self::Role(name.clone())),
            ResourceId::Group { name } => Some(Self::Group(name.clone())),
            ResourceId::Bucket { .. }
            | ResourceId::Object { .. }
            | ResourceId::AccessPoint { .. }
            | ResourceId::ManagedPolicy { .. }
            | ResourceId::Account => None,
        }
    }

    /// The name, without the path.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::User(name) | Self::Role(name) | Self::Group(name) => name,
        }
    }

    /// `User`, `Role` or `Group`, as it stands in the names of calls.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::User(_) => "User",
            Self::Role(_) => "Role",
            Self::Group(_) => "Group",
        }
    }
}

/// What a target asks about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grant {
    /// A managed policy that was attached.
    Attachment {
        /// To whom.
        holder: Holder,
        /// The policy.
        policy_arn: String,
    },
    /// An inline policy that was written.
    Inline {
        /// In whom.
        holder: Holder,
        /// Its name.
        policy: String,
    },
    /// A user who was put into a group.
    Membership {
        /// The user's name.
        user: String,
        /// The group's name.
        group: String,
    },
    /// A permissions boundary that was taken away, replaced or set.
    Boundary {
        /// Whose: a user's or a role's.
        holder: Holder,
    },
    /// A managed policy that says something else now.
    Policy {
        /// The policy.
        policy_arn: String,
        /// A version that was made without making it the default one.
        staged: Option<String>,
    },
}

impl Grant {
    /// What a target asks about; `None`: it names no holder and no policy.
    #[must_use]
    pub fn of(target: &Target) -> Option<Self> {
        if let ResourceId::ManagedPolicy { arn } = &target.resource.id {
            let staged = target.detail(STAGED).map(str::to_owned);
            return Some(Self::Policy { policy_arn: arn.clone(), staged });
        }
        let holder = Holder::of(&target.resource.id)?;
        if let (Holder::User(user), Some(group)) = (&holder, target.detail(GROUP_NAME)) {
            return Some(Self::Membership { user: user.clone(), group: group.to_owned() });
        }
        Some(match (target.detail(POLICY_ARN), target.detail(POLICY_NAME)) {
            (Some(arn), _) => Self::Attachment { holder, policy_arn: arn.to_owned() },
            (None, Some(name)) => Self::Inline { holder, policy: name.to_owned() },
            (None, None) => Self::Boundary { holder },
        })
    }
}

/// Where permissions stand.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "source", rename_all = "snake_case")]
pub enum Source {
    /// In a managed policy.
    Managed {
        /// Its ARN.
        arn: String,
        /// The version that was read; `None`: a record does not tell.
        version: Option<String>,
    },
    /// In a policy of the holder's own.
    Inline {
        /// Its name.
        name: String,
    },
}

impl Source {
    /// The ARN or the name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Managed { arn, .. } => arn,
            Self::Inline { name } => name,
        }
    }
}

/// One document of the grant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Permissions {
    /// Where it stands.
    #[serde(flatten)]
    pub source: Source,
    /// The JSON text, URL-decoded; `None`: it may not be read.
    pub document: Option<String>,
}

impl Permissions {
    /// What a write needs to see whether they still stand: a managed policy is known by its version,
    /// a policy of one's own by its document alone.
    #[must_use]
    pub fn to_be_read_again(&self) -> Self {
        let document = match self.source {
            Source::Managed { .. } => None,
            Source::Inline { .. } => self.document.clone(),
        };
        Self { source: self.source.clone(), document }
    }
}

/// What bounds the holder's permissions from above.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "boundary", rename_all = "snake_case")]
pub enum Boundary {
    /// It was not read: nothing that matters hangs on it, or the record does not tell.
    #[default]
    NotRead,
    /// Nothing does. Groups have none either.
    None,
    /// A managed policy.
    Set {
        /// Its ARN.
        arn: String,
        /// Its document; `None`: not read, or not readable.
        document: Option<String>,
    },
}

/// A version of a managed policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// `v3`.
    pub id: String,
    /// Its document; `None`: it may not be read.
    pub document: Option<String>,
}

impl Version {
    /// The number in the id, for order; versions count upwards and are never renumbered.
    /// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-versioning.html>.
    #[must_use]
    pub fn number(&self) -> Option<u64> {
        self.id.strip_prefix('v')?.parse().ok()
    }
}

/// What stands of one grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantState {
    /// The ARN of the resource with its path; `None`: not read, and the record does not tell.
    pub arn: Option<String>,
    /// Whether the grant still stands: the policy attached, the user in the group.
    pub stands: bool,
    /// Its documents; of a boundary, the permissions that it bounded.
    pub permissions: Vec<Permissions>,
    /// What the holder has besides; read only where the grant is a part of a way to more power.
    #[serde(default)]
    pub beside: Vec<Permissions>,
    /// Reads that were refused: with them there might be more.
    #[serde(default)]
    pub unread: Vec<String>,
    /// What bounds it.
    #[serde(default)]
    pub boundary: Boundary,
    /// The version of a policy that is the default one.
    #[serde(default)]
    pub default_version: Option<String>,
    /// The other versions of a policy; read only where the default one is dangerous.
    #[serde(default)]
    pub versions: Vec<Version>,
    /// Whether anybody has the policy; `None`: not a policy's, or not known.
    #[serde(default)]
    pub attached: Option<bool>,
    /// Whether the policy bounds users or roles, which AWS counts apart from who has it.
    /// Source: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_Policy.html>.
    #[serde(default)]
    pub bounds: bool,
    /// Recalled from the ledger: the boundary that was last seen when nothing was wrong, and what it
    /// said then. It is no part of what was read, and is not written down with it.
    #[serde(skip)]
    pub former_boundary: Boundary,
    /// Recalled likewise: the version that was the default one when nothing was wrong.
    #[serde(skip)]
    pub former_version: Option<String>,
}

impl GrantState {
    /// A grant of these permissions that stands, of which nothing else is known.
    #[must_use]
    pub fn granting(permissions: Vec<Permissions>) -> Self {
        Self {
            arn: None,
            stands: true,
            permissions,
            beside: Vec::new(),
            unread: Vec::new(),
            boundary: Boundary::NotRead,
            default_version: None,
            versions: Vec::new(),
            attached: None,
            bounds: false,
            former_boundary: Boundary::NotRead,
            former_version: None,
        }
    }
}
