//! What a judgement says.

use std::collections::BTreeSet;

use model::Confidence;
use serde::{Deserialize, Serialize, Serializer};

/// To whom a document opens its resource, Allow and Deny taken together.
///
/// The order is that of width, with `Unclear` just below `Everyone`: adding an Allow never lowers
/// it, and nothing unread is taken for harmless.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default,
)]
#[serde(rename_all = "lowercase")]
pub enum Exposure {
    /// Nobody.
    #[default]
    Nobody,
    /// Only principals of our own account, or services acting in it.
    Account,
    /// Our organization, or one that is trusted like it.
    Organization,
    /// Named others: accounts, organizations, networks, identity providers' users.
    Accounts,
    /// Something could not be read or is not modelled: see [`Verdict::unclear`].
    Unclear,
    /// Anyone in the world.
    Everyone,
}

impl Exposure {
    /// The word in output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Account => "account",
            Self::Organization => "organization",
            Self::Accounts => "accounts",
            Self::Unclear => "unclear",
            Self::Everyone => "everyone",
        }
    }
}

/// How far a bucket policy enforces something on requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Enforcement {
    /// On every request.
    Enforced,
    /// On some requests only.
    Partial,
    /// Not at all.
    None,
    /// KMS key only: requests that name a key must name the right one, others pass.
    HeaderOnly,
}

impl Enforcement {
    /// The word in output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enforced => "enforced",
            Self::Partial => "partial",
            Self::None => "none",
            Self::HeaderOnly => "header-only",
        }
    }
}

/// One thing wrong with a document, and the part of it that makes it so.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Judged {
    /// The finding's code, from `model::catalogue`.
    pub code: String,
    /// The index of the statement (or grant, or rule) in the document, from 0.
    pub statement: Option<usize>,
    /// The statement's `Sid`.
    pub sid: Option<String>,
    /// The principal as the document spells it; `NotPrincipal` for a negated one.
    pub principal: Option<String>,
    /// The condition that decided, as `Operator key value, value`.
    pub condition: Option<String>,
    /// One sentence for people, lower-case, no full stop.
    pub detail: String,
    /// A Deny of the document closes to outsiders what the statement opens.
    #[serde(default, skip_serializing_if = "is_false")]
    pub closed: bool,
    /// Why it may be otherwise. A finding in doubt is not mended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubt: Option<Doubt>,
}

/// Why what was found in a statement may be otherwise, though all of it was read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Doubt {
    /// How sure the finding still is: never certain.
    pub confidence: Confidence,
    /// One sentence for people, lower-case, no full stop.
    pub why: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for this signature")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

/// The judgement of one document.
///
/// Serializes to the members of one line of `snapback inspect --batch`, where `findings` holds the
/// sorted codes only; [`Verdict::findings`] has each with its place.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Verdict {
    /// A stranger is let in, by AWS's own definition of public.
    pub public: bool,
    /// Public, and neither Block Public Access, Object Ownership nor an outer Deny makes it
    /// harmless.
    pub effective_public: bool,
    /// Everything that is public is closed again by a Deny.
    pub mitigated_by_deny: bool,
    /// Whom the document lets in who is neither ours nor trusted, sorted: account ids,
    /// `canonical:…`, `email:…`, `org:o-…`, `vpc:…`, `vpce:…`.
    pub cross_account: Vec<String>,
    /// How far it opens.
    pub exposure: Exposure,
    /// What is wrong, in the order of the document.
    #[serde(serialize_with = "as_codes")]
    pub findings: Vec<Judged>,
    /// Whether plain HTTP is refused; only where the context asks.
    pub tls: Option<Enforcement>,
    /// Whether another key than the required is refused; only where the context asks.
    pub kms: Option<Enforcement>,
    /// Why the document could not be read as one.
    pub error: Option<String>,
    /// Why the exposure is unclear, one sentence each. Not part of the line.
    #[serde(skip)]
    pub unclear: Vec<String>,
}

fn as_codes<S: Serializer>(findings: &[Judged], serializer: S) -> Result<S::Ok, S::Error> {
    let codes: BTreeSet<&str> = findings.iter().map(|judged| judged.code.as_str()).collect();
    serializer.collect_seq(codes)
}

impl Verdict {
    /// The sorted codes, each once.
    #[must_use]
    pub fn codes(&self) -> BTreeSet<&str> {
        self.findings.iter().map(|judged| judged.code.as_str()).collect()
    }

    /// Whether everything that matters was read: only then may anything be changed.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        self.error.is_none() && self.unclear.is_empty()
    }

    /// A verdict on something that is no document at all.
    pub(crate) fn unreadable(error: String) -> Self {
        let malformed = Judged {
            code: "malformed-policy".to_owned(),
            statement: None,
            sid: None,
            principal: None,
            condition: None,
            detail: error.clone(),
            closed: false,
            doubt: None,
        };
        Self {
            exposure: Exposure::Unclear,
            findings: vec![malformed],
            unclear: vec![error.clone()],
            error: Some(error),
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn serializes_to_the_members_of_a_batch_line_in_order() {
        let mut verdict = Verdict { tls: Some(Enforcement::HeaderOnly), ..Verdict::default() };
        for code in ["b", "a", "b"] {
            verdict.findings.push(Judged {
                code: code.to_owned(),
                ..Verdict::unreadable("x".to_owned()).findings.remove(0)
            });
        }
        let printed = serde_json::to_string(&verdict).unwrap();
        assert_eq!(
            printed,
            json!({"public":false,"effective_public":false,"mitigated_by_deny":false,"cross_account":[],"exposure":"nobody","findings":["a","b"],"tls":"header-only","kms":null,"error":null}).to_string()
        );
    }

    #[test]
    fn what_cannot_be_read_is_unclear_and_never_certain() {
        let verdict = Verdict::unreadable("no JSON".to_owned());
        assert_eq!(verdict.exposure, Exposure::Unclear);
        assert!(!verdict.is_certain());
        assert!(verdict.codes().contains("malformed-policy"));
    }
}
