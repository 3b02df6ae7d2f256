//! `userIdentity`, in all its variants, as an [`Actor`].
//!
//! Source: <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html>.

use model::{AccountId, Actor, ActorKind};
use serde_json::value::RawValue;

use crate::{
    members::{Identity, OnBehalfOf, SessionAttributes, SessionContext, SessionIssuer},
    raw,
};

/// Normalises an identity. Whatever is missing stays unsaid; nothing here fails.
pub(crate) fn actor(
    identity: Option<&RawValue>,
    source_ip: Option<String>,
    user_agent: Option<String>,
) -> Actor {
    let identity: Identity<'_> = members(identity);
    let context: SessionContext<'_> = members(identity.session_context);
    let issuer: SessionIssuer<'_> = members(context.session_issuer);
    let attributes: SessionAttributes<'_> = members(context.attributes);

    let arn = raw::owned(identity.arn);
    let principal = raw::owned(identity.principal_id);
    let invoked_by = raw::owned(identity.invoked_by);
    let account = raw::owned(identity.account_id);
    let kind = kind(&identity, account.as_deref(), principal.as_deref(), invoked_by.as_deref());
    let session = session(kind, arn.as_deref(), principal.as_deref());
    let id = match kind {
        ActorKind::Anonymous => Some("anonymous".to_owned()),
        ActorKind::AssumedRole => raw::owned(issuer.arn)
            .or_else(|| arn.as_deref().and_then(role_of_session))
            .or_else(|| arn.clone()),
        ActorKind::AwsService => invoked_by
            .clone()
            .or_else(|| source_ip.clone().filter(|source| is_service(source)))
            .or_else(|| arn.clone()),
        ActorKind::AwsAccount => account.clone().or_else(|| arn.clone()),
        ActorKind::IdentityCenterUser => {
            let behalf: OnBehalfOf<'_> = members(identity.on_behalf_of);
            arn.clone().or_else(|| raw::owned(behalf.user_id))
        }
        // The principal id of a federated user names provider, audience and user; the user name
        // alone would be the same for two providers.
        ActorKind::SamlUser | ActorKind::WebIdentityUser => {
            arn.clone().or_else(|| principal.clone())
        }
        // A root user's name is the account's alias, which can be changed.
        ActorKind::Root => arn.clone().or_else(|| account.clone()),
        ActorKind::IamUser | ActorKind::Role | ActorKind::FederatedUser | ActorKind::Unknown => {
            arn.clone()
        }
    };
    let id = id
        .or_else(|| raw::owned(identity.user_name))
        .or(principal)
        .or_else(|| raw::owned(identity.provider))
        .or_else(|| account.clone())
        .unwrap_or_else(|| "unknown".to_owned());
    let account = account
        .filter(|account| !is_anonymous(account))
        .or_else(|| raw::owned(issuer.account_id))
        .map(AccountId::new);
    Actor {
        kind,
        id,
        arn,
        account,
        session,
        invoked_by,
        source_ip,
        user_agent,
        mfa: raw::flag(attributes.mfa_authenticated),
    }
}

/// `userName` as it stands there.
pub(crate) fn user_name(identity: Option<&RawValue>) -> Option<String> {
    let identity: Identity<'_> = members(identity);
    raw::owned(identity.user_name)
}

/// The members of an object; none of anything else.
fn members<'a, T: Default + serde::Deserialize<'a>>(raw: Option<&'a RawValue>) -> T {
    raw.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
}

fn kind(
    identity: &Identity<'_>,
    account: Option<&str>,
    principal: Option<&str>,
    invoked_by: Option<&str>,
) -> ActorKind {
    let named = raw::text(identity.kind);
    // S3 writes unsigned requests as those of an account called `anonymous`, earlier
    // `ANONYMOUS_PRINCIPAL`.
    if account.or(principal).is_some_and(is_anonymous) {
        return ActorKind::Anonymous;
    }
    match named.as_deref() {
        Some("Root") => ActorKind::Root,
        Some("IAMUser") => ActorKind::IamUser,
        Some("AssumedRole") => ActorKind::AssumedRole,
        Some("Role") => ActorKind::Role,
        Some("FederatedUser") => ActorKind::FederatedUser,
        Some("SAMLUser") => ActorKind::SamlUser,
        Some("WebIdentityUser") => ActorKind::WebIdentityUser,
        Some("IdentityCenterUser") => ActorKind::IdentityCenterUser,
        Some("AWSAccount") => ActorKind::AwsAccount,
        Some("AWSService") => ActorKind::AwsService,
        // Service events leave the type away.
        None if invoked_by.is_some() => ActorKind::AwsService,
        // `Directory`, `Unknown`, and what is to come.
        Some(_) | None => ActorKind::Unknown,
    }
}

fn is_anonymous(account: &str) -> bool {
    account.eq_ignore_ascii_case("anonymous") || account == "ANONYMOUS_PRINCIPAL"
}

/// `sourceIPAddress` is a service's name where a service made the call.
fn is_service(source: &str) -> bool {
    source.contains(".amazonaws.com")
}

/// The role behind `arn:aws:sts::111122223333:assumed-role/NAME/SESSION`. Its path is not told
/// there, only by `sessionIssuer`.
fn role_of_session(arn: &str) -> Option<String> {
    let arn: model::Arn = arn.parse().ok()?;
    let (kind, rest) = arn.resource.split_once('/')?;
    let name = rest.split('/').next()?;
    (kind == "assumed-role" && !name.is_empty())
        .then(|| format!("arn:{}:iam::{}:role/{name}", arn.partition, arn.account))
}

/// The name of a role session, chosen by whoever assumed the role.
fn session(kind: ActorKind, arn: Option<&str>, principal: Option<&str>) -> Option<String> {
    let of_arn = || {
        let (_, resource) = arn?.split_once(":assumed-role/")?;
        resource.split_once('/').map(|(_, session)| session.to_owned())
    };
    let of_principal = || principal?.split_once(':').map(|(_, session)| session.to_owned());
    match kind {
        ActorKind::AssumedRole => of_arn().or_else(of_principal),
        // A role of another account shows as that account, with the session in the principal id.
        ActorKind::AwsAccount => of_principal(),
        ActorKind::Root
        | ActorKind::IamUser
        | ActorKind::Role
        | ActorKind::FederatedUser
        | ActorKind::SamlUser
        | ActorKind::WebIdentityUser
        | ActorKind::IdentityCenterUser
        | ActorKind::AwsService
        | ActorKind::Anonymous
        | ActorKind::Unknown => None,
    }
    .filter(|session| !session.is_empty())
}
