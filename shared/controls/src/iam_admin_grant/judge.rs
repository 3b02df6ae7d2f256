//! Whether what was granted makes an administrator, or somebody one step from it.

use std::collections::{BTreeMap, BTreeSet};

use iam_document::{Context, Document, Judged, Kind, Verdict};
use model::{Category, Confidence, Finding, Target, Trust, catalogue};
use serde_json::{Value, json};

use super::{
    GrantRemedy, back,
    inline::{self, Mended},
    limits,
    state::{Boundary, Grant, GrantState, Holder, Permissions, Source},
};

const ADMIN: &str = "admin-equivalent";
const REMOVED: &str = "boundary-removed";
const NOT_IN_FULL: &str = "what cannot be read or understood in full is not acted on";

pub(super) fn inspect(document: &str, context: &Context) -> Verdict {
    match Document::parse(document) {
        Ok(document) => iam_document::inspect(Kind::PermissionPolicy, &document, context),
        // Says in the verdict's words why it is no document.
        Err(_) => iam_document::inspect(Kind::PermissionPolicy, document, context),
    }
}

fn category(code: &str) -> Category {
    catalogue::describe(code).category
}

/// What gives power, or may: the codes of the question, and what could not be understood.
fn matters(code: &str) -> bool {
    category(code) == Category::Privilege || matches!(code, "malformed-policy" | "unknown-operator")
}

pub(super) fn privileges(verdict: &Verdict) -> BTreeSet<&str> {
    verdict.codes().into_iter().filter(|code| category(code) == Category::Privilege).collect()
}

/// Whether a document gives power that is asked about, or cannot be understood: only then is the
/// rest of the grant read.
#[must_use]
pub fn is_dangerous(document: &str, trust: &Trust) -> bool {
    let verdict = inspect(document, &Context::from_trust(trust.clone()));
    !verdict.is_certain() || !privileges(&verdict).is_empty()
}

/// Whether a document that is harmless by itself holds a part of a way to more power: only then is
/// what the holder has besides read.
#[must_use]
pub fn may_be_completed(document: &str, trust: &Trust) -> bool {
    let context = Context::from_trust(trust.clone());
    Document::parse(document).is_ok_and(|document| iam_document::begins_a_path(&document, &context))
}

pub(super) fn judge(
    target: &Target,
    state: &GrantState,
    trust: &Trust,
) -> Vec<Finding<GrantRemedy>> {
    let Some(grant) = Grant::of(target) else { return Vec::new() };
    if !state.stands {
        return Vec::new();
    }
    let context = Context::new(trust, &target.resource.account);
    let never = limits::never_written(target, state, trust);
    let mut findings = match &grant {
        Grant::Boundary { holder } => boundary(holder, state, &context),
        Grant::Attachment { .. }
        | Grant::Inline { .. }
        | Grant::Membership { .. }
        | Grant::Policy { .. } => granted(&grant, state, &context),
    };
    if !state.unread.is_empty() {
        for finding in &mut findings {
            finding.evidence.insert("unread".to_owned(), json!(state.unread));
            finding.confidence = Confidence::Unclear;
            finding.remedies.clear();
            finding.held_back = Some(NOT_IN_FULL.to_owned());
        }
    }
    let told = !findings.is_empty();
    findings.extend(unreadable(state, told));
    if let Some(reason) = never {
        for finding in &mut findings {
            finding.remedies.clear();
            finding.held_back = Some(reason.clone());
        }
    }
    findings
}

/// What may not be read may give anything. A refused read that hides no policy is told with the
/// finding that there is.
fn unreadable(state: &GrantState, told: bool) -> Option<Finding<GrantRemedy>> {
    let hidden: Vec<&str> = state
        .permissions
        .iter()
        .filter(|one| one.document.is_none())
        .map(|one| one.source.name())
        .collect();
    if hidden.is_empty() && (told || state.unread.is_empty()) {
        return None;
    }
    let mut finding = Finding::new(
        "evidence-unreadable",
        "whether the grant makes an administrator cannot be said: not all of it may be read",
    )
    .with_evidence("unread", json!(state.unread))
    .with_evidence("policies", json!(hidden));
    finding.confidence = Confidence::Unclear;
    finding.held_back = Some(NOT_IN_FULL.to_owned());
    Some(finding)
}

