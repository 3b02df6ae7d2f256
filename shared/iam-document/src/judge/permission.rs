//! A permission policy: does it make an administrator, or somebody one step from it?
//!
//! What an identity may do is what any Allow gives, minus what an unconditional Deny on everything
//! takes. Conditional Allows count: an administrator with MFA is an administrator. Permission
//! boundaries and service control policies are not considered: they are not in the document.

use std::collections::BTreeMap;

use super::{
    privesc::PATHS,
    sink::{Place, Sink},
    subject,
};
use crate::{
    Document, Exposure, Kind, Statement, Version,
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
                passed_to: passed_to(statement, document.version()),
            });
        }
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

    /// The statement that grants the last of a path's actions, if all are granted.
    fn walks(&self, actions: &[&str], passed_to: &[&str]) -> Option<&'d Statement> {
        let mut last = None;
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
            last = Some(allow.statement);
        }
        last
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
mod tests {
    use serde_json::{Value, json};

    use crate::{Context, Kind, inspect};

    fn codes(statements: &Value) -> Vec<String> {
        let context = Context::from_json(&json!({"account_id":"111122223333"})).unwrap();
        let document = json!({"Version":"2012-10-17","Statement":statements});
        let verdict = inspect(Kind::PermissionPolicy, &document, &context);
        assert!(!verdict.public && verdict.cross_account.is_empty());
        verdict.codes().into_iter().map(str::to_owned).collect()
    }

    fn allow(action: &Value, resource: &Value) -> Value {
        json!({"Effect":"Allow","Action":action,"Resource":resource})
    }

    fn has(statements: &Value, code: &str) -> bool {
        codes(statements).iter().any(|found| found == code)
    }

    #[test]
    fn only_ones_own_name_at_the_end_is_ones_own_user() {
        let own = "arn:aws:iam::111122223333:user/${aws:username}";
        for (resource, escalates) in [
            (own, false),
            ("arn:${aws:Partition}:iam::${aws:PrincipalAccount}:user/staff/${AWS:UserName}", false),
            ("arn:aws:iam::${aws:PrincipalAccount}:user/*", true),
            ("arn:${aws:Partition}:iam::111122223333:user/*", true),
            ("arn:aws:iam::111122223333:user/${aws:PrincipalTag/owner}", true),
            ("arn:aws:iam::111122223333:user/${aws:username}*", true),
            ("arn:aws-eusc:iam::111122223333:user/*", true),
            ("arn:aws-iso-f:iam::111122223333:user/*", true),
        ] {
            let grant = json!([allow(&json!("iam:CreateAccessKey"), &json!(resource))]);
            assert_eq!(has(&grant, "privesc:iam-002"), escalates, "{resource}");
        }
    }

    #[test]
    fn several_comparisons_with_the_service_are_and_ed() {
        let conditions = [
            json!({"StringLike":{"iam:PassedToService":"*"},"StringEquals":{"iam:PassedToService":"ec2.amazonaws.com"}}),
            json!({"StringEquals":{"iam:PassedToService":"ec2.amazonaws.com"},"StringLike":{"iam:PassedToService":"*"}}),
        ];
        for condition in conditions {
            let mut pass = allow(&json!("iam:PassRole"), &json!("*"));
            pass["Condition"] = condition.clone();
            let lambda =
                allow(&json!(["lambda:CreateFunction", "lambda:InvokeFunction"]), &json!("*"));
            let found = codes(&json!([pass, lambda]));
            assert_eq!(found, [""; 0], "{condition}");
        }
    }

    #[test]
    fn what_belongs_to_aws_is_nobodys_to_version() {
        for (resource, escalates) in [
            ("arn:aws:iam::aws:policy/*", false),
            ("arn:aws-cn:iam::aws:policy/job-function/*", false),
            ("arn:${aws:Partition}:iam::aws:policy/ReadOnlyAccess", false),
            ("arn:aws:iam::a*:policy/*", true),
            ("arn:aws:iam::*:policy/*", true),
            ("arn:aws:iam::*", true),
            ("arn:aws:iam::1111*:policy/app", true),
            ("arn:aws:iam::111122223333:policy/aws/x:policy/y", true),
            ("arn:aws:iam::${aws:PrincipalAccount}:policy/*", true),
        ] {
            let grant = json!([allow(&json!("iam:CreatePolicyVersion"), &json!(resource))]);
            assert_eq!(has(&grant, "privesc:iam-001"), escalates, "{resource}");
        }
        let mut but_aws = allow(&json!("iam:CreatePolicyVersion"), &json!("*"));
        but_aws.as_object_mut().unwrap().remove("Resource");
        but_aws["NotResource"] = json!("arn:aws:iam::aws:policy/*");
        assert!(has(&json!([but_aws]), "privesc:iam-001"));
    }

