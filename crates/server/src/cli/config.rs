//! `doorward config`: what is wrong with a configuration, what holds, and what there is.

use std::process::ExitCode;

use clap::Subcommand;

use super::source::SourceArgs;
use crate::config::{ConfigError, example};
use crate::terminal::say;

#[derive(Debug, Subcommand)]
pub(super) enum ConfigCommand {
    /// Says whether the server could start with the configuration, and what in it may not be meant.
    Check(SourceArgs),
    /// Shows every option with its value, and where that was set. Secrets are masked.
    Show(SourceArgs),
    /// Writes a configuration file that explains every option.
    Example,
}

impl ConfigCommand {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::Check(source) => {
                let loaded = source.load();
                let warnings = loaded.as_ref().map_or_else(ConfigError::warnings, |loaded| loaded.warnings.as_slice());
                for warning in warnings {
                    say(&format!("warning: {warning}"));
                }
                loaded?;
                say("the configuration is good");
            }
            Self::Show(source) => source.load()?.lines().iter().for_each(|line| say(line)),
            Self::Example => say(example::file().trim_end()),
        }
        Ok(ExitCode::SUCCESS)
    }
}
