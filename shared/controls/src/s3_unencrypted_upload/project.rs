//! What a record tells: which version was written, and how S3 says it stored it.

use events::{
    Event, Origin, Record,
    parameters::{
        Field,
        s3::{AdditionalData, Encryption as Headers, SseApplied, WrittenObject},
    },
};
use model::Timestamp;

use super::{
    SUBSCRIPTIONS,
    state::{DefaultEncryption, Encryption, StoredVersion, UploadState},
};
use crate::{NotMine, Triage, control::passed_over, s3};

/// From then on S3 encrypts every new object, 2023-01-05.
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-encryption-faq.html>.
const ENCRYPTED_SINCE: Timestamp = match Timestamp::from_timestamp(1_672_876_800, 0) {
    Some(time) => time,
    None => Timestamp::MIN_UTC,
};

pub(super) fn triage(event: &Event) -> Triage {
    let record = &event.record;
    if let Some(passed_over) = passed_over(SUBSCRIPTIONS, event) {
        return passed_over;
    }
    if event.service_delivery() {
        return Triage::NotMine(NotMine::ServiceDelivery);
    }
    let version = match event.origin {
        Origin::S3 => None,
        // The answer names the version that was written; `versionId` of a request would name one
        // that is read.
        Origin::CloudTrail | Origin::Other => {
            record.response::<WrittenObject>().ok().and_then(|written| written.version_id.ok())
        }
    };
    s3::object_of(event, version)
}

pub(super) fn project(event: &Event) -> Option<UploadState> {
    let record = &event.record;
    match event.origin {
        Origin::CloudTrail => {}
        // A native event says nothing of the encryption.
        Origin::S3 | Origin::Other => return None,
    }
    let asked = record.parameters::<Headers>().ok();
    let written = record.response::<WrittenObject>().ok();
    let applied =
        told(record.additional::<AdditionalData>().and_then(|added| added.sse_applied)).ok()?;
    let answered = written.as_ref().map(|written| &written.encryption);
    let encryption = encryption(record, applied.as_ref(), answered, asked.as_ref()).ok()??;
    let mut version = StoredVersion::of(encryption);
    version.by_default = matches!(
        applied,
        Some(SseApplied::DefaultSseS3 | SseApplied::DefaultSseKms | SseApplied::DefaultDsseKms)
    );
    version.version_id = written.as_ref().and_then(|written| written.version_id.clone().ok());
    version.bucket_key = [answered, asked.as_ref()]
        .into_iter()
        .flatten()
        .any(|headers| headers.bucket_key == Ok(true));
    version.storage_class = record
        .parameters::<events::parameters::s3::PutObject>()
        .ok()
        .and_then(|put| put.storage_class.ok())
        .filter(|class| class != "STANDARD");
    // An upload that was stored by default proves what the default was.
    let default = version.by_default.then(|| DefaultEncryption {
        encryption: version.encryption.clone(),
        bucket_key: version.bucket_key,
    });
    Some(UploadState { version, default, keys: Vec::new(), details: None, from_record: true })
}

/// Something is there that cannot be read, so the record proves nothing.
struct Unread;

/// What a member says, or that it says nothing.
fn told<T>(field: Field<T>) -> Result<Option<T>, Unread> {
    match field {
        Ok(value) => Ok(Some(value)),
        Err(unusable) if unusable.is_absent() => Ok(None),
        Err(_) => Err(Unread),
    }
}

/// How the version is stored, by what S3 did rather than by what was asked for; `None`: the record
/// does not tell.
fn encryption(
    record: &Record,
    applied: Option<&SseApplied>,
    answered: Option<&Headers>,
    asked: Option<&Headers>,
) -> Result<Option<Encryption>, Unread> {
    // The first of answer and request that says anything; what it says must then be readable.
    let first = |read: fn(&Headers) -> Field<String>| -> Result<Option<String>, Unread> {
        for headers in [answered, asked].into_iter().flatten() {
            if let Some(value) = told(read(headers))? {
                return Ok(Some(value));
            }
        }
        Ok(None)
    };
    let key = || first(|headers| headers.kms_key_id.clone());
    match applied {
        Some(SseApplied::DefaultSseS3 | SseApplied::SseS3) => return Ok(Some(Encryption::S3)),
        Some(SseApplied::DefaultSseKms | SseApplied::SseKms) => {
            return Ok(Some(Encryption::Kms { key: key()? }));
        }
        Some(SseApplied::DefaultDsseKms | SseApplied::DsseKms) => {
            return Ok(Some(Encryption::KmsTwice { key: key()? }));
        }
        Some(SseApplied::SseC) => return Ok(Some(Encryption::Customer)),
        Some(SseApplied::Other(_)) | None => {}
    }
    if first(|headers| headers.customer_algorithm.clone())?.is_some() {
        return Ok(Some(Encryption::Customer));
    }
    if let Some(word) = first(|headers| headers.algorithm.clone())? {
        return Ok(Some(Encryption::from_words(Some(&word), key()?.as_deref())));
    }
    let key = key()?;
    if let Some(SseApplied::Other(word)) = applied {
        return Ok(Some(Encryption::Other { word: word.clone(), key }));
    }
    // Silence says something only where everything was read in which it would have been said.
    let heard = asked.is_some() && told(record.response::<WrittenObject>()).is_ok();
    let before = record.event_time.is_some_and(|time| time < ENCRYPTED_SINCE);
    let one_call = matches!(record.event_name.as_str(), "PutObject" | "CopyObject" | "PostObject");
    Ok((heard && key.is_none() && before && one_call).then_some(Encryption::None))
}
