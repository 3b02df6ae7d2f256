//! Trust policies for shared issuers, and the tokens that strangers can have made there.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    evaluate::{Caller, Request},
    generate::Random,
};

/// A shared issuer: what our subjects look like, and how a tenant's are put together.
#[derive(Clone, Copy)]
pub(crate) struct SharedIssuer {
    host: &'static str,
    subjects: &'static [&'static str],
    /// `{t}`: the tenant.
    forms: &'static [&'static str],
}

const ISSUERS: &[SharedIssuer] = &[
    SharedIssuer {
        host: "token.actions.githubusercontent.com",
        subjects: &[
            "*",
            "repo:*",
            "repo:acme*",
            "repo:acme/*",
            "repo:acme/app:*",
            "repo:*/app:*",
            "repo:acm?/app:ref:refs/heads/main",
            "repo:acme/app:ref:refs/heads/main",
            "repo:acme/app:pull_request",
            "repo:acme@1/app@2:*",
            "repo:acme@*/app@*:*",
            "environment:prod:*",
            "environment:prod",
            "repository_owner:acme:*",
            "repository_owner:acm*",
            "job_workflow_ref:acme/p/.github/workflows/d.yml@*",
            "job_workflow_ref:*",
        ],
        forms: &[
            "repo:{t}/app:ref:refs/heads/main",
            "repo:{t}/other:pull_request",
            "repo:{t}@7/app@8:ref:refs/heads/main",
            "repository_owner:{t}:environment:prod",
            "job_workflow_ref:{t}/p/.github/workflows/d.yml@refs/heads/main",
            // A custom template need not name the tenant at all.
            "environment:prod:actor:mallory",
            "environment:prod",
        ],
    },
    SharedIssuer {
        host: "gitlab.com",
        subjects: &[
            "*",
            "project_path:*",
            "project_path:acme*",
            "project_path:acme/*",
            "project_path:acme/app:*",
            "project_path:acme/app:ref_type:branch:ref:main",
            "project_path:?cme/app:*",
        ],
        forms: &[
            "project_path:{t}/app:ref_type:branch:ref:main",
            "project_path:{t}/sub/app:ref_type:tag:ref:v1",
        ],
    },
    SharedIssuer {
        host: "app.terraform.io",
        subjects: &[
            "*",
            "organization:*",
            "organization:acme*",
            "organization:acme:*",
            "organization:acme:project:*:workspace:*:run_phase:apply",
            "organization:*:project:core:workspace:prod:run_phase:apply",
            "organization:acme:project:core:workspace:prod:run_phase:*",
        ],
        forms: &["organization:{t}:project:core:workspace:prod:run_phase:apply"],
    },
    SharedIssuer {
        host: "agent.buildkite.com",
        subjects: &[
            "*",
            "organization:acme*",
            "organization:acme:pipeline:*",
            "organization:*:pipeline:deploy:*",
        ],
        forms: &["organization:{t}:pipeline:deploy:ref:refs/heads/main:commit:c:step:s"],
    },
];

/// A trust policy for one of the issuers.
pub(crate) fn trust_policy(random: &mut Random) -> (Value, SharedIssuer) {
    let issuer = random.pick(ISSUERS);
    let key = |claim: &str| format!("{}:{claim}", issuer.host);
    let mut condition = json!({});
    if !random.chance(8) {
        let operator = random.pick(&[
            "StringLike",
            "StringLike",
            "StringLike",
            "StringEquals",
            "StringNotLike",
            "StringLikeIfExists",
            "ForAllValues:StringLike",
            "ForAnyValue:StringLike",
        ]);
        let mut values = vec![json!(random.pick(issuer.subjects))];
        if random.chance(4) {
            values.push(json!(random.pick(issuer.subjects)));
        }
        condition[operator] = json!({key("sub"): values});
    }
    if random.chance(2) {
        if condition.get("StringEquals").is_none() {
            condition["StringEquals"] = json!({});
        }
        condition["StringEquals"][key("aud")] = json!("sts.amazonaws.com");
    }
    if random.chance(5) {
        condition["StringLike"][key("ref")] = json!("refs/heads/*");
    }
    if random.chance(10) {
        condition["Null"] = json!({key("sub"): "false"});
    }
    let provider = format!("arn:aws:iam::111122223333:oidc-provider/{}", issuer.host);
    let document = json!({"Version":"2012-10-17","Statement":[{
        "Effect":"Allow","Principal":{"Federated":provider},
        "Action": random.pick(&["sts:AssumeRoleWithWebIdentity", "sts:*"]),
        "Condition": condition,
    }]});
    (document, issuer)
}

/// Requests with tokens that tenants other than `acme` can have made.
pub(crate) fn strangers(document: &Value, issuer: SharedIssuer) -> Vec<Request> {
    let provider = document["Statement"][0]["Principal"]["Federated"].as_str().unwrap().to_owned();
    // Anyone may register a name that begins, ends or almost reads like ours.
    let tenants = ["evil", "acme-evil", "acmf", "bcme", "acm", "zcme"];
    let mut requests = Vec::new();
    for tenant in tenants {
        for form in issuer.forms {
            let mut keys = BTreeMap::new();
            let mut put = |claim: &str, value: &str| {
                keys.insert(format!("{}:{claim}", issuer.host), vec![value.to_owned()]);
            };
            put("sub", &form.replace("{t}", tenant));
            put("aud", "sts.amazonaws.com");
            put("ref", "refs/heads/main");
            requests.push(Request {
                caller: Caller::Federated { provider: provider.clone() },
                action: "sts:assumerolewithwebidentity".to_owned(),
                resource: None,
                keys,
            });
        }
    }
    requests
}
