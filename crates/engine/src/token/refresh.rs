//! The refresh token: sealed, byte-compatible with upstream's (`spec/modern-core.md` 7.5).
//!
//! `base64(iv ‖ ciphertext ‖ tag) "." nonce ".V2"`, AES-256-GCM under a key that PBKDF2 makes from the stored
//! refresh-token key and the IV. It has no end of its own: the row's `expires_at` is its end.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::crypto::Crypto;
use crate::hash::{Hash1, Hash2};
use crate::id::{AppId, SessionHandle, SessionKey, TenantId, UserId};
use crate::json::is_bare_object;
use crate::secret::Secret;
use crate::token::MAX_TOKEN_BYTES;

const ROUNDS: u32 = 100;
const IV_BYTES: usize = 12;
const MARK: &str = "V2";

/// What is sealed inside a refresh token. `Debug` doesn't show the nonce: it is a part of the token.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Contents {
    pub(crate) handle: SessionHandle,
    pub(crate) user: UserId,
    pub(crate) parent: Option<Hash1>,
    /// 64 hex digits, which also stand between the token's dots.
    pub(crate) nonce: String,
    pub(crate) anti_csrf: Option<Secret>,
    pub(crate) tenant: TenantId,
}

/// The order of the members is upstream's, and part of what is derived: it is frozen.
#[derive(Serialize, Deserialize)]
struct Sealed<'a> {
    #[serde(borrow, rename = "sessionHandle")]
    handle: Cow<'a, str>,
    #[serde(borrow, rename = "userId")]
    user: Cow<'a, str>,
    #[serde(borrow, rename = "parentRefreshTokenHash1", default, skip_serializing_if = "Option::is_none")]
    parent: Option<Cow<'a, str>>,
    #[serde(borrow)]
    nonce: Cow<'a, str>,
    #[serde(borrow, rename = "antiCsrfToken", default, skip_serializing_if = "Option::is_none")]
    anti_csrf: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "tenantId", default, skip_serializing_if = "Option::is_none")]
    tenant: Option<Cow<'a, str>>,
}

/// A refresh token that opened: one of ours, for the key that is ours now.
#[derive(Clone, Debug)]
pub struct Opened {
    token: Secret,
    contents: Contents,
    hash1: Hash1,
    hash2: Hash2,
}

/// Why a text is no refresh token that our key sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefreshFault {
    /// It doesn't end in the mark of the format. Upstream opens other endings too, and then takes the token for stolen,
    /// because its hash is another.
    #[error("the refresh token ends in no known mark")]
    Suffix,
    /// It has so many parts, and three are right.
    #[error("the refresh token has {0} parts")]
    Parts(usize),
    /// Our key didn't seal it.
    #[error("the refresh token does not open")]
    Sealing,
    /// What was sealed is no session's, or another's.
    #[error("the contents of the refresh token are not valid")]
    Contents,
    /// It is too long, or what should be sealed is not in the form of that.
    #[error("the refresh token is malformed")]
    Other,
}

