//! Percent encoding as JavaScript's `encodeURIComponent` and `decodeURIComponent` do it.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use memchr::memchr;

/// Appends the text, with all bytes encoded but letters, digits and `-_.!~*'()`.
pub(crate) fn encode(text: &str, out: &mut String) {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().unwrap_or('0');
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
}

/// Decodes; a text that is not encoded rightly, or not UTF-8 afterwards, is returned as it came. Bytes that are not
/// UTF-8 then become replacement characters, which no token and no name of ours contains.
pub(crate) fn decode(raw: &[u8]) -> Cow<'_, str> {
    if memchr(b'%', raw).is_none() {
        return String::from_utf8_lossy(raw);
    }
    match decoded(raw).map(String::from_utf8) {
        Some(Ok(text)) => Cow::Owned(text),
        _ => String::from_utf8_lossy(raw),
    }
}

/// Decodes; `None` for a text that is not encoded rightly.
pub(crate) fn decoded(raw: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(raw.len());
    let mut bytes = raw.iter().copied();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            out.push((hex_value(bytes.next()?)? << 4) | hex_value(bytes.next()?)?);
        } else {
            out.push(byte);
        }
    }
    Some(out)
}

const fn hex_value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}
