//! Condition operators.

/// What a comparison of order asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Compare {
    /// The same.
    Equals,
    /// Below.
    Less,
    /// Below or the same.
    LessOrEqual,
    /// Above.
    Greater,
    /// Above or the same.
    GreaterOrEqual,
}

/// What is compared, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// Text, exactly: `*` and `?` are characters.
    Text,
    /// Text, whatever its case.
    TextIgnoreCase,
    /// Text with `*` and `?`.
    Like,
    /// Numbers.
    Numeric(Compare),
    /// Points in time.
    Date(Compare),
    /// `true` or `false`.
    Bool,
    /// Base64.
    Binary,
    /// An address within a network.
    Ip,
    /// An ARN, segment by segment, with `*` and `?`: `ArnEquals` is the same as `ArnLike`.
    Arn,
    /// Whether the key is there at all.
    Null,
}

/// How an operator takes a key of several values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SetQualifier {
    /// Every value of the request: true where there is none.
    ForAllValues,
    /// At least one value of the request: false where there is none.
    ForAnyValue,
}

/// A condition operator.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Operator {
    /// What is compared, and how.
    pub family: Family,
    /// The `Not…` form: none of the values may match.
    pub negated: bool,
    /// `ForAllValues:` or `ForAnyValue:`.
    pub set: Option<SetQualifier>,
    /// `…IfExists`: a request without the key passes.
    pub if_exists: bool,
}

impl Operator {
    /// Reads an operator's name, in any case; `None` if there is no such operator.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let lower = text.to_ascii_lowercase();
        let (set, rest) = match lower.split_once(':') {
            Some(("forallvalues", rest)) => (Some(SetQualifier::ForAllValues), rest),
            Some(("foranyvalue", rest)) => (Some(SetQualifier::ForAnyValue), rest),
            Some(_) => return None,
            None => (None, lower.as_str()),
        };
        let (name, if_exists) =
            rest.strip_suffix("ifexists").map_or((rest, false), |name| (name, true));
        let (family, negated) = family(name)?;
        // `Null` asks for the key's presence, so neither form exists for it.
        if family == Family::Null && (if_exists || set.is_some()) {
            return None;
        }
        Some(Self { family, negated, set, if_exists })
    }
}

fn family(name: &str) -> Option<(Family, bool)> {
    use Compare::{Equals, Greater, GreaterOrEqual, Less, LessOrEqual};
    Some(match name {
        "stringequals" => (Family::Text, false),
        "stringnotequals" => (Family::Text, true),
        "stringequalsignorecase" => (Family::TextIgnoreCase, false),
        "stringnotequalsignorecase" => (Family::TextIgnoreCase, true),
        "stringlike" => (Family::Like, false),
        "stringnotlike" => (Family::Like, true),
        "numericequals" => (Family::Numeric(Equals), false),
        "numericnotequals" => (Family::Numeric(Equals), true),
        "numericlessthan" => (Family::Numeric(Less), false),
        "numericlessthanequals" => (Family::Numeric(LessOrEqual), false),
        "numericgreaterthan" => (Family::Numeric(Greater), false),
        "numericgreaterthanequals" => (Family::Numeric(GreaterOrEqual), false),
        "dateequals" => (Family::Date(Equals), false),
        "datenotequals" => (Family::Date(Equals), true),
        "datelessthan" => (Family::Date(Less), false),
        "datelessthanequals" => (Family::Date(LessOrEqual), false),
        "dategreaterthan" => (Family::Date(Greater), false),
        "dategreaterthanequals" => (Family::Date(GreaterOrEqual), false),
        "bool" => (Family::Bool, false),
        "binaryequals" => (Family::Binary, false),
        "ipaddress" => (Family::Ip, false),
        "notipaddress" => (Family::Ip, true),
        "arnequals" | "arnlike" => (Family::Arn, false),
        "arnnotequals" | "arnnotlike" => (Family::Arn, true),
        "null" => (Family::Null, false),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_any_case_with_prefix_and_suffix() {
        let operator = Operator::parse("forallvalues:STRINGLIKEIfExists").unwrap();
        assert_eq!(operator.family, Family::Like);
        assert_eq!(operator.set, Some(SetQualifier::ForAllValues));
        assert!(operator.if_exists && !operator.negated);
        assert_eq!(Operator::parse("ARNLike"), Operator::parse("ArnEquals"));
        assert!(Operator::parse("NotIpAddress").unwrap().negated);
    }

    #[test]
    fn a_near_miss_is_no_operator() {
        for text in [
            "StringSimilar",
            "ForAnyValues:StringEquals",
            "StringNotEqual",
            "NullIfExists",
            "",
            "IfExists",
        ] {
            assert_eq!(Operator::parse(text), None, "{text}");
        }
    }
}
