//! Scenarios, faults, template, tidy and the emulator end to end.
