//! The form for programs: one JSON object, always with the same members.
//!
//! Texts that others choose are encoded here too (see [`crate::encode`]): a program that passes one
//! on to a chat or a terminal must not pass on what it does there. Ordinary names are unchanged.

use chrono::SecondsFormat;
use model::{Timestamp, catalogue};
use serde_json::{Value, json};

use crate::{
    Alert, AlertFinding, encode,
    limits::{Limits, fact, first, omitted},
    sns,
};

/// The form's name and version. Members may be added; none changes its meaning or goes away within a
/// version.
pub(crate) const SCHEMA: &str = "snapback.alert/1";

pub(crate) fn json(alert: &Alert) -> String {
    Limits::fullest(|limits, shortened| document(alert, limits, shortened).to_string())
}

fn document(alert: &Alert, limits: &Limits, shortened: bool) -> Value {
    let text = |text: &str| encode::within(text, limits.value);
    let name = |text: &str| encode::name_within(text, limits.name);
    let maybe = |value: Option<&str>| value.map(text);
    let named = |value: Option<&str>| value.map(|value| encode::name_within(value, limits.value));
    let actor = &alert.actor;
    let (findings, left) = first(&alert.findings, limits.findings);
    json!({
        "schema": SCHEMA,
        "control": alert.control,
        "severity": sns::severity(alert),
        "response": sns::response(alert),
        "posture": alert.posture,
        "event": {
            "id": named(alert.event_id.as_deref()),
            "name": named(alert.event_name.as_deref()),
            "time": alert.event_time.map(time),
        },
        "account": named(alert.account.as_ref().map(model::AccountId::as_str)),
        "region": named(alert.region.as_deref()),
        "actor": {
            "kind": actor.kind,
            "id": name(&actor.id),
            "arn": actor.arn.as_ref().map(|arn| name(arn)),
            "account": named(actor.account.as_ref().map(model::AccountId::as_str)),
            "session": named(actor.session.as_deref()),
            "invoked_by": named(actor.invoked_by.as_deref()),
            "source_ip": named(actor.source_ip.as_deref()),
            "user_agent": maybe(actor.user_agent.as_deref()),
            "mfa": actor.mfa,
        },
        "resource": alert.resource.as_ref().map(|resource| json!({
            "type": resource.kind(),
            "arn": name(&resource.arn),
            "account": name(resource.account.as_str()),
            "region": name(&resource.region),
        })),
        "problem": maybe(alert.problem.as_deref()),
        "findings": findings.iter().map(|one| finding(alert, one, limits)).collect::<Vec<_>>(),
        "findings_omitted": left,
        "shortened": shortened,
        "at": time(alert.at),
    })
}

fn finding(alert: &Alert, finding: &AlertFinding, limits: &Limits) -> Value {
    let text = |text: &str| encode::within(text, limits.value);
    let name = |text: &str| encode::name_within(text, limits.value);
    let entry = catalogue::describe(&finding.code);
    let (because, becauses_left) = first(&finding.decision.because, limits.items);
    let (errors, errors_left) = first(&finding.decision.errors, limits.items);
    let (operations, operations_left) = first(&finding.operations, limits.items);
    let evidence: Vec<_> = finding.evidence.iter().collect();
    let (evidence, evidence_left) = first(&evidence, limits.items);
    let mut facts: serde_json::Map<String, Value> =
        evidence.iter().map(|(key, value)| (name(key), fact(key, value, limits))).collect();
    if evidence_left > 0 {
        facts.insert("…".to_owned(), omitted(evidence_left).into());
    }
    json!({
        "code": name(&finding.code),
        "title": text(&finding.title),
        "meaning": entry.meaning,
        "severity": finding.severity,
        "category": entry.category,
        "effective": finding.effective,
        "evidence": facts,
        "decision": {
            "response": finding.decision.response,
            "because": because.iter().map(|one| json!({
                "policy": name(&one.policy),
                "effect": one.effect,
                "meaning": alert.meanings.get(&one.policy).map(|meaning| text(meaning)),
            })).collect::<Vec<_>>(),
            "because_omitted": becauses_left,
            "errors": errors.iter().map(|error| text(error)).collect::<Vec<_>>(),
            "errors_omitted": errors_left,
        },
        "outcome": finding.outcome,
        "held_back": finding.held_back.as_deref().map(text),
        "operations": operations.iter().map(|one| json!({
            "operation": name(&one.operation),
            "parameters": fact("parameters", &one.parameters, limits),
        })).collect::<Vec<_>>(),
        "operations_omitted": operations_left,
        "entry": finding.entry.as_ref().map(|entry| name(&entry.0)),
        "repeats": finding.repeats,
        "compliance": entry.compliance().map(|row| json!({
            "detection": row.detection,
            "title": row.title,
            "security_hub": row.security_hub,
            "cis_v3": row.cis_v3,
            "cis_v5": row.cis_v5,
            "nist_800_53_r5": row.nist_800_53_r5,
            "pci_dss_v4": row.pci_dss_v4,
            "hipaa": row.hipaa,
            "soc2": row.soc2,
        })),
    })
}

pub(crate) fn time(at: Timestamp) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
