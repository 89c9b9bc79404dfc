//! Signed tokens from outside: their parts, changes of them, and signatures judged by another library than ours.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey};

use crate::cdi::json::Json;

/// The base64 alphabet of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    /// With `+`, `/` and padding.
    Standard,
    /// With `-`, `_` and no padding.
    Url,
}

impl Flavour {
    /// The flavour of a token: standard if any of its characters occurs in no other.
    pub fn of(token: &str) -> Self {
        if token.contains(['+', '/', '=']) { Self::Standard } else { Self::Url }
    }

    /// Decodes a part.
    pub fn decode(self, part: &str) -> Result<Vec<u8>, String> {
        match self {
            Self::Standard => STANDARD.decode(part),
            Self::Url => URL_SAFE_NO_PAD.decode(part),
        }
        .map_err(|error| format!("{part} is not base64 ({self:?}): {error}"))
    }

    /// Encodes bytes.
    pub fn encode(self, bytes: &[u8]) -> String {
        match self {
            Self::Standard => STANDARD.encode(bytes),
            Self::Url => URL_SAFE_NO_PAD.encode(bytes),
        }
    }
}

/// A part of a token as JSON.
pub fn part(token: &str, place: usize, flavour: Flavour) -> Result<Json, String> {
    let part = token.split('.').nth(place).ok_or_else(|| format!("{token} has no part {place}"))?;
    let bytes = flavour.decode(part)?;
    let text = core::str::from_utf8(&bytes).map_err(|_| format!("part {place} of the token is not UTF-8"))?;
    Json::parse(text).map_err(|error| format!("part {place} of the token: {error}"))
}

/// A public key that signatures are held against.
#[derive(Clone)]
pub struct VerifyingKey(DecodingKey);

impl core::fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("VerifyingKey(..)")
    }
}

/// What stands before the two numbers of an RSA key of 2048 bits with the usual exponent, in a DER public key.
const SPKI_HEAD_BYTES: usize = 24;
/// The whole length of such a key.
const SPKI_BYTES: usize = 294;

impl VerifyingKey {
    /// Takes an RSA key from the numbers that a JWK shows.
    pub fn from_jwk(jwk: &Json) -> Option<Self> {
        let number = |name| jwk.get(name).and_then(Json::text);
        DecodingKey::from_rsa_components(number("n")?, number("e")?).ok().map(Self)
    }

    /// Takes an RSA-2048 key from its DER form in base64.
    pub fn from_spki(text: &str) -> Option<Self> {
        let der = STANDARD.decode(text).ok()?;
        let key = der.get(SPKI_HEAD_BYTES..).filter(|_| der.len() == SPKI_BYTES)?;
        // The head names the algorithm and the lengths: that of any other key differs.
        let head = hex::encode(der.get(..SPKI_HEAD_BYTES)?);
        (head == "30820122300d06092a864886f70d01010105000382010f00").then(|| Self(DecodingKey::from_rsa_der(key)))
    }

    /// Whether the last part of a token is an RS256 signature of the rest.
    pub fn verifies(&self, token: &str, flavour: Flavour) -> bool {
        let Some((message, signature)) = token.rsplit_once('.') else { return false };
        let Ok(signature) = flavour.decode(signature) else { return false };
        let signature = Flavour::Url.encode(&signature);
        jsonwebtoken::crypto::verify(&signature, message.as_bytes(), &self.0, Algorithm::RS256).unwrap_or(false)
    }
}

/// Applies the operations of a `$tamper` to a token, left to right.
pub fn tamper(token: &str, operations: &[Json]) -> Result<String, String> {
    operations.iter().try_fold(token.to_owned(), |token, operation| {
        let items = operation.items().unwrap_or_default();
        changed(&token, items).ok_or_else(|| format!("{operation} is not possible on {token}"))
    })
}

fn changed(token: &str, operation: &[Json]) -> Option<String> {
    let (name, arguments) = operation.split_first()?;
    let text = |place: usize| arguments.get(place).and_then(Json::text);
    let place = || arguments.first().and_then(Json::integer).and_then(|place| usize::try_from(place).ok());
    let mut parts: Vec<String> = token.split('.').map(str::to_owned).collect();
    match name.text()? {
        "append" => return Some(format!("{token}{}", text(0)?)),
        "prepend" => return Some(format!("{}{token}", text(0)?)),
        "set_header" => set(token, &mut parts, 0, arguments.first()?)?,
        "set_payload" => set(token, &mut parts, 1, arguments.first()?)?,
        "del_header" => delete(token, &mut parts, 0, arguments.first()?)?,
        "del_payload" => delete(token, &mut parts, 1, arguments.first()?)?,
        "flip_first_char" => {
            let part = parts.get_mut(place()?)?;
            let flipped = if part.starts_with('A') { "B" } else { "A" };
            part.replace_range(..part.chars().next()?.len_utf8(), flipped);
        }
        "replace_part" => *parts.get_mut(place()?)? = text(1)?.to_owned(),
        "drop_part" => drop(parts.get(place()?).is_some().then(|| place().map(|place| parts.remove(place)))??),
        "part_from" => *parts.get_mut(place()?)? = text(1)?.split('.').nth(place()?)?.to_owned(),
        _ => return None,
    }
    Some(parts.join("."))
}

/// Changes a part's members and encodes it anew, in the flavour that the token had.
fn edit(token: &str, parts: &mut [String], place: usize, change: impl FnOnce(&mut Vec<(String, Json)>)) -> Option<()> {
    let flavour = Flavour::of(token);
    let Json::Object(mut members) = part(token, place, flavour).ok()? else { return None };
    change(&mut members);
    *parts.get_mut(place)? = flavour.encode(Json::Object(members).compact().as_bytes());
    Some(())
}

fn set(token: &str, parts: &mut [String], place: usize, values: &Json) -> Option<()> {
    let values = values.members()?;
    edit(token, parts, place, |members| {
        for (name, value) in values {
            match members.iter_mut().find(|(known, _)| known == name) {
                Some((_, known)) => *known = value.clone(),
                None => members.push((name.clone(), value.clone())),
            }
        }
    })
}

fn delete(token: &str, parts: &mut [String], place: usize, names: &Json) -> Option<()> {
    let names = names.items()?;
    edit(token, parts, place, |members| members.retain(|(name, _)| !names.iter().any(|gone| gone.text() == Some(name))))
}
