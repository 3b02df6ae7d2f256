//! How large a policy and a set may be.
//!
//! Cedar's parser, validator and printer call themselves for every level of an expression, and
//! `a || b || c` has a level for each operator. Without a limit, one long line of a file would end
//! the process by overflowing its stack, and no message would say which.
//!
//! A debug build was seen to need up to 14 KiB for a level, of which a policy within the limits has
//! less than 400: too much for the 2 MiB of a thread, so reading has a stack of its own.

use crate::source::{Token, tokens};

/// The stack that policies are read on, in bytes: three times what the largest one needs.
const STACK: usize = 16 * 1024 * 1024;

/// Runs what reads policies on a stack of its own.
pub(crate) fn with_room<T>(work: impl FnOnce() -> T) -> T {
    stacker::grow(STACK, work)
}

/// Bytes of all files of a set together.
pub(crate) const MOST_BYTES: usize = 1024 * 1024;

/// Brackets within brackets.
pub(crate) const MOST_NESTED: usize = 50;

/// Operators, brackets and conditions of one policy.
pub(crate) const MOST_OPERATORS: usize = 300;

/// What is too much, and where it begins, in bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Excess {
    pub(crate) at: usize,
    pub(crate) problem: String,
    pub(crate) remedy: &'static str,
}

/// The first place at which a policy has more than it may.
pub(crate) fn excess(policy: &str) -> Option<Excess> {
    let mut nested: usize = 0;
    let mut operators: usize = 0;
    for (at, token) in tokens(policy) {
        match token {
            Token::Open => {
                nested = nested.saturating_add(1);
                operators = operators.saturating_add(1);
            }
            Token::Close => nested = nested.saturating_sub(1),
            Token::Operator => operators = operators.saturating_add(1),
            Token::Text | Token::Comment | Token::End | Token::Other => {}
        }
        if nested > MOST_NESTED {
            return Some(Excess {
                at,
                problem: format!("brackets within brackets, more than {MOST_NESTED} deep"),
                remedy: "leave out the brackets that change nothing, or split the policy",
            });
        }
        if operators > MOST_OPERATORS {
            return Some(Excess {
                at,
                problem: format!("is too long: more than {MOST_OPERATORS} operators and brackets"),
                remedy: "write `[…].contains(…)` for a row of comparisons, or split the policy",
            });
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use model::Timestamp;

    use super::*;
    use crate::{
        Policies, Report, Source,
        cases::{parse, run},
        check,
    };

    fn policy(condition: &str) -> String {
        format!(
            "@id(\"x\") forbid (principal, action == Snapback::Action::\"revert\", resource) when {{ {condition} }};"
        )
    }

    /// Every way to go deep, to a depth of `levels`.
    fn shapes(levels: usize) -> Vec<String> {
        let nest = |open: &str, close: &str| {
            format!("{}true{}", open.repeat(levels), close.repeat(levels))
        };
        vec![
            policy(&vec!["true"; levels].join(" || ")),
            policy(&vec!["context.effective"; levels].join(" && ")),
            policy(&format!("{} > 0", vec!["context.recentReverts"; levels].join(" + "))),
            policy(&format!("{} > 0", vec!["1"; levels].join(" * "))),
            policy(&nest("(", ")")),
            policy(&nest("!(", ")")),
            policy(&nest("!!!!(", ")")),
            policy(&nest("[", "]")),
            policy(&nest("{\"a\": ", "}")),
            policy(&nest("(false || true && 1 < 2 + 3 * (if true then 4 else 5) && ", ")")),
            policy(&nest("if true then true else ", "")),
            policy(&nest("if ", " then true else false")),
            policy(&format!("context{}", ".effective".repeat(levels))),
            policy(&format!("context{}", "[\"effective\"]".repeat(levels))),
            policy(&format!("principal{}", ".contains(1)".repeat(levels))),
            policy(&format!("principal has {}", vec!["a"; levels].join("."))),
            format!(
                "{} {};",
                policy("true").trim_end_matches(';'),
                "when { true } ".repeat(levels)
            ),
            format!(
                "{} {};",
                policy("true").trim_end_matches(';'),
                "unless { 1 == 2 } ".repeat(levels)
            ),
        ]
    }

    /// On half the stack of a thread, so that whoever calls may have used the other half.
    fn checked(text: String) -> Report {
        let case = "[{\"name\": \"x\", \"request\": {\"code\": \"acl-public:AllUsers:READ\"}, \"expect\": {\"response\": \"alert\", \"because\": []}}]";
        let cases = parse("x.json", case).unwrap();
        let small = std::thread::Builder::new().stack_size(1024 * 1024);
        let check = move || {
            let sources = [Source::new("mine.cedar", text)];
            let report = check(&sources, Timestamp::default());
            let results = Policies::load(&sources).map(|policies| run(&policies, &cases));
            assert_eq!(results.is_ok(), report.problems.is_empty());
            report
        };
        small.spawn(check).unwrap().join().unwrap()
    }

    #[test]
    fn no_depth_overflows_the_stack() {
        for levels in [5, 49, 74, 148, 290, 20_000] {
            for text in shapes(levels) {
                let shown: String = text.chars().take(150).collect();
                let refused = excess(&text).is_some();
                let report = checked(text);
                if refused {
                    assert_eq!(report.problems.len(), 1, "{shown}");
                    let told = report.problems[0].problem.contains("more than");
                    assert!(told && report.problems[0].remedy.is_some(), "{shown}");
                    assert!(levels > 5, "{shown}");
                }
                assert!(refused || levels < 800, "{shown}");
            }
        }
    }

    #[test]
    fn what_people_write_is_not_too_much() {
        let arns: Vec<String> =
            (0..2000).map(|n| format!("\"arn:aws:s3:::amzn-s3-demo-{n}\"")).collect();
        let uids: Vec<String> =
            arns.iter().map(|arn| format!("Snapback::Resource::{arn}")).collect();
        let texts = [
            policy(&format!("[{}].contains(resource.arn)", arns.join(", "))),
            policy(&format!("resource in [{}]", uids.join(", "))),
            policy(&vec!["context.code == \"not-principal-in-trust\""; 60].join(" || ")),
            policy(
                "resource.arn == \"((((((((((((((((((((((((((((((((((((((((\" // ((((((((((((((((((((((((((\n",
            ),
        ];
        for text in texts {
            let shown: String = text.chars().take(150).collect();
            assert_eq!(checked(text).problems, [], "{shown}");
        }
    }

    #[test]
    fn the_place_of_what_is_too_much_is_told() {
        let text = format!("\n{}", policy(&"(".repeat(60)));
        let problem = checked(text.clone()).problems.remove(0);
        let column = text.lines().nth(1).unwrap().find("((").unwrap() + MOST_NESTED;
        assert_eq!((problem.line, problem.column), (2, column));
    }

    #[test]
    fn a_set_has_a_size_that_it_may_not_pass() {
        let half = format!("// {}\n", "x".repeat(MOST_BYTES / 2));
        let sources = [Source::new("a.cedar", half.clone()), Source::new("b.cedar", half)];
        assert_eq!(check(&sources[..1], Timestamp::default()).problems, []);
        let report = check(&sources, Timestamp::default());
        assert_eq!(report.problems.len(), 1);
        assert!(report.problems[0].problem.contains("more than 1 MiB"), "{:?}", report.problems);
    }
}
