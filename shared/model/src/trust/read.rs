//! From a value to the keys of a trust file, with every problem on the way.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{BucketFloor, KEYS, OF_ONE_RESOURCE, PasswordFloor, Trust, TrustProblem, floors};
use crate::Arn;

/// Takes the keys out one by one and keeps what is wrong with them.
pub(super) struct Reader {
    pub(super) keys: Map<String, Value>,
    pub(super) problems: Vec<TrustProblem>,
}

impl Reader {
    fn problem(&mut self, key: &str, problem: impl Into<String>) {
        self.problems.push(TrustProblem { key: key.to_owned(), problem: problem.into() });
    }

    /// Names the keys that there are not.
    pub(super) fn unknown(&mut self) {
        let unknown: Vec<String> =
            self.keys.keys().filter(|key| !KEYS.contains(&key.as_str())).cloned().collect();
        for key in unknown {
            if OF_ONE_RESOURCE.contains(&key.as_str()) {
                let problem = "is said of one document and cannot be true of all; it belongs into \
                               the `context` of a line of `inspect --batch`";
                self.problem(&key, problem);
            } else {
                self.problem(&key, format!("unknown key; known are {}", KEYS.join(", ")));
            }
        }
    }

    /// A key's value; null counts as not set.
    fn take(&mut self, key: &str) -> Option<Value> {
        self.keys.remove(key).filter(|value| !value.is_null())
    }

    /// A single value.
    pub(super) fn one<T: DeserializeOwned>(&mut self, key: &str, wanted: &str) -> Option<T> {
        let value = self.take(key)?;
        match read(value, wanted) {
            Ok(read) => Some(read),
            Err(problem) => {
                self.problem(key, problem);
                None
            }
        }
    }

    /// A list, each of its elements told of.
    pub(super) fn list<L, T>(&mut self, key: &str, default: L) -> L
    where
        L: Default + Extend<T> + IntoIterator<Item = T>,
        T: DeserializeOwned,
    {
        match self.take(key) {
            Some(value) => self.elements(key, "", value),
            None => default,
        }
    }

    fn elements<L, T>(&mut self, key: &str, lead: &str, value: Value) -> L
    where
        L: Default + Extend<T> + IntoIterator<Item = T>,
        T: DeserializeOwned,
    {
        let mut list = L::default();
        let Value::Array(items) = value else {
            self.problem(key, format!("{lead}is {} where a list was expected", kind(&value)));
            return list;
        };
        for (number, item) in (1_usize..).zip(items) {
            match read(item, "what such a list holds") {
                Ok(read) => list.extend([read]),
                Err(problem) => self.problem(key, format!("{lead}element {number} {problem}")),
            }
        }
        list
    }

    /// Names and what each of them stands for.
    fn members(&mut self, key: &str) -> Map<String, Value> {
        match self.take(key) {
            None => Map::new(),
            Some(Value::Object(members)) => members,
            Some(other) => {
                self.problem(key, format!("is {} where a table was expected", kind(&other)));
                Map::new()
            }
        }
    }

    pub(super) fn tenants(&mut self, key: &str) -> BTreeMap<String, BTreeSet<String>> {
        let mut tenants = BTreeMap::new();
        for (issuer, value) in self.members(key) {
            let list = self.elements(key, &format!("`{}`: ", issuer.escape_debug()), value);
            tenants.insert(issuer, list);
        }
        tenants
    }

    pub(super) fn texts(&mut self, key: &str) -> BTreeMap<String, String> {
        let mut texts = BTreeMap::new();
        for (name, value) in self.members(key) {
            match read::<String>(value, "text") {
                Ok(text) if name.trim().is_empty() || text.trim().is_empty() => {
                    let pair = format!("`{}` = `{}`", name.escape_debug(), text.escape_debug());
                    self.problem(key, format!("{pair} leaves the pattern or the key empty"));
                }
                Ok(text) => drop(texts.insert(name, text)),
                Err(problem) => {
                    self.problem(key, format!("`{}`: {problem}", name.escape_debug()));
                }
            }
        }
        texts
    }

    /// What buckets must have at least.
    pub(super) fn floors(&mut self, key: &str) -> Vec<BucketFloor> {
        let (floors, problems) = floors::floors(self.list(key, Vec::new()));
        for problem in problems {
            self.problem(key, problem);
        }
        floors
    }

    /// What the account's passwords must be at least.
    pub(super) fn password(&mut self, key: &str) -> PasswordFloor {
        let mut problems = Vec::new();
        let floor = PasswordFloor::read(self.members(key), &mut problems);
        for problem in problems {
            self.problem(key, problem);
        }
        floor
    }

