//! The binary: how fast it answers, what it takes while nobody asks, and what it weighs.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::cli::Run;
use crate::compare::median;
use crate::process::{Process, build};
use crate::report::{Report, nanos};

/// How long the demo is left alone before its memory is read.
const IDLE: Duration = Duration::from_secs(2);

pub(crate) fn measure(run: &Run, folder: &Path, report: &mut Report) -> Result<()> {
    let binary = build("release")?;
    report.topic("demo: `doorward demo` with an SQLite file");
    let data = folder.join("demo.db");
    // The first start makes the file and the keys.
    let (first, _) = start(&binary, &data)?;
    let starts: Vec<f64> = (0..run.or_quick(9, 3)).map(|_| Ok(start(&binary, &data)?.0)).collect::<Result<_>>()?;
    let (_, demo) = start(&binary, &data)?;
    thread::sleep(IDLE);
    report.fact("first start (keys are made) to first answer", &nanos(first));
    report.fact("later start to first answer", &nanos(median(starts)));
    report.fact("resident memory, idle", &format!("{:.1} MiB", demo.resident_mib()?));
    drop(demo);
    report.fact("binary, release profile", &mebibytes(&binary)?);
    if run.dist {
        report.fact("binary, dist profile", &mebibytes(&build("dist")?)?);
    }
    Ok(())
}

fn mebibytes(file: &Path) -> Result<String> {
    Ok(format!("{:.1} MiB", fs::metadata(file)?.len() as f64 / 1024.0 / 1024.0))
}

/// Starts the demo, and returns how long it took to its first answer, in nanoseconds.
fn start(binary: &Path, data: &Path) -> Result<(f64, Process)> {
    let started = Instant::now();
    let demo = Process::start(Command::new(binary).args(["demo", "--port", "0", "--data"]).arg(data))?;
    let mut stream = TcpStream::connect(demo.address)?;
    write!(stream, "GET / HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", demo.address)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    ensure!(answer.starts_with(b"HTTP/1.1 200"), "the demo answered something else");
    Ok((started.elapsed().as_nanos() as f64, demo))
}
