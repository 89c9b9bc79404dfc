//! The key that successors are derived with (design rule 2). What is computed here is **frozen as v1**.

use crate::crypto::Crypto;
use crate::id::AppId;
use crate::secret::Secret;

const SALT: &[u8] = b"doorward succession v1";

/// A stored refresh-token key shorter than this derives nothing.
const LEAST_KEY_BYTES: usize = 32;

/// The key that successors are derived with.
#[derive(Clone)]
pub(crate) struct SuccessionKey([u8; 32]);

impl core::fmt::Debug for SuccessionKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("SuccessionKey(..)")
    }
}

impl SuccessionKey {
    /// HKDF-SHA256 of the refresh-token key as stored, with the app as info. A secret of the configuration is mixed in
    /// by a second extraction, with the first one's result as salt.
    pub(crate) fn derive(app: &AppId, refresh: &Secret, secret: Option<&Secret>, crypto: &dyn Crypto) -> Option<Self> {
        let stored = refresh.expose().as_bytes();
        if stored.len() < LEAST_KEY_BYTES {
            return None;
        }
        let mut extracted = crypto.hmac_sha256(SALT, &[stored]);
        if let Some(secret) = secret {
            extracted = crypto.hmac_sha256(&extracted, &[secret.expose().as_bytes()]);
        }
        Some(Self(crypto.hmac_sha256(&extracted, &[app.as_str().as_bytes(), &[1]])))
    }

    /// HMAC-SHA256(K, label ‖ 0 ‖ length of the token ‖ token ‖ window ‖ anti-CSRF choice ‖ more); the length is four
    /// bytes, big-endian, so that no two inputs read alike.
    pub(crate) fn bytes(
        &self,
        label: &str,
        presented: &Secret,
        choice: [u8; 2],
        more: &[u8],
        crypto: &dyn Crypto,
    ) -> [u8; 32] {
        let token = presented.expose().as_bytes();
        let length = u32::try_from(token.len()).unwrap_or(u32::MAX).to_be_bytes();
        crypto.hmac_sha256(&self.0, &[label.as_bytes(), &[0], &length, token, &choice, more])
    }
}
