//! The real functions, under the template's own roles and rules, on an emulator with IAM enforced.
//!
//! Each test deploys `template.yaml` or shares a deployment, makes a change as somebody else,
//! puts the CloudTrail record of it on the bus, and reads back with boto3 what became of it.
//! `docs/testing.md` says what the emulator enforces and what no test may rest on.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test stops where it goes wrong"
)]

mod acls;
mod blocks;
mod bucket_policies;
mod grants;
mod identities;
mod loops;
mod objects;
mod passwords;
mod permissions;
mod postures;
mod records;
mod reverts;
mod rules;
mod safeguards;
mod stacks;
mod troubles;
mod trusts;
