//! What a record tells: which role, and the document that now says who may assume it.

use events::{
    Event, Record,
    parameters::{FromMembers, Object, Unusable},
};
use model::{Arn, Resource, ResourceId, Target};

use super::{SUBSCRIPTIONS, state::TrustState};
use crate::{Triage, control::passed_over};

const CREATE: &str = "CreateRole";

pub(super) fn triage(event: &Event) -> Triage {
    let record = &event.record;
    if let Some(passed_over) = passed_over(SUBSCRIPTIONS, event) {
        return passed_over;
    }
    match role(record) {
        Ok(resource) => Triage::Mine(Target::from(resource)),
        Err(what) => {
            let name = &record.event_name;
            Triage::Malformed(format!("which role `{name}` changed cannot be said: {what}"))
        }
    }
}

/// What a call says of the role; the documents beside it are left alone.
struct Named {
    role: Result<String, Unusable>,
    /// `CreateRole` alone tells a path; none means `/`.
    path: Result<String, Unusable>,
    arn: Option<String>,
}

impl FromMembers for Named {
    fn from_members(object: &Object<'_>) -> Self {
        Self {
            role: object.text("roleName"),
            path: object.text("path"),
            arn: object.text("arn").ok(),
        }
    }
}

/// `responseElements.role` of `CreateRole`.
struct Answered(Option<Named>);

impl FromMembers for Answered {
    fn from_members(object: &Object<'_>) -> Self {
        Self(object.object("role").ok().map(|role| Named::from_members(&role)))
    }
}

/// The role that a record names: by its ARN where a created role's is told, else by its name.
fn role(record: &Record) -> Result<Resource, String> {
    let account = record
        .account
        .clone()
        .ok_or_else(|| "neither record nor envelope names an account".to_owned())?;
    let region = record.region.as_deref().unwrap_or_default();
    let created = record.event_name == CREATE;
    let answered = if created {
        record.response::<Answered>().ok().and_then(|answered| answered.0)
    } else {
        None
    };
    let asked = record.parameters::<Named>();
    let path = match &asked {
        Ok(Named { path: Ok(path), .. }) => Some(path.clone()),
        Ok(_) | Err(_) => answered.as_ref().and_then(|answered| answered.path.clone().ok()),
    };
    let name = asked
        .and_then(|asked| asked.role)
        .or_else(|unusable| {
            answered.as_ref().and_then(|answered| answered.role.clone().ok()).ok_or(unusable)
        })
        .map_err(|unusable| unusable.to_string())?;
    let mut resource = Resource::role(&name, account, region);
    let told = answered.and_then(|answered| answered.arn);
    if let Some(arn) = told.filter(|arn| path_in(arn, &name).is_some()) {
        resource.arn = arn;
    } else if let Some(path) = path.filter(|path| created && is_path(path)) {
        let (bare, pathed) = (format!(":role/{name}"), format!(":role{path}{name}"));
        resource.arn = resource.arn.replace(&bare, &pathed);
    }
    Ok(resource)
}

/// Source: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html>.
fn is_path(path: &str) -> bool {
    path.starts_with('/') && path.ends_with('/')
}

/// The path of the role that an ARN names; `None`: it is the ARN of something else.
pub(super) fn path_in(arn: &str, role: &str) -> Option<String> {
    let arn: Arn = arn.parse().ok().filter(|arn: &Arn| arn.service == "iam")?;
    let path = arn.resource.strip_prefix("role")?.strip_suffix(role)?;
    is_path(path).then(|| path.to_owned())
}

pub(super) fn project(event: &Event, target: &Target) -> Option<TrustState> {
    let record = &event.record;
    let ResourceId::Role { name } = &target.resource.id else { return None };
    // Only of a role in the making does the record tell the path.
    let path = path_in(&target.resource.arn, name).filter(|_| record.event_name == CREATE);
    Some(TrustState {
        name: name.clone(),
        arn: path.is_some().then(|| target.resource.arn.clone()),
        path,
        document: document(record)?,
    })
}

/// The trust document of a call.
struct Set(Result<String, Unusable>);

impl FromMembers for Set {
    fn from_members(object: &Object<'_>) -> Self {
        let names = ["policyDocument", "assumeRolePolicyDocument"];
        let name = object.get_any(&names).map_or("policyDocument", |(name, _)| name);
        Self(object.document(name))
    }
}

/// The document that a created role was answered with.
struct SetAnswered(Option<String>);

impl FromMembers for SetAnswered {
    fn from_members(object: &Object<'_>) -> Self {
        let role = object.object("role").ok();
        Self(role.and_then(|role| Set::from_members(&role).0.ok()))
    }
}

/// The document that the call set. One that is there and cannot be used is kept as no document at
/// all, which is told as such; only one that is plainly absent leaves the question open.
fn document(record: &Record) -> Option<String> {
    record
        .parameters::<Set>()
        .and_then(|set| set.0)
        .or_else(|unusable| {
            let answered = record.response::<SetAnswered>().ok().and_then(|answered| answered.0);
            answered
                .map_or_else(|| if unusable.is_absent() { Err(()) } else { Ok(String::new()) }, Ok)
        })
        .ok()
}
