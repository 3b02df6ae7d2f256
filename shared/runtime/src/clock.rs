//! The time.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use model::Timestamp;
use respond::Clock;

/// The system's clock: the one place where a function asks for the time of day.
#[derive(Debug, Clone, Copy)]
pub(crate) struct System;

impl Clock for System {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        i64::try_from(since.as_secs())
            .ok()
            .and_then(|seconds| Timestamp::from_timestamp(seconds, since.subsec_nanos()))
            .unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

/// The moment an invocation ends, from Lambda's milliseconds since 1970.
pub(crate) fn deadline(milliseconds: u64) -> Timestamp {
    i64::try_from(milliseconds)
        .ok()
        .and_then(Timestamp::from_timestamp_millis)
        .unwrap_or(Timestamp::MAX_UTC)
}
