//! The files a run is set up with: trust, state, policies. All problems of a file are told at once.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use controls::States;
use model::{Timestamp, Trust};
use policy::Source;
use serde_json::Value;

use crate::exit::Failure;

/// The time now, for what the command line leaves open. Nothing below this crate may ask for it.
#[must_use]
pub fn now() -> Timestamp {
    // A clock before 1970 reads as 1970: every exception is then in force, as far as it goes.
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
    Timestamp::from_timestamp(seconds, since.subsec_nanos()).unwrap_or_default()
}

/// Reads the trust file; without one, nobody outside the account is trusted.
///
/// # Errors
/// [`Failure::Settings`] with every problem.
pub fn trust(file: Option<&Path>) -> Result<Trust, Failure> {
    let Some(file) = file else { return Ok(Trust::default()) };
    let what = format!("trust file `{}`", file.display());
    let text = read(file, &what)?;
    Trust::parse(&text).map_err(|error| Failure::Settings {
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
            for name in responses.as_object().into_iter().flat_map(serde_json::Map::keys) {
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

/// Reads the `.cedar` files of a folder, in the order of their names.
///
/// # Errors
/// [`Failure::Settings`] when the folder or a file cannot be read, or there is none in it.
pub fn policy_sources(folder: &Path) -> Result<Vec<Source>, Failure> {
    let what = format!("policy folder `{}`", folder.display());
    let files = files_with_extension(folder, "cedar", &what)?;
    if files.is_empty() {
        let problems = vec!["there is no `.cedar` file in it".to_owned()];
        return Err(Failure::Settings { what, problems });
    }
    texts(&files, &what)?.into_iter().map(|(name, text)| Ok(Source { name, text })).collect()
}

/// Reads the JSON files of a folder, in the order of their names.
///
/// # Errors
/// [`Failure::Settings`] when the folder or a file cannot be read.
pub fn case_files(folder: &Path) -> Result<Vec<(String, String)>, Failure> {
    let what = format!("folder of cases `{}`", folder.display());
    texts(&files_with_extension(folder, "json", &what)?, &what)
}

fn files_with_extension(
    folder: &Path,
    extension: &str,
    what: &str,
) -> Result<Vec<PathBuf>, Failure> {
    let failed = |error: std::io::Error| Failure::Settings {
        what: what.to_owned(),
        problems: vec![error.to_string()],
    };
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let hidden = path.file_name().is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
        if !hidden && path.extension().is_some_and(|found| found == extension) && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn texts(files: &[PathBuf], what: &str) -> Result<Vec<(String, String)>, Failure> {
    let mut texts = Vec::new();
    let mut problems = Vec::new();
    for file in files {
        match fs::read_to_string(file) {
            Ok(text) => texts.push((file.to_string_lossy().into_owned(), text)),
            Err(error) => problems.push(format!("`{}`: {error}", file.display())),
        }
    }
    if problems.is_empty() {
        Ok(texts)
    } else {
        Err(Failure::Settings { what: what.to_owned(), problems })
    }
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
