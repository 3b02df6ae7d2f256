//! The emulators, each started once per test binary and gone with it: ministack, in which whole
//! stacks run, and moto, the second opinion.

use std::{error::Error, fs, sync::OnceLock};

use serde::Deserialize;

use crate::{Problem, Result, functions, server::Server};

/// The Region that the emulators play: the one in which IAM's events appear.
pub const REGION: &str = "us-east-1";

/// The account that moto plays; ministack plays all of them.
pub const MOTO_ACCOUNT: &str = "111122223333";

/// One IAM decision of ministack about a call of something other than the root user.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Call {
    /// The account.
    pub account: String,
    /// The ARN of the role's session.
    pub principal: String,
    /// `s3:PutBucketAcl`.
    pub action: String,
    /// The resource's ARN.
    pub resource: String,
    /// Whether it was allowed.
    pub allowed: bool,
}

/// What all tests of a binary share, or why they cannot.
type Shared = OnceLock<std::result::Result<Server, String>>;

/// ministack, with IAM enforced, the real functions and their records.
///
/// # Errors
/// When it cannot be started; every test that asks is told the same.
pub fn ministack() -> Result<&'static Server> {
    static RUNNING: Shared = OnceLock::new();
    shared(&RUNNING, "emulator.py", || {
        let functions = functions::dir()?;
        Server::start(
            "emulator.py",
            &[
                ("SNAPBACK_FUNCTIONS", &functions.to_string_lossy()),
                ("MINISTACK_HOST", "127.0.0.1"),
                ("MINISTACK_REGION", REGION),
                ("BIND_HOST", "127.0.0.1"),
                ("AUTH", "true"),
                ("IOT_MTLS_ENABLED", "false"),
                ("SFTP_ENABLED", "false"),
                // Lambda waits a minute before its first retry of an asynchronous invocation.
                ("LAMBDA_ASYNC_RETRY_BASE_SECONDS", "0.2"),
            ],
        )
    })
}

/// moto's server.
///
/// # Errors
/// As [`ministack`].
pub fn moto() -> Result<&'static Server> {
    static RUNNING: Shared = OnceLock::new();
    shared(&RUNNING, "second_opinion.py", || {
        Server::start("second_opinion.py", &[("MOTO_ACCOUNT_ID", MOTO_ACCOUNT)])
    })
}

fn shared(
    running: &'static Shared,
    script: &str,
    start: impl FnOnce() -> Result<Server>,
) -> Result<&'static Server> {
    running
        .get_or_init(|| start().map_err(|problem| chain(&problem)))
        .as_ref()
        .map_err(|said| Problem::Failed { program: script.to_owned(), said: said.clone() })
}

fn chain(problem: &Problem) -> String {
    let mut told = problem.to_string();
    let mut cause = problem.source();
    while let Some(source) = cause {
        told.push_str(": ");
        told.push_str(&source.to_string());
        cause = source.source();
    }
    told
}

/// The calls that functions made in an account of ministack so far.
///
/// # Errors
/// When ministack's record cannot be read.
pub fn calls(ministack: &Server, account: &str) -> Result<Vec<Call>> {
    let path = ministack.dir.join("calls.jsonl");
    let text = fs::read_to_string(&path).map_err(Problem::file(&path))?;
    let mut calls = Vec::new();
    // A line that is still being written has no end yet.
    for line in text.split_inclusive('\n').filter(|line| line.ends_with('\n')) {
        let call: Call = serde_json::from_str(line).map_err(Problem::json("a call"))?;
        if call.account == account {
            calls.push(call);
        }
    }
    Ok(calls)
}
