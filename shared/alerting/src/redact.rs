//! Secrets are removed before anything is written: what stands under a name that means a credential,
//! and what looks like one in free text.
//!
//! Errs on the side of removing, but for the names of things: whoever may name a role must not be able
//! to call it `secret=admin` and have us hide it. Knows nothing of findings or channels.

use serde_json::{Map, Value};

/// What stands where a secret stood.
pub const REMOVED: &str = "[removed]";

/// A copy of a JSON value without its secrets, at any depth: members whose name means a credential,
/// `{"name": …, "value": …}` pairs of that kind, and texts by [`text`] unless they stand under a name
/// that means a name (`RoleName`, `Key`, `aws:PrincipalArn`). The names of members stay.
#[must_use]
pub fn value(value: &Value) -> Value {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        Value::String(written) if is_clean_document(written) => value.clone(),
        Value::String(written) => Value::String(text(written)),
        Value::Array(items) => Value::Array(items.iter().map(self::value).collect()),
        Value::Object(members) => Value::Object(object(members)),
    }
}

/// A copy of the value of a member without its secrets: nothing of it where its name means a
/// credential, all of it where it means the name of a thing.
#[must_use]
pub fn member(name: &str, value: &Value) -> Value {
    if is_secret_name(name) {
        removed(value)
    } else if is_name_of_things(name) {
        kept(value)
    } else {
        self::value(value)
    }
}

/// Texts, and lists of texts, as they are.
fn kept(value: &Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.iter().map(kept).collect()),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        Value::Object(members) => Value::Object(object(members)),
    }
}

fn object(members: &Map<String, Value>) -> Map<String, Value> {
    let labelled = members
        .iter()
        .any(|(name, value)| is_label(name) && value.as_str().is_some_and(is_secret_name));
    members
        .iter()
        .map(|(name, value)| {
            let named = labelled && name.eq_ignore_ascii_case("value");
            (name.clone(), if named { removed(value) } else { member(name, value) })
        })
        .collect()
}

/// Whether a text is a JSON object in which nothing is to be removed once its members are told apart,
/// such as a trust policy that names the repository `my-token`: as free text it would lose what stands
/// behind that.
fn is_clean_document(written: &str) -> bool {
    if !written.trim_start().starts_with('{') {
        return false;
    }
    let Ok(document) = serde_json::from_str::<Value>(written) else { return false };
    // Of members with the same name only one was read: the others would go unseen.
    document.to_string().len() == length_without_blanks(written) && value(&document) == document
}

/// The bytes of a JSON text without the blanks between its parts.
fn length_without_blanks(json: &str) -> usize {
    let (mut within, mut escaped) = (false, false);
    let stays = |byte: u8| {
        let stays = within || !byte.is_ascii_whitespace();
        match byte {
            b'"' if !escaped => within = !within,
            _ => {}
        }
        escaped = within && byte == b'\\' && !escaped;
        stays
    };
    json.bytes().map(stays).filter(|stays| *stays).count()
}

/// What names the value beside it: a header, a tag, an environment variable.
fn is_label(name: &str) -> bool {
    ["name", "key", "header", "field"].iter().any(|label| name.eq_ignore_ascii_case(label))
}

/// Nothing is left of a secret but whether there was one; flags and nothings tell nothing.
fn removed(value: &Value) -> Value {
    match value {
        Value::Null | Value::Bool(_) => value.clone(),
        Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
            Value::String(REMOVED.to_owned())
        }
    }
}

/// Ends of the names of things about credentials rather than of credentials: what the password policy
/// asks, where a secret is kept, on which page of a list we are.
const ABOUT: [&str; 17] = [
    "arn",
    "id",
    "ids",
    "name",
    "length",
    "prevention",
    "passwordage",
    "required",
    "expiry",
    "enabled",
    "lastused",
    "lastchanged",
    "policy",
    "characters",
    "nexttoken",
    "continuationtoken",
    "status",
];

/// Parts of the names of credentials.
const ANYWHERE: [&str; 21] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "privatekey",
    "customerkey",
    "apikey",
    "authorization",
    "credential",
    "xamzsignature",
    "xamzsecuritytoken",
    "xamzcredential",
    "setcookie",
    "keymaterial",
    "samlassertion",
    "mfacode",
    "authenticationcode",
    "authcode",
    "onetimecode",
    "sessionkey",
    "bearer",
];

/// Ends of the names of credentials.
const AT_THE_END: [&str; 6] = ["token", "signature", "cookie", "plaintext", "pwd", "tokencode"];

/// Whether a name means a credential, in any of the spellings of headers, parameters and variables.
fn is_secret_name(name: &str) -> bool {
    if name.len() < 3 {
        return false;
    }
    let name: String =
        name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    !ABOUT.iter().any(|end| name.ends_with(end))
        && (ANYWHERE.iter().any(|part| name.contains(part))
            || AT_THE_END.iter().any(|end| name.ends_with(end)))
}

