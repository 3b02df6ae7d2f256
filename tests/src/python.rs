//! A virtual environment with what `tests/requirements.txt` pins, made once under the target
//! folder.

use std::{
    fs::{self, File},
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
    process::Command,
};

use crate::{Problem, Result, workspace};

/// The interpreter of the environment, made first if it is not there yet.
///
/// Test binaries run one after another and tests side by side: a lock on a file lets one of them
/// install and the others wait.
///
/// # Errors
/// When Python is not installed, or a package cannot be fetched.
pub fn interpreter() -> Result<PathBuf> {
    let requirements = workspace::root().join("tests/requirements.txt");
    let pinned = fs::read_to_string(&requirements).map_err(Problem::file(&requirements))?;
    let mut hasher = DefaultHasher::new();
    pinned.hash(&mut hasher);
    let dir = workspace::lasting()?.join(format!("python-{:016x}", hasher.finish()));
    let interpreter = dir.join("bin/python");
    let complete = dir.join("complete");

    let lock = dir.with_extension("lock");
    let lock = File::create(&lock).map_err(Problem::file(&lock))?;
    lock.lock().map_err(Problem::file(&dir))?;
    if !complete.exists() {
        // What an interrupted run left behind is of no use.
        if dir.exists() {
            fs::remove_dir_all(&dir).map_err(Problem::file(&dir))?;
        }
        run(Command::new("python3").arg("-m").arg("venv").arg(&dir))?;
        run(Command::new(&interpreter)
            .args(["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"])
            .arg("-r")
            .arg(&requirements))?;
        File::create(&complete).map_err(Problem::file(&complete))?;
    }
    Ok(interpreter)
}

/// A script of `tests/python`, ready to be given arguments.
///
/// # Errors
/// As [`interpreter`].
pub fn script(name: &str) -> Result<Command> {
    let mut command = Command::new(interpreter()?);
    command.arg(workspace::root().join("tests/python").join(name));
    Ok(command)
}

/// A program that a package brought along, such as `cfn-lint`.
///
/// # Errors
/// As [`interpreter`].
pub fn program(name: &str) -> Result<Command> {
    let interpreter = interpreter()?;
    Ok(Command::new(interpreter.parent().unwrap_or(Path::new("")).join(name)))
}

/// Runs a program to its end and gives what it printed.
///
/// # Errors
/// When it cannot be started, or ends with an error.
pub fn run(command: &mut Command) -> Result<String> {
    let program = format!("{command:?}");
    let output = command.output().map_err(Problem::run(&program))?;
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() {
        Ok(said(&output.stdout))
    } else {
        let said = format!("{}{}", said(&output.stdout), said(&output.stderr));
        Err(Problem::Failed { program, said })
    }
}