/// One code of one document of the grant.
struct Found<'s> {
    judged: Vec<Judged>,
    of: &'s Permissions,
    doubt: Option<String>,
}

/// What the documents give, each code of each document once.
fn found<'s>(state: &'s GrantState, context: &Context) -> Vec<Found<'s>> {
    let mut all = Vec::new();
    for of in &state.permissions {
        let Some(document) = &of.document else { continue };
        let verdict = inspect(document, context);
        let doubt = (!verdict.is_certain()).then(|| {
            let mut reasons = verdict.unclear.clone();
            reasons.extend(verdict.error.clone());
            reasons.dedup();
            reasons.join("; ")
        });
        let mut by_code: BTreeMap<String, Vec<Judged>> = BTreeMap::new();
        for judged in verdict.findings.into_iter().filter(|judged| matters(&judged.code)) {
            by_code.entry(judged.code.clone()).or_default().push(judged);
        }
        if by_code.is_empty() && doubt.is_some() {
            let unclear = inspect("", context).findings.into_iter().take(1).collect();
            all.push(Found { judged: unclear, of, doubt: doubt.clone() });
        }
        all.extend(by_code.into_values().map(|judged| Found { judged, of, doubt: doubt.clone() }));
    }
    all
}

/// The statements of all documents in one, as they work together: a way to power may begin in one
/// policy and end in another, and a Deny in one takes what another gives.
#[expect(
    single_use_lifetimes,
    reason = "the language cannot elide a lifetime in an argument's bound"
)]
fn together<'p>(permissions: impl IntoIterator<Item = &'p Permissions>) -> Option<String> {
    let mut statements = Vec::new();
    for one in permissions {
        let value = Document::parse(one.document.as_deref()?).ok()?.into_value();
        let own = value.get(&inline::member(&value)?)?;
        match own.as_array() {
            Some(items) => statements.extend(items.iter().cloned()),
            None => statements.push(own.clone()),
        }
    }
    Some(json!({"Version": "2012-10-17", "Statement": statements}).to_string())
}

/// What the grant gives only with what its holder has besides.
fn completed(state: &GrantState, context: &Context) -> Vec<Judged> {
    if state.beside.is_empty() {
        return Vec::new();
    }
    let verdict = |document: String| inspect(&document, context);
    let Some(whole) = together(state.permissions.iter().chain(&state.beside)).map(verdict) else {
        return Vec::new();
    };
    let before = together(&state.beside).map(verdict);
    let mut known: BTreeSet<String> =
        before.iter().flat_map(Verdict::codes).map(str::to_owned).collect();
    for one in state.permissions.iter().filter_map(|one| one.document.as_deref()) {
        known.extend(inspect(one, context).codes().into_iter().map(str::to_owned));
    }
    let mut judged = whole.findings;
    judged.retain(|judged| {
        category(&judged.code) == Category::Privilege && known.insert(judged.code.clone())
    });
    judged
}

