//! Opens the store that the settings ask for.

mod measured;

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use doorward_service::directory::Directory;
use doorward_service::memory::Memory;
use doorward_stores::sqlite::Sqlite;

pub(crate) use self::measured::Measured;
use crate::settings::{Settings, StoreSettings};

/// The file in the folder of the settings.
const SQLITE_FILE: &str = "doorward.db";

/// A store that is open.
pub struct Opened {
    /// The store.
    pub directory: Arc<dyn Directory>,
    /// Where it is, in words: "in memory", "in ./doorward-data/doorward.db".
    pub place: String,
    sqlite: Option<Arc<Sqlite>>,
}

impl Opened {
    /// What the store says of itself: counts since it was opened, and what its pool holds.
    pub(crate) fn facts(&self) -> Vec<(&'static str, u64)> {
        let Some(sqlite) = &self.sqlite else { return Vec::new() };
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
            Ok(Opened { directory: Arc::new(Memory::new()), place: "in memory".to_owned(), sqlite: None })
        }
        StoreSettings::Sqlite(folder) => open_sqlite(folder).await,
        StoreSettings::PostgreSql(_) => bail!("this build has no PostgreSQL"),
    }
}

async fn open_sqlite(folder: &Path) -> anyhow::Result<Opened> {
    make_private(folder).with_context(|| format!("can't make the folder {}", folder.display()))?;
    let file = folder.join(SQLITE_FILE);
    let sqlite = Arc::new(Sqlite::open(&file).await?);
    Ok(Opened {
        directory: Arc::<Sqlite>::clone(&sqlite),
        place: format!("in {}", file.display()),
        sqlite: Some(sqlite),
    })
}

fn make_private(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}
