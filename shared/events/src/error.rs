//! What cannot be read, and where.

use std::{error::Error, fmt};

use thiserror::Error;

/// How many bytes of an unreadable record are kept. SQS and EventBridge carry less; a longer text is
/// cut, and [`Unreadable::raw_length`] tells how long it was.
pub const RAW_LIMIT: usize = 256 * 1024;

/// A place in an input.
///
/// Positions count within the innermost text that is part of the input as it stands; inside a JSON
/// string that itself holds JSON (an SQS body, an SNS message) they count within that inner text,
/// and the path leads there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// The JSON path, `Records[3].eventTime`; empty at the top.
    pub path: String,
    /// Bytes before it, from 0.
    pub offset: u64,
    /// Its line, from 1.
    pub line: u64,
    /// Its byte within the line, from 1.
    pub column: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, offset, line, column } = self;
        if !path.is_empty() {
            write!(f, "`{path}`, ")?;
        }
        write!(f, "line {line} column {column} (byte {offset})")
    }
}

/// Why a text is not an event.
#[derive(Debug, Error)]
pub enum EventError {
    /// The bytes are not UTF-8, so they are not JSON.
    #[error("not UTF-8 at {place}")]
    Encoding {
        /// The first byte that does not belong.
        place: Place,
        /// What the decoder said.
        #[source]
        error: std::str::Utf8Error,
    },
    /// The text is not JSON.
    #[error("not JSON at {place}")]
    Syntax {
        /// Where the parser stopped.
        place: Place,
        /// What it said.
        #[source]
        error: serde_json::Error,
    },
    /// The text ends before its JSON does: a truncated file.
    #[error("the text ends in the middle of its JSON at {place}")]
    Truncated {
        /// The end.
        place: Place,
    },
    /// JSON, but neither an event nor anything that wraps one.
    #[error("{found} at {place} is neither an event nor a known wrapping of one")]
    NotAnEvent {
        /// Where it begins.
        place: Place,
        /// What it is, in words.
        found: String,
    },
    /// A member that an event cannot do without has the wrong form or is missing.
    #[error("expected {expected}, found {found} at {place}")]
    Member {
        /// The member.
        place: Place,
        /// What it ought to be.
        expected: &'static str,
        /// What it is, in words.
        found: String,
    },
    /// Wrappings within wrappings beyond any real delivery.
    #[error("wrapped more than {limit} times at {place}")]
    TooNested {
        /// Where the limit was reached.
        place: Place,
        /// The limit.
        limit: usize,
    },
    /// More records inside one wrapping than any real delivery has. Those before were read.
    #[error("more than {limit} records in one wrapping at {place}")]
    TooMany {
        /// The first that was not read.
        place: Place,
        /// The limit.
        limit: usize,
    },
    /// A document longer than the reader is allowed to hold.
    #[error("a document of more than {limit} bytes begins at {place}")]
    TooLarge {
        /// Where it begins.
        place: Place,
        /// The limit in bytes.
        limit: usize,
    },
    /// Base64 or compression around the event cannot be undone.
    #[error("packed data at {place} cannot be unpacked: {why}")]
    Packed {
        /// The member.
        place: Place,
        /// The reason.
        why: String,
    },
    /// The stream failed.
    #[error("reading failed at {place}")]
    Read {
        /// How far reading came.
        place: Place,
        /// What the stream said.
        #[source]
        error: std::io::Error,
    },
}

impl EventError {
    /// Where it is.
    #[must_use]
    pub const fn place(&self) -> &Place {
        match self {
            Self::Encoding { place, .. }
            | Self::Syntax { place, .. }
            | Self::Truncated { place }
            | Self::NotAnEvent { place, .. }
            | Self::Member { place, .. }
            | Self::TooNested { place, .. }
            | Self::TooMany { place, .. }
            | Self::TooLarge { place, .. }
            | Self::Packed { place, .. }
            | Self::Read { place, .. } => place,
        }
    }
}

/// A record that cannot be read: reported with its place, and kept.
#[derive(Debug)]
pub struct Unreadable {
    /// The name of the input, as given to [`crate::Reader::named`]; empty when it has none.
    pub source: String,
    /// Which record of the input it is, from 1.
    pub index: u64,
    /// Where in its input the record's reading broke, as a JSON path.
    pub path: String,
    /// What is wrong.
    pub error: EventError,
    /// The bytes of the record, at most [`RAW_LIMIT`] of them.
    pub raw: Vec<u8>,
    /// How many bytes there were.
    pub raw_length: u64,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.source.is_empty() {
            write!(f, "record {}: {}", self.index, self.error)
        } else {
            write!(f, "{}#{}: {}", self.source, self.index, self.error)
        }
    }
}

impl Error for Unreadable {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error.source()
    }
}