fn granted(grant: &Grant, state: &GrantState, context: &Context) -> Vec<Finding<GrantRemedy>> {
    let several = (state.permissions.len() > 1).then(|| together(&state.permissions)).flatten();
    let whole = several.as_deref().map(|document| inspect(document, context));
    let bounding = match &state.boundary {
        Boundary::Set { document: Some(document), .. } => Some(inspect(document, context)),
        Boundary::Set { document: None, .. } | Boundary::NotRead | Boundary::None => None,
    };
    let closed = |code: &str| {
        let by = |verdict: &Option<Verdict>| {
            verdict.as_ref().is_some_and(|it| it.is_certain() && !it.codes().contains(code))
        };
        category(code) == Category::Privilege && (by(&bounding) || by(&whole))
    };
    let mut findings: Vec<Finding<GrantRemedy>> = Vec::new();
    let all = found(state, context);
    let open_admin = all.iter().any(|one| code_of(one) == ADMIN && !closed(ADMIN));
    // An administrator can do all the rest, ninety ways of it.
    let is_rest =
        |code: &str| open_admin && (code.starts_with("privesc") || code == "pass-role-wildcard");
    let rest: BTreeSet<&str> = all.iter().map(code_of).filter(|code| is_rest(code)).collect();
    for one in &all {
        let code = code_of(one);
        if is_rest(code) {
            continue;
        }
        let mut finding = describe(one);
        if code == ADMIN && !rest.is_empty() {
            finding = finding.with_evidence("also", few(&rest));
        }
        finding.effective = !closed(code) && (state.attached != Some(false) || state.bounds);
        // What else an administrator can do goes with it.
        let is_wrong = |it: &str| it == code || (code == ADMIN && is_rest(it));
        let remedy = if one.doubt.is_some() {
            Err(NOT_IN_FULL.to_owned())
        } else {
            remedy(grant, state, one, &is_wrong, context)
        };
        match remedy {
            Ok(remedy) => finding.remedies = vec![remedy],
            Err(reason) => finding.held_back = Some(reason),
        }
        findings.push(finding);
    }
    for judged in completed(state, context) {
        let beside: Vec<&str> = state.beside.iter().map(|one| one.source.name()).collect();
        let effective = !closed(&judged.code);
        let mut finding =
            Finding::new(judged.code, judged.detail).with_evidence("together_with", json!(beside));
        finding.effective = effective;
        finding.held_back = Some(
            "it comes only with other policies of the holder: which of them goes is for people"
                .to_owned(),
        );
        findings.push(finding);
    }
    if let Some(whole) = whole.filter(|_| !open_admin) {
        for judged in whole.findings {
            let known = findings.iter().any(|finding| finding.code == judged.code);
            if known || category(&judged.code) != Category::Privilege {
                continue;
            }
            let mut finding = Finding::new(judged.code, judged.detail);
            finding.held_back = Some("several policies of the group give it together".to_owned());
            findings.push(finding);
        }
    }
    for finding in &mut findings {
        bounded(finding, &state.boundary);
        if let Boundary::Set { document: None, .. } = state.boundary
            && finding.confidence == Confidence::Certain
        {
            finding.confidence = Confidence::Probable;
        }
        if state.attached == Some(false) {
            finding.evidence.insert("attached".to_owned(), json!(false));
        }
        if state.bounds {
            finding.evidence.insert("bounds".to_owned(), json!(true));
        }
        // What those have whom it bounds was not read.
        if only_bounds(state) && finding.confidence == Confidence::Certain {
            finding.confidence = Confidence::Probable;
        }
    }
    findings
}

/// Codes as evidence: by name as long as somebody would read them. The first in order is the worst.
fn few<C: AsRef<str>>(codes: &BTreeSet<C>) -> Value {
    const READ: usize = 5;
    let names = codes.iter().map(AsRef::as_ref);
    let rest = codes.len().saturating_sub(READ);
    if rest == 0 {
        return names.collect();
    }
    let rest = format!("and {rest} more");
    names.take(READ).chain([rest.as_str()]).collect()
}

/// Whether a policy gives nothing to anybody and bounds somebody.
pub(super) fn only_bounds(state: &GrantState) -> bool {
    state.bounds && state.attached == Some(false)
}

fn code_of<'f>(found: &'f Found<'_>) -> &'f str {
    found.judged.first().map_or("malformed-policy", |judged| judged.code.as_str())
}

/// Says what is known of the boundary.
fn bounded(finding: &mut Finding<GrantRemedy>, boundary: &Boundary) {
    let told = match boundary {
        Boundary::NotRead => "not in evidence".to_owned(),
        Boundary::None => "none".to_owned(),
        Boundary::Set { arn, document: Some(_) } => format!("{arn}, considered"),
        Boundary::Set { arn, document: None } => format!("{arn}, not read"),
    };
    finding.evidence.insert("boundary".to_owned(), json!(told));
}

fn describe(found: &Found<'_>) -> Finding<GrantRemedy> {
    let mut details: Vec<&str> = found.judged.iter().map(|judged| judged.detail.as_str()).collect();
    details.dedup();
    let mut finding = Finding::new(code_of(found), details.join("; "))
        .with_evidence("policy", found.of.source.name());
    if let Source::Managed { version: Some(version), .. } = &found.of.source {
        finding = finding.with_evidence("version", version.as_str());
    }
    let statements: BTreeSet<usize> =
        found.judged.iter().filter_map(|judged| judged.statement).collect();
    if !statements.is_empty() {
        finding = finding.with_evidence("statements", json!(statements));
    }
    if let Some(sid) = found.judged.iter().find_map(|judged| judged.sid.as_deref()) {
        finding = finding.with_evidence("sid", sid);
    }
    if let Some(doubt) = &found.doubt {
        finding.confidence = Confidence::Unclear;
        finding = finding.with_evidence("doubt", doubt.as_str());
    } else if let Some(doubt) = found.judged.iter().find_map(|judged| judged.doubt.as_ref()) {
        finding.confidence = doubt.confidence;
        finding = finding.with_evidence("doubt", doubt.why.as_str());
    }
    finding
}

