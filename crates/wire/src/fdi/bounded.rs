//! Texts from outside, cut to a length.

use alloc::string::String;

/// Returns as many whole characters as fit into so many bytes.
pub(crate) fn prefix(text: &str, bytes: usize) -> &str {
    if text.len() <= bytes {
        return text;
    }
    (0..=bytes).rev().find_map(|end| text.get(..end)).unwrap_or_default()
}

pub(crate) fn lossy_prefix(value: &[u8], bytes: usize) -> String {
    // Replacement characters are longer than what they replace, hence the second cut.
    prefix(&String::from_utf8_lossy(value.get(..bytes).unwrap_or(value)), bytes).into()
}
