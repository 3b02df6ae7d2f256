//! What can be seen of a policy without asking it: that it never applies, always applies, or rests on
//! what the one who is judged may choose.
//!
//! Only what is certain from the policy's structure is said. `serde_json` values are Cedar's own
//! printing of that structure.

use model::{AccountId, Arn, catalogue, trust::is_organizational_unit};
use serde_json::Value;

use crate::{
    exception::{conjuncts, end, operands},
    words::{Known, visit, vocabulary},
};

/// Something odd, and what would mend it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Odd {
    pub(crate) problem: String,
    pub(crate) remedy: &'static str,
}

/// Names and patterns of a policy that can never be met.
pub(crate) fn never(json: &Value) -> Vec<Odd> {
    let mut found = Vec::new();
    visit(json, &mut |name, node| {
        found.extend(entity(node));
        found.extend(match name {
            "like" => pattern(node),
            "==" | "!=" => compared(node),
            _ => None,
        });
    });
    found
}

/// An entity that is named in a policy by an id that no entity has.
fn entity(node: &Value) -> Option<Odd> {
    let kind = node.get("type")?.as_str()?.strip_prefix("Snapback::")?;
    let id = node.get("id")?.as_str()?;
    let (is_odd, remedy) = match kind {
        "Resource" => (!may_be_arn(id), "write its ARN; for a pattern, `resource.arn like \"…\"`"),
        "Account" => (!AccountId::from(id).is_well_formed(), "write the account's twelve digits"),
        "OrganizationalUnit" => (!is_organizational_unit(id), "write its id, `ou-…` or `r-…`"),
        "Actor" => (
            id.contains(":assumed-role/") || id.contains('*'),
            "write the role's ARN; for a pattern, `principal.id like \"…\"`",
        ),
        _ => (false, ""),
    };
    let problem = format!("`Snapback::{kind}::\"{}\"` is never met", id.escape_debug());
    is_odd.then_some(Odd { problem, remedy })
}

/// Whether a resource may have this ARN. Only an object's key may have a `*` in it.
fn may_be_arn(id: &str) -> bool {
    id.parse::<Arn>().is_ok_and(|arn| {
        let name = match arn.service.as_str() {
            "s3" => arn.resource.split('/').next().unwrap_or_default(),
            _ => &arn.resource,
        };
        !name.contains('*')
    })
}

/// `attribute like "…"` where no value of the attribute fits.
fn pattern(like: &Value) -> Option<Odd> {
    let attribute = like.get("left")?.get(".")?;
    let pattern = Glob::of(like.get("pattern")?)?;
    let (name, fits) = match vocabulary(attribute) {
        Some((name, known)) => {
            let fits = match &known {
                Known::These(words) => words.iter().any(|word| pattern.meets(word)),
                Known::Controls => {
                    catalogue::COMPLIANCE.iter().any(|row| pattern.meets(row.control))
                }
                Known::Codes => catalogue::CATALOGUE.iter().any(|row| pattern.meets(row.code)),
            };
            (name, fits)
        }
        None => (arn_attribute(attribute)?, pattern.meets("arn:*:*:*:*:*")),
    };
    let problem = format!("`{name}` is never like `{}`", pattern.text().escape_debug());
    (!fits).then_some(Odd { problem, remedy: "see docs/policy.md for what it can be" })
}

/// `resource.arn == "…"` where the text is no ARN.
fn compared(sides: &Value) -> Option<Odd> {
    let (left, right) = operands(sides)?;
    let against = |attribute: &Value, text: &Value| {
        let name = arn_attribute(attribute.get(".")?)?;
        let text = text.get("Value")?.as_str()?;
        let problem = format!("`{name}` is never `{}`", text.escape_debug());
        (!may_be_arn(text)).then_some(Odd { problem, remedy: "write the whole ARN" })
    };
    against(left, right).or_else(|| against(right, left))
}

