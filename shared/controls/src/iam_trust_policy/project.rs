//! What a record tells: which role, and the document that now says who may assume it.

use events::{
    Event, Record,
    parameters::{
        Field, Unusable,
        iam::{CreateRole, CreatedRole, UpdateAssumeRolePolicy},
    },
};
use model::{Arn, Resource, ResourceId, Target};

use super::{SUBSCRIPTIONS, state::TrustState};
use crate::{NotMine, Triage, control::subscribes};

pub(super) fn triage(event: &Event) -> Triage {
    let record = &event.record;
    if !subscribes(SUBSCRIPTIONS, record) {
        return Triage::NotMine(NotMine::NotCovered);
    }
    if record.failure().is_some() {
        return Triage::NotMine(NotMine::CallFailed);
    }
    match role(record) {
        Ok(resource) => Triage::Mine(Target::from(resource)),
        Err(what) => Triage::Malformed(format!(
            "which role `{}` changed cannot be said: {what}",
            record.event_name
        )),
    }
}

/// The role that a record names: by its ARN where a created role's is told, else by its name.
fn role(record: &Record) -> Result<Resource, String> {
    let account = record
        .account
        .clone()
        .ok_or_else(|| "neither record nor envelope names an account".to_owned())?;
    let region = record.region.as_deref().unwrap_or_default();
    let answered = created(record);
    let name = record
        .parameters::<CreateRole>()
        .and_then(|asked| asked.role)
        .or_else(|unusable| {
            answered.as_ref().and_then(|answered| answered.role.clone().ok()).ok_or(unusable)
        })
        .map_err(|unusable| unusable.to_string())?;
    let mut resource = Resource::role(&name, account, region);
    let told = answered.and_then(|answered| answered.arn.ok());
    if let Some(arn) = told.filter(|arn| names(arn, &name)) {
        resource.arn = arn;
    } else if let Some(path) = path(record).filter(|path| path != "/") {
        let suffix = format!(":role/{name}");
        resource.arn = resource.arn.replace(&suffix, &format!(":role{path}{name}"));
    }
    Ok(resource)
}

fn names(arn: &str, role: &str) -> bool {
    arn.parse::<Arn>().is_ok_and(|arn| {
        arn.service == "iam" && arn.resource.starts_with("role/") && arn.name() == role
    })
}

fn created(record: &Record) -> Option<CreatedRole> {
    record.response::<CreatedRole>().ok().filter(|_| record.event_name == "CreateRole")
}

/// The path of a role that a record tells the making of; `None`: it does not tell.
fn path(record: &Record) -> Option<String> {
    if record.event_name != "CreateRole" {
        return None;
    }
    let asked = record.parameters::<CreateRole>().ok().map(|asked| asked.path);
    match asked {
        Some(Ok(path)) if path.starts_with('/') && path.ends_with('/') => Some(path),
        Some(Err(unusable)) if unusable.is_absent() => Some("/".to_owned()),
        Some(_) | None => created(record).and_then(|answered| answered.path.ok()),
    }
}

pub(super) fn project(event: &Event, target: &Target) -> Option<TrustState> {
    let record = &event.record;
    let ResourceId::Role { name } = &target.resource.id else { return None };
    let path = path(record);
    Some(TrustState {
        name: name.clone(),
        arn: path.is_some().then(|| target.resource.arn.clone()),
        path,
        document: document(record)?,
    })
}

/// The document that the call set. One that is there and cannot be used is kept as no document at
/// all, which is told as such; only one that is plainly absent leaves the question open.
fn document(record: &Record) -> Option<String> {
    let asked: Field<String> = match record.event_name.as_str() {
        "CreateRole" => record.parameters::<CreateRole>().and_then(|asked| asked.document),
        _ => record.parameters::<UpdateAssumeRolePolicy>().and_then(|asked| asked.document),
    };
    match asked {
        Ok(document) => Some(document),
        Err(unusable) => {
            let answered = created(record).and_then(|answered| answered.document.ok());
            answered.or_else(|| match unusable {
                Unusable::Absent { .. } => None,
                Unusable::Omitted { .. } | Unusable::Malformed { .. } => Some(String::new()),
            })
        }
    }
}
