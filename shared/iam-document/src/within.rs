//! Whether one permission document allows no more than another.
//!
//! Whoever puts an older document in the place of a newer one must not widen anything by it. The
//! question has no exact answer without knowing every request; here it is answered yes only where
//! that can be shown statement by statement, and no wherever it cannot.

use crate::{
    Document, Effect, Element, Statement,
    glob::{Pattern, Syntax},
};

/// Whether all that `narrow` allows, `wide` allows as well, so that nothing is widened where
/// `narrow` takes its place. `false` says that it cannot be shown, not that it is otherwise.
///
/// A Deny of `wide` has to stand in `narrow` too, unless it is about nothing that `narrow` allows: a
/// document that is replaced takes its Denies with it.
#[must_use]
pub fn is_within(narrow: &Document, wide: &Document) -> bool {
    if !is_plain(narrow) || !is_plain(wide) || !speak_alike(narrow, wide) {
        return false;
    }
    let syntax = narrow.glob_syntax();
    let allowed = |allow: &Statement| {
        single(allow).iter().all(|part| {
            wide.allows().any(|other| holds_under(other, part) && spans(other, part, syntax))
        })
    };
    let kept = |deny: &Statement| {
        let idle = narrow.allows().all(|allow| !meet(allow, deny, syntax));
        idle || single(deny).iter().all(|part| {
            narrow.denies().any(|other| holds_under(other, part) && spans(other, part, syntax))
        })
    };
    narrow.allows().all(allowed) && wide.denies().all(kept)
}

/// Whether every statement was read in full and is one of an identity's.
fn is_plain(document: &Document) -> bool {
    document.problems().is_empty()
        && !document.repeats_a_key()
        && document.statements().iter().all(|statement| {
            matches!(statement.effect, Some(Effect::Allow | Effect::Deny))
                && statement.principals.is_none()
                && statement.action.is_some()
                && statement.resource.is_some()
        })
}

/// Variables mean something in one version only.
fn speak_alike(one: &Document, other: &Document) -> bool {
    let has_none = |document: &Document| !document.value().to_string().contains("${");
    one.version() == other.version() || (has_none(one) && has_none(other))
}

/// The statement once for each of its actions and resources: what one names together may stand in
/// several on the other side.
fn single(statement: &Statement) -> Vec<Statement> {
    let each = |element: &Option<Element>| -> Vec<Option<Element>> {
        match element {
            Some(Element { negated: false, values }) => values
                .iter()
                .map(|value| Some(Element { negated: false, values: vec![value.clone()] }))
                .collect(),
            whole => vec![whole.clone()],
        }
    };
    let mut parts = Vec::new();
    for action in each(&statement.action) {
        for resource in each(&statement.resource) {
            let action = action.clone();
            parts.push(Statement { action, resource, ..statement.clone() });
        }
    }
    parts
}

/// Whether a statement holds whenever the other does, by their conditions.
fn holds_under(one: &Statement, other: &Statement) -> bool {
    one.condition.is_empty() || one.condition == other.condition
}

fn spans(wide: &Statement, narrow: &Statement, syntax: Syntax) -> bool {
    let pairs = [
        (&wide.action, &narrow.action, Text::Action),
        (&wide.resource, &narrow.resource, Text::Resource(syntax)),
    ];
    pairs.into_iter().all(|pair| match pair {
        (Some(wide), Some(narrow), text) => covers(wide, narrow, text),
        _ => false,
    })
}

fn meet(one: &Statement, other: &Statement, syntax: Syntax) -> bool {
    let pairs = [
        (&one.action, &other.action, Text::Action),
        (&one.resource, &other.resource, Text::Resource(syntax)),
    ];
    pairs.into_iter().all(|pair| match pair {
        (Some(one), Some(other), text) => overlap(one, other, text),
        _ => true,
    })
}

/// How the texts of an element are read.
#[derive(Clone, Copy)]
enum Text {
    Action,
    Resource(Syntax),
}

impl Text {
    fn read(self, text: &str) -> Pattern {
        match self {
            // Every action has a colon, so this is everything as well.
            Self::Action if text == "*:*" => Pattern::parse("*", Syntax::GLOB),
            Self::Action => Pattern::parse_lowercase(text, Syntax::GLOB),
            Self::Resource(syntax) => Pattern::parse(text, syntax),
        }
    }

