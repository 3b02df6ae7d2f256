//! What the account's password policy must ask for at least: the key `password_policy`.

use serde::Serialize;
use serde_json::{Map, Value};

use super::read::read;

/// The floor under the account's password policy.
///
/// No age is set unless somebody asks for one: passwords that must change often are chosen weak.
/// Source: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccountPasswordPolicy.html>.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "AWS asks for each class on its own")]
pub struct PasswordFloor {
    /// Characters that a password must have at least, 6 to 128.
    pub minimum_length: u32,
    /// Former passwords that must not come back, 0 (none) to 24.
    pub reuse_prevention: u32,
    /// Whether a symbol must be asked for.
    pub require_symbols: bool,
    /// Whether a digit must be asked for.
    pub require_numbers: bool,
    /// Whether a capital letter must be asked for.
    pub require_uppercase: bool,
    /// Whether a small letter must be asked for.
    pub require_lowercase: bool,
    /// Days after which a password must end at the latest, 1 to 1095; `None`: it need not.
    pub max_age_days: Option<u32>,
}

/// CIS AWS Foundations Benchmark 3.0 (1.8, 1.9), and every class of characters.
impl Default for PasswordFloor {
    fn default() -> Self {
        Self {
            minimum_length: 14,
            reuse_prevention: 24,
            require_symbols: true,
            require_numbers: true,
            require_uppercase: true,
            require_lowercase: true,
            max_age_days: None,
        }
    }
}

const KEYS: [&str; 7] = [
    "minimum_length",
    "reuse_prevention",
    "require_symbols",
    "require_numbers",
    "require_uppercase",
    "require_lowercase",
    "max_age_days",
];

impl PasswordFloor {
    /// Reads the members of the key; what is not said stays as by default, and every problem is
    /// added to `problems`.
    pub(super) fn read(members: Map<String, Value>, problems: &mut Vec<String>) -> Self {
        let mut floor = Self::default();
        for (key, value) in members.into_iter().filter(|(_, value)| !value.is_null()) {
            let read = match key.as_str() {
                "minimum_length" => whole(value, 6, 128).map(|n| floor.minimum_length = n),
                "reuse_prevention" => whole(value, 0, 24).map(|n| floor.reuse_prevention = n),
                "max_age_days" => whole(value, 1, 1095).map(|n| floor.max_age_days = Some(n)),
                "require_symbols" => flag(value).map(|on| floor.require_symbols = on),
                "require_numbers" => flag(value).map(|on| floor.require_numbers = on),
                "require_uppercase" => flag(value).map(|on| floor.require_uppercase = on),
                "require_lowercase" => flag(value).map(|on| floor.require_lowercase = on),
                _ => Err(format!("is unknown; known are {}", KEYS.join(", "))),
            };
            if let Err(problem) = read {
                problems.push(format!("`{}` {problem}", key.escape_debug()));
            }
        }
        floor
    }
}

fn flag(value: Value) -> Result<bool, String> {
    read(value, "true or false")
}

fn whole(value: Value, least: u32, most: u32) -> Result<u32, String> {
    let number: u32 = read(value, "a whole number")?;
    if (least..=most).contains(&number) {
        Ok(number)
    } else {
        Err(format!("is `{number}`, and AWS takes {least} to {most}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Trust;

    #[test]
    fn what_is_not_said_stays_as_by_default() {
        let trust =
            Trust::parse("[password_policy]\nminimum_length = 20\nmax_age_days = 365").unwrap();
        let expected =
            PasswordFloor { minimum_length: 20, max_age_days: Some(365), ..Default::default() };
        assert_eq!(trust.password_policy, expected);
        let json = r#"{"password_policy": {"minimum_length": 20, "max_age_days": 365}}"#;
        assert_eq!(Trust::parse(json).unwrap(), trust);
        assert_eq!(Trust::default().password_policy, PasswordFloor::default());
        assert_eq!(PasswordFloor::default().max_age_days, None);
    }

    #[test]
    fn every_member_is_read() {
        let text = "[password_policy]\nminimum_length = 6\nreuse_prevention = 0\nrequire_symbols = \
                    false\nrequire_numbers = false\nrequire_uppercase = false\nrequire_lowercase = \
                    false\nmax_age_days = 1095";
        let expected = PasswordFloor {
            minimum_length: 6,
            reuse_prevention: 0,
            require_symbols: false,
            require_numbers: false,
            require_uppercase: false,
            require_lowercase: false,
            max_age_days: Some(1095),
        };
        assert_eq!(Trust::parse(text).unwrap().password_policy, expected);
    }

    #[test]
    fn every_problem_is_named_at_once() {
        let text = "[password_policy]\nminimum_length = 5\nreuse_prevention = 25\nmax_age_days = 0\n\
                    require_symbols = \"yes\"\nminimum_lenght = 20\nrequire_numbers = -1";
        let problems = Trust::parse(text).unwrap_err().problems;
        assert!(problems.iter().all(|problem| problem.key == "password_policy"), "{problems:?}");
        for key in [
            "`minimum_length` is `5`, and AWS takes 6 to 128",
            "`reuse_prevention` is `25`, and AWS takes 0 to 24",
            "`max_age_days` is `0`, and AWS takes 1 to 1095",
            "`require_symbols` is text where true or false was expected",
            "`minimum_lenght` is unknown",
            "`require_numbers` is a number where true or false was expected",
        ] {
            let told = problems.iter().filter(|problem| problem.problem.starts_with(key)).count();
            assert_eq!(told, 1, "{key}: {problems:?}");
        }
        assert_eq!(problems.len(), 6, "{problems:?}");
        let whole = Trust::parse("password_policy = 14").unwrap_err().problems;
        assert_eq!(whole.len(), 1, "{whole:?}");
    }
}
