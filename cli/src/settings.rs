//! The files a run is set up with: trust, state, policies. All problems of a file are told at once.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use controls::States;
use model::{Timestamp, Trust};
use policy::Source;
use serde_json::{Map, Value};

use crate::exit::Failure;

/// The time now, for what the command line leaves open. Nothing below this crate may ask for it.
#[must_use]
pub fn now() -> Timestamp {
    // A clock before 1970 reads as 1970: every exception is then in force, as far as it goes.
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
    Timestamp::from_timestamp(seconds, since.subsec_nanos()).unwrap_or_default()
}

/// Reads the trust file, and beside it what it says of one document or bucket; without a file,
/// nobody outside the account is trusted.
///
/// # Errors
/// [`Failure::Settings`] with every problem.
pub fn trust(file: Option<&Path>) -> Result<(Trust, Map<String, Value>), Failure> {
    let Some(file) = file else { return Ok((Trust::default(), Map::new())) };
    let what = format!("trust file `{}`", file.display());
    let text = read(file, &what)?;
    Trust::parse_beside(&text).map_err(|error| Failure::Settings {
        what,
        problems: error
            .problems
            .into_iter()
            .map(|problem| {
                if problem.key.is_empty() {
                    problem.problem
                } else {
                    format!("`{}`: {}", problem.key, problem.problem)
                }
            })
            .collect(),
    })
}

fn read(file: &Path, what: &str) -> Result<String, Failure> {
    fs::read_to_string(file).map_err(|error| Failure::Settings {
        what: what.to_owned(),
        problems: vec![error.to_string()],
    })
}

/// API responses by ARN: what `--state` supplies for what records do not carry.
#[derive(Debug, Default)]
pub struct StateFile(BTreeMap<String, Value>);

impl StateFile {
    /// Reads the file; without one, nothing is known.
    ///
    /// # Errors
    /// [`Failure::Settings`] with every problem.
    pub fn read(file: Option<&Path>) -> Result<Self, Failure> {
        let Some(file) = file else { return Ok(Self::default()) };
        let what = format!("state file `{}`", file.display());
        let text = read(file, &what)?;
        Self::parse(&text).map_err(|problems| Failure::Settings { what, problems })
    }

    fn parse(text: &str) -> Result<Self, Vec<String>> {
        let states: BTreeMap<String, Value> = serde_json::from_str(text).map_err(|error| {
            vec![format!("expected a JSON object of ARN to API responses: {error}")]
        })?;
        let mut problems = Vec::new();
        for (arn, responses) in &states {
            if let Err(error) = arn.parse::<model::Arn>() {
                problems.push(error.to_string());
            }
            if !responses.is_object() && !responses.is_null() {
                problems.push(format!(
                    "`{arn}`: expected an object of operation to response, such as \
                     `{{\"GetBucketAcl\": {{…}}}}`, or null where it is gone"
                ));
            }
            for name in responses.as_object().into_iter().flat_map(Map::keys) {
                if let Some(right) = misspelt(name) {
                    problems.push(format!("`{arn}`: `{name}` is spelt `{right}`"));
                }
            }
        }
        if problems.is_empty() { Ok(Self(states)) } else { Err(problems) }
    }
}

/// The operation that a control reads and that differs only in upper and lower case. Others are left
/// alone: a file may hold more than today's controls read.
fn misspelt(name: &str) -> Option<&'static str> {
    let reads = || controls::all().iter().flat_map(|control| control.reads());
    let names = || reads().map(|operation| operation.split(':').next_back().unwrap_or(operation));
    let exact = names().any(|known| known == name);
    names().find(|known| !exact && known.eq_ignore_ascii_case(name))
}

impl States for StateFile {
    /// The responses for an ARN. A role is also found by its ARN with path, which events do not
    /// tell: role names are unique in an account, whatever their path.
    /// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>.
    fn responses(&self, arn: &str) -> Option<&Value> {
        if let Some(found) = self.0.get(arn) {
            return Some(found);
        }
        let (account, name) = role(arn)?;
        self.0
            .iter()
            .find(|(candidate, _)| role(candidate) == Some((account, name)))
            .map(|(_, responses)| responses)
    }
}

/// The part before `:role/` and the name behind the path.
fn role(arn: &str) -> Option<(&str, &str)> {
    let (account, path) = arn.split_once(":role/")?;
    Some((account, path.rsplit('/').next()?))
}

