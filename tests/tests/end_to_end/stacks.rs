//! The deployments that tests share, and what all of them look at.

use std::{collections::BTreeSet, fs, sync::OnceLock};

use scenarios::{
    stack::{Stack, eventually},
    workspace,
};
use serde_json::{Value, json};

/// Everything may be enforced.
pub(crate) fn enforcing() -> &'static Stack {
    static STACK: OnceLock<Stack> = OnceLock::new();
    STACK.get_or_init(|| deploy("111122223333", ENFORCE))
}

/// Everything may be enforced, and policies of one's own permit every remedy there is: most of them
/// the shipped policies leave to people.
pub(crate) fn permitting() -> &'static Stack {
    static STACK: OnceLock<Stack> = OnceLock::new();
    STACK.get_or_init(|| deploy_permitting("222233334444"))
}

/// What is called `…marked` is marked, all else is mended.
const OWN_POLICIES: &str = r#"
@id("own-marks")
@meaning("what is found is marked")
permit (principal, action == Snapback::Action::"tag", resource);

@id("own-reverts")
@meaning("what is found is mended, unless it is only to be marked")
permit (principal, action == Snapback::Action::"revert", resource)
unless { resource.arn like "*marked" };
"#;

/// Deploys with policies of one's own, in a folder as a bundle or a layer would have it.
pub(crate) fn deploy_permitting(account: &str) -> Stack {
    let folder = workspace::lasting().unwrap().join(format!("policies-{account}"));
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("default.cedar"), OWN_POLICIES).unwrap();
    let mut parameters = ENFORCE.to_vec();
    parameters.push(("Policies", folder.to_str().unwrap()));
    // A test mends one resource more often than the breaker lets anybody.
    let trust = r#"{
        "max_reverts_per_resource": 50,
        "max_reverts_per_account": 500,
        "rewrite_inline_policies": true,
        "remove_console_passwords": true
    }"#;
    parameters.push(("Trust", trust));
    parameters.push(("InlinePolicyRewrites", "true"));
    parameters.push(("ConsolePasswordRemovals", "true"));
    deploy(account, &parameters)
}

/// Everything only observes, as freshly deployed.
pub(crate) fn observing() -> &'static Stack {
    static STACK: OnceLock<Stack> = OnceLock::new();
    STACK.get_or_init(|| deploy("444455556666", &[]))
}

/// Parameters with which every control may revert.
pub(crate) const ENFORCE: &[(&str, &str)] = &[
    ("S3UnencryptedUploadPosture", "enforce"),
    ("S3PublicAclPosture", "enforce"),
    ("IamTrustPolicyPosture", "enforce"),
    ("ConsoleSignInPosture", "enforce"),
    ("IamAdminGrantPosture", "enforce"),
    ("IamCredentialsPosture", "enforce"),
    ("IamPasswordPolicyPosture", "enforce"),
    ("S3AccessDeniedPosture", "enforce"),
    ("S3BucketPolicyPosture", "enforce"),
    ("S3BucketSafeguardsPosture", "enforce"),
    ("S3PublicAccessBlockPosture", "enforce"),
    ("NativeS3Events", "true"),
];

/// Deploys, or stops the test.
pub(crate) fn deploy(account: &str, parameters: &[(&str, &str)]) -> Stack {
    Stack::deploy(account, parameters).expect("the template is deployed")
}

/// Waits until a function has handled an event so many times: it says so in its log.
pub(crate) fn wait_until_handled(stack: &Stack, function: &str, event_id: &str, times: usize) {
    eventually(&format!("delivery {times} of {event_id} to {function}"), || {
        let lines = stack.logged(function)?;
        let handled = lines.iter().filter(|line| is_handled(line, event_id)).count();
        Ok(if handled >= times { Ok(()) } else { Err(lines.join("")) })
    })
    .unwrap();
}

/// Whether a line of a log is the one that ends an event's handling.
fn is_handled(line: &str, event_id: &str) -> bool {
    let line: Value = serde_json::from_str(line).unwrap_or_default();
    line["message"] == "handled" && line["event_id"] == event_id
}

/// No function of the stack was refused anything about this resource: its role is enough.
pub(crate) fn assert_nothing_refused(stack: &Stack, about: &str) {
    let refused: Vec<_> = stack
        .calls()
        .unwrap()
        .into_iter()
        .filter(|call| !call.allowed && call.resource.contains(about))
        .collect();
    assert!(refused.is_empty(), "{refused:?}");
}

/// What functions asked of AWS about a resource so far, without its order.
pub(crate) fn asked_about(stack: &Stack, about: &str) -> Vec<String> {
    let calls = stack.calls().unwrap().into_iter();
    calls.filter(|call| call.resource.contains(about)).map(|call| call.action).collect()
}

/// The ledger's entries about a resource.
pub(crate) fn entries(stack: &Stack, about: &str) -> Vec<Value> {
    let items = stack.ledger().unwrap().into_iter();
    items
        .filter(|item| item.pointer("/kind/S") == Some(&json!("entry")))
        .map(|item| {
            serde_json::from_str(item.pointer("/body/S").unwrap().as_str().unwrap()).unwrap()
        })
        .filter(|entry: &Value| entry["resource"].to_string().contains(about))
        .collect()
}

/// The lines in the embedded metric format that a function has printed.
pub(crate) fn metrics(stack: &Stack, function: &str) -> Vec<Value> {
    let lines = stack.logged(function).unwrap().into_iter();
    let lines = lines.filter_map(|line| serde_json::from_str(&line).ok());
    lines.filter(|line: &Value| line.get("_aws").is_some()).collect()
}

/// Which of these actions write.
pub(crate) fn writes<'a>(actions: impl IntoIterator<Item = &'a String>) -> BTreeSet<&'a str> {
    let reads = ["Get", "List", "Head", "Describe", "Query", "Receive"];
    actions
        .into_iter()
        .map(String::as_str)
        .filter(|action| {
            let name = action.split(':').nth(1).unwrap_or_default();
            !reads.iter().any(|verb| name.starts_with(verb))
        })
        .collect()
}
