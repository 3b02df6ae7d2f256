//! `s3-public-acl`: does an ACL let everyone in, or a stranger?
//!
//! One ACL is judged: that of the bucket or of the object that the event names. Whether a grant is
//! effective depends on two switches of the bucket, which are read only when there is a grant to
//! judge.
//! Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html>.

mod project;
mod remedy;
mod state;

use events::Event;
use iam_document::acl::{AWS_ACCOUNTS, PublicGroup, is_log_delivery};
use model::{Confidence, ControlId, Finding, Resource, Target, Trust};
use serde_json::{Value, json};

pub use self::{remedy::AclRemedy, state::AclState};
use crate::{
    Control, StateError, Subscription, Tags, Triage,
    responses::{self, BlockResponse, OwnershipResponse},
    s3::{Acl, Grant, Grantee, ObjectOwnership},
    tags,
};

/// Does an ACL let everyone in?
#[derive(Debug, Clone, Copy, Default)]
pub struct S3PublicAcl;

impl Control for S3PublicAcl {
    type State = AclState;
    type Remedy = AclRemedy;
    const ID: ControlId = ControlId::new("s3-public-acl");

    fn subscriptions(&self) -> &'static [Subscription] {
        SUBSCRIPTIONS
    }

    fn triage(&self, event: &Event) -> Triage {
        project::triage(event)
    }

    fn project(&self, event: &Event, target: &Target) -> Option<AclState> {
        project::project(event, target)
    }

    fn assess(&self, target: &Target, state: &AclState, trust: &Trust) -> Vec<Finding<AclRemedy>> {
        let mut findings: Vec<Finding<AclRemedy>> = Vec::new();
        for grant in &state.acl.grants {
            let finding = match judge(grant, state, trust) {
                Verdict::Fine => continue,
                Verdict::Public(group) => public(grant, group, target, state),
                Verdict::Stranger(confidence) => stranger(grant, confidence, target, state),
                Verdict::UnknownGroup => unreadable(
                    format!("the ACL names a group that is not known here, {}", name(grant)),
                    state,
                ),
            };
            // S3 keeps a grant that was given twice; it is one finding.
            if !findings.iter().any(|found| is_same(found, &finding)) {
                findings.push(finding);
            }
        }
        findings.extend(state.unreadable.iter().map(|problem| {
            unreadable(format!("a part of the ACL cannot be read: {problem}"), state)
        }));
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
    ) -> Result<AclState, StateError> {
        let operation =
            if target.resource.id.is_object() { "GetObjectAcl" } else { "GetBucketAcl" };
        let acl = responses::acl(target, responses, operation)?
            .ok_or_else(|| StateError::Missing { operation, arn: target.resource.arn.clone() })?;
        self.supplement(target, AclState::of(acl), responses)
    }

    fn supplement(
        &self,
        target: &Target,
        mut state: AclState,
        responses: &Value,
    ) -> Result<AclState, StateError> {
        if let Some(response) = responses::optional::<OwnershipResponse>(
            target,
            responses,
            "GetBucketOwnershipControls",
        )? {
            state.ownership = response.ownership();
        }
        if let Some(response) =
            responses::optional::<BlockResponse>(target, responses, "GetPublicAccessBlock")?
        {
            state.block = Some(response.block());
        }
        if target.resource.id.is_object()
            && let Some(acl) = responses::acl(target, responses, "GetBucketAcl")?
        {
            state.bucket_owner = acl.owner;
        }
        Ok(state)
    }

    fn tag(&self, resource: &Resource, current: &Tags, ours: &Tags) -> Result<AclRemedy, String> {
        let limit = if resource.id.is_object() { tags::OBJECT_LIMIT } else { tags::LIMIT };
        let after = tags::merge(current, ours, limit)?;
        Ok(AclRemedy::PutTags { resource: resource.clone(), before: current.clone(), after })
    }
}

/// What a grant means.
enum Verdict {
    Fine,
    /// To everyone, or to every AWS customer.
    Public(PublicGroup),
    /// To an account that is not trusted, as far as the owners are known.
    Stranger(Confidence),
    UnknownGroup,
}

