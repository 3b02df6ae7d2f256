//! Why a text is not read as a document.

use thiserror::Error;

use crate::json::{MAX_BYTES, MAX_DEPTH};

/// The most statements that are read.
pub const MAX_STATEMENTS: usize = 1000;

/// Why a text is not read as a document. What is merely odd inside a document is no error: it
/// becomes a finding.
#[derive(Debug, Error)]
pub enum DocumentError {
    /// It is not JSON.
    #[error("not JSON at line {line} column {column} (`{path}`)")]
    Syntax {
        /// From 1.
        line: usize,
        /// From 1, in bytes.
        column: usize,
        /// Where in the value: `$.Statement[0].Effect`.
        path: String,
        /// The parser's own words.
        source: serde_json::Error,
    },
    /// It nests deeper than anything legal.
    #[error("nested deeper than {MAX_DEPTH} levels (`{path}`)")]
    TooDeep {
        /// Where in the value.
        path: String,
        /// From 1; 0 where the text is not known.
        line: usize,
    },
    /// It is larger than anything legal.
    #[error("{bytes} bytes, more than {MAX_BYTES}")]
    TooLarge {
        /// How large it is.
        bytes: usize,
    },
    /// It has more statements than anything legal.
    #[error("{count} statements, more than {MAX_STATEMENTS}")]
    TooManyStatements {
        /// How many it has.
        count: usize,
    },
    /// It is JSON, but not an object.
    #[error("expected an object with statements, found {found}")]
    NoObject {
        /// `an array`, `a number`, …
        found: &'static str,
    },
}
