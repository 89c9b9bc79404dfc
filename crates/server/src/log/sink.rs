//! Where lines go: important ones to one place, the others to another.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

use crate::settings::LogSettings;

/// The two places.
pub(super) struct Sinks {
    info: Sink,
    error: Sink,
}

enum Sink {
    Stdout,
    Stderr,
    File(File),
}

impl Sinks {
    pub(super) fn open(settings: &LogSettings) -> io::Result<Self> {
        Ok(Self {
            info: settings.info_path.as_deref().map_or(Ok(Sink::Stdout), append_to)?,
            error: settings.error_path.as_deref().map_or(Ok(Sink::Stderr), append_to)?,
        })
    }
}

/// Opens a file so that each line is added at its end, whoever else writes to it.
fn append_to(path: &Path) -> io::Result<Sink> {
    let opened = OpenOptions::new().create(true).append(true).open(path);
    opened
        .map(Sink::File)
        .map_err(|error| io::Error::new(error.kind(), format!("can't log to {}: {error}", path.display())))
}

impl<'a> MakeWriter<'a> for Sinks {
    type Writer = Box<dyn Write + 'a>;

    fn make_writer(&'a self) -> Self::Writer {
        self.info.writer()
    }

    fn make_writer_for(&'a self, meta: &Metadata<'_>) -> Self::Writer {
        // Levels are ordered by how much they say.
        if *meta.level() <= Level::WARN { self.error.writer() } else { self.info.writer() }
    }
}

impl Sink {
    fn writer(&self) -> Box<dyn Write + '_> {
        match self {
            Self::Stdout => Box::new(io::stdout()),
            Self::Stderr => Box::new(io::stderr()),
            Self::File(file) => Box::new(file),
        }
    }
}
