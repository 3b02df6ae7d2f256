//! A request in Cedar's terms: entities, context and the three actions.
//!
//! Texts of an event become values here and are never put into policy text, so they may hold
//! anything.

use std::{collections::BTreeSet, sync::LazyLock};

use cedar_policy::{
    Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, RestrictedExpression, Schema,
};
use chrono::SecondsFormat;
use model::{AccountId, Actor, ActorKind, Response};

use crate::{Request, SCHEMA};

/// The responses that are asked for, the furthest first.
pub(crate) const ASKED: [Response; 3] = [Response::Revert, Response::Tag, Response::Alert];

/// The schema, parsed once per process.
pub(crate) fn schema() -> Result<&'static Schema, String> {
    static PARSED: LazyLock<Result<Schema, String>> = LazyLock::new(|| {
        Schema::from_cedarschema_str(SCHEMA)
            .map(|(schema, _)| schema)
            .map_err(|error| format!("the schema cannot be read: {error}"))
    });
    PARSED.as_ref().map_err(Clone::clone)
}

/// The names of the schema's types and actions, parsed once per process.
struct Names {
    actor: EntityTypeName,
    resource: EntityTypeName,
    account: EntityTypeName,
    unit: EntityTypeName,
    action: EntityTypeName,
}

fn names() -> Result<&'static Names, String> {
    static PARSED: LazyLock<Result<Names, String>> = LazyLock::new(|| {
        let name = |text: &str| text.parse::<EntityTypeName>().map_err(|error| error.to_string());
        Ok(Names {
            actor: name("Snapback::Actor")?,
            resource: name("Snapback::Resource")?,
            account: name("Snapback::Account")?,
            unit: name("Snapback::OrganizationalUnit")?,
            action: name("Snapback::Action")?,
        })
    });
    PARSED.as_ref().map_err(Clone::clone)
}

fn uid(kind: &EntityTypeName, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(id))
}

/// The action of a response. [`Response::Ignore`] is not asked for and has none in the schema.
pub(crate) fn action(response: Response) -> Result<EntityUid, String> {
    Ok(uid(&names()?.action, response.as_str()))
}

/// A request, ready to be asked about each action.
pub(crate) struct Asked {
    principal: EntityUid,
    resource: EntityUid,
    context: Context,
    pub(crate) entities: Entities,
}

impl Asked {
    /// Puts a request into Cedar's terms.
    ///
    /// # Errors
    /// What cannot be said in them: a time outside of Cedar's years 0 to 9999.
    pub(crate) fn new(request: &Request<'_>) -> Result<Self, String> {
        let names = names()?;
        let principal = uid(&names.actor, &request.actor.id);
        let resource = uid(&names.resource, &request.resource.arn);
        let account = uid(&names.account, request.account.as_str());
        let tags = request.tags.into_iter().flatten();
        // An object is in its bucket, and by it in the account.
        let bucket = request.resource.bucket_above().map(|arn| uid(&names.resource, &arn));
        let bucket = bucket.filter(|bucket| *bucket != resource);
        let above = bucket.clone().unwrap_or_else(|| account.clone());
        let mut entities = vec![
            Entity::new_with_tags(principal.clone(), actor_attributes(request.actor), [], [])
                .map_err(|error| error.to_string())?,
            Entity::new_with_tags(
                resource.clone(),
                attributes(request.resource.kind(), &request.resource.arn, request),
                [above],
                tags.map(|(key, value)| (key.clone(), text(value))),
            )
            .map_err(|error| error.to_string())?,
        ];
        if let Some(bucket) = bucket {
            let attributes = attributes("AWS::S3::Bucket", bucket.id().unescaped(), request);
            let bucket = Entity::new_with_tags(bucket.clone(), attributes, [account.clone()], []);
            entities.push(bucket.map_err(|error| error.to_string())?);
        }
        let mut below = account;
        let mut seen = BTreeSet::new();
        for unit in request.organizational_units.iter().filter(|unit| seen.insert(*unit)) {
            let above = uid(&names.unit, unit);
            entities.push(Entity::new_no_attrs(below, [above.clone()].into()));
            below = above;
        }
        entities.push(Entity::with_uid(below));
        Ok(Self {
            principal,
            resource,
            context: context(request)?,
            entities: Entities::from_entities(entities, None).map_err(|error| error.to_string())?,
        })
    }

