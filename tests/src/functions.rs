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

/// The binary of a function, built first if it is not there or older than its sources.
///
/// `cargo test --workspace` has built it already. A narrower run may not have: the same command is
/// then run without running tests, because any other would resolve features differently and build
/// the AWS SDK a second time.
///
/// # Errors
/// When it cannot be built.
pub fn binary(name: &str) -> Result<PathBuf> {
    if let Some(dir) = env::var_os(OVERRIDE) {
        return existing(PathBuf::from(dir).join(name));
    }
    let profile = workspace::profile_dir()?;
    let path = profile.join(name);
    let _building = BUILDING.lock();
    if !is_fresh(&path, name)? {
        let mut build = Command::new(env!("CARGO"));
        build.args(["test", "--workspace", "--no-run", "--quiet"]);
        if profile.file_name().is_some_and(|name| name == "release") {
            build.arg("--release");
        }
        build.arg("--target-dir").arg(profile.parent().unwrap_or(&profile));
        python::run(build.current_dir(workspace::root()))?;
    }
    existing(path)
}

fn existing(path: PathBuf) -> Result<PathBuf> {
    if path.is_file() { Ok(path) } else { Err(Problem::missing(format!("`{}`", path.display()))) }
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
