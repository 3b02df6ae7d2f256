//! Lifecycle rules, to and from the SDK's form, member by member.

use aws_sdk_s3::types;
use aws_smithy_types::{
    DateTime,
    date_time::{DateTimeFormatError, Format},
    error::operation::BuildError,
};
use controls::s3_bucket_safeguards::{
    Abort, And, Expiration, Filter, Lifecycle, NoncurrentExpiration, NoncurrentTransition, Rule,
    Tag, Transition,
};
use respond::CloudError;

use super::{
    super::{Api, Place, unless_absent},
    read::strange,
};

const READ: &str = "s3:GetBucketLifecycleConfiguration";

impl Api {
    /// The lifecycle; a bucket without one has no rules.
    pub(super) async fn lifecycle(&self, place: Place<'_>) -> Result<Lifecycle, CloudError> {
        let (bucket, owner) = place.bucket();
        let request = self.reads.get_bucket_lifecycle_configuration().bucket(bucket);
        let answer = request.expected_bucket_owner(owner).send().await;
        let answer = unless_absent(answer, "NoSuchLifecycleConfiguration", READ, bucket)?;
        let Some(answer) = answer else { return Ok(Lifecycle::default()) };
        let rules = answer.rules.unwrap_or_default().into_iter().map(rule_of).collect();
        let rules: Option<Vec<Rule>> = rules;
        let size = answer.transition_default_minimum_object_size;
        Ok(Lifecycle {
            rules: rules.ok_or_else(|| strange(READ, bucket, "a date of no known form"))?,
            transition_default_minimum_object_size: size.map(|size| size.as_str().to_owned()),
        })
    }
}

/// A date that cannot be written down is an error, and not none.
fn date_of(date: Option<DateTime>) -> Result<Option<String>, DateTimeFormatError> {
    date.map(|date| date.fmt(Format::DateTime)).transpose()
}

fn tag_of(tag: types::Tag) -> Tag {
    Tag { key: tag.key, value: tag.value }
}

fn rule_of(rule: types::LifecycleRule) -> Option<Rule> {
    let expiration = match rule.expiration {
        None => None,
        Some(expiration) => Some(Expiration {
            date: date_of(expiration.date).ok()?,
            days: expiration.days,
            expired_object_delete_marker: expiration.expired_object_delete_marker,
        }),
    };
    let mut transitions = Vec::new();
    for transition in rule.transitions.unwrap_or_default() {
        transitions.push(Transition {
            date: date_of(transition.date).ok()?,
            days: transition.days,
            storage_class: transition.storage_class.map(|class| class.as_str().to_owned()),
        });
    }
    let noncurrent = rule.noncurrent_version_transitions.unwrap_or_default().into_iter();
    #[expect(deprecated, reason = "rules from before 2016 have it, and it must be written back")]
    let prefix = rule.prefix;
    Some(Rule {
        id: rule.id,
        status: rule.status.as_str().to_owned(),
        prefix,
        filter: rule.filter.map(|filter| Filter {
            prefix: filter.prefix,
            tag: filter.tag.map(tag_of),
            object_size_greater_than: filter.object_size_greater_than,
            object_size_less_than: filter.object_size_less_than,
            and: filter.and.map(|and| And {
                prefix: and.prefix,
                tags: and.tags.unwrap_or_default().into_iter().map(tag_of).collect(),
                object_size_greater_than: and.object_size_greater_than,
                object_size_less_than: and.object_size_less_than,
            }),
        }),
        expiration,
        transitions,
        noncurrent_version_transitions: noncurrent
            .map(|transition| NoncurrentTransition {
                noncurrent_days: transition.noncurrent_days,
                storage_class: transition.storage_class.map(|class| class.as_str().to_owned()),
                newer_noncurrent_versions: transition.newer_noncurrent_versions,
            })
            .collect(),
        noncurrent_version_expiration: rule.noncurrent_version_expiration.map(|expiration| {
            NoncurrentExpiration {
                noncurrent_days: expiration.noncurrent_days,
                newer_noncurrent_versions: expiration.newer_noncurrent_versions,
            }
        }),
        abort_incomplete_multipart_upload: rule
            .abort_incomplete_multipart_upload
            .map(|abort| Abort { days_after_initiation: abort.days_after_initiation }),
    })
}

