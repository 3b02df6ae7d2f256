//! Settings from made-up surroundings.

use std::collections::BTreeMap;

use super::*;

#[derive(Default)]
struct Made {
    variables: BTreeMap<&'static str, String>,
    files: BTreeMap<&'static str, &'static str>,
}

impl Surroundings for Made {
    fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).filter(|value| !value.is_empty()).cloned()
    }

    fn file(&self, path: &str) -> Result<String, String> {
        let text = self.files.get(path).map(|text| (*text).to_owned());
        text.ok_or_else(|| format!("`{path}` cannot be read"))
    }

    fn policy_files(&self, path: &str) -> Result<Option<Vec<String>>, Vec<String>> {
        let within = format!("{path}/");
        let files: Vec<String> = self
            .files
            .keys()
            .filter(|name| name.starts_with(&within))
            .map(|name| (*name).to_owned())
            .collect();
        Ok((!files.is_empty()).then_some(files))
    }
}

impl Made {
    fn complete() -> Self {
        Self::default()
            .with(names::TABLE, "ledger")
            .with(names::TOPIC_ARN, "arn:aws-us-gov:sns:us-gov-west-1:111122223333:alerts")
            .with(names::REGION, "us-gov-west-1")
            .with(names::RUNTIME_API, "127.0.0.1:9001")
    }

    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.variables.insert(name, value.to_owned());
        self
    }

    fn holding(mut self, path: &'static str, text: &'static str) -> Self {
        self.files.insert(path, text);
        self
    }

    fn problems(&self) -> Vec<(String, String)> {
        let error = Settings::read(self).unwrap_err();
        error.problems.into_iter().map(|problem| (problem.variable, problem.problem)).collect()
    }
}

#[test]
fn a_fresh_deployment_observes_with_the_shipped_policies_and_no_switch() {
    let settings = Settings::read(&Made::complete()).unwrap();
    assert_eq!(settings.posture, Posture::Observe);
    assert_eq!((settings.paused, settings.recheck_queue), (None, None));
    assert_eq!(settings.trust, Trust::default());
    assert_eq!(settings.policies.digest(), Policies::shipped().digest());
    assert_eq!(settings.table, "ledger");
    assert!(settings.topic.ends_with(":alerts"));
}

