//! What earlier deliveries left behind, and what crossed our own writes.

use chrono::TimeDelta;
use controls::Control;
use ledger::Entry;
use model::{Confidence, Finding, Operation, Outcome, Timestamp};
use serde_json::Value;

use crate::{
    Clock, Cloud, HandleError, LedgerPort, Ports, Retry,
    case::{Book, Case, View, codes, is_mark},
    handled::join_reasons,
    mend::{is_marked, told},
    pipeline::Pipeline,
    plan::Counts,
};

/// How far apart two clocks may be, and how coarse `eventTime` is.
const SKEW: TimeDelta = TimeDelta::seconds(2);
/// No invocation lives longer.
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html>.
const LONGEST_INVOCATION: TimeDelta = TimeDelta::minutes(15);
/// How long before its own event a revert may have been noted.
const OWN_EVENT: TimeDelta = TimeDelta::hours(1);

fn before(moment: Timestamp, span: TimeDelta) -> Timestamp {
    moment.checked_sub_signed(span).unwrap_or(Timestamp::MIN_UTC)
}

fn after(moment: Timestamp, span: TimeDelta) -> Timestamp {
    moment.checked_add_signed(span).unwrap_or(Timestamp::MAX_UTC)
}

impl<C: Control, P: Ports<C>> Pipeline<C, P> {
    /// Resolves what an earlier delivery intended, by the state just read: where the findings are
    /// mended, its write arrived and is not made again.
    pub(crate) async fn settle(
        &self,
        case: &Case<'_>,
        book: &mut Book,
        view: &View<C::State>,
    ) -> Result<(), HandleError> {
        for mut entry in book.in_doubt() {
            let Some(mut outcome) = self.resolved(case, &entry, view)? else { continue };
            if outcome == Outcome::Verified {
                outcome = self.vouched(&mut entry, view).await?;
            }
            if matches!(outcome, Outcome::Verified | Outcome::Tagged | Outcome::Failed) {
                entry.left_state = Some(view.written()?);
                let last = after(entry.at, LONGEST_INVOCATION).min(view.seen_at);
                entry.written_at.get_or_insert(last);
            }
            self.finish(book, &mut entry, outcome).await?;
        }
        Ok(())
    }

    /// Whether a write that mended what it was for kept all else, where its own answer does not say
    /// so: the answer was lost, or the look thereafter failed.
    async fn vouched(
        &self,
        entry: &mut Entry,
        view: &View<C::State>,
    ) -> Result<Outcome, HandleError> {
        if entry.outcome == Some(Outcome::Failed) {
            // The answer came, and said what was lost.
            return Ok(Outcome::Failed);
        }
        let mut why = |why: String| entry.error = Some(join_reasons(entry.error.take(), &why));
        let Ok(remedy) = serde_json::from_value::<C::Remedy>(entry.remedy.clone()) else {
            why("what the write kept cannot be compared: another version noted it".to_owned());
            return Ok(Outcome::InDoubt);
        };
        match self.ports.cloud().lost(&view.resource, &remedy).await {
            Ok(lost) if lost.is_empty() => Ok(Outcome::Verified),
            Ok(lost) => {
                why(format!("the write was made and differs in: {}", lost.join(", ")));
                Ok(Outcome::Failed)
            }
            Err(error) => match error.retry {
                Retry::Worthwhile | Retry::Moved => Err(HandleError::Evidence(error)),
                Retry::Pointless | Retry::Gone => {
                    why(format!("what the write kept could not be compared: {}", told(&error)));
                    Ok(Outcome::InDoubt)
                }
            },
        }
    }

    /// How an intention ended; `None`: nothing of it is to be seen, so it is taken up again.
    fn resolved(
        &self,
        case: &Case<'_>,
        entry: &Entry,
        view: &View<C::State>,
    ) -> Result<Option<Outcome>, HandleError> {
        if view.gone {
            return Ok(Some(Outcome::InDoubt));
        }
        if is_mark(entry) {
            return Ok(is_marked(case, view).then_some(Outcome::Tagged));
        }
        if view.written()? == entry.prior_state {
            return Ok(None);
        }
        let prior = self.counts_of(case, view, &entry.prior_state);
        let mended = codes(entry).mended(&prior, &view.counts(&self.control, case));
        Ok(Some(if mended { Outcome::Verified } else { Outcome::InDoubt }))
    }

    /// How often each code stands against a state from the ledger; one that cannot be read any
    /// more counts as having had nothing but the entry's own findings.
    fn counts_of(&self, case: &Case<'_>, view: &View<C::State>, state: &Value) -> Counts {
        match serde_json::from_value::<Option<C::State>>(state.clone()) {
            Ok(state) => View { state, ..view.clone() }.counts(&self.control, case),
            Err(_unreadable) => Counts::default(),
        }
    }

