//! How many documents a core judges in a second: the target is 10,000.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use iam_document::{Context, Kind, inspect};

const BUCKET: &str = r#"{"Version":"2012-10-17","Statement":[
{"Sid":"Org","Effect":"Allow","Principal":"*","Action":["s3:GetObject","s3:ListBucket"],"Resource":["arn:aws:s3:::amzn-s3-demo-bucket","arn:aws:s3:::amzn-s3-demo-bucket/*"],"Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}},
{"Sid":"Wide","Effect":"Allow","Principal":{"AWS":"*"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::amzn-s3-demo-bucket/*","Condition":{"IpAddress":{"aws:SourceIp":["203.0.113.0/24","0.0.0.0/0"]}}},
{"Sid":"Trail","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::amzn-s3-demo-bucket/*","Condition":{"StringEquals":{"aws:SourceAccount":"111122223333"}}},
{"Sid":"Tls","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::amzn-s3-demo-bucket","arn:aws:s3:::amzn-s3-demo-bucket/*"],"Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}"#;

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[
{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::111122223333:root","arn:aws:iam::222233334444:role/x"]},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"7f3a"}}},
{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"token.actions.githubusercontent.com:aud":"sts.amazonaws.com"},"StringLike":{"token.actions.githubusercontent.com:sub":"repo:acme/app:*"}}}]}"#;

const PERMISSION: &str = r#"{"Version":"2012-10-17","Statement":[
{"Effect":"Allow","Action":["iam:PassRole","lambda:*","s3:Get*","ec2:Run*"],"Resource":"*"},
{"Effect":"Allow","NotAction":["iam:*","organizations:*"],"Resource":"*"},
{"Effect":"Deny","Action":"s3:DeleteBucket","Resource":"*"}]}"#;

const ACL: &str = r#"{"Owner":{"ID":"us"},"Grants":[{"Grantee":{"Type":"CanonicalUser","ID":"us"},"Permission":"FULL_CONTROL"},{"Grantee":{"Type":"Group","URI":"http://acs.amazonaws.com/groups/global/AllUsers"},"Permission":"READ"}]}"#;

fn judge(criterion: &mut Criterion) {
    let json = serde_json::json!({"account_id":"111122223333","org_id":"o-a1b2c3d4e5","check":"tls","bucket":"amzn-s3-demo-bucket"});
    let Ok(context) = Context::from_json(&json) else { return };
    let mut group = criterion.benchmark_group("inspect");
    group.throughput(Throughput::Elements(1));
    for (name, kind, text) in [
        ("bucket-policy", Kind::BucketPolicy, BUCKET),
        ("trust-policy", Kind::TrustPolicy, TRUST),
        ("permission-policy", Kind::PermissionPolicy, PERMISSION),
        ("acl", Kind::Acl, ACL),
    ] {
        group.bench_function(name, |bencher| bencher.iter(|| inspect(kind, text, &context)));
    }
    group.finish();
}

criterion_group!(benches, judge);
criterion_main!(benches);
