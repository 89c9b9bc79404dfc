//! The header of an access token from the third version on (`spec/modern-core.md` 7.1): JSON in base64.

use alloc::vec::Vec;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;

use crate::crypto::Algorithm;
use crate::json::{Members, is_bare_object, text_of};
use crate::policy::Policy;
use crate::token::version::AccessVersion;

/// Why a text is no access token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// It isn't three parts of base64 whose first is a JSON object.
    #[error("it is not a signed token")]
    NotJwt,
    /// The header lacks this member.
    #[error("its header has no `{0}`")]
    HeaderMissing(&'static str),
    /// This member of the header isn't what it must be.
    #[error("its header has another `{0}`")]
    HeaderMismatch(&'static str),
}

/// The header. Unknown members are passed over, except those that would change how the rest is read.
#[derive(Deserialize)]
pub(crate) struct Header<'a> {
    typ: &'a str,
    pub(crate) alg: &'a str,
    pub(crate) kid: &'a str,
    #[serde(borrow, default, deserialize_with = "text_if_there")]
    pub(crate) version: Option<&'a str>,
    #[serde(default)]
    crit: Present,
    #[serde(default)]
    b64: Present,
}

/// A text, which `null` isn't.
fn text_if_there<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<&'de str>, D::Error> {
    <&str>::deserialize(deserializer).map(Some)
}

/// Whether a member is there at all, whatever its value.
#[derive(Default)]
struct Present(bool);

impl<'de> Deserialize<'de> for Present {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde::de::IgnoredAny::deserialize(deserializer)?;
        Ok(Self(true))
    }
}

const ANY_PADDING: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const URL_SAFE_ANY: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, ANY_PADDING);
const STANDARD_ANY: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, ANY_PADDING);

impl<'a> Header<'a> {
    /// Decodes the first part of a token. Headers, and nothing else of a token, come in either alphabet, padded or not;
    /// the signature covers the text as it came.
    pub(crate) fn decode(part: &str) -> Result<Vec<u8>, Malformed> {
        URL_SAFE_NO_PAD
            .decode(part)
            .or_else(|_| URL_SAFE_ANY.decode(part))
            .or_else(|_| STANDARD_ANY.decode(part))
            .map_err(|_| Malformed::NotJwt)
    }

    /// Reads the header and checks what must be the same in all of them.
    pub(crate) fn parse(json: &'a [u8]) -> Result<Self, Malformed> {
        if !is_bare_object(json) {
            return Err(Malformed::NotJwt);
        }
        match serde_json::from_slice::<Self>(json) {
            Ok(header) if header.typ == "JWT" => Ok(header),
            _ => Err(fault_of(json)),
        }
    }

    /// Checks algorithm and version, in this order, and returns the version.
    pub(crate) fn judge(&self, policy: &Policy) -> Result<AccessVersion, Malformed> {
        if !is_algorithm(self.alg) {
            return Err(Malformed::HeaderMismatch("alg"));
        }
        version_of(self.version)
            .filter(|version| *version >= policy.oldest_access_version)
            .ok_or(Malformed::HeaderMismatch("version"))
    }

    /// A member that would change how the rest is read, if there is one.
    pub(crate) fn unknown_extension(&self) -> Option<&'static str> {
        match (&self.crit, &self.b64) {
            (Present(true), _) => Some("crit"),
            (_, Present(true)) => Some("b64"),
            _ => None,
        }
    }
}

fn is_algorithm(name: &str) -> bool {
    [Algorithm::Rs256, Algorithm::EdDsa].iter().any(|algorithm| algorithm.name() == name)
}

/// A header without a version means the newest one.
fn version_of(name: Option<&str>) -> Option<AccessVersion> {
    name.map_or(Some(AccessVersion::V5), AccessVersion::of_name)
}

/// What is wrong with a header that didn't parse, in upstream's order.
fn fault_of(json: &[u8]) -> Malformed {
    let Some(members) = core::str::from_utf8(json).ok().and_then(Members::parse) else { return Malformed::NotJwt };
    let fault = |name: &'static str, fits: fn(&str) -> bool| {
        let value = members.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.get());
        match value {
            // Upstream takes these for a member that isn't there.
            None | Some("null") => Some(Malformed::HeaderMissing(name)),
            Some(value) if value.starts_with(['{', '[']) => Some(Malformed::HeaderMissing(name)),
            Some(value) => {
                let text = serde_json::from_str(value).ok().and_then(text_of);
                (!text.is_some_and(|text| fits(&text))).then_some(Malformed::HeaderMismatch(name))
            }
        }
    };
    let has_version = members.0.iter().any(|(name, _)| name == "version");
    fault("typ", |typ| typ == "JWT")
        .or_else(|| fault("alg", is_algorithm))
        .or_else(|| {
            let fits = |name: &str| version_of(Some(name)).is_some();
            has_version.then(|| fault("version", fits)).flatten().map(|_| Malformed::HeaderMismatch("version"))
        })
        .or_else(|| fault("kid", |_| true))
        .unwrap_or(Malformed::NotJwt)
}
