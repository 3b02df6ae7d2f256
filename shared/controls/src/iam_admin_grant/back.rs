//! What is put back in the place of what stands: a version, a boundary; never what could widen.

use std::collections::BTreeSet;

use iam_document::{Context, Document};

use super::{
    GrantRemedy,
    judge::{inspect, only_bounds, privileges},
    state::{Boundary, GrantState, Holder, Permissions, Source},
};

/// Back to the version that was the default one before.
///
/// # Errors
/// Why people have to do it.
pub(super) fn version(
    policy_arn: &str,
    state: &GrantState,
    context: &Context,
) -> Result<GrantRemedy, String> {
    if only_bounds(state) {
        return Err("it is a boundary: whom it lets through to what was not looked at".to_owned());
    }
    if state.attached == Some(false) {
        return Err("nobody has the policy, or not this version of it".to_owned());
    }
    let default = state.default_version.as_deref().ok_or("its default version was not read")?;
    let number = |id: &str| id.strip_prefix('v').and_then(|text| text.parse::<u64>().ok());
    let remembered = state
        .former_version
        .as_deref()
        .and_then(|id| state.versions.iter().find(|version| version.id == id));
    let newest = state.versions.iter().all(|version| version.number() < number(default));
    let version = match (remembered, state.versions.as_slice()) {
        (Some(version), _) => version,
        (None, []) => return Err("the policy has no other version to go back to".to_owned()),
        (None, [only]) => only,
        (None, several) if newest => several
            .iter()
            .max_by_key(|version| version.number())
            .ok_or("the policy has no other version to go back to")?,
        (None, _) => return Err("which version was the default one before is not known".to_owned()),
    };
    let Some(document) = &version.document else {
        return Err(format!("the version before, {}, may not be read", version.id));
    };
    let verdict = inspect(document, context);
    if !verdict.is_certain() || !privileges(&verdict).is_empty() {
        return Err(format!("the version before, {}, is dangerous itself", version.id));
    }
    let live = state.permissions.first().and_then(|one| one.document.as_deref());
    if !live.is_some_and(|live| is_within(document, live)) {
        return Err(format!(
            "the version before, {}, may allow what the one in force does not",
            version.id
        ));
    }
    Ok(GrantRemedy::SetDefault {
        policy_arn: policy_arn.to_owned(),
        before: default.to_owned(),
        after: version.id.clone(),
    })
}

/// Whether putting one document in the place of another is sure to widen nothing.
fn is_within(narrow: &str, wide: &str) -> bool {
    match (Document::parse(narrow), Document::parse(wide)) {
        (Ok(narrow), Ok(wide)) => iam_document::is_within(&narrow, &wide),
        _ => false,
    }
}

/// Back to the boundary that stood before, if it keeps back what is given and, where another one
/// stands now, all that this one keeps back.
///
/// # Errors
/// Why people have to do it.
pub(super) fn boundary(
    holder: &Holder,
    state: &GrantState,
    gives: &BTreeSet<String>,
    context: &Context,
) -> Result<GrantRemedy, String> {
    let Boundary::Set { arn: after, document } = &state.former_boundary else {
        return Err("which boundary it had before is not known".to_owned());
    };
    let before = match &state.boundary {
        Boundary::Set { arn, .. } => Some(arn),
        Boundary::None | Boundary::NotRead => None,
    };
    if before == Some(after) {
        return Err("the boundary that it had before is the one that it has".to_owned());
    }
    let Some(document) = document else {
        return Err(format!("what the boundary before, {after}, said is not known"));
    };
    let verdict = inspect(document, context);
    let codes = privileges(&verdict);
    if !verdict.is_certain() || gives.iter().any(|code| codes.contains(code.as_str())) {
        return Err(format!("the boundary before, {after}, lets that through itself"));
    }
    let said = |arn: &String, document: &String| Permissions {
        source: Source::Managed { arn: arn.clone(), version: None },
        document: Some(document.clone()),
    };
    let mut because = BTreeSet::from([said(after, document)]);
    if let Boundary::Set { arn, document: live } = &state.boundary {
        let Some(live) = live.as_ref().filter(|live| is_within(document, live)) else {
            return Err(format!("the boundary before, {after}, may allow what this one does not"));
        };
        because.insert(said(arn, live));
    }
    Ok(GrantRemedy::SetBoundary {
        holder: holder.clone(),
        before: before.cloned(),
        after: after.clone(),
        because,
    })
}
