//! Is somebody knocking? See `docs/controls/s3-access-denied.md`.

use runtime::StartError;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    runtime::serve(controls::S3AccessDenied, aws::record::Records::connect).await
}
