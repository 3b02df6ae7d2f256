//! Permission documents: administrators, and those one step from it.

use serde_json::{Value, json};

use crate::{Context, Kind, inspect};

fn codes(statements: &Value) -> Vec<String> {
    let context = Context::from_json(&json!({"account_id":"111122223333"})).unwrap();
    let document = json!({"Version":"2012-10-17","Statement":statements});
    let verdict = inspect(Kind::PermissionPolicy, &document, &context);
    assert!(!verdict.public && verdict.cross_account.is_empty());
    verdict.codes().into_iter().map(str::to_owned).collect()
}

fn allow(action: &Value, resource: &Value) -> Value {
    json!({"Effect":"Allow","Action":action,"Resource":resource})
}

fn has(statements: &Value, code: &str) -> bool {
    codes(statements).iter().any(|found| found == code)
}

#[test]
fn only_ones_own_name_at_the_end_is_ones_own_user() {
    let own = "arn:aws:iam::111122223333:user/${aws:username}";
    for (resource, escalates) in [
        (own, false),
        ("arn:${aws:Partition}:iam::${aws:PrincipalAccount}:user/staff/${AWS:UserName}", false),
        ("arn:aws:iam::${aws:PrincipalAccount}:user/*", true),
        ("arn:${aws:Partition}:iam::111122223333:user/*", true),
        ("arn:aws:iam::111122223333:user/${aws:PrincipalTag/owner}", true),
        ("arn:aws:iam::111122223333:user/${aws:username}*", true),
        ("arn:aws-eusc:iam::111122223333:user/*", true),
        ("arn:aws-iso-f:iam::111122223333:user/*", true),
    ] {
        let grant = json!([allow(&json!("iam:CreateAccessKey"), &json!(resource))]);
        assert_eq!(has(&grant, "privesc:iam-002"), escalates, "{resource}");
    }
}

#[test]
fn several_comparisons_with_the_service_are_and_ed() {
    let conditions = [
        json!({"StringLike":{"iam:PassedToService":"*"},"StringEquals":{"iam:PassedToService":"ec2.amazonaws.com"}}),
        json!({"StringEquals":{"iam:PassedToService":"ec2.amazonaws.com"},"StringLike":{"iam:PassedToService":"*"}}),
    ];
    for condition in conditions {
        let mut pass = allow(&json!("iam:PassRole"), &json!("*"));
        pass["Condition"] = condition.clone();
        let lambda = allow(&json!(["lambda:CreateFunction", "lambda:InvokeFunction"]), &json!("*"));
        let found = codes(&json!([pass, lambda]));
        assert_eq!(found, [""; 0], "{condition}");
    }
}

#[test]
fn what_belongs_to_aws_is_nobodys_to_version() {
    for (resource, escalates) in [
        ("arn:aws:iam::aws:policy/*", false),
        ("arn:aws-cn:iam::aws:policy/job-function/*", false),
        ("arn:${aws:Partition}:iam::aws:policy/ReadOnlyAccess", false),
        ("arn:aws:iam::a*:policy/*", true),
        ("arn:aws:iam::*:policy/*", true),
        ("arn:aws:iam::*", true),
        ("arn:aws:iam::1111*:policy/app", true),
        ("arn:aws:iam::111122223333:policy/aws/x:policy/y", true),
        ("arn:aws:iam::${aws:PrincipalAccount}:policy/*", true),
    ] {
        let grant = json!([allow(&json!("iam:CreatePolicyVersion"), &json!(resource))]);
        assert_eq!(has(&grant, "privesc:iam-001"), escalates, "{resource}");
    }
    let mut but_aws = allow(&json!("iam:CreatePolicyVersion"), &json!("*"));
    but_aws.as_object_mut().unwrap().remove("Resource");
    but_aws["NotResource"] = json!("arn:aws:iam::aws:policy/*");
    assert!(has(&json!([but_aws]), "privesc:iam-001"));
}

