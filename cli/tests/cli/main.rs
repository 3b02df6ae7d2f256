//! The command as scripts and people meet it: the real binary, its output and its exit codes.

// `cfg(test)` tells the lints that helpers may unwrap too.
#[cfg(test)]
mod commands;
#[cfg(test)]
mod common;
#[cfg(test)]
mod corpus;
#[cfg(test)]
mod inspect;
#[cfg(test)]
mod policy;
#[cfg(test)]
mod replay;
