//! The world of `s3-bucket-safeguards`.

use std::sync::Arc;

use controls::{
    Control, Observed, S3BucketSafeguards,
    s3_bucket_safeguards::{
        Encryption, Kind, Lifecycle, LogTarget, Logging, Metrics, MetricsFilter, ObjectLock,
        Ownership, Retention, SafeguardRemedy, SafeguardsState, Setting, Versioning,
        VersioningStatus,
    },
};
use model::{Remedy as _, Target, trust::LockMode};
use respond::{Applied, Cloud};

use super::*;
use crate::s3::Safeguards;

const ENCRYPTION: &str = "<ServerSideEncryptionConfiguration><Rule>\
    <ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm>\
    <KMSMasterKeyID>alias/records</KMSMasterKeyID></ApplyServerSideEncryptionByDefault>\
    <BucketKeyEnabled>true</BucketKeyEnabled>\
    <BlockedEncryptionTypes><EncryptionType>SSE-C</EncryptionType></BlockedEncryptionTypes>\
    </Rule></ServerSideEncryptionConfiguration>";
const LOGGING: &str = "<BucketLoggingStatus><LoggingEnabled>\
    <TargetBucket>amzn-s3-demo-logs</TargetBucket><TargetPrefix>records/</TargetPrefix>\
    <TargetGrants><Grant><Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
    xsi:type=\"Group\"><URI>http://acs.amazonaws.com/groups/s3/LogDelivery</URI></Grantee>\
    <Permission>READ</Permission></Grant></TargetGrants>\
    <TargetObjectKeyFormat><PartitionedPrefix><PartitionDateSource>EventTime</PartitionDateSource>\
    </PartitionedPrefix></TargetObjectKeyFormat></LoggingEnabled></BucketLoggingStatus>";
/// A rule of every form there is.
const LIFECYCLE: &str = "<LifecycleConfiguration>\
    <Rule><ID>old</ID><Status>Enabled</Status><Prefix>logs/</Prefix>\
    <Expiration><Date>2027-01-01T00:00:00Z</Date></Expiration>\
    <Transition><Date>2026-12-01T00:00:00Z</Date><StorageClass>GLACIER</StorageClass></Transition></Rule>\
    <Rule><ID>whole</ID><Status>Disabled</Status><Filter><Prefix></Prefix></Filter>\
    <Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>\
    <NoncurrentVersionTransition><NoncurrentDays>30</NoncurrentDays>\
    <StorageClass>STANDARD_IA</StorageClass><NewerNoncurrentVersions>2</NewerNoncurrentVersions>\
    </NoncurrentVersionTransition>\
    <NoncurrentVersionExpiration><NoncurrentDays>90</NoncurrentDays>\
    <NewerNoncurrentVersions>3</NewerNoncurrentVersions></NoncurrentVersionExpiration>\
    <AbortIncompleteMultipartUpload><DaysAfterInitiation>7</DaysAfterInitiation>\
    </AbortIncompleteMultipartUpload></Rule>\
    <Rule><ID>tagged</ID><Status>Enabled</Status><Filter><Tag><Key>keep</Key><Value>no</Value></Tag></Filter>\
    <Expiration><Days>30</Days></Expiration></Rule>\
    <Rule><ID>several</ID><Status>Enabled</Status><Filter><And><Prefix>tmp/</Prefix>\
    <Tag><Key>a</Key><Value>1</Value></Tag><Tag><Key>b</Key><Value>2</Value></Tag>\
    <ObjectSizeGreaterThan>128</ObjectSizeGreaterThan><ObjectSizeLessThan>4096</ObjectSizeLessThan>\
    </And></Filter><Expiration><Days>1</Days></Expiration></Rule>\
    </LifecycleConfiguration>";
const LOCK: &str = "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule>\
    <DefaultRetention><Mode>COMPLIANCE</Mode><Years>2</Years></DefaultRetention></Rule>\
    </ObjectLockConfiguration>";
const OWNED: &str = "<OwnershipControls><Rule><ObjectOwnership>BucketOwnerEnforced\
    </ObjectOwnership></Rule></OwnershipControls>";
const VERSIONED: &str = "<VersioningConfiguration><Status>Enabled</Status>\
    <MfaDelete>Enabled</MfaDelete></VersioningConfiguration>";

