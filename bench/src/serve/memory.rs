//! What the server holds of the memory: idle, with many sessions, under load.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::cli::Run;
use crate::given::runtime;
use crate::report::{Gate, Report};
use crate::serve::given::Given;
use crate::serve::requests::{Caller, Held, together};

const CLIENTS: usize = 64;

/// How long the server is left alone before its memory is read.
const IDLE: Duration = Duration::from_secs(2);

pub(crate) fn measure(run: &Run, folder: &Path, report: &mut Report) -> Result<()> {
    let sessions = run.or_quick(100_000, 5_000);
    let lasts = Duration::from_secs(run.or_quick(60, 5));
    let given = Given::make(folder, "memory")?;
    let (server, runtime) = (given.serve()?, runtime()?);
    thread::sleep(IDLE);
    let idle = server.resident_mib()?;
    let mut callers = runtime.block_on(Caller::many(server.address, CLIENTS))?;
    let mut held: Vec<Option<Held>> = vec![None; CLIENTS];
    runtime.block_on(together(&mut callers, &mut held, sessions / CLIENTS, async |caller, held| {
        *held = Some(caller.create().await?);
        Ok(())
    }))?;
    thread::sleep(IDLE);
    let filled = server.resident_mib()?;
    let ends = Instant::now() + lasts;
    while Instant::now() < ends {
        runtime.block_on(together(&mut callers, &mut held, 20, async |caller, held| {
            if let Some(held) = held {
                *held = caller.refresh(held).await?;
                caller.verify(held).await?;
                caller.verify(held).await?;
            }
            caller.create().await
        }))?;
    }
    let loaded = server.resident_mib()?;
    report.topic(&format!("memory: resident, SQLite; {CLIENTS} clients"));
    let mut gate = |name: &str, found: f64, most: f64| {
        report.gate(
            &format!("{name}, in parts of {most} MiB"),
            found / most,
            Gate::AtMost(1.0),
            &format!("{found:.1} MiB"),
        );
    };
    gate("idle", idle, 15.0);
    gate(&format!("more after {sessions} sessions"), filled - idle, 10.0);
    gate(&format!("after a load of {} s", lasts.as_secs()), loaded, 40.0);
    Ok(())
}
