//! What AWS's own tools make of the template: the SAM translator and cfn-lint, from the pinned
//! environment.

use std::collections::BTreeSet;

use scenarios::{python, template::Template, workspace};
use serde_json::{Value, json};

fn translated() -> Value {
    let mut command = python::script("transform.py").unwrap();
    command.arg(workspace::root().join("template.yaml")).env("AWS_DEFAULT_REGION", "us-east-1");
    serde_json::from_str(&python::run(&mut command).unwrap()).unwrap()
}

#[test]
fn sam_adds_event_sources_and_nothing_that_grants() {
    let source = Template::read().unwrap();
    let plain = translated();
    let ours: BTreeSet<&str> = source.resources().iter().map(|one| one.name).collect();
    let mut added = BTreeSet::new();
    for (name, resource) in plain["Resources"].as_object().unwrap() {
        if !ours.contains(name.as_str()) {
            added.insert(resource["Type"].as_str().unwrap().to_owned());
        }
    }
    let expected = ["AWS::Lambda::EventInvokeConfig", "AWS::Lambda::EventSourceMapping"];
    assert_eq!(added, expected.map(str::to_owned).into());
    assert_eq!(plain["Transform"], json!(["AWS::LanguageExtensions"]));
    assert_eq!(plain["Rules"], source.document["Rules"], "the translator keeps the assertions");
    for (name, resource) in plain["Resources"].as_object().unwrap() {
        if resource["Type"] == "AWS::Lambda::Function" {
            let role = &resource["Properties"]["Role"];
            assert_eq!(role, &json!({ "Fn::GetAtt": [format!("{name}Role"), "Arn"] }));
        }
    }
    assert!(plain["Resources"].as_object().unwrap().len() <= 450);
}

#[test]
fn cfn_lint_has_nothing_to_say_in_any_partition() {
    let mut lint = python::program("cfn-lint").unwrap();
    lint.args(["-r", "us-east-1", "eu-west-1", "us-gov-west-1", "cn-north-1", "--"]);
    lint.arg(workspace::root().join("template.yaml"));
    let said = python::run(&mut lint).unwrap();
    assert_eq!(said, "");
}

#[test]
fn every_pattern_of_a_parameter_takes_the_right_and_refuses_the_wrong() {
    // Parameter, what it must take, what it must refuse. `""` is taken where a parameter is
    // optional.
    let cases: [(&str, &[&str], &[&str]); 10] = [
        (
            "AlertEmail",
            &["", "a@example.com"],
            &["a", "a@b", "a b@example.com", "a@example.com,b@example.com"],
        ),
        ("OrganizationId", &["", "o-a1b2c3d4e5"], &["o-short", "r-a1b2c3d4e5", "o-A1B2C3D4E5"]),
        ("TrustedAccounts", &["", "444455556666"], &["44445555666", "abc", "444455556666 "]),
        (
            "RequiredKmsKeyArn",
            &[
                "",
                "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
                "arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab",
            ],
            &["alias/records", "arn:aws:kms:eu-west-1:111122223333:alias/records", "*"],
        ),
        ("Trust", &["", "{}", "a = 1\nb = 2"], &["x"]),
        ("Policies", &["", "/opt/policies", "policies"], &["a b", "s3://x y"]),
        (
            "PoliciesLayerArn",
            &["", "arn:aws:lambda:eu-west-1:111122223333:layer:policies:7"],
            &["arn:aws:lambda:eu-west-1:111122223333:layer:policies", "policies"],
        ),
        (
            "BucketScope",
            &["*", "amzn-s3-demo-*", "amzn-s3-demo-bucket"],
            &["", "a/b", "UPPER", "${x}"],
        ),
        ("RoleScope", &["*", "app/*", "Admin"], &["", "role x", "${aws:username}"]),
        (
            "PermissionsBoundaryArn",
            &["", "arn:aws-cn:iam::111122223333:policy/path/limit"],
            &["limit", "arn:aws:iam::111122223333:role/limit", "arn:aws:iam::aws:policy/X"],
        ),
    ];
    let template = Template::read().unwrap();
    let asked: Vec<Value> = cases
        .iter()
        .map(|(name, right, wrong)| {
            let pattern = &template.document["Parameters"][*name]["AllowedPattern"];
            json!({ "name": name, "pattern": pattern, "right": right, "wrong": wrong })
        })
        .collect();
    // CloudFormation takes a value when the whole of it matches.
    let program = "import json, re, sys\n\
                   for case in json.loads(sys.argv[1]):\n    \
                       full = re.compile(case['pattern']).fullmatch\n    \
                       for value in case['right']:\n        \
                           if not full(value): print(case['name'], 'refuses', repr(value))\n    \
                       for value in case['wrong']:\n        \
                           if full(value): print(case['name'], 'takes', repr(value))\n";
    let mut command = std::process::Command::new(python::interpreter().unwrap());
    command.args(["-c", program, &Value::from(asked).to_string()]);
    assert_eq!(python::run(&mut command).unwrap(), "");
}