    /// The request about one response.
    pub(crate) fn about(
        &self,
        response: Response,
        schema: Option<&Schema>,
    ) -> Result<cedar_policy::Request, String> {
        cedar_policy::Request::new(
            self.principal.clone(),
            action(response)?,
            self.resource.clone(),
            self.context.clone(),
            schema,
        )
        .map_err(|error| error.to_string())
    }
}

fn text(value: &str) -> RestrictedExpression {
    RestrictedExpression::new_string(value.to_owned())
}

fn number(value: u64) -> RestrictedExpression {
    RestrictedExpression::new_long(i64::try_from(value).unwrap_or(i64::MAX))
}

fn actor_attributes(actor: &Actor) -> impl Iterator<Item = (String, RestrictedExpression)> {
    let always = [("id", text(&actor.id)), ("kind", text(actor_kind(actor.kind)))];
    let texts = [
        ("arn", actor.arn.as_deref()),
        ("account", actor.account.as_ref().map(AccountId::as_str)),
        ("session", actor.session.as_deref()),
        ("invokedBy", actor.invoked_by.as_deref()),
    ];
    always
        .into_iter()
        .chain(texts.into_iter().filter_map(|(name, value)| Some((name, text(value?)))))
        .chain(actor.mfa.map(|mfa| ("mfa", RestrictedExpression::new_bool(mfa))))
        .map(|(name, value)| (name.to_owned(), value))
}

/// The word for a kind of actor: the same as in our JSON (a test compares them).
pub(crate) const fn actor_kind(kind: ActorKind) -> &'static str {
    match kind {
        ActorKind::Root => "root",
        ActorKind::IamUser => "iam_user",
        ActorKind::AssumedRole => "assumed_role",
        ActorKind::Role => "role",
        ActorKind::FederatedUser => "federated_user",
        ActorKind::SamlUser => "saml_user",
        ActorKind::WebIdentityUser => "web_identity_user",
        ActorKind::IdentityCenterUser => "identity_center_user",
        ActorKind::AwsAccount => "aws_account",
        ActorKind::AwsService => "aws_service",
        ActorKind::Anonymous => "anonymous",
        ActorKind::Unknown => "unknown",
    }
}

/// The attributes of what was changed, or of the bucket that it is in.
fn attributes(kind: &str, arn: &str, request: &Request<'_>) -> [(String, RestrictedExpression); 4] {
    [
        ("kind".to_owned(), text(kind)),
        ("arn".to_owned(), text(arn)),
        ("account".to_owned(), text(request.account.as_str())),
        ("region".to_owned(), text(&request.resource.region)),
    ]
}

fn context(request: &Request<'_>) -> Result<Context, String> {
    let flag = RestrictedExpression::new_bool;
    let now = request.now.to_rfc3339_opts(SecondsFormat::Millis, true);
    let pairs = [
        ("control", text(request.control.as_str())),
        ("code", text(request.code)),
        ("severity", text(request.severity.as_str())),
        ("category", text(request.category.as_str())),
        ("confidence", text(request.confidence.as_str())),
        ("effective", flag(request.effective)),
        ("revertByDefault", flag(request.revert_by_default)),
        ("posture", text(request.posture.as_str())),
        ("recentReverts", number(u64::from(request.recent_reverts))),
        ("breakerOpen", flag(request.breaker_open)),
        ("ownChange", flag(request.own_change)),
        ("protectedResource", flag(request.protected)),
        ("remediable", flag(request.remediable)),
        ("tagsKnown", flag(request.tags.is_some())),
        ("eventAgeSeconds", number(request.event_age_seconds)),
        ("now", RestrictedExpression::new_datetime(now)),
    ];
    Context::from_pairs(pairs.map(|(name, value)| (name.to_owned(), value)))
        .map_err(|error| error.to_string())
}
