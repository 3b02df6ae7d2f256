//! The only way out for text that others choose: role and session names, object keys, user agents.
//!
//! What is printed stays on its line, reads as what it is, and cannot act: control characters,
//! invisible and bidirectional ones and line breaks are written as `\u{202e}`, chat markup and links
//! are taken apart, secrets are removed, and a value has at most 256 characters. The encoding shows
//! itself: a backslash of the text is written `\\`, so an escape cannot be counterfeited.
//!
//! Two kinds of text leave by it. Free text (messages, user agents, documents) may hold a secret, so
//! what looks like one is removed: [`plain`], [`value`]. Names (ARNs, keys, sessions, accounts) are what
//! a reader must see whole, and whoever chose one must not be able to make us hide it, so nothing is
//! removed from them: [`name`].
//!
//! A value that stands in a line of ours beside other values is set apart by backticks, [`quoted`],
//! [`quoted_name`] and [`word`]: a backtick of the value is written `\u{60}`, so that what stands
//! between two backticks is one value and what stands outside is ours.
//!
//! Knows nothing of findings or channels.

use serde_json::Value;

use crate::redact;

/// The most characters of one value, its mark of omission included.
pub const CAP: usize = 256;

/// One value on one line, for e-mail, terminal and chat: redacted, escaped, at most [`CAP`]
/// characters.
#[must_use]
pub fn plain(text: &str) -> String {
    within(text, CAP)
}

/// As [`plain`], with another cap.
#[must_use]
pub fn within(text: &str, cap: usize) -> String {
    let (text, left) = readable(text, cap);
    cut(&escape(&redact::text(text)), cap, left)
}

/// A name on one line, with the same care, but whole: nothing is removed from it.
#[must_use]
pub fn name(text: &str) -> String {
    name_within(text, CAP)
}

/// As [`name`], with another cap.
#[must_use]
pub fn name_within(text: &str, cap: usize) -> String {
    let (text, left) = beginning(text, cap);
    cut(&escape(text), cap, left)
}

/// Free text set apart, for a line that holds more than this value: `` `curl/8.4` ``. As [`within`],
/// its backticks and its mark of omission included in the cap.
#[must_use]
pub fn quoted(text: &str, cap: usize) -> String {
    let (text, left) = readable(text, cap);
    enclose(&escape(&redact::text(text)), cap, left)
}

/// A name set apart, for a line that holds more than this value. As [`name_within`], its backticks
/// and its mark of omission included in the cap.
#[must_use]
pub fn quoted_name(text: &str, cap: usize) -> String {
    let (text, left) = beginning(text, cap);
    enclose(&escape(text), cap, left)
}

/// A name that is usually ours (a code, a policy, an operation): as it is where nothing in it could
/// end it, as [`quoted_name`] otherwise.
#[must_use]
pub fn word(text: &str, cap: usize) -> String {
    if is_word(text) && text.len() <= cap { text.to_owned() } else { quoted_name(text, cap) }
}

/// As [`word`], in ASCII: for subjects, which mail servers and SMS gateways spoil.
pub(crate) fn ascii_word(text: &str, cap: usize) -> String {
    if is_word(text) && text.len() <= cap {
        return text.to_owned();
    }
    let (text, left) = beginning(text, cap);
    let written = in_ascii(&escape(text)).replace('`', BACKTICK);
    if left == 0 && written.len().saturating_add(2) <= cap {
        return format!("`{written}`");
    }
    format!("`{}`...", whole(&written, cap.saturating_sub(5)))
}

/// Whether a text is made of what names are made of, so that it ends where it seems to end.
fn is_word(text: &str) -> bool {
    let harmless = |c: char| c.is_ascii_alphanumeric() || "_-.:/@+=*".contains(c);
    !text.is_empty() && text.chars().all(harmless) && escape(text) == text
}

const BACKTICK: &str = "\\u{60}";

/// Puts an escaped text between backticks. The mark of omission stands outside of them, where the text
/// cannot write one.
fn enclose(escaped: &str, cap: usize, unread: usize) -> String {
    let written = escaped.replace('`', BACKTICK);
    let length = written.chars().count();
    if unread == 0 && length.saturating_add(2) <= cap {
        return format!("`{written}`");
    }
    let length = length.saturating_add(unread);
    let most = format!("``… ({length} more)").chars().count();
    let kept = whole(&written, cap.saturating_sub(most));
    let left = length.saturating_sub(kept.chars().count());
    format!("`{kept}`… ({left} more)")
}

