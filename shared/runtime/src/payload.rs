//! What may be delivered that is not JSON, made JSON: a payload that Lambda's runtime crate could
//! not parse would never reach the handler, and nobody would be told of it.

use lambda_runtime::LambdaInvocation;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Bytes of an unreadable payload that are quoted in what people are told.
const QUOTED: usize = 200;

/// What stands in for a payload that is not JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct NotJson {
    /// How many bytes there were.
    pub(crate) bytes: usize,
    /// What the parser said.
    pub(crate) problem: String,
    /// The beginning, as far as it is text.
    pub(crate) begins: String,
}

/// The wrapping. A payload that comes in this form from outside is as unreadable as it claims.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Wrapped {
    #[serde(rename = "snapback_not_json")]
    pub(crate) not_json: NotJson,
}

/// Leaves JSON as it is, at any depth; wraps anything else.
pub(crate) fn readable(mut invocation: LambdaInvocation) -> LambdaInvocation {
    if let Some(wrapped) = wrap(&invocation.body) {
        invocation.body = wrapped.into();
    }
    invocation
}

/// `None`: the bytes are JSON.
fn wrap(body: &[u8]) -> Option<Vec<u8>> {
    let error = serde_json::from_slice::<&RawValue>(body).err()?;
    let begins = body.get(..QUOTED).unwrap_or(body);
    let not_json = NotJson {
        bytes: body.len(),
        problem: error.to_string(),
        begins: String::from_utf8_lossy(begins).into_owned(),
    };
    serde_json::to_vec(&Wrapped { not_json }).ok()
}

/// Whether a payload stands in for one that was not JSON.
pub(crate) fn not_json(payload: &str) -> Option<NotJson> {
    // Most payloads are not: looked for before anything is parsed.
    if !payload.contains("snapback_not_json") {
        return None;
    }
    serde_json::from_str::<Wrapped>(payload).ok().map(|wrapped| wrapped.not_json)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_passes_untouched_whatever_its_depth_and_numbers() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        for text in ["{}", "1e400", r#"{"a":"\ud800"}"#, r#"{"a":1,"a":2}"#, " [1]\n", &deep] {
            assert_eq!(wrap(text.as_bytes()), None, "{}", text.get(..20).unwrap_or(text));
        }
    }

    #[test]
    fn what_is_not_json_is_wrapped_and_recognised_again() {
        let cases: [&[u8]; 6] = [b"", b"{", b"\xff\xfe{}", b"{} x", b"{\"a\":1", b"hello \xe2\x80"];
        for body in cases {
            let wrapped = String::from_utf8(wrap(body).unwrap()).unwrap();
            let told = not_json(&wrapped).unwrap();
            assert_eq!(told.bytes, body.len(), "{body:?}");
            assert!(!told.problem.is_empty());
        }
        assert_eq!(not_json(r#"{"eventName":"snapback_not_json"}"#), None);
    }
}
