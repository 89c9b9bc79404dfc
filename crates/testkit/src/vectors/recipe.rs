//! How the access token of a case is made, so that any program can make it anew.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use doorward_crypto::AwsLc;
use doorward_engine::crypto::Crypto as _;
use doorward_engine::secret::Secret;
use serde::Deserialize;

use crate::vectors::keys::TestKeys;
use crate::vectors::text::Text;

/// Header and claims, who signs them, and what is done to the token then.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Recipe {
    header: Text,
    claims: Text,
    /// The key that signs; none, and no `mac`, is an empty signature.
    key: Option<String>,
    /// HMAC-SHA256 with the key `rsa` as secret: its PEM text, its JWK text, or nothing.
    mac: Option<Mac>,
    #[serde(default)]
    alphabet: Alphabet,
    #[serde(default)]
    then: Vec<Edit>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Mac {
    Pem,
    Jwk,
    Empty,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Alphabet {
    #[default]
    Url,
    /// With padding.
    Standard,
}

/// A change of the finished token: `[name, argument...]`.
#[derive(Debug, Deserialize)]
struct Edit(Vec<Argument>);

#[derive(Clone, Debug)]
enum Argument {
    Text(String),
    Number(usize),
}

impl<'de> Deserialize<'de> for Argument {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl serde::de::Visitor<'_> for Read {
            type Value = Argument;

            fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str("a text or a number")
            }

            fn visit_str<E>(self, text: &str) -> Result<Argument, E> {
                Ok(Argument::Text(text.to_owned()))
            }

            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Argument, E> {
                usize::try_from(number).map(Argument::Number).map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Read)
    }
}

impl Recipe {
    /// Makes the token.
    pub(crate) fn token(&self, keys: &TestKeys) -> Result<String, String> {
        let encode = |bytes: &[u8]| match self.alphabet {
            Alphabet::Url => URL_SAFE_NO_PAD.encode(bytes),
            Alphabet::Standard => STANDARD.encode(bytes),
        };
        let signed = format!("{}.{}", encode(self.header.bytes()), encode(self.claims.bytes()));
        let signature = match (&self.key, self.mac) {
            (Some(name), None) => {
                let stored = Secret::new(keys.signing(name)?.stored.as_str());
                let key = AwsLc.parse_signing_key(&stored).map_err(|error| error.to_string())?;
                key.sign(signed.as_bytes()).map_err(|error| error.to_string())?
            }
            (None, Some(mac)) => {
                let key = keys.signing("rsa")?;
                let secret = match mac {
                    Mac::Pem => key.public_pem.as_str(),
                    Mac::Jwk => key.jwk.as_str(),
                    Mac::Empty => "",
                };
                AwsLc.hmac_sha256(secret.as_bytes(), &[signed.as_bytes()]).to_vec()
            }
            (None, None) => Vec::new(),
            (Some(_), Some(_)) => return Err("a recipe with key and mac".to_owned()),
        };
        self.then.iter().try_fold(format!("{signed}.{}", encode(&signature)), Edit::apply)
    }
}

impl Edit {
    fn apply(token: String, edit: &Self) -> Result<String, String> {
        let mut parts: Vec<&str> = token.split('.').collect();
        match edit.0.as_slice() {
            [Argument::Text(name), Argument::Text(text)] if name == "append" => Ok(token + text),
            [Argument::Text(name), Argument::Text(text)] if name == "prepend" => Ok(format!("{text}{token}")),
            [Argument::Text(name), Argument::Text(from), Argument::Text(to)] if name == "replace" => {
                Ok(token.replacen(from, to, 1))
            }
            [Argument::Text(name), Argument::Number(length)] if name == "cut" => {
                token.get(..*length).map(str::to_owned).ok_or_else(|| "cut beyond its end".to_owned())
            }
            [Argument::Text(name), Argument::Number(at)] if name == "drop" && *at < parts.len() => {
                parts.remove(*at);
                Ok(parts.join("."))
            }
            [Argument::Text(name), Argument::Number(at), Argument::Text(text)] if name == "part" => {
                *parts.get_mut(*at).ok_or("no such part")? = text;
                Ok(parts.join("."))
            }
            other => Err(format!("no such edit: {other:?}")),
        }
    }
}
