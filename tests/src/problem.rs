//! Why a test could not be carried out: not a verdict on Snapback.

use std::{io, path::PathBuf, time::Duration};

use thiserror::Error;

/// The harness's results.
pub type Result<T> = std::result::Result<T, Problem>;

/// What kept the harness from doing its work.
#[derive(Debug, Error)]
pub enum Problem {
    /// A file or folder could not be used.
    #[error("`{path}` cannot be used")]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A program could not be started or talked to.
    #[error("`{program}` cannot be run")]
    Run {
        /// Which.
        program: String,
        /// What the system said.
        source: io::Error,
    },
    /// A program ended with an error.
    #[error("`{program}` failed: {said}")]
    Failed {
        /// Which.
        program: String,
        /// Its standard error.
        said: String,
    },
    /// JSON that is not what it should be.
    #[error("{what} cannot be read as JSON")]
    Json {
        /// What was read.
        what: String,
        /// What the reader said.
        source: serde_json::Error,
    },
    /// YAML that is not what it should be.
    #[error("{what} cannot be read as YAML")]
    Yaml {
        /// What was read.
        what: String,
        /// What the reader said.
        source: serde_yaml_ng::Error,
    },
    /// The emulator refused a call.
    #[error("`{operation}` failed with `{code}`: {message}")]
    Refused {
        /// `s3:GetBucketAcl`.
        operation: String,
        /// AWS's error code.
        code: String,
        /// AWS's message.
        message: String,
    },
    /// Something that should be there is not.
    #[error("{what} is missing")]
    Missing {
        /// What was looked for.
        what: String,
    },
    /// Something that was waited for did not come.
    #[error("{what} did not come within {waited:?}{told}")]
    Late {
        /// What was waited for.
        what: String,
        /// For how long.
        waited: Duration,
        /// What was there instead.
        told: String,
    },
}

impl Problem {
    /// For `map_err` on what the file system refused.
    pub fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }

    /// For `map_err` on what a program refused.
    pub fn run(program: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let program = program.into();
        move |source| Self::Run { program, source }
    }

    /// For `map_err` on JSON.
    pub fn json(what: impl Into<String>) -> impl FnOnce(serde_json::Error) -> Self {
        let what = what.into();
        move |source| Self::Json { what, source }
    }

    /// For `ok_or_else`.
    pub fn missing(what: impl Into<String>) -> Self {
        Self::Missing { what: what.into() }
    }
}
