//! ministack, started once per test binary and gone with it.

use std::{
    env,
    fs::{self, File},
    io::Read,
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Stdio},
    sync::OnceLock,
    thread,
    time::{Duration, Instant},
};

use serde::Deserialize;

use crate::{Problem, Result, functions, python, workspace};

/// The Region that the emulator plays: the one in which IAM's events appear.
pub const REGION: &str = "us-east-1";

/// How long the emulator may take to listen.
const READY_WITHIN: Duration = Duration::from_mins(1);

/// How long the records of a run are kept.
const KEPT_FOR: Duration = Duration::from_hours(24);

/// A running emulator.
#[derive(Debug)]
pub struct Emulator {
    /// `http://127.0.0.1:port`.
    pub endpoint: String,
    calls: PathBuf,
    log: PathBuf,
    _child: Child,
    /// Held open for as long as this process lives: when it closes, the emulator and all functions
    /// in it end, whatever became of the test.
    _alive: ChildStdin,
}

/// One IAM decision of the emulator about a call of something other than the root user.
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

static RUNNING: OnceLock<std::result::Result<Emulator, String>> = OnceLock::new();

/// The emulator that all tests of this binary share, started by the first that asks.
///
/// # Errors
/// When it cannot be started; every test that asks is told the same.
pub fn shared() -> Result<&'static Emulator> {
    RUNNING
        .get_or_init(|| start().map_err(|problem| chain(&problem)))
        .as_ref()
        .map_err(|said| Problem::Failed { program: "emulator.py".to_owned(), said: said.clone() })
}

fn chain(problem: &Problem) -> String {
    let mut told = problem.to_string();
    let mut cause = std::error::Error::source(problem);
    while let Some(source) = cause {
        told.push_str(": ");
        told.push_str(&source.to_string());
        cause = source.source();
    }
    told
}

fn start() -> Result<Emulator> {
    let port = free_port()?;
    let endpoint = format!("http://127.0.0.1:{port}");
    let lasting = workspace::lasting()?;
    forget_yesterday(&lasting)?;
    let dir = lasting.join(format!("emulator-{port}"));
    if dir.exists() {
        fs::remove_dir_all(&dir).map_err(Problem::file(&dir))?;
    }
    let scratch = dir.join("scratch");
    fs::create_dir_all(&scratch).map_err(Problem::file(&scratch))?;
    let calls = dir.join("calls.jsonl");
    let log = dir.join("log.txt");
    let out = File::create(&log).map_err(Problem::file(&log))?;
    let err = out.try_clone().map_err(Problem::file(&log))?;

    let mut command = python::script("emulator.py")?;
    // Functions inherit the emulator's environment: nothing of this machine's belongs in it.
    command.env_clear();
    if let Some(path) = env::var_os("PATH") {
        command.env("PATH", path);
    }
    let mut child = command
        .env("HOME", &scratch)
        .env("TMPDIR", &scratch)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("SNAPBACK_CALLS", &calls)
        .env("SNAPBACK_FUNCTIONS", functions::dir()?)
        .env("AWS_ENDPOINT_URL", &endpoint)
        .env("GATEWAY_PORT", port.to_string())
        .env("MINISTACK_HOST", "127.0.0.1")
        .env("MINISTACK_REGION", REGION)
        .env("BIND_HOST", "127.0.0.1")
        .env("AUTH", "true")
        .env("IOT_MTLS_ENABLED", "false")
        .env("SFTP_ENABLED", "false")
        // Lambda waits a minute before its first retry of an asynchronous invocation.
        .env("LAMBDA_ASYNC_RETRY_BASE_SECONDS", "0.2")
        .stdin(Stdio::piped())
        .stdout(out)
        .stderr(err)
        .spawn()
        .map_err(Problem::run("emulator.py"))?;
    let alive = child.stdin.take().ok_or_else(|| Problem::missing("the emulator's pipe"))?;
    let began = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        let ended = child.try_wait().map_err(Problem::run("emulator.py"))?.is_some();
        if ended || began.elapsed() > READY_WITHIN {
            let mut said = String::new();
            let mut file = File::open(&log).map_err(Problem::file(&log))?;
            file.read_to_string(&mut said).map_err(Problem::file(&log))?;
            return Err(Problem::Failed { program: "emulator.py".to_owned(), said });
        }
        thread::sleep(Duration::from_millis(20));
    }
    Ok(Emulator { endpoint, calls, log, _child: child, _alive: alive })
}

/// Records of earlier runs are kept for a day, to look into, and then removed.
fn forget_yesterday(lasting: &Path) -> Result<()> {
    for entry in fs::read_dir(lasting).map_err(Problem::file(lasting))? {
        let path = entry.map_err(Problem::file(lasting))?.path();
        let ours = path
            .file_name()
            .and_then(|name| name.to_str())
            .is_some_and(|name| name.starts_with("emulator-"));
        let age = fs::metadata(&path).and_then(|metadata| metadata.modified()).map(|at| at.elapsed());
        if ours && age.is_ok_and(|age| age.is_ok_and(|age| age > KEPT_FOR)) {
            fs::remove_dir_all(&path).map_err(Problem::file(&path))?;
        }
    }
    Ok(())
}

/// A port that was free a moment ago.
fn free_port() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(Problem::run("a listener"))?;
    let address = listener.local_addr().map_err(Problem::run("a listener"))?;
    Ok(address.port())
}

impl Emulator {
    /// The calls that functions made in an account so far.
    ///
    /// # Errors
    /// When the emulator's record cannot be read.
    pub fn calls(&self, account: &str) -> Result<Vec<Call>> {
        let text = fs::read_to_string(&self.calls).map_err(Problem::file(&self.calls))?;
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

    /// Where the emulator's own log is, for a test's message.
    #[must_use]
    pub fn log(&self) -> &Path {
        &self.log
    }
}
