//! Grant headers: `id="…", uri="…", emailAddress="…"`, quoted either way or not at all.

use super::Grantee;

/// The grantees of a header; `None` if it is no such list.
pub(super) fn grantees(text: &str) -> Option<Vec<Grantee>> {
    parts(text).iter().map(|part| grantee(part)).collect()
}

fn grantee(part: &str) -> Option<Grantee> {
    let (kind, value) = part.split_once('=')?;
    let value = value.trim().trim_matches(['"', '\'', '\\']).to_owned();
    if value.is_empty() {
        return None;
    }
    match kind.trim().to_ascii_lowercase().as_str() {
        "id" => Some(Grantee::Canonical { id: value, display_name: None }),
        "uri" => Some(Grantee::Group(value)),
        "emailaddress" => Some(Grantee::Email(value)),
        _ => None,
    }
}

/// Splits at commas outside quotes.
fn parts(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut quote: Option<char> = None;
    for char in text.chars() {
        match (char, quote) {
            (',', None) => parts.push(String::new()),
            (other, _) => {
                if quote == Some(other) {
                    quote = None;
                } else if quote.is_none() && matches!(other, '"' | '\'') {
                    quote = Some(other);
                }
                if let Some(last) = parts.last_mut() {
                    last.push(other);
                }
            }
        }
    }
    parts.retain(|part| !part.trim().is_empty());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_of_either_kind_or_none_say_the_same() {
        let id = |id: &str| Grantee::Canonical { id: id.to_owned(), display_name: None };
        for text in [r#"id="a", id="b""#, "id='a',id='b'", "id=a, id=b", r#"ID=\"a\", id=b,"#] {
            assert_eq!(grantees(text), Some(vec![id("a"), id("b")]), "{text}");
        }
        let mail = grantees(r#"emailAddress="a,b@example.com""#);
        assert_eq!(mail, Some(vec![Grantee::Email("a,b@example.com".to_owned())]));
        for text in ["everyone", "id=", "uri=\"\"", "id=a, emailAddress=''"] {
            assert_eq!(grantees(text), None, "{text}");
        }
        assert_eq!(grantees(""), Some(Vec::new()));
    }
}