fn judge(grant: &Grant, state: &AclState, trust: &Trust) -> Verdict {
    match &grant.grantee {
        Grantee::Owner => Verdict::Fine,
        Grantee::Group { uri } => match PublicGroup::from_uri(uri) {
            Some(group) => Verdict::Public(group),
            None if is_log_delivery(uri) => Verdict::Fine,
            None => Verdict::UnknownGroup,
        },
        Grantee::CanonicalUser { id } => {
            let owners = [&state.acl.owner, &state.bucket_owner];
            let known = AWS_ACCOUNTS.contains(&id.as_str())
                || trust.trusted_canonical_ids.contains(id)
                || owners.into_iter().flatten().any(|owner| owner == id);
            match (known, &state.acl.owner) {
                (true, _) => Verdict::Fine,
                (false, Some(_)) => Verdict::Stranger(Confidence::Certain),
                // The record names an account and not the owner: it may be the owner himself.
                (false, None) => Verdict::Stranger(Confidence::Probable),
            }
        }
        // S3 turned the address into an id that the record does not tell.
        Grantee::Email { .. } => Verdict::Stranger(Confidence::Probable),
    }
}

fn name(grant: &Grant) -> String {
    match &grant.grantee {
        Grantee::CanonicalUser { id } => format!("canonical user `{id}`"),
        Grantee::Group { uri } => format!("`{uri}`"),
        Grantee::Email { address } => format!("the account of `{address}`"),
        Grantee::Owner => "the owner".to_owned(),
    }
}

fn is_same(one: &Finding<AclRemedy>, other: &Finding<AclRemedy>) -> bool {
    one.code == other.code && one.title == other.title
}

fn public(
    grant: &Grant,
    group: PublicGroup,
    target: &Target,
    state: &AclState,
) -> Finding<AclRemedy> {
    let who = match group {
        PublicGroup::AllUsers => "everyone",
        PublicGroup::AuthenticatedUsers => "every AWS customer",
    };
    let what = if target.resource.id.is_object() { "object" } else { "bucket" };
    let finding = Finding::new(
        format!("acl-public:{}:{}", group.as_str(), word(&grant.permission)),
        format!("the {what}'s ACL gives {who} {}", meaning(&grant.permission)),
    );
    let mut finding = with_remedy(evidence(finding, grant, state), grant, target, state);
    let ignored = state.block.is_some_and(|block| block.ignore_public_acls);
    finding.effective = finding.effective && !ignored;
    doubted(finding, state, &["s3:GetPublicAccessBlock", "s3:GetBucketOwnershipControls"])
}

/// A finding that may be none because of what could not be read: a switch that silences the grant,
/// an owner whose own it is.
fn doubted(finding: Finding<AclRemedy>, state: &AclState, rests_on: &[&str]) -> Finding<AclRemedy> {
    let denied = state.denied.iter().filter(|(read, _)| rests_on.contains(&read.as_str()));
    let denied: serde_json::Map<String, Value> =
        denied.map(|(read, code)| (read.clone(), code.as_str().into())).collect();
    // What is known to be silenced stays so, whatever else there is to know.
    if denied.is_empty() || !finding.effective {
        return finding;
    }
    let finding = finding.with_evidence("not_readable", Value::Object(denied));
    Finding { confidence: Confidence::Unclear, ..finding }
}

fn stranger(
    grant: &Grant,
    confidence: Confidence,
    target: &Target,
    state: &AclState,
) -> Finding<AclRemedy> {
    let finding = Finding::new(
        "acl-cross-account",
        format!("the ACL gives {} {}", name(grant), meaning(&grant.permission)),
    );
    let mut finding = with_remedy(evidence(finding, grant, state), grant, target, state);
    finding.confidence = confidence;
    // Of an object, its bucket's owner may have a grant of his own.
    doubted(finding, state, &["s3:GetBucketAcl", "s3:GetBucketOwnershipControls"])
}

fn unreadable(title: String, state: &AclState) -> Finding<AclRemedy> {
    let mut finding = Finding::new("evidence-unreadable", title);
    finding.confidence = Confidence::Unclear;
    finding.held_back = Some("what cannot be judged is not changed".to_owned());
    finding.with_evidence("grants", state.acl.to_text())
}

