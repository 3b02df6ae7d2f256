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

use scenarios::{template::Template, workspace};

/// The operating guide says what to do at each alarm, and has what the template sends people to it
/// for.
#[test]
fn the_guide_has_every_alarm_setting_and_chapter_that_the_template_names() {
    let guide = workspace::read("docs/operating.md").unwrap();
    let template = Template::read().unwrap();
    let mut owners: Vec<&str> =
        template.of_type("AWS::Events::Rule").iter().map(|it| it.name).collect();
    owners.extend(template.functions().iter().map(|(_, function)| function.name));
    // A rule's name begins with its function's.
    owners.sort_by_key(|name| std::cmp::Reverse(name.len()));
    for alarm in template.of_type("AWS::CloudWatch::Alarm") {
        let suffix = owners.iter().find_map(|owner| alarm.name.strip_prefix(owner)).unwrap();
        assert!(guide.contains(&format!("| `…{suffix}` |")), "{} is not in the guide", alarm.name);
    }
    let variables = template.document.pointer("/Globals/Function/Environment/Variables").unwrap();
    for name in variables.as_object().unwrap().keys() {
        assert!(guide.contains(&format!("| `{name}` |")), "{name} is not in the guide");
    }
    let text = workspace::read("template.yaml").unwrap();
    let chapters: Vec<&str> = text
        .split("docs/operating.md, \"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    assert!(!chapters.is_empty());
    for chapter in chapters.into_iter().chain(["Deploying", "From observe to enforce", "Alarms"]) {
        assert!(guide.contains(&format!("\n## {chapter}\n")), "no chapter `{chapter}`");
    }
}

#[test]
fn the_template_keeps_every_rule() {
    let template = Template::read().unwrap();
    let mut broken = Vec::new();
    for (name, rule) in checks::RULES {
        broken.extend(rule(&template).into_iter().map(|told| format!("{name}: {told}")));
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}
