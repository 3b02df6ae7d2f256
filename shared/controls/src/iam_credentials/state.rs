//! What must be read to answer `iam-credentials`, and what an event asks it of.

use model::{ResourceId, Target};
use serde::{Deserialize, Serialize};

/// Which credential an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An access key.
    AccessKey,
    /// The password for the console.
    Password,
    /// An MFA device of a user.
    MfaDevice,
    /// A virtual MFA device that was deleted: only one that is in nobody's use can be, so the event
    /// does not tell whose it was.
    /// Source: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteVirtualMFADevice.html>.
    VirtualMfaDevice,
}

impl Kind {
    const ALL: [Self; 4] =
        [Self::AccessKey, Self::Password, Self::MfaDevice, Self::VirtualMfaDevice];

    /// The word that stands in a target's details.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccessKey => "access-key",
            Self::Password => "console-password",
            Self::MfaDevice => "mfa-device",
            Self::VirtualMfaDevice => "virtual-mfa-device",
        }
    }

    /// What a target of this control is about; `None`: it is no such target.
    #[must_use]
    pub fn of(target: &Target) -> Option<Self> {
        let word = target.detail(KIND)?;
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// A target's detail: [`Kind`].
pub(super) const KIND: &str = "credential";
/// A target's detail: the user acted on itself. Absent: somebody else did, or the root user.
pub(super) const ONESELF: &str = "oneself";
/// A target's detail: who made the call.
pub(super) const BY: &str = "by";
/// A target's detail: the credential is a new one, and not another in the place of one.
pub(super) const MADE: &str = "made";
/// A target's detail: the access key's id, where the event tells it.
pub const ACCESS_KEY: &str = "accessKeyId";
/// A target's detail: the MFA device's serial number.
pub const SERIAL: &str = "serialNumber";

/// Whether a target is the root user: its own credentials are the account's.
#[must_use]
pub fn is_root(target: &Target) -> bool {
    target.resource.id == ResourceId::Account && Kind::of(target) != Some(Kind::VirtualMfaDevice)
}

/// The credential that an event is about, as it is now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CredentialsState {
    /// The user's ARN with its path; `None`: not read, or not a user's.
    pub arn: Option<String>,
    /// The credential.
    pub credential: Credential,
}

/// One credential.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Credential {
    /// An access key of a user.
    AccessKey {
        /// Its id; `None`: the event does not tell, and `status` is that of any key.
        id: Option<String>,
        /// Whether it can be used.
        status: KeyStatus,
    },
    /// A user's way into the console; `None`: it has none.
    Password {
        /// The login profile.
        profile: Option<LoginProfile>,
    },
    /// A user's MFA devices.
    MfaDevices {
        /// Serial numbers; `None`: the record does not tell which are left.
        left: Option<Vec<String>>,
    },
    /// A virtual MFA device.
    VirtualMfaDevice {
        /// Whether there is one of this serial number.
        exists: bool,
    },
    /// What `GetAccountSummary` tells of the root user; `None`: not told.
    /// Source: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountSummary.html>.
    Root {
        /// `AccountAccessKeysPresent`.
        keys: Option<bool>,
        /// `AccountPasswordPresent`.
        password: Option<bool>,
        /// `AccountMFAEnabled`.
        mfa: Option<bool>,
    },
}

/// Whether an access key can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyStatus {
    /// Yes.
    Active,
    /// No, until it is switched on.
    Inactive,
    /// There is no such key.
    Gone,
}

impl KeyStatus {
    /// Reads IAM's word. One that is not known counts as usable: doubt is told.
    #[must_use]
    pub fn of(word: &str) -> Self {
        match word {
            "Inactive" | "Expired" => Self::Inactive,
            _ => Self::Active,
        }
    }
}

/// A user's way into the console.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginProfile {
    /// Whether the password must be changed at the next sign-in; `None`: the record does not tell.
    pub reset_required: Option<bool>,
    /// When it was made, as IAM tells it; `None`: not read.
    pub created: Option<String>,
}
