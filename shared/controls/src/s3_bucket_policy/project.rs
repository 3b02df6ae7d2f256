//! What a record tells: whose policy was set or taken away, and to what.

use events::{
    Event, Record,
    parameters::{
        Unusable,
        s3::{AccessPoint, PutAccessPointPolicy, PutBucketPolicy},
    },
};
use model::{Arn, Resource, Target};

use super::{SUBSCRIPTIONS, state::PolicyState};
use crate::{Triage, control::passed_over, s3};

pub(super) fn triage(event: &Event) -> Triage {
    let record = &event.record;
    if let Some(passed_over) = passed_over(SUBSCRIPTIONS, event) {
        return passed_over;
    }
    match record.event_name.as_str() {
        "PutAccessPointPolicy" | "DeleteAccessPointPolicy" => match access_point(record) {
            Ok(resource) => Triage::Mine(Target::from(resource)),
            Err(what) => {
                let name = &record.event_name;
                Triage::Malformed(format!("what `{name}` changed cannot be said: {what}"))
            }
        },
        _ => s3::bucket_of(event),
    }
}

/// The access point that a record names, by its name or by the one ARN of `resources`.
fn access_point(record: &Record) -> Result<Resource, String> {
    let account = record
        .account
        .clone()
        .ok_or_else(|| "neither record nor envelope names an account".to_owned())?;
    let region = record.region.as_deref().unwrap_or_default();
    let asked = record.parameters::<AccessPoint>().and_then(|asked| asked.name);
    let name = match asked {
        Ok(name) => named_by(&name).unwrap_or(name),
        Err(unusable) => {
            let resources = record.resources();
            let mut names = resources.iter().filter_map(|resource| named_by(&resource.arn));
            match (names.next(), names.next()) {
                (Some(name), None) => name,
                (Some(_) | None, _) => return Err(unusable.to_string()),
            }
        }
    };
    Ok(Resource::access_point(&name, account, region))
}

/// The access point that an ARN names; `None`: it is the ARN of something else, or none.
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-naming.html>.
fn named_by(arn: &str) -> Option<String> {
    let arn: Arn = arn.parse().ok().filter(|arn: &Arn| arn.service == "s3")?;
    let name = arn.resource.strip_prefix("accesspoint/")?;
    (!name.is_empty() && !name.contains('/')).then(|| name.to_owned())
}

pub(super) fn project(event: &Event) -> Option<PolicyState> {
    let record = &event.record;
    let asked = match record.event_name.as_str() {
        // A new bucket has no policy until one is put.
        "CreateBucket" | "DeleteBucketPolicy" | "DeleteAccessPointPolicy" => {
            return Some(PolicyState::of(None));
        }
        "PutAccessPointPolicy" => {
            record.parameters::<PutAccessPointPolicy>().and_then(|asked| asked.document)
        }
        _ => record.parameters::<PutBucketPolicy>().and_then(|asked| asked.document),
    };
    document(asked).map(|document| PolicyState::of(Some(document)))
}

/// The document that the call set. One that is there and cannot be used is kept as no document at
/// all, which is told as such; only one that is plainly absent leaves the question open.
fn document(asked: Result<String, Unusable>) -> Option<String> {
    asked.or_else(|unusable| if unusable.is_absent() { Err(()) } else { Ok(String::new()) }).ok()
}
