//! The command as scripts and people meet it: the real binary, its output and its exit codes.

mod commands;
mod common;
mod corpus;
mod inspect;
mod replay;
