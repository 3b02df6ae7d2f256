//! Is the account password policy still strong? See `docs/controls/iam-password-policy.md`.

use runtime::StartError;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    runtime::serve(controls::IamPasswordPolicy, aws::iam::PasswordPolicies::connect).await
}
