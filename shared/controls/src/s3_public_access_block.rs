//! `s3-public-access-block`: is Block Public Access still whole?
//!
//! One configuration of four switches is judged: that of the bucket, or of the account, that the
//! event names. A bucket's switch that is off while the account's is on has no effect today, since
//! S3 applies the stricter of both; the account's are read only when one of the bucket's is off.
//! Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html>.

mod project;
mod remedy;
mod state;

use events::Event;
use model::{Confidence, ControlId, Finding, Resource, ResourceId, Target, Trust};
use serde::Deserialize;
use serde_json::{Map, Value, json};

pub use self::{
    remedy::BlockRemedy,
    state::{BlockState, Switch},
};
use crate::{
    Control, StateError, Subscription, Tags, Triage, responses, s3::PublicAccessBlock, tags,
};

/// Is Block Public Access still whole?
#[derive(Debug, Clone, Copy, Default)]
pub struct S3PublicAccessBlock;

impl Control for S3PublicAccessBlock {
    type State = BlockState;
    type Remedy = BlockRemedy;
    const ID: ControlId = ControlId::new("s3-public-access-block");

    fn subscriptions(&self) -> &'static [Subscription] {
        SUBSCRIPTIONS
    }

    fn triage(&self, event: &Event) -> Triage {
        project::triage(event)
    }

    fn project(&self, event: &Event, _target: &Target) -> Option<BlockState> {
        project::project(event)
    }

    fn assess(
        &self,
        target: &Target,
        state: &BlockState,
        _trust: &Trust,
    ) -> Vec<Finding<BlockRemedy>> {
        if let Some(problem) = &state.unreadable {
            return vec![unreadable(problem)];
        }
        let off = |switch: &Switch| !switch.is_on(state.in_force());
        Switch::ALL.into_iter().filter(off).map(|switch| found(switch, target, state)).collect()
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
    ) -> Result<BlockState, StateError> {
        let response: BlockResponse = responses::required(target, responses, OWN)?;
        self.supplement(target, BlockState::of(response.block), responses)
    }

    fn supplement(
        &self,
        target: &Target,
        mut state: BlockState,
        responses: &Value,
    ) -> Result<BlockState, StateError> {
        if is_account(target) {
            return Ok(state);
        }
        let response: Option<BlockResponse> = responses::optional(target, responses, ACCOUNT)?;
        state.account = response.map(|response| response.block.unwrap_or_default());
        Ok(state)
    }

    fn tag(&self, resource: &Resource, current: &Tags, ours: &Tags) -> Result<BlockRemedy, String> {
        if resource.id.bucket().is_none() {
            return Err("an account has no tags that could be set from within".to_owned());
        }
        let after = tags::merge(current, ours, tags::LIMIT)?;
        Ok(BlockRemedy::PutTags { resource: resource.clone(), before: current.clone(), after })
    }
}

/// What `--state` holds of the resource itself, and in a bucket's responses of its account: the two
/// APIs name their operation alike.
const OWN: &str = "GetPublicAccessBlock";
const ACCOUNT: &str = "GetAccountPublicAccessBlock";

/// `GetPublicAccessBlock` of S3 and of S3 Control; without the member, as for "there is none".
#[derive(Debug, Deserialize)]
struct BlockResponse {
    #[serde(rename = "PublicAccessBlockConfiguration", default)]
    block: Option<PublicAccessBlock>,
}

fn is_account(target: &Target) -> bool {
    target.resource.id == ResourceId::Account
}

fn found(switch: Switch, target: &Target, state: &BlockState) -> Finding<BlockRemedy> {
    let whose = if is_account(target) { "the account's" } else { "the bucket's" };
    let name = switch.name();
    let mut finding = Finding::new(
        format!("{CODE}:{name}"),
        format!("{whose} Block Public Access does not {} (`{name}` is off)", switch.purpose()),
    )
    .with_evidence("public_access_block", json!(state.block));
    if let Some(account) = state.account {
        finding = finding.with_evidence("account_public_access_block", json!(account));
        finding.effective = !switch.is_on(account);
    } else if !state.denied.is_empty() {
        let denied: Map<String, Value> =
            state.denied.iter().map(|(read, code)| (read.clone(), code.as_str().into())).collect();
        finding = finding.with_evidence("not_readable", Value::Object(denied));
        finding.confidence = Confidence::Unclear;
    }
    finding.remedies = vec![BlockRemedy::SetBlock {
        resource: target.resource.clone(),
        before: state.block,
        after: Some(switch.turned_on(state.in_force())),
    }];
    finding
}

/// The detection, and what the codes begin with.
const CODE: &str = "s3-public-access-block-removed";

fn unreadable(problem: &str) -> Finding<BlockRemedy> {
    let title = format!("what Block Public Access was set to cannot be said: {problem}");
    let mut finding = Finding::new("evidence-unreadable", title);
    finding.confidence = Confidence::Unclear;
    finding.held_back = Some("what cannot be judged is not changed".to_owned());
    finding
}

#[cfg(test)]
mod tests;

const fn s3(event_name: &'static str) -> Subscription {
    Subscription { event_source: "s3.amazonaws.com", event_name }
}

const SUBSCRIPTIONS: &[Subscription] = &[
    s3("CreateBucket"),
    s3("DeleteAccountPublicAccessBlock"),
    s3("DeleteBucketPublicAccessBlock"),
    s3("PutAccountPublicAccessBlock"),
    s3("PutBucketPublicAccessBlock"),
];

const READS: &[&str] =
    &["s3:GetBucketTagging", "s3:GetPublicAccessBlock", "s3control:GetPublicAccessBlock"];

const READ_ACTIONS: &[&str] =
    &["s3:GetAccountPublicAccessBlock", "s3:GetBucketPublicAccessBlock", "s3:GetBucketTagging"];

const WRITE_ACTIONS: &[&str] = &[
    "s3:GetAccountPublicAccessBlock",
    "s3:GetBucketPublicAccessBlock",
    "s3:GetBucketTagging",
    "s3:PutAccountPublicAccessBlock",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutBucketTagging",
];
