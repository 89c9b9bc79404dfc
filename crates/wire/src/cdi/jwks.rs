//! GET `/recipe/jwt/jwks` and `/.well-known/jwks.json`: the public keys of an app (`spec/modern-core.md` 4.2, 4.3).

use alloc::format;

use doorward_engine::key::jwks::{Jwk, Jwks};
use serde::Serialize;

use super::answer::Answer;
use super::status::Status;

#[derive(Serialize)]
struct Keys<'a> {
    keys: &'a [Jwk],
    status: Status,
}

/// Answers SDKs.
pub fn render(jwks: &Jwks) -> Answer {
    Answer::json(&Keys { keys: &jwks.keys, status: Status::Ok })
}

/// Answers anybody. `max_age_secs` is when the next key may be there; SDKs look for `max-age` first.
pub fn render_public(jwks: &Jwks, max_age_secs: u64) -> Answer {
    Answer { cache_control: Some(format!("max-age={max_age_secs}, must-revalidate")), ..Answer::json(jwks) }
}
