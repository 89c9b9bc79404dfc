//! The public keys that versions before 2.21 have in their answers (`spec/modern-core.md` 3.12).

use alloc::string::String;
use alloc::vec::Vec;

use doorward_engine::key::public::{PublicKeyInfo, PublicKeys};
use serde::Serialize;

use super::dialect;

/// The keys that an answer shows.
#[derive(Clone, Debug, Serialize)]
pub struct KeyInfos {
    #[serde(rename = "jwtSigningPublicKey")]
    signing: String,
    /// Of a static key this is the moment that the list has too. Upstream gives ten years as a duration where a moment is
    /// due, which is a date in 1979 (12 no. 12).
    #[serde(rename = "jwtSigningPublicKeyExpiryTime")]
    signs_until: u64,
    #[serde(rename = "jwtSigningPublicKeyList", skip_serializing_if = "Option::is_none")]
    list: Option<Vec<Listed>>,
}

#[derive(Clone, Debug, Serialize)]
struct Listed {
    #[serde(rename = "publicKey")]
    public_key: String,
    #[serde(rename = "expiryTime")]
    verifies_until: u64,
    #[serde(rename = "createdAt")]
    created_at: u64,
}

impl KeyInfos {
    /// Shows what a version shows of the keys that are rotated, or of those that aren't; `None` for a version that shows
    /// nothing.
    pub fn of(wanted: dialect::KeyInfos, keys: &PublicKeys, rotated: bool) -> Option<Self> {
        let (signing, verifying) = match rotated {
            true => (&keys.signer, &keys.dynamic),
            false => (keys.static_keys.first()?, &keys.static_keys),
        };
        let list = match wanted {
            dialect::KeyInfos::Absent => return None,
            dialect::KeyInfos::Signing => None,
            dialect::KeyInfos::List => Some(verifying.iter().map(Listed::of).collect()),
        };
        Some(Self { signing: signing.spki.clone(), signs_until: signing.signs_until.as_u64(), list })
    }
}

impl Listed {
    fn of(key: &PublicKeyInfo) -> Self {
        Self {
            public_key: key.spki.clone(),
            verifies_until: key.verifies_until.as_u64(),
            created_at: key.created_at.as_u64(),
        }
    }
}