    /// One text is as wide as itself even where it holds a variable: both are of one request.
    fn covers(self, wide: &str, narrow: &str) -> bool {
        wide == narrow || self.read(wide).covers(&self.read(narrow))
    }
}

fn covers(wide: &Element, narrow: &Element, text: Text) -> bool {
    let among = |values: &[String], one: &String| values.iter().any(|it| text.covers(it, one));
    match (wide.negated, narrow.negated) {
        (false, false) => narrow.values.iter().all(|one| among(&wide.values, one)),
        (true, false) => !narrow.values.iter().any(|one| touches(&wide.values, one, text)),
        (true, true) => wide.values.iter().all(|one| among(&narrow.values, one)),
        (false, true) => wide.values.iter().any(|one| text.read(one).is_everything()),
    }
}

fn touches(values: &[String], one: &str, text: Text) -> bool {
    values.iter().any(|value| text.read(value).overlaps(&text.read(one)))
}

fn overlap(one: &Element, other: &Element, text: Text) -> bool {
    let left_of = |values: &[String], excluded: &[String]| {
        values.iter().any(|value| !excluded.iter().any(|gone| text.covers(gone, value)))
    };
    match (one.negated, other.negated) {
        (false, false) => one.values.iter().any(|value| touches(&other.values, value, text)),
        (false, true) => left_of(&one.values, &other.values),
        (true, false) => left_of(&other.values, &one.values),
        (true, true) => true,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn document(statements: &Value) -> Document {
        Document::from_value(&json!({"Version": "2012-10-17", "Statement": statements})).unwrap()
    }

    fn allow(action: &str, resource: &str) -> Value {
        json!({"Effect": "Allow", "Action": action, "Resource": resource})
    }

    fn deny(action: &str, resource: &str) -> Value {
        json!({"Effect": "Deny", "Action": action, "Resource": resource})
    }

    fn within(narrow: &Value, wide: &Value) -> bool {
        is_within(&document(narrow), &document(wide))
    }

    #[test]
    fn what_everything_allows_holds_whatever_is_allowed() {
        let everything = json!([allow("*", "*")]);
        for narrow in [
            json!([]),
            json!([allow("s3:Get*", "arn:aws:s3:::amzn-s3-demo-bucket/*")]),
            json!([{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}]),
            json!([{"Effect": "Allow", "Action": ["s3:*", "iam:*"], "NotResource": "arn:aws:s3:::x"}]),
            json!([allow("*", "*"), deny("iam:*", "*")]),
            json!([{"Effect": "Allow", "Action": "*", "Resource": "*",
                "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}]),
        ] {
            assert!(within(&narrow, &everything), "{narrow}");
            assert!(within(&narrow, &json!([allow("*:*", "*")])), "{narrow}");
            assert!(within(&narrow, &narrow), "{narrow}");
        }
    }

    #[test]
    fn what_is_not_named_on_the_other_side_is_wider() {
        let wide = json!([allow("s3:Get*", "*"), allow("sqs:*", "arn:aws:sqs:*:*:app-*")]);
        for (narrow, expected) in [
            (allow("S3:getobject", "arn:aws:s3:::amzn-s3-demo-bucket/*"), true),
            (allow("s3:*", "*"), false),
            (allow("s3:PutObject", "*"), false),
            (allow("sqs:SendMessage", "arn:aws:sqs:eu-west-1:111122223333:app-in"), true),
            (allow("sqs:SendMessage", "*"), false),
            (json!({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}), false),
            (
                json!({"Effect": "Allow", "Action": ["s3:GetObject", "sqs:SendMessage"],
                "Resource": "arn:aws:sqs:eu-west-1:111122223333:app-in"}),
                true,
            ),
        ] {
            assert_eq!(within(&json!([narrow]), &wide), expected, "{narrow}");
        }
    }

    #[test]
    fn an_exclusion_holds_what_it_does_not_name() {
        let power = json!([{"Effect": "Allow", "NotAction": ["iam:*", "organizations:*"], "Resource": "*"}]);
        for (narrow, expected) in [
            (json!([allow("s3:*", "*")]), true),
            (json!([allow("iam:GetRole", "*")]), false),
            (json!([allow("*", "*")]), false),
            (
                json!([{"Effect": "Allow", "NotAction": ["iam:*", "organizations:*", "s3:*"], "Resource": "*"}]),
                true,
            ),
            (json!([{"Effect": "Allow", "NotAction": ["iam:*"], "Resource": "*"}]), false),
        ] {
            assert_eq!(within(&narrow, &power), expected, "{narrow}");
        }
    }

    #[test]
    fn a_deny_that_would_be_lost_is_seen() {
        let wide = json!([allow("*", "*"), deny("s3:Delete*", "*")]);
        for (narrow, expected) in [
            (json!([allow("s3:*", "*")]), false),
            (json!([allow("s3:GetObject", "*")]), true),
            (json!([allow("s3:*", "*"), deny("s3:*", "*")]), true),
            (json!([allow("s3:*", "*"), deny("s3:DeleteObject", "*")]), false),
            (
                json!([allow("s3:*", "*"), {"Effect": "Deny", "Action": "s3:*", "Resource": "*",
                "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]),
                false,
            ),
            (json!([{"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}]), true),
        ] {
            assert_eq!(within(&narrow, &wide), expected, "{narrow}");
        }
    }

    #[test]
    fn a_condition_narrows_unless_both_have_it() {
        let with = |value: &str| {
            let mut allow = allow("s3:*", "*");
            allow["Condition"] = json!({"StringEquals": {"aws:PrincipalTag/team": value}});
            json!([allow])
        };
        assert!(within(&with("a"), &with("a")));
        assert!(!within(&with("b"), &with("a")));
        assert!(!within(&json!([allow("s3:*", "*")]), &with("a")));
        assert!(within(&with("a"), &json!([allow("s3:*", "*")])));
    }

    #[test]
    fn what_cannot_be_read_is_never_within() {
        let everything = json!([allow("*", "*")]);
        let odd = json!([{"Effect": "allow", "Action": "s3:*", "Resource": "*"}]);
        let resource =
            json!([{"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}]);
        let bare = json!([{"Effect": "Allow", "Action": "s3:*"}]);
        for narrow in [odd, resource, bare] {
            assert!(!within(&narrow, &everything), "{narrow}");
        }
        let own = allow("s3:*", "arn:aws:s3:::amzn-s3-demo-bucket/${aws:username}/*");
        let old =
            Document::from_value(&json!({"Version": "2008-10-17", "Statement": [own]})).unwrap();
        assert!(within(&json!([own]), &json!([own])));
        assert!(!is_within(&old, &document(&json!([own]))), "a variable there is text here");
    }

    fn statement() -> impl Strategy<Value = Value> {
        let action = prop::sample::select(vec!["a:x", "a:y", "b:x", "a:*", "b:*", "*"]);
        let resource = prop::sample::select(vec!["r", "s", "*"]);
        (any::<bool>(), any::<bool>(), any::<bool>(), action, resource).prop_map(
            |(allow, not_action, not_resource, action, resource)| {
                let action_key = if not_action { "NotAction" } else { "Action" };
                let resource_key = if not_resource { "NotResource" } else { "Resource" };
                json!({"Effect": if allow { "Allow" } else { "Deny" },
                    action_key: action, resource_key: resource})
            },
        )
    }

    fn allows(document: &Document, action: &str, resource: &str) -> bool {
        let applies = |statement: &Statement| {
            let named = |element: &Option<Element>, text: &str| {
                element.as_ref().is_some_and(|element| {
                    let hit = |value: &String| Pattern::parse(value, Syntax::GLOB).matches(text);
                    element.values.iter().any(hit) != element.negated
                })
            };
            named(&statement.action, action) && named(&statement.resource, resource)
        };
        document.allows().any(applies) && !document.denies().any(applies)
    }

    proptest! {
        #[test]
        fn nothing_that_is_within_allows_what_the_other_does_not(
            narrow in prop::collection::vec(statement(), 0..4),
            wide in prop::collection::vec(statement(), 0..4),
        ) {
            let (narrow, wide) = (document(&json!(narrow)), document(&json!(wide)));
            if is_within(&narrow, &wide) {
                for action in ["a:x", "a:y", "a:z", "b:x", "c:x"] {
                    for resource in ["r", "s", "t"] {
                        prop_assert!(
                            !allows(&narrow, action, resource) || allows(&wide, action, resource)
                        );
                    }
                }
            }
        }
    }
}
