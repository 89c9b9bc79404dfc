//! Whether a second process on one database costs the first one anything.

use std::path::Path;
use std::time::Instant;

use anyhow::Result;
use tokio::runtime::Runtime;

use crate::cli::Run;
use crate::compare::compare;
use crate::given::runtime;
use crate::process::Process;
use crate::report::Report;
use crate::serve::given::{Given, postgres};
use crate::serve::requests::{Caller, Held, together};

const CLIENTS: usize = 32;

/// Clients with their sessions, each on one of the servers.
struct Crowd {
    callers: Vec<Caller>,
    held: Vec<Held>,
}

pub(crate) fn measure(run: &Run, folder: &Path, report: &mut Report) -> Result<()> {
    let Some(uri) = postgres(report, "two processes") else { return Ok(()) };
    let given = Given::make(folder, "two")?;
    let other = Given::make(folder, "two-more")?;
    let (one, two) = (given.serve_postgres(&uri, "bench_two")?, other.serve_postgres(&uri, "bench_two")?);
    let runtime = runtime()?;
    let mut on_one = Crowd::on(&runtime, &[&one])?;
    let mut on_both = Crowd::on(&runtime, &[&one, &two])?;
    let times = run.or_quick(20, 5);
    let compared =
        compare(run.or_quick(9, 3), || on_both.refresh(&runtime, times), || on_one.refresh(&runtime, times))?;
    report.topic(&format!("two processes: refreshes a second by {CLIENTS} clients, one PostgreSQL on this machine"));
    report.rates("two processes / one", 1.0, compared);
    Ok(())
}

impl Crowd {
    fn on(runtime: &Runtime, servers: &[&Process]) -> Result<Self> {
        runtime.block_on(async {
            let (mut callers, mut held) = (Vec::new(), Vec::new());
            for server in servers {
                callers.extend(Caller::many(server.address, CLIENTS / servers.len()).await?);
            }
            for caller in &mut callers {
                held.push(caller.create().await?);
            }
            Ok(Self { callers, held })
        })
    }

    /// The time of one refresh with its first use, by the clock on the wall, in nanoseconds.
    fn refresh(&mut self, runtime: &Runtime, times: usize) -> Result<f64> {
        let started = Instant::now();
        runtime.block_on(together(&mut self.callers, &mut self.held, times, async |caller, held| {
            *held = caller.refresh(held).await?;
            caller.verify(held).await
        }))?;
        Ok(started.elapsed().as_nanos() as f64 / (times * CLIENTS) as f64)
    }
}
