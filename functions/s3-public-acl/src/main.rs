//! Answers the calls that can open a bucket or an object to everyone. See `docs/controls/s3-public-acl.md`.

use runtime::StartError;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    runtime::serve(controls::S3PublicAcl, aws::s3::Buckets::connect).await
}
