//! The CloudTrail record: its head, whether the call failed, what it concerned.

use model::{AccountId, Actor, ActorKind, Arn};
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use crate::{
    Envelope, EventError, Origin, Record, identity,
    locate::{Spot, as_u64},
    members::{Head, ResourceEntry},
    raw::{self, Shape},
};

/// An element of `resources`: what the call concerned, as CloudTrail saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The ARN, or its beginning where the call listed many.
    pub arn: String,
    /// `AWS::S3::Object`, … Often missing.
    pub kind: Option<String>,
    /// The owner. Object entries have none.
    pub account: Option<AccountId>,
}

/// The event types that stand for a call or an occurrence with a name of its own.
const NAMED_TYPES: [&str; 4] =
    ["AwsApiCall", "AwsServiceEvent", "AwsConsoleSignIn", "AwsConsoleAction"];

/// Reads the record that the members describe.
pub(crate) fn read(
    head: &Head<'_>,
    envelope: Option<&Envelope>,
    text: &str,
    spot: &Spot<'_>,
) -> Result<(Origin, Record), EventError> {
    let event_type = raw::owned(head.event_type);
    let unnamed = |kind: &str| !NAMED_TYPES.iter().any(|named| kind.eq_ignore_ascii_case(named));
    let (origin, event_name) = match raw::present(head.event_name) {
        Some(name) => (Origin::CloudTrail, name_of(name, spot)?),
        // Insights have no name at their top, only that of the call whose rate was unusual.
        // https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-insights-record.html
        None => match event_type.as_deref().filter(|kind| unnamed(kind)) {
            Some(kind) => (Origin::Other, kind.to_owned()),
            None => return Err(spot.missing_member(text, "eventName", "the name of a call")),
        },
    };
    let actor = identity::actor(
        raw::kept(head.user_identity).as_deref(),
        raw::owned(head.source_ip_address),
        raw::owned(head.user_agent),
    );
    let recipient = raw::owned(head.recipient_account_id)
        .map(AccountId::new)
        .or_else(|| envelope.and_then(|envelope| envelope.account.clone()));
    let account =
        recipient.clone().or_else(|| actor.account.clone().filter(AccountId::is_well_formed));
    let event_source = raw::owned(head.event_source).unwrap_or_default();
    // S3's notifications to queues have the members of a record and are none.
    // https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
    let origin = if event_source.starts_with("aws:") { Origin::Other } else { origin };
    let record = Record {
        event_id: raw::owned(head.event_id),
        event_name,
        event_source,
        event_time: raw::time(head.event_time),
        event_type,
        region: raw::owned(head.aws_region)
            .or_else(|| envelope.and_then(|envelope| envelope.region.clone())),
        account,
        recipient,
        actor,
        user_name: identity::user_name(raw::kept(head.user_identity).as_deref()),
        error_code: raw::owned(head.error_code),
        error_message: raw::owned(head.error_message),
        read_only: raw::flag(head.read_only),
        request_parameters: raw::kept(head.request_parameters),
        response_elements: raw::kept(head.response_elements),
        additional_event_data: raw::kept(head.additional_event_data),
        service_event_details: raw::kept(head.service_event_details),
        resources: raw::kept(head.resources),
    };
    Ok((origin, record))
}

fn name_of(raw: &RawValue, spot: &Spot<'_>) -> Result<String, EventError> {
    match raw::string(raw) {
        Some(name) if !name.is_empty() => Ok(name.into_owned()),
        Some(_) => Err(spot.member(raw, "eventName", "the name of a call", "an empty string")),
        None => {
            let found = Shape::of(raw).in_words();
            Err(spot.member(raw, "eventName", "the name of a call", found))
        }
    }
}

impl Record {
    /// Why the call changed nothing, if it did not: the error code, or the message of a sign-in
    /// that was refused.
    ///
    /// - `Client.DryRunOperation` is a failure here: nothing changed.
    ///   <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>
    /// - An HTTP status of success is none: managed Grafana writes `errorCode: "200"`.
    /// - A refused sign-in has no code; its `responseElements` say `Failure`.
    ///   <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-aws-console-sign-in-events.html>
    #[must_use]
    pub fn failure(&self) -> Option<&str> {
        let code = self.error_code.as_deref().filter(|code| !is_success(code));
        code.or_else(|| {
            self.sign_in_refused().then(|| self.error_message.as_deref().unwrap_or("Failure"))
        })
    }

