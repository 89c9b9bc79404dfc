//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

#[derive(Debug, Parser)]
#[command(name = "bench", about = "Measures the budgets, and ends with 1 if one is missed by more than 15 %")]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) run: Run,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// The app that the HTTP topics measure.
    #[command(hide = true)]
    Serve(Serve),
    /// The bare server that `doorward serve` is compared with.
    #[command(hide = true)]
    Floor {
        /// Where its database goes.
        folder: PathBuf,
    },
}

/// How the measured server is started.
#[derive(Args, Debug)]
pub(crate) struct Serve {
    /// Signs with EdDSA and not with RS256.
    #[arg(long)]
    pub(crate) eddsa: bool,
    /// How many verified tokens it remembers.
    #[arg(long, default_value_t = 0)]
    pub(crate) cache: usize,
    /// An SQLite file; without it the sessions are in memory.
    #[arg(long)]
    pub(crate) data: Option<PathBuf>,
}

/// What is measured, and how long.
#[derive(Args, Debug)]
pub(crate) struct Run {
    /// Takes less time, and believes more of what it sees.
    #[arg(long)]
    pub(crate) quick: bool,
    /// Measures this only; may come several times.
    #[arg(long, value_name = "NAME")]
    only: Vec<Topic>,
    /// Also builds and weighs what is shipped (slow).
    #[arg(long)]
    pub(crate) dist: bool,
    /// Where the SQLite files go; below the repository unless set.
    #[arg(long)]
    pub(crate) dir: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Topic {
    Verify,
    Mint,
    Session,
    Cache,
    Allocations,
    Route,
    Commits,
    Size,
    Primitives,
    Throughput,
    Demo,
    Operations,
    Start,
    Fairness,
    Scale,
    Two,
    Memory,
}

impl Run {
    /// What is measured, in order.
    pub(crate) fn topics(&self) -> Vec<Topic> {
        let all = Topic::value_variants().iter().copied();
        all.filter(|topic| self.only.is_empty() || self.only.contains(topic)).collect()
    }

    /// One of two numbers.
    pub(crate) fn or_quick<T>(&self, full: T, quick: T) -> T {
        if self.quick { quick } else { full }
    }
}
