//! What can be typed: subcommands, flags, help.
//!
//! The doc comments below are the help texts. Parsing only; nothing here opens a file.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum, builder::PossibleValuesParser};
use clap_complete::Shell;
use iam_document::Kind;
use model::{Posture, Timestamp};

const EXAMPLES: &str = "\
Examples:
  snapback replay events                        a tour of the samples
  snapback replay trail/ --trust trust.toml     an archived trail, as production would judge it
  snapback inspect --kind trust-policy role.json
  snapback policy check policies

Exit codes:
  0   done
  1   an input could not be read, or a check failed
  2   with --exit-code: something would be alerted or tagged
  3   with --exit-code: something would be reverted
  64  the command was not understood, or a settings file is not right";

/// Snapback answers changes in an AWS account: is this wrong, and how far may we go?
///
/// This command asks the same questions offline, over sample events and archived trails, with the
/// same controls and policies as the Lambda functions. It writes nothing unless `--apply` says so.
#[derive(Debug, Parser)]
#[command(name = "snapback", version, after_help = EXAMPLES, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands, one file each.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Judge recorded events: what is wrong, what would be done, and why.
    Replay(ReplayArgs),
    /// Judge one IAM document, ACL or security group: who is let in, and by which statement.
    Inspect(InspectArgs),
    /// Check and test Cedar policies.
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// The controls: which questions are asked, of which calls.
    #[command(subcommand)]
    Controls(ControlsCommand),
    /// What a resource was when all was right with it, for telling later what was taken away.
    #[command(subcommand)]
    Baseline(BaselineCommand),
    /// Print a completion script for a shell.
    #[command(after_help = "\
Examples:
  snapback completions bash > ~/.local/share/bash-completion/completions/snapback
  snapback completions zsh > ~/.zfunc/_snapback")]
    Completions {
        /// The shell.
        shell: Shell,
    },
}

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs: one JSON object a line.
    Json,
}

/// [`Posture`] as an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PostureArg {
    /// Write nothing: every response is an alert at most.
    Observe,
    /// Do what the policy permits.
    Enforce,
}

impl From<PostureArg> for Posture {
    fn from(arg: PostureArg) -> Self {
        match arg {
            PostureArg::Observe => Self::Observe,
            PostureArg::Enforce => Self::Enforce,
        }
    }
}

/// Arguments of `snapback replay`.
#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("account").args(["live", "apply"]),
    after_help = "\
Reads an EventBridge envelope, a bare CloudTrail record, a CloudTrail file ({\"Records\": [...]}),
JSON lines, SQS and SNS wrappings, each also gzipped. In a folder, files named .json, .jsonl,
.ndjson, .log, .gz or without extension are read, in order of their names; hidden ones and a trail's
CloudTrail-Digest folders are left out.

Offline, a record is judged by what it carries. What it does not carry is `unclear`, with the calls
that would be made to find out; --state supplies their responses.

Examples:
  snapback replay events
  snapback replay trail/2026/03/ --format json --exit-code
  aws s3 cp s3://amzn-s3-demo-trail/a.json.gz - | snapback replay -
  snapback replay change.json --control s3-public-acl --posture observe
  snapback replay change.json --policies policies --trust trust.toml --now 2026-03-01T00:00:00Z"
)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that people type")]
pub struct ReplayArgs {
    /// Files or folders of events; `-` is standard input.
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Ask only this control (may be repeated).
    #[arg(long = "control", value_name = "ID", value_parser = control_ids())]
    pub controls: Vec<String>,
    /// Decide by the policies in this folder instead of the shipped ones.
    #[arg(long, value_name = "DIR")]
    pub policies: Option<PathBuf>,
    /// Whom and what the account trusts (TOML or JSON).
    #[arg(long, value_name = "FILE")]
    pub trust: Option<PathBuf>,
    /// Live state for offline use: a JSON object of ARN to API responses, null where it is gone.
    #[arg(long, value_name = "FILE", conflicts_with = "account")]
    pub state: Option<PathBuf>,
    /// Whether writes are armed in the decisions.
    #[arg(long, value_enum, default_value = "enforce")]
    pub posture: PostureArg,
    /// Decide as if it were then (RFC 3339) [default: the time now].
    #[arg(long, value_name = "RFC3339", value_parser = timestamp)]
    pub now: Option<Timestamp>,
    /// Read the state from the account that the environment's credentials belong to.
    #[arg(long)]
    pub live: bool,
    /// Read the account and do what is decided, after asking.
    #[arg(long)]
    pub apply: bool,
    /// Do not ask before writing.
    #[arg(long, requires = "apply")]
    pub yes: bool,
    /// Talk to this endpoint instead of AWS: an emulator.
    #[arg(long, value_name = "URL", requires = "account")]
    pub endpoint_url: Option<String>,
    /// How to write the results.
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
    /// Exit 1 when a record was malformed.
    #[arg(long)]
    pub strict: bool,
    /// Exit 2 when something would be alerted or tagged, 3 when something would be reverted.
    #[arg(long)]
    pub exit_code: bool,
}

/// Arguments of `snapback inspect`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  snapback inspect --kind bucket-policy bucket.json --account 111122223333
  aws iam get-role --role-name deploy --query Role.AssumeRolePolicyDocument |
    snapback inspect --kind trust-policy -
  snapback inspect --batch documents.jsonl

