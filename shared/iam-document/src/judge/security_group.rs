//! A security group: which ports does it open, and to whom?
//!
//! Rules are sets: the networks of all rules that open a port add up. Ports are reported by the
//! rule that opens them, and where only several rules together open one, by that one.
//! Source: Security Hub EC2.18 and EC2.19,
//! <https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html>.

use std::collections::BTreeSet;

use ipnet::IpNet;
use serde_json::Value;

use super::sink::{Place, Sink};
use crate::{
    Context, Exposure, Verdict, address,
    principal::is_account,
    security_group::{Ports, Protocol, Rule, Source, parse},
};

pub(super) fn judge(value: &Value, context: &Context) -> Verdict {
    let (rules, unread) = parse(value);
    let mut sink = Sink::new(context);
    for problem in unread {
        sink.find("malformed-policy", Place::default(), problem.clone());
        sink.unclear(problem);
    }
    for rule in &rules {
        sources(rule, &mut sink);
    }
    let mut told: Vec<(Protocol, Ports)> = Vec::new();
    // A rule that names no network opens nothing and is never blamed.
    let all: Vec<&Rule> = rules.iter().filter(|rule| !nets(rule, context).is_empty()).collect();
    for rule in &all {
        let opened = (rule.protocol, rule.ports);
        if !told.contains(&opened) && opens(&all, opened, context) {
            told.push(opened);
            world(rule.index, rule.protocol, rule.ports, &mut sink);
        }
    }
    // Ports that only overlapping rules open together.
    for protocol in [Protocol::Tcp, Protocol::Udp] {
        for ports in elementary(&rules, protocol) {
            let told_already = told.iter().any(|(known, range)| {
                range.contains(ports) && (*known == protocol || *known == Protocol::All)
            });
            let reached = reaching(&all, protocol, ports, context);
            if !told_already && address::is_world(&reached) {
                let first = all.iter().find(|rule| is_open_for(rule, protocol, ports));
                world(first.map_or(0, |rule| rule.index), protocol, ports, &mut sink);
            }
        }
    }
    for rule in &rules {
        let is_told = told.contains(&(rule.protocol, rule.ports));
        let broad = nets(rule, context).into_iter().find(address::is_broad);
        if let Some(net) = broad.filter(|_| !is_told && !is_allowed(rule, context)) {
            let detail = format!("the rule admits {net}, a large part of the internet");
            sink.find_at("broad-cidr", rule.index, Some(&net.to_string()), detail);
        }
    }
    sink.finish()
}

/// Whether the world reaches these ports, and would not without the rules that are about just them:
/// a rule for our own networks opens nothing because another one does.
fn opens(rules: &[&Rule], (protocol, ports): (Protocol, Ports), context: &Context) -> bool {
    if !address::is_world(&reaching(rules, protocol, ports, context)) {
        return false;
    }
    let (own, others): (Vec<&Rule>, Vec<&Rule>) =
        rules.iter().partition(|rule| (rule.protocol, rule.ports) == (protocol, ports));
    let own: Vec<IpNet> = own.into_iter().flat_map(|rule| nets(rule, context)).collect();
    address::is_world(&own) || !address::is_world(&reaching(&others, protocol, ports, context))
}

fn is_allowed(rule: &Rule, context: &Context) -> bool {
    let allowed = &context.trust.allowed_public_ports;
    matches!(rule.protocol, Protocol::Tcp | Protocol::Udp)
        && (rule.ports.from..=rule.ports.to).all(|port| allowed.contains(&port))
}

/// The networks that a rule names, prefix lists resolved where they are known.
fn nets(rule: &Rule, context: &Context) -> Vec<IpNet> {
    let mut nets = Vec::new();
    for source in &rule.sources {
        match source {
            Source::Net(net) => nets.push(*net),
            Source::PrefixList(id) => nets.extend(
                context
                    .prefix_lists
                    .get(id)
                    .into_iter()
                    .flatten()
                    .filter_map(|text| address::parse(text)),
            ),
            Source::Group { .. } | Source::Unread(_) => {}
        }
    }
    nets
}

