//! What the policy of a case is, beside the default one.

use doorward_engine::policy::Policy;
use doorward_engine::time::Lifetime;
use doorward_engine::token::claim_check::ClaimCheck;
use doorward_engine::token::version::AccessVersion;
use serde::Deserialize;

/// What differs from the default policy. Spans are milliseconds.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PolicyInput {
    idle_limit: Option<u64>,
    absolute_limit: Option<u64>,
    #[serde(default)]
    jitter_per_mille: u16,
    /// The format that is made.
    access_version: Option<u8>,
    /// The oldest format that is believed.
    oldest_access_version: Option<u8>,
    token_limit: Option<usize>,
    /// Whether claims are judged as upstream's service does.
    #[serde(default)]
    upstream_claims: bool,
}

impl PolicyInput {
    pub(crate) fn read(&self) -> Result<Policy, String> {
        let default = Policy::default();
        Ok(Policy {
            idle_limit: self.idle_limit.map(Lifetime::from_millis),
            absolute_limit: self.absolute_limit.map(Lifetime::from_millis),
            jitter_per_mille: self.jitter_per_mille,
            access_version: version(self.access_version)?,
            oldest_access_version: version(self.oldest_access_version)?,
            token_limit: self.token_limit.unwrap_or(default.token_limit),
            claim_check: if self.upstream_claims { ClaimCheck::Upstream } else { ClaimCheck::Strict },
            ..default
        })
    }
}

const VERSIONS: [AccessVersion; 5] =
    [AccessVersion::V1, AccessVersion::V2, AccessVersion::V3, AccessVersion::V4, AccessVersion::V5];

fn version(number: Option<u8>) -> Result<AccessVersion, String> {
    let Some(number) = number else { return Ok(AccessVersion::default()) };
    VERSIONS.into_iter().find(|known| version_number(*known) == number).ok_or_else(|| format!("no format {number}"))
}

/// The number of a format.
pub(crate) const fn version_number(version: AccessVersion) -> u8 {
    match version {
        AccessVersion::V1 => 1,
        AccessVersion::V2 => 2,
        AccessVersion::V3 => 3,
        AccessVersion::V4 => 4,
        AccessVersion::V5 => 5,
    }
}
