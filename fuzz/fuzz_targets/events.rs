//! The fuzzer's way to `testkit::hostile`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| testkit::hostile::events(bytes));
