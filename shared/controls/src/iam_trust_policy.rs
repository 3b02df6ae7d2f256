//! `iam-trust-policy`: who may assume this role?
//!
//! The document is judged by `iam_document`; here its verdict becomes findings, each with the
//! smallest change that mends it alone.
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-user.html>.

mod project;
mod remedy;
mod state;

use events::Event;
use iam_document::{
    Context, Document, Judged, Kind,
    glob::{Pattern, Syntax},
};
use model::{ControlId, Finding, Resource, Target, Trust};
use serde::Deserialize;
use serde_json::Value;

pub use self::{remedy::TrustRemedy, state::TrustState};
use crate::{Control, StateError, Subscription, Tags, Triage, documents, responses, tags};

/// Who may assume this role?
#[derive(Debug, Clone, Copy, Default)]
pub struct IamTrustPolicy;

impl Control for IamTrustPolicy {
    type State = TrustState;
    type Remedy = TrustRemedy;
    const ID: ControlId = ControlId::new("iam-trust-policy");

    fn subscriptions(&self) -> &'static [Subscription] {
        SUBSCRIPTIONS
    }

    fn triage(&self, event: &Event) -> Triage {
        project::triage(event)
    }

    fn project(&self, event: &Event, target: &Target) -> Option<TrustState> {
        project::project(event, target)
    }

    fn assess(
        &self,
        target: &Target,
        state: &TrustState,
        trust: &Trust,
    ) -> Vec<Finding<TrustRemedy>> {
        judge(target, state, trust)
    }

    fn reads(&self) -> &'static [&'static str] {
        READS
    }

    fn read_actions(&self) -> &'static [&'static str] {
        READ_ACTIONS
    }

    fn write_actions(&self) -> &'static [&'static str] {
        WRITE_ACTIONS
    }

    fn state_from_responses(
        &self,
        target: &Target,
        responses: &Value,
    ) -> Result<TrustState, StateError> {
        let response: GetRole = responses::required(target, responses, "GetRole")?;
        let role = response.role;
        if project::path_in(&role.arn, &role.name).is_none()
            || role.name != name_of(&target.resource)
        {
            let what = format!("`{}` is not the ARN of `{}`", role.arn, target.resource.arn);
            return Err(responses::unfit(target, "GetRole", what));
        }
        let document = role.assume_role_policy_document;
        let document = document.as_str().map_or_else(|| document.to_string(), str::to_owned);
        Ok(TrustState { name: role.name, path: Some(role.path), arn: Some(role.arn), document })
    }

    fn arn_by<'s>(&self, state: &'s TrustState) -> Option<&'s str> {
        state.arn.as_deref()
    }

    fn tag(&self, resource: &Resource, current: &Tags, ours: &Tags) -> Result<TrustRemedy, String> {
        let name = name_of(resource);
        let path = project::path_in(&resource.arn, &name);
        // Of a record that tells no path, the bare one may stand for any.
        if is_service_linked(path.as_deref().filter(|path| *path != "/"), &name) {
            return Err(SERVICE_LINKED.to_owned());
        }
        tags::merge(current, ours, tags::LIMIT)?;
        let before = tags::overwritten(current, ours);
        Ok(TrustRemedy::TagRole { role: name, tags: ours.clone(), before })
    }
}

/// `GetRole`, its document as an object (as the command line prints it) or as text.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetRole {
    role: Role,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Role {
    path: String,
    #[serde(rename = "RoleName")]
    name: String,
    arn: String,
    assume_role_policy_document: Value,
}

/// Service principals are advised to say for whom they act, but many services never tell, and nearly
/// every role of a service would be found. `inspect` names it; an event is no reason to.
const ADVICE: &str = "service-confused-deputy";

