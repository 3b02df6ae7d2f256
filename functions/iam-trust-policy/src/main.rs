//! Answers the calls that decide who may assume a role. See `docs/controls/iam-trust-policy.md`.

use runtime::StartError;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    runtime::serve(controls::IamTrustPolicy, aws::iam::Roles::connect).await
}