fn metrics_xml(ids: &[&str], next: Option<&str>) -> String {
    let of = |id: &&str| {
        let filter = match *id {
            "all" => String::new(),
            "prefix" => "<Filter><Prefix>in/</Prefix></Filter>".to_owned(),
            "tag" => "<Filter><Tag><Key>team</Key><Value>blue</Value></Tag></Filter>".to_owned(),
            _ => "<Filter><And><Prefix>in/</Prefix><Tag><Key>team</Key><Value>blue</Value></Tag>\
                  </And></Filter>"
                .to_owned(),
        };
        format!("<MetricsConfiguration><Id>{id}</Id>{filter}</MetricsConfiguration>")
    };
    let configurations: String = ids.iter().map(of).collect();
    let next = next.map_or_else(String::new, |token| {
        format!("<NextContinuationToken>{token}</NextContinuationToken>")
    });
    format!(
        "<ListMetricsConfigurationsResult>{configurations}<IsTruncated>{}</IsTruncated>{next}\
         </ListMetricsConfigurationsResult>",
        !next.is_empty()
    )
}

/// The rule for the read of a setting.
fn reads(kind: Kind, status: u16, body: &str) -> Rule {
    let body = body.to_owned();
    let respond = move || answer(status, &body);
    match kind {
        Kind::Encryption => always!(get_bucket_encryption, respond()),
        Kind::Versioning => always!(get_bucket_versioning, respond()),
        Kind::Logging => always!(get_bucket_logging, respond()),
        Kind::Lifecycle => always!(get_bucket_lifecycle_configuration, respond()),
        Kind::ObjectLock => always!(get_object_lock_configuration, respond()),
        Kind::Ownership => always!(get_bucket_ownership_controls, respond()),
        Kind::Metrics => always!(list_bucket_metrics_configurations, respond()),
    }
}

fn refuses(kind: Kind, status: u16, code: &str) -> Rule {
    let error = format!("<Error><Code>{code}</Code><Message>refused</Message></Error>");
    reads(kind, status, &error)
}

fn xml(kind: Kind) -> String {
    match kind {
        Kind::Encryption => ENCRYPTION.to_owned(),
        Kind::Versioning => VERSIONED.to_owned(),
        Kind::Logging => LOGGING.to_owned(),
        Kind::Lifecycle => LIFECYCLE.to_owned(),
        Kind::ObjectLock => LOCK.to_owned(),
        Kind::Ownership => OWNED.to_owned(),
        Kind::Metrics => metrics_xml(&["all", "prefix", "tag", "several"], None),
    }
}

fn tagged() -> Rule {
    always!(get_bucket_tagging, answer(200, TAGS_XML))
}

fn about(setting: &str) -> Target {
    Target::from(bucket()).with("setting", setting)
}

fn safeguards(rules: &[&Rule], trust: &str) -> Safeguards {
    Safeguards { api: api(rules), trust: Arc::new(Trust::parse(trust).unwrap()) }
}

async fn observed(
    rules: &[&Rule],
    target: &Target,
    trust: &str,
) -> Result<Observed<SafeguardsState>, CloudError> {
    Cloud::<S3BucketSafeguards>::observe(&safeguards(rules, trust), target).await
}

async fn state(rules: &[&Rule], target: &Target, trust: &str) -> SafeguardsState {
    match observed(rules, target, trust).await.unwrap() {
        Observed::Present { state, tags, .. } => {
            assert_eq!(state.tags, tags);
            state
        }
        Observed::Gone => panic!("it is there"),
    }
}

async fn applied(
    rules: &[&Rule],
    before: &Setting,
    after: &Setting,
) -> Result<Applied, CloudError> {
    let remedy =
        SafeguardRemedy::Put { resource: bucket(), before: before.clone(), after: after.clone() };
    Cloud::<S3BucketSafeguards>::apply(&safeguards(rules, ""), &bucket(), &remedy).await
}