    /// What types cannot say.
    pub(super) fn check(&mut self, trust: &Trust) {
        let accounts = [
            ("account_id", trust.account_id.iter().collect::<Vec<_>>()),
            ("trusted_accounts", trust.trusted_accounts.iter().collect()),
            ("third_party_accounts", trust.third_party_accounts.iter().collect()),
        ];
        for (key, ids) in accounts {
            for id in ids.into_iter().filter(|id| !id.is_well_formed()) {
                self.problem(key, format!("`{id}` is not an account id of twelve digits"));
            }
        }
        for (key, orgs) in [
            ("org_id", trust.org_id.iter().collect::<Vec<_>>()),
            ("trusted_orgs", trust.trusted_orgs.iter().collect()),
        ] {
            for org in orgs.into_iter().filter(|org| !org.starts_with("o-")) {
                self.problem(key, format!("`{org}` is not an organization id (`o-…`)"));
            }
        }
        self.units(&trust.organizational_units);
        let most = u32::try_from(crate::MOST_REMEMBERED).unwrap_or(u32::MAX);
        if !(1..=most).contains(&trust.denied_calls) {
            self.problem("denied_calls", format!("is not between 1 and {most}"));
        }
        if !(1..=86_400).contains(&trust.denied_calls_window_seconds) {
            self.problem("denied_calls_window_seconds", "is not between 1 and 86400");
        }
        if let Some(key) = trust.kms_key_arn.as_ref().filter(|key| !key.contains(":key/")) {
            self.problem(
                "kms_key_arn",
                format!("`{key}` is not a key's ARN (`arn:…:kms:…:key/…`)"),
            );
        }
        let named = trust.required_kms_keys.values();
        for key in named.filter(|key| trust.require_key_enforcement && !key.contains(":key/")) {
            let problem = "is no key's ARN (`arn:…:kms:…:key/…`), and a bucket policy, which \
                           `require_key_enforcement` asks for, knows keys by nothing else";
            self.problem("required_kms_keys", format!("`{}` {problem}", key.escape_debug()));
        }
        for pattern in &trust.protected_resources {
            if !may_fit(pattern, "", "") {
                self.useless("protected_resources", pattern, "`arn:aws:s3:::NAME`");
            }
        }
        for pattern in &trust.own_roles {
            if !may_fit(pattern, "iam", "role/") {
                self.useless("own_roles", pattern, "`arn:aws:iam::ACCOUNT:role/NAME`");
            }
        }
    }

    fn useless(&mut self, key: &str, pattern: &str, form: &str) {
        let problem =
            "fits no ARN that it could be held against, and would do nothing; write it as";
        self.problem(key, format!("`{}` {problem} {form}", pattern.escape_debug()));
    }

    /// Units in the form that AWS gives them.
    /// Source: <https://docs.aws.amazon.com/organizations/latest/APIReference/API_OrganizationalUnit.html>.
    fn units(&mut self, units: &[String]) {
        const KEY: &str = "organizational_units";
        for unit in units.iter().filter(|unit| !is_organizational_unit(unit)) {
            let problem = "is not the id of an organizational unit (`ou-…`) or of a root (`r-…`)";
            self.problem(KEY, format!("`{}` {problem}", unit.escape_debug()));
        }
        let below = units.split_last().map_or(&[][..], |(_, below)| below);
        if let Some(root) = below.iter().find(|unit| is_root(unit)) {
            let problem = format!("`{root}` is a root: above all others, so the last of the list");
            self.problem(KEY, problem);
        }
    }
}

/// One value of a type.
pub(super) fn read<T: DeserializeOwned>(value: Value, wanted: &str) -> Result<T, String> {
    let kind = kind(&value);
    serde_json::from_value(value)
        .map_err(|error| format!("is {kind} where {wanted} was expected: {error}"))
}

const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// Whether a text has the form of the id of an organizational unit, `ou-…`, or of a root, `r-…`.
#[must_use]
pub fn is_organizational_unit(id: &str) -> bool {
    is_unit(id) || is_root(id)
}

fn is_unit(id: &str) -> bool {
    let parts = id.strip_prefix("ou-").and_then(|rest| rest.split_once('-'));
    parts.is_some_and(|(root, unit)| is_lower(root, 4) && is_lower(unit, 8))
}

fn is_root(id: &str) -> bool {
    id.strip_prefix("r-").is_some_and(|rest| is_lower(rest, 4))
}

/// At least so many small letters and digits, and no more than 32.
fn is_lower(text: &str, least: usize) -> bool {
    (least..=32).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase())
}

/// Whether a pattern (`*` and `?`) may fit the ARN of a resource of that service, of which the last
/// part begins so. What comes before its first wildcard decides: a pattern without any is an ARN,
/// and another has to begin like one.
fn may_fit(pattern: &str, service: &str, resource: &str) -> bool {
    let Some(fixed) = pattern.find(['*', '?']).and_then(|at| pattern.get(..at)) else {
        return pattern.parse::<Arn>().is_ok_and(|arn| {
            (service.is_empty() || arn.service == service) && arn.resource.starts_with(resource)
        });
    };
    let mut parts = fixed.splitn(6, ':').peekable();
    let mut place: usize = 0;
    while let Some(part) = parts.next() {
        // Whole up to the next colon, or cut short by the wildcard.
        let whole = parts.peek().is_some();
        let fits = match place {
            0 => agrees(part, "arn", whole),
            2 => service.is_empty() || agrees(part, service, whole),
            5 => part.starts_with(resource) || resource.starts_with(part),
            _ => true,
        };
        if !fits {
            return false;
        }
        place = place.saturating_add(1);
    }
    true
}

fn agrees(part: &str, wanted: &str, whole: bool) -> bool {
    if whole { part == wanted } else { wanted.starts_with(part) }
}