/// What takes exactly this grant back.
///
/// # Errors
/// Why people have to do it.
fn remedy(
    grant: &Grant,
    state: &GrantState,
    found: &Found<'_>,
    is_wrong: &dyn Fn(&str) -> bool,
    context: &Context,
) -> Result<GrantRemedy, String> {
    match grant {
        Grant::Attachment { holder, policy_arn } => {
            let Source::Managed { version, .. } = &found.of.source else {
                return Err("the policy is not a managed one".to_owned());
            };
            Ok(GrantRemedy::Detach {
                holder: holder.clone(),
                policy_arn: policy_arn.clone(),
                version: version.clone(),
            })
        }
        Grant::Inline { holder, policy } => {
            let document = found.of.document.clone().unwrap_or_default();
            let (holder, policy) = (holder.clone(), policy.clone());
            match inline::mended(&document, is_wrong, context)? {
                Mended::Nothing => Ok(GrantRemedy::DeleteInline { holder, policy, document }),
                Mended::Without(cut, after) if context.trust.rewrite_inline_policies => {
                    Ok(GrantRemedy::CutInline { holder, policy, before: document, cut, after })
                }
                Mended::Without(cut, _) => Err(inline::left_to_people(&cut)),
            }
        }
        Grant::Membership { user, group } => Ok(GrantRemedy::LeaveGroup {
            user: user.clone(),
            group: group.clone(),
            because: BTreeSet::from([found.of.to_be_read_again()]),
        }),
        Grant::Policy { policy_arn, .. } => back::version(policy_arn, state, context),
        Grant::Boundary { .. } => Err("the boundary is judged as a whole".to_owned()),
    }
}

/// A boundary that is gone, or that lets through what it should bound.
fn boundary(holder: &Holder, state: &GrantState, context: &Context) -> Vec<Finding<GrantRemedy>> {
    let whole = together(&state.permissions).map(|document| inspect(&document, context));
    let mut gives: BTreeSet<String> = BTreeSet::new();
    let each = state.permissions.iter().filter_map(|one| one.document.as_deref());
    match &whole {
        Some(whole) => gives.extend(privileges(whole).into_iter().map(str::to_owned)),
        None => each.for_each(|document| {
            let verdict = inspect(document, context);
            gives.extend(privileges(&verdict).into_iter().map(str::to_owned));
        }),
    }
    let mut doubtful = whole.as_ref().is_none_or(|whole| !whole.is_certain());
    let title = match &state.boundary {
        Boundary::NotRead => return Vec::new(),
        Boundary::None => "no boundary keeps its permissions from more power any longer",
        Boundary::Set { document: Some(document), .. } => {
            let verdict = inspect(document, context);
            if verdict.is_certain() {
                let codes = privileges(&verdict);
                gives.retain(|code| codes.contains(code.as_str()));
            } else {
                doubtful = true;
            }
            "its boundary lets through permissions that lead to more power"
        }
        // In the making: there is nothing to bound yet.
        Boundary::Set { document: None, .. } if state.permissions.is_empty() => return Vec::new(),
        Boundary::Set { document: None, .. } => {
            "whether its boundary keeps it from more power cannot be said"
        }
    };
    if gives.is_empty() && !doubtful {
        return Vec::new();
    }
    let mut finding = Finding::new(REMOVED, title).with_evidence("gives", few(&gives));
    bounded(&mut finding, &state.boundary);
    if doubtful || matches!(state.boundary, Boundary::Set { document: None, .. }) {
        finding.confidence = Confidence::Unclear;
        finding.held_back = Some(NOT_IN_FULL.to_owned());
        return vec![finding];
    }
    match back::boundary(holder, state, &gives, context) {
        Ok(remedy) => finding.remedies = vec![remedy],
        Err(reason) => finding.held_back = Some(reason),
    }
    vec![finding]
}
