//! What an operator may set, and which settings make sense together.

use alloc::vec::Vec;

use crate::session::record::SessionLimits;
use crate::time::{Lifetime, Millis};
use crate::token::MAX_TOKEN_BYTES;
use crate::token::claim_check::ClaimCheck;
use crate::token::version::AccessVersion;

/// Bytes that an access token needs beside its payload.
const TOKEN_ROOM: usize = 682;

/// The settings of an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How long an access token lives. One hour by default.
    pub access_lifetime: Lifetime,
    /// How long a session lives that isn't refreshed. 100 days by default.
    pub refresh_lifetime: Lifetime,
    /// A session that wasn't refreshed for so long ends. Off by default.
    pub idle_limit: Option<Lifetime>,
    /// A session ends so long after its creation, whatever happens. Off by default.
    pub absolute_limit: Option<Lifetime>,
    /// How long after its succession a refresh token may come again without meaning theft. 30 s by default; zero
    /// switches succession windows off, and with them the tolerance for races: upstream's strict behaviour.
    pub grace: Lifetime,
    /// When a successor becomes current.
    pub rotation: Rotation,
    /// Whether a theft deletes the session before it is answered, or leaves that to the caller.
    pub theft: Theft,
    /// The format of the access tokens that are made for new and refreshed sessions. The newest by default.
    pub access_version: AccessVersion,
    /// The oldest format of access tokens that is believed. The newest by default.
    pub oldest_access_version: AccessVersion,
    /// What a check against the stored row does to a token that the row has left behind.
    pub store_check: StoreCheck,
    /// What a stored payload with claims of the token itself does to the token that is made from it.
    pub reserved_claims: ReservedClaims,
    /// Bytes of an access token that are looked at. 8 KiB by default.
    pub token_limit: usize,
    /// How much of an access token's claims is judged.
    pub claim_check: ClaimCheck,
    /// How long a key signs. 168 h by default.
    pub key_interval: Lifetime,
    /// How much an access token's life may be shortened at random, in thousandths, so that many sessions of one moment
    /// don't refresh at one moment. None by default.
    pub jitter_per_mille: u16,
    /// Bytes of JSON that an access token payload may have. 4 KiB by default.
    pub payload_limit: usize,
    /// Bytes of JSON that session data may have. 64 KiB by default.
    pub data_limit: usize,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            access_lifetime: Lifetime::from_hours(1),
            refresh_lifetime: Lifetime::from_hours(2400),
            idle_limit: None,
            absolute_limit: None,
            grace: Lifetime::from_secs(30),
            rotation: Rotation::OnUse,
            theft: Theft::Ends,
            access_version: AccessVersion::V5,
            oldest_access_version: AccessVersion::V5,
            store_check: StoreCheck::Renews,
            reserved_claims: ReservedClaims::LeftOut,
            token_limit: MAX_TOKEN_BYTES,
            claim_check: ClaimCheck::Strict,
            key_interval: Lifetime::from_hours(168),
            jitter_per_mille: 0,
            payload_limit: 4 * 1024,
            data_limit: 64 * 1024,
        }
    }
}

/// When a successor becomes the current refresh token (design rule 3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rotation {
    /// When it is first used: by its access token being verified, or by being presented. A lost response costs nothing.
    #[default]
    OnUse,
    /// When it is handed out. Verifying never asks the store; a client that lost the response has the grace to retry.
    OnRefresh,
}

/// What a check against the stored row does to an access token that the row has left behind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StoreCheck {
    /// A token whose payload is not the stored one any more is replaced. One of an overtaken branch stands until it
    /// ends (`spec/modern-core.md` 8.3).
    #[default]
    Renews,
    /// Nothing is replaced: a changed payload is reported, and a token whose branch was rotated out is refused
    /// (`spec/modern-core.md` 8.4).
    Reports,
}

/// What happens when a stored payload holds a claim that the token to be made has for itself (`spec/modern-core.md` 7.3).
/// Only another program, or a caller that asked for an older format of tokens, can have put it there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReservedClaims {
    /// The token is made without it.
    #[default]
    LeftOut,
    /// No token is made, and nothing is written.
    Refused,
}

/// What happens to a session whose refresh token was judged stolen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theft {
    /// Its row is deleted before the verdict is given.
    #[default]
    Ends,
    /// The row stays; the caller ends the session.
    Reported,
}

impl Policy {
    /// How long a succession window of a session lasts: the grace, and at most a tenth of its access tokens' life.
    pub fn window(&self, limits: &SessionLimits) -> Lifetime {
        self.grace.min(self.access_lifetime_of(limits).divided_by(10))
    }

    /// How long the access tokens of a session live.
    pub fn access_lifetime_of(&self, limits: &SessionLimits) -> Lifetime {
        limits.access_lifetime.map_or(self.access_lifetime, |own| own.min(self.access_lifetime))
    }

