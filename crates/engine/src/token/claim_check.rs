//! How strictly the claims of a signed token are read.

/// How much of an access token's claims is judged, once its signature is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClaimCheck {
    /// As SDKs do: `nbf` and `stt` count, and the hashes of refresh tokens are hashes.
    #[default]
    Strict,
    /// As upstream's service does: `nbf` and `stt` are the application's, and the hashes are texts.
    Upstream,
}
