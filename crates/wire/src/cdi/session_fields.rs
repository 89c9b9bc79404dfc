//! The fields that the endpoints of sessions have in common (`spec/modern-core.md` 3.2 to 3.10).

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;

use doorward_engine::payload::{JsonText, Payload};
use doorward_engine::time::Lifetime;
use serde_json::value::RawValue;

use super::answer::Refusal;
use super::dialect::{Dialect, Field};
use super::input::Object;

/// A payload that a caller sent, without the blanks between its parts. One with a name that is no Unicode (half a
/// surrogate pair) is refused: no token can say it.
pub(super) fn payload(json: &RawValue) -> Result<Payload, Refusal> {
    Payload::from_stored(&compact(json.get())).ok_or(Refusal::JSON)
}

/// Session data that a caller sent, without the blanks between its parts.
pub(super) fn data(json: &RawValue) -> JsonText {
    JsonText::from_stored(&compact(json.get()))
}

/// Takes the blanks between the parts out of valid JSON: an answer is one line, however its parts were sent.
fn compact(json: &str) -> Cow<'_, str> {
    let is_blank = |byte: u8| matches!(byte, b' ' | b'\n' | b'\r' | b'\t');
    if !json.bytes().any(is_blank) {
        return Cow::Borrowed(json);
    }
    let (mut is_text, mut is_escaped) = (false, false);
    let kept = json.chars().filter(|char| {
        let is_kept = is_text || !matches!(char, ' ' | '\n' | '\r' | '\t');
        match char {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = is_text,
            '"' => is_text = !is_text,
            _ => {}
        }
        is_kept
    });
    Cow::Owned(kept.collect::<String>())
}

/// Judges a payload by the claims that a token of the caller's version holds for itself (7.3).
pub(super) fn check_reserved(payload: &Payload, dialect: &Dialect) -> Result<(), Refusal> {
    match payload.check_reserved(dialect.access_version) {
        Err(_) if dialect.checks_reserved => Err(Refusal::PROTECTED_FIELD),
        _ => Ok(()),
    }
}

/// `accessTokenValidity`: for how many milliseconds the access token of this answer lives.
pub(super) fn access_validity(body: &Object<'_>, dialect: &Dialect) -> Result<Option<i64>, Refusal> {
    match dialect.access_validity {
        Field::Ignored => Ok(None),
        Field::Optional => body.optional_integer("accessTokenValidity"),
        Field::Required => body.integer("accessTokenValidity").map(Some),
    }
}

/// The same as a lifetime, which is at most as long as that of other access tokens.
pub(super) fn access_lifetime(validity: Option<i64>, most: Lifetime) -> Result<Option<Lifetime>, Refusal> {
    let Some(validity) = validity else { return Ok(None) };
    match u64::try_from(validity) {
        Ok(millis) if millis > 0 && millis <= most.as_millis() => Ok(Some(Lifetime::from_millis(millis))),
        _ => Err(Refusal::bad(format!(
            "accessTokenValidity must be greater than 0 and at most the configured access_token_validity ({} ms)",
            most.as_millis()
        ))),
    }
}

/// `useDynamicSigningKey`, as the kind of key that is asked for; `None` where the caller has no say or says nothing.
pub(super) fn use_static_key(body: &Object<'_>, field: Field) -> Result<Option<bool>, Refusal> {
    let dynamic = match field {
        Field::Ignored => None,
        Field::Optional => body.optional_boolean("useDynamicSigningKey")?,
        Field::Required => Some(body.boolean("useDynamicSigningKey")?),
    };
    Ok(dynamic.map(|dynamic| !dynamic))
}
