//! What each placeholder of an answer allows (`vectors/cdi/README.md`).

use crate::cdi::compare::Comparison;
use crate::cdi::json::Json;
use crate::cdi::token::{Flavour, VerifyingKey};

/// Judges a value against a placeholder; otherwise says in words what was wanted.
pub(super) fn fits(comparison: &mut Comparison<'_>, want: &Json, got: &Json, at: &str) -> Result<(), String> {
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
            fresh(comparison, got)
        }
        "$refreshToken" => {
            let opaque = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
            is(got.text().is_some_and(opaque), "a refresh token")?;
            fresh(comparison, got)
        }
        "$kid" => match told.text() {
            Some("d-") => is(kid_time(got).is_some(), "a key id with a time"),
            _ => is(got.text().and_then(|kid| kid.strip_prefix("s-")).is_some_and(is_uuid_v4), "a static key id"),
        },
        "$capture" => {
            let held = comparison.answers.lookup(told.text().unwrap_or_default())?;
            is(held == *got, &format!("{held} as in {told}"))
        }
        "$sha256" => {
            let held = comparison.answers.lookup(told.text().unwrap_or_default())?;
            let digest = held.text().map(sha256_hex);
            is(digest.is_some() && digest.as_deref() == got.text(), &format!("the SHA-256 of {told}"))
        }
        "$ms" | "$s" | "$ms_range" | "$s_range" => time(comparison, mark, told, option.is_some(), got),
        "$anyms" => key_time(comparison, got, at),
        "$publicKey" => is(got.text().and_then(VerifyingKey::from_spki).is_some(), "a public key of RSA-2048"),
        "$b64url" => {
            let bytes = got.text().and_then(|text| Flavour::Url.decode(text).ok());
            let length = bytes.and_then(|bytes| i64::try_from(bytes.len()).ok());
            is(length.is_some() && length == told.integer(), &format!("{told} bytes in base64url"))
        }
        "$set" => {
            let (wanted, there) = (told.items().unwrap_or_default(), got.items());
            let there = there.filter(|there| there.len() == wanted.len());
            let alike = there.is_some_and(|there| {
                wanted.iter().all(|want| there.iter().any(|got| comparison.is_alike(want, got, at)))
                    && there.iter().all(|got| wanted.iter().any(|want| comparison.is_alike(want, got, at)))
            });
            let filled = comparison.answers.fill(told).unwrap_or_else(|_| told.clone());
            is(alike, &format!("{filled} in any order"))
        }
        _ => Err(format!("{mark}, which the player does not know")),
    }
}

fn is(fits: bool, words: &str) -> Result<(), String> {
    if fits { Ok(()) } else { Err(words.to_owned()) }
}

/// A value that no earlier answer carried.
fn fresh(comparison: &mut Comparison<'_>, got: &Json) -> Result<(), String> {
    let text = got.text().unwrap_or_default();
    is(!comparison.seen.contains(text), "a value not seen before")?;
    comparison.fresh.insert(text.to_owned());
    Ok(())
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

fn time(comparison: &Comparison<'_>, mark: &str, told: &Json, whole: bool, got: &Json) -> Result<(), String> {
    let sent = comparison.sent;
    let seconds = mark.starts_with("$s");
    let origin = if seconds {
        sent / 1000
    } else if whole {
        sent / 1000 * 1000
    } else {
        sent
    };
    let spare = match mark {
        "$ms" => comparison.tolerance,
        "$s" => comparison.tolerance.min(1),
        _ => 0,
    };
    let (low, high) = match told.items() {
        Some([low, high]) => (low.integer(), high.integer()),
        _ => (told.integer(), told.integer()),
    };
    let (Some(low), Some(high)) = (low, high) else { return Err(format!("a time that the player knows, not {told}")) };
    let (low, high) = (origin + low - spare, origin + high + spare);
    let fits = got.integer().is_some_and(|got| (low..=high).contains(&got) && (!whole || got % 1000 == 0));
    let words = if low == high { low.to_string() } else { format!("{low} to {high}") };
    is(fits, &format!("{words} ({mark} {told}){}", if whole { " in whole seconds" } else { "" }))
}

/// A time that belongs to a signing key: which, the name of the member says.
fn key_time(comparison: &Comparison<'_>, got: &Json, at: &str) -> Result<(), String> {
    let times = comparison.key_times;
    let after = match at.rsplit_once('.').map(|(_, name)| name) {
        Some("createdAt") => 0,
        Some("expiryTime") => times.end,
        Some("jwtSigningPublicKeyExpiryTime") => times.update,
        _ => return Err(format!("a time of a key, at a place that the player knows, not {at}")),
    };
    let created = got.integer().map(|got| got - after);
    let known = created.is_some_and(|created| match times.is_static {
        true => created > 0 && created <= comparison.sent,
        false => comparison.published.iter().any(|key| kid_time(&Json::Text(key.kid.clone())) == Some(created)),
    });
    is(known, &format!("the creation of a published key + {after}"))
}
