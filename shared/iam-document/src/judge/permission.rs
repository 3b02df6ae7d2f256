//! A permission policy: does it make an administrator, or somebody one step from it?
//!
//! What an identity may do is what any Allow gives, minus what an unconditional Deny on everything
//! takes. Conditional Allows count: an administrator with MFA is an administrator. Permission
//! boundaries and service control policies are not considered: they are not in the document.

use std::collections::BTreeMap;

use model::Confidence;

use super::{
    privesc::PATHS,
    sink::{Place, Sink},
    subject,
};
use crate::{
    Document, Doubt, Exposure, Kind, Statement, Version,
    condition::{Entry, Family},
    glob::{Pattern, Syntax},
    statement::Element,
};

/// What an administrator can do, each on some resource.
const ADMIN: [&str; 5] = [
    "iam:attachuserpolicy",
    "iam:putrolepolicy",
    "iam:createpolicyversion",
    "iam:passrole",
    "iam:updateassumerolepolicy",
];

/// What an identity may do to itself without gaining anything.
const SELF_SERVICE: [&str; 4] = [
    "iam:createaccesskey",
    "iam:deleteaccesskey",
    "iam:createloginprofile",
    "iam:updateloginprofile",
];

/// Every partition there is.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>.
pub(super) const PARTITIONS: [&str; 8] =
    ["aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc"];

pub(super) fn judge(document: &Document, sink: &mut Sink<'_>) {
    for statement in document.statements() {
        subject::form(Kind::PermissionPolicy, statement, sink);
    }
    for statement in document.allows() {
        form(statement, sink);
        subject::unknown_operators(statement, sink);
    }
    let granted = Granted::of(document, sink);
    if !granted.allows.is_empty() {
        sink.expose(Exposure::Account);
    }
    for allow in granted.allows.iter().filter(|allow| allow.limited) {
        let why = "a condition says which policies may be given, or within which boundary";
        let doubt = Doubt { confidence: Confidence::Probable, why: why.to_owned() };
        sink.doubt(allow.statement, &doubt);
    }
    let admin: Option<Vec<&Statement>> = ADMIN
        .into_iter()
        .map(|action| granted.by(action).next().map(|allow| allow.statement))
        .collect();
    if let Some(statement) = admin.as_deref().and_then(<[&Statement]>::first) {
        sink.find(
            "admin-equivalent",
            Place::statement(statement),
            "whoever has it can give themselves any permission",
        );
    }
    if let Some(statement) = granted.passes_any_role() {
        sink.find(
            "pass-role-wildcard",
            Place::statement(statement),
            "any role can be passed to any service",
        );
    }
    for path in PATHS {
        if let Some(statement) = granted.walks(path.actions, path.passed_to) {
            let kind = if path.existing { "privesc-existing" } else { "privesc" };
            let detail =
                format!("one step from more permissions by {}", path.actions.join(" and "));
            sink.find(format!("{kind}:{}", path.id), Place::statement(statement), detail);
        }
    }
}

/// Whether a document grants an action of a path of several: another document may grant the rest.
/// What only reads is left out, for it is had with everything.
pub(super) fn begins_a_path(document: &Document, sink: &mut Sink<'_>) -> bool {
    let granted = Granted::of(document, sink);
    let reads = |action: &str| {
        let name = action.split_once(':').map_or(action, |(_, name)| name);
        ["describe", "get", "list"].iter().any(|verb| name.starts_with(verb))
    };
    PATHS
        .iter()
        .filter(|path| path.actions.len() > 1)
        .flat_map(|path| path.actions)
        .any(|action| !reads(action) && granted.by(action).next().is_some())
}

/// Allows by exclusion.
fn form(statement: &Statement, sink: &mut Sink<'_>) {
    let negated = |element: &Option<Element>| element.as_ref().is_some_and(|one| one.negated);
    if negated(&statement.action) {
        sink.find(
            "not-action-allow",
            Place::statement(statement),
            "the statement allows every action that it does not name, future ones too",
        );
    }
    if negated(&statement.resource) {
        sink.find(
            "not-resource-allow",
            Place::statement(statement),
            "the statement allows its actions on every resource that it does not name",
        );
    }
}

