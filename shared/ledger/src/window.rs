//! Tell once, then count: what keeps a storm from burying the alert that matters.
//!
//! Asking and having told are two steps. Whoever asks and then dies before the message is out
//! leaves nothing behind that would keep the redelivery silent.

use chrono::TimeDelta;
use model::{Outcome, Timestamp};
use serde::{Deserialize, Serialize};

use crate::digest;

/// For how long an alert is only counted after it was told, in seconds.
pub const WINDOW_SECONDS: i64 = 3600;

/// What makes two alerts the same: they are told once per window, then counted.
///
/// The outcome is part of it: that a bucket is open again and was *not* mended this time is news,
/// however often it was mended within the hour.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Fingerprint {
    /// The control's id.
    pub control: String,
    /// The finding's code.
    pub code: String,
    /// The finding's one sentence: a second stranger let in is not the first one again.
    pub title: String,
    /// The resource's ARN.
    pub resource: String,
    /// The actor's id.
    pub actor: String,
    /// What became of it.
    pub outcome: Outcome,
}

impl Fingerprint {
    /// The fingerprint as twenty letters.
    #[must_use]
    pub fn digest(&self) -> String {
        let Self { control, code, title, resource, actor, outcome } = self;
        digest::short(&["alert", control, code, title, resource, actor, outcome.as_str()], 20)
    }
}

/// Whether an alert is told or only counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Telling {
    /// Nobody was told within the window: tell, and say so with `told` once the message is out.
    Tell {
        /// How often it was only counted since the last telling.
        repeats: u32,
    },
    /// Told within the window: counted.
    Count {
        /// How often, this one included.
        repeats: u32,
    },
}

/// What is stored of an alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertRecord {
    /// Which alert.
    pub fingerprint: Fingerprint,
    /// When it was last told.
    pub told_at: Timestamp,
    /// How often it was only counted since.
    pub repeats: u32,
}

/// Says whether to tell or to count, and what is to be stored; `None`: what is stored stays.
#[must_use]
pub fn decide(record: Option<AlertRecord>, now: Timestamp) -> (Telling, Option<AlertRecord>) {
    let Some(mut record) = record else { return (Telling::Tell { repeats: 0 }, None) };
    if now.signed_duration_since(record.told_at) >= TimeDelta::seconds(WINDOW_SECONDS) {
        return (Telling::Tell { repeats: record.repeats }, None);
    }
    record.repeats = record.repeats.saturating_add(1);
    (Telling::Count { repeats: record.repeats }, Some(record))
}

/// What is stored once the message is out: the window begins, the count begins anew.
#[must_use]
pub fn told(fingerprint: &Fingerprint, now: Timestamp) -> AlertRecord {
    AlertRecord { fingerprint: fingerprint.clone(), told_at: now, repeats: 0 }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::claim::tests::time;

    pub(crate) fn fingerprint(actor: &str) -> Fingerprint {
        Fingerprint {
            control: "s3-public-acl".to_owned(),
            code: "acl-public:AllUsers:READ".to_owned(),
            title: "everyone may list the bucket".to_owned(),
            resource: "arn:aws:s3:::amzn-s3-demo-bucket".to_owned(),
            actor: actor.to_owned(),
            outcome: Outcome::Verified,
        }
    }

    #[test]
    fn until_it_is_told_everyone_who_asks_is_to_tell() {
        assert_eq!(decide(None, time(0)), (Telling::Tell { repeats: 0 }, None));
    }

    #[test]
    fn within_the_window_it_is_counted_and_after_it_told_with_the_count() {
        let mut record = Some(told(&fingerprint("a"), time(0)));
        for (seconds, repeats) in [(1, 1), (1800, 2), (WINDOW_SECONDS - 1, 3)] {
            let (telling, stored) = decide(record.clone(), time(seconds));
            assert_eq!(telling, Telling::Count { repeats });
            record = stored;
        }
        let (telling, stored) = decide(record, time(WINDOW_SECONDS));
        assert_eq!((telling, stored), (Telling::Tell { repeats: 3 }, None));
        assert_eq!(told(&fingerprint("a"), time(WINDOW_SECONDS)).repeats, 0);
    }

    #[test]
    fn a_clock_that_went_back_counts_rather_than_floods() {
        let record = Some(told(&fingerprint("a"), time(100)));
        assert_eq!(decide(record, time(0)).0, Telling::Count { repeats: 1 });
    }

    #[test]
    fn another_outcome_is_another_alert() {
        let mended = fingerprint("a");
        let left_open = Fingerprint { outcome: Outcome::Alerted, ..mended.clone() };
        assert_ne!(mended.digest(), left_open.digest());
        assert_ne!(mended.digest(), fingerprint("b").digest());
    }
}