    /// How long a session lives from now on when it is created or extended.
    pub fn session_lifetime(&self) -> Lifetime {
        self.idle_limit.map_or(self.refresh_lifetime, |idle| idle.min(self.refresh_lifetime))
    }

    /// How long a key verifies: while it signs, and then until no token that it signed is alive.
    pub fn key_lifetime(&self) -> Lifetime {
        self.key_interval.plus(self.access_lifetime).plus(self.access_lifetime)
    }

    /// The end of an access token that is made now for a session with these limits.
    pub(crate) fn access_end(&self, now: Millis, limits: &SessionLimits, jitter: [u8; 4]) -> Millis {
        let lifetime = self.access_lifetime_of(limits);
        let most = lifetime.as_millis().saturating_mul(u64::from(self.jitter_per_mille.min(1000))) / 1000;
        let cut = most.saturating_mul(u64::from(u32::from_be_bytes(jitter))) / u64::from(u32::MAX);
        let end = now.after(Lifetime::from_millis(lifetime.as_millis().saturating_sub(cut)));
        // No access token outlives its session, absolute end included.
        end.min(limits.end(now, self.session_lifetime()))
    }

    /// Checks that the settings make sense together, and returns what is allowed but worth a warning.
    pub fn check(&self) -> Result<Vec<PolicyWarning>, PolicyError> {
        let within = |setting, value: Lifetime, least: Lifetime, most: Lifetime| {
            if value < least || value > most { Err(PolicyError::Range { setting, value, least, most }) } else { Ok(()) }
        };
        let century = Lifetime::from_hours(24 * 36_500);
        within("access_lifetime", self.access_lifetime, Lifetime::from_secs(1), Lifetime::from_hours(24 * 1000))?;
        within("refresh_lifetime", self.refresh_lifetime, Lifetime::from_secs(1), century)?;
        within("grace", self.grace, Lifetime::ZERO, Lifetime::from_secs(300))?;
        within("key_interval", self.key_interval, Lifetime::from_hours(1), century)?;
        // In a token, three bytes of payload take four.
        let most = self.token_limit.saturating_sub(TOKEN_ROOM).saturating_mul(3) / 4;
        if self.payload_limit > most {
            return Err(PolicyError::PayloadLimit { bytes: self.payload_limit, most });
        }
        if self.jitter_per_mille > 1000 {
            return Err(PolicyError::Jitter);
        }
        if self.refresh_lifetime <= self.access_lifetime {
            return Err(PolicyError::NotLonger {
                setting: "refresh_lifetime",
                value: self.refresh_lifetime,
                access: self.access_lifetime,
            });
        }
        for (setting, limit) in [("idle_limit", self.idle_limit), ("absolute_limit", self.absolute_limit)] {
            let Some(value) = limit else { continue };
            within(setting, value, Lifetime::from_secs(1), century)?;
            if value <= self.access_lifetime {
                return Err(PolicyError::NotLonger { setting, value, access: self.access_lifetime });
            }
        }
        let mut warnings = Vec::new();
        let tenth = self.access_lifetime.divided_by(10);
        if self.grace > tenth {
            warnings.push(PolicyWarning::GraceOverTenth { grace: self.grace, window: tenth });
        }
        if self.grace.is_zero() {
            warnings.push(PolicyWarning::NoGrace);
        }
        Ok(warnings)
    }
}

/// Settings that cannot work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// Outside what is allowed.
    #[error("{setting} is {value}, and must be between {least} and {most}")]
    Range {
        /// Which setting.
        setting: &'static str,
        /// Its value.
        value: Lifetime,
        /// The least that is allowed.
        least: Lifetime,
        /// The most that is allowed.
        most: Lifetime,
    },
    /// A session would end while its access token is still good.
    #[error("{setting} is {value}, and must be longer than access_lifetime ({access})")]
    NotLonger {
        /// Which setting.
        setting: &'static str,
        /// Its value.
        value: Lifetime,
        /// The access token's life.
        access: Lifetime,
    },
    /// Tokens that hold so much are refused by whoever reads them.
    #[error("payload_limit is {bytes} bytes, and an access token holds at most {most}")]
    PayloadLimit {
        /// Its value.
        bytes: usize,
        /// The most that fits.
        most: usize,
    },
    /// More than all.
    #[error("jitter_per_mille must be at most 1000")]
    Jitter,
}

/// Settings that work, but perhaps not as their author thinks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyWarning {
    /// Windows last no longer than a tenth of an access token's life.
    #[error("grace is {grace}, more than a tenth of access_lifetime: succession windows last {window}")]
    GraceOverTenth {
        /// The grace.
        grace: Lifetime,
        /// What a window lasts.
        window: Lifetime,
    },
    /// Two tabs that refresh at once can end their session.
    #[error("grace is 0: honest races are not tolerated, and two tabs that refresh at once can end their session")]
    NoGrace,
}
