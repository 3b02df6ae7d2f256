//! Who may work on an event.
//!
//! A claim is a lease: whoever holds it works, and when the holder dies the lease runs out and the
//! redelivery takes over. A claim that is done stays done for [`RETENTION`], which is longer than
//! any redelivery. Knows nothing of how claims are stored.

use chrono::TimeDelta;
use model::{AccountId, Outcome, Timestamp};
use serde::{Deserialize, Serialize};

use crate::digest;

/// How long a claim is remembered, in days.
///
/// EventBridge retries for 24 hours, Lambda for 6 hours, and a dead-letter queue keeps a message
/// for up to 14 days before somebody sends it back: 16 days outlast them all.
/// Sources: <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html>,
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-basic-architecture.html>.
pub const RETENTION_DAYS: i64 = 17;

/// [`RETENTION_DAYS`] as a span.
pub const RETENTION: TimeDelta = match TimeDelta::try_days(RETENTION_DAYS) {
    Some(span) => span,
    None => TimeDelta::MAX,
};

/// What makes a delivery the same work as another: control, account, Region, event, resource, and
/// which look at it.
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
    /// 0: the event itself; 1 and 2: the delayed second looks, which are work of their own.
    #[serde(default)]
    pub attempt: u32,
}

impl ClaimKey {
    /// The key as twenty letters: the same for every delivery of the same work, different for any
    /// other.
    #[must_use]
    pub fn digest(&self) -> String {
        let attempt = self.attempt.to_string();
        digest::short(
            &[
                "claim",
                &self.control,
                self.account.as_str(),
                &self.region,
                &self.event_id,
                &self.resource,
                &attempt,
            ],
            DIGEST_LENGTH,
        )
    }
}

/// Letters in [`ClaimKey::digest`]: 100 bits.
pub(crate) const DIGEST_LENGTH: usize = 20;

/// How long a claim is held: a crashed holder's lease runs out and the retry takes over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Who holds it: the Lambda request id.
    pub holder: String,
    /// Until when: no earlier than the holder's own deadline.
    pub until: Timestamp,
}

/// The answer to a claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Claim {
    /// Ours, and nobody was here before: go on, and finish or let it run out.
    Taken,
    /// Ours, taken over from a holder whose lease ran out: there may be entries already, so look
    /// before writing.
    Resumed,
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

/// Where the work on an event stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// Somebody is at it, or was and died.
    Leased(Lease),
    /// It is finished.
    Done {
        /// How it ended; `None`: nothing was wrong.
        outcome: Option<Outcome>,
        /// When.
        at: Timestamp,
    },
}

/// What is stored of a claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimRecord {
    /// Whose it is.
    pub key: ClaimKey,
    /// Where it stands.
    pub work: Work,
    /// When it may be forgotten. Checked here too: DynamoDB may delete an item days late.
    /// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html>.
    pub expires_at: Timestamp,
}

fn forget_at(now: Timestamp) -> Timestamp {
    now.checked_add_signed(RETENTION).unwrap_or(Timestamp::MAX_UTC)
}

/// Answers a claim and says what is to be stored; `None`: what is stored stays.
///
/// The new record may be stored only if the one that was read is still there (see
/// [`crate::table`]): of two who read the same, one wins.
#[must_use]
pub fn decide(
    record: Option<ClaimRecord>,
    key: &ClaimKey,
    lease: &Lease,
    now: Timestamp,
) -> (Claim, Option<ClaimRecord>) {
    let answer = match record.filter(|record| record.expires_at > now).map(|record| record.work) {
        None => Claim::Taken,
        Some(Work::Done { outcome, .. }) => return (Claim::Done { outcome }, None),
        Some(Work::Leased(held)) if held.until > now => {
            return (Claim::Held { until: held.until }, None);
        }
        Some(Work::Leased(_)) => Claim::Resumed,
    };
    let record = ClaimRecord {
        key: key.clone(),
        work: Work::Leased(lease.clone()),
        expires_at: forget_at(now),
    };
    (answer, Some(record))
}

