//! One statement, read tolerantly: scalar or list anywhere, numbers and booleans as text.

use serde_json::{Map, Value};

use crate::{
    condition::Condition,
    document::{Problem, element},
    glob::{Pattern, Syntax},
    principal::Principals,
};

/// What a statement does. The value is case-sensitive.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_effect.html>.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// `Allow`.
    Allow,
    /// `Deny`.
    Deny,
}

/// `Action` or `NotAction`, `Resource` or `NotResource`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// The `Not…` form: everything but these.
    pub negated: bool,
    /// The patterns as written.
    pub values: Vec<String>,
}

/// One statement.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// Its place in the document, from 0.
    pub index: usize,
    /// Its `Sid`.
    pub sid: Option<String>,
    /// What it does; `None` where that cannot be read.
    pub effect: Option<Effect>,
    /// `Principal` or `NotPrincipal`; `None` where there is neither.
    pub principals: Option<Principals>,
    /// `Action` or `NotAction`.
    pub action: Option<Element>,
    /// `Resource` or `NotResource`.
    pub resource: Option<Element>,
    /// Its conditions.
    pub condition: Condition,
}

impl Statement {
    pub(crate) fn read(
        index: usize,
        members: &Map<String, Value>,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let mut reader = Reader { index, members, problems };
        let effect = reader.effect();
        let sid = reader.get("Sid").and_then(Value::as_str).map(str::to_owned);
        let action = reader.either("Action", "NotAction");
        let resource = reader.either("Resource", "NotResource");
        let principals = reader.principals();
        let condition = match reader.get("Condition") {
            None => Condition::default(),
            Some(written) => {
                let (condition, odd) = Condition::read(written);
                for what in odd {
                    reader.problem(what, true);
                }
                condition
            }
        };
        if effect.is_some() && action.is_none() {
            reader.problem("the statement has neither `Action` nor `NotAction`".to_owned(), false);
        }
        Self { index, sid, effect, principals, action, resource, condition }
    }

    /// Whether an action (lower-case, without wildcards) is among the statement's.
    pub(crate) fn has_action(&self, action: &str) -> bool {
        let Some(element) = &self.action else { return false };
        let named = element
            .values
            .iter()
            .any(|value| Pattern::parse_lowercase(value, Syntax::GLOB).matches(action));
        named != element.negated
    }
}

struct Reader<'r> {
    index: usize,
    members: &'r Map<String, Value>,
    problems: &'r mut Vec<Problem>,
}

impl<'r> Reader<'r> {
    fn get(&mut self, name: &str) -> Option<&'r Value> {
        element(self.members, name, Some(self.index), self.problems)
    }

    fn problem(&mut self, what: String, unclear: bool) {
        self.problems.push(Problem { statement: Some(self.index), what, unclear });
    }

    fn effect(&mut self) -> Option<Effect> {
        match self.get("Effect") {
            Some(Value::String(text)) if text == "Allow" => Some(Effect::Allow),
            Some(Value::String(text)) if text == "Deny" => Some(Effect::Deny),
            Some(other) => {
                self.problem(format!("`Effect` is {other}, neither `Allow` nor `Deny`"), true);
                None
            }
            None => {
                self.problem("the statement has no `Effect`".to_owned(), true);
                None
            }
        }
    }

    fn either(&mut self, plain: &str, negated: &str) -> Option<Element> {
        let (positive, negative) = (self.get(plain), self.get(negated));
        if positive.is_some() && negative.is_some() {
            self.problem(format!("the statement has both `{plain}` and `{negated}`"), true);
        }
        // Of the two, the negated one is the wider, so it is the fail-safe reading.
        let (written, name, negated) = match (positive, negative) {
            (_, Some(written)) => (written, negated, true),
            (Some(written), None) => (written, plain, false),
            (None, None) => return None,
        };
        let (values, odd) = texts(written);
        if odd {
            self.problem(format!("`{name}` holds something that is no text"), true);
        }
        Some(Element { negated, values })
    }

    fn principals(&mut self) -> Option<Principals> {
        let (positive, negative) = (self.get("Principal"), self.get("NotPrincipal"));
        if positive.is_some() && negative.is_some() {
            self.problem("the statement has both `Principal` and `NotPrincipal`".to_owned(), true);
        }
        let (written, negated) = match (positive, negative) {
            (_, Some(written)) => (written, true),
            (Some(written), None) => (written, false),
            (None, None) => return None,
        };
        let (principals, odd) = Principals::read(written, negated);
        for (what, unclear) in odd {
            self.problem(what, unclear);
        }
        Some(principals)
    }
}

/// The texts of a scalar or a list, and whether anything in it is no text. Numbers and booleans are
/// texts: AWS's own examples leave them unquoted.
///
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/example-bucket-policies.html>.
pub(crate) fn texts(value: &Value) -> (Vec<String>, bool) {
    let one = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(on) => Some(on.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    };
    let Value::Array(items) = value else {
        return one(value).map_or((Vec::new(), true), |text| (vec![text], false));
    };
    let read: Vec<String> = items.iter().filter_map(one).collect();
    let odd = read.len() != items.len();
    (read, odd)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: &Value) -> (Statement, Vec<Problem>) {
        let mut problems = Vec::new();
        let statement = Statement::read(0, value.as_object().unwrap(), &mut problems);
        (statement, problems)
    }

    #[test]
    fn scalar_and_list_read_the_same() {
        let scalar = json!({"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Principal":{"AWS":"*"}});
        let list = json!({"Effect":"Allow","Action":["s3:GetObject"],"Resource":["*"],"Principal":{"AWS":["*"]}});
        assert_eq!(read(&scalar), read(&list));
        assert!(read(&scalar).1.is_empty());
    }

    #[test]
    fn an_effect_in_other_case_grants_nothing_and_is_told() {
        let (statement, problems) = read(&json!({"Effect":"allow","Action":"s3:*"}));
        assert_eq!(statement.effect, None);
        assert!(problems.iter().any(|problem| problem.unclear));
    }

    #[test]
    fn actions_ignore_case_and_negation_turns_them_round() {
        let (named, _) = read(&json!({"Effect":"Allow","Action":"STS:assume*"}));
        assert!(named.has_action("sts:assumerole") && !named.has_action("sts:tagsession"));
        let (negated, _) = read(&json!({"Effect":"Allow","NotAction":"sts:TagSession"}));
        assert!(negated.has_action("sts:assumerole") && !negated.has_action("sts:tagsession"));
    }

    #[test]
    fn where_both_forms_are_given_the_wider_is_read() {
        let (statement, problems) = read(
            &json!({"Effect":"Allow","Action":"a:B","NotAction":"c:D","Principal":"*","NotPrincipal":{"AWS":"1"}}),
        );
        assert!(statement.action.unwrap().negated);
        assert!(statement.principals.unwrap().negated);
        assert_eq!(problems.len(), 2);
    }
}
