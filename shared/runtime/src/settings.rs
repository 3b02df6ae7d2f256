//! What a function is told by its environment, checked as a whole when it starts.
//!
//! Reads variables and files of the bundle; knows nothing of what they are for.

use std::{fs, path::Path};

use model::{Posture, Trust};
use policy::{Policies, Source};
use serde::Serialize;
use thiserror::Error;

/// The variables. Deployments and their tests rely on these names.
pub mod names {
    /// `observe` (the default) or `enforce`.
    pub const POSTURE: &str = "SNAPBACK_POSTURE";
    /// The ledger's table.
    pub const TABLE: &str = "SNAPBACK_TABLE";
    /// The topic of alerts.
    pub const TOPIC_ARN: &str = "SNAPBACK_TOPIC_ARN";
    /// The trust file: a path in the bundle, or its text.
    pub const TRUST: &str = "SNAPBACK_TRUST";
    /// The ARNs of Snapback's own roles, separated by commas, beside those that the trust file names.
    pub const OWN_ROLES: &str = "SNAPBACK_OWN_ROLES";
    /// A policy file, or a folder of them, in the bundle.
    pub const POLICIES: &str = "SNAPBACK_POLICIES";
    /// The name of the SSM parameter that pauses every write.
    pub const PAUSED: &str = "SNAPBACK_PAUSED";
    /// The queue of second looks.
    pub const RECHECK_QUEUE_URL: &str = "SNAPBACK_RECHECK_QUEUE_URL";
    /// Set by Lambda.
    pub const REGION: &str = "AWS_REGION";
    /// Set by Lambda: where events are fetched.
    pub const RUNTIME_API: &str = "AWS_LAMBDA_RUNTIME_API";

    /// Every variable of ours, in the order of the operating guide.
    pub const OURS: [&str; 8] =
        [POSTURE, TABLE, TOPIC_ARN, TRUST, OWN_ROLES, POLICIES, PAUSED, RECHECK_QUEUE_URL];
}

/// What a function is told.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) posture: Posture,
    pub(crate) table: String,
    pub(crate) topic: String,
    pub(crate) trust: Trust,
    pub(crate) policies: Policies,
    pub(crate) paused: Option<String>,
    pub(crate) recheck_queue: Option<String>,
}

/// One thing that is wrong with the settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SettingProblem {
    /// The variable.
    pub variable: String,
    /// What is wrong with it.
    pub problem: String,
}

/// Everything that is wrong with the settings.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("settings refused: {}", list(.problems))]
pub struct SettingsError {
    /// Every problem, in the order of [`names::OURS`].
    pub problems: Vec<SettingProblem>,
}

fn list(problems: &[SettingProblem]) -> String {
    let texts: Vec<String> = problems
        .iter()
        .map(|SettingProblem { variable, problem }| format!("`{variable}`: {problem}"))
        .collect();
    texts.join("; ")
}

/// What settings are read from.
pub(crate) trait Surroundings {
    /// A variable's value; an empty one counts as not set, as `CloudFormation` cannot leave one out.
    fn variable(&self, name: &str) -> Option<String>;
    /// A file's text.
    fn file(&self, path: &str) -> Result<String, String>;
    /// The policies of a folder, sorted by name; `None`: not a folder.
    ///
    /// # Errors
    /// Every entry that is neither a policy nor known to be none.
    fn policy_files(&self, path: &str) -> Result<Option<Vec<String>>, Vec<String>>;
}

/// The process's own environment and file system.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Process;

impl Surroundings for Process {
    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok().filter(|value| !value.trim().is_empty())
    }

    fn file(&self, path: &str) -> Result<String, String> {
        fs::read_to_string(path).map_err(|error| format!("`{path}` cannot be read: {error}"))
    }

    fn policy_files(&self, path: &str) -> Result<Option<Vec<String>>, Vec<String>> {
        if !Path::new(path).is_dir() {
            return Ok(None);
        }
        let refused = |error| vec![format!("`{path}` cannot be listed: {error}")];
        let mut files = Vec::new();
        let mut problems = Vec::new();
        for entry in fs::read_dir(path).map_err(refused)? {
            let file = entry.map_err(refused)?.path();
            let name = file.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
            match policy::belongs(&name, file.is_dir()) {
                Ok(true) => files.push(file.to_string_lossy().into_owned()),
                Ok(false) => {}
                Err(problem) => problems.push(format!("`{}` {problem}", file.display())),
            }
        }
        let is_policy = |name: &String| {
            Path::new(name).extension().is_some_and(|extension| extension == "cedar")
        };
        if problems.is_empty() && !files.iter().any(is_policy) {
            problems.push(format!("there is no `.cedar` file in `{path}`"));
        }
        files.sort();
        problems.sort();
        if problems.is_empty() { Ok(Some(files)) } else { Err(problems) }
    }
}

struct Reader<'a, S> {
    from: &'a S,
    problems: Vec<SettingProblem>,
}

