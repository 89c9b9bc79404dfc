//! Measures the budgets of `docs/performance.md`: ratios, each within one run, with the absolute figures beside them.

mod allocations;
mod cli;
mod compare;
mod demo;
mod given;
mod http;
mod machine;
mod primitives;
mod process;
mod report;
mod sdk;
mod serve;
mod sqlite;
mod tokens;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser as _;

use crate::cli::{Cli, Command, Run, Topic};
use crate::report::Report;

fn main() -> Result<ExitCode> {
    let cli = Cli::parse();
    match cli.command {
        Some(Command::Serve(args)) => return http::server::run(&args).map(|()| ExitCode::SUCCESS),
        Some(Command::Floor { folder }) => return serve::floor::run(&folder).map(|()| ExitCode::SUCCESS),
        None => {}
    }
    let run = cli.run;
    let folder = machine::folder(run.dir.as_deref())?;
    machine::print(folder.path())?;
    let mut report = Report::default();
    for topic in run.topics() {
        measure(topic, &run, folder.path(), &mut report)?;
    }
    Ok(report.finish())
}

fn measure(topic: Topic, run: &Run, folder: &std::path::Path, report: &mut Report) -> Result<()> {
    match topic {
        Topic::Verify => tokens::verify(run, report),
        Topic::Mint => tokens::mint(run, report),
        Topic::Session => sdk::session(run, report),
        Topic::Cache => sdk::cache(run, report),
        Topic::Allocations => allocations::measure(report),
        Topic::Route => http::route::measure(run, report),
        Topic::Commits => sqlite::commits::measure(run, folder, report),
        Topic::Size => sqlite::size::measure(run, folder, report),
        Topic::Primitives => primitives::measure(run, report),
        Topic::Throughput => http::throughput::measure(run, folder, report),
        Topic::Demo => demo::measure(run, folder, report),
        Topic::Operations => serve::operations::measure(run, folder, report),
        Topic::Start => serve::start::measure(run, folder, report),
        Topic::Fairness => serve::fairness::measure(run, folder, report),
        Topic::Scale => serve::scale::measure(run, folder, report),
        Topic::Two => serve::two::measure(run, folder, report),
        Topic::Memory => serve::memory::measure(run, folder, report),
    }
}
