//! Opens the store that the settings ask for.

mod measured;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use doorward_service::directory::Directory;
use doorward_service::memory::Memory;
use doorward_stores::postgres::{self, Postgres};
use doorward_stores::sqlite::Sqlite;

pub(crate) use self::measured::Measured;
use crate::http::duration;
use crate::settings::{PostgreSqlSettings, Settings, StoreSettings};

/// The file in the folder of the settings.
pub(crate) const SQLITE_FILE: &str = "doorward.db";

/// How long a command tries a database that refuses connections: it may be starting, but somebody waits at a terminal.
/// The server, for which nobody waits, has the store's own hour.
pub(crate) const COMMAND_PATIENCE: Duration = Duration::from_secs(5);

/// A store that is open.
pub struct Opened {
    /// The store.
    pub directory: Arc<dyn Directory>,
    /// Where it is, in words: "in memory", "in ./doorward-data/doorward.db".
    pub place: String,
    kind: Kind,
}

enum Kind {
    Memory,
    Sqlite(Arc<Sqlite>),
    PostgreSql(Arc<Postgres>),
}

impl Opened {
    /// What the store says of itself: counts since it was opened, and what its pool holds.
    pub(crate) fn facts(&self) -> Vec<(&'static str, u64)> {
        match &self.kind {
            Kind::Memory => Vec::new(),
            Kind::Sqlite(sqlite) => {
                let stats = sqlite.stats();
                vec![
                    ("reads", stats.reads),
                    ("writes", stats.writes),
                    ("commits", stats.commits),
                    ("largest_batch", stats.largest_batch),
                    ("statements", stats.statements),
                    ("failed", stats.failed),
                    ("refused", stats.refused),
                ]
            }
            Kind::PostgreSql(postgres) => {
                let stats = postgres.stats();
                vec![
                    ("reads", stats.reads),
                    ("writes", stats.writes),
                    ("statements", stats.statements),
                    ("failed", stats.failed),
                    ("conflicts", stats.conflicts),
                    ("lost", stats.lost),
                    ("refused", stats.refused),
                    ("connections", stats.connections),
                    ("idle", stats.idle),
                    ("waiting", stats.waiting),
                ]
            }
        }
    }
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opened").field("place", &self.place).finish_non_exhaustive()
    }
}

/// Opens the store. The folder of an SQLite file is made where it is missing, for its owner alone: the file holds keys.
pub async fn open(settings: &Settings) -> anyhow::Result<Opened> {
    match &settings.store {
        StoreSettings::Memory => {
            Ok(Opened { directory: Arc::new(Memory::new()), place: "in memory".to_owned(), kind: Kind::Memory })
        }
        StoreSettings::Sqlite(folder) => open_sqlite(folder).await,
        StoreSettings::PostgreSql(postgresql) => {
            let options = postgresql_options(postgresql, settings.base.dynamic_signing_key)?;
            open_postgresql(options, postgresql).await
        }
    }
}

/// Opens a store that is there, for a tool beside the server.
pub(crate) async fn open_existing(settings: &Settings) -> anyhow::Result<Opened> {
    match &settings.store {
        StoreSettings::Memory => bail!("sessions in memory are known to their server alone"),
        StoreSettings::Sqlite(folder) if !folder.join(SQLITE_FILE).exists() => {
            bail!("there is no {}: name its folder with --data", folder.join(SQLITE_FILE).display())
        }
        StoreSettings::Sqlite(folder) => open_sqlite(folder).await,
        StoreSettings::PostgreSql(postgresql) => {
            let options = postgresql_options(postgresql, settings.base.dynamic_signing_key)?;
            open_postgresql(options.startup_patience(COMMAND_PATIENCE), postgresql).await
        }
    }
}

async fn open_sqlite(folder: &Path) -> anyhow::Result<Opened> {
    make_private(folder).with_context(|| format!("can't make the folder {}", folder.display()))?;
    let file = folder.join(SQLITE_FILE);
    let sqlite = Arc::new(Sqlite::open(&file).await?);
    Ok(Opened {
        directory: Arc::<Sqlite>::clone(&sqlite),
        place: format!("in {}", file.display()),
        kind: Kind::Sqlite(sqlite),
    })
}

fn postgresql_options(settings: &PostgreSqlSettings, legacy_key_is_dynamic: bool) -> anyhow::Result<postgres::Options> {
    let PostgreSqlSettings { uri, user, password, key_value_table, session_info_table, minimum_idle, .. } = settings;
    let mut options = Postgres::options()
        .host(&settings.host)
        .port(settings.port)
        .database(&settings.database)
        .schema(&settings.schema)
        .table_names_prefix(&settings.prefix)
        .pool_size(settings.pool_size)
        .idle_timeout(duration(settings.idle_timeout))
        .legacy_signing_key_is_dynamic(legacy_key_is_dynamic);
    if let Some(uri) = uri {
        options = options.uri(uri.expose())?;
    }
    if let Some(user) = user {
        options = options.user(user);
    }
    if let Some(password) = password {
        options = options.password(password.clone());
    }
    if let Some(name) = key_value_table {
        options = options.key_value_table_name(name);
    }
    if let Some(name) = session_info_table {
        options = options.session_info_table_name(name);
    }
    if let Some(connections) = minimum_idle {
        options = options.minimum_idle(*connections);
    }
    Ok(options)
}

async fn open_postgresql(options: postgres::Options, settings: &PostgreSqlSettings) -> anyhow::Result<Opened> {
    let is_plain = settings.uri.as_ref().is_none_or(|uri| is_plain(uri.expose()));
    let place = if is_plain { format!("in PostgreSQL ({})", options.place()) } else { "in PostgreSQL".to_owned() };
    let postgres = Arc::new(options.open().await?);
    Ok(Opened { directory: Arc::<Postgres>::clone(&postgres), place, kind: Kind::PostgreSql(postgres) })
}

/// Whether the host of a connection URI is surely no piece of a password. In `postgresql://u:1/x@host`, where the `/` should
/// have been escaped, it is.
fn is_plain(uri: &str) -> bool {
    let rest = uri.split_once("://").map_or(uri, |(_, rest)| rest);
    rest.split_once(['/', '?']).is_none_or(|(_, behind)| !behind.contains('@'))
}

/// Makes a folder for its owner alone, unless it is there.
pub(crate) fn make_private(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}
