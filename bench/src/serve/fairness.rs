//! Whether signatures starve what is cheap: how long a verification takes while others create and refresh.

use std::path::Path;

use anyhow::Result;
use tokio::select;

use crate::cli::Run;
use crate::compare::median;
use crate::given::runtime;
use crate::report::{Gate, Report, nanos};
use crate::serve::given::Given;
use crate::serve::requests::{Caller, Held, together};

const CLIENTS: usize = 64;

pub(crate) fn measure(run: &Run, folder: &Path, report: &mut Report) -> Result<()> {
    let (rounds, times) = (run.or_quick(7, 3), run.or_quick(100, 40));
    let given = Given::make(folder, "fairness")?;
    let (server, runtime) = (given.serve()?, runtime()?);
    let (mut verifiers, mut makers, mut held, mut made) = runtime.block_on(async {
        let mut verifiers = Caller::many(server.address, CLIENTS).await?;
        let makers = Caller::many(server.address, CLIENTS).await?;
        let mut held = Vec::new();
        for caller in &mut verifiers {
            held.push(caller.create().await?);
        }
        let made = held.clone();
        anyhow::Ok((verifiers, makers, held, made))
    })?;
    let verify = async |caller: &mut Caller, held: &mut Held| caller.verify(held).await;
    let make = async |caller: &mut Caller, held: &mut Held| {
        *held = caller.create().await?;
        *held = caller.refresh(held).await?;
        Ok(())
    };
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        alone.push(p99(runtime.block_on(together(&mut verifiers, &mut held, times, verify))?));
        let took = runtime.block_on(async {
            select! {
                took = together(&mut verifiers, &mut held, times, verify) => took,
                // Ends only where it fails.
                made = together(&mut makers, &mut made, usize::MAX / 2, make) => made,
            }
        })?;
        // What was under way is lost with its connection.
        makers = runtime.block_on(Caller::many(server.address, CLIENTS))?;
        beside.push(p99(took));
    }
    let (alone, beside) = (median(alone), median(beside));
    report.topic(&format!(
        "fairness: {CLIENTS} clients verify while {CLIENTS} create and refresh; the clients share the machine"
    ));
    let figures = format!("{} against {}", nanos(beside), nanos(alone));
    report.gate("p99 of verify beside them / alone", beside / alone, Gate::AtMost(3.0), &figures);
    Ok(())
}

fn p99(mut took: Vec<f64>) -> f64 {
    took.sort_by(f64::total_cmp);
    took.get(took.len() * 99 / 100).copied().unwrap_or_default()
}