/// Marks the work as done and says what is to be stored; `None`: it was done before, and how it
/// ended first stays.
#[must_use]
pub fn release(
    record: Option<ClaimRecord>,
    key: &ClaimKey,
    outcome: Option<Outcome>,
    now: Timestamp,
) -> Option<ClaimRecord> {
    let work = record.filter(|record| record.expires_at > now).map(|record| record.work);
    match work {
        Some(Work::Done { .. }) => None,
        Some(Work::Leased(_)) | None => Some(ClaimRecord {
            key: key.clone(),
            work: Work::Done { outcome, at: now },
            expires_at: forget_at(now),
        }),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn time(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(1_767_323_045_i64.saturating_add(seconds), 0).unwrap()
    }

    pub(crate) fn key(event_id: &str) -> ClaimKey {
        ClaimKey {
            control: "s3-public-acl".to_owned(),
            account: "111122223333".into(),
            region: "eu-west-1".to_owned(),
            event_id: event_id.to_owned(),
            resource: "arn:aws:s3:::amzn-s3-demo-bucket".to_owned(),
            attempt: 0,
        }
    }

    pub(crate) fn lease(holder: &str, until: i64) -> Lease {
        Lease { holder: holder.to_owned(), until: time(until) }
    }

    #[test]
    fn the_first_takes_it_and_a_second_is_told_how_long_it_is_held() {
        let (claim, record) = decide(None, &key("e"), &lease("a", 30), time(0));
        assert_eq!(claim, Claim::Taken);
        let (claim, stored) = decide(record, &key("e"), &lease("b", 31), time(1));
        assert_eq!((claim, stored), (Claim::Held { until: time(30) }, None));
    }

    #[test]
    fn not_even_the_holder_itself_gets_a_claim_twice() {
        // Lambda retries under the same request id; two at once must not both work.
        let (_, record) = decide(None, &key("e"), &lease("a", 30), time(0));
        let (claim, _) = decide(record, &key("e"), &lease("a", 31), time(1));
        assert_eq!(claim, Claim::Held { until: time(30) });
    }

    #[test]
    fn an_expired_lease_is_taken_over_and_says_so() {
        let (_, record) = decide(None, &key("e"), &lease("a", 30), time(0));
        let (claim, record) = decide(record, &key("e"), &lease("b", 60), time(30));
        assert_eq!(claim, Claim::Resumed);
        assert_eq!(record.unwrap().work, Work::Leased(lease("b", 60)));
    }

    #[test]
    fn done_ends_and_stays_as_it_ended_first() {
        let done = release(None, &key("e"), Some(Outcome::Verified), time(5));
        assert_eq!(release(done.clone(), &key("e"), Some(Outcome::Failed), time(6)), None);
        let (claim, stored) = decide(done, &key("e"), &lease("b", 90), time(60));
        assert_eq!((claim, stored), (Claim::Done { outcome: Some(Outcome::Verified) }, None));
    }

    #[test]
    fn done_is_remembered_longer_than_any_redelivery() {
        let done = release(None, &key("e"), None, time(0));
        let days = |days: i64| time(days.saturating_mul(86_400));
        for (when, expected) in [
            (days(16), Claim::Done { outcome: None }),
            (days(RETENTION_DAYS) - TimeDelta::seconds(1), Claim::Done { outcome: None }),
            (days(RETENTION_DAYS), Claim::Taken),
        ] {
            let (claim, _) = decide(done.clone(), &key("e"), &lease("b", 90), when);
            assert_eq!(claim, expected, "{when}");
        }
    }

    #[test]
    fn every_part_of_the_key_makes_another_claim() {
        let base = key("e");
        let others = [
            ClaimKey { control: "iam-trust-policy".to_owned(), ..base.clone() },
            ClaimKey { account: "444455556666".into(), ..base.clone() },
            ClaimKey { region: "us-east-1".to_owned(), ..base.clone() },
            ClaimKey { event_id: "f".to_owned(), ..base.clone() },
            ClaimKey { resource: "arn:aws:s3:::amzn-s3-demo-bucket2".to_owned(), ..base.clone() },
            ClaimKey { attempt: 1, ..base.clone() },
        ];
        for other in others {
            assert_ne!(other.digest(), base.digest(), "{other:?}");
        }
        assert_eq!(key("e").digest(), base.digest());
    }
}