impl Opened {
    /// Opens a refresh token.
    pub(crate) fn open(token: &Secret, key: &Secret, crypto: &dyn Crypto) -> Result<Self, RefreshFault> {
        let text = token.expose();
        // The mark is judged before the number of parts, as upstream does.
        if text.rsplit('.').next() != Some(MARK) {
            return Err(RefreshFault::Suffix);
        }
        if text.len() > MAX_TOKEN_BYTES {
            return Err(RefreshFault::Other);
        }
        let mut parts = text.split('.');
        let (sealed, nonce) = match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(sealed), Some(nonce), Some(_), None) => (sealed, nonce),
            _ => return Err(RefreshFault::Parts(text.split('.').count())),
        };
        let bytes = STANDARD.decode(sealed).map_err(|_| RefreshFault::Other)?;
        let (iv, ciphertext) = bytes.split_first_chunk::<IV_BYTES>().ok_or(RefreshFault::Other)?;
        let opened = crypto.aes256_gcm_open(&sealing_key(key, iv, crypto), *iv, ciphertext);
        let contents = Contents::read(&opened.ok_or(RefreshFault::Sealing)?).ok_or(RefreshFault::Contents)?;
        if contents.nonce != nonce {
            return Err(RefreshFault::Contents);
        }
        let hash1 = Hash1::of(text, crypto);
        Ok(Self { token: token.clone(), contents, hash1, hash2: hash1.stored(crypto) })
    }

    pub(crate) fn token(&self) -> &Secret {
        &self.token
    }

    pub(crate) fn contents(&self) -> &Contents {
        &self.contents
    }

    /// The hash that access tokens carry.
    pub(crate) fn hash1(&self) -> Hash1 {
        self.hash1
    }

    /// The hash that rows carry.
    pub(crate) fn hash2(&self) -> Hash2 {
        self.hash2
    }

    /// The stored hash of the token that was presented for this one.
    pub(crate) fn parent(&self, crypto: &dyn Crypto) -> Option<Hash2> {
        self.contents.parent.map(|parent| parent.stored(crypto))
    }

    /// Where the session's row is.
    pub(crate) fn key(&self, app: &AppId) -> SessionKey {
        SessionKey { app: app.clone(), tenant: self.contents.tenant.clone(), handle: self.contents.handle.clone() }
    }
}

impl core::fmt::Debug for Contents {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Contents")
            .field("handle", &self.handle)
            .field("user", &self.user)
            .field("tenant", &self.tenant)
            .finish_non_exhaustive()
    }
}

impl Contents {
    fn read(plaintext: &[u8]) -> Option<Self> {
        if !is_bare_object(plaintext) {
            return None;
        }
        let sealed: Sealed<'_> = serde_json::from_slice(plaintext).ok()?;
        Some(Self {
            handle: SessionHandle::parse(&sealed.handle).ok()?,
            user: UserId::parse_or_empty(&sealed.user).ok()?,
            parent: match sealed.parent {
                None => None,
                Some(text) => Some(Hash1::parse(&text)?),
            },
            nonce: sealed.nonce.into_owned(),
            anti_csrf: sealed.anti_csrf.map(|text| Secret::new(text.into_owned())),
            tenant: match sealed.tenant {
                None => TenantId::default(),
                Some(text) => TenantId::parse(&text).ok()?,
            },
        })
    }

    /// Returns the bytes that are sealed.
    pub(crate) fn plaintext(&self) -> Vec<u8> {
        let sealed = Sealed {
            handle: self.handle.as_str().into(),
            user: self.user.as_str().into(),
            parent: self.parent.as_ref().map(|parent| parent.as_str().into()),
            nonce: self.nonce.as_str().into(),
            anti_csrf: self.anti_csrf.as_ref().map(|value| value.expose().into()),
            tenant: (!self.tenant.is_default()).then(|| self.tenant.as_str().into()),
        };
        // INVARIANT: writing a struct of texts as JSON cannot fail.
        serde_json::to_vec(&sealed).unwrap_or_default()
    }

    /// Seals the contents into a token.
    pub(crate) fn seal(&self, iv: [u8; IV_BYTES], plaintext: &[u8], key: &Secret, crypto: &dyn Crypto) -> Secret {
        let mut bytes = iv.to_vec();
        bytes.extend_from_slice(&crypto.aes256_gcm_seal(&sealing_key(key, &iv, crypto), iv, plaintext));
        Secret::new(format!("{}.{}.{MARK}", STANDARD.encode(bytes), self.nonce))
    }
}

fn sealing_key(key: &Secret, iv: &[u8; IV_BYTES], crypto: &dyn Crypto) -> [u8; 32] {
    crypto.pbkdf2_sha512(key.expose().as_bytes(), iv, ROUNDS)
}
