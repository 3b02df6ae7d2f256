//! Does the bucket policy let in the world or a stranger, or has it stopped enforcing TLS and the key? See `docs/controls/s3-bucket-policy.md`.

use runtime::StartError;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    runtime::serve(controls::S3BucketPolicy, aws::s3::Policies::connect).await
}
