//! The only crate that knows Lambda: serve, settings, telemetry, batches.
