//! Reading `Cookie` headers, whatever stands in them (`spec/modern-sdk.md` 2.3).

use alloc::borrow::Cow;

use memchr::{memchr, memrchr};

use crate::fdi::cookie_name::CookieName;
use crate::fdi::percent;

/// Bytes of `Cookie` headers that are read of one request.
pub const MAX_COOKIE_BYTES: usize = 16 * 1024;

/// Bytes that a token may have, in a cookie or a header.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// One name and value, as they stood in the header.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Pair<'h> {
    name: &'h [u8],
    value: &'h [u8],
}

impl<'h> Pair<'h> {
    /// Splits at the first `=`; `None` without one, as for `HttpOnly` in the notation of Flutter's kit.
    fn parse(text: &'h [u8]) -> Option<Self> {
        let (name, value) = text.split_at_checked(memchr(b'=', text)?)?;
        let value = value.get(1..)?.trim_ascii();
        let value = match value {
            [b'"', inside @ .., b'"'] => inside,
            value => value,
        };
        Some(Self { name: name.trim_ascii(), value })
    }

    /// Whether the name is this one, byte for byte. Only such a cookie is read.
    ///
    /// Security: a name is never decoded before it is read, else a site that may set `__%48ost-x` could plant what
    /// browsers protect as `__Host-x`.
    pub fn is_named(&self, name: &str) -> bool {
        self.name == name.as_bytes()
    }

    /// Whether other software may take the cookie for the one of this name, because it decodes names: such a cookie is
    /// counted as a duplicate. A name with a prefix has no duplicates of this kind, for anybody could make them.
    pub fn resembles(&self, name: &CookieName) -> bool {
        self.is_named(name.as_str())
            || (self.name.contains(&b'%') && name.prefix().is_none() && percent::decode(self.name) == name.as_str())
    }

    /// Returns the name, decoded.
    pub fn name(&self) -> Cow<'h, str> {
        percent::decode(self.name)
    }

    /// Returns the value, decoded; as it stood if it was encoded wrongly.
    pub fn value(&self) -> Cow<'h, str> {
        percent::decode(self.value)
    }

    /// Whether the value stood there with more bytes than a token may have.
    pub const fn is_oversized(&self) -> bool {
        self.value.len() > MAX_TOKEN_BYTES
    }
}

/// Debug shows neither name nor value: cookies are secrets.
impl core::fmt::Debug for Pair<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Pair(..)")
    }
}

/// Reads the `Cookie` lines of one request, [`MAX_COOKIE_BYTES`] of them in total.
#[derive(Debug)]
pub struct CookieReader {
    bytes_left: usize,
    was_cut: bool,
}

impl Default for CookieReader {
    fn default() -> Self {
        Self { bytes_left: MAX_COOKIE_BYTES, was_cut: false }
    }
}

impl CookieReader {
    /// Returns the cookies of the next line, in order. Pieces without `=` are left out.
    pub fn pairs<'h>(&mut self, line: &'h [u8]) -> impl Iterator<Item = Pair<'h>> + use<'h> {
        let mut rest = Some(self.take(line));
        core::iter::from_fn(move || {
            let text = rest?;
            let (piece, after) = match memchr(b';', text) {
                Some(at) => (text.get(..at)?, text.get(at + 1..)),
                None => (text, None),
            };
            rest = after;
            Some(piece)
        })
        .filter_map(Pair::parse)
    }

    /// Whether bytes were left unread.
    pub const fn was_cut(&self) -> bool {
        self.was_cut
    }

    fn take<'h>(&mut self, line: &'h [u8]) -> &'h [u8] {
        let Some(head) = line.get(..self.bytes_left).filter(|head| head.len() < line.len()) else {
            self.bytes_left -= line.len();
            return line;
        };
        self.bytes_left = 0;
        self.was_cut = true;
        let (whole, last) = match memrchr(b';', head) {
            Some(at) => head.split_at_checked(at).unwrap_or_default(),
            None => (&[][..], head),
        };
        // The cookie across the limit isn't read, for half a token is another token. But one that is too large already
        // stays, so that it is found to be.
        match Pair::parse(last) {
            Some(pair) if pair.is_oversized() => head,
            _ => whole,
        }
    }
}