impl<S: Surroundings> Reader<'_, S> {
    fn problem(&mut self, variable: &str, problem: impl Into<String>) {
        self.problems
            .push(SettingProblem { variable: variable.to_owned(), problem: problem.into() });
    }

    fn required(&mut self, variable: &str, what: &str) -> String {
        self.from.variable(variable).unwrap_or_else(|| {
            self.problem(variable, format!("not set; {what}"));
            String::new()
        })
    }

    fn posture(&mut self) -> Posture {
        let Some(word) = self.from.variable(names::POSTURE) else { return Posture::default() };
        match word.as_str() {
            "observe" => Posture::Observe,
            "enforce" => Posture::Enforce,
            other => {
                let problem = format!("`{other}` is neither `observe` nor `enforce`");
                self.problem(names::POSTURE, problem);
                Posture::default()
            }
        }
    }

    fn topic(&mut self) -> String {
        let topic = self.required(names::TOPIC_ARN, "the ARN of the topic that alerts go to");
        let is_topic = topic.parse::<model::Arn>().is_ok_and(|arn| arn.service == "sns");
        if !topic.is_empty() && !is_topic {
            self.problem(names::TOPIC_ARN, format!("`{topic}` is not the ARN of an SNS topic"));
        }
        topic
    }

    /// Trust with the roles that the deployment itself names: whoever writes the trust file cannot know
    /// what `CloudFormation` will call them.
    fn trust(&mut self) -> Trust {
        let mut trust = self.trust_file();
        trust.own_roles.extend(self.own_roles());
        trust
    }

    fn own_roles(&mut self) -> Vec<String> {
        let listed = self.from.variable(names::OWN_ROLES).unwrap_or_default();
        let roles = listed.split(',').map(str::trim).filter(|role| !role.is_empty());
        let (exact, other): (Vec<_>, Vec<_>) = roles.map(str::to_owned).partition(|role| {
            let arn = role.parse::<model::Arn>();
            arn.is_ok_and(|arn| arn.service == "iam" && arn.resource.starts_with("role/"))
                // Whoever may create a role that fits a pattern would be out of reach.
                && !role.contains(['*', '?'])
        });
        for role in other {
            self.problem(names::OWN_ROLES, format!("`{role}` is not the exact ARN of a role"));
        }
        exact
    }

    fn trust_file(&mut self) -> Trust {
        let Some(value) = self.from.variable(names::TRUST) else { return Trust::default() };
        // A path has no `=`, and neither TOML nor JSON that says anything does without one or `{`.
        let inline = value.trim_start().starts_with('{') || value.contains('=');
        let text = if inline { Ok(value) } else { self.from.file(value.trim()) };
        match text.map(|text| Trust::parse(&text)) {
            Ok(Ok(trust)) => return trust,
            Ok(Err(error)) => {
                for problem in error.problems {
                    let told = if problem.key.is_empty() {
                        problem.problem
                    } else {
                        format!("`{}`: {}", problem.key, problem.problem)
                    };
                    self.problem(names::TRUST, told);
                }
            }
            Err(unreadable) => self.problem(names::TRUST, unreadable),
        }
        Trust::default()
    }

    fn policies(&mut self) -> Policies {
        let Some(path) = self.from.variable(names::POLICIES) else { return Policies::shipped() };
        if path.starts_with("s3://") {
            self.problem(
                names::POLICIES,
                "policies in S3 are not supported by this build: put them into the bundle",
            );
            return Policies::shipped();
        }
        let files = match self.from.policy_files(&path) {
            Ok(Some(files)) => files,
            Ok(None) => vec![path],
            Err(problems) => {
                for problem in problems {
                    self.problem(names::POLICIES, problem);
                }
                return Policies::shipped();
            }
        };
        let mut sources = Vec::with_capacity(files.len());
        for file in files {
            match self.from.file(&file) {
                Ok(text) => sources.push(Source::new(file, text)),
                Err(unreadable) => self.problem(names::POLICIES, unreadable),
            }
        }
        match Policies::load(&sources) {
            Ok(policies) => policies,
            Err(error) => {
                for problem in error.problems {
                    self.problem(names::POLICIES, problem.to_string());
                }
                Policies::shipped()
            }
        }
    }

    fn queue(&mut self) -> Option<String> {
        let url = self.from.variable(names::RECHECK_QUEUE_URL)?;
        if !url.starts_with("https://") && !url.starts_with("http://") {
            let problem = format!("`{url}` is not the URL of a queue");
            self.problem(names::RECHECK_QUEUE_URL, problem);
        }
        Some(url)
    }
}

impl Settings {
    /// Reads all settings.
    ///
    /// # Errors
    /// [`SettingsError`] with everything that is wrong, so that one deployment mends it all.
    pub(crate) fn read(from: &impl Surroundings) -> Result<Self, SettingsError> {
        let mut reader = Reader { from, problems: Vec::new() };
        let settings = Self {
            posture: reader.posture(),
            table: reader.required(names::TABLE, "the name of the ledger's table"),
            topic: reader.topic(),
            trust: reader.trust(),
            policies: reader.policies(),
            paused: from.variable(names::PAUSED),
            recheck_queue: reader.queue(),
        };
        reader.required(names::REGION, "Lambda sets it");
        reader.required(names::RUNTIME_API, "Lambda sets it: this program runs as its function");
        if reader.problems.is_empty() {
            Ok(settings)
        } else {
            Err(SettingsError { problems: reader.problems })
        }
    }
}

#[cfg(test)]
mod tests;
