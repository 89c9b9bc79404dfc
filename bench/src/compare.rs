//! Two sides, measured in turn, so that what disturbs one disturbs the other.

use std::time::{Duration, Instant};

use anyhow::Result;
use rustix::time::{ClockId, clock_gettime};

/// What one operation of each side takes, and their ratio: medians over the rounds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Comparison {
    pub(crate) ours_nanos: f64,
    pub(crate) floor_nanos: f64,
    /// Median of the rounds' own ratios, time by time: below 1 is faster than the floor.
    pub(crate) ratio: f64,
}

/// Runs both sides in turn, once to warm up and then so many times. Each says what one of its operations took, in
/// nanoseconds.
pub(crate) fn compare(
    rounds: usize,
    mut ours: impl FnMut() -> Result<f64>,
    mut floor: impl FnMut() -> Result<f64>,
) -> Result<Comparison> {
    let (mut all_ours, mut all_floor, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    ours()?;
    floor()?;
    for round in 0..rounds {
        // Who goes first changes, so that neither always finds the other's caches.
        let (ours, floor) = if round % 2 == 0 {
            let ours = ours()?;
            (ours, floor()?)
        } else {
            let floor = floor()?;
            (ours()?, floor)
        };
        all_ours.push(ours);
        all_floor.push(floor);
        ratios.push(ours / floor);
    }
    Ok(Comparison { ours_nanos: median(all_ours), floor_nanos: median(all_floor), ratio: median(ratios) })
}

/// What one of some operations takes of this thread's processor time, in nanoseconds. Time in which other programs had
/// the core doesn't count.
pub(crate) fn cpu_nanos(operations: usize, run: impl FnOnce() -> Result<()>) -> Result<f64> {
    let started = thread_cpu();
    run()?;
    Ok((thread_cpu() - started).as_nanos() as f64 / operations as f64)
}

/// What one of some operations takes by the clock on the wall, in nanoseconds.
pub(crate) fn wall_nanos(operations: usize, run: impl FnOnce() -> Result<()>) -> Result<f64> {
    let started = Instant::now();
    run()?;
    Ok(started.elapsed().as_nanos() as f64 / operations as f64)
}

fn thread_cpu() -> Duration {
    cpu_time(ClockId::ThreadCPUTime)
}

/// The processor time of this process so far.
pub(crate) fn process_cpu() -> Duration {
    cpu_time(ClockId::ProcessCPUTime)
}

fn cpu_time(clock: ClockId) -> Duration {
    let time = clock_gettime(clock);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or_default())
}

/// The one in the middle; 0 of none.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
