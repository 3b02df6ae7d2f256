//! What was done, written down before it is done.
//!
//! One entry is one write with the findings it is to mend, or the note that somebody was only told
//! of them. It is enough to explain the attempt, to tell people of it later, and to undo it.

use std::{fmt, str::FromStr};

use model::{
    Actor, Confidence, Decision, Evidence, Operation, Outcome, Posture, Resource, Response,
    Timestamp,
};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    claim::{ClaimKey, DIGEST_LENGTH},
    digest,
};

const PREFIX: &str = "sb-";
const STEP_LENGTH: usize = 6;

/// An entry's name: what every alert quotes, and what undoing begins with.
///
/// `sb-` and two digests: of the work (so that a redelivery finds its own entries) and of the
/// finding's code with the number of the attempt.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EntryId(pub String);

/// Why a text is not an entry's name.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{text}` is not the name of an entry, which looks like `sb-0123456789abcdefghjk-mnpqrs`")]
pub struct EntryIdError {
    /// What was read.
    pub text: String,
}

impl EntryId {
    /// The name of an attempt: the same whenever the same work attempts the same for the same
    /// code. `step` numbers the attempts within one work and code, from 0.
    #[must_use]
    pub fn of(key: &ClaimKey, code: &str, step: u32) -> Self {
        let work = key.digest();
        let attempt = digest::short(&["entry", &work, code, &step.to_string()], STEP_LENGTH);
        Self(format!("{PREFIX}{work}-{attempt}"))
    }

    /// The digest of the work and that of the attempt.
    ///
    /// # Errors
    /// [`EntryIdError`]: the text is not an entry's name.
    pub fn parts(&self) -> Result<(&str, &str), EntryIdError> {
        self.0
            .strip_prefix(PREFIX)
            .and_then(|rest| rest.split_once('-'))
            .filter(|(work, attempt)| {
                digest::is_short(work, DIGEST_LENGTH) && digest::is_short(attempt, STEP_LENGTH)
            })
            .ok_or_else(|| EntryIdError { text: self.0.clone() })
    }
}

impl FromStr for EntryId {
    type Err = EntryIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let id = Self(text.trim().to_owned());
        id.parts()?;
        Ok(id)
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How far an entry has come. It never goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryState {
    /// Written before the first write: if nothing follows, the write is in doubt.
    Intended,
    /// The attempt ended: see the outcome.
    Finished,
    /// A person undid it.
    Undone,
}

impl EntryState {
    /// The word that stands in the table.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Intended => "intended",
            Self::Finished => "finished",
            Self::Undone => "undone",
        }
    }

    /// Its place in the order; an entry is only ever overwritten by one of the same or a later
    /// place.
    #[must_use]
    pub const fn rank(self) -> u64 {
        match self {
            Self::Intended => 1,
            Self::Finished => 2,
            Self::Undone => 3,
        }
    }
}

/// A finding as an entry keeps it: enough to tell people of it later.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Noted {
    /// The code.
    pub code: String,
    /// One sentence.
    pub title: String,
    /// How sure the judgement was.
    pub confidence: Confidence,
    /// `false`: harmless at the time because of another setting.
    pub effective: bool,
    /// The facts.
    pub evidence: Evidence,
    /// How far Snapback was to go, and why.
    pub decision: Decision,
    /// The calls that would mend it.
    pub operations: Vec<Operation>,
    /// Why a person must mend it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_back: Option<String>,
}

/// One attempt to mend the findings that one write mends, or the note that they were only told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its name.
    pub id: EntryId,
    /// When it was begun; of an intention that a later delivery took up again, when that was: the
    /// breaker counts a write when it is made, not when it was first thought of.
    pub at: Timestamp,
    /// [`Entry::at`] before it was taken up again: what the breaker counted there moves with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved_from: Option<Timestamp>,
    /// The control's id.
    pub control: String,
    /// The code of its gravest finding.
    pub code: String,
    /// Which attempt for that code within the same work, from 0: see [`EntryId::of`].
    pub step: u32,
    /// What it is about, the gravest first.
    pub findings: Vec<Noted>,
    /// The event that was the reason to look.
    pub event_id: String,
    /// What was changed.
    pub resource: Resource,
    /// Who made the change that is mended.
    pub actor: Actor,
    /// The posture in force.
    pub posture: Posture,
    /// Why it was allowed: the decision about its gravest finding.
    pub decision: Decision,
    /// What the remedy needs: [`Response::Revert`] counts for the breaker, [`Response::Tag`] does
    /// not; [`Response::Alert`]: nothing was to be written.
    pub needs: Response,
    /// The state read just before, as the control's `State` serialises.
    pub prior_state: serde_json::Value,
    /// The remedy, as the control's `Remedy` serialises; null where nothing was to be written.
    pub remedy: serde_json::Value,
    /// The exact calls.
    pub operations: Vec<Operation>,
    /// What undoes it, as the control's `Remedy` serialises; `None`: it cannot be undone by us, and
    /// the alert says so.
    pub inverse: Option<serde_json::Value>,
    /// The state read back after the write; `None`: nothing was written, or it could not be read.
    /// Undo asks whether the resource is still so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_state: Option<serde_json::Value>,
    /// When the write was sent; `None`: none was, or it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written_at: Option<Timestamp>,
    /// How far it has come.
    pub state: EntryState,
    /// How it ended, or that it is in doubt.
    pub outcome: Option<Outcome>,
    /// AWS request ids of the writes.
    pub request_ids: Vec<String>,
    /// What AWS said, where it refused.
    pub error: Option<String>,
}