/// What a document grants.
struct Granted<'d> {
    allows: Vec<Allow<'d>>,
    /// For each action that matters, the Allows that grant it on some resource that can carry it.
    by_action: BTreeMap<&'static str, Vec<usize>>,
    own: Option<String>,
}

struct Allow<'d> {
    statement: &'d Statement,
    actions: Patterns,
    resources: Patterns,
    /// Whether a condition limits what may be given to others with it.
    limited: bool,
    /// The services a role may be passed to, where the conditions say so.
    /// The services of each comparison: they are AND-ed.
    passed_to: Vec<Vec<Pattern>>,
}

/// The patterns of an element, read once.
struct Patterns {
    negated: bool,
    values: Vec<Pattern>,
    /// Which of the values name the calling user alone.
    own_user: Vec<bool>,
}

impl Patterns {
    fn actions(element: &Element) -> Self {
        let read = |value: &String| Pattern::parse_lowercase(value, Syntax::GLOB);
        let values: Vec<Pattern> = element.values.iter().map(read).collect();
        let own_user = vec![false; values.len()];
        Self { negated: element.negated, values, own_user }
    }

    fn resources(element: &Element, syntax: Syntax) -> Self {
        let read = |value: &String| Pattern::parse(value, syntax);
        let own = |value: &String| syntax.variables && is_own_user(value);
        Self {
            negated: element.negated,
            values: element.values.iter().map(read).collect(),
            own_user: element.values.iter().map(own).collect(),
        }
    }

    fn has(&self, text: &str) -> bool {
        self.values.iter().any(|pattern| pattern.matches(text)) != self.negated
    }

    fn is_everything(&self) -> bool {
        !self.negated && self.values.iter().any(Pattern::is_everything)
    }
}

/// Whether an ARN names the user who calls, whatever the path: user names are unique in an account.
/// Any other variable may stand for anybody.
fn is_own_user(arn: &str) -> bool {
    // Variables hold colons too.
    arn.rsplit_once(":user/")
        .and_then(|(_, user)| user.rsplit('/').next())
        .is_some_and(|name| name.eq_ignore_ascii_case("${aws:username}"))
}

