//! The log: which events, in which form, and where they go.

mod format;
mod head;
mod json;
mod sink;
mod text;

use std::io::{self, IsTerminal as _};

use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use self::format::Format;
use self::sink::Sinks;
use crate::settings::LogSettings;

/// The target of all that Doorward logs.
const OURS: &str = "doorward";

/// The pool of connections to PostgreSQL warns of each that it finds broken, and replaces it. That is no news: what was asked
/// on one is counted as lost, and what comes of it is an event of ours.
const POOL: &str = "deadpool";

/// Starts the log of this process. Files are opened now, so that a wrong path is known at once.
pub(crate) fn init(settings: &LogSettings) -> io::Result<()> {
    let Some(level) = settings.level else { return Ok(()) };
    // What libraries say at lower levels is for their authors.
    let others = level.min(Level::WARN);
    let filter = Targets::new()
        .with_target(OURS, level)
        .with_target(POOL, LevelFilter::OFF)
        .with_default(LevelFilter::from_level(others));
    let layer = tracing_subscriber::fmt::layer()
        .event_format(Format { is_json: settings.is_json })
        .with_ansi(false)
        .with_writer(Sinks::open(settings)?);
    tracing_subscriber::registry().with(filter).with(layer).init();
    Ok(())
}

/// Starts the log of a tool at a terminal: warnings, or what `RUST_LOG` says, on standard error.
pub(crate) fn init_for_people() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| format!("warn,{POOL}=off").into());
    let is_terminal = io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_ansi(is_terminal).init();
}
