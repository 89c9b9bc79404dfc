//! Servers to measure.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::process::{Process, build};

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

    /// Starts `doorward serve` on the folder's data. `config` holds lines of its configuration file.
    pub(super) fn serve(&self, config: &str) -> Result<Process> {
        let file = self.folder.join("config.yaml");
        fs::write(&file, format!("core_config_version: 0\nlog_level: WARN\n{config}"))?;
        let data = self.data();
        let mut command = Command::new(&self.binary);
        command.arg("serve").arg("--config").arg(file).arg("--data").arg(data).args([
            "--host",
            "127.0.0.1",
            "--port",
            "0",
        ]);
        Process::start(&mut command)
    }
}

/// Starts the floor.
pub(super) fn floor() -> Result<Process> {
    Process::start(Command::new(std::env::current_exe()?).arg("floor"))
}