fn evidence(finding: Finding<AclRemedy>, grant: &Grant, state: &AclState) -> Finding<AclRemedy> {
    let mut finding = finding.with_evidence("grant", json!(grant));
    let facts = [
        ("owner", state.acl.owner.as_deref().map(Value::from)),
        ("object_ownership", state.ownership.map(|ownership| json!(ownership))),
        ("public_access_block", state.block.map(|block| json!(block))),
    ];
    for (name, value) in facts {
        if let Some(value) = value {
            finding = finding.with_evidence(name, value);
        }
    }
    finding
}

/// The list without this one grant, every other as it was. Where ACLs are off the grant means
/// nothing, and S3 refuses to write any ACL.
fn with_remedy(
    mut finding: Finding<AclRemedy>,
    grant: &Grant,
    target: &Target,
    state: &AclState,
) -> Finding<AclRemedy> {
    if state.ownership == Some(ObjectOwnership::BucketOwnerEnforced) {
        finding.effective = false;
        finding.held_back =
            Some("ACLs are off for this bucket (BucketOwnerEnforced), and S3 writes none".into());
        return finding;
    }
    if !state.unreadable.is_empty() {
        finding.held_back =
            Some("a part of the ACL cannot be read, so it could not be written back".into());
        return finding;
    }
    let after = Acl {
        owner: state.acl.owner.clone(),
        grants: state.acl.grants.iter().filter(|other| *other != grant).cloned().collect(),
    };
    finding.remedies = vec![AclRemedy::PutAcl {
        resource: target.resource.clone(),
        before: state.acl.clone(),
        after,
    }];
    finding
}

/// The permission as a code may carry it: S3's words are capitals and `_`.
fn word(permission: &str) -> &str {
    let sane = !permission.is_empty()
        && permission.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    if sane { permission } else { "UNKNOWN" }
}

/// The permission in words.
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#permissions>.
fn meaning(permission: &str) -> String {
    let words = match permission {
        "READ" => "the right to read",
        "WRITE" => "the right to write",
        "READ_ACP" => "the right to read the ACL",
        "WRITE_ACP" => "the right to change the ACL, and so every right",
        "FULL_CONTROL" => "every right",
        other => return format!("the permission `{}`", word(other)),
    };
    words.to_owned()
}

#[cfg(test)]
mod tests;

const fn s3(event_name: &'static str) -> Subscription {
    Subscription { event_source: "s3.amazonaws.com", event_name }
}

const SUBSCRIPTIONS: &[Subscription] = &[
    s3("CompleteMultipartUpload"),
    s3("CopyObject"),
    s3("CreateBucket"),
    s3("DeleteBucketOwnershipControls"),
    s3("DeleteBucketPublicAccessBlock"),
    s3("Object ACL Updated"),
    s3("PostObject"),
    s3("PutBucketAcl"),
    s3("PutBucketOwnershipControls"),
    s3("PutBucketPublicAccessBlock"),
    s3("PutObject"),
    s3("PutObjectAcl"),
];

const READS: &[&str] = &[
    "s3:GetBucketAcl",
    "s3:GetBucketOwnershipControls",
    "s3:GetBucketTagging",
    "s3:GetObjectAcl",
    "s3:GetObjectTagging",
    "s3:GetPublicAccessBlock",
];

const READ_ACTIONS: &[&str] = &[
    "s3:GetBucketAcl",
    "s3:GetBucketOwnershipControls",
    "s3:GetBucketPublicAccessBlock",
    "s3:GetBucketTagging",
    "s3:GetObjectAcl",
    "s3:GetObjectTagging",
    "s3:GetObjectVersionAcl",
    "s3:GetObjectVersionTagging",
];

const WRITE_ACTIONS: &[&str] = &[
    "s3:GetBucketAcl",
    "s3:GetBucketTagging",
    "s3:GetObjectAcl",
    "s3:GetObjectTagging",
    "s3:GetObjectVersionAcl",
    "s3:GetObjectVersionTagging",
    "s3:PutBucketAcl",
    "s3:PutBucketTagging",
    "s3:PutObjectAcl",
    "s3:PutObjectTagging",
    "s3:PutObjectVersionAcl",
    "s3:PutObjectVersionTagging",
];
