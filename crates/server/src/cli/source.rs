//! The flags that say where the configuration comes from.

use std::path::PathBuf;

use clap::Args;

use crate::config::{ConfigError, Environment, Flag, Loaded, Sources, load};
use crate::store::Opened;

/// A flag goes before an environment variable, which goes before the file.
#[derive(Args, Debug)]
pub(super) struct SourceArgs {
    /// The configuration file; config.yaml, if it is there, by default.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The host name or address to listen on.
    #[arg(long)]
    host: Option<String>,
    /// The port to listen on; 0 picks a free one.
    #[arg(long)]
    port: Option<String>,
    /// Keeps sessions in an SQLite file in this folder.
    #[arg(long, value_name = "FOLDER", group = "store")]
    data: Option<String>,
    /// Keeps sessions in memory only.
    #[arg(long, group = "store")]
    memory: bool,
    /// Keeps sessions in PostgreSQL: postgresql://user:password@host/database. Other users of the machine see flags; they
    /// don't see the environment variable POSTGRESQL_CONNECTION_URI.
    #[arg(long, value_name = "URL", group = "store")]
    database_url: Option<String>,
}

impl SourceArgs {
    /// Reads the configuration.
    pub(super) fn load(self) -> Result<Loaded, ConfigError> {
        let mut flags = Vec::new();
        let mut set = |flag, option, value: Option<String>| {
            flags.extend(value.map(|value| Flag { flag, option, value }));
        };
        let store = |name: &str| Some(name.to_owned());
        set("--host", "host", self.host);
        set("--port", "port", self.port);
        if self.memory {
            set("--memory", "store", store("memory"));
        }
        if self.data.is_some() {
            set("--data", "store", store("sqlite"));
            set("--data", "sqlite_data_dir", self.data);
        }
        if self.database_url.is_some() {
            set("--database-url", "store", store("postgresql"));
            set("--database-url", "postgresql_connection_uri", self.database_url);
        }
        load(&Sources { file: self.config, environment: Environment::of_process(), flags })
    }

    /// Reads the configuration and opens the store that it names.
    pub(super) async fn open(self) -> anyhow::Result<(Loaded, Opened)> {
        let loaded = self.load()?;
        let opened = crate::store::open(&loaded.settings).await?;
        Ok((loaded, opened))
    }
}
