//! Placeholder until the runtime crate serves it.
fn main() {}