impl<'d> Granted<'d> {
    fn of(document: &'d Document, sink: &mut Sink<'_>) -> Self {
        let syntax = document.glob_syntax();
        let mut allows = Vec::new();
        for statement in document.allows() {
            if let Some(dead) = statement.condition.contradiction() {
                subject::dead(statement, &dead.describe(), sink);
                continue;
            }
            let Some(action) = &statement.action else { continue };
            // Without a resource AWS refuses the statement; every resource is the wide reading.
            let everything = Element { negated: false, values: vec!["*".to_owned()] };
            let resource = statement.resource.as_ref().unwrap_or(&everything);
            allows.push(Allow {
                statement,
                actions: Patterns::actions(action),
                resources: Patterns::resources(resource, syntax),
                limited: is_limited(statement, document.version()),
                passed_to: passed_to(statement, document.version()),
            });
        }
        // What is found is laid to the statement that gives it without a limit, if there is one.
        allows.sort_by_key(|allow| allow.limited);
        let denied: Vec<Patterns> = document
            .denies()
            .filter(|deny| deny.condition.is_empty())
            .filter(|deny| {
                deny.resource
                    .as_ref()
                    .is_some_and(|element| Patterns::resources(element, syntax).is_everything())
            })
            .filter_map(|deny| deny.action.as_ref().map(Patterns::actions))
            .collect();
        let own = sink.context.trust.account_id.as_ref().map(ToString::to_string);
        let mut by_action: BTreeMap<&'static str, Vec<usize>> = BTreeMap::new();
        for action in PATHS.iter().flat_map(|path| path.actions).chain(&ADMIN) {
            by_action.entry(action).or_insert_with(|| {
                if denied.iter().any(|patterns| patterns.has(action)) {
                    return Vec::new();
                }
                let grants = |allow: &Allow<'_>| {
                    allow.actions.has(action) && can_carry(&allow.resources, action)
                };
                allows.iter().enumerate().filter(|(_, it)| grants(it)).map(|(at, _)| at).collect()
            });
        }
        Self { allows, by_action, own }
    }

    /// The Allows that grant an action on some resource that can carry it.
    fn by(&self, action: &str) -> impl Iterator<Item = &Allow<'d>> {
        let places = self.by_action.get(action).map(Vec::as_slice).unwrap_or_default();
        places.iter().filter_map(|place| self.allows.get(*place))
    }

    /// The statement that grants the last of a path's actions, if all are granted; one with a limit
    /// before others, for the path is as long as that.
    fn walks(&self, actions: &[&str], passed_to: &[&str]) -> Option<&'d Statement> {
        let mut last: Option<&Allow<'d>> = None;
        for action in actions {
            let mut allows = self.by(action);
            let allow = match *action {
                "iam:passrole" => allows.find(|allow| allow.can_pass_to(passed_to))?,
                // One role of many says nothing; any role at all does.
                "sts:assumerole" if actions.len() == 1 => {
                    allows.find(|allow| self.names_any_role(&allow.resources))?
                }
                _ => allows.next()?,
            };
            if !last.is_some_and(|last| last.limited) {
                last = Some(allow);
            }
        }
        last.map(|allow| allow.statement)
    }

    fn passes_any_role(&self) -> Option<&'d Statement> {
        self.by("iam:passrole")
            .find(|allow| {
                let limited = allow
                    .passed_to
                    .iter()
                    .any(|services| !services.iter().any(Pattern::is_everything));
                !limited && self.names_any_role(&allow.resources)
            })
            .map(|allow| allow.statement)
    }

    /// Whether any role of the account is meant, tried on two names that nobody would list.
    fn names_any_role(&self, resources: &Patterns) -> bool {
        let own = self.own.as_deref().unwrap_or("111122223333");
        PARTITIONS.iter().any(|partition| {
            ["0-any-role-0", "0-any-path-0/0-any-role-0"]
                .iter()
                .all(|role| resources.has(&format!("arn:{partition}:iam::{own}:role/{role}")))
        })
    }
}

impl Allow<'_> {
    fn can_pass_to(&self, services: &[&str]) -> bool {
        self.passed_to.is_empty()
            || services.is_empty()
            || services.iter().any(|service| {
                ["amazonaws.com", "amazonaws.com.cn"].iter().any(|suffix| {
                    let name = format!("{service}.{suffix}");
                    let fits =
                        |patterns: &Vec<Pattern>| patterns.iter().any(|it| it.matches(&name));
                    self.passed_to.iter().all(fits)
                })
            })
    }
}

/// Whether a condition demands that what is attached, or what bounds the one it is given to, is a
/// policy of some names: so AWS has administration delegated. A name that the administrator's
/// policy has too is no limit.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html>.
fn is_limited(statement: &Statement, version: Version) -> bool {
    ["iam:policyarn", "iam:permissionsboundary"].into_iter().any(|key| {
        statement.condition.on(key).any(|entry| {
            let demands = entry.operator.is_some_and(|operator| {
                let families = [Family::Text, Family::TextIgnoreCase, Family::Like, Family::Arn];
                !operator.negated && families.contains(&operator.family)
            }) && (!entry.passes_absent()
                || statement.condition.is_guarded(&entry.key));
            let wildcards = entry
                .operator
                .is_some_and(|operator| matches!(operator.family, Family::Like | Family::Arn));
            let syntax = Syntax { wildcards, variables: version == Version::Variables };
            demands
                && !entry.values.iter().any(|value| {
                    let pattern = Pattern::parse(value, syntax);
                    PARTITIONS.iter().any(|partition| {
                        let admin = format!("arn:{partition}:iam::aws:policy/AdministratorAccess");
                        pattern.matches(&admin)
                    })
                })
        })
    })
}