fn tag(tag: &Tag) -> Result<types::Tag, BuildError> {
    types::Tag::builder().key(&tag.key).value(&tag.value).build()
}

/// A date that came from S3 or from a record; one that cannot be read makes the rule unsendable,
/// which S3's own builder then says.
fn date(text: Option<&String>) -> Result<Option<DateTime>, String> {
    text.map(|text| {
        DateTime::from_str(text, Format::DateTime)
            .map_err(|error| format!("`{text}` is no date: {error}"))
    })
    .transpose()
}

/// A rule in the SDK's form.
pub(super) fn sent(rule: &Rule) -> Result<types::LifecycleRule, String> {
    let built = |error: BuildError| error.to_string();
    let mut builder = types::LifecycleRule::builder()
        .set_id(rule.id.clone())
        .status(types::ExpirationStatus::from(rule.status.as_str()));
    #[expect(deprecated, reason = "rules from before 2016 have it, and it must be written back")]
    {
        builder = builder.set_prefix(rule.prefix.clone());
    }
    if let Some(filter) = &rule.filter {
        let mut sent = types::LifecycleRuleFilter::builder()
            .set_prefix(filter.prefix.clone())
            .set_tag(filter.tag.as_ref().map(tag).transpose().map_err(built)?)
            .set_object_size_greater_than(filter.object_size_greater_than)
            .set_object_size_less_than(filter.object_size_less_than);
        if let Some(and) = &filter.and {
            let tags: Result<Vec<_>, _> = and.tags.iter().map(tag).collect();
            let tags = tags.map_err(built)?;
            sent = sent.and(
                types::LifecycleRuleAndOperator::builder()
                    .set_prefix(and.prefix.clone())
                    .set_tags((!tags.is_empty()).then_some(tags))
                    .set_object_size_greater_than(and.object_size_greater_than)
                    .set_object_size_less_than(and.object_size_less_than)
                    .build(),
            );
        }
        builder = builder.filter(sent.build());
    }
    if let Some(expiration) = &rule.expiration {
        builder = builder.expiration(
            types::LifecycleExpiration::builder()
                .set_date(date(expiration.date.as_ref())?)
                .set_days(expiration.days)
                .set_expired_object_delete_marker(expiration.expired_object_delete_marker)
                .build(),
        );
    }
    for transition in &rule.transitions {
        let class = transition.storage_class.as_deref().map(types::TransitionStorageClass::from);
        builder = builder.transitions(
            types::Transition::builder()
                .set_date(date(transition.date.as_ref())?)
                .set_days(transition.days)
                .set_storage_class(class)
                .build(),
        );
    }
    for transition in &rule.noncurrent_version_transitions {
        let class = transition.storage_class.as_deref().map(types::TransitionStorageClass::from);
        builder = builder.noncurrent_version_transitions(
            types::NoncurrentVersionTransition::builder()
                .set_noncurrent_days(transition.noncurrent_days)
                .set_storage_class(class)
                .set_newer_noncurrent_versions(transition.newer_noncurrent_versions)
                .build(),
        );
    }
    let noncurrent = rule.noncurrent_version_expiration.as_ref().map(|expiration| {
        types::NoncurrentVersionExpiration::builder()
            .set_noncurrent_days(expiration.noncurrent_days)
            .set_newer_noncurrent_versions(expiration.newer_noncurrent_versions)
            .build()
    });
    let abort = rule.abort_incomplete_multipart_upload.as_ref().map(|abort| {
        types::AbortIncompleteMultipartUpload::builder()
            .set_days_after_initiation(abort.days_after_initiation)
            .build()
    });
    builder
        .set_noncurrent_version_expiration(noncurrent)
        .set_abort_incomplete_multipart_upload(abort)
        .build()
        .map_err(built)
}