A line of --batch is {\"id\": ..., \"kind\": ..., \"document\": ..., \"context\": {...}}; it is answered by
one line of JSON with the same id. The other flags stand in for what a line leaves out.")]
pub struct InspectArgs {
    /// What the document is.
    #[arg(long, value_name = "KIND", value_parser = kinds(), required_unless_present = "batch")]
    pub kind: Option<String>,
    /// Whom and what the account trusts (TOML or JSON).
    #[arg(long, value_name = "FILE")]
    pub trust: Option<PathBuf>,
    /// The account that owns the document.
    #[arg(long, value_name = "ID")]
    pub account: Option<String>,
    /// The organization of that account, `o-...`.
    #[arg(long, value_name = "ID")]
    pub org: Option<String>,
    /// An account that is as good as our own (may be repeated).
    #[arg(long = "trusted-account", value_name = "ID")]
    pub trusted_accounts: Vec<String>,
    /// How to write the result; --batch always writes JSON.
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
    /// Read JSON lines of documents and answer one line each.
    #[arg(long)]
    pub batch: bool,
    /// The document; `-` is standard input.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// `snapback policy …`
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Validate the policies in a folder: syntax, types, ids, exceptions.
    #[command(after_help = "\
Every problem is named with file, line and column, and how to mend it. Exceptions that have expired
are pointed out. Exits 1 when a function would refuse the policies.

Examples:
  snapback policy check policies")]
    Check {
        /// The folder of `.cedar` files.
        #[arg(value_name = "DIR")]
        folder: PathBuf,
        /// Check as if it were then (RFC 3339) [default: the time now].
        #[arg(long, value_name = "RFC3339", value_parser = timestamp)]
        now: Option<Timestamp>,
    },
    /// Run the cases in a folder's `tests`: expected response and expected reasons.
    #[command(after_help = "\
Cases are the JSON files in DIR/tests. Exits 1 when a case does not come out as expected.

Examples:
  snapback policy test policies")]
    Test {
        /// The folder of `.cedar` files, with the cases in its folder `tests`.
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
}

/// `snapback controls …`
#[derive(Debug, Subcommand)]
pub enum ControlsCommand {
    /// List the controls.
    List {
        /// How to write them.
        #[arg(long, value_enum, default_value = "text")]
        format: Format,
    },
    /// Show one control: the calls it looks at, what it reads, the permissions it needs.
    #[command(after_help = "\
Examples:
  snapback controls show s3-public-acl")]
    Show {
        /// The control.
        #[arg(value_name = "ID", value_parser = control_ids())]
        id: String,
        /// How to write it.
        #[arg(long, value_enum, default_value = "text")]
        format: Format,
    },
}

/// `snapback baseline …`
#[derive(Debug, Subcommand)]
pub enum BaselineCommand {
    /// Read every bucket and the account, and keep what is right as the state to compare with.
    #[command(after_help = "\
What is wrong with a resource is listed, and nothing is kept of it. Whatever was kept before is
replaced: to take a baseline is to agree with what is there. Needs `--features live`, and nothing but
reads and writes to the ledger's table.

Examples:
  snapback baseline take --table snapback-LedgerTable-1ABC --trust trust.toml
  snapback baseline take --table TABLE --control s3-bucket-policy")]
    Take(TakeArgs),
}

/// Arguments of `snapback baseline take`.
#[derive(Debug, Args)]
pub struct TakeArgs {
    /// The ledger's table: the stack's output `LedgerTableName`.
    #[arg(long, value_name = "NAME")]
    pub table: String,
    /// Only for this control (may be repeated).
    #[arg(long = "control", value_name = "ID", value_parser = control_ids())]
    pub controls: Vec<String>,
    /// Whom and what the account trusts (TOML or JSON).
    #[arg(long, value_name = "FILE")]
    pub trust: Option<PathBuf>,
    /// Talk to this endpoint instead of AWS: an emulator.
    #[arg(long, value_name = "URL")]
    pub endpoint_url: Option<String>,
    /// How to write the results.
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
}

fn control_ids() -> PossibleValuesParser {
    PossibleValuesParser::new(controls::all().iter().map(|control| control.id().as_str()))
}

fn kinds() -> PossibleValuesParser {
    PossibleValuesParser::new(Kind::ALL.map(Kind::as_str))
}

fn timestamp(text: &str) -> Result<Timestamp, String> {
    text.parse().map_err(|error| format!("{error}; write it like 2026-03-01T00:00:00Z"))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn live_and_apply_exclude_each_other_and_a_state_file() {
        for flags in [&["--live", "--apply"][..], &["--live", "--state", "s.json"], &["--yes"]] {
            let line = ["snapback", "replay", "x"].iter().chain(flags);
            assert!(Cli::try_parse_from(line).is_err(), "{flags:?}");
        }
    }

    #[test]
    fn replay_enforces_unless_told_otherwise() {
        let cli = Cli::try_parse_from(["snapback", "replay", "x"]).unwrap();
        let Command::Replay(args) = cli.command else { panic!("replay expected") };
        assert_eq!(Posture::from(args.posture), Posture::Enforce);
        assert_eq!(args.format, Format::Text);
    }

    #[test]
    fn every_subcommand_explains_itself_with_an_example() {
        let mut stack = vec![Cli::command()];
        while let Some(command) = stack.pop() {
            stack.extend(command.get_subcommands().cloned());
            let leaf = command.get_subcommands().next().is_none();
            let listing = command.get_name() == "list";
            assert!(command.get_about().is_some(), "{}", command.get_name());
            if leaf && !listing {
                let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
                assert!(help.contains("Examples:"), "{}", command.get_name());
            }
        }
    }
}
