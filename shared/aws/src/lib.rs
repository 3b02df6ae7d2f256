//! The only crate that knows the AWS SDK: `respond`'s ports, carried out. One feature per service.
//!
//! Adapters read and write; they never judge. An error of the SDK leaves this crate only as a
//! [`respond::CloudError`], made in [`mod@error`].

#[cfg(any(feature = "iam", feature = "s3"))]
mod document;
pub mod error;
pub mod record;
mod session;

#[cfg(feature = "iam")]
pub mod iam;
#[cfg(feature = "kms")]
pub mod kms;
#[cfg(feature = "dynamodb")]
pub mod ledger;
#[cfg(feature = "s3")]
pub mod s3;
#[cfg(feature = "sns")]
pub mod sns;
#[cfg(feature = "sqs")]
pub mod sqs;
#[cfg(feature = "ssm")]
pub mod ssm;
#[cfg(feature = "sts")]
pub mod sts;

#[cfg(test)]
mod testing;

pub use session::Session;
