//! Is Block Public Access still whole? See `docs/controls/s3-public-access-block.md`.

use runtime::StartError;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    runtime::serve(controls::S3PublicAccessBlock, aws::s3::Blocks::connect).await
}
