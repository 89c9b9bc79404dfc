//! What a session takes on the disk.

use std::fs;
use std::path::Path;

use anyhow::Result;
use doorward::{Sqlite, Store as _};

use crate::cli::Run;
use crate::given::runtime;
use crate::report::{Report, per_second};
use crate::sqlite::rows::{fill, rows};

pub(crate) fn measure(run: &Run, folder: &Path, report: &mut Report) -> Result<()> {
    let (file, count) = (folder.join("size.db"), run.or_quick(100_000, 10_000));
    let rows = rows(count)?;
    let (mut nanos, runtime) = (0.0, runtime()?);
    runtime.block_on(async {
        let store = Sqlite::open(&file).await?;
        let started = std::time::Instant::now();
        fill(&store, &rows).await?;
        nanos = started.elapsed().as_nanos() as f64 / count as f64;
        // Empties the write-ahead log into the file.
        store.close().await?;
        anyhow::Ok(())
    })?;
    report.topic(&format!("size: {count} sessions in SQLite, each with a short payload and no data"));
    report.fact("bytes a session", &format!("{}", fs::metadata(&file)?.len() / count as u64));
    report.fact("inserted, as many at once as fit into a transaction", &per_second(nanos));
    fs::remove_file(&file)?;
    Ok(())
}
