//! Protection against requests that another site makes in a user's name.

use crate::fdi::method::Method;
use crate::fdi::same_site::SameSite;
use crate::fdi::transfer::TransferMethod;

/// What a request with cookies must show beside them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AntiCsrf {
    /// Nothing: `SameSite` protects.
    None,
    /// The `anti-csrf` header with the session's own token.
    ViaToken,
    /// A `rid` header of any value: browsers let another site send one only where CORS permits it.
    ///
    /// Security: it protects as far as the API's CORS settings are strict.
    ViaCustomHeader,
}

impl AntiCsrf {
    /// Reads the setting, in upstream's words.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "NONE" => Some(Self::None),
            "VIA_TOKEN" => Some(Self::ViaToken),
            "VIA_CUSTOM_HEADER" => Some(Self::ViaCustomHeader),
            _ => None,
        }
    }

    /// Returns the mode in upstream's words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::ViaToken => "VIA_TOKEN",
            Self::ViaCustomHeader => "VIA_CUSTOM_HEADER",
        }
    }

    /// The mode that holds unless the configuration says otherwise.
    pub const fn default_for(same_site: SameSite) -> Self {
        match same_site {
            SameSite::None => Self::ViaCustomHeader,
            SameSite::Lax | SameSite::Strict => Self::None,
        }
    }

    /// Whether a session that is created or refreshed by this method of transfer gets an anti-CSRF token.
    pub const fn makes_token(self, method: TransferMethod) -> bool {
        matches!((self, method), (Self::ViaToken, TransferMethod::Cookie))
    }

    /// Judges what the wire can show. `checked` is the caller's wish, or [`is_checked_by_default`]; a refresh is always
    /// checked. Tokens in headers need no protection, for no browser sends them by itself.
    ///
    /// A missing custom header is answered as *try refresh token* on a verify and as *unauthorised* on a refresh.
    pub const fn judge(self, method: TransferMethod, checked: bool, has_rid: bool) -> Judgement {
        match (self, method) {
            _ if !checked => Judgement::Pass,
            (_, TransferMethod::Header) | (Self::None, _) => Judgement::Pass,
            (Self::ViaToken, TransferMethod::Cookie) => Judgement::CompareToken,
            (Self::ViaCustomHeader, TransferMethod::Cookie) if has_rid => Judgement::Pass,
            (Self::ViaCustomHeader, TransferMethod::Cookie) => Judgement::MissingCustomHeader,
        }
    }
}

/// What follows for a request that brought a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// Nothing is left to check.
    Pass,
    /// The `anti-csrf` header must be the session's token.
    CompareToken,
    /// The `rid` header is missing.
    MissingCustomHeader,
}

/// Whether requests of this method are checked unless the caller says otherwise: all but GET, HEAD, OPTIONS and TRACE,
/// which change nothing in an application that keeps to HTTP.
pub const fn is_checked_by_default(method: &Method) -> bool {
    !matches!(method, Method::Get | Method::Head | Method::Options | Method::Trace)
}