/// Ends of the names of members that hold the name of a thing, in the spellings of parameters, headers
/// and evidence.
const NAMES_END: [&str; 14] = [
    "name", "Name", "names", "Names", "Arn", "ARN", "Arns", "-arn", "_arn", "Id", "ID", "Ids",
    "-id", "_id",
];

/// Other names of members that hold the name of a thing.
const NAMES: [&str; 19] = [
    "arn",
    "aws",
    "bucket",
    "canonicaluser",
    "copysource",
    "expectedbucketowner",
    "federated",
    "grantee",
    "group",
    "id",
    "key",
    "owner",
    "prefix",
    "principal",
    "resource",
    "role",
    "session",
    "user",
    "xamzcopysource",
];

/// Whether a name means the name of a thing: an ARN, a role, a bucket, a key, a principal, or what a
/// condition compares (`sts:RoleSessionName`, `aws:PrincipalArn`, `…amazonaws.com:sub`).
fn is_name_of_things(name: &str) -> bool {
    if name.contains(':') || NAMES_END.iter().any(|end| name.ends_with(end)) {
        return true;
    }
    let name: String =
        name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    NAMES.contains(&name.as_str())
}

/// A copy of a text without its secrets: values after `name=`, `name:` and `"name":` where the name
/// means a credential, keys between `BEGIN … PRIVATE KEY` lines, JSON web tokens, and AWS session
/// tokens and secret keys by their form. ARNs stay.
#[must_use]
pub fn text(text: &str) -> String {
    let text = without_private_keys(text);
    let mut written = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (word, after) = word(rest);
        if word.is_empty() {
            let (other, after) = split_first(rest);
            written.push_str(other);
            rest = after;
            continue;
        }
        if let Some((arn, after)) = arn(rest) {
            written.push_str(arn);
            rest = after;
            continue;
        }
        if looks_secret(word) {
            written.push_str(REMOVED);
            rest = after;
            continue;
        }
        written.push_str(word);
        rest = after;
        let name = word.rsplit('/').next().unwrap_or(word);
        if is_secret_name(name)
            && !is_of_an_arn(word, after)
            && let Some((between, after)) = assigned(after)
        {
            written.push_str(between);
            written.push_str(REMOVED);
            rest = after;
        }
    }
    written
}

/// The longest run of characters that names and tokens are made of, and what follows.
fn word(text: &str) -> (&str, &str) {
    let end = text.find(|c| !is_word(c)).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

/// Whether names and tokens are made of such characters.
pub(crate) fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+' | '/')
}

fn split_first(text: &str) -> (&str, &str) {
    let length = text.chars().next().map_or(0, char::len_utf8);
    text.split_at_checked(length).unwrap_or((text, ""))
}

/// The ARN that a text begins with, and what follows it. It ends where an address or a form would go on
/// with something else, so that it carries no secret along.
fn arn(text: &str) -> Option<(&str, &str)> {
    if !text.starts_with("arn:aws") {
        return None;
    }
    let ends = |c: char| c.is_whitespace() || r#"'"\`?&;,{}()[]<>"#.contains(c);
    text.split_at_checked(text.find(ends).unwrap_or(text.len()))
}

/// Whether a name is a part of an ARN, as in `arn:aws:secretsmanager:…:secret:name`.
fn is_of_an_arn(word: &str, after: &str) -> bool {
    matches!(word, "secretsmanager" | "secret")
        && after.strip_prefix(':').is_some_and(|value| !value.starts_with([' ', '"', '\'', '\\']))
}

/// What stands between a name and its value (`": "`, `=`), and what follows the value. The value of
/// a header runs to the end of its line, since `Authorization` has several parts.
fn assigned(text: &str) -> Option<(&str, &str)> {
    let quoted = text.trim_start_matches(['"', '\'', '\\', ' ']);
    let after_sign = quoted.strip_prefix([':', '='])?;
    let value = after_sign.trim_start_matches(' ');
    let marks = value.trim_start_matches(['"', '\'', '\\']);
    let begin = text.len().saturating_sub(marks.len());
    let is_quoted = marks.len() < value.len();
    let end = if is_quoted {
        marks.find(['"', '\'', '\\'])
    } else if quoted.starts_with(':') {
        marks.find(['\n', '\r', '"', '}'])
    } else {
        marks.find(|c: char| c.is_whitespace() || matches!(c, '&' | ';' | ',' | '"' | '\'' | '}'))
    }
    .unwrap_or(marks.len());
    if end == 0 {
        return None;
    }
    Some((text.get(..begin)?, marks.get(end..)?))
}

