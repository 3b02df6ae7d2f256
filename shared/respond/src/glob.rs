//! ARN patterns with `*` and `?`, matched in linear time and space.

/// Whether a text fits a pattern in which `*` is any run of characters and `?` is any one.
///
/// Remembers only the last `*`: what an earlier one could still give is never needed again.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let mut pattern = pattern.chars();
    let mut text = text.chars();
    let mut resume: Option<(std::str::Chars<'_>, std::str::Chars<'_>)> = None;
    loop {
        let mut next_pattern = pattern.clone();
        let wanted = next_pattern.next();
        if wanted == Some('*') {
            resume = Some((next_pattern.clone(), text.clone()));
            pattern = next_pattern;
            continue;
        }
        let mut next_text = text.clone();
        let found = next_text.next();
        if wanted.is_none() && found.is_none() {
            return true;
        }
        if found.is_some() && (wanted == Some('?') || wanted == found) {
            pattern = next_pattern;
            text = next_text;
            continue;
        }
        // A mismatch: let the last `*` take one character more.
        let Some((after_star, mut at)) = resume else { return false };
        if at.next().is_none() {
            return false;
        }
        pattern = after_star.clone();
        text = at.clone();
        resume = Some((after_star, at));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_question_marks_fit_what_they_should_and_nothing_else() {
        let role = "arn:aws:iam::111122223333:role/snapback-s3";
        for (pattern, text, expected) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("a*", "a", true),
            ("*b*d", "abcbd", true),
            ("*b*d", "abcbde", false),
            ("a?c", "abc", true),
            ("a?c", "aéc", true),
            ("a?c", "ac", false),
            ("arn:aws:iam::*:role/snapback-*", role, true),
            ("arn:aws:iam::*:role/other-*", role, false),
            ("ARN:aws:iam::*", role, false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn a_pattern_made_to_be_slow_is_not() {
        let pattern = "a*".repeat(2_000) + "b";
        assert!(!matches(&pattern, &"a".repeat(20_000)));
    }
}