/// The name of an attribute that is an ARN wherever it is.
fn arn_attribute(attribute: &Value) -> Option<String> {
    let of = attribute.get("left")?.get("Var")?.as_str()?;
    let name = attribute.get("attr")?.as_str()?;
    matches!((of, name), ("resource" | "principal", "arn")).then(|| format!("{of}.{name}"))
}

/// Whether a policy rests on the name of a role session: by `principal.session`, or by a
/// `principal.arn` held against anything that is not surely the same for every session of a role.
pub(crate) fn rests_on_session(json: &Value) -> bool {
    let mut looks: usize = 0;
    let mut harmless: usize = 0;
    visit(json, &mut |operator, node| match operator {
        "." if attribute(node, "session") => looks = looks.saturating_add(1),
        "." if attribute(node, "arn") => looks = looks.saturating_add(1),
        "like" => {
            let of_arn = node.get("left").and_then(|left| left.get("."));
            let pattern = node.get("pattern").and_then(Glob::of);
            if of_arn.is_some_and(|left| attribute(left, "arn"))
                && pattern.is_some_and(|pattern| pattern.is_the_same_for_all_sessions())
            {
                harmless = harmless.saturating_add(1);
            }
        }
        "==" | "!=" => {
            if let Some((left, right)) = operands(node) {
                for (arn, text) in [(left, right), (right, left)] {
                    let of_arn = arn.get(".").is_some_and(|left| attribute(left, "arn"));
                    let text = text.get("Value").and_then(Value::as_str);
                    if of_arn && text.is_some_and(|text| !has_session(text)) {
                        harmless = harmless.saturating_add(1);
                    }
                }
            }
        }
        _ => {}
    });
    looks > harmless
}

fn attribute(node: &Value, name: &str) -> bool {
    let of = node.get("left").and_then(|left| left.get("Var")).and_then(Value::as_str);
    of == Some("principal") && node.get("attr").and_then(Value::as_str) == Some(name)
}

/// Whether the last part of an ARN is a name that the caller chose.
fn has_session(arn: &str) -> bool {
    arn.contains(":assumed-role/") || arn.contains(":federated-user/")
}

/// Whether nothing but time bounds a policy: its scope and conditions leave nothing out.
pub(crate) fn covers_everything(json: &Value) -> bool {
    let any = |variable: &str| {
        let scope = json.get(variable);
        let operator = scope.and_then(|scope| scope.get("op")).and_then(Value::as_str);
        let is_all = operator == Some("is")
            && scope.is_some_and(|scope| scope.get("in").is_none() && is_own_type(variable, scope));
        operator == Some("All") || is_all
    };
    let unbounded =
        json.get("conditions").and_then(Value::as_array).into_iter().flatten().all(|condition| {
            let is_when = condition.get("kind").and_then(Value::as_str) == Some("when");
            is_when || condition.get("body").and_then(always) == Some(false)
        });
    let bounds = |part: &&Value| end(part).is_none() && always(part) != Some(true);
    any("principal") && any("resource") && unbounded && !conjuncts(json).iter().any(bounds)
}

/// Whether `is` names the one type that the variable can be of.
fn is_own_type(variable: &str, node: &Value) -> bool {
    let named = node.get("entity_type").and_then(Value::as_str);
    matches!(
        (variable, named),
        ("principal", Some("Snapback::Actor")) | ("resource", Some("Snapback::Resource"))
    )
}

