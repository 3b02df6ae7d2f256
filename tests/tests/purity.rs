//! The dependency directions of ARCHITECTURE.md, proven over the real dependency graph.

#![expect(clippy::expect_used, reason = "a test stops where it cannot look")]

use std::{collections::BTreeMap, collections::BTreeSet, path::Path, process::Command};

/// Crates that judge and decide: no SDK, runtime, clock, environment or file system.
const PURE: [&str; 7] =
    ["model", "events", "iam-document", "controls", "policy", "ledger", "alerting"];

/// What each of our crates may know, itself apart. `controls` and `policy` do not know each other.
const MAY_KNOW: [(&str, &[&str]); 13] = [
    ("model", &[]),
    ("iam-document", &["model"]),
    ("events", &["model"]),
    ("controls", &["model", "events", "iam-document"]),
    ("policy", &["model"]),
    ("ledger", &["model"]),
    ("alerting", &["model", "ledger"]),
    ("respond", &["model", "events", "iam-document", "controls", "policy", "ledger", "alerting"]),
    (
        "aws",
        &["model", "events", "iam-document", "controls", "policy", "ledger", "alerting", "respond"],
    ),
    (
        "runtime",
        &[
            "model",
            "events",
            "iam-document",
            "controls",
            "policy",
            "ledger",
            "alerting",
            "respond",
            "aws",
        ],
    ),
    (
        "testkit",
        &["model", "events", "iam-document", "controls", "policy", "ledger", "alerting", "respond"],
    ),
    (
        "snapback",
        &["model", "events", "iam-document", "controls", "policy", "ledger", "alerting", "respond"],
    ),
    (
        "s3-public-acl",
        &[
            "model",
            "events",
            "iam-document",
            "controls",
            "policy",
            "ledger",
            "alerting",
            "respond",
            "aws",
            "runtime",
        ],
    ),
];

/// Names that may not stand anywhere below a pure crate, whole or as a prefix ending in `-`.
const FORBIDDEN: [&str; 18] = [
    "tokio",
    "tokio-",
    "aws-",
    "lambda_runtime",
    "lambda-",
    "hyper",
    "hyper-",
    "reqwest",
    "mio",
    "socket2",
    "async-std",
    "smol",
    "futures-executor",
    "rand",
    "getrandom",
    "fastrand",
    "tempfile",
    "rustls",
];

/// The packages below `package`, itself included, as cargo resolves it alone: features that other
/// members switch on do not count.
fn below(package: &str) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--offline", "-e", "normal", "--prefix", "none", "-f", "{p}"])
        .args(["-p", package])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

fn forbidden(name: &str) -> bool {
    FORBIDDEN
        .iter()
        .any(|banned| name == *banned || (banned.ends_with('-') && name.starts_with(banned)))
}

#[test]
fn pure_crates_reach_no_sdk_runtime_socket_or_randomness() {
    for package in PURE {
        let reached: Vec<String> =
            below(package).into_iter().filter(|name| forbidden(name)).collect();
        assert!(reached.is_empty(), "{package} reaches {reached:?}");
    }
}

#[test]
fn the_check_itself_sees_the_sdk_where_it_is() {
    assert!(below("aws").iter().any(|name| forbidden(name)));
}

#[test]
fn dependencies_point_one_way() {
    let ours: BTreeSet<&str> = MAY_KNOW.iter().map(|(name, _)| *name).collect();
    for (package, allowed) in MAY_KNOW {
        let beyond: Vec<String> = below(package)
            .into_iter()
            .filter(|name| {
                ours.contains(name.as_str()) && name != package && !allowed.contains(&name.as_str())
            })
            .collect();
        assert!(beyond.is_empty(), "{package} knows {beyond:?}");
    }
}

/// S-30: what is not linked cannot reach a network.
#[test]
fn the_command_line_is_free_of_the_sdk_and_of_sockets_until_asked() {
    let reached: Vec<String> = below("snapback")
        .into_iter()
        .filter(|name| {
            let networks = ["tokio", "hyper", "mio", "socket2", "reqwest", "rustls"];
            name.starts_with("aws-") || networks.contains(&name.as_str())
        })
        .collect();
    assert!(reached.is_empty(), "{reached:?}");
}

#[test]
fn a_function_links_only_the_services_it_may_touch() {
    let sdks = |package: &str| -> BTreeSet<String> {
        below(package).into_iter().filter(|name| name.starts_with("aws-sdk-")).collect()
    };
    for function in ["s3-public-acl", "s3-unencrypted-upload"] {
        assert!(!sdks(function).contains("aws-sdk-iam"), "{function} links IAM");
    }
    assert!(!sdks("iam-trust-policy").contains("aws-sdk-s3"), "iam-trust-policy links S3");
}

#[test]
fn only_aws_and_runtime_name_the_sdk_and_lambda() {
    let metadata = cargo_metadata::MetadataCommand::new()
        .no_deps()
        .manifest_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml"))
        .exec()
        .expect("cargo metadata runs");
    let mut users: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for package in &metadata.packages {
        for dependency in &package.dependencies {
            let owner = match dependency.name.as_str() {
                "lambda_runtime" => "runtime",
                name if name.starts_with("aws-sdk-") || name == "aws-config" => "aws",
                _ => continue,
            };
            if package.name.as_str() != owner {
                users
                    .entry(owner)
                    .or_default()
                    .push(format!("{}: {}", package.name, dependency.name));
            }
        }
    }
    assert!(users.is_empty(), "these belong elsewhere: {users:?}");
}

#[test]
fn every_pure_crate_bans_the_clock_by_lint_and_keeps_the_test_allowances() {
    for package in PURE {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../shared/{package}/clippy.toml"));
        let text = std::fs::read_to_string(&path).expect("a pure crate has a clippy.toml");
        for needle in [
            "std::time::SystemTime::now",
            "std::time::Instant::now",
            "chrono::Utc::now",
            "std::env::var",
            "std::fs::read_to_string",
            "std::collections::HashMap",
            "allow-unwrap-in-tests = true",
        ] {
            assert!(text.contains(needle), "{package}: clippy.toml lacks `{needle}`");
        }
    }
}
