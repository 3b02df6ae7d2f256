//! Restrictions, one by one, for and against.

use serde_json::{Value, json};

use super::*;

fn reading(condition: &Value) -> Reading {
    let (condition, _) = Condition::read(condition);
    read(&condition, Terms::resource(Version::Variables, PolicyMode::Bucket))
}

/// `open`, `dead`, or the class and values of the first restriction.
fn short(condition: &Value) -> String {
    let reading = reading(condition);
    if reading.dead.is_some() {
        return "dead".to_owned();
    }
    reading.restrictions.first().map_or("open".to_owned(), |restriction| {
        let values: Vec<&str> = restriction.values.iter().map(String::as_str).collect();
        format!("{:?} {}", restriction.class, values.join(","))
    })
}

#[test]
fn each_key_restricts_as_the_table_says() {
    for (operator, key, value, expected) in [
        ("StringEquals", "aws:PrincipalOrgID", "o-a", "Orgs o-a"),
        ("StringLike", "aws:PrincipalOrgID", "o-*", "open"),
        ("StringEquals", "aws:PrincipalOrgID", "o-*", "dead"),
        ("StringEquals", "aws:PrincipalOrgID", "${aws:ResourceOrgID}", "open"),
        ("StringNotEquals", "aws:PrincipalOrgID", "o-a", "open"),
        ("StringEqualsIfExists", "aws:PrincipalOrgID", "o-a", "open"),
        ("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "o-a/r-1/*", "Orgs o-a"),
        ("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "o-a*", "open"),
        ("StringLike", "aws:PrincipalOrgPaths", "o-a/*", "open"),
        ("StringEquals", "aws:PrincipalAccount", "anonymous", "open"),
        ("StringEqualsIfExists", "aws:PrincipalAccount", "111122223333", "Accounts 111122223333"),
        ("ArnLike", "aws:PrincipalArn", "arn:*:iam::111122223333:role/x", "Accounts 111122223333"),
        ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/x", "open"),
        ("ArnLike", "aws:PrincipalArn", "*", "open"),
        ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::111122223333", "dead"),
        ("ArnEquals", "aws:SourceArn", "arn:aws:sns:eu-west-1:111122223333", "dead"),
        ("StringEquals", "aws:PrincipalArn", "arn:aws:iam::111122223333", "dead"),
        ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::111122223333*", "open"),
        ("StringLike", "aws:PrincipalArn", "arn:aws:iam::111122223333:*", "Accounts 111122223333"),
        ("StringLike", "aws:PrincipalArn", "arn:aws:iam::*111122223333:role/ci", "open"),
        ("StringLike", "aws:PrincipalArn", "arn:*:iam::111122223333:role/x", "open"),
        (
            "ArnLike",
            "aws:SourceArn",
            "arn:aws:sns:eu-west-1:111122223333:t",
            "SourceAccounts 111122223333",
        ),
        ("ArnLike", "aws:SourceArn", "arn:aws:s3:::amzn-s3-demo-bucket", "SourceArn "),
        ("ArnLike", "aws:SourceArn", "arn:aws:s3:::*", "open"),
        ("StringEquals", "aws:SourceVpce", "vpce-1", "Network vpce:vpce-1"),
        ("IpAddress", "aws:SourceIp", "203.0.113.9/24", "Network ip:203.0.113.0/24"),
        ("StringEquals", "aws:SourceIp", "203.0.113.0/24", "open"),
        ("NotIpAddress", "aws:SourceIp", "10.0.0.0/8", "open"),
        ("StringLike", "aws:userid", "AROAEXAMPLEID1111111:*", "Identity AROAEXAMPLEID1111111"),
        ("StringLike", "aws:userid", "AROA*", "open"),
        ("StringLike", "aws:userid", "*:session", "open"),
        ("Bool", "aws:PrincipalIsAWSService", "true", "Service "),
        ("Bool", "aws:PrincipalIsAWSService", "false", "open"),
        ("StringEquals", "aws:PrincipalTag/team", "ops", "open"),
        ("StringEquals", "aws:ResourceOrgID", "o-a", "open"),
    ] {
        assert_eq!(short(&json!({operator:{key:value}})), expected, "{operator} {key} {value}");
    }
}

#[test]
fn the_loosest_value_decides_and_one_good_entry_suffices() {
    assert_eq!(short(&json!({"StringLike":{"aws:SourceVpc":["vpc-1","*"]}})), "open");
    let two = json!({"IpAddress":{"aws:SourceIp":"0.0.0.0/0"},"StringEquals":{"aws:SourceVpce":"vpce-1"}});
    assert_eq!(short(&two), "Network vpce:vpce-1");
    let halves = json!({"IpAddress":{"aws:SourceIp":["0.0.0.0/1","128.0.0.0/1"]}});
    assert_eq!(short(&halves), "open");
    let mut eighths: Vec<String> = (0..256).map(|first| format!("{first}.0.0.0/8")).collect();
    assert_eq!(short(&json!({"IpAddress":{"aws:SourceIp":eighths}})), "open");
    eighths.truncate(3);
    assert!(short(&json!({"IpAddress":{"aws:SourceIp":eighths}})).starts_with("Network"));
}

#[test]
fn a_null_guard_makes_weak_operators_restrict_again() {
    let guarded = json!({"ForAllValues:StringEquals":{"aws:PrincipalOrgID":"o-a"},"Null":{"aws:principalorgid":false}});
    assert_eq!(short(&guarded), "Orgs o-a");
}

#[test]
fn a_deny_closes_only_by_what_holds_for_every_outsider() {
    let closing = |condition: Value| {
        let (condition, _) = Condition::read(&condition);
        condition.entries.iter().all(|entry| {
            closes(entry, Terms::resource(Version::Variables, PolicyMode::Bucket)) == Closes::Yes
        })
    };
    for yes in [
        json!({"StringNotEquals":{"aws:PrincipalOrgID":"o-a"}}),
        json!({"StringNotEqualsIfExists":{"aws:SourceVpc":"vpc-1"}}),
        json!({"ForAllValues:StringNotEquals":{"aws:PrincipalOrgID":"o-a"}}),
        json!({"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:*"}}),
        json!({"NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"}}),
        json!({"StringNotEquals":{"aws:PrincipalOrgID":"o-a"},"BoolIfExists":{"aws:PrincipalIsAWSService":"false"}}),
    ] {
        assert!(closing(yes.clone()), "{yes}");
    }
    for no in [
        json!({"Bool":{"aws:PrincipalIsAWSService":"false"}}),
        json!({"Null":{"aws:PrincipalOrgID":"true"}}),
        json!({"ForAnyValue:StringNotEquals":{"aws:PrincipalOrgID":"o-a"}}),
        json!({"NotIpAddress":{"aws:SourceIp":"0.0.0.0/0"}}),
        json!({"StringNotLike":{"aws:PrincipalOrgID":"o-*"}}),
        json!({"Bool":{"aws:SecureTransport":"false"}}),
        json!({"StringNotSimilar":{"aws:PrincipalOrgID":"o-a"}}),
    ] {
        assert!(!closing(no.clone()), "{no}");
    }
}

#[test]
fn an_access_points_own_policy_is_not_restricted_by_access_points() {
    let (condition, _) = Condition::read(
        &json!({"ArnLike":{"s3:DataAccessPointArn":"arn:aws:s3:eu-west-1:111122223333:accesspoint/*"}}),
    );
    let open = read(&condition, Terms::resource(Version::Variables, PolicyMode::AccessPoint));
    assert!(open.restrictions.is_empty());
    let closed = read(&condition, Terms::resource(Version::Variables, PolicyMode::Bucket));
    assert_eq!(closed.restrictions.len(), 1);
}

#[test]
fn variables_of_the_resource_are_filled_in_once() {
    let mut context = Context::default();
    context.trust.account_id = Some("111122223333".into());
    context.trust.org_id = Some("o-${aws:ResourceOrgID}".to_owned());
    let terms = Terms::trust(Version::Variables, &context);
    for (value, filled) in [
        ("${aws:ResourceAccount}", "111122223333"),
        ("a/${AWS:resourceaccount}/${aws:ResourceAccount}", "a/111122223333/111122223333"),
        ("${aws:ResourceOrgID}", "o-${aws:ResourceOrgID}"),
        ("${aws:ResourceOrgID, 'o-x'}", "${aws:ResourceOrgID, 'o-x'}"),
        ("${aws:username}", "${aws:username}"),
        ("aws:ResourceAccount", "aws:ResourceAccount"),
    ] {
        assert_eq!(terms.filled(value), filled);
        assert_eq!(Terms::trust(Version::Old, &context).filled(value), value);
        let of_resource = Terms::resource(Version::Variables, PolicyMode::Bucket);
        assert_eq!(of_resource.filled(value), value);
    }
}
