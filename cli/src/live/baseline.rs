//! `snapback baseline take` over the live account.

use std::io::Write;

use anstyle::Style;
use aws::{ledger::Table, s3};
use controls::PlannedRemedy;
use model::{ControlId, Posture, Resource, Target};
use policy::Policies;
use respond::{CloudError, Settings, Taken};
use serde_json::{Value, json};

use super::{Account, Piped, RunClock, pipelines};
use crate::{
    args::{Format, TakeArgs},
    exit::{Exit, Failure},
    replay::{chosen, said},
    settings,
    text::{BOLD, DIM, field, line_of, paint, safe, width},
};

/// Reads every resource that a control keeps a baseline of, and keeps those of what is right.
///
/// # Errors
/// As [`crate::baseline::take`].
pub(crate) fn take(args: &TakeArgs, out: &mut dyn Write) -> Result<Exit, Failure> {
    let (trust, _) = settings::trust(args.trust.as_deref())?;
    let account = Account::reach(&trust, args.endpoint_url.as_deref())?;
    let Account { runtime, session, identity, trust } = &account;
    let region = session.region();
    let buckets = runtime.block_on(s3::list_buckets(session)).map_err(|error| {
        Failure::Usage(format!("the buckets cannot be listed: {}", said(&error)))
    })?;
    let ours = &identity.account;
    let mut targets: Vec<Target> = vec![Resource::account(ours.clone(), &region).into()];
    targets.extend(
        buckets.iter().map(|bucket| Resource::bucket(bucket, ours.clone(), &region).into()),
    );
    // Nothing is decided here; what is written is the ledger alone.
    let pipeline_settings = Settings::new(Policies::shipped(), trust.clone(), Posture::Observe);
    let table = Table::new(session, &args.table);
    let wanted = chosen(&args.controls);
    let asked: Vec<Box<dyn Piped>> =
        pipelines(session, &pipeline_settings, &|| table.clone(), RunClock(None))
            .into_iter()
            .filter(|pipeline| wanted.iter().any(|control| control.id() == pipeline.id()))
            .collect();
    let mut tally = Tally::default();
    for target in &targets {
        for pipeline in &asked {
            let taken = pipeline.take_baseline(runtime, target);
            tally.count(&taken);
            tell(args.format, pipeline.id(), target, &taken, out)?;
        }
    }
    if args.format == Format::Text {
        let Tally { kept, wrong, unread } = tally;
        let text = format!("{kept} kept, {wrong} wrong and not kept, {unread} not readable");
        writeln!(out, "{}", paint(BOLD, &text))?;
    }
    Ok(if tally.unread == 0 { Exit::Success } else { Exit::Failure })
}

#[derive(Debug, Default, Clone, Copy)]
struct Tally {
    kept: u64,
    wrong: u64,
    unread: u64,
}

impl Tally {
    fn count(&mut self, taken: &Result<Taken<PlannedRemedy>, CloudError>) {
        let counter = match taken {
            Ok(Taken::Kept) => &mut self.kept,
            Ok(Taken::Wrong(_)) => &mut self.wrong,
            Ok(Taken::NothingToKeep | Taken::Gone) => return,
            Err(_) => &mut self.unread,
        };
        *counter = counter.saturating_add(1);
    }
}

/// One line, or block, for each baseline that was kept or could not be.
fn tell(
    format: Format,
    control: ControlId,
    target: &Target,
    taken: &Result<Taken<PlannedRemedy>, CloudError>,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let (word, details) = match taken {
        Ok(Taken::NothingToKeep | Taken::Gone) => return Ok(()),
        Ok(Taken::Kept) => ("kept", Vec::new()),
        Ok(Taken::Wrong(findings)) => {
            let told =
                findings.iter().map(|finding| format!("{}: {}", finding.code, finding.title));
            ("wrong", told.collect())
        }
        Err(error) => ("unreadable", vec![said(error)]),
    };
    let arn = &target.resource.arn;
    match format {
        Format::Json => {
            let because: Vec<Value> = details.into_iter().map(Value::from).collect();
            let line = json!({
                "control": control,
                "resource": {"type": target.resource.kind(), "arn": arn},
                "baseline": word,
                "because": because,
            });
            writeln!(out, "{line}")?;
        }
        Format::Text => {
            let mut text = String::new();
            let style = if word == "kept" { DIM } else { BOLD };
            line_of(&mut text, &format!("{}  {control}  {}", paint(style, word), safe(arn)));
            for detail in details {
                field(&mut text, "", &safe(&detail), Style::new(), width());
            }
            out.write_all(text.as_bytes())?;
        }
    }
    Ok(())
}