    /// The name of the IAM user that made the call, without its path; `None`: it was none, or the
    /// record does not name it. A principal id (`AIDAEXAMPLE`) is not a name.
    ///
    /// Source: <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html>.
    #[must_use]
    pub fn iam_user(&self) -> Option<String> {
        if self.actor.kind != ActorKind::IamUser {
            return None;
        }
        let of_arn = || {
            let arn: Arn = self.actor.arn.as_ref()?.parse().ok()?;
            let is_user = arn.service == "iam" && arn.resource.starts_with("user/");
            is_user.then(|| arn.name().to_owned()).filter(|name| !name.is_empty())
        };
        self.user_name.clone().filter(|name| !name.is_empty()).or_else(of_arn)
    }

    /// Whether the call was refused for want of permission, in any service's spelling
    /// (`AccessDenied`, `AccessDeniedException`, `VpceAccessDenied`, `Client.UnauthorizedOperation`).
    #[must_use]
    pub fn denied(&self) -> bool {
        self.error_code
            .as_deref()
            .is_some_and(|code| code.contains("AccessDenied") || code.contains("Unauthorized"))
    }

    fn sign_in_refused(&self) -> bool {
        if self.event_source != "signin.amazonaws.com" {
            return false;
        }
        let Some(response) = self.response_elements.as_deref() else { return false };
        let object = crate::parameters::Object::new("responseElements", response);
        object.is_ok_and(|object| {
            object.text(&self.event_name).is_ok_and(|word| word.eq_ignore_ascii_case("failure"))
        })
    }

    /// What the call concerned, from `resources`: in no reliable order, often absent, and for some
    /// services never present. A help where parameters are missing, not a substitute for them.
    #[must_use]
    pub fn resources(&self) -> Vec<Reference> {
        let Some(resources) = self.resources.as_deref() else { return Vec::new() };
        let entries = raw::elements(resources).unwrap_or_else(|| vec![resources]);
        entries.into_iter().filter_map(reference).collect()
    }

    /// A name that is the same for the same content, and for no other: by a name of its choosing an
    /// event could pass for one that was handled.
    pub(crate) fn digest(&self) -> String {
        let parts = [
            Some(self.event_source.as_str()),
            Some(self.event_name.as_str()),
            self.region.as_deref(),
            self.account.as_ref().map(AccountId::as_str),
            Some(self.actor.id.as_str()),
            self.actor.source_ip.as_deref(),
            self.error_code.as_deref(),
            self.request_parameters.as_deref().map(RawValue::get),
            self.response_elements.as_deref().map(RawValue::get),
            self.additional_event_data.as_deref().map(RawValue::get),
        ];
        let time = self.event_time.map(|time| time.timestamp_micros().to_be_bytes());
        let parts = parts.into_iter().map(|part| part.map(str::as_bytes));
        let mut digest = Sha256::new();
        for part in parts.chain([time.as_ref().map(<[u8; 8]>::as_slice)]) {
            // A mark and a length before each, so that no two lists of parts read the same.
            match part {
                Some(part) => {
                    digest.update([1]);
                    digest.update(as_u64(part.len()).to_be_bytes());
                    digest.update(part);
                }
                None => digest.update([0]),
            }
        }
        let hex: String = digest.finalize().into_iter().map(hex).collect();
        format!("content:{hex}")
    }
}

fn hex(byte: u8) -> String {
    format!("{byte:02x}")
}

fn is_success(code: &str) -> bool {
    code.len() == 3 && code.starts_with('2') && code.bytes().all(|byte| byte.is_ascii_digit())
}

fn reference(raw: &RawValue) -> Option<Reference> {
    let entry: ResourceEntry<'_> = serde_json::from_str(raw.get()).ok()?;
    Some(Reference {
        arn: raw::owned(entry.arn)?,
        kind: raw::owned(entry.kind),
        account: raw::owned(entry.account_id).map(AccountId::new),
    })
}

/// The record that stands for an EventBridge event which is no CloudTrail record.
pub(crate) fn native(
    envelope: &Envelope,
    detail: &RawValue,
    event_name: &str,
    event_source: String,
    actor: Actor,
) -> Record {
    Record {
        event_id: envelope.id.clone(),
        event_name: event_name.to_owned(),
        event_source,
        event_time: envelope.time,
        event_type: None,
        region: envelope.region.clone(),
        account: envelope.account.clone(),
        recipient: envelope.account.clone(),
        actor,
        user_name: None,
        error_code: None,
        error_message: None,
        read_only: None,
        request_parameters: raw::kept(Some(detail)),
        response_elements: None,
        additional_event_data: None,
        service_event_details: None,
        resources: None,
    }
}
