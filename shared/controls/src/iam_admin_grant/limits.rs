//! What is never written, whatever the policy says.

use iam_document::glob::{Pattern, Syntax};
use model::{Arn, Resource, ResourceId, Target, Trust};

use super::state::GrantState;

pub(super) const SERVICE_LINKED: &str =
    "it is a service-linked role, which only its service may change";

/// Where service-linked roles live, and what their names begin with.
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create-service-linked-role.html>.
const SERVICE_LINKED_PATH: &str = "role/aws-service-role/";
const SERVICE_LINKED_NAME: &str = "AWSServiceRoleFor";

/// By the path, or by the name where no path is known.
pub(super) fn is_service_linked(resource: &Resource, read: Option<&str>) -> bool {
    let ResourceId::Role { name } = &resource.id else { return false };
    let path = |arn: &str| arn.parse::<Arn>().map(|arn| arn.resource).unwrap_or_default();
    let known = read.map_or_else(|| path(&resource.arn), path);
    known.starts_with(SERVICE_LINKED_PATH)
        || (read.is_none()
            && known.matches('/').count() < 2
            && name.starts_with(SERVICE_LINKED_NAME))
}

/// Why the holder is never written.
pub(super) fn never_written(target: &Target, state: &GrantState, trust: &Trust) -> Option<String> {
    if is_service_linked(&target.resource, state.arn.as_deref()) {
        return Some(SERVICE_LINKED.to_owned());
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
