//! The binary: how fast it answers, what it takes while nobody asks, and what it weighs.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use crate::cli::Run;
use crate::compare::median;
use crate::machine::repository;
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
    report.fact("resident memory, idle", &format!("{:.1} MiB", demo.resident_kib()? / 1024.0));
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

/// Builds the server, and returns its binary.
fn build(profile: &str) -> Result<PathBuf> {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["build", "--quiet", "--package", "doorward-server", "--message-format", "json", "--profile", profile])
        .current_dir(repository())
        .stderr(Stdio::inherit())
        .output()?;
    ensure!(output.status.success(), "the server could not be built");
    let text = String::from_utf8(output.stdout)?;
    let executable = text.lines().rev().find_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        Some(PathBuf::from(message.get("executable")?.as_str()?))
    });
    executable.context("cargo named no binary")
}

/// A demo that runs. It ends with this value.
struct Demo(Child);

impl Demo {
    fn resident_kib(&self) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("a line VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse()?)
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // One that has ended already needs no more.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts the demo, and returns how long it took to its first answer, in nanoseconds.
fn start(binary: &Path, data: &Path) -> Result<(f64, Demo)> {
    let started = Instant::now();
    let mut demo = Demo(
        Command::new(binary)
            .args(["demo", "--port", "0", "--data"])
            .arg(data)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?,
    );
    let mut line = String::new();
    BufReader::new(demo.0.stdout.take().context("its output")?).read_line(&mut line)?;
    let origin = line.split(' ').find_map(|word| word.strip_prefix("http://")).context("the demo did not start")?;
    let mut stream = TcpStream::connect(origin)?;
    write!(stream, "GET / HTTP/1.1\r\nhost: {origin}\r\nconnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    ensure!(answer.starts_with(b"HTTP/1.1 200"), "the demo answered something else");
    Ok((started.elapsed().as_nanos() as f64, demo))
}
