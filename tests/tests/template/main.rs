//! `template.yaml` held to the deployment contract: what a reviewer of a production account would
//! ask of it, and what the code relies on.
//!
//! `checks.rs` holds the rules, `defects.rs` proves that each of them can see what it is for,
//! `rules.rs` evaluates the template's own assertions, `translated.rs` looks at what SAM makes of
//! it.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops where it goes wrong; an index into JSON gives null"
)]

mod checks;
mod defects;
mod rules;
mod translated;

use scenarios::template::Template;

#[test]
fn the_template_keeps_every_rule() {
    let template = Template::read().unwrap();
    let mut broken = Vec::new();
    for (name, rule) in checks::RULES {
        broken.extend(rule(&template).into_iter().map(|told| format!("{name}: {told}")));
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}
