//! An independent oracle: a direct evaluator of IAM's published rules for one request, and a search
//! for a stranger's request, written apart from the analysis of exposure and sharing no code with it.
//!
//! The analysis says *public* by reasoning about all requests at once; the oracle tries requests. Where
//! a stranger's request is allowed, the analysis must have said so; where the search is exhaustive, it
//! must say so too whenever the analysis does.
#![expect(
    clippy::disallowed_methods,
    reason = "the purity rule is the library's; a test may be told how long to run"
)]
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "an oracle that meets what it does not expect should fail the test"
)]

mod evaluate;
mod foreigner;
mod generate;
mod search;
mod tokens;

#[cfg(test)]
mod tests {
    use iam_document::{Context, Kind, inspect};
    use serde_json::{Value, json};

    use super::{
        evaluate::{Answer, evaluate},
        foreigner,
        generate::{Random, bucket_policy},
        search::Search,
        tokens,
    };

    /// How many requests are tried: many more in an optimised run that asks for them.
    fn wanted() -> usize {
        std::env::var("SNAPBACK_ORACLE_CASES")
            .ok()
            .and_then(|text| text.parse().ok())
            .unwrap_or(30_000)
    }

    fn context() -> Context {
        Context::from_json(&json!({
            "account_id": "111122223333", "org_id": "o-ours", "trusted_accounts": ["444455556666"],
        }))
        .unwrap()
    }

    /// The document without its Denies: public is a property of the Allows.
    fn allows_only(document: &Value) -> Value {
        let mut document = document.clone();
        let statements = document["Statement"].as_array_mut().unwrap();
        statements.retain(|statement| statement["Effect"] == "Allow");
        document
    }

    #[test]
    fn analysis_and_request_search_agree_on_bucket_policies() {
        let mut random = Random::new(0x5eed);
        let (mut tried, mut public, mut closed, mut documents) = (0, 0, 0, 0);
        while tried < wanted() {
            let document = bucket_policy(&mut random);
            let verdict = inspect(Kind::BucketPolicy, &document, &context());
            let search = Search::of(&document);
            let allows = allows_only(&document);
            let mut allowed = None;
            for request in search.requests() {
                tried += 1;
                if evaluate(&allows, &request) == Answer::Allowed {
                    allowed.get_or_insert(request.clone());
                }
                // A mitigated policy is one in which no stranger is let in after all.
                if verdict.mitigated_by_deny {
                    assert_ne!(
                        evaluate(&document, &request),
                        Answer::Allowed,
                        "said to be closed by a Deny, but open to {request:?}: {document}"
                    );
                }
            }
            if let Some(request) = &allowed {
                assert!(
                    verdict.public,
                    "not said to be public, but open to {request:?}: {document}"
                );
            } else if search.is_exhaustive() {
                assert!(
                    !verdict.public,
                    "said to be public, but no request is allowed: {document}"
                );
            }
            public += usize::from(verdict.public);
            closed += usize::from(verdict.mitigated_by_deny);
            documents += 1;
        }
        // The generator must reach both sides of every question, or agreement means nothing.
        assert!(public * 10 > documents && (documents - public) * 10 > documents);
        assert!(closed * 200 > documents, "{closed} of {documents} are mitigated");
    }

    #[test]
    fn analysis_and_request_search_agree_on_who_is_let_in_by_name() {
        let mut random = Random::new(0xf0e1);
        let (mut tried, mut let_in, mut kept_out, mut documents) = (0, 0, 0, 0);
        while tried < wanted() {
            let (document, exact) = foreigner::policy(&mut random);
            let verdict = inspect(Kind::BucketPolicy, &document, &context());
            let said = verdict.cross_account.iter().any(|who| who == foreigner::FOREIGNER);
            let requests = foreigner::requests(&document);
            tried += requests.len();
            let allowed =
                requests.into_iter().find(|it| evaluate(&document, it) == Answer::Allowed);
            if let Some(request) = &allowed {
                assert!(said, "not said to be let in, but is by {request:?}: {document}");
                let_in += 1;
            } else if exact && foreigner::is_plain(&document) {
                assert!(!said, "said to be let in, but no request is allowed: {document}");
                kept_out += 1;
            }
            documents += 1;
        }
        assert!(let_in * 5 > documents, "{let_in} of {documents} let the account in");
        assert!(kept_out * 10 > documents, "{kept_out} of {documents} surely keep it out");
    }

    #[test]
    fn analysis_and_token_search_agree_on_trust_policies() {
        let mut random = Random::new(0x70ce);
        let (mut tried, mut public, mut documents) = (0, 0, 0);
        while tried < wanted() / 3 {
            let (document, issuer) = tokens::trust_policy(&mut random);
            let verdict = inspect(Kind::TrustPolicy, &document, &context());
            let mut allowed = None;
            for request in tokens::strangers(&document, issuer) {
                tried += 1;
                if evaluate(&document, &request) == Answer::Allowed {
                    allowed.get_or_insert(request);
                }
            }
            match &allowed {
                Some(request) => {
                    assert!(verdict.public, "open to {request:?}: {document}");
                }
                // A negated comparison is never credited, even if it happens to leave nobody.
                None if document.to_string().contains("StringNotLike") => {}
                None => assert!(!verdict.public, "no token of a stranger is accepted: {document}"),
            }
            public += usize::from(verdict.public);
            documents += 1;
        }
        assert!(public * 10 > documents && (documents - public) * 10 > documents);
    }
}