/// Private keys in PEM, whole or cut off.
fn without_private_keys(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, begin)) = rest.split_once("-----BEGIN ") {
        written.push_str(before);
        let (header, body) = begin.split_once("-----").unwrap_or((begin, ""));
        if header.contains("PRIVATE KEY") {
            written.push_str(REMOVED);
            let after = body.split_once("-----END").and_then(|(_, end)| end.split_once("-----"));
            rest = after.map_or("", |(_, after)| after);
        } else {
            written.push_str("-----BEGIN ");
            rest = begin;
        }
    }
    written.push_str(rest);
    written
}

/// Whether a word has the form of a secret wherever it stands.
fn looks_secret(word: &str) -> bool {
    is_web_token(word) || is_session_token(word) || is_secret_key(word)
}

/// Three parts of base64url, the first an object: `eyJ…`.
fn is_web_token(word: &str) -> bool {
    let long = || word.split('.').filter(|part| part.len() >= 10).count() == 3;
    word.starts_with("eyJ") && word.matches('.').count() == 2 && long()
}

/// STS session tokens are long base64 and begin with one of these.
fn is_session_token(word: &str) -> bool {
    word.len() >= 100
        && ["FwoGZXIvYXdz", "IQoJb3JpZ2lu", "FQoGZXIvYXdz", "AQoDYXdz", "AQoEXAMPLE"]
            .iter()
            .any(|start| word.starts_with(start))
}

