//! How soon the server answers.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::time::Instant;

use anyhow::{Result, ensure};

use crate::cli::Run;
use crate::compare::median;
use crate::report::{Gate, Report, nanos};
use crate::serve::given::Given;

pub(crate) fn measure(run: &Run, folder: &Path, report: &mut Report) -> Result<()> {
    let given = Given::make(folder, "start")?;
    let times = run.or_quick(9, 5);
    let fresh: Vec<f64> = (0..times)
        .map(|_| {
            if given.data().exists() {
                fs::remove_dir_all(given.data())?;
            }
            answered(&given)
        })
        .collect::<Result<_>>()?;
    let again: Vec<f64> = (0..times).map(|_| answered(&given)).collect::<Result<_>>()?;
    report.topic("start: from the process's start to the first answer of /hello, SQLite, median");
    for (name, seconds, took) in
        [("existing database", 0.05, median(again)), ("fresh one, keys are made", 0.5, median(fresh))]
    {
        report.gate(&format!("{name}, in parts of {seconds} s"), took / seconds / 1e9, Gate::AtMost(1.0), &nanos(took));
    }
    Ok(())
}

fn answered(given: &Given) -> Result<f64> {
    let started = Instant::now();
    let server = given.serve()?;
    let mut stream = TcpStream::connect(server.address)?;
    write!(stream, "GET /hello HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    ensure!(answer.starts_with(b"HTTP/1.1 200"), "the server answered something else");
    Ok(started.elapsed().as_nanos() as f64)
}
