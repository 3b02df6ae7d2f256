//! What is never written, whatever the policy says.

use iam_document::glob::{Pattern, Syntax};
use model::{Arn, Resource, ResourceId, Target, Trust};

use super::state::GrantState;

/// The roles that IAM lets AWS alone change: where they live, what their names begin with, and why
/// they are never written. The paths are reserved: nobody else can make a role there.
///
/// Sources: <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create-service-linked-role.html>,
/// <https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html>.
const RESERVED: [(&str, &str, &str); 2] = [
    (
        "role/aws-service-role/",
        "AWSServiceRoleFor",
        "it is a service-linked role, which only its service may change",
    ),
    (
        "role/aws-reserved/",
        "AWSReservedSSO_",
        "it is a role of IAM Identity Center: change its permission set",
    ),
];

/// Why nobody but AWS may change a role; by its path, or by the name where no path is known.
pub(super) fn reserved(resource: &Resource, read: Option<&str>) -> Option<&'static str> {
    let ResourceId::Role { name } = &resource.id else { return None };
    let path = |arn: &str| arn.parse::<Arn>().map(|arn| arn.resource).unwrap_or_default();
    let known = read.map_or_else(|| path(&resource.arn), path);
    let no_path = read.is_none() && known.matches('/').count() < 2;
    RESERVED
        .iter()
        .find(|(path, begins, _)| known.starts_with(path) || (no_path && name.starts_with(begins)))
        .map(|(_, _, why)| *why)
}

/// Why the holder is never written.
pub(super) fn never_written(target: &Target, state: &GrantState, trust: &Trust) -> Option<String> {
    if let Some(why) = reserved(&target.resource, state.arn.as_deref()) {
        return Some(why.to_owned());
    }
    let ResourceId::Role { name } = &target.resource.id else { return None };
    let own = trust.own_roles.iter().any(|pattern| {
        let matches = |text: &str| Pattern::parse(pattern, Syntax::GLOB).matches(text);
        // A record does not tell the path: the name alone has to do, which may hold back more.
        let by_name = || {
            let last = Pattern::parse(pattern.rsplit('/').next().unwrap_or(pattern), Syntax::GLOB);
            state.arn.is_none() && !last.has_no_fixed_part() && last.matches(name)
        };
        matches(&target.resource.arn) || state.arn.as_deref().is_some_and(matches) || by_name()
    });
    own.then(|| "it is one of Snapback's own roles".to_owned())
}
