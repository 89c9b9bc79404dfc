//! How an SQLite store is opened.

use std::path::{Path, PathBuf};
use std::time::Duration;

use doorward_service::store::StoreResult;

use super::Sqlite;

/// When a commit counts as durable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Synchronous {
    /// When it is on the disk: it survives a power cut.
    #[default]
    Full,
    /// When the operating system has it: it survives the death of the process, and a power cut may take the last ones.
    Normal,
}

/// How to open a store. The defaults suit a server; [`Sqlite::options`] makes them.
#[derive(Clone, Debug)]
#[must_use]
pub struct Options {
    pub(super) busy_timeout: Duration,
    pub(super) reader_threads: usize,
    pub(super) synchronous: Synchronous,
    pub(super) queue_length: usize,
    pub(super) batch_limit: usize,
    pub(super) max_page_count: Option<u32>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            busy_timeout: Duration::from_secs(5),
            reader_threads: 2,
            synchronous: Synchronous::Full,
            queue_length: 4096,
            batch_limit: 128,
            max_page_count: None,
        }
    }
}

impl Options {
    /// How long to wait for another program that has the file locked; 5 seconds unless set.
    pub const fn busy_timeout(mut self, timeout: Duration) -> Self {
        self.busy_timeout = timeout;
        self
    }

    /// How many threads read, at least one; 2 unless set.
    pub const fn reader_threads(mut self, threads: usize) -> Self {
        self.reader_threads = threads;
        self
    }

    /// When a commit counts as durable.
    pub const fn synchronous(mut self, synchronous: Synchronous) -> Self {
        self.synchronous = synchronous;
        self
    }

    /// How many writes may wait, and how many reads, at least one each; 4096 unless set. More are refused at once.
    pub const fn queue_length(mut self, length: usize) -> Self {
        self.queue_length = length;
        self
    }

    /// How many writes may share a transaction, at least one; 128 unless set.
    pub const fn batch_limit(mut self, writes: usize) -> Self {
        self.batch_limit = writes;
        self
    }

    /// How many pages of 4 KiB the file may have, so that it doesn't take the whole disk; no limit unless set.
    pub const fn max_page_count(mut self, pages: u32) -> Self {
        self.max_page_count = Some(pages);
        self
    }

    /// Opens a file, and makes it first when it isn't there, readable and writable by its owner alone.
    ///
    /// Security: a file that is there keeps its mode. It holds signing keys: only the application's user should be able
    /// to read it, and its `-wal` and `-shm` neighbours take over its mode.
    pub async fn open(self, path: impl AsRef<Path>) -> StoreResult<Sqlite> {
        let path: PathBuf = path.as_ref().to_owned();
        Sqlite::start(path, self).await
    }
}