impl Entry {
    /// Whether the write may or may not have happened: it was intended, and nothing says how it
    /// went.
    #[must_use]
    pub const fn in_doubt(&self) -> bool {
        matches!(self.state, EntryState::Intended)
    }

    /// Whether the breaker counts it: a revert that was made, or may have been.
    #[must_use]
    pub const fn counts_as_revert(&self) -> bool {
        if !matches!(self.needs, Response::Revert) {
            return false;
        }
        match self.state {
            EntryState::Intended | EntryState::Undone => true,
            EntryState::Finished => match self.outcome {
                Some(Outcome::Verified | Outcome::Failed | Outcome::InDoubt) | None => true,
                Some(
                    Outcome::Alerted
                    | Outcome::Excepted
                    | Outcome::Tagged
                    | Outcome::AlreadyRight
                    | Outcome::Conflict,
                ) => false,
            },
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeSet;

    use model::{Because, Effect};
    use serde_json::json;

    use super::*;
    use crate::claim::tests::{key, time};

    fn decision() -> Decision {
        let permit = Because { policy: "default-revert".to_owned(), effect: Effect::Permit };
        Decision { response: Response::Revert, because: vec![permit], errors: vec![] }
    }

    pub(crate) fn entry(event_id: &str, at: i64) -> Entry {
        let code = "acl-public:AllUsers:READ";
        Entry {
            id: EntryId::of(&key(event_id), code, 0),
            at: time(at),
            moved_from: None,
            control: "s3-public-acl".to_owned(),
            code: code.to_owned(),
            step: 0,
            findings: vec![Noted {
                code: code.to_owned(),
                title: "everyone may list the bucket".to_owned(),
                confidence: Confidence::Certain,
                effective: true,
                evidence: Evidence::new(),
                decision: decision(),
                operations: vec![],
                held_back: None,
            }],
            event_id: event_id.to_owned(),
            resource: Resource::bucket("amzn-s3-demo-bucket", "111122223333".into(), "eu-west-1"),
            actor: Actor::unknown(),
            posture: Posture::Enforce,
            decision: decision(),
            needs: Response::Revert,
            prior_state: json!({"public": true}),
            remedy: json!({"set": false}),
            operations: vec![Operation::new("s3:PutBucketAcl", json!({}))],
            inverse: Some(json!({"set": true})),
            left_state: None,
            written_at: None,
            state: EntryState::Intended,
            outcome: None,
            request_ids: vec![],
            error: None,
        }
    }

    #[test]
    fn a_redelivery_names_its_entries_as_the_delivery_did_and_nobody_else_does() {
        let ids: BTreeSet<EntryId> = [
            EntryId::of(&key("e"), "code", 0),
            EntryId::of(&key("e"), "code", 0),
            EntryId::of(&key("e"), "code", 1),
            EntryId::of(&key("e"), "other", 0),
            EntryId::of(&key("f"), "code", 0),
        ]
        .into();
        assert_eq!(ids.len(), 4);
        let (work, _) = ids.first().unwrap().parts().unwrap();
        assert!([key("e").digest(), key("f").digest()].contains(&work.to_owned()));
    }

    #[test]
    fn a_name_is_read_back_and_anything_else_is_refused() {
        let id = EntryId::of(&key("e"), "code", 0);
        assert_eq!(format!(" {id}\n").parse(), Ok(id));
        for text in ["", "sb-", "sb-0123456789abcdefghjk", "sb-0123456789abcdefghjk-mnpqrsx", "x"] {
            assert!(text.parse::<EntryId>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_breaker_counts_what_was_or_may_have_been_reverted() {
        let intended = entry("e", 0);
        assert!(intended.counts_as_revert());
        let finished = |outcome| {
            let state = EntryState::Finished;
            Entry { state, outcome: Some(outcome), ..intended.clone() }.counts_as_revert()
        };
        assert!(finished(Outcome::Verified) && finished(Outcome::Failed));
        assert!(finished(Outcome::InDoubt));
        assert!(!finished(Outcome::Conflict) && !finished(Outcome::AlreadyRight));
        assert!(!finished(Outcome::Alerted));
        assert!(!Entry { needs: Response::Tag, ..intended }.counts_as_revert());
    }

    #[test]
    fn an_entry_reads_back_as_it_was_written() {
        let entry = entry("e", 0);
        let text = serde_json::to_string(&entry).unwrap();
        assert_eq!(serde_json::from_str::<Entry>(&text).unwrap(), entry);
    }
}
