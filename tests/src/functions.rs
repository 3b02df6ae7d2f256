//! The real function binaries, as the running test's own profile built them.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
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
        stale |= chosen.is_none() && !is_fresh(&dir.join(&name), &name)?;
    }
    if stale {
        let mut build = Command::new(env!("CARGO"));
        build.args(["test", "--workspace", "--no-run", "--quiet"]);
        if dir.file_name().is_some_and(|name| name == "release") {
            build.arg("--release");
        }
        build.arg("--target-dir").arg(dir.parent().unwrap_or(&dir));
        python::run(build.current_dir(workspace::root()))?;
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

/// Whether the binary is there and newer than every source it is made of.
fn is_fresh(binary: &Path, name: &str) -> Result<bool> {
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
    newest = newest.max(newest_below(&root.join("functions").join(name).join("src"))?);
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
