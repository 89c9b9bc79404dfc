//! The command line.

mod config;
mod health;
mod keys;
mod moment;
mod sessions;
mod source;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};
use clap_complete::Shell;

use self::config::ConfigCommand;
use self::keys::KeysCommand;
use self::sessions::SessionsCommand;
use self::source::SourceArgs;
use crate::demo::{self, DemoArgs};
use crate::{log, runtime, serve};

#[derive(Debug, Parser)]
#[command(name = "doorward", version, about = "Sessions for every backend", arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Starts the server. Without any configuration it keeps sessions in ./doorward-data and listens on localhost:3567.
    Serve(SourceArgs),
    /// Starts a small web app whose sessions you can watch, break and steal.
    Demo(DemoArgs),
    /// Reads the configuration, and says what is wrong or what holds.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Looks at the keys that sign access tokens, and makes new ones.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Looks at sessions, and ends them.
    #[command(subcommand)]
    Sessions(SessionsCommand),
    /// Asks a running server for /hello, and ends with 0 if it answers as it should.
    Health(SourceArgs),
    /// Writes completions for a shell.
    Completions {
        /// Which one.
        shell: Shell,
    },
}

/// Does what the command line asks for.
pub fn run() -> anyhow::Result<ExitCode> {
    match Cli::parse().command {
        Command::Serve(source) => serve::start(source.load()?),
        Command::Demo(args) => {
            log::init_for_people();
            runtime::new()?.block_on(demo::run(args))
        }
        Command::Config(command) => command.run(),
        Command::Keys(command) => quietly(command.run()),
        Command::Sessions(command) => quietly(command.run()),
        Command::Health(source) => runtime::new()?.block_on(health::run(source.load()?.settings)),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "doorward", &mut std::io::stdout());
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Runs what works on the store directly, with the log of a tool.
fn quietly(work: impl Future<Output = anyhow::Result<ExitCode>>) -> anyhow::Result<ExitCode> {
    log::init_for_people();
    runtime::new()?.block_on(work)
}
