//! Where things are: the workspace, the target folder, what this very test was built as.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use crate::{Problem, Result};

/// The workspace's root.
#[must_use]
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// The folder of the profile that the running test was built with: `target/debug`.
///
/// # Errors
/// When the running test does not lie in a target folder.
pub fn profile_dir() -> Result<PathBuf> {
    let exe = env::current_exe().map_err(Problem::file("the running test"))?;
    // target/debug/deps/name-hash
    exe.ancestors()
        .nth(2)
        .map(Path::to_path_buf)
        .ok_or_else(|| Problem::missing(format!("a target folder above `{}`", exe.display())))
}

/// A folder under the target folder that outlives a test run.
///
/// # Errors
/// When it cannot be made.
pub fn lasting() -> Result<PathBuf> {
    let profile = profile_dir()?;
    let dir = profile.parent().unwrap_or(&profile).join("scenarios");
    fs::create_dir_all(&dir).map_err(Problem::file(&dir))?;
    Ok(dir)
}

/// The text of a file of the workspace, by its path from the root.
///
/// # Errors
/// When it cannot be read.
pub fn read(path: &str) -> Result<String> {
    let path = root().join(path);
    fs::read_to_string(&path).map_err(Problem::file(&path))
}

/// The names of a folder's sub-folders, sorted.
///
/// # Errors
/// When the folder cannot be read.
pub fn folders(path: &str) -> Result<Vec<String>> {
    let dir = root().join(path);
    let mut names = Vec::new();
    for entry in fs::read_dir(&dir).map_err(Problem::file(&dir))? {
        let entry = entry.map_err(Problem::file(&dir))?;
        if entry.path().is_dir() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}
