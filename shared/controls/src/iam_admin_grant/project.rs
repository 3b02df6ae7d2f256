//! What a record says: who was given what, and the documents where it carries them.

use events::{
    Event, Record,
    parameters::{
        Field, Unusable,
        iam::{GrantCall, MadePolicy},
    },
};
use model::{Arn, Partition, Resource, Target};

use super::{
    SUBSCRIPTIONS, known,
    state::{
        Boundary, GROUP_NAME, Grant, GrantState, POLICY_ARN, POLICY_NAME, Permissions, STAGED,
        Source,
    },
};
use crate::{
    NotMine, Triage,
    control::{subscribes, without_source},
};

pub(super) fn triage(event: &Event) -> Triage {
    let record = &event.record;
    if !subscribes(SUBSCRIPTIONS, event) {
        return Triage::NotMine(NotMine::NotCovered);
    }
    if record.failure().is_some() {
        return Triage::NotMine(NotMine::CallFailed);
    }
    if let Some(unclear) = without_source(event) {
        return unclear;
    }
    match target(record) {
        Ok(Some(target)) => Triage::Mine(target),
        Ok(None) => Triage::NotMine(NotMine::NothingToAsk),
        Err(what) => {
            let name = &record.event_name;
            Triage::Malformed(format!("what `{name}` granted to whom cannot be said: {what}"))
        }
    }
}

/// What the record asks about; `None`: nothing.
fn target(record: &Record) -> Result<Option<Target>, String> {
    let account = record
        .account
        .clone()
        .ok_or_else(|| "neither record nor envelope names an account".to_owned())?;
    let region = record.region.as_deref().unwrap_or_default();
    let text = |unusable: Unusable| unusable.to_string();
    let asked = record.parameters::<GrantCall>().map_err(text)?;
    let name = record.event_name.as_str();
    let policy = |arn: &str| -> Result<Target, String> {
        let is_policy = |arn: &Arn| arn.service == "iam" && arn.resource.starts_with("policy/");
        if !arn.parse().as_ref().is_ok_and(is_policy) {
            return Err(format!("`{arn}` is not the ARN of a policy"));
        }
        Ok(Resource::managed_policy(arn, account.clone(), region).into())
    };
    if name == "CreatePolicy" {
        let arn = record.response::<MadePolicy>().ok().and_then(|made| made.arn.ok());
        let arn = if let Some(arn) = arn {
            arn
        } else {
            let partition = Partition::of_region(region);
            let path = asked.path.as_deref().unwrap_or("/");
            let policy = asked.policy.map_err(text)?;
            format!("arn:{partition}:iam::{account}:policy{path}{policy}")
        };
        return policy(&arn).map(Some);
    }
    if matches!(name, "CreatePolicyVersion" | "SetDefaultPolicyVersion") {
        let target = policy(&asked.policy_arn.map_err(text)?)?;
        let staged = name == "CreatePolicyVersion" && is_staged(&asked.as_default);
        let version = record.response::<MadePolicy>().ok().and_then(|made| made.version.ok());
        return Ok(Some(match version.filter(|_| staged) {
            Some(version) => target.with(STAGED, &version),
            None => target,
        }));
    }
    let has_boundary = asked.has_boundary();
    let holder: Target = if name.contains("Role") {
        Resource::role(&asked.role.map_err(text)?, account.clone(), region).into()
    } else if name.contains("Group") && name != "AddUserToGroup" {
        Resource::group(&asked.group.clone().map_err(text)?, account.clone(), region).into()
    } else {
        Resource::user(&asked.user.map_err(text)?, account.clone(), region).into()
    };
    Ok(match name {
        // What is new has no permissions yet; its boundary is worth remembering.
        "CreateRole" | "CreateUser" => has_boundary.then_some(holder),
        "AddUserToGroup" => Some(holder.with(GROUP_NAME, &asked.group.map_err(text)?)),
        _ if name.starts_with("Attach") => {
            Some(holder.with(POLICY_ARN, &asked.policy_arn.map_err(text)?))
        }
        _ if name.ends_with("PermissionsBoundary") => Some(holder),
        _ => Some(holder.with(POLICY_NAME, &asked.policy.map_err(text)?)),
    })
}

/// Whether a version was made without making it the default one. What is no boolean may be one that
/// makes it so.
fn is_staged(as_default: &Field<bool>) -> bool {
    match as_default {
        Ok(as_default) => !as_default,
        Err(unusable) => unusable.is_absent(),
    }
}

pub(super) fn project(event: &Event, target: &Target) -> Option<GrantState> {
    let record = &event.record;
    let asked = record.parameters::<GrantCall>().ok()?;
    let one = |source, document| {
        Some(GrantState::granting(vec![Permissions { source, document: Some(document) }]))
    };
    match Grant::of(target)? {
        Grant::Attachment { policy_arn, .. } => {
            let document = known::document(&policy_arn)?.to_owned();
            one(Source::Managed { arn: policy_arn, version: None }, document)
        }
        Grant::Inline { policy, .. } => {
            one(Source::Inline { name: policy }, document(asked.document)?)
        }
        Grant::Policy { policy_arn, staged } => {
            let version = staged.clone();
            let state =
                one(Source::Managed { arn: policy_arn, version }, document(asked.document)?)?;
            // A policy in the making is nobody's, and a staged version says nothing.
            let idle = record.event_name == "CreatePolicy" || is_staged(&asked.as_default);
            Some(GrantState { attached: idle.then_some(false), ..state })
        }
        Grant::Boundary { .. } if record.event_name.starts_with("Create") => {
            let boundary = Boundary::Set { arn: asked.boundary.ok()?, document: None };
            Some(GrantState { boundary, ..GrantState::granting(Vec::new()) })
        }
        Grant::Membership { .. } | Grant::Boundary { .. } => None,
    }
}

/// The document of a call. One that is there and cannot be used is kept as no document at all,
/// which is told as such; only one that is plainly absent leaves the question open.
fn document(asked: Field<String>) -> Option<String> {
    match asked {
        Ok(document) => Some(document),
        Err(unusable) if unusable.is_absent() => None,
        Err(_) => Some(String::new()),
    }
}
