//! Does a bucket policy refuse plain HTTP?
//!
//! A Deny counts for what it does to a plain request: over HTTP `aws:SecureTransport` is false and
//! `s3:TlsVersion` is absent.
//! Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/example-bucket-policies.html>.

use super::sink::{Place, Sink};
use crate::{
    Context, Document, Enforcement, Principal, Statement, Version, Who,
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
    let mut on_bucket: Vec<&Element> = Vec::new();
    let mut on_objects: Vec<&Element> = Vec::new();
    let mut partial = false;
    let about_tls = |deny: &&Statement| deny.condition.entries.iter().any(is_tls);
    for deny in document.denies().filter(about_tls).filter(|deny| can_fire(deny)) {
        let fires = |request: &Request| fires(deny, request, version);
        if fires(&secure) {
            let condition =
                deny.condition.entries.iter().find(|entry| is_tls(entry)).map(Entry::describe);
            let detail = if fires(&plain) {
                "the Deny locks out clients with TLS as well as those without"
            } else {
                "the Deny locks out clients with TLS and lets plain HTTP through"
            };
            let place = Place { condition: condition.as_deref(), ..Place::statement(deny) };
            sink.find("tls-deny-inverted", place, detail);
        }
        if !fires(&plain) {
            continue;
        }
        let reach = bucket.reach(deny);
        partial |= (reach.touches_bucket || reach.touches_objects) && Bucket::touches_actions(deny);
        let whole = deny.condition.entries.iter().all(is_tls)
            && !deny.condition.unread
            && deny
                .principals
                .as_ref()
                .is_some_and(|principals| !principals.negated && principals.reach_everyone());
        if let Some(action) = deny.action.as_ref().filter(|_| whole) {
            on_bucket.extend(reach.bucket.then_some(action));
            on_objects.extend(reach.objects.then_some(action));
        }
    }
    let tls = match (cover_actions(&on_bucket) && cover_actions(&on_objects), partial) {
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

/// Whether statements speak of every action of S3 between them: what one excludes, another names
/// or does not exclude.
fn cover_actions(elements: &[&Element]) -> bool {
    let all = Pattern::parse("s3:*", Syntax::GLOB);
    let read: Vec<(bool, Vec<Pattern>)> =
        elements.iter().map(|element| (element.negated, lower(element))).collect();
    let covered = |target: &Pattern| {
        read.iter().any(|(negated, values)| {
            if *negated {
                !values.iter().any(|value| value.overlaps(target))
            } else {
                values.iter().any(|value| value.covers(target))
            }
        })
    };
    covered(&all)
        || read.iter().any(|(negated, excluded)| {
            *negated && excluded.iter().filter(|value| value.overlaps(&all)).all(covered)
        })
}

/// What of a bucket a statement speaks of.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "whole and part, of two kinds of resource")]
pub(super) struct Reach {
    /// The bucket itself.
    pub(super) bucket: bool,
    /// All of its objects.
    pub(super) objects: bool,
    /// The bucket itself, perhaps among others.
    pub(super) touches_bucket: bool,
    /// Any of its objects.
    pub(super) touches_objects: bool,
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
            return Reach {
                bucket: false,
                objects: false,
                touches_bucket: false,
                touches_objects: false,
            };
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
            touches_bucket: touches(&self.itself),
            touches_objects: touches(&self.objects),
        }
    }

    /// Whether a statement speaks of any action of S3.
    fn touches_actions(statement: &Statement) -> bool {
        let Some(element) = &statement.action else { return false };
        let (values, all) = (lower(element), Pattern::parse("s3:*", Syntax::GLOB));
        if element.negated {
            !values.iter().any(|value| value.covers(&all))
        } else {
            values.iter().any(|value| value.overlaps(&all))
        }
    }
}

fn lower(element: &Element) -> Vec<Pattern> {
    let parse = |value: &String| Pattern::parse_lowercase(value, Syntax::GLOB);
    element.values.iter().map(parse).collect()
}

/// Whether a Deny can hold for anybody at all: it names somebody who exists, and none of its
/// conditions fails for every request.
pub(super) fn can_fire(deny: &Statement) -> bool {
    let exists = |principal: &Principal| !matches!(principal.who, Who::Nobody | Who::Deleted);
    deny.principals
        .as_ref()
        .is_some_and(|principals| principals.negated || principals.named.iter().any(exists))
        && deny.condition.contradiction().is_none()
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

    #[test]
    fn a_deny_that_holds_for_nobody_refuses_nothing() {
        let changes: [fn(&mut Value); 5] = [
            |it| drop(it.as_object_mut().unwrap().remove("Principal")),
            |it| it["Principal"] = json!({"AWS":[]}),
            |it| it["Principal"] = json!({"AWS":"AROACKCEVSQ6C2EXAMPLE"}),
            |it| it["Action"] = json!("iam:*"),
            |it| it["Condition"]["StringEquals"] = json!({"aws:username":[]}),
        ];
        for change in changes {
            let statement = deny(change);
            let (enforced, codes) = tls(&json!([statement]));
            assert_eq!(enforced, Enforcement::None, "{statement}");
            assert!(codes.contains(&"tls-not-enforced".to_owned()), "{codes:?}");
        }
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
    fn two_statements_may_share_the_actions() {
        let only = |action: Value| deny(|it| it["Action"] = action.clone());
        let all_but = |action: Value| {
            deny(|it| {
                it.as_object_mut().unwrap().remove("Action");
                it["NotAction"] = action.clone();
            })
        };
        for (statements, expected) in [
            ([only(json!("s3:PutObject")), all_but(json!("s3:PutObject"))], Enforcement::Enforced),
            ([only(json!("S3:Put*")), all_but(json!("s3:putobject"))], Enforcement::Enforced),
            (
                [all_but(json!(["s3:PutObject", "sns:Publish"])), all_but(json!("s3:GetObject"))],
                Enforcement::Enforced,
            ),
            ([only(json!("s3:GetObject")), all_but(json!("s3:PutObject"))], Enforcement::Partial),
            ([only(json!("s3:PutObject")), all_but(json!("s3:Put*"))], Enforcement::Partial),
            ([only(json!("s3:Put*")), only(json!("s3:Get*"))], Enforcement::Partial),
        ] {
            assert_eq!(tls(&json!(statements)).0, expected, "{statements:?}");
        }
        let mut elsewhere = only(json!("s3:PutObject"));
        elsewhere["Resource"] = json!("arn:aws:s3:::amzn-s3-demo-bucket");
        let (halved, _) = tls(&json!([elsewhere, all_but(json!("s3:PutObject"))]));
        assert_eq!(halved, Enforcement::Partial);
    }

    #[test]
    fn a_deny_of_everyone_is_told_beside_what_it_enforces() {
        for condition in [
            json!({"Bool":{"aws:SecureTransport":["true","false"]}}),
            json!({"NumericLessThanIfExists":{"s3:TlsVersion":"1.4"}}),
        ] {
            let (tls, codes) = tls(&json!([deny(|it| it["Condition"] = condition.clone())]));
            let told = vec!["tls-deny-inverted".to_owned()];
            assert_eq!((tls, codes), (Enforcement::Enforced, told), "{condition}");
        }
        let wildcard = json!([deny(|it| it["Principal"] = json!({"AWS":"arn:aws:iam::*:root"}))]);
        assert_eq!(tls(&wildcard).0, Enforcement::Partial, "AWS takes no such principal");
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
