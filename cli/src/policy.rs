//! `snapback policy`: the same checks that a function makes when it starts, and people's own cases.

use std::{io::Write, path::Path};

use model::{Because, Timestamp};
use policy::{Policies, Report, cases, check as judge_sources};

use crate::{
    exit::{Exit, Failure},
    settings,
    text::{BOLD, DIM, GREEN, RED, YELLOW, exact, paint},
};

/// Loads the policies of a folder, as `replay --policies` does.
///
/// # Errors
/// [`Failure::Settings`] with every problem.
pub fn load(folder: &Path) -> Result<Policies, Failure> {
    let read = settings::policy_folder(folder)?;
    let loaded = Policies::load(&read.sources());
    let mut problems = read.problems;
    match loaded {
        Ok(policies) if problems.is_empty() => return Ok(policies),
        Ok(_) => {}
        Err(errors) => problems.extend(errors.problems.iter().map(ToString::to_string)),
    }
    Err(Failure::Settings { what: format!("policy folder `{}`", folder.display()), problems })
}

/// Checks a folder.
///
/// # Errors
/// When the folder cannot be read or the output cannot be written.
pub fn check(folder: &Path, now: Option<Timestamp>, out: &mut dyn Write) -> Result<Exit, Failure> {
    let read = settings::policy_folder(folder)?;
    let report = judge_sources(&read.sources(), now.unwrap_or_else(settings::now));
    out.write_all(reported(&read.problems, &report).as_bytes())?;
    let valid = read.problems.is_empty() && report.problems.is_empty();
    Ok(if valid { Exit::Success } else { Exit::Failure })
}

/// What is said of a folder: of entries that cannot be used, and of the policies in the others.
fn reported(entries: &[String], report: &Report) -> String {
    let mut lines = Vec::new();
    for problem in entries {
        lines.push(format!("{} {}", paint(RED.bold(), "error:"), exact(problem)));
    }
    for problem in &report.problems {
        lines.push(format!("{} {}", paint(RED.bold(), "error:"), exact(&problem.to_string())));
    }
    for exception in &report.expired {
        let text = format!(
            "exception `{}` of {} expired on {}: remove it or renew it",
            exception.id,
            exception.owner,
            exception.expires.format("%Y-%m-%d")
        );
        lines.push(format!("{} {}", paint(YELLOW.bold(), "expired:"), exact(&text)));
    }
    for warning in &report.warnings {
        lines.push(format!("{} {}", paint(YELLOW, "warning:"), exact(&warning.to_string())));
    }
    let policies = crate::replay::summary::number(
        u64::try_from(report.policies).unwrap_or(u64::MAX),
        "policy",
        "policies",
    );
    let verdict = match &report.digest {
        Some(digest) if entries.is_empty() => format!(
            "{} {policies}, shipped ones included {}",
            paint(GREEN.bold(), "valid:"),
            paint(DIM, &format!("(sha256 {digest})"))
        ),
        Some(_) | None => {
            format!("{} a function would not start with it", paint(RED.bold(), "refused:"))
        }
    };
    lines.push(verdict);
    lines.join("\n") + "\n"
}

/// Runs the cases of a folder against its policies.
///
/// # Errors
/// When the folder or its cases cannot be read or are not right, or the output cannot be written.
pub fn test(folder: &Path, out: &mut dyn Write) -> Result<Exit, Failure> {
    let policies = match load(folder) {
        Ok(policies) => policies,
        Err(failure @ Failure::Settings { .. }) => {
            return told(&failure, out);
        }
        Err(failure) => return Err(failure),
    };
    let mut cases = Vec::new();
    let tests = folder.join("tests");
    let read = settings::case_folder(&tests)?;
    let mut problems = read.problems;
    for (name, text) in read.files {
        match cases::parse(&name, &text) {
            Ok(read) => cases.extend(read),
            Err(errors) => problems.extend(errors.problems.iter().map(ToString::to_string)),
        }
    }
    if !problems.is_empty() {
        let what = format!("folder of cases `{}`", tests.display());
        return told(&Failure::Settings { what, problems }, out);
    }
    let results = cases::run(&policies, &cases);
    let failed = results.iter().filter(|result| !result.passed).count();
    for result in &results {
        let name = exact(&result.name);
        if result.passed {
            writeln!(out, "{} {name}", paint(GREEN, "ok    "))?;
            continue;
        }
        let place = paint(DIM, &format!("({})", exact(&result.file)));
        writeln!(out, "{} {} {place}", paint(RED.bold(), "FAILED"), paint(BOLD, &name))?;
        let expected = ids(&result.expect.because);
        writeln!(out, "       expected {} because of {expected}", result.expect.response)?;
        let because: Vec<String> =
            result.decision.because.iter().map(|Because { policy, .. }| policy.clone()).collect();
        writeln!(out, "       decided  {} because of {}", result.decision.response, ids(&because))?;
        for error in &result.decision.errors {
            writeln!(out, "       not evaluated: {}", exact(error))?;
        }
    }
    let passed = results.len().saturating_sub(failed);
    writeln!(out, "\n{passed} of {} cases as expected", results.len())?;
    if results.is_empty() {
        writeln!(out, "there is no case in `{}`", folder.join("tests").display())?;
    }
    Ok(if failed == 0 && !results.is_empty() { Exit::Success } else { Exit::Failure })
}

fn ids(ids: &[String]) -> String {
    if ids.is_empty() {
        return "nothing".to_owned();
    }
    ids.iter().map(|id| exact(id)).collect::<Vec<_>>().join(", ")
}

/// A set or a case that is not right is what these commands are asked for: an answer.
fn told(failure: &Failure, out: &mut dyn Write) -> Result<Exit, Failure> {
    for line in failure.lines() {
        writeln!(out, "{}", exact(&line))?;
    }
    Ok(Exit::Failure)
}
