//! What must hold of the template, each rule a function from a template to what breaks it. The
//! rules are applied to the real template (`main.rs`) and to damaged ones (`defects.rs`).

mod access;
mod delivery;
mod functions;
mod structure;
mod telling;

use controls::AnyControl;
use scenarios::template::Template;

/// What breaks a rule, in words.
pub(crate) type Broken = Vec<String>;

/// A rule.
pub(crate) type Rule = fn(&Template) -> Broken;

/// Every rule by its name.
pub(crate) const RULES: &[(&str, Rule)] = &[
    ("transforms", structure::transforms),
    ("retention", structure::retention),
    ("parameters", structure::parameters),
    ("names", structure::names),
    ("functions", functions::functions),
    ("reservations", functions::reservations),
    ("environment", functions::environment),
    ("rules_match_subscriptions", delivery::rules_match_subscriptions),
    ("patterns", delivery::patterns),
    ("targets", delivery::targets),
    ("queue_policies", delivery::queue_policies),
    ("queues", delivery::queues),
    ("roles", access::roles),
    ("actions", access::actions),
    ("resources_of_actions", access::resources_of_actions),
    ("deputies", access::deputies),
    ("key", access::key),
    ("table", telling::table),
    ("alarms", telling::alarms),
    ("topic", telling::topic),
    ("logs", functions::logs),
    ("home_region", functions::home_region),
    ("tags", structure::tags),
    ("sizes", structure::sizes),
];

fn control_of(id: &str) -> Option<&'static dyn AnyControl> {
    controls::all().iter().copied().find(|control| control.id().as_str() == id)
}

/// `s3-public-acl` -> `S3PublicAcl`: a function's logical id, and the stem of what belongs to it.
pub(crate) fn logical(id: &str) -> String {
    id.split('-')
        .map(|word| {
            let mut letters = word.chars();
            let first = letters.next().map(|letter| letter.to_ascii_uppercase());
            first.into_iter().chain(letters).collect::<String>()
        })
        .collect()
}
