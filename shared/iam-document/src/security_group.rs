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
    /// ICMP of IPv4, whose numbers are types and codes and never ports.
    Icmp,
    /// ICMP of IPv6.
    Icmpv6,
    /// Another protocol by its number: it has no ports, so it is open or it is not.
    Other(u8),
    /// Every protocol, or one that nobody knows: all ports, whatever the numbers say.
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
    /// Its ports; for ICMP the type of its messages, which is no port.
    pub ports: Ports,
    /// Where from.
    pub sources: Vec<Source>,
}

/// The ingress rules of a value in any of the shapes; what could not be read is told beside, and so
/// is a value that holds no list of rules at all, for nothing says that it admits nobody.
#[must_use]
pub fn parse(value: &Value) -> (Vec<Rule>, Vec<String>) {
    let mut reader = Reader::default();
    match value {
        Value::Object(members) => reader.top(members),
        Value::Array(items) => reader.list(items),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
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

/// The lists of rules that a group, a call or an answer holds.
const LISTS: [&str; 3] = ["ipPermissions", "securityGroupRuleSet", "securityGroupRules"];

/// What names where a rule's traffic may come from.
const SOURCES: [&str; 13] = [
    "cidrIp",
    "cidrIpv4",
    "cidrIpv6",
    "groups",
    "ipRanges",
    "ipv4Ranges",
    "ipv6Ranges",
    "prefixListId",
    "prefixListIds",
    "referencedGroupId",
    "referencedGroupInfo",
    "sourceSecurityGroupName",
    "userIdGroupPairs",
];

impl Reader {
    fn top(&mut self, members: &Map<String, Value>) {
        let mut told = false;
        for name in LISTS {
            if let Some(rules) = given(members, name) {
                told = true;
                let rules = self.items(name, rules);
                self.permissions(&rules);
            }
        }
        if let Some(groups) = given(members, "securityGroups") {
            told = true;
            for group in self.items("securityGroups", groups) {
                match group.as_object() {
                    Some(group) => self.top(group),
                    None => self.unread.push("a group is not an object".to_owned()),
                }
            }
        }
        let request = given(members, "ModifySecurityGroupRulesRequest").and_then(Value::as_object);
        if let Some(changes) = given(request.unwrap_or(members), "SecurityGroupRule") {
            told = true;
            self.modified(changes);
        }
        let is_flat = ["ipProtocol", "cidrIp", "cidrIpv6", "cidrIpv4", "sourceSecurityGroupName"]
            .iter()
            .any(|name| given(members, name).is_some());
        if is_flat {
            told = true;
            self.permission(members);
        }
        if !told {
            self.unread.push("it holds no list of rules".to_owned());
        }
    }

    /// A bare list: of groups, as a query for `SecurityGroups` prints it, or of rules.
    fn list(&mut self, items: &[Value]) {
        for item in items {
            let group = item
                .as_object()
                .filter(|members| LISTS.into_iter().any(|name| given(members, name).is_some()));
            match group {
                Some(members) => self.top(members),
                None => self.permissions(&[item]),
            }
        }
    }

    /// `SecurityGroupRule`, one or many, each with the rule inside.
    fn modified(&mut self, changes: &Value) {
        for change in self.items("SecurityGroupRule", changes) {
            match change.as_object() {
                Some(change) => {
                    let inner = given(change, "SecurityGroupRule").and_then(Value::as_object);
                    self.permission(inner.unwrap_or(change));
                }
                None => self.unread.push("a changed rule is not an object".to_owned()),
            }
        }
    }

    fn permissions(&mut self, list: &[&Value]) {
        for item in list {
            match item.as_object() {
                Some(members) => self.permission(members),
                None => self.unread.push("a rule is not an object".to_owned()),
            }
        }
    }

    fn permission(&mut self, members: &Map<String, Value>) {
        if given(members, "isEgress").is_some_and(is_true) {
            return;
        }
        if SOURCES.into_iter().all(|name| given(members, name).is_none()) {
            self.unread.push("a rule names no source".to_owned());
            return;
        }
        let protocol = protocol(given(members, "ipProtocol"));
        let Some(ports) = self.ports(protocol, members) else { return };
        let mut sources = Vec::new();
        for (list, name, read) in [
            ("ipRanges", "cidrIp", net as fn(&str) -> Source),
            ("ipv6Ranges", "cidrIpv6", net),
            ("ipv4Ranges", "cidrIp", net),
            ("prefixListIds", "prefixListId", prefix_list),
        ] {
            for item in given(members, list).map(|it| self.items(list, it)).unwrap_or_default() {
                let text = item
                    .as_str()
                    .or_else(|| item.as_object().and_then(|one| given(one, name)?.as_str()));
                match text {
                    Some(text) => sources.push(read(text)),
                    None => self.unread.push(format!("a part of `{list}` has no `{name}`")),
                }
            }
        }
        for (name, read) in [
            ("cidrIp", net as fn(&str) -> Source),
            ("cidrIpv4", net),
            ("cidrIpv6", net),
            ("prefixListId", prefix_list),
        ] {
            match given(members, name).map(Value::as_str) {
                Some(Some(text)) => sources.push(read(text)),
                Some(None) => self.unread.push(format!("`{name}` is no text")),
                None => {}
            }
        }
        // As the flat form of a call names a group, and as a change of a rule does.
        let text = |name: &str| given(members, name).and_then(Value::as_str).map(str::to_owned);
        for name in ["sourceSecurityGroupName", "referencedGroupId"] {
            if let Some(group) = text(name) {
                sources.push(Source::Group { group, owner: text("sourceSecurityGroupOwnerId") });
            }
        }
        for name in ["userIdGroupPairs", "groups", "referencedGroupInfo"] {
            for item in given(members, name).map(|it| self.items(name, it)).unwrap_or_default() {
                match item.as_object() {
                    Some(members) => sources.push(group(members)),
                    None => self.unread.push(format!("a part of `{name}` is not an object")),
                }
            }
        }
        let index = self.rules.len();
        self.rules.push(Rule { index, protocol, ports, sources });
    }

    /// A list as an array, under `items` or `item`, or a single element; EC2 records an empty list
    /// as an empty object.
    fn items<'v>(&mut self, name: &str, value: &'v Value) -> Vec<&'v Value> {
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
            Value::Null | Value::Bool(_) | Value::Number(_) => {
                self.unread.push(format!("`{name}` is no list"));
                Vec::new()
            }
        }
    }

    fn ports(&mut self, protocol: Protocol, members: &Map<String, Value>) -> Option<Ports> {
        match protocol {
            Protocol::Tcp | Protocol::Udp => {}
            Protocol::Icmp | Protocol::Icmpv6 => return Some(message_type(members)),
            Protocol::Other(_) | Protocol::All => return Some(Ports::ALL),
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

/// The type of ICMP's messages, which stands where ports have their lowest; its codes, of which a
/// type has few, are not told apart. None, `-1` and whatever is no type mean all of them.
fn message_type(members: &Map<String, Value>) -> Ports {
    let number = member(members, "fromPort").and_then(number);
    number
        .and_then(|number| u16::try_from(number).ok())
        .map_or(Ports::ALL, |one| Ports { from: one, to: one })
}

/// A name that nobody knows opens everything.
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
        "icmp" | "1" => Protocol::Icmp,
        "icmpv6" | "58" => Protocol::Icmpv6,
        other => other.parse().map_or(Protocol::All, Protocol::Other),
    }
}

