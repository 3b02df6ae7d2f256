//! `s3-bucket-policy`: does the bucket policy let in the world or a stranger, or has it stopped
//! enforcing TLS and the key?
//!
//! The document is judged by `iam_document`; here its verdict becomes findings, each with the
//! smallest change that mends it alone. What the policy has to enforce is `enforcement`'s to say.
//! Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html>.

mod enforcement;
mod project;
mod remedy;
mod state;

use events::Event;
use iam_document::{Context, Document, Judged, Kind, PolicyMode, PublicAccessBlock};
use model::{Confidence, ControlId, Finding, Partition, Resource, ResourceId, Target, Trust};
use serde::Deserialize;
use serde_json::{Map, Value};

pub use self::{
    remedy::{Change, PolicyRemedy},
    state::PolicyState,
};
use crate::{
    Control, Memory, Remembered, StateError, Subscription, Tags, Triage, documents,
    responses::{self, BlockResponse},
    tags,
};

/// Does the bucket policy let in the world or a stranger, or has it stopped enforcing TLS and the
/// key?
#[derive(Debug, Clone, Copy, Default)]
pub struct S3BucketPolicy;

impl Control for S3BucketPolicy {
    type State = PolicyState;
    type Remedy = PolicyRemedy;
    const ID: ControlId = ControlId::new("s3-bucket-policy");

    fn subscriptions(&self) -> &'static [Subscription] {
        SUBSCRIPTIONS
    }

    fn triage(&self, event: &Event) -> Triage {
        project::triage(event)
    }

    fn project(&self, event: &Event, _target: &Target) -> Option<PolicyState> {
        project::project(event)
    }

    fn memory(&self, target: &Target, _trust: &Trust) -> Memory {
        // Only buckets' policies enforce anything that is put back.
        if target.resource.id.bucket().is_some() { Memory::Baseline } else { Memory::Nothing }
    }

    fn recall(&self, state: PolicyState, remembered: Remembered<PolicyState>) -> PolicyState {
        match remembered {
            Remembered::Baseline(seen) => PolicyState { baseline: seen.document, ..state },
            Remembered::Burst(_) => state,
        }
    }

    fn baseline(&self, target: &Target, state: &PolicyState) -> Option<PolicyState> {
        let trust = Trust::default();
        let context = context(&target.resource, state, &trust);
        let document = state.document.as_ref()?;
        enforcement::is_enforcing(document, &context, &trust)
            .then(|| PolicyState::of(Some(document.clone())))
    }

    fn assess(
        &self,
        target: &Target,
        state: &PolicyState,
        trust: &Trust,
    ) -> Vec<Finding<PolicyRemedy>> {
        let resource = &target.resource;
        let context = context(resource, state, trust);
        let mut findings = judge(resource, state, &context);
        if resource.id.bucket().is_some() {
            for demand in enforcement::demands(state, &context, trust) {
                findings.extend(demand.findings(resource, state, &context));
            }
        }
        findings
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
    ) -> Result<PolicyState, StateError> {
        let operation = if target.resource.id.bucket().is_some() {
            "GetBucketPolicy"
        } else {
            "GetAccessPointPolicy"
        };
        let response: PolicyResponse = responses::required(target, responses, operation)?;
        // The command line prints it as text, other tools as the object it is.
        let document = response.policy.map(|policy| match policy {
            Value::String(text) => text,
            other @ (Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Array(_)
            | Value::Object(_)) => other.to_string(),
        });
        self.supplement(target, PolicyState::of(document), responses)
    }

    fn supplement(
        &self,
        target: &Target,
        mut state: PolicyState,
        responses: &Value,
    ) -> Result<PolicyState, StateError> {
        if let Some(response) =
            responses::optional::<BlockResponse>(target, responses, "GetPublicAccessBlock")?
        {
            state.block = Some(response.block());
        }
        Ok(state)
    }

    fn tag(
        &self,
        resource: &Resource,
        current: &Tags,
        ours: &Tags,
    ) -> Result<PolicyRemedy, String> {
        if resource.id.bucket().is_none() {
            return Err(ACCESS_POINT.to_owned());
        }
        let after = tags::merge(current, ours, tags::LIMIT)?;
        Ok(PolicyRemedy::PutTags { resource: resource.clone(), before: current.clone(), after })
    }
}

/// `GetBucketPolicy` and `GetAccessPointPolicy`; without a `Policy` there is none.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PolicyResponse {
    #[serde(default)]
    policy: Option<Value>,
}

/// What `inspect` advises and an event is no reason to: many services never say for whom they act,
/// and the policy of nearly every log bucket would be found.
const ADVICE: [&str; 2] = ["service-confused-deputy", "source-arn-without-account"];

const ACCESS_POINT: &str = "Snapback does not write to access points";

