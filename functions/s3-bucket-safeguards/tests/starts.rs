//! The real binary against a Lambda Runtime API.

#[path = "../../../tests/functions/starts.rs"]
mod starts;

const BINARY: &str = env!("CARGO_BIN_EXE_s3-bucket-safeguards");