    #[test]
    fn administrators_have_many_spellings() {
        for statement in [
            allow(&json!("*"), &json!("*")),
            allow(&json!("*:*"), &json!("*")),
            allow(&json!(["s3:GetObject", "IAM:*"]), &json!(["*"])),
            allow(&json!("iam:*"), &json!("arn:aws:iam::111122223333:*")),
            json!({"Effect":"Allow","NotAction":"s3:*","Resource":"*"}),
            json!({"Effect":"Allow","Action":"*","NotResource":"arn:aws:s3:::amzn-s3-demo-bucket/*"}),
            json!({"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}),
        ] {
            assert!(has(&json!([statement]), "admin-equivalent"), "{statement}");
        }
        for statement in [
            json!({"Effect":"Allow","NotAction":"iam:*","Resource":"*"}),
            allow(&json!("*"), &json!("arn:aws:s3:::amzn-s3-demo-bucket/*")),
            allow(&json!("iam:*"), &json!("arn:aws:iam::111122223333:user/anna")),
        ] {
            assert!(!has(&json!([statement]), "admin-equivalent"), "{statement}");
        }
    }

    #[test]
    fn only_an_unconditional_deny_on_everything_takes_away() {
        let star = allow(&json!("*"), &json!("*"));
        let deny = |change: &Value| {
            let mut deny = json!({"Effect":"Deny","Action":"iam:*","Resource":"*"});
            for (key, value) in change.as_object().unwrap() {
                deny[key] = value.clone();
            }
            deny
        };
        assert!(!has(&json!([star, deny(&json!({}))]), "admin-equivalent"));
        for change in [
            json!({"Resource":"arn:aws:iam::111122223333:user/anna"}),
            json!({"Condition":{"Bool":{"aws:MultiFactorAuthPresent":"false"}}}),
            json!({"Action":"iam:Get*"}),
        ] {
            assert!(has(&json!([star, deny(&change)]), "admin-equivalent"), "{change}");
        }
        let all_but = json!({"Effect":"Deny","NotAction":"s3:*","Resource":"*"});
        assert_eq!(codes(&json!([star, all_but])), Vec::<String>::new());
    }

    #[test]
    fn a_path_may_be_spread_over_statements_and_needs_all_of_it() {
        let pass = allow(&json!("iam:PassRole"), &json!("arn:aws:iam::111122223333:role/app"));
        let run = allow(&json!("lambda:*"), &json!("*"));
        assert!(has(&json!([pass, run]), "privesc:lambda-001"));
        assert!(!has(&json!([pass]), "privesc:lambda-001"));
        let elsewhere = allow(&json!(["iam:PassRole", "lambda:*"]), &json!("arn:aws:s3:::x"));
        assert_eq!(codes(&json!([elsewhere])), Vec::<String>::new());
    }

    #[test]
    fn a_role_that_goes_to_one_service_opens_only_its_paths() {
        let pass = |condition: Value| {
            json!([
                {"Effect":"Allow","Action":"iam:PassRole","Resource":"*","Condition":condition},
                {"Effect":"Allow","Action":["lambda:CreateFunction","lambda:InvokeFunction"],"Resource":"*"},
            ])
        };
        let to = |service: &str| json!({"StringEquals":{"iam:PassedToService":service}});
        assert!(has(&pass(to("lambda.amazonaws.com")), "privesc:lambda-001"));
        assert_eq!(codes(&pass(to("ec2.amazonaws.com"))), Vec::<String>::new());
        for loose in [
            json!({"StringEqualsIfExists":{"iam:PassedToService":"ec2.amazonaws.com"}}),
            json!({"StringNotEquals":{"iam:PassedToService":"ec2.amazonaws.com"}}),
            json!({"StringLike":{"iam:PassedToService":"*"}}),
        ] {
            let codes = codes(&pass(loose));
            assert!(codes.contains(&"privesc:lambda-001".to_owned()));
            assert!(codes.contains(&"pass-role-wildcard".to_owned()));
        }
    }

    #[test]
    fn credentials_of_ones_own_are_no_escalation_but_policies_of_ones_own_are() {
        let own = json!("arn:aws:iam::111122223333:user/${aws:username}");
        let keys = json!(["iam:CreateAccessKey", "iam:DeleteAccessKey", "iam:CreateLoginProfile"]);
        assert_eq!(codes(&json!([allow(&keys, &own)])), Vec::<String>::new());
        assert!(has(&json!([allow(&json!("iam:PutUserPolicy"), &own)]), "privesc:iam-007"));
        assert!(has(&json!([allow(&keys, &json!("*"))]), "privesc:iam-002"));
    }

    #[test]
    fn one_role_is_not_any_role() {
        let assume = json!("sts:AssumeRole");
        assert!(has(
            &json!([allow(&assume, &json!("arn:aws:iam::*:role/*"))]),
            "privesc-existing:sts-001"
        ));
        let one = allow(&assume, &json!("arn:aws:iam::111122223333:role/reader"));
        assert_eq!(codes(&json!([one])), Vec::<String>::new());
        let some = allow(&json!("iam:PassRole"), &json!("arn:aws:iam::111122223333:role/app-*"));
        assert_eq!(codes(&json!([some])), Vec::<String>::new());
    }
}
