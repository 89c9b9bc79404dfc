//! POST `/recipe/handshake` (`spec/modern-core.md` 3.11): what SDKs before 2.21 asked when they started.

use doorward_engine::time::Lifetime;
use serde::Serialize;

use super::answer::Answer;
use super::key_infos::KeyInfos;
use super::status::Status;

/// The settings that those SDKs verified by.
#[derive(Clone, Debug)]
pub struct Handshake {
    /// The public keys.
    pub keys: Option<KeyInfos>,
    /// Whether each token is to be checked against the store.
    pub blacklisting: bool,
    /// How long access tokens live.
    pub access_lifetime: Lifetime,
    /// How long a session lives that isn't refreshed.
    pub refresh_lifetime: Lifetime,
}

#[derive(Serialize)]
struct Body {
    status: Status,
    #[serde(flatten)]
    keys: Option<KeyInfos>,
    #[serde(rename = "accessTokenBlacklistingEnabled")]
    blacklisting: bool,
    #[serde(rename = "accessTokenValidity")]
    access_lifetime: u64,
    #[serde(rename = "refreshTokenValidity")]
    refresh_lifetime: u64,
}

/// The settings.
pub fn render(handshake: Handshake) -> Answer {
    let Handshake { keys, blacklisting, access_lifetime, refresh_lifetime } = handshake;
    Answer::json(&Body {
        status: Status::Ok,
        keys,
        blacklisting,
        access_lifetime: access_lifetime.as_millis(),
        refresh_lifetime: refresh_lifetime.as_millis(),
    })
}
