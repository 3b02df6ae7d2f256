//! Was a long-lived key made, a console password set for another, an MFA device lost? See `docs/controls/iam-credentials.md`.

use runtime::StartError;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    runtime::serve(controls::IamCredentials, aws::iam::Credentials::connect).await
}
