//! The only loop that carries an engine's steps to a store.

use doorward_engine::flow::{Env, Flow, Seen, Step};

use crate::error::ServiceError;
use crate::store::Store;

/// Steps that one request may take. A flow takes one or two; more means that others write to the row at the same time,
/// and each of those writes made progress.
const STEP_LIMIT: u32 = 16;

/// Drives a use case to its outcome.
pub async fn drive<F: Flow>(store: &dyn Store, env: &Env<'_>, mut step: Step<F>) -> Result<F::Outcome, ServiceError> {
    for _ in 0..STEP_LIMIT {
        step = match step {
            Step::Done(outcome) => return Ok(outcome),
            Step::Load(key, flow) => {
                let row = store.load(&key).await?;
                flow.resume(Seen::Row(row), env)
            }
            Step::Commit(write, flow) => {
                let seen = store.commit(write).await?;
                flow.resume(seen, env)
            }
        };
    }
    match step {
        Step::Done(outcome) => Ok(outcome),
        Step::Load(..) | Step::Commit(..) => Err(ServiceError::Contended),
    }
}
