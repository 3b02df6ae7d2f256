//! Security-group rules in the five shapes that APIs and events give them.
//!
//! `DescribeSecurityGroups`, CloudTrail's `ipPermissions.items[]`, the flat old call beside an empty
//! `ipPermissions`, `securityGroupRuleSet.items[]`, and `ModifySecurityGroupRules`.
//! Source: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html>.

use ipnet::IpNet;
use serde_json::{Map, Value};

use crate::address;

/// What a rule speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protocol {
    /// TCP or UDP, told apart only because their ports are.
    Tcp,
    /// UDP.
    Udp,
    /// ICMP of either family, whose numbers are types and codes and never ports.
    Icmp,
    /// Every protocol, or one without ports: all ports, whatever the numbers say.
    All,
}

/// A range of ports, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ports {
    /// The lowest.
    pub from: u16,
    /// The highest.
    pub to: u16,
}

impl Ports {
    /// All of them.
    pub const ALL: Self = Self { from: 0, to: u16::MAX };

    /// Whether every port of the other range is in this one.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.from <= other.from && other.to <= self.to
    }
}

/// Where a rule's traffic may come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A network.
    Net(IpNet),
    /// A managed prefix list, by id.
    PrefixList(String),
    /// Another group, and the account that owns it, where that is told.
    Group {
        /// The group's id or name.
        group: String,
        /// The account.
        owner: Option<String>,
    },
    /// A text that is no network.
    Unread(String),
}

/// One ingress rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The place of the permission it came from, from 0.
    pub index: usize,
    /// What it speaks of.
    pub protocol: Protocol,
    /// Its ports; for ICMP all of them, meaning nothing.
    pub ports: Ports,
    /// Where from.
    pub sources: Vec<Source>,
}

/// The ingress rules of a value in any of the shapes; what could not be read is told beside.
#[must_use]
pub fn parse(value: &Value) -> (Vec<Rule>, Vec<String>) {
    let mut reader = Reader::default();
    match value {
        Value::Object(members) => reader.top(members),
        Value::Array(items) => reader.permissions(items),
        Value::Null => {}
        Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            reader.unread.push("the rules are not an object".to_owned());
        }
    }
    (reader.rules, reader.unread)
}

#[derive(Debug, Default)]
struct Reader {
    rules: Vec<Rule>,
    unread: Vec<String>,
}

impl Reader {
    fn top(&mut self, members: &Map<String, Value>) {
        if let Some(permissions) = member(members, "ipPermissions") {
            let items = items(permissions);
            self.permissions_of(&items);
        }
        if let Some(rules) = member(members, "securityGroupRuleSet") {
            self.permissions_of(&items(rules));
        }
        if let Some(rules) = member(members, "securityGroupRules") {
            self.permissions_of(&items(rules));
        }
        if let Some(groups) = member(members, "securityGroups") {
            for group in items(groups).into_iter().filter_map(Value::as_object) {
                self.top(group);
            }
        }
        if let Some(request) = member(members, "ModifySecurityGroupRulesRequest")
            .and_then(Value::as_object)
            .or(Some(members))
        {
            self.modified(request);
        }
        let is_flat = ["ipProtocol", "cidrIp", "cidrIpv6", "cidrIpv4"]
            .iter()
            .any(|name| member(members, name).is_some());
        if is_flat {
            self.permission(members);
        }
    }

    /// `SecurityGroupRule`, one or many, each with the rule inside.
    fn modified(&mut self, request: &Map<String, Value>) {
        let Some(changes) = member(request, "SecurityGroupRule") else { return };
        for change in items(changes).into_iter().filter_map(Value::as_object) {
            match member(change, "SecurityGroupRule").and_then(Value::as_object) {
                Some(inner) => self.permission(inner),
                None => self.permission(change),
            }
        }
    }

    fn permissions(&mut self, list: &[Value]) {
        self.permissions_of(&list.iter().collect::<Vec<_>>());
    }

    fn permissions_of(&mut self, list: &[&Value]) {
        for item in list {
            match item.as_object() {
                Some(members) => self.permission(members),
                None => self.unread.push("a rule is not an object".to_owned()),
            }
        }
    }

