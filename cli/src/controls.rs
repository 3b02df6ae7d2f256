//! `snapback controls`: which questions are asked.

use std::io::Write;

use anstyle::Style;
use controls::AnyControl;
use serde_json::json;

use model::{Severity, catalogue};

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
                    let codes: usize = detections(*control).map(|row| row.codes().count()).sum();
                    let hub: Vec<&str> =
                        detections(*control).flat_map(|row| row.security_hub).copied().collect();
                    vec![
                        Cell::new(control.id().as_str(), BOLD),
                        Cell::new(calls, Style::new()),
                        Cell::new(codes.to_string(), Style::new()),
                        Cell::new(distinct(hub).join(" "), DIM),
                    ]
                })
                .collect();
            let head = ["control", "calls", "codes", "Security Hub"];
            out.write_all(table(&head, &rows).as_bytes())?;
            let hint =
                "`snapback controls show ID` tells what one looks at, finds, reads and may do.";
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

/// The rows of the frameworks' table that are a control's.
fn detections(
    control: &dyn AnyControl,
) -> impl Iterator<Item = &'static catalogue::Compliance> + use<> {
    let id = control.id();
    catalogue::COMPLIANCE.iter().filter(move |row| row.control == id.as_str())
}

fn distinct(mut ids: Vec<&'static str>) -> Vec<&'static str> {
    ids.sort_unstable();
    ids.dedup();
    ids
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
        "detections": detections(control).map(detection).collect::<Vec<_>>(),
    })
}

/// A detection with its codes and what the frameworks call it.
fn detection(row: &'static catalogue::Compliance) -> serde_json::Value {
    let codes: Vec<serde_json::Value> = row
        .codes()
        .map(|entry| {
            json!({
                "code": entry.code,
                "severity": entry.severity,
                "category": entry.category,
                "revert_by_default": entry.revert_by_default,
                "meaning": entry.meaning,
            })
        })
        .collect();
    let mut told = json!({"detection": row.detection, "title": row.title, "codes": codes});
    for (framework, ids) in row.frameworks() {
        if let Some(told) = told.as_object_mut() {
            told.insert(framework.to_owned(), json!(ids));
        }
    }
    told
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
    for row in detections(control) {
        out.push('\n');
        line_of(&mut out, &paint(BOLD, row.detection));
        field(&mut out, "", row.title, DIM, width);
        for entry in row.codes() {
            let style = if entry.severity >= Severity::High { BOLD } else { Style::new() };
            let reverted = if entry.revert_by_default { ", reverted by default" } else { "" };
            let text = format!("{}: {}{reverted}", entry.code, entry.meaning);
            field(&mut out, entry.severity.as_str(), &text, style, width);
        }
        for ((_, ids), name) in row.frameworks().into_iter().zip(FRAMEWORKS) {
            if !ids.is_empty() {
                field(&mut out, name, &ids.join(" "), DIM, width);
            }
        }
    }
    out.push('\n');
    let page = format!("docs/controls/{}.md", control.id());
    field(&mut out, "page", &page, CYAN, width);
    out
}

/// What people call the frameworks, in the order of [`catalogue::Compliance::frameworks`].
const FRAMEWORKS: [&str; 7] =
    ["Sec. Hub", "CIS 3.0", "CIS 5.0", "NIST r5", "PCI DSS 4", "HIPAA", "SOC 2"];