/// Whether a rule opens all of the ports to those whom it names.
fn is_open_for(rule: &Rule, protocol: Protocol, ports: Ports) -> bool {
    (rule.protocol == protocol || rule.protocol == Protocol::All) && rule.ports.contains(ports)
}

/// The networks of every rule that opens all of the ports.
fn reaching(rules: &[&Rule], protocol: Protocol, ports: Ports, context: &Context) -> Vec<IpNet> {
    rules
        .iter()
        .filter(|rule| is_open_for(rule, protocol, ports))
        .flat_map(|rule| nets(rule, context))
        .collect()
}

/// The ranges between all ends of a protocol's rules.
fn elementary(rules: &[Rule], protocol: Protocol) -> Vec<Ports> {
    let mut starts: BTreeSet<u16> = BTreeSet::new();
    for rule in rules.iter().filter(|rule| rule.protocol == protocol) {
        starts.insert(rule.ports.from);
        starts.extend(rule.ports.to.checked_add(1));
    }
    let ends = starts.iter().skip(1).filter_map(|next| next.checked_sub(1)).chain([u16::MAX]);
    starts.iter().copied().zip(ends).map(|(from, to)| Ports { from, to }).collect()
}

fn sources(rule: &Rule, sink: &mut Sink<'_>) {
    for source in &rule.sources {
        match source {
            Source::Net(_) => sink.expose(Exposure::Accounts),
            Source::PrefixList(id) if sink.context.prefix_lists.contains_key(id) => {
                sink.expose(Exposure::Accounts);
            }
            Source::PrefixList(id) => {
                sink.find_at(
                    "prefix-list-unresolved",
                    rule.index,
                    Some(id),
                    format!("the networks of prefix list `{id}` are not known"),
                );
                sink.unclear(format!("would read the entries of prefix list `{id}`"));
            }
            Source::Group { owner, group } => {
                let foreign = owner
                    .as_deref()
                    .filter(|owner| is_account(owner) && !sink.context.trusts(owner));
                let Some(owner) = foreign else {
                    sink.expose(Exposure::Account);
                    continue;
                };
                sink.find_at(
                    "cross-account-untrusted",
                    rule.index,
                    Some(group),
                    format!("the rule admits a group of account {owner}, which is not trusted"),
                );
                sink.stranger(owner);
                sink.expose(Exposure::Accounts);
            }
            Source::Unread(text) => {
                let problem = format!("`{text}` is no network");
                sink.find_at("malformed-policy", rule.index, Some(text), problem.clone());
                sink.unclear(problem);
            }
        }
    }
}

