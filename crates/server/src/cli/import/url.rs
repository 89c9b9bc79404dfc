//! Databases, as the flags of an import name them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use doorward_stores::postgres::{self, Postgres};
use doorward_stores::sqlite::Sqlite;
use doorward_stores::transfer::Tables;

use crate::store::{COMMAND_PATIENCE, SQLITE_FILE, make_private};

/// A database.
#[derive(Debug)]
pub(super) enum Place {
    /// A file, and its name for people.
    Sqlite { file: PathBuf, name: String },
    /// How it is reached, and its name for people.
    Postgres { options: Box<postgres::Options>, name: String },
}

impl Place {
    /// Reads the value of a flag.
    pub(super) fn parse(flag: &'static str, url: &str, prefix: Option<String>) -> anyhow::Result<Self> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            if prefix.is_some() {
                bail!("{flag}-prefix is for PostgreSQL: an SQLite file has no prefix");
            }
            return sqlite(path.strip_prefix("//").unwrap_or(path)).with_context(|| format!("{flag} names no file"));
        }
        if url.starts_with("postgresql://") || url.starts_with("postgres://") {
            let options = Postgres::options().uri(url).with_context(|| format!("{flag} is no good"))?;
            let options = options.table_names_prefix(prefix.unwrap_or_default()).startup_patience(COMMAND_PATIENCE);
            // What is asked comes one after another.
            let options = options.pool_size(2).minimum_idle(0);
            return Ok(Self::Postgres { name: options.place(), options: Box::new(options) });
        }
        // The URL isn't shown: it may hold a password.
        bail!("{flag} must be sqlite:FOLDER, sqlite:FILE.db, or postgresql://user:password@host/database");
    }

    /// What it is called, without a password.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Sqlite { name, .. } | Self::Postgres { name, .. } => name,
        }
    }

    /// Opens a database that is there.
    pub(super) async fn open_source(&self) -> anyhow::Result<Arc<dyn Tables>> {
        match self {
            Self::Sqlite { file, name } => {
                if !file.is_file() {
                    bail!("there is no {name}");
                }
                Ok(Arc::new(Sqlite::open(file).await?))
            }
            Self::Postgres { options, name } => {
                let options = postgres::Options::clone(options).as_it_is();
                Ok(Arc::new(options.open().await.with_context(|| name.clone())?))
            }
        }
    }

    /// Opens a database, and makes what is missing of it.
    pub(super) async fn open_target(&self) -> anyhow::Result<Arc<dyn Tables>> {
        match self {
            Self::Sqlite { file, .. } => {
                if let Some(folder) = file.parent() {
                    make_private(folder).with_context(|| format!("can't make the folder {}", folder.display()))?;
                }
                Ok(Arc::new(Sqlite::open(file).await?))
            }
            Self::Postgres { options, name } => {
                Ok(Arc::new(postgres::Options::clone(options).open().await.with_context(|| name.clone())?))
            }
        }
    }
}

/// A file ends in `.db`, or is there; anything else is the server's folder.
fn sqlite(path: &str) -> anyhow::Result<Place> {
    if path.is_empty() {
        bail!("the path is empty");
    }
    let given = std::path::absolute(path)?;
    let is_file = given.is_file() || (given.extension().is_some_and(|extension| extension == "db") && !given.is_dir());
    let file = if is_file { given } else { given.join(SQLITE_FILE) };
    let name = format!("sqlite:{}", resolved(&file).display());
    Ok(Place::Sqlite { file, name })
}

/// The same file has the same name, however it was written.
fn resolved(file: &Path) -> PathBuf {
    std::fs::canonicalize(file).unwrap_or_else(|_| file.to_owned())
}
