//! The machine, as far as figures depend on it.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Instant;

use anyhow::{Context as _, Result};
use tempfile::TempDir;

use crate::compare::median;
use crate::report::nanos;

/// The repository.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Makes a folder for this run's files, which is gone after it.
pub(crate) fn folder(dir: Option<&Path>) -> Result<TempDir> {
    let inside = dir.map_or_else(|| repository().join(".dev"), Path::to_owned);
    fs::create_dir_all(&inside)?;
    tempfile::Builder::new().prefix("bench-").tempdir_in(&inside).with_context(|| inside.display().to_string())
}

/// Prints what the figures were measured on. The disk comes first: no storage figure means anything without it.
pub(crate) fn print(folder: &Path) -> Result<()> {
    let model = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = model.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or("unknown").to_owned();
    let cores = thread::available_parallelism().map_or(0, usize::from);
    println!("machine: {}, {cores} cores, load {load}", model.map_or("unknown processor", |(_, name)| name));
    println!("disk:    4 KiB append + fdatasync takes {}", nanos(append_nanos(&folder.join("disk"))?));
    Ok(())
}

fn append_nanos(path: &Path) -> Result<f64> {
    let mut file = File::create(path)?;
    let mut times = Vec::new();
    for round in 0..200_u32 {
        let started = Instant::now();
        file.write_all(&[round.to_le_bytes()[0]; 4096])?;
        file.sync_data()?;
        times.push(started.elapsed().as_nanos() as f64);
    }
    fs::remove_file(path)?;
    Ok(median(times))
}
