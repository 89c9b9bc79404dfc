//! Servers to measure.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::process::{Process, build};
use crate::report::Report;

/// The binary, and a folder for its data.
#[derive(Debug)]
pub(super) struct Given {
    pub(super) binary: PathBuf,
    folder: PathBuf,
}

impl Given {
    pub(super) fn make(folder: &Path, name: &str) -> Result<Self> {
        let folder = folder.join(name);
        fs::create_dir_all(&folder)?;
        Ok(Self { binary: build("release")?, folder })
    }

    pub(super) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Starts `doorward serve` on the folder's data.
    pub(super) fn serve(&self) -> Result<Process> {
        self.start("", &["--data".into(), self.data().into_os_string()])
    }

    /// Starts `doorward serve` on a schema of the PostgreSQL that `./dev bench` lends.
    pub(super) fn serve_postgres(&self, uri: &str, schema: &str) -> Result<Process> {
        self.start(&format!("postgresql_connection_uri: \"{uri}\"\npostgresql_table_schema: {schema}\n"), &[])
    }

    fn start(&self, config: &str, args: &[OsString]) -> Result<Process> {
        let file = self.folder.join("config.yaml");
        fs::write(&file, format!("core_config_version: 0\nlog_level: WARN\n{config}"))?;
        let mut command = Command::new(&self.binary);
        command.arg("serve").arg("--config").arg(file).args(["--host", "127.0.0.1", "--port", "0"]).args(args);
        Process::start(&mut command)
    }
}

/// The PostgreSQL that `./dev bench` lends; without it, what needs one is left out.
pub(super) fn postgres(report: &Report, topic: &str) -> Option<String> {
    let uri = std::env::var("DOORWARD_TEST_POSTGRES").ok();
    if uri.is_none() {
        report.topic(&format!(
            "{topic}: left out, because DOORWARD_TEST_POSTGRES names no PostgreSQL (`./dev bench` lends one)"
        ));
    }
    uri
}

/// Starts the floor, with a database of its own in the folder.
pub(super) fn floor(folder: &Path) -> Result<Process> {
    Process::start(Command::new(std::env::current_exe()?).arg("floor").arg(folder))
}
