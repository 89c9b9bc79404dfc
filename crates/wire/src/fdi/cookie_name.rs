//! The names of our two cookies.

use alloc::boxed::Box;
use core::fmt;

/// Which of a session's two tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// The signed token that every request shows.
    Access,
    /// The token that is exchanged for a new pair.
    Refresh,
}

/// A text that cannot be the name of a cookie of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a cookie name; use up to {} of letters, digits and `-_.`", CookieName::MAX_BYTES)]
pub struct CookieNameError;

impl CookieNameError {
    /// A stable code for programs.
    pub const fn code(self) -> &'static str {
        "cookie_name.invalid"
    }
}

/// What a browser promises for a cookie because of how its name begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prefix {
    /// `__Host-`: set by this host, over https, for all its paths; no subdomain can plant one.
    Host,
    /// `__Secure-`: set over https.
    Secure,
}

/// The name of a cookie.
#[derive(Clone, PartialEq, Eq)]
pub struct CookieName(Box<str>);

impl CookieName {
    /// Bytes that a name may have.
    pub const MAX_BYTES: usize = 64;

    /// Parses a name: letters, digits and `-_.`, which no software writes in two ways.
    pub fn parse(text: &str) -> Result<Self, CookieNameError> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
        if (1..=Self::MAX_BYTES).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.into()))
        } else {
            Err(CookieNameError)
        }
    }

    /// The name that browsers' kits and other SDKs know.
    pub fn default_for(kind: TokenKind) -> Self {
        Self(match kind {
            TokenKind::Access => "sAccessToken".into(),
            TokenKind::Refresh => "sRefreshToken".into(),
        })
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the promise that the name asks of browsers, who read it in any case.
    pub fn prefix(&self) -> Option<Prefix> {
        let starts = |with: &str| self.0.get(..with.len()).is_some_and(|head| head.eq_ignore_ascii_case(with));
        match () {
            () if starts("__Host-") => Some(Prefix::Host),
            () if starts("__Secure-") => Some(Prefix::Secure),
            () => None,
        }
    }
}

impl fmt::Debug for CookieName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CookieName({})", self.0)
    }
}

/// The names of both cookies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CookieNames {
    /// Of the access token's.
    pub access: CookieName,
    /// Of the refresh token's.
    pub refresh: CookieName,
}

impl CookieNames {
    /// The cookie of FDI versions up to 1.15 that an old session may still send.
    pub const LEGACY: &'static str = "sIdRefreshToken";

    /// Returns the name of one.
    pub const fn of(&self, kind: TokenKind) -> &CookieName {
        match kind {
            TokenKind::Access => &self.access,
            TokenKind::Refresh => &self.refresh,
        }
    }
}

impl Default for CookieNames {
    fn default() -> Self {
        Self {
            access: CookieName::default_for(TokenKind::Access),
            refresh: CookieName::default_for(TokenKind::Refresh),
        }
    }
}
