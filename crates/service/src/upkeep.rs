//! What should happen now and then: expired rows go, keys rotate before a request has to wait for it.

use doorward_engine::key::ring::KeyRing;

use crate::error::ServiceError;
use crate::service::Service;

/// Rows that one clean-up statement deletes: small, so that sessions' writes never wait long behind it.
const SWEEP_BATCH: u32 = 500;

/// Batches in one round. What is left is for the next one.
const SWEEP_BATCHES: u32 = 200;

/// What a round of upkeep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UpkeepReport {
    /// Expired sessions that were deleted.
    pub expired_sessions: u64,
    /// Signing keys that were deleted because no living token needs them.
    pub outlived_keys: u64,
}

impl Service {
    /// Does one round of upkeep: rotates the signing key if it is time, deletes keys that are of no use any more, and
    /// deletes expired sessions in bounded batches. Once an hour is plenty. Dropping it between batches loses nothing.
    pub async fn upkeep(&self) -> Result<UpkeepReport, ServiceError> {
        self.signing_keys().await?;
        let now = self.now();
        let outlived = KeyRing::outlived(now, &self.policy);
        let mut report = UpkeepReport {
            outlived_keys: self.store().remove_keys(self.app().clone(), outlived).await?,
            expired_sessions: 0,
        };
        for _ in 0..SWEEP_BATCHES {
            let deleted = self.store().sweep(now, SWEEP_BATCH).await?;
            report.expired_sessions += deleted;
            if deleted < u64::from(SWEEP_BATCH) {
                break;
            }
        }
        tracing::debug!(
            name: "doorward.upkeep",
            target: "doorward",
            expired_sessions = report.expired_sessions,
            outlived_keys = report.outlived_keys
        );
        Ok(report)
    }
}
