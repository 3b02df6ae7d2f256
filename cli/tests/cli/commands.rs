//! The other subcommands, help and usage errors.

use std::fs;

use insta::assert_snapshot;

use crate::common::{folder, lines, snapback};

/// The policies that this repository ships.
const POLICIES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../policies");

#[test]
fn what_is_not_understood_exits_64_on_standard_error() {
    for args in [
        &["replay", "x", "--no-such-flag"][..],
        &["replay"],
        &["replay", "x", "--control", "no-such-control"],
        &["replay", "x", "--now", "yesterday"],
        &["replay", "x", "--yes"],
        &["replay", "x", "--endpoint-url", "http://localhost"],
        &["no-such-command"],
        &["policy"],
        &[],
    ] {
        let ran = snapback(args);
        assert_eq!((ran.code, ran.out.as_str()), (Some(64), ""), "{args:?}");
        assert!(!ran.err.is_empty(), "{args:?}");
    }
}

#[test]
fn help_and_version_are_answers() {
    for args in [&["--help"][..], &["replay", "--help"], &["inspect", "--help"], &["--version"]] {
        let ran = snapback(args);
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{args:?}");
        assert!(ran.out.contains("snapback"), "{args:?}");
    }
}

#[test]
fn help_lists_only_what_works() {
    let help = snapback(&["--help"]).out;
    for later in ["undo", "ledger", "diff", "explain"] {
        assert!(!help.contains(later), "{later}");
    }
}

#[test]
fn controls_are_listed_and_shown() {
    let list = lines(&snapback(&["controls", "list", "--format", "json"]));
    let ids: Vec<&str> = list.iter().map(|line| line["control"].as_str().unwrap()).collect();
    assert!(ids.contains(&"s3-public-acl"), "{ids:?}");
    for id in ids {
        let text = snapback(&["controls", "show", id]);
        let json = lines(&snapback(&["controls", "show", id, "--format", "json"])).remove(0);
        assert_eq!(text.code, Some(0));
        let call = json["events"][0]["event_name"].as_str().unwrap();
        assert!(text.out.contains(id) && text.out.contains(call), "{}", text.out);
        let text = snapback(&["controls", "list"]).out;
        assert!(text.contains(id));
        let detections = json["detections"].as_array().unwrap();
        assert!(!detections.is_empty(), "{id} is in no framework's table");
        for detection in detections {
            assert!(!detection["codes"].as_array().unwrap().is_empty(), "{detection}");
            assert!(detection["hipaa"].is_array(), "{detection}");
        }
    }
    assert_eq!(snapback(&["controls", "show", "no-such-control"]).code, Some(64));
}

#[test]
fn the_shipped_policies_are_valid_and_decide_as_their_cases_say() {
    let check = snapback(&["policy", "check", POLICIES]);
    assert_eq!(check.code, Some(0), "{}", check.out);
    assert!(check.out.contains("valid:"), "{}", check.out);
    let test = snapback(&["policy", "test", POLICIES]);
    assert_eq!(test.code, Some(0), "{}", test.out);
    assert!(test.out.contains(" cases as expected"), "{}", test.out);
}

#[test]
fn every_problem_of_a_policy_has_its_place() {
    let folder = folder("broken-policies");
    fs::write(
        folder.join("mine.cedar"),
        "@id(\"a\")\npermit (principal, action, resource) when { context.no_such_key };\n\n\
         forbid (principal, action, resource);\n",
    )
    .unwrap();
    let ran = snapback(&["policy", "check", folder.to_str().unwrap()]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.out.contains("mine.cedar:2:"), "{}", ran.out);
    assert!(ran.out.contains("mine.cedar:4:1:"), "{}", ran.out);
    assert!(ran.out.contains("refused:"), "{}", ran.out);
}

#[test]
fn an_expired_exception_is_told() {
    let folder = folder("expired");
    fs::write(
        folder.join("exceptions.cedar"),
        "@id(\"old\")\n@owner(\"security@example.com\")\n@reason(\"a demonstration\")\n\
         @expires(\"2026-01-01T00:00:00Z\")\nforbid (principal, action, resource)\nwhen {\n  \
         resource.arn == \"arn:aws:s3:::amzn-s3-demo-site\" &&\n  context.now < \
         datetime(\"2026-01-01T00:00:00Z\")\n};\n",
    )
    .unwrap();
    let path = folder.to_str().unwrap();
    let later = snapback(&["policy", "check", path, "--now", "2026-02-01T00:00:00Z"]);
    assert_eq!(later.code, Some(0), "{}", later.out);
    assert!(
        later.out.contains("expired: exception `old` of security@example.com"),
        "{}",
        later.out
    );
    let before = snapback(&["policy", "check", path, "--now", "2025-12-01T00:00:00Z"]);
    assert!(!before.out.contains("expired:"), "{}", before.out);
}

#[test]
fn a_case_that_does_not_come_out_fails_with_both_sides() {
    let folder = folder("cases");
    fs::create_dir(folder.join("tests")).unwrap();
    fs::write(folder.join("more.cedar"), "// nothing\n").unwrap();
    let case = |response: &str| {
        format!(
            "[{{\"name\": \"everyone is kept out\", \"request\": {{\"code\": \"wildcard-principal\"}}, \
             \"expect\": {{\"response\": \"{response}\", \"because\": []}}}}]"
        )
    };
    fs::write(folder.join("tests/mine.json"), case("alert")).unwrap();
    let ran = snapback(&["policy", "test", folder.to_str().unwrap()]);
    assert_eq!(ran.code, Some(1));
    assert_snapshot!(ran.out.replace(folder.to_str().unwrap(), "DIR"));
    fs::write(folder.join("tests/mine.json"), case("nothing")).unwrap();
    let ran = snapback(&["policy", "test", folder.to_str().unwrap()]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.out.contains("mine.json:1:"), "{}", ran.out);
}

#[test]
fn a_folder_without_policies_is_a_usage_error() {
    let folder = folder("no-policies");
    for command in ["check", "test"] {
        let ran = snapback(&["policy", command, folder.to_str().unwrap()]);
        assert_ne!(ran.code, Some(0), "{command}");
    }
}

#[test]
fn completions_are_scripts() {
    for shell in ["bash", "zsh", "fish"] {
        let ran = snapback(&["completions", shell]);
        assert_eq!(ran.code, Some(0));
        assert!(ran.out.contains("replay") && ran.out.contains("s3-public-acl"), "{shell}");
    }
}
