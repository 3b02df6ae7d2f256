//! An S3 ACL: does it let everyone in, or an account that is not trusted?
//!
//! Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html>.

use serde_json::Value;

use super::sink::Sink;
use crate::{
    Context, Exposure, Verdict,
    acl::{self, Grantee, PublicGroup},
};

pub(super) fn judge(value: &Value, context: &Context) -> Verdict {
    let acl = acl::parse_whole(value);
    let mut sink = Sink::new(context);
    for problem in &acl.unread {
        sink.find("malformed-policy", super::sink::Place::default(), problem.clone());
        sink.unclear(problem.clone());
    }
    let owner = acl.owner.as_ref().map(|owner| owner.id.as_str());
    let known = |id: &str| {
        owner.is_some_and(|owner| owner.eq_ignore_ascii_case(id))
            || context.knows_canonical(id)
            || acl::AWS_ACCOUNTS.iter().any(|known| known.eq_ignore_ascii_case(id))
    };
    for (index, grant) in acl.grants.iter().enumerate() {
        if let (Some(group), Some(code)) = (grant.grantee.public_group(), grant.code()) {
            let who = match group {
                PublicGroup::AllUsers => "everyone",
                PublicGroup::AuthenticatedUsers => "every AWS customer in the world",
            };
            let detail = format!("the ACL grants `{}` to {who}", grant.permission);
            sink.find_at(code, index, Some(group.as_str()), detail);
            sink.public(None);
            continue;
        }
        match &grant.grantee {
            Grantee::Canonical { id, .. } if known(id) => sink.expose(Exposure::Account),
            Grantee::Canonical { id, .. } => {
                let detail = format!("the ACL grants `{}` to another account", grant.permission);
                sink.find_at("acl-cross-account", index, Some(id), detail);
                sink.stranger(format!("canonical:{id}"));
                sink.expose(Exposure::Accounts);
            }
            Grantee::Email(address) => {
                let detail =
                    format!("the ACL grants `{}` to an account by e-mail", grant.permission);
                sink.find_at("acl-cross-account", index, Some(address), detail);
                sink.stranger(format!("email:{address}"));
                sink.expose(Exposure::Accounts);
            }
            // S3's own log delivery writes into the bucket on our behalf.
            Grantee::Group(uri) if acl::is_log_delivery(uri) => {
                sink.expose(Exposure::Account);
            }
            Grantee::Group(uri) => sink.unclear(format!("`{uri}` is no group of S3's")),
            Grantee::Unknown(text) => {
                sink.unclear(format!("the grantee {text} is of no known kind"));
            }
        }
    }
    let disabled = context.object_ownership.as_deref() == Some("BucketOwnerEnforced")
        || context.public_access_block.ignore_public_acls;
    sink.set_harmless(disabled);
    sink.finish()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::{Context, Exposure, Kind, PublicAccessBlock, inspect};

    const ALL: &str = "http://acs.amazonaws.com/groups/global/AllUsers";

    #[test]
    fn authenticated_users_are_the_world_and_log_delivery_is_not() {
        for (uri, public) in [
            (ALL, true),
            ("http://acs.amazonaws.com/groups/global/AuthenticatedUsers", true),
            ("http://acs.amazonaws.com/groups/s3/LogDelivery", false),
        ] {
            let acl = json!({"Grants":[{"Grantee":{"URI":uri},"Permission":"READ"}]});
            let verdict = inspect(Kind::Acl, &acl, &Context::default());
            assert_eq!((verdict.public, verdict.effective_public), (public, public), "{uri}");
        }
    }

    #[test]
    fn ownership_and_ignored_acls_make_a_public_grant_harmless_but_not_clean() {
        let acl = json!({"x-amz-acl":"public-read"});
        let enforced =
            Context { object_ownership: Some("BucketOwnerEnforced".into()), ..Context::default() };
        let ignored = Context {
            public_access_block: PublicAccessBlock {
                ignore_public_acls: true,
                ..PublicAccessBlock::default()
            },
            ..Context::default()
        };
        // Blocking new ACLs leaves existing ones at work.
        let blocked = Context {
            public_access_block: PublicAccessBlock {
                block_public_acls: true,
                ..PublicAccessBlock::default()
            },
            ..Context::default()
        };
        for (context, effective) in [(enforced, false), (ignored, false), (blocked, true)] {
            let verdict = inspect(Kind::Acl, &acl, &context);
            assert!(verdict.public && verdict.codes().contains("acl-public:AllUsers:READ"));
            assert_eq!(verdict.effective_public, effective);
        }
    }

    #[test]
    fn the_owner_and_trusted_ids_are_no_strangers_and_others_are() {
        let acl = json!({"Owner":{"ID":"us"},"Grants":[
            {"Grantee":{"ID":"us"},"Permission":"FULL_CONTROL"},
            {"Grantee":{"ID":"FRIEND"},"Permission":"READ"},
            {"Grantee":{"ID":"them"},"Permission":"READ"},
            {"Grantee":{"EmailAddress":"a@example.com"},"Permission":"READ"},
        ]});
        let mut context = Context::default();
        context.trust.trusted_canonical_ids.insert("friend".to_owned());
        let verdict = inspect(Kind::Acl, &acl, &context);
        assert_eq!(verdict.cross_account, ["canonical:them", "email:a@example.com"]);
        assert_eq!(verdict.exposure, Exposure::Accounts);
        assert!(!verdict.public && verdict.is_certain());
    }

    #[test]
    fn accounts_that_aws_itself_puts_into_acls_are_no_strangers() {
        for id in crate::acl::AWS_ACCOUNTS {
            let acl = json!({"Grants":[{"Grantee":{"ID":id},"Permission":"FULL_CONTROL"}]});
            let verdict = inspect(Kind::Acl, &acl, &Context::default());
            assert!(verdict.findings.is_empty() && verdict.cross_account.is_empty(), "{id}");
            assert_eq!(verdict.exposure, Exposure::Account);
        }
    }

    #[test]
    fn what_holds_no_list_of_grants_is_unclear_and_never_nobody() {
        for value in [json!({}), json!({"Grants":null}), json!({"Statement":[]}), json!(null)] {
            let verdict = inspect(Kind::Acl, &value, &Context::default());
            assert_eq!(verdict.exposure, Exposure::Unclear, "{value}");
            assert!(!verdict.is_certain());
        }
    }

    #[test]
    fn an_unknown_grantee_is_unclear_and_never_clean() {
        let acl = json!({"Grants":[{"Grantee":{"Type":"Martian"},"Permission":"READ"}]});
        assert_eq!(inspect(Kind::Acl, &acl, &Context::default()).exposure, Exposure::Unclear);
    }
}