/// The part of a name that is looked at for a cap, and how many characters are not. Unlike
/// [`readable`] it may end within a word: the name is shown, so no part of it need be hidden.
fn beginning(text: &str, cap: usize) -> (&str, usize) {
    let end = text.char_indices().nth(cap).map_or(text.len(), |(end, _)| end);
    let (head, tail) = text.split_at_checked(end).unwrap_or((text, ""));
    (head, tail.chars().count())
}

/// The part of a text that is looked at for a cap, and how many characters are not: an event holds up
/// to 256 KiB, a cap a few hundred characters. The part ends between words, so that half a token
/// does not pass for none.
fn readable(text: &str, cap: usize) -> (&str, usize) {
    let most = cap.saturating_mul(4).saturating_add(512);
    if text.len() <= most {
        return (text, 0);
    }
    let end = (0..=most).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    let (head, tail) = text.split_at_checked(end).unwrap_or((text, ""));
    let head = head.trim_end_matches(redact::is_word);
    let unread = text.get(head.len()..).unwrap_or(tail);
    (head, unread.chars().count())
}

/// A JSON value on one line, with the same care.
#[must_use]
pub fn value(value: &Value) -> String {
    value_within(value, CAP)
}

/// As [`value`], with another cap. A bare text is printed without quotation marks.
#[must_use]
pub fn value_within(value: &Value, cap: usize) -> String {
    redacted_within(&redact::value(value), cap)
}

/// As [`value_within`], of a value that has been redacted by its name.
pub(crate) fn redacted_within(redacted: &Value, cap: usize) -> String {
    let written = redacted.as_str().map_or_else(|| redacted.to_string(), str::to_owned);
    let (written, left) = readable(&written, cap);
    cut(&escape(written), cap, left)
}

/// A JSON value that has been through `limits::fact`, on one line: its texts are encoded
/// already, and encoding them again would write every escape twice. A bare text is set apart, JSON
/// is by its own quotation marks and brackets.
pub(crate) fn printed(value: &Value, cap: usize) -> String {
    // JSON escapes quotes and backslashes only, since nothing else in need of it is left.
    value.as_str().map_or_else(
        || cut(&value.to_string(), cap, 0),
        |text| format!("`{}`", text.replace('`', BACKTICK)),
    )
}

/// A text of ours, cut to a number of characters.
pub(crate) fn trimmed(text: &str, cap: usize) -> String {
    shorten(text, cap, "...")
}

/// A name in ASCII, as [`name_within`] otherwise: for attributes, which programs compare.
#[must_use]
pub fn ascii(text: &str, cap: usize) -> String {
    let (head, left) = beginning(text, cap);
    let written = in_ascii(&escape(head));
    // What was not looked at is missing too: one more character than the cap makes it be said.
    shorten(&if left > 0 { format!("{written}..") } else { written }, cap, "...")
}

fn in_ascii(escaped: &str) -> String {
    let mut written = String::new();
    for character in escaped.chars() {
        if character.is_ascii() {
            written.push(character);
        } else {
            written.push_str(&visible(character));
        }
    }
    written
}

/// Escapes a text, without removing anything from it.
fn escape(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    let mut skip = 0_usize;
    for (at, character) in text.char_indices() {
        if at < skip {
            continue;
        }
        if let Some((spelling, length)) = acting(text, at, character) {
            written.push_str(&spelling);
            skip = at.saturating_add(length);
            continue;
        }
        match character {
            '\\' => written.push_str("\\\\"),
            // Chat markup begins with `<` (`<!channel>`, `<url|text>`); so does HTML.
            // https://docs.slack.dev/messaging/formatting-message-text
            '<' | '>' => written.push_str(&visible(character)),
            other if is_unseen(other) => written.push_str(&visible(other)),
            other => written.push(other),
        }
    }
    written
}

/// What a reader's program would make a link or a call of, and how it is taken apart: brackets are
/// the field's habit for writing addresses that must not be followed.
fn acting(text: &str, at: usize, character: char) -> Option<(String, usize)> {
    const SCHEMES: [&str; 5] = ["mailto", "javascript", "data", "tel", "sms"];
    const CALLS: [&str; 4] = ["channel", "here", "everyone", "group"];
    let (before, rest) = text.split_at_checked(at)?;
    let after = |word: &str| {
        let found = rest.get(1..)?.get(..word.len())?;
        found.eq_ignore_ascii_case(word).then_some(found)
    };
    match character {
        ':' => {
            let scheme = |word: &str| {
                let start = before.len().checked_sub(word.len());
                start.and_then(|at| before.get(at..)).is_some_and(|w| w.eq_ignore_ascii_case(word))
            };
            let acts = rest.starts_with("://") || SCHEMES.iter().any(|word| scheme(word));
            acts.then(|| ("[:]".to_owned(), 1))
        }
        'w' | 'W' => {
            let found = after("ww.")?;
            Some((format!("{character}{}[.]", found.get(..2)?), 4))
        }
        '@' => {
            let found = CALLS.iter().find_map(|word| after(word))?;
            Some((format!("{}{found}", visible('@')), found.len().saturating_add(1)))
        }
        _ => None,
    }
}

