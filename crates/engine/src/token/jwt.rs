//! Tokens that an application has signed for purposes of its own (`spec/modern-core.md` 4.1).

use alloc::format;
use alloc::string::String;

use crate::json::push_json_string;
use crate::key::ring::KeyRing;
use crate::payload::Payload;
use crate::policy::Policy;
use crate::time::Millis;
use crate::token::jws::Unsigned;

/// A token to be made.
#[derive(Clone, Debug)]
pub struct NewJwt {
    /// Its claims. One of the name of a claim that is made here takes its place.
    pub payload: Payload,
    /// Who says so, unless the payload says it.
    pub issuer: String,
    /// How long it lives, unless the payload says when it ends.
    pub validity_secs: u64,
    /// Whether a static key signs it. One that isn't static verifies no longer than access tokens need it.
    pub use_static_key: bool,
}

impl NewJwt {
    /// Writes the token with the key that signs now. Signing it is left to do.
    pub fn write(&self, keys: &KeyRing, now: Millis, policy: &Policy) -> Unsigned {
        let iat = now.as_secs();
        let mut own = format!(r#"{{"iat":{iat},"exp":{},"iss":"#, iat.saturating_add(self.validity_secs));
        push_json_string(&mut own, &self.issuer);
        own.push('}');
        // INVARIANT: both are JSON objects, so the one can be laid over the other.
        let claims =
            Payload::from_stored(&own).and_then(|own| own.overlaid(&self.payload, |_| true).ok()).unwrap_or(own);
        Unsigned::jwt(&claims, keys.signer(now, policy, self.use_static_key))
    }
}
