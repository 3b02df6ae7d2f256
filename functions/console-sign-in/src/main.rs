//! Was the root user used, or did somebody sign in without MFA? See `docs/controls/console-sign-in.md`.

use runtime::StartError;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    runtime::serve(controls::ConsoleSignIn, aws::record::Records::connect).await
}
