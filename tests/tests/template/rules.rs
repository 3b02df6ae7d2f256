//! The template's own assertions over its parameters, evaluated as CloudFormation does.

use std::collections::BTreeMap;

use scenarios::template::Template;
use serde_json::Value;

type Given = BTreeMap<String, Value>;

/// The value of a condition function, or of what it is given.
fn value(expression: &Value, given: &Given) -> Value {
    if let Some(items) = expression.as_array() {
        return items.iter().map(|item| value(item, given)).collect();
    }
    let Some(members) = expression.as_object() else { return expression.clone() };
    let (name, argument) = members.iter().next().unwrap();
    let arguments = || -> Vec<Value> {
        argument.as_array().unwrap().iter().map(|item| value(item, given)).collect()
    };
    let holds = |value: &Value| value.as_bool().unwrap();
    match name.as_str() {
        "Ref" => given[argument.as_str().unwrap()].clone(),
        "Fn::Equals" => (arguments()[0] == arguments()[1]).into(),
        "Fn::Not" => (!holds(&arguments()[0])).into(),
        "Fn::And" => arguments().iter().all(holds).into(),
        "Fn::Or" => arguments().iter().any(holds).into(),
        "Fn::Contains" => arguments()[0].as_array().unwrap().contains(&arguments()[1]).into(),
        other => {
            assert_eq!(other, "", "a function that this evaluator does not know");
            Value::Null
        }
    }
}

/// Which assertions refuse these parameters, the others at their defaults.
fn refused(template: &Template, chosen: &[(&str, &str)]) -> Vec<String> {
    let mut given: Given = template
        .parameters()
        .into_iter()
        .map(|(name, body)| (name.to_owned(), body["Default"].clone()))
        .collect();
    for (name, value) in chosen {
        assert!(given.insert((*name).to_owned(), (*value).into()).is_some(), "no parameter {name}");
    }
    let rules = template.document["Rules"].as_object().unwrap();
    let applies = |rule: &Value| {
        rule.get("RuleCondition").is_none_or(|condition| value(condition, &given) == true)
    };
    rules
        .values()
        .filter(|rule| applies(rule))
        .flat_map(|rule| rule["Assertions"].as_array().unwrap())
        .filter(|assertion| value(&assertion["Assert"], &given) == false)
        .map(|assertion| assertion["AssertDescription"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn prod_neither_deletes_nor_enforces_untold() {
    const ALERTED: (&str, &str) = ("AlertEmail", "security@example.com");
    const PROD: (&str, &str) = ("Environment", "prod");
    let cases: [(&[(&str, &str)], usize); 11] = [
        (&[], 0),
        (&[PROD], 0),
        (&[("DataDeletionPolicy", "Delete"), ("DataReplacePolicy", "Delete")], 0),
        (&[PROD, ("DataDeletionPolicy", "Retain")], 0),
        (&[PROD, ("DataDeletionPolicy", "Delete")], 1),
        (&[PROD, ("DataReplacePolicy", "Delete")], 1),
        (&[("S3PublicAclPosture", "enforce")], 0),
        (&[PROD, ("S3PublicAclPosture", "enforce")], 1),
        (&[PROD, ("IamTrustPolicyPosture", "enforce")], 1),
        (&[PROD, ("S3UnencryptedUploadPosture", "enforce")], 1),
        (&[PROD, ALERTED, ("S3UnencryptedUploadPosture", "enforce")], 0),
    ];
    let template = Template::read().unwrap();
    for (chosen, refusals) in cases {
        let told = refused(&template, chosen);
        assert_eq!(told.len(), refusals, "{chosen:?}: {told:?}");
        assert!(told.iter().all(|text| text.starts_with("In prod, ")), "{told:?}");
    }
}

#[test]
fn a_reservation_is_none_or_nothing_or_enough_for_the_queue() {
    let template = Template::read().unwrap();
    for (reservation, refusals) in
        [("-1", 0), ("0", 0), ("1", 1), ("2", 1), ("4", 1), ("5", 0), ("50", 0)]
    {
        let told = refused(&template, &[("ReservedConcurrency", reservation)]);
        assert_eq!(told.len(), refusals, "{reservation}: {told:?}");
    }
}
