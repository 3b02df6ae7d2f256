//! `snapback controls`: which questions are asked.

use std::io::Write;

use anstyle::Style;
use controls::AnyControl;
use serde_json::json;

use crate::{
    args::Format,
    exit::{Exit, Failure},
    text::{BOLD, CYAN, Cell, DIM, field, line_of, paint, table, width},
};

/// Lists every control.
///
/// # Errors
/// When the output cannot be written.
pub fn list(format: Format, out: &mut dyn Write) -> Result<Exit, Failure> {
    match format {
        Format::Json => {
            for control in controls::all() {
                writeln!(out, "{}", json(*control))?;
            }
        }
        Format::Text => {
            let rows: Vec<Vec<Cell>> = controls::all()
                .iter()
                .map(|control| {
                    let calls = control.subscriptions().len().to_string();
                    vec![Cell::new(control.id().as_str(), BOLD), Cell::new(calls, Style::new())]
                })
                .collect();
            out.write_all(table(&["control", "calls"], &rows).as_bytes())?;
            let hint = "`snapback controls show ID` tells what one looks at, reads and may do.";
            writeln!(out, "\n{}", paint(DIM, hint))?;
        }
    }
    Ok(Exit::Success)
}

/// Shows one control.
///
/// # Errors
/// [`Failure::Usage`] when there is no such control; or the output cannot be written.
pub fn show(id: &str, format: Format, out: &mut dyn Write) -> Result<Exit, Failure> {
    let control = controls::all()
        .iter()
        .find(|control| control.id().as_str() == id)
        .ok_or_else(|| Failure::Usage(format!("there is no control `{id}`")))?;
    match format {
        Format::Json => writeln!(out, "{}", json(*control))?,
        Format::Text => out.write_all(described(*control, width()).as_bytes())?,
    }
    Ok(Exit::Success)
}

fn json(control: &dyn AnyControl) -> serde_json::Value {
    let calls: Vec<serde_json::Value> = control
        .subscriptions()
        .iter()
        .map(|call| json!({"event_source": call.event_source, "event_name": call.event_name}))
        .collect();
    json!({
        "control": control.id(),
        "events": calls,
        "reads": control.reads(),
        "read_actions": control.read_actions(),
        "write_actions": control.write_actions(),
    })
}

fn described(control: &dyn AnyControl, width: usize) -> String {
    let mut out = String::new();
    line_of(&mut out, &paint(BOLD, control.id().as_str()));
    let calls: Vec<String> = control
        .subscriptions()
        .iter()
        .map(|call| format!("{} ({})", call.event_name, call.event_source))
        .collect();
    let parts = [
        ("events", calls),
        ("reads", control.reads().iter().map(ToString::to_string).collect()),
        ("may read", control.read_actions().iter().map(ToString::to_string).collect()),
        ("may write", control.write_actions().iter().map(ToString::to_string).collect()),
    ];
    for (label, items) in parts {
        field(&mut out, label, &items.join(", "), Style::new(), width);
    }
    let page = format!("docs/controls/{}.md", control.id());
    field(&mut out, "page", &page, CYAN, width);
    out
}
