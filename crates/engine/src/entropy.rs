//! The random bytes of a request.

use core::fmt;

/// Random bytes for one request, drawn in one call (a call costs the same whatever its size).
#[derive(Clone)]
pub struct Entropy {
    /// For a session handle.
    pub handle: [u8; 10],
    /// For the nonce of a refresh token.
    pub nonce: [u8; 32],
    /// For an anti-CSRF value.
    pub anti_csrf: [u8; 16],
    /// For the IV of a sealed refresh token.
    pub iv: [u8; 12],
    /// For the jitter of an access token's end.
    pub jitter: [u8; 4],
}

impl Entropy {
    /// How many random bytes a request takes.
    pub const BYTES: usize = 74;

    /// Splits random bytes by purpose.
    pub fn new(random: [u8; Self::BYTES]) -> Self {
        let mut rest = random.into_iter();
        let mut next = || rest.next().unwrap_or_default();
        Self {
            handle: core::array::from_fn(|_| next()),
            nonce: core::array::from_fn(|_| next()),
            anti_csrf: core::array::from_fn(|_| next()),
            iv: core::array::from_fn(|_| next()),
            jitter: core::array::from_fn(|_| next()),
        }
    }
}

impl fmt::Debug for Entropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entropy(..)")
    }
}
