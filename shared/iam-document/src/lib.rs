//! IAM JSON documents: parse, print, edit, and judge who is let in and how far.
//!
//! Knows no event and no AWS API: text and context in, verdict out.
