//! POST `/recipe/jwt`: signs a token of the application's own (`spec/modern-core.md` 4.1).

use alloc::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

use super::answer::{Answer, Refusal};
use super::dialect::{Dialect, Field};
use super::input::Object;
use super::status::Status;

/// What is to be signed.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The algorithm is the one that there is.
    pub is_supported: bool,
    /// `iss`, unless the payload has one.
    pub jwks_domain: Cow<'a, str>,
    /// The claims.
    pub payload: &'a RawValue,
    /// How long it is good.
    pub validity_secs: u64,
    /// Signed by a key that is never rotated.
    pub use_static_key: bool,
}

/// Reads a body.
pub fn parse<'a>(object: &Object<'a>, dialect: &Dialect) -> Result<Request<'a>, Refusal> {
    let is_supported = object.string("algorithm")?.eq_ignore_ascii_case("RS256");
    let jwks_domain = object.string("jwksDomain")?;
    let payload = object.object("payload")?;
    let validity_secs = match u64::try_from(object.integer("validity")?) {
        Ok(validity) if validity > 0 => validity,
        // The text is not ours: zero is refused too.
        _ => return Err(Refusal::bad("validity must be greater than or equal to 0")),
    };
    let use_static_key = match dialect.jwt_key {
        Field::Ignored => true,
        Field::Optional | Field::Required => object.optional_boolean("useStaticSigningKey")?.unwrap_or(true),
    };
    Ok(Request { is_supported, jwks_domain, payload, validity_secs, use_static_key })
}

#[derive(Serialize)]
struct Signed<'a> {
    status: Status,
    jwt: &'a str,
}

/// Answers with the token.
pub fn render(jwt: &str) -> Answer {
    Answer::json(&Signed { status: Status::Ok, jwt })
}

/// Answers that the algorithm isn't there.
pub fn render_unsupported() -> Answer {
    Status::UnsupportedAlgorithm.answer()
}