/// The services that `iam:PassedToService` leaves; only a positive comparison that needs the key
/// leaves any out.
fn passed_to(statement: &Statement, version: Version) -> Vec<Vec<Pattern>> {
    let entries = statement.condition.on("iam:passedtoservice").filter(|entry| {
        entry.operator.is_some_and(|operator| {
            !operator.negated
                && matches!(operator.family, Family::Text | Family::TextIgnoreCase | Family::Like)
        }) && (!entry.passes_absent() || statement.condition.is_guarded(&entry.key))
    });
    let read = |entry: &Entry| {
        let wildcards = entry.operator.is_some_and(|operator| operator.family == Family::Like);
        let syntax = Syntax { wildcards, variables: version == Version::Variables };
        entry.values.iter().map(|value| Pattern::parse_lowercase(value, syntax)).collect()
    };
    entries.map(read).collect()
}

/// The ARNs that can carry an action: a bucket's carries no action of IAM, nor a role's one on users.
///
/// Partitions and account ids are spelled out as far as they are known, for a star would run over
/// colons and make a bucket's ARN look like a user's.
fn targets(action: &str) -> Vec<Pattern> {
    let (service, name) = action.split_once(':').unwrap_or((action, ""));
    let account = "?".repeat(12);
    let tails = match service {
        "iam" => vec![format!("iam::{account}:{}*", iam_kind(name))],
        "sts" => vec![format!("iam::{account}:role/*")],
        // Sessions and commands go to instances.
        "ssm" | "ec2-instance-connect" => vec![format!("{service}:*"), "ec2:*".to_owned()],
        other => vec![format!("{other}:*")],
    };
    PARTITIONS
        .iter()
        .flat_map(|partition| tails.iter().map(move |tail| format!("arn:{partition}:{tail}")))
        .map(|text| Pattern::parse(&text, Syntax::GLOB))
        .collect()
}

/// The kind of resource that an IAM action is granted on.
fn iam_kind(name: &str) -> &'static str {
    if name.ends_with("group") || name.contains("grouppolicy") {
        "group/"
    } else if name.contains("role") {
        "role/"
    } else if name.contains("user") || name.ends_with("accesskey") || name.ends_with("loginprofile")
    {
        "user/"
    } else if name.contains("policyversion") {
        "policy/"
    } else {
        ""
    }
}

/// Whether any of the resources can carry the action.
fn can_carry(resources: &Patterns, action: &str) -> bool {
    if resources.is_everything() {
        return true;
    }
    let targets = targets(action);
    if resources.negated {
        // What is excluded in the partition that the document speaks of is excluded.
        let mut spoken = targets
            .iter()
            .filter(|target| resources.values.iter().any(|value| value.overlaps(target)))
            .peekable();
        return spoken.peek().is_none()
            || spoken.any(|target| !resources.values.iter().any(|value| value.covers(target)));
    }
    let self_service = SELF_SERVICE.contains(&action);
    resources
        .values
        .iter()
        .zip(&resources.own_user)
        .filter(|(_, own_user)| !(self_service && **own_user))
        .filter(|(value, _)| !belongs_to_aws(value))
        .any(|(value, _)| targets.iter().any(|target| value.overlaps(target)))
}

/// Whether an ARN of IAM is fixed to an owner that is no account: what AWS itself manages is
/// nobody's to change. A star runs over colons only where it ends its segment, so an owner that
/// stands between segments without stars is the whole of it.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html>.
fn belongs_to_aws(arn: &Pattern) -> bool {
    let segments = arn.segments(6);
    let [_, _, service, region, owner, _] = segments.as_slice() else { return false };
    let plain = |segment: &Pattern, text: &str| segment.is_literal() && segment.head() == text;
    plain(service, "iam") && plain(region, "") && plain(owner, "aws")
}

#[cfg(test)]
mod tests;
