//! What each placeholder of an answer allows (`vectors/cdi/README.md`).

use std::collections::BTreeSet;

use crate::cdi::answers::Answers;
use crate::cdi::json::Json;
use crate::cdi::token::{Flavour, VerifyingKey};

/// What an answer is compared with.
#[derive(Debug)]
pub(super) struct Given<'a> {
    /// The answers so far, this one among them.
    pub(super) answers: &'a Answers,
    /// The step, by its name.
    pub(super) step: &'a str,
    /// When the request was sent.
    pub(super) sent: i64,
    /// How far a time may be off, in milliseconds; a whole second may be off by one if this isn't 0.
    pub(super) tolerance: i64,
    /// When signing keys change and end.
    pub(super) key_times: KeyTimes,
    /// The keys that the server publishes.
    pub(super) published: &'a [PublishedKey],
    /// Values that must be new and were seen already.
    pub(super) seen: &'a BTreeSet<String>,
}

/// A key that the server publishes.
#[derive(Clone, Debug)]
pub(super) struct PublishedKey {
    pub(super) kid: String,
    pub(super) key: VerifyingKey,
}

/// The times of signing keys, after their creation, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct KeyTimes {
    /// Until a dynamic key signs no more.
    pub(super) update: i64,
    /// Until a key that callers are told of ends.
    pub(super) end: i64,
    /// Whether callers are told of the static key instead.
    pub(super) is_static: bool,
}

/// A value that a placeholder allows.
#[derive(Debug)]
pub(super) enum Fit {
    Fits,
    /// It must never come again.
    New(String),
}

/// Judges a value against a placeholder; otherwise says in words what was wanted.
pub(super) fn fits(given: &Given<'_>, want: &Json, got: &Json, at: &str) -> Result<Fit, String> {
    let Some([(mark, told), options @ ..]) = want.members() else { return Err("a placeholder".into()) };
    let allowed = match mark.as_str() {
        "$uuid" => "suffix",
        "$ms" => "whole",
        _ => "",
    };
    if let Some((name, _)) = options.iter().find(|(name, _)| name != allowed) {
        return Err(format!("a placeholder {mark} without {name}, which the player does not know"));
    }
    let option = options.first().map(|(_, value)| value);
    match mark.as_str() {
        "$uuid" => {
            let suffix = option.and_then(Json::text).unwrap_or_default();
            let uuid = got.text().and_then(|text| text.strip_suffix(suffix));
            is(uuid.is_some_and(is_uuid_v4), &format!("a random UUID{suffix}"))?;
            fresh(given, got)
        }
        "$refreshToken" => {
            let opaque = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
            is(got.text().is_some_and(opaque), "a refresh token")?;
            fresh(given, got)
        }
        "$kid" => match told.text() {
            Some("d-") => is(kid_time(got).is_some(), "a key id with a time"),
            _ => is(got.text().and_then(|kid| kid.strip_prefix("s-")).is_some_and(is_uuid_v4), "a static key id"),
        },
        "$capture" => {
            let held = given.answers.lookup(told.text().unwrap_or_default())?;
            is(held == *got, &format!("{held} as in {told}"))
        }
        "$sha256" => {
            let held = given.answers.lookup(told.text().unwrap_or_default())?;
            let digest = held.text().map(sha256_hex);
            is(digest.is_some() && digest.as_deref() == got.text(), &format!("the SHA-256 of {told}"))
        }
        "$ms" | "$s" | "$ms_range" | "$s_range" => time(given, mark, told, option.is_some(), got),
        "$anyms" => key_time(given, got, at),
        "$publicKey" => is(got.text().and_then(VerifyingKey::from_spki).is_some(), "a public key of RSA-2048"),
        "$b64url" => {
            let bytes = got.text().and_then(|text| Flavour::Url.decode(text).ok());
            let length = bytes.and_then(|bytes| i64::try_from(bytes.len()).ok());
            is(length.is_some() && length == told.integer(), &format!("{told} bytes in base64url"))
        }
        _ => Err(format!("{mark}, which the player does not know")),
    }
}

fn is(fits: bool, words: &str) -> Result<Fit, String> {
    if fits { Ok(Fit::Fits) } else { Err(words.to_owned()) }
}

/// A value that no earlier answer carried.
fn fresh(given: &Given<'_>, got: &Json) -> Result<Fit, String> {
    let text = got.text().unwrap_or_default();
    is(!given.seen.contains(text), "a value not seen before")?;
    Ok(Fit::New(text.to_owned()))
}

fn is_uuid_v4(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|group| group.bytes().all(hex))
        && groups.get(2).is_some_and(|group| group.starts_with('4'))
        && groups.get(3).is_some_and(|group| group.starts_with(['8', '9', 'a', 'b']))
}

/// The time in the name of a dynamic key.
fn kid_time(kid: &Json) -> Option<i64> {
    let digits = kid.text()?.strip_prefix("d-")?;
    (digits.len() == 13 && digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| digits.parse().ok())?
}

fn sha256_hex(text: &str) -> String {
    hex::encode(doorward_engine::crypto::Crypto::sha256(&doorward_crypto::AwsLc, text.as_bytes()))
}

fn time(given: &Given<'_>, mark: &str, told: &Json, whole: bool, got: &Json) -> Result<Fit, String> {
    let sent = given.sent;
    let seconds = mark.starts_with("$s");
    let origin = if seconds {
        sent / 1000
    } else if whole {
        sent / 1000 * 1000
    } else {
        sent
    };
    let spare = match mark {
        "$ms" => given.tolerance,
        "$s" => given.tolerance.min(1),
        _ => 0,
    };
    let (low, high) = match told.items() {
        Some([low, high]) => (low.integer(), high.integer()),
        _ if spare == 0 => {
            let meant = told.integer().map(|after| without_drift(after, seconds));
            (meant, meant)
        }
        _ => (told.integer(), told.integer()),
    };
    let (Some(low), Some(high)) = (low, high) else { return Err(format!("a time that the player knows, not {told}")) };
    let (low, high) = (origin + low - spare, origin + high + spare);
    let fits = got.integer().is_some_and(|got| (low..=high).contains(&got) && (!whole || got % 1000 == 0));
    let words = if low == high { low.to_string() } else { format!("{low} to {high}") };
    is(fits, &format!("{words} ({mark} {told}){}", if whole { " in whole seconds" } else { "" }))
}

/// Recording took time: what was made by an earlier request and is a second short of a round time was that round time.
/// Where the clock stands still, it is that.
pub(super) fn without_drift(after: i64, seconds: bool) -> i64 {
    let second = if seconds { 1 } else { 1000 };
    if (after + second) % (10 * second) == 0 { after + second } else { after }
}

/// A time that belongs to a signing key: which, the name of the member says.
fn key_time(given: &Given<'_>, got: &Json, at: &str) -> Result<Fit, String> {
    let times = given.key_times;
    let after = match at.rsplit_once('.').map(|(_, name)| name) {
        Some("createdAt") => 0,
        Some("expiryTime") => times.end,
        Some("jwtSigningPublicKeyExpiryTime") => times.update,
        _ => return Err(format!("a time of a key, at a place that the player knows, not {at}")),
    };
    let created = got.integer().map(|got| got - after);
    let known = created.is_some_and(|created| match times.is_static {
        true => created > 0 && created <= given.sent,
        false => given.published.iter().any(|key| kid_time(&Json::Text(key.kid.clone())) == Some(created)),
    });
    is(known, &format!("the creation of a published key + {after}"))
}
