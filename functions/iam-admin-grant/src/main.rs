//! Has somebody been made administrator, or one step from it? See `docs/controls/iam-admin-grant.md`.

use runtime::StartError;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    runtime::serve(controls::IamAdminGrant, aws::iam::Grants::connect).await
}
