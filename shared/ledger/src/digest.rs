//! Short names for long keys.
//!
//! Keys hold text that others choose (object keys, role names), of any length and with any
//! characters. A digest of them is short, fixed in form and cannot be made to meet another.

use sha2::{Digest, Sha256};

/// Crockford's base32 in lower case: no letter that reads as a digit.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// The first `length` base32 letters (at most 51) of the SHA-256 of the parts.
///
/// Each part is preceded by its length, so that `["ab", "c"]` and `["a", "bc"]` differ.
#[must_use]
pub fn short(parts: &[&str], length: usize) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    let mut letters = String::with_capacity(length);
    // Letters already taken leave at the top as bytes come in.
    let mut pending: u32 = 0;
    let mut bits: u32 = 0;
    for byte in hasher.finalize() {
        pending = (pending << 8) | u32::from(byte);
        bits = bits.saturating_add(8);
        while bits >= 5 {
            bits = bits.saturating_sub(5);
            let index = usize::try_from((pending >> bits) & 31).unwrap_or(0);
            letters.push(char::from(ALPHABET.get(index).copied().unwrap_or(b'0')));
        }
    }
    letters.truncate(length);
    letters
}

/// Whether a text is `length` letters of the alphabet.
pub(crate) fn is_short(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| ALPHABET.contains(&byte))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn agrees_with_sha_256_in_base32() {
        // SHA-256 of eight zero bytes (the length of the empty part):
        // af5570f5a1810b7af78caf4bc70a660f0df51e42baf91d4de5b2328de0e83dfc.
        assert_eq!(short(&[""], 8), "nxaq1xd1");
        assert_eq!(short(&[""], 51).len(), 51);
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        let cut = [&["ab", "c"][..], &["a", "bc"], &["abc"], &["abc", ""], &["", "abc"]];
        let digests: BTreeSet<String> = cut.iter().map(|parts| short(parts, 20)).collect();
        assert_eq!(digests.len(), cut.len());
    }

    #[test]
    fn knows_its_own_form() {
        assert!(is_short(&short(&["x"], 20), 20));
        for other in ["", "0123456789abcdefghi", "0123456789abcdefghil", "0123456789ABCDEFGHJK"] {
            assert!(!is_short(other, 20), "{other}");
        }
    }
}
