//! How the command ends: exit codes and the failures behind them.

use std::{error::Error, io, process::ExitCode};

use thiserror::Error;

/// Every way the command may end. The numbers are a contract with scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// The run is complete, and nothing that was asked for by a flag happened.
    Success,
    /// Part of the input could not be read, a check failed, or `--strict` met a malformed record.
    Failure,
    /// With `--exit-code`: something would be alerted or tagged.
    WouldTell,
    /// With `--exit-code`: something would be reverted.
    WouldRevert,
    /// The command was not understood, or a file it is set up with is not right: nothing was done.
    Usage,
}

impl Exit {
    /// The process's exit code.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Failure => 1,
            Self::WouldTell => 2,
            Self::WouldRevert => 3,
            Self::Usage => 64,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Why a command could not go on. Problems with single inputs are no failures: they are told on
/// the way, and the run goes on.
#[derive(Debug, Error)]
pub enum Failure {
    /// The command cannot mean what it says.
    #[error("{0}")]
    Usage(String),
    /// A file the command is set up with (trust, state, policies) has these problems.
    #[error("{what} cannot be used")]
    Settings {
        /// "trust file `trust.toml`".
        what: String,
        /// All of them.
        problems: Vec<String>,
    },
    /// The one file that the command is about cannot be read.
    #[error("`{name}` cannot be read")]
    Input {
        /// The file.
        name: String,
        /// What the system said.
        source: io::Error,
    },
    /// Standard output does not take what is written.
    #[error("the output cannot be written")]
    Output(#[from] io::Error),
}

impl Failure {
    /// The exit code it ends in; `None`: the reader of a pipe went away, which is no failure.
    #[must_use]
    pub fn exit(&self) -> Option<Exit> {
        match self {
            Self::Usage(_) | Self::Settings { .. } => Some(Exit::Usage),
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => None,
            Self::Input { .. } | Self::Output(_) => Some(Exit::Failure),
        }
    }

    /// The failure in lines for people: the message, every problem, and the causes.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![self.to_string()];
        if let Self::Settings { problems, .. } = self {
            lines.extend(problems.iter().map(|problem| format!("  {problem}")));
        }
        let mut cause = self.source();
        while let Some(error) = cause {
            lines.push(format!("  because {error}"));
            cause = error.source();
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_those_that_scripts_rely_on() {
        let codes = [Exit::Success, Exit::Failure, Exit::WouldTell, Exit::WouldRevert, Exit::Usage]
            .map(Exit::code);
        assert_eq!(codes, [0, 1, 2, 3, 64]);
    }

    #[test]
    fn a_reader_that_goes_away_is_no_failure_and_a_full_disk_is() {
        let gone = Failure::Output(io::ErrorKind::BrokenPipe.into());
        let full = Failure::Output(io::ErrorKind::StorageFull.into());
        assert_eq!((gone.exit(), full.exit()), (None, Some(Exit::Failure)));
    }

    #[test]
    fn every_problem_of_a_file_has_its_line() {
        let failure = Failure::Settings {
            what: "trust file `t.toml`".to_owned(),
            problems: vec!["one".to_owned(), "two".to_owned()],
        };
        assert_eq!(failure.lines(), ["trust file `t.toml` cannot be used", "  one", "  two"]);
    }
}
