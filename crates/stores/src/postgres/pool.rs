//! Who gets a connection, for how long, and what happens when it breaks.
//!
//! A call waits for a connection in its own future; what it then asks of the database runs as a task of the runtime. So
//! whoever drops the future while waiting leaves nothing behind, and whoever drops it later leaves a statement that ends
//! as it would have: a connection is never given to the next one with half an answer in it.

use std::fmt;
use std::future::Future;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod};
use doorward_service::store::{StoreError, StoreResult};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::connect::Target;
use super::db::Db;
use super::error::{Fault, Remedy, may_pass};
use super::sql::Sql;
use super::stats::{Counters, Stats};

/// Attempts that one call makes while others write to the same rows. Each of those writes made progress.
const CONFLICT_LIMIT: u32 = 10;

/// Attempts that one call makes while connections break.
const LOSS_LIMIT: u32 = 3;

/// The database ends a statement that takes too long. This is how much longer a call waits for word of it.
const SILENCE: Duration = Duration::from_secs(5);

/// A connection that nobody used for so long is asked whether it still stands before it is given out.
const IDLE_UNCHECKED: Duration = Duration::from_secs(1);

/// How long that may take.
const CHECK_TIMEOUT: Duration = Duration::from_secs(2);

/// A connection is replaced at this age, so that a moved database is found.
const AGE_LIMIT: Duration = Duration::from_secs(30 * 60);

/// Something to ask of the database.
pub(super) trait Job: Send + Sync + 'static {
    /// What comes of it.
    type Answer: Send + 'static;

    /// Whether it writes.
    const WRITES: bool = true;

    /// Does it. When `in_doubt`, an earlier attempt lost its connection, and may have been done or not.
    fn run(&self, db: &Db<'_>, sql: &Sql, in_doubt: bool) -> impl Future<Output = Result<Self::Answer, Fault>> + Send;
}

/// How long things may take, and how much of them there may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) connections: usize,
    pub(super) minimum_idle: usize,
    pub(super) idle_timeout: Duration,
    pub(super) checkout: Duration,
    pub(super) statement: Duration,
    pub(super) calls: usize,
}

