//! The two hashes of a refresh token (`spec/modern-core.md` 0.1): `hash1` goes into tokens, `hash2` into the store.

use alloc::string::String;
use core::fmt;

use subtle::ConstantTimeEq as _;

use crate::crypto::Crypto;

macro_rules! token_hash {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy)]
        pub struct $name([u8; 64]);

        impl $name {
            /// Parses 64 lower-case hex digits.
            pub fn parse(text: &str) -> Option<Self> {
                let digits: [u8; 64] = text.as_bytes().try_into().ok()?;
                digits.iter().all(|d| matches!(d, b'0'..=b'9' | b'a'..=b'f')).then_some(Self(digits))
            }

            /// Returns the 64 hex digits.
            pub fn as_str(&self) -> &str {
                // INVARIANT: only hex digits get in, so this is always text.
                core::str::from_utf8(&self.0).unwrap_or_default()
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
        Hash2(hex_digits(crypto.sha256(&self.0)))
    }
}

impl Hash2 {
    /// Returns the stored form.
    pub fn to_text(&self) -> String {
        self.as_str().into()
    }
}

fn hex_digits(digest: [u8; 32]) -> [u8; 64] {
    let mut digits = [0; 64];
    // INVARIANT: 64 is twice 32, so this cannot fail.
    let _ = hex::encode_to_slice(digest, &mut digits);
    digits
}