fn visible(character: char) -> String {
    format!("\\u{{{:x}}}", u32::from(character))
}

/// Whether a character is not seen, or changes where and how its neighbours are seen: controls, line
/// and paragraph separators, bidirectional controls, joiners, fillers, variation selectors, tags,
/// private use and noncharacters.
/// Source: <https://www.unicode.org/reports/tr44/#Default_Ignorable_Code_Point>.
fn is_unseen(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{e000}'..='\u{f8ff}'
            | '\u{fdd0}'..='\u{fdef}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}' | '\u{f0000}'..='\u{10ffff}')
        || u32::from(character) & 0xfffe == 0xfffe
}

/// Cuts a text to a number of characters, saying how much is missing, `unread` characters included.
fn cut(text: &str, cap: usize, unread: usize) -> String {
    let length = text.chars().count();
    if length <= cap && unread == 0 {
        return text.to_owned();
    }
    let length = length.saturating_add(unread);
    // The mark can only get shorter than this, since it counts fewer characters than there are.
    let room = cap.saturating_sub(format!("… ({length} more)").chars().count());
    let kept = whole(text, room);
    let left = length.saturating_sub(kept.chars().count());
    shorten(&format!("{kept}… ({left} more)"), cap, "")
}

/// The first characters of a text, an escape at the end kept whole or left out.
fn whole(text: &str, room: usize) -> String {
    let mut kept: String = text.chars().take(room).collect();
    if kept.len() < text.len()
        && let Some(start) = kept.rfind("\\u{")
        && !kept.get(start..).unwrap_or_default().contains('}')
    {
        kept.truncate(start);
    }
    let slashes = kept.chars().rev().take_while(|character| *character == '\\').count();
    if slashes % 2 == 1 {
        kept.pop();
    }
    kept
}

