//! Who may work on an event, and what happened lately.

use model::{AccountId, Outcome, Timestamp};
use serde::{Deserialize, Serialize};

/// What makes a delivery the same work as another: control, account, Region, event and resource.
///
/// Native S3 events have no `eventID`: the envelope's `id` stands in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ClaimKey {
    /// The control's id.
    pub control: String,
    /// `recipientAccountId`.
    pub account: AccountId,
    /// The event's Region.
    pub region: String,
    /// `eventID`.
    pub event_id: String,
    /// The resource's ARN.
    pub resource: String,
}

/// How long a claim is held: a crashed holder's lease runs out and the retry takes over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Who holds it: the Lambda request id.
    pub holder: String,
    /// Until when.
    pub until: Timestamp,
}

/// The answer to a claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Claim {
    /// Ours: go on, and finish or let it run out.
    Taken,
    /// Somebody is at it until then: fail, so that it is delivered again.
    Held {
        /// When the other lease runs out.
        until: Timestamp,
    },
    /// It was finished before: end here.
    Done {
        /// How it ended; `None`: nothing was wrong.
        outcome: Option<Outcome>,
    },
}

/// What the breaker looks at: reverts within the last hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct History {
    /// Reverts of this resource.
    pub resource_reverts: u32,
    /// Reverts in this account.
    pub account_reverts: u32,
}

/// What makes two alerts the same: they are told once per window, then counted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Fingerprint {
    /// The control's id.
    pub control: String,
    /// The finding's code.
    pub code: String,
    /// The resource's ARN.
    pub resource: String,
    /// The actor's id.
    pub actor: String,
}

/// Whether an alert is told or only counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Telling {
    /// Nobody was told within the window: tell.
    Tell {
        /// How often it was only counted since the last telling.
        repeats: u32,
    },
    /// Told within the window: count.
    Count {
        /// How often, this one included.
        repeats: u32,
    },
}
