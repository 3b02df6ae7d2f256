//! Fakes, event builders and the emulator harness, for tests only.