/// The connections of a store.
pub(super) struct Connections {
    pool: Pool,
    sql: Sql,
    limits: Limits,
    counters: Counters,
    /// A permit for each call that may be under way.
    calls: Arc<Semaphore>,
}

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connections").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl Connections {
    pub(super) fn new(target: &Target, sql: Sql, limits: Limits) -> StoreResult<Self> {
        let manager = Manager::from_connect(
            target.config().clone(),
            target.clone(),
            ManagerConfig { recycling_method: RecyclingMethod::Fast },
        );
        let settings = target.settings().to_owned();
        let set_up = Hook::async_fn(move |client: &mut deadpool_postgres::ClientWrapper, _| {
            let settings = settings.clone();
            Box::pin(async move { client.batch_execute(&settings).await.map_err(HookError::Backend) })
        });
        let check = Hook::async_fn(|client: &mut deadpool_postgres::ClientWrapper, metrics| {
            Box::pin(async move {
                if metrics.last_used() < IDLE_UNCHECKED {
                    return Ok(());
                }
                match timeout(CHECK_TIMEOUT, client.check_connection()).await {
                    Ok(checked) => checked.map_err(HookError::Backend),
                    Err(_) => Err(HookError::message("it does not answer")),
                }
            })
        });
        let pool = Pool::builder(manager).max_size(limits.connections).post_create(set_up).pre_recycle(check).build();
        let pool = pool.map_err(|error| StoreError::Unavailable(error.to_string()))?;
        let calls = Arc::new(Semaphore::new(limits.calls.clamp(1, Semaphore::MAX_PERMITS)));
        Ok(Self { pool, sql, limits, counters: Counters::default(), calls })
    }

    pub(super) fn stats(&self) -> Stats {
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        let status = self.pool.status();
        Stats {
            connections: count(status.size),
            idle: count(status.available),
            waiting: count(status.waiting),
            ..self.counters.snapshot()
        }
    }

    pub(super) fn sql(&self) -> &Sql {
        &self.sql
    }

    /// Does a job: on one connection, or on as many as it takes within the limits.
    pub(super) async fn run<J: Job>(self: &Arc<Self>, job: J) -> StoreResult<J::Answer> {
        let permit = match Arc::clone(&self.calls).try_acquire_owned() {
            Ok(permit) => Arc::new(permit),
            Err(_) if self.calls.is_closed() => return Err(StoreError::Closed),
            Err(_) => {
                self.counters.refused();
                return Err(StoreError::Unavailable("its queue is full".to_owned()));
            }
        };
        let outcome = self.attempts(&Arc::new(job), &permit).await;
        match &outcome {
            Ok(_) => self.counters.answered(J::WRITES),
            Err(StoreError::Closed) => {}
            Err(error) => {
                self.counters.failed();
                if J::WRITES {
                    tracing::warn!(name: "doorward.store.write_failed", target: "doorward", code = error.code(), %error);
                }
            }
        }
        outcome
    }

    /// Makes attempts until one ends for good.
    async fn attempts<J: Job>(
        self: &Arc<Self>,
        job: &Arc<J>,
        permit: &Arc<OwnedSemaphorePermit>,
    ) -> StoreResult<J::Answer> {
        let mut retries = Retries { started: Instant::now(), conflicts: 0, losses: 0 };
        loop {
            let outcome = match self.checkout().await {
                Ok(client) => {
                    let (connections, job, permit) = (Arc::clone(self), Arc::clone(job), Arc::clone(permit));
                    let in_doubt = retries.losses > 0;
                    let task = tokio::spawn(async move {
                        let answer = connections.attempt(client, &*job, in_doubt).await;
                        drop(permit);
                        answer
                    });
                    task.await.unwrap_or(Err(Fault::NoTask))
                }
                Err(fault) => Err(fault),
            };
            match outcome {
                Ok(answer) => return Ok(answer),
                Err(fault) => match retries.after(&fault, &self.counters) {
                    Some(pause) if retries.started.elapsed() < self.limits.statement => sleep(pause).await,
                    _ => return Err(fault.into()),
                },
            }
        }
    }

    /// Waits for a connection. One that can't be made is tried again until the time is over.
    async fn checkout(&self) -> Result<Object, Fault> {
        let deadline = Instant::now() + self.limits.checkout;
        let mut failed = None;
        for round in 1.. {
            let error = match timeout_at(deadline, self.pool.get()).await {
                Err(_) => break,
                Ok(Ok(client)) => return Ok(client),
                Ok(Err(PoolError::Closed)) => return Err(Fault::Closed),
                Ok(Err(PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)))) => error,
                // No time limit and no other hook is set.
                Ok(Err(_)) => break,
            };
            let pause = pause(round);
            if !may_pass(&error) {
                return Err(Fault::NoConnection(Some(error)));
            }
            failed = Some(error);
            if Instant::now() + pause >= deadline {
                break;
            }
            sleep(pause).await;
        }
        Err(Fault::NoConnection(failed))
    }

    /// Does a job on a connection, and gives that back if it is still good.
    async fn attempt<J: Job>(&self, client: Object, job: &J, in_doubt: bool) -> Result<J::Answer, Fault> {
        let (answer, is_tidy) = {
            let db = Db::new(&client, &self.counters);
            let answer = timeout(self.limits.statement + SILENCE, job.run(&db, &self.sql, in_doubt)).await;
            let answer = answer.unwrap_or(Err(Fault::Silence));
            let remedy = answer.as_ref().map_or_else(Fault::remedy, |_| Remedy::Report);
            let is_good = matches!(remedy, Remedy::Report | Remedy::Again);
            (answer, is_good && matches!(timeout(CHECK_TIMEOUT, db.tidy()).await, Ok(Ok(()))))
        };
        if !is_tidy {
            drop(Object::take(client));
            if matches!(&answer, Err(fault) if fault.remedy() == Remedy::Doubtful) {
                // Those that wait in the pool are most likely broken as well.
                self.pool.retain(|_, _| false);
            }
        }
        answer
    }

    /// Closes connections that nobody needs, and makes those that should wait for someone.
    pub(super) async fn keep(&self) {
        let spare = self.pool.status().size.saturating_sub(self.limits.minimum_idle);
        let mut closed = 0;
        self.pool.retain(|_, metrics| {
            let is_idle = metrics.last_used() > self.limits.idle_timeout && closed < spare;
            closed += usize::from(is_idle);
            !is_idle && metrics.age() < AGE_LIMIT
        });
        let mut made = Vec::new();
        while self.pool.status().size < self.limits.minimum_idle {
            match timeout(self.limits.checkout, self.pool.get()).await {
                Ok(Ok(client)) => made.push(client),
                // Who needs one will say what is wrong.
                _ => break,
            }
        }
    }

    /// Refuses what comes from now on.
    pub(super) fn refuse(&self) {
        self.calls.close();
        self.pool.close();
    }

    /// Refuses what comes from now on, and waits for what is under way.
    pub(super) async fn close(&self) {
        if self.calls.is_closed() {
            return;
        }
        // Those who wait for a connection are told at once, and give their permits back.
        self.pool.close();
        let all = u32::try_from(self.limits.calls.clamp(1, Semaphore::MAX_PERMITS)).unwrap_or(u32::MAX);
        drop(self.calls.acquire_many(all).await);
        self.calls.close();
    }
}

/// The attempts of one call so far.
struct Retries {
    started: Instant,
    conflicts: u32,
    losses: u32,
}

impl Retries {
    /// Returns how long to wait before the attempt that follows one which ended so; `None` if there is none.
    fn after(&mut self, fault: &Fault, counters: &Counters) -> Option<Duration> {
        match fault.remedy() {
            Remedy::Report | Remedy::ReportAndClose => return None,
            Remedy::Again | Remedy::AgainElsewhere => {
                counters.conflict();
                self.conflicts += 1;
            }
            Remedy::Doubtful => {
                counters.lost();
                self.losses += 1;
            }
        }
        let is_enough = self.conflicts >= CONFLICT_LIMIT || self.losses >= LOSS_LIMIT;
        (!is_enough).then(|| pause(self.conflicts + self.losses))
    }
}

/// How long to wait before the next attempt: longer each time, and never as long as another who waits.
fn pause(round: u32) -> Duration {
    let longest = 10_u64.saturating_mul(1 << round.min(6));
    let random = RandomState::new().hash_one(round);
    Duration::from_millis(1 + random % longest)
}
