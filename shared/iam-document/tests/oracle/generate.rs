//! Documents at random: every operator form on keys that restrict, keys that do not, and keys that
//! strangers choose.

use serde_json::{Map, Value, json};

/// A seeded source of choices, so that every run tries the same.
pub(crate) struct Random {
    state: u64,
}

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(limit).unwrap()).unwrap()
    }

    pub(crate) fn chance(&mut self, of: usize) -> bool {
        self.below(of) == 0
    }

    pub(crate) fn pick<T: Clone>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())].clone()
    }
}

/// A key, the families of operators it is compared by, and values to compare it with.
struct Key {
    name: &'static str,
    families: &'static [&'static str],
    values: &'static [&'static str],
}

const TEXT: &[&str] = &["StringEquals", "StringLike", "StringEqualsIgnoreCase"];
const ARN: &[&str] = &["ArnEquals", "ArnLike", "StringLike", "StringEquals"];

const KEYS: &[Key] = &[
    Key {
        name: "aws:PrincipalOrgID",
        families: TEXT,
        values: &["o-ours", "o-theirs", "o-*", "*", "o-our?", "${aws:ResourceOrgID}"],
    },
    Key {
        name: "aws:PrincipalAccount",
        families: TEXT,
        values: &["111122223333", "444455556666", "11112222333?", "*", "anonymous"],
    },
    Key {
        name: "aws:PrincipalArn",
        families: ARN,
        values: &[
            "arn:aws:iam::111122223333:role/app",
            "arn:aws:iam::111122223333:*",
            "arn:aws:iam::*:role/app",
            "arn:aws:iam::*111122223333:role/app",
            "arn:*:iam::111122223333:role/app",
            "arn:aws:iam::44445555666?:role/*",
        ],
    },
    Key { name: "aws:SourceVpc", families: TEXT, values: &["vpc-1", "vpc-*", "vpc-?"] },
    Key { name: "aws:SourceVpce", families: TEXT, values: &["vpce-1", "*"] },
    Key {
        name: "aws:SourceIp",
        families: &["IpAddress"],
        values: &[
            "203.0.113.0/24",
            "0.0.0.0/0",
            "10.0.0.0/8",
            "8.0.0.0/7",
            "10.9.9.9/1",
            "198.51.100.7",
        ],
    },
    Key {
        name: "aws:userid",
        families: TEXT,
        values: &[
            "AROAEXAMPLE1111111111:*",
            "AROA*",
            "*:session",
            "AIDAEXAMPLE1111111111",
            "anonymous",
        ],
    },
    Key { name: "aws:SourceAccount", families: TEXT, values: &["111122223333", "*"] },
    Key { name: "aws:username", families: TEXT, values: &["anna", "a*"] },
    Key { name: "aws:PrincipalTag/team", families: TEXT, values: &["ops", "*"] },
    Key { name: "aws:UserAgent", families: TEXT, values: &["secret", "Mozilla*"] },
    Key { name: "s3:prefix", families: TEXT, values: &["home/", "home/*"] },
    Key { name: "aws:SecureTransport", families: &["Bool"], values: &["true", "false"] },
    Key { name: "aws:PrincipalIsAWSService", families: &["Bool"], values: &["false"] },
];

fn operator(random: &mut Random, family: &str) -> String {
    let can_negate = family != "Bool";
    let name = if can_negate && random.chance(5) { negate(family) } else { family.to_owned() };
    let set = match random.below(12) {
        0 => "ForAllValues:",
        1 => "ForAnyValue:",
        _ => "",
    };
    let suffix = if random.chance(6) { "IfExists" } else { "" };
    format!("{set}{name}{suffix}")
}

fn negate(family: &str) -> String {
    if family == "IpAddress" {
        return "NotIpAddress".to_owned();
    }
    for head in ["String", "Arn"] {
        if let Some(tail) = family.strip_prefix(head) {
            return format!("{head}Not{tail}");
        }
    }
    family.to_owned()
}

fn scalar_or_list(random: &mut Random, mut values: Vec<Value>) -> Value {
    if values.len() == 1 && random.chance(2) { values.remove(0) } else { Value::Array(values) }
}

/// A block of up to three comparisons.
pub(crate) fn condition(random: &mut Random) -> Value {
    let mut condition = Map::new();
    for _ in 0..random.pick(&[0, 1, 1, 1, 2, 2, 3]) {
        let key = &KEYS[random.below(KEYS.len())];
        let (operator, values) = if random.chance(12) {
            ("Null".to_owned(), vec![json!(random.pick(&["true", "false"]))])
        } else {
            let family = random.pick(key.families);
            let count = random.pick(&[1, 1, 1, 2]);
            let values = (0..count).map(|_| json!(random.pick(key.values))).collect();
            (operator(random, family), values)
        };
        let name = if random.chance(4) { key.name.to_uppercase() } else { key.name.to_owned() };
        let values = scalar_or_list(random, values);
        let keys = condition.entry(operator).or_insert_with(|| json!({}));
        keys.as_object_mut().unwrap().insert(name, values);
    }
    Value::Object(condition)
}

fn principal(random: &mut Random) -> Value {
    random.pick(&[
        json!("*"),
        json!("*"),
        json!("*"),
        json!({"AWS":"*"}),
        json!({"AWS":["arn:aws:iam::111122223333:root","*"]}),
        json!({"AWS":"111122223333"}),
        json!({"AWS":"arn:aws:iam::444455556666:role/app"}),
    ])
}

const OBJECTS: &str = "arn:aws:s3:::amzn-s3-demo-bucket/*";

/// A bucket policy of an Allow, and often a Deny that may close it.
pub(crate) fn bucket_policy(random: &mut Random) -> Value {
    let mut statements = Vec::new();
    for _ in 0..random.pick(&[1, 1, 1, 2]) {
        let mut allow = json!({
            "Effect": "Allow",
            "Action": random.pick(&[json!("s3:GetObject"), json!(["S3:getobject", "s3:PutObject"]), json!("s3:*")]),
            "Resource": random.pick(&[json!(OBJECTS), json!("*")]),
        });
        let key = if random.chance(20) { "NotPrincipal" } else { "Principal" };
        allow[key] =
            if key == "NotPrincipal" { json!({"AWS":"111122223333"}) } else { principal(random) };
        allow["Condition"] = condition(random);
        statements.push(allow);
    }
    if random.chance(3) {
        let mut deny = json!({
            "Effect": "Deny",
            "Principal": random.pick(&[json!("*"), json!("*"), json!({"AWS":"222233334444"})]),
            "Action": random.pick(&[json!("s3:*"), json!("*"), json!("s3:Get*"), json!("s3:DeleteObject")]),
            "Resource": random.pick(&[json!("*"), json!([OBJECTS, "arn:aws:s3:::amzn-s3-demo-bucket"]), json!("arn:aws:s3:::amzn-s3-demo-bucket/private/*")]),
        });
        deny["Condition"] = if random.chance(3) {
            condition(random)
        } else {
            random.pick(&[
                json!({}),
                json!({"StringNotEquals":{"aws:PrincipalOrgID":"o-ours"}}),
                json!({"StringNotEquals":{"aws:PrincipalAccount":["111122223333"]},"BoolIfExists":{"aws:PrincipalIsAWSService":"false"}}),
                json!({"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:*"}}),
                json!({"NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"}}),
                json!({"ForAnyValue:StringNotEquals":{"aws:PrincipalOrgID":"o-ours"}}),
            ])
        };
        let at = random.below(statements.len() + 1);
        statements.insert(at, deny);
    }
    json!({"Version":"2012-10-17","Statement":statements})
}