    /// What the ledger knows about the moment of the event: a change by our own role that no entry
    /// explains, or somebody else's change that a write of ours may have undone, since no IAM and
    /// few S3 writes can be made conditional on what was read.
    pub(crate) async fn crossings(
        &self,
        case: &Case<'_>,
        view: &View<C::State>,
    ) -> Result<Vec<Finding<C::Remedy>>, HandleError> {
        let time = case.delivery.event.record.event_time;
        let time = time.unwrap_or_else(|| self.ports.clock().now());
        let since = before(time, if case.own { OWN_EVENT } else { LONGEST_INVOCATION });
        let reverts = self.ports.ledger().reverts(&case.target.resource, since).await;
        let reverts = reverts.map_err(HandleError::Ledger)?;
        if case.own {
            let title = "Snapback's own role made this change, and its ledger knows of no reason";
            let unaccounted = reverts.is_empty();
            return Ok(unaccounted
                .then(|| Finding::new("own-role-unaccounted", title))
                .into_iter()
                .collect());
        }
        let theirs = self.control.project(case.delivery.event, &case.target);
        let theirs = crate::case::encode("state", &theirs)?;
        let live = view.written()?;
        let crossed = reverts.into_iter().filter(|entry| {
            let last = if entry.in_doubt() {
                Some(after(entry.at, LONGEST_INVOCATION))
            } else {
                entry.written_at
            };
            let written = last.is_some_and(|written| time <= after(written, SKEW));
            let another = entry.event_id != case.key.event_id;
            // Other controls write other settings of the resource, but for a copy, which writes
            // its ACL and tags anew.
            let exposed = if entry.control == C::ID.as_str() {
                // A remedy that another version noted may have set anything.
                let remedy = serde_json::from_value::<C::Remedy>(entry.remedy.clone());
                let crosses =
                    remedy.map_or(true, |remedy| self.control.crosses(&remedy, &case.target));
                !is_guarded(&entry.operations) && crosses
            } else {
                writes_anew(&entry.operations, &case.delivery.event.record.event_name)
            };
            // We read it before we wrote, or it stands as they wrote it: nothing is lost.
            let seen = !theirs.is_null() && (theirs == entry.prior_state || theirs == live);
            another && written && time > before(entry.at, SKEW) && !seen && exposed
        });
        let findings = crossed.map(|entry| {
            // Each lost change is news of its own, so the title names the event.
            let title = format!(
                "a write of Snapback's may have undone the change of event {}, made at the same \
                 moment",
                case.key.event_id
            );
            let finding = Finding::new("possible-lost-update", title)
                .with_evidence("entry", entry.id.0.as_str())
                .with_evidence("read_before_the_write", entry.prior_state)
                .with_evidence("left_by_the_write", entry.left_state.unwrap_or(Value::Null))
                .with_evidence("made_by_this_event", theirs.clone());
            Finding { confidence: Confidence::Probable, ..finding }
        });
        Ok(findings.collect())
    }
}

/// Whether AWS itself refuses the write when the resource has moved: the last call, which makes it
/// visible, carries `IfMatch`. No new content can be lost by such a write, nor what a control asks
/// of content; for what leaves the `ETag` as it is see [`writes_anew`].
fn is_guarded(operations: &[Operation]) -> bool {
    operations.last().is_some_and(|last| last.parameters.get("IfMatch").is_some())
}

/// Whether calls set anew, from what was read before, what a call of this name changes without
/// changing the `ETag`: `IfMatch` does not see such a change. `CopyObject` copies the tags itself;
/// a copy in parts is given them, and every copy its grants.
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>.
fn writes_anew(operations: &[Operation], event_name: &str) -> bool {
    let mut calls = operations.iter();
    match event_name {
        "PutObjectAcl" | "Object ACL Updated" => {
            let members = calls.filter_map(|call| call.parameters.as_object());
            members.flat_map(|members| members.keys()).any(|name| name.starts_with("Grant"))
        }
        "PutObjectTagging" | "DeleteObjectTagging" => {
            calls.any(|call| call.operation == "s3:CreateMultipartUpload")
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_write_is_guarded_by_the_call_that_makes_it_visible() {
        let acl = Operation::new("s3:PutBucketAcl", json!({"Bucket": "b"}));
        let copy = Operation::new("s3:CopyObject", json!({"IfMatch": "e", "Key": "k"}));
        let part = Operation::new("s3:UploadPartCopy", json!({"PartNumber": 1}));
        let complete = Operation::new("s3:CompleteMultipartUpload", json!({"IfMatch": "e"}));
        assert!(!is_guarded(&[]) && !is_guarded(std::slice::from_ref(&acl)));
        assert!(is_guarded(std::slice::from_ref(&copy)));
        assert!(is_guarded(&[part, complete]));
        assert!(!is_guarded(&[copy, acl]));
    }

    #[test]
    fn a_guard_on_the_content_does_not_cover_acl_and_tags() {
        let copy = |more: &str| {
            let mut parameters = json!({"IfMatch": "e", "TaggingDirective": "COPY"});
            parameters[more] = json!("x");
            Operation::new("s3:CopyObject", parameters)
        };
        let parts = |more: &str| {
            let mut create = json!({"Key": "k"});
            create[more] = json!("x");
            let complete = json!({"IfMatch": "e"});
            [
                Operation::new("s3:CreateMultipartUpload", create),
                Operation::new("s3:CompleteMultipartUpload", complete),
            ]
        };
        for acl in ["PutObjectAcl", "Object ACL Updated"] {
            assert!(writes_anew(&[copy("GrantRead")], acl));
            assert!(writes_anew(&parts("GrantFullControl"), acl));
            assert!(!writes_anew(&[copy("StorageClass")], acl) && !writes_anew(&[], acl));
        }
        for tags in ["PutObjectTagging", "DeleteObjectTagging"] {
            assert!(!writes_anew(&[copy("GrantRead")], tags), "S3 copies them itself");
            assert!(writes_anew(&parts("Tagging"), tags));
            assert!(writes_anew(&parts("Metadata"), tags), "none were read, and none are given");
        }
        assert!(!writes_anew(&parts("GrantRead"), "PutObject"), "its `ETag` is another");
    }
}