/// A setting as the XML above has it, and as `aws s3api` would print it.
async fn read(kind: Kind) -> Setting {
    let rule = reads(kind, 200, &xml(kind));
    let place = bucket();
    api(&[&rule]).setting(Place::of(&place).unwrap(), kind).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn an_event_costs_the_read_of_its_setting_and_of_the_tags() {
    for kind in Kind::ALL {
        let (rule, tags) = (reads(kind, 200, &xml(kind)), tagged());
        let state = state(&[&rule, &tags], &about(kind.as_str()), "").await;
        assert_eq!((rule.num_calls(), tags.num_calls()), (1, 1), "{kind:?}");
        for other in Kind::ALL {
            assert_eq!(state.seen.has(other), other == kind, "{kind:?} {other:?}");
        }
        assert_eq!(state.tags.unwrap()["team"], "blue");
    }
}

#[tokio::test(start_paused = true)]
async fn settings_are_read_member_by_member() {
    let Setting::Encryption(encryption) = read(Kind::Encryption).await else { panic!() };
    let kms = Encryption {
        algorithm: Some("aws:kms".to_owned()),
        key: Some("alias/records".to_owned()),
        bucket_key: Some(true),
        blocked: Some(vec!["SSE-C".to_owned()]),
    };
    assert_eq!(encryption, kms);
    let on = Versioning { status: VersioningStatus::Enabled, mfa_delete: Some(true) };
    assert_eq!(read(Kind::Versioning).await, Setting::Versioning(on));
    let retention =
        Retention { mode: LockMode::Compliance, days: None, years: Some(2), event_hold: None };
    let lock = ObjectLock { enabled: true, retention: Some(retention) };
    assert_eq!(read(Kind::ObjectLock).await, Setting::ObjectLock(lock));
    let rule = Some(ObjectOwnership::BucketOwnerEnforced);
    assert_eq!(read(Kind::Ownership).await, Setting::Ownership(Ownership { rule }));
}

/// What `aws s3api` prints and `--state` takes is the very state that is read.
#[tokio::test(start_paused = true)]
async fn what_is_read_is_what_the_responses_of_the_command_line_make() {
    let printed = serde_json::json!({
        "GetBucketLogging": {"LoggingEnabled": {
            "TargetBucket": "amzn-s3-demo-logs", "TargetPrefix": "records/",
            "TargetGrants": [{"Permission": "READ", "Grantee": {
                "Type": "Group", "URI": "http://acs.amazonaws.com/groups/s3/LogDelivery"}}],
            "TargetObjectKeyFormat": {"PartitionedPrefix": {"PartitionDateSource": "EventTime"}},
        }},
        "GetBucketLifecycleConfiguration": {"Rules": [
            {"ID": "old", "Status": "Enabled", "Prefix": "logs/",
             "Expiration": {"Date": "2027-01-01T00:00:00Z"},
             "Transitions": [{"Date": "2026-12-01T00:00:00Z", "StorageClass": "GLACIER"}]},
            {"ID": "whole", "Status": "Disabled", "Filter": {"Prefix": ""},
             "Expiration": {"ExpiredObjectDeleteMarker": true},
             "NoncurrentVersionTransitions": [{
                "NoncurrentDays": 30, "StorageClass": "STANDARD_IA", "NewerNoncurrentVersions": 2}],
             "NoncurrentVersionExpiration": {"NoncurrentDays": 90, "NewerNoncurrentVersions": 3},
             "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}},
            {"ID": "tagged", "Status": "Enabled",
             "Filter": {"Tag": {"Key": "keep", "Value": "no"}}, "Expiration": {"Days": 30}},
            {"ID": "several", "Status": "Enabled", "Expiration": {"Days": 1}, "Filter": {"And": {
                "Prefix": "tmp/",
                "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}],
                "ObjectSizeGreaterThan": 128, "ObjectSizeLessThan": 4096}}},
        ]},
        "ListBucketMetricsConfigurations": {"MetricsConfigurationList": [
            {"Id": "all"},
            {"Id": "prefix", "Filter": {"Prefix": "in/"}},
            {"Id": "tag", "Filter": {"Tag": {"Key": "team", "Value": "blue"}}},
            {"Id": "several", "Filter": {"And": {
                "Prefix": "in/", "Tags": [{"Key": "team", "Value": "blue"}]}}},
        ]},
    });
    let printed = S3BucketSafeguards.state_from_responses(&Target::from(bucket()), &printed);
    let seen = printed.unwrap().seen;
    for (kind, expected) in [
        (Kind::Logging, Setting::Logging(seen.logging.unwrap())),
        (Kind::Lifecycle, Setting::Lifecycle(seen.lifecycle.unwrap())),
        (Kind::Metrics, Setting::Metrics(seen.metrics.unwrap())),
    ] {
        assert_eq!(read(kind).await, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_setting_that_a_bucket_does_not_have_is_no_error() {
    for (kind, code, expected) in [
        (
            Kind::Encryption,
            "ServerSideEncryptionConfigurationNotFoundError",
            Setting::Encryption(Encryption::default()),
        ),
        (Kind::Lifecycle, "NoSuchLifecycleConfiguration", Setting::Lifecycle(Lifecycle::default())),
        (
            Kind::ObjectLock,
            "ObjectLockConfigurationNotFoundError",
            Setting::ObjectLock(ObjectLock::default()),
        ),
        (
            Kind::Ownership,
            "OwnershipControlsNotFoundError",
            Setting::Ownership(Ownership::default()),
        ),
    ] {
        let place = bucket();
        let place = Place::of(&place).unwrap();
        let absent = refuses(kind, 404, code);
        assert_eq!(api(&[&absent]).setting(place, kind).await.unwrap(), expected);
        // The code of another setting is no answer to this one.
        let other = refuses(kind, 404, "NoSuchBucketPolicy");
        assert!(api(&[&other]).setting(place, kind).await.is_err(), "{kind:?}");
    }
    for (kind, body, expected) in [
        (
            Kind::Versioning,
            "<VersioningConfiguration/>",
            Setting::Versioning(Versioning {
                status: VersioningStatus::Off,
                mfa_delete: Some(false),
            }),
        ),
        (Kind::Logging, "<BucketLoggingStatus/>", Setting::Logging(Logging::default())),
        (Kind::Metrics, "<ListMetricsConfigurationsResult/>", Setting::Metrics(Metrics::default())),
    ] {
        let place = bucket();
        let rule = reads(kind, 200, body);
        let read = api(&[&rule]).setting(Place::of(&place).unwrap(), kind).await.unwrap();
        assert_eq!(read, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_bucket_that_is_gone_is_gone_and_a_strangers_is_refused() {
    for kind in Kind::ALL {
        let gone = refuses(kind, 404, "NoSuchBucket");
        let seen = observed(&[&gone], &about(kind.as_str()), "").await.unwrap();
        assert_eq!(seen, Observed::Gone, "{kind:?}");
        let denied = refuses(kind, 403, "AccessDenied");
        let error = observed(&[&denied], &about(kind.as_str()), "").await.unwrap_err();
        assert_eq!(error.retry, Retry::Pointless);
        assert_eq!(error.operation, format!("s3:{}", kind.read_by()));
        let busy = refuses(kind, 503, "SlowDown");
        let error = observed(&[&busy], &about(kind.as_str()), "").await.unwrap_err();
        assert_eq!(error.retry, Retry::Worthwhile);
    }
}

#[tokio::test(start_paused = true)]
async fn of_a_new_bucket_what_floors_ask_for_is_read_and_what_is_refused_is_told() {
    let floors = "[[bucket_floors]]\nbuckets = \"*\"\nversioning = true\nlogging = true";
    let owned = reads(Kind::Ownership, 200, OWNED);
    let versioned = reads(Kind::Versioning, 200, VERSIONED);
    let denied = refuses(Kind::Logging, 403, "AccessDenied");
    let tags = always!(get_bucket_tagging, xml_refusal(403, "AccessDenied"));
    let rules = [&owned, &versioned, &denied, &tags];
    let state = state(&rules, &about("new"), floors).await;
    assert!(state.seen.ownership.is_some() && state.seen.versioning.is_some());
    assert_eq!((&state.seen.logging, &state.tags), (&None, &None));
    let refused: Vec<_> = state.denied.keys().map(String::as_str).collect();
    assert_eq!(refused, ["s3:GetBucketLogging", "s3:GetBucketTagging"]);
}

#[tokio::test(start_paused = true)]
async fn metrics_are_read_to_the_last_page() {
    let first = mock!(Client::list_bucket_metrics_configurations)
        .match_requests(|request| request.continuation_token().is_none())
        .then_http_response(|| answer(200, &metrics_xml(&["all"], Some("T"))));
    let second = mock!(Client::list_bucket_metrics_configurations)
        .match_requests(|request| request.continuation_token() == Some("T"))
        .then_http_response(|| answer(200, &metrics_xml(&["prefix"], None)));
    let place = bucket();
    let place = Place::of(&place).unwrap();
    let read = api(&[&first, &second]).setting(place, Kind::Metrics).await.unwrap();
    let Setting::Metrics(metrics) = read else { panic!("{read:?}") };
    assert_eq!(metrics.configurations.keys().collect::<Vec<_>>(), ["all", "prefix"]);
}

/// A setting that differs from what is read above.
fn weakened(kind: Kind) -> Setting {
    match kind {
        Kind::Encryption => Setting::Encryption(Encryption::s3()),
        Kind::Versioning => Setting::Versioning(Versioning {
            status: VersioningStatus::Suspended,
            mfa_delete: Some(false),
        }),
        Kind::Logging => Setting::Logging(Logging::default()),
        Kind::Lifecycle => Setting::Lifecycle(Lifecycle::default()),
        Kind::ObjectLock => Setting::ObjectLock(ObjectLock { enabled: true, retention: None }),
        Kind::Ownership => {
            Setting::Ownership(Ownership { rule: Some(ObjectOwnership::ObjectWriter) })
        }
        Kind::Metrics => Setting::Metrics(Metrics::default()),
    }
}

fn weakened_xml(kind: Kind) -> &'static str {
    match kind {
        Kind::Encryption => {
            "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>\
             <SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule>\
             </ServerSideEncryptionConfiguration>"
        }
        Kind::Versioning => {
            "<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>"
        }
        Kind::Logging => "<BucketLoggingStatus/>",
        Kind::Lifecycle => "<LifecycleConfiguration/>",
        Kind::ObjectLock => {
            "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled>\
             </ObjectLockConfiguration>"
        }
        Kind::Ownership => {
            "<OwnershipControls><Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule>\
             </OwnershipControls>"
        }
        Kind::Metrics => "<ListMetricsConfigurationsResult/>",
    }
}

/// What is put back is what was read, down to the last member: the SDK's own reading of the XML is
/// what must be sent.
#[tokio::test(start_paused = true)]
async fn settings_are_written_as_they_were_read() {
    let source: Vec<Rule> = Kind::ALL.iter().map(|kind| reads(*kind, 200, &xml(*kind))).collect();
    let source = api(&source.iter().collect::<Vec<_>>()).reads;

    let rule = source.get_bucket_encryption().bucket(BUCKET).expected_bucket_owner(ACCOUNT);
    let expected = rule.send().await.unwrap().server_side_encryption_configuration;
    let put = mock!(Client::put_bucket_encryption)
        .match_requests(move |request| {
            request.expected_bucket_owner() == Some(ACCOUNT)
                && request.server_side_encryption_configuration() == expected.as_ref()
        })
        .then_http_response(|| answer(200, ""));
    writes_once(Kind::Encryption, &put).await;

    let rule = source.get_bucket_logging().bucket(BUCKET).expected_bucket_owner(ACCOUNT);
    let expected = rule.send().await.unwrap().logging_enabled;
    let put = mock!(Client::put_bucket_logging)
        .match_requests(move |request| {
            let status = request.bucket_logging_status().unwrap();
            request.expected_bucket_owner() == Some(ACCOUNT)
                && status.logging_enabled() == expected.as_ref()
        })
        .then_http_response(|| answer(200, ""));
    writes_once(Kind::Logging, &put).await;

    let rule = source.get_bucket_lifecycle_configuration().bucket(BUCKET);
    let expected = rule.expected_bucket_owner(ACCOUNT).send().await.unwrap().rules.unwrap();
    let put = mock!(Client::put_bucket_lifecycle_configuration)
        .match_requests(move |request| {
            request.expected_bucket_owner() == Some(ACCOUNT)
                && request.lifecycle_configuration().unwrap().rules() == expected
        })
        .then_http_response(|| answer(200, ""));
    writes_once(Kind::Lifecycle, &put).await;

    let rule = source.get_object_lock_configuration().bucket(BUCKET);
    let expected = rule.expected_bucket_owner(ACCOUNT).send().await.unwrap();
    let put = mock!(Client::put_object_lock_configuration)
        .match_requests(move |request| {
            request.expected_bucket_owner() == Some(ACCOUNT)
                && request.object_lock_configuration() == expected.object_lock_configuration()
        })
        .then_http_response(|| answer(200, ""));
    writes_once(Kind::ObjectLock, &put).await;

    let put = mock!(Client::put_bucket_ownership_controls)
        .match_requests(|request| {
            let rules = request.ownership_controls().unwrap().rules();
            request.expected_bucket_owner() == Some(ACCOUNT)
                && rules[0].object_ownership().as_str() == "BucketOwnerEnforced"
        })
        .then_http_response(|| answer(200, ""));
    writes_once(Kind::Ownership, &put).await;

    // MFA delete is never mentioned: it takes the root user's device.
    let put = mock!(Client::put_bucket_versioning)
        .match_requests(|request| {
            let asked = request.versioning_configuration().unwrap();
            request.expected_bucket_owner() == Some(ACCOUNT)
                && asked.status().unwrap().as_str() == "Enabled"
                && asked.mfa_delete().is_none()
        })
        .then_http_response(|| answer(200, ""));
    writes_once(Kind::Versioning, &put).await;
}

/// Writes what is read over what is weakened, and nothing where that is already so, or where
/// somebody else was faster.
async fn writes_once(kind: Kind, put: &Rule) {
    let after = read(kind).await;
    let weak = reads(kind, 200, weakened_xml(kind));
    let done = applied(&[&weak, put], &weakened(kind), &after).await.unwrap();
    assert_eq!(done, Applied { changed: true, request_ids: vec!["R-1".to_owned()] }, "{kind:?}");
    assert_eq!(put.num_calls(), 1);

    let already = reads(kind, 200, &xml(kind));
    let again = applied(&[&already], &weakened(kind), &after).await.unwrap();
    assert_eq!(again, Applied::default());

    let remedy =
        SafeguardRemedy::Put { resource: bucket(), before: after.clone(), after: weakened(kind) };
    // Neither what it was made for nor what it makes.
    let moved = match kind {
        Kind::Encryption => {
            "<ServerSideEncryptionConfiguration><Rule/></ServerSideEncryptionConfiguration>"
        }
        Kind::Versioning => "<VersioningConfiguration/>",
        Kind::Logging => {
            "<BucketLoggingStatus><LoggingEnabled><TargetBucket>b</TargetBucket><TargetPrefix/></LoggingEnabled></BucketLoggingStatus>"
        }
        Kind::Lifecycle => {
            "<LifecycleConfiguration><Rule><ID>x</ID><Status>Enabled</Status><Filter/><Expiration><Days>9</Days></Expiration></Rule></LifecycleConfiguration>"
        }
        Kind::ObjectLock => "<ObjectLockConfiguration/>",
        Kind::Ownership => {
            "<OwnershipControls><Rule><ObjectOwnership>BucketOwnerPreferred</ObjectOwnership></Rule></OwnershipControls>"
        }
        Kind::Metrics => "<ListMetricsConfigurationsResult/>",
    };
    let error = applied(&[&reads(kind, 200, moved)], &after, &weakened(kind)).await.unwrap_err();
    assert_eq!((error.retry, error.in_doubt), (Retry::Moved, false), "{kind:?}");
    assert_eq!(error.operation, remedy.operations()[0].operation, "the write that was not made");
}

#[tokio::test(start_paused = true)]
async fn undoing_deletes_what_was_not_there() {
    let lifecycle = always!(delete_bucket_lifecycle, answer(204, ""));
    let encryption = always!(delete_bucket_encryption, answer(204, ""));
    let ownership = always!(delete_bucket_ownership_controls, answer(204, ""));
    for (kind, none, delete) in [
        (Kind::Lifecycle, Setting::Lifecycle(Lifecycle::default()), &lifecycle),
        (Kind::Encryption, Setting::Encryption(Encryption::default()), &encryption),
        (Kind::Ownership, Setting::Ownership(Ownership::default()), &ownership),
    ] {
        let live = reads(kind, 200, &xml(kind));
        let done = applied(&[&live, delete], &read(kind).await, &none).await.unwrap();
        assert!(done.changed && delete.num_calls() == 1, "{kind:?}");
    }
    let off = mock!(Client::put_bucket_logging)
        .match_requests(|request| {
            request.bucket_logging_status().unwrap().logging_enabled().is_none()
        })
        .then_http_response(|| answer(200, ""));
    let live = reads(Kind::Logging, 200, LOGGING);
    let none = Setting::Logging(Logging::default());
    assert!(applied(&[&live, &off], &read(Kind::Logging).await, &none).await.unwrap().changed);
}

fn only(id: &str, filter: Option<MetricsFilter>) -> Setting {
    let configurations = filter.map(|filter| (id.to_owned(), filter));
    Setting::Metrics(Metrics { configurations: configurations.into_iter().collect() })
}

#[tokio::test(start_paused = true)]
async fn one_metrics_configuration_is_written_whatever_becomes_of_the_others() {
    for id in ["all", "prefix", "tag", "several"] {
        let one = metrics_xml(&[id], None);
        let source = reads(Kind::Metrics, 200, &one);
        let place = bucket();
        let place = Place::of(&place).unwrap();
        let read = api(&[&source]).setting(place, Kind::Metrics).await.unwrap();
        let Setting::Metrics(read) = read else { panic!("{read:?}") };
        let filter = read.configurations[id].clone();
        let listed = api(&[&source]).reads.list_bucket_metrics_configurations().bucket(BUCKET);
        let listed = listed.expected_bucket_owner(ACCOUNT).send().await.unwrap();
        let expected = listed.metrics_configuration_list.unwrap();
        let put = mock!(Client::put_bucket_metrics_configuration)
            .match_requests(move |request| {
                request.expected_bucket_owner() == Some(ACCOUNT)
                    && request.id() == Some(id)
                    && request.metrics_configuration() == expected.first()
            })
            .then_http_response(|| answer(200, ""));
        let others = reads(Kind::Metrics, 200, &metrics_xml(&["other"], None));
        let (none, wanted) = (only(id, None), only(id, Some(filter)));
        let done = applied(&[&others, &put], &none, &wanted).await.unwrap();
        assert_eq!((done.changed, put.num_calls()), (true, 1));

        let delete = mock!(Client::delete_bucket_metrics_configuration)
            .match_requests(move |request| request.id() == Some(id))
            .then_http_response(|| answer(204, ""));
        let done = applied(&[&source, &delete], &wanted, &none).await.unwrap();
        assert_eq!((done.changed, delete.num_calls()), (true, 1));
        assert_eq!(applied(&[&others], &wanted, &none).await.unwrap(), Applied::default());
    }
    let moved = reads(Kind::Metrics, 200, &metrics_xml(&["prefix"], None));
    let whole = only("prefix", Some(MetricsFilter::default()));
    let error = applied(&[&moved], &only("prefix", None), &whole).await.unwrap_err();
    let told = (error.operation, error.retry);
    assert_eq!(told, ("s3:PutBucketMetricsConfiguration", Retry::Moved));
}

#[tokio::test(start_paused = true)]
async fn a_write_is_sent_once_whatever_comes_back() {
    for (status, code, retry, in_doubt) in [
        (403, "AccessDenied", Retry::Pointless, false),
        (409, "OperationAborted", Retry::Worthwhile, false),
        (500, "InternalError", Retry::Worthwhile, true),
    ] {
        let live = reads(Kind::Versioning, 200, weakened_xml(Kind::Versioning));
        let put = always!(put_bucket_versioning, xml_refusal(status, code));
        let after = Setting::Versioning(Versioning {
            status: VersioningStatus::Enabled,
            mfa_delete: Some(false),
        });
        let error = applied(&[&live, &put], &weakened(Kind::Versioning), &after).await.unwrap_err();
        let told = (error.code.as_str(), error.retry, error.in_doubt, put.num_calls());
        assert_eq!(told, (code, retry, in_doubt, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_word_of_the_future_is_an_error_where_it_could_not_be_written_back() {
    for (kind, body) in [
        (
            Kind::Versioning,
            "<VersioningConfiguration><Status>Paused</Status></VersioningConfiguration>",
        ),
        (
            Kind::ObjectLock,
            "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule>\
             <DefaultRetention><Mode>STRICT</Mode><Days>1</Days></DefaultRetention></Rule>\
             </ObjectLockConfiguration>",
        ),
        (
            Kind::Metrics,
            "<ListMetricsConfigurationsResult><MetricsConfiguration><Id>x</Id>\
             <Filter><Size>1</Size></Filter></MetricsConfiguration>\
             </ListMetricsConfigurationsResult>",
        ),
    ] {
        let rule = reads(kind, 200, body);
        let place = bucket();
        let error = api(&[&rule]).setting(Place::of(&place).unwrap(), kind).await.unwrap_err();
        assert_eq!(error.retry, Retry::Pointless, "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn logs_go_where_they_went() {
    let Setting::Logging(Logging { target: Some(target) }) = read(Kind::Logging).await else {
        panic!()
    };
    let LogTarget { bucket, prefix, grants, .. } = target;
    assert_eq!((bucket.as_str(), prefix.as_str()), ("amzn-s3-demo-logs", "records/"));
    assert_eq!(grants[0].permission, "READ");
}
