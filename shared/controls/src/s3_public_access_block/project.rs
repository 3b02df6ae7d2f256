//! What a record tells: whose Block Public Access was set, and to what.

use events::{
    Event, Record,
    parameters::s3::{Bucket, PutPublicAccessBlock},
};
use model::{AccountId, Resource, Target};

use super::{SUBSCRIPTIONS, state::BlockState};
use crate::{
    Triage,
    control::passed_over,
    s3::{self, PublicAccessBlock},
};

pub(super) fn triage(event: &Event) -> Triage {
    let record = &event.record;
    if let Some(passed_over) = passed_over(SUBSCRIPTIONS, event) {
        return passed_over;
    }
    match record.event_name.as_str() {
        "PutAccountPublicAccessBlock" | "DeleteAccountPublicAccessBlock" => account_of(record),
        _ => s3::bucket_of(event),
    }
}

/// The account that a call about a whole account is about. Its parameters hold the host at most, of
/// which the first label is the account; the record itself says for whom it was written.
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html>.
fn account_of(record: &Record) -> Triage {
    let of_host = || record.parameters::<Bucket>().ok().and_then(|named| named.account.ok());
    let account = record
        .recipient
        .clone()
        .filter(AccountId::is_well_formed)
        .or_else(of_host)
        .or_else(|| record.account.clone());
    let Some(account) = account else {
        return Triage::Malformed(format!(
            "whose setting `{}` changed cannot be said: neither record nor envelope names an account",
            record.event_name
        ));
    };
    let region = record.region.as_deref().unwrap_or_default();
    Triage::Mine(Target::from(Resource::account(account, region)))
}

pub(super) fn project(event: &Event) -> Option<BlockState> {
    let record = &event.record;
    match record.event_name.as_str() {
        "DeleteAccountPublicAccessBlock" | "DeleteBucketPublicAccessBlock" => {
            Some(BlockState::of(None))
        }
        "PutAccountPublicAccessBlock" | "PutBucketPublicAccessBlock" => asked_for(record),
        // A new bucket has all four on, unless it was made before 2023 or elsewhere than on AWS;
        // the record does not say.
        // Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/create-bucket-faq.html>.
        _ => None,
    }
}

/// What the call set. A configuration that is there and cannot be read is told as such; one that is
/// not there leaves the question open.
fn asked_for(record: &Record) -> Option<BlockState> {
    match record.parameters::<PutPublicAccessBlock>().and_then(|asked| asked.block) {
        Ok(block) => Some(BlockState::of(Some(PublicAccessBlock {
            block_public_acls: block.block_public_acls,
            ignore_public_acls: block.ignore_public_acls,
            block_public_policy: block.block_public_policy,
            restrict_public_buckets: block.restrict_public_buckets,
        }))),
        Err(unusable) if unusable.is_absent() => None,
        Err(unusable) => Some(BlockState::unreadable(unusable.to_string())),
    }
}