#[test]
fn administrators_have_many_spellings() {
    for statement in [
        allow(&json!("*"), &json!("*")),
        allow(&json!("*:*"), &json!("*")),
        allow(&json!(["s3:GetObject", "IAM:*"]), &json!(["*"])),
        allow(&json!("iam:*"), &json!("arn:aws:iam::111122223333:*")),
        json!({"Effect":"Allow","NotAction":"s3:*","Resource":"*"}),
        json!({"Effect":"Allow","Action":"*","NotResource":"arn:aws:s3:::amzn-s3-demo-bucket/*"}),
        json!({"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}),
    ] {
        assert!(has(&json!([statement]), "admin-equivalent"), "{statement}");
    }
    for statement in [
        json!({"Effect":"Allow","NotAction":"iam:*","Resource":"*"}),
        allow(&json!("*"), &json!("arn:aws:s3:::amzn-s3-demo-bucket/*")),
        allow(&json!("iam:*"), &json!("arn:aws:iam::111122223333:user/anna")),
    ] {
        assert!(!has(&json!([statement]), "admin-equivalent"), "{statement}");
    }
}

#[test]
fn only_an_unconditional_deny_on_everything_takes_away() {
    let star = allow(&json!("*"), &json!("*"));
    let deny = |change: &Value| {
        let mut deny = json!({"Effect":"Deny","Action":"iam:*","Resource":"*"});
        for (key, value) in change.as_object().unwrap() {
            deny[key] = value.clone();
        }
        deny
    };
    assert!(!has(&json!([star, deny(&json!({}))]), "admin-equivalent"));
    for change in [
        json!({"Resource":"arn:aws:iam::111122223333:user/anna"}),
        json!({"Condition":{"Bool":{"aws:MultiFactorAuthPresent":"false"}}}),
        json!({"Action":"iam:Get*"}),
    ] {
        assert!(has(&json!([star, deny(&change)]), "admin-equivalent"), "{change}");
    }
    let all_but = json!({"Effect":"Deny","NotAction":"s3:*","Resource":"*"});
    assert_eq!(codes(&json!([star, all_but])), Vec::<String>::new());
}

#[test]
fn a_path_may_be_spread_over_statements_and_needs_all_of_it() {
    let pass = allow(&json!("iam:PassRole"), &json!("arn:aws:iam::111122223333:role/app"));
    let run = allow(&json!("lambda:*"), &json!("*"));
    assert!(has(&json!([pass, run]), "privesc:lambda-001"));
    assert!(!has(&json!([pass]), "privesc:lambda-001"));
    let elsewhere = allow(&json!(["iam:PassRole", "lambda:*"]), &json!("arn:aws:s3:::x"));
    assert_eq!(codes(&json!([elsewhere])), Vec::<String>::new());
}

#[test]
fn a_role_that_goes_to_one_service_opens_only_its_paths() {
    let pass = |condition: Value| {
        json!([
            {"Effect":"Allow","Action":"iam:PassRole","Resource":"*","Condition":condition},
            {"Effect":"Allow","Action":["lambda:CreateFunction","lambda:InvokeFunction"],"Resource":"*"},
        ])
    };
    let to = |service: &str| json!({"StringEquals":{"iam:PassedToService":service}});
    assert!(has(&pass(to("lambda.amazonaws.com")), "privesc:lambda-001"));
    assert_eq!(codes(&pass(to("ec2.amazonaws.com"))), Vec::<String>::new());
    for loose in [
        json!({"StringEqualsIfExists":{"iam:PassedToService":"ec2.amazonaws.com"}}),
        json!({"StringNotEquals":{"iam:PassedToService":"ec2.amazonaws.com"}}),
        json!({"StringLike":{"iam:PassedToService":"*"}}),
    ] {
        let codes = codes(&pass(loose));
        assert!(codes.contains(&"privesc:lambda-001".to_owned()));
        assert!(codes.contains(&"pass-role-wildcard".to_owned()));
    }
}

#[test]
fn credentials_of_ones_own_are_no_escalation_but_policies_of_ones_own_are() {
    let own = json!("arn:aws:iam::111122223333:user/${aws:username}");
    let keys = json!(["iam:CreateAccessKey", "iam:DeleteAccessKey", "iam:CreateLoginProfile"]);
    assert_eq!(codes(&json!([allow(&keys, &own)])), Vec::<String>::new());
    assert!(has(&json!([allow(&json!("iam:PutUserPolicy"), &own)]), "privesc:iam-007"));
    assert!(has(&json!([allow(&keys, &json!("*"))]), "privesc:iam-002"));
}

#[test]
fn one_role_is_not_any_role() {
    let assume = json!("sts:AssumeRole");
    assert!(has(
        &json!([allow(&assume, &json!("arn:aws:iam::*:role/*"))]),
        "privesc-existing:sts-001"
    ));
    let one = allow(&assume, &json!("arn:aws:iam::111122223333:role/reader"));
    assert_eq!(codes(&json!([one])), Vec::<String>::new());
    let some = allow(&json!("iam:PassRole"), &json!("arn:aws:iam::111122223333:role/app-*"));
    assert_eq!(codes(&json!([some])), Vec::<String>::new());
}

#[test]
fn a_part_of_a_way_is_an_action_of_it_that_does_not_only_read() {
    let context = Context::from_json(&json!({"account_id":"111122223333"})).unwrap();
    let begins = |statements: Value| {
        let document = json!({"Version":"2012-10-17","Statement":statements});
        crate::begins_a_path(&crate::Document::from_value(&document).unwrap(), &context)
    };
    let one = |action: &str, resource: &str| json!([allow(&json!(action), &json!(resource))]);
    for (action, resource, expected) in [
        ("iam:PassRole", "arn:aws:iam::111122223333:role/app", true),
        ("lambda:CreateFunction", "*", true),
        ("LAMBDA:create*", "*", true),
        ("ec2:RunInstances", "arn:aws:ec2:*:*:instance/*", true),
        ("*", "*", true),
        ("ec2:DescribeInstances", "*", false),
        ("s3:GetObject", "*", false),
        ("s3:*", "arn:aws:s3:::amzn-s3-demo-bucket/*", false),
        ("iam:PassRole", "arn:aws:iam::111122223333:user/app", false),
        ("iam:CreateUser", "*", false),
    ] {
        assert_eq!(begins(one(action, resource)), expected, "{action} on {resource}");
    }
    let pass = allow(&json!("iam:PassRole"), &json!("*"));
    let deny = json!({"Effect":"Deny","Action":"iam:PassRole","Resource":"*"});
    assert!(!begins(json!([pass, deny])), "what is denied is no part");
    let excluded = json!([{"Effect":"Allow","NotAction":"s3:*","Resource":"*"}]);
    assert!(begins(excluded), "what is not excluded is");
    assert!(!begins(json!([])));
}

#[test]
fn giving_within_a_boundary_or_only_named_policies_is_not_certain() {
    let context = Context::from_json(&json!({"account_id":"111122223333"})).unwrap();
    let certain = |statements: Value, code: &str| {
        let document = json!({"Version":"2012-10-17","Statement":statements});
        let verdict = inspect(Kind::PermissionPolicy, &document, &context);
        let found = verdict.findings.iter().find(|found| found.code == code);
        found.unwrap_or_else(|| panic!("{code} in {document}")).doubt.is_none()
    };
    let attach = |condition: Value| {
        let mut attach = allow(&json!("iam:AttachRolePolicy"), &json!("*"));
        attach["Condition"] = condition;
        attach
    };
    let fence = "arn:aws:iam::111122223333:policy/fence";
    for (condition, expected) in [
        (json!({"StringEquals":{"iam:PermissionsBoundary":fence}}), false),
        (json!({"ArnLike":{"iam:PolicyARN":"arn:aws:iam::111122223333:policy/app-*"}}), false),
        (json!({"ArnEquals":{"IAM:policyarn":["arn:aws:iam::aws:policy/ReadOnlyAccess"]}}), false),
        (json!({"ArnLike":{"iam:PolicyARN":"arn:aws:iam::aws:policy/*"}}), true),
        (json!({"ArnLike":{"iam:PolicyARN":"*"}}), true),
        (json!({"StringNotEquals":{"iam:PermissionsBoundary":fence}}), true),
        (json!({"StringEqualsIfExists":{"iam:PermissionsBoundary":fence}}), true),
        (json!({"Bool":{"aws:MultiFactorAuthPresent":"true"}}), true),
    ] {
        let grant = json!([attach(condition.clone())]);
        assert_eq!(certain(grant, "privesc:iam-009"), expected, "{condition}");
    }
    let within = attach(json!({"StringEquals":{"iam:PermissionsBoundary":fence}}));
    let free = allow(&json!("iam:AttachRolePolicy"), &json!("*"));
    for both in [json!([within, free]), json!([free, within])] {
        assert!(certain(both, "privesc:iam-009"), "another statement has no limit");
    }
    let assume = allow(&json!("sts:AssumeRole"), &json!("arn:aws:iam::111122223333:role/app"));
    for both in [json!([within, assume]), json!([assume, within])] {
        assert!(!certain(both, "privesc:iam-014"), "the way is as long as its limit");
    }
}