fn judge(target: &Target, state: &TrustState, trust: &Trust) -> Vec<Finding<TrustRemedy>> {
    let context = Context::new(trust, &target.resource.account);
    let document = Document::parse(&state.document);
    let verdict = match &document {
        Ok(document) => iam_document::inspect(Kind::TrustPolicy, document, &context),
        // Says in the verdict's words why it is no document.
        Err(_) => iam_document::inspect(Kind::TrustPolicy, &state.document, &context),
    };
    let doubt = (!verdict.is_certain()).then(|| documents::doubt(&verdict));
    let hesitant = doubt.as_ref().map(|_| documents::NOT_IN_FULL.to_owned());
    let untouchable = never_written(target, state, trust);
    let mut findings = Vec::new();
    for alike in documents::together(&verdict, &[ADVICE]) {
        let mut finding = documents::describe(&alike, &verdict);
        if let Some(doubt) = &doubt {
            finding = documents::doubted(finding, doubt);
        }
        let remedy = match (hesitant.as_ref().or(untouchable.as_ref()), &document) {
            (Some(reason), _) => Err(reason.clone()),
            (None, Err(error)) => Err(error.to_string()),
            (None, Ok(document)) => remedy(state, document, &alike, &context),
        };
        match remedy {
            Ok(remedy) => finding.remedies = vec![remedy],
            Err(reason) => finding.held_back = Some(reason),
        }
        findings.push(finding);
    }
    if let Some(reason) = doubt.filter(|_| findings.is_empty()) {
        let title = format!("who may assume the role cannot be said: {reason}");
        findings.push(documents::unreadable(title));
    }
    findings
}

/// The smallest change that mends findings of one code in one statement.
fn remedy(
    state: &TrustState,
    document: &Document,
    alike: &[&Judged],
    context: &Context,
) -> Result<TrustRemedy, String> {
    let mended = documents::remedy(Kind::TrustPolicy, document, alike, context)?;
    let after = mended.after.ok_or("the change would leave no document")?;
    Ok(TrustRemedy::UpdateAssumeRolePolicy {
        role: state.name.clone(),
        before: state.document.clone(),
        after: after.to_string(),
        edits: mended.edits,
    })
}

/// Why the role is never written, whatever the policy says.
fn never_written(target: &Target, state: &TrustState, trust: &Trust) -> Option<String> {
    if is_service_linked(state.path.as_deref(), &state.name) {
        return Some(SERVICE_LINKED.to_owned());
    }
    let arns = [Some(&target.resource.arn), state.arn.as_ref()];
    let own = trust.own_roles.iter().any(|pattern| {
        let matches = |text: &str| Pattern::parse(pattern, Syntax::GLOB).matches(text);
        // A record does not tell the path: the name alone has to do, which may hold back more.
        let by_name = || {
            let name = Pattern::parse(pattern.rsplit('/').next().unwrap_or(pattern), Syntax::GLOB);
            state.path.is_none() && !name.has_no_fixed_part() && name.matches(&state.name)
        };
        arns.into_iter().flatten().any(|arn| matches(arn)) || by_name()
    });
    own.then(|| "it is one of Snapback's own roles".to_owned())
}

const SERVICE_LINKED: &str = "it is a service-linked role, which only its service may change";

/// By the path, or by the name where no path is known.
fn is_service_linked(path: Option<&str>, name: &str) -> bool {
    path.map_or_else(
        || name.starts_with(SERVICE_LINKED_NAME),
        |path| path.starts_with(SERVICE_LINKED_PATH),
    )
}

/// Where service-linked roles live, and what their names begin with.
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create-service-linked-role.html>.
const SERVICE_LINKED_PATH: &str = "/aws-service-role/";
const SERVICE_LINKED_NAME: &str = "AWSServiceRoleFor";

fn name_of(resource: &Resource) -> String {
    resource.id.iam_name().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests;

const SUBSCRIPTIONS: &[Subscription] = &[
    Subscription { event_source: "iam.amazonaws.com", event_name: "CreateRole" },
    Subscription { event_source: "iam.amazonaws.com", event_name: "UpdateAssumeRolePolicy" },
];

const READS: &[&str] = &["iam:GetRole"];

const READ_ACTIONS: &[&str] = &["iam:GetRole"];

const WRITE_ACTIONS: &[&str] = &["iam:GetRole", "iam:TagRole", "iam:UpdateAssumeRolePolicy"];