fn net(text: &str) -> Source {
    address::parse(text).map_or_else(|| Source::Unread(text.to_owned()), Source::Net)
}

fn prefix_list(id: &str) -> Source {
    Source::PrefixList(id.to_owned())
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

/// A member that is there and not null.
fn given<'m>(members: &'m Map<String, Value>, name: &str) -> Option<&'m Value> {
    member(members, name).filter(|value| !value.is_null())
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
            json!([{"GroupId":"sg-1","IpPermissions":[{"IpProtocol":"tcp","FromPort":22,"ToPort":22,"IpRanges":[{"CidrIp":"0.0.0.0/0"}]}],"IpPermissionsEgress":[{"IpProtocol":"-1","IpRanges":[{"CidrIp":"0.0.0.0/0"}]}]}]),
            json!([{"IpProtocol":"tcp","FromPort":22,"ToPort":22,"IpRanges":[{"CidrIp":"0.0.0.0/0"}]}]),
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
            (json!("47"), Protocol::Other(47)),
            (json!("unheard-of"), Protocol::All),
        ] {
            let rule =
                one(&json!({"ipProtocol":protocol,"fromPort":0,"toPort":0,"cidrIp":"0.0.0.0/0"}));
            assert_eq!((rule.protocol, rule.ports), (expected, Ports::ALL));
        }
        for (from, ports) in [
            (json!(8), Ports { from: 8, to: 8 }),
            (json!(-1), Ports::ALL),
            (json!(null), Ports::ALL),
        ] {
            let echo =
                one(&json!({"ipProtocol":"icmp","fromPort":from,"toPort":0,"cidrIp":"0.0.0.0/0"}));
            assert_eq!((echo.protocol, echo.ports), (Protocol::Icmp, ports), "{from}");
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

    #[test]
    fn a_group_without_rules_admits_nobody_and_no_group_says_nothing() {
        for value in [
            json!([]),
            json!({"IpPermissions":[]}),
            json!({"ipPermissions":{}}),
            json!([{"GroupId":"sg-1","IpPermissions":[]}]),
            json!({"SecurityGroups":[]}),
        ] {
            assert_eq!(parse(&value), (vec![], vec![]), "{value}");
        }
        for value in [
            json!(null),
            json!({}),
            json!({"IpPermissions":null}),
            json!({"IpPermissions":7}),
            json!({"Statement":[]}),
            json!({"GroupId":"sg-1"}),
            json!({"SecurityGroups":[{"GroupId":"sg-1"}]}),
            json!({"SecurityGroups":["sg-1"]}),
            json!({"SecurityGroupRule":["sgr-1"]}),
            json!([{"GroupId":"sg-1"}]),
            json!([[]]),
            json!({"IpPermissions":[{"IpProtocol":"-1"}]}),
            json!({"IpPermissions":[{"IpProtocol":"-1","IpRanges":[{"Cidr":"0.0.0.0/0"}]}]}),
            json!({"IpPermissions":[{"IpProtocol":"-1","IpRanges":true}]}),
            json!({"IpPermissions":[{"IpProtocol":"-1","UserIdGroupPairs":["sg-2"]}]}),
            json!({"ipProtocol":"-1","cidrIp":["0.0.0.0/0"]}),
        ] {
            let (rules, unread) = parse(&value);
            let reached = rules.iter().flat_map(|rule| &rule.sources).count();
            assert_eq!((reached, unread.len()), (0, 1), "{value}: {unread:?}");
        }
    }
}