    fn permission(&mut self, members: &Map<String, Value>) {
        if member(members, "isEgress").is_some_and(is_true) {
            return;
        }
        let protocol = protocol(member(members, "ipProtocol"));
        let Some(ports) = self.ports(protocol, members) else { return };
        let mut sources = Vec::new();
        for (list, name) in
            [("ipRanges", "cidrIp"), ("ipv6Ranges", "cidrIpv6"), ("ipv4Ranges", "cidrIp")]
        {
            for item in member(members, list).map(items).unwrap_or_default() {
                let text = item
                    .as_str()
                    .or_else(|| item.as_object().and_then(|one| member(one, name)?.as_str()));
                sources.extend(text.map(net));
            }
        }
        for name in ["cidrIp", "cidrIpv4", "cidrIpv6"] {
            sources.extend(member(members, name).and_then(Value::as_str).map(net));
        }
        for item in member(members, "prefixListIds").map(items).unwrap_or_default() {
            let id = item
                .as_str()
                .or_else(|| item.as_object().and_then(|one| member(one, "prefixListId")?.as_str()));
            sources.extend(id.map(|id| Source::PrefixList(id.to_owned())));
        }
        let list = member(members, "prefixListId").and_then(Value::as_str);
        sources.extend(list.map(|id| Source::PrefixList(id.to_owned())));
        for name in ["userIdGroupPairs", "groups"] {
            for item in member(members, name).map(items).unwrap_or_default() {
                sources.extend(item.as_object().map(group));
            }
        }
        if let Some(referenced) = member(members, "referencedGroupInfo").and_then(Value::as_object)
        {
            sources.push(group(referenced));
        }
        let index = self.rules.len();
        self.rules.push(Rule { index, protocol, ports, sources });
    }

    fn ports(&mut self, protocol: Protocol, members: &Map<String, Value>) -> Option<Ports> {
        if matches!(protocol, Protocol::All | Protocol::Icmp) {
            return Some(Ports::ALL);
        }
        let (from, to) = (member(members, "fromPort"), member(members, "toPort"));
        let read = |value: Option<&Value>, absent: u16| match value {
            None | Some(Value::Null) => Some(absent),
            Some(value) => match number(value)? {
                -1 => Some(absent),
                other => u16::try_from(other).ok(),
            },
        };
        let low = read(from, 0);
        // One port alone is its own range; none is all.
        let high = read(
            to,
            if from.is_some_and(|from| number(from) != Some(-1)) {
                low.unwrap_or(u16::MAX)
            } else {
                u16::MAX
            },
        );
        match (low, high) {
            (Some(from), Some(to)) if from <= to => Some(Ports { from, to }),
            _ => {
                self.unread.push("a rule's ports are no range".to_owned());
                None
            }
        }
    }
}

/// Protocols without ports, and names that nobody knows, open all ports.
fn protocol(value: Option<&Value>) -> Protocol {
    let text = match value {
        Some(Value::String(text)) => text.trim().to_ascii_lowercase(),
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_)) | None => {
            return Protocol::All;
        }
    };
    match text.as_str() {
        "tcp" | "6" => Protocol::Tcp,
        "udp" | "17" => Protocol::Udp,
        "icmp" | "1" | "icmpv6" | "58" => Protocol::Icmp,
        _ => Protocol::All,
    }
}

fn net(text: &str) -> Source {
    address::parse(text).map_or_else(|| Source::Unread(text.to_owned()), Source::Net)
}

fn group(members: &Map<String, Value>) -> Source {
    let text = |name: &str| member(members, name).and_then(Value::as_str).map(str::to_owned);
    Source::Group {
        group: text("groupId").or_else(|| text("groupName")).unwrap_or_default(),
        owner: text("userId"),
    }
}

fn number(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn is_true(value: &Value) -> bool {
    match value {
        Value::Bool(on) => *on,
        Value::String(text) => text.eq_ignore_ascii_case("true"),
        Value::Null | Value::Number(_) | Value::Array(_) | Value::Object(_) => false,
    }
}

fn member<'m>(members: &'m Map<String, Value>, name: &str) -> Option<&'m Value> {
    members.get(name).or_else(|| {
        members.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    })
}

