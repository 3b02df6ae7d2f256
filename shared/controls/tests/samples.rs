//! Every sample event, judged by the control whose folder it is in, from the record alone.
//!
//! The expectations stand in `tests/samples/<control>.txt`; `UPDATE_EXPECT=1` renews them.
#![expect(clippy::disallowed_methods, reason = "the samples are files")]
#![expect(clippy::unwrap_used, reason = "a test that cannot read its samples has failed")]

use std::{
    cell::RefCell,
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use controls::{AnyControl, Judged, PlannedRemedy, States, all};
use events::read;
use expect_test::expect_file;
use model::{AccountId, Burst, Confidence, ControlId, Occurrence, Response, Status, Trust};

/// Nothing is supplied; the records of one file are counted together, as those of one run are.
#[derive(Default)]
struct OneRun(RefCell<BTreeMap<String, Burst>>);

impl States for OneRun {
    fn responses(&self, _arn: &str) -> Option<&serde_json::Value> {
        None
    }

    fn gather(&self, control: ControlId, account: &AccountId, occurrence: &Occurrence) -> Burst {
        let mut bursts = self.0.borrow_mut();
        let group = format!("{control} {account} {}", occurrence.group);
        let (kept, burst) = Burst::after(bursts.get(&group).cloned(), occurrence);
        bursts.extend(kept.map(|kept| (group, kept)));
        burst
    }
}

fn samples(control: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events").join(control);
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn told(judged: &Judged, writes: &[PlannedRemedy]) -> String {
    let mut text = format!("{:?}", judged.status).to_lowercase();
    if let Some(reason) = &judged.reason {
        write!(text, " ({reason})").unwrap();
    }
    if let Some(target) = &judged.target {
        write!(text, " {}", target.resource.arn).unwrap();
    }
    text.push('\n');
    for finding in &judged.findings {
        writeln!(text, "    {} ({})", finding.code, finding.confidence.as_str()).unwrap();
        writeln!(text, "    {}", finding.title).unwrap();
        if let Some(reason) = &finding.held_back {
            writeln!(text, "    held back: {reason}").unwrap();
        }
    }
    for operation in writes.iter().flat_map(|write| &write.operations) {
        writeln!(text, "    > {} {}", operation.operation, operation.parameters).unwrap();
    }
    text
}

fn judge_samples(control: &dyn AnyControl) -> String {
    let trust =
        Trust { own_roles: vec!["arn:*:iam::*:role/snapback-*".to_owned()], ..Trust::default() };
    let mut text = String::new();
    for path in samples(control.id().as_str()) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let run = OneRun::default();
        for item in read(&fs::read(&path).unwrap()) {
            let event = item.event.unwrap();
            // The writes are those of a policy that permits everything that is certain.
            let (judged, writes) =
                control.plan(&event, &run, &trust, &mut |_, finding| match finding.confidence {
                    Confidence::Certain => Response::Revert,
                    Confidence::Probable | Confidence::Unclear => Response::Alert,
                });
            assert_ne!(
                judged.reason.as_deref(),
                Some("not_covered"),
                "{name} is in a wrong folder"
            );
            writeln!(text, "{name}#{}: {}", item.index, told(&judged, &writes)).unwrap();
        }
    }
    text
}

#[test]
fn iam_trust_policy_samples_are_judged_as_expected() {
    expect_file!["samples/iam-trust-policy.txt"]
        .assert_eq(&judge_samples(&controls::IamTrustPolicy));
}

#[test]
fn s3_public_acl_samples_are_judged_as_expected() {
    expect_file!["samples/s3-public-acl.txt"].assert_eq(&judge_samples(&controls::S3PublicAcl));
}

#[test]
fn s3_unencrypted_upload_samples_are_judged_as_expected() {
    expect_file!["samples/s3-unencrypted-upload.txt"]
        .assert_eq(&judge_samples(&controls::S3UnencryptedUpload));
}

#[test]
fn console_sign_in_samples_are_judged_as_expected() {
    expect_file!["samples/console-sign-in.txt"].assert_eq(&judge_samples(&controls::ConsoleSignIn));
}

#[test]
fn iam_admin_grant_samples_are_judged_as_expected() {
    expect_file!["samples/iam-admin-grant.txt"].assert_eq(&judge_samples(&controls::IamAdminGrant));
}

#[test]
fn iam_credentials_samples_are_judged_as_expected() {
    expect_file!["samples/iam-credentials.txt"]
        .assert_eq(&judge_samples(&controls::IamCredentials));
}

#[test]
fn iam_password_policy_samples_are_judged_as_expected() {
    expect_file!["samples/iam-password-policy.txt"]
        .assert_eq(&judge_samples(&controls::IamPasswordPolicy));
}

#[test]
fn s3_access_denied_samples_are_judged_as_expected() {
    expect_file!["samples/s3-access-denied.txt"]
        .assert_eq(&judge_samples(&controls::S3AccessDenied));
}

#[test]
fn s3_bucket_policy_samples_are_judged_as_expected() {
    expect_file!["samples/s3-bucket-policy.txt"]
        .assert_eq(&judge_samples(&controls::S3BucketPolicy));
}

#[test]
fn s3_bucket_safeguards_samples_are_judged_as_expected() {
    expect_file!["samples/s3-bucket-safeguards.txt"]
        .assert_eq(&judge_samples(&controls::S3BucketSafeguards));
}

#[test]
fn s3_public_access_block_samples_are_judged_as_expected() {
    expect_file!["samples/s3-public-access-block.txt"]
        .assert_eq(&judge_samples(&controls::S3PublicAccessBlock));
}

#[test]
fn every_control_has_samples_of_each_ending() {
    for control in all() {
        let mut endings: Vec<Status> = Vec::new();
        for path in samples(control.id().as_str()) {
            let run = OneRun::default();
            for item in read(&fs::read(&path).unwrap()) {
                let event = item.event.unwrap();
                endings.push(control.judge(&event, &run, &Trust::default()).status);
            }
        }
        assert!(endings.len() >= 8, "{}", control.id());
        for ending in [Status::Finding, Status::Clean, Status::Unclear, Status::Ignored] {
            assert!(endings.contains(&ending), "{} shows no {ending:?}", control.id());
        }
    }
}
