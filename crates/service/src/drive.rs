//! The only loop that carries an engine's steps to a store.

use doorward_engine::flow::{Env, Flow, Seen, Step};
use doorward_engine::session::record::Write;

use crate::error::ServiceError;
use crate::store::Store;

/// Steps that one request may take. A flow takes one or two; more means that others write to the row at the same time,
/// and each of those writes made progress.
const STEP_LIMIT: u32 = 16;

/// Drives a use case to its outcome.
pub async fn drive<F: Flow>(store: &dyn Store, env: &Env<'_>, step: Step<F>) -> Result<F::Outcome, ServiceError> {
    drive_seen(store, env, step, |_| ()).await
}

/// The same, and shows each write before the store has it: the future may be dropped before it hears of the outcome.
pub async fn drive_seen<F: Flow>(
    store: &dyn Store,
    env: &Env<'_>,
    mut step: Step<F>,
    mut before: impl FnMut(&Write),
) -> Result<F::Outcome, ServiceError> {
    for _ in 0..STEP_LIMIT {
        step = match step {
            Step::Done(outcome) => return Ok(outcome),
            Step::Load(key, flow) => {
                let row = store.load(&key).await?;
                flow.resume(Seen::Row(row), env)
            }
            Step::Commit(write, flow) => {
                before(&write);
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
