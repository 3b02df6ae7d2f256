//! Are encryption, versioning, logging, retention, ownership and metrics still on? See `docs/controls/s3-bucket-safeguards.md`.

use runtime::StartError;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    runtime::serve(controls::S3BucketSafeguards, aws::s3::Safeguards::connect).await
}
