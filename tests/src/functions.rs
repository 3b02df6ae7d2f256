//! The real binaries, functions and command line, as the running test's own profile built them.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Mutex,
    time::SystemTime,
};

use crate::{Problem, Result, python, workspace};

/// Where to take the binaries from instead of the target folder, for trying a release build.
const OVERRIDE: &str = "SNAPBACK_FUNCTIONS";

static BUILDING: Mutex<()> = Mutex::new(());

/// The names of all functions: the folders of `functions/`.
///
/// # Errors
/// When the folder cannot be read.
pub fn names() -> Result<Vec<String>> {
    workspace::folders("functions")
}

/// The folder that holds the binaries of all functions, built first if one is not there or older
/// than its sources.
///
/// `cargo test --workspace` has built them already. A narrower run may not have: the same command
/// is then run without running tests, because any other would resolve features differently and
/// build the AWS SDK a second time.
///
/// # Errors
/// When they cannot be built.
pub fn dir() -> Result<PathBuf> {
    let chosen = env::var_os(OVERRIDE).map(PathBuf::from);
    let dir = chosen.clone().map_or_else(workspace::profile_dir, Ok)?;
    let _building = BUILDING.lock();
    let mut stale = false;
    for name in names()? {
        let sources = Path::new("functions").join(&name);
        stale |= chosen.is_none() && !is_fresh(&dir.join(&name), &sources)?;
    }
    if stale {
        build(&dir)?;
    }
    for name in names()? {
        let binary = dir.join(name);
        if !binary.is_file() {
            return Err(Problem::missing(format!("`{}`", binary.display())));
        }
    }
    Ok(dir)
}

/// The binary of a function.
///
/// # Errors
/// As [`dir`].
pub fn binary(name: &str) -> Result<PathBuf> {
    Ok(dir()?.join(name))
}

/// The command line with its feature `live`, built first where it is not there, older than its
/// sources, or left behind by a build without the feature.
///
/// # Errors
/// When it cannot be built.
pub fn command_line() -> Result<PathBuf> {
    let dir = workspace::profile_dir()?;
    let binary = dir.join("snapback");
    let _building = BUILDING.lock();
    if !(is_fresh(&binary, Path::new("cli"))? && is_live(&binary)?) {
        build(&dir)?;
    }
    if is_live(&binary)? { Ok(binary) } else { Err(Problem::missing("`snapback` with `live`")) }
}

/// Whether the command line knows `--live`: without the feature it names it before it asks for
/// anything else.
fn is_live(binary: &Path) -> Result<bool> {
    let mut command = Command::new(binary);
    command.args(["replay", "--live", "--endpoint-url", "http://127.0.0.1:1", "-"]);
    command.env_clear().stdin(Stdio::null());
    let ran = command.output().map_err(Problem::run(binary.display().to_string()))?;
    Ok(!String::from_utf8_lossy(&ran.stderr).contains("needs the feature"))
}

/// Builds what `cargo test --workspace` builds, with the same features.
fn build(dir: &Path) -> Result<()> {
    let mut build = Command::new(env!("CARGO"));
    build.args(["test", "--workspace", "--no-run", "--quiet"]);
    if dir.file_name().is_some_and(|name| name == "release") {
        build.arg("--release");
    }
    build.arg("--target-dir").arg(dir.parent().unwrap_or(dir));
    python::run(build.current_dir(workspace::root()))?;
    Ok(())
}

/// Whether the binary is there and newer than every source it is made of.
fn is_fresh(binary: &Path, package: &Path) -> Result<bool> {
    let Ok(built) = fs::metadata(binary).and_then(|metadata| metadata.modified()) else {
        return Ok(false);
    };
    let root = workspace::root();
    let mut newest = SystemTime::UNIX_EPOCH;
    for krate in workspace::folders("shared")? {
        if krate != "testkit" {
            newest = newest.max(newest_below(&root.join("shared").join(krate).join("src"))?);
        }
    }
    newest = newest.max(newest_below(&root.join(package).join("src"))?);
    newest = newest.max(newest_below(&root.join("policies"))?);
    Ok(built >= newest)
}

fn newest_below(dir: &Path) -> Result<SystemTime> {
    let mut newest = SystemTime::UNIX_EPOCH;
    for entry in fs::read_dir(dir).map_err(Problem::file(dir))? {
        let path = entry.map_err(Problem::file(dir))?.path();
        let seen = if path.is_dir() {
            newest_below(&path)?
        } else {
            let metadata = fs::metadata(&path).map_err(Problem::file(&path))?;
            metadata.modified().map_err(Problem::file(&path))?
        };
        newest = newest.max(seen);
    }
    Ok(newest)
}
