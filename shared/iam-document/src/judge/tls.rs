//! Does a bucket policy refuse plain HTTP?
//!
//! A Deny counts for what it does to a plain request: over HTTP `aws:SecureTransport` is false and
//! `s3:TlsVersion` is absent.
//! Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/example-bucket-policies.html>.

use super::sink::{Place, Sink};
use crate::{
    Context, Document, Enforcement, Statement, Version,
    condition::{Entry, Request},
    glob::{Pattern, Syntax},
    statement::Element,
};

const SECURE: &str = "aws:securetransport";
const TLS_VERSION: &str = "s3:tlsversion";

fn is_tls(entry: &Entry) -> bool {
    entry.key == SECURE || entry.key == TLS_VERSION
}

pub(super) fn judge(document: &Document, sink: &mut Sink<'_>) {
    let version = document.version();
    let bucket = Bucket::of(document, sink.context);
    let plain = Request::new(&[(SECURE, "false")]);
    let secure = Request::new(&[(SECURE, "true"), (TLS_VERSION, "1.3")]);
    let mut covered = Covered::default();
    let mut partial = false;
    for deny in document.denies().filter(|deny| deny.condition.entries.iter().any(is_tls)) {
        let fires = |request: &Request| fires(deny, request, version);
        if !fires(&plain) {
            if fires(&secure) {
                let condition =
                    deny.condition.entries.iter().find(|entry| is_tls(entry)).map(Entry::describe);
                sink.find(
                    "tls-deny-inverted",
                    Place { condition: condition.as_deref(), ..Place::statement(deny) },
                    "the Deny locks out clients with TLS and lets plain HTTP through",
                );
            }
            continue;
        }
        let reach = bucket.reach(deny);
        partial |= reach.touches;
        let whole = deny.condition.entries.iter().all(is_tls)
            && !deny.condition.unread
            && deny
                .principals
                .as_ref()
                .is_some_and(|principals| !principals.negated && principals.reach_everyone())
            && Bucket::covers_actions(deny);
        if whole {
            covered.bucket |= reach.bucket;
            covered.objects |= reach.objects;
        }
    }
    let tls = match (covered.bucket && covered.objects, partial) {
        (true, _) => Enforcement::Enforced,
        (false, true) => Enforcement::Partial,
        (false, false) => Enforcement::None,
    };
    match tls {
        Enforcement::Enforced | Enforcement::HeaderOnly => {}
        Enforcement::Partial => sink.find(
            "tls-partially-enforced",
            Place::default(),
            "plain HTTP is refused for a part of the requests only",
        ),
        Enforcement::None => {
            sink.find("tls-not-enforced", Place::default(), "plain HTTP is not refused");
        }
    }
    sink.set_tls(tls);
}

/// Whether the entries on TLS hold; others may.
fn fires(deny: &Statement, request: &Request, version: Version) -> bool {
    deny.condition
        .entries
        .iter()
        .filter(|entry| is_tls(entry))
        .all(|entry| entry.holds(request, version, false))
}

#[derive(Debug, Default)]
struct Covered {
    bucket: bool,
    objects: bool,
}

/// What of a bucket a statement speaks of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reach {
    /// The bucket itself.
    pub(super) bucket: bool,
    /// All of its objects.
    pub(super) objects: bool,
    /// Any part of either.
    pub(super) touches: bool,
}

/// A bucket's two kinds of resource.
pub(super) struct Bucket {
    itself: Pattern,
    objects: Pattern,
    syntax: Syntax,
}

impl Bucket {
    /// The bucket that the context names, or the one that the document speaks of.
    pub(super) fn of(document: &Document, context: &Context) -> Self {
        let name = context.bucket.clone().or_else(|| spoken_of(document));
        let arn = format!("arn:{}:s3:::{}", context.partition(), name.unwrap_or_default());
        let literal = Syntax { wildcards: false, variables: false };
        Self {
            itself: Pattern::parse(&arn, literal),
            objects: Pattern::parse(&format!("{arn}/*"), Syntax::GLOB),
            syntax: document.glob_syntax(),
        }
    }

    pub(super) fn reach(&self, statement: &Statement) -> Reach {
        let Some(element) = &statement.resource else {
            return Reach { bucket: false, objects: false, touches: false };
        };
        let values: Vec<Pattern> =
            element.values.iter().map(|value| Pattern::parse(value, self.syntax)).collect();
        let covers = |target: &Pattern| covers(element, &values, target);
        let touches = |target: &Pattern| {
            if element.negated {
                !values.iter().any(|value| value.covers(target))
            } else {
                values.iter().any(|value| value.overlaps(target))
            }
        };
        Reach {
            bucket: covers(&self.itself),
            objects: covers(&self.objects),
            touches: touches(&self.itself) || touches(&self.objects),
        }
    }

    /// Whether a statement speaks of every action of S3.
    pub(super) fn covers_actions(statement: &Statement) -> bool {
        let Some(element) = &statement.action else { return false };
        let all = Pattern::parse("s3:*", Syntax::GLOB);
        let values: Vec<Pattern> = element
            .values
            .iter()
            .map(|value| Pattern::parse_lowercase(value, Syntax::GLOB))
            .collect();
        covers(element, &values, &all)
    }
}

