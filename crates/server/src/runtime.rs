//! The threads that requests run on.

use std::io;
use std::thread::available_parallelism;

use tokio::runtime::{Builder, Runtime};

/// More don't help: signatures have threads of their own, and so has the store.
const WORKERS_MOST: usize = 8;

/// Starts them: one for each core, within reason.
pub(crate) fn new() -> io::Result<Runtime> {
    let cores = available_parallelism().map_or(1, |cores| cores.get());
    Builder::new_multi_thread().worker_threads(cores.min(WORKERS_MOST)).enable_all().build()
}