/// What a folder holds: the texts that were read, and what of it cannot be used.
#[derive(Debug, Default)]
pub struct Folder {
    /// Path and text of each file, in the order of their names.
    pub files: Vec<(String, String)>,
    /// What can neither be read nor passed over, each with its name.
    pub problems: Vec<String>,
}

impl Folder {
    /// The files as policies.
    #[must_use]
    pub fn sources(&self) -> Vec<Source> {
        self.files.iter().map(|(name, text)| Source::new(name, text)).collect()
    }
}

/// Reads a folder of policies.
///
/// # Errors
/// [`Failure::Settings`] when the folder cannot be listed, or there is nothing in it.
pub fn policy_folder(folder: &Path) -> Result<Folder, Failure> {
    let what = format!("policy folder `{}`", folder.display());
    let read = entries(folder, &what, policy::belongs)?;
    let is_policy = |name: &str| Path::new(name).extension().is_some_and(|found| found == "cedar");
    if read.problems.is_empty() && !read.files.iter().any(|(name, _)| is_policy(name)) {
        let problems = vec!["there is no `.cedar` file in it".to_owned()];
        return Err(Failure::Settings { what, problems });
    }
    Ok(read)
}

/// Reads a folder of cases: JSON files.
///
/// # Errors
/// [`Failure::Settings`] when the folder cannot be listed.
pub fn case_folder(folder: &Path) -> Result<Folder, Failure> {
    let what = format!("folder of cases `{}`", folder.display());
    entries(folder, &what, |name, is_folder| {
        let extension = name.rsplit_once('.').map(|(_, extension)| extension);
        match extension {
            _ if name.starts_with('.') => Ok(false),
            Some("json") if !is_folder => Ok(true),
            Some("md") if !is_folder => Ok(false),
            _ => Err("is no file of cases (`*.json`): take it away".to_owned()),
        }
    })
}

/// Reads every entry that belongs, and tells of every one that does not.
fn entries(
    folder: &Path,
    what: &str,
    belongs: impl Fn(&str, bool) -> Result<bool, String>,
) -> Result<Folder, Failure> {
    let failed = |error: std::io::Error| Failure::Settings {
        what: what.to_owned(),
        problems: vec![error.to_string()],
    };
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        paths.push(entry.map_err(failed)?.path());
    }
    paths.sort();
    let mut read = Folder::default();
    for path in paths {
        match text_of(&path, &belongs) {
            Ok(Some(text)) => read.files.push((path.to_string_lossy().into_owned(), text)),
            Ok(None) => {}
            Err(problem) => read.problems.push(format!("`{}` {problem}", path.display())),
        }
    }
    Ok(read)
}

/// A file's text; `None`: it is passed over.
fn text_of(
    path: &Path,
    belongs: impl Fn(&str, bool) -> Result<bool, String>,
) -> Result<Option<String>, String> {
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    // What a link points to counts, and one that points to nothing is judged by its name.
    let found = fs::metadata(path);
    let is_folder = found.as_ref().is_ok_and(fs::Metadata::is_dir);
    if !belongs(&name, is_folder)? {
        return Ok(None);
    }
    let found = found.map_err(|error| format!("cannot be read: {error}"))?;
    if !found.is_file() {
        return Err("is not a regular file".to_owned());
    }
    let bytes = fs::read(path).map_err(|error| format!("cannot be read: {error}"))?;
    String::from_utf8(bytes).map(Some).map_err(|error| format!("is not UTF-8 text: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_found_whatever_its_path() {
        let state =
            StateFile::parse(r#"{"arn:aws:iam::111122223333:role/ops/deploy": {"GetRole": {}}}"#)
                .unwrap();
        assert!(state.responses("arn:aws:iam::111122223333:role/deploy").is_some());
        assert!(state.responses("arn:aws:iam::444455556666:role/deploy").is_none());
        assert!(state.responses("arn:aws:iam::111122223333:role/ops").is_none());
    }

    #[test]
    fn every_problem_of_a_state_file_is_named() {
        let problems = StateFile::parse(r#"{"bucket": {}, "arn:aws:s3:::b": []}"#).unwrap_err();
        assert_eq!(problems.len(), 2, "{problems:?}");
    }
}