/// What surrounds the document.
fn context(resource: &Resource, state: &PolicyState, trust: &Trust) -> Context {
    let mut context = Context::new(trust, &resource.account);
    context.partition = Some(Partition::of_region(&resource.region).as_str().to_owned());
    context.bucket = resource.id.bucket().map(str::to_owned);
    if matches!(resource.id, ResourceId::AccessPoint { .. }) {
        context.policy_mode = PolicyMode::AccessPoint;
    }
    if let Some(block) = state.block {
        context.public_access_block = PublicAccessBlock {
            block_public_acls: block.block_public_acls,
            ignore_public_acls: block.ignore_public_acls,
            block_public_policy: block.block_public_policy,
            restrict_public_buckets: block.restrict_public_buckets,
        };
    }
    context
}

/// What is wrong with the document itself.
fn judge(
    resource: &Resource,
    state: &PolicyState,
    context: &Context,
) -> Vec<Finding<PolicyRemedy>> {
    let Some(text) = &state.document else { return Vec::new() };
    let document = Document::parse(text);
    let verdict = match &document {
        Ok(document) => iam_document::inspect(Kind::BucketPolicy, document, context),
        // Says in the verdict's words why it is no document.
        Err(_) => iam_document::inspect(Kind::BucketPolicy, text, context),
    };
    let doubt = (!verdict.is_certain()).then(|| documents::doubt(&verdict));
    let mut findings = Vec::new();
    for alike in documents::together(&verdict, &ADVICE) {
        let mut finding = documents::describe(&alike, &verdict);
        if documents::is_public(&finding.code) {
            finding = surrounded(finding, resource, state);
        }
        if let Some(doubt) = &doubt {
            finding = documents::doubted(finding, doubt);
        }
        let remedy = match (&doubt, &document) {
            (Some(_), _) => Err(documents::NOT_IN_FULL.to_owned()),
            (None, Err(error)) => Err(error.to_string()),
            (None, Ok(document)) => remedy(resource, text, document, &alike, context),
        };
        match remedy {
            Ok(remedy) => finding.remedies = vec![remedy],
            Err(reason) => finding.held_back = Some(reason),
        }
        findings.push(finding);
    }
    if let Some(reason) = doubt.filter(|_| findings.is_empty()) {
        let title = format!("whom the policy lets in cannot be said: {reason}");
        findings.push(documents::unreadable(title));
    }
    findings
}

/// What lets everyone in, seen with what stands around the document.
fn surrounded(
    mut finding: Finding<PolicyRemedy>,
    resource: &Resource,
    state: &PolicyState,
) -> Finding<PolicyRemedy> {
    if let Some(block) = state.block {
        finding = finding.with_evidence("public_access_block", serde_json::json!(block));
        finding.effective = finding.effective && !block.restrict_public_buckets;
    }
    if finding.effective && !state.denied.is_empty() {
        let denied = state.denied.iter().map(|(read, code)| (read.clone(), code.as_str().into()));
        finding = finding.with_evidence("not_readable", denied.collect::<Map<String, Value>>());
        finding.confidence = Confidence::Unclear;
    }
    if resource.id.bucket().is_none() {
        let why = "whether the access point is reached from one VPC only is not known";
        finding = finding.with_evidence("doubt", why);
        finding.confidence = finding.confidence.min(Confidence::Probable);
    }
    finding
}

/// The smallest change that mends findings of one code in one statement.
fn remedy(
    resource: &Resource,
    before: &str,
    document: &Document,
    alike: &[&Judged],
    context: &Context,
) -> Result<PolicyRemedy, String> {
    if resource.id.bucket().is_none() {
        return Err(ACCESS_POINT.to_owned());
    }
    let mended = documents::remedy(Kind::BucketPolicy, document, alike, context)?;
    Ok(PolicyRemedy::SetPolicy {
        resource: resource.clone(),
        before: Some(before.to_owned()),
        after: mended.after.map(|after| after.to_string()),
        change: Change { edits: mended.edits, added: Vec::new() },
    })
}

#[cfg(test)]
mod tests;

const fn s3(event_name: &'static str) -> Subscription {
    Subscription { event_source: "s3.amazonaws.com", event_name }
}

const SUBSCRIPTIONS: &[Subscription] = &[
    s3("CreateBucket"),
    s3("DeleteAccessPointPolicy"),
    s3("DeleteBucketPolicy"),
    s3("PutAccessPointPolicy"),
    s3("PutBucketPolicy"),
];

const READS: &[&str] = &["s3:GetBucketPolicy", "s3:GetBucketTagging", "s3:GetPublicAccessBlock"];

const READ_ACTIONS: &[&str] =
    &["s3:GetBucketPolicy", "s3:GetBucketPublicAccessBlock", "s3:GetBucketTagging"];

const WRITE_ACTIONS: &[&str] = &[
    "s3:DeleteBucketPolicy",
    "s3:GetBucketPolicy",
    "s3:GetBucketTagging",
    "s3:PutBucketPolicy",
    "s3:PutBucketTagging",
];