fn covers(element: &Element, values: &[Pattern], target: &Pattern) -> bool {
    if element.negated {
        values.iter().all(|value| !value.overlaps(target))
    } else {
        values.iter().any(|value| value.covers(target))
    }
}

/// The one bucket that the resources name, where they name one.
fn spoken_of(document: &Document) -> Option<String> {
    let mut names = document
        .statements()
        .iter()
        .filter_map(|statement| statement.resource.as_ref())
        .flat_map(|element| &element.values)
        .filter_map(|value| value.splitn(6, ':').nth(5))
        .map(|resource| resource.split_once('/').map_or(resource, |(bucket, _)| bucket))
        .filter(|bucket| !bucket.contains(['*', '?', '$']));
    let first = names.next()?.to_owned();
    names.all(|name| name == first).then_some(first)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::{Context, Enforcement, Kind, inspect};

    fn tls(statements: &Value) -> (Enforcement, Vec<String>) {
        let context = Context::from_json(&json!({"check":"tls","bucket":"amzn-s3-demo-bucket"}));
        let document = json!({"Version":"2012-10-17","Statement":statements});
        let verdict = inspect(Kind::BucketPolicy, &document, &context.unwrap());
        let codes = verdict.codes().into_iter().map(str::to_owned).collect();
        (verdict.tls.unwrap(), codes)
    }

    fn deny(change: impl Fn(&mut Value)) -> Value {
        let mut statement = json!({"Effect":"Deny","Principal":"*","Action":"s3:*",
            "Resource":["arn:aws:s3:::amzn-s3-demo-bucket","arn:aws:s3:::amzn-s3-demo-bucket/*"],
            "Condition":{"Bool":{"aws:SecureTransport":"false"}}});
        change(&mut statement);
        statement
    }

    #[test]
    fn every_right_form_enforces() {
        for condition in [
            json!({"Bool":{"aws:SecureTransport":false}}),
            json!({"BoolIfExists":{"AWS:securetransport":["false"]}}),
            json!({"StringEquals":{"aws:SecureTransport":"false"}}),
            json!({"StringNotLike":{"aws:SecureTransport":"true"}}),
            json!({"NumericLessThanIfExists":{"s3:TlsVersion":1.2}}),
        ] {
            let (tls, codes) = tls(&json!([deny(|it| it["Condition"] = condition.clone())]));
            assert_eq!((tls, codes.len()), (Enforcement::Enforced, 0), "{condition}");
        }
        for resource in
            [json!("arn:aws:s3:::amzn-s3-demo-bucket*"), json!("*"), json!(["arn:aws:s3:::*"])]
        {
            let (tls, _) = tls(&json!([deny(|it| it["Resource"] = resource.clone())]));
            assert_eq!(tls, Enforcement::Enforced, "{resource}");
        }
    }

    #[test]
    fn two_statements_may_share_the_work() {
        let halves = json!([
            deny(|it| it["Resource"] = json!("arn:aws:s3:::amzn-s3-demo-bucket")),
            deny(|it| it["Resource"] = json!("arn:aws:s3:::amzn-s3-demo-bucket/*")),
        ]);
        assert_eq!(tls(&halves).0, Enforcement::Enforced);
    }

    #[test]
    fn anything_narrower_is_partial() {
        for (key, value) in [
            ("Resource", json!("arn:aws:s3:::amzn-s3-demo-bucket/*")),
            ("Resource", json!("arn:aws:s3:::amzn-s3-demo-bucket")),
            ("Principal", json!({"AWS":"111122223333"})),
            ("Action", json!("s3:PutObject")),
            ("Action", json!(["s3:Get*", "s3:Put*"])),
            (
                "Condition",
                json!({"Bool":{"aws:SecureTransport":"false"},"StringLike":{"aws:UserAgent":"x"}}),
            ),
        ] {
            let (tls, codes) = tls(&json!([deny(|it| it[key] = value.clone())]));
            assert_eq!(tls, Enforcement::Partial, "{key} {value}");
            assert_eq!(codes, ["tls-partially-enforced"]);
        }
    }

    #[test]
    fn what_never_fires_on_plain_http_enforces_nothing() {
        for condition in [
            json!({"NumericLessThan":{"s3:TlsVersion":"1.2"}}),
            json!({"Bool":{"aws:SecureTransport":"false"},"NumericLessThan":{"s3:TlsVersion":"1.2"}}),
        ] {
            let (tls, codes) = tls(&json!([deny(|it| it["Condition"] = condition.clone())]));
            assert_eq!(
                (tls, codes),
                (Enforcement::None, vec!["tls-not-enforced".to_owned()]),
                "{condition}"
            );
        }
        let (other, _) = tls(&json!([deny(|it| it["Resource"] = json!("arn:aws:s3:::another*"))]));
        assert_eq!(other, Enforcement::None);
        let allow = json!([{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"s3:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"true"}}}]);
        assert_eq!(tls(&allow).0, Enforcement::None);
    }

    #[test]
    fn an_inverted_deny_is_told() {
        let inverted =
            json!([deny(|it| it["Condition"] = json!({"Bool":{"aws:SecureTransport":"true"}}))]);
        assert_eq!(tls(&inverted).1, ["tls-deny-inverted", "tls-not-enforced"]);
    }
}
