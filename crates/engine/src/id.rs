//! Identifiers. Only parsing makes one, so code that holds one need not check it again.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use core::fmt;

use crate::time::Millis;

/// Why a text is not the identifier that it should be. The text itself is not shown: it came from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Nothing between the quotes.
    #[error("{what} must not be empty")]
    Empty {
        /// Which identifier.
        what: &'static str,
    },
    /// More than the stored column holds.
    #[error("{what} must not be longer than {limit} {unit}")]
    TooLong {
        /// Which identifier.
        what: &'static str,
        /// How many are allowed.
        limit: usize,
        /// Of what.
        unit: &'static str,
    },
    /// A character that this identifier cannot have.
    #[error("{what} must not contain {found}")]
    Character {
        /// Which identifier.
        what: &'static str,
        /// What was found, in words.
        found: &'static str,
    },
}

impl IdError {
    /// A stable code for programs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Empty { .. } => "id.empty",
            Self::TooLong { .. } => "id.too_long",
            Self::Character { .. } => "id.character",
        }
    }
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            /// Returns the text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({:?})"), &*self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id!(
    /// Whose session it is: the application's own name for a user, 1 to 128 characters without NUL.
    UserId
);
text_id!(
    /// The stable name of a session across refreshes, up to 255 bytes. Not a secret: it can be shown to its user.
    SessionHandle
);
text_id!(
    /// A tenant inside an app: 1 to 64 of `a-z`, `0-9` and `-`.
    TenantId
);
text_id!(
    /// An app that the server keeps apart from all others: 1 to 64 of `a-z`, `0-9` and `-`.
    AppId
);
text_id!(
    /// The name of a signing key: `d-` and its creation time, or `s-` and a UUID for a static one.
    KeyId
);

impl UserId {
    /// Characters that a stored user id may have.
    pub const MAX_CHARS: usize = 128;

    /// Parses a user id of an application. An empty one is refused: it is nearly always a bug of the caller.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        if text.is_empty() {
            return Err(IdError::Empty { what: "user id" });
        }
        Self::parse_or_empty(text)
    }

    /// Parses a user id as stored rows and the backend interface have it: it may be empty.
    pub fn parse_or_empty(text: &str) -> Result<Self, IdError> {
        if text.chars().count() > Self::MAX_CHARS {
            return Err(IdError::TooLong { what: "user id", limit: Self::MAX_CHARS, unit: "characters" });
        }
        if text.contains('\0') {
            return Err(IdError::Character { what: "user id", found: "NUL" });
        }
        Ok(Self(text.into()))
    }
}

impl SessionHandle {
    /// Bytes that a stored handle may have.
    pub const MAX_BYTES: usize = 255;

    /// Parses any handle text: those of older releases and of other implementations differ in form.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        if text.is_empty() {
            return Err(IdError::Empty { what: "session handle" });
        }
        if text.len() > Self::MAX_BYTES {
            return Err(IdError::TooLong { what: "session handle", limit: Self::MAX_BYTES, unit: "bytes" });
        }
        if text.contains('\0') {
            return Err(IdError::Character { what: "session handle", found: "NUL" });
        }
        Ok(Self(text.into()))
    }

    /// Makes a handle: 48 bits of time so that handles sort by creation, then random bits, in the form of a UUID v4;
    /// another tenant than the default one is appended after `_`.
    pub fn make(now: Millis, random: [u8; 10], tenant: &TenantId) -> Self {
        let [_, _, t0, t1, t2, t3, t4, t5] = now.as_u64().to_be_bytes();
        let [r0, r1, r2, r3, r4, r5, r6, r7, r8, r9] = random;
        let uuid = uuid_v4_text([t0, t1, t2, t3, t4, t5, r0, r1, r2, r3, r4, r5, r6, r7, r8, r9]);
        Self(if tenant.is_default() { uuid.into() } else { format!("{uuid}_{tenant}").into() })
    }

    /// Returns the tenant that the handle names: what stands between its first and second `_`, else the default one.
    /// (`spec/modern-core.md` 8.1.)
    pub fn tenant(&self) -> Result<TenantId, IdError> {
        match self.0.split('_').nth(1) {
            None => Ok(TenantId::default()),
            Some(tenant) => TenantId::parse(tenant),
        }
    }
}

/// Writes 16 bytes as the text of a UUID, with version 4 and its variant set.
pub fn uuid_v4_text(mut bytes: [u8; 16]) -> String {
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let digits = hex::encode(bytes);
    let mut text = String::with_capacity(36);
    for (at, digit) in digits.chars().enumerate() {
        if matches!(at, 8 | 12 | 16 | 20) {
            text.push('-');
        }
        text.push(digit);
    }
    text
}

macro_rules! partition_id {
    ($name:ident, $what:literal) => {
        impl $name {
            /// The name of the default one.
            pub const DEFAULT: &'static str = "public";

            /// Parses a name; letters are folded to lower case.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                let text = text.to_ascii_lowercase();
                if text.is_empty() {
                    return Err(IdError::Empty { what: $what });
                }
                if text.len() > 64 {
                    return Err(IdError::TooLong { what: $what, limit: 64, unit: "characters" });
                }
                if text.bytes().any(|b| !(b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')) {
                    return Err(IdError::Character { what: $what, found: "anything but letters, digits and hyphens" });
                }
                Ok(Self(text.into()))
            }

            /// Whether this is the default one.
            pub fn is_default(&self) -> bool {
                &*self.0 == Self::DEFAULT
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self(Self::DEFAULT.into())
            }
        }
    };
}

partition_id!(TenantId, "tenant id");
partition_id!(AppId, "app id");

impl KeyId {
    /// Parses a key id: 1 to 255 bytes of visible ASCII.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        if text.is_empty() {
            return Err(IdError::Empty { what: "key id" });
        }
        if text.len() > 255 {
            return Err(IdError::TooLong { what: "key id", limit: 255, unit: "bytes" });
        }
        if text.bytes().any(|b| !b.is_ascii_graphic()) {
            return Err(IdError::Character { what: "key id", found: "anything but visible ASCII" });
        }
        Ok(Self(text.into()))
    }

    /// The id of the dynamic key that was made at this moment.
    pub fn dynamic(created_at: Millis) -> Self {
        Self(format!("d-{}", created_at.as_u64()).into())
    }

    /// A new id for a static key.
    pub fn new_static(random: [u8; 16]) -> Self {
        Self(format!("s-{}", uuid_v4_text(random)).into())
    }
}

/// Where a session's row is found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionKey {
    /// The app that the session belongs to.
    pub app: AppId,
    /// The tenant inside it.
    pub tenant: TenantId,
    /// The session's own name.
    pub handle: SessionHandle,
}
