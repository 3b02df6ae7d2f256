//! Standard output and standard error.

use std::io::{self, BufWriter, IsTerminal, Write};

use crate::text::{RED, exact, paint};

/// Standard output, locked and buffered, with colour where a terminal can show it and `NO_COLOR`
/// does not forbid it.
#[must_use]
pub fn people() -> BufWriter<anstream::AutoStream<io::StdoutLock<'static>>> {
    BufWriter::with_capacity(64 * 1024, anstream::stdout().lock())
}

/// Standard output, locked and buffered, for programs.
#[must_use]
pub fn programs() -> BufWriter<io::StdoutLock<'static>> {
    BufWriter::with_capacity(64 * 1024, io::stdout().lock())
}

/// Whether somebody watches standard output.
#[must_use]
pub fn watched() -> bool {
    io::stdout().is_terminal()
}

/// Tells of a problem on standard error. If that is closed too, there is nobody left to tell.
pub fn complain(message: &str) {
    say("error", message);
}

/// Tells of something worth knowing on standard error.
pub fn note(message: &str) {
    say("note", message);
}

fn say(kind: &str, message: &str) {
    let head = if kind == "error" { paint(RED, kind) } else { kind.to_owned() };
    let mut err = anstream::stderr().lock();
    for (index, line) in message.lines().enumerate() {
        let told = if index == 0 {
            writeln!(err, "{head}: {}", exact(line))
        } else {
            writeln!(err, "{}", exact(line))
        };
        if told.is_err() {
            return;
        }
    }
}
