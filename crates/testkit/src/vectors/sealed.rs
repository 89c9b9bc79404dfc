//! Refresh tokens from outside: opened with nothing but the primitives, to compare with what the engine says.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use doorward_crypto::AwsLc;
use doorward_engine::crypto::Crypto as _;
use doorward_engine::entropy::Entropy;
use doorward_engine::hash::Hash2;
use doorward_engine::id::{SessionKey, UserId};
use doorward_engine::payload::{JsonText, Payload};
use doorward_engine::secret::Secret;
use doorward_engine::session::record::{Row, SessionLimits};
use doorward_engine::time::{Lifetime, Millis};

/// The plaintext of a refresh token.
pub(crate) fn unseal(token: &Secret, key: &Secret) -> Result<String, String> {
    let sealed = token.expose().split('.').next().unwrap_or_default();
    let bytes = STANDARD.decode(sealed).map_err(|error| error.to_string())?;
    let (iv, ciphertext) = bytes.split_first_chunk::<12>().ok_or("a token too short for an IV")?;
    let sealing_key = AwsLc.pbkdf2_sha512(key.expose().as_bytes(), iv, 100);
    let plaintext = AwsLc.aes256_gcm_open(&sealing_key, *iv, ciphertext).ok_or("a token that does not open")?;
    String::from_utf8(plaintext).map_err(|error| error.to_string())
}

/// Random bytes as a case gives them in hex.
pub(crate) fn entropy(text: Option<&str>) -> Result<Entropy, String> {
    let mut bytes = [0; Entropy::BYTES];
    if let Some(text) = text {
        hex::decode_to_slice(text, &mut bytes).map_err(|error| format!("entropy: {error}"))?;
    }
    Ok(Entropy::new(bytes))
}

/// A row that is alive, with this current refresh token and nothing special.
pub(crate) fn row(key: SessionKey, user: UserId, current: Hash2, now: Millis) -> Row {
    Row {
        key,
        user,
        primary: None,
        current,
        prev: None,
        rotated_at: None,
        window: None,
        expires_at: now.after(Lifetime::from_hours(1)),
        created_at: now,
        payload: Payload::default(),
        data: JsonText::default(),
        use_static_key: false,
        limits: SessionLimits::default(),
    }
}
