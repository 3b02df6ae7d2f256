//! `snapback inspect`: one document, or lines of them.

mod batch;
mod words;

use std::{
    collections::BTreeSet,
    fs,
    io::{self, BufReader, Read, Write},
    path::Path,
};

use iam_document::{Context, Kind, Verdict, inspect};
use model::{AccountId, Trust};
use serde_json::{Map, Value, json};

use crate::{
    args::{Format, InspectArgs},
    exit::{Exit, Failure},
    replay::said,
    settings, text,
};

/// The largest input that is read: far beyond any document AWS accepts.
const LARGEST: u64 = 64 * 1024 * 1024;

/// Judges what the arguments name.
///
/// # Errors
/// When the document or a settings file cannot be read, or the output cannot be written. A
/// document that is no document is an answer, not an error.
pub fn run(args: &InspectArgs, out: &mut dyn Write) -> Result<Exit, Failure> {
    let (trust, beside) = trust(args)?;
    let context = Context::from_trust(trust).with_json(&beside.into()).map_err(|error| {
        Failure::Settings { what: "trust file".to_owned(), problems: vec![said(&error)] }
    })?;
    let kind = args.kind.as_deref().and_then(|kind| kind.parse::<Kind>().ok());
    if args.batch {
        let name = name(&args.file);
        let batch = batch::Batch { name: &name, kind, context };
        return batch.run(BufReader::new(open(&args.file)?), out);
    }
    let Some(kind) = kind else {
        return Err(Failure::Usage("`--kind` is needed".to_owned()));
    };
    let mut document = String::new();
    open(&args.file)?
        .take(LARGEST)
        .read_to_string(&mut document)
        .map_err(|source| Failure::Input { name: name(&args.file), source })?;
    let verdict = inspect(kind, document.trim_start_matches('\u{feff}'), &context);
    match args.format {
        Format::Json => writeln!(out, "{}", detailed(kind, &verdict))?,
        Format::Text => {
            let words = words::Words { kind, name: &name(&args.file), width: text::width() };
            out.write_all(words.verdict(&verdict).as_bytes())?;
        }
    }
    Ok(Exit::Success)
}

fn name(file: &Path) -> String {
    file.to_string_lossy().into_owned()
}

fn open(file: &Path) -> Result<Box<dyn Read>, Failure> {
    if file == Path::new("-") {
        return Ok(Box::new(io::stdin()));
    }
    let failed = |source| Failure::Input { name: name(file), source };
    Ok(Box::new(fs::File::open(file).map_err(failed)?))
}

/// The trust file with what the other flags add to it.
fn trust(args: &InspectArgs) -> Result<(Trust, Map<String, Value>), Failure> {
    let (mut trust, beside) = settings::trust(args.trust.as_deref())?;
    let mut problems = Vec::new();
    let mut account = |flag: &str, id: &str| {
        let id = AccountId::from(id);
        if !id.is_well_formed() {
            problems.push(format!("`{flag} {id}`: an account id has twelve digits"));
        }
        id
    };
    if let Some(id) = &args.account {
        trust.account_id = Some(account("--account", id));
    }
    let trusted: BTreeSet<AccountId> =
        args.trusted_accounts.iter().map(|id| account("--trusted-account", id)).collect();
    trust.trusted_accounts.extend(trusted);
    if let Some(org) = &args.org {
        if !org.starts_with("o-") {
            problems.push(format!("`--org {org}`: an organization id begins with `o-`"));
        }
        trust.org_id = Some(org.clone());
    }
    if problems.is_empty() { Ok((trust, beside)) } else { Err(Failure::Usage(problems.join("\n"))) }
}

/// The members of a batch line, and beside them the place of every finding.
fn detailed(kind: Kind, verdict: &Verdict) -> Value {
    let mut line = json!({ "kind": kind });
    let places: Vec<Value> = verdict.findings.iter().map(|judged| json!(judged)).collect();
    if let (Some(line), Ok(Value::Object(members))) =
        (line.as_object_mut(), serde_json::to_value(verdict))
    {
        line.extend(members);
        line.insert("because".to_owned(), json!(places));
        line.insert("unclear".to_owned(), json!(verdict.unclear));
    }
    line
}
