//! Programs that are measured from outside: how they are built and started, and what they take of the machine.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use crate::machine::repository;

/// Builds the server, and returns its binary.
pub(crate) fn build(profile: &str) -> Result<PathBuf> {
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

/// A program that runs, and ends with this value.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Kept, so that what it prints later finds a reader.
    _output: BufReader<ChildStdout>,
}

impl Process {
    /// Starts a program that prints, in its first line, the address (or the port) that it listens on.
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut output = BufReader::new(child.stdout.take().context("its output")?);
        let mut line = String::new();
        output.read_line(&mut line)?;
        let address = address_in(&line).with_context(|| format!("the program did not start: {line}"))?;
        Ok(Self { child, address, _output: output })
    }

    /// The processor time of all its threads so far, in nanoseconds. A thread that has ended doesn't count.
    pub(crate) fn cpu_nanos(&self) -> Result<f64> {
        let mut all = 0.0;
        for task in fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            let text = fs::read_to_string(task?.path().join("schedstat")).unwrap_or_default();
            all += text.split(' ').next().and_then(|first| first.parse::<f64>().ok()).unwrap_or_default();
        }
        Ok(all)
    }

    /// What it holds of the memory, in MiB.
    pub(crate) fn resident_mib(&self) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("a line VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? / 1024.0)
    }
}

fn address_in(line: &str) -> Option<SocketAddr> {
    let words = || line.split_whitespace().map(|word| word.trim_end_matches([',', '.', ';']));
    let url = words().find_map(|word| word.strip_prefix("http://"));
    let address = url.map(|url| url.trim_end_matches('/').replace("localhost", "127.0.0.1"));
    address.and_then(|text| text.parse().ok()).or_else(|| {
        let port = words().next()?.parse().ok()?;
        Some(([127, 0, 0, 1], port).into())
    })
}

impl Drop for Process {
    fn drop(&mut self) {
        // One that has ended already needs no more.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
