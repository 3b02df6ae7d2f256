//! Answers uploads that may not be stored under the key their bucket requires. See `docs/controls/s3-unencrypted-upload.md`.

use runtime::StartError;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    runtime::serve(controls::S3UnencryptedUpload, aws::s3::Objects::connect).await
}
