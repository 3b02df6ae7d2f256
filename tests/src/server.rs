//! A server written in Python that lives as long as the test that started it.

use std::{
    env,
    fs::{self, File},
    io::Read,
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{Problem, Result, python, workspace};

/// How long a server may take to listen.
const READY_WITHIN: Duration = Duration::from_mins(1);

/// How long the records of a run are kept.
const KEPT_FOR: Duration = Duration::from_hours(24);

/// A running server.
#[derive(Debug)]
pub struct Server {
    /// `http://127.0.0.1:port`.
    pub endpoint: String,
    /// Its folder: `log.txt`, and what else it writes down.
    pub dir: PathBuf,
    _child: Child,
    /// Held open for as long as this process lives: when it closes, the server and everything it
    /// has started end, whatever became of the test.
    _alive: ChildStdin,
}

impl Server {
    /// Starts a script of `tests/python` on a free port, with these settings and nothing of this
    /// machine's own: functions inherit a server's environment.
    ///
    /// # Errors
    /// When it cannot be started or does not listen.
    pub fn start(script: &str, settings: &[(&str, &str)]) -> Result<Self> {
        let port = free_port()?;
        let endpoint = format!("http://127.0.0.1:{port}");
        let lasting = workspace::lasting()?;
        forget_yesterday(&lasting)?;
        let dir = lasting.join(format!("{PREFIX}{port}"));
        if dir.exists() {
            fs::remove_dir_all(&dir).map_err(Problem::file(&dir))?;
        }
        let scratch = dir.join("scratch");
        fs::create_dir_all(&scratch).map_err(Problem::file(&scratch))?;
        let log = dir.join("log.txt");
        let out = File::create(&log).map_err(Problem::file(&log))?;
        let err = out.try_clone().map_err(Problem::file(&log))?;

        let mut command = python::script(script)?;
        command.env_clear();
        if let Some(path) = env::var_os("PATH") {
            command.env("PATH", path);
        }
        let mut child = command
            .env("HOME", &scratch)
            .env("TMPDIR", &scratch)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("GATEWAY_PORT", port.to_string())
            .env("AWS_ENDPOINT_URL", &endpoint)
            .env("SERVER_DIR", &dir)
            .envs(settings.iter().copied())
            .stdin(Stdio::piped())
            .stdout(out)
            .stderr(err)
            .spawn()
            .map_err(Problem::run(script))?;
        let alive = child.stdin.take().ok_or_else(|| Problem::missing("the server's pipe"))?;
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = child.try_wait().map_err(Problem::run(script))?.is_some();
            if ended || began.elapsed() > READY_WITHIN {
                let mut said = String::new();
                let mut file = File::open(&log).map_err(Problem::file(&log))?;
                file.read_to_string(&mut said).map_err(Problem::file(&log))?;
                return Err(Problem::Failed { program: script.to_owned(), said });
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(Self { endpoint, dir, _child: child, _alive: alive })
    }
}

/// What the folders of servers begin with.
const PREFIX: &str = "server-";

/// Records of earlier runs are kept for a day, to look into, and then removed.
fn forget_yesterday(lasting: &Path) -> Result<()> {
    for entry in fs::read_dir(lasting).map_err(Problem::file(lasting))? {
        let path = entry.map_err(Problem::file(lasting))?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let changed = fs::metadata(&path).and_then(|metadata| metadata.modified());
        let age = changed.ok().and_then(|at| at.elapsed().ok()).unwrap_or_default();
        if name.starts_with(PREFIX) && age > KEPT_FOR {
            // A test of another run may be doing the same.
            drop(fs::remove_dir_all(&path));
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