/// A list as an array, under `items` or `item`, or a single object; EC2 records an empty list as an
/// empty object.
fn items(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        Value::Object(members) if members.is_empty() => Vec::new(),
        Value::Object(members) => {
            match member(members, "items").or_else(|| member(members, "item")) {
                Some(Value::Array(items)) => items.iter().collect(),
                Some(single) => vec![single],
                None => vec![value],
            }
        }
        Value::String(text) if text.is_empty() => Vec::new(),
        Value::String(_) => vec![value],
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn one(value: &Value) -> Rule {
        let (mut rules, unread) = parse(value);
        assert!(unread.is_empty(), "{unread:?}");
        assert_eq!(rules.len(), 1, "{value}");
        rules.remove(0)
    }

    #[test]
    fn five_shapes_are_one_rule() {
        let expected = Rule {
            index: 0,
            protocol: Protocol::Tcp,
            ports: Ports { from: 22, to: 22 },
            sources: vec![Source::Net("0.0.0.0/0".parse().unwrap())],
        };
        for value in [
            json!({"IpPermissions":[{"IpProtocol":"tcp","FromPort":22,"ToPort":22,"IpRanges":[{"CidrIp":"0.0.0.0/0"}],"Ipv6Ranges":[],"UserIdGroupPairs":[]}]}),
            json!({"ipPermissions":{"items":[{"ipProtocol":"tcp","fromPort":"22","toPort":"22","ipRanges":{"items":[{"cidrIp":"0.0.0.0/0"}]},"ipv6Ranges":{},"groups":{}}]}}),
            json!({"groupId":"sg-1","ipPermissions":{},"ipProtocol":"tcp","fromPort":22,"toPort":22,"cidrIp":"203.0.113.9/0"}),
            json!({"securityGroupRuleSet":{"items":[{"ipProtocol":"TCP","fromPort":22,"toPort":22,"cidrIpv4":"0.0.0.0/0","isEgress":false}]}}),
            json!({"ModifySecurityGroupRulesRequest":{"SecurityGroupRule":{"SecurityGroupRule":{"IpProtocol":6,"FromPort":22,"ToPort":22,"CidrIpv4":"0.0.0.0/0"},"SecurityGroupRuleId":"sgr-1"}}}),
            json!({"SecurityGroups":[{"IpPermissions":[{"IpProtocol":"6","FromPort":22,"ToPort":22,"IpRanges":[{"CidrIp":"0.0.0.0/0"}]}]}]}),
        ] {
            assert_eq!(one(&value), expected, "{value}");
        }
    }

    #[test]
    fn egress_is_not_ingress() {
        let rules = json!({"securityGroupRuleSet":{"items":[{"ipProtocol":"-1","cidrIpv4":"0.0.0.0/0","isEgress":true}]}});
        assert!(parse(&rules).0.is_empty());
    }

    #[test]
    fn numbers_mean_ports_only_where_the_protocol_has_them() {
        for (protocol, expected) in [
            (json!("-1"), Protocol::All),
            (json!(-1), Protocol::All),
            (json!("47"), Protocol::All),
            (json!("icmpv6"), Protocol::Icmp),
        ] {
            let rule =
                one(&json!({"ipProtocol":protocol,"fromPort":0,"toPort":0,"cidrIp":"0.0.0.0/0"}));
            assert_eq!((rule.protocol, rule.ports), (expected, Ports::ALL));
        }
        let zero = one(&json!({"ipProtocol":"tcp","fromPort":0,"toPort":0,"cidrIp":"0.0.0.0/0"}));
        assert_eq!(zero.ports, Ports { from: 0, to: 0 });
        let none = one(&json!({"ipProtocol":"tcp","cidrIp":"0.0.0.0/0"}));
        assert_eq!(none.ports, Ports::ALL);
    }

    #[test]
    fn what_is_no_range_is_told() {
        let (_, unread) =
            parse(&json!({"ipProtocol":"tcp","fromPort":90000,"toPort":1,"cidrIp":"0.0.0.0/0"}));
        assert_eq!(unread.len(), 1);
    }
}
