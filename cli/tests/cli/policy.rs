//! Folders of policies: nothing in one is passed over in silence.

use std::fs;

use crate::common::{folder, lines, snapback};

const MINE: &str = "@id(\"mine\")\n@meaning(\"sandboxes are alerted on\")\nforbid (\n  principal,\n  \
    action in [Snapback::Action::\"tag\", Snapback::Action::\"revert\"],\n  \
    resource in Snapback::OrganizationalUnit::\"ou-abcd-11111111\"\n);\n";

#[test]
fn what_a_folder_of_policies_holds_is_read_or_refused_by_name() {
    let folder = folder("entries");
    let path = folder.to_str().unwrap();
    fs::create_dir(folder.join("tests")).unwrap();
    for (name, text) in [
        ("mine.cedar", MINE),
        ("README.md", "ours"),
        (".gitkeep", ""),
        ("schema.cedarschema", include_str!("../../../policies/schema.cedarschema")),
    ] {
        fs::write(folder.join(name), text).unwrap();
    }
    let ran = snapback(&["policy", "check", path]);
    assert_eq!(ran.code, Some(0), "{}", ran.out);

    fs::write(folder.join("schema.cedarschema"), "namespace Snapback {}").unwrap();
    fs::write(folder.join("forbids.CEDAR"), MINE).unwrap();
    fs::write(folder.join("latin.cedar"), b"// caf\xe9\n").unwrap();
    fs::create_dir(folder.join("more")).unwrap();
    let mut names = vec!["schema.cedarschema", "forbids.CEDAR", "latin.cedar", "more"];
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("nowhere", folder.join("dangling.cedar")).unwrap();
        names.push("dangling.cedar");
    }
    let ran = snapback(&["policy", "check", path]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(1), ""), "{}", ran.out);
    assert!(ran.out.contains("refused:") && !ran.out.contains("valid:"), "{}", ran.out);
    for name in &names {
        let told = ran.out.lines().filter(|line| line.contains(name)).count();
        assert_eq!(told, 1, "{name}: {}", ran.out);
    }
    for args in [&["policy", "test", path][..], &["replay", "trail.json", "--policies", path]] {
        let ran = snapback(args);
        assert_ne!(ran.code, Some(0), "{args:?}");
        let text = ran.out + &ran.err;
        assert!(names.iter().all(|name| text.contains(name)), "{text}");
    }
}

#[test]
fn every_file_of_cases_that_cannot_be_read_is_told() {
    let folder = folder("bad-cases");
    fs::create_dir(folder.join("tests")).unwrap();
    fs::write(folder.join("mine.cedar"), MINE).unwrap();
    for (name, text) in [("a.json", "["), ("b.json", "{}"), ("c.JSON", "[]")] {
        fs::write(folder.join("tests").join(name), text).unwrap();
    }
    let ran = snapback(&["policy", "test", folder.to_str().unwrap()]);
    assert_eq!(ran.code, Some(1));
    for name in ["a.json:1:", "b.json:1:", "c.JSON"] {
        assert!(ran.out.contains(name), "{name}: {}", ran.out);
    }
}

#[test]
fn a_policy_on_a_unit_holds_in_a_replay_with_the_units_of_the_trust_file() {
    let folder = folder("units");
    let policies = folder.join("policies");
    fs::create_dir(&policies).unwrap();
    fs::write(policies.join("mine.cedar"), MINE).unwrap();
    let trust = folder.join("trust.toml");
    for (units, response) in [("[]", "revert"), ("[\"ou-abcd-11111111\", \"r-abcd\"]", "alert")] {
        fs::write(&trust, format!("organizational_units = {units}\n")).unwrap();
        let ran = snapback(&[
            "replay",
            "public-acl.json",
            "--format",
            "json",
            "--policies",
            policies.to_str().unwrap(),
            "--trust",
            trust.to_str().unwrap(),
        ]);
        let responses: Vec<serde_json::Value> =
            lines(&ran).iter().map(|line| line["decision"]["response"].clone()).collect();
        assert!(responses.iter().any(|found| found == response), "{units}: {}", ran.out);
        assert_eq!(responses.iter().any(|found| found == "revert"), response == "revert");
    }
}
