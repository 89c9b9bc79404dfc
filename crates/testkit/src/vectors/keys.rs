//! The keys of `vectors/tokens/keys.json`. Everybody has them: nothing real may be signed or sealed with one.

use doorward_crypto::AwsLc;
use doorward_engine::id::{AppId, KeyId};
use doorward_engine::key::ring::KeyRing;
use doorward_engine::secret::Secret;
use doorward_engine::time::Millis;
use serde::Deserialize;

const FILE: &str = include_str!("../../../../vectors/tokens/keys.json");

/// All keys that cases name.
#[derive(Clone, Debug, Deserialize)]
pub struct TestKeys {
    /// Keys that sign.
    pub signing: Vec<SigningKey>,
    /// Keys that seal refresh tokens.
    pub refresh: Vec<RefreshKey>,
    /// What a configuration adds to them.
    pub succession_secret: String,
}

/// A key that signs.
#[derive(Clone, Debug, Deserialize)]
pub struct SigningKey {
    /// What cases call it.
    pub name: String,
    /// Its id, if it is a static one. That of others follows from when they were made.
    pub id: Option<String>,
    /// When it was made, in milliseconds.
    pub created_at: u64,
    /// As it is stored.
    pub stored: String,
    /// The public half as PEM.
    pub public_pem: String,
    /// The public half as the text of a JWK.
    pub jwk: String,
}

/// A key that seals refresh tokens.
#[derive(Clone, Debug, Deserialize)]
pub struct RefreshKey {
    /// What cases call it.
    pub name: String,
    /// As it is stored.
    pub stored: String,
}

impl TestKeys {
    /// Reads the file.
    pub fn read() -> Result<Self, String> {
        serde_json::from_str(FILE).map_err(|error| format!("keys.json: {error}"))
    }

    /// The key that signs under this name.
    pub fn signing(&self, name: &str) -> Result<&SigningKey, String> {
        self.signing.iter().find(|key| key.name == name).ok_or_else(|| format!("no signing key {name}"))
    }

    /// The key that seals under this name.
    pub fn refresh(&self, name: &str) -> Result<Secret, String> {
        let key =
            self.refresh.iter().find(|key| key.name == name).ok_or_else(|| format!("no refresh-token key {name}"))?;
        Ok(Secret::new(key.stored.as_str()))
    }

    /// A ring of these signing keys and this refresh-token key.
    pub fn ring(&self, app: &AppId, signing: &[&str], refresh: &str, secret: Option<&str>) -> Result<KeyRing, String> {
        let (mut dynamic, mut fixed) = (Vec::new(), Vec::new());
        for name in signing {
            let key = self.signing(name)?;
            let (created_at, stored) = (Millis::saturating(key.created_at), Secret::new(key.stored.as_str()));
            match &key.id {
                None => dynamic.push((created_at, stored)),
                Some(id) => fixed.push((KeyId::parse(id).map_err(|error| error.to_string())?, created_at, stored)),
            }
        }
        let secret = secret.map(Secret::new);
        KeyRing::new(app, dynamic, self.refresh(refresh)?, secret.as_ref(), &AwsLc)
            .and_then(|ring| ring.with_static_keys(fixed, &AwsLc))
            .map_err(|error| error.to_string())
    }
}