/// Secret access keys are forty random characters of base64. In names of that length digits and
/// slashes stand together and few; hashes have no capitals.
fn is_secret_key(word: &str) -> bool {
    if word.len() != 40 {
        return false;
    }
    let kind = |c: char| match c {
        'a'..='z' => 0,
        'A'..='Z' => 1,
        _ => 2,
    };
    let kinds: Vec<u8> = word.chars().map(kind).collect();
    let changes = || kinds.iter().zip(kinds.iter().skip(1)).filter(|(one, next)| one != next);
    word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '/'))
        && word.chars().any(|c| c.is_ascii_digit())
        && [0, 1].iter().all(|kind| kinds.contains(kind))
        && word.chars().filter(|c| *c == '/').count() <= 2
        && changes().filter(|(_, next)| **next == 2).count() >= 3
        && changes().count() >= 15
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const CANARY: &str = "canary-7f3a";

    #[test]
    fn members_that_mean_a_credential_are_removed_at_any_depth() {
        for name in [
            "secretAccessKey",
            "SecretAccessKey",
            "sessionToken",
            "password",
            "newPassword",
            "x-amz-server-side-encryption-customer-key",
            "SSECustomerKey",
            "Authorization",
            "X-Amz-Signature",
            "X-Amz-Security-Token",
            "clientSecret",
            "DB_PASSWORD",
            "api_key",
            "sAMLAssertion",
            "webIdentityToken",
            "Set-Cookie",
            "privateKey",
            "secretString",
            "x-amz-copy-source-server-side-encryption-customer-key",
            "masterUserPassword",
            "serviceSpecificCredential",
            "authenticationCode1",
            "plaintext",
        ] {
            let written = value(&json!({"a": [{name: CANARY, "kept": 1}]})).to_string();
            assert!(!written.contains(CANARY), "{name}: {written}");
            assert!(written.contains("\"kept\":1"), "{written}");
            let nested = value(&json!({name: {"x": [CANARY]}})).to_string();
            assert!(!nested.contains(CANARY), "{name}: {nested}");
            let labelled = value(&json!([{"Name": name, "Value": CANARY}])).to_string();
            assert!(!labelled.contains(CANARY), "{name}: {labelled}");
        }
    }

    #[test]
    fn what_is_about_credentials_stays() {
        let about = json!({
            "accessKeyId": "AKIAIOSFODNN7EXAMPLE",
            "minimumPasswordLength": 8,
            "passwordReusePrevention": 24,
            "maxPasswordAge": 90,
            "passwordResetRequired": true,
            "secretArn": "arn:aws:secretsmanager:us-east-1:111122223333:secret:x",
            "nextToken": "abc",
            "kmsKeyId": "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
            "key": "passwords/secret.txt",
            "bucket": "amzn-s3-demo-bucket",
            "userName": "alice",
            "etag": "\"9b2cf535f27731c974343645a3985328\"",
        });
        assert_eq!(value(&about), about);
    }

    #[test]
    fn secrets_inside_of_texts_are_removed() {
        for (before, after) in [
            (
                "https://b.s3.amazonaws.com/k?X-Amz-Signature=0f3a&X-Amz-Expires=60",
                "https://b.s3.amazonaws.com/k?X-Amz-Signature=[removed]&X-Amz-Expires=60",
            ),
            (
                "Authorization: AWS4-HMAC-SHA256 Credential=AKIA/2026, Signature=00ff\nHost: x",
                "Authorization: [removed]\nHost: x",
            ),
            (
                "{\"secretAccessKey\":\"canary\",\"a\":1}",
                "{\"secretAccessKey\":\"[removed]\",\"a\":1}",
            ),
            ("{\\\"password\\\": \\\"canary\\\"}", "{\\\"password\\\": \\\"[removed]\\\"}"),
            ("aws_secret_access_key = canary rest", "aws_secret_access_key = [removed] rest"),
            ("key wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY end", "key [removed] end"),
            (
                "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P",
                "[removed]",
            ),
            (
                "x -----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY----- y",
                "x [removed] y",
            ),
        ] {
            assert_eq!(text(before), after);
        }
        let token = format!("IQoJb3JpZ2luX2Vj{}", "Ab1/".repeat(60));
        assert_eq!(text(&format!("token {token}.")), "token [removed]");
    }

    /// Whoever may choose a name must not be able to make us hide it.
    #[test]
    fn names_of_things_stay_whatever_they_are() {
        for name in ["secret=prod-admin", "token=x", "password: y", "Authorization: z"] {
            let names = json!({
                "RoleName": name,
                "roleArn": format!("arn:aws:iam::111122223333:role/{name}"),
                "Bucket": name,
                "Key": format!("x/{name}"),
                "version_id": name,
                "CopySource": name,
                "x-amz-copy-source": name,
                "userName": name,
                "roleSessionName": name,
                "Principal": {"AWS": [name, name]},
                "Condition": {"StringLike": {"sts:RoleSessionName": name}},
                name: null,
            });
            assert_eq!(value(&names), names);
            assert_eq!(member("role_arn", &json!(name)), json!(name));
            // The same in free text is taken for a secret.
            assert!(value(&json!({"message": name})).to_string().contains(REMOVED), "{name}");
        }
        let arn = "arn:aws:iam::111122223333:role/secret=prod-admin";
        let said = format!("{arn} may not do it, says `{arn}`: password={CANARY}");
        let written = text(&said);
        assert_eq!(written, said.replace(CANARY, REMOVED));
    }

    #[test]
    fn an_arn_carries_no_secret_along() {
        for said in [
            format!("arn:aws:s3:::amzn-s3-demo-bucket/k?X-Amz-Signature={CANARY}"),
            format!("arn:aws:s3:::amzn-s3-demo-bucket/k&password={CANARY}"),
            format!("Resource=arn:aws:s3:::amzn-s3-demo-bucket,password={CANARY}"),
            format!("{{\"a\":\"arn:aws:s3:::b\",\"password\":\"{CANARY}\"}}"),
        ] {
            assert!(!text(&said).contains(CANARY), "{}", text(&said));
        }
    }

    #[test]
    fn a_document_in_a_text_keeps_the_names_that_look_like_secrets_and_no_secret() {
        let document = |member: &str| {
            format!(
                "{{\"Condition\": {{\"StringLike\":\n  {{\"token.actions.githubusercontent.com:sub\": \
                 \"repo:amzn-demo-org/my-token:*\"}}}}{member}}}"
            )
        };
        for kept in ["", ",\"note\":\"a \\\"quoted\\\" word\""] {
            let trusted = json!({"PolicyDocument": document(kept)});
            assert_eq!(value(&trusted), trusted);
        }
        for secret in [
            format!(",\"password\":\"{CANARY}\""),
            format!(",\"password\":\"{CANARY}\",\"password\":null"),
            format!(",\"note\":\"password={CANARY}\""),
            format!(",\"note\":\"\\\\\",\"password\":\"{CANARY}\""),
        ] {
            let written = value(&json!({"PolicyDocument": document(&secret)})).to_string();
            assert!(!written.contains(CANARY), "{written}");
        }
    }

    #[test]
    fn ordinary_texts_stay() {
        for kept in [
            "arn:aws:sts::111122223333:assumed-role/admin/alice",
            "da39a3ee5e6b4b0d3255bfef95601890afd80709",
            "assumed-role/AWSReservedSSO_Administrator_0123456789abcdef/alice",
            "the password policy was weakened; the secret is elsewhere",
            "größe: 5",
            "arn:aws:s3:::amzn-s3-demo-bucket/secrets/year=2026/month=02/a.csv",
            "token.actions.githubusercontent.com:sub",
            "role/AdminRoleForTheBuildPipelineOfTeam12345",
            "AdminRoleForTheBuildPipelineOfTheTeam123",
            "arn:aws:secretsmanager:us-east-1:111122223333:secret:orders-AbCdEf",
            "",
        ] {
            assert_eq!(text(kept), kept);
        }
    }
}