#[test]
fn every_problem_is_named_at_once_in_the_order_of_the_guide() {
    let made = Made::default()
        .with(names::POSTURE, "Enforce")
        .with(names::TOPIC_ARN, "alerts")
        .with(names::TRUST, r#"{"acount_id":"1","account_id":"12"}"#)
        .with(names::POLICIES, "/opt/policies")
        .with(names::RECHECK_QUEUE_URL, "again");
    let problems = made.problems();
    let variables: Vec<&str> = problems.iter().map(|(variable, _)| variable.as_str()).collect();
    let expected = [
        names::POSTURE,
        names::TABLE,
        names::TOPIC_ARN,
        names::TRUST,
        names::TRUST,
        names::POLICIES,
        names::RECHECK_QUEUE_URL,
        names::REGION,
        names::RUNTIME_API,
    ];
    assert_eq!(variables, expected);
}

#[test]
fn a_word_that_is_nearly_a_posture_is_refused_rather_than_guessed() {
    for word in ["Enforce", "enforce ", "on", "true", "ENFORCE"] {
        let problems = Made::complete().with(names::POSTURE, word).problems();
        assert_eq!(problems.len(), 1, "{word}");
    }
    let settings = Settings::read(&Made::complete().with(names::POSTURE, "enforce")).unwrap();
    assert_eq!(settings.posture, Posture::Enforce);
}

#[test]
fn an_empty_variable_counts_as_not_set() {
    let made = Made::complete()
        .with(names::TRUST, "")
        .with(names::POLICIES, "")
        .with(names::PAUSED, "")
        .with(names::RECHECK_QUEUE_URL, "");
    assert!(Settings::read(&made).is_ok());
    let problems = Made::complete().with(names::TABLE, "").problems();
    assert_eq!(problems.first().map(|(variable, _)| variable.as_str()), Some(names::TABLE));
}

#[test]
fn trust_is_a_path_or_its_own_text_in_either_form() {
    for (value, file) in [
        (r#" {"account_id":"111122223333"}"#, None),
        ("account_id = \"111122223333\"", None),
        ("trust.toml", Some("account_id = \"111122223333\"")),
        ("trust.json", Some(r#"{"account_id":"111122223333"}"#)),
    ] {
        let mut made = Made::complete().with(names::TRUST, value);
        if let Some(text) = file {
            made = made.holding(value, text);
        }
        let settings = Settings::read(&made).unwrap();
        assert_eq!(settings.trust.account_id, Some("111122223333".into()), "{value}");
    }
    let problems = Made::complete().with(names::TRUST, "nowhere.toml").problems();
    assert!(problems.iter().any(|(_, problem)| problem.contains("nowhere.toml")), "{problems:?}");
}

#[test]
fn own_roles_come_from_the_deployment_beside_those_of_the_trust_file() {
    let (one, two) = ("arn:aws:iam::111122223333:role/one", "arn:aws:iam::111122223333:role/p/two");
    let of = |trust: &str, own: &str| {
        let made = Made::complete().with(names::TRUST, trust).with(names::OWN_ROLES, own);
        Settings::read(&made).unwrap().trust.own_roles
    };
    assert_eq!(of("", &format!("{one}, {two},")), [one, two]);
    assert_eq!(of(&format!("{{\"own_roles\":[\"{two}\"]}}"), one), [two, one]);
    assert_eq!(of("require_mfa = true", one), [one]);
    assert!(of("", "").is_empty());
    for wrong in [
        "arn:aws:iam::111122223333:role/snapback-*",
        "arn:aws:iam::111122223333:role/on?",
        "arn:aws:iam::111122223333:user/one",
        "one",
    ] {
        let made = Made::complete().with(names::OWN_ROLES, &format!("{one},{wrong}"));
        let problems = made.problems();
        assert_eq!(problems.len(), 1, "{wrong}");
        assert_eq!(problems[0].0, names::OWN_ROLES);
        assert!(problems[0].1.contains(wrong), "{problems:?}");
    }
}

const PERMIT: &str = "@id(\"own-permit\") permit (principal, action, resource);";

#[test]
fn policies_are_a_file_or_a_folder_and_their_own() {
    let shipped = Policies::shipped();
    let folder = Made::complete()
        .with(names::POLICIES, "/opt/policies")
        .holding("/opt/policies/own.cedar", PERMIT);
    let file = Made::complete().with(names::POLICIES, "own.cedar").holding("own.cedar", PERMIT);
    for made in [folder, file] {
        let settings = Settings::read(&made).unwrap();
        assert_ne!(settings.policies.digest(), shipped.digest());
    }
}

#[test]
fn an_entry_that_is_no_policy_is_refused_and_not_passed_over() {
    let folder = std::env::temp_dir().join(format!("snapback-settings-{}", std::process::id()));
    let path = folder.to_string_lossy().into_owned();
    fs::create_dir_all(folder.join("tests")).unwrap();
    assert_eq!(Process.policy_files(&path).unwrap_err().len(), 1, "an empty folder");
    fs::write(folder.join("own.cedar"), PERMIT).unwrap();
    fs::write(folder.join("README.md"), "ours").unwrap();
    let files = Process.policy_files(&path).unwrap().unwrap();
    assert!(files.len() == 1 && files[0].ends_with("own.cedar"), "{files:?}");
    fs::write(folder.join("forbids.CEDAR"), PERMIT).unwrap();
    fs::create_dir_all(folder.join("more")).unwrap();
    let problems = Process.policy_files(&path).unwrap_err();
    fs::remove_dir_all(&folder).unwrap();
    for name in ["forbids.CEDAR", "more"] {
        assert!(problems.iter().any(|problem| problem.contains(name)), "{problems:?}");
    }
}

#[test]
fn a_broken_policy_is_refused_with_its_file_and_place() {
    let made = Made::complete()
        .with(names::POLICIES, "/opt/policies")
        .holding(
            "/opt/policies/a.cedar",
            "@id(\"a\") permit (principal, action, resource)\nwhen { context.colour == 1 };",
        )
        .holding("/opt/policies/b.cedar", "permit (");
    let problems = made.problems();
    assert!(problems.iter().all(|(variable, _)| variable == names::POLICIES));
    for file in ["/opt/policies/a.cedar:", "/opt/policies/b.cedar:"] {
        assert!(problems.iter().any(|(_, problem)| problem.starts_with(file)), "{problems:?}");
    }
}

#[test]
fn policies_in_s3_are_refused_until_they_are_supported() {
    let problems = Made::complete().with(names::POLICIES, "s3://b/k?versionId=1").problems();
    assert_eq!(problems.len(), 1);
}

#[test]
fn the_error_reads_as_one_line_with_everything_in_it() {
    let error = Settings::read(&Made::default()).unwrap_err();
    let line = error.to_string();
    assert!(!line.contains('\n'));
    for name in [names::TABLE, names::TOPIC_ARN, names::REGION, names::RUNTIME_API] {
        assert!(line.contains(name), "{line}");
    }
}
