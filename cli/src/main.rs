//! The `snapback` command.

use std::{io::Write, process::ExitCode};

use clap::Parser;
use snapback::{
    args::{BaselineCommand, Cli, Command, ControlsCommand, PolicyCommand},
    baseline, completions, controls,
    exit::{Exit, Failure},
    inspect,
    output::{complain, people},
    policy, replay,
};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return unparsed(&error).into(),
    };
    let ended = match run(cli.command) {
        Ok(exit) => exit,
        Err(failure) => {
            let Some(exit) = failure.exit() else { return Exit::Success.into() };
            complain(&failure.lines().join("\n"));
            exit
        }
    };
    ended.into()
}

fn run(command: Command) -> Result<Exit, Failure> {
    let mut out = people();
    let exit = match command {
        Command::Replay(args) => {
            // It brings its own writer.
            drop(out);
            return replay::run(&args);
        }
        Command::Inspect(args) => inspect::run(&args, &mut out)?,
        Command::Policy(PolicyCommand::Check { folder, now }) => {
            policy::check(&folder, now, &mut out)?
        }
        Command::Policy(PolicyCommand::Test { folder }) => policy::test(&folder, &mut out)?,
        Command::Controls(ControlsCommand::List { format }) => controls::list(format, &mut out)?,
        Command::Controls(ControlsCommand::Show { id, format }) => {
            controls::show(&id, format, &mut out)?
        }
        Command::Baseline(BaselineCommand::Take(args)) => baseline::take(&args, &mut out)?,
        Command::Completions { shell } => completions::run(shell, &mut out)?,
    };
    out.flush().map_err(Failure::Output)?;
    Ok(exit)
}

/// Help and version are answers; anything else that could not be parsed is a usage error.
fn unparsed(error: &clap::Error) -> Exit {
    let printed = match error.print() {
        Ok(()) => true,
        // The reader of a pipe had seen enough.
        Err(error) => error.kind() == std::io::ErrorKind::BrokenPipe,
    };
    if error.use_stderr() || !printed { Exit::Usage } else { Exit::Success }
}