/// What an expression is, whatever is asked; `None`: that depends, or is not seen.
fn always(expression: &Value) -> Option<bool> {
    let sides = |operator: &str| expression.get(operator).and_then(operands);
    if let Some(value) = expression.get("Value") {
        return value.as_bool();
    }
    if let Some((left, right)) = sides("&&") {
        return match (always(left), always(right)) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        };
    }
    if let Some((left, right)) = sides("||") {
        return match (always(left), always(right)) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (Some(false), Some(false)) => Some(false),
            _ => None,
        };
    }
    if let Some((left, right)) = sides("==") {
        return (left == right).then_some(true);
    }
    if let Some((left, right)) = sides("!=") {
        return (left == right).then_some(false);
    }
    if let Some(negated) = expression.get("!").and_then(|node| node.get("arg")) {
        return always(negated).map(|value| !value);
    }
    if let Some(choice) = expression.get("if-then-else") {
        let (yes, no) = (always(choice.get("then")?), always(choice.get("else")?));
        return match always(choice.get("if")?) {
            Some(true) => yes,
            Some(false) => no,
            None => yes.filter(|_| yes == no),
        };
    }
    if let Some(is) = expression.get("is") {
        let variable = is.get("left")?.get("Var")?.as_str()?;
        return (is.get("in").is_none() && is_own_type(variable, is)).then_some(true);
    }
    let like = expression.get("like")?;
    Glob::of(like.get("pattern")?)?.0.iter().all(Option::is_none).then_some(true)
}

/// A pattern of `like`: characters, and `None` for a `*`.
struct Glob(Vec<Option<char>>);

impl Glob {
    fn of(pattern: &Value) -> Option<Self> {
        let mut glob = Vec::new();
        for element in pattern.as_array()? {
            match element.get("Literal").and_then(Value::as_str) {
                Some(literal) => glob.extend(literal.chars().map(Some)),
                None => glob.push(None),
            }
        }
        Some(Self(glob))
    }

    fn text(&self) -> String {
        self.0.iter().map(|character| character.unwrap_or('*')).collect()
    }

    /// Whether some text fits both this and another pattern, in which `*` is any text too.
    fn meets(&self, other: &str) -> bool {
        let other: Vec<Option<char>> =
            other.chars().map(|character| (character != '*').then_some(character)).collect();
        // `reached[n]`: what was read of ours can meet the first `n` of the other's.
        let mut reached = vec![false; other.len().saturating_add(1)];
        if let Some(first) = reached.first_mut() {
            *first = true;
        }
        let skip_stars = |reached: &mut Vec<bool>| {
            for (at, element) in (1..).zip(&other) {
                let before = reached.get(at_before(at)).copied().unwrap_or_default();
                if let (true, None, Some(here)) = (before, element, reached.get_mut(at)) {
                    *here = true;
                }
            }
        };
        skip_stars(&mut reached);
        for ours in &self.0 {
            let mut next = vec![false; reached.len()];
            for (at, can) in reached.iter().enumerate().filter(|(_, can)| **can) {
                let theirs = other.get(at);
                let moves: &[usize] = match (ours, theirs) {
                    // Ours takes nothing, or whatever is left of the other's.
                    (None, _) => {
                        next.iter_mut().skip(at).for_each(|here| *here = *can);
                        &[]
                    }
                    // Theirs takes our character and goes on, or ends here.
                    (Some(_), Some(None)) => &[0],
                    (Some(ours), Some(Some(theirs))) if ours == theirs => &[1],
                    (Some(_), Some(Some(_)) | None) => &[],
                };
                for step in moves {
                    if let Some(here) = next.get_mut(at.saturating_add(*step)) {
                        *here = true;
                    }
                }
            }
            reached = next;
            skip_stars(&mut reached);
        }
        reached.last().copied().unwrap_or_default()
    }

    /// Whether a pattern for `principal.arn` fits all sessions of a role or none. A session's name
    /// is what comes after the last `/` of its ARN, and has neither `/` nor `:` in it: what a
    /// pattern says up to its own last such sign is said of what comes before the name.
    fn is_the_same_for_all_sessions(&self) -> bool {
        let last = |character: &Option<char>| matches!(character, Some('/' | ':'));
        let name = self.0.iter().rposition(last).map(|at| at.saturating_add(1));
        let mut name = self.0.iter().skip(name.unwrap_or_default()).peekable();
        let any = name.peek().is_some() && name.all(Option::is_none);
        // Sessions are the token service's, and a text before the first `*` may name another.
        let fixed: String = self.0.iter().map_while(|character| *character).collect();
        let parts: Vec<&str> = fixed.split(':').collect();
        let other_service = matches!(parts.as_slice(), [_, _, service, _, ..] if *service != "sts");
        any || other_service
    }
}