/// Ports that the world reaches.
fn world(index: usize, protocol: Protocol, ports: Ports, sink: &mut Sink<'_>) {
    sink.public(None);
    if matches!(protocol, Protocol::Icmp | Protocol::Icmpv6) {
        sink.find_at("world-open:icmp", index, None, "the rule admits ICMP from the world");
        return;
    }
    if let Protocol::Other(number) = protocol {
        let detail = format!("the rule admits the world by protocol {number}, which has no ports");
        sink.find_at("world-open:all", index, None, detail);
        return;
    }
    if protocol == Protocol::All || ports == Ports::ALL {
        sink.find_at("world-open:all", index, None, "the rule admits the world to all ports");
        return;
    }
    let trust = &sink.context.trust;
    let sensitive: Vec<u16> = trust.sensitive_ports.range(ports.from..=ports.to).copied().collect();
    let allowed = (ports.from..=ports.to).all(|port| trust.allowed_public_ports.contains(&port));
    if sensitive.is_empty() && !allowed {
        let detail = format!("the rule admits the world to ports {} to {}", ports.from, ports.to);
        sink.find_at("world-open:other", index, None, detail);
    }
    for port in sensitive {
        let detail = format!("the rule admits the world to port {port}");
        sink.find_at(format!("world-open:{port}"), index, None, detail);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{Kind, inspect};

    fn group(rules: &Value) -> Verdict {
        let context = Context::from_json(&json!({"account_id":"111122223333"})).unwrap();
        inspect(Kind::SecurityGroup, &json!({"ipPermissions":{"items":rules}}), &context)
    }

    fn rule(protocol: &str, from: i32, to: i32, nets: &[&str]) -> Value {
        let nets: Vec<Value> = nets.iter().map(|net| json!({"cidrIp":net})).collect();
        json!({"ipProtocol":protocol,"fromPort":from,"toPort":to,"ipRanges":{"items":nets}})
    }

    fn codes(rules: &Value) -> Vec<String> {
        group(rules).codes().into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn a_rule_for_our_own_networks_is_not_blamed_for_another() {
        let world = rule("-1", -1, -1, &["0.0.0.0/0"]);
        for own in [rule("tcp", 22, 22, &["10.0.0.0/8"]), rule("tcp", 22, 22, &[])] {
            let verdict = group(&json!([own, world]));
            assert_eq!(verdict.codes().into_iter().collect::<Vec<_>>(), ["world-open:all"]);
            assert_eq!(verdict.findings[0].statement, Some(1));
        }
        let over = rule("tcp", 20, 22, &["0.0.0.0/1"]);
        let under = rule("tcp", 22, 25, &["128.0.0.0/1"]);
        let verdict = group(&json!([rule("udp", 0, 65535, &[]), over, under]));
        let found = verdict.findings.iter().find(|it| it.code == "world-open:22").unwrap();
        assert_eq!(found.statement, Some(1));
    }

    #[test]
    fn a_group_is_a_source_in_every_form_of_the_call() {
        let context = Context::from_json(&json!({"account_id":"111122223333"})).unwrap();
        let flat = json!({"groupId":"sg-1","ipPermissions":{},"sourceSecurityGroupName":"x",
            "sourceSecurityGroupOwnerId":"222233334444"});
        let verdict = inspect(Kind::SecurityGroup, &flat, &context);
        assert_eq!(verdict.cross_account, ["222233334444"]);
        let changed = json!({"securityGroupRules":[{"ipProtocol":"tcp","fromPort":22,"toPort":22,
            "referencedGroupId":"sg-2"}]});
        let verdict = inspect(Kind::SecurityGroup, &changed, &context);
        assert!(verdict.findings.is_empty() && verdict.error.is_none(), "{verdict:?}");
    }

    #[test]
    fn protocols_without_ports_do_not_add_up_to_each_other() {
        let halves = |one: &str, other: &str| {
            codes(&json!([
                rule(one, -1, -1, &["0.0.0.0/1"]),
                rule(other, 22, 22, &["128.0.0.0/1"])
            ]))
        };
        for (one, other) in [("47", "50"), ("50", "tcp"), ("icmp", "icmpv6")] {
            assert_eq!(halves(one, other), ["broad-cidr"], "{one} {other}");
        }
        assert_eq!(halves("50", "50"), ["world-open:all"]);
    }

    #[test]
    fn types_of_icmp_do_not_add_up_to_each_other() {
        let halves = |one: i32, other: i32| {
            codes(&json!([
                rule("icmp", one, 0, &["0.0.0.0/1"]),
                rule("icmp", other, 0, &["128.0.0.0/1"])
            ]))
        };
        assert_eq!(halves(8, 3), ["broad-cidr"]);
        assert_eq!(halves(8, 8), ["world-open:icmp"]);
        assert!(halves(-1, 8).contains(&"world-open:icmp".to_owned()));
    }

    #[test]
    fn what_the_world_may_reach_half_of_it_may_and_sensitive_ports_are_told_all_the_same() {
        assert_eq!(codes(&json!([rule("tcp", 443, 443, &["0.0.0.0/1"])])), [""; 0]);
        assert_eq!(codes(&json!([rule("tcp", 443, 444, &["0.0.0.0/1"])])), ["broad-cidr"]);
        let both = json!({"account_id":"111122223333","sensitive_ports":[22, 8080],
            "allowed_public_ports":[443, 8080]});
        let context = Context::from_json(&both).unwrap();
        let open = json!({"ipPermissions":{"items":[rule("tcp", 8080, 8080, &["0.0.0.0/0"])]}});
        let verdict = inspect(Kind::SecurityGroup, &open, &context);
        assert_eq!(verdict.codes().into_iter().collect::<Vec<_>>(), ["world-open:8080"]);
    }

    #[test]
    fn halves_add_up_within_a_rule_and_over_rules() {
        assert_eq!(
            codes(&json!([rule("tcp", 22, 22, &["0.0.0.0/1", "128.0.0.0/1"])])),
            ["world-open:22"]
        );
        let over =
            json!([rule("tcp", 22, 22, &["0.0.0.0/1"]), rule("tcp", 22, 22, &["128.0.0.0/1"])]);
        assert_eq!(codes(&over), ["world-open:22"]);
    }

    #[test]
    fn overlapping_ranges_open_what_they_share() {
        let rules =
            json!([rule("tcp", 20, 22, &["0.0.0.0/1"]), rule("tcp", 22, 25, &["128.0.0.0/1"])]);
        assert!(codes(&rules).contains(&"world-open:22".to_owned()));
        assert!(!codes(&rules).contains(&"world-open:21".to_owned()));
        let with_all =
            json!([rule("-1", 0, 0, &["0.0.0.0/1"]), rule("tcp", 22, 22, &["128.0.0.0/1"])]);
        assert!(codes(&with_all).contains(&"world-open:22".to_owned()));
        let other_protocol =
            json!([rule("udp", 22, 22, &["0.0.0.0/1"]), rule("tcp", 22, 22, &["128.0.0.0/1"])]);
        assert!(!group(&other_protocol).public);
    }

    #[test]
    fn a_range_reports_every_sensitive_port_in_it() {
        assert_eq!(
            codes(&json!([rule("tcp", 3300, 3400, &["0.0.0.0/0"])])),
            ["world-open:3306", "world-open:3389"]
        );
        assert_eq!(codes(&json!([rule("tcp", 8443, 8443, &["0.0.0.0/0"])])), ["world-open:other"]);
        let allowed = group(&json!([rule("tcp", 443, 443, &["0.0.0.0/0"])]));
        assert!(allowed.public && allowed.findings.is_empty());
    }

    #[test]
    fn prefix_lists_are_unclear_until_they_are_known() {
        let rules = json!([{"ipProtocol":"tcp","fromPort":22,"toPort":22,"prefixListIds":{"items":[{"prefixListId":"pl-1"}]}}]);
        let verdict = group(&rules);
        assert_eq!(verdict.exposure, Exposure::Unclear);
        assert!(verdict.codes().contains("prefix-list-unresolved"));
        let context = Context::from_json(&json!({"prefix_lists":{"pl-1":["0.0.0.0/0"]}})).unwrap();
        let known =
            inspect(Kind::SecurityGroup, &json!({"ipPermissions":{"items":rules}}), &context);
        assert!(known.codes().contains("world-open:22") && known.is_certain());
    }

    #[test]
    fn foreign_groups_are_cross_account_and_self_is_not() {
        let pairs = |owner: &str| json!([{"ipProtocol":"tcp","fromPort":22,"toPort":22,"groups":{"items":[{"groupId":"sg-1","userId":owner}]}}]);
        assert_eq!(group(&pairs("222233334444")).cross_account, ["222233334444"]);
        assert!(group(&pairs("111122223333")).cross_account.is_empty());
        assert!(group(&pairs("amazon-elb")).cross_account.is_empty());
    }
}