fn shorten(text: &str, cap: usize, mark: &str) -> String {
    if text.chars().count() <= cap {
        return text.to_owned();
    }
    let room = cap.saturating_sub(mark.chars().count());
    format!("{}{mark}", whole(text, room)).chars().take(cap).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn ordinary_names_stay_as_they_are() {
        for name in [
            "arn:aws:sts::111122223333:assumed-role/admin/alice@example.com",
            "amzn-s3-demo-bucket/photos/größe 1.jpg",
            "Boto3/1.34 md/Botocore#1.34 ua/2.0 os/linux",
            "日本語.txt",
            "",
        ] {
            assert_eq!(plain(name), name);
        }
    }

    #[test]
    fn what_could_act_is_written_visibly() {
        for (text, written) in [
            ("a\nb\r\u{1b}[31mc\u{7f}", "a\\u{a}b\\u{d}\\u{1b}[31mc\\u{7f}"),
            ("\u{202e}gpj.exe\u{2066}", "\\u{202e}gpj.exe\\u{2066}"),
            ("a\u{200b}b\u{feff}\u{e0041}\u{2028}", "a\\u{200b}b\\u{feff}\\u{e0041}\\u{2028}"),
            (
                "<!channel> <https://x.test|ok>",
                "\\u{3c}!channel\\u{3e} \\u{3c}https[:]//x.test|ok\\u{3e}",
            ),
            ("@Here see WWW.x.test", "\\u{40}Here see WWW[.]x.test"),
            ("MailTo:a@b", "MailTo[:]a@b"),
            ("\\u{a}", "\\\\u{a}"),
            ("\u{85}\u{9b}", "\\u{85}\\u{9b}"),
        ] {
            assert_eq!(plain(text), written);
        }
    }

    #[test]
    fn a_long_value_says_how_much_is_missing() {
        let written = plain(&"x".repeat(1000));
        assert_eq!(written, format!("{}… (757 more)", "x".repeat(243)));
        let escaped = plain(&"\u{202e}".repeat(1000));
        assert!(escaped.contains("}… (") && escaped.chars().count() <= CAP, "{escaped}");
    }

    #[test]
    fn a_text_of_any_length_costs_little_and_leaks_no_half_of_a_token() {
        let secret = "Ab1/".repeat(60);
        for padding in 1200..1600 {
            let before = "x ".repeat(padding / 2);
            let written =
                plain(&format!("password={} {before}IQoJb3JpZ2luX2Vj{secret}", "y".repeat(90)));
            assert!(!written.contains("IQoJ") && !written.contains("yy"), "{written}");
        }
        let huge = plain(&"y".repeat(1 << 20));
        assert_eq!(huge, "… (1048576 more)");
        assert!(plain(&"y z ".repeat(1 << 18)).ends_with(" more)"));
    }

    #[test]
    fn json_is_printed_on_one_line_and_texts_without_quotation_marks() {
        assert_eq!(value(&json!("a\nb")), "a\\u{a}b");
        assert_eq!(value(&json!({"a": ["b", 1, null]})), "{\"a\":[\"b\",1,null]}");
        assert_eq!(
            value(&json!({"password": "x", "a": 1})),
            "{\"password\":\"[removed]\",\"a\":1}"
        );
    }

    #[test]
    fn names_are_whole_and_free_text_is_not() {
        for text in ["secret=prod-admin", "role/password:x"] {
            assert_eq!(name(text), text);
            assert_eq!(quoted_name(text, CAP), format!("`{text}`"));
            assert_eq!(ascii(text, CAP), text);
            assert!(plain(text).contains("[removed]") && quoted(text, CAP).contains("[removed]"));
        }
        // However long it is, and without a place to cut it, its beginning is seen.
        let long = "a".repeat(5000);
        assert!(name(&long).starts_with(&"a".repeat(200)) && name(&long).ends_with(" more)"));
        assert!(ascii(&long, 40).starts_with(&"a".repeat(37)) && ascii(&long, 40).ends_with("..."));
        let cut = quoted_name(&long, 48);
        assert_eq!(cut, format!("`{}`… (4967 more)", "a".repeat(33)));
    }

    #[test]
    fn what_is_set_apart_ends_where_it_ends() {
        for (text, written) in [
            ("curl, with MFA", "`curl, with MFA`"),
            ("a`, with MFA", "`a\\u{60}, with MFA`"),
            ("`… (5 more)", "`\\u{60}… (5 more)`"),
            ("\\u{60}", "`\\\\u{60}`"),
            ("", "``"),
        ] {
            assert_eq!(quoted(text, CAP), written);
            assert_eq!(quoted_name(text, CAP), written);
            assert_eq!(word(text, CAP), written);
        }
        for usual in ["acl-public:AllUsers:READ", "s3:PutObjectAcl", "sb-0123-4567", "a.txt"] {
            assert_eq!(word(usual, CAP), usual);
            assert_eq!(ascii_word(usual, CAP), usual);
        }
        for odd in ["a b", "a,b", "a://b", "www.x.test", "ü", "a`"] {
            assert!(word(odd, CAP).starts_with('`') && word(odd, CAP).ends_with('`'), "{odd}");
            assert!(ascii_word(odd, CAP).starts_with('`') && ascii_word(odd, CAP).ends_with('`'));
        }
    }

    #[test]
    fn subjects_are_ascii() {
        assert_eq!(ascii("größe\u{202e}", 99), "gr\\u{f6}\\u{df}e\\u{202e}");
        let cut = ascii(&"ü".repeat(99), 20);
        assert_eq!(cut, "\\u{fc}\\u{fc}...");
    }

    proptest! {
        #[test]
        fn any_text_becomes_one_harmless_line(text in any::<String>(), cap in 20_usize..400) {
            let written = within(&text, cap);
            prop_assert!(written.chars().count() <= cap);
            prop_assert!(!written.chars().any(is_unseen));
            prop_assert!(!written.contains(['<', '>', '\n', '\r']));
            prop_assert!(!written.contains("://"));
            for short in [ascii(&text, cap), ascii_word(&text, cap)] {
                prop_assert!(short.is_ascii() && short.len() <= cap);
                prop_assert!(!short.chars().any(is_unseen));
            }
        }

        #[test]
        fn no_text_ends_its_own_quotation(
            text in prop_oneof![any::<String>(), "[`\\\\u{}60a,… ]{0,60}"], cap in 32_usize..400,
        ) {
            for written in [quoted(&text, cap), quoted_name(&text, cap), word(&text, cap)] {
                prop_assert!(written.chars().count() <= cap, "{}", written);
                let parts: Vec<&str> = written.split('`').collect();
                match parts.as_slice() {
                    [whole] => prop_assert_eq!(*whole, text.as_str()),
                    ["", _, rest] => prop_assert!(rest.is_empty() || rest.starts_with("… (")),
                    other => prop_assert!(false, "{other:?}"),
                }
            }
        }

        #[test]
        fn different_texts_are_written_differently(one in "[\\\\u{}a-c\n\u{202e}<:/]{0,8}", two in "[\\\\u{}a-c\n\u{202e}<:/]{0,8}") {
            let apart = |text: &str| text.contains("://");
            prop_assume!(one != two && !apart(&one) && !apart(&two));
            prop_assert_ne!(plain(&one), plain(&two));
        }
    }
}