/// The index before one that counts from 1.
const fn at_before(at: usize) -> usize {
    at.saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use cedar_policy::Policy;
    use proptest::{prelude::*, sample::select};

    use super::*;

    fn json(scope: &str, condition: &str) -> Value {
        let text = format!("forbid ({scope}) when {{ {condition} }};");
        Policy::parse(None, text).unwrap().to_json().unwrap()
    }

    const ALL: &str = "principal, action, resource";

    #[test]
    fn what_is_never_met_is_pointed_out_wherever_it_stands() {
        for (scope, condition, told) in [
            (
                "principal, action, resource == Snapback::Resource::\"my-bucket\"",
                "true",
                "my-bucket",
            ),
            (
                "principal, action, resource in Snapback::Resource::\"my-bucket\"",
                "true",
                "my-bucket",
            ),
            (
                "principal, action, resource == Snapback::Resource::\"arn:aws:s3:::amzn-*\"",
                "true",
                "amzn-*",
            ),
            ("principal, action, resource in Snapback::Account::\"1111\"", "true", "1111"),
            (
                "principal, action, resource in Snapback::OrganizationalUnit::\"sandbox\"",
                "true",
                "sandbox",
            ),
            (
                "principal == Snapback::Actor::\"arn:aws:sts::111122223333:assumed-role/a/b\", action, resource",
                "true",
                "assumed-role",
            ),
            (ALL, "resource in [Snapback::Resource::\"my-bucket\"]", "my-bucket"),
            (ALL, "resource == Snapback::Resource::\"my-bucket\"", "my-bucket"),
            (ALL, "context.code like \"acl-pubic:*\"", "acl-pubic:*"),
            (ALL, "context.code like \"acl-public\"", "acl-public"),
            (ALL, "!(context.severity like \"crit\")", "crit"),
            (ALL, "context.control like \"s3-publik*\"", "s3-publik*"),
            (ALL, "resource.arn like \"amzn-s3-demo-*\"", "amzn-s3-demo-*"),
            (ALL, "resource.arn == \"amzn-s3-demo-bucket\"", "amzn-s3-demo-bucket"),
            (ALL, "\"arn:aws:s3:::amzn-*\" == resource.arn", "amzn-*"),
        ] {
            let found = never(&json(scope, condition));
            assert_eq!(found.len(), 1, "{scope} {condition}: {found:?}");
            assert!(found[0].problem.contains(told), "{found:?}");
        }
    }

    #[test]
    fn what_may_be_met_is_left_alone() {
        for condition in [
            "context.code like \"acl-public:*\" || context.code like \"*:READ\"",
            "context.code like \"acl-public:AllUsers:*\" || context.code like \"*\"",
            "context.severity like \"*i*\" || context.control like \"s3-*\"",
            "resource.arn like \"*\" || resource.arn like \"arn:aws:s3:::amzn-*/*\"",
            "resource.arn like \"*amzn*\" || resource.arn == \"arn:aws:s3:::amzn-s3-demo-bucket/a*b\"",
            "resource in [Snapback::Account::\"111122223333\", Snapback::OrganizationalUnit::\"ou-abcd-11111111\"]",
            "principal == Snapback::Actor::\"s3.amazonaws.com\" || principal.id like \"*/deploy\"",
            "{\"type\": \"Snapback::Resource\", \"id\": \"x\"}.id == \"x\"",
        ] {
            assert_eq!(never(&json(ALL, condition)), [], "{condition}");
        }
    }

    #[test]
    fn a_session_s_name_is_seen_behind_the_arn_too() {
        for (condition, rests) in [
            ("principal has session && principal.session == \"ci\"", true),
            ("principal has arn && principal.arn like \"*/ci-session\"", true),
            ("principal has arn && principal.arn like \"*ci*\"", true),
            (
                "principal has arn && principal.arn like \"arn:aws:sts::111122223333:assumed-role/ci/s*\"",
                true,
            ),
            (
                "principal has arn && principal.arn == \"arn:aws:sts::111122223333:assumed-role/ci/s\"",
                true,
            ),
            ("principal has arn && [\"x\"].contains(principal.arn)", true),
            ("principal has arn && principal.arn == resource.arn", true),
            (
                "principal has arn && principal.arn like \"arn:aws:sts::111122223333:assumed-role/ci/*\"",
                false,
            ),
            ("principal has arn && principal.arn like \"*:assumed-role/ci/*\"", false),
            (
                "principal has arn && principal.arn like \"arn:aws:iam::111122223333:user/ci-?\"",
                false,
            ),
            ("principal has arn && principal.arn like \"arn:aws:iam::*:user/*ci\"", false),
            ("principal has arn && principal.arn == \"arn:aws:iam::111122223333:user/ci\"", false),
            ("principal.id like \"*/ci\"", false),
        ] {
            assert_eq!(rests_on_session(&json(ALL, condition)), rests, "{condition}");
        }
    }

    #[test]
    fn whatever_leaves_nothing_out_covers_everything() {
        let is = "principal is Snapback::Actor, action, resource is Snapback::Resource";
        for (scope, condition, everything) in [
            (ALL, "true", true),
            (is, "true", true),
            (ALL, "context.now < datetime(\"2027-01-01\")", true),
            (ALL, "context.now < datetime(\"2027-01-01\") && true", true),
            (ALL, "if context.severity == \"high\" then true else true", true),
            (ALL, "context.effective || !false", true),
            (ALL, "resource is Snapback::Resource && context.code like \"*\"", true),
            (ALL, "context.code == context.code && !(1 != 1)", true),
            (ALL, "true } unless { context.effective && false", true),
            (ALL, "true } unless { context.effective", false),
            (ALL, "context.effective", false),
            (ALL, "if context.effective then true else context.remediable", false),
            (ALL, "resource is Snapback::Resource in Snapback::Account::\"111122223333\"", false),
            (
                "principal, action, resource is Snapback::Resource in Snapback::Account::\"111122223333\"",
                "true",
                false,
            ),
        ] {
            assert_eq!(
                covers_everything(&json(scope, condition)),
                everything,
                "{scope} {condition}"
            );
        }
    }

    proptest! {
        /// Patterns meet if some text fits both: tried out over all short texts.
        #[test]
        fn patterns_meet_if_and_only_if_a_text_fits_both(
            ours in prop::collection::vec(select(vec![None, Some('a'), Some('b')]), 0..4),
            theirs in prop::collection::vec(select(vec![None, Some('a'), Some('b')]), 0..4),
        ) {
            fn fits(pattern: &[Option<char>], text: &[char]) -> bool {
                match (pattern.split_first(), text.split_first()) {
                    (None, left) => left.is_none(),
                    (Some((None, rest)), Some((_, tail))) => fits(rest, text) || fits(pattern, tail),
                    (Some((None, rest)), None) => fits(rest, text),
                    (Some((Some(wanted), rest)), Some((found, tail))) => wanted == found && fits(rest, tail),
                    (Some((Some(_), _)), None) => false,
                }
            }
            let mut texts: Vec<Vec<char>> = vec![vec![]];
            let mut last = texts.clone();
            for _ in 0..6 {
                last = last.iter().flat_map(|text| ['a', 'b'].map(|more| [text.as_slice(), &[more]].concat())).collect();
                texts.extend(last.clone());
            }
            let some = texts.iter().any(|text| fits(&ours, text) && fits(&theirs, text));
            let other: String = theirs.iter().map(|one| one.unwrap_or('*')).collect();
            prop_assert_eq!(Glob(ours).meets(&other), some);
        }
    }
}
