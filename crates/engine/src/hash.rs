//! The two hashes of a refresh token (`spec/modern-core.md` 0.1): `hash1` goes into tokens, `hash2` into the store.

use alloc::string::String;
use core::fmt;

use subtle::ConstantTimeEq as _;

use crate::crypto::Crypto;

/// SHA-256 in hex.
const HASH_BYTES: usize = 64;

macro_rules! token_hash {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy)]
        pub struct $name([u8; HASH_BYTES]);

        impl $name {
            /// Parses 64 lower-case hex digits.
            pub fn parse(text: &str) -> Option<Self> {
                let digits: [u8; HASH_BYTES] = text.as_bytes().try_into().ok()?;
                digits.iter().all(|d| matches!(d, b'0'..=b'9' | b'a'..=b'f')).then_some(Self(digits))
            }

            /// Returns the hex digits.
            pub fn as_str(&self) -> &str {
                // INVARIANT: only visible ASCII gets in, so this is always text.
                core::str::from_utf8(self.text_bytes()).unwrap_or_default()
            }

            /// What is there before the zero bytes that fill it up.
            fn text_bytes(&self) -> &[u8] {
                match self.0.iter().position(|byte| *byte == 0) {
                    Some(end) => self.0.get(..end).unwrap_or_default(),
                    None => &self.0,
                }
            }
        }

        /// Takes the same time wherever the two differ.
        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.0.ct_eq(&other.0).into()
            }
        }

        impl Eq for $name {}

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    };
}

token_hash!(
    /// SHA-256 of a whole refresh token, in hex. Published: every access token carries it.
    Hash1
);
token_hash!(
    /// SHA-256 of the text of a [`Hash1`], in hex. What the store keeps of a refresh token.
    Hash2
);

impl Hash1 {
    /// Hashes a refresh token.
    pub fn of(token: &str, crypto: &dyn Crypto) -> Self {
        Self(hex_digits(crypto.sha256(token.as_bytes())))
    }

    /// Hashes once more, for the store.
    pub fn stored(&self, crypto: &dyn Crypto) -> Hash2 {
        Hash2(hex_digits(crypto.sha256(self.text_bytes())))
    }

    /// Takes what a signed token holds for a hash. Upstream takes any text, and tokens that an application had signed for
    /// itself may hold one: visible ASCII up to the length of a hash is no other token's, and does no harm.
    pub(crate) fn from_claim(text: &str) -> Option<Self> {
        let mut bytes = [0; HASH_BYTES];
        bytes.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        text.bytes().all(|byte| byte.is_ascii_graphic()).then_some(Self(bytes))
    }

    /// Returns the bytes of the text, filled up with zeros.
    pub const fn as_bytes(&self) -> &[u8; HASH_BYTES] {
        &self.0
    }
}

impl Hash2 {
    /// Returns the stored form.
    pub fn to_text(&self) -> String {
        self.as_str().into()
    }
}

fn hex_digits(digest: [u8; 32]) -> [u8; HASH_BYTES] {
    let mut digits = [0; HASH_BYTES];
    // INVARIANT: 64 is twice 32, so this cannot fail.
    let _ = hex::encode_to_slice(digest, &mut digits);
    digits
}
