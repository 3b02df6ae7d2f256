//! `snapback completions`: a script for the shell.

use std::io::Write;

use clap::CommandFactory;
use clap_complete::Shell;

use crate::{
    args::Cli,
    exit::{Exit, Failure},
};

/// Writes the script.
///
/// # Errors
/// When the output cannot be written.
pub fn run(shell: Shell, out: &mut dyn Write) -> Result<Exit, Failure> {
    // The generator panics on a closed pipe, so it writes to memory.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "snapback", &mut script);
    out.write_all(&script)?;
    Ok(Exit::Success)
}
